//! Parts of a dataset: sized as asked, labels shared out alike, near-duplicates and pairs never apart.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::dedup::{Bag, Level, Rule, Statistics};
use crate::model::hash64;
use crate::split::{self, Groups};

/// Parts by name, with their shares, which sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts(Vec<(String, f64)>);

/// What parts are called that have no name of their own, by their number.
const NAMES: [&[&str]; 2] = [&["train", "test"], &["train", "validation", "test"]];

impl Parts {
    /// Reads `80,10,10` or `train=80,test=20`.
    ///
    /// # Errors
    /// What is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let items: Vec<&str> = text.split(',').map(str::trim).collect();
        let names = NAMES.iter().find(|names| names.len() == items.len());
        let mut parts: Vec<(String, f64)> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let (name, share) = match item.split_once('=') {
                Some((name, share)) => (name.trim(), share.trim()),
                None => {
                    let name = names.and_then(|names| names.get(at)).copied();
                    let why = "two shares are train and test, three train, validation and test; name others, \
                               such as `train=70,dev=10,test=20`";
                    (name.ok_or(why)?, *item)
                }
            };
            let fine = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
            if !fine {
                return Err(format!("`{name}` is no name of a part: letters, digits and `_` make one"));
            }
            if parts.iter().any(|(known, _)| known == name) {
                return Err(format!("there are two parts `{name}`"));
            }
            let share: f64 = share.parse().map_err(|_| format!("`{share}` is no number"))?;
            if !(share > 0.0 && share.is_finite()) {
                return Err(format!("`{share}` is no share: a part is above 0"));
            }
            parts.push((name.to_owned(), share));
        }
        let sum: f64 = parts.iter().map(|(_, share)| share).sum();
        parts.iter_mut().for_each(|(_, share)| *share /= sum);
        Ok(Self(parts))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Which part each row goes to, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Assigned {
    pub parts: Parts,
    pub of: Vec<u8>,
    /// Rows that went where a near-duplicate of theirs is, or the other of their pair.
    pub together: u64,
    /// How many rows stand in the largest group of such, and the text of its first.
    pub largest: (u64, String),
}

/// A part that has not its share of the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Off<'a> {
    pub name: &'a str,
    pub rows: u64,
    pub share: u64,
}

impl Assigned {
    pub fn names(&self) -> Vec<String> {
        self.parts.names().map(str::to_owned).collect()
    }

    /// The parts that are empty, or a fifth and more than a row off their share.
    pub fn off(&self) -> Vec<Off<'_>> {
        let parts = self.parts.0.iter().enumerate().filter_map(|(part, (name, share))| {
            let rows = self.of.iter().filter(|of| usize::from(**of) == part).count() as f64;
            let wanted = share * self.of.len() as f64;
            let is_off = wanted > 0.0 && (rows == 0.0 || (rows - wanted).abs() > 1.0 + wanted / 5.0);
            is_off.then(|| Off { name, rows: rows as u64, share: wanted.round() as u64 })
        });
        parts.collect()
    }
}

/// Takes in rows, then shares them out: near-duplicates and rows of one pair go to one part.
pub struct Splitter {
    parts: Parts,
    seed: u64,
    texts: Vec<Box<str>>,
    /// By row: its labels, each with the column that it is of.
    labels: Vec<Box<[(u32, u32)]>>,
    /// By pair: its rows.
    pairs: HashMap<Box<str>, Vec<usize>>,
}

impl Splitter {
    pub fn new(parts: Parts, seed: u64) -> Self {
        Self { parts, seed, texts: Vec::new(), labels: Vec::new(), pairs: HashMap::new() }
    }

    /// Takes in a row with the numbers of its labels by column, and the pair that it is of.
    pub fn see(&mut self, text: &str, labels: &[Vec<usize>], pair: Option<&str>) {
        if let Some(pair) = pair {
            self.pairs.entry(pair.into()).or_default().push(self.texts.len());
        }
        self.texts.push(text.into());
        let of_column = |(column, labels): (usize, &Vec<usize>)| {
            labels.iter().map(move |label| (column as u32, *label as u32)).collect::<Vec<_>>()
        };
        self.labels.push(labels.iter().enumerate().flat_map(of_column).collect());
    }

