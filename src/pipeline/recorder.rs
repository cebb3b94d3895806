//! A watcher that also writes down what it is told: a log in JSON lines, and figures for Prometheus.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::config::resolved::Config;
use crate::model::Noted;
use crate::report::morning::{Awaited, Level, Waited};
use crate::report::{self, FaultNote, Happened, LastRun, Metrics, Status, Summary, Watcher, say};
use crate::staged::refresh;
use crate::store::RunLock;

/// How often the state of things is logged.
const STATUS_EVERY: Duration = Duration::from_secs(60);

/// How often the figures are written.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// The event of a run's end.
const ENDED: &str = "ended";

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
    /// A failure to write is said once, of either.
    failed: bool,
    metrics_failed: bool,
    /// What is known since the run holds its lock: before, the figures are another's.
    own: Option<Own>,
    /// Its right to its name, where a file can be written.
    lock: Option<RunLock>,
    waits: Vec<Wait>,
}

/// Something that was waited for, since when, and how long in all where that is over.
struct Wait {
    what: Awaited,
    since: Instant,
    lasted: Option<Duration>,
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
        let state = State {
            log,
            status_at: Instant::now(),
            metrics_at: None,
            failed: false,
            metrics_failed: false,
            own: None,
            lock: None,
            waits: Vec::new(),
        };
        let name = config.name.clone();
        Self { inner, name, metrics: night.metrics.clone(), state: Mutex::new(state) }
    }

    /// The run has its name for itself: from now on the figures are its own.
    ///
    /// `rows` are those of the dataset, and how many are wanted, until it says more.
    pub fn own(&self, rows: (u64, u64), lock: Option<RunLock>) {
        let before = self.metrics.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let last = before.and_then(|text| LastRun::read(&text));
        if let Ok(mut state) = self.state.lock() {
            state.own = Some(Own { rows, last });
            state.lock = lock;
        }
    }

    /// The run has ended: `told` what is known of those before it, and what is `unkept` of its own end.
    pub fn lets_go(&self, told: bool, unkept: Option<&str>) {
        let Ok(mut state) = self.state.lock() else { return };
        if let Some(lock) = &mut state.lock {
            // Where it cannot be written, more than this is amiss, and was said.
            let _ = lock.ends(told, unkept);
        }
    }

    fn owned(&self) -> Option<Own> {
        self.state.lock().ok()?.own
    }

    /// Rows of the dataset, and how many are wanted, when the run began.
    pub fn rows(&self) -> (u64, u64) {
        self.owned().map_or((0, 0), |own| own.rows)
    }

    /// What was waited for so far before anything could be asked.
    pub fn waited(&self) -> Vec<Waited> {
        let Ok(state) = self.state.lock() else { return Vec::new() };
        let told = state.waits.iter().map(|wait| Waited {
            what: wait.what.clone(),
            seconds: report::milliseconds(wait.lasted.unwrap_or_else(|| wait.since.elapsed())),
        });
        told.collect()
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
        // How it ended is worth another try.
        if state.failed && event != ENDED {
            return;
        }
        if let Err(error) = state.log.write(&Value::Object(line).to_string())
            && !std::mem::replace(&mut state.failed, true)
        {
            say(format!("{}: {error}; the run goes on without its log", state.log.path.display()));
        }
    }

    fn write_metrics(&self, metrics: &Metrics) {
        let Some(path) = &self.metrics else { return };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = folder.and_then(|()| refresh(path, &metrics.text(&self.name)));
        if let Err(error) = written
            && let Ok(mut state) = self.state.lock()
            && !std::mem::replace(&mut state.metrics_failed, true)
        {
            say(format!("{}: {error}; the run goes on without its metrics", path.display()));
        }
    }

    /// Writes the figures of a run that has ended, where there is no room in place of those of before. Figures that
    /// say that it goes on are worse than none.
    fn write_last_metrics(&self, metrics: &Metrics) {
        let Some(path) = &self.metrics else { return };
        let text = metrics.text(&self.name);
        let written = refresh(path, &text).or_else(|_| std::fs::write(path, &text));
        if let Err(error) = written {
            say(format!("{}: {error}; its figures are removed", path.display()));
            let _ = std::fs::remove_file(path);
        }
    }

    /// A run that asks has begun.
    ///
    /// `open` are the requests that can be sent at once, `all` what these will come to, as far as one can tell.
    pub fn began(&self, model: Option<&str>, open: u64, all: Option<u64>) {
        self.log("began", json!({ "model": model, "open": open, "requests_to_go": all }));
    }

    /// Writes down how it ended.
    pub fn ended(&self, summary: &Summary) {
        if summary.is_told() {
            self.log(
                ENDED,
                json!({
                    "state": summary.state, "exit_code": summary.exit_code, "headline": summary.headline, "rows": summary.rows(),
                    "wanted": summary.wanted, "requests": summary.requests, "attempts": summary.attempts,
                    "faults": summary.faults, "cost": summary.cost, "seconds": summary.seconds,
                }),
            );
        }
        if self.owned().is_some() {
            self.write_last_metrics(&Metrics::of_summary(summary, jiff::Timestamp::now().as_second()));
        }
    }
}

