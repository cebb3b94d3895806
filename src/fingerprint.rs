//! What an ask sends, in one canonical form, and its hash.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::config::resolved::{Config, Format};
use crate::config::schema::embedded;
use crate::model::Fingerprint;

/// Changes when the canonical form does, so that old completions are not mistaken for new ones.
const FORMAT: u32 = 1;

/// What a model is, apart from where it is served.
///
/// For llama.cpp this is what its server, or the model's file, says of the parameters; an endpoint
/// that tells only a name is `Named`, which nobody has verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Identity {
    LlamaCpp {
        /// The file's name without its path.
        file: String,
        parameters: u64,
        /// Bytes of all tensors.
        size: u64,
        vocabulary: u64,
        quantisation: Option<String>,
        /// BLAKE3 of the chat template, in hexadecimal.
        chat_template: Option<String>,
        /// Adapters and further things that change answers.
        adapters: Vec<String>,
    },
    Named {
        name: String,
    },
}

impl Identity {
    /// The name that rows and messages show.
    pub fn display_name(&self) -> &str {
        match self {
            Identity::LlamaCpp { file, .. } => file.strip_suffix(".gguf").unwrap_or(file),
            Identity::Named { name } => name,
        }
    }

    pub fn is_llama_cpp(&self) -> bool {
        matches!(self, Identity::LlamaCpp { .. })
    }
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: &'static str,
    pub content: String,
}

/// The part of a request that all asks of one config to one model share.
#[derive(Debug, Clone)]
pub struct Frame {
    /// `{"v":…` up to before the seed.
    canonical: String,
    /// The same as fields of the request's body, up to before the seed.
    wire: String,
    max_tokens: u32,
}

/// One ask, ready to be sent and to be found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub fingerprint: Fingerprint,
    /// The whole of what the fingerprint hashes, as JSON.
    pub canonical: String,
}

/// The messages of a canonical request, as role and content.
pub fn messages_of(canonical: &str) -> Vec<(String, String)> {
    let request: Value = serde_json::from_str(canonical).unwrap_or_default();
    let messages = request.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    messages.iter().map(|message| (text(message, "role"), text(message, "content"))).collect()
}

impl Frame {
    /// Lays down everything but messages and seed.
    pub fn new(config: &Config, model: &Identity) -> Self {
        let sampling = sampling(config, model);
        let schema = wire_schema(config);
        let format = schema.as_ref().map(|schema| {
            json!({ "type": "json_schema", "json_schema": { "name": "answer", "strict": true, "schema": schema } })
        });
        let n = config.response.n;
        let canonical = format!(
            "{{\"v\":{FORMAT},\"kind\":\"chat\",\"model\":{},\"n\":{n},\"response_format\":{},\"sampling\":{}",
            to_json(model),
            to_json(&format),
            to_json(&sampling),
        );
        let name = match model {
            Identity::LlamaCpp { file, .. } => file,
            Identity::Named { name } => name,
        };
        let mut wire = format!("{{\"model\":{},\"stream\":false,\"n\":{n}", to_json(name));
        if let Some(format) = &format {
            wire.push_str(&format!(",\"response_format\":{}", to_json(format)));
        }
        if model.is_llama_cpp() {
            wire.push_str(",\"cache_prompt\":true");
        }
        for (name, value) in &sampling {
            wire.push_str(&format!(",{}:{}", to_json(name), to_json(value)));
        }
        Self { canonical, wire, max_tokens: config.sampling.max_tokens }
    }

    /// The canonical form and fingerprint of one ask.
    pub fn request(&self, messages: &[Message], seed: u32) -> Request {
        let canonical = format!("{},\"seed\":{seed},\"messages\":{}}}", self.canonical, to_json(&messages));
        let fingerprint = Fingerprint(*blake3::hash(canonical.as_bytes()).as_bytes());
        Request { fingerprint, canonical }
    }

    /// The same request for the shortest of answers, to see whether the server is well.
    pub fn probe_body(&self, messages: &[Message], seed: u32) -> String {
        Self { max_tokens: 1, ..self.clone() }.body(messages, seed)
    }

    /// The body that is sent for one ask.
    pub fn body(&self, messages: &[Message], seed: u32) -> String {
        format!(
            "{},\"max_tokens\":{},\"seed\":{seed},\"messages\":{}}}",
            self.wire,
            self.max_tokens,
            to_json(&messages)
        )
    }
}

/// Every sampling parameter that is sent. llama.cpp's further defaults are flags of its server, so
/// they are sent explicitly too; other servers may refuse fields that they don't know.
fn sampling(config: &Config, model: &Identity) -> Map<String, Value> {
    let sampling = &config.sampling;
    let llama = model.is_llama_cpp();
    let mut out = Map::new();
    out.insert("temperature".into(), sampling.temperature.into());
    out.insert("top_p".into(), sampling.top_p.into());
    if let Some(top_k) = sampling.top_k.or(llama.then_some(40)) {
        out.insert("top_k".into(), top_k.into());
    }
    if let Some(min_p) = sampling.min_p.or(llama.then_some(0.05)) {
        out.insert("min_p".into(), min_p.into());
    }
    if let Some(penalty) = sampling.repeat_penalty.or(llama.then_some(1.0)) {
        out.insert("repeat_penalty".into(), penalty.into());
    }
    if llama {
        // Each of these would otherwise be whatever the server was started with.
        let neutral = json!({
            "typical_p": 1.0, "top_n_sigma": -1.0, "xtc_probability": 0.0, "dry_multiplier": 0.0,
            "mirostat": 0, "dynatemp_range": 0.0, "repeat_last_n": 64, "ignore_eos": false,
        });
        if let Value::Object(neutral) = neutral {
            out.extend(neutral);
        }
    }
    out.insert("presence_penalty".into(), sampling.presence_penalty.into());
    out.insert("frequency_penalty".into(), sampling.frequency_penalty.into());
    if !sampling.stop.is_empty() {
        out.insert("stop".into(), sampling.stop.clone().into());
    }
    let mut extra = Value::Object(sampling.extra.clone());
    // The order in which a user wrote them means nothing.
    extra.sort_all_objects();
    if let Value::Object(extra) = extra {
        out.extend(extra);
    }
    out
}

/// The schema of a whole answer: the item's own, or an object with a list of `items`.
pub fn wire_schema(config: &Config) -> Option<Value> {
    if config.response.format == Format::Text {
        return None;
    }
    let item = config.response.schema.clone();
    match config.response.items {
        1 => Some(item),
        items => {
            let (item, definitions) = embedded(item, "/properties/items/items");
            let mut whole = json!({
                "type": "object",
                "properties": {
                    "items": { "type": "array", "items": item, "minItems": items, "maxItems": items },
                },
                "required": ["items"],
                "additionalProperties": false,
            });
            if let Value::Object(whole) = &mut whole {
                whole.extend(definitions);
            }
            Some(whole)
        }
    }
}

/// JSON of a value that cannot fail to be written: no map here has keys other than texts.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
