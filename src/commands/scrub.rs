//! What `gc`, `purge` and `forget` share: a project that stands still, its configs, and where their datasets are.

mod folder;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Failure, Stored, Talk, open_path};
use crate::anonymize::Sought;
use crate::check::removal::is_in;
use crate::config::load::{project_root, shown};
use crate::dataset::snapshot::{AskHash, CellAsks, short};
use crate::home;
use crate::model::Fingerprint;
use crate::pipeline::{self, Opened, RunError, StoreBook, StoredAsk};
use crate::report::count;
use crate::store::{Reader, RunLock, StoreDir};
use folder::sweep;
pub use folder::{Sieve, by_line, left_behind};

/// A config of a project, with all of its asks that are stored.
pub struct Member {
    pub opened: Opened,
    pub stored: Stored,
    file: PathBuf,
    asks: Vec<StoredAsk>,
    /// Each one's cell, by the beginning of its fingerprint.
    cells: HashMap<AskHash, u32>,
}

impl Member {
    /// # Errors
    /// A config that cannot be read, and one with an endpoint of which nobody knows the model, and so which stored
    /// answers are its own.
    pub fn open(file: &Path, talk: &Talk) -> Result<Self, Failure> {
        crate::wait_point!("member");
        let opened = open_path(file, &[])?;
        let stored = Stored::open(&opened)?;
        let config = &opened.recipe.config;
        let known = match pipeline::sure(config, stored.reader.as_ref(), stored.known.as_ref())? {
            Ok(known) => known,
            Err(unsure) => return Err(Failure::Refused(unknown(&opened, &stored, &unsure))),
        };
        let stored = Stored { models: known.models(config), known: Some(known), ..stored };
        let asks = watched(&opened, &stored, talk, |book| Ok(book.stored_asks().map_err(RunError::from)?))?;
        let cells = asks.iter().map(|ask| (ask.hash, ask.cell)).collect();
        Ok(Self { opened, stored, file: file.to_owned(), asks, cells })
    }

    /// The beginnings of the fingerprints of all its stored asks.
    pub fn hashes(&self) -> impl Iterator<Item = AskHash> {
        self.asks.iter().map(|ask| ask.hash)
    }

    /// The cell of an ask, if it is one of this config's.
    pub fn cell(&self, fingerprint: &Fingerprint) -> Option<usize> {
        self.cells.get(&short(fingerprint)).map(|cell| *cell as usize)
    }

    /// What the config as it is now asks about the texts of its stored answers.
    pub fn asks_about(&self, talk: &Talk) -> Result<HashSet<AskHash>, Failure> {
        watched(&self.opened, &self.stored, talk, |book| {
            let about = book.asks_about(&self.asks).map_err(RunError::from)?;
            Ok(about.iter().map(short).collect())
        })
    }

    pub fn name(&self) -> &str {
        &self.opened.recipe.config.name
    }

    /// Whether a dataset was made by this config's file: under its name, or another that it had then.
    pub fn made(&self, dataset: &Dataset) -> bool {
        let whole = |path: &Path| path.canonicalize().ok();
        let same = |file: &PathBuf| whole(file).is_some_and(|file| whole(&self.file) == Some(file));
        dataset.name == self.name() || dataset.file.as_ref().is_some_and(same)
    }

    /// Says which lines of the file of decisions have something in a text of theirs; it is the user's to edit.
    pub fn decided(&self, has: impl Fn(&str) -> bool) -> Option<String> {
        let curation = self.opened.recipe.config.curation.as_ref()?;
        let text = std::fs::read_to_string(&curation.file).ok()?;
        let has = |line: &&str| {
            let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
            ["text", "counterpart"].iter().any(|key| line[*key].as_str().is_some_and(&has))
        };
        let lines = text.lines().filter(has).count() as u64;
        let (stands, it) = if lines == 1 { ("holds", "it is") } else { ("hold", "they are") };
        let file = shown(&curation.file);
        (lines > 0).then(|| {
            format!("{} of {} {stands} it: {it} yours to edit", count(lines, "line"), file.display())
        })
    }
}

