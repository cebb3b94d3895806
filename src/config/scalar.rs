//! Where a part of a YAML text stands in its file.

use std::ops::Range;

use super::diagnostic::{Sources, Span};

/// The place of a range of a scalar's text: exact for plain and quoted texts on one line without
/// escapes and for literal blocks (`|`), else the whole scalar.
pub fn part(sources: &Sources, scalar: Span, text: &str, range: Range<usize>) -> Span {
    let whole = sources.text(scalar.source);
    let Some(raw) = whole.get(scalar.start..scalar.end.min(whole.len())) else { return scalar };
    let at = |start: usize, end: usize| Span { source: scalar.source, start, end: end.max(start + 1) };
    let quoted = raw.len() >= 2 && raw.starts_with(['"', '\'']);
    if raw == text {
        return at(scalar.start + range.start, scalar.start + range.end);
    }
    if quoted && &raw[1..raw.len() - 1] == text {
        return at(scalar.start + 1 + range.start, scalar.start + 1 + range.end);
    }
    let before = &whole[..scalar.start];
    let indent = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let mut raw_start = scalar.start;
    let mut text_start = 0;
    let mut found = None;
    let mut raw_lines = whole[scalar.start..].split_inclusive('\n');
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let Some(raw_line) = raw_lines.next() else { return scalar };
        let lead = match number {
            0 => 0,
            _ => raw_line.len() - raw_line.trim_start_matches(' ').len(),
        };
        let skip = lead.min(indent);
        if raw_line[skip..].trim_end() != line.trim_end() {
            return scalar;
        }
        if found.is_none() && range.start < text_start + line.len() {
            let start = raw_start + skip + (range.start - text_start);
            let end = raw_start + skip + (range.end.min(text_start + line.len()) - text_start);
            found = Some(at(start, end));
        }
        raw_start += raw_line.len();
        text_start += line.len();
    }
    found.unwrap_or(scalar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;

    #[test]
    fn parts_of_one_line_and_of_literal_blocks_are_found() {
        let file =
            "a: |\n    one\n\n    x  two here\nb: 'say two'\nc: see two there\nd: >-\n  folded\n  two\n";
        let mut sources = Sources::default();
        let id = sources.add("x.yaml", file);
        let root = yaml::parse(&sources, id).unwrap();
        for (key, exact) in [("a", true), ("b", true), ("c", true), ("d", false)] {
            let node = root.get(key).unwrap();
            let text = node.text().unwrap();
            let from = text.find("two").unwrap();
            let span = part(&sources, node.span, text, from..from + 3);
            assert_eq!(&file[span.start..span.end] == "two", exact, "{key}");
            assert_eq!(span == node.span, !exact, "{key}");
        }
    }
}
