//! All that decides what a config asks and how answers are judged.

use std::collections::{BTreeMap, HashSet};

use rayon::prelude::*;
use serde_json::Value;

use crate::anonymize::{Anonymizer, KeyMissing, Policy, Preset};
use crate::check::{self, Judge, JudgeModel, LabelCheck};
use crate::config::diagnostic::Report;
use crate::config::resolved::{Amount, Scope};
use crate::config::{Config, Diagnostic, Loaded};
use crate::dedup::Similarity;
use crate::fingerprint::{Ask, Frame, Message, Messages, Room};
use crate::grid::{self, Cell, Grid, Uneven};
use crate::model::Fingerprint;
use crate::prompt::{File, Prompts, Question, RenderError, Shelf, ask_seed};

use super::evaluate::{Quotas, Raised, Rows};
use super::{Models, reach, repeats};

/// How many cells' asks are rendered to see that they can be.
const SOME_CELLS: usize = 50;

/// A config, compiled.
#[derive(Debug)]
pub struct Recipe {
    pub config: Config,
    pub grid: Grid,
    pub prompts: Prompts,
    pub judge: Judge,
    /// Texts are held to their labels.
    pub label: Option<LabelCheck>,
    /// In the order in which they are asked.
    pub judges: Vec<JudgeModel>,
    /// How many rows each cell gets.
    pub quotas: Quotas,
}

impl Recipe {
    /// Compiles a loaded config; `files` are those under `prompts/` by name.
    ///
    /// # Errors
    /// Everything wrong with the config, its rules, schema and templates, and the first template
    /// that cannot be rendered.
    pub fn compile(loaded: Loaded, files: BTreeMap<String, File>) -> Result<(Self, Report), Report> {
        let Loaded { config, mut report, .. } = loaded;
        let grid = match Grid::build(&config, &report.sources) {
            Ok((grid, warnings)) => {
                warnings.into_iter().for_each(|diagnostic| report.push(diagnostic));
                Some(grid)
            }
            Err(found) => {
                found.into_iter().for_each(|diagnostic| report.push(diagnostic));
                None
            }
        };
        let judge = anonymizer(&config)
            .and_then(|anonymizer| match config.anonymize.second_look {
                Some(_) => Judge::new(&config, anonymizer.closed()),
                None => Judge::new(&config, anonymizer),
            })
            .map_err(|found| report.push(found))
            .ok();
        let shelf = shelf(&config).map_err(|found| report.push(found)).ok().flatten();
        let prompts = Prompts::compile(&config, &grid::axes(&config), files, shelf, &mut report);
        let mut judges = Vec::new();
        for judge in &config.checks.judges {
            match JudgeModel::compile(judge, &config.axes, &report.sources) {
                Ok(judge) => judges.push(judge),
                Err(found) => report.push(found),
            }
        }
        let label = config.checks.label.as_ref().and_then(|label| {
            LabelCheck::compile(label, &config.axes).map_err(|found| report.push(found)).ok()
        });
        match (grid, judge, prompts) {
            (Some(grid), Some(judge), Some(prompts)) if !report.has_errors() => {
                let quotas = match quotas(&config, &grid, &mut report) {
                    Ok(quotas) => quotas,
                    Err(found) => {
                        report.push(found);
                        return Err(report);
                    }
                };
                grid::leftovers(&config, &grid, quotas.wanted())
                    .into_iter()
                    .for_each(|found| report.push(found));
                grid::contradictions(&config, &grid).into_iter().for_each(|found| report.push(found));
                let mut recipe = Self { config, grid, prompts, judge, label, judges, quotas };
                recipe.teach();
                match recipe.first_failure() {
                    None => {
                        repeats::repeats(&recipe).into_iter().for_each(|found| report.push(found));
                        reach::beyond_reach(&recipe).into_iter().for_each(|found| report.push(found));
                        Ok((recipe, report))
                    }
                    Some(RenderError(failure)) => Err(*failure),
                }
            }
            _ => Err(report),
        }
    }

