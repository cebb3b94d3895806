//! `emogrid dedup --semantic`: what is asked, what is stored, and what becomes of paraphrases in a table.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen, embeddings};
use crate::project::{Project, Ran};

/// Two that say the same in other words, twice, of which one says it under another label; two of the same words
/// and two alone.
const MOODS: &str = r#"{"id": "a", "mood": "joy", "text": "My grandmother won the lottery in Norway yesterday"}
{"id": "b", "mood": "joy", "text": "The dentist stole my umbrella again"}
{"id": "c", "mood": "joy", "text": "Granny hit a Norwegian jackpot the other day"}
{"id": "d", "mood": "joy", "text": "Again the dentist stole my umbrella?!"}
{"id": "e", "mood": "anger", "text": "One more brolly gone to that tooth doctor"}
{"id": "f", "mood": "anger", "text": "Nobody told me about the harbour"}
"#;

const QUICK: &str = "\
name: quick
endpoints: { fake: URL }
prompt: { user: 'Write about {{ place }}.' }
response: { format: text }
grid: { axes: { place: [home] } }
samples: { per_cell: 1 }
";

/// What a text means, in words that are alike for texts that say the same.
fn meant(text: &str) -> &str {
    match text.rsplit_once(": ").map_or(text, |(_, text)| text) {
        "Granny hit a Norwegian jackpot the other day" | "Granny hit a Norwegian jackpot that other day" => {
            "my grandmother won the lottery in norway yesterday"
        }
        "One more brolly gone to that tooth doctor" => "the dentist stole my umbrella again",
        text => text,
    }
}

fn says(seen: &Seen) -> Reply {
    let texts: Vec<&str> = seen.inputs().into_iter().map(meant).collect();
    Reply::Raw(embeddings(&texts, true))
}

/// A server that embeds, and a project with a table.
struct Bench {
    fake: Fake,
    project: Project,
}

fn bench() -> Bench {
    let fake = Fake::start_at(0, Model { file: "bge-small.gguf".into(), ..Model::default() });
    let project = Project::new();
    project.write("quick.yaml", &QUICK.replace("URL", &fake.url()));
    // A store is there, as after any run.
    fake.script(|_, _| Reply::text("I told them about the harbour and the boats today."));
    project.emogrid(&["run", "quick.yaml"]).exits(0);
    fake.take_count();
    fake.script(|seen, _| says(seen));
    project.write("moods.jsonl", MOODS);
    Bench { fake, project }
}

impl Bench {
    fn dedup(&self, args: &[&str]) -> Ran {
        let url = self.fake.url();
        let args = [&["dedup", "moods.jsonl", "--semantic", &url], args].concat();
        self.project.emogrid(&args)
    }

    fn ids(&self, name: &str) -> Vec<String> {
        self.project.rows(name).iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    }

    fn texts_asked(&self) -> Vec<String> {
        let seen = self.fake.seen();
        self.fake.take_count();
        seen.iter().flat_map(|seen| seen.inputs().into_iter().map(str::to_owned)).collect()
    }
}

#[test]
fn rows_that_say_the_same_go_and_a_second_call_asks_nothing() {
    let bench = bench();
    let told = bench.dedup(&["-o", "kept.jsonl", "--json"]).exits(0).json();
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "f"]);
    assert_eq!(
        told["duplicates"],
        json!({ "same_text": 0, "same_words": 1, "similar": 0, "same_meaning": 2 })
    );
    let semantic = &told["semantic"];
    assert_eq!(
        (
            &semantic["model"],
            &semantic["threshold"],
            &semantic["texts"],
            &semantic["asked"],
            &semantic["requests"]
        ),
        (&json!("bge-small"), &json!(0.9), &json!(5), &json!(5), &json!(1))
    );
    assert!(semantic["texts_per_second"].as_f64().unwrap() > 0.0);
    // What is a duplicate by its words was not embedded.
    let mut asked = bench.texts_asked();
    asked.sort();
    assert_eq!(asked.len(), 5);
    assert!(!asked.iter().any(|text| text.starts_with("Again")), "{asked:?}");

    let first = bench.project.read("kept.jsonl");
    let ran = bench.dedup(&["-o", "again.jsonl"]).exits(0);
    assert_eq!(bench.texts_asked(), Vec::<String>::new());
    assert_eq!(bench.project.read("again.jsonl"), first);
    let ran = ran.says("3 duplicates: 0 the same text, 1 the same words, 0 similar, 2 the same meaning\n");
    ran.says("the meaning of 5 texts by bge-small: 0 asked, 5 stored before\n");
    // A run with another threshold, and one by words alone, ask nothing either.
    let told = bench.dedup(&["--semantic-at", "1", "--level", "exact", "--json"]).exits(0).json();
    assert_eq!(
        (&told["kept"], &told["semantic"]["asked"]),
        (&json!(3), &json!(1)),
        "what was none by exact words"
    );
    bench.fake.take_count();
    let told = bench.project.emogrid(&["dedup", "moods.jsonl", "--json"]).exits(0).json();
    assert_eq!(
        (&told["kept"], &told["semantic"], told["duplicates"].get("same_meaning")),
        (&json!(5), &json!(null), None)
    );
    assert_eq!(bench.fake.take_count(), 0);
}

