//! What is taken out of the store, and that it is gone from every file.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::project::Project;

/// Four cells of two rows, of which each answer has three.
const MOODS: &str = "\
name: moods
endpoints: { fake: URL }
prompt: { user: 'Write about {{ emotion }} at {{ place }}.' }
response: { items: 3 }
grid:
  axes:
    emotion: { label: true, values: [joy, anger] }
    place: [home, work]
samples: { per_cell: 2, max_asks: 6 }
anonymize: strict
";

/// A server whose every answer has a text of Jane Roe's, one with an address, and one of nobody.
pub fn gossip() -> Fake {
    let fake = Fake::start();
    let asked = AtomicUsize::new(0);
    fake.script(move |_, _| {
        let n = asked.fetch_add(1, Ordering::SeqCst);
        let texts = [
            format!("My boss, Jane Roe, shouted at me about report {n} again."),
            format!("\"Write to me at team{n}@example.org if train {n} is late.\""),
            format!("The soup number {n} was cold and nobody cared at all."),
        ];
        let items: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        Reply::text(&json!({ "items": items }).to_string())
    });
    fake
}

pub fn project(fake: &Fake) -> Project {
    let project = Project::new();
    project.write("configs/moods.yaml", &MOODS.replace("URL", &fake.url()));
    project
}

/// All files of a project but its config.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        for entry in std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true => left.push(entry),
                false if entry.extension().is_some_and(|ending| ending == "yaml") => {}
                false => out.push(entry),
            }
        }
    }
    out
}

/// The files that hold these bytes.
pub fn holding(project: &Project, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    };
    files(project.path()).into_iter().filter(holds).collect()
}

