//! What an ask sends, in one canonical form, and its hash.

mod ask;
mod identity;
mod messages;
mod room;

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::config::resolved::{Config, Format, Judge, Sampling};
use crate::config::schema::embedded;
use crate::model::Fingerprint;
pub use ask::{Ask, Canonical, INPUT, PROMPT, Route, messages_of};
use identity::wire_name;
pub use identity::{Identity, plain_name};
pub use messages::{Message, Messages};
use messages::{embed, push_own};
pub use room::Room;

/// Changes when the canonical form does, so that old completions are not mistaken for new ones.
const FORMAT: u32 = 2;

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
    use bytes::Bytes;

    use super::*;

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
