//! Parts of a dataset: sized as asked, labels shared out alike, near-duplicates and pairs never apart.

use std::collections::HashMap;

use crate::dedup::{Bag, Index, Level, Rule, Statistics};
use crate::model::hash64;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assigned {
    pub names: Vec<String>,
    pub of: Vec<u8>,
    /// Rows that went where a near-duplicate of theirs is, or the other of their pair.
    pub together: u64,
}

/// Takes in rows, then shares them out.
///
/// Rows that are near-duplicates of each other or of one pair, in one step or several, are one group. Groups are gone
/// through from the largest, among these from the rarest label, and each goes where its rarest label
/// is furthest below its share, of equals where rows are: iterative stratification (K. Sechidis,
/// G. Tsoumakas, I. Vlahavas, *On the stratification of multi-label data*, ECML PKDD 2011) over
/// groups in place of rows. Chance is a hash of the seed and the text, so the order of rows matters
/// only among equal texts.
pub struct Splitter {
    parts: Parts,
    seed: u64,
    index: Index,
    /// By row: the row that stands for its group, in the manner of union-find.
    groups: Vec<u32>,
    /// By row.
    keys: Vec<u64>,
    labels: Vec<Box<[u16]>>,
    /// By pair: its first row.
    pairs: HashMap<Box<str>, u32>,
}

impl Splitter {
    pub fn new(parts: Parts, seed: u64) -> Self {
        let rule = Rule { level: Level::Default, ..Rule::default() };
        Self {
            parts,
            seed,
            index: Index::new(rule),
            groups: Vec::new(),
            keys: Vec::new(),
            labels: Vec::new(),
            pairs: HashMap::new(),
        }
    }

    /// Takes in a row with the numbers of its labels, and the pair that it is of.
    pub fn see(&mut self, text: &str, labels: &[usize], pair: Option<&str>) {
        let bag = Bag::of(text, Statistics::shipped());
        let mut found = Vec::new();
        let least = self.index.threshold(0);
        self.index.find_all(0, &bag, least, &mut found);
        let row = self.index.add(0, &bag);
        self.groups.push(row);
        found.iter().for_each(|same| self.join(same.of, row));
        if let Some(pair) = pair {
            let first = *self.pairs.entry(pair.into()).or_insert(row);
            self.join(first, row);
        }
        self.keys.push(hash64(&[&self.seed.to_le_bytes(), text.as_bytes()]));
        self.labels.push(labels.iter().map(|label| *label as u16).collect());
    }

    /// Puts two rows in one group.
    fn join(&mut self, one: u32, other: u32) {
        let (a, b) = (self.root(one), self.root(other));
        self.groups[a.max(b) as usize] = a.min(b);
    }

    fn root(&mut self, mut row: u32) -> u32 {
        while self.groups[row as usize] != row {
            let up = self.groups[self.groups[row as usize] as usize];
            self.groups[row as usize] = up;
            row = up;
        }
        row
    }

    pub fn finish(mut self) -> Assigned {
        let rows = self.groups.len();
        let roots: Vec<u32> = (0..rows as u32).map(|row| self.root(row)).collect();
        let mut groups: HashMap<u32, Vec<u32>> = HashMap::new();
        for (row, root) in roots.iter().enumerate() {
            groups.entry(*root).or_default().push(row as u32);
        }
        let together = rows as u64 - groups.len() as u64;
        // Rows without a label are of one of their own.
        let none = self.labels.iter().flatten().max().map_or(0, |most| most + 1);
        let labels_of = |row: u32| {
            let labels = &self.labels[row as usize];
            labels.iter().copied().chain(labels.is_empty().then_some(none))
        };
        let mut counts = vec![0_u64; usize::from(none) + 1];
        (0..rows as u32).flat_map(labels_of).for_each(|label| counts[usize::from(label)] += 1);
        let rarest = |group: &[u32]| {
            let labels = group.iter().copied().flat_map(labels_of);
            // Of equally rare ones, that with the lower number: any will do.
            labels.min_by_key(|label| (counts[usize::from(*label)], *label)).unwrap_or(none)
        };
        let mut order: Vec<(Vec<u32>, u16, u64)> = groups
            .into_values()
            .map(|group| {
                let key = group.iter().map(|row| self.keys[*row as usize]).min().unwrap_or_default();
                let rarest = rarest(&group);
                (group, rarest, key)
            })
            .collect();
        order.sort_unstable_by_key(|(group, rarest, key)| {
            let first = group.first().copied();
            (std::cmp::Reverse(group.len()), counts[usize::from(*rarest)], *rarest, *key, first)
        });
        // By part: how many rows, and how many of each label, are still wanted.
        let shares: Vec<f64> = self.parts.0.iter().map(|(_, share)| *share).collect();
        let mut wanted: Vec<(f64, Vec<f64>)> = shares
            .iter()
            .map(|share| (share * rows as f64, counts.iter().map(|count| share * *count as f64).collect()))
            .collect();
        let mut of = vec![0; rows];
        for (group, rarest, _) in order {
            let mut best = 0;
            for part in 1..wanted.len() {
                let lacks = |part: usize| (wanted[part].1[usize::from(rarest)], wanted[part].0);
                if lacks(part) > lacks(best) {
                    best = part;
                }
            }
            wanted[best].0 -= group.len() as f64;
            for row in group {
                of[row as usize] = best as u8;
                for label in labels_of(row) {
                    wanted[best].1[usize::from(label)] -= 1.0;
                }
            }
        }
        Assigned { names: self.parts.names().map(str::to_owned).collect(), of, together }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(parts: &str, rows: &[(String, usize)]) -> Assigned {
        let mut splitter = Splitter::new(Parts::parse(parts).unwrap(), 7);
        rows.iter().for_each(|(text, label)| splitter.see(text, &[*label], None));
        splitter.finish()
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
        assert_eq!(assigned.names, ["train", "validation", "test"]);
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
        assert_eq!((assigned.names.clone(), assigned.together), (vec!["train".into(), "test".into()], 40));
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
            .for_each(|(at, (text, label))| splitter.see(text, &[*label], pair(at).as_deref()));
        let assigned = splitter.finish();
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
