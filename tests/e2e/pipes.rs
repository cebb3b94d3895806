//! Tables that come through a pipe which has a path, as shells make them of `<(…)`.

use std::process::Command;
use std::thread::JoinHandle;

use crate::project::{Project, Ran};

/// A pipe that is written to once, by somebody who ends then.
fn pipe(project: &Project, name: &str, text: &str) -> JoinHandle<()> {
    let path = project.path().join(name);
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let text = text.to_owned();
    // Whoever reads only some of it and goes is told of by what it made.
    std::thread::spawn(move || std::fs::write(&path, text).unwrap_or_default())
}

/// Runs a command that reads the pipe; one that opens it twice would wait for ever.
fn within(project: &Project, args: &[&str]) -> Ran {
    project.watch(args).finish()
}

#[test]
fn every_row_of_a_pipe_is_read() {
    let project = Project::new();
    let rows: Vec<String> =
        (0..400).map(|n| format!("text number {n} of many,{}\n", ["joy", "anger"][n % 2])).collect();
    let table = format!("text,label\n{}", rows.concat());
    let writer = pipe(&project, "rows", &table);
    within(&project, &["export", "rows", "-o", "x.jsonl"]).exits(0).says("400 rows");
    writer.join().unwrap();
    assert_eq!(project.rows("x.jsonl").len(), 400);
    let writer = pipe(&project, "rows", &table);
    within(&project, &["export", "rows", "--format", "hf", "-o", "x"]).exits(0).says("400 rows");
    writer.join().unwrap();
    let writer = pipe(&project, "rows", &table);
    let told = within(&project, &["train", "--probe", "--train", "rows", "--json"]).exits(0).json();
    writer.join().unwrap();
    assert_eq!(told["probe"]["rows"], 400);
    // GoEmotions' own files are known by their first line, also in a pipe.
    let filtered: String =
        (0..400).map(|n| format!("text number {n} of many\t{}\tid{n}\n", [17, 2][n % 2])).collect();
    let writer = pipe(&project, "rows", &filtered);
    let told = within(&project, &["train", "--probe", "--train", "rows", "--json"]).exits(0).json();
    writer.join().unwrap();
    assert_eq!((&told["probe"]["rows"], &told["probe"]["labels"][1]), (&400.into(), &"joy".into()));
}

#[test]
fn a_pipe_is_not_read_again() {
    let project = Project::new();
    let rows = "text,label\na fine day,joy\na grim day,anger\n";
    let writer = pipe(&project, "rows", rows);
    let args = ["train", "--probe", "--train", "rows", "--dev", "rows", "--min-df", "1"];
    within(&project, &args).exits(1).says("rows: its rows come but once");
    writer.join().unwrap();
}

#[test]
fn an_import_says_that_it_reads_files() {
    let project = Project::new();
    let writer = pipe(&project, "rows", "text,label\na fine day,joy\n");
    let args = ["import", "table", "rows", "--text", "text", "--label", "label", "-o", "d"];
    within(&project, &args).exits(2).says("rows").says("name files");
    // Whoever still waits for a reader gets one.
    let _ = std::fs::File::open(project.path().join("rows"));
    writer.join().unwrap();
}
