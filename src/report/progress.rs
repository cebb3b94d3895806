//! Progress: a bar on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::morning::{Awaited, Level};
use super::{duration, money, say, shortened, tally, thousands};
use crate::model::{Fingerprint, Noted};

/// What a run tells whoever watches it.
pub trait Watcher {
    /// Something that takes time, or that the user should know.
    fn say(&self, message: &str);
    /// The state of things, some times a second.
    fn update(&self, status: &Status);
    /// How often `update` is wanted.
    fn interval(&self) -> Duration;
    /// The run can ask nothing, since it waits for something; told anew as more is known of it.
    fn waits(&self, _what: &Awaited) {}
    /// What it waited for is there, or is waited for no more.
    fn goes_on(&self, _what: &Awaited) {}
    /// More answers are stored: what the run brought so far.
    fn stored(&self, _noted: Noted) {}
    /// A send failed; the first of each class is said too.
    fn fault(&self, _note: &FaultNote<'_>) {}
    /// Something changed for an endpoint, or was sent a second time.
    fn happened(&self, _what: &Happened<'_>) {}
    /// Another number of requests at a time was tried at an endpoint.
    fn tried(&self, _endpoint: &str, _level: &Level) {}
}

/// A send that failed, and what follows.
#[derive(Debug)]
pub struct FaultNote<'a> {
    pub endpoint: &'a str,
    pub class: &'static str,
    pub cell: String,
    pub ask: u32,
    pub fingerprint: Fingerprint,
    pub error: &'a str,
    /// `again`, `aside`, `given-up` or `left-open`.
    pub then: &'static str,
    /// `retry`, `away`, `pause`, `shrink`, `elsewhere`, `give-up` or `stop`.
    pub decision: &'static str,
    /// How long the ask waits for that, or with a `pause` all that its endpoint is sent.
    pub wait: Option<Duration>,
}

/// What happens to endpoints beside answers and failures.
#[derive(Debug)]
pub enum Happened<'a> {
    /// It is held to be away, or has another model.
    Away { endpoint: &'a str, error: Option<String> },
    /// It is there again, after so long.
    Back { endpoint: &'a str, after: Duration },
    /// Nothing is sent to it, since no waiting will mend it.
    Aside { endpoint: &'a str, error: Option<String> },
    /// What hangs at one endpoint is sent to another a second time, or to the same.
    Hedged { endpoint: &'a str, from: &'a str, cell: String, ask: u32, fingerprint: Fingerprint },
}

/// The state of a run.
#[derive(Debug, Clone, Default)]
pub struct Status {
    pub rows: u64,
    pub wanted: u64,
    /// Rows that this run brought, and those that open cells lack.
    pub gained: u64,
    pub lacking: u64,
    pub requests: u64,
    /// Sends, with those that failed.
    pub attempts: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    /// What was spent, where an endpoint has a price.
    pub cost: Option<f64>,
    /// Asks that wait or are under way.
    pub open: u64,
    /// The same by model.
    pub models: Vec<AtModel>,
    /// What each endpoint did.
    pub endpoints: Vec<AtEndpoint>,
    pub under_way: usize,
    pub rejected: BTreeMap<&'static str, u64>,
    pub completion_tokens: u64,
    pub elapsed: Duration,
    /// The part of it in which requests were asked: without pauses, and without waiting to begin.
    pub asking: Duration,
    /// When it is to end, whatever is left.
    pub ends_in: Option<Duration>,
    /// Why nothing is sent just now.
    pub waiting: Option<String>,
    /// A row that was accepted lately.
    pub example: Option<String>,
}

/// What a model did, and has to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct AtModel {
    pub requests: u64,
    /// Requests that wait for it or are under way.
    pub open: u64,
    /// Requests that the limits of its endpoints let through in a minute.
    pub per_minute: Option<f64>,
}

/// What an endpoint did so far.
#[derive(Debug, Clone, Default)]
pub struct AtEndpoint {
    pub name: String,
    pub answers: u64,
    pub completion_tokens: u64,
    /// Its sends that failed, by class.
    pub faults: BTreeMap<String, u64>,
    pub is_there: bool,
}

/// How to show progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Terminal { colour: bool },
    Lines,
    Quiet,
}

impl Style {
    pub fn watcher(self) -> Box<dyn Watcher + Sync> {
        match self {
            Style::Terminal { colour } => Box::new(Terminal::new(colour)),
            Style::Lines => Box::new(Lines::new()),
            Style::Quiet => Box::new(Quiet),
        }
    }
}

/// A bar with a line of figures, redrawn in place on standard error.
#[derive(Debug)]
pub struct Terminal {
    bar: ProgressBar,
    shown: Mutex<Shown>,
}

#[derive(Debug, Default)]
struct Shown {
    example_at: Option<Instant>,
}

/// How often a row is shown.
const EXAMPLE_EVERY: Duration = Duration::from_secs(5);

impl Terminal {
    fn new(colour: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let template = match colour {
            true => "{bar:20.cyan} {msg}",
            false => "{bar:20} {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━━╌"));
        }
        Self { bar, shown: Mutex::default() }
    }
}

