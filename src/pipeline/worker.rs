//! The loop that asks: sends what is due, stores what comes, evaluates, and again.

mod evaluator;
mod failure;
mod measure;
mod obey;
mod order;
mod servers;
mod stop;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::book::{BookError, StoreBook};
use super::connect::Line;
use super::control::Orders;
use super::error::RunError;
use super::interrupt::Interrupts;
use super::summary::Outcome;
use crate::check::Candidate;
use crate::check::answer::{Answer, Usage};
use crate::check::embedding::Embedding;
use crate::client::managed::ManagedServer;
use crate::client::{ClientError, ErrorClass};
use crate::dataset::evaluate::{Demand, To};
use crate::dataset::{Recipe, Stored};
use crate::fingerprint::Ask;
use crate::model::{ByHash, Fingerprint};
use crate::report::morning::Needed;
use crate::report::{self, Status, Watcher};
use crate::scheduler::{Budget, Cost, Ended, Next, Proof, Queue, Spot, Ticket};
use crate::store::{Completion, Kind, Settings, StoreDir, StoreError, Writer, Written};
use evaluator::{Evaluated, Evaluator, Task};
pub use measure::{Absence, Free};
use order::Asking;
use servers::{Looked, Seen, Server};
pub use stop::{Closing, Limits, Stop};

/// What was done in this run.
#[derive(Debug, Default)]
pub struct Progress {
    pub attempts: u64,
    /// Those of them that were sent a second time, since the first took far too long.
    pub hedged: u64,
    /// What one more request may take, where a budget of tokens or of money had no room for it.
    pub needed: Option<Needed>,
    pub requests: u64,
    /// Those of them that asked a judge.
    pub judge_requests: u64,
    /// Those of them that asked for names in doubt.
    pub second_look_requests: u64,
    /// Those of them that asked what a text means.
    pub embedding_requests: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub completion_tokens: u64,
    pub money: f64,
    /// How long it was asked, and how long it was paused meanwhile, which is no asking.
    pub asking: Duration,
    pub paused: Duration,
    pub faults: BTreeMap<&'static str, u64>,
    /// By endpoint, in the config's order.
    pub endpoints: Vec<EndpointProgress>,
    /// With which class each ask failed last that failed and was not answered since.
    pub failing: HashMap<Fingerprint, &'static str>,
    /// What was given up for its own fault.
    pub given_up: Vec<GivenUp>,
    /// Cell and number of each ask that was answered.
    pub answered: Vec<(u32, u32)>,
}

/// A request that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    pub cell: usize,
    /// It was about a text.
    pub about: bool,
    pub class: &'static str,
}

impl Progress {
    /// Requests about texts.
    pub fn about_texts(&self) -> u64 {
        self.judge_requests + self.second_look_requests + self.embedding_requests
    }
}

/// What one endpoint did.
#[derive(Debug, Default, Clone)]
pub struct EndpointProgress {
    /// Its failures, by class.
    pub faults: BTreeMap<&'static str, u64>,
    /// How long it was there to be asked.
    pub there: Duration,
    pub away: Absence,
    /// What it failed with last, in words.
    pub last_error: Option<String>,
    pub requests: u64,
    pub completion_tokens: u64,
    /// Its places that nothing was under way at, summed over time, by what they were free for.
    pub free: BTreeMap<Free, Duration>,
    /// It is there, and has another model than the run is for.
    pub is_other: bool,
    /// Requests under way, summed over time.
    pub busy: Duration,
    /// Requests at a time when it ended.
    pub slots: u32,
    /// Requests at a time that might have been under way, summed over time.
    pub offered: Duration,
    /// How long its server was at work by its own timings, and over how many answers it told so.
    pub served: Duration,
    pub served_of: u64,
    /// How often a server of ours ended or hung, and was started again.
    pub restarts: u32,
    /// Those of them that it hung before.
    pub hangs: u32,
}

/// The most answers that wait for their commit before nothing more is asked: a disk that is slower
/// than the server must not fill the memory, nor a crash lose much.
const MOST_PENDING: usize = 256;

/// An evaluation that takes no longer than this is over before a server misses anything.
const SHORT: Duration = Duration::from_millis(20);

/// How long a process may take to end after its connections have.
const DYING: Duration = Duration::from_millis(100);

