//! An endpoint that is asked about texts of a table or a dataset, outside of any run.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};

use super::{Failure, Talk, open_path};
use crate::check::answer::Answer;
use crate::client::managed::ManagedServer;
use crate::client::{Client, ClientError, ErrorClass};
use crate::config::Config;
use crate::config::resolved::Slots;
use crate::fingerprint::{Ask, Identity};
use crate::learn::LearnError;
use crate::model::Fingerprint;
use crate::pipeline;
use crate::report::count;
use crate::store::{Completion, Kind, Reader, StoreDir, Writer, Written};

/// A server that was found.
pub struct Line {
    pub client: Client,
    pub identity: Identity,
    pub at_a_time: usize,
    pub timeout: Duration,
    managed: Option<ManagedServer>,
    /// As it was named.
    endpoint: String,
}

impl Line {
    /// The first endpoint of a config, or a server at an address.
    pub async fn connect(endpoint: &str, talk: &Talk) -> Result<Self, Failure> {
        let served = |what: String| LearnError::Served { endpoint: endpoint.to_owned(), what };
        if endpoint.starts_with("http://") || endpoint.starts_with("https://") {
            let base = endpoint.trim_end_matches('/').trim_end_matches("/v1");
            let client = Client::new(base, None).map_err(|error| served(error.to_string()))?;
            let probe = client.probe(None, Duration::from_secs(20)).await;
            let probe = probe.map_err(|error| served(error.to_string()))?;
            return Ok(Self {
                client,
                at_a_time: probe.slots.unwrap_or(4) as usize,
                identity: probe.identity,
                timeout: Duration::from_secs(300),
                managed: None,
                endpoint: endpoint.to_owned(),
            });
        }
        let opened = open_path(Path::new(endpoint), &[])?;
        Self::of_config(&opened.recipe.config, endpoint, talk).await
    }

    /// The first endpoint of a config, which stands at `path`.
    pub async fn of_config(config: &Config, path: &str, talk: &Talk) -> Result<Self, Failure> {
        let served = |what: String| LearnError::Served { endpoint: path.to_owned(), what };
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
        Ok(Self {
            client: line.client,
            identity: line.memory.identity,
            at_a_time: at_a_time.max(1) as usize,
            timeout: first.timeout,
            managed: line.managed,
            endpoint: path.to_owned(),
        })
    }

    pub fn model(&self) -> &str {
        self.identity.display_name()
    }

    fn failed(&self, what: impl Into<String>) -> Failure {
        LearnError::Served { endpoint: self.endpoint.clone(), what: what.into() }.into()
    }

    /// Ends a managed server.
    pub async fn close(self) {
        if let Some(managed) = self.managed {
            managed.stop().await;
        }
    }
}

/// One request about a text, with what it is stored under.
pub struct Asked {
    pub fingerprint: Fingerprint,
    pub ask: Ask,
}

/// What is stored of questions about texts, and where further answers go; nowhere where there is no
/// project.
pub struct Keep {
    dir: Option<StoreDir>,
    kind: Kind,
    max_tokens: u32,
}

impl Keep {
    /// `max_tokens` is what the requests allow.
    pub fn new(dir: Option<StoreDir>, kind: Kind, max_tokens: u32) -> Self {
        Self { dir, kind, max_tokens }
    }

    /// Whether answers are kept, so that nobody need ask again.
    pub fn keeps(&self) -> bool {
        self.dir.is_some()
    }

    fn stored(&self, asked: &[Asked]) -> Result<HashMap<Fingerprint, String>, Failure> {
        let mut out = HashMap::new();
        let reader = match &self.dir {
            Some(dir) => Reader::open(dir)?,
            None => None,
        };
        let Some(reader) = reader else { return Ok(out) };
        for Asked { fingerprint, .. } in asked {
            if let Some(raw) = reader.answer(fingerprint, self.max_tokens)? {
                out.insert(*fingerprint, raw);
            }
        }
        Ok(out)
    }
}

/// Requests, what was paid for them, and those that the server would not answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub asked: u64,
    pub stored: u64,
    pub refused: u64,
}

/// How often a failure that may pass is waited for, a second first and then twice as long each time.
const PATIENCE: u32 = 6;

