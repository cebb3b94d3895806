//! What belongs together in one name: first names, particles, initials, surnames.

use super::View;
use super::token::{Gap, Shape, Token};
use super::words;

/// Between the parts of one name.
const PARTICLES: &[&str] = &[
    "de", "da", "do", "dos", "das", "di", "del", "della", "van", "von", "der", "den", "la", "le", "bin",
    "bint", "ibn", "al", "el", "ter", "ten", "af", "av", "zu", "mac", "ní", "ó", "nic", "abu", "st", "du",
    "des",
];

fn particle(view: &View, at: usize) -> bool {
    is_particle(view.word(&view.tokens[at]))
}

/// Whether a word may stand between the parts of a name.
pub fn is_particle(word: &str) -> bool {
    word.len() <= 5 && PARTICLES.iter().any(|particle| word.eq_ignore_ascii_case(particle))
}

fn initial(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    token.shape == Shape::Capital
        && !token.mixed
        && token.end - token.start == 1
        && view.word(token) != "I"
        && view.word(token) != "A"
}

/// Whether nothing but a space (or an initial's full stop and a space) parts this word from the one before.
pub fn close(view: &View, at: usize) -> bool {
    let between = &view.text[view.tokens[at - 1].after..view.tokens[at].start];
    view.tokens[at - 1].after == view.tokens[at - 1].end
        && (view.tokens[at].gap == Gap::Space && between.len() <= 2
            || (between == ". " || between == ".")
                && (initial(view, at - 1) || dotted(view, at - 1) && !view.tokens[at].opens))
}

/// Two words that are a first name and a surname whatever stands around them.
pub fn full(view: &View, at: usize) -> bool {
    let (first, last) = (&view.tokens[at], &view.tokens[at + 1]);
    let (f, l) = (first.facts, last.facts);
    let capital = |token: &Token| token.shape == Shape::Capital && !token.mixed;
    if !capital(first)
        || !capital(last)
        || last.gap != Gap::Space
        || !close(view, at + 1)
        || view.taken[at]
        || view.taken[at + 1]
        || f.first() < 4
            && !(f.first() >= 2 && f.word() == 0 && l.last() >= 5)
            && !(f.first() >= 3 && !first.opens && l.last() >= 2 && l.word() == 0 && !l.proper())
        || f.other()
        || l.other()
        || l.place() && !named_like_a_place(view, at)
    {
        return false;
    }
    // `Will Smith` is somebody, `Will Anna` a question.
    let modal = f.word() == 7 && l.first() >= l.last() && !(l.first() == 0 && l.last() == 0);
    let surname = l.last() >= 3 && l.word() < 5
        || l.last() >= 6 && l.word() < 7
        || l.first() >= 4 && l.word() == 0 && f.word() == 0 && !f.place()
        || l.last() >= 1 && l.word() == 0 && !l.proper();
    // Whose surname is a word, or known nowhere, has a first name that is nothing else.
    let coined = !l.known() && last.end - last.start > 3;
    let odd = f.word() == 0 && !f.place() && (l.last() >= 3 || coined && f.first() >= 5)
        || f.first() >= 5 && f.word() < 6 && !f.place() && l.last() >= 3 && l.word() < 6;
    // A capital in the middle of a sentence means something.
    let sure = f.word() < 6 && !f.place() && !first.opens && (l.last() >= 2 || coined);
    let placed = l.place() && l.last() == 0;
    !modal && (surname || odd || sure || placed || coined && f.word() < 7 && !f.place() && f.first() >= 5)
}

/// `Freddie Mercury`, `Denzel Washington`; not `San Diego California`.
fn named_like_a_place(view: &View, at: usize) -> bool {
    let (f, l) = (view.tokens[at].facts, view.tokens[at + 1].facts);
    let of_place = at > 0
        && view.tokens[at].gap != Gap::Comma
        && ["san", "st", "saint", "santa", "fort", "port", "mount", "lake", "in", "from", "near"]
            .iter()
            .any(|word| view.word(&view.tokens[at - 1]).eq_ignore_ascii_case(word));
    f.first() >= 4
        && f.word() == 0
        && !f.place()
        && (l.last() >= 3 || l.word() > 0)
        && !of_place
        && !view.titled
}

