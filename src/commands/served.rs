//! An endpoint that is asked about texts of a table or a dataset, outside of any run.

mod answers;
mod label;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use label::{Served, label};

use super::{Failure, Talk, open_path};
use crate::client::managed::ManagedServer;
use crate::client::{Client, check_model};
use crate::config::resolved::{Endpoint, Slots};
use crate::config::{Config, is_address, plain_address};
use crate::fingerprint::{Ask, Identity};
use crate::learn::LearnError;
use crate::model::Fingerprint;
use crate::pipeline::{self, Limiter, SILENT};
use crate::store::{Kind, Reader, StoreDir};

/// How long a server is waited for that is named by its address.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that was found.
pub struct Line {
    pub client: Arc<Client>,
    pub identity: Identity,
    pub at_a_time: usize,
    pub timeout: Duration,
    managed: Option<ManagedServer>,
    /// As it was named.
    endpoint: String,
    /// How long it is waited for, and what says so: a key of the config, or nothing.
    patience: (Duration, Option<String>),
    /// Its limits a minute, where it has any, and its name in the config.
    limiter: Option<(RefCell<Limiter>, String)>,
}

impl Line {
    /// The first endpoint of a config, or a server at an address.
    pub async fn connect(endpoint: &str, talk: &Talk) -> Result<Self, Failure> {
        if is_address(endpoint) {
            return Self::of_address(endpoint, None, None, talk).await;
        }
        let opened = open_path(Path::new(endpoint), &[])?;
        Self::of_config(&opened.recipe.config, endpoint, talk).await
    }

    /// The first endpoint of a config, which stands at `path`.
    pub async fn of_config(config: &Config, path: &str, talk: &Talk) -> Result<Self, Failure> {
        let served = |what: String| LearnError::Served { endpoint: path.to_owned(), what };
        match config.endpoints.first() {
            Some(first) => Self::of_endpoint(config, first, path, talk).await,
            None => Err(served("it names no endpoint".to_owned()).into()),
        }
    }

    /// One endpoint of a config, which stands at `path`.
    pub async fn of_endpoint(
        config: &Config,
        endpoint: &Endpoint,
        path: &str,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let watcher = talk.style().watcher();
        let line = pipeline::connect_one(config, endpoint, watcher.as_ref()).await?;
        if let Some(away) = line.away {
            return Err(away.into());
        }
        let at_a_time = match endpoint.slots {
            Slots::Exactly(slots) | Slots::Between(_, slots) => slots,
            Slots::Auto => line.memory.slots.unwrap_or(4),
        };
        Ok(Self {
            client: line.client,
            identity: line.memory.identity,
            at_a_time: at_a_time.max(1) as usize,
            timeout: endpoint.timeout,
            managed: line.managed,
            endpoint: path.to_owned(),
            patience: (endpoint.patience, Some(format!("endpoints.{}.patience", endpoint.name))),
            limiter: Limiter::of(config, endpoint)
                .map(|limiter| (RefCell::new(limiter), endpoint.name.clone())),
        })
    }

    /// A server at an address, of whose models one may be wanted.
    pub async fn of_address(
        address: &str,
        model: Option<&str>,
        key: Option<String>,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let served = |what: String| LearnError::Served { endpoint: address.to_owned(), what };
        let base = plain_address(address).map_err(Failure::Refused)?;
        let client = Client::new(&base, key).map_err(|error| served(error.to_string()))?;
        let slow = || talk.say(&format!("waiting for {address}: {SILENT}"));
        let probe = pipeline::spoken(client.probe(model, Duration::from_secs(20)), slow).await;
        let probe = probe.map_err(|error| served(error.to_string()))?;
        model.map_or(Ok(()), |model| check_model(&probe, model)).map_err(served)?;
        Ok(Self {
            client: Arc::new(client),
            at_a_time: probe.slots.unwrap_or(4) as usize,
            identity: probe.identity,
            timeout: Duration::from_secs(300),
            managed: None,
            endpoint: address.to_owned(),
            patience: (PATIENCE, None),
            limiter: None,
        })
    }

    pub fn model(&self) -> &str {
        self.identity.display_name()
    }

    /// What went wrong there.
    pub fn failed(&self, what: impl Into<String>) -> Failure {
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

    /// Tells of each of these answers whether it is stored.
    pub fn each_stored<'a>(
        &self,
        asked: impl IntoIterator<Item = &'a Fingerprint>,
        mut tell: impl FnMut(&Fingerprint, Option<String>),
    ) -> Result<(), Failure> {
        let reader = match &self.dir {
            Some(dir) => Reader::open(dir)?,
            None => None,
        };
        for fingerprint in asked {
            let raw = match &reader {
                Some(reader) => reader.answer(fingerprint, self.max_tokens)?,
                None => None,
            };
            tell(fingerprint, raw);
        }
        Ok(())
    }
}

/// Requests, what was paid for them, and those that the server would not answer.
#[derive(Debug, Clone, Default)]
pub struct Cost {
    pub asked: u64,
    pub stored: u64,
    pub refused: u64,
    /// Those that were sent: several texts may be embedded by one.
    pub requests: u64,
    /// Why one was refused.
    pub why: Option<String>,
}