    /// Shares the rows out; `places` says of each column where the labels that were numbered as they were met stand
    /// in the order of their names.
    pub fn finish(self, places: &[Vec<usize>]) -> Assigned {
        let statistics = Statistics::shipped();
        let bags: Vec<Bag> = self.texts.par_iter().map(|text| Bag::of(text, statistics)).collect();
        let mut groups = Groups::new(self.texts.len());
        groups
            .join_alike(bags.iter().enumerate().collect(), Rule { level: Level::Default, ..Rule::default() });
        for rows in self.pairs.values() {
            rows.windows(2).for_each(|both| groups.join(both[0], both[1]));
        }
        let before: Vec<usize> =
            places.iter().scan(0, |sum, places| Some(std::mem::replace(sum, *sum + places.len()))).collect();
        let number = |&(column, label): &(u32, u32)| {
            let (before, places) = (before.get(column as usize), places.get(column as usize));
            let place = places.and_then(|places| places.get(label as usize));
            (before.copied().unwrap_or_default() + place.copied().unwrap_or_default()) as u32
        };
        let rows = split::Rows {
            labels: self.labels.iter().map(|labels| labels.iter().map(number).collect()).collect(),
            keys: self
                .texts
                .iter()
                .map(|text| hash64(&[&self.seed.to_le_bytes(), text.as_bytes()]))
                .collect(),
            groups,
        };
        let shares: Vec<f64> = self.parts.0.iter().map(|(_, share)| *share).collect();
        let dealt = split::deal(rows, &shares);
        let first = dealt.largest.first().map(|row| self.texts[*row as usize].to_string());
        let largest = (dealt.largest.len() as u64, first.unwrap_or_default());
        Assigned { parts: self.parts, of: dealt.of, together: dealt.together, largest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(parts: &str, rows: &[(String, usize)]) -> Assigned {
        let mut splitter = Splitter::new(Parts::parse(parts).unwrap(), 7);
        rows.iter().for_each(|(text, label)| splitter.see(text, &[vec![*label]], None));
        splitter.finish(&[(0..30).collect()])
    }

    /// Texts that have hardly a word in common.
    fn rows(count: usize, labels: usize) -> Vec<(String, usize)> {
        let word = |n: usize| format!("w{}", hash64(&[&n.to_le_bytes()]) % 100_000);
        let text = |n: usize| (0..8).map(|at| word(n * 8 + at)).collect::<Vec<_>>().join(" ");
        (0..count).map(|n| (text(n), n % labels)).collect()
    }

    #[test]
    fn each_part_has_its_share_of_each_label() {
        let rows = rows(300, 3);
        let assigned = split("80,10,10", &rows);
        assert_eq!(assigned.names(), ["train", "validation", "test"]);
        for label in 0..3 {
            let mut counts = [0; 3];
            for ((_, of), part) in rows.iter().zip(&assigned.of) {
                counts[usize::from(*part)] += usize::from(*of == label);
            }
            assert_eq!(counts, [80, 10, 10], "label {label}");
        }
    }

    #[test]
    fn rare_labels_are_shared_out_and_sizes_kept() {
        // 28 labels of 15 rows: a tenth of each is a row and a half.
        let rows = rows(28 * 15, 28);
        let assigned = split("80,10,10", &rows);
        let size = |part: u8| assigned.of.iter().filter(|of| **of == part).count();
        assert_eq!([size(0), size(1), size(2)], [336, 42, 42]);
        for label in 0..28 {
            for part in 1..3 {
                let of = rows.iter().zip(&assigned.of).filter(|((_, of), at)| *of == label && **at == part);
                assert!((1..=2).contains(&of.count()), "label {label} in part {part}");
            }
        }
    }

    #[test]
    fn near_duplicates_stay_together_and_the_order_of_rows_does_not_matter() {
        let mut rows = rows(60, 2);
        for n in 0..20 {
            let (text, label) = rows[n].clone();
            rows.push((format!("{text}!"), label));
            rows.push((text.to_uppercase() + " too", 1 - label));
        }
        let assigned = split("60,40", &rows);
        assert_eq!((assigned.names(), assigned.together), (vec!["train".into(), "test".into()], 40));
        for n in 0..20 {
            let parts = [n, 60 + 2 * n, 61 + 2 * n].map(|row| assigned.of[row]);
            assert!(parts.iter().all(|part| *part == parts[0]), "{parts:?}");
        }
        let mut backwards = rows.clone();
        backwards.reverse();
        let mut again = split("60,40", &backwards).of;
        again.reverse();
        assert_eq!(again, assigned.of);
    }

    #[test]
    fn a_pair_stays_together_however_different_its_texts_are() {
        let rows = rows(80, 2);
        let mut splitter = Splitter::new(Parts::parse("50,50").unwrap(), 7);
        let pair = |at: usize| (at < 40).then(|| format!("p{}", at / 2));
        rows.iter()
            .enumerate()
            .for_each(|(at, (text, label))| splitter.see(text, &[vec![*label]], pair(at).as_deref()));
        let assigned = splitter.finish(&[vec![0, 1]]);
        assert!((0..40).step_by(2).all(|at| assigned.of[at] == assigned.of[at + 1]), "{assigned:?}");
        assert_eq!((assigned.together, assigned.of.iter().filter(|of| **of == 0).count()), (20, 40));
    }

    #[test]
    fn parts_are_named_and_numbered() {
        let names = |text: &str| Parts::parse(text).unwrap().names().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(names("80,20"), ["train", "test"]);
        assert_eq!(names("a=1, b=1,c=1 ,d=1"), ["a", "b", "c", "d"]);
        assert_eq!(Parts::parse("3,1").unwrap(), Parts::parse("75,25").unwrap());
        for (wrong, says) in [
            ("80", "name others"),
            ("1,1,1,1", "name others"),
            ("80,0", "above 0"),
            ("80,x", "no number"),
            ("a=1,a=2", "two parts"),
            ("a/b=1,c=2", "no name"),
        ] {
            assert!(Parts::parse(wrong).unwrap_err().contains(says), "{wrong}");
        }
    }
}
