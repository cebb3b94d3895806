//! A model behind an endpoint, as it stands, without training.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::json;

use super::super::served::Line;
use super::super::{Failure, Talk, block_on};
use crate::fingerprint::Route;
use crate::learn::served::{Question, Reply};
use crate::learn::{Labelled, LearnError};
use crate::report::count;

/// What was asked and answered.
pub struct Served {
    pub model: String,
    pub replies: Vec<Reply>,
}

impl Served {
    /// For machines.
    pub fn json(&self) -> serde_json::Value {
        json!({ "model": self.model, "asked": self.replies.len(), "legal": self.legal() })
    }

    /// Answers that are one of the labels.
    pub fn legal(&self) -> usize {
        self.replies.iter().filter(|reply| reply.label.is_some()).count()
    }
}

/// Asks an endpoint for the label of each text; nothing of it is stored.
pub fn ask(endpoint: &str, test: &Labelled, talk: &Talk) -> Result<Served, Failure> {
    block_on(async {
        let line = Line::connect(endpoint, talk).await?;
        let labels = test.labels.clone();
        let (model, llama) = (line.model().to_owned(), line.identity.is_llama_cpp());
        let question = Question { labels, model: model.clone(), llama };
        let started = Instant::now();
        let mut said = Instant::now();
        let mut replies = Vec::with_capacity(test.texts.len());
        let mut answers = stream::iter(&test.texts)
            .map(|text| line.client.ask(Route::Chat, question.body(text).into(), line.timeout))
            .buffered(line.at_a_time);
        while let Some(answer) = answers.next().await {
            let answer = answer.map_err(|error| LearnError::Served {
                endpoint: endpoint.to_owned(),
                what: error.to_string(),
            })?;
            replies.push(question.read(&answer));
            if said.elapsed() > Duration::from_secs(5) {
                said = Instant::now();
                let rate = replies.len() as f64 / started.elapsed().as_secs_f64();
                talk.say(&format!("{} of {} answers, {rate:.1} a second", replies.len(), test.texts.len()));
            }
        }
        drop(answers);
        line.close().await;
        let served = Served { model, replies };
        let illegal = served.replies.len() - served.legal();
        if illegal > 0 {
            talk.say(&format!(
                "{} of {} not one of the labels: the server may not honour schemas (`emogrid check --endpoint`)",
                count(illegal as u64, "answer"),
                test.texts.len()
            ));
        }
        Ok(served)
    })?
}
