//! Nothing of a frozen test part reaches a prompt, a mix or a training file.
//!
//! `emogrid import` freezes the test part of a data set: the origins of its rows and the hashes of their texts stand in the
//! `manifest.json` beside its files, and in `.emogrid/frozen/` of the project. Whoever reads real rows opens a
//! [`Guard`] for their files, takes a [`Gate`] for the [`Purpose`] that they are read for, and uses only what
//! the gate admits:
//!
//! ```no_run
//! # use emogrid::guard::{Guard, Purpose};
//! # use emogrid::table::{Layout, Reader};
//! # fn read() -> Result<(), Box<dyn std::error::Error>> {
//! let files = ["data/goemotions/train.jsonl"];
//! let guard = Guard::of(&files)?;
//! let mut gate = guard.gate(Purpose::Exemplars);
//! for row in Reader::open(files[0].as_ref(), &Layout::default())? {
//!     let Some(row) = gate.admit(row?) else { continue };
//!     println!("{}", row.text);
//! }
//! // Say how many were held, and why.
//! assert_eq!((gate.held(), gate.why()), (0, None));
//! # Ok(()) }
//! ```
//!
//! A row is held if it says itself that it is of a test part (`split`), if it is from the file
//! and line of a frozen row, or if its text is that of a frozen row but for case, blanks and Unicode's spelling, in whatever
//! file it stands. Measuring admits every row.

mod frozen;

use std::collections::{HashMap, HashSet};
use std::ops::Deref;
use std::path::Path;

pub use frozen::{FORMAT, Frozen, GuardError, frozen_in, register, told_rows};

use crate::model::{Split, TextKey};
use frozen::Found;

/// What real rows are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A model is trained on them, or its thresholds tuned, or a file for training is written.
    Training,
    /// They stand in prompts.
    Exemplars,
    /// They are mixed with generated rows.
    Mix,
    /// A model is measured on them.
    Measuring,
}

/// A row of which a guard can tell whether it is of a test part.
pub trait RealRow {
    fn text(&self) -> &str;

    /// A column that is a text: `split` and `origin` matter.
    fn column(&self, _name: &str) -> Option<&str> {
        None
    }
}

/// A text alone.
impl RealRow for str {
    fn text(&self) -> &str {
        self
    }
}

impl<R: RealRow + ?Sized> RealRow for &R {
    fn text(&self) -> &str {
        (**self).text()
    }

    fn column(&self, name: &str) -> Option<&str> {
        (**self).column(name)
    }
}

/// The frozen test parts that rows are held against.
#[derive(Debug, Default)]
pub struct Guard {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// What messages call it.
    name: String,
    /// Files and lines that its rows are from, as `source_of` tells them.
    sources: HashSet<String>,
    texts: HashSet<TextKey>,
    hash: String,
    /// The test part's own file, where the manifest stands beside it.
    file: Option<std::path::PathBuf>,
}

/// Why a row is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It says itself that it is of a test part.
    Split,
    /// It is from the file and line of a row of this test part.
    Origin(String),
    /// Its text stands in this test part.
    Text(String),
}

impl std::fmt::Display for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Held::Split => f.write_str("its column `split` says that it is of a test part"),
            Held::Origin(part) => write!(f, "it is a row of {part}"),
            Held::Text(part) => write!(f, "its text stands in {part}"),
        }
    }
}

impl Guard {
    /// The frozen test parts that concern these files: those of their folders, and those of the projects that
    /// they and the working folder are in.
    ///
    /// # Errors
    /// Where a manifest of ours cannot be read.
    pub fn of(files: &[impl AsRef<Path>]) -> Result<Self, GuardError> {
        let mut guard = Self::default();
        let mut known = HashMap::new();
        for Found { frozen, at, beside } in frozen::concerning(files)? {
            let file = beside.then(|| at.with_file_name(&frozen.file));
            // One that is registered too is the same.
            if let Some(&known) = known.get(&(frozen.dataset.clone(), frozen.hash.clone())) {
                let part: &mut Part = &mut guard.parts[known];
                part.file = part.file.take().or(file);
                continue;
            }
            known.insert((frozen.dataset.clone(), frozen.hash.clone()), guard.parts.len());
            guard.parts.push(Part {
                name: format!("the frozen test part of {} ({})", frozen.dataset, at.display()),
                sources: frozen
                    .origins
                    .iter()
                    .filter_map(|origin| source_of(origin))
                    .map(str::to_owned)
                    .collect(),
                texts: frozen.texts.into_iter().collect(),
                hash: frozen.hash,
                file,
            });
        }
        Ok(guard)
    }

