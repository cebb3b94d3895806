//! A watcher that also writes down what it is told: a log in JSON lines, and figures for Prometheus.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::output::replace;
use crate::config::resolved::Config;
use crate::report::{FaultNote, LastRun, Metrics, Status, Summary, Watcher, say};

/// How often the state of things is logged.
const STATUS_EVERY: Duration = Duration::from_secs(60);

/// How often the figures are written.
const METRICS_EVERY: Duration = Duration::from_secs(15);

pub struct Recorder<'a> {
    inner: &'a (dyn Watcher + Sync),
    name: String,
    metrics: Option<PathBuf>,
    state: Mutex<State>,
}

struct State {
    log: Log,
    status_at: Instant,
    metrics_at: Option<Instant>,
    /// A failure to write is said once.
    failed: bool,
    /// What is known since the run holds its lock: before, the figures are another's.
    own: Option<Own>,
}

/// What a run that has its name for itself begins with.
#[derive(Debug, Clone, Copy)]
struct Own {
    /// Rows of the dataset, and how many are wanted.
    rows: (u64, u64),
    last: Option<LastRun>,
}

impl<'a> Recorder<'a> {
    pub fn new(inner: &'a (dyn Watcher + Sync), config: &Config) -> Self {
        let night = &config.night;
        let log = Log {
            path: config.dataset_dir().join("log.jsonl"),
            size: night.log_size,
            files: night.log_files,
            open: None,
        };
        let state = State { log, status_at: Instant::now(), metrics_at: None, failed: false, own: None };
        let name = config.name.clone();
        Self { inner, name, metrics: night.metrics.clone(), state: Mutex::new(state) }
    }

    /// The run has its name for itself: from now on the figures are its own.
    ///
    /// `rows` are those of the dataset, and how many are wanted, until it says more.
    pub fn own(&self, rows: (u64, u64)) {
        let before = self.metrics.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let last = before.and_then(|text| LastRun::read(&text));
        if let Ok(mut state) = self.state.lock() {
            state.own = Some(Own { rows, last });
        }
    }

    fn owned(&self) -> Option<Own> {
        self.state.lock().ok()?.own
    }

    /// Rows of the dataset, and how many are wanted, when the run began.
    pub fn rows(&self) -> (u64, u64) {
        self.owned().map_or((0, 0), |own| own.rows)
    }

    fn log(&self, event: &str, fields: Value) {
        let Ok(mut state) = self.state.lock() else { return };
        let mut line = Map::new();
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        line.insert("time".into(), now.into());
        line.insert("event".into(), event.into());
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        if let Err(error) = state.log.write(&Value::Object(line).to_string())
            && !std::mem::replace(&mut state.failed, true)
        {
            say(format!("{}: {error}; the run goes on without its log", state.log.path.display()));
            state.log.files = 0;
        }
    }

    fn write_metrics(&self, metrics: &Metrics) {
        let Some(path) = &self.metrics else { return };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = folder.and_then(|()| replace(path, &metrics.text(&self.name)));
        if let Err(error) = written
            && let Ok(mut state) = self.state.lock()
            && !std::mem::replace(&mut state.failed, true)
        {
            say(format!("{}: {error}; the run goes on without its metrics", path.display()));
        }
    }

    /// A run that asks has begun.
    ///
    /// `open` are the requests that can be sent at once, `asks` those that this will come to, as far as one can tell.
    pub fn began(&self, model: Option<&str>, open: u64, asks: Option<u64>) {
        self.log("began", json!({ "model": model, "open": open, "asks_to_go": asks }));
    }

    /// Writes down how it ended.
    pub fn ended(&self, summary: &Summary) {
        if summary.is_told() {
            self.log(
                "ended",
                json!({
                    "state": summary.state, "exit_code": summary.exit_code, "headline": summary.headline, "rows": summary.accepted,
                    "wanted": summary.wanted, "requests": summary.requests, "attempts": summary.attempts,
                    "faults": summary.faults, "seconds": summary.seconds,
                }),
            );
        }
        if self.owned().is_some() {
            self.write_metrics(&Metrics::of_summary(summary, jiff::Timestamp::now().as_second()));
        }
    }
}

