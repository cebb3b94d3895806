//! Tables as spreadsheets, pandas and the hub write them.

use serde_json::{Value, json};

use crate::project::Project;

/// The labels that an export for training finds.
fn labels(project: &Project, table: &str) -> Value {
    let folder = table.replace('.', "-");
    project.emogrid(&["export", table, "--format", "classification", "-o", &folder]).exits(0);
    let labels: Value = serde_json::from_str(&project.read(&format!("{folder}/labels.json"))).unwrap();
    labels["labels"].clone()
}

#[test]
fn semicolons_and_tabs_part_the_columns_of_a_csv() {
    let project = Project::new();
    for (name, between) in [("semi.csv", ";"), ("tabs.csv", "\t")] {
        let rows = ["text", "label", "\"so it is, they said\"", "joy", "\"a long\nday; and\"", "anger"];
        let table: String = rows.chunks(2).map(|row| format!("{}\r\n", row.join(between))).collect();
        project.write(name, &format!("\u{feff}{table}"));
        assert_eq!(labels(&project, name), json!(["anger", "joy"]));
        project.emogrid(&["dedup", name, "-o", "out.csv"]).exits(0);
        assert_eq!(
            project.read("out.csv"),
            "text,label\n\"so it is, they said\",joy\n\"a long\nday; and\",anger\n"
        );
    }
    project.write("three.csv", "text;label\na;b;c\n");
    project
        .emogrid(&["dedup", "three.csv"])
        .exits(1)
        .says("three.csv:2: 3 columns; expected 2: put texts with a `;`");
}

#[test]
fn what_is_no_table_is_said_to_be_what_it_is() {
    let project = Project::new();
    let utf_16: Vec<u8> = "text,label\nhi,joy\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, says) in [
        (&b"\x1f\x8b\x08\x00\x00"[..], "compressed with gzip; unpack it first"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive or a spreadsheet"),
        (&[&b"\xff\xfe"[..], &utf_16].concat(), "UTF-16; save the file as UTF-8"),
        (&utf_16, "no text of UTF-8"),
        (
            b"text,label\ncaf\xe9,joy\n",
            "t.csv:2: not UTF-8; save the file as UTF-8, or write it anew with `iconv",
        ),
    ] {
        std::fs::write(project.path().join("t.csv"), bytes).unwrap();
        for args in [
            &["dedup", "t.csv"][..],
            &["import", "table", "t.csv", "--text", "text", "--label", "label", "-o", "d"],
        ] {
            let ran = project.emogrid(args);
            assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
        }
    }
    project.write("a.json", "[\n  {\"text\": \"hi\"},\n  {\"text\": \"ho\"}\n]\n");
    project.emogrid(&["dedup", "a.json"]).exits(1).says("as `jq -c '.[]'` makes of an array");
    project.write("a.json", "[{\"text\": \"hi\"}]\n");
    project.emogrid(&["dedup", "a.json"]).exits(1).says("as `jq -c '.[]'` makes of an array");
}

#[test]
fn labels_are_read_as_python_prints_them_into_cells() {
    let project = Project::new();
    let cells = [
        "['joy' 'anger']",
        "['joy', 'sadness']",
        "{'fear'}",
        "('joy')",
        "joy|calm",
        "hope; joy",
        "nan",
        "[]",
    ];
    let table = |cells: &[&str]| {
        let rows = cells.iter().enumerate().map(|(n, cell)| format!("text number {n},\"{cell}\"\n"));
        format!("text,label\n{}", rows.collect::<String>())
    };
    project.write("t.csv", &table(&cells));
    assert_eq!(labels(&project, "t.csv"), json!(["anger", "calm", "fear", "hope", "joy", "sadness"]));
    let import = [
        "import",
        "table",
        "t.csv",
        "--text",
        "text",
        "--label",
        "label",
        "--skip",
        "near-duplicates",
        "-o",
        "d",
    ];
    project.emogrid(&import).exits(0);
    let rows = project.rows("d/rows.jsonl");
    let found: Vec<&Value> = rows.iter().map(|row| &row["labels"]).collect();
    assert_eq!(found[..3], [&json!(["anger", "joy"]), &json!(["joy", "sadness"]), &json!(["fear"])]);
    assert_eq!(found.len(), 6, "two have no label");
    project.write("m.csv", &table(&["{'joy': 1}"]));
    let args = ["export", "m.csv", "--format", "classification", "-o", "m"];
    project.emogrid(&args).exits(1).says("m.csv:2: `label` holds a mapping; expected labels");
}

