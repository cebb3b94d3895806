//! What asks are expected to bring and to take after an edit, a raised limit and a run that was cut short, held against
//! what they then do.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen};
use crate::project::Project;

fn plan(project: &Project, more: &[&str]) -> Value {
    let args: Vec<&str> = ["plan", "wide.yaml", "--json"].iter().chain(more).copied().collect();
    project.emogrid(&args).exits(0).json()["expected"].clone()
}

fn run(project: &Project, more: &[&str]) -> Value {
    let args: Vec<&str> = ["run", "wide.yaml", "--json"].iter().chain(more).copied().collect();
    project.emogrid(&args).json()
}

/// A number that is the same for the same ask, below `below`.
fn chance(seen: &Seen, below: u64) -> u64 {
    let hash = blake3::hash(format!("{} {}", seen.seed(), seen.user()).as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % below
}

/// An answer of so many words, other ones for each ask; no more than `max_tokens` of the request let it have.
fn words(seen: &Seen, words: u64) -> Reply {
    let hash = blake3::hash(format!("{} {}", seen.seed(), seen.user()).as_bytes()).to_hex();
    let most = seen.body["max_tokens"].as_u64().unwrap();
    let texts: Vec<String> = (0..words).map(|at| format!("{}{}", &hash[..12], at)).collect();
    let text = json!({ "text": texts.join(" ") }).to_string();
    let (finish, tokens) = if words > most { ("length", most) } else { ("stop", words) };
    let content = if words > most { text[..text.len() / 2].to_owned() } else { text };
    let message = json!({ "role": "assistant", "content": content });
    let usage = json!({ "prompt_tokens": 40, "completion_tokens": tokens });
    let choice = json!({ "index": 0, "finish_reason": finish, "message": message });
    Reply::Raw(json!({ "choices": [choice], "usage": usage }).to_string())
}

/// What is told is what came, within so much of it.
#[track_caller]
fn near(what: &str, told: &Value, came: &Value, within: f64) {
    let (told, came) = (told.as_f64(), came.as_f64());
    let of = told.zip(came).map(|(told, came)| told / came);
    let fine = of.is_some_and(|of| (of - 1.0).abs() <= within);
    assert!(fine, "{what}: {told:?} told, {came:?} came");
}

fn two_variants(fake: &Fake, topics: usize) -> Project {
    let project = Project::wide(&fake.url(), topics, "");
    let one = "{ user: 'Write about {{ topic }} with {{ mood }}.' }";
    let both = "{ user: { long: 'At length: {{ topic }}, {{ mood }}.', short: 'Shortly: {{ topic }}, {{ mood }}.' } }";
    project.edit("wide.yaml", one, both);
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 6, max_asks: 30");
    project
}

/// Of short texts two in three are bad; long ones are all good, and ten times as long.
#[test]
fn an_edited_variant_is_expected_to_go_as_it_went() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().contains("hort") {
        true if chance(seen, 3) > 0 => Reply::text("{\"text\": \"\"}"),
        true => words(seen, 4),
        false => words(seen, 40),
    });
    let project = two_variants(&fake, 60);
    run(&project, &[]);
    for (from, to) in [("Shortly:", "In short:"), ("At length:", "At great length:")] {
        project.edit("wide.yaml", from, to);
        let told = plan(&project, &[]);
        let came = run(&project, &["--accept-leaving"]);
        near(&format!("{to} requests"), &told["requests"], &came["requests"], 0.15);
        near(&format!("{to} tokens"), &told["completion_tokens"], &came["completion_tokens"], 0.15);
    }
}

/// Half of the answers are cut, and end by themselves under a limit of more than twice that.
#[test]
fn answers_that_were_cut_are_expected_to_be_longer_than_the_others() {
    let fake = Fake::start();
    fake.script(|seen, _| words(seen, if chance(seen, 2) == 0 { 10 } else { 60 }));
    let project = Project::wide(&fake.url(), 60, "");
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 3, max_asks: 9");
    project.edit("wide.yaml", "samples:", "sampling: { max_tokens: 30 }\nsamples:");
    run(&project, &[]);
    project.edit("wide.yaml", "max_tokens: 30", "max_tokens: 80");
    let told = plan(&project, &[]);
    let came = run(&project, &["--accept-leaving"]);
    near("requests", &told["requests"], &came["requests"], 0.25);
    near("tokens", &told["completion_tokens"], &came["completion_tokens"], 0.25);
}

