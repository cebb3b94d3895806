//! What is known of each endpoint before a run, where from, and what a run does about one that is not well.

use std::time::Duration;

use futures_util::future::join_all;

use super::assumed::assume;
use super::{Known, client, elsewhere, managed_memory, memory_of, unseen_advice, wrong_model};
use crate::client::{ClientError, ErrorClass};
use crate::config::Config;
use crate::config::resolved::{Endpoint, Managed, Server};
use crate::pipeline::address::{address, shown_address};
use crate::pipeline::error::RunError;
use crate::report::{EndpointSight, Source, they_take};
use crate::store::{EndpointMemory, Reader};

/// How long a look may take before memory is good enough.
const LOOK: Duration = Duration::from_millis(1500);

/// What a look at all endpoints showed.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// `None` where it is not known of some endpoint which asks are its own.
    pub known: Option<Known>,
    /// In the config's order.
    pub endpoints: Vec<EndpointSight>,
}

/// Looks which models the endpoints have, with a GET where one is up, or from memory, or by what the config says.
///
/// # Errors
/// A managed model that is no model.
pub async fn look(config: &Config, reader: Option<&Reader>) -> Result<Sight, RunError> {
    let looks = config.endpoints.iter().map(|endpoint| look_at(endpoint, reader));
    let looks = join_all(looks).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut memories: Vec<_> = looks.iter().map(|look| look.memory.clone()).collect();
    if config.endpoints.len() > 1 {
        assume(config, &mut memories, &elsewhere(reader)?);
    }
    let endpoints = (0..looks.len()).map(|index| told(config, &looks, &memories, index)).collect();
    let seen = looks.iter().all(|look| matches!(look.state, State::There(_)));
    let memories: Option<Vec<EndpointMemory>> = memories.into_iter().collect();
    Ok(Sight { known: memories.map(|memories| Known { memories, seen }), endpoints })
}

/// What a look at one endpoint showed.
struct LookedAt {
    memory: Option<EndpointMemory>,
    state: State,
}

/// How an endpoint is now.
enum State {
    /// It is well, by its server or, where we start that, by its model's file.
    There(Source),
    /// A model that is fetched when it is first started.
    Unfetched,
    Silent(ClientError),
    /// It has another model than the config says, or its key is not set.
    Wrong(RunError),
}

async fn look_at(endpoint: &Endpoint, reader: Option<&Reader>) -> Result<LookedAt, RunError> {
    let remembered = match reader {
        Some(reader) => reader.endpoint(&address(endpoint))?,
        None => None,
    };
    let looked_at = match &endpoint.server {
        Server::Managed(server) => look_into(endpoint, server, remembered.clone()),
        Server::Url(url) => look_over(endpoint, url, remembered.clone()).await,
    }?;
    let memory = looked_at.memory.map(|memory| memory.knowing(remembered.as_ref()));
    Ok(LookedAt { memory, ..looked_at })
}

fn look_into(
    endpoint: &Endpoint,
    server: &Managed,
    remembered: Option<EndpointMemory>,
) -> Result<LookedAt, RunError> {
    Ok(match managed_memory(endpoint, server)? {
        Some(memory) => LookedAt { memory: Some(memory), state: State::There(Source::File) },
        None => LookedAt { memory: remembered, state: State::Unfetched },
    })
}

async fn look_over(
    endpoint: &Endpoint,
    url: &str,
    remembered: Option<EndpointMemory>,
) -> Result<LookedAt, RunError> {
    // Without its key an endpoint cannot be seen, and memory must do.
    let client = match client(endpoint, url) {
        Ok(client) => client,
        Err(error @ RunError::NoKey { .. }) => {
            return Ok(LookedAt { memory: remembered, state: State::Wrong(error) });
        }
        Err(error) => return Err(error),
    };
    Ok(match client.probe(endpoint.model.as_deref(), LOOK).await {
        Err(error) => LookedAt { memory: remembered, state: State::Silent(error) },
        Ok(probe) => match wrong_model(endpoint, url, &probe) {
            None => LookedAt { memory: Some(memory_of(&probe)), state: State::There(Source::Server) },
            Some(error) => LookedAt { memory: remembered, state: State::Wrong(error) },
        },
    })
}

/// What is told of one endpoint.
fn told(
    config: &Config,
    looks: &[LookedAt],
    memories: &[Option<EndpointMemory>],
    index: usize,
) -> EndpointSight {
    let (endpoint, look, memory) = (&config.endpoints[index], &looks[index], &memories[index]);
    let source = match (&look.state, memory) {
        (_, None) => None,
        (State::There(source), _) => Some(*source),
        (_, Some(memory)) if !memory.assumed => Some(Source::Memory),
        // Of one that is asked only by its name, nobody need know more.
        (_, Some(_)) => endpoint.model.as_ref().map(|_| Source::Config),
    };
    let name = |memory: &EndpointMemory| memory.identity.display_name().to_owned();
    EndpointSight {
        name: endpoint.name.clone(),
        model: memory.as_ref().filter(|_| source.is_some()).map(name),
        source,
        trouble: trouble(endpoint, look, source),
        then: then(config, looks, memories, index),
    }
}

/// What is wrong with an endpoint.
fn trouble(endpoint: &Endpoint, look: &LookedAt, source: Option<Source>) -> Option<String> {
    let url = shown_address(endpoint);
    Some(match &look.state {
        State::There(_) => return None,
        State::Unfetched => "its file is not fetched yet".into(),
        State::Wrong(error) => error.of_its_endpoint(),
        State::Silent(error) => {
            let says = match error.class {
                ErrorClass::Unreachable | ErrorClass::Timeout | ErrorClass::Dropped => {
                    format!("{url} does not answer now")
                }
                ErrorClass::Loading => format!("the model at {url} is loading"),
                _ => format!("{url} says: {error}"),
            };
            match source {
                Some(Source::Memory) => says,
                _ => format!("{says}, and it was never seen"),
            }
        }
    })
}

/// What a run does about an endpoint that is not well.
fn then(
    config: &Config,
    looks: &[LookedAt],
    memories: &[Option<EndpointMemory>],
    index: usize,
) -> Option<String> {
    let endpoint = &config.endpoints[index];
    let waits = || "a run waits for it, as long as its `patience` lasts".to_owned();
    let several = looks.len() > 1;
    let is_there = |other: &usize| matches!(looks[*other].state, State::There(_));
    match (&looks[index].state, &memories[index]) {
        (State::There(_), _) => return None,
        (State::Unfetched, _) => return Some("a run fetches it first".into()),
        (State::Wrong(_), _) if !several => return Some("a run is refused".into()),
        (State::Silent(_), _) if !several => return Some(waits()),
        (_, None) => return Some(unseen_advice(&endpoint.name)),
        _ => {}
    }
    let others: Vec<usize> = (0..looks.len()).filter(|other| *other != index && is_there(other)).collect();
    let identity = |of: usize| memories[of].as_ref().map(|memory| &memory.identity);
    let alike = others.iter().filter(|other| identity(**other) == identity(index));
    let takers: Vec<String> = alike.map(|other| config.endpoints[*other].name.clone()).collect();
    Some(match &looks[index].state {
        _ if !takers.is_empty() => format!("{} its work", they_take(&takers)),
        State::Wrong(_) => "a run sets it aside, and its asks wait".into(),
        _ if others.is_empty() => waits(),
        _ => "its asks wait until it does".into(),
    })
}
