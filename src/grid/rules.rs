//! Rules of the grid, ready to be matched.

use std::collections::HashMap;

use minijinja::value::Value;

use super::GridAxis;
use crate::config::diagnostic::{Sources, cut, did_you_mean, shortened};
use crate::config::expression::{Expression, place, wrong};
use crate::config::resolved::Rule;
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
#[derive(Debug)]
struct Condition {
    expression: Expression,
    reads: Vec<usize>,
    known: HashMap<Vec<usize>, bool>,
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
        let such_as = ("if", "if: emotion.polarity == 'negative'");
        let expression = Expression::compile(source, such_as, at, sources)?;
        let names: Vec<&str> = axes.iter().map(|axis| &*axis.name).collect();
        let axis_of = |name: &String| names.iter().position(|axis| axis == name);
        if let Some(name) = expression.reads().iter().find(|name| axis_of(name).is_none()) {
            let from = source.find(name.as_str()).unwrap_or(0);
            let found = Diagnostic::error("unknown-axis", format!("`{name}` is no axis"));
            let mut values = axes.iter().flat_map(|axis| &axis.values);
            let is_value = values.any(|value| value.name() == name || value.says(name));
            return Err(place(
                match did_you_mean(name, names.iter().copied()) {
                    _ if is_value => found.help(format!("did you mean the text `'{name}'`, in quotes?")),
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("axes: {}", names.join(", "))),
                },
                expression.part(sources, from, name.len()),
            ));
        }
        let mut reads: Vec<usize> = expression.reads().iter().filter_map(axis_of).collect();
        reads.sort_unstable();
        if let Some(axis) = names.iter().find(|axis| **axis == source.trim()) {
            let found = Diagnostic::error("bare-value", format!("`{axis}` alone is always true"));
            return Err(place(found.help(format!("ask for its name: `{axis}.name == '…'`")), at));
        }
        if let Some((axis, from)) = tokens::bare_comparison_in(source, &names) {
            return Err(place(
                Diagnostic::error("bare-value", format!("`{axis}` is a value with attributes, not a text"))
                    .help(format!("compare its name: `{axis}.name == '…'`")),
                expression.part(sources, from, axis.len()),
            ));
        }
        Ok(Self { expression, reads, known: HashMap::new() })
    }

    /// Says that an error comes of an attribute that no value of the axis has.
    fn unknown_attribute(&self, error: &minijinja::Error, axes: &[GridAxis]) -> Option<Diagnostic> {
        let (name, attribute) = error.detail()?.split('`').nth(1)?.split_once('.')?;
        let axis = axes.iter().find(|axis| *axis.name == *name)?;
        let mut known: Vec<&str> = axis.values.iter().flat_map(|value| value.attribute_names()).collect();
        if known.contains(&attribute) || attribute.contains(['.', '[']) {
            return None;
        }
        known.push("name");
        known.sort_unstable();
        known.dedup();
        let text = format!("no value of `{name}` has an attribute `{}`", cut(attribute));
        let found = place(Diagnostic::error("unknown-attribute", text), self.expression.at());
        Some(match did_you_mean(attribute, known.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(format!("attributes: {}", shortened(known.iter().copied()))),
        })
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
        let names: Vec<_> = self
            .reads
            .iter()
            .zip(&key)
            .map(|(axis, value)| format!("{}={}", axes[*axis].name, axes[*axis].values[*value].name()))
            .collect();
        let answer = self.expression.holds(context).map_err(|error| {
            let what = format!("this `if` fails at {}", names.join(" "));
            self.unknown_attribute(&error, axes).unwrap_or_else(|| wrong(self.expression.at(), &what, &error))
        })?;
        self.known.insert(key, answer);
        Ok(answer)
    }
}
