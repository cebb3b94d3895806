//! What a run brought: rows and rejects that hang on an answer which came in it.

use std::collections::HashSet;

use super::worker::Progress;
use crate::dataset::evaluate::{Accepted, Name, Place, Rejected, Sink};
use crate::dataset::{Models, Recipe};
use crate::report::Asked;

/// Rows and rejects by what was asked, of texts that came in a run or that something was answered about in it. Those that
/// were all stored before, and only waited for an earlier ask, are none.
#[derive(Debug)]
pub struct Own<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    answered: HashSet<(u32, u32)>,
    looked_into: HashSet<(u32, u32, u32)>,
    asked: Vec<Asked>,
}

impl<'a> Own<'a> {
    pub fn new(recipe: &'a Recipe, models: &'a Models, progress: Option<&Progress>) -> Self {
        let answered = progress.iter().flat_map(|progress| &progress.answered).copied().collect();
        let looked_into = progress.iter().flat_map(|progress| &progress.looked_into).copied().collect();
        let asked = progress.map_or_else(Vec::new, |progress| progress.asked.clone());
        Self { recipe, models, answered, looked_into, asked }
    }

    fn count(&mut self, place: &Place, count: impl FnOnce(&mut Asked)) {
        let Place { cell, ask, index, .. } = *place;
        let of = cell as u32;
        if !self.answered.contains(&(of, ask)) && !self.looked_into.contains(&(of, ask, index as u32)) {
            return;
        }
        let prompts = &self.recipe.prompts;
        let prompt = prompts.variant_name(prompts.variant(self.recipe.grid.cell(cell), ask));
        count(Asked::of(&mut self.asked, prompt, self.models.name_of(self.recipe, cell, ask)));
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
