//! The run itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Opened;
use super::book::{BookError, StoreBook};
use super::connect::{Connected, Known, address, connect, look, shown_address, waiting_for};
use super::output::{Files, OutputError, previous_rows};
use super::summary;
use crate::check::Candidate;
use crate::check::answer::Answer;
use crate::client::managed::ManagedError;
use crate::client::{Client, ClientError, ErrorClass};
use crate::config;
use crate::config::resolved::Endpoint;
use crate::dataset::evaluate::Demand;
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Outcome, Quotas, Recipe, Stored, evaluate};
use crate::model::Fingerprint;
use crate::report::{self, Status, Summary, Watcher};
use crate::scheduler::{self, After, Fault, FaultKind, GiveUp, Next, Queue, Waiting};
use crate::store::{
    Completion, EndpointMemory, Kind, LockError, Reader, RunLock, Settings, Snapshot, StoreDir,
    StoreError, Tombstone, Writer, Written,
};

/// What the command line decides.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunOptions {
    /// Asks that failed by their own fault are asked again.
    pub retry_failed: bool,
}

/// How a run ended, when nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Within what the config allows to be missing.
    Complete,
    /// Short of what the config wants.
    Short,
    /// By Ctrl-C, everything saved.
    Stopped,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(
        "the environment variable `{name}` is not set, and endpoint `{endpoint}` takes its key from it"
    )]
    NoKey { name: String, endpoint: String },
    #[error("endpoint `{endpoint}` ({url}): {error}")]
    Endpoint {
        endpoint: String,
        url: String,
        error: ClientError,
    },
    #[error("endpoint `{endpoint}` ({url}) has the wrong model: {what}")]
    WrongModel {
        endpoint: String,
        url: String,
        what: String,
    },
    #[error(transparent)]
    Managed(ManagedError),
    #[error("{0}")]
    ManagedGone(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("a template fails")]
    Render(#[from] crate::prompt::RenderError),
    #[error("interrupted before anything was asked")]
    Interrupted,
    #[error("the name `{name}` belongs to {other}; two configs of one project cannot share a name")]
    NameTaken { name: String, other: String },
}

impl RunError {
    pub fn endpoint(endpoint: &Endpoint, error: ClientError) -> Self {
        RunError::Endpoint {
            endpoint: endpoint.name.clone(),
            url: shown_address(endpoint),
            error,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            RunError::NoKey { name, .. } => format!("export {name}=… and run again"),
            RunError::Endpoint { error, .. } => match error.class {
                ErrorClass::Unauthorized => "look at the key: `api_key_env` in the config names the variable that holds it".into(),
                ErrorClass::NotFound => "look at `url` and `model`: the address should be that of the server, with or without `/v1`".into(),
                ErrorClass::Refused => "the server refuses every request: look at what it says, and at `sampling.extra` and `response.schema`".into(),
                ErrorClass::ContextExceeded => "the prompt is longer than a slot's context: shorten it, or start the server with a larger `-c`, or fewer `-np`".into(),
                ErrorClass::Unreachable => "start the server (such as `llama-server -m model.gguf --port 8080`), or mend `url`".into(),
                _ => "look at the server and its log; run again when it is well: all that was stored is kept".into(),
            },
            RunError::WrongModel { endpoint, .. } => {
                format!("load that model, or change `endpoints.{endpoint}.model`")
            }
            RunError::Managed(error) => error.advice().into(),
            RunError::ManagedGone(_) => "read its log and run again; all that was stored is kept".into(),
            RunError::Store(error) => error.advice().into(),
            RunError::Lock(LockError::Held { .. }) => "wait until it ends; other configs can run beside it".into(),
            RunError::Lock(LockError::Store(error)) => error.advice().into(),
            RunError::Output(_) => "look at the disk and the folder's permissions; all that was stored is kept".into(),
            RunError::Render(error) => error.to_string(),
            RunError::Interrupted => "run again to go on".into(),
            RunError::NameTaken { .. } => "give this config a `name:` of its own".into(),
        }
    }
}

impl From<BookError> for RunError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Render(error) => RunError::Render(error),
            BookError::Store(error) => RunError::Store(error),
        }
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    pub summary: Summary,
    pub ended: Ended,
    /// What ended it early. What was received is stored, and the files say what came of it.
    pub error: Option<RunError>,
}

