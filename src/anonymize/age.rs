//! Ages of people, in figures and in words.

mod beside;
mod birthday;
mod decade;
mod figure;
mod number;
mod unit;
mod worded;

use super::category::Category;
use super::token::Gap;
use super::words;
use super::{Found, View};
use beside::{closes_loosely, is, joined};
use birthday::{birthday, day_of_month, milestone};
use decade::{decade, decade_of};
use figure::{chained, figure};
use number::value;
use unit::{thing, unit_after};
use worded::in_words;

/// Adds every age that is told of somebody.
pub fn find(view: &View, found: &mut Vec<Found>) {
    let mut at = 0;
    // Where the last age ended that is a bare number: `4, 6 and 9`.
    let mut figure = None;
    while at < view.tokens.len() {
        let hit = age_at(view, at).or_else(|| chained(view, at, figure));
        at = match hit {
            Some((last, span)) => {
                found.push(span);
                figure = Some(last);
                last + 1
            }
            None => at + 1,
        };
    }
}

/// An age from one word to another, and where it ends.
fn span(view: &View, from: usize, to: usize) -> Option<(usize, Found)> {
    let (start, mut end) = (view.tokens[from].start, view.tokens[to].end);
    // `19 y.o.`
    let dotted = view.text[start..end].ends_with("y.o") && view.text[end..].starts_with('.');
    end += usize::from(dotted);
    Some((to, Found::new(start, end, Category::Age)))
}

