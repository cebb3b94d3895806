//! Ages of people, in figures and in words.

mod figure;

use super::category::Category;
use super::token::{Gap, Token};
use super::words;
use super::{Found, View};
use figure::{CHILD, NEARLY, chained, figure, nearly, somebody};

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
const DECADES: [&str; 8] =
    ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"];
const UNITS: &[&str] = &[
    "year", "years", "yr", "yrs", "month", "months", "mo", "mos", "week", "weeks", "wk", "wks", "day", "days",
];
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

fn value(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 3 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&age| (1..=119).contains(&age))
}

/// A number in words: `seven`, `twenty-one`.
fn spelled(word: &str) -> bool {
    if !(3..=14).contains(&word.len()) {
        return false;
    }
    let one_of = |list: &[&str], word: &str| list.iter().any(|other| word.eq_ignore_ascii_case(other));
    let (tens, ones) = word.split_once('-').unwrap_or((word, ""));
    one_of(&ONES, word) || one_of(&TENS, tens) && (ones.is_empty() || one_of(&ONES[1..10], ones))
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
            // `two for two`
            let score = is(view, at + 1, &["for"]) && number(view, at + 2);
            let by_now = is(view, at + 1, &["by"]) && is(view, at + 2, &["now", "then"]);
            class & words::UNIT == 0 && (class & words::AFTER_AGE != 0 || by_now) && !score
        }
    }
}

/// Whether a number stands there, in figures or in words.
fn number(view: &View, at: usize) -> bool {
    view.tokens.get(at).is_some_and(|token| {
        let word = view.word(token);
        word.as_bytes()[0].is_ascii_digit() || spelled(word)
    })
}

/// The same where more was said of it already: whatever follows, but what could be counted.
fn closes_loosely(view: &View, at: usize) -> bool {
    closes(view, at)
        || view.tokens.get(at + 1).is_some_and(|token| {
            let word = view.word(token);
            token.gap == Gap::Space
                && view.classes[at + 1] & words::UNIT == 0
                && token.shape == super::token::Shape::Lower
                && (!(word.len() > 3 && word.ends_with('s') && !word.ends_with("ss"))
                    || is(view, at + 1, &["sucks", "rocks", "feels", "means", "looks", "hits", "comes"]))
                && !is(view, at + 1, &["of", "out", "or", "to", "something", "odd", "more", "plus", "x"])
        })
}

fn span(view: &View, from: usize, to: usize) -> Option<(usize, Found)> {
    let (start, mut end) = (view.tokens[from].start, view.tokens[to].end);
    // `19 y.o.`
    let dotted = view.text[start..end].ends_with("y.o") && view.text[end..].starts_with('.');
    end += usize::from(dotted);
    Some((to, Found::new(start, end, Category::Age)))
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

/// `my 30th is on Saturday`, `mum's 60th`: a birthday goes without saying.
fn milestone(view: &View, at: usize, age: u32) -> bool {
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
fn day_of_month(view: &View, at: usize) -> bool {
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
fn birthday(view: &View, at: usize, small: bool) -> bool {
    is(view, at + 1, &["birthday", "bday", "b-day"])
        && joined(view, at + 1)
        && !(small && is(view, at + 2, &["without", "since", "away", "together", "as", "with", "here", "in"]))
        && !(at > 0
            && view.tokens[at - 1].after > view.tokens[at - 1].end
            && view.classes[at - 1] & words::AGED != 0)
}

/// `30s`, `thirties`, `mid-forties`
fn decade(word: &str) -> bool {
    if !word.ends_with(['s', 'S']) {
        return false;
    }
    let word = ["early-", "mid-", "late-"]
        .iter()
        .find_map(|part| {
            word.get(..part.len()).filter(|head| head.eq_ignore_ascii_case(part)).map(|_| &word[part.len()..])
        })
        .unwrap_or(word);
    matches!(word.as_bytes(), [b'1'..=b'9', b'0', b's'])
        || DECADES.iter().any(|decade| word.eq_ignore_ascii_case(decade))
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
                "by",
                "am",
                "is",
                "i'm",
                "are",
            ],
        )
    };
    let named = view.word(&view.tokens[at]).contains('-');
    // `mid-forties, tired, happy`
    if at == 0 {
        return named && view.tokens.get(1).is_some_and(|next| next.gap == Gap::Comma);
    }
    let spoken = of(at - 1)
        && (closes(view, at)
            || view.classes.get(at + 1).is_some_and(|class| class & words::BE != 0)
            || is(
                view,
                at + 1,
                &[
                    "and", "but", "with", "because", "were", "was", "as", "in", "have", "had", "hit", "feel",
                    "started",
                ],
            ));
    // `in my 20s and 30s`
    let more = at > 3
        && is(view, at - 1, &["and", "or", "to"])
        && decade(view.word(&view.tokens[at - 2]))
        && (of(at - 3) || into(at - 3));
    spoken
        || more
        || at > 1
            && match is(view, at - 1, &["early", "mid", "late"]) {
                true => of(at - 2) || into(at - 2),
                false => of(at - 1) && into(at - 2) || named && into(at - 1),
            }
}

fn in_words(view: &View, at: usize, word: &str) -> Option<(usize, Found)> {
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