#[test]
fn numbers_are_labels_by_what_they_are_worth() {
    let project = Project::new();
    let cells = ["10", "2", "1", "1.0", "2.0", ""];
    let rows = cells.iter().enumerate().map(|(n, cell)| format!("text {n},{cell}\n"));
    project.write("t.csv", &format!("text,label\n{}", rows.collect::<String>()));
    assert_eq!(labels(&project, "t.csv"), json!(["1", "2", "10"]));
    let train = ["train", "--probe", "--train", "t.csv", "--min-df", "1", "--json"];
    assert_eq!(project.emogrid(&train).exits(0).json()["probe"]["labels"], json!(["1", "2", "10"]));
}

#[test]
fn a_row_without_the_labels_column_has_no_label_everywhere() {
    let project = Project::new();
    let row = |n: usize, label: &str| {
        format!("{{\"id\":\"{n}\",\"text\":\"{label} and so on {n}\",\"label\":\"{label}\"}}\n")
    };
    let lacking = "{\"id\":\"x\",\"text\":\"Nobody said what it was\"}\n";
    let rows: String = (0..10).map(|n| row(n, ["joy", "anger"][n % 2])).collect();
    project.write("t.jsonl", &format!("{}{lacking}", rows));
    let one = "1 row without a label left out";
    let train = ["train", "--probe", "--train", "t.jsonl", "--min-df", "1", "--model", "m.probe"];
    project.emogrid(&train).exits(0).says(one);
    project.emogrid(&["export", "t.jsonl", "--format", "classification", "-o", "c"]).exits(0).says(one);
    project.emogrid(&["verify", "t.jsonl", "--probe", "m.probe", "-o", "v.jsonl"]).exits(0).says(one);
    project.emogrid(&["mix", "t.jsonl", "t.jsonl", "--ratio", "1", "-o", "m.jsonl"]).exits(0);
    let import =
        ["import", "table", "t.jsonl", "--text", "text", "--skip", "near-duplicates", "-o", "d", "--label"];
    let told = project.emogrid(&[&import[..], &["label"]].concat()).exits(0).stdout;
    assert!(told.contains("unlabelled                -        1"), "{told}");
    // A column that no row has is a slip.
    let none =
        "no row has a column `mood`, only `id`, `text`, `label`; name the labels' column with `--label`";
    for args in [
        &["train", "--probe", "--train", "t.jsonl"][..],
        &["verify", "t.jsonl", "--probe", "m.probe", "-o", "w.jsonl"],
        &["mix", "t.jsonl", "t.jsonl", "--ratio", "1", "-o", "n.jsonl"],
        &["import", "table", "t.jsonl", "--text", "text", "-o", "e"],
    ] {
        project.emogrid(&[args, &["--label", "mood"]].concat()).exits(2).says(none);
    }
}

