//! What an ask brings and takes: the one place that all figures of those to come are from.
//!
//! It is told apart by the variant of its prompt and its model, and what it brings by its label too. What is taken is the
//! first of these that is made of enough answers, or else of a few:
//!
//! 1. stored answers of the same variant, model and label (rows only),
//! 2. of the same variant and model,
//! 3. what the last run kept of these, such as of a variant before it was edited,
//! 4. stored answers of all,
//! 5. what the last run kept of all.

use std::collections::{BTreeMap, HashMap};

use super::asks::Yield;
use super::evidence::{Brought, Evidence, Learned, Way};
use super::sample::{ENOUGH, LEAST};
use super::tokens::{Longer, Tokens};
use crate::dataset::{Models, Recipe};
use crate::pipeline::book::Held;
use crate::report::Basis;

/// Asks of one way that will be sent.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sent {
    pub asks: f64,
    /// Those of them that were answered before, and cut.
    pub of_cut: f64,
}

/// Answers that are stored under a limit that they do not end within today.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cut {
    pub answers: f64,
    /// Sum of the tokens that they had reached.
    pub reached: f64,
}

/// What an ask of a way brings and takes.
#[derive(Debug, Clone)]
pub struct Rate {
    brought: Brought,
    /// Which of the sources that is, the even ones of stored answers, the first ones of the way's own.
    source: usize,
    tokens: Tokens,
    tokens_source: usize,
    /// Of its answers the share that was cut, and what becomes of those; as far as is known.
    cut: Option<(f64, Longer)>,
    brings: Brings,
}

/// What an answer brings.
#[derive(Debug, Clone)]
struct Brings {
    /// One that is stored.
    stored: Yield,
    /// One that is missing.
    missing: Yield,
    /// One that was cut and is asked anew.
    cut: Yield,
}

/// What asks bring and take, by the way in which they are made; empty where too few were judged, now and then.
#[derive(Debug, Default)]
pub struct Rates {
    ways: BTreeMap<Way, Rate>,
    labels: HashMap<(u64, Way), Brings>,
    /// Under today's `max_tokens`.
    most: f64,
}

impl Brings {
    /// Of answers that ended by themselves, with what is known of those that did not.
    fn of(stored: Yield, cut: Option<(f64, Longer)>) -> Self {
        let (share, end) = cut.map_or((0.0, 1.0), |(share, longer)| (share, longer.end));
        let missing = stored.thinned(1.0 - share + share * end);
        Self { missing, cut: stored.thinned(end), stored }
    }
}

/// So many texts behind one that waits are counted on.
const FEW_BEHIND: u32 = 100;
/// So many of the sources are of a way's own answers.
const OWN: usize = 2;

impl Rate {
    /// Tokens of a prompt of so many bytes.
    pub fn prompt(&self, bytes: Option<f64>) -> Option<f64> {
        self.tokens.prompt(bytes)
    }

    /// Tokens of so many answers, of which some were cut before.
    pub fn completion(&self, asks: f64, of_cut: f64) -> Option<f64> {
        let each = self.tokens.completion()?;
        let Some((share, longer)) = self.cut else { return Some(asks * each) };
        Some((asks - of_cut) * (each * (1.0 - share) + longer.tokens * share) + of_cut * longer.tokens)
    }
}

impl Rates {
    /// By stored answers and by what the last runs kept.
    pub fn of(
        recipe: &Recipe,
        models: &Models,
        evidence: &Evidence<'_>,
        now: &Learned,
        before: &Learned,
    ) -> Self {
        let all = [now.all(), before.all()];
        let mut out = Self { most: recipe.config.sampling.max_tokens.into(), ..Self::default() };
        let variants = 0..recipe.prompts.variants();
        let ways =
            variants.flat_map(|variant| (0..models.list().len()).map(move |model| Way { variant, model }));
        for way in ways {
            let own = [now.ways.get(&way), before.ways.get(&way)];
            let sources: Vec<_> = own.into_iter().chain(all.iter().map(Some)).enumerate().collect();
            let first = |count: fn(&Brought) -> u64| {
                let with =
                    |least: u64| sources.iter().find(|(_, of)| of.is_some_and(|of| count(of) >= least));
                let (source, of) = with(ENOUGH).or_else(|| with(LEAST))?;
                Some((*source, (*of)?))
            };
            let Some((source, brought)) = first(Brought::answers) else { continue };
            let Some(each) = brought.each() else { continue };
            let (tokens_source, tokens) = match first(|of| of.tokens.requests) {
                Some((source, of)) => (source, of.tokens),
                None => (source, Tokens::default()),
            };
            let (brought, brings) = (brought.clone(), Brings::of(each, None));
            out.ways.insert(way, Rate { brought, source, tokens, tokens_source, cut: None, brings });
        }
        for ((label, way), of) in evidence.labels.iter().filter(|(_, of)| of.answers() >= ENOUGH) {
            out.labels.extend(of.each().map(|each| ((*label, *way), Brings::of(each, None))));
        }
        out
    }

