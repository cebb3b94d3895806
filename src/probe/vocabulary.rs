//! The n-grams that a probe knows, and what a text is over them.

use super::matrix::{Matrix, Row};
use super::ngrams::{Cutter, Kind};
use crate::model::ByHash;

/// The n-grams that enough texts have, each with its inverse document frequency.
///
/// They are kept by 64-bit hashes: of a million n-grams, two share one with a probability of 3e-8.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    ids: ByHash<u64, u32>,
    /// In the order of ids; the lowest bit of a hash is its kind.
    hashes: Vec<u64>,
    idf: Vec<f32>,
}

/// What is reused from one text to the next.
#[derive(Debug, Default)]
pub struct Buffer {
    cutter: Cutter,
    found: Vec<u32>,
}

impl Vocabulary {
    /// The n-grams of at least `min_df` of these texts.
    ///
    /// The most frequent come first, so that what is read most often stands together in memory; of
    /// equals, the lower hash.
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>, min_df: u32) -> Self {
        /// In how many texts it was, and the last of them.
        #[derive(Default)]
        struct Seen {
            texts: u32,
            last: u32,
        }
        let mut seen: ByHash<u64, Seen> = ByHash::default();
        let mut cutter = Cutter::default();
        let mut all = 0;
        for text in texts {
            all += 1;
            cutter.cut(text, |kind, hash| {
                let seen = seen.entry(marked(kind, hash)).or_default();
                if seen.last != all {
                    seen.last = all;
                    seen.texts += 1;
                }
            });
        }
        let often = seen.into_iter().filter(|(_, seen)| seen.texts >= min_df);
        let mut known: Vec<(u32, u64)> = often.map(|(hash, seen)| (seen.texts, hash)).collect();
        known.sort_unstable_by_key(|(texts, hash)| (std::cmp::Reverse(*texts), *hash));
        let idf = known.iter().map(|(texts, _)| idf(all, *texts)).collect();
        Self::new(known.into_iter().map(|(_, hash)| hash).collect(), idf)
    }

    /// A vocabulary of these hashes, each with its inverse document frequency.
    pub fn new(hashes: Vec<u64>, idf: Vec<f32>) -> Self {
        let ids = hashes.iter().zip(0..).map(|(hash, id)| (*hash, id)).collect();
        Self { ids, hashes, idf }
    }

    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    pub fn idf(&self) -> &[f32] {
        &self.idf
    }

    /// A text's n-grams with (1 + ln tf) · idf, those of words and those of characters each scaled
    /// to a Euclidean length of 1.
    pub fn row(&self, text: &str, buffer: &mut Buffer, row: &mut Row) {
        let Buffer { cutter, found } = buffer;
        found.clear();
        row.ids.clear();
        row.values.clear();
        cutter.cut(text, |kind, hash| found.extend(self.ids.get(&marked(kind, hash))));
        found.sort_unstable();
        let mut squares = [0f32; 2];
        for same in found.chunk_by(|a, b| a == b) {
            let id = same[0] as usize;
            let times = if same.len() == 1 { 1.0 } else { 1.0 + (same.len() as f32).ln() };
            let value = times * self.idf[id];
            squares[self.kind(id)] += value * value;
            row.ids.push(same[0]);
            row.values.push(value);
        }
        let scale = squares.map(|square| if square > 0.0 { square.sqrt().recip() } else { 0.0 });
        for (id, value) in row.ids.iter().zip(&mut row.values) {
            *value *= scale[self.kind(*id as usize)];
        }
    }

    /// All texts as rows.
    pub fn matrix<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Matrix {
        let (mut buffer, mut row) = (Buffer::default(), Row::default());
        let mut matrix = Matrix::default();
        for text in texts {
            self.row(text, &mut buffer, &mut row);
            matrix.push(&row);
        }
        matrix
    }

    fn kind(&self, id: usize) -> usize {
        (self.hashes[id] & 1) as usize
    }
}

/// A hash whose lowest bit tells the kind.
fn marked(kind: Kind, hash: u64) -> u64 {
    hash & !1 | kind as u64
}

/// ln((1 + n) / (1 + df)) + 1.
fn idf(all: u32, texts: u32) -> f32 {
    (((1.0 + f64::from(all)) / (1.0 + f64::from(texts))).ln() + 1.0) as f32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(vocabulary: &Vocabulary, text: &str) -> Row {
        let mut row = Row::default();
        vocabulary.row(text, &mut Buffer::default(), &mut row);
        row
    }

    #[test]
    fn rare_ngrams_are_left_out_and_frequent_ones_come_first() {
        let texts = ["so good", "so bad", "so good"];
        let all = Vocabulary::of(texts.into_iter(), 1);
        let often = Vocabulary::of(texts.into_iter(), 2);
        assert!(often.hashes().len() < all.hashes().len());
        assert!(often.idf().is_sorted(), "{:?}", often.idf());
        // "bad" alone is unknown: nothing is left of it but its beginning and end.
        assert!(row(&often, "bad").ids.len() < row(&all, "bad").ids.len());
        assert!(row(&often, "zzz").ids.is_empty());
    }

    #[test]
    fn weights_are_those_of_the_formula() {
        // Of words only "so", in all three texts, and "good", in one, matter here.
        let vocabulary = Vocabulary::of(["so good", "so", "so so"].into_iter(), 1);
        let row = row(&vocabulary, "so so good");
        let words: Vec<f32> = row
            .ids
            .iter()
            .zip(&row.values)
            .filter(|(id, _)| vocabulary.kind(**id as usize) == Kind::Words as usize)
            .map(|(_, value)| *value)
            .collect();
        let rare = (4f64 / 2.0).ln() + 1.0;
        // "so" twice; "good", "so good" and "so so" are each in one text.
        let raw = [1.0 + 2f64.ln(), rare, rare, rare];
        let length = raw.iter().map(|value| value * value).sum::<f64>().sqrt();
        let mut expected: Vec<f64> = raw.iter().map(|value| value / length).collect();
        let mut found: Vec<f64> = words.iter().map(|value| f64::from(*value)).collect();
        expected.sort_by(f64::total_cmp);
        found.sort_by(f64::total_cmp);
        assert_eq!(found.len(), 4);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }

    proptest! {
        #[test]
        fn rows_have_length_one_in_each_kind(texts in prop::collection::vec("\\PC{0,30}|[a-c ]{0,20}", 1..8)) {
            let vocabulary = Vocabulary::of(texts.iter().map(String::as_str), 1);
            for text in &texts {
                let row = row(&vocabulary, text);
                prop_assert!(row.ids.is_sorted_by(|a, b| a < b));
                for kind in [Kind::Words, Kind::Characters] {
                    let squares: f32 = row.ids.iter().zip(&row.values)
                        .filter(|(id, _)| vocabulary.kind(**id as usize) == kind as usize)
                        .map(|(_, value)| value * value).sum();
                    prop_assert!(squares == 0.0 || (squares - 1.0).abs() < 1e-4, "{}", squares);
                }
            }
        }
    }
}
