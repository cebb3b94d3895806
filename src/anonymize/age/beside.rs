//! The words beside one that may be an age.

use super::super::View;
use super::super::token::{Gap, Shape};
use super::super::words;
use super::number::number;

/// Whether the word at `at` is one of these, in any case.
pub fn is(view: &View, at: usize, words: &[&str]) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = view.word(token);
        words.iter().any(|other| word.eq_ignore_ascii_case(other))
    })
}

/// `at`'s word joined to the one before it by a space or a hyphen.
pub fn joined(view: &View, at: usize) -> bool {
    let Some(token) = view.tokens.get(at) else { return false };
    let before = at.checked_sub(1).and_then(|before| view.text.get(view.tokens[before].after..token.start));
    token.gap == Gap::Space || before == Some("-")
}

/// Whether nothing is counted by what stands there: the sentence ends, or goes on as after an age.
pub fn closes(view: &View, at: usize) -> bool {
    match view.tokens.get(at + 1) {
        None => view.text[view.tokens[at].end..]
            .chars()
            .next()
            .is_none_or(|c| !matches!(c, '%' | '°' | '$' | '€' | '/')),
        Some(token) => {
            let between = &view.text[view.tokens[at].after..token.start];
            if token.gap != Gap::Space {
                return !between.starts_with(['%', '°', '$', '€', '/', '-', '–', '#', ':', '\'', '’'])
                    && between != "."
                    && between != ",";
            }
            let class = view.classes[at + 1];
            // `two for two`
            let score = is(view, at + 1, &["for"]) && number(view, at + 2);
            let by_now = is(view, at + 1, &["by"]) && is(view, at + 2, &["now", "then"]);
            class & words::UNIT == 0 && (class & words::AFTER_AGE != 0 || by_now) && !score
        }
    }
}

/// The same where more was said of it already: whatever follows, but what could be counted.
pub fn closes_loosely(view: &View, at: usize) -> bool {
    closes(view, at)
        || view.tokens.get(at + 1).is_some_and(|token| {
            let word = view.word(token);
            token.gap == Gap::Space
                && view.classes[at + 1] & words::UNIT == 0
                && token.shape == Shape::Lower
                && (!(word.len() > 3 && word.ends_with('s') && !word.ends_with("ss"))
                    || is(view, at + 1, &["sucks", "rocks", "feels", "means", "looks", "hits", "comes"]))
                && !is(view, at + 1, &["of", "out", "or", "to", "something", "odd", "more", "plus", "x"])
        })
}
