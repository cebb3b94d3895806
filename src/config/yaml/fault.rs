//! What the YAML reader's errors mean, in words for who wrote the file.

use serde_saphyr::{Error, budget::BudgetBreach};

use super::super::diagnostic::{Diagnostic, SourceId, Span};

/// A diagnostic for a text that is no YAML, or holds what emogrid does not take.
pub fn explained(error: &Error, text: &str, source: SourceId) -> Diagnostic {
    let error = error.without_snippet();
    let start = error
        .location()
        .map_or(0, |location| byte_at(text, location.line() as usize, location.column() as usize));
    let mut at = start..start + 1;
    let rest = &text[start..];
    if rest.starts_with("{{") || text[..start].ends_with('{') && rest.starts_with(['{', '%']) {
        let open = if rest.starts_with("{{") { start } else { start - 1 };
        return found("a template that begins with `{` is no YAML text", source, open..open + 2)
            .help("put it in quotes, or write `|` and the template on the next line, indented");
    }
    let cause = match error {
        Error::AliasError { error, .. } => error.as_ref(),
        error => error,
    };
    let (message, help): (String, Option<String>) = match cause {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.clone().unwrap_or_default();
            at.end = start + key.len().max(1);
            let message = format!("`{}` stands twice in one mapping", key.escape_debug());
            let twice = found(&message, source, at.clone()).label("here again");
            let twice = twice.help("keep one of them, or put both together");
            return match first_of(text, start, &key) {
                Some(first) => twice.also(span(source, first), "first here"),
                None => twice,
            };
        }
        Error::MultipleDocuments { .. } => {
            let marker = text[..start].rfind("\n---").map_or(start, |at| at + 1);
            at = marker..marker + 3;
            (
                "a config is one YAML document, and this `---` begins a second".into(),
                Some("remove the `---`, or put what follows into a file of its own".into()),
            )
        }
        Error::MergeKeyNotAllowed { .. } => {
            at.end = start + 2;
            ("emogrid reads no YAML merge keys (`<<`)".into(), Some("write the keys out".into()))
        }
        Error::UnsupportedTag { .. } | Error::TaggedEnumMismatch { .. } => {
            let from = tag_before(text, start);
            let word = text[from..].split(char::is_whitespace).next().unwrap_or("");
            at = from..from + word.len().max(1);
            let message = format!("emogrid reads no YAML tags such as `{}`", word.escape_debug());
            (message, Some("remove the tag, or put the value in quotes if it is meant as text".into()))
        }
        Error::NonFiniteFloat { value, .. } => {
            at.end = start + value.len().max(1);
            (format!("`{value}` is no number that can be used"), Some("write a finite number".into()))
        }
        Error::NullIntoString { .. } => (
            "a key must be a text".into(),
            Some("`~` and `null` mean nothing at all; put it in quotes if it is a name".into()),
        ),
        Error::UnknownAnchor { .. } => {
            at.end = start + word_length(rest);
            let help = rest.starts_with('*').then(|| {
                let name = &rest[1..word_length(rest).max(1)];
                format!("write `&{name}` in front of what it refers to, or quotes around it if it is text")
            });
            ("this alias refers to no anchor above".into(), help)
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("this alias lies inside what it refers to".into(), Some("write the value out".into()))
        }
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            ("the aliases expand to too many values".into(), Some("write the values out".into()))
        }
        Error::Budget { breach, .. } => match breach {
            BudgetBreach::Depth { .. } => deep(),
            BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. } => {
                ("there are too many anchors and aliases".into(), Some("write the values out".into()))
            }
            _ if text.contains('*') => (
                "the values are too many, with those that aliases repeat".into(),
                Some("a config holds at most 250,000 values; aliases count as what they repeat".into()),
            ),
            _ => (
                "the file holds too many values".into(),
                Some("a config holds at most 250,000; draw some from `lists` instead".into()),
            ),
        },
        _ => worded(&said(cause), text, start, &mut at),
    };
    let out = found(&message, source, at);
    match help {
        Some(help) => out.help(help),
        None => out,
    }
}

fn found(message: &str, source: SourceId, at: std::ops::Range<usize>) -> Diagnostic {
    Diagnostic::error("yaml", message).at(span(source, at))
}

fn span(source: SourceId, at: std::ops::Range<usize>) -> Span {
    Span { source, start: at.start, end: at.end }
}

fn deep() -> (String, Option<String>) {
    ("this is nested more than 64 deep".into(), Some("a config needs no more than eight".into()))
}

/// What the reader says, without the place.
fn said(error: &Error) -> String {
    let said = error.to_string();
    said.split(" at line ").next().unwrap_or(&said).trim().to_owned()
}

