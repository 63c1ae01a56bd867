//! Texts of posts: how long they may be, and the tags and mentions in them.
//!
//! A text is kept as it was sent. What depends on the tables of Unicode (how many letters people count, what is part of a
//! tag) the gateway finds out and puts into the command, so that a later version of them changes nothing that has happened.

use millrace_topics::feeds::{Rejection, Said};
use unicode_segmentation::UnicodeSegmentation as _;

/// How many letters a post may have, as people count them.
pub const LETTERS_LIMIT: usize = 500;

/// How many bytes a post may have: a letter may be made of many.
pub const BYTES_LIMIT: usize = 16 << 10;

/// How many tags a post may have.
pub const TAGS_LIMIT: usize = 30;

/// How many accounts a post may mention.
pub const MENTIONS_LIMIT: usize = 50;

/// Letters that nobody sees: blanks, marks of direction, joiners, and what stands for nothing.
fn is_blank(letter: char) -> bool {
    letter.is_ascii_whitespace()
        || letter.is_control()
        || matches!(letter,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

/// What holds for every text, whoever wrote the command.
///
/// # Errors
/// That nobody could see anything of it, or that it is too long.
pub fn check(text: &str) -> Result<(), Rejection> {
    if text.len() > BYTES_LIMIT {
        return Err(Rejection::TextTooLong(format!("{BYTES_LIMIT} bytes")));
    }
    if text.chars().all(is_blank) { Err(Rejection::EmptyText) } else { Ok(()) }
}

/// How many letters an option of a poll may have, as people count them.
pub const OPTION_LETTERS: usize = 50;

/// How many bytes an option of a poll may have.
pub const OPTION_BYTES: usize = 1 << 10;

/// What holds for every option of a poll.
///
/// # Errors
/// As [`check`].
pub fn check_option(text: &str) -> Result<(), Rejection> {
    if text.len() > OPTION_BYTES {
        return Err(Rejection::TextTooLong(format!("{OPTION_BYTES} bytes as an option")));
    }
    if text.chars().all(is_blank) { Err(Rejection::EmptyText) } else { Ok(()) }
}

/// Reads an option of a poll at the gateway.
///
/// # Errors
/// As [`check_option`], also where people count too many letters.
pub fn read_option(text: &str) -> Result<(), Rejection> {
    check_option(text)?;
    if text.graphemes(true).count() > OPTION_LETTERS {
        return Err(Rejection::TextTooLong(format!("{OPTION_LETTERS} letters as an option")));
    }
    Ok(())
}

/// Reads a text at the gateway.
///
/// # Errors
/// As [`check`], also where people count too many letters.
pub fn read(text: String) -> Result<Said, Rejection> {
    check(&text)?;
    if text.graphemes(true).count() > LETTERS_LIMIT {
        return Err(Rejection::TextTooLong(format!("{LETTERS_LIMIT} letters")));
    }
    let tags = words(&text, '#', char::is_alphanumeric).map(str::to_lowercase);
    let tags = tags.filter(|tag| tag.chars().any(char::is_alphabetic)).collect();
    let mentions = words(&text, '@', |letter| letter.is_alphanumeric() || ".-".contains(letter));
    let mentions = mentions.map(|name| name.trim_end_matches(['.', '-']).to_owned()).collect();
    Ok(Said { tags, mentions, text })
}

/// The words that begin with a mark that stands behind no letter. `_` is part of every word.
fn words(text: &str, mark: char, is_part: fn(char) -> bool) -> impl Iterator<Item = &str> {
    let is_word = move |letter: char| letter == '_' || is_part(letter);
    let begins =
        move |at: usize| !text[..at].chars().next_back().is_some_and(|before| is_word(before) || before == mark);
    let marks = text.match_indices(mark).filter(move |(at, _)| begins(*at));
    let word = move |(at, found): (usize, &str)| {
        let rest = &text[at + found.len()..];
        &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())]
    };
    marks.map(word).filter(|word| word.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_mentions_are_found_where_people_see_them() {
        for (text, tags, mentions) in [
            ("hello #mill", &["mill"][..], &[][..]),
            ("#Mühle, #a_b! c#no ##no #1984 #1984a # #_", &["mühle", "a_b", "1984a"], &[]),
            ("@ada @bob. mail me@ada.net (@eve-x)", &[], &["ada", "bob", "eve-x"]),
            ("#ada@bob @", &["ada"], &[]),
        ] {
            let said = read(text.to_owned()).unwrap();
            assert_eq!((said.text.as_str(), said.tags, said.mentions), (text, list(tags), list(mentions)), "{text}");
        }
    }

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn letters_are_what_people_count() {
        let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
        let bidi = "\u{202e}abc\u{202c}";
        for text in [family.repeat(LETTERS_LIMIT), "e\u{301}".repeat(LETTERS_LIMIT), bidi.to_owned()] {
            assert_eq!(read(text.clone()).unwrap().text, text, "it is kept as it was sent");
        }
        assert!(read_option(&"é".repeat(OPTION_LETTERS)).is_ok() && read_option(" ").is_err());
        assert!(
            read_option(&"é".repeat(OPTION_LETTERS + 1)).is_err()
                && check_option(&"x".repeat(OPTION_BYTES + 1)).is_err()
        );
        let long = |text: String| matches!(read(text), Err(Rejection::TextTooLong(_)));
        assert!(long("e\u{301}".repeat(LETTERS_LIMIT + 1)));
        assert!(long(format!("e{}", "\u{301}".repeat(BYTES_LIMIT / 2))), "one letter of too many bytes");
        for text in ["", " \n\t", "\u{200b}\u{feff}\u{202e}", "\u{3164}\u{2800}\u{ad}"] {
            assert_eq!(read(text.to_owned()), Err(Rejection::EmptyText), "{text:?}");
        }
    }
}
