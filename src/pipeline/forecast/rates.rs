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
//!
//! What becomes of texts behind their own checks is told so for each stage, since one may be new, or be asked anew.

use std::collections::{BTreeMap, HashMap};

use super::asks::Yield;
use super::evidence::{Brought, Evidence, Learned, Way};
use super::sample::{ENOUGH, LEAST};
use super::stages::{self, JUDGES, LOOK, MEANING, Stages, waits_at};
use super::tokens::{Longer, Tokens};
use crate::dataset::{Models, Recipe};
use crate::pipeline::book::{Held, Said, Stand};
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
    stages: Stages,
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

/// By stage: requests about a text that comes to it.
fn asks(recipe: &Recipe, learned: [&Learned; 2]) -> Vec<f64> {
    let mut out = vec![0.0; stages::names(recipe).len()];
    if recipe.judge.looks_again() {
        // How many texts have a name in doubt is told by those that were read.
        let of = learned.iter().find(|known| known.stages[LOOK] && known.looks.1 >= LEAST);
        out[LOOK] = of.map_or(0.0, |known| known.looks.0 as f64 / known.looks.1 as f64);
    }
    out[MEANING] = f64::from(u8::from(recipe.config.dedup.semantic.is_some()));
    out[JUDGES..].iter_mut().zip(&recipe.judges).for_each(|(asks, judge)| *asks = judge.votes().into());
    out
}

/// What asks bring and take, by the way in which they are made; empty where too few were judged, now and then.
#[derive(Debug, Default)]
pub struct Rates {
    ways: BTreeMap<Way, Rate>,
    labels: HashMap<(u64, Way), Brings>,
    /// What becomes of texts, of all ways.
    all: Stages,
    /// By stage: what requests about texts take, now and before.
    about: [Vec<Tokens>; 2],
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
        let learned = [now, before];
        let asks = asks(recipe, learned);
        let stages = |own: &[(Option<&Brought>, &Learned)]| {
            let of_all = all.iter().map(Some).zip(learned);
            let sources = own.iter().copied().chain(of_all);
            let told = sources.filter_map(|(of, learned)| Some((&of?.passing, &*learned.stages)));
            Stages::of(&asks, told.collect::<Vec<_>>().into_iter())
        };
        let most = recipe.config.sampling.max_tokens.into();
        let about = learned.map(|learned| learned.about.clone());
        let mut out = Self { most, all: stages(&[]), about, ..Self::default() };
        let variants = 0..recipe.prompts.variants();
        let ways =
            variants.flat_map(|variant| (0..models.list().len()).map(move |model| Way { variant, model }));
        for way in ways {
            let own = learned.map(|learned| learned.ways.get(&way));
            let stages = stages(&[(own[0], now), (own[1], before)]);
            let sources: Vec<_> = own.into_iter().chain(all.iter().map(Some)).enumerate().collect();
            let first = |count: fn(&Brought) -> u64| {
                let with =
                    |least: u64| sources.iter().find(|(_, of)| of.is_some_and(|of| count(of) >= least));
                let (source, of) = with(ENOUGH).or_else(|| with(LEAST))?;
                Some((*source, (*of)?))
            };
            let Some((source, brought)) = first(Brought::answers) else { continue };
            let Some(each) = brought.each(&stages) else { continue };
            let (tokens_source, tokens) = match first(|of| of.tokens.requests) {
                Some((source, of)) => (source, of.tokens),
                None => (source, Tokens::default()),
            };
            let (brought, brings) = (brought.clone(), Brings::of(each, None));
            out.ways.insert(way, Rate { brought, stages, source, tokens, tokens_source, cut: None, brings });
        }
        for ((label, way), of) in evidence.labels.iter().filter(|(_, of)| of.answers() >= ENOUGH) {
            let own = [(Some(of), now), (now.ways.get(way), now), (before.ways.get(way), before)];
            out.labels.extend(of.each(&stages(&own)).map(|each| ((*label, *way), Brings::of(each, None))));
        }
        out
    }

    /// The share of texts that become rows where asks are made so, the answers that tell it, and where those are from.
    pub fn acceptance(&self, ways: &BTreeMap<Way, Sent>) -> (Option<f64>, u64, Basis) {
        let mut answers: BTreeMap<(usize, Option<Way>), u64> = BTreeMap::new();
        let (mut rows, mut asks) = (0.0, 0.0);
        for (way, sent) in ways {
            let Some(rate) = self.ways.get(way) else { continue };
            rows += sent.asks * rate.brought.acceptance(&rate.stages);
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

    /// What stages do to the texts of a way.
    fn stages(&self, way: Way) -> &Stages {
        self.ways.get(&way).map_or(&self.all, |rate| &rate.stages)
    }

    /// By stage: requests about texts for each row of answers to come.
    pub fn about_a_row(&self, way: Option<Way>) -> Vec<f64> {
        way.map_or(&self.all, |way| self.stages(way)).a_row()
    }

    /// What is still to come of an answer by how far its texts are, and by stage what will be asked about all of them.
    /// `is_met`: no row before says what the first of them says.
    pub fn waiting(&self, way: Way, texts: &[Stand], is_met: bool) -> (Yield, Vec<f64>) {
        let stages = self.stages(way);
        let mut requests = vec![0.0; stages.number()];
        let mut chances = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let (stage, said) = match text {
                Stand::Refused => continue,
                Stand::Accepted => (requests.len(), Vec::new()),
                Stand::Open(to, open, behind) => (
                    waits_at(*to),
                    std::iter::once(Said::Open(*open)).chain(behind.iter().copied()).collect(),
                ),
            };
            let (chance, about) = stages.a_text(stage, &said, is_met && at == 0);
            chances.push(chance);
            requests.iter_mut().zip(about).for_each(|(sum, more)| *sum += more);
        }
        (Yield::of_texts(chances.into_iter()), requests)
    }

    /// Tokens of a prompt of a request about a text and of its answer, by its stage.
    pub fn about(&self, stage: usize) -> (Option<f64>, Option<f64>) {
        let known = || self.about.iter().filter_map(|of| of.get(stage));
        (known().find_map(|of| of.prompt(None)), known().find_map(Tokens::completion))
    }

    /// Whether texts tell of all that is asked about texts.
    pub fn tells_of_texts(&self) -> bool {
        self.all.told_by().is_some()
    }

    /// Whether enough was judged to tell of more than half of these cells, by the way of their next ask.
    pub fn is_sure(&self, ways: &BTreeMap<Way, u64>) -> bool {
        let enough = |way: &Way| {
            let told = |rate: &Rate| rate.stages.told_by().unwrap_or(0).min(rate.brought.answers());
            self.ways.get(way).is_some_and(|rate| told(rate) >= ENOUGH)
        };
        let sure: u64 = ways.iter().filter(|(way, _)| enough(way)).map(|(_, cells)| cells).sum();
        2 * sure > ways.values().sum()
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
        let (brought, stages, tokens) = (Brought::default(), Stages::default(), Tokens::default());
        let rate = Rate { brought, stages, source: 0, tokens, tokens_source: 0, cut: None, brings };
        Self { ways: [(way, rate)].into(), ..Self::default() }
    }
}
