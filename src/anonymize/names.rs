//! Names of people, by a score.
//!
//! A word's score is a sum of weights, one for each thing seen of it: how frequent a first name, a
//! surname and a common word it is, its capitals, whether it begins a sentence, the words beside it.
//! The weights are a logistic regression's (`data/weights.bin`, made by `cargo run --release --example
//! name-weights`); features are hashed into it (Weinberger et al., "Feature Hashing for Large Scale
//! Multitask Learning", ICML 2009).

use std::collections::HashMap;

use super::category::Category;
use super::lexicon::Facts;
use super::neighbours::{lift, named_in_passing};
use super::parts::{close, end_of, extend, full, initials, listed};
use super::token::{Gap, Shape, Token};
use super::words;
use super::{Found, View};

/// How many weights there are.
pub const WEIGHTS: usize = 1 << 15;
/// A weight of one is this many units in the file.
pub const SCALE: f32 = 16.0;
/// Above it a word is a name: chosen on `tests/anonymize/dev.jsonl`.
const THRESHOLD: f32 = -0.6;

static TRAINED: &[u8] = include_bytes!("data/weights.bin");

/// The numbers of the weights that stand for what is seen of a word.
pub type Features = Vec<u32>;

fn push(into: &mut Features, kind: u32, value: u32) {
    let mut hash = kind.wrapping_mul(0x9E37_79B1) ^ value.wrapping_mul(0x85EB_CA77);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0xC2B2_AE3D);
    hash ^= hash >> 13;
    into.push(hash & (WEIGHTS as u32 - 1));
}

fn bucket(weight: u32) -> u32 {
    match weight {
        0 => 0,
        1..=2 => 1,
        3..=4 => 2,
        _ => 3,
    }
}

/// How a word is written: 0 small, 1 a capital, 2 capitals.
fn written(token: &Token, shouting: bool) -> u32 {
    match token.shape {
        Shape::Lower => 0,
        Shape::Capital => 1,
        // In a text of capitals they tell nothing.
        Shape::Upper if shouting => 0,
        Shape::Upper => 2,
    }
}

fn summary(facts: Facts) -> u32 {
    bucket(facts.first()) | bucket(facts.last()) << 2 | facts.word().min(6) << 4
}

/// Whether a word can be a name at all.
pub fn candidate(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let facts = token.facts;
    if token.mixed || view.taken[at] || token.gap == Gap::Glue || token.end - token.start < 2 {
        return false;
    }
    if view.text.as_bytes().get(token.after).is_some_and(|&byte| matches!(byte, b'/' | b'_' | b'@' | b'\\')) {
        return false;
    }
    if !facts.known() && drawn_out(view.word(token)) {
        return false;
    }
    match token.shape {
        Shape::Upper if view.shouting => {
            !facts.other()
                && (facts.word() < 5 && facts.first() >= 3
                    || facts.word() < 6 && facts.first() >= 6
                    || facts.word() == 0 && facts.last() >= 4 && !facts.place())
        }
        Shape::Lower if named_in_passing(view, at) => true,
        Shape::Lower => {
            facts.word() < 5
                && !facts.other()
                && view.classes[at] & (words::PERSON | words::KIN) == 0
                && (facts.first() >= 2
                    || facts.last() >= 5
                    || facts.last() >= 3 && at > 0 && view.tokens[at - 1].facts.first() >= 4)
        }
        _ if view.classes[at] & (words::TITLE | words::KIN) != 0 && facts.first() < 5 => false,
        Shape::Upper if !view.shouting && (facts.other() || facts.first() < 4 && facts.last() < 4) => false,
        // Three capitals are letters of something else as often: `KAT`.
        Shape::Upper if !view.shouting && token.end - token.start < 4 && facts.first() < 5 => false,
        _ => facts.word() < 6 || facts.name(),
    }
}

