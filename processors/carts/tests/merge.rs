//! What two carts become, as a property: each SKU's quantity is what the mode says, within its limits, and each line that was
//! cut has a warning.

use crate::carts::claim::{Joined, join};
use crate::carts::tables::Cart;
use crate::carts::transition::fresh;
use millrace_topics::carts::{Hint, Line, Mode};
use millrace_topics::money::Currency;
use millrace_topics::time::Time;
use proptest::prelude::*;
use std::collections::BTreeMap;

const EUR: Currency = Currency(*b"EUR");

fn line(id: u64, quantity: u32, max_per_line: Option<u32>) -> Line {
    Line {
        id,
        sku: format!("s{id}"),
        title: String::new(),
        options: Vec::new(),
        quantity,
        price: 100,
        added_price: 100,
        max_per_line,
        parts: Vec::new(),
    }
}

/// Up to six lines, by their ids.
fn lines() -> impl Strategy<Value = BTreeMap<u64, u32>> {
    prop::collection::btree_map(0u64..6, 1u32..20, 0..6)
}

fn as_lines(quantities: &BTreeMap<u64, u32>, limits: &BTreeMap<u64, u32>) -> Vec<Line> {
    quantities.iter().map(|(id, quantity)| line(*id, *quantity, limits.get(id).copied())).collect()
}

fn quantities(lines: &[Line]) -> BTreeMap<u64, u32> {
    lines.iter().map(|line| (line.id, line.quantity)).collect()
}

/// How many the rules say, before anything is cut; none if there is no such line.
fn wanted(mode: Mode, own: Option<u32>, claimed: Option<u32>) -> Option<u32> {
    match mode {
        Mode::Keep => own,
        Mode::Replace => claimed,
        Mode::Max => own.max(claimed),
        Mode::Sum => own.or(claimed).map(|_| own.unwrap_or(0) + claimed.unwrap_or(0)),
    }
}

proptest! {
    #[test]
    fn each_quantity_is_what_the_mode_says_within_its_limits(
        own in lines(),
        claimed in lines(),
        limits in prop::collection::btree_map(0u64..6, 1u32..20, 0..3),
        stock in prop::collection::btree_map(0u64..6, 0u32..20, 0..3),
        mode in prop::sample::select(vec![Mode::Max, Mode::Sum, Mode::Replace, Mode::Keep]),
    ) {
        let cart = Cart { currency: EUR, lines: as_lines(&own, &limits), ..fresh(Time(0)) };
        let hints: Vec<Hint> =
            stock.iter().map(|(id, available)| Hint { sku: format!("s{id}"), available: *available }).collect();
        let taken = |cart: &Cart, lines: &[Line], saved: &[Line]| {
            join(Some(cart), EUR, mode, lines.to_vec(), saved.to_vec(), &hints).expect("they go together")
        };
        let aside = as_lines(&claimed, &limits);
        let Joined { lines, saved, warnings } = taken(&cart, &aside, &aside);
        let found = quantities(&lines);
        for id in 0..6 {
            let wanted = wanted(mode, own.get(&id).copied(), claimed.get(&id).copied());
            // What only the customer's cart has stays as it is.
            let is_cut = mode != Mode::Keep && claimed.contains_key(&id);
            let most = limits.get(&id).copied().unwrap_or(u32::MAX).min(stock.get(&id).copied().unwrap_or(u32::MAX));
            let expected = wanted.map(|wanted| if is_cut { wanted.min(most.max(1)) } else { wanted });
            prop_assert_eq!(found.get(&id).copied(), expected, "{} by {:?}", id, mode);
            let is_warned = warnings.iter().any(|warning| warning.sku == format!("s{id}"));
            prop_assert_eq!(is_warned, wanted != expected, "{} by {:?}: {:?}", id, mode, &warnings);
        }
        prop_assert_eq!(quantities(&saved), claimed.clone(), "what is aside is joined");
        // Joined once more with what it has, by all modes but the sum it stays what it is.
        if mode != Mode::Sum {
            let cart = Cart { lines: lines.clone(), saved: saved.clone(), ..cart };
            let again = taken(&cart, &aside, &aside);
            prop_assert_eq!(quantities(&again.lines), quantities(&lines));
            prop_assert_eq!(quantities(&again.saved), quantities(&saved));
        }
    }
}
