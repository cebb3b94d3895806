//! How much the texts of a dataset repeat each other.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

/// Texts that distinct-2 is taken of, at most: it falls as texts are added, so that only the same
/// number of them can be compared.
pub const DISTINCT_TEXTS: usize = 1000;

/// Distinct-2 with the number of texts it was taken of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distinct {
    pub share: f64,
    pub texts: usize,
}

/// The share of different pairs among all pairs of neighbouring words of the first
/// [`DISTINCT_TEXTS`] texts: 1 where none comes twice. `None` where no text has two words.
///
/// Words are those of Unicode's word boundaries (UAX #29), in lower case; no pair spans two texts.
/// After Li et al., "A Diversity-Promoting Objective Function for Neural Conversation Models"
/// (NAACL 2016), who divide by the number of words; here it is the number of pairs, as is usual
/// since, so that short texts are not taken for repetitive ones.
pub fn distinct_2<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Distinct> {
    let mut words: HashMap<String, usize> = HashMap::new();
    let mut different: HashSet<(usize, usize)> = HashSet::new();
    let (mut pairs, mut count) = (0u64, 0);
    for text in texts.take(DISTINCT_TEXTS) {
        count += 1;
        let mut before = None;
        for word in text.unicode_words().map(str::to_lowercase) {
            let next = words.len();
            let word = *words.entry(word).or_insert(next);
            if let Some(before) = before {
                pairs += 1;
                different.insert((before, word));
            }
            before = Some(word);
        }
    }
    (pairs > 0).then(|| Distinct { share: different.len() as f64 / pairs as f64, texts: count })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_within_texts_whatever_their_case() {
        let of = |texts: &[&str]| distinct_2(texts.iter().copied());
        assert_eq!(of(&["a b c", "d e"]), Some(Distinct { share: 1.0, texts: 2 }));
        // Three pairs: a b twice, b c.
        assert_eq!(of(&["A b, c!", "a B"]), Some(Distinct { share: 2.0 / 3.0, texts: 2 }));
        // No pair spans two texts.
        assert_eq!(of(&["a", "b", "a", "b"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn only_so_many_texts_count() {
        let same = std::iter::repeat_n("same thing", DISTINCT_TEXTS);
        let other = std::iter::repeat_n("other words here", 500);
        let of = distinct_2(same.chain(other)).unwrap();
        assert_eq!((of.texts, of.share), (DISTINCT_TEXTS, 1.0 / DISTINCT_TEXTS as f64));
    }
}
