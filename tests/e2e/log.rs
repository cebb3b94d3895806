//! What ran, and what came of it.

use crate::fake::Fake;
use crate::project::Project;

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
