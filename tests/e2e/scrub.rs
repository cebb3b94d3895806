//! Purging and forgetting lose nothing else, and can be done again where something ended them.

use std::fs::{File, TryLockError};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, free_port};
use crate::forget::{gossip, holding, project, rows};
use crate::project::{Project, Running, until};

const RUN: [&str; 2] = ["run", "configs/moods.yaml"];
const FORGET: [&str; 3] = ["forget", "Jane Roe", "--yes"];
const PURGE: [&str; 3] = ["purge", "configs/moods.yaml", "--yes"];

fn nowhere() -> Vec<PathBuf> {
    Vec::new()
}

/// What a dataset's folder says.
fn files(project: &Project) -> Vec<String> {
    let names = ["dataset.jsonl", "rejected.jsonl", "dataset.meta.json"];
    names.map(|name| project.read(&format!("out/moods/{name}"))).to_vec()
}

#[test]
fn forgetting_what_is_nowhere_leaves_an_edited_configs_dataset_alone() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&RUN).exits(0);
    project.edit("configs/moods.yaml", "Write about", "Speak about");
    project.emogrid(&[&RUN[..], &["--set", "run.max_leaving=3"]].concat()).exits(4);
    let before = files(&project);
    project.emogrid(&["forget", "zzzz nothing", "--yes"]).exits(0);
    assert_eq!(files(&project), before);
    project.emogrid(&PURGE).exits(0);
    assert_eq!(files(&project), before, "its rows hold nothing that the policy takes out");
    let said = project.emogrid(&PURGE).exits(0).stdout;
    assert!(said.starts_with("none of 4 stored answers holds what the anonymiser takes out\n"), "{said}");
}

/// An edit that was not run yet makes nobody's answers those of nobody.
#[test]
fn of_what_a_config_asked_before_an_edit_only_the_words_are_forgotten() {
    let fake = gossip();
    let project = project(&fake);
    project.edit("configs/moods.yaml", "anonymize: strict", "anonymize: off");
    project.emogrid(&RUN).exits(0);
    let before = rows(&project);
    project.edit("configs/moods.yaml", "Write about", "Speak about");
    let said = project.emogrid(&["forget", "Jane Roe", "--yes", "--json"]).exits(0).json();
    assert_eq!((&said["answers"], &said["texts"]), (&json!(4), &json!(4)), "{said}");
    let others: Vec<&Value> =
        before.iter().filter(|row| !row["text"].as_str().unwrap().contains("Jane")).collect();
    assert!(!others.is_empty() && rows(&project).iter().eq(others));
    project.edit("configs/moods.yaml", "Speak about", "Write about");
    fake.take_count();
    project.emogrid(&RUN).exits(0);
    assert_eq!((fake.take_count(), rows(&project).len()), (0, before.len()));
}

#[test]
fn what_leaves_a_dataset_is_told_beside_it() {
    let fake = gossip();
    let project = project(&fake);
    project.edit("configs/moods.yaml", "anonymize: strict", "anonymize: off\nchecks: { words: [9, 40] }");
    project.emogrid(&RUN).exits(0);
    let meta = || project.value("out/moods/dataset.meta.json");
    let (before, first) = (rows(&project).len(), meta());
    assert!(first["complete"] == true && first["rows"] == before, "{first}");
    // What a run left that was ended while it wrote.
    project.write("out/moods/.dataset.jsonl.part", "{\"text\": \"Jane Roe\"}\n");
    project.emogrid(&FORGET).exits(0);
    assert_eq!(holding(&project, "Jane Roe"), nowhere());
    let (left, then) = (rows(&project).len(), meta());
    assert!(left > 0 && left < before, "{left}");
    assert_eq!((&then["rows"], &then["complete"], &then["wanted"]), (&json!(left), &json!(false), &json!(8)));
    let rejects = project.rows("out/moods/rejected.jsonl").len();
    let counted =
        then["rejected"].as_object().unwrap().values().map(|times| times.as_u64().unwrap()).sum::<u64>();
    assert_eq!(counted, rejects as u64, "{then}");
    let hash =
        |name: &str| blake3::hash(project.read(&format!("out/moods/{name}")).as_bytes()).to_hex().to_string();
    assert_eq!(then["dataset_blake3"], hash("dataset.jsonl"));
    assert_eq!(then["rejected_blake3"], hash("rejected.jsonl"));
    // What is to take their place is for the next run.
    project.emogrid(&RUN).exits(0);
    assert_eq!(meta()["complete"], true);
}

