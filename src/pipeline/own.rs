//! What a run brought: rows and rejects that hang on an answer which came in it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::openings::{Openings, opening_hash};
use super::worker::Progress;
use crate::audit::{DISTINCT_TEXTS, distinct_2};
use crate::dataset::evaluate::{Accepted, Place, Rejected, Sink};
use crate::dataset::{Models, Recipe};
use crate::model::RowId;
use crate::report::morning::Variety;
use crate::report::{Asked, Summary};

/// Rows and rejects by what was asked, of texts that came in a run or that something was answered about in it. Those that
/// were all stored before, and only waited for an earlier ask, are none.
#[derive(Debug)]
pub struct Own<'a> {
    recipe: &'a Recipe,
    models: Arc<Models>,
    answered: HashSet<(u32, u32)>,
    looked_into: HashSet<(u32, u32, u32)>,
    asked: Vec<Asked>,
    /// By axis and value, rejects by reason.
    rejected: Vec<Vec<BTreeMap<&'static str, u64>>>,
    sample: Sample,
}

impl<'a> Own<'a> {
    pub fn new(recipe: &'a Recipe, models: Arc<Models>, progress: Option<&Progress>) -> Self {
        let answered = progress.iter().flat_map(|progress| &progress.answered).copied().collect();
        let looked_into = progress.iter().flat_map(|progress| &progress.looked_into).copied().collect();
        let asked = progress.map_or_else(Vec::new, |progress| progress.asked.clone());
        let rejected = recipe.grid.axes.iter().map(|axis| vec![BTreeMap::new(); axis.values.len()]).collect();
        Self { recipe, models, answered, looked_into, asked, rejected, sample: Sample::default() }
    }

    fn is_own(&self, place: &Place) -> bool {
        let Place { cell, ask, index, .. } = *place;
        let of = cell as u32;
        self.answered.contains(&(of, ask)) || self.looked_into.contains(&(of, ask, index as u32))
    }

    fn variant(&self, place: &Place) -> usize {
        self.recipe.prompts.variant(self.recipe.grid.cell(place.cell), place.ask)
    }

    fn asked(&mut self, place: &Place) -> &mut Asked {
        let prompt = self.recipe.prompts.variant_name(self.variant(place));
        Asked::of(&mut self.asked, prompt, self.models.name_of(self.recipe, place.cell, place.ask))
    }

    /// Fills it in.
    pub fn fill(self, summary: &mut Summary) {
        let prompts = &self.recipe.prompts;
        summary.variety = self.sample.variety();
        let of_several = |variant| (prompts.variants() > 1).then(|| prompts.variant_name(variant).to_owned());
        let first = summary.variety.openings.first();
        let most = first.and_then(|first| self.sample.most_with(&first.words));
        summary.variety.prompt = most.and_then(of_several);
        summary.asked = self.asked;
        for (axis, values) in self.recipe.grid.axes.iter().zip(self.rejected) {
            let named = axis.values.iter().zip(values).filter(|(_, reasons)| !reasons.is_empty());
            let owned = named.map(|(value, reasons)| {
                let reasons = reasons.into_iter().map(|(reason, times)| (reason.to_owned(), times));
                (value.name().to_owned(), reasons.collect())
            });
            let owned: BTreeMap<_, _> = owned.collect();
            if !owned.is_empty() {
                summary.rejected_by.insert(axis.name.to_string(), owned);
            }
        }
    }
}

impl Sink for Own<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        if row.is_counterpart() || !self.is_own(&row.place) {
            return;
        }
        self.asked(&row.place).rows += 1;
        if self.sample.wants(row.name) {
            self.sample.take(row.name, &row.candidate.text, self.variant(&row.place));
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        if reject.candidate.is_counterpart() || !self.is_own(&reject.place) {
            return;
        }
        let reason = reject.why.name();
        *self.asked(&reject.place).rejected.entry(reason.to_owned()).or_default() += 1;
        for (axis, values) in self.rejected.iter_mut().enumerate() {
            let value = self.recipe.grid.value_at(reject.place.cell, axis);
            *values[value].entry(reason).or_default() += 1;
        }
    }
}

/// Up to as many texts as distinct-2 is taken of, with their variants: those with the least ids, which are hashes, so that
/// they are as good as drawn, from all of the run, and the same in whatever order they come.
#[derive(Debug, Default)]
struct Sample(BTreeMap<RowId, (String, usize)>);

impl Sample {
    fn wants(&self, id: RowId) -> bool {
        self.0.len() < DISTINCT_TEXTS || self.0.last_key_value().is_some_and(|(last, _)| id < *last)
    }

    fn take(&mut self, id: RowId, text: &str, variant: usize) {
        self.0.insert(id, (text.to_owned(), variant));
        if self.0.len() > DISTINCT_TEXTS {
            self.0.pop_last();
        }
    }

    fn variety(&self) -> Variety {
        let texts = || self.0.values().map(|(text, _)| text.as_str());
        let mut openings = Openings::default();
        texts().for_each(|text| openings.take(text));
        Variety {
            texts: self.0.len() as u64,
            distinct_2: distinct_2(texts()).map(|found| (found.share * 1000.0).round() / 1000.0),
            openings: openings.finish(),
            prompt: None,
        }
    }

    /// The variant that most of the texts which open so are of.
    fn most_with(&self, words: &str) -> Option<usize> {
        let hash = opening_hash(words);
        let mut by_variant: BTreeMap<usize, u64> = BTreeMap::new();
        for (_, variant) in self.0.values().filter(|(text, _)| opening_hash(text) == hash) {
            *by_variant.entry(*variant).or_default() += 1;
        }
        let most =
            by_variant.into_iter().max_by_key(|(variant, texts)| (*texts, std::cmp::Reverse(*variant)));
        most.map(|(variant, _)| variant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 3,000 texts those with the least ids, whatever order they come in; each of the last third opens alike, and so
    /// does about as large a part of the sample.
    #[test]
    fn a_sample_is_of_all_of_a_run_and_knows_no_order() {
        let id = |number: u32| RowId::from_hash(&blake3::hash(&number.to_le_bytes()));
        let text = |number: u32| match number {
            2000.. => format!("so it goes on {number}"),
            _ => format!("text number {number} is this"),
        };
        let sample = |order: &mut dyn Iterator<Item = u32>| {
            let mut sample = Sample::default();
            for number in order {
                if sample.wants(id(number)) {
                    sample.take(id(number), &text(number), usize::from(number < 2000));
                }
            }
            sample
        };
        let (one, other) = (sample(&mut (0..3000)), sample(&mut (0..3000).rev()));
        assert!(one.0 == other.0, "the order decides");
        let variety = one.variety();
        assert_eq!(variety.texts, 1000);
        let first = &variety.openings[0];
        assert_eq!((first.words.as_str(), one.most_with("so it goes")), ("so it goes", Some(0)));
        assert!((0.28..0.39).contains(&first.share), "{first:?}");
    }
}
