//! What a run costs: `cargo bench --bench pipeline`.
//!
//! A mock server, in this process, answers with distinct texts of 30 words. Against it, each as a
//! process of its own, run: emogrid with all that it does (templates of about 350 tokens, a JSON
//! Schema, checks, duplicates, a durable store, the dataset's files); a bare Rust client that only
//! sends and reads; and, where Python has aiohttp, the script that one would write by hand. CPU is
//! user and system time of the process, memory its peak. `-- --serve FOLDER [MS]` only writes the
//! project there and answers, after so many milliseconds, for a profiler to run it.

#![allow(clippy::print_stdout)]

mod mock;
mod shared;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mock::{CELLS, Mock, project};
use shared::{AT_A_TIME, Measured, emogrid, measure};

fn main() {
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("raw-client") {
        let url = args.next().expect("an address");
        return raw_client(&url);
    }
    let mock = Mock::start();
    let mut serving = std::env::args().skip_while(|arg| arg != "--serve").skip(1);
    if let Some(folder) = serving.next() {
        let latency = serving.next().map_or(0, |latency| latency.parse().expect("milliseconds"));
        mock.latency.store(latency, Ordering::SeqCst);
        return serve(&mock, Path::new(&folder));
    }
    for latency in [0, 200] {
        mock.latency.store(latency, Ordering::SeqCst);
        println!("\n{CELLS} requests, {AT_A_TIME} at a time, answers after {latency} ms");
        println!("{:<34} {:>8} {:>8} {:>8}", "", "CPU s", "wall s", "peak MB");
        let raw = measure(Command::new(std::env::current_exe().unwrap()).arg("raw-client").arg(&mock.url));
        show("raw client", &raw, None);
        let folder = tempfile::tempdir().unwrap();
        project(folder.path(), &mock.url);
        let run = measure(emogrid(folder.path(), &["run", "bench.yaml", "--quiet"]));
        show("emogrid run", &run, Some(&raw));
        let rows = std::fs::read_to_string(folder.path().join("out/bench/dataset.jsonl")).unwrap();
        assert_eq!(rows.lines().count(), CELLS);
        if let Some(mut script) = aiohttp(&mock.url) {
            show("aiohttp script", &measure(&mut script), Some(&raw));
        }
        if latency == 0 {
            show(
                "emogrid run, nothing to do",
                &measure(emogrid(folder.path(), &["run", "bench.yaml", "--quiet"])),
                None,
            );
            let audited = tempfile::tempdir().unwrap();
            project(audited.path(), &mock.url);
            let set = ["run", "bench.yaml", "--quiet", "--set", "audit.rows=10000"];
            show("emogrid run, with the audit", &measure(emogrid(audited.path(), &set)), Some(&raw));
            show("emogrid plan", &measure(emogrid(folder.path(), &["plan", "bench.yaml"])), None);
            show(
                "emogrid check",
                &measure(emogrid(folder.path(), &["check", "bench.yaml", "--quiet"])),
                None,
            );
            edit(folder.path());
            show(
                "emogrid check, after an edit",
                &measure(emogrid(folder.path(), &["check", "bench.yaml", "--quiet"])),
                None,
            );
            show(
                "emogrid plan, after an edit",
                &measure(emogrid(folder.path(), &["plan", "bench.yaml"])),
                None,
            );
        }
    }
}

/// Writes the project into a folder and answers until it is interrupted, for profilers.
fn serve(mock: &Mock, folder: &Path) {
    project(folder, &mock.url);
    println!("{} asks {}: `emogrid run bench.yaml` in {0}", folder.display(), mock.url);
    loop {
        std::thread::park();
    }
}

fn show(name: &str, measured: &Measured, raw: Option<&Measured>) {
    let ratio = raw.map_or_else(String::new, |raw| {
        format!("   {:.2} × raw CPU, {:.2} × raw wall", measured.cpu / raw.cpu, measured.wall / raw.wall)
    });
    println!("{name:<34} {:>8.3} {:>8.3} {:>8.1}{ratio}", measured.cpu, measured.wall, measured.peak);
}

fn edit(folder: &Path) {
    let path = folder.join("prompts/user.j2");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("Write a", "Please write a")).unwrap();
}

/// Sends the same number of requests of the same size, and reads the answers: nothing else.
fn raw_client(url: &str) {
    // Nothing here speaks TLS, but the client asks for a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().pool_max_idle_per_host(usize::MAX).build().unwrap();
        let prompt = "Write as people write to each other, with a concrete detail. ".repeat(28);
        let next = Arc::new(AtomicU64::new(0));
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..AT_A_TIME {
            let (client, next, prompt) = (client.clone(), next.clone(), prompt.clone());
            let url = format!("{url}/v1/chat/completions");
            workers.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= CELLS as u64 {
                        return;
                    }
                    let body = format!(
                        r#"{{"model":"mock","max_tokens":256,"seed":{number},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
                    );
                    let answer = client.post(&url).body(body).send().await.unwrap().bytes().await.unwrap();
                    let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
                    assert!(answer["choices"][0]["message"]["content"].is_string());
                }
            });
        }
        workers.join_all().await;
    });
}

/// The hand-written alternative, if Python here has aiohttp.
fn aiohttp(url: &str) -> Option<Command> {
    let python = std::env::var("EMOGRID_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", "import aiohttp"]).stderr(Stdio::null()).status().ok()?;
    if !has.success() {
        println!("(no aiohttp in {python}: its row is left out)");
        return None;
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/aiohttp_client.py");
    let mut command = Command::new(python);
    command.arg(script).arg(url).arg(CELLS.to_string()).arg(AT_A_TIME.to_string());
    Some(command)
}
