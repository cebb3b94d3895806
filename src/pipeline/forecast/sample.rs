//! A few of many.

use std::collections::BTreeMap;

use crate::model::Fingerprint;

/// Answers below which nothing is said of others.
pub const LEAST: u64 = 4;
/// Answers that tell well enough what others will be.
pub const ENOUGH: u64 = 20;

/// Those with the least of their fingerprints: a sample that follows from them alone and changes
/// little when they do. Only the sample is held.
#[derive(Debug)]
pub struct Sample<T> {
    size: usize,
    items: BTreeMap<Fingerprint, T>,
}

impl<T> Sample<T> {
    pub fn new(size: usize) -> Self {
        Self { size, items: BTreeMap::new() }
    }

    pub fn take(&mut self, fingerprint: Fingerprint, item: T) {
        let full = self.items.len() >= self.size;
        if full && self.items.last_key_value().is_some_and(|(last, _)| fingerprint >= *last) {
            return;
        }
        self.items.insert(fingerprint, item);
        if self.items.len() > self.size {
            self.items.pop_last();
        }
    }

    pub fn items(&self) -> &BTreeMap<Fingerprint, T> {
        &self.items
    }
}
