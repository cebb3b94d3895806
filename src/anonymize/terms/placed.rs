//! A term where it stands, and what the words around it make of it.

use super::super::View;
use super::super::token::{Gap, Shape, Token};
use super::super::words;
use super::said::{next, of_person, of_somebody};
use super::sets::{has, sets};
use super::{list, token_is};

/// A term where it stands.
pub struct Placed<'a> {
    view: &'a View<'a>,
    /// Its first word and its last.
    at: usize,
    last: usize,
    token: &'a Token,
    /// The word after it in the same sentence, with its classes.
    after: Option<(&'a Token, u32)>,
    /// It is not in small letters.
    capital: bool,
}

impl<'a> Placed<'a> {
    pub fn new(view: &'a View<'a>, at: usize, last: usize) -> Self {
        let token = &view.tokens[at];
        Self { view, at, last, token, after: next(view, last), capital: token.shape != Shape::Lower }
    }

    /// Whether a word of such a class follows.
    pub fn is_before(&self, class: u32) -> bool {
        self.after.is_some_and(|(_, of)| of & class != 0)
    }

    pub fn is_before_one_of(&self, set: &[u32]) -> bool {
        self.after.is_some_and(|(token, _)| has(set, token.id))
    }

    /// Whether so many words before it stands one of these.
    fn is_behind(&self, back: usize, of: &[&str]) -> bool {
        self.at >= back && token_is(self.view, self.at - back, of)
    }

    /// The same where nothing but a space is between.
    fn is_right_behind(&self, of: &[&str]) -> bool {
        self.token.gap == Gap::Space && self.is_behind(1, of)
    }

    /// Whether so many words after it stands one of these.
    fn goes_on(&self, ahead: usize, of: &[&str]) -> bool {
        token_is(self.view, self.last + ahead, of)
    }

    fn is_said_of_somebody(&self) -> bool {
        of_somebody(self.view, self.at, self.last)
    }

    fn is_before_person(&self, loose: bool) -> bool {
        of_person(self.view, self.last, loose)
    }

    /// `poles` in small letters are sticks.
    pub fn has_its_capital(&self) -> bool {
        self.capital || !has(&sets().capital_only, self.token.id)
    }

    /// In capitals, where not all is.
    pub fn is_written_large(&self) -> bool {
        self.token.shape == Shape::Upper && !self.view.shouting
    }

    /// `I'm black and proud`, `being white`; not `it's black`.
    pub fn is_colour_of_somebody(&self) -> bool {
        let classes = &self.view.classes;
        self.is_said_of_somebody()
            && self.at > 0
            && (classes[self.at - 1] & (words::OF_ME | words::SUBJECT) != 0
                || self.is_behind(1, &["being"])
                || self.at > 1
                    && (classes[self.at - 1] & words::BE != 0 && classes[self.at - 2] & words::SUBJECT != 0
                        || self.is_behind(1, &["half", "part", "not", "also"])))
    }

    /// `I'm speaking Polish`: a language.
    fn is_spoken(&self) -> bool {
        self.is_behind(1, &["speak", "speaks", "speaking", "learning", "studying", "in"])
    }

    pub fn is_nation(&self) -> bool {
        // `the Dutch are`
        let people = self.capital
            && self.is_behind(1, &["the"])
            && self.after.is_some_and(|(token, class)| {
                class & words::BE != 0
                    || ["have", "love", "know", "do", "always", "never", "really", "hate"]
                        .contains(&self.view.word(token))
            });
        self.has_its_capital()
            && !self.is_before(words::THING)
            && (people
                || self.is_before_person(true)
                || self.is_right_behind(&["half", "part"])
                || self.is_said_of_somebody() && !self.is_spoken())
    }

    pub fn is_of_subject(&self) -> bool {
        // `blind since birth`, `paralysed from the waist`, `deaf in one ear`
        let since = self.goes_on(1, &["since"])
            || self.goes_on(1, &["from"])
                && (self.goes_on(2, &["birth"]) || self.goes_on(3, &["waist", "neck", "chest", "knees"]))
            || self.goes_on(1, &["in"])
                && self.goes_on(2, &["one", "both", "my", "her", "his"])
                && self.goes_on(3, &["eye", "eyes", "ear", "ears"]);
        since
            || !self.is_before_one_of(&sets().blind_to)
                && (self.is_before_person(false) || self.is_said_of_somebody())
    }