/// Runs a config to its end, or as far as it goes.
///
/// # Errors
/// What kept the run from coming to anything; later failures are in `Finished`.
pub async fn run(
    opened: &Opened,
    options: RunOptions,
    watcher: &(dyn Watcher + Sync),
) -> Result<Finished, RunError> {
    let started = Instant::now();
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let dir = StoreDir::new(config.project.store());
    let reader = Reader::open(&dir)?;
    check_name(recipe, reader.as_ref())?;
    let files = Files::new(config.dataset_dir());
    let before = previous_rows(&files);
    let last = match &reader {
        Some(reader) => reader
            .last_snapshot(&config.name)?
            .map(|(_, snapshot)| snapshot),
        None => None,
    };
    let known = look(config, reader.as_ref()).await?;
    let lock = match RunLock::take(&dir, &config.name) {
        Ok(lock) => Ok(lock),
        Err(held @ LockError::Held { .. }) => return Err(held.into()),
        // Where nothing is to be asked nothing need be written, and a folder that cannot be
        // written is no failure.
        Err(failure) => Err(failure),
    };
    let idle = match &known {
        Some(known) => {
            let outcome = evaluate(
                &recipe.quotas(),
                &mut book(recipe, &known.memory, reader.as_ref(), options)?,
            )?;
            outcome.is_final().then_some(outcome)
        }
        None => None,
    };
    let (worked, _lock) = match (idle, known) {
        (Some(outcome), Some(known)) => (Worked::idle(outcome, known), lock.ok()),
        (_, known) => {
            let lock = lock?;
            (
                work(
                    opened,
                    options,
                    watcher,
                    &dir,
                    known.map(|known| known.memory),
                )
                .await?,
                Some(lock),
            )
        }
    };
    let Worked {
        outcome,
        memory,
        progress,
        mut error,
        stopped,
    } = worked;

    let snapshot = snapshot(opened, &outcome);
    let mut summary = summarise(recipe, &outcome, &progress, last.as_ref(), &before, started);
    summary.model = Some(memory.identity.display_name().to_owned());
    summary.dataset = config::load::shown(&files.dataset()).display().to_string();
    if let Err(failure) = files.write(recipe, &outcome, Some(&memory.identity)) {
        error.get_or_insert(failure.into());
    }
    let ended = ended(recipe, &outcome, stopped);
    summary.state = match (&error, ended) {
        (Some(_), _) => "failed",
        (None, Ended::Complete) => "complete",
        (None, Ended::Short) => "short",
        (None, Ended::Stopped) => "stopped",
    }
    .into();
    if (last.as_ref() != Some(&snapshot) || progress.attempts > 0)
        && let Err(failure) = record(&dir, recipe, &memory, snapshot, &summary, &files)
    {
        error.get_or_insert(failure);
    }
    Ok(Finished {
        summary,
        ended,
        error,
    })
}

/// Keeps the snapshot and, where something was asked, the run's summary.
fn record(
    dir: &StoreDir,
    recipe: &Recipe,
    memory: &EndpointMemory,
    snapshot: Snapshot,
    summary: &Summary,
    files: &Files,
) -> Result<(), RunError> {
    let config = &recipe.config;
    let writer = Writer::open(dir, |_| {})?;
    writer.snapshot(&config.name, snapshot)?;
    writer.endpoint(&address(&config.endpoint), memory)?;
    writer.config_file(&config.name, &config_path(recipe))?;
    if summary.attempts > 0 {
        let text = serde_json::to_string_pretty(summary).unwrap_or_default();
        writer.run(&config.name, &summary.started, &text)?;
        let folder = files.runs();
        let path = folder.join(format!("{}.json", summary.started.replace(':', "")));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, format!("{text}\n")))
            .map_err(|source| OutputError { path, source })?;
    }
    Ok(())
}

fn ended(recipe: &Recipe, outcome: &Outcome, stopped: bool) -> Ended {
    let wanted = recipe.wanted();
    let missing = wanted - outcome.rows.len() as u64;
    let allowed = (wanted as f64 * recipe.config.samples.allow_short).floor() as u64;
    match (stopped, outcome.is_final() && missing <= allowed) {
        (_, true) => Ended::Complete,
        (true, false) => Ended::Stopped,
        (false, false) => Ended::Short,
    }
}

fn config_path(recipe: &Recipe) -> String {
    let path = &recipe.config.project.config;
    std::path::absolute(path)
        .unwrap_or_else(|_| path.clone())
        .display()
        .to_string()
}

