//! An embedding as servers send it, and as it is stored.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::answer::Usage;
use crate::dedup::{Direction, MOST_DIMENSIONS};

/// What emogrid reads of an answer with the embedding of one text.
#[derive(Debug, Clone)]
pub struct Embedding {
    values: Vec<f32>,
    pub usage: Option<Usage>,
    direction: Direction,
}

#[derive(Deserialize)]
struct Raw {
    data: Vec<Item>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Item {
    embedding: Values,
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
        let Raw { data, usage } = serde_json::from_str(raw).map_err(|error| error.to_string())?;
        let count = data.len();
        let Ok([Item { embedding }]) = <[Item; 1]>::try_from(data) else {
            return Err(format!("{count} of them, of one text"));
        };
        let values = match embedding {
            Values::Numbers(values) => values,
            Values::Bytes(text) => floats(&text).ok_or("its bytes are no numbers")?,
        };
        if values.len() > MOST_DIMENSIONS {
            return Err(format!("{} dimensions, and {MOST_DIMENSIONS} are the most", values.len()));
        }
        let direction = Direction::of(&values).ok_or("it points nowhere")?;
        Ok(Self { values, usage, direction })
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
        assert!(Embedding::parse(r#"{"error":"x"}"#).unwrap_err().contains("data"));
    }
}
