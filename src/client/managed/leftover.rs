//! A server that outlived the run that started it.
//!
//! Linux ends a managed server with its run, however that dies. Elsewhere a run that was killed can
//! leave one behind, so each start writes down what it started, and first ends what stands there.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is known of a process that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    id: u32,
    parent: u32,
    /// Its program and arguments.
    args: String,
}

/// Where the record of a server stands that logs there.
fn path(log: &Path) -> PathBuf {
    log.with_extension("pid")
}

/// Writes down what was started. That it cannot be is no reason not to run.
pub fn record(log: &Path, id: u32, args: &str) {
    let _ = std::fs::write(path(log), format!("{id} {}\n{args}\n", std::process::id()));
}

/// The server has ended.
pub fn forget(log: &Path) {
    let _ = std::fs::remove_file(path(log));
}

/// Ends the server that an earlier run started and left behind, if it is still there: the same program
/// with the same arguments, whose parent is gone. Says whether one was.
pub fn reap(log: &Path) -> bool {
    let record = std::fs::read_to_string(path(log)).ok().and_then(|text| parse(&text));
    let Some(record) = record else { return false };
    let left = is_left(&record);
    if left {
        end(record.id);
        forget(log);
    }
    left
}

fn parse(text: &str) -> Option<Record> {
    let (first, args) = text.split_once('\n')?;
    let (id, parent) = first.split_once(' ')?;
    let args = args.trim_end().to_owned();
    Some(Record { id: id.parse().ok()?, parent: parent.parse().ok()?, args })
}

/// Whether the process is still there without the run that started it. A number that now belongs to
/// another program does not count.
fn is_left(record: &Record) -> bool {
    let mut command = Command::new("ps");
    command.args(["-ww", "-o", "ppid=", "-o", "args=", "-p", &record.id.to_string()]);
    let Ok(output) = command.output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.trim();
    let Some((parent, args)) = line.split_once(' ') else { return false };
    parent != record.parent.to_string() && args.trim() == record.args
}

fn end(id: u32) {
    #[cfg(unix)]
    if let Ok(id) = i32::try_from(id) {
        // SAFETY: kill takes two numbers.
        unsafe { libc::kill(id, libc::SIGKILL) };
    }
    #[cfg(not(unix))]
    let _ = id;
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A process whose parent is gone, in a group that ends with the test.
    fn orphan(seconds: &str) -> u32 {
        let output = Command::new("sh")
            .args(["-c", &format!("sleep {seconds} >/dev/null 2>&1 & echo $!")])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
    }

    fn is_there(id: u32) -> bool {
        // SAFETY: signal 0 only asks.
        unsafe { libc::kill(id as i32, 0) == 0 }
    }

    #[test]
    fn only_what_a_dead_run_left_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("llama.log");
        assert!(!reap(&log), "nothing was started");
        let id = orphan("7211");
        for (what, text) in [
            ("another program has its number now", format!("{id} 999999\nsleep 9\n")),
            ("no record", "nonsense".to_owned()),
        ] {
            std::fs::write(path(&log), text).unwrap();
            assert!(!reap(&log), "{what}");
            assert!(is_there(id));
        }
        std::fs::write(path(&log), format!("{id} 999999\nsleep 7211\n")).unwrap();
        assert!(reap(&log));
        assert!(!reap(&log), "once");
        // Its new parent buries it in its own time; to be ended is to be no program any more.
        let left = || is_left(&Record { id, parent: 0, args: "sleep 7211".into() });
        let started = std::time::Instant::now();
        // A busy system takes its time over a signal.
        while left() && started.elapsed().as_secs() < 20 {
            std::thread::yield_now();
        }
        assert!(!left());
    }

    #[test]
    fn the_server_of_a_run_under_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("llama.log");
        let mut child = Command::new("sleep").arg("7212").spawn().unwrap();
        record(&log, child.id(), "sleep 7212");
        let reaped = reap(&log);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!reaped);
    }
}
