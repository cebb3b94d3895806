//! Rows shared out to the parts of an export.

use std::collections::BTreeMap;

use serde_json::json;

use crate::project::Project;

/// The parts of an export, by text.
fn parts(project: &Project, folder: &str, names: &[&str]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for name in names {
        for row in project.rows(&format!("{folder}/{name}.jsonl")) {
            all.insert(row["text"].as_str().unwrap().to_owned(), (*name).to_owned());
        }
    }
    all
}

/// Texts that have hardly a word in common.
fn text(n: usize) -> String {
    let word = |at: usize| format!("w{}x{}", n, at);
    (0..6).map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn parts_do_not_depend_on_the_order_of_rows() {
    let project = Project::new();
    let labels = ["joy", "anger", "fear", "grief"];
    let mut rows: Vec<String> = (0..200)
        .map(|n| {
            let (one, other) = (labels[n % 4], labels[(n / 4 + 1) % 4]);
            format!(
                "{}\n",
                json!({ "text": text(n), "labels": if n % 3 == 0 { vec![one, other] } else { vec![one] } })
            )
        })
        .collect();
    project.write("t.jsonl", &rows.concat());
    rows.reverse();
    project.write("r.jsonl", &rows.concat());
    for (table, folder) in [("t.jsonl", "a"), ("r.jsonl", "b")] {
        project.emogrid(&["export", table, "--split", "80,10,10", "-o", folder]).exits(0);
    }
    let names = ["train", "validation", "test"];
    assert_eq!(parts(&project, "a", &names), parts(&project, "b", &names));
}

#[test]
fn every_axis_of_labels_is_shared_out() {
    let project = Project::new();
    // The second label says nothing of the first.
    let rows: String = (0..400)
        .map(|n| format!("{}\n", json!({ "text": text(n), "emotion": (["joy", "anger"][n % 2]), "tone": if n % 20 < 2 { "sly" } else { "plain" } })))
        .collect();
    project.write("t.jsonl", &rows);
    project
        .emogrid(&[
            "export", "t.jsonl", "--label", "emotion", "--label", "tone", "--split", "80,20", "-o", "a",
        ])
        .exits(0);
    let sly = |part: &str| {
        project.rows(&format!("a/{part}.jsonl")).iter().filter(|row| row["tone"] == "sly").count()
    };
    assert_eq!((sly("train"), sly("test")), (32, 8));
}

#[test]
fn a_part_that_is_empty_is_told_with_the_reason() {
    let project = Project::new();
    let words = ["tram", "bus", "train", "ferry", "plane", "taxi", "bike", "boat"];
    let rows: String = (0..200)
        .map(|n| {
            let text = format!("When the {} was late again I felt so much joy about {}", words[n % 8], n / 8);
            format!("{}\n", json!({ "text": text, "label": "joy" }))
        })
        .collect();
    project.write("t.jsonl", &rows);
    let ran = project.emogrid(&["export", "t.jsonl", "--split", "80,10,10", "-o", "a"]).exits(0);
    let ran = ran.says("`validation` has 0 rows, and its share is 20").says("200 rows are near-duplicates");
    assert!(ran.stderr.contains("When the"), "{}", ran.stderr);
}

#[test]
fn numbers_of_many_digits_stay_as_they_are() {
    let project = Project::new();
    project.write(
        "t.jsonl",
        "{\"text\": \"one\", \"user\": 18446744073709551615, \"n\": 9007199254740993, \"share\": 0.1}\n\
         {\"text\": \"two\", \"user\": 18446744073709551614, \"n\": 0.5, \"share\": 1.10}\n\
         {\"text\": \"three\", \"user\": 12345678901234567890123, \"n\": 1, \"share\": 2}\n",
    );
    project.emogrid(&["export", "t.jsonl", "-o", "t.parquet"]).exits(0);
    project.emogrid(&["export", "t.parquet", "-o", "back.jsonl"]).exits(0);
    let rows = project.rows("back.jsonl");
    let column = |name: &str| rows.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        column("user"),
        [json!("18446744073709551615"), json!("18446744073709551614"), json!("12345678901234567890123")]
    );
    assert_eq!(column("n"), [json!("9007199254740993"), json!("0.5"), json!("1")]);
    assert_eq!(column("share"), [json!(0.1), json!(1.1), json!(2.0)], "what a number holds is one");
}
