//! What a run knows before it asks: what is there, under its lock, and what stored answers come to.

use super::lock::{Refused, check_name, rows_before, take_lock};
use super::work::Assumed;
use super::{Began, Ends, Own, RunOptions};
use crate::dataset::snapshot::CellAsks;
use crate::pipeline::Opened;
use crate::pipeline::connect::{Known, look};
use crate::pipeline::deadline::Deadline;
use crate::pipeline::error::RunError;
use crate::pipeline::interrupt::{Interrupted, Interrupts};
use crate::pipeline::leaving::Guard;
use crate::pipeline::made::Made;
use crate::pipeline::output::Files;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::state::book;
use crate::store::{LockError, Reader, StoreDir};

/// What a run finds when it begins.
pub(super) struct Begun {
    pub dir: StoreDir,
    pub reader: Option<Reader>,
    pub files: Files,
    pub ends: Ends,
    pub interrupted: Interrupted,
    /// What is known of the models; `None` where one must be seen first.
    pub known: Option<Known>,
    /// Why it has no lock, which it can do without where nothing is to be asked.
    pub unlocked: Option<LockError>,
    pub before: Before,
    /// By cell: whether it is to be asked for.
    pub mask: Vec<bool>,
}

/// What the dataset on disk is of.
#[derive(Default)]
pub(super) struct Before {
    /// The resolved config and the files.
    pub written: Option<(String, String)>,
    /// That is the last state that was kept.
    pub is_last: bool,
    pub asks: CellAsks,
    /// Its rows, where the file is gone and they cannot be counted.
    pub rows: Option<u64>,
}

impl Before {
    fn read(files: &Files, reader: Option<&Reader>, name: &str) -> Result<Self, RunError> {
        let rows = rows_before(files, reader, name)?;
        let Some(reader) = reader else { return Ok(Self { rows, ..Self::default() }) };
        let Some(state) = reader.written_state(name)? else { return Ok(Self { rows, ..Self::default() }) };
        let asks = CellAsks::from_bytes(reader.whole_cells(state.number)?).unwrap_or_default();
        Ok(Self { written: Some(state.state), is_last: state.is_last, asks, rows })
    }
}

/// Looks at the endpoints, takes the lock, and reads what the dataset on disk is of.
///
/// # Errors
/// What keeps a run from beginning, and what ended its waiting.
pub(super) async fn begin(
    opened: &Opened,
    options: &RunOptions,
    watcher: &Recorder<'_>,
    began: Began,
    held: &mut Own,
) -> Result<Begun, RunError> {
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
    held.own(lock, reader.as_ref(), opened, began, watcher)?;
    let before = Before::read(&files, reader.as_ref(), &config.name)?;
    let mask = options.selection.mask(&recipe.grid);
    Ok(Begun { dir, reader, files, ends, interrupted, known, unlocked, before, mask })
}

/// What stored answers come to before anything is asked.
pub(super) struct Found<'a> {
    pub assumed: Assumed<'a>,
    /// There is nothing to ask.
    pub nothing: bool,
    /// The dataset's files are to be left alone.
    pub spared: bool,
}

impl Begun {
    /// Evaluates what is stored, for the models that are known.
    ///
    /// # Errors
    /// A store that cannot be read, and more rows that would leave than may.
    pub fn find<'a>(
        &self,
        guard: &Guard<'a>,
        known: Known,
        retry_failed: bool,
        watcher: &Recorder<'_>,
    ) -> Result<Found<'a>, RunError> {
        let Self { before, mask, .. } = self;
        let recipe = &guard.opened.recipe;
        let mut book = book(recipe, &known.memories, self.reader.as_ref(), retry_failed)?;
        book.watch(Some(watcher));
        book.heed(Some(&self.interrupted));
        let mut made = Made::of(recipe, &mut book, guard.files, &before.asks, Some(mask), None)?;
        let nothing = !made.outcome.demands.iter().any(|demand| mask[demand.cell]);
        if retry_failed {
            drop(made);
            book.honour_tombstones();
            let unless = (!nothing).then_some(mask.as_slice());
            made = Made::of(recipe, &mut book, guard.files, &before.asks, unless, None)?;
        }
        let (mut change, mut spared) = (None, false);
        // A model that was not seen may be another by the time it is asked.
        if nothing || known.seen {
            let rows = *change.insert(made.change(recipe, &mut book, mask)?);
            spared = guard.check(rows, made.cells, book.models())?;
        }
        let models = book.models().clone();
        Ok(Found { assumed: Assumed { models, memories: known.memories, made, change }, nothing, spared })
    }
}
