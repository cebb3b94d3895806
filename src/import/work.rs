//! All steps, one after the other.

use rayon::prelude::*;
use serde::Serialize;

use super::balance::{Shortage, Tally, classes, level, shortages};
use super::duplicates::{Differing, prints, settle};
use super::groups::{groups, part_pairs};
use super::item::Item;
use super::prepare::prepare;
use super::settings::Settings;
use super::split::deal;
use super::step::Step;
use crate::model::Split;

/// What a step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that it changed.
    pub changed: u64,
    /// Rows that it took out, of train (or of all, where there are no parts), dev and test.
    pub removed: [u64; 3],
}

/// What became of all rows.
#[derive(Debug)]
pub struct Outcome {
    /// All of them, in the order in which they came; those that went have a fate.
    pub items: Vec<Item>,
    pub classes: Vec<Tally>,
    pub shortages: Vec<Shortage>,
    pub differing: Differing,
    /// Rows of the largest group that stays in one part, where rows were dealt out.
    pub largest: usize,
}

/// Rows that wait to be worked on.
#[derive(Debug)]
pub struct Work {
    pub items: Vec<Item>,
    pub labels: Vec<String>,
}

impl Work {
    /// Takes the rows through every step.
    ///
    /// # Errors
    /// A quota of something that there is not.
    pub fn run(mut self, settings: &Settings) -> Result<Outcome, String> {
        let mut classes = classes(&self.labels, &settings.quotas)?;
        if settings.split.is_some() {
            self.items.iter_mut().for_each(|item| item.split = None);
        }
        self.items.par_iter_mut().for_each(|item| prepare(item, settings));
        let prints = prints(&self.items);
        let differing = settle(&mut self.items, &prints, settings);
        let mut largest = 0;
        if let Some(share) = settings.split {
            let kept: Vec<usize> = (0..self.items.len()).filter(|row| self.items[*row].is_kept()).collect();
            let groups = groups(&self.items, &kept, &prints, settings);
            largest = deal(&mut self.items, &kept, groups, share, settings.seed);
        }
        drop(prints);
        level(&mut self.items, &mut classes, settings.seed);
        part_pairs(&mut self.items);
        let shortages = shortages(&classes);
        Ok(Outcome { items: self.items, classes, shortages, differing, largest })
    }
}

impl Outcome {
    pub fn counts(&self, step: Step) -> Counts {
        let mut counts = Counts::default();
        for item in &self.items {
            counts.changed += u64::from(item.is_kept() && item.changed.contains(step));
            if item.fate.as_ref().is_some_and(|fate| fate.step == step) {
                counts.removed[item.split.map_or(0, |split| split as usize)] += 1;
            }
        }
        counts
    }

    /// The rows that stay, of one part or of none.
    pub fn kept(&self, split: Option<Split>) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.is_kept() && item.split == split)
    }
}

#[cfg(test)]
mod tests;
