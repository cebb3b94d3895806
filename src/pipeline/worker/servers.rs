//! The endpoints of a run as they are now.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::{Event, Worker};
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::client::managed::ManagedServer;
use crate::client::{Client, ClientError, ErrorClass};
use crate::config::resolved::{Endpoint, Server as ServerConfig, Slots};
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe};
use crate::fingerprint::{Ask, Identity, Route};
use crate::pipeline::connect::{Line, client};
use crate::pipeline::error::RunError;
use crate::report::{Watcher, count};
use crate::scheduler::{Policy, Queue, Rates, ServerSettings, Step};
use crate::store::{EndpointMemory, Settings};

/// Requests at a time where a server does not tell its slots: the most that is tried, and where it
/// begins.
const UNTOLD: (u32, u32) = (16, 4);
/// How long an endpoint that no waiting will mend is left alone before it is tried again, while
/// others go on.
const ASIDE: Duration = Duration::from_secs(60);

/// One endpoint.
pub(super) struct Server {
    pub client: Client,
    pub managed: Option<ManagedServer>,
    /// It is started by the run.
    is_own: bool,
    restarts_left: u32,
    restarting: bool,
    /// Which model it has, and its number among that model's servers.
    pub model: usize,
    pub index: usize,
    name: String,
    settings: Settings,
    /// It has slots, each with a cache, and alike prompts are to share one.
    has_slots: bool,
    /// It was gone, and may come back as another.
    pub was_gone: bool,
    said_wrong: bool,
    /// Since when nothing is sent to it at all.
    aside: Option<Instant>,
    /// What went through.
    pub known_good: Option<Demand>,
    /// What it failed with last.
    pub error: Option<RunError>,
}

/// Why a server that was looked at is not used.
pub(super) enum Looked {
    Away(ClientError),
    /// It is there, with another model than the run is for.
    Other(Identity),
}

/// Places the endpoints under their models.
pub(super) fn muster(
    recipe: &Recipe,
    models: &Models,
    lines: Vec<Line>,
    settings: &[Settings],
    proven: &HashSet<usize>,
) -> (Vec<Server>, Vec<Queue<Demand>>) {
    let config = &recipe.config;
    let several = config.endpoints.len() > 1;
    let mut queues: Vec<Queue<Demand>> = models
        .list()
        .iter()
        .enumerate()
        .map(|(model, of)| {
            let servers = of.endpoints.iter().map(|endpoint| {
                server_settings(
                    &config.endpoints[*endpoint],
                    &lines[*endpoint].memory,
                    proven.contains(&model),
                )
            });
            Queue::new(Policy { tries: config.run.tries }, servers.collect())
        })
        .collect();
    let servers = lines.into_iter().enumerate().map(|(endpoint, line)| {
        let of = |model: &crate::dataset::Model| model.endpoints.iter().position(|of| *of == endpoint);
        let (model, index) = models
            .list()
            .iter()
            .enumerate()
            .find_map(|(model, of_model)| Some((model, of(of_model)?)))
            .unwrap_or_default();
        let Line { client, memory, managed, away } = line;
        match &away {
            Some(error) if error.is_lasting() => queues[model].set_aside(index),
            Some(_) => queues[model].away(index, Duration::ZERO),
            None => {}
        }
        let endpoint_config = &config.endpoints[endpoint];
        Server {
            client,
            managed,
            restarts_left: match &endpoint_config.server {
                ServerConfig::Managed(managed) => managed.restarts,
                ServerConfig::Url(_) => 0,
            },
            is_own: matches!(endpoint_config.server, ServerConfig::Managed(_)),
            restarting: false,
            model,
            index,
            name: match several {
                true => format!("{}: ", endpoint_config.name),
                false => String::new(),
            },
            settings: settings.get(endpoint).copied().unwrap_or_default(),
            has_slots: config.run.alike
                && memory.identity.is_llama_cpp()
                && memory.slots.is_some_and(|slots| slots > 1),
            was_gone: away.is_some(),
            said_wrong: false,
            aside: None,
            known_good: None,
            error: away,
        }
    });
    let servers = servers.collect();
    (servers, queues)
}

