//! A completion as servers send it.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use super::digest::Digest;

/// What emogrid reads of a completion, of a chat or of a prompt.
#[derive(Debug, Deserialize)]
pub struct Answer<'a> {
    #[serde(borrow)]
    pub choices: Vec<Choice<'a>>,
    #[serde(default)]
    pub usage: Option<Usage>,
    #[serde(default)]
    pub timings: Option<Timings>,
    /// In place of what the choices said, where something was taken away of it.
    #[serde(default)]
    pub emogrid: Option<Digest>,
}

#[derive(Debug, Deserialize)]
pub struct Choice<'a> {
    #[serde(default, borrow)]
    message: Option<Message<'a>>,
    /// How a prompt goes on.
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub finish_reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    #[serde(default, borrow)]
    content: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    reasoning: Option<Cow<'a, str>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Usage {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
    #[serde(default)]
    pub prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct PromptTokens {
    #[serde(default)]
    pub cached_tokens: Option<u64>,
}

/// llama.cpp's own figures for one request.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Timings {
    /// Prompt tokens taken from the slot's cache.
    #[serde(default)]
    pub cache_n: Option<u64>,
    /// Milliseconds over the prompt, and over the answer.
    #[serde(default)]
    pub prompt_ms: Option<f64>,
    #[serde(default)]
    pub predicted_ms: Option<f64>,
}

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
}

impl<'a> Answer<'a> {
    /// # Errors
    /// What is no completion, or one without choices.
    pub fn parse(raw: &'a str) -> Result<Self, serde_json::Error> {
        let answer: Self = serde_json::from_str(raw)?;
        if answer.choices.is_empty() {
            return Err(serde::de::Error::custom("no choices"));
        }
        if answer.choices.iter().any(|choice| choice.message.is_none() && choice.text.is_none()) {
            return Err(serde::de::Error::custom("a choice with neither `message` nor `text`"));
        }
        Ok(answer)
    }

    /// Whether every choice ended by itself, within what was allowed.
    pub fn ended_by_itself(&self) -> bool {
        self.choices.iter().all(|choice| choice.finish_reason.as_deref() != Some("length"))
    }

    /// How long the server was at work on it, by its own timings; those of several choices are not of all.
    pub fn served(&self) -> Option<Duration> {
        let timings = self.timings.filter(|_| self.choices.len() == 1)?;
        Duration::try_from_secs_f64((timings.prompt_ms? + timings.predicted_ms?) / 1000.0).ok()
    }

    /// Prompt tokens that the server did not have to evaluate.
    pub fn cached_tokens(&self) -> u64 {
        let details = self.usage.and_then(|usage| usage.prompt_tokens_details);
        self.timings
            .and_then(|timings| timings.cache_n)
            .or(details.and_then(|details| details.cached_tokens))
            .unwrap_or(0)
    }
}
