//! How a run ended: what it waited for, what it is judged by, and what is told of it later.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, free_port};
use crate::project::{Project, until};

/// The newest page of a run.
fn page(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(last.join("summary.md")).unwrap()
}

fn store(project: &Project) -> rusqlite::Connection {
    rusqlite::Connection::open(project.path().join(".emogrid/store.db")).unwrap()
}

fn stored(project: &Project) -> i64 {
    store(project).query_row("SELECT count(*) FROM completion", [], |row| row.get(0)).unwrap()
}

#[test]
fn time_that_went_by_waiting_for_another_run_is_told_as_that() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "run: { for: 1s }\nsamples:");
    let first = project.watch(&["run", "small.yaml", "--for", "1h"]);
    until("the first", || !fake.seen().is_empty(), String::new);
    let ran = project.emogrid(&["run", "small.yaml", "--wait"]).exits(3);
    let says = "its time went by waiting for another run of this name";
    let first_line = ran.stderr.lines().find(|line| line.starts_with("its time")).unwrap();
    assert_eq!(first_line, says);
    ran.says("without `--wait`");
    let page = page(&project);
    assert!(page.starts_with(&format!("LOOK small: 0 of 8 rows; {says}\n")), "{page}");
    assert!(page.contains("  Cause: another run of `small` is going on (process "), "{page}");
    assert!(page.contains("  Key: `run.for` (small.yaml:12).\n"), "{page}");
    assert!(!page.contains("`endpoints"), "{page}");
    first.signal(libc::SIGKILL);
    first.finish();
}

/// What goes by while nobody is there to ask makes no endpoint slower, and rings no alarm.
#[test]
fn waiting_for_an_endpoint_is_no_asking() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(20));
    let project = Project::small(&fake.url());
    let endpoint = format!("{{ url: '{}', slots: 1, patience: 3s }}", fake.url());
    project.edit("small.yaml", &format!("fake: {}", fake.url()), &format!("fake: {endpoint}"));
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 90, max_asks: 300");
    // Of 10 answers there are 70 tokens.
    project.edit("small.yaml", "samples:", "alarm: { tokens_per_second: 28, rows_per_hour: 8000 }\nsamples:");
    let running = project.watch(&["run", "small.yaml", "--json"]);
    until("some answers", || fake.seen().len() > 10, String::new);
    drop(fake);
    let summary = running.finish().exits(1).json();
    let of = |value: &Value| value.as_f64().unwrap();
    let (asking, away) = (of(&summary["asking_seconds"]), of(&summary["away_seconds"]));
    assert!((2.5..4.0).contains(&away) && asking + away <= of(&summary["seconds"]), "{summary}");
    let keys: Vec<_> = summary["findings"].as_array().unwrap().iter().map(|found| &found["key"]).collect();
    assert_eq!(keys, ["endpoints.fake.url"], "{summary}");
    let did = &summary["endpoints"]["fake"];
    let rate = of(&summary["completion_tokens"]) / asking;
    assert!((of(&did["tokens_per_second"]) - rate).abs() < 0.1 * rate, "{did}: {rate}");
    assert!((of(&did["away"]["seconds"]) - away).abs() < 0.5, "{summary}");
}

#[test]
fn an_endpoint_that_answered_nothing_was_not_in_use() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let dead = format!("{{ url: 'http://127.0.0.1:{}', model: other, patience: 1s }}", free_port());
    project.edit("small.yaml", &fake.url(), &format!("{}, dead: {dead}", fake.url()));
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(1).json();
    let did = &summary["endpoints"]["dead"];
    assert_eq!((&did["requests"], &did["busy"]), (&json!(0), &json!(0.0)), "{summary}");
    let row = format!("| dead | 0 | – | – | – | – | – | {}", "from ");
    assert!(page(&project).contains(&row), "{}", page(&project));
}

#[cfg(unix)]
#[test]
fn who_stops_a_run_at_its_beginning_finds_nothing() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let project = Project::small(&fake.url());
    let running = project.watch(&["run", "small.yaml", "--json"]);
    until("a request", || !fake.seen().is_empty(), String::new);
    running.signal(libc::SIGINT);
    running.until_says("Ctrl-C again");
    running.signal(libc::SIGINT);
    let summary = running.finish().exits(3).json();
    assert_eq!(summary["headline"], "OK small: 0 of 8 rows; stopped as asked, before an answer came");
    assert_eq!(summary["findings"], json!([]));
    // Its time is another matter: nobody saw that nothing came.
    let summary = project.emogrid(&["run", "small.yaml", "--json", "--for", "1s"]).exits(3).json();
    assert_eq!(summary["headline"], "LOOK small: 0 of 8 rows; its time was over before an answer came");
    let found = &summary["findings"][0];
    assert_eq!((&found["key"], &found["place"]), (&json!("run.for"), &json!("the command line")));
}

