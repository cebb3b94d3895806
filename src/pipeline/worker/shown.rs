//! What a run shows of itself while it asks.

use super::Worker;
use crate::check::Candidate;
use crate::dataset::evaluate::Demand;
use crate::model::Noted;
use crate::pipeline::spending::spending;
use crate::report::{AtModel, Status, for_terminal};
use crate::scheduler::Queue;

impl Worker<'_> {
    fn describe(&self, cell: usize, candidate: &Candidate) -> String {
        let names: Vec<&str> =
            self.recipe.grid.names(self.recipe.grid.cell(cell)).map(|(_, value)| value).collect();
        let text = candidate.text.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {}", names.join(" · "), for_terminal(&text))
    }

    /// A sum over the cells that are asked for.
    pub(super) fn meant(&self, of: impl Fn(usize) -> u32) -> u64 {
        let cells = self.mask.iter().enumerate().filter(|(_, meant)| **meant);
        cells.map(|(cell, _)| u64::from(of(cell))).sum()
    }

    /// What the run brought so far, and what it spent on that.
    pub(super) fn noted(&self) -> Noted {
        Noted {
            answers: self.progress.requests,
            prompt_tokens: self.progress.prompt_tokens,
            completion_tokens: self.progress.completion_tokens,
            cost: spending(&self.recipe.config.endpoints, &self.budget).map(|cost| cost.all),
        }
    }

    /// What each model did, and has to do.
    fn at_models(&self) -> Vec<AtModel> {
        let tokens = |all: u64| all as f64 / self.progress.requests.max(1) as f64;
        let prompt = tokens(self.progress.prompt_tokens);
        let of = |(number, queue): (usize, &Queue<Demand>)| {
            let ends = &self.book.models().list()[number].endpoints;
            let did = || ends.iter().map(|endpoint| &self.progress.endpoints[*endpoint]);
            let requests: u64 = did().map(|did| did.requests).sum();
            let answers = did().map(|did| did.completion_tokens).sum::<u64>() as f64 / requests.max(1) as f64;
            let limits = ends
                .iter()
                .map(|endpoint| self.recipe.config.endpoints[*endpoint].per_minute(prompt + answers));
            let under_way = self.sends.keys().filter(|(model, _)| *model == number).count();
            AtModel { requests, open: (queue.waiting() + under_way) as u64, per_minute: limits.sum() }
        };
        self.queues.iter().enumerate().map(of).collect()
    }

    pub(super) fn show(&mut self, waiting: Option<String>) {
        let waits: usize = self.queues.iter().map(Queue::waiting).sum();
        let example = self.example.take().map(|(cell, answer, good)| self.describe(cell, &answer[good]));
        self.watcher.update(&Status {
            rows: self.meant(|cell| self.outcome.accepted[cell]),
            wanted: self.meant(|cell| self.recipe.quotas.rows(cell)),
            gained: self.meant(|cell| self.outcome.accepted[cell]).saturating_sub(self.rows_before),
            lacking: self.outcome.lacking(&self.recipe.quotas, &self.mask),
            ends_in: self.limits.deadline.map(|deadline| deadline.left(jiff::Timestamp::now())),
            requests: self.progress.requests,
            attempts: self.progress.attempts,
            prompt_tokens: self.progress.prompt_tokens,
            cached_tokens: self.progress.cached_tokens,
            cost: spending(&self.recipe.config.endpoints, &self.budget).map(|cost| cost.all),
            open: (waits + self.sends.len()) as u64,
            models: self.at_models(),
            endpoints: self.progress.at_endpoints(&self.recipe.config),
            under_way: self.sends.len(),
            rejected: self.outcome.rejected.clone(),
            completion_tokens: self.progress.completion_tokens,
            elapsed: self.now(),
            asking: self.now().saturating_sub(self.progress.paused + self.progress.deserted),
            waiting,
            example,
        });
    }
}
