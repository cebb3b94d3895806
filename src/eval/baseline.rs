//! What answers are worth that read nothing.

use super::score::{count, macro_f1, micro_f1};
use crate::labels::LabelSet;
use crate::model::random::Random;

/// A way to answer without reading the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// One label, each as likely as the others.
    Uniform,
    /// Each label by itself, as often as training rows have it.
    Prior,
    /// The label that most training rows have, always.
    Majority,
    /// Every label, always: what a threshold of 0 gives.
    All,
}

impl Baseline {
    pub const EVERY: [Self; 4] = [Self::Uniform, Self::Prior, Self::Majority, Self::All];

    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform random",
            Self::Prior => "prior",
            Self::Majority => "majority",
            Self::All => "every label",
        }
    }
}

/// A baseline's scores; of one that draws, the mean of `DRAWS` draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    pub macro_f1: f64,
    pub micro_f1: f64,
}

const DRAWS: usize = 20;

/// Scores a baseline; `counts` says how many of `rows` training rows have each label.
pub fn floor(baseline: Baseline, gold: &[LabelSet], counts: &[u64], rows: u64, seed: u64) -> Floor {
    let labels = counts.len();
    let draws = match baseline {
        Baseline::Uniform | Baseline::Prior => DRAWS,
        Baseline::Majority | Baseline::All => 1,
    };
    // The first of equals.
    let most = (0..labels).rev().max_by_key(|label| counts[*label]).unwrap_or(0);
    let mut random = Random::new(seed);
    let mut answer = || match baseline {
        Baseline::Uniform => LabelSet::one(random.below(labels)),
        Baseline::Prior => {
            let has = |label: &usize| random.unit() * (rows as f64) < counts[*label] as f64;
            (0..labels).filter(has).collect()
        }
        Baseline::Majority => LabelSet::one(most),
        Baseline::All => (0..labels).collect(),
    };
    let mut floor = Floor { macro_f1: 0.0, micro_f1: 0.0 };
    for _ in 0..draws {
        let given: Vec<LabelSet> = gold.iter().map(|_| answer()).collect();
        let counts = count(labels, gold, &given, 0..gold.len());
        floor.macro_f1 += macro_f1(&counts) / draws as f64;
        floor.micro_f1 += micro_f1(&counts) / draws as f64;
    }
    floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_what_chance_gives() {
        // Four labels, one a text, the first as frequent as the others together.
        let gold: Vec<LabelSet> = (0..6000).map(|n| LabelSet::one([0, 1, 0, 2, 0, 3][n % 6])).collect();
        let counts = [300, 100, 100, 100];
        let of = |baseline| floor(baseline, &gold, &counts, 600, 1);
        let close = |found: f64, right: f64| assert!((found - right).abs() < 0.01, "{found} {right}");
        // Precision is the label's share, recall ¼.
        let f1 = |precision: f64, recall: f64| 2.0 * precision * recall / (precision + recall);
        close(of(Baseline::Uniform).macro_f1, (f1(0.5, 0.25) + 3.0 * f1(1.0 / 6.0, 0.25)) / 4.0);
        close(of(Baseline::Prior).macro_f1, (0.5 + 3.0 / 6.0) / 4.0);
        close(of(Baseline::Majority).macro_f1, f1(0.5, 1.0) / 4.0);
        close(of(Baseline::Majority).micro_f1, 0.5);
        close(of(Baseline::All).micro_f1, 0.4);
        assert_eq!(of(Baseline::Prior), of(Baseline::Prior));
    }
}
