//! Reading Rust without a parser: what is code, what is a word, what a path starts with, what only tests compile.

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].bytes().filter(|byte| *byte == b'\n').count() + 1
}

/// Where `word` stands on its own. A macro's `!` is not the start of `!=`.
pub fn positions(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let edge = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_none_or(|byte| !is_word(*byte));
    let fits = |at: usize| {
        let end = at + word.len();
        let before = !word.starts_with(|c: char| c.is_alphanumeric()) || edge(at.checked_sub(1));
        let after = if word.ends_with('!') { bytes.get(end) != Some(&b'=') } else { edge(Some(end)) };
        before && after
    };
    code.match_indices(word).map(|(at, _)| at).filter(|at| fits(*at)).collect()
}

/// The first names after `root::`, also those of a group: `root::{a::b, c}` gives a and c.
pub fn heads(code: &str, root: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in positions(code, root) {
        let Some(rest) = code[at + root.len()..].trim_start().strip_prefix("::").map(str::trim_start) else { continue };
        let line = line_of(code, at);
        let word =
            |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        let Some(group) = rest.strip_prefix('{') else {
            found.push((line, word(rest)));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.push((line, word(&group[start..index])));
                    start = index + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.retain(|(_, head)| !head.is_empty());
    found
}

/// Rust code with what stands in comments, strings and characters blanked: every byte keeps its place and line.
pub fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut blank = |from: usize, to: usize| {
        out[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
    };
    let find = |from: usize, what: &str| text[from..].find(what).map_or(bytes.len(), |found| from + found);
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            let end = find(at, "\n");
            blank(at, end);
            at = end;
        } else if rest.starts_with(b"/*") {
            let (start, mut depth) = (at, 0);
            while at < bytes.len() {
                match &bytes[at..] {
                    [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
                    [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
                if depth == 0 {
                    break;
                }
            }
            blank(start, at);
        } else if rest[0] == b'"' {
            let start = at + 1;
            at = start;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            blank(start, at.min(bytes.len()));
            at += 1;
        } else if rest[0] == b'\'' {
            // A character ends with a quote; a lifetime has none.
            let next = text[at + 1..].chars().next();
            let end = match next {
                Some('\\') => Some(find(at + 3, "'")),
                Some(c) if bytes.get(at + 1 + c.len_utf8()) == Some(&b'\'') => Some(at + 1 + c.len_utf8()),
                _ => None,
            };
            if let Some(end) = end {
                blank(at + 1, end);
            }
            at = end.map_or(at + 1, |end| end + 1);
        } else if is_word(rest[0]) {
            let start = at;
            while at < bytes.len() && is_word(bytes[at]) {
                at += 1;
            }
            let hashes = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
            if ["r", "br", "cr"].contains(&&text[start..at]) && bytes.get(at + hashes) == Some(&b'"') {
                let from = at + hashes + 1;
                let end = find(from, &format!("\"{}", "#".repeat(hashes)));
                blank(from, end);
                at = end + 1;
            }
        } else {
            at += 1;
        }
    }
    String::from_utf8(out).expect("whole characters were blanked")
}

/// Code without what only tests compile: the item after each `#[cfg(test)]`.
pub fn without_tests(code: &str) -> String {
    let mut out = code.to_owned();
    while let Some(start) = out.find("#[cfg(test)]") {
        let mut depth = 0;
        let end = out[start..].char_indices().find_map(|(at, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0 && (c == ';' || c == '}')).then_some(start + at + 1)
        });
        let end = end.unwrap_or(out.len());
        let blank: String = out[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        // The same length in bytes, so that lines can be counted: what is not ASCII becomes as many blanks.
        let pad = end - start - blank.len();
        out.replace_range(start..end, &(blank + &" ".repeat(pad)));
    }
    out
}

#[test]
fn code_is_what_is_left_without_comments_and_strings() {
    for (text, left) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"f("b\"c", 'd', '\'', 'e: loop)"#, r#"f("    ", ' ', '  ', 'e: loop)"#),
        (r###"r#"b"c"# + br"\" + r#for"###, r###"r#"   "# + br" " + r#for"###),
        ("f('ä')", "f('  ')"),
    ] {
        assert_eq!(code(text), left);
    }
    let text = "a\n#[cfg(test)]\nmod t { b { c } }\nd #[cfg(test)] mod u; e";
    assert_eq!(without_tests(text).split_whitespace().collect::<Vec<_>>(), ["a", "d", "e"]);
}
