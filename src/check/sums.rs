//! What is seen of a sentence, and the sums of its weights.
//!
//! A sum is a logistic regression's: one weight for each thing seen, such as a word, three kinds of words in a row, or
//! one kind before another. What is seen is hashed into the weights (Weinberger et al., "Feature Hashing for Large
//! Scale Multitask Learning", ICML 2009), which `cargo run --release --example sums` trains.

use std::collections::HashSet;
use std::ops::Range;

use super::table::Table;
use super::text::{Text, Word, mix, word_hash};

/// How many weights there are for each thing that is told.
pub const WEIGHTS: usize = 1 << 15;

/// A weight of 1 in the file.
pub const SCALE: f32 = 24.0;

/// Kinds of words, as their lists say.
#[derive(Debug)]
pub struct Kinds {
    of: Table,
}

const TELLS: u64 = 1 << 32;

impl Kinds {
    /// A word is of the first kind that has it. A list with one of the `plain` words tells nothing by itself.
    pub fn new(lists: &[&str], plain: &[&str]) -> Self {
        let mut seen = HashSet::new();
        let mut entries = Vec::new();
        for (kind, list) in lists.iter().enumerate() {
            let tells = if list.split_whitespace().any(|word| plain.contains(&word)) { 0 } else { TELLS };
            let hashes = list.split_whitespace().map(word_hash).filter(|hash| seen.insert(*hash));
            entries.extend(hashes.map(|hash| (hash, (kind as u64 + 1) | tells)));
        }
        Self { of: Table::of(entries.into_iter()) }
    }

    /// The number of a word's kind; 0 where it is of none.
    fn of(&self, word: &Word) -> u64 {
        self.of.get(word.hash) & !TELLS
    }

    /// Whether a sentence with this word is worth a look.
    pub fn tells(&self, word: &Word) -> bool {
        self.of.get(word.hash) & TELLS != 0
    }
}

/// Weights for `N` things that a sentence may be, over kinds of words.
#[derive(Debug)]
pub struct Sums<const N: usize> {
    pub kinds: Kinds,
    /// Side by side, a byte each; then what the sums begin with, two bytes each.
    pub trained: &'static [u8],
}

impl<const N: usize> Sums<N> {
    /// The sums of a sentence. Words that `hidden` holds are no words of it.
    pub fn of(&self, text: &Text, sentence: Range<usize>, hidden: impl Fn(usize) -> bool) -> [f32; N] {
        let (weights, begin) = self.trained.split_at(N * WEIGHTS);
        let (weights, _) = weights.as_chunks::<N>();
        let mut sums: [i32; N] = std::array::from_fn(|at| {
            begin.get(2 * at..2 * at + 2).map_or(0, |two| i32::from(i16::from_le_bytes([two[0], two[1]])))
        });
        features(&self.kinds, text, sentence, hidden, |place| {
            let weights = &weights[place];
            for thing in 0..N {
                sums[thing] += i32::from(weights[thing] as i8);
            }
        });
        sums.map(|sum| sum as f32 / SCALE)
    }
}

/// The logarithm of the sum of two odds, of which the logarithms are given.
pub fn either(a: f32, b: f32) -> f32 {
    a.max(b) + (a.min(b) - a.max(b)).exp().ln_1p()
}

/// What is seen of a word or a sentence.
mod seen {
    pub const WORD: u64 = 1;
    pub const KIND: u64 = 2;
    pub const TWO_KINDS: u64 = 3;
    pub const THREE_KINDS: u64 = 4;
    pub const IN_ORDER: u64 = 5;
    pub const BEGIN: u64 = 6;
    pub const SECOND: u64 = 7;
    pub const BEGIN_OF_TWO: u64 = 8;
    pub const BEGIN_AND_SIGN: u64 = 9;
    pub const END: u64 = 10;
    pub const END_OF_TWO: u64 = 11;
}

/// How far apart two kinds of words may stand, in words.
const FAR: usize = 7;

/// Words of no kind are taken as they are up to this length, in bytes; longer ones are any word.
const SHORT: u32 = 4;

/// In the place of a word that begins with a digit.
const NUMBER: u64 = u64::from_be_bytes(*b"a number");

/// Tells what is seen of a sentence, as places among the weights. Words that `hidden` holds are no words of it.
pub fn features(
    kinds: &Kinds,
    text: &Text,
    sentence: Range<usize>,
    hidden: impl Fn(usize) -> bool,
    mut see: impl FnMut(usize),
) {
    let mut put = |what: u64, of: u64| see((mix(what, of) >> 20) as usize % WEIGHTS);
    let Some(end) = text.words[sentence.clone()].last().map(|word| word.end as usize) else { return };
    let sign = text.folded.as_bytes().get(end).copied().unwrap_or_default();
    let sign = u64::from(if matches!(sign, b':' | b'?' | b'!') { sign } else { b'.' });
    // Of the two words before.
    let (mut last, mut before) = (0, 0);
    let mut lately = [0; FAR];
    let (mut count, mut place) = (0, 0);
    for index in sentence.filter(|index| !hidden(*index)) {
        let word = text.words[index];
        // There is no end of numbers: any says as much as another.
        let is_number = text.folded.as_bytes()[word.start as usize].is_ascii_digit();
        let hash = if is_number { NUMBER } else { word.hash };
        let kind = kinds.of(&word);
        let rough = match kind {
            0 if is_number || word.end - word.start <= SHORT => hash,
            kind => kind,
        };
        put(seen::WORD, hash);
        let two = mix(last, rough);
        put(seen::TWO_KINDS, two);
        put(seen::THREE_KINDS, mix(before, two));
        if kind > 0 {
            put(seen::KIND, kind);
            for earlier in lately.iter().filter(|earlier| **earlier > 0) {
                put(seen::IN_ORDER, earlier << 8 | kind);
            }
        }
        match count {
            0 => {
                put(seen::BEGIN, rough);
                put(seen::BEGIN_AND_SIGN, rough ^ sign << 56);
            }
            1 => {
                put(seen::SECOND, rough);
                put(seen::BEGIN_OF_TWO, two);
            }
            _ => {}
        }
        lately[place] = kind;
        place = if place + 1 == FAR { 0 } else { place + 1 };
        (before, last) = (last, rough);
        count += 1;
    }
    if count > 0 {
        put(seen::END, last ^ sign << 56);
        put(seen::END_OF_TWO, mix(before, last ^ sign << 56));
    }
}
