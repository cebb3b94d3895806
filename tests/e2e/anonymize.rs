//! What tells of a person is taken out of tables and of datasets, and is shown nowhere.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::project::Project;

const TABLE: &str = "\
id,body,label
1,\"Priya Sharma told me, Priya knows\",joy
2,proud Muslim,joy
3,the meeting is at noon,neutral
4,\"write to zoe@example.com 😭, card 4111 1111 1111 1111\",sadness
";

#[test]
fn a_table_is_anonymised() {
    let project = Project::new();
    project.write("in.csv", TABLE);
    let ran = project.emogrid(&["anonymize", "in.csv", "--text", "body", "-o", "out.jsonl"]).exits(0);
    assert_eq!(ran.stdout, "");
    let ran = ran.says("4 texts, something found in 3, 1 dropped");
    let ran = ran.says("CARD 1, EMAIL 1, NAME 2, RELIGION 1");
    drop(ran);
    let rows = project.rows("out.jsonl");
    let bodies: Vec<&str> = rows.iter().map(|row| row["body"].as_str().unwrap()).collect();
    assert_eq!(
        bodies,
        ["Person A told me, Person A knows", "the meeting is at noon", "write to [EMAIL] 😭, card [CARD]"]
    );
    assert_eq!(rows[0]["label"], "joy");
    assert_eq!(
        rows[2]["spans"],
        json!([
            { "start": 9, "end": 16, "category": "EMAIL", "action": "mask" },
            { "start": 25, "end": 31, "category": "CARD", "action": "mask" },
        ])
    );
    assert_eq!(rows[1]["spans"], json!([]));
    let written = project.read("out.jsonl");
    for removed in ["Priya", "Sharma", "Muslim", "zoe", "4111"] {
        assert!(!written.contains(removed), "{removed} in {written}");
    }
    // Again: nothing that stands there is found.
    project.emogrid(&["anonymize", "out.jsonl", "--text", "body", "-o", "twice.jsonl"]).exits(0);
    let again: Vec<_> = project.rows("twice.jsonl").iter().map(|row| row["body"].clone()).collect();
    assert_eq!(again, bodies);
}

#[test]
fn detecting_changes_nothing() {
    let project = Project::new();
    project.write("in.csv", TABLE);
    let args = ["anonymize", "in.csv", "--text", "body", "--detect-only", "-o", "out.jsonl"];
    project.emogrid(&args).exits(0).says("0 dropped");
    let rows = project.rows("out.jsonl");
    assert_eq!(rows[3]["body"], "write to zoe@example.com 😭, card 4111 1111 1111 1111");
    assert_eq!(rows[3]["spans"][0], json!({ "start": 9, "end": 24, "category": "EMAIL", "action": "mask" }));
    assert_eq!(rows[3]["spans"][1], json!({ "start": 33, "end": 52, "category": "CARD", "action": "mask" }));
}

#[test]
fn actions_are_given_by_category() {
    let project = Project::new();
    project.write("in.csv", TABLE);
    let base = ["anonymize", "in.csv", "--text", "body", "--json"];
    let with = |more: &[&str]| project.emogrid(&[&base, more].concat());
    let counts = with(&["--preset", "off", "--action", "email=tag", "--action", "CARD=drop"]).exits(0).json();
    assert_eq!(counts["found"], json!({ "CARD": 1, "EMAIL": 1 }));
    assert_eq!((counts["texts"].as_u64(), counts["dropped"].as_u64()), (Some(4), Some(1)));
    assert!(counts["texts_per_second"].as_f64().unwrap() > 0.0);
    with(&["--action", "NAMES=mask"]).exits(2).says("`NAMES` is no category");
    with(&["--action", "NAME=hide"]).exits(2).says("`hide` is no action");
    with(&["--action", "AGE=person"]).exits(2).says("for names only");
    with(&["--action", "NAME=pseudonym"]).exits(2).says("--key-env");
    with(&["--action", "NAME=pseudonym", "--key-env", "NOT_SET_ANYWHERE"]).exits(2).says("is not set");
}

#[test]
fn rows_stream_from_input_to_output() {
    let project = Project::new();
    let mut child =
        project.command(&["anonymize", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"{\"text\": \"I miss Oluwaseun's laugh\"}\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let row: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(row["text"], "I miss Person A's laugh");
}

/// A run under `strict`: what was taken out stands in the store alone.
#[test]
fn what_is_taken_out_is_in_the_store_alone() {
    let fake = Fake::start();
    fake.script(|_, n| {
        let name = ["Priya", "Mateusz", "Oluwaseun", "Giulia"][n % 4];
        Reply::text(&format!(r#"{{"text": "I told {name} number {n} about it, {name} laughed"}}"#))
    });
    let project = Project::small(&fake.url());
    let config = project.read("small.yaml") + "anonymize: strict\ndedup: { scope: cell }\n";
    project.write("small.yaml", &config);
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(0);
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.len(), 8);
    let id = rows[0]["id"].as_str().unwrap().to_owned();
    let why = project.emogrid(&["why", "small.yaml", &id]).exits(0);
    let shown = [ran.stdout, ran.stderr, why.stdout, why.stderr].concat()
        + &project.read("out/small/dataset.jsonl")
        + &project.read("out/small/rejected.jsonl");
    for name in ["Priya", "Mateusz", "Oluwaseun", "Giulia"] {
        assert!(!shown.contains(name), "{name} in {shown}");
    }
    assert!(shown.contains("I told Person A number"));
    let original = project.emogrid(&["why", "small.yaml", &id, "--with-originals"]).exits(0).stdout;
    assert!(
        ["Priya", "Mateusz", "Oluwaseun", "Giulia"].iter().any(|name| original.contains(name)),
        "{original}"
    );
    // Without the policy the stored answers make the whole texts, and nothing is asked.
    let asked = fake.take_count();
    assert!(asked >= 8);
    project.emogrid(&["run", "small.yaml", "--set", "anonymize=off"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    assert!(project.read("out/small/dataset.jsonl").contains("Priya"));
}
