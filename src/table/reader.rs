mod fault;
mod lines;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::fields::{Fields, NoFields};
use super::foreign::{delimiter, foreign};
use super::quotes::Quotes;
use super::{Format, TableError, is_read_once, is_standard, no_column, parquet};
use crate::guard::{RealRow, told_rows};
use fault::{NOT_UTF8, csv_error, kind, repeated, uneven};
use lines::Lines;

/// Which columns of a table matter, and what it does not say of itself.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// By the file's ending, else by its first character, where `None`.
    pub format: Option<Format>,
    /// The column with the texts; `text` where `None`.
    pub text: Option<String>,
    /// The column with the ids; `id` where `None`, or the row's number from 1 if there is no such column.
    pub id: Option<String>,
    /// Names for the columns of a CSV or TSV without a header.
    pub columns: Option<Vec<String>>,
    /// The options that name columns where the user can: of `--text`, `--id` and `--columns`.
    pub options: &'static [&'static str],
}

impl Layout {
    /// What to do about a column that is not there, in words that go on; nothing where no option names it.
    fn advice(&self, may_lack_header: bool) -> String {
        let by = ["--text", "--id"].iter().filter(|option| self.options.contains(option));
        let by = by.map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" and ");
        if by.is_empty() {
            return by;
        }
        let header = match (may_lack_header, self.options.contains(&"--columns")) {
            (false, _) => "",
            (true, true) => ", or with `--columns` if there is no header",
            (true, false) => ", or put a line with the columns' names first if there is no header",
        };
        format!("; name the columns with {by}{header}")
    }
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line that the row begins on, from 1; of Parquet its number.
    pub line: u64,
    pub id: String,
    pub text: String,
    /// All columns, those of the id and the text too, in the table's order. Values of CSV and TSV
    /// are texts.
    pub fields: Fields,
}

impl Row {
    /// A column as a text: as it is, or as JSON where it is none; empty where it is absent or null.
    pub fn column(&self, name: &str) -> String {
        self.fields.text(name)
    }
}

impl RealRow for Row {
    fn text(&self) -> &str {
        &self.text
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }
}

/// Reads a table a row at a time, so that its size does not matter.
pub struct Reader {
    path: PathBuf,
    text: String,
    /// The column of the ids, and whether it was asked for.
    id: (String, bool),
    number: u64,
    /// How many rows there are to be, where a manifest tells.
    told: Option<u64>,
    /// What to do about a row that lacks a column.
    advice: String,
    bytes: u64,
    source: Source,
}

enum Source {
    Lines { from: Box<dyn BufRead>, line: u64 },
    Csv { from: Box<csv::Reader<Box<dyn Read>>>, header: Vec<String>, delimiter: u8, lines: Lines },
    Parquet(Box<parquet::Rows>),
}

