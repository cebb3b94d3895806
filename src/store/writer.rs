//! The one thread that writes the store, a batch a commit.

use std::collections::HashSet;
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::{CachedStatement, Connection, ErrorCode, params};

use super::reader::{IS_ANSWERED, is_answered};
use super::{Completion, EndpointMemory, Snapshot, StoreDir, StoreError, Tombstone, moment, now, schema};

/// How long a batch is gathered after its first message …
const GATHER: Duration = Duration::from_millis(15);
/// … unless so many messages wait already.
const ENOUGH: usize = 128;
/// The most messages in one batch.
const BATCH: usize = 1024;

/// The caller's own number for what it sent.
pub type Ticket = u64;

/// What became of something sent to the writer.
#[derive(Debug)]
pub struct Written {
    pub tickets: Vec<Ticket>,
    /// Those of them for which another run had stored an answer before: that one counts.
    pub superseded: Vec<Ticket>,
    pub result: Result<(), StoreError>,
}

/// A change to be made in a transaction of the writer's.
type Task = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

enum Message {
    Completion(Ticket, Box<Completion>),
    Tombstone(Ticket, Box<Tombstone>),
    Task(Task, mpsc::SyncSender<Result<(), StoreError>>),
}

/// A handle on the writing thread. Dropping it commits what was sent, and waits for that.
#[derive(Debug)]
pub struct Writer {
    sender: Option<mpsc::Sender<Message>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    /// Opens the store for writing, makes or migrates it, and starts the thread.
    ///
    /// `written` is called from that thread after each commit that held completions or tombstones.
    ///
    /// # Errors
    /// A folder that cannot be written, or a damaged or newer store.
    pub fn open(dir: &StoreDir, written: impl Fn(Written) + Send + 'static) -> Result<Self, StoreError> {
        dir.create()?;
        let sqlite = |error| dir.sqlite(error);
        let mut connection = Connection::open(dir.database()).map_err(sqlite)?;
        connection.busy_timeout(Duration::from_secs(30)).map_err(sqlite)?;
        // Several completions to a page, and fewer calls to the system for each; a store that is there
        // already keeps its own.
        connection.pragma_update(None, "page_size", 8 << 10).map_err(sqlite)?;
        use_log(&connection).map_err(sqlite)?;
        // With a write-ahead log, FULL syncs at every commit: a power cut costs one batch at most.
        connection.pragma_update(None, "synchronous", "full").map_err(sqlite)?;
        // What is written is seldom read again.
        connection.pragma_update(None, "cache_size", -1024).map_err(sqlite)?;
        schema::migrate(dir, &mut connection)?;
        let (sender, receiver) = mpsc::channel();
        let dir = dir.clone();
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || write_all(&dir, &mut connection, &receiver, &written))
            .map_err(|source| StoreError::Folder { path: "store thread".into(), source })?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    fn send(&self, message: Message) -> Result<(), StoreError> {
        self.sender.as_ref().ok_or(StoreError::Gone)?.send(message).map_err(|_| StoreError::Gone)
    }

    /// Stores a completion; its commit is told under the ticket.
    pub fn completion(&self, ticket: Ticket, completion: Completion) -> Result<(), StoreError> {
        self.send(Message::Completion(ticket, Box::new(completion)))
    }

    /// Stores a tombstone; its commit is told under the ticket.
    pub fn tombstone(&self, ticket: Ticket, tombstone: Tombstone) -> Result<(), StoreError> {
        self.send(Message::Tombstone(ticket, Box::new(tombstone)))
    }

    /// Runs a change in a transaction of the writer's and waits for its commit.
    pub(super) fn task(
        &self,
        task: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.send(Message::Task(Box::new(task), sender))?;
        receiver.recv().map_err(|_| StoreError::Gone)?
    }

    /// Keeps a snapshot of a config; under the number of the last one if nothing but cells changed.
    pub fn snapshot(&self, config: &str, snapshot: Snapshot) -> Result<(), StoreError> {
        let config = config.to_owned();
        self.task(move |transaction| {
            let last: Option<(i64, bool)> = {
                let mut query = transaction.prepare(
                    "SELECT id, resolved = ?2 AND files = ?3 FROM snapshot WHERE config = ?1 ORDER BY id DESC LIMIT 1",
                )?;
                let mut rows = query.query(params![config, snapshot.resolved, snapshot.files])?;
                match rows.next()? {
                    Some(row) => Some((row.get(0)?, row.get(1)?)),
                    None => None,
                }
            };
            match last {
                Some((id, true)) => transaction
                    .execute("UPDATE snapshot SET cells = ?2 WHERE id = ?1", params![id, snapshot.cells])?,
                _ => transaction.execute(
                    "INSERT INTO snapshot (config, resolved, files, cells, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![config, snapshot.resolved, snapshot.files, snapshot.cells, moment()],
                )?,
            };
            Ok(())
        })
    }

