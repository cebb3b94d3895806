//! `emogrid refine`: from what was measured to a change of the config.

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::project::Project;

const MOODS: &str = "\
# Posts of two moods.
name: moods
endpoints: { fake: URL }
prompt: { user: 'Write a {{ tone }} post that shows {{ emotion }}' }
grid:
  axes:
    emotion:            # what is told apart
      label: true
      values: [joy, anger, grief, neutral]
    tone: [dry, warm]
samples: { per_cell: 2, max_asks: 5 }   # a few
# the end
";

fn project(url: &str) -> Project {
    let project = Project::new();
    project.write("moods.yaml", &MOODS.replace("URL", url));
    let class =
        |f1: f64, n: u64| json!({ "f1": f1, "n": n, "interval": { "low": f1 - 0.1, "high": f1 + 0.1 } });
    let eval = json!({
        "macro_f1": 0.5,
        "per_class": { "joy": class(0.7, 50), "anger": class(0.6, 50), "grief": class(0.1, 50), "neutral": class(0.6, 50) },
        "confusions": [
            { "has": "grief", "given": null, "times": 20 }, { "has": "grief", "given": "anger", "times": 15 },
        ],
    });
    project.write("eval.json", &eval.to_string());
    let short = json!({ "family": "label", "class": "anger", "wanted": 300, "rows": 150, "short": 150 });
    project.write("shortage.json", &json!({ "short": [short] }).to_string());
    let rows = ["joy", "anger", "grief", "neutral"]
        .map(|label| json!({ "text": format!("a real row of {label}"), "labels": [label] }).to_string());
    project.write("train.jsonl", &rows.join("\n"));
    project
}

const REFINED: &str = "\
# Posts of two moods.
name: moods
endpoints: { fake: URL }
prompt: { user: 'Write a {{ tone }} post that shows {{ emotion }}' }
grid:
  axes:
    emotion:            # what is told apart
      label: true
      values:
        joy: {}
        anger: { weight: 2 }
        grief: { weight: 1.8, contrast: [anger] }
        neutral: {}
    tone: [dry, warm]
samples: { total: 16, max_asks: 5 }   # a few
# the end
exemplars: { from: train.jsonl }
";

const ALL: &[&str] = &["--eval", "eval.json", "--shortages", "shortage.json", "--real", "train.jsonl"];

fn refine(more: &[&str]) -> Vec<&'static str> {
    let more: Vec<&'static str> = more.iter().map(|arg| &*arg.to_string().leak()).collect();
    ["refine", "moods.yaml"].into_iter().chain(ALL.iter().copied()).chain(more).collect()
}

