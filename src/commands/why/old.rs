//! What no dataset has any more: a row or an answer of before, and why it is none now.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};

use serde_json::{Map, Value};

use super::super::{Failure, Stored, Talk};
use super::{own_answer, section};
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe, Sink};
use crate::fingerprint::{Identity, messages_of};
use crate::grid::GridAxis;
use crate::model::Fingerprint;
use crate::pipeline::{Opened, RunError};
use crate::report::diff;
use crate::store::Reader;

/// Whether an ask is reached, and whether its answer is good for now.
struct Standing {
    of: Fingerprint,
    reached: bool,
    demanded: bool,
}

impl Sink<()> for Standing {
    fn reached(&mut self, _cell: usize, _ask: u32, fingerprint: &Fingerprint) {
        self.reached |= *fingerprint == self.of;
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        self.demanded |= demand.fingerprint == self.of;
    }
}

/// Explains a row of before: which of its ask's fields are others now.
pub fn explain_old(
    opened: &Opened,
    talk: &Talk,
    stored: &Stored,
    reader: &Reader,
    (id, originals): (&str, bool),
    out: &mut String,
) -> Result<bool, Failure> {
    let recipe = &opened.recipe;
    let folder = recipe.config.dataset_dir();
    let names = ["dataset.jsonl", "dataset.previous.jsonl", "rejected.jsonl"];
    let line = names.iter().find_map(|name| line_of(&folder.join(name), id));
    let fingerprint = match &line {
        Some(line) => line.get("fingerprint").and_then(Value::as_str).and_then(Fingerprint::parse),
        None => None,
    };
    let prefix = match fingerprint {
        Some(fingerprint) => fingerprint.0.to_vec(),
        None => bytes(id),
    };
    let Some((fingerprint, request, raw)) = reader.by_prefix(&prefix)? else { return Ok(false) };
    if line.is_none() && !fingerprint.to_string().starts_with(id) {
        return Ok(false);
    }
    let _ = writeln!(out, "fingerprint: {fingerprint}");
    let asked: Value = serde_json::from_str(&request).unwrap_or_default();
    if asked["kind"] == "names" && !originals {
        out.push_str("a second look at the names in a text: `--with-originals` shows it\n");
        return Ok(true);
    }
    if let Some(text) = line.as_ref().and_then(|line| line.get("text")).and_then(Value::as_str) {
        let text = if originals { text.to_owned() } else { recipe.judge.shown(text) };
        let _ = writeln!(out, "text: {text}");
    }
    let field = |name: &str| line.as_ref().and_then(|line| line.get(name)).and_then(Value::as_str);
    if let (Some(own), Some(pair)) = (field("id"), field("pair"))
        && own != pair
    {
        let _ = writeln!(
            out,
            "it was the counterpart of {pair}: not in the dataset, since that is no row, or the file under `curation` \
             gives it none"
        );
        return Ok(true);
    }
    let cell = line.as_ref().and_then(|line| cell_of(recipe, line));
    let asks = match cell {
        Some(cell) => same_seed(recipe, cell, &stored.models, &request)?,
        None => None,
    };
    match (cell, asks, &line) {
        (Some(cell), Some((ask, now)), _) => {
            let place = recipe.grid.cell(cell);
            let _ = writeln!(out, "cell: {}\nask: {ask}", recipe.grid.describe(place));
            let changes = changes(&request, &now);
            if changes.is_empty() {
                let mut standing = Standing { of: fingerprint, reached: false, demanded: false };
                stored.evaluate::<()>(&opened.recipe, talk, false, &mut standing)?;
                let _ = writeln!(out, "its ask is the same as ever, {}", idle(&standing));
            } else {
                out.push_str("not in the dataset, because its ask is another one now:\n");
                out.push_str(&changes);
            }
        }
        (Some(cell), None, _) => {
            let place = recipe.grid.cell(cell);
            let _ = writeln!(out, "cell: {}", recipe.grid.describe(place));
            match beyond(recipe, cell, &request) {
                Some(ask) => {
                    let _ = writeln!(
                        out,
                        "ask: {ask}\nnot in the dataset: `samples.max_asks` is {} now, and asks count from 0",
                        recipe.quotas.asks(cell)
                    );
                }
                None => out.push_str("not in the dataset: `seed` is another one now\n"),
            }
        }
        (None, _, Some(_)) => {
            out.push_str(
                "not in the dataset: its cell is no longer in the grid (a value was taken out, or a rule)\n",
            );
        }
        (None, _, None) => {
            out.push_str(
                "stored, and in no dataset of this config: another prompt, model or config asked for it\n",
            );
        }
    }
    for (role, content) in messages_of(&request) {
        section(out, &format!("{role}, as it was"), &content);
    }
    own_answer(recipe, &raw, originals, out);
    Ok(true)
}

