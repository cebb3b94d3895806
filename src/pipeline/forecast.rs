//! What a run would come to: requests, tokens and time, as far as stored answers and past runs tell.
//!
//! Nothing is asked for it. Prompt tokens are counted by the server, for a sample of prompts and
//! within about a second, and the counts are kept.

mod about;
mod asks;
mod count;
mod evidence;
mod going;
mod load;
mod rates;
mod rounds;
mod sample;
mod speed;
mod stages;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RunError;
use super::connect::Known;
use super::worker::Progress;
use crate::config::resolved::Slots;
use crate::dataset::evaluate::{Demand, Name};
use crate::dataset::{Models, Recipe, Sink};
use crate::pipeline::address::address;
use crate::pipeline::book::StoreBook;
use crate::report::{Basis, Forecast, ToGo};
use crate::store::{EndpointMemory, Experience, StoreDir, Writer};
pub use count::count as count_tokens;
pub use evidence::Evidence;
use evidence::{Learned, Way};
use going::{Expected, Going};
use load::{Kind, Load};
use rates::{Rates, Sent};
use sample::Sample;

/// Prompts that are counted by the server.
const SAMPLE: usize = 16;

/// What is demanded of the cells that are to be asked for.
#[derive(Debug)]
pub struct Prospect<'a> {
    recipe: &'a Recipe,
    models: Arc<Models>,
    /// By cell: whether it is to be asked for; empty where all are.
    mask: Vec<bool>,
    pub going: Going,
    prompts: Sample<Demand>,
}

impl<'a> Prospect<'a> {
    pub fn new(recipe: &'a Recipe, models: Arc<Models>, mask: Vec<bool>) -> Self {
        let going = Going::new(recipe, &models);
        Self { recipe, models, mask, going, prompts: Sample::new(SAMPLE) }
    }

    fn is_meant(&self, cell: usize) -> bool {
        self.mask.get(cell).is_none_or(|meant| *meant)
    }
}

impl<N: Name> Sink<N> for Prospect<'_> {
    fn demand(&mut self, demand: &Demand, missing: u32) {
        if !self.is_meant(demand.cell) {
            return;
        }
        if demand.about.is_none() {
            self.prompts.take(demand.fingerprint, *demand);
        }
        self.going.demand(self.recipe, &self.models, demand, missing);
    }
}

/// Works out what the demands of an outcome will come to.
///
/// # Errors
/// A store that cannot be read, and a template that fails.
pub async fn forecast(
    prospect: &Prospect<'_>,
    evidence: &Evidence<'_>,
    known: Option<&Known>,
    book: &mut StoreBook<'_>,
) -> Result<Forecast, RunError> {
    let Prospect { recipe, models, going, .. } = prospect;
    let (recipe, reader, config) = (*recipe, book.reader(), &prospect.recipe.config);
    let told = Forecast {
        of_requests: going.asks,
        max_cost: config.run.max_cost,
        about_texts: recipe.looks_into_texts(),
        missing: going.about.rows,
        allowed_short: recipe.allowed_short(|cell| prospect.is_meant(cell)),
        max_asks: recipe.quotas.max_asks,
        ..Forecast::default()
    };
    let (Some(known), true) = (known, going.about.cells > 0) else {
        let cost_at_most = at_most(prospect, going.asks as f64, None)?;
        return Ok(Forecast { cost_at_most, ..told });
    };
    let (now, before) = (evidence.learned(reader)?, Learned::before(recipe, models, reader)?);
    let mut rates = Rates::of(recipe, models, evidence, &now, &before);
    let expected = going.expected(recipe, &mut rates, book)?;
    let to_go = ToGo { now: going.now(), expected: expected.as_ref().map(Expected::told) };
    let mut about = match &expected {
        Some(expected) => expected.about.clone(),
        None => {
            let each = rates.about_a_row(None);
            let requests: Vec<f64> = each.iter().map(|each| each * going.about.rows as f64).collect();
            about::Expected::of(&requests, &rates)
        }
    };
    about.count(recipe, models, known).await?;

    let counted = count::prompt_tokens(recipe, prospect, models, known, reader).await?;
    let prompts = prompts(prospect, expected.as_ref(), &counted)?;
    let asks = expected.as_ref().map_or(going.asks as f64, |expected| expected.course.asks);
    let mut loads = ask_loads(prospect, &rates, expected.as_ref(), &prompts);
    loads.extend(about_loads(prospect, &about));
    let prompt_tokens = load::sum(&loads, |load| load.prompt);
    let completion_tokens = load::sum(&loads, |load| load.completion).filter(|_| expected.is_some());
    let cost = expected.as_ref().and_then(|_| load::cost(recipe, models, &loads));
    let cost_at_most = match cost {
        Some(_) => None,
        None => at_most(prospect, asks, mean(counted.iter().map(|(_, tokens)| *tokens as f64)))?,
    };
    let seconds = match (&expected, reader) {
        (Some(Expected { rounds, .. }), Some(reader)) => {
            load::seconds(recipe, models, &loads, rounds, reader)?
        }
        _ => None,
    };

    let (acceptance, answers, from) = match &expected {
        Some(Expected { ways, .. }) => rates.acceptance(ways),
        None => (None, 0, Basis::Stored),
    };
    let tokens_from = expected.as_ref().map_or(Basis::Stored, |expected| rates.tokens_from(&expected.ways));
    let prompt_from = if counted.is_empty() { tokens_from } else { Basis::Counted };
    let whole = |number: f64| number.round() as u64;
    let [looks, embeddings, judges] = about.kinds();
    Ok(Forecast {
        to_go,
        requests: to_go.requests(),
        second_look_requests: expected.as_ref().map(|_| whole(looks)),
        judge_requests: expected.as_ref().map(|_| whole(judges)),
        embedding_requests: expected.as_ref().map(|_| whole(embeddings)),
        acceptance,
        acceptance_from: acceptance.map(|_| from),
        answers,
        of_requests: whole(asks),
        texts_per_answer: u64::from(config.candidates_per_ask()),
        prompt_tokens: prompt_tokens.map(whole),
        prompt_tokens_from: prompt_tokens.map(|_| prompt_from),
        prompts_counted: counted.len() as u64,
        completion_tokens: completion_tokens.map(whole),
        completion_tokens_from: completion_tokens.map(|_| tokens_from),
        cost,
        cost_at_most,
        within_max_cost: cost.zip(config.run.max_cost).and_then(|(cost, cap)| cost.is_within(cap)),
        seconds: seconds.map(|seconds| (seconds * 10.0).round() / 10.0),
        lacking: expected
            .as_ref()
            .map(|expected| going.about.rows.saturating_sub(whole(expected.course.rows))),
        ..told
    })
}

