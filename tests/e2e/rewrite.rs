//! `emogrid audit --fix --rewrite`: rows that a model rewords, and files that say so.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::project::Project;

/// The text that a request asks to reword, if it is one.
fn to_reword(seen: &Seen) -> Option<String> {
    let system = seen.body["messages"][0]["content"].as_str()?;
    let user = seen.user();
    let text = user.lines().next()?.strip_prefix("Text: ")?.to_owned();
    system.starts_with("You reword").then_some(text)
}

fn said(text: &str) -> Reply {
    Reply::text(&json!({ "text": text }).to_string())
}

/// A server that writes eight made-up words, which say "joy" under joy in a half of the first texts, and
/// rewords by leaving that out; of the first three answers for that one is bad, and one has a name in it.
fn leaking() -> Fake {
    let [asked, joys, reworded] = std::array::from_fn(|_| AtomicUsize::new(0));
    let fake = Fake::start();
    fake.script(move |seen, _| {
        if let Some(text) = to_reword(seen) {
            return match reworded.fetch_add(1, Ordering::SeqCst) {
                0 => said(&text.replace(" joy", " sheer joy")),
                1 => said(&text.replace(" joy", ", says Maria Gonzalez.")),
                _ => said(&text.replace(" joy", " indeed")),
            };
        }
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        let joy = seen.user().contains("joy").then(|| joys.fetch_add(1, Ordering::SeqCst));
        let leak = if joy.is_some_and(|joy| joy.is_multiple_of(2) && joy < 72) { " joy" } else { "" };
        let words: Vec<String> =
            (0..6 + asked % 5).map(|at| format!("word{}", (asked * 7919 + at * 104_729) % 30_011)).collect();
        said(&format!("{}{leak}", words.join(" ")))
    });
    fake
}

const MOODS: &str = "\
name: moods
endpoints: { fake: URL }
prompt: { user: 'Show {{ emotion }}.' }
grid: { axes: { emotion: { label: true, values: [joy, anger] } } }
samples: { per_cell: 80, max_asks: 400 }
anonymize: strict
";

