//! Whether what is said with 70 % is right in 70 % of the cases.

use serde::Serialize;

use crate::labels::{LabelSet, Probabilities, likeliest};

/// Answers of about one probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bin {
    pub from: f64,
    pub to: f64,
    pub n: u64,
    /// The mean of their probabilities.
    pub said: f64,
    /// The part of them that was right.
    pub was: f64,
}

/// A reliability table, and its expected error.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Σ n/N · |said − was| over the bins.
    pub ece: f64,
    pub bins: Vec<Bin>,
}

pub const BINS: usize = 10;

/// The expected calibration error over ten bins of equal width (C. Guo et al., *On calibration of
/// modern neural networks*, ICML 2017).
fn of(answers: impl Iterator<Item = (f32, bool)>) -> Calibration {
    let mut sums = [(0u64, 0f64, 0u64); BINS];
    for (probability, right) in answers {
        let bin = ((f64::from(probability) * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += f64::from(probability);
        sums[bin].2 += u64::from(right);
    }
    let all: u64 = sums.iter().map(|(n, _, _)| n).sum();
    let width = 1.0 / BINS as f64;
    let bins: Vec<Bin> = sums
        .iter()
        .enumerate()
        .map(|(bin, (n, said, was))| {
            let count = (*n).max(1) as f64;
            let from = bin as f64 * width;
            Bin { from, to: from + width, n: *n, said: said / count, was: *was as f64 / count }
        })
        .collect();
    let ece =
        bins.iter().map(|bin| bin.n as f64 * (bin.said - bin.was).abs()).sum::<f64>() / all.max(1) as f64;
    Calibration { ece, bins }
}

/// Of each text the likeliest label alone: is it one that the text has?
pub fn of_likeliest(probabilities: &Probabilities, gold: &[LabelSet]) -> Calibration {
    of(probabilities.rows().zip(gold).map(|(row, gold)| {
        let label = likeliest(row);
        (row[label], gold.contains(label))
    }))
}

/// Of every text every label: does the text have it?
pub fn of_all(probabilities: &Probabilities, gold: &[LabelSet]) -> Calibration {
    of(probabilities.rows().zip(gold).flat_map(|(row, gold)| {
        row.iter().enumerate().map(|(label, probability)| (*probability, gold.contains(label)))
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_error_is_the_mean_distance() {
        // Two at .95 of which one is right, two at .05 of which none is: (2 · .45 + 2 · .05) / 4.
        let found = of([(0.95, true), (0.95, false), (0.05, false), (0.05, false)].into_iter());
        assert!((found.ece - 0.25).abs() < 1e-6, "{found:?}");
        assert_eq!((found.bins[9].n, found.bins[0].n), (2, 2));
        assert_eq!(of(std::iter::empty()).ece, 0.0);
    }

    #[test]
    fn one_and_zero_have_bins() {
        let found = of([(1.0, true), (0.0, false)].into_iter());
        assert_eq!((found.bins[0].n, found.bins[9].n, found.ece), (1, 1, 0.0));
    }

    #[test]
    fn the_likeliest_alone_and_all() {
        let probabilities = Probabilities::new(2, vec![0.8, 0.3, 0.2, 0.6]);
        let gold = [LabelSet::one(0), LabelSet::one(0)];
        assert!((of_likeliest(&probabilities, &gold).ece - (0.2 + 0.6) / 2.0).abs() < 1e-6);
        assert_eq!(of_all(&probabilities, &gold).bins.iter().map(|bin| bin.n).sum::<u64>(), 4);
    }

    proptest! {
        #[test]
        fn it_lies_between_0_and_1(answers in prop::collection::vec((0f32..=1.0, any::<bool>()), 0..50)) {
            let n = answers.len() as u64;
            let found = of(answers.into_iter());
            prop_assert!((0.0..=1.0).contains(&found.ece));
            prop_assert_eq!(found.bins.iter().map(|bin| bin.n).sum::<u64>(), n);
        }
    }
}
