//! What only a model says: refusals, leftovers of templates and prompts, placeholders.

mod asked;
mod built;
mod lists;
mod pattern;
mod spoken;
pub mod voice;

use std::ops::Range;
use std::sync::LazyLock;

use super::phrases::{Found, Phrases};
use super::table::Table;
use super::text::{Signs, Text, word_hash};
use built::{BUILT, Said};
use lists::*;
use voice::Voice;

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
    /// What a number is told with.
    Count,
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
            .chain(of(Class::Count, COUNTS))
            .chain(of(Class::Placeholder, PLACEHOLDERS)),
    )
});

const COLON: Signs = Signs::of(b":");
const QUOTE: Signs = Signs::of(b"\"");
/// What a placeholder may begin with, beside letters.
const BRACKETS: Signs = Signs::of(b"[<{_");

/// What a text shows.
pub fn talk(text: &Text) -> Talk {
    let (quoted, told) = (quoted(text), told(text));
    let mut found = PHRASES.find(text);
    let has = |found: &[Found<Class>], class: Class| found.iter().any(|phrase| phrase.class == class);
    let (leftover, placeholder) = (has(&found, Class::Leftover), has(&found, Class::Placeholder));
    found.retain(|phrase| !is_in(&quoted, phrase.start) && !is_in(&told, phrase.start));
    let hidden = |index: usize| is_in(&quoted, text.words[index].start as usize);
    let told = |index: usize| is_in(&told, text.words[index].start as usize);
    let (refuses, tells_task) = sentences_of(text, hidden, told);
    let voice = voice::voice(text, hidden, told);
    Talk {
        refusal: is_refusal(&found) || refuses || voice == Some(Voice::Refusal),
        leftover: leftover
            || tells_task
            || voice == Some(Voice::Leftover)
            || text.signs().any(COLON) && (has_part(text.raw) || has_preamble(text))
            || ends_in_count(text, &found),
        placeholder: placeholder || has_placeholder(text),
    }
}

/// Whether one of a text's sentences refuses, and whether one talks about the text. Words that `hidden` holds are quoted;
/// what is `told` of somebody is no refusal.
fn sentences_of(
    text: &Text,
    hidden: impl Fn(usize) -> bool + Copy,
    told: impl Fn(usize) -> bool,
) -> (bool, bool) {
    let (mut spoken, mut built, mut leftover, mut tasks) = (false, false, false, 0u64);
    let rare = text.words.iter().any(|word| spoken::tells(word) != 0 || BUILT.tells(word));
    if !rare {
        return (false, false);
    }
    for sentence in text.sentences() {
        let words = &text.words[sentence.clone()];
        let kinds = words.iter().fold(0, |all, word| all | spoken::tells(word));
        let told = told(sentence.start);
        if kinds != 0 && !spoken && !told {
            spoken = spoken::refuses(text, sentence.clone(), kinds, hidden);
        }
        BUILT.find(text, sentence, hidden, |number, said| match said {
            Said::Refusal => built |= !told,
            Said::Leftover => leftover = true,
            Said::Task => tasks |= 1 << (number % 64),
        });
    }
    (spoken || built, leftover || tasks.count_ones() >= 2)
}

/// Fewer words than this outside of quotes are no text that quotes somebody.
const OUTSIDE: usize = 3;

/// What a text quotes, in bytes of the folded text, where it says something itself too: who quotes a refusal
/// does not refuse.
pub fn quoted(text: &Text) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    if !text.signs().any(QUOTE) {
        return out;
    }
    let mut open = None;
    for (at, _) in text.folded.match_indices('"') {
        match open.take() {
            Some(start) => out.push(start..at),
            None => open = Some(at),
        }
    }
    if out.is_empty() {
        return out;
    }
    let outside = text.words.iter().filter(|word| !is_in(&out, word.start as usize)).count();
    if outside < OUTSIDE { Vec::new() } else { out }
}

/// Sentences in which somebody is said to speak, in bytes of the folded text: "I can't assist you, I whispered". An
/// assistant tells of nobody but the prompt.
fn told(text: &Text) -> Vec<Range<usize>> {
    const TELLING: &[&str] =
        &["said", "says", "whispered", "yelled", "shouted", "screamed", "replied", "muttered", "sighed"];
    const PROMPT: &[&str] =
        &["prompt", "instruction", "instructions", "task", "request", "it", "which", "that"];
    static HASHES: LazyLock<Table> =
        LazyLock::new(|| Table::of(TELLING.iter().map(|word| (word_hash(word), 1))));
    let hashes = &*HASHES;
    let telling = |index: usize| hashes.get(text.words[index].hash) != 0;
    if !(0..text.words.len()).any(telling) {
        return Vec::new();
    }
    let of_prompt = |index: usize| index > 0 && PROMPT.contains(&text.word(index - 1));
    text.sentences()
        .filter(|sentence| sentence.clone().any(|index| telling(index) && !of_prompt(index)))
        .map(|sentence| text.words[sentence.start].start as usize..text.words[sentence.end - 1].end as usize)
        .collect()
}

/// Whether one of `ranges`, which are in order, holds a place.
pub fn is_in(ranges: &[Range<usize>], place: usize) -> bool {
    let at = ranges.partition_point(|range| range.end <= place);
    ranges.get(at).is_some_and(|range| range.start <= place)
}

