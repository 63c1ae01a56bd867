//! Words that an account does not want to read. Its own partition knows them; whoever reads for it leaves out what has one.

pub mod routes;

use crate::feeds::home::reader::Item;
use crate::feeds::queries::View;
use crate::feeds::tables::{MUTED_WORDS, WordRow};
use crate::feeds::transition::{Cx, check_is_user};
use millrace_topics::feeds::{MutedWord, Outcome, PostView, Rejection, Timer, WordMuting, WordOf};

/// The most words that an account mutes.
pub const WORDS_LIMIT: usize = 100;

/// How many bytes a muted word may have.
pub const WORD_BYTES: u32 = 200;

/// Hides from an account what has a word. Once more is the same, or another span.
///
/// # Errors
/// The refusal, before anything was written.
pub fn mute(cx: &mut Cx<'_>, muting: WordMuting) -> Result<Outcome, Rejection> {
    let WordMuting { of, whole, until } = muting;
    check_is_user(cx, &of.user)?;
    if of.word.is_empty() || of.word.len() > WORD_BYTES as usize || of.word.trim() != of.word {
        return Err(Rejection::BadWord(WORD_BYTES));
    }
    if until.is_some_and(|until| until <= cx.now()) {
        return Err(Rejection::BadMoment);
    }
    let key = (of.user.clone(), of.word.clone());
    let before = cx.get(MUTED_WORDS, &key);
    let rows = MUTED_WORDS.under(&(of.user.clone(),));
    if before.is_none() && cx.scan(MUTED_WORDS, &rows).count() >= WORDS_LIMIT {
        return Err(Rejection::TooMuch(format!("an account mutes at most {WORDS_LIMIT} words")));
    }
    // The line: nothing below can be refused.
    forget_end(cx, &of, before);
    cx.engine.of(&of.user).forget_sources();
    cx.put(MUTED_WORDS, &key, &WordRow { whole, until });
    if let Some(until) = until {
        cx.set_timer(until, &Timer::Unmute(of));
    }
    Ok(Outcome::Word(MutedWord { word: key.1, whole, until }))
}

/// Hides it no more. Once more is the same.
///
/// # Errors
/// The refusal, before anything was written.
pub fn unmute(cx: &mut Cx<'_>, of: WordOf) -> Result<Outcome, Rejection> {
    check_is_user(cx, &of.user)?;
    // The line: nothing below can be refused.
    let key = (of.user.clone(), of.word.clone());
    let before = cx.get(MUTED_WORDS, &key);
    forget_end(cx, &of, before);
    cx.engine.of(&of.user).forget_sources();
    cx.delete(MUTED_WORDS, &key);
    Ok(Outcome::Done)
}

/// Takes back that a word is to be muted no more.
pub fn forget_end(cx: &mut Cx<'_>, of: &WordOf, row: Option<WordRow>) {
    if let Some(until) = row.and_then(|row| row.until) {
        cx.cancel_timer(until, &Timer::Unmute(of.clone()));
    }
}

/// A span is over.
pub fn end(cx: &mut Cx<'_>, of: &WordOf) {
    cx.engine.of(&of.user).forget_sources();
    cx.delete(MUTED_WORDS, &(of.user.clone(), of.word.clone()));
}

/// The words that an account has muted.
#[must_use]
pub fn list(view: &View<'_>, user: &str) -> Vec<MutedWord> {
    let rows = MUTED_WORDS.under(&(user.to_owned(),));
    let show = |((_, word), row): ((String, String), WordRow)| MutedWord { word, whole: row.whole, until: row.until };
    view.scan(MUTED_WORDS, &rows).map(show).collect()
}

/// True if an item says one of these words, or shows what does. Nobody hides his own words from himself.
#[must_use]
pub fn hide(words: &[MutedWord], item: &Item, viewer: &str) -> bool {
    let all = [Some(&item.post), item.repost.as_ref(), item.quote.as_ref()];
    all.into_iter().flatten().any(|post| hides(words, post, viewer))
}

/// True if a post says one of these words.
#[must_use]
pub fn hides(words: &[MutedWord], post: &PostView, viewer: &str) -> bool {
    if words.is_empty() || post.author == viewer {
        return false;
    }
    let asked = post.poll.iter().flat_map(|poll| poll.options.iter().map(|option| option.title.as_str()));
    let mut said = std::iter::once(post.text.as_str()).chain(asked);
    said.any(|text| {
        let text = text.to_lowercase();
        words.iter().any(|word| says(&text, word))
    })
}

fn says(text: &str, word: &MutedWord) -> bool {
    let is_part = |letter: char| letter == '_' || letter.is_alphanumeric();
    text.match_indices(&word.word).any(|(at, found)| {
        let (before, behind) = (&text[..at], &text[at + found.len()..]);
        // Only a letter makes a longer word of a letter.
        let joins = |one: Option<char>, other: Option<char>| one.is_some_and(is_part) && other.is_some_and(is_part);
        let in_word = joins(before.chars().next_back(), found.chars().next())
            || joins(found.chars().next_back(), behind.chars().next());
        !(word.whole && in_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_as_people_read_them() {
        let cases = [
            ("mill", true, "The Mill!", true),
            ("mill", true, "#mill", true),
            ("mill", true, "a millrace", false),
            ("mill", true, "millrace, mill", true),
            ("mill", false, "a Windmill", true),
            ("mill", true, "mill_race", false),
            ("the end", true, "It is THE END.", true),
            ("the end", true, "the ending", false),
            ("c++", true, "c++17", true),
            ("ÉTÉ", true, "été", false),
            ("été", true, "L'ÉTÉ", true),
            ("水", true, "喝水", false),
            ("水", false, "喝水", true),
        ];
        for (word, whole, text, expected) in cases {
            let muted = MutedWord { word: word.to_owned(), whole, until: None };
            assert_eq!(says(&text.to_lowercase(), &muted), expected, "{word} in {text}");
        }
    }
}
