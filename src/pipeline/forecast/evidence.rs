//! What stored answers tell of those to come.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::asks::Yield;
use crate::check::Candidate;
use crate::dataset::Recipe;
use crate::dataset::evaluate::{Accepted, Demand, Failed, Name, Place, Rejected, Sink, To, Why};
use crate::model::Fingerprint;

/// Answers of a group of cells below which the average of all is the better guess.
const GROUP_ANSWERS: u64 = 20;
/// Answers below which nothing is said.
pub const LEAST_ANSWERS: u64 = 4;

/// How answers were judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Answers by how many of their candidates passed their own checks; an ask that failed is one
    /// of none.
    pub passed: Vec<u64>,
    /// Candidates that became rows.
    pub accepted: u64,
    /// Candidates that passed their own checks, and were duplicates, or refused by a judge.
    pub duplicates: u64,
    /// Candidates that were judged in all.
    pub judged: u64,
    /// Answers of judge models that rows and rejects hang on.
    #[serde(default)]
    pub judge_requests: u64,
    /// Candidates with a name in doubt that were to be looked at again.
    #[serde(default)]
    pub second_looks: u64,
    /// Those of them that wait for it.
    #[serde(default)]
    pub waiting: u64,
    /// Embeddings that they hang on.
    #[serde(default)]
    pub embeddings: u64,
}

impl Judged {
    pub fn answers(&self) -> u64 {
        self.passed.iter().sum()
    }

    /// The share of judged candidates that became rows.
    pub fn acceptance(&self) -> f64 {
        self.accepted as f64 / self.judged.max(1) as f64
    }

    /// Requests about texts that a row takes, of judges and for embeddings; `None` of too few rows.
    pub fn about_a_row(&self) -> Option<(f64, f64)> {
        let each = |requests: u64| requests as f64 / self.accepted as f64;
        (self.accepted >= LEAST_ANSWERS).then(|| (each(self.judge_requests), each(self.embeddings)))
    }

    /// Second looks that a row takes, where each text that waits for one is taken for a row to be; `None` of too
    /// few of them.
    pub fn looks_at_a_row(&self) -> Option<f64> {
        let rows = self.accepted + self.waiting;
        (rows >= LEAST_ANSWERS).then(|| self.second_looks as f64 / rows as f64)
    }

    fn answer(&mut self, passed: usize) {
        if self.passed.len() <= passed {
            self.passed.resize(passed + 1, 0);
        }
        self.passed[passed] += 1;
    }

    pub fn of_asks(&self, least: u64) -> Option<Yield> {
        let unique = self.accepted + self.duplicates;
        let duplicates = self.duplicates as f64 / unique.max(1) as f64;
        (self.answers() >= least).then(|| Yield::of(&self.passed, duplicates)).flatten()
    }
}

/// What asks bring: by label where it was asked often enough, else what all do.
#[derive(Debug)]
pub struct Yields {
    all: Yield,
    groups: HashMap<u64, Yield>,
}

impl Yields {
    /// The same for all labels.
    #[cfg(test)]
    pub fn new(all: Yield) -> Self {
        Self { all, groups: HashMap::new() }
    }

    /// Of a label.
    pub fn of(&self, group: u64) -> &Yield {
        self.groups.get(&group).unwrap_or(&self.all)
    }
}

/// How the answers of a config were judged, of all cells and by label.
///
/// Every answer that was reached counts whole, also what of it was never needed, since a cell stops
/// where it is full and not where answers are bad.
#[derive(Debug)]
pub struct Evidence<'a> {
    recipe: &'a Recipe,
    pub all: Judged,
    groups: HashMap<u64, Judged>,
}

impl<'a> Evidence<'a> {
    pub fn new(recipe: &'a Recipe) -> Self {
        Self { recipe, all: Judged::default(), groups: HashMap::new() }
    }

    /// What the next asks will bring, by these answers, or else by those `before`; `None` where none of them says
    /// enough.
    pub fn yields(&self, before: Option<&Judged>) -> Option<Yields> {
        let before = || before.and_then(|before| before.of_asks(LEAST_ANSWERS));
        let all = self.all.of_asks(LEAST_ANSWERS).or_else(before)?;
        let groups = self.groups.iter().filter_map(|(group, of)| Some((*group, of.of_asks(GROUP_ANSWERS)?)));
        Some(Yields { all, groups: groups.collect() })
    }

    fn each(&mut self, place: &Place, answer: &[Candidate], add: impl Fn(&mut Judged)) {
        let group = self.recipe.grid.label_key(place.cell);
        let passing = || answer.iter().filter(|candidate| candidate.outcome.is_ok()).count();
        // Every answer that is reached is judged from its first candidate on.
        let passed = (place.index == 0).then(passing);
        for judged in [&mut self.all, self.groups.entry(group).or_default()] {
            add(judged);
            if let Some(passed) = passed {
                judged.answer(passed);
            }
        }
    }
}

impl<N: Name> Sink<N> for Evidence<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        // What somebody else wrote tells nothing of answers.
        if row.is_counterpart() {
            return;
        }
        self.each(&row.place, row.answer, |judged| {
            judged.accepted += 1;
            judged.judged += 1;
        });
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if reject.candidate.is_counterpart() {
            return;
        }
        let duplicate = reject.why.is_duplicate() || matches!(reject.why, Why::Judged(_));
        self.each(&reject.place, reject.answer, |judged| {
            judged.duplicates += u64::from(duplicate);
            judged.judged += 1;
        });
    }

    fn looking(&mut self, _cell: usize, _fingerprint: &Fingerprint) {
        self.all.second_looks += 1;
    }

    fn judging(&mut self, _cell: usize, _fingerprint: &Fingerprint) {
        self.all.judge_requests += 1;
    }

    fn embedding(&mut self, _cell: usize, _fingerprint: &Fingerprint) {
        self.all.embeddings += 1;
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        // It was told of as one that something hangs on.
        match demand.about.map(|about| about.to) {
            None => {}
            Some(To::Names) => self.all.waiting += 1,
            Some(To::Embedder) => self.all.embeddings = self.all.embeddings.saturating_sub(1),
            Some(To::Judge(_)) => {
                self.all.judge_requests = self.all.judge_requests.saturating_sub(1);
            }
        }
    }

    fn failed(&mut self, failed: &Failed) {
        let Failed { cell, ask, fingerprint, .. } = *failed;
        self.each(&Place { cell, ask, fingerprint, index: 0 }, &[], |_| ());
    }
}
