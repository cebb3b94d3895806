//! Ages in words: `seven-year-old`, `a boy, maybe seven`.

use super::super::token::Gap;
use super::super::words;
use super::super::{Found, View};
use super::beside::{closes, is, joined};
use super::birthday::birthday;
use super::decade::{decade, decade_of};
use super::figure::{CHILD, NEARLY, figure, nearly};
use super::number::{ONES, TENS, number, spelled};
use super::span;
use super::unit::{thing, unit_after};

const ORDINALS: [&str; 17] = [
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
    "hundredth",
    "twenty-first",
];

/// An age that begins with a number in words.
pub fn in_words(view: &View, at: usize, word: &str) -> Option<(usize, Found)> {
    let first = word.as_bytes()[0].to_ascii_lowercase();
    if !matches!(first, b't' | b'o' | b'f' | b's' | b'e' | b'n' | b'm' | b'l' | b'h') {
        return None;
    }
    // Numbers, decades, ordinals and `old` end on few letters; most words need no further look.
    let end = word.as_bytes()[word.len() - 1].to_ascii_lowercase();
    if !matches!(end, b'e' | b'o' | b'r' | b'x' | b'n' | b't' | b'y' | b's' | b'h' | b'd') || word.len() < 3 {
        return None;
    }
    // `seven-year-old`, `six-month-old`
    if let Some((_, unit)) = word.split_once('-')
        && let Some(rest) = [
            unit,
            unit.split_once('-').map_or("", |(_, rest)| rest),
            unit.strip_prefix("and-a-half-").unwrap_or_default(),
        ]
        .into_iter()
        .find(|rest| {
            let rest = rest.to_ascii_lowercase();
            (rest.ends_with("-old") || rest.ends_with("-olds"))
                && ["year", "month", "week", "day"].iter().any(|name| rest.starts_with(name))
        })
    {
        let number = &word[..word.len() - rest.len() - 1];
        let number = number.strip_suffix("-and-a-half").unwrap_or(number);
        return (spelled(number) && !thing(view, at)).then(|| span(view, at, at)).flatten();
    }
    if decade(word) {
        return decade_of(view, at).then(|| span(view, at, at)).flatten();
    }
    if matches!(end, b'h' | b't') && ORDINALS.iter().any(|ordinal| word.eq_ignore_ascii_case(ordinal)) {
        return birthday(view, at, false).then(|| span(view, at, at)).flatten();
    }
    if word.eq_ignore_ascii_case("hundred") && is(view, at.wrapping_sub(1), &["a"]) {
        let last = unit_after(view, at)?;
        return (!thing(view, last)).then(|| span(view, at, last)).flatten();
    }
    if !spelled(word) {
        return None;
    }
    // `twenty one years old`
    let mut last = at;
    if TENS.iter().any(|tens| word.eq_ignore_ascii_case(tens))
        && joined(view, at + 1)
        && view
            .tokens
            .get(at + 1)
            .is_some_and(|token| ONES[1..10].iter().any(|ones| view.word(token).eq_ignore_ascii_case(ones)))
    {
        last = at + 1;
    }
    if let Some(unit) = unit_after(view, last) {
        return (!thing(view, unit)).then(|| span(view, at, unit)).flatten();
    }
    // "I'm six," he said
    let quoted = at > 0
        && is(view, at - 1, &["i'm"])
        && view.text[..view.tokens[at - 1].start].ends_with(['"', '“', '\'', '‘'])
        && !word.eq_ignore_ascii_case("one");
    if quoted && closes(view, last) {
        return span(view, at, last);
    }
    // "I'm one and done": small numbers in words are rarely an age by themselves.
    let small = ONES[..13].iter().any(|ones| word.eq_ignore_ascii_case(ones)) && last == at;
    if word.eq_ignore_ascii_case("sixteen") && is(view, at.wrapping_sub(1), &["sweet"]) {
        return span(view, at, at);
    }
    if small && (at == 0 || !matches!(view.tokens[at].gap, Gap::Space | Gap::Comma)) {
        return None;
    }
    // `a boy, maybe seven`, `a girl about nine`
    if small && is(view, at - 1, &["about", "around", "maybe", "roughly"]) {
        let mut who = nearly(view, at - 1);
        if who == at - 1 || is(view, who, &["of"]) {
            who = who.saturating_sub(1);
        }
        if is(view, who, CHILD) {
            return figure(view, at, last);
        }
    }
    if small && !is(view, at - 1, &["turned", "turning", "turns", "turn", "aged", "was", "age", "of"]) {
        // `he's eight`, `my son is two`; not `I'm five minutes away`, `she's one of them`
        let mut verb = at - 1;
        while verb > 0 && is(view, verb, NEARLY) {
            verb -= 1;
        }
        if is(view, verb, &["aged", "age"]) {
            return figure(view, at, last);
        }
        let (before, class) = (&view.tokens[verb], view.classes[verb]);
        let third = ["he", "she", "he's", "she's", "hes", "shes"];
        let of_child = is(view, verb, &third[2..])
            || before.after > before.end && (is(view, verb, &third) || class & words::KIN != 0)
            || is(view, verb, &["is", "was"])
                && verb > 0
                && (is(view, verb - 1, &third[..2])
                    || view.classes[verb - 1] & (words::KIN | words::HUMANS) != 0
                        && !is(view, verb - 1, &["everyone", "one", "nobody", "each"]))
            // `my girls are three and five`
            || is(view, verb, &["are"])
                && verb > 0
                && view.classes[verb - 1] & (words::KIN | words::HUMANS) != 0
                && (is(view, at + 1, &["and"]) && number(view, at + 2)
                    || is(view, at + 1, &["today", "now", "already"]))
            // `she'll be nine on Friday`
            || is(view, verb, &["be"])
                && verb > 0
                && is(view, verb - 1, &["she'll", "he'll", "they'll", "i'll"]);
        if !of_child || is(view, at, &["zero", "one"]) || !closes(view, at) {
            return None;
        }
    }
    figure(view, at, last)
}
