//! Expressions of the user's, in the language of the templates.

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::diagnostic::Sources;
use super::{Diagnostic, Span, scalar};

/// More work than any expression does that ends.
const FUEL: u64 = 1_000_000;

/// An expression that was compiled, and what it reads.
pub struct Expression {
    source: String,
    environment: Environment<'static>,
    /// Names that it reads and does not set, sorted.
    reads: Vec<String>,
    /// The key that it stands under.
    key: &'static str,
    at: Option<Span>,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expression").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Expression {
    /// Compiles what stands under a key; `such_as` is an example of it.
    ///
    /// # Errors
    /// What is no expression, with how it might be meant.
    pub fn compile(
        source: &str,
        (key, such_as): (&'static str, &str),
        at: Option<Span>,
        sources: &Sources,
    ) -> Result<Self, Diagnostic> {
        if source.trim().is_empty() {
            let found = Diagnostic::error("expression", format!("this `{key}` is empty"));
            return Err(place(found.help(format!("such as `{such_as}`")), at));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let mut out = Self { source: source.to_owned(), environment, reads: Vec::new(), key, at };
        let compiled = out.environment.compile_expression_owned(closed(source));
        out.reads = match compiled {
            Ok(compiled) => compiled.undeclared_variables(false).into_iter().collect(),
            Err(error) => return Err(out.misread(&error, sources)),
        };
        out.reads.sort();
        // What closes our own parenthesis, or stands behind a comma, is no single value of a mapping.
        let alone = out.environment.compile_expression_owned(format!("{{0: {source}}}")).map(drop);
        match alone {
            Ok(()) => Ok(out),
            Err(error) => Err(out.not_whole(&error, sources)),
        }
    }

    /// Says where it ends as an expression of its own, although more follows.
    fn not_whole(&self, error: &Error, sources: &Sources) -> Diagnostic {
        let range = error.range().map(|range| (range.start.saturating_sub(4), range.len()));
        let at = range.and_then(|(from, length)| self.part(sources, from, length)).or(self.at);
        let found =
            Diagnostic::error("expression", format!("this `{}` is more than one expression", self.key));
        place(found.help("close each `(` after it was opened, and join two expressions by `and` or `or`"), at)
    }

    fn misread(&self, error: &Error, sources: &Sources) -> Diagnostic {
        let ours = error.range().is_some_and(|range| range.start > self.source.len());
        if ours && error.detail().is_some_and(|detail| detail.starts_with("unexpected `)`")) {
            return self.unfinished(sources);
        }
        let range = error.range().map(|range| (range.start.saturating_sub(1), range.len()));
        let at = range.and_then(|(from, length)| self.part(sources, from, length)).or(self.at);
        let found = wrong(at, &format!("this `{}` is not an expression", self.key), error);
        let words = ["&&", "||", "!"].iter().any(|sign| self.source.replace("!=", "").contains(sign));
        match error.detail().unwrap_or_default() {
            _ if self.source.contains("{{") || self.source.contains("{%") => {
                found.help("write the expression alone, without `{{ }}`")
            }
            _ if words => found.help("write `and`, `or` and `not`"),
            detail if detail.contains("unexpected `=`") => found.help("compare with `==`"),
            _ => found,
        }
    }

    /// Says that it ends where more must follow.
    fn unfinished(&self, sources: &Sources) -> Diagnostic {
        let written = self.source.trim_end();
        let from = written.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let last = &written[from..];
        let at = self.part(sources, from, last.len());
        let found = Diagnostic::error("expression", format!("this `{}` ends too early", self.key));
        place(found.help(format!("something must follow `{last}`")), at.or(self.at))
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn reads(&self) -> &[String] {
        &self.reads
    }

    pub fn at(&self) -> Option<Span> {
        self.at
    }

    /// The span of a part of the expression, where the config holds it on one line as it is.
    pub fn part(&self, sources: &Sources, from: usize, length: usize) -> Option<Span> {
        self.at.map(|at| scalar::part(sources, at, &self.source, from..from + length))
    }

    /// Whether it is true of these values.
    ///
    /// # Errors
    /// What cannot be worked out, such as a comparison with what is not there.
    pub fn holds(&self, context: Value) -> Result<bool, Error> {
        let value = self.environment.compile_expression_owned(closed(&self.source))?.eval(context)?;
        match value.is_undefined() {
            true => Err(ErrorKind::UndefinedError.into()),
            false => Ok(value.is_true()),
        }
    }
}

/// A text as an expression writes it.
pub fn literal(text: &str) -> String {
    match text.contains(['\'', '\\', '\n']) {
        // JSON's strings are Jinja's.
        true => serde_json::Value::from(text).to_string(),
        false => format!("'{text}'"),
    }
}

/// An expression as a value of a YAML file.
pub fn in_yaml(source: &str) -> String {
    match source.contains(": ") || source.contains(" #") || source.ends_with(':') {
        true => serde_json::Value::from(source).to_string(),
        false => source.to_owned(),
    }
}

/// The expression in parentheses: without them the engine takes `a && b` for `a`.
fn closed(source: &str) -> String {
    format!("({source})")
}

/// A finding at its place, where that is known.
pub fn place(diagnostic: Diagnostic, at: Option<Span>) -> Diagnostic {
    match at {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

/// What an error of the engine says.
pub fn wrong(at: Option<Span>, what: &str, error: &Error) -> Diagnostic {
    let mut said = error.kind().to_string();
    if let Some(detail) = error.detail() {
        said = format!("{said}: {detail}");
    }
    let found = place(Diagnostic::error("expression", format!("{what}: {said}")), at);
    match error.kind() {
        ErrorKind::UndefinedError => {
            // `emotion.polarity` is undefined
            let named =
                error.detail().and_then(|detail| detail.split('`').nth(1)).unwrap_or("emotion.polarity");
            found.help(format!(
                "every value of the axis needs the attribute; `{named} is defined and …` asks whether it is there"
            ))
        }
        _ => found,
    }
}
