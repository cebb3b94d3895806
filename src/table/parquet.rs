//! Parquet as a table: rows in order, one row group after the other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::data_type::Decimal;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Number, Value};

use super::TableError;
use super::fields::Fields;

/// The first bytes of every such file.
pub const MAGIC: &[u8] = b"PAR1";

thread_local! {
    static BEING_READ: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// The file that this thread reads from right now: its reader panics over some that are damaged within.
pub fn being_read() -> Option<PathBuf> {
    BEING_READ.with_borrow(Clone::clone)
}

/// Says meanwhile which file is read.
fn reading<T>(path: &Path, read: impl FnOnce() -> T) -> T {
    BEING_READ.set(Some(path.to_owned()));
    let out = read();
    BEING_READ.set(None);
    out
}

/// Rows of a file, each a map of its columns.
pub struct Rows {
    path: PathBuf,
    rows: RowIter<'static>,
    /// By column: what its whole numbers are called, as `datasets` writes it down.
    classes: HashMap<String, Vec<String>>,
    names: Vec<String>,
    number: u64,
    /// Rows and bytes of all.
    whole: (u64, u64),
}

impl Rows {
    /// # Errors
    /// What is no Parquet file, or one that is compressed in a way that is not read here.
    pub fn open(path: &Path, file: File) -> Result<Self, TableError> {
        Self::of(path, file)
    }

    /// The same of bytes that were read already.
    pub fn of<T: ChunkReader + 'static>(path: &Path, from: T) -> Result<Self, TableError> {
        let length = from.len();
        let reader =
            reading(path, || SerializedFileReader::new(from)).map_err(|error| failed(path, &error))?;
        let metadata = reader.metadata();
        for group in metadata.row_groups() {
            for column in group.columns() {
                let compression = column.compression();
                if !matches!(compression, Compression::UNCOMPRESSED | Compression::SNAPPY) {
                    let told = format!("{compression:?}");
                    let told = told.split('(').next().unwrap_or(&told).to_lowercase();
                    let what = format!(
                        "its columns are compressed with {told}, which is not read here; write it with `snappy`, \
                         such as `frame.to_parquet(\"rows.parquet\", compression=\"snappy\")`"
                    );
                    return Err(TableError::Columns { path: path.to_owned(), what });
                }
            }
        }
        let about = metadata.file_metadata();
        let pairs = about.key_value_metadata().into_iter().flatten();
        let features = pairs.filter(|pair| pair.key == "huggingface").find_map(|pair| pair.value.as_deref());
        let classes = features.map(classes).unwrap_or_default();
        let names = about.schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
        let whole = (u64::try_from(about.num_rows()).unwrap_or_default(), length);
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok(Self { path: path.to_owned(), rows, classes, names, number: 0, whole })
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// About how many bytes were read so far.
    pub fn bytes(&self) -> u64 {
        let (rows, bytes) = self.whole;
        (bytes as u128 * u128::from(self.number.min(rows)) / u128::from(rows.max(1))) as u64
    }

    /// The next row's number, from 1, and its columns.
    pub fn following(&mut self) -> Result<Option<(u64, Fields)>, TableError> {
        let Some(row) = reading(&self.path, || self.rows.next()) else { return Ok(None) };
        self.number += 1;
        let fault = |what| TableError::Row { path: self.path.clone(), line: self.number, what };
        let row = row.map_err(|error| fault(said(&error)))?;
        let mut fields = Fields::default();
        for (name, field) in row.into_columns() {
            if let Field::Decimal(of) = &field {
                fields.insert_number(name, decimal(of));
                continue;
            }
            let mut value = value(&field).map_err(|what| fault(format!("`{name}` {what}")))?;
            if let Some(classes) = self.classes.get(&name) {
                named(&mut value, classes);
            }
            fields.insert(name, value);
        }
        Ok(Some((self.number, fields)))
    }
}

fn failed(path: &Path, error: &ParquetError) -> TableError {
    TableError::Columns { path: path.to_owned(), what: format!("no whole Parquet file: {}", said(error)) }
}

/// An error without the crate's own words before it.
fn said(error: &ParquetError) -> String {
    let text = error.to_string();
    text.strip_prefix("Parquet error: ").unwrap_or(&text).to_owned()
}

/// What columns of labels are called, by the features that `datasets` keeps in a file.
fn classes(features: &str) -> HashMap<String, Vec<String>> {
    let told: Value = serde_json::from_str(features).unwrap_or_default();
    let of = |feature: &Value| -> Option<Vec<String>> {
        // A list of labels has its feature within; older files have it in a list of one.
        let within = feature.get("feature").unwrap_or(feature);
        let within = within.get(0).unwrap_or(within);
        (within["_type"] == "ClassLabel").then_some(())?;
        within["names"].as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let features = told["info"]["features"].as_object().into_iter().flatten();
    features.filter_map(|(column, feature)| Some((column.clone(), of(feature)?))).collect()
}

/// Puts names in the place of numbers; −1, which stands for no label, becomes null.
fn named(value: &mut Value, names: &[String]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| named(item, names)),
        Value::Number(number) => {
            if let Some(name) = number.as_u64().and_then(|at| names.get(usize::try_from(at).ok()?)) {
                *value = name.as_str().into();
            } else if number.as_i64() == Some(-1) {
                *value = Value::Null;
            }
        }
        _ => {}
    }
}