/// `Ooook`, `Errrr`: three of one letter in a row.
fn drawn_out(word: &str) -> bool {
    word.as_bytes().windows(3).any(|three| three[0].eq_ignore_ascii_case(&three[1]) && three[1] == three[2])
}

/// What is seen of the word at `at`, whose facts are given apart.
pub fn features(view: &View, at: usize, facts: Facts, into: &mut Features) {
    into.clear();
    let token = &view.tokens[at];
    let shape = written(token, view.shouting);
    let opens = u32::from(token.opens);
    let (first, last, word) = (bucket(facts.first()), bucket(facts.last()), facts.word());
    let proper = u32::from(facts.place()) | u32::from(facts.other()) << 1 | u32::from(facts.proper()) << 2;
    push(into, 1, shape | opens << 2 | first << 3 | last << 5 | word << 7);
    push(into, 2, shape | proper << 2 | u32::from(facts.name()) << 5 | u32::from(word > 0) << 6);
    push(into, 3, shape | facts.first() << 2 | facts.last() << 5);
    push(into, 4, shape | opens << 2 | word << 3 | u32::from(facts.first() >= 3) << 6);
    let before = at.checked_sub(1).map(|before| &view.tokens[before]);
    match before {
        Some(before) if token.gap == Gap::Space => {
            push(into, 5, shape << 30 ^ before.id);
            push(into, 6, shape | written(before, view.shouting) << 2 | summary(before.facts) << 4);
            let classes = view.classes[at - 1];
            for bit in 0..11 {
                if classes >> bit & 1 == 1 {
                    push(into, 7, bit | shape << 4 | u32::from(word > 0) << 6);
                }
            }
            if at > 1 && before.gap == Gap::Space {
                push(into, 8, shape << 30 ^ view.tokens[at - 2].id);
            }
        }
        _ => push(
            into,
            9,
            shape | (token.gap as u32) << 2 | u32::from(word > 0) << 5 | u32::from(first > 0) << 6,
        ),
    }
    match view.tokens.get(at + 1) {
        Some(next) if next.gap == Gap::Space && token.after == token.end => {
            push(into, 10, shape << 30 ^ next.id);
            push(
                into,
                19,
                shape
                    | u32::from(word > 0) << 2
                    | opens << 3
                    | ending(view, next) << 4
                    | u32::from(first >= 2) << 8,
            );
            push(into, 11, shape | written(next, view.shouting) << 2 | summary(next.facts) << 4);
            let classes = view.classes[at + 1];
            for bit in 0..11 {
                if classes >> bit & 1 == 1 {
                    push(into, 12, bit | shape << 4 | u32::from(word > 0) << 6);
                }
            }
        }
        Some(next) => push(into, 13, shape | (next.gap as u32) << 2 | u32::from(word > 0) << 5),
        None => push(into, 13, shape | 31 << 5 | u32::from(word > 0) << 12),
    }
    push(
        into,
        14,
        shape
            | u32::from(token.after > token.end) << 2
            | u32::from(word > 0) << 3
            | u32::from(first > 0) << 4,
    );
    if facts.first() < 4 && (word > 0 || proper > 0 || !facts.known()) {
        push(into, 15, shape << 30 ^ token.id);
    }
    if !facts.known() {
        let text = view.word(token);
        let mut letters = text.chars().rev().map(|c| c.to_ascii_lowercase() as u32);
        let (a, b, c) =
            (letters.next().unwrap_or(0), letters.next().unwrap_or(0), letters.next().unwrap_or(0));
        push(into, 16, a << 8 | b << 16 | shape);
        push(into, 17, a << 16 | b << 8 | c);
        push(into, 18, shape | ((token.end - token.start).min(15) as u32) << 2 | opens << 8);
    }
}

