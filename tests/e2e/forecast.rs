//! What a plan says of requests, tokens and time, held against what then comes.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, free_port};
use crate::project::Project;

fn plan(project: &Project, config: &str, more: &[&str]) -> Value {
    let args: Vec<&str> = ["plan", config, "--json"].iter().chain(more).copied().collect();
    project.emogrid(&args).exits(0).json()
}

#[test]
fn prompts_are_counted_by_the_server_once() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 15, "");
    // Where anything ran, a store is there to keep counts in.
    project.write(
        "other.yaml",
        &crate::project::SMALL.replace("URL", &fake.url()).replace("name: small", "name: other"),
    );
    project.emogrid(&["run", "other.yaml"]).exits(0);
    fake.take_count();
    let first = plan(&project, "wide.yaml", &[])["expected"].clone();
    assert_eq!(fake.take_counted(), 16, "a sample of the thirty");
    assert_eq!((&first["prompts_counted"], &first["prompt_tokens_from"]), (&json!(16), &json!("counted")));
    assert_eq!(
        (&first["requests"], &first["of_requests"], &first["seconds"]),
        (&json!(null), &json!(30), &json!(null))
    );
    // The fake counts the words of the body.
    let tokens = first["prompt_tokens"].as_u64().unwrap();
    assert!(tokens > 0 && tokens.is_multiple_of(30), "all prompts have as many words: {first}");
    assert_eq!(plan(&project, "wide.yaml", &[])["expected"], first);
    assert_eq!(fake.take_counted(), 0, "a second plan remembers");
    let said = project.emogrid(&["plan", "wide.yaml"]).exits(0).stdout;
    assert!(
        said.contains(&format!("tokens: at least {tokens} prompt (16 prompts counted), completion unknown")),
        "{said}"
    );
    assert!(said.contains("expected: unknown") && said.contains("time: unknown"), "{said}");
    assert!(fake.seen().is_empty(), "nothing was asked");
    drop(fake);
    assert_eq!(plan(&project, "wide.yaml", &[])["expected"], first, "and one without a server");
    let other = plan(&project, "wide.yaml", &["--set", "seed=3"])["expected"].clone();
    assert_eq!((&other["prompt_tokens"], &other["prompts_counted"]), (&json!(null), &json!(0)));
}

#[test]
fn nothing_is_counted_where_nothing_is_to_be_asked_or_nobody_counts() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 5, "");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    let done = plan(&project, "wide.yaml", &[]);
    assert_eq!((&done["requests"], &done["expected"]["of_requests"]), (&json!(0), &json!(0)));
    assert!(!project.emogrid(&["plan", "wide.yaml"]).stdout.contains("expected"));
    assert_eq!(fake.take_counted(), 0);
    // A build without the page for it counts in two steps: five words a prompt, ten prompts.
    fake.model(|model| model.counts = false);
    let counted = plan(&project, "wide.yaml", &["--set", "seed=3"])["expected"].clone();
    assert_eq!((&counted["prompt_tokens"], fake.take_counted()), (&json!(5 * 10), 10));
    // A server that tells only a name is not asked, and no folder is made for that.
    let named = Fake::start_at(0, Model { llama: false, ..Model::default() });
    let project = Project::wide(&named.url(), 5, "");
    assert_eq!(plan(&project, "wide.yaml", &[])["expected"]["prompt_tokens"], json!(null));
    assert!(!project.path().join(".emogrid").exists());
}

#[test]
fn requests_that_will_follow_are_expected_from_how_texts_were_judged() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 200, "");
    // Of joy every second text is bad by its seed, of anger none.
    fake.script(|seen, _| match seen.user().contains("joy") && seen.seed().is_multiple_of(2) {
        true => Reply::text("{\"text\": \"\"}"),
        false => Reply::Good,
    });
    // Much is known of joy, of which little is left, and enough of anger.
    for (mood, limit) in [("mood=joy", "150"), ("mood=anger", "25")] {
        project.emogrid(&["run", "wide.yaml", "--where", mood, "--limit", limit]);
    }
    let told = plan(&project, "wide.yaml", &[])["expected"].clone();
    let truth = project.emogrid(&["run", "wide.yaml", "--json"]).json();
    let (told, truth) = (told["requests"].as_f64().unwrap(), truth["requests"].as_f64().unwrap());
    assert!(truth > 240.0, "many were asked twice: {truth}");
    assert!((told / truth - 1.0).abs() < 0.1, "{told} expected, {truth} asked");
}

