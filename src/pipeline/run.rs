//! The run itself.

mod connecting;
mod lock;
mod work;

use std::time::Instant;

use jiff::{Timestamp, Zoned};

use super::audited::audited;
use super::connect::{look, models};
use super::control::Orders;
use super::deadline::Deadline;
use super::error::RunError;
use super::forecast::{prospects, remember};
use super::interrupt::{Interrupted, Interrupts};
use super::leaving::{Guard, Leaving, model_change};
use super::made::Made;
use super::output::Files;
use super::record::{Came, Finished, next_number, record};
use super::recorder::Recorder;
use super::spending::{overspent, spending};
use super::state::{book, has_changed, snapshot, state};
use super::stop::Stop;
use super::summary::Outcome;
use super::worker::Progress;
use super::{Opened, morning, notify};
use crate::config;
use crate::dataset::Recipe;
use crate::dataset::snapshot::CellAsks;
use crate::grid::Selection;
use crate::model::Untold;
use crate::report::morning::Ended;
use crate::report::{self, CellChange, RunCounts, Summary, Unwritten, Watcher};
use crate::store::{LockError, Reader, RunLock, Snapshot, StoreDir};
use lock::{Refused, check_name, rows_before, take_lock};
use work::{Assumed, Work, Worked};

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

/// Runs a config to its end, or as far as it goes. Nobody is told of it: `tell` does that.
pub async fn run(opened: &Opened, options: &RunOptions, watcher: &(dyn Watcher + Sync)) -> Finished {
    let recorder = Recorder::new(watcher, &opened.recipe.config);
    let began = Began::now();
    let mut held = Held::default();
    let came = go(opened, options, &recorder, began, &mut held).await;
    let mut came = came.unwrap_or_else(|error| {
        let mut came = Came::in_vain(&opened.recipe, error);
        came.summary.started = began.text();
        came.summary.seconds = report::milliseconds(began.instant.elapsed());
        came
    });
    if came.error.as_ref().is_some_and(RunError::is_overlap) {
        let Came { summary, ended, error, .. } = came;
        return Finished { summary, ended, error, page: None, kept: true };
    }
    let Held { orders, number, untold } = held;
    (came.summary.number, came.summary.untold) = (number, untold);
    came.summary.waited = recorder.waited();
    let finished = record(opened, &recorder, came);
    let unkept = (!finished.kept).then(|| finished.left());
    recorder.lets_go(finished.page.is_some(), unkept.as_deref());
    if let Some(orders) = orders {
        orders.close().await;
    }
    finished
}

