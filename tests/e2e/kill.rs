//! Runs that end before they are done: crashes, signals, full disks, and two at once.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::fake::{Fake, Model, Reply, Seen, first_ask, free_port};
use crate::project::{Project, Ran, Running, until, wide};

const RUN: [&str; 3] = ["run", "wide.yaml", "--json"];
/// Answers that may be between receipt and commit: those that come within the 15 ms in which a batch
/// is gathered and the time of its commit, on a busy machine.
const BATCH: usize = 24;
const SLOTS: usize = 4;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// An answer that is rejected for one ask of twenty, so that there are rejects to write.
fn some_rejects(fake: &Fake) {
    let is_it = first_ask("topic-03 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::text(""),
        false => Reply::Good,
    });
}

const FILES: [&str; 3] = ["out/wide/dataset.jsonl", "out/wide/rejected.jsonl", "out/wide/dataset.meta.json"];

/// The dataset's files.
fn files(project: &Project) -> [String; 3] {
    FILES.map(|name| project.read(name))
}

/// The same config, run in a folder of its own without trouble.
fn undisturbed(fake: &Fake, topics: usize, set: &[&str]) -> [String; 3] {
    let project = Project::wide(&fake.url(), topics, "");
    project.emogrid(&[&RUN, set].concat()).exits(0);
    fake.take_count();
    files(&project)
}

/// The asks whose answers are stored, read from a copy, so that looking changes nothing.
fn stored(project: &Project) -> HashSet<(String, u64)> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal"] {
        let from = project.path().join(".emogrid").join(name);
        if from.exists() {
            std::fs::copy(from, folder.path().join(name)).unwrap();
        }
    }
    let connection = rusqlite::Connection::open(folder.path().join("store.db")).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let Ok(mut query) = connection.prepare("SELECT coalesce((SELECT text FROM opening WHERE id = completion.opening), '') || request FROM completion") else { return HashSet::new() };
    let requests = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    requests
        .map(|request| {
            let body: Value = serde_json::from_str(&request.unwrap()).unwrap();
            Seen { body, at: Instant::now(), authorization: None }.ask()
        })
        .collect()
}

fn asked(fake: &Fake) -> Vec<(String, u64)> {
    let asked = fake.seen().iter().map(Seen::ask).collect();
    fake.take_count();
    asked
}

/// Nothing that was stored is asked for again.
#[track_caller]
fn none_of(asked: &[(String, u64)], stored: &HashSet<(String, u64)>) {
    let again: Vec<_> = asked.iter().filter(|ask| stored.contains(*ask)).collect();
    assert!(again.is_empty(), "asked again although stored: {again:?}");
}

/// The dataset that stands there, if any, is whole, and no row stands in it twice.
#[track_caller]
fn is_whole(project: &Project) -> Option<usize> {
    let path = project.path().join("out/wide/dataset.jsonl");
    let text = std::fs::read_to_string(path).ok()?;
    assert!(text.is_empty() || text.ends_with('\n'), "half a row: {text:?}");
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: HashSet<_> = rows.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), rows.len(), "a row stands in the dataset twice");
    Some(rows.len())
}

