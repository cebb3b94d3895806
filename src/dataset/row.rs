//! Rows and rejects as they stand in files.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::evaluate::{Accepted, Failed, Rejected, Why};
use super::models::Models;
use super::recipe::Recipe;
use crate::anonymize::Span;
use crate::model::{COUNTERPART, Fingerprint, RowId};

/// A row of `dataset.jsonl`: id, text, a field an axis, the answer's other fields, what was mended, its pair, where it is from.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub recipe: &'a Recipe,
    pub models: &'a Models,
    pub accepted: &'a Accepted<'a>,
}

impl Row<'_> {
    /// The row's fields in order.
    pub fn fields(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        }
    }
}

/// The columns that every row of a config has, in order.
pub fn columns(recipe: &Recipe) -> Vec<String> {
    let axes = recipe.grid.axes.iter().map(|axis| axis.name.to_string());
    let mut out: Vec<String> = ["id", "text"].map(str::to_owned).into_iter().chain(axes).collect();
    out.extend(recipe.judge.anonymizes().then(|| "spans".to_owned()));
    out.extend(recipe.has_counterparts().then(|| "pair".to_owned()));
    out.extend(["model", "prompt", "fingerprint"].map(str::to_owned));
    out
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { recipe, models, accepted } = *self;
        let place = &accepted.place;
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("id", &accepted.name)?;
        out.serialize_entry("text", &accepted.candidate.text)?;
        names(&mut out, recipe, place.cell)?;
        if let Ok(passed) = &accepted.candidate.outcome
            && let Some(fields) = &passed.fields
        {
            let is_taken = |name: &str| {
                recipe.grid.axes.iter().any(|axis| *axis.name == *name)
                    || accepted.judged.is_some_and(|judged| judged.contains_key(name))
            };
            for (name, value) in own_fields(fields, is_taken) {
                out.serialize_entry(&name, value)?;
            }
        }
        for (name, value) in accepted.judged.into_iter().flatten() {
            out.serialize_entry(name, value)?;
        }
        if !accepted.candidate.mended.is_empty() {
            out.serialize_entry("mended", &accepted.candidate.mended)?;
        }
        if let Ok(passed) = &accepted.candidate.outcome
            && recipe.judge.anonymizes()
        {
            let spans: Value = passed.spans.iter().map(Span::to_json).collect();
            out.serialize_entry("spans", &spans)?;
        }
        // All rows of a dataset have the same columns.
        if accepted.pair.is_some() || recipe.has_counterparts() {
            out.serialize_entry("pair", &accepted.pair)?;
        }
        if let Some(rewritten) = recipe.rewritten(&place.fingerprint, accepted.candidate) {
            // What was written first is in the store, under the same fingerprint.
            out.serialize_entry("rewritten_by", &rewritten.by)?;
            out.serialize_entry("rewritten_for", &rewritten.why)?;
        }
        out.serialize_entry("model", models.name_of(recipe, place.cell, place.ask))?;
        out.serialize_entry("prompt", variant(recipe, place.cell, place.ask))?;
        out.serialize_entry("fingerprint", &place.fingerprint)?;
        out.end()
    }
}

/// A line of `rejected.jsonl`: the text, why it is no row, and where it is from.
pub struct Reject<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    reason: &'static str,
    why: Words<'a>,
    text: &'a str,
    cell: usize,
    ask: u32,
    /// Of a counterpart: whose.
    pair: Option<RowId>,
    fingerprint: Fingerprint,
}

/// Why a candidate is no row, in words.
enum Words<'a> {
    Of(Why<'a>),
    GivenUp(&'a str),
}

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Words::Of(Why::Own(reason) | Why::Judged(reason)) => serializer.collect_str(reason),
            Words::Of(why) => serializer.collect_str(&why.reason()),
            Words::GivenUp(reason) => serializer.collect_str(&format_args!("the ask was given up: {reason}")),
        }
    }
}

impl<'a> Reject<'a> {
    pub fn of_candidate(recipe: &'a Recipe, models: &'a Models, rejected: &'a Rejected<'a>) -> Self {
        let (place, candidate) = (&rejected.place, rejected.candidate);
        let original = || RowId::of(&place.fingerprint, candidate.choice, candidate.item & !COUNTERPART);
        Self {
            recipe,
            models,
            reason: rejected.why.name(),
            why: Words::Of(rejected.why),
            text: &candidate.text,
            cell: place.cell,
            ask: place.ask,
            pair: candidate.is_counterpart().then(original),
            fingerprint: place.fingerprint,
        }
    }

    /// The line of an ask that was given up.
    pub fn of_ask(recipe: &'a Recipe, models: &'a Models, failed: &'a Failed) -> Self {
        Self {
            recipe,
            models,
            reason: "failed",
            why: Words::GivenUp(&failed.reason),
            text: "",
            cell: failed.cell,
            ask: failed.ask,
            pair: None,
            fingerprint: failed.fingerprint,
        }
    }
}

impl Serialize for Reject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("reason", self.reason)?;
        out.serialize_entry("why", &self.why)?;
        out.serialize_entry("text", self.text)?;
        names(&mut out, self.recipe, self.cell)?;
        if let Some(pair) = &self.pair {
            out.serialize_entry("pair", pair)?;
        }
        out.serialize_entry("ask", &self.ask)?;
        out.serialize_entry("model", self.models.name_of(self.recipe, self.cell, self.ask))?;
        out.serialize_entry("prompt", variant(self.recipe, self.cell, self.ask))?;
        out.serialize_entry("fingerprint", &self.fingerprint)?;
        out.end()
    }
}

fn variant(recipe: &Recipe, cell: usize, ask: u32) -> &str {
    recipe.prompts.variant_name(recipe.prompts.variant(recipe.grid.cell(cell), ask))
}

fn names<M: SerializeMap>(out: &mut M, recipe: &Recipe, cell: usize) -> Result<(), M::Error> {
    let values = recipe.grid.axes.iter().zip(recipe.grid.values_at(cell));
    let mut names = values.map(|(axis, at)| (&*axis.name, axis.values[at].name()));
    names.try_for_each(|(axis, value)| out.serialize_entry(axis, value))
}

/// Further fields of an answer; one that would hide a column of ours is set apart by `answer_`.
fn own_fields(fields: &Map<String, Value>, is_taken: impl Fn(&str) -> bool) -> Vec<(String, &Value)> {
    let ours = [
        "id",
        "text",
        "mended",
        "spans",
        "pair",
        "rewritten_by",
        "rewritten_for",
        "model",
        "prompt",
        "fingerprint",
    ];
    let mut out: Vec<(String, &Value)> = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let mut name = name.clone();
        while ours.contains(&name.as_str()) || is_taken(&name) || out.iter().any(|(other, _)| *other == name)
        {
            name = format!("answer_{name}");
        }
        out.push((name, value));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_of_an_answer_hide_no_column() {
        let fields = json!({ "tone": 1, "model": 2, "emotion": 3, "answer_model": 4 });
        let fields = fields.as_object().unwrap();
        let named: Vec<(String, &Value)> = own_fields(fields, |name| name == "emotion");
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["tone", "answer_model", "answer_emotion", "answer_answer_model"]);
        assert_eq!(named[3].1, 4);
    }
}
