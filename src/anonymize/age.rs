//! Ages of people, in figures and in words.

mod beside;
mod birthday;
mod decade;
mod ending;
mod figure;
mod number;
mod sex;
mod unit;
mod worded;

use super::category::Category;
use super::token::Gap;
use super::{Found, View};
use beside::{is, joined};
use decade::{decade, decade_of};
use ending::with_ending;
use figure::{chained, figure};
use number::value;
use sex::{before_letter, before_slash, behind_letter, is_behind_sex};
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

/// An age that has a unit, unless it is a thing's.
fn of_somebody(view: &View, from: usize, to: usize) -> Option<(usize, Found)> {
    (!thing(view, to)).then(|| span(view, from, to)).flatten()
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
    let slashed = is_behind_sex(view, at);
    let glued = token.gap == Gap::Glue || view.text[..token.start].ends_with(['$', '€', '£', '#', '.', '/']);
    if glued && !slashed {
        return None;
    }
    if let Some(age) = word.strip_suffix(['F', 'f', 'M', 'm']).and_then(value) {
        return before_letter(view, at, age);
    }
    if let Some(age) = word.strip_prefix(['F', 'M']).and_then(value) {
        return behind_letter(view, at, age);
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
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let age = value(&word[..digits])?;
    if digits < word.len() {
        return with_ending(view, at, age, &word[digits..]);
    }
    if let Some(found) = before_slash(view, at, age) {
        return Some(found);
    }
    // `F/23`
    if slashed {
        let alone = !view.text[token.end..].starts_with('/');
        return (alone && (13..=99).contains(&age)).then(|| span(view, at, at)).flatten();
    }
    with_unit(view, at)
}

/// A bare number before its unit, in one of several ways; without one, by what stands around it.
fn with_unit(view: &View, at: usize) -> Option<(usize, Found)> {
    let token = &view.tokens[at];
    let mut number = at;
    // `2.5 year old`
    if let Some(next) = view.tokens.get(at + 1)
        && &view.text[token.after..next.start] == "."
        && view.word(next).starts_with(|c: char| c.is_ascii_digit())
    {
        let half = view.word(next);
        if half.len() > 2 && half.as_bytes()[1] == b'-' && (half.ends_with("-old") || half.ends_with("-olds"))
        {
            return of_somebody(view, at, at + 1);
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
    match unit_after(view, number) {
        Some(last) => of_somebody(view, at, last),
        None => figure(view, at, at),
    }
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
