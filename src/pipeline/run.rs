//! The run itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Opened;
use super::address::address;
use super::address::shown_address;
use super::audited::audited;
use super::book::StoreBook;
use super::connect::{connect, look, models};
use super::control::Orders;
use super::error::RunError;
use super::forecast::{Judged, remember};
use super::interrupt::Interrupts;
use super::leaving::{Guard, Leaving};
use super::made::Made;
use super::output::{Files, OutputError, previous_rows};
use super::recorder::Recorder;
use super::summary::{Outcome, Rows};
use super::worker::{self, Done, Limits, Progress, Stop, Tools};
use super::{morning, notify};
use crate::check::Reason;
use crate::config;
use crate::config::resolved::{Config, Endpoint, Slots};
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Model, Models, Recipe, evaluate};
use crate::grid::Selection;
use crate::report::morning::{PAST, Past, Verdict, judge, page};
use crate::report::{self, CellChange, Summary, Watcher};
use crate::store::{EndpointMemory, LockError, Reader, RunLock, Settings, Snapshot, StoreDir, Writer};

/// What the command line decides.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// What is asked for; the dataset is written whole all the same.
    pub selection: Selection,
    /// Asks that failed by their own fault are asked again.
    pub retry_failed: bool,
    /// Another run of this name is waited for.
    pub wait: bool,
    /// What is done where many rows would leave the dataset.
    pub leaving: Leaving,
}

/// How a run ended, when nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Within what the config allows to be missing.
    Complete,
    /// Short of what the config wants.
    Short,
    /// It does not keep to the config's `alarm`.
    Alarm,
    /// By Ctrl-C, the clock or a budget, everything saved.
    Stopped,
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    pub summary: Summary,
    pub ended: Ended,
    /// What ended it early. What was received is stored, and the files say what came of it.
    pub error: Option<RunError>,
    /// The summary as a page, where something was asked.
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
    let done = go(opened, options, &recorder).await;
    let told = match &done {
        Ok(Finished { summary, page, .. }) => {
            recorder.ended(summary);
            Some((summary.verdict, summary.headline.clone(), page.as_deref()))
        }
        Err(RunError::Interrupted) => None,
        Err(error) => {
            let verdict = match error {
                // Nothing is lost: another run is at it, or the files stay as they were.
                RunError::Lock(LockError::Held { .. }) | RunError::Leaving { .. } => Verdict::Look,
                _ => Verdict::Lost,
            };
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            Some((verdict, format!("{} {}: {first}", verdict.word(), config.name), None))
        }
    };
    if let (Some(notify), Some((verdict, headline, page))) = (&config.night.notify, told) {
        notify::notify(notify, &config.name, verdict, &headline, page).await;
    }
    done
}

