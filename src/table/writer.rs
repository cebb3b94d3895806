use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Fields, Format, TableError, is_standard};
use crate::staged::{self, Staged};

/// Writes a table a row at a time, beside its target, which is replaced when all is there.
pub struct Writer {
    path: PathBuf,
    /// What is written until `finish`; none for standard output.
    staged: Option<Staged>,
    form: Form,
    /// The header of a table that gets no row.
    columns: Vec<String>,
}

/// Where the bytes of a table go.
pub type To = BufWriter<Box<dyn Write>>;

enum Form {
    Jsonl(To),
    Csv(Box<csv::Writer<To>>, Header),
    Tsv(To, Header),
}

/// The columns of a CSV or TSV by now.
#[derive(Default)]
struct Header {
    columns: Vec<String>,
    /// How many of them stand in the file's first line, which is written with the first row.
    written: usize,
}

impl Writer {
    /// A file in the format that its ending says, or JSON Lines on standard output for `-`.
    ///
    /// # Errors
    /// An ending that says no format to write in; a file of a dataset, which belongs to its runs.
    pub fn create(path: &Path) -> Result<Self, TableError> {
        free(path)?;
        let format = match is_standard(path) {
            true => Format::Jsonl,
            false => Format::by_ending(path)
                .filter(|format| *format != Format::Parquet)
                .ok_or_else(|| TableError::Ending(path.to_owned()))?,
        };
        let (staged, to) = begin(path)?;
        let form = match format {
            Format::Jsonl => Form::Jsonl(to),
            Format::Tsv => Form::Tsv(to, Header::default()),
            _ => Form::Csv(Box::new(uneven(to)), Header::default()),
        };
        Ok(Self { path: path.to_owned(), staged, form, columns: Vec::new() })
    }

    /// Says what the header of a CSV or TSV has where no row comes; what was said first counts.
    ///
    /// Where rows come it has their columns.
    pub fn without_rows(&mut self, columns: impl IntoIterator<Item = impl Into<String>>) {
        let (Form::Csv(_, header) | Form::Tsv(_, header)) = &self.form else { return };
        if header.columns.is_empty() && self.columns.is_empty() {
            for column in columns.into_iter().map(Into::into) {
                if !self.columns.contains(&column) {
                    self.columns.push(column);
                }
            }
        }
    }

    fn failed(&self, error: std::io::Error) -> TableError {
        TableError::Io { path: self.path.clone(), error }
    }

    /// Appends a row. Values that are no texts stand as JSON in CSV and TSV, whose header has the columns of all rows.
    pub fn write(&mut self, row: &Fields) -> Result<(), TableError> {
        let written = match &mut self.form {
            Form::Jsonl(to) => {
                serde_json::to_writer(&mut *to, row).map_err(Into::into).and_then(|()| to.write_all(b"\n"))
            }
            Form::Csv(to, header) => {
                let first = header.written == 0;
                let fields = header.order(row);
                let header = if first { to.write_record(header.begin()) } else { Ok(()) };
                header.and_then(|()| to.write_record(fields)).map_err(plain)
            }
            Form::Tsv(to, header) => {
                let first = header.written == 0;
                let line = |fields: &[String]| tabbed(fields, row);
                let fields = header.order(row);
                let begun = if first { line(header.begin()) } else { Ok(String::new()) };
                let lines = begun.and_then(|begun| Ok(begun + &line(&fields)?));
                let lines = lines.map_err(|what| TableError::Columns { path: self.path.clone(), what })?;
                to.write_all(lines.as_bytes())
            }
        };
        written.map_err(|error| self.failed(error))
    }

    /// Writes the header that no row brought.
    fn header_alone(&mut self) -> Result<(), TableError> {
        let written = match &mut self.form {
            Form::Csv(to, header) if header.columns.is_empty() && !self.columns.is_empty() => {
                to.write_record(&self.columns).map_err(plain)
            }
            Form::Tsv(to, header) if header.columns.is_empty() && !self.columns.is_empty() => {
                let line = tabbed(&self.columns, &Fields::default());
                let line = line.map_err(|what| TableError::Columns { path: self.path.clone(), what })?;
                to.write_all(line.as_bytes())
            }
            _ => Ok(()),
        };
        written.map_err(|error| self.failed(error))
    }

    /// Hands over what was written so far, for whoever reads along; a file is there when it is finished.
    pub fn flush(&mut self) -> Result<(), TableError> {
        let flushed = match &mut self.form {
            Form::Jsonl(to) if self.staged.is_none() => to.flush(),
            _ => Ok(()),
        };
        flushed.map_err(|error| self.failed(error))
    }

