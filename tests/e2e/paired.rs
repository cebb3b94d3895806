//! Counterparts that a config's file of decisions gives to rows, and tools that keep pairs together.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::project::Project;

/// A server whose every other text speaks of a man or a woman.
fn writing() -> Fake {
    let fake = Fake::start();
    let asked = AtomicUsize::new(0);
    fake.script(move |seen, _| {
        if let Some(text) = seen.user().strip_prefix("Rate: ") {
            let score = if text.contains("she sold") { 1 } else { 5 };
            return Reply::text(&json!({ "score": score }).to_string());
        }
        let at = asked.fetch_add(1, Ordering::SeqCst);
        let word = |n: usize| format!("w{}", (at * 7919 + n * 104_729) % 30_011);
        let who = ["he sold the old boat to my", "nobody sold the", "he gave a"][at % 3];
        Reply::text(
            &json!({ "text": format!("{who} {} {} {} {}", word(1), word(2), word(3), word(4)) }).to_string(),
        )
    });
    fake
}

const MOODS: &str = "\
name: moods
endpoints: { fake: URL }
prompt: { user: 'Show {{ emotion }} at {{ place }}.' }
grid: { axes: { emotion: { label: true, values: [joy, anger] }, place: [home, work] } }
samples: { per_cell: 3, max_asks: 9 }
dedup: { level: default, scope: label }
";

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

/// The rows that are no counterparts.
fn own(rows: &[Value]) -> Vec<Value> {
    rows.iter().filter(|row| row["pair"].is_null() || row["pair"] == row["id"]).cloned().collect()
}