async fn go(opened: &Opened, options: &RunOptions, watcher: &Recorder<'_>) -> Result<Finished, RunError> {
    let started = Instant::now();
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let dir = StoreDir::new(config.project.store());
    let mut reader = Reader::open(&dir)?;
    check_name(recipe, reader.as_ref())?;
    let files = Files::new(config.dataset_dir());
    let mut interrupts = Interrupts::new();
    let known = tokio::select! {
        known = look(config, reader.as_ref()) => known?,
        () = interrupts.next() => return Err(RunError::Interrupted),
    };
    let lock = match take_lock(&dir, &config.name, options.wait, watcher, &mut interrupts).await {
        Ok(lock) => Ok(lock),
        Err(Refused::Interrupted) => return Err(RunError::Interrupted),
        Err(Refused::Lock(held @ LockError::Held { .. })) => return Err(held.into()),
        // Where nothing is to be asked nothing need be written, and a folder that cannot be
        // written is no failure.
        Err(Refused::Lock(failure)) => Err(failure),
    };
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
    let mask = options.selection.mask(&recipe.grid);
    let guard = Guard { opened, files: &files, last: last.as_ref(), leaving: options.leaving };
    let mut spared = false;
    let mut nothing = false;
    let mut assumed = None;
    if let Some(known) = known {
        let mut book = book(recipe, &known.memories, reader.as_ref(), options)?;
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
    let (worked, _lock) = match assumed {
        Some(Assumed { memories, made, .. }) if nothing => (Worked::idle(made, memories), lock.ok()),
        assumed => {
            let lock = lock?;
            let worked = work(options, watcher, &dir, assumed, &asks_before, &guard, &mut interrupts).await?;
            spared = worked.spared;
            (worked, Some(lock))
        }
    };
    let Worked { mut made, memories, cells, progress, mut error, stopped, .. } = worked;
    let models = models(config, &memories);
    if progress.attempts > 0 && has_changed(opened) {
        watcher.say("the config or a template has changed since this run began: run again for what is new");
    }

    let asks = std::mem::take(&mut made.asks);
    let mut summary = summarise(recipe, &mut made, &progress, cells, started);
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
            rejected: made.outcome.rejected.clone(),
            completion_tokens: summary.completion_tokens,
            elapsed: started.elapsed(),
            waiting: Some("auditing the first rows of the dataset".into()),
            ..report::Status::default()
        });
        summary.audit = audited(recipe, &files);
    }
    let mut ended = ended(recipe, &made.outcome, &mask, stopped.is_some());
    summary.state = match (&error, ended) {
        (Some(_), _) => "failed",
        (None, Ended::Complete) => "complete",
        (None, Ended::Short | Ended::Alarm) => "short",
        (None, Ended::Stopped) => "stopped",
    }
    .into();
    if made.judged != Judged::default()
        && let Err(failure) = remember(&dir, recipe, &memories, &made.judged, &progress)
    {
        error.get_or_insert(failure);
    }
    std::mem::take(&mut made.morning).fill(&mut summary);
    morning::endpoints(&mut summary, recipe, &progress);
    if progress.attempts > 0
        && let Some(reader) = &reader
    {
        summary.past = past(reader, &config.name)?;
    }
    let said = error.as_ref().map(ToString::to_string);
    let place = |key: &str| morning::place(opened, key);
    judge(&mut summary, &config.night.alarm, said.as_deref(), &place, &Reason::advice_for);
    if summary.findings.iter().any(|finding| finding.alarm) {
        ended = Ended::Alarm;
    }
    let page = (progress.attempts > 0).then(|| files.runs().join(folder_of(&summary)).join("summary.md"));
    if let Some(asks) = asks.filter(|_| !spared) {
        let same = last == Some(state(opened)) && asks == asks_before;
        drop(asks_before);
        let snapshot = snapshot(opened, asks);
        if (!same || progress.attempts > 0)
            && let Err(failure) = record(&dir, recipe, &memories, snapshot, &summary, &files)
        {
            error.get_or_insert(failure);
        }
    }
    Ok(Finished { summary, ended, error, page: page.filter(|page| page.exists()) })
}

/// What came of the last runs that asked for something.
fn past(reader: &Reader, name: &str) -> Result<Vec<Past>, RunError> {
    // Some of the last asked for nothing.
    let summaries = reader.last_summaries(name, 4 * PAST)?;
    let parsed = summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
    let mut out: Vec<Past> =
        parsed.filter(|summary| summary.requests > 0).map(|summary| Past::of(&summary)).collect();
    Ok(out.split_off(out.len().saturating_sub(PAST)))
}

/// The folder of a run's summary, below `runs/`.
fn folder_of(summary: &Summary) -> String {
    summary.started.replace(':', "")
}

/// Why a run does not have its lock.
enum Refused {
    Lock(LockError),
    Interrupted,
}

/// Takes the lock of a config name, waiting for another run where that is wanted.
async fn take_lock(
    dir: &StoreDir,
    name: &str,
    wait: bool,
    watcher: &(dyn Watcher + Sync),
    interrupts: &mut Interrupts,
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
            () = interrupts.next() => return Err(Refused::Interrupted),
        }
    }
}

/// Keeps the snapshot and the run's summary, of which a copy goes beside the dataset where something
/// was asked.
fn record(
    dir: &StoreDir,
    recipe: &Recipe,
    memories: &[EndpointMemory],
    snapshot: Snapshot,
    summary: &Summary,
    files: &Files,
) -> Result<(), RunError> {
    let config = &recipe.config;
    let writer = Writer::open(dir, |_| {})?;
    writer.snapshot(&config.name, snapshot)?;
    for (endpoint, memory) in config.endpoints.iter().zip(memories) {
        writer.endpoint(&address(endpoint), memory)?;
    }
    writer.config_file(&config.name, &config_path(recipe))?;
    let text = serde_json::to_string_pretty(summary).unwrap_or_default();
    writer.run(&config.name, &summary.started, &text)?;
    if summary.attempts > 0 {
        let folder = files.runs().join(folder_of(summary));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(folder.join("summary.json"), format!("{text}\n")))
            .and_then(|()| std::fs::write(folder.join("summary.md"), page(summary)))
            .map_err(|source| OutputError { path: folder, source })?;
    }
    Ok(())
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

/// The config's file, however it was named.
fn config_path(recipe: &Recipe) -> String {
    let path = &recipe.config.project.config;
    let plain = || std::path::absolute(path).unwrap_or_else(|_| path.clone());
    path.canonicalize().unwrap_or_else(|_| plain()).display().to_string()
}

