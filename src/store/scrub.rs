//! Taking things out of the store so that no byte of them is left in its files.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, Transaction, params};

use super::reader::stands;
use super::{Reader, StoreDir, StoreError, schema};
use crate::model::Fingerprint;

/// Under what a completion is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub fingerprint: Fingerprint,
    pub max_tokens: u32,
}

/// A stored completion, while all of them are gone through.
#[derive(Debug)]
pub struct Entry {
    pub key: Key,
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
    /// What answers are to be.
    pub answers: Vec<(Key, String)>,
    /// Completions that go.
    pub completions: Vec<Key>,
    /// Details of tombstones.
    pub details: Vec<(Fingerprint, String)>,
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

    fn carry_out(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        for Key { fingerprint, max_tokens } in &self.completions {
            let sql = "DELETE FROM completion WHERE fingerprint = ?1 AND max_tokens = ?2";
            transaction.execute(sql, params![fingerprint.0, max_tokens])?;
        }
        if !self.completions.is_empty() {
            schema::sweep_openings(transaction)?;
        }
        for (Key { fingerprint, max_tokens }, answer) in &self.answers {
            let sql = "UPDATE completion SET answer = ?3 WHERE fingerprint = ?1 AND max_tokens = ?2";
            transaction.execute(sql, params![fingerprint.0, max_tokens, answer])?;
        }
        for (fingerprint, detail) in &self.details {
            let sql = "UPDATE tombstone SET detail = ?2 WHERE fingerprint = ?1";
            transaction.execute(sql, params![fingerprint.0, detail])?;
        }
        for (id, (resolved, files)) in &self.snapshots {
            let sql = "UPDATE snapshot SET resolved = ?2, files = ?3 WHERE id = ?1";
            transaction.execute(sql, params![id, resolved, files])?;
        }
        for (id, summary) in &self.runs {
            transaction.execute("UPDATE run SET summary = ?2 WHERE id = ?1", params![id, summary])?;
        }
        Ok(())
    }
}

