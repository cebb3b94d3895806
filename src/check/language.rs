//! Which language a text is in, as far as its script and its commonest words tell.

mod words;

use std::sync::LazyLock;

use super::table::Table;
use super::text::{Text, word_hash};
use crate::anonymize::lexicon::{self, Lexicon};
use words::LANGUAGES;

/// Fewer words than this say nothing.
const LEAST: usize = 4;

/// A language that texts can be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language(u8);

impl Language {
    /// By its two-letter code of ISO 639-1.
    pub fn of(code: &str) -> Option<Self> {
        LANGUAGES.iter().position(|language| language.code == code).map(|at| Self(at as u8))
    }

    pub fn code(self) -> &'static str {
        LANGUAGES[usize::from(self.0)].code
    }

    fn script(self) -> Script {
        LANGUAGES[usize::from(self.0)].script
    }
}

/// Codes of all languages that are known.
pub fn codes() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.code)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    Hangul,
    Kana,
    Han,
    Other,
}

impl Script {
    const ALL: usize = 11;

    fn of(c: char) -> Option<Self> {
        Some(match c {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
            '\u{400}'..='\u{52f}' => Script::Cyrillic,
            '\u{590}'..='\u{5ff}' => Script::Hebrew,
            '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Script::Arabic,
            '\u{900}'..='\u{97f}' => Script::Devanagari,
            '\u{e00}'..='\u{e7f}' => Script::Thai,
            '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7af}' => Script::Hangul,
            '\u{3040}'..='\u{30ff}' => Script::Kana,
            '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Script::Han,
            c if c.is_alphabetic() => Script::Other,
            _ => return None,
        })
    }

    /// A sign of these stands for a syllable or a word.
    fn is_dense(self) -> bool {
        matches!(self, Script::Han | Script::Kana | Script::Hangul)
    }
}

/// By the hash of a common word: the languages that it is common in.
static WORDS: LazyLock<Table> = LazyLock::new(|| {
    let entries = LANGUAGES.iter().enumerate().flat_map(|(index, language)| {
        language.words.split_whitespace().map(move |word| (word_hash(word), 1 << index))
    });
    Table::of(entries)
});

/// What a text that is not in the language wanted is in instead; `None`: it is, or nobody can tell.
pub fn other(text: &Text, wanted: Language) -> Option<&'static str> {
    if !text.folded.is_ascii()
        && let Some(script) = foreign_script(text, wanted)
    {
        return Some(script);
    }
    if wanted.script() != Script::Latin && wanted.script() != Script::Cyrillic {
        return None;
    }
    if text.words.len() < LEAST {
        return None;
    }
    let mut found = [0u32; 64];
    let mut before = 0;
    let table = &*WORDS;
    for (index, word) in text.words.iter().enumerate() {
        // The same word again says nothing more, and a letter says nothing.
        if word.hash == before || word.end - word.start == 1 {
            continue;
        }
        before = word.hash;
        let mut of = table.get(word.hash) | letters(text, index);
        // A word of the language wanted speaks for no other, and one of several for none.
        if of & (1 << wanted.0) != 0 {
            of = if of.is_power_of_two() { of } else { 0 };
        }
        while of != 0 {
            found[of.trailing_zeros() as usize] += 1;
            of &= of - 1;
        }
    }
    let own = found[usize::from(wanted.0)];
    let (best, count) =
        found.iter().enumerate().max_by_key(|(index, count)| (**count, usize::MAX - index))?;
    // Two words more than the own language has, and a sixth of the text.
    if *count >= 2 * own + 2 && 6 * (*count as usize) >= text.words.len() {
        return Some(LANGUAGES[best].code);
    }
    // Few English texts have so few of its commonest words; only of them all words are looked up.
    (wanted.code() == "en" && 4 * own as usize <= text.words.len() && is_strange(text.raw)).then_some(STRANGE)
}

/// What a language is called of which nothing is known but that it is another.
const STRANGE: &str = "another language";