/// Two variants of a prompt share the asks of each cell; of one that is edited the other's answers stay.
fn two_variants(fake: &Fake, topics: usize) -> Project {
    let project = Project::wide(&fake.url(), topics, "");
    let one = "{ user: 'Write about {{ topic }} with {{ mood }}.' }";
    let both = "{ user: { long: 'At length: {{ topic }}, {{ mood }}.', short: 'Shortly: {{ topic }}, {{ mood }}.' } }";
    project.edit("wide.yaml", one, both);
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 6, max_asks: 18");
    project
}

#[test]
fn answers_behind_open_asks_are_not_expected_to_be_asked_again() {
    let fake = Fake::start();
    let project = two_variants(&fake, 15);
    assert_eq!(project.emogrid(&["run", "wide.yaml", "--json"]).exits(0).json()["requests"], 180);
    project.edit("wide.yaml", "Shortly:", "In short:");
    let told = plan(&project, "wide.yaml", &[]);
    assert!(told["requests"].as_u64() < Some(31), "{told}");
    let said = project.emogrid(&["plan", "wide.yaml"]).exits(0).stdout;
    // A run that is cut short says what is left of it, and whoever goes on is told the same.
    let first = project.emogrid(&["run", "wide.yaml", "--max-requests", "20"]).exits(3);
    let between = plan(&project, "wide.yaml", &[])["expected"]["requests"].as_u64().unwrap();
    let ran = project.emogrid(&["run", "wide.yaml", "--json"]).exits(0);
    let rest = ran.json()["requests"].as_u64().unwrap();
    let truth = 20 + rest;
    assert!((70..110).contains(&truth), "about half of 180: {truth}");
    assert_eq!((&told["expected"]["requests"], between), (&json!(truth), rest));
    assert!(said.contains(&format!("expected: about {truth} requests in all ")), "{said}");
    assert!(first.stderr.contains(&format!("; about {truth} requests to go\n")), "{}", first.stderr);
    assert!(first.stderr.contains(&format!(", about {rest} requests to go\n")), "{}", first.stderr);
    assert!(ran.stderr.contains(&format!("; about {rest} requests to go\n")), "{}", ran.stderr);
}

/// Of two models one is another now; what the other answered stays, and so does what was given up of it.
/// Where nobody counts them, prompts are expected to take as many tokens as stored answers say of others, by length.
#[test]
fn a_longer_prompt_is_expected_to_take_more_tokens() {
    let fake = Fake::start_at(0, Model { llama: false, ..Model::default() });
    let words = |text: &str| text.split_whitespace().count();
    fake.script(move |seen, before| {
        let hash = blake3::hash(&before.to_le_bytes()).to_hex();
        let text = [&hash[..9], &hash[9..18], &hash[18..27]].join(" ");
        let message = json!({ "role": "assistant", "content": json!({ "text": text }).to_string() });
        let usage = json!({ "prompt_tokens": words(&seen.user()), "completion_tokens": 9 });
        let choice = json!({ "index": 0, "finish_reason": "stop", "message": message });
        Reply::Raw(json!({ "choices": [choice], "usage": usage }).to_string())
    });
    let project = two_variants(&fake, 60);
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    fake.take_count();
    let long = "word ".repeat(200);
    project.edit("wide.yaml", "At length:", &format!("At length: {long}"));
    let expected = plan(&project, "wide.yaml", &[])["expected"].clone();
    project.emogrid(&["run", "wide.yaml", "--accept-leaving"]).exits(0);
    let took: usize = fake.seen().iter().map(|seen| words(&seen.user())).sum();
    let told = expected["prompt_tokens"].as_f64().unwrap();
    assert!((0.8..1.25).contains(&(told / took as f64)), "{told} told, {took} taken: {expected}");
}

#[test]
fn what_another_model_answered_or_failed_is_not_expected_to_be_asked_again() {
    let stays = Fake::start();
    let changes = Fake::start_at(0, Model { file: "large-7b.gguf".into(), ..Model::default() });
    stays.script(|seen, _| match seen.user().contains("topic-03") {
        true => Reply::status(400, "not this one"),
        false => Reply::Good,
    });
    let project = Project::wide(&stays.url(), 10, "");
    let one =
        project.read("wide.yaml").lines().find(|line| line.starts_with("endpoints")).unwrap().to_owned();
    let both = format!("endpoints: {{ a: '{}', b: '{}' }}", stays.url(), changes.url());
    project.edit("wide.yaml", &one, &both);
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 6, max_asks: 6");
    let first = project.emogrid(&["run", "wide.yaml", "--json"]).exits(4).json();
    let failed = first["failed"].as_u64().unwrap();
    assert!(failed > 3 && first["accepted"] == 120 - failed, "{first}");
    changes.model(|model| model.parameters = 7);
    stays.take_count();
    let told = plan(&project, "wide.yaml", &[])["expected"]["requests"].clone();
    let truth = project.emogrid(&["run", "wide.yaml", "--json"]).exits(4).json();
    assert_eq!((stays.take_count(), &truth["accepted"]), (0, &first["accepted"]), "{truth}");
    // Every cell takes all of its asks.
    assert!((40..80).contains(&truth["requests"].as_u64().unwrap()), "{truth}");
    assert_eq!(told, truth["requests"]);
}

