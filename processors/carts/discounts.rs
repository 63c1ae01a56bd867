//! Discounts: what codes take off which line, to the minor unit. What is taken off is spread by largest remainder, so
//! that the parts of a discount are the whole of it, in every replay.

use crate::carts::tables::cost;
use millrace_topics::carts::{Line, PromoKind, PromoTerms};

/// What one code takes off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The code.
    pub code: String,
    /// All of it.
    pub amount: u64,
}

/// What all codes take off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discounts {
    /// Each code, in the order in which they count.
    pub codes: Vec<Taken>,
    /// What is taken off each line, in the order of the lines.
    pub lines: Vec<u64>,
}

impl Discounts {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lines.iter().sum()
    }
}

/// What codes take off lines: by priority, each on what those before it have left. A cart whose lines cost more than
/// can be counted is refused before anything is taken off, so amounts fit.
#[must_use]
pub fn discounts(lines: &[Line], codes: &[PromoTerms]) -> Discounts {
    if codes.is_empty() {
        return Discounts { codes: Vec::new(), lines: vec![0; lines.len()] };
    }
    let mut left: Vec<u64> = lines.iter().map(|line| u64::try_from(cost(line)).unwrap_or(u64::MAX)).collect();
    let mut found = Discounts { codes: Vec::new(), lines: vec![0; lines.len()] };
    let mut ordered: Vec<&PromoTerms> = codes.iter().collect();
    ordered.sort_by_key(|terms| (terms.priority, &terms.code));
    for terms in ordered {
        let parts = take(lines, &left, terms);
        for (at, part) in parts.iter().enumerate() {
            left[at] -= part;
            found.lines[at] += part;
        }
        found.codes.push(Taken { code: terms.code.clone(), amount: parts.iter().sum() });
    }
    found
}

/// What one code takes off each line, of which so much is left.
fn take(lines: &[Line], left: &[u64], terms: &PromoTerms) -> Vec<u64> {
    let is_meant = |line: &Line| terms.skus.is_empty() || terms.skus.contains(&line.sku);
    let base: Vec<u64> = lines.iter().zip(left).map(|(line, left)| if is_meant(line) { *left } else { 0 }).collect();
    let ids: Vec<u64> = lines.iter().map(|line| line.id).collect();
    let sum: u128 = base.iter().map(|part| u128::from(*part)).sum();
    match terms.discount {
        PromoKind::Percent { basis_points } => {
            // Half a minor unit is rounded up: for the buyer.
            let amount = (sum * u128::from(basis_points) + 5000) / 10_000;
            spread(u64::try_from(amount).unwrap_or(u64::MAX), &base, &ids)
        }
        PromoKind::Fixed { amount, .. } => spread(amount, &base, &ids),
        PromoKind::BuyGet { buy, get } => free_units(lines, &base, buy, get),
    }
}

/// Spreads an amount, or what there is of it, over parts in proportion to them: by largest remainder, ties by id.
#[must_use]
pub fn spread(amount: u64, base: &[u64], ids: &[u64]) -> Vec<u64> {
    let sum: u128 = base.iter().map(|part| u128::from(*part)).sum();
    if sum == 0 {
        return vec![0; base.len()];
    }
    let amount = u128::from(amount).min(sum);
    let share = |part: &u64| (amount * u128::from(*part) / sum, amount * u128::from(*part) % sum);
    let shares: Vec<(u128, u128)> = base.iter().map(share).collect();
    let given: u128 = shares.iter().map(|(whole, _)| whole).sum();
    let mut order: Vec<usize> = (0..base.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(shares[*at].1), ids[*at]));
    let mut parts: Vec<u64> = shares.iter().map(|(whole, _)| u64::try_from(*whole).unwrap_or(u64::MAX)).collect();
    // Fewer are left over than there are parts with a remainder, and none of these is full.
    let over = usize::try_from(amount - given).unwrap_or(usize::MAX);
    order.into_iter().take(over).for_each(|at| parts[at] += 1);
    parts
}

