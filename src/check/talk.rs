//! What only a model says: refusals, leftovers of templates and prompts, placeholders.

mod asked;
mod lists;
mod spoken;

use std::sync::LazyLock;

use super::phrases::{Found, Phrases};
use super::text::Text;
use lists::*;

/// What a text shows of the machine that wrote it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Talk {
    pub refusal: bool,
    pub leftover: bool,
    pub placeholder: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Enough by itself.
    Refusal,
    /// Of whatever a model is asked for.
    Denied,
    /// "I can't", and the like.
    Not,
    /// What a model refuses to do; what else people can't do.
    Does,
    May,
    /// What it would be done to.
    Object,
    Sorry,
    Offer,
    Leftover,
    Placeholder,
}

static PHRASES: LazyLock<Phrases<Class>> = LazyLock::new(|| {
    let of = |class: Class, list: &'static [&'static str]| list.iter().map(move |phrase| (class, *phrase));
    Phrases::new(
        of(Class::Refusal, REFUSALS)
            .chain(of(Class::Denied, DENIED))
            .chain(of(Class::Not, NOTS))
            .chain(of(Class::Does, DOES))
            .chain(of(Class::May, MAY))
            .chain(of(Class::Object, OBJECTS))
            .chain(of(Class::Sorry, SORRY))
            .chain(of(Class::Offer, OFFERS))
            .chain(of(Class::Leftover, LEFTOVERS))
            .chain(of(Class::Placeholder, PLACEHOLDERS)),
    )
});

/// What a text shows; one pass for all of it.
pub fn talk(text: &Text) -> Talk {
    let found = PHRASES.find(text);
    let has = |class: Class| found.iter().any(|phrase| phrase.class == class);
    Talk {
        refusal: is_refusal(&found) || spoken::refuses(text),
        leftover: has(Class::Leftover) || has_part(text.raw) || has_preamble(text),
        placeholder: has(Class::Placeholder) || has_placeholder(text.raw),
    }
}

/// "I can't" joined to what a model is asked for: three points make a refusal.
fn is_refusal(found: &[Found<Class>]) -> bool {
    let has = |class: Class| found.iter().any(|phrase| phrase.class == class);
    if has(Class::Refusal) || has(Class::Denied) && has(Class::Object) {
        return true;
    }
    let Some(not) = found.iter().find(|phrase| phrase.class == Class::Not) else { return false };
    // What is refused follows closely.
    let near =
        |phrase: &&Found<Class>, within: usize| phrase.start >= not.start && phrase.start <= not.end + within;
    let verb = found
        .iter()
        .filter(|phrase| near(phrase, 24))
        .filter_map(|phrase| match phrase.class {
            Class::Does => Some((2, phrase.end)),
            Class::May => Some((1, phrase.end)),
            _ => None,
        })
        .max_by_key(|(points, _)| *points);
    let Some((points, end)) = verb else { return false };
    let object = found
        .iter()
        .filter(|phrase| phrase.class == Class::Object && phrase.start >= end.min(not.end))
        .map(|phrase| if phrase.start <= end + 24 { 2 } else { 1 })
        .max()
        .unwrap_or(0);
    points + object + i32::from(has(Class::Sorry)) + i32::from(has(Class::Offer)) >= 3
}

/// Whether a name of a part stands at the beginning of the text or of a line, with a colon.
fn has_part(raw: &str) -> bool {
    raw.lines().any(|line| {
        let line = line.trim_start_matches(['*', ' ', '#', '\t']);
        let Some(colon) = line.bytes().take(LONGEST).position(|byte| byte == b':') else { return false };
        let name = line[..colon].trim_end_matches(['*', ' ']);
        PARTS.iter().any(|part| part.eq_ignore_ascii_case(name))
    })
}

/// "Here is a post …:" at the beginning, perhaps after "Sure!".
fn has_preamble(text: &Text) -> bool {
    const OPENERS: &[&str] = &[
        "sure",
        "certainly",
        "absolutely",
        "okay",
        "ok",
        "alright",
        "definitely",
        "great",
        "yes",
        "understood",
    ];
    const NOUNS: &[&str] = &["post", "posts", "text", "texts", "tweet", "tweets", "caption", "captions"];
    const MORE: &[&str] = &[
        "one",
        "example",
        "examples",
        "version",
        "versions",
        "sentence",
        "sentences",
        "response",
        "message",
        "messages",
        "attempt",
        "try",
        "option",
        "options",
        "rewrite",
        "draft",
    ];
    let count = text.words.len().min(20);
    let word = |index: usize| if index < count { text.word(index) } else { "" };
    let mut at = usize::from(OPENERS.contains(&word(0)));
    if word(0) == "of" && word(1) == "course" {
        at = 2;
    }
    let opened = at > 0;
    at = match (word(at), word(at + 1), word(at + 2)) {
        ("here's", ..) => at + 1,
        ("here" | "below", "is" | "are", _) | ("here", "you", "go") => at + 2,
        ("the", "following", "is" | "are") => at + 3,
        _ => return false,
    };
    // Behind an opener less tells it, and "here you go" all by itself.
    let tells = |index: &usize| {
        let word = word(*index);
        NOUNS.contains(&word) || opened && MORE.contains(&word) || word == "go" && *index == at
    };
    let Some(noun) = (at..count).find(tells) else { return false };
    let (end, until) = (text.words[noun].end as usize, text.words[count - 1].end as usize);
    text.folded[end..].find(':').is_some_and(|colon| end + colon <= until)
}

/// Brackets around what somebody was to fill in, a blank to write on, or a word of X.
fn has_placeholder(raw: &str) -> bool {
    let bytes = raw.as_bytes();
    let starts = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    let mut at = 0;
    while at < bytes.len() {
        let found = match bytes[at] {
            b'[' => bracketed(raw, at, b']'),
            b'<' => bracketed(raw, at, b'>'),
            b'{' => bracketed(raw, at, b'}'),
            b'_' => {
                let length = bytes[at..].iter().take_while(|byte| **byte == b'_').count();
                let before = at == 0 || bytes[at - 1].is_ascii_whitespace();
                let next = bytes.get(at + length);
                at += length - 1;
                length >= 3
                    && before
                    && next.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'<')
            }
            b'X' if starts(at) => {
                let length = bytes[at..].iter().take_while(|byte| **byte == b'X').count();
                let next = bytes.get(at + length);
                at += length - 1;
                length >= 4 && next.is_none_or(|byte| !byte.is_ascii_alphanumeric())
            }
            b'T' if at == 0 => raw.starts_with("TODO ") || raw.starts_with("TODO:"),
            _ => false,
        };
        if found {
            return true;
        }
        at += 1;
    }
    false
}

/// The longest that a placeholder or the name of a part is, in bytes.
const LONGEST: usize = 40;

fn bracketed(raw: &str, open: usize, close: u8) -> bool {
    let inside = &raw[open + 1..];
    let Some(length) = inside.bytes().take(LONGEST).position(|byte| byte == close) else { return false };
    let inside = inside[..length].trim();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '\'' | '\u{2019}' | '_' | '-' | '/');
    if MASKS.contains(&inside) || !inside.chars().all(fine) || !inside.chars().any(char::is_alphabetic) {
        return false;
    }
    // Of braces any name is one: people don't write them.
    if close == b'}' && !inside.contains(' ') {
        return true;
    }
    let folded = Text::new(inside);
    (0..folded.words.len()).any(|index| FILLED.contains(&folded.word(index)))
}