/// Why an ask that is what it was gives a row no more.
fn idle(standing: &Standing) -> &'static str {
    if standing.demanded {
        "but its answer does not fit under `sampling.max_tokens` of now: it is asked again"
    } else if standing.reached {
        "and its cell has all its rows before this one: it is surplus"
    } else {
        "and its cell has all its rows without it"
    }
}

/// Asks after the last that are looked through for one of before.
const BEYOND: u32 = 10_000;

/// The number of a cell's ask with the seed of a stored request, where that is past the last of now.
fn beyond(recipe: &Recipe, cell: usize, request: &str) -> Option<u32> {
    let then: Value = serde_json::from_str(request).ok()?;
    let (place, last) = (recipe.grid.cell(cell), recipe.quotas.asks(cell));
    (last..last.saturating_add(BEYOND))
        .find(|ask| then["seed"] == crate::prompt::ask_seed(recipe.config.seed, place, *ask))
}

fn line_of(path: &std::path::Path, id: &str) -> Option<Map<String, Value>> {
    let file = std::fs::File::open(path).ok()?;
    BufReader::new(file).lines().map_while(Result::ok).find_map(|line| {
        let row: Map<String, Value> = serde_json::from_str(&line).ok()?;
        let begins =
            |key: &str| row.get(key).and_then(Value::as_str).is_some_and(|text| text.starts_with(id));
        (begins("id") || begins("fingerprint")).then_some(row)
    })
}

/// The whole bytes that hexadecimal digits begin with.
fn bytes(id: &str) -> Vec<u8> {
    id.as_bytes()
        .chunks_exact(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn cell_of(recipe: &Recipe, line: &Map<String, Value>) -> Option<usize> {
    let value = |axis: &GridAxis| {
        let name = line.get(&*axis.name).and_then(Value::as_str)?;
        axis.values.iter().position(|value| value.name() == name)
    };
    let values: Vec<usize> = recipe.grid.axes.iter().map(value).collect::<Option<_>>()?;
    let fits = |cell: usize| (0..values.len()).all(|axis| recipe.grid.value_at(cell, axis) == values[axis]);
    (0..recipe.grid.size()).find(|cell| fits(*cell))
}

/// The ask of a cell that has the seed of a stored request: its number, and the request now.
fn same_seed(
    recipe: &Recipe,
    cell: usize,
    models: &Models,
    request: &str,
) -> Result<Option<(u32, Value)>, Failure> {
    let then: Value = serde_json::from_str(request).unwrap_or_default();
    let then_model = serde_json::from_value::<Identity>(then["model"].clone()).ok();
    let of_then;
    let models = match (models.names(), then_model) {
        (Some(_), _) => models,
        (None, Some(model)) => {
            of_then = Models::new(&recipe.config, &vec![model; recipe.config.endpoints.len()]);
            &of_then
        }
        (None, None) => return Ok(None),
    };
    for ask in 0..recipe.quotas.asks(cell) {
        let (_, seed) = recipe.messages(cell, ask).map_err(RunError::from)?;
        if then["seed"] == seed {
            let now = recipe.ask(models, cell, ask).map_err(RunError::from)?;
            return Ok(Some((ask, serde_json::from_str(now.canonical().as_str()).unwrap_or_default())));
        }
    }
    Ok(None)
}

/// Field by field what differs between a stored request and the one of now.
fn changes(then: &str, now: &Value) -> String {
    let then: Value = serde_json::from_str(then).unwrap_or_default();
    let mut out = String::new();
    for change in diff::changes(&then, now) {
        match (&change.then, &change.now) {
            (Value::String(a), Value::String(b)) if a.contains('\n') || b.contains('\n') => {
                let _ = write!(out, "  {}:\n{}", change.path, diff::lines(a, b, "    "));
            }
            (then, now) => {
                let _ = writeln!(out, "  {}: {then} then, {now} now", change.path);
            }
        }
    }
    out
}
