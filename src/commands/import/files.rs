//! The folder that an import makes.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::read::SourceFile;
use super::{Asked, Failure};
use crate::config::grouping::Grouping;
use crate::guard::{self, Frozen};
use crate::import::{Item, Labels, Outcome, Settings, Split, Step};
use crate::model::{PAIR, TextKey};
use crate::table::{TableError, replace};

/// The files of rows that an import can make.
const PARTS: [&str; 4] = ["rows.jsonl", "train.jsonl", "dev.jsonl", "test.jsonl"];

/// What it makes beside them, the manifest last.
const BESIDE: [&str; 5] = [UNDO[0], UNDO[1], UNDO[2], "shortage.json", MANIFEST];
const UNDO: [&str; 3] = ["undo/changes.jsonl", "undo/removed.jsonl", "undo/.gitignore"];
const MANIFEST: &str = "manifest.json";

/// A file that stands where an import would write, and that is none which the manifest there knows.
pub struct Doubt {
    name: &'static str,
    hash: String,
    refusal: String,
}

/// Makes sure that an import into a folder replaces nothing but what an earlier one made there. What is not known to be
/// may be of one that was cut off before its manifest: it is then what this one would write.
///
/// # Errors
/// A file that it would read and write, and a manifest that no import wrote.
pub fn replaceable(folder: &Path, sources: &[PathBuf]) -> Result<Vec<Doubt>, Failure> {
    let refusal = |name: &str, why: String| {
        let path = folder.join(name);
        format!("{}: {why}; name another folder with `-o`, or move it away", path.display())
    };
    let before: Value = std::fs::read(folder.join(MANIFEST))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let ours = before["format"] == guard::FORMAT;
    let sources: Vec<PathBuf> = sources.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let mut doubts = Vec::new();
    for name in PARTS.into_iter().chain(BESIDE) {
        let Ok(path) = folder.join(name).canonicalize() else { continue };
        if sources.contains(&path) {
            let why = "a file that it reads, and would replace".to_owned();
            return Err(Failure::Refused(refusal(name, why)));
        }
        let unknown = format!("no import wrote `{name}`, which would be lost");
        // Its own hash no manifest has.
        if name == MANIFEST {
            match ours {
                true => continue,
                false => return Err(Failure::Refused(refusal(name, unknown))),
            }
        }
        let hash = hash_of(&path).map_err(|error| TableError::Io { path, error })?;
        let why = match before["files"][name].as_str().filter(|_| ours) {
            Some(made) if made == hash => continue,
            Some(_) => format!("`{name}` was changed since it was imported, and would be lost"),
            None => unknown,
        };
        let refusal = refusal(name, why) + "; if an import was cut off here, call it again as it was";
        doubts.push(Doubt { name, hash, refusal });
    }
    Ok(doubts)
}

/// A part, as it is written.
pub struct Part {
    pub name: &'static str,
    pub split: Option<Split>,
    pub file: String,
    pub rows: u64,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    bytes: Vec<u8>,
}

/// All that goes into the folder.
pub struct Folder<'a> {
    pub asked: &'a Asked<'a>,
    pub settings: &'a Settings,
    pub labels: &'a Labels,
    pub sources: &'a [SourceFile],
    pub outcome: Outcome,
    pub parts: Vec<Part>,
    frozen: Option<Frozen>,
}

