//! What models are to be asked, and what follows from that: tokens, money and time.

use super::rounds::Rounds;
use super::speed::{self, Pace};
use crate::dataset::{Models, Recipe};
use crate::pipeline::RunError;
use crate::pipeline::address::address;
use crate::report::{CostRange, plain};
use crate::store::Reader;

/// Requests of one kind to one model, with the tokens of all of them, where they are known.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub kind: Kind,
    pub model: usize,
    pub requests: f64,
    pub prompt: Option<f64>,
    pub completion: Option<f64>,
}

/// What requests are for. A text goes from one to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ask,
    /// A text, at a stage.
    About(usize),
}

/// A sum over all loads of what each takes; `None` where that is not known of one.
pub fn sum(loads: &[Load], of: impl Fn(&Load) -> Option<f64>) -> Option<f64> {
    loads.iter().filter(|load| load.requests > 0.0).map(of).sum()
}

/// What loads cost. Which of a model's endpoints answers is decided by who is free, so it may be the cheapest or
/// the dearest for all of them. `None` where no endpoint has a price, or tokens are not known.
pub fn cost(recipe: &Recipe, models: &Models, loads: &[Load]) -> Option<CostRange> {
    let endpoints = &recipe.config.endpoints;
    endpoints.iter().find(|endpoint| endpoint.price.is_some())?;
    let mut sum = CostRange::default();
    for load in loads.iter().filter(|load| load.requests > 0.0) {
        let (prompt, completion) = (load.prompt?, load.completion?);
        let prices = models.list()[load.model].endpoints.iter().map(|endpoint| endpoints[*endpoint].price);
        let each = prices.map(|price| price.map_or(0.0, |price| price.of(prompt, completion)));
        sum.least += each.clone().min_by(f64::total_cmp).unwrap_or(0.0);
        sum.most += each.max_by(f64::total_cmp).unwrap_or(0.0);
    }
    Some(CostRange { least: plain(sum.least), most: plain(sum.most) })
}

/// Seconds until the last model has answered: models work beside each other, each on all endpoints that have it, and
/// texts go from one to the next, round after round. `None` where nothing is known of how fast a model is.
///
/// # Errors
/// A store that cannot be read.
pub fn seconds(
    recipe: &Recipe,
    models: &Models,
    loads: &[Load],
    rounds: &Rounds,
    reader: &Reader,
) -> Result<Option<f64>, RunError> {
    let mut longest = 0.0f64;
    // By kind: an answer of the model that takes longest for it.
    let mut stages: Vec<(Kind, f64)> = Vec::new();
    for (number, model) in models.list().iter().enumerate() {
        let own = || loads.iter().filter(|load| load.model == number && load.requests > 0.0);
        let requests: f64 = own().map(|load| load.requests).sum();
        if requests == 0.0 {
            continue;
        }
        let own: Vec<Load> = own().copied().collect();
        let each = |of: fn(&Load) -> Option<f64>| sum(&own, of).map(|tokens| tokens / requests);
        let (prompt, completion) = (each(|load| load.prompt), each(|load| load.completion));
        let mut paces = Vec::new();
        let mut per_minute = Some(0.0);
        for endpoint in model.endpoints.iter().map(|endpoint| &recipe.config.endpoints[*endpoint]) {
            paces.extend(Pace::of(reader.experience_at(&address(endpoint), &model.identity)?.iter()));
            let limit = endpoint.per_minute(prompt.unwrap_or(0.0) + completion.unwrap_or(0.0));
            per_minute = per_minute.zip(limit).map(|(sum, limit)| sum + limit);
        }
        // One that only embeds writes no tokens.
        let Some(taken) =
            speed::seconds(&paces, requests, completion.filter(|tokens| *tokens > 0.0), per_minute)
        else {
            return Ok(None);
        };
        longest = longest.max(taken);
        for load in &own {
            let tokens = load.completion.map(|tokens| tokens / load.requests);
            let quickest = speed::quickest(&paces, tokens).unwrap_or(0.0);
            match stages.iter_mut().find(|(kind, _)| *kind == load.kind) {
                Some((_, seconds)) => *seconds = seconds.max(quickest),
                None => stages.push((load.kind, quickest)),
            }
        }
    }
    Ok(Some(rounds.seconds(longest, stages.into_iter().map(|(_, seconds)| seconds).sum())))
}
