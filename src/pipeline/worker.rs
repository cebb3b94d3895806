//! The loop that asks: sends what is due, stores what comes, evaluates, and again.

mod answers;
mod cost;
mod evaluator;
mod event;
mod failure;
mod meaning;
mod measure;
mod obey;
mod order;
mod progress;
mod sending;
mod servers;
mod shown;
mod stop;
mod stragglers;
mod tools;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::address::address;
use super::book::{BookError, StoreBook};
use super::control::Orders;
use super::error::RunError;
use super::interrupt::Interrupts;
use super::stop::Stop;
use super::summary::Outcome;
use crate::check::Candidate;
use crate::client::ClientError;
use crate::dataset::Recipe;
use crate::dataset::evaluate::Demand;
use crate::dataset::recipe::{AROUND, BYTES_PER_TOKEN};
use crate::model::{ByHash, Fingerprint};
use crate::report::{self, Watcher};
use crate::scheduler::{Budget, Cost, Estimate, Queue, Spot, Ticket};
use crate::store::{StoreError, Writer, Written};
use answers::Pending;
use evaluator::{Evaluated, Evaluator, Task};
use event::{Event, Request};
use meaning::Charged;
pub use measure::{Absence, Free};
use order::Asking;
pub use progress::{EndpointProgress, GivenUp, Progress};
use sending::Sending;
use servers::Server;
pub use stop::{Closing, Limits};
pub use tools::{Done, SoFar, Tools};

/// An evaluation that takes no longer than this is over before a server misses anything.
const SHORT: Duration = Duration::from_millis(20);

struct Worker<'a> {
    recipe: &'a Recipe,
    book: StoreBook<'a>,
    /// By endpoint, in the config's order.
    servers: Vec<Server>,
    /// By model.
    queues: Vec<Queue<Demand>>,
    writer: Writer,
    commits: mpsc::UnboundedReceiver<Written>,
    watcher: &'a (dyn Watcher + Sync),
    mask: Vec<bool>,
    limits: Limits,
    budget: Budget,
    started: Instant,
    /// Until when places were counted.
    measured: Instant,
    /// Nobody is there to ask since then.
    is_deserted: bool,
    /// By endpoint: how many of its places are free since then, and what for.
    free: Vec<Option<(u32, Free)>>,
    evaluator: Evaluator,
    events: JoinSet<Event>,
    /// Places that the server may still be working for: they are in nobody's way of ending.
    rests: JoinSet<(usize, Spot)>,
    /// Looks at requests that take far too long, each with whether nothing works on it: nor are they.
    looks: JoinSet<(usize, Ticket, bool)>,
    /// Requests under way, with the way to break each off.
    sends: HashMap<(usize, Ticket), (Request, AbortHandle)>,
    /// By model and server: what a proof under way may cost at most.
    proofs: HashMap<(usize, usize), Cost>,
    pending: HashMap<u64, Pending>,
    next_pending: u64,
    /// What each failing ask failed with last.
    last_errors: ByHash<Fingerprint, ClientError>,
    /// How many tokens prompts have.
    prompts: Estimate,
    progress: Progress,
    /// Failures of which class were said of which endpoint.
    said: HashSet<(usize, &'static str)>,
    /// A row that came lately: its cell, and where it stands in an answer.
    example: Option<(usize, Arc<[Candidate]>, usize)>,
    outcome: Outcome,
    /// Rows of the cells that are asked for, before anything was asked.
    rows_before: u64,
    /// Something was stored since the last evaluation.
    stale: bool,
    evaluated: Instant,
    evaluation: Duration,
    error: Option<RunError>,
    stopped: Option<Stop>,
    /// Somebody asked to stop: the next time what is under way is left.
    is_interrupted: bool,
    /// One that was never seen is there.
    has_arrived: bool,
    /// Some requests are begun no more, since they would take too long.
    closed_by: Option<Stop>,
    /// Nothing is sent, as somebody wished.
    paused: bool,
}