/// What all files hold but caches, and what SQLite keeps for those that read.
fn all_bytes(project: &Project) -> Vec<Vec<u8>> {
    let mut names = files(project.path());
    names.retain(|path| {
        let ending = path.extension().unwrap_or_default();
        ending != "verdicts" && ending != "db-shm" && ending != "db-wal"
    });
    names.sort();
    names.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

pub fn rows(project: &Project) -> Vec<Value> {
    project.rows("out/moods/dataset.jsonl")
}

#[test]
fn what_is_to_be_forgotten_is_in_no_file_any_more() {
    let fake = gossip();
    let project = project(&fake);
    // Once as it is, so that the files of two runs hold the name.
    project.emogrid(&["run", "configs/moods.yaml", "--set", "anonymize=off"]).exits(0);
    project.emogrid(&[
        "run",
        "configs/moods.yaml",
        "--set",
        "anonymize=off",
        "--set",
        "samples.per_cell=3",
        "--set",
        "checks.words=[9, 40]",
    ]);
    let before = rows(&project);
    let of_jane = before.iter().filter(|row| row["text"].as_str().unwrap().contains("Jane Roe")).count();
    assert!(of_jane >= 4 && holding(&project, "Jane Roe").len() >= 3, "{:?}", holding(&project, "Jane Roe"));
    project.edit("configs/moods.yaml", "anonymize: strict", "anonymize: off");
    // The files as the config is now.
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let before = rows(&project);
    let of_jane = before.iter().filter(|row| row["text"].as_str().unwrap().contains("Jane Roe")).count();
    let bytes = all_bytes(&project);
    let said = project.emogrid(&["forget", "jane  ROE", "--json"]).exits(0).json();
    assert_eq!((&said["done"], &said["rows_leaving"]["moods"]), (&json!(false), &json!(of_jane)));
    assert_eq!(said["answers"], said["texts"], "one text of each answer");
    assert!(bytes == all_bytes(&project), "nothing is changed without `--yes`");
    fake.take_count();
    let said = project.emogrid(&["forget", "jane  ROE", "--yes"]).exits(0).stdout;
    assert!(said.contains(&format!("{of_jane} rows of datasets")) && said.contains("taken out"), "{said}");
    assert_eq!(holding(&project, "Jane Roe"), Vec::<PathBuf>::new());
    assert!(!holding(&project, "The soup number").is_empty(), "what others said is there still");
    let kept = rows(&project);
    let others = before.iter().filter(|row| !row["text"].as_str().unwrap().contains("Jane Roe"));
    assert!(others.clone().count() > 0 && others.clone().all(|row| kept.contains(row)), "the others stay");
    assert_eq!(kept.len(), before.len() - of_jane, "what comes in their place is for a run");
    // The third texts of the same answers do, so nothing is asked.
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!((fake.take_count(), rows(&project).len()), (0, before.len()));
    let rejects = project.rows("out/moods/rejected.jsonl");
    assert!(rejects.iter().any(|reject| reject["reason"] == "forgotten" && reject["text"] == ""));
    let again = project.emogrid(&["forget", "Jane Roe", "--json"]).exits(0).json();
    assert_eq!((&again["answers"], &again["texts"]), (&json!(0), &json!(0)));
}

#[test]
fn what_was_asked_for_with_a_name_goes_as_a_whole() {
    let fake = Fake::start();
    let project = project(&fake);
    project.edit("configs/moods.yaml", "Write about", "Write like Jane Roe about");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert!(!holding(&project, "Jane Roe").is_empty());
    project.edit("configs/moods.yaml", "Write like Jane Roe about", "Write about");
    project.emogrid(&["forget", "Jane Roe", "--yes"]).exits(0);
    assert_eq!(holding(&project, "Jane Roe"), Vec::<PathBuf>::new());
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    project.emogrid(&["forget", "Nobody", "--project", "configs"]).exits(0);
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().to_str().unwrap();
    project.emogrid(&["forget", "x", "--project", folder]).exits(2).says("nothing was ever stored");
    project.emogrid(&["forget", " "]).exits(2);
}

#[test]
fn a_purged_store_makes_the_same_dataset() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let dataset = project.read("out/moods/dataset.jsonl");
    assert!(
        dataset.contains("Person A") && dataset.contains("[EMAIL]") && dataset.contains("\"mended\""),
        "{dataset}"
    );
    let originals = ["Jane Roe", "example.org"];
    assert!(originals.iter().all(|text| !holding(&project, text).is_empty()));
    let said = project.emogrid(&["purge", "configs/moods.yaml"]).exits(0).stdout;
    assert!(said.contains("nothing was changed"), "{said}");
    assert!(said.contains("every text is judged as before"), "{said}");
    assert!(!holding(&project, "Jane Roe").is_empty());
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--yes", "--json"]).exits(0).json();
    assert_eq!((&said["with_originals"], &said["judged_otherwise"]), (&said["answers"], &json!(0)));
    assert!(
        originals.iter().all(|text| holding(&project, text).is_empty()),
        "{:?}",
        holding(&project, "Jane Roe")
    );
    fake.take_count();
    let files = || (project.read("out/moods/dataset.jsonl"), project.read("out/moods/rejected.jsonl"));
    let before = files();
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!((fake.take_count(), files()), (0, before));
    let exported = project.emogrid(&["export", "configs/moods.yaml", "-o", "-"]).exits(0).stdout;
    assert_eq!(exported, dataset);
    // With the policy off it is what was left that comes.
    let exported = project
        .emogrid(&["export", "configs/moods.yaml", "-o", "-", "--set", "anonymize=off"])
        .exits(0)
        .stdout;
    assert!(exported.contains("Person A") && !exported.contains("Jane"), "{exported}");
    let row: Value = serde_json::from_str(dataset.lines().next().unwrap()).unwrap();
    let why = project
        .emogrid(&["why", "configs/moods.yaml", row["id"].as_str().unwrap(), "--with-originals"])
        .exits(0)
        .stdout;
    assert!(why.contains("something was taken out of it") && !why.contains("Jane"), "{why}");
    let again = project.emogrid(&["purge", "configs/moods.yaml", "--json"]).exits(0).json();
    assert_eq!((&again["with_originals"], &again["texts"]), (&json!(0), &json!(0)));
}

#[test]
fn what_a_config_asked_that_cannot_be_read_is_left_alone() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let other = project.read("configs/moods.yaml").replace("name: moods", "name: other");
    let other = format!("{}seed: 5\nanonymize: off\n", other.replace("anonymize:", "# anonymize:"));
    project.write("configs/other.yaml", &other);
    project.emogrid(&["run", "configs/other.yaml"]).exits(0);
    let before = project.read("out/other/dataset.jsonl");
    assert!(before.contains("Jane Roe"), "{before}");
    project.write("configs/other.yaml", &format!("{other}nonsense: 1\n"));
    let purge = ["purge", "configs/moods.yaml", "--yes"];
    project.emogrid(&purge).exits(0).says("`other` cannot be read");
    project.emogrid(&["forget", "Jane Roe", "--yes"]).exits(2).says("unknown key `nonsense`");
    project.write("configs/other.yaml", &other);
    fake.take_count();
    project.emogrid(&["run", "configs/other.yaml"]).exits(0);
    assert_eq!((fake.take_count(), project.read("out/other/dataset.jsonl")), (0, before));
}

