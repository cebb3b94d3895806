//! A server that is replaced while a run goes on: by one with another model, or with other slots and context.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::fake::{Fake, Model, Reply, Seen, first_ask, good};
use crate::project::{Project, Ran, Running, until};

const RUN: [&str; 3] = ["run", "wide.yaml", "--json"];

fn stranger(model: &mut Model) {
    model.file = "stranger.gguf".into();
}

/// It ended as it should where another model has come: nothing was asked of that, and no row is its.
#[track_caller]
fn met_a_stranger(fake: &Fake, project: &Project, running: Running, asked: usize) -> Ran {
    let ran =
        running.finish().exits(1).says("the run is for `fake-1b`, and the server came back with `stranger`");
    assert_eq!(fake.seen().len(), asked, "the other was asked");
    let rows = project.rows("out/wide/dataset.jsonl");
    assert!(rows.len() <= asked && rows.iter().all(|row| row["model"] == "fake-1b"), "{rows:?}");
    ran
}

#[test]
fn a_model_swapped_in_a_pause_answers_nothing() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(30));
    let project = Project::wide(&fake.url(), 40, "");
    let running = project.watch(&RUN);
    until("some requests", || fake.seen().len() > 6, String::new);
    let ctl = |args: &[&str]| project.emogrid(&[&["ctl"], args].concat()).exits(0);
    ctl(&["pause"]);
    until("what was under way", || ctl(&["status", "--json"]).json()["under_way"] == 0, String::new);
    let asked = fake.seen().len();
    fake.model(stranger);
    ctl(&["resume"]);
    met_a_stranger(&fake, &project, running, asked);
    // With the right one it goes on.
    fake.model(|model| model.file = Model::default().file);
    project.emogrid(&RUN).exits(0);
    assert_eq!(fake.seen().len(), 80);
}

/// Nobody says that it was paused where the server itself asked to be left alone.
#[test]
fn a_model_swapped_while_a_server_is_left_alone_answers_nothing() {
    let fake = Fake::start();
    fake.script(|_, before| match before {
        6 => Reply::Status(429, String::new(), vec![("retry-after", "4".into())]),
        _ => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 40, ", slots: 1");
    let running = project.watch(&RUN);
    until("the request that is put off", || fake.seen().len() == 7, String::new);
    fake.model(stranger);
    met_a_stranger(&fake, &project, running, 7);
}

/// Answers whose `model` is what `name` says of each.
fn naming(fake: &Fake, name: impl Fn(&Seen) -> Value + Send + Sync + 'static) {
    fake.script(move |seen, _| {
        let mut answer: Value = serde_json::from_str(&good(&seen.body)).unwrap();
        answer["model"] = name(seen);
        Reply::Raw(answer.to_string())
    });
}

/// Without any pause an answer's own word tells, and before it is stored.
#[test]
fn an_answer_that_names_another_model_is_not_stored_as_the_one_s() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(20));
    let (swapped, theirs) = (Arc::new(Mutex::new(false)), Arc::new(AtomicUsize::new(0)));
    let (is_swapped, count) = (swapped.clone(), theirs.clone());
    naming(&fake, move |_| match *is_swapped.lock().unwrap() {
        false => "/models/fake-1b.gguf".into(),
        true => {
            count.fetch_add(1, Ordering::SeqCst);
            "/models/stranger.gguf".into()
        }
    });
    let project = Project::wide(&fake.url(), 40, ", price: { prompt: 0, completion: 1000 }");
    let running = project.watch(&[&RUN[..], &["--set", "sampling.max_tokens=100"]].concat());
    until("some answers", || fake.seen().len() > 10, String::new);
    {
        let mut swapped = swapped.lock().unwrap();
        fake.model(stranger);
        *swapped = true;
    }
    let ran = running.finish().exits(1).says("came back with `stranger`");
    let theirs = theirs.load(Ordering::SeqCst);
    let own = fake.seen().len() - theirs;
    assert!((1..=4).contains(&theirs), "{theirs}");
    let status = project.emogrid(&["status", "wide.yaml", "--json"]).exits(0).json();
    assert_eq!(status["stored"]["completions"], own, "{}", ran.stderr);
    // They were paid for all the same.
    let untold = ran.json()["cost"]["untold"].as_f64().unwrap();
    assert!((untold - 0.1 * theirs as f64).abs() < 1e-9, "{untold} for {theirs}");
}