/// Refuses a config whose name another file of the project uses.
fn check_name(recipe: &Recipe, reader: Option<&Reader>) -> Result<(), RunError> {
    let name = &recipe.config.name;
    let Some(other) = reader
        .map(|reader| reader.config_file(name))
        .transpose()?
        .flatten()
    else {
        return Ok(());
    };
    let here = config_path(recipe);
    let still_there =
        config::load::name_of(std::path::Path::new(&other)).is_some_and(|own| own == *name);
    match other != here && still_there {
        true => Err(RunError::NameTaken {
            name: name.clone(),
            other,
        }),
        false => Ok(()),
    }
}

fn snapshot(opened: &Opened, outcome: &Outcome) -> Snapshot {
    let recipe = &opened.recipe;
    let files: BTreeMap<String, String> = recipe.prompts.files_used().into_iter().collect();
    Snapshot {
        resolved: serde_json::to_string(&recipe.config).unwrap_or_default(),
        files: serde_json::to_string(&files).unwrap_or_default(),
        cells: summary::cell_asks(recipe, outcome).to_bytes(),
    }
}

/// The settings of today, against which tombstones are held.
pub fn settings(recipe: &Recipe, memory: &EndpointMemory) -> Settings {
    Settings {
        max_tokens: Some(recipe.config.sampling.max_tokens),
        timeout_ms: Some(recipe.config.endpoint.timeout.as_millis() as u64),
        context: memory.context,
    }
}

fn book<'a>(
    recipe: &'a Recipe,
    memory: &EndpointMemory,
    reader: Option<&'a Reader>,
    options: RunOptions,
) -> Result<StoreBook<'a>, RunError> {
    let settings = settings(recipe, memory);
    Ok(StoreBook::new(
        recipe,
        memory.identity.clone(),
        reader,
        settings,
        options.retry_failed,
    )?)
}

/// What was done in this run.
#[derive(Debug, Default)]
struct Progress {
    attempts: u64,
    requests: u64,
    prompt_tokens: u64,
    cached_tokens: u64,
    completion_tokens: u64,
    faults: BTreeMap<&'static str, u64>,
}

struct Worked {
    outcome: Outcome,
    memory: EndpointMemory,
    progress: Progress,
    error: Option<RunError>,
    stopped: bool,
}

impl Worked {
    fn idle(outcome: Outcome, known: Known) -> Self {
        Self {
            outcome,
            memory: known.memory,
            progress: Progress::default(),
            error: None,
            stopped: false,
        }
    }
}

/// Asks for what is missing.
async fn work(
    opened: &Opened,
    options: RunOptions,
    watcher: &(dyn Watcher + Sync),
    dir: &StoreDir,
    assumed: Option<EndpointMemory>,
) -> Result<Worked, RunError> {
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let (written, commits) = mpsc::unbounded_channel();
    let writer = Writer::open(dir, move |done| {
        // The receiver is gone only when the run is.
        let _ = written.send(done);
    })?;
    let reader = Reader::open(dir)?;
    let mut interrupts = Interrupts::new();
    let connected = tokio::select! {
        connected = connect(config, watcher) => connected,
        () = interrupts.next() => Err(RunError::Interrupted),
    };
    let connected = match (connected, assumed.clone()) {
        (Ok(connected), _) => connected,
        // Nothing was asked; what is stored still makes a dataset, as far as it goes.
        (Err(error), Some(memory)) => {
            let outcome = evaluate(
                &recipe.quotas(),
                &mut book(recipe, &memory, reader.as_ref(), options)?,
            )?;
            let stopped = matches!(error, RunError::Interrupted);
            let error = (!stopped).then_some(error);
            return Ok(Worked {
                outcome,
                memory,
                progress: Progress::default(),
                error,
                stopped,
            });
        }
        (Err(error), None) => return Err(error),
    };
    let memory = connected.memory.clone();
    if assumed
        .as_ref()
        .is_some_and(|assumed| assumed.identity != memory.identity)
    {
        watcher.say(&format!(
            "the model is now {}",
            memory.identity.display_name()
        ));
    }
    writer.endpoint(&address(&config.endpoint), &memory)?;
    let mut book = book(recipe, &memory, reader.as_ref(), options)?;
    let quotas = recipe.quotas();
    let outcome = evaluate(&quotas, &mut book)?;
    // Kept before the first ask, so that a run that dies is known to have begun.
    writer.snapshot(&config.name, snapshot(opened, &outcome))?;
    writer.config_file(&config.name, &config_path(recipe))?;

    let slots = config.endpoint.slots.or(memory.slots).unwrap_or(4);
    watcher.say(&format!(
        "{}: {} to go, {} at a time",
        memory.identity.display_name(),
        report::count(outcome.demands.len() as u64, "request"),
        slots
    ));
    let Connected {
        client, managed, ..
    } = connected;
    let mut worker = Worker {
        recipe,
        quotas,
        book,
        client,
        writer,
        commits,
        watcher,
        managed,
        settings: settings(recipe, &memory),
        queue: Queue::new(scheduler::Settings {
            slots,
            requests_per_minute: config
                .endpoint
                .requests_per_minute
                .and_then(std::num::NonZeroU32::new),
            patience: config.endpoint.patience,
        }),
        started: Instant::now(),
        asked: HashSet::new(),
        sends: JoinSet::new(),
        pending: HashMap::new(),
        next_pending: 0,
        last_errors: HashMap::new(),
        progress: Progress::default(),
        said: HashSet::new(),
        example: None,
        outcome,
        stale: false,
        evaluated: Instant::now(),
        evaluation: Duration::ZERO,
    };
    let (error, stopped) = worker.work(&mut interrupts).await;
    let Worker {
        outcome,
        progress,
        managed,
        writer,
        ..
    } = worker;
    drop(writer);
    if let Some(managed) = managed {
        managed.stop().await;
    }
    Ok(Worked {
        outcome,
        memory,
        progress,
        error,
        stopped,
    })
}

