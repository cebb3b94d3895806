//! Columns that commands add to the rows of a table.

use serde_json::{Value, json};

use crate::project::Project;

/// Rows with columns that are called as those that emogrid adds.
const OWN: &str = r#"{"id":"a","text":"Mary Jones met us at noon","label":"joy","weight":7,"similarity":"mine","spans":"a bridge","probe_label":3}
{"id":"b","text":"It was a rainy day in the harbour","label":"anger","weight":3,"similarity":"mine","spans":"two","probe_label":4}
"#;

#[test]
fn no_column_of_the_user_s_is_written_over() {
    let project = Project::new();
    project.write("t.jsonl", OWN);
    let train = ["train", "--probe", "--train", "t.jsonl", "--min-df", "1", "--model", "m.probe"];
    project.emogrid(&train).exits(0);
    for (column, args) in [
        (
            "weight",
            &["audit", "t.jsonl", "--label", "label", "--fail-on", "never", "--weights", "o.jsonl"][..],
        ),
        ("similarity", &["dedup", "t.jsonl", "--mark", "-o", "o.jsonl"]),
        ("spans", &["anonymize", "t.jsonl", "-o", "o.jsonl"]),
        ("probe_label", &["verify", "t.jsonl", "--probe", "m.probe", "--top", "9", "-o", "o.jsonl"]),
    ] {
        project
            .emogrid(args)
            .exits(2)
            .says(&format!("a column `{column}` is there already"))
            .says("--prefix");
        assert!(!project.path().join("o.jsonl").exists(), "{column}");
        project.emogrid(&[args, &["--prefix", "our_"]].concat()).exits(0);
        for (row, before) in project.rows("o.jsonl").iter().zip(project.rows("t.jsonl")) {
            for (name, value) in before.as_object().unwrap().iter().filter(|(name, _)| *name != "text") {
                assert_eq!(&row[name], value, "{column}");
            }
            assert!(row.as_object().unwrap().contains_key(&format!("our_{column}")), "{row}");
        }
        std::fs::remove_file(project.path().join("o.jsonl")).unwrap();
    }
    project.emogrid(&["dedup", "t.jsonl", "--prefix", "x", "-o", "o.jsonl"]).exits(2).says("--mark");
}

/// What stands at each span of a row.
fn told(row: &Value) -> Vec<String> {
    let letters: Vec<char> = row["text"].as_str().unwrap().chars().collect();
    let place = |span: &Value, end: &str| span[end].as_u64().unwrap() as usize;
    let spans = row["spans"].as_array().unwrap().iter();
    spans.map(|span| letters[place(span, "start")..place(span, "end")].iter().collect()).collect()
}

#[test]
fn spans_of_an_earlier_pass_stay_and_move_with_their_text() {
    let project = Project::new();
    let text = "é Mary Jones wrote to zoe@example.com, gay and proud of it, from 10.1.2.3";
    project.write("t.jsonl", &format!("{}\n", json!({ "id": "a", "text": text })));
    let names = ["anonymize", "t.jsonl", "--preset", "off", "--action", "GENDER=tag", "--action"];
    project.emogrid(&[&names[..], &["IP=mask", "-o", "one.jsonl"]].concat()).exits(0);
    assert_eq!(told(&project.rows("one.jsonl")[0]), ["gay", "[IP]"]);
    let second =
        ["anonymize", "one.jsonl", "--preset", "off", "--action", "NAME=person", "--action", "EMAIL=mask"];
    project.emogrid(&[&second[..], &["-o", "two.csv"]].concat()).exits(0).says("EMAIL 1, NAME 1");
    project.emogrid(&["anonymize", "two.csv", "-o", "three.jsonl"]).exits(0).says("GENDER 1\n");
    let row = &project.rows("three.jsonl")[0];
    assert_eq!(told(row), ["Person A", "[EMAIL]", "[GENDER]", "[IP]"]);
    assert_eq!(row["spans"][2]["action"], "mask", "what was tagged is masked now");
    // What `--detect-only` told of is found again.
    project.emogrid(&["anonymize", "t.jsonl", "--detect-only", "-o", "seen.jsonl"]).exits(0);
    project.emogrid(&["anonymize", "seen.jsonl", "-o", "four.jsonl"]).exits(0);
    assert_eq!(told(&project.rows("four.jsonl")[0]), told(row));
    // Spans of another column.
    let other = project
        .read("one.jsonl")
        .replace("\"text\"", "\"title\"")
        .replace("\"id\":\"a\"", "\"text\":\"so it was\"");
    project.write("other.jsonl", &other);
    project.emogrid(&["anonymize", "other.jsonl", "-o", "five.jsonl"]).exits(2).says("is of another text");
}

#[test]
fn a_csv_has_the_columns_of_all_rows() {
    let project = Project::new();
    let rows = "{\"id\":\"1\",\"text\":\"a fine, dry day it was\"}\n\
                {\"id\":\"2\",\"text\":\"Nobody came\",\"spans\":[],\"more\":\"x\"}\n\
                {\"id\":\"3\",\"text\":\"The boats went out\"}\n";
    project.write("t.jsonl", rows);
    project.emogrid(&["dedup", "t.jsonl", "-o", "t.csv"]).exits(0);
    let expected =
        "id,text,spans,more\n1,\"a fine, dry day it was\",,\n2,Nobody came,[],x\n3,The boats went out,,\n";
    assert_eq!(project.read("t.csv"), expected);
    project.emogrid(&["dedup", "t.jsonl", "-o", "t.tsv"]).exits(0);
    assert_eq!(
        project.read("t.tsv"),
        expected
            .replace("\"", "")
            .replace("fine, dry", "fine; dry")
            .replace(',', "\t")
            .replace("fine; dry", "fine, dry")
    );
    let names = std::fs::read_dir(project.path()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().ends_with(".part")));
}

#[test]
fn a_mix_writes_over_no_source_and_no_text_of_the_user_s() {
    let project = Project::new();
    let row = |text: &str, source: &str| json!({ "body": text, "label": "joy", "source": source });
    project.write("real.jsonl", &format!("{}\n", row("A fine day", "reddit")));
    project.write("made.jsonl", &format!("{}\n", row("What a night", "generated")));
    let mix = |real: &str, more: &[&str]| {
        let args = ["mix", real, "made.jsonl", "--text", "body", "--ratio", "1", "-o", "m.jsonl"];
        project.emogrid(&[&args[..], more].concat())
    };
    mix("real.jsonl", &[]).exits(2).says("real.jsonl:1: a column `source` is there already").says("--prefix");
    mix("real.jsonl", &["--prefix", "of_"]).exits(0);
    let rows = project.rows("m.jsonl");
    assert_eq!((&rows[0]["source"], &rows[0]["of_source"]), (&json!("reddit"), &json!("real")));
    project.write("mixed.jsonl", &project.read("m.jsonl"));
    mix("mixed.jsonl", &[]).exits(2).says("mixed.jsonl:1: a column `source` is there already");
    project.write("both.jsonl", "{\"body\": \"A fine day\", \"text\": \"x\", \"label\": \"joy\"}\n");
    mix("both.jsonl", &[]).exits(2).says("a column `text` is there beside `body`");
    // What a mix or an import wrote is theirs.
    mix("made.jsonl", &[]).exits(0);
}
