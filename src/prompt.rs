//! Templates, and the messages they make of a cell and an ask.

mod pick;
mod template;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use crate::config::diagnostic::{Report, Sources};
use crate::config::resolved::{Config, Template};
use crate::config::{Diagnostic, Span};
use crate::fingerprint::Message;
use crate::grid::{Cell, Grid, GridAxis};
use crate::model::hash64;
use pick::{ListObject, PickKey};
pub use pick::{best, rendezvous, weighted_score};
pub use template::File;
use template::Templates;

/// A config's templates, compiled, with the lists they pick from.
pub struct Prompts {
    templates: Templates,
    system: Option<System>,
    variants: Vec<Variant>,
    lists: Value,
    items: u32,
    seed: u64,
    /// The texts that errors are shown in.
    sources: Sources,
}

/// The system message's template.
enum System {
    /// Without a tag, so that its text is the same for every ask.
    Plain(String),
    Template(String),
}

#[derive(Debug)]
struct Variant {
    name: String,
    weight: f64,
    template: String,
    /// Where the config names or holds the template.
    at: Span,
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
        let variants: Vec<Option<Variant>> = config
            .prompt
            .user
            .iter()
            .map(|variant| {
                let name = format!("prompt.user.{}", variant.name);
                let template = name_of(&name, &variant.template)?;
                let (Template::File(_, at) | Template::Inline(_, at)) = variant.template;
                Some(Variant { name: variant.name.clone(), weight: variant.weight, template, at })
            })
            .collect();
        let roots: Vec<&str> = system
            .iter()
            .flatten()
            .map(String::as_str)
            .chain(variants.iter().flatten().map(|variant| variant.template.as_str()))
            .collect();
        templates.check_variables(&roots, config, axes, report);
        let system = match system {
            Some(None) => return None,
            other => other.flatten().map(|name| match templates.plain(&name) {
                Some(text) => System::Plain(text),
                None => System::Template(name),
            }),
        };
        let variants: Vec<Variant> = variants.into_iter().collect::<Option<_>>()?;
        let lists = Value::from_pairs(
            config
                .lists
                .iter()
                .map(|list| (list.name.clone(), Value::from_object(ListObject::new(&list.items)))),
        );
        Some(Self {
            templates,
            system,
            variants,
            lists,
            items: config.response.items,
            seed: config.seed,
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
        let context = Value::from_object(CellContext {
            cell: cell_values(grid, cell),
            lists: self.lists.clone(),
            items: self.items,
            ask,
        });
        let key = PickKey::new(self.seed, cell.id, ask);
        let variant = &self.variants[variant];
        let render = |name: &str| {
            pick::with_key(key, || self.templates.render(name, context.clone()))
                .map_err(|error| self.failure(name, error, grid, cell, ask))
        };
        let mut messages = Vec::with_capacity(2);
        if let Some(system) = &self.system {
            let content = match system {
                System::Plain(text) => text.clone(),
                System::Template(name) => render(name)?,
            };
            messages.push(Message { role: "system", content });
        }
        let content = render(&variant.template)?;
        if content.is_empty() {
            let found =
                Diagnostic::error("template-error", "this template renders to nothing").at(variant.at);
            return Err(self.shown(found, self.sources.clone(), grid, cell, ask));
        }
        messages.push(Message { role: "user", content });
        Ok(messages)
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

/// What templates can read: the cell's values by axis, `lists`, `items` and `ask`.
#[derive(Debug)]
struct CellContext {
    cell: Vec<(Arc<str>, Value)>,
    lists: Value,
    items: u32,
    ask: u32,
}

fn cell_values(grid: &Grid, cell: Cell) -> Vec<(Arc<str>, Value)> {
    let values = grid.values(cell);
    grid.axes
        .iter()
        .zip(values)
        .map(|(axis, at)| (axis.name.clone(), Value::from_dyn_object(axis.values[at].clone())))
        .collect()
}

impl Object for CellContext {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "lists" => Some(self.lists.clone()),
            "items" => Some(Value::from(self.items)),
            "ask" => Some(Value::from(self.ask)),
            axis => self.cell.iter().find(|(name, _)| **name == *axis).map(|(_, value)| value.clone()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.cell.iter().map(|(name, _)| Value::from(&**name));
        Enumerator::Values(names.chain(["lists", "items", "ask"].map(Value::from)).collect())
    }
}

/// The seed of an ask's sampling: below 2³¹, since servers differ in what they accept.
pub fn ask_seed(seed: u64, cell: Cell, ask: u32) -> u32 {
    (hash64(&[b"seed", &seed.to_le_bytes(), &cell.id.0, &ask.to_le_bytes()]) >> 33) as u32
}
