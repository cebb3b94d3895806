//! Several endpoints in one config: the same model behind some, different models behind others.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply};
use crate::project::{Project, Ran, until};

const GRID: &str = "\
grid:
  axes:
    mood: { label: true, values: [joy, anger] }
    topic: [TOPICS]
samples: { per_cell: 1, max_asks: 5 }
";

/// A project over some endpoints, with `2 × topics` cells.
fn project(endpoints: &str, prompt: &str, topics: usize) -> Project {
    let topics: Vec<_> = (0..topics).map(|n| format!("topic-{n:02}")).collect();
    let project = Project::new();
    let grid = GRID.replace("TOPICS", &topics.join(", "));
    project.write("several.yaml", &format!("name: several\nendpoints:\n{endpoints}prompt: {prompt}\n{grid}"));
    project
}

const PROMPT: &str = "{ user: 'Write about {{ topic }} with {{ mood }}.' }";

fn other(file: &str) -> Model {
    Model { file: file.into(), ..Model::default() }
}

fn run(project: &Project) -> Ran {
    project.emogrid(&["run", "several.yaml", "--json"])
}

fn rows_by_model(project: &Project) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for row in project.rows("out/several/dataset.jsonl") {
        *out.entry(row["model"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    out
}

#[test]
fn one_model_at_two_addresses_is_one_model() {
    let (a, b) = (Fake::start(), Fake::start());
    a.latency(Duration::from_millis(20));
    b.latency(Duration::from_millis(20));
    let both = project(&format!("  a: {}\n  b: {}\n", a.url(), b.url()), PROMPT, 20);
    let summary = run(&both).exits(0).json();
    let (by_a, by_b) = (a.take_count(), b.take_count());
    assert_eq!((by_a + by_b, summary["requests"].as_u64().unwrap()), (40, 40));
    assert!(by_a > 10 && by_b > 10, "{by_a} and {by_b}");
    // Either alone makes the same of the same answers, and asks nothing.
    let dataset = both.read("out/several/dataset.jsonl");
    both.edit("several.yaml", &format!("  a: {}\n", a.url()), "");
    assert_eq!(run(&both).exits(0).json()["requests"], 0);
    assert_eq!(both.read("out/several/dataset.jsonl"), dataset);
}

#[test]
fn two_models_share_the_asks_by_weight_and_the_order_of_endpoints_means_nothing() {
    let (small, large) = (Fake::start(), Fake::start_at(0, other("large-7b.gguf")));
    let endpoints = |first: &str, second: &str| format!("{first}{second}");
    let one = format!("  small: {}\n", small.url());
    let two = format!("  large: {{ url: '{}', weight: 3 }}\n", large.url());
    let made = project(&endpoints(&one, &two), PROMPT, 60);
    run(&made).exits(0);
    let by_model = rows_by_model(&made);
    let (by_small, by_large) = (small.take_count(), large.take_count());
    assert_eq!(by_model, BTreeMap::from([("fake-1b".into(), by_small), ("large-7b".into(), by_large)]));
    assert_eq!(by_small + by_large, 120);
    assert!((75..=105).contains(&by_large), "three quarters of 120 are 90, and it was {by_large}");
    // The other way round nothing is asked, and no byte differs.
    let dataset = made.read("out/several/dataset.jsonl");
    made.edit("several.yaml", &endpoints(&one, &two), &endpoints(&two, &one));
    assert_eq!(run(&made).exits(0).json()["requests"], 0);
    assert_eq!(made.read("out/several/dataset.jsonl"), dataset);
    // A third model takes some asks from each, and moves none between the two.
    let third = Fake::start_at(0, other("third-3b.gguf"));
    made.edit("several.yaml", "prompt:", &format!("  third: {}\nprompt:", third.url()));
    run(&made).exits(0);
    assert_eq!((small.take_count(), large.take_count()), (0, 0));
    assert!((10..=40).contains(&third.take_count()));
}

#[test]
fn a_variant_and_a_value_can_name_their_model() {
    let (small, large) = (Fake::start(), Fake::start_at(0, other("large-7b.gguf")));
    let endpoints = format!("  small: {}\n  large: {{ url: '{}', weight: 0 }}\n", small.url(), large.url());
    let prompt = "{ user: { long: { text: 'At length: {{ topic }}, {{ mood }}.', model: large }, short: 'Shortly: {{ topic }}, {{ mood }}.' } }";
    let made = project(&endpoints, prompt, 20);
    run(&made).exits(0);
    for row in made.rows("out/several/dataset.jsonl") {
        let expected = if row["prompt"] == "long" { "large-7b" } else { "fake-1b" };
        assert_eq!(row["model"], expected);
    }
    assert!(large.take_count() > 5 && small.take_count() > 5);
    let by_value = project(&endpoints, PROMPT, 5);
    by_value.edit("several.yaml", "values: [joy, anger]", "values: { joy: { model: large }, anger: {} }");
    run(&by_value).exits(0);
    let moods: Vec<Value> = by_value
        .rows("out/several/dataset.jsonl")
        .into_iter()
        .map(|row| json!([row["mood"], row["model"]]))
        .collect();
    assert_eq!(moods.iter().filter(|pair| **pair == json!(["joy", "large-7b"])).count(), 5);
    assert_eq!(moods.iter().filter(|pair| **pair == json!(["anger", "fake-1b"])).count(), 5);
}

#[test]
fn one_of_two_that_dies_is_said_and_the_other_goes_on() {
    let (a, b) = (Fake::start(), Fake::start());
    a.latency(Duration::from_millis(10));
    b.script(|_, before| match before {
        _ if before > 0 => Reply::Good,
        _ => Reply::status(500, "no memory"),
    });
    let made = project(&format!("  a: {}\n  b: {}\n", a.url(), b.url()), PROMPT, 30);
    run(&made).exits(0);
    assert_eq!(made.rows("out/several/dataset.jsonl").len(), 60);
    // Known from before, and gone: nobody waits for it.
    let address = b.url();
    drop(b);
    made.edit("several.yaml", "Write about", "Tell of");
    a.take_count();
    let ran = run(&made).exits(0).says(&format!("endpoint `b` is set aside: {address}: "));
    assert_eq!(ran.json()["accepted"], 60);
    assert_eq!(a.take_count(), 60);
}

#[test]
fn one_that_comes_back_with_another_model_is_set_aside() {
    let (a, b) = (Fake::start(), Fake::start());
    let port: u16 = b.url().rsplit(':').next().unwrap().parse().unwrap();
    let made = project(&format!("  a: {}\n  b: {}\n", a.url(), b.url()), PROMPT, 10);
    run(&made).exits(0);
    made.edit("several.yaml", "Write about", "Tell of");
    drop(b);
    a.latency(Duration::from_millis(150));
    let running = made.watch(&["run", "several.yaml", "--json", "--set", "endpoints.a.slots=1"]);
    running.until_says("endpoint `b` is set aside");
    let stranger = Fake::start_at(port, other("stranger.gguf"));
    let ran = running.finish().exits(0).says("came back with `stranger`");
    let summary = ran.json();
    assert_eq!(summary["accepted"], 20);
    let finding = &summary["findings"][0];
    assert_eq!(
        (&finding["key"], &summary["verdict"]),
        (&json!("endpoints.b.model"), &json!("LOOK")),
        "{summary}"
    );
    assert_eq!(stranger.take_count(), 0);
    assert_eq!(rows_by_model(&made), BTreeMap::from([("fake-1b".into(), 20)]));
}

#[test]
fn asks_of_a_dead_model_wait_and_the_rest_is_done() {
    let (small, large) = (Fake::start(), Fake::start_at(0, other("large-7b.gguf")));
    let endpoints =
        format!("  small: {}\n  large: {{ url: '{}', patience: 300ms }}\n", small.url(), large.url());
    let made = project(&endpoints, PROMPT, 20);
    run(&made).exits(0);
    let whole = made.read("out/several/dataset.jsonl");
    let port: u16 = large.url().rsplit(':').next().unwrap().parse().unwrap();
    std::fs::remove_dir_all(made.path().join("out")).unwrap();
    drop(large);
    made.edit("several.yaml", "Write about", "Tell of");
    small.take_count();
    let ran = run(&made).exits(1).says("endpoint `large`");
    let by_small = small.take_count();
    assert_eq!(ran.json()["requests"], by_small);
    assert_eq!(rows_by_model(&made), BTreeMap::from([("fake-1b".into(), by_small)]));
    // It comes back, and only what was its own is asked.
    let large = Fake::start_at(port, other("large-7b.gguf"));
    run(&made).exits(0);
    assert_eq!((small.take_count(), large.take_count()), (0, 40 - by_small));
    made.edit("several.yaml", "Tell of", "Write about");
    run(&made).exits(0);
    assert_eq!(made.read("out/several/dataset.jsonl"), whole);
}

#[test]
fn a_wrong_key_at_one_of_two_sets_that_one_aside() {
    let (a, b) = (Fake::start(), Fake::start());
    b.script(|_, _| Reply::status(401, "no such key"));
    a.latency(Duration::from_millis(10));
    let made = project(&format!("  a: {}\n  b: {}\n", a.url(), b.url()), PROMPT, 20);
    let ran = run(&made).exits(0).says("b: set aside").says("api_key_env");
    assert_eq!(ran.json()["accepted"], 40);
    assert!(b.take_count() <= 4);
}

#[test]
fn a_straggler_at_the_end_is_asked_of_the_other_server() {
    let (a, b) = (Fake::start(), Fake::start());
    let hung = std::sync::atomic::AtomicBool::new(false);
    a.latency(Duration::from_millis(20));
    b.latency(Duration::from_millis(20));
    b.script(move |_, _| match hung.swap(true, std::sync::atomic::Ordering::Relaxed) {
        false => Reply::Hang(Duration::from_secs(60)),
        true => Reply::Good,
    });
    let price = "price: { prompt: 0, completion: 1000000 }";
    let endpoints = format!("  a: {}\n  b: {{ url: '{}', {price} }}\n", a.url(), b.url());
    let made = project(&endpoints, PROMPT, 20);
    let started = std::time::Instant::now();
    let run = ["run", "several.yaml", "--json", "--set", "sampling.max_tokens=100"];
    let summary = made.watch(&run).finish().exits(0).json();
    assert!(started.elapsed() < Duration::from_secs(15));
    assert_eq!((&summary["requests"], &summary["attempts"]), (&json!(40), &json!(41)));
    assert_eq!(summary["hedged"], 1, "{summary}");
    // What was broken off is paid for with the most that it may cost.
    let told = summary["endpoints"]["b"]["completion_tokens"].as_f64().unwrap();
    let cost = json!({ "all": told + 100.0, "untold": 100.0, "by_endpoint": { "b": told + 100.0 } });
    assert_eq!(summary["cost"], cost, "{summary}");
}

#[test]
fn one_of_two_whose_key_is_not_there_is_set_aside() {
    let (a, b) = (Fake::start(), Fake::start());
    let endpoints = format!("  a: {}\n  b: {{ url: '{}', api_key_env: SEVERAL_KEY }}\n", a.url(), b.url());
    let made = project(&endpoints, PROMPT, 10);
    let with_key = made.command(&["run", "several.yaml"]).env("SEVERAL_KEY", "k").output().unwrap();
    assert!(with_key.status.success(), "{with_key:?}");
    made.edit("several.yaml", "Write about", "Tell of");
    a.take_count();
    b.take_count();
    let ran = run(&made).exits(0).says("endpoint `b` is set aside: its key `SEVERAL_KEY` is not set");
    assert_eq!((&ran.json()["accepted"], a.take_count(), b.take_count()), (&json!(20), 20, 0));
}

/// The first line of the last run's page.
fn headline(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path().join("out/several/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(last.join("summary.md")).unwrap().lines().next().unwrap().to_owned()
}

#[test]
fn one_that_has_another_model_from_the_start_keeps_nothing_from_the_others() {
    let (a, b, odd) = (Fake::start(), Fake::start(), Fake::start_at(0, other("large-7b.gguf")));
    let endpoints = format!(
        "  a: {}\n  b: {}\n  odd: {{ url: '{}', model: third-3b, patience: 300ms }}\n",
        a.url(),
        b.url(),
        odd.url()
    );
    let made = project(&endpoints, PROMPT, 20);
    let plan = made.emogrid(&["plan", "several.yaml"]).exits(0).stdout;
    let says = "has the wrong model: the config says model `third-3b`, and it serves `large-7b.gguf`";
    let plan_says = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plan_says.contains(says) && plan_says.contains("sets it aside, and its asks wait"), "{plan}");
    let ran = run(&made).exits(1).says("endpoint `odd` is set aside").says("nobody serves third-3b now");
    let (asked, left) = (a.take_count() + b.take_count(), ran.json()["open"].as_u64().unwrap());
    assert_eq!((asked as u64 + left, odd.take_count()), (40, 0));
    assert!(asked >= 15 && left >= 10, "{asked} asked, {left} left");
    assert!(ran.stderr.contains(&format!("{left} requests of third-3b left open")), "{}", ran.stderr);
    assert_eq!(rows_by_model(&made), BTreeMap::from([("fake-1b".into(), asked)]));
    assert!(headline(&made).contains("`odd`"), "{}", headline(&made));
    // Once it has the right model, only what was its own is asked.
    odd.model(|model| model.file = "third-3b.gguf".into());
    let plan = made.emogrid(&["plan", "several.yaml", "--json"]).exits(0).json();
    assert_eq!(
        (&plan["causes"], &plan["endpoints"][2]),
        (&json!([]), &json!({ "name": "odd", "model": "third-3b", "source": "server" }))
    );
    run(&made).exits(0);
    assert_eq!((a.take_count() + b.take_count(), odd.take_count() as u64), (0, left));
}

#[test]
fn one_that_was_never_seen_comes_while_the_others_are_asked() {
    let (a, port) = (Fake::start(), crate::fake::free_port());
    a.latency(Duration::from_millis(50));
    let endpoints = format!(
        "  a: {{ url: '{}', slots: 1 }}\n  b: {{ url: 'http://127.0.0.1:{port}', model: large-7b }}\n",
        a.url()
    );
    let made = project(&endpoints, PROMPT, 40);
    let running = made.watch(&["run", "several.yaml", "--json"]);
    running.until_says("endpoint `b` is set aside");
    until("requests to the one that is there", || a.seen().len() > 3, String::new);
    // By its file it is another than a mere name, and its asks are the same.
    let b = Fake::start_at(port, other("large-7b.gguf"));
    let ran = running.finish().exits(0).says("b: it is there, with large-7b: planning anew with it");
    let (by_a, by_b) = (a.take_count(), b.take_count());
    assert_eq!((by_a + by_b, &ran.json()["accepted"], &ran.json()["surplus"]), (80, &json!(80), &json!(0)));
    assert_eq!(ran.json()["requests"], 80);
    assert!(by_a > 20 && by_b > 20, "{by_a} and {by_b}");
    let dataset = made.read("out/several/dataset.jsonl");
    // A name that says what it is called anyway moves no ask.
    made.edit("several.yaml", "slots: 1", "slots: 1, model: FAKE-1b.gguf");
    assert_eq!(run(&made).exits(0).json()["requests"], 0);
    assert_eq!(made.read("out/several/dataset.jsonl"), dataset);
}

#[test]
fn one_that_nobody_can_tell_anything_of_is_waited_for_and_named() {
    let a = Fake::start();
    let dead = format!("http://127.0.0.1:{}", crate::fake::free_port());
    let endpoints = format!("  a: {}\n  b: {{ url: '{dead}', patience: 2s }}\n", a.url());
    let made = project(&endpoints, PROMPT, 5);
    let plan = made.emogrid(&["plan", "several.yaml"]).exits(0).stdout;
    assert!(plan.contains("`endpoints.b.model`"), "{plan}");
    let check = made.emogrid(&["check", "several.yaml", "--endpoint", "--set", "endpoints.b.patience=1s"]);
    assert!(
        check.exits(1).stdout.contains("it was never seen; until it is, nobody knows which asks are its own")
    );
    a.take_count();
    let ran = run(&made).exits(1);
    let ran = ran.says("a run asks nothing; `endpoints.b.model` would tell");
    ran.says("write its model into the config (`endpoints.b.model`)");
    assert_eq!(a.take_count(), 0);
    // With that it goes on without it.
    made.edit("several.yaml", "patience: 2s", "patience: 2s, model: large-7b");
    run(&made).exits(1);
    assert!(a.take_count() > 2);
}

#[test]
fn one_that_is_asked_by_its_name_alone_keeps_nothing_from_the_others() {
    let a = Fake::start();
    let dead = format!("http://127.0.0.1:{}", crate::fake::free_port());
    let endpoints = format!("  a: {}\n  b: {{ url: '{dead}', patience: 300ms, weight: 0 }}\n", a.url());
    let prompt = "{ user: { long: { text: 'At length: {{ topic }}, {{ mood }}.', model: b }, short: 'Shortly: {{ topic }}, {{ mood }}.' } }";
    let made = project(&endpoints, prompt, 20);
    run(&made).exits(1).says("nobody serves the model of `b` now");
    let by_a = a.take_count();
    assert!((10..=30).contains(&by_a), "{by_a}");
    assert!(made.rows("out/several/dataset.jsonl").iter().all(|row| row["prompt"] == "short"));
    // Where nothing is asked of it, nobody waits for it.
    let unnamed = project(&endpoints, PROMPT, 5);
    run(&unnamed).exits(0);
}

/// Rounds go through all cells, so the quick model waits for the one that a limit holds; the page says so, and it is no
/// finding.
#[test]
fn an_endpoint_that_waits_for_another_says_for_which() {
    let (gpu, three) = (Fake::start(), Fake::start_at(0, other("three-3b.gguf")));
    let endpoints = format!(
        "  gpu: {{ url: '{}', slots: 4 }}\n  three: {{ url: '{}', slots: 1, requests_per_minute: 60 }}\n",
        gpu.url(),
        three.url()
    );
    let made = project(&endpoints, PROMPT, 10);
    let args = ["run", "several.yaml", "--json", "--for", "6s"];
    let ran = made.emogrid(&args).exits(3).says("`three` is held to 60 requests a minute");
    let ran = ran.says("`gpu` waits for `three` most of the time");
    let ran = ran.says("a lower `endpoints.three.weight` means fewer of them");
    let summary = ran.json();
    let waited = summary["endpoints"]["gpu"]["waited"]["three"].as_f64().unwrap();
    assert!(waited > 0.5, "{summary}");
    let folder = std::fs::read_dir(made.path().join("out/several/runs")).unwrap().next().unwrap().unwrap();
    let page = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(
        page.contains(" % waited for `three`, which `requests_per_minute` held (`endpoints.three.weight`)"),
        "{page}"
    );
}

/// Where a run may end early each cell is asked once before any is asked again; whose model is gone holds up nobody.
#[test]
fn one_that_is_gone_keeps_the_others_from_nothing_in_a_run_that_ends_on_time() {
    let a = Fake::start();
    a.latency(Duration::from_millis(5));
    let dead = format!("http://127.0.0.1:{}", crate::fake::free_port());
    let endpoints = format!("  a: {}\n  b: {{ url: '{dead}', model: large-7b, patience: 60s }}\n", a.url());
    let made = project(&endpoints, PROMPT, 10);
    let run = |more: &[&'static str]| {
        made.emogrid(&[&["run", "several.yaml", "--set", "samples={per_cell: 10}"], more].concat())
    };
    run(&["--for", "5s"]);
    let first = a.take_count();
    assert!((60..=140).contains(&first), "{first} of some 100");
    // The next night finds nothing of its own to do for that model.
    run(&["--max-requests", "50", "--for", "4s"]);
    assert_eq!(a.take_count(), 0);
}

#[test]
fn one_that_comes_up_with_another_model_is_told_as_that() {
    let (a, port) = (Fake::start(), crate::fake::free_port());
    a.latency(Duration::from_millis(20));
    let endpoints = format!(
        "  a: {}\n  b: {{ url: 'http://127.0.0.1:{port}', model: large-7b, patience: 4s }}\n",
        a.url()
    );
    let made = project(&endpoints, PROMPT, 20);
    let running = made.watch(&["run", "several.yaml", "--json"]);
    running.until_says("endpoint `b` is set aside");
    let _b = Fake::start_at(port, other("third-3b.gguf"));
    let summary = running.finish().exits(1).json();
    let headline = summary["headline"].as_str().unwrap();
    assert!(headline.contains("has the wrong model"), "{headline}");
    assert_eq!(summary["findings"][0]["key"], "endpoints.b.model", "{summary}");
}
