//! Servers that fail, in every way that is known, and what a run makes of it.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen, first_ask, free_port};
use crate::project::{Project, Ran, Running, until};

pub const RUN: [&str; 3] = ["run", "wide.yaml", "--json"];

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The rows of the dataset, after a check that none stands there twice.
#[track_caller]
pub fn rows(project: &Project) -> usize {
    let rows = project.rows("out/wide/dataset.jsonl");
    let ids: std::collections::HashSet<_> = rows.iter().map(|row| row["id"].to_string()).collect();
    assert_eq!(ids.len(), rows.len(), "a row stands in the dataset twice");
    rows.len()
}

pub fn status(project: &Project) -> Value {
    project.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json()
}

/// A run by which the fake is called with a script that fails some asks.
pub fn run(
    fake: &Fake,
    topics: usize,
    script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
) -> (Project, Ran) {
    fake.script(script);
    let project = Project::wide(&fake.url(), topics, "");
    let ran = watched(&project, &RUN);
    (project, ran)
}

/// Runs, but never for ever.
#[track_caller]
pub fn watched(project: &Project, args: &[&str]) -> Ran {
    Running::start(project.command(args)).finish_within(Duration::from_secs(15))
}

pub fn retry_after(status: u16, seconds: &str) -> Reply {
    let body = json!({ "error": { "code": status, "message": "slow down", "type": "x" } }).to_string();
    Reply::Status(status, body, vec![("retry-after", seconds.to_owned())])
}

// A server that is not there.

#[test]
fn a_server_that_comes_up_later_is_waited_for() {
    let port = free_port();
    let project = Project::wide(&format!("http://127.0.0.1:{port}"), 4, "");
    let running = project.watch(&RUN);
    running.until_says("waiting for http://127.0.0.1");
    let fake = Fake::start_at(port, Model::default());
    let ran = running.finish().exits(0).says("nothing answers there").says("start the server");
    assert_eq!(ran.json()["accepted"], 8);
    assert_eq!(fake.take_count(), 8);
}

#[test]
fn a_server_that_never_comes_ends_the_run_when_patience_does() {
    let project = Project::wide(&format!("http://127.0.0.1:{}", free_port()), 4, ", patience: 300ms");
    let started = Instant::now();
    let ran = watched(&project, &RUN).exits(1).says("llama-server").says("patience");
    assert!(started.elapsed() < ms(3000));
    assert_eq!((&ran.json()["verdict"], &ran.json()["requests"]), (&"LOST".into(), &0.into()));
}

/// It takes the connection and says nothing: that is no reason to wait for longer.
#[test]
fn a_server_that_takes_connections_and_says_nothing_is_waited_for_no_longer() {
    // The system takes what nobody accepts.
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let project = Project::wide(&url, 4, ", patience: 300ms");
    let started = Instant::now();
    watched(&project, &RUN).exits(1).says("patience");
    assert!(started.elapsed() < ms(8000), "{:?}", started.elapsed());
}

#[test]
fn a_server_that_goes_and_comes_back_is_waited_for() {
    let fake = Fake::start();
    fake.latency(ms(15));
    let port = fake.address.port();
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    let before = fake.seen().len();
    drop(fake);
    running.until_says("unreachable");
    let fake = Fake::start_at(port, Model::default());
    let ran = running.finish().exits(0);
    let summary = ran.json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&40.into(), &0.into()));
    assert_eq!(rows(&project), 40);
    // What was stored before it went is not asked again.
    assert!(before + fake.take_count() <= 40 + 8, "{before} before");
    assert!(summary["faults"]["unreachable"].as_u64() > Some(0), "{}", ran.stdout);
}

/// Nothing is sent to a server that is not there, so its probes use up no request of the run's.
#[test]
fn an_outage_uses_up_no_budget() {
    let fake = Fake::start();
    fake.latency(ms(100));
    let project = Project::wide(&fake.url(), 5, ", slots: 1, patience: 1500ms");
    let running = Running::start(project.command(&[&RUN[..], &["--max-requests", "5"]].concat()));
    until("three requests", || fake.seen().len() >= 3, String::new);
    drop(fake);
    let ran = running.finish_within(Duration::from_secs(10)).exits(1).says("patience");
    assert!(!ran.stderr.contains("max_requests"), "{}", ran.stderr);
}

#[test]
fn the_wait_for_a_server_that_went_is_said_again_and_again() {
    let fake = Fake::start();
    fake.latency(ms(15));
    let port = fake.address.port();
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    drop(fake);
    running.until_says("waiting for the server for");
    let _fake = Fake::start_at(port, Model::default());
    running.finish().exits(0);
}

#[test]
fn a_model_that_loads_is_waited_for_at_the_start() {
    let fake = Fake::start();
    fake.loading(true);
    let project = Project::wide(&fake.url(), 4, "");
    let running = project.watch(&RUN);
    running.until_says("its model is loading");
    fake.loading(false);
    assert_eq!(running.finish().exits(0).json()["accepted"], 8);
    assert_eq!(fake.take_count(), 8);
}

#[test]
fn a_model_that_loads_is_waited_for_in_the_middle() {
    let fake = Fake::start();
    fake.latency(ms(15));
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    fake.loading(true);
    running.until_says("loading");
    fake.loading(false);
    let summary = running.finish().exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&40.into(), &0.into()));
    assert!(summary["faults"]["loading"].as_u64() > Some(0));
}

