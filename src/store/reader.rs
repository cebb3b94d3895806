//! Reading the store, beside whoever writes it.

mod answers;

use std::io::{Read, Seek};
use std::path::PathBuf;

use rusqlite::{Connection, MAIN_DB, OpenFlags, OptionalExtension, params};

use super::{
    EndpointMemory, Settings, Snapshot, State, StoreDir, StoreError, Tombstone, WrittenState, schema,
};
use crate::model::Fingerprint;
pub use answers::Answers;
pub(super) use answers::{IS_ANSWERED, is_answered};

/// Of a snapshot: whether its config's dataset is of it, since it is that of the last run that came to something.
const IS_WRITTEN: &str = "id IS (SELECT snapshot FROM run WHERE run.config = snapshot.config
    AND iif(json_valid(summary), coalesce(summary ->> 'in_vain', 0), 0) = 0 ORDER BY run.id DESC LIMIT 1)";
/// Of a snapshot: whether it is its config's last one.
const IS_LAST: &str = "id = (SELECT max(id) FROM snapshot AS other WHERE other.config = snapshot.config)";

/// Of a snapshot: whether it is one of the two, which a plan may be held against whatever their age.
pub(super) fn stands() -> String {
    format!("({IS_LAST} OR {IS_WRITTEN})")
}

/// Where an answer is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// When it was stored.
    pub created: String,
    /// By config: when a run began that was under way then.
    pub runs: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Reader {
    pub(super) dir: StoreDir,
    pub(super) connection: Connection,
}

impl Reader {
    /// Opens the store for reading; `None` where nothing was ever stored.
    ///
    /// # Errors
    /// A damaged, newer or unreadable store.
    pub fn open(dir: &StoreDir) -> Result<Option<Self>, StoreError> {
        if !dir.exists() {
            return Ok(None);
        }
        let sqlite = |error| dir.sqlite(error);
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(dir.database(), flags).map_err(sqlite)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(sqlite)?;
        let found = match schema::version(&connection) {
            Ok(found) => found,
            // Where the folder cannot be written, SQLite cannot make its shared-memory file: without
            // a write-ahead log beside it the database can be read as it stands.
            Err(error) => match Self::open_unchanging(dir, flags) {
                Some(reader) => return Ok(Some(reader)),
                None => return Err(sqlite(error)),
            },
        };
        Self::checked(dir, connection, found)
    }