    /// Keeps a run's summary, under the config's last snapshot.
    pub fn run(&self, config: &str, started: &str, summary: &str) -> Result<(), StoreError> {
        let (config, started, summary) = (config.to_owned(), started.to_owned(), summary.to_owned());
        self.task(move |transaction| {
            transaction.execute(
                "INSERT INTO run (config, snapshot, started, summary)
                 VALUES (?1, (SELECT coalesce(max(id), 0) FROM snapshot WHERE config = ?1), ?2, ?3)",
                params![config, started, summary],
            )?;
            Ok(())
        })
    }

    /// Remembers what was seen at an address; what is only assumed is not.
    pub fn endpoint(&self, address: &str, memory: &EndpointMemory) -> Result<(), StoreError> {
        if memory.assumed {
            return Ok(());
        }
        let address = address.to_owned();
        let memory = serde_json::to_string(memory).unwrap_or_default();
        self.task(move |transaction| {
            transaction.execute(
                "INSERT INTO endpoint (address, memory, seen) VALUES (?1, ?2, ?3)
                 ON CONFLICT (address) DO UPDATE SET memory = excluded.memory, seen = excluded.seen",
                params![address, memory, now()],
            )?;
            Ok(())
        })
    }

    /// Remembers which file a config name belongs to.
    pub fn config_file(&self, name: &str, path: &str) -> Result<(), StoreError> {
        let (name, path) = (name.to_owned(), path.to_owned());
        self.task(move |transaction| {
            transaction.execute(
                "INSERT INTO config_file (name, path) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET path = excluded.path",
                params![name, path],
            )?;
            Ok(())
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has told its caller by its silence already.
            let _ = thread.join();
        }
    }
}

fn write_all(
    dir: &StoreDir,
    connection: &mut Connection,
    receiver: &mpsc::Receiver<Message>,
    written: &(impl Fn(Written) + Send),
) {
    let mut openings = Openings::default();
    while let Ok(first) = receiver.recv() {
        let mut batch = vec![first];
        if !take_waiting(receiver, &mut batch) && batch.len() < ENOUGH {
            std::thread::sleep(GATHER);
            take_waiting(receiver, &mut batch);
        }
        let mut tickets = Vec::new();
        let mut superseded = Vec::new();
        let mut waiting = Vec::new();
        crate::crash_point!("before-commit");
        let result = commit(connection, &mut openings, batch, &mut tickets, &mut superseded, &mut waiting)
            .map_err(|error| (dir.sqlite(error), dir));
        for sender in waiting {
            // The caller may have given up.
            let _ = sender.send(result.as_ref().map(drop).map_err(|(error, dir)| copy(error, dir)));
        }
        crate::crash_point!("after-commit");
        if !tickets.is_empty() {
            written(Written { tickets, superseded, result: result.map_err(|(error, _)| error) });
        }
    }
}

/// Adds what waits to a batch, up to a task: its caller waits, and is not kept waiting for others.
/// Says whether the batch ends with one.
fn take_waiting(receiver: &mpsc::Receiver<Message>, batch: &mut Vec<Message>) -> bool {
    let is_urgent = |batch: &[Message]| matches!(batch.last(), Some(Message::Task(..)));
    while !is_urgent(batch)
        && batch.len() < BATCH
        && let Ok(message) = receiver.try_recv()
    {
        batch.push(message);
    }
    is_urgent(batch)
}

/// The same failure again, for a second listener.
fn copy(error: &StoreError, dir: &StoreDir) -> StoreError {
    match error {
        StoreError::Sqlite { source: rusqlite::Error::SqliteFailure(code, text), .. } => {
            dir.sqlite(rusqlite::Error::SqliteFailure(*code, text.clone()))
        }
        _ => StoreError::Gone,
    }
}

/// How often a store that another process holds is tried again, half a minute each time.
const BUSY_TRIES: u32 = 20;

fn commit(
    connection: &mut Connection,
    openings: &mut Openings,
    batch: Vec<Message>,
    tickets: &mut Vec<Ticket>,
    superseded: &mut Vec<Ticket>,
    waiting: &mut Vec<mpsc::SyncSender<Result<(), StoreError>>>,
) -> rusqlite::Result<()> {
    let mut result = begin(connection);
    openings.begin();
    let created = now();
    let connection = &*connection;
    let mut inserts = None;
    for message in batch {
        // After a failure the rest is only counted, so that everybody hears of it.
        let done = match message {
            Message::Completion(ticket, completion) => {
                tickets.push(ticket);
                result.is_ok().then(|| {
                    let inserts = match &mut inserts {
                        Some(inserts) => inserts,
                        None => inserts.insert(Inserts::new(connection)?),
                    };
                    if !inserts.completion(openings, &completion, &created)? {
                        superseded.push(ticket);
                    }
                    Ok(())
                })
            }
            Message::Tombstone(ticket, tombstone) => {
                tickets.push(ticket);
                result.is_ok().then(|| insert_tombstone(connection, &tombstone, &created))
            }
            Message::Task(task, sender) => {
                waiting.push(sender);
                result.is_ok().then(|| task(connection))
            }
        };
        if let Some(Err(error)) = done {
            result = Err(error);
        }
    }
    let result = result.and_then(|()| connection.execute_batch("COMMIT"));
    if result.is_err() && !connection.is_autocommit() {
        // What failed is told; a rollback that fails too has nothing to add.
        let _ = connection.execute_batch("ROLLBACK");
    }
    result
}

/// Writes ahead into a log from now on.
///
/// Of two that make a store at the same moment SQLite refuses one at once, whatever its patience.
fn use_log(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let set = connection.pragma_update(None, "journal_mode", "wal");
        match set.as_ref().err().and_then(rusqlite::Error::sqlite_error_code) {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if tries < 500 => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            _ => return set,
        }
    }
}

