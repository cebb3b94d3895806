//! Ages of people, in figures and in words.

use super::category::Category;
use super::token::{Gap, Token};
use super::words;
use super::{Found, View};

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

pub fn find(view: &View, found: &mut Vec<Found>) {
    let mut at = 0;
    while at < view.tokens.len() {
        at = match age_at(view, at) {
            Some((last, span)) => {
                found.push(span);
                last + 1
            }
            None => at + 1,
        };
    }
}

fn value(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 3 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&age| (1..=119).contains(&age))
}

/// A number in words: `seven`, `twenty-one`.
fn spelled(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let (tens, ones) = word.split_once('-').unwrap_or((&word, ""));
    ONES.contains(&word.as_str()) || TENS.contains(&tens) && (ones.is_empty() || ONES[1..10].contains(&ones))
}

fn is(view: &View, at: usize, words: &[&str]) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = view.word(token);
        words.iter().any(|other| word.eq_ignore_ascii_case(other))
    })
}

/// `at`'s word joined to the one before it by a space or a hyphen.
fn joined(view: &View, at: usize) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        token.gap == Gap::Space || &view.text[view.tokens[at - 1].after..token.start] == "-"
    })
}

fn closes(view: &View, at: usize) -> bool {
    match view.tokens.get(at + 1) {
        None => view.text[view.tokens[at].end..]
            .chars()
            .next()
            .is_none_or(|c| !matches!(c, '%' | '°' | '$' | '€' | '/')),
        Some(token) => {
            let between = &view.text[view.tokens[at].after..token.start];
            if token.gap != Gap::Space {
                return !between.starts_with(['%', '°', '$', '€', '/', '-', '–', '#', ':', '\'', '’'])
                    && between != "."
                    && between != ",";
            }
            let class = view.classes[at + 1];
            class & words::UNIT == 0 && class & words::AFTER_AGE != 0
        }
    }
}

fn span(view: &View, from: usize, to: usize) -> Option<(usize, Found)> {
    Some((to, Found::new(view.tokens[from].start, view.tokens[to].end, Category::Age)))
}

