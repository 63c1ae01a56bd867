//! What a client folds is what the query answers.

use super::{HEAD, Home, Items, StreamItem};
use crate::runtime::streams::Shown as _;
use millrace_topics::feeds::PostId;
use millrace_topics::time::Time;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn items() -> impl Strategy<Value = Items> {
    prop::collection::btree_map(0u128..80, 0u8..2, 0..70).prop_map(|posts| {
        let item = |(id, edited): (u128, u8)| StreamItem {
            id: PostId(id),
            author: "ada".to_owned(),
            text: edited.to_string(),
            created_at: Time(0),
            edited_at: None,
            reply_to: None,
            repost_of: None,
            quote_of: None,
        };
        Items { items: posts.into_iter().rev().take(HEAD).map(item).collect(), gone: Vec::new() }
    })
}

/// As the description of the events says it.
fn fold(whole: Items, change: Option<Items>) -> Items {
    let Some(Items { items, gone }) = change else { return whole };
    let mut all: BTreeMap<PostId, StreamItem> = whole.items.into_iter().map(|item| (item.id, item)).collect();
    all.retain(|id, _| !gone.contains(id));
    all.extend(items.into_iter().map(|item| (item.id, item)));
    Items { items: all.into_values().rev().take(HEAD).collect(), gone: Vec::new() }
}

proptest! {
    #[test]
    fn what_is_folded_is_what_is_answered(before in items(), after in items()) {
        let change = Home::change(before.clone(), after.clone());
        prop_assert_eq!(change.is_none(), before == after);
        prop_assert_eq!(fold(before, change), after);
    }
}
