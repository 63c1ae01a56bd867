//! What the machine of tags hears: that a post has a tag, or has it no more.

use crate::feeds::tags::Tags;
use crate::feeds::tags::tables::TAGGED;
use millrace_state::key::Desc;
use millrace_topics::feeds::{TagCommand, TagNoted, Tagging};

type Cx<'a> = crate::runtime::cx::Cx<'a, Tags>;

/// Applies a command. It has happened, so nothing can be refused.
pub fn apply(cx: &mut Cx<'_>, command: TagCommand) -> TagNoted {
    let key = |tagging: &Tagging| (tagging.tag.clone(), Desc(tagging.post.id.0));
    match command {
        TagCommand::Tag(tagging) => cx.put(TAGGED, &key(&tagging), &tagging.post.author),
        TagCommand::Untag(tagging) => cx.delete(TAGGED, &key(&tagging)),
    }
    TagNoted
}
