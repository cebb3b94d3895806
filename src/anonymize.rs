//! Finds what tells of a person in a text, and takes it out.
//!
//! Structured kinds come first, by validated patterns; then terms of identity with rules for what stands
//! beside them; then names, by a score. What an earlier step found, a later one leaves alone.
//! Pure: no I/O, no clock, no state between texts. `docs/anonymize.md` says what is found and what is missed.

mod accounts;
mod addresses;
mod age;
mod around;
mod carried;
mod category;
mod digits;
mod identity;
pub mod lexicon;
mod masks;
pub mod names;
mod neighbours;
mod network;
mod numbers;
mod parts;
mod phones;
mod phrases;
mod policy;
mod pseudonym;
mod replace;
mod second;
mod sought;
mod spelled;
mod terms;
mod token;
mod words;

pub use carried::{found_again, over};
pub use category::{Action, Category};
pub use masks::{Adopted, adopt};
pub use policy::{KeyMissing, Policy, Preset};
pub use replace::{Outcome, Span};
pub use second::{Seen, Sight, sight};
pub use sought::{Sought, TAKEN_OUT};

use pseudonym::Pseudonyms;
use token::{Shape, Token, tokens};

/// Something found, in bytes of the text looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub start: usize,
    pub end: usize,
    pub category: Category,
}

impl Found {
    fn new(start: usize, end: usize, category: Category) -> Self {
        Self { start, end, category }
    }
}

/// A text's words, and what is known of each.
pub struct View<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token>,
    classes: Vec<u32>,
    /// Words that something was found in already, or that a mask is made of.
    taken: Vec<bool>,
    /// Most of it is written in capitals.
    shouting: bool,
    /// Written Like A Headline.
    titled: bool,
}

impl<'a> View<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut list = Vec::with_capacity(text.len() / 5 + 1);
        tokens(text, &mut list);
        let classes = list.iter().map(|token| words::classes(token.id)).collect();
        let (mut upper, mut capital, mut lower) = (0, 0, 0);
        for token in list.iter().filter(|token| token.end - token.start > 1) {
            match token.shape {
                Shape::Upper => upper += 1,
                Shape::Capital => capital += 1,
                Shape::Lower => lower += 1,
            }
        }
        let taken = vec![false; list.len()];
        let mut view = Self {
            text,
            tokens: list,
            classes,
            taken,
            shouting: upper >= 3 && upper > capital + lower,
            titled: capital >= 4 && capital > 2 * lower,
        };
        view.protect();
        view
    }

    fn word(&self, token: &Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    /// Masks of an earlier pass are no words: `[NAME]`, `Person A`.
    fn protect(&mut self) {
        for at in 0..self.tokens.len() {
            let token = self.tokens[at];
            let word = self.word(&token);
            if self.text[..token.start].ends_with('[')
                && self.text[token.end..].starts_with(']')
                && Category::parse(word).is_some()
            {
                self.taken[at] = true;
            }
            if word == "Person"
                && let Some(next) = self.tokens.get(at + 1)
            {
                let letters = self.word(next);
                if &self.text[token.end..next.start] == " "
                    && letters.len() <= 3
                    && letters.bytes().all(|byte| byte.is_ascii_uppercase())
                {
                    self.taken[at] = true;
                    self.taken[at + 1] = true;
                }
            }
        }
    }

    fn take(&mut self, found: &[Found]) {
        let mut at = 0;
        for span in found {
            while at < self.tokens.len() && self.tokens[at].end <= span.start {
                at += 1;
            }
            let mut inside = at;
            while inside < self.tokens.len() && self.tokens[inside].start < span.end {
                self.taken[inside] = true;
                inside += 1;
            }
        }
    }
}

/// Everything found in a text, in order, without overlaps.
pub fn detect(text: &str) -> Vec<Found> {
    detect_in(&mut View::new(text))
}

/// The same, with what is taken marked in the view before names are looked for.
fn detect_in(view: &mut View) -> Vec<Found> {
    let text = view.text;
    let mut found = Vec::new();
    let (mut signs, mut digits) = (false, false);
    for &byte in text.as_bytes() {
        signs |= matches!(byte, b'@' | b'.' | b'/' | b'#');
        digits |= byte.is_ascii_digit();
    }
    if signs {
        addresses::find(text, &mut found);
    }
    spelled::find(text, &mut found);
    if digits || text.contains("::") {
        numbers::find(text, &mut found);
    }
    settle(&mut found);
    view.take(&found);
    let from = found.len();
    accounts::find(view, &mut found);
    view.take(&found[from..]);
    phrases::take(view);
    let from = found.len();
    terms::find(view, &mut found);
    view.take(&found[from..]);
    let from = found.len();
    age::find(view, &mut found);
    view.take(&found[from..]);
    let from = found.len();
    names::find(view, &mut found);
    // Who is `Person A` has been taken out already.
    for (start, letters) in replace::persons(text) {
        let end = start + replace::PERSON.len() + letters.len();
        let mut at = 0;
        found.retain(|span| {
            at += 1;
            at <= from || span.start < start || span.end > end
        });
    }
    settle(&mut found);
    found
}

