//! What `evaluate` reads, over a compiled config and the store.

mod about;
mod held;
mod judging;
mod looking;
mod meaning;
mod memory;
mod ready;
mod ruled;
mod sequence;
mod stored;
mod verdicts;

use std::sync::Arc;
use std::time::Instant;

use super::interrupt::Interrupted;
use crate::check::Candidate;
use crate::check::answer::Answer;
use crate::dataset::evaluate::{Demand, Judgement, Look, Meaning, Place};
use crate::dataset::{Book, Models, Recipe, Stored};
use crate::model::{Fingerprint, RowId};
use crate::prompt::RenderError;
use crate::report::{Status, Watcher};
use crate::store::{Answers, Reader, Settings, StoreError};
use about::Rulings;
pub use about::{Said, Stand};
pub use held::{Found, Held};
use memory::Memory;
use ready::Ready;
use ruled::Ruled;
use sequence::{Head, Sequence};
pub use stored::StoredAsk;
use verdicts::Verdicts;

/// Asks and stored answers of one config and its models.
pub struct StoreBook<'a> {
    recipe: &'a Recipe,
    models: Arc<Models>,
    reader: Option<&'a Reader>,
    answers: Answers,
    /// Of today, by endpoint; tombstones are held against them.
    settings: Vec<Settings>,
    /// Tombstones count as missing, or there is none.
    no_tombstones: bool,
    /// Whether texts are read, or verdicts are enough.
    texts: bool,
    /// What was read before, where the same is evaluated many times.
    memory: Option<Memory>,
    /// What was judged before.
    verdicts: Option<Verdicts>,
    /// What second looks, judges and embeddings came to before.
    ruled: Option<Ruled>,
    /// Asks that were prepared together, in the order in which they will be read.
    ready: Vec<Ready>,
    /// Where in them the next is looked for.
    next: usize,
    progress: Option<Progress<'a>>,
    /// What ends an evaluation.
    interrupted: Option<Interrupted>,
    rulings: Rulings,
}

/// What a book remembers of the store and of texts, for another book of the same.
pub struct Knowledge {
    memory: Option<Memory>,
    rulings: Rulings,
}

/// Who is told how far an evaluation is.
struct Progress<'a> {
    watcher: &'a (dyn Watcher + Sync),
    started: Instant,
    read: u64,
    /// It goes on to the end of every cell, however far that is.
    to_the_end: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum BookError {
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("stopping")]
    Stopped,
}

impl std::fmt::Debug for StoreBook<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreBook").field("models", &self.models).finish_non_exhaustive()
    }
}

impl<'a> StoreBook<'a> {
    /// A book of verdicts, without texts, that forgets what was read.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn new(
        recipe: &'a Recipe,
        models: Models,
        reader: Option<&'a Reader>,
        settings: Vec<Settings>,
        retry_failed: bool,
    ) -> Result<Self, BookError> {
        let no_tombstones = retry_failed
            || match reader {
                Some(reader) => !reader.has_tombstones()?,
                None => true,
            };
        Ok(Self {
            recipe,
            models: Arc::new(models),
            reader,
            answers: Answers::default(),
            settings,
            no_tombstones,
            texts: false,
            memory: None,
            verdicts: None,
            ruled: None,
            ready: Vec::new(),
            next: 0,
            progress: None,
            interrupted: None,
            rulings: Rulings::default(),
        })
    }

    /// Remembers what was read, for many evaluations of the same; to begin with, what an evaluation
    /// found to be missing.
    #[must_use]
    pub fn remembering(self, missing: &[Demand]) -> Self {
        Self { memory: Some(Memory::new(self.recipe.grid.size(), missing)), ..self }
    }

    /// What it remembers.
    pub fn into_knowledge(self) -> Knowledge {
        Knowledge { memory: self.memory, rulings: self.rulings }
    }

    /// Remembers from now on what another book did.
    pub fn take_up(&mut self, knowledge: Knowledge) {
        (self.memory, self.rulings) = (knowledge.memory, knowledge.rulings);
    }

    /// Tells somebody how far the next evaluation is, where it takes longer than a moment; `None` for
    /// nobody.
    pub fn watch(&mut self, watcher: Option<&'a (dyn Watcher + Sync)>) {
        self.progress =
            watcher.map(|watcher| Progress { watcher, started: Instant::now(), read: 0, to_the_end: false });
    }

    /// Tells the same of an evaluation that looks for rows that only wait, in which open asks are passed over.
    pub fn passes_over(&mut self) {
        if let Some(Progress { watcher, .. }) = self.progress {
            self.progress = Some(Progress { watcher, started: Instant::now(), read: 0, to_the_end: true });
        }
    }

    /// Ends the next evaluations as soon as somebody asks to stop; `None` for those that are seen through.
    pub fn heed(&mut self, interrupted: Option<&Interrupted>) {
        self.interrupted = interrupted.cloned();
    }

    /// Takes up what was judged before, and what is judged from now on where it is to be left for the
    /// next time.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn open_verdicts(&mut self, leave: bool) -> Result<(), BookError> {
        (self.verdicts, self.ruled) = (None, None);
        let Some(reader) = self.reader else { return Ok(()) };
        let Some(generation) = reader.generation()? else { return Ok(()) };
        let head = verdicts::head(self.recipe, &generation);
        let open = |ending: &str, head: Head| {
            let path = reader.caches().join(format!("{}.{ending}", self.recipe.config.name));
            Sequence::open(path, head, leave)
        };
        self.verdicts = Some(Verdicts::new(open("verdicts", head)));
        self.ruled = Some(Ruled::open(self.recipe, head, &self.models, open));
        Ok(())
    }

    /// Leaves what was judged for the next time, after one whole evaluation.
    pub fn leave_verdicts(&mut self) {
        if let Some(verdicts) = self.verdicts.take() {
            verdicts.finish();
        }
        if let Some(ruled) = self.ruled.take() {
            ruled.finish();
        }
    }

    /// Reads the texts of candidates from now on, or verdicts only.
    pub fn read_texts(&mut self, texts: bool) {
        self.texts = texts;
    }

    pub fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// `None` where nothing was ever stored.
    pub fn reader(&self) -> Option<&'a Reader> {
        self.reader
    }

    /// Takes in what was just stored for a demand.
    pub fn learn(&mut self, demand: &Demand, stored: Stored) {
        if let Stored::Tombstone(reason) = &stored {
            self.learn_given_up(demand.fingerprint, reason);
        }
        if let (None, Some(memory)) = (demand.about, &mut self.memory) {
            memory.learn(demand.cell, demand.ask, demand.fingerprint, stored, true);
        }
    }

    /// Goes back to passing over asks that were given up, where they were to be asked again and were
    /// not answered.
    pub fn honour_tombstones(&mut self) {
        self.no_tombstones = false;
        if let Some(memory) = &mut self.memory {
            memory.look_again();
        }
    }

    /// Reads the store again for a demand when it is next needed.
    pub fn forget(&mut self, demand: &Demand) {
        if let (None, Some(memory)) = (demand.about, &mut self.memory) {
            memory.forget(demand.cell, demand.ask);
        }
    }

    /// The candidates of an answer to an ask of a cell, by this config's rules.
    pub fn judge(&self, cell: usize, answer: &Answer) -> Arc<[Candidate]> {
        self.recipe.judge.judge(answer, &self.recipe.values(cell), true).into()
    }

    /// Whether texts are read with their verdicts. What is asked about a text has it in it; where all of
    /// that was known so far, the few that are not are read when they are met.
    fn reads_texts(&self) -> bool {
        let known = self.ruled.as_ref().is_some_and(Ruled::is_whole);
        self.texts || self.recipe.looks_into_texts() && !known
    }
}

