//! The endpoints of a run as they are now.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Worker;
use super::event::Event;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::client::managed::ManagedServer;
use crate::client::{Client, ClientError, ErrorClass, check_model};
use crate::config::resolved::{Endpoint, Server as ServerConfig, Slots};
use crate::dataset::evaluate::{Demand, To};
use crate::dataset::{Models, Recipe};
use crate::fingerprint::{Ask, Identity, Route};
use crate::pipeline::address::address;
use crate::pipeline::connect::{Line, client, memory_of};
use crate::pipeline::error::RunError;
use crate::report::{Watcher, count};
use crate::scheduler::{Policy, Proof, Queue, Rates, ServerSettings, Silence, Spot, Step, Suspicion};
use crate::store::{EndpointMemory, Sent, Settings, StoreDir};

/// Requests at a time where a server does not tell its slots: the most that is tried, and where it
/// begins.
const UNTOLD: (u32, u32) = (16, 4);
/// How long an endpoint that no waiting will mend is left alone before it is tried again, while
/// others go on.
const ASIDE: Duration = Duration::from_secs(60);

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
    /// It has slots, each with a cache, and alike prompts are to share one.
    has_slots: bool,
    /// How many it has, where it tells.
    slots: Option<u32>,
    is_llama_cpp: bool,
    /// Answers since it was last started again.
    answers: u32,
    /// It was gone, and may come back as another.
    pub was_gone: bool,
    said_wrong: bool,
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

/// What was seen of a server that is well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    slots: Option<u32>,
}

/// The number of a request that is sent again for proof: it is no item's ticket.
const PROOF: u64 = u64::MAX;
/// So many answers make up for one start.
const ANSWERS_A_START: u32 = 100;
/// How long after a start that failed the next is tried.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a server may take to say how it is: one that is well does so at once, however much it has to do.
const LOOK: Duration = Duration::from_secs(10);

/// Why a server that was looked at is not used.
pub(super) enum Looked {
    Away(ClientError),
    /// It is there, with another model than the run is for: what is wrong.
    Other(String),
    /// It was never seen before, and is there now.
    Arrived(EndpointMemory),
}

