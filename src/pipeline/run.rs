//! The run itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, Zoned};
use tokio::sync::mpsc;

use super::Opened;
use super::address::address;
use super::address::shown_address;
use super::audited::audited;
use super::book::StoreBook;
use super::connect::{connect, look, models};
use super::control::{EndpointStatus, Order, Orders, RunStatus};
use super::deadline::Deadline;
use super::error::RunError;
use super::forecast::{Judged, remember};
use super::interrupt::Interrupts;
use super::leaving::{Guard, Leaving};
use super::made::Made;
use super::output::{Files, previous_rows};
use super::record::{Came, config_path, record};
use super::recorder::Recorder;
use super::summary::{Outcome, Rows};
use super::worker::{self, Done, Limits, Progress, Stop, Tools};
use super::{morning, notify};
use crate::config;
use crate::config::resolved::{Config, Endpoint, Slots};
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Model, Models, Recipe, evaluate};
use crate::grid::Selection;
use crate::report::morning::Ended;
use crate::report::{self, CellChange, RunCounts, Summary, Watcher};
use crate::store::{EndpointMemory, LockError, Reader, RunLock, Settings, Snapshot, StoreDir, Writer};

/// What the command line decides.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// What is asked for; the dataset is written whole all the same.
    pub selection: Selection,
    /// Asks that failed by their own fault are asked again.
    pub retry_failed: bool,
    /// Another run of this name is waited for.
    pub wait: bool,
    /// What is done where many rows would leave the dataset.
    pub leaving: Leaving,
    /// When the process began: `until` is the next such time after it.
    pub process: Zoned,
}

