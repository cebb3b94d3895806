//! Datasets and tables in formats that others read. That the others do is tests/exports/open.py's to say.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::project::Project;

fn fixture() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/exports/rows.jsonl");
    path.to_str().unwrap().to_owned()
}

/// Four rows: two labels, one of them with a comma's worth of others.
const TABLE: &str = r#"{"id": "a", "text": "I got the job", "label": "joy", "place": "work"}
{"id": "b", "text": "You broke it again", "label": "anger", "place": "home"}
{"id": "c", "text": "Where is it?", "label": "", "place": "home"}
{"id": "d", "text": "Noon, platform four", "label": "neutral, joy", "place": "travel"}
"#;

fn table() -> Project {
    let project = Project::new();
    project.write("t.jsonl", TABLE);
    project
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(project: &Project, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(project.path().join(folder)).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn rows_become_questions_and_answers() {
    let project = table();
    let made = |args: &[&str]| {
        let ran = project.emogrid(&[&["export", "t.jsonl"], args].concat()).exits(0);
        lines(&ran.says("1 row without a label left out").stdout)
    };
    let asks = "What is the label of this text? Answer with one or more of these, with commas between them: \
                anger, joy, neutral.";
    let chats = made(&["--format", "messages", "--system", "You are {{ row.place }}."]);
    assert_eq!(chats.len(), 3);
    assert_eq!(
        chats[2]["messages"],
        json!([
            { "role": "system", "content": "You are travel." },
            { "role": "user", "content": format!("{asks}\n\nNoon, platform four") },
            { "role": "assistant", "content": "joy, neutral" },
        ])
    );
    let pairs = made(&[
        "--format",
        "prompt-completion",
        "--task",
        "generate",
        "--instruction",
        "A {{ label }} {{ row.place }} post.",
    ]);
    assert_eq!(pairs[0], json!({ "prompt": "A joy work post.\n\nText:", "completion": " I got the job" }));
    let ids = made(&["--format", "classification", "--labels", "neutral,joy,anger"]);
    assert_eq!(ids[2]["label"], json!([1.0, 1.0, 0.0]));
    assert_eq!(ids[2]["label_text"], json!(["neutral", "joy"]));
    project.write("one.csv", "text,label\nyes,up\nno,down\n");
    let out = project.emogrid(&["export", "one.csv", "--format", "classification"]).exits(0).stdout;
    assert_eq!(lines(&out)[0], json!({ "text": "yes", "label": 1, "label_text": "up" }));
    project.write("several.csv", "text,labels\nyes,up\nno,down\n");
    let asked = |task: &str| {
        let ran = project.emogrid(&["export", "several.csv", "--format", "openai", "--task", task]).exits(0);
        lines(&ran.stdout)[0]["messages"][0]["content"].as_str().unwrap().to_owned()
    };
    let asks = asked("classify");
    assert!(asks.starts_with("What are the labels of this text? Answer with one of: "), "{asks}");
    assert_eq!(asked("generate"), "Write a short text. Its labels are up.");
    project.write("ask.txt", "Up or down?\n");
    let out = project
        .emogrid(&["export", "one.csv", "--format", "openai", "--instruction", "@ask.txt"])
        .exits(0)
        .stdout;
    assert_eq!(lines(&out)[1]["messages"][0]["content"], "Up or down?\n\nno");
}

#[test]
fn a_folder_says_what_is_in_it() {
    let project = table();
    let export = |args: &[&str]| project.emogrid(&[&["export", "t.jsonl"], args].concat()).exits(0);
    export(&["--format", "sharegpt", "--task", "generate", "--system", "Write.", "-o", "s"]);
    assert_eq!(names(&project, "s"), ["dataset_info.json", "emogrid.json", "train.json"]);
    let info: Value = serde_json::from_str(&project.read("s/dataset_info.json")).unwrap();
    assert_eq!(
        info["t_train"],
        json!({
            "file_name": "train.json",
            "formatting": "sharegpt",
            "columns": { "messages": "conversations", "system": "system" },
            "tags": { "role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt" },
        })
    );
    let rows: Value = serde_json::from_str(&project.read("s/train.json")).unwrap();
    assert_eq!(
        rows[1],
        json!({
            "conversations": [
                { "from": "human", "value": "Write a short text. Its label is anger." },
                { "from": "gpt", "value": "You broke it again" },
            ],
            "system": "Write.",
        })
    );
    export(&["--format", "alpaca", "--split", "a=50,b=50", "-o", "alpaca"]);
    assert_eq!(names(&project, "alpaca"), ["a.json", "b.json", "dataset_info.json", "emogrid.json"]);
    export(&["--format", "classification", "-o", "c"]);
    let told: Value = serde_json::from_str(&project.read("c/labels.json")).unwrap();
    assert_eq!(told["label2id"], json!({ "anger": 0, "joy": 1, "neutral": 2 }));
    assert_eq!(told["problem_type"], "multi_label_classification");
}

#[test]
fn a_dataset_folder_has_shards_and_a_card() {
    let project = Project::new();
    let fixture = fixture();
    let hf = |out: &str| {
        let args =
            ["export", &fixture, "--format", "hf", "--split", "60,20,20", "--license", "cc0-1.0", "-o", out];
        project.emogrid(&args).exits(0).says("24 rows (train 14, validation 5, test 5) written to")
    };
    hf("made");
    assert_eq!(names(&project, "made"), ["README.md", "data", "emogrid.json"]);
    assert_eq!(
        names(&project, "made/data"),
        ["test-00000-of-00001.parquet", "train-00000-of-00001.parquet", "validation-00000-of-00001.parquet"]
    );
    let card = project.read("made/README.md");
    for part in [
        "---\nlicense: \"cc0-1.0\"\n",
        "  - split: validation\n    path: data/validation-*\n",
        "          '4': \"neutral\"\n",
        "  - name: \"moods\"\n    sequence: string\n",
        "    num_examples: 14\n",
        "went where one like them is: 1.",
        "| 2 | gratitude | 5 |",
        "| entropy of labels, emotion |",
    ] {
        assert!(card.contains(part), "{part:?} in\n{card}");
    }
    // The same rows and seed, the same bytes.
    hf("again");
    for name in names(&project, "made/data").iter().map(|name| format!("data/{name}")) {
        let read = |folder: &str| std::fs::read(project.path().join(folder).join(&name)).unwrap();
        assert!(read("made") == read("again"), "{name}");
    }
}

#[test]
fn a_folder_is_replaced_only_if_nothing_is_lost() {
    let project = table();
    let export = |args: &[&str]| project.emogrid(&[&["export", "t.jsonl", "-o", "out"], args].concat());
    let classes = ["--format", "classification"];
    export(&classes).exits(0);
    // An export's own files give way, also those of another format.
    export(&["--format", "messages"]).exits(0);
    assert_eq!(names(&project, "out"), ["emogrid.json", "train.jsonl"]);
    project.write("out/notes.txt", "mine");
    export(&classes).exits(2).says("no export wrote `notes.txt`");
    std::fs::remove_file(project.path().join("out/notes.txt")).unwrap();
    project.edit("out/train.jsonl", "job", "cake");
    export(&classes).exits(2).says("`train.jsonl` was changed since");
    assert!(project.read("out/train.jsonl").contains("cake"));
    project.edit("out/train.jsonl", "cake", "job");
    // What fails in mid-way leaves all as it was.
    project.write("t.jsonl", &format!("{TABLE}{}", "{\"text\": \"five\", \"label\": \"grief\"}\n"));
    let ran = export(&[&classes[..], &["--labels", "joy,anger,neutral"]].concat()).exits(1);
    assert!(
        ran.stderr.contains("t.jsonl:5: `grief` in `label` is none of the labels joy, anger"),
        "{}",
        ran.stderr
    );
    export(&["--format", "messages", "--instruction", "{{ row.place }}"])
        .exits(1)
        .says("t.jsonl:5: --instruction:");
    assert_eq!(names(&project, "out"), ["emogrid.json", "train.jsonl"]);
    assert!(project.read("out/train.jsonl").contains("messages"));
    assert_eq!(names(&project, "."), ["out", "t.jsonl"]);
    project.emogrid(&["export", "t.jsonl", "--format", "csv", "-o", "t.csv"]).exits(0);
    project.write("t.jsonl", &format!("{TABLE}{{"));
    project.emogrid(&["export", "t.jsonl", "-o", "rows.jsonl"]).exits(1).says("t.jsonl:5: not JSON");
    assert_eq!(names(&project, "."), ["out", "t.csv", "t.jsonl"]);
}

#[test]
fn a_dataset_is_exported_as_a_table_is() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let rows = project.rows("out/small/dataset.jsonl");
    let chats = project.emogrid(&["export", "small.yaml", "--format", "messages"]).exits(0).stdout;
    let answers: Vec<Value> =
        lines(&chats).iter().map(|chat| chat["messages"][1]["content"].clone()).collect();
    assert_eq!(answers, rows.iter().map(|row| row["emotion"].clone()).collect::<Vec<_>>());
    // Labels are numbered by name, and another axis can be the label.
    let ids = |args: &[&str]| {
        let args = [&["export", "small.yaml", "--format", "classification"], args].concat();
        lines(&project.emogrid(&args).exits(0).stdout)
    };
    for (made, row) in ids(&[]).iter().zip(&rows) {
        assert_eq!(made["label"], u8::from(row["emotion"] == "joy"));
    }
    for (made, row) in ids(&["--label", "sentiment"]).iter().zip(&rows) {
        assert_eq!(made["label"], u8::from(row["sentiment"] == "good"));
    }
    project
        .emogrid(&["export", "small.yaml", "--format", "hf", "-o", "ds"])
        .exits(0)
        .says("8 rows written to ds");
    let card = project.read("ds/README.md");
    for part in [
        "- synthetic\n",
        "    dtype:\n      class_label:\n        names:\n          '0': \"anger\"\n          '1': \"joy\"\n",
        "| model | ",
        "| sampling | temperature 0.8, ",
        "{{ emotion.definition }}",
        "| label axis emotion | joy, anger |",
    ] {
        assert!(card.contains(part), "{part:?} in\n{card}");
    }
    project.edit("small.yaml", "sentiment: [good, bad]", "sentiment: { label: true, values: [good, bad] }");
    let ran = project.emogrid(&["export", "small.yaml", "--format", "messages"]).exits(2);
    assert!(ran.stderr.contains("name one with `--label`: emotion or sentiment"), "{}", ran.stderr);
    project
        .emogrid(&["export", "small.yaml", "--label", "mood", "--format", "hf", "-o", "x"])
        .exits(2)
        .says("there is no axis `mood`");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let project = table();
    for (args, says) in [
        (&["--format", "hf"][..], "hf makes a folder"),
        (&["--split", "80,20"], "--split makes a folder"),
        (&["--split", "80,20,5,5", "-o", "x"], "name others"),
        (&["--license", "mit"], "--license is for the format hf; this is jsonl"),
        (&["--task", "generate"], "--task is for training formats"),
        (&["--instruction", "x", "--format", "classification"], "--instruction is for training formats"),
        (&["--labels", "a,b"], "--labels is for formats with labels"),
        (&["--set", "seed=1"], "--set changes a config"),
        (&["--format", "messages", "--label", "place", "--label", "label"], "one column of labels"),
        (&["--format", "messages", "--label", "mood"], "no row of t.jsonl has a label in `mood`"),
        (&["--format", "messages", "--labels", "joy,joy"], "`joy` twice"),
        (&["--format", "messages", "--instruction", "{{ x"], "--instruction: "),
        (&["--format", "alpaca", "-o", "x.jsonl"], "alpaca makes `.json`"),
        (&["--format", "jsonl", "-o", "x.csv"], "jsonl makes `.jsonl`"),
    ] {
        project.emogrid(&[&["export", "t.jsonl"], args].concat()).exits(2).says(says);
    }
    project.write("plain.csv", "text,n\na,1\n");
    project
        .emogrid(&["export", "plain.csv", "--format", "openai"])
        .exits(2)
        .says("which column has the labels");
    project.emogrid(&["export", "none.jsonl"]).exits(1).says("none.jsonl");
    assert_eq!(names(&project, "."), ["plain.csv", "t.jsonl"]);
}

#[test]
fn standard_input_is_a_table_too() {
    let project = Project::new();
    let mut child = project
        .command(&["export", "-", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(TABLE.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().collect::<Vec<_>>()[..2], ["id,text,label,place", "a,I got the job,joy,work"]);
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn a_row_of_a_test_part_is_in_no_file_that_models_learn_from() {
    let project = table();
    project.write(
        "t.jsonl",
        &format!("{TABLE}{}", "{\"text\": \"kept back\", \"label\": \"joy\", \"split\": \"test\"}\n"),
    );
    for format in ["messages", "classification", "hf"] {
        let out = format!("{format}.made");
        let args = ["export", "t.jsonl", "--format", format, "-o", &out, "--split", "1,1"];
        let ran = project.emogrid(&args).exits(0).says("1 row left out: of the first its column `split`");
        let (measured, rows) = if format == "hf" { (5, 4) } else { (4, 3) };
        assert!(ran.stderr.contains(&format!("{rows} rows (")), "{}", ran.stderr);
        project.emogrid(&[&args[..], &["--measuring"]].concat()).exits(0).says(&format!("{measured} rows ("));
    }
    assert!(
        project.emogrid(&["export", "t.jsonl"]).exits(0).stdout.contains("kept back"),
        "rows as they are"
    );
    project.write("t.jsonl", "{\"text\": \"kept back\", \"label\": \"joy\", \"split\": \"test\"}\n");
    project
        .emogrid(&["export", "t.jsonl", "--format", "alpaca", "-o", "x"])
        .exits(2)
        .says("no row is left: 1 were held");
    assert!(!project.path().join("x").exists());
    project
        .emogrid(&["export", "t.jsonl", "--measuring"])
        .exits(2)
        .says("--measuring is for hf and training formats");
}

#[test]
fn an_export_without_a_row_replaces_no_file() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let export = |to: &str| project.emogrid(&["export", "small.yaml", "-o", to]);
    for to in ["e.csv", "e.jsonl"] {
        export(to).exits(0);
    }
    let before = (project.read("e.csv"), project.read("e.jsonl"));
    let dataset = project.read("out/small/dataset.jsonl");
    project.edit("small.yaml", "bright", "glad");
    project.edit("small.yaml", "hot", "cross");
    for to in ["e.csv", "e.jsonl", "-"] {
        let ran = export(to).exits(1);
        assert_eq!(ran.stdout, "");
        let ran = ran.says("stored answers make none of its 8 rows; nothing was written");
        let ran = ran.says("4 requests are still to be asked: `emogrid run small.yaml`");
        ran.says("out/small/dataset.jsonl holds 8 rows of another state");
    }
    assert_eq!((project.read("e.csv"), project.read("e.jsonl")), before);
    project.emogrid(&["export", "out/small/dataset.jsonl", "-o", "old.csv"]).exits(0).says("8 rows");

    let status = project.emogrid(&["status", "small.yaml"]).exits(0).stdout;
    assert!(status.contains("out/small/dataset.jsonl: 8 rows, of before the last edit"), "{status}");
    assert!(status.contains("a run takes 8 of them out, and adds 0 from stored answers"), "{status}");
    let file = &project.emogrid(&["status", "small.yaml", "--json"]).exits(0).json()["file"];
    assert_eq!((&file["rows"], &file["leave"], &file["edited"]), (&8.into(), &8.into(), &true.into()));
    let audit = project.emogrid(&["audit", "small.yaml", "--fail-on", "never"]).exits(0);
    audit.says("what is stored is audited, and not").says("8 rows, of before the last edit");

    project.edit("small.yaml", "cross", "hot");
    let part = export("e.csv").exits(0);
    part.says("4 of 8 rows: 2 requests are still to be asked").says("dataset.jsonl holds 8 rows");
    assert_eq!(project.read("out/small/dataset.jsonl"), dataset);
    project.edit("small.yaml", "glad", "bright");
    let status = project.emogrid(&["status", "small.yaml"]).exits(0).stdout;
    assert!(status.contains("file: out/small/dataset.jsonl: 8 rows\n"), "{status}");
}

#[test]
fn an_ending_of_no_format_is_refused() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    for to in ["x.xlsx", "x.txt", "x.jsonl.gz"] {
        let refused = project.emogrid(&["export", "small.yaml", "-o", to]).exits(2);
        refused.says("name it `.jsonl`, `.csv` or `.parquet`");
        assert!(!project.path().join(to).exists());
    }
    project.emogrid(&["export", "small.yaml", "-o", "x.txt", "--format", "jsonl"]).exits(0);
    project.emogrid(&["export", "small.yaml", "-o", "rows"]).exits(0);
}

/// An ending says the same in capitals.
#[test]
fn an_ending_in_capitals_is_the_same_format() {
    let project = Project::new();
    project.write("t.JSONL", "{\"text\":\"a\"}\n");
    for name in ["t.csv", "t.CSV", "t.Parquet"] {
        project.emogrid(&["export", "t.JSONL", "-o", name]).exits(0);
    }
    assert_eq!(project.read("t.CSV"), project.read("t.csv"));
    assert_eq!(project.read("t.csv"), "text\na\n");
    let parquet = std::fs::read(project.path().join("t.Parquet")).unwrap();
    assert_eq!(&parquet[..4], b"PAR1");
}

#[test]
fn labels_have_the_same_numbers_of_a_config_and_of_its_dataset() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let numbers = |source: &str, folder: &str| {
        let args = [
            "export",
            source,
            "--label",
            "emotion",
            "--format",
            "classification",
            "--split",
            "50,50",
            "-o",
            folder,
        ];
        project.emogrid(&args).exits(0);
        project.value(&format!("{folder}/labels.json"))["labels"].clone()
    };
    let of_table = numbers("out/small/dataset.jsonl", "a");
    assert_eq!((numbers("small.yaml", "b"), of_table), (json!(["anger", "joy"]), json!(["anger", "joy"])));
}

#[test]
fn an_ending_that_nothing_is_exported_as_is_told_without_a_format() {
    let project = table();
    let ran = project.emogrid(&["export", "t.jsonl", "-o", "a.tsv"]).exits(2);
    let ran = ran.says("nothing is exported as `.tsv`; name the file `.jsonl`, `.csv` or `.parquet`");
    assert!(!ran.stderr.contains("jsonl makes"), "{}", ran.stderr);
    let named = ["export", "t.jsonl", "--format", "csv", "-o", "a.tsv"];
    project.emogrid(&named).exits(2).says("csv makes `.csv`");
}
