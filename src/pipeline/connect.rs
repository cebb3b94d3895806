//! Which models answer, and the ways to them.

use std::cell::Cell;
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
use crate::report::{Status, Watcher};

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
    Models::new(config, &identities)
}

/// How long a look may take before memory is good enough.
const LOOK: Duration = Duration::from_millis(1500);

/// Looks which models the endpoints have, with a GET where one is up, or from memory; `None` where
/// one was never seen.
///
/// # Errors
/// A managed model that is no model.
pub async fn look(config: &Config, reader: Option<&Reader>) -> Result<Option<Known>, RunError> {
    let looks = config.endpoints.iter().map(|endpoint| look_at(endpoint, reader));
    let mut known = Known { memories: Vec::new(), seen: true };
    for look in join_all(looks).await {
        let Some((memory, seen)) = look? else { return Ok(None) };
        known.memories.push(memory);
        known.seen &= seen;
    }
    Ok(Some(known))
}

async fn look_at(
    endpoint: &Endpoint,
    reader: Option<&Reader>,
) -> Result<Option<(EndpointMemory, bool)>, RunError> {
    let remembered = match reader {
        Some(reader) => reader.endpoint(&address(endpoint))?,
        None => None,
    };
    let seen = match &endpoint.server {
        Server::Managed(server) => managed_memory(endpoint, server)?,
        Server::Url(url) => {
            // Without its key an endpoint cannot be seen, and memory must do.
            let probe = match client(endpoint, url) {
                Ok(client) => client.probe(endpoint.model.as_deref(), LOOK).await.ok(),
                Err(RunError::NoKey { .. }) => None,
                Err(error) => return Err(error),
            };
            let asserted =
                |probe: &Probe| endpoint.model.as_ref().is_none_or(|model| check_model(probe, model).is_ok());
            probe.filter(asserted).map(|probe| memory_of(&probe))
        }
    };
    Ok(match seen {
        Some(memory) => Some((memory, true)),
        None => remembered.map(|memory| (memory, false)),
    })
}

/// What a managed server will be, by its model's file; `None` where that was not fetched yet.
fn managed_memory(endpoint: &Endpoint, server: &Managed) -> Result<Option<EndpointMemory>, RunError> {
    let (slots, context) = (Some(server.slots), Some(server.context));
    let identity = managed::identity(server).map_err(|error| RunError::managed(endpoint, error))?;
    Ok(identity.map(|identity| EndpointMemory { identity, slots, context }))
}

pub fn memory_of(probe: &Probe) -> EndpointMemory {
    EndpointMemory { identity: probe.identity.clone(), slots: probe.slots, context: probe.context }
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
    pub client: Client,
    pub memory: EndpointMemory,
    pub managed: Option<ManagedServer>,
    /// Why it cannot be used now, though it may later.
    pub away: Option<RunError>,
}

