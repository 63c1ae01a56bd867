//! The machine `carts.promo`: what a code takes off, and how many uses and how much of its budget are left.
//!
//! A use is reserved, committed and released as stock is: by the cart's word alone.

pub mod queries;
pub mod routes;
pub mod tables;
pub mod transition;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::carts::{CartsPromo, PromoAnswer, PromoCommand, PromoOutcome, PromoQuery, Rejection};
use millrace_topics::contract::NoTimer;

/// The machine `carts.promo`.
pub struct Promo;

impl Machine for Promo {
    type Contract = CartsPromo;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: PromoCommand) -> Result<PromoOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(_: &mut Cx<'_, Self>, timer: NoTimer) {
        match timer {}
    }

    fn partitions(query: &PromoQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: PromoQuery) -> Result<PromoAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(query: &PromoQuery, answers: Vec<PromoAnswer>) -> PromoAnswer {
        queries::merge(query, answers)
    }
}
