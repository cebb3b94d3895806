//! Years, months and weeks, and whose they are.

use super::super::View;
use super::super::token::{Gap, Token};
use super::super::words;
use super::beside::{is, joined};

const UNITS: &[&str] = &[
    "year", "years", "yr", "yrs", "month", "months", "mo", "mos", "week", "weeks", "wk", "wks", "day", "days",
];

/// Whether what is so old is a thing, or long ago.
pub fn thing(view: &View, last: usize) -> bool {
    // `my screen is 10 years old`
    let of_thing = (1..=5).any(|back| {
        last >= back
            && view.tokens[last - back].facts.word() > 0
            && is(view, last - back, &["is", "are", "was", "were"])
            && last > back
            && {
                let subject = view.tokens[last - back - 1];
                words::classes(subject.id) & words::AGED != 0
                    || is(view, last - back - 1, &["it", "this", "that"])
            }
    });
    if of_thing {
        return true;
    }
    let next = view.tokens.get(last + 1).filter(|token| matches!(token.gap, Gap::Space));
    let names = |token: &Token| words::classes(token.id) & words::AGED != 0;
    next.is_some_and(names)
        || next.is_some()
            && view.classes[last + 1] & words::PERSON == 0
            && view.tokens.get(last + 2).is_some_and(|token| token.gap == Gap::Space && names(token))
            && !is(view, last + 1, &["and", "who", "with", "in", "at", "on", "the", "a", "but", "has", "is"])
}

/// Where `years old`, `yo`, `y/o`, `y.o.` after the word at `at` ends.
pub fn unit_after(view: &View, at: usize) -> Option<usize> {
    if !joined(view, at + 1) {
        return None;
    }
    if is(view, at + 1, &["yo", "yearold"]) {
        return Some(at + 1);
    }
    if is(view, at + 1, &["y"]) && is(view, at + 2, &["o"]) {
        return Some(at + 2);
    }
    let unit = is(view, at + 1, UNITS);
    if unit && joined(view, at + 2) && is(view, at + 2, &["old", "olds"]) {
        return Some(at + 2);
    }
    // `years of age`, `years young`
    if unit && is(view, at + 2, &["of"]) && is(view, at + 3, &["age"]) {
        return Some(at + 3);
    }
    // `94 years on this earth`
    if unit && is(view, at + 2, &["on"]) && is(view, at + 4, &["earth", "planet"]) {
        return Some(at + 1);
    }
    if is(
        view,
        at + 1,
        &["year-old", "years-old", "yr-old", "year-olds", "month-old", "week-old", "yr-olds", "month-olds"],
    ) {
        return Some(at + 1);
    }
    (unit && is(view, at + 2, &["young"])).then_some(at + 2)
}