/// A received answer on its way into the store.
struct Pending {
    demand: Demand,
    /// What the book is told of it, once it is stored.
    stored: Option<Stored>,
}

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
struct Send {
    /// Which of the models, as an index.
    model: usize,
    ticket: Ticket,
    spot: Spot,
    demand: Demand,
    sent: Instant,
    /// What it may cost at most.
    most: Cost,
    /// How often its server had been started again by then.
    starts: u32,
}

/// What came of something that was begun.
enum Event {
    /// A request came back: with what was sent, and what was seen of the server where that was looked
    /// at first.
    Answered {
        send: Send,
        ask: Ask,
        looked: Option<Seen>,
        answer: Result<String, ClientError>,
    },
    /// The server was looked at before a request was to go out, and is not well.
    NotWell {
        send: Send,
        looked: Looked,
    },
    /// A request that went through before was sent again.
    Proved {
        model: usize,
        server: usize,
        most: Cost,
        proof: Proof,
    },
    Restarted {
        endpoint: usize,
        result: Result<ManagedServer, String>,
    },
    /// A server of ours that answers nothing was asked how it is, after so many starts.
    LookedAfter {
        endpoint: usize,
        starts: u32,
        answered: bool,
    },
}

/// What a request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spent {
    /// The answer says it.
    Told,
    Nothing,
    /// It may have cost as much as it may at most.
    Unknown,
}

impl Spent {
    /// What a request cost that failed so.
    fn over(failure: &ClientError) -> Self {
        match failure.class {
            ErrorClass::Timeout | ErrorClass::Garbled | ErrorClass::Dropped => Spent::Unknown,
            _ => Spent::Nothing,
        }
    }
}

/// What is read of an answer as it comes.
struct Received {
    kind: Kind,
    usage: Option<Usage>,
    cached_tokens: u64,
    /// How long the server was at work on it, where it tells.
    served: Option<Duration>,
    ended: bool,
    tokens: Option<u64>,
    /// What the book is told of it.
    stored: Option<Stored>,
    /// What is stored in its place.
    short: Option<String>,
}

impl Received {
    /// Reads the embedding of a text. It is read again where the text is compared with others.
    fn embedding(raw: &str) -> Result<Self, String> {
        let embedding = Embedding::parse(raw)?;
        let short = Some(embedding.stored());
        Ok(Self {
            kind: Kind::Embedding,
            usage: embedding.usage,
            cached_tokens: 0,
            served: None,
            ended: true,
            tokens: Some(0),
            stored: None,
            short,
        })
    }
}

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
    /// By endpoint: how many of its places are free since then, and what for.
    free: Vec<Option<(u32, Free)>>,
    evaluator: Evaluator,
    events: JoinSet<Event>,
    /// Places that the server may still be working for: they are in nobody's way of ending.
    rests: JoinSet<(usize, Spot)>,
    /// Requests under way, with the way to break each off.
    sends: HashMap<(usize, Ticket), (Send, AbortHandle)>,
    pending: HashMap<u64, Pending>,
    next_pending: u64,
    /// What each failing ask failed with last.
    last_errors: ByHash<Fingerprint, ClientError>,
    /// The longest prompt so far, in tokens.
    longest_prompt: u32,
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
    /// One that was never seen is there.
    has_arrived: bool,
    /// Some requests are begun no more, since they would take too long.
    closed_by: Option<Stop>,
    /// Nothing is sent, as somebody wished.
    paused: bool,
}

/// What a worker works with.
pub struct Tools<'a> {
    pub recipe: &'a Recipe,
    pub book: StoreBook<'a>,
    /// By endpoint, in the config's order.
    pub lines: Vec<Line>,
    pub writer: Writer,
    pub commits: mpsc::UnboundedReceiver<Written>,
    pub watcher: &'a (dyn Watcher + Sync),
    pub settings: Vec<Settings>,
    /// What the evaluations beside the asking need of their own.
    pub shared: Arc<Recipe>,
    pub dir: StoreDir,
    pub retry_failed: bool,
    /// By cell: whether it is to be asked for.
    pub mask: Vec<bool>,
    pub limits: Limits,
    /// By model: what was answered before, if there is anything.
    pub proven: Vec<Option<Demand>>,
    /// What was done in this run before.
    pub so_far: SoFar,
}

