//! Rows dealt out to the parts of a data set.

use super::item::Item;
use crate::model::{Split, hash64};
use crate::split::{self, Groups, Rows};

/// How much of the rows each part has: they add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share([f64; 3]);

impl Share {
    /// `80,10,10` for train, dev and test, or `80,20` for train and test.
    pub fn parse(text: &str) -> Result<Self, String> {
        let numbers: Option<Vec<f64>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
        let parts = match numbers.as_deref() {
            Some([train, test]) => [*train, 0.0, *test],
            Some([train, dev, test]) => [*train, *dev, *test],
            _ => return Err(format!("`{text}` is no split; write shares such as `80,10,10` or `80,20`")),
        };
        let all: f64 = parts.iter().sum();
        if !parts.iter().all(|part| part.is_finite() && *part >= 0.0) || all <= 0.0 {
            return Err(format!("`{text}`: shares are 0 or more, and not all 0"));
        }
        Ok(Self(parts.map(|part| part / all)))
    }

    pub fn shares(self) -> [f64; 3] {
        self.0
    }
}

/// Deals the kept rows out, so that each part has its share of every label and no group is torn apart; says how many
/// rows the largest group has.
pub fn deal(items: &mut [Item], kept: &[usize], groups: Groups, share: Share, seed: u64) -> usize {
    let labels = kept.iter().map(|row| items[*row].labels.iter().map(|label| label as u32).collect());
    let keys = kept.iter().map(|row| hash64(&[&seed.to_le_bytes(), items[*row].text.as_bytes()]));
    let rows = Rows { labels: labels.collect(), keys: keys.collect(), groups };
    let dealt = split::deal(rows, &share.shares());
    for (row, part) in kept.iter().zip(dealt.of) {
        items[*row].split = Split::ALL.get(usize::from(part)).copied();
    }
    dealt.largest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::LabelSet;

    #[test]
    fn a_part_is_known_by_a_word_of_the_files_name() {
        for (name, split) in [
            ("train.tsv", Some(Split::Train)),
            ("goemotions_test.csv", Some(Split::Test)),
            ("validation-00000-of-00001.jsonl", Some(Split::Dev)),
            ("dev.jsonl", Some(Split::Dev)),
            ("contest.csv", None),
            ("train_test.csv", None),
            ("goemotions_1.csv", None),
        ] {
            assert_eq!(Split::of_file(name), split, "{name}");
        }
    }

    #[test]
    fn shares_are_of_the_whole() {
        assert_eq!(Share::parse("80,10,10").unwrap().shares(), [0.8, 0.1, 0.1]);
        assert_eq!(Share::parse("3, 1").unwrap().shares(), [0.75, 0.0, 0.25]);
        for wrong in ["80", "a,b", "0,0,0", "-1,2", "1,2,3,4", "nan,1"] {
            assert!(Share::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Rows with labels that are ever rarer, some with two.
    fn items() -> Vec<Item> {
        let labels = |row: usize| -> LabelSet {
            let first = (row + 1).trailing_zeros() as usize;
            let second = row.is_multiple_of(5).then_some(9);
            [Some(first), second].into_iter().flatten().collect()
        };
        let item = |row| Item { labels: labels(row), text: format!("text {row}"), ..Item::default() };
        (0..1000).map(item).collect()
    }

    fn stratify(items: &mut [Item], groups: Groups, share: &str, seed: u64) {
        let kept: Vec<usize> = (0..items.len()).collect();
        deal(items, &kept, groups, Share::parse(share).unwrap(), seed);
    }

    #[test]
    fn every_part_has_its_share_of_every_label() {
        let mut all = items();
        stratify(&mut all, Groups::new(1000), "80,10,10", 7);
        for (part, share) in Split::ALL.into_iter().zip([0.8, 0.1, 0.1]) {
            let of_part: Vec<&Item> = all.iter().filter(|item| item.split == Some(part)).collect();
            assert!((of_part.len() as f64 - 1000.0 * share).abs() <= 2.0, "{part:?}: {}", of_part.len());
            for label in 0..10 {
                let count = |items: &mut dyn Iterator<Item = &Item>| {
                    items.filter(|item| item.labels.contains(label)).count() as f64
                };
                let wanted = count(&mut all.iter()) * share;
                let found = count(&mut of_part.iter().copied());
                assert!((found - wanted).abs() <= 1.5, "{part:?}, label {label}: {found} of {wanted}");
            }
        }
    }

    #[test]
    fn a_seed_makes_one_split_and_units_stay_together() {
        let deal = |seed| {
            let mut all = items();
            let mut groups = Groups::new(1000);
            (0..500).for_each(|row| groups.join(row, row + 500));
            stratify(&mut all, groups, "70,30", seed);
            all.into_iter().map(|item| item.split.unwrap()).collect::<Vec<_>>()
        };
        let one = deal(1);
        assert_eq!(one, deal(1));
        assert_ne!(one, deal(2));
        assert!((0..500).all(|row| one[row] == one[row + 500]));
        assert!(!one.contains(&Split::Dev), "no share, no row");
        let mut nothing = vec![Item::default(); 10];
        stratify(&mut nothing, Groups::new(10), "50,50", 1);
        assert_eq!(nothing.iter().filter(|item| item.split == Some(Split::Test)).count(), 5);
    }
}
