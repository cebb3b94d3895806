//! Runs that end before their work is done, and what they leave.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fake::{Fake, Model, Reply, free_port};
use crate::project::{Project, Running, until};

const CONFIG: &str = "\
name: night
endpoints: { fake: { url: URL, slots: 4 } }
prompt: { user: 'Write about {{ topic }} with {{ mood }}.' }
grid:
  axes:
    mood: { label: true, values: [joy, anger] }
    topic: [TOPICS]
samples: { per_cell: 5, max_asks: 9 }
";

fn project(fake: &Fake, topics: usize) -> Project {
    let topics: Vec<_> = (0..topics).map(|n| format!("topic-{n:02}")).collect();
    let project = Project::new();
    project.write("night.yaml", &CONFIG.replace("URL", &fake.url()).replace("TOPICS", &topics.join(", ")));
    project
}

/// Rows of each cell.
fn by_cell(project: &Project) -> BTreeMap<String, usize> {
    let mut out = BTreeMap::new();
    for row in project.rows("out/night/dataset.jsonl") {
        *out.entry(format!("{} {}", row["mood"], row["topic"])).or_default() += 1;
    }
    out
}

#[test]
fn a_run_that_stops_by_its_budget_is_balanced_and_goes_on_where_it_stopped() {
    let fake = Fake::start();
    let night = project(&fake, 10);
    let ran = night.emogrid(&["run", "night.yaml", "--json", "--max-requests", "50"]).exits(3);
    let summary = ran.json();
    assert_eq!((&summary["state"], &summary["stopped_by"]), (&json!("stopped"), &json!("max_requests")));
    assert_eq!((fake.take_count(), &summary["accepted"]), (50, &json!(50)));
    let cells = by_cell(&night);
    assert!(cells.len() == 20 && cells.values().all(|rows| (2..=3).contains(rows)), "{cells:?}");
    night.emogrid(&["run", "night.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 50);
    // A whole run makes the same.
    let dataset = night.read("out/night/dataset.jsonl");
    let whole = project(&fake, 10);
    whole.emogrid(&["run", "night.yaml"]).exits(0);
    assert_eq!(whole.read("out/night/dataset.jsonl"), dataset);
}

#[test]
fn a_run_ends_on_time_and_begins_nothing_that_would_end_later() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(300));
    let night = project(&fake, 20);
    let started = Instant::now();
    let ran = night.watch(&["run", "night.yaml", "--json", "--for", "2s"]).finish().exits(3);
    let took = started.elapsed();
    assert!(took < Duration::from_millis(3500), "{took:?}");
    let summary = ran.json();
    assert_eq!(summary["stopped_by"], "for");
    // All that was sent was waited for and kept.
    assert_eq!(summary["attempts"], summary["requests"]);
    assert_eq!(summary["accepted"].as_u64().unwrap(), fake.take_count() as u64);
}

#[test]
fn a_request_that_hangs_does_not_keep_a_run_beyond_its_end() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        3 => Reply::Hang(Duration::from_secs(60)),
        _ => Reply::Good,
    });
    fake.latency(Duration::from_millis(20));
    let night = project(&fake, 4);
    let started = Instant::now();
    let ran = night.watch(&["run", "night.yaml", "--json", "--for", "3s"]).finish().exits(3);
    assert!(started.elapsed() < Duration::from_secs(6));
    ran.says("1 request under way left");
    night.emogrid(&["run", "night.yaml"]).exits(0);
    assert_eq!(by_cell(&night).values().sum::<usize>(), 40);
}

#[test]
fn without_a_limit_what_a_cell_needs_for_sure_is_asked_together() {
    let fake = Fake::start();
    let night = project(&fake, 3);
    let summary =
        night.emogrid(&["run", "night.yaml", "--json", "--set", "endpoints.fake.slots=1"]).exits(0).json();
    assert_eq!((fake.seen().len(), &summary["surplus"]), (30, &json!(0)));
    let prompts: Vec<String> = fake.seen().iter().map(|seen| seen.user()).collect();
    let changes = prompts.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert_eq!(changes, 5, "{prompts:?}");
}

