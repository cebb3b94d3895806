//! What a night's log tells of failures, and of endpoints that come and go.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, first_ask};
use crate::faults::{RUN, ms, retry_after, run};
use crate::project::{Project, Running, until};

fn events(project: &Project, name: &str, event: &str) -> Vec<Value> {
    let lines = project.rows(&format!("out/{name}/log.jsonl"));
    lines.into_iter().filter(|line| line["event"] == event).collect()
}

/// What was decided about each failure, and for how long it waits, can be read from the log alone.
#[test]
fn each_failure_is_logged_with_what_was_decided() {
    let fake = Fake::start();
    let is_it = first_ask("topic-03 with joy");
    let (project, ran) = run(&fake, 10, move |seen, before| match before {
        9 => Reply::status(500, "broken"),
        11 => retry_after(429, "1"),
        _ if is_it(seen) => Reply::status(400, "I do not like it"),
        _ => Reply::Good,
    });
    ran.exits(0);
    let faults = events(&project, "wide", "fault");
    let told = |class: &str| {
        let fault = faults.iter().find(|fault| fault["class"] == class).unwrap();
        assert!(fault["cell"].as_str().unwrap().contains("topic-"), "{fault}");
        assert!(
            fault["fingerprint"].is_string() && fault["ask"].is_u64() && fault["error"].is_string(),
            "{fault}"
        );
        assert_eq!(fault["endpoint"], "fake");
        [&fault["then"], &fault["decision"], &fault["wait_ms"]].map(Value::clone)
    };
    assert_eq!(told("server-error"), [json!("again"), json!("retry"), json!(125)]);
    assert_eq!(told("rate-limited"), [json!("again"), json!("retry"), json!(1000)]);
    let given_up = faults.iter().rfind(|fault| fault["class"] == "refused").unwrap();
    assert_eq!(
        (&given_up["then"], &given_up["decision"]),
        (&json!("given-up"), &json!("give-up")),
        "{given_up}"
    );
    assert_eq!(given_up["wait_ms"], Value::Null);
}

/// A server that goes and comes back, in the log as on the screen.
#[test]
fn an_endpoint_that_goes_away_and_comes_back_is_logged_as_that() {
    let fake = Fake::start();
    fake.latency(ms(15));
    let port = fake.address.port();
    let project = Project::wide(&fake.url(), 20, "");
    let running = project.watch(&RUN);
    until("ten requests", || fake.seen().len() >= 10, String::new);
    drop(fake);
    // That takes longer than nobody would miss it.
    running.until_says("waiting for the server for 3");
    let _fake = Fake::start_at(port, Model::default());
    let ran = running.finish().exits(0).says("it is back");
    assert_eq!(ran.stderr.matches("it is back").count(), 1, "{}", ran.stderr);
    let (away, back) = (events(&project, "wide", "away"), events(&project, "wide", "back"));
    assert_eq!((away.len(), back.len()), (1, 1), "{away:?} {back:?}");
    assert_eq!((&away[0]["endpoint"], &back[0]["endpoint"]), (&json!("fake"), &json!("fake")));
    assert!(away[0]["error"].is_string(), "{away:?}");
    assert!(back[0]["after"].as_f64() > Some(3.0), "{back:?}");
    let faults = events(&project, "wide", "fault");
    assert!(faults.iter().any(|fault| fault["decision"] == "away" && fault["then"] == "again"), "{faults:?}");
}

/// Two endpoints of one model, of which one takes no key, and one forgets what it was sent last.
#[test]
fn what_is_set_aside_or_sent_twice_is_logged_with_its_endpoints() {
    let (a, b, refusing) = (Fake::start(), Fake::start(), Fake::start());
    refusing.script(|_, _| Reply::status(401, "no such key"));
    let hung = std::sync::atomic::AtomicBool::new(false);
    a.latency(ms(20));
    b.latency(ms(20));
    b.script(move |_, _| match hung.swap(true, std::sync::atomic::Ordering::Relaxed) {
        false => Reply::Hang(Duration::from_secs(60)),
        true => Reply::Good,
    });
    let project = Project::wide(&a.url(), 20, "");
    let more = format!("endpoints: {{ b: {{ url: '{}' }}, shut: {{ url: '{}' }},", b.url(), refusing.url());
    project.edit("wide.yaml", "endpoints: {", &more);
    let ran = Running::start(project.command(&RUN)).finish().exits(0);
    assert_eq!(ran.json()["hedged"], 1, "{}", ran.stdout);
    let hedged = events(&project, "wide", "hedged");
    assert_eq!(hedged.len(), 1, "{hedged:?}");
    assert_eq!((&hedged[0]["endpoint"], &hedged[0]["from"]), (&json!("fake"), &json!("b")));
    assert!(
        hedged[0]["cell"].as_str().unwrap().contains("topic-") && hedged[0]["ask"].is_u64(),
        "{hedged:?}"
    );
    let aside = events(&project, "wide", "aside");
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(aside[0]["endpoint"], "shut");
    assert!(aside[0]["error"].as_str().unwrap().contains("401"), "{aside:?}");
    let faults = events(&project, "wide", "fault");
    let stop = faults.iter().find(|fault| fault["decision"] == "stop").unwrap();
    assert_eq!((&stop["endpoint"], &stop["then"]), (&json!("shut"), &json!("aside")));
}
