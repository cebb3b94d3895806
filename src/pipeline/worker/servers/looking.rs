//! Looking at a server: whether it still is what the run is for, and what it has now.

use std::time::{Duration, Instant};

use super::super::Worker;
use super::super::event::{Event, Request};
use super::super::meaning::Charged;
use super::{Server, server_settings};
use crate::client::{ClientError, check_model};
use crate::config::resolved::Endpoint;
use crate::fingerprint::{Ask, Identity};
use crate::pipeline::connect::memory_of;
use crate::store::EndpointMemory;

/// How long a server may be left alone before it is looked at again: another can be started in its place
/// meanwhile, and connections are made anew without a word.
const ALONE: Duration = Duration::from_secs(3);

/// What was seen of a server that is well.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub slots: Option<u32>,
    context: Option<u32>,
}

/// Why a server that was looked at is not used.
pub enum Unwell {
    Away(ClientError),
    /// It is there, with another model than the run is for: what is wrong.
    Other(String),
    /// It was never seen before, and is there now.
    Arrived(EndpointMemory),
}

impl Server {
    /// Whether it is to be looked at before something is sent to it.
    pub fn is_doubtful(&self) -> bool {
        self.was_gone || self.is_unsure
    }

    /// Something is sent to it that is the only one under way there.
    pub fn begins(&mut self, send: &Request) {
        self.is_unsure |= !self.is_own && send.sent.saturating_duration_since(self.heard) >= ALONE;
    }

    /// Another may have taken its place.
    pub fn doubt(&mut self) {
        // Nobody else starts one of ours.
        self.is_unsure |= !self.is_own;
    }

    /// Looks whether the server that is there now has the model that the run is for.
    pub fn look(
        &self,
        endpoint: &Endpoint,
        wanted: &Identity,
    ) -> impl Future<Output = Result<Seen, Unwell>> + Send + 'static {
        let client = self.client.clone();
        let (managed, name, wanted) = (self.managed.is_some(), endpoint.model.clone(), wanted.clone());
        let assumed = self.memory.assumed;
        // One that never answers is waited for no longer than any other that is away.
        let within = Duration::from_secs(5).min(endpoint.patience);
        async move {
            let probe = client.probe(name.as_deref(), within).await.map_err(Unwell::Away)?;
            if managed {
                // It has what it was started with.
                return Ok(Seen { slots: None, context: None });
            }
            if let Some(Err(what)) = name.map(|name| check_model(&probe, &name)) {
                return Err(Unwell::Other(what));
            }
            if assumed {
                return Err(Unwell::Arrived(memory_of(&probe)));
            }
            match probe.identity == wanted {
                true => Ok(Seen { slots: probe.slots, context: probe.context }),
                false => Err(Unwell::Other(format!(
                    "the run is for `{}`, and the server came back with `{}`",
                    wanted.display_name(),
                    probe.identity.display_name()
                ))),
            }
        }
    }
}

impl Worker<'_> {
    /// An answer names another model than those before it: whose it is is seen before it is taken.
    pub(in crate::pipeline::worker) fn look_first(&mut self, send: Request, ask: Ask, raw: String) {
        // How long it was at work was counted.
        let send = Request { sent: Instant::now(), ..send };
        let endpoint = self.endpoint_of(send.model, send.spot.server);
        let identity = &self.book.models().list()[send.model].identity;
        let look = self.servers[endpoint].look(&self.recipe.config.endpoints[endpoint], identity);
        let handle = self.events.spawn(async move {
            match look.await {
                Ok(seen) => Event::Answered { send, ask, looked: Some(seen), answer: Ok(raw) },
                Err(looked) => Event::NotWell { send, looked, spent: Charged::Unknown },
            }
        });
        self.sends.insert((send.model, send.ticket), (send, handle));
    }

    /// A server was looked at, and answers: what it has now is what the run goes by.
    pub(in crate::pipeline::worker) fn is_back(&mut self, endpoint: usize, seen: Seen) {
        self.progress.endpoints[endpoint].is_other = false;
        let config = &self.recipe.config;
        let server = &mut self.servers[endpoint];
        (server.was_gone, server.is_unsure, server.error) = (false, false, None);
        if let Some(context) = seen.context {
            (server.memory.context, server.settings.context) = (Some(context), Some(context));
        }
        let before = server_settings(&config.endpoints[endpoint], &server.memory, config.response.n, true);
        let slots = seen.slots.or(server.memory.slots);
        if slots != server.memory.slots {
            // What was found to be best holds no more.
            (server.memory.slots, server.memory.level) = (slots, None);
        }
        let now = server_settings(&config.endpoints[endpoint], &server.memory, config.response.n, true);
        if (now.places, now.steer) != (before.places, before.steer) {
            self.queues[server.model].resize(server.index, now.places, now.steer);
        }
        let (places, were) = (now.places, before.places);
        if places != were {
            self.watcher.say(&format!("{}it takes up to {places} at a time now, not {were}", server.name));
        }
    }
}
