//! Where an export goes: standard output, a file or a folder, each whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{ExportError, Exporter, Fault, Out, Part, Record, Rows};
use crate::staged::{Staged, StagedFolder, replace};

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Standard,
    File(PathBuf),
    Folder(PathBuf),
}

/// Says which files of a folder an export wrote, so that the next one may take their place.
const MANIFEST: &str = "emogrid.json";

/// What was made.
#[derive(Debug, Clone)]
pub struct Made {
    pub parts: Vec<Part>,
}

impl Made {
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }
}

/// An export under way. What is not finished is removed.
pub struct Writing<'a> {
    exporter: &'a dyn Exporter,
    place: &'a Place,
    under: Under,
    parts: Vec<Writer>,
}

/// What is written until all is there.
enum Under {
    Standard,
    /// The file is taken by its only part.
    File(Staged, Option<File>),
    Folder(StagedFolder),
}

struct Writer {
    name: String,
    rows: u64,
    /// Files that are full.
    full: usize,
    /// None before the first row of a part in shards, and after its end.
    to: Option<Box<dyn Rows>>,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ExportError {
    move |error| ExportError::Io { path: path.to_owned(), error }
}

impl Place {
    /// `-` is standard output; a folder is what is one, what has no ending, and what `folder` says.
    pub fn of(path: &Path, folder: bool) -> Self {
        if path.as_os_str() == "-" {
            Place::Standard
        } else if folder || path.is_dir() || path.extension().is_none() {
            Place::Folder(path.to_owned())
        } else {
            Place::File(path.to_owned())
        }
    }

    /// What messages call it.
    pub fn path(&self) -> &Path {
        match self {
            Place::Standard => Path::new("standard output"),
            Place::File(path) | Place::Folder(path) => path,
        }
    }

    /// Begins to write the parts named.
    ///
    /// # Errors
    /// A folder with files that no export wrote, or that were changed since; what cannot be written.
    pub fn begin<'a>(
        &'a self,
        exporter: &'a dyn Exporter,
        parts: &[String],
    ) -> Result<Writing<'a>, ExportError> {
        let under = match self {
            Place::Standard => Under::Standard,
            Place::File(path) => {
                let (staged, to) = Staged::file(path).map_err(failed(path))?;
                Under::File(staged, Some(to))
            }
            Place::Folder(path) => {
                replaceable(path)?;
                Under::Folder(StagedFolder::new(path).map_err(failed(path))?)
            }
        };
        let parts = parts.iter().map(|name| Writer { name: name.clone(), rows: 0, full: 0, to: None });
        let mut writing = Writing { exporter, place: self, under, parts: parts.collect() };
        // Also a part without rows has its file.
        for part in 0..writing.parts.len() {
            writing.open(part)?;
        }
        Ok(writing)
    }
}

