//! A text as the multiset of its words, ready to be compared.

use super::TextKey;
use super::statistics::{HEAVIEST, Statistics, fold};
use super::words::words;

/// Texts of fewer words are duplicates only of texts with the same words.
pub const FEWEST_WORDS: usize = 5;

const HASH_BITS: u32 = 52;

/// A text's words, the rarest first, each with its weight.
///
/// The k-th occurrence of a word is an element of its own, so that the multisets of two texts
/// become sets. Words are told apart by 52 bits of a hash and their weight.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bag {
    key: u64,
    elements: Box<[u64]>,
}

impl Bag {
    pub fn of(text: &str, statistics: &Statistics) -> Self {
        Self::with_key(text, TextKey::of(text), statistics)
    }

    /// The same, where the text's key is known already.
    pub fn with_key(text: &str, key: TextKey, statistics: &Statistics) -> Self {
        let key = start(key);
        let mut elements = Vec::with_capacity(text.len() / 5 + 2);
        words(text, |word| {
            let hash = super::statistics::hash(word);
            elements.push(element(statistics.weight_of(hash), hash));
        });
        if elements.is_empty() {
            // Without words a text is like no other, but for its characters.
            elements.push(element(HEAVIEST, fold(key, 0x8ebc_6af0_9c88_c6e3)));
        }
        elements.sort_unstable();
        if elements.windows(2).any(|pair| pair[0] == pair[1]) {
            number_occurrences(&mut elements);
        }
        Self { key, elements: elements.into() }
    }

    /// A bag of a text with this key from its elements, where they are those of one.
    pub fn of_elements(key: TextKey, elements: Box<[u64]>) -> Option<Self> {
        Self::restored(start(key), elements)
    }

    /// A bag from its parts, where they are those of one: elements in ascending order.
    pub(super) fn restored(key: u64, elements: Box<[u64]>) -> Option<Self> {
        let is_one = !elements.is_empty() && elements.is_sorted();
        is_one.then_some(Self { key, elements })
    }

    /// One without words, which takes no memory.
    pub(super) fn none() -> Self {
        Self { key: 0, elements: Box::default() }
    }

    /// In ascending order: the rarest first.
    pub fn elements(&self) -> &[u64] {
        &self.elements
    }

    /// What is equal only for texts of one normal form.
    pub(super) fn key(&self) -> u64 {
        self.key
    }
}

/// The beginning of a key.
fn start(key: TextKey) -> u64 {
    key.0.iter().take(8).fold(0, |out, byte| (out << 8) | u64::from(*byte))
}

/// Lighter elements are greater, and those of one weight stand in order of their hashes.
fn element(weight: u32, hash: u64) -> u64 {
    u64::from(HEAVIEST - weight) << HASH_BITS | hash & ((1 << HASH_BITS) - 1)
}

fn number_occurrences(elements: &mut [u64]) {
    let mut start = 0;
    for at in 1..=elements.len() {
        if at < elements.len() && elements[at] == elements[start] {
            continue;
        }
        let first = elements[start];
        for (occurrence, other) in elements[start..at].iter_mut().enumerate().skip(1) {
            *other = element(weight(first), fold(first, 2 * occurrence as u64 + 1));
        }
        start = at;
    }
    elements.sort_unstable();
}

/// The weight of an element, in steps of 1/128 bit.
pub fn weight(element: u64) -> u32 {
    HEAVIEST - (element >> HASH_BITS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bag(text: &str) -> Bag {
        Bag::of(text, Statistics::shipped())
    }

    #[test]
    fn order_case_and_punctuation_do_not_matter() {
        assert_eq!(bag("I love it!").elements(), bag("it, LOVE i").elements());
        assert_ne!(bag("I love it").elements(), bag("I love it it").elements());
        assert_ne!(bag("!!!").elements(), bag("...").elements());
        assert_ne!(bag("").elements(), bag("...").elements());
    }

    #[test]
    fn occurrences_are_elements_of_one_weight() {
        let all = bag("no no no never no");
        assert_eq!(all.elements().len(), 5);
        let weights: Vec<u32> = all.elements().iter().map(|element| weight(*element)).collect();
        assert_eq!(weights.iter().filter(|weight| **weight == Statistics::shipped().weight("no")).count(), 4);
        let fewer = bag("never no no");
        assert!(fewer.elements().iter().all(|element| all.elements().contains(element)));
    }
}
