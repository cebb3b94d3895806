//! The labels of a text, and how sure a model is of each.

mod column;
mod human;
mod list;
mod naming;

pub use column::{Between, Column, USUAL, elsewhere, in_order, is_nothing, lacking, names, usual};
pub use human::{allowed, naming};
pub use naming::forms;

/// The most labels that one model tells apart.
pub const MOST_LABELS: usize = 128;

/// Some of at most `MOST_LABELS` labels, by their numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSet(u128);

impl LabelSet {
    /// One label alone.
    pub fn one(label: usize) -> Self {
        Self(1 << label)
    }

    pub fn insert(&mut self, label: usize) {
        self.0 |= 1 << label;
    }

    pub fn contains(self, label: usize) -> bool {
        self.0 >> label & 1 == 1
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// What both have.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What this has and the other has not.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The labels, in rising order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let next = rest.trailing_zeros() as usize;
            (rest != 0).then(|| {
                rest &= rest - 1;
                next
            })
        })
    }
}

impl FromIterator<usize> for LabelSet {
    fn from_iter<I: IntoIterator<Item = usize>>(labels: I) -> Self {
        let mut set = Self::default();
        labels.into_iter().for_each(|label| set.insert(label));
        set
    }
}

/// For each text, how probable each label is: from 0 to 1, each label by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Probabilities {
    labels: usize,
    values: Vec<f32>,
}

impl Probabilities {
    /// `values` hold one text after the other, `labels` values each.
    ///
    /// # Panics
    /// Where `labels` is 0 or does not divide their number: a mistake of the caller.
    pub fn new(labels: usize, values: Vec<f32>) -> Self {
        assert!(
            labels > 0 && values.len().is_multiple_of(labels),
            "{} values of {labels} labels",
            values.len()
        );
        Self { labels, values }
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.values.len() / self.labels
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.labels)
    }

    pub fn row(&self, text: usize) -> &[f32] {
        &self.values[text * self.labels..][..self.labels]
    }
}

/// The label that a text has most probably; of equals the first.
pub fn likeliest(row: &[f32]) -> usize {
    let mut best = 0;
    for (label, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = label;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set: LabelSet = [127, 0, 5, 5].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 5, 127]);
        assert_eq!((set.len(), set.is_empty(), set.contains(5), set.contains(6)), (3, false, true, false));
        assert_eq!(set.without(LabelSet::one(5)).iter().collect::<Vec<_>>(), [0, 127]);
        assert_eq!(set.and(LabelSet::one(127)), LabelSet::one(127));
        assert_eq!(LabelSet::default().iter().count(), 0);
    }

    #[test]
    fn of_equals_the_first_is_likeliest() {
        assert_eq!(likeliest(&[0.1, 0.7, 0.7]), 1);
        assert_eq!(likeliest(&[0.0]), 0);
    }
}
