//! What an ask sends, in one canonical form, and its hash.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::config::resolved::{Config, Format, Judge, Sampling};
use crate::config::schema::embedded;
use crate::model::Fingerprint;

/// Changes when the canonical form does, so that old completions are not mistaken for new ones.
const FORMAT: u32 = 2;

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

/// A model's name without what makes no difference: path, `.gguf`, `:latest`, case.
pub fn plain_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let name = name.strip_suffix(".gguf").unwrap_or(name);
    name.strip_suffix(":latest").unwrap_or(name).to_lowercase()
}

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: &'static str,
    pub content: String,
}

/// The part of a request that all asks of one config to one model share.
///
/// An ask's canonical form and the body that is sent end alike, with its messages and its seed: what
/// differs most from ask to ask stands last.
#[derive(Debug, Clone)]
pub struct Frame {
    /// `{"v":…` up to before the messages.
    canonical: Arc<str>,
    /// The same as fields of the request's body, up to before `max_tokens` and the messages.
    wire: String,
    max_tokens: u32,
    route: Route,
}

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
    body: Bytes,
    /// Where in the body its own part stands: messages and seed.
    own: Range<usize>,
    /// Where in it the last message begins.
    last: usize,
    canonical: Arc<str>,
    route: Route,
}

impl Ask {
    pub fn route(&self) -> Route {
        self.route
    }

    pub fn body(&self) -> Bytes {
        self.body.clone()
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
const INPUTS: &str = ",\"input\":";

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

impl Frame {
    /// Lays down everything but messages and seed.
    pub fn new(config: &Config, model: &Identity) -> Self {
        let (kind, route) = match config.prompt.completion {
            true => ("completion", Route::Completion),
            false => ("chat", Route::Chat),
        };
        let (n, schema) = (config.response.n, wire_schema(config));
        Self::of((kind, route), &config.sampling, n, schema.as_ref(), model)
    }

    /// The same for what a judge is asked.
    pub fn judge(judge: &Judge, model: &Identity) -> Self {
        Self::of(("judge", Route::Chat), &judge.sampling, 1, Some(&judge.schema), model)
    }

    /// The same for a text that is to be embedded. What is put before it stands in the text.
    pub fn embedding(model: &Identity) -> Self {
        let canonical = format!("{{\"v\":{FORMAT},\"kind\":\"embedding\",\"model\":{}", to_json(model));
        let wire = format!("{{\"model\":{},\"encoding_format\":\"base64\"", to_json(&wire_name(model)));
        Self { canonical: canonical.into(), wire, max_tokens: 0, route: Route::Embedding }
    }

    /// The fingerprint of a text that is to be embedded, with what is put before it.
    pub fn embedded(&self, prefix: &str, text: &str, room: &mut Room) -> Fingerprint {
        let Ok(fingerprint) = self.fingerprint(0, room, |messages| embed(prefix, text, messages));
        fingerprint
    }

    /// The request for the same.
    pub fn embed(&self, prefix: &str, text: &str) -> Ask {
        let Ok(ask) = self.ask(0, |messages| embed(prefix, text, messages));
        ask
    }

    /// The same for what is asked of a text outside of any cell; `kind` says for what.
    pub fn about(kind: &str, own: &Sampling, schema: &Value, model: &Identity) -> Self {
        Self::of((kind, Route::Chat), own, 1, Some(schema), model)
    }

    fn of(
        (kind, route): (&str, Route),
        own: &Sampling,
        n: u32,
        schema: Option<&Value>,
        model: &Identity,
    ) -> Self {
        let sampling = sampling(own, model);
        let format = schema.map(|schema| {
            json!({ "type": "json_schema", "json_schema": { "name": "answer", "strict": true, "schema": schema } })
        });
        let canonical = format!(
            "{{\"v\":{FORMAT},\"kind\":\"{kind}\",\"model\":{},\"n\":{n},\"response_format\":{},\"sampling\":{}",
            to_json(model),
            to_json(&format),
            to_json(&sampling),
        );
        let mut wire = format!("{{\"model\":{},\"stream\":false,\"n\":{n}", to_json(&wire_name(model)));
        if let Some(schema) = schema.filter(|_| route == Route::Completion && model.is_llama_cpp()) {
            // The only way that is known there; others are held to it by the judging alone.
            wire.push_str(&format!(",\"json_schema\":{}", to_json(schema)));
        }
        if let Some(format) = format.as_ref().filter(|_| route == Route::Chat) {
            wire.push_str(&format!(",\"response_format\":{}", to_json(format)));
        }
        if model.is_llama_cpp() {
            wire.push_str(",\"cache_prompt\":true");
        }
        for (name, value) in &sampling {
            wire.push_str(&format!(",{}:{}", to_json(name), to_json(value)));
        }
        Self { canonical: canonical.into(), wire, max_tokens: own.max_tokens, route }
    }

    /// The fingerprint of one ask: the hash of its canonical form, which is written into `room`.
    ///
    /// # Errors
    /// What `write`, which adds the messages, fails with.
    pub fn fingerprint<E>(
        &self,
        seed: u32,
        room: &mut Room,
        write: impl FnOnce(&mut Messages) -> Result<(), E>,
    ) -> Result<Fingerprint, E> {
        room.text.clear();
        room.text.push_str(&self.canonical);
        let last = push_own(&mut room.text, self.route, seed, write)?;
        Ok(room.hash(last))
    }

    /// One ask with the body to send.
    ///
    /// # Errors
    /// What `write`, which adds the messages, fails with.
    pub fn ask<E>(&self, seed: u32, write: impl FnOnce(&mut Messages) -> Result<(), E>) -> Result<Ask, E> {
        let mut body = String::with_capacity(self.wire.len() + 2048);
        body.push_str(&self.wire);
        if self.route != Route::Embedding {
            // Writing to a `String` cannot fail.
            let _ = write!(body, ",\"max_tokens\":{}", self.max_tokens);
        }
        let own = body.len();
        let last = push_own(&mut body, self.route, seed, write)?.max(own);
        let own = own..body.len() - 1;
        Ok(Ask { body: body.into(), own, last, canonical: self.canonical.clone(), route: self.route })
    }

    /// The same request for the shortest of answers, to see whether the server is well.
    ///
    /// # Errors
    /// As `ask`.
    pub fn probe<E>(&self, seed: u32, write: impl FnOnce(&mut Messages) -> Result<(), E>) -> Result<Ask, E> {
        Self { max_tokens: 1, ..self.clone() }.ask(seed, write)
    }
}

/// The text that is embedded: with what is put before it.
fn embed(prefix: &str, text: &str, messages: &mut Messages) -> Result<(), Infallible> {
    match prefix {
        "" => messages.add(INPUT, text),
        prefix => messages.add(INPUT, &[prefix, text].concat()),
    }
    Ok(())
}

/// The messages of one ask, where they are written into its request.
#[derive(Debug)]
pub struct Messages<'a> {
    out: &'a mut String,
    route: Route,
    /// Where the last one begins, if there is any.
    last: Option<usize>,
}

impl Messages<'_> {
    /// Adds one behind those before.
    pub fn add(&mut self, role: &str, content: &str) {
        if self.route != Route::Chat {
            self.last = Some(self.out.len());
            return push_text(self.out, content);
        }
        self.out.push_str(if self.last.is_none() { "{\"role\":\"" } else { ",{\"role\":\"" });
        self.last = Some(self.out.len());
        self.out.push_str(role);
        self.out.push_str("\",\"content\":");
        push_text(self.out, content);
        self.out.push('}');
    }
}

