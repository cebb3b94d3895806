//! From what was found to the new text and its spans.

use super::Found;
use super::category::{Action, Category};
use super::lexicon::fold;
use super::policy::Policy;
use super::pseudonym::Pseudonyms;
use super::token::tokens;

/// Something that was acted on. Never what stood there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// In characters (Unicode scalar values).
    pub start: usize,
    pub end: usize,
    pub category: Category,
    pub action: Action,
}

impl Span {
    /// As it stands in a row.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "start": self.start,
            "end": self.end,
            "category": self.category.name(),
            "action": self.action.name(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub text: String,
    /// In order; offsets are of the new text.
    pub spans: Vec<Span>,
    /// Why the whole text goes: a category whose action is `drop`, or whose masks left nothing to read.
    pub dropped: Option<Category>,
}

/// Fewer words than this beside its masks, and a text says nothing any more.
const LEAST_LEFT: usize = 3;

pub fn apply(text: &str, found: &[Found], policy: &Policy, pseudonyms: Option<&Pseudonyms>) -> Outcome {
    let mut out = String::with_capacity(text.len() + 16);
    let mut spans = Vec::with_capacity(found.len());
    let mut people = People::new(text, found, policy);
    let (mut from, mut count) = (0, 0);
    let mut dropped = None;
    for span in found {
        let kept = &text[from..span.start];
        out.push_str(kept);
        count += kept.chars().count();
        let start = count;
        let original = &text[span.start..span.end];
        let action = policy.action(span.category);
        let at = out.len();
        match action {
            Action::Keep | Action::Tag | Action::Drop => out.push_str(original),
            Action::Mask => out.push_str(span.category.mask()),
            Action::Person => out.push_str(&people.label(original)),
            Action::Pseudonym => match pseudonyms {
                Some(pseudonyms) => out.push_str(&pseudonyms.of(original)),
                None => out.push_str(span.category.mask()),
            },
        }
        count += out[at..].chars().count();
        if action == Action::Drop && dropped.is_none() {
            dropped = Some(span.category);
        }
        spans.push(Span { start, end: count, category: span.category, action });
        from = span.end;
    }
    out.push_str(&text[from..]);
    if dropped.is_none() && policy.drop_emptied {
        dropped = emptied(text, found, policy);
    }
    Outcome { text: out, spans, dropped }
}

/// The spans of a text that stays as it is.
pub fn located(text: &str, found: &[Found], policy: &Policy) -> Vec<Span> {
    let (mut from, mut count) = (0, 0);
    found
        .iter()
        .map(|span| {
            count += text[from..span.start].chars().count();
            let start = count;
            count += text[span.start..span.end].chars().count();
            from = span.end;
            Span { start, end: count, category: span.category, action: policy.action(span.category) }
        })
        .collect()
}

/// The category that takes away what an identity's text is about.
fn emptied(text: &str, found: &[Found], policy: &Policy) -> Option<Category> {
    let identity =
        found.iter().find(|span| span.category.identity() && policy.action(span.category) == Action::Mask)?;
    let mut words = Vec::new();
    tokens(text, &mut words);
    // Both are in order, and few words decide it.
    let mut spans = found.iter().filter(|span| policy.action(span.category) != Action::Tag).peekable();
    let left = words
        .iter()
        .filter(|word| {
            while spans.next_if(|span| span.end <= word.start).is_some() {}
            spans.peek().is_none_or(|span| word.start < span.start)
        })
        .take(LEAST_LEFT)
        .count();
    (left < LEAST_LEFT).then_some(identity.category)
}

/// Who is who in one text.
struct People {
    /// The folded words of each, in order of first mention.
    known: Vec<Vec<Vec<u8>>>,
    /// Letters that the text uses already.
    used: Vec<String>,
}

impl People {
    fn new(text: &str, found: &[Found], policy: &Policy) -> Self {
        let any = found.iter().any(|span| policy.action(span.category) == Action::Person);
        let used = if any && text.contains("Person ") {
            text.split("Person ")
                .skip(1)
                .filter_map(|rest| {
                    let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
                    (letters > 0).then(|| rest[..letters].to_owned())
                })
                .collect()
        } else {
            Vec::new()
        };
        Self { known: Vec::new(), used }
    }

    /// `Person A`; a name that shares its first or last word with one before is the same person.
    fn label(&mut self, name: &str) -> String {
        let mut words = Vec::new();
        tokens(name, &mut words);
        let parts: Vec<Vec<u8>> = words
            .iter()
            .map(|word| {
                let mut folded = Vec::new();
                fold(&name[word.start..word.end], &mut folded);
                folded
            })
            .collect();
        let same = |known: &Vec<Vec<u8>>| {
            known == &parts
                || (known.len() == 1) != (parts.len() == 1)
                    && (known.first() == parts.first() || known.last() == parts.last())
        };
        let place = match self.known.iter().position(same) {
            Some(place) => {
                if self.known[place].len() < parts.len() {
                    self.known[place] = parts;
                }
                place
            }
            None => {
                self.known.push(parts);
                self.known.len() - 1
            }
        };
        let letters = (0..).map(letters).filter(|letters| !self.used.contains(letters)).nth(place);
        format!("Person {}", letters.unwrap_or_default())
    }
}

/// A, B … Z, AA, AB …
pub(super) fn letters(mut number: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            break;
        }
        number -= 1;
    }
    letters.iter().rev().collect()
}
