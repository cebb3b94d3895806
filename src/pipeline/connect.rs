//! Which model answers, and the way to it.

use std::time::{Duration, Instant};

use crate::client::managed::{self, ManagedError, ManagedServer};
use crate::client::{Client, ClientError, ErrorClass, Probe, check_model};
use crate::config::Config;
use crate::config::resolved::{Endpoint, Server};
use crate::store::{EndpointMemory, Reader};

use super::address::address;
use super::error::RunError;
use crate::report::{Status, Watcher};

/// What is known of the endpoint without asking it for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub memory: EndpointMemory,
    /// Whether it was seen just now, rather than remembered.
    pub seen: bool,
}

/// How long a look may take before memory is good enough.
const LOOK: Duration = Duration::from_millis(1500);

/// Looks which model the endpoint has, with a GET where it is up, or from memory.
///
/// # Errors
/// A managed model that is no model.
pub async fn look(config: &Config, reader: Option<&Reader>) -> Result<Option<Known>, RunError> {
    let endpoint = &config.endpoint;
    let remembered = match reader {
        Some(reader) => reader.endpoint(&address(endpoint))?,
        None => None,
    };
    let memory = match &endpoint.server {
        Server::Managed(server) => {
            let identity = managed::identity(server)?;
            return Ok(identity
                .map(|identity| Known {
                    memory: EndpointMemory {
                        identity,
                        slots: Some(server.slots),
                        context: Some(server.context),
                    },
                    seen: true,
                })
                .or(remembered.map(|memory| Known { memory, seen: false })));
        }
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
    Ok(match memory {
        Some(memory) => Some(Known { memory, seen: true }),
        None => remembered.map(|memory| Known { memory, seen: false }),
    })
}

fn memory_of(probe: &Probe) -> EndpointMemory {
    EndpointMemory { identity: probe.identity.clone(), slots: probe.slots, context: probe.context }
}

fn client(endpoint: &Endpoint, url: &str) -> Result<Client, RunError> {
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

/// A server that is there, with what it says of itself.
#[derive(Debug)]
pub struct Connected {
    pub client: Client,
    pub memory: EndpointMemory,
    pub managed: Option<ManagedServer>,
}

/// Starts a managed server, or waits for the user's own, and asserts its model.
///
/// # Errors
/// What no waiting will mend, or patience at its end.
pub async fn connect(config: &Config, watcher: &(dyn Watcher + Sync)) -> Result<Connected, RunError> {
    let endpoint = &config.endpoint;
    let (url, mut managed) = match &endpoint.server {
        Server::Url(url) => (url.clone(), None),
        Server::Managed(server) => {
            let log = config.project.store().join(format!("llama-{}.log", config.name));
            let running = ManagedServer::start(server, &log, &|message| watcher.say(message)).await?;
            (running.address.clone(), Some(running))
        }
    };
    let client = client(endpoint, &url)?;
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
            return Err(RunError::ManagedGone(gone));
        }
        if !may_pass(&error) {
            return Err(RunError::endpoint(endpoint, error));
        }
        if started.elapsed() >= endpoint.patience {
            return Err(RunError::impatient(endpoint, error, started.elapsed(), None));
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
    if let Some(model) = &endpoint.model {
        check_model(&probe, model).map_err(|what| RunError::WrongModel {
            endpoint: endpoint.name.clone(),
            url: url.clone(),
            what,
        })?;
    }
    let mut memory = memory_of(&probe);
    // A managed model is what its file says, whatever this build of the server calls it.
    if let Server::Managed(server) = &endpoint.server
        && let Some(identity) = managed::identity(server)?
    {
        memory.identity = identity;
        memory.slots = Some(server.slots);
        memory.context = Some(server.context);
    }
    Ok(Connected { client, memory, managed })
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

impl From<ManagedError> for RunError {
    fn from(error: ManagedError) -> Self {
        RunError::Managed(error)
    }
}