impl<'a> Folder<'a> {
    pub fn new(
        asked: &'a Asked<'a>,
        settings: &'a Settings,
        labels: &'a Labels,
        sources: &'a [SourceFile],
        outcome: Outcome,
    ) -> Self {
        let mut folder = Self { asked, settings, labels, sources, outcome, parts: Vec::new(), frozen: None };
        let groups = Groups::of(labels.names());
        let parts = [
            (None, "rows"),
            (Some(Split::Train), "train"),
            (Some(Split::Dev), "dev"),
            (Some(Split::Test), "test"),
        ];
        for (split, name) in parts {
            let mut bytes = Vec::new();
            let mut rows = 0;
            for item in folder.outcome.kept(split) {
                line(&mut bytes, &folder.row(item, &groups));
                rows += 1;
            }
            if rows > 0 {
                let hash = blake3::hash(&bytes).to_hex().to_string();
                let file = format!("{name}.jsonl");
                folder.parts.push(Part { name, split, file, rows, hash, bytes });
            }
        }
        folder.frozen = folder.parts.iter().find(|part| part.split == Some(Split::Test)).map(|part| {
            let items = || folder.outcome.kept(Some(Split::Test));
            let mut texts: Vec<TextKey> =
                items().flat_map(|item| [TextKey::of(item.as_it_came()), TextKey::of(&item.text)]).collect();
            texts.sort_unstable();
            texts.dedup();
            Frozen {
                dataset: asked.name.clone(),
                file: part.file.clone(),
                rows: part.rows,
                hash: part.hash.clone(),
                origins: items().map(|item| folder.origin(item)).collect(),
                texts,
            }
        });
        folder
    }

    pub fn frozen(&self) -> Option<&Frozen> {
        self.frozen.as_ref()
    }

    /// The parts that rows are of, if they are of any.
    pub fn splits(&self) -> Vec<Split> {
        self.parts.iter().filter_map(|part| part.split).collect()
    }

    /// A row as it stands in a file.
    fn row(&self, item: &Item, groups: &Groups) -> Map<String, Value> {
        let mut row = Map::new();
        row.insert("id".into(), item.id.as_str().into());
        row.insert("text".into(), item.text.as_str().into());
        row.insert("labels".into(), self.labels.of(item.labels).collect());
        if !item.votes.is_empty() {
            row.insert("votes".into(), self.votes(item));
            row.insert("raters".into(), item.raters.into());
        }
        for (name, groups) in &groups.0 {
            let mut of: Vec<&str> = Vec::new();
            for label in item.labels.iter() {
                if !of.contains(&groups[label].as_str()) {
                    of.push(&groups[label]);
                }
            }
            row.insert((*name).into(), of.into_iter().collect());
        }
        if let Some(pair) = &item.pair {
            row.insert(PAIR.into(), (**pair).into());
        }
        if item.copies > 1 {
            row.insert("copies".into(), item.copies.into());
        }
        if !item.spans.is_empty() {
            row.insert("spans".into(), item.spans.iter().map(crate::anonymize::Span::to_json).collect());
        }
        if let Some(split) = item.split {
            row.insert("split".into(), split.name().into());
        }
        row.insert("source".into(), "real".into());
        row.insert("origin".into(), self.origin(item).into());
        row
    }

    fn votes(&self, item: &Item) -> Value {
        let names = self.labels.names();
        let votes =
            item.votes.iter().map(|(label, count)| (names[usize::from(*label)].clone(), (*count).into()));
        Value::Object(votes.collect())
    }

    /// `goemotions/train.tsv@1f2e3d4c:17`, with the beginning of the file's hash.
    fn origin(&self, item: &Item) -> String {
        let file = &self.sources[usize::from(item.file)];
        format!("{}/{}@{}:{}", self.asked.name, file.name, &file.hash[..8], item.line)
    }

