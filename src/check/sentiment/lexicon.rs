//! Words with their valences, and what strengthens, weakens or negates them.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::text::word_hash;
use crate::model::ByHash;

/// What the rules know of a word.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry {
    /// From -4 to 4, for words of the lexicon.
    pub valence: Option<f64>,
    /// What it adds to the word behind it; 0 for most.
    pub boost: f64,
    pub negates: bool,
}

const BOOST: f64 = 0.293;

type Hashed<V> = ByHash<u64, V>;

static WORDS: LazyLock<Hashed<Entry>> = LazyLock::new(|| {
    let mut words: Hashed<Entry> = Hashed::default();
    for line in include_str!("lexicon.tsv").lines() {
        if let Some((word, valence)) = line.rsplit_once('\t') {
            words.entry(word_hash(word)).or_default().valence = valence.parse().ok();
        }
    }
    for (list, boost) in [(STRONGER, BOOST), (WEAKER, -BOOST)] {
        for word in list.split_whitespace() {
            words.entry(word_hash(word)).or_default().boost = boost;
        }
    }
    for word in NEGATIONS.split_whitespace() {
        words.entry(word_hash(word)).or_default().negates = true;
    }
    words
});

static EMOJI: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("emoji.tsv").lines();
    lines
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(c, words)| Some((c.chars().next()?, words)))
        .collect()
});

const STRONGER: &str = "absolutely amazingly awfully completely considerable considerably decidedly deeply \
    effing enormous enormously entirely especially exceptional exceptionally extreme extremely fabulously \
    flipping flippin frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging \
    greatly hella highly hugely incredible incredibly intensely major majorly more most particularly purely \
    quite really remarkably so substantially thoroughly total totally tremendous tremendously uber \
    unbelievably unusually utter utterly very";

const WEAKER: &str = "almost barely hardly kinda kindof kind-of less little marginal marginally occasional \
    occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of";

const NEGATIONS: &str = "aint arent cannot cant couldnt darent didnt doesnt dont hadnt hasnt havent isnt \
    mightnt mustnt neither neednt never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt \
    werent uh-uh without wont wouldnt rarely seldom despite";

/// What is known of a word in lower case.
pub fn entry(word: &str) -> Entry {
    let mut entry = WORDS.get(&word_hash(word)).copied().unwrap_or_default();
    entry.negates = entry.negates || word.len() > 2 && word.contains("n't");
    entry
}

/// Whether a character may have words of its own; most texts have none such.
pub fn is_emoji(c: char) -> bool {
    c > '\u{a0}' && EMOJI.contains_key(&c)
}

pub fn emoji(c: char) -> Option<&'static str> {
    if c <= '\u{a0}' { None } else { EMOJI.get(&c).copied() }
}

/// The valence of an idiom of two or three words.
pub fn valence_of_phrase<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<f64> {
    let (first, second) = (words.next()?, words.next()?);
    Some(match (first, second, words.next()) {
        ("the", "shit" | "bomb", None) | ("to", "die", Some("for")) => 3.0,
        ("bad", "ass", None) => 1.5,
        ("bus", "stop", None) => 0.0,
        ("yeah", "right", None) => -2.0,
        ("kiss", "of", Some("death")) => -1.5,
        ("beating", "heart", None) => 3.5,
        _ => return None,
    })
}

/// What two words add that together weaken the one behind them.
pub fn boost_of_phrase<'a>(mut words: impl Iterator<Item = &'a str>) -> f64 {
    match (words.next(), words.next(), words.next()) {
        (Some("kind" | "sort"), Some("of"), None) | (Some("just"), Some("enough"), None) => -BOOST,
        _ => 0.0,
    }
}