fn server_settings(endpoint: &Endpoint, memory: &EndpointMemory, proven: bool) -> ServerSettings {
    let (places, steer) = match (endpoint.slots, memory.slots) {
        (Slots::Exactly(places), _) => (places, None),
        (Slots::Between(least, most), told) => (most, Some((least, told.unwrap_or(UNTOLD.1)))),
        (Slots::Auto, Some(slots)) => (slots, Some((1, slots))),
        (Slots::Auto, None) => (UNTOLD.0, Some((1, UNTOLD.1))),
    };
    ServerSettings {
        places,
        steer,
        rates: Rates {
            requests_per_minute: endpoint.requests_per_minute.and_then(NonZeroU32::new),
            burst: NonZeroU32::new(endpoint.burst),
            tokens_per_minute: endpoint.tokens_per_minute.and_then(NonZeroU32::new),
        },
        patience: endpoint.patience,
        proven,
        // llama.cpp generates on for a client that is gone, so a second request would only crowd it.
        may_hedge: !memory.identity.is_llama_cpp(),
    }
}

impl Server {
    /// Today's settings, against which tombstones are held.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The ask with the slot that it is for, where the server has such: neighbours share a slot's
    /// cache.
    pub fn pinned(&self, ask: Ask, place: usize) -> Ask {
        match self.has_slots && ask.route() != Route::Embedding {
            true => ask.with("id_slot", place),
            false => ask,
        }
    }

    pub fn has_slots(&self) -> bool {
        self.has_slots
    }

    /// Looks, before an ask after an outage, whether the server that is there now has the model
    /// that the run is for.
    pub fn look(
        &self,
        endpoint: &Endpoint,
        wanted: &Identity,
    ) -> impl Future<Output = Result<(), Looked>> + Send + 'static {
        let client = self.client.clone();
        let (managed, name, wanted) = (self.managed.is_some(), endpoint.model.clone(), wanted.clone());
        async move {
            match client.probe(name.as_deref(), Duration::from_secs(5)).await {
                Ok(probe) if managed || probe.identity == wanted => Ok(()),
                Ok(probe) => Err(Looked::Other(probe.identity)),
                Err(failure) => Err(Looked::Away(failure)),
            }
        }
    }

    /// It was looked at and is well.
    pub fn is_back(&mut self, watcher: &(dyn Watcher + Sync)) {
        self.was_gone = false;
        if std::mem::take(&mut self.said_wrong) || self.error.take().is_some() {
            watcher.say(&format!("{}it is back", self.name));
        }
    }
}

