//! What was sent lately to a server with limits, by whichever run of the project.
//!
//! A limit on requests a minute is the server's, and knows nothing of runs: who is started again, or runs beside
//! another, is to count what went out before. So each send is noted in a file, and read by all.

use std::fs::{File, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::StoreDir;

/// Nothing older counts for any limit.
const OLDEST: Duration = Duration::from_secs(90);

/// What stands further ahead was not noted by this clock.
const AHEAD: Duration = Duration::from_secs(2);

/// Bytes of one note: when, by which run, under which number, how many tokens, and whether they were used.
const NOTE: usize = 32;

/// Bytes of notes that are read at once.
const PIECE: usize = 256 * NOTE;

/// What a run sends to one server, and what others send.
#[derive(Debug)]
pub struct Sent {
    file: File,
    /// Locked by whoever sends.
    turns: Arc<File>,
    path: PathBuf,
    /// Tells this run's notes from others'.
    run: u64,
    read: u64,
}

/// The turn to send to a server: no other run sends to it until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Turn(Arc<File>);

impl Drop for Turn {
    fn drop(&mut self) {
        // It ends with the process at the latest.
        let _ = self.0.unlock();
    }
}

/// What another run noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Its own, of whichever run.
    pub id: u64,
    pub ago: Duration,
    pub tokens: u32,
    /// They were used, in place of what was noted under this number before.
    pub used: bool,
}

impl Sent {
    /// Opens the notes on what is sent to an address.
    ///
    /// # Errors
    /// A file that can be neither made nor read.
    pub fn open(dir: &StoreDir, address: &str) -> io::Result<Self> {
        let name = &blake3::hash(address.as_bytes()).to_hex()[..16];
        let path = dir.folder().join(format!("sent-{name}"));
        let open = |path: &Path| File::options().read(true).append(true).create(true).open(path);
        let (mut file, turns) = (open(&path)?, open(&path.with_extension("turn"))?);
        let is_alone = file.try_lock().is_ok();
        if !is_alone {
            file.lock_shared()?;
        }
        let mut read = first_that_counts(&mut file)?;
        if is_alone {
            // What nobody counts any more goes, where nobody writes.
            let length = file.metadata()?.len();
            if read == length - length % NOTE as u64 {
                file.set_len(0)?;
                read = 0;
            }
            // Whoever opens it later sees that somebody writes.
            file.unlock().and_then(|()| file.lock_shared())?;
        }
        Ok(Self {
            file,
            turns: Arc::new(turns),
            path,
            run: RandomState::new().hash_one(std::process::id()),
            read,
        })
    }

    /// Takes the turn to send: what others noted is then all that they sent. `None` while another run has it.
    ///
    /// # Errors
    /// A file system that knows no locks.
    pub fn turn(&self) -> io::Result<Option<Turn>> {
        match self.turns.try_lock() {
            Ok(()) => Ok(Some(Turn(self.turns.clone()))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether both are notes on the same server.
    pub fn is_of(&self, other: &Sent) -> bool {
        self.path == other.path
    }

    /// Notes a send that reserves so many tokens, or what it used.
    ///
    /// # Errors
    /// A full disk.
    pub fn note(&mut self, id: u64, tokens: u32, used: bool) -> io::Result<()> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // A note that a full disk or a kill cut off is filled up: those after it begin where notes do.
        let cut = self.file.metadata()?.len() as usize % NOTE;
        let mut bytes = vec![0; (NOTE - cut) % NOTE];
        bytes.extend(Note { at, run: self.run, id, tokens, used }.bytes());
        self.file.write_all(&bytes)
    }

    /// What others noted since this was asked last.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn of_others(&mut self) -> io::Result<Vec<Noted>> {
        let length = self.file.metadata()?.len();
        if length == self.read {
            return Ok(Vec::new());
        }
        if length < self.read {
            // It was emptied as this was opened.
            self.read = 0;
        }
        let mut notes = Vec::new();
        self.file.seek(SeekFrom::Start(self.read))?;
        (&self.file).take(length - self.read).read_to_end(&mut notes)?;
        let (notes, _) = notes.as_chunks::<NOTE>();
        self.read += (notes.len() * NOTE) as u64;
        let others = notes.iter().map(Note::of).filter(|note| note.run != self.run);
        Ok(others
            .filter_map(|note| {
                Some(Noted {
                    // No ticket of ours is that large.
                    id: (note.run ^ note.id) | 1 << 63,
                    ago: age(note.at)?,
                    tokens: note.tokens,
                    used: note.used,
                })
            })
            .collect())
    }
}

/// Where the notes begin that still count, in bytes: a file that somebody always has open is never emptied, and is read
/// from its end.
fn first_that_counts(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let mut from = length - length % NOTE as u64;
    let mut notes = Vec::with_capacity(PIECE);
    while from > 0 {
        let piece = from.min(PIECE as u64);
        file.seek(SeekFrom::Start(from - piece))?;
        notes.clear();
        (&*file).take(piece).read_to_end(&mut notes)?;
        // They stand there in the order of their times, but for those of a clock that went back.
        if notes.as_chunks::<NOTE>().0.iter().all(|note| age(Note::of(note).at).is_none()) {
            break;
        }
        from -= piece;
    }
    Ok(from)
}

/// How long something is past by the system's clock, if that counts for a limit.
///
/// What stands further in the future than two readings of a clock differ was noted before the clock went back.
fn age(at: Duration) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    match now.checked_sub(at) {
        Some(ago) => (ago <= OLDEST).then_some(ago),
        None => (at - now <= AHEAD).then_some(Duration::ZERO),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    /// Since 1970.
    at: Duration,
    run: u64,
    id: u64,
    tokens: u32,
    used: bool,
}

impl Note {
    fn bytes(self) -> [u8; NOTE] {
        let mut out = [0; NOTE];
        out[..8].copy_from_slice(&(self.at.as_micros() as u64).to_le_bytes());
        out[8..16].copy_from_slice(&self.run.to_le_bytes());
        out[16..24].copy_from_slice(&self.id.to_le_bytes());
        out[24..28].copy_from_slice(&self.tokens.to_le_bytes());
        out[28] = u8::from(self.used);
        out
    }