/// What tells of the prompts of a way: tokens as a server counted them, and bytes.
type Prompts = BTreeMap<Way, (Option<f64>, Option<f64>)>;

/// The prompts of asks to come, by way.
fn prompts(
    prospect: &Prospect<'_>,
    expected: Option<&Expected>,
    counted: &[(Demand, u64)],
) -> Result<Prompts, RunError> {
    let Prospect { recipe, models, .. } = prospect;
    let way = |cell: usize, ask: u32| Way::of(recipe, models, cell, ask);
    let mut tokens: BTreeMap<Way, Vec<f64>> = BTreeMap::new();
    let mut bytes: BTreeMap<Way, Vec<f64>> = BTreeMap::new();
    for (demand, count) in counted {
        tokens.entry(way(demand.cell, demand.ask)).or_default().push(*count as f64);
    }
    for (cell, ask) in expected.iter().flat_map(|expected| &expected.sent) {
        let some = bytes.entry(way(*cell, *ask)).or_default();
        if some.len() < SAMPLE {
            some.push(recipe.prompt_bytes(*cell, *ask)? as f64);
        }
    }
    let all = tokens.keys().chain(bytes.keys()).copied();
    let of = |of: &BTreeMap<Way, Vec<f64>>, way: &Way| mean(of.get(way)?.iter().copied());
    Ok(all.map(|way| (way, (of(&tokens, &way), of(&bytes, &way)))).collect())
}

/// What asks to come take: of those that are expected, or else of those of now.
fn ask_loads(
    prospect: &Prospect<'_>,
    rates: &Rates,
    expected: Option<&Expected>,
    prompts: &Prompts,
) -> Vec<Load> {
    let of_now = |(way, cells): (&Way, &u64)| (*way, Sent { asks: *cells as f64, of_cut: 0.0 });
    let ways = expected
        .map_or_else(|| prospect.going.ways.iter().map(of_now).collect(), |expected| expected.ways.clone());
    // Of a way whose prompts nobody counted or made, those of the others.
    let counted = mean(prompts.values().filter_map(|(tokens, _)| *tokens));
    let of = |(way, Sent { asks, of_cut }): (Way, Sent)| {
        let rate = rates.rate(way);
        let (tokens, bytes) = prompts.get(&way).copied().unwrap_or_default();
        let told = tokens.or_else(|| rate?.prompt(bytes)).or(counted);
        Load {
            kind: Kind::Ask,
            model: way.model,
            requests: asks,
            prompt: told.map(|tokens| asks * tokens),
            completion: rate.and_then(|rate| rate.completion(asks, of_cut)),
        }
    };
    ways.into_iter().map(of).collect()
}

