//! Numbers that are said of somebody.

use super::super::super::token::{Gap, Shape};
use super::super::super::words;
use super::super::super::{Found, View};
use super::super::beside::{closes, closes_loosely, is};
use super::super::number::number;
use super::super::span;
use super::Number;
use super::somebody;

/// After a subject and its verb: `he's only 9`, `my dad was 60`, `she'll be 40`, `I feel 80`.
pub fn said_of(view: &View, number_at: &Number) -> Option<(usize, Found)> {
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
