//! What a text is made of, as hashes: words and pairs of words, and 3 to 5 characters within a word.
//!
//! These are the features of scikit-learn's `TfidfVectorizer` with `ngram_range=(1, 2)` and with
//! `analyzer="char_wb", ngram_range=(3, 5)`: a word has two characters or more; what stands between
//! white space gets a space on each side before it is cut into characters.

/// Which of the two kinds an n-gram is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Words,
    Characters,
}

/// The shortest and the longest run of characters.
const SHORTEST: usize = 3;
const LONGEST: usize = 5;

/// Cuts texts; it keeps its buffers from one to the next.
#[derive(Debug, Default)]
pub struct Cutter {
    lower: String,
    characters: Vec<char>,
}

impl Cutter {
    /// Tells every n-gram of a text with its hash, as often as it occurs.
    pub fn cut(&mut self, text: &str, mut tell: impl FnMut(Kind, u64)) {
        self.lower.clear();
        if text.is_ascii() {
            self.lower.push_str(text);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.push_str(&text.to_lowercase());
        }
        let mut before = None;
        for word in self.lower.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            if word.len() < 2 || word.chars().nth(1).is_none() {
                continue;
            }
            let hash = word.chars().fold(WORD, step);
            tell(Kind::Words, finish(hash));
            if let Some(before) = before {
                tell(Kind::Words, finish(step_by(before, hash)));
            }
            before = Some(hash);
        }
        for piece in self.lower.split_whitespace() {
            self.characters.clear();
            self.characters.push(' ');
            self.characters.extend(piece.chars());
            self.characters.push(' ');
            for size in SHORTEST..=LONGEST {
                if self.characters.len() <= size {
                    // One that is too short is counted once, whole.
                    tell(Kind::Characters, finish(self.characters.iter().copied().fold(CHARACTERS, step)));
                    break;
                }
                for run in self.characters.windows(size) {
                    tell(Kind::Characters, finish(run.iter().copied().fold(CHARACTERS, step)));
                }
            }
        }
    }
}

/// Where the hash of a word and of a run of characters begins.
const WORD: u64 = 0x243f_6a88_85a3_08d3;
const CHARACTERS: u64 = 0x1319_8a2e_0370_7344;

fn step(hash: u64, c: char) -> u64 {
    step_by(hash, u64::from(u32::from(c)))
}

fn step_by(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(5) ^ next).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Spreads what `step` left in the high bits over all of them.
fn finish(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn counts(text: &str) -> BTreeMap<u64, usize> {
        let mut counts = BTreeMap::new();
        Cutter::default().cut(text, |_, hash| *counts.entry(hash).or_default() += 1);
        counts
    }

    fn number(text: &str, of: Kind) -> usize {
        let mut number = 0;
        Cutter::default().cut(text, |kind, _| number += usize::from(kind == of));
        number
    }

    #[test]
    fn words_have_two_characters_and_pairs_skip_the_short() {
        assert_eq!(number("we do", Kind::Words), 3);
        // "I" and "a" are none, so that "am" and "cat" are neighbours.
        assert_eq!(number("I am a cat!", Kind::Words), 3);
        assert_eq!(number("é ß 好", Kind::Words), 0);
        assert_eq!(number("I'm snake_case", Kind::Words), 1);
    }

    #[test]
    fn runs_of_characters_stay_within_a_word() {
        // " no ": two of three characters and one of four.
        assert_eq!(number("no", Kind::Characters), 3);
        // " a " has three: once, whole.
        assert_eq!(number("a", Kind::Characters), 1);
        assert_eq!(number("a  a", Kind::Characters), 2);
        // " good ": 4 + 3 + 2.
        assert_eq!(number("good", Kind::Characters), 9);
        assert_eq!(number("", Kind::Characters) + number(" \u{2003}\n", Kind::Characters), 0);
    }

    #[test]
    fn case_does_not_matter_and_the_rest_does() {
        assert_eq!(counts("So GOOD"), counts("so good"));
        assert_eq!(counts("ÉTÉ Straße"), counts("été straße"));
        assert_ne!(counts("so good!"), counts("so good"));
        assert_ne!(counts("good so"), counts("so good"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_cut_and_always_alike(text in "\\PC{0,60}|[\\x00-\\x7f]{0,60}") {
            let once = counts(&text);
            prop_assert_eq!(once.is_empty(), text.trim().is_empty());
            prop_assert_eq!(once, counts(&text));
        }
    }
}
