//! From what was found to the new text and its spans.

use std::collections::{HashMap, HashSet};

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
    /// What may be shown; of a text that goes as a whole too, with masks for what it goes for.
    pub text: String,
    /// In order; offsets are of the new text.
    pub spans: Vec<Span>,
    /// Why the whole text goes: a category whose action is `drop`, or whose masks left nothing to read.
    pub dropped: Option<Category>,
}

/// What stands before the letters of somebody whose name is not to be known.
pub(super) const PERSON: &str = "Person ";

/// Fewer words than this beside its masks, and a text says nothing any more.
const LEAST_LEFT: usize = 3;

/// A text with what was found in it replaced.
pub struct Replaced {
    pub outcome: Outcome,
    /// Where in bytes of the new text each stands that was found.
    places: Vec<(usize, usize)>,
}

pub fn apply(text: &str, found: &[Found], policy: &Policy, pseudonyms: Option<&Pseudonyms>) -> Replaced {
    let mut out = String::with_capacity(text.len() + 16);
    let mut spans = Vec::with_capacity(found.len());
    let mut places = Vec::with_capacity(found.len());
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
            Action::Keep | Action::Tag => out.push_str(original),
            // A text that goes is shown among the rejects still.
            Action::Mask | Action::Drop => out.push_str(span.category.mask()),
            Action::Person => out.push_str(people.label(original)),
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
        places.push((at, out.len()));
        from = span.end;
    }
    out.push_str(&text[from..]);
    if dropped.is_none() && policy.drop_emptied {
        dropped = emptied(text, found, policy);
    }
    Replaced { outcome: Outcome { text: out, spans, dropped }, places }
}

impl Replaced {
    /// Takes in what was found in the new text, as places of the text before; `false` where it is nothing new.
    ///
    /// What lies within a replacement is that replacement, found again. What reaches beyond one takes the
    /// whole of it along.
    pub fn take_in(&self, more: &[Found], found: &mut Vec<Found>, policy: &Policy) -> bool {
        let mut wider: Vec<Found> = Vec::new();
        let mut first = 0;
        for span in more {
            while first < found.len() && self.places[first].1 <= span.start {
                first += 1;
            }
            let mut last = first;
            let mut again = false;
            while last < found.len() && self.places[last].0 < span.end {
                again |= policy.action(found[last].category).changes()
                    && self.places[last].0 <= span.start
                    && span.end <= self.places[last].1;
                last += 1;
            }
            if again {
                continue;
            }
            let within = first < last && span.end < self.places[last - 1].1;
            let start = self.before(span.start, first, found, policy).0;
            let end = self.before(span.end, if within { last - 1 } else { last }, found, policy).1;
            match wider.last_mut() {
                Some(before) if start < before.end => before.end = before.end.max(end),
                _ => wider.push(Found { start, end, ..*span }),
            }
        }
        if wider.is_empty() {
            return false;
        }
        // Of those that overlap the wider one stays, which is the new one.
        let mut at = 0;
        found.retain(|span| {
            while at < wider.len() && wider[at].end <= span.start {
                at += 1;
            }
            wider.get(at).is_none_or(|other| span.end <= other.start)
        });
        found.append(&mut wider);
        super::settle(found);
        true
    }

    /// From where to where a place of the new text was in the text before; `next` is the replacement around it,
    /// or the next one.
    fn before(&self, at: usize, next: usize, found: &[Found], policy: &Policy) -> (usize, usize) {
        if let Some((start, _)) = self.places.get(next).filter(|(start, _)| *start < at) {
            let span = found[next];
            return match policy.action(span.category).changes() {
                true => (span.start, span.end),
                false => (span.start + at - start, span.start + at - start),
            };
        }
        // What stands between two is moved by as much as the one before it grew.
        let (was, is) =
            next.checked_sub(1).map_or((0, 0), |before| (found[before].end, self.places[before].1));
        (was + (at - is), was + (at - is))
    }
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
    let mut masked = found.iter().filter(|span| policy.action(span.category) != Action::Tag).peekable();
    let mut left = 0;
    for word in &words {
        // Both stand in order.
        while masked.next_if(|span| span.end <= word.start).is_some() {}
        left += usize::from(masked.peek().is_none_or(|span| word.start < span.start));
        if left == LEAST_LEFT {
            return None;
        }
    }
    Some(identity.category)
}

