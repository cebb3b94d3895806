//! Which models answer, and the ways to them.

mod assumed;
mod sight;

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::managed::{self, ManagedServer};
use crate::client::{Client, ClientError, ErrorClass, Probe, check_model};
use crate::config::Config;
use crate::config::resolved::{Endpoint, Managed, Server};
use crate::dataset::Models;
use crate::fingerprint::Identity;
use crate::store::{EndpointMemory, Reader, StoreDir};

use super::address::address;
use super::error::RunError;
use crate::report::morning::Awaited;
use crate::report::{Status, Watcher};
use assumed::{assume, can_be_assumed};
pub use assumed::{may_be, sure};
pub use sight::{Sight, look};

/// What is known of the endpoints without asking them for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// In the config's order.
    pub memories: Vec<EndpointMemory>,
    /// Whether all were seen just now, rather than remembered.
    pub seen: bool,
}

impl Known {
    pub fn models(&self, config: &Config) -> Models {
        models(config, &self.memories)
    }
}

/// The models of endpoints that are remembered so.
pub fn models(config: &Config, memories: &[EndpointMemory]) -> Models {
    let identities: Vec<Identity> = memories.iter().map(|memory| memory.identity.clone()).collect();
    Models::new(config, &identities).assuming(|endpoint| memories[endpoint].assumed)
}

/// How long a server may take to say what it is.
const PROBE: Duration = Duration::from_secs(20);

/// Why the others wait for an endpoint that was never seen.
pub(super) const UNKNOWN: &str = "until it is, nobody knows which asks are its own, so a run asks nothing";

fn unseen_advice(endpoint: &str) -> String {
    format!("{UNKNOWN}; `endpoints.{endpoint}.model` would tell")
}

/// Whether nobody could tell an endpoint's asks from others' where it does not answer.
///
/// # Errors
/// A store that cannot be read.
pub(super) fn is_unknown(config: &Config, index: usize) -> Result<bool, RunError> {
    let endpoint = &config.endpoints[index];
    let is_url = matches!(endpoint.server, Server::Url(_));
    if config.endpoints.len() == 1 || !is_url || can_be_assumed(config, index) {
        return Ok(false);
    }
    let reader = Reader::open(&StoreDir::new(config.project.store()))?;
    let remembered = reader.map(|reader| reader.endpoint(&address(endpoint))).transpose()?;
    Ok(remembered.flatten().is_none())
}

/// What was seen at any address.
fn elsewhere(reader: Option<&Reader>) -> Result<Vec<EndpointMemory>, RunError> {
    Ok(match reader {
        Some(reader) => reader.endpoints()?,
        None => Vec::new(),
    })
}

/// What is wrong with a server by the model that the config asserts, if anything is.
fn wrong_model(endpoint: &Endpoint, url: &str, probe: &Probe) -> Option<RunError> {
    let what = check_model(probe, endpoint.model.as_deref()?).err()?;
    Some(RunError::WrongModel { endpoint: endpoint.name.clone(), url: url.to_owned(), what })
}

/// What a managed server will be, by its model's file; `None` where that was not fetched yet.
fn managed_memory(endpoint: &Endpoint, server: &Managed) -> Result<Option<EndpointMemory>, RunError> {
    let (slots, context) = (Some(server.slots), Some(server.context));
    let identity = managed::identity(server).map_err(|error| RunError::managed(endpoint, error))?;
    Ok(identity.map(|identity| EndpointMemory { identity, slots, context, level: None, assumed: false }))
}

pub fn memory_of(probe: &Probe) -> EndpointMemory {
    let Probe { identity, slots, context, .. } = probe;
    EndpointMemory {
        identity: identity.clone(),
        slots: *slots,
        context: *context,
        level: None,
        assumed: false,
    }
}

