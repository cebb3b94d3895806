//! The dataset's files, replaced as a whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rewrite::Rewrite;
use crate::dataset::row::{Reject, Row};
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
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| OutputError { path: self.folder.clone(), source })?;
        let rows = outcome.rows.iter().map(|accepted| Row { recipe, models, accepted });
        let rows = self.replace("dataset.jsonl", Some("dataset.previous.jsonl"), |out| lines(out, rows))?;
        crate::crash_point!("between-files");
        let rejects = outcome.rejects.iter().map(|rejected| Reject::of_candidate(recipe, rejected));
        let given_up = outcome.failed.iter().map(|ask| Reject::of_ask(recipe, ask));
        let rejects = self.replace("rejected.jsonl", None, |out| lines(out, rejects.chain(given_up)))?;
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in &outcome.rejects {
            *reasons.entry(reject.reason.name()).or_default() += 1;
        }
        let identities: Vec<&Identity> = models.list().iter().map(|model| &model.identity).collect();
        let meta = json!({
            "name": recipe.config.name,
            "complete": outcome.is_final() && outcome.shortfall == 0,
            "rows": outcome.rows.len(),
            "wanted": recipe.wanted(),
            "shortfall": outcome.shortfall,
            "open_asks": outcome.demands.len(),
            "rejected": reasons,
            "models": identities,
            "dataset_blake3": rows.to_hex().as_str(),
            "rejected_blake3": rejects.to_hex().as_str(),
        });
        self.replace("dataset.meta.json", None, |out| {
            serde_json::to_writer_pretty(&mut *out, &meta)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }

    /// Writes a file, if it is another than before, and gives its hash.
    fn replace(
        &self,
        name: &str,
        keep: Option<&str>,
        write: impl FnOnce(&mut Rewrite) -> io::Result<()>,
    ) -> Result<blake3::Hash, OutputError> {
        let path = self.folder.join(name);
        let fresh = self.folder.join(format!(".{name}.part"));
        let unwritten = |path: &Path, source| OutputError { path: path.to_owned(), source };
        let mut file = Rewrite::new(&path, &fresh);
        let (hash, differs) =
            write(&mut file).and_then(|()| file.finish()).map_err(|error| unwritten(&fresh, error))?;
        if !differs {
            return Ok(hash);
        }
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
        std::fs::rename(&fresh, &path).map_err(|error| unwritten(&path, error))?;
        Ok(hash)
    }
}

fn lines(out: &mut Rewrite, rows: impl Iterator<Item = impl Serialize>) -> io::Result<()> {
    let mut line = Vec::new();
    for row in rows {
        line.clear();
        serde_json::to_writer(&mut line, &row)?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

/// What is read of a row that stands on disk.
#[derive(Deserialize)]
struct Known<'a> {
    id: &'a str,
    fingerprint: &'a str,
}

impl<'a> Known<'a> {
    /// Reads a line as we write it, the id first and the fingerprint last, without parsing what is
    /// between.
    fn at_its_ends(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?.trim_end();
        let (id, rest) = line.strip_prefix("{\"id\":\"")?.split_at_checked(32)?;
        let (rest, fingerprint) = rest.strip_suffix("\"}")?.split_at_checked(rest.len().checked_sub(66)?)?;
        (rest.starts_with("\",") && rest.ends_with(",\"fingerprint\":\"")).then_some(Self { id, fingerprint })
    }
}

/// The rows of the dataset that stands on disk now: their ids, and the fingerprint of each.
///
/// Lines that are no rows are passed over: the folder is the user's to change.
pub fn previous_rows(files: &Files) -> HashMap<RowId, Fingerprint> {
    let Ok(file) = File::open(files.dataset()) else {
        return HashMap::new();
    };
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut rows = HashMap::new();
    let mut line = Vec::new();
    let parsed = |row: Known| Some((RowId::parse(row.id)?, Fingerprint::parse(row.fingerprint)?));
    while file.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        rows.extend(
            Known::at_its_ends(&line).or_else(|| serde_json::from_slice(&line).ok()).and_then(parsed),
        );
        line.clear();
    }
    rows
}