/// The age that begins at a word, if one does.
fn age_at(view: &View, at: usize) -> Option<(usize, Found)> {
    let token = &view.tokens[at];
    if view.taken[at] {
        return None;
    }
    let word = view.word(token);
    let first = *word.as_bytes().first()?;
    if !first.is_ascii_digit() && !token.mixed {
        return in_words(view, at, word);
    }
    let sexed = view.text[..token.start].ends_with(['/'])
        && at > 0
        && is(view, at - 1, &["f", "m"])
        && token.start == view.tokens[at - 1].end + 1;
    if !sexed
        && (token.gap == Gap::Glue || view.text[..token.start].ends_with(['$', '€', '£', '#', '.', '/']))
    {
        return None;
    }
    // Letters for sex: `23F`, `M23`.
    if let Some(number) = word.strip_suffix(['F', 'f', 'M', 'm']).and_then(value) {
        let marked = view.text[..token.start].ends_with(['(', '['])
            || view.text[token.end..].starts_with([')', ']', ',', '/']) && word.ends_with(['F', 'f', 'M'])
            || at == 0 && word.ends_with(['F', 'f', 'M'])
            || word.ends_with(['F', 'M'])
            || at > 0
                && token.gap == Gap::Space
                && is(view, at - 1, &["im", "i'm", "am", "as"])
                && closes_loosely(view, at);
        if marked && (13..=99).contains(&number) {
            return Some((
                at,
                Found::new(
                    token.start,
                    token.start + word.len() - 1
                        + usize::from(
                            view.text[token.start + word.len() - 1..].starts_with(['F', 'M', 'f', 'm']),
                        ),
                    Category::Age,
                ),
            ));
        }
        return None;
    }
    if let Some(number) = word.strip_prefix(['F', 'M']).and_then(value) {
        let stands = view.text[..token.start].ends_with(['(', '[', ' '])
            || at == 0
                && (view.text[token.end..].starts_with(',')
                    || is(view, 1, &["here", "single", "looking", "from", "and", "seeking"]));
        return ((13..100).contains(&number) && stands)
            .then(|| (at, Found::new(token.start + 1, token.end, Category::Age)));
    }
    if decade(word) {
        return decade_of(view, at).then(|| span(view, at, at)).flatten();
    }
    // `mid 30's`
    let tens = word.len() == 2 && word.ends_with('0');
    if tens
        && token.after > token.end
        && view.text[token.end..token.after].ends_with(['s', 'S'])
        && decade_of(view, at)
    {
        return Some((at, Found::new(token.start, token.after, Category::Age)));
    }
    // `19yo`, `34-year-old`, `34yr`, `5-6 year old`
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let age = value(&word[..digits])?;
    // `my 2½-year-old`, `3½ years old`
    if let Some(tail) = word[digits..].strip_prefix(['½', '¼', '¾']) {
        if tail.is_empty() {
            let last = unit_after(view, at)?;
            return (!thing(view, last)).then(|| span(view, at, last)).flatten();
        }
        let old = tail.strip_prefix("-year").is_some_and(|end| matches!(end, "-old" | "-olds"));
        return (old && !thing(view, at)).then(|| span(view, at, at)).flatten();
    }
    if digits < word.len() {
        let tail = word[digits..].to_ascii_lowercase();
        if matches!(tail.as_str(), "yo" | "y" | "yrs" | "yr" | "-yo" | "yearold" | "yearsold")
            && (tail.ends_with("yo") || tail.ends_with("old"))
        {
            // `19 y.o.`, `45 y/o` have their own.
            return (!thing(view, at)).then(|| span(view, at, at)).flatten();
        }
        // `45y/o`
        if tail == "y" && view.text[token.end..].starts_with("/o") && is(view, at + 1, &["o"]) {
            return (!thing(view, at + 1)).then(|| span(view, at, at + 1)).flatten();
        }
        // `the big 4-0`
        if tail == "-0" && at > 0 && is(view, at - 1, &["big"]) {
            return span(view, at, at);
        }
        // `40-something`
        if matches!(tail.as_str(), "-something" | "-somethings" | "something" | "somethings") {
            let unit = view.classes.get(at + 1).is_some_and(|class| class & words::UNIT != 0);
            return (age >= 20 && age % 10 == 0 && !unit).then(|| span(view, at, at)).flatten();
        }
        // `her 40th birthday`, but not `our 10th birthday as a shop`
        if matches!(tail.as_str(), "st" | "nd" | "rd" | "th") {
            // `happy 65th to my dad`: no day of a month
            let happy = (age > 31 || matches!(age, 16 | 18 | 21 | 30) && !day_of_month(view, at))
                && at > 0
                && is(view, at - 1, &["happy"])
                && !is(view, at + 1, &["anniversary", "anniv", "wedding"]);
            return (happy || milestone(view, at, age) || birthday(view, at, age < 6))
                .then(|| span(view, at, at))
                .flatten();
        }
        // `the over 70s dance`
        if tail == "s" {
            let over = at > 0 && joined(view, at) && is(view, at - 1, &["over", "under"]);
            return (over && age <= 90).then(|| span(view, at, at)).flatten();
        }
        if matches!(tail.as_str(), "ish" | "-ish") {
            return figure(view, at, at);
        }
        // `my 18mo`
        if matches!(tail.as_str(), "mo" | "mos")
            && joined(view, at)
            && at > 0
            && is(view, at - 1, &["my", "our", "her", "his", "their"])
            && !is(view, at + 1, &["old"])
        {
            return closes_loosely(view, at).then(|| span(view, at, at)).flatten();
        }
        // `ages 4-6`, `5-6 year old`
        if tail.strip_prefix('-').is_some_and(|to| value(to).is_some_and(|to| to > age)) {
            return match unit_after(view, at) {
                Some(last) => (!thing(view, last)).then(|| span(view, at, last)).flatten(),
                None => (at > 0
                    && view.tokens[at].gap == Gap::Space
                    && is(view, at - 1, &["aged", "age", "ages"]))
                .then(|| span(view, at, at))
                .flatten(),
            };
        }
        if let Some(unit) = tail.strip_prefix('-')
            && (unit.ends_with("-old") || unit.ends_with("-olds"))
            && ["year", "yr", "month", "week", "day", "years", "mo-", "wk-"]
                .iter()
                .any(|name| unit.starts_with(name))
        {
            return (!thing(view, at)).then(|| span(view, at, at)).flatten();
        }
        if matches!(
            tail.as_str(),
            "-year" | "-month" | "-week" | "yr" | "-yr" | "yrs" | "year" | "y" | "mo" | "mos" | "wk" | "wks"
        ) && joined(view, at + 1)
            && is(view, at + 1, &["old", "olds"])
        {
            return (!thing(view, at + 1)).then(|| span(view, at, at + 1)).flatten();
        }
        return None;
    }
    // `34/F`
    if let Some(&[b'/', sex, ref rest @ ..]) = view.text.as_bytes().get(token.end..)
        && matches!(sex, b'F' | b'M' | b'f' | b'm')
        && !rest.first().is_some_and(u8::is_ascii_alphanumeric)
        && (13..=99).contains(&age)
    {
        return Some((at + 1, Found::new(token.start, token.end + 2, Category::Age)));
    }
    // `F/23`
    if sexed {
        let alone = !view.text[token.end..].starts_with('/');
        return (alone && (13..=99).contains(&age)).then(|| span(view, at, at)).flatten();
    }
    // `2.5 year old`
    let mut number = at;
    if view.tokens.get(at + 1).is_some_and(|next| {
        &view.text[token.after..next.start] == "." && view.word(next).as_bytes()[0].is_ascii_digit()
    }) {
        let half = view.word(&view.tokens[at + 1]);
        if half.len() > 2 && half.as_bytes()[1] == b'-' && (half.ends_with("-old") || half.ends_with("-olds"))
        {
            return (!thing(view, at + 1)).then(|| span(view, at, at + 1)).flatten();
        }
        number = at + 1;
    }
    // `4 and 6 years old`
    if joined(view, at + 1)
        && is(view, at + 1, &["and", "or", "to"])
        && view.tokens.get(at + 2).is_some_and(|token| value(view.word(token)).is_some())
    {
        number = at + 2;
    }
    if let Some(last) = unit_after(view, number) {
        return (!thing(view, last)).then(|| span(view, at, last)).flatten();
    }
    figure(view, at, at)
}

