//! Taking things out of the store so that no byte of them is left in its files.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, params};

use super::{Reader, StoreDir, StoreError, schema};
use crate::model::Fingerprint;

/// A stored completion, while all of them are gone through.
#[derive(Debug)]
pub struct Entry {
    pub row: i64,
    pub fingerprint: Fingerprint,
    /// Whether it was asked for about a text, of a judge or as its embedding.
    pub is_about_a_text: bool,
    /// Whether texts in it are the model's own, or as they came: what was asked for them stands elsewhere.
    pub has_texts: bool,
    pub request: String,
    pub answer: String,
}

/// What is to be taken out of a store, or put in the place of what stands there.
#[derive(Debug, Default)]
pub struct Scrub {
    /// Answers by the row of their completion.
    pub answers: BTreeMap<i64, String>,
    /// Completions that go, by their rows.
    pub completions: Vec<i64>,
    /// Details of tombstones.
    pub details: BTreeMap<i64, String>,
    /// Of snapshots: the resolved config and the files.
    pub snapshots: BTreeMap<i64, (String, String)>,
    /// Summaries of runs.
    pub runs: BTreeMap<i64, String>,
}

impl Scrub {
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
            && self.completions.is_empty()
            && self.details.is_empty()
            && self.snapshots.is_empty()
            && self.runs.is_empty()
    }
}

impl Reader {
    /// Hands over every completion, in the order in which they were stored.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn each_completion(&self, mut take: impl FnMut(Entry)) -> Result<(), StoreError> {
        let mut read = || {
            let request = schema::whole_request(&self.connection)?;
            let mut query = self.connection.prepare(&format!(
                "SELECT rowid, fingerprint, kind, {request}, answer FROM completion ORDER BY rowid"
            ))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                take(Entry {
                    row: row.get(0)?,
                    fingerprint: Fingerprint(row.get(1)?),
                    is_about_a_text: row.get_ref(2)?.as_str()? != "chat",
                    has_texts: !["chat", "judge", "embedding", "label"].contains(&row.get_ref(2)?.as_str()?),
                    request: row.get(3)?,
                    answer: row.get(4)?,
                });
            }
            Ok(())
        };
        read().map_err(|error| self.dir.sqlite(error))
    }

    /// The summaries of a config's runs, each with its row.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn summaries(&self, config: &str) -> Result<BTreeMap<i64, String>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare("SELECT id, summary FROM run WHERE config = ?1")?;
            let rows = query.query_map([config], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|error| self.dir.sqlite(error))
    }

    /// The texts that are kept beside completions, each with its row: details of tombstones, of
    /// snapshots the resolved config and the files, summaries of runs.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn kept_texts(&self) -> Result<Scrub, StoreError> {
        let texts = |sql: &str| {
            let mut query = self.connection.prepare(sql)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<BTreeMap<i64, String>>>()
        };
        let read = || {
            let mut query = self.connection.prepare("SELECT id, resolved, files FROM snapshot")?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
            Ok(Scrub {
                details: texts("SELECT rowid, detail FROM tombstone")?,
                snapshots: rows.collect::<rusqlite::Result<_>>()?,
                runs: texts("SELECT id, summary FROM run")?,
                ..Scrub::default()
            })
        };
        read().map_err(|error| self.dir.sqlite(error))
    }
}

impl StoreDir {
    /// Takes things out, and sees to it that no file of the store holds them any more: the pages that they
    /// stood in are written anew, and so is all that SQLite keeps beside them.
    ///
    /// # Errors
    /// A store that cannot be written, or one that another process is reading: then what was to be taken
    /// out is out of the tables, and this is to be called again.
    pub fn scrub(&self, scrub: &Scrub) -> Result<(), StoreError> {
        let sqlite = |error| self.sqlite(error);
        let mut connection = Connection::open(self.database()).map_err(sqlite)?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(sqlite)?;
        schema::migrate(self, &mut connection)?;
        scrubbed(&mut connection, scrub).map_err(sqlite)?;
        // Caches follow from what was there.
        match std::fs::remove_dir_all(self.folder().join("cache")) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::Folder { path: self.folder().join("cache"), source })
            }
            _ => Ok(()),
        }
    }
}

fn scrubbed(connection: &mut Connection, scrub: &Scrub) -> rusqlite::Result<()> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for row in &scrub.completions {
        transaction.execute("DELETE FROM completion WHERE rowid = ?1", [row])?;
    }
    if !scrub.completions.is_empty() {
        schema::sweep_openings(&transaction)?;
    }
    for (row, answer) in &scrub.answers {
        transaction.execute("UPDATE completion SET answer = ?2 WHERE rowid = ?1", params![row, answer])?;
    }
    for (row, detail) in &scrub.details {
        transaction.execute("UPDATE tombstone SET detail = ?2 WHERE rowid = ?1", params![row, detail])?;
    }
    for (id, (resolved, files)) in &scrub.snapshots {
        let sql = "UPDATE snapshot SET resolved = ?2, files = ?3 WHERE id = ?1";
        transaction.execute(sql, params![id, resolved, files])?;
    }
    for (id, summary) in &scrub.runs {
        transaction.execute("UPDATE run SET summary = ?2 WHERE id = ?1", params![id, summary])?;
    }
    transaction.commit()?;
    // Pages that were freed before, and what is left in the write-ahead log.
    connection.execute_batch("VACUUM")?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    match busy {
        false => Ok(()),
        true => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("another process reads the store, so its log cannot be emptied".into()),
        )),
    }
}