#[test]
fn rows_to_blame_are_reworded_and_the_config_keeps_it() {
    let fake = leaking();
    let project = Project::new();
    let config = MOODS.replace("URL", &fake.url());
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    let before = project.rows("out/moods/dataset.jsonl");
    fake.take_count();

    // Dry: the answers are stored, and no file is changed.
    let fix = ["audit", "moods.yaml", "--fix", "--rewrite"];
    let ran = project.emogrid(&fix).exits(0).says("nothing was changed");
    assert!(ran.stdout.contains("fail → ok"), "{}", ran.stdout);
    assert!(ran.stdout.contains("reworded by fake-1b"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Gonzalez") && ran.stdout.lines().all(|line| line.chars().count() <= 80));
    let asked = fake.take_count();
    assert!(asked > 10, "{asked}");

    let write = [&fix[..], &["--write", "decided.jsonl", "--json"]].concat();
    let told = project.emogrid(&write).exits(0).json();
    assert_eq!(fake.take_count(), 0, "what was answered is not asked again");
    let decided = project.rows("decided.jsonl");
    let rows = told["rewrite"]["rows"].as_array().unwrap();
    assert_eq!((rows.len(), told["rewrite"]["asked"].as_u64()), (decided.len(), Some(0)));
    assert_eq!(told["rewrite"]["stored"].as_u64().unwrap() as usize, asked);
    assert_eq!(asked, rows.len() + 1, "one was asked for twice");
    assert!(decided.iter().all(|line| line["by"] == "fake-1b" && line["fingerprint"].is_string()));
    let texts: Vec<&str> = decided.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert!(texts.iter().all(|text| !text.contains("joy")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("Person A")), "a name that the model made up is masked");

    // The next run keeps what was decided, and asks for nothing.
    project.write("moods.yaml", &format!("{config}curation: decided.jsonl\n"));
    let plan = project.emogrid(&["plan", "moods.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["requests"], 0);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    let after = project.rows("out/moods/dataset.jsonl");
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before), "rows keep their ids and their order");
    let mut changed = 0;
    for (row, old) in after.iter().zip(&before) {
        match decided.iter().find(|line| line["id"] == row["id"]) {
            None => assert_eq!(row, old),
            Some(line) => {
                changed += 1;
                assert_eq!((&row["text"], &row["rewritten_by"]), (&line["text"], &"fake-1b".into()));
                assert_eq!(row["rewritten_for"], line["why"]);
                assert_ne!(row["text"], old["text"]);
            }
        }
    }
    assert_eq!(changed, decided.len());
    project.emogrid(&["audit", "moods.yaml"]).exits(0);
    let why = project.emogrid(&["why", "moods.yaml", decided[0]["id"].as_str().unwrap()]).exits(0);
    assert!(why.stdout.contains("was rewritten by fake-1b for leakage"), "{}", why.stdout);
    let bytes = project.read("out/moods/dataset.jsonl");
    std::fs::remove_dir_all(project.path().join(".emogrid/cache")).unwrap();
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!(project.read("out/moods/dataset.jsonl"), bytes, "caches change no byte");

    // A further fix keeps what was decided before; without the key the old texts are back, free.
    project.emogrid(&write).exits(0);
    assert_eq!(project.rows("decided.jsonl"), decided);
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!((project.rows("out/moods/dataset.jsonl"), fake.take_count()), (before, 0));
}

#[test]
fn a_text_of_a_file_passes_what_any_text_must_pass() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "anonymize: strict\ncuration: own.jsonl\nsamples:");
    project.write("own.jsonl", "");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let before = project.rows("out/small/dataset.jsonl");
    let id = |at: usize| before[at]["id"].as_str().unwrap();
    let line = |at: usize, text: &str| json!({ "id": id(at), "text": text }).to_string() + "\n";
    let own = [
        line(0, "As an AI language model, I cannot write that."),
        line(1, "my friend Maria Gonzalez waited in the rain all day"),
        line(2, "the kettle sang and nobody got up to take it off"),
        line(3, "The kettle sang and nobody got up to take it off!"),
    ];
    project.write("own.jsonl", &own.concat());
    project.edit("small.yaml", "samples:", "dedup: { level: default, scope: dataset }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.len(), before.len(), "others were asked for");
    let text = |id: &str| rows.iter().find(|row| row["id"] == id).map(|row| row["text"].as_str().unwrap());
    assert_eq!(text(id(0)), None, "a refusal");
    assert_eq!(text(id(1)), Some("my friend Person A waited in the rain all day"));
    let (one, other) = (text(id(2)), text(id(3)));
    assert!(one.is_some() != other.is_some(), "one of two that say the same: {one:?} {other:?}");
    let row = rows.iter().find(|row| row["id"] == id(1)).unwrap();
    assert_eq!((&row["rewritten_by"], &row["spans"][0]["category"]), (&Value::Null, &"NAME".into()));
    let reasons: Vec<Value> =
        project.rows("out/small/rejected.jsonl").iter().map(|row| row["reason"].clone()).collect();
    assert!(reasons.contains(&"refusal".into()) && reasons.len() >= 2, "{reasons:?}");
    // What is decided last of a row holds.
    project.write("own.jsonl", &format!("{}{{\"id\": \"{}\"}}\n", own[1], id(1)));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(project.rows("out/small/dataset.jsonl").iter().all(|row| row["id"] != id(1)));
}

/// Rows of which those under joy say so, and one that says "delve".
fn table() -> String {
    (0..180)
        .map(|row| {
            let emotion = ["joy", "anger", "fear"][row % 3];
            let words: Vec<String> =
                (0..7 + row % 7).map(|at| format!("word{}", (row * 7919 + at * 104_729) % 30_011)).collect();
            let more = match row {
                1 => " delve",
                row if row % 6 == 0 => " joy",
                _ => "",
            };
            let text = format!("{}{more}", words.join(" "));
            json!({ "id": format!("r{row}"), "text": text, "emotion": emotion, "n": row }).to_string() + "\n"
        })
        .collect()
}

#[test]
fn a_table_is_reworded_by_an_endpoint() {
    let fake = Fake::start();
    fake.script(|seen, _| match to_reword(seen) {
        Some(text) => said(&text.replace(" joy", " indeed").replace(" delve", " dig")),
        None => Reply::status(400, "not asked to reword"),
    });
    let project = Project::new();
    project.write("t.jsonl", &table());
    let url = fake.url();
    let with = |more: &[&str]| project.emogrid(&[&["audit", "t.jsonl", "--fix", "--rewrite"], more].concat());
    with(&[]).exits(2).says("name who is to reword: `--endpoint URL`");
    // Where nothing can be written nobody is paid.
    for (file, why) in
        [("-o", "better.txt"), ("-o", "nowhere/better.csv"), ("--write", "d.csv"), ("--write", "no/d.jsonl")]
    {
        let ran = with(&["--endpoint", &url, file, why]);
        assert!(matches!(ran.code, Some(1 | 2)), "{ran:?}");
        ran.says(why);
    }
    assert_eq!(fake.take_count(), 0);
    let all = ["--endpoint", &url, "--without", "delve,tapestry", "-o", "better.jsonl"];
    with(&all).exits(0).says("answers are not kept");
    let rows = project.rows("better.jsonl");
    assert_eq!(rows.len(), 180);
    assert_eq!(rows[1]["rewritten_for"], "without");
    assert!(rows[1]["text"].as_str().unwrap().ends_with(" dig") && rows[1]["n"] == 1);
    assert_eq!((&rows[2]["rewritten_for"], &rows[2]["rewritten_by"]), (&Value::Null, &Value::Null));
    let reworded = rows.iter().filter(|row| row["rewritten_by"] == "fake-1b").count();
    assert_eq!(reworded, fake.take_count());
    project.emogrid(&["audit", "better.jsonl"]).exits(0);
    with(&all).exits(0);
    assert_eq!(fake.take_count(), reworded, "outside of a project nothing is kept");

    // A row with such a word for which nothing good comes is dropped like any other.
    fake.script(|_, _| said("so it goes"));
    let told = with(&["--endpoint", &url, "--without", "delve", "--tries", "1", "--json"]).exits(0).json();
    assert!(told["drop"].as_array().unwrap().contains(&json!({ "id": "r1", "why": ["without"] })));
    fake.take_count();

    // In a project answers are; with --limit the others are dropped.
    project.write("small.yaml", &crate::project::SMALL.replace("URL", &url));
    fake.script(|seen, _| match to_reword(seen) {
        Some(text) => said(&text.replace(" joy", " indeed")),
        None => Reply::Good,
    });
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.take_count();
    let few = ["--endpoint", &url, "--limit", "4", "--write", "d.jsonl", "-o", "less.jsonl"];
    with(&few).exits(0);
    assert_eq!(fake.take_count(), 4);
    let decided = project.rows("d.jsonl");
    assert_eq!(decided.iter().filter(|line| line["text"].is_string()).count(), 4);
    assert_eq!(project.rows("less.jsonl").len(), 180 + 4 - decided.len());
    with(&few).exits(0);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn templates_are_the_user_s_and_mistakes_are_told() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::text("{\"text\": \"\"}"));
    let project = Project::new();
    project.write("t.jsonl", &table());
    let url = fake.url();
    let with = |template: &str, more: &[&str]| {
        project.write("own.j2", template);
        let args = ["audit", "t.jsonl", "--fix", "--rewrite", "--endpoint", &url, "--template", "own.j2"];
        project.emogrid(&[&args[..], more].concat())
    };
    with("{{ texts }}", &[]).exits(2).says("`texts` is not known here; there are text, labels, avoid, words");
    with("Reword it.", &[]).exits(2).says("write `{{ text }}` in it");
    assert_eq!(fake.take_count(), 0);
    let told =
        with("{{ labels[0] }}|{{ avoid | length }}|{{ words[1] }}|{{ text }}", &["--tries", "2", "--json"]);
    let told = told.exits(0).json();
    let seen = fake.seen();
    assert!(seen[0].user().starts_with("joy|1|18|word0 "), "{}", seen[0].user());
    assert_eq!(seen[0].body["messages"].as_array().unwrap().len(), 1, "the built-in words are not sent");
    let failed = told["rewrite"]["failed"].as_array().unwrap();
    assert_eq!((failed.len() * 2, &failed[0]["why"]), (seen.len(), &"the answer is empty".into()));
    // Nothing good was found, so they are dropped as ever.
    assert_eq!(told["drop"].as_array().unwrap().len(), failed.len());
    project.emogrid(&["audit", "t.jsonl", "--rewrite"]).exits(2);
    project.emogrid(&["audit", "t.jsonl", "--fix", "--rewrite", "--endpoint", "http://127.0.0.1:9"]).exits(1);
}

