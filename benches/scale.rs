//! What a large grid costs: `cargo bench --bench scale`, or `-- 100000` for so many cells.
//!
//! `plan` of a million cells, against an empty store, and against one with a million completions that
//! were put there by the store's own writer: once in the order in which cells are looked up, and once
//! in another, as asks are sent where alike prompts go together. Then what else is done with such a
//! store where nothing is to be asked. Each is a process of its own; beside them, in the same run, a
//! bare loop renders the same prompts and hashes them, and does nothing else. CPU is user and system
//! time of the process, memory its peak.
//!
//! The stores, four gigabytes each, are made one after the other under `EMOGRID_BENCH_DIR` (by
//! default where temporary files go) and removed; with `EMOGRID_BENCH_KEEP` set they stay, and are
//! used again.

#![allow(clippy::print_stdout)]

mod shared;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use emogrid::dataset::Models;
use emogrid::fingerprint::{Identity, Room};
use emogrid::grid::Size;
use emogrid::pipeline;
use emogrid::store::{Completion, EndpointMemory, Kind, StoreDir, Writer};
use minijinja::{Environment, context};
use shared::{AT_A_TIME, CELLS_EACH, Measured, USER, completion, emogrid, measure, project, system};

/// An address at which nothing answers: planning needs no server.
const URL: &str = "http://127.0.0.1:9";
const VOICES: usize = 100;
/// Completions that are under way to the store's writer at a time.
const UNDER_WAY: usize = 4096;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.as_slice() {
        [mode, contexts] if mode == "bare" => return bare(contexts.parse().expect("a number")),
        [mode, order, folder] if mode == "fill" => return fill(Path::new(folder), order == "alike"),
        _ => {}
    }
    let cells: usize = args.first().map_or(1_000_000, |cells| cells.parse().expect("a number of cells"));
    let contexts = cells.div_ceil(CELLS_EACH * VOICES);
    println!("{} cells, one row each", contexts * CELLS_EACH * VOICES);
    println!("{:<42} {:>8} {:>8} {:>8}", "", "CPU s", "wall s", "peak MB");
    let bare = measure(Command::new(std::env::current_exe().unwrap()).args(["bare", &contexts.to_string()]));
    show("bare loop: renders and hashes", &bare, &bare);
    for order in ["in-order", "alike"] {
        let keep = std::env::var_os("EMOGRID_BENCH_KEEP").is_some();
        let root = std::env::var_os("EMOGRID_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let folder = root.join(format!("emogrid-bench-scale-{contexts}-{order}"));
        if !keep {
            let _ = std::fs::remove_dir_all(&folder);
        }
        std::fs::create_dir_all(&folder).unwrap();
        project(&folder, URL, contexts, VOICES);
        let run = |name: &str, args: &[&str]| show(name, &measure(emogrid(&folder, args)), &bare);
        if !folder.join(".emogrid").exists() {
            if order == "in-order" {
                run("check", &["check", "bench.yaml", "--quiet"]);
                run("plan, nothing stored", &["plan", "bench.yaml", "--quiet", "--yes"]);
            }
            // In a process of its own: the peak of a child is never below its parent's.
            measure(Command::new(std::env::current_exe().unwrap()).args(["fill", order]).arg(&folder));
            run("run, all stored, its first time", &["run", "bench.yaml", "--quiet", "--yes"]);
        }
        match order {
            "in-order" => {
                run("plan, all stored", &["plan", "bench.yaml", "--quiet", "--yes"]);
                run("run, nothing to do", &["run", "bench.yaml", "--quiet", "--yes"]);
                run("status", &["status", "bench.yaml", "--quiet"]);
                run("export to JSON Lines", &["export", "bench.yaml", "-o", "rows.jsonl", "--quiet"]);
                run("export to CSV", &["export", "bench.yaml", "-o", "rows.csv", "--quiet"]);
                run("preview", &["preview", "bench.yaml", "--yes"]);
            }
            _ => run("plan, all stored in another order", &["plan", "bench.yaml", "--quiet", "--yes"]),
        }
        if !keep {
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
}

fn show(name: &str, measured: &Measured, bare: &Measured) {
    let ratio = measured.cpu / bare.cpu;
    let Measured { cpu, wall, peak } = measured;
    println!("{name:<42} {cpu:>8.2} {wall:>8.2} {peak:>8.1}   {ratio:.2} × the bare loop's CPU");
}

/// Stores an answer to every cell's first ask: in order of the cells, or alike prompts together.
fn fill(folder: &Path, alike: bool) {
    let opened = pipeline::open(&folder.join("bench.yaml"), &[], Size::Any).expect("a good config");
    let recipe = &opened.recipe;
    let dir = StoreDir::new(recipe.config.project.store());
    let (told, committed) = mpsc::channel();
    let writer = Writer::open(&dir, move |written| {
        written.result.unwrap();
        let _ = told.send(written.tickets.len());
    })
    .unwrap();
    let identity = Identity::Named { name: "mock".into() };
    let memory = EndpointMemory {
        identity: identity.clone(),
        slots: Some(AT_A_TIME as u32),
        context: None,
        level: None,
        assumed: false,
    };
    writer.endpoint(URL, &memory).unwrap();
    let models = Models::new(&recipe.config, &[identity]);
    let (mut under_way, mut room) = (0, Room::default());
    let mut cells: Vec<usize> = (0..recipe.grid.size()).collect();
    if alike {
        cells.sort_by_cached_key(|cell| recipe.grid.values(recipe.grid.cell(*cell)).collect::<Vec<_>>());
    }
    for cell in cells {
        let fingerprint = recipe.fingerprint(&models, cell, 0, &mut room).unwrap();
        let completion = Completion {
            fingerprint,
            max_tokens: recipe.config.sampling.max_tokens,
            kind: Kind::Chat,
            answer: completion(&fingerprint.0),
            request: recipe.ask(&models, cell, 0).unwrap().canonical(),
            ended: true,
            tokens: Some(40),
        };
        writer.completion(cell as u64, completion).unwrap();
        under_way += 1;
        while under_way >= UNDER_WAY {
            under_way -= committed.recv().unwrap();
        }
    }
}

/// The least that anything like it must do: renders the same prompts, and hashes them.
fn bare(contexts: usize) {
    let mut environment = Environment::new();
    let text = system();
    environment.add_template("system", &text).unwrap();
    environment.add_template("user", USER).unwrap();
    let (system, user) =
        (environment.get_template("system").unwrap(), environment.get_template("user").unwrap());
    let mut all = blake3::Hasher::new();
    let emotions: Vec<minijinja::Value> = (0..28)
        .map(|n| {
            context! {
                name => format!("emotion {n}"),
                definition => "feeling pleasure and happiness about something that went well",
                examples => ["I got the job!", "We sang all the way home.", "She said yes, and I cried."],
            }
        })
        .collect();
    for emotion in &emotions {
        for context in 0..contexts {
            let context = format!("context {context}");
            for sentiment in ["positive", "neutral", "negative"] {
                for voice in 0..VOICES {
                    let values = context! { emotion, context => &context, sentiment, voice => format!("voice {voice}") };
                    let messages = [system.render(&values).unwrap(), user.render(&values).unwrap()];
                    let request = serde_json::to_string(&messages).unwrap();
                    all.update(blake3::hash(request.as_bytes()).as_bytes());
                }
            }
        }
    }
    println!("{}", all.finalize());
}
