//! What can be asked of promotions.

use crate::carts::promo::Promo;
use crate::carts::promo::tables::{PROMOTIONS, USES, show};
use crate::runtime::system::Partitions;
use millrace_topics::carts::{PromoAnswer, PromoQuery, Rejection};

type View<'a> = crate::runtime::view::View<'a, Promo>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &PromoQuery) -> Partitions {
    let PromoQuery::Promotion { code } = query;
    Partitions::One(code.as_bytes().to_vec())
}

/// The answer of the one partition that was asked.
///
/// # Panics
/// If none was.
#[must_use]
pub fn merge(_: &PromoQuery, answers: Vec<PromoAnswer>) -> PromoAnswer {
    answers.into_iter().next().expect("one partition was asked")
}

/// Answers a query.
///
/// # Errors
/// That there is no such promotion.
pub fn answer(view: &View<'_>, query: PromoQuery) -> Result<PromoAnswer, Rejection> {
    let PromoQuery::Promotion { code } = query;
    let row = view.get(PROMOTIONS, &code).ok_or(Rejection::UnknownPromotion)?;
    let uses = view.get(USES, &code).unwrap_or_default();
    Ok(PromoAnswer::Promotion(Box::new(show(&row, uses))))
}
