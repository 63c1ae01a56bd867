//! What a stock item tells the carts that have it: once to each partition, which finds its carts by itself.

use crate::carts::stock::tables::{COUNTS, SkuRow};
use crate::carts::stock::transition::Cx;
use crate::runtime::keys::key_of;
use millrace_topics::carts::{Carts, Command, News, Notice};
use millrace_topics::money::Money;

/// A SKU before a change.
pub struct Before {
    /// What it was sold as, if it was there.
    pub row: Option<SkuRow>,
    /// How many could be reserved.
    pub available: u32,
}

/// Says that a SKU costs less than before, or is there again. What a cart gives back is no news: it may be gone again
/// before anybody has read it.
pub fn spread(cx: &mut Cx<'_>, sku: &String, before: &Before, now: &SkuRow) {
    let Some(known) = &before.row else { return };
    let is_lower = |price: &Money| known.price_in(price.currency).is_some_and(|before| price.amount < before.amount);
    for price in std::iter::once(now.price).chain(now.prices.iter().copied()).filter(is_lower) {
        tell(cx, sku, News::PriceDropped(price));
    }
    let available = cx.get(COUNTS, sku).unwrap_or_default().available();
    if before.available == 0 && available > 0 {
        tell(cx, sku, News::BackInStock(available));
    }
}

fn tell(cx: &mut Cx<'_>, sku: &str, news: News) {
    let partitions = cx.moment.partitions;
    for partition in 0..partitions {
        let notice = Notice { key: key_of(partition, partitions), sku: sku.to_owned(), news };
        cx.send::<Carts>(&Command::Notice(notice));
    }
}