impl RunOptions {
    /// A run of everything, by a process that began then.
    pub fn of(process: &Zoned) -> Self {
        Self {
            selection: Selection::default(),
            retry_failed: false,
            wait: false,
            leaving: Leaving::default(),
            process: process.clone(),
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
    /// The summary as a page, where there is something to tell.
    pub page: Option<PathBuf>,
}

/// Runs a config to its end, or as far as it goes.
///
/// # Errors
/// What kept the run from coming to anything; later failures are in `Finished`.
pub async fn run(
    opened: &Opened,
    options: &RunOptions,
    watcher: &(dyn Watcher + Sync),
) -> Result<Finished, RunError> {
    let config = &opened.recipe.config;
    let recorder = Recorder::new(watcher, config);
    let began = Began::now();
    let mut held = Held::default();
    let came = go(opened, options, &recorder, began, &mut held).await;
    let was_in_vain = came.is_err();
    let came = came.unwrap_or_else(|error| {
        let mut came = Came::in_vain(&opened.recipe, error);
        came.summary.started = began.text();
        came.summary.seconds = report::milliseconds(began.instant.elapsed());
        came
    });
    let finished = record(opened, &recorder, came);
    // Whoever is told may take a minute; a run that waits for this one need not.
    let Held { orders, lock } = held;
    if let Some(orders) = orders {
        orders.close().await;
    }
    drop(lock);
    if let Some(notify) = &config.night.notify {
        notify::notify(notify, &finished.summary, finished.page.as_deref()).await;
    }
    match finished.error {
        Some(error) if was_in_vain => Err(error),
        _ => Ok(finished),
    }
}

/// When a run began, by both clocks.
#[derive(Debug, Clone, Copy)]
struct Began {
    instant: Instant,
    time: Timestamp,
}

impl Began {
    fn now() -> Self {
        Self { instant: Instant::now(), time: Timestamp::now() }
    }

    fn text(&self) -> String {
        self.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
    }
}

/// What a run holds until what came of it is kept: the lock of its name, and the socket.
#[derive(Default)]
struct Held {
    orders: Option<Orders>,
    lock: Option<RunLock>,
}

/// What may end a run while it waits.
struct Ends {
    interrupts: Interrupts,
    deadline: Option<Deadline>,
}

impl Ends {
    async fn next(&mut self) -> Stop {
        let passed = async {
            match self.deadline {
                Some(deadline) => {
                    deadline.passed().await;
                    deadline.why
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.interrupts.next() => Stop::Interrupt,
            why = passed => why,
        }
    }
}

async fn go(
    opened: &Opened,
    options: &RunOptions,
    watcher: &Recorder<'_>,
    began: Began,
    held: &mut Held,
) -> Result<Came, RunError> {
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let dir = StoreDir::new(config.project.store());
    let mut reader = Reader::open(&dir)?;
    check_name(recipe, reader.as_ref())?;
    let files = Files::new(config.dataset_dir());
    let deadline = Deadline::of(&config.run, &options.process, began.time);
    let mut ends = Ends { interrupts: Interrupts::new(), deadline };
    let known = tokio::select! {
        known = look(config, reader.as_ref()) => known?,
        why = ends.next() => return Err(RunError::Stopped(why)),
    };
    let unlocked = match take_lock(&dir, &config.name, options.wait, watcher, &mut ends).await {
        Ok(lock) => {
            held.lock = Some(lock);
            held.orders = Some(Orders::listen(&dir, &config.name));
            None
        }
        Err(Refused::Stopped(why)) => return Err(RunError::Stopped(why)),
        Err(Refused::Lock(held @ LockError::Held { .. })) => return Err(held.into()),
        // Where nothing is to be asked nothing need be written, and a folder that cannot be
        // written is no failure.
        Err(Refused::Lock(failure)) => Some(failure),
    };
    watcher.own((files.rows(), recipe.wanted()));
    // Read under the lock: a run that was waited for has changed them, or has made the store.
    if reader.is_none() {
        reader = Reader::open(&dir)?;
    }
    let last = match &reader {
        Some(reader) => reader.last_snapshot(&config.name)?.map(|(_, snapshot)| snapshot),
        None => None,
    };
    let (last, asks_before) = match last {
        Some(Snapshot { resolved, files, cells }) => {
            (Some((resolved, files)), CellAsks::from_bytes(cells).unwrap_or_default())
        }
        None => (None, CellAsks::default()),
    };
    let rows_before = rows_before(&files, reader.as_ref(), &config.name)?;
    let mask = options.selection.mask(&recipe.grid);
    let guard = Guard { opened, files: &files, last: last.as_ref(), leaving: options.leaving };
    let mut spared = false;
    let mut nothing = false;
    let mut assumed = None;
    if let Some(known) = known {
        let mut book = book(recipe, &known.memories, reader.as_ref(), options.retry_failed)?;
        book.watch(Some(watcher));
        let mut made = Made::of(recipe, &mut book, &files, &asks_before, Some(&mask))?;
        nothing = !made.outcome.demands.iter().any(|demand| mask[demand.cell]);
        if options.retry_failed {
            drop(made);
            book.honour_tombstones();
            let unless = (!nothing).then_some(&mask[..]);
            made = Made::of(recipe, &mut book, &files, &asks_before, unless)?;
        }
        // A model that was not seen may be another by the time it is asked.
        if nothing || known.seen {
            spared = guard.check(made.rows, book.models())?;
        }
        assumed = Some(Assumed { models: book.models().clone(), memories: known.memories, made });
    }
    let worked = match (assumed, unlocked) {
        (Some(Assumed { memories, made, .. }), _) if nothing => Worked::idle(made, memories),
        (_, Some(failure)) => return Err(failure.into()),
        (assumed, None) => {
            let orders = held.orders.get_or_insert_with(|| Orders::listen(&dir, &config.name));
            let worked =
                work(options, watcher, &dir, assumed, &asks_before, &guard, (&mut ends, orders)).await?;
            spared = worked.spared;
            worked
        }
    };
    let Worked { mut made, before, memories, cells, progress, mut error, stopped, .. } = worked;
    let models = models(config, &memories);
    if progress.attempts > 0 && has_changed(opened) {
        watcher.say("the config or a template has changed since this run began: run again for what is new");
    }

    let asks = std::mem::take(&mut made.asks);
    let mut summary = summarise(recipe, &mut made, &progress, cells, began);
    summary.run = RunCounts::between(&before, &made.counts());
    summary.by_axis = std::mem::take(&mut made.by_axis);
    summary.costs = morning::costs(recipe, &made.outcome, &progress, &summary.run);
    summary.rows_before = rows_before;
    summary.model = models.names();
    summary.stopped_by = stopped.map(|stop| stop.name().to_owned());
    summary.part = !options.selection.is_all();
    summary.dataset = config::load::shown(&files.dataset()).display().to_string();
    if spared {
        watcher.say("many rows would leave the dataset (`run.max_leaving`): its files stay as they were");
        made.spare();
    } else if let Err(failure) = made.write() {
        error.get_or_insert(failure.into());
    }
    if progress.attempts > 0 && error.is_none() {
        watcher.update(&report::Status {
            rows: summary.accepted,
            wanted: summary.wanted,
            requests: summary.requests,
            attempts: summary.attempts,
            prompt_tokens: summary.prompt_tokens,
            cached_tokens: summary.cached_tokens,
            faults: progress.faults.clone(),
            rejected: made.outcome.rejected.clone(),
            completion_tokens: summary.completion_tokens,
            elapsed: began.instant.elapsed(),
            waiting: Some("auditing the first rows of the dataset".into()),
            ..report::Status::default()
        });
        summary.audit = audited(recipe, &files);
    }
    if made.judged != Judged::default()
        && let Err(failure) = remember(&dir, recipe, &memories, &made.judged, &progress)
    {
        error.get_or_insert(failure);
    }
    std::mem::take(&mut made.morning).fill(&mut summary);
    morning::endpoints(&mut summary, recipe, &progress);
    let state = asks.filter(|_| !spared).and_then(|asks| {
        let same = last == Some(state(opened)) && asks == asks_before;
        (!same || progress.attempts > 0).then(|| snapshot(opened, asks))
    });
    Ok(Came {
        ended: ended(recipe, &made.outcome, &mask, stopped.is_some()),
        summary,
        error,
        state: state.map(|state| (state, memories)),
        is_kept: !spared,
    })
}

/// The rows that there were: of the dataset on disk, or of the last run where somebody deleted it.
fn rows_before(files: &Files, reader: Option<&Reader>, name: &str) -> Result<Option<u64>, RunError> {
    if files.dataset().exists() {
        // They are counted as they are compared.
        return Ok(None);
    }
    let Some((_, text)) = reader.map(|reader| reader.last_run(name)).transpose()?.flatten() else {
        return Ok(None);
    };
    Ok(serde_json::from_str::<Summary>(&text).ok().map(|summary| summary.accepted))
}

/// Why a run does not have its lock.
enum Refused {
    Lock(LockError),
    Stopped(Stop),
}

/// Takes the lock of a config name, waiting for another run where that is wanted.
async fn take_lock(
    dir: &StoreDir,
    name: &str,
    wait: bool,
    watcher: &(dyn Watcher + Sync),
    ends: &mut Ends,
) -> Result<RunLock, Refused> {
    let started = Instant::now();
    let mut said = false;
    loop {
        let held = match RunLock::take(dir, name) {
            Ok(lock) => return Ok(lock),
            Err(held @ LockError::Held { .. }) if wait => held,
            Err(other) => return Err(Refused::Lock(other)),
        };
        if !std::mem::replace(&mut said, true) {
            watcher.say(&format!("{held}; waiting for its end"));
        }
        watcher.update(&report::Status {
            waiting: Some(format!("{held}; waiting for its end")),
            elapsed: started.elapsed(),
            ..report::Status::default()
        });
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
            why = ends.next() => return Err(Refused::Stopped(why)),
        }
    }
}

fn ended(recipe: &Recipe, outcome: &Outcome, mask: &[bool], stopped: bool) -> Ended {
    let meant = || mask.iter().enumerate().filter(|(_, meant)| **meant).map(|(cell, _)| cell);
    let wanted: u64 = meant().map(|cell| u64::from(recipe.quotas.rows(cell))).sum();
    let missing: u64 = meant().map(|cell| u64::from(recipe.quotas.rows(cell) - outcome.accepted[cell])).sum();
    let allowed = (wanted as f64 * recipe.config.samples.allow_short).floor() as u64;
    let open = outcome.demands.iter().any(|demand| mask[demand.cell]);
    match (stopped, !open && missing <= allowed) {
        (_, true) => Ended::Complete,
        (true, false) => Ended::Stopped,
        (false, false) => Ended::Short,
    }
}

/// Refuses a config whose name another file of the project uses.
fn check_name(recipe: &Recipe, reader: Option<&Reader>) -> Result<(), RunError> {
    let name = &recipe.config.name;
    let Some(other) = reader.map(|reader| reader.config_file(name)).transpose()?.flatten() else {
        return Ok(());
    };
    let here = config_path(recipe);
    let there = recipe.config.project.root.join(&other);
    let still_there = config::load::name_of(&there).is_some_and(|own| own == *name);
    match other != here && still_there {
        true => Err(RunError::NameTaken { name: name.clone(), other: there.display().to_string() }),
        false => Ok(()),
    }
}

/// Whether the config or a template that was read is another on disk by now.
fn has_changed(opened: &Opened) -> bool {
    let project = &opened.recipe.config.project;
    let differs = |path: &std::path::Path, text: &str| {
        std::fs::read_to_string(path).is_ok_and(|now| now.trim_start_matches('\u{feff}') != text)
    };
    let templates = opened.recipe.prompts.files_used();
    opened.texts.iter().any(|(path, text)| differs(path, text.trim_start_matches('\u{feff}')))
        || templates.iter().any(|(name, text)| differs(&project.prompts().join(name), text))
}

/// What a snapshot keeps of the files: the templates that were read, and the config itself.
fn snapshot_files(opened: &Opened) -> BTreeMap<String, String> {
    let recipe = &opened.recipe;
    let project = &recipe.config.project;
    let templates = recipe.prompts.files_used().into_iter();
    let mut files: BTreeMap<String, String> =
        templates.map(|(name, text)| (format!("prompts/{name}"), text)).collect();
    for (path, text) in &opened.texts {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let name = path.strip_prefix(&project.root).unwrap_or(&path);
        files.insert(name.display().to_string(), config::night::without_notify(text));
    }
    files
}

/// The resolved config and the files, each as JSON, as a snapshot keeps them.
pub fn state(opened: &Opened) -> (String, String) {
    let resolved = serde_json::to_string(&opened.recipe.config).unwrap_or_default();
    (resolved, serde_json::to_string(&snapshot_files(opened)).unwrap_or_default())
}

fn snapshot(opened: &Opened, asks: CellAsks) -> Snapshot {
    let (resolved, files) = state(opened);
    Snapshot { resolved, files, cells: asks.into_bytes() }
}

/// The settings of today, by endpoint, against which tombstones are held.
pub fn settings(recipe: &Recipe, memories: &[EndpointMemory]) -> Vec<Settings> {
    let of = |(endpoint, memory): (&Endpoint, &EndpointMemory)| Settings {
        max_tokens: Some(recipe.config.sampling.max_tokens),
        timeout_ms: Some(endpoint.timeout.as_millis() as u64),
        context: memory.context,
    };
    recipe.config.endpoints.iter().zip(memories).map(of).collect()
}

fn book<'a>(
    recipe: &'a Recipe,
    memories: &[EndpointMemory],
    reader: Option<&'a Reader>,
    retry_failed: bool,
) -> Result<StoreBook<'a>, RunError> {
    let settings = settings(recipe, memories);
    let models = models(&recipe.config, memories);
    Ok(StoreBook::new(recipe, models, reader, settings, retry_failed)?)
}

/// What stored answers come to if the models are those that were seen last.
struct Assumed<'a> {
    models: Arc<Models>,
    memories: Vec<EndpointMemory>,
    made: Made<'a>,
}

