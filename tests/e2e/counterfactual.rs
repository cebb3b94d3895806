//! What a model answers when somebody in a text is somebody else, as `emogrid audit` measures it.

use std::io::{Read, Write};

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::project::{Project, SMALL};

/// Rows that speak of women and men alike, `anger` of women if `slanted` says so.
fn table(rows: usize, slanted: bool) -> String {
    (0..rows)
        .map(|row| {
            let she = row % 2 == 0;
            let angry = if slanted { she } else { row / 2 % 2 == 0 };
            let who = if she { "she" } else { "he" };
            let mood = if angry && row % 5 > 0 { "shouted" } else { "waved" };
            let text = format!("today {who} {mood} at the bus number {row}");
            json!({ "id": format!("r{row}"), "text": text, "emotion": if angry { "anger" } else { "joy" } })
                .to_string()
                + "\n"
        })
        .collect()
}

fn measure(report: &Value) -> &Value {
    let measures = report["measures"].as_array().unwrap();
    measures.iter().find(|measure| measure["metric"] == "counterfactual").unwrap()
}

#[test]
fn a_served_model_that_heeds_who_it_is_is_caught_and_one_that_does_not_is_not() {
    let fake = Fake::start();
    let project = Project::new();
    project.write("t.jsonl", &table(200, false));
    let url = fake.url();
    let audit = |more: &[&str], code: i32| {
        let args = [&["audit", "t.jsonl", "--endpoint", &url, "--json"], more].concat();
        project.emogrid(&args).exits(code).json()
    };
    let heeds = |word: &'static str| {
        fake.script(move |seen, _| {
            let text = seen.user().lines().next().unwrap().to_owned();
            Reply::text(if text.contains(word) { "\"anger\"" } else { "\"joy\"" })
        });
    };
    heeds(" she ");
    let report = audit(&[], 4);
    let found = measure(&report);
    assert_eq!(
        (&found["verdict"], &found["value"], &found["rows"]),
        (&"fail".into(), &1.0.into(), &200.into())
    );
    assert_eq!((&found["parts"][0]["name"], &found["of"]), (&"gender".into(), &"answers of fake-1b".into()));
    assert_eq!(found["worst"].as_array().unwrap().len(), 5);
    assert_eq!(
        fake.seen()[0].body["response_format"]["json_schema"]["schema"]["enum"],
        json!(["anger", "joy"])
    );
    assert_eq!(fake.seen()[0].body["temperature"], 0.0);
    // The same texts, and a model that goes by what they do.
    heeds(" shouted ");
    let found = measure(&audit(&["--fail-on", "never"], 0)).clone();
    assert_eq!((&found["verdict"], &found["value"]), (&"ok".into(), &0.0.into()));
    assert!(found["interval"][1].as_f64().unwrap() < 0.05, "{found}");
    // Few pairs cannot tell; a bound of the user's own is of a config. Answers that are no label are left out.
    let found = measure(&audit(&["--pairs", "12", "--fail-on", "never"], 0)).clone();
    assert_eq!((&found["verdict"], &found["rows"]), (&"cannot-tell".into(), &12.into()));
    fake.script(|_, _| Reply::text("\"fear\""));
    let found = measure(&audit(&["--pairs", "12", "--fail-on", "never"], 0)).clone();
    assert!(found["finding"].as_str().unwrap().contains("no label"), "{found}");
    project.write(
        "dogs.jsonl",
        "{\"text\": \"the dog\", \"emotion\": \"joy\"}\n{\"text\": \"a cat\", \"emotion\": \"x\"}\n",
    );
    let said = project.emogrid(&["audit", "dogs.jsonl", "--endpoint", &url]).exits(0).stdout;
    assert!(said.contains("no row speaks of somebody who could be somebody else"), "{said}");
    project.emogrid(&["audit", "t.jsonl", "--fix", "--endpoint", &url]).exits(2).says("add `--rewrite`");
    project.emogrid(&["audit", "t.jsonl", "--endpoint", &url, "--probe", "p"]).exits(2);
    project.emogrid(&["audit", "t.jsonl", "--pairs", "5"]).exits(2).says("--endpoint").says("--probe");
}