#[test]
fn marks_and_pairs_say_by_what_a_duplicate_was_found() {
    let bench = bench();
    bench.dedup(&["-o", "marked.jsonl", "--mark"]).exits(0);
    let rows = bench.project.rows("marked.jsonl");
    let mark = |row: &Value| ["duplicate_of", "duplicate_by"].map(|key| row[key].as_str().map(str::to_owned));
    let some = |of: &str, by: &str| [Some(of.to_owned()), Some(by.to_owned())];
    let marks: Vec<_> = rows.iter().map(mark).collect();
    assert_eq!(marks[2], some("a", "same_meaning"));
    assert_eq!(marks[3], some("b", "same_words"));
    assert_eq!(marks[4], some("b", "same_meaning"));
    assert_eq!(marks[5], [None, None]);
    assert!(rows[5].as_object().unwrap().contains_key("duplicate_by"));
    assert_eq!(rows[2]["similarity"], 1.0);

    let args = ["--label", "mood", "--pairs", "p.csv", "--conflicts", "c.csv", "--json"];
    let told = bench.dedup(&args).exits(0).json();
    let pairs = "id_a,id_b,similarity,by\na,c,1.0000,same_meaning\nb,d,1.0000,same_words\n";
    let conflicting = "b,e,1.0000,same_meaning\nd,e,1.0000,same_meaning\n";
    assert_eq!(bench.project.read("p.csv"), [pairs, conflicting].concat());
    let conflicts = "id_a,id_b,similarity,label_a,label_b,by\nb,e,1.0000,joy,anger,same_meaning\n";
    assert_eq!(bench.project.read("c.csv"), [conflicts, "d,e,1.0000,joy,anger,same_meaning\n"].concat());
    assert_eq!((&told["pairs"], &told["conflicts"]), (&json!(4), &json!(2)));
    // For pairs every row has to be known, and within labels they are no duplicates.
    assert_eq!(told["semantic"]["texts"], 6);
    let told = bench.dedup(&[&args[..], &["--scope", "label"]].concat()).exits(0).json();
    assert_eq!((&told["kept"], &told["pairs"], &told["conflicts"]), (&json!(4), &json!(2), &json!(2)));
    assert_eq!(bench.project.read("p.csv"), pairs);
}

#[test]
fn what_says_the_same_as_a_text_off_limits_goes_whatever_its_label() {
    let bench = bench();
    bench.project.write("test.csv", "text,id\nOne more brolly gone to that tooth doctor,t1\n");
    let args =
        ["--against", "test.csv", "--mark", "-o", "m.jsonl", "--json", "--label", "mood", "--scope", "label"];
    let told = bench.dedup(&args).exits(0).json();
    assert_eq!((&told["off_limits"], &told["semantic"]["off_limits"]), (&json!(3), &json!(2)));
    let of: Vec<_> = bench.project.rows("m.jsonl").iter().map(|row| row["duplicate_of"].clone()).collect();
    assert_eq!(&of[1..5], [json!("test.csv:t1"), json!("a"), json!("test.csv:t1"), json!("test.csv:t1")]);
}

#[test]
fn counterparts_are_no_duplicates_of_each_other() {
    let bench = bench();
    let lines = MOODS
        .replace("\"mood\": \"joy\"", "\"pair\": \"p\"")
        .replace("\"mood\": \"anger\"", "\"pair\": \"q\"");
    bench.project.write("moods.jsonl", &lines);
    bench.dedup(&["-o", "kept.jsonl", "--group", "pair"]).exits(0);
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "c", "d", "f"]);
}