    /// Writes everything, the manifest last; says where the test part is registered.
    ///
    /// # Errors
    /// A file in doubt that is not what is written in its place, and what cannot be written.
    pub fn write(&self, before: Option<&Frozen>, doubts: Vec<Doubt>) -> Result<Option<PathBuf>, Failure> {
        let mut beside = self.undo();
        beside.push(("shortage.json", lines(&self.shortage())?));
        let parts = self.parts.iter().map(|part| (part.file.as_str(), part.hash.clone()));
        let hashed =
            |(name, bytes): &(&'static str, Vec<u8>)| (*name, blake3::hash(bytes).to_hex().to_string());
        let made: Vec<(&str, String)> = parts.chain(beside.iter().map(hashed)).collect();
        for Doubt { name, hash, refusal } in doubts {
            if !made.iter().any(|(made, of)| *made == name && *of == hash) {
                return Err(Failure::Refused(refusal));
            }
        }
        let folder = &self.asked.how.output;
        std::fs::create_dir_all(folder).map_err(|error| TableError::Io { path: folder.clone(), error })?;
        for part in &self.parts {
            replace(&folder.join(&part.file), &part.bytes)?;
        }
        for name in PARTS {
            // What an earlier import made and this one did not: others were refused.
            if self.parts.iter().all(|part| part.file != name) {
                remove(&folder.join(name))?;
            }
        }
        let undo = folder.join("undo");
        match self.asked.how.no_undo {
            true => {
                // What an earlier import put there; what else is in it stays.
                UNDO.iter().try_for_each(|name| remove(&folder.join(name)))?;
                let _ = std::fs::remove_dir(undo);
            }
            false => std::fs::create_dir_all(&undo).map_err(|error| TableError::Io { path: undo, error })?,
        }
        for (name, bytes) in beside {
            replace(&folder.join(name), &bytes)?;
        }
        crate::crash_point!("before-manifest");
        let files = made.into_iter().map(|(name, hash)| (name.to_owned(), hash.into())).collect();
        replace(&folder.join(MANIFEST), &self.manifest(files)?)?;
        if self.frozen.is_none() && before.is_none() {
            return Ok(None);
        }
        guard::register(folder, self.frozen.as_ref()).map_err(|error| Failure::Refused(error.to_string()))
    }

    /// The originals of what was changed and taken out, which hold what the anonymiser hides: git is told to
    /// leave them alone.
    fn undo(&self) -> Vec<(&'static str, Vec<u8>)> {
        if self.asked.how.no_undo {
            return Vec::new();
        }
        let (mut changes, mut removed) = (Vec::new(), Vec::new());
        for item in &self.outcome.items {
            let mut row = Map::new();
            row.insert("id".into(), item.id.as_str().into());
            row.insert("origin".into(), self.origin(item).into());
            let steps: Vec<&str> = item.changed.iter().map(Step::name).collect();
            match &item.fate {
                Some(fate) => {
                    row.insert("step".into(), fate.step.name().into());
                    row.insert("why".into(), fate.why.as_str().into());
                    row.insert("original".into(), item.as_it_came().into());
                    row.insert("labels".into(), self.labels.of(item.labels).collect());
                    if !item.votes.is_empty() {
                        row.insert("votes".into(), self.votes(item));
                        row.insert("raters".into(), item.raters.into());
                    }
                    if let Some(split) = item.split {
                        row.insert("split".into(), split.name().into());
                    }
                    line(&mut removed, &row);
                }
                None if !steps.is_empty() => {
                    row.insert("steps".into(), steps.into_iter().collect());
                    if let Some(original) = &item.original {
                        row.insert("original".into(), original.as_ref().into());
                        row.insert("text".into(), item.text.as_str().into());
                    }
                    if let Some(before) = item.labels_before {
                        row.insert("original_labels".into(), self.labels.of(before).collect());
                        row.insert("labels".into(), self.labels.of(item.labels).collect());
                    }
                    line(&mut changes, &row);
                }
                None => {}
            }
        }
        UNDO.into_iter().zip([changes, removed, b"*\n".to_vec()]).collect()
    }

    /// What classes lack, for people and for what plans the next rows.
    pub fn shortage(&self) -> Value {
        let any = self.outcome.classes.iter().any(|class| class.quota.is_some());
        json!({
            "format": guard::FORMAT,
            "dataset": self.asked.name,
            "wanted_by": if any { "quota" } else { "even share" },
            "short": self.outcome.shortages,
        })
    }

    /// What was done, step by step.
    pub fn steps(&self) -> Value {
        let parts = self.settings.split.is_none() && !self.splits().is_empty();
        let step = |step: Step| {
            let counts = self.outcome.counts(step);
            let mut told = json!({
                "step": step.name(),
                "changed": counts.changed,
                "removed": counts.removed.iter().sum::<u64>(),
            });
            if parts {
                let [train, dev, test] = counts.removed;
                told["removed_of"] = json!({ "train": train, "dev": dev, "test": test });
            }
            if self.settings.skip.contains(step) {
                told["skipped"] = true.into();
            }
            told
        };
        Step::ALL.into_iter().map(step).collect()
    }

    /// All of it, with the hashes of what was made, and the origins and hashes of the test part on a line each.
    fn manifest(&self, files: Map<String, Value>) -> Result<Vec<u8>, Failure> {
        #[derive(Serialize)]
        struct Manifest<'f> {
            #[serde(flatten)]
            told: Map<String, Value>,
            test: Option<Compact<'f>>,
        }
        #[derive(Serialize)]
        struct Compact<'f> {
            dataset: &'f str,
            file: &'f str,
            rows: u64,
            hash: &'f str,
            origins: Box<RawValue>,
            texts: Box<RawValue>,
        }
        fn compact(frozen: &Frozen) -> Result<Compact<'_>, serde_json::Error> {
            Ok(Compact {
                dataset: &frozen.dataset,
                file: &frozen.file,
                rows: frozen.rows,
                hash: &frozen.hash,
                origins: RawValue::from_string(serde_json::to_string(&frozen.origins)?)?,
                texts: RawValue::from_string(serde_json::to_string(&frozen.texts)?)?,
            })
        }
        let test = self.frozen.as_ref().map(compact).transpose().map_err(std::io::Error::from)?;
        let mut told = self.told();
        told.insert("files".into(), files.into());
        Ok(lines(&Manifest { told, test })?)
    }

    /// What is told of an import, but for the test part's rows.
    pub fn told(&self) -> Map<String, Value> {
        let how = self.asked.how;
        let files = self.sources.iter().map(|file| {
            json!({
                "file": file.path.display().to_string(),
                "bytes": file.bytes,
                "blake3": file.hash,
                "rows": file.rows,
            })
        });
        let parts = self.parts.iter().map(|part| {
            (part.name.to_owned(), json!({ "file": part.file, "rows": part.rows, "hash": part.hash }))
        });
        let skipped: Vec<&str> = self.settings.skip.iter().map(Step::name).collect();
        let settings = json!({
            "kind": self.asked.kind,
            "map": how.map.name(),
            "agree": self.settings.agree,
            "skip": skipped,
            "language": self.settings.language.map(crate::check::language::Language::code),
            "longest": how.longest,
            "level": how.level,
            "conflicts": how.conflicts.name(),
            "anonymize": match how.anonymize {
                crate::cli::AnonymizePreset::Strict => "strict",
                crate::cli::AnonymizePreset::Tag => "tag",
                crate::cli::AnonymizePreset::Off => "off",
            },
            "split": how.split,
            "quota": how.quota,
            "seed": how.seed,
        });
        let mut told = Map::new();
        told.insert("format".into(), guard::FORMAT.into());
        told.insert("dataset".into(), self.asked.name.as_str().into());
        told.insert("sources".into(), files.collect());
        told.insert("settings".into(), settings);
        told.insert("read".into(), self.sources.iter().map(|file| file.rows).sum::<u64>().into());
        told.insert("texts".into(), self.outcome.items.len().into());
        told.insert("kept".into(), self.parts.iter().map(|part| part.rows).sum::<u64>().into());
        told.insert("steps".into(), self.steps());
        told.insert("differing".into(), json!(self.outcome.differing));
        told.insert("labels".into(), self.labels.names().into());
        told.insert("classes".into(), json!(self.outcome.classes));
        told.insert("parts".into(), Value::Object(parts.collect()));
        told
    }
}

/// The groups of each label, where all have one.
struct Groups(Vec<(&'static str, Vec<String>)>);

impl Groups {
    fn of(labels: &[String]) -> Self {
        let maps = [("ekman", Grouping::Ekman), ("sentiment", Grouping::Sentiment)];
        Self(maps.into_iter().filter_map(|(name, map)| Some((name, map.apply(labels).ok()?))).collect())
    }
}

fn line(bytes: &mut Vec<u8>, row: &Map<String, Value>) {
    // Writing to memory does not fail, nor does a map with texts as keys.
    if serde_json::to_writer(&mut *bytes, row).is_ok() {
        bytes.push(b'\n');
    }
}

/// JSON over several lines.
fn lines(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(TableError::Io { path: path.to_owned(), error }.into())
        }
        _ => Ok(()),
    }
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}
