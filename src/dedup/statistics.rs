//! How common words are, from a file and never from the texts that are compared.

use std::collections::HashMap;
use std::fmt::Write;

use super::words::words;
use crate::model::Spread;

/// The first line of a file of word statistics.
const HEAD: &str = "emogrid-words 1";

/// Steps of a weight in one bit of information.
const STEPS: u32 = 128;

/// The heaviest weight there is: it has twelve bits.
pub(super) const HEAVIEST: u32 = 4095;

/// In how many texts of some large corpus each word stands, as weights of words.
///
/// The weight of a word in `d` of `n` texts is log₂((n + 1) / (2d + 1)) in steps of 1/128, whole
/// numbers from 1 to 4095, so that sums do not depend on their order: the inverse document frequency
/// (Spärck Jones 1972), less one bit, so that a word in every other text weighs next to nothing. A
/// word that is not in the file weighs most.
#[derive(Debug, Clone)]
pub struct Statistics {
    weights: HashMap<u64, u16, Spread>,
    unknown: u16,
    hash: [u8; 32],
}

/// Why a file is no word statistics.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct StatisticsError {
    pub line: usize,
    pub what: &'static str,
}

impl Statistics {
    /// Those that come with emogrid: the words in five or more of 43,410 short texts.
    pub fn shipped() -> &'static Statistics {
        static SHIPPED: std::sync::LazyLock<Statistics> = std::sync::LazyLock::new(|| {
            Statistics::parse(include_str!("words.tsv")).expect("the shipped statistics are well formed")
        });
        &SHIPPED
    }

    /// Reads what [`Counts::to_file`] wrote.
    ///
    /// # Errors
    /// The first line that is not as it has to be.
    pub fn parse(file: &str) -> Result<Self, StatisticsError> {
        let wrong = |line: usize, what| StatisticsError { line, what };
        let mut lines = file.lines().enumerate().map(|(number, line)| (number + 1, line));
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(wrong(1, "word statistics begin with the line `emogrid-words 1`"));
        }
        let texts = lines
            .next()
            .and_then(|(_, line)| line.strip_prefix("texts\t")?.parse::<u64>().ok())
            .filter(|texts| (1..1 << 40).contains(texts))
            .ok_or_else(|| wrong(2, "the second line is `texts`, a tab, and how many were counted"))?;
        let mut weights = HashMap::with_capacity_and_hasher(file.len() / 12, Spread::default());
        for (number, line) in lines {
            let (word, count) = line
                .split_once('\t')
                .and_then(|(word, count)| Some((word, count.parse::<u64>().ok()?)))
                .ok_or_else(|| wrong(number, "a line is a word, a tab, and in how many texts it stands"))?;
            if !(1..=texts).contains(&count) {
                return Err(wrong(number, "a word stands in at least one text and in no more than all"));
            }
            let mut parts = 0;
            words(word, |part| parts += if part == word { 1 } else { 2 });
            if parts != 1 {
                return Err(wrong(
                    number,
                    "this is not one word in lower case, as texts are split into them",
                ));
            }
            if weights.insert(hash(word), weight(texts, count)).is_some() {
                return Err(wrong(number, "the word stands here for the second time"));
            }
        }
        Ok(Self { weights, unknown: weight(texts, 0), hash: *blake3::hash(file.as_bytes()).as_bytes() })
    }

    /// The BLAKE3 hash of the file.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The weight of a word, in steps of 1/128 bit.
    pub fn weight(&self, word: &str) -> u32 {
        self.weight_of(hash(word))
    }

    pub(super) fn weight_of(&self, hash: u64) -> u32 {
        u32::from(self.weights.get(&hash).copied().unwrap_or(self.unknown))
    }
}

/// In how many texts each word stands, being counted.
#[derive(Debug, Default)]
pub struct Counts {
    texts: u64,
    words: HashMap<String, Count>,
}

#[derive(Debug, Default)]
struct Count {
    texts: u64,
    /// The last text that had it.
    last: u64,
}

impl Counts {
    pub fn add(&mut self, text: &str) {
        self.texts += 1;
        words(text, |word| {
            let count = match self.words.get_mut(word) {
                Some(count) => count,
                None => self.words.entry(word.to_owned()).or_default(),
            };
            count.texts += u64::from(count.last != self.texts);
            count.last = self.texts;
        });
    }

    pub fn texts(&self) -> u64 {
        self.texts
    }

