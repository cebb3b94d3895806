//! The loop that asks: sends what is due, stores what comes, evaluates, and again.

mod failure;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::book::StoreBook;
use super::error::RunError;
use super::interrupt::Interrupts;
use crate::check::Candidate;
use crate::check::answer::Answer;
use crate::client::managed::ManagedServer;
use crate::client::{Client, ClientError};
use crate::dataset::evaluate::Demand;
use crate::dataset::{Outcome, Quotas, Recipe, Stored, evaluate};
use crate::model::Fingerprint;
use crate::report::{self, Status, Watcher};
use crate::scheduler::{self, Next, Queue};
use crate::store::{Completion, Kind, Settings, StoreError, Writer, Written};
use failure::Looked;

/// What was done in this run.
#[derive(Debug, Default)]
pub struct Progress {
    pub attempts: u64,
    pub requests: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub completion_tokens: u64,
    pub faults: BTreeMap<&'static str, u64>,
}

/// A received answer on its way into the store.
struct Pending {
    fingerprint: Fingerprint,
    stored: Stored,
}

/// A request that came back: what was sent in canonical form, and what was answered.
struct Sent {
    ticket: scheduler::Ticket,
    demand: Demand,
    canonical: String,
    answer: Result<String, ClientError>,
}

struct Worker<'a> {
    recipe: &'a Recipe,
    quotas: Quotas,
    book: StoreBook<'a>,
    client: Client,
    writer: Writer,
    commits: mpsc::UnboundedReceiver<Written>,
    watcher: &'a (dyn Watcher + Sync),
    managed: Option<ManagedServer>,
    settings: Settings,
    mask: Vec<bool>,
    queue: Queue<Demand>,
    started: Instant,
    /// Asks that wait, are under way, are being stored, or were given up in this run.
    asked: HashSet<Fingerprint>,
    sends: JoinSet<Sent>,
    pending: HashMap<u64, Pending>,
    next_pending: u64,
    /// What each failing ask failed with last.
    last_errors: HashMap<Fingerprint, ClientError>,
    /// An ask that went through.
    known_good: Option<(usize, u32)>,
    /// The server was gone, and may come back as another.
    was_gone: bool,
    progress: Progress,
    said: HashSet<&'static str>,
    example: Option<String>,
    outcome: Outcome,
    /// Something was stored since the last evaluation.
    stale: bool,
    evaluated: Instant,
    evaluation: Duration,
}

/// What a worker works with.
pub struct Tools<'a> {
    pub recipe: &'a Recipe,
    pub book: StoreBook<'a>,
    pub client: Client,
    pub writer: Writer,
    pub commits: mpsc::UnboundedReceiver<Written>,
    pub watcher: &'a (dyn Watcher + Sync),
    pub managed: Option<ManagedServer>,
    pub settings: Settings,
    pub slots: u32,
    /// By cell: whether it is to be asked for.
    pub mask: Vec<bool>,
}

/// What came of a worker's work.
pub struct Done {
    pub outcome: Outcome,
    pub progress: Progress,
    pub error: Option<RunError>,
    pub stopped: bool,
}

/// Asks for the demands of an outcome and for what follows, until none is left or nothing more can
/// be asked. Returns when all that was received is stored and a managed server has ended.
pub async fn ask(tools: Tools<'_>, outcome: Outcome, interrupts: &mut Interrupts) -> Done {
    let Tools { recipe, book, client, writer, commits, watcher, managed, settings, slots, mask } = tools;
    let endpoint = &recipe.config.endpoint;
    let mut worker = Worker {
        recipe,
        quotas: recipe.quotas.clone(),
        book,
        client,
        writer,
        commits,
        watcher,
        managed,
        settings,
        mask,
        queue: Queue::new(scheduler::Settings {
            slots,
            requests_per_minute: endpoint.requests_per_minute.and_then(std::num::NonZeroU32::new),
            patience: endpoint.patience,
            proven: outcome.answers > 0,
        }),
        started: Instant::now(),
        asked: HashSet::new(),
        sends: JoinSet::new(),
        pending: HashMap::new(),
        next_pending: 0,
        last_errors: HashMap::new(),
        known_good: outcome.rows.first().map(|row| (row.place.cell, row.place.ask)),
        was_gone: false,
        progress: Progress::default(),
        said: HashSet::new(),
        example: None,
        outcome,
        stale: false,
        evaluated: Instant::now(),
        evaluation: Duration::ZERO,
    };
    let (error, stopped) = worker.work(interrupts).await;
    let Worker { outcome, progress, managed, writer, .. } = worker;
    drop(writer);
    if let Some(managed) = managed {
        managed.stop().await;
    }
    Done { outcome, progress, error, stopped }
}

