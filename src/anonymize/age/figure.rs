//! A bare number that is somebody's age by what stands around it: `I'm 28`, `my mother, 88, has`.

use super::super::token::{Gap, Shape};
use super::super::words;
use super::super::{Found, View};
use super::{ONES, closes, closes_loosely, is, joined, number, span, spelled, value};

/// Between a subject's verb and the number: `she's only 9`, `he must be pushing 40`.
pub const NEARLY: &[&str] = &[
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
pub const CHILD: &[&str] = &[
    "man", "woman", "boy", "girl", "lad", "lady", "child", "kid", "person", "bloke", "guy", "baby", "toddler",
];

/// A number after one that is an age, joined by `and` or a comma.
pub fn chained(view: &View, at: usize, figure: Option<usize>) -> Option<(usize, Found)> {
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

/// Whether the word at `at` is somebody: kin, a person, a pronoun, a name.
pub fn somebody(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    let name = token.shape == Shape::Capital
        && (token.facts.name() || !token.facts.known())
        && token.facts.word() < 6
        && !token.facts.other()
        && !token.facts.place();
    name || view.classes[at] & (words::SUBJECT | words::HUMANS | words::KIN) != 0
        && !is(view, at, &["us", "who", "half", "date", "model", "models", "cook", "cooks", "coach"])
}

/// Where the words end that only say how nearly: the last before `only just` and such.
pub fn nearly(view: &View, mut at: usize) -> usize {
    while at > 0 && view.tokens[at].gap == Gap::Space && is(view, at, NEARLY) {
        at -= 1;
    }
    at
}

/// A number, and the words around it.
struct Number {
    /// Its first word and its last.
    at: usize,
    last: usize,
    /// `None` in words.
    age: Option<u32>,
    adult: bool,
    /// The word before it, and the last before those that only say how nearly.
    before: usize,
    told_of: usize,
}

/// A bare number that is somebody's age by what stands around it.
pub fn figure(view: &View, at: usize, last: usize) -> Option<(usize, Found)> {
    let age = value(view.word(&view.tokens[at]));
    let adult = age.is_none_or(|age| (13..=109).contains(&age));
    let before = at.saturating_sub(1);
    let number = Number { at, last, age, adult, before, told_of: nearly(view, before) };
    if let Some(found) = begins(view, &number) {
        return Some(found);
    }
    match view.tokens[at].gap {
        _ if at == 0 => None,
        Gap::Space => {
            counted(view, &number).or_else(|| said_of(view, &number)).or_else(|| then(view, &number))
        }
        _ => set_off(view, &number),
    }
}

/// Where a sentence begins with it: `34 here`, `52 and single`.
fn begins(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, .. } = number_at;
    let here = || span(view, at, last);
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
    // `only 23 and already tired`
    let lead = nearly(view, at.saturating_sub(1));
    let begins = begins
        || at > 0
            && lead < at
            && view.tokens[at].gap == Gap::Space
            && is(view, lead, &["nearly", "almost", "only", "barely", "just", "not"])
            && view.tokens[lead].opens
            && matches!(view.tokens[lead].gap, Gap::None | Gap::Stop | Gap::Dot);
    let not_even = lead < at
        && is(view, lead, &["not"])
        && is(view, at - 1, &["even", "yet"])
        && age.is_some_and(|age| (18..=60).contains(&age))
        && is(view, last + 1, &["and", "yet"]);
    // `now 83, she sails`
    let now = at == 1
        && is(view, 0, &["now"])
        && adult
        && view.tokens[at].gap == Gap::Space
        && view.tokens.get(last + 1).is_some_and(|next| next.gap == Gap::Comma)
        && is(view, last + 1, &["he", "she", "i", "they", "my", "we", "he's", "she's", "i'm"]);
    if now || begins && not_even {
        return here();
    }
    if begins && described(view, last) && age.is_none_or(|age| (16..=99).contains(&age)) {
        return here();
    }
    None
}

/// Between commas, brackets or after a colon: `my mother, 88, has`, `my husband (41)`, `age: 34`.
fn set_off(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, before, .. } = number_at;
    let here = || span(view, at, last);
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
        // `my two boys (3, 5)`
        let list = several && text_after.starts_with(", ") && number(view, last + 1);
        let two = two || list;
        // `at my age (58)`, `mother of two (6 and 9)`
        let who = somebody(view, before)
            || is(view, before, &["age"])
            || two && before > 0 && is(view, before - 1, &["of"]) && number(view, before);
        return (who && (text_after.starts_with(')') && !several || two)).then(here).flatten();
    }
    if matches!(between, ": " | ":") {
        let told = is(view, before, &["age", "aged"]) && closes(view, last);
        // `three kids: 2, 5 and 9`
        let list = is(view, before, &["kids", "children", "sons", "daughters", "boys", "girls", "grandkids"])
            && (text_after.starts_with(", ") && number(view, last + 1)
                || is(view, last + 1, &["and"]) && number(view, last + 2));
        return (told || list).then(here).flatten();
    }
    None
}

