//! The places of a row as bits, 64 a word: a seat, or an aisle between two.

/// How many words a row has.
const WORDS: usize = 4;

/// The most places of a row, seats and aisles together.
pub const PLACES: u16 = 256;

/// Runs of so many seats and more are one kind to [`Bits::run_lengths`].
pub const LONG_RUN: u32 = 63;

/// Some places of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits([u64; WORDS]);

impl Bits {
    /// Its words, the first 64 places first.
    #[must_use]
    pub fn words(&self) -> [u64; WORDS] {
        self.0
    }

    /// The places that these words say.
    #[must_use]
    pub fn of(words: [u64; WORDS]) -> Self {
        Self(words)
    }

    fn split(place: u16) -> (usize, u64) {
        (usize::from(place >> 6), 1 << (place & 63))
    }

    /// True if the place is one of them.
    #[must_use]
    pub fn has(&self, place: u16) -> bool {
        let (word, bit) = Self::split(place);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Takes a place in, or out.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn set(&mut self, place: u16, within: bool) {
        let (word, bit) = Self::split(place);
        if within {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    fn zip(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        Self(std::array::from_fn(|word| with(self.0[word], other.0[word])))
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// Those that are in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Those that are not in the other.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// Each place as if it were so many to the left.
    fn left(&self, by: u16) -> Self {
        let (words, bits) = (usize::from(by >> 6), u32::from(by & 63));
        let word = |index: usize| self.0.get(index).copied().unwrap_or(0);
        Self(std::array::from_fn(|index| {
            let high = word(index + words + 1).checked_shl(64 - bits).unwrap_or(0);
            word(index + words) >> bits | high
        }))
    }

    /// Each place as if it were one to the right.
    fn right(&self) -> Self {
        let carry = |index: usize| if index == 0 { 0 } else { self.0[index - 1] >> 63 };
        Self(std::array::from_fn(|index| self.0[index] << 1 | carry(index)))
    }

    /// Those that are at most so many places away from one of these.
    #[must_use]
    pub fn around(&self, places: u8) -> Self {
        (0..places).fold(*self, |near, _| near.or(&near.left(1)).or(&near.right()))
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// How many of them are before a place.
    #[must_use]
    pub fn before(&self, place: u16) -> u32 {
        let (word, bit) = Self::split(place);
        let whole: u32 = self.0[..word.min(WORDS)].iter().map(|word| word.count_ones()).sum();
        whole + self.0.get(word).map_or(0, |word| (word & (bit - 1)).count_ones())
    }

    /// The one before which there are so many.
    #[must_use]
    pub fn nth(&self, index: u32) -> Option<u16> {
        self.iter().nth(index as usize)
    }

    /// True if it is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    /// The first that is at this place or behind it.
    fn first_from(&self, place: u16) -> Option<u16> {
        let (at, bit) = Self::split(place);
        let head = self.0.get(at)? & !(bit - 1);
        if head != 0 {
            return Some(number(at, head.trailing_zeros()));
        }
        let rest = self.0.iter().enumerate().skip(at + 1).find(|(_, word)| **word != 0);
        rest.map(|(index, word)| number(index, word.trailing_zeros()))
    }

    /// The last that is at this place or before it.
    fn last_to(&self, place: u16) -> Option<u16> {
        let (at, bit) = Self::split(place.min(PLACES - 1));
        let tail = self.0[at] & (bit | (bit - 1));
        if tail != 0 {
            return Some(number(at, 63 - tail.leading_zeros()));
        }
        let rest = self.0[..at].iter().enumerate().rev().find(|(_, word)| **word != 0);
        rest.map(|(index, word)| number(index, 63 - word.leading_zeros()))
    }

    /// All of them, from left to right.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        let mut next = self.first_from(0);
        std::iter::from_fn(move || {
            let place = next?;
            next = self.first_from(place + 1);
            Some(place)
        })
    }

    /// Where those begin that are beside one another, and how many they are.
    pub fn runs(&self) -> impl Iterator<Item = (u16, u16)> + use<> {
        let (own, gaps) = (*self, Self(self.0.map(|word| !word)));
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = own.first_from(from)?;
            let end = gaps.first_from(start).unwrap_or(PLACES);
            from = end;
            Some((start, end - start))
        })
    }

    /// Bit n is set if there is a run of n; the last for [`LONG_RUN`] and more.
    #[must_use]
    pub fn run_lengths(&self) -> u64 {
        self.runs().fold(0, |lengths, (_, length)| lengths | 1 << u32::from(length).min(LONG_RUN))
    }

    /// Where `length` of them are beside one another, from that place on.
    #[must_use]
    pub fn starts(&self, length: u16) -> Self {
        let mut starts = *self;
        // As many as are known to be beside one another; it doubles while that is not too many.
        let mut known = 1;
        while known < length {
            let step = known.min(length - known);
            starts = starts.and(&starts.left(step));
            known += step;
        }
        starts
    }

    /// The starts at which `length` of them leave no single one beside them.
    #[must_use]
    pub fn starts_without_orphan(&self, length: u16) -> Self {
        let before = self.right();
        let single_before = before.without(&before.right());
        let behind = self.left(length);
        let single_behind = behind.without(&self.left(length + 1));
        self.starts(length).without(&single_before).without(&single_behind)
    }

    /// The one of them from which `length` places have their middle nearest to `middle`, both counted in halves of a
    /// place; of two as near, the left one.
    #[must_use]
    pub fn nearest(&self, length: u16, middle: i64) -> Option<u16> {
        let off = |start: u16| (2 * i64::from(start) + i64::from(length) - 1 - middle).abs();
        let wanted = (middle - i64::from(length) + 1).div_euclid(2);
        let at = u16::try_from(wanted.clamp(0, i64::from(PLACES) - 1)).expect("it was bounded just now");
        match (self.last_to(at), self.first_from(at + 1)) {
            (Some(left), Some(right)) => Some(if off(left) <= off(right) { left } else { right }),
            (one, other) => one.or(other),
        }
    }
}

fn number(word: usize, bit: u32) -> u16 {
    u16::try_from(word * 64 + bit as usize).expect("a row has few places")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(places: &[bool]) -> Bits {
        let mut bits = Bits::default();
        (0..).zip(places).for_each(|(place, within)| bits.set(place, *within));
        bits
    }

    proptest! {
        #[test]
        fn they_are_a_row_of_booleans(
            places in proptest::collection::vec(prop::bool::weighted(0.8), 0..=usize::from(PLACES)),
            length in 1u16..70,
            middle in -10i64..600,
        ) {
            let bits = of(&places);
            let all: Vec<u16> = (0..).zip(&places).filter(|(_, within)| **within).map(|(place, _)| place).collect();
            prop_assert_eq!(bits.iter().collect::<Vec<_>>(), all.clone());
            prop_assert_eq!((bits.count() as usize, bits.is_empty()), (all.len(), all.is_empty()));
            let has = |place: i64| usize::try_from(place).is_ok_and(|at| places.get(at) == Some(&true));
            let begins = |start: i64| (start..start + i64::from(length)).all(has);
            let orphan = |start: i64| {
                let end = start + i64::from(length);
                has(start - 1) && !has(start - 2) || has(end) && !has(end + 1)
            };
            let starts: Vec<u16> = (0..PLACES).filter(|start| begins((*start).into())).collect();
            prop_assert_eq!(bits.starts(length).iter().collect::<Vec<_>>(), starts.clone());
            let free: Vec<u16> = starts.iter().copied().filter(|start| !orphan((*start).into())).collect();
            prop_assert_eq!(bits.starts_without_orphan(length).iter().collect::<Vec<_>>(), free);
            let off = |start: &u16| ((2 * i64::from(*start) + i64::from(length) - 1 - middle).abs(), *start);
            prop_assert_eq!(bits.starts(length).nearest(length, middle), starts.iter().copied().min_by_key(off));
            for place in [0, 1, 63, 64, 130, 255] {
                prop_assert_eq!(bits.before(place) as usize, all.iter().filter(|other| **other < place).count());
            }
            prop_assert_eq!(bits.nth(length.into()), all.get(usize::from(length)).copied());
        }
    }

    #[test]
    fn runs_end_at_gaps_and_at_the_end() {
        let mut bits = of(&[true, true, false, true]);
        (60..256).for_each(|place| bits.set(place, true));
        assert_eq!(bits.runs().collect::<Vec<_>>(), [(0, 2), (3, 1), (60, 196)]);
        assert_eq!(bits.run_lengths(), 1 << 1 | 1 << 2 | 1 << 63);
    }
}
