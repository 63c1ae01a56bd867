//! What the machine of tags hears: that a post has a tag, or has it no more.

use crate::feeds::tags::Tags;
use crate::feeds::tags::tables::{NEWEST_HOUR, TAGGED};
use millrace_state::key::Desc;
use millrace_topics::feeds::{TagCommand, TagNoted, Tagging};

type Cx<'a> = crate::runtime::cx::Cx<'a, Tags>;

/// Applies a command. It has happened, so nothing can be refused.
pub fn apply(cx: &mut Cx<'_>, command: TagCommand) -> TagNoted {
    let key = |tagging: &Tagging| (tagging.tag.clone(), Desc(tagging.post.id.0));
    match command {
        TagCommand::Tag(tagging) => {
            if cx.get(TAGGED, &key(&tagging)).is_none() {
                let before = cx.engine.newest();
                cx.engine.add(&tagging.tag, tagging.post.id);
                let newest = cx.engine.newest();
                if newest > before {
                    cx.put(NEWEST_HOUR, &0, &newest);
                }
            }
            cx.put(TAGGED, &key(&tagging), &tagging.post.author);
        }
        TagCommand::Untag(tagging) => {
            if cx.get(TAGGED, &key(&tagging)).is_some() {
                cx.engine.remove(&tagging.tag, tagging.post.id);
            }
            cx.delete(TAGGED, &key(&tagging));
        }
    }
    TagNoted
}
