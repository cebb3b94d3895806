//! `emogrid loop`: round after round of generating, training, measuring and refining.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::project::{Project, Ran, Running};

const MOODS: &str = "\
# Two moods.
name: moods
endpoints: { fake: URL }
prompt:
  user: 'Write a post that shows {{ emotion }}.'
response: { format: text }
grid:
  axes:
    emotion:
      label: true   # what is told apart
      values: [joy, anger]
samples: { per_cell: 30, max_asks: 90 }
sampling: { temperature: 0.5 }
";

/// One of forty words that people say who show a mood; no two have anything in common.
fn word(mood: usize, number: u64) -> String {
    let hash = blake3::hash(format!("{mood} {number}").as_bytes()).to_hex();
    hash[..8]
        .bytes()
        .map(|digit| char::from(b'a' + if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 }))
        .collect()
}

fn text(mood: usize, number: u64) -> String {
    let next = (number * 7 + 3) % 40;
    format!("It was {} and so very {} case{number}", word(mood, number % 40), word(mood, next))
}

fn rows(name: &str, numbers: std::ops::Range<u64>) -> String {
    let mut out = String::new();
    for number in numbers {
        for (mood, label) in ["joy", "anger"].into_iter().enumerate() {
            let text = format!("{name}: {}", text(mood, number));
            out.push_str(&format!("{}\n", json!({ "text": text, "labels": [label] })));
        }
    }
    out
}

/// A project with four real rows to train on, so that generated ones matter.
fn project(fake: &Fake) -> Project {
    let project = Project::new();
    project.write("configs/moods.yaml", &MOODS.replace("URL", &fake.url()));
    project.write("train.jsonl", &rows("t", 0..2));
    project.write("dev.jsonl", &rows("d", 0..120));
    project.write("test.jsonl", &rows("e", 0..100));
    project
}

/// Whether a request is of a config whose temperature was raised, as refine proposes where texts repeat each other.
fn is_warmer(seen: &Seen) -> bool {
    seen.body["temperature"].as_f64().unwrap() > 0.5
}

/// Says what people say who show a mood, or what shows none; unless it is warmer often the same.
fn says(seen: &Seen, apt: bool) -> Reply {
    let mood = usize::from(seen.user().contains("shows anger"));
    let number = if is_warmer(seen) { seen.seed() % 1_000_000 } else { seen.seed() % 50 };
    match apt {
        true => Reply::text(&text(mood, number)),
        false => Reply::text(&format!("The parcel came at noon with label {number}{mood} and a stamp")),
    }
}

const LOOP: &[&str] =
    &["loop", "configs/moods.yaml", "--train", "train.jsonl", "--dev", "dev.jsonl", "--test", "test.jsonl"];

fn go(project: &Project, more: &[&str]) -> Ran {
    project.emogrid(&[LOOP, more].concat())
}

