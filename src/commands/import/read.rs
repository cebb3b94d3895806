//! From files to items.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::columns::flag;
use super::{Asked, Failure, Talk};
use crate::anonymize::Span;
use crate::config::grouping::Grouping;
use crate::import::goemotions::{RATER, Shape, UNCLEAR};
use crate::import::labels::vote;
use crate::import::{Item, Labels, Split, goemotions};
use crate::labels::{self, LabelSet};
use crate::model::{PAIR, pair_of};
use crate::report::{Reading, count, folded};
use crate::table::{self, Format, Layout, Reader, Row, TableError};

/// A file that rows are from.
pub struct SourceFile {
    pub path: PathBuf,
    /// What origins call it: its name, or its path where two have one name.
    pub name: String,
    pub bytes: u64,
    /// BLAKE3, in hexadecimal.
    pub hash: String,
    pub rows: u64,
}

/// All that was read.
pub struct Source {
    pub items: Vec<Item>,
    pub labels: Labels,
    pub files: Vec<SourceFile>,
    /// Rows whose id another row had.
    renamed: u64,
    answers: Answers,
    /// Rows whose votes say nothing of what is asked for, and were left behind.
    voteless: u64,
    /// Which columns of labels some row had, and what the first row's columns are.
    found: Vec<bool>,
    known: Vec<String>,
}

/// Who answered for which row already.
#[derive(Default)]
struct Answers {
    /// By row and rater.
    given: HashSet<(usize, String)>,
    /// Answers of raters who had answered for the row.
    repeated: u64,
}

/// Numbers of labels by the names that files give them.
struct Numbers {
    map: Grouping,
    known: HashMap<String, usize>,
}

impl Source {
    pub fn read(asked: &Asked<'_>, talk: &Talk) -> Result<Self, Failure> {
        let found = vec![false; asked.columns.labels.len()];
        let mut source = Self {
            items: Vec::new(),
            labels: Labels::default(),
            files: Vec::new(),
            renamed: 0,
            answers: Answers::default(),
            voteless: 0,
            found,
            known: Vec::new(),
        };
        let mut numbers = Numbers { map: asked.how.map, known: HashMap::new() };
        // Rows of one comment stand in several of the raw files.
        let mut comments: HashMap<String, usize> = HashMap::new();
        for path in asked.files {
            let (file, first) = opened(path, asked.files)?;
            let split = Split::of_file(&file.name);
            source.files.push(file);
            let shape = if asked.columns.raters { Shape::of(&first) } else { Shape::Mapped };
            let mut reading = Reading::new(talk.style(), source.files.last().map(|file| file.bytes));
            let from = source.files.len() - 1;
            let mut reader = Reader::open(path, &layout(asked, shape))?;
            while let Some(row) = reader.next() {
                let row = row?;
                let line = row.line;
                let added = match shape {
                    Shape::Filtered => source.filtered(asked, row, &mut numbers),
                    Shape::Raw => source.raw(row, &mut numbers, &mut comments),
                    Shape::Mapped => source.mapped(asked, row, &mut numbers),
                };
                let added = added.map_err(|what| TableError::Row { path: path.clone(), line, what })?;
                if let Some(item) = added {
                    item.file = from as u16;
                    item.line = line as u32;
                    item.split = item.split.or(split);
                }
                source.files[from].rows += 1;
                reading
                    .tick(source.files[from].rows, reader.bytes(), || format!("reading {}", path.display()));
            }
        }
        if source.items.is_empty() {
            return Err(Failure::Refused("there is no row in the files".to_owned()));
        }
        source.answers.given = HashSet::new();
        let columns = asked.columns.labels.iter().zip(&source.found);
        let lacking: Vec<String> =
            columns.filter(|(_, found)| !**found).map(|(name, _)| name.clone()).collect();
        if !lacking.is_empty() && !source.known.is_empty() {
            return Err(Failure::Refused(labels::lacking(&lacking, &source.known)));
        }
        source.labels.sort(asked.how.map, &mut source.items);
        source.name();
        Ok(source)
    }

    /// A row of the filtered release.
    fn filtered(
        &mut self,
        asked: &Asked<'_>,
        row: Row,
        numbers: &mut Numbers,
    ) -> Result<Option<&mut Item>, String> {
        let mut labels = LabelSet::default();
        for label in asked.columns.labels_of(&row.fields)? {
            labels.insert(numbers.of(&label, &mut self.labels)?);
        }
        self.items.push(Item { id: row.id, text: row.text, labels, copies: 1, ..Item::default() });
        Ok(self.items.last_mut())
    }

