//! What stored answers tell of those to come, by prompt variant and model.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::asks::Yield;
use super::sample::{ENOUGH, LEAST, Sample};
use super::stages::{self, JUDGES, LOOK, MEANING, Passing, Stages};
use super::tokens::Tokens;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::check::{Candidate, Reason};
use crate::dataset::evaluate::{Accepted, Demand, Failed, Name, Place, Rejected, Sink};
use crate::dataset::{Models, Recipe, looking};
use crate::model::Fingerprint;
use crate::pipeline::RunError;
use crate::store::Reader;

/// Stored answers whose tokens are read: of all asks, and of each kind of requests about texts.
const READ: usize = 256;
/// Those of one variant and model at the least.
const READ_OF_ONE: usize = 16;

/// In which way an ask is made: by which variant of the prompt, for which model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Way {
    pub variant: usize,
    pub model: usize,
}

impl Way {
    pub fn of(recipe: &Recipe, models: &Models, cell: usize, ask: u32) -> Self {
        let variant = recipe.prompts.variant(recipe.grid.cell(cell), ask);
        Self { variant, model: models.of(recipe, cell, ask) }
    }
}

/// What asks brought and took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Brought {
    /// Answers by how many of their candidates passed their own checks; an ask that failed is one
    /// of none.
    passed: Vec<u64>,
    /// Those of none that were cut: what they bring under a greater limit is not known.
    cut: u64,
    /// Candidates that did not pass them.
    failed: u64,
    /// What became of those that did.
    pub passing: Passing,
    pub tokens: Tokens,
}

impl Brought {
    pub fn answers(&self) -> u64 {
        self.passed.iter().sum()
    }

    /// The share of judged candidates that become rows.
    pub fn acceptance(&self, stages: &Stages) -> f64 {
        let passed = self.passing.texts();
        passed as f64 / (passed + self.failed).max(1) as f64 * stages.becomes_rows()
    }

    /// What one of them brings; `None` of no answers.
    pub fn each(&self, stages: &Stages) -> Option<Yield> {
        Yield::of(&self.passed, 1.0 - stages.becomes_rows())
    }

    fn answer(&mut self, passed: usize, times: u64) {
        if self.passed.len() <= passed {
            self.passed.resize(passed + 1, 0);
        }
        self.passed[passed] += times;
    }

    /// The same without those that were cut.
    fn whole(mut self) -> Self {
        let cut = std::mem::take(&mut self.cut);
        self.passed.iter_mut().take(1).for_each(|none| *none -= cut.min(*none));
        self
    }

    fn add(&mut self, other: &Self) {
        other.passed.iter().enumerate().for_each(|(passed, times)| self.answer(passed, *times));
        self.cut += other.cut;
        self.failed += other.failed;
        self.passing.add(&other.passing);
        self.tokens.add(&other.tokens);
    }
}

/// What answers tell of those to come.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    pub ways: HashMap<Way, Brought>,
    /// What requests about texts took, by stage.
    pub about: Vec<Tokens>,
    /// Second looks, and texts that had one or had no name in doubt.
    pub looks: (u64, u64),
    /// The stages that texts went through, as the config has them now.
    pub stages: Vec<bool>,
}

/// What is kept of that for later plans, of one model.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    max_tokens: u32,
    /// By the names of variants: a plan after an edit of one goes by what it brought under its former text.
    variants: BTreeMap<String, Brought>,
    /// The stages of these, by name, with what requests took.
    stages: Vec<(String, Tokens)>,
    looks: (u64, u64),
}

impl Learned {
    /// Of all variants and models.
    pub fn all(&self) -> Brought {
        let mut all = Brought::default();
        self.ways.values().for_each(|of| all.add(of));
        all
    }