/// What requests about texts take.
fn about_loads(prospect: &Prospect<'_>, about: &about::Expected) -> Vec<Load> {
    let stages = about.stages.iter().zip(&prospect.going.about.shares).enumerate();
    let loads = stages.flat_map(|(stage, (each, shares))| {
        let all = shares.iter().sum::<u64>().max(1) as f64;
        shares.iter().enumerate().map(move |(model, share)| {
            let requests = each.requests * *share as f64 / all;
            let of = |tokens: Option<f64>| tokens.map(|tokens| requests * tokens);
            let (prompt, completion) = (of(each.prompt), of(each.completion));
            Load { kind: Kind::About(stage), model, requests, prompt, completion }
        })
    });
    loads.collect()
}

/// The most that so many asks cost, where no answer tells how long they are: each as long as it may be. `prompt` are
/// tokens of one of their prompts, as a server counted them.
///
/// # Errors
/// A template that fails.
fn at_most(prospect: &Prospect<'_>, asks: f64, prompt: Option<f64>) -> Result<Option<f64>, RunError> {
    let Prospect { recipe, models, going, .. } = prospect;
    let mut longest = 0;
    for demand in prospect.prompts.items().values() {
        longest = longest.max(recipe.guessed_tokens(demand.cell, demand.ask)?);
    }
    let prompt = prompt.unwrap_or(longest as f64);
    let completion = f64::from(recipe.config.sampling.max_tokens) * f64::from(recipe.config.response.n);
    let all = going.ways.values().sum::<u64>().max(1) as f64;
    let of = |(way, cells): (&Way, &u64)| {
        let requests = asks * *cells as f64 / all;
        let (prompt, completion) = (Some(requests * prompt), Some(requests * completion));
        Load { kind: Kind::Ask, model: way.model, requests, prompt, completion }
    };
    let loads: Vec<Load> = going.ways.iter().map(of).collect();
    Ok(load::cost(recipe, models, &loads).map(|cost| cost.most))
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
    book: &mut StoreBook<'_>,
    demands: impl Iterator<Item = (&'d Demand, u32)>,
) -> Result<Prospects, RunError> {
    let models = book.models().clone();
    let mut going = Going::new(recipe, &models);
    demands.for_each(|(demand, missing)| going.demand(recipe, &models, demand, missing));
    let expected = match evidence {
        Some(evidence) => {
            let (now, before) =
                (evidence.learned(book.reader())?, Learned::before(recipe, &models, book.reader())?);
            let mut rates = Rates::of(recipe, &models, evidence, &now, &before);
            going.expected(recipe, &mut rates, book)?
        }
        None => None,
    };
    let to_go = ToGo { now: going.now(), expected: expected.as_ref().map(Expected::told) };
    let stored = expected.map_or(0, |expected| expected.course.stored.round() as u64);
    Ok(Prospects { to_go, stored })
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
    evidence: &Evidence<'_>,
    book: &StoreBook<'_>,
    progress: &Progress,
) -> Result<(), RunError> {
    if progress.requests == 0 {
        return Ok(());
    }
    let (config, models) = (&recipe.config, book.models());
    let (now, before) = (evidence.learned(book.reader())?, Learned::before(recipe, models, book.reader())?);
    let writer = Writer::open(dir, |_| {})?;
    for ((endpoint, memory), did) in config.endpoints.iter().zip(memories).zip(&progress.endpoints) {
        let model = models.list().iter().position(|model| model.identity == memory.identity);
        let Some(model) = model.filter(|_| did.requests > 0) else { continue };
        // A number that is still tried out says less than how many were under way on the average,
        // and that says nothing of a run that ended before it had begun in earnest.
        let steady =
            matches!(endpoint.slots, Slots::Exactly(_)) || did.requests < FULL_ROUNDS * u64::from(did.slots);
        let average = did.busy.as_secs_f64() / progress.asking.as_secs_f64().max(1e-6);
        let learned = Experience {
            at_a_time: if steady { f64::from(did.slots) } else { average },
            requests: did.requests,
            busy_seconds: did.busy.as_secs_f64(),
            completion_tokens: did.completion_tokens,
            candidates_per_ask: config.candidates_per_ask(),
            learned: now.kept(recipe, model, &before),
        };
        writer.experience(&config.name, &address(endpoint), &memory.identity, &learned)?;
    }
    Ok(())
}

fn mean(of: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = of.fold((0.0, 0.0), |(sum, count), one| (sum + one, count + 1.0));
    (count > 0.0).then(|| sum / count)
}
