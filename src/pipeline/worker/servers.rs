//! The endpoints of a run as they are now.

mod keeping;
mod looking;
mod naming;
mod restarts;
mod turns;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::Request;
use crate::client::managed::ManagedServer;
use crate::client::{Client, ClientError, ErrorClass};
use crate::config::resolved::{Endpoint, Server as ServerConfig, Slots};
use crate::dataset::evaluate::{About, Demand, To};
use crate::dataset::{Models, Recipe};
use crate::fingerprint::{Ask, Route};
use crate::pipeline::connect::Line;
use crate::pipeline::error::RunError;
use crate::pipeline::limiter::{rates, sent};
use crate::scheduler::{Policy, Queue, ServerSettings, Silence};
use crate::store::{EndpointMemory, Sent, Settings, StoreDir};
pub use looking::{Seen, Unwell};
use naming::Names;

/// Requests at a time where a server does not tell its slots: the most that is tried, and where it
/// begins.
const UNTOLD: (u32, u32) = (16, 4);

/// One endpoint.
pub(super) struct Server {
    pub client: Arc<Client>,
    /// What is known of it, or assumed.
    pub memory: EndpointMemory,
    pub managed: Option<ManagedServer>,
    /// It is started by the run.
    pub is_own: bool,
    /// How often it is started again at the most, and how often still.
    restarts: u32,
    restarts_left: u32,
    restarting: bool,
    /// How often it was started again in this run.
    starts: u32,
    /// It hung before it was last started again, and did not end by itself.
    hung: bool,
    silence: Silence,
    /// It is being asked how it is.
    looking: bool,
    /// Which model it has, and its number among that model's servers.
    pub model: usize,
    pub index: usize,
    name: String,
    settings: Settings,
    /// Alike prompts are to share a slot's cache, where it has several.
    shares_slots: bool,
    is_llama_cpp: bool,
    /// Answers since it was last started again.
    answers: u32,
    /// It was gone, and may come back as another.
    pub was_gone: bool,
    /// Another may have taken its place meanwhile, though nothing failed.
    pub is_unsure: bool,
    /// When it answered last, or was looked at.
    pub heard: Instant,
    /// What its answers call its model.
    pub names: Names,
    /// What was said of it since something last went through.
    told: Option<Told>,
    /// Since when it was not there, if nothing went through since.
    pub gone_since: Option<Instant>,
    /// Whether it was `there`, `away` or `aside` when that was last looked at.
    pub state: &'static str,
    /// Since when nothing is sent to it at all.
    aside: Option<Instant>,
    /// What went through.
    pub known_good: Option<Demand>,
    /// What it failed with last.
    pub error: Option<RunError>,
    /// What the last request that failed there failed with.
    pub latest: Option<ClientError>,
    /// What is sent to it by whichever run, where that is limited.
    sent: Option<Sent>,
}

/// So many answers make up for one start.
const ANSWERS_A_START: u32 = 100;
/// One that was gone for so long is said to be back.
const LONG: Duration = Duration::from_secs(3);

/// What was said of why nothing is sent to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Away,
    /// No waiting will mend it.
    Aside,
    /// It has another model.
    Other,
}

/// Slots of a server: neighbours are to share the cache of one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pinning {
    are_shared: bool,
    number: Option<u32>,
}

impl Pinning {
    /// As many as were seen just now, if the server was looked at.
    pub fn seen(self, seen: Option<Seen>) -> Self {
        Self { number: seen.and_then(|seen| seen.slots).or(self.number), ..self }
    }

    /// The ask with the slot that it is for, where the server has such.
    pub fn pin(self, ask: Ask, place: usize) -> Ask {
        match self.at(place) {
            Some(slot) if ask.route() != Route::Embedding => ask.with("id_slot", slot),
            _ => ask,
        }
    }

    /// The slot that a place is: a server may have fewer.
    fn at(self, place: usize) -> Option<usize> {
        let has_it = self.number.is_some_and(|number| number > 1 && place < number as usize);
        (self.are_shared && has_it).then_some(place)
    }
}

