//! From a list of names to a mapping, so that they can have attributes.

use super::super::yaml::Node;
use super::{At, EditError, Splices, bracket, column_of, line_of, newline};

/// A list with more names than this is written a line each.
const SHORT: usize = 3;

/// Makes a mapping of a list of names; `under` is a further key around it.
pub fn named(text: &str, at: &At, under: Option<&str>, name: &str) -> Result<Splices, EditError> {
    let wrong = || EditError::NoNames(name.to_owned());
    let items = at.node.items();
    let is_name = |item: &Node| item.scalar().is_some() && written(text, item).is_some();
    if items.is_empty() || !items.iter().all(is_name) {
        return Err(wrong());
    }
    let key = at.key.clone().ok_or_else(wrong)?;
    let column = column_of(text, key.start);
    if bracket(text, at.node).is_none() {
        return block(text, items, key.end, column, under).ok_or_else(wrong);
    }
    let whole = at.node.span.start..at.node.span.end;
    let one_line = !text[key.end..whole.end].contains('\n');
    if one_line && !at.inside && items.len() > SHORT {
        return lines(text, at.node, key.end, column, under).ok_or_else(wrong);
    }
    // Within brackets, each name stays where it is.
    let inner = (whole.start + 1, whole.end - 1);
    let pad = |c: Option<char>| if c.is_some_and(char::is_whitespace) { "" } else { " " };
    let open = format!("{{{}", pad(text[inner.0..].chars().next()));
    let close = format!("{}}}", pad(text[..inner.1].chars().next_back()));
    let (open, close) = match under {
        Some(under) => (format!("{{ {under}: {open}"), format!("{close} }}")),
        None => (open, close),
    };
    let mut splices = vec![(whole.start..inner.0, open), (inner.1..whole.end, close)];
    splices.extend(items.iter().map(|item| (item.span.end..item.span.end, ": {}".to_owned())));
    Ok(splices)
}

/// A name as it is written, if that can be a key.
fn written<'t>(text: &'t str, item: &Node) -> Option<&'t str> {
    let written = text.get(item.span.start..item.span.end)?;
    (!written.is_empty() && !written.contains('\n') && !written.starts_with(['*', '&', '!', '|', '>']))
        .then_some(written)
}

/// From `[joy, anger]` to a line a name, the comment behind it staying on the line of the key.
fn lines(text: &str, node: &Node, key_end: usize, column: usize, under: Option<&str>) -> Option<Splices> {
    let newline = newline(text);
    let colon = key_end + text.get(key_end..node.span.start)?.find(':')? + 1;
    let mut out = String::new();
    let mut indent = column + 2;
    if let Some(under) = under {
        out.push_str(&format!("{}{under}:{newline}", " ".repeat(indent)));
        indent += 2;
    }
    for item in node.items() {
        out.push_str(&format!("{}{}: {{}}{newline}", " ".repeat(indent), written(text, item)?));
    }
    let end = line_of(text, node.span.end).1;
    let gap = if text[..end].ends_with('\n') { "" } else { newline };
    Some(vec![(colon..node.span.end, String::new()), (end..end, format!("{gap}{out}"))])
}

/// From `- joy` to `joy: {}`, each line with its comment.
fn block(text: &str, items: &[Node], key_end: usize, column: usize, under: Option<&str>) -> Option<Splices> {
    let newline = newline(text);
    let mut splices = Vec::new();
    let (first, _) = line_of(text, items.first()?.span.start);
    let (_, last) = line_of(text, items.last()?.span.end);
    let dash = first + text[first..].find('-')?;
    let now = column_of(text, dash);
    let target = column + if under.is_some() { 4 } else { 2 };
    let more = " ".repeat(target.saturating_sub(now));
    for item in items {
        let (start, _) = line_of(text, item.span.start);
        let before = &text[start..item.span.start];
        let dash = before.find('-')?;
        if !before[..dash].trim().is_empty() || !before[dash + 1..].trim().is_empty() {
            return None;
        }
        splices.push((start + dash..item.span.start, more.clone()));
        splices.push((item.span.end..item.span.end, ": {}".to_owned()));
    }
    // Comments between them move along.
    let mut at = first;
    while at < last {
        let (start, next) = line_of(text, at);
        if text[start..next].trim_start().starts_with('#') {
            splices.push((start..start, more.clone()));
        }
        at = next;
    }
    if let Some(under) = under {
        let (_, end) = line_of(text, key_end);
        splices.push((end..end, format!("{}{under}:{newline}", " ".repeat(column + 2))));
    }
    Some(splices)
}