impl Worker<'_> {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Until no demand is left, or nothing more can be asked.
    async fn work(&mut self, interrupts: &mut Interrupts) -> (Option<RunError>, bool) {
        let mut error = None;
        let mut stopped = false;
        let mut tick = tokio::time::interval(self.watcher.interval());
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.enqueue();
        loop {
            let over = stopped || error.is_some();
            if !over && self.queue.wants_proof() {
                tokio::select! {
                    () = self.prove() => {}
                    () = interrupts.next() => stopped = self.stop(),
                }
            }
            let mut wake = None;
            let mut waiting = None;
            while !over && !stopped && error.is_none() {
                match self.queue.next(self.now()) {
                    Next::Start(ticket, demand) => {
                        if self.was_gone {
                            let looked = tokio::select! {
                                looked = self.look() => Some(looked),
                                () = interrupts.next() => None,
                            };
                            match looked {
                                Some(Ok(())) => self.was_gone = false,
                                Some(Err(Looked::Other(other))) => {
                                    self.queue.dropped(ticket);
                                    self.queue.clear();
                                    error = Some(other);
                                    break;
                                }
                                Some(Err(Looked::Away(failure))) => {
                                    self.away(ticket, demand, failure, &mut error);
                                    continue;
                                }
                                None => {
                                    self.queue.dropped(ticket);
                                    stopped = self.stop();
                                    break;
                                }
                            }
                        }
                        if let Err(failure) = self.send(ticket, demand) {
                            error = Some(failure);
                        }
                    }
                    Next::Wait(at, why) => {
                        wake = Some(self.started + at);
                        waiting = self.waiting_text(why, at);
                        break;
                    }
                    Next::Busy | Next::Empty => break,
                }
            }
            let over = stopped || error.is_some();
            let idle = self.sends.is_empty() && self.pending.is_empty();
            if idle && over {
                break;
            }
            let hungry = self.stale && self.queue.waiting() < self.queue.slots() as usize;
            if !over && hungry && (idle || self.may_evaluate()) {
                if self.evaluate(&mut error) > 0 {
                    continue;
                }
            } else if !over && hungry {
                // Put off because the last one took long.
                let at = self.evaluated + self.evaluation * 10;
                wake = Some(wake.map_or(at, |wake: Instant| wake.min(at)));
            }
            if idle && self.queue.waiting() == 0 {
                break;
            }
            tokio::select! {
                Some(sent) = self.sends.join_next() => match sent {
                    Ok(Sent { ticket, demand, canonical, answer: Ok(raw) }) => {
                        self.received(ticket, demand, canonical, raw, &mut error);
                    }
                    Ok(Sent { ticket, demand, answer: Err(failure), .. }) => {
                        self.failed(ticket, demand, failure, &mut error);
                    }
                    // Only sends that we left behind ourselves end without an answer.
                    Err(_) => {}
                },
                written = self.commits.recv(), if !self.pending.is_empty() => match written {
                    Some(written) => self.committed(written, &mut error),
                    None => {
                        self.pending.clear();
                        error.get_or_insert(StoreError::Gone.into());
                    }
                },
                () = sleep_until(wake), if wake.is_some() && !over => {}
                _ = tick.tick() => {
                    if self.stale && self.may_evaluate() && !over {
                        self.evaluate(&mut error);
                    }
                    self.show(waiting);
                }
                () = interrupts.next() => {
                    if !stopped {
                        stopped = self.stop();
                    } else {
                        self.sends.abort_all();
                        self.sends = JoinSet::new();
                    }
                }
            }
        }
        self.book.honour_tombstones();
        self.evaluate(&mut error);
        (error, stopped)
    }

    /// Whether evaluations take up at most a tenth of the time.
    fn may_evaluate(&self) -> bool {
        self.evaluated.elapsed() >= self.evaluation * 10
    }

    /// Evaluates, and enqueues what is newly demanded; says how many that are.
    fn evaluate(&mut self, error: &mut Option<RunError>) -> usize {
        let begun = Instant::now();
        match evaluate(&self.quotas, &mut self.book) {
            Ok(outcome) => self.outcome = outcome,
            Err(failure) => {
                error.get_or_insert(failure.into());
                return 0;
            }
        }
        self.evaluation = begun.elapsed();
        self.evaluated = Instant::now();
        self.stale = false;
        match error {
            None => self.enqueue(),
            Some(_) => 0,
        }
    }

    fn enqueue(&mut self) -> usize {
        let mut new = 0;
        for demand in &self.outcome.demands {
            if self.mask[demand.cell] && self.asked.insert(demand.fingerprint) {
                self.queue.push(*demand);
                new += 1;
            }
        }
        new
    }

    /// Begins to stop: nothing more is sent, and what is under way is waited for.
    fn stop(&mut self) -> bool {
        self.queue.clear();
        if !self.sends.is_empty() {
            self.watcher.say(&format!(
                "stopping: waiting for {} under way; Ctrl-C again to leave them",
                report::count(self.sends.len() as u64, "request")
            ));
        }
        true
    }

    fn send(&mut self, ticket: scheduler::Ticket, demand: Demand) -> Result<(), RunError> {
        let ask = self.recipe.ask(self.book.frame(), demand.cell, demand.ask)?;
        let client = self.client.clone();
        let timeout = self.recipe.config.endpoint.timeout;
        self.progress.attempts += 1;
        let canonical = ask.request.canonical;
        self.sends.spawn(async move {
            Sent { ticket, demand, canonical, answer: client.chat(ask.body, timeout).await }
        });
        Ok(())
    }

    fn received(
        &mut self,
        ticket: scheduler::Ticket,
        demand: Demand,
        canonical: String,
        raw: String,
        error: &mut Option<RunError>,
    ) {
        crate::crash_point!("after-receipt");
        let answer = match Answer::parse(&raw) {
            Ok(answer) => answer,
            Err(why) => {
                let failure = self.client.redacted(ClientError::garbled(&raw, &why.to_string()));
                return self.failed(ticket, demand, failure, error);
            }
        };
        self.queue.done(ticket);
        self.last_errors.remove(&demand.fingerprint);
        self.known_good = Some((demand.cell, demand.ask));
        let usage = answer.usage.unwrap_or_default();
        self.progress.requests += 1;
        self.progress.prompt_tokens += usage.prompt_tokens;
        self.progress.completion_tokens += usage.completion_tokens;
        self.progress.cached_tokens += answer.cached_tokens();
        let ended = answer.ended_by_itself();
        // With several choices servers differ in what they count, so the number is not relied on.
        let tokens = (answer.choices.len() == 1 && answer.usage.is_some()).then_some(usage.completion_tokens);
        let candidates = self.book.judge(&raw);
        if let Some(candidate) = candidates.iter().find(|candidate| candidate.outcome.is_ok()) {
            self.example = Some(self.describe(demand.cell, candidate));
        }
        let completion = Completion {
            fingerprint: demand.fingerprint,
            max_tokens: self.recipe.config.sampling.max_tokens,
            kind: Kind::Chat,
            request: canonical,
            answer: raw,
            ended,
            tokens,
        };
        let ticket = self.put_off(demand.fingerprint, Stored::Answer(candidates));
        if let Err(failure) = self.writer.completion(ticket, completion) {
            error.get_or_insert(failure.into());
            self.pending.remove(&ticket);
        }
    }

    fn describe(&self, cell: usize, candidate: &Candidate) -> String {
        let names: Vec<&str> =
            self.recipe.grid.names(self.recipe.grid.cells()[cell]).map(|(_, value)| value).collect();
        format!("{}: {}", names.join(" · "), candidate.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn put_off(&mut self, fingerprint: Fingerprint, stored: Stored) -> u64 {
        self.next_pending += 1;
        self.pending.insert(self.next_pending, Pending { fingerprint, stored });
        self.next_pending
    }

    fn committed(&mut self, written: Written, error: &mut Option<RunError>) {
        let fine = written.result.is_ok();
        for ticket in written.tickets {
            let Some(pending) = self.pending.remove(&ticket) else {
                continue;
            };
            if !fine {
                continue;
            }
            self.stale = true;
            match written.superseded.contains(&ticket) {
                true => self.book.forget(&pending.fingerprint),
                false => self.book.learn(pending.fingerprint, pending.stored),
            }
        }
        if let Err(failure) = written.result
            && error.is_none()
        {
            self.queue.clear();
            *error = Some(failure.into());
        }
    }

    /// A sum over the cells that are asked for.
    fn meant(&self, of: impl Fn(usize) -> u32) -> u64 {
        let cells = self.mask.iter().enumerate().filter(|(_, meant)| **meant);
        cells.map(|(cell, _)| u64::from(of(cell))).sum()
    }

    fn show(&mut self, waiting: Option<String>) {
        let mut rejected: BTreeMap<&'static str, u64> = BTreeMap::new();
        for reject in &self.outcome.rejects {
            *rejected.entry(reject.reason.name()).or_default() += 1;
        }
        self.watcher.update(&Status {
            rows: self.meant(|cell| self.outcome.accepted[cell]),
            wanted: self.meant(|cell| self.quotas.rows[cell]),
            requests: self.progress.requests,
            open: (self.queue.waiting() + self.sends.len()) as u64,
            under_way: self.sends.len(),
            rejected,
            completion_tokens: self.progress.completion_tokens,
            elapsed: self.now(),
            waiting,
            example: self.example.take(),
        });
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}
