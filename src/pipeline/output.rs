//! The dataset's files, replaced as a whole or not at all.

mod replacement;
mod sift;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::dataset::evaluate::{Accepted, Failed, Rejected, Sink};
use crate::dataset::row::{Reject, Row};
use crate::dataset::{Models, Recipe, Totals};
use crate::fingerprint::Identity;
use crate::model::{Fingerprint, RowId};
use replacement::Replacement;
pub use sift::{Line, Taken, sift, supplant};

/// The files of a dataset, in its own folder.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}", path = crate::config::load::shown(.path).display())]
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

    /// The models that the dataset on disk is of, if there is one, and what those were taken for that nobody had seen.
    pub fn models(&self) -> Option<(Vec<Identity>, Vec<String>)> {
        let text = std::fs::read_to_string(self.folder.join("dataset.meta.json")).ok()?;
        let mut meta: Value = serde_json::from_str(&text).ok()?;
        let unseen = serde_json::from_value(meta["models_unseen"].take()).unwrap_or_default();
        Some((serde_json::from_value(meta.get_mut("models")?.take()).ok()?, unseen))
    }

    /// Rows of the dataset on disk, as the file beside it says.
    pub fn rows(&self) -> u64 {
        let text = std::fs::read_to_string(self.folder.join("dataset.meta.json")).unwrap_or_default();
        let meta: Value = serde_json::from_str(&text).unwrap_or_default();
        meta["rows"].as_u64().unwrap_or(0)
    }

    pub fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// The dataset as it was before the last change.
    pub fn previous(&self) -> PathBuf {
        self.folder.join("dataset.previous.jsonl")
    }

    /// Whether the files could be written now, at the cost of an empty one that is removed again.
    ///
    /// # Errors
    /// Why they could not.
    pub fn probe(&self) -> Result<(), OutputError> {
        let part = self.folder.join(".dataset.jsonl.part");
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&part, "\n"))
            .and_then(|()| std::fs::remove_file(&part))
            .map_err(|source| OutputError { path: self.folder.clone(), source })
    }

    /// Begins to make the files say what an outcome says.
    pub fn rewrite<'a>(&self, recipe: &'a Recipe, models: Arc<Models>) -> Rewrite<'a> {
        Rewrite {
            recipe,
            models,
            dataset: Replacement::of(&self.folder, "dataset.jsonl"),
            rejected: Replacement::of(&self.folder, "rejected.jsonl"),
            meta: Replacement::of(&self.folder, "dataset.meta.json"),
            given_up: Vec::new(),
            reasons: BTreeMap::new(),
        }
    }
}

/// The files as they will be, written beside those of before as the outcome comes about.
///
/// Where it is dropped, nothing has changed.
#[derive(Debug)]
pub struct Rewrite<'a> {
    recipe: &'a Recipe,
    models: Arc<Models>,
    dataset: Replacement,
    rejected: Replacement,
    meta: Replacement,
    given_up: Vec<Failed>,
    reasons: BTreeMap<&'static str, u64>,
}

impl Rewrite<'_> {
    /// Puts the files in place, and says whether the dataset's is another now. One that says the same already is left
    /// alone; the dataset before is kept as `dataset.previous.jsonl`.
    ///
    /// # Errors
    /// What could not be written; the files before are then untouched, or replaced one by one in
    /// the order dataset, rejects, meta.
    pub fn finish(mut self, totals: &Totals) -> Result<bool, OutputError> {
        for ask in std::mem::take(&mut self.given_up) {
            self.rejected.line(&Reject::of_ask(self.recipe, &self.models, &ask));
        }
        self.dataset.complete()?;
        self.rejected.complete()?;
        let identities: Vec<&Identity> = self.models.identities().collect();
        let meta = json!({
            "name": self.recipe.config.name,
            "complete": totals.is_final() && totals.shortfall == 0,
            "rows": totals.rows,
            "wanted": self.recipe.wanted(),
            "counterparts": totals.counterparts,
            "shortfall": totals.shortfall,
            "open_asks": totals.demands,
            "rejected": self.reasons,
            "models": identities,
            "models_unseen": self.models.assumed().map(Identity::display_name).collect::<Vec<_>>(),
            "dataset_blake3": self.dataset.hash().to_hex().as_str(),
            "rejected_blake3": self.rejected.hash().to_hex().as_str(),
        });
        self.meta.text(&serde_json::to_string_pretty(&meta).unwrap_or_default());
        self.meta.text("\n");
        self.meta.complete()?;
        let is_other = self.dataset.is_other();
        self.dataset.put(Some("dataset.previous.jsonl"))?;
        crate::crash_point!("between-files");
        self.rejected.put(None)?;
        self.meta.put(None)?;
        Ok(is_other)
    }
}

