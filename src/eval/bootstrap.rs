//! How far a score would move with other texts of the same kind.
//!
//! The percentile bootstrap (B. Efron, *Bootstrap methods: another look at the jackknife*, 1979): the
//! texts are drawn anew, as many as there are and with replacement, and scored, many times over; the
//! middle 95 % of those scores are the interval. It tells of the choice of texts, not of training.

use rayon::prelude::*;
use serde::Serialize;

use super::score::{Count, count, macro_f1, micro_f1};
use crate::labels::LabelSet;
use crate::model::random::Random;

/// From the 2.5th to the 97.5th percentile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Intervals of what `scores` gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    pub macro_f1: Interval,
    pub micro_f1: Interval,
    /// Of each class's F1.
    pub classes: Vec<Interval>,
}

/// How often texts are drawn anew.
pub const DRAWS: usize = 1000;

/// The draws, each with a generator of its own: the same whatever the number of threads.
fn draws<T: Send>(
    texts: usize,
    seed: u64,
    of: impl Fn(&mut dyn Iterator<Item = usize>) -> T + Sync,
) -> Vec<T> {
    let draw = |draw: usize| {
        let mut random = Random::new(seed.wrapping_add((draw as u64).wrapping_mul(0xd134_2543_de82_ef95)));
        of(&mut (0..texts).map(move |_| random.below(texts)))
    };
    (0..DRAWS).into_par_iter().map(draw).collect()
}

/// The middle 95 % of values.
fn middle(values: impl Iterator<Item = f64>) -> Interval {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let place = (part * (values.len() - 1) as f64).round() as usize;
        values.get(place).copied().unwrap_or(0.0)
    };
    Interval { low: at(0.025), high: at(0.975) }
}

/// The intervals of one model's scores.
pub fn intervals(labels: usize, gold: &[LabelSet], given: &[LabelSet], seed: u64) -> Intervals {
    let counts: Vec<Vec<Count>> = draws(gold.len(), seed, |texts| count(labels, gold, given, texts));
    Intervals {
        macro_f1: middle(counts.iter().map(|counts| macro_f1(counts))),
        micro_f1: middle(counts.iter().map(|counts| micro_f1(counts))),
        classes: (0..labels).map(|label| middle(counts.iter().map(|counts| counts[label].f1()))).collect(),
    }
}

/// The interval of how much better `given` is than `other` on the same texts, in macro and in micro F1.
pub fn difference(
    labels: usize,
    gold: &[LabelSet],
    given: &[LabelSet],
    other: &[LabelSet],
    seed: u64,
) -> (Interval, Interval) {
    let both: Vec<(f64, f64)> = draws(gold.len(), seed, |texts| {
        let texts: Vec<usize> = texts.collect();
        let ours = count(labels, gold, given, texts.iter().copied());
        let theirs = count(labels, gold, other, texts.into_iter());
        (macro_f1(&ours) - macro_f1(&theirs), micro_f1(&ours) - micro_f1(&theirs))
    });
    (middle(both.iter().map(|both| both.0)), middle(both.iter().map(|both| both.1)))
}

/// How far the macro F1 of models of one kind would move with other texts and with other training rows: of each
/// model its own draws of the texts, all of them together. Also their mean.
pub fn pooled(labels: usize, gold: &[LabelSet], given: &[Vec<LabelSet>], seed: u64) -> (f64, Interval) {
    let of =
        |texts: &[usize], model: usize| macro_f1(&count(labels, gold, &given[model], texts.iter().copied()));
    pool(gold.len(), given.len(), seed, of)
}

/// The same of how much better the models are than the `others`, each than the one that was trained on the same
/// draw of rows, on the same texts.
pub fn pooled_difference(
    labels: usize,
    gold: &[LabelSet],
    given: &[Vec<LabelSet>],
    others: &[Vec<LabelSet>],
    seed: u64,
) -> (f64, Interval) {
    let of = |texts: &[usize], model: usize| {
        let score =
            |given: &[Vec<LabelSet>]| macro_f1(&count(labels, gold, &given[model], texts.iter().copied()));
        score(given) - score(others)
    };
    pool(gold.len(), given.len().min(others.len()), seed, of)
}