impl Reader {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path, layout: &Layout) -> Result<Self, TableError> {
        Self::open_by(path, |_| layout.clone())
    }

    /// The same of a table whose first line says how it is laid out, which so need be opened but once: a pipe's rows
    /// come but once.
    pub fn open_by(path: &Path, layout: impl FnOnce(&[u8]) -> Layout) -> Result<Self, TableError> {
        let mut asked = Layout::default();
        let reader = Self::unchecked(path, |line| {
            asked = layout(line);
            asked.clone()
        })?;
        reader.check_columns(&asked)?;
        Ok(reader)
    }

    /// The same of a table that may lack the columns that are asked for.
    fn unchecked(path: &Path, layout: impl FnOnce(&[u8]) -> Layout) -> Result<Self, TableError> {
        if is_read_once(path) {
            once(path)?;
        }
        if is_standard(path) {
            return Self::unchecked_of(Path::new("standard input"), Box::new(io::stdin()), layout);
        }
        let failed = |error| TableError::Io { path: path.to_owned(), error };
        let mut file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(std::io::Error::other("a folder; a table is a file")));
        }
        let by_ending = |layout: Layout| {
            let format = layout.format.or_else(|| Format::by_ending(path));
            Layout { format, ..layout }
        };
        // What cannot be gone back in, such as a pipe, is looked at as it comes.
        if !about.is_file() {
            return Self::unchecked_of(path, Box::new(file), |line| by_ending(layout(line)));
        }
        let line = first_line(&mut BufReader::new(&mut file)).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let layout = by_ending(layout(&line));
        if layout.format.unwrap_or_else(|| sniffed(&line)) == Format::Parquet {
            return Ok(Self::of_rows(path, parquet::Rows::open(path, file)?, &layout));
        }
        let mut reader = Self::unchecked_of(path, Box::new(file), |_| layout)?;
        reader.told = told_rows(path);
        Ok(reader)
    }

    fn of_rows(path: &Path, rows: parquet::Rows, layout: &Layout) -> Self {
        let (text, id) = names(layout);
        let source = Source::Parquet(Box::new(rows));
        let advice = layout.advice(false);
        Self { path: path.to_owned(), text, id, number: 0, told: None, advice, bytes: 0, source }
    }

    /// Reads from anything; `path` is what messages call it.
    pub fn new(path: &Path, from: Box<dyn Read>, layout: &Layout) -> Result<Self, TableError> {
        let reader = Self::unchecked_of(path, from, |_| layout.clone())?;
        reader.check_columns(layout)?;
        Ok(reader)
    }

    /// All rows of bytes with the line that each begins on, whatever their columns are.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn rows_of(path: &Path, bytes: Vec<u8>, format: Format) -> Result<Vec<(u64, Value)>, TableError> {
        let layout = Layout { format: Some(format), ..Layout::default() };
        let mut reader = Self::unchecked_of(path, Box::new(Cursor::new(bytes)), |_| layout)?;
        let mut rows = Vec::new();
        while let Some((line, fields)) = reader.fields()? {
            rows.push((line, Value::Object(fields.into())));
        }
        Ok(rows)
    }

    fn unchecked_of(
        path: &Path,
        from: Box<dyn Read>,
        layout: impl FnOnce(&[u8]) -> Layout,
    ) -> Result<Self, TableError> {
        let path = path.to_owned();
        let failed = |error| TableError::Io { path: path.clone(), error };
        let mut from = BufReader::with_capacity(1 << 16, from);
        let line = first_line(&mut from).map_err(failed)?;
        let layout = &layout(&line);
        let format = layout.format.unwrap_or_else(|| sniffed(&line));
        if format != Format::Parquet
            && let Some(what) = foreign(&line)
        {
            return Err(TableError::Columns { path, what: what.to_owned() });
        }
        let between = if format == Format::Tsv { b'\t' } else { delimiter(&line) };
        let from: Box<dyn BufRead> = Box::new(Cursor::new(line).chain(from));
        let (text, id) = names(layout);
        let source = match format {
            Format::Parquet => {
                let bytes = parquet::held(from).map_err(failed)?;
                return Ok(Self::of_rows(&path, parquet::Rows::of(&path, bytes)?, layout));
            }
            Format::Jsonl => Source::Lines { from, line: 0 },
            Format::Csv | Format::Tsv => {
                let delimiter = between;
                let from: Box<dyn Read> = match format {
                    Format::Csv => Box::new(Quotes::new(from, delimiter)),
                    _ => from,
                };
                let mut from = csv::ReaderBuilder::new()
                    .delimiter(delimiter)
                    .quoting(format == Format::Csv)
                    .has_headers(layout.columns.is_none())
                    .flexible(true)
                    .from_reader(from);
                let mut lines = Lines::default();
                let header: Vec<String> = match &layout.columns {
                    Some(columns) => {
                        if let Some(what) = repeated(columns) {
                            let what = format!("`--columns`: {what}");
                            return Err(TableError::Columns { path, what });
                        }
                        columns.clone()
                    }
                    None => {
                        let header = from.headers().map_err(|error| csv_error(&path, error))?.clone();
                        let line = lines.of(&header, from.position().line());
                        let header = named(&header);
                        if let Some(what) = repeated(&header) {
                            let what = format!("the header: {what}");
                            return Err(TableError::ColumnsAt { path, line, what });
                        }
                        header
                    }
                };
                Source::Csv { from: Box::new(from), header, delimiter, lines }
            }
        };
        let advice = layout.advice(false);
        Ok(Self { path, text, id, number: 0, told: None, advice, bytes: 0, source })
    }

    /// Makes sure that a header, if there is one, has the columns that are needed.
    fn check_columns(&self, layout: &Layout) -> Result<(), TableError> {
        let (header, advice) = match &self.source {
            Source::Csv { header, .. } if layout.columns.is_some() => (header.as_slice(), String::new()),
            Source::Csv { header, .. } => (header.as_slice(), layout.advice(true)),
            Source::Parquet(rows) => (rows.columns(), layout.advice(false)),
            Source::Lines { .. } => return Ok(()),
        };
        let wanted = [Some(&self.text), self.id.1.then_some(&self.id.0)];
        match wanted.into_iter().flatten().find(|wanted| !header.is_empty() && !header.contains(wanted)) {
            Some(wanted) => {
                let what = no_column(wanted, header.iter().map(String::as_str));
                Err(TableError::Columns { path: self.path.clone(), what: format!("{what}{advice}") })
            }
            None => Ok(()),
        }
    }

    /// The columns that a header names; the text's alone where there is none.
    pub fn header(&self) -> Vec<String> {
        let header = match &self.source {
            Source::Csv { header, .. } => header.as_slice(),
            Source::Parquet(rows) => rows.columns(),
            Source::Lines { .. } => &[],
        };
        if header.is_empty() { vec![self.text.clone()] } else { header.to_vec() }
    }

    /// Bytes read so far, for progress.
    pub fn bytes(&self) -> u64 {
        match &self.source {
            Source::Lines { .. } => self.bytes,
            Source::Csv { from, .. } => from.position().byte(),
            Source::Parquet(rows) => rows.bytes(),
        }
    }

    /// The next row's line and columns.
    fn fields(&mut self) -> Result<Option<(u64, Fields)>, TableError> {
        let path = &self.path;
        match &mut self.source {
            Source::Lines { from, line } => loop {
                *line += 1;
                let fault = |what| TableError::Row { path: path.clone(), line: *line, what };
                let mut bytes = Vec::new();
                let read = from
                    .read_until(b'\n', &mut bytes)
                    .map_err(|error| TableError::Io { path: path.clone(), error })?;
                if read == 0 {
                    return Ok(None);
                }
                self.bytes += read as u64;
                let text = str::from_utf8(&bytes).map_err(|_| fault(NOT_UTF8.into()))?;
                if text.trim().is_empty() {
                    continue;
                }
                let fields = match Fields::parse(text) {
                    Ok(fields) => fields,
                    Err(NoFields::Other(other)) => {
                        let advice = if other.is_array() { format!("; {OF_ARRAY}") } else { String::new() };
                        return Err(fault(format!("expected a JSON object, found {}{advice}", kind(&other))));
                    }
                    Err(NoFields::Repeated(name)) => {
                        let what = format!("two columns are both `{name}`; give each a name of its own");
                        return Err(fault(what));
                    }
                    Err(NoFields::Json(error)) => {
                        let at = error.column();
                        let what = error.to_string();
                        let what = what.split(" at line ").next().unwrap_or(&what);
                        let rest = text.as_bytes().get(at.saturating_sub(1)..).unwrap_or_default();
                        let advice = match text.trim_start().starts_with('[') {
                            true => OF_ARRAY,
                            false if rest.starts_with(b"NaN") => {
                                "JSON has no `NaN`, which Python's writes: `null` is nothing"
                            }
                            false => "expected an object a line",
                        };
                        return Err(fault(format!("not JSON, in column {at}: {what}; {advice}")));
                    }
                };
                return Ok(Some((*line, fields)));
            },
            Source::Csv { from, header, delimiter, lines } => {
                let mut record = csv::StringRecord::new();
                if !from.read_record(&mut record).map_err(|error| csv_error(path, error))? {
                    return Ok(None);
                }
                let line = lines.of(&record, from.position().line());
                if record.len() != header.len() {
                    let what = uneven(record.len(), header.len(), *delimiter);
                    return Err(TableError::Row { path: path.clone(), line, what });
                }
                let fields = header.iter().zip(&record);
                let fields = fields.map(|(name, value)| (name.clone(), Value::from(value))).collect();
                Ok(Some((line, fields)))
            }
            Source::Parquet(rows) => rows.following(),
        }
    }

    fn row(&mut self) -> Result<Option<Row>, TableError> {
        let Some((line, fields)) = self.fields()? else {
            return match self.told.take().filter(|told| self.number < *told) {
                Some(told) => Err(TableError::Cut { path: self.path.clone(), rows: self.number, told }),
                None => Ok(None),
            };
        };
        self.number += 1;
        let fault = |what| TableError::Row { path: self.path.clone(), line, what };
        let text = match fields.get(&self.text) {
            Some(Value::String(text)) => text.clone(),
            // As an empty place in a CSV.
            Some(Value::Null) => String::new(),
            Some(other) => {
                return Err(fault(format!("`{}` is {}; expected a text", self.text, kind(other))));
            }
            None => return Err(self.lacks(line, &self.text, &fields)),
        };
        let id = match fields.get(&self.id.0) {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(_)) => fields.text(&self.id.0),
            Some(Value::Null) if !self.id.1 => self.number.to_string(),
            Some(other) => {
                let what = format!("`{}` is {}; expected a text or a number", self.id.0, kind(other));
                return Err(fault(what));
            }
            None if self.id.1 => return Err(self.lacks(line, &self.id.0, &fields)),
            None => self.number.to_string(),
        };
        Ok(Some(Row { line, id, text, fields }))
    }

    /// That a row has no column of this name.
    fn lacks(&self, line: u64, wanted: &str, fields: &Fields) -> TableError {
        let what = no_column(wanted, fields.keys().map(String::as_str));
        let what = format!("{what}{}", self.advice);
        TableError::ColumnsAt { path: self.path.clone(), line, what }
    }
}

