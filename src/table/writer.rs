use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Format, TableError, is_standard};

/// Writes a table a row at a time, beside its target, which is replaced when all is there.
pub struct Writer {
    path: PathBuf,
    /// What is written until `finish`; none for standard output.
    part: Option<PathBuf>,
    form: Form,
}

enum Form {
    Jsonl(BufWriter<Box<dyn Write>>),
    /// The header is the first row's columns.
    Csv(Box<csv::Writer<BufWriter<Box<dyn Write>>>>, Vec<String>),
}

impl Writer {
    /// A file in the format that its ending says, or JSON Lines on standard output for `-`.
    pub fn create(path: &Path) -> Result<Self, TableError> {
        let format = match is_standard(path) {
            true => Format::Jsonl,
            false => Format::by_ending(path)
                .filter(|format| matches!(format, Format::Jsonl | Format::Csv))
                .ok_or_else(|| TableError::Ending(path.to_owned()))?,
        };
        let part = (!is_standard(path)).then(|| {
            let mut name = path.as_os_str().to_owned();
            name.push(".part");
            PathBuf::from(name)
        });
        let to: Box<dyn Write> = match &part {
            None => Box::new(std::io::stdout()),
            Some(part) => {
                let file = File::create(part);
                Box::new(file.map_err(|error| TableError::Io { path: path.to_owned(), error })?)
            }
        };
        let to = BufWriter::with_capacity(1 << 16, to);
        let form = match format {
            Format::Jsonl => Form::Jsonl(to),
            _ => Form::Csv(Box::new(csv::Writer::from_writer(to)), Vec::new()),
        };
        Ok(Self { path: path.to_owned(), part, form })
    }

    fn failed(&self, error: std::io::Error) -> TableError {
        TableError::Io { path: self.path.clone(), error }
    }

    /// Appends a row. In CSV it has the columns of the first; values that are no texts stand as JSON.
    pub fn write(&mut self, row: &Map<String, Value>) -> Result<(), TableError> {
        let written = match &mut self.form {
            Form::Jsonl(to) => {
                serde_json::to_writer(&mut *to, row).map_err(Into::into).and_then(|()| to.write_all(b"\n"))
            }
            Form::Csv(to, header) => {
                let first = header.is_empty();
                if first {
                    *header = row.keys().cloned().collect();
                }
                if let Some(new) = row.keys().find(|name| !header.contains(name)) {
                    let what = format!(
                        "a row has a column `{new}` that the first had not, and CSV has one header; write \
                         to a `.jsonl` instead"
                    );
                    return Err(TableError::Columns { path: self.path.clone(), what });
                }
                let fields = header.iter().map(|name| match row.get(name) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                });
                let fields: Vec<String> = fields.collect();
                let header = if first { to.write_record(&*header) } else { Ok(()) };
                header.and_then(|()| to.write_record(fields)).map_err(plain)
            }
        };
        written.map_err(|error| self.failed(error))
    }

    /// Puts the whole table in its place; before this the old one stands.
    pub fn finish(self) -> Result<(), TableError> {
        let Self { path, part, form } = self;
        let failed = |error| TableError::Io { path: path.clone(), error };
        let mut to = match form {
            Form::Jsonl(to) => to,
            Form::Csv(to, _) => to.into_inner().map_err(|error| failed(error.into_error()))?,
        };
        to.flush().map_err(failed)?;
        drop(to);
        let Some(part) = part else { return Ok(()) };
        let synced = File::open(&part).and_then(|file| file.sync_all());
        synced.and_then(|()| std::fs::rename(&part, &path)).map_err(failed)
    }
}

/// Writes a whole file in place of the old one.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), TableError> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let written =
        File::create(&part).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let written = written.and_then(|()| std::fs::rename(&part, path));
    written.map_err(|error| TableError::Io { path: path.to_owned(), error })
}

/// The kind of an error matters: a closed pipe is none.
fn plain(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Layout, Reader};
    use super::*;

    fn row(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.jsonl", "t.csv"] {
            let path = folder.path().join(name);
            let rows =
                [json!({ "id": "1", "text": "a, \"b\"\nc\u{202e}" }), json!({ "id": "2", "text": "d\te" })];
            let mut writer = Writer::create(&path).unwrap();
            for row in &rows {
                writer.write(row.as_object().unwrap()).unwrap();
            }
            assert!(!path.exists(), "the target stands only when all is there");
            writer.finish().unwrap();
            let read: Vec<_> = Reader::open(&path, &Layout::default()).unwrap().map(Result::unwrap).collect();
            let read: Vec<_> = read.into_iter().map(|row| Value::Object(row.fields)).collect();
            assert_eq!(read, rows, "{name}");
        }
    }

    #[test]
    fn csv_has_one_header() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(&folder.path().join("t.csv")).unwrap();
        writer.write(&row(json!({ "text": "a", "list": [1] }))).unwrap();
        writer.write(&row(json!({ "text": "b" }))).unwrap();
        let error = writer.write(&row(json!({ "text": "c", "new": 1 }))).unwrap_err();
        assert!(error.to_string().contains("a row has a column `new`"), "{error}");
        writer.finish().unwrap();
        let text = std::fs::read_to_string(folder.path().join("t.csv")).unwrap();
        assert_eq!(text, "text,list\na,[1]\nb,\n");
    }

    #[test]
    fn other_endings_are_refused() {
        assert!(matches!(Writer::create(Path::new("x.tsv")), Err(TableError::Ending(_))));
        assert!(matches!(Writer::create(Path::new("x")), Err(TableError::Ending(_))));
    }
}
