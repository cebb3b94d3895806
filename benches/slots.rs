//! What the order of requests is worth on a real llama.cpp server: `cargo bench --bench slots`.
//!
//! The fixture in `benches/slots` (420 requests, texts of 8 tokens, 4 slots) is run twice against the
//! quickstart's model and server, each time from nothing: in an order that has nothing to do with the
//! prompts, and as emogrid orders it. Tokens are the server's own counts, and they are asserted, as is how busy its
//! slots were by its own timings; other times are printed, since they depend on what else the machine does.

#![allow(clippy::print_stdout)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const SLOTS: f64 = 4.0;

/// The share of its slots' time that the server is at work, at the least.
const LEAST_BUSY: f64 = 0.97;

/// Of the prompt tokens that the server reads in a shuffled order, the most that it may read.
const MOST_TOKENS: f64 = 0.5;

struct Ran {
    requests: f64,
    /// Prompt tokens that the server did read: not those in its cache.
    evaluated: u64,
    seconds: f64,
    /// The share of its slots' time that the server worked, by its own timings.
    busy: f64,
}

impl Ran {
    fn rate(&self) -> f64 {
        self.requests / self.seconds
    }
}

fn main() {
    let shuffled = run("even");
    let ordered = run("alike");
    println!("{:<26} {:>10} {:>10} {:>8}", "", "shuffled", "ordered", "ratio");
    let line = |name: &str, a: f64, b: f64, digits: usize| {
        println!("{name:<26} {a:>10.digits$} {b:>10.digits$} {:>8.2}", b / a);
    };
    line("prompt tokens evaluated", shuffled.evaluated as f64, ordered.evaluated as f64, 0);
    line("seconds", shuffled.seconds, ordered.seconds, 0);
    line("requests a second", shuffled.rate(), ordered.rate(), 2);
    line("slots busy", shuffled.busy, ordered.busy, 3);
    let share = ordered.evaluated as f64 / shuffled.evaluated as f64;
    assert!(ordered.busy >= LEAST_BUSY, "slots busy {:.3}; at least {LEAST_BUSY}", ordered.busy);
    assert!(share <= MOST_TOKENS, "{share:.2} of the shuffled order's tokens; at most {MOST_TOKENS}");
}

fn run(order: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/slots");
    for part in ["configs", "prompts"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        for file in std::fs::read_dir(fixture.join(part)).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(part).join(file.file_name())).unwrap();
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_emogrid"))
        .args(["run", "configs/slots.yaml", "--json", "--quiet"])
        .args(["--set", "endpoints.local={ managed: { model: quickstart, threads: 1, slots: 4 } }"])
        .args(["--set", "endpoints.local.slots=4", "--set", &format!("run.order={order}")])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| summary[name].as_f64().unwrap();
    let seconds = number("asking_seconds");
    Ran {
        requests: number("requests"),
        evaluated: (number("prompt_tokens") - number("cached_tokens")) as u64,
        seconds,
        busy: busy(folder.path(), seconds),
    }
}

/// The time that the server worked, by the timings of its answers, of the time that its slots had:
/// the longest request is left out, since at the end the others wait for the last.
fn busy(folder: &Path, seconds: f64) -> f64 {
    let store = rusqlite::Connection::open(folder.join(".emogrid/store.db")).unwrap();
    let mut query = store.prepare("SELECT answer FROM completion").unwrap();
    let took = |answer: String| {
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let timing = |name: &str| answer["timings"][name].as_f64().unwrap_or(0.0) / 1000.0;
        timing("prompt_ms") + timing("predicted_ms")
    };
    let times: Vec<f64> =
        query.query_map([], |row| row.get(0)).unwrap().map(|answer| took(answer.unwrap())).collect();
    let longest = times.iter().copied().fold(0.0, f64::max);
    times.iter().sum::<f64>() / (SLOTS * (seconds - longest))
}