#[cfg(test)]
mod tests {
    use crate::anonymize::{Category, detect};

    fn ages(text: &str) -> Vec<&str> {
        let found = detect(text).into_iter().filter(|span| span.category == Category::Age);
        found.map(|span| &text[span.start..span.end]).collect()
    }

    #[test]
    fn ages_are_told_in_many_ways() {
        for (text, found) in [
            ("in my mid 30's and back with my parents", &["30's"][..]),
            ("M28, single again", &["28"]),
            ("F/23 looking for friends", &["23"]),
            ("she passed away at 91, peacefully", &["91"]),
            ("not even 30 and my knees are gone", &["30"]),
            ("a man aged 50 fell on the ice", &["50"]),
            ("my son who is 13 wrote me a poem", &["13"]),
            ("happy 18th, kiddo", &["18th"]),
            ("sweet sixteen party tonight", &["sixteen"]),
            ("anyone else over fifty here?", &["fifty"]),
            ("I feel old at 26", &["26"]),
            ("I've been 39 for three years", &[]),
            ("my thirties have been kind", &["thirties"]),
            ("hit 40 and everything hurts", &["40"]),
            ("first grey hair at 24", &["24"]),
            ("ten days shy of 40", &["40"]),
            ("he made it to 93", &["93"]),
            ("before the age of ten he'd read them all", &["ten"]),
            ("turned the big 30 yesterday", &["30"]),
            ("94 years on this earth and still curious", &["94 years"]),
        ] {
            assert_eq!(ages(text), found, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_ages() {
        for text in [
            "M25 was closed again",
            "happy 21st of May to all",
            "happy May 18th",
            "the company turned 10",
            "my blog turned 5 today",
            "hit 40 and 50 on the radar",
            "F/2.8 is too dark",
            "not even 30 minutes",
            "the old one sold at 80 euros",
            "in the late forties this was a cinema",
            "since 2010 we've been coming here",
            "chapter 12 made me sob",
            "top 10 worst days of my life",
            "I got 98 on my test",
        ] {
            assert_eq!(ages(text), [""; 0], "{text}");
        }
    }
}
