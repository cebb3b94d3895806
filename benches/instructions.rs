//! How many instructions a run takes: `cargo bench --bench instructions`.
//!
//! Times drift with the machine; instructions, counted by valgrind's callgrind, hardly do. Fails
//! where a count is above its bound. `-- --keep FOLDER` leaves callgrind's files there, to be read
//! with `callgrind_annotate`.

#![allow(clippy::print_stdout)]

mod mock;
mod shared;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mock::{Mock, project};
use shared::emogrid;

/// Millions of instructions that each may take at most: some 2 % above what it took when this was
/// last changed.
const BOUNDS: [(&str, &[&str], u64); 3] = [
    ("run, answers at once", &["run", "bench.yaml", "--quiet"], 1745),
    ("run, nothing to do", &["run", "bench.yaml", "--quiet"], 648),
    ("plan, nothing to do", &["plan", "bench.yaml"], 253),
];

fn main() {
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!(
            "(no valgrind here, so no instructions are counted: install it, as by `apt install valgrind`)"
        );
        return;
    }
    let mut args = std::env::args().skip_while(|arg| arg != "--keep").skip(1);
    let scratch = tempfile::tempdir().unwrap();
    let keep = args.next().map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&keep).unwrap();
    let keep = keep.canonicalize().unwrap();
    let mock = Mock::start();
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &mock.url);
    let mut too_many = false;
    println!("{:<24} {:>10} {:>10}", "millions of instructions", "counted", "at most");
    for (name, args, bound) in BOUNDS {
        let file = keep.join(format!("callgrind.{}", name.replace([',', ' '], "-")));
        let counted = count(&emogrid(folder.path(), args), &file) / 1_000_000;
        println!("{name:<24} {counted:>10} {bound:>10}{}", if counted > bound { "  too many" } else { "" });
        too_many |= counted > bound;
    }
    if too_many {
        println!(
            "either what was added is worth it, and benches/instructions.rs gets a new bound, or it is not"
        );
        std::process::exit(1);
    }
}

/// Runs a command under callgrind to its end; it must succeed.
fn count(command: &Command, file: &Path) -> u64 {
    let mut valgrind = Command::new("valgrind");
    valgrind.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(command.get_program()).args(command.get_args());
    valgrind.current_dir(command.get_current_dir().unwrap()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = valgrind.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let total = said.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind's total");
    total.1.trim().parse().unwrap()
}