/// Whether a folder may be replaced: it is not there, empty, or as an export left it.
fn replaceable(path: &Path) -> Result<(), ExportError> {
    if !path.exists() {
        return Ok(());
    }
    let refused = |why: String| {
        let path = path.display();
        ExportError::Usage(format!("{path}: {why}; name another folder, or move it away"))
    };
    if !path.is_dir() {
        return Err(refused("a file, and this format makes a folder".to_owned()));
    }
    let mut found = Vec::new();
    files(path, path, &mut found).map_err(failed(path))?;
    if found.is_empty() {
        return Ok(());
    }
    let manifest: Value = std::fs::read(path.join(MANIFEST))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    for name in found.iter().filter(|name| *name != MANIFEST) {
        match manifest["files"][name].as_str() {
            None => return Err(refused(format!("no export wrote `{name}`, which would be lost"))),
            Some(hash) if hash != hash_of(&path.join(name)).map_err(failed(path))? => {
                return Err(refused(format!(
                    "`{name}` was changed since it was exported, and would be lost"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The files of a folder by their paths from a root, with `/` between.
fn files(root: &Path, folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(root, &path, found)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path);
            let parts = name.components().map(|part| part.as_os_str().to_string_lossy());
            found.push(parts.collect::<Vec<_>>().join("/"));
        }
    }
    found.sort();
    Ok(())
}

fn hash_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

impl Writing<'_> {
    /// Begins a part's next file.
    fn open(&mut self, part: usize) -> Result<(), ExportError> {
        let failed = failed(self.place.path());
        let writer = &mut self.parts[part];
        let to: Out = match &mut self.under {
            Under::Standard => Box::new(io::stdout()),
            Under::File(_, to) => {
                let only = || failed(io::Error::other("a file has one part; name a folder for several"));
                Box::new(to.take().ok_or_else(only)?)
            }
            Under::Folder(staged) => {
                let name = shard_name(self.exporter, &writer.name, writer.full, None);
                let path = staged.path().join(name);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(&failed)?;
                }
                Box::new(File::create(path).map_err(&failed)?)
            }
        };
        writer.to = Some(self.exporter.open(to).map_err(failed)?);
        Ok(())
    }

    /// Writes a row to a part.
    ///
    /// # Errors
    /// A row that the format has no place for, or what cannot be written.
    pub fn write(&mut self, part: usize, row: &dyn Record) -> Result<(), ExportError> {
        let limit = self.exporter.shard_bytes();
        let writer = &mut self.parts[part];
        if limit.zip(writer.to.as_ref()).is_some_and(|(limit, to)| to.bytes() >= limit) {
            let to = writer.to.take();
            to.map_or(Ok(()), Rows::finish).map_err(failed(self.place.path()))?;
            writer.full += 1;
            self.open(part)?;
        }
        let writer = &mut self.parts[part];
        writer.rows += 1;
        let Some(to) = &mut writer.to else { return Ok(()) };
        to.write(row).map_err(|fault| match fault {
            Fault::Io(error) => failed(self.place.path())(error),
            Fault::Row(what) => ExportError::Row { place: row.place(), what },
        })
    }

    /// Puts everything in its place; before this, what was there stands.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn finish(mut self, origin: &str) -> Result<Made, ExportError> {
        let failed = failed(self.place.path());
        let mut parts = Vec::new();
        for writer in &mut self.parts {
            writer.to.take().map_or(Ok(()), Rows::finish).map_err(&failed)?;
            let mut part = Part { name: writer.name.clone(), rows: writer.rows, bytes: 0, files: Vec::new() };
            if let Under::Folder(staged) = &self.under {
                let shards = writer.full + 1;
                for shard in 0..shards {
                    let from = shard_name(self.exporter, &writer.name, shard, None);
                    let to = shard_name(self.exporter, &writer.name, shard, Some(shards));
                    let path = staged.path().join(&to);
                    std::fs::rename(staged.path().join(from), &path).map_err(&failed)?;
                    let file = File::open(&path).map_err(&failed)?;
                    file.sync_all().map_err(&failed)?;
                    part.bytes += file.metadata().map_err(&failed)?.len();
                    part.files.push(to);
                }
            }
            parts.push(part);
        }
        match self.under {
            Under::Standard => {}
            Under::File(staged, _) => staged.put().map_err(&failed)?,
            Under::Folder(staged) => {
                let folder = staged.path();
                for (name, text) in self.exporter.beside(&parts) {
                    replace(&folder.join(name), text.as_bytes()).map_err(&failed)?;
                }
                let mut found = Vec::new();
                files(folder, folder, &mut found).map_err(&failed)?;
                let mut hashes = Map::new();
                for name in found {
                    let hash = hash_of(&folder.join(&name)).map_err(&failed)?;
                    hashes.insert(name, hash.into());
                }
                let manifest = json!({ "made_by": "emogrid export", "of": origin, "files": hashes });
                let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
                replace(&folder.join(MANIFEST), text.as_bytes()).map_err(&failed)?;
                // Somebody may have put a file there while this was written.
                replaceable(self.place.path())?;
                staged.put().map_err(&failed)?;
            }
        }
        Ok(Made { parts })
    }
}

/// A shard's name: its last, or one that stands for it while their number is open.
fn shard_name(exporter: &dyn Exporter, part: &str, shard: usize, shards: Option<usize>) -> String {
    match (shards, exporter.shard_bytes()) {
        (Some(shards), _) => exporter.file(part, shard, shards),
        (None, Some(_)) => format!("{}.open", exporter.file(part, shard, 0)),
        (None, None) => exporter.file(part, 0, 1),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufWriter, Write};

    use super::*;

    /// A line a row; a shard is full from 10 bytes on.
    struct Shards;

    struct Lines(BufWriter<Out>, u64);

    impl Exporter for Shards {
        fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
            Ok(Box::new(Lines(BufWriter::new(to), 0)))
        }

        fn file(&self, part: &str, shard: usize, shards: usize) -> String {
            format!("data/{part}-{shard}-of-{shards}")
        }

        fn shard_bytes(&self) -> Option<u64> {
            Some(10)
        }

        fn beside(&self, parts: &[Part]) -> Vec<(String, String)> {
            vec![("told".into(), format!("{:?}", parts.iter().map(|part| part.bytes).collect::<Vec<_>>()))]
        }
    }

    impl Rows for Lines {
        fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
            row.write_json(&mut self.0)?;
            self.1 += 4;
            Ok(())
        }

        fn bytes(&self) -> u64 {
            self.1
        }

        fn finish(mut self: Box<Self>) -> io::Result<()> {
            self.0.flush()
        }
    }

    struct Number(u8);

    impl Record for Number {
        fn fields(&self) -> Map<String, Value> {
            Map::new()
        }

        fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
            write!(out, "row{}", self.0)
        }

        fn place(&self) -> String {
            String::new()
        }
    }

    #[test]
    fn a_part_goes_on_in_further_shards_and_keeps_its_rows_in_order() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("made");
        let place = Place::of(&folder, false);
        let export = |rows: u8| {
            let parts = ["train", "test"].map(str::to_owned);
            let mut writing = place.begin(&Shards, &parts).unwrap();
            (0..rows).for_each(|row| writing.write(0, &Number(row)).unwrap());
            writing.finish("t").unwrap()
        };
        let made = export(7);
        assert_eq!((made.rows(), made.parts[0].rows, made.parts[0].bytes), (7, 7, 28));
        let names = ["data/train-0-of-3", "data/train-1-of-3", "data/train-2-of-3"];
        assert_eq!(made.parts[0].files, names);
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(names.map(read), ["row0row1row2", "row3row4row5", "row6"]);
        assert_eq!((read("data/test-0-of-1"), read("told")), (String::new(), "[28, 0]".to_owned()));
        // Shards of a larger export do not stay behind.
        export(2);
        let mut found = Vec::new();
        files(&folder, &folder, &mut found).unwrap();
        assert_eq!(found, ["data/test-0-of-1", "data/train-0-of-1", MANIFEST, "told"]);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        for name in ["file.x", "folder"] {
            let place = Place::of(&root.path().join(name), false);
            let mut writing = place.begin(&Shards, &["train".to_owned()]).unwrap();
            writing.write(0, &Number(0)).unwrap();
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1, "{name} is under way");
            drop(writing);
            assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "{name}");
        }
    }
}
