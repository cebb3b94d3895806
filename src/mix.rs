//! Which generated rows stand beside the real ones: pure, and the same on every machine.

use crate::labels::LabelSet;

/// How far generated rows are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// By label: the rows that it is filled up to, real ones among them; as many as there are where `None`.
    pub quotas: Vec<Option<u64>>,
    /// Generated rows at most.
    pub budget: Option<u64>,
}

/// The numbers of the generated rows that are taken, in the order in which they are.
///
/// All real rows count first. Then the label with the fewest rows by now, of equals the first, gets its next
/// generated row, in the order of the file, until the budget is spent or no label may have another one: rare
/// labels are filled first, and to one level. A row counts for all of its labels, and is passed over where one
/// of them has its quota. A row without labels is none.
pub fn fill(real: &[LabelSet], generated: &[LabelSet], limits: &Limits) -> Vec<usize> {
    let labels = limits.quotas.len();
    let mut counts = vec![0u64; labels];
    real.iter().flat_map(|set| set.iter()).for_each(|label| counts[label] += 1);
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); labels];
    for (row, set) in generated.iter().enumerate().rev() {
        set.iter().for_each(|label| waiting[label].push(row));
    }
    let mut taken = vec![false; generated.len()];
    let mut out = Vec::new();
    while limits.budget.is_none_or(|budget| (out.len() as u64) < budget) {
        let is_full = |label: usize| limits.quotas[label].is_some_and(|quota| counts[label] >= quota);
        let next = (0..labels).filter(|label| !waiting[*label].is_empty() && !is_full(*label));
        let Some(label) = next.min_by_key(|label| counts[*label]) else { break };
        // Counts only grow: a row that does not fit now never will.
        let fits = |row: &usize| !taken[*row] && !generated[*row].iter().any(is_full);
        let Some(at) = waiting[label].iter().rposition(fits) else {
            waiting[label].clear();
            continue;
        };
        let row = waiting[label][at];
        waiting[label].truncate(at);
        taken[row] = true;
        generated[row].iter().for_each(|label| counts[label] += 1);
        out.push(row);
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

    fn limits(quotas: &[Option<u64>], budget: Option<u64>) -> Limits {
        Limits { quotas: quotas.to_vec(), budget }
    }

    #[test]
    fn rare_labels_are_filled_first_and_to_one_level() {
        let real = sets(&[&[0], &[0], &[0], &[1]]);
        let generated = sets(&[&[0], &[0], &[1], &[1], &[1], &[2], &[2], &[2], &[2], &[]]);
        let free = [None, None, None];
        assert_eq!(fill(&real, &generated, &limits(&free, Some(3))), [5, 2, 6]);
        // Then all have three rows, and each gets one in turn, as far as there are any.
        assert_eq!(fill(&real, &generated, &limits(&free, Some(5))), [5, 2, 6, 3, 7]);
        assert_eq!(fill(&real, &generated, &limits(&free, None)).len(), 9, "one has no label");
        assert_eq!(fill(&real, &generated, &limits(&[Some(4), Some(2), Some(1)], None)), [5, 2, 0]);
        assert!(fill(&real, &generated, &limits(&free, Some(0))).is_empty());
    }

    #[test]
    fn a_row_counts_for_all_of_its_labels() {
        let generated = sets(&[&[0, 1], &[1], &[0, 1], &[0]]);
        // The first fills both; what would bring one above its quota is passed over.
        assert_eq!(fill(&[], &generated, &limits(&[Some(2), Some(1)], None)), [0, 3]);
    }

    proptest! {
        #[test]
        fn no_quota_is_passed_and_none_is_missed(
            rows in proptest::collection::vec(proptest::collection::vec(0usize..5, 0..3), 0..40),
            quota in 0u64..8,
        ) {
            let generated: Vec<LabelSet> = rows.iter().map(|row| row.iter().copied().collect()).collect();
            let taken = fill(&[], &generated, &limits(&[Some(quota); 5], None));
            let mut counts = [0u64; 5];
            taken.iter().flat_map(|row| generated[*row].iter()).for_each(|label| counts[label] += 1);
            prop_assert!(counts.iter().all(|count| *count <= quota));
            for (row, set) in generated.iter().enumerate() {
                let could = !set.is_empty() && set.iter().all(|label| counts[label] < quota);
                prop_assert!(!could || taken.contains(&row));
            }
        }
    }
}