/// `J.K. Rowling`, `W. H. Auden`, `George R.R. Martin`; `T.J.` where somebody is meant. Marks what it finds.
pub fn initials(view: &View, at: usize, names: &mut [bool]) -> bool {
    let tokens = &view.tokens;
    if !dotted(view, at) || at > 0 && dotted(view, at - 1) && joined(view, at) {
        return false;
    }
    let mut last = at;
    while last + 1 < tokens.len() && dotted(view, last + 1) && joined(view, last + 1) {
        last += 1;
    }
    let several = last > at;
    let next = tokens.get(last + 1).filter(|_| joined(view, last + 1) && !view.taken[last + 1]);
    let surname = next.is_some_and(|token| {
        let facts = token.facts;
        token.shape == Shape::Capital
            && !token.mixed
            && !facts.other()
            && (facts.last() >= 2 && facts.word() < 6 || several && facts.word() < 4 && !facts.place())
    });
    if surname {
        names[at..=last + 1].fill(true);
        return true;
    }
    const PLACES: &[&str] = &[
        "us", "uk", "un", "dc", "la", "ny", "nz", "eu", "sf", "am", "pm", "ps", "ie", "eg", "ai", "tv", "pc",
        "ad", "bc", "ok", "op", "od", "gi", "id", "iq", "er", "uv", "vp", "md", "phd", "ceo",
    ];
    let letters: String =
        tokens[at..=last].iter().map(|token| view.word(token).to_ascii_lowercase()).collect();
    let person = next.is_some_and(|_| view.classes[last + 1] & (words::HUMAN | words::VERB) != 0)
        || at > 0
            && tokens[at].gap == Gap::Space
            && view.classes[at - 1] & (words::KIN | words::INTRO | words::NAMED) != 0;
    if several && last - at < 3 && person && !PLACES.contains(&letters.as_str()) {
        names[at..=last].fill(true);
        return true;
    }
    false
}

/// An initial with its full stop.
fn dotted(view: &View, at: usize) -> bool {
    let token = &view.tokens[at];
    token.shape == Shape::Capital
        && token.end - token.start == 1
        && !view.taken[at]
        && view.text[token.end..].starts_with('.')
}

/// Whether nothing but an initial's full stop, perhaps with a space, parts this word from the one before.
fn joined(view: &View, at: usize) -> bool {
    matches!(&view.text[view.tokens[at - 1].after..view.tokens[at].start], "." | ". ")
}

/// Where a name ends whose last word is this one: behind an initial's or `Jr.`'s full stop.
pub fn end_of(view: &View, at: usize) -> usize {
    let token = &view.tokens[at];
    let dot = view.text[token.end..].starts_with('.')
        && (suffix(view, at) || dotted(view, at) && at > 0 && dotted(view, at - 1) && joined(view, at));
    token.end + usize::from(dot)
}

fn suffix(view: &View, at: usize) -> bool {
    matches!(view.word(&view.tokens[at]), "Jr" | "Sr" | "III" | "IV" | "Jnr" | "Snr")
}

/// Takes in what belongs to a name beside it: surnames, particles, initials, first names.
pub fn extend(view: &View, names: &mut [bool]) {
    let tokens = &view.tokens;
    let capital = |at: usize| tokens[at].shape != Shape::Lower && !tokens[at].mixed && !view.taken[at];
    let surname = |at: usize| {
        let facts = tokens[at].facts;
        // What is a brand elsewhere is a Vietnamese given name after two others.
        let vietnamese =
            at > 1 && facts.culture() == 23 && facts.first() >= 4 && tokens[at - 2].facts.last() >= 4;
        capital(at)
            && (!facts.other() || vietnamese)
            && !tokens[at].opens
            && (facts.name() && facts.word() < 7
                || at > 0
                    && tokens[at - 1].facts.first() >= 5
                    && !view.titled
                    && facts.word() < 6
                    && !facts.place()
                || !facts.known() && tokens[at].end - tokens[at].start > 1)
    };
    for at in 1..tokens.len() {
        if !close(view, at) || !names[at - 1] || names[at] || view.taken[at] {
            continue;
        }
        if surname(at) || suffix(view, at) {
            names[at] = true;
        } else if tokens[at].shape == Shape::Lower && tokens[at - 1].shape == Shape::Lower {
            let facts = tokens[at].facts;
            // `john smith`: a word that is a surname more than anything else.
            let frequent = facts.last() == 7 && facts.word() < 7 || facts.last() >= 6 && facts.word() < 6;
            let surname =
                facts.last() >= 2 && facts.word() == 0 || frequent && tokens[at - 1].facts.first() >= 6;
            names[at] = surname && !facts.place() && !facts.other();
        } else if particle(view, at) || initial(view, at) {
            // `van der Berg`, `L. Jackson`
            let mut end = at + 1;
            while end < tokens.len()
                && end - at < 3
                && close(view, end)
                && (particle(view, end) || initial(view, end))
                && !names[end]
            {
                end += 1;
            }
            if end < tokens.len()
                && close(view, end)
                && (names[end]
                    || capital(end)
                        && (surname(end)
                            || tokens[end].facts.last() > 0
                            || initial(view, at) && tokens[end].facts.name()))
                && tokens[end].facts.word() < 7
            {
                names[at..=end].fill(true);
            }
        }
    }
    for at in (0..tokens.len().saturating_sub(1)).rev() {
        if !names[at + 1] || names[at] || view.taken[at] || !close(view, at + 1) {
            continue;
        }
        let facts = tokens[at].facts;
        // `Paulo da Silva`
        if particle(view, at)
            && tokens[at].shape == Shape::Lower
            && at > 0
            && close(view, at)
            && !names[at - 1]
            && capital(at - 1)
            && (tokens[at - 1].facts.first() > 0 && tokens[at - 1].facts.word() < 6
                || !tokens[at - 1].facts.known())
        {
            names[at - 1..=at].fill(true);
            continue;
        }
        let only_surname = tokens[at + 1].facts.word() == 0
            && tokens[at + 1].facts.last() > 0
            && tokens[at].facts.first() >= 4
            || tokens[at + 1].facts.last() > 0 && tokens[at + 1].facts.first() < 3
            || !tokens[at + 1].facts.known();
        let first = capital(at)
            && facts.first() > 0
            && !facts.other()
            && view.classes[at] & (words::TITLE | words::KIN) == 0
            && tokens[at + 1].shape != Shape::Lower
            && (facts.word() < 5 || only_surname && facts.first() >= 3);
        // `Te Ariki`
        let prefix = tokens[at].shape == Shape::Capital
            && ["Te", "De", "Von", "Van", "Mac", "Bin", "Abu"].contains(&view.word(&tokens[at]))
            && tokens[at + 1].shape == Shape::Capital;
        // Where surnames come first.
        let east = matches!(tokens[at + 1].facts.culture(), 13 | 20..=23)
            && capital(at)
            && facts.last() >= 3
            && view.word(&tokens[at]) != "The"
            && !facts.other();
        names[at] = first
            || stranger(view, at)
            || east
            || prefix
            || initial(view, at) && capital(at) && tokens[at + 1].start - tokens[at].end == 2;
    }
}