    /// The first of some cells' first and last asks, by all variants, that cannot be rendered.
    fn first_failure(&self) -> Option<RenderError> {
        let last = self.quotas.max_asks - 1;
        let cells = self.grid.cells().take(SOME_CELLS);
        let variants = 0..self.prompts.variants();
        let mut asks =
            cells.flat_map(|cell| variants.clone().flat_map(move |of| [(cell, of, 0), (cell, of, last)]));
        let asked = asks.find_map(|(cell, variant, ask)| {
            self.prompts.render_variant(&self.grid, cell, ask, variant).err()
        });
        let mut judged = (0..self.judges.len())
            .flat_map(|judge| self.grid.cells().take(SOME_CELLS).map(move |cell| (judge, cell)));
        asked.or_else(|| {
            judged.find_map(|(judge, cell)| {
                let question = Question { judge, cell, number: 0, text: "A text." };
                self.prompts.visit_judge(&self.grid, question, &mut |_, _| {}).err()
            })
        })
    }

    /// Renders every cell's first ask, as a run will.
    ///
    /// # Errors
    /// The first that cannot be rendered.
    pub fn render_all(&self) -> Result<(), RenderError> {
        let rendered = |cell: usize| {
            let cell = self.grid.cell(cell);
            self.prompts.visit(&self.grid, cell, 0, self.prompts.variant(cell, 0), &mut |_, _| {}).err()
        };
        let failure = (0..self.grid.size()).into_par_iter().find_map_first(rendered);
        failure.map_or(Ok(()), Err)
    }

    /// Within which group of cells a text of this cell may stand only once.
    pub fn scope(&self, cell: usize) -> u64 {
        match self.config.scope {
            Scope::Cell => cell as u64,
            Scope::Label => self.grid.label_key(cell),
            Scope::Dataset => 0,
        }
    }

    /// Tells the judge what the model is told, so that a text which says it over is known.
    ///
    /// All that can stand in a prompt is known before any is rendered: the first prompts of some cells, in
    /// which each value and each variant stands once, and the texts of values and lists. So what an echo
    /// is follows from the config alone.
    fn teach(&mut self) {
        if self.config.checks.echo.is_none() {
            return;
        }
        let mut unseen: Vec<HashSet<usize>> =
            self.grid.axes.iter().map(|axis| (0..axis.values.len()).collect()).collect();
        for cell in self.grid.cells() {
            if unseen.iter().all(HashSet::is_empty) {
                break;
            }
            let values = self.grid.values(cell);
            let fresh =
                unseen.iter_mut().zip(values).fold(false, |any, (left, value)| left.remove(&value) | any);
            for variant in (0..self.prompts.variants()).filter(|_| fresh) {
                for text in self.prompts.own_words(&self.grid, cell, variant) {
                    self.judge.learn(&text);
                }
            }
        }
        let values = self.config.axes.iter().flat_map(|axis| &axis.values);
        let of_values = values.flat_map(|value| value.attributes.values());
        let of_lists = self.config.lists.iter().flat_map(|list| &list.items);
        let mut left: Vec<&Value> = of_values.chain(of_lists).collect();
        while let Some(value) = left.pop() {
            match value {
                Value::String(text) => self.judge.learn(text),
                Value::Array(items) => left.extend(items),
                Value::Object(fields) => left.extend(fields.values()),
                _ => {}
            }
        }
    }

    /// A cell's values, one an axis.
    pub fn values(&self, cell: usize) -> Vec<usize> {
        self.grid.values_at(cell).collect()
    }

    /// A cell's values on the label axes.
    pub fn labels(&self, cell: usize) -> Vec<usize> {
        let axes = self.grid.axes.iter().enumerate().filter(|(_, axis)| axis.label);
        axes.map(|(axis, _)| self.grid.value_at(cell, axis)).collect()
    }

    /// Whether a text that passed its checks still waits for a ruling on what it says.
    pub fn rules_on_texts(&self) -> bool {
        self.label.is_some() || !self.judges.is_empty()
    }

