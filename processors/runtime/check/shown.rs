//! What a run of the harness showed, as text that can be compared.

use super::Plan;

/// What a run showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// For each line its text, its reply and the events that were said until all was quiet.
    pub lines: Vec<(String, Option<String>, Vec<String>)>,
    /// For each row of a machine's tables, over all partitions: `machine table key → value`.
    pub rows: Vec<String>,
    /// Dead letters: machine and reason.
    pub dead: Vec<String>,
    /// Why partitions stopped.
    pub stopped: Vec<String>,
}

impl Shown {
    pub(super) fn text(&self) -> String {
        let mut out = Vec::new();
        for (line, reply, events) in &self.lines {
            out.push(line.clone());
            out.extend(reply.iter().map(|reply| format!("  → {reply}")));
            out.extend(events.iter().map(|event| format!("  said {event}")));
        }
        out.extend(self.dead.iter().map(|dead| format!("dead {dead}")));
        out.extend(self.stopped.iter().map(|reason| format!("stopped {reason}")));
        out.extend(self.rows.iter().cloned());
        out.join("\n") + "\n"
    }

    /// The same without what may differ: places in the log, and the order of events in different partitions.
    pub(super) fn masked(&self) -> Self {
        let mut masked = self.clone();
        for (_, reply, events) in &mut masked.lines {
            *reply = reply.take().map(|reply| mask(&reply));
            events.iter_mut().for_each(|event| *event = mask(event));
            events.sort();
        }
        for text in masked.rows.iter_mut().chain(&mut masked.dead).chain(&mut masked.stopped) {
            *text = mask(text);
        }
        masked
    }

    pub(super) fn difference(&self, other: &Self, plan: &Plan) -> String {
        let (left, right) = (self.masked().text(), other.masked().text());
        let differing = left.lines().zip(right.lines()).find(|(left, right)| left != right);
        let (left_line, right_line) = differing.unwrap_or(("(one is longer)", ""));
        format!(
            "{plan:?} shows another result.\nplain: {left_line}\nother: {right_line}\n\nplain:\n{left}\nother:\n{right}"
        )
    }
}

/// `carts/3@17` becomes `carts/_@_`.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(slash) = rest.find('/') {
        let (before, after) = rest.split_at(slash + 1);
        out.push_str(before);
        let partition = after.len() - after.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let offset = after[partition..]
            .strip_prefix('@')
            .map(|text| text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len());
        rest = match offset {
            Some(digits) if partition > 0 && digits > 0 => {
                out.push_str("_@_");
                &after[partition + 1 + digits..]
            }
            _ => after,
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_the_log_are_masked_and_nothing_else() {
        assert_eq!(mask("at carts/3@17 and a/b@c 1/2 x.y/0@9#1"), "at carts/_@_ and a/b@c 1/2 x.y/_@_#1");
    }
}
