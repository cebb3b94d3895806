//! What becomes of texts that passed their own checks: which stage on the way to a row they were refused at, or wait at.
//!
//! A run that ends early leaves texts that wait: the quick refusals are in, and rows are not. So what a stage lets pass is
//! told by those that got so far, and a row by what all stages let pass.

use serde::{Deserialize, Serialize};

use super::sample::{ENOUGH, LEAST};
use crate::check::{Candidate, Reason, judge_reason};
use crate::dataset::Recipe;
use crate::dataset::evaluate::{To, Why};
use crate::pipeline::book::Said;

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

/// What stages ask about a text and let pass, each by the first source that tells enough of it.
#[derive(Debug, Clone, Default)]
pub struct Stages {
    /// Requests about a text that comes to a stage.
    asks: Vec<f64>,
    /// How many texts tell of a stage, and which share it lets pass; `None` where too few do.
    passes: Vec<Option<(u64, f64)>>,
}

/// A text that is added to either side of a share, so that none is nought.
const HALF: f64 = 0.5;

impl Stages {
    /// By sources, each with the stages that its texts went through.
    pub fn of<'a>(asks: &[f64], sources: impl Iterator<Item = (&'a Passing, &'a [bool])> + Clone) -> Self {
        let tells = |stage: usize| {
            let has = |(_, has): &(&Passing, &[bool])| has.get(stage).is_some_and(|has| *has);
            let with = |least: u64| {
                let mut some = sources.clone().filter(has);
                some.find(|(passing, _)| passing.known(stage) >= least)
            };
            let (passing, _) = with(ENOUGH).or_else(|| with(LEAST))?;
            Some((passing.known(stage), passing.passes(stage)))
        };
        Self { asks: asks.to_vec(), passes: (0..asks.len()).map(tells).collect() }
    }

    /// How many there are.
    pub fn number(&self) -> usize {
        self.asks.len()
    }

    /// The share that a stage lets pass; all where nothing is known.
    fn lets(&self, stage: usize) -> f64 {
        self.passes[stage].map_or(1.0, |(_, passes)| passes)
    }

    /// The share of texts that becomes rows.
    pub fn becomes_rows(&self) -> f64 {
        (0..self.passes.len()).map(|stage| self.lets(stage)).product()
    }

    /// By stage: requests about the texts of answers to come, for each row of these.
    pub fn a_row(&self) -> Vec<f64> {
        let mut texts = 1.0;
        let mut out = vec![0.0; self.asks.len()];
        for stage in (0..out.len()).rev() {
            // That none of some passed is no proof that none ever will.
            texts *= self.passes[stage]
                .map_or(1.0, |(known, passes)| (known as f64 + HALF) / (known as f64 * passes + HALF));
            out[stage] = self.asks[stage] * texts;
        }
        out
    }

    /// The chance that a text becomes a row that waits at a stage, and by stage what will be asked about it, by what is
    /// `said` of it there and behind. `is_met`: no row before says it in the same words.
    pub fn a_text(&self, at: usize, said: &[Said], is_met: bool) -> (f64, Vec<f64>) {
        let mut comes = if at > UNIQUE && !is_met { self.lets(UNIQUE) } else { 1.0 };
        let mut out = vec![0.0; self.asks.len()];
        for (behind, stage) in (at..out.len()).enumerate() {
            let asks = match said.get(behind) {
                Some(Said::Yes) => continue,
                Some(Said::No) => return (0.0, out),
                Some(Said::Open(requests)) => f64::from(*requests),
                None => self.asks[stage],
            };
            out[stage] = comes * asks;
            comes *= self.lets(stage);
        }
        (comes, out)
    }

    /// Of all that ask about texts, the fewest texts that tell of one; `None` where too few do.
    pub fn told_by(&self) -> Option<u64> {
        let asking = self.asks.iter().zip(&self.passes).skip(MEANING).filter(|(asks, _)| **asks > 0.0);
        asking.map(|(_, passes)| passes.map(|(known, _)| known)).min().unwrap_or(Some(u64::MAX))
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
        let asks = [0.0, 0.0, 0.0, 1.0, 2.0];
        let stages = |of: &Passing| Stages::of(&asks, [(of, &[true; 5][..])].into_iter());
        assert_eq!((stages(&some).becomes_rows(), some.known(JUDGES + 1)), (0.75, 0));
        assert_eq!(stages(&some).told_by(), None, "nothing is known of the second judge");
        some.refuse(JUDGES + 1);
        some.rows = 3;
        assert_eq!((some.passes(JUDGES + 1), some.texts(), stages(&some).told_by()), (0.75, 104, Some(4)));
        let first = 79.0 / 104.0;
        assert!((stages(&some).becomes_rows() - first * 0.75).abs() < 1e-9);
        // The judges in another order, and one that is gone.
        let moved = some.moved(&[Some(0), Some(1), Some(2), None, Some(JUDGES)]);
        assert_eq!((moved.passes(JUDGES), moved.passes(JUDGES + 1)), (0.75, 1.0));
    }

    /// Each judge lets half of the texts pass, and every fifth is a duplicate.
    #[test]
    fn what_is_asked_about_a_text_hangs_on_how_far_it_is() {
        let lets = |share: f64| Some((1_000_000, share));
        let stages = Stages {
            asks: vec![0.0, 0.0, 0.0, 1.0, 2.0],
            passes: vec![None, lets(0.8), None, lets(0.5), lets(0.5)],
        };
        let near = |(chance, requests): (f64, Vec<f64>), is: f64, of: [f64; 2]| {
            let off = [chance - is, requests[JUDGES] - of[0], requests[JUDGES + 1] - of[1]];
            assert!(off.iter().all(|off| off.abs() < 1e-4), "{chance}, {requests:?}");
        };
        near((1.0, stages.a_row()), 1.0, [4.0, 4.0]);
        let one = Said::Open(1);
        near(stages.a_text(JUDGES, &[one], true), 0.25, [1.0, 1.0]);
        near(stages.a_text(JUDGES, &[one], false), 0.2, [0.8, 0.8]);
        near(stages.a_text(JUDGES, &[one, Said::Yes], true), 0.5, [1.0, 0.0]);
        near(stages.a_text(JUDGES, &[one, Said::No], true), 0.0, [1.0, 0.0]);
        near(stages.a_text(JUDGES + 1, &[one], true), 0.5, [0.0, 1.0]);
        near(stages.a_text(JUDGES + 2, &[], false), 0.8, [0.0, 0.0]);
    }
}