#[test]
fn ctrl_c_while_waiting_leaves_no_trace_of_a_model_that_nobody_saw() {
    let project = Project::wide(&format!("http://127.0.0.1:{}", free_port()), 4, "");
    let running = project.watch(&RUN);
    running.until_says("waiting for");
    running.signal(libc::SIGINT);
    running.finish().exits(3);
    let plan = project.emogrid(&["plan", "wide.yaml"]).exits(0);
    assert!(plan.stdout.contains("not known yet"), "{}", plan.stdout);
}

#[test]
fn ctrl_c_while_waiting_at_another_address_leaves_the_dataset_alone() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, "");
    project.emogrid(&RUN).exits(0);
    let bytes = project.read("out/wide/dataset.jsonl");
    project.edit("wide.yaml", &fake.url(), &format!("http://127.0.0.1:{}", free_port()));
    let running = project.watch(&RUN);
    running.until_says("waiting for");
    running.signal(libc::SIGINT);
    running.finish().exits(3);
    assert_eq!(project.read("out/wide/dataset.jsonl"), bytes);
}

/// A server that says the same to every connection; without words it accepts, and is silent.
fn parrot(words: &'static str) -> String {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if !words.is_empty() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(words.as_bytes());
            }
            open.push(stream);
            if !words.is_empty() {
                open.clear();
            }
        }
    });
    url
}

#[test]
fn a_server_that_accepts_and_is_silent_is_spoken_of() {
    let project = Project::wide(&parrot(""), 4, "");
    let started = Instant::now();
    let running = project.watch(&RUN);
    running.until_says("waiting");
    assert!(started.elapsed() < ms(4000), "silent for {:?}", started.elapsed());
    running.signal(libc::SIGINT);
    running.finish().exits(3);
}

#[test]
fn ctrl_c_in_the_first_moment_is_a_stop_too() {
    let project = Project::wide(&parrot(""), 4, "");
    let running = project.watch(&RUN);
    std::thread::sleep(ms(300));
    running.signal(libc::SIGINT);
    running.finish().exits(3);
}

#[test]
fn an_address_of_something_else_is_told_from_a_sick_server() {
    let moved = "HTTP/1.1 301 Moved Permanently\r\nlocation: https://api.example.com/v1/models\r\ncontent-length: 0\r\n\r\n";
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 28\r\n\r\n<html><body>Hi</body></html>";
    for (words, part) in [(moved, "https://api.example.com"), (page, "/v1/models")] {
        let project = Project::wide(&parrot(words), 4, "");
        project.watch(&RUN).finish_within(ms(4000)).exits(1).says(part).says("`url`");
    }
}

#[test]
fn a_server_that_comes_back_with_another_model_does_not_answer_for_the_first() {
    let fake = Fake::start();
    fake.latency(ms(15));
    let port = fake.address.port();
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    drop(fake);
    running.until_says("unreachable");
    let fake =
        Fake::start_at(port, Model { file: "other-7b.gguf".into(), parameters: 7, ..Model::default() });
    let ran = running.finish();
    // Whether it stops or goes on with the new model: no answer of the one passes for the other's.
    assert!(ran.stderr.contains("other-7b"), "not a word of the other model:\n{}", ran.stderr);
    assert!(!ran.stderr.contains(" for 0."), "that it began just now says nothing:\n{}", ran.stderr);
    for row in project.rows("out/wide/dataset.jsonl") {
        let by_other = fake.seen().iter().any(|seen| {
            row["topic"].as_str().is_some_and(|topic| {
                seen.user() == format!("Write about {topic} with {}.", row["mood"].as_str().unwrap())
            })
        });
        assert_eq!(row["model"], if by_other { "other-7b" } else { "fake-1b" });
    }
}

// Not now.

#[test]
fn a_429_with_a_time_pauses_for_that_time() {
    let fake = Fake::start();
    let (_, ran) = run(&fake, 4, |_, before| match before {
        2 => retry_after(429, "0.3"),
        _ => Reply::Good,
    });
    let summary = ran.exits(0).json();
    assert_eq!((&summary["accepted"], &summary["faults"]["rate-limited"]), (&8.into(), &1.into()));
    let seen = fake.seen();
    // What was under way when it came goes on; then nothing for the pause.
    let gap = seen.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap();
    assert!((ms(280)..ms(1500)).contains(&gap), "{gap:?}");
    assert_eq!(seen.len(), 9);
}

#[test]
fn a_429_without_a_time_pauses_for_about_a_second() {
    let fake = Fake::start();
    let (_, ran) = run(&fake, 4, |_, before| match before {
        2 => Reply::status(429, "slow down"),
        _ => Reply::Good,
    });
    assert_eq!(ran.exits(0).json()["accepted"], 8);
    let seen = fake.seen();
    let gap = seen.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap();
    assert!((ms(500)..ms(2500)).contains(&gap), "{gap:?}");
}

#[test]
fn requests_that_meet_a_429_side_by_side_pause_as_if_it_were_one() {
    let fake = Fake::start();
    fake.latency(ms(30));
    let started = Instant::now();
    let (_, ran) = run(&fake, 8, |_, before| match before {
        0..4 => Reply::status(429, "slow down"),
        _ => Reply::Good,
    });
    ran.exits(0);
    assert!(started.elapsed() < ms(4000), "four at once made a pause of {:?}", started.elapsed());
}