impl Watcher for Recorder<'_> {
    fn say(&self, message: &str) {
        self.inner.say(message);
        self.log("said", json!({ "text": message }));
    }

    fn update(&self, status: &Status) {
        self.inner.update(status);
        let (log, metrics, own) = {
            let Ok(mut state) = self.state.lock() else { return };
            let log = state.status_at.elapsed() >= STATUS_EVERY;
            if log {
                state.status_at = Instant::now();
            }
            let due = state.metrics_at.is_none_or(|at| at.elapsed() >= METRICS_EVERY);
            let metrics = due && self.metrics.is_some() && state.own.is_some();
            if metrics {
                state.metrics_at = Some(Instant::now());
            }
            (log, metrics, state.own)
        };
        if log {
            self.log(
                "status",
                json!({
                    "rows": status.rows, "wanted": status.wanted, "requests": status.requests,
                    "open": status.open, "under_way": status.under_way,
                    "completion_tokens": status.completion_tokens, "rejected": status.rejected,
                    "waiting": status.waiting,
                }),
            );
        }
        if let Some(own) = own.filter(|_| metrics) {
            // A run that only waits knows of no rows; the dataset has those that it had.
            let (rows, wanted) = if status.wanted > 0 { (status.rows, status.wanted) } else { own.rows };
            self.write_metrics(&Metrics::of_status(&Status { rows, wanted, ..status.clone() }, own.last));
        }
    }

    fn interval(&self) -> Duration {
        // Whatever is shown: figures are written, and the clock is looked at, as often as that.
        self.inner.interval().min(METRICS_EVERY)
    }

    fn fault(&self, note: &FaultNote<'_>) {
        self.inner.fault(note);
        self.log(
            "fault",
            json!({
                "endpoint": note.endpoint, "class": note.class, "cell": note.cell, "ask": note.ask,
                "fingerprint": note.fingerprint.to_string(), "error": note.error, "then": note.then,
            }),
        );
    }
}

/// A file of lines that makes room for a new one when it is full.
struct Log {
    path: PathBuf,
    size: u64,
    files: u32,
    open: Option<(File, u64)>,
}

impl Log {
    /// Appends a line, whole or not at all as far as the system goes.
    fn write(&mut self, line: &str) -> std::io::Result<()> {
        if self.files == 0 {
            return Ok(());
        }
        let (file, size) = match &mut self.open {
            Some(open) => open,
            open @ None => {
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let file = File::options().create(true).append(true).open(&self.path)?;
                let size = file.metadata()?.len();
                open.insert((file, size))
            }
        };
        file.write_all(format!("{line}\n").as_bytes())?;
        *size += line.len() as u64 + 1;
        if *size >= self.size {
            self.open = None;
            self.rotate()?;
        }
        Ok(())
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.path.with_extension(format!("{number}.jsonl"))
    }

    fn rotate(&self) -> std::io::Result<()> {
        for number in (1..self.files.saturating_sub(1)).rev() {
            if self.numbered(number).exists() {
                std::fs::rename(self.numbered(number), self.numbered(number + 1))?;
            }
        }
        match self.files {
            1 => std::fs::remove_file(&self.path),
            _ => std::fs::rename(&self.path, self.numbered(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        for files in 1..4u32 {
            let path = folder.path().join(format!("{files}")).join("log.jsonl");
            let mut log = Log { path: path.clone(), size: 10, files, open: None };
            for line in 0..20 {
                log.write(&format!("\"{line:02}\"")).unwrap();
            }
            let all = std::fs::read_dir(path.parent().unwrap()).unwrap().count() as u32;
            assert_eq!(all, files - 1, "the last one is full and was put away");
            log.write("\"last\"").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "\"last\"\n");
            if files > 1 {
                let before = std::fs::read_to_string(path.with_extension("1.jsonl")).unwrap();
                assert_eq!(before, "\"18\"\n\"19\"\n");
            }
        }
    }

    #[test]
    fn no_files_is_no_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = Log { path: path.clone(), size: 10, files: 0, open: None };
        log.write("x").unwrap();
        assert!(!path.exists());
    }
}
