//! Files that stand there already, without some of their lines, and with no byte of these left behind.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::replacement::Replacement;
use super::{Files, OutputError};

/// What becomes of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Stays,
    Goes,
    Becomes(String),
}

/// Goes through the lines of a file, and where it is meant (`act`) writes it anew without what goes. `None` where all
/// stay, or there is no file; else the hash of what is left.
///
/// Whoever reads it, or finds it after a crash, meets one of the two files, whole.
///
/// # Errors
/// A file that cannot be read or written: it is then as it was.
pub fn sift(
    path: &Path,
    act: bool,
    mut becomes: impl FnMut(&str) -> Line,
) -> Result<Option<blake3::Hash>, OutputError> {
    let of_file = |source| OutputError { path: path.to_owned(), source };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(of_file)?,
    };
    let mut left = act.then(|| beside(path));
    let mut file = BufReader::with_capacity(1 << 16, file);
    let (mut line, mut changed) = (Vec::new(), false);
    while file.read_until(b'\n', &mut line).map_err(of_file)? > 0 {
        let becomes = becomes(String::from_utf8_lossy(&line).trim_end_matches('\n'));
        changed |= becomes != Line::Stays;
        if let Some(left) = &mut left {
            match becomes {
                Line::Stays => left.bytes(&line),
                Line::Goes => {}
                Line::Becomes(text) => {
                    left.text(&text);
                    left.text("\n");
                }
            }
        }
        line.clear();
    }
    match left {
        Some(left) if changed => put(left, path).map(Some),
        _ => Ok(changed.then(|| blake3::hash(b""))),
    }
}

/// Puts a text in the place of a file, of which no byte is left behind.
///
/// # Errors
/// A file that cannot be written: it is then as it was.
pub fn supplant(path: &Path, text: &str) -> Result<(), OutputError> {
    let mut left = beside(path);
    left.text(text);
    put(left, path).map(drop)
}

fn beside(path: &Path) -> Replacement {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Replacement::of(path.parent().unwrap_or(Path::new(".")), &name)
}

/// Puts a new file in place, and then writes over the bytes of the one before, so that they are not left on the disk
/// where that is up to us.
fn put(mut left: Replacement, path: &Path) -> Result<blake3::Hash, OutputError> {
    let of_file = |source| OutputError { path: path.to_owned(), source };
    left.complete()?;
    let before = match File::options().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        before => Some(before.map_err(of_file)?),
    };
    left.put(None)?;
    if let Some(before) = before {
        erase(before).map_err(of_file)?;
    }
    Ok(left.hash())
}

fn erase(mut file: File) -> io::Result<()> {
    let meta = file.metadata()?;
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&meta) > 0 {
        // It has another name still, under which it is to be read.
        return Ok(());
    }
    let blank = [b' '; 1 << 16];
    let mut left = meta.len();
    while left > 0 {
        let piece = left.min(blank.len() as u64);
        file.write_all(&blank[..piece as usize])?;
        left -= piece;
    }
    file.sync_all()
}

/// What was taken out of a dataset's files, or would be.
#[derive(Debug, Default)]
pub struct Taken {
    pub rows: u64,
    counterparts: u64,
    rejects: BTreeMap<String, u64>,
    /// How many of its files are others then.
    pub files: u64,
}

/// What is read of a row that goes.
#[derive(Default, Deserialize)]
struct Going {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    pair: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Files {
    /// Takes lines out of the dataset, its rejects and the dataset before, where it is meant (`act`), and says in the
    /// file beside them what is left. A row takes its counterpart along; what is missing then is for the next run to
    /// make.
    ///
    /// # Errors
    /// A file that cannot be read or written: those after it are then as they were.
    pub fn take_out(
        &self,
        act: bool,
        row_goes: impl Fn(&str) -> bool,
        reject_goes: impl Fn(&str) -> bool,
    ) -> Result<Taken, OutputError> {
        let mut taken = Taken::default();
        let before = sift(&self.previous(), act, rows(&row_goes, |_| {}))?;
        let dataset = sift(
            &self.dataset(),
            act,
            rows(&row_goes, |going| match &going.pair {
                Some(pair) if going.id.as_ref() != Some(pair) => taken.counterparts += 1,
                _ => taken.rows += 1,
            }),
        )?;
        let rejected = sift(&self.rejected(), act, |line| match reject_goes(line) {
            false => Line::Stays,
            true => {
                let going: Going = serde_json::from_str(line).unwrap_or_default();
                *taken.rejects.entry(going.reason.unwrap_or_default()).or_default() += 1;
                Line::Goes
            }
        })?;
        if act && (dataset.is_some() || rejected.is_some()) {
            self.tell(&taken, dataset, rejected)?;
        }
        taken.files = [before, dataset, rejected].iter().flatten().count() as u64;
        Ok(taken)
    }