#[test]
fn a_server_that_only_ever_says_429_is_given_up_when_patience_ends() {
    let fake = Fake::start();
    fake.script(|_, _| retry_after(429, "0.05"));
    let project = Project::wide(&fake.url(), 4, ", patience: 500ms");
    project.watch(&RUN).finish_within(Duration::from_secs(5)).exits(1).says("slow down");
    assert_eq!(status(&project)["stored"]["tombstones"], 0);
}

#[test]
fn a_server_that_only_ever_says_503_with_a_time_is_given_up_when_patience_ends() {
    let fake = Fake::start();
    fake.script(|_, _| retry_after(503, "0.05"));
    let project = Project::wide(&fake.url(), 4, ", patience: 500ms");
    project.watch(&RUN).finish_within(Duration::from_secs(5)).exits(1).says("slow down");
}

#[test]
fn a_fifth_of_answers_failing_costs_no_row() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 20, |_, before| match before % 10 {
        3 => retry_after(429, "0.02"),
        8 => Reply::status(500, "hiccup"),
        _ => Reply::Good,
    });
    let summary = ran.exits(0).json();
    let got =
        ["accepted", "requests", "failed", "open", "shortfall"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(got, [40, 40, 0, 0, 0]);
    assert_eq!(rows(&project), 40);
    assert!(summary["attempts"].as_u64().unwrap() > 40);
    assert!(summary["faults"]["server-error"].as_u64() >= Some(4), "{summary}");
    assert!(summary["faults"]["rate-limited"].as_u64() >= Some(4), "{summary}");
}

// One ask's own fault, or everybody's.

#[test]
fn an_ask_that_always_fails_is_passed_over_and_asked_again_only_when_told() {
    let fake = Fake::start();
    fake.latency(ms(25));
    let mended = Arc::new(AtomicBool::new(false));
    let (is_it, well) = (first_ask("topic-05 with joy"), mended.clone());
    let (project, ran) = run(&fake, 20, move |seen, _| match is_it(seen) && !well.load(Ordering::SeqCst) {
        true => Reply::status(500, "this one breaks me"),
        false => Reply::Good,
    });
    let summary = ran.exits(0).json();
    let got = ["accepted", "failed", "open", "shortfall"].map(|key| summary[key].as_u64().unwrap());
    assert_eq!(got, [40, 1, 0, 0]);
    assert_eq!(summary["faults"]["server-error"], 5);
    assert_eq!(status(&project)["stored"], json!({ "completions": 40, "tombstones": 1 }));
    let bytes = project.read("out/wide/dataset.jsonl");

    fake.take_count();
    // Of a dataset that lacks nothing it is told, and is nothing to be done about.
    let again =
        watched(&project, &["run", "wide.yaml"]).exits(0).says("1 ask given up (see rejected.jsonl)\n");
    assert_eq!(fake.take_count(), 0, "{}", again.stderr);
    assert_eq!(project.read("out/wide/dataset.jsonl"), bytes);

    mended.store(true, Ordering::SeqCst);
    // What it brought would take the place of a row.
    let retry = ["run", "wide.yaml", "--json", "--retry-failed"];
    let ran = watched(&project, &retry).exits(0);
    ran.says(
        "no cell lacks a row: nothing of 1 ask that failed is tried again, since what it\nbrings would take",
    );
    assert_eq!((fake.take_count(), project.read("out/wide/dataset.jsonl")), (0, bytes));
    // Of a dataset that lacks one it is tried again.
    let told = watched(&project, &[&retry[..], &["--set", "samples.max_asks=1"]].concat()).exits(0).json();
    assert_eq!(fake.take_count(), 1);
    assert_eq!((&told["failed"], &told["accepted"]), (&0.into(), &40.into()));
    watched(&project, &RUN).exits(0);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn a_server_that_fails_everything_is_no_asks_fault() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        0..10 => Reply::Good,
        _ => Reply::status(500, "out of memory"),
    });
    let project = Project::wide(&fake.url(), 20, ", patience: 1s");
    let ran = watched(&project, &RUN).exits(1).says("out of memory").says("kept");
    assert_eq!(ran.json()["state"], "failed");
    assert_eq!(rows(&project), 10);
    assert_eq!(status(&project)["stored"], json!({ "completions": 10, "tombstones": 0 }));
    assert!(fake.seen().len() < 40, "{} sends", fake.seen().len());

    fake.script(|_, _| Reply::Good);
    fake.take_count();
    assert_eq!(watched(&project, &RUN).exits(0).json()["accepted"], 40);
    assert_eq!(fake.take_count(), 30);
}

#[test]
fn a_server_that_breaks_near_the_end_is_an_outage_too() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        0..4 => Reply::Good,
        _ => Reply::status(500, "out of memory"),
    });
    let project = Project::wide(&fake.url(), 4, ", patience: 1s");
    project.watch(&RUN).finish_within(Duration::from_secs(5)).exits(1).says("out of memory");
}

