//! One run at a time for a config name.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};

use super::{StoreDir, StoreError};

/// Held while a run goes on; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another run of `{name}` is going on (process {pid})")]
    Held { name: String, pid: String },
    #[error(transparent)]
    Store(#[from] StoreError),
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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The number is a courtesy: without it the message still says what is wrong.
                let _ = file.read_to_string(&mut pid);
                return Err(LockError::Held { name: name.to_owned(), pid: pid.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        written.map_err(failed)?;
        Ok(Self { _file: file })
    }
}
