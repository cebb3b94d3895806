//! Rows dealt out to parts: what is alike stays together, and each part has its share of each label.

use std::cmp::Reverse;

use crate::dedup::{Bag, Index, Rule};

/// Rows in groups of which none is torn apart, in the manner of union-find.
#[derive(Debug, Clone)]
pub struct Groups(Vec<u32>);

/// A text that has so many like it in the index is found by them: what is like it is like one of these, too. So many
/// texts of one template are not compared each with each.
const ENOUGH: usize = 16;

impl Groups {
    /// Each row by itself.
    pub fn new(rows: usize) -> Self {
        Self((0..rows as u32).collect())
    }

    /// Makes the groups of two rows one.
    pub fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other) as u32;
    }

    /// Joins near-duplicates, in one step or several, whatever the order of the rows.
    pub fn join_alike(&mut self, mut texts: Vec<(usize, &Bag)>, rule: Rule) {
        texts.sort_unstable_by_key(|(row, bag)| (bag.elements(), *row));
        // One for all, as among all of them.
        let mut index = Index::new(Rule { threshold: Some(rule.threshold(texts.len() as u32)), ..rule });
        let least = index.threshold(0);
        let (mut held, mut found) = (Vec::new(), Vec::new());
        for (row, bag) in texts {
            index.find_all(0, bag, least, &mut found);
            found.iter().for_each(|like| self.join(held[like.of as usize], row));
            if found.len() < ENOUGH {
                index.add(0, bag);
                held.push(row);
            }
        }
    }

    /// The first row of a row's group; the way there is shortened.
    fn root(&mut self, mut row: usize) -> usize {
        while self.0[row] as usize != row {
            self.0[row] = self.0[self.0[row] as usize];
            row = self.0[row] as usize;
        }
        row
    }

    /// The rows of each group, in the order of their first ones.
    fn rows(mut self) -> Vec<Vec<u32>> {
        let mut groups: Vec<Vec<u32>> = Vec::new();
        let mut of = vec![u32::MAX; self.0.len()];
        for row in 0..self.0.len() {
            let root = self.root(row);
            if of[root] == u32::MAX {
                of[root] = groups.len() as u32;
                groups.push(Vec::new());
            }
            groups[of[root] as usize].push(row as u32);
        }
        groups
    }
}

/// What is dealt out, by row.
#[derive(Debug)]
pub struct Rows {
    /// Numbers of labels; which they are decides among equals alone.
    pub labels: Vec<Box<[u32]>>,
    /// Chance: hashes of the seed and what a row says, so that the order of rows matters only among equal texts.
    pub keys: Vec<u64>,
    pub groups: Groups,
}

/// Which part each row goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dealt {
    pub of: Vec<u8>,
    /// Rows that went where another one of their group did.
    pub together: u64,
    /// The rows of the largest group.
    pub largest: Vec<u32>,
}

