//! Which labels are given for which.

use std::collections::BTreeMap;

use crate::labels::LabelSet;

/// What a text has and was given instead; `None`: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confused {
    pub has: Option<usize>,
    pub given: Option<usize>,
}

/// How often each confusion happens, most often first.
///
/// A text with several labels counts each label that it has and was not given with each that it was
/// given and has not; where one side is empty, with nothing.
pub fn confusions(gold: &[LabelSet], given: &[LabelSet]) -> Vec<(Confused, u64)> {
    let mut counts: BTreeMap<Confused, u64> = BTreeMap::new();
    for (gold, given) in gold.iter().zip(given) {
        let (missed, wrong) = (gold.without(*given), given.without(*gold));
        let or_nothing = |set: LabelSet| -> Vec<Option<usize>> {
            if set.is_empty() { vec![None] } else { set.iter().map(Some).collect() }
        };
        if missed.is_empty() && wrong.is_empty() {
            continue;
        }
        for has in or_nothing(missed) {
            for given in or_nothing(wrong) {
                *counts.entry(Confused { has, given }).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(confused, times)| (std::cmp::Reverse(*times), *confused));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missed_labels_meet_wrong_ones() {
        let set = |labels: &[usize]| labels.iter().copied().collect::<LabelSet>();
        let gold = [set(&[0]), set(&[0]), set(&[0, 1]), set(&[2]), set(&[1]), set(&[])];
        let given = [set(&[2]), set(&[2]), set(&[1]), set(&[2]), set(&[1, 0]), set(&[])];
        let found = confusions(&gold, &given);
        let found: Vec<_> = found.iter().map(|(of, times)| (of.has, of.given, *times)).collect();
        assert_eq!(found, [(Some(0), Some(2), 2), (None, Some(0), 1), (Some(0), None, 1)]);
    }
}