/// Snapshots that ran before a time, are no config's last, and no dataset is of.
fn earlier() -> String {
    format!(
        "length(cells) > 0 AND created < ?1 AND NOT {}
         AND id NOT IN (SELECT snapshot FROM run WHERE started >= ?1)",
        stands()
    )
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
                "SELECT fingerprint, max_tokens, kind, {request}, answer FROM completion ORDER BY rowid"
            ))?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                take(Entry {
                    key: Key { fingerprint: Fingerprint(row.get(0)?), max_tokens: row.get(1)? },
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

    /// The first bytes of the fingerprints of all that is stored.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn beginnings(&self) -> Result<HashSet<[u8; 8]>, StoreError> {
        let read = || {
            let mut query = self
                .connection
                .prepare("SELECT fingerprint FROM completion UNION ALL SELECT fingerprint FROM tombstone")?;
            let first = |fingerprint: [u8; 32]| {
                let mut out = [0; 8];
                out.copy_from_slice(&fingerprint[..8]);
                out
            };
            query.query_map([], |row| Ok(first(row.get(0)?)))?.collect::<rusqlite::Result<_>>()
        };
        read().map_err(|error| self.dir.sqlite(error))
    }

    /// How many snapshots that ran before a time (RFC 3339), and are no config's last, still say which asks they
    /// reached, and the bytes of that.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn earlier_cells(&self, time: &str) -> Result<(u64, u64), StoreError> {
        let sql =
            format!("SELECT count(*), coalesce(sum(length(cells)), 0) FROM snapshot WHERE {}", earlier());
        let read = self.connection.query_row(&sql, [time], |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, i64>(1)?.unsigned_abs()))
        });
        read.map_err(|error| self.dir.sqlite(error))
    }

    /// The folders, within or beside the project, in which datasets of a config of this name were written.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn outputs(&self, config: &str) -> Result<Vec<String>, StoreError> {
        let read = || {
            let mut query = self.connection.prepare(
                "SELECT DISTINCT json_extract(resolved, '$.output') FROM snapshot
                 WHERE config = ?1 AND json_type(resolved, '$.output') = 'text'",
            )?;
            query.query_map([config], |row| row.get(0))?.collect::<rusqlite::Result<_>>()
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

    /// The texts that are kept beside completions: details of tombstones, of snapshots the resolved config and the
    /// files, summaries of runs.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn kept_texts(&self) -> Result<Scrub, StoreError> {
        let read = || {
            let mut details = self.connection.prepare("SELECT fingerprint, detail FROM tombstone")?;
            let details = details.query_map([], |row| Ok((Fingerprint(row.get(0)?), row.get(1)?)))?;
            let mut snapshots = self.connection.prepare("SELECT id, resolved, files FROM snapshot")?;
            let snapshots = snapshots.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
            let mut runs = self.connection.prepare("SELECT id, summary FROM run")?;
            let runs = runs.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Scrub {
                details: details.collect::<rusqlite::Result<_>>()?,
                snapshots: snapshots.collect::<rusqlite::Result<_>>()?,
                runs: runs.collect::<rusqlite::Result<_>>()?,
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
        let mut connection = self.to_change()?;
        let scrubbed = connection
            .pragma_update(None, "secure_delete", true)
            .and_then(|()| change(&mut connection, |transaction| scrub.carry_out(transaction)));
        crate::crash_point!("scrubbed");
        let scrubbed = scrubbed
            // Pages that were freed before, and what is left in the write-ahead log.
            .and_then(|()| pack(&connection));
        scrubbed.map_err(|error| self.sqlite(error))?;
        // Caches follow from what was there.
        match std::fs::remove_dir_all(self.folder().join("cache")) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::Folder { path: self.folder().join("cache"), source })
            }
            _ => Ok(()),
        }
    }

    /// Takes completions and tombstones away for good, and which asks were reached by the snapshots of before a
    /// time (RFC 3339) that are no config's last; their room on the disk is given back by `shrink`.
    ///
    /// # Errors
    /// A store that cannot be written: then all is as it was.
    pub fn collect(&self, fingerprints: &[Fingerprint], time: &str) -> Result<(), StoreError> {
        let collected = change(&mut self.to_change()?, |transaction| {
            for table in ["completion", "tombstone"] {
                let mut delete =
                    transaction.prepare(&format!("DELETE FROM {table} WHERE fingerprint = ?1"))?;
                for fingerprint in fingerprints {
                    delete.execute(params![fingerprint.0])?;
                }
            }
            transaction.execute(&format!("UPDATE snapshot SET cells = x'' WHERE {}", earlier()), [time])?;
            schema::sweep_openings(transaction)
        });
        collected.map_err(|error| self.sqlite(error))
    }

    /// Gives back to the disk what nothing in the store takes any more.
    ///
    /// # Errors
    /// A disk without room for what is left, or a store that another process reads: nothing is lost, and this is to
    /// be called again.
    pub fn shrink(&self) -> Result<(), StoreError> {
        let connection = self.to_change()?;
        let shrunk = connection
            .query_row("PRAGMA freelist_count", [], |row| row.get::<_, i64>(0))
            .and_then(|free| if free > 0 { pack(&connection) } else { empty_log(&connection) });
        shrunk.map_err(|error| self.sqlite(error))
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        let files = ["store.db", "store.db-wal"].map(|name| self.folder().join(name));
        files.iter().filter_map(|file| Some(file.metadata().ok()?.len())).sum()
    }

    fn to_change(&self) -> Result<Connection, StoreError> {
        let mut connection = Connection::open(self.database()).map_err(|error| self.sqlite(error))?;
        connection.busy_timeout(Duration::from_secs(10)).map_err(|error| self.sqlite(error))?;
        schema::migrate(self, &mut connection)?;
        Ok(connection)
    }
}

fn change(
    connection: &mut Connection,
    what: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    what(&transaction)?;
    transaction.commit()
}

/// Writes all pages anew that are in use, and only these, and empties the log.
fn pack(connection: &Connection) -> rusqlite::Result<()> {
    let packed = connection.execute_batch("VACUUM");
    // What a failure leaves in the log takes room too.
    let emptied = empty_log(connection);
    packed.and(emptied)
}

fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    match busy {
        false => Ok(()),
        true => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("another process reads the store, so its log cannot be emptied".into()),
        )),
    }
}