/// Works with what is stored of a config, and shows how far that is.
fn watched<T>(
    opened: &Opened,
    stored: &Stored,
    talk: &Talk,
    work: impl FnOnce(&mut StoreBook<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let watcher = talk.style().watcher();
    let mut book = stored.book(&opened.recipe)?;
    book.watch(Some(watcher.as_ref()));
    work(&mut book)
}

fn unknown(opened: &Opened, stored: &Stored, unsure: &[usize]) -> String {
    let unseen = unsure.iter().map(|index| &stored.endpoints[*index]);
    let unseen: Vec<String> = unseen
        .map(|endpoint| {
            let trouble = endpoint.trouble.as_deref().unwrap_or("it was never seen");
            format!("the model of `endpoints.{0}` is not known ({trouble})", endpoint.name)
        })
        .collect();
    format!(
        "`{}`: {}, so nobody can say which stored answers are its own: nothing was changed\n  start its server, \
         give back the address that it had, or name in its `model` one that was seen at another",
        opened.recipe.config.name,
        unseen.join(", ")
    )
}

/// The store of the one project that all configs are of.
///
/// # Errors
/// Configs of several projects.
pub fn one_project(configs: &[PathBuf], what: &str) -> Result<StoreDir, Failure> {
    let roots: BTreeSet<PathBuf> = configs.iter().map(|config| project_root(config)).collect();
    match roots.first() {
        Some(root) if roots.len() == 1 => Ok(StoreDir::new(root.join(home::KEPT))),
        _ => Err(Failure::Refused(format!(
            "these configs are of different projects: {what} one project at a time"
        ))),
    }
}

/// The store of the project that a folder is in, where it is in any.
pub fn store_above(folder: &Path) -> Option<StoreDir> {
    home::above(folder).map(|root| StoreDir::new(root.join(home::KEPT)))
}

/// The store of the project that a file stands in, if it stands in any.
pub fn store_of(file: &Path) -> Option<StoreDir> {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    store_above(file.parent().unwrap_or(&file))
}

/// Sees to it that no run of the project goes on, nor one begins as long as the locks are held.
///
/// # Errors
/// A run that goes on.
pub fn hold(dir: &StoreDir, reader: &Reader) -> Result<Vec<RunLock>, Failure> {
    let mut held = BTreeMap::new();
    loop {
        // One may have begun under a name of its own meanwhile.
        let names = reader.config_names()?;
        let Some(name) = names.into_iter().find(|name| !held.contains_key(name)) else {
            return Ok(held.into_values().collect());
        };
        let lock = RunLock::take(dir, &name).map_err(|failure| match failure.run() {
            Some(run) => Failure::InVain(format!("a {run}: try again when it has ended")),
            None => Failure::from(RunError::from(failure)),
        })?;
        held.insert(name, lock);
    }
}

/// What was made under one name.
#[derive(Debug)]
pub struct Dataset {
    pub name: String,
    /// The config that last ran under it.
    pub file: Option<PathBuf>,
    /// The folders that its files are in, by what its runs kept of their configs.
    pub folders: BTreeSet<PathBuf>,
}

impl Dataset {
    /// The beginnings of the fingerprints of all that its last runs reached: the one that it is of, and one that was cut off.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn last_asks(&self, reader: &Reader) -> Result<Vec<AskHash>, Failure> {
        let last = reader.last_cells(&self.name)?;
        Ok(last.into_iter().filter_map(CellAsks::from_bytes).flat_map(|asks| asks.all()).collect())
    }

    /// Goes through all of its folders; see `sweep`.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn sweep(&self, sieve: &impl Sieve, act: bool) -> Result<Swept, Failure> {
        let mut out = Swept::default();
        for folder in &self.folders {
            let taken = sweep(folder, sieve, act)?;
            out.rows += taken.rows;
            out.files += taken.files;
        }
        Ok(out)
    }
}

/// What was taken out of a dataset's folders, or would be.
#[derive(Debug, Default)]
pub struct Swept {
    pub rows: u64,
    /// Files that are others then.
    pub files: u64,
}

/// All that was made in the project of a store.
///
/// # Errors
/// A store that cannot be read.
pub fn datasets(dir: &StoreDir, reader: &Reader) -> Result<Vec<Dataset>, Failure> {
    let root = dir.folder().parent().unwrap_or(Path::new("."));
    let mut out = Vec::new();
    for name in reader.config_names()? {
        let mut outputs = reader.outputs(&name)?;
        // A run that was cut off kept nothing of its config.
        outputs.push("out".to_owned());
        let folders = outputs.iter().map(|output| root.join(output).join(&name));
        let folders = folders.filter_map(|folder| folder.canonicalize().ok()).collect();
        let file = reader.config_file(&name)?.map(|file| root.join(file));
        out.push(Dataset { name, file, folders });
    }
    Ok(out)
}

/// A text or JSON without somebody's words; `None` where they are not in there.
pub fn without(text: &str, sought: &Sought) -> Option<String> {
    let json = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str::<Value>(text).ok());
    match json.flatten() {
        Some(value) => is_in(&value, sought).then(|| taken_out(value, sought).to_string()),
        None => sought.taken_out(text),
    }
}

fn taken_out(value: Value, sought: &Sought) -> Value {
    match value {
        Value::String(text) => Value::String(without(&text, sought).unwrap_or(text)),
        Value::Array(items) => items.into_iter().map(|item| taken_out(item, sought)).collect(),
        Value::Object(fields) => {
            let name = |name: String| sought.taken_out(&name).unwrap_or(name);
            fields.into_iter().map(|(key, value)| (name(key), taken_out(value, sought))).collect()
        }
        other => other,
    }
}
