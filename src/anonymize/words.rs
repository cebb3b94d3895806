//! Classes of words that tell what stands beside them.

use std::sync::OnceLock;

use super::lexicon::{fold, hash};

pub const PERSON: u32 = 1;
pub const BE: u32 = 1 << 1;
pub const SUBJECT: u32 = 1 << 2;
/// A pronoun and its verb: `I'm`, `she's`.
pub const OF_ME: u32 = 1 << 3;
pub const THING: u32 = 1 << 4;
pub const KIN: u32 = 1 << 5;
pub const TITLE: u32 = 1 << 6;
pub const NAMED: u32 = 1 << 7;
pub const SAY: u32 = 1 << 8;
pub const INTRO: u32 = 1 << 9;
pub const UNIT: u32 = 1 << 10;
/// What is so and so many years old and nobody.
pub const AGED: u32 = 1 << 11;
/// May follow a bare number that is an age.
pub const AFTER_AGE: u32 = 1 << 12;

/// What people do, and things and weather don't: `texted`, `hugged`.
pub const HUMAN: u32 = 1 << 13;
/// What somebody, but also something, does: `got`, `isn't`.
pub const VERB: u32 = 1 << 14;
/// `she`, `his`.
pub const THIRD: u32 = 1 << 15;
/// What a life's turns are: `diagnosed`, `graduated`.
pub const LIFE: u32 = 1 << 16;

/// Who somebody is by a trade or a part in life, where `PERSON` does not have it; names' features don't look at it.
pub const WORKER: u32 = 1 << 17;
/// How somebody is, and no season or town: `pregnant`.
pub const STATE: u32 = 1 << 18;
/// What is made and sold of figures of tales: `costume`.
pub const SOLD: u32 = 1 << 19;
/// What somebody is called beside a group's name.
pub const HUMANS: u32 = PERSON | WORKER;

const CLASSES: &str = include_str!("data/classes.txt");

fn class(name: &str) -> u32 {
    match name {
        "person" => PERSON,
        "be" => BE,
        "subject" => SUBJECT,
        "ofme" => OF_ME,
        "thing" => THING,
        "kin" => KIN,
        "title" => TITLE,
        "name" => NAMED,
        "say" => SAY,
        "intro" => INTRO,
        "unit" => UNIT,
        "aged" => AGED,
        "afterage" => AFTER_AGE,
        "human" => HUMAN,
        "verb" => VERB,
        "third" => THIRD,
        "life" => LIFE,
        "worker" => WORKER,
        "state" => STATE,
        "sold" => SOLD,
        _ => 0,
    }
}

/// A map from hashes of folded words, which are well mixed already.
pub struct Words<T> {
    slots: Vec<(u32, T)>,
}

impl<T: Copy + Default + PartialEq> Words<T> {
    pub fn new(entries: impl IntoIterator<Item = (u32, T)>, join: impl Fn(T, T) -> T) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let mut words = Self { slots: vec![(0, T::default()); (entries.len() * 4).next_power_of_two()] };
        for (key, value) in entries {
            let slot = words.slot(key);
            words.slots[slot] = (key, join(words.slots[slot].1, value));
        }
        words
    }

    fn slot(&self, key: u32) -> usize {
        let mut slot = key as usize & (self.slots.len() - 1);
        while self.slots[slot].1 != T::default() && self.slots[slot].0 != key {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    pub fn get(&self, key: u32) -> T {
        self.slots[self.slot(key)].1
    }
}

/// The classes of a word by the hash of its folded form.
pub fn classes(id: u32) -> u32 {
    static WORDS: OnceLock<Words<u32>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let entries = CLASSES.lines().filter(|line| !line.starts_with('#')).flat_map(|line| {
            let (name, words) = line.split_once(' ').unwrap_or_default();
            words.split_whitespace().map(move |word| (id_of(word), class(name)))
        });
        Words::new(entries, |a, b| a | b)
    });
    words.get(id)
}

/// The hash under which a word is known.
pub fn id_of(word: &str) -> u32 {
    let mut folded = Vec::new();
    fold(word, &mut folded);
    hash(&folded)
}