impl Watcher for Terminal {
    fn say(&self, message: &str) {
        self.bar.suspend(|| say(message));
    }

    fn update(&self, status: &Status) {
        if let Some(waiting) = &status.waiting {
            self.bar.set_length(status.wanted.max(1));
            self.bar.set_message(shortened(waiting, 50));
            self.bar.tick();
            return;
        }
        self.bar.set_length(status.wanted);
        self.bar.set_position(status.rows);
        let rows = format!("{}/{} rows, ", thousands(status.rows), thousands(status.wanted));
        self.bar.set_message(shortened(&(rows + &figures(status)), 58));
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        let due = shown.example_at.is_none_or(|at| at.elapsed() >= EXAMPLE_EVERY);
        if due && let Some(example) = &status.example {
            shown.example_at = Some(Instant::now());
            self.say(&format!("  {}", shortened(example, 76)));
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(200)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line now and then, for logs.
#[derive(Debug)]
pub struct Lines {
    started: Instant,
    said: Mutex<Option<Instant>>,
}

/// The pause between lines grows with the length of the run, from a second to half a minute.
fn pause(elapsed: Duration) -> Duration {
    (elapsed / 8).clamp(Duration::from_secs(1), Duration::from_secs(30))
}

impl Lines {
    fn new() -> Self {
        Self { started: Instant::now(), said: Mutex::new(None) }
    }
}

impl Watcher for Lines {
    fn say(&self, message: &str) {
        say(message);
    }

    fn update(&self, status: &Status) {
        let Ok(mut said) = self.said.lock() else {
            return;
        };
        let since = said.map_or(self.started.elapsed(), |at| at.elapsed());
        if since < pause(self.started.elapsed()) {
            return;
        }
        *said = Some(Instant::now());
        match &status.waiting {
            Some(waiting) => say(waiting),
            None => {
                say(format!(
                    "{}/{} rows, {}",
                    thousands(status.rows),
                    thousands(status.wanted),
                    figures(status)
                ));
                if let Some(example) = &status.example {
                    say(format!("  {}", shortened(example, 76)));
                }
            }
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Nothing but what must be said.
#[derive(Debug)]
pub struct Quiet;

impl Watcher for Quiet {
    fn say(&self, _: &str) {}

    fn update(&self, _: &Status) {}

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }
}

/// `2.1 req/s, 160 tok/s, 45 s left, 3 × cut, 1 × duplicate`.
fn figures(status: &Status) -> String {
    let seconds = status.asking.as_secs_f64().max(0.001);
    let mut out = Vec::new();
    let rate = status.requests as f64 / seconds;
    out.push(format!("{rate:.1} req/s"));
    match status.cost.filter(|cost| *cost > 0.0) {
        // There is no room for both.
        Some(cost) => out.push(format!("cost {}", money(cost))),
        None if status.completion_tokens > 0 => {
            out.push(format!("{:.0} tok/s", status.completion_tokens as f64 / seconds));
        }
        None => {}
    }
    match (time_left(status), status.ends_in) {
        (Some(left), Some(ends)) if left < ends => out.push(format!("{} left", duration(left))),
        (_, Some(ends)) => out.push(format!("ends in {}", duration(ends))),
        (Some(left), None) => out.push(format!("{} left", duration(left))),
        (None, None) => {}
    }
    if !status.rejected.is_empty() {
        out.push(tally(status.rejected.iter().map(|(reason, times)| (*reason, *times))));
    }
    out.join(", ")
}

/// Rows of a run before which their number says nothing of those to come.
const FEW: u64 = 10;
/// Answers, in multiples of what is under way, before which their pace says nothing: those that are under way took time,
/// and do not count.
const ROUNDS: u64 = 3;

/// From the rate of requests so far, and the rows that each brought, with those of answers that were stored and only
/// waited for it. Models work beside each other: it is the time of the one that takes longest, and no limit is passed, as
/// the first requests may seem to.
fn time_left(status: &Status) -> Option<Duration> {
    let too_early = status.gained < FEW || status.requests < ROUNDS * status.under_way as u64;
    if too_early || status.rows >= status.wanted {
        return None;
    }
    let all = status.requests as f64;
    let behind = (status.lacking as f64 * all / status.gained as f64 - status.open as f64).max(0.0);
    let seconds = |of: &AtModel| {
        let left = of.open as f64 + behind * of.requests as f64 / all;
        let limited = of.per_minute.map(|limit| 60.0 * left / limit);
        match of.requests {
            _ if left == 0.0 => Some(0.0),
            // Nobody knows how fast it is, but for its limit.
            0 => limited,
            done => {
                let taken = status.asking.as_secs_f64() * left / done as f64;
                Some(limited.map_or(taken, |limited| limited.max(taken)))
            }
        }
    };
    let longest = status.models.iter().map(seconds).try_fold(0.0f64, |longest, one| Some(longest.max(one?)));
    Duration::try_from_secs_f64(longest?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        Status {
            rows: 110,
            wanted: 200,
            gained: 10,
            lacking: 90,
            requests: 100,
            open: 30,
            models: vec![AtModel { requests: 100, open: 30, per_minute: None }],
            asking: Duration::from_secs(50),
            ..Status::default()
        }
    }

    /// Ten requests a row at half a second each: 90 rows take 450 s, though only 30 requests wait.
    #[test]
    fn the_time_left_is_that_of_the_rows_and_not_of_what_waits() {
        assert_eq!(time_left(&status()), Some(Duration::from_secs(450)));
        assert_eq!(time_left(&Status { lacking: 10, ..status() }), Some(Duration::from_secs(50)));
        assert_eq!(time_left(&Status { lacking: 0, ..status() }), Some(Duration::from_secs(15)));
        assert_eq!(time_left(&Status { gained: 9, ..status() }), None);
        assert_eq!(time_left(&Status { under_way: 34, ..status() }), None, "the first are hardly answered");
    }

    /// Ten of a hundred requests were for a model that may be asked twelve times a minute, and went out at once.
    #[test]
    fn the_time_left_is_that_of_the_model_that_takes_longest() {
        let of = |requests, open, per_minute| AtModel { requests, open, per_minute };
        let left = |models: &[AtModel]| time_left(&Status { models: models.to_vec(), ..status() });
        // Of 900 requests that are left 97 are for it: ten of those that wait, and a tenth of the others.
        let held = left(&[of(90, 20, None), of(10, 10, Some(12.0))]);
        assert_eq!(held, Some(Duration::from_secs(97 * 5)));
        assert_eq!(left(&[of(90, 20, None), of(10, 10, Some(1200.0))]), Some(Duration::from_secs(485)));
        assert_eq!(left(&[of(100, 20, None), of(0, 10, None)]), None, "nobody knows how fast the other is");
        assert_eq!(left(&[of(100, 20, None), of(0, 10, Some(1.0))]), Some(Duration::from_secs(600)));
        assert_eq!(left(&[of(100, 30, None), of(0, 0, None)]), Some(Duration::from_secs(450)));
    }

    #[test]
    fn a_run_that_is_to_end_says_when() {
        let says = |ends: u64| figures(&Status { ends_in: Some(Duration::from_secs(ends)), ..status() });
        assert_eq!(says(60), "2.0 req/s, ends in 1 min 00 s");
        assert_eq!(says(600), "2.0 req/s, 7 min 30 s left");
        let cost = figures(&Status { cost: Some(0.01234), ..status() });
        assert_eq!(cost, "2.0 req/s, cost 0.01234, 7 min 30 s left");
    }
}
