//! What was asked about a text, for names in doubt, of judges and for its embedding, and what came of it.

use std::fmt::Write as _;

use super::{answer, section};
use crate::check::Candidate;
use crate::check::embedding::Embedding;
use crate::check::second::quotes;
use crate::commands::Failure;
use crate::dataset::evaluate::Place;
use crate::dataset::{Judged, Models, Recipe, looking};
use crate::fingerprint::{Room, messages_of};
use crate::pipeline::RunError;
use crate::report::count;
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
    let Some(candidate) = recipe.candidate_at(&place, &candidates) else { return Ok(()) };
    let candidate = candidate.as_ref();
    let mut room = Room::default();
    let looked = look(recipe, models, reader, (place, candidate), originals, &mut room, out)?;
    let candidate = looked.as_ref().unwrap_or(candidate);
    if candidate.outcome.is_err() {
        return Ok(());
    }
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
                for (role, content) in messages_of(ask.canonical().as_str()) {
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

/// Tells of the second look at a candidate with a name in doubt, and gives what came of it.
fn look(
    recipe: &Recipe,
    models: &Models,
    reader: &Reader,
    (place, candidate): (Place, &Candidate),
    originals: bool,
    room: &mut Room,
    out: &mut String,
) -> Result<Option<Candidate>, Failure> {
    let doubtful = candidate.outcome.as_ref().ok().and_then(|passed| passed.doubtful.as_deref());
    let Some(original) = doubtful else { return Ok(None) };
    let frame = models.looking_frame(recipe, place.cell);
    let fingerprint = looking::fingerprint(frame, original, room);
    let model = models.list()[models.looking(recipe, place.cell)].identity.display_name();
    let raw = reader.answer(&fingerprint, looking::MAX_TOKENS)?;
    let stone = reader.tombstone(&fingerprint)?;
    if raw.is_none() && stone.is_none() {
        return Ok(None);
    }
    let quotes = raw.as_deref().and_then(quotes);
    let (looked, seen) = recipe.judge.looked(candidate, original, quotes.as_deref());
    let told = match (seen, stone.filter(|_| raw.is_none())) {
        (Some(seen), _) => format!(
            "{} in doubt, {} that are none, {} ignored",
            count(seen.names, "name"),
            seen.released,
            count(seen.ignored, "quote")
        ),
        (None, Some(stone)) => format!("given up ({}), so what is in doubt is a name", stone.reason),
        (None, None) => "no good answer, so what is in doubt is a name".to_owned(),
    };
    let _ = writeln!(out, "second look by {model}: {fingerprint}, {told}");
    if originals {
        for (role, content) in looking::messages(original) {
            section(out, &format!("{role}, for names in doubt"), &content);
        }
        raw.iter().for_each(|raw| answer(recipe, raw, true, out));
    }
    Ok(Some(looked))
}
