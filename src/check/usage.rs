//! What servers count, read so that no answer is lost over a number.

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What one request used, as the server counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Of the prompt's those that stood in a cache.
    pub cached_tokens: Option<u64>,
}

/// Reads what was used; nothing is known where a number cannot be, since no answer is bad for its sake.
pub fn usage<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Usage>, D::Error> {
    #[derive(Deserialize)]
    struct Said {
        #[serde(default = "nothing")]
        prompt_tokens: Number,
        #[serde(default = "nothing")]
        completion_tokens: Number,
        #[serde(default)]
        prompt_tokens_details: Option<Details>,
    }
    #[derive(Deserialize)]
    struct Details {
        #[serde(default)]
        cached_tokens: Number,
    }
    fn nothing() -> Number {
        Number(Some(0.0))
    }
    let read = |said: Said| {
        Some(Usage {
            prompt_tokens: said.prompt_tokens.count()?,
            completion_tokens: said.completion_tokens.count()?,
            cached_tokens: said.prompt_tokens_details.and_then(|details| details.cached_tokens.count()),
        })
    };
    Ok(Option::<Said>::deserialize(from)?.and_then(read))
}

/// A number, or whatever else a server put in its place.
#[derive(Debug, Clone, Copy, Default)]
pub struct Number(Option<f64>);

impl Number {
    /// Tokens that one request can come to: no model reads a hundred million.
    pub fn count(self) -> Option<u64> {
        self.0.filter(|number| (0.0..=1e8).contains(number)).map(|number| number as u64)
    }

    /// Milliseconds that one request can take.
    pub fn time(self) -> Option<f64> {
        self.0.filter(|number| (0.0..=1e9).contains(number))
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyNumber).map(Number)
    }
}

struct AnyNumber;

impl<'de> Visitor<'de> for AnyNumber {
    type Value = Option<f64>;

    fn expecting(&self, to: &mut std::fmt::Formatter) -> std::fmt::Result {
        to.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
