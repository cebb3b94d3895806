//! A run's asking, from the first look at its endpoints to the last evaluation.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::connecting::heard;
use super::retry::lacks_rows;
use super::{Ends, RunOptions};
use crate::config::Config;
use crate::dataset::evaluate::Demand;
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Models, Recipe, evaluate};
use crate::pipeline::address::{address, shown_address};
use crate::pipeline::book::StoreBook;
use crate::pipeline::connect::{Line, connect, models};
use crate::pipeline::control::Orders;
use crate::pipeline::error::RunError;
use crate::pipeline::forecast::prospects;
use crate::pipeline::interrupt::Interrupted;
use crate::pipeline::leaving::Guard;
use crate::pipeline::made::Made;
use crate::pipeline::output::previous_rows;
use crate::pipeline::record::config_path;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::rows::Rows;
use crate::pipeline::state::{book, settings, snapshot};
use crate::pipeline::stop::Stop;
use crate::pipeline::summary::Outcome;
use crate::pipeline::worker::{self, Closing, Done, Limits, Progress, SoFar, Tools};
use crate::report::morning::PAST;
use crate::report::{CellChange, RowChange, RunCounts, Summary, ToGo, Watcher};
use crate::scheduler::Budget;
use crate::store::{EndpointMemory, Reader, StoreDir, Writer, Written};

/// What stored answers come to if the models are those that were seen last.
pub(super) struct Assumed<'a> {
    pub models: Arc<Models>,
    pub memories: Vec<EndpointMemory>,
    pub made: Made<'a>,
    /// How the rows stand to those of the dataset on disk, where that was looked for.
    pub change: Option<RowChange>,
}

/// What was made of the models that are there, and its change, where that was looked for.
type Same<'a> = (Made<'a>, Option<RowChange>);

pub(super) struct Worked<'a> {
    pub made: Made<'a>,
    /// What the stored answers came to before anything was asked.
    pub before: RunCounts,
    pub memories: Vec<EndpointMemory>,
    /// How the cells stood to those of the dataset on disk before anything was asked.
    pub cells: CellChange,
    pub progress: Progress,
    /// What was spent, and on whom.
    pub budget: Budget,
    /// How the rows stand to those of the dataset on disk.
    pub change: RowChange,
    pub error: Option<RunError>,
    pub stopped: Option<Stop>,
    /// The dataset's files are to be left alone.
    pub spared: bool,
}

impl<'a> Worked<'a> {
    /// Nothing was asked.
    pub fn idle(made: Made<'a>, memories: Vec<EndpointMemory>) -> Self {
        let (progress, cells, before) = (Progress::default(), made.cells, made.counts());
        let (budget, change) = (Budget::default(), made.rows.change);
        Self {
            made,
            before,
            memories,
            cells,
            progress,
            budget,
            change,
            error: None,
            stopped: None,
            spared: false,
        }
    }
}

/// What a run asks with, from the first look at its endpoints to the last evaluation.
pub(super) struct Work<'a, 'r> {
    pub options: &'r RunOptions,
    pub watcher: &'r Recorder<'r>,
    pub dir: &'r StoreDir,
    pub guard: &'r Guard<'a>,
    /// The asks of the state that the dataset on disk is of.
    pub before: &'r CellAsks,
    /// By cell: whether it is to be asked for.
    pub mask: &'r [bool],
    pub interrupted: Interrupted,
}

