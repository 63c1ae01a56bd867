//! The files of the tree: finding them, and knowing them by their paths.

use std::path::Path;

/// Reads the tree without what builds and people leave in it. Files that are not text are no one's sources.
pub fn walk(folder: &Path, prefix: &str, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let kept = [".ci", ".cargo", ".github"].contains(&name.as_str());
        let left = ["target", "data", "node_modules", "Cargo.lock"].contains(&name.as_str());
        if left || (name.starts_with('.') && !kept) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), into);
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(std::fs::read(entry.path()).unwrap())
        {
            into.push((path, text));
        }
    }
}

pub fn is_script(path: &str) -> bool {
    let scripts = path.starts_with("scripts/") || path.starts_with(".ci/");
    let name = path.rsplit('/').next().unwrap_or(path);
    scripts && (!name.contains('.') || [".sh", ".py", ".js", ".mjs"].iter().any(|end| name.ends_with(end)))
}

pub fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

pub fn any_matches(patterns: &[&str], path: &str) -> bool {
    patterns.iter().any(|pattern| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        matches_parts(&pattern, &path)
    })
}

/// `**` is any number of folders (at the end: everything below), `*` a part of a name.
fn matches_parts(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**"], rest) => !rest.is_empty(),
        (["**", pattern @ ..], _) => (0..path.len()).any(|from| matches_parts(pattern, &path[from..])),
        ([first, pattern @ ..], [name, path @ ..]) => {
            let fits = match first.split_once('*') {
                Some((start, end)) => {
                    name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
                }
                None => first == name,
            };
            fits && matches_parts(pattern, path)
        }
        _ => false,
    }
}