/// Deals groups of rows out to parts by their shares, which sum to 1; a part of none gets none.
///
/// Groups are gone through from the largest, among these from the rarest label, and each goes where its rarest label
/// is furthest below its share, of equals where rows are: iterative stratification (K. Sechidis, G. Tsoumakas,
/// I. Vlahavas, *On the stratification of multi-label data*, ECML PKDD 2011) over groups in place of rows. What has
/// no label is of one of its own.
pub fn deal(rows: Rows, shares: &[f64]) -> Dealt {
    let Rows { labels, keys, groups } = rows;
    let none = labels.iter().flatten().max().map_or(0, |most| most + 1);
    let labels_of = |row: u32| {
        let labels = &labels[row as usize];
        labels.iter().copied().chain(labels.is_empty().then_some(none))
    };
    let mut counts = vec![0_u64; none as usize + 1];
    (0..labels.len() as u32).flat_map(labels_of).for_each(|label| counts[label as usize] += 1);
    let rarity = |group: &[u32]| {
        let rarest =
            group.iter().copied().flat_map(labels_of).map(|label| (counts[label as usize], label)).min();
        rarest.unwrap_or((0, none))
    };
    let mut order: Vec<_> = groups
        .rows()
        .into_iter()
        .map(|group| {
            let key = group.iter().map(|row| keys[*row as usize]).min().unwrap_or_default();
            ((Reverse(group.len()), rarity(&group), key, group.first().copied()), group)
        })
        .collect();
    order.sort_unstable_by_key(|(key, _)| *key);
    // By part: how many rows, and how many of each label, are still wanted.
    let mut wanted: Vec<(f64, Vec<f64>)> = shares
        .iter()
        .map(|share| {
            let of_labels = counts.iter().map(|count| share * *count as f64);
            (share * labels.len() as f64, of_labels.collect())
        })
        .collect();
    let together = (labels.len() - order.len()) as u64;
    let largest = order.first().map(|(_, group)| group.clone()).unwrap_or_default();
    let open: Vec<usize> = (0..shares.len()).filter(|part| shares[*part] > 0.0).collect();
    let mut of = vec![0; labels.len()];
    for ((_, (_, rarest), ..), group) in order {
        let lacks = |part: usize| (wanted[part].1[rarest as usize], wanted[part].0);
        let mut best = open.first().copied().unwrap_or_default();
        for part in open.iter().copied().skip(1) {
            if lacks(part) > lacks(best) {
                best = part;
            }
        }
        wanted[best].0 -= group.len() as f64;
        for row in group {
            of[row as usize] = best as u8;
            for label in labels_of(row) {
                wanted[best].1[label as usize] -= 1.0;
            }
        }
    }
    Dealt { of, together, largest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Statistics;
    use crate::model::hash64;

    /// Texts of one template, of which each is like many others.
    fn templated(rows: usize) -> Vec<Bag> {
        let word = |n: usize| format!("word{}", n % 97);
        let text = |n: usize| {
            format!(
                "when the {} was late again I felt so much {} about {}",
                word(n),
                word(n / 7),
                word(n * 3)
            )
        };
        (0..rows).map(|n| Bag::of(&text(n), Statistics::shipped())).collect()
    }

    fn joined(bags: &[Bag]) -> Vec<Vec<u32>> {
        let mut groups = Groups::new(bags.len());
        groups.join_alike(bags.iter().enumerate().collect(), Rule::default());
        groups.rows()
    }

    #[test]
    fn few_comparisons_find_the_groups_that_all_find() {
        let mut bags = templated(300);
        bags.extend((0..200).map(|n| {
            let word = |at: usize| format!("w{}", hash64(&[&(n / 2 * 9 + at).to_le_bytes()]) % 100_000);
            let text = (0..7).map(word).collect::<Vec<_>>().join(" ");
            Bag::of(&format!("{text} {n}"), Statistics::shipped())
        }));
        let mut all = Groups::new(bags.len());
        let mut index = Index::new(Rule::default());
        let mut found = Vec::new();
        for (row, bag) in bags.iter().enumerate() {
            index.find_all(0, bag, Rule::default().threshold(500), &mut found);
            found.iter().for_each(|like| all.join(like.of as usize, row));
            index.add(0, bag);
        }
        let groups = joined(&bags);
        assert!(groups.len() > 100 && groups.iter().any(|group| group.len() == 300), "{}", groups.len());
        assert_eq!(groups, all.rows());
    }

    #[test]
    fn a_part_without_a_share_gets_no_row() {
        let rows = Rows { labels: vec![Box::default(); 9], keys: (0..9).collect(), groups: Groups::new(9) };
        let dealt = deal(rows, &[0.0, 2.0 / 3.0, 1.0 / 3.0]);
        assert_eq!([0, 1, 2].map(|part| dealt.of.iter().filter(|of| **of == part).count()), [0, 6, 3]);
    }

    #[test]
    fn every_label_of_a_row_counts() {
        // A common label and a rare one, which say nothing of each other.
        let labels: Vec<Box<[u32]>> =
            (0..400_u32).map(|n| vec![n % 2, if n % 20 == n % 2 { 2 } else { 3 }].into()).collect();
        let keys = (0..400_u32).map(|n| hash64(&[&n.to_le_bytes()])).collect();
        let dealt = deal(Rows { labels: labels.clone(), keys, groups: Groups::new(400) }, &[0.8, 0.2]);
        let count = |part: u8, label: u32| {
            labels
                .iter()
                .zip(&dealt.of)
                .filter(|(labels, of)| **of == part && labels.contains(&label))
                .count()
        };
        assert_eq!([0, 1, 2].map(|label| count(1, label)), [40, 40, 8]);
    }
}
