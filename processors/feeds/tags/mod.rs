//! The machine `feeds.tags`: the posts under each tag. It hears of them from their authors' partitions, and knows nothing of
//! who may see them: whoever reads a tag asks the authors.

pub mod queries;
pub mod routes;
pub mod tables;
pub mod transition;
pub mod trends;

use crate::runtime::cx::Cx;
use crate::runtime::system::{Machine, Partitions};
use crate::runtime::view::View;
use millrace_state::table::TableDef;
use millrace_topics::contract::NoTimer;
use millrace_topics::feeds::{FeedsTags, Rejection, TagAnswer, TagCommand, TagNoted, TagQuery};

/// The machine `feeds.tags`.
pub struct Tags;

impl Machine for Tags {
    type Contract = FeedsTags;
    type Engine = trends::Trends;

    fn tables() -> Vec<TableDef> {
        tables::all()
    }

    fn apply(cx: &mut Cx<'_, Self>, command: TagCommand) -> Result<TagNoted, Rejection> {
        Ok(transition::apply(cx, command))
    }

    fn on_timer(_: &mut Cx<'_, Self>, timer: NoTimer) {
        match timer {}
    }

    fn partitions(query: &TagQuery) -> Partitions {
        queries::partitions(query)
    }

    fn answer(view: &View<'_, Self>, query: TagQuery) -> Result<TagAnswer, Rejection> {
        Ok(queries::answer(view, query))
    }

    fn merge(query: &TagQuery, answers: Vec<TagAnswer>) -> TagAnswer {
        queries::merge(query, answers)
    }
}
