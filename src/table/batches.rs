//! Rows a batch at a time, without waiting for more than one.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::{Builder, JoinHandle};

use super::{Layout, Reader, Row, TableError, is_read_once};

/// Rows of a batch; enough for every core, and little to hold.
const ROWS: usize = 4096;

/// Bytes of texts from which on a batch is large enough, whatever its rows.
const BYTES: usize = 1 << 22;

/// Rows that are read before they are wanted.
const AHEAD: usize = 256;

/// A table in batches: of a file as many rows as fit, of a pipe as many as are there.
pub struct Batches {
    from: From,
    /// What came after the rows of the last batch.
    failed: Option<TableError>,
    waits: bool,
}

enum From {
    File(Box<Reader>),
    /// Whoever writes to a pipe may wait for what we make of it. A thread that waits for the next row leaves us free.
    Pipe(Pipe),
}

struct Pipe {
    rows: Receiver<Result<Row, TableError>>,
    bytes: Arc<AtomicU64>,
    header: Arc<OnceLock<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Batches {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path, layout: &Layout) -> Result<Self, TableError> {
        let from = match is_read_once(path) {
            true => From::Pipe(Pipe::open(path, layout)?),
            false => From::File(Box::new(Reader::open(path, layout)?)),
        };
        Ok(Self { from, failed: None, waits: false })
    }

    /// Fills a batch, which is empty at the end. It waits for the first row alone.
    pub fn next(&mut self, batch: &mut Vec<Row>) -> Result<(), TableError> {
        batch.clear();
        self.waits = false;
        let mut bytes = 0;
        while batch.len() < ROWS && bytes < BYTES && self.failed.is_none() {
            let row = match &mut self.from {
                From::File(reader) => reader.next(),
                From::Pipe(pipe) if batch.is_empty() => pipe.next(),
                From::Pipe(pipe) => match pipe.rows.try_recv() {
                    Ok(row) => Some(row),
                    Err(TryRecvError::Disconnected) => None,
                    Err(TryRecvError::Empty) => {
                        self.waits = true;
                        break;
                    }
                },
            };
            match row {
                None => break,
                Some(Ok(row)) => {
                    bytes += row.text.len();
                    batch.push(row);
                }
                Some(Err(error)) => self.failed = Some(error),
            }
        }
        // Rows before a fault are rows as any.
        match self.failed.take() {
            Some(error) if batch.is_empty() => Err(error),
            failed => {
                self.failed = failed;
                Ok(())
            }
        }
    }

    /// Whether the last batch ended where nothing more was there yet, so that what came of it should be told now.
    pub fn waits(&self) -> bool {
        self.waits
    }

    /// The columns that a header names, else the text's; of a pipe they are known once something came of it.
    pub fn header(&self) -> Vec<String> {
        match &self.from {
            From::File(reader) => reader.header(),
            From::Pipe(pipe) => pipe.header.get().cloned().unwrap_or_default(),
        }
    }

    /// Bytes read so far, for progress.
    pub fn bytes(&self) -> u64 {
        match &self.from {
            From::File(reader) => reader.bytes(),
            From::Pipe(pipe) => pipe.bytes.load(Ordering::Relaxed),
        }
    }
}

impl Pipe {
    fn open(path: &Path, layout: &Layout) -> Result<Self, TableError> {
        let (to, rows) = sync_channel(AHEAD);
        let bytes = Arc::new(AtomicU64::new(0));
        let header = Arc::new(OnceLock::new());
        let (read, columns, file, layout) = (bytes.clone(), header.clone(), path.to_owned(), layout.clone());
        let work = move || {
            let mut reader = match Reader::open(&file, &layout) {
                Ok(reader) => reader,
                // Nobody listens any more where this cannot be sent.
                Err(error) => return to.send(Err(error)).unwrap_or_default(),
            };
            columns.get_or_init(|| reader.header());
            while let Some(row) = reader.next() {
                read.store(reader.bytes(), Ordering::Relaxed);
                let last = row.is_err();
                if to.send(row).is_err() || last {
                    return;
                }
            }
        };
        let thread = Builder::new().name("table".to_owned()).spawn(work);
        let thread = thread.map_err(|error| TableError::Io { path: path.to_owned(), error })?;
        Ok(Self { rows, bytes, header, thread: Some(thread) })
    }

    /// The next row, whenever it comes.
    fn next(&mut self) -> Option<Result<Row, TableError>> {
        let row = self.rows.recv().ok();
        // The end is no end of the table where its reader fell over.
        if row.is_none()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            std::panic::resume_unwind(panic);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(path: &Path) -> (Vec<usize>, Option<String>) {
        let mut batches = Batches::open(path, &Layout::default()).unwrap();
        let (mut sizes, mut batch) = (Vec::new(), Vec::new());
        loop {
            match batches.next(&mut batch) {
                Ok(()) if batch.is_empty() => return (sizes, None),
                Ok(()) => sizes.push(batch.len()),
                Err(error) => return (sizes, Some(error.to_string())),
            }
        }
    }

    #[test]
    fn batches_are_bounded_by_rows_and_by_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, "{\"text\": \"x\"}\n".repeat(ROWS + 1)).unwrap();
        assert_eq!(all(&path), (vec![ROWS, 1], None));
        let long = format!("{{\"text\": \"{}\"}}\n", "x".repeat(BYTES));
        std::fs::write(&path, long.repeat(2)).unwrap();
        assert_eq!(all(&path).0, [1, 1]);
    }

    #[test]
    fn rows_before_a_fault_come_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, "{\"text\": \"x\"}\n{\"text\": \"y\"}\n[]\n").unwrap();
        let (sizes, error) = all(&path);
        assert_eq!(sizes, [2]);
        assert!(error.unwrap().contains("t.jsonl:3: expected a JSON object"));
    }
}
