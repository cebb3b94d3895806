//! A file that is written anew only where it differs from the one that stands there.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Compares what is written with the file that stands at the path, piece by piece; from the first
/// difference on a fresh file is written beside it.
pub struct Rewrite {
    path: PathBuf,
    fresh: PathBuf,
    before: Option<BufReader<File>>,
    /// How many bytes were the same so far.
    same: u64,
    out: Option<BufWriter<File>>,
    hasher: blake3::Hasher,
    piece: Vec<u8>,
}

/// How much is gathered before it is compared and hashed.
const PIECE: usize = 64 << 10;

impl Rewrite {
    pub fn new(path: &Path, fresh: &Path) -> Self {
        Self {
            path: path.to_owned(),
            fresh: fresh.to_owned(),
            before: File::open(path).ok().map(|file| BufReader::with_capacity(PIECE, file)),
            same: 0,
            out: None,
            hasher: blake3::Hasher::new(),
            piece: Vec::with_capacity(PIECE),
        }
    }

    /// Ends the file: its hash, and whether there is a fresh one, synced, to take the other's place.
    pub fn finish(mut self) -> io::Result<(blake3::Hash, bool)> {
        self.flush()?;
        if self.out.is_none() && !self.before.as_mut().is_some_and(at_end) {
            self.differ()?;
        }
        let written = match self.out {
            Some(out) => {
                out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
                true
            }
            None => false,
        };
        Ok((self.hasher.finalize(), written))
    }

    /// Begins the fresh file with what was the same.
    fn differ(&mut self) -> io::Result<&mut BufWriter<File>> {
        let mut out = BufWriter::new(File::create(&self.fresh)?);
        if self.same > 0 {
            let copied = io::copy(&mut File::open(&self.path)?.take(self.same), &mut out)?;
            if copied != self.same {
                return Err(io::Error::other("the file before was changed meanwhile"));
            }
        }
        Ok(self.out.insert(out))
    }
}

impl Write for Rewrite {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut piece = std::mem::take(&mut self.piece);
        self.hasher.update(&piece);
        if let Some(out) = &mut self.out {
            out.write_all(&piece)?;
        } else if self.before.as_mut().is_some_and(|before| begins_with(before, &piece)) {
            self.same += piece.len() as u64;
        } else {
            self.differ()?.write_all(&piece)?;
        }
        piece.clear();
        self.piece = piece;
        Ok(())
    }
}

fn begins_with(before: &mut impl Read, piece: &[u8]) -> bool {
    let mut then = vec![0; piece.len()];
    before.read_exact(&mut then).is_ok() && then == piece
}

fn at_end(before: &mut BufReader<File>) -> bool {
    matches!(before.read(&mut [0]), Ok(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, fresh) = (folder.path().join("file"), folder.path().join(".file.part"));
        let long = "a line of some length\n".repeat(20_000);
        let cases = [
            (None, "", true),
            (None, "new", true),
            (Some("same"), "same", false),
            (Some(""), "", false),
            (Some("longer"), "long", true),
            (Some("long"), "longer", true),
            (Some(long.as_str()), long.as_str(), false),
            (Some(long.as_str()), &(long.clone() + "more"), true),
            (Some(&(long.clone() + "more")), long.as_str(), true),
            (Some(&(long.clone() + "x" + &long)), &(long.clone() + "y" + &long), true),
        ];
        for (before, now, differs) in cases {
            let _ = (std::fs::remove_file(&path), std::fs::remove_file(&fresh));
            if let Some(before) = before {
                std::fs::write(&path, before).unwrap();
            }
            let mut file = Rewrite::new(&path, &fresh);
            // In pieces of all sizes, as they come.
            for line in now.split_inclusive('\n') {
                file.write_all(line.as_bytes()).unwrap();
            }
            assert_eq!(file.finish().unwrap(), (blake3::hash(now.as_bytes()), differs));
            assert_eq!(fresh.exists(), differs);
            let written = if differs { &fresh } else { &path };
            assert_eq!(std::fs::read_to_string(written).unwrap(), now);
        }
    }
}
