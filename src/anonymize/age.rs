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
/// Between a subject's verb and the number: `she's only 9`, `he must be pushing 40`.
const NEARLY: &[&str] = &[
    "only",
    "just",
    "almost",
    "nearly",
    "already",
    "still",
    "now",
    "not",
    "about",
    "like",
    "barely",
    "over",
    "under",
    "past",
    "pushing",
    "approaching",
    "nearing",
    "hitting",
    "around",
    "roughly",
    "maybe",
    "probably",
    "exactly",
    "basically",
    "officially",
    "actually",
    "currently",
    "finally",
    "literally",
    "technically",
    "well",
    "least",
    "most",
    "closer",
    "close",
    "to",
    "all",
    "merely",
    "hardly",
    "even",
    "both",
    "perhaps",
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

/// A number after one that is an age, joined by `and` or a comma.
fn chained(view: &View, at: usize, figure: Option<usize>) -> Option<(usize, Found)> {
    let figure = figure?;
    let bare = |at: usize| {
        let word = view.word(&view.tokens[at]);
        value(word).is_some() || spelled(word)
    };
    let and = figure + 2 == at
        && is(view, at - 1, &["and", "&", "n"])
        && view.tokens[at].gap == Gap::Space
        && view.tokens[at - 1].gap == Gap::Space;
    let ampersand = figure + 1 == at && &view.text[view.tokens[figure].after..view.tokens[at].start] == " & ";
    let comma = figure + 1 == at && view.tokens[at].gap == Gap::Comma;
    if !(and || ampersand || comma) || view.taken[at] || !bare(figure) || !bare(at) {
        return None;
    }
    let more = comma && view.tokens.get(at + 1).is_some_and(|next| next.gap == Gap::Comma);
    (more || closes(view, at)).then(|| span(view, at, at)).flatten()
}

fn value(word: &str) -> Option<u32> {
    if word.is_empty() || word.len() > 3 || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    word.parse().ok().filter(|&age| (1..=119).contains(&age))
}

/// A number in words: `seven`, `twenty-one`.
fn spelled(word: &str) -> bool {
    if word.len() > 14 {
        return false;
    }
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
        return ((13..100).contains(&number) && view.text[..token.start].ends_with(['(', '[', ' ']))
            .then(|| (at, Found::new(token.start + 1, token.end, Category::Age)));
    }
    if decade(word) {
        return decade_of(view, at).then(|| span(view, at, at)).flatten();
    }
    // `19yo`, `34-year-old`, `34yr`, `5-6 year old`
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let age = value(&word[..digits])?;
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
        // `40-something`
        if matches!(tail.as_str(), "-something" | "-somethings" | "something" | "somethings") {
            let unit = view.classes.get(at + 1).is_some_and(|class| class & words::UNIT != 0);
            return (age >= 20 && age % 10 == 0 && !unit).then(|| span(view, at, at)).flatten();
        }
        // `her 40th birthday`, but not `our 10th birthday as a shop`
        if matches!(tail.as_str(), "st" | "nd" | "rd" | "th") {
            // `happy 65th to my dad`: no day of a month
            let happy = age > 31
                && at > 0
                && is(view, at - 1, &["happy"])
                && !is(view, at + 1, &["anniversary", "anniv", "wedding"]);
            return (happy || birthday(view, at, age < 6)).then(|| span(view, at, at)).flatten();
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
    if is(
        view,
        at + 1,
        &["year-old", "years-old", "yr-old", "year-olds", "month-old", "week-old", "yr-olds", "month-olds"],
    ) {
        return Some(at + 1);
    }
    (unit && is(view, at + 2, &["young"])).then_some(at + 2)
}

/// Whether the word at `at` is somebody: kin, a person, a pronoun, a name.
fn somebody(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let name = token.shape == super::token::Shape::Capital
        && (token.facts.name() || !token.facts.known())
        && token.facts.word() < 6
        && !token.facts.other()
        && !token.facts.place();
    name || view.classes[at] & (words::SUBJECT | words::HUMANS | words::KIN) != 0
        && !is(view, at, &["us", "who", "half", "date", "model", "models", "cook", "cooks", "coach"])
}

/// A bare number that is somebody's age by what stands around it.
fn figure(view: &View, at: usize, last: usize) -> Option<(usize, Found)> {
    let here = || span(view, at, last);
    let age = value(view.word(&view.tokens[at]));
    let adult = age.is_none_or(|age| (13..=109).contains(&age));
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
    if view.tokens[at].opens
        && begins
        && described(view, last)
        && age.is_none_or(|age| (16..=99).contains(&age))
    {
        return here();
    }
    if at == 0 {
        return None;
    }
    let before = at - 1;
    let gap = view.tokens[at].gap;
    let text_after = &view.text[view.tokens[last].end..];
    if gap == Gap::Comma {
        // `Aisha, 29, is …`, `my mother, 88, has …`: somebody, a comma, the age, a comma.
        let two = is(view, last + 1, &["and"])
            && view.tokens.get(last + 2).is_some_and(|token| {
                token.gap == Gap::Space
                    && value(view.word(token)).is_some()
                    && (view.text[token.end..].starts_with([',', '.', ')']) || token.end == view.text.len())
            });
        let ends = text_after.starts_with(',');
        let word = view.word(&view.tokens[at]);
        let grown = match age {
            Some(age) => age >= 3,
            None => spelled(word) && !ONES[..10].iter().any(|ones| word.eq_ignore_ascii_case(ones)),
        };
        return ((ends && grown || two)
            && somebody(view, before)
            && !is(view, before, &["people", "you", "we", "he", "she", "they", "everyone"]))
        .then(here)
        .flatten();
    }
    let between = &view.text[view.tokens[before].after..view.tokens[at].start];
    // `my husband (41)`
    if between == " (" {
        let several = view.word(&view.tokens[before]).ends_with('s');
        let two = is(view, last + 1, &["and"])
            && number(view, last + 2)
            && view.text[view.tokens[last + 2].end..].starts_with(')');
        // `at my age (58)`, `mother of two (6 and 9)`
        let who = somebody(view, before)
            || is(view, before, &["age"])
            || two && before > 0 && is(view, before - 1, &["of"]) && number(view, before);
        return (who && (text_after.starts_with(')') && !several || two)).then(here).flatten();
    }
    if matches!(between, ": " | ":") && is(view, before, &["age", "aged"]) {
        return closes(view, last).then(here).flatten();
    }
    if gap != Gap::Space {
        return None;
    }
    let mut told_of = before;
    while told_of > 0
        && view.tokens[told_of].gap == Gap::Space
        && is(view, told_of, &["just", "only", "about", "around"])
    {
        told_of -= 1;
    }
    // `a man of eighty`
    let of_somebody = is(view, before, &["of"])
        && before > 1
        && is(
            view,
            before - 1,
            &["man", "woman", "boy", "girl", "lad", "lady", "child", "kid", "person", "bloke"],
        )
        && is(view, before - 2, &["a", "the", "little", "young", "old", "small", "strong", "this"]);
    if of_somebody
        && view
            .classes
            .get(last + 1)
            .is_some_and(|class| class & (words::HUMAN | words::VERB | words::BE) != 0)
    {
        return here();
    }
    // `a sprightly 88`
    let spry = ["sprightly", "spry", "youthful", "ripe", "youngish"];
    if is(view, told_of, &["aged", "age", "ages"])
        || of_somebody
        || is(view, before, &spry) && before > 0 && is(view, before - 1, &["a", "the"])
        || is(view, before, &["of"]) && before > 0 && is(view, before - 1, &["age"])
        || is(view, before, &["between"]) && before > 0 && is(view, before - 1, &["aged", "ages"])
    {
        return closes(view, last).then(here).flatten();
    }
    if is(view, before, &["turning", "turned", "turns", "turn"]) {
        let loose = is(
            view,
            last + 1,
            &[
                "in", "at", "with", "during", "has", "was", "is", "feels", "felt", "made", "means",
                "without", "alone", "soon", "before", "by", "under", "did", "does", "the", "my", "hit",
                "really", "at",
            ],
        );
        let noun = is(view, before, &["turn"])
            && before > 0
            && is(view, before - 1, &["a", "the", "my", "his", "her", "every", "each"]);
        let counted = before > 0 && is(view, before - 1, &["clock", "page", "pages", "i've", "dial", "knob"]);
        return ((closes(view, last) || loose) && !noun && !counted).then(here).flatten();
    }
    if is(view, before, &["being"]) {
        return (adult && closes_loosely(view, last)).then(here).flatten();
    }
    // `women over 50`, `anyone under 30`
    if is(view, before, &["over", "under", "past"])
        && before > 0
        && view.tokens[before].gap == Gap::Space
        && (view.classes[before - 1] & words::PERSON != 0
            || is(view, before - 1, &["anyone", "everyone", "those", "anybody", "everybody", "someone"]))
    {
        let verb = view.classes.get(last + 1).is_some_and(|class| class & words::BE != 0);
        return (closes(view, last) || verb).then(here).flatten();
    }
    // `pushing forty`
    if is(view, before, &["pushing", "approaching", "nearing"])
        && age.is_none_or(|age| age >= 25)
        && closes(view, last)
        && !is(view, last + 1, &["on", "in"])
    {
        return here();
    }
    // `she just hit 30`
    if is(view, before, &["hit", "hits", "reached"])
        && before > 0
        && adult
        && (is(view, before - 1, &["just", "finally"]) && before > 1 && somebody(view, before - 2)
            || is(view, before - 1, &["i", "he", "she", "you"]))
    {
        return closes(view, last).then(here).flatten();
    }
    let mut subject = before;
    while subject > 0 && view.tokens[subject].gap == Gap::Space && is(view, subject, NEARLY) {
        subject -= 1;
    }
    if is(view, subject, &["at"])
        && subject < before
        && is(view, subject + 1, &["least", "most"])
        && subject > 0
    {
        subject -= 1;
    }
    // `when you're 40 the floor is far`
    let told = |at: usize| {
        at > 0
            && is(
                view,
                at - 1,
                &["when", "once", "if", "since", "until", "till", "before", "because", "time", "after"],
            )
    };
    let we = is(view, subject, &["we're", "they're", "were", "are"]);
    let within = !we
        && adult
        && is(view, last + 1, &["in", "at", "with"])
        && view.tokens.get(last + 2).is_some_and(|token| token.gap == Gap::Space)
        && !is(view, last + 2, &["and", "but", "so", "a", "all"]);
    let possessive = view.tokens[subject].after > view.tokens[subject].end;
    let contraction = is(
        view,
        subject,
        &["im", "i'm", "hes", "shes", "she's", "he's", "they're", "we're", "you're", "youre", "theyre"],
    ) || possessive && is(view, subject, &["he", "she"]);
    // `my nephew, who's 12`
    let who_is = possessive && is(view, subject, &["who"]) && subject > 0 && somebody(view, subject - 1);
    if contraction || who_is || possessive && somebody(view, subject) && !is(view, subject, &["it"]) {
        let loosely = contraction && told(subject) && age.is_some() && adult && closes_loosely(view, last);
        return (closes(view, last) || within && contraction || loosely).then(here).flatten();
    }
    if is(view, subject, &["am", "is", "was", "were", "are", "turned"]) && subject > 0 {
        let person = subject - 1;
        let who = view.classes[person] & (words::SUBJECT | words::KIN | words::HUMANS) != 0
            || is(view, person, &["i", "he", "she", "we", "they", "age"]);
        let of_us = is(view, person, &["us"]) && person > 0 && is(view, person - 1, &["of"]);
        let told_who = is(view, person, &["who"]) && person > 0 && somebody(view, person - 1);
        let who = who && !is(view, person, &["who", "was", "us", "her"]) || of_us || told_who;
        let facts = view.tokens[person].facts;
        let name = (facts.first() >= 4 || facts.first() >= 2 && facts.word() < 5 && !facts.place())
            && view.tokens[person].shape == super::token::Shape::Capital;
        let loosely = told(person) && age.is_some() && adult && closes_loosely(view, last)
            // `I was six the first time`
            || is(view, last + 1, &["the", "that"])
                && is(view, last + 2, &["first", "last", "day", "year", "summer", "winter", "night", "time", "week"]);
        // `he is 10 and 0`
        if is(view, subject, &["am", "is", "was"]) && is(view, last + 1, &["and"]) && number(view, last + 2) {
            return None;
        }
        return ((who || name) && (closes(view, last) || within || loosely)).then(here).flatten();
    }
    // `nan lived to 101`
    if is(view, before, &["to"]) && before > 0 && is(view, before - 1, &["lived", "lives", "live", "living"])
    {
        return closes(view, last).then(here).flatten();
    }
    // `she'll be 40 in May`, `he would have been 60`, `lived to be 100`
    if is(view, subject, &["be", "been"]) {
        let mut person = subject;
        let modal = [
            "will", "would", "have", "has", "gonna", "going", "to", "about", "could", "must", "might", "may",
            "should", "gotta", "got", "supposed", "want", "wants", "wanted", "wait", "can't", "would've",
            "has", "won't", "wouldn't", "still", "only", "also", "never", "not", "is", "are", "am",
        ];
        let mut steps = 0;
        while person > 0 && steps < 6 && (person == subject || is(view, person, &modal)) {
            person -= 1;
            steps += 1;
        }
        let pronoun = is(
            view,
            person,
            &[
                "i", "he", "she", "you", "they", "i'll", "he'll", "she'll", "you'll", "they'll", "i'd",
                "he'd", "she'd", "they'd", "you'd", "i'm", "ill", "im", "shell", "lived", "lives", "live",
                "living", "we", "who", "who'll",
            ],
        ) || view.tokens[person].after > view.tokens[person].end
            && is(view, person, &["he", "she"]);
        let who = steps > 0 && (pronoun || somebody(view, person) && steps > 1);
        let within = adult && is(view, last + 1, &["in"]) && view.tokens.get(last + 2).is_some();
        return (who && (closes(view, last) || within)).then(here).flatten();
    }
    // `I feel 80`, `he doesn't look 40`
    if is(view, subject, &["feel", "feels", "felt", "look", "looks", "looked", "act", "acts"]) && subject > 0
    {
        let mut person = subject - 1;
        while person > 0
            && is(view, person, &["don't", "doesn't", "dont", "doesnt", "didn't", "still", "always", "even"])
        {
            person -= 1;
        }
        let who =
            is(view, person, &["i", "he", "she", "you", "they"]) || view.classes[person] & words::KIN != 0;
        return (who && adult && closes(view, last)).then(here).flatten();
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
        return ((pronoun || died || life || me || bereft)
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
                ],
            )
    };
    if next.gap == Gap::Comma {
        return state(last + 1);
    }
    if next.gap != Gap::Space || !is(view, last + 1, &["and", "today"]) {
        return false;
    }
    if is(view, last + 1, &["today"]) {
        return view.text[next.end..].starts_with('!') || is(view, last + 2, &["and"]);
    }
    view.tokens.get(last + 2).is_some_and(|token| token.gap == Gap::Space) && state(last + 2)
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
                "am",
                "is",
                "i'm",
                "are",
            ],
        )
    };
    if at == 0 {
        return false;
    }
    let named = view.word(&view.tokens[at]).contains('-');
    let spoken = of(at - 1)
        && (closes(view, at)
            || view.classes.get(at + 1).is_some_and(|class| class & words::BE != 0)
            || is(view, at + 1, &["and", "but", "with", "because", "were", "was", "as", "in"]));
    // `in my 20s and 30s`
    let more = at > 1
        && is(view, at - 1, &["and", "or", "to"])
        && decade(view.word(&view.tokens[at - 2]))
        && decade_of(view, at - 2);
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
    if ORDINALS.iter().any(|ordinal| word.eq_ignore_ascii_case(ordinal)) {
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
    // "I'm one and done": small numbers in words are rarely an age by themselves.
    let small = ONES[..13].iter().any(|ones| word.eq_ignore_ascii_case(ones)) && last == at;
    if small && (at == 0 || !matches!(view.tokens[at].gap, Gap::Space | Gap::Comma)) {
        return None;
    }
    if small && !is(view, at - 1, &["turned", "turning", "turns", "aged", "was", "age", "of"]) {
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
                && is(view, at + 1, &["and"])
                && number(view, at + 2);
        if !of_child || is(view, at, &["zero", "one"]) || !closes(view, at) {
            return None;
        }
    }
    figure(view, at, last)
}
