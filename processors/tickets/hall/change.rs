//! What an operator changes in a hall that is on sale: whose seats are, and its plan.

use super::{Hall, Place};
use crate::tickets::tables::Spot;
use std::collections::BTreeSet;

/// The most seats that are named as the reason against a change.
const NAMED: usize = 100;

impl Hall {
    /// All seats that a name means: of a seat, of a row or of a section.
    #[must_use]
    pub fn find_all(&self, name: &str) -> Vec<Spot> {
        let parts: Vec<&str> = name.splitn(3, '-').collect();
        let [section, rest @ ..] = parts.as_slice() else { return Vec::new() };
        if rest.len() == 2 {
            return self.find(name).into_iter().collect();
        }
        let Some(number) = self.section(section) else { return Vec::new() };
        let rows = &self.plan.sections[usize::from(number)].rows;
        let wanted = self.sections[usize::from(number)].rows.clone().zip(rows);
        let wanted = wanted.filter(|(_, row)| rest.first().is_none_or(|id| row.id == *id));
        wanted
            .flat_map(|(row, _)| self.rows[usize::from(row)].seats.iter().map(move |place| Spot { row, place }))
            .collect()
    }

    /// The number of a channel.
    #[must_use]
    pub fn channel(&self, id: &str) -> Option<u8> {
        (1..).zip(&self.channels).find(|(_, channel)| *channel == id).map(|(number, _)| number)
    }

    /// Marks seats; says which rows they are in, and how many of them somebody has.
    pub fn mark(&mut self, spots: &[Spot], mark: u8) -> (BTreeSet<u16>, u32) {
        let (mut rows, mut owned) = (BTreeSet::new(), 0);
        self.has_come_back |= mark == 0;
        for spot in spots {
            let row = &mut self.rows[usize::from(spot.row)];
            let before = row.place(spot.place);
            if row.marks.is_empty() {
                row.marks = vec![0; row.places.into()];
            }
            row.marks[usize::from(spot.place)] = mark;
            row.blocked.set(spot.place, mark != 0);
            let after = row.place(spot.place);
            self.categories[usize::from(row.category)].counts.change(before, after, 1);
            owned += u32::from(matches!(after, Place::Held | Place::Sold));
            rows.insert(spot.row);
        }
        rows.iter().for_each(|row| self.refresh(*row));
        (rows, owned)
    }

    /// The marks of a row.
    #[must_use]
    pub fn marks(&self, row: u16) -> Vec<u8> {
        self.rows[usize::from(row)].marks.clone()
    }

    /// Gives a row its marks again.
    pub fn recall_marks(&mut self, row: u16, marks: &[u8]) {
        for (place, mark) in (0..).zip(marks.iter().copied()) {
            if self.rows[usize::from(row)].seats.has(place) {
                self.mark(&[Spot { row, place }], mark);
            }
        }
    }

    /// Takes over who has and had what in a hall with an earlier plan; `marked` are the rows whose seats were given to
    /// channels.
    ///
    /// # Errors
    /// Names of what the plan would change that somebody has or had: of those seats neither name nor place may change,
    /// nor the category of one that somebody has; rows of channels keep their places, and categories their numbers.
    pub fn take_over(&mut self, before: &Self, marked: &BTreeSet<u16>) -> Result<(), Vec<String>> {
        let mut changed: Vec<String> = Vec::new();
        for (number, (category, counts)) in before.plan.categories.iter().zip(&before.categories).enumerate() {
            let is_kept = self.plan.categories.get(number).is_some_and(|other| {
                other.id == category.id
                    && other.capacity.is_some() == category.capacity.is_some()
                    && other.capacity.is_none_or(|capacity| capacity >= counts.counts.gone())
            });
            if !is_kept {
                changed.push(category.id.clone());
            }
        }
        let mut owned: Vec<(Spot, Place)> = Vec::new();
        for (number, row) in (0..).zip(&before.rows) {
            let same_places = self.rows.get(usize::from(number)).is_some_and(|other| other.seats == row.seats);
            if marked.contains(&number) && !same_places {
                changed.push(row.prefix.trim_end_matches('-').to_owned());
            }
            let had = (0..row.places).filter(|place| row.last[usize::from(*place)].turn > 0);
            for spot in had.map(|place| Spot { row: number, place }) {
                let name = before.name(spot);
                let place = row.place(spot.place);
                let is_owned = matches!(place, Place::Held | Place::Sold);
                let is_kept = self.find(&name) == Some(spot) && (!is_owned || self.category_of(spot) == row.category);
                if !is_kept {
                    changed.push(name);
                } else if is_owned {
                    owned.push((spot, place));
                }
            }
        }
        if !changed.is_empty() {
            changed.truncate(NAMED);
            return Err(changed);
        }
        self.channels.clone_from(&before.channels);
        marked.iter().for_each(|row| self.recall_marks(*row, &before.marks(*row)));
        self.take_over_quotas(before);
        self.set_rules(before.rules.clone());
        for (spot, place) in owned {
            match before.all_legs() {
                Some(_) => self.take_over_legs(spot, &before.rows[usize::from(spot.row)]),
                None => self.turn([spot].into_iter(), Place::Free, place),
            }
        }
        for (row, old) in self.rows.iter_mut().zip(&before.rows) {
            row.last.iter_mut().zip(&old.last).for_each(|(last, old)| *last = *old);
        }
        for (category, old) in (0..).zip(&before.categories) {
            self.categories[usize::from(category)].sales.clone_from(&old.sales);
            if self.is_area(category) {
                self.turn_area(category, old.counts.held, Place::Free, Place::Held);
                self.turn_area(category, old.counts.sold, Place::Free, Place::Sold);
            }
        }
        self.holds = before.holds;
        self.orders = before.orders;
        self.conflicts = before.conflicts;
        self.is_gated = before.is_gated;
        self.waiters.clone_from(&before.waiters);
        self.has_come_back = true;
        self.deadlines.clone_from(&before.deadlines);
        self.promised.clone_from(&before.promised);
        self.armed = before.armed;
        self.changes = before.changes;
        self.tokens.clone_from(&before.tokens);
        self.kinds.clone_from(&before.kinds);
        self.owners.clone_from(&before.owners);
        Ok(())
    }
}
