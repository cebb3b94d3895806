//! A model behind an endpoint, as it stands, without training.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::json;

use super::super::{Failure, Talk, block_on, open_path};
use crate::client::Client;
use crate::client::managed::ManagedServer;
use crate::config::resolved::Slots;
use crate::fingerprint::Route;
use crate::learn::served::{Question, Reply};
use crate::learn::{Labelled, LearnError};
use crate::pipeline;
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

/// A server that was found.
struct Line {
    client: Client,
    model: String,
    llama: bool,
    at_a_time: usize,
    timeout: Duration,
    managed: Option<ManagedServer>,
}

/// Asks an endpoint for the label of each text; nothing of it is stored.
pub fn ask(endpoint: &str, test: &Labelled, talk: &Talk) -> Result<Served, Failure> {
    block_on(async {
        let line = connect(endpoint, talk).await?;
        let labels = test.labels.clone();
        let question = Question { labels, model: line.model.clone(), llama: line.llama };
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
        if let Some(managed) = line.managed {
            managed.stop().await;
        }
        let served = Served { model: line.model, replies };
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

/// The first endpoint of a config, or a server at an address.
async fn connect(endpoint: &str, talk: &Talk) -> Result<Line, Failure> {
    let served = |what: String| LearnError::Served { endpoint: endpoint.to_owned(), what };
    if endpoint.starts_with("http://") || endpoint.starts_with("https://") {
        let base = endpoint.trim_end_matches('/').trim_end_matches("/v1");
        let client = Client::new(base, None).map_err(|error| served(error.to_string()))?;
        let probe = client.probe(None, Duration::from_secs(20)).await;
        let probe = probe.map_err(|error| served(error.to_string()))?;
        return Ok(Line {
            client,
            model: probe.identity.display_name().to_owned(),
            llama: probe.identity.is_llama_cpp(),
            at_a_time: probe.slots.unwrap_or(4) as usize,
            timeout: Duration::from_secs(300),
            managed: None,
        });
    }
    let opened = open_path(Path::new(endpoint), &[])?;
    let config = &opened.recipe.config;
    let Some(first) = config.endpoints.first() else {
        return Err(served("it names no endpoint".to_owned()).into());
    };
    let watcher = talk.style().watcher();
    let line = pipeline::connect_one(config, first, watcher.as_ref()).await?;
    if let Some(away) = line.away {
        return Err(away.into());
    }
    let at_a_time = match first.slots {
        Slots::Exactly(slots) | Slots::Between(_, slots) => slots,
        Slots::Auto => line.memory.slots.unwrap_or(4),
    };
    Ok(Line {
        client: line.client,
        model: line.memory.identity.display_name().to_owned(),
        llama: line.memory.identity.is_llama_cpp(),
        at_a_time: at_a_time.max(1) as usize,
        timeout: first.timeout,
        managed: line.managed,
    })
}