/// After a word that an age follows: `aged 54`, `turned 40`, `being 30`, `women over 50`.
fn counted(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, before, told_of, .. } = number_at;
    let here = || span(view, at, last);
    let text_after = &view.text[view.tokens[last].end..];
    // `grandma, now ninety,`, `grandma (now 90)`, `a girl, maybe seven`
    if told_of == before && before > 0 && is(view, before, NEARLY) && view.tokens[before].gap != Gap::Space {
        let lead = &view.text[view.tokens[before - 1].after..view.tokens[before].start];
        let ends = text_after.is_empty() || text_after.starts_with([',', ')', '.']);
        return (matches!(lead, ", " | " (") && ends && somebody(view, before - 1)).then(here).flatten();
    }
    // `a girl about nine`, `a kid of about ten`
    if told_of < before && is(view, before, &["about", "around", "maybe", "roughly"]) {
        let who = if is(view, told_of, &["of"]) { told_of.wrapping_sub(1) } else { told_of };
        if is(view, who, CHILD) && closes_loosely(view, last) {
            return here();
        }
    }
    // `the big 5-0`, `he's a very young 60`
    if is(view, before, &["young"])
        && before > 0
        && is(view, before - 1, &["very", "a"])
        && closes(view, last)
    {
        return here();
    }
    // `a man of eighty`
    let of_somebody = is(view, before, &["of"])
        && before > 1
        && is(view, before - 1, CHILD)
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
        let aged =
            told_of == before && is(view, before, &["aged"]) && somebody(view, before.saturating_sub(1));
        // `the age of ten he'd read`, `from age 5 to 9`
        let goes_on = !is(view, told_of, &["ages"])
            && is(
                view,
                last + 1,
                &["he", "she", "we", "they", "you", "he'd", "she'd", "i'd", "they'd", "to", "until"],
            );
        return (closes(view, last) || aged && closes_loosely(view, last) || goes_on).then(here).flatten();
    }
    // `ten days shy of 40`, `halfway to 60`, `made it to 93`, `turned the big 30`
    if before > 0 && closes(view, last) {
        let of = is(view, before, &["of"]) && is(view, before - 1, &["shy"]) && adult;
        let to = is(view, before, &["to"]) && is(view, before - 1, &["halfway"]) && adult;
        let made = is(view, before, &["to"])
            && before > 1
            && is(view, before - 1, &["it"])
            && is(view, before - 2, &["made", "makes", "make"])
            && age.is_some_and(|age| age >= 70);
        let big = is(view, before, &["big"])
            && is(view, before - 1, &["the"])
            && age.is_some_and(|age| age >= 30 && age.is_multiple_of(10));
        if of || to || made || big {
            return here();
        }
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
        let thing = before > 0
            && (view.classes[before - 1] & words::AGED != 0
                || is(
                    view,
                    before - 1,
                    &["blog", "app", "shop", "channel", "podcast", "club", "band", "bakery", "firm"],
                ));
        return ((closes(view, last) || loose) && !noun && !counted && !thing).then(here).flatten();
    }
    if is(view, before, &["being"]) {
        return (adult && closes_loosely(view, last)).then(here).flatten();
    }
    // `women over 50`, `anyone under 30`
    if is(view, before, &["over", "under", "past"])
        && before > 0
        && view.tokens[before].gap == Gap::Space
        && (view.classes[before - 1] & words::PERSON != 0
            || is(
                view,
                before - 1,
                &["anyone", "everyone", "those", "anybody", "everybody", "someone", "else"],
            ))
    {
        let verb = view.classes.get(last + 1).is_some_and(|class| class & words::BE != 0)
            || is(view, last + 1, &["here", "feeling", "feel", "who"]);
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
    // `hit 40 and everything hurts`
    if is(view, before, &["hit", "hitting"])
        && view.tokens[before].opens
        && adult
        && age.is_some_and(|age| age >= 18)
        && is(view, last + 1, &["and"])
        && view.classes.get(last + 2).is_some_and(|_| !number(view, last + 2))
        && is(view, last + 2, &["everything", "my", "i", "now", "suddenly", "nobody", "all", "it"])
    {
        return here();
    }
    // `she just hit 30`
    if is(view, before, &["hit", "hits", "reached"])
        && before > 0
        && adult
        && (is(view, before - 1, &["just", "finally"]) && before > 1 && somebody(view, before - 2)
            || is(view, before - 1, &["i", "he", "she", "you", "we", "i've"]))
    {
        return closes(view, last).then(here).flatten();
    }
    None
}

