//! The probe beside its twin in scikit-learn: `cargo bench --bench probe -- FOLDER [PYTHON [EMOGRID]]`.
//!
//! FOLDER holds GoEmotions' `train.tsv` and `dev.tsv`. Dev is halved: thresholds are tuned on its odd
//! lines, scores are of its even ones. Training rows whose text is also among the latter are left out
//! for both. Each runs as a process of its own, one after the other; CPU is user and system time of the
//! process, memory its peak. PYTHON, by default `python3`, is one that has
//! scikit-learn; EMOGRID is a program to measure other than the one just built.

#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use emogrid::guard::{Guard, Purpose};
use emogrid::learn::{Columns, Grouping, Labelled};
use serde_json::Value;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let Some(folder) = args.next().map(PathBuf::from) else {
        println!(
            "cargo bench --bench probe -- FOLDER [PYTHON]: a folder with GoEmotions' train.tsv and dev.tsv"
        );
        return;
    };
    let python = args.next().unwrap_or_else(|| "python3".to_owned());
    let program = args.next().unwrap_or_else(|| env!("CARGO_BIN_EXE_emogrid").to_owned());
    let parts = tempfile::tempdir().unwrap();
    let [train, dev, test] = split(&folder, parts.path());
    let has_twin = Command::new(&python).args(["-c", "import sklearn"]).stderr(Stdio::null()).status();
    let has_twin = has_twin.is_ok_and(|status| status.success());
    if !has_twin {
        println!("`{python}` has no scikit-learn: the probe alone");
    }
    let names = emogrid::config::taxonomy::value_names("goemotions");
    println!(
        "{:<26} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "", "macro F1", "micro F1", "CPU s", "wall s", "peak MB"
    );
    for map in [Grouping::None, Grouping::Ekman, Grouping::Sentiment] {
        let mut ours = Command::new(&program);
        ours.args(["train", "--probe", "--quiet", "--json", "--map", map.name()]);
        ours.arg("--train").arg(&train).arg("--dev").arg(&dev).arg("--test").arg(&test);
        let ours = measure(&mut ours);
        show(&format!("{}, emogrid", map.name()), &ours, None);
        if has_twin {
            let groups = map.apply(&names).unwrap();
            let order = map.ordered(groups.iter().cloned());
            let class = |group| order.iter().position(|known| known == group).unwrap().to_string();
            let classes: Vec<String> = groups.iter().map(class).collect();
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/probe_twin.py");
            let mut twin = Command::new(&python);
            // One thread, so that CPU time is that of the work.
            twin.env("OMP_NUM_THREADS", "1").env("OPENBLAS_NUM_THREADS", "1");
            twin.arg(script).args([&train, &dev, &test]).arg(classes.join(","));
            show(&format!("{}, scikit-learn", map.name()), &measure(&mut twin), Some(&ours));
        }
    }
}

/// Writes the training rows that may be used, and the two halves of dev.
fn split(folder: &Path, into: &Path) -> [PathBuf; 3] {
    let dev = std::fs::read_to_string(folder.join("dev.tsv")).unwrap();
    let half = |rest: usize| -> String { dev.split_inclusive('\n').skip(rest).step_by(2).collect() };
    let paths = ["train.tsv", "tune.tsv", "score.tsv"].map(|name| into.join(name));
    std::fs::write(&paths[1], half(0)).unwrap();
    std::fs::write(&paths[2], half(1)).unwrap();
    let read = |path: &Path| {
        let all = Guard::default();
        Labelled::read(&[path.to_owned()], &Columns::default(), &all, Purpose::Measuring).unwrap()
    };
    let test = read(&paths[2]);
    let guard = Guard::default().also("the test part", test.texts.iter().map(String::as_str));
    for (from, to) in [(folder.join("train.tsv"), &paths[0]), (paths[1].clone(), &paths[1])] {
        let text = std::fs::read_to_string(&from).unwrap();
        let texts = read(&from).texts;
        let mut gate = guard.gate(Purpose::Training);
        let lines =
            text.split_inclusive('\n').zip(&texts).filter(|(_, text)| gate.admit(text.as_str()).is_some());
        let kept: Vec<&str> = lines.map(|(line, _)| line).collect();
        std::fs::write(to, kept.concat()).unwrap();
        let left_out = texts.len() - kept.len();
        println!("{}: {} rows, {left_out} left out", to.file_name().unwrap().display(), kept.len());
    }
    println!("score.tsv: {} rows", read(&paths[2]).texts.len());
    paths
}

struct Measured {
    out: Value,
    cpu: f64,
    wall: f64,
    peak: f64,
}

fn show(name: &str, measured: &Measured, ours: Option<&Measured>) {
    let score = |key: &str| measured.out[key].as_f64().unwrap();
    let ratio = ours.map_or_else(String::new, |ours| {
        format!(
            "   emogrid takes {:.1} % of its CPU, {:.0} % of its memory",
            100.0 * ours.cpu / measured.cpu,
            100.0 * ours.peak / measured.peak
        )
    });
    println!(
        "{name:<26} {:>8.4} {:>8.4} {:>8.2} {:>8.2} {:>8.1}{ratio}",
        score("macro_f1"),
        score("micro_f1"),
        measured.cpu,
        measured.wall,
        measured.peak
    );
}

/// Runs a command that writes JSON; it must succeed.
fn measure(command: &mut Command) -> Measured {
    let out = tempfile::NamedTempFile::new().unwrap();
    command.stdin(Stdio::null()).stdout(out.reopen().unwrap());
    let started = Instant::now();
    // Waited for below, with its usage.
    #[allow(clippy::zombie_processes)]
    let child = command.spawn().unwrap();
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid `rusage`, and both pointers are to locals.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(child.id() as i32, &mut status, 0, &mut usage);
        assert_eq!(waited, child.id() as i32);
        usage
    };
    let wall = started.elapsed().as_secs_f64();
    assert_eq!(status, 0, "{command:?} failed");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Measured {
        out: serde_json::from_reader(out.reopen().unwrap()).unwrap(),
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall,
        peak: usage.ru_maxrss as f64 / 1024.0,
    }
}