/// Whether what is so old is a thing, or long ago.
fn thing(view: &View, last: usize) -> bool {
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
    if token.gap == Gap::Glue || view.text[..token.start].ends_with(['$', '€', '£', '#', '.', '/']) {
        return None;
    }
    // Letters for sex: `23F`, `M23`.
    if let Some(number) = word.strip_suffix(['F', 'f', 'M', 'm']).and_then(value) {
        let marked = view.text[..token.start].ends_with(['(', '['])
            || view.text[token.end..].starts_with([')', ']', ',', '/']) && word.ends_with(['F', 'f', 'M'])
            || at == 0 && word.ends_with(['F', 'f', 'M'])
            || word.ends_with(['F', 'M']);
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
        return ((13..100).contains(&number) && view.text[..token.start].ends_with(['(', '[', ' ']))
            .then(|| (at, Found::new(token.start + 1, token.end, Category::Age)));
    }
    // `19yo`, `34-year-old`, `34yr`, `5-6 year old`
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    value(&word[..digits])?;
    if digits < word.len() {
        let tail = word[digits..].to_ascii_lowercase();
        if matches!(tail.as_str(), "yo" | "y" | "yrs" | "yr" | "-yo" | "yearold" | "yearsold")
            && (tail.ends_with("yo") || tail.ends_with("old"))
        {
            // `19 y.o.`, `45 y/o` have their own.
            return (!thing(view, at)).then(|| span(view, at, at)).flatten();
        }
        if let Some(unit) = tail.strip_prefix('-')
            && (unit.ends_with("-old") || unit.ends_with("-olds"))
            && ["year", "yr", "month", "week", "day", "years"].iter().any(|name| unit.starts_with(name))
        {
            return (!thing(view, at)).then(|| span(view, at, at)).flatten();
        }
        if matches!(tail.as_str(), "-year" | "-month" | "-week" | "yr" | "-yr" | "yrs" | "year")
            && joined(view, at + 1)
            && is(view, at + 1, &["old", "olds"])
        {
            return (!thing(view, at + 1)).then(|| span(view, at, at + 1)).flatten();
        }
        // Decades: `in my 30s`, `mid-20s`.
        if matches!(tail.as_str(), "s") && digits == 2 {
            return decade_of(view, at).then(|| span(view, at, at)).flatten();
        }
        return None;
    }
    // `4 and 6 years old`
    let mut number = at;
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

/// Where `years old`, `yo`, `y/o`, `y.o.` after the word at `at` ends.
fn unit_after(view: &View, at: usize) -> Option<usize> {
    if !joined(view, at + 1) {
        return None;
    }
    if is(view, at + 1, &["yo", "yearold"]) {
        return Some(at + 1);
    }
    if is(view, at + 1, &["y"]) && is(view, at + 2, &["o"]) {
        return Some(at + 2);
    }
    let unit =
        is(view, at + 1, &["year", "years", "yr", "yrs", "month", "months", "week", "weeks", "day", "days"]);
    if unit && joined(view, at + 2) && is(view, at + 2, &["old", "olds"]) {
        return Some(at + 2);
    }
    // `years of age`, `years young`
    if unit && is(view, at + 2, &["of"]) && is(view, at + 3, &["age"]) {
        return Some(at + 3);
    }
    if is(view, at + 1, &["year-old", "years-old", "yr-old", "year-olds", "month-old", "week-old"]) {
        return Some(at + 1);
    }
    (unit && is(view, at + 2, &["young"])).then_some(at + 2)
}

/// A bare number that is somebody's age by what stands around it.
fn figure(view: &View, at: usize, last: usize) -> Option<(usize, Found)> {
    if at == 0 {
        return None;
    }
    let here = || span(view, at, last);
    let before = at - 1;
    let gap = view.tokens[at].gap;
    if gap == Gap::Comma {
        // `Aisha, 29, is …`: a name, a comma, the age, a comma.
        let name = &view.tokens[before];
        let named = name.shape == super::token::Shape::Capital
            && (name.facts.name() || !name.facts.known())
            && name.facts.word() < 6
            && !name.facts.other()
            && !name.facts.place();
        let ends = view.text[view.tokens[last].end..].starts_with(',');
        return (named && ends && value(view.word(&view.tokens[at])).is_some_and(|age| age >= 3))
            .then(here)
            .flatten();
    }
    if gap != Gap::Space {
        return None;
    }
    if is(view, before, &["aged", "age"])
        || is(view, before, &["of"]) && before > 0 && is(view, before - 1, &["age"])
    {
        return closes(view, last).then(here).flatten();
    }
    if is(view, before, &["turning", "turned", "turns", "turn"]) {
        let just = closes(view, last)
            && !(is(view, before, &["turn"]) && before > 0 && is(view, before - 1, &["a", "the", "my"]));
        return just.then(here).flatten();
    }
    let mut subject = before;
    while subject > 0
        && is(
            view,
            subject,
            &[
                "only", "just", "almost", "nearly", "already", "still", "now", "not", "about", "like",
                "barely",
            ],
        )
    {
        subject -= 1;
    }
    if is(view, subject, &["im", "i'm", "hes", "shes", "she's", "he's", "they're", "we're", "you're"])
        || view.tokens[subject].after > view.tokens[subject].end && is(view, subject, &["he", "she"])
    {
        return closes(view, last).then(here).flatten();
    }
    if is(view, subject, &["am", "is", "was", "were", "are"]) && subject > 0 {
        let person = subject - 1;
        let who =
            view.classes[person] & words::SUBJECT != 0 || is(view, person, &["i", "he", "she", "we", "they"]);
        let who = who && !is(view, person, &["who", "was", "us", "her"]);
        let name = view.tokens[person].facts.first() >= 4
            && view.tokens[person].shape == super::token::Shape::Capital;
        return ((who || name) && closes(view, last)).then(here).flatten();
    }
    // `at 82 she still dances`, `died at 54`
    if is(view, before, &["at"]) {
        let pronoun = is(view, last + 1, &["he", "she", "i", "they", "you"])
            || view.text[view.tokens[last].end..].starts_with(", ")
                && is(view, last + 1, &["he", "she", "i", "my", "they"]);
        let died = before > 0
            && is(
                view,
                before - 1,
                &["died", "dead", "married", "pregnant", "widowed", "retired", "passed", "gone", "orphaned"],
            );
        // `got sober at 33`, `diagnosed at 24`: no hour, and something of a life.
        let adult = value(view.word(&view.tokens[at])).is_none_or(|age| (13..=99).contains(&age));
        let life = adult
            && closes(view, last)
            && (before.saturating_sub(8)..before).any(|at| view.classes[at] & words::LIFE != 0);
        return ((pronoun || died || life)
            && view.classes.get(last + 1).is_none_or(|class| class & words::UNIT == 0))
        .then(here)
        .flatten();
    }
    // `looks great for 70`
    if is(view, before, &["for"])
        && before > 0
        && is(view, before - 1, &["great", "good", "amazing", "old", "young", "wise", "mature", "fit"])
    {
        let end = view.tokens.get(last + 1).is_none_or(|token| token.gap != Gap::Space)
            && view.text[view.tokens[last].end..].chars().next().is_none_or(|c| !matches!(c, '%' | '°'));
        return end.then(here).flatten();
    }
    None
}

/// `in my 30s`, `her late forties`; not `my 90s playlist`.
fn decade_of(view: &View, at: usize) -> bool {
    let of = |at: usize| is(view, at, &["my", "his", "her", "their", "your", "our"]);
    let into = |at: usize| {
        is(
            view,
            at,
            &[
                "in",
                "into",
                "hit",
                "hitting",
                "of",
                "through",
                "entering",
                "throughout",
                "reached",
                "spent",
                "am",
                "is",
                "i'm",
                "are",
            ],
        )
    };
    match at {
        0 => false,
        1 => false,
        _ if is(view, at - 1, &["early", "mid", "late"]) => of(at - 2) || into(at - 2),
        _ => of(at - 1) && into(at - 2),
    }
}

fn in_words(view: &View, at: usize, word: &str) -> Option<(usize, Found)> {
    let first = word.as_bytes()[0].to_ascii_lowercase();
    if !matches!(first, b't' | b'o' | b'f' | b's' | b'e' | b'n') {
        return None;
    }
    // `seven-year-old`, `six-month-old`
    if let Some((_, unit)) = word.split_once('-')
        && let Some(rest) =
            [unit, unit.split_once('-').map_or("", |(_, rest)| rest)].into_iter().find(|rest| {
                let rest = rest.to_ascii_lowercase();
                (rest.ends_with("-old") || rest.ends_with("-olds"))
                    && ["year", "month", "week", "day"].iter().any(|name| rest.starts_with(name))
            })
    {
        let number = &word[..word.len() - rest.len() - 1];
        return (spelled(number) && !thing(view, at)).then(|| span(view, at, at)).flatten();
    }
    // `in her thirties`
    if word.len() >= 7 && word.ends_with("ties")
        || word.eq_ignore_ascii_case("twenties")
        || word.eq_ignore_ascii_case("teens")
    {
        let decade =
            ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"]
                .iter()
                .any(|decade| word.eq_ignore_ascii_case(decade));
        return (decade && decade_of(view, at)).then(|| span(view, at, at)).flatten();
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
    // "I'm one and done": small numbers in words are rarely an age by themselves.
    let small = ONES[..13].iter().any(|ones| word.eq_ignore_ascii_case(ones)) && last == at;
    if small && !(at > 0 && is(view, at - 1, &["turned", "turning", "turns", "aged", "was", "age"])) {
        return None;
    }
    figure(view, at, last)
}