impl Line {
    /// The raw answers to requests, in their order: what is stored is not asked for again, and what is
    /// answered is committed before it counts. `None` where the server refuses that one request.
    pub async fn answers(
        &self,
        asked: Vec<Asked>,
        keep: &Keep,
        cost: &mut Cost,
        talk: &Talk,
    ) -> Result<Vec<Option<String>>, Failure> {
        let mut known = keep.stored(&asked)?;
        let order: Vec<Fingerprint> = asked.iter().map(|asked| asked.fingerprint).collect();
        cost.stored += order.iter().filter(|fingerprint| known.contains_key(*fingerprint)).count() as u64;
        let (mut open, mut seen) = (Vec::new(), HashSet::new());
        for asked in asked {
            if !known.contains_key(&asked.fingerprint) && seen.insert(asked.fingerprint) {
                open.push(asked);
            }
        }
        if !open.is_empty() {
            let answers = self.ask(&open, keep, talk).await?;
            cost.asked += open.len() as u64;
            cost.refused += answers.iter().filter(|answer| answer.is_none()).count() as u64;
            let found = open.iter().zip(answers).filter_map(|(asked, raw)| Some((asked.fingerprint, raw?)));
            known.extend(found);
        }
        Ok(order.iter().map(|fingerprint| known.get(fingerprint).cloned()).collect())
    }

    async fn ask(&self, open: &[Asked], keep: &Keep, talk: &Talk) -> Result<Vec<Option<String>>, Failure> {
        let (tell, told) = mpsc::channel();
        let writer = match &keep.dir {
            // Whoever listens no more has failed, and says why.
            Some(dir) => Some(Writer::open(dir, move |written: Written| drop(tell.send(written.result)))?),
            None => None,
        };
        let (started, mut said) = (Instant::now(), Instant::now());
        let mut out = Vec::with_capacity(open.len());
        let mut answers =
            stream::iter(open).map(|asked| self.patiently(asked, talk)).buffered(self.at_a_time);
        while let Some(answer) = answers.next().await {
            let raw = answer.map_err(|error| {
                let kept = if keep.keeps() { "; what was answered is stored" } else { "" };
                self.failed(format!("{error}{kept}"))
            })?;
            if let (Some(writer), Some(raw)) = (&writer, &raw) {
                let asked = &open[out.len()];
                let answer = Answer::parse(raw).ok();
                writer.completion(
                    out.len() as u64,
                    Completion {
                        fingerprint: asked.fingerprint,
                        max_tokens: keep.max_tokens,
                        kind: keep.kind,
                        request: asked.ask.canonical(),
                        answer: raw.clone(),
                        ended: answer.as_ref().is_some_and(Answer::ended_by_itself),
                        tokens: answer.and_then(|answer| answer.usage).map(|usage| usage.completion_tokens),
                    },
                )?;
            }
            out.push(raw);
            if said.elapsed() > Duration::from_secs(5) {
                said = Instant::now();
                let rate = out.len() as f64 / started.elapsed().as_secs_f64();
                let left = Duration::from_secs_f64((open.len() - out.len()) as f64 / rate.max(1e-9));
                let left = if left.as_secs() < 90 {
                    count(left.as_secs().max(1), "second")
                } else {
                    count(left.as_secs().div_ceil(60), "minute")
                };
                talk.say(&format!(
                    "{} of {} answers, {rate:.1} a second, {left} left",
                    out.len(),
                    open.len()
                ));
            }
        }
        drop(answers);
        // It commits what it was sent before it is gone.
        drop(writer);
        told.try_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(out)
    }

    /// One answer, waited for as long as its failure may pass.
    async fn patiently(&self, asked: &Asked, talk: &Talk) -> Result<Option<String>, ClientError> {
        let mut failures = 0;
        loop {
            let answer = self.client.ask(asked.ask.route(), asked.ask.body(), self.timeout).await;
            // Any text may be sent with 200.
            let answer = answer.and_then(|raw| match Answer::parse(&raw) {
                Ok(_) => Ok(raw),
                Err(error) => Err(ClientError::garbled(&raw, "chat completion", &error.to_string())),
            });
            let error = match answer {
                Ok(raw) => return Ok(Some(raw)),
                Err(error) => error,
            };
            match error.class {
                // Its own fault; others may do better.
                ErrorClass::ContextExceeded | ErrorClass::Refused => return Ok(None),
                ErrorClass::Unauthorized | ErrorClass::NotFound | ErrorClass::Unusable => return Err(error),
                _ if failures == PATIENCE => return Err(error),
                _ => {}
            }
            if failures == 1 {
                talk.say(&format!("waiting for {}: {error}", self.endpoint));
            }
            let pause = Duration::from_secs(1 << failures);
            tokio::time::sleep(error.retry_after.unwrap_or(pause).min(Duration::from_secs(60))).await;
            failures += 1;
        }
    }
}
