//! Ages that are one word with what follows: `19yo`, `34-year-old`, `40-something`, `65th`.

use super::super::token::Gap;
use super::super::{Found, View, words};
use super::beside::{closes_loosely, is, joined};
use super::birthday::{birthday, day_of_month, milestone};
use super::figure::figure;
use super::number::value;
use super::unit::unit_after;
use super::{of_somebody, span};

/// The age that a word's figures are, by its ending.
pub fn with_ending(view: &View, at: usize, age: u32, ending: &str) -> Option<(usize, Found)> {
    if let Some(rest) = ending.strip_prefix(['½', '¼', '¾']) {
        return and_a_half(view, at, rest);
    }
    let alone = |is: bool| is.then(|| span(view, at, at)).flatten();
    let behind = |words: &[&str]| at > 0 && is(view, at - 1, words);
    let ending = ending.to_ascii_lowercase();
    match ending.as_str() {
        "yo" | "-yo" | "yearold" | "yearsold" => return of_somebody(view, at, at),
        // `45y/o`
        "y" if view.text[view.tokens[at].end..].starts_with("/o") && is(view, at + 1, &["o"]) => {
            return of_somebody(view, at, at + 1);
        }
        "-0" if behind(&["big"]) => return span(view, at, at),
        "-something" | "-somethings" | "something" | "somethings" => {
            let unit = view.classes.get(at + 1).is_some_and(|class| class & words::UNIT != 0);
            return alone(age >= 20 && age.is_multiple_of(10) && !unit);
        }
        "st" | "nd" | "rd" | "th" => return alone(is_birthday(view, at, age)),
        // `the over 70s dance`
        "s" => return alone(joined(view, at) && behind(&["over", "under"]) && age <= 90),
        "ish" | "-ish" => return figure(view, at, at),
        // `my 18mo`
        "mo" | "mos"
            if joined(view, at)
                && behind(&["my", "our", "her", "his", "their"])
                && !is(view, at + 1, &["old"]) =>
        {
            return alone(closes_loosely(view, at));
        }
        "-year" | "-month" | "-week" | "yr" | "-yr" | "yrs" | "year" | "y" | "mo" | "mos" | "wk" | "wks" => {
            let old = joined(view, at + 1) && is(view, at + 1, &["old", "olds"]);
            return old.then(|| of_somebody(view, at, at + 1)).flatten();
        }
        _ => {}
    }
    let behind_hyphen = ending.strip_prefix('-')?;
    // `ages 4-6`, `5-6 year old`
    if value(behind_hyphen).is_some_and(|to| to > age) {
        return match unit_after(view, at) {
            Some(last) => of_somebody(view, at, last),
            None => alone(view.tokens[at].gap == Gap::Space && behind(&["aged", "age", "ages"])),
        };
    }
    let old = behind_hyphen.ends_with("-old") || behind_hyphen.ends_with("-olds");
    let unit = ["year", "yr", "month", "week", "day", "mo-", "wk-"]
        .iter()
        .any(|unit| behind_hyphen.starts_with(unit));
    (old && unit).then(|| of_somebody(view, at, at)).flatten()
}

/// `my 2½-year-old`, `3½ years old`
fn and_a_half(view: &View, at: usize, ending: &str) -> Option<(usize, Found)> {
    if ending.is_empty() {
        return of_somebody(view, at, unit_after(view, at)?);
    }
    matches!(ending, "-year-old" | "-year-olds").then(|| of_somebody(view, at, at)).flatten()
}

/// `her 40th birthday`, `happy 65th to my dad`, but not `our 10th birthday as a shop`.
fn is_birthday(view: &View, at: usize, age: u32) -> bool {
    let happy = at > 0
        && is(view, at - 1, &["happy"])
        && !is(view, at + 1, &["anniversary", "anniv", "wedding"])
        && (age > 31 || matches!(age, 16 | 18 | 21 | 30) && !day_of_month(view, at));
    happy || milestone(view, at, age) || birthday(view, at, age < 6)
}
