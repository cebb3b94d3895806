//! What ran, and what came of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::project::{Project, until};

#[test]
fn a_log_tells_of_every_run_what_changed_and_what_came_of_it() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let log = |more: &[&str]| {
        let args: Vec<&str> = ["log", "small.yaml"].iter().chain(more).copied().collect();
        project.emogrid(&args).exits(0)
    };
    log(&[]).says("nothing ran here yet");
    assert_eq!(log(&["--json"]).json(), serde_json::json!([]));
    project.emogrid(&["run", "small.yaml", "--where", "emotion=joy"]).exits(0);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    // Judged anew, and nothing asked.
    project.edit("small.yaml", "samples:", "checks: { words: [1, 90] }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.model(|model| model.file = "other-7b.gguf".into());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    drop(fake);

    let all = log(&["--json"]).json();
    let of = |all: &serde_json::Value, field: &str| -> Vec<serde_json::Value> {
        all.as_array().unwrap().iter().map(|entry| entry[field].clone()).collect()
    };
    assert_eq!(of(&all, "state"), [1, 1, 2, 2], "a run that did nothing is none");
    assert_eq!(of(&all, "requests"), [4, 4, 0, 8]);
    assert_eq!(of(&all, "rows"), [4, 8, 8, 8]);
    assert_eq!(of(&all, "prompt_tokens"), [160, 160, 0, 320]);
    assert_eq!(of(&all, "cached_tokens"), [40, 40, 0, 80]);
    assert_eq!(of(&all, "acceptance"), [1.0, 1.0, 1.0, 1.0]);
    assert_eq!(of(&all, "distinct_2_texts"), [4, 8, 8, 8]);
    let changes = of(&all, "changes");
    assert_eq!((&changes[0], &changes[1]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert!(changes[2][0].as_str().unwrap().contains("checks.words"), "{changes:?}");
    assert_eq!(changes[3], serde_json::json!(["model: fake-1b → other-7b"]));
    // "I told them X and Y today.": eight tokens, seven pairs, of which "I told", "told them" and "today ." repeat.
    let distinct: f64 = (8.0 * 4.0 + 3.0) / (8.0 * 7.0);
    assert!((all[1]["distinct_2"].as_f64().unwrap() - distinct).abs() < 0.03, "{all}");

    let changed = log(&["--only-changed", "--json"]).json();
    assert_eq!(of(&changed, "state"), [1, 2, 2]);
    assert_eq!(of(&changed, "requests"), [8, 0, 8], "all runs of a state together");
    assert_eq!(of(&changed, "runs"), [2, 1, 1]);
    assert_eq!(of(&changed, "rows"), [8, 8, 8]);

    let text = log(&[]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for part in [
        "8 of 8 rows",
        "100.0 % of 8 texts accepted, distinct-2 0.",
        "(of 8 only)",
        "the first",
        "4 requests; tokens: 160 prompt (40 cached)",
        "nothing asked",
        "~ model: fake-1b → other-7b",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// It is told as before once others came.
#[cfg(unix)]
#[test]
fn a_run_that_was_killed_keeps_its_state_and_what_changed() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let log =
        || project.emogrid(&["log", "small.yaml", "--json"]).exits(0).json().as_array().unwrap().clone();
    let kill = || {
        fake.take_count();
        fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
        let running = project.watch(&["run", "small.yaml"]);
        until("a request", || !fake.seen().is_empty(), String::new);
        running.signal(libc::SIGKILL);
        running.finish();
        fake.script(|_, _| Reply::Good);
    };
    kill();
    let first = log();
    assert_eq!(
        (&first[0]["state"], &first[0]["changes"], &first[0]["ended"]),
        (&json!(1), &Value::Null, &json!("cut off"))
    );
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let all = log();
    assert_eq!((all.len(), &all[0]), (2, &first[0]), "{all:?}");
    assert_eq!((&all[1]["state"], &all[1]["changes"]), (&json!(1), &json!([])), "{all:?}");
    project.edit("small.yaml", "bright", "glad");
    kill();
    let second = log();
    assert_eq!((second.len(), &second[2]["state"], &second[..2]), (3, &json!(2), &all[..]));
    assert!(second[2]["changes"][0].as_str().unwrap().contains("glad"), "{second:?}");
    // Another one of the same state, of which nothing else is known.
    kill();
    let third = log();
    assert_eq!((third.len(), &third[..3], &third[3]["state"]), (4, &second[..], &Value::Null));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let last = log();
    assert_eq!((last.len(), &last[..4]), (5, &third[..]));
    assert_eq!((&last[4]["state"], &last[4]["changes"]), (&json!(2), &json!([])), "{last:?}");
}

#[test]
fn a_state_that_comes_back_has_its_number_again() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "glad", "bright");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let other = project.read("small.yaml").replace("name: small", "name: other");
    project.write("other.yaml", &other);
    project.emogrid(&["run", "other.yaml"]).exits(0);
    let states = |config: &str| {
        let all = project.emogrid(&["log", config, "--json"]).exits(0).json();
        all.as_array().unwrap().iter().map(|entry| entry["state"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(states("small.yaml"), [1, 2, 1]);
    assert_eq!(states("other.yaml"), [1], "each config counts its own");
    let second = project.emogrid(&["log", "small.yaml", "--show", "2"]).exits(0).stdout;
    assert!(second.contains("glad"), "{second}");
}

/// The figures of a run that was refused are those of the dataset that it left alone, and its edit is nobody's state.
#[test]
fn a_run_that_was_refused_says_so_and_has_no_state() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "run: { max_leaving: 3 }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(4);
    project.emogrid(&["run", "small.yaml", "--accept-leaving"]).exits(0);
    let log = |more: &[&str]| {
        let args: Vec<&str> = ["log", "small.yaml"].iter().chain(more).copied().collect();
        project.emogrid(&args).exits(0)
    };
    let all = log(&["--json"]).json();
    let states: Vec<_> = all.as_array().unwrap().iter().map(|entry| entry["state"].as_i64()).collect();
    assert_eq!(states, [Some(1), None, Some(2)], "{all}");
    assert_eq!(
        (&all[1]["acceptance"], &all[1]["changes"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert_eq!(all[2]["changes"], serde_json::json!(["emotion.joy.definition: \"bright\" → \"glad\""]));
    let text = log(&[]).stdout;
    let refused: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("   -")).take(4).collect();
    assert!(refused[0].ends_with("  8 of 8 rows, as before"), "{text}");
    assert!(refused[1].starts_with("        nothing was asked: 4 of 8 rows would leave"), "{text}");
    assert!(refused[3].contains("bright"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let changed = log(&["--only-changed", "--json"]).json();
    let accepted: Vec<_> = changed.as_array().unwrap().iter().map(|entry| entry["model"].as_str()).collect();
    assert_eq!(accepted, [Some("fake-1b"); 2], "{changed}");
}

/// It asks nothing, and changes the dataset all the same: whoever reads of runs is told of it.
#[test]
fn a_run_that_only_restores_is_told_as_what_it_is() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "glad", "bright");
    drop(fake);
    project
        .emogrid(&["run", "small.yaml"])
        .exits(0)
        .says("changed     4 rows left the dataset, 4 came from stored answers\n");
    let list = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((list.as_array().unwrap().len(), &list[2]["requests"]), (3, &0.into()), "{list}");
    assert_eq!(list[2]["headline"], "OK small: 8 of 8 rows; complete, from stored answers");
    // One that finds all as it stands is none.
    project.emogrid(&["run", "small.yaml"]).exits(0);
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    project
        .emogrid(&["run", "small.yaml"])
        .exits(0)
        .says("0 rows left the dataset, 8 came from stored answers\n");
    let list = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(list.as_array().unwrap().len(), 4, "{list}");
}

/// One that asked nothing is told as what it is: its own count of requests says nothing of the dataset.
#[test]
fn status_tells_of_the_last_run_in_its_own_words() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "samples:", "run: { max_leaving: 0 }\nsamples:");
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(4);
    let status = project.emogrid(&["status", "small.yaml"]).exits(0).stdout;
    assert!(status.contains("\nlast run 2, 20") && status.contains("nothing was asked"), "{status}");
    assert!(!status.contains("0 asked"), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
}
