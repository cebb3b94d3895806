//! Folders and disks that take nothing more: what is told of a dataset, and what is not asked.

use std::os::fd::AsRawFd;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::project::{Project, Ran, Running, until};

/// Where the new dataset grows: a folder of that name keeps it from being written.
const PART: &str = "out/small/.dataset.jsonl.part";

fn run(project: &Project) -> Ran {
    project.emogrid(&["run", "small.yaml"])
}

/// The folders of the runs, oldest first.
fn runs(project: &Project) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap();
    let mut all: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn rows(project: &Project) -> usize {
    project.rows("out/small/dataset.jsonl").len()
}

#[test]
fn rows_that_are_not_in_the_file_are_not_claimed() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit(
        "small.yaml",
        "samples:",
        "notify: { command: 'echo \"$EMOGRID_HEADLINE\" > told', when: always }\nsamples:",
    );
    run(&project).exits(0);
    fake.take_count();
    let part = project.path().join(PART);
    let folder = part.clone();
    fake.script(move |_, _| {
        std::fs::create_dir_all(&folder).unwrap();
        Reply::Good
    });
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 4, max_asks: 9");
    let ran = run(&project).exits(1);
    let stays = "dataset not written (Is a directory (os error 21)); it stays at 8 rows";
    let table = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(table.contains(&format!("NOT WRITTEN {stays} what is stored makes 16 rows")), "{}", ran.stderr);
    assert!(ran.stderr.lines().any(|line| line.starts_with("rows        8 of 16 ")), "{}", ran.stderr);
    let headline = format!("LOST small: 8 of 16 rows; {stays}");
    assert_eq!(project.read("told").trim_end(), headline);
    let folder = runs(&project).pop().unwrap();
    let page = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(page.starts_with(&headline) && page.contains("| rows | 8 of 16 |"), "{page}");
    let summary: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(
        (&summary["unwritten"]["rows"], &summary["exit_code"], &summary["accepted"]),
        (&json!(8), &json!(1), &json!(16))
    );
    assert_eq!((rows(&project), fake.take_count()), (8, 8));
    let log = project.rows("out/small/log.jsonl");
    assert_eq!(log[log.len() - 1]["rows"], 8);
    // The next run writes what is stored, and asks nothing.
    std::fs::remove_dir(part).unwrap();
    run(&project).exits(0);
    assert_eq!((rows(&project), fake.take_count()), (16, 0));
}

#[test]
fn where_no_dataset_could_be_written_nothing_is_asked() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    std::fs::create_dir_all(project.path().join(PART)).unwrap();
    let ran = run(&project).exits(1).says("cannot write out/small");
    assert!(ran.stderr.contains("permissions"), "{}", ran.stderr);
    assert_eq!(fake.take_count(), 0);
    std::fs::remove_dir(project.path().join(PART)).unwrap();
    run(&project).exits(0);
    assert_eq!(rows(&project), 8);
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_without_a_page_is_told_all_the_same() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("out/small/runs", "in the way");
    // What a full disk left.
    project.write("out/small/log.jsonl", "{\"event\":\"whole\"}\n{\"event\":\"cut\",\"te");
    // A file with nothing beside it, where nothing can be made.
    let figures = tempfile::tempfile().unwrap();
    let prom = format!("/proc/{}/fd/{}", std::process::id(), figures.as_raw_fd());
    project.edit("small.yaml", "samples:", &format!("run: {{ metrics: {prom} }}\nsamples:"));
    run(&project).exits(1).says("out/small/runs");
    let listed = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["verdict"]), (1, &json!("LOST")));
    let status = project.emogrid(&["status", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(status["last_run"]["requests"], 8);
    let figures = project.read(&prom);
    assert!(figures.contains("emogrid_run_active{name=\"small\"} 0\n"), "{figures}");
    assert!(figures.contains("emogrid_run_verdict{name=\"small\"} 2\n"), "{figures}");
    let log = project.rows("out/small/log.jsonl");
    assert_eq!((&log[0]["event"], &log[log.len() - 1]["event"]), (&json!("whole"), &json!("ended")));
    // There is room again.
    std::fs::remove_file(project.path().join("out/small/runs")).unwrap();
    project.edit("small.yaml", "per_cell: 2", "per_cell: 3");
    run(&project).exits(0);
    assert_eq!(runs(&project).len(), 1);
}

#[test]
fn a_page_that_could_not_be_written_is_tried_once_more() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("out/small/runs", "in the way");
    let mut command = project.command(&["run", "small.yaml"]);
    command.env("EMOGRID_WAIT_AT", format!("page-again:{}", project.path().join("go-on").display()));
    let running = Running::start(command);
    let listed = || project.emogrid(&["runs", "small.yaml", "--json"]).stdout.contains("\"requests\": 8");
    until("the run in the store", listed, String::new);
    std::fs::remove_file(project.path().join("out/small/runs")).unwrap();
    project.write("go-on", "");
    running.finish().exits(1);
    let page = std::fs::read_to_string(runs(&project)[0].join("summary.md")).unwrap();
    assert!(page.contains("cannot write out/small/runs"), "{page}");
}