impl<'a, 'r> Work<'a, 'r> {
    /// Asks for what is missing, and again when an endpoint comes that was never seen.
    ///
    /// # Errors
    /// What kept it from coming to anything.
    pub async fn ask(
        &self,
        assumed: Option<Assumed<'a>>,
        ends: &mut Ends,
        orders: &mut Orders,
    ) -> Result<Worked<'a>, RunError> {
        let config = &self.recipe().config;
        let mut opened_writer = Some(open_writer(self.dir)?);
        let reader = Reader::open(self.dir)?;
        let connecting = connect(config, reader.as_ref(), self.watcher);
        let (mut lines, assumed) =
            match (heard(config, self.watcher, connecting, ends, orders).await, assumed) {
                (Ok(lines), assumed) => (lines, assumed),
                (Err(error), Some(assumed)) => return self.unreached(assumed, error, reader.as_ref()),
                (Err(error), None) => return Err(error),
            };
        let mut memories = memories_of(&lines);
        // Where models were assumed it was found out for them.
        let retry_failed = self.options.retry_failed
            && (assumed.is_some()
                || lacks_rows(self.recipe(), (&memories, reader.as_ref()), self.mask, self.watcher)?);
        let mut same = self.still_true(assumed, &models(config, &memories))?;
        let mut limits = Limits::new(&config.run, ends.deadline);
        let mut so_far = SoFar::new(&limits);
        let mut first: Option<First> = None;
        loop {
            let reader = Reader::open(self.dir)?;
            let mut book = self.book(&memories, reader.as_ref(), retry_failed)?;
            let stored = (&memories[..], reader.as_ref());
            let (made, change) = self.made(&mut book, same.take(), stored, retry_failed, first.is_none())?;
            if let Some(deadline) = limits.deadline {
                let audit = last_audit(reader.as_ref(), &config.name)?;
                limits.closing = Closing::new(made.took, audit, deadline.left(Timestamp::now()));
            }
            book.read_texts(false);
            book.watch(None);
            // An endpoint that comes later takes nothing away.
            let spared = match &first {
                Some(first) => first.spared,
                None => self.guard.check(change, made.cells, book.models())?,
            };
            let (writer, commits) = match opened_writer.take() {
                Some(pair) => pair,
                None => open_writer(self.dir)?,
            };
            let to_go = self.to_go(&made, &mut book)?;
            let counts = made.counts();
            let Made { outcome, cells, asks, proven, .. } = made;
            self.keep(&writer, &memories, (!spared).then(|| asks.unwrap_or_default()))?;
            self.say_what_is_to_go(&to_go, &outcome, &lines, &limits, first.is_none());
            let First { before, cells, .. } = first.get_or_insert(First { before: counts, cells, spared });
            let (before, cells) = (before.clone(), *cells);
            let tools = Tools {
                recipe: self.recipe(),
                book,
                lines,
                writer,
                commits,
                watcher: self.watcher,
                settings: settings(self.recipe(), &memories),
                shared: self.guard.opened.recipe.clone(),
                dir: self.dir.clone(),
                retry_failed,
                mask: self.mask.to_vec(),
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
            let (progress, budget) = done.over();
            for (memory, did) in memories.iter_mut().zip(&progress.endpoints) {
                memory.level = did.found.or(memory.level);
            }
            book.watch(Some(self.watcher));
            let made =
                Made::of(self.recipe(), &mut book, self.guard.files, self.before, None, Some(&progress));
            let made = made.unwrap_or_else(|failure| {
                error.get_or_insert(failure.into());
                Made::without_files(outcome)
            });
            let change = made.change(self.recipe(), &mut book, self.mask).unwrap_or_else(|failure| {
                error.get_or_insert(failure.into());
                made.rows.change
            });
            return Ok(Worked {
                made,
                before,
                memories,
                cells,
                progress,
                budget,
                change,
                error,
                stopped,
                spared,
            });
        }
    }

