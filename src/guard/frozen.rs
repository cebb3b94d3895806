//! Where frozen test parts are written down, and found again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::home;
use crate::model::TextKey;

/// What a manifest of ours says of its own form.
pub const FORMAT: &str = "emogrid-import 1";

/// Beside the files of an imported data set.
const MANIFEST: &str = "manifest.json";

/// A test part, as a manifest keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The data set's name.
    pub dataset: String,
    /// The file of the test part, beside the manifest.
    pub file: String,
    pub rows: u64,
    /// BLAKE3 of that file, in hexadecimal.
    pub hash: String,
    /// Of each row: its data set, file, the file's hash and the line, as `moods/test.tsv@1f2e3d4c:17`.
    pub origins: Vec<String>,
    /// Of each text as it was before cleaning and as it is now.
    pub texts: Vec<TextKey>,
}

/// Why a frozen test part cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    #[error("{}: {error}", .path.display())]
    Io { path: PathBuf, error: std::io::Error },
    #[error(
        "{}: this manifest of an imported data set is damaged ({what}), so nobody knows which rows are its \
         test part; import the data set again into the same folder",
        .path.display()
    )]
    Damaged { path: PathBuf, what: String },
    #[error(
        "{}: this test part is not what was frozen when it was imported; import it again, or copy it to another \
         folder if these rows are meant",
        .path.display()
    )]
    Changed { path: PathBuf },
}

/// A frozen test part, and where that is written.
pub(super) struct Found {
    pub frozen: Frozen,
    pub at: PathBuf,
    /// Whether that is a manifest beside its files.
    pub beside: bool,
}

/// All that concern some files.
pub(super) fn concerning(files: &[impl AsRef<Path>]) -> Result<Vec<Found>, GuardError> {
    let mut folders = BTreeSet::new();
    let here = std::env::current_dir().ok();
    for file in files.iter().map(AsRef::as_ref) {
        let Ok(path) = std::path::absolute(file) else { continue };
        // What a link points at is beside other manifests than the link.
        for path in [path.canonicalize().ok(), Some(path)].into_iter().flatten() {
            folders.extend(path.parent().map(Path::to_owned));
        }
    }
    let beside: Vec<PathBuf> = folders.iter().map(|folder| folder.join(MANIFEST)).collect();
    let above: BTreeSet<&Path> = folders.iter().chain(&here).flat_map(|folder| folder.ancestors()).collect();
    let mut registered = Vec::new();
    for folder in above {
        let Ok(list) = std::fs::read_dir(registry(folder)) else { continue };
        let paths = list.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        registered.extend(paths.filter(|path| path.extension().is_some_and(|ending| ending == "json")));
    }
    registered.sort();
    let mut out = Vec::new();
    for (at, beside) in
        beside.into_iter().map(|at| (at, true)).chain(registered.into_iter().map(|at| (at, false)))
    {
        out.extend(read(&at)?.map(|frozen| Found { frozen, at, beside }));
    }
    Ok(out)
}

/// The frozen test part of a manifest; `None` where there is no file, or a manifest of something else.
fn read(path: &Path) -> Result<Option<Frozen>, GuardError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(GuardError::Io { path: path.to_owned(), error }),
    };
    if !text.contains(FORMAT) {
        return Ok(None);
    }
    let damaged =
        |what: serde_json::Error| GuardError::Damaged { path: path.to_owned(), what: what.to_string() };
    let mut manifest: Value = serde_json::from_str(&text).map_err(damaged)?;
    match manifest.get_mut("test").map(Value::take) {
        None | Some(Value::Null) => Ok(None),
        Some(test) => serde_json::from_value(test).map(Some).map_err(damaged),
    }
}

/// The test part that an earlier import into this folder froze.
pub fn frozen_in(folder: &Path) -> Result<Option<Frozen>, GuardError> {
    read(&folder.join(MANIFEST))
}

/// How many rows a file of an imported data set has, as the manifest beside it tells.
pub fn told_rows(file: &Path) -> Option<u64> {
    let text =
        std::fs::read_to_string(file.with_file_name(MANIFEST)).ok().filter(|text| text.contains(FORMAT))?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    let name = file.file_name()?.to_str()?;
    let part = manifest["parts"].as_object()?.values().find(|part| part["file"] == name)?;
    part["rows"].as_u64()
}

fn registry(project: &Path) -> PathBuf {
    project.join(home::KEPT).join("frozen")
}

/// Tells the project that a folder is in of its frozen test part, so that its texts are known wherever they
/// stand; says where. Where it is in no project there is nobody to tell.
pub fn register(folder: &Path, frozen: Option<&Frozen>) -> Result<Option<PathBuf>, GuardError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| GuardError::Io { path, error }
    };
    let folder = std::path::absolute(folder).map_err(failed(folder))?;
    // One in which nothing ran yet.
    let new = || folder.ancestors().find(|above| above.join("configs").is_dir()).map(Path::to_owned);
    let Some(project) = home::above(&folder).or_else(new) else { return Ok(None) };
    let place = folder.strip_prefix(&project).unwrap_or(&folder);
    let hash = blake3::hash(place.to_string_lossy().as_bytes()).to_hex();
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = registry(&project).join(format!("{name}-{}.json", &hash[..8]));
    let Some(frozen) = frozen else {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(&path)(error)),
            _ => Ok(None),
        };
    };
    std::fs::create_dir_all(registry(&project)).map_err(failed(&path))?;
    let text = json!({ "format": FORMAT, "of": place.to_string_lossy(), "test": frozen }).to_string();
    crate::staged::replace(&path, text.as_bytes()).map_err(failed(&path))?;
    Ok(Some(path))
}
