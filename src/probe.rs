//! A small classifier that trains in seconds: TF-IDF and logistic regression, one label against the
//! rest, with a threshold a label.
//!
//! It is a yardstick rather than a product: cheap enough to be trained again after every change of a
//! dataset, and good enough to tell whether the change helped.

mod file;
mod logistic;
mod matrix;
mod ngrams;
mod solver;
mod threshold;
mod vocabulary;

use rayon::prelude::*;

pub use file::ProbeError;
pub use solver::Effort;
pub use vocabulary::Buffer;

use crate::labels::{LabelSet, Probabilities};
use logistic::logistic;
use matrix::{Matrix, Row};
use vocabulary::Vocabulary;

/// A trained classifier.
#[derive(Debug, Clone)]
pub struct Probe {
    head: Head,
    vocabulary: Vocabulary,
    /// Of each n-gram, a weight a label, in units of the label's `unit`.
    weights: Vec<i16>,
}

/// What a probe says of itself.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Head {
    pub labels: Vec<String>,
    /// How labels were grouped before training: `none`, `ekman` or `sentiment`.
    pub map: String,
    pub settings: Settings,
    /// Rows that it was trained on.
    pub rows: u64,
    /// Of each label: how many of those have it.
    pub counts: Vec<u64>,
    /// From which probability on a label is given.
    pub thresholds: Vec<f32>,
    /// The rows that the thresholds were tuned on; 0 if they were not.
    pub tuned_on: u64,
    pub bias: Vec<f32>,
    /// The most passes over the rows that a label took to settle.
    pub passes: u32,
    unit: Vec<f32>,
}

/// What training can be told.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Settings {
    /// C of the regression: the higher, the closer to the training rows.
    pub strength: f32,
    /// N-grams of fewer training rows are left out.
    pub min_df: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { strength: 1.0, min_df: 2 }
    }
}

/// The threshold of a label that could not be tuned.
const UNTUNED: f32 = 0.5;

impl Probe {
    /// Trains on texts with their labels, which are numbers into `labels`.
    ///
    /// The outcome is the same, to the last bit, for the same arguments.
    pub fn train(
        texts: &[&str],
        gold: &[LabelSet],
        labels: Vec<String>,
        map: &str,
        settings: Settings,
    ) -> Self {
        let vocabulary = Vocabulary::of(texts.iter().copied(), settings.min_df);
        let rows = vocabulary.matrix(texts.iter().copied());
        let effort = Effort { strength: settings.strength, ..Effort::default() };
        let Parts { weights, bias, unit, passes } = match labels.len() {
            ..=4 => fit_all::<4>(&rows, &vocabulary, gold, labels.len(), effort),
            5..=8 => fit_all::<8>(&rows, &vocabulary, gold, labels.len(), effort),
            _ => fit_all::<16>(&rows, &vocabulary, gold, labels.len(), effort),
        };
        let mut counts = vec![0; labels.len()];
        gold.iter().flat_map(|gold| gold.iter()).for_each(|label| counts[label] += 1);
        let thresholds = vec![UNTUNED; labels.len()];
        let rows = texts.len() as u64;
        let map = map.to_owned();
        let head = Head { labels, map, settings, rows, counts, thresholds, tuned_on: 0, bias, passes, unit };
        Self { head, vocabulary, weights }
    }