    /// The file of the words that stand in at least so many texts, the most common first.
    pub fn to_file(&self, at_least: u64) -> String {
        let mut kept: Vec<(&str, u64)> = self
            .words
            .iter()
            .map(|(word, count)| (word.as_str(), count.texts))
            .filter(|(_, texts)| *texts >= at_least)
            .collect();
        kept.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        let mut out = format!("{HEAD}\ntexts\t{}\n", self.texts);
        for (word, texts) in kept {
            let _ = writeln!(out, "{word}\t{texts}");
        }
        out
    }
}

/// The weight of a word in `count` of `texts` texts.
fn weight(texts: u64, count: u64) -> u16 {
    let (above, below) = (u128::from(texts) + 1, 2 * u128::from(count) + 1);
    if above <= below {
        return 1;
    }
    // log₂ by repeated squaring, since a platform's own `ln` may differ in its last bit.
    let ratio = (above << 64) / below;
    let whole = 127 - ratio.leading_zeros() - 64;
    let mut rest = (ratio >> (whole + 32)) as u64;
    let mut out = whole * STEPS * 2;
    let mut step = STEPS;
    while step > 0 {
        // `rest` is in 1..2, with 32 bits after the point.
        let square = (u128::from(rest) * u128::from(rest)) >> 32;
        rest = square as u64;
        if rest >> 33 > 0 {
            rest >>= 1;
            out += step;
        }
        step /= 2;
    }
    out.div_ceil(2).clamp(1, HEAVIEST) as u16
}

/// A hash of a word's bytes that is the same everywhere and in every version.
pub(super) fn hash(word: &str) -> u64 {
    let mut out = 0x9ae1_6a3b_2f90_404f ^ word.len() as u64;
    for chunk in word.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        out = fold(out ^ u64::from_le_bytes(bytes), 0x9e37_79b9_7f4a_7c15);
    }
    fold(out, 0xc2b2_ae3d_27d4_eb4f)
}

/// The two halves of a product, one on the other.
pub(super) fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_logarithms() {
        for (texts, count) in [(1, 1), (10, 0), (43_410, 0), (43_410, 5), (43_410, 17_000), (1 << 30, 3)] {
            let exact = ((texts + 1) as f64 / (2 * count + 1) as f64).log2() * f64::from(STEPS);
            let found = f64::from(weight(texts, count));
            assert!((found - exact.clamp(1.0, 4095.0)).abs() <= 0.51, "{texts} {count}: {found} {exact}");
        }
        assert_eq!(weight(1 << 39, 0), HEAVIEST as u16, "the heaviest weight is a bound");
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let mut counts = Counts::default();
        for text in ["The cat, the hat", "the dog", "A cat 😂"] {
            counts.add(text);
        }
        let file = counts.to_file(1);
        assert_eq!(file, "emogrid-words 1\ntexts\t3\ncat\t2\nthe\t2\na\t1\ndog\t1\nhat\t1\n😂\t1\n");
        let statistics = Statistics::parse(&file).unwrap();
        assert!(statistics.weight("cat") < statistics.weight("dog"));
        assert!(statistics.weight("dog") < statistics.weight("unheard"));
        assert_eq!(counts.to_file(2), "emogrid-words 1\ntexts\t3\ncat\t2\nthe\t2\n");
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        for (file, line, part) in [
            ("", 1, "begin with"),
            ("words", 1, "begin with"),
            ("emogrid-words 1\n", 2, "texts"),
            ("emogrid-words 1\ntexts\t0\n", 2, "texts"),
            ("emogrid-words 1\ntexts\t9\ncat 2\n", 3, "a tab"),
            ("emogrid-words 1\ntexts\t9\ncat\t2\ndog\tx\n", 4, "a tab"),
            ("emogrid-words 1\ntexts\t9\ncat\t10\n", 3, "no more than all"),
            ("emogrid-words 1\ntexts\t9\nCat\t1\n", 3, "lower case"),
            ("emogrid-words 1\ntexts\t9\na cat\t1\n", 3, "one word"),
            ("emogrid-words 1\ntexts\t9\ncat\t1\ncat\t2\n", 4, "second time"),
        ] {
            let error = Statistics::parse(file).unwrap_err();
            assert!(error.line == line && error.what.contains(part), "{file:?}: {error}");
        }
    }

    #[test]
    fn the_shipped_file_knows_common_words() {
        let shipped = Statistics::shipped();
        assert!(shipped.weight("the") < shipped.weight("happy"));
        assert!(shipped.weight("happy") < shipped.weight("zyzzyva"));
    }
}