/// Whether a word that nobody knows is a first name, since a surname follows: `Katsuhiko Tanaka called`.
///
/// Laughter and what is short for something are not: `Noooo Tanaka left`, `Ffs Tanaka`.
fn stranger(view: &View, at: usize) -> bool {
    let (token, next) = (&view.tokens[at], &view.tokens[at + 1]);
    let word = view.word(token).as_bytes();
    let vowels = word.iter().filter(|byte| b"aeiouy".contains(&byte.to_ascii_lowercase())).count();
    token.shape == Shape::Capital
        && !token.mixed
        && !token.facts.known()
        && next.shape == Shape::Capital
        && next.facts.last() >= 3
        && next.facts.first() < 3
        && word.len() >= 4
        && (2..word.len()).contains(&vowels)
        && !word.windows(3).any(|three| three.iter().all(|byte| byte.eq_ignore_ascii_case(&three[0])))
}

/// A word beside a name in a list: `Katsuhiko and Emi`, `me, Dave and Li`.
pub fn listed(view: &View, names: &mut [bool]) {
    let tokens = &view.tokens;
    let likely = |at: usize| {
        let (token, facts) = (&tokens[at], tokens[at].facts);
        token.shape == Shape::Capital
            && !token.mixed
            && !view.taken[at]
            && token.end - token.start > 1
            && !facts.other()
            && view.classes[at] & (words::TITLE | words::KIN | words::PERSON) == 0
            && (!facts.known()
                || facts.first() >= 2 && facts.word() < 6 && (!facts.place() || facts.first() >= 4)
                || facts.first() >= 5 && facts.word() < 7 && !facts.place())
    };
    for at in 2..tokens.len() {
        let and = view.word(&tokens[at - 1]);
        if !(and == "and" || and == "n")
            || tokens[at].gap != Gap::Space
            || tokens[at - 1].gap != Gap::Space
            || tokens[at - 2].after > tokens[at - 2].end
        {
            continue;
        }
        if names[at] && !names[at - 2] && likely(at - 2) {
            names[at - 2] = true;
        } else if names[at - 2] && !names[at] && likely(at) {
            names[at] = true;
        }
    }
    for at in 1..tokens.len() {
        let comma = &view.text[tokens[at - 1].after..tokens[at].start] == ", ";
        let amid = |at: usize| {
            at + 2 < tokens.len()
                && (view.word(&tokens[at + 1]) == "and" || tokens[at + 1].gap == Gap::Comma)
                && (names[at + 2] || names[at + 1])
        };
        if comma
            && names[at]
            && !names[at - 1]
            && likely(at - 1)
            && (amid(at) || at > 1 && tokens[at - 1].gap == Gap::Comma)
        {
            names[at - 1] = true;
        }
    }
}
