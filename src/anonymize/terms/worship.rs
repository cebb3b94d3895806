//! Religion where its words are others too: temples of heads, masses of people, Christian names.

use super::super::View;
use super::super::token::{Gap, Shape};
use super::super::words;
use super::said::{next, of_person, of_somebody};
use super::sets::{has, sets};
use super::token_is;

/// A house of worship, but as part of a street's, a town's or somebody's name, and but for the head's temples.
pub fn house(view: &View, at: usize, last: usize) -> bool {
    let token = &view.tokens[at];
    let after = next(view, last);
    let before = |n: usize, words: &[&str]| at >= n && token_is(view, at - n, words);
    if after.is_some_and(|(token, _)| has(&sets().no_house, token.id)) {
        return false;
    }
    let plain = token.shape == Shape::Lower || view.shouting;
    let part_of_name = !plain
        && (after.is_some_and(|(token, _)| token.shape != Shape::Lower && !view.titled)
            || at > 0
                && token.gap == Gap::Space
                && view.tokens[at - 1].shape == Shape::Capital
                && view.tokens[at - 1].facts.first() >= 3);
    if part_of_name {
        return false;
    }
    // `separation of church and state`
    if token_is(view, last + 1, &["and"]) && token_is(view, last + 2, &["state"]) {
        return false;
    }
    if token_is(view, at, &["temple", "temples"]) {
        let owned = before(1, &["my", "his", "her", "your", "their", "left", "right", "each", "both"]);
        let visited = before(2, &["at", "to", "in", "from", "near", "visited", "outside", "behind"]);
        let body = (1..=4).any(|n| before(n, &["body", "bodies"]));
        return !(owned && !visited || body);
    }
    true
}

/// Who leads worship, where it is no title of a name, no piece of a game and nobody's surname.
pub fn clergy(view: &View, at: usize, last: usize) -> bool {
    let token = &view.tokens[at];
    let after = next(view, last);
    if after.is_some_and(|(token, _)| {
        token.shape != Shape::Lower && !view.shouting && !view.titled || has(&sets().no_clergy, token.id)
    }) {
        return false;
    }
    let article = at > 0 && token.gap == Gap::Space && has(&sets().articles, view.tokens[at - 1].id);
    let capital = token.shape != Shape::Lower && !view.shouting;
    let shared = token_is(
        view,
        at,
        &["bishop", "priest", "monk", "abbot", "pope", "friar", "deacon", "nun", "vicar", "chaplain"],
    );
    if capital && !article && (!token.opens || shared) {
        return false;
    }
    let from = at.saturating_sub(8);
    let to = (last + 9).min(view.tokens.len());
    !view.tokens[from..to].iter().any(|token| has(&sets().games, token.id))
}

/// Religion, unless it is somebody's first name.
pub fn christian(view: &View, at: usize) -> bool {
    let sets = sets();
    let token = &view.tokens[at];
    let after = next(view, at);
    if after.is_some_and(|(token, _)| has(&sets.christian_no, token.id)) || token.after > token.end {
        return false;
    }
    if token.shape == Shape::Lower {
        return true;
    }
    let surname = after.is_some_and(|(token, class)| {
        token.shape == Shape::Capital
            && class & words::PERSON == 0
            && (token.facts.last() > 0 || !token.facts.known())
    });
    if surname {
        return false;
    }
    let article = at > 0 && token.gap == Gap::Space && has(&sets.articles, view.tokens[at - 1].id);
    article
        || of_person(view, at, true)
        || of_somebody(view, at, at)
        || token.opens
            && !after.is_some_and(|(token, class)| class & words::SAY != 0 || has(&sets.speech, token.id))
            && after.is_some_and(|(token, _)| token.facts.word() > 0)
}

/// Worship where somebody goes to it: `went to mass`.
pub fn mass(view: &View, at: usize, last: usize) -> bool {
    let token = &view.tokens[at];
    let after = next(view, last);
    at > 0
        && token.gap == Gap::Space
        && has(&sets().before_mass, view.tokens[at - 1].id)
        && after.is_none_or(|(token, _)| {
            has(&sets().follows, token.id)
                || ["on", "this", "today", "tonight", "every", "yesterday", "together", "last"]
                    .contains(&view.word(token))
        })
}

/// A time of fasting that is kept, or has a capital: `for lent`.
pub fn lent(view: &View, at: usize, last: usize) -> bool {
    let token = &view.tokens[at];
    let after = next(view, last);
    let capital = token.shape != Shape::Lower;
    let kept = at > 0
        && token.gap == Gap::Space
        && token_is(view, at - 1, &["for", "during", "of", "until", "holy", "take", "took", "taking"]);
    (kept || capital && !token.opens && !view.shouting && !view.titled)
        && after.is_none_or(|(token, class)| {
            class & (words::SUBJECT | words::THIRD) == 0
                && !["my", "me", "out", "to", "an", "a", "the", "some", "with"].contains(&view.word(token))
        })
}