/// What waits is sent while the dataset is worked out, however long that takes.
#[test]
fn requests_go_on_while_a_run_evaluates() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(20));
    let night = project(&fake, 4);
    let go_on = night.path().join("go-on");
    let mut command = night.command(&["run", "night.yaml", "--json"]);
    command.env("EMOGRID_WAIT_AT", format!("evaluation:{}", go_on.display()));
    let running = Running::start(command);
    until("all that waits", || fake.seen().len() == 40, || fake.seen().len().to_string());
    assert!(!night.path().join("out/night/dataset.jsonl").exists());
    night.write("go-on", "");
    assert_eq!(running.finish().exits(0).json()["accepted"], 40);
}

#[test]
fn alike_prompts_go_to_one_slot_each() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(10));
    let night = project(&fake, 20);
    night.emogrid(&["run", "night.yaml"]).exits(0);
    let mut by_slot: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for seen in fake.seen() {
        by_slot.entry(seen.body["id_slot"].as_u64().unwrap()).or_default().push(seen.user());
    }
    assert_eq!(by_slot.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
    let topic = |prompt: &String| prompt.split(' ').nth(2).unwrap().to_owned();
    for (slot, prompts) in &by_slot {
        let changes = prompts.windows(2).filter(|pair| topic(&pair[0]) != topic(&pair[1])).count();
        assert!(changes <= 8, "slot {slot} went from topic to topic {changes} times in {}", prompts.len());
    }
    // A server that tells no slots is not told one.
    let named = Fake::start_at(0, crate::fake::Model { llama: false, ..Default::default() });
    let other = project(&named, 2);
    other.emogrid(&["run", "night.yaml"]).exits(0);
    assert!(named.seen().iter().all(|seen| seen.body.get("id_slot").is_none()));
}

#[test]
fn a_run_is_paused_and_goes_on_and_is_drained() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(40));
    let night = project(&fake, 20);
    let ctl = |args: &[&str]| night.emogrid(&[&["ctl"], args].concat());
    ctl(&["status"]).exits(1).says("no run goes on in this project");
    ctl(&["pause", "night.yaml"]).exits(1).says("no run of `night` goes on");
    let running = night.watch(&["run", "night.yaml", "--json"]);
    until("some requests", || fake.seen().len() > 6, String::new);
    let status = ctl(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (&status["name"], &status["state"], &status["wanted"]),
        (&json!("night"), &json!("running"), &json!(200))
    );
    assert_eq!(status["endpoints"][0]["at_a_time"], 4);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let socket = night.path().join(".emogrid/night.sock").metadata().unwrap();
        assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    }
    let text = ctl(&["pause", "night.yaml"]).exits(0).stdout;
    assert!(text.starts_with("night: paused") && text.contains("  fake: there, "), "{text}");
    let none_under_way = || ctl(&["status", "--json"]).json()["under_way"] == 0;
    until("what was under way", none_under_way, String::new);
    let paused_at = fake.seen().len();
    for _ in 0..5 {
        ctl(&["status"]).exits(0);
    }
    assert_eq!(fake.seen().len(), paused_at, "something was sent in a pause");
    ctl(&["concurrency", "1", "--endpoint", "nobody"])
        .exits(1)
        .says("there is no such endpoint; they are fake");
    let set = ctl(&["concurrency", "99", "--json"]).exits(0);
    let status = set.json();
    assert_eq!(status["endpoints"][0]["at_a_time"], 4);
    assert_eq!(status["notes"], json!(["fake: 4 at a time, not 99: `endpoints.fake.slots` lets no more"]));
    set.says("fake: 4 at a time, not 99");
    ctl(&["concurrency", "0"]).exits(2).says("`emogrid ctl pause` does that");
    assert_eq!(ctl(&["concurrency", "2", "--json"]).exits(0).json()["endpoints"][0]["at_a_time"], 2);
    ctl(&["resume"]).exits(0);
    until("more requests", || fake.seen().len() > paused_at + 4, String::new);
    ctl(&["drain"]).exits(0);
    let ran = running.finish().exits(3);
    assert_eq!(
        (&ran.json()["stopped_by"], &ran.json()["attempts"]),
        (&json!("drain"), &ran.json()["requests"])
    );
    assert!(!night.path().join(".emogrid/night.sock").exists());
    // With the number that it was told, and not with more.
    let after: Vec<_> =
        fake.seen()[paused_at..].iter().map(|seen| seen.body["id_slot"].as_u64().unwrap()).collect();
    assert!(after.iter().all(|slot| *slot < 2), "{after:?}");
}