/// The reader's message in our words, where it is one that configs often meet.
fn worded(said: &str, text: &str, start: usize, at: &mut std::ops::Range<usize>) -> (String, Option<String>) {
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line_start..].lines().next().unwrap_or("");
    let rest = text[start..].lines().next().unwrap_or("");
    let plain = |message: &str, help: &str| (message.to_owned(), Some(help.to_owned()));
    if said.contains("recursion limit") {
        return deep();
    }
    if said.contains("tab") {
        if let Some(tab) = tab_from(text, line_start) {
            *at = tab..tab + 1;
        }
        return plain("a tab stands where YAML wants blanks", "indent with blanks");
    }
    if said.contains("comment intercepting") {
        return plain(
            "a ` #` begins a comment, here in the middle of a text",
            "put the whole text in quotes, or write `|` and the text on the next line, indented",
        );
    }
    if said.contains("unclosed quote") {
        return plain("this quote is not closed", "close it, or remove it");
    }
    if said.contains("unclosed bracket") {
        let bracket = rest.chars().next().unwrap_or('[');
        let close = if bracket == '{' { '}' } else { ']' };
        return (format!("this `{bracket}` is not closed"), Some(format!("close it with `{close}`")));
    }
    let unclosed = said.contains("illegal placement of ':'") || said.contains("did not find expected ','");
    if let Some((open, bracket)) = open_bracket(text, start).filter(|_| unclosed) {
        *at = open..open + 1;
        let close = if bracket == '{' { '}' } else { ']' };
        return (
            format!("this `{bracket}` is not closed before the next line's key"),
            Some(format!("close it with `{close}`, or put a `,` between its items")),
        );
    }
    if said.contains("mapping values are not allowed") {
        if let Some((key, value)) = line.split_once(':')
            && value.contains(": ")
        {
            return (
                "a text with `: ` in it needs quotes".into(),
                Some(format!(
                    "write `{}: \"…\"`, or `|` and the text on the next line, indented",
                    key.trim()
                )),
            );
        }
        *at = line_start + (line.len() - line.trim_start().len())..start;
        return plain(
            "this key is indented more than those beside it",
            "keys of one mapping begin in one column",
        );
    }
    if said.contains("did not find expected key") {
        return plain(
            "this line's indentation fits nothing above it",
            "keys of one mapping begin in one column",
        );
    }
    if said.contains("simple key expected") {
        *at = start..start + rest.len();
        if let Some((key, value)) = rest.split_once(':').filter(|(_, value)| !value.starts_with(' ')) {
            return (
                "a `:` ends a key only with a blank behind it".into(),
                Some(format!("write `{}: {}`", key.trim(), value.trim())),
            );
        }
        if rest.len() > 1000 {
            return plain("a key of more than 1024 characters", "shorten it");
        }
        return plain("this is neither a key nor part of a text", "a key ends with `: `");
    }
    if said.contains("expected string scalar") {
        return plain("a key must be a text", "put it in quotes if it is meant as one");
    }
    if said.contains("unexpected character") {
        let c = rest.chars().next().unwrap_or(' ');
        return match c {
            '@' | '`' | '%' => {
                (format!("a text cannot begin with `{c}` in YAML"), Some("put it in quotes".into()))
            }
            c => (
                format!("YAML cannot hold the character U+{:04X} here", c as u32),
                Some("remove it; in a text in double quotes it is written `\\u…`".into()),
            ),
        };
    }
    (format!("this is not YAML we can read: {said}"), None)
}

/// The first tab that indents a line, from the beginning of one on.
fn tab_from(text: &str, line_start: usize) -> Option<usize> {
    let mut from = line_start;
    for line in text[line_start..].split_inclusive('\n') {
        let blanks = &line[..line.len() - line.trim_start().len()];
        if let Some(tab) = blanks.find('\t') {
            return Some(from + tab);
        }
        from += line.len();
    }
    None
}

/// The last bracket before a place that is still open there.
fn open_bracket(text: &str, before: usize) -> Option<(usize, char)> {
    let mut open = Vec::new();
    let mut quote = None;
    for (at, c) in text[..before].char_indices() {
        match (quote, c) {
            (Some(mark), c) if mark == c => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some(c),
            (None, '[' | '{') => open.push((at, c)),
            (None, ']' | '}') => drop(open.pop()),
            _ => {}
        }
    }
    let (at, c) = open.pop()?;
    text[at..before].contains('\n').then_some((at, c))
}

/// Where a key stands first in the mapping in which it stands again.
fn first_of(text: &str, again: usize, key: &str) -> Option<std::ops::Range<usize>> {
    let line_start = text[..again].rfind('\n').map_or(0, |at| at + 1);
    let indent = text[line_start..again].to_owned();
    let own = |line: &str| {
        let after = line.strip_prefix(indent.as_str())?;
        let after = after.trim_start_matches(['"', '\'']).strip_prefix(key)?;
        after.trim_start_matches(['"', '\'']).starts_with(':').then_some(())
    };
    if !indent.trim().is_empty() {
        let at = text[line_start..again].find(&format!("{key}:"))?;
        return Some(line_start + at..line_start + at + key.len());
    }
    let mut end = line_start;
    for line in text[..line_start].split_inclusive('\n').rev() {
        end -= line.len();
        if own(line).is_some() {
            return Some(end + indent.len()..end + indent.len() + key.len());
        }
        let blanks = line.len() - line.trim_start().len();
        if !line.trim().is_empty() && blanks < indent.len() {
            return None;
        }
    }
    None
}

/// Where the tag begins that stands at or before a place.
fn tag_before(text: &str, at: usize) -> usize {
    if text[at..].starts_with('!') {
        return at;
    }
    let line_start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    text[line_start..at].rfind(" !").map_or(at, |found| line_start + found + 1)
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).unwrap_or(text.len()).max(1)
}

/// The byte at which a line and column (from 1, in characters) stand.
fn byte_at(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}
