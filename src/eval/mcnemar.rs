//! Whether one model answers more texts rightly than another.

use serde::Serialize;

use crate::labels::LabelSet;

/// What came of texts that just one of two models answered rightly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Compared {
    /// Texts that only the first gave exactly their labels.
    pub only_this: u64,
    /// Texts that only the second did.
    pub only_other: u64,
    /// The probability of a difference as large or larger if both were equally good.
    pub p: f64,
}

/// McNemar's test (Q. McNemar, 1947) in its exact form: of the texts on which the two differ in being
/// right, as many fall to either side as heads and tails of a fair coin. Two-sided.
pub fn compare(gold: &[LabelSet], this: &[LabelSet], other: &[LabelSet]) -> Compared {
    let (mut only_this, mut only_other) = (0, 0);
    for ((gold, this), other) in gold.iter().zip(this).zip(other) {
        match (gold == this, gold == other) {
            (true, false) => only_this += 1,
            (false, true) => only_other += 1,
            _ => {}
        }
    }
    Compared { only_this, only_other, p: exact(only_this, only_other) }
}

/// min(1, 2 P(X ≤ the fewer)) for X binomial with probability ½.
fn exact(one: u64, other: u64) -> f64 {
    let (all, fewer) = (one + other, one.min(other));
    let mut log = -(all as f64) * std::f64::consts::LN_2;
    let mut sum = log.exp();
    for k in 1..=fewer {
        log += ((all - k + 1) as f64 / k as f64).ln();
        sum += log.exp();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_a_fair_coin() {
        assert_eq!(exact(0, 0), 1.0);
        assert_eq!(exact(3, 3), 1.0);
        assert!((exact(0, 5) - 2.0 / 32.0).abs() < 1e-12);
        assert!((exact(1, 9) - 2.0 * 11.0 / 1024.0).abs() < 1e-12);
        assert_eq!(exact(2, 12), exact(12, 2));
        // Of very many, the normal approximation: z = 100 / √10,000.
        assert!((exact(4_950, 5_050) - 0.3222).abs() < 0.01, "{}", exact(4_950, 5_050));
        assert!(exact(0, 100_000) < 1e-300);
    }

    #[test]
    fn only_texts_that_one_alone_has_right_count() {
        let (a, b) = (LabelSet::one(0), LabelSet::one(1));
        let found = compare(&[a, a, a, b], &[a, a, b, a], &[a, b, b, b]);
        assert_eq!((found.only_this, found.only_other), (1, 1));
    }
}