impl Watcher for Recorder<'_> {
    fn say(&self, message: &str) {
        self.inner.say(message);
        self.log("said", json!({ "text": message }));
    }

    fn waits(&self, what: &Awaited) {
        let Ok(mut state) = self.state.lock() else { return };
        match state.waits.iter_mut().find(|wait| wait.what.is(what)) {
            Some(wait) => wait.what = what.clone(),
            None => {
                state.waits.push(Wait { what: what.clone(), since: Instant::now(), lasted: None });
            }
        }
    }

    fn goes_on(&self, what: &Awaited) {
        let Ok(mut state) = self.state.lock() else { return };
        let wait = state.waits.iter_mut().find(|wait| wait.what.is(what));
        if let Some(wait) = wait {
            wait.lasted.get_or_insert_with(|| wait.since.elapsed());
        }
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
                    "completion_tokens": status.completion_tokens, "cost": status.cost, "rejected": status.rejected,
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

    fn stored(&self, noted: Noted) {
        let Ok(mut state) = self.state.lock() else { return };
        if let Some(lock) = &mut state.lock {
            // Only who reads of a run that was killed lacks it.
            let _ = lock.note(noted);
        }
    }

    fn interval(&self) -> Duration {
        // Whatever is shown: figures are written, and the clock is looked at, as often as that.
        self.inner.interval().min(METRICS_EVERY)
    }

    fn tried(&self, endpoint: &str, level: &Level) {
        self.inner.tried(endpoint, level);
        let Level { from, to, before, after, kept } = level;
        self.log(
            "tried",
            json!({ "endpoint": endpoint, "from": from, "to": to, "before": before, "after": after, "kept": kept }),
        );
    }

    fn fault(&self, note: &FaultNote<'_>) {
        self.inner.fault(note);
        self.log(
            "fault",
            json!({
                "endpoint": note.endpoint, "class": note.class, "cell": note.cell, "ask": note.ask,
                "fingerprint": note.fingerprint.to_string(), "error": note.error, "then": note.then,
                "decision": note.decision, "wait_ms": note.wait.map(|wait| wait.as_millis() as u64),
            }),
        );
    }

    fn happened(&self, what: &Happened<'_>) {
        self.inner.happened(what);
        let (event, fields) = match what {
            Happened::Away { endpoint, error } => ("away", json!({ "endpoint": endpoint, "error": error })),
            Happened::Back { endpoint, after } => {
                ("back", json!({ "endpoint": endpoint, "after": report::milliseconds(*after) }))
            }
            Happened::Aside { endpoint, error } => ("aside", json!({ "endpoint": endpoint, "error": error })),
            Happened::Hedged { endpoint, from, cell, ask, fingerprint } => (
                "hedged",
                json!({
                    "endpoint": endpoint, "from": from, "cell": cell, "ask": ask,
                    "fingerprint": fingerprint.to_string(),
                }),
            ),
        };
        self.log(event, fields);
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
                let mut file = File::options().create(true).read(true).append(true).open(&self.path)?;
                let size = whole_lines(&mut file)?;
                open.insert((file, size))
            }
        };
        if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
            // A part of a line keeps all others from being read.
            let _ = file.set_len(*size);
            self.open = None;
            return Err(error);
        }
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

/// The last bytes of a log in which the end of its last whole line is looked for.
const TAIL: u64 = 1 << 16;

/// Cuts off the part of a line that a full disk, or a machine that went down, left at the end; says how long the file
/// is then. What cannot be cut off is ended.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    let size = file.metadata()?.len();
    let from = size.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    if tail.last().is_none_or(|last| *last == b'\n') {
        return Ok(size);
    }
    let whole = match tail.iter().rposition(|byte| *byte == b'\n') {
        Some(at) => from + at as u64 + 1,
        None if from == 0 => 0,
        None => {
            file.write_all(b"\n")?;
            return Ok(size + 1);
        }
    };
    file.set_len(whole)?;
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_is_taken_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let long = format!("{{\"x\":\"{}\"}}\n", "y".repeat(2 * TAIL as usize));
        for (before, after) in [
            ("", ""),
            ("{}\n", "{}\n"),
            ("{\"a\":", ""),
            ("{}\n{\"a\":", "{}\n"),
            (&long, &long),
            (&format!("{long}{{\"a"), &long),
            (&long[..long.len() - 1], &long),
        ] {
            std::fs::write(&path, before).unwrap();
            let mut log = Log { path: path.clone(), size: u64::MAX, files: 2, open: None };
            log.write("{\"b\":1}").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{after}{{\"b\":1}}\n"));
        }
    }

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
