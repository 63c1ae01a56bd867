//! What can be asked of stock.

use crate::carts::stock::Stock;
use crate::carts::stock::tables::{COUNTS, SHIPPING, SKUS, SkuRow};
use crate::runtime::system::Partitions;
use millrace_topics::carts::{Rejection, SHIPPING_KEY, Sku, StockAnswer, StockQuery};

type View<'a> = crate::runtime::view::View<'a, Stock>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &StockQuery) -> Partitions {
    match query {
        StockQuery::Sku { sku } => Partitions::One(sku.as_bytes().to_vec()),
        StockQuery::Skus { .. } => Partitions::All,
        StockQuery::Shipping => Partitions::One(SHIPPING_KEY.as_bytes().to_vec()),
        StockQuery::Available { skus } => Partitions::Some(skus.iter().map(|sku| sku.as_bytes().to_vec()).collect()),
    }
}

/// One answer of those of all partitions.
///
/// # Panics
/// If none was asked.
#[must_use]
pub fn merge(query: &StockQuery, answers: Vec<StockAnswer>) -> StockAnswer {
    match query {
        StockQuery::Sku { .. } | StockQuery::Shipping => answers.into_iter().next().expect("one partition was asked"),
        StockQuery::Skus { limit, .. } => {
            let each = answers.into_iter().map(|answer| match answer {
                StockAnswer::Skus(found) => found,
                _ => unreachable!("SKUs were asked for"),
            });
            let mut all: Vec<Sku> = each.flatten().collect();
            all.sort_by(|one, other| one.sku.cmp(&other.sku));
            all.truncate(*limit as usize);
            StockAnswer::Skus(all)
        }
        StockQuery::Available { .. } => {
            let each = answers.into_iter().map(|answer| match answer {
                StockAnswer::Available(found) => found,
                _ => unreachable!("counts were asked for"),
            });
            StockAnswer::Available(each.flatten().collect())
        }
    }
}

/// Answers a query.
///
/// # Errors
/// That there is no such SKU.
pub fn answer(view: &View<'_>, query: StockQuery) -> Result<StockAnswer, Rejection> {
    match query {
        StockQuery::Sku { sku } => {
            let row = view.get(SKUS, &sku).ok_or(Rejection::UnknownSku)?;
            let counts = view.get(COUNTS, &sku).unwrap_or_default();
            Ok(StockAnswer::Sku(Box::new(row.show(&sku, counts))))
        }
        StockQuery::Available { skus } => {
            let found = skus.into_iter().filter_map(|sku| {
                let counts = view.get(COUNTS, &sku)?;
                Some((sku, counts.available()))
            });
            Ok(StockAnswer::Available(found.collect()))
        }
        StockQuery::Skus { after, limit } => {
            let mut all = SKUS.all();
            if let Some(after) = after {
                all = all.beyond(&SKUS.raw_key(&after));
            }
            let rows = view.scan(SKUS, &all).take(limit as usize);
            let show = |(sku, row): (String, SkuRow)| {
                let counts = view.get(COUNTS, &sku).unwrap_or_default();
                row.show(&sku, counts)
            };
            Ok(StockAnswer::Skus(rows.map(show).collect()))
        }
        StockQuery::Shipping => {
            let all = SHIPPING.all();
            let rows = view.scan(SHIPPING, &all);
            Ok(StockAnswer::Shipping(rows.map(|(option, row)| row.show(&option)).collect()))
        }
    }
}
