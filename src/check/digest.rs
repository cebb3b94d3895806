//! Answers of which something was taken away: what is left of each of their texts.
//!
//! It stands in the answer's own JSON, in the field [`Digest::FIELD`], in place of what the choices said.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Reason;

/// What is left of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    pub(super) texts: Vec<Left>,
}

/// What is left of one text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Left {
    pub choice: u32,
    pub item: u32,
    #[serde(flatten)]
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    /// As the model wrote it.
    Whole { text: String, fields: Map<String, Value> },
    /// As the anonymiser left it.
    Masked(Masked),
    /// Nothing could be read; what is shown of it, as the anonymiser left it.
    Broken { reason: Reason, text: String },
    /// Nothing, as somebody wished.
    Forgotten,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Masked {
    pub text: String,
    pub fields: Map<String, Value>,
    pub mended: u8,
    /// Start, end, category and action of each.
    pub spans: Vec<(usize, usize, String, String)>,
    /// The category for which the policy drops the whole text.
    pub dropped: Option<String>,
    /// The policy that did it, as a hash.
    pub policy: String,
}

impl Digest {
    pub const FIELD: &str = "emogrid";

    /// Puts it in the place of all that an answer's choices said.
    pub(super) fn in_place_of(&self, raw: &str) -> Option<String> {
        let Ok(Value::Object(mut answer)) = serde_json::from_str::<Value>(raw) else { return None };
        let choices = answer.get("choices").and_then(Value::as_array)?;
        let bare = choices.iter().enumerate().map(|(index, choice)| {
            serde_json::json!({
                "index": index,
                "message": { "role": "assistant", "content": "" },
                "finish_reason": choice["finish_reason"],
            })
        });
        let bare: Value = bare.collect();
        // Whatever else a server tells may quote what was said.
        answer.retain(|name, _| {
            matches!(name.as_str(), "usage" | "timings" | "model" | "object" | "id" | "created")
        });
        answer.insert("choices".into(), bare);
        answer.insert(Self::FIELD.into(), serde_json::to_value(self).ok()?);
        Some(Value::Object(answer).to_string())
    }
}