/// What is an ask's own, with which a request ends; gives where its last message begins.
fn push_own<E>(
    out: &mut String,
    route: Route,
    seed: u32,
    write: impl FnOnce(&mut Messages) -> Result<(), E>,
) -> Result<usize, E> {
    let (before, after) = match route {
        Route::Chat => (",\"messages\":[", "]"),
        Route::Completion => (",\"prompt\":", ""),
        Route::Embedding => (INPUTS, ""),
    };
    out.push_str(before);
    let mut messages = Messages { out, route, last: None };
    write(&mut messages)?;
    let last = messages.last.unwrap_or_default();
    match route {
        // Nothing is sampled.
        Route::Embedding => out.push('}'),
        Route::Chat | Route::Completion => {
            let _ = write!(out, "{after},\"seed\":{seed}}}");
        }
    }
    Ok(last)
}

/// The name of the model that requests carry.
fn wire_name(model: &Identity) -> &str {
    match model {
        Identity::LlamaCpp { file, .. } => file,
        Identity::Named { name } => name,
    }
}

/// Where canonical forms are written, one after the other.
///
/// Most begin alike, up to their last message: what they begin with is hashed once.
#[derive(Debug, Default)]
pub struct Room {
    text: String,
    /// What the last one began with.
    begun: Vec<u8>,
    /// A hash that has taken that in.
    hasher: blake3::Hasher,
}

impl Room {
    /// The hash of the text, whose last message begins at `last`.
    fn hash(&mut self, last: usize) -> Fingerprint {
        let (begin, rest) = self.text.as_bytes().split_at(last);
        if self.begun != begin {
            self.begun.clear();
            self.begun.extend_from_slice(begin);
            self.hasher.reset();
            self.hasher.update(begin);
        }
        let mut hasher = self.hasher.clone();
        hasher.update(rest);
        Fingerprint(*hasher.finalize().as_bytes())
    }
}

/// A text in JSON, as serde_json writes it; for texts of which most parts need no escape.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(end) = first_escaped(rest.as_bytes()) {
        let bytes = rest.as_bytes();
        out.push_str(&rest[..end]);
        match bytes[end] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Where the first byte is that JSON does not take as it is. Eight at a time, by the test for a zero
