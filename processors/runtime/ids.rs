//! Ids: what operators may call things, and who may be a subject.

/// Words of the paths, which are no ids of any system.
const RESERVED: [&str; 7] = ["batch", "epochs", "events", "owners", "reports", "skus", "stream"];

/// The longest subject id, in bytes.
pub const SUBJECT_LIMIT: usize = 256;

/// True for an id that an operator may choose by its form: `[a-z0-9][a-z0-9._-]{0,63}`.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    first && text.len() <= 64 && text.bytes().all(rest)
}

/// True for a word that a path needs for itself.
#[must_use]
pub fn is_reserved(id: &str) -> bool {
    RESERVED.contains(&id)
}

/// True for the id of a subject: any text of 1 to [`SUBJECT_LIMIT`] bytes.
#[must_use]
pub fn is_subject(text: &str) -> bool {
    (1..=SUBJECT_LIMIT).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form() {
        let longest = "a".repeat(64);
        for id in ["a", "0", "weekly-2026.w01_eu", &longest] {
            assert!(is_id(id), "{id}");
        }
        let longer = "a".repeat(65);
        for id in ["", "-a", ".", "Weekly", "wöchentlich", "a b", "a/b", "a:b", &longer] {
            assert!(!is_id(id), "{id}");
        }
        assert!(is_reserved("owners") && !is_reserved("weekly"));
    }

    #[test]
    fn subjects_are_any_text_that_is_not_too_long() {
        assert!(is_subject("é\u{0}/ ") && is_subject(&"x".repeat(256)));
        assert!(!is_subject("") && !is_subject(&"é".repeat(129)));
    }
}
