//! The tables, and how older ones are brought up to date.

use rusqlite::Connection;

use super::{StoreDir, StoreError};

/// Each entry brings the store from the format of its index to the next.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE completion (
    fingerprint BLOB NOT NULL,
    max_tokens INTEGER NOT NULL,
    kind TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT NOT NULL,
    ended INTEGER NOT NULL,
    tokens INTEGER,
    created TEXT NOT NULL,
    PRIMARY KEY (fingerprint, max_tokens)
) STRICT;
CREATE TABLE tombstone (
    fingerprint BLOB PRIMARY KEY,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    settings TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY,
    config TEXT NOT NULL,
    resolved TEXT NOT NULL,
    files TEXT NOT NULL,
    cells BLOB NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE INDEX snapshot_config ON snapshot (config, id);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    config TEXT NOT NULL,
    snapshot INTEGER NOT NULL,
    started TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;
CREATE TABLE endpoint (
    address TEXT PRIMARY KEY,
    memory TEXT NOT NULL,
    seen TEXT NOT NULL
) STRICT;
CREATE TABLE config_file (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL
) STRICT;
",
    "
CREATE TABLE experience (
    id INTEGER PRIMARY KEY,
    config TEXT NOT NULL,
    address TEXT NOT NULL,
    model TEXT NOT NULL,
    learned TEXT NOT NULL,
    created TEXT NOT NULL
) STRICT;
CREATE INDEX experience_address ON experience (address, model, id);
CREATE INDEX experience_config ON experience (config, model, id);
CREATE TABLE prompt_tokens (
    fingerprint BLOB PRIMARY KEY,
    tokens INTEGER NOT NULL
) STRICT;
",
    // What caches beside the store know of its completions holds as long as the generation is the same.
    "
CREATE TABLE generation (value BLOB NOT NULL) STRICT;
INSERT INTO generation VALUES (randomblob(16));
CREATE TRIGGER completion_deleted AFTER DELETE ON completion
    BEGIN UPDATE generation SET value = randomblob(16); END;
CREATE TRIGGER completion_changed AFTER UPDATE ON completion
    BEGIN UPDATE generation SET value = randomblob(16); END;
",
    // Requests begin alike, often for more than half of their length: that stands once. Of a completion with an
    // `opening`, `request` is only the rest.
    "
CREATE TABLE opening (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
ALTER TABLE completion ADD COLUMN opening INTEGER;
",
];

/// From this format on there is the table `generation`.
pub const TELLS_GENERATIONS: i64 = 3;
/// From this format on there is the table `opening`.
const SHARES_OPENINGS: i64 = 4;

/// What gives the whole request of a completion.
pub fn whole_request(connection: &Connection) -> rusqlite::Result<&'static str> {
    Ok(match version(connection)? {
        SHARES_OPENINGS.. => {
            "coalesce((SELECT text FROM opening WHERE id = completion.opening), '') || request"
        }
        _ => "request",
    })
}

/// Takes away what no request begins with any more.
pub fn sweep_openings(connection: &Connection) -> rusqlite::Result<()> {
    let sql =
        "DELETE FROM opening WHERE id NOT IN (SELECT opening FROM completion WHERE opening IS NOT NULL)";
    connection.execute(sql, []).map(drop)
}

/// Brings the tables up to date in one transaction.
pub fn migrate(dir: &StoreDir, connection: &mut Connection) -> Result<(), StoreError> {
    let sqlite = |error| dir.sqlite(error);
    let known = MIGRATIONS.len() as i64;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(sqlite)?;
    let found = version(&transaction).map_err(sqlite)?;
    if found > known {
        return Err(StoreError::Newer { path: dir.database(), found, known });
    }
    for migration in &MIGRATIONS[found as usize..] {
        transaction.execute_batch(migration).map_err(sqlite)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

/// The format that a store was last written in.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

pub fn known_version() -> i64 {
    MIGRATIONS.len() as i64
}