    /// Puts the whole table in its place; before this the old one stands.
    pub fn finish(mut self) -> Result<(), TableError> {
        self.header_alone()?;
        let Self { path, staged, form, .. } = self;
        let failed = |error| TableError::Io { path: path.clone(), error };
        let (mut to, grown, tabs) = match form {
            Form::Jsonl(to) => (to, None, false),
            Form::Tsv(to, header) => (to, header.grown(), true),
            Form::Csv(to, header) => {
                (to.into_inner().map_err(|error| failed(error.into_error()))?, header.grown(), false)
            }
        };
        to.flush().map_err(failed)?;
        drop(to);
        match (staged, grown) {
            (Some(staged), Some(columns)) => evened(&path, staged, &columns, tabs).map_err(failed),
            (Some(staged), None) => staged.put().map_err(failed),
            (None, _) => Ok(()),
        }
    }
}

impl Header {
    /// A row's values in order of the columns, behind which those stand that no row had before.
    fn order(&mut self, row: &Fields) -> Vec<String> {
        let new = row.keys().filter(|name| !self.columns.contains(name)).cloned().collect::<Vec<_>>();
        self.columns.extend(new);
        self.columns.iter().map(|name| row.text(name)).collect()
    }

    /// The file's first line.
    fn begin(&mut self) -> &[String] {
        self.written = self.columns.len();
        &self.columns
    }

    /// The columns, where the file's first line lacks some.
    fn grown(self) -> Option<Vec<String>> {
        (self.columns.len() > self.written && self.written > 0).then_some(self.columns)
    }
}

/// Writes records of any length.
fn uneven(to: To) -> csv::Writer<To> {
    csv::WriterBuilder::new().flexible(true).from_writer(to)
}

/// Puts a table in its place whose rows end where their last column was known: with the whole header, and as many values
/// in each row.
fn evened(path: &Path, staged: Staged, columns: &[String], tabs: bool) -> std::io::Result<()> {
    let (whole, to) = Staged::file(path)?;
    let mut to = BufWriter::with_capacity(1 << 16, to);
    let from = BufReader::with_capacity(1 << 16, staged.written()?);
    if tabs {
        for (at, line) in from.lines().enumerate() {
            let line = line?;
            let lacking = columns.len() - (1 + line.matches('\t').count()).min(columns.len());
            match at {
                0 => writeln!(to, "{}", columns.join("\t"))?,
                _ => writeln!(to, "{line}{}", "\t".repeat(lacking))?,
            }
        }
    } else {
        let mut from = csv::ReaderBuilder::new().flexible(true).has_headers(true).from_reader(from);
        let mut out = csv::Writer::from_writer(&mut to);
        out.write_record(columns).map_err(plain)?;
        let mut record = csv::ByteRecord::new();
        while from.read_byte_record(&mut record).map_err(plain)? {
            let lacking = columns.len().saturating_sub(record.len());
            let values = record.iter().chain(std::iter::repeat_n(&b""[..], lacking));
            out.write_record(values).map_err(plain)?;
        }
        out.flush()?;
    }
    to.flush()?;
    drop(to);
    whole.put()
}

/// A line of TSV. It has no quotes, so that some texts have no place in it.
fn tabbed(fields: &[String], row: &Fields) -> Result<String, String> {
    let line = fields.join("\t");
    let breaks = fields.iter().any(|field| field.contains(['\t', '\n', '\r']));
    if breaks || line.is_empty() {
        let has = if breaks { "a tab or a line break" } else { "nothing" };
        let which = row.get("id").map(|_| format!(" (id `{}`)", row.text("id"))).unwrap_or_default();
        return Err(format!(
            "a row{which} has {has} in a column, which TSV cannot say; write to a `.csv` instead"
        ));
    }
    Ok(line + "\n")
}

/// Makes sure that a file is none that a dataset's own runs write.
///
/// # Errors
/// The dataset, its rejects, or the one before, in the folder of a config.
pub fn free(path: &Path) -> Result<(), TableError> {
    const OF_RUNS: [&str; 4] =
        ["dataset.jsonl", "rejected.jsonl", "dataset.previous.jsonl", "dataset.meta.json"];
    let is_named_so = path.file_name().is_some_and(|name| OF_RUNS.iter().any(|of_runs| *of_runs == name));
    match is_named_so && path.with_file_name("dataset.meta.json").is_file() {
        true => Err(TableError::OfRuns(path.to_owned())),
        false => Ok(()),
    }
}

/// Begins a file beside its target, or writes to standard output for `-`.
pub fn begin(path: &Path) -> Result<(Option<Staged>, To), TableError> {
    let failed = |error| TableError::Io { path: path.to_owned(), error };
    let (staged, to): (_, Box<dyn Write>) = match is_standard(path) {
        true => (None, Box::new(std::io::stdout())),
        false => {
            let (staged, to) = Staged::file(path).map_err(failed)?;
            (Some(staged), Box::new(to))
        }
    };
    Ok((staged, BufWriter::with_capacity(1 << 16, to)))
}

