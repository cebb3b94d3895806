use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::fields::{Fields, NoFields};
use super::quotes::{QuoteFault, Quotes};
use super::{Format, TableError, is_standard, no_column, parquet};
use crate::guard::RealRow;

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
    bytes: u64,
    source: Source,
}

enum Source {
    Lines { from: Box<dyn BufRead>, line: u64 },
    Csv { from: Box<csv::Reader<Box<dyn Read>>>, header: Vec<String>, delimiter: u8 },
    Parquet(Box<parquet::Rows>),
}

impl Reader {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path, layout: &Layout) -> Result<Self, TableError> {
        let reader = Self::unchecked(path, layout)?;
        reader.check_columns(layout)?;
        Ok(reader)
    }

    /// The same of a table that may lack the columns that are asked for.
    fn unchecked(path: &Path, layout: &Layout) -> Result<Self, TableError> {
        if is_standard(path) {
            return Self::unchecked_of(Path::new("standard input"), Box::new(std::io::stdin()), layout);
        }
        let failed = |error| TableError::Io { path: path.to_owned(), error };
        let mut file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(failed(std::io::Error::other("a folder; a table is a file")));
        }
        let format = layout.format.or_else(|| Format::by_ending(path));
        let is_parquet = match format {
            Some(format) => format == Format::Parquet,
            // What cannot be gone back in, such as a pipe, is looked at as it comes.
            None if !about.is_file() => false,
            None => {
                let mut head = [0; 4];
                let whole = file.read_exact(&mut head).is_ok();
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                whole && head == parquet::MAGIC
            }
        };
        if is_parquet && about.is_file() {
            return Ok(Self::of_rows(path, parquet::Rows::open(path, file)?, layout));
        }
        Self::unchecked_of(path, Box::new(file), &Layout { format, ..layout.clone() })
    }

    fn of_rows(path: &Path, rows: parquet::Rows, layout: &Layout) -> Self {
        let (text, id) = names(layout);
        let source = Source::Parquet(Box::new(rows));
        Self { path: path.to_owned(), text, id, number: 0, bytes: 0, source }
    }

    /// Reads from anything; `path` is what messages call it.
    pub fn new(path: &Path, from: Box<dyn Read>, layout: &Layout) -> Result<Self, TableError> {
        let reader = Self::unchecked_of(path, from, layout)?;
        reader.check_columns(layout)?;
        Ok(reader)
    }

    /// All rows of bytes with the line that each begins on, whatever their columns are.
    ///
    /// # Errors
    /// A row that cannot be read.
    pub fn rows_of(path: &Path, bytes: Vec<u8>, format: Format) -> Result<Vec<(u64, Value)>, TableError> {
        let layout = Layout { format: Some(format), ..Layout::default() };
        let mut reader = Self::unchecked_of(path, Box::new(std::io::Cursor::new(bytes)), &layout)?;
        let mut rows = Vec::new();
        while let Some((line, fields)) = reader.fields()? {
            rows.push((line, Value::Object(fields.into())));
        }
        Ok(rows)
    }

    fn unchecked_of(path: &Path, from: Box<dyn Read>, layout: &Layout) -> Result<Self, TableError> {
        let path = path.to_owned();
        let failed = |error| TableError::Io { path: path.clone(), error };
        let mut from: Box<dyn BufRead> = Box::new(BufReader::with_capacity(1 << 16, from));
        if from.fill_buf().map_err(failed)?.starts_with("\u{feff}".as_bytes()) {
            from.consume(3);
        }
        let format = match layout.format {
            Some(format) => format,
            None => sniffed(from.fill_buf().map_err(failed)?),
        };
        let (text, id) = names(layout);
        let source = match format {
            Format::Parquet => {
                let bytes = parquet::held(from).map_err(failed)?;
                return Ok(Self::of_rows(&path, parquet::Rows::of(&path, bytes)?, layout));
            }
            Format::Jsonl => Source::Lines { from, line: 0 },
            Format::Csv | Format::Tsv => {
                let delimiter = if format == Format::Tsv { b'\t' } else { b',' };
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
                        let line = header.position().map_or(1, csv::Position::line);
                        let header = header.iter().map(str::to_owned).collect::<Vec<_>>();
                        if let Some(what) = repeated(&header) {
                            let what = format!("the header: {what}");
                            return Err(TableError::ColumnsAt { path, line, what });
                        }
                        header
                    }
                };
                Source::Csv { from: Box::new(from), header, delimiter }
            }
        };
        Ok(Self { path, text, id, number: 0, bytes: 0, source })
    }

    /// Makes sure that a header, if there is one, has the columns that are needed.
    fn check_columns(&self, layout: &Layout) -> Result<(), TableError> {
        let (header, hint) = match &self.source {
            Source::Csv { header, .. } if layout.columns.is_some() => (header.as_slice(), ""),
            Source::Csv { header, .. } => (
                header.as_slice(),
                "; name the columns with `--text` and `--id`, or with `--columns` if there is no header",
            ),
            Source::Parquet(rows) => (rows.columns(), "; name the columns with `--text` and `--id`"),
            Source::Lines { .. } => return Ok(()),
        };
        let wanted = [Some(&self.text), self.id.1.then_some(&self.id.0)];
        match wanted.into_iter().flatten().find(|wanted| !header.is_empty() && !header.contains(wanted)) {
            Some(wanted) => {
                let what = no_column(wanted, header.iter().map(String::as_str));
                Err(TableError::Columns { path: self.path.clone(), what: format!("{what}{hint}") })
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
                let text =
                    str::from_utf8(&bytes).map_err(|_| fault("not UTF-8; save the file as UTF-8".into()))?;
                if text.trim().is_empty() {
                    continue;
                }
                let fields = match Fields::parse(text) {
                    Ok(fields) => fields,
                    Err(NoFields::Other(other)) => {
                        return Err(fault(format!("expected a JSON object, found {}", kind(&other))));
                    }
                    Err(NoFields::Repeated(name)) => {
                        let what = format!("two columns are both `{name}`; give each a name of its own");
                        return Err(fault(what));
                    }
                    Err(NoFields::Json(error)) => {
                        let at = error.column();
                        let what = error.to_string();
                        let what = what.split(" at line ").next().unwrap_or(&what);
                        return Err(fault(format!(
                            "not JSON, in column {at}: {what}; expected an object a line"
                        )));
                    }
                };
                return Ok(Some((*line, fields)));
            },
            Source::Csv { from, header, delimiter } => {
                let mut record = csv::StringRecord::new();
                if !from.read_record(&mut record).map_err(|error| csv_error(path, error))? {
                    return Ok(None);
                }
                let line = record.position().map_or(0, csv::Position::line);
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
        let Some((line, fields)) = self.fields()? else { return Ok(None) };
        self.number += 1;
        let fault = |what| TableError::Row { path: self.path.clone(), line, what };
        let text = match fields.get(&self.text) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => {
                return Err(fault(format!("`{}` is {}; expected a text", self.text, kind(other))));
            }
            None => return Err(self.lacks(line, &self.text, &fields)),
        };
        let id = match fields.get(&self.id.0) {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(_)) => fields.text(&self.id.0),
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
        let what = format!("{what}; name the columns with `--text` and `--id`");
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
    if is_standard(path) || std::fs::metadata(path).is_ok_and(|about| !about.is_file()) {
        return Ok(None);
    }
    let mut reader = Reader::unchecked(path, layout)?;
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

/// What to do about a row with other columns than the header.
fn uneven(found: usize, expected: usize, delimiter: u8) -> String {
    let columns = if found == 1 { "column" } else { "columns" };
    let by = if delimiter == b'\t' { "a tab" } else { "a `,`" };
    let advice = match (found < expected, delimiter) {
        (true, _) => format!("an empty one is nothing before or after {by}"),
        (false, b'\t') => "no text has a tab in it".to_owned(),
        (false, _) => format!("put texts with {by} in them in quotes"),
    };
    format!("{found} {columns}; expected {expected}: {advice}")
}

/// What is wrong with names of which two are the same: one of their columns would be lost.
fn repeated(names: &[String]) -> Option<String> {
    let (second, name) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name))?;
    let first = 1 + names.iter().position(|other| other == name)?;
    let second = second + 1;
    Some(match name.is_empty() {
        true => format!("columns {first} and {second} have no name; expected one for each column"),
        false => {
            format!("columns {first} and {second} are both `{name}`; give each column a name of its own")
        }
    })
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

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn csv_error(path: &Path, error: csv::Error) -> TableError {
    let path = path.to_owned();
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => {
            match error.get_ref().and_then(|fault| fault.downcast_ref::<QuoteFault>()) {
                Some(fault) => TableError::Row { path, line: fault.line, what: fault.what.clone() },
                None => TableError::Io { path, error },
            }
        }
        csv::ErrorKind::Utf8 { .. } => {
            TableError::Row { path, line, what: "not UTF-8; save the file as UTF-8".to_owned() }
        }
        other => TableError::Row { path, line, what: format!("{other:?}") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Option<Format>, layout: Layout, bytes: &'static [u8]) -> Result<Vec<Row>, String> {
        Reader::new(Path::new("t"), Box::new(bytes), &Layout { format, ..layout })
            .and_then(Iterator::collect)
            .map_err(|error: TableError| error.to_string())
    }

    #[test]
    fn the_three_forms_say_the_same() {
        let jsonl = "\u{feff}{\"id\": 7, \"text\": \"so \\\"it\\\"\"}\n\n{\"id\": \"b\", \"text\": \"\"}\r\n";
        let csv = "id,text\r\n7,\"so \"\"it\"\"\"\nb,\n";
        let tsv = "id\ttext\n7\tso \"it\"\nb\t\n";
        for (format, table) in [(Format::Jsonl, jsonl), (Format::Csv, csv), (Format::Tsv, tsv)] {
            for format in [Some(format), None] {
                let rows = read(format, Layout::default(), table.as_bytes()).unwrap();
                let rows: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.text.as_str())).collect();
                assert_eq!(rows, [("7", "so \"it\""), ("b", "")], "{format:?}");
            }
        }
    }

    #[test]
    fn a_row_knows_its_line_and_keeps_its_columns() {
        let rows =
            read(Some(Format::Csv), Layout::default(), b"text,mood\n\"two\nlines\",dry\nx,wet\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(rows[1].column("mood"), "wet");
        assert_eq!(rows[1].column("none"), "");
    }

    #[test]
    fn columns_can_be_named_and_chosen() {
        let layout = Layout {
            columns: Some(vec!["said".into(), "labels".into(), "key".into()]),
            text: Some("said".into()),
            id: Some("key".into()),
            ..Layout::default()
        };
        let rows = read(Some(Format::Tsv), layout, b"\"so\t1,2\tk1\n").unwrap();
        assert_eq!((rows[0].text.as_str(), rows[0].id.as_str()), ("\"so", "k1"));
        assert_eq!(rows[0].column("labels"), "1,2");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let with_id = || Layout { id: Some("key".into()), ..Layout::default() };
        for (format, layout, bytes, says) in [
            (
                Format::Jsonl,
                Layout::default(),
                &b"{\"text\": \"a\"}\n{\"text\": 3}"[..],
                "t:2: `text` is a number",
            ),
            (
                Format::Jsonl,
                Layout::default(),
                b"{\"txt\": \"a\"}",
                "t:1: there is no column `text`, only `txt`; did you mean `txt`?",
            ),
            (Format::Jsonl, Layout::default(), b"{}", "t:1: there is no column `text`, nor any other"),
            (Format::Csv, Layout::default(), b"text,b\n1,2\n\"a\"b,3\n", "t:3: text after a closing quote"),
            (Format::Csv, Layout::default(), b"text,b\n\n\"one,2\nx,y\n", "t:3: a quoted text begins here"),
            (Format::Csv, Layout::default(), b"text,\"b\n", "t:1: a quoted text begins here"),
            (
                Format::Csv,
                Layout::default(),
                b"text,b,text\n",
                "t:1: the header: columns 1 and 3 are both `text`; give each",
            ),
            (Format::Tsv, Layout::default(), b"text\t\t\n", "t:1: the header: columns 2 and 3 have no name"),
            (
                Format::Tsv,
                Layout { columns: Some(vec!["text".into(), "text".into()]), ..Layout::default() },
                b"",
                "t: `--columns`: columns 1 and 2 are both `text`",
            ),
            (Format::Jsonl, Layout::default(), b"\n[1]", "t:2: expected a JSON object, found a list"),
            (Format::Jsonl, Layout::default(), b"{\"text\": ", "t:1: not JSON, in column"),
            (
                Format::Jsonl,
                Layout::default(),
                b"{\"text\": \"a\"}\n{\"text\": \"a\", \"n\": 1, \"n\": 1}",
                "t:2: two columns are both `n`",
            ),
            (Format::Jsonl, Layout::default(), b"{\"text\": \"\xff\"}", "t:1: not UTF-8"),
            (Format::Jsonl, with_id(), b"{\"text\": \"a\"}", "t:1: there is no column `key`, only `text`"),
            (Format::Csv, Layout::default(), b"a,b\n1,2\n", "t: there is no column `text`, only `a`, `b`"),
            (Format::Csv, with_id(), b"text,b\n1,2\n", "t: there is no column `key`"),
            (Format::Csv, Layout::default(), b"text,b\n1,2\n3\n", "t:3: 1 column; expected 2"),
            (Format::Csv, Layout::default(), b"text,b\n1,\xff\n", "t:2: not UTF-8"),
        ] {
            let error = read(Some(format), layout, bytes).unwrap_err();
            assert!(error.starts_with(says), "{error}");
        }
    }

    /// Lines of a megabyte that people never write.
    #[test]
    fn a_line_of_a_megabyte_is_a_row_like_others() {
        let begun = std::time::Instant::now();
        for piece in [
            "a",
            "word ",
            "nobody",
            "\u{202e}x\u{202c}",
            "\u{301}",
            "\u{200b}",
            "😭",
            "\\\"",
            "''",
            "{[",
            "\u{7f}",
        ] {
            let text = piece.repeat((1 << 20) / piece.len());
            let json = serde_json::json!({ "text": text }).to_string() + "\n{\"text\": \"next\"}\n";
            let csv = format!("text\n\"{}\"\nnext\n", text.replace('"', "\"\""));
            let tsv = format!("text\n{text}\nnext\n");
            for (format, table) in [(Format::Jsonl, json), (Format::Csv, csv), (Format::Tsv, tsv)] {
                let rows = read(Some(format), Layout::default(), table.clone().leak().as_bytes()).unwrap();
                let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
                assert!(texts == [text.as_str(), "next"], "{piece:?} as {format:?}");
            }
        }
        assert!(begun.elapsed().as_secs() < 120);
    }

    #[test]
    fn a_megabyte_of_what_is_no_row_is_told_in_a_line() {
        let begun = std::time::Instant::now();
        let keys: String = (0..60_000).map(|n| format!("\"key{n}\": 1, ")).collect();
        let names: String = (0..60_000).map(|n| format!("column{n},")).collect();
        for (format, table) in [
            (Format::Jsonl, "[".repeat(1 << 20)),
            (Format::Jsonl, "{\"a\":".repeat(1 << 17)),
            (Format::Jsonl, "\"".repeat(1 << 20)),
            (Format::Jsonl, format!("{{{keys}\"last\": 1}}")),
            (Format::Jsonl, format!("{{\"{}\": 1}}", "k".repeat(1 << 20))),
            (Format::Csv, names.clone()),
            (Format::Csv, "\"".repeat(1 << 20)),
            (Format::Csv, format!("text\n{names}")),
            (Format::Tsv, "\t".repeat(1 << 20)),
        ] {
            let error = read(Some(format), Layout::default(), table.leak().as_bytes()).unwrap_err();
            assert!(error.starts_with("t:") && error.len() < 1500, "{format:?}: {}", error.len());
        }
        assert!(begun.elapsed().as_secs() < 120);
    }

    #[test]
    fn ids_are_the_letters_of_the_table() {
        let table = b"{\"id\": 12345678901234567890123, \"text\": \"a\"}\n{\"id\": 1.10, \"text\": \"b\"}\n";
        let rows = read(None, Layout::default(), table).unwrap();
        assert_eq!([&*rows[0].id, &*rows[1].id], ["12345678901234567890123", "1.10"]);
    }

    #[test]
    fn rows_before_a_wrong_quote_are_read() {
        let layout = Layout { format: Some(Format::Csv), ..Layout::default() };
        let mut reader = Reader::new(Path::new("t"), Box::new(&b"text\na\n\"b\nc\n"[..]), &layout).unwrap();
        assert_eq!(reader.next().unwrap().unwrap().text, "a");
        assert!(reader.next().unwrap().is_err());
    }

    #[test]
    fn nothing_is_an_empty_table() {
        for format in [None, Some(Format::Jsonl), Some(Format::Csv), Some(Format::Tsv)] {
            assert_eq!(read(format, Layout::default(), b""), Ok(Vec::new()));
        }
    }
}