struct Worked<'a> {
    made: Made<'a>,
    /// What the stored answers came to before anything was asked.
    before: RunCounts,
    memories: Vec<EndpointMemory>,
    /// How the cells stood to the last snapshot before anything was asked.
    cells: CellChange,
    progress: Progress,
    error: Option<RunError>,
    stopped: Option<Stop>,
    /// The dataset's files are to be left alone.
    spared: bool,
}

impl<'a> Worked<'a> {
    /// Nothing was asked.
    fn idle(made: Made<'a>, memories: Vec<EndpointMemory>) -> Self {
        let (progress, cells, before) = (Progress::default(), made.cells, made.counts());
        Self { made, before, memories, cells, progress, error: None, stopped: None, spared: false }
    }
}

/// Asks for what is missing.
async fn work<'a>(
    options: &RunOptions,
    watcher: &Recorder<'_>,
    dir: &StoreDir,
    assumed: Option<Assumed<'a>>,
    before: &CellAsks,
    guard: &Guard<'a>,
    (ends, orders): (&mut Ends, &mut Orders),
) -> Result<Worked<'a>, RunError> {
    let (opened, files) = (guard.opened, guard.files);
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let (written, commits) = mpsc::unbounded_channel();
    let writer = Writer::open(dir, move |done| {
        // The receiver is gone only when the run is.
        let _ = written.send(done);
    })?;
    let reader = Reader::open(dir)?;
    let connecting = connect(config, reader.as_ref(), watcher);
    let connected = heard(config, watcher, connecting, ends, orders).await;
    let (connected, assumed) = match (connected, assumed) {
        (Ok(connected), assumed) => (connected, assumed),
        // Nothing was asked; what is stored still makes a dataset, as far as it goes.
        (Err(error), Some(Assumed { memories, .. })) => {
            let mut book = book(recipe, &memories, reader.as_ref(), false)?;
            let made = Made::of(recipe, &mut book, files, before, None)?;
            let Ok(spared) = guard.check(made.rows, book.models()) else { return Err(error) };
            let (stopped, error) = match error {
                RunError::Stopped(why) => (Some(why), None),
                error => (None, Some(error)),
            };
            return Ok(Worked { error, stopped, spared, ..Worked::idle(made, memories) });
        }
        (Err(error), None) => return Err(error),
    };
    let memories: Vec<EndpointMemory> = connected.iter().map(|line| line.memory.clone()).collect();
    let now = models(config, &memories);
    if let Some(endpoint) = now.oversees(config) {
        let (endpoint, url) = (endpoint.name.clone(), shown_address(endpoint));
        return Err(RunError::SeesNames { endpoint, url });
    }
    let (same, other) = match assumed {
        Some(assumed) if assumed.models.are(&now) => (Some(assumed.made), false),
        other => (None, other.is_some()),
    };
    if let Some(names) = now.names().filter(|_| other) {
        watcher.say(&format!("the model is now {names}"));
    }
    let mask = options.selection.mask(&recipe.grid);
    let mut book = self::book(recipe, &memories, reader.as_ref(), options.retry_failed)?;
    let (made, change) = match same {
        // Nothing has happened since it was made.
        Some(made) if !options.retry_failed => {
            let change = made.rows;
            (made, change)
        }
        same => {
            book.watch(Some(watcher));
            let made = Made::of(recipe, &mut book, files, before, Some(&mask))?;
            let change = match (same, options.retry_failed) {
                // What is tried again leaves nothing until it has failed to come back.
                (Some(same), true) => same.rows,
                (None, true) => {
                    let mut book = self::book(recipe, &memories, reader.as_ref(), false)?;
                    let mut rows = Rows::new(previous_rows(files));
                    evaluate::<(), _>(&recipe.quotas, &mut book, &mut rows)?;
                    rows.finish()
                }
                (_, false) => made.rows,
            };
            (made, change)
        }
    };
    let counts = made.counts();
    let Made { outcome, cells, asks, proven, .. } = made;
    book.read_texts(false);
    book.watch(None);
    let spared = guard.check(change, &now)?;
    for (endpoint, memory) in config.endpoints.iter().zip(&memories) {
        writer.endpoint(&address(endpoint), memory)?;
    }
    watcher.began(now.names().as_deref(), outcome.demands.len());
    // Kept before the first ask, so that a run that dies is known to have begun.
    if !spared {
        writer.snapshot(&config.name, snapshot(opened, asks.unwrap_or_default()))?;
    }
    writer.config_file(&config.name, &config_path(recipe))?;
    let to_go = outcome.demands.iter().filter(|demand| mask[demand.cell]).count();
    watcher.say(&format!(
        "{}, {} to go",
        places(config, &memories, &now),
        report::count(to_go as u64, "request")
    ));
    let limits = Limits::new(&config.run, ends.deadline);
    if let Some(ends) = limits.says() {
        watcher.say(&ends);
    }
    let settings = settings(recipe, &memories);
    let (shared, dir, retry_failed) = (opened.recipe.clone(), dir.clone(), options.retry_failed);
    let lines = connected;
    let tools = Tools {
        recipe,
        book,
        lines,
        writer,
        commits,
        watcher,
        settings,
        shared,
        dir,
        retry_failed,
        mask,
        limits,
        proven,
    };
    let began = Instant::now();
    let Done { mut book, outcome, mut progress, mut error, stopped } =
        worker::ask(tools, outcome, &mut ends.interrupts, orders).await;
    progress.asking = began.elapsed();
    book.watch(Some(watcher));
    let made = Made::of(recipe, &mut book, files, before, None).unwrap_or_else(|failure| {
        error.get_or_insert(failure.into());
        Made::without_files(outcome)
    });
    Ok(Worked { made, before: counts, memories, cells, progress, error, stopped, spared })
}

