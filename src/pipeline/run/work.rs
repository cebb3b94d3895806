//! A run's asking, from the first look at its endpoints to the last evaluation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::state::{book, settings, snapshot};
use super::{Ends, RunOptions};
use crate::config::Config;
use crate::config::resolved::Slots;
use crate::dataset::evaluate::Demand;
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Model, Models, Recipe, evaluate};
use crate::pipeline::address::{address, shown_address};
use crate::pipeline::connect::{Line, connect, models};
use crate::pipeline::control::{EndpointStatus, Order, Orders, RunStatus};
use crate::pipeline::error::RunError;
use crate::pipeline::forecast::course;
use crate::pipeline::leaving::Guard;
use crate::pipeline::made::Made;
use crate::pipeline::output::previous_rows;
use crate::pipeline::record::config_path;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::summary::Rows;
use crate::pipeline::worker::{self, Closing, Done, Limits, Progress, SoFar, Stop, Tools};
use crate::report::morning::PAST;
use crate::report::{self, CellChange, RunCounts, Summary, Watcher};
use crate::scheduler::Budget;
use crate::store::{EndpointMemory, Reader, StoreDir, Writer, Written};

/// What stored answers come to if the models are those that were seen last.
pub(super) struct Assumed<'a> {
    pub models: Arc<Models>,
    pub memories: Vec<EndpointMemory>,
    pub made: Made<'a>,
}

pub(super) struct Worked<'a> {
    pub made: Made<'a>,
    /// What the stored answers came to before anything was asked.
    pub before: RunCounts,
    pub memories: Vec<EndpointMemory>,
    /// How the cells stood to the last snapshot before anything was asked.
    pub cells: CellChange,
    pub progress: Progress,
    /// What was spent, and on whom.
    pub budget: Budget,
    pub error: Option<RunError>,
    pub stopped: Option<Stop>,
    /// The dataset's files are to be left alone.
    pub spared: bool,
}

impl<'a> Worked<'a> {
    /// Nothing was asked.
    pub fn idle(made: Made<'a>, memories: Vec<EndpointMemory>) -> Self {
        let (progress, cells, before) = (Progress::default(), made.cells, made.counts());
        let budget = Budget::default();
        Self { made, before, memories, cells, progress, budget, error: None, stopped: None, spared: false }
    }
}

/// Asks for what is missing.
pub(super) async fn work<'a>(
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
    let (writer, commits) = open_writer(dir)?;
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
    let mut memories = memories_of(&connected);
    let now = models(config, &memories);
    sees_no_names(config, &now)?;
    let (mut same, other) = match assumed {
        Some(assumed) if assumed.models.are(&now) => (Some(assumed.made), false),
        other => (None, other.is_some()),
    };
    if let Some(names) = now.names().filter(|_| other) {
        watcher.say(&format!("the model is now {names}"));
    }
    let mask = options.selection.mask(&recipe.grid);
    let mut limits = Limits::new(&config.run, ends.deadline);
    let mut lines = connected;
    let mut so_far = SoFar::new(&limits);
    let mut first: Option<First> = None;
    let mut opened_writer = Some((writer, commits));
    loop {
        let reader = Reader::open(dir)?;
        let now = models(config, &memories);
        let mut book = super::state::book(recipe, &memories, reader.as_ref(), options.retry_failed)?;
        let (made, change) = match same.take() {
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
                    (None, true) if first.is_none() => {
                        let mut book = super::state::book(recipe, &memories, reader.as_ref(), false)?;
                        let mut rows = Rows::new(previous_rows(files));
                        evaluate::<(), _>(&recipe.quotas, &mut book, &mut rows)?;
                        rows.finish()
                    }
                    (None, _) | (_, false) => made.rows,
                };
                (made, change)
            }
        };
        let counts = made.counts();
        let Made { outcome, cells, asks, proven, evidence, took, .. } = made;
        if let Some(deadline) = limits.deadline {
            let audit = last_audit(reader.as_ref(), &config.name)?;
            limits.closing = Closing::new(took, audit, deadline.left(Timestamp::now()));
        }
        book.read_texts(false);
        book.watch(None);
        // An endpoint that comes later takes nothing away.
        let spared = first.as_ref().map_or_else(|| guard.check(change, &now), |first| Ok(first.spared))?;
        let (writer, commits) = match opened_writer.take() {
            Some(pair) => pair,
            None => open_writer(dir)?,
        };
        for (endpoint, memory) in config.endpoints.iter().zip(&memories) {
            writer.endpoint(&address(endpoint), memory)?;
        }
        // Kept before the first ask, so that a run that dies is known to have begun.
        if !spared {
            writer.snapshot(&config.name, snapshot(opened, asks.unwrap_or_default()))?;
        }
        writer.config_file(&config.name, &config_path(recipe))?;
        let meant = outcome.demands.iter().filter(|demand| mask[demand.cell]);
        let lacks = |cell: usize| recipe.quotas.rows(cell) - outcome.accepted[cell];
        let demands = meant.clone().map(|demand| (demand, lacks(demand.cell)));
        let about = match &evidence {
            Some(evidence) => course(recipe, &now, evidence, reader.as_ref(), demands)?,
            None => None,
        };
        let about = about.map(|course| course.asks.round() as u64);
        let open = meant.clone().count() as u64;
        if first.is_none() {
            watcher.began(now.names().as_deref(), open, about);
        }
        // Each open cell needs one more at the least.
        let to_go = match about {
            Some(asks) => format!("about {} to go", report::count(asks, "ask")),
            None => format!("at least {} to go", report::count(open, "request")),
        };
        watcher.say(&format!("{}; {to_go}", places(config, &memories, &now)));
        for (model, waits) in waiting_for_nobody(recipe, &now, &lines, meant) {
            let waits = report::count(waits, "request");
            watcher.say(&format!("nobody serves {model} now, for which there are {waits} to go"));
        }
        if let Some(ends) = limits.says().filter(|_| first.is_none()) {
            watcher.say(&ends);
        }
        let First { before: counts, cells, .. } =
            first.get_or_insert(First { before: counts, cells, spared });
        let (counts, cells) = (counts.clone(), *cells);
        let tools = Tools {
            recipe,
            book,
            lines,
            writer,
            commits,
            watcher,
            settings: settings(recipe, &memories),
            shared: opened.recipe.clone(),
            dir: dir.clone(),
            retry_failed: options.retry_failed,
            mask: mask.clone(),
            limits,
            proven,
            so_far,
        };
        let Done { mut book, outcome, so_far: done, mut error, stopped, again } =
            worker::ask(tools, outcome, &mut ends.interrupts, orders).await;
        if let Some(again) = again {
            let with = memories_of(&again);
            match sees_no_names(config, &models(config, &with)) {
                Ok(()) => {
                    (lines, memories, so_far) = (again, with, done);
                    continue;
                }
                Err(failure) => drop(error.get_or_insert(failure)),
            }
        }
        let SoFar { began, mut progress, budget, .. } = done;
        progress.asking = began.elapsed().saturating_sub(progress.paused);
        book.watch(Some(watcher));
        let made = Made::of(recipe, &mut book, files, before, None).unwrap_or_else(|failure| {
            error.get_or_insert(failure.into());
            Made::without_files(outcome)
        });
        let before = counts;
        return Ok(Worked { made, before, memories, cells, progress, budget, error, stopped, spared });
    }
}