#[test]
fn one_refused_ask_is_passed_over() {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    let (project, ran) = run(&fake, 10, move |seen, _| match is_it(seen) {
        true => Reply::status(400, "I will not write of that"),
        false => Reply::Good,
    });
    let summary = ran.exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&20.into(), &1.into()));
    fake.take_count();
    watched(&project, &RUN).exits(0);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn the_first_ask_of_all_may_be_the_refused_one() {
    let fake = Fake::start();
    let it = Mutex::new(None);
    let (_, ran) =
        run(&fake, 5, move |seen, _| match *it.lock().unwrap().get_or_insert(seen.ask()) == seen.ask() {
            true => Reply::status(400, "I will not write of that"),
            false => Reply::Good,
        });
    let summary = ran.exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&10.into(), &1.into()));
}

#[test]
fn a_refused_ask_that_is_asked_again_alone_stays_passed_over() {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    let (project, ran) = run(&fake, 10, move |seen, _| match is_it(seen) {
        true => Reply::status(400, "I will not write of that"),
        false => Reply::Good,
    });
    ran.exits(0);
    fake.take_count();
    let retry = ["run", "wide.yaml", "--json", "--retry-failed", "--set", "samples.max_asks=1"];
    let again = watched(&project, &retry).exits(4).json();
    assert_eq!((&again["accepted"], &again["failed"]), (&19.into(), &1.into()));
    assert!(fake.take_count() > 0);
    let whole = watched(&project, &RUN).exits(0).json();
    assert_eq!((&whole["accepted"], &whole["failed"], fake.take_count()), (&20.into(), &1.into(), 0));
}

#[test]
fn a_server_that_refuses_everything_stops_the_run_with_what_it_says() {
    let fake = Fake::start();
    let started = Instant::now();
    let (project, ran) = run(&fake, 20, |_, _| Reply::status(400, "Failed to parse grammar"));
    ran.exits(1).says("Failed to parse grammar").says("sampling.extra");
    assert!(started.elapsed() < ms(2000));
    assert!(fake.seen().len() <= 8, "{} sends", fake.seen().len());
    assert_eq!(status(&project)["stored"], json!({ "completions": 0, "tombstones": 0 }));
}

pub fn too_long() -> Reply {
    let body = json!({ "error": { "code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 2048,
        "message": "the request exceeds the available context size, try increasing it" } });
    Reply::Status(400, body.to_string(), vec![])
}

#[test]
fn a_prompt_too_long_for_the_server_is_asked_again_of_one_with_more_context() {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    let (project, ran) = run(&fake, 10, move |seen, _| match is_it(seen) {
        true => too_long(),
        false => Reply::Good,
    });
    assert_eq!(ran.exits(0).json()["failed"], 1);
    fake.take_count();
    watched(&project, &RUN).exits(0);
    assert_eq!(fake.take_count(), 0);

    fake.model(|model| model.context = 8192);
    fake.script(|_, _| Reply::Good);
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!(fake.take_count(), 1);
    assert_eq!((&summary["accepted"], &summary["failed"]), (&20.into(), &0.into()));
}

#[test]
fn a_prompt_that_is_still_too_long_is_passed_over_again() {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    let (project, ran) = run(&fake, 10, move |seen, _| match is_it(seen) {
        true => too_long(),
        false => Reply::Good,
    });
    ran.exits(0);
    fake.model(|model| model.context = 3000);
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&20.into(), &1.into()));
}

#[test]
fn a_wrong_key_or_address_stops_at_once_with_the_fix() {
    for (code, fix) in [(401, "api_key_env"), (403, "api_key_env"), (404, "`url`")] {
        let fake = Fake::start();
        let started = Instant::now();
        let (project, ran) = run(&fake, 20, move |_, _| Reply::status(code, "go away"));
        ran.exits(1).says(&format!("HTTP {code}: go away")).says(fix);
        assert!(started.elapsed() < ms(2000), "{code}");
        assert!(fake.seen().len() <= 4, "{code}: {} sends", fake.seen().len());
        assert_eq!(status(&project)["stored"], json!({ "completions": 0, "tombstones": 0 }), "{code}");
    }
}

#[test]
fn what_came_before_a_key_ran_out_is_kept() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 20, |_, before| match before {
        0..12 => Reply::Good,
        _ => Reply::status(402, "no credit"),
    });
    ran.exits(1).says("no credit");
    assert_eq!(rows(&project), 12);
}

#[test]
fn the_model_that_the_config_names_must_be_the_servers() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, ", model: other-7b");
    watched(&project, &RUN).exits(1).says("other-7b").says("fake-1b");
    assert_eq!(fake.take_count(), 0);
    project.edit("wide.yaml", "other-7b", "fake-1b");
    watched(&project, &RUN).exits(0);
}

// Secrets.

const KEY: &str = "sk-VERYSECRET-4711";

fn with_key(project: &Project, args: &[&str]) -> Ran {
    let mut command = project.command(args);
    command.env("FAKE_KEY", KEY);
    Running::start(command).finish_within(Duration::from_secs(15))
}

/// Every file below a folder that holds the key.
fn holding_the_key(project: &Project) -> Vec<std::path::PathBuf> {
    let mut folders = vec![project.path().to_owned()];
    let (mut found, mut files) = (Vec::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let bytes = std::fs::read(&path).unwrap();
            if bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
                found.push(path);
            }
        }
    }
    assert!(files >= 3, "the search found nothing to search");
    found
}