/// The log of a server's so many-th start in this run: each start has one of its own, so
/// that what the one before said stays.
fn again_log(config: &str, endpoint: &str, start: u32) -> String {
    format!("llama-{config}-{endpoint}-again-{start}.log")
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
        let Line { client, memory, managed, away } = line;
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
            has_slots: config.run.alike
                && config.response.n == 1
                && memory.identity.is_llama_cpp()
                && memory.slots.is_some_and(|slots| slots > 1),
            slots: memory.slots,
            is_llama_cpp: memory.identity.is_llama_cpp(),
            answers: 0,
            was_gone: away.is_some(),
            said_wrong: false,
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

/// What is sent to an endpoint by whichever run. Where that cannot be kept, its limits are those of this run.
fn sent(dir: &StoreDir, endpoint: &Endpoint) -> Option<Sent> {
    let opened = Sent::open(dir, &address(endpoint));
    opened
        .inspect_err(
            |error| tracing::warn!(endpoint = endpoint.name, %error, "cannot tell what other runs send"),
        )
        .ok()
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
    let (places, steer) = match (endpoint.slots, slots) {
        (Slots::Exactly(places), _) => (places, None),
        (Slots::Between(least, most), told) => (most, Some((least, told.unwrap_or(UNTOLD.1)))),
        (Slots::Auto, Some(slots)) => (slots, Some((1, slots))),
        (Slots::Auto, None) => (UNTOLD.0, Some((1, UNTOLD.1))),
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

fn rates(endpoint: &Endpoint) -> Rates {
    Rates {
        requests_per_minute: endpoint.requests_per_minute.and_then(NonZeroU32::new),
        burst: NonZeroU32::new(endpoint.burst),
        tokens_per_minute: endpoint.tokens_per_minute.and_then(NonZeroU32::new),
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
        match self.has_slot(place) && ask.route() != Route::Embedding {
            true => ask.with("id_slot", place),
            false => ask,
        }
    }

    /// Whether a place is a slot of the server's: it may have fewer.
    fn has_slot(&self, place: usize) -> bool {
        self.has_slots && self.slots.is_some_and(|slots| place < slots as usize)
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
    ) -> impl Future<Output = Result<Seen, Looked>> + Send + 'static {
        let client = self.client.clone();
        let (managed, name, wanted) = (self.managed.is_some(), endpoint.model.clone(), wanted.clone());
        let assumed = self.memory.assumed;
        async move {
            let probe = client.probe(name.as_deref(), Duration::from_secs(5)).await.map_err(Looked::Away)?;
            if managed {
                return Ok(Seen { slots: probe.slots });
            }
            if let Some(Err(what)) = name.map(|name| check_model(&probe, &name)) {
                return Err(Looked::Other(what));
            }
            if assumed {
                return Err(Looked::Arrived(memory_of(&probe)));
            }
            match probe.identity == wanted {
                true => Ok(Seen { slots: probe.slots }),
                false => Err(Looked::Other(format!(
                    "the run is for `{}`, and the server came back with `{}`",
                    wanted.display_name(),
                    probe.identity.display_name()
                ))),
            }
        }
    }

    /// An answer came.
    pub fn went_through(&mut self) {
        self.error = None;
        self.latest = None;
        self.answers += 1;
        if self.answers >= ANSWERS_A_START {
            self.answers = 0;
            self.restarts_left = (self.restarts_left + 1).min(self.restarts);
        }
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
        Line { client: self.client, memory: self.memory, managed: self.managed, away }
    }

    /// It was looked at, and answers again.
    pub fn is_back(&mut self, seen: Seen, watcher: &(dyn Watcher + Sync)) {
        self.was_gone = false;
        self.slots = seen.slots.or(self.slots);
        if std::mem::take(&mut self.said_wrong) || self.error.take().is_some() {
            watcher.say(&format!("{}it is back", self.name));
        }
    }
}

impl Worker<'_> {
    /// Counts what other runs sent to a model's servers, where that is limited.
    pub(super) fn hear_of_others(&mut self, model: usize) {
        let now = self.now();
        for server in self.servers.iter_mut().filter(|server| server.model == model) {
            // A file that cannot be read any more says no more of others.
            let noted = server.sent.as_mut().and_then(|sent| sent.of_others().ok()).unwrap_or_default();
            for noted in noted {
                let (queue, index) = (&mut self.queues[model], server.index);
                match noted.used {
                    true => queue.settled_elsewhere(index, noted.id, noted.tokens),
                    false => queue.sent_elsewhere(index, noted.id, noted.tokens, noted.ago, now),
                }
            }
        }
    }

    /// Notes for other runs what is sent to an endpoint, or what that used.
    pub(super) fn note_sent(&mut self, endpoint: usize, id: u64, tokens: u64, used: bool) {
        if let Some(sent) = &mut self.servers[endpoint].sent {
            // On a full disk nothing is asked for long.
            let _ = sent.note(id, tokens.try_into().unwrap_or(u32::MAX), used);
        }
    }

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
            self.queues[model].proven(server, Proof::None);
            return;
        };
        let most = self.cost(model, endpoint, 1);
        if self.budget.allows(most).is_err() {
            self.queues[model].proven(server, Proof::None);
            return;
        }
        self.budget.reserve(most);
        self.progress.attempts += 1;
        self.note_sent(endpoint, PROOF, most.tokens, false);
        let client = self.servers[endpoint].client.clone();
        let timeout = self.recipe.config.endpoints[endpoint].timeout.min(Duration::from_secs(30));
        self.events.spawn(async move {
            let answer = client.ask(probe.route(), probe.body(), timeout).await;
            let reads = |raw: &str| match probe.route() {
                Route::Embedding => Embedding::parse(raw).is_ok(),
                Route::Chat | Route::Completion => Answer::parse(raw).is_ok(),
            };
            let proof = match answer {
                Ok(raw) if reads(&raw) => Proof::Well,
                Err(failure) if failure.class == ErrorClass::Refused => Proof::Refused,
                _ => Proof::None,
            };
            Event::Proved { model, server, most, proof }
        });
    }

    /// Sends nothing to a spot whose request was given up for as long as the server works on it.
    pub(super) fn rest(&mut self, model: usize, spot: Spot) {
        let endpoint = self.endpoint_of(model, spot.server);
        let server = &self.servers[endpoint];
        if !server.is_llama_cpp || self.is_over() {
            return;
        }
        self.queues[model].rest(spot);
        let client = server.client.clone();
        let slot = server.has_slot(spot.place).then_some(spot.place);
        let at_most = self.recipe.config.endpoints[endpoint].patience;
        self.rests.spawn(async move {
            client.until_idle(slot, at_most).await;
            (model, spot)
        });
    }

    /// Says that a server takes another number of requests at a time from now on.
    pub(super) fn stepped(&mut self, endpoint: usize, step: Step) {
        let Step { from, to, rates, kept } = step;
        tracing::info!(endpoint, from, to, ?rates, kept, "requests at a time");
        // A trial that changed nothing is not worth a line.
        if kept && let Some((before, after)) = rates {
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
        if server.restarting || over {
            return server.restarting;
        }
        let Some(gone) = server.managed.as_mut().and_then(ManagedServer::gone) else { return false };
        if server.restarts_left == 0 {
            let error = RunError::gone(&config.endpoints[endpoint], gone);
            match config.endpoints.len() {
                1 => self.fail(error),
                _ => self.set_aside(endpoint, error),
            }
            return true;
        }
        server.hung = false;
        self.start_again(endpoint, &gone, Duration::ZERO);
        true
    }

    /// A request to a server got no answer in time: where that is one of ours, and it has said nothing at all
    /// for long, it is asked how it is.
    pub(super) fn was_late(&mut self, endpoint: usize) {
        if self.servers[endpoint].managed.is_some() {
            self.servers[endpoint].silence.late();
            self.look_after(endpoint);
        }
    }

    fn look_after(&mut self, endpoint: usize) {
        let over = self.is_over();
        let server = &mut self.servers[endpoint];
        if over || server.looking || server.silence.suspicion() != Suspicion::Look {
            return;
        }
        server.looking = true;
        let (client, starts) = (server.client.clone(), server.starts);
        let within = LOOK.min(self.recipe.config.endpoints[endpoint].timeout);
        self.events.spawn(async move {
            let answer = client.get("/health", within).await;
            let answered = answer.map_or_else(|failure| failure.status.is_some(), |_| true);
            Event::LookedAfter { endpoint, starts, answered }
        });
    }

    pub(super) fn looked_after(&mut self, endpoint: usize, starts: u32, answered: bool) {
        let server = &mut self.servers[endpoint];
        // Another was started meanwhile.
        if server.starts != starts {
            return;
        }
        server.looking = false;
        server.silence.looked(answered);
        match server.silence.suspicion() {
            Suspicion::None => {}
            Suspicion::Look => self.look_after(endpoint),
            Suspicion::Hangs => self.hangs(endpoint),
        }
    }

    /// A server of ours is there and answers nothing: it is ended, and started again.
    fn hangs(&mut self, endpoint: usize) {
        // One that has died is not ended; what was under way may have killed it.
        if self.is_over() || self.restart(endpoint) {
            return;
        }
        let server = &mut self.servers[endpoint];
        let Some(managed) = &server.managed else { return };
        let why = format!(
            "the model server hangs: {} in a row got no answer, nor did `/health`; its log: {}",
            count(server.silence.length().into(), "request"),
            managed.log().display()
        );
        self.progress.endpoints[endpoint].hangs += 1;
        server.hung = true;
        if server.restarts_left == 0 {
            // What is under way ends with it.
            if let Some(mut managed) = server.managed.take() {
                managed.kill();
            }
            let error = RunError::gone(&self.recipe.config.endpoints[endpoint], why);
            return match self.servers.len() {
                1 => self.fail(error),
                _ => self.set_aside(endpoint, error),
            };
        }
        let (model, index) = (server.model, server.index);
        self.queues[model].away(index, self.started.elapsed());
        self.start_again(endpoint, &why, Duration::ZERO);
    }

    fn start_again(&mut self, endpoint: usize, why: &str, pause: Duration) {
        let config = &self.recipe.config;
        let ServerConfig::Managed(settings) = &config.endpoints[endpoint].server else { return };
        let server = &mut self.servers[endpoint];
        server.restarts_left -= 1;
        server.restarting = true;
        server.starts += 1;
        server.answers = 0;
        server.was_gone = true;
        self.progress.endpoints[endpoint].restarts += 1;
        let left = count(server.restarts_left.into(), "more time");
        self.watcher.say(&format!("{}{why}; starting it again ({left} at most)", server.name));
        let (settings, name) = (settings.clone(), &config.endpoints[endpoint].name);
        let log = config.project.store().join(again_log(&config.name, name, server.starts));
        let before = server.managed.take();
        self.events.spawn(async move {
            if let Some(before) = before {
                before.stop().await;
            }
            tokio::time::sleep(pause).await;
            let result = ManagedServer::start(&settings, &log, &|_| {}).await;
            Event::Restarted { endpoint, result: result.map_err(|error| error.to_string()) }
        });
    }

    pub(super) fn restarted(&mut self, endpoint: usize, result: Result<ManagedServer, String>) {
        let config = &self.recipe.config.endpoints[endpoint];
        let server = &mut self.servers[endpoint];
        server.restarting = false;
        server.silence = Silence::default();
        server.looking = false;
        let running = match result {
            Ok(running) => running,
            Err(why) => {
                let why = format!("the model server did not start again: {why}");
                if server.restarts_left > 0 && !self.is_over() {
                    return self.start_again(endpoint, &why, PAUSE);
                }
                let error = RunError::gone(config, why);
                return match self.servers.len() {
                    1 => self.fail(error),
                    _ => self.set_aside(endpoint, error),
                };
            }
        };
        match client(config, &running.address) {
            Ok(client) => server.client = Arc::new(client),
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
    pub(super) fn other_model(&self, endpoint: usize, what: String) -> RunError {
        RunError::WrongModel {
            endpoint: self.recipe.config.endpoints[endpoint].name.clone(),
            url: self.servers[endpoint].client.base().to_owned(),
            what,
        }
    }

    /// A server that was never seen is there: what it is for is planned anew, once all that is under way has come.
    pub(super) fn arrived(&mut self, endpoint: usize, memory: EndpointMemory) {
        let server = &mut self.servers[endpoint];
        let is = memory.identity.display_name();
        self.watcher.say(&format!("{}it is there, with {is}: planning anew with it", server.name));
        server.memory = memory;
        server.was_gone = false;
        server.error = None;
        server.latest = None;
        self.queues.iter_mut().for_each(|queue| drop(queue.clear()));
        self.has_arrived = true;
    }

    /// Says once that a server has another model, and keeps that as what it failed with.
    pub(super) fn say_other(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if !std::mem::replace(&mut server.said_wrong, true) {
            self.watcher.say(&format!("{error}; set aside until it has the right one"));
        }
        // It answers: what it failed with before is over.
        server.latest = None;
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
        let known = failed.and_then(|endpoint| {
            let server = &mut self.servers[endpoint];
            let error = server.error.take();
            let managed = matches!(error, Some(RunError::ManagedGone { .. }));
            let trouble = self.queues[server.model].trouble(server.index).filter(|_| !managed);
            match (trouble, server.latest.take()) {
                // Patience is at its end.
                (Some((since, asked)), Some(latest)) => {
                    let waited = now.saturating_sub(since);
                    Some(RunError::impatient(&self.recipe.config.endpoints[endpoint], latest, waited, asked))
                }
                _ => error,
            }
        });
        for model in &dead {
            let name = self.book.models().list()[*model].identity.display_name();
            let left = count(self.queues[*model].waiting() as u64, "request");
            self.watcher.say(&format!("{left} of {name} left open: nobody serves it"));
        }
        let error = known.unwrap_or_else(|| {
            let first = endpoints().next().copied().unwrap_or_default();
            let gone = ClientError::new(ErrorClass::Unavailable, "it takes none of what is left");
            RunError::endpoint(&self.recipe.config.endpoints[first], gone)
        });
        self.fail(error);
        true
    }
}