/// A run that dies where the crash point is.
#[track_caller]
fn crash(project: &Project, point: &str, set: &[&str]) {
    let mut command = project.command(&[&RUN, set].concat());
    let output = command.env("EMOGRID_CRASH_AT", point).output().unwrap();
    assert_eq!(
        output.status.signal(),
        Some(libc::SIGABRT),
        "{point}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

// Crashes.

/// Crashes before anything is written, and goes on.
fn crash_and_go_on(point: &str) -> (usize, usize) {
    let fake = Fake::start();
    some_rejects(&fake);
    let expected = undisturbed(&fake, 20, &[]);
    fake.latency(ms(12));
    let project = Project::wide(&fake.url(), 20, "");
    crash(&project, point, &[]);
    assert_eq!(is_whole(&project), None, "{point}");
    let (first, kept) = (asked(&fake), stored(&project));
    assert!(first.len() <= kept.len() + SLOTS + BATCH, "{point}: {} asked, {} kept", first.len(), kept.len());

    let ran = project.emogrid(&RUN).exits(0);
    let second = asked(&fake);
    none_of(&second, &kept);
    assert_eq!(second.len() + kept.len(), 41, "{point}");
    assert_eq!(ran.json()["reused"], kept.len(), "{point}");
    assert_eq!(files(&project), expected, "{point}");
    project.emogrid(&RUN).exits(0);
    assert_eq!(fake.take_count(), 0, "{point}");
    (first.len(), kept.len())
}

#[test]
fn a_crash_after_receipt_costs_what_was_under_way() {
    let (asked, _) = crash_and_go_on("after-receipt");
    assert!(asked > 0);
}

#[test]
fn a_crash_around_the_first_commit_of_all_costs_nothing() {
    crash_and_go_on("before-commit");
    crash_and_go_on("after-commit");
}

#[test]
fn a_crash_around_a_commit_of_answers_costs_at_most_that_batch() {
    // The first commits are of the endpoint, the snapshot and the config's path.
    let (asked, kept) = crash_and_go_on("before-commit:5");
    assert!(asked > 0 && kept < asked, "{asked} {kept}");
    let (_, kept) = crash_and_go_on("after-commit:5");
    assert!(kept > 0);
    crash_and_go_on("after-receipt:17");
}

#[test]
fn a_crash_among_files_leaves_the_dataset_whole() {
    let fake = Fake::start();
    some_rejects(&fake);
    let old = undisturbed(&fake, 10, &[]);
    let more = ["--set", "samples.per_cell=2"];
    some_rejects(&fake);
    let new = undisturbed(&fake, 10, &more);
    for point in ["before-rename", "between-files"] {
        // Where none was before.
        let project = Project::wide(&fake.url(), 10, "");
        crash(&project, point, &[]);
        fake.take_count();
        project.emogrid(&RUN).exits(0);
        assert_eq!(fake.take_count(), 0, "{point}");
        assert_eq!(files(&project), old, "{point}");

        // Where one was.
        crash(&project, point, &more);
        fake.take_count();
        let stands = project.read(FILES[0]);
        match point {
            "before-rename" => assert_eq!(stands, old[0]),
            _ => assert_eq!(stands, new[0]),
        }
        project.emogrid(&[&RUN[..], &more].concat()).exits(0);
        assert_eq!(fake.take_count(), 0, "{point}");
        assert_eq!(files(&project), new, "{point}");
        assert_eq!(project.read("out/wide/dataset.previous.jsonl"), old[0], "{point}");
    }
}

#[test]
fn the_out_folder_may_be_deleted() {
    let fake = Fake::start();
    some_rejects(&fake);
    let project = Project::wide(&fake.url(), 10, "");
    project.emogrid(&RUN).exits(0);
    let before = files(&project);
    fake.take_count();
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    project.emogrid(&RUN).exits(0);
    assert_eq!((files(&project), fake.take_count()), (before, 0));
}

#[test]
fn twenty_kills_lose_nothing_that_was_stored() {
    let fake = Fake::start();
    some_rejects(&fake);
    let expected = undisturbed(&fake, 120, &[]);
    fake.latency(ms(20));
    let project = Project::wide(&fake.url(), 120, "");
    let (mut kept, mut sent) = (HashSet::new(), 0);
    let mut random = 0x9e37_79b9_u64;
    for round in 0..20 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (sends, pause) = ((random >> 33) % 24, (random >> 48) % 24);
        let running = project.watch(&RUN);
        until("sends", || fake.seen().len() >= sends as usize, String::new);
        std::thread::sleep(ms(pause));
        running.signal(libc::SIGKILL);
        assert_eq!(running.finish().code, None, "round {round}");
        let (asked, now) = (asked(&fake), stored(&project));
        none_of(&asked, &kept);
        assert!(now.is_superset(&kept), "round {round}: something stored is gone");
        let lost = asked.len() + kept.len() - now.len();
        assert!(lost <= SLOTS + BATCH, "round {round}: {lost} of {} lost", asked.len());
        sent += asked.len();
        kept = now;
        let status = project.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json();
        assert_eq!(status["stored"]["completions"], kept.len(), "round {round}");
        assert_eq!(is_whole(&project), None, "round {round}");
    }
    assert!(
        sent > 120 && kept.len() * 3 > sent && kept.len() < 241,
        "the kills mean nothing: {sent} sends, {} kept",
        kept.len()
    );
    let ran = project.emogrid(&RUN).exits(0);
    let last = asked(&fake);
    none_of(&last, &kept);
    assert_eq!(last.len() + kept.len(), 241);
    assert_eq!(ran.json()["accepted"], 240);
    assert_eq!(files(&project), expected);
}

// Signals.

fn stop_with(signal: i32) {
    let fake = Fake::start();
    fake.latency(ms(60));
    let project = Project::wide(&fake.url(), 10, "");
    let running = project.watch(&RUN);
    until("eight requests", || fake.seen().len() >= 8, String::new);
    running.signal(signal);
    let ran = running.finish().exits(3).says("stopping: waiting for").says("Ctrl-C again");
    let first = asked(&fake);
    assert!(first.len() <= 8 + SLOTS, "{} sends", first.len());
    // What was under way was waited for and kept.
    assert_eq!(stored(&project), first.iter().cloned().collect());
    assert_eq!(is_whole(&project), Some(first.len()));
    let summary = ran.json();
    assert_eq!(summary["state"], "stopped");
    assert_eq!(summary["open"], 20 - first.len());
    project.emogrid(&RUN).exits(0);
    assert_eq!(fake.take_count(), 20 - first.len());
}

#[test]
fn ctrl_c_waits_for_what_is_under_way_and_keeps_it() {
    stop_with(libc::SIGINT);
}

#[test]
fn sigterm_is_as_ctrl_c() {
    stop_with(libc::SIGTERM);
}

#[test]
fn ctrl_c_twice_leaves_at_once() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        0..6 => Reply::Good,
        _ => Reply::Hang(Duration::from_secs(60)),
    });
    let project = Project::wide(&fake.url(), 10, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    running.signal(libc::SIGINT);
    running.until_says("stopping");
    let told = Instant::now();
    running.signal(libc::SIGINT);
    let ran = running.finish().exits(3);
    assert!(told.elapsed() < ms(1000), "{:?}", told.elapsed());
    assert_eq!(ran.json()["accepted"], 6);
    assert_eq!(is_whole(&project), Some(6));
    assert_eq!(stored(&project).len(), 6);
    fake.script(|_, _| Reply::Good);
    fake.take_count();
    project.emogrid(&RUN).exits(0);
    assert_eq!(fake.take_count(), 14);
}