    pub fn is_own(&self) -> bool {
        // `a limp carpet`, `my cane chair`
        let alone = !token_is(self.view, self.at, &["limp", "cane"]) || self.ends(words::BE | words::VERB);
        alone
            && self.at > 0
            && self.token.gap == Gap::Space
            && has(&sets().owners, self.view.tokens[self.at - 1].id)
    }

    /// Whether nothing follows that it could belong to: the end, a word that goes on, or one of such a class.
    fn ends(&self, class: u32) -> bool {
        self.after.is_none_or(|(token, of)| has(&sets().follows, token.id) || of & class != 0)
    }

    pub fn is_member(&self) -> bool {
        let oats = self.after.is_some_and(|(token, _)| self.view.word(token).eq_ignore_ascii_case("oats"));
        let named =
            self.capital && self.at > 0 && !self.token.opens && !token_is(self.view, self.at, &["orthodox"]);
        !oats && (self.is_before_person(true) || self.is_said_of_somebody() || named)
    }

    pub fn is_gay(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| &self.view.tokens[at]);
        // `that's gay`, as people said of what they disliked.
        let scorn = self.after.is_none()
            && (self.is_behind(1, &["thats", "its"])
                || before.is_some_and(|before| before.after > before.end)
                    && self.is_behind(1, &["that", "it"]));
        let short = self.token.end - self.token.start <= 2;
        let surname = self.capital
            && !self.token.opens
            && self.token.facts.last() > 0
            && before.is_some_and(|before| before.facts.first() >= 3 && before.shape == Shape::Capital);
        !scorn
            && !surname
            && !self.is_before_one_of(&sets().gay_no)
            && (!short || self.is_before_person(false) || self.is_said_of_somebody())
    }

    pub fn is_men(&self) -> bool {
        let room = self.token.after > self.token.end
            && self.after.is_some_and(|(token, _)| {
                ["room", "rooms", "department", "section", "bathroom", "restroom", "wear"]
                    .contains(&self.view.word(token))
            });
        let others = ["x", "hit", "con", "mad", "yes", "my", "of", "stunt", "three", "two", "twelve"];
        !room && !self.is_behind(1, &others) && (self.at == 0 || self.token.gap != Gap::Glue)
    }

    pub fn is_man(&self) -> bool {
        self.is_right_behind(&["a"])
            && self.is_behind(2, &["as", "being", "i'm", "becoming", "am"])
            && !self.is_before(words::PERSON)
    }

    /// Whether the word before says already where somebody is from: `Somali refugees`.
    pub fn is_behind_nation(&self) -> bool {
        self.at > 0 && self.token.gap == Gap::Space && {
            let before = &self.view.tokens[self.at - 1];
            before.facts.other() || list().first.get(before.id) > 0
        }
    }

    pub fn is_demonym(&self) -> bool {
        let one = self.is_right_behind(&["a", "an", "one", "another", "some", "this", "that", "fellow"]);
        self.capital
            && self.ends(words::BE | words::VERB | words::HUMAN | words::SAY)
            && (one || self.is_said_of_somebody() && !self.is_spoken())
    }

    /// `I have MS`, `my bipolar is back`
    pub fn is_illness(&self) -> bool {
        let view = self.view;
        let had = self.at > 1
            && self.token.gap == Gap::Space
            && (self.is_behind(1, &["have", "has", "had", "having", "with", "got", "undiagnosed"])
                && view.tokens[self.at - 1].gap == Gap::Space
                && has(&sets().patients, view.tokens[self.at - 2].id)
                || self.is_behind(1, &["my", "her", "his"]));
        let written = self.token.end - self.token.start > 3 || self.is_written_large();
        let ends = self.after.is_none()
            || self.is_before_one_of(&sets().follows)
            || self.goes_on(1, &["is", "was", "since", "diagnosis", "flare", "meds", "and", "has"]);
        had && written && ends
    }
}