/// Ctrl-C and SIGTERM, counted.
struct Interrupts {
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
}

impl Interrupts {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            terminate: signal(SignalKind::terminate()).ok(),
            interrupt: signal(SignalKind::interrupt()).ok(),
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        async fn of(signal: Option<&mut tokio::signal::unix::Signal>) {
            let heard = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if heard.is_none() {
                std::future::pending::<()>().await;
            }
        }
        tokio::select! {
            () = of(self.terminate.as_mut()) => {}
            () = of(self.interrupt.as_mut()) => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        // Without a handler the system ends us at once; what is committed is kept.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
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
    managed: Option<crate::client::managed::ManagedServer>,
    settings: Settings,
    queue: Queue<Demand>,
    started: Instant,
    /// Asks that wait, are under way, are being stored, or were given up in this run.
    asked: HashSet<Fingerprint>,
    sends: JoinSet<Sent>,
    pending: HashMap<u64, Pending>,
    next_pending: u64,
    /// What each failing ask failed with last.
    last_errors: HashMap<Fingerprint, ClientError>,
    progress: Progress,
    said: HashSet<&'static str>,
    example: Option<String>,
    outcome: Outcome,
    /// Something was stored since the last evaluation.
    stale: bool,
    evaluated: Instant,
    evaluation: Duration,
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
            let mut wake = None;
            let mut waiting = None;
            while !over {
                match self.queue.next(self.now()) {
                    Next::Start(ticket, demand) => {
                        if let Err(failure) = self.send(ticket, demand) {
                            error = Some(failure);
                            break;
                        }
                    }
                    Next::Wait(at, why) => {
                        wake = Some(self.started + at);
                        waiting = self.waiting_text(why);
                        break;
                    }
                    Next::Busy | Next::Empty => break,
                }
            }
            let over = stopped || error.is_some();
            if self.sends.is_empty() && self.pending.is_empty() {
                if over {
                    break;
                }
                if self.queue.waiting() == 0 {
                    if !self.stale || self.evaluate(&mut error) == 0 {
                        break;
                    }
                    continue;
                }
            } else if !over
                && self.stale
                && self.queue.waiting() < self.queue.slots() as usize
                && self.may_evaluate()
            {
                self.evaluate(&mut error);
                if self.queue.waiting() > 0 {
                    continue;
                }
            }
            // An evaluation that was put off because the last one was long.
            if self.stale && self.queue.waiting() < self.queue.slots() as usize {
                let at = self.evaluated + self.evaluation * 10;
                wake = Some(wake.map_or(at, |wake: Instant| wake.min(at)));
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
                Some(written) = self.commits.recv() => self.committed(written, &mut error),
                () = sleep_until(wake), if wake.is_some() && !over => {}
                _ = tick.tick() => {
                    if self.stale && self.may_evaluate() && !over {
                        self.evaluate(&mut error);
                    }
                    self.show(waiting);
                }
                () = interrupts.next() => {
                    if !stopped {
                        stopped = true;
                        self.queue.clear();
                        if !self.sends.is_empty() {
                            self.watcher.say(&format!(
                                "stopping: waiting for {} under way; Ctrl-C again to leave them",
                                report::count(self.sends.len() as u64, "request")
                            ));
                        }
                    } else {
                        self.sends.abort_all();
                        self.sends = JoinSet::new();
                    }
                }
            }
        }
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
            if self.asked.insert(demand.fingerprint) {
                self.queue.push(*demand);
                new += 1;
            }
        }
        new
    }

    fn send(&mut self, ticket: scheduler::Ticket, demand: Demand) -> Result<(), RunError> {
        let ask = self
            .recipe
            .ask(self.book.frame(), demand.cell, demand.ask)?;
        let client = self.client.clone();
        let timeout = self.recipe.config.endpoint.timeout;
        self.progress.attempts += 1;
        let canonical = ask.request.canonical;
        self.sends.spawn(async move {
            Sent {
                ticket,
                demand,
                canonical,
                answer: client.chat(ask.body, timeout).await,
            }
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
                let failure = ClientError::new(
                    ErrorClass::Garbled,
                    format!("the answer is no chat completion: {why}"),
                );
                return self.failed(ticket, demand, failure, error);
            }
        };
        self.queue.done(ticket);
        self.last_errors.remove(&demand.fingerprint);
        let usage = answer.usage.unwrap_or_default();
        self.progress.requests += 1;
        self.progress.prompt_tokens += usage.prompt_tokens;
        self.progress.completion_tokens += usage.completion_tokens;
        self.progress.cached_tokens += answer.cached_tokens();
        let ended = answer.ended_by_itself();
        // With several choices servers differ in what they count, so the number is not relied on.
        let tokens = (answer.choices.len() == 1 && answer.usage.is_some())
            .then_some(usage.completion_tokens);
        let candidates = self.book.judge(&raw);
        if let Some(candidate) = candidates
            .iter()
            .find(|candidate| candidate.outcome.is_ok())
        {
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
        let names: Vec<&str> = self
            .recipe
            .grid
            .names(self.recipe.grid.cells()[cell])
            .map(|(_, value)| value)
            .collect();
        format!(
            "{}: {}",
            names.join(" · "),
            candidate
                .text
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        )
    }

    fn put_off(&mut self, fingerprint: Fingerprint, stored: Stored) -> u64 {
        self.next_pending += 1;
        self.pending.insert(
            self.next_pending,
            Pending {
                fingerprint,
                stored,
            },
        );
        self.next_pending
    }

    fn committed(&mut self, written: Written, error: &mut Option<RunError>) {
        let fine = written.result.is_ok();
        for ticket in written.tickets {
            let Some(pending) = self.pending.remove(&ticket) else {
                continue;
            };
            if fine {
                self.book.learn(pending.fingerprint, pending.stored);
                self.stale = true;
            }
        }
        if let Err(failure) = written.result
            && error.is_none()
        {
            self.queue.clear();
            *error = Some(failure.into());
        }
    }

    fn failed(
        &mut self,
        ticket: scheduler::Ticket,
        demand: Demand,
        failure: ClientError,
        error: &mut Option<RunError>,
    ) {
        *self
            .progress
            .faults
            .entry(failure.class.name())
            .or_default() += 1;
        if let Some(gone) = self
            .managed
            .as_mut()
            .and_then(crate::client::managed::ManagedServer::gone)
        {
            self.queue.clear();
            error.get_or_insert(RunError::ManagedGone(gone));
            return;
        }
        if self.said.insert(failure.class.name()) {
            self.watcher
                .say(&format!("{}: {failure}", failure.class.name()));
        }
        tracing::debug!(class = failure.class.name(), cell = demand.cell, ask = demand.ask, %failure, "request failed");
        let fault = Fault {
            kind: kind_of(failure.class),
            retry_after: failure.retry_after,
        };
        match self.queue.failed(ticket, demand, &fault, self.now()) {
            After::Again => {
                self.last_errors.insert(demand.fingerprint, failure);
            }
            After::Out(demand, GiveUp::Its) => {
                let tombstone = Tombstone {
                    fingerprint: demand.fingerprint,
                    reason: failure.class.name().into(),
                    detail: failure.to_string(),
                    settings: settings_behind(failure.class, &self.settings),
                };
                let stored = Stored::Tombstone(Arc::from(failure.class.name()));
                let ticket = self.put_off(demand.fingerprint, stored);
                if let Err(failure) = self.writer.tombstone(ticket, tombstone) {
                    error.get_or_insert(failure.into());
                    self.pending.remove(&ticket);
                }
            }
            After::Out(demand, GiveUp::Unproven) => {
                let cell = self
                    .recipe
                    .grid
                    .describe(self.recipe.grid.cells()[demand.cell]);
                self.watcher.say(&format!(
                    "an ask of {cell} is left open: it kept failing ({failure}) with nothing else to compare it with"
                ));
            }
            After::Stop(_) => {
                self.queue.clear();
                error.get_or_insert(RunError::endpoint(&self.recipe.config.endpoint, failure));
            }
        }
    }

    fn waiting_text(&self, why: Waiting) -> Option<String> {
        match why {
            Waiting::Away { since } => {
                let seconds = self.now().saturating_sub(since).as_secs();
                let last = self
                    .last_errors
                    .values()
                    .next()
                    .map_or_else(String::new, waiting_for);
                Some(format!("waiting for the server since {seconds} s: {last}"))
            }
            Waiting::Paused => Some("the server asked for a pause".into()),
            Waiting::Rate if self.sends.is_empty() => Some("held to requests_per_minute".into()),
            Waiting::Retry if self.sends.is_empty() => Some("pausing before another try".into()),
            Waiting::Rate | Waiting::Retry => None,
        }
    }

    fn show(&mut self, waiting: Option<String>) {
        let mut rejected: BTreeMap<&'static str, u64> = BTreeMap::new();
        for reject in &self.outcome.rejects {
            *rejected.entry(reject.reason.name()).or_default() += 1;
        }
        self.watcher.update(&Status {
            rows: self.outcome.rows.len() as u64,
            wanted: self.recipe.wanted(),
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

/// What scheduling makes of a failure.
fn kind_of(class: ErrorClass) -> FaultKind {
    match class {
        ErrorClass::Unreachable | ErrorClass::Loading | ErrorClass::Unavailable => FaultKind::Away,
        ErrorClass::RateLimited => FaultKind::Limited,
        ErrorClass::Crowded => FaultKind::Crowded,
        ErrorClass::ServerError
        | ErrorClass::Garbled
        | ErrorClass::Timeout
        | ErrorClass::Dropped => FaultKind::Broken,
        ErrorClass::ContextExceeded | ErrorClass::Refused => FaultKind::Refused,
        ErrorClass::Unauthorized | ErrorClass::NotFound | ErrorClass::Unusable => FaultKind::Fatal,
    }
}

/// The settings whose change makes a failure of this class worth another try.
fn settings_behind(class: ErrorClass, now: &Settings) -> Settings {
    match class {
        ErrorClass::Timeout => Settings {
            timeout_ms: now.timeout_ms,
            max_tokens: now.max_tokens,
            context: None,
        },
        ErrorClass::ContextExceeded => Settings {
            context: now.context,
            max_tokens: now.max_tokens,
            timeout_ms: None,
        },
        _ => Settings::default(),
    }
}

fn summarise(
    recipe: &Recipe,
    outcome: &Outcome,
    progress: &Progress,
    last: Option<&Snapshot>,
    before: &HashMap<crate::model::RowId, Fingerprint>,
    started: Instant,
) -> Summary {
    let mut rejected: BTreeMap<String, u64> = BTreeMap::new();
    for reject in &outcome.rejects {
        *rejected.entry(reject.reason.name().to_owned()).or_default() += 1;
    }
    let cells = last
        .and_then(|snapshot| CellAsks::from_bytes(&snapshot.cells))
        .unwrap_or_default();
    let elapsed = started.elapsed();
    let began =
        jiff::Timestamp::now() - jiff::SignedDuration::from_millis(elapsed.as_millis() as i64);
    Summary {
        name: recipe.config.name.clone(),
        started: began.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        wanted: recipe.wanted(),
        accepted: outcome.rows.len() as u64,
        requests: progress.requests,
        attempts: progress.attempts,
        reused: outcome.answers.saturating_sub(progress.requests),
        rejected,
        surplus: outcome.surplus,
        shortfall: outcome.shortfall,
        failed: outcome.failed.len() as u64,
        open: outcome.demands.len() as u64,
        prompt_tokens: progress.prompt_tokens,
        cached_tokens: progress.cached_tokens,
        completion_tokens: progress.completion_tokens,
        seconds: (elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
        faults: progress
            .faults
            .iter()
            .map(|(class, count)| ((*class).to_owned(), *count))
            .collect(),
        change: summary::change(outcome, before),
        cells: summary::difference(recipe, outcome, &cells),
        by_axis: summary::by_axis(recipe, outcome),
        ..Summary::default()
    }
}