impl Worker<'_> {
    /// Sends a request that went through before, for one token: if it does so again, the asks that
    /// are left fail by their own fault; if not, the server is away.
    pub(super) fn prove(&mut self, model: usize, server: usize) {
        let endpoint = self.endpoint_of(model, server);
        let others = self.book.models().list()[model].endpoints.iter();
        let known = others.filter_map(|endpoint| self.servers[*endpoint].known_good).next();
        let probe = self.servers[endpoint].known_good.or(known).and_then(|demand| {
            (self.book.model_of(&demand) == model).then(|| self.book.ask(&demand, true).ok())?
        });
        let Some(probe) = probe else {
            self.queues[model].proven(server, false);
            return;
        };
        self.progress.attempts += 1;
        let client = self.servers[endpoint].client.clone();
        let timeout = self.recipe.config.endpoints[endpoint].timeout.min(Duration::from_secs(30));
        self.events.spawn(async move {
            let answer = client.ask(probe.route(), probe.body(), timeout).await;
            let well = answer.is_ok_and(|raw| match probe.route() {
                Route::Embedding => Embedding::parse(&raw).is_ok(),
                Route::Chat | Route::Completion => Answer::parse(&raw).is_ok(),
            });
            Event::Proved { model, server, well }
        });
    }

    /// Says that a server takes another number of requests at a time from now on.
    pub(super) fn stepped(&mut self, endpoint: usize, step: Step) {
        let Step { from, to, rates } = step;
        tracing::info!(endpoint, from, to, ?rates, "requests at a time");
        // A trial that changed nothing is not worth a line.
        if let Some((before, after)) = rates.filter(|(before, after)| after > before || to < from)
            && self.queues[self.servers[endpoint].model].level(self.servers[endpoint].index) == to
            && before > 0.0
            && after >= before
        {
            self.watcher.say(&format!(
                "{}{to} at a time from now on, not {from}: {after:.1} tokens/s against {before:.1}",
                self.servers[endpoint].name
            ));
        }
    }

    /// Whether a managed server has ended, and is or will be started again. True also where that is
    /// the end of the run.
    pub(super) fn restart(&mut self, endpoint: usize) -> bool {
        let over = self.is_over();
        let config = &self.recipe.config;
        let server = &mut self.servers[endpoint];
        if server.restarting {
            return true;
        }
        let Some(gone) = server.managed.as_mut().and_then(ManagedServer::gone) else { return false };
        // For what is asked no more nothing is started.
        if over {
            return true;
        }
        let ServerConfig::Managed(settings) = &config.endpoints[endpoint].server else { return false };
        if server.restarts_left == 0 {
            let error = RunError::ManagedGone(gone);
            match config.endpoints.len() {
                1 => self.fail(error),
                _ => self.set_aside(endpoint, error),
            }
            return true;
        }
        server.restarts_left -= 1;
        server.restarting = true;
        server.managed = None;
        let left = count(server.restarts_left.into(), "more time");
        self.watcher.say(&format!("{}{gone}; starting it again ({left} at most)", server.name));
        let (settings, name) = (settings.clone(), &config.endpoints[endpoint].name);
        let log =
            format!("llama-{}-{name}-again-{}.log", config.name, settings.restarts - server.restarts_left);
        let log = config.project.store().join(log);
        self.events.spawn(async move {
            let result = ManagedServer::start(&settings, &log, &|_| {}).await;
            Event::Restarted { endpoint, result: result.map_err(|error| error.to_string()) }
        });
        true
    }

    pub(super) fn restarted(&mut self, endpoint: usize, result: Result<ManagedServer, String>) {
        let config = &self.recipe.config.endpoints[endpoint];
        let server = &mut self.servers[endpoint];
        server.restarting = false;
        let running = match result {
            Ok(running) => running,
            Err(why) => {
                let error = RunError::ManagedGone(format!("the model server did not start again: {why}"));
                return match self.servers.len() {
                    1 => self.fail(error),
                    _ => self.set_aside(endpoint, error),
                };
            }
        };
        match client(config, &running.address) {
            Ok(client) => server.client = client,
            Err(error) => return self.fail(error),
        }
        self.watcher.say(&format!("{}it runs again", server.name));
        server.managed = Some(running);
        server.was_gone = true;
        self.queues[server.model].take_back(server.index);
    }

    /// Sends nothing more to one of several endpoints, and says so.
    pub(super) fn set_aside(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if server.error.is_none() {
            self.watcher.say(&format!(
                "{}set aside: {error}\n{}; tried again every {} s while others go on",
                server.name,
                error.advice(),
                ASIDE.as_secs()
            ));
        }
        server.aside = Some(Instant::now());
        server.error = Some(error);
        self.queues[server.model].set_aside(server.index);
    }

    /// The server was looked at, and has another model than the run is for.
    pub(super) fn other_model(&mut self, endpoint: usize, found: &Identity) -> RunError {
        let config = &self.recipe.config.endpoints[endpoint];
        let server = &self.servers[endpoint];
        RunError::WrongModel {
            endpoint: config.name.clone(),
            url: server.client.base().to_owned(),
            what: format!(
                "the run is for `{}`, and the server came back with `{}`",
                self.book.models().list()[server.model].identity.display_name(),
                found.display_name()
            ),
        }
    }

    /// Says once that a server has another model, and keeps that as what it failed with.
    pub(super) fn say_other(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if !std::mem::replace(&mut server.said_wrong, true) {
            self.watcher.say(&format!("{error}; set aside until it has the right one"));
        }
        server.error = Some(error);
    }

    /// Tries endpoints again that were set aside, now and then, in case somebody mended them.
    pub(super) fn take_back(&mut self) {
        for server in &mut self.servers {
            if !server.is_own && server.aside.is_some_and(|since| since.elapsed() >= ASIDE) {
                server.aside = None;
                server.was_gone = true;
                self.queues[server.model].take_back(server.index);
            }
        }
    }

    /// Whether nothing that waits can go anywhere, any more; the run then fails with the reason.
    pub(super) fn is_lost(&mut self) -> bool {
        let now = self.now();
        let lost = |queue: &Queue<Demand>| queue.waiting() == 0 || queue.is_lost(now);
        if !self.queues.iter().all(lost) {
            return false;
        }
        let dead: Vec<usize> =
            (0..self.queues.len()).filter(|model| self.queues[*model].waiting() > 0).collect();
        let endpoints = || dead.iter().flat_map(|model| &self.book.models().list()[*model].endpoints);
        let failed = endpoints().copied().find(|endpoint| self.servers[*endpoint].error.is_some());
        let known = failed.and_then(|endpoint| self.servers[endpoint].error.take());
        let error = known.unwrap_or_else(|| {
            let first = endpoints().next().copied().unwrap_or_default();
            let gone = ClientError::new(ErrorClass::Unavailable, "it takes none of what is left");
            RunError::endpoint(&self.recipe.config.endpoints[first], gone)
        });
        self.fail(error);
        true
    }
}