#[test]
fn a_server_that_was_not_there_is_the_finding_however_the_wait_ended() {
    let project = Project::small(&format!("http://127.0.0.1:{}", free_port()));
    let summary = project.emogrid(&["run", "small.yaml", "--for", "1s"]).exits(3);
    summary.says("its time went by waiting for endpoint `fake`");
    let page = page(&project);
    assert!(page.contains("  Key: `endpoints.fake.url` (small.yaml:2).\n"), "{page}");
    assert!(page.contains("Connection refused"), "{page}");
}

#[test]
fn what_the_store_did_not_take_is_not_counted_as_stored() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml", "--max-requests", "1"]).exits(3);
    let full = "CREATE TRIGGER full BEFORE INSERT ON completion WHEN (SELECT count(*) FROM completion) >= 5
         BEGIN SELECT RAISE(ABORT, 'no room'); END";
    store(&project).execute_batch(full).unwrap();
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 9, max_asks: 30");
    fake.take_count();
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(1);
    let summary = ran.json();
    let (asked, unstored) = (summary["requests"].as_i64().unwrap(), summary["unstored"].as_i64().unwrap());
    assert_eq!(asked + 1, stored(&project), "{summary}");
    assert_eq!(asked + unstored, fake.take_count() as i64, "{summary}");
    assert!(unstored > 0 && page(&project).contains(&format!("| answers not stored | {unstored} |")));
}

/// Two that could not keep their end, the second without a page; the third can, and tells of both, once.
#[test]
fn each_run_that_could_not_keep_its_end_is_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "max_asks: 5", "max_asks: 9");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let full = "CREATE TRIGGER full BEFORE INSERT ON run BEGIN SELECT RAISE(ABORT, 'no room'); END";
    store(&project).execute_batch(full).unwrap();
    let runs = project.path().join("out/small/runs");
    std::fs::remove_dir_all(&runs).unwrap();
    project.write("out/small/runs", "in the way");
    for rows in ["3", "4"] {
        let set = format!("samples.per_cell={rows}");
        project.emogrid(&["run", "small.yaml", "--set", &set]).exits(1).says("and the next run tells of it");
    }
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    let lines: Vec<_> = list.lines().map(|line| (&line[..4], &line[25..])).collect();
    let told = "not kept: at least 4 answers, 188 tokens";
    assert_eq!((lines.len(), lines[2], lines[3]), (4, ("   2", told), ("   3", told)), "{list}");
    store(&project).execute_batch("DROP TRIGGER full").unwrap();
    std::fs::remove_file(runs).unwrap();
    let run = |rows: &str| {
        let set = format!("samples.per_cell={rows}");
        project.emogrid(&["run", "small.yaml", "--json", "--set", &set]).exits(0).json()
    };
    let summary = run("5");
    let found = &summary["findings"][0];
    assert_eq!(found["what"], "2 runs before this one could not keep how they ended");
    assert!(!summary.to_string().contains("cut off"), "{summary}");
    let cause = found["cause"].as_str().unwrap();
    assert_eq!(cause.matches("; 4 answers stored, 160 prompt").count(), 2, "{cause}");
    assert_eq!(run("6")["untold"], Value::Null);
    let again = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    assert_eq!(again.matches(&format!(" {told}\n")).count(), 2, "{again}");
}

/// What is on disk is of before the edit, whoever began since.
#[test]
fn rows_that_an_edit_took_out_are_not_lost_where_a_run_was_cut_off_before() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    fake.take_count();
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let cut_off = project.watch(&["run", "small.yaml"]);
    until("its first ask", || !fake.seen().is_empty(), String::new);
    cut_off.signal(libc::SIGKILL);
    cut_off.finish();
    fake.script(|_, _| Reply::Good);
    project
        .emogrid(&["run", "small.yaml", "--set", "run.max_leaving=1"])
        .exits(4)
        .says("\"bright\" → \"glad\"");
    let summary = project.emogrid(&["run", "small.yaml", "--max-requests", "1", "--json"]).exits(3).json();
    assert_eq!(summary["edits"], json!(["emotion.joy.definition: \"bright\" → \"glad\""]), "{summary}");
    assert!(!page(&project).starts_with("LOST"), "{}", page(&project));
}

