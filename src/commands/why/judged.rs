//! What was asked about a text, of judges and for its embedding, and what came of it.

use std::fmt::Write as _;

use super::{answer, section};
use crate::check::embedding::Embedding;
use crate::commands::Failure;
use crate::dataset::evaluate::Place;
use crate::dataset::{Judged, Models, Recipe};
use crate::fingerprint::{Room, messages_of};
use crate::pipeline::RunError;
use crate::store::Reader;

/// Tells of each request about a candidate of a raw answer.
pub fn explain(
    recipe: &Recipe,
    models: &Models,
    reader: &Reader,
    (place, raw): (Place, &str),
    originals: bool,
    out: &mut String,
) -> Result<(), Failure> {
    if !recipe.looks_into_texts() {
        return Ok(());
    }
    let candidates = recipe.judge.candidates(raw, &recipe.values(place.cell), None);
    let candidates = recipe.curated(place.cell, &place.fingerprint, candidates.into());
    let Some(candidate) = candidates.get(place.index).filter(|candidate| candidate.outcome.is_ok()) else {
        return Ok(());
    };
    let mut room = Room::default();
    if let Some(fingerprint) = recipe.embedding_fingerprint(models, &candidate.text, &mut room) {
        let model = models.list()[models.embedding(recipe)].identity.display_name();
        match (reader.answer(&fingerprint, 0)?, reader.tombstone(&fingerprint)?) {
            (Some(raw), _) => {
                let told = Embedding::parse(&raw).map(|embedding| embedding.direction().dimensions());
                let told = told.map_or_else(|why| why, |dimensions| format!("{dimensions} dimensions"));
                let _ = writeln!(out, "embedding by {model}: {fingerprint}, {told}");
            }
            (None, Some(stone)) => {
                let _ = writeln!(out, "embedding by {model}: {fingerprint}\n  given up: {}", stone.reason);
            }
            (None, None) => {}
        }
    }
    for (judge, model) in recipe.judges.iter().enumerate() {
        let judged = Judged { judge, cell: place.cell, text: &candidate.text };
        let max_tokens = recipe.config.checks.judges[judge].sampling.max_tokens;
        for number in 0..model.asks() {
            let fingerprint =
                recipe.judge_fingerprint(models, judged, number, &mut room).map_err(RunError::from)?;
            let stored = reader.answer(&fingerprint, max_tokens)?;
            let stone = reader.tombstone(&fingerprint)?;
            if stored.is_none() && stone.is_none() {
                continue;
            }
            let _ = writeln!(out, "judge `{}`, request {number}: {fingerprint}", model.name());
            if number == 0 {
                let ask = recipe.judge_ask(models, judged, number, false).map_err(RunError::from)?;
                for (role, content) in messages_of(&ask.canonical()) {
                    section(out, &format!("{role}, to judge `{}`", model.name()), &content);
                }
            }
            match (stored, stone) {
                (Some(raw), _) => {
                    answer(recipe, &raw, originals, out);
                    if let Err(reason) = model.read(&raw) {
                        let _ = writeln!(out, "  (not a good answer: {reason})");
                    }
                }
                (None, Some(stone)) => {
                    let _ = writeln!(out, "  given up: {}", stone.reason);
                }
                (None, None) => {}
            }
        }
    }
    Ok(())
}
