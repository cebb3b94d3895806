//! Numbers set off by commas, brackets or a colon.

use super::super::super::token::Gap;
use super::super::super::{Found, View};
use super::super::beside::{closes, is};
use super::super::number::{ONES, number, spelled, value};
use super::super::span;
use super::Number;
use super::somebody;

/// Between commas, brackets or after a colon: `my mother, 88, has`, `my husband (41)`, `age: 34`.
pub fn set_off(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, before, .. } = number_at;
    let here = || span(view, at, last);
    let gap = view.tokens[at].gap;
    let text_after = &view.text[view.tokens[last].end..];
    if gap == Gap::Comma {
        // `Aisha, 29, is …`, `my mother, 88, has …`: somebody, a comma, the age, a comma.
        let two = is(view, last + 1, &["and"])
            && view.tokens.get(last + 2).is_some_and(|token| {
                token.gap == Gap::Space
                    && value(view.word(token)).is_some()
                    && (view.text[token.end..].starts_with([',', '.', ')']) || token.end == view.text.len())
            });
        let ends = text_after.starts_with(',');
        let word = view.word(&view.tokens[at]);
        let grown = match age {
            Some(age) => age >= 3,
            None => spelled(word) && !ONES[..10].iter().any(|ones| word.eq_ignore_ascii_case(ones)),
        };
        return ((ends && grown || two)
            && somebody(view, before)
            && !is(view, before, &["people", "you", "we", "he", "she", "they", "everyone"]))
        .then(here)
        .flatten();
    }
    let between = &view.text[view.tokens[before].after..view.tokens[at].start];
    // `my husband (41)`
    if between == " (" {
        let several = view.word(&view.tokens[before]).ends_with('s');
        let two = is(view, last + 1, &["and"])
            && number(view, last + 2)
            && view.text[view.tokens[last + 2].end..].starts_with(')');
        // `my two boys (3, 5)`
        let list = several && text_after.starts_with(", ") && number(view, last + 1);
        let two = two || list;
        // `at my age (58)`, `mother of two (6 and 9)`
        let who = somebody(view, before)
            || is(view, before, &["age"])
            || two && before > 0 && is(view, before - 1, &["of"]) && number(view, before);
        return (who && (text_after.starts_with(')') && !several || two)).then(here).flatten();
    }
    if matches!(between, ": " | ":") {
        let told = is(view, before, &["age", "aged"]) && closes(view, last);
        // `three kids: 2, 5 and 9`
        let list = is(view, before, &["kids", "children", "sons", "daughters", "boys", "girls", "grandkids"])
            && (text_after.starts_with(", ") && number(view, last + 1)
                || is(view, last + 1, &["and"]) && number(view, last + 2));
        return (told || list).then(here).flatten();
    }
    None
}