    /// The share of texts that become rows where asks are made so, the answers that tell it, and where those are from.
    pub fn acceptance(&self, ways: &BTreeMap<Way, Sent>) -> (Option<f64>, u64, Basis) {
        let mut answers: BTreeMap<(usize, Option<Way>), u64> = BTreeMap::new();
        let (mut rows, mut asks) = (0.0, 0.0);
        for (way, sent) in ways {
            let Some(rate) = self.ways.get(way) else { continue };
            rows += sent.asks * rate.brought.acceptance();
            asks += sent.asks;
            answers.insert((rate.source, (rate.source < OWN).then_some(*way)), rate.brought.answers());
        }
        let from = self.most_are(ways, |rate| rate.source);
        // What all answers tell has those of each way in it.
        let (own, all): (Vec<_>, Vec<_>) = answers.iter().partition(|((_, way), _)| way.is_some());
        let own: u64 = own.iter().map(|(_, answers)| **answers).sum();
        let all = all.iter().map(|(_, answers)| **answers).max().unwrap_or(0);
        ((asks > 0.0).then(|| rows / asks), own.max(all), from)
    }

    /// Where the tokens of most of these are from.
    pub fn tokens_from(&self, ways: &BTreeMap<Way, Sent>) -> Basis {
        self.most_are(ways, |rate| rate.tokens_source)
    }

    fn most_are(&self, ways: &BTreeMap<Way, Sent>, source: impl Fn(&Rate) -> usize) -> Basis {
        let (mut all, mut stored) = (0.0, 0.0);
        for (way, sent) in ways {
            all += sent.asks;
            let is_stored = self.ways.get(way).is_some_and(|rate| source(rate).is_multiple_of(2));
            stored += if is_stored { sent.asks } else { 0.0 };
        }
        if 2.0 * stored >= all { Basis::Stored } else { Basis::LastRun }
    }

    pub fn is_known(&self) -> bool {
        !self.ways.is_empty()
    }

    pub fn rate(&self, way: Way) -> Option<&Rate> {
        self.ways.get(&way)
    }

    /// Takes in which answers of each way are stored and were cut. Those that ended by themselves are the shorter ones.
    pub fn know_cut(&mut self, cut: &BTreeMap<Way, Cut>) {
        for (way, Cut { answers, reached }) in cut.iter().filter(|(_, cut)| cut.answers > 0.0) {
            let Some(rate) = self.ways.get_mut(way) else { continue };
            let whole = rate.brought.answers() as f64;
            let square = rate.tokens.square().unwrap_or(0.0);
            let longer = Longer::of((whole, square), (*answers, reached / answers), self.most);
            rate.cut = Some((answers / (answers + whole), longer));
            rate.brings = Brings::of(rate.brings.stored.clone(), rate.cut);
            for ((_, _), brings) in self.labels.iter_mut().filter(|((_, of), _)| of == way) {
                *brings = Brings::of(brings.stored.clone(), rate.cut);
            }
        }
    }

    /// What an ask of a label brings, made so.
    pub fn brings(&self, label: u64, way: Way, held: Held) -> Option<&Yield> {
        let brings = self.labels.get(&(label, way)).or_else(|| Some(&self.ways.get(&way)?.brings))?;
        Some(match held {
            Held::Answer => &brings.stored,
            Held::Missing | Held::GivenUp => &brings.missing,
            Held::Cut(_) => &brings.cut,
        })
    }

    /// What is still to come of an answer of which a text waits at a stage, by that and the texts behind it.
    pub fn waiting(&self, way: Way, stage: usize, behind: u32) -> Option<Yield> {
        let of = &self.ways.get(&way)?.brought;
        let others = std::iter::repeat_n(of.acceptance(), behind.min(FEW_BEHIND) as usize);
        Some(Yield::of_texts(std::iter::once(of.passing.becomes_rows(stage)).chain(others)))
    }

    /// What an ask of a label brings that is made as those are, counted by how.
    pub fn mean(&self, label: u64, ways: &BTreeMap<Way, u64>) -> Option<Yield> {
        let each =
            ways.iter().filter_map(|(way, asks)| Some((self.brings(label, *way, Held::Missing)?, *asks)));
        Yield::mean_of(each)
    }

    /// Each ask of a way brings a row.
    #[cfg(test)]
    pub fn sure(way: Way) -> Self {
        let brings = Brings::of(Yield::of(&[0, 9], 0.0).expect("nine answers"), None);
        let (brought, tokens) = (Brought::default(), Tokens::default());
        let rate = Rate { brought, source: 0, tokens, tokens_source: 0, cut: None, brings };
        Self { ways: [(way, rate)].into(), ..Self::default() }
    }
}
