//! What is done about endpoints as they fail, come back, or turn up with another model, and where none is left.

use std::time::{Duration, Instant};

use super::super::Worker;
use super::super::event::Event;
use super::super::meaning::Meaning;
use super::Told;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::client::{ClientError, ErrorClass};
use crate::dataset::evaluate::Demand;
use crate::fingerprint::Route;
use crate::pipeline::error::RunError;
use crate::report::count;
use crate::report::morning::Level;
use crate::scheduler::{Proof, Queue, Spot, Step};
use crate::store::EndpointMemory;

/// How long an endpoint that no waiting will mend is left alone before it is tried again, while
/// others go on.
const ASIDE: Duration = Duration::from_secs(60);
/// The number of a request that is sent again for proof: it is no item's ticket.
const PROOF: u64 = u64::MAX;

impl Worker<'_> {
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

    /// No waiting will mend an endpoint: the run ends if that is its only one, and goes on without it otherwise.
    pub(in crate::pipeline::worker) fn gives_up(&mut self, endpoint: usize, error: RunError) {
        match self.servers.len() {
            1 => self.fail(error),
            _ => self.set_aside(endpoint, error),
        }
    }

    /// Sends nothing more to one of several endpoints, and says so once.
    fn set_aside(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if server.told.replace(Told::Aside) != Some(Told::Aside) {
            let again = match server.is_own {
                true => String::new(),
                false => format!("; tried again every {} s while others go on", ASIDE.as_secs()),
            };
            self.watcher.say(&format!(
                "{}set aside: {}\n{}{again}",
                server.name,
                error.of_its_endpoint(),
                error.advice()
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

    pub(in crate::pipeline::worker) fn say_it_is_back(&self, endpoint: usize) {
        self.watcher.say(&format!("{}it is back", self.servers[endpoint].name));
    }

    /// Says once that a server has another model, and keeps that as what it failed with.
    pub(in crate::pipeline::worker) fn say_other(&mut self, endpoint: usize, error: RunError) {
        let server = &mut self.servers[endpoint];
        if server.told.replace(Told::Other) != Some(Told::Other) {
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