/// A third of the answers is bad, of both variants alike, and of what is edited another third.
#[test]
fn the_expected_requests_go_by_what_is_stored_where_texts_are_rejected() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let hash = blake3::hash(format!("{} {}", seen.seed(), seen.user()).as_bytes());
        match hash.as_bytes()[0].is_multiple_of(3) {
            true => Reply::text("{\"text\": \"\"}"),
            false => Reply::Good,
        }
    });
    let project = two_variants(&fake, 100);
    project.emogrid(&["run", "wide.yaml"]);
    project.edit("wide.yaml", "Shortly:", "In short:");
    let told = plan(&project, "wide.yaml", &[])["expected"]["requests"].as_f64().unwrap();
    let truth = project.emogrid(&["run", "wide.yaml", "--json", "--accept-leaving"]).json();
    let truth = truth["requests"].as_f64().unwrap();
    // Some hundreds of stored answers tell the acceptance within a twentieth.
    assert!((told / truth - 1.0).abs() < 0.1, "{told} expected, {truth} asked");
}

#[test]
fn an_edit_of_all_prompts_is_expected_to_go_as_the_last_run() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 10, "");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    project.edit("wide.yaml", "Write", "Please write");
    let told = plan(&project, "wide.yaml", &[])["expected"].clone();
    for (field, expected) in [
        ("requests", json!(20)),
        ("acceptance", json!(1.0)),
        ("acceptance_from", json!("last_run")),
        ("answers", json!(20)),
        ("completion_tokens_from", json!("last_run")),
        ("prompt_tokens_from", json!("counted")),
    ] {
        assert_eq!(told[field], expected, "{field}: {told}");
    }
    assert!(told["seconds"].is_number(), "{told}");
    // Of another number of texts an answer, or another model, nothing is known.
    for set in ["response.n=2", "response.items=3"] {
        let told = plan(&project, "wide.yaml", &["--set", set])["expected"].clone();
        assert_eq!((&told["requests"], &told["completion_tokens"]), (&json!(null), &json!(null)), "{set}");
    }
    fake.model(|model| model.parameters = 7);
    let told = plan(&project, "wide.yaml", &[])["expected"].clone();
    assert_eq!((&told["requests"], &told["seconds"]), (&json!(null), &json!(null)), "{told}");
    let plan = plan(&project, "wide.yaml", &[]);
    assert!(plan["causes"].to_string().contains("model: fake-1b is another of the same name"), "{plan}");
}

#[test]
fn a_tenth_of_a_run_tells_the_time_of_the_rest_within_thirty_per_cent() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(120));
    let project = Project::wide(&fake.url(), 50, "");
    let run = project.watch(&["run", "wide.yaml", "--json"]);
    crate::project::until("a tenth of the answers", || fake.seen().len() >= 10, String::new);
    run.signal(libc::SIGINT);
    let first = run.finish().exits(3).json();
    let told = plan(&project, "wide.yaml", &[])["expected"].clone();
    let rest = project.emogrid(&["run", "wide.yaml", "--json"]).exits(0).json();
    let asked = |run: &Value| run["requests"].as_u64().unwrap();
    assert_eq!(asked(&first) + asked(&rest), 100);
    assert!(asked(&first) < 20, "{first}");
    assert_eq!(told["requests"], rest["requests"]);
    assert_eq!(told["prompt_tokens_from"], "counted");
    assert_eq!(told["completion_tokens"], rest["completion_tokens"]);
    let (told, truth) = (told["seconds"].as_f64().unwrap(), rest["seconds"].as_f64().unwrap());
    assert!((told / truth - 1.0).abs() < 0.3, "{told} s told, {truth} s it took");
}

#[test]
fn a_rate_limit_and_another_address_tell_in_the_time() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 5, "");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    let seconds = |more: &[&str]| {
        let more: Vec<&str> = ["--set", "seed=3"].iter().chain(more).copied().collect();
        plan(&project, "wide.yaml", &more)["expected"]["seconds"].clone()
    };
    assert!(seconds(&[]).as_f64().unwrap() < 10.0);
    assert_eq!(seconds(&["--set", "endpoints.fake.requests_per_minute=10"]), json!(60.0));
    // The same model elsewhere may be faster or slower.
    let elsewhere = Fake::start_at(free_port(), Model::default());
    let url = format!("endpoints.fake.url={}", elsewhere.url());
    assert_eq!(seconds(&["--set", &url]), json!(null));
}