    /// Whether more is to be known of a text that passed its checks, for which it has to be read.
    pub fn looks_into_texts(&self) -> bool {
        self.rules_on_texts() || self.config.dedup.semantic.is_some() || self.judge.looks_again()
    }

    /// Rows that the config wants.
    pub fn wanted(&self) -> u64 {
        self.quotas.wanted()
    }

    /// Rows that may be missing of the cells that are meant (`samples.allow_short`).
    pub fn allowed_short(&self, is_meant: impl Fn(usize) -> bool) -> u64 {
        let meant = (0..self.grid.size()).filter(|cell| is_meant(*cell));
        let wanted = meant.map(|cell| u64::from(self.quotas.rows(cell))).sum();
        self.config.samples.may_lack(wanted)
    }

    /// The fingerprint of a cell's `ask`-th request to the model that it is for; the room is used for
    /// its text.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn fingerprint(
        &self,
        models: &Models,
        cell: usize,
        ask: u32,
        room: &mut Room,
    ) -> Result<Fingerprint, RenderError> {
        let (place, frame) = (self.grid.cell(cell), self.frame(models, cell, ask));
        frame.fingerprint(self.seed(place, ask), room, |messages| self.write(place, ask, messages))
    }

    /// The same request, ready to be sent.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn ask(&self, models: &Models, cell: usize, ask: u32) -> Result<Ask, RenderError> {
        let (place, frame) = (self.grid.cell(cell), self.frame(models, cell, ask));
        frame.ask(self.seed(place, ask), |messages| self.write(place, ask, messages))
    }

    /// A request that is like an ask, and costs one token.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn probe(&self, models: &Models, cell: usize, ask: u32) -> Result<Ask, RenderError> {
        let (place, frame) = (self.grid.cell(cell), self.frame(models, cell, ask));
        frame.probe(self.seed(place, ask), |messages| self.write(place, ask, messages))
    }

    fn write(&self, place: Cell, ask: u32, messages: &mut Messages) -> Result<(), RenderError> {
        let variant = self.prompts.variant(place, ask);
        self.prompts.visit(&self.grid, place, ask, variant, &mut |role, content| messages.add(role, content))
    }

    fn seed(&self, place: Cell, ask: u32) -> u32 {
        ask_seed(self.config.seed, place, ask)
    }

    fn frame<'a>(&self, models: &'a Models, cell: usize, ask: u32) -> &'a Frame {
        &models.list()[models.of(self, cell, ask)].frame
    }

    /// A cell's `ask`-th messages and the seed of its sampling.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn messages(&self, cell: usize, ask: u32) -> Result<(Vec<Message>, u32), RenderError> {
        let place = self.grid.cell(cell);
        let messages = self.prompts.render(&self.grid, place, ask)?;
        Ok((messages, self.seed(place, ask)))
    }

    /// Bytes of an ask's messages.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn prompt_bytes(&self, cell: usize, ask: u32) -> Result<usize, RenderError> {
        let (messages, _) = self.messages(cell, ask)?;
        Ok(messages.iter().map(|message| message.content.len()).sum())
    }

    /// Tokens of an ask's prompt, as far as its bytes tell: rather too many than too few.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn guessed_tokens(&self, cell: usize, ask: u32) -> Result<u64, RenderError> {
        Ok(guessed_tokens(self.prompt_bytes(cell, ask)?))
    }
}

/// Tokens of so many bytes of prompt: rather too many than too few.
fn guessed_tokens(bytes: usize) -> u64 {
    (bytes / BYTES_PER_TOKEN) as u64 + AROUND
}

/// Bytes of a prompt that make a token, at the least that is usual.
pub const BYTES_PER_TOKEN: usize = 3;

/// Tokens of what a chat template puts around messages.
pub const AROUND: u64 = 16;

