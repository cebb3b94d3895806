//! Rows of different labels that are much alike, among few rows.

use std::collections::HashMap;

use super::bag::{Bag, FEWEST_WORDS};
use super::level::{Level, Rule, Similarity};
use crate::model::Spread;

/// Pairs of rows that are similar enough, and have different labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conflicts {
    pub pairs: u64,
    /// The first of the most similar ones, by the numbers of its rows.
    pub most: Option<(usize, usize, Similarity)>,
}

/// Compares every two rows, each a label and a text.
///
/// What a row has in common with each row before it is added up word by word. So time grows with the square of
/// the number of rows, and hardly with anything else: an [`Index`](super::Index) is for many rows, few of which
/// are alike, and takes much longer where all texts are of the same few words.
pub fn conflicts(rule: &Rule, rows: &[(String, Bag)]) -> Conflicts {
    let least = rule.threshold(u32::try_from(rows.len()).unwrap_or(u32::MAX));
    let totals: Vec<u64> = rows.iter().map(|(_, bag)| rule.total(bag.elements())).collect();
    let mut having: HashMap<u64, Vec<u32>, Spread> = HashMap::default();
    let mut common = vec![0u64; rows.len()];
    let mut out = Conflicts::default();
    for (at, (label, bag)) in rows.iter().enumerate() {
        common[..at].fill(0);
        for element in bag.elements() {
            let (weight, having) = (u64::from(rule.weight(*element)), having.entry(*element).or_default());
            having.iter().for_each(|row| common[*row as usize] += weight);
            having.push(at as u32);
        }
        for (before, common) in common[..at].iter().enumerate() {
            let whole = totals[at] + totals[before] - common;
            let (others_label, other) = &rows[before];
            if common * 10_000 < u64::from(least.0) * whole
                || !may_be(rule, bag, other)
                || label == others_label
            {
                continue;
            }
            let similarity = Similarity::of(*common, whole);
            out.pairs += 1;
            if out.most.is_none_or(|(.., most)| similarity > most) {
                out.most = Some((before, at, similarity));
            }
        }
    }
    out
}

/// Whether two texts may be alike without being the same.
fn may_be(rule: &Rule, one: &Bag, other: &Bag) -> bool {
    match rule.level {
        Level::Exact => one == other,
        _ if one.elements().len().min(other.elements().len()) < FEWEST_WORDS => {
            one.elements() == other.elements()
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::{Pair, Statistics, Sweep};

    /// Texts of few words, some of them short, in three labels.
    fn rows(seed: u64, words: u64) -> Vec<(String, String)> {
        let mut state = seed;
        let mut below = move |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % bound
        };
        let names = ["again", "bread", "the", "door", "never", "zebra", "a", "umbrella", "listen", "of"];
        let mut row = || {
            let text: Vec<&str> =
                (0..below(14)).map(|_| names[(below(words) * below(3) % 10) as usize]).collect();
            let mark = ["", "!", ""][below(3) as usize];
            (format!("label {}", below(3)), text.join(" ") + mark)
        };
        (0..150).map(|_| row()).collect()
    }

    #[test]
    fn they_are_those_that_a_sweep_finds() {
        let statistics = Statistics::shipped();
        let mut found = 0;
        for (seed, level) in (0..12).flat_map(|seed| Level::NAMES.map(|level| (seed, level))) {
            let rule = Rule { level: Level::named(level).unwrap(), ..Rule::default() };
            let rows = rows(seed, 2 + 4 * (seed % 3));
            let mut sweep = Sweep::new(rule, true, statistics).with_pairs();
            for (number, (label, text)) in rows.iter().enumerate() {
                sweep.row(&number.to_string(), label, text);
            }
            let mut wanted = Conflicts::default();
            for pair in sweep.pairs().filter(Pair::is_conflict) {
                wanted.pairs += 1;
                if wanted.most.is_none_or(|(.., most)| pair.similarity > most) {
                    let [one, other] = [pair.one, pair.other].map(|line| line.id.parse().unwrap());
                    wanted.most = Some((one, other, pair.similarity));
                }
            }
            let bags: Vec<(String, Bag)> =
                rows.into_iter().map(|(label, text)| (label, Bag::of(&text, statistics))).collect();
            assert_eq!(conflicts(&rule, &bags), wanted, "{seed}, {level}");
            found += wanted.pairs;
        }
        assert!(found > 1000, "{found}");
    }
}
