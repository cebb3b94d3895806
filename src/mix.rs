//! Which generated rows stand beside the real ones: pure, and the same on every machine.

use std::collections::HashMap;
use std::hash::Hash;

use crate::labels::LabelSet;

/// How far generated rows are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// By label: the rows that it is filled up to, real ones among them; as many as there are where `None`.
    pub quotas: Vec<Option<u64>>,
    /// Generated rows at most.
    pub budget: Option<u64>,
}

/// By row: the first row of its pair, or itself where it is of none.
pub fn firsts<P: Eq + Hash>(pairs: &[Option<P>]) -> Vec<usize> {
    let mut firsts: HashMap<&P, usize> = HashMap::new();
    let rows = pairs.iter().enumerate();
    rows.map(|(row, pair)| pair.as_ref().map_or(row, |pair| *firsts.entry(pair).or_insert(row))).collect()
}

/// The numbers of the generated rows that are taken, in the order in which they are.
///
/// `first` says of each generated row which is the first of its pair ([`firsts`]). A pair is taken as
/// a whole or not at all, where its first row stands; so a quota or the budget may be missed by a row.
///
/// All real rows count first. Then the label with the fewest rows by now, of equals the first, gets its next
/// generated row, in the order of the file, until the budget is spent or no label may have another one: rare
/// labels are filled first, and to one level. A row counts for all of its labels, and is passed over where one
/// of them has its quota. A row without labels is none.
pub fn fill(real: &[LabelSet], generated: &[LabelSet], first: &[usize], limits: &Limits) -> Vec<usize> {
    let labels = limits.quotas.len();
    let mut counts = vec![0u64; labels];
    real.iter().flat_map(|set| set.iter()).for_each(|label| counts[label] += 1);
    let mut pairs: Vec<Vec<usize>> = vec![Vec::new(); generated.len()];
    first.iter().enumerate().for_each(|(row, first)| pairs[*first].push(row));
    // A row without labels stands beside none.
    let is_whole = |pair: &[usize]| pair.iter().all(|row| !generated[*row].is_empty());
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); labels];
    for (first, pair) in pairs.iter().enumerate().rev().filter(|(_, pair)| is_whole(pair)) {
        let mut all = LabelSet::default();
        pair.iter().flat_map(|row| generated[*row].iter()).for_each(|label| all.insert(label));
        all.iter().for_each(|label| waiting[label].push(first));
    }
    let mut taken = vec![false; generated.len()];
    let mut out = Vec::new();
    while limits.budget.is_none_or(|budget| (out.len() as u64) < budget) {
        let is_full = |label: usize| limits.quotas[label].is_some_and(|quota| counts[label] >= quota);
        let next = (0..labels).filter(|label| !waiting[*label].is_empty() && !is_full(*label));
        let Some(label) = next.min_by_key(|label| counts[*label]) else { break };
        // Counts only grow: what does not fit now never will.
        let left = limits.budget.map(|budget| budget - out.len() as u64);
        let fits = |first: &usize| {
            let pair = &pairs[*first];
            let has =
                |label: usize| pair.iter().filter(|row| generated[**row].contains(label)).count() as u64;
            let room =
                |label: usize| limits.quotas[label].is_none_or(|quota| counts[label] + has(label) <= quota);
            !taken[*first]
                && left.is_none_or(|left| pair.len() as u64 <= left)
                && pair.iter().all(|row| generated[*row].iter().all(room))
        };
        let Some(at) = waiting[label].iter().rposition(fits) else {
            waiting[label].clear();
            continue;
        };
        let row = waiting[label][at];
        waiting[label].truncate(at);
        taken[row] = true;
        pairs[row].iter().flat_map(|row| generated[*row].iter()).for_each(|label| counts[label] += 1);
        out.extend_from_slice(&pairs[row]);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sets(rows: &[&[usize]]) -> Vec<LabelSet> {
        rows.iter().map(|row| row.iter().copied().collect()).collect()
    }

    /// Every row for itself.
    fn alone(generated: &[LabelSet]) -> Vec<usize> {
        (0..generated.len()).collect()
    }

    fn filled(real: &[LabelSet], generated: &[LabelSet], limits: &Limits) -> Vec<usize> {
        fill(real, generated, &alone(generated), limits)
    }

    fn limits(quotas: &[Option<u64>], budget: Option<u64>) -> Limits {
        Limits { quotas: quotas.to_vec(), budget }
    }

    #[test]
    fn rare_labels_are_filled_first_and_to_one_level() {
        let real = sets(&[&[0], &[0], &[0], &[1]]);
        let generated = sets(&[&[0], &[0], &[1], &[1], &[1], &[2], &[2], &[2], &[2], &[]]);
        let free = [None, None, None];
        assert_eq!(filled(&real, &generated, &limits(&free, Some(3))), [5, 2, 6]);
        // Then all have three rows, and each gets one in turn, as far as there are any.
        assert_eq!(filled(&real, &generated, &limits(&free, Some(5))), [5, 2, 6, 3, 7]);
        assert_eq!(filled(&real, &generated, &limits(&free, None)).len(), 9, "one has no label");
        assert_eq!(filled(&real, &generated, &limits(&[Some(4), Some(2), Some(1)], None)), [5, 2, 0]);
        assert!(filled(&real, &generated, &limits(&free, Some(0))).is_empty());
    }

    #[test]
    fn a_row_counts_for_all_of_its_labels() {
        let generated = sets(&[&[0, 1], &[1], &[0, 1], &[0]]);
        // The first fills both; what would bring one above its quota is passed over.
        assert_eq!(filled(&[], &generated, &limits(&[Some(2), Some(1)], None)), [0, 3]);
    }

    #[test]
    fn a_pair_is_taken_as_a_whole_or_not_at_all() {
        let generated = sets(&[&[0], &[0], &[0], &[1], &[1]]);
        // The second and the third row are a pair, and so are the last two.
        let first = [0, 1, 1, 3, 3];
        let fill = |quota, budget| fill(&[], &generated, &first, &limits(&[quota, None], budget));
        assert_eq!(fill(None, None), [0, 3, 4, 1, 2]);
        assert_eq!(fill(Some(2), None), [0, 3, 4], "one more of the first label is none of a pair");
        assert_eq!(fill(None, Some(4)), [0, 3, 4], "nor is one more row");
        assert_eq!(fill(None, Some(2)), [0]);
    }

    proptest! {
        #[test]
        fn no_quota_is_passed_and_none_is_missed(
            rows in proptest::collection::vec((proptest::collection::vec(0usize..5, 0..3), any::<bool>()), 0..40),
            quota in 0u64..8,
            budget in proptest::option::of(0u64..30),
        ) {
            let generated: Vec<LabelSet> = rows.iter().map(|(row, _)| row.iter().copied().collect()).collect();
            let mut first: Vec<usize> = Vec::new();
            for (at, (_, paired)) in rows.iter().enumerate() {
                // At most two rows are a pair.
                let before = at.checked_sub(1).filter(|before| *paired && first[*before] == *before);
                first.push(before.unwrap_or(at));
            }
            let taken = fill(&[], &generated, &first, &limits(&[Some(quota); 5], budget));
            prop_assert!(budget.is_none_or(|budget| taken.len() as u64 <= budget));
            let mut counts = [0u64; 5];
            taken.iter().flat_map(|row| generated[*row].iter()).for_each(|label| counts[label] += 1);
            prop_assert!(counts.iter().all(|count| *count <= quota));
            for row in 0..generated.len() {
                let pair: Vec<usize> = (0..first.len()).filter(|other| first[*other] == first[row]).collect();
                let is_taken = taken.contains(&row);
                prop_assert!(pair.iter().all(|other| taken.contains(other) == is_taken));
                let mut with = counts;
                pair.iter().flat_map(|row| generated[*row].iter()).for_each(|label| with[label] += 1);
                let room = budget.is_none_or(|budget| (taken.len() + pair.len()) as u64 <= budget);
                let labelled = pair.iter().all(|row| !generated[*row].is_empty());
                prop_assert!(is_taken || !labelled || !room || with.iter().any(|count| *count > quota));
            }
        }
    }
}
