//! Parquet as input: files of ours, and of those that others use.

use std::path::PathBuf;

use crate::project::Project;

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn what_export_writes_is_read_again_row_for_row() {
    let project = Project::new();
    let table = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/exports/rows.jsonl");
    let table = table.to_str().unwrap();
    let plain = project.emogrid(&["export", table]).exits(0).stdout;
    project.emogrid(&["export", table, "-o", "rows.parquet"]).exits(0);
    project.emogrid(&["export", "rows.parquet", "-o", "again.parquet"]).exits(0);
    let again = project.emogrid(&["export", "again.parquet"]).exits(0).stdout;
    let rows = |text: &str| -> Vec<serde_json::Value> {
        let row = |line: &str| {
            let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            // A column that a row lacks is null in a table of columns; what is nested stands as JSON.
            row.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| match value.is_object() || value[0].is_object() {
                    true => (name, value.to_string().into()),
                    false => (name, value),
                })
                .collect()
        };
        text.lines().map(row).collect()
    };
    let (before, after) = (rows(&plain), rows(&again));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before["text"], after["text"]);
        assert_eq!(before["emotion"], after["emotion"]);
        assert_eq!(before.get("moods"), after.get("moods"));
    }
}

#[test]
fn a_folder_for_the_hub_is_imported_with_the_names_of_its_labels() {
    let project = Project::new();
    let train = fixture("learn/train.tsv");
    project.emogrid(&["import", "goemotions", &train, "-o", "data/first", "--anonymize", "off"]).exits(0);
    project
        .emogrid(&["export", "data/first/train.jsonl", "--format", "hf", "--split", "80,20", "-o", "hub"])
        .exits(0);
    let parts = ["hub/data/train-00000-of-00001.parquet", "hub/data/test-00000-of-00001.parquet"];
    let args =
        ["import", "table", parts[0], parts[1], "--text", "text", "--label", "labels", "-o", "data/second"];
    project.emogrid(&args).exits(0);
    let labels = |row: serde_json::Value| (row["text"].clone(), row["labels"].clone());
    let mut first: Vec<_> = project.rows("data/first/train.jsonl").into_iter().map(labels).collect();
    // Their column `split` says what part they are of, whatever the file.
    let mut second: Vec<_> = project.rows("data/second/train.jsonl").into_iter().map(labels).collect();
    first.sort_by_key(|row| row.0.to_string());
    second.sort_by_key(|row| row.0.to_string());
    assert!(first.len() > 20);
    assert_eq!(first, second);
    // And trained on, as it is.
    let told = project
        .emogrid(&["train", "--probe", "--train", "hub/data/train-00000-of-00001.parquet", "--json"])
        .exits(0)
        .json();
    assert_eq!(told["probe"]["labels"].as_array().unwrap().len(), 5, "{told}");
}

#[test]
fn label_ids_of_goemotions_are_its_labels_also_in_parquet() {
    let project = Project::new();
    let file = fixture("table/datasets.parquet");
    let args = ["import", "goemotions", &file, "--label", "labels", "-o", "data/g", "--split", "50,50"];
    project.emogrid(&args).exits(0);
    let all = project.read("data/g/train.jsonl") + &project.read("data/g/test.jsonl");
    assert!(all.contains(r#""labels":["grief","joy"]"#), "{all}");
    let args = ["dedup", &fixture("table/pyarrow.parquet"), "--json"];
    assert_eq!(project.emogrid(&args).exits(0).json()["rows"], 4);
    project.write("not.parquet", "text\nhello\n");
    project.emogrid(&["export", "not.parquet"]).exits(2).says("not.parquet: no whole Parquet file");
    project
        .emogrid(&["anonymize", &fixture("table/pyarrow.parquet"), "-o", "x.parquet"])
        .exits(2)
        .says("a table is written as `.jsonl`, `.csv` or `.tsv`");
}

#[test]
fn a_file_that_is_damaged_within_is_said_to_be() {
    let project = Project::new();
    let whole = std::fs::read(fixture("table/pyarrow.parquet")).unwrap();
    let export = |at: usize, flipped: u8| {
        let mut bytes = whole.clone();
        bytes[at] ^= flipped;
        std::fs::write(project.path().join("rows.parquet"), &bytes).unwrap();
        project.emogrid(&["export", "rows.parquet"])
    };
    for at in (4..whole.len()).step_by(whole.len() / 60) {
        let ran = export(at, 0xff);
        assert!(!ran.stderr.contains("panicked"), "byte {at}: {}", ran.stderr);
        assert!(matches!(ran.code, Some(0..=2)), "byte {at}: {:?} {}", ran.code, ran.stderr);
    }
    // The reader of Parquet panics over these.
    for (at, flipped) in [(1021, 1), (1627, 0xff), (2368, 0x80)] {
        export(at, flipped).exits(2).says("rows.parquet: no whole Parquet file: it is damaged within");
    }
}