/// The rows that templates may show.
fn shelf(config: &Config) -> Result<Option<Shelf>, Diagnostic> {
    let Some(exemplars) = &config.exemplars else { return Ok(None) };
    let anonymizer = match exemplars.anonymize {
        false => None,
        // What is only recorded in rows would still be sent.
        true if ["off", "tag"].contains(&config.anonymize.preset.as_str())
            && config.anonymize.actions.is_empty() =>
        {
            Anonymizer::new(Policy::from(Preset::Strict), None).ok()
        }
        true => Some(anonymizer(config)?),
    };
    Ok(Some(Shelf::new(exemplars, anonymizer)))
}

/// The policy of `anonymize`, with its key.
fn anonymizer(config: &Config) -> Result<Anonymizer, Diagnostic> {
    let Some(variable) = config.anonymize.key_env.as_deref() else {
        // Pseudonyms without a variable are an error of the file, reported there.
        return Ok(Anonymizer::new(Policy::from(&config.anonymize), None)
            .unwrap_or_else(|KeyMissing| Anonymizer::off()));
    };
    let secret = std::env::var(variable).ok();
    Anonymizer::new(Policy::from(&config.anonymize), secret.as_deref()).map_err(|KeyMissing| {
        let found =
            Diagnostic::error("anonymize", format!("the environment variable `{variable}` is not set"))
                .help(format!("it keys the pseudonyms of names: `export {variable}=…`"));
        match config.anonymize.at {
            Some(span) => found.at(span),
            None => found,
        }
    })
}

fn quotas(config: &Config, grid: &Grid, report: &mut Report) -> Result<Quotas, Diagnostic> {
    let rows = match &config.samples.amount {
        Amount::PerCell { per_cell } => Rows::Alike { cells: grid.size(), rows: *per_cell },
        Amount::Total { total, balance } => {
            let shared = grid::share(grid, *total, balance);
            let (rows, uneven) = shared.ok_or_else(|| weightless(config, grid))?;
            if let Some(uneven) = uneven {
                report.push(uneven_warning(config, &uneven));
            }
            Rows::Each(rows)
        }
    };
    let needed = rows.most().div_ceil(config.candidates_per_ask().max(1));
    let raised = Raised::new(&rows, grid::raised(config, grid, report));
    Ok(Quotas {
        raised,
        max_asks: config.samples.max_asks.unwrap_or_else(|| needed.saturating_mul(3).max(3)),
        rows,
        duplicates: check::duplicates(&config.dedup),
        same_meaning: config.dedup.semantic.as_ref().map(|of| Similarity::from_fraction(of.threshold)),
        allowance: check::allowance(config),
    })
}

/// Says that no cell has a share of the total.
fn weightless(config: &Config, grid: &Grid) -> Diagnostic {
    let mut axes = config.axes.iter().zip(&grid.axes);
    let axis = axes.find(|(_, axis)| axis.values.iter().all(|value| value.weight() == 0.0));
    let what = match axis {
        Some((axis, _)) => {
            format!("every value of `{}` has weight 0, so no cell gets rows of `total`", axis.name)
        }
        None => "each cell has a value of weight 0, so none gets rows of `total`".to_owned(),
    };
    let found = Diagnostic::error("weight", what)
        .help("give at least one of them a `weight` above 0, or write `per_cell` in place of `total`");
    let axis = axis.map(|(axis, _)| axis).or(config.axes.first());
    match axis.and_then(|axis| axis.at) {
        Some(span) => found.at(span),
        None => found,
    }
}

fn uneven_warning(config: &Config, uneven: &Uneven) -> Diagnostic {
    let axis = &config.axes[uneven.axis];
    let (by, help) = match uneven.by_rounding {
        false => {
            ("the rules leave", "loosen `grid.exclude` for it, or balance fewer axes in `samples.balance`")
        }
        true => ("whole rows leave", "raise `samples.total`, or balance fewer axes in `samples.balance`"),
    };
    let found = Diagnostic::warning(
        "uneven",
        format!(
            "{by} {} {} with {:.1} % of the rows, and {:.1} % were wanted",
            axis.name,
            axis.values[uneven.value].name,
            100.0 * uneven.got,
            100.0 * uneven.wanted
        ),
    )
    .help(help);
    match axis.at {
        Some(span) => found.at(span),
        None => found,
    }
}
