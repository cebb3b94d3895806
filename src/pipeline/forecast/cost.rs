//! What requests will cost, by the prices of the endpoints that have their models.

use super::about::Expected;
use super::{Prospect, mean};
use crate::dataset::{Models, Recipe};
use crate::pipeline::RunError;
use crate::report::{Basis, CostRange, plain};

/// Requests of one kind, with the tokens of each.
struct Load<'a> {
    requests: f64,
    /// By model: in which proportion they are for it.
    shares: &'a [u64],
    prompt: f64,
    completion: f64,
}

/// What some loads cost. Which of a model's endpoints answers is decided by who is free, so it may be the cheapest or
/// the dearest for all of them. `None` where no endpoint has a price.
fn cost(recipe: &Recipe, models: &Models, loads: &[Load<'_>]) -> Option<CostRange> {
    let endpoints = &recipe.config.endpoints;
    endpoints.iter().find(|endpoint| endpoint.price.is_some())?;
    let mut sum = CostRange::default();
    for load in loads.iter().filter(|load| load.requests > 0.0) {
        let all = load.shares.iter().sum::<u64>().max(1) as f64;
        for (model, share) in models.list().iter().zip(load.shares) {
            let each = model.endpoints.iter().map(|endpoint| {
                endpoints[*endpoint].price.map_or(0.0, |price| price.of(load.prompt, load.completion))
            });
            let requests = load.requests * *share as f64 / all;
            let least = each.clone().min_by(f64::total_cmp).unwrap_or(0.0);
            let most = each.max_by(f64::total_cmp).unwrap_or(0.0);
            sum.least += requests * least;
            sum.most += requests * most;
        }
    }
    Some(CostRange { least: plain(sum.least), most: plain(sum.most) })
}

/// What so many asks cost, with what is asked about their texts; `None` where no endpoint has a price, or the tokens
/// of some are not known. What an ask takes of prompt and completion is given with where it is from.
pub fn expected(
    prospect: &Prospect<'_>,
    (asks, shares): (f64, &[u64]),
    about: &Expected,
    prompt: (f64, Basis),
    completion: (f64, Basis),
) -> Option<CostRange> {
    let Prospect { recipe, models, .. } = prospect;
    let mut embedding = vec![0; models.list().len()];
    embedding[models.embedding(recipe)] = 1;
    let mut loads = vec![Load { requests: asks, shares, prompt: prompt.0, completion: completion.0 }];
    // What the last run took is of all its requests.
    let each = |of: Option<f64>, ask: (f64, Basis)| match ask {
        (tokens, Basis::LastRun) => Some(tokens),
        _ => of,
    };
    for (of, shares) in [
        (&about.looks, &prospect.going.about.looking),
        (&about.judges, &prospect.going.about.shares),
        (&about.embeddings, &embedding),
    ] {
        if of.requests > 0.0 {
            loads.push(Load {
                requests: of.requests,
                shares,
                prompt: each(of.prompt, prompt)?,
                completion: each(of.completion, completion)?,
            });
        }
    }
    cost(recipe, models, &loads)
}

/// The most that so many asks cost, where no answer tells how long they are: each as long as it may be.
///
/// `counted` are tokens of some of their prompts.
///
/// # Errors
/// A template that fails.
pub fn at_most(prospect: &Prospect<'_>, asks: f64, counted: &[u64]) -> Result<Option<f64>, RunError> {
    let Prospect { recipe, models, .. } = prospect;
    let mut longest = 0;
    for demand in prospect.prompts.items().values() {
        longest = longest.max(recipe.guessed_tokens(demand.cell, demand.ask)?);
    }
    let load = Load {
        requests: asks,
        shares: &prospect.going.shares,
        prompt: mean(counted).unwrap_or(longest as f64),
        completion: f64::from(recipe.config.sampling.max_tokens) * f64::from(recipe.config.response.n),
    };
    Ok(cost(recipe, models, &[load]).map(|cost| cost.most))
}
