use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{Failure, Talk};
use crate::dedup::{LedgerError, Statistics, Sweep};
use crate::staged::Staged;
use crate::table::{TableError, To, begin, free, replace};

fn failed(path: &Path) -> impl Fn(std::io::Error) -> TableError {
    move |error| TableError::Io { path: path.to_owned(), error }
}

/// How long a file is, where that is known.
pub fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|data| data.len())
}

/// Reads word statistics.
pub fn statistics(path: &Path) -> Result<Statistics, Failure> {
    let text = fs::read_to_string(path).map_err(failed(path))?;
    Statistics::parse(&text).map_err(|error| {
        Failure::Refused(format!(
            "{}, {error}\n  `emogrid dedup TABLE --write-statistics FILE` makes one",
            path.display()
        ))
    })
}

/// A CSV of pairs, with its header also where there are none.
pub struct PairFile {
    path: PathBuf,
    staged: Option<Staged>,
    rows: u64,
    to: csv::Writer<To>,
}

impl PairFile {
    pub fn create(path: &Path, columns: &[&str]) -> Result<Self, TableError> {
        free(path)?;
        let (staged, to) = begin(path)?;
        let mut out = Self { path: path.to_owned(), staged, rows: 0, to: csv::Writer::from_writer(to) };
        out.write(columns)?;
        out.rows = 0;
        Ok(out)
    }

    pub fn write(&mut self, fields: &[&str]) -> Result<(), TableError> {
        self.rows += 1;
        self.to.write_record(fields).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => failed(&self.path)(error),
            other => failed(&self.path)(std::io::Error::other(format!("{other:?}"))),
        })
    }

    /// Puts the file in its place, and says how many pairs it has.
    pub fn finish(self) -> Result<u64, TableError> {
        let failed = failed(&self.path);
        let mut to = self.to.into_inner().map_err(|error| failed(error.into_error()))?;
        to.flush().map_err(&failed)?;
        drop(to);
        self.staged.map_or(Ok(()), Staged::put).map_err(&failed)?;
        Ok(self.rows)
    }
}

/// Where a sweep is remembered. One call at a time uses it.
pub struct IndexDir {
    file: PathBuf,
    _lock: File,
}

impl IndexDir {
    pub fn open(dir: &Path, talk: &Talk) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(failed(dir))?;
        let path = dir.join("lock");
        let lock =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&path)(error).into()),
            Err(TryLockError::WouldBlock) => {
                talk.say(&format!("waiting for another `emogrid dedup` that uses {}", dir.display()));
                lock.lock().map_err(failed(&path))?;
            }
        }
        Ok(Self { file: dir.join("index"), _lock: lock })
    }

    /// Goes on where the last call ended, if there was one.
    pub fn restore(&self, sweep: &mut Sweep<'_>, settings: &str) -> Result<(), Failure> {
        let bytes = match fs::read(&self.file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&self.file)(error).into()),
        };
        sweep.restore(&bytes, settings).map_err(|error| {
            let advice = match &error {
                LedgerError::Settings(_) => "use the same settings as then, or another folder",
                LedgerError::Foreign => "name another folder",
                LedgerError::Version | LedgerError::Torn => "delete it, and give all its tables again",
            };
            Failure::Refused(format!("{}: {error}\n  {advice}", self.file.display()))
        })
    }

    pub fn save(&self, sweep: &Sweep<'_>, settings: &str) -> Result<(), TableError> {
        replace(&self.file, &sweep.to_bytes(settings))
    }
}