/// Asks for the demands of an outcome and for what follows, until none is left or nothing more can
/// be asked. Returns when all that was received is stored and managed servers have ended.
pub async fn ask<'a>(
    tools: Tools<'a>,
    outcome: Outcome,
    interrupts: &mut Interrupts,
    orders: &mut Orders,
) -> Done<'a> {
    let paused = tools.so_far.paused;
    let mut worker = Worker::new(tools, outcome);
    worker.hold(paused, "still paused; `emogrid ctl resume` goes on");
    worker.work(interrupts, orders).await;
    worker.over().await
}

impl<'a> Worker<'a> {
    fn new(tools: Tools<'a>, outcome: Outcome) -> Self {
        let Tools { recipe, book, lines, writer, commits, watcher, settings, mask, limits, .. } = tools;
        let known = tools.proven;
        let proven: HashSet<usize> = (0..known.len()).filter(|model| known[*model].is_some()).collect();
        let SoFar { began: started, mut progress, budget, .. } = tools.so_far;
        let begins = (&tools.dir, started.elapsed());
        let in_turn = limits.is_limited();
        let (mut servers, queues) =
            servers::muster(recipe, book.models(), lines, &settings, &proven, in_turn, begins);
        for (model, known) in book.models().list().iter().zip(known) {
            servers[model.endpoints[0]].known_good = known;
        }
        progress.endpoints.resize(recipe.config.endpoints.len(), EndpointProgress::default());
        let now = Instant::now();
        let task = Task {
            recipe: tools.shared,
            models: book.models().as_ref().clone(),
            dir: tools.dir,
            settings,
            retry_failed: tools.retry_failed,
            mask: mask.clone(),
            ahead: !limits.is_limited(),
        };
        let asking = Asking::of(book.models(), &servers, &queues);
        // It comes back with what is to be asked for it.
        let (accepted, rejected) = (outcome.accepted.clone(), outcome.rejected.clone());
        let begun = Outcome { totals: outcome.totals, demands: Vec::new(), accepted, rejected };
        let mut worker = Self {
            recipe,
            evaluator: Evaluator::start(task, outcome, asking),
            book,
            servers,
            queues,
            writer,
            commits,
            watcher,
            mask,
            budget,
            limits,
            started,
            measured: now,
            is_deserted: false,
            free: Vec::new(),
            events: JoinSet::new(),
            rests: JoinSet::new(),
            looks: JoinSet::new(),
            sends: HashMap::new(),
            proofs: HashMap::new(),
            pending: HashMap::new(),
            next_pending: 0,
            last_errors: ByHash::default(),
            prompts: Estimate::new(1.0 / BYTES_PER_TOKEN as f64, AROUND),
            progress,
            said: HashSet::new(),
            example: None,
            outcome: begun,
            rows_before: 0,
            stale: false,
            evaluated: now,
            evaluation: Duration::ZERO,
            error: None,
            stopped: None,
            is_interrupted: false,
            has_arrived: false,
            closed_by: None,
            paused: false,
        };
        worker.rows_before = worker.meant(|cell| worker.outcome.accepted[cell]);
        worker
    }

    /// Ends what it holds, but for what whoever goes on needs, and says what came of it.
    async fn over(self) -> Done<'a> {
        let Self { recipe, mut book, mut progress, mut servers, queues, error, stopped, .. } = self;
        progress.failing =
            self.last_errors.into_iter().map(|(ask, error)| (ask, error.class.name())).collect();
        for (endpoint, server) in servers.iter_mut().enumerate() {
            let found = queues[server.model].found(server.index);
            progress.endpoints[endpoint].found = found;
            if found.is_some() {
                server.memory.level = found;
                // Without it the next run begins where this one did.
                let _ = self.writer.endpoint(&address(&recipe.config.endpoints[endpoint]), &server.memory);
            }
        }
        drop(self.writer);
        if let Some(knowledge) = self.evaluator.finish() {
            book.take_up(knowledge);
        }
        book.honour_tombstones();
        let goes_on = self.has_arrived && error.is_none() && stopped.is_none();
        let mut lines = Vec::new();
        for (endpoint, server) in servers.into_iter().enumerate() {
            progress.endpoints[endpoint].slots = queues[server.model].level(server.index);
            progress.endpoints[endpoint].last_error = server.last_error();
            if goes_on {
                lines.push(server.into_line(&recipe.config.endpoints[endpoint]));
            } else if let Some(managed) = server.managed {
                managed.stop().await;
            }
        }
        let again = goes_on.then_some(lines);
        let so_far = SoFar { began: self.started, progress, budget: self.budget, paused: self.paused };
        Done { book, outcome: self.outcome, so_far, error, stopped, again }
    }
}

