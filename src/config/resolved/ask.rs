//! What is asked, and what an answer looks like.

use super::super::diagnostic::Span;
use serde::{Serialize, Serializer};
use serde_json::Map;
use serde_json::Value;

#[derive(Debug, Clone, Serialize)]
pub struct Prompt {
    pub system: Option<Template>,
    /// The last message; or the whole prompt, which the model goes on with.
    pub user: Vec<Variant>,
    /// Whether it is a prompt to go on with, and no chat.
    pub completion: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Variant {
    pub name: String,
    pub weight: f64,
    /// The model that it is for, by the name that the config calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The endpoints that this means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
    #[serde(skip)]
    pub model_at: Option<Span>,
    pub template: Template,
}

#[derive(Debug, Clone)]
pub enum Template {
    /// A file under `prompts/`, by its name there.
    File(String, Span),
    Inline(String, Span),
}

/// As a config writes it.
impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Template::File(name, _) => serializer.collect_map([("from", name)]),
            Template::Inline(text, _) => serializer.serialize_str(text),
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Sampling {
    pub temperature: f64,
    pub top_p: f64,
    pub top_k: Option<i64>,
    pub min_p: Option<f64>,
    pub repeat_penalty: Option<f64>,
    pub presence_penalty: f64,
    pub frequency_penalty: f64,
    pub stop: Vec<String>,
    pub max_tokens: u32,
    pub extra: Map<String, Value>,
    /// What makes the likeliest token always win: temperature 0, or `top_k: 1`.
    #[serde(skip)]
    pub greedy_at: Option<Span>,
}

impl Sampling {
    /// With these, and the defaults for all else.
    pub fn new(temperature: f64, top_p: f64, max_tokens: u32) -> Self {
        Self {
            temperature,
            top_p,
            top_k: None,
            min_p: None,
            repeat_penalty: None,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            stop: Vec::new(),
            max_tokens,
            extra: Map::new(),
            greedy_at: None,
        }
    }

    /// The likeliest answer.
    pub fn likeliest(max_tokens: u32) -> Self {
        Self::new(0.0, 1.0, max_tokens)
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Response {
    pub format: Format,
    /// The field that holds the text.
    pub text: String,
    /// JSON Schema of one item; meaningless under `Format::Text`.
    pub schema: Value,
    pub items: u32,
    pub n: u32,
    #[serde(skip)]
    pub schema_at: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Json,
    Text,
    /// A text a line.
    Lines,
}
