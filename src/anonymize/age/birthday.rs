//! Birthdays that tell an age without a year: `mum's 60th`.

use super::super::View;
use super::super::token::Gap;
use super::super::words;
use super::beside::{is, joined};
use super::figure::somebody;

/// `my 30th is on Saturday`, `mum's 60th`: a birthday goes without saying.
pub fn milestone(view: &View, at: usize, age: u32) -> bool {
    if at == 0
        || view.tokens[at].gap != Gap::Space
        || !(matches!(age, 16 | 18 | 21) || age >= 30 && age.is_multiple_of(5))
    {
        return false;
    }
    let before = &view.tokens[at - 1];
    let of = is(view, at - 1, &["my", "his", "her"])
        || before.after > before.end && (somebody(view, at - 1) || view.classes[at - 1] & words::KIN != 0);
    let ends = view.tokens.get(at + 1).is_none_or(|next| {
        next.gap != Gap::Space
            || is(
                view,
                at + 1,
                &[
                    "party", "bash", "is", "was", "this", "next", "in", "on", "and", "we", "i", "with", "at",
                    "coming", "tomorrow", "today", "tonight", "last", "so",
                ],
            )
    });
    of && ends
}

/// Whether a month stands beside it: `happy 21st of May`.
pub fn day_of_month(view: &View, at: usize) -> bool {
    const MONTHS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "of",
    ];
    is(view, at + 1, MONTHS) || at > 1 && is(view, at - 1, MONTHS)
}

/// Whether a birthday follows that tells an age; of small numbers it may be the first of something else.
pub fn birthday(view: &View, at: usize, small: bool) -> bool {
    is(view, at + 1, &["birthday", "bday", "b-day"])
        && joined(view, at + 1)
        && !(small && is(view, at + 2, &["without", "since", "away", "together", "as", "with", "here", "in"]))
        && !(at > 0
            && view.tokens[at - 1].after > view.tokens[at - 1].end
            && view.classes[at - 1] & words::AGED != 0)
}