const JUDGES: &str = "checks:
  judges:
    one: { prompt: 'Score this: {{ text }}', accept: score >= 3, schema: SCHEMA }
    two: { prompt: 'Rate this: {{ text }}', accept: score >= 3, schema: SCHEMA }
samples:";

fn judged(project: &Project) {
    let schema = "{ type: object, properties: { score: { type: integer } }, required: [score] }";
    project.edit("wide.yaml", "samples:", &JUDGES.replace("SCHEMA", schema));
}

fn judges(seen: &Seen) -> Option<Reply> {
    let user = seen.user();
    let of = ["Score", "Rate"].iter().any(|judge| user.starts_with(judge));
    of.then(|| Reply::text(&json!({ "score": if chance(seen, 6) == 0 { 1 } else { 4 } }).to_string()))
}

/// A run that ends while texts wait for their second judge leaves rulings that are no row's yet.
#[test]
fn a_judged_run_that_was_cut_short_tells_what_a_row_takes() {
    let fake = Fake::start();
    fake.script(|seen, _| judges(seen).unwrap_or(Reply::Good));
    let project = Project::wide(&fake.url(), 150, "");
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 2, max_asks: 20");
    judged(&project);
    run(&project, &["--max-requests", "700"]);
    let told = plan(&project, &[]);
    let came = run(&project, &[]);
    for field in ["requests", "judge_requests"] {
        near(field, &told[field], &came[field], 0.15);
    }
}

/// Texts are long and slow, rulings short and quick, and each has a server of its own.
#[test]
fn servers_that_work_beside_each_other_take_no_more_time_than_the_slowest() {
    let names = ["writer", "judge", "meanings"];
    let fakes = names.map(|name| Fake::start_at(0, Model { file: name.into(), ..Model::default() }));
    let [writer, judge, meanings] = &fakes;
    for fake in &fakes {
        fake.script(|seen, _| {
            judges(seen).unwrap_or_else(|| match seen.body["input"].is_null() {
                true => words(seen, 60),
                false => Reply::Good,
            })
        });
    }
    writer.latency(Duration::from_millis(120));
    judge.latency(Duration::from_millis(40));
    meanings.latency(Duration::from_millis(20));
    let project = Project::wide(&writer.url(), 50, ", slots: 4");
    let line =
        project.read("wide.yaml").lines().find(|line| line.starts_with("endpoints")).unwrap().to_owned();
    let all = names.iter().zip(&fakes).enumerate().map(|(at, (name, fake))| {
        format!("  {name}: {{ url: '{}', slots: 4, weight: {} }}\n", fake.url(), u8::from(at == 0))
    });
    let all: String = all.collect();
    project.edit(
        "wide.yaml",
        &(line + "\n"),
        &format!("endpoints:\n{all}dedup: {{ semantic: {{ threshold: 0.999, model: meanings }} }}\n"),
    );
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 1, max_asks: 20");
    judged(&project);
    project.edit("wide.yaml", "{ prompt: 'Score", "{ model: judge, prompt: 'Score");
    project.edit("wide.yaml", "{ prompt: 'Rate", "{ model: judge, prompt: 'Rate");
    run(&project, &["--limit", "30"]);
    let told = plan(&project, &[]);
    let came = run(&project, &[]);
    near("seconds", &told["seconds"], &came["asking_seconds"], 0.3);
}

