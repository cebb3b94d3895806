//! A run that would take much of a dataset away is refused before it asks.

use std::time::Duration;

use crate::fake::{Fake, Reply};
use crate::project::{Project, Ran, until};

/// A project whose 8 rows are made, with room for 3 of them to leave.
fn made(fake: &Fake) -> Project {
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "run: { max_leaving: 3 }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.take_count();
    project
}

/// Every file of a project with what it holds, but for the lock and SQLite's own beside its database.
fn files(project: &Project) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut out = Vec::new();
    let mut folders = vec![project.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false
                    if path.to_string_lossy().contains("store.db-")
                        || path.ends_with(".emogrid/small.lock") => {}
                false => out.push((path.clone(), std::fs::read(&path).unwrap())),
            }
        }
    }
    out.sort();
    out
}

fn run(project: &Project, more: &[&str]) -> Ran {
    let args: Vec<&str> = ["run", "small.yaml"].iter().chain(more).copied().collect();
    project.emogrid(&args)
}

#[test]
fn more_than_may_leave_are_refused_and_nothing_is_asked_or_written() {
    let fake = Fake::start();
    let project = made(&fake);
    project.edit("small.yaml", "bright", "glad");
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["leaving"], &plan["max_leaving"]), (&4.into(), &3.into()));
    assert!(project.emogrid(&["plan", "small.yaml"]).stdout.contains("a run wants `--accept-leaving`"));
    let before = files(&project);
    run(&project, &[])
        .exits(4)
        .says("4 of 8 rows would leave the dataset until remade")
        .says("`run.max_leaving` (3)")
        .says("emotion.joy.definition: \"bright\" → \"glad\"")
        .says("--accept-leaving")
        .says("undo the change");
    assert_eq!(fake.take_count(), 0);
    // That it was refused is kept and told; the dataset's files stay as they were.
    let told = |path: &std::path::Path| {
        let path = path.to_string_lossy();
        ["store.db", "log.jsonl", "summary.json", "summary.md"].iter().any(|name| path.ends_with(name))
    };
    let changed = files(&project).into_iter().filter(|file| !before.contains(file)).map(|(path, _)| path);
    let (told, changed): (Vec<_>, Vec<_>) = changed.partition(|path| told(path));
    assert!(changed.is_empty() && told.len() == 4, "{changed:?} {told:?}");
    // It is the same with only a part asked for, since the dataset is written whole.
    run(&project, &["--where", "emotion=anger"]).exits(4).says("4 of 8 rows");
    // Both ways on.
    project.edit("small.yaml", "glad", "bright");
    run(&project, &[]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    run(&project, &["--accept-leaving"]).exits(0);
    assert_eq!(fake.take_count(), 4);
    // And the third: as many as may.
    project.edit("small.yaml", "glad", "happy");
    run(&project, &["--set", "run.max_leaving=4"]).exits(0);
}

#[test]
fn a_run_that_asks_nothing_is_held_to_it_too() {
    let fake = Fake::start();
    let project = made(&fake);
    let before = project.read("out/small/dataset.jsonl");
    // A value taken out, and texts that are now duplicates.
    for (from, to, rows) in [
        ("sentiment: [good, bad]", "sentiment: [bad]", "4 of 8 rows"),
        ("per_cell: 2", "per_cell: 1", "4 of 8 rows"),
    ] {
        let config = project.read("small.yaml");
        project.edit("small.yaml", from, to);
        run(&project, &[]).exits(4).says(rows);
        assert_eq!(project.read("out/small/dataset.jsonl"), before);
        project.write("small.yaml", &config);
    }
    project.edit("small.yaml", "sentiment: [good, bad]", "sentiment: [bad]");
    run(&project, &["--accept-leaving"]).exits(0);
    assert_eq!(project.rows("out/small/dataset.jsonl").len(), 4);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn rows_that_become_duplicates_count_among_those_that_leave() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let text = format!("Text {} of many.", seen.seed() % 2);
        Reply::text(&serde_json::json!({ "text": text }).to_string())
    });
    let project = Project::small(&fake.url());
    project.edit(
        "small.yaml",
        "samples: { per_cell: 2, max_asks: 5 }",
        "samples: { per_cell: 1, max_asks: 2 }\ndedup: { scope: cell }\nrun: { max_leaving: 1 }",
    );
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "scope: cell", "scope: dataset");
    run(&project, &[]).exits(4).says("would leave the dataset").says("as duplicates").says("scope");
}

