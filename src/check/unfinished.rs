//! Texts that stop in the middle.

use super::language::{self, Language};
use super::text::Text;
use crate::anonymize::lexicon::Lexicon;

/// Words that no sentence ends with.
const OPEN: &[&str] = &[
    "the", "a", "an", "and", "or", "when", "my", "your", "our", "their", "its", "every", "because", "if",
    "than", "into", "his", "which", "whose", "whether", "although", "unless", "such",
];

/// Words that no sentence ends with but behind some others.
#[rustfmt::skip]
const OPEN_BUT_BEHIND: &[(&[&str], &[&str])] = &[
    // "So do I", "my brother and I".
    (&["i", "he", "she", "we", "they"], &[
        "do", "does", "did", "don't", "doesn't", "didn't", "am", "is", "are", "was", "were", "isn't", "aren't",
        "wasn't", "weren't", "have", "has", "had", "haven't", "hasn't", "hadn't", "can", "could", "can't",
        "couldn't", "will", "would", "won't", "wouldn't", "shall", "should", "shouldn't", "may", "might", "must",
        "than", "as", "and", "or", "nor", "like", "it's", "me", "not", "i", "he", "she", "we", "they",
    ]),
    // "I can't even", "fair and just".
    (&["even"], &["can't", "don't", "cannot", "not", "doesn't", "didn't", "couldn't", "cant", "dont", "break", "broke",
        "get", "got", "getting", "am", "is", "are", "was", "were", "be", "call", "now", "an", "we're", "it's", "come"]),
    (&["just"], &["only", "is", "be", "was", "are", "not", "and", "more", "so", "it's", "just"]),
];

/// Words that none ends with behind some others.
#[rustfmt::skip]
const OPEN_BEHIND: &[(&[&str], &[&str])] = &[
    (&["that"], &["because", "but", "if", "when", "although", "while", "whether"]),
    (&["not"], &["and"]),
    (&["her", "this", "that", "it", "these", "those"], &["because", "although", "whether"]),
    (&["her"], &["that"]),
    // "In the middle of", "a bunch of".
    (&["of"], &[
        "middle", "front", "idea", "lot", "bunch", "couple", "most", "some", "one", "instead", "end", "side", "edge",
        "top", "back", "rest", "piece", "number", "years", "hours", "minutes", "days", "bottle", "cup", "half", "all",
        "each", "any", "none", "many", "because", "part", "sound", "smell", "pile", "bit", "full", "pair", "box",
        "ahead", "outside", "inside", "dozens", "hundreds", "thousands",
    ]),
];

/// Fewer words than this are taken for a caption or an exclamation.
const LEAST: usize = 4;

/// Fewer words than this are not held against a broken one.
const LEAST_BROKEN: usize = 7;

/// Words that are looked up from this length on, in bytes.
const BROKEN: usize = 3;

/// Short forms and sounds that no list of words has.
#[rustfmt::skip]
const SHORT: &[&str] = &[
    "hah", "har", "heh", "fav", "prob", "obv", "perf", "def", "convo", "hon", "anni", "vaca", "vocab", "intro", "outro",
    "exp", "pre", "ult", "ref", "mod", "sus", "abt", "gon", "noo", "nooo", "soo", "insta", "unsub", "cuck", "grav",
    "snac", "appt", "approx", "attn", "esp", "incl", "max", "min", "misc", "orig", "perm", "temp", "temps", "sec", "mins",
    "comp", "comms", "decaf", "demo", "fab", "glam", "gov", "grad", "hypo", "ident", "immed", "kinda", "lab", "limo",
    "med", "meds", "neg", "perp", "phys", "pos", "prep", "prof", "psych", "recap", "rehab", "rep", "rev", "sax", "sched",
    "sesh", "spec", "stats", "stim", "tech", "tix", "typo", "uni", "util", "vac", "vet", "vib", "vol",
];

/// How common a word has to be, from 0 to 7, that a broken one may have been.
const COMMON: u32 = 5;

/// How a text breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Break {
    /// At the schema's `maxLength`, in a word or behind one.
    AtMaxLength,
    /// With a word that no sentence ends with, or a comma.
    Open,
    /// Within a word.
    InWord,
}

/// Whether a text breaks off; `longest` is the most characters that its schema allows.
///
/// A grammar made of `maxLength` closes the quote after so many characters, be it inside a word. So a
/// text that long which ends in a letter was cut. Of shorter ones only an ending that no sentence has
/// tells it: people often leave the full stop away.
pub fn breaks_off(text: &Text, longest: Option<usize>) -> Option<Break> {
    let last = text.raw.trim_end().chars().next_back()?;
    let stops = last.is_alphanumeric() || last == ',';
    if stops && longest.is_some_and(|longest| at_least(text.raw, longest)) {
        return Some(Break::AtMaxLength);
    }
    if text.words.len() < LEAST {
        return None;
    }
    if last == ',' {
        return (text.words.len() >= COMMA).then_some(Break::Open);
    }
    let (word, before) = (text.word(text.words.len() - 1), text.word(text.words.len() - 2));
    let is = |list: &[&str], word: &str| list.contains(&word);
    let open = is(OPEN, word)
        || OPEN_BUT_BEHIND.iter().any(|(words, but)| is(words, word) && !is(but, before))
        || OPEN_BEHIND.iter().any(|(words, behind)| is(words, word) && is(behind, before));
    if last.is_alphabetic() && open && is_english(text) {
        return Some(Break::Open);
    }
    let long = text.words.len() >= LEAST_BROKEN;
    (long && last.is_ascii_lowercase() && is_broken(text.raw) && is_english(text)).then_some(Break::InWord)
}

/// Fewer words than this may end with a comma.
const COMMA: usize = 6;

/// Whether the last word of a text is none, and the beginning of a common one.
fn is_broken(raw: &str) -> bool {
    let Some(word) = raw.rsplit(char::is_whitespace).find(|word| !word.is_empty()) else { return false };
    // Names have a capital; what has signs in it is an address, or a smile. A plural is seldom a beginning.
    if word.len() < BROKEN || !word.bytes().all(|byte| byte.is_ascii_lowercase()) || word.ends_with('s') {
        return false;
    }
    if SHORT.contains(&word) {
        return false;
    }
    let lexicon = Lexicon::get();
    let facts = lexicon.facts(word.as_bytes());
    // Who writes a sentence's first letter large writes names so, too.
    let is_known = match raw.starts_with(char::is_uppercase) {
        true => facts.word() > 0 || facts.other(),
        false => facts.known(),
    };
    // "Nothin", "bangin".
    let drops = word.ends_with("in") && lexicon.facts(format!("{word}g").as_bytes()).word() > 0;
    !is_known && !drops && lexicon.goes_on(word.as_bytes(), COMMON)
}

/// Some of those words end sentences in other languages.
fn is_english(text: &Text) -> bool {
    Language::of("en").is_none_or(|english| language::other(text, english).is_none())
}

/// Whether a text has so many characters, without counting them all.
fn at_least(text: &str, characters: usize) -> bool {
    characters > 0 && text.len() >= characters && text.chars().nth(characters - 1).is_some()
}
