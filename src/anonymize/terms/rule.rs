//! When a term counts.

use super::super::View;
use super::super::token::{Gap, Shape};
use super::super::words;
use super::said::{next, of_person, of_somebody};
use super::sets::{has, sets};
use super::{list, token_is, worship};

/// When a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Always.
    Any,
    /// But before food, music, markets: `Asian market`.
    Ethnic,
    /// Only of people: before a word for a person.
    Colour,
    /// Of people, or said of somebody: `I'm Polish`.
    Nation,
    /// Like a nation, and some are other words in small letters: `poles`.
    People,
    /// Said of somebody, or before a word for a person: `she's blind`.
    Subject,
    /// After `my`, `his`, `a`: `my stutter`.
    Own,
    /// Of a member, with a capital or said of somebody: `a Quaker`.
    Member,
    Christian,
    Gay,
    Straight,
    Men,
    Man,
    Sex,
    /// Houses of worship: `our temple`, not `Temple Street` or `my temples hurt`.
    House,
    /// Who leads worship, but as a title: `the pastor`, not `Pastor Dave`.
    Clergy,
    /// Worship where it is gone to: `went to mass`, not `mass of people`.
    Mass,
    /// A time of fasting, with a capital or kept: `for lent`, not `lent me`.
    Lent,
    /// Who came from elsewhere, where no nation says so already: not in `Somali refugees`.
    Migrant,
    /// One of a people, after an article: `a Finn`, not `Finn`.
    Demonym,
    /// In capitals only: `ALS`.
    Upper,
    /// What somebody has, in capitals if it is short: `I have MS`, `living with bipolar`.
    Ill,
}

pub fn rule(name: &str) -> Option<Rule> {
    Some(match name {
        "any" => Rule::Any,
        "ethnic" => Rule::Ethnic,
        "colour" => Rule::Colour,
        "nation" => Rule::Nation,
        "people" => Rule::People,
        "subject" => Rule::Subject,
        "own" => Rule::Own,
        "member" => Rule::Member,
        "christian" => Rule::Christian,
        "gay" => Rule::Gay,
        "straight" => Rule::Straight,
        "men" => Rule::Men,
        "man" => Rule::Man,
        "sex" => Rule::Sex,
        "house" => Rule::House,
        "clergy" => Rule::Clergy,
        "mass" => Rule::Mass,
        "lent" => Rule::Lent,
        "migrant" => Rule::Migrant,
        "demonym" => Rule::Demonym,
        "upper" => Rule::Upper,
        "ill" => Rule::Ill,
        _ => return None,
    })
}