#[test]
fn another_model_is_refused_before_its_first_ask() {
    let fake = Fake::start();
    let project = made(&fake);
    fake.model(|model| model.file = "other-7b.gguf".into());
    run(&project, &[]).exits(4).says("8 of 8 rows").says("model: fake-1b → other-7b");
    assert_eq!(fake.take_count(), 0);
    // A server that is away when the run begins is held to it when it is back.
    fake.loading(true);
    let waiting =
        project.watch(&["run", "small.yaml", "--set", "checks.words=[1, 90]", "--set", "samples.per_cell=3"]);
    waiting.until_says("waiting for");
    fake.loading(false);
    waiting.finish().exits(4).says("8 of 8 rows");
    assert_eq!((fake.take_count(), project.rows("out/small/dataset.jsonl").len()), (0, 8));
}

#[test]
fn an_edit_and_a_server_that_is_gone_leave_the_dataset_as_it_was() {
    let fake = Fake::start();
    let project = made(&fake);
    drop(fake);
    project.edit("small.yaml", "bright", "glad");
    let before = project.read("out/small/dataset.jsonl");
    let patience = ["--set", "endpoints.fake.patience=300ms"];
    run(&project, &patience).exits(1).says("endpoint `fake`");
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
}

#[test]
fn a_preview_asks_and_leaves_a_large_dataset_alone() {
    let fake = Fake::start();
    let project = made(&fake);
    let before = project.read("out/small/dataset.jsonl");
    project.edit("small.yaml", "bright", "glad");
    let args = ["preview", "small.yaml", "--where", "emotion=joy", "--where", "sentiment=good", "--generate"];
    let ran = project.emogrid(&args).says("its files stay as they were");
    assert!(ran.stdout.contains("accepted"), "{ran:?}");
    assert_eq!((fake.take_count(), project.read("out/small/dataset.jsonl") == before), (2, true));
    run(&project, &[]).exits(4).says("emotion.joy.definition");
    run(&project, &["--accept-leaving"]).exits(0);
    assert_eq!(fake.take_count(), 2, "what the preview asked is used");
}

#[test]
fn a_small_dataset_may_be_edited_whole() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 50, "");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    project.edit("wide.yaml", "Write", "Please write");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
}

/// Each cell's first ask is cut, as long as `max_tokens` is 50.
fn cut(fake: &Fake) {
    let first: std::sync::Mutex<std::collections::HashMap<String, u64>> = std::sync::Mutex::default();
    fake.script(move |seen, _| {
        let is_first = *first.lock().unwrap().entry(seen.user()).or_insert(seen.seed()) == seen.seed();
        match is_first && seen.body["max_tokens"] == 50 {
            true => Reply::Choices(vec![("I told them that it was".into(), "length")]),
            false => Reply::Good,
        }
    });
}

#[test]
fn rows_that_wait_behind_an_open_ask_do_not_leave() {
    let fake = Fake::start();
    cut(&fake);
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "sampling: { max_tokens: 50 }\nrun: { max_leaving: 3 }\nsamples:");
    project.emogrid(&["run", "small.yaml", "--set", "endpoints.fake.slots=1"]).exits(0);
    assert_eq!((fake.take_count(), project.rows("out/small/dataset.jsonl").len()), (12, 8));
    // Nothing is wrong with the 8 rows: what was cut is asked again, and they follow it.
    project.edit("small.yaml", "max_tokens: 50", "max_tokens: 90");
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    let counted = ["kept", "leaving", "waiting", "waiting_for"].map(|key| plan[key].as_u64());
    assert_eq!(counted, [Some(0), Some(0), Some(8), Some(4)]);
    let told = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    assert!(told.contains("rows: 0 stay, 8 wait behind 4 open asks\n"), "{told}");
    let status = project.emogrid(&["status", "small.yaml"]).exits(0).stdout;
    assert!(
        status.contains("takes 0 of them out, and adds 0 from stored answers;\n  8 wait behind 4"),
        "{status}"
    );
    // Asks that nobody is to answer, or can, bring nothing back.
    let before = project.read("out/small/dataset.jsonl");
    run(&project, &["--where", "emotion=anger"])
        .exits(4)
        .says("4 of 8 rows")
        .says("4 wait behind 2 open asks besides");
    let told = "2 rows left the dataset, 4 wait behind 2 open asks";
    run(&project, &["--max-requests", "2"]).exits(3).says(told);
    run(&project, &[]).exits(0);
    assert_eq!((fake.take_count(), project.rows("out/small/dataset.jsonl").len()), (4, 8));
    assert_ne!(before, project.read("out/small/dataset.jsonl"));
}

