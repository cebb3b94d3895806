//! What tells of a person is taken out of tables and of datasets, and is shown nowhere.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

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

#[test]
fn a_row_comes_out_of_a_pipe_as_soon_as_it_went_in() {
    let project = Project::new();
    let mut command = project.command(&["anonymize", "-"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let row = crate::dedup::a_row_comes_at_once(child, "{\"text\": \"I miss Oluwaseun's laugh\"}\n");
    assert!(row.contains("I miss Person A's laugh"), "{row}");
}

#[test]
fn rows_and_counts_do_not_share_standard_output() {
    let project = Project::new();
    project.write("in.csv", TABLE);
    let args = ["anonymize", "in.csv", "--text", "body", "--json", "-o", "-"];
    let ran = project.emogrid(&args).exits(2).says("only one thing can go to standard output");
    assert_eq!(ran.stdout, "");
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

/// A text of each category, and the words of it that are not to be seen.
const SAID: [(&str, &str, &str); 13] = [
    ("NAME", "My friend Maria Gonzalez texted me", "Gonzalez"),
    ("HANDLE", "ask @quiet_otter about it", "quiet_otter"),
    ("EMAIL", "write to badger@example.org today", "badger@example"),
    ("PHONE", "call +44 7700 900123 today", "900123"),
    ("URL", "it is on https://newt.example.org/a today", "newt.example"),
    ("IP", "the box at 192.168.7.21 is down", "192.168.7.21"),
    ("CARD", "card 4111 1111 1111 1111 was refused", "1111 1111"),
    ("ID", "my SSN is 536-90-4399 today", "536-90"),
    ("RELIGION", "my Muslim neighbour brought us soup", "muslim"),
    ("GENDER", "my transgender cousin brought us soup", "transgender"),
    ("RACE", "the Polish guy brought us soup", "polish"),
    ("DISABILITY", "my autistic cousin brought us soup", "autistic"),
    ("AGE", "I'm 34 years old and tired of soup", "34 years"),
];

/// Under `drop` a text goes as a whole, and so that nobody reads what it goes for: in its own text, and in
/// other fields of a text that stays.
#[test]
fn what_texts_are_dropped_for_is_shown_nowhere() {
    let fake = Fake::start();
    fake.script(|_, n| {
        let (_, said, _) = SAID[n / 2 % SAID.len()];
        let plain: Vec<String> = (0..8).map(|at| format!("w{}", (n * 7919 + at * 104_729) % 3001)).collect();
        let text = if n % 2 == 0 { said.to_owned() } else { plain.join(" ") };
        Reply::text(&json!({ "text": text, "note": said, "more": { "of": [said] } }).to_string())
    });
    let project = Project::small(&fake.url());
    let all: Vec<&str> = SAID.iter().map(|(category, ..)| *category).collect();
    let config = project.read("small.yaml").replace("per_cell: 2, max_asks: 5", "per_cell: 5, max_asks: 20");
    let config = format!(
        "{config}anonymize: {{ preset: strict, drop: [{}] }}\nresponse: {{ schema: {{ type: object, properties: \
         {{ text: {{ type: string }}, note: {{ type: string }}, more: {{ type: object }} }}, required: [text] }} }}\n",
        all.join(", ")
    );
    project.write("small.yaml", &config);
    let ran = project.emogrid(&["run", "small.yaml"]).exits(0);
    let rejects = project.rows("out/small/rejected.jsonl");
    let dropped: Vec<&Value> = rejects.iter().filter(|reject| reject["reason"] == "anonymize").collect();
    for (category, ..) in SAID {
        let why = |reject: &&&Value| reject["why"].as_str().unwrap().contains(category);
        let one = dropped.iter().find(why).unwrap_or_else(|| panic!("no text is dropped for {category}"));
        assert!(one["text"].as_str().unwrap().contains(&format!("[{category}]")), "{one}");
    }
    let mut shown = vec![("the run".to_owned(), ran.stdout + &ran.stderr)];
    for reject in &dropped {
        let id = reject["fingerprint"].as_str().unwrap();
        let why = project.emogrid(&["why", "small.yaml", id]).exits(0);
        shown.push((format!("why {id}"), why.stdout + &why.stderr));
    }
    for args in
        [&["status", "small.yaml"][..], &["export", "small.yaml", "-o", "-"], &["check", "small.yaml"]]
    {
        let ran = project.emogrid(args);
        shown.push((args.join(" "), ran.stdout + &ran.stderr));
    }
    let mut left = vec![project.path().join("out")];
    while let Some(path) = left.pop() {
        match path.is_dir() {
            true => left.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())),
            false => {
                let bytes = std::fs::read(&path).unwrap();
                shown.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    assert!(shown.len() > dropped.len() + 6, "{:?}", shown.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, text) in &shown {
        let text = text.to_lowercase();
        for (category, _, removed) in SAID {
            assert!(!text.contains(&removed.to_lowercase()), "{removed} ({category}) in {name}");
        }
    }
    let id = dropped[0]["fingerprint"].as_str().unwrap();
    let original =
        project.emogrid(&["why", "small.yaml", id, "--with-originals"]).exits(0).stdout.to_lowercase();
    assert!(SAID.iter().any(|(.., removed)| original.contains(&removed.to_lowercase())), "{original}");
}

/// The labelled texts, and the names in each.
fn labelled() -> (String, HashMap<String, Vec<String>>) {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/anonymize").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let all = read("dev.jsonl") + &read("test.jsonl");
    let names = |row: &Value| -> Vec<String> {
        let text = row["text"].as_str().unwrap();
        let spans = row["spans"].as_array().unwrap().iter().filter(|span| span["category"] == "NAME");
        let number = |span: &Value, key: &str| span[key].as_u64().unwrap() as usize;
        let quote = |span: &Value| {
            let (start, end) = (number(span, "start"), number(span, "end"));
            text.chars().skip(start).take(end - start).collect()
        };
        spans.map(quote).collect()
    };
    let rows = all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let names = rows.map(|row| (row["text"].as_str().unwrap().to_owned(), names(&row))).collect();
    (all, names)
}

#[test]
fn names_in_doubt_are_asked_about_and_the_rest_is_not() {
    let (all, names) = labelled();
    let fake = Fake::start();
    let project = Project::new();
    project.write("t.jsonl", &all);
    let url = fake.url();
    let run = |more: &[&str]| {
        // Those of the labels stand in `spans`.
        let args = ["anonymize", "t.jsonl", "--detect-only", "--prefix", "our_", "-o", "out.jsonl", "--json"];
        let args = [&args[..], more].concat();
        let told = project.emogrid(&args).exits(0).json();
        (told, project.rows("out.jsonl"))
    };
    // Right, wrong and missed.
    let score = |rows: &[Value]| {
        let mut counts = [0; 3];
        for (row, gold) in
            rows.iter().zip(all.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()))
        {
            let spans = |of: &Value| -> Vec<(Value, Value)> {
                let spans = of.as_array().unwrap().iter().filter(|span| span["category"] == "NAME");
                spans.map(|span| (span["start"].clone(), span["end"].clone())).collect()
            };
            let (found, gold) = (spans(&row["our_spans"]), spans(&gold["spans"]));
            counts[0] += found.iter().filter(|span| gold.contains(span)).count();
            counts[1] += found.iter().filter(|span| !gold.contains(span)).count();
            counts[2] += gold.iter().filter(|span| !found.contains(span)).count();
        }
        counts
    };
    let (plain, rows) = run(&[]);
    let first = score(&rows);
    assert!(plain["second_look"].is_null());

    // Somebody who knows all names mends both what was wrong and what was missed.
    let known = names.clone();
    fake.script(move |seen, _| {
        let text = seen.user().strip_prefix("Text: ").unwrap().to_owned();
        Reply::text(&json!({ "names": known[&text] }).to_string())
    });
    let look = ["--second-look", url.as_str()];
    let (told, rows) = run(&look);
    let [right, wrong, missed] = score(&rows);
    assert!(
        right > first[0] && wrong < first[1] && missed < first[2],
        "{first:?} {:?}",
        [right, wrong, missed]
    );
    let second = &told["second_look"];
    let texts = second["texts"].as_u64().unwrap();
    assert!(texts > 10 && texts * 5 < names.len() as u64, "{second}");
    assert_eq!((second["asked"].as_u64(), second["closed"].as_u64()), (Some(texts), Some(0)));
    assert_eq!(fake.take_count() as u64, texts);

    // Answers that are none: whatever is in doubt is taken for a name.
    fake.script(|_, before| match before % 3 {
        0 => Reply::text("no names here"),
        1 => Reply::Choices(vec![("{\"names\": []}".into(), "length")]),
        _ => Reply::status(400, "no"),
    });
    let (told, rows) = run(&look);
    assert_eq!(told["second_look"]["closed"].as_u64(), Some(texts));
    let closed = score(&rows);
    assert!(closed[0] >= first[0] && closed[0] + closed[1] > first[0] + first[1], "{first:?} {closed:?}");

    // Quotes that do not stand there are ignored, and nothing sure is lost.
    fake.script(|_, _| Reply::text("{\"names\": [\"Xanthippe Quux\", \"\"]}"));
    let (told, rows) = run(&look);
    assert_eq!(told["second_look"]["ignored"].as_u64(), Some(2 * texts));
    assert!(score(&rows)[1] <= first[1]);

    // Where names are left alone nobody is asked.
    fake.take_count();
    run(&["--second-look", &url, "--action", "NAME=keep"]);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn a_second_look_is_of_this_machine_unless_another_is_meant_and_is_stored_in_a_project() {
    let (all, _) = labelled();
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().starts_with("Text: ") {
        true => Reply::text("{\"names\": []}"),
        false => Reply::Good,
    });
    let project = Project::small(&fake.url());
    project.write("t.jsonl", &all);
    let look = |at: &str, more: &[&str]| {
        let args = [&["anonymize", "t.jsonl", "--json", "--second-look", at], more].concat();
        project.emogrid(&args)
    };
    look("http://192.0.2.7:8080", &[]).exits(2).says("`--second-look-remote` says that it may see them");
    project.write("far.yaml", &crate::project::SMALL.replace("URL", "https://api.example.org"));
    look("far.yaml", &[]).exits(2).says("another machine");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.take_count();
    look("small.yaml", &[]).exits(0);
    let asked = fake.take_count();
    assert!(asked > 10);
    let told = look("small.yaml", &["--second-look-remote"]).exits(0).json();
    assert_eq!((fake.take_count(), told["second_look"]["stored"].as_u64()), (0, Some(asked as u64)));
    // What was sent there stands in the store as it was; purging takes it out.
    let in_store = || {
        let files = std::fs::read_dir(project.path().join(".emogrid")).unwrap().flatten();
        let mut all =
            files.filter(|entry| entry.path().is_file()).map(|entry| std::fs::read(entry.path()).unwrap());
        all.any(|bytes| bytes.windows(18).any(|window| window == b"Quote each name ex"))
    };
    assert!(in_store());
    project.edit("small.yaml", "samples:", "anonymize: strict\nsamples:");
    project.emogrid(&["purge", "small.yaml", "--yes"]).exits(0);
    assert!(!in_store());
    look("small.yaml", &[]).exits(0);
    assert_eq!(fake.take_count(), asked);
}
