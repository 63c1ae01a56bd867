//! Seating plans of pretix, as its schema `seating-plan.schema.json` has them, made into plans of our own. What is only
//! drawn (sizes, colours, areas) is passed over; zones are sections, and where a row changes its category it goes on as a
//! row of its own. Its coordinates are floats, and end here: what stands in the log are whole steps of a grid.

use millrace_topics::tickets::{Point, Row, Section};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A seating plan of pretix.
#[derive(Deserialize)]
pub(in crate::tickets) struct PretixPlan {
    /// What people call it.
    pub(in crate::tickets) name: String,
    zones: Vec<Zone>,
}

#[derive(Deserialize)]
struct Zone {
    name: Option<String>,
    zone_id: Option<String>,
    position: Position,
    rows: Vec<PretixRow>,
}

#[derive(Deserialize)]
struct PretixRow {
    row_number: String,
    seats: Vec<PretixSeat>,
    position: Option<Position>,
}

#[derive(Deserialize)]
struct PretixSeat {
    seat_number: String,
    category: String,
    position: Position,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Position {
    x: f64,
    y: f64,
}

/// Two seats are beside one another up to this many times the usual distance; farther apart there is an aisle between them.
const AISLE: f64 = 1.6;

/// A seat, with where it is on the whole plan.
struct Placed<'a> {
    seat: &'a PretixSeat,
    x: f64,
    y: f64,
}