/// Of so many units that are meant the cheapest are free, in whole rounds.
fn free_units(lines: &[Line], base: &[u64], buy: u32, get: u32) -> Vec<u64> {
    let is_meant = |at: &usize| base[*at] > 0;
    let units: u64 = (0..lines.len()).filter(is_meant).map(|at| u64::from(lines[at].quantity)).sum();
    let mut free = units / (u64::from(buy) + u64::from(get)) * u64::from(get);
    let mut order: Vec<usize> = (0..lines.len()).filter(is_meant).collect();
    order.sort_by_key(|at| (lines[*at].price, lines[*at].id));
    let mut parts = vec![0; lines.len()];
    for at in order {
        let units = free.min(u64::from(lines[at].quantity));
        free -= units;
        parts[at] = (units * lines[at].price).min(base[at]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_topics::money::Currency;
    use proptest::prelude::*;

    fn line(id: u64, price: u64, quantity: u32) -> Line {
        Line {
            id,
            sku: format!("s{id}"),
            title: String::new(),
            options: Vec::new(),
            quantity,
            price,
            added_price: price,
            max_per_line: None,
            parts: Vec::new(),
        }
    }

    fn terms(code: &str, discount: PromoKind, skus: &[&str]) -> PromoTerms {
        let skus = skus.iter().map(|sku| (*sku).to_owned()).collect();
        PromoTerms { code: code.to_owned(), version: 1, discount, skus, priority: 0, stackable: true }
    }

    #[test]
    fn each_kind_takes_off_what_it_says() {
        let lines = [line(1, 1000, 2), line(2, 333, 1), line(3, 50, 4)];
        let percent = |basis_points| PromoKind::Percent { basis_points };
        let fixed = |amount| PromoKind::Fixed { amount, currency: Currency(*b"EUR") };
        for (discount, skus, parts) in [
            (percent(1000), vec![], [200, 33, 20]),
            (percent(10_000), vec![], [2000, 333, 200]),
            (percent(5000), vec!["s2"], [0, 167, 0]),
            (percent(5000), vec!["none"], [0, 0, 0]),
            (fixed(100), vec![], [79, 13, 8]),
            (fixed(1), vec![], [1, 0, 0]),
            (fixed(9999), vec!["s2", "s3"], [0, 333, 200]),
            (PromoKind::BuyGet { buy: 2, get: 1 }, vec![], [0, 0, 100]),
            (PromoKind::BuyGet { buy: 1, get: 1 }, vec!["s1"], [1000, 0, 0]),
            (PromoKind::BuyGet { buy: 9, get: 1 }, vec![], [0, 0, 0]),
        ] {
            let found = discounts(&lines, &[terms("a", discount, &skus)]);
            assert_eq!(found.lines, parts, "{discount:?} {skus:?}");
            assert_eq!(found.codes[0].amount, found.total());
        }
    }

    #[test]
    fn of_several_each_counts_on_what_is_left() {
        let half = PromoKind::Percent { basis_points: 5000 };
        let first = PromoTerms { priority: 1, ..terms("z", half, &[]) };
        let second = PromoTerms { priority: 2, ..terms("a", half, &[]) };
        let found = discounts(&[line(1, 1000, 1)], &[second, first]);
        let amounts: Vec<(&str, u64)> = found.codes.iter().map(|taken| (taken.code.as_str(), taken.amount)).collect();
        assert_eq!(amounts, [("z", 500), ("a", 250)]);
    }

    proptest! {
        #[test]
        fn parts_are_the_whole_and_none_is_more_than_there_is(
            base in proptest::collection::vec(0u64..5000, 1..8),
            amount in 0u64..20_000,
        ) {
            let ids: Vec<u64> = (0..base.len() as u64).rev().collect();
            let parts = spread(amount, &base, &ids);
            let sum: u64 = base.iter().sum();
            prop_assert_eq!(parts.iter().sum::<u64>(), amount.min(sum));
            prop_assert!(parts.iter().zip(&base).all(|(part, base)| part <= base), "{:?} of {:?}", parts, base);
            // No part is a whole unit away from its exact share.
            let exact = |base: u64| u128::from(amount.min(sum)) * u128::from(base);
            let is_near = |(part, base): (&u64, &u64)| {
                (u128::from(*part) * u128::from(sum)).abs_diff(exact(*base)) < u128::from(sum.max(1))
            };
            prop_assert!(parts.iter().zip(&base).all(is_near), "{:?} of {:?}", parts, base);
        }
    }
}