    /// What the last runs of the config learned of its models. Where an answer had another number of texts it tells
    /// nothing of those to come.
    pub fn before(recipe: &Recipe, models: &Models, reader: Option<&Reader>) -> Result<Self, RunError> {
        let (config, names) = (&recipe.config, stages::names(recipe));
        let mut out = Self::of_stages(names.len(), false);
        let Some(reader) = reader else { return Ok(out) };
        for (number, model) in models.list().iter().enumerate() {
            let last = reader.last_experience(&config.name, &model.identity)?;
            let last = last.filter(|last| last.candidates_per_ask == config.candidates_per_ask());
            let Some(kept) = last.and_then(|last| serde_json::from_value::<Kept>(last.learned).ok()) else {
                continue;
            };
            let is_raised = kept.max_tokens < config.sampling.max_tokens;
            let stages: Vec<_> =
                kept.stages.iter().map(|(then, _)| names.iter().position(|stage| stage == then)).collect();
            for variant in 0..recipe.prompts.variants() {
                if let Some(of) = kept.variants.get(recipe.prompts.variant_name(variant)).cloned() {
                    let mut of = if is_raised { of.whole() } else { of };
                    of.passing = of.passing.moved(&stages);
                    out.ways.insert(Way { variant, model: number }, of);
                }
            }
            for (stage, (_, tokens)) in stages.iter().zip(&kept.stages) {
                let Some(stage) = *stage else { continue };
                out.stages[stage] = true;
                // Of several models the last runs are others: the one that tells most is believed.
                if tokens.requests > out.about[stage].requests {
                    out.about[stage] = *tokens;
                }
            }
            if kept.looks.1 > out.looks.1 {
                out.looks = kept.looks;
            }
        }
        Ok(out)
    }

    /// Nothing yet, of texts that went through all of so many stages, or none.
    fn of_stages(stages: usize, all: bool) -> Self {
        Self { about: vec![Tokens::default(); stages], stages: vec![all; stages], ..Self::default() }
    }

    /// What is to be kept of a model; what is kept `before` stays where that says more.
    pub fn kept(&self, recipe: &Recipe, model: usize, before: &Self) -> serde_json::Value {
        let of = |variant: usize| {
            let way = Way { variant, model };
            let (now, before) = (self.ways.get(&way), before.ways.get(&way));
            let answers = |of: &Brought| of.answers().min(ENOUGH);
            let best = [now, before].into_iter().flatten().rev().max_by_key(|of| answers(of))?;
            Some((recipe.prompts.variant_name(variant).to_owned(), best.clone()))
        };
        let variants = (0..recipe.prompts.variants()).filter_map(of).collect();
        let tokens = |(now, before): (&Tokens, &Tokens)| if now.requests >= LEAST { *now } else { *before };
        let about = self.about.iter().zip(&before.about).map(tokens);
        let stages = stages::names(recipe).into_iter().zip(about).collect();
        let looks = if self.looks.1 >= LEAST { self.looks } else { before.looks };
        let kept = Kept { max_tokens: recipe.config.sampling.max_tokens, variants, stages, looks };
        serde_json::to_value(kept).unwrap_or_default()
    }
}

/// How the answers of a config were judged, by variant and model, and by label.
///
/// Every answer that was reached counts whole, also what of it was never needed, since a cell stops
/// where it is full and not where answers are bad.
#[derive(Debug)]
pub struct Evidence<'a> {
    recipe: &'a Recipe,
    models: Arc<Models>,
    learned: Learned,
    pub labels: HashMap<(u64, Way), Brought>,
    /// Whose tokens are read, each with its cell and its ask.
    asks: HashMap<Way, Sample<(usize, u32)>>,
    /// The same of requests about texts, by stage.
    about: Vec<Sample<()>>,
    /// By name.
    stages: Vec<String>,
    /// The cell whose text waits that was told of last.
    waits: Option<usize>,
    /// The ask that was met last: its texts come one after the other.
    last: Option<((usize, u32), Way)>,
}

