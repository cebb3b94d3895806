//! `train --engine openai`, against a server that has the fine-tuning API and says what it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

use crate::project::{Project, Ran, Running};

/// A request that came: its method and path, its key, and its body.
type Came = (String, Option<String>, Vec<u8>);

#[derive(Default)]
struct Inner {
    came: Vec<Came>,
    /// What the job is by now; the last stays.
    statuses: Vec<&'static str>,
    looked: usize,
    job: Option<Value>,
    /// Whether a job is taken, and nothing said of it.
    silent: bool,
    /// How many jobs were ordered after it.
    later: usize,
    /// Whether jobs are not listed for now.
    busy: bool,
}

struct Api {
    inner: Arc<Mutex<Inner>>,
    url: String,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Api {
    fn start(statuses: &[&'static str]) -> Self {
        let inner = Arc::new(Mutex::new(Inner { statuses: statuses.to_vec(), ..Inner::default() }));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (told, tell) = std::sync::mpsc::channel();
        let shared = inner.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let app = Router::new().fallback(answer).with_state(shared);
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        let url = format!("http://{}", tell.recv().unwrap());
        Self { inner, url, _stop: stop }
    }

    fn came(&self, what: &str) -> Vec<Came> {
        self.inner.lock().unwrap().came.iter().filter(|came| came.0 == what).cloned().collect()
    }

    fn bodies(&self, what: &str) -> Vec<Value> {
        self.came(what).iter().map(|came| serde_json::from_slice(&came.2).unwrap()).collect()
    }
}

async fn answer(
    State(inner): State<Arc<Mutex<Inner>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut inner = inner.lock().unwrap();
    let key = headers.get("authorization").map(|key| key.to_str().unwrap().to_owned());
    inner.came.push((format!("{method} {}", uri.path()), key, body.to_vec()));
    let job = |status: &str| {
        let model = (status == "succeeded").then_some("ft:tiny:emogrid:1");
        let error = (status == "failed").then(|| json!({ "message": "row 3 is empty" }));
        json!({ "id": "job-1", "status": status, "fine_tuned_model": model, "error": error,
            "training_file": "file-1", "trained_tokens": 420 })
    };
    let said = match (method.as_str(), uri.path()) {
        ("POST", "/v1/files") => {
            let number = inner.came.iter().filter(|came| came.0 == "POST /v1/files").count();
            json!({ "id": format!("file-{number}"), "object": "file" })
        }
        ("POST", "/v1/fine_tuning/jobs") => {
            inner.job = Some(job("queued"));
            if inner.silent {
                return (StatusCode::BAD_GATEWAY, "gone".into());
            }
            job("queued")
        }
        ("GET", "/v1/fine_tuning/jobs") if inner.busy => {
            return (
                StatusCode::TOO_MANY_REQUESTS,
                json!({ "error": { "message": "slow down" } }).to_string(),
            );
        }
        ("GET", "/v1/fine_tuning/jobs") => {
            let later = (0..inner.later).map(|n| json!({ "id": format!("later-{n}"), "training_file": "x" }));
            let all: Vec<Value> = later.chain(inner.job.clone()).collect();
            let query = uri.query().unwrap_or_default();
            let after = query.split_once("after=").map(|(_, id)| id);
            let from = after.map_or(0, |after| 1 + all.iter().position(|job| job["id"] == after).unwrap());
            let page = &all[from..all.len().min(from + 100)];
            json!({ "data": page, "has_more": from + page.len() < all.len() })
        }
        ("GET", "/v1/fine_tuning/jobs/job-1") => {
            let status = inner.statuses[inner.looked.min(inner.statuses.len() - 1)];
            inner.looked += 1;
            job(status)
        }
        ("GET", "/v1/fine_tuning/jobs/job-1/events") => {
            let event =
                |n: usize| json!({ "id": format!("e{n}"), "message": format!("step {n} of 9, loss 0.{n}") });
            json!({ "data": (1..=inner.looked).rev().map(event).collect::<Vec<_>>() })
        }
        ("POST", "/v1/fine_tuning/jobs/job-1/cancel") => job("cancelled"),
        ("GET", "/v1/models") => json!({ "data": [{ "id": "tiny" }, { "id": "ft:tiny:emogrid:1" }] }),
        ("POST", "/v1/chat/completions") => {
            let asked: Value = serde_json::from_slice(&body).unwrap();
            // The tuned model knows; the other says the first label that there is.
            let text = asked["messages"].to_string();
            let label = if asked["model"] == "tiny" || text.contains("bitter") { "anger" } else { "joy" };
            json!({ "choices": [{ "index": 0, "finish_reason": "stop",
                "message": { "role": "assistant", "content": format!("\"{label}\"") } }],
                "usage": { "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 } })
        }
        _ => return (StatusCode::NOT_FOUND, json!({ "error": { "message": "File Not Found" } }).to_string()),
    };
    (StatusCode::OK, said.to_string())
}

fn project() -> Project {
    let project = Project::new();
    let rows = |name: &str, number: usize| -> String {
        let row = |n: usize| {
            let (label, word) = [("joy", "bright"), ("anger", "bitter")][n % 2];
            format!("{}\n", json!({ "text": format!("{name} {n} was {word}"), "emotion": label }))
        };
        (0..number).map(row).collect()
    };
    project.write("train.jsonl", &rows("train", 20));
    project.write("dev.jsonl", &rows("dev", 10));
    project.write("few.jsonl", &rows("few", 9));
    project
}

const KEY: &str = "sk-of-nobody-but-this-test";

fn args<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args =
        ["train", "--engine", "openai", "--base", "tiny", "--train", "train.jsonl", "--dev", "dev.jsonl"];
    [&args[..], &["--endpoint", url], more].concat()
}

fn tune(project: &Project, url: &str, more: &[&str]) -> Ran {
    let mut command = project.command(&args(url, more));
    command.env("OPENAI_API_KEY", KEY);
    Running::start(command).finish()
}

#[test]
fn rows_are_sent_once_and_the_job_is_followed_to_its_model() {
    let api = Api::start(&["validating_files", "running", "running", "succeeded"]);
    let project = project();
    let ran = tune(&project, &api.url, &["--epochs", "2"]).exits(0);
    for said in [
        "30 rows (",
        "job job-1",
        "job is validating files",
        "  step 1 of 9, loss 0.1",
        "job is running",
        "  step 4 of 9, loss 0.4",
        "tuned: ft:tiny:emogrid:1",
        "tuned/tuned.yaml asks it",
    ] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
    assert_eq!(ran.stderr.matches("step 1 of 9").count(), 1, "an event is said once");
    // The tuned model is measured beside the one before.
    assert!(ran.stdout.contains("tuned") && ran.stdout.contains("1.000"), "{}", ran.stdout);
    let files = api.came("POST /v1/files");
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| file.1.as_deref() == Some(&format!("Bearer {KEY}"))));
    let body = String::from_utf8(files[0].2.clone()).unwrap();
    assert!(
        body.contains("name=\"purpose\"\r\n\r\nfine-tune\r\n") && body.contains("filename=\"train.jsonl\"")
    );
    assert!(body.contains(&project.read("tuned/data/train.jsonl")), "as it stands in the folder");
    let orders = api.bodies("POST /v1/fine_tuning/jobs");
    assert_eq!(
        (&orders[0]["model"], &orders[0]["training_file"], &orders[0]["validation_file"]),
        (&json!("tiny"), &json!("file-1"), &json!("file-2"))
    );
    assert_eq!(orders[0]["method"]["supervised"]["hyperparameters"]["n_epochs"], 2);
    for file in ["job.json", "tuned.yaml", "base.yaml"] {
        let text = project.read(&format!("tuned/{file}"));
        assert!(!text.contains(KEY), "{file}");
    }
    let config = project.read("tuned/tuned.yaml");
    assert!(config.contains("model: \"ft:tiny:emogrid:1\", api_key_env: \"OPENAI_API_KEY\""), "{config}");
    project.emogrid(&["check", "tuned/tuned.yaml"]).exits(0);

    // Another call measures again, and orders nothing.
    tune(&project, &api.url, &["--measure", "0"])
        .exits(0)
        .says("holds a tuned model already: ft:tiny:emogrid:1");
    assert_eq!(api.came("POST /v1/files").len(), 2);
    assert_eq!(api.bodies("POST /v1/fine_tuning/jobs").len(), 1);
    let sent = project.read("tuned/data/train.jsonl");
    project.edit("train.jsonl", "train 3", "Train 3");
    tune(&project, &api.url, &[]).exits(2).says("is of other rows, another model or another address");
    assert_eq!(project.read("tuned/data/train.jsonl"), sent, "its rows stay with their job");
}

#[cfg(unix)]
#[test]
fn a_job_that_is_left_is_waited_for_by_the_next_call() {
    let api = Api::start(&["running"]);
    let project = project();
    let mut command = project.command(&args(&api.url, &["--measure", "0"]));
    command.env("OPENAI_API_KEY", KEY);
    let running = Running::start(command);
    running.until_says("job is running");
    running.signal(libc::SIGINT);
    running.finish().exits(3).says("costs what it costs").says("with `--cancel` it is ended");
    assert!(api.came("POST /v1/fine_tuning/jobs/job-1/cancel").is_empty(), "nobody was asked");
    api.inner.lock().unwrap().statuses = vec!["succeeded"];
    tune(&project, &api.url, &["--measure", "0"])
        .exits(0)
        .says("going on where it was")
        .says("tuned: ft:tiny");
    assert_eq!(api.came("POST /v1/files").len(), 2);
    assert_eq!(api.came("POST /v1/fine_tuning/jobs").len(), 1);
    tune(&project, &api.url, &["--cancel"]).exits(0).says("job job-1 is cancelled");
}

#[test]
fn a_job_whose_order_was_not_answered_is_found_again() {
    let api = Api::start(&["succeeded"]);
    api.inner.lock().unwrap().silent = true;
    let project = project();
    tune(&project, &api.url, &["--measure", "0"])
        .exits(1)
        .says("HTTP 502: gone")
        .says("goes on where it was");
    // Whoever cannot look does not know that there is none.
    api.inner.lock().unwrap().busy = true;
    tune(&project, &api.url, &["--measure", "0"]).exits(1).says("HTTP 429: slow down");
    api.inner.lock().unwrap().busy = false;
    api.inner.lock().unwrap().later = 230;
    tune(&project, &api.url, &["--measure", "0"]).exits(0).says("tuned: ft:tiny");
    assert_eq!(api.came("POST /v1/fine_tuning/jobs").len(), 1, "it is not ordered, and paid, twice");
}

#[test]
fn what_fails_says_why_and_what_to_do() {
    let api = Api::start(&["failed"]);
    let project = project();
    tune(&project, &api.url, &[])
        .exits(1)
        .says("job job-1 is failed: row 3 is empty")
        .says("orders another one");
    let fake = crate::fake::Fake::start();
    tune(&project, &fake.url(), &["-o", "other"])
        .exits(1)
        .says("HTTP 404: File Not Found")
        .says("it has no fine-tuning API")
        .says("--engine trl");
    let few =
        ["train", "--engine", "openai", "--base", "tiny", "--train", "few.jsonl", "--endpoint", &api.url];
    project.emogrid(&few).exits(2).says("9 rows to train on; the API takes 10 or more");
    let plain = ["train", "--engine", "openai", "--train", "train.jsonl"];
    project.emogrid(&plain).exits(2).says("name the endpoint's model");
    tune(&project, &api.url, &["--rank", "8"]).exits(2).says("--rank is not for `--engine openai`");
    let trl = ["train", "--engine", "trl", "--train", "train.jsonl", "--epochs", "2", "--dry-run"];
    project.emogrid(&trl).exits(2).says("--epochs is for `--engine openai`");
    let before = api.inner.lock().unwrap().came.len();
    let dry = tune(&project, &api.url, &["--dry-run", "-o", "dry"]).exits(0);
    assert!(
        dry.stdout.starts_with("20 rows (") && dry.stdout.contains("\"role\":\"user\""),
        "{}",
        dry.stdout
    );
    assert!(!project.path().join("dry").exists());
    let mut command = project.command(&args(&api.url, &["--key-env", "NO_SUCH_KEY", "-o", "third"]));
    command.env_remove("NO_SUCH_KEY");
    Running::start(command).finish().exits(2).says("the environment variable `NO_SUCH_KEY` holds no key");
    assert_eq!(api.inner.lock().unwrap().came.len(), before, "nothing was sent");
}
