//! `emogrid export --freeze`: a dataset's rows for the prompts of the next.

use serde_json::json;

use crate::fake::Fake;
use crate::project::{Project, SMALL};

/// A project with a dataset of eight rows, and a config whose prompts show frozen ones.
fn project(fake: &Fake) -> Project {
    let project = Project::new();
    project.write("configs/small.yaml", &SMALL.replace("URL", &fake.url()));
    let next = SMALL
        .replace("URL", &fake.url())
        .replace("name: small", "name: next\nexemplars: { from: ../data/frozen/first.jsonl, rows: 2 }")
        .replace(
            "'Write a",
            "'{% for row in exemplars %}<{{ row.text }}|{{ row.emotion }}>{% endfor %} Write a",
        );
    project.write("configs/next.yaml", &next);
    project.emogrid(&["run", "configs/small.yaml"]).exits(0);
    fake.take_count();
    project
}

const FREEZE: [&str; 4] = ["export", "configs/small.yaml", "--freeze", "first"];

#[test]
fn the_next_config_draws_rows_from_what_is_frozen() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["plan", "configs/next.yaml"]).exits(2).says("there is no folder `data/frozen`");
    project
        .emogrid(&FREEZE)
        .exits(0)
        .says("8 rows frozen in data/frozen/first.jsonl")
        .says("prompts show them by `exemplars: { from: ../data/frozen/first.jsonl }`");
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.read("data/frozen/first.jsonl"), project.read("out/small/dataset.jsonl"));
    let told: serde_json::Value = serde_json::from_str(&project.read("data/frozen/first.meta.json")).unwrap();
    assert_eq!(
        told["hash"],
        blake3::hash(project.read("data/frozen/first.jsonl").as_bytes()).to_hex().as_str()
    );
    assert_eq!(
        (&told["rows"], &told["labels"], &told["from"], &told["complete"]),
        (
            &json!(8),
            &json!({ "emotion": { "joy": 4, "anger": 4 } }),
            &json!("configs/small.yaml"),
            &json!(true)
        )
    );
    let names: Vec<_> = std::fs::read_dir(project.path().join("data/frozen")).unwrap().collect();
    assert_eq!(names.len(), 2, "nothing half-written is left");

    project.emogrid(&["run", "configs/next.yaml"]).exits(0);
    let seen = fake.seen();
    assert!(!seen.is_empty());
    let rows = project.rows("data/frozen/first.jsonl");
    for ask in &seen {
        let prompt = ask.user();
        assert_eq!(prompt.matches('<').count(), 2, "{prompt}");
        let joy = prompt.contains("shows joy");
        for shown in prompt.split('<').skip(1) {
            let (text, label) = shown.split_once('>').unwrap().0.split_once('|').unwrap();
            assert_eq!(label, if joy { "joy" } else { "anger" });
            assert!(rows.iter().any(|row| row["text"] == text && row["emotion"] == label), "{shown}");
        }
    }
    fake.take_count();
    project.emogrid(&FREEZE).exits(0).says("8 rows stand in data/frozen/first.jsonl already");
    project.emogrid(&["run", "configs/next.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0, "an unchanged file asks nothing again");
}

#[test]
fn other_rows_take_the_place_of_frozen_ones_only_when_told() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&FREEZE).exits(0);
    let before = project.read("data/frozen/first.jsonl");
    project.emogrid(&["run", "configs/next.yaml"]).exits(0);
    project.edit("configs/small.yaml", "'Write a", "'Now write a");
    project.emogrid(&FREEZE).exits(2).says("there are no rows to freeze");
    project.emogrid(&["run", "configs/small.yaml"]).exits(0);
    project.emogrid(&FREEZE).exits(2).says("data/frozen/first.jsonl holds other rows").says("`--force`");
    assert_eq!(project.read("data/frozen/first.jsonl"), before);
    let requests = || {
        project.emogrid(&["plan", "configs/next.yaml", "--json"]).exits(0).json()["requests"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(requests(), 0);
    project.emogrid(&[&FREEZE[..], &["--force"]].concat()).exits(0).says("8 rows frozen");
    assert_eq!(project.read("data/frozen/first.jsonl"), project.read("out/small/dataset.jsonl"));
    assert!(requests() > 0);
    for (args, says) in [
        (["export", "data/frozen/first.jsonl", "--freeze", "x"], "a table is a file already"),
        (["export", "configs/small.yaml", "--freeze", "../x"], "no name of a file"),
    ] {
        project.emogrid(&args).exits(2).says(says);
    }
}

#[test]
fn a_text_of_a_frozen_test_part_is_not_frozen_among_them() {
    let fake = Fake::start();
    let project = project(&fake);
    let rows = project.rows("out/small/dataset.jsonl");
    let text = rows[0]["text"].as_str().unwrap();
    project.write("test.jsonl", &json!({ "text": text, "label": "joy" }).to_string());
    project
        .write("train.jsonl", &json!({ "text": "Nothing but sunshine today", "label": "joy" }).to_string());
    project
        .emogrid(&[
            "import",
            "table",
            "train.jsonl",
            "test.jsonl",
            "--text",
            "text",
            "--label",
            "label",
            "-o",
            "real",
        ])
        .exits(0);
    project
        .emogrid(&FREEZE)
        .exits(0)
        .says("7 rows frozen")
        .says("1 row left out: of the first its text stands in");
    assert!(!project.read("data/frozen/first.jsonl").contains(text));
}
