//! Taking something away of an answer, and what the checks make of the rest.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::digest::{Digest, Left, Masked, What};
use super::{Candidate, Judge, Mends, Passed, Reason};
use crate::anonymize::{Action, Category, Sought, Span, sight};
use crate::config::resolved::Format;

/// What is to be taken away.
#[derive(Clone, Copy)]
pub enum Take<'a> {
    /// What the config's anonymiser takes out. Of a text with a name in doubt this gives the names that were
    /// quoted in a second look, if there was a good one.
    Originals(&'a dyn Fn(&str) -> Option<Vec<String>>),
    /// Texts in which somebody's words stand.
    Texts(&'a Sought),
}

/// What was taken away of an answer.
#[derive(Debug)]
pub struct Taken {
    /// The answer without it.
    pub raw: String,
    /// The texts that it was taken out of, as choice and item.
    pub texts: Vec<(u32, u32)>,
    /// Texts as they were, each with what the anonymiser left of it.
    pub originals: Vec<(String, String)>,
}

/// An answer of which nothing is left; `None` where it is no answer.
pub fn nothing(raw: &str) -> Option<String> {
    let choices = Answer::parse(raw).ok()?.choices.len() as u32;
    let texts = (0..choices).map(|choice| Left { choice, item: 0, what: What::Forgotten }).collect();
    Digest { texts }.in_place_of(raw)
}

impl Judge {
    /// Takes something away of a raw answer; `None` where there is nothing of it in there.
    pub fn take_away(&self, raw: &str, take: Take<'_>) -> Option<Taken> {
        let answer = Answer::parse(raw).ok()?;
        let before = match &answer.emogrid {
            Some(digest) => digest.clone(),
            None => self.digest(&answer),
        };
        let (mut texts, mut originals) = (Vec::new(), Vec::new());
        let digest = Digest {
            texts: (before.texts.iter())
                .map(|left| {
                    let what = match take {
                        Take::Originals(quotes) => self.masked_left(&left.what, quotes),
                        Take::Texts(sought) => forgotten(&left.what, sought),
                    };
                    if let Some(what) = what {
                        texts.push((left.choice, left.item));
                        if let (What::Whole { text, .. }, What::Masked(masked)) = (&left.what, &what) {
                            originals.push((self.mended(text).0.to_owned(), masked.text.clone()));
                        }
                        return Left { what, ..*left };
                    }
                    left.clone()
                })
                .collect(),
        };
        // What was thought, or which tokens were likely, is no text of ours.
        let beside = answer.emogrid.is_none() && says_more(raw, take, self);
        if texts.is_empty() && !beside {
            return None;
        }
        Some(Taken { raw: digest.in_place_of(raw)?, texts, originals })
    }

    /// The texts of an answer that something was taken out of under the policy of now, as they are since.
    pub fn settled(&self, raw: &str) -> Vec<String> {
        let digest = Answer::parse(raw).ok().and_then(|answer| answer.emogrid).unwrap_or_default();
        let of = |left: Left| match left.what {
            What::Masked(masked) if masked.policy == self.policy() => Some(masked.text),
            _ => None,
        };
        digest.texts.into_iter().filter_map(of).collect()
    }

    /// Whether the anonymiser takes something out of a text, or out of a line of it by itself: what is in a
    /// request stands among other words than in its row.
    pub fn takes_out_of(&self, text: &str) -> bool {
        let changes = |text: &str| self.anonymizer.apply(text).text != text;
        changes(text) || text.contains('\n') && text.lines().any(changes)
    }

    /// What it leaves of a text.
    pub fn masked_text(&self, text: &str) -> String {
        self.anonymizer.apply(text).text
    }

    /// Whether it takes something out of a field as rows have them.
    pub fn takes_out_of_field(&self, value: &Value) -> bool {
        self.masked_value(value.clone()) != *value
    }

    /// All that is read of an answer.
    fn digest(&self, answer: &Answer) -> Digest {
        let mut texts = Vec::new();
        for (choice, said) in answer.choices.iter().enumerate() {
            let choice = choice as u32;
            match self.texts(said) {
                Ok(items) => texts.extend(items.into_iter().zip(0..).map(|((text, fields), item)| Left {
                    choice,
                    item,
                    what: What::Whole { text, fields },
                })),
                Err(reason) => texts.push(Left {
                    choice,
                    item: 0,
                    what: What::Broken { reason, text: said.content().to_owned() },
                }),
            }
        }
        Digest { texts }
    }

    /// What the anonymiser makes of what is left of a text, if anything.
    fn masked_left(&self, what: &What, quotes: &dyn Fn(&str) -> Option<Vec<String>>) -> Option<What> {
        match what {
            What::Whole { text, fields } => {
                let (mended, mends) = self.mended(text);
                let sight = sight(mended);
                let in_doubt = self.looks_again() && !sight.doubtful.is_empty();
                let done = match in_doubt.then(|| quotes(mended)).flatten() {
                    Some(quotes) => self.anonymizer.apply_to(mended, sight.by_quotes(mended, &quotes).0),
                    None => self.anonymizer.apply(mended),
                };
                let masked = self.masked_fields(fields.clone());
                // What was in doubt is settled, and nobody is to be asked again.
                if done.text == mended && masked == *fields && !in_doubt {
                    return None;
                }
                let name = |span: &Span| {
                    (span.start, span.end, span.category.name().to_owned(), span.action.name().to_owned())
                };
                Some(What::Masked(Masked {
                    text: done.text,
                    fields: masked,
                    mended: mends.bits(),
                    spans: done.spans.iter().map(name).collect(),
                    dropped: done.dropped.map(|category| category.name().to_owned()),
                    policy: self.policy(),
                }))
            }
            What::Broken { reason, text } => {
                let shown = self.shown(text);
                (shown != *text).then(|| What::Broken { reason: reason.clone(), text: shown })
            }
            What::Masked(_) | What::Forgotten => None,
        }
    }

    fn policy(&self) -> String {
        let mut policy = format!("{:?}", self.anonymizer.policy());
        if self.looks_again() {
            policy.push_str(", with a second look");
        }
        blake3::hash(policy.as_bytes()).to_hex()[..16].to_owned()
    }

    /// The candidates of an answer of which something was taken away.
    pub(super) fn candidates_left(&self, digest: &Digest, values: &[usize], whole: bool) -> Vec<Candidate> {
        let of = |left: &Left| {
            let (text, mended, outcome) = match &left.what {
                What::Whole { text, fields } => {
                    let fields = (whole && !fields.is_empty()).then(|| fields.clone());
                    let (text, mended) = self.mended(text);
                    let (text, outcome) = self.anonymize(text, self.check(text, values), fields, whole);
                    (text, mended, outcome)
                }
                What::Masked(masked) => {
                    let mended = Mends::from_bits(masked.mended).unwrap_or_default();
                    let (text, outcome) = self.of_masked(masked, values, whole);
                    (text, mended, outcome)
                }
                What::Broken { reason, text } => {
                    let text = if whole { self.shown(text) } else { String::new() };
                    (text, Mends::default(), Err(reason.clone()))
                }
                What::Forgotten => (String::new(), Mends::default(), Err(Reason::Forgotten)),
            };
            Candidate { choice: left.choice, item: left.item, text, mended, outcome }
        };
        digest.texts.iter().map(of).collect()
    }

    fn of_masked(&self, masked: &Masked, values: &[usize], whole: bool) -> (String, Result<Passed, Reason>) {
        let checked = self.check(&masked.text, values);
        let fields = (whole && !masked.fields.is_empty()).then(|| masked.fields.clone());
        if masked.policy != self.policy() {
            // Another policy finds what this one left.
            return self.anonymize(&masked.text, checked, fields, whole);
        }
        let outcome = match (checked, &masked.dropped) {
            (Err(reason), _) => Err(reason),
            (Ok(_), Some(category)) => Err(Reason::Anonymize { category: category.clone().into() }),
            (Ok(((key, bag), named)), None) => {
                let span = |(start, end, category, action): &(usize, usize, String, String)| {
                    let (category, action) = (Category::parse(category)?, Action::parse(action)?);
                    Some(Span { start: *start, end: *end, category, action })
                };
                let spans =
                    if whole { masked.spans.iter().filter_map(span).collect() } else { Box::default() };
                Ok(Passed { key, bag, named, fields: fields.map(Box::new), spans, doubtful: None })
            }
        };
        (if whole { masked.text.clone() } else { String::new() }, outcome)
    }
}

/// What is left of a text where somebody's words are in it.
fn forgotten(what: &What, sought: &Sought) -> Option<What> {
    let in_fields = |fields: &Map<String, Value>| fields.values().any(|value| is_in(value, sought));
    let found = match what {
        What::Whole { text, fields } => sought.is_in(text) || in_fields(fields),
        What::Masked(masked) => sought.is_in(&masked.text) || in_fields(&masked.fields),
        What::Broken { text, .. } => sought.is_in(text),
        What::Forgotten => false,
    };
    found.then_some(What::Forgotten)
}

/// Whether somebody's words are in any text of a value.
pub fn is_in(value: &Value, sought: &Sought) -> bool {
    any_text(value, &|text| sought.is_in(text))
}

/// Whether a text is such a one in what is stored as JSON, or as what should have been.
pub fn any_stored(stored: &str, is: &dyn Fn(&str) -> bool) -> bool {
    match serde_json::from_str(stored) {
        Ok(value) => any_text(&value, is),
        Err(_) => is(stored),
    }
}

fn any_text(value: &Value, is: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text) || inner(text).is_some_and(|value| any_text(&value, is)),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(fields) => fields.iter().any(|(name, value)| is(name) || any_text(value, is)),
        _ => false,
    }
}

/// JSON that a text holds, as the content of an answer does.
fn inner(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok())?
}

/// Whether an answer holds what is to be taken away beside its texts.
fn says_more(raw: &str, take: Take<'_>, judge: &Judge) -> bool {
    let Ok(Value::Object(mut answer)) = serde_json::from_str::<Value>(raw) else { return false };
    for choice in answer.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        // Of a list in lines more may stand there than was read.
        if judge.format != Format::Lines {
            if let Some(message) = choice.get_mut("message").and_then(Value::as_object_mut) {
                message.remove("content");
            }
            if let Some(choice) = choice.as_object_mut() {
                choice.remove("text");
            }
        }
        if let (Take::Originals(_), Some(choice)) = (take, choice.as_object_mut()) {
            // Tokens are pieces of words, in which nothing can be found.
            if choice.get("logprobs").is_some_and(|tokens| !tokens.is_null()) {
                return true;
            }
        }
    }
    let value = Value::Object(answer);
    match take {
        Take::Texts(sought) => is_in(&value, sought),
        Take::Originals(_) => judge.masked_value(value["choices"].clone()) != value["choices"],
    }
}