#[cfg(unix)]
#[test]
fn runs_that_left_no_summary_stand_in_the_list() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let list = || project.emogrid(&["runs", "small.yaml"]).exits(0);
    list().says("nothing was asked here yet");
    project
        .emogrid(&["runs", "small.yaml", "--show", "1"])
        .exits(1)
        .says("there is no run 1: none was kept yet");
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let running = project.watch(&["run", "small.yaml"]);
    until("a request", || !fake.seen().is_empty(), String::new);
    let under_way = list().stdout;
    assert!(under_way.lines().nth(1).is_some_and(|line| line.ends_with(" under way")), "{under_way}");
    running.signal(libc::SIGKILL);
    running.finish();
    let cut_off = list().stdout;
    assert!(cut_off.lines().nth(1).is_some_and(|line| line.ends_with(" cut off")), "{cut_off}");
    let status = project.emogrid(&["status", "small.yaml"]).exits(0).stdout;
    assert!(status.contains("\nlast run 1, 20") && status.contains(" UTC\n  cut off\n"), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    let status = project.emogrid(&["status", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&status["last_run"]["number"], &status["last_run"]["state"]), (&1.into(), &"cut_off".into()));
    fake.script(|_, _| Reply::Good);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let all = list().stdout;
    let first: Vec<_> = all.lines().map(|line| line[..4].trim()).collect();
    assert_eq!(first, ["run", "1", "2"], "{all}");
    let show = |more: &[&str]| {
        let args = [&["runs", "small.yaml", "--show", "1"], more].concat();
        project.emogrid(&args).exits(0)
    };
    let shown = show(&[]).stdout;
    assert!(shown.starts_with("run 1, 20") && shown.ends_with(" UTC\n  cut off\n"), "{shown}");
    assert_eq!(show(&["--json"]).json()["state"], "cut_off");
    let listed = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(
        (&listed[0]["state"], &listed[1]["state"]),
        (&"cut_off".into(), &"complete".into()),
        "{listed}"
    );
    let compare = project.emogrid(&["runs", "small.yaml", "--compare", "1", "2"]).exits(1);
    compare.says("run 1 has no figures: cut off");
    let says = "there is no run 3; `emogrid runs` lists";
    project.emogrid(&["runs", "small.yaml", "--show", "3"]).exits(1).says(says);
}

/// Whoever compares runs 1 and 2 means the same two later on, whichever of them ended first.
#[cfg(unix)]
#[test]
fn runs_keep_the_numbers_that_they_began_with() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::Late(Duration::from_millis(200), Box::new(Reply::Good)));
    let project = Project::small(&fake.url());
    let numbers = || {
        let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
        let of = |line: &str| (line[..4].trim().parse::<u32>().unwrap(), line[5..24].to_owned());
        list.lines().skip(1).map(of).collect::<Vec<_>>()
    };
    let long = project.watch(&["run", "small.yaml"]);
    until("a request", || !fake.seen().is_empty(), String::new);
    // It ends long before the one that it waits for.
    let waits = project.watch(&["run", "small.yaml", "--wait"]);
    waits.until_says("waiting for its end");
    waits.signal(libc::SIGINT);
    waits.finish().exits(3);
    let then = numbers();
    assert_eq!(then.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2]);
    long.finish().exits(0);
    assert_eq!(numbers(), then);
    project.edit("small.yaml", "per_cell: 2", "per_cell: 3");
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&summary["number"], numbers().len()), (&3.into(), 3));
    let compared = project.emogrid(&["runs", "small.yaml", "--compare", "1", "3"]).exits(0).stdout;
    assert!(compared.contains(&then[0].1), "{compared}");
}

/// Who reads JSON gets it however a run ended, and what it says stands in the summary's file too.
#[test]
fn a_run_in_vain_has_a_summary_for_machines() {
    let project = Project::small(&format!("{{ url: 'http://127.0.0.1:{}', patience: 1s }}", free_port()));
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(1);
    let summary = ran.json();
    assert_eq!((&summary["requests"], &summary["name"]), (&json!(0), &json!("small")), "{summary}");
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap().next().unwrap().unwrap();
    let kept: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("summary.json")).unwrap()).unwrap();
    assert_eq!(kept["started"], summary["started"], "{kept}");
    ran.says("error: ");
}

#[test]
fn a_reader_that_had_enough_does_not_make_a_short_run_complete() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::text(""));
    let project = Project::small(&fake.url());
    let mut run = project.command(&["run", "small.yaml", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(run.stdout.take());
    assert_eq!(run.wait().unwrap().code(), Some(4));
}

/// Nobody waits for a run to look through all cells before it hears that it is to stop.
#[test]
fn a_run_that_looks_through_its_cells_hears_that_it_is_to_stop() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let before = project.read("out/small/dataset.jsonl");
    fake.take_count();
    let places: Vec<String> = (0..100_000).map(|n| format!("p{n}")).collect();
    project.edit("small.yaml", "[good, bad]", &format!("[{}]", places.join(", ")));
    let running = project.watch(&["run", "small.yaml", "--accept-leaving", "--yes"]);
    running.until_says("looking through the cells: ");
    running.signal(libc::SIGTERM);
    let ran = running.finish().exits(3);
    let looks = ran.stderr.matches("looking through the cells: ").count();
    assert!(looks <= 2, "it was told so in its first seconds: {}", ran.stderr);
    assert_eq!((fake.take_count(), project.read("out/small/dataset.jsonl")), (0, before));
}