fn value(field: &Field) -> Result<Value, String> {
    let number = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
    Ok(match field {
        Field::Null => Value::Null,
        Field::Bool(yes) => (*yes).into(),
        Field::Byte(n) => (*n).into(),
        Field::Short(n) => (*n).into(),
        Field::Int(n) | Field::Date(n) | Field::TimeMillis(n) => (*n).into(),
        Field::Long(n) | Field::TimeMicros(n) | Field::TimestampMillis(n) | Field::TimestampMicros(n) => {
            (*n).into()
        }
        Field::UByte(n) => (*n).into(),
        Field::UShort(n) => (*n).into(),
        Field::UInt(n) => (*n).into(),
        Field::ULong(n) => (*n).into(),
        Field::Float16(n) => number(shortest(n.to_f32())),
        Field::Float(n) => number(shortest(*n)),
        Field::Double(n) => number(*n),
        Field::Decimal(of) => serde_json::from_str(&decimal(of)).unwrap_or_default(),
        Field::Str(text) => text.as_str().into(),
        Field::Bytes(bytes) => match str::from_utf8(bytes.data()) {
            Ok(text) => text.into(),
            Err(_) => return Err("holds bytes that are no text in UTF-8".to_owned()),
        },
        Field::Group(row) => object(row)?,
        Field::ListInternal(list) => list.elements().iter().map(value).collect::<Result<Vec<_>, _>>()?.into(),
        Field::MapInternal(map) => {
            let pairs = map.entries().iter().map(|(key, of)| {
                let key = match value(key)? {
                    Value::String(key) => key,
                    other => other.to_string(),
                };
                Ok((key, value(of)?))
            });
            Value::Object(pairs.collect::<Result<_, String>>()?)
        }
    })
}

fn object(row: &Row) -> Result<Value, String> {
    let fields = row.get_column_iter().map(|(name, field)| Ok((name.clone(), value(field)?)));
    Ok(Value::Object(fields.collect::<Result<_, String>>()?))
}

/// A number of few digits that is written as it was: 0.1, and not the 0.10000000149 that is nearest to it.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// A decimal, digit by digit: its bytes are a whole number in two's complement, the largest first.
fn decimal(of: &Decimal) -> String {
    let negative = of.data().first().is_some_and(|first| *first >= 0x80);
    let mut carry = u32::from(negative);
    let mut bytes: Vec<u32> =
        of.data().iter().map(|byte| u32::from(if negative { !byte } else { *byte })).collect();
    for byte in bytes.iter_mut().rev() {
        *byte += carry;
        carry = *byte >> 8;
        *byte &= 0xff;
    }
    // Digits from the last on: what is left of each division by ten.
    let mut digits = Vec::new();
    while bytes.iter().any(|byte| *byte > 0) {
        let rest = bytes.iter_mut().fold(0, |rest, byte| {
            let sum = rest * 256 + *byte;
            *byte = sum / 10;
            sum % 10
        });
        digits.push(char::from_digit(rest, 10).unwrap_or('0'));
    }
    let scale = usize::try_from(of.scale()).unwrap_or_default();
    while digits.len() <= scale {
        digits.push('0');
    }
    if scale > 0 {
        digits.insert(scale, '.');
    }
    if negative {
        digits.push('-');
    }
    digits.into_iter().rev().collect()
}

