//! Files that a command reads, and others that it writes.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::table::{free, is_standard};

/// What a command writes: the flag, and the path where it was given.
pub type Written<'a> = (&'a str, Option<&'a Path>);

/// Makes sure that a command writes over nothing that it reads or that runs made, and no file twice.
///
/// # Errors
/// The first of what it writes that is a file that it reads, that another flag names too, or that is of
/// runs.
pub fn apart<'a>(reads: impl IntoIterator<Item = &'a Path>, writes: &[Written<'_>]) -> Result<(), Failure> {
    let reads: Vec<PathBuf> =
        reads.into_iter().filter(|path| !is_standard(path)).filter_map(stored).collect();
    let mut before: Vec<(&str, PathBuf)> = Vec::new();
    for (flag, path) in writes {
        let Some(path) = path else { continue };
        free(path)?;
        let refused = |why: String| {
            Err(Failure::Refused(format!("{}: {why}; name another file with `{flag}`", path.display())))
        };
        let Some(place) = stored(path) else { continue };
        // A folder takes with it what is in it.
        if !is_standard(path) && reads.iter().any(|read| read.starts_with(&place)) {
            return refused(format!("`{flag}` would replace what is read"));
        }
        if let Some((other, _)) = before.iter().find(|(_, other)| *other == place) {
            return refused(format!("`{other}` writes it too, and one would replace the other"));
        }
        before.push((flag, place));
    }
    Ok(())
}

/// Where a file is or would be, whatever links lead there; nowhere for a pipe or a device.
fn stored(path: &Path) -> Option<PathBuf> {
    if is_standard(path) {
        return Some(path.to_owned());
    }
    if std::fs::metadata(path).is_ok_and(|data| !data.is_file() && !data.is_dir()) {
        return None;
    }
    let whole = |path: &Path| path.canonicalize().ok();
    let new = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(whole(parent)?.join(path.file_name()?))
    };
    whole(path).or_else(new).or_else(|| std::path::absolute(path).ok())
}