/// byte that "Bit Twiddling Hacks" (Anderson) describes: its lowest hit is never a false one.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hits = control | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if hits != 0 {
            return Some(index * 8 + hits.trailing_zeros() as usize / 8);
        }
    }
    let end = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\')?;
    Some(eights.len() * 8 + end)
}

/// Every sampling parameter that is sent. llama.cpp's further defaults are flags of its server, so
/// they are sent explicitly too; other servers may refuse fields that they don't know.
fn sampling(sampling: &Sampling, model: &Identity) -> Map<String, Value> {
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
    if config.response.format != Format::Json {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_written_as_by_serde_json(text in "([ -~]{0,40}|\\PC|[\x00-\x1f\"\\\\é]){0,8}") {
            let mut ours = String::new();
            push_text(&mut ours, &text);
            prop_assert_eq!(ours, to_json(&text));
        }
    }

    #[test]
    fn an_ask_knows_its_canonical_form() {
        let frame = Frame {
            canonical: "{\"v\":1".into(),
            wire: "{\"model\":\"m\"".into(),
            max_tokens: 9,
            route: Route::Chat,
        };
        let write = |messages: &mut Messages| {
            messages.add("system", "a");
            messages.add("user", "b\n");
            Ok::<_, ()>(())
        };
        let ask = frame.ask(7, write).unwrap();
        let own =
            r#","messages":[{"role":"system","content":"a"},{"role":"user","content":"b\n"}],"seed":7}"#;
        assert_eq!(ask.canonical().as_str(), format!("{{\"v\":1{own}"));
        let (opening, rest) = (
            r#"{"v":1,"messages":[{"role":"system","content":"a"},{"role":""#,
            r#"user","content":"b\n"}],"seed":7}"#,
        );
        assert_eq!(ask.canonical().parts(), (opening, rest));
        assert_eq!(ask.body(), format!("{{\"model\":\"m\",\"max_tokens\":9{own}"));
        let pinned = ask.clone().with("id_slot", 3);
        assert_eq!(pinned.canonical(), ask.canonical());
        let body: Value = serde_json::from_slice(&pinned.body()).unwrap();
        assert_eq!((&body["id_slot"], &body["messages"][1]["content"]), (&json!(3), &json!("b\n")));
    }

    #[test]
    fn texts_are_embedded_together_as_alone() {
        let frame = |name: &str| Frame::embedding(&Identity::Named { name: name.into() });
        let texts = ["plain", "\"quoted\" \\ and\nbroken", "", "ключ"];
        let asks: Vec<Ask> = texts.iter().map(|text| frame("m").embed("query: ", text)).collect();
        let read = |body: &Bytes| serde_json::from_slice::<Value>(body).unwrap();
        let mut alone: Vec<Value> = asks.iter().map(|ask| read(&ask.body())).collect();
        let mut together = read(&Ask::together(&asks).unwrap());
        let inputs = together["input"].take();
        assert_eq!(inputs, Value::from_iter(alone.iter_mut().map(|body| body["input"].take())));
        assert_eq!((&inputs[0], &together), (&json!("query: plain"), &alone[0]));

        let other = frame("n").embed("", "plain");
        assert_eq!(Ask::together([&asks[0], &other]), None, "of another model");
        let chat = Frame { route: Route::Chat, ..frame("m") };
        let Ok(chat) = chat.ask(1, |messages| embed("", "hello", messages));
        assert_eq!((Ask::together([&chat]), Ask::together([])), (None, None));
    }

    #[test]
    fn a_fingerprint_is_the_hash_of_the_canonical_form_whatever_was_hashed_before() {
        let frame = |name: &str| Frame {
            canonical: format!("{{\"v\":1,\"model\":\"{name}\"").into(),
            wire: "{".into(),
            max_tokens: 9,
            route: Route::Chat,
        };
        let mut room = Room::default();
        let long = "l".repeat(3000);
        for (model, system, user) in [
            ("m", Some("a"), "b"),
            ("m", Some("a"), "c"),
            ("m", Some(long.as_str()), "c"),
            ("m", Some(long.as_str()), "d"),
            ("m", Some(long.as_str()), &long),
            ("m", Some(&long[1..]), &long),
            ("m", None, &long),
            ("m", None, "d"),
            ("n", None, "d"),
            ("n", Some("a"), "d"),
            ("n", Some("ab"), "d"),
        ] {
            let write = |messages: &mut Messages| {
                system.iter().for_each(|text| messages.add("system", text));
                messages.add("user", user);
                Ok::<_, ()>(())
            };
            let fingerprint = frame(model).fingerprint(3, &mut room, write).unwrap();
            let canonical = frame(model).ask(3, write).unwrap().canonical();
            let canonical = canonical.as_str();
            assert_eq!(fingerprint.0, *blake3::hash(canonical.as_bytes()).as_bytes(), "{canonical}");
        }
    }
}
