//! What stored answers tell of those to come.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::asks::{Course, Yield};
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

    fn of_asks(&self, least: u64) -> Option<Yield> {
        let unique = self.accepted + self.duplicates;
        let duplicates = self.duplicates as f64 / unique.max(1) as f64;
        (self.answers() >= least).then(|| Yield::of(&self.passed, duplicates)).flatten()
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

/// Demands, counted by the label of their cells, the rows that these lack, and the asks that they
/// have left.
#[derive(Debug, Default)]
pub struct Open(BTreeMap<(u64, u32, u32), u64>);

/// Whether the cell of a demand is asked further: a text that is looked into is most often its next row.
pub fn goes_on(recipe: &Recipe, demand: &Demand, missing: u32) -> bool {
    demand.about.is_none() || missing > 1 && demand.ask + 1 < recipe.quotas.asks(demand.cell)
}

impl Open {
    pub fn demand(&mut self, recipe: &Recipe, demand: &Demand, missing: u32) {
        let group = recipe.grid.label_key(demand.cell);
        // A text that is looked into is most often the next row, and the ask after its own comes then.
        let (missing, most) = match demand.about {
            None => (missing, recipe.quotas.asks(demand.cell) - demand.ask),
            Some(_) => (missing - 1, recipe.quotas.asks(demand.cell) - demand.ask - 1),
        };
        *self.0.entry((group, missing, most)).or_default() += 1;
    }

    /// What the demands will come to, with the asks that follow from them.
    ///
    /// Each cell is taken to go on as those of its label did, where they were asked often enough,
    /// else as all did, else as in `before`. `None` where none of them says enough.
    pub fn expected(&self, evidence: &Evidence, before: Option<&Judged>) -> Option<Course> {
        let overall = evidence
            .all
            .of_asks(LEAST_ANSWERS)
            .or_else(|| before.and_then(|before| before.of_asks(LEAST_ANSWERS)))?;
        let mut groups: HashMap<u64, Option<Yield>> = HashMap::new();
        let mut all = Course::default();
        for ((group, rows, most), demands) in &self.0 {
            let of = groups.entry(*group).or_insert_with(|| {
                evidence.groups.get(group).and_then(|judged| judged.of_asks(GROUP_ANSWERS))
            });
            let course = of.as_ref().unwrap_or(&overall).course(*rows, *most);
            all.asks += *demands as f64 * course.asks;
            all.rows += *demands as f64 * course.rows;
        }
        Some(all)
    }
}