/// Six cells of thirty rows: asks that a cell needs for sure are sent together.
#[test]
fn a_cell_does_not_wait_for_each_of_its_asks() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(60));
    fake.script(|seen, _| words(seen, 20));
    let project = Project::wide(&fake.url(), 3, ", slots: 16");
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 20, max_asks: 90");
    run(&project, &[]);
    project.edit("wide.yaml", "per_cell: 20", "per_cell: 60");
    let told = plan(&project, &[]);
    let came = run(&project, &[]);
    near("seconds", &told["seconds"], &came["asking_seconds"], 0.4);
}

/// A server that leaves out what a prompt took, or counts what cannot be: no answer has more than `max_tokens`, 256.
#[test]
fn counts_that_cannot_be_are_not_believed() {
    for (usage, prompt, completion) in [
        (json!({ "completion_tokens": 7 }), Value::Null, Value::Null),
        (json!({ "prompt_tokens": 40, "completion_tokens": 90_000_000 }), json!(20 * 40), json!(20 * 256)),
        (json!({ "prompt_tokens": 40, "completion_tokens": 7 }), json!(20 * 40), json!(20 * 7)),
    ] {
        let fake = Fake::start_at(0, Model { llama: false, ..Model::default() });
        fake.script(move |seen, _| match words(seen, 5) {
            Reply::Raw(body) => {
                let mut body: Value = serde_json::from_str(&body).unwrap();
                body["usage"] = usage.clone();
                Reply::Raw(body.to_string())
            }
            other => other,
        });
        let project = Project::wide(&fake.url(), 10, "");
        run(&project, &[]);
        project.edit("wide.yaml", "per_cell: 1", "per_cell: 2");
        let told = plan(&project, &[]);
        assert_eq!((&told["prompt_tokens"], &told["completion_tokens"]), (&prompt, &completion), "{told}");
    }
}

/// Behind the asks of the variant that was edited stand answers of the other, which are rows that no request brings.
#[test]
fn no_request_is_said_to_bring_more_rows_than_its_texts() {
    let fake = Fake::start();
    let project = two_variants(&fake, 20);
    project.edit("wide.yaml", "samples:", "response: { items: 3 }\nsamples:");
    project.edit("wide.yaml", "per_cell: 6", "per_cell: 18");
    run(&project, &[]);
    project.edit("wide.yaml", "Shortly:", "In short:");
    let cut = run(&project, &["--accept-leaving", "--max-requests", "20"]);
    let each = cut["outlook"]["rows_per_request"].as_f64();
    assert!(each.is_some() && each <= Some(3.0), "{}", cut["outlook"]);
}

/// One in three texts is good, and three asks a cell are not enough for all.
#[test]
fn rows_that_will_not_come_at_the_present_rate_are_told() {
    let fake = Fake::start();
    fake.script(|seen, _| match chance(seen, 3) {
        0 => Reply::Good,
        _ => Reply::text("{\"text\": \"\"}"),
    });
    let project = Project::wide(&fake.url(), 400, "");
    project.edit("wide.yaml", "max_asks: 5", "max_asks: 3");
    let cut = run(&project, &["--max-requests", "600"]);
    let told = plan(&project, &[]);
    let said = project.emogrid(&["plan", "wide.yaml"]).exits(0).stdout;
    let (lacking, missing) = (&told["lacking"], &told["missing"]);
    let says =
        format!("\nlacking: about {lacking} of {missing} rows at this rate; raise `samples.max_asks` (3)\n");
    assert!(said.contains(&says), "{says} is not in {said}");
    // The outlook of the run before says the same.
    let outlook = &cut["outlook"];
    let will_lack = outlook["missing"].as_u64().unwrap() - outlook["rows"].as_u64().unwrap();
    assert!(will_lack.abs_diff(lacking.as_u64().unwrap()) <= 1, "{told}: {outlook}");
    let allowed = plan(&project, &["--set", "samples.allow_short=0.9"]);
    assert_eq!(allowed["lacking"], *lacking);
    let said = project.emogrid(&["plan", "wide.yaml", "--set", "samples.allow_short=0.9"]).exits(0).stdout;
    assert!(!said.contains("lacking"), "{said}");
    let came = run(&project, &[]);
    near("rows", lacking, &came["left"]["short"], 0.25);
}
