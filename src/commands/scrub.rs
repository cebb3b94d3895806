//! What `purge` and `forget` share: a project's configs, and files that say what the store says.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::{Failure, Stored, Talk, open_path};
use crate::anonymize::Sought;
use crate::check::removal::is_in;
use crate::dataset::snapshot::{AskHash, short};
use crate::fingerprint::Room;
use crate::model::{Fingerprint, RowId};
use crate::pipeline::{self, Files, Opened, RunError, StoreBook};
use crate::report::count;
use crate::store::{Reader, RunLock, Scrub, StoreDir};

/// A config of a project, with all that it could ask.
pub struct Member {
    pub opened: Opened,
    pub stored: Stored,
    /// Each ask's cell, by the beginning of its fingerprint.
    asks: HashMap<AskHash, u32>,
}

impl Member {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let opened = open_path(path, &[])?;
        let stored = Stored::open(&opened)?;
        let recipe = &opened.recipe;
        let mut asks = HashMap::new();
        if stored.known.is_some() {
            let mut room = Room::default();
            for cell in 0..recipe.grid.size() {
                for ask in 0..recipe.quotas.asks(cell) {
                    let fingerprint =
                        recipe.fingerprint(&stored.models, cell, ask, &mut room).map_err(RunError::from)?;
                    asks.insert(short(&fingerprint), cell as u32);
                }
            }
        }
        Ok(Self { opened, stored, asks })
    }

    /// The cell of an ask, if it is one of this config's.
    pub fn cell(&self, fingerprint: &Fingerprint) -> Option<usize> {
        self.asks.get(&short(fingerprint)).map(|cell| *cell as usize)
    }

    /// What the config as it is now asks about the texts of its stored answers.
    pub fn asks_about(&self) -> Result<HashSet<AskHash>, Failure> {
        let recipe = &self.opened.recipe;
        let mut out = HashSet::new();
        let Some(known) = self.stored.known.as_ref().filter(|_| recipe.looks_into_texts()) else {
            return Ok(out);
        };
        let settings = pipeline::settings(recipe, &known.memories);
        let reader = self.stored.reader.as_ref();
        let mut book = StoreBook::new(recipe, self.stored.models.clone(), reader, settings, false)
            .map_err(RunError::from)?;
        for cell in 0..recipe.grid.size() {
            for ask in 0..recipe.quotas.asks(cell) {
                out.extend(book.requests_about(cell, ask).map_err(RunError::from)?.iter().map(short));
            }
        }
        Ok(out)
    }

    pub fn name(&self) -> &str {
        &self.opened.recipe.config.name
    }

    /// Writes the dataset's files as the store is now, where there are any.
    pub fn refresh(&self, talk: &Talk) -> Result<(), Failure> {
        let recipe = &self.opened.recipe;
        let files = Files::new(recipe.config.dataset_dir());
        if !files.dataset().exists() {
            return Ok(());
        }
        let mut rewrite = files.rewrite(recipe, Arc::new(self.stored.models.clone()));
        let totals = self.stored.evaluate::<RowId>(&self.opened.recipe, talk, true, &mut rewrite)?;
        Ok(rewrite.finish(&totals).map_err(RunError::from)?)
    }

    /// The folder of the dataset and what runs left beside it.
    pub fn folder(&self) -> PathBuf {
        self.opened.recipe.config.dataset_dir()
    }

    /// The files that runs left: those in `runs/`, and their logs.
    pub fn files_of_runs(&self) -> io::Result<Vec<PathBuf>> {
        let folder = self.folder();
        let mut out = Vec::new();
        let mut left = vec![folder.join("runs")];
        while let Some(path) = left.pop() {
            match path.is_dir() {
                true => left.extend(std::fs::read_dir(path)?.flatten().map(|entry| entry.path())),
                false if path.exists() => out.push(path),
                false => {}
            }
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("log.") && name.ends_with(".jsonl") {
                out.push(entry.path());
            }
        }
        Ok(out)
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
        let file = crate::config::load::shown(&curation.file);
        (lines > 0).then(|| {
            format!("{} of {} {stands} it: {it} yours to edit", count(lines, "line"), file.display())
        })
    }

    /// The dataset as it was before.
    pub fn previous(&self) -> PathBuf {
        self.folder().join("dataset.previous.jsonl")
    }
}

/// Rewrites a file with what is left of its lines, or without the lines of which something is taken away;
/// `false` where all stay as they are, which is what `None` says of a line.
pub fn clean_file(
    path: &Path,
    whole_lines: bool,
    left_of: impl Fn(&str) -> Option<String>,
) -> io::Result<bool> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read?,
    };
    let text = String::from_utf8_lossy(&bytes);
    let mut out = String::with_capacity(text.len());
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        match left_of(line.trim_end_matches('\n')) {
            None => out.push_str(line),
            Some(left) => {
                changed = true;
                if !whole_lines {
                    out.push_str(&left);
                    out.push('\n');
                }
            }
        }
    }
    if changed {
        overwrite(path, bytes.len(), &out)?;
    }
    Ok(changed)
}

/// Writes a file anew, over its own bytes first, so that those are not left on the disk where that is up to us.
pub fn overwrite(path: &Path, length: usize, text: &str) -> io::Result<()> {
    std::fs::write(path, vec![b' '; length])?;
    std::fs::write(path, text)
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

/// The nearest folder above one that has a store.
pub fn store_above(folder: &Path) -> io::Result<Option<StoreDir>> {
    let folder = std::path::absolute(folder)?;
    Ok(folder.ancestors().map(|folder| StoreDir::new(folder.join(".emogrid"))).find(StoreDir::exists))
}

/// The store of the project that a file stands in, if it stands in any.
pub fn store_of(file: &Path) -> io::Result<Option<StoreDir>> {
    let file = std::path::absolute(file)?;
    store_above(file.parent().unwrap_or(&file))
}

/// The files of all configs that ran in the project of a store, by name.
pub fn config_files(dir: &StoreDir, reader: &Reader) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut out = Vec::new();
    let root = dir.folder().parent().unwrap_or(Path::new("."));
    for name in reader.config_names()? {
        if let Some(path) = reader.config_file(&name)? {
            out.push((name, root.join(path)));
        }
    }
    Ok(out)
}

/// Takes things out of a store while no run of the project goes on, nor one begins as long as the locks
/// are held.
pub fn carry_out(dir: &StoreDir, reader: &Reader, scrub: &Scrub) -> Result<Vec<RunLock>, Failure> {
    let names = reader.config_names()?;
    let locks = names.iter().map(|name| RunLock::take(dir, name)).collect::<Result<Vec<_>, _>>();
    let locks = locks.map_err(RunError::from)?;
    dir.scrub(scrub)?;
    Ok(locks)
}
