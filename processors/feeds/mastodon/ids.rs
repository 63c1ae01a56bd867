//! Ids of accounts as digits: clients of Mastodon take them for numbers.

/// The id of an account in this dialect: a 1, and three digits for each byte.
pub(super) fn account_id(user: &str) -> String {
    let digits = user.bytes().map(|byte| format!("{byte:03}"));
    std::iter::once("1".to_owned()).chain(digits).collect()
}

/// The account of such an id.
pub(super) fn user_of(id: &str) -> Option<String> {
    let digits = id.strip_prefix('1').filter(|digits| digits.len() % 3 == 0 && digits.is_ascii())?;
    let bytes = (0..digits.len()).step_by(3).map(|at| {
        let part = &digits[at..at + 3];
        part.bytes().all(|digit| digit.is_ascii_digit()).then(|| part.parse::<u8>().ok()).flatten()
    });
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}
