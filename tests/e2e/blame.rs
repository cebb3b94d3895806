//! Failures of one ask, which look like those of a server, and of a server, which look like those of one ask.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::fake::{Fake, Reply, first_ask};
use crate::faults::{RUN, ms, retry_after, rows, run, status, too_long, watched};
use crate::project::{Project, Ran, Running};

/// Runs a project of forty cells, one ask of which is always answered so.
fn one_of_forty(endpoint: &str, says: impl Fn() -> Reply + Send + Sync + 'static) -> (Fake, Project, Ran) {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| if is_it(seen) { says() } else { Reply::Good });
    let project = Project::wide(&fake.url(), 20, endpoint);
    let ran = watched(&project, &RUN);
    (fake, project, ran)
}

/// A gateway that gives up on one prompt, or a server behind it that this prompt ends.
#[test]
fn what_a_gateway_never_answers_is_passed_over() {
    for slots in [1, 4] {
        for code in [502, 503, 504, 404] {
            let (_fake, project, ran) = one_of_forty(&format!(", slots: {slots}, patience: 5s"), move || {
                Reply::status(code, "upstream")
            });
            let summary = ran.exits(0).json();
            assert_eq!((&summary["accepted"], &summary["failed"]), (&40.into(), &1.into()), "{code}");
            let class = match code {
                503 => "unavailable",
                404 => "not-found",
                _ => "gateway",
            };
            assert!((5..=7).contains(&summary["faults"][class].as_u64().unwrap()), "{}", summary["faults"]);
            assert_eq!(rows(&project), 40);
        }
    }
}

/// As an ask that a gateway's own time ends, it comes last, and what goes through tells of it.
#[test]
fn what_a_gateway_never_answers_is_passed_over_also_where_it_is_the_last() {
    let fake = Fake::start();
    let is_it = first_ask("topic-05 with joy");
    fake.script(move |seen, _| if is_it(seen) { Reply::status(504, "upstream") } else { Reply::Good });
    let project = Project::wide(&fake.url(), 20, ", slots: 1, patience: 5s");
    watched(&project, &[&RUN[..], &["--where", "topic=topic-01"]].concat()).exits(0);
    let summary =
        watched(&project, &[&RUN[..], &["--where", "topic=topic-05", "--where", "mood=joy"]].concat()).json();
    assert_eq!(summary["failed"], 1, "{summary}");
}

/// Some providers say so of a prompt that they will not have.
#[test]
fn one_ask_that_is_forbidden_is_passed_over() {
    for code in [401, 402, 403] {
        let fake = Fake::start();
        // As many are answered at once as are sent at a time.
        let is_it = first_ask("joy");
        fake.script(move |seen, before| match before >= 8 && seen.user().contains("joy") && is_it(seen) {
            true => Reply::status(code, "flagged"),
            false => Reply::Good,
        });
        let project = Project::wide(&fake.url(), 20, "");
        let summary = watched(&project, &RUN).exits(0).json();
        assert_eq!((&summary["accepted"], &summary["failed"]), (&40.into(), &1.into()), "{code}");
    }
}

#[test]
fn a_key_that_is_revoked_ends_the_run_with_the_fix() {
    for (code, says) in [(401, "api_key_env"), (403, "api_key_env"), (402, "balance")] {
        let fake = Fake::start();
        let (project, ran) = run(&fake, 20, move |_, before| match before {
            0..12 => Reply::Good,
            _ => Reply::status(code, "no more"),
        });
        ran.exits(1).says("no more").says(says);
        assert_eq!(rows(&project), 12);
        assert_eq!(status(&project)["stored"], json!({ "completions": 12, "tombstones": 0 }), "{code}");
        assert!(fake.seen().len() <= 12 + 20, "{code}: {} sends", fake.seen().len());
    }
}

#[test]
fn an_account_without_quota_ends_the_run_although_it_says_429() {
    let fake = Fake::start();
    let started = Instant::now();
    let (_, ran) = run(&fake, 20, |_, before| match before {
        0..12 => Reply::Good,
        _ => {
            let error = json!({ "message": "You exceeded your current quota", "type": "insufficient_quota",
                "code": "insufficient_quota" });
            Reply::Status(429, json!({ "error": error }).to_string(), vec![])
        }
    });
    ran.exits(1).says("balance");
    assert!(started.elapsed() < ms(8000), "{:?}", started.elapsed());
}

/// A server that was started again with too little context for anything.
#[test]
fn a_smaller_context_buries_no_more_than_a_few() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 40, |_, before| match before {
        0..20 => Reply::Good,
        _ => too_long(),
    });
    ran.exits(1).says("context");
    assert_eq!(rows(&project), 20);
    let stones = status(&project)["stored"]["tombstones"].as_u64().unwrap();
    assert!(stones < 8, "{stones} asks given up");
}

/// Most of what is sent goes through, so one answer speaks for itself alone.
#[test]
fn one_503_that_asks_for_long_ends_nothing() {
    let fake = Fake::start();
    let (project, ran) = run(&fake, 20, |_, before| match before {
        19 => retry_after(503, "1000"),
        _ => Reply::Good,
    });
    assert_eq!(ran.exits(4).json()["open"], 1);
    assert_eq!(rows(&project), 39);
}

#[test]
fn what_passes_by_itself_is_held_against_no_ask() {
    for code in [409, 423, 425, 499] {
        let fake = Fake::start();
        let (_, ran) = run(&fake, 20, move |_, before| match before % 10 {
            3 => Reply::status(code, "not yet"),
            _ => Reply::Good,
        });
        let summary = ran.exits(0).json();
        assert_eq!((&summary["accepted"], &summary["failed"]), (&40.into(), &0.into()), "{code}");
    }
}

/// A prompt of more tokens than a minute has is answered with 429 for ever.
#[test]
fn what_is_more_than_a_limit_allows_is_left_open() {
    let (_fake, project, ran) =
        one_of_forty(", patience: 2s", || Reply::status(429, "Request too large on tokens per min (TPM)"));
    let summary = ran.exits(4).says("left open").json();
    assert_eq!((&summary["open"], &summary["failed"]), (&1.into(), &0.into()));
    assert_eq!(rows(&project), 39);
}

#[test]
fn an_error_within_a_200_is_what_its_code_says() {
    let fake = Fake::start();
    let (_, ran) = run(&fake, 10, |_, before| match before % 4 {
        0 => Reply::Raw(json!({ "error": { "code": 429, "message": "slow down" } }).to_string()),
        _ => Reply::Good,
    });
    let summary = ran.exits(0).json();
    assert_eq!((&summary["accepted"], &summary["failed"]), (&20.into(), &0.into()));
    assert!(summary["faults"]["rate-limited"].as_u64() >= Some(5), "{}", summary["faults"]);
}

/// An ask that a limit never lets through, and that nothing else is left beside, is no server that is away: it is left
/// open, and no trial of the server is told as its coming back.
#[test]
fn the_very_last_ask_that_is_always_put_off_is_left_open() {
    let fake = Fake::start();
    fake.script(|seen, before| match before >= 39 && seen.body["max_tokens"] != 1 {
        true => retry_after(429, "4"),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 20, ", slots: 1, patience: 6s");
    let ran = Running::start(project.command(&RUN)).finish_within(Duration::from_secs(40));
    let ran = ran.exits(4).says("left open");
    let summary = ran.json();
    assert_eq!((&summary["verdict"], &summary["accepted"]), (&json!("LOOK"), &json!(39)), "{summary}");
    assert!(!ran.stderr.contains("it is back"), "{}", ran.stderr);
    assert_eq!(rows(&project), 39);
}