/// Refuses a config whose name another file of the project uses.
fn check_name(recipe: &Recipe, reader: Option<&Reader>) -> Result<(), RunError> {
    let name = &recipe.config.name;
    let Some(other) = reader.map(|reader| reader.config_file(name)).transpose()?.flatten() else {
        return Ok(());
    };
    let here = config_path(recipe);
    let still_there = config::load::name_of(std::path::Path::new(&other)).is_some_and(|own| own == *name);
    match other != here && still_there {
        true => Err(RunError::NameTaken { name: name.clone(), other }),
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
        files.insert(name.display().to_string(), text.clone());
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
    options: &RunOptions,
) -> Result<StoreBook<'a>, RunError> {
    let settings = settings(recipe, memories);
    let models = models(&recipe.config, memories);
    Ok(StoreBook::new(recipe, models, reader, settings, options.retry_failed)?)
}

/// What stored answers come to if the models are those that were seen last.
struct Assumed<'a> {
    models: Arc<Models>,
    memories: Vec<EndpointMemory>,
    made: Made<'a>,
}

struct Worked<'a> {
    made: Made<'a>,
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
        let (progress, cells) = (Progress::default(), made.cells);
        Self { made, memories, cells, progress, error: None, stopped: None, spared: false }
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
    interrupts: &mut Interrupts,
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
    let connected = tokio::select! {
        connected = connect(config, reader.as_ref(), watcher) => connected,
        () = interrupts.next() => Err(RunError::Interrupted),
    };
    let (connected, assumed) = match (connected, assumed) {
        (Ok(connected), assumed) => (connected, assumed),
        // Nothing was asked; what is stored still makes a dataset, as far as it goes.
        (Err(error), Some(Assumed { memories, .. })) => {
            let mut book = book(recipe, &memories, reader.as_ref(), &RunOptions::default())?;
            let made = Made::of(recipe, &mut book, files, before, None)?;
            let Ok(spared) = guard.check(made.rows, book.models()) else { return Err(error) };
            let stopped = matches!(error, RunError::Interrupted).then_some(Stop::Interrupt);
            let error = stopped.is_none().then_some(error);
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
    let mut book = self::book(recipe, &memories, reader.as_ref(), options)?;
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
                    let mut book = self::book(recipe, &memories, reader.as_ref(), &RunOptions::default())?;
                    let mut rows = Rows::new(previous_rows(files));
                    evaluate::<(), _>(&recipe.quotas, &mut book, &mut rows)?;
                    rows.finish()
                }
                (_, false) => made.rows,
            };
            (made, change)
        }
    };
    let Made { outcome, cells, asks, proven, .. } = made;
    let mut book = book.remembering(&outcome.demands);
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
    let limits = Limits::new(&config.run, Instant::now());
    if let Some(ends) = limits.says() {
        watcher.say(&ends);
    }
    let settings = settings(recipe, &memories);
    let tools =
        Tools { recipe, book, lines: connected, writer, commits, watcher, settings, mask, limits, proven };
    let mut orders = Orders::listen(dir, &config.name);
    let began = Instant::now();
    let Done { mut book, outcome, mut progress, mut error, stopped } =
        worker::ask(tools, outcome, interrupts, &mut orders).await;
    progress.asking = began.elapsed();
    book.watch(Some(watcher));
    let made = Made::of(recipe, &mut book, files, before, None).unwrap_or_else(|failure| {
        error.get_or_insert(failure.into());
        Made::without_files(outcome)
    });
    Ok(Worked { made, memories, cells, progress, error, stopped, spared })
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
    started: Instant,
) -> Summary {
    let (totals, distinct) = (&made.outcome.totals, made.distinct);
    let rejected = made.outcome.rejected.iter().map(|(reason, count)| ((*reason).to_owned(), *count));
    let elapsed = started.elapsed();
    let began = jiff::Timestamp::now() - jiff::SignedDuration::from_millis(elapsed.as_millis() as i64);
    Summary {
        name: recipe.config.name.clone(),
        started: began.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        wanted: recipe.wanted(),
        accepted: totals.rows,
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
        seconds: report::milliseconds(elapsed),
        faults: progress.faults.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect(),
        change: made.rows,
        cells,
        by_axis: std::mem::take(&mut made.by_axis),
        distinct_2: distinct.map(|found| (found.share * 1000.0).round() / 1000.0),
        distinct_2_texts: distinct.map_or(0, |found| found.texts as u64),
        ..Summary::default()
    }
}