/// After a subject and its verb: `he's only 9`, `my dad was 60`, `she'll be 40`, `I feel 80`.
fn said_of(view: &View, number_at: &Number) -> Option<(usize, Found)> {
    let &Number { at, last, age, adult, before, told_of, .. } = number_at;
    let here = || span(view, at, last);
    let mut subject = told_of;
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
        let loosely = contraction && told(subject) && adult && closes_loosely(view, last);
        // `I'm 33 working nights`
        let doing = contraction
            && adult
            && view.tokens.get(last + 1).is_some_and(|next| {
                next.gap == Gap::Space && view.word(next).len() > 5 && view.word(next).ends_with("ing")
            });
        return (closes(view, last) || within && contraction || loosely || doing).then(here).flatten();
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
            && view.tokens[person].shape == Shape::Capital;
        let loosely = (told(person) || told_who) && age.is_some() && adult && closes_loosely(view, last)
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
            "has", "rather", "won't", "wouldn't", "still", "only", "also", "never", "not", "is", "are", "am",
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
                "living", "we", "who", "who'll", "i've", "she's", "he's", "they've", "we've",
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
    None
}

/// When something was: `at 82 she still dances`, `married by 25`, `great for 70`.
fn then(view: &View, number_at: &Number) -> Option<(usize, Found)> {
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
                    "can't",
                    "cannot",
                    "already",
                    "feel",
                    "feeling",
                ],
            )
    };
    if next.gap == Gap::Comma {
        return state(last + 1);
    }
    // `fifty next month!`
    if next.gap == Gap::Space && is(view, last + 1, &["next"]) {
        return is(view, last + 2, &["month", "year", "birthday"]);
    }
    if next.gap != Gap::Space || !is(view, last + 1, &["and", "today"]) {
        return false;
    }
    if is(view, last + 1, &["today"]) {
        return view.text[next.end..].starts_with('!') || is(view, last + 2, &["and"]);
    }
    view.tokens.get(last + 2).is_some_and(|token| token.gap == Gap::Space) && state(last + 2)
}
