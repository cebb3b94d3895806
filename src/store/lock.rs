//! One run at a time for a config name.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use super::{StoreDir, StoreError};

/// Held while a run goes on; the system lets go of it however the process ends.
///
/// Its file has the number of the process and, from a run's first ask until its end is kept, when that run began.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    unended: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another run of `{name}` is going on (process {pid}{})", since(.began.as_deref()))]
    Held {
        name: String,
        pid: String,
        /// When it began, if it said so.
        began: Option<String>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
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
        let path = dir.folder().join(format!("{name}.lock"));
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
        let mut lines = text.lines().map(|line| line.trim().to_owned());
        let pid = lines.next().unwrap_or_default();
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let began = lines.next().filter(|began| !began.is_empty());
                return Err(LockError::Held { name: name.to_owned(), pid, began });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        let mut lock = Self { file, unended: lines.next().filter(|began| !began.is_empty()) };
        // Whoever holds it for something else leaves to the next run what it is to tell.
        let began = lock.unended.clone();
        lock.write(began.as_deref()).map_err(failed)?;
        Ok(lock)
    }

    /// When a run began that held it before and never came to keep its end.
    pub fn unended(&self) -> Option<&str> {
        self.unended.as_deref()
    }

    /// A run begins that is to keep its end.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn begins(&mut self, began: &str) -> std::io::Result<()> {
        self.write(Some(began))
    }

    /// The end of the run is kept.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn ends(&mut self) -> std::io::Result<()> {
        self.write(None)
    }

    fn write(&mut self, began: Option<&str>) -> std::io::Result<()> {
        // In one write over what stands there, which a full disk has room for, and all of it.
        let text = format!("{:<15}\n{:<47}\n", std::process::id(), began.unwrap_or_default());
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())
    }
}