/// Tells whom the config names how a run ended. That may take a minute, so whoever ran it should have shown what
/// came of it before, and said that this is waited for.
pub async fn tell(opened: &Opened, finished: &Finished) {
    // The run that goes on tells of itself when it ends.
    if finished.error.as_ref().is_some_and(RunError::is_overlap) {
        return;
    }
    if let Some(notify) = &opened.recipe.config.night.notify {
        notify::notify(notify, &finished.summary, finished.page.as_deref()).await;
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

/// What a run holds until what came of it is kept, and what it knows since it has its name for itself.
#[derive(Default)]
struct Held {
    orders: Option<Orders>,
    /// 0 before that.
    number: u64,
    /// The runs that it is to tell of.
    untold: Vec<Untold>,
}

impl Held {
    /// A run has its name for itself, as far as files can be written.
    fn own(
        &mut self,
        mut lock: Option<RunLock>,
        reader: Option<&Reader>,
        (opened, began): (&Opened, Began),
        watcher: &Recorder<'_>,
    ) -> Result<(), RunError> {
        let config = &opened.recipe.config;
        if let Some(lock) = &mut lock {
            self.number = next_number(reader, &config.name, lock.untold())?;
            self.untold = lock.untold().to_vec();
            // Whoever kills it leaves this for the next one to tell.
            let _ = lock.begins(self.number, &began.text());
            self.orders = Some(Orders::listen(&StoreDir::new(config.project.store()), &config.name));
        }
        watcher.own((Files::new(config.dataset_dir()).rows(), opened.recipe.wanted()), lock);
        Ok(())
    }
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
    let interrupted = Interrupted::listen();
    let known = tokio::select! {
        sight = look(config, reader.as_ref()) => sight?.known,
        why = ends.next() => return Err(RunError::Stopped(why)),
    };
    let (lock, unlocked) = match take_lock(&dir, &config.name, options.wait, watcher, &mut ends).await {
        Ok(lock) => (Some(lock), None),
        Err(Refused::Stopped(why)) => return Err(RunError::Stopped(why)),
        Err(Refused::Lock(held @ LockError::Held { .. })) => return Err(held.into()),
        // Where nothing is to be asked nothing need be written, and a folder that cannot be
        // written is no failure.
        Err(Refused::Lock(failure)) => (None, Some(failure)),
    };
    // Read under the lock: a run that was waited for has changed them, or has made the store.
    if reader.is_none() {
        reader = Reader::open(&dir)?;
    }
    check_name(recipe, reader.as_ref())?;
    held.own(lock, reader.as_ref(), (opened, began), watcher)?;
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
    let written = reader.as_ref().map(|reader| reader.written_state(&config.name)).transpose()?.flatten();
    let rows_before = rows_before(&files, reader.as_ref(), &config.name)?;
    let mask = options.selection.mask(&recipe.grid);
    let guard = Guard { opened, files: &files, written: written.as_ref(), leaving: options.leaving };
    let mut spared = false;
    let mut nothing = false;
    let mut assumed = None;
    if let Some(known) = known {
        let mut book = book(recipe, &known.memories, reader.as_ref(), options.retry_failed)?;
        book.watch(Some(watcher));
        book.heed(Some(&interrupted));
        let mut made = Made::of(recipe, &mut book, &files, &asks_before, Some(&mask), None)?;
        nothing = !made.outcome.demands.iter().any(|demand| mask[demand.cell]);
        if options.retry_failed {
            drop(made);
            book.honour_tombstones();
            let unless = (!nothing).then_some(&mask[..]);
            made = Made::of(recipe, &mut book, &files, &asks_before, unless, None)?;
        }
        // A model that was not seen may be another by the time it is asked.
        if nothing || known.seen {
            spared = guard.check(made.change(recipe, &mut book, &mask)?, made.cells, book.models())?;
        }
        assumed = Some(Assumed { models: book.models().clone(), memories: known.memories, made });
    }
    let worked = match (assumed, unlocked) {
        (Some(Assumed { memories, made, .. }), _) if nothing => Worked::idle(made, memories),
        (_, Some(failure)) => return Err(failure.into()),
        (assumed, None) => {
            if options.leaving != Leaving::Spare {
                files.probe()?;
            }
            let orders = held.orders.get_or_insert_with(|| Orders::listen(&dir, &config.name));
            let work = Work {
                options,
                watcher,
                dir: &dir,
                guard: &guard,
                before: &asks_before,
                mask: &mask,
                interrupted,
            };
            let mut worked = work.ask(assumed, (&mut ends, orders)).await?;
            // What is wrong with its use takes no row out of a dataset, and makes no empty one.
            let refused = |error: &mut RunError| error.ended() == Ended::Usage;
            if worked.progress.attempts == 0
                && let Some(error) = worked.error.take_if(refused)
            {
                return Err(error);
            }
            spared = worked.spared;
            worked
        }
    };
    let Worked { mut made, before, memories, cells, progress, budget, change, mut error, stopped, .. } =
        worked;
    let models = models(config, &memories);
    if progress.attempts > 0 && has_changed(opened) {
        watcher.say("the config or a template has changed since this run began: run again for what is new");
    }

    let asks = std::mem::take(&mut made.asks);
    let mut summary = summarise(recipe, &mut made, &progress, cells, began);
    summary.change = change;
    summary.run = RunCounts::between(&before, &made.counts());
    summary.by_axis = std::mem::take(&mut made.by_axis);
    summary.by_ask = std::mem::take(&mut made.by_ask);
    summary.asked = std::mem::take(&mut made.asked);
    summary.cost = spending(&config.endpoints, &budget);
    summary.overspent = overspent(&budget);
    summary.fault_costs = morning::costs(recipe, &made.outcome, &progress, &summary.run);
    if let Some(asks) = &asks {
        morning::beside(&mut summary, &made.outcome, asks, &progress.answered);
    }
    summary.rows_before = rows_before;
    summary.model = models.names();
    let now = state(opened);
    summary.model_change = model_change(&files, &models);
    summary.edits = morning::edits(written.as_ref(), &now, summary.model_change.is_some());
    summary.asked_as = Some(morning::asked_as(&now, summary.model.as_deref()));
    summary.stopped_by = stopped.map(|stop| stop.name().to_owned());
    summary.part = !options.selection.is_all();
    summary.dataset = config::load::shown(&files.dataset()).display().to_string();
    if spared {
        watcher.say("many rows would leave the dataset (`run.max_leaving`): its files stay as they were");
        made.spare();
    } else {
        let then = files.rows();
        let written = made.write();
        let why = match &written {
            Err(failure) => Some(failure.source.to_string()),
            // It was not even evaluated.
            Ok(()) if asks.is_none() => Some(error.as_ref().map_or_else(String::new, RunError::to_string)),
            Ok(()) => None,
        };
        summary.unwritten = why.map(|why| Unwritten { why, rows: then });
        // Another failure came first, and this follows from it more often than not.
        if let Err(failure) = written {
            error.get_or_insert(failure.into());
        }
    }
    if progress.attempts > 0 && error.is_none() {
        watcher.update(&report::Status {
            rows: summary.accepted,
            wanted: summary.wanted,
            requests: summary.requests,
            attempts: summary.attempts,
            prompt_tokens: summary.prompt_tokens,
            cached_tokens: summary.cached_tokens,
            cost: summary.cost.as_ref().map(|cost| cost.all),
            faults: progress.faults.clone(),
            rejected: made.outcome.rejected.clone(),
            completion_tokens: summary.completion_tokens,
            elapsed: began.instant.elapsed(),
            waiting: Some("auditing the first rows of the dataset".into()),
            ..report::Status::default()
        });
        let auditing = Instant::now();
        summary.audit = audited(recipe, &files);
        summary.audit_seconds = report::milliseconds(auditing.elapsed());
    }
    if let Some(gathered) = made.morning.take() {
        gathered.finish(&made.outcome, &mask).fill(&mut summary);
    }
    morning::endpoints(&mut summary, recipe, &progress);
    let state = asks.filter(|_| !spared).and_then(|asks| {
        let same = last == Some(state(opened)) && asks == asks_before;
        (!same || progress.attempts > 0).then(|| snapshot(opened, asks))
    });
    let mut outlook = || {
        let reader = Reader::open(&dir)?;
        let book = book(recipe, &memories, reader.as_ref(), false)?;
        let evidence = made.evidence.as_ref().filter(|evidence| !evidence.is_empty());
        let kept =
            evidence.map_or(Ok(()), |evidence| remember(&dir, recipe, &memories, evidence, &book, &progress));
        let left = |chosen: bool| {
            let is_meant = |cell: usize| mask[cell] == chosen;
            let lacks = |cell: usize| recipe.quotas.rows(cell) - made.outcome.accepted[cell];
            let meant = made.outcome.demands.iter().filter(|demand| is_meant(demand.cell));
            let demands = meant.map(|demand| (demand, lacks(demand.cell)));
            let prospects = prospects(recipe, made.evidence.as_ref(), &book, demands)?;
            Ok::<_, RunError>(morning::left(recipe, &made.outcome, prospects, is_meant))
        };
        (summary.left, summary.elsewhere) = (left(true)?, left(false)?);
        kept
    };
    // What was done is kept all the same.
    if let Err(failure) = outlook() {
        error.get_or_insert(failure);
    }
    summary.allowed_short = recipe.allowed_short(|cell| mask[cell]);
    Ok(Came {
        ended: ended(recipe, &made.outcome, &mask, stopped.is_some()),
        summary,
        error,
        state: state.map(|state| (state, memories)),
        is_kept: !spared,
    })
}

fn ended(recipe: &Recipe, outcome: &Outcome, mask: &[bool], stopped: bool) -> Ended {
    let meant = mask.iter().enumerate().filter(|(_, meant)| **meant).map(|(cell, _)| cell);
    let missing: u64 = meant.map(|cell| u64::from(recipe.quotas.rows(cell) - outcome.accepted[cell])).sum();
    let open = outcome.demands.iter().any(|demand| mask[demand.cell]);
    match (stopped, !open && missing <= recipe.allowed_short(|cell| mask[cell])) {
        (_, true) => Ended::Complete,
        (true, false) => Ended::Stopped,
        (false, false) => Ended::Short,
    }
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
        unsent: progress.unsent,
        unstored: progress.unstored,
        hedged: progress.hedged,
        needed: progress.needed,
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
        cells,
        distinct_2: distinct.map(|found| (found.share * 1000.0).round() / 1000.0),
        distinct_2_texts: distinct.map_or(0, |found| found.texts as u64),
        ..Summary::default()
    }
}
