//! Servers that outlived the run that started them.
//!
//! Linux ends a managed server with its run, however that dies, but not what that server started itself. Elsewhere a run
//! that was killed can leave all of it behind, so each start writes down what it started, and a run first ends what stands
//! there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// What is known of a server that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    /// Its process, and the group of all that this started.
    id: u32,
    parent: u32,
    /// What it was called with. Its program may call another with the same.
    args: String,
}

/// How long what was ended may take to be gone, and with it what it holds of a GPU.
const ENDING: (u32, Duration) = (100, Duration::from_millis(20));

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

/// Ends the servers that earlier runs started and left behind, of all that log in a folder: what has the same arguments in
/// the same group, and whose run is gone. `say` hears of each.
pub fn reap(folder: &Path, say: &(dyn Fn(&str) + Sync)) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let records = files.flatten().map(|file| file.path());
    for path in records.filter(|path| path.extension().is_some_and(|ending| ending == "pid")) {
        let record = std::fs::read_to_string(&path).ok().and_then(|text| parse(&text));
        let Some(record) = record.filter(is_left) else { continue };
        end(record.id);
        let (times, pause) = ENDING;
        for _ in 0..times {
            if !is_left(&record) {
                break;
            }
            std::thread::sleep(pause);
        }
        let _ = std::fs::remove_file(&path);
        say("ended a model server that an earlier run left behind");
    }
}

fn parse(text: &str) -> Option<Record> {
    let (first, args) = text.split_once('\n')?;
    let (id, parent) = first.split_once(' ')?;
    let args = args.trim_end().to_owned();
    let record = Record { id: id.parse().ok()?, parent: parent.parse().ok()?, args };
    // To the group 0 belongs whoever asks, to 1 everybody.
    (record.id > 1 && !record.args.is_empty()).then_some(record)
}

/// Whether any of its group is still there without the run that started it. A number that now belongs to
/// another program does not count.
fn is_left(record: &Record) -> bool {
    let mut command = Command::new("ps");
    command.args(["-A", "-ww", "-o", "pgid=", "-o", "ppid=", "-o", "args="]);
    let Ok(output) = command.output() else { return false };
    let text = String::from_utf8_lossy(&output.stdout);
    let of_group = |line: &'_ str| -> Option<(String, bool)> {
        let (group, rest) = line.trim_start().split_once(' ')?;
        let (parent, args) = rest.trim_start().split_once(' ')?;
        (group == record.id.to_string()).then(|| (parent.to_owned(), args.contains(&record.args)))
    };
    let group: Vec<(String, bool)> = text.lines().filter_map(of_group).collect();
    group.iter().any(|(_, is_it)| *is_it)
        && group.iter().all(|(parent, _)| *parent != record.parent.to_string())
}

fn end(group: u32) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(group) {
        // SAFETY: kill takes two numbers.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    #[cfg(not(unix))]
    let _ = group;
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::sync::Mutex;

    use super::*;

    /// The group of a script that stays, and of what that started, whose parent is gone.
    fn orphans(script: &str) -> u32 {
        let mut starter = Command::new("sh");
        // The group is that of the one that goes.
        let output =
            starter.args(["-c", &format!("({script}) >/dev/null 2>&1 & echo $$")]).process_group(0).output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().parse().unwrap()
    }

    fn is_there(group: u32) -> bool {
        // SAFETY: signal 0 only asks.
        unsafe { libc::kill(-(group as i32), 0) == 0 }
    }

    fn reaped(folder: &Path) -> usize {
        let said = Mutex::new(0);
        reap(folder, &|_| *said.lock().unwrap() += 1);
        said.into_inner().unwrap()
    }

    #[test]
    fn only_what_a_dead_run_left_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a-again-1.log");
        assert_eq!(reaped(&folder.path().join("none")), 0);
        let id = orphans("sleep 7211; true");
        for (what, text) in [
            ("another program has its number now", format!("{id} 999999\n-m 9\n")),
            ("nothing is known of it", format!("{id} 999999\n\n")),
            ("no record", "nonsense".to_owned()),
        ] {
            std::fs::write(path(&log), text).unwrap();
            assert_eq!(reaped(folder.path()), 0, "{what}");
            assert!(is_there(id));
        }
        std::fs::write(path(&log), format!("{id} 999999\n7211\n")).unwrap();
        // Those of other endpoints, and of none.
        std::fs::write(folder.path().join("b.pid"), "4194305 999999\n7211\n").unwrap();
        std::fs::write(&log, "").unwrap();
        assert_eq!(reaped(folder.path()), 1);
        assert_eq!(reaped(folder.path()), 0, "once");
        assert!(!is_left(&Record { id, parent: 0, args: "7211".into() }));
    }

    #[test]
    fn the_server_of_a_run_under_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let mut child = Command::new("sleep").arg("7212").process_group(0).spawn().unwrap();
        record(&log, child.id(), "7212");
        let reaped = reaped(folder.path());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(reaped, 0);
    }
}
