//! One choice of a completion: what it says, and how it ended.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Deserialize)]
pub struct Choice<'a> {
    #[serde(default, borrow)]
    message: Option<Message<'a>>,
    /// How a prompt goes on.
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    finish_reason: Option<Cow<'a, str>>,
    /// What a provider puts beside a text that its own server broke off.
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(default, borrow, deserialize_with = "content")]
    content: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "content")]
    reasoning: Option<Cow<'a, str>>,
    /// In place of the content, where the provider tells refusals apart.
    #[serde(default, borrow)]
    refusal: Option<Cow<'a, str>>,
}

/// How a choice ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'c> {
    /// The model had said all.
    Itself,
    /// It ran into `max_tokens`.
    Cut,
    /// The server ended it, for the reason that it gives.
    Server(&'c str),
}

/// What servers call an end of the model's own.
const ITSELF: &[&str] =
    &["stop", "eos", "eos_token", "end_turn", "stop_sequence", "end", "complete", "completed", ""];
/// What they call it where there was no more room.
const CUT: &[&str] = &["length", "max_tokens", "max_length", "model_length"];

impl Choice<'_> {
    pub fn content(&self) -> &str {
        let said = self.message.as_ref().and_then(|message| message.content.as_deref());
        said.or(self.text.as_deref()).unwrap_or("")
    }

    /// What the model thought, if it did and the server keeps it apart.
    pub fn reasoning(&self) -> Option<&str> {
        let message = self.message.as_ref()?;
        message
            .reasoning_content
            .as_deref()
            .or(message.reasoning.as_deref())
            .filter(|text| !text.trim().is_empty())
    }

    /// Whether the provider says, apart from any text, that the model refuses.
    pub fn refuses(&self) -> bool {
        let said = self.message.as_ref().and_then(|message| message.refusal.as_deref());
        said.is_some_and(|text| !text.trim().is_empty())
    }

    /// A server that does not tell how it ended is taken at its best.
    pub fn end(&self) -> End<'_> {
        let Some(reason) = self.finish_reason.as_deref() else { return End::Itself };
        let is_one_of = |names: &[&str]| names.iter().any(|name| reason.eq_ignore_ascii_case(name));
        match () {
            () if is_one_of(ITSELF) => End::Itself,
            () if is_one_of(CUT) => End::Cut,
            () => End::Server(reason),
        }
    }

    /// Whether there is no place for a text in it.
    pub fn says_nothing(&self) -> bool {
        self.message.is_none() && self.text.is_none()
    }

    /// Whether its server failed before the end, so that another time may bring the whole.
    pub fn is_broken_off(&self) -> bool {
        self.error.is_some() || self.end() == End::Server("error")
    }
}

/// Reads a text, or the texts of a list of parts, one behind the other.
fn content<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    struct Content;

    impl<'de> Visitor<'de> for Content {
        type Value = Option<Cow<'de, str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text or a list of parts")
        }

        fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok(Some(Cow::Borrowed(text)))
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Some(Cow::Owned(text.to_owned())))
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
            #[derive(Deserialize)]
            #[serde(untagged)]
            enum Part<'a> {
                Text(#[serde(borrow)] Cow<'a, str>),
                Told {
                    #[serde(default, borrow, rename = "type")]
                    kind: Option<Cow<'a, str>>,
                    #[serde(default, borrow)]
                    text: Option<Cow<'a, str>>,
                },
                Other(IgnoredAny),
            }
            let mut out = String::new();
            while let Some(part) = parts.next_element::<Part>()? {
                match part {
                    Part::Text(text) => out.push_str(&text),
                    // `text`, `output_text`; what the model thought is no part of what it says.
                    Part::Told { kind, text: Some(text) }
                        if kind.as_ref().is_none_or(|kind| kind.contains("text")) =>
                    {
                        out.push_str(&text);
                    }
                    Part::Told { .. } | Part::Other(_) => {}
                }
            }
            Ok(Some(Cow::Owned(out)))
        }
    }

    from.deserialize_any(Content)
}
