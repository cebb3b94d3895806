//! What became of the answers that a run asked for.

use std::collections::HashSet;

use super::worker::Progress;
use crate::dataset::evaluate::{Accepted, Name, Place, Rejected, Sink};
use crate::dataset::{Models, Recipe};
use crate::report::Asked;

/// Rows and rejects of a run's own answers, by what was asked; those of answers that were stored before are none.
#[derive(Debug)]
pub struct Own<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    answered: HashSet<(u32, u32)>,
    asked: Vec<Asked>,
}

impl<'a> Own<'a> {
    pub fn new(recipe: &'a Recipe, models: &'a Models, progress: Option<&Progress>) -> Self {
        let answered = progress.iter().flat_map(|progress| &progress.answered).copied().collect();
        let asked = progress.map_or_else(Vec::new, |progress| progress.asked.clone());
        Self { recipe, models, answered, asked }
    }

    fn count(&mut self, place: &Place, count: impl FnOnce(&mut Asked)) {
        let Place { cell, ask, .. } = *place;
        if !self.answered.contains(&(cell as u32, ask)) {
            return;
        }
        let prompts = &self.recipe.prompts;
        let prompt = prompts.variant_name(prompts.variant(self.recipe.grid.cell(cell), ask));
        let model = &self.models.list()[self.models.of(self.recipe, cell, ask)];
        count(Asked::of(&mut self.asked, prompt, model.identity.display_name()));
    }

    pub fn finish(self) -> Vec<Asked> {
        self.asked
    }
}

impl<N: Name> Sink<N> for Own<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        if !row.is_counterpart() {
            self.count(&row.place, |asked| asked.rows += 1);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if !reject.candidate.is_counterpart() {
            let reason = reject.why.name();
            self.count(&reject.place, |asked| *asked.rejected.entry(reason.to_owned()).or_default() += 1);
        }
    }
}