#[cfg(unix)]
#[test]
fn rows_that_wait_behind_a_text_to_be_judged_do_not_leave() {
    let (fake, judge) = (Fake::start(), Fake::start());
    cut(&fake);
    judge.model(|model| model.file = "judge-7b.gguf".into());
    judge.script(|_, _| Reply::text(r#"{"good": true}"#));
    let project = Project::small(&fake.url());
    let quality = "{ prompt: 'Judge {{ text }}', schema: { type: object, properties: { good: { type: boolean } } }, \
                   accept: good, model: other }";
    let checks = format!("checks: {{ judges: {{ quality: {quality} }} }}");
    let more = format!("{checks}\nsampling: {{ max_tokens: 50 }}\nrun: {{ max_leaving: 3 }}\nsamples:");
    project.edit("small.yaml", "samples:", &more);
    let other = format!(", other: {{ url: '{}', weight: 0 }} }}\nprompt", judge.url());
    project.edit("small.yaml", " }\nprompt", &other);
    run(&project, &[]).exits(0);
    let before = project.read("out/small/dataset.jsonl");
    project.edit("small.yaml", "max_tokens: 50", "max_tokens: 90");
    // What was cut is asked again and answered, and the run dies before a text of it is judged.
    judge.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let running = project.watch(&["run", "small.yaml"]);
    let plan = || project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    let all_judged = || plan()["judge_requests"].as_u64() == Some(4);
    until("4 asks that wait for their judge", all_judged, || plan().to_string());
    running.signal(libc::SIGKILL);
    running.finish();
    let counted = ["kept", "leaving", "waiting", "waiting_for"].map(|key| plan()[key].as_u64());
    assert_eq!(counted, [Some(0), Some(0), Some(8), Some(4)]);
    // Where nobody is to judge them nothing comes back.
    run(&project, &["--where", "emotion=anger"]).exits(4).says("4 wait behind 2 open asks besides");
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
    judge.script(|_, _| Reply::text(r#"{"good": true}"#));
    run(&project, &[]).exits(0);
    assert_eq!(project.rows("out/small/dataset.jsonl").len(), 8);
}

/// Nothing is remade where a judge's prompt was edited: each text is judged again.
#[test]
fn rows_that_are_judged_again_are_not_said_to_be_remade() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().starts_with("Judge") {
        true => Reply::text(r#"{"good": true}"#),
        false => Reply::Good,
    });
    let project = Project::small(&fake.url());
    let quality = "{ prompt: 'Judge {{ text }}', schema: { type: object, properties: { good: { type: boolean } } }, \
                   accept: good }";
    let more = format!("checks: {{ judges: {{ quality: {quality} }} }}\nrun: {{ max_leaving: 3 }}\nsamples:");
    project.edit("small.yaml", "samples:", &more);
    run(&project, &[]).exits(0);
    fake.take_count();
    project.edit("small.yaml", "'Judge {{", "'Judge this: {{");
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    let counted = ["kept", "leaving", "unjudged", "waiting", "judge_requests"].map(|key| plan[key].as_u64());
    assert_eq!(counted, [0, 0, 8, 0, 4].map(Some), "{plan}");
    let told = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    assert!(told.contains("rows: 0 stay, 8 leave until they are judged again\n"), "{told}");
    run(&project, &[]).exits(4).says("8 of 8 rows would leave the dataset until judged again");
    let ran = run(&project, &["--accept-leaving", "--json"]).exits(0).json();
    assert_eq!((&ran["change"]["kept"], fake.take_count()), (&8.into(), 8), "{ran}");
}

#[test]
fn rows_that_wait_stay_where_nobody_is_there_to_ask() {
    let fake = Fake::start();
    cut(&fake);
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "sampling: { max_tokens: 50 }\nrun: { max_leaving: 3 }\nsamples:");
    project.emogrid(&["run", "small.yaml", "--set", "endpoints.fake.slots=1"]).exits(0);
    let before = project.read("out/small/dataset.jsonl");
    drop(fake);
    project.edit("small.yaml", "max_tokens: 50", "max_tokens: 90");
    run(&project, &["--set", "endpoints.fake.patience=300ms"]).exits(1).says("endpoint `fake`");
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
}
