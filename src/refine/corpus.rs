//! Words of labelled texts, counted.

use std::collections::{HashMap, HashSet};

use crate::audit::{is_word, tokens};

/// How many texts of each label have each word, and how many words they have.
#[derive(Debug, Default)]
pub struct Corpus {
    rows: u64,
    labels: HashMap<String, OfLabel>,
    /// By word: how often it stood with a capital within a text, and how often in all.
    capitals: HashMap<String, [u64; 2]>,
}

#[derive(Debug, Default)]
struct OfLabel {
    rows: u64,
    words: HashMap<String, u64>,
    lengths: Vec<usize>,
}

impl Corpus {
    /// Takes a text in, once for each of its labels.
    pub fn add<'l>(&mut self, labels: impl IntoIterator<Item = &'l str>, text: &str) {
        self.rows += 1;
        let mut words: HashSet<String> = HashSet::new();
        let mut length = 0;
        for token in tokens(text).filter(|token| is_word(token)) {
            length += 1;
            let first = token.chars().next();
            let word = token.to_lowercase().replace('’', "'");
            if first.is_some_and(char::is_alphabetic) && word.chars().count() > 2 {
                let [capital, all] = self.capitals.entry(word.clone()).or_default();
                *all += 1;
                *capital += u64::from(length > 1 && first.is_some_and(char::is_uppercase));
                words.insert(word);
            }
        }
        for label in labels {
            let of = self.labels.entry(label.to_owned()).or_default();
            of.rows += 1;
            of.lengths.push(length);
            words.iter().for_each(|word| *of.words.entry(word.clone()).or_default() += 1);
        }
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn rows_of(&self, label: &str) -> u64 {
        self.labels.get(label).map_or(0, |of| of.rows)
    }

    /// The words of a label's texts, each with how many of these have it.
    pub fn words_of(&self, label: &str) -> impl Iterator<Item = (&str, u64)> {
        let words = self.labels.get(label).into_iter().flat_map(|of| &of.words);
        words.map(|(word, rows)| (word.as_str(), *rows))
    }

    /// How many texts of a label have a word.
    pub fn with(&self, label: &str, word: &str) -> u64 {
        self.labels.get(label).and_then(|of| of.words.get(word)).copied().unwrap_or(0)
    }

    /// How many texts of other labels have a word, and how many there are, counted once for each label.
    pub fn with_elsewhere(&self, label: &str, word: &str) -> (u64, u64) {
        let others = self.labels.iter().filter(|(name, _)| *name != label);
        others.fold((0, 0), |(with, rows), (_, of)| {
            (with + of.words.get(word).copied().unwrap_or(0), rows + of.rows)
        })
    }

    /// Whether a word mostly has a capital within texts, as names do.
    pub fn is_name(&self, word: &str) -> bool {
        self.capitals.get(word).is_some_and(|[capital, all]| 2 * capital >= *all)
    }

    /// The lengths in words that texts of every label have: from the greatest of the labels' 10th percentiles
    /// to the least of their 90th, of labels with `least` rows.
    pub fn common_lengths(&self, least: usize) -> Option<(usize, usize)> {
        let mut range: Option<(usize, usize)> = None;
        for of in self.labels.values().filter(|of| of.lengths.len() >= least) {
            let mut lengths = of.lengths.clone();
            lengths.sort_unstable();
            let at = |share: f64| lengths[((lengths.len() - 1) as f64 * share).round() as usize];
            let (low, high) = range.unwrap_or((0, usize::MAX));
            range = Some((low.max(at(0.1)), high.min(at(0.9))));
        }
        range.filter(|(low, high)| low < high)
    }
}
