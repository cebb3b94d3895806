//! What a run or a plan comes to, counted as its outcome comes about.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::dataset::evaluate::{Accepted, Demand, Name, Place, Quotas, Rejected, Sink};
use crate::dataset::{Book, Models, Recipe, Totals, evaluate};
use crate::grid::GridAxis;
use crate::report::{AxisCount, Counts, diff};

/// What a run needs to know of an outcome.
#[derive(Debug, Default)]
pub struct Outcome {
    pub totals: Totals,
    pub demands: Vec<Demand>,
    /// By cell: accepted rows.
    pub accepted: Vec<u32>,
    /// Rejects by reason.
    pub rejected: BTreeMap<&'static str, u64>,
}

impl Outcome {
    /// Evaluates, for this and for a further sink.
    ///
    /// # Errors
    /// Only what the book fails with.
    pub fn of<N: Name, B: Book>(
        recipe: &Recipe,
        book: &mut B,
        further: &mut impl Sink<N>,
    ) -> Result<Self, B::Error> {
        let mut out = Self { accepted: vec![0; recipe.grid.size()], ..Self::default() };
        let totals = evaluate(&recipe.quotas, book, &mut (&mut out, further))?;
        Ok(Self { totals, ..out })
    }

    /// Rows that cells lack which are open, of those that are meant.
    pub fn lacking(&self, quotas: &Quotas, meant: &[bool]) -> u64 {
        let mut last = None;
        // Of a cell that waits for several answers about a text, the demands follow one another.
        let cells = self.demands.iter().map(|demand| demand.cell);
        let open = cells.filter(|cell| last.replace(*cell) != Some(*cell) && meant[*cell]);
        open.map(|cell| u64::from(quotas.rows(cell) - self.accepted[cell])).sum()
    }
}

impl<N: Name> Sink<N> for Outcome {
    fn row(&mut self, row: &Accepted<'_, N>) {
        self.accepted[row.place.cell] += u32::from(!row.is_counterpart());
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        // It was to be no row, so that it counts for no share of texts that become rows.
        if !reject.candidate.is_counterpart() {
            *self.rejected.entry(reject.why.name()).or_default() += 1;
        }
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        self.demands.push(*demand);
    }
}

/// Rows and rejects by axis and value; counterparts are none that was wanted.
#[derive(Debug)]
pub struct ByAxis<'a> {
    recipe: &'a Recipe,
    counts: Vec<Vec<AxisCount>>,
}

impl<'a> ByAxis<'a> {
    pub fn new(recipe: &'a Recipe) -> Self {
        let axes = recipe.grid.axes.iter();
        let mut counts: Vec<Vec<AxisCount>> =
            axes.map(|axis| vec![AxisCount::default(); axis.values.len()]).collect();
        for cell in 0..recipe.grid.size() {
            let rows = u64::from(recipe.quotas.rows(cell));
            for (axis, counts) in counts.iter_mut().enumerate() {
                counts[recipe.grid.value_at(cell, axis)].wanted += rows;
            }
        }
        Self { recipe, counts }
    }

    fn count(&mut self, cell: usize, of: impl Fn(&mut AxisCount) -> &mut u64) {
        for (axis, counts) in self.counts.iter_mut().enumerate() {
            *of(&mut counts[self.recipe.grid.value_at(cell, axis)]) += 1;
        }
    }

    pub fn finish(self) -> Counts {
        // A value that the rules leave no cell of is not reported as short.
        let named = |axis: &GridAxis, counts: Vec<AxisCount>| {
            let values = axis.values.iter().zip(counts).filter(|(_, count)| count.wanted > 0);
            values.map(|(value, count)| (value.name().to_owned(), count)).collect()
        };
        let axes = self.recipe.grid.axes.iter().zip(self.counts);
        axes.map(|(axis, counts)| (axis.name.to_string(), named(axis, counts))).collect()
    }
}

impl<N: Name> Sink<N> for ByAxis<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        if !row.is_counterpart() {
            self.count(row.place.cell, |count| &mut count.accepted);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if !reject.candidate.is_counterpart() {
            self.count(reject.place.cell, |count| &mut count.rejected);
        }
    }
}

/// Rows and rejects by what was asked: by prompt variant and by model, where there are several.
#[derive(Debug)]
pub struct ByAsk<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    variants: Vec<AxisCount>,
    served: Vec<AxisCount>,
    /// The ask that was counted last, with its variant and its model: its texts come one after the other.
    last: Option<((usize, u32), (usize, usize))>,
}

