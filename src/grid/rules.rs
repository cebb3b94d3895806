//! Rules of the grid, ready to be matched.

use std::collections::HashMap;

use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior};

use super::GridAxis;
use super::value::compared_bare;
use crate::config::diagnostic::did_you_mean;
use crate::config::resolved::Rule;
use crate::config::{Diagnostic, Span};

#[derive(Debug)]
pub struct CompiledRule {
    values: Vec<(usize, Vec<usize>)>,
    condition: Option<Condition>,
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
    pub fn new(rule: &Rule, axes: &[GridAxis]) -> Result<Self, Diagnostic> {
        let condition = match &rule.condition {
            Some(source) => Some(Condition::new(source, rule.condition_at, axes)?),
            None => None,
        };
        Ok(Self { values: rule.values.clone(), condition })
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
    fn new(source: &str, at: Option<Span>, axes: &[GridAxis]) -> Result<Self, Diagnostic> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let names = || axes.iter().map(|axis| &*axis.name);
        let reads = {
            let expression = environment
                .compile_expression(source)
                .map_err(|error| wrong(at, "this `if` is not an expression", &error))?;
            let mut reads = Vec::new();
            for name in expression.undeclared_variables(false) {
                match axes.iter().position(|axis| *axis.name == *name) {
                    Some(axis) => reads.push(axis),
                    None => {
                        let found =
                            place(Diagnostic::error("unknown-axis", format!("`{name}` is no axis")), at);
                        return Err(match did_you_mean(&name, names()) {
                            Some(near) => found.help(format!("did you mean `{near}`?")),
                            None => found.help(format!("axes: {}", names().collect::<Vec<_>>().join(", "))),
                        });
                    }
                }
            }
            reads.sort_unstable();
            reads
        };
        if let Some(axis) = compared_bare(source, names()) {
            return Err(place(
                Diagnostic::error("bare-value", format!("`{axis}` is a value with attributes, not a text"))
                    .help(format!("compare its name: `{axis}.name == '…'`")),
                at,
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
            .compile_expression(&self.source)
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