    /// What one rater said of a comment; an item only where it is the comment's first.
    fn raw(
        &mut self,
        row: Row,
        numbers: &mut Numbers,
        comments: &mut HashMap<String, usize>,
    ) -> Result<Option<&mut Item>, String> {
        let known = comments.get(&row.id).copied();
        let at = known.unwrap_or(self.items.len());
        if known.is_none() {
            comments.insert(row.id.clone(), at);
            self.items.push(Item {
                id: row.id.clone(),
                text: row.text.clone(),
                copies: 1,
                ..Item::default()
            });
        }
        let rater = row.fields.get(RATER).filter(|rater| !rater.is_null()).map(|_| row.fields.text(RATER));
        if let Some(rater) = rater.filter(|rater| !rater.trim().is_empty())
            && !self.answers.given.insert((at, rater))
        {
            self.answers.repeated += 1;
            return Ok(None);
        }
        if row.fields.get(UNCLEAR).is_some_and(|value| flag(UNCLEAR, value) == Ok(true)) {
            self.items[at].unclear += 1;
        } else {
            let mut labels = LabelSet::default();
            for (column, value) in &*row.fields {
                if matches!(value, Value::String(value) if value == "0") || !is_emotion(column) {
                    continue;
                }
                if flag(column, value)? {
                    labels.insert(numbers.of(column, &mut self.labels)?);
                }
            }
            self.items[at].raters += 1;
            vote(&mut self.items[at].votes, labels);
        }
        Ok(if known.is_none() { self.items.last_mut() } else { None })
    }

    /// A row of any table.
    fn mapped(
        &mut self,
        asked: &Asked<'_>,
        row: Row,
        numbers: &mut Numbers,
    ) -> Result<Option<&mut Item>, String> {
        // Dealt out anew, rows are of no part before.
        let split = if asked.how.split.is_none() { split_of(&row)? } else { None };
        let has_id = asked.columns.id.is_some() || row.fields.get("id").is_some_and(|id| !id.is_null());
        let id = if has_id { row.id.clone() } else { String::new() };
        let pair = pair_of(&id, row.fields.get(PAIR).and_then(Value::as_str)).map(Into::into);
        for (found, column) in self.found.iter_mut().zip(&asked.columns.labels) {
            *found |= row.fields.contains_key(column);
        }
        if self.known.is_empty() {
            self.known = row.fields.keys().cloned().collect();
        }
        let before = Before::of(&row);
        let mut votes = Vec::new();
        match asked.how.map {
            Grouping::None if asked.columns.labels == [VOTED] => {
                for (label, count) in &before.votes {
                    votes.push((numbers.of(label, &mut self.labels)? as u8, *count));
                }
            }
            // One rater's joy and love would be two votes for one group.
            _ => self.voteless += u64::from(!before.votes.is_empty()),
        }
        self.filtered(asked, row, numbers)?;
        let mut item = self.items.last_mut();
        if let Some(item) = &mut item {
            item.split = split;
            item.pair = pair;
            item.id = id;
            item.raters = if votes.is_empty() { 0 } else { before.raters };
            item.votes = votes;
            item.copies = before.copies;
            item.spans = before.spans;
        }
        Ok(item)
    }

    /// Gives rows without an id one, and rows whose id another one has another.
    fn name(&mut self) {
        let mut known: HashMap<String, u32> = HashMap::with_capacity(self.items.len());
        for item in &mut self.items {
            if item.id.trim().is_empty() {
                item.id = format!("{}:{}", self.files[usize::from(item.file)].name, item.line);
            }
            let times = known.entry(item.id.clone()).or_default();
            *times += 1;
            if *times > 1 {
                item.id = format!("{}#{times}", item.id);
                // By its id nobody could tell any more of which pair it is.
                item.pair = None;
                self.renamed += 1;
            }
        }
    }

    /// Says what is odd about the files.
    pub fn say(&self, asked: &Asked<'_>, talk: &Talk) {
        if self.renamed > 0 {
            let rows = count(self.renamed, "row");
            let text = format!("{rows} had the id of another row, and got `#2` and so on behind it");
            talk.say(&folded(&text));
        }
        if self.answers.repeated > 0 {
            let rows = count(self.answers.repeated, "row");
            let text = format!("{rows} of a rater who had answered for the text: the first answer counts");
            talk.say(&folded(&text));
        }
        if self.voteless > 0 {
            let why = match asked.how.map {
                Grouping::None => "they are on what `labels` holds",
                _ => "who gave several labels of one group is not known; map the raters' own files",
            };
            talk.say(&folded(&format!("{} without their votes: {why}", count(self.voteless, "row"))));
        }
    }
}

