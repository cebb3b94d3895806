//! Columns of labels are read alike by every command.

use serde_json::{Value, json};

use crate::project::Project;

/// Texts that a probe can learn two labels by.
fn rows(of: impl Fn(usize, &str) -> String) -> String {
    (0..20).map(|n| of(n, ["joy", "anger"][n % 2])).collect()
}

#[test]
fn lists_that_emogrid_wrote_into_a_csv_are_lists() {
    let project = Project::new();
    let table =
        rows(|n, label| format!("{}\n", json!({ "text": format!("{label} {n}"), "labels": [label, "all"] })));
    project.write("t.jsonl", &table);
    project.emogrid(&["export", "t.jsonl", "-o", "t.csv"]).exits(0);
    assert!(project.read("t.csv").contains("\"[\"\"joy\"\",\"\"all\"\"]\""), "{}", project.read("t.csv"));
    let train = ["train", "--probe", "--train", "t.csv", "--min-df", "1", "--model", "m.probe", "--json"];
    let told = project.emogrid(&train).exits(0).json();
    assert_eq!(told["probe"]["labels"], json!(["anger", "joy", "all"]));
    project.emogrid(&["mix", "t.csv", "t.jsonl", "--quota", "90", "-o", "m.jsonl"]).exits(0);
    assert_eq!(project.rows("m.jsonl")[0]["labels"], json!(["joy", "all"]));
    project.emogrid(&["export", "t.csv", "--format", "classification", "-o", "c"]).exits(0);
    let labels: Value = serde_json::from_str(&project.read("c/labels.json")).unwrap();
    assert_eq!(labels["label2id"], json!({ "all": 0, "anger": 1, "joy": 2 }));
    project.emogrid(&["verify", "t.csv", "--probe", "m.probe", "-o", "v.jsonl"]).exits(0);
    let told =
        project.emogrid(&["audit", "t.csv", "--label", "labels", "--fail-on", "never", "--json"]).exits(0);
    assert!(told.stdout.contains("\"all\"") && !told.stdout.contains("[\\\"joy"), "{}", told.stdout);
}

#[test]
fn numbers_are_labels_everywhere() {
    let project = Project::new();
    project.write(
        "t.jsonl",
        &rows(|n, label| format!("{}\n", json!({ "text": format!("{label} {n}"), "label": n % 2 }))),
    );
    let told = project
        .emogrid(&["train", "--probe", "--train", "t.jsonl", "--min-df", "1", "--json"])
        .exits(0)
        .json();
    assert_eq!(told["probe"]["labels"], json!(["0", "1"]));
    project.emogrid(&["export", "t.jsonl", "--format", "classification", "-o", "c"]).exits(0);
    project.emogrid(&["mix", "t.jsonl", "t.jsonl", "--quota", "30", "-o", "m.jsonl"]).exits(0);
    assert_eq!(project.rows("m.jsonl")[1]["labels"], json!(["1"]));
    project.emogrid(&["audit", "t.jsonl", "--fail-on", "never"]).exits(0);
    let import = ["import", "table", "t.jsonl", "--text", "text", "--label", "label", "-o", "d"];
    project.emogrid(&import).exits(0);
    assert_eq!(project.rows("d/rows.jsonl")[0]["labels"], json!(["0"]));
}

#[test]
fn a_row_of_a_mix_has_its_labels_in_one_column() {
    let project = Project::new();
    let real = rows(|n, _| {
        format!("{}\n", json!({ "text": format!("seen {n}"), "sentiment": (["good", "bad"][n % 2]) }))
    });
    let made = rows(|n, label| {
        let sentiment = ["good", "bad"][n % 2];
        format!(
            "{}\n",
            json!({ "text": format!("made {n}"), "emotion": label, "sentiment": sentiment, "topic": "tea" })
        )
    });
    project.write("real.jsonl", &real);
    project.write("made.jsonl", &made);
    project
        .emogrid(&[
            "mix",
            "real.jsonl",
            "made.jsonl",
            "--label",
            "sentiment",
            "--quota",
            "20",
            "-o",
            "m.jsonl",
        ])
        .exits(0);
    let mixed = project.rows("m.jsonl");
    let made = mixed.iter().find(|row| row["text"] == "made 1").unwrap();
    assert_eq!((&made["labels"], &made["topic"]), (&json!(["bad"]), &json!("tea")));
    for column in ["emotion", "label", "sentiment"] {
        assert!(mixed.iter().all(|row| row[column].is_null()), "{column}: {mixed:?}");
    }
    let told = project.emogrid(&["train", "--probe", "--train", "m.jsonl", "--json"]).exits(0).json();
    assert_eq!(told["probe"]["labels"], json!(["bad", "good"]));
}

#[test]
fn a_sentiment_stays_beside_emotions_alone() {
    let project = Project::new();
    let rows = rows(|n, label| {
        format!("{}\n", json!({ "text": format!("made {n}"), "emotion": label, "sentiment": "good" }))
    });
    project.write("t.jsonl", &rows);
    let mixed = |more: &[&str]| {
        let args = ["mix", "t.jsonl", "t.jsonl", "--quota", "1", "-o", "m.jsonl"];
        project.emogrid(&[&args[..], more].concat()).exits(0);
        project.rows("m.jsonl")[1].clone()
    };
    let row = mixed(&[]);
    assert_eq!((&row["labels"], &row["sentiment"]), (&json!(["anger"]), &json!("good")));
    let row = mixed(&["--map", "sentiment"]);
    assert_eq!((&row["labels"], &row["sentiment"]), (&json!(["negative"]), &Value::Null));
}

#[test]
fn a_table_has_one_column_of_labels() {
    let project = Project::new();
    let one = rows(|n, label| format!("{}\n", json!({ "text": format!("{label} {n}"), "labels": [label] })));
    let other = rows(|n, _| format!("{}\n", json!({ "text": format!("else {n}"), "emotion": "grief" })));
    project.write("t.jsonl", &(one + &other));
    let train = ["train", "--probe", "--train", "t.jsonl"];
    project.emogrid(&train).exits(2).says("t.jsonl:21: there is no column `labels`");
}
