//! What requests may cost at most before they are sent, and what they cost.

use super::Worker;
use crate::config::resolved::Endpoint;
use crate::dataset::evaluate::Demand;
use crate::fingerprint::Ask;
use crate::scheduler::{Cost, Next, Spent};

/// What is due at a model.
pub(super) struct Due {
    pub next: Next<Demand>,
    /// What it asks, where that had to be known first.
    pub ask: Option<Ask>,
    /// A budget that has no room for what is due, which costs so much at most.
    pub full: Option<(Spent, Cost)>,
}

/// What a prompt and an answer of so many tokens cost at an endpoint.
fn price_of(endpoint: &Endpoint, prompt: u64, answer: u64) -> Cost {
    let money = endpoint.price.map_or(0.0, |price| price.of(prompt as f64, answer as f64));
    Cost { tokens: prompt + answer, money }
}

impl Worker<'_> {
    /// What is due now. Where limits or budgets go by what a request may cost, each is held to what its own prompt
    /// lets expect, and one that does not fit is not begun.
    pub(super) fn due(&mut self, model: usize) -> Due {
        let now = self.now();
        if !self.budget.holds_sizes() && !self.has_token_limit(model) {
            return Due { next: self.queues[model].next(now), ask: None, full: None };
        }
        let Self { queues, book, budget, prompts, recipe, .. } = self;
        let models = book.models().clone();
        let endpoints = &models.list()[model].endpoints;
        let (mut asked, mut full) = (None, None);
        let next = queues[model].next_fitting(now, &mut |demand, server| {
            asked = book.ask(demand, false).ok();
            // One that cannot be made fails when it is sent.
            let Some(ask) = &asked else { return Some(0) };
            let endpoint = &recipe.config.endpoints[endpoints[server]];
            let most = price_of(endpoint, prompts.tokens(ask.own_bytes()), book.longest_answer(demand));
            if let Err(spent) = budget.allows(most) {
                full = Some((spent, most));
                return None;
            }
            Some(most.tokens.min(u32::MAX.into()) as u32)
        });
        match next {
            // The last that was weighed is the one.
            Next::Start(..) => Due { next, ask: asked, full: None },
            _ => Due { next, ask: None, full },
        }
    }

    fn has_token_limit(&self, model: usize) -> bool {
        let endpoints = &self.book.models().list()[model].endpoints;
        endpoints.iter().any(|endpoint| self.recipe.config.endpoints[*endpoint].tokens_per_minute.is_some())
    }

    /// What a request to an endpoint may cost at most: what its prompt lets expect, and the longest answer.
    pub(super) fn cost(&self, endpoint: usize, ask: &Ask, answer: u64) -> Cost {
        let prompt = self.prompts.tokens(ask.own_bytes());
        price_of(&self.recipe.config.endpoints[endpoint], prompt, answer)
    }

    /// A request ended of which nobody tells what it cost: as much as was reserved for it.
    pub(super) fn settle_unknown(&mut self, endpoint: usize, most: Cost) {
        tracing::debug!(endpoint, tokens = most.tokens, "counted with the most that it may have cost");
        self.budget.settle(endpoint, most, None);
    }

    /// A request to an endpoint ended for which so much was reserved, having used so many tokens; what it cost.
    pub(super) fn settle(&mut self, endpoint: usize, most: Cost, prompt: u64, completion: u64) -> f64 {
        let cost = price_of(&self.recipe.config.endpoints[endpoint], prompt, completion);
        self.budget.settle(endpoint, most, Some(cost));
        cost.money
    }
}
