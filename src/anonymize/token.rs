//! A text cut into words, with what stands between them.

use unicode_normalization::char::is_combining_mark;

use super::lexicon::{Facts, Lexicon, fold, invisible};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No capital at its beginning.
    Lower,
    /// A capital, then small letters somewhere.
    Capital,
    /// Capitals only, two or more.
    Upper,
}

/// One word, without a possessive ending.
#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub start: usize,
    pub end: usize,
    /// Where the possessive's `'s` or `'` ends; `end` if there is none.
    pub after: usize,
    pub shape: Shape,
    pub facts: Facts,
    /// A hash of the folded word, for features and sets of words.
    pub id: u32,
    /// Nothing, or the end of a sentence, stands before it.
    pub opens: bool,
    /// What separates it from the word before.
    pub gap: Gap,
    /// Holds a digit or an underscore: no word of a language.
    pub mixed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// The beginning of the text.
    None,
    Space,
    /// `.` and a space: an abbreviation or a sentence's end.
    Dot,
    Comma,
    /// `?`, `!`, a new line: certainly an end.
    Stop,
    /// An opening quote or bracket.
    Quote,
    /// `#`, `@`, `/`, `_` and such: part of something that is no prose.
    Glue,
    Other,
}

/// What a byte can be in a word.
fn letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn wide(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || invisible(c)
}

/// Cuts `text` into words. Linear in its length.
pub fn tokens(text: &str, into: &mut Vec<Token>) {
    into.clear();
    let bytes = text.as_bytes();
    let lexicon = Lexicon::get();
    let mut folded = Vec::with_capacity(32);
    let (mut at, mut gap_from) = (0, 0);
    while at < bytes.len() {
        let Some(begin) = next_word(text, at) else { break };
        let mut end = word_end(text, begin);
        at = end.max(begin + 1);
        let word = &text[begin..end];
        if word.chars().all(invisible) {
            continue;
        }
        let mut after = end;
        if let Some(stem) = possessive(word) {
            end = begin + stem;
        }
        let word = &text[begin..end];
        // `Thomas'` and `the Johnsons'`
        if end == after && word.ends_with(['s', 'S']) && text[end..].starts_with(['\'', '’']) {
            let mark = text[end..].chars().next().map_or(0, char::len_utf8);
            if !text[end + mark..].starts_with(wide) {
                after += mark;
            }
        }
        fold(word, &mut folded);
        let mut mixed = false;
        for &byte in word.as_bytes() {
            mixed |= byte.is_ascii_digit() || byte == b'_';
        }
        let facts = if mixed { Facts::default() } else { lexicon.facts(&folded) };
        let facts = if !facts.known() && !mixed && folded.contains(&b'-') {
            compound(lexicon, &folded)
        } else {
            facts
        };
        let gap = gap(&text[gap_from..begin], into.is_empty());
        let opens = matches!(gap, Gap::None | Gap::Stop | Gap::Quote)
            || gap == Gap::Dot && !into.last().is_some_and(|before| abbreviation(before, text))
            || into.is_empty();
        into.push(Token {
            start: begin,
            end,
            after,
            shape: shape(word),
            facts,
            id: super::lexicon::hash(&folded),
            opens,
            gap,
            mixed,
        });
        at = at.max(after);
        gap_from = after;
    }
}

fn next_word(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 0x80 {
            if letter(byte) {
                return Some(at);
            }
            at += 1;
        } else {
            let c = text[at..].chars().next()?;
            if wide(c) && !is_combining_mark(c) && !invisible(c) {
                return Some(at);
            }
            at += c.len_utf8();
        }
    }
    None
}

fn word_end(text: &str, begin: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = begin;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte < 0x80 {
            let join = matches!(byte, b'\'' | b'-') && at > begin && joined(text, at + 1);
            if letter(byte) || join {
                at += 1;
            } else {
                break;
            }
        } else {
            let Some(c) = text[at..].chars().next() else { break };
            if wide(c) || matches!(c, '’' | 'ʻ' | 'ʼ' | '‐' | '‑') && joined(text, at + c.len_utf8())
            {
                at += c.len_utf8();
            } else {
                break;
            }
        }
    }
    at
}