#[test]
fn a_diff_is_shown_with_its_reasons_and_applied_only_when_told() {
    let project = project("http://127.0.0.1:9");
    let ran = project.emogrid(&refine(&[])).exits(0).says("nothing was changed: with --apply");
    for said in [
        "--- moods.yaml\n+++ moods.yaml\n",
        "  - grief: F1 .100 (.000–.200) on 50 rows, the mean is .500; weight 1 → 1.8\n",
        "  - anger: 150 real rows of 300 wanted; weight 1 → 2\n",
        "  - grief → anger: 15 of 50 texts of grief were taken for anger (30 %)\n",
        "-      values: [joy, anger, grief, neutral]\n",
        "+        grief: { weight: 1.8, contrast: [anger] }\n",
        "+exemplars: { from: train.jsonl }\n",
        "      {% if emotion.contrast is defined %}\n",
    ] {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    assert_eq!(project.read("moods.yaml"), MOODS.replace("URL", "http://127.0.0.1:9"), "nothing is written");
    project.emogrid(&refine(&["--apply"])).exits(0).says("moods.yaml was changed");
    assert_eq!(project.read("moods.yaml"), REFINED.replace("URL", "http://127.0.0.1:9"));
    project.emogrid(&["check", "moods.yaml"]).exits(0).says("16 rows");
    assert_eq!(std::fs::read_dir(project.path()).unwrap().count(), 4, "no file is left behind");
}

#[test]
fn machines_are_told_the_same() {
    let project = project("http://127.0.0.1:9");
    let told = project.emogrid(&refine(&["--json", "--apply"])).exits(0).json();
    assert_eq!(told["applied"], true);
    let keys: Vec<&Value> = told["proposals"].as_array().unwrap().iter().map(|of| &of["key"]).collect();
    assert_eq!(keys, ["weight", "contrast", "exemplars"]);
    assert_eq!(told["proposals"][0]["made"], true);
    let change =
        json!({ "attribute": { "axis": "emotion", "value": "anger", "attribute": "weight", "to": 2 } });
    assert_eq!(told["proposals"][0]["changes"][0], change);
    assert!(told["diff"].as_str().unwrap().starts_with("--- moods.yaml\n+++ moods.yaml\n@@ "), "{told}");
    assert!(project.read("moods.yaml").contains("weight: 1.8"));
}

#[test]
fn the_outcome_of_stored_answers_is_enough() {
    let fake = Fake::start();
    let project = project(&fake.url());
    project.edit("moods.yaml", "max_asks: 5", "max_asks: 1");
    project
        .emogrid(&["refine", "moods.yaml"])
        .exits(2)
        .says("there is nothing to go by: no answer is stored");
    project.emogrid(&["run", "moods.yaml"]).exits(4);
    let asked = fake.seen().len();
    let ran = project.emogrid(&["refine", "moods.yaml"]).exits(0);
    let expected = "-samples: { per_cell: 2, max_asks: 1 }   # a few\n+samples: { per_cell: 2, max_asks: 2 }   # a few\n";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert!(ran.stdout.contains("8 of 16 rows cannot be filled with 1 asks a cell"), "{}", ran.stdout);
    project.emogrid(&["refine", "moods.yaml", "--apply"]).exits(0);
    assert_eq!(fake.seen().len(), asked, "refining asks nothing");
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let ran = project
        .emogrid(&["refine", "moods.yaml"])
        .exits(0)
        .says("moods.yaml: nothing to propose, by its 16 rows");
    assert_eq!(ran.stdout, "");
}

#[test]
fn what_would_break_the_config_is_left_out_and_test_rows_are_never_shown() {
    let project = project("http://127.0.0.1:9");
    // Without a column of texts that the config can read.
    project.write("other.csv", "body,emotion\nso it goes,joy\n");
    let args = ["refine", "moods.yaml", "--real", "other.csv", "--text", "body"];
    let ran = project.emogrid(&args).exits(0).says("nothing of this is a change of the config");
    assert!(ran.stdout.starts_with("left out, since `other.csv` has nothing to show"), "{}", ran.stdout);
    let row = json!({ "text": "a test row", "labels": ["joy"], "split": "test" });
    project.write("test.jsonl", &row.to_string());
    project.emogrid(&["refine", "moods.yaml", "--real", "test.jsonl"]).exits(2).says("no row is left");
    for (flag, other) in [("--eval", "shortage.json"), ("--audit", "eval.json"), ("--shortages", "eval.json")]
    {
        project.emogrid(&["refine", "moods.yaml", flag, other]).exits(2).says(&format!("{other} has no "));
    }
}

#[test]
fn a_config_that_builds_on_another_leaves_it_alone() {
    let project = project("http://127.0.0.1:9");
    project.write("own.yaml", "extends: moods.yaml\nseed: 4   # mine\n");
    let base = project.read("moods.yaml");
    project.emogrid(&["refine", "own.yaml", "--eval", "eval.json", "--apply"]).exits(0);
    assert_eq!(project.read("moods.yaml"), base);
    let own = project.read("own.yaml");
    assert!(own.starts_with("extends: moods.yaml\nseed: 4   # mine\ngrid:\n"), "{own}");
    project.emogrid(&["check", "own.yaml"]).exits(0).says("16 rows");
}

#[test]
fn a_shortage_that_changes_nothing_is_told_with_its_reason() {
    let project = project("http://127.0.0.1:9");
    let weighed = "values: { joy: { weight: 3 }, anger: { weight: 3 }, grief: {}, neutral: {} }";
    project.edit("moods.yaml", "values: [joy, anger, grief, neutral]", weighed);
    let short =
        |class: &str, rows: u64| json!({ "family": "label", "class": class, "wanted": 29, "rows": rows });
    let write = |short: &[Value]| project.write("shortage.json", &json!({ "short": short }).to_string());
    write(&[
        short("joy", 12),
        short("anger", 12),
        short("grief", 12),
        short("neutral", 28),
        short("pride", 2),
    ]);
    let refine = ["refine", "moods.yaml", "--shortages", "shortage.json"];
    let said = project.emogrid(&refine).exits(0).stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for told in [
        "grief: 12 real rows of 29 wanted; weight 1 → 2.42",
        "joy: 12 real rows of 29 wanted; weight 3 stays: at 3 times the least of emotion (1) it ends",
        "anger: 12 real rows of 29 wanted; weight 3 stays",
        "neutral: 28 real rows of 29 wanted; weight 1 stays: 1.04 times as much would be no change",
        "no axis has values of label pride",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    // Where nothing is changed at all it is told too.
    write(&[short("joy", 12)]);
    let ran = project.emogrid(&refine).exits(0).says("nothing of this is a change of the config");
    assert!(ran.stdout.contains("joy: 12 real rows of 29 wanted; weight 3 stays"), "{}", ran.stdout);
}
