//! What was judged before: a file beside the store.
//!
//! Answers stand in it in the order in which the last evaluation came to them, and the next one reads on
//! in it as it comes to its own. It is a cache: what it lacks is judged anew, a damaged entry is none,
//! and deleting it changes no row.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::check::Candidate;
use crate::dataset::Recipe;
use crate::model::Fingerprint;
use crate::store::{Reader, StoreError};

/// The verdicts of one config's rules, read from where the last evaluation left them, and left for the
/// next.
#[derive(Debug)]
pub struct Verdicts {
    path: PathBuf,
    head: Head,
    old: Option<Old>,
    /// So much of the old file holds, in order, what was kept since.
    prefix: u64,
    new: New,
}

/// What a file begins with: a hash of all that its verdicts follow from.
type Head = [u8; HEAD];
const HEAD: usize = 32;
/// Of one answer: its fingerprint, and how long its verdicts are, in front of them.
const ENTRY: usize = 36;
/// The bytes of a checksum, behind them.
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

/// Verdicts that were found, and where.
#[derive(Debug)]
pub struct Found {
    pub verdicts: Arc<[Candidate]>,
    place: Range<u64>,
}

impl Found {
    pub fn place(&self) -> Range<u64> {
        self.place.clone()
    }
}

impl Verdicts {
    /// Opens what was left of a config, to leave something in its place or not; `None` where there is
    /// nothing to judge.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub fn open(recipe: &Recipe, reader: &Reader, leave: bool) -> Result<Option<Self>, StoreError> {
        let Some(generation) = reader.generation()? else { return Ok(None) };
        let path = reader.caches().join(format!("{}.verdicts", recipe.config.name));
        let head = *key(recipe, &generation).as_bytes();
        let old = Old::open(&path, head);
        Ok(Some(Self {
            path,
            head,
            old,
            prefix: HEAD as u64,
            new: if leave { New::Same } else { New::None },
        }))
    }

    /// What is known of an answer.
    pub fn find(&mut self, fingerprint: &Fingerprint) -> Option<Found> {
        self.old.as_mut()?.find(fingerprint)
    }

    /// Leaves the verdicts on an answer for the next evaluation; `place` is where they were found.
    pub fn keep(&mut self, fingerprint: &Fingerprint, answer: &[Candidate], place: Option<Range<u64>>) {
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
            answer.iter().for_each(|candidate| candidate.pack(room));
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
    let new = path.with_extension("verdicts.new");
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

    fn find(&mut self, fingerprint: &Fingerprint) -> Option<Found> {
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

    /// Reads the entry that begins here, if it is of this answer and whole.
    ///
    /// # Errors
    /// The end of the file.
    fn next(&mut self, wanted: &Fingerprint) -> io::Result<Option<Found>> {
        let (fingerprint, length) = self.front()?;
        if *wanted != fingerprint || length > LONGEST {
            self.go_to_end(length)?;
            return Ok(None);
        }
        self.room.resize(length as usize + SUM, 0);
        self.file.read_exact(&mut self.room)?;
        let start = self.at;
        self.at += (ENTRY + self.room.len()) as u64;
        let (mut rest, sum) = self.room.split_at(length as usize);
        if sum != checksum(&self.head, &fingerprint.0, rest) {
            return Ok(None);
        }
        let mut verdicts = Vec::new();
        while !rest.is_empty() {
            match Candidate::unpack(&mut rest) {
                Some(candidate) => verdicts.push(candidate),
                None => return Ok(None),
            }
        }
        Ok(Some(Found { verdicts: verdicts.into(), place: start..self.at }))
    }
}

/// The first bits of a fingerprint, which is a hash.
fn beginning(fingerprint: &Fingerprint) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&fingerprint.0[..8]);
    u64::from_be_bytes(first)
}

fn checksum(head: &Head, fingerprint: &[u8], verdicts: &[u8]) -> [u8; SUM] {
    let mut hasher = DefaultHasher::new();
    hasher.write(&head[..8]);
    hasher.write(fingerprint);
    hasher.write(verdicts);
    (hasher.finish() as u32).to_le_bytes()
}