#[test]
fn a_key_that_is_not_set_is_asked_for() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 4, ", api_key_env: FAKE_KEY");
    watched(&project, &RUN).exits(2).says("FAKE_KEY").says("export FAKE_KEY=");
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn the_key_is_sent_and_stands_nowhere() {
    let fake = Fake::start();
    fake.latency(ms(25));
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::status(400, "no"),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 6, ", api_key_env: FAKE_KEY");
    let mut ran = vec![with_key(&project, &RUN).exits(0)];
    let bearer = format!("Bearer {KEY}");
    assert!(fake.seen().iter().all(|seen| seen.authorization.as_deref() == Some(&bearer)));
    for args in [&["plan", "wide.yaml"][..], &["status", "wide.yaml", "--json"], &["export", "wide.yaml"]] {
        ran.push(with_key(&project, args).exits(0));
    }
    for ran in ran {
        assert!(!ran.stdout.contains(KEY) && !ran.stderr.contains(KEY), "{}", ran.stderr);
    }
    assert_eq!(holding_the_key(&project), [] as [std::path::PathBuf; 0]);
}

#[test]
fn a_key_that_the_server_repeats_in_its_error_stands_nowhere() {
    let said = format!("Incorrect API key provided: {KEY}.");
    let fake = Fake::start();
    let (is_it, text) = (first_ask("topic-05 with joy"), said.clone());
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::status(400, &text),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 6, ", api_key_env: FAKE_KEY");
    let mut command = project.command(&RUN);
    command.env("FAKE_KEY", KEY).env("EMOGRID_LOG", "trace");
    let ran = Running::start(command).finish().exits(0);
    assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
    assert_eq!(holding_the_key(&project), [] as [std::path::PathBuf; 0]);

    project.edit("wide.yaml", "Write about", "Tell of");
    fake.script(move |_, _| Reply::status(401, &said));
    let ran = with_key(&project, &RUN).exits(1);
    assert!(!ran.stderr.contains(KEY), "{}", ran.stderr);
}

// Several odd things at once, and late.

#[test]
fn asks_that_break_the_server_are_passed_over_even_if_they_are_asked_last() {
    for bad in [1, 3] {
        let fake = Fake::start();
        let project = Project::wide(&fake.url(), 6, ", slots: 1");
        let last: Mutex<Vec<_>> = Mutex::default();
        fake.script(move |seen, _| {
            let mut last = last.lock().unwrap();
            if !last.contains(&seen.ask()) {
                last.push(seen.ask());
            }
            let place = last.iter().position(|ask| *ask == seen.ask()).unwrap();
            match (12 - bad..12).contains(&place) {
                true => Reply::status(500, "this one breaks me"),
                false => Reply::Good,
            }
        });
        let summary = project.watch(&RUN).finish_within(Duration::from_secs(10)).exits(0).json();
        assert_eq!((&summary["accepted"], &summary["failed"]), (&12.into(), &bad.into()));
    }
}

#[test]
fn retried_asks_that_still_break_the_server_stay_passed_over() {
    let fake = Fake::start();
    fake.latency(ms(20));
    let bad = [first_ask("topic-02 with joy"), first_ask("topic-03 with joy")];
    fake.script(move |seen, _| match bad.iter().any(|is_it| is_it(seen)) {
        true => Reply::status(500, "this one breaks me"),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 20, ", patience: 1s");
    assert_eq!(watched(&project, &RUN).exits(0).json()["failed"], 2);
    let bytes = project.read("out/wide/dataset.jsonl");
    // Nothing proves that it is not the server; the dataset is none the worse.
    let retry = ["run", "wide.yaml", "--json", "--retry-failed", "--set", "samples.max_asks=1"];
    let ran = project.watch(&retry).finish_within(ms(5000));
    assert!([4, 1].contains(&ran.code.unwrap()), "{ran:?}");
    assert!(fake.seen().len() > 40, "they were tried again");
    fake.take_count();
    assert_eq!(watched(&project, &RUN).exits(0).json()["failed"], 2);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.read("out/wide/dataset.jsonl"), bytes);
}

#[test]
fn an_outage_over_the_last_asks_blames_none_of_them() {
    for left in [1, 4] {
        let fake = Fake::start();
        let down = Mutex::new(None);
        fake.script(move |seen, before| match before {
            0..6 if left == 4 => Reply::Good,
            0..9 if left == 1 => Reply::Good,
            _ => match seen.at - *down.lock().unwrap().get_or_insert(seen.at) {
                since if since < ms(1200) => Reply::status(500, "CUDA error"),
                _ => Reply::Good,
            },
        });
        let project = Project::wide(&fake.url(), 5, "");
        let summary = project.watch(&RUN).finish_within(Duration::from_secs(8)).exits(0).json();
        assert_eq!((&summary["accepted"], &summary["failed"]), (&10.into(), &0.into()), "{left} left");
        assert_eq!(status(&project)["stored"]["tombstones"], 0, "{left} left");
    }
}

#[test]
fn a_pause_longer_than_patience_is_not_slept_through() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 10, |_, before| match before {
        0..5 => Reply::Good,
        _ => retry_after(429, "7200"),
    });
    ran.exits(1).says("slow down").says("2 h").says("patience");
    assert_eq!(rows(&project), 5);
}

