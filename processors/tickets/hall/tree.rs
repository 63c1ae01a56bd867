//! Rows in the order in which they are offered, with the lengths of the runs that each has: which is the first that has
//! one of these lengths is found in as many steps as the number of rows has binary digits.

/// A tree of bit masks: a node has every bit that a leaf below it has.
#[derive(Clone, Debug, Default)]
pub struct RunTree {
    /// How many leaves there is room for; a power of two.
    width: usize,
    /// The root is 1; below n are 2n and 2n + 1.
    nodes: Vec<u64>,
}

impl RunTree {
    /// A tree of so many leaves without bits.
    #[must_use]
    pub fn new(leaves: usize) -> Self {
        let width = leaves.next_power_of_two();
        Self { width, nodes: vec![0; 2 * width] }
    }

    /// The bits of all leaves.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.nodes[1]
    }

    /// Gives a leaf its bits.
    pub fn set(&mut self, leaf: usize, bits: u64) {
        let mut node = self.width + leaf;
        self.nodes[node] = bits;
        while node > 1 {
            node /= 2;
            let both = self.nodes[2 * node] | self.nodes[2 * node + 1];
            if self.nodes[node] == both {
                return;
            }
            self.nodes[node] = both;
        }
    }

    /// The first leaf, from this one on, that has any of these bits.
    #[must_use]
    pub fn first(&self, any: u64, from: usize) -> Option<usize> {
        if from >= self.width {
            return None;
        }
        let mut node = self.width + from;
        // Up and to the right, until something below has one; then down again, to the left where that has one.
        while self.nodes[node] & any == 0 {
            while node % 2 == 1 {
                node /= 2;
            }
            if node == 0 {
                return None;
            }
            node += 1;
        }
        while node < self.width {
            node *= 2;
            node += usize::from(self.nodes[node] & any == 0);
        }
        Some(node - self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_is_what_a_walk_finds(
            leaves in proptest::collection::vec(prop_oneof![Just(0u64), any::<u64>()], 1..40),
            changes in proptest::collection::vec((0usize..40, prop_oneof![Just(0u64), any::<u64>()]), 0..40),
            any in prop_oneof![Just(1u64), Just(1 << 63), any::<u64>()],
            from in 0usize..70,
        ) {
            let mut model = leaves.clone();
            let mut tree = RunTree::new(leaves.len());
            leaves.iter().enumerate().for_each(|(leaf, bits)| tree.set(leaf, *bits));
            for (leaf, bits) in changes.into_iter().filter(|(leaf, _)| *leaf < leaves.len()) {
                tree.set(leaf, bits);
                model[leaf] = bits;
            }
            let found = (from..model.len()).find(|leaf| model[*leaf] & any != 0);
            prop_assert_eq!(tree.first(any, from), found);
            prop_assert_eq!(tree.all(), model.iter().fold(0, |all, bits| all | bits));
        }
    }
}
