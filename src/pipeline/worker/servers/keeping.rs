//! What is done about endpoints as they fail, hang, come back, turn up with another model, or are sent to by other runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::Worker;
use super::super::event::Event;
use super::super::meaning::Meaning;
use super::LOOK;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::client::managed::ManagedServer;
use crate::client::{ClientError, ErrorClass};
use crate::config::resolved::Server as ServerConfig;
use crate::dataset::evaluate::Demand;
use crate::fingerprint::Route;
use crate::pipeline::connect::{client, server_logs};
use crate::pipeline::error::RunError;
use crate::report::count;
use crate::report::morning::Level;
use crate::scheduler::{Proof, Queue, Silence, Spot, Step, Suspicion};
use crate::store::{EndpointMemory, Sent, Turn};

/// How long an endpoint that no waiting will mend is left alone before it is tried again, while
/// others go on.
const ASIDE: Duration = Duration::from_secs(60);
/// The number of a request that is sent again for proof: it is no item's ticket.
const PROOF: u64 = u64::MAX;
/// How long after a start that failed the next is tried.
const PAUSE: Duration = Duration::from_secs(2);

impl Worker<'_> {
    /// Takes the turns to send to a model's servers, where that is limited; `None` while another run has one of them.
    pub(in crate::pipeline::worker) fn turns(&self, model: usize) -> Option<Vec<Turn>> {
        let limited = self.servers.iter().filter(|server| server.model == model);
        let mut taken: Vec<(&Sent, Turn)> = Vec::new();
        for sent in limited.filter_map(|server| server.sent.as_ref()) {
            // Two endpoints may have one address.
            if taken.iter().any(|(other, _)| other.is_of(sent)) {
                continue;
            }
            match sent.turn() {
                Ok(turn) => taken.push((sent, turn?)),
                // Where nothing can be locked, each run keeps to its limits as far as it hears of others.
                Err(error) => tracing::debug!(%error, "no turns to send"),
            }
        }
        Some(taken.into_iter().map(|(_, turn)| turn).collect())
    }

    /// Counts what other runs sent to a model's servers, where that is limited.
    pub(in crate::pipeline::worker) fn hear_of_others(&mut self, model: usize) {
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
    pub(in crate::pipeline::worker) fn note_sent(
        &mut self,
        endpoint: usize,
        id: u64,
        tokens: u64,
        used: bool,
    ) {
        if let Some(sent) = &mut self.servers[endpoint].sent {
            // On a full disk nothing is asked for long.
            let _ = sent.note(id, tokens.try_into().unwrap_or(u32::MAX), used);
        }
    }

    /// Sends a request that went through before, for one token: if it does so again, the asks that
    /// are left fail by their own fault; if not, the server is away.
    pub(in crate::pipeline::worker) fn prove(&mut self, model: usize, server: usize) {
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
        let most = self.cost(endpoint, &probe, 1);
        if self.budget.allows(most).is_err() {
            self.queues[model].proven(server, Proof::None);
            return;
        }
        self.budget.reserve(most);
        self.proofs.insert((model, server), most);
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
                Ok(_) => Proof::None,
                Err(failure) => Meaning::proof(&failure),
            };
            Event::Proved { model, server, proof }
        });
    }

    /// Sends nothing to a spot whose request was given up for as long as the server works on it.
    pub(in crate::pipeline::worker) fn rest(&mut self, model: usize, spot: Spot) {
        let endpoint = self.endpoint_of(model, spot.server);
        let server = &self.servers[endpoint];
        if !server.is_llama_cpp || self.is_over() {
            return;
        }
        self.queues[model].rest(spot);
        let client = server.client.clone();
        let slot = server.pinning().at(spot.place);
        let at_most = self.recipe.config.endpoints[endpoint].patience;
        self.rests.spawn(async move {
            client.until_idle(slot, at_most).await;
            (model, spot)
        });
    }

    /// Writes down which number of requests at a time was tried, and says so where that is kept.
    pub(in crate::pipeline::worker) fn stepped(&mut self, endpoint: usize, step: Step) {
        let Step { from, to, rates: (before, after), kept } = step;
        let told = |rate: f64| (rate * 10.0).round() / 10.0;
        let level = Level { from, to, before: told(before), after: told(after), kept };
        self.watcher.tried(&self.recipe.config.endpoints[endpoint].name, &level);
        // A trial that changed nothing is not worth a line.
        if kept {
            self.progress.endpoints[endpoint].levels.push(level);
            self.watcher.say(&format!(
                "{}{to} at a time from now on, not {from}: {after:.1} tokens/s against {before:.1}",
                self.servers[endpoint].name
            ));
        }
    }

    /// Whether a managed server has ended, and is or will be started again. True also where that is
    /// the end of the run. A start that proves which ask ended it counts for none.
    pub(in crate::pipeline::worker) fn restart(&mut self, endpoint: usize, proves: bool) -> bool {
        let over = self.is_over();
        let config = &self.recipe.config;
        let server = &mut self.servers[endpoint];
        if server.restarting || over {
            return server.restarting;
        }
        let Some(gone) = server.managed.as_mut().and_then(ManagedServer::gone) else { return false };
        if proves {
            server.restarts_left = (server.restarts_left + 1).min(server.restarts);
        }
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
    pub(in crate::pipeline::worker) fn was_late(&mut self, endpoint: usize) {
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
        let own = &self.recipe.config.endpoints[endpoint];
        let within = LOOK.min(own.timeout).min(own.patience);
        self.events.spawn(async move {
            let answer = client.get("/health", within).await;
            let answered = answer.map_or_else(|failure| failure.status.is_some(), |_| true);
            Event::LookedAfter { endpoint, starts, answered }
        });
    }

    pub(in crate::pipeline::worker) fn looked_after(&mut self, endpoint: usize, starts: u32, answered: bool) {
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
        if self.is_over() || self.restart(endpoint, false) {
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
        // Each start has a log of its own, so that what the one before said stays.
        let log = server_logs(config).join(format!("{name}-again-{}.log", server.starts));
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

    pub(in crate::pipeline::worker) fn restarted(
        &mut self,
        endpoint: usize,
        result: Result<ManagedServer, String>,
    ) {
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
    pub(in crate::pipeline::worker) fn set_aside(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if server.error.is_none() {
            self.watcher.say(&format!(
                "{}set aside: {}\n{}; tried again every {} s while others go on",
                server.name,
                error.of_its_endpoint(),
                error.advice(),
                ASIDE.as_secs()
            ));
        }
        server.aside = Some(Instant::now());
        server.error = Some(error);
        self.queues[server.model].set_aside(server.index);
    }

    /// The server was looked at, and has another model than the run is for.
    pub(in crate::pipeline::worker) fn other_model(&self, endpoint: usize, what: String) -> RunError {
        RunError::WrongModel {
            endpoint: self.recipe.config.endpoints[endpoint].name.clone(),
            url: self.servers[endpoint].client.base().to_owned(),
            what,
        }
    }

    /// A server that was never seen is there: what it is for is planned anew, once all that is under way has come.
    pub(in crate::pipeline::worker) fn arrived(&mut self, endpoint: usize, memory: EndpointMemory) {
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
    pub(in crate::pipeline::worker) fn say_other(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if !std::mem::replace(&mut server.said_wrong, true) {
            self.watcher.say(&format!("{error}; set aside until it has the right one"));
        }
        // It answers: what it failed with before is over.
        server.latest = None;
        server.error = Some(error);
    }

    /// Tries endpoints again that were set aside, now and then, in case somebody mended them.
    pub(in crate::pipeline::worker) fn take_back(&mut self) {
        for server in &mut self.servers {
            if !server.is_own && server.aside.is_some_and(|since| since.elapsed() >= ASIDE) {
                server.aside = None;
                server.was_gone = true;
                self.queues[server.model].take_back(server.index);
            }
        }
    }

    /// Whether a server of ours starts again.
    pub(in crate::pipeline::worker) fn restarts(&self) -> bool {
        self.servers.iter().any(|server| server.restarting)
    }

    /// Whether nothing that waits can go anywhere, any more; the run then fails with the reason.
    pub(in crate::pipeline::worker) fn is_lost(&mut self) -> bool {
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
