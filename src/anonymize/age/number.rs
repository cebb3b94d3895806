//! Numbers that may be ages, in figures and in words.

use super::super::View;

pub const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

pub const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number in figures that somebody can be old.
pub fn value(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 3 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&age| (1..=119).contains(&age))
}

/// A number in words: `seven`, `twenty-one`.
pub fn spelled(word: &str) -> bool {
    if !(3..=14).contains(&word.len()) {
        return false;
    }
    let one_of = |list: &[&str], word: &str| list.iter().any(|other| word.eq_ignore_ascii_case(other));
    let (tens, ones) = word.split_once('-').unwrap_or((word, ""));
    one_of(&ONES, word) || one_of(&TENS, tens) && (ones.is_empty() || one_of(&ONES[1..10], ones))
}

/// Whether a number stands there, in figures or in words.
pub fn number(view: &View, at: usize) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = view.word(token);
        word.as_bytes()[0].is_ascii_digit() || spelled(word)
    })
}