impl<'a> Evidence<'a> {
    pub fn new(recipe: &'a Recipe, models: Arc<Models>) -> Self {
        let stages = stages::names(recipe);
        let learned = Learned::of_stages(stages.len(), true);
        Self {
            recipe,
            models,
            learned,
            labels: HashMap::new(),
            asks: HashMap::new(),
            about: stages.iter().map(|_| Sample::new(READ)).collect(),
            stages,
            waits: None,
            last: None,
        }
    }

    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        self.learned.ways.is_empty()
    }

    /// What all that tells, with the tokens of some answers.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub fn learned(&self, reader: Option<&Reader>) -> Result<Learned, RunError> {
        let mut out = self.learned.clone();
        out.looks.1 = out.all().passing.texts();
        let Some(reader) = reader else { return Ok(out) };
        let config = &self.recipe.config;
        let chat = |raw: &str| Answer::parse(raw).ok().and_then(|answer| answer.usage);
        let most = config.sampling.max_tokens;
        for (way, sample) in &self.asks {
            let Some(of) = out.ways.get_mut(way) else { continue };
            for (answer, (cell, ask)) in sample.items() {
                if let Some(usage) = reader.answer(answer, most)?.and_then(|raw| chat(&raw)) {
                    let bytes = self.recipe.prompt_bytes(*cell, *ask)? as u64;
                    of.tokens.take(usage, bytes, (most, config.response.n));
                }
            }
        }
        let meant = |raw: &str| Embedding::parse(raw).ok().and_then(|embedding| embedding.usage);
        for (stage, sample) in self.about.iter().enumerate() {
            let most = match stage {
                LOOK => looking::MAX_TOKENS,
                JUDGES.. => config.checks.judges[stage - JUDGES].sampling.max_tokens,
                _ => 0,
            };
            for answer in sample.items().keys() {
                let Some(raw) = reader.answer(answer, most)? else { continue };
                if let Some(usage) = if stage == MEANING { meant(&raw) } else { chat(&raw) } {
                    out.about[stage].take(usage, 0, (most, 1));
                }
            }
        }
        Ok(out)
    }

    fn way(&mut self, cell: usize, ask: u32) -> Way {
        match self.last.filter(|(last, _)| *last == (cell, ask)) {
            Some((_, way)) => way,
            None => {
                let way = Way::of(self.recipe, &self.models, cell, ask);
                self.last = Some(((cell, ask), way));
                way
            }
        }
    }

    fn each(&mut self, cell: usize, ask: u32, add: impl Fn(&mut Brought)) {
        let way = self.way(cell, ask);
        let label = self.recipe.grid.label_key(cell);
        add(self.learned.ways.entry(way).or_default());
        add(self.labels.entry((label, way)).or_default());
    }
}

/// Whether nobody knows any more whether a text was good.
fn is_forgotten(candidate: &Candidate) -> bool {
    matches!(candidate.outcome, Err(Reason::Forgotten))
}

impl<N: Name> Sink<N> for Evidence<'_> {
    fn answered(&mut self, place: &Place, answer: &[Candidate]) {
        let way = self.way(place.cell, place.ask);
        let ways = self.recipe.prompts.variants() * self.models.list().len();
        let sample = self.asks.entry(way).or_insert_with(|| Sample::new((READ / ways).max(READ_OF_ONE)));
        sample.take(place.fingerprint, (place.cell, place.ask));
        // What somebody wished away is taken to have been as the answer's other texts are.
        let left = answer.len() - answer.iter().filter(|candidate| is_forgotten(candidate)).count();
        if left == 0 && !answer.is_empty() {
            return;
        }
        let passed = answer.iter().filter(|candidate| candidate.outcome.is_ok()).count();
        let passed = (passed * answer.len() + left / 2) / left.max(1);
        let is_cut = passed == 0 && answer.iter().any(|text| matches!(text.outcome, Err(Reason::Cut)));
        self.each(place.cell, place.ask, |of| {
            of.answer(passed, 1);
            of.cut += u64::from(is_cut);
        });
    }

    fn row(&mut self, row: &Accepted<'_, N>) {
        // What somebody else wrote tells nothing of answers.
        if !row.is_counterpart() {
            self.each(row.place.cell, row.place.ask, |of| of.passing.rows += 1);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if reject.candidate.is_counterpart() || is_forgotten(reject.candidate) {
            return;
        }
        let stage = stages::refuser(&reject.why, reject.candidate, &self.stages);
        self.each(reject.place.cell, reject.place.ask, |of| match stage {
            Some(stage) => of.passing.refuse(stage),
            None => of.failed += 1,
        });
    }

    fn looking(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.about[LOOK].take(*fingerprint, ());
        self.learned.looks.0 += 1;
    }

    fn judging(&mut self, _cell: usize, judge: u16, fingerprint: &Fingerprint) {
        self.about[JUDGES + usize::from(judge)].take(*fingerprint, ());
    }

    fn embedding(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.about[MEANING].take(*fingerprint, ());
    }

    fn demand(&mut self, demand: &Demand, missing: u32) {
        let Some(about) = demand.about.filter(|_| missing > 0) else { return };
        // Several votes on a text are several demands.
        if self.waits.replace(demand.cell) != Some(demand.cell) {
            self.each(demand.cell, demand.ask, |of| of.passing.wait(stages::waits_at(about.to)));
        }
    }

    fn failed(&mut self, failed: &Failed) {
        self.each(failed.cell, failed.ask, |of| of.answer(0, 1));
    }
}