/// Starts managed servers, waits for the user's own, and asserts their models. Where several
/// endpoints are given and some are there, the others are not waited for, if it is remembered which
/// model each has.
///
/// # Errors
/// What no waiting will mend, or patience at its end.
pub async fn connect(
    config: &Config,
    reader: Option<&Reader>,
    watcher: &(dyn Watcher + Sync),
) -> Result<Vec<Line>, RunError> {
    let there = Cell::new(0);
    let ends = config.endpoints.iter().map(|endpoint| async {
        let mut remembered = match reader {
            Some(reader) => reader.endpoint(&address(endpoint))?,
            None => None,
        };
        if let (None, Server::Managed(server)) = (&remembered, &endpoint.server) {
            // Its file says what it is, also where it never ran; one that is wrong is met when it starts.
            remembered = managed_memory(endpoint, server).ok().flatten();
        }
        connect_to(config, endpoint, remembered, &there, watcher).await
    });
    let lines: Vec<Line> = join_all(ends).await.into_iter().collect::<Result<_, _>>()?;
    if lines.iter().any(|line| line.away.is_none()) {
        return Ok(lines);
    }
    let mut lines = lines;
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
    connect_to(config, endpoint, None, &Cell::new(0), watcher).await
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
const GRACE: Duration = Duration::from_secs(2);

async fn connect_to(
    config: &Config,
    endpoint: &Endpoint,
    remembered: Option<EndpointMemory>,
    there: &Cell<usize>,
    watcher: &(dyn Watcher + Sync),
) -> Result<Line, RunError> {
    let others = config.endpoints.len() - 1;
    // One of several whose model is known may be away, as long as another is there.
    let spared = |error: &RunError| {
        let memory = remembered.clone().filter(|_| others > 0)?;
        watcher.say(&format!("endpoint `{}` is set aside: {error}", endpoint.name));
        Some(memory)
    };
    let (url, client, mut managed) = match reach(config, endpoint, watcher).await {
        Ok(reached) => reached,
        Err(error) => {
            let Some(memory) = spared(&error) else { return Err(error) };
            // It stays aside, so that nothing goes to where it would be.
            let client = Client::new(NOWHERE, None).map_err(|error| RunError::endpoint(endpoint, error))?;
            return Ok(Line { client, memory, managed: None, away: Some(error) });
        }
    };
    let started = Instant::now();
    let mut said: Option<ErrorClass> = None;
    let mut failures = 0;
    let probe = loop {
        let asked = client.probe(endpoint.model.as_deref(), Duration::from_secs(20));
        let error = match spoken(asked, watcher, &url).await {
            Ok(probe) => break probe,
            Err(error) => error,
        };
        if let Some(gone) = managed.as_mut().and_then(ManagedServer::gone) {
            let error = RunError::gone(endpoint, gone);
            return match spared(&error) {
                Some(memory) => Ok(Line { client, memory, managed: None, away: Some(error) }),
                None => Err(error),
            };
        }
        let over = started.elapsed() >= endpoint.patience;
        if over || !may_pass(&error) || (there.get() > 0 && started.elapsed() >= GRACE) {
            let error = match over && may_pass(&error) {
                true => RunError::impatient(endpoint, error, started.elapsed(), None),
                false => RunError::endpoint(endpoint, error),
            };
            return match spared(&error) {
                Some(memory) => Ok(Line { client, memory, managed, away: Some(error) }),
                None if over || !is_passing(&error) => Err(error),
                // Never seen, so it is not known which asks are its own.
                None => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
        }
        if said != Some(error.class) {
            said = Some(error.class);
            watcher.say(&format!("waiting for {url}: {}", waiting_for(&error)));
        }
        watcher.update(&Status {
            waiting: Some(format!("waiting for {url}: {}", waiting_for(&error))),
            elapsed: started.elapsed(),
            ..Status::default()
        });
        let left = endpoint.patience.saturating_sub(started.elapsed());
        let pause = Duration::from_millis(250 << u32::min(failures, 4));
        tokio::time::sleep(pause.min(left)).await;
        failures += 1;
    };
    if let Some(model) = &endpoint.model
        && let Err(what) = check_model(&probe, model)
    {
        let error = RunError::WrongModel { endpoint: endpoint.name.clone(), url, what };
        return match spared(&error) {
            Some(memory) => Ok(Line { client, memory, managed, away: Some(error) }),
            None => Err(error),
        };
    }
    let mut memory = memory_of(&probe);
    // A managed model is what its file says, whatever this build of the server calls it.
    if let Server::Managed(server) = &endpoint.server
        && let Some(own) = managed_memory(endpoint, server)?
    {
        memory = own;
    }
    there.set(there.get() + 1);
    Ok(Line { client, memory, managed, away: None })
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
    let several = config.endpoints.len() > 1;
    let name = if several { format!("{}-{}", config.name, endpoint.name) } else { config.name.clone() };
    // Its log is written where no run may have been yet.
    StoreDir::new(config.project.store()).create()?;
    let log = config.project.store().join(format!("llama-{name}.log"));
    let started = ManagedServer::start(server, &log, &|message| watcher.say(message)).await;
    started.map_err(|error| RunError::managed(endpoint, error))
}

/// Waits for a server's answer, and says so when it takes longer than a moment.
async fn spoken<T>(answer: impl Future<Output = T>, watcher: &(dyn Watcher + Sync), url: &str) -> T {
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => return answer,
        () = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    watcher.say(&format!("waiting for {url}: no answer yet"));
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
            | ErrorClass::RateLimited
            | ErrorClass::ServerError
            | ErrorClass::Timeout
    )
}

fn is_passing(error: &RunError) -> bool {
    matches!(error, RunError::Endpoint { error, .. } if may_pass(error))
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
