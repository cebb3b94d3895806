//! Rows and rejects as they stand in files.

use serde_json::{Map, Value};

use super::evaluate::{Accepted, Failed, Rejected};
use super::models::Models;
use super::recipe::Recipe;

/// A row of `dataset.jsonl`: id, text, a field an axis, the answer's other fields, where it is from.
pub fn row(recipe: &Recipe, models: &Models, row: &Accepted) -> Map<String, Value> {
    let candidate = &row.answer[row.place.index];
    let mut out = Map::new();
    out.insert("id".into(), row.id.to_string().into());
    out.insert("text".into(), candidate.text.clone().into());
    insert_names(&mut out, recipe, row.place.cell);
    if let Ok(passed) = &candidate.outcome {
        insert_fields(&mut out, &passed.fields);
    }
    out.insert("model".into(), models.name_of(recipe, row.place.cell, row.place.ask).into());
    out.insert("prompt".into(), variant(recipe, row.place.cell, row.place.ask).into());
    out.insert("fingerprint".into(), row.place.fingerprint.to_string().into());
    out
}

/// A row of `rejected.jsonl`: the text, why it is no row, and where it is from.
pub fn reject(recipe: &Recipe, reject: &Rejected) -> Map<String, Value> {
    let candidate = &reject.answer[reject.place.index];
    let mut out = Map::new();
    out.insert("reason".into(), reject.reason.name().into());
    out.insert("why".into(), reject.reason.to_string().into());
    out.insert("text".into(), candidate.text.clone().into());
    insert_names(&mut out, recipe, reject.place.cell);
    out.insert("ask".into(), reject.place.ask.into());
    out.insert("prompt".into(), variant(recipe, reject.place.cell, reject.place.ask).into());
    out.insert("fingerprint".into(), reject.place.fingerprint.to_string().into());
    out
}

/// An ask that was given up, as it stands in `rejected.jsonl`.
pub fn failed(recipe: &Recipe, failed: &Failed) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("reason".into(), "failed".into());
    out.insert("why".into(), format!("the ask was given up: {}", failed.reason).into());
    out.insert("text".into(), "".into());
    insert_names(&mut out, recipe, failed.cell);
    out.insert("ask".into(), failed.ask.into());
    out.insert("prompt".into(), variant(recipe, failed.cell, failed.ask).into());
    out.insert("fingerprint".into(), failed.fingerprint.to_string().into());
    out
}

fn variant(recipe: &Recipe, cell: usize, ask: u32) -> &str {
    recipe.prompts.variant_name(recipe.prompts.variant(recipe.grid.cells()[cell], ask))
}

fn insert_names(out: &mut Map<String, Value>, recipe: &Recipe, cell: usize) {
    let cell = recipe.grid.cells()[cell];
    out.extend(recipe.grid.names(cell).map(|(axis, value)| (axis.to_owned(), value.into())));
}

/// Further fields of an answer; one that would hide a column of ours is set apart by `answer_`.
fn insert_fields(out: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (name, value) in fields {
        let taken = out.contains_key(name) || matches!(name.as_str(), "model" | "prompt" | "fingerprint");
        let name = if taken { format!("answer_{name}") } else { name.clone() };
        out.insert(name, value.clone());
    }
}
