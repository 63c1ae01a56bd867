//! Positions: places in the log as clients see them, `machine/partition@offset`, and sets of them.

use crate::codec::{Decode, Encode};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The place of one record: `leaderboards/3@17`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Position {
    /// The machine's name, which is its topic's name without the cluster's prefix.
    pub machine: String,
    /// The partition, from 0.
    pub partition: u32,
    /// The record's offset in the partition.
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.machine, self.partition, self.offset)
    }
}

/// What is wrong with a text that should be a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a position; one looks like leaderboards/3@17")]
pub struct BadPosition(pub String);

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        parse(text).ok_or_else(|| BadPosition(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Position> {
    let (machine, rest) = text.split_once('/')?;
    let (partition, offset) = rest.split_once('@')?;
    let named = !machine.is_empty()
        && machine.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !named || !digits(partition) || !digits(offset) {
        return None;
    }
    Some(Position { machine: machine.to_owned(), partition: partition.parse().ok()?, offset: offset.parse().ok()? })
}

/// A set of positions, one a partition: `carts/3@17,carts.stock/5@90`. Empty is a set too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Positions(BTreeMap<(String, u32), u64>);

impl Positions {
    /// The set of this one position.
    #[must_use]
    pub fn one(position: Position) -> Self {
        let mut all = Self::default();
        all.add(position);
        all
    }

    /// Adds a position; of two in one partition the later one stays.
    pub fn add(&mut self, position: Position) {
        let offset = self.0.entry((position.machine, position.partition)).or_insert(position.offset);
        *offset = position.offset.max(*offset);
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: &Self) {
        for position in other.iter() {
            self.add(position);
        }
    }

    /// The offset in one partition, if the set has one.
    #[must_use]
    pub fn of(&self, machine: &str, partition: u32) -> Option<u64> {
        self.0.iter().find(|((name, number), _)| name == machine && *number == partition).map(|(_, offset)| *offset)
    }

    /// Every position, by machine and partition.
    pub fn iter(&self) -> impl Iterator<Item = Position> + '_ {
        self.0.iter().map(|((machine, partition), offset)| Position {
            machine: machine.clone(),
            partition: *partition,
            offset: *offset,
        })
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Positions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, position) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{position}")?;
        }
        Ok(())
    }
}

impl FromStr for Positions {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let mut all = Self::default();
        for part in text.split(',') {
            all.add(part.trim().parse()?);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_and_keeps_the_later() {
        let set: Positions = "carts.stock/5@90, carts/3@17,carts/3@9".parse().unwrap();
        assert_eq!(set.to_string(), "carts/3@17,carts.stock/5@90");
        assert_eq!(set.of("carts", 3), Some(17));
        assert_eq!(set.of("carts", 4), None);
    }

    #[test]
    fn what_is_no_position_is_named() {
        for bad in ["", "carts", "carts/3", "carts/3@", "/3@1", "carts/-1@2", "carts/3@1x", "a/1@99999999999999999999"]
        {
            assert_eq!(bad.parse::<Positions>(), Err(BadPosition(bad.to_owned())), "{bad}");
        }
    }
}