impl<'a> ByAsk<'a> {
    pub fn new(recipe: &'a Recipe, models: &'a Models) -> Self {
        let counts = |number: usize, of: usize| vec![AxisCount::default(); if number > 1 { of } else { 0 }];
        let (variants, all) = (recipe.prompts.variants(), models.list().len());
        let writing = (0..all).filter(|model| models.writes(recipe, *model)).count();
        let (variants, served) = (counts(variants, variants), counts(writing, all));
        Self { recipe, models, variants, served, last: None }
    }

    fn count(&mut self, place: &Place, of: impl Fn(&mut AxisCount) -> &mut u64) {
        if self.variants.is_empty() && self.served.is_empty() {
            return;
        }
        let ask = (place.cell, place.ask);
        let (variant, model) = match self.last.filter(|(last, _)| *last == ask) {
            Some((_, known)) => known,
            None => {
                let variant = self.recipe.prompts.variant(self.recipe.grid.cell(place.cell), place.ask);
                (variant, self.models.of(self.recipe, place.cell, place.ask))
            }
        };
        self.last = Some((ask, (variant, model)));
        for count in self.variants.get_mut(variant).into_iter().chain(self.served.get_mut(model)) {
            *of(count) += 1;
        }
    }

    pub fn finish(self) -> Counts {
        let mut out = Counts::new();
        for (variant, count) in self.variants.into_iter().enumerate() {
            let name = self.recipe.prompts.variant_name(variant).to_owned();
            out.entry("prompt".into()).or_default().insert(name, count);
        }
        for (model, count) in self.served.into_iter().enumerate() {
            // What only judges or embeds makes no rows.
            if !self.models.writes(self.recipe, model) {
                continue;
            }
            let model = &self.models.list()[model];
            // Models may be called alike.
            let name = model.identity.display_name().to_owned();
            let all = out.entry("model".into()).or_default().entry(name).or_default();
            all.accepted += count.accepted;
            all.rejected += count.rejected;
        }
        out
    }
}

impl<N: Name> Sink<N> for ByAsk<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        if !row.is_counterpart() {
            self.count(&row.place, |count| &mut count.accepted);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_, N>) {
        if !reject.candidate.is_counterpart() {
            self.count(&reject.place, |count| &mut count.rejected);
        }
    }
}

/// By model: an ask of it that was answered with a row.
#[derive(Debug)]
pub struct Proven<'a> {
    recipe: &'a Recipe,
    models: &'a Models,
    pub asks: Vec<Option<Demand>>,
}

impl<'a> Proven<'a> {
    pub fn new(recipe: &'a Recipe, models: &'a Models) -> Self {
        Self { recipe, models, asks: vec![None; models.list().len()] }
    }
}

impl<N: Name> Sink<N> for Proven<'_> {
    fn row(&mut self, row: &Accepted<'_, N>) {
        if self.asks.contains(&None) {
            let Place { cell, ask, fingerprint, .. } = row.place;
            let demand = Demand { cell, ask, fingerprint, about: None };
            self.asks[self.models.of(self.recipe, cell, ask)].get_or_insert(demand);
        }
    }
}

/// What changed between two states of a config: keys with their values, and template files with the
/// line where each first differs.
pub fn causes(then: (&str, &str), now: (&str, &str)) -> Vec<String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let config = |text: &str| diff::by_name(parse(text));
    let mut out: Vec<String> = diff::lines_of(&diff::changes(&config(then.0), &config(now.0)));
    for change in diff::changes(&parse(then.1), &parse(now.1)) {
        // The config itself was compared key by key.
        if !change.path.starts_with("prompts/") {
            continue;
        }
        let line = match (change.then.as_str(), change.now.as_str()) {
            (Some(a), Some(b)) => format!("{}:{}", change.path, diff::first_line(a, b)),
            _ => change.path.clone(),
        };
        out.push(line);
    }
    // Of a file both its name and what it holds may differ.
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fingerprint;

    #[test]
    fn rows_are_lacking_of_open_cells_that_are_meant() {
        let rows = crate::dataset::evaluate::Rows::Each(vec![5, 5, 5, 5]);
        let quotas = Quotas {
            raised: Default::default(),
            max_asks: 9,
            rows,
            duplicates: crate::check::Duplicates::Off,
            same_meaning: None,
            allowance: None,
        };
        let demand = |cell| Demand { cell, ask: 1, fingerprint: Fingerprint([0; 32]), about: None };
        // The last is short, and not open.
        let outcome = Outcome {
            demands: [0, 1, 1].map(demand).to_vec(),
            accepted: vec![1, 2, 5, 3],
            ..Outcome::default()
        };
        assert_eq!(outcome.lacking(&quotas, &[true; 4]), 4 + 3);
        assert_eq!(outcome.lacking(&quotas, &[false, true, true, true]), 3);
    }
}