/// What a run that asks in several goes has done.
#[derive(Debug)]
pub struct SoFar {
    pub began: Instant,
    pub progress: Progress,
    pub budget: Budget,
    /// Nothing is sent, as somebody wished.
    pub paused: bool,
}

impl SoFar {
    /// Nothing yet.
    pub fn new(limits: &Limits) -> Self {
        let budget = Budget::new(limits.caps);
        Self { began: Instant::now(), progress: Progress::default(), budget, paused: false }
    }
}

/// What came of a worker's work.
pub struct Done<'a> {
    pub book: StoreBook<'a>,
    /// The last outcome that was evaluated: what came since is in the book.
    pub outcome: Outcome,
    pub so_far: SoFar,
    pub error: Option<RunError>,
    pub stopped: Option<Stop>,
    /// An endpoint that was never seen is there: the ways to all, to go on with.
    pub again: Option<Vec<Line>>,
}

/// Asks for the demands of an outcome and for what follows, until none is left or nothing more can
/// be asked. Returns when all that was received is stored and managed servers have ended.
pub async fn ask<'a>(
    tools: Tools<'a>,
    outcome: Outcome,
    interrupts: &mut Interrupts,
    orders: &mut Orders,
) -> Done<'a> {
    let Tools { recipe, book, lines, writer, commits, watcher, settings, mask, limits, .. } = tools;
    let known = tools.proven;
    let proven: HashSet<usize> = (0..known.len()).filter(|model| known[*model].is_some()).collect();
    let SoFar { began: started, progress, budget, paused } = tools.so_far;
    let begins = (&tools.dir, started.elapsed());
    let in_turn = limits.is_limited();
    let (servers, queues) =
        servers::muster(recipe, book.models(), lines, &settings, &proven, in_turn, begins);
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
    let mut worker = Worker {
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
        free: Vec::new(),
        events: JoinSet::new(),
        rests: JoinSet::new(),
        sends: HashMap::new(),
        pending: HashMap::new(),
        next_pending: 0,
        last_errors: ByHash::default(),
        longest_prompt: 0,
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
        has_arrived: false,
        closed_by: None,
        paused: false,
    };
    worker.rows_before = worker.meant(|cell| worker.outcome.accepted[cell]);
    worker.progress.endpoints.resize(recipe.config.endpoints.len(), EndpointProgress::default());
    for (model, known) in worker.book.models().list().iter().zip(known) {
        worker.servers[model.endpoints[0]].known_good = known;
    }
    worker.hold(paused, "still paused; `emogrid ctl resume` goes on");
    worker.work(interrupts, orders).await;
    worker.progress.failing =
        worker.last_errors.drain().map(|(ask, error)| (ask, error.class.name())).collect();
    let Worker {
        mut book,
        outcome,
        mut progress,
        budget,
        servers,
        queues,
        writer,
        error,
        stopped,
        evaluator,
        has_arrived,
        paused,
        ..
    } = worker;
    drop(writer);
    if let Some(knowledge) = evaluator.finish() {
        book.take_up(knowledge);
    }
    book.honour_tombstones();
    let goes_on = has_arrived && error.is_none() && stopped.is_none();
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
    Done { book, outcome, so_far: SoFar { began: started, progress, budget, paused }, error, stopped, again }
}

