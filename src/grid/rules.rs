//! Rules of the grid, ready to be matched.

use std::collections::HashMap;

use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};

use super::GridAxis;
use crate::config::diagnostic::{Sources, did_you_mean};
use crate::config::resolved::Rule;
use crate::config::scalar;
use crate::config::{Diagnostic, Span};
use crate::tokens;

#[derive(Debug)]
pub struct CompiledRule {
    values: Vec<(usize, Vec<usize>)>,
    condition: Option<Condition>,
    at: Option<Span>,
    /// Whether it matched anything so far.
    pub matched: bool,
}

/// An expression, answered once for each combination of just the axes it reads.
struct Condition {
    source: String,
    environment: Environment<'static>,
    reads: Vec<usize>,
    known: HashMap<Vec<usize>, bool>,
    at: Option<Span>,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condition").field("source", &self.source).finish_non_exhaustive()
    }
}

impl CompiledRule {
    pub fn new(rule: &Rule, axes: &[GridAxis], sources: &Sources) -> Result<Self, Diagnostic> {
        let condition = match &rule.condition {
            Some(source) => Some(Condition::new(source, rule.condition_at, axes, sources)?),
            None => None,
        };
        Ok(Self { values: rule.values.clone(), condition, at: rule.at, matched: false })
    }

    /// The axes that the rule looks at.
    pub fn reads(&self) -> impl Iterator<Item = usize> {
        let reads = self.condition.iter().flat_map(|condition| condition.reads.iter().copied());
        self.values.iter().map(|(axis, _)| *axis).chain(reads)
    }

    /// Says that the rule matches nothing.
    pub fn idle(&self, key: &str) -> Diagnostic {
        place(
            Diagnostic::warning("idle-rule", format!("this item of `{key}` matches no combination"))
                .help("look at the names and texts that it compares with"),
            self.at,
        )
    }

    /// Whether all parts of the rule match a combination.
    pub fn matches(&mut self, values: &[usize], axes: &[GridAxis]) -> Result<bool, Diagnostic> {
        if !self.values.iter().all(|(axis, matching)| matching.contains(&values[*axis])) {
            return Ok(false);
        }
        self.condition.as_mut().map_or(Ok(true), |condition| condition.holds(values, axes))
    }
}

impl Condition {
    fn new(source: &str, at: Option<Span>, axes: &[GridAxis], sources: &Sources) -> Result<Self, Diagnostic> {
        if source.trim().is_empty() {
            let found = Diagnostic::error("expression", "this `if` is empty");
            return Err(place(found.help("such as `if: emotion.polarity == 'negative'`"), at));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(1_000_000));
        let names: Vec<&str> = axes.iter().map(|axis| &*axis.name).collect();
        // The span of a part of the expression, where the config holds it on one line as it is.
        let part =
            |from: usize, length: usize| at.map(|at| scalar::part(sources, at, source, from..from + length));
        let reads = {
            let expression = environment.compile_expression_owned(closed(source)).map_err(|error| {
                let place = error.range().map(|range| (range.start.saturating_sub(1), range.len()));
                let at = place.and_then(|(from, length)| part(from, length)).or(at);
                let found = wrong(at, "this `if` is not an expression", &error);
                let words = ["&&", "||", "!"].iter().any(|sign| source.replace("!=", "").contains(sign));
                match error.detail().unwrap_or_default() {
                    _ if source.contains("{{") || source.contains("{%") => {
                        found.help("write the expression alone, without `{{ }}`")
                    }
                    _ if words => found.help("write `and`, `or` and `not`"),
                    detail if detail.contains("unexpected `=`") => found.help("compare with `==`"),
                    _ => found,
                }
            })?;
            let mut unknown: Vec<String> = Vec::new();
            let mut reads = Vec::new();
            for name in expression.undeclared_variables(false) {
                match axes.iter().position(|axis| *axis.name == *name) {
                    Some(axis) => reads.push(axis),
                    None => unknown.push(name),
                }
            }
            unknown.sort();
            if let Some(name) = unknown.first() {
                let from = source.find(name.as_str()).unwrap_or(0);
                let found = Diagnostic::error("unknown-axis", format!("`{name}` is no axis"));
                let is_value = axes.iter().any(|axis| axis.values.iter().any(|value| value.name() == name));
                return Err(place(
                    match did_you_mean(name, names.iter().copied()) {
                        _ if is_value => found.help(format!("did you mean the text `'{name}'`, in quotes?")),
                        Some(near) => found.help(format!("did you mean `{near}`?")),
                        None => found.help(format!("axes: {}", names.join(", "))),
                    },
                    part(from, name.len()),
                ));
            }
            reads.sort_unstable();
            reads
        };
        if let Some(axis) = names.iter().find(|axis| **axis == source.trim()) {
            let found = Diagnostic::error("bare-value", format!("`{axis}` alone is always true"));
            return Err(place(found.help(format!("ask for its name: `{axis}.name == '…'`")), at));
        }
        if let Some((axis, from)) = tokens::bare_comparison_in(source, &names) {
            return Err(place(
                Diagnostic::error("bare-value", format!("`{axis}` is a value with attributes, not a text"))
                    .help(format!("compare its name: `{axis}.name == '…'`")),
                part(from, axis.len()),
            ));
        }
        Ok(Self { source: source.to_owned(), environment, reads, known: HashMap::new(), at })
    }

    fn holds(&mut self, values: &[usize], axes: &[GridAxis]) -> Result<bool, Diagnostic> {
        let key: Vec<usize> = self.reads.iter().map(|axis| values[*axis]).collect();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let context = Value::from_pairs(self.reads.iter().zip(&key).map(|(axis, value)| {
            let axis = &axes[*axis];
            (axis.name.to_string(), Value::from_dyn_object(axis.values[*value].clone()))
        }));
        let answer = self
            .environment
            .compile_expression_owned(closed(&self.source))
            .and_then(|expression| expression.eval(context))
            .and_then(|value| match value.is_undefined() {
                true => Err(minijinja::Error::from(minijinja::ErrorKind::UndefinedError)),
                false => Ok(value.is_true()),
            });
        let names: Vec<_> = self
            .reads
            .iter()
            .zip(&key)
            .map(|(axis, value)| format!("{}={}", axes[*axis].name, axes[*axis].values[*value].name()))
            .collect();
        let answer = answer
            .map_err(|error| wrong(self.at, &format!("this `if` fails at {}", names.join(" ")), &error))?;
        self.known.insert(key, answer);
        Ok(answer)
    }
}

/// The expression in parentheses: without them the engine takes `a && b` for `a`.
fn closed(source: &str) -> String {
    format!("({source})")
}

fn place(diagnostic: Diagnostic, at: Option<Span>) -> Diagnostic {
    match at {
        Some(span) => diagnostic.at(span),
        None => diagnostic,
    }
}

fn wrong(at: Option<Span>, what: &str, error: &minijinja::Error) -> Diagnostic {
    let mut said = error.kind().to_string();
    if let Some(detail) = error.detail() {
        said = format!("{said}: {detail}");
    }
    let found = place(Diagnostic::error("expression", format!("{what}: {said}")), at);
    match error.kind() {
        minijinja::ErrorKind::UndefinedError => found.help(
            "every value of the axis needs the attribute; `emotion.polarity is defined and …` asks whether it is there",
        ),
        _ => found,
    }
}
