//! Templates, and the messages they make of a cell and an ask.

mod exemplars;
mod judge;
mod memo;
mod pick;
mod template;
mod wording;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use crate::config::diagnostic::{Report, Sources};
use crate::config::resolved::{Config, Template};
use crate::config::{self, Diagnostic, Span};
use crate::fingerprint::{Message, PROMPT};
use crate::grid::{Cell, Grid, GridAxis};
use crate::model::hash64;
pub use exemplars::Shelf;
use judge::JudgeRoots;
pub use judge::Question;
use memo::{Memo, Next, Trace, Traced};
use pick::{ListObject, PickKey};
pub use pick::{best, rendezvous, weighted_score};
pub use template::File;
use template::Templates;
pub use wording::Wording;

/// A config's templates, compiled, with the lists they pick from.
pub struct Prompts {
    templates: Templates,
    system: Option<Root>,
    variants: Vec<Variant>,
    /// In the config's order.
    judges: Vec<JudgeRoots>,
    shared: Arc<Shared>,
    seed: u64,
    /// Whose the last message is.
    role: &'static str,
    /// The texts that errors are shown in.
    sources: Sources,
}

#[derive(Debug)]
struct Variant {
    name: String,
    weight: f64,
    template: Root,
    /// Where the config names or holds the template.
    at: Span,
}

/// A template that a message is made of.
#[derive(Debug)]
struct Root {
    name: String,
    /// Values that it prints may leave gaps.
    gaps: bool,
    memo: Memo,
}

impl Root {
    fn new(name: String, templates: &Templates) -> Self {
        Self { gaps: templates.only_prints(&name), name, memo: Memo::default() }
    }
}

/// A template that failed at a cell.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RenderError(pub Box<Report>);

impl fmt::Debug for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prompts").field("variants", &self.variants).finish_non_exhaustive()
    }
}

impl Prompts {
    /// Compiles every template that the config names.
    ///
    /// `files` are the texts under `prompts/`, by their names there. What is wrong with a template
    /// goes to the report; `None` where one cannot be used at all.
    pub fn compile(
        config: &Config,
        axes: &[GridAxis],
        files: BTreeMap<String, File>,
        shelf: Option<Shelf>,
        report: &mut Report,
    ) -> Option<Self> {
        let mut templates = Templates::new(files);
        let mut name_of = |name: &str, template: &Template| match template {
            Template::File(file, at) => templates.file(file, *at, report).then(|| file.clone()),
            Template::Inline(source, at) => {
                templates.inline(name, source, *at, report).then(|| name.to_owned())
            }
        };
        let system = config.prompt.system.as_ref().map(|template| name_of("prompt.system", template));
        let variants: Vec<Option<String>> = config
            .prompt
            .user
            .iter()
            .map(|variant| name_of(&format!("prompt.user.{}", variant.name), &variant.template))
            .collect();
        let roots: Vec<&str> = system
            .iter()
            .flatten()
            .map(String::as_str)
            .chain(variants.iter().flatten().map(String::as_str))
            .collect();
        let judges = JudgeRoots::compile(&mut templates, config, report);
        let of_judges: Vec<&str> = judges.iter().flatten().flat_map(JudgeRoots::names).collect();
        templates.check_variables(&roots, &of_judges, config, axes, report);
        judges.iter().flatten().for_each(|judge| judge.check(&templates, config, axes, report));
        let system = match system {
            Some(None) => return None,
            other => other.flatten().map(|name| Root::new(name, &templates)),
        };
        let variants: Vec<String> = variants.into_iter().collect::<Option<_>>()?;
        let variant = |(variant, name): (&config::resolved::Variant, String)| {
            let (Template::File(_, at) | Template::Inline(_, at)) = variant.template;
            let template = Root::new(name, &templates);
            Variant { name: variant.name.clone(), weight: variant.weight, template, at }
        };
        let variants = config.prompt.user.iter().zip(variants).map(variant).collect();
        let lists = Value::from_pairs(
            config
                .lists
                .iter()
                .map(|list| (list.name.clone(), Value::from_object(ListObject::new(&list.items)))),
        );
        let names = axes.iter().map(|axis| axis.name.clone()).collect();
        let role = if config.prompt.completion { PROMPT } else { "user" };
        let shared = Arc::new(Shared { axes: names, lists, items: config.response.items, shelf });
        let judges = judges?;
        Some(Self {
            templates,
            system,
            variants,
            judges,
            shared,
            seed: config.seed,
            role,
            sources: report.sources.clone(),
        })
    }