/// What sending as much as can be sent came to.
#[derive(Default)]
struct Sending {
    /// When there is more to do, unless something ends first.
    wake: Option<Instant>,
    /// Why nothing is sent although something waits.
    waiting: Option<String>,
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
            if idle && over {
                break;
            }
            let hungry = self.stale && self.queues.iter().any(|queue| self.is_hungry(queue));
            if !over && hungry && !self.evaluator.is_busy() {
                if let Some(why) = self.ends_before_evaluated() {
                    self.closed_by = Some(why);
                } else if idle || self.may_evaluate() {
                    self.evaluate();
                } else {
                    // Put off because the last one took long.
                    let at = self.evaluated + self.evaluation * 10;
                    sending.wake = Some(sending.wake.map_or(at, |wake| wake.min(at)));
                }
            }
            // What is being worked out may bring more.
            let idle = idle && !self.evaluator.is_busy();
            if idle && self.queues.iter().all(|queue| queue.waiting() == 0) {
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
                written = self.commits.recv(), if !self.pending.is_empty() => match written {
                    Some(written) => self.committed(written),
                    None => {
                        self.pending.clear();
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
                () = interrupts.next() => match self.stopped {
                    None => self.stop(Stop::Interrupt),
                    Some(_) => self.leave(),
                },
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

    fn send_what_is_due(&mut self, sending: &mut Sending) {
        for model in 0..self.queues.len() {
            self.hear_of_others(model);
            let now = self.now();
            if !self.is_over()
                && let Some(server) = self.queues[model].wants_proof(now)
            {
                self.prove(model, server);
            }
            loop {
                if self.is_over() || self.pending.len() >= MOST_PENDING || !self.may_begin(model, sending) {
                    break;
                }
                let now = self.now();
                match self.queues[model].next(now) {
                    Next::Start(ticket, demand, spot) => {
                        let answer = self.book.longest_answer(&demand);
                        let endpoint = self.endpoint_of(model, spot.server);
                        let (most, starts) =
                            (self.cost(model, endpoint, answer), self.servers[endpoint].starts());
                        let send = Send { model, ticket, spot, demand, sent: Instant::now(), most, starts };
                        self.note_sent(endpoint, ticket.number(), most.tokens, false);
                        self.progress.hedged += u64::from(self.queues[model].is_second(ticket));
                        if let Err(failure) = self.send(send) {
                            self.error = Some(failure);
                        }
                    }
                    Next::Wait(at, why) => {
                        let text = self.waiting_text(model, why, at);
                        sending.waiting = sending.waiting.take().or(text);
                        let at = self.started + at;
                        sending.wake = Some(sending.wake.map_or(at, |wake| wake.min(at)));
                        break;
                    }
                    Next::Busy | Next::Empty => break,
                }
            }
        }
    }

    fn endpoint_of(&self, model: usize, server: usize) -> usize {
        self.book.models().list()[model].endpoints[server]
    }

    fn send(&mut self, send: Send) -> Result<(), RunError> {
        let Send { model, demand, spot, .. } = send;
        let ask = self.book.ask(&demand, false)?;
        let endpoint = self.endpoint_of(model, spot.server);
        let config = &self.recipe.config.endpoints[endpoint];
        let server = &self.servers[endpoint];
        let ask = server.pinned(ask, spot.place);
        let (client, timeout, own) = (server.client.clone(), config.timeout, server.is_own);
        let identity = &self.book.models().list()[model].identity;
        // Seldom there, and large: not to be moved with every request.
        let look = server.was_gone.then(|| Box::pin(server.look(config, identity)));
        self.progress.attempts += 1;
        self.budget.reserve(send.most);
        let handle = self.events.spawn(async move {
            let mut looked = None;
            if let Some(look) = look {
                match look.await {
                    Ok(seen) => looked = Some(seen),
                    Err(looked) => return Event::NotWell { send, looked },
                }
            }
            let answer = client.ask(ask.route(), ask.body(), timeout).await;
            if own && answer.as_ref().is_err_and(|failure| failure.class == ErrorClass::Dropped) {
                // Until the system tells whether it has died.
                tokio::time::sleep(DYING).await;
            }
            Event::Answered { send, ask, looked, answer }
        });
        self.sends.insert((model, send.ticket), (send, handle));
        Ok(())
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Answered { send, ask, looked, answer } => {
                let spent = answer.as_ref().map_or_else(Spent::over, |_| Spent::Told);
                if !self.ended(&send, spent) {
                    return;
                }
                let endpoint = self.endpoint_of(send.model, send.spot.server);
                if answer.as_ref().map_or_else(|failure| failure.status.is_some(), |_| true) {
                    self.servers[endpoint].spoke();
                }
                if let Some(seen) = looked
                    && answer.as_ref().map_or_else(failure::shows_it_there, |_| true)
                {
                    self.servers[endpoint].is_back(seen, self.watcher);
                    self.progress.endpoints[endpoint].is_other = false;
                }
                match answer {
                    Ok(raw) => self.received(send, &ask, raw),
                    Err(failure) => self.failed(send, failure),
                }
            }
            Event::NotWell { send, looked } => {
                if self.ended(&send, Spent::Nothing) {
                    self.not_well(send, looked);
                }
            }
            Event::Proved { model, server, most, proof } => {
                self.settle_unknown(self.endpoint_of(model, server), most);
                self.queues[model].proven(server, proof);
            }
            Event::Restarted { endpoint, result } => self.restarted(endpoint, result),
            Event::LookedAfter { endpoint, starts, answered } => {
                self.looked_after(endpoint, starts, answered);
            }
        }
    }

    /// Takes a request off the list of those under way; false where it was broken off before.
    fn ended(&mut self, send: &Send, spent: Spent) -> bool {
        if self.sends.remove(&(send.model, send.ticket)).is_none() {
            return false;
        }
        let endpoint = self.endpoint_of(send.model, send.spot.server);
        self.progress.endpoints[endpoint].busy += send.sent.elapsed();
        match spent {
            Spent::Told => {}
            Spent::Nothing => self.settle(endpoint, send.most, 0, 0),
            Spent::Unknown => self.settle_unknown(endpoint, send.most),
        }
        true
    }

    fn received(&mut self, send: Send, ask: &Ask, raw: String) {
        crate::crash_point!("after-receipt");
        let Send { model, ticket, demand, spot, .. } = send;
        let endpoint = self.endpoint_of(model, spot.server);
        let to = demand.about.map(|about| about.to);
        let read = match to {
            Some(To::Embedder) => Received::embedding(&raw).map_err(|why| ("embedding", why)),
            None | Some(To::Names | To::Judge(_)) => {
                self.read(&demand, &raw).map_err(|why| ("chat completion", why))
            }
        };
        let received = match read {
            Ok(received) => received,
            Err((wanted, why)) => {
                self.settle_unknown(endpoint, send.most);
                let failure = ClientError::garbled(&raw, wanted, &why);
                let failure = self.servers[endpoint].client.redacted(failure);
                return self.failed(send, failure);
            }
        };
        let usage = received.usage.unwrap_or_default();
        let used = received.usage.map(|usage| (usage.prompt_tokens + usage.completion_tokens) as u32);
        // Of an embedding the work is in reading the text.
        let done = match to {
            Some(To::Embedder) => usage.prompt_tokens,
            None | Some(To::Names | To::Judge(_)) => usage.completion_tokens,
        };
        let Ended { twin, step } = {
            let now = self.now();
            self.queues[model].done(ticket, used, done, now)
        };
        if let Some(twin) = twin {
            self.break_off(model, twin);
        }
        if let Some(step) = step {
            self.stepped(endpoint, step);
        }
        self.settle(endpoint, send.most, usage.prompt_tokens, usage.completion_tokens);
        if let Some(used) = used {
            self.note_sent(endpoint, ticket.number(), used.into(), true);
        }
        self.servers[endpoint].went_through();
        self.longest_prompt = self.longest_prompt.max(usage.prompt_tokens as u32);
        self.last_errors.remove(&demand.fingerprint);
        self.servers[endpoint].known_good = Some(demand);
        self.progress.requests += 1;
        match to {
            None => self.progress.answered.push((demand.cell as u32, demand.ask)),
            Some(To::Names) => self.progress.second_look_requests += 1,
            Some(To::Embedder) => self.progress.embedding_requests += 1,
            Some(To::Judge(_)) => self.progress.judge_requests += 1,
        }
        self.progress.prompt_tokens += usage.prompt_tokens;
        self.progress.completion_tokens += usage.completion_tokens;
        self.progress.cached_tokens += received.cached_tokens;
        self.progress.endpoints[endpoint].requests += 1;
        self.progress.endpoints[endpoint].completion_tokens += usage.completion_tokens;
        if let Some(served) = received.served {
            self.progress.endpoints[endpoint].served += served;
            self.progress.endpoints[endpoint].served_of += 1;
        }
        let Received { kind, ended, tokens, stored, short, .. } = received;
        if let Some(Stored::Answer(candidates)) = &stored
            && let Some(good) = candidates.iter().position(is_sure)
        {
            self.example = Some((demand.cell, candidates.clone(), good));
        }
        let completion = Completion {
            fingerprint: demand.fingerprint,
            max_tokens: match to {
                None => self.recipe.config.sampling.max_tokens,
                Some(_) => self.book.longest_answer(&demand) as u32,
            },
            kind,
            request: ask.canonical(),
            answer: short.unwrap_or(raw),
            ended,
            tokens,
        };
        let ticket = self.put_off(demand, stored);
        if let Err(failure) = self.writer.completion(ticket, completion) {
            self.error.get_or_insert(failure.into());
            self.pending.remove(&ticket);
        }
    }

    /// Reads an answer of a chat, and judges it where it is an ask's.
    fn read(&self, demand: &Demand, raw: &str) -> Result<Received, String> {
        let answer = Answer::parse(raw).map_err(|why| why.to_string())?;
        let of_one = answer.usage.filter(|_| answer.choices.len() == 1);
        Ok(Received {
            kind: match demand.about.map(|about| about.to) {
                None => Kind::Chat,
                Some(To::Names) => Kind::Names,
                Some(_) => Kind::Judge,
            },
            usage: answer.usage,
            cached_tokens: answer.cached_tokens(),
            served: answer.served(),
            ended: answer.ended_by_itself(),
            // With several choices servers differ in what they count, so the number is not relied on.
            tokens: of_one.map(|usage| usage.completion_tokens),
            // What a judge says is read where the text is judged.
            stored: demand.about.is_none().then(|| Stored::Answer(self.book.judge(demand.cell, &answer))),
            short: None,
        })
    }

    fn describe(&self, cell: usize, candidate: &Candidate) -> String {
        let names: Vec<&str> =
            self.recipe.grid.names(self.recipe.grid.cell(cell)).map(|(_, value)| value).collect();
        format!("{}: {}", names.join(" · "), candidate.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    fn put_off(&mut self, demand: Demand, stored: Option<Stored>) -> u64 {
        self.next_pending += 1;
        self.pending.insert(self.next_pending, Pending { demand, stored });
        self.next_pending
    }

    fn committed(&mut self, written: Written) {
        let fine = written.result.is_ok();
        for ticket in written.tickets {
            let Some(pending) = self.pending.remove(&ticket) else {
                continue;
            };
            if !fine {
                continue;
            }
            self.stale = true;
            match pending.stored {
                Some(stored) if !written.superseded.contains(&ticket) => {
                    self.book.learn(&pending.demand, stored.clone());
                    self.evaluator.learn(pending.demand, stored);
                }
                _ => self.evaluator.forget(pending.demand),
            }
        }
        if let Err(failure) = written.result
            && self.error.is_none()
        {
            self.fail(failure.into());
        }
    }

    /// Ends the run with an error: nothing more is sent, and what is under way is waited for.
    fn fail(&mut self, error: RunError) {
        self.queues.iter_mut().for_each(|queue| drop(queue.clear()));
        self.error.get_or_insert(error);
    }

    /// A sum over the cells that are asked for.
    fn meant(&self, of: impl Fn(usize) -> u32) -> u64 {
        let cells = self.mask.iter().enumerate().filter(|(_, meant)| **meant);
        cells.map(|(cell, _)| u64::from(of(cell))).sum()
    }

    fn show(&mut self, waiting: Option<String>) {
        let waits: usize = self.queues.iter().map(Queue::waiting).sum();
        let example = self.example.take().map(|(cell, answer, good)| self.describe(cell, &answer[good]));
        self.watcher.update(&Status {
            rows: self.meant(|cell| self.outcome.accepted[cell]),
            wanted: self.meant(|cell| self.recipe.quotas.rows(cell)),
            gained: self.meant(|cell| self.outcome.accepted[cell]).saturating_sub(self.rows_before),
            shortfall: self.outcome.totals.shortfall,
            ends_in: self.limits.deadline.map(|deadline| deadline.left(jiff::Timestamp::now())),
            requests: self.progress.requests,
            attempts: self.progress.attempts,
            prompt_tokens: self.progress.prompt_tokens,
            cached_tokens: self.progress.cached_tokens,
            faults: self.progress.faults.clone(),
            open: (waits + self.sends.len()) as u64,
            under_way: self.sends.len(),
            rejected: self.outcome.rejected.clone(),
            completion_tokens: self.progress.completion_tokens,
            elapsed: self.now(),
            asking: self.now().saturating_sub(self.progress.paused),
            waiting,
            example,
        });
    }
}

/// Whether a candidate passed its checks, and nobody is to be asked what may be shown of it.
fn is_sure(candidate: &Candidate) -> bool {
    candidate.outcome.as_ref().is_ok_and(|passed| passed.doubtful.is_none())
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
