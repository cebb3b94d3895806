//! What a run would come to: requests, tokens and time, as far as stored answers and past runs tell.
//!
//! Nothing is asked for it. Prompt tokens are counted by the server, for a sample of prompts and
//! within about a second, and the counts are kept.

mod about;
mod asks;
mod cost;
mod count;
mod evidence;
mod going;
mod sample;
mod speed;

use super::RunError;
use super::connect::Known;
use super::worker::Progress;
use crate::check::answer::Answer;
use crate::config::resolved::Slots;
use crate::dataset::evaluate::{Accepted, Demand, Failed, Name, Rejected};
use crate::dataset::{Models, Recipe, Sink};
use crate::model::Fingerprint;
use crate::pipeline::address::address;
use crate::pipeline::book::StoreBook;
use crate::report::{Basis, Forecast, ToGo};
use crate::store::{EndpointMemory, Experience, Reader, StoreDir, Writer};
pub use count::count as count_tokens;
use evidence::LEAST_ANSWERS;
pub use evidence::{Evidence, Judged};
use going::Going;
use sample::Sample;
use speed::{Load, Pace};

/// Prompts that are counted by the server.
const SAMPLE: usize = 16;
/// Stored answers whose usage is read.
const ANSWERS: usize = 128;
/// Of a prompt in English, about.
const BYTES_PER_TOKEN: f64 = 4.0;

/// What a forecast needs of an outcome.
#[derive(Debug)]
pub struct Prospect<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    /// By cell: whether it is to be asked for; empty where all are.
    mask: Vec<bool>,
    pub going: Going,
    evidence: Evidence<'a>,
    prompts: Sample<Demand>,
    /// Each with its cell and its ask.
    answers: Sample<(usize, u32)>,
}

impl<'a> Prospect<'a> {
    pub fn new(recipe: &'a Recipe, models: &'a Models, mask: Vec<bool>) -> Self {
        Self {
            recipe,
            models,
            mask,
            going: Going::new(models),
            evidence: Evidence::new(recipe),
            prompts: Sample::new(SAMPLE),
            answers: Sample::new(ANSWERS),
        }
    }
}

impl<N: Name> Sink<N> for Prospect<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        Sink::<N>::row(&mut self.evidence, row);
        self.answers.take(row.place.fingerprint, (row.place.cell, row.place.ask));
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        Sink::<N>::reject(&mut self.evidence, reject);
        self.answers.take(reject.place.fingerprint, (reject.place.cell, reject.place.ask));
    }

    fn failed(&mut self, failed: &Failed) {
        Sink::<N>::failed(&mut self.evidence, failed);
    }

    fn looking(&mut self, cell: usize, fingerprint: &Fingerprint) {
        Sink::<N>::looking(&mut self.evidence, cell, fingerprint);
        self.going.about.looked.take(*fingerprint, ());
    }

    fn judging(&mut self, cell: usize, fingerprint: &Fingerprint) {
        Sink::<N>::judging(&mut self.evidence, cell, fingerprint);
        self.going.about.judged.take(*fingerprint, ());
    }

    fn embedding(&mut self, cell: usize, fingerprint: &Fingerprint) {
        Sink::<N>::embedding(&mut self.evidence, cell, fingerprint);
        self.going.about.embedded.take(*fingerprint, ());
    }

    fn demand(&mut self, demand: &Demand, missing: u32) {
        Sink::<N>::demand(&mut self.evidence, demand, missing);
        if self.mask.get(demand.cell).is_some_and(|meant| !meant) {
            return;
        }
        if demand.about.is_none() {
            self.prompts.take(demand.fingerprint, *demand);
        }
        self.going.demand(self.recipe, self.models, demand, missing);
    }
}