impl Iterator for Reader {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.row().transpose()
    }
}

/// The columns of a file, by its header or its first row; `None` of what can be read but once, and of an empty one.
///
/// # Errors
/// A file that cannot be read, or whose first row cannot.
pub fn columns(path: &Path, layout: &Layout) -> Result<Option<Vec<String>>, TableError> {
    if is_read_once(path) {
        return Ok(None);
    }
    let mut reader = Reader::unchecked(path, |_| layout.clone())?;
    if let Source::Csv { header, .. } = &reader.source {
        return Ok(Some(header.clone()).filter(|header| !header.is_empty()));
    }
    Ok(reader.fields()?.map(|(_, fields)| fields.keys().cloned().collect()))
}

/// The columns of the text and of the id, and whether the latter was asked for.
fn names(layout: &Layout) -> (String, (String, bool)) {
    let text = layout.text.clone().unwrap_or_else(|| "text".to_owned());
    (text, (layout.id.clone().unwrap_or_else(|| "id".to_owned()), layout.id.is_some()))
}

/// The names of columns in a header, where several that have none are called as pandas calls them.
fn named(header: &csv::StringRecord) -> Vec<String> {
    let several = header.iter().filter(|name| name.is_empty()).count() > 1;
    let name = |(at, name): (usize, &str)| match name.is_empty() && several {
        true => format!("Unnamed: {at}"),
        false => name.to_owned(),
    };
    header.iter().enumerate().map(name).collect()
}

