//! Numbers that say when something was.

use super::super::super::token::Gap;
use super::super::super::words;
use super::super::super::{Found, View};
use super::super::beside::{closes, closes_loosely, is};
use super::super::span;
use super::Number;

/// When something was: `at 82 she still dances`, `married by 25`, `great for 70`.
pub fn then(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, before, told_of, .. } = number_at;
    let here = || span(view, at, last);
    let text_after = &view.text[view.tokens[last].end..];
    // `at just 19`
    if told_of < before
        && is(view, told_of, &["at"])
        && is(view, before, &["just", "only", "barely", "nearly", "almost"])
        && adult
        && closes(view, last)
    {
        return here();
    }
    // `after 40 everything creaks`
    if is(view, before, &["after"])
        && view.tokens[before].opens
        && age.is_some_and(|age| age >= 30)
        && is(view, last + 1, &["everything", "your", "you", "it's", "nobody", "life", "every"])
    {
        return here();
    }
    // `by sixteen I had a job`
    if is(view, before, &["by"])
        && view.tokens[before].opens
        && adult
        && is(view, last + 1, &["i", "he", "she", "you"])
    {
        return here();
    }
    // `at 82 she still dances`, `died at 54`
    if is(view, before, &["at"]) {
        let starts = [
            "he", "she", "i", "they", "you", "my", "i'm", "i've", "i'd", "he's", "she's", "we", "you're",
            "mom", "dad", "grandma", "grandpa",
        ];
        let opens = view.tokens[before].opens && adult;
        let pronoun = is(view, last + 1, &["he", "she", "i", "they", "you"])
            || text_after.starts_with(", ") && is(view, last + 1, &["he", "she", "i", "my", "they"])
            || opens && text_after.starts_with([',', ' ']) && is(view, last + 1, &starts)
            || opens
                && is(
                    view,
                    last + 1,
                    &["single", "married", "divorced", "pregnant", "retired", "unemployed"],
                );
        let died = before > 0
            && is(
                view,
                before - 1,
                &[
                    "died",
                    "dead",
                    "married",
                    "pregnant",
                    "widowed",
                    "retired",
                    "passed",
                    "away",
                    "gone",
                    "orphaned",
                    "divorced",
                    "diagnosed",
                    "adopted",
                    "graduated",
                    "bald",
                    "sober",
                    "emigrated",
                    "immigrated",
                ],
            );
        // `too old at 35`, `I feel ancient at 26`, `first grey hair at 24`
        let grown = adult
            && closes_loosely(view, last)
            && (before.saturating_sub(3)..before).any(|at| {
                is(
                    view,
                    at,
                    &["old", "young", "ancient", "older", "first", "grey", "gray", "wrinkle", "wrinkles"],
                )
            });
        // `me at 14`
        let me =
            adult && before > 0 && view.tokens[before - 1].opens && is(view, before - 1, &["me", "myself"]);
        // `got sober at 33`, `diagnosed at 24`: no hour, and something of a life.
        let life = adult
            && closes(view, last)
            && (before.saturating_sub(8)..before).any(|at| view.classes[at] & words::LIFE != 0);
        // `lost my mum at 12`
        let bereft = closes(view, last)
            && (before.saturating_sub(4)..before).any(|at| is(view, at, &["lost", "losing"]))
            && view.classes[before.saturating_sub(2)..before].iter().any(|class| class & words::KIN != 0);
        // `it peaked at 41`, `batteries died at 20`, `we started at 14`
        let of_thing = before > 1
            && (is(view, before - 2, &["it", "its", "it's", "that"])
                || view.classes[before - 2] & words::AGED != 0);
        let rate = before > 0
            && is(
                view,
                before - 1,
                &["started", "starts", "start", "peaked", "dropped", "broke", "lost", "won"],
            )
            && !(before > 1 && is(view, before - 2, &["i", "he", "she"]));
        let (died, life) = (died && !of_thing, life && !of_thing && !rate);
        return ((pronoun || died || life || me || bereft || grown)
            && view.classes.get(last + 1).is_none_or(|class| class & words::UNIT == 0))
        .then(here)
        .flatten();
    }
    // `married by 25`
    if is(view, before, &["by", "before"]) && adult && age.is_none_or(|age| age >= 16) && closes(view, last) {
        let turn =
            ["married", "kids", "pregnant", "retire", "retired", "dead", "divorced", "millionaire", "baby"];
        return (before.saturating_sub(4)..before).any(|at| is(view, at, &turn)).then(here).flatten();
    }
    // `looks great for 70`
    if is(view, before, &["for"])
        && before > 0
        && is(view, before - 1, &["great", "good", "amazing", "old", "young", "wise", "mature", "fit", "bad"])
    {
        let end = view.tokens.get(last + 1).is_none_or(|token| token.gap != Gap::Space)
            && text_after.chars().next().is_none_or(|c| !matches!(c, '%' | '°'));
        return end.then(here).flatten();
    }
    None
}