pub fn applies(view: &View, at: usize, last: usize, rule: Rule) -> bool {
    let sets = sets();
    let token = &view.tokens[at];
    let after = next(view, last);
    let next_in = |set: &[u32]| after.is_some_and(|(token, _)| has(set, token.id));
    let capital = token.shape != Shape::Lower;
    match rule {
        Rule::Any => true,
        Rule::Ethnic => after.is_none_or(|(_, class)| class & words::THING == 0),
        Rule::Colour => of_person(view, last, false) || colour_predicate(view, at, last),
        Rule::Nation => {
            if !capital && has(&sets.capital_only, token.id) {
                return false;
            }
            let direct = of_person(view, last, true);
            let music = after.is_some_and(|(_, class)| class & words::THING != 0);
            let half = at > 0 && token.gap == Gap::Space && token_is(view, at - 1, &["half", "part"]);
            let nation = at > 0
                && capital
                && token_is(view, at - 1, &["the"])
                && after.is_some_and(|(token, class)| {
                    class & words::BE != 0
                        || ["have", "love", "know", "do", "always", "never", "really", "hate"]
                            .contains(&view.word(token))
                });
            !music && (nation || direct || half || of_somebody(view, at, last) && !speaks(view, at))
        }
        Rule::People => capital || !has(&sets.capital_only, token.id),
        Rule::Subject => {
            // `blind since birth`
            let since = token_is(view, last + 1, &["since"])
                || token_is(view, last + 1, &["from"])
                    && (token_is(view, last + 2, &["birth"])
                        || token_is(view, last + 3, &["waist", "neck", "chest", "knees"]))
                || token_is(view, last + 1, &["in"])
                    && token_is(view, last + 2, &["one", "both", "my", "her", "his"])
                    && token_is(view, last + 3, &["eye", "eyes", "ear", "ears"]);
            since || !next_in(&sets.blind_to) && (of_person(view, last, false) || of_somebody(view, at, last))
        }
        Rule::Own => {
            // `a limp carpet`, `my cane chair`
            let alone = !token_is(view, at, &["limp", "cane"])
                || after.is_none_or(|(token, class)| {
                    has(&sets.follows, token.id) || class & (words::BE | words::VERB) != 0
                });
            alone && at > 0 && token.gap == Gap::Space && has(&sets.owners, view.tokens[at - 1].id)
        }
        Rule::Member => {
            !after.is_some_and(|(token, _)| view.word(token).eq_ignore_ascii_case("oats"))
                && (of_person(view, last, true)
                    || of_somebody(view, at, last)
                    || capital && at > 0 && !token.opens && !token_is(view, at, &["orthodox"]))
        }
        Rule::Christian => worship::christian(view, at),
        Rule::Gay => {
            let short = token.end - token.start <= 2;
            // `that's gay`, as people said of what they disliked.
            let scorn = at > 0
                && after.is_none()
                && (token_is(view, at - 1, &["thats", "its"])
                    || view.tokens[at - 1].after > view.tokens[at - 1].end
                        && token_is(view, at - 1, &["that", "it"]));
            !scorn
                && !next_in(&sets.gay_no)
                && (!short || of_person(view, last, false) || of_somebody(view, at, last))
                && !(capital
                    && !token.opens
                    && token.facts.last() > 0
                    && at > 0
                    && view.tokens[at - 1].facts.first() >= 3
                    && view.tokens[at - 1].shape == Shape::Capital)
        }
        Rule::Straight => of_person(view, last, false) || of_somebody(view, at, last),
        Rule::Men => {
            let room = token.after > token.end
                && after.is_some_and(|(token, _)| {
                    ["room", "rooms", "department", "section", "bathroom", "restroom", "wear"]
                        .contains(&view.word(token))
                });
            let prefix = at > 0
                && (token_is(
                    view,
                    at - 1,
                    &["x", "hit", "con", "mad", "yes", "my", "of", "stunt", "three", "two", "twelve"],
                ) || token.gap == Gap::Glue);
            !room && !prefix
        }
        Rule::Man => {
            let article = at > 0 && token.gap == Gap::Space && token_is(view, at - 1, &["a"]);
            article
                && at > 1
                && (token_is(view, at - 2, &["as", "being", "i'm", "becoming"])
                    || token_is(view, at - 2, &["am"]))
                && after.is_none_or(|(_, class)| class & words::PERSON == 0)
        }
        Rule::Sex => !next_in(&sets.plugs),
        Rule::House => worship::house(view, at, last),
        Rule::Clergy => worship::clergy(view, at, last),
        Rule::Mass => worship::mass(view, at, last),
        Rule::Lent => worship::lent(view, at, last),
        Rule::Migrant => {
            let told = at > 0 && token.gap == Gap::Space && {
                let before = &view.tokens[at - 1];
                before.facts.other() || list().first.get(before.id) > 0
            };
            !told && after.is_none_or(|(_, class)| class & words::THING == 0)
        }
        Rule::Demonym => {
            let one = at > 0
                && token.gap == Gap::Space
                && token_is(view, at - 1, &["a", "an", "one", "another", "some", "this", "that", "fellow"]);
            let ends = after.is_none_or(|(token, class)| {
                class & (words::BE | words::VERB | words::HUMAN | words::SAY) != 0
                    || has(&sets.follows, token.id)
            });
            capital && ends && (one || of_somebody(view, at, last) && !speaks(view, at))
        }
        Rule::Upper => token.shape == Shape::Upper && !view.shouting,
        Rule::Ill => {
            let had = at > 1
                && token.gap == Gap::Space
                && (token_is(view, at - 1, &["have", "has", "had", "having", "with", "got", "undiagnosed"])
                    && view.tokens[at - 1].gap == Gap::Space
                    && token_is(
                        view,
                        at - 2,
                        &[
                            "i",
                            "he",
                            "she",
                            "they",
                            "who",
                            "we",
                            "i've",
                            "he's",
                            "she's",
                            "also",
                            "both",
                            "people",
                            "person",
                            "someone",
                            "living",
                            "live",
                            "lives",
                            "diagnosed",
                            "mom",
                            "mum",
                            "dad",
                            "sister",
                            "brother",
                            "wife",
                            "husband",
                            "son",
                            "daughter",
                            "friend",
                            "aunt",
                            "uncle",
                            "cousin",
                            "may",
                        ],
                    )
                    || token_is(view, at - 1, &["my", "her", "his"]));
            let written = token.end - token.start > 3 || token.shape == Shape::Upper && !view.shouting;
            let ends = after.is_none_or(|(token, _)| {
                has(&sets.follows, token.id)
                    || token_is(
                        view,
                        last + 1,
                        &["is", "was", "since", "diagnosis", "flare", "meds", "and", "has"],
                    )
            });
            had && written && ends
        }
    }
}

/// `I'm black and proud`, `being white`; not `it's black`.
fn colour_predicate(view: &View, at: usize, last: usize) -> bool {
    of_somebody(view, at, last) && at > 0 && {
        let before = at - 1;
        view.classes[before] & (words::OF_ME | words::SUBJECT) != 0
            || token_is(view, before, &["being"])
            || before > 0
                && view.classes[before] & words::BE != 0
                && view.classes[before - 1] & words::SUBJECT != 0
            || before > 0 && token_is(view, before, &["half", "part", "not", "also"])
    }
}

/// `I'm speaking Polish`: a language.
fn speaks(view: &View, at: usize) -> bool {
    at > 0 && token_is(view, at - 1, &["speak", "speaks", "speaking", "learning", "studying", "in"])
}