/// Makes sure that what can be read but once is not read again: what is left of it would be taken for all.
fn once(path: &Path) -> Result<(), TableError> {
    static READ: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if read.iter().any(|other| other == path) {
        let error = io::Error::other("its rows come but once, and are needed again; name a file with them");
        return Err(TableError::Io { path: path.to_owned(), error });
    }
    read.push(path.to_owned());
    Ok(())
}

/// What to do about a list of rows.
const OF_ARRAY: &str = "expected an object a line, as `jq -c '.[]'` makes of an array";

/// So many bytes are looked at to say what a table is.
const HEAD: u64 = 1 << 16;

/// The first line with its end, without the mark of its encoding; of a long one its head. It waits for a whole line:
/// what came of it by now may tell another format.
fn first_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(HEAD).read_until(b'\n', &mut line)?;
    if line.starts_with("\u{feff}".as_bytes()) {
        line.drain(..3);
    }
    Ok(line)
}

/// What a table without a telling name is, by its first line.
fn sniffed(head: &[u8]) -> Format {
    if head.starts_with(parquet::MAGIC) {
        return Format::Parquet;
    }
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match line.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') | None => Format::Jsonl,
        Some(_) if line.contains(&b'\t') => Format::Tsv,
        Some(_) => Format::Csv,
    }
}

#[cfg(test)]
mod tests;
