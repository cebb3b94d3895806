//! All that decides what a config asks and how answers are judged.

use std::collections::BTreeMap;

use crate::check::Judge;
use crate::config::diagnostic::Report;
use crate::config::resolved::Scope;
use crate::config::{Config, Loaded};
use crate::fingerprint::{Frame, Identity, Message, Request};
use crate::grid::Grid;
use crate::prompt::{Prompts, RenderError, ask_seed};

use super::Quotas;

/// A config, compiled.
#[derive(Debug)]
pub struct Recipe {
    pub config: Config,
    pub grid: Grid,
    pub prompts: Prompts,
    pub judge: Judge,
}

/// One ask with all that sending it needs.
#[derive(Debug)]
pub struct Ask {
    pub request: Request,
    /// The body of the HTTP request.
    pub body: String,
}

impl Recipe {
    /// Compiles a loaded config; `files` are the texts under `prompts/` by name.
    ///
    /// # Errors
    /// Everything wrong with rules, schema and templates, and every template that cannot be
    /// rendered for some cell's first ask.
    pub fn compile(loaded: Loaded, files: BTreeMap<String, String>) -> Result<(Self, Report), Report> {
        let Loaded { config, mut report } = loaded;
        let grid = match Grid::build(&config) {
            Ok(grid) => Some(grid),
            Err(found) => {
                found.into_iter().for_each(|diagnostic| report.push(diagnostic));
                None
            }
        };
        let judge = Judge::new(&config).map_err(|found| report.push(found)).ok();
        let prompts = grid.as_ref().and_then(|grid| Prompts::compile(&config, grid, files, &mut report));
        match (grid, judge, prompts) {
            (Some(grid), Some(judge), Some(prompts)) if !report.has_errors() => {
                let recipe = Self { config, grid, prompts, judge };
                match recipe.first_failure() {
                    None => Ok((recipe, report)),
                    Some(RenderError(failure)) => Err(*failure),
                }
            }
            _ => Err(report),
        }
    }

    /// The first ask that cannot be rendered, among the first cells.
    fn first_failure(&self) -> Option<RenderError> {
        let cells = self.grid.cells();
        cells.iter().take(50).find_map(|cell| self.prompts.render(&self.grid, *cell, 0).err())
    }

    /// How many rows each cell gets, and which cells share a scope.
    pub fn quotas(&self) -> Quotas {
        let cells = self.grid.cells();
        let scope = match self.config.scope {
            Scope::Cell => (0..cells.len() as u64).collect(),
            Scope::Label => cells.iter().map(|cell| self.grid.label_key(*cell)).collect(),
            Scope::Dataset => vec![0; cells.len()],
        };
        let samples = &self.config.samples;
        Quotas { per_cell: samples.per_cell, max_asks: samples.max_asks, scope }
    }

    /// Rows that the config wants.
    pub fn wanted(&self) -> u64 {
        self.grid.cells().len() as u64 * u64::from(self.config.samples.per_cell)
    }

    pub fn frame(&self, model: &Identity) -> Frame {
        Frame::new(&self.config, model)
    }

    /// A cell's `ask`-th request to a model, in its canonical form.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn request(&self, frame: &Frame, cell: usize, ask: u32) -> Result<Request, RenderError> {
        let (messages, seed) = self.messages(cell, ask)?;
        Ok(frame.request(&messages, seed))
    }

    /// The same with the body to send.
    ///
    /// # Errors
    /// A template that fails for this ask.
    pub fn ask(&self, frame: &Frame, cell: usize, ask: u32) -> Result<Ask, RenderError> {
        let (messages, seed) = self.messages(cell, ask)?;
        Ok(Ask { request: frame.request(&messages, seed), body: frame.body(&messages, seed) })
    }

    fn messages(&self, cell: usize, ask: u32) -> Result<(Vec<Message>, u32), RenderError> {
        let place = self.grid.cells()[cell];
        let messages = self.prompts.render(&self.grid, place, ask)?;
        Ok((messages, ask_seed(self.config.seed, place, ask)))
    }
}
