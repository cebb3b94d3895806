//! The run itself.

mod begun;
mod connecting;
mod ending;
mod lock;
mod retry;
mod said;
mod work;

use std::time::Instant;

use jiff::{Timestamp, Zoned};

use super::connect::server_logs;
use super::control::Orders;
use super::deadline::Deadline;
use super::error::RunError;
use super::interrupt::Interrupts;
use super::leaving::{Guard, Leaving};
use super::output::Files;
use super::record::{Came, Finished, next_number, record, refused};
use super::recorder::Recorder;
use super::stop::Stop;
use super::{Opened, notify};
use crate::client::managed;
use crate::grid::Selection;
use crate::model::Untold;
use crate::report::morning::Ended;
use crate::report::{self, Watcher};
use crate::store::{Reader, RunLock, StoreDir};
use begun::Found;
use ending::Ending;
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
    let mut held = Own::default();
    let came = go(opened, options, &recorder, began, &mut held).await;
    let mut came = came.unwrap_or_else(|error| {
        let mut came = Came::in_vain(&opened.recipe, error);
        came.summary.started = began.text();
        came.summary.seconds = report::milliseconds(began.instant.elapsed());
        came
    });
    if came.error.as_ref().is_some_and(RunError::is_overlap) {
        return refused(opened, came);
    }
    let Own { orders, number, untold } = held;
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
struct Own {
    orders: Option<Orders>,
    /// 0 before that.
    number: u64,
    /// The runs that it is to tell of.
    untold: Vec<Untold>,
}

impl Own {
    /// A run has its name for itself, as far as files can be written.
    fn own(
        &mut self,
        mut lock: Option<RunLock>,
        reader: Option<&Reader>,
        opened: &Opened,
        began: Began,
        watcher: &Recorder<'_>,
    ) -> Result<(), RunError> {
        let config = &opened.recipe.config;
        if let Some(lock) = &mut lock {
            self.number = next_number(reader, &config.name, lock.untold())?;
            self.untold = lock.untold().to_vec();
            // Whoever kills it leaves this for the next one to tell.
            let _ = lock.begins(self.number, &began.text());
            managed::reap(&server_logs(config), &|message| watcher.say(message));
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
    held: &mut Own,
) -> Result<Came, RunError> {
    let mut begun = begun::begin(opened, options, watcher, began, held).await?;
    let known = begun.known.take();
    let written = begun.before.written.as_ref();
    let guard = Guard { opened, files: &begun.files, written, leaving: options.leaving };
    let found = match known {
        Some(known) => {
            let stored = (&known.memories[..], begun.reader.as_ref());
            let retry_failed =
                options.retry_failed && retry::lacks_rows(&opened.recipe, stored, &begun.mask, watcher)?;
            Some(begun.find(&guard, known, retry_failed, watcher)?)
        }
        None => None,
    };
    let worked = match (found, begun.unlocked) {
        (Some(Found { assumed: Assumed { memories, made, .. }, nothing: true, spared }), _) => {
            Worked { spared, ..Worked::idle(made, memories) }
        }
        (_, Some(failure)) => return Err(failure.into()),
        (found, None) => {
            if options.leaving != Leaving::Spare {
                begun.files.probe()?;
            }
            let name = &opened.recipe.config.name;
            let orders = held.orders.get_or_insert_with(|| Orders::listen(&begun.dir, name));
            let work = Work {
                options,
                watcher,
                dir: &begun.dir,
                guard: &guard,
                before: &begun.before.asks,
                mask: &begun.mask,
                interrupted: begun.interrupted,
            };
            let mut worked = work.ask(found.map(|found| found.assumed), &mut begun.ends, orders).await?;
            // What is wrong with its use takes no row out of a dataset, and makes no empty one.
            let refused = |error: &mut RunError| error.ended() == Ended::Usage;
            if worked.progress.attempts == 0
                && let Some(error) = worked.error.take_if(refused)
            {
                return Err(error);
            }
            worked
        }
    };
    let (dir, files, before, mask) = (&begun.dir, &begun.files, &begun.before, &begun.mask);
    Ok(Ending { opened, options, watcher, began, dir, files, before, mask }.of(worked))
}