/// A row that is like a paraphrase by its words is one row more once that paraphrase is none, and is asked about
/// then.
#[test]
fn what_turns_out_to_be_needed_is_asked_for() {
    let bench = bench();
    let more = r#"{"id": "g", "mood": "joy", "text": "Granny hit a Norwegian jackpot that other day"}"#;
    bench.project.write("moods.jsonl", &format!("{MOODS}{more}\n"));
    let told = bench.dedup(&["-o", "m.jsonl", "--mark", "--json"]).exits(0).json();
    assert_eq!((&told["semantic"]["asked"], &told["semantic"]["requests"]), (&json!(6), &json!(2)));
    let last = bench.project.rows("m.jsonl").pop().unwrap();
    assert_eq!((&last["duplicate_of"], &last["duplicate_by"]), (&json!("a"), &json!("same_meaning")));
}

#[test]
fn the_order_of_answers_changes_nothing() {
    let mut made = Vec::new();
    for swing in [0, 3] {
        let bench = bench();
        let row = |n: usize| json!({ "id": format!("r{n}"), "text": format!("word{} thing{} other{}", n % 40, n % 40, n % 3) });
        let lines: Vec<String> = (0..200).map(|n| row(n).to_string()).collect();
        bench.project.write("moods.jsonl", &lines.join("\n"));
        bench.fake.script(move |seen, before| {
            let hash = blake3::hash(seen.inputs()[0].as_bytes());
            let late = Duration::from_millis(u64::from(hash.as_bytes()[0]) * swing / 4);
            match swing > 0 && before % 5 == 4 {
                true => Reply::status(429, "slow down"),
                false => Reply::Late(late, Box::new(says(seen))),
            }
        });
        let told = bench.dedup(&["-o", "m.jsonl", "--mark", "--pairs", "p.csv", "--json"]).exits(0).json();
        assert!(told["duplicates"]["same_meaning"].as_u64().unwrap() > 20, "{told}");
        let seen = bench.fake.seen();
        assert!(seen.iter().all(|seen| seen.inputs().len() <= 16) && seen.len() >= 8, "{}", seen.len());
        made.push(["m.jsonl", "p.csv"].map(|name| bench.project.read(name)));
    }
    assert_eq!(made[0], made[1]);
}

#[test]
fn a_text_that_the_server_refuses_is_compared_by_its_words() {
    let bench = bench();
    bench.fake.script(|seen, _| match seen.inputs().iter().any(|text| text.contains("brolly")) {
        true => {
            Reply::status(500, "input (902 tokens) is too large to process. increase the physical batch size")
        }
        false => says(seen),
    });
    let ran = bench.dedup(&["-o", "kept.jsonl"]).exits(0);
    let ran = ran.says("1 text that it would not embed: only their words were compared\n");
    ran.says("such as for: HTTP 500: input (902 tokens) is too large to process");
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "e", "f"]);
    // All at once, then one by one.
    assert_eq!(bench.fake.take_count(), 6);
    bench.fake.script(|_, _| Reply::status(400, "no, thank you"));
    let others = ["-o", "kept.jsonl", "--semantic-prefix", "query: "];
    bench.dedup(&others).exits(1).says("it embeds none of these texts: HTTP 400: no, thank you");
}

/// It answers all others, and is there: the text is at fault, as it would be in a run.
#[test]
fn a_text_that_the_server_fails_over_every_time_is_compared_by_its_words() {
    let bench = bench();
    bench.fake.script(|seen, _| match seen.inputs().iter().any(|text| text.contains("brolly")) {
        true => Reply::Status(500, "boom".into(), vec![("retry-after", "0".into())]),
        false => says(seen),
    });
    let ran = bench.dedup(&["-o", "kept.jsonl"]).exits(0);
    let ran = ran.says("1 text that it would not embed: only their words were compared\n");
    ran.says("such as for: HTTP 500: boom");
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "e", "f"]);
    // All at once, then one by one, of which the last goes alone: each of the two that fail is tried seven times.
    assert_eq!(bench.fake.take_count(), 7 + 4 + 7);
}