/// Waits for the endpoints, and is spoken to meanwhile.
async fn heard<T>(
    config: &Config,
    watcher: &Recorder<'_>,
    connecting: impl Future<Output = Result<T, RunError>>,
    ends: &mut Ends,
    orders: &mut Orders,
) -> Result<T, RunError> {
    let started = Instant::now();
    tokio::pin!(connecting);
    loop {
        tokio::select! {
            connected = &mut connecting => return connected,
            why = ends.next() => return Err(RunError::Stopped(why)),
            (order, reply) = orders.next() => {
                let drained = order == Order::Drain;
                // Whoever asked may be gone.
                let _ = reply.send(waiting(config, watcher, started, order));
                if drained {
                    return Err(RunError::Stopped(Stop::Drain));
                }
            }
        }
    }
}

/// How a run is that waits for its endpoints.
fn waiting(config: &Config, watcher: &Recorder<'_>, started: Instant, order: Order) -> RunStatus {
    let (rows, wanted) = watcher.rows();
    let endpoints = config.endpoints.iter().map(|endpoint| EndpointStatus {
        name: endpoint.name.clone(),
        state: "awaited".into(),
        at_a_time: 0,
        under_way: 0,
        requests: 0,
    });
    RunStatus {
        name: config.name.clone(),
        pid: std::process::id(),
        state: if order == Order::Drain { "draining" } else { "waiting" }.into(),
        rows,
        wanted,
        requests: 0,
        under_way: 0,
        waiting: 0,
        completion_tokens: 0,
        seconds: report::milliseconds(started.elapsed()),
        endpoints: endpoints.collect(),
        refused: match order {
            Order::Status | Order::Drain => None,
            _ => Some("it waits for its endpoints, and asks nothing yet".into()),
        },
    }
}