/// How common a word of English has to be, from 0 to 7, to count as one; rarer ones are words of other
/// languages, too.
const COMMON: u32 = 5;

/// Whether hardly a word of a text is one of English: of those that are not written with a capital, which may be
/// names, less than a third.
fn is_strange(raw: &str) -> bool {
    let lexicon = Lexicon::get();
    let (mut folded, mut before) = (Vec::new(), "");
    let (mut words, mut known) = (0, 0);
    for word in raw.split(|c: char| !(c.is_alphabetic() || is_mark(c))).take(ENOUGH) {
        // A letter says nothing, nor does the same word again.
        if word.len() < 2 || word == before || !word.starts_with(char::is_lowercase) {
            continue;
        }
        before = word;
        lexicon::fold(word, &mut folded);
        let facts = lexicon.facts(&folded);
        // Of what is a name somewhere nobody can tell.
        if facts.word() < COMMON && facts.first() >= 3 {
            continue;
        }
        words += 1;
        known += usize::from(facts.word() >= COMMON);
    }
    words >= STRANGE_LEAST && 3 * known < words
}

/// Words of a text that are looked up at most, and the fewest that tell something.
const ENOUGH: usize = 400;
const STRANGE_LEAST: usize = 6;

/// Marks that are written on letters.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Letters that only some languages write: a word with one counts as one of theirs.
fn letters(text: &Text, word: usize) -> u64 {
    static MARKS: LazyLock<Vec<(char, u64)>> = LazyLock::new(|| {
        let mut marks: Vec<(char, u64)> = Vec::new();
        for (index, language) in LANGUAGES.iter().enumerate() {
            for c in language.letters.chars() {
                match marks.iter_mut().find(|(mark, _)| *mark == c) {
                    Some((_, of)) => *of |= 1 << index,
                    None => marks.push((c, 1 << index)),
                }
            }
        }
        marks
    });
    let word = text.word(word);
    if word.is_ascii() {
        return 0;
    }
    let of = |c: char| MARKS.iter().find(|(mark, _)| *mark == c).map_or(0, |(_, of)| *of);
    word.chars().filter(|c| !c.is_ascii()).map(of).fold(0, |all, of| all | of)
}

/// The script that most of a text is written in, where that is not one of the language.
fn foreign_script(text: &Text, wanted: Language) -> Option<&'static str> {
    let mut counts = [0u32; Script::ALL];
    for script in text.folded.chars().filter_map(Script::of) {
        // A sign of Han or Hangul is worth some letters.
        counts[script as usize] += if script.is_dense() { 3 } else { 1 };
    }
    let own = match wanted.code() {
        "ja" => counts[Script::Kana as usize] + counts[Script::Han as usize],
        _ => counts[wanted.script() as usize],
    };
    let all: u32 = counts.iter().sum();
    if all < 8 || 2 * (all - own) <= all {
        // Han alone may be either, and Japanese of some length has kana.
        let chinese = wanted.code() == "zh" && 8 * counts[Script::Kana as usize] > all;
        return chinese.then_some("ja");
    }
    let most = (0..Script::ALL)
        .filter(|script| *script != wanted.script() as usize)
        .max_by_key(|script| counts[*script])?;
    let name = |script: Script| LANGUAGES.iter().find(|language| language.script == script).map(|l| l.code);
    let of_script = [
        Script::Latin,
        Script::Cyrillic,
        Script::Greek,
        Script::Arabic,
        Script::Hebrew,
        Script::Devanagari,
        Script::Thai,
        Script::Hangul,
        Script::Kana,
        Script::Han,
    ];
    let found = of_script.into_iter().find(|script| *script as usize == most);
    Some(match found {
        Some(Script::Latin) => "a language in Latin letters",
        Some(Script::Cyrillic) => "a language in Cyrillic letters",
        Some(Script::Han) if counts[Script::Kana as usize] > 0 => "ja",
        Some(script) => name(script).unwrap_or("another script"),
        None => "another script",
    })
}