/// A run that stops of itself was not asked to before: what it still waits for is not left at the first word.
#[test]
fn a_signal_after_a_budget_leaves_nothing() {
    for (stop, says) in [("--max-requests", "max_requests"), ("drain", "ctl drain")] {
        let fake = Fake::start();
        fake.latency(ms(800));
        let project = Project::wide(&fake.url(), 10, "");
        let more: &[&str] = if stop == "drain" { &[] } else { &["--max-requests", "4"] };
        let running = project.watch(&[&RUN[..], more].concat());
        until("four requests", || fake.seen().len() == 4, String::new);
        if stop == "drain" {
            project.emogrid(&["ctl", "drain"]).exits(0);
        }
        running.until_says(says);
        running.signal(libc::SIGTERM);
        running.until_says("stopping: waiting for 4 requests under way; Ctrl-C again to leave them");
        let ran = running.finish().exits(3);
        assert_eq!((&ran.json()["requests"], stored(&project).len()), (&4.into(), 4), "{}", ran.stderr);
        assert!(!ran.json()["stopped_by"].as_str().unwrap().contains("interrupt"), "{}", ran.stdout);
    }
}

#[test]
fn ctrl_c_while_the_last_answers_come_is_a_complete_run() {
    let fake = Fake::start();
    fake.latency(ms(150));
    let project = Project::wide(&fake.url(), 2, "");
    let running = project.watch(&RUN);
    until("four requests", || fake.seen().len() >= 4, String::new);
    running.signal(libc::SIGINT);
    let ran = running.finish().exits(0);
    assert_eq!(ran.json()["state"], "complete");
    assert_eq!(is_whole(&project), Some(4));
}

#[test]
fn ctrl_c_while_a_dead_server_is_waited_for_keeps_what_came() {
    let fake = Fake::start();
    fake.latency(ms(20));
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    drop(fake);
    running.until_says("unreachable");
    running.signal(libc::SIGINT);
    let told = Instant::now();
    let ran = running.finish().exits(3);
    assert!(told.elapsed() < ms(1500), "{:?}", told.elapsed());
    let accepted = ran.json()["accepted"].as_u64().unwrap() as usize;
    assert!(accepted >= 4, "{accepted}");
    assert_eq!((is_whole(&project), stored(&project).len()), (Some(accepted), accepted));
}

// Two at once.