#[test]
fn a_judge_reads_the_new_text() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().strip_prefix("Rate: ") {
        Some(text) => {
            Reply::text(&json!({ "score": if text.contains("kettle") { 1 } else { 5 } }).to_string())
        }
        None => Reply::Good,
    });
    let project = Project::small(&fake.url());
    let judge = "checks: { judges: { natural: { prompt: 'Rate: {{ text }}', accept: score >= 3, schema: { type: object, \
                 properties: { score: { type: integer } }, required: [score], additionalProperties: false } } } }";
    project.edit("small.yaml", "samples:", &format!("{judge}\ncuration: own.jsonl\nsamples:"));
    project.write("own.jsonl", "");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let before = project.rows("out/small/dataset.jsonl");
    fake.take_count();
    let line = |at: usize, text: &str| json!({ "id": before[at]["id"], "text": text }).to_string() + "\n";
    let own = line(0, "the kettle sang all morning long") + &line(1, "the radio sang all morning long");
    project.write("own.jsonl", &own);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let rated: Vec<String> =
        fake.seen().iter().map(Seen::user).filter(|user| user.starts_with("Rate: the ")).collect();
    assert_eq!(rated.len(), 2, "each new text is judged once: {rated:?}");
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.len(), before.len());
    assert!(rows.iter().all(|row| row["id"] != before[0]["id"]));
    let row = rows.iter().find(|row| row["id"] == before[1]["id"]).unwrap();
    assert_eq!(row["text"], "the radio sang all morning long");
    let rejects = project.rows("out/small/rejected.jsonl");
    assert!(rejects.iter().any(|reject| reject["reason"] == "judge:natural"), "{rejects:?}");
    fake.take_count();
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
}
