//! How much the texts of a dataset repeat each other.

use std::collections::{HashMap, HashSet};

use super::token;

/// Texts that distinct-2 is taken of, at most: it falls as texts are added, so that only the same
/// number of them can be compared.
pub const DISTINCT_TEXTS: usize = 1000;

/// Distinct-2 with the number of texts it was taken of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distinct {
    pub share: f64,
    pub texts: usize,
}

/// The share of different pairs among all pairs of neighbouring tokens of the first [`DISTINCT_TEXTS`]
/// texts: 1 where none comes twice. `None` where no text has two tokens.
///
/// It is the audit's `distinct_2` ([`token::tokens`], in lower case; no pair spans two texts), of the first
/// texts instead of ten samples.
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
        let text = text.to_lowercase();
        for token in token::tokens(&text) {
            let word = match words.get(token) {
                Some(word) => *word,
                None => {
                    words.insert(token.to_owned(), words.len());
                    words.len() - 1
                }
            };
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
    use crate::audit::{Groups, Table};

    #[test]
    fn pairs_are_counted_within_texts_whatever_their_case() {
        let of = |texts: &[&str]| distinct_2(texts.iter().copied());
        assert_eq!(of(&["a b c", "d e"]), Some(Distinct { share: 1.0, texts: 2 }));
        // Five pairs: a b twice, and marks are tokens.
        assert_eq!(of(&["A b, c!", "a B"]), Some(Distinct { share: 4.0 / 5.0, texts: 2 }));
        // No pair spans two texts.
        assert_eq!(of(&["a", "b", "a", "b"]), None);
        assert_eq!(of(&[]), None);
    }

    /// There is one number of this name.
    #[test]
    fn it_is_what_the_audit_measures() {
        let texts: Vec<String> =
            (0..200).map(|row| format!("It's {row}… no, \u{201c}w{}\u{201d} [NAME]!", row % 7)).collect();
        let mut table = Table::new([]);
        texts.iter().for_each(|text| table.push("", text, [[""; 0]; 0], Groups::default()));
        let rows: Vec<usize> = (0..200).collect();
        let audited = crate::audit::diversity::sample(&table, &rows)[1];
        assert_eq!(distinct_2(texts.iter().map(String::as_str)).unwrap().share, audited);
    }

    #[test]
    fn only_so_many_texts_count() {
        let same = std::iter::repeat_n("same thing", DISTINCT_TEXTS);
        let other = std::iter::repeat_n("other words here", 500);
        let of = distinct_2(same.chain(other)).unwrap();
        assert_eq!((of.texts, of.share), (DISTINCT_TEXTS, 1.0 / DISTINCT_TEXTS as f64));
    }
}
