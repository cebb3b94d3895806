//! What a run would come to: requests, tokens and time, as far as stored answers and past runs tell.
//!
//! Nothing is asked for it. Prompt tokens are counted by the server, for a sample of prompts and
//! within about a second, and the counts are kept.

mod asks;
mod count;
mod evidence;
mod speed;

use std::collections::BTreeMap;

use super::connect::Known;
use super::worker::Progress;
use super::{Opened, RunError};
use crate::check::answer::Answer;
use crate::config::resolved::Slots;
use crate::dataset::{Models, Outcome, Recipe};
use crate::model::Fingerprint;
use crate::pipeline::address::address;
use crate::report::{Basis, Forecast};
use crate::store::{EndpointMemory, Experience, Reader, StoreDir, Writer};
use evidence::{Evidence, Judged, LEAST_ANSWERS};
use speed::{Load, Pace};

/// Prompts that are counted by the server.
const SAMPLE: usize = 16;
/// Stored answers whose usage is read.
const ANSWERS: usize = 128;

/// Works out what the demands of an outcome, in the cells of a mask, will come to.
///
/// # Errors
/// A store that cannot be read, and a template that fails.
pub async fn forecast(
    opened: &Opened,
    outcome: &Outcome,
    mask: &[bool],
    models: &Models,
    known: Option<&Known>,
    reader: Option<&Reader>,
) -> Result<Forecast, RunError> {
    let recipe = &opened.recipe;
    let demands = outcome.demands.iter().filter(|demand| mask[demand.cell]).count() as u64;
    let (Some(known), true) = (known, demands > 0) else {
        return Ok(Forecast { of_requests: demands, ..Forecast::default() });
    };
    let config = &recipe.config;
    let last = match reader {
        Some(reader) => last_run(recipe, models, reader)?,
        None => None,
    };
    // Another number of texts an answer makes another answer.
    let last = last.filter(|last| last.candidates_per_ask == config.candidates_per_ask());
    let judged_then: Option<Judged> =
        last.as_ref().and_then(|last| serde_json::from_value(last.judged.clone()).ok());

    let evidence = Evidence::of(recipe, outcome);
    let requests = evidence::expected_asks(recipe, outcome, mask, &evidence, judged_then.as_ref());
    let (judged, judged_from) = match evidence.all.answers() >= LEAST_ANSWERS {
        true => (Some(&evidence.all), Basis::Stored),
        false => (judged_then.as_ref(), Basis::LastRun),
    };
    let judged = judged.filter(|_| requests.is_some());

    let counted = count::prompt_tokens(recipe, outcome, mask, models, known, reader).await?;
    let used = match reader {
        Some(reader) => usage(recipe, outcome, reader)?,
        None => None,
    };
    let used_then =
        last.as_ref().filter(|last| last.requests > 0 && last.completion_tokens > 0).map(|last| {
            let each = |tokens: u64| tokens as f64 / last.requests as f64;
            (each(last.prompt_tokens), each(last.completion_tokens))
        });
    let prompt = mean(&counted)
        .map(|tokens| (tokens, Basis::Counted))
        .or(used.map(|(prompt, _)| (prompt, Basis::Stored)))
        .or(used_then.map(|(prompt, _)| (prompt, Basis::LastRun)));
    let completion = used
        .map(|(_, completion)| (completion, Basis::Stored))
        .or(used_then.map(|(_, completion)| (completion, Basis::LastRun)));

    let each = completion.map(|(tokens, _)| tokens);
    // Another config's answers may be of any length: without the length of ours their pace says
    // nothing.
    let seconds = match (requests, reader) {
        (Some(requests), Some(reader)) if each.is_some() || last.is_some() => {
            let shares = shares(recipe, outcome, mask, models);
            let load = Load { requests, demands, tokens: each, per_minute: None };
            let prompt = prompt.map_or(0.0, |(tokens, _)| tokens);
            time(recipe, models, &shares, load, prompt, reader)?
        }
        _ => None,
    };

    let of_requests = requests.map_or(demands, |requests| requests.round() as u64);
    let of_all = |(tokens, _): (f64, Basis)| (tokens * requests.unwrap_or(demands as f64)).round() as u64;
    Ok(Forecast {
        requests: requests.map(|_| of_requests),
        acceptance: judged.map(Judged::acceptance),
        acceptance_from: judged.map(|_| judged_from),
        answers: judged.map_or(0, Judged::answers),
        of_requests,
        texts_per_answer: u64::from(config.candidates_per_ask()),
        prompt_tokens: prompt.map(of_all),
        prompt_tokens_from: prompt.map(|(_, basis)| basis),
        prompts_counted: counted.len() as u64,
        completion_tokens: completion.map(of_all),
        completion_tokens_from: completion.map(|(_, basis)| basis),
        seconds: seconds.map(|seconds| (seconds * 10.0).round() / 10.0),
    })
}

/// What the last run of the config learned of its models; `None` where one of them is another now.
fn last_run(recipe: &Recipe, models: &Models, reader: &Reader) -> Result<Option<Experience>, RunError> {
    let mut last = None;
    for model in models.list() {
        last = reader.last_experience(&recipe.config.name, &model.identity)?;
        if last.is_none() {
            break;
        }
    }
    Ok(last)
}