#[test]
fn a_wait_of_all_time_is_not_slept_through_either() {
    for seconds in ["9223372036854775807", "1e300", "18446744073709551615"] {
        let fake = Fake::start();
        let (project, ran) = run(&fake, 10, move |_, before| match before {
            0..5 => Reply::Good,
            _ => retry_after(429, seconds),
        });
        let ran = ran.exits(1);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert_eq!(rows(&project), 5, "{seconds}");
    }
}

#[test]
fn a_server_that_says_at_once_is_not_asked_all_the_time() {
    for status in [429, 503] {
        let fake = Fake::start();
        fake.script(move |_, _| retry_after(status, "0"));
        let project = Project::wide(&fake.url(), 4, ", patience: 1s");
        watched(&project, &RUN).exits(1).says("slow down");
        assert!(fake.take_count() <= 40, "{} requests", fake.take_count());
    }
}

/// Of what a server sends no more is read than a model could have written.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_without_end_fills_no_memory() {
    for status in [200, 500] {
        let fake = Fake::start();
        fake.script(move |_, before| match before {
            3 => Reply::Endless(status),
            _ => Reply::Good,
        });
        let project = Project::wide(&fake.url(), 10, ", slots: 1");
        let ran = watched(&project, &RUN).exits(0);
        assert_eq!(ran.json()["accepted"], 20, "{status}");
        let faults = ran.json()["faults"].clone();
        let class = if status == 200 { "garbled" } else { "server-error" };
        assert_eq!(faults[class], 1, "{faults}");
    }
}

#[test]
fn a_pause_says_how_long_it_is() {
    let fake = Fake::start();
    let (_, ran) = run(&fake, 10, |_, before| match before {
        5..9 => retry_after(429, "1.8"),
        _ => Reply::Good,
    });
    let ran = ran.exits(0);
    let line =
        ran.stderr.lines().find(|line| line.contains("to wait")).unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(line.contains("1.8 s") || line.contains("1.7 s") || line.contains("2 s"), "{line}");
}

#[test]
fn a_server_that_never_answers_any_ask_is_given_up_when_patience_ends() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let project = Project::wide(&fake.url(), 6, ", timeout: 150ms, patience: 600ms");
    project
        .watch(&RUN)
        .finish_within(Duration::from_secs(5))
        .exits(1)
        .says("no answer within")
        .says("timeout");
    assert_eq!(status(&project)["stored"]["tombstones"], 0);
}

#[test]
fn a_request_that_was_given_up_leaves_the_server() {
    // A client that only stops listening leaves llama.cpp's slot generating.
    let fake = Fake::start();
    fake.latency(ms(25));
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::Hang(Duration::from_secs(30)),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 20, ", slots: 2, timeout: 200ms");
    watched(&project, &RUN).exits(0);
    assert!(fake.most_under_way() <= 2 + 5, "{}", fake.most_under_way());
}

#[test]
fn everything_at_once_still_makes_the_same_dataset() {
    let calm = Fake::start();
    let reference = Project::wide(&calm.url(), 15, "");
    watched(&reference, &RUN).exits(0);
    let fake = Fake::start();
    let (project, ran) = run(&fake, 15, |_, before| match before % 13 {
        2 => Reply::Truncated,
        4 => retry_after(429, "0.02"),
        6 => Reply::status(500, "hiccup"),
        8 => Reply::Raw("{}".into()),
        10 => retry_after(503, "0.02"),
        12 => Reply::status(500, "Context size has been exceeded."),
        _ => Reply::Good,
    });
    let summary = ran.exits(0).json();
    assert_eq!(
        (&summary["accepted"], &summary["failed"], &summary["open"]),
        (&30.into(), &0.into(), &0.into())
    );
    assert_eq!(project.read("out/wide/dataset.jsonl"), reference.read("out/wide/dataset.jsonl"));
}

// Slow servers, and how much at a time.

#[test]
fn an_ask_that_hangs_is_passed_over_until_the_timeout_changes() {
    let fake = Fake::start();
    fake.latency(ms(25));
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::Hang(Duration::from_secs(30)),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 40, ", timeout: 300ms");
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&80.into(), &1.into()));
    assert_eq!(summary["faults"]["timeout"], 2);
    fake.take_count();
    watched(&project, &RUN).exits(0);
    assert_eq!(fake.take_count(), 0);

    project.edit("wide.yaml", "300ms", "2s");
    fake.script(|_, _| Reply::Good);
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!(fake.take_count(), 1);
    assert_eq!((&summary["accepted"], &summary["failed"]), (&80.into(), &0.into()));
}

#[test]
fn nothing_is_sent_to_a_slot_that_works_on_what_was_given_up() {
    let fake = Fake::start();
    fake.model(|model| model.works_on = true);
    fake.latency(ms(25));
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::Hang(ms(2500)),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 40, ", timeout: 300ms");
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!((&summary["accepted"], &summary["faults"]["timeout"]), (&80.into(), &2.into()));
    assert_eq!(fake.piled(), 0);
}

#[test]
fn only_slots_that_there_are_are_named() {
    let fake = Fake::start();
    fake.latency(ms(20));
    let project = Project::wide(&fake.url(), 20, ", slots: 7");
    watched(&project, &RUN).exits(0);
    let slots: std::collections::BTreeSet<_> =
        fake.seen().iter().map(|seen| seen.body["id_slot"].as_u64()).collect();
    assert_eq!(slots, [None, Some(0), Some(1), Some(2), Some(3)].into());
}