#[test]
fn a_round_that_helps_is_kept_and_written_only_when_told() {
    let fake = Fake::start();
    fake.script(|seen, _| says(seen, is_warmer(seen)));
    let project = project(&fake);
    let before = project.read("configs/moods.yaml");
    let told = go(&project, &["--rounds", "2", "--json"]).exits(0).says("was not changed").json();
    assert_eq!(project.read("configs/moods.yaml"), before);
    let rounds = told["rounds"].as_array().unwrap();
    assert_eq!(
        (&rounds[1]["kept"], &told["kept"], &told["applied"]),
        (&json!(true), &json!(1), &json!(false))
    );
    let keys: Vec<&Value> =
        rounds[1]["proposals"].as_array().unwrap().iter().map(|proposal| &proposal["key"]).collect();
    assert!(keys.contains(&&json!("sampling.temperature")), "{keys:?}");
    assert!(rounds[1]["gain"]["interval"]["low"].as_f64().unwrap() > 0.0);
    assert!(rounds[1]["gain"]["macro_f1"].as_f64().unwrap() > 0.1, "{}", rounds[1]["gain"]);
    let dev = &told["dev"];
    assert_eq!(dev["tune"].as_u64().unwrap() + dev["score"].as_u64().unwrap(), 240);
    let test = &told["test"];
    assert_eq!((&test["rows"], test["beside"].as_array().unwrap().len()), (&json!(200), 2));
    let f1 = |of: &Value| of["macro_f1"].as_f64().unwrap();
    assert!(f1(test) > f1(&test["beside"][0]) + 0.1, "{test}");

    // Another outcome on the same test part is told; the same is not.
    let none =
        go(&project, &["--rounds", "1", "--quota", "2"]).exits(0).says("the test part was scored before");
    assert!(none.stdout.contains("put back"), "{}", none.stdout);
    std::fs::remove_file(project.path().join("out/moods/loop/report.json")).unwrap();

    // Everything again, and nothing asked: the same report but for what was asked.
    fake.take_count();
    let again = go(&project, &["--rounds", "2", "--json", "--apply"]).exits(0).says("was changed").json();
    assert_eq!(fake.take_count(), 0);
    assert_eq!(again["test"], told["test"]);
    assert_eq!(again["diff"], told["diff"]);
    let now = project.read("configs/moods.yaml");
    assert!(now.contains("temperature: 0.7") && now.contains("# what is told apart"), "{now}");
    project.emogrid(&["run", "configs/moods.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0, "what a round asked for is the config's too");
    // A round's config is one like any other.
    project.emogrid(&["status", "out/moods/loop/round-1.yaml"]).exits(0);
    let report: Value = serde_json::from_str(&project.read("out/moods/loop/report.json")).unwrap();
    assert_eq!(report, again);
    assert!(project.read("out/moods/loop/report.md").contains("```diff\n--- configs/moods.yaml"));
}

#[test]
fn a_round_that_does_not_help_is_put_back_and_its_parts_tried_alone() {
    let fake = Fake::start();
    fake.script(|seen, _| says(seen, !is_warmer(seen)));
    let project = project(&fake);
    let ran = go(&project, &["--rounds", "4"]).exits(0).says("no change helped beyond chance");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    for said in
        ["round   rows answers  asked", "put back\n", "test part, 200 rows, scored once", "real rows alone"]
    {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("kept:"), "{}", ran.stdout);
    let told = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("what, says `emogrid refine configs/moods.yaml --real train.jsonl`"), "{told}");
    let refine = ["refine", "configs/moods.yaml", "--real", "train.jsonl"];
    assert!(project.emogrid(&refine).exits(0).stdout.contains("exemplars"));
    go(&project, &["--rounds", "4", "--apply"]).exits(0);
    assert_eq!(project.read("configs/moods.yaml"), MOODS.replace("URL", &fake.url()));
}

#[cfg(unix)]
#[test]
fn it_goes_on_where_it_was_killed_or_stopped() {
    let calm = Fake::start();
    calm.script(|seen, _| says(seen, is_warmer(seen)));
    let whole = project(&calm);
    let expected = go(&whole, &["--rounds", "1", "--json"]).exits(0).json();
    let asked = calm.take_count();

    let fake = Fake::start();
    fake.script(|seen, _| says(seen, is_warmer(seen)));
    let project = project(&fake);
    fake.latency(std::time::Duration::from_millis(20));
    let start = || Running::start(project.command(&[LOOP, &["--rounds", "1", "--json"]].concat()));
    let running = start();
    crate::project::until("asks of round 0", || fake.seen().len() > 10, String::new);
    running.signal(libc::SIGKILL);
    running.finish();
    let running = start();
    running.until_says("round 1 of 1");
    crate::project::until(
        "asks of round 1",
        || fake.seen().iter().filter(|seen| is_warmer(seen)).count() > 10,
        String::new,
    );
    running.signal(libc::SIGINT);
    running.finish().exits(3).says("everything is saved, and the same call goes on");
    fake.latency(std::time::Duration::ZERO);
    let told = go(&project, &["--rounds", "1", "--json"]).exits(0).json();
    let asks: std::collections::HashSet<_> =
        fake.seen().iter().map(|seen| (seen.ask(), is_warmer(seen))).collect();
    let repeated = fake.seen().len() - asks.len();
    assert!(
        repeated <= 16,
        "what was under way or not yet committed when it was killed: {repeated} of {asked}"
    );
    let rows = "out/moods/loop/moods.round-1/dataset.jsonl";
    assert_eq!(project.read(rows), whole.read(rows));
    for key in ["test", "diff", "kept", "real"] {
        assert_eq!(told[key], expected[key], "{key}");
    }
}

#[test]
fn what_cannot_be_is_said_before_anything_is_asked() {
    let fake = Fake::start();
    let project = project(&fake);
    project.edit("configs/moods.yaml", "response:", "exemplars: { from: ../dev.jsonl }\nresponse:");
    go(&project, &[]).exits(2).says("which prompts show, also stand in the dev or test part");
    project.edit("configs/moods.yaml", "../dev.jsonl", "../train.jsonl");
    go(&project, &["--quota", "glee=3"]).exits(2).says("there is no label `glee`");
    let two = ["loop", "configs/moods.yaml", "--train", "train.jsonl", "--dev", "dev.jsonl", "--draws", "2"];
    project.emogrid(&two).exits(2).says("3..=100");
    project.write("few.jsonl", &json!({ "text": "so good", "labels": ["joy"] }).to_string());
    project
        .emogrid(&["loop", "configs/moods.yaml", "--train", "train.jsonl", "--dev", "few.jsonl"])
        .exits(2)
        .says("too few rows to be halved");
    project.edit("configs/moods.yaml", "label: true", "label: false");
    project.emogrid(LOOP).exits(2).says("no label axis");
    assert_eq!(fake.take_count(), 0);
}