/// How long the last of the runs before audited that did.
fn last_audit(reader: Option<&Reader>, name: &str) -> Result<Duration, RunError> {
    let Some(reader) = reader else { return Ok(Duration::ZERO) };
    let summaries = reader.last_summaries(name, PAST)?;
    let parsed = summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
    let seconds = parsed.map(|summary| summary.audit_seconds).rfind(|seconds| *seconds > 0.0);
    Ok(Duration::try_from_secs_f64(seconds.unwrap_or(0.0)).unwrap_or_default())
}

/// What is kept of the first time that stored answers were evaluated, before anything was asked.
struct First {
    before: RunCounts,
    cells: CellChange,
    spared: bool,
}

fn open_writer(dir: &StoreDir) -> Result<(Writer, mpsc::UnboundedReceiver<Written>), RunError> {
    let (written, commits) = mpsc::unbounded_channel();
    let writer = Writer::open(dir, move |done| {
        // The receiver is gone only when the run is.
        let _ = written.send(done);
    })?;
    Ok((writer, commits))
}

fn memories_of(lines: &[Line]) -> Vec<EndpointMemory> {
    lines.iter().map(|line| line.memory.clone()).collect()
}

/// Refuses models of which one would see texts before anything is taken out of them.
fn sees_no_names(config: &Config, models: &Models) -> Result<(), RunError> {
    match models.oversees(config) {
        Some(endpoint) => {
            let (endpoint, url) = (endpoint.name.clone(), shown_address(endpoint));
            Err(RunError::SeesNames { endpoint, url })
        }
        None => Ok(()),
    }
}

/// Models that nobody serves now, with the requests that wait for each.
fn waiting_for_nobody<'d>(
    recipe: &Recipe,
    models: &Models,
    lines: &[Line],
    demands: impl Iterator<Item = &'d Demand>,
) -> Vec<(String, u64)> {
    let is_there = |model: &Model| model.endpoints.iter().any(|endpoint| lines[*endpoint].away.is_none());
    let mut waits: Vec<Option<u64>> =
        models.list().iter().map(|model| (!is_there(model)).then_some(0)).collect();
    if waits.iter().all(Option::is_none) {
        return Vec::new();
    }
    for demand in demands {
        if let Some(waits) = &mut waits[models.of_demand(recipe, demand)] {
            *waits += 1;
        }
    }
    let named = models.list().iter().zip(waits);
    let of = |(model, waits): (&Model, Option<u64>)| Some((model.identity.display_name().to_owned(), waits?));
    named.filter_map(of).filter(|(_, waits)| *waits > 0).collect()
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
        cost: endpoint.price.map(|_| 0.0),
    });
    let is_priced = config.endpoints.iter().any(|endpoint| endpoint.price.is_some());
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
        cost: is_priced.then_some(0.0),
        max_cost: config.run.max_cost,
        seconds: report::milliseconds(started.elapsed()),
        endpoints: endpoints.collect(),
        notes: Vec::new(),
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