#[test]
fn a_second_run_waits_for_the_first_where_it_is_told_to() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(60));
    let night = project(&fake, 5);
    let first = night.watch(&["run", "night.yaml", "--json"]);
    until("the first", || fake.seen().len() > 2, String::new);
    // It is no run of its own, and somebody is told all the same: the first may hang.
    let told = "notify={ command: 'cat > told.json; echo \"$EMOGRID_HEADLINE\" > told', when: look }";
    let args = ["run", "night.yaml", "--json", "--set", told, "--set", "run.metrics=night.prom"];
    let overlap = night.emogrid(&args).exits(4);
    let says = format!("another run of `night` is going on (process {}, since 20", first.id());
    let overlap = overlap.says(&says).says(" UTC)").says("`--wait` for it");
    let summary = night.value("told.json");
    assert_eq!(summary, overlap.json());
    assert_eq!((&summary["verdict"], &summary["exit_code"]), (&json!("LOOK"), &json!(4)));
    let headline = summary["headline"].as_str().unwrap();
    assert!(headline.starts_with("LOOK night: ") && headline.contains(&says), "{headline}");
    assert_eq!(night.read("told"), format!("{headline}\n"));
    let finding = &summary["findings"][0];
    assert!(finding["cause"].as_str().unwrap().contains(" has been at it for "), "{finding}");
    assert_eq!(finding["key"], "run.until");
    assert!(!night.path().join("out/night/runs").exists());
    std::fs::remove_file(night.path().join("told")).unwrap();
    assert_eq!(night.emogrid(&["ctl", "status", "--json"]).exits(0).json()["state"], "running");
    let second = night.watch(&["run", "night.yaml", "--json", "--wait"]);
    second.until_says("waiting for its end");
    assert_eq!(first.finish().exits(0).json()["requests"], 50);
    assert_eq!(second.finish().exits(0).json()["requests"], 0);
    let runs = night.emogrid(&["runs", "night.yaml", "--json"]).exits(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    assert!(!night.read("out/night/log.jsonl").contains("LOST"));
    assert!(!night.path().join("night.prom").exists() && !night.path().join("told").exists());
}

/// What the last audit took is kept free at the end, but for half of the time at the most.
#[test]
fn what_is_to_be_done_at_the_end_counts_as_time() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(50));
    let night = project(&fake, 40);
    night.emogrid(&["run", "night.yaml", "--max-requests", "8"]).exits(3);
    let asked_for = |audit: &str, lasts: &str| {
        let store = rusqlite::Connection::open(night.path().join(".emogrid/store.db")).unwrap();
        let set = "UPDATE run SET summary = json_set(summary, '$.audit_seconds', json(?1))";
        store.execute(set, [audit]).unwrap();
        drop(store);
        let ran = night.emogrid(&["run", "night.yaml", "--json", "--for", lasts]).exits(3);
        assert_eq!(ran.json()["stopped_by"], "for");
        ran.json()["asking_seconds"].as_f64().unwrap()
    };
    let kept_free = asked_for("2.0", "5s");
    assert!((1.5..3.3).contains(&kept_free), "{kept_free}");
    let half = asked_for("1000.0", "3s");
    assert!((0.9..1.8).contains(&half), "{half}");
}

/// The first line of the last run's page.
fn headline(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path().join("out/night/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    let page = std::fs::read_to_string(last.join("summary.md")).unwrap();
    page.lines().next().unwrap().to_owned()
}

#[test]
fn no_wait_goes_beyond_the_end() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(300));
    let night = project(&fake, 20);
    let first = night.watch(&["run", "night.yaml"]);
    until("the first", || fake.seen().len() > 2, String::new);
    // For another run.
    let second = night.watch(&["run", "night.yaml", "--wait", "--for", "1s"]);
    second.until_says("waiting for its end");
    second.finish().exits(3).says("its time went by waiting for another run of this name");
    assert!(headline(&night).starts_with("LOOK night: "), "{}", headline(&night));
    night.emogrid(&["ctl", "drain"]).exits(0);
    first.finish().exits(3);
    // For a server.
    let dead = format!("endpoints.fake=http://127.0.0.1:{}", free_port());
    let third = night.watch(&["run", "night.yaml", "--set", &dead, "--for", "1s"]);
    third.finish().exits(3).says("waiting for http");
    let last = headline(&night);
    assert!(last.ends_with("; its time went by waiting for endpoint `fake`"), "{last}");
}

