//! A file written anew beside itself, only if it changes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::OutputError;

/// Bytes that are compared, hashed and written at a time.
const PIECE: usize = 1 << 16;

/// What a file is to say. As long as that is what it says already, nothing is written; from where it
/// differs on, a new file grows beside it.
#[derive(Debug)]
pub struct Replacement {
    folder: PathBuf,
    name: String,
    /// The file of before, read as far as it is the same.
    before: Option<BufReader<File>>,
    same: u64,
    fresh: Option<BufWriter<File>>,
    piece: Vec<u8>,
    hash: blake3::Hasher,
    error: Option<OutputError>,
    placed: bool,
}

impl Replacement {
    pub fn of(folder: &Path, name: &str) -> Self {
        let before = File::open(folder.join(name)).ok().map(|file| BufReader::with_capacity(PIECE, file));
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            before,
            same: 0,
            fresh: None,
            piece: Vec::with_capacity(PIECE),
            hash: blake3::Hasher::new(),
            error: None,
            placed: false,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    fn part(&self) -> PathBuf {
        self.folder.join(format!(".{}.part", self.name))
    }

    /// Adds a line of JSON.
    pub fn line(&mut self, row: &impl Serialize) {
        // Writing to memory cannot fail, and no map here has keys other than texts.
        let _ = serde_json::to_writer(&mut self.piece, row);
        self.text("\n");
    }

    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        self.hash.update(&piece);
        // The first failure is told in the end; what comes after it is in vain.
        if self.error.is_none()
            && let Err(source) = self.take(&piece)
        {
            self.error = Some(OutputError { path: self.part(), source });
        }
        self.piece = piece;
        self.piece.clear();
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.fresh.is_none() {
            if let Some(before) = &mut self.before {
                let mut then = vec![0; piece.len()];
                if before.read_exact(&mut then).is_ok() && then == piece {
                    self.same += piece.len() as u64;
                    return Ok(());
                }
            }
            self.begin()?;
        }
        self.fresh.as_mut().map_or(Ok(()), |fresh| fresh.write_all(piece))
    }

    /// Begins the new file with all that is the same in the one before.
    fn begin(&mut self) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let mut fresh = BufWriter::new(File::create(self.part())?);
        self.before = None;
        if self.same > 0 {
            let copied = io::copy(&mut File::open(self.path())?.take(self.same), &mut fresh)?;
            if copied != self.same {
                return Err(io::Error::other("it was changed by somebody else while it was compared"));
            }
        }
        self.fresh = Some(fresh);
        Ok(())
    }

    /// Brings what is new to the disk, still beside the file.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn complete(&mut self) -> Result<(), OutputError> {
        self.flush();
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let mut close = || {
            let ends = match &mut self.before {
                Some(before) => before.read(&mut [0])? == 0,
                None => false,
            };
            if self.fresh.is_none() && !ends {
                self.begin()?;
            }
            match &mut self.fresh {
                Some(fresh) => {
                    fresh.flush()?;
                    fresh.get_ref().sync_all()
                }
                None => Ok(()),
            }
        };
        close().map_err(|source| OutputError { path: self.part(), source })
    }

    /// Whether what is complete differs from the file of before.
    pub fn is_other(&self) -> bool {
        self.fresh.is_some()
    }

    /// The hash of all that was written.
    pub fn hash(&self) -> blake3::Hash {
        self.hash.finalize()
    }

    /// Puts what is new in the file's place; the file of before stays under another name, if wanted.
    ///
    /// # Errors
    /// A file that cannot be linked or renamed.
    pub fn put(&mut self, keep: Option<&str>) -> Result<(), OutputError> {
        self.placed = true;
        if self.fresh.take().is_none() {
            return Ok(());
        }
        let path = self.path();
        let unwritten = |path: &Path, source| OutputError { path: path.to_owned(), source };
        if let Some(keep) = keep
            && path.exists()
        {
            let keep = self.folder.join(keep);
            let link = self.folder.join(format!(".{}.before", self.name));
            let _ = std::fs::remove_file(&link);
            // A second name for the old file, so that at no moment there is no dataset; a copy
            // where the file system has no links.
            std::fs::hard_link(&path, &link)
                .or_else(|_| std::fs::copy(&path, &link).map(drop))
                .and_then(|()| std::fs::rename(&link, &keep))
                .map_err(|error| unwritten(&keep, error))?;
        }
        crate::crash_point!("before-rename");
        std::fs::rename(self.part(), &path).map_err(|error| unwritten(&path, error))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if self.fresh.take().is_some() && !self.placed {
            // What is left behind would only be overwritten.
            let _ = std::fs::remove_file(self.part());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes, and says whether the file was replaced.
    #[cfg(unix)]
    fn write(folder: &Path, lines: &[&str]) -> bool {
        use std::os::unix::fs::MetadataExt;

        let path = folder.join("x");
        // Kept open, so that nothing else gets its number.
        let before = File::open(&path).ok();
        let mut file = Replacement::of(folder, "x");
        lines.iter().for_each(|line| file.text(line));
        file.complete().unwrap();
        file.put(None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), lines.concat());
        assert_eq!(file.hash(), blake3::hash(lines.concat().as_bytes()));
        assert!(!folder.join(".x.part").exists());
        before.is_none_or(|file| file.metadata().unwrap().ino() != path.metadata().unwrap().ino())
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_replaced_only_where_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let long = "long line\n".repeat(PIECE / 5);
        assert!(write(folder, &[]), "it did not exist");
        assert!(!write(folder, &[]));
        assert!(write(folder, &["a\n", &long, "b\n"]));
        assert!(!write(folder, &["a\n", &long, "b\n"]));
        assert!(write(folder, &["a\n", &long, "c\n"]), "another end");
        assert!(write(folder, &["a\n", &long]), "shorter");
        assert!(write(folder, &["a\n", &long, "d\n"]), "longer");
        assert!(write(folder, &["b\n", &long, "d\n"]), "another beginning");
        assert!(write(folder, &[]), "empty");
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["a\n"]);
        let mut file = Replacement::of(folder.path(), "x");
        file.text("b\n");
        file.complete().unwrap();
        drop(file);
        let names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        assert!(names.iter().all(|name| name == "x" || name == "link"), "{names:?}");
        assert_eq!(std::fs::read_to_string(folder.path().join("x")).unwrap(), "a\n");
    }
}
