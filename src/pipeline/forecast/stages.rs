//! What becomes of texts that passed their own checks: which stage on the way to a row they were refused at, or wait at.
//!
//! A run that ends early leaves texts that wait: the quick refusals are in, and rows are not. So what a stage lets pass is
//! told by those that got so far, and a row by what all stages let pass.

use serde::{Deserialize, Serialize};

use crate::check::{Candidate, Reason, judge_reason};
use crate::dataset::Recipe;
use crate::dataset::evaluate::{To, Why};

/// Names in doubt are looked at.
pub const LOOK: usize = 0;
/// No row before says it in the same words.
const UNIQUE: usize = 1;
/// No row before means the same.
pub const MEANING: usize = 2;
/// The first of the judges, which are asked one after the other.
pub const JUDGES: usize = 3;

/// The stages of a config, by name.
pub fn names(recipe: &Recipe) -> Vec<String> {
    let first = ["look", "unique", "meaning"].map(str::to_owned);
    let judges = recipe.config.checks.judges.iter().map(|judge| judge_reason(&judge.name).to_owned());
    first.into_iter().chain(judges).collect()
}

/// The stage that refused a text; `None` where it did not pass its own checks.
pub fn refuser<N>(why: &Why<'_, N>, candidate: &Candidate, names: &[String]) -> Option<usize> {
    match why {
        Why::Judged(Reason::Anonymize { .. }) => Some(LOOK),
        Why::Judged(reason) => {
            let name = reason.name();
            Some(names.iter().position(|stage| stage == name).unwrap_or(MEANING))
        }
        Why::Paraphrase { .. } => Some(MEANING),
        Why::Named { .. } | Why::Duplicate { .. } | Why::NearDuplicate { .. } => Some(UNIQUE),
        // Such as one that somebody took out.
        Why::Own(_) => candidate.outcome.is_ok().then_some(UNIQUE),
    }
}

/// The stage at which a text waits.
pub fn waits_at(to: To) -> usize {
    match to {
        To::Names => LOOK,
        To::Embedder => MEANING,
        To::Judge(judge) => JUDGES + usize::from(judge),
    }
}

/// Texts that passed their own checks, by what became of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Passing {
    pub rows: u64,
    /// By stage.
    refused: Vec<u64>,
    waiting: Vec<u64>,
}

impl Passing {
    pub fn refuse(&mut self, stage: usize) {
        grown(&mut self.refused, stage)[stage] += 1;
    }

    pub fn wait(&mut self, stage: usize) {
        grown(&mut self.waiting, stage)[stage] += 1;
    }

    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        for (own, others) in [(&mut self.refused, &other.refused), (&mut self.waiting, &other.waiting)] {
            for (stage, texts) in others.iter().enumerate() {
                grown(own, stage)[stage] += texts;
            }
        }
    }

    /// Texts, those that wait too.
    pub fn texts(&self) -> u64 {
        self.from(LOOK)
    }

    /// Texts that got to a stage.
    fn from(&self, from: usize) -> u64 {
        let of = |texts: &[u64]| texts.iter().skip(from).sum::<u64>();
        self.rows + of(&self.refused) + of(&self.waiting)
    }

    /// Texts of which is known whether a stage lets them pass.
    pub fn known(&self, stage: usize) -> u64 {
        self.from(stage + 1) + self.refused.get(stage).unwrap_or(&0)
    }

    /// The share of texts that a stage lets pass; all where nothing is known.
    pub fn passes(&self, stage: usize) -> f64 {
        match self.known(stage) {
            0 => 1.0,
            known => self.from(stage + 1) as f64 / known as f64,
        }
    }

    /// The share that becomes rows, of those that got to a stage.
    pub fn becomes_rows(&self, from: usize) -> f64 {
        (from..self.refused.len()).map(|stage| self.passes(stage)).product()
    }

    /// The same with the stages in another order: by stage of then, which it is now.
    pub fn moved(&self, to: &[Option<usize>]) -> Self {
        let mut out = Self { rows: self.rows, ..Self::default() };
        for (from, into) in [(&self.refused, &mut out.refused), (&self.waiting, &mut out.waiting)] {
            for (texts, stage) in from.iter().zip(to) {
                if let Some(stage) = *stage {
                    grown(into, stage)[stage] += texts;
                }
            }
        }
        out
    }
}

/// With room for a stage.
fn grown(texts: &mut Vec<u64>, stage: usize) -> &mut Vec<u64> {
    texts.resize(texts.len().max(stage + 1), 0);
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a hundred texts each judge refuses every fourth, and the second has read a third of those that got to it.
    #[test]
    fn texts_that_wait_tell_of_the_stages_before() {
        let mut some = Passing::default();
        (0..25).for_each(|_| some.refuse(JUDGES));
        (0..75).for_each(|_| some.wait(JUDGES + 1));
        assert_eq!((some.becomes_rows(0), some.known(JUDGES + 1)), (0.75, 0));
        some.refuse(JUDGES + 1);
        some.rows = 3;
        assert_eq!((some.passes(JUDGES + 1), some.texts()), (0.75, 104));
        let first = 79.0 / 104.0;
        assert!((some.becomes_rows(0) - first * 0.75).abs() < 1e-9);
        // The judges in another order, and one that is gone.
        let moved = some.moved(&[Some(0), Some(1), Some(2), None, Some(JUDGES)]);
        assert_eq!((moved.passes(JUDGES), moved.becomes_rows(0)), (0.75, 0.75));
    }
}