impl Book for StoreBook<'_> {
    type Error = BookError;

    fn scope(&self, cell: usize) -> u64 {
        self.recipe.scope(cell)
    }

    fn labels(&self, cell: usize) -> Vec<usize> {
        self.recipe.labels(cell)
    }

    fn ahead(&mut self, asks: &[(usize, u32)]) -> Result<(), BookError> {
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        ready.extend(asks.iter().map(|(cell, ask)| Ready::new(*cell, *ask)));
        self.prepare(&mut ready)?;
        self.ready = ready;
        self.next = 0;
        if let Some(progress) = self.progress.as_mut().filter(|progress| !progress.to_the_end) {
            progress.read += asks.len() as u64;
            progress.show("looking through the cells", progress.read, self.recipe.wanted());
        }
        Ok(())
    }

    fn read(&mut self, cell: usize, ask: u32) -> Result<(Fingerprint, Stored), BookError> {
        if self.interrupted.as_ref().is_some_and(Interrupted::came) {
            return Err(BookError::Stopped);
        }
        if let Some(progress) = self.progress.as_mut().filter(|progress| progress.to_the_end) {
            progress.read += 1;
            if progress.read.is_multiple_of(256) {
                let asks = self.recipe.grid.size() as u64 * u64::from(self.recipe.quotas.max_asks);
                progress.show("looking for rows that come back", progress.read, asks);
            }
        }
        let (fingerprint, stored) = self.read_stored(cell, ask)?;
        // What is remembered and cached is what the answers say, so that a changed file of decisions
        // makes none of it stale.
        let stored = match stored {
            Stored::Answer(answer) => Stored::Answer(self.recipe.curated(cell, &fingerprint, answer)),
            other => other,
        };
        Ok((fingerprint, stored))
    }

    fn is_dropped(&self, fingerprint: &Fingerprint, candidate: &Candidate) -> bool {
        let curation = self.recipe.config.curation.as_ref();
        curation.is_some_and(|curation| {
            curation.dropped.contains(&RowId::of(fingerprint, candidate.choice, candidate.item))
        })
    }

    fn counterpart(&self, place: &Place, candidate: &Candidate) -> Option<Candidate> {
        self.recipe.counterpart(place.cell, &place.fingerprint, candidate)
    }

    fn second_look(&mut self, place: &Place, candidate: &Candidate) -> Result<Look, BookError> {
        self.look(place, candidate)
    }

    fn has_judges(&self) -> bool {
        self.recipe.rules_on_texts()
    }

    fn ruling(&mut self, place: &Place, candidate: &Candidate) -> Result<Judgement, BookError> {
        self.rule(place, candidate)
    }

    fn meaning(&mut self, place: &Place, candidate: &Candidate) -> Result<Meaning, BookError> {
        self.mean(place, candidate)
    }
}

impl Progress<'_> {
    fn show(&self, what: &str, done: u64, of: u64) {
        let elapsed = self.started.elapsed();
        if elapsed.as_millis() < 700 {
            return;
        }
        let share = (100 * done / of.max(1)).min(99);
        self.watcher.update(&Status {
            rows: done.min(of),
            wanted: of,
            elapsed,
            waiting: Some(format!("{what}: {share} %")),
            ..Status::default()
        });
    }
}
