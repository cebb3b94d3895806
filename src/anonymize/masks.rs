//! Masks that a text came with, as other data sets write them.

use super::category::{Action, Category};
use super::policy::Policy;
use super::replace::{Span, letters};

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
        let length = text[start..].find(']')?;
        let category = Category::parse(text[start + 1..start + length].trim())?;
        Some((start, start + length + 1, category))
    })
}

/// Writes masks as the policy writes them: `[ name ]` as `[NAME]`, or, where names become people, each as a
/// person of its own, since nobody knows which of them are the same.
pub fn adopt(text: &str, policy: &Policy) -> Adopted {
    let mut out = Adopted { text: String::with_capacity(text.len()), people: Vec::new() };
    let person = policy.action(Category::Name) == Action::Person;
    let mut free = (0..).map(|number| format!("Person {}", letters(number)));
    let mut from = 0;
    for (start, end, category) in masks(text) {
        out.text.push_str(&text[from..start]);
        from = end;
        if category == Category::Name
            && person
            && let Some(label) = free.by_ref().find(|label| !text.contains(label.as_str()))
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
        let people = self.people.iter().filter_map(|label| {
            let start = text.find(label.as_str())?;
            Some((start, start + label.len(), Category::Name, Action::Person))
        });
        let found: Vec<_> = masked.chain(people).collect();
        for (start, end, category, action) in found {
            let start_of = text[..start].chars().count();
            let span =
                Span { start: start_of, end: start_of + text[start..end].chars().count(), category, action };
            if spans.iter().all(|other| span.end <= other.start || other.end <= span.start) {
                spans.push(span);
            }
        }
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
