//! What `emogrid check` says, case by case: an input file and the snapshot of all that is said.
//!
//! A case is `tests/diagnostics/<case>.yaml`; adding one is adding a file. It is checked as
//! `configs/<case>.yaml` in a project of its own, which also gets whatever stands in
//! `tests/diagnostics/<case>/` (`prompts/`, `configs/`, …). A first line `# args: …` adds
//! arguments; `# check: …` names other files to check, from the project's root.
//!
//! In `pending/` are cases that show a fault not mended yet: move one up when it is.
//!
//! `INSTA_UPDATE=always cargo test --test diagnostics` writes the snapshots anew. Read them.

use std::ffi::OsStr;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// The names of all files in the folder with an ending, in order.
fn named(ending: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension() == Some(OsStr::new(ending)))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A child's output; one that takes too long is killed, and its exit code is missing.
fn within(limit: Duration, mut child: Child) -> Output {
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (done, both_closed) = mpsc::channel();
    let reader = thread::spawn(move || {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        err.read_to_end(&mut stderr).unwrap();
        out.read_to_end(&mut stdout).unwrap();
        drop(done);
        (stdout, stderr)
    });
    if both_closed.recv_timeout(limit) == Err::<(), _>(mpsc::RecvTimeoutError::Timeout) {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let (stdout, stderr) = reader.join().unwrap();
    Output { status, stdout, stderr }
}

/// Everything that checking a case says, and how it ends.
fn check(case: &str) -> String {
    let project = tempfile::tempdir().unwrap();
    let root = project.path().canonicalize().unwrap();
    let beside = folder().join(case);
    if beside.is_dir() {
        copy(&beside, &root);
    }
    let config = format!("configs/{case}.yaml");
    std::fs::create_dir_all(root.join("configs")).unwrap();
    let input = std::fs::read(folder().join(format!("{case}.yaml"))).unwrap();
    std::fs::write(root.join(&config), &input).unwrap();

    let first = input.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).trim().to_owned();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let arguments = match (first.strip_prefix("# args:"), first.strip_prefix("# check:")) {
        (Some(more), _) => [vec![config], words(more)].concat(),
        (_, Some(others)) => words(others),
        _ => vec![config],
    };
    let child = Command::new(env!("CARGO_BIN_EXE_emogrid"))
        .args(["--color", "never", "check"])
        .args(&arguments)
        .env_remove("EMOGRID_LOG")
        .current_dir(&root)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let done = within(Duration::from_secs(60), child);

    let said = String::from_utf8(done.stderr).expect("what is said is UTF-8");
    assert_eq!(String::from_utf8_lossy(&done.stdout), "", "standard output is for data");
    assert!(!said.contains("panicked"), "{said}");
    assert!(!said.contains('\x1b'), "escape sequences without colour: {said:?}");
    let code = done.status.code().expect("it ends by itself, within a minute");
    assert!(matches!(code, 0 | 2), "exit code {code}:\n{said}");
    assert_eq!(code == 2, said.contains("error"), "exit code {code}:\n{said}");
    let said = said.replace(root.to_str().unwrap(), "[PROJECT]");
    // A snapshot should show what a terminal would, and be readable in a diff.
    let said: Vec<&str> = said.lines().map(str::trim_end).collect();
    format!("$ emogrid check {}\n{}\nexit code {code}", arguments.join(" "), said.join("\n"))
}

#[test]
fn what_check_says() {
    let cases = named("yaml");
    assert!(cases.len() > 100, "only {} cases were found", cases.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let failed: Vec<&String> = cases
        .iter()
        .filter(|case| {
            let run = || settings.bind(|| insta::assert_snapshot!(case.as_str(), check(case)));
            catch_unwind(AssertUnwindSafe(run)).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} cases differ: {failed:?}", failed.len(), cases.len());
}

#[test]
fn every_snapshot_has_its_case() {
    let cases = named("yaml");
    let orphans: Vec<String> = named("snap").into_iter().filter(|name| !cases.contains(name)).collect();
    assert!(orphans.is_empty(), "snapshots without a case: {orphans:?}");
}

/// Codes of tests' own, and of `--where`, which `check` does not take.
const ELSEWHERE: &[&str] = &["test", "where"];

/// A code that is in the source and in no snapshot is a message that nobody has read.
#[test]
fn every_code_is_shown() {
    let mut snapshots = String::new();
    for case in named("snap") {
        snapshots += &std::fs::read_to_string(folder().join(format!("{case}.snap"))).unwrap();
    }
    let mut missing = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(source) = std::fs::read_to_string(&path) else {
                continue;
            };
            for marker in ["Diagnostic::error(", "Diagnostic::warning("] {
                for (at, _) in source.match_indices(marker) {
                    let rest = source[at + marker.len()..].trim_start();
                    let Some(code) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                        continue;
                    };
                    if !ELSEWHERE.contains(&code) && !snapshots.contains(&format!("[{code}]")) {
                        missing.push(format!("{code} ({})", path.display()));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "no case shows: {missing:#?}");
}