#[test]
fn one_name_runs_once_at_a_time() {
    let fake = Fake::start();
    fake.latency(ms(100));
    let project = Project::wide(&fake.url(), 6, "");
    let running = project.watch(&RUN);
    until("a request", || !fake.seen().is_empty(), String::new);
    let id = running.id();
    project.emogrid(&RUN).exits(4).says("another run of `wide` is going on").says(&id.to_string());
    // Beside it, what does not run may look.
    let rows = || project.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json()["rows"].as_u64();
    until("a row", || rows() > Some(0), String::new);
    for args in [&["plan", "wide.yaml"][..], &["status", "wide.yaml"], &["export", "wide.yaml"]] {
        project.emogrid(args).exits(0);
    }
    running.finish().exits(0);
    assert_eq!(fake.take_count(), 12);
    project.emogrid(&RUN).exits(0);
}

#[test]
fn two_names_run_side_by_side_over_one_store() {
    // A server whose answers are never twice the same.
    let fake = Fake::start();
    fake.latency(ms(20));
    fake.script(|_, before| Reply::text(&format!("{{\"text\": \"answer number {before}\"}}")));
    let project = Project::wide(&fake.url(), 10, "");
    project.write("other.yaml", &wide(&fake.url(), 10, "").replace("name: wide", "name: other"));
    let (one, two) = (project.watch(&RUN), project.watch(&["run", "other.yaml", "--json"]));
    assert_eq!(one.finish().exits(0).json()["accepted"], 20);
    assert_eq!(two.finish().exits(0).json()["accepted"], 20);
    assert_eq!(stored(&project).len(), 20);
    fake.take_count();
    // Both wrote what the store says, so nothing changes when they are run again.
    let texts = || ["wide", "other"].map(|name| project.read(&format!("out/{name}/dataset.jsonl")));
    let before = texts();
    project.emogrid(&RUN).exits(0);
    project.emogrid(&["run", "other.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(texts(), before);
    assert_eq!(before[0], before[1]);
}

#[test]
fn many_names_may_begin_at_once_where_no_store_is_yet() {
    let fake = Fake::start();
    let project = Project::new();
    let names: Vec<_> = (0..6).map(|n| format!("grid{n}.yaml")).collect();
    for name in &names {
        let own = format!("name: {}", name.trim_end_matches(".yaml"));
        project.write(name, &wide(&fake.url(), 3, "").replace("name: wide", &own));
    }
    let all: Vec<_> = names.iter().map(|name| project.watch(&["run", name, "--json"])).collect();
    for running in all {
        assert_eq!(running.finish().exits(0).json()["accepted"], 6);
    }
    assert_eq!(stored(&project).len(), 6);
}

#[test]
fn many_runs_at_once_leave_one_whole_dataset() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 40, "");
    project.emogrid(&RUN).exits(0);
    let expected = files(&project);
    for _ in 0..3 {
        std::fs::remove_dir_all(project.path().join("out")).unwrap();
        let all: Vec<_> = (0..8).map(|_| project.watch(&RUN)).collect();
        let ran: Vec<_> = all.into_iter().map(Running::finish).collect();
        assert!(ran.iter().any(|ran| ran.code == Some(0)));
        for ran in ran.into_iter().filter(|ran| ran.code != Some(0)) {
            let ran = ran.exits(4).says("another run of `wide` is going on");
            assert_eq!((&ran.json()["verdict"], &ran.json()["in_vain"]), (&"LOOK".into(), &true.into()));
        }
        assert_eq!(files(&project), expected);
    }
}

#[test]
fn two_configs_cannot_share_a_name() {
    let fake = Fake::start();
    for own in ["name: wide", "name: 'wide'", "name: \"wide\"  # mine"] {
        let project = Project::wide(&fake.url(), 2, "");
        project.edit("wide.yaml", "name: wide", own);
        project.emogrid(&RUN).exits(0);
        project.write("copy.yaml", &wide(&fake.url(), 3, ""));
        project.emogrid(&["run", "copy.yaml"]).exits(2).says("the name `wide` belongs to").says("wide.yaml");
        // Once the first is gone, the name is free.
        std::fs::remove_file(project.path().join("wide.yaml")).unwrap();
        project.emogrid(&["run", "copy.yaml"]).exits(0);
    }
}