/// A client for an endpoint, with its key.
///
/// # Errors
/// A key that is not there.
pub fn client(endpoint: &Endpoint, url: &str) -> Result<Client, RunError> {
    let key = match &endpoint.api_key_env {
        None => None,
        Some(name) => match std::env::var(name) {
            Ok(key) if !key.trim().is_empty() => Some(key.trim().to_owned()),
            _ => {
                return Err(RunError::NoKey { name: name.clone(), endpoint: endpoint.name.clone() });
            }
        },
    };
    Client::new(url, key).map_err(|error| RunError::endpoint(endpoint, error))
}

/// The way to one endpoint, with what it says of itself, or what is remembered of it.
#[derive(Debug)]
pub struct Line {
    pub client: Arc<Client>,
    pub memory: EndpointMemory,
    pub managed: Option<ManagedServer>,
    /// Why it cannot be used now, though it may later.
    pub away: Option<RunError>,
    /// When it was looked at.
    pub seen: Instant,
}

/// The same while nothing is known of its model.
struct Way {
    client: Client,
    memory: Option<EndpointMemory>,
    managed: Option<ManagedServer>,
    away: Option<RunError>,
    seen: Instant,
}

impl Way {
    /// The same once it is known, or assumed, what its model is.
    ///
    /// # Errors
    /// Why nothing is known of it.
    fn known(self, memory: Option<EndpointMemory>, endpoint: &Endpoint) -> Result<Line, RunError> {
        let Way { client, managed, away, seen, .. } = self;
        match (memory, away) {
            (Some(memory), away) => Ok(Line { client: Arc::new(client), memory, managed, away, seen }),
            (None, Some(error)) => Err(error),
            (None, None) => Err(RunError::unseen(endpoint)),
        }
    }
}

/// What is known of an endpoint before it answers.
#[derive(Debug, Clone)]
enum Before {
    /// Its model.
    Known(EndpointMemory),
    /// Which asks are its own.
    Assumed,
    /// The others wait for it.
    Nothing,
    /// There are no others.
    Alone,
}

/// Starts managed servers, waits for the user's own, and asserts their models. Where several
/// endpoints are given and some are there, the others are not waited for, if it is known which
/// asks are their own.
///
/// # Errors
/// What no waiting will mend, or patience at its end.
pub async fn connect(
    config: &Config,
    reader: Option<&Reader>,
    watcher: &(dyn Watcher + Sync),
) -> Result<Vec<Line>, RunError> {
    let there = &Cell::new(0);
    let ends = config.endpoints.iter().enumerate().map(|(index, endpoint)| async move {
        let mut remembered = match reader {
            Some(reader) => reader.endpoint(&address(endpoint))?,
            None => None,
        };
        if let (None, Server::Managed(server)) = (&remembered, &endpoint.server) {
            // Its file says what it is, also where it never ran; one that is wrong is met when it starts.
            remembered = managed_memory(endpoint, server).ok().flatten();
        }
        let before = match remembered {
            Some(memory) => Before::Known(memory),
            None if can_be_assumed(config, index) => Before::Assumed,
            None if config.endpoints.len() == 1 => Before::Alone,
            None => Before::Nothing,
        };
        connect_to(config, endpoint, before, there, watcher).await
    });
    let ways: Vec<Way> = join_all(ends).await.into_iter().collect::<Result<_, _>>()?;
    let mut memories: Vec<_> = ways.iter().map(|way| way.memory.clone()).collect();
    assume(config, &mut memories, &elsewhere(reader)?);
    let known = ways.into_iter().zip(memories).zip(&config.endpoints);
    let lines = known.map(|((way, memory), endpoint)| way.known(memory, endpoint));
    let mut lines = lines.collect::<Result<Vec<Line>, RunError>>()?;
    if lines.iter().any(|line| line.away.is_none()) {
        return Ok(lines);
    }
    match lines.iter_mut().find_map(|line| line.away.take()) {
        Some(error) => Err(error),
        None => Ok(lines),
    }
}

