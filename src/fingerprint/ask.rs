//! One request, as it is sent and as it is remembered.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

/// Where an ask goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/v1/chat/completions`, with messages.
    Chat,
    /// `/v1/completions`, with a prompt to go on with.
    Completion,
    /// `/v1/embeddings`, with a text.
    Embedding,
}

/// One ask, ready to be sent.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The body of the HTTP request.
    pub(super) body: Bytes,
    /// Where in the body its own part stands: messages and seed.
    pub(super) own: Range<usize>,
    /// Where in it the last message begins.
    pub(super) last: usize,
    pub(super) canonical: Arc<str>,
    pub(super) route: Route,
}

impl Ask {
    pub fn route(&self) -> Route {
        self.route
    }

    pub fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// Bytes of its own part, the messages: a little more than the model reads.
    pub fn own_bytes(&self) -> usize {
        self.own.len()
    }

    /// The same with a further field in its body, which is no part of what is asked.
    pub fn with(self, name: &str, value: usize) -> Self {
        let before_brace = self.body.len() - 1;
        let body = [&self.body[..before_brace], format!(",\"{name}\":{value}}}").as_bytes()].concat();
        Self { body: body.into(), ..self }
    }

    /// The body of one request for several texts that are embedded; `None` where they cannot be asked for at once.
    pub fn together<'a>(asks: impl IntoIterator<Item = &'a Ask>) -> Option<Bytes> {
        let mut asks = asks.into_iter().peekable();
        let first = *asks.peek()?;
        let head = first.body.get(..first.own.start)?;
        let mut body = [head, INPUTS.as_bytes(), b"["].concat();
        while let Some(ask) = asks.next() {
            let alike = ask.route == Route::Embedding && ask.canonical == first.canonical;
            let text = ask.body[ask.own.clone()].strip_prefix(INPUTS.as_bytes()).filter(|_| alike)?;
            body.extend_from_slice(text);
            body.extend_from_slice(if asks.peek().is_some() { b"," } else { b"]}" });
        }
        Some(body.into())
    }

    /// The whole of what the fingerprint hashes, as JSON.
    pub fn canonical(&self) -> Canonical {
        let own = std::str::from_utf8(&self.body[self.own.clone()]).unwrap_or_default();
        let opening = self.canonical.len() + (self.last - self.own.start);
        Canonical { text: [&self.canonical, own, "}"].concat(), opening }
    }
}

/// The whole of what a fingerprint hashes, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    text: String,
    /// Where its last message begins.
    opening: usize,
}

impl Canonical {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What many requests begin with, up to their last message, and the rest.
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.opening)
    }
}

/// A request that begins like no other.
impl From<String> for Canonical {
    fn from(text: String) -> Self {
        Self { text, opening: 0 }
    }
}

/// The role of a prompt that is no message.
pub const PROMPT: &str = "prompt";
/// The role of a text that is to be embedded.
pub const INPUT: &str = "input";
/// What stands before it in a request, and before several.
pub(super) const INPUTS: &str = ",\"input\":";

/// The messages of a canonical request, as role and content.
pub fn messages_of(canonical: &str) -> Vec<(String, String)> {
    let request: Value = serde_json::from_str(canonical).unwrap_or_default();
    for role in [PROMPT, INPUT] {
        if let Some(text) = request.get(role).and_then(Value::as_str) {
            return vec![(role.to_owned(), text.to_owned())];
        }
    }
    let messages = request.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    messages.iter().map(|message| (text(message, "role"), text(message, "content"))).collect()
}