/// Each model with the requests that it takes at a time.
fn places(config: &Config, memories: &[EndpointMemory], models: &Models) -> String {
    let slots = |endpoint: usize| match (config.endpoints[endpoint].slots, memories[endpoint].slots) {
        (Slots::Exactly(slots), _) => (slots, false),
        (Slots::Between(_, most), _) => (most, true),
        (Slots::Auto, told) => (told.unwrap_or(16), true),
    };
    let of = |model: &Model| {
        let each = model.endpoints.iter().map(|endpoint| slots(*endpoint));
        let (most, open) = each.fold((0, false), |(sum, any), (slots, open)| (sum + slots, any | open));
        let most = if open && most > 1 { format!("up to {most}") } else { most.to_string() };
        format!("{}: {most} at a time", model.identity.display_name())
    };
    models.list().iter().map(of).collect::<Vec<_>>().join("; ")
}

fn summarise(
    recipe: &Recipe,
    made: &mut Made<'_>,
    progress: &Progress,
    cells: CellChange,
    began: Began,
) -> Summary {
    let (totals, distinct) = (&made.outcome.totals, made.distinct);
    let rejected = made.outcome.rejected.iter().map(|(reason, count)| ((*reason).to_owned(), *count));
    Summary {
        name: recipe.config.name.clone(),
        started: began.text(),
        wanted: recipe.wanted(),
        accepted: totals.rows,
        counterparts: totals.counterparts,
        requests: progress.requests,
        judge_requests: progress.judge_requests,
        second_look_requests: progress.second_look_requests,
        embedding_requests: progress.embedding_requests,
        attempts: progress.attempts,
        reused: totals.answers.saturating_sub(progress.requests - progress.about_texts()),
        rejected: rejected.collect(),
        surplus: totals.surplus,
        shortfall: totals.shortfall,
        failed: totals.failed,
        open: totals.demands,
        prompt_tokens: progress.prompt_tokens,
        cached_tokens: progress.cached_tokens,
        completion_tokens: progress.completion_tokens,
        seconds: report::milliseconds(began.instant.elapsed()),
        faults: progress.faults.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect(),
        change: made.rows,
        cells,
        distinct_2: distinct.map(|found| (found.share * 1000.0).round() / 1000.0),
        distinct_2_texts: distinct.map_or(0, |found| found.texts as u64),
        ..Summary::default()
    }
}