impl Worker<'_> {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn is_over(&self) -> bool {
        self.stopped.is_some() || self.error.is_some() || self.has_arrived
    }

    /// Until no demand is left, or nothing more can be asked.
    async fn work(&mut self, interrupts: &mut Interrupts, orders: &mut Orders) {
        let mut tick = tokio::time::interval(self.watcher.interval());
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.measure();
            let mut sending = Sending::default();
            let any = !self.sends.is_empty() || self.queues.iter().any(|queue| queue.waiting() > 0);
            if any && !self.is_over() {
                self.send_what_is_due(&mut sending);
            }
            self.note_free();
            let over = self.is_over();
            let idle = self.events.is_empty() && self.pending.is_empty();
            // A server that starts again is not waited for where nothing is left to ask it.
            let quiet = idle || self.sends.is_empty() && self.pending.is_empty() && self.restarts();
            if quiet && over {
                self.leave();
                break;
            }
            // What is asked about a text goes before further texts, and is known of once the text was evaluated.
            let eager = self.recipe.looks_into_texts();
            let hungry = self.stale && (eager || self.queues.iter().any(|queue| self.is_hungry(queue)));
            if !over && hungry && !self.evaluator.is_busy() {
                if let Some(why) = self.ends_before_evaluated() {
                    self.closed_by = Some(why);
                } else if idle || self.may_evaluate() {
                    self.evaluate();
                } else {
                    // Put off because the last one took long.
                    sending.wake_at(self.evaluated + self.evaluation * 10);
                }
            }
            // What is being worked out, or is yet to be, may bring more.
            let idle = idle && !self.evaluator.is_busy();
            let done = idle || quiet && !self.evaluator.is_busy() && !hungry;
            if done && self.queues.iter().all(|queue| queue.waiting() == 0) {
                self.leave();
                break;
            }
            if idle && self.is_lost() {
                continue;
            }
            let wake = self.deadline(sending.wake);
            tokio::select! {
                // Only sends that we broke off ourselves end without an event.
                Some(event) = self.events.join_next() => {
                    let mut event = Some(event);
                    while let Some(one) = event {
                        if let Ok(one) = one {
                            self.happened(one);
                        }
                        event = self.events.try_join_next();
                    }
                }
                evaluated = self.evaluator.next(), if self.evaluator.is_busy() => self.worked_out(evaluated),
                Some(Ok((model, spot))) = self.rests.join_next() => self.queues[model].rested(spot),
                Some(Ok((model, ticket, is_idle))) = self.looks.join_next() => self.looked_at(model, ticket, is_idle),
                written = self.commits.recv(), if !self.pending.is_empty() => match written {
                    Some(written) => self.committed(written),
                    None => {
                        self.lose_pending();
                        self.error.get_or_insert(StoreError::Gone.into());
                    }
                },
                () = sleep_until(wake), if wake.is_some() => self.look_at_the_clock(),
                _ = tick.tick() => {
                    if self.stale && self.may_evaluate() && !over && !self.evaluator.is_busy() {
                        self.evaluate();
                    }
                    self.take_back();
                    let paused = self.paused.then(|| "paused; `emogrid ctl resume` goes on".to_owned());
                    let resting = (self.sends.is_empty() && !self.rests.is_empty())
                        .then(|| "the server still works on requests that were given up".to_owned());
                    self.show(paused.or(sending.waiting).or(resting));
                }
                (order, reply) = orders.next() => {
                    let status = self.obey(order);
                    // Whoever asked may be gone.
                    let _ = reply.send(status);
                }
                () = interrupts.next() => self.interrupt(),
            }
        }
        self.end_early();
    }

    /// Whether what waits for a model may all be sent before another evaluation is done.
    fn is_hungry(&self, queue: &Queue<Demand>) -> bool {
        let (waiting, places) = (queue.waiting(), queue.places());
        if waiting < places || self.evaluation < SHORT {
            return waiting < places;
        }
        let quickest = queue.takes().into_iter().flatten().min().unwrap_or_default().max(SHORT);
        let rounds = self.evaluation.as_secs_f64() / quickest.as_secs_f64();
        (waiting as f64) < places as f64 * (1.0 + rounds)
    }

    /// Whether evaluations take up at most a tenth of the time.
    fn may_evaluate(&self) -> bool {
        self.evaluated.elapsed() >= self.evaluation * 10 && self.ends_before_evaluated().is_none()
    }

    /// Begins to evaluate what is stored by now.
    fn evaluate(&mut self) {
        self.stale = false;
        self.evaluator.evaluate(Asking::of(self.book.models(), &self.servers, &self.queues));
    }

    /// Takes in an outcome, and enqueues what is newly demanded.
    fn worked_out(&mut self, evaluated: Result<Evaluated, BookError>) {
        match evaluated {
            Ok(Evaluated { outcome, plan, took }) => {
                self.outcome = outcome;
                self.evaluation = took;
                self.evaluated = Instant::now();
                if !self.is_over() {
                    self.enqueue(plan);
                }
            }
            Err(failure) => {
                self.error.get_or_insert(failure.into());
            }
        }
    }

    fn endpoint_of(&self, model: usize, server: usize) -> usize {
        self.book.models().list()[model].endpoints[server]
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Answered { send, ask, looked, answer } => {
                let endpoint = self.endpoint_of(send.model, send.spot.server);
                let failed = answer.as_ref().err().map(|failure| self.meaning(endpoint, failure));
                if !self.ended(&send, failed.map_or(Charged::Told, |meaning| meaning.spent)) {
                    return;
                }
                if failed.is_none_or(|meaning| meaning.kind.took_it()) {
                    self.was_at_work(endpoint, &send);
                }
                if answer.as_ref().map_or_else(|failure| failure.status.is_some(), |_| true) {
                    self.servers[endpoint].spoke();
                }
                if let Some(seen) = looked
                    && failed.is_none_or(|meaning| meaning.kind.shows_it_there())
                {
                    self.is_back(endpoint, seen);
                }
                match answer {
                    Ok(raw) => self.received(send, ask, raw, looked.is_some()),
                    Err(failure) => self.failed(send, failure),
                }
            }
            Event::NotWell { send, looked, spent } => {
                if self.ended(&send, spent) {
                    self.not_well(send, looked);
                }
            }
            Event::Proved { model, server, proof } => {
                if let Some(most) = self.proofs.remove(&(model, server)) {
                    self.settle_unknown(self.endpoint_of(model, server), most);
                }
                self.queues[model].proven(server, proof);
            }
            Event::Restarted { endpoint, result } => self.restarted(endpoint, result),
            Event::LookedAfter { endpoint, starts, answered } => {
                self.looked_after(endpoint, starts, answered);
            }
        }
    }

    /// Takes a request off the list of those under way; false where it was broken off before.
    fn ended(&mut self, send: &Request, spent: Charged) -> bool {
        if self.sends.remove(&(send.model, send.ticket)).is_none() {
            return false;
        }
        let endpoint = self.endpoint_of(send.model, send.spot.server);
        match spent {
            Charged::Told => {}
            Charged::Nothing => drop(self.settle(endpoint, send.most, 0, 0)),
            Charged::Unsent => {
                self.progress.unsent += 1;
                self.budget.withdraw(endpoint, send.most);
            }
            Charged::Unknown => self.settle_unknown(endpoint, send.most),
        }
        true
    }

    /// Ends the run with an error: nothing more is sent, and what is under way is waited for.
    fn fail(&mut self, error: RunError) {
        self.queues.iter_mut().for_each(|queue| drop(queue.clear()));
        self.error.get_or_insert(error);
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

fn under_way(count: usize) -> String {
    report::count(count as u64, "request")
}
