//! A bare number that is somebody's age by what stands around it: `I'm 28`, `my mother, 88, has`.

mod counted;
mod opening;
mod said;
mod set_off;
mod then;

use super::super::token::{Gap, Shape};
use super::super::words;
use super::super::{Found, View};
use super::beside::{closes, is};
use super::number::{spelled, value};
use super::span;
use counted::counted;
use opening::begins;
use said::said_of;
use set_off::set_off;
use then::then;

/// Between a subject's verb and the number: `she's only 9`, `he must be pushing 40`.
pub const NEARLY: &[&str] = &[
    "only",
    "just",
    "almost",
    "nearly",
    "already",
    "still",
    "now",
    "not",
    "about",
    "like",
    "barely",
    "over",
    "under",
    "past",
    "pushing",
    "approaching",
    "nearing",
    "hitting",
    "around",
    "roughly",
    "maybe",
    "probably",
    "exactly",
    "basically",
    "officially",
    "actually",
    "currently",
    "finally",
    "literally",
    "technically",
    "well",
    "least",
    "most",
    "closer",
    "close",
    "to",
    "all",
    "merely",
    "hardly",
    "even",
    "both",
    "perhaps",
];
pub const CHILD: &[&str] = &[
    "man", "woman", "boy", "girl", "lad", "lady", "child", "kid", "person", "bloke", "guy", "baby", "toddler",
];

/// A number after one that is an age, joined by `and` or a comma.
pub fn chained(view: &View, at: usize, figure: Option<usize>) -> Option<(usize, Found)> {
    let figure = figure?;
    let bare = |at: usize| {
        let word = view.word(&view.tokens[at]);
        value(word).is_some() || spelled(word)
    };
    let and = figure + 2 == at
        && is(view, at - 1, &["and", "&", "n"])
        && view.tokens[at].gap == Gap::Space
        && view.tokens[at - 1].gap == Gap::Space;
    let ampersand = figure + 1 == at && &view.text[view.tokens[figure].after..view.tokens[at].start] == " & ";
    let comma = figure + 1 == at && view.tokens[at].gap == Gap::Comma;
    if !(and || ampersand || comma) || view.taken[at] || !bare(figure) || !bare(at) {
        return None;
    }
    let more = comma && view.tokens.get(at + 1).is_some_and(|next| next.gap == Gap::Comma);
    (more || closes(view, at)).then(|| span(view, at, at)).flatten()
}

/// Whether the word at `at` is somebody: kin, a person, a pronoun, a name.
pub fn somebody(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let name = token.shape == Shape::Capital
        && (token.facts.name() || !token.facts.known())
        && token.facts.word() < 6
        && !token.facts.other()
        && !token.facts.place();
    name || view.classes[at] & (words::SUBJECT | words::HUMANS | words::KIN) != 0
        && !is(view, at, &["us", "who", "half", "date", "model", "models", "cook", "cooks", "coach"])
}

/// Where the words end that only say how nearly: the last before `only just` and such.
pub fn nearly(view: &View, mut at: usize) -> usize {
    while at > 0 && view.tokens[at].gap == Gap::Space && is(view, at, NEARLY) {
        at -= 1;
    }
    at
}

/// A number, and the words around it.
struct Number {
    /// Its first word and its last.
    at: usize,
    last: usize,
    /// `None` in words.
    age: Option<u32>,
    adult: bool,
    /// The word before it, and the last before those that only say how nearly.
    before: usize,
    told_of: usize,
}

/// A bare number that is somebody's age by what stands around it.
pub fn figure(view: &View, at: usize, last: usize) -> Option<(usize, Found)> {
    let age = value(view.word(&view.tokens[at]));
    let adult = age.is_none_or(|age| (13..=109).contains(&age));
    let before = at.saturating_sub(1);
    let number = Number { at, last, age, adult, before, told_of: nearly(view, before) };
    if let Some(found) = begins(view, &number) {
        return Some(found);
    }
    match view.tokens[at].gap {
        _ if at == 0 => None,
        Gap::Space => {
            counted(view, &number).or_else(|| said_of(view, &number)).or_else(|| then(view, &number))
        }
        _ => set_off(view, &number),
    }
}
