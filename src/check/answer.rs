//! A completion as servers send it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use super::choice::{Choice, End};
use super::digest::Digest;
use super::usage::{Number, Usage, usage};

/// What emogrid reads of a completion, of a chat or of a prompt.
#[derive(Debug, Deserialize)]
pub struct Answer<'a> {
    #[serde(borrow)]
    pub choices: Vec<Choice<'a>>,
    #[serde(default, deserialize_with = "usage")]
    pub usage: Option<Usage>,
    #[serde(default)]
    pub timings: Option<Timings>,
    /// What it names as its model, as JSON, whatever that is.
    #[serde(default, borrow)]
    pub model: Option<&'a RawValue>,
    /// In place of what the choices said, where something was taken away of it.
    #[serde(default)]
    pub emogrid: Option<Digest>,
}

/// llama.cpp's own figures for one request.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Timings {
    /// Prompt tokens taken from the slot's cache.
    #[serde(default)]
    cache_n: Number,
    /// Milliseconds over the prompt, and over the answer.
    #[serde(default)]
    prompt_ms: Number,
    #[serde(default)]
    predicted_ms: Number,
}

impl<'a> Answer<'a> {
    /// # Errors
    /// What is no completion, one without choices, and one that the server broke off.
    pub fn parse(raw: &'a str) -> Result<Self, serde_json::Error> {
        let answer: Self = serde_json::from_str(raw)?;
        if answer.choices.is_empty() {
            return Err(serde::de::Error::custom("no choices"));
        }
        if answer.choices.iter().any(Choice::says_nothing) {
            return Err(serde::de::Error::custom("a choice with neither `message` nor `text`"));
        }
        if answer.choices.iter().all(Choice::is_broken_off) {
            return Err(serde::de::Error::custom("the server broke it off with an error"));
        }
        Ok(answer)
    }

    /// Whether every choice ended by itself, within what was allowed.
    pub fn ended_by_itself(&self) -> bool {
        self.choices.iter().all(|choice| choice.end() != End::Cut)
    }

    /// How long the server was at work on it, by its own timings; those of several choices are not of all.
    pub fn served(&self) -> Option<Duration> {
        let timings = self.timings.filter(|_| self.choices.len() == 1)?;
        Duration::try_from_secs_f64((timings.prompt_ms.time()? + timings.predicted_ms.time()?) / 1000.0).ok()
    }

    /// Prompt tokens that the server did not have to evaluate.
    pub fn cached_tokens(&self) -> u64 {
        let timed = self.timings.and_then(|timings| timings.cache_n.count());
        timed.or(self.usage.and_then(|usage| usage.cached_tokens)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text was paid for, whatever its server counts.
    #[test]
    fn no_answer_is_bad_for_a_number() {
        for number in
            ["null", "-1", "12.5", "1e300", "\"12\"", "[1, 2]", "{\"a\": 1}", "true", "18446744073709551615"]
        {
            let raw = format!(
                r#"{{"choices": [{{"message": {{"content": "a"}}, "finish_reason": "stop"}}],
                    "usage": {{"prompt_tokens": {number}, "completion_tokens": {number},
                        "prompt_tokens_details": {{"cached_tokens": {number}}}}},
                    "timings": {{"cache_n": {number}, "prompt_ms": {number}, "predicted_ms": {number}}}}}"#
            );
            let answer = Answer::parse(&raw).unwrap_or_else(|error| panic!("{number}: {error}"));
            assert_eq!(answer.choices[0].content(), "a");
            let usage = answer.usage.map(|usage| usage.prompt_tokens + usage.completion_tokens);
            assert_eq!(usage, (number == "12.5").then_some(24), "{number}");
            assert!(answer.served().is_none_or(|time| time < Duration::from_secs(1)), "{number}");
            assert!(answer.cached_tokens() <= 12, "{number}");
        }
    }
}
