//! Masks that a text came with, as other data sets write them.

use std::collections::{HashMap, HashSet};

use super::category::{Action, Category};
use super::policy::Policy;
use super::replace::{PERSON, Span, letters, persons, used};

/// A text whose masks are ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Adopted {
    pub text: String,
    /// What stands for people that were masked: `Person A` and so on.
    people: Vec<String>,
}

/// The masks between brackets, such as `[NAME]`, in order: where each stands, and its category.
fn masks(text: &str) -> impl Iterator<Item = (usize, usize, Category)> {
    text.match_indices('[').filter_map(|(start, _)| {
        // No further than the next bracket, so that what stands between two is looked at once.
        let length = 1 + text[start + 1..].find(['[', ']'])?;
        let end = text[start + length..].starts_with(']').then_some(start + length + 1)?;
        let category = Category::parse(text[start + 1..end - 1].trim())?;
        Some((start, end, category))
    })
}

/// Writes masks as the policy writes them: `[ name ]` as `[NAME]`, or, where names become people, each as a
/// person of its own, since nobody knows which of them are the same.
pub fn adopt(text: &str, policy: &Policy) -> Adopted {
    let mut out = Adopted { text: String::with_capacity(text.len()), people: Vec::new() };
    let person = policy.action(Category::Name) == Action::Person;
    let used = if person { used(text) } else { HashSet::new() };
    let mut free = (0..).map(letters).filter(|letters| !used.contains(letters));
    let mut from = 0;
    for (start, end, category) in masks(text) {
        out.text.push_str(&text[from..start]);
        from = end;
        if category == Category::Name
            && person
            && let Some(label) = free.next().map(|letters| format!("{PERSON}{letters}"))
        {
            out.text.push_str(&label);
            out.people.push(label);
        } else {
            out.text.push_str(category.mask());
        }
    }
    out.text.push_str(&text[from..]);
    out
}

impl Adopted {
    /// The spans of a text that was made of this one, with those of its masks, in order.
    pub fn spans(&self, text: &str, mut spans: Vec<Span>) -> Vec<Span> {
        let masked = masks(text).map(|(start, end, category)| (start, end, category, Action::Mask));
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (start, letters) in persons(text) {
            places.entry(&text[start..start + PERSON.len() + letters.len()]).or_insert(start);
        }
        let people = self.people.iter().filter_map(|label| {
            let start = *places.get(label.as_str())?;
            Some((start, start + label.len(), Category::Name, Action::Person))
        });
        let mut found: Vec<_> = masked.chain(people).collect();
        found.sort_unstable_by_key(|(start, ..)| *start);
        let (mut at, mut count) = (0, 0);
        let mut own = Vec::with_capacity(found.len());
        let mut others = spans.iter().peekable();
        for (start, end, category, action) in found {
            count += text[at..start].chars().count();
            let length = text[start..end].chars().count();
            let span = Span { start: count, end: count + length, category, action };
            (at, count) = (end, span.end);
            while others.next_if(|other| other.end <= span.start).is_some() {}
            if others.peek().is_none_or(|other| span.end <= other.start) {
                own.push(span);
            }
        }
        spans.append(&mut own);
        spans.sort_by_key(|span| span.start);
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Anonymizer, Preset};
    use super::*;

    #[test]
    fn masks_become_ours() {
        let text = "[NAME] and [ name ] of [RELIGION], [what]";
        let strict = adopt(text, &Preset::Strict.into());
        assert_eq!(strict.text, "Person A and Person B of [RELIGION], [what]");
        assert_eq!(adopt(text, &Preset::Off.into()).text, "[NAME] and [NAME] of [RELIGION], [what]");
        // A letter that the text has already is another person's.
        let taken = adopt("Person A met [NAME]", &Preset::Strict.into());
        assert_eq!(taken.text, "Person A met Person B");
        assert_eq!(adopt("none [at all", &Preset::Strict.into()).text, "none [at all");
    }

    #[test]
    fn spans_are_those_of_both() {
        let policy = Policy::from(Preset::Strict);
        let adopted = adopt("é [NAME] wrote to kim@example.org of [RELIGION]", &policy);
        let outcome = Anonymizer::new(policy, None).unwrap().apply(&adopted.text);
        assert_eq!(outcome.text, "é Person A wrote to [EMAIL] of [RELIGION]");
        let spans = adopted.spans(&outcome.text, outcome.spans);
        let told: Vec<_> =
            spans.iter().map(|span| (span.start, span.end, span.category, span.action)).collect();
        assert_eq!(
            told,
            [
                (2, 10, Category::Name, Action::Person),
                (20, 27, Category::Email, Action::Mask),
                (31, 41, Category::Religion, Action::Mask)
            ]
        );
    }
}