#[test]
fn a_project_may_be_moved_and_copied() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let elsewhere = Project::new();
    let copy = elsewhere.path().join("copy");
    let copied = std::process::Command::new("cp").arg("-r").arg(project.path()).arg(&copy).status().unwrap();
    assert!(copied.success());
    let before = project.read("out/moods/dataset.jsonl");
    // The copy is a project of its own, whose name nobody has.
    elsewhere.emogrid(&["run", "copy/configs/moods.yaml"]).exits(0);
    assert!(elsewhere.read("copy/out/moods/dataset.jsonl").contains("shouted"), "{before}");
    elsewhere.emogrid(&["forget", "shouted", "--project", "copy", "--yes"]).exits(0);
    assert!(!elsewhere.read("copy/out/moods/dataset.jsonl").contains("shouted"));
    assert_eq!(project.read("out/moods/dataset.jsonl"), before, "the first is as it was");
}

#[test]
fn what_texts_were_dropped_for_is_purged() {
    let fake = gossip();
    let project = project(&fake);
    let strict = "anonymize: strict";
    project.edit("configs/moods.yaml", strict, "anonymize: { preset: strict, drop: [NAME] }");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let files = || (project.read("out/moods/dataset.jsonl"), project.read("out/moods/rejected.jsonl"));
    let before = files();
    assert!(before.1.contains("\"anonymize\"") && !before.1.contains("Jane"), "{}", before.1);
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--json"]).exits(0).json();
    assert!(said["with_originals"] == said["answers"] && said["judged_otherwise"] == 0, "{said}");
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0).stdout;
    assert!(said.contains("taken out of the store"), "{said}");
    assert_eq!(holding(&project, "Jane"), Vec::<PathBuf>::new());
    fake.take_count();
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!((fake.take_count(), files()), (0, before));
    let again = project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0).stdout;
    assert!(again.contains("there was nothing to take out") && !again.contains("taken out"), "{again}");
}

#[test]
fn what_was_asked_and_written_under_another_policy_is_purged() {
    let fake = Fake::start();
    let said = AtomicUsize::new(0);
    fake.script(move |seen, _| {
        if seen.user().starts_with("Rate") {
            return Reply::text("{\"score\": 5, \"why\": \"it is about somebody\"}");
        }
        if seen.user().contains("joy\nanger") || seen.body["response_format"].to_string().contains("enum") {
            return Reply::text("\"joy\"");
        }
        let n = said.fetch_add(1, Ordering::SeqCst);
        let texts = [
            format!("My boss, Jane Roe, shouted at me about report {n} again."),
            format!("Write to me at team{n}@example.org if train {n} is late."),
            format!("The soup number {n} was cold and nobody cared at all."),
        ];
        let items: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        Reply::text(&json!({ "items": items }).to_string())
    });
    let project = project(&fake);
    project.edit(
        "configs/moods.yaml",
        "anonymize: strict",
        "anonymize: strict\nchecks: { judges: { quality: { prompt: 'Rate this: {{ text }}', schema: { type: object, \
         properties: { score: { type: integer } }, required: [score] }, accept: score >= 3, columns: [score] } } }",
    );
    let off = ["run", "configs/moods.yaml", "--set", "anonymize=off"];
    project.emogrid(&off).exits(0);
    // Another run, of which some texts are rejected and shown.
    project.emogrid(&[&off[..], &["--set", "samples.per_cell=3", "--set", "checks.words=[10, 40]"]].concat());
    // A table with the same names, of which a model was asked.
    let rows: String = (0..40)
        .map(|n| {
            let text = format!("today she told Jane Roe about report {n}");
            let row = json!({ "text": text, "emotion": if n % 2 == 0 { "joy" } else { "anger" } });
            format!("{row}\n")
        })
        .collect();
    project.write("t.jsonl", &rows);
    let audit = ["audit", "t.jsonl", "--endpoint", "configs/moods.yaml", "--fail-on", "never"];
    project.emogrid(&audit).exits(0).says("80 asked");
    std::fs::remove_file(project.path().join("t.jsonl")).unwrap();
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let holds = holding(&project, "Jane");
    let is_in = |name: &str| holds.iter().any(|path| path.ends_with(name));
    assert!(is_in("dataset.previous.jsonl") && is_in("summary.json") && is_in("store.db"), "{holds:?}");
    let files = || (project.read("out/moods/dataset.jsonl"), project.read("out/moods/rejected.jsonl"));
    let before = files();
    let said = project.emogrid(&["purge", "configs/moods.yaml"]).exits(0).stdout;
    assert!(said.contains("about such texts") && said.contains("of past runs"), "{said}");
    assert_eq!(holding(&project, "Jane"), holds, "nothing is changed without `--yes`");
    project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0);
    for text in ["Jane", "example.org"] {
        assert_eq!(holding(&project, text), Vec::<PathBuf>::new(), "{text}");
    }
    assert!(project.path().join("out/moods/dataset.previous.jsonl").exists(), "what others said is kept");
    fake.take_count();
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!(
        (fake.take_count(), files()),
        (0, before),
        "what is asked about texts as they are now is kept"
    );
}

