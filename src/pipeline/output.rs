//! The dataset's files, replaced as a whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dataset::row::{failed, reject, row};
use crate::dataset::{Models, Outcome, Recipe};
use crate::fingerprint::Identity;
use crate::model::{Fingerprint, RowId};

/// The files of a dataset, in its own folder.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}", path = .path.display())]
pub struct OutputError {
    pub path: PathBuf,
    pub source: io::Error,
}

impl Files {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub fn dataset(&self) -> PathBuf {
        self.folder.join("dataset.jsonl")
    }

    /// The models that the dataset on disk is of, if there is one.
    pub fn models(&self) -> Option<Vec<Identity>> {
        let text = std::fs::read_to_string(self.folder.join("dataset.meta.json")).ok()?;
        let mut meta: Value = serde_json::from_str(&text).ok()?;
        serde_json::from_value(meta.get_mut("models")?.take()).ok()
    }

    pub fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Makes the files say what an outcome says. A file that says so already is left alone; the
    /// dataset before is kept as `dataset.previous.jsonl`.
    ///
    /// # Errors
    /// What could not be written; the files before are then untouched, or replaced one by one in
    /// the order dataset, rejects, meta.
    pub fn write(&self, recipe: &Recipe, outcome: &Outcome, models: &Models) -> Result<(), OutputError> {
        let rows = lines(outcome.rows.iter().map(|accepted| row(recipe, models, accepted)));
        let identities: Vec<&Identity> = models.list().iter().map(|model| &model.identity).collect();
        let given_up = outcome.failed.iter().map(|ask| failed(recipe, ask));
        let rejects = lines(outcome.rejects.iter().map(|rejected| reject(recipe, rejected)).chain(given_up));
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in &outcome.rejects {
            *reasons.entry(reject.reason.name()).or_default() += 1;
        }
        let meta = json!({
            "name": recipe.config.name,
            "complete": outcome.is_final() && outcome.shortfall == 0,
            "rows": outcome.rows.len(),
            "wanted": recipe.wanted(),
            "shortfall": outcome.shortfall,
            "open_asks": outcome.demands.len(),
            "rejected": reasons,
            "models": identities,
            "dataset_blake3": blake3::hash(rows.as_bytes()).to_hex().as_str(),
            "rejected_blake3": blake3::hash(rejects.as_bytes()).to_hex().as_str(),
        });
        let mut meta = serde_json::to_string_pretty(&meta).unwrap_or_default();
        meta.push('\n');
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| OutputError { path: self.folder.clone(), source })?;
        self.replace("dataset.jsonl", &rows, Some("dataset.previous.jsonl"))?;
        crate::crash_point!("between-files");
        self.replace("rejected.jsonl", &rejects, None)?;
        self.replace("dataset.meta.json", &meta, None)
    }

    fn replace(&self, name: &str, text: &str, keep: Option<&str>) -> Result<(), OutputError> {
        let path = self.folder.join(name);
        if std::fs::read(&path).is_ok_and(|before| before == text.as_bytes()) {
            return Ok(());
        }
        let fresh = self.folder.join(format!(".{name}.part"));
        let unwritten = |path: &Path, source| OutputError { path: path.to_owned(), source };
        write_whole(&fresh, text).map_err(|error| unwritten(&fresh, error))?;
        if let Some(keep) = keep
            && path.exists()
        {
            let keep = self.folder.join(keep);
            let link = self.folder.join(format!(".{name}.before"));
            let _ = std::fs::remove_file(&link);
            // A second name for the old file, so that at no moment there is no dataset; a copy
            // where the file system has no links.
            std::fs::hard_link(&path, &link)
                .or_else(|_| std::fs::copy(&path, &link).map(drop))
                .and_then(|()| std::fs::rename(&link, &keep))
                .map_err(|error| unwritten(&keep, error))?;
        }
        crate::crash_point!("before-rename");
        std::fs::rename(&fresh, &path).map_err(|error| unwritten(&path, error))
    }
}

fn lines(rows: impl Iterator<Item = Map<String, Value>>) -> String {
    rows.map(|row| format!("{}\n", Value::Object(row))).collect()
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The rows of the dataset that stands on disk now: their ids, and the fingerprint of each.
///
/// Lines that are no rows are passed over: the folder is the user's to change.
pub fn previous_rows(files: &Files) -> HashMap<RowId, Fingerprint> {
    let Ok(file) = File::open(files.dataset()) else {
        return HashMap::new();
    };
    #[derive(Deserialize)]
    struct Row<'a> {
        id: &'a str,
        fingerprint: &'a str,
    }
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            let row: Row = serde_json::from_str(&line).ok()?;
            Some((RowId::parse(row.id)?, Fingerprint::parse(row.fingerprint)?))
        })
        .collect()
}