impl Sink for Rewrite<'_> {
    fn row(&mut self, accepted: &Accepted<'_>) {
        let row = Row { recipe: self.recipe, models: &self.models, accepted };
        self.dataset.line(&row);
    }

    fn reject(&mut self, rejected: &Rejected<'_>) {
        *self.reasons.entry(rejected.why.name()).or_default() += 1;
        self.rejected.line(&Reject::of_candidate(self.recipe, &self.models, rejected));
    }

    fn failed(&mut self, failed: &Failed) {
        self.given_up.push(failed.clone());
    }
}

/// The ids of the rows of the dataset that stands on disk now, in its order, but for counterparts: they follow
/// their rows.
///
/// Lines that are no rows are passed over: the folder is the user's to change.
pub fn previous_rows(files: &Files) -> impl Iterator<Item = RowId> + use<> {
    let mut file = File::open(files.dataset()).ok().map(|file| BufReader::with_capacity(1 << 16, file));
    let (mut line, mut last) = (Vec::new(), None::<RowId>);
    std::iter::from_fn(move || {
        loop {
            line.clear();
            let read = file.as_mut()?.read_until(b'\n', &mut line);
            if !read.is_ok_and(|read| read > 0) {
                file = None;
                return None;
            }
            // A counterpart stands right behind its row.
            if let Some(id) = row_id(&line)
                && last.is_none_or(|last| last.counterpart() != id)
            {
                last = Some(id);
                return last;
            }
        }
    })
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
        let (id, rest) = line.trim_ascii_end().strip_prefix(b"{\"id\":\"")?.split_at_checked(32)?;
        let (rest, fingerprint) = rest.strip_suffix(b"\"}")?.split_at_checked(rest.len().checked_sub(66)?)?;
        let text = |bytes| str::from_utf8(bytes).ok();
        let ours = rest.starts_with(b"\",") && rest.ends_with(b",\"fingerprint\":\"");
        Some(Self { id: text(id)?, fingerprint: text(fingerprint)? }).filter(|_| ours)
    }
}

/// The id in a line, if it is a row.
fn row_id(line: &[u8]) -> Option<RowId> {
    let row = Known::at_its_ends(line).or_else(|| serde_json::from_slice(line).ok())?;
    Fingerprint::parse(row.fingerprint)?;
    RowId::parse(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_rows_are_told_from_others() {
        let (id, fingerprint) = ("0f".repeat(16), "ab".repeat(32));
        let own = format!("{{\"id\":\"{id}\",\"text\":\"x\",\"fingerprint\":\"{fingerprint}\"}}\n");
        for row in [own.clone(), own.replace(",", ", "), own.trim_end().to_owned()] {
            assert_eq!(row_id(row.as_bytes()), RowId::parse(&id), "{row}");
        }
        for other in
            ["", "\n", "{}\n", &own.replace("0f", "zz"), &own.replace("ab", "xy"), &own[..own.len() - 2]]
        {
            assert_eq!(row_id(other.as_bytes()), None, "{other}");
        }
    }
}