    /// Holds these texts too; `name` is what messages call them.
    pub fn also<'t>(mut self, name: &str, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let texts: HashSet<TextKey> = texts.into_iter().map(TextKey::of).collect();
        self.parts.push(Part {
            name: name.to_owned(),
            sources: HashSet::new(),
            texts,
            hash: String::new(),
            file: None,
        });
        self
    }

    /// What rows must pass to be used.
    pub fn gate(&self, purpose: Purpose) -> Gate<'_> {
        Gate { guard: self, purpose, held: 0, why: None }
    }

    /// How many test parts it knows.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// What tells this guard from one that knows other frozen test parts; `None` where there is none.
    pub fn hash(&self) -> Option<String> {
        let mut all: Vec<&str> = self.parts.iter().map(|part| part.hash.as_str()).collect();
        all.retain(|hash| !hash.is_empty());
        all.sort_unstable();
        all.dedup();
        (!all.is_empty()).then(|| blake3::hash(all.join("\n").as_bytes()).to_hex().to_string())
    }

    /// Makes sure that a file which is a frozen test part still has the content that it was frozen with.
    ///
    /// # Errors
    /// Where it has another, or cannot be read.
    pub fn unchanged(&self, file: &Path) -> Result<(), GuardError> {
        let Ok(path) = std::path::absolute(file) else { return Ok(()) };
        let Some(part) = self.parts.iter().find(|part| part.file.as_ref() == Some(&path)) else {
            return Ok(());
        };
        let bytes = std::fs::read(&path).map_err(|error| GuardError::Io { path: file.to_owned(), error })?;
        match *blake3::hash(&bytes).to_hex() == *part.hash {
            true => Ok(()),
            false => Err(GuardError::Changed { path: file.to_owned() }),
        }
    }

    fn holds(&self, row: &impl RealRow) -> Option<Held> {
        let split = row.column("split");
        if split.and_then(Split::named) == Some(Split::Test) {
            return Some(Held::Split);
        }
        if self.parts.is_empty() {
            return None;
        }
        let key = TextKey::of(row.text());
        let source = row.column("origin").and_then(source_of);
        self.parts.iter().find_map(|part| {
            if source.is_some_and(|source| part.sources.contains(source)) {
                return Some(Held::Origin(part.name.clone()));
            }
            part.texts.contains(&key).then(|| Held::Text(part.name.clone()))
        })
    }
}

/// Of a row's origin, the hash of the file and the line that it is from: two data sets may share a name and a
/// file's name, and one file may be imported twice.
fn source_of(origin: &str) -> Option<&str> {
    origin.rsplit_once('@').map(|(_, source)| source)
}

/// Lets rows through that may be used for one purpose, and counts those that may not.
#[derive(Debug)]
pub struct Gate<'g> {
    guard: &'g Guard,
    purpose: Purpose,
    held: u64,
    why: Option<Held>,
}

impl Gate<'_> {
    /// The row, if it may be used.
    pub fn admit<R: RealRow>(&mut self, row: R) -> Option<Admitted<R>> {
        if self.purpose == Purpose::Measuring {
            return Some(Admitted(row));
        }
        match self.guard.holds(&row) {
            None => Some(Admitted(row)),
            Some(held) => {
                self.held += 1;
                self.why.get_or_insert(held);
                None
            }
        }
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// How many rows it held.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Why it held the first of them.
    pub fn why(&self) -> Option<&Held> {
        self.why.as_ref()
    }
}

/// A row that may be used for what its gate was opened for; only a gate makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted<R>(R);

impl<R> Admitted<R> {
    pub fn into_inner(self) -> R {
        self.0
    }
}

impl<R> Deref for Admitted<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

#[cfg(test)]
mod tests;