/// All that a stream has, since such a file is read from its end.
///
/// # Errors
/// What cannot be read.
pub fn held(mut from: impl std::io::Read) -> std::io::Result<Bytes> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Layout, Reader};
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/table").join(name)
    }

    fn read(name: &str) -> Vec<super::super::Row> {
        Reader::open(&fixture(name), &Layout::default()).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn what_pyarrow_wrote_is_read_with_its_lists_structs_and_gaps() {
        let rows = read("pyarrow.parquet");
        let told: Vec<_> = rows.iter().map(|row| (row.line, row.id.as_str(), row.text.as_str())).collect();
        assert_eq!(told[3], (4, "14", "Half past five and no bus 🚌"), "in the second row group");
        assert_eq!(told.len(), 4);
        let column = |name: &str| Value::from_iter(rows.iter().map(|row| row.fields[name].clone()));
        assert_eq!(column("moods"), json!([["joy", "grief"], ["anger"], [], null]));
        assert_eq!(column("mood"), json!(["joy", "anger", "neutral", "anger"]));
        assert_eq!(column("score"), json!([0.5, null, 1.0, -2.25]));
        assert_eq!(column("sure"), json!([true, false, null, true]));
        assert_eq!(
            column("about"),
            json!([{ "place": "home", "n": 1 }, { "place": null, "n": 2 }, null, { "place": "work", "n": 4 }])
        );
    }

    #[test]
    fn label_ids_of_datasets_become_names() {
        let rows = read("datasets.parquet");
        let column = |name: &str| Value::from_iter(rows.iter().map(|row| row.fields[name].clone()));
        assert_eq!(column("labels"), json!([["joy", "grief"], ["anger"], [], ["anger"]]));
        assert_eq!(column("one"), json!(["joy", "anger", null, "anger"]));
    }

    #[test]
    fn features_are_known_in_all_their_forms() {
        let of = |feature: Value| {
            let told = json!({ "info": { "features": { "x": feature } } });
            classes(&told.to_string()).remove("x")
        };
        let label = json!({ "names": ["a", "b"], "_type": "ClassLabel" });
        let names = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(of(label.clone()), names);
        assert_eq!(of(json!({ "feature": label, "_type": "Sequence" })), names);
        assert_eq!(of(json!({ "feature": label, "_type": "List" })), names);
        assert_eq!(of(json!([label])), names);
        assert_eq!(of(json!({ "dtype": "int64", "_type": "Value" })), None);
        assert!(classes("no JSON").is_empty());
    }

    #[test]
    fn decimals_are_numbers() {
        let of = |bytes: Vec<u8>, scale| decimal(&Decimal::from_bytes(bytes.into(), 9, scale));
        assert_eq!(of(vec![1, 0x2c], 2), "3.00");
        assert_eq!(of(vec![0xff, 0x9c], 1), "-10.0");
        assert_eq!(of(vec![0xff], 2), "-0.01");
        assert_eq!(of(vec![0, 0], 0), "0");
        assert_eq!(of(vec![0x80], 0), "-128");
        // 2 to the 100th.
        let mut large = vec![0; 13];
        large[0] = 16;
        assert_eq!(of(large, 0), "1267650600228229401496703205376");
        assert_eq!(shortest(0.1), 0.1);
    }

    #[test]
    fn files_that_were_cut_off_are_errors() {
        for name in ["pyarrow.parquet", "datasets.parquet"] {
            let whole = std::fs::read(fixture(name)).unwrap();
            let all = |bytes: Vec<u8>| -> Result<u64, TableError> {
                let mut rows = Rows::of(Path::new("t"), Bytes::from(bytes))?;
                while rows.following()?.is_some() {}
                Ok(rows.number)
            };
            assert_eq!(all(whole.clone()).unwrap(), 4);
            for cut in [0, 3, 4, 12, whole.len() / 2, whole.len() - 1] {
                let error = all(whole[..cut].to_vec()).unwrap_err().to_string();
                assert!(error.starts_with("t: no whole Parquet file"), "{error}");
            }
        }
    }
}
