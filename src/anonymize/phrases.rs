//! Phrases in which the name of a person names nobody: makes, figures of tales, sayings.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::View;
use super::token::{Gap, Token, tokens};
use super::words::Words;

const LIST: &str = include_str!("data/phrases.txt");

/// By the key of their first word: one more than the place of their group, which holds what follows.
struct Phrases {
    first: Words<u16>,
    groups: Vec<Vec<Vec<u32>>>,
}

/// A word's hash; `pete's` is another word than `pete`.
fn key(token: &Token) -> u32 {
    if token.after > token.end { token.id ^ 0x5bd1_e995 } else { token.id }
}

fn list() -> &'static Phrases {
    static PHRASES: OnceLock<Phrases> = OnceLock::new();
    PHRASES.get_or_init(|| {
        let mut groups: Vec<Vec<Vec<u32>>> = Vec::new();
        let mut places: HashMap<u32, u16> = HashMap::new();
        let mut words = Vec::new();
        for phrase in LIST.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(", ")) {
            tokens(phrase, &mut words);
            let Some((first, rest)) = words.split_first() else { continue };
            let place = *places.entry(key(first)).or_insert_with(|| {
                groups.push(Vec::new());
                groups.len() as u16
            });
            groups[place as usize - 1].push(rest.iter().map(key).collect());
        }
        for group in &mut groups {
            group.sort_by_key(|rest| std::cmp::Reverse(rest.len()));
        }
        Phrases { first: Words::new(places, |_, place| place), groups }
    })
}

/// Takes the words of every such phrase away from what looks for people.
pub fn take(view: &mut View) {
    let phrases = list();
    let mut at = 0;
    while at < view.tokens.len() {
        let place = phrases.first.get(key(&view.tokens[at]));
        let length = (place > 0)
            .then(|| phrases.groups[place as usize - 1].iter().find(|rest| follows(view, at, rest)))
            .flatten()
            .map_or(0, |rest| rest.len() + 1);
        view.taken[at..at + length].fill(true);
        at += length.max(1);
    }
}

fn follows(view: &View, at: usize, rest: &[u32]) -> bool {
    view.tokens.get(at + 1..=at + rest.len()).is_some_and(|tokens| {
        tokens
            .iter()
            .zip(rest)
            .all(|(token, id)| key(token) == *id && matches!(token.gap, Gap::Space | Gap::Dot | Gap::Other))
    })
}