/// The way to one endpoint, whatever the others do.
///
/// # Errors
/// As of `connect`.
pub async fn connect_one(
    config: &Config,
    endpoint: &Endpoint,
    watcher: &(dyn Watcher + Sync),
) -> Result<Line, RunError> {
    let way = connect_to(config, endpoint, Before::Alone, &Cell::new(0), watcher).await?;
    let memory = way.memory.clone();
    way.known(memory, endpoint)
}

/// Where nobody is.
const NOWHERE: &str = "http://127.0.0.1:0";

/// Starts the server of an endpoint, if that is ours to do, and makes the client for it.
async fn reach(
    config: &Config,
    endpoint: &Endpoint,
    watcher: &(dyn Watcher + Sync),
) -> Result<(String, Client, Option<ManagedServer>), RunError> {
    match &endpoint.server {
        Server::Url(url) => Ok((url.clone(), client(endpoint, url)?, None)),
        Server::Managed(server) => {
            let running = start(config, endpoint, server, watcher).await?;
            Ok((running.address.clone(), client(endpoint, &running.address)?, Some(running)))
        }
    }
}

/// How long an endpoint is waited for while another is there.
const GRACE: Duration = Duration::from_secs(1);

/// Comes back when others are there, and this one has had its time.
async fn grace(there: &Cell<usize>, started: Instant) {
    while there.get() == 0 || started.elapsed() < GRACE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn connect_to(
    config: &Config,
    endpoint: &Endpoint,
    before: Before,
    there: &Cell<usize>,
    watcher: &(dyn Watcher + Sync),
) -> Result<Way, RunError> {
    let several = config.endpoints.len() > 1;
    let may_be_away = several && matches!(before, Before::Known(_) | Before::Assumed);
    let holds = matches!(before, Before::Nothing);
    let managed = matches!(endpoint.server, Server::Managed(_));
    let awaited = |class: ErrorClass, why: String| Awaited::Endpoint {
        name: endpoint.name.clone(),
        class: class.name().to_owned(),
        managed,
        why,
    };
    let is_done = || watcher.goes_on(&awaited(ErrorClass::Loading, String::new()));
    // One of several whose asks are known may be away, as long as another is there.
    let spared = |client: Client, managed: Option<ManagedServer>, error: RunError| {
        is_done();
        if !may_be_away {
            return Err(match holds {
                true => RunError::Unseen { endpoint: endpoint.name.clone(), error: Box::new(error) },
                false => error,
            });
        }
        watcher.say(&format!("endpoint `{}` is set aside: {}", endpoint.name, error.of_its_endpoint()));
        let memory = match &before {
            Before::Known(memory) => Some(memory.clone()),
            Before::Assumed | Before::Nothing | Before::Alone => None,
        };
        Ok(Way { client, memory, managed, away: Some(error), seen: Instant::now() })
    };
    if managed {
        watcher.waits(&awaited(ErrorClass::Loading, "its server is started".to_owned()));
    }
    let (url, client, mut managed) = match reach(config, endpoint, watcher).await {
        Ok(reached) => reached,
        Err(error) => {
            // It stays aside, so that nothing goes to where it would be.
            let client = Client::new(NOWHERE, None).map_err(|error| RunError::endpoint(endpoint, error))?;
            return spared(client, None, error);
        }
    };
    let started = Instant::now();
    let mut said: Option<ErrorClass> = None;
    let mut said_held = false;
    let mut failures = 0;
    let probe = loop {
        let slow = || {
            watcher.say(&format!("waiting for {url}: {SILENT}"));
            watcher.waits(&awaited(ErrorClass::Timeout, SILENT.to_owned()));
        };
        // One that never answers is waited for no longer than any other that is away.
        let left = endpoint.patience.saturating_sub(started.elapsed());
        let asked = spoken(client.probe(endpoint.model.as_deref(), PROBE.min(left.max(GRACE))), slow);
        let answer = tokio::select! {
            answer = asked => answer,
            () = grace(there, started), if may_be_away => {
                Err(ClientError::new(ErrorClass::Timeout, SILENT))
            }
        };
        let error = match answer {
            Ok(probe) => break probe,
            Err(error) => error,
        };
        if let Some(gone) = managed.as_mut().and_then(ManagedServer::gone) {
            return spared(client, None, RunError::gone(endpoint, gone));
        }
        let over = started.elapsed() >= endpoint.patience;
        let others_wait = there.get() > 0 && started.elapsed() >= GRACE;
        if over || !may_pass(&error) || (others_wait && may_be_away) {
            let error = match over && may_pass(&error) {
                true => RunError::impatient(endpoint, error, started.elapsed(), None),
                false => RunError::endpoint(endpoint, error),
            };
            return spared(client, managed, error);
        }
        if said != Some(error.class) {
            said = Some(error.class);
            watcher.say(&format!("waiting for {url}: {}", waiting_for(&error)));
        }
        watcher.waits(&awaited(error.class, error.to_string()));
        if others_wait && holds && !std::mem::replace(&mut said_held, true) {
            let advice = unseen_advice(&endpoint.name);
            watcher.say(&format!("{}; {advice}", RunError::unseen(endpoint)));
        }
        watcher.update(&Status {
            waiting: Some(format!("waiting for {url}: {}", waiting_for(&error))),
            elapsed: started.elapsed(),
            ..Status::default()
        });
        let left = endpoint.patience.saturating_sub(started.elapsed());
        let pause = Duration::from_millis(250 << u32::min(failures, 4));
        tokio::select! {
            () = tokio::time::sleep(pause.min(left)) => {}
            () = grace(there, started), if may_be_away => {}
        }
        failures += 1;
    };
    if let Some(error) = wrong_model(endpoint, &url, &probe) {
        return spared(client, managed, error);
    }
    let mut memory = memory_of(&probe);
    // A managed model is what its file says, whatever this build of the server calls it.
    if let Server::Managed(server) = &endpoint.server
        && let Some(own) = managed_memory(endpoint, server)?
    {
        memory = own;
    }
    if let Before::Known(before) = &before {
        memory = memory.knowing(Some(before));
    }
    is_done();
    there.set(there.get() + 1);
    Ok(Way { client, memory: Some(memory), managed, away: None, seen: Instant::now() })
}

/// The folder in which a config's managed servers log, and where it stands which of them are there.
pub fn server_logs(config: &Config) -> PathBuf {
    config.project.store().join("servers").join(&config.name)
}

/// Starts the server of a managed endpoint.
///
/// # Errors
/// Why it does not start.
pub async fn start(
    config: &Config,
    endpoint: &Endpoint,
    server: &Managed,
    watcher: &(dyn Watcher + Sync),
) -> Result<ManagedServer, RunError> {
    // Its log is written where no run may have been yet.
    StoreDir::new(config.project.store()).create()?;
    let log = server_logs(config).join(format!("{}.log", endpoint.name));
    let started = ManagedServer::start(server, &log, &|message| watcher.say(message)).await;
    started.map_err(|error| RunError::managed(endpoint, error))
}

/// What is said of a server that takes longer than a moment to say what it is.
pub const SILENT: &str = "no answer yet";

/// Waits for a server's answer, and calls `slow` when it takes longer than a moment.
pub async fn spoken<T>(answer: impl Future<Output = T>, slow: impl Fn()) -> T {
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => return answer,
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    slow();
    answer.await
}

/// Whether waiting may mend it.
fn may_pass(error: &ClientError) -> bool {
    matches!(
        error.class,
        ErrorClass::Unreachable
            | ErrorClass::Dropped
            | ErrorClass::Loading
            | ErrorClass::Unavailable
            | ErrorClass::Gateway
            | ErrorClass::RateLimited
            | ErrorClass::ServerError
            | ErrorClass::Timeout
    )
}

/// A short word on what is waited for.
pub fn waiting_for(error: &ClientError) -> String {
    match error.class {
        ErrorClass::Loading => "its model is loading".into(),
        ErrorClass::Unreachable => {
            format!("nothing answers there ({}); start the server, or Ctrl-C", error.message)
        }
        _ => error.to_string(),
    }
}