#[test]
fn quick_refusals_do_not_end_a_run_whose_good_answers_take_their_time() {
    let fake = Fake::start();
    let (_project, ran) =
        run(&fake, 40, |seen, _| match seen.user().contains("2 with") || seen.user().contains("7 with") {
            true => Reply::status(400, "content filter"),
            false => Reply::Late(ms(300), Box::new(Reply::Good)),
        });
    let summary = ran.exits(4).json();
    // Every ask of a fifth of the topics is refused.
    assert_eq!(
        (&summary["open"], &summary["accepted"], &summary["failed"]),
        (&0.into(), &64.into(), &80.into())
    );
}

#[test]
fn an_ask_that_hangs_alone_does_not_keep_a_dataset_open_for_ever() {
    // A small grid: all others are done long before the first timeout.
    let fake = Fake::start();
    let is_it = first_ask("topic-01 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::Hang(Duration::from_secs(30)),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 4, ", timeout: 200ms");
    let ran = project.watch(&RUN).finish_within(Duration::from_secs(5)).exits(0);
    assert_eq!(ran.json()["accepted"], 8);
}

#[test]
fn waiting_in_our_own_queue_is_no_timeout() {
    let fake = Fake::start();
    fake.latency(ms(100));
    let project = Project::wide(&fake.url(), 5, ", slots: 1, timeout: 400ms");
    let summary = watched(&project, &RUN).exits(0).json();
    assert_eq!((&summary["accepted"], &summary["attempts"]), (&10.into(), &10.into()));
}

#[test]
fn slots_are_the_most_at_a_time() {
    for (endpoint, most) in [(", slots: 2", 2), ("", 4), (", slots: 7", 7)] {
        let fake = Fake::start();
        fake.latency(ms(20));
        let project = Project::wide(&fake.url(), 10, endpoint);
        watched(&project, &RUN).exits(0);
        assert_eq!(fake.most_under_way(), most, "{endpoint:?}");
    }
    let fake = Fake::start();
    fake.model(|model| model.slots = 3);
    fake.latency(ms(20));
    let project = Project::wide(&fake.url(), 10, ", slots: auto");
    watched(&project, &RUN).exits(0).says("3 at a time");
    assert_eq!(fake.most_under_way(), 3);
}

#[test]
fn requests_per_minute_spaces_them() {
    let fake = Fake::start();
    let project = Project::wide(&fake.url(), 7, ", requests_per_minute: 600");
    watched(&project, &RUN).exits(0);
    let seen = fake.seen();
    assert_eq!(seen.len(), 14);
    let whole = seen[13].at - seen[0].at;
    assert!(whole >= ms(1290), "14 sends within {whole:?}");
    // Arrival jitters, where the machine is busy; over six of them it matters little.
    for seven in seen.windows(7) {
        assert!(seven[6].at - seven[0].at >= ms(500), "{:?}", seven[6].at - seven[0].at);
    }
}

#[test]
fn a_crowded_server_gets_fewer_at_a_time() {
    let fake = Fake::start();
    fake.latency(ms(10));
    let crowded = Arc::new(AtomicUsize::new(0));
    // More than two within nine milliseconds are too many.
    let times = Mutex::new(Vec::<Instant>::new());
    let count = crowded.clone();
    let (project, ran) = run(&fake, 12, move |seen, _| {
        let mut times = times.lock().unwrap();
        times.retain(|at| seen.at - *at < ms(9));
        times.push(seen.at);
        match times.len() {
            0..=2 => Reply::Good,
            _ => {
                count.fetch_add(1, Ordering::SeqCst);
                Reply::status(500, "Context size has been exceeded.")
            }
        }
    });
    let summary = ran.exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&24.into(), &0.into()));
    assert!(crowded.load(Ordering::SeqCst) > 0);
    assert!(crowded.load(Ordering::SeqCst) < 24, "{} were refused", crowded.load(Ordering::SeqCst));
    assert_eq!(rows(&project), 24);
}