/// Begins to write at once: a transaction that reads first cannot wait for another writer.
fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let mut tries = 0;
    loop {
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        let code = begun.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if tries < BUSY_TRIES => tries += 1,
            _ => return begun,
        }
    }
}

/// What requests begin with, where several were seen to begin alike.
#[derive(Default)]
struct Openings {
    /// Those that were seen: what only one request begins with is no gain.
    seen: HashSet<i64>,
    /// Those that stand in the store, as this transaction sees it.
    stored: HashSet<i64>,
    last: Option<(String, i64)>,
}

impl Openings {
    /// So many that were seen are remembered.
    const MOST: usize = 4096;

    /// Begins a transaction: another process may have taken away what nothing began with meanwhile.
    fn begin(&mut self) {
        self.stored.clear();
    }

    /// The number under which an opening stands in the store; `None`: the request is to be stored whole.
    fn of(&mut self, transaction: &Connection, opening: &str) -> rusqlite::Result<Option<i64>> {
        let id = match &self.last {
            Some((text, id)) if text == opening => *id,
            _ => {
                let hash = blake3::hash(opening.as_bytes());
                let Some(head) = hash.as_bytes().first_chunk::<8>().filter(|_| !opening.is_empty()) else {
                    return Ok(None);
                };
                let id = i64::from_le_bytes(*head);
                self.last = Some((opening.to_owned(), id));
                id
            }
        };
        if self.stored.contains(&id) {
            return Ok(Some(id));
        }
        if self.seen.len() == Self::MOST {
            self.seen.clear();
        }
        if self.seen.insert(id) {
            return Ok(None);
        }
        transaction
            .prepare_cached("INSERT INTO opening (id, text) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![id, opening])?;
        let same: bool = transaction
            .prepare_cached("SELECT text = ?2 FROM opening WHERE id = ?1")?
            .query_row(params![id, opening], |row| row.get(0))?;
        if same {
            self.stored.insert(id);
        }
        Ok(same.then_some(id))
    }
}

/// The statements that store answers, prepared once for a batch.
struct Inserts<'a> {
    connection: &'a Connection,
    answered: CachedStatement<'a>,
    insert: CachedStatement<'a>,
}

impl<'a> Inserts<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let insert = "INSERT INTO completion
             (fingerprint, max_tokens, kind, request, answer, ended, tokens, created, opening)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        Ok(Self {
            connection,
            answered: connection.prepare_cached(IS_ANSWERED)?,
            insert: connection.prepare_cached(insert)?,
        })
    }

    /// Stores an answer, unless one is there that is good for the same ask: what is stored stays, since a second one
    /// would change the dataset.
    fn completion(
        &mut self,
        openings: &mut Openings,
        completion: &Completion,
        created: &str,
    ) -> rusqlite::Result<bool> {
        if is_answered(&mut self.answered, &completion.fingerprint, completion.max_tokens)? {
            return Ok(false);
        }
        let (opening, rest) = completion.request.parts();
        let opening = openings.of(self.connection, opening)?;
        let request = if opening.is_some() { rest } else { completion.request.as_str() };
        self.insert
            .execute(params![
                completion.fingerprint.0,
                completion.max_tokens,
                completion.kind.as_str(),
                request,
                completion.answer,
                completion.ended,
                completion.tokens.map(|tokens| tokens as i64),
                created,
                opening,
            ])
            .map(|_| true)
    }
}

fn insert_tombstone(transaction: &Connection, tombstone: &Tombstone, created: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO tombstone (fingerprint, reason, detail, settings, created)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            tombstone.fingerprint.0,
            tombstone.reason,
            tombstone.detail,
            serde_json::to_string(&tombstone.settings).unwrap_or_default(),
            created,
        ])
        .map(drop)
}