#[test]
fn counterparts_stand_beside_their_rows_as_long_as_the_config_names_them() {
    let fake = writing();
    let project = Project::new();
    let config = MOODS.replace("URL", &fake.url());
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let before = project.rows("out/moods/dataset.jsonl");
    fake.take_count();

    // Dry: what it would be, and no file.
    let fix = ["audit", "moods.yaml", "--fix", "--counterparts", "--fail-on", "never"];
    let dry = project.emogrid(&fix).exits(0).says("nothing was changed");
    assert!(dry.stdout.contains("rows get a counterpart"), "{}", dry.stdout);
    let write = [&fix[..], &["--write", "moods.jsonl"]].concat();
    project.emogrid(&write).exits(0).says("name it in the config as `curation:`");
    let lines = project.rows("moods.jsonl");
    let men = before.iter().filter(|row| row["text"].as_str().unwrap().starts_with("he ")).count();
    assert!(men > 2 && lines.len() == men, "{lines:?}");
    assert!(lines.iter().all(|line| line["counterpart"].as_str().unwrap().starts_with("she ")), "{lines:?}");

    project.write("moods.yaml", &format!("{config}curation: moods.jsonl\n"));
    let plan = project.emogrid(&["plan", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!((plan["requests"].clone(), plan["kept"].clone()), (0.into(), 12.into()));
    assert_eq!((plan["samples"].clone(), plan["counterparts"].clone()), (12.into(), men.into()));
    let ran = project.emogrid(&["run", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!((ran["accepted"].clone(), ran["counterparts"].clone()), (12.into(), men.into()));
    let again = project.emogrid(&["run", "moods.yaml", "--json"]).exits(0).json();
    assert!(!again["headline"].as_str().unwrap().starts_with("LOST"), "{again}");
    let status = project.emogrid(&["status", "moods.yaml"]).exits(0);
    assert!(status.stdout.contains(&format!("12 of 12 rows and {men} counterparts")), "{}", status.stdout);
    assert_eq!(fake.take_count(), 0, "a second run asks nothing");
    let after = project.rows("out/moods/dataset.jsonl");
    assert_eq!(after.len(), 12 + men);
    assert!(after.iter().all(|row| row.get("pair").is_some()), "all rows have the same columns: {after:?}");
    project.emogrid(&["dedup", "out/moods/dataset.jsonl", "-o", "kept.csv"]).exits(0);
    assert_eq!(ids(&own(&after)), ids(&before));
    for (at, row) in
        after.iter().enumerate().filter(|(_, row)| row["text"].as_str().unwrap().starts_with("she "))
    {
        let original = &after[at - 1];
        assert_eq!((&row["pair"], &original["pair"]), (&original["id"], &original["id"]));
        assert_ne!(row["id"], original["id"]);
        for same in ["emotion", "place", "model", "prompt", "fingerprint"] {
            assert_eq!(row[same], original[same], "{same}");
        }
        let line = lines.iter().find(|line| line["id"] == original["id"]).unwrap();
        assert_eq!(row["text"], line["counterpart"]);
    }
    let meta: Value = serde_json::from_str(&project.read("out/moods/dataset.meta.json")).unwrap();
    assert_eq!(
        (&meta["rows"], &meta["counterparts"], &meta["complete"]),
        (&12.into(), &men.into(), &true.into())
    );

    // The same bytes again, without caches, and nothing more to be decided.
    let bytes = project.read("out/moods/dataset.jsonl");
    std::fs::remove_dir_all(project.path().join(".emogrid/cache")).unwrap();
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!(project.read("out/moods/dataset.jsonl"), bytes);
    project.emogrid(&write).exits(0).says("the next run keeps that");
    assert_eq!(project.rows("moods.jsonl"), lines);
    let audit = project.emogrid(&["audit", "moods.yaml", "--json", "--fail-on", "never"]).exits(0).json();
    let asked = audit["measures"].as_array().unwrap().iter().filter(|of| {
        of["metric"].as_str().unwrap().ends_with("_asked")
            && of["value"].as_f64().is_some_and(|value| value > 0.001)
    });
    assert_eq!(asked.count(), 0, "counterparts are asked for by the file");

    // A counterpart's own id is a row's: `why` finds it, and it can be left out or reworded.
    let one = after.iter().find(|row| row["pair"].is_string() && row["pair"] != row["id"]).unwrap();
    let (id, pair) = (one["id"].as_str().unwrap(), one["pair"].as_str().unwrap());
    let why = project.emogrid(&["why", "moods.yaml", id]).exits(0).stdout;
    assert!(why.contains(&format!("{id} is the counterpart of {pair}")), "{why}");
    assert!(why.contains(&format!("{id} accepted, beside {pair}: she ")), "{why}");
    let file = project.read("moods.jsonl");
    project.write(
        "moods.jsonl",
        &format!("{file}{}\n", json!({ "id": id, "text": "she burned all the letters at noon" })),
    );
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let reworded = project.rows("out/moods/dataset.jsonl");
    let row = reworded.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row["text"], &row["pair"]), (&"she burned all the letters at noon".into(), &pair.into()));
    project.write("moods.jsonl", &format!("{file}{}\n", json!({ "id": id })));
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let without = project.rows("out/moods/dataset.jsonl");
    assert_eq!(without.len(), 12 + men - 1);
    let original = without.iter().find(|row| row["id"] == pair).unwrap();
    assert!(original["pair"].is_null(), "it stands alone: {original}");
    let reject = project.rows("out/moods/rejected.jsonl").into_iter().find(|reject| reject["pair"] == pair);
    assert_eq!(reject.unwrap()["reason"], "curation");
    // It goes with its row, and all go with the key.
    project.write("moods.jsonl", &format!("{file}{}\n", json!({ "id": pair })));
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let gone = project.rows("out/moods/dataset.jsonl");
    assert!(gone.iter().all(|row| row["pair"] != pair && row["id"] != pair));
    assert_eq!(own(&gone).len(), 12, "another row takes its place");
    project.write("moods.yaml", &config);
    fake.take_count();
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!((project.rows("out/moods/dataset.jsonl"), fake.take_count()), (before, 0));
    let other = without.iter().find(|row| row["pair"].is_string() && row["pair"] != row["id"]).unwrap();
    let why = project.emogrid(&["why", "moods.yaml", other["id"].as_str().unwrap()]).exits(0).stdout;
    assert!(why.contains(&format!("it was the counterpart of {}", other["pair"].as_str().unwrap())), "{why}");
}

#[test]
fn counterparts_are_no_rows_that_leave() {
    let fake = writing();
    let project = Project::new();
    let config = MOODS.replace("URL", &fake.url()) + "run: { max_leaving: 0 }\n";
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let fix =
        ["audit", "moods.yaml", "--fix", "--counterparts", "--fail-on", "never", "--write", "own.jsonl"];
    project.emogrid(&fix).exits(0);
    let with = format!("{config}curation: own.jsonl\n");
    project.write("moods.yaml", &with);
    let ran = project.emogrid(&["run", "moods.yaml", "--json"]).exits(0).json();
    assert!(ran["headline"].as_str().unwrap().starts_with("OK moods: 12 of 12 rows;"), "{ran}");
    // They go when the config does not name them any more.
    project.write("moods.yaml", &config);
    let plan = project.emogrid(&["plan", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["kept"], &plan["leaving"]), (&12.into(), &0.into()));
    let ran = project.emogrid(&["run", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!(
        ran["change"],
        json!({ "kept": 12, "leaving": 0, "unjudged": 0, "waiting": 0, "waiting_for": 0, "displaced": 0 })
    );
    assert!(ran["headline"].as_str().unwrap().starts_with("OK moods: 12 of 12 rows;"), "{ran}");
    // One that goes with its row is not counted beside it.
    project.write("moods.yaml", &with);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let line = project.rows("own.jsonl")[0].clone();
    project.write("own.jsonl", &format!("{}{}\n", project.read("own.jsonl"), json!({ "id": line["id"] })));
    project.emogrid(&["run", "moods.yaml"]).exits(4).says("1 of 12 rows would leave the dataset");
    let ran = project.emogrid(&["run", "moods.yaml", "--set", "run.max_leaving=1", "--json"]).exits(0).json();
    assert_eq!(
        ran["change"],
        json!({ "kept": 11, "leaving": 1, "unjudged": 0, "waiting": 0, "waiting_for": 0, "displaced": 0 })
    );
    // A dataset that somebody deleted had as many rows as the last run says.
    std::fs::remove_dir_all(project.path().join("out/moods")).unwrap();
    let ran = project.emogrid(&["run", "moods.yaml", "--json"]).exits(0).json();
    assert!(ran["headline"].as_str().unwrap().starts_with("OK moods: 12 of 12 rows;"), "{ran}");
}

#[test]
fn a_mistyped_key_of_a_decision_leaves_no_row_out() {
    let project = Project::new();
    project.write(
        "moods.yaml",
        &format!("{}curation: moods.jsonl\n", MOODS.replace("URL", "http://127.0.0.1:9")),
    );
    let id = "0".repeat(32);
    for (line, told) in [
        (
            format!(r#"{{"id":"{id}","counterparts":"she"}}"#),
            "unknown key `counterparts`; did you mean `counterpart`?",
        ),
        (format!(r#"{{"id":"{id}","txt":"she"}}"#), "unknown key `txt`; did you mean `text`?"),
        (format!(r#"{{"id":"{id}","cell":{{"emotion":"joy"}},"add":2}}"#), "two decisions"),
    ] {
        project.write("moods.jsonl", &format!("{line}\n"));
        project.emogrid(&["check", "moods.yaml"]).exits(2).says(told).says("moods.jsonl:1");
    }
}

#[test]
fn a_swap_writes_over_no_column_of_somebody_s_and_an_error_leaves_nothing_behind() {
    let project = Project::new();
    project.write("rows.jsonl", "{\"id\":\"1\",\"text\":\"He ran\",\"emotion\":\"joy\",\"pair\":\"mine\"}\n");
    let swap = ["audit", "rows.jsonl", "--label", "emotion", "--swap", "both.jsonl"];
    project.emogrid(&swap).exits(2).says("its column `pair` is of no swap");
    project.write("rows.jsonl", "{\"id\":1,\"text\":\"Mary Jones ran\"}\n{\"id\":2,\"text\":5}\n");
    let ran = project.emogrid(&["anonymize", "rows.jsonl", "-o", "masked.jsonl"]);
    assert_ne!(ran.code, Some(0));
    assert!(
        ["both.jsonl", "both.jsonl.part", "masked.jsonl", "masked.jsonl.part"]
            .iter()
            .all(|name| !project.path().join(name).exists())
    );
}

#[test]
fn a_counterpart_passes_what_any_text_must_pass() {
    let fake = writing();
    let project = Project::new();
    let config = MOODS.replace("URL", &fake.url()) + "anonymize: strict\ncuration: own.jsonl\n";
    project.write("moods.yaml", &config);
    project.write("own.jsonl", "");
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let before = project.rows("out/moods/dataset.jsonl");
    let joy: Vec<&Value> = before.iter().filter(|row| row["emotion"] == "joy").collect();
    let [first, second, third] = [0, 1, 2].map(|at| joy[at]["id"].as_str().unwrap());
    let other = before.iter().find(|row| row["emotion"] == "anger").unwrap();
    let says = |row: &Value| row["text"].as_str().unwrap().to_owned();
    let line = |id: &str, text: &str| json!({ "id": id, "counterpart": text }).to_string() + "\n";
    let own = [
        line(first, "As an AI language model, I cannot write that."),
        // Nearly what its own row says is what a counterpart is; what another of its label says is not.
        line(second, &format!("{} Maria Gonzalez", says(joy[1]))),
        line(third, &format!("And {}", says(joy[0]))),
        line(other["id"].as_str().unwrap(), &says(other).to_uppercase()),
    ];
    project.write("own.jsonl", &own.concat());
    // Nothing of it was asked for, and so none of it is a text that did not become a row.
    let ran =
        project.emogrid(&["run", "moods.yaml", "--set", "alarm.accepted=0.9", "--json"]).exits(0).json();
    assert_eq!((&ran["rejected"], &ran["run"]["rejected"]), (&json!({}), &json!({})), "{ran}");
    let rows = project.rows("out/moods/dataset.jsonl");
    let beside = |id: &str| rows.iter().find(|row| row["pair"] == id && row["id"] != id);
    assert_eq!(rows.len(), 13, "{rows:?}");
    let masked = beside(second).unwrap();
    assert!(says(masked).contains("Person A") && masked["spans"][0]["category"] == "NAME", "{masked}");
    let rejects = project.rows("out/moods/rejected.jsonl");
    let why = |id: &str| rejects.iter().find(|of| of["pair"] == id).map(|of| of["reason"].as_str().unwrap());
    assert_eq!(why(first), Some("refusal"));
    assert_eq!(why(third), Some("near-duplicate"));
    assert_eq!(why(other["id"].as_str().unwrap()), Some("duplicate"), "it says what its row says");
    // A line that would leave the row out is no line.
    project.write("own.jsonl", &json!({ "id": first, "counterpart": null }).to_string());
    project.emogrid(&["plan", "moods.yaml"]).exits(2).says("`counterpart` is no text");
    project.emogrid(&["audit", "out/moods/dataset.jsonl", "--fix", "--counterparts"]).exits(2).says("--swap");
}

#[test]
fn a_judge_reads_counterparts_once() {
    let fake = writing();
    let project = Project::new();
    let judge = "checks: { judges: { natural: { prompt: 'Rate: {{ text }}', accept: score >= 3, schema: { type: object, \
                 properties: { score: { type: integer } }, required: [score], additionalProperties: false } } } }\n";
    let config = MOODS.replace("URL", &fake.url()) + judge;
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let before = project.rows("out/moods/dataset.jsonl").len();
    let fix =
        ["audit", "moods.yaml", "--fix", "--counterparts", "--write", "own.jsonl", "--fail-on", "never"];
    let told = project.emogrid(&fix).exits(0);
    assert!(
        told.stdout.contains("rows get a counterpart, which the next run asks about\n"),
        "{}",
        told.stdout
    );
    let lines = project.rows("own.jsonl");
    project.write("moods.yaml", &format!("{config}curation: own.jsonl\n"));
    fake.take_count();
    let seen = fake.seen().len();
    let plan = project.emogrid(&["plan", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["requests"], lines.len());
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let rated: Vec<String> = fake.seen()[seen..].iter().map(Seen::user).collect();
    assert!(
        rated.iter().all(|user| user.starts_with("Rate: she ")) && rated.len() == lines.len(),
        "{rated:?}"
    );
    let sold =
        lines.iter().filter(|line| line["counterpart"].as_str().unwrap().starts_with("she sold")).count();
    let rows = project.rows("out/moods/dataset.jsonl");
    assert!(sold > 0 && rows.len() == before + lines.len() - sold, "{} {sold}", rows.len());
    fake.take_count();
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    // What was said of them is needed where the last run did without the file and the next will not, and is found
    // again without caches.
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    project.write("moods.yaml", &format!("{config}curation: own.jsonl\n"));
    let gc = project.emogrid(&["gc", "moods.yaml", "--days", "0"]).exits(0);
    assert!(gc.stdout.starts_with("0 stored answers"), "{}", gc.stdout);
    std::fs::remove_dir_all(project.path().join(".emogrid/cache")).unwrap();
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    let id =
        rows.iter().find(|row| row["pair"].is_string() && row["pair"] != row["id"]).unwrap()["id"].clone();
    let why = project.emogrid(&["why", "moods.yaml", id.as_str().unwrap()]).exits(0).stdout;
    assert!(why.contains("Rate: she "), "{why}");
}

#[test]
fn words_that_a_file_of_decisions_holds_are_told_of() {
    let fake = writing();
    let project = Project::new();
    let config = MOODS.replace("URL", &fake.url()) + "anonymize: strict\ncuration: own.jsonl\n";
    project.write("moods.yaml", &config);
    project.write("own.jsonl", "");
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let rows = project.rows("out/moods/dataset.jsonl");
    let own =
        json!({ "id": rows[0]["id"], "counterpart": "Maria Gonzalez sold her boat to everybody at noon" });
    project.write("own.jsonl", &format!("{own}\n"));
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let forget = project.emogrid(&["forget", "Gonzalez"]).exits(0).stdout;
    assert!(forget.contains("1 line of own.jsonl") && forget.contains("yours to edit"), "{forget}");
    assert!(forget.starts_with("it stands in no stored answer\n") && !forget.contains("0 "), "{forget}");
    // What a row says by such a line stays until somebody edits it.
    let own =
        json!({ "id": rows[1]["id"], "text": "my zeppelin left without me this morning, and nobody waved" });
    project.write("own.jsonl", &format!("{}{own}\n", project.read("own.jsonl")));
    let forget = project.emogrid(&["forget", "zeppelin"]).exits(0).stdout;
    assert!(forget.replace("\n  ", " ").contains("until then rows are made that say it"), "{forget}");
    assert!(forget.contains("`--yes` would only write the store anew"), "{forget}");
    let purge = project.emogrid(&["purge", "moods.yaml"]).exits(0).stdout;
    assert!(purge.contains("1 line of own.jsonl"), "{purge}");
    assert!(!project.read("out/moods/dataset.jsonl").contains("Gonzalez"));
}

#[test]
fn an_export_and_a_mix_keep_pairs_together() {
    let project = Project::new();
    // Texts of three words are near-duplicates of nothing.
    let mut rows = String::new();
    for at in 0..60 {
        let (who, id) = (["he", "she"][at % 2], format!("r{}{}", at / 2, ["", "-swap"][at % 2]));
        let mood = ["joy", "anger"][at / 2 % 2];
        let row = json!({ "id": id, "text": format!("{who} left town{at}"), "emotion": mood, "pair": format!("r{}", at / 2) });
        rows.push_str(&format!("{row}\n"));
    }
    project.write("pairs.jsonl", &rows);
    project.emogrid(&["export", "pairs.jsonl", "--split", "50,50", "-o", "parts"]).exits(0);
    let mut of: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for part in ["train", "test"] {
        for row in project.rows(&format!("parts/{part}.jsonl")) {
            of.entry(row["pair"].as_str().unwrap().to_owned()).or_default().push(part);
        }
    }
    assert_eq!(of.len(), 30);
    assert!(of.values().all(|parts| parts.len() == 2 && parts[0] == parts[1]), "{of:?}");

    // A quota that would take one of a pair takes none of it.
    project.write("real.jsonl", "{\"text\": \"a quiet evening\", \"emotion\": \"joy\"}\n");
    let mix = ["mix", "real.jsonl", "pairs.jsonl", "-o", "mixed.jsonl", "--quota", "6", "--json"];
    let told = project.emogrid(&mix).exits(0).json();
    let mixed = project.rows("mixed.jsonl");
    let pairs =
        mixed.iter().filter(|row| row["source"] == "generated").map(|row| row["pair"].as_str().unwrap());
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    pairs.for_each(|pair| *times.entry(pair).or_default() += 1);
    assert!(times.values().all(|times| *times == 2), "{times:?}");
    let joy = told["labels"].as_array().unwrap().iter().find(|of| of["label"] == "joy").unwrap();
    assert_eq!((&joy["after"], &joy["short"]), (&5.into(), &1.into()));
    // A pair of which a text stands among the real rows is out as a whole.
    project.write("real.jsonl", "{\"text\": \"He left  town0\", \"emotion\": \"joy\"}\n");
    let told = project.emogrid(&mix).exits(0).json();
    assert_eq!((&told["repeated"], &told["without_their_pair"]["generated"]), (&1.into(), &1.into()));
    assert!(project.rows("mixed.jsonl").iter().all(|row| row["pair"] != "r0"));
}