/// By model, how many of the demands are for it.
fn shares(recipe: &Recipe, outcome: &Outcome, mask: &[bool], models: &Models) -> Vec<u64> {
    let mut out = vec![0; models.list().len()];
    for demand in outcome.demands.iter().filter(|demand| mask[demand.cell]) {
        out[models.of(recipe, demand.cell, demand.ask)] += 1;
    }
    out
}

/// Seconds until the last model has answered: each works on its own, on all endpoints that have it.
fn time(
    recipe: &Recipe,
    models: &Models,
    shares: &[u64],
    all: Load,
    prompt: f64,
    reader: &Reader,
) -> Result<Option<f64>, RunError> {
    let mut longest = 0.0f64;
    for (model, share) in models.list().iter().zip(shares).filter(|(_, share)| **share > 0) {
        let ends = model.endpoints.iter().map(|endpoint| &recipe.config.endpoints[*endpoint]);
        let mut paces = Vec::new();
        let mut per_minute = Some(0.0);
        for endpoint in ends {
            paces.extend(Pace::of(reader.experience_at(&address(endpoint), &model.identity)?.iter()));
            let tokens = endpoint.tokens_per_minute.map(f64::from);
            let by_tokens = tokens.map(|tokens| tokens / (prompt + all.tokens.unwrap_or(0.0)).max(1.0));
            let limits = [endpoint.requests_per_minute.map(f64::from), by_tokens];
            let limit = limits.into_iter().flatten().min_by(f64::total_cmp);
            per_minute = per_minute.zip(limit).map(|(sum, limit)| sum + limit);
        }
        let requests = all.requests * *share as f64 / all.demands as f64;
        let load = Load { requests, demands: *share, per_minute, ..all };
        match speed::seconds(&paces, load) {
            Some(seconds) => longest = longest.max(seconds),
            None => return Ok(None),
        }
    }
    Ok(Some(longest))
}

/// Requests of an endpoint, in multiples of those at a time, before its number is tried out.
const FULL_ROUNDS: u64 = 5;

/// Keeps what a run learned of each endpoint that answered, for later plans.
///
/// # Errors
/// A store that cannot be written.
pub fn remember(
    dir: &StoreDir,
    recipe: &Recipe,
    memories: &[EndpointMemory],
    outcome: &Outcome,
    progress: &Progress,
) -> Result<(), RunError> {
    if progress.requests == 0 {
        return Ok(());
    }
    let config = &recipe.config;
    let judged = serde_json::to_value(Evidence::of(recipe, outcome).all).unwrap_or_default();
    let writer = Writer::open(dir, |_| {})?;
    let each = |tokens: u64| tokens as f64 / progress.requests as f64;
    for ((endpoint, memory), did) in config.endpoints.iter().zip(memories).zip(&progress.endpoints) {
        if did.requests == 0 {
            continue;
        }
        // A number that is still tried out says less than how many were under way on the average,
        // and that says nothing of a run that ended before it had begun in earnest.
        let steady =
            matches!(endpoint.slots, Slots::Exactly(_)) || did.requests < FULL_ROUNDS * u64::from(did.slots);
        let average = did.busy.as_secs_f64() / progress.asking.as_secs_f64().max(1e-6);
        let learned = Experience {
            at_a_time: if steady { f64::from(did.slots) } else { average },
            requests: did.requests,
            busy_seconds: did.busy.as_secs_f64(),
            prompt_tokens: (each(progress.prompt_tokens) * did.requests as f64).round() as u64,
            completion_tokens: did.completion_tokens,
            candidates_per_ask: config.candidates_per_ask(),
            judged: judged.clone(),
        };
        writer.experience(&config.name, &address(endpoint), &memory.identity, &learned)?;
    }
    Ok(())
}

fn mean(of: &[u64]) -> Option<f64> {
    (!of.is_empty()).then(|| of.iter().sum::<u64>() as f64 / of.len() as f64)
}

/// Those with the least of their fingerprints: a sample that follows from them alone and changes
/// little when they do. Only the sample is held.
fn sample<T>(all: impl Iterator<Item = (Fingerprint, T)>, size: usize) -> BTreeMap<Fingerprint, T> {
    let mut out = BTreeMap::new();
    for (fingerprint, item) in all {
        let full = out.len() >= size;
        if full && out.last_key_value().is_some_and(|(last, _)| fingerprint >= *last) {
            continue;
        }
        out.insert(fingerprint, item);
        if out.len() > size {
            out.pop_last();
        }
    }
    out
}

/// Tokens of prompt and completion, a request, on the average of some stored answers of the dataset.
fn usage(recipe: &Recipe, outcome: &Outcome, reader: &Reader) -> Result<Option<(f64, f64)>, RunError> {
    let rows = outcome.rows.iter().map(|row| row.place.fingerprint);
    let answers = rows.chain(outcome.rejects.iter().map(|reject| reject.place.fingerprint));
    let (mut prompt, mut completion, mut count) = (0, 0, 0u64);
    for answer in sample(answers.map(|answer| (answer, ())), ANSWERS).keys() {
        let Some(raw) = reader.answer(answer, recipe.config.sampling.max_tokens)? else { continue };
        let usage = Answer::parse(&raw).ok().and_then(|answer| answer.usage);
        if let Some(usage) = usage.filter(|usage| usage.completion_tokens > 0) {
            prompt += usage.prompt_tokens;
            completion += usage.completion_tokens;
            count += 1;
        }
    }
    let each = |tokens: u64| tokens as f64 / count as f64;
    Ok((count >= LEAST_ANSWERS).then(|| (each(prompt), each(completion))))
}