/// Works out what the demands of an outcome will come to.
///
/// # Errors
/// A store that cannot be read, and a template that fails.
pub async fn forecast(
    prospect: &Prospect<'_>,
    known: Option<&Known>,
    book: &StoreBook<'_>,
) -> Result<Forecast, RunError> {
    let Prospect { recipe, models, going, evidence, .. } = prospect;
    let (recipe, models, demands, reader) = (*recipe, *models, going.asks, book.reader());
    let (Some(known), true) = (known, going.about.cells > 0) else {
        return Ok(Forecast {
            of_requests: demands,
            cost_at_most: cost::at_most(prospect, demands as f64, &[])?,
            max_cost: recipe.config.run.max_cost,
            about_texts: recipe.looks_into_texts(),
            ..Forecast::default()
        });
    };
    let config = &recipe.config;
    let last = match reader {
        Some(reader) => last_run(recipe, models, reader)?,
        None => None,
    };
    let judged_then = judged_of(last.as_ref());

    let expected = going.expected(recipe, evidence, judged_then.as_ref(), book)?;
    let to_go = ToGo { now: going.now(), expected: expected.as_ref().map(going::Expected::told) };
    let requests = expected.as_ref().map(|expected| expected.course.asks);
    // Where that is not known, those of now.
    let shares = expected.as_ref().map_or(&going.shares, |expected| &expected.shares);
    let (judged, judged_from) = match evidence.all.answers() >= LEAST_ANSWERS {
        true => (Some(&evidence.all), Basis::Stored),
        false => (judged_then.as_ref(), Basis::LastRun),
    };
    let judged = judged.filter(|_| requests.is_some());

    let counted = count::prompt_tokens(recipe, prospect, models, known, reader).await?;
    let used = match reader {
        Some(reader) => usage(recipe, prospect, reader)?,
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

    let mut about = going.about.expected(recipe, evidence, judged_then.as_ref(), going.second_looks);
    going.about.weigh(&mut about, (recipe, models), known, reader).await?;
    let asks = requests.unwrap_or(demands as f64);
    let all = asks + about.requests();
    // What the last run took is of all its requests.
    let sum = |each: Option<(f64, Basis)>, of: fn(&about::Each) -> Option<f64>| match each? {
        (tokens, Basis::LastRun) => Some(all * tokens),
        (tokens, _) => {
            let each = [&about.looks, &about.judges, &about.embeddings].map(|each| each.all(of(each)));
            Some(asks * tokens + each.into_iter().sum::<Option<f64>>()?)
        }
    };
    let prompt_tokens = sum(prompt, |each| each.prompt);
    let completion_tokens = sum(completion, |each| each.completion);

    let cost = match (requests, prompt, completion) {
        (Some(_), Some(prompt), Some(completion)) => {
            cost::expected(prospect, (asks, shares), &about, prompt, completion)
        }
        _ => None,
    };
    let cost_at_most = match cost {
        Some(_) => None,
        None => cost::at_most(prospect, asks, &counted)?,
    };

    // Another config's answers may be of any length: without the length of ours their pace says
    // nothing.
    let seconds = match (requests, reader) {
        (Some(asks), Some(reader)) if completion.is_some() || last.is_some() => {
            let each = completion_tokens.map(|tokens| tokens / all.max(1.0));
            let prompt = prompt_tokens.map_or(0.0, |tokens| tokens / all.max(1.0));
            time(prospect, (asks, shares), &about, each, prompt, reader)?
        }
        _ => None,
    };

    let of_requests = requests.map_or(demands, |requests| requests.round() as u64);
    let whole = |tokens: f64| tokens.round() as u64;
    Ok(Forecast {
        to_go,
        requests: to_go.requests(),
        second_look_requests: requests.map(|_| whole(about.looks.requests)),
        judge_requests: requests.map(|_| whole(about.judges.requests)),
        embedding_requests: requests.map(|_| whole(about.embeddings.requests)),
        about_texts: recipe.looks_into_texts(),
        acceptance: judged.map(Judged::acceptance),
        acceptance_from: judged.map(|_| judged_from),
        answers: judged.map_or(0, Judged::answers),
        of_requests,
        texts_per_answer: u64::from(config.candidates_per_ask()),
        prompt_tokens: prompt_tokens.map(whole),
        prompt_tokens_from: prompt.filter(|_| prompt_tokens.is_some()).map(|(_, basis)| basis),
        prompts_counted: counted.len() as u64,
        completion_tokens: completion_tokens.map(whole),
        completion_tokens_from: completion.filter(|_| completion_tokens.is_some()).map(|(_, basis)| basis),
        cost,
        cost_at_most,
        max_cost: config.run.max_cost,
        within_max_cost: cost.zip(config.run.max_cost).and_then(|(cost, cap)| cost.is_within(cap)),
        seconds: seconds.map(|seconds| (seconds * 10.0).round() / 10.0),
    })
}

/// How the last run's answers were judged, as it learned.
fn judged_of(last: Option<&Experience>) -> Option<Judged> {
    serde_json::from_value(last?.judged.clone()).ok()
}

/// What a run is told of the demands of some cells.
#[derive(Debug, Clone, Copy, Default)]
pub struct Prospects {
    /// As a plan says it.
    pub to_go: ToGo,
    /// Asks behind the open ones that are stored.
    pub stored: u64,
}

/// What these demands of an outcome will come to, with the asks that follow from them, each with the rows that its cell
/// lacks. Without evidence only what can be sent at once is known.
///
/// # Errors
/// A store that cannot be read.
pub fn prospects<'d>(
    recipe: &Recipe,
    evidence: Option<&Evidence<'_>>,
    book: &StoreBook<'_>,
    demands: impl Iterator<Item = (&'d Demand, u32)>,
) -> Result<Prospects, RunError> {
    let models = book.models();
    let mut going = Going::new(models);
    demands.for_each(|(demand, missing)| going.demand(recipe, models, demand, missing));
    let last = book.reader().map(|reader| last_run(recipe, models, reader)).transpose()?.flatten();
    let expected = match evidence {
        Some(evidence) => going.expected(recipe, evidence, judged_of(last.as_ref()).as_ref(), book)?,
        None => None,
    };
    let to_go = ToGo { now: going.now(), expected: expected.as_ref().map(going::Expected::told) };
    let stored = expected.map_or(0, |expected| expected.course.stored.round() as u64);
    Ok(Prospects { to_go, stored })
}

/// What the last run of the config learned of its models; `None` where one of them is another now, or where
/// an answer has another number of texts: that makes another answer.
fn last_run(recipe: &Recipe, models: &Models, reader: &Reader) -> Result<Option<Experience>, RunError> {
    let mut last = None;
    for model in models.list() {
        last = reader.last_experience(&recipe.config.name, &model.identity)?;
        if last.is_none() {
            break;
        }
    }
    Ok(last.filter(|last| last.candidates_per_ask == recipe.config.candidates_per_ask()))
}

/// Seconds until the last model has answered: each works on its own, on all endpoints that have it.
///
/// `tokens` and `prompt` are of a request, on the average of all.
fn time(
    prospect: &Prospect<'_>,
    (asks, shares): (f64, &[u64]),
    about: &about::Expected,
    tokens: Option<f64>,
    prompt: f64,
    reader: &Reader,
) -> Result<Option<f64>, RunError> {
    let Prospect { recipe, models, going, .. } = prospect;
    let part = |shares: &[u64], model: usize| match shares.iter().sum::<u64>() {
        0 => 0.0,
        sum => shares[model] as f64 / sum as f64,
    };
    let mut longest = 0.0f64;
    for (number, model) in models.list().iter().enumerate() {
        let written = asks * part(shares, number)
            + about.judges.requests * part(&going.about.shares, number)
            + about.looks.requests * part(&going.about.looking, number);
        let embedded = match models.embedding(recipe) == number {
            true => about.embeddings.requests,
            false => 0.0,
        };
        if written + embedded == 0.0 {
            continue;
        }
        // One that only embeds writes no tokens.
        let tokens = tokens.filter(|_| written > 0.0);
        let ends = model.endpoints.iter().map(|endpoint| &recipe.config.endpoints[*endpoint]);
        let mut paces = Vec::new();
        let mut per_minute = Some(0.0);
        for endpoint in ends {
            paces.extend(Pace::of(reader.experience_at(&address(endpoint), &model.identity)?.iter()));
            let limit = endpoint.tokens_per_minute.map(f64::from);
            let by_tokens = limit.map(|limit| limit / (prompt + tokens.unwrap_or(0.0)).max(1.0));
            let limits = [endpoint.requests_per_minute.map(f64::from), by_tokens];
            let limit = limits.into_iter().flatten().min_by(f64::total_cmp);
            per_minute = per_minute.zip(limit).map(|(sum, limit)| sum + limit);
        }
        // Requests of one cell follow one another.
        let cells = match going.shares[number] {
            0 => going.about.cells,
            cells => cells,
        };
        let load = Load { requests: written + embedded, demands: cells, tokens, per_minute };
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
    judged: &Judged,
    progress: &Progress,
) -> Result<(), RunError> {
    if progress.requests == 0 {
        return Ok(());
    }
    let config = &recipe.config;
    let judged = serde_json::to_value(judged).unwrap_or_default();
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

/// Tokens of prompt and completion, a request, on the average of some stored answers of the dataset. To those of the
/// prompt comes what the prompts that are to be asked are longer than theirs.
fn usage(recipe: &Recipe, prospect: &Prospect<'_>, reader: &Reader) -> Result<Option<(f64, f64)>, RunError> {
    let (mut prompt, mut completion, mut count, mut bytes) = (0, 0, 0u64, 0);
    for (answer, (cell, ask)) in prospect.answers.items() {
        let Some(raw) = reader.answer(answer, recipe.config.sampling.max_tokens)? else { continue };
        let usage = Answer::parse(&raw).ok().and_then(|answer| answer.usage);
        if let Some(usage) = usage.filter(|usage| usage.completion_tokens > 0) {
            prompt += usage.prompt_tokens;
            completion += usage.completion_tokens;
            count += 1;
            bytes += recipe.prompt_bytes(*cell, *ask)?;
        }
    }
    if count < LEAST_ANSWERS {
        return Ok(None);
    }
    let each = |sum: u64| sum as f64 / count as f64;
    let asked = prospect.prompts.items().values();
    let asked = asked.map(|demand| Ok(recipe.prompt_bytes(demand.cell, demand.ask)? as u64));
    let asked = mean(&asked.collect::<Result<Vec<_>, RunError>>()?);
    let longer = asked.map_or(0.0, |asked| (asked - each(bytes as u64)) / BYTES_PER_TOKEN);
    Ok(Some(((each(prompt) + longer).max(1.0), each(completion))))
}
