//! What is wrong with a user's files, said where it stands, and drawn with the source line.

mod draw;
pub mod secret;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::Renderer;

pub use crate::near::{cut, did_you_mean, shortened};
use draw::{draw, escaped};

/// Which of a load's sources a span points into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A place in a source, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// A line of a text, from 1, without its end.
    pub fn of_line(text: &str, line: usize, source: SourceId) -> Self {
        let mut lines = text.split_inclusive('\n');
        let start: usize = lines.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
        let length = lines.next().map_or(0, |line| line.trim_end().len());
        Self { source, start, end: start + length }
    }
}

/// The texts that a config was read from, kept so that errors can show them.
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Debug, Clone)]
struct Source {
    path: PathBuf,
    text: Arc<str>,
    /// The text with stars for secrets, byte for byte as long.
    drawn: Arc<str>,
    hidden: Vec<Range<usize>>,
}

impl Sources {
    /// The flag of the command line that a place is in.
    pub fn flag(&self, span: Span) -> Option<&str> {
        self.path(span.source).to_str().filter(|path| path.starts_with("--"))
    }

    /// Keeps a text under the name that messages show; the same text of the same name is kept once.
    pub fn add(&mut self, path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> SourceId {
        let (path, text) = (path.into(), text.into());
        if let Some(known) = self.files.iter().position(|file| file.path == path && file.text == text) {
            return SourceId(known as u32);
        }
        let hidden = if is_template(&path) { Vec::new() } else { secret::hidden(&text) };
        let drawn = match hidden.is_empty() {
            true => text.clone(),
            false => secret::starred(&text, &hidden).into(),
        };
        self.files.push(Source { path, text, drawn, hidden });
        SourceId(self.files.len() as u32 - 1)
    }

    /// What was read from a file.
    pub fn of_path(&self, path: &Path) -> Option<SourceId> {
        self.files.iter().position(|file| file.path == path).map(|known| SourceId(known as u32))
    }

    pub fn text(&self, id: SourceId) -> &Arc<str> {
        &self.files[id.0 as usize].text
    }

    pub fn path(&self, id: SourceId) -> &Path {
        &self.files[id.0 as usize].path
    }

    /// What stands at a place, with stars for secrets.
    pub fn at(&self, span: Span) -> &str {
        let text = self.drawn(span.source);
        let start = floor_boundary(text, span.start);
        &text[start..floor_boundary(text, span.end.max(start))]
    }

    /// The text as it may be shown.
    fn drawn(&self, id: SourceId) -> &str {
        &self.files[id.0 as usize].drawn
    }

    /// A message without any secret of the sources in it.
    fn without_secrets(&self, message: &str) -> String {
        let mut out = message.to_owned();
        for file in &self.files {
            for range in &file.hidden {
                let secret = &file.text[range.clone()];
                if secret.len() >= 4 && out.contains(secret) {
                    out = out.replace(secret, "***");
                }
            }
        }
        out
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

/// Templates are prose: what looks like a key there is none.
fn is_template(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending != "yaml" && ending != "yml" && ending != "json")
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
    /// Further places that belong to it, each with what stands under it.
    pub also: Vec<(Span, String)>,
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
            also: Vec::new(),
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

    /// Shows a further place, such as the first of two.
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        self.also.push((span, label.into()));
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Lines of a warning that stands beside other work: as many as one place and one line of help take.
const LONG: usize = 8;

/// Everything that was found in a load, with the sources to show it in.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub sources: Sources,
    pub found: Vec<Diagnostic>,
}

impl Report {
    /// Adds a finding, unless just that was found before.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.message = escaped(&diagnostic.message.replace('\n', "␊"));
        diagnostic.label = escaped(&diagnostic.label);
        diagnostic.help = diagnostic.help.map(|help| escaped(&help));
        diagnostic.also.iter_mut().for_each(|(_, label)| *label = escaped(label));
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

    /// All findings in the manner of rustc: source line, caret, help; in the order of their places.
    pub fn render(&self, colour: bool) -> String {
        self.each(colour, |_, drawn| drawn)
    }

    /// The same with warnings of more than `LONG` lines in one, which says who tells the rest.
    pub fn brief(&self, colour: bool) -> String {
        self.each(colour, |diagnostic, drawn| {
            if diagnostic.severity == Severity::Error || drawn.lines().count() <= LONG {
                return drawn;
            }
            let title = drawn.lines().next().unwrap_or_default();
            let place = diagnostic.at.map_or_else(String::new, |span| {
                let path = escaped(&self.sources.path(span.source).display().to_string());
                format!("{path}:{}: ", self.sources.line_column(span).0)
            });
            format!("{title} ({place}`emogrid check` says more)")
        })
    }

    fn each(&self, colour: bool, shown: impl Fn(&Diagnostic, String) -> String) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut found: Vec<&Diagnostic> = self.found.iter().collect();
        found.sort_by_key(|diagnostic| diagnostic.at.map(|span| (span.source, span.start)));
        let mut out = String::new();
        for diagnostic in found {
            out.push_str(&shown(diagnostic, draw(&self.sources, &renderer, diagnostic)));
            out.push_str("\n\n");
        }
        out.truncate(out.trim_end().len());
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_spans_inside_one_are_harmless() {
        let mut report = Report::default();
        let source = report.sources.add("a.yaml", "é: ü\nb: 1\n");
        let span = Span { source, start: 5, end: 6 };
        assert_eq!(report.sources.line_column(span), (1, 4));
        report.push(Diagnostic::error("test", "broken").at(Span { source, start: 1, end: 900 }));
        assert!(report.render(false).contains("a.yaml:1"), "{}", report.render(false));
    }

    #[test]
    fn secrets_are_in_no_message() {
        let mut report = Report::default();
        let source = report.sources.add("a.yaml", "seed: x\nurl: https://me:hunter2@host\n");
        report.push(
            Diagnostic::error("test", "no host in `https://me:hunter2@host`")
                .at(Span { source, start: 13, end: 35 })
                .help("not me:hunter2"),
        );
        assert!(!report.render(false).contains("hunter2"), "{}", report.render(false));
    }

    #[test]
    fn a_long_warning_is_a_line_where_it_is_beside_the_point() {
        let mut report = Report::default();
        let source = report.sources.add("a.yaml", "a: 1\nb: 2\n");
        let at = Span { source, start: 5, end: 6 };
        report.push(Diagnostic::warning("uneven", "a word").at(at).help("mend it"));
        report.push(Diagnostic::warning("contradiction", "many words").at(at).help("write\n\n  one\n  two"));
        let (whole, brief) = (report.render(false), report.brief(false));
        assert!(whole.contains("  two"), "{whole}");
        assert!(brief.contains("mend it"), "{brief}");
        assert!(
            brief.ends_with("warning[contradiction]: many words (a.yaml:2: `emogrid check` says more)"),
            "{brief}"
        );
        report.push(Diagnostic::error("test", "all of it").help("a\nb\nc\nd\ne\nf\ng\nh\ni"));
        assert!(report.brief(false).contains("i"), "an error is always said whole");
    }

    #[test]
    fn findings_come_in_the_order_of_their_places() {
        let mut report = Report::default();
        let source = report.sources.add("a.yaml", "a\nb\n");
        assert_eq!(report.sources.add("a.yaml", "a\nb\n"), source);
        report.push(Diagnostic::error("test", "second").at(Span { source, start: 2, end: 3 }));
        report.push(Diagnostic::error("test", "first").at(Span { source, start: 0, end: 1 }));
        let text = report.render(false);
        assert!(text.find("first") < text.find("second"), "{text}");
    }
}