#[test]
fn an_address_of_the_command_line_is_read_as_one_of_a_config() {
    let bench = bench();
    let dedup = |address: &str| {
        bench.project.emogrid(&["dedup", "moods.jsonl", "--semantic", address, "-o", "kept.jsonl"])
    };
    dedup(&format!("HTTP://{}/v1/", bench.fake.address)).exits(0);
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "f"]);
    let ran = dedup("http://me:sk-secret@127.0.0.1:1").exits(2);
    let ran =
        ran.says("an address must not hold a name or a password; put the key into an environment variable");
    assert!(!ran.stderr.contains("sk-secret"), "{}", ran.stderr);
    dedup("ftp://127.0.0.1").exits(2).says("`ftp://` is no way to reach a server");
}

#[test]
fn a_server_that_fails_over_all_texts_is_not_held_to_be_well() {
    let bench = bench();
    bench.fake.script(|_, _| Reply::Status(500, "boom".into(), vec![("retry-after", "0".into())]));
    bench.project.edit(
        "quick.yaml",
        &bench.fake.url(),
        &format!("{{ url: '{}', patience: 200ms }}", bench.fake.url()),
    );
    let ran =
        bench.project.emogrid(&["dedup", "moods.jsonl", "--semantic", "quick.yaml", "-o", "kept.jsonl"]);
    ran.exits(1).says("boom, after").says("of waiting (`endpoints.fake.patience`)");
    assert!(!bench.project.path().join("kept.jsonl").exists());
}

#[test]
fn without_a_project_nothing_is_stored_and_that_is_said() {
    let bench = bench();
    let apart = Project::new();
    apart.write("moods.jsonl", MOODS);
    for _ in 0..2 {
        let ran =
            apart.emogrid(&["dedup", "moods.jsonl", "--semantic", &bench.fake.url(), "-o", "kept.jsonl"]);
        ran.exits(0).says("not stored: the table is in no project\n");
        assert_eq!(bench.fake.take_count(), 1);
    }
    assert_eq!(apart.rows("kept.jsonl").len(), 3);
}

#[test]
fn a_server_that_takes_one_text_a_request_is_asked_so() {
    let bench = bench();
    bench.fake.script(|seen, _| match seen.body["input"].is_array() {
        true => Reply::Raw(embeddings(&["only the first"], true)),
        false => says(seen),
    });
    bench.dedup(&["-o", "kept.jsonl"]).exits(0);
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "f"]);
}

#[test]
fn an_outage_is_waited_for_and_a_server_that_cannot_is_not() {
    let bench = bench();
    bench.fake.script(|seen, before| if before == 0 { Reply::status(503, "busy") } else { says(seen) });
    bench.dedup(&["-o", "kept.jsonl"]).exits(0);
    let bench = self::bench();
    let said = json!({ "error": { "code": 501, "type": "not_supported_error",
        "message": "This server does not support embeddings. Start it with `--embeddings`" } });
    bench.fake.script(move |_, _| Reply::Status(501, said.to_string(), vec![]));
    let ran = bench.dedup(&["-o", "kept.jsonl"]).exits(1);
    let ran = ran.says("Start it with `--embeddings`").says("a model that was trained for it");
    assert!(!ran.stderr.contains("waiting"), "{}", ran.stderr);
    assert_eq!(bench.fake.take_count(), 1);
}

