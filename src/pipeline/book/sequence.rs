//! A cache of what was worked out before: a file beside the store.
//!
//! Entries stand in it in the order in which the last evaluation came to them, and the next one reads on
//! in it as it comes to its own. It is a cache: what it lacks is worked out anew, a damaged entry is none,
//! and deleting it changes no row.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::model::Fingerprint;

/// Entries, read from where the last evaluation left them, and left for the next.
#[derive(Debug)]
pub struct Sequence {
    path: PathBuf,
    head: Head,
    old: Option<Old>,
    /// So much of the old file holds, in order, what was kept since.
    prefix: u64,
    new: New,
    /// Something was looked for in vain.
    missed: bool,
}

/// What a file begins with: a hash of all that its entries follow from.
pub type Head = [u8; HEAD];
const HEAD: usize = 32;
/// Of one entry: its fingerprint, and how long it is, in front of it.
const ENTRY: usize = 36;
/// The bytes of a checksum, behind it.
const SUM: usize = 4;
/// A longer entry is none of ours.
const LONGEST: u64 = 16 << 20;

/// The file of before.
#[derive(Debug)]
struct Old {
    file: BufReader<File>,
    head: Head,
    /// Up to where it was read.
    at: u64,
    /// The beginnings of the fingerprints from some place on, in order, with where each stands; made
    /// when they first come in another order than before.
    index: Option<Vec<(u64, u64)>>,
    room: Vec<u8>,
}

/// The file that takes its place.
#[derive(Debug)]
enum New {
    /// All is as in the old one so far.
    Same,
    Begun(Begun),
    /// Nothing is to be written, or can be, or somebody else is about to.
    None,
}

/// A file that is being written; it is gone again unless it is put in place.
#[derive(Debug)]
struct Begun {
    path: PathBuf,
    file: BufWriter<File>,
    room: Vec<u8>,
}

impl Sequence {
    /// Opens what was left under a head, to leave something in its place or not.
    pub fn open(path: PathBuf, head: Head, leave: bool) -> Self {
        let old = Old::open(&path, head);
        let new = if leave { New::Same } else { New::None };
        Self { path, head, old, prefix: HEAD as u64, new, missed: false }
    }

