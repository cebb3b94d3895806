//! The line for cron and the unit of docs/nightly.md, run as they are written there.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::fake::Fake;
use crate::project::Project;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nightly.md");
    std::fs::read_to_string(path).unwrap()
}

/// What stands between fences of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opens = format!("\n```{language}\n");
    let blocks = page.split(&opens).skip(1).map(|rest| rest.split("\n```").next().unwrap());
    blocks.collect()
}

/// A project as the page describes it: `configs/moods.yaml` has what the page shows.
fn project(page: &str, fake: &Fake) -> Project {
    let project = Project::new();
    let grid =
        "grid:\n  axes:\n    mood: { label: true, values: [joy, anger] }\n    topic: [work, sport, food]\n";
    let shown = blocks(page, "yaml")[0];
    let config = format!(
        "name: moods\nendpoints: {{ gpu0: {} }}\nprompt: {{ user: 'Show {{{{ mood }}}} at {{{{ topic }}}}.' }}\n{grid}\
         samples: {{ per_cell: 4 }}\n{shown}\n",
        fake.url()
    );
    project.write("configs/moods.yaml", &config);
    project
}

/// Runs a command as the page has it, but for where the project and the program are, by a shell that knows little more
/// than where programs usually are; says what it wrote to standard output, and how it ended.
fn run(command: &str, project: &Project, from: &Path) -> (String, Option<i32>) {
    assert!(command.contains("/usr/local/bin/emogrid run configs/moods.yaml"), "{command}");
    let command = command
        .replace("/srv/emogrid", &project.path().display().to_string())
        .replace("/usr/local/bin/emogrid", env!("CARGO_BIN_EXE_emogrid"));
    let output = Command::new("/bin/sh")
        .args(["-c", &command])
        .current_dir(from)
        .env_clear()
        .env("HOME", from)
        .env("LOGNAME", "emogrid")
        .env("SHELL", "/bin/sh")
        .env("PATH", "/usr/bin:/bin")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn the_line_for_cron_runs_as_it_is_written() {
    let page = page();
    let line = blocks(&page, "text").into_iter().find(|block| block.contains("cd /srv/emogrid")).unwrap();
    let fields: Vec<&str> = line.splitn(6, ' ').collect();
    let [minute, hour, .., command] = &fields[..] else { panic!("{line}") };
    assert_eq!((*minute, *hour, line.lines().count()), ("0", "23", 1));
    // It would end the command and begin what is on its standard input.
    assert!(!command.contains('%'), "{command}");
    let fake = Fake::start();
    let project = project(&page, &fake);
    let home = tempfile::tempdir().unwrap();
    let (said, code) = run(command, &project, home.path());
    // Cron sends whatever is said as mail.
    assert_eq!((said.as_str(), code), ("", Some(0)), "{}", project.read("night.log"));
    assert_eq!(project.rows("out/moods/dataset.jsonl").len(), 24);
    assert!(project.read("night.log").contains("\nrows        24 of 24 (complete)\n"));
    let figures = project.read("metrics/emogrid.prom");
    assert!(
        figures.contains("emogrid_endpoint_answers_total{name=\"moods\",endpoint=\"gpu0\"} 24\n"),
        "{figures}"
    );
    // The next night finds it complete, and its log beside that of this one.
    let (said, code) = run(command, &project, home.path());
    assert_eq!((said.as_str(), code, fake.take_count()), ("", Some(0), 24));
    assert_eq!(project.read("night.log").matches("24 of 24 (complete)").count(), 2);
}

#[test]
fn the_command_of_the_unit_runs_as_it_is_written() {
    let page = page();
    let service = blocks(&page, "ini").into_iter().find(|unit| unit.contains("[Service]")).unwrap();
    let of = |key: &str| service.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).unwrap();
    assert_eq!(of("WorkingDirectory"), "/srv/emogrid");
    let fake = Fake::start();
    let project = project(&page, &fake);
    let (said, code) = run(of("ExecStart"), &project, project.path());
    assert_eq!((said.as_str(), code), ("", Some(0)));
    assert_eq!(project.rows("out/moods/dataset.jsonl").len(), 24);
    let summary = project.emogrid(&["runs", "configs/moods.yaml", "--json"]).exits(0).json();
    assert_eq!((&summary[0]["verdict"], &summary[0]["state"]), (&json!("OK"), &json!("complete")));
}
