//! Texts that stop in the middle.

use super::language::{self, Language};
use super::text::Text;

/// Words that no sentence ends with.
const OPEN: &[&str] = &[
    "the", "a", "an", "and", "or", "when", "my", "your", "our", "their", "its", "every", "because", "if",
    "than", "into", "his", "which",
];

/// Fewer words than this are taken for a caption or an exclamation.
const LEAST: usize = 6;

/// How a text breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Break {
    /// At the schema's `maxLength`, in a word or behind one.
    AtMaxLength,
    /// With a word that no sentence ends with, or a comma.
    Open,
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
    let word = text.word(text.words.len() - 1);
    let open = last == ',' || last.is_alphabetic() && OPEN.contains(&word) && is_english(text);
    open.then_some(Break::Open)
}

/// Some of those words end sentences in other languages.
fn is_english(text: &Text) -> bool {
    Language::of("en").is_none_or(|english| language::other(text, english).is_none())
}

/// Whether a text has so many characters, without counting them all.
fn at_least(text: &str, characters: usize) -> bool {
    characters > 0 && text.len() >= characters && text.chars().nth(characters - 1).is_some()
}