/// A hash of all that a verdict on an answer follows from, and of what tells that the store still has
/// the answer.
fn key(recipe: &Recipe, generation: &[u8]) -> blake3::Hash {
    let config = &recipe.config;
    let mut rules = serde_json::to_value(config).unwrap_or_default();
    if let Value::Object(rules) = &mut rules {
        // What only decides what is asked, how much is wanted, or what becomes of a text later.
        for key in ["name", "endpoints", "samples", "output", "curation"] {
            rules.remove(key);
        }
        // Judges and embeddings come after these verdicts.
        for (section, key) in [("checks", "judges"), ("dedup", "semantic")] {
            if let Some(Value::Object(section)) = rules.get_mut(section) {
                section.remove(key);
            }
        }
        rules.insert("sampling".into(), json!(config.sampling.max_tokens));
    }
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(program().as_bytes());
    add(generation);
    add(rules.to_string().as_bytes());
    // Texts are held against what the templates say.
    for (name, text) in recipe.prompts.files_used() {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    let secret = config.anonymize.key_env.as_ref().and_then(|variable| std::env::var(variable).ok());
    add(secret.unwrap_or_default().as_bytes());
    hasher.finalize()
}

/// What tells one build of this program from another.
fn program() -> String {
    let meta = std::env::current_exe().and_then(std::fs::metadata);
    let of = |meta: std::fs::Metadata| (meta.len(), meta.modified().ok());
    format!("{} {:?}", env!("CARGO_PKG_VERSION"), meta.map(of).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::{Mends, Passed, Reason};
    use crate::dedup::TextKey;

    fn open(path: &Path, head: Head) -> Verdicts {
        let old = Old::open(path, head);
        Verdicts { path: path.to_owned(), head, old, prefix: HEAD as u64, new: New::Same }
    }

    fn fingerprint(number: u16) -> Fingerprint {
        Fingerprint(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    /// One that tells its number.
    fn verdicts(number: u16) -> Vec<Candidate> {
        let key = TextKey::of(&number.to_string());
        let passed = Passed { key, bag: None, named: number.into(), fields: None, spans: Box::default() };
        let outcome =
            if number.is_multiple_of(3) { Err(Reason::Words { found: number.into() }) } else { Ok(passed) };
        vec![Candidate {
            choice: 0,
            item: number.into(),
            text: String::new(),
            mended: Mends::default(),
            outcome,
        }]
    }

    /// Evaluates these answers in this order, and says how many were found.
    fn pass(path: &Path, head: Head, numbers: &[u16]) -> usize {
        let mut file = open(path, head);
        let mut found = 0;
        // In blocks, as they are looked up.
        for block in numbers.chunks(7) {
            let places: Vec<_> = block
                .iter()
                .map(|number| {
                    let known = file.find(&fingerprint(*number))?;
                    assert_eq!(&known.verdicts[..], verdicts(*number));
                    found += 1;
                    Some(known.place())
                })
                .collect();
            for (number, place) in block.iter().zip(places) {
                file.keep(&fingerprint(*number), &verdicts(*number), place);
            }
        }
        file.finish();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Whatever came, went or moved between two evaluations, what is found is what was kept, and
        /// the third finds all.
        #[test]
        fn what_is_found_is_what_was_kept(
            first in prop::collection::hash_set(0..400u16, 0..80),
            drops in prop::collection::hash_set(0..400u16, 0..80),
            news in prop::collection::hash_set(400..800u16, 0..40),
            moved in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cache/x.verdicts");
            let mut first: Vec<u16> = first.into_iter().collect();
            pass(&path, [7; HEAD], &first);
            let before = first.clone();
            first.retain(|number| !drops.contains(number));
            let kept = first.len();
            first.extend(news);
            first.sort_unstable_by_key(|number| number.wrapping_mul(40_503));
            if !moved {
                // In the order of before, with new ones between.
                first.sort_by_key(|number| before.iter().position(|old| old == number).unwrap_or(40));
            }
            prop_assert_eq!(pass(&path, [7; HEAD], &first), kept);
            prop_assert_eq!(pass(&path, [7; HEAD], &first), first.len());
            // By other rules nothing of it holds.
            prop_assert_eq!(pass(&path, [8; HEAD], &first), 0);
        }

        /// A file that is cut or damaged anywhere says nothing wrong.
        #[test]
        fn a_damaged_file_says_nothing_wrong(at in 0..3000usize, byte in any::<u8>(), cut in any::<bool>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.verdicts");
            let numbers: Vec<u16> = (0..40).collect();
            pass(&path, [7; HEAD], &numbers);
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at % bytes.len();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= byte;
            }
            std::fs::write(&path, bytes).unwrap();
            pass(&path, [7; HEAD], &numbers);
            prop_assert_eq!(pass(&path, [7; HEAD], &numbers), 40);
        }
    }

    #[test]
    fn what_is_as_before_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.verdicts");
        pass(&path, [7; HEAD], &[1, 2, 3, 4]);
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        let file = open(&path, [7; HEAD]);
        assert!(matches!(file.new, New::Same));
        drop(file);
        pass(&path, [7; HEAD], &[1, 2, 3, 4]);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        assert!(!path.with_extension("verdicts.new").exists());
    }

    #[test]
    fn most_of_a_large_file_is_found_though_cells_were_added_and_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.verdicts");
        let before: Vec<u16> = (0..30_000).filter(|number| number % 3 != 0).collect();
        pass(&path, [7; HEAD], &before);
        let now: Vec<u16> = (0..30_000).filter(|number| number % 5 != 0).collect();
        let both = now.iter().filter(|number| *number % 3 != 0).count();
        assert_eq!(pass(&path, [7; HEAD], &now), both);
    }
}