/// Writes a whole file in place of the old one.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), TableError> {
    staged::replace(path, bytes).map_err(|error| TableError::Io { path: path.to_owned(), error })
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
    use serde_json::{Value, json};

    use super::super::{Layout, Reader};
    use super::*;

    fn row(value: Value) -> Fields {
        value.as_object().unwrap().clone().into()
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
                writer.write(&self::row(row.clone())).unwrap();
            }
            assert!(!path.exists(), "the target stands only when all is there");
            writer.finish().unwrap();
            let read: Vec<_> = Reader::open(&path, &Layout::default()).unwrap().map(Result::unwrap).collect();
            let read: Vec<_> = read.into_iter().map(|row| row.fields).collect();
            assert_eq!(read, rows.map(self::row), "{name}");
        }
    }

    #[test]
    fn a_header_has_the_columns_of_all_rows() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [
            ("t.csv", "text,list,new\n\"a, \"\"b\"\"\",[1],\nb,,\nc,,1\nd,[2],\n"),
            ("t.tsv", "text\tlist\tnew\na, \"b\"\t[1]\t\nb\t\t\nc\t\t1\nd\t[2]\t\n"),
        ] {
            let path = folder.path().join(name);
            let mut writer = Writer::create(&path).unwrap();
            for fields in [
                json!({ "text": "a, \"b\"", "list": [1] }),
                json!({ "text": "b" }),
                json!({ "text": "c", "new": 1 }),
                json!({ "list": [2], "text": "d" }),
            ] {
                writer.write(&row(fields)).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_table_without_rows_has_a_header() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [("t.csv", "id,text\n"), ("t.tsv", "id\ttext\n"), ("t.jsonl", "")] {
            let path = folder.path().join(name);
            let mut writer = Writer::create(&path).unwrap();
            writer.without_rows(["id", "text", "id"]);
            writer.without_rows(["other"]);
            writer.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
            let mut writer = Writer::create(&path).unwrap();
            writer.without_rows(["other"]);
            writer.write(&row(json!({ "text": "a" }))).unwrap();
            writer.finish().unwrap();
            assert!(!std::fs::read_to_string(&path).unwrap().contains("other"));
        }
    }

    #[test]
    fn what_a_run_writes_anew_is_nobody_s_to_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dataset.jsonl");
        assert!(Writer::create(&path).is_ok(), "a table of that name is a table");
        std::fs::write(folder.path().join("dataset.meta.json"), "{}").unwrap();
        assert!(matches!(Writer::create(&path), Err(TableError::OfRuns(_))));
        assert!(Writer::create(&folder.path().join("other.jsonl")).is_ok());
    }

    #[test]
    fn other_endings_are_refused() {
        assert!(matches!(Writer::create(Path::new("x.parquet")), Err(TableError::Ending(_))));
        assert!(matches!(Writer::create(Path::new("x")), Err(TableError::Ending(_))));
    }

    #[test]
    fn tsv_is_read_again_and_holds_no_tabs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tsv");
        let mut writer = Writer::create(&path).unwrap();
        writer.write(&row(json!({ "id": "1", "text": "say \"so\", twice", "n": [1, "\t"] }))).unwrap();
        writer.write(&row(json!({ "id": "2", "text": "" }))).unwrap();
        for text in ["a\tb", "a\nb", "a\rb"] {
            let error = writer.write(&row(json!({ "id": "3", "text": text }))).unwrap_err().to_string();
            assert!(error.contains("a row (id `3`) has a tab or a line break in a column"), "{error}");
        }
        writer.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "id\ttext\tn\n1\tsay \"so\", twice\t[1,\"\\t\"]\n2\t\t\n");
        let read: Vec<_> = Reader::open(&path, &Layout::default()).unwrap().map(Result::unwrap).collect();
        assert_eq!((read[0].text.as_str(), read[1].text.as_str()), ("say \"so\", twice", ""));
        // A line with nothing on it is none.
        let mut writer = Writer::create(&path).unwrap();
        assert!(writer.write(&row(json!({ "text": "" }))).is_err());
    }

    #[test]
    fn numbers_are_written_as_they_were_read() {
        let folder = tempfile::tempdir().unwrap();
        let rows = "{\"id\":12345678901234567890123,\"text\":\"a\",\"p\":1.10,\"q\":[1e5]}\n\
                    {\"id\":12345678901234567890124,\"text\":\"b\",\"p\":-0.0,\"q\":1}\n";
        let from = folder.path().join("in.jsonl");
        std::fs::write(&from, rows).unwrap();
        for (name, expected) in [
            ("t.jsonl", rows),
            (
                "t.csv",
                "id,text,p,q\n12345678901234567890123,a,1.10,[1e5]\n12345678901234567890124,b,-0.0,1\n",
            ),
        ] {
            let path = folder.path().join(name);
            let mut writer = Writer::create(&path).unwrap();
            for row in Reader::open(&from, &Layout::default()).unwrap() {
                writer.write(&row.unwrap().fields).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        }
    }
}