    fn rejected(&self) -> std::path::PathBuf {
        self.folder.join("rejected.jsonl")
    }

    /// Says in the file beside a dataset what was taken out of it.
    fn tell(
        &self,
        taken: &Taken,
        dataset: Option<blake3::Hash>,
        rejected: Option<blake3::Hash>,
    ) -> Result<(), OutputError> {
        let path = self.folder.join("dataset.meta.json");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let Ok(mut meta) = serde_json::from_str::<Map<String, Value>>(&text) else { return Ok(()) };
        let less = |value: Option<&mut Value>, by: u64| {
            if let Some(value) = value {
                *value = value.as_u64().unwrap_or_default().saturating_sub(by).into();
            }
        };
        less(meta.get_mut("rows"), taken.rows);
        less(meta.get_mut("counterparts"), taken.counterparts);
        if let Some(reasons) = meta.get_mut("rejected").and_then(Value::as_object_mut) {
            taken.rejects.iter().for_each(|(reason, by)| less(reasons.get_mut(reason), *by));
            reasons.retain(|_, times| times.as_u64() != Some(0));
        }
        if taken.rows + taken.counterparts > 0 {
            meta.insert("complete".into(), false.into());
        }
        for (name, hash) in [("dataset_blake3", dataset), ("rejected_blake3", rejected)] {
            if let Some(hash) = hash {
                meta.insert(name.into(), json!(hash.to_hex().as_str()));
            }
        }
        supplant(&path, &format!("{}\n", serde_json::to_string_pretty(&meta).unwrap_or_default()))
    }
}

/// What becomes of a row: its counterpart, which stands right behind it, goes with it.
fn rows(goes: impl Fn(&str) -> bool, mut gone: impl FnMut(&Going)) -> impl FnMut(&str) -> Line {
    let mut last: Option<String> = None;
    move |line| {
        let going = || serde_json::from_str::<Going>(line).unwrap_or_default();
        let of_last = last.as_ref().is_some_and(|last| going().pair.as_ref() == Some(last));
        if !of_last && !goes(line) {
            last = None;
            return Line::Stays;
        }
        let going = going();
        gone(&going);
        if !of_last {
            last = going.id;
        }
        Line::Goes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn row(id: &str, pair: Option<&str>, text: &str) -> String {
        format!("{}\n", json!({ "id": id, "text": text, "pair": pair }))
    }

    fn dataset(folder: &Path) -> (Files, String) {
        let text =
            [row("a", Some("a"), "Jane"), row("b", Some("a"), "Joan"), row("c", None, "June")].concat();
        std::fs::write(folder.join("dataset.jsonl"), &text).unwrap();
        let meta = json!({ "complete": true, "rows": 2, "wanted": 2, "counterparts": 1, "rejected": {} });
        std::fs::write(folder.join("dataset.meta.json"), meta.to_string()).unwrap();
        (Files::new(folder.to_owned()), text)
    }

    #[test]
    fn a_row_takes_its_counterpart_along_and_the_meta_file_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let (files, text) = dataset(folder.path());
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        let is_jane = |row: &str| row.contains("Jane");
        let taken = files.take_out(false, is_jane, is_jane).unwrap();
        assert_eq!((taken.rows, taken.counterparts, taken.files), (1, 1, 1));
        assert_eq!(read("dataset.jsonl"), text, "nobody meant it");
        let taken = files.take_out(true, is_jane, is_jane).unwrap();
        assert_eq!((taken.rows, taken.counterparts, taken.files), (1, 1, 1));
        let left = row("c", None, "June");
        assert_eq!(read("dataset.jsonl"), left);
        let meta: Value = serde_json::from_str(&read("dataset.meta.json")).unwrap();
        let hash = blake3::hash(left.as_bytes()).to_hex();
        assert_eq!(
            (&meta["rows"], &meta["counterparts"], &meta["wanted"]),
            (&json!(1), &json!(0), &json!(2))
        );
        assert_eq!((&meta["complete"], &meta["dataset_blake3"]), (&json!(false), &json!(hash.as_str())));
    }

    /// A run that is ended between two files leaves one file with two names.
    #[cfg(unix)]
    #[test]
    fn no_byte_of_what_goes_is_left_and_none_of_another_name_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = dataset(folder.path());
        std::fs::hard_link(files.dataset(), files.previous()).unwrap();
        let mut before = File::open(files.dataset()).unwrap();
        let is_jane = |row: &str| row.contains("Jane");
        files.take_out(true, is_jane, is_jane).unwrap();
        let left = row("c", None, "June");
        for path in [files.dataset(), files.previous()] {
            assert_eq!(std::fs::read_to_string(path).unwrap(), left);
        }
        let mut bytes = String::new();
        before.read_to_string(&mut bytes).unwrap();
        assert!(!bytes.is_empty() && bytes.trim().is_empty(), "{bytes:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "no part is left");
    }
}
