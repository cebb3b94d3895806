//! One step for all files that runs leave in a dataset's folder.

use std::io;
use std::path::{Path, PathBuf};

use super::super::Failure;
use crate::pipeline::{Files, RunError, Taken, supplant};

/// What is to be taken out of files.
pub trait Sieve {
    /// Whether a row goes, of the dataset or of the one before.
    fn takes_row(&self, row: &str) -> bool;
    /// Whether a rejected text goes.
    fn takes_reject(&self, reject: &str) -> bool;
    /// What is left of a log or a summary; `None` where all stays.
    fn left_of(&self, path: &Path, text: &str) -> Option<String>;
}

/// Goes through the files of a dataset and of its runs, and where it is meant (`act`) takes out of them what a sieve
/// takes. What is lacking in the dataset then is for the next run to make.
///
/// # Errors
/// A file that cannot be read or written. Each file is whole at any moment, so this is to be called again.
pub fn sweep(folder: &Path, sieve: &impl Sieve, act: bool) -> Result<Taken, Failure> {
    let files = Files::new(folder.to_owned());
    let taken = files.take_out(act, |row| sieve.takes_row(row), |reject| sieve.takes_reject(reject));
    let mut taken = taken.map_err(RunError::from)?;
    let (cut_off, whole): (Vec<_>, Vec<_>) =
        files_of_runs(folder)?.into_iter().partition(|path| is_cut_off(path));
    if act {
        cut_off.iter().try_for_each(std::fs::remove_file)?;
    }
    taken.files += left_behind(&whole, sieve, act)?;
    Ok(taken)
}

/// The same for logs and summaries; says of how many something was taken.
///
/// # Errors
/// A file that cannot be read or written.
pub fn left_behind(paths: &[PathBuf], sieve: &impl Sieve, act: bool) -> Result<u64, Failure> {
    let mut changed = 0;
    for path in paths {
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        let Some(left) = sieve.left_of(path, &text) else { continue };
        changed += 1;
        if act {
            supplant(path, &left).map_err(RunError::from)?;
        }
    }
    Ok(changed)
}

/// A text with what is left of its lines; `None` where all stay.
pub fn by_line(text: &str, left_of: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        match left_of(line.trim_end_matches('\n')) {
            None => out.push_str(line),
            Some(left) => {
                changed = true;
                out.push_str(&left);
                out.push('\n');
            }
        }
    }
    changed.then_some(out)
}

/// Summaries, logs and files that were cut off; a page stands before the figures that it is made of, so that after a
/// crash it can be made again of what they say.
fn files_of_runs(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    let mut left = vec![Files::new(folder.to_owned()).runs()];
    while let Some(path) = left.pop() {
        match path.is_dir() {
            true => left.extend(std::fs::read_dir(path)?.flatten().map(|entry| entry.path())),
            false if path.exists() => out.push(path),
            false => {}
        }
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("log.") && name.ends_with(".jsonl") || is_cut_off(&entry.path()) {
            out.push(entry.path());
        }
    }
    out.sort_unstable_by(|a, b| b.cmp(a));
    Ok(out)
}

/// Whether a file was being written when something ended the program: nobody reads it any more.
fn is_cut_off(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && [".part", ".before"].iter().any(|ending| name.ends_with(ending))
}
