//! Sketches: how many different visitors there were, exactly while they are few, else by HyperLogLog. Integers only, so
//! that every replay has the same bytes and the union of two sketches is the sketch of the union.

/// Up to so many visitors are counted exactly.
pub const EXACT: usize = 128;

/// There are 2^12 registers: the standard error is 1.04 / 64, which is 1.6 %.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// The first byte of each kind.
const LIST: u8 = 0;
const DENSE: u8 = 1;

/// Adds visitors to a sketch. An empty sketch is no bytes.
pub fn add(sketch: &mut Vec<u8>, visitors: &[u64]) {
    if sketch.first() == Some(&DENSE) {
        visitors.iter().for_each(|visitor| raise(&mut sketch[1..], *visitor));
        return;
    }
    let mut known = list(sketch);
    known.extend_from_slice(visitors);
    known.sort_unstable();
    known.dedup();
    *sketch = write(&known);
}

/// Makes a sketch the union of itself and another.
pub fn merge(sketch: &mut Vec<u8>, other: &[u8]) {
    if other.first() != Some(&DENSE) {
        add(sketch, &list(other));
        return;
    }
    let own = if sketch.first() == Some(&DENSE) { Vec::new() } else { list(sketch) };
    if sketch.first() == Some(&DENSE) {
        sketch[1..].iter_mut().zip(&other[1..]).for_each(|(own, other)| *own = (*own).max(*other));
    } else {
        *sketch = other.to_vec();
    }
    add(sketch, &own);
}

/// How many visitors there are: exact up to [`EXACT`].
#[must_use]
pub fn estimate(sketch: &[u8]) -> u64 {
    if sketch.first() == Some(&DENSE) { estimate_dense(&sketch[1..]) } else { list(sketch).len() as u64 }
}

fn list(sketch: &[u8]) -> Vec<u64> {
    let words = sketch.get(1..).unwrap_or_default().chunks_exact(8);
    words.map(|word| u64::from_le_bytes(word.try_into().expect("it has eight bytes"))).collect()
}

fn write(known: &[u64]) -> Vec<u8> {
    if known.len() <= EXACT {
        let mut bytes = Vec::with_capacity(1 + known.len() * 8);
        bytes.push(LIST);
        known.iter().for_each(|visitor| bytes.extend_from_slice(&visitor.to_le_bytes()));
        return bytes;
    }
    let mut bytes = vec![0; 1 + REGISTERS];
    bytes[0] = DENSE;
    known.iter().for_each(|visitor| raise(&mut bytes[1..], *visitor));
    bytes
}

fn raise(registers: &mut [u8], visitor: u64) {
    // A visitor's hash is mixed once more: whoever reports clicks may have chosen it.
    let hash = xxhash_rust::xxh3::xxh3_64(&visitor.to_le_bytes());
    let register = usize::try_from(hash >> (64 - BITS)).expect("twelve bits fit");
    let rank = u8::try_from((hash << BITS | 1 << (BITS - 1)).leading_zeros() + 1).expect("it is below 64");
    registers[register] = registers[register].max(rank);
}

/// Ertl's estimator ("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no correction
/// for few visitors, in fixed point with 64 binary digits behind the point.
fn estimate_dense(registers: &[u8]) -> u64 {
    const FINE: u32 = 64;
    const HIGHEST: usize = 64 - BITS as usize;
    let mut with_rank = [0u128; HIGHEST + 2];
    registers.iter().for_each(|rank| with_rank[usize::from(*rank).min(HIGHEST + 1)] += 1);
    let m = REGISTERS as u128;
    if with_rank[0] == m {
        return 0;
    }
    let mut sum = 0;
    for count in with_rank[1..=HIGHEST].iter().rev() {
        sum = (sum + (count << FINE)) / 2;
    }
    sum += m * sigma((with_rank[0] << FINE) / m);
    // 1 / (2 ln 2), in 2^32ths.
    const ALPHA: u128 = 3_098_164_009;
    u64::try_from(((ALPHA * m * m) << (FINE - 32)) / sum).unwrap_or(u64::MAX)
}

/// `x + Σ x^(2^k) 2^(k-1)` for a share of less than one.
fn sigma(mut share: u128) -> u128 {
    let (mut sum, mut factor) = (share, 1u128);
    while share > 0 {
        share = (share * share) >> 64;
        sum += share * factor;
        factor *= 2;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(visitors: std::ops::Range<u64>) -> Vec<u8> {
        let mut sketch = Vec::new();
        for visitor in visitors {
            add(&mut sketch, &[visitor.wrapping_mul(0x9e37_79b9_7f4a_7c15)]);
        }
        sketch
    }

    #[test]
    fn few_are_counted_exactly_and_many_within_five_percent() {
        for count in [0, 1, 2, 127, 128] {
            assert_eq!(estimate(&of(0..count)), count);
        }
        for count in [129, 1000, 5000, 10_000, 12_000, 20_000, 100_000, 1_000_000] {
            let found = estimate(&of(0..count));
            assert!(found.abs_diff(count) * 20 <= count, "{count} were counted as {found}");
        }
    }

    proptest! {
        #[test]
        fn the_union_of_sketches_is_the_sketch_of_the_union(
            one in proptest::collection::vec(any::<u64>(), 0..300),
            two in proptest::collection::vec(any::<u64>(), 0..300),
        ) {
            let (mut left, mut right, mut both) = (Vec::new(), Vec::new(), Vec::new());
            add(&mut left, &one);
            add(&mut right, &two);
            add(&mut both, &one);
            add(&mut both, &two);
            merge(&mut left, &right);
            prop_assert_eq!(&left, &both);
        }
    }
}
