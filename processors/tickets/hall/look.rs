//! What can be said of one seat.

use crate::tickets::hall::Hall;
use crate::tickets::tables::Spot;

/// A seat, but for who has it.
pub struct Look<'a> {
    /// Its section.
    pub section: &'a str,
    /// Its row.
    pub row: &'a str,
    /// Whose it is: 0 everybody's, [`NOBODY`](super::NOBODY)'s, else the channel's number.
    pub mark: u8,
    /// For wheelchairs.
    pub accessible: bool,
    /// For who comes with somebody in a wheelchair.
    pub companion: bool,
    /// Not all can be seen from it.
    pub restricted: bool,
}

impl Hall {
    /// Looks at a seat.
    #[must_use]
    pub fn look(&self, spot: Spot) -> Look<'_> {
        let row = &self.rows[usize::from(spot.row)];
        let section = &self.plan.sections[usize::from(row.section)];
        let blocked = u8::from(row.blocked.has(spot.place)) * super::NOBODY;
        Look {
            section: &section.id,
            row: &section.rows[usize::from(row.index)].id,
            mark: row.marks.get(usize::from(spot.place)).copied().unwrap_or(blocked),
            accessible: row.accessible.has(spot.place),
            companion: row.companion.has(spot.place),
            restricted: row.restricted.has(spot.place),
        }
    }
}