    /// The messages of a cell's `ask`-th request; the same on every machine.
    ///
    /// # Errors
    /// A template that cannot be rendered for this cell, shown with its source line.
    pub fn render(&self, grid: &Grid, cell: Cell, ask: u32) -> Result<Vec<Message>, RenderError> {
        self.render_variant(grid, cell, ask, self.variant(cell, ask))
    }

    /// The same by a variant of the caller's choice.
    ///
    /// # Errors
    /// As `render`.
    pub fn render_variant(
        &self,
        grid: &Grid,
        cell: Cell,
        ask: u32,
        variant: usize,
    ) -> Result<Vec<Message>, RenderError> {
        let mut messages = Vec::with_capacity(2);
        self.visit(grid, cell, ask, variant, &mut |role, content| {
            messages.push(Message { role, content: content.to_owned() });
        })?;
        Ok(messages)
    }

    /// Hands over role and content of each message, as `render` makes them.
    ///
    /// # Errors
    /// As `render`.
    pub fn visit(
        &self,
        grid: &Grid,
        cell: Cell,
        ask: u32,
        variant: usize,
        message: &mut dyn FnMut(&'static str, &str),
    ) -> Result<(), RenderError> {
        if let Some(system) = &self.system {
            self.content(system, grid, cell, ask, &mut |content| message("system", content))?;
        }
        let variant = &self.variants[variant];
        let mut empty = false;
        self.content(&variant.template, grid, cell, ask, &mut |content| {
            empty = content.is_empty();
            message(self.role, content);
        })?;
        if empty {
            let found =
                Diagnostic::error("template-error", "this template renders to nothing").at(variant.at);
            return Err(self.shown(found, self.sources.clone(), grid, cell, ask));
        }
        Ok(())
    }

    /// Hands over what a template makes of an ask.
    fn content(
        &self,
        root: &Root,
        grid: &Grid,
        cell: Cell,
        ask: u32,
        take: &mut dyn FnMut(&str),
    ) -> Result<(), RenderError> {
        let mut trimmed = |text: &str| take(text.trim());
        match root.memo.recall(grid, cell, &mut trimmed) {
            Next::Done => return Ok(()),
            Next::Render => {}
            Next::Trace => {
                let trace = Trace::new(root.gaps);
                let (text, picked) = self.render_root(root, grid, (cell, ask), Some(&trace), true);
                if picked {
                    trace.boundless();
                }
                // What fails is rendered once more as it is, for the words of the error.
                if let Ok(text) = text
                    && root.memo.keep(grid, cell, &text, &trace, &mut trimmed)
                {
                    return Ok(());
                }
            }
        }
        let (text, _) = self.render_root(root, grid, (cell, ask), None, true);
        trimmed(&text.map_err(|error| self.failure(&root.name, error, grid, cell, ask))?);
        Ok(())
    }

    /// What a variant's templates say by themselves of a cell's first ask, without the rows that they show;
    /// what cannot be rendered without them says nothing.
    pub fn own_words(&self, grid: &Grid, cell: Cell, variant: usize) -> Vec<String> {
        let roots = self.system.iter().chain([&self.variants[variant].template]);
        roots.filter_map(|root| self.render_root(root, grid, (cell, 0), None, false).0.ok()).collect()
    }

    /// Renders a template, with rows to show or as if there were none; also tells whether it picked
    /// anything.
    fn render_root(
        &self,
        root: &Root,
        grid: &Grid,
        (cell, ask): (Cell, u32),
        trace: Option<&Arc<Trace>>,
        rows: bool,
    ) -> (Result<String, minijinja::Error>, bool) {
        let gaps = trace.is_some_and(|trace| trace.leaves_gaps());
        let value = |(axis, at): (usize, usize)| {
            let value = grid.axes[axis].values[at].clone();
            match trace.filter(|_| gaps) {
                Some(trace) => Value::from_object(Traced::new(value, axis, trace.clone())),
                None => Value::from_dyn_object(value),
            }
        };
        let context = Value::from_object(CellContext {
            shared: self.shared.clone(),
            values: grid.values(cell).enumerate().map(value).collect(),
            ask,
            cell: self.shared.shelf.as_ref().map(|_| {
                let names = grid.axes.iter().enumerate().map(|(axis, _)| grid.name(cell, axis).to_owned());
                grid.values(cell).zip(names).collect()
            }),
            trace: trace.cloned(),
            rows,
        });
        pick::with_key(PickKey::new(self.seed, cell.id, ask), || match gaps {
            true => self.templates.render_traced(&root.name, context),
            false => self.templates.render(&root.name, context),
        })
    }

    /// How many variants there are.
    pub fn variants(&self) -> usize {
        self.variants.len()
    }

    pub fn variant_name(&self, variant: usize) -> &str {
        &self.variants[variant].name
    }

    /// Names of the template files that were read, in order.
    pub fn files_used(&self) -> Vec<(String, String)> {
        self.templates.used()
    }

    /// Which variant an ask uses, by weight: adding a variant moves no ask between the others.
    pub fn variant(&self, cell: Cell, ask: u32) -> usize {
        if let [_] = self.variants.as_slice() {
            return 0;
        }
        let scores = self.variants.iter().map(|variant| {
            let hash = hash64(&[
                b"variant",
                &self.seed.to_le_bytes(),
                &cell.id.0,
                &ask.to_le_bytes(),
                variant.name.as_bytes(),
            ]);
            pick::weighted_score(hash, variant.weight)
        });
        pick::best(scores)
    }

    fn failure(&self, name: &str, error: minijinja::Error, grid: &Grid, cell: Cell, ask: u32) -> RenderError {
        let mut sources = self.sources.clone();
        let found = self.templates.diagnostic(name, None, &error, &mut sources);
        self.shown(found, sources, grid, cell, ask)
    }

    /// A finding with the cell and ask that it was met at.
    fn shown(&self, found: Diagnostic, sources: Sources, grid: &Grid, cell: Cell, ask: u32) -> RenderError {
        let mut report = Report { sources, found: Vec::new() };
        let place = format!("while rendering {} (ask {ask})", grid.describe(cell));
        let found = Diagnostic {
            help: Some(match found.help {
                Some(help) => format!("{help}\n{place}"),
                None => place,
            }),
            ..found
        };
        report.push(found);
        RenderError(Box::new(report))
    }
}

/// What templates can read whatever the cell.
#[derive(Debug)]
struct Shared {
    /// The names of the axes.
    axes: Vec<Arc<str>>,
    lists: Value,
    items: u32,
    shelf: Option<Shelf>,
}

/// What templates can read: the cell's values by axis, `lists`, `items`, `ask` and `exemplars`.
#[derive(Debug)]
struct CellContext {
    shared: Arc<Shared>,
    /// By axis.
    values: Vec<Value>,
    ask: u32,
    /// By axis: the cell's value, as an index and by its name; where rows are drawn by them.
    cell: Option<Vec<(usize, String)>>,
    trace: Option<Arc<Trace>>,
    /// Whether there are rows to show.
    rows: bool,
}

impl Object for CellContext {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "lists" => Some(self.shared.lists.clone()),
            "items" => Some(Value::from(self.shared.items)),
            "ask" => {
                self.trace.iter().for_each(|trace| trace.boundless());
                Some(Value::from(self.ask))
            }
            "exemplars" if self.cell.is_some() => {
                let (shelf, cell) = self.shared.shelf.as_ref().zip(self.cell.as_ref())?;
                if !self.rows {
                    return Some(Value::from(Vec::<Value>::new()));
                }
                let value = |axis: usize| (cell[axis].0, cell[axis].1.as_str());
                Some(shelf.draw(pick::salted("exemplars"), value).into())
            }
            axis => {
                let axis = self.shared.axes.iter().position(|name| **name == *axis)?;
                if let Some(trace) = self.trace.as_ref().filter(|trace| !trace.leaves_gaps()) {
                    trace.read(axis);
                }
                Some(self.values[axis].clone())
            }
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.shared.axes.iter().map(|name| Value::from(&**name));
        let others = ["lists", "items", "ask"].into_iter().chain(self.cell.is_some().then_some("exemplars"));
        Enumerator::Values(names.chain(others.map(Value::from)).collect())
    }
}

/// The seed of an ask's sampling: below 2³¹, since servers differ in what they accept.
pub fn ask_seed(seed: u64, cell: Cell, ask: u32) -> u32 {
    (hash64(&[b"seed", &seed.to_le_bytes(), &cell.id.0, &ask.to_le_bytes()]) >> 33) as u32
}