/// Whether a letter stands at `at`, so that what is before it joins two parts of a word.
fn joined(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(&byte) if byte < 0x80 => byte.is_ascii_alphanumeric(),
        Some(_) => text[at..].chars().next().is_some_and(char::is_alphanumeric),
        None => false,
    }
}

/// How long a word is without `'s`.
fn possessive(word: &str) -> Option<usize> {
    let stem = word.strip_suffix(['s', 'S'])?;
    let stem = stem.strip_suffix(['\'', '’'])?;
    (!stem.is_empty()).then_some(stem.len())
}

fn shape(word: &str) -> Shape {
    let mut letters = word.chars().filter(|c| c.is_alphabetic());
    let Some(first) = letters.next() else { return Shape::Lower };
    if !first.is_uppercase() {
        // `al-Farsi`, `d'Angelo`
        let inner = word.split(['-', '\'', '’']).nth(1).and_then(|part| part.chars().next());
        let short = word.find(['-', '\'', '’']).is_some_and(|at| at <= 2);
        return if short && inner.is_some_and(char::is_uppercase) { Shape::Capital } else { Shape::Lower };
    }
    let mut more = false;
    for c in letters {
        if c.is_lowercase() {
            return Shape::Capital;
        }
        more = true;
    }
    if more { Shape::Upper } else { Shape::Capital }
}

fn compound(lexicon: &Lexicon, folded: &[u8]) -> Facts {
    let mut parts =
        folded.split(|&byte| byte == b'-').filter(|part| !matches!(*part, b"al" | b"el" | b"ben" | b"bin"));
    let Some(first) = parts.next() else { return Facts::default() };
    parts.fold(lexicon.facts(first), |facts, part| facts.weaker(lexicon.facts(part)))
}

fn gap(between: &str, first: bool) -> Gap {
    if between == " " {
        return Gap::Space;
    }
    if first && between.trim().is_empty() {
        return Gap::None;
    }
    let mut seen = Gap::Space;
    let glued = !between.contains(' ');
    for c in between.chars() {
        let here = match c {
            ' ' | '\t' | '\u{a0}' => continue,
            '?' | '!' | '\n' | '\r' | '…' | '¡' | '¿' => Gap::Stop,
            '.' => Gap::Dot,
            ',' => Gap::Comma,
            '"' | '“' | '”' | '(' | '[' | '«' | '‘' | '*' | '>' | ':' | ';' => Gap::Quote,
            '#' | '@' | '/' | '\\' | '_' | '&' if glued => Gap::Glue,
            '#' | '@' | '/' if between.ends_with(c) => Gap::Glue,
            c if invisible(c) => continue,
            _ => Gap::Other,
        };
        seen = match (seen, here) {
            (Gap::Stop, _) | (_, Gap::Stop) => Gap::Stop,
            (Gap::Glue, _) | (_, Gap::Glue) => Gap::Glue,
            (Gap::Dot, Gap::Dot) => Gap::Stop,
            (Gap::Dot, _) if here != Gap::Other => Gap::Stop,
            (_, here) => here,
        };
    }
    if seen == Gap::Dot && !between.ends_with([' ', '\u{a0}']) && between != "." { Gap::Other } else { seen }
}

/// A title or an initial, whose full stop ends no sentence.
fn abbreviation(token: &Token, text: &str) -> bool {
    let word = &text[token.start..token.end];
    word.chars().count() == 1 && token.shape == Shape::Capital && word != "I"
        || [
            "mr", "mrs", "ms", "dr", "prof", "st", "rev", "sr", "jr", "mx", "capt", "sgt", "lt", "gen",
            "gov", "sen", "pres",
        ]
        .iter()
        .any(|title| word.eq_ignore_ascii_case(title))
}
