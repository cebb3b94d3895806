//! Numbers that a sentence begins with.

use super::super::super::token::Gap;
use super::super::super::words;
use super::super::super::{Found, View};
use super::super::beside::{is, joined};
use super::super::span;
use super::Number;
use super::nearly;

/// Where a sentence begins with it: `34 here`, `52 and single`.
pub fn begins(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, .. } = number_at;
    let here = || span(view, at, last);
    // `34 here, same thing`
    if view.tokens[at].opens
        && !view.text[..view.tokens[at].start].ends_with(['-', '−', '–'])
        && is(view, last + 1, &["here"])
        && joined(view, last + 1)
        && age.is_some()
        && adult
    {
        return here();
    }
    let begins = matches!(view.tokens[at].gap, Gap::None | Gap::Stop | Gap::Dot)
        && !view.text[..view.tokens[at].start].ends_with(|c: char| c.is_ascii_digit() || ":.-−".contains(c));
    // `only 23 and already tired`
    let lead = nearly(view, at.saturating_sub(1));
    let begins = begins
        || at > 0
            && lead < at
            && view.tokens[at].gap == Gap::Space
            && is(view, lead, &["nearly", "almost", "only", "barely", "just", "not"])
            && view.tokens[lead].opens
            && matches!(view.tokens[lead].gap, Gap::None | Gap::Stop | Gap::Dot);
    let not_even = lead < at
        && is(view, lead, &["not"])
        && is(view, at - 1, &["even", "yet"])
        && age.is_some_and(|age| (18..=60).contains(&age))
        && is(view, last + 1, &["and", "yet"]);
    // `now 83, she sails`
    let now = at == 1
        && is(view, 0, &["now"])
        && adult
        && view.tokens[at].gap == Gap::Space
        && view.tokens.get(last + 1).is_some_and(|next| next.gap == Gap::Comma)
        && is(view, last + 1, &["he", "she", "i", "they", "my", "we", "he's", "she's", "i'm"]);
    if now || begins && not_even {
        return here();
    }
    if begins && described(view, last) && age.is_none_or(|age| (16..=99).contains(&age)) {
        return here();
    }
    None
}

/// Whether somebody is described after a number that begins a sentence: `52 and single`, `67, retired, bored`.
fn described(view: &View, last: usize) -> bool {
    let Some(next) = view.tokens.get(last + 1) else { return false };
    let state = |at: usize| {
        view.classes.get(at).is_some_and(|class| class & words::STATE != 0)
            || is(
                view,
                at,
                &[
                    "single",
                    "retired",
                    "married",
                    "broke",
                    "bored",
                    "tired",
                    "happy",
                    "alone",
                    "thriving",
                    "clueless",
                    "still",
                    "unemployed",
                    "proud",
                    "female",
                    "male",
                    "childless",
                    "childfree",
                    "terrified",
                    "exhausted",
                    "learning",
                    "starting",
                    "living",
                    "never",
                    "finally",
                    "can't",
                    "cannot",
                    "already",
                    "feel",
                    "feeling",
                ],
            )
    };
    if next.gap == Gap::Comma {
        return state(last + 1);
    }
    // `fifty next month!`
    if next.gap == Gap::Space && is(view, last + 1, &["next"]) {
        return is(view, last + 2, &["month", "year", "birthday"]);
    }
    if next.gap != Gap::Space || !is(view, last + 1, &["and", "today"]) {
        return false;
    }
    if is(view, last + 1, &["today"]) {
        return view.text[next.end..].starts_with('!') || is(view, last + 2, &["and"]);
    }
    view.tokens.get(last + 2).is_some_and(|token| token.gap == Gap::Space) && state(last + 2)
}
