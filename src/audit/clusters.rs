//! Rows that are much alike, so that a text and its copy don't stand on both sides of a split.

use std::collections::HashMap;

use crate::model::Spread;
use crate::model::random::mix;

/// Bands of the sketch, and hashes in each: two texts of Jaccard similarity s are compared with
/// probability 1 − (1 − s³)¹², which is .79 at one half.
const BANDS: u64 = 12;
const ROWS: u64 = 3;

/// The least similarity of word sets that joins two texts.
const ALIKE: f64 = 0.5;

/// For each text, given as its words, the number of its cluster. Texts that share half of their different words are one
/// (MinHash after Broder 1997 finds them, their word sets decide), and so is what is joined by others.
///
/// Not by `dedup::Index`, which finds every pair: among ten thousand texts of one template these are fifty
/// million, and took more than ten times as long as a whole audit. Here each text is compared with at most
/// twelve.
pub fn clusters<W: Iterator<Item = u32>>(texts: impl Iterator<Item = W>) -> Vec<u32> {
    let sets: Vec<Vec<u32>> = texts
        .map(|words| {
            let mut words: Vec<u32> = words.collect();
            words.sort_unstable();
            words.dedup();
            words
        })
        .collect();
    let mut parent: Vec<u32> = (0..sets.len() as u32).collect();
    let mut buckets: HashMap<u64, u32, Spread> =
        HashMap::with_capacity_and_hasher(sets.len(), Spread::default());
    for band in 0..BANDS {
        buckets.clear();
        for (row, set) in sets.iter().enumerate() {
            let mut key = band;
            for hash in 0..ROWS {
                let seed = mix(band * ROWS + hash + 1);
                let least = set.iter().map(|word| mix(seed ^ u64::from(*word))).min().unwrap_or(0);
                key = mix(key ^ least);
            }
            let first = *buckets.entry(key).or_insert(row as u32);
            if first != row as u32 && similarity(&sets[first as usize], set) >= ALIKE {
                let (a, b) = (root(&mut parent, first), root(&mut parent, row as u32));
                parent[a.max(b) as usize] = a.min(b);
            }
        }
    }
    (0..sets.len() as u32).map(|row| root(&mut parent, row)).collect()
}

fn root(parent: &mut [u32], mut of: u32) -> u32 {
    while parent[of as usize] != of {
        parent[of as usize] = parent[parent[of as usize] as usize];
        of = parent[of as usize];
    }
    of
}

/// The Jaccard similarity of two sorted sets.
fn similarity(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut both) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                (i, j, both) = (i + 1, j + 1, both + 1);
            }
        }
    }
    let either = a.len() + b.len() - both;
    if either == 0 { 1.0 } else { both as f64 / either as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_with_an_edit_are_together_and_others_apart() {
        let [the, bus, was, late, early, again, today] = [0, 1, 2, 3, 4, 5, 6];
        let texts = [
            vec![the, bus, was, late, again, today],
            vec![the, bus, was, late, again, 7, today],
            vec![the, bus, was, early, again, today],
            vec![8, 9, 10, 11, 12],
        ];
        let clusters = clusters(texts.into_iter().map(Vec::into_iter));
        assert_eq!(clusters[0], clusters[1]);
        assert_eq!(clusters[0], clusters[2]);
        assert_ne!(clusters[0], clusters[3]);
    }
}