/// Puts spans in order; of two that overlap the earlier one stays, of two that begin alike the longer.
fn settle(found: &mut Vec<Found>) {
    found.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    found.retain(|span| {
        let keep = span.start >= end && span.end > span.start;
        if keep {
            end = span.end;
        }
        keep
    });
}

/// How often a text is gone through at most; every text of GoEmotions settles before that.
const MOST_PASSES: usize = 12;

#[derive(Debug)]
/// A policy made ready: what the config or the command line asks for.
pub struct Anonymizer {
    policy: Policy,
    pseudonyms: Option<Pseudonyms>,
    /// Whether what is in doubt is taken for a name.
    closed: bool,
}

impl Anonymizer {
    /// `secret` keys the pseudonyms.
    ///
    /// # Errors
    /// When the policy asks for pseudonyms and there is no secret.
    pub fn new(policy: Policy, secret: Option<&str>) -> Result<Self, KeyMissing> {
        let pseudonyms =
            match (policy.asks_for(Action::Pseudonym), secret.filter(|secret| !secret.is_empty())) {
                (true, None) => return Err(KeyMissing),
                (true, Some(secret)) => Some(Pseudonyms::new(secret)),
                (false, _) => None,
            };
        Ok(Self { policy, pseudonyms, closed: false })
    }

    /// The same, which takes whatever is in doubt for a name: for where somebody is asked about names in doubt,
    /// and texts that nobody was asked about.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { closed: true, ..self }
    }

    /// Whether somebody has to be asked about names in doubt.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Leaves every text as it is and records nothing.
    pub fn off() -> Self {
        Self { policy: Preset::Off.into(), pseudonyms: None, closed: false }
    }

    /// What is done with each category.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether it leaves every text as it is and records nothing.
    pub fn is_off(&self) -> bool {
        self.policy.is_off()
    }

    /// What the policy makes of a text. The same text comes out the same, whatever came before it.
    pub fn apply(&self, text: &str) -> Outcome {
        if self.policy.is_off() {
            return Outcome { text: text.to_owned(), spans: Vec::new(), dropped: None };
        }
        self.settled(text).1
    }

    fn found(&self, text: &str) -> Vec<Found> {
        match self.closed {
            true => sight(text).closed(),
            false => detect(text),
        }
    }

    /// What the policy makes of a text in which this was found, in order and without overlaps. Nothing more
    /// is looked for: who found it may have left something out on purpose.
    pub fn apply_to(&self, text: &str, mut found: Vec<Found>) -> Outcome {
        found.retain(|span| self.policy.action(span.category) != Action::Keep);
        replace::apply(text, &found, &self.policy, self.pseudonyms.as_ref()).outcome
    }

    /// What the policy would act on, in characters of the text as it is.
    pub fn spans(&self, text: &str) -> Vec<Span> {
        if self.policy.is_off() {
            return Vec::new();
        }
        self.spans_of(text, self.settled(text).0)
    }

    /// All that the policy acts on in a text, and what it makes of it.
    ///
    /// A mask stands beside other words than what it stands for, so that rules may see something that they
    /// did not see before. It is looked for in what was made of the text until nothing more is found; what
    /// is then is found again in the text as it was, so that persons and offsets are of one piece.
    fn settled(&self, text: &str) -> (Vec<Found>, Outcome) {
        let policy = &self.policy;
        let apply = |found: &[Found]| replace::apply(text, found, policy, self.pseudonyms.as_ref());
        let mut found = self.found(text);
        found.retain(|span| policy.action(span.category) != Action::Keep);
        let mut done = apply(&found);
        for _ in 1..MOST_PASSES {
            if !found.iter().any(|span| policy.action(span.category).changes()) {
                break;
            }
            let mut more = self.found(&done.outcome.text);
            more.retain(|span| policy.action(span.category).changes());
            if !done.take_in(&more, &mut found, policy) {
                break;
            }
            done = apply(&found);
        }
        (found, done.outcome)
    }

    /// The same of what was found.
    pub fn spans_of(&self, text: &str, mut found: Vec<Found>) -> Vec<Span> {
        found.retain(|span| self.policy.action(span.category) != Action::Keep);
        replace::located(text, &found, &self.policy)
    }
}

#[cfg(test)]
mod tests;
