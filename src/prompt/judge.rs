//! What judges are asked: a text, and what their templates make of it and its cell.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object};

use super::pick::{self, PickKey};
use super::template::Templates;
use super::{Prompts, RenderError, Shared};
use crate::config::diagnostic::Report;
use crate::config::resolved::{Config, Template};
use crate::config::{Diagnostic, Span};
use crate::grid::{Cell, Grid, GridAxis};

/// A judge's templates, by their names.
#[derive(Debug)]
pub struct JudgeRoots {
    system: Option<String>,
    user: String,
    /// Where the config names or holds the user's.
    at: Span,
    /// The axis whose value they must not show, and whose values they can read.
    blind_to: Option<usize>,
}

impl JudgeRoots {
    /// Compiles the templates of all judges; `None` where one cannot be used at all.
    pub fn compile(templates: &mut Templates, config: &Config, report: &mut Report) -> Option<Vec<Self>> {
        let mut name_of = |name: String, template: &Template| match template {
            Template::File(file, at) => templates.file(file, *at, report).then(|| file.clone()),
            Template::Inline(source, at) => templates.inline(&name, source, *at, report).then_some(name),
        };
        let judges: Vec<Option<Self>> = config
            .checks
            .judges
            .iter()
            .map(|judge| {
                let of = |part: &str| format!("checks.judges.{}.{part}", judge.name);
                let system = judge.system.as_ref().map(|template| name_of(of("system"), template));
                let user = name_of(of("prompt"), &judge.prompt);
                let (Template::File(_, at) | Template::Inline(_, at)) = judge.prompt;
                match system {
                    Some(None) => None,
                    system => {
                        Some(Self { system: system.flatten(), user: user?, at, blind_to: judge.blind_to() })
                    }
                }
            })
            .collect();
        judges.into_iter().collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.system.iter().map(String::as_str).chain([self.user.as_str()])
    }

    /// Reports variables that there are not, and a judge who is not shown the text.
    pub fn check(&self, templates: &Templates, config: &Config, axes: &[GridAxis], report: &mut Report) {
        let names: Vec<&str> = self.names().collect();
        let blind_to = self.blind_to.map(|axis| &*axes[axis].name);
        if !templates.check_judge(&names, blind_to, config, axes, report) && !report.has_errors() {
            report.push(
                Diagnostic::error("judge", "this template does not show the text that is judged")
                    .at(self.at)
                    .help("write `{{ text }}` in it"),
            );
        }
    }
}

/// A text in a cell, and which request about it this is.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The judge's index.
    pub judge: usize,
    pub cell: Cell,
    pub number: u32,
    pub text: &'a str,
}

impl Prompts {
    /// Hands over role and content of each message that asks a judge.
    ///
    /// # Errors
    /// A template that cannot be rendered for this text, shown with its source line.
    pub fn visit_judge(
        &self,
        grid: &Grid,
        question: Question<'_>,
        message: &mut dyn FnMut(&'static str, &str),
    ) -> Result<(), RenderError> {
        let roots = &self.judges[question.judge];
        if let Some(system) = &roots.system {
            message("system", self.render_judge(system, grid, question)?.trim());
        }
        message("user", self.render_judge(&roots.user, grid, question)?.trim());
        Ok(())
    }

    fn render_judge(&self, name: &str, grid: &Grid, question: Question<'_>) -> Result<String, RenderError> {
        let Question { cell, number, text, .. } = question;
        let value = |(axis, at): (usize, usize)| Value::from_dyn_object(grid.axes[axis].values[at].clone());
        let context = Value::from_object(JudgeContext {
            shared: self.shared.clone(),
            values: grid.values(cell).enumerate().map(value).collect(),
            text: Value::from(text),
            labels: self.judges[question.judge].blind_to.map(|axis| {
                grid.axes[axis].values.iter().map(|value| Value::from_dyn_object(value.clone())).collect()
            }),
        });
        let key = PickKey::new(self.seed, cell.id, number);
        let (rendered, _) = pick::with_key(key, || self.templates.render(name, context));
        rendered.map_err(|error| {
            let mut sources = self.sources.clone();
            let found = self.templates.diagnostic(name, None, &error, &mut sources);
            self.shown(found, sources, grid, cell, number)
        })
    }
}

/// What a judge's templates can read: the cell's values by axis, `lists`, `text`, and
/// `labels` where the cell's own is not to be seen.
#[derive(Debug)]
struct JudgeContext {
    shared: Arc<Shared>,
    values: Vec<Value>,
    text: Value,
    /// Where it is not told which one is meant.
    labels: Option<Value>,
}

impl Object for JudgeContext {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "text" => Some(self.text.clone()),
            "lists" => Some(self.shared.lists.clone()),
            "labels" if self.labels.is_some() => self.labels.clone(),
            axis => {
                let axis = self.shared.axes.iter().position(|name| **name == *axis)?;
                Some(self.values[axis].clone())
            }
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.shared.axes.iter().map(|name| Value::from(&**name));
        Enumerator::Values(names.chain(["lists", "text", "labels"].map(Value::from)).collect())
    }
}
