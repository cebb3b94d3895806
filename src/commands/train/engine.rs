//! The Python that a recipe runs with, and the run.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::{Failure, Talk};
use crate::client::managed::{cache_dir, find_program};
use crate::learn::LearnError;
use crate::learn::tune::REQUIREMENTS;

/// How a recipe is run.
#[derive(Debug, PartialEq, Eq)]
pub enum Python {
    /// With what the recipe needs already there.
    Ready(PathBuf),
    /// uv, which brings it.
    Uv(PathBuf),
}

/// The end of a venv that is whole.
const WHOLE: &str = "emogrid-ready";

impl Python {
    /// The one given, else uv, else a venv in our cache, made if need be.
    ///
    /// # Errors
    /// No Python, or pip failing.
    pub fn find(given: Option<&Path>, talk: &Talk) -> Result<Self, Failure> {
        if let Some(given) = given {
            let found = find_program(&given.to_string_lossy());
            let found =
                found.ok_or_else(|| engine(format!("--python {}: no such program", given.display())))?;
            return Ok(Python::Ready(found));
        }
        if let Some(uv) = find_program("uv") {
            talk.say("uv brings what the recipe needs (some GB the first time)");
            return Ok(Python::Uv(uv));
        }
        let venv = cache_dir().join(format!("trl-{}", &blake3::hash(REQUIREMENTS.as_bytes()).to_hex()[..12]));
        let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        if venv.join(WHOLE).exists() {
            return Ok(Python::Ready(python));
        }
        let system = find_program("python3").or_else(|| find_program("python"));
        let system = system.ok_or_else(|| {
            engine(
                "there is neither `uv` nor `python3` on PATH; install one, or name a Python with `--python`",
            )
        })?;
        talk.say(&format!("installing what the recipe needs into {}, once (some GB)", venv.display()));
        std::fs::create_dir_all(&venv).map_err(|error| file(&venv, error))?;
        let list = venv.join("requirements.txt");
        let mut make = Command::new(&system);
        make.args(["-m", "venv", "--clear"]).arg(&venv);
        let log = venv.with_extension("log");
        say_lines(make, &log, talk)?;
        std::fs::write(&list, REQUIREMENTS).map_err(|error| file(&list, error))?;
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
            "--progress-bar",
            "off",
        ]);
        pip.arg("-r").arg(&list);
        say_lines(pip, &log, talk)?;
        std::fs::write(venv.join(WHOLE), "").map_err(|error| file(&venv, error))?;
        Ok(Python::Ready(python))
    }

    fn command(&self, folder: &Path) -> Command {
        match self {
            Python::Ready(python) => {
                let mut command = Command::new(python);
                command.arg(folder.join("train.py"));
                command
            }
            Python::Uv(uv) => {
                let mut command = Command::new(uv);
                command.args(["run", "--no-project", "--with-requirements"]);
                command.arg(folder.join("requirements.txt")).arg("python").arg(folder.join("train.py"));
                command
            }
        }
    }
}

/// Runs the recipe of a folder; what it prints is said, and the rest goes into `train.log`.
///
/// # Errors
/// The last that it said, where it fails.
pub fn run(python: &Python, folder: &Path, talk: &Talk) -> Result<(), Failure> {
    say_lines(python.command(folder), &folder.join("train.log"), talk)
}

/// Lines of a log that are shown of what failed.
const SHOWN: usize = 8;

fn say_lines(mut command: Command, log: &Path, talk: &Talk) -> Result<(), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let errors = std::fs::File::create(log).map_err(|error| file(log, error))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).env("PYTHONUNBUFFERED", "1");
    let mut child = command.spawn().map_err(|error| engine(format!("cannot start {program}: {error}")))?;
    for line in
        child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()).map_while(Result::ok)
    {
        talk.say(line.trim_end());
    }
    let status = child.wait().map_err(|error| engine(format!("{program}: {error}")))?;
    if status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    let mut last: VecDeque<&str> = VecDeque::new();
    // Bars overwrite their line.
    for line in text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty()) {
        if last.len() == SHOWN {
            last.pop_front();
        }
        last.push_back(line);
    }
    let last: Vec<String> = last.into_iter().map(|line| format!("\n  {line}")).collect();
    Err(engine(format!("{program} failed ({status}); {} ends with:{}", log.display(), last.concat())))
}

fn engine(what: impl Into<String>) -> Failure {
    LearnError::Engine(what.into()).into()
}

fn file(path: &Path, error: std::io::Error) -> Failure {
    LearnError::File { path: path.to_owned(), error }.into()
}
