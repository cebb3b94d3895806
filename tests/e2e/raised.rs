//! Cells that a file of decisions gives more rows.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::project::Project;

/// Joy in ten places, and grief in one.
const UNEVEN: &str = "\
name: moods
endpoints: { fake: URL }
prompt: { user: 'Show {{ emotion }} at {{ place }}.' }
grid:
  axes:
    emotion: { label: true, values: { joy: {}, grief: { weight: WEIGHT } } }
    place: [p0, p1, p2, p3, p4, p5, p6, p7, p8, p9]
  exclude: [{ emotion: grief, place: [p1, p2, p3, p4, p5, p6, p7, p8, p9] }]
samples: SAMPLES
dedup: { level: default, scope: dataset }
";

fn writing() -> Fake {
    let fake = Fake::start();
    let asked = AtomicUsize::new(0);
    fake.script(move |_, _| {
        let at = asked.fetch_add(1, Ordering::SeqCst);
        let words: Vec<String> = (0..7).map(|n| format!("w{}", (at * 7919 + n * 104_729) % 30_011)).collect();
        Reply::text(&json!({ "text": words.join(" ") }).to_string())
    });
    fake
}

#[test]
fn cells_that_are_too_few_are_raised_by_a_file_and_nothing_else_moves() {
    // Where cells get different numbers of rows, those that are added come after the most that one gets.
    for (samples, weight, grief, add, before_and_after) in [
        ("{ per_cell: 10, max_asks: 20 }", "1", 10, 18, "0.44 now, 0.76"),
        ("{ total: 110, max_asks: 40 }", "0.5", 5, 24, "0.27 now, 0.75"),
    ] {
        let wanted = 110 + add;
        let fake = writing();
        let project = Project::new();
        let config = UNEVEN.replace("URL", &fake.url()).replace("SAMPLES", samples).replace("WEIGHT", weight);
        project.write("moods.yaml", &config);
        project.emogrid(&["run", "moods.yaml"]).exits(0);
        let before = project.read("out/moods/dataset.jsonl");
        let fix = ["audit", "moods.yaml", "--fix", "--fail-on", "never"];
        let has = before.lines().filter(|row| row.contains("\"grief\"")).count();
        assert_eq!(has, grief, "{samples}");
        let dry = project.emogrid(&fix).exits(0).says("nothing was changed");
        assert!(dry.stdout.contains(&format!("add {add} rows to 1 cell:\n  grief × p0")), "{}", dry.stdout);
        assert!(
            dry.stdout.contains(&format!("balance of emotion: {before_and_after} once they have come")),
            "{}",
            dry.stdout
        );
        let write = [&fix[..], &["--write", "raised.jsonl"]].concat();
        project.emogrid(&write).exits(0).says("1 decision written");
        let lines = [json!({ "cell": { "emotion": "grief", "place": "p0" }, "add": add, "why": "balance" })];
        assert_eq!(project.rows("raised.jsonl"), lines);
        project.emogrid(&write).exits(0);
        assert_eq!(project.rows("raised.jsonl"), lines, "no config names it yet");

        project.write("moods.yaml", &format!("{config}curation: raised.jsonl\n"));
        let plan = project.emogrid(&["plan", "moods.yaml", "--json"]).exits(0).json();
        let told = |key: &str| plan[key].as_u64().unwrap();
        assert_eq!([told("samples"), told("raised"), told("raised_cells")], [wanted, add, 1]);
        assert_eq!([told("kept"), told("leaving"), told("displaced"), told("accepted")], [110, 0, 0, 110]);
        assert_eq!([told("new"), told("changed"), told("dropped")], [0, 0, 0], "a cell's id is what it was");
        let plan = project.emogrid(&["plan", "moods.yaml"]).exits(0).stdout;
        assert!(plan.contains(&format!("raised: {add} of these in 1 cell, by `curation`")), "{plan}");
        // What was asked and did not come yet is not asked for once more.
        let lacks = project.emogrid(&write).exits(0).stdout;
        assert!(lacks.contains(&format!("1 cell short of {add} rows:\n  grief × p0")), "{lacks}");
        assert_eq!(project.rows("raised.jsonl"), lines);

        project.emogrid(&["run", "moods.yaml"]).exits(0);
        let after = project.read("out/moods/dataset.jsonl");
        assert!(after.starts_with(&before), "no row of another cell moves");
        let more: Vec<Value> = project.rows("out/moods/dataset.jsonl").split_off(110);
        assert!(
            more.len() as u64 == add
                && more.iter().all(|row| row["emotion"] == "grief" && row["place"] == "p0")
        );
        let even = project.emogrid(&write).exits(0).stdout;
        assert!(!even.contains("add ") && !even.contains("short of"), "{even}");
        assert_eq!(project.rows("raised.jsonl"), lines);
        fake.take_count();
        std::fs::remove_dir_all(project.path().join("out")).unwrap();
        project.emogrid(&["run", "moods.yaml"]).exits(0);
        assert_eq!((project.read("out/moods/dataset.jsonl"), fake.take_count()), (after, 0));
    }
}

#[test]
fn a_line_adds_to_all_cells_that_match_and_says_where_none_does() {
    let fake = writing();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "curation: own.jsonl\nsamples:");
    let plan = |lines: &str| {
        project.write("own.jsonl", lines);
        project.emogrid(&["plan", "small.yaml", "--json"])
    };
    let samples = |lines: &str| plan(lines).exits(0).json()["samples"].as_u64().unwrap();
    assert_eq!(samples(""), 8);
    assert_eq!(samples(r#"{"cell": {"emotion": "joy"}, "add": 3}"#), 14);
    assert_eq!(
        samples(
            "{\"cell\": {\"sentiment\": [\"good\", \"bad\"]}, \"add\": 1}\n{\"cell\": {\"emotion\": \"joy\", \"sentiment\": \"bad\"}, \"add\": 1}"
        ),
        13
    );
    plan(r#"{"cell": {"emotion": "jyo"}, "add": 3}"#).exits(0).says("did you mean `joy`?");
    plan(r#"{"cell": {"emotoin": "joy"}, "add": 3}"#).exits(0).says("did you mean `emotion`?");
    for wrong in [
        r#"{"cell": {"emotion": "joy"}}"#,
        r#"{"cell": {"emotion": "joy"}, "add": 0}"#,
        r#"{"cell": {}, "add": 1}"#,
        r#"{"cell": {"emotion": []}, "add": 1}"#,
    ] {
        plan(wrong).exits(2).says("own.jsonl:1");
    }
}