impl PretixPlan {
    /// The sections, with the ids of categories made from their names by `category`.
    ///
    /// # Errors
    /// What of the plan cannot be.
    pub(in crate::tickets) fn sections(
        &self,
        category: impl Fn(&str) -> Option<String>,
    ) -> Result<Vec<Section>, String> {
        let rows: Vec<(usize, &PretixRow, Vec<Placed<'_>>)> = self.rows().collect();
        let step = usual(rows.iter().flat_map(|(.., seats)| seats.windows(2).map(|pair| pair[1].x - pair[0].x)));
        let mut heights: Vec<f64> = rows.iter().filter_map(|(.., seats)| seats.first().map(|seat| seat.y)).collect();
        heights.sort_by(f64::total_cmp);
        let depth = usual(heights.windows(2).map(|pair| pair[1] - pair[0]));
        let mut sections: Vec<Section> = Vec::new();
        for (zone, row, seats) in rows {
            let id = self.zone_id(zone);
            let parts = parts(row, &seats, Grid { step, depth }, &category)?;
            match sections.last_mut().filter(|section| section.id == id) {
                Some(section) => section.rows.extend(parts),
                None => {
                    let category = parts.first().and_then(|row| row.category.clone()).unwrap_or_default();
                    sections.push(Section { id, category, at: Point::default(), rows: parts });
                }
            }
        }
        Ok(sections)
    }

    fn rows(&self) -> impl Iterator<Item = (usize, &PretixRow, Vec<Placed<'_>>)> {
        let placed = |zone: &Zone, row: &PretixRow| (zone.position, row.position.unwrap_or_default());
        self.zones.iter().enumerate().flat_map(move |(number, zone)| {
            zone.rows.iter().filter(|row| !row.seats.is_empty()).map(move |row| {
                let (zone, of) = placed(zone, row);
                let at = |seat: &PretixSeat| (zone.x + of.x + seat.position.x, zone.y + of.y + seat.position.y);
                let mut seats: Vec<Placed<'_>> = row
                    .seats
                    .iter()
                    .map(|seat| {
                        let (x, y) = at(seat);
                        Placed { seat, x, y }
                    })
                    .collect();
                seats.sort_by(|a, b| a.x.total_cmp(&b.x));
                (number, row, seats)
            })
        })
    }

    fn zone_id(&self, number: usize) -> String {
        let zone = &self.zones[number];
        let said = zone.zone_id.as_deref().filter(|id| !id.is_empty()).or(zone.name.as_deref()).unwrap_or_default();
        if said.is_empty() { format!("{}", number + 1) } else { word(said) }
    }
}

/// How far seats are apart, and rows.
#[derive(Clone, Copy)]
struct Grid {
    step: f64,
    depth: f64,
}

/// A row, cut where its category changes.
fn parts(
    row: &PretixRow,
    seats: &[Placed<'_>],
    grid: Grid,
    category: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<Row>, String> {
    let runs = seats.chunk_by(|a, b| a.seat.category == b.seat.category);
    let make = |(nth, run): (usize, &[Placed<'_>])| {
        let name = &run[0].seat.category;
        let category = category(name).ok_or_else(|| format!("there is no price of the category `{name}`"))?;
        let id = word(&row.row_number);
        let behind = |pair: &[Placed<'_>]| pair[1].x - pair[0].x > AISLE * grid.step;
        Ok(Row {
            id: if nth == 0 { id } else { format!("{id}.{}", nth + 1) },
            seats: u32::try_from(run.len()).unwrap_or(u32::MAX),
            first: 1,
            labels: run.iter().map(|placed| word(&placed.seat.seat_number)).collect(),
            category: Some(category),
            x: steps(run[0].x, grid.step),
            y: Some(steps(run[0].y, grid.depth)),
            aisles: run.windows(2).filter(|pair| behind(pair)).map(|pair| word(&pair[0].seat.seat_number)).collect(),
            ..Row::default()
        })
    };
    runs.enumerate().map(make).collect()
}

/// The distance in the middle of those that are some.
fn usual(distances: impl Iterator<Item = f64>) -> f64 {
    let mut some: Vec<f64> = distances.filter(|distance| *distance > 0.5).collect();
    some.sort_by(f64::total_cmp);
    some.get(some.len() / 2).copied().unwrap_or(1.0)
}

#[expect(clippy::cast_possible_truncation, reason = "a step too far away to count is refused with the plan")]
fn steps(at: f64, step: f64) -> i32 {
    (at / step).round() as i32
}

/// A name without what separates the parts of names.
fn word(text: &str) -> String {
    let plain = |letter: char| if letter.is_whitespace() || "-/:~".contains(letter) { '_' } else { letter };
    text.trim().chars().map(plain).collect()
}

/// The ids of categories by their names: lower case, without what ids may not have.
pub(in crate::tickets) fn ids<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    names.map(|name| (name.clone(), word(name).to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    #[test]
    fn a_plan_of_pretix_becomes_rows_with_aisles_and_names() {
        let seat = |number: &str, x: i32, category: &str| json!({"seat_guid":format!("g{number}{x}"),"seat_number":number,"position":{"x":x,"y":0},"category":category});
        let plan: PretixPlan = serde_json::from_value(json!({
            "name":"Town hall","size":{"width":900,"height":600},
            "categories":[{"name":"Best Seats","color":"#f00"},{"name":"Stalls"}],
            "zones":[
                {"name":"Main area","position":{"x":100,"y":100},"rows":[
                    {"row_number":"1","position":{"x":0,"y":0},"seats":[
                        seat("3", 60, "Best Seats"), seat("1", 0, "Best Seats"), seat("2", 30, "Best Seats"),
                        seat("4", 150, "Best Seats"), seat("5", 180, "Stalls")]},
                    {"row_number":"2","position":{"x":15,"y":40},"seats":[seat("1", 0, "Stalls"), seat("2", 30, "Stalls")]}],
                 "areas":[{"shape":"circle","circle":{"radius":5}}]},
                {"position":{"x":100,"y":300},"rows":[
                    {"row_number":"A/1","position":{"x":0,"y":0},"seats":[seat("b 1", 0, "Stalls")]}]},
            ],
        }))
        .unwrap();
        let names = ["Best Seats", "Stalls"].map(str::to_owned);
        let ids = ids(names.iter());
        let shown: Vec<String> = plan
            .sections(|name| ids.get(name).cloned())
            .unwrap()
            .into_iter()
            .flat_map(|section| {
                let of = section.id;
                section.rows.into_iter().map(move |row| {
                    let (labels, aisles) = (row.labels.join(" "), row.aisles.join(" "));
                    let category = row.category.unwrap_or_default();
                    format!("{of}-{} [{labels}] {category} at {},{} aisles [{aisles}]", row.id, row.x, row.y.unwrap())
                })
            })
            .collect();
        expect![[r#"
            Main_area-1 [1 2 3 4] best_seats at 3,1 aisles [3]
            Main_area-1.2 [5] stalls at 9,1 aisles []
            Main_area-2 [1 2] stalls at 4,1 aisles []
            2-A_1 [b_1] stalls at 3,2 aisles []"#]]
        .assert_eq(&shown.join("\n"));
        let missing = plan.sections(|name| ids.get(name).cloned().filter(|id| id == "stalls"));
        assert_eq!(missing, Err("there is no price of the category `Best Seats`".to_owned()));
    }
}
