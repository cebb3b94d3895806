//! Nights among faults: `cargo bench --bench nights`, or one of them with `-- faults`, `-- soak`.
//!
//! `faults`: 10,080 rows, 64 at a time, 200 ms an answer, a fifth of the sends failing (half of them
//! 429 with `Retry-After: 0.2`, half 500), beside the time that the same sends would take with no slot
//! ever idle.
//!
//! `soak`: 100,800 rows from a server that fails in every way it can, is killed and started again,
//! while emogrid is killed and started again too. At the end every row is there and none twice; what
//! the server answered beyond that is at most what was under way or uncommitted at the kills.

#![allow(clippy::print_stdout)]

mod mock;
mod shared;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mock::{CELLS, Faults, Mock, project};
use shared::{AT_A_TIME, emogrid};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.first().map(String::as_str) {
        Some("server") => Mock::serve(args[1].parse().expect("a port"), Path::new(&args[2])),
        Some("faults") => faults(),
        Some("soak") => soak(),
        _ => {
            faults();
            soak();
        }
    }
}

fn faults() {
    const LATENCY: u64 = 200;
    let mock = Mock::start();
    mock.latency.store(LATENCY, Ordering::SeqCst);
    mock.faults.store(Faults::Fifth as u64, Ordering::SeqCst);
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &mock.url);
    let started = Instant::now();
    let output = emogrid(folder.path(), &["run", "bench.yaml", "--json", "--quiet"]).output().unwrap();
    let wall = started.elapsed().as_secs_f64();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["accepted"], CELLS);
    let sends = summary["attempts"].as_u64().unwrap();
    let ideal = sends.div_ceil(AT_A_TIME as u64) as f64 * LATENCY as f64 / 1000.0;
    println!("{CELLS} rows, {AT_A_TIME} at a time, {LATENCY} ms, a fifth of the sends failing");
    println!("  sends {sends}, faults {}", summary["faults"]);
    let ratio = wall / ideal;
    println!("  wall {wall:.1} s, ideal {ideal:.1} s: {ratio:.2} × ideal");
    assert!(ratio <= MOST_OF_IDEAL, "{ratio:.2} × ideal; at most {MOST_OF_IDEAL}");
}

/// As many times the ideal a run among faults may take.
const MOST_OF_IDEAL: f64 = 1.3;

/// Rows of each cell in the soak.
const PER_CELL: usize = 10;

/// How often emogrid is killed; in every second of these lives the server is, too.
const KILLS: usize = 12;

/// Answers that wait for their commit, at the most: a kill loses these and what was under way.
const UNCOMMITTED: u64 = 256;

/// As many times the peak of the first lives that of the later ones may be, though twenty times as many rows are there.
const MOST_MEMORY: f64 = 1.3;

fn soak() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    project(folder.path(), &format!("http://127.0.0.1:{port}"));
    let config = std::fs::read_to_string(folder.path().join("bench.yaml")).unwrap();
    let config = config
        .replace(&format!("slots: {AT_A_TIME}"), &format!("slots: {AT_A_TIME}, timeout: 2s, patience: 600s"));
    let more = format!("samples: {{ per_cell: {PER_CELL}, max_asks: 40 }}\nrun: {{ tries: 50 }}\n");
    std::fs::write(folder.path().join("bench.yaml"), config + &more).unwrap();
    let answered = folder.path().join("answered");
    let started = Instant::now();
    let mut server = start_server(port, &answered);
    println!(
        "\n{} rows, faults of every kind, emogrid killed {KILLS} times, the server {} times",
        CELLS * PER_CELL,
        KILLS.div_ceil(2)
    );
    println!("{:>6} {:>9} {:>9} {:>9} {:>9}", "round", "stored", "lost", "peak MB", "s");
    let mut kept = 0;
    let mut peaks: Vec<f64> = Vec::new();
    for round in 0.. {
        let before = count_answered(&answered);
        let mut run = emogrid(folder.path(), &["run", "bench.yaml", "--quiet"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut peak: f64 = 0.0;
        let begun = Instant::now();
        let mut shot = false;
        let status = loop {
            std::thread::sleep(Duration::from_millis(50));
            peak = peak_of(run.id()).unwrap_or(peak);
            if let Some(status) = run.try_wait().unwrap() {
                break Some(status);
            }
            if round < KILLS && begun.elapsed() > Duration::from_millis(2500 + 997 * (round as u64 % 4)) {
                run.kill().unwrap();
                run.wait().unwrap();
                break None;
            }
            // The server dies in the middle of every second round.
            let late = begun.elapsed() > Duration::from_millis(1500);
            if round % 2 == 1 && late && !std::mem::replace(&mut shot, true) {
                server = restarted(server, port, &answered);
            }
        };
        let stored = stored(folder.path());
        let lost = (count_answered(&answered) - before) as i64 - (stored as i64 - kept as i64);
        println!("{round:>6} {stored:>9} {lost:>9} {peak:>9.1} {:>9.1}", started.elapsed().as_secs_f64());
        assert!(stored >= kept, "something stored is gone");
        peaks.push(peak);
        kept = stored;
        if let Some(status) = status {
            let mut said = String::new();
            let _ = std::io::Read::read_to_string(&mut run.stderr.take().unwrap(), &mut said);
            assert!(status.success(), "{status}\n{said}");
            break;
        }
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let mut ids: HashMap<String, u32> = HashMap::new();
    let rows = std::fs::File::open(folder.path().join("out/bench/dataset.jsonl")).unwrap();
    for line in BufReader::new(rows).lines() {
        let row: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        *ids.entry(row["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(ids.len(), CELLS * PER_CELL);
    assert!(ids.values().all(|times| *times == 1), "a row stands in the dataset twice");
    let extra = count_answered(&answered) - kept;
    println!("every row is there, none twice; {extra} good answers came to nothing at the kills");
    let most = KILLS as u64 * (AT_A_TIME as u64 + UNCOMMITTED);
    assert!(extra <= most, "{extra} good answers came to nothing; at most {most}");
    let (early, late) = peaks.split_at(peaks.len().min(KILLS) / 3);
    let [early, late] = [early, late].map(|peaks| peaks.iter().copied().fold(0.0, f64::max));
    println!("at most {early:.1} MB in the first lives, {late:.1} MB in the later ones");
    assert!(
        late <= MOST_MEMORY * early,
        "{late:.1} MB after {early:.1} MB; at most {MOST_MEMORY} times that"
    );
}

fn start_server(port: u16, answered: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["server", &port.to_string()])
        .arg(answered)
        .spawn()
        .unwrap()
}

/// Kills the server and starts it again.
fn restarted(mut server: Child, port: u16, answered: &Path) -> Child {
    server.kill().unwrap();
    server.wait().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    start_server(port, answered)
}

/// Good answers that the server has begun to send: a byte each.
fn count_answered(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Completions in the store.
fn stored(folder: &Path) -> u64 {
    let output = emogrid(folder, &["status", "bench.yaml", "--json"]).output().unwrap();
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    status["stored"]["completions"].as_u64().unwrap()
}

/// A process's peak memory in MB.
fn peak_of(id: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kb| kb / 1024.0)
}
