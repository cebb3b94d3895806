//! What a worker is given, and what it gives back.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use super::progress::Progress;
use super::stop::Limits;
use crate::dataset::Recipe;
use crate::dataset::evaluate::Demand;
use crate::pipeline::book::StoreBook;
use crate::pipeline::connect::Line;
use crate::pipeline::error::RunError;
use crate::pipeline::stop::Stop;
use crate::pipeline::summary::Outcome;
use crate::report::Watcher;
use crate::scheduler::Budget;
use crate::store::{Settings, StoreDir, Writer, Written};

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

    /// What was done, with how long it was asked, and what was spent, now that the asking is over.
    pub fn over(self) -> (Progress, Budget) {
        let mut progress = self.progress;
        let no_asking = progress.paused + progress.deserted;
        progress.asking = self.began.elapsed().saturating_sub(no_asking);
        (progress, self.budget)
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
