//! An embedding as servers send it, and as it is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::usage::{Usage, usage};
use crate::dedup::{Direction, MOST_DIMENSIONS};

/// What emogrid reads of an answer with the embedding of one text.
#[derive(Debug, Clone)]
pub struct Embedding {
    values: Vec<f32>,
    pub usage: Option<Usage>,
    direction: Direction,
    /// What its server names as the model, as JSON, whatever that is.
    pub model: Option<Box<str>>,
}

/// What is wrong with a vector without a direction, which is its text's own fault.
pub const NOWHERE: &str = "it points nowhere";

#[derive(Deserialize)]
struct Raw<'a> {
    data: Vec<Item>,
    #[serde(default, borrow)]
    model: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "usage")]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Values,
    /// Of which text it is.
    #[serde(default)]
    index: Option<usize>,
}

/// Numbers, or their bytes as 32-bit floats, the least first, in Base64.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    Bytes(String),
    Numbers(Vec<f32>),
}

impl Embedding {
    /// Reads an answer.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence goes on after "no embedding:".
    pub fn parse(raw: &str) -> Result<Self, String> {
        let all = Self::parse_all(raw, &[1])?;
        all.into_iter().next().ok_or_else(|| "0 of them, of one text".to_owned())
    }

    /// Reads an answer with the embeddings of several texts, of which it is told how long they are: that shares
    /// out the tokens, which servers tell of all texts together.
    ///
    /// # Errors
    /// As `parse`, of any of them.
    pub fn parse_all(raw: &str, lengths: &[usize]) -> Result<Vec<Self>, String> {
        let Raw { mut data, usage, model } = serde_json::from_str(raw).map_err(|error| error.to_string())?;
        if data.len() != lengths.len() {
            let of =
                if lengths.len() == 1 { "one text".to_owned() } else { format!("{} texts", lengths.len()) };
            return Err(format!("{} of them, of {of}", data.len()));
        }
        // Servers may answer in another order, if they say so.
        if data.iter().any(|item| item.index.is_some()) {
            data.sort_by_key(|item| item.index);
            if data.iter().enumerate().any(|(at, item)| item.index != Some(at)) {
                return Err("it is not said which is of which text".to_owned());
            }
        }
        let whole = lengths.iter().sum::<usize>().max(1) as u64;
        let mut before = 0;
        let mut out = Vec::with_capacity(data.len());
        for (Item { embedding, .. }, length) in data.into_iter().zip(lengths) {
            let after = before + *length as u64;
            let share = |tokens: u64| tokens * after / whole - tokens * before / whole;
            let usage = usage.map(|usage| Usage { prompt_tokens: share(usage.prompt_tokens), ..usage });
            before = after;
            let model = model.map(|model| model.get().into());
            out.push(Self { model, ..Self::of(embedding, usage)? });
        }
        Ok(out)
    }

    fn of(values: Values, usage: Option<Usage>) -> Result<Self, String> {
        let values = match values {
            Values::Numbers(values) => values,
            Values::Bytes(text) => floats(&text).ok_or("its bytes are no numbers")?,
        };
        if values.len() > MOST_DIMENSIONS {
            return Err(format!("{} dimensions, and {MOST_DIMENSIONS} are the most", values.len()));
        }
        let direction = Direction::of(&values).ok_or(NOWHERE)?;
        Ok(Self { values, usage, direction, model: None })
    }

    pub fn direction(self) -> Direction {
        self.direction
    }

    /// The answer as it is stored: nothing of the numbers is lost, in a third of their digits' room.
    pub fn stored(&self) -> String {
        let bytes: Vec<u8> = self.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let tokens = self.usage.map_or(0, |usage| usage.prompt_tokens);
        json!({ "data": [{ "embedding": STANDARD.encode(bytes) }], "usage": { "prompt_tokens": tokens } })
            .to_string()
    }
}

fn floats(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (values, rest) = bytes.as_chunks();
    rest.is_empty().then(|| values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_stored_says_what_was_sent(values in prop::collection::vec(-2.0f32..2.0, 1..40)) {
            let sent = json!({ "object": "list", "data": [{ "index": 0, "embedding": values }], "usage": { "prompt_tokens": 7, "total_tokens": 7 } });
            let Ok(embedding) = Embedding::parse(&sent.to_string()) else {
                prop_assert!(values.iter().all(|value| *value == 0.0));
                return Ok(());
            };
            let stored = embedding.stored();
            let again = Embedding::parse(&stored).unwrap();
            prop_assert_eq!(&again.values, &values);
            prop_assert_eq!(again.stored(), stored);
            prop_assert_eq!(again.usage.map(|usage| usage.prompt_tokens), Some(7));
            prop_assert_eq!(again.direction(), embedding.direction());
        }

        /// Of several texts in one answer each has what an answer of its own would say, but for tokens.
        #[test]
        fn several_are_told_apart(
            all in prop::collection::vec((prop::collection::vec(0.1f32..2.0, 3), 1..90usize), 1..9),
            tokens in 0..500u64,
            turned in any::<prop::sample::Index>(),
        ) {
            let mut data: Vec<_> = all.iter().enumerate()
                .map(|(at, (values, _))| json!({ "index": at, "embedding": values })).collect();
            data.rotate_left(turned.index(all.len()));
            let sent = json!({ "data": data, "usage": { "prompt_tokens": tokens } }).to_string();
            let lengths: Vec<usize> = all.iter().map(|(_, length)| *length).collect();
            let read = Embedding::parse_all(&sent, &lengths).unwrap();
            let values: Vec<_> = read.iter().map(|embedding| embedding.values.clone()).collect();
            prop_assert_eq!(values, all.iter().map(|(values, _)| values.clone()).collect::<Vec<_>>());
            let shares = read.iter().map(|embedding| embedding.usage.unwrap().prompt_tokens);
            prop_assert_eq!(shares.sum::<u64>(), tokens);
            prop_assert!(Embedding::parse_all(&sent, &lengths[1..]).is_err());
        }

        #[test]
        fn any_text_is_an_embedding_or_none(text in "\\PC{0,60}") {
            let _ = Embedding::parse(&text);
            let _ = Embedding::parse(&json!({ "data": [{ "embedding": text }] }).to_string());
        }
    }

    #[test]
    fn what_is_no_embedding_is_told() {
        for (raw, why) in [
            (json!({ "data": [] }), "0 of them, of one text"),
            (json!({ "data": [{ "embedding": [0.0, 0.0] }] }), "it points nowhere"),
            (json!({ "data": [{ "embedding": "AAA=" }] }), "its bytes are no numbers"),
            (json!({ "data": [{ "embedding": "!" }] }), "its bytes are no numbers"),
        ] {
            assert_eq!(Embedding::parse(&raw.to_string()).unwrap_err(), why);
        }
        for (first, second) in [(json!(0), json!(0)), (json!(1), json!(2)), (json!(0), json!(null))] {
            let item = |index| json!({ "index": index, "embedding": [1.0] });
            let sent = json!({ "data": [item(first), item(second)] }).to_string();
            let why = Embedding::parse_all(&sent, &[1, 1]).unwrap_err();
            assert_eq!(why, "it is not said which is of which text");
        }
        assert!(Embedding::parse(r#"{"error":"x"}"#).unwrap_err().contains("data"));
    }
}