#[test]
fn an_ask_that_crowds_the_server_even_alone_is_passed_over() {
    let fake = Fake::start();
    let is_it = first_ask("topic-03 with joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::status(500, "Context size has been exceeded."),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 5, ", patience: 1s");
    let ran = project.watch(&RUN).finish_within(Duration::from_secs(5));
    assert_eq!(ran.exits(0).json()["failed"], 1);
}

// 200 that is no success.

#[test]
fn an_answer_that_is_no_good_is_rejected_by_name() {
    let blank = " ".repeat(200);
    let message = |message: Value| {
        Reply::Raw(
            json!({ "choices": [{ "index": 0, "finish_reason": "stop", "message": message }] }).to_string(),
        )
    };
    let choice = |text: &str, finish| Reply::Choices(vec![(text.to_owned(), finish)]);
    let cases = [
        (Reply::text(""), "empty"),
        (Reply::text(" \n "), "empty"),
        (Reply::text("{\"text\": \"\"}"), "empty"),
        (message(json!({ "role": "assistant", "content": null })), "empty"),
        (message(json!({ "content": "", "reasoning_content": "Let me think." })), "only-reasoning"),
        (message(json!({ "content": null, "reasoning": "Let me think." })), "only-reasoning"),
        (choice("{\"text\": \"I was so", "length"), "cut"),
        (choice(&format!("{{\"text\":{blank}"), "length"), "whitespace"),
        (choice(&blank, "length"), "whitespace"),
        (choice("{\"text\": \"hello there\"}", "content_filter"), "finish"),
        (Reply::text("Sure! Here is your post."), "not-json"),
        (Reply::text("{\"post\": \"hello\"}"), "schema"),
        (Reply::text("{\"text\": 3}"), "schema"),
        (Reply::text("{\"text\": \"hello there\", \"more\": 1}"), "schema"),
        (Reply::text("[\"hello\"]"), "schema"),
    ];
    let replies: Vec<_> = (0..cases.len())
        .map(|n| (first_ask(&format!("topic-{n:02} with joy")), cases[n].0.clone()))
        .collect();
    let fake = Fake::start();
    let (project, ran) = run(&fake, cases.len(), move |seen, _| {
        replies.iter().find(|(is_it, _)| is_it(seen)).map_or(Reply::Good, |(_, reply)| reply.clone())
    });
    let summary = ran.exits(0).json();
    assert_eq!(
        (&summary["accepted"], &summary["failed"], &summary["faults"]),
        (&30.into(), &0.into(), &json!({}))
    );
    // Each ask is replaced by one other, and by one only.
    assert_eq!(summary["attempts"], 45);
    let expected = json!({ "empty": 4, "only-reasoning": 2, "cut": 1, "whitespace": 2, "finish": 1, "not-json": 1, "schema": 4 });
    let sorted = |value: &Value| {
        value.as_object().unwrap().clone().into_iter().collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(sorted(&summary["rejected"]), sorted(&expected));
    let rejected = project.rows("out/wide/rejected.jsonl");
    assert_eq!(rejected.len(), cases.len());
    for (n, (reply, reason)) in cases.iter().enumerate() {
        let topic = format!("topic-{n:02}");
        let found: Vec<_> =
            rejected.iter().filter(|row| row["topic"] == *topic && row["mood"] == "joy").collect();
        assert_eq!(found.len(), 1, "{reply:?}");
        assert_eq!(found[0]["reason"], *reason, "{reply:?}");
    }
    assert_eq!(rows(&project), 30);
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let once = AtomicBool::new(false);
    let fake = Fake::start();
    let (_, ran) = run(&fake, 8, move |seen, _| {
        match seen.user().contains("topic-02 with joy") && !once.swap(true, Ordering::SeqCst) {
            true => Reply::Truncated,
            false => Reply::Good,
        }
    });
    let summary = ran.exits(0).json();
    assert_eq!(
        (&summary["accepted"], &summary["attempts"], &summary["failed"]),
        (&16.into(), &17.into(), &0.into())
    );
    assert_eq!(summary["faults"], json!({ "dropped": 1 }));
}

#[test]
fn an_answer_that_is_no_completion_is_asked_for_again() {
    let bodies =
        ["<html>login</html>", "{}", "", "{\"choices\": []}", "null", "{\"choices\": [{\"index\": 0}]}"];
    let once = Mutex::new(std::collections::HashSet::new());
    let fake = Fake::start();
    let (project, ran) = run(&fake, 8, move |seen, _| {
        let odd = (0..bodies.len()).find(|n| seen.user().contains(&format!("topic-{n:02} with joy")));
        match odd.filter(|n| once.lock().unwrap().insert(*n)) {
            Some(n) => Reply::Raw(bodies[n].to_owned()),
            None => Reply::Good,
        }
    });
    let summary = ran.exits(0).json();
    assert_eq!(summary["faults"], json!({ "garbled": 6 }));
    let got = ["accepted", "failed", "attempts"].map(|key| summary[key].as_u64().unwrap());
    // With one more where only those were left: a request that went through before was sent again.
    assert!(got == [16, 0, 22] || got == [16, 0, 23], "{got:?}");
    assert_eq!(status(&project)["stored"], json!({ "completions": 16, "tombstones": 0 }));
}

#[test]
fn an_error_within_a_200_is_no_answer() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 8, |_, before| match before {
        1 => Reply::Raw(json!({ "error": { "message": "upstream broke", "code": 502 } }).to_string()),
        _ => Reply::Good,
    });
    let ran = ran.exits(0);
    assert_eq!(ran.json()["accepted"], 16);
    assert_eq!(status(&project)["stored"]["completions"], 16);
    ran.says("upstream broke");
}

// Short.

#[test]
fn a_dataset_that_stays_short_says_so_and_allow_short_allows_it() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 10, |seen, _| match seen.user().contains("topic-03 with joy") {
        true => Reply::text("nothing of the sort"),
        false => Reply::Good,
    });
    let summary = ran.exits(4).json();
    assert_eq!(
        (&summary["accepted"], &summary["shortfall"], &summary["state"]),
        (&19.into(), &1.into(), &"short".into())
    );
    assert_eq!(summary["rejected"], json!({ "not-json": 5 }));
    assert_eq!(project.rows("out/wide/rejected.jsonl").len(), 5);
    fake.take_count();
    watched(&project, &["run", "wide.yaml"]).exits(4).says("topic topic-03: 1 of 2");
    watched(&project, &["run", "wide.yaml", "--set", "samples.allow_short=0.05"])
        .exits(0)
        .says("within allow_short");
    watched(&project, &["run", "wide.yaml", "--set", "samples.allow_short=0.04"]).exits(4);
    assert_eq!(fake.take_count(), 0);
}