/// A name at the beginning of a line, as the store has it: after a backslash and an `n`.
#[test]
fn what_a_judge_said_is_purged_as_it_reads() {
    let fake = Fake::start();
    fake.script(|seen, before| match seen.user().starts_with("Rate") {
        true => Reply::text(&json!({ "score": 5, "why": "it was said by\nJane" }).to_string()),
        false => {
            let text =
                |item: u32| format!("The soup number {before}.{item} was cold and nobody cared at all.");
            let items: Vec<Value> = (0..3).map(|item| json!({ "text": text(item) })).collect();
            Reply::text(&json!({ "items": items }).to_string())
        }
    });
    let project = project(&fake);
    let judge = "\nchecks: { judges: { quality: { prompt: 'Rate this: {{ text }}', schema: { type: object, \
                 properties: { score: { type: integer } }, required: [score] }, accept: score >= 3 } } }";
    project.edit("configs/moods.yaml", "anonymize: strict", &format!("anonymize: strict{judge}"));
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    project.edit("configs/moods.yaml", judge, "");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert!(!holding(&project, "Jane").is_empty());
    project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0);
    assert_eq!(holding(&project, "Jane"), Vec::<PathBuf>::new());
}

/// They were good ones, and tell nothing of those to come.
#[test]
fn forgotten_texts_are_no_bad_ones_to_a_plan() {
    let fake = Fake::start();
    fake.script(|_, before| {
        Reply::text(&match before % 2 {
            0 => format!("My boss, Jane Roe, shouted at me about report {before} again."),
            _ => format!("The soup number {before} was cold and nobody cared at all."),
        })
    });
    let project = project(&fake);
    project.edit("configs/moods.yaml", "items: 3", "format: text");
    project.edit("configs/moods.yaml", "place: [home, work]", "place: [a, b, c, d, e, f, g, h]");
    project.edit("configs/moods.yaml", "per_cell: 2, max_asks: 6", "per_cell: 1, max_asks: 6");
    project.edit("configs/moods.yaml", "anonymize: strict", "anonymize: off");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    project.emogrid(&["forget", "Jane Roe", "--yes"]).exits(0);
    let plan = project.emogrid(&["plan", "configs/moods.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["expected"]["requests"]), (&json!(8), &json!(8)), "{plan:#}");
}

/// A dataset that was made under another policy, and not made anew since.
#[test]
fn rows_of_another_policy_leave_until_they_are_made_anew() {
    let fake = gossip();
    let project = project(&fake);
    project.emogrid(&["run", "configs/moods.yaml", "--set", "anonymize=off"]).exits(0);
    assert!(project.read("out/moods/dataset.jsonl").contains("Jane"));
    let before = rows(&project).len();
    let said = project.emogrid(&["purge", "configs/moods.yaml"]).exits(0).stdout;
    assert_eq!(rows(&project).len(), before);
    project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0);
    assert_eq!(holding(&project, "Jane"), Vec::<PathBuf>::new());
    let left = before - rows(&project).len();
    assert!(left > 0 && said.contains(&format!("{left} rows of datasets hold it too")), "{said}");
    fake.take_count();
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!((fake.take_count(), rows(&project).len()), (0, before));
    assert!(project.read("out/moods/dataset.jsonl").contains("Person A"));
}

#[test]
fn what_checks_saw_in_an_original_may_be_judged_otherwise() {
    let fake = gossip();
    let project = project(&fake);
    // `Jane Roe` are two words, and `[NAME]` is one.
    project.edit(
        "configs/moods.yaml",
        "anonymize: strict",
        "anonymize: { preset: strict, mask: [NAME] }\nchecks: { words: [11, 40] }",
    );
    let once = ["run", "configs/moods.yaml", "--set", "samples.max_asks=1"];
    project.emogrid(&once);
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--json"]).exits(0).json();
    assert!(said["judged_otherwise"].as_u64() > Some(0), "{said}");
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0).stdout;
    assert!(said.contains("judged otherwise"), "{said}");
    project.emogrid(&once).exits(4);
    let status = project.emogrid(&["status", "configs/moods.yaml", "--json"]).exits(0).json();
    assert_eq!(status["rows"], rows(&project).len(), "the files say what the store says");
    assert!(holding(&project, "Jane Roe").is_empty());
    project.edit("configs/moods.yaml", "anonymize: { preset: strict, mask: [NAME] }", "anonymize: off");
    project.emogrid(&["purge", "configs/moods.yaml"]).exits(2).says("nothing to purge");
}

#[test]
fn answers_of_other_configs_are_left_alone() {
    let fake = gossip();
    let project = project(&fake);
    let other = project
        .read("configs/moods.yaml")
        .replace("name: moods", "name: other\nseed: 5")
        .replace("strict", "off");
    project.write("configs/other.yaml", &other);
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    project.emogrid(&["run", "configs/other.yaml"]).exits(0);
    let dataset = project.read("out/other/dataset.jsonl");
    let said = project.emogrid(&["purge", "configs/moods.yaml", "--yes", "--json"]).exits(0).json();
    assert!(said["of_other_configs"].as_u64() > Some(0), "{said}");
    project.emogrid(&["run", "configs/other.yaml"]).exits(0);
    assert_eq!(project.read("out/other/dataset.jsonl"), dataset);
}

#[test]
fn lines_that_nobody_read_are_purged_too() {
    let fake = Fake::start();
    fake.script(|_, before| {
        let line = |n: usize| format!("- The soup number {before}.{n} was cold and nobody cared.");
        let lines = [line(0), line(1), line(2), "- My boss, Jane Roe, shouted again.".to_owned()];
        Reply::text(&lines.join("\n"))
    });
    let project = project(&fake);
    project.edit("configs/moods.yaml", "{ items: 3 }", "{ items: 3, format: lines }");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    let dataset = project.read("out/moods/dataset.jsonl");
    assert!(!dataset.contains("Jane") && !holding(&project, "Jane Roe").is_empty());
    project.emogrid(&["purge", "configs/moods.yaml", "--yes"]).exits(0);
    assert_eq!(holding(&project, "Jane Roe"), Vec::<PathBuf>::new());
    let exported = project.emogrid(&["export", "configs/moods.yaml", "-o", "-"]).exits(0).stdout;
    assert_eq!(exported, dataset);
}

/// What was asked for with a word goes as a whole, and that is said before it goes.
#[test]
fn answers_that_go_as_a_whole_are_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let asked = fake.take_count();
    let told = project.emogrid(&["forget", "bright"]).exits(0).stdout;
    let half = asked / 2;
    assert!(
        told.contains(&format!("{half} stored answers: {half} answers as a whole would be gone")),
        "{told}"
    );
    let told = project.emogrid(&["forget", "bright", "--json"]).exits(0).json();
    assert_eq!((&told["texts"], &told["whole_answers"]), (&json!(0), &json!(half)));
}

/// What was taken out of what is kept of a config was no edit of it.
#[test]
fn to_forget_a_word_of_a_config_edits_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "bright", "bright as Jane Roe");
    project.edit("small.yaml", "hot }", "hot }\n        Jane Roe: { definition: kind }");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.emogrid(&["forget", "Jane Roe", "--yes"]).exits(0);
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["causes"], json!([]), "{plan}");
    // What is edited beside it is told.
    project.edit("small.yaml", "hot", "cold");
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["causes"], json!(["emotion.anger.definition: \"hot\" → \"cold\""]), "{plan}");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let log = project.emogrid(&["log", "small.yaml"]).exits(0).stdout;
    assert!(log.contains("~ emotion.anger") && !log.contains("Roe") && !log.contains("joy"), "{log}");
}