    /// Chooses each label's threshold so that its F1 on these rows is best; a label that none of them
    /// has keeps 0.5.
    pub fn tune(&mut self, probabilities: &Probabilities, gold: &[LabelSet]) {
        let mut scored = Vec::with_capacity(gold.len());
        for label in 0..self.head.labels.len() {
            scored.clear();
            let rows = probabilities.rows().zip(gold);
            scored.extend(rows.map(|(row, gold)| (row[label], gold.contains(label))));
            self.head.thresholds[label] =
                threshold::best(&mut scored).map_or(UNTUNED, |(threshold, _)| threshold);
        }
        self.head.tuned_on = gold.len() as u64;
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many n-grams it knows.
    pub fn ngrams(&self) -> usize {
        self.vocabulary.hashes().len()
    }

    /// How probable each label is for a text, added to `out`.
    fn probabilities_of(&self, text: &str, buffer: &mut Buffer, row: &mut Row, out: &mut Vec<f32>) {
        let labels = self.head.labels.len();
        self.vocabulary.row(text, buffer, row);
        let start = out.len();
        out.resize(start + labels, 0.0);
        let sums = &mut out[start..];
        for (id, value) in row.ids.iter().zip(&row.values) {
            let weights = &self.weights[*id as usize * labels..][..labels];
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += value * f32::from(*weight);
            }
        }
        for (label, sum) in sums.iter_mut().enumerate() {
            *sum = logistic(*sum * self.head.unit[label] + self.head.bias[label]);
        }
    }

    /// How probable each label is for each text.
    pub fn probabilities<T: AsRef<str> + Sync>(&self, texts: &[T]) -> Probabilities {
        let parts: Vec<Vec<f32>> = texts
            .par_chunks(1024)
            .map(|texts| {
                let (mut buffer, mut row) = (Buffer::default(), Row::default());
                let mut out = Vec::with_capacity(texts.len() * self.head.labels.len());
                for text in texts {
                    self.probabilities_of(text.as_ref(), &mut buffer, &mut row, &mut out);
                }
                out
            })
            .collect();
        Probabilities::new(self.head.labels.len(), parts.concat())
    }

    /// The labels that reach their thresholds.
    pub fn given(&self, row: &[f32]) -> LabelSet {
        let reached = row.iter().zip(&self.head.thresholds).enumerate();
        reached.filter(|(_, (value, threshold))| value >= threshold).map(|(label, _)| label).collect()
    }

    /// The same for many texts.
    pub fn all_given(&self, probabilities: &Probabilities) -> Vec<LabelSet> {
        probabilities.rows().map(|row| self.given(row)).collect()
    }
}

/// What training makes of all labels.
struct Parts {
    weights: Vec<i16>,
    bias: Vec<f32>,
    unit: Vec<f32>,
    passes: u32,
}