/// A router names snapshots of one model as it likes: that is looked into a few times, and costs no answer.
#[test]
fn one_model_under_many_names_is_one_model() {
    for many in [false, true] {
        let fake = Fake::start();
        let named = AtomicUsize::new(0);
        naming(&fake, move |_| {
            let so_far = named.fetch_add(1, Ordering::SeqCst);
            match (many, so_far % 5) {
                (true, _) => format!("snapshot-{so_far}").into(),
                (false, 0) => Value::Null,
                (false, 1) => 17.into(),
                (false, _) => format!("snapshot-{}", so_far % 2).into(),
            }
        });
        let project = Project::wide(&fake.url(), 40, "");
        let summary = project.emogrid(&RUN).exits(0).json();
        assert_eq!((&summary["requests"], &summary["attempts"]), (&80.into(), &80.into()), "{summary}");
        let looks = fake.take_looks();
        assert!((2..=16).contains(&looks), "{looks} looks");
    }
}

fn with(slots: u32) -> Model {
    Model { slots, ..Model::default() }
}

/// Runs with so many slots, and goes on with so many others once the server was started again.
fn restarted(before: u32, after: u32) -> (Fake, Ran) {
    let fake = Fake::start_at(0, with(before));
    fake.latency(Duration::from_millis(30));
    let (port, project) = (fake.address.port(), Project::wide(&fake.url(), 60, ""));
    let running = project.watch(&RUN);
    until("some requests", || fake.seen().len() > 8, String::new);
    drop(fake);
    running.until_says("unreachable: ");
    let fake = Fake::start_at(port, with(after));
    fake.latency(Duration::from_millis(30));
    let ran = running.finish().exits(0).says(&format!("it takes up to {after} at a time now, not {before}"));
    assert_eq!(ran.json()["accepted"], 120);
    (fake, ran)
}

#[test]
fn a_server_that_comes_back_with_other_slots_gets_as_many_as_it_has() {
    for (before, after) in [(2, 8), (8, 2)] {
        let (fake, _) = restarted(before, after);
        assert!(fake.most_under_way() <= after as usize, "{} of {after}", fake.most_under_way());
        assert!(fake.most_under_way() > after as usize / 2, "{} of {after}", fake.most_under_way());
        let slots: Vec<u64> = fake.seen().iter().filter_map(|seen| seen.body["id_slot"].as_u64()).collect();
        assert!(slots.len() > 40 && slots.iter().all(|slot| *slot < after.into()), "{slots:?}");
        assert!(slots.contains(&(u64::from(after) - 1)), "{slots:?}");
    }
}

/// What was given up for a smaller context is asked again when it has grown.
#[test]
fn what_is_given_up_after_a_restart_is_held_against_the_context_of_then() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(20));
    let (port, project) = (fake.address.port(), Project::wide(&fake.url(), 30, ", slots: 1"));
    let running = project.watch(&RUN);
    until("some requests", || fake.seen().len() > 4, String::new);
    let seen = fake.seen();
    drop(fake);
    running.until_says("unreachable: ");
    let fake = Fake::start_at(port, Model { context: 256, ..Model::default() });
    let topic = (0..30)
        .map(|n| format!("topic-{n:02}"))
        .find(|topic| !seen.iter().any(|seen| seen.user().contains(topic)));
    let is_it = first_ask(&topic.expect("few were asked"));
    fake.script(move |seen, _| match is_it(seen) {
        true => {
            let error = serde_json::json!({ "error": { "code": 400, "type": "exceed_context_size_error",
                "n_prompt_tokens": 300, "n_ctx": 256, "message": "the request exceeds the available context size" } });
            Reply::Status(400, error.to_string(), vec![])
        }
        false => Reply::Good,
    });
    assert_eq!(running.finish().exits(0).json()["failed"], 1);
    let open = || project.emogrid(&["plan", "wide.yaml", "--json"]).exits(0).json()["requests"].clone();
    assert_eq!(open(), 0, "as long as its context is as small");
    fake.model(|model| model.context = 2048);
    assert_eq!(open(), 1, "it has grown");
}