#[test]
fn a_run_that_waits_for_its_server_is_spoken_to() {
    let fake = Fake::start();
    let night = project(&fake, 2);
    night.emogrid(&["run", "night.yaml", "--max-requests", "4"]).exits(3);
    let dead = format!("endpoints.fake=http://127.0.0.1:{}", free_port());
    let waiting = night.watch(&["run", "night.yaml", "--set", &dead]);
    waiting.until_says("waiting for http");
    let ctl = |args: &[&str]| night.emogrid(&[&["ctl"], args].concat());
    let status = ctl(&["status", "--json"]).exits(0).json();
    assert_eq!(
        (&status["state"], &status["rows"], &status["wanted"]),
        (&json!("waiting"), &json!(4), &json!(20))
    );
    assert_eq!(status["endpoints"][0]["state"], "awaited");
    ctl(&["pause"]).exits(1).says("it waits for its endpoints, and asks nothing yet");
    ctl(&["drain"]).exits(0);
    waiting.finish().exits(3);
    let says = "LOOK night: 4 of 20 rows; it was stopped while it waited for endpoint `fake`";
    assert_eq!(headline(&night), says);
}

#[cfg(unix)]
#[test]
fn a_run_that_does_not_answer_is_said_to() {
    let fake = Fake::start();
    let night = project(&fake, 2);
    std::fs::create_dir(night.path().join(".emogrid")).unwrap();
    night.write(".emogrid/night.lock", "");
    let listener = std::os::unix::net::UnixListener::bind(night.path().join(".emogrid/night.sock")).unwrap();
    // Hangs up in the middle of a word.
    let answers = std::thread::spawn(move || {
        use std::io::Write;
        for stream in listener.incoming().take(2) {
            let _ = stream.unwrap().write_all(b"{\"name\"");
        }
    });
    let ran = night.emogrid(&["ctl", "status"]).exits(1);
    assert!(ran.stderr.contains("cannot speak to the run of `night`: "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("output"), "{}", ran.stderr);
    answers.join().unwrap();
}

/// A limit is the server's: it knows nothing of runs.
#[test]
fn a_minute_s_limit_holds_over_runs_that_follow_one_another_or_run_at_the_same_time() {
    let fake = Fake::start();
    let night = project(&fake, 10);
    let limits = ["--set", "endpoints.fake.requests_per_minute=9", "--set", "endpoints.fake.burst=9"];
    let run = |more: &[&'static str]| [&["run", "night.yaml"], &limits[..], more].concat();
    night.emogrid(&run(&["--max-requests", "4"])).exits(3);
    assert_eq!(fake.take_count(), 4);
    let killed = night.watch(&run(&[]));
    until("two more are sent", || fake.seen().len() >= 2, String::new);
    killed.signal(libc::SIGKILL);
    killed.finish();
    let before = fake.seen().len();
    let beside =
        [night.watch(&run(&["--for", "3s"])), night.watch(&run(&["--for", "3s", "--set", "name=other"]))];
    for run in beside {
        run.finish().exits(3);
    }
    assert!(before < 9 || fake.seen().len() == 5, "{before} of five");
    assert_eq!(fake.take_count(), 5, "nine in a minute");
}

/// Which limit holds which endpoint is said once, and stands on the page.
#[test]
fn a_limit_that_holds_is_named_once_with_its_endpoint() {
    let fake = Fake::start();
    let night = project(&fake, 10);
    let limit =
        ["run", "night.yaml", "--json", "--for", "4s", "--set", "endpoints.fake.requests_per_minute=60"];
    let ran = night.emogrid(&limit).exits(3);
    let says = "`fake` is held to 60 requests a minute (`endpoints.fake.requests_per_minute`)";
    assert_eq!(ran.stderr.matches("held to").count(), 1, "{}", ran.stderr);
    let summary = ran.json();
    assert_eq!(summary["verdict"], "OK", "{summary}");
    let held = summary["endpoints"]["fake"]["held"]["requests_per_minute"].as_f64().unwrap();
    assert!(held > 0.8, "{held}");
    let folder = std::fs::read_dir(night.path().join("out/night/runs")).unwrap().next().unwrap().unwrap();
    let page = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(page.contains(" % held by `requests_per_minute`"), "{page}");
    ran.says(says);
}

/// The cause counts all cells, also those that are not shown.
#[test]
fn the_cause_of_cells_that_cannot_be_filled_is_that_of_all_of_them() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::text(r#"{"text": "no"}"#));
    let night = project(&fake, 12);
    night.edit(
        "night.yaml",
        "samples: { per_cell: 5, max_asks: 9 }",
        "checks: { words: [3, 60] }\nsamples: { per_cell: 2, max_asks: 2 }",
    );
    let summary = night.emogrid(&["run", "night.yaml", "--json"]).exits(4).json();
    assert_eq!(summary["exhausted"].as_array().map(Vec::len), Some(20));
    assert_eq!(summary["exhausted_rejected"], json!({ "words": 48 }), "{summary}");
}

/// What is left of a budget, where one more request may need more than that, is not used up.
#[test]
fn a_budget_without_room_for_one_more_says_what_is_left_of_it() {
    let fake = Fake::start();
    let night = project(&fake, 10);
    let ran = night.emogrid(&["run", "night.yaml", "--json", "--token-budget", "700"]).exits(3);
    let summary = ran.json();
    assert_eq!(summary["stopped_by"], "token_budget");
    let of = |key: &str| summary[key].as_u64().unwrap();
    let left = 700 - of("prompt_tokens") - of("completion_tokens");
    let needs = summary["needed"]["tokens"].as_u64().unwrap();
    assert!(left > 0 && needs > left, "{summary}");
    let ran = ran.says(&format!(
        "`run.token_budget` has {left} of 700 left, and one more request may take {needs} tokens"
    ));
    assert!(!ran.stderr.contains("used up"), "{}", ran.stderr);
}

/// While one run is about to send, another that shares its limit sends nothing that it could not count.
#[test]
fn two_runs_that_send_at_the_same_moment_keep_to_one_limit() {
    let fake = Fake::start();
    let night = project(&fake, 10);
    night.edit("night.yaml", "slots: 4", "slots: 4, requests_per_minute: 5, burst: 5");
    night.write("other.yaml", &night.read("night.yaml").replace("name: night", "name: other"));
    let go = night.path().join("go");
    let mut first = night.command(&["run", "night.yaml", "--for", "6s"]);
    first.env("EMOGRID_WAIT_AT", format!("heard:{}", go.display()));
    let first = Running::start(first);
    first.until_says("to go");
    night.emogrid(&["run", "other.yaml", "--for", "2s"]).exits(3);
    std::fs::write(&go, "").unwrap();
    first.finish().exits(3);
    let sent = fake.take_count();
    assert!((1..=5).contains(&sent), "{sent} at a limit of 5");
}

/// What comes to no server is no request: one that is started again within `patience` gets all that were to be sent.
#[test]
fn refused_connections_use_up_no_request() {
    let two = || Model { slots: 2, ..Model::default() };
    let fake = Fake::start_at(0, two());
    let port = fake.address.port();
    fake.script(|_, _| Reply::Hang(Duration::from_secs(60)));
    let project = Project::small(&fake.url());
    let running = project.watch(&["run", "small.yaml", "--max-requests", "6"]);
    until("two requests", || fake.seen().len() == 2, String::new);
    drop(fake);
    running.until_says("unreachable: ");
    let fake = Fake::start_at(port, two());
    let ran = running.finish().exits(3).says("all requests of this run are sent (`max_requests`)");
    // Some more may have come to the server while it ended.
    let answered = fake.take_count();
    assert!((1..=4).contains(&answered), "{}", ran.stderr);
    let told = ran.stderr.lines().find(|line| line.starts_with("answers ")).unwrap();
    let sent = format!("{answered} asked, 0 reused, 6 sent in all, ");
    assert!(told.contains(&sent) && told.ends_with(" came to no server"), "{told}");
}