    /// What is known under a fingerprint, as it is read from its bytes, and where it stands.
    pub fn find<T>(
        &mut self,
        fingerprint: &Fingerprint,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<(T, Range<u64>)> {
        let found = self.old.as_mut().and_then(|old| {
            let place = old.find(fingerprint)?;
            Some((read(old.entry())?, place))
        });
        self.missed |= found.is_none();
        found
    }

    /// Whether all that was looked for so far was found.
    pub fn is_whole(&self) -> bool {
        self.old.is_some() && !self.missed
    }

    /// Leaves an entry for the next evaluation; `place` is where it was found.
    pub fn keep(
        &mut self,
        fingerprint: &Fingerprint,
        write: impl FnOnce(&mut Vec<u8>),
        place: Option<Range<u64>>,
    ) {
        if let New::Same = self.new {
            match place {
                Some(place) if place.start == self.prefix => {
                    self.prefix = place.end;
                    return;
                }
                _ => {
                    let begun = begin(&self.path, &self.head, self.old.as_ref().map(|_| self.prefix));
                    self.new = begun.map_or(New::None, New::Begun);
                }
            }
        }
        if let New::Begun(Begun { file, room, .. }) = &mut self.new {
            room.clear();
            room.extend(fingerprint.0);
            room.extend([0; 4]);
            write(room);
            let length = (room.len() - ENTRY) as u32;
            room[ENTRY - 4..ENTRY].copy_from_slice(&length.to_le_bytes());
            let sum = checksum(&self.head, &room[..32], &room[ENTRY..]);
            room.extend(sum);
            if file.write_all(room).is_err() {
                self.new = New::None;
            }
        }
    }

    /// Puts the new file in place, if it is another.
    pub fn finish(mut self) {
        if let New::Begun(begun) = &mut self.new
            && begun.file.flush().is_ok()
            // Where that fails there is a cache less.
            && std::fs::rename(&begun.path, &self.path).is_ok()
        {
            begun.path.clear();
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Begins a file with so much of the one before.
fn begin(path: &Path, head: &Head, prefix: Option<u64>) -> io::Result<Begun> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let file = File::options().write(true).create(true).truncate(false).open(&new)?;
    // Beside a run somebody may plan.
    file.try_lock()?;
    file.set_len(0)?;
    let mut out = Begun { path: new, file: BufWriter::with_capacity(1 << 16, file), room: Vec::new() };
    out.file.write_all(head)?;
    if let Some(prefix) = prefix {
        let mut old = File::open(path)?;
        old.seek(SeekFrom::Start(HEAD as u64))?;
        io::copy(&mut old.take(prefix - HEAD as u64), &mut out.file)?;
    }
    Ok(out)
}

impl Old {
    fn open(path: &Path, head: Head) -> Option<Self> {
        let mut file = BufReader::with_capacity(1 << 16, File::open(path).ok()?);
        let mut found = [0; HEAD];
        file.read_exact(&mut found).ok()?;
        let at = HEAD as u64;
        (found == head).then_some(Self { file, head, at, index: None, room: Vec::new() })
    }

    /// Reads an entry, and says where it stands.
    fn find(&mut self, fingerprint: &Fingerprint) -> Option<Range<u64>> {
        if self.index.is_none() {
            let start = self.at;
            match self.next(fingerprint) {
                Ok(Some(found)) => return Some(found),
                Ok(None) => self.index = Some(self.index_from(start)),
                Err(_) => return None,
            }
        }
        let index = self.index.as_ref()?;
        let first = beginning(fingerprint);
        let at = index.partition_point(|(other, _)| *other < first);
        let (_, place) = *index[at..].first().filter(|(other, _)| *other == first)?;
        self.go_to(place).ok()?;
        self.next(fingerprint).ok()?
    }

    fn go_to(&mut self, place: u64) -> io::Result<()> {
        self.file.seek_relative(place as i64 - self.at as i64)?;
        self.at = place;
        Ok(())
    }

    /// Where all further entries stand.
    fn index_from(&mut self, start: u64) -> Vec<(u64, u64)> {
        let mut out = Vec::new();
        if self.go_to(start).is_ok() {
            while let Ok((fingerprint, length)) = self.front() {
                out.push((beginning(&fingerprint), self.at));
                if self.go_to_end(length).is_err() {
                    break;
                }
            }
        }
        out.sort_unstable();
        out
    }

    /// The front of the entry that begins here.
    fn front(&mut self) -> io::Result<(Fingerprint, u64)> {
        let mut front = [0; ENTRY];
        self.file.read_exact(&mut front)?;
        let (mut fingerprint, mut length) = ([0; 32], [0; 4]);
        fingerprint.copy_from_slice(&front[..32]);
        length.copy_from_slice(&front[32..]);
        Ok((Fingerprint(fingerprint), u64::from(u32::from_le_bytes(length))))
    }

    /// Goes from behind the front of an entry to its end.
    fn go_to_end(&mut self, length: u64) -> io::Result<()> {
        let rest = length + SUM as u64;
        self.file.seek_relative(rest as i64)?;
        self.at += ENTRY as u64 + rest;
        Ok(())
    }

    /// Reads the entry that begins here, if it is the wanted one and whole.
    ///
    /// # Errors
    /// The end of the file.
    fn next(&mut self, wanted: &Fingerprint) -> io::Result<Option<Range<u64>>> {
        let (fingerprint, length) = self.front()?;
        if *wanted != fingerprint || length > LONGEST {
            self.go_to_end(length)?;
            return Ok(None);
        }
        self.room.resize(length as usize + SUM, 0);
        self.file.read_exact(&mut self.room)?;
        let start = self.at;
        self.at += (ENTRY + self.room.len()) as u64;
        let (entry, sum) = self.room.split_at(length as usize);
        Ok((sum == checksum(&self.head, &fingerprint.0, entry)).then_some(start..self.at))
    }

    /// The entry that was read last.
    fn entry(&self) -> &[u8] {
        &self.room[..self.room.len().saturating_sub(SUM)]
    }
}

/// The first bits of a fingerprint, which is a hash.
fn beginning(fingerprint: &Fingerprint) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&fingerprint.0[..8]);
    u64::from_be_bytes(first)
}

fn checksum(head: &Head, fingerprint: &[u8], entry: &[u8]) -> [u8; SUM] {
    let mut hasher = DefaultHasher::new();
    hasher.write(&head[..8]);
    hasher.write(fingerprint);
    hasher.write(entry);
    (hasher.finish() as u32).to_le_bytes()
}