/// Each row of JSON Lines has columns of its own.
#[test]
fn the_first_row_need_not_have_the_labels_column() {
    let project = Project::new();
    let row = |n: usize, label: &str| {
        format!("{{\"id\":\"{n}\",\"text\":\"{label} and so on {n}\",\"label\":\"{label}\"}}\n")
    };
    let rows: String = (0..10).map(|n| row(n, ["joy", "anger"][n % 2])).collect();
    project.write("t.jsonl", &format!("{{\"id\":\"x\",\"text\":\"Nobody said what it was\"}}\n{rows}"));
    for label in [&["--label", "label"][..], &[]] {
        let audit = ["audit", "t.jsonl", "--fail-on", "never", "--json"];
        let told = project.emogrid(&[&audit[..], label].concat()).exits(0).stdout;
        assert!(told.contains("\"joy\"") && told.contains("\"anger\""), "{told}");
        let export = ["export", "t.jsonl", "--format", "classification", "-o", "c"];
        let ran = project.emogrid(&[&export[..], label].concat()).exits(0);
        ran.says("1 row without a label left out").says("10 rows written to c");
        project.emogrid(&[&["export", "t.jsonl", "--format", "hf", "-o", "hf"], label].concat()).exits(0);
        assert!(project.read("hf/README.md").contains("joy"), "{}", project.read("hf/README.md"));
    }
    let dedup = ["dedup", "t.jsonl", "--level", "exact", "--scope", "label", "-o", "o.jsonl", "--json"];
    let told = project.emogrid(&[&dedup[..], &["--label", "label", "--group", "label"]].concat()).exits(0);
    assert_eq!(told.json()["kept"], 11);
    // A column that no row has is a slip, and nothing is written.
    std::fs::remove_file(project.path().join("o.jsonl")).unwrap();
    for (option, args) in
        [("--label", &["--label", "mood"][..]), ("--group", &["--label", "label", "--group", "mood"])]
    {
        let ran = project.emogrid(&[&dedup[..], args].concat()).exits(2);
        ran.says(&format!("t.jsonl: there is no column `mood`, only `id`, `text`; `{option}` names it"));
        assert!(!project.path().join("o.jsonl").exists());
    }
    let audit = ["audit", "t.jsonl", "--label", "mood"];
    project.emogrid(&audit).exits(2).says("t.jsonl: no row has a column `mood`; there are `id`, `text`");
    project.write("none.jsonl", "{\"text\": \"so\"}\n{\"text\": \"and so\", \"mood\": \"joy\"}\n");
    for args in
        [&["audit", "none.jsonl"][..], &["export", "none.jsonl", "--format", "classification", "-o", "n"]]
    {
        project
            .emogrid(args)
            .exits(2)
            .says("none.jsonl: which column has the labels? name it with `--label`");
    }
}

#[test]
fn what_to_do_about_a_column_is_what_the_command_has_options_for() {
    let project = Project::new();
    project.write("t.csv", "so it is,joy\nand so on,anger\n");
    let none = "t.csv: there is no column `text`, only `so it is`, `joy`; name the columns with ";
    for (args, advice) in [
        (
            &["import", "table", "t.csv", "--text", "text", "--label", "label", "-o", "d"][..],
            "`--text` and `--id`, or put a line with the columns' names first if there is no header",
        ),
        (&["dedup", "t.csv"], "`--text` and `--id`, or with `--columns` if there is no header"),
        (&["export", "t.csv", "-o", "o.jsonl"], "`--text`, or with `--columns` if there is no header"),
        (
            &["mix", "t.csv", "t.csv", "--ratio", "1", "-o", "m.jsonl"],
            "`--text`, or put a line with the columns' names first if there is no header",
        ),
    ] {
        project.emogrid(args).exits(2).says(&format!("{none}{advice}\n"));
    }
}

#[test]
fn one_hot_columns_of_floats_are_labels() {
    let project = Project::new();
    project.write(
        "t.csv",
        ",text,joy,anger\n0,a fine day,1.0,nan\n1,a bad one,NaN,1.0\n2,the two of them,1.0,1.0\n",
    );
    let import =
        ["import", "table", "t.csv", "--text", "text", "--label", "joy", "--label", "anger", "-o", "d"];
    project.emogrid(&import).exits(0);
    let rows = project.rows("d/rows.jsonl");
    let found: Vec<&Value> = rows.iter().map(|row| &row["labels"]).collect();
    assert_eq!(found, [&json!(["joy"]), &json!(["anger"]), &json!(["anger", "joy"])]);
}