/// Trains all labels, `L` at a time, and rounds the weights to 1/32,767 of the label's largest.
fn fit_all<const L: usize>(
    rows: &Matrix,
    vocabulary: &Vocabulary,
    gold: &[LabelSet],
    labels: usize,
    effort: Effort,
) -> Parts {
    let ngrams = vocabulary.hashes().len();
    let parts: Vec<usize> = (0..labels).step_by(L).collect();
    let fitted: Vec<solver::Fitted<L>> =
        parts.par_iter().map(|first| solver::fit::<L>(rows, ngrams, gold, *first, effort)).collect();
    let mut unit = vec![0f32; labels];
    let mut bias = vec![0f32; labels];
    for label in 0..labels {
        let part = &fitted[label / L];
        let largest = part.weights.iter().fold(0f32, |most, of_it| most.max(of_it[label % L].abs()));
        unit[label] = largest / f32::from(i16::MAX);
        bias[label] = part.bias[label % L];
    }
    let mut weights = Vec::with_capacity(ngrams * labels);
    for ngram in 0..ngrams {
        for label in 0..labels {
            let weight = fitted[label / L].weights[ngram][label % L];
            weights.push(if unit[label] > 0.0 { (weight / unit[label]).round() as i16 } else { 0 });
        }
    }
    let passes = fitted.iter().map(|part| part.passes).max().unwrap_or(0);
    Parts { weights, bias, unit, passes }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sentences of our own: `good` about half of the time, `loud` now and then.
    fn rows() -> (Vec<String>, Vec<LabelSet>) {
        let mut texts = Vec::new();
        let mut gold = Vec::new();
        for n in 0..60usize {
            let thing = ["tea", "bus", "garden", "neighbour", "song"][n % 5];
            let (word, mut set) = match n % 2 {
                0 => (["lovely", "wonderful", "delightful"][n % 3], LabelSet::one(0)),
                _ => (["dreadful", "awful", "miserable"][n % 3], LabelSet::one(1)),
            };
            let loud = n % 7 == 0;
            if loud {
                set.insert(2);
            }
            texts.push(format!("The {thing} was {word} today{}", if loud { "!!!" } else { "." }));
            gold.push(set);
        }
        (texts, gold)
    }

    fn trained() -> Probe {
        let (texts, gold) = rows();
        let labels = ["good", "bad", "loud"].map(str::to_owned).to_vec();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut probe = Probe::train(&texts, &gold, labels, "none", Settings::default());
        let probabilities = probe.probabilities(&texts);
        probe.tune(&probabilities, &gold);
        probe
    }

    /// One that was trained once.
    fn shared() -> &'static Probe {
        static PROBE: std::sync::LazyLock<Probe> = std::sync::LazyLock::new(trained);
        &PROBE
    }

    #[test]
    fn it_learns_and_says_what_it_learnt_from() {
        let probe = trained();
        let texts = ["What a wonderful garden.", "An awful song.", "A miserable bus ride!!!"];
        let given = probe.all_given(&probe.probabilities(&texts));
        assert_eq!(given[0], LabelSet::one(0));
        assert_eq!(given[1], LabelSet::one(1));
        assert!(given[2].contains(1) && given[2].contains(2));
        let head = probe.head();
        assert_eq!((head.rows, &head.counts[..], head.tuned_on), (60, &[30, 30, 9][..], 60));
    }

    #[test]
    fn training_again_gives_the_same_bytes_whatever_the_threads() {
        let once = trained().to_bytes();
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| trained().to_bytes()) == once);
        }
    }

    #[test]
    fn a_file_gives_the_same_probe_back() {
        let probe = trained();
        let bytes = probe.to_bytes();
        let again = Probe::from_bytes(&bytes).unwrap();
        assert_eq!(again.head(), probe.head());
        let texts = ["A lovely day", "", "zzz 好 \u{202e}"];
        assert_eq!(again.probabilities(&texts), probe.probabilities(&texts));
        assert!(again.to_bytes() == bytes);
    }

    #[test]
    fn no_training_rows_give_a_probe_that_knows_nothing() {
        let probe = Probe::train(&[], &[], vec!["a".into(), "b".into()], "none", Settings::default());
        let found = probe.probabilities(&["anything"]);
        assert_eq!(found.row(0), [0.5, 0.5]);
        assert!(Probe::from_bytes(&probe.to_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_has_probabilities(texts in prop::collection::vec("\\PC{0,80}|[\\x00-\\x7f]{0,80}|[a-z ]{0,60}", 0..4)) {
            let found = shared().probabilities(&texts);
            prop_assert_eq!(found.len(), texts.len());
            prop_assert!(found.rows().flatten().all(|value| (0.0..=1.0).contains(value)));
        }

        /// Nothing that a file may hold panics, and nothing but what was written is taken.
        #[test]
        fn a_broken_file_is_an_error(at in 0usize..10_000, byte in any::<u8>(), cut in 0usize..10_000) {
            let bytes = shared().to_bytes();
            let mut broken = bytes.clone();
            let at = at % broken.len();
            broken[at] = byte;
            prop_assert_eq!(Probe::from_bytes(&broken).is_ok(), broken == bytes);
            prop_assert!(Probe::from_bytes(&bytes[..cut % bytes.len()]).is_err());
        }

        #[test]
        fn any_bytes_can_be_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Probe::from_bytes(&bytes).is_err());
            let mut framed = file::MAGIC.to_vec();
            framed.extend(bytes);
            prop_assert!(Probe::from_bytes(&framed).is_err());
            framed.extend(*blake3::hash(&framed).as_bytes());
            prop_assert!(Probe::from_bytes(&framed).is_err());
        }
    }
}