/// Who is who in one text.
struct People {
    /// Whose name is written so: by its folded words.
    whole: HashMap<Vec<Vec<u8>>, usize>,
    /// By the one word that is all that is known of somebody's name.
    single: HashMap<Vec<u8>, usize>,
    /// By the first and by the last of several words; the first who was called so.
    first: HashMap<Vec<u8>, usize>,
    last: HashMap<Vec<u8>, usize>,
    /// What each is called, in order of first mention.
    labels: Vec<String>,
    /// Letters that the text uses already.
    used: HashSet<String>,
    /// The number of the next letters to be given.
    next: usize,
}

/// Every `Person A` that stands in a text: where it begins, and its letters.
pub(super) fn persons(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices(PERSON).filter_map(|(start, _)| {
        let rest = &text[start + PERSON.len()..];
        let letters = rest.bytes().take_while(u8::is_ascii_uppercase).count();
        (letters > 0).then(|| (start, &rest[..letters]))
    })
}

/// The letters that a text uses already.
pub(super) fn used(text: &str) -> HashSet<String> {
    persons(text).map(|(_, letters)| letters.to_owned()).collect()
}

impl People {
    fn new(text: &str, found: &[Found], policy: &Policy) -> Self {
        let any = found.iter().any(|span| policy.action(span.category) == Action::Person);
        Self {
            whole: HashMap::new(),
            single: HashMap::new(),
            first: HashMap::new(),
            last: HashMap::new(),
            labels: Vec::new(),
            used: if any { used(text) } else { HashSet::new() },
            next: 0,
        }
    }

    /// `Person A`; a name that shares its first or last word with one before is the same person.
    fn label(&mut self, name: &str) -> &str {
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
        let place = self.known(&parts).unwrap_or_else(|| self.introduce());
        self.remember(parts, place);
        &self.labels[place]
    }

    /// Gives letters to somebody who was not mentioned before.
    fn introduce(&mut self) -> usize {
        let mut free = (self.next..).map(|number| (number, letters(number)));
        let (number, letters) = free.find(|(_, letters)| !self.used.contains(letters)).unwrap_or_default();
        self.next = number + 1;
        self.labels.push(format!("{PERSON}{letters}"));
        self.labels.len() - 1
    }

    /// The first who is called so, or by a part of it.
    fn known(&self, parts: &[Vec<u8>]) -> Option<usize> {
        let (first, last) = (parts.first()?, parts.last()?);
        let of_part = match parts.len() {
            1 => [self.first.get(first), self.last.get(last)],
            _ => [self.single.get(first), self.single.get(last)],
        };
        of_part.into_iter().chain([self.whole.get(parts)]).flatten().min().copied()
    }

    /// Keeps a name of somebody's; of several the longest counts.
    fn remember(&mut self, parts: Vec<Vec<u8>>, place: usize) {
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
        if self.whole.contains_key(&parts) {
            return;
        }
        if parts.len() > 1 {
            for (ends, word) in [(&mut self.first, first), (&mut self.last, last)] {
                let earliest = ends.entry(word.clone()).or_insert(place);
                *earliest = place.min(*earliest);
                // Who is known by more is no longer known by this word alone.
                if self.single.get(word) == Some(&place) {
                    self.single.remove(word);
                }
            }
        } else if self.first.get(first) != Some(&place) && self.last.get(last) != Some(&place) {
            self.single.insert(first.clone(), place);
        }
        self.whole.insert(parts, place);
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