/// The first is not known yet when the second begins to wait.
#[test]
fn two_configs_cannot_share_a_name_by_waiting() {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let project = Project::wide(&url, 8, "");
    project.write("copy.yaml", &wide(&url, 3, ""));
    let first = project.watch(&RUN);
    first.until_says("waiting for http://127.0.0.1");
    let second = project.watch(&["run", "copy.yaml", "--wait"]);
    second.until_says("waiting for its end");
    let _fake = Fake::start_at(port, Model::default());
    assert_eq!(first.finish().exits(0).json()["accepted"], 16);
    second.finish().exits(2).says("the name `wide` belongs to").says("wide.yaml");
    assert_eq!(project.rows(FILES[0]).len(), 16);
}

#[test]
fn a_config_without_a_name_has_its_files() {
    let fake = Fake::start();
    let project = Project::new();
    let nameless = wide(&fake.url(), 2, "").replace("name: wide\n", "");
    project.write("wide.yaml", &nameless);
    project.emogrid(&RUN).exits(0);
    project.write("copy.yaml", &wide(&fake.url(), 3, ""));
    project.emogrid(&["run", "copy.yaml"]).exits(2).says("wide.yaml");
    project.write("sub/wide.yaml", &nameless);
    project.emogrid(&["run", "sub/wide.yaml"]).exits(2).says("wide.yaml");
}

// Disks.

#[test]
fn a_store_that_cannot_grow_stops_the_asking() {
    let fake = Fake::start();
    fake.latency(ms(5));
    let expected = undisturbed(&fake, 60, &[]);
    let project = Project::wide(&fake.url(), 60, "");
    let mut command = Command::new("bash");
    command
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 350; exec \"$0\" run wide.yaml --json",
            env!("CARGO_BIN_EXE_emogrid"),
        ])
        .current_dir(project.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    let ran = Running::start(command).finish().exits(1).says("store.db").says("all that was stored is kept");
    let (first, kept) = (asked(&fake), stored(&project));
    assert!(!kept.is_empty() && kept.len() < 120, "{} kept\n{}", kept.len(), ran.stderr);
    assert!(first.len() <= kept.len() + SLOTS + 2 * BATCH, "{} asked, {} kept", first.len(), kept.len());
    is_whole(&project);

    let next = project.emogrid(&RUN).exits(0).json();
    // Whether there was room for its end or not.
    let runs = project.emogrid(&["runs", "wide.yaml", "--json"]).exits(0).json();
    assert_eq!(next["untold"].is_array(), runs.as_array().unwrap().len() == 1, "{next}");
    let second = asked(&fake);
    none_of(&second, &kept);
    assert_eq!(second.len() + kept.len(), 120);
    assert_eq!(files(&project), expected);
}

/// Runs commands by which nothing in the project can be written.
struct Locked<'a> {
    project: &'a Project,
    root: bool,
}

impl<'a> Locked<'a> {
    fn new(project: &'a Project) -> Option<Self> {
        // SAFETY: asks for a number.
        let root = unsafe { libc::geteuid() } == 0;
        if root {
            let mut able = Command::new("setpriv");
            able.args(["--reuid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_emogrid"), "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            if !able.status().is_ok_and(|status| status.success()) {
                eprintln!("skipped: root can write everything, and there is no setpriv that works");
                return None;
            }
        }
        let locked = Self { project, root };
        locked.modes(if root { (0o755, 0o644) } else { (0o555, 0o444) });
        Some(locked)
    }

    fn modes(&self, (folder, file): (u32, u32)) {
        let mut folders = vec![self.project.path().to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => std::fs::set_permissions(path, PermissionsExt::from_mode(file)).unwrap(),
                }
            }
            std::fs::set_permissions(next, PermissionsExt::from_mode(folder)).unwrap();
        }
    }

    fn emogrid(&self, args: &[&str]) -> Ran {
        let mut command = match self.root {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", "65534", "--clear-groups", env!("CARGO_BIN_EXE_emogrid")]);
                command
            }
            false => Command::new(env!("CARGO_BIN_EXE_emogrid")),
        };
        command.args(args).current_dir(self.project.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        Running::start(command).finish()
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        self.modes((0o755, 0o644));
    }
}