impl Numbers {
    fn of(&mut self, name: &str, labels: &mut Labels) -> Result<usize, String> {
        if let Some(number) = self.known.get(name) {
            return Ok(*number);
        }
        let group = self.map.apply(&[name.to_owned()]).map_err(|error| error.to_string())?.remove(0);
        let number = labels.number(&group).map_err(|error| error.to_string())?;
        self.known.insert(name.to_owned(), number);
        Ok(number)
    }
}

/// The part that a row says it is of; nothing where its column `split` is empty.
fn split_of(row: &Row) -> Result<Option<Split>, String> {
    let word = match row.fields.get("split") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(word)) if word.trim().is_empty() => return Ok(None),
        Some(Value::String(word)) => word.clone(),
        Some(other) => other.to_string(),
    };
    Split::named(&word).map(Some).ok_or_else(|| {
        format!(
            "its column `split` holds `{word}`, which is no part; known are {}; or deal all rows out with \
             `--split 80,10,10`",
            Split::known()
        )
    })
}

/// The column that the votes of an import are on.
const VOTED: &str = "labels";

/// What an import told of a row, which another one of its files goes on with.
#[derive(Debug, Default)]
struct Before {
    votes: Vec<(String, u16)>,
    raters: u16,
    copies: u32,
    spans: Vec<Span>,
}

impl Before {
    /// Nothing of a row of somebody else's, whose columns of these names may mean anything.
    fn of(row: &Row) -> Self {
        let fields = &row.fields;
        let mut before =
            Self { copies: 1, spans: Span::list(fields.get("spans")).unwrap_or_default(), ..Self::default() };
        if fields.get("source").and_then(Value::as_str) != Some("real") || !fields.contains_key("origin") {
            return before;
        }
        // Of a CSV it is JSON.
        let votes = match fields.get("votes") {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            other => other.cloned().unwrap_or_default(),
        };
        let number = |column: &str| fields.text(column).parse::<u32>().ok().filter(|number| *number > 0);
        if let (Value::Object(votes), Some(raters)) = (votes, number("raters")) {
            let votes = votes
                .into_iter()
                .filter_map(|(label, count)| Some((label, u16::try_from(count.as_u64()?).ok()?)));
            before.votes = votes.collect();
            before.raters = u16::try_from(raters).unwrap_or(u16::MAX);
        }
        before.copies = number("copies").unwrap_or(1);
        before
    }
}

fn is_emotion(column: &str) -> bool {
    static NAMES: std::sync::LazyLock<std::collections::HashSet<String>> =
        std::sync::LazyLock::new(|| goemotions::names().into_iter().collect());
    NAMES.contains(column)
}

/// Hashes a file, and gives its first line.
fn opened(path: &Path, all: &[PathBuf]) -> Result<(SourceFile, Vec<u8>), Failure> {
    if table::is_standard(path) {
        let what = "an import keeps the hashes of its files: name files, not standard input";
        return Err(Failure::Refused(what.to_owned()));
    }
    let failed = |error| TableError::Io { path: path.to_owned(), error };
    let mut file = BufReader::with_capacity(1 << 16, std::fs::File::open(path).map_err(failed)?);
    let mut first = Vec::new();
    file.read_until(b'\n', &mut first).map_err(failed)?;
    let mut hash = blake3::Hasher::new();
    hash.update(&first);
    let mut bytes = first.len() as u64;
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut piece).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    let names = all.iter().filter(|other| other.file_name() == path.file_name());
    let name = match (names.count(), path.file_name()) {
        (1, Some(name)) => name.to_string_lossy().into_owned(),
        _ => path.display().to_string(),
    };
    let hash = hash.finalize().to_hex().to_string();
    first.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).into_iter().for_each(|line| first = line);
    Ok((SourceFile { path: path.to_owned(), name, bytes, hash, rows: 0 }, first))
}

fn layout(asked: &Asked<'_>, shape: Shape) -> Layout {
    let columns = &asked.columns;
    match shape {
        Shape::Filtered => Layout {
            format: Some(Format::Tsv),
            text: Some("text".to_owned()),
            id: Some("id".to_owned()),
            columns: Some(vec!["text".to_owned(), columns.labels[0].clone(), "id".to_owned()]),
            options: &[],
        },
        Shape::Raw => Layout { format: Some(Format::Csv), id: Some("id".to_owned()), ..Layout::default() },
        Shape::Mapped => Layout {
            text: Some(columns.text.clone()),
            id: columns.id.clone(),
            options: &["--text", "--id"],
            ..Layout::default()
        },
    }
}
