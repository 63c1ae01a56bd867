//! The machine `carts.stock`: what there is of each item, which carts hold some, and how many are sold.
//!
//! One log orders everything that anybody wants of an item, so the last one goes to whoever's question comes first. It
//! has no clock: what a cart holds stays its own until the cart says what became of it.

pub mod customers;
pub mod holds;
pub mod news;
pub mod queries;
pub mod queue;
pub mod routes;
pub mod shipping;
pub mod tables;
pub mod transition;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::carts::{CartsStock, Rejection, StockAnswer, StockCommand, StockOutcome, StockQuery, StockTimer};

/// The machine `carts.stock`.
pub struct Stock;

impl Machine for Stock {
    type Contract = CartsStock;
    type Engine = ();

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: StockCommand) -> Result<StockOutcome, Rejection> {
        transition::apply(cx, command)
    }

    fn on_timer(cx: &mut Cx<'_, Self>, timer: StockTimer) {
        let StockTimer::Serve { sku } = timer;
        queue::serve(cx, &sku);
    }

    fn partitions(query: &StockQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: StockQuery) -> Result<StockAnswer, Rejection> {
        queries::answer(view, query)
    }

    fn merge(query: &StockQuery, answers: Vec<StockAnswer>) -> StockAnswer {
        queries::merge(query, answers)
    }
}