/// Places the endpoints under their models.
pub(super) fn muster(
    recipe: &Recipe,
    models: &Models,
    lines: Vec<Line>,
    settings: &[Settings],
    proven: &HashSet<usize>,
    in_turn: bool,
    (dir, now): (&StoreDir, Duration),
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
                    config.response.n,
                    proven.contains(&model),
                )
            });
            let policy = Policy {
                tries: config.run.tries,
                timeouts: config.run.timeouts,
                circuit: config.run.circuit,
                hedge: config.run.hedge,
                in_turn,
            };
            Queue::new(policy, servers.collect()).with_kinds(kind)
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
        let Line { client, memory, managed, away, seen } = line;
        match &away {
            Some(error) if error.is_lasting() => queues[model].set_aside(index),
            Some(_) => queues[model].away(index, now),
            None => {}
        }
        let endpoint_config = &config.endpoints[endpoint];
        let restarts = match &endpoint_config.server {
            ServerConfig::Managed(managed) => managed.restarts,
            ServerConfig::Url(_) => 0,
        };
        Server {
            client,
            managed,
            restarts,
            restarts_left: restarts,
            is_own: matches!(endpoint_config.server, ServerConfig::Managed(_)),
            restarting: false,
            starts: 0,
            hung: false,
            silence: Silence::default(),
            looking: false,
            model,
            index,
            name: match several {
                true => format!("{}: ", endpoint_config.name),
                false => String::new(),
            },
            settings: settings.get(endpoint).copied().unwrap_or_default(),
            // Several answers to one request take slots of the server's own choice.
            shares_slots: config.run.alike && config.response.n == 1 && memory.identity.is_llama_cpp(),
            is_llama_cpp: memory.identity.is_llama_cpp(),
            answers: 0,
            was_gone: away.is_some(),
            is_unsure: false,
            heard: seen,
            names: Names::default(),
            told: away.is_some().then_some(Told::Away),
            gone_since: None,
            state: "there",
            aside: None,
            known_good: None,
            error: away,
            latest: None,
            memory,
            sent: rates(endpoint_config).is_limited().then(|| sent(dir, endpoint_config)).flatten(),
        }
    });
    let servers = servers.collect();
    (servers, queues)
}

/// Requests that take about as long as one another: asks, second looks, embeddings, each judge.
fn kind(demand: &Demand) -> usize {
    match demand.about.map(|about| about.to) {
        None => 0,
        Some(To::Names) => 1,
        Some(To::Embedder) => 2,
        Some(To::Judge(judge)) => 3 + usize::from(judge),
    }
}

fn server_settings(endpoint: &Endpoint, memory: &EndpointMemory, n: u32, proven: bool) -> ServerSettings {
    // On llama.cpp each of several answers to one request takes a slot.
    let each = if memory.identity.is_llama_cpp() { n.max(1) } else { 1 };
    let slots = memory.slots.map(|slots| (slots / each).max(1));
    // Where a run before found out what is best.
    let first = |told: u32| memory.level.unwrap_or(told);
    let (places, steer) = match (endpoint.slots, slots) {
        (Slots::Exactly(places), _) => (places, None),
        (Slots::Between(least, most), told) => (most, Some((least, first(told.unwrap_or(UNTOLD.1))))),
        (Slots::Auto, Some(slots)) => (slots, Some((1, first(slots)))),
        (Slots::Auto, None) => (UNTOLD.0, Some((1, first(UNTOLD.1)))),
    };
    ServerSettings {
        places,
        steer,
        rates: rates(endpoint),
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

    pub fn pinning(&self) -> Pinning {
        Pinning { are_shared: self.shares_slots, number: self.memory.slots }
    }

    /// The slot that a request was sent to, where it named one.
    pub fn slot_of(&self, send: &Request) -> Option<usize> {
        let embeds = matches!(send.demand.about, Some(About { to: To::Embedder, .. }));
        self.pinning().at(send.spot.place).filter(|_| !embeds)
    }

    pub fn is_llama_cpp(&self) -> bool {
        self.is_llama_cpp
    }

    /// An answer came. Says whether that it is there is news: it was said that it is not, or it was gone for long.
    pub fn went_through(&mut self) -> bool {
        // What it was set aside for holds until it is taken back.
        let is_used = self.aside.is_none();
        if is_used {
            self.error = None;
        }
        let told = is_used && self.told.take().is_some();
        let was_long = self.gone_since.take_if(|_| is_used).is_some_and(|since| since.elapsed() >= LONG);
        self.latest = None;
        self.answers += 1;
        if self.answers >= ANSWERS_A_START {
            self.answers = 0;
            self.restarts_left = (self.restarts_left + 1).min(self.restarts);
        }
        told || was_long
    }

    /// What it failed with last, in words.
    pub fn last_error(&self) -> Option<String> {
        let latest = self.latest.as_ref().map(ClientError::to_string);
        latest.or_else(|| {
            Some(match self.error.as_ref()? {
                RunError::Endpoint { error, .. } => error.to_string(),
                other => other.to_string(),
            })
        })
    }

    /// How often it was started again in this run.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Whether it hung before it was last started again.
    pub fn hung(&self) -> bool {
        self.hung
    }

    /// It answered something, whatever that was.
    pub fn spoke(&mut self) {
        self.silence.broken();
    }

    /// The way to it, for who goes on with it.
    pub fn into_line(self, endpoint: &Endpoint) -> Line {
        let was_gone = || {
            let latest = self.latest.unwrap_or_else(|| {
                ClientError::new(ErrorClass::Unavailable, "it was away, and is looked at before it is asked")
            });
            RunError::endpoint(endpoint, latest)
        };
        let away = match self.error {
            None if self.was_gone => Some(was_gone()),
            other => other,
        };
        Line { client: self.client, memory: self.memory, managed: self.managed, away, seen: self.heard }
    }
}
