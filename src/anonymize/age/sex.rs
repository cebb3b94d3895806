//! Ages beside a letter for a sex: `23F`, `M23`, `34/F`, `F/23`.

use super::super::category::Category;
use super::super::token::Gap;
use super::super::{Found, View};
use super::beside::{closes_loosely, is};

/// The ages that are told in this way.
const TOLD: std::ops::RangeInclusive<u32> = 13..=99;

/// Whether a letter for a sex and a slash stand right before a word: `F/23`.
pub fn is_behind_sex(view: &View, at: usize) -> bool {
    let start = view.tokens[at].start;
    view.text[..start].ends_with('/')
        && at > 0
        && is(view, at - 1, &["f", "m"])
        && start == view.tokens[at - 1].end + 1
}

/// `23F`, as people tell of themselves; small letters count only where the place says so.
pub fn before_letter(view: &View, at: usize, age: u32) -> Option<(usize, Found)> {
    let token = &view.tokens[at];
    let word = view.word(token);
    let (before, behind) = (&view.text[..token.start], &view.text[token.end..]);
    let stands = word.ends_with(['F', 'M'])
        || before.ends_with(['(', '['])
        || word.ends_with('f') && (at == 0 || behind.starts_with([')', ']', ',', '/']))
        || at > 0
            && token.gap == Gap::Space
            && is(view, at - 1, &["im", "i'm", "am", "as"])
            && closes_loosely(view, at);
    (stands && TOLD.contains(&age))
        .then(|| (at, Found::new(token.start, token.start + word.len(), Category::Age)))
}

/// `M28, single again`.
pub fn behind_letter(view: &View, at: usize, age: u32) -> Option<(usize, Found)> {
    let token = &view.tokens[at];
    let stands = view.text[..token.start].ends_with(['(', '[', ' '])
        || at == 0
            && (view.text[token.end..].starts_with(',')
                || is(view, 1, &["here", "single", "looking", "from", "and", "seeking"]));
    (stands && TOLD.contains(&age)).then(|| (at, Found::new(token.start + 1, token.end, Category::Age)))
}

/// `34/F`
pub fn before_slash(view: &View, at: usize, age: u32) -> Option<(usize, Found)> {
    let token = &view.tokens[at];
    let [b'/', sex, rest @ ..] = view.text.as_bytes().get(token.end..)? else { return None };
    let stands =
        matches!(sex, b'F' | b'M' | b'f' | b'm') && !rest.first().is_some_and(u8::is_ascii_alphanumeric);
    (stands && TOLD.contains(&age)).then(|| (at + 1, Found::new(token.start, token.end + 2, Category::Age)))
}