    pub(super) fn recipe(&self) -> &'a Recipe {
        &self.guard.opened.recipe
    }

    fn book<'b>(
        &self,
        memories: &[EndpointMemory],
        reader: Option<&'b Reader>,
        retry_failed: bool,
    ) -> Result<StoreBook<'b>, RunError>
    where
        'a: 'b,
    {
        book(self.recipe(), memories, reader, retry_failed)
    }

    /// Nobody could be asked; what is stored still makes a dataset, as far as it goes.
    fn unreached(
        &self,
        assumed: Assumed<'a>,
        error: RunError,
        reader: Option<&Reader>,
    ) -> Result<Worked<'a>, RunError> {
        let memories = assumed.memories;
        let mut book = self.book(&memories, reader, false)?;
        let made = Made::of(self.recipe(), &mut book, self.guard.files, self.before, None, None)?;
        let Ok(spared) = self.guard.check(made.rows.change, made.cells, book.models()) else {
            return Err(error);
        };
        let (stopped, error) = match error {
            RunError::Stopped(why) => (Some(why), None),
            error => (None, Some(error)),
        };
        Ok(Worked { error, stopped, spared, ..Worked::idle(made, memories) })
    }

    /// What was made of the models that were assumed, if these are those that are there.
    fn still_true(&self, assumed: Option<Assumed<'a>>, now: &Models) -> Result<Option<Same<'a>>, RunError> {
        sees_no_names(&self.recipe().config, now)?;
        match assumed {
            Some(assumed) if assumed.models.are(now) => Ok(Some((assumed.made, assumed.change))),
            Some(_) => {
                if let Some(names) = now.names() {
                    self.watcher.say(&format!("the model is now {names}"));
                }
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// What stored answers come to before something is asked, and what that takes out of the dataset: what is tried
    /// again takes nothing out until it has failed to come back. `same` is what was made of it a moment ago.
    fn made<'b>(
        &self,
        book: &mut StoreBook<'b>,
        same: Option<Same<'a>>,
        (memories, reader): (&[EndpointMemory], Option<&Reader>),
        retry_failed: bool,
        is_first: bool,
    ) -> Result<(Made<'a>, RowChange), RunError>
    where
        'r: 'b,
    {
        book.watch(Some(self.watcher));
        let same = match same {
            // Nothing has happened since.
            Some((made, change)) if !retry_failed => {
                let change = match change {
                    Some(change) => change,
                    None => made.change(self.recipe(), book, self.mask)?,
                };
                return Ok((made, change));
            }
            same => same.map(|(made, _)| made),
        };
        // Later it is the asking that stops.
        book.heed(Some(&self.interrupted).filter(|_| is_first));
        let made = Made::of(self.recipe(), book, self.guard.files, self.before, Some(self.mask), None)?;
        book.heed(None);
        let change = match same {
            Some(same) => same.change(self.recipe(), book, self.mask)?,
            None if retry_failed && is_first => {
                let mut book = self.book(memories, reader, false)?;
                book.watch(Some(self.watcher));
                let mut rows = Rows::new(previous_rows(self.guard.files));
                evaluate::<(), _>(&self.recipe().quotas, &mut book, &mut rows)?;
                book.passes_over();
                rows.finish().waiting(&self.recipe().quotas, &mut book, |cell| self.mask[cell])?
            }
            None => made.change(self.recipe(), book, self.mask)?,
        };
        Ok((made, change))
    }

    /// Keeps what the run is of, and its asks but where the dataset is left alone: before its first ask, so that one that
    /// dies is known to have begun.
    fn keep(
        &self,
        writer: &Writer,
        memories: &[EndpointMemory],
        asks: Option<CellAsks>,
    ) -> Result<(), RunError> {
        let config = &self.recipe().config;
        for (endpoint, memory) in config.endpoints.iter().zip(memories) {
            writer.endpoint(&address(endpoint), memory)?;
        }
        if let Some(asks) = asks {
            writer.snapshot(&config.name, snapshot(self.guard.opened, asks))?;
        }
        Ok(writer.config_file(&config.name, &config_path(self.recipe()))?)
    }

    pub(super) fn meant<'o>(&self, outcome: &'o Outcome) -> impl Iterator<Item = &'o Demand> + Clone {
        outcome.demands.iter().filter(|demand| self.mask[demand.cell])
    }

    /// How much is to be asked, as far as one can tell.
    fn to_go(&self, made: &Made<'_>, book: &mut StoreBook<'_>) -> Result<ToGo, RunError> {
        let lacks = |cell: usize| self.recipe().quotas.rows(cell) - made.outcome.accepted[cell];
        let demands = self.meant(&made.outcome).map(|demand| (demand, lacks(demand.cell)));
        Ok(prospects(self.recipe(), made.evidence.as_ref(), book, demands)?.to_go)
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

/// What is known of each endpoint, in the config's order.
pub(super) fn memories_of(lines: &[Line]) -> Vec<EndpointMemory> {
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