#[test]
fn an_address_takes_a_key_a_model_and_a_prefix_and_a_config_has_them() {
    let bench = bench();
    bench.fake.model(|model| {
        *model = Model { llama: false, file: "text-embedding-small".into(), ..Model::default() }
    });
    let args = [
        "--semantic-model",
        "text-embedding-small",
        "--semantic-prefix",
        "query: ",
        "--key-env",
        "MOODS_KEY",
    ];
    let url = bench.fake.url();
    let args = [&["dedup", "moods.jsonl", "--semantic", &url, "-o", "kept.jsonl"], &args[..]].concat();
    bench.project.emogrid(&args).exits(2).says("`MOODS_KEY` holds no key");
    let done = bench.project.command(&args).env("MOODS_KEY", "sk-moods").output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let seen = &bench.fake.seen()[0];
    assert_eq!(seen.authorization.as_deref(), Some("Bearer sk-moods"));
    assert_eq!(seen.body["model"], "text-embedding-small");
    assert!(seen.inputs().iter().all(|text| text.starts_with("query: ")), "{seen:?}");
    assert_eq!(bench.ids("kept.jsonl"), ["a", "b", "f"]);
    bench.dedup(&["--semantic-model", "text-embedding-large"]).exits(1).says("text-embedding-small");

    // The same texts by the endpoint that a config names are what was embedded for the address.
    bench.fake.take_count();
    let semantic = "dedup: { semantic: { model: meanings, threshold: 0.97, prefix: 'query: ' } }";
    bench.project.edit("quick.yaml", "prompt:", &format!("{semantic}\nprompt:"));
    let endpoints =
        format!("fake: {}, meanings: {{ url: '{url}', model: text-embedding-small, weight: 0 }}", url);
    bench.project.edit("quick.yaml", &format!("fake: {url}"), &endpoints);
    let args = ["dedup", "moods.jsonl", "--semantic", "quick.yaml", "--json"];
    let told = bench.project.emogrid(&args).exits(0).json();
    assert_eq!((&told["semantic"]["threshold"], &told["semantic"]["asked"]), (&json!(0.97), &json!(0)));
    bench
        .project
        .emogrid(&[&args[..], &["--key-env", "MOODS_KEY"]].concat())
        .exits(2)
        .says("--key-env is for an address");
}

/// What a run had embedded is not asked for again, nor the other way round.
#[test]
fn runs_and_tables_share_what_is_stored() {
    let bench = bench();
    bench.project.edit("quick.yaml", "prompt:", "dedup: { semantic: true }\nprompt:");
    bench.project.emogrid(&["run", "quick.yaml"]).exits(0);
    assert_eq!(bench.texts_asked().len(), 1);
    bench.project.emogrid(&["dedup", "out/quick/dataset.jsonl", "--semantic", "quick.yaml"]).exits(0);
    assert_eq!(bench.fake.take_count(), 0);
}

/// A limit is the endpoint's, whoever asks it: no run need be under way.
#[test]
fn limits_a_minute_hold_outside_of_runs() {
    let bench = bench();
    let limited =
        format!("endpoints: {{ fake: {{ url: '{}', requests_per_minute: 240 }} }}", bench.fake.url());
    bench.project.edit("quick.yaml", &format!("endpoints: {{ fake: {} }}", bench.fake.url()), &limited);
    // Long ones, so that each goes alone.
    let text = |n: u32| (0..900).map(|word| format!("word{}", n * 900 + word)).collect::<Vec<_>>().join(" ");
    let rows = (0..4).map(|n| json!({ "text": text(n) }).to_string());
    bench.project.write("moods.jsonl", &rows.collect::<Vec<_>>().join("\n"));
    let ran = bench.project.emogrid(&["dedup", "moods.jsonl", "--semantic", "quick.yaml"]).exits(0);
    ran.says("held by `endpoints.fake.requests_per_minute`");
    let seen = bench.fake.seen();
    let (first, last) = (seen.first().unwrap().at, seen.last().unwrap().at);
    // 240 a minute are one each 250 ms.
    assert_eq!(seen.len(), 4);
    assert!(last - first >= Duration::from_millis(700), "{:?}", last - first);
}

#[test]
fn it_says_what_it_does_not_do() {
    let bench = bench();
    bench.dedup(&["--index", "seen"]).exits(2).says("--against KEPT");
    assert!(!bench.project.path().join("seen").exists());
    bench.project.emogrid(&["dedup", "moods.jsonl", "--semantic-at", "0.9"]).exits(2).says("--semantic <");
    bench.dedup(&["--semantic-at", "1.2"]).exits(2).says("such as 0.9");
    bench.dedup(&["-o", "kept.txt"]).exits(2).says("kept.txt");
    assert_eq!(bench.fake.take_count(), 0, "before anything is asked");
    // Blank texts mean nothing, and odd ones are sent as they are.
    let odd = [" ", "", "\u{202e}", "e\u{301}\u{200d}", "\"\\\n"];
    let rows: Vec<String> = odd.iter().map(|text| json!({ "text": text }).to_string()).collect();
    bench.project.write("moods.jsonl", &rows.join("\n"));
    let told = bench.dedup(&["--json", "--level", "exact"]).exits(0).json();
    assert_eq!(told["rows"], 5);
    assert!(bench.texts_asked().iter().all(|text| !text.trim().is_empty()));
    bench.project.write("moods.jsonl", "");
    bench.dedup(&[]).exits(0).says("0 rows read");
}
