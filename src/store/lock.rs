//! One run at a time for a config name.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use super::{StoreDir, StoreError};
use crate::model::{Noted, Untold};

/// Of runs that nobody was told of so many are kept: one that a machine starts again and again ends all night.
const MOST_UNTOLD: usize = 100;

/// Held while a run goes on; the system lets go of it however the process ends.
///
/// Its file has the number of the process and a line of JSON for each run of which nobody was told yet, the one that
/// goes on last.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    untold: Vec<Untold>,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another {}", run_of(name, pid, began.as_deref()))]
    Held {
        name: String,
        pid: String,
        /// When it began, if it said so.
        began: Option<String>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LockError {
    /// The run that goes on, for who is none: `run of `moods` is going on (process 4)`; `None` where none does.
    pub fn run(&self) -> Option<String> {
        match self {
            LockError::Held { name, pid, began } => Some(run_of(name, pid, began.as_deref())),
            LockError::Store(_) => None,
        }
    }
}

fn run_of(name: &str, pid: &str, began: Option<&str>) -> String {
    format!("run of `{name}` is going on (process {pid}{})", since(began))
}

/// The runs of a name that nobody was told of, for who only looks: the last one may go on.
pub fn untold(dir: &StoreDir, name: &str) -> Vec<Untold> {
    let text = std::fs::read_to_string(path(dir, name)).unwrap_or_default();
    text.lines().skip(1).filter_map(read).collect()
}

fn read(line: &str) -> Option<Untold> {
    serde_json::from_str(line.trim()).ok()
}

fn path(dir: &StoreDir, name: &str) -> PathBuf {
    dir.folder().join(format!("{name}.lock"))
}

fn since(began: Option<&str>) -> String {
    let text = |began: &str| format!(", since {} UTC", began.get(..19).unwrap_or(began).replace('T', " "));
    began.map_or_else(String::new, text)
}

impl RunLock {
    /// # Errors
    /// `Held` while another process runs a config of this name.
    pub fn take(dir: &StoreDir, name: &str) -> Result<Self, LockError> {
        dir.create()?;
        let path = path(dir, name);
        let failed = |source| StoreError::Folder { path: path.clone(), source };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let locked = file.try_lock();
        let mut text = String::new();
        // What stands there is a courtesy: without it a message still says what is wrong.
        let _ = file.read_to_string(&mut text);
        let mut lines = text.lines();
        let pid = lines.next().unwrap_or_default().trim().to_owned();
        let mut untold: Vec<Untold> = lines.filter_map(read).collect();
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let began = untold.pop().filter(|last| last.ended.is_none()).map(|last| last.began);
                return Err(LockError::Held { name: name.to_owned(), pid, began });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        let mut lock = Self { file, untold };
        // Whoever holds it for something else leaves to the next run what it is to tell.
        lock.write().map_err(failed)?;
        Ok(lock)
    }

    /// Runs before that nobody was told of, oldest first.
    pub fn untold(&self) -> &[Untold] {
        &self.untold
    }

    /// A run begins: whoever kills it leaves it for the next one to tell.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn begins(&mut self, number: u64, began: &str) -> std::io::Result<()> {
        let oldest = self.untold.len().saturating_sub(MOST_UNTOLD - 1);
        self.untold.drain(..oldest);
        self.untold.push(Untold { number, began: began.to_owned(), ..Untold::default() });
        self.write()
    }

    /// What the run that began has brought so far.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn note(&mut self, noted: Noted) -> std::io::Result<()> {
        if let Some(own) = self.untold.last_mut() {
            own.noted = Some(noted);
        }
        self.write()
    }

    /// The run has ended: those before it were `told` or not, and its own end is kept but for what is `unkept` of it.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn ends(&mut self, told: bool, unkept: Option<&str>) -> std::io::Result<()> {
        let own = self.untold.pop();
        if told {
            self.untold.clear();
        }
        let left = own.zip(unkept);
        self.untold
            .extend(left.map(|(own, ended)| Untold { ended: Some(ended.replace(['\n', '\r'], " ")), ..own }));
        self.write()
    }

    fn write(&mut self) -> std::io::Result<()> {
        let mut text = std::process::id().to_string();
        for run in &self.untold {
            text.push('\n');
            text.push_str(&serde_json::to_string(run)?);
        }
        // In the place of what stands there, which a full disk still has room for; empty lines say nothing.
        let before = self.file.metadata()?.len() as usize;
        let mut bytes = text.into_bytes();
        let length = bytes.len();
        bytes.resize(length.max(before), b'\n');
        self.file.rewind()?;
        self.file.write_all(&bytes)?;
        self.file.set_len(length as u64)
    }
}
