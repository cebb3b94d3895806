//! Diagnostics in the manner of rustc: title, source line with a caret, help.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Severity, SourceId, Sources, Span, floor_boundary};

pub(super) fn draw(sources: &Sources, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let shown = |text: &str| sources.without_secrets(text);
    let message = shown(&diagnostic.message);
    let help = diagnostic.help.as_deref().map(shown);
    let title = level.primary_title(message).id(diagnostic.code);
    let first = diagnostic.at.map(|span| (span, AnnotationKind::Primary, shown(&diagnostic.label)));
    let mut marks: Vec<_> = first.into_iter().collect();
    let others = diagnostic.also.iter();
    marks.extend(others.map(|(span, label)| (*span, AnnotationKind::Context, shown(label))));
    let mut files: Vec<SourceId> = Vec::new();
    for (span, ..) in &marks {
        if !files.contains(&span.source) {
            files.push(span.source);
        }
    }
    let mut group = Group::with_title(title);
    for file in files {
        let text = sources.drawn(file);
        let marks = marks.iter().filter(|(span, ..)| span.source == file);
        let snippet = Snippet::source(text).path(escaped(&sources.path(file).display().to_string()));
        group = group.element(snippet.annotations(marks.map(|(span, kind, label)| {
            let annotation = kind.span(drawable(text, *span));
            if label.is_empty() { annotation } else { annotation.label(label.clone()) }
        })));
    }
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The part of a span that is drawn: its first line, on character boundaries, at least one wide.
fn drawable(text: &str, span: Span) -> Range<usize> {
    let start = floor_boundary(text, span.start);
    let end = floor_boundary(text, span.end.max(start));
    let first_line = text[start..end].split('\n').next().unwrap_or("").trim_end();
    let end = start + first_line.len();
    if end > start {
        return start..end;
    }
    let width = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    start..start + width
}

/// The text with a picture for each control character, and without what turns the reading direction.
pub(super) fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\0'..='\x1f' => char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}'),
            '\x7f' => '\u{2421}',
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_bidi_characters_are_shown_as_pictures() {
        assert_eq!(escaped("a\x1b[31m\tb\u{202e}c\nd"), "a␛[31m␉b\u{fffd}c\nd");
    }
}
