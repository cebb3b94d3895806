//! Evaluations beside the asking: while a thread works out what is demanded next, requests go on.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc as channel;

use super::order::{Asking, Plan, Planner};
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe, Stored};
use crate::pipeline::book::{BookError, Knowledge, StoreBook};
use crate::pipeline::summary::Outcome;
use crate::store::{Reader, Settings, StoreDir, StoreError};

/// What is evaluated.
pub struct Task {
    pub recipe: Arc<Recipe>,
    pub models: Models,
    pub dir: StoreDir,
    /// Of today, by endpoint.
    pub settings: Vec<Settings>,
    pub retry_failed: bool,
    /// By cell: whether it is to be asked for.
    pub mask: Vec<bool>,
    /// What a cell needs for sure is asked together.
    pub ahead: bool,
}

/// What an evaluation is to know beyond the one before.
enum News {
    Stored(Demand, Stored),
    /// To be looked up again.
    Forgotten(Demand),
}

/// So much is new at most before the thread is told.
const MANY: usize = 256;

/// What the thread is told: much at once, since each word to another thread wakes it.
struct Job {
    news: Vec<News>,
    /// For what to evaluate then; `None`: for nothing any more.
    asking: Option<Asking>,
}

/// An outcome with what is to be asked for it, and how long it took to find out.
pub struct Evaluated {
    pub outcome: Outcome,
    pub plan: Plan,
    pub took: Duration,
}

type Told = channel::UnboundedSender<Result<Evaluated, BookError>>;

/// The thread, as the asking sees it.
pub struct Evaluator {
    jobs: mpsc::Sender<Job>,
    /// What it is told with the next job.
    news: Vec<News>,
    evaluated: channel::UnboundedReceiver<Result<Evaluated, BookError>>,
    thread: JoinHandle<Option<Knowledge>>,
    is_busy: bool,
}

impl Evaluator {
    /// Begins with an outcome that was worked out already: what is to be asked for that comes first.
    pub fn start(task: Task, outcome: Outcome, asking: Asking) -> Self {
        let (jobs, waiting) = mpsc::channel();
        let (told, evaluated) = channel::unbounded_channel();
        let thread = std::thread::spawn(move || {
            let known = work(&task, outcome, &asking, &waiting, &told);
            // Whoever asks may be at its end.
            known.map_err(|failure| drop(told.send(Err(failure)))).ok()
        });
        Self { jobs, news: Vec::new(), evaluated, thread, is_busy: true }
    }

    /// Whether something is being worked out.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Begins to evaluate what it was told of by now.
    pub fn evaluate(&mut self, asking: Asking) {
        self.is_busy = true;
        self.tell(Some(asking));
    }

    /// Tells what was stored, in time for the next evaluation.
    pub fn learn(&mut self, demand: Demand, stored: Stored) {
        self.gather(News::Stored(demand, stored));
    }

    /// Has an ask looked up again.
    pub fn forget(&mut self, demand: Demand) {
        self.gather(News::Forgotten(demand));
    }

    fn gather(&mut self, news: News) {
        self.news.push(news);
        if self.news.len() >= MANY {
            self.tell(None);
        }
    }

    fn tell(&mut self, asking: Option<Asking>) {
        // A thread that failed has said so.
        let _ = self.jobs.send(Job { news: std::mem::take(&mut self.news), asking });
    }

    /// What came of the evaluation under way.
    pub async fn next(&mut self) -> Result<Evaluated, BookError> {
        let evaluated = self.evaluated.recv().await;
        self.is_busy = false;
        evaluated.unwrap_or_else(|| Err(StoreError::Gone.into()))
    }

    /// Ends the thread as soon as it is done with what it was told, and says what it knows then.
    pub fn finish(mut self) -> Option<Knowledge> {
        self.tell(None);
        drop(self.jobs);
        self.thread.join().ok().flatten()
    }
}

/// Works until nobody can tell it anything any more.
fn work(
    task: &Task,
    outcome: Outcome,
    asking: &Asking,
    jobs: &mpsc::Receiver<Job>,
    told: &Told,
) -> Result<Knowledge, BookError> {
    // A connection is for one thread.
    let reader = Reader::open(&task.dir)?;
    let (models, settings) = (task.models.clone(), task.settings.clone());
    let book = StoreBook::new(&task.recipe, models, reader.as_ref(), settings, task.retry_failed)?;
    let book = book.remembering(&outcome.demands);
    let mut planner = Planner::new(&task.recipe, book, &task.mask, task.ahead);
    let tell = |planner: &mut Planner<'_>, outcome: Outcome, asking: &Asking, began: Option<Instant>| {
        let plan = planner.plan(&outcome, asking);
        let took = began.map(|began| began.elapsed()).unwrap_or_default();
        // Whoever asks may be at its end.
        let _ = told.send(Ok(Evaluated { outcome, plan, took }));
    };
    // That was no evaluation.
    tell(&mut planner, outcome, asking, None);
    for Job { news, asking } in jobs {
        for news in news {
            match news {
                News::Stored(demand, stored) => planner.learn(&demand, Some(stored)),
                News::Forgotten(demand) => planner.learn(&demand, None),
            }
        }
        if let Some(asking) = asking {
            let began = Instant::now();
            crate::wait_point!("evaluation");
            let outcome = Outcome::of::<(), _>(&task.recipe, &mut planner.book, &mut ())?;
            tell(&mut planner, outcome, &asking, Some(began));
        }
    }
    Ok(planner.book.into_knowledge())
}
