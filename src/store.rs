//! The store: completions under fingerprint and `max_tokens`, tombstones, snapshots, runs.
//!
//! It lives in `.emogrid/` at the project's root and is shared by all its configs. One thread
//! writes, in batches; readers see what is committed.

mod experience;
mod lock;
mod reader;
mod schema;
mod scrub;
mod sent;
mod writer;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::fingerprint::{Canonical, Identity};
use crate::model::Fingerprint;
pub use experience::Experience;
pub use lock::{LockError, RunLock, untold};
pub use reader::{Answers, Origin, Reader};
pub use scrub::{Entry, Key, Scrub};
pub use sent::{Sent, Turn};
pub use writer::{Ticket, Writer, Written};

/// A whole raw answer with what made it.
#[derive(Debug, Clone)]
pub struct Completion {
    pub fingerprint: Fingerprint,
    pub max_tokens: u32,
    pub kind: Kind,
    /// The canonical request, from which a later format can be made.
    pub request: Canonical,
    /// The server's answer as it came.
    pub answer: String,
    /// Whether every choice ended by itself.
    pub ended: bool,
    /// Tokens of all choices, where the server told.
    pub tokens: Option<u64>,
}

/// What sort of question a completion answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Chat,
    /// A judge model about a text.
    Judge,
    /// What a text means, as a vector.
    Embedding,
    /// A model that words a text anew.
    Rewrite,
    /// A model that names the label of a text.
    Label,
    /// A model that quotes the names in a text.
    Names,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Kind::Chat => "chat",
            Kind::Judge => "judge",
            Kind::Embedding => "embedding",
            Kind::Rewrite => "rewrite",
            Kind::Label => "label",
            Kind::Names => "names",
        }
    }
}

/// An ask that failed by its own fault: it has no candidates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    pub fingerprint: Fingerprint,
    pub reason: String,
    /// What the server said, for a person to read.
    pub detail: String,
    /// The settings under which it failed; it goes when one of them changes.
    pub settings: Settings,
}

/// Settings that can make a failed ask worth another try.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Tokens of context in one slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u32>,
}

impl Settings {
    /// Whether nothing that this names is known to be different now.
    pub fn still_hold(&self, now: &Settings) -> bool {
        fn same<T: PartialEq>(then: Option<T>, now: Option<T>) -> bool {
            match (then, now) {
                (Some(then), Some(now)) => then == now,
                _ => true,
            }
        }
        same(self.max_tokens, now.max_tokens)
            && same(self.timeout_ms, now.timeout_ms)
            && same(self.context, now.context)
    }
}

/// What is remembered of an endpoint, so that planning needs no server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointMemory {
    pub identity: Identity,
    pub slots: Option<u32>,
    /// Tokens of context in one slot.
    pub context: Option<u32>,
    /// Requests at a time that were found to be best for it, with these slots.
    #[serde(default)]
    pub level: Option<u32>,
    /// It was never seen: this is what the config lets one take it for, and is not kept.
    #[serde(skip)]
    pub assumed: bool,
}

impl EndpointMemory {
    /// The same with what was found out about it before, where it still is what it was.
    #[must_use]
    pub fn knowing(self, before: Option<&Self>) -> Self {
        let before = before.filter(|before| before.identity == self.identity && before.slots == self.slots);
        Self { level: self.level.or(before.and_then(|before| before.level)), ..self }
    }
}

/// A state of a config that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The resolved config, as JSON.
    pub resolved: String,
    /// Names and texts of the files it read, as JSON.
    pub files: String,
    /// `CellAsks` as bytes.
    pub cells: Vec<u8>,
}

/// The state that a dataset is of, without its cells.
#[derive(Debug)]
pub struct WrittenState {
    pub number: i64,
    /// No run of another state began since.
    pub is_last: bool,
    /// The resolved config and the files.
    pub state: (String, String),
}

/// A snapshot, when it was made, and the summaries of the runs under it, oldest first.
#[derive(Debug, Clone)]
pub struct State {
    pub created: String,
    pub snapshot: Snapshot,
    pub summaries: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot use the store at {path}: {source}", path = .path.display())]
    Sqlite { path: PathBuf, source: rusqlite::Error },
    #[error("cannot use the folder {path}: {source}", path = .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("the store at {path} was written by a newer emogrid (format {found}, this one knows {known})", path = .path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("the store's last snapshot cannot be read: {source}")]
    Snapshot { source: std::io::Error },
    #[error("the store's writer has stopped")]
    Gone,
    #[error("an answer was taken out of the store while its texts are judged")]
    Vanished,
}

impl StoreError {
    /// A snapshot that breaks off, or that cannot be read.
    pub fn snapshot(source: std::io::Error) -> Self {
        StoreError::Snapshot { source }
    }

    /// What to do about it, for the message's second line.
    pub fn advice(&self) -> &'static str {
        match self {
            StoreError::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => {
                    "the disk is full: make room and run again; all that was stored is kept"
                }
                Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::CannotOpen) => {
                    "the folder cannot be written: make it writable and run again; all that was stored is kept"
                }
                Some(rusqlite::ErrorCode::SystemIoFailure) => {
                    "the store cannot grow: a full disk, a quota or a limit on file sizes; all that was stored is kept"
                }
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    "another process holds the store: run again when it lets go; all that was stored is kept"
                }
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                    "the file is damaged: move it away and put back a copy of yours"
                }
                _ => {
                    "look at the disk and the folder's permissions, and run again; all that was stored is kept"
                }
            },
            StoreError::Folder { .. } => "look at the folder's permissions",
            StoreError::Newer { .. } => "use the newer emogrid for this project",
            StoreError::Snapshot { .. } => {
                "look at the disk; if it is well, the file is damaged: put back a copy of yours"
            }
            StoreError::Gone | StoreError::Vanished => "run again; all that was stored is kept",
        }
    }
}

/// Where a project's store is.
#[derive(Debug, Clone)]
pub struct StoreDir(PathBuf);

impl StoreDir {
    /// `folder` is the project's `.emogrid`.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    fn database(&self) -> PathBuf {
        self.0.join("store.db")
    }

    /// Makes the folder with a `.gitignore` of its own.
    ///
    /// # Errors
    /// A folder that cannot be made or written.
    pub fn create(&self) -> Result<(), StoreError> {
        let folder = |path: &Path, source| StoreError::Folder { path: path.to_owned(), source };
        std::fs::create_dir_all(&self.0).map_err(|error| folder(&self.0, error))?;
        let ignore = self.0.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n").map_err(|error| folder(&ignore, error))?;
        }
        Ok(())
    }

    /// Whether anything was ever stored here.
    pub fn exists(&self) -> bool {
        self.database().is_file()
    }

    fn sqlite(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Sqlite { path: self.database(), source }
    }
}

/// An instant as text, for a person: RFC 3339 in UTC, to the second.
/// The same to the millisecond, as a run says when it began.
fn moment() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