#[test]
fn words_are_forgotten_under_every_name_and_folder_that_a_config_had() {
    let fake = gossip();
    let project = project(&fake);
    project.edit("configs/moods.yaml", "anonymize: strict", "anonymize: off");
    let with = |set: &str| project.emogrid(&[&RUN[..], &["--set", set]].concat()).exits(0);
    with("name=trial");
    with("output.dir=elsewhere");
    project.edit("configs/moods.yaml", "name: moods", "name: former");
    project.emogrid(&RUN).exits(0);
    project.edit("configs/moods.yaml", "name: former", "name: moods");
    let datasets = ["out/trial", "elsewhere/moods", "out/former"].map(|name| format!("{name}/dataset.jsonl"));
    let before = datasets.each_ref().map(|name| project.rows(name).len());
    let said = project.emogrid(&FORGET[..2]).exits(0).stdout;
    for name in ["  trial: 4 rows", "  moods: 4 rows", "  former: 4 rows"] {
        assert!(said.contains(name), "{said}");
    }
    project.emogrid(&FORGET).exits(0);
    assert_eq!(holding(&project, "Jane Roe"), nowhere());
    assert_eq!(datasets.each_ref().map(|name| project.rows(name).len()), before.map(|rows| rows - 4));
    // So is what the anonymiser takes out.
    project.edit("configs/moods.yaml", "anonymize: off", "anonymize: strict");
    project.emogrid(&PURGE).exits(0);
    assert_eq!(holding(&project, "example.org"), nowhere());
}

#[test]
fn what_a_config_left_that_is_gone_is_forgotten_too() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&[&RUN[..], &["--set", "anonymize=off"]].concat()).exits(0);
    std::fs::remove_file(project.path().join("configs/moods.yaml")).unwrap();
    project.emogrid(&FORGET).exits(0).says("is there no more");
    assert_eq!(holding(&project, "Jane Roe"), nowhere());
}

/// What a summary says of openings is found only as long as the store has the originals.
#[test]
fn a_purge_that_was_ended_is_finished_by_the_next() {
    let fake = Fake::start();
    fake.script(|_, before| {
        let text =
            |n: usize| format!("4111 1111 1111 1111 was refused at shop {before}.{n}, and I was angry");
        let items: Vec<Value> = (0..3).map(|n| json!({ "text": text(n) })).collect();
        Reply::text(&json!({ "items": items }).to_string())
    });
    let project = project(&fake);
    project.emogrid(&[&RUN[..], &["--set", "anonymize=off"]].concat()).exits(0);
    let opening = "4111 1111 1111";
    let holds = |name: &str| holding(&project, opening).iter().any(|path| path.ends_with(name));
    assert!(
        ["summary.json", "summary.md", "store.db"].map(holds) == [true; 3],
        "{:?}",
        holding(&project, opening)
    );
    let mut command = project.command(&PURGE);
    let ended = command.env("EMOGRID_CRASH_AT", "scrubbed").output().unwrap();
    assert_eq!(ended.status.signal(), Some(libc::SIGABRT));
    project.emogrid(&PURGE).exits(0);
    assert_eq!(holding(&project, opening), nowhere());
    fake.take_count();
    project.emogrid(&RUN).exits(0);
    assert_eq!((fake.take_count(), rows(&project).len()), (0, 8));
}

/// Whoever takes something out has the project for itself before it looks what there is.
#[test]
fn no_run_begins_while_something_is_taken_out() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&RUN).exits(0);
    for args in [&FORGET[..], &PURGE, &["gc", "configs/moods.yaml", "--days", "0", "--delete"]] {
        let go = project.path().join(format!("go-{}", args[0]));
        let mut command = project.command(args);
        command.env("EMOGRID_WAIT_AT", format!("member:{}", go.display()));
        let running = Running::start(command);
        let lock = project.path().join(".emogrid/moods.lock");
        let is_held = || matches!(File::open(&lock).unwrap().try_lock(), Err(TryLockError::WouldBlock));
        until("the lock", is_held, String::new);
        project.emogrid(&RUN).exits(4).says("another run of `moods` is going on");
        let refused = project.emogrid(args).exits(1).says("error: a run of `moods` is going on (process ");
        assert!(refused.says("): try again when it has ended").stderr.lines().count() == 1);
        std::fs::write(&go, "").unwrap();
        running.finish().exits(0);
        project.emogrid(&RUN).exits(0);
    }
}

#[test]
fn an_endpoint_that_nobody_knows_is_no_config_that_asks_nothing() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&RUN).exits(0);
    let before = files(&project);
    let url = format!("http://127.0.0.1:{}", free_port());
    project.edit("configs/moods.yaml", &fake.url(), &url);
    for args in [&FORGET[..2], &FORGET, &PURGE, &["gc", "configs/moods.yaml", "--days", "0", "--delete"]] {
        project
            .emogrid(args)
            .exits(2)
            .says("the model of `endpoints.fake` is not known")
            .says("nothing was changed");
    }
    project.edit("configs/moods.yaml", &url, &fake.url());
    fake.take_count();
    project.emogrid(&RUN).exits(0);
    assert_eq!((fake.take_count(), files(&project)), (0, before));
    assert!(!holding(&project, "Jane Roe").is_empty());
}