/// What a word in small letters ends on, as far as it tells a verb: `keeps`, `called`.
fn ending(view: &View, token: &Token) -> u32 {
    if token.shape != Shape::Lower || token.facts.word() == 0 {
        return 0;
    }
    let word = view.word(token);
    match word.len() {
        0..=3 => 1,
        _ if word.ends_with("ss") => 5,
        _ if word.ends_with('s') => 2,
        _ if word.ends_with("ed") => 3,
        _ if word.ends_with("ing") => 4,
        _ => 5,
    }
}

/// The sum of a word's weights.
pub fn score(features: &[u32]) -> f32 {
    let sum: i32 =
        features.iter().map(|&n| i32::from(TRAINED.get(n as usize).copied().unwrap_or(0) as i8)).sum();
    sum as f32 / SCALE
}

/// Adds every name of the text, each as one span from its first to its last part.
pub fn find(view: &View, found: &mut Vec<Found>) {
    let tokens = &view.tokens;
    let mut features = Vec::with_capacity(32);
    let mut names = vec![false; tokens.len()];
    let mut any = false;
    for at in 0..tokens.len() {
        if !candidate(view, at) {
            continue;
        }
        self::features(view, at, tokens[at].facts, &mut features);
        names[at] = score(&features) + lift(view, at) > THRESHOLD;
        any |= names[at];
    }
    for at in 0..tokens.len().saturating_sub(1) {
        if !view.titled && full(view, at) {
            names[at..=at + 1].fill(true);
            any = true;
        }
        any |= initials(view, at, &mut names);
    }
    if !any {
        return;
    }
    extend(view, &mut names);
    listed(view, &mut names);
    again(view, &mut names);
    for (from, to) in runs(view, &names) {
        found.push(Found::new(tokens[from].start, end_of(view, to), Category::Name));
    }
}

/// The first and the last word of each name.
fn runs(view: &View, names: &[bool]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < names.len() {
        let from = at;
        while names[from] && at + 1 < names.len() && names[at + 1] && close(view, at + 1) && at - from < 6 {
            at += 1;
        }
        if names[from] {
            out.push((from, at));
        }
        at += 1;
    }
    out
}

/// Takes in the same words as those of a whole name elsewhere in the text, in whatever case: of `john smith` beside
/// `John Smith` no score knows as much.
fn again(view: &View, names: &mut [bool]) {
    let tokens = &view.tokens;
    // By their first two words; few names of a text have these in common.
    let mut whole: HashMap<(u32, u32), Vec<&[Token]>> = HashMap::new();
    for (from, to) in runs(view, names) {
        let name = &tokens[from..=to];
        let Some(begin) = begin(name).filter(|_| name.iter().all(|token| token.shape != Shape::Lower)) else {
            continue;
        };
        let like = whole.entry(begin).or_default();
        if like.len() < LIKE && !like.iter().any(|other| same(other, name)) {
            like.push(name);
        }
    }
    if whole.is_empty() {
        return;
    }
    for at in 0..tokens.len() {
        for name in begin(&tokens[at..]).and_then(|begin| whole.get(&begin)).into_iter().flatten() {
            let here = at..at + name.len();
            let is_it = tokens.get(here.clone()).is_some_and(|here| same(here, name))
                && here.clone().all(|at| !view.taken[at])
                && here.clone().skip(1).all(|at| close(view, at));
            if is_it {
                names[here].fill(true);
            }
        }
    }
}

/// So many names that begin with the same two words are looked for again.
const LIKE: usize = 8;

fn begin(words: &[Token]) -> Option<(u32, u32)> {
    Some((words.first()?.id, words.get(1)?.id))
}

fn same(one: &[Token], other: &[Token]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.id == b.id)
}

/// How far above the threshold a word's score is; below it where the word is no name. `None` for what cannot
/// be one.
pub fn margin(view: &View, at: usize) -> Option<f32> {
    candidate(view, at).then(|| {
        let mut features = Vec::with_capacity(32);
        self::features(view, at, view.tokens[at].facts, &mut features);
        score(&features) + lift(view, at) - THRESHOLD
    })
}
