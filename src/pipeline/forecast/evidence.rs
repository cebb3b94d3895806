//! What stored answers tell of those to come.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::asks::Yield;
use crate::check::Reason;
use crate::dataset::evaluate::Place;
use crate::dataset::{Outcome, Recipe};

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
    /// Candidates that passed their own checks, and were duplicates.
    pub duplicates: u64,
    /// Candidates that were judged in all.
    pub judged: u64,
}

impl Judged {
    pub fn answers(&self) -> u64 {
        self.passed.iter().sum()
    }

    /// The share of judged candidates that became rows.
    pub fn acceptance(&self) -> f64 {
        self.accepted as f64 / self.judged.max(1) as f64
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
#[derive(Debug, Default)]
pub struct Evidence {
    pub all: Judged,
    groups: HashMap<u64, Judged>,
}

impl Evidence {
    /// Reads it off an outcome: every answer that was reached counts whole, also what of it was
    /// never needed, since a cell stops where it is full and not where answers are bad.
    pub fn of(recipe: &Recipe, outcome: &Outcome) -> Self {
        let mut out = Self::default();
        let mut each = |place: &Place, passed: Option<usize>, add: &dyn Fn(&mut Judged)| {
            let group = recipe.grid.label_key(recipe.grid.cells()[place.cell]);
            // Every answer that is reached is judged from its first candidate on.
            let first = place.index == 0;
            for judged in [&mut out.all, out.groups.entry(group).or_default()] {
                add(judged);
                if let (true, Some(passed)) = (first, passed) {
                    judged.answer(passed);
                }
            }
        };
        let passing = |answer: &[crate::check::Candidate]| {
            Some(answer.iter().filter(|candidate| candidate.outcome.is_ok()).count())
        };
        for row in &outcome.rows {
            each(&row.place, passing(&row.answer), &|judged| {
                judged.accepted += 1;
                judged.judged += 1;
            });
        }
        for reject in &outcome.rejects {
            let duplicate = matches!(reject.reason, Reason::Duplicate { .. });
            each(&reject.place, passing(&reject.answer), &|judged| {
                judged.duplicates += u64::from(duplicate);
                judged.judged += 1;
            });
        }
        for failed in &outcome.failed {
            let place =
                Place { cell: failed.cell, ask: failed.ask, fingerprint: failed.fingerprint, index: 0 };
            each(&place, Some(0), &|_| ());
        }
        out
    }
}

/// Asks that the demands of an outcome will come to, with those that follow from them.
///
/// Each cell is taken to go on as those of its label did, where they were asked often enough, else
/// as all did, else as in `before`. `None` where none of them says enough.
pub fn expected_asks(
    recipe: &Recipe,
    outcome: &Outcome,
    mask: &[bool],
    evidence: &Evidence,
    before: Option<&Judged>,
) -> Option<f64> {
    let overall = evidence
        .all
        .of_asks(LEAST_ANSWERS)
        .or_else(|| before.and_then(|before| before.of_asks(LEAST_ANSWERS)))?;
    let mut groups: HashMap<u64, Option<Yield>> = HashMap::new();
    let mut known: HashMap<(u64, u32, u32), f64> = HashMap::new();
    let mut asks = 0.0;
    for demand in outcome.demands.iter().filter(|demand| mask[demand.cell]) {
        let group = recipe.grid.label_key(recipe.grid.cells()[demand.cell]);
        let of = groups
            .entry(group)
            .or_insert_with(|| evidence.groups.get(&group).and_then(|judged| judged.of_asks(GROUP_ANSWERS)));
        let rows = recipe.quotas.rows[demand.cell] - outcome.accepted[demand.cell];
        let most = recipe.quotas.max_asks - demand.ask;
        asks += *known
            .entry((group, rows, most))
            .or_insert_with(|| of.as_ref().unwrap_or(&overall).asks(rows, most));
    }
    Some(asks)
}