fn pool(
    texts: usize,
    models: usize,
    seed: u64,
    of: impl Fn(&[usize], usize) -> f64 + Sync,
) -> (f64, Interval) {
    let all: Vec<usize> = (0..texts).collect();
    let mean = (0..models).map(|model| of(&all, model)).sum::<f64>() / models.max(1) as f64;
    let drawn = (0..models).flat_map(|model| {
        let seed = seed.wrapping_add((model as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        draws(texts, seed, |drawn| of(&drawn.collect::<Vec<_>>(), model))
    });
    (mean, middle(drawn))
}

/// The interval of the difference in micro F1 between two groups of texts, each drawn from its own.
pub fn gap(
    labels: usize,
    gold: &[LabelSet],
    given: &[LabelSet],
    groups: [&[usize]; 2],
    seed: u64,
) -> Interval {
    let of = |group: &[usize], seed| {
        draws(group.len(), seed, |texts| micro_f1(&count(labels, gold, given, texts.map(|text| group[text]))))
    };
    let (one, other) = (of(groups[0], seed), of(groups[1], seed ^ 0x5851_f42d_4c95_7f2d));
    middle(one.iter().zip(&other).map(|(one, other)| one - other))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::score::scores;
    use super::super::score::tests::pairs;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn it_is_the_same_again_and_holds_the_score(pairs in pairs(), seed in any::<u64>()) {
            let (gold, given): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
            let found = intervals(3, &gold, &given, seed);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            prop_assert_eq!(&found, &pool.install(|| intervals(3, &gold, &given, seed)));
            let scores = scores(3, &gold, &given);
            for (interval, score) in [(found.macro_f1, scores.macro_f1), (found.micro_f1, scores.micro_f1)] {
                prop_assert!(interval.low <= interval.high);
                prop_assert!((0.0..=1.0).contains(&interval.low) && (0.0..=1.0).contains(&interval.high));
                // The macro mean of few texts loses whole classes when drawn, so it only bounds from above.
                prop_assert!(interval.low <= score + 1e-12);
            }
            let (same, _) = difference(3, &gold, &given, &given, seed);
            prop_assert_eq!(same, Interval { low: 0.0, high: 0.0 });
        }
    }

    #[test]
    fn models_of_other_rows_widen_the_interval() {
        let gold: Vec<_> = (0..200).map(|_| LabelSet::one(0)).collect();
        let half = |from: usize| -> Vec<LabelSet> {
            (0..200)
                .map(|text| if text % 4 < from { LabelSet::one(0) } else { LabelSet::default() })
                .collect()
        };
        let (alike, apart) = ([half(2), half(2), half(2)], [half(1), half(2), half(3)]);
        let (mean, narrow) = pooled(1, &gold, &alike, 7);
        let (_, wide) = pooled(1, &gold, &apart, 7);
        assert!((mean - 2.0 / 3.0).abs() < 1e-12);
        assert!(wide.low < narrow.low - 0.1 && wide.high > narrow.high + 0.1, "{narrow:?} {wide:?}");
        // What both have in common falls out of a difference.
        let (gain, none) = pooled_difference(1, &gold, &apart, &apart, 7);
        assert_eq!((gain, none), (0.0, Interval { low: 0.0, high: 0.0 }));
        let better: Vec<_> = apart.iter().map(|_| half(3)).collect();
        let (gain, found) = pooled_difference(1, &gold, &better, &alike, 7);
        assert!(found.low > 0.1 && found.low < gain && gain < found.high, "{gain} {found:?}");
    }

    #[test]
    fn the_interval_is_as_wide_as_theory_says() {
        // One label that half of 400 texts have, given to three in four of these and to none else: recall
        // has a standard error of √(.75 · .25 / 200) = .031, and F1 = 2 R / (1 + R) one of .031 · 2 / 1.75².
        let gold: Vec<LabelSet> =
            (0..400).map(|n| if n % 2 == 0 { LabelSet::one(0) } else { LabelSet::default() }).collect();
        let given: Vec<LabelSet> = (0..400)
            .map(|n| if n % 2 == 0 && n % 8 != 0 { LabelSet::one(0) } else { LabelSet::default() })
            .collect();
        let found = intervals(1, &gold, &given, 7).micro_f1;
        let half = 1.96 * (0.75f64 * 0.25 / 200.0).sqrt() * 2.0 / (1.75 * 1.75);
        let middle = 2.0 * 0.75 / 1.75;
        assert!((found.low - (middle - half)).abs() < 0.01, "{found:?} {half}");
        assert!((found.high - (middle + half)).abs() < 0.01, "{found:?} {half}");
        assert_ne!(found, intervals(1, &gold, &given, 8).micro_f1);
    }
}