    fn open_unchanging(dir: &StoreDir, flags: OpenFlags) -> Option<Self> {
        let log = dir.folder().join("store.db-wal");
        if log.metadata().is_ok_and(|log| log.len() > 0) {
            return None;
        }
        let path = dir.database();
        let escaped = path.to_str()?.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags).ok()?;
        let found = schema::version(&connection).ok()?;
        Self::checked(dir, connection, found).ok()?
    }

    fn checked(dir: &StoreDir, connection: Connection, found: i64) -> Result<Option<Self>, StoreError> {
        let known = schema::known_version();
        match found {
            0 => Ok(None),
            _ if found > known => Err(StoreError::Newer { path: dir.database(), found, known }),
            _ => {
                // Pages are seldom needed twice: a megabyte holds what leads to the others.
                let set = connection.pragma_update(None, "cache_size", -1024);
                set.map_err(|error| dir.sqlite(error))?;
                Ok(Some(Self { dir: dir.clone(), connection }))
            }
        }
    }

    /// From now on the store is read as it is now, whatever is written to it meanwhile.
    pub fn hold(&self) -> Result<(), StoreError> {
        // Only reading takes hold of it.
        self.connection
            .execute_batch("BEGIN; SELECT count(*) FROM config_file")
            .map_err(|error| self.dir.sqlite(error))
    }

    /// The raw answer that is good for an ask under today's `max_tokens`.
    ///
    /// Its own under the same limit, else one that ended by itself within today's: then the limit
    /// made no difference.
    pub fn answer(&self, fingerprint: &Fingerprint, max_tokens: u32) -> Result<Option<String>, StoreError> {
        let mut found = None;
        answers::by_fingerprint(self, fingerprint, max_tokens, |answer| found = Some(answer.to_owned()))
            .map_err(|error| self.dir.sqlite(error))?;
        Ok(found)
    }

    /// Whether there is one that is good for an ask under today's `max_tokens`.
    pub fn has_answer(&self, fingerprint: &Fingerprint, max_tokens: u32) -> Result<bool, StoreError> {
        let mut found = false;
        answers::by_fingerprint(self, fingerprint, max_tokens, |_| found = true)
            .map_err(|error| self.dir.sqlite(error))?;
        Ok(found)
    }

    /// How many tokens the answers to an ask are known to have reached, whatever their limit.
    pub fn reached(&self, fingerprint: &Fingerprint) -> Result<Option<u32>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached(
                    "SELECT max(CASE WHEN ended THEN tokens ELSE max_tokens END) FROM completion WHERE fingerprint = ?1",
                )?
                .query_row(params![fingerprint.0], |row| row.get(0))
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// A stored completion whose fingerprint begins with these bytes: the fingerprint, its canonical
    /// request and its raw answer.
    pub fn by_prefix(&self, prefix: &[u8]) -> Result<Option<(Fingerprint, String, String)>, StoreError> {
        let mut last = prefix.to_vec();
        last.resize(33, 0xff);
        let query = || {
            let request = schema::whole_request(&self.connection)?;
            self.connection
                .prepare_cached(&format!(
                    "SELECT fingerprint, {request}, answer FROM completion
                     WHERE fingerprint >= ?1 AND fingerprint <= ?2 ORDER BY fingerprint, max_tokens LIMIT 1",
                ))?
                .query_row(params![prefix, last], |row| {
                    Ok((Fingerprint(row.get(0)?), row.get(1)?, row.get(2)?))
                })
                .optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// When the answer to an ask was stored, and the runs that were under way then: names of configs, and when each
    /// began, the latest first.
    pub fn origin(&self, fingerprint: &Fingerprint, max_tokens: u32) -> Result<Option<Origin>, StoreError> {
        let query = || {
            let created: Option<String> = self
                .connection
                .prepare_cached(
                    "SELECT created FROM completion WHERE fingerprint = ?1
                     ORDER BY max_tokens = ?2 DESC, rowid LIMIT 1",
                )?
                .query_row(params![fingerprint.0, max_tokens], |row| row.get(0))
                .optional()?;
            let Some(created) = created else { return Ok(None) };
            // A run's beginning is worked out from its end: a second more or less is within it.
            let mut query = self.connection.prepare_cached(
                "SELECT config, started FROM run
                 WHERE (julianday(?1) - julianday(started)) * 86400
                   BETWEEN -1 AND json_extract(summary, '$.seconds') + 1
                 ORDER BY started DESC",
            )?;
            let runs = query.query_map(params![created], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let runs = runs.collect::<rusqlite::Result<_>>()?;
            Ok(Some(Origin { created, runs }))
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The tombstone of an ask, whatever the settings of today.
    pub fn tombstone(&self, fingerprint: &Fingerprint) -> Result<Option<Tombstone>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached("SELECT reason, detail, settings FROM tombstone WHERE fingerprint = ?1")?
                .query_row(params![fingerprint.0], |row| {
                    let settings: String = row.get(2)?;
                    Ok(Tombstone {
                        fingerprint: *fingerprint,
                        reason: row.get(0)?,
                        detail: row.get(1)?,
                        settings: serde_json::from_str(&settings).unwrap_or(Settings::default()),
                    })
                })
                .optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The cells of the state that the dataset of a name is of, and of the last one, if that is another.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn last_cells(&self, config: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare_cached(&format!(
                "SELECT cells FROM snapshot WHERE config = ?1 AND {} ORDER BY id",
                stands()
            ))?;
            let rows = query.query_map(params![config], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The state that the dataset of a name is of: that of the last run that came to something, whatever began since and
    /// was cut off or refused; the last one where none did.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn written_state(&self, config: &str) -> Result<Option<WrittenState>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached(&format!(
                    "SELECT id, {IS_LAST}, resolved, files FROM snapshot WHERE config = ?1
                     ORDER BY {IS_WRITTEN} DESC, id DESC LIMIT 1",
                ))?
                .query_row(params![config], |row| {
                    let state = (row.get(2)?, row.get(3)?);
                    Ok(WrittenState { number: row.get(0)?, is_last: row.get(1)?, state })
                })
                .optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The cells of a snapshot, all at once.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn whole_cells(&self, number: i64) -> Result<Vec<u8>, StoreError> {
        let mut out = Vec::new();
        self.cells(number)?.read_to_end(&mut out).map_err(StoreError::snapshot)?;
        Ok(out)
    }

    /// The cells of a snapshot, read from the store as they are needed.
    pub fn cells(&self, number: i64) -> Result<impl Read + Seek, StoreError> {
        let blob = self.connection.blob_open(MAIN_DB, "snapshot", "cells", number, true);
        blob.map_err(|error| self.dir.sqlite(error))
    }

    /// The fingerprints of all completions and tombstones that were stored before a time (RFC 3339),
    /// with how many bytes each takes.
    pub fn before(&self, time: &str) -> Result<Vec<(Fingerprint, u64)>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare(
                "SELECT fingerprint, octet_length(request) + octet_length(answer) FROM completion WHERE created < ?1
                 UNION ALL SELECT fingerprint, octet_length(detail) FROM tombstone WHERE created < ?1",
            )?;
            let rows = query.query_map(params![time], |row| {
                Ok((Fingerprint(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The names of all configs that ever ran.
    pub fn config_names(&self) -> Result<Vec<String>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare(
                "SELECT name FROM config_file UNION SELECT config FROM snapshot UNION SELECT config FROM run ORDER BY 1",
            )?;
            let rows = query.query_map([], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The cells of all snapshots that were made or ran since a time (RFC 3339), and of each config name those of the
    /// last one and of the one that its dataset is of.
    pub fn cells_since(&self, since: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare(&format!(
                "SELECT cells FROM snapshot
                 WHERE created >= ?1 OR {} OR id IN (SELECT snapshot FROM run WHERE started >= ?1)",
                stands()
            ))?;
            let rows = query.query_map(params![since], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The folder for what can be worked out from the store again.
    pub fn caches(&self) -> PathBuf {
        self.dir.folder().join("cache")
    }

    /// What is another as soon as a completion is taken away or changed; `None` of a store without
    /// completions, or that was not written to since such things are told.
    pub fn generation(&self) -> Result<Option<Vec<u8>>, StoreError> {
        if !self.has_completions()? {
            return Ok(None);
        }
        let query = || {
            if schema::version(&self.connection)? < schema::TELLS_GENERATIONS {
                return Ok(None);
            }
            self.connection.query_row("SELECT value FROM generation", [], |row| row.get(0)).optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// Whether any ask was given up.
    pub fn has_tombstones(&self) -> Result<bool, StoreError> {
        self.has_any("tombstone")
    }

    /// Whether any ask was answered.
    pub fn has_completions(&self) -> Result<bool, StoreError> {
        self.has_any("completion")
    }

    fn has_any(&self, table: &str) -> Result<bool, StoreError> {
        self.connection
            .query_row(&format!("SELECT EXISTS (SELECT 1 FROM {table})"), [], |row| row.get(0))
            .map_err(|error| self.dir.sqlite(error))
    }

    /// Every state of a config of this name that ran, oldest first; without its cells.
    pub fn history(&self, config: &str) -> Result<Vec<State>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare_cached(
                "SELECT id, created, resolved, files FROM snapshot WHERE config = ?1 ORDER BY id",
            )?;
            let mut runs =
                self.connection.prepare_cached("SELECT summary FROM run WHERE snapshot = ?1 ORDER BY id")?;
            let rows = query.query_map(params![config], |row| {
                let snapshot = Snapshot { resolved: row.get(2)?, files: row.get(3)?, cells: Vec::new() };
                let number: i64 = row.get(0)?;
                let summaries =
                    runs.query_map(params![number], |row| row.get(0))?.collect::<Result<_, _>>()?;
                Ok(State { created: row.get(1)?, snapshot, summaries })
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The summaries of runs that ended before their config had a state, as JSON, oldest first.
    pub fn stateless(&self, config: &str) -> Result<Vec<String>, StoreError> {
        let query = || {
            let mut query = self.connection.prepare_cached(
                "SELECT summary FROM run WHERE config = ?1
                 AND NOT EXISTS (SELECT 1 FROM snapshot WHERE id = run.snapshot AND config = ?1) ORDER BY id",
            )?;
            let rows = query.query_map(params![config], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<String>>>()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// The summaries of the last runs of a config of this name, as JSON, oldest first.
    pub fn last_summaries(&self, config: &str, most: usize) -> Result<Vec<String>, StoreError> {
        let query = || {
            let mut query = self
                .connection
                .prepare_cached("SELECT summary FROM run WHERE config = ?1 ORDER BY id DESC LIMIT ?2")?;
            let rows = query.query_map(params![config, most as i64], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<Vec<String>>>()
        };
        let mut out = query().map_err(|error| self.dir.sqlite(error))?;
        out.reverse();
        Ok(out)
    }

    /// The greatest number of a run of a config of this name.
    pub fn last_number(&self, config: &str) -> Result<u64, StoreError> {
        let query = || {
            self.connection
                .prepare_cached("SELECT max(json_extract(summary, '$.number')) FROM run WHERE config = ?1")?
                .query_row(params![config], |row| row.get::<_, Option<i64>>(0))
        };
        Ok(query().map_err(|error| self.dir.sqlite(error))?.map_or(0, i64::unsigned_abs))
    }

    /// The last run of a config of this name: when it began, and its summary as JSON.
    pub fn last_run(&self, config: &str) -> Result<Option<(String, String)>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached(
                    "SELECT started, summary FROM run WHERE config = ?1 ORDER BY id DESC LIMIT 1",
                )?
                .query_row(params![config], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// What was last seen at an address.
    pub fn endpoint(&self, address: &str) -> Result<Option<EndpointMemory>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached("SELECT memory FROM endpoint WHERE address = ?1")?
                .query_row(params![address], |row| row.get::<_, String>(0))
                .optional()
        };
        let memory = query().map_err(|error| self.dir.sqlite(error))?;
        Ok(memory.and_then(|memory| serde_json::from_str(&memory).ok()))
    }

    /// What was last seen at any address.
    pub fn endpoints(&self) -> Result<Vec<EndpointMemory>, StoreError> {
        let query = || -> rusqlite::Result<Vec<String>> {
            let mut statement =
                self.connection.prepare_cached("SELECT memory FROM endpoint ORDER BY address")?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        let memories = query().map_err(|error| self.dir.sqlite(error))?;
        Ok(memories.iter().filter_map(|memory| serde_json::from_str(memory).ok()).collect())
    }

    /// The file that last ran under a config name.
    pub fn config_file(&self, name: &str) -> Result<Option<String>, StoreError> {
        let query = || {
            self.connection
                .prepare_cached("SELECT path FROM config_file WHERE name = ?1")?
                .query_row(params![name], |row| row.get(0))
                .optional()
        };
        query().map_err(|error| self.dir.sqlite(error))
    }

    /// How many completions and tombstones are stored.
    pub fn counts(&self) -> Result<(u64, u64), StoreError> {
        let count = |table: &str| {
            self.connection
                .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
        };
        Ok((
            count("completion").map_err(|error| self.dir.sqlite(error))?,
            count("tombstone").map_err(|error| self.dir.sqlite(error))?,
        ))
    }
}
