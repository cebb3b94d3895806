//! Rows dealt out to the parts of a data set.

use super::item::Item;
use crate::labels::MOST_LABELS;
use crate::model::Split;
use crate::model::random::Random;

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

/// Rows that stay together.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    pub rows: Vec<usize>,
}

/// Deals units out so that each part has its share of every label: iterative stratification (K. Sechidis,
/// G. Tsoumakas, I. Vlahavas, *On the stratification of multi-label data*, ECML PKDD 2011).
///
/// The label with the fewest rows left comes first, since later there would be nothing to choose. Each of its
/// units goes where most of that label is still wanted, of equals where most rows are, of equals by lot. Larger
/// units come before smaller ones. What has no label fills the parts up.
pub fn stratify(items: &mut [Item], units: &[Unit], share: Share, seed: u64) {
    let mut random = Random::new(seed);
    let mut order: Vec<usize> = (0..units.len()).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last + 1));
    }
    order.sort_by_key(|unit| std::cmp::Reverse(units[*unit].rows.len()));
    // By label: the units that have it, and how many rows of them are left.
    let mut having: Vec<Vec<usize>> = vec![Vec::new(); MOST_LABELS];
    let mut left = vec![0u64; MOST_LABELS];
    let counts: Vec<Vec<(usize, u64)>> = units.iter().map(|unit| labels_of(unit, items)).collect();
    for &unit in &order {
        for &(label, rows) in &counts[unit] {
            having[label].push(unit);
            left[label] += rows;
        }
    }
    let all: usize = units.iter().map(|unit| unit.rows.len()).sum();
    let mut wanted = share.shares().map(|part| part * all as f64);
    let mut wanted_of: Vec<[f64; 3]> =
        left.iter().map(|rows| share.shares().map(|part| part * *rows as f64)).collect();
    let mut part_of: Vec<Option<usize>> = vec![None; units.len()];
    let open = share.shares().map(|part| part > 0.0);
    let mut deal = |unit: usize, label: Option<usize>, left: &mut [u64]| {
        let size = units[unit].rows.len() as f64;
        let of = |part: usize| (label.map_or(0.0, |label| wanted_of[label][part]), wanted[part]);
        let mut best: Vec<usize> = Vec::with_capacity(3);
        for part in (0..3).filter(|part| open[*part]) {
            match best.first().map(|first| of(part).partial_cmp(&of(*first))) {
                None | Some(Some(std::cmp::Ordering::Greater)) => best = vec![part],
                Some(Some(std::cmp::Ordering::Equal)) => best.push(part),
                _ => {}
            }
        }
        let part = best[random.below(best.len())];
        for &(label, rows) in &counts[unit] {
            wanted_of[label][part] -= rows as f64;
            left[label] -= rows;
        }
        wanted[part] -= size;
        part
    };
    while let Some(label) = (0..MOST_LABELS).filter(|label| left[*label] > 0).min_by_key(|label| left[*label])
    {
        for &unit in &having[label] {
            if part_of[unit].is_none() {
                part_of[unit] = Some(deal(unit, Some(label), &mut left));
            }
        }
    }
    for &unit in &order {
        let part = part_of[unit].unwrap_or_else(|| deal(unit, None, &mut left));
        for row in &units[unit].rows {
            items[*row].split = Some(Split::ALL[part]);
        }
    }
}

/// The labels of a unit's rows, each with the number of rows that have it.
fn labels_of(unit: &Unit, items: &[Item]) -> Vec<(usize, u64)> {
    let mut out: Vec<(usize, u64)> = Vec::new();
    for label in unit.rows.iter().flat_map(|row| items[*row].labels.iter()) {
        match out.iter_mut().find(|(known, _)| *known == label) {
            Some((_, rows)) => *rows += 1,
            None => out.push((label, 1)),
        }
    }
    out
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
        (0..1000).map(|row| Item { labels: labels(row), ..Item::default() }).collect()
    }

    fn alone(items: &[Item]) -> Vec<Unit> {
        (0..items.len()).map(|row| Unit { rows: vec![row] }).collect()
    }

    #[test]
    fn every_part_has_its_share_of_every_label() {
        let mut all = items();
        let units = alone(&all);
        stratify(&mut all, &units, Share::parse("80,10,10").unwrap(), 7);
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
            let units: Vec<Unit> = (0..500).map(|unit| Unit { rows: vec![unit, unit + 500] }).collect();
            stratify(&mut all, &units, Share::parse("70,30").unwrap(), seed);
            all.into_iter().map(|item| item.split.unwrap()).collect::<Vec<_>>()
        };
        let one = deal(1);
        assert_eq!(one, deal(1));
        assert_ne!(one, deal(2));
        assert!((0..500).all(|row| one[row] == one[row + 500]));
        assert!(!one.contains(&Split::Dev), "no share, no row");
        let mut nothing = vec![Item::default(); 10];
        let units = alone(&nothing);
        stratify(&mut nothing, &units, Share::parse("50,50").unwrap(), 1);
        assert_eq!(nothing.iter().filter(|item| item.split == Some(Split::Test)).count(), 5);
    }
}