#[test]
fn answers_are_stored_in_a_project() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.write("t.jsonl", &table(40, false));
    fake.script(|_, _| Reply::text("\"joy\""));
    fake.take_count();
    let args = ["audit", "t.jsonl", "--endpoint", "small.yaml", "--fail-on", "never"];
    project.emogrid(&args).exits(0).says("80 answers by fake-1b: 80 asked, 0 stored before");
    assert_eq!(fake.take_count(), 80);
    project.emogrid(&args).exits(0).says("0 asked, 80 stored before");
    assert_eq!(fake.take_count(), 0);
    project.emogrid(&["gc", "small.yaml", "--days", "0"]).exits(0);
}

#[test]
fn a_probe_that_learned_who_it_is_is_caught_and_one_that_did_not_is_not() {
    let project = Project::new();
    for (slanted, verdict) in [(true, "fail"), (false, "ok")] {
        project.write("train.jsonl", &table(600, slanted));
        let train =
            ["train", "--probe", "--train", "train.jsonl", "--label", "emotion", "--model", "p.probe"];
        project.emogrid(&train).exits(0);
        project.write("t.jsonl", &table(200, false));
        let report = project
            .emogrid(&["audit", "t.jsonl", "--probe", "p.probe", "--json", "--fail-on", "never"])
            .exits(0)
            .json();
        let found = measure(&report);
        assert_eq!(found["verdict"], verdict, "{found}");
        assert!(found["finding"].as_str().unwrap().contains("probabilities change by"), "{found}");
    }
    project.emogrid(&["audit", "t.jsonl", "--probe", "missing"]).exits(1);
}

/// Whoever asks outside of a run waits for a server no longer than a run does, and says from the first moment on that it
/// waits and for what.
#[test]
fn a_server_that_fails_or_falls_silent_is_waited_for_as_by_a_run() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("t.jsonl", &table(40, false));
    let patient = |url: &str| {
        project.write("small.yaml", &SMALL.replace("URL", &format!("{{ url: '{url}', patience: 1s }}")))
    };
    patient(&fake.url());
    let args = ["audit", "t.jsonl", "--endpoint", "small.yaml", "--fail-on", "never"];
    fake.script(|_, _| Reply::status(503, "not now"));
    let ran = project.emogrid(&args).exits(1).says("waiting for small.yaml: HTTP 503: not now\n");
    ran.says(" of waiting (`endpoints.fake.patience`)");
    // It is there, and fails over every text.
    fake.script(|_, _| Reply::status(500, "boom"));
    project.emogrid(&args).exits(1).says("HTTP 500: boom, after ").says(" (`endpoints.fake.patience`)");
    // One text is at fault: the first of all, with nothing beside it.
    let it = std::sync::Mutex::new(None);
    fake.script(move |seen, _| match *it.lock().unwrap().get_or_insert(seen.user()) == seen.user() {
        true => Reply::Status(500, "boom".into(), vec![("retry-after", "0".into())]),
        false => Reply::text("\"joy\""),
    });
    project.edit("small.yaml", "patience: 1s", "patience: 1m, slots: 1");
    let ran = project.emogrid(&args);
    ran.exits(0).says("1 text refused, the first with: HTTP 500: boom\n");
    // It says what it serves, and then nothing any more, whatever it is asked.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    patient(&format!("http://{}", listener.local_addr().unwrap()));
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (index, connection) in listener.incoming().enumerate() {
            let mut connection = connection.unwrap();
            if index == 0 {
                let _ = connection.read(&mut [0; 4096]);
                let page = r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#;
                let head =
                    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", page.len());
                connection.write_all((head + page).as_bytes()).unwrap();
                continue;
            }
            held.push(connection);
        }
    });
    let ran = project.emogrid(&args).exits(1).says("waiting for small.yaml: ");
    ran.says(" of waiting (`endpoints.fake.patience`)\n  look at the server and its log");
}
