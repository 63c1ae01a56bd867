//! Comparing two stores row by row, to prove that one is the rebuild of the other.

use crate::store::Store;
use crate::table::Range;

/// The first row in which two stores differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key as it stands in the store; its first byte is the table's number.
    pub key: Vec<u8>,
    /// The value in the first store.
    pub left: Option<Vec<u8>>,
    /// The value in the second one.
    pub right: Option<Vec<u8>>,
}

/// The first row, in the order of keys, that is not the same in both; rows that `skip` accepts are passed over.
#[must_use]
pub fn first_difference(left: &Store, right: &Store, skip: &dyn Fn(&[u8]) -> bool) -> Option<Difference> {
    let all = Range { from: vec![0], to: vec![0xff], reverse: false };
    let mut lefts = left.range(&all).filter(|(key, _)| !skip(key)).peekable();
    let mut rights = right.range(&all).filter(|(key, _)| !skip(key)).peekable();
    loop {
        let heads = [lefts.peek(), rights.peek()];
        let key = heads.into_iter().flatten().map(|(key, _)| key).min()?.clone();
        let left = lefts.next_if(|(head, _)| *head == key).map(|(_, value)| value);
        let right = rights.next_if(|(head, _)| *head == key).map(|(_, value)| value);
        if left != right {
            return Some(Difference { key, left, right });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn store(rows: &[(u8, u8)]) -> Store {
        Store::memory(Arc::new(rows.iter().map(|(key, value)| (vec![*key], vec![*value])).collect()))
    }

    #[test]
    fn the_first_difference_is_found_and_skipped_rows_are_not_compared() {
        let some = |key: u8, left: Option<u8>, right: Option<u8>| {
            Some(Difference { key: vec![key], left: left.map(|l| vec![l]), right: right.map(|r| vec![r]) })
        };
        let base = [(1, 1), (2, 2)];
        for (other, expected) in [
            (&[(1, 1), (2, 2)][..], None),
            (&[(1, 9), (2, 9)], some(1, Some(1), Some(9))),
            (&[(1, 1)], some(2, Some(2), None)),
            (&[(0, 0), (1, 1), (2, 2)], some(0, None, Some(0))),
            (&[(1, 1), (2, 2), (7, 1)], None),
        ] {
            assert_eq!(first_difference(&store(&base), &store(other), &|key| key[0] == 7), expected, "{other:?}");
        }
    }
}
