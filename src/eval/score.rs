//! Precision, recall and F1, of each class and of all.

use serde::Serialize;

use crate::labels::LabelSet;

/// What became of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Texts that have the label and were given it.
    pub right: u64,
    /// Texts that have it.
    pub has: u64,
    /// Texts that were given it.
    pub given: u64,
}

impl Count {
    pub fn precision(self) -> f64 {
        share(self.right, self.given)
    }

    pub fn recall(self) -> f64 {
        share(self.right, self.has)
    }

    /// 2 TP / (2 TP + FP + FN); 0 where nothing has the label and nothing was given it.
    pub fn f1(self) -> f64 {
        share(2 * self.right, self.has + self.given)
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Counts each class over some of the texts; `texts` may name one more than once.
pub fn count(
    labels: usize,
    gold: &[LabelSet],
    given: &[LabelSet],
    texts: impl Iterator<Item = usize>,
) -> Vec<Count> {
    let mut counts = vec![Count::default(); labels];
    for text in texts {
        gold[text].iter().for_each(|label| counts[label].has += 1);
        given[text].iter().for_each(|label| counts[label].given += 1);
        gold[text].and(given[text]).iter().for_each(|label| counts[label].right += 1);
    }
    counts
}

/// The mean of the classes' F1.
pub fn macro_f1(counts: &[Count]) -> f64 {
    counts.iter().map(|count| count.f1()).sum::<f64>() / counts.len().max(1) as f64
}

/// The F1 of all classes counted together.
pub fn micro_f1(counts: &[Count]) -> f64 {
    total(counts).f1()
}

fn total(counts: &[Count]) -> Count {
    counts.iter().fold(Count::default(), |all, count| Count {
        right: all.right + count.right,
        has: all.has + count.has,
        given: all.given + count.given,
    })
}

/// One class in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScore {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// Texts that have the label.
    pub n: u64,
    /// Texts that were given it.
    pub given: u64,
}

/// All classes, and what they come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// The mean over all labels; one that no text has and none was given counts as 0.
    pub macro_f1: f64,
    pub micro_f1: f64,
    pub micro_precision: f64,
    pub micro_recall: f64,
    /// The part of the texts that were given exactly the labels they have.
    pub exact: f64,
    /// In the order of the labels.
    #[serde(skip)]
    pub classes: Vec<ClassScore>,
}

/// Scores what was given against what is so.
pub fn scores(labels: usize, gold: &[LabelSet], given: &[LabelSet]) -> Scores {
    let counts = count(labels, gold, given, 0..gold.len());
    let total = total(&counts);
    let exact = gold.iter().zip(given).filter(|(gold, given)| gold == given).count();
    let class = |count: &Count| ClassScore {
        precision: count.precision(),
        recall: count.recall(),
        f1: count.f1(),
        n: count.has,
        given: count.given,
    };
    Scores {
        macro_f1: macro_f1(&counts),
        micro_f1: total.f1(),
        micro_precision: total.precision(),
        micro_recall: total.recall(),
        exact: share(exact as u64, gold.len() as u64),
        classes: counts.iter().map(class).collect(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pairs of what is so and what was given, of three labels.
    pub fn pairs() -> impl Strategy<Value = Vec<(LabelSet, LabelSet)>> {
        let set = || prop::collection::vec(0usize..3, 0..3).prop_map(|labels| labels.into_iter().collect());
        prop::collection::vec((set(), set()), 0..30)
    }

    /// F1 as the harmonic mean of precision and recall, counted a text at a time.
    fn naive(pairs: &[(LabelSet, LabelSet)], labels: &[usize]) -> f64 {
        let (mut tp, mut fp, mut fneg) = (0.0, 0.0, 0.0);
        for (gold, given) in pairs {
            for label in labels {
                match (gold.contains(*label), given.contains(*label)) {
                    (true, true) => tp += 1.0,
                    (false, true) => fp += 1.0,
                    (true, false) => fneg += 1.0,
                    (false, false) => {}
                }
            }
        }
        let precision = if tp + fp > 0.0 { tp / (tp + fp) } else { 0.0 };
        let recall: f64 = if tp + fneg > 0.0 { tp / (tp + fneg) } else { 0.0 };
        if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
    }

    proptest! {
        #[test]
        fn f1_is_that_of_its_definition(pairs in pairs()) {
            let (gold, given): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let found = scores(3, &gold, &given);
            for label in 0..3 {
                prop_assert!((found.classes[label].f1 - naive(&pairs, &[label])).abs() < 1e-12);
            }
            prop_assert!((found.micro_f1 - naive(&pairs, &[0, 1, 2])).abs() < 1e-12);
            let mean = (0..3).map(|label| naive(&pairs, &[label])).sum::<f64>() / 3.0;
            prop_assert!((found.macro_f1 - mean).abs() < 1e-12);
        }
    }

    #[test]
    fn a_perfect_answer_and_none() {
        let gold = [LabelSet::one(0), LabelSet::one(1)];
        let perfect = scores(2, &gold, &gold);
        assert_eq!((perfect.macro_f1, perfect.micro_f1, perfect.exact), (1.0, 1.0, 1.0));
        let none = scores(2, &gold, &[LabelSet::default(); 2]);
        assert_eq!((none.macro_f1, none.micro_f1, none.exact), (0.0, 0.0, 0.0));
    }
}