/// "Word count: 38" or "(38 words)" as the last thing of a text.
fn ends_in_count(text: &Text, found: &[Found<Class>]) -> bool {
    let bytes = text.folded.as_bytes();
    let number = |end: usize| end > 1 && bytes[end - 1] == b' ' && bytes[end - 2].is_ascii_digit();
    found.iter().any(|phrase| {
        let last = phrase.class == Class::Count && bytes.len() <= phrase.end + 12;
        last && (bytes[phrase.end - 1] == b':' || number(phrase.start))
    })
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
        let plain = name.trim_end_matches(|c: char| c.is_ascii_digit());
        PARTS.iter().any(|part| part.eq_ignore_ascii_case(name))
            || plain.len() < name.len()
                && NUMBERED.iter().any(|part| part.eq_ignore_ascii_case(plain.trim_end()))
    })
}

/// Whether a text begins with "Here is a post …:", perhaps after "Sure!".
fn has_preamble(text: &Text) -> bool {
    preamble(text).is_some()
}

/// What an assistant begins with.
const OPENERS: &[&str] =
    &["sure", "certainly", "absolutely", "okay", "ok", "alright", "definitely", "great", "yes", "understood"];

/// Where its colon is in the folded text.
fn preamble(text: &Text) -> Option<usize> {
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
    // What is said of a text that was written for somebody.
    const REVISED: &[&str] = &[
        "revised",
        "corrected",
        "updated",
        "rewritten",
        "cleaner",
        "possible",
        "alternative",
        "improved",
        "sample",
        "edited",
        "shorter",
        "longer",
        "softer",
        "milder",
        "toned",
        "suggested",
        "rephrased",
        "short",
        "few",
        "several",
        "three",
        "two",
    ];
    let count = text.words.len().min(24);
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
        _ => return None,
    };
    let opened = opened || (at..count.min(at + 4)).any(|index| REVISED.contains(&word(index)));
    // Behind an opener less tells it, and "here you go" all by itself.
    let tells = |index: &usize| {
        let word = word(*index);
        NOUNS.contains(&word) || opened && MORE.contains(&word) || word == "go" && *index == at
    };
    let noun = (at..count).find(tells)?;
    let end = text.words[noun].end as usize;
    let until = text.words.get(count).map_or(text.folded.len(), |word| word.start as usize);
    text.folded[end..].find(':').map(|colon| end + colon).filter(|colon| *colon <= until)
}

/// A text without what an assistant says before it ("Sure! Here is a post about rain:"), where one line of text
/// follows.
pub fn without_preamble(raw: &str) -> Option<&str> {
    // Most texts begin otherwise.
    let first = raw.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    let opens = |word: &&str| word.eq_ignore_ascii_case(first);
    if !OPENERS.iter().chain(&["here", "below", "the", "of"]).any(opens) {
        return None;
    }
    let colon = raw.bytes().take(PREAMBLE).position(|byte| byte == b':')?;
    let (head, body) = (Text::new(&raw[..=colon]), raw[colon + 1..].trim());
    let preamble = preamble(&head).is_some_and(|colon| colon + 1 == head.folded.len());
    let words = body.split_whitespace().take(BODY).count();
    (preamble && words == BODY && !body.contains('\n') && !has_preamble(&Text::new(body))).then_some(body)
}

/// The longest preamble that is taken off, in bytes, and the fewest words of a text behind it.
const PREAMBLE: usize = 160;
const BODY: usize = 4;

/// Brackets around what somebody was to fill in, a blank to write on, or a word of X.
fn has_placeholder(text: &Text) -> bool {
    let raw = text.raw;
    let bytes = raw.as_bytes();
    let todo = bytes.first() == Some(&b'T');
    if !todo && !text.signs().any(BRACKETS) && !bytes.contains(&b'X') {
        return false;
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(raw: &str) -> Talk {
        talk(&Text::new(raw))
    }

    #[test]
    fn what_is_quoted_is_somebody_elses() {
        let quoting = "\"I'm sorry, I can't help with that request\" says the bank, every single time";
        assert!(!shown(quoting).refusal);
        assert!(!shown("The essay began with \u{201c}As an AI language model\u{201d}. I laughed.").refusal);
        for refusal in [
            "\"I'm sorry, I can't help with that request.\"",
            "\"I'm sorry, I can't help with that.\" \"Please ask for something else.\"",
            "I cannot write a text that calls somebody \"ugly\".",
            "I can't help with that request, said \"he",
        ] {
            assert!(shown(refusal).refusal, "{refusal}");
        }
    }

    #[test]
    fn who_tells_of_somebody_who_speaks_is_no_assistant() {
        assert!(!shown("I cannot assist you, sir, this is a library, I whispered to the drummer").refusal);
        assert!(shown("I cannot assist you, sir, with requests that mock a drummer").refusal);
        assert!(shown("The prompt says that I cannot use slurs, so I can't fulfill the request.").refusal);
    }

    #[test]
    fn a_count_of_words_is_the_last_thing_of_a_text() {
        for (text, found) in [
            ("Home again. Word count: 38", true),
            ("Home again. (38 words)", true),
            ("word count: 4,982. limit: 1,500. send snacks", false),
            ("Home again (in two words)", false),
        ] {
            assert_eq!(shown(text).leftover, found, "{text}");
        }
    }

    #[test]
    fn numbered_parts_have_a_name_before_the_number() {
        for (text, found) in [
            ("Option 2: home again", true),
            ("Day 2: home again", false),
            ("Message: home again", false),
            ("2: two", false),
        ] {
            assert_eq!(shown(text).leftover, found, "{text}");
        }
    }

    #[test]
    fn preambles_end_with_their_colon() {
        for (text, found) in [
            ("Here's a revised version that is angrier:", true),
            ("Here is a possible post. It doesn't say \"happy\":", true),
            (
                "Here's the thing about post offices and their hours, since you ask me about it, and you did \
              not, but I have to tell somebody today: nobody works there",
                false,
            ),
            ("Here's what I learned: waiters are kind", false),
        ] {
            assert_eq!(shown(text).leftover, found, "{text}");
        }
    }
}