#[test]
fn a_folder_that_cannot_be_written_can_be_read() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, "");
    project.emogrid(&RUN).exits(0);
    fake.take_count();
    let Some(locked) = Locked::new(&project) else { return };
    assert!(locked.emogrid(&["plan", "wide.yaml"]).exits(0).stdout.contains("8 of 8 rows"));
    assert_eq!(locked.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json()["rows"], 8);
    assert_eq!(locked.emogrid(&["export", "wide.yaml"]).exits(0).stdout, project.read(FILES[0]));
    // Nothing to ask and nothing to write.
    locked.emogrid(&RUN).exits(0);
    let ran = locked.emogrid(&["run", "wide.yaml", "--set", "samples.per_cell=2"]).exits(1);
    let ran = ran.says("Permission denied").says("permissions");
    assert!(ran.stderr.contains(".emogrid"), "{}", ran.stderr);
    assert_eq!(fake.take_count(), 0, "asked although nothing can be stored");
}

#[test]
fn a_killed_runs_store_can_be_read_where_it_cannot_be_written() {
    let fake = Fake::start();
    fake.latency(ms(20));
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("twelve requests", || fake.seen().len() >= 12, String::new);
    running.signal(libc::SIGKILL);
    running.finish();
    let kept = stored(&project).len();
    let Some(locked) = Locked::new(&project) else { return };
    let status = locked.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json();
    assert_eq!(status["stored"]["completions"], kept);
}

#[test]
fn a_folder_where_nothing_was_ever_run_says_so_when_it_cannot_be_written() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, "");
    let Some(locked) = Locked::new(&project) else { return };
    locked.emogrid(&["plan", "wide.yaml"]).exits(0);
    locked.emogrid(&["export", "wide.yaml"]).exits(1).says("none of its 8 rows");
    locked.emogrid(&RUN).exits(1).says(".emogrid").says("permissions");
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn a_store_that_is_none_is_named() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, "");
    project.write(".emogrid/store.db", &"this is no database ".repeat(500));
    for args in [&RUN[..], &["plan", "wide.yaml"], &["status", "wide.yaml"]] {
        project.emogrid(args).exits(1).says("store.db").says("damaged");
    }
    assert_eq!(fake.take_count(), 0);
}

// Whoever listens may leave.

#[test]
fn an_export_into_a_closed_pipe_ends_quietly() {
    let fake = Fake::start();
    fake.model(|model| model.slots = 16);
    let project = Project::wide(&fake.url(), 99, ", slots: 16");
    project.emogrid(&[&RUN[..], &["--set", "samples.per_cell=2"]].concat()).exits(0);
    for format in ["jsonl", "csv"] {
        let mut child = project
            .command(&["export", "wide.yaml", "--set", "samples.per_cell=2", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn a_run_goes_on_when_nobody_reads_what_it_says() {
    let fake = Fake::start();
    fake.latency(ms(10));
    let project = Project::wide(&fake.url(), 10, "");
    for (args, code) in
        [(&["run", "wide.yaml"][..], 0), (&["plan", "wide.yaml"], 0), (&["run", "none.yaml"], 2)]
    {
        let mut child = project.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}");
    }
    assert_eq!(is_whole(&project), Some(20));
}

/// What a managed server started lives on where the run is killed, and so does the server itself, but for Linux: whichever
/// start it was of, and though nothing is left to ask.
#[test]
fn what_a_killed_run_left_of_its_servers_is_ended_by_the_next() {
    use std::os::unix::process::CommandExt;
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    // Whoever started the group is gone.
    let script = "(sleep 7213; true) >/dev/null 2>&1 & echo $$";
    let started = Command::new("sh").args(["-c", script]).process_group(0).output().unwrap();
    let group: i32 = String::from_utf8(started.stdout).unwrap().trim().parse().unwrap();
    // SAFETY: signal 0 only asks.
    let is_there = || unsafe { libc::kill(-group, 0) == 0 };
    assert!(is_there());
    project.write(".emogrid/servers/small/own-again-1.pid", &format!("{group} 999999\n7213\n"));
    let says = "ended a model server that an earlier run left behind";
    project.emogrid(&["run", "small.yaml"]).exits(0).says(says);
    assert!(!project.path().join(".emogrid/servers/small/own-again-1.pid").exists());
    // Its new parent buries it in its own time.
    until("the group is gone", || !is_there() || is_buried_later(group), String::new);
    assert!(!project.emogrid(&["run", "small.yaml"]).exits(0).stderr.contains(says));
}

/// Whether nothing of a group runs any more.
fn is_buried_later(group: i32) -> bool {
    let listed = Command::new("ps").args(["-A", "-o", "pgid=", "-o", "stat="]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut of_group = listed.lines().filter_map(|line| line.trim().split_once(' '));
    of_group.all(|(of, state)| of != group.to_string() || state.trim().starts_with('Z'))
}
