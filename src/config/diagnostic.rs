//! What is wrong with a user's files, said where it stands, and drawn with the source line.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Which of a load's sources a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(u32);

/// A place in a source, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
}

/// The texts that a config was read from, kept so that errors can show them.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<(PathBuf, Arc<str>)>,
}

impl Sources {
    /// Keeps a text under the name that messages show.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> SourceId {
        self.files.push((path.into(), text.into()));
        SourceId(self.files.len() as u32 - 1)
    }

    pub fn text(&self, id: SourceId) -> &Arc<str> {
        &self.files[id.0 as usize].1
    }

    pub fn path(&self, id: SourceId) -> &Path {
        &self.files[id.0 as usize].0
    }

    /// Line and column of a span's start, both from 1, columns in characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let text = self.text(span.source);
        let before = &text[..floor_boundary(text, span.start)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One mistake or warning: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// A stable name such as `unknown-value`.
    pub code: &'static str,
    pub message: String,
    pub at: Option<Span>,
    /// Stands under the caret.
    pub label: String,
    pub help: Option<String>,
}

impl Diagnostic {
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            at: None,
            label: String::new(),
            help: None,
        }
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    pub fn at(mut self, span: Span) -> Self {
        self.at = Some(span);
        self
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Everything that was found in a load, with the sources to show it in.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub sources: Sources,
    pub found: Vec<Diagnostic>,
}

impl Report {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }

    pub fn counts(&self) -> (usize, usize) {
        let errors = self.found.iter().filter(|d| d.severity == Severity::Error).count();
        (errors, self.found.len() - errors)
    }

    /// All findings in the manner of rustc: source line, caret, help.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut out = String::new();
        for diagnostic in &self.found {
            out.push_str(&self.render_one(&renderer, diagnostic));
            out.push_str("\n\n");
        }
        out.truncate(out.trim_end().len());
        out
    }

    fn render_one(&self, renderer: &Renderer, diagnostic: &Diagnostic) -> String {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
        let mut group = match diagnostic.at {
            Some(span) => {
                let text = self.sources.text(span.source);
                let path = self.sources.path(span.source).display().to_string();
                let annotation = AnnotationKind::Primary.span(drawable(text, span));
                let annotation = match diagnostic.label.as_str() {
                    "" => annotation,
                    label => annotation.label(label),
                };
                title.element(Snippet::source(text.as_ref()).path(path).annotation(annotation))
            }
            None => annotate_snippets::Group::with_title(title),
        };
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

/// The known name nearest to a mistyped one, if one is near enough to suggest.
pub fn did_you_mean<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (edits(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Damerau–Levenshtein distance in its restricted form (optimal string alignment), in characters.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_absent() {
        let known = ["grief", "joy", "remorse"];
        assert_eq!(did_you_mean("greif", known), Some("grief"));
        assert_eq!(did_you_mean("Joy", known), Some("joy"));
        assert_eq!(did_you_mean("remorese", known), Some("remorse"));
        assert_eq!(did_you_mean("anger", known), None);
    }

    #[test]
    fn columns_count_characters_and_spans_inside_one_are_harmless() {
        let mut report = Report::default();
        let source = report.sources.add("a.yaml", "é: ü\nb: 1\n");
        let span = Span { source, start: 5, end: 6 };
        assert_eq!(report.sources.line_column(span), (1, 4));
        report.push(Diagnostic::error("test", "broken").at(Span { source, start: 1, end: 900 }));
        assert!(report.render(false).contains("a.yaml:1"), "{}", report.render(false));
    }
}