    fn of(bytes: &[u8; NOTE]) -> Self {
        let number = |at: usize| bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
        Self {
            at: Duration::from_micros(number(0)),
            run: number(8),
            id: number(16),
            tokens: number(24) as u32,
            used: bytes[28] != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_opens_the_notes_reads_what_others_sent_and_nothing_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        let mut first = Sent::open(&dir, "http://a").unwrap();
        first.note(1, 500, false).unwrap();
        let mut second = Sent::open(&dir, "http://a").unwrap();
        second.note(1, 40, false).unwrap();
        first.note(1, 300, true).unwrap();
        let seen = |sent: &mut Sent| -> Vec<(u32, bool)> {
            sent.of_others().unwrap().iter().map(|noted| (noted.tokens, noted.used)).collect()
        };
        let noted = second.of_others().unwrap();
        assert_eq!(
            noted.iter().map(|noted| (noted.tokens, noted.used)).collect::<Vec<_>>(),
            [(500, false), (300, true)]
        );
        assert!(noted[0].id == noted[1].id && noted[0].ago < Duration::from_secs(60));
        assert_eq!(seen(&mut first), [(40, false)]);
        assert_eq!(seen(&mut first), []);
        assert_eq!(seen(&mut Sent::open(&dir, "http://b").unwrap()), []);
        drop((first, second));
        assert_eq!(seen(&mut Sent::open(&dir, "http://a").unwrap()).len(), 3, "of runs that are over");
    }

    /// Of two that are about to send, the second counts what the first sent, in whatever order they looked.
    #[test]
    fn who_has_the_turn_knows_all_that_was_sent() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        let (mut first, mut second) =
            (Sent::open(&dir, "http://a").unwrap(), Sent::open(&dir, "http://a").unwrap());
        let turn = first.turn().unwrap().unwrap();
        assert_eq!(first.of_others().unwrap(), []);
        assert!(second.turn().unwrap().is_none());
        assert!(Sent::open(&dir, "http://b").unwrap().turn().unwrap().is_some());
        first.note(1, 500, false).unwrap();
        drop(turn);
        let _turn = second.turn().unwrap().unwrap();
        assert_eq!(second.of_others().unwrap().len(), 1);
        assert!(first.turn().unwrap().is_none());
    }

    /// A file of many runs that overlap is as long as they asked, and only its end counts.
    #[test]
    fn who_opens_a_long_file_reads_its_end_alone() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        let keeps = Sent::open(&dir, "http://a").unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let note = |ago: u64, id: u64| {
            let at = now - Duration::from_secs(ago);
            Note { at, run: 1, id, tokens: 7, used: false }.bytes()
        };
        let old = (0..100_000).map(|id| note(100_000 - id / 2 + 100, id));
        let young = (0..1000).map(|id| note(60 - id / 20, id));
        std::fs::write(&keeps.path, old.chain(young).flatten().collect::<Vec<u8>>()).unwrap();
        let mut opened = Sent::open(&dir, "http://a").unwrap();
        assert!(opened.read >= (100_000 * NOTE - PIECE) as u64, "from {} on", opened.read);
        assert_eq!(opened.of_others().unwrap().len(), 1000);
        assert_eq!(opened.of_others().unwrap(), []);
    }

    #[test]
    fn what_is_cut_off_or_old_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        Sent::open(&dir, "http://a").unwrap().note(1, 500, false).unwrap();
        let path = Sent::open(&dir, "http://a").unwrap().path;
        let note = Note::of(std::fs::read(&path).unwrap().first_chunk().unwrap());
        // The second was noted before the clock went back.
        for at in [note.at - 2 * OLDEST, note.at + OLDEST] {
            std::fs::write(&path, Note { at, ..note }.bytes()).unwrap();
            let mut reader = Sent::open(&dir, "http://a").unwrap();
            std::fs::write(&path, Note { at, ..note }.bytes()).unwrap();
            assert_eq!(reader.of_others().unwrap(), []);
            drop(reader);
            Sent::open(&dir, "http://a").unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        }
        std::fs::write(&path, &note.bytes()[..20]).unwrap();
        assert_eq!(Sent::open(&dir, "http://a").unwrap().of_others().unwrap(), []);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }

    /// Beside other runs and alone.
    #[test]
    fn a_note_that_is_cut_off_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        let mut first = Sent::open(&dir, "http://a").unwrap();
        let tokens = |sent: &mut Sent| -> Vec<u32> {
            sent.of_others().unwrap().iter().map(|noted| noted.tokens).filter(|tokens| *tokens > 0).collect()
        };
        first.note(1, 500, false).unwrap();
        let path = first.path.clone();
        let cut_off = || {
            let mut file = File::options().append(true).open(&path).unwrap();
            file.write_all(&Note::of(&[1; NOTE]).bytes()[..20]).unwrap();
        };
        cut_off();
        let mut second = Sent::open(&dir, "http://a").unwrap();
        assert_eq!(tokens(&mut second), [500]);
        second.note(1, 40, false).unwrap();
        assert_eq!(tokens(&mut first), [40]);
        first.note(2, 7, false).unwrap();
        assert_eq!(tokens(&mut second), [7]);
        drop((first, second));
        cut_off();
        assert_eq!(tokens(&mut Sent::open(&dir, "http://a").unwrap()), [500, 40, 7]);
    }
}
