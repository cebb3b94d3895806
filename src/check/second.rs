//! Texts in which a name is in doubt: they wait for what somebody says who is asked about them.

use serde_json::{Map, Value};

use super::answer::{Answer, End};
use super::{Candidate, Distinct, Judge, Passed, Reason};
use crate::anonymize::{Seen, Sight, sight};
use crate::dedup::TextKey;

/// Names that an answer may quote.
pub const MOST_NAMES: usize = 8;

/// The names that an answer quotes; `None` where it is no good answer: cut, no JSON, something else, or as many
/// names as there may be, of which some may be missing.
pub fn quotes(raw: &str) -> Option<Vec<String>> {
    let answer = Answer::parse(raw).ok()?;
    let choice = answer.choices.first()?;
    if choice.end() != End::Itself {
        return None;
    }
    let value: Value = serde_json::from_str(choice.content().trim()).ok()?;
    let names = value.get("names")?.as_array()?;
    let names: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    names.filter(|names| names.len() < MOST_NAMES)
}

impl Judge {
    /// Whether somebody is asked about names in doubt.
    pub fn looks_again(&self) -> bool {
        self.anonymizer.is_closed()
    }

    /// What is told of a text that passed its checks until somebody was asked about it: what is in doubt is a
    /// name. `fields` are masked already.
    pub(super) fn put_off(
        &self,
        text: &str,
        sight: &Sight,
        named: u32,
        fields: Option<Map<String, Value>>,
        whole: bool,
    ) -> (String, Result<Passed, Reason>) {
        let shown = self.anonymizer.apply_to(text, sight.closed());
        // More names can only take away more: what is dropped without those in doubt is dropped with them.
        let outcome = match self.anonymizer.apply_to(text, sight.sure()).dropped {
            Some(category) => Err(Reason::Anonymize { category: category.name().into() }),
            None => Ok(Passed {
                key: TextKey::of(&shown.text),
                // It is held against others when it is known what it says.
                bag: None,
                named,
                fields: fields.map(Box::new),
                spans: if whole { shown.spans.into() } else { Box::default() },
                doubtful: Some(if whole { text.into() } else { Box::default() }),
            }),
        };
        (if whole { shown.text } else { String::new() }, outcome)
    }

    /// A candidate that waited, by the names that somebody quotes of its text; `None`: there is no good answer,
    /// so whatever is in doubt is a name. `original` is the text as it was.
    pub fn looked<Q: AsRef<str>>(
        &self,
        of: &Candidate,
        original: &str,
        quotes: Option<&[Q]>,
    ) -> (Candidate, Option<Seen>) {
        let sight = sight(original);
        let (found, seen) = match quotes {
            Some(quotes) => {
                let (found, seen) = sight.by_quotes(original, quotes);
                (found, Some(seen))
            }
            None => (sight.closed(), None),
        };
        let (named, fields) = match &of.outcome {
            Ok(passed) => (passed.named, passed.fields.as_deref().cloned()),
            Err(_) => (0, None),
        };
        let checked = self.distinct(original).map(|distinct: Distinct| (distinct, named));
        let (text, outcome) = self.masked(original, found, checked, fields, true);
        (Candidate { text, outcome, ..*of }, seen)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_a_list_of_names_or_none() {
        let raw = |content: &str, finish: &str| {
            json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] }).to_string()
        };
        assert_eq!(quotes(&raw(r#"{"names": ["Ann"]}"#, "stop")), Some(vec!["Ann".to_owned()]));
        assert_eq!(quotes(&raw(r#"{"names": []}"#, "stop")), Some(vec![]));
        let many = json!({ "names": vec!["a"; MOST_NAMES] }).to_string();
        for (content, finish) in [
            (r#"{"names": ["Ann"]}"#, "length"),
            (r#"{"names": "Ann"}"#, "stop"),
            (r#"{"names": [1]}"#, "stop"),
            ("Ann", "stop"),
            ("", "stop"),
            (many.as_str(), "stop"),
        ] {
            assert_eq!(quotes(&raw(content, finish)), None, "{content}");
        }
        assert_eq!(quotes("no JSON"), None);
    }
}