#[test]
fn prompts_are_counted_by_the_server_of_each_model_and_the_slowest_tells_the_time() {
    let quick = Fake::start();
    let slow = Fake::start_at(0, Model { file: "slow-7b.gguf".into(), ..Model::default() });
    slow.latency(Duration::from_millis(200));
    let project = Project::wide(&quick.url(), 20, "");
    let one =
        project.read("wide.yaml").lines().find(|line| line.starts_with("endpoints")).unwrap().to_owned();
    let both = format!(
        "endpoints: {{ quick: {{ url: '{}', slots: 4 }}, slow: {{ url: '{}', slots: 4 }} }}",
        quick.url(),
        slow.url()
    );
    project.edit("wide.yaml", &one, &both);
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    let asked = (quick.take_count(), slow.take_count());
    assert!(asked.0 > 5 && asked.1 > 5, "{asked:?}");
    let told = plan(&project, "wide.yaml", &["--set", "sampling.temperature=0.3"])["expected"].clone();
    assert_eq!((&told["requests"], &told["prompts_counted"]), (&json!(40), &json!(16)));
    assert!(quick.take_counted() > 0 && slow.take_counted() > 0);
    // As many for each model as before: the seeds and cells are the same.
    let seconds = told["seconds"].as_f64().unwrap();
    let least = asked.1 as f64 * 0.2 / 4.0;
    assert!(seconds > 0.9 * least && seconds < 2.0 * least + 0.5, "{seconds} s told, {least} s at least");
}

/// A judge that turns down a third of the texts, and embeddings.
const ABOUT: &[&str] = &[
    "--set",
    "checks.judges.j={prompt: 'Score this for me: {{ text }}', accept: score >= 3, schema: {type: object, properties: {score: {type: integer}}, required: [score]}}",
    "--set",
    "dedup.semantic={threshold: 0.999}",
    "--set",
    "samples.max_asks=40",
];

#[test]
fn requests_about_texts_are_expected_with_their_tokens_and_time() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(5));
    fake.script(|seen, _| match seen.user().starts_with("Score") {
        true => {
            let hash = blake3::hash(seen.user().as_bytes()).as_bytes()[0];
            Reply::text(&json!({ "score": if hash.is_multiple_of(3) { 1 } else { 4 } }).to_string())
        }
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 100, "");
    let told = |args: &[&str]| plan(&project, "wide.yaml", args)["expected"].clone();
    let run = |args: &[&str]| {
        let args: Vec<&str> = ["run", "wide.yaml", "--json"].iter().chain(args).copied().collect();
        project.emogrid(&args).exits(0).json()
    };
    // Texts are written; of a judge that was never asked nothing is known but that each row takes one.
    run(&["--limit", "20"]);
    let least = told(ABOUT);
    assert_eq!(least["embedding_requests"], 200, "{least}");
    assert_eq!(least["judge_requests"], 200, "{least}");
    let said = project.emogrid(&[&["plan", "wide.yaml"], ABOUT].concat()).exits(0).stdout;
    assert!(said.contains("expected: at least 580 requests in all, 200 of judges, 200 embeddings"), "{said}");

    run(&[&["--limit", "60"], ABOUT].concat());
    let expected = told(ABOUT);
    let truth = run(ABOUT);
    for field in ["requests", "judge_requests", "embedding_requests", "completion_tokens"] {
        let (told, truth) = (expected[field].as_f64(), truth[field].as_f64().unwrap());
        let told = told.unwrap_or_else(|| panic!("{field}: {expected}"));
        assert!((told / truth - 1.0).abs() < 0.15, "{field}: {told} expected, {truth} in truth");
    }
    assert!(truth["judge_requests"].as_u64() > Some(180), "{truth}");
    // The fake says that a judge's prompt has 40 tokens.
    let of_judges = 40 * expected["judge_requests"].as_u64().unwrap();
    assert!(expected["prompt_tokens"].as_u64().unwrap() > of_judges, "{expected}");
    // After an edit of all prompts the last run tells as much, and the time.
    project.edit("wide.yaml", "Write", "Please write");
    let expected = told(ABOUT);
    assert_eq!(expected["acceptance_from"], "last_run");
    let (judges, embeddings) = (&expected["judge_requests"], &expected["embedding_requests"]);
    assert!(judges.as_u64() > Some(250) && embeddings.as_u64() > Some(250), "{expected}");
    assert!(
        expected["seconds"].as_f64() > Some(0.0) && expected["completion_tokens"].is_number(),
        "{expected}"
    );
}
