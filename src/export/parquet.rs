//! Parquet, with a type a column. A group of rows is gathered in memory, then written.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value};

use super::{Classes, Exporter, Fault, Kind, Out, Record, Rows, Survey};

/// Rows of a group: what readers page through at a time, and what is held in memory.
const GROUP: usize = 10_000;

/// What a column holds.
#[derive(Debug, Clone)]
pub enum Holds {
    Values(Kind),
    /// The id of the one label of a row.
    Class(Classes),
    /// The ids of a row's labels.
    Classes(Classes),
}

#[derive(Debug, Clone)]
pub struct Parquet {
    pub columns: Vec<(String, Holds)>,
    /// Kept in the file, by name.
    pub metadata: Option<(&'static str, String)>,
}

impl Parquet {
    /// Columns as they are, labels as texts.
    pub fn plain(survey: &Survey) -> Self {
        let columns = survey.columns.iter().map(|column| (column.name.clone(), Holds::Values(column.kind)));
        Self { columns: columns.collect(), metadata: None }
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let fields = self.columns.iter().map(|(name, holds)| match holds {
            Holds::Class(_) => of_one(name, Kind::Integer),
            Holds::Classes(_) => of_list(name, Kind::Integer),
            Holds::Values(Kind::Texts) => of_list(name, Kind::Text),
            Holds::Values(kind) => of_one(name, *kind),
        });
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        Ok(Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?))
    }
}

impl Exporter for Parquet {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        let pairs = self.metadata.iter().map(|(name, text)| KeyValue::new((*name).to_owned(), text.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("emogrid ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata((self.metadata.is_some()).then(|| pairs.collect()))
            .build();
        let to = BufWriter::with_capacity(1 << 16, to);
        let schema = self.schema().map_err(plain)?;
        let writer = SerializedFileWriter::new(to, schema, Arc::new(properties)).map_err(plain)?;
        let columns = self.columns.iter().map(|(name, holds)| Gathered::new(name, holds.clone())).collect();
        Ok(Box::new(Groups { writer, columns, gathered: 0 }))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.parquet")
    }
}

fn of_one(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let physical = match kind {
        Kind::Text | Kind::Texts => Physical::BYTE_ARRAY,
        Kind::Integer => Physical::INT64,
        Kind::Number => Physical::DOUBLE,
        Kind::Truth => Physical::BOOLEAN,
    };
    let text = physical == Physical::BYTE_ARRAY;
    let built = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_converted_type(if text { ConvertedType::UTF8 } else { ConvertedType::NONE })
        .with_logical_type(text.then_some(LogicalType::String));
    Ok(Arc::new(built.build()?))
}

/// A list in three levels, as the format's description has it.
fn of_list(name: &str, kind: Kind) -> Result<TypePtr, ParquetError> {
    let repeated = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![of_one("element", kind)?]);
    let built = Type::group_type_builder(name)
        .with_repetition(Repetition::OPTIONAL)
        .with_converted_type(ConvertedType::LIST)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(repeated.build()?)]);
    Ok(Arc::new(built.build()?))
}

struct Groups {
    writer: SerializedFileWriter<BufWriter<Out>>,
    columns: Vec<Gathered>,
    gathered: usize,
}

impl Groups {
    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.gathered == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else { break };
            let definition = Some(column.definition.as_slice());
            let repetition = column.is_list.then_some(column.repetition.as_slice());
            match &mut column.values {
                Values::Text(values) => {
                    writer.typed::<ByteArrayType>().write_batch(values, definition, repetition)?;
                    values.clear();
                }
                Values::Integer(values) => {
                    writer.typed::<Int64Type>().write_batch(values, definition, repetition)?;
                    values.clear();
                }
                Values::Number(values) => {
                    writer.typed::<DoubleType>().write_batch(values, definition, repetition)?;
                    values.clear();
                }
                Values::Truth(values) => {
                    writer.typed::<BoolType>().write_batch(values, definition, repetition)?;
                    values.clear();
                }
            }
            column.definition.clear();
            column.repetition.clear();
            writer.close()?;
        }
        group.close()?;
        self.gathered = 0;
        Ok(())
    }
}

impl Rows for Groups {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        let fields = row.fields();
        for column in &mut self.columns {
            column.add(row, &fields)?;
        }
        self.gathered += 1;
        if self.gathered == GROUP {
            self.flush().map_err(plain)?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.flush().map_err(plain)?;
        self.writer.into_inner().map_err(plain)?.flush()
    }
}

/// A column's values of the rows gathered. A definition level of 0 is null; of a list, 1 is an empty one.
struct Gathered {
    name: String,
    holds: Holds,
    is_list: bool,
    values: Values,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Truth(Vec<bool>),
}

impl Gathered {
    fn new(name: &str, holds: Holds) -> Self {
        let values = match &holds {
            Holds::Class(_) | Holds::Classes(_) | Holds::Values(Kind::Integer) => Values::Integer(Vec::new()),
            Holds::Values(Kind::Text | Kind::Texts) => Values::Text(Vec::new()),
            Holds::Values(Kind::Number) => Values::Number(Vec::new()),
            Holds::Values(Kind::Truth) => Values::Truth(Vec::new()),
        };
        Self {
            name: name.to_owned(),
            is_list: matches!(holds, Holds::Classes(_) | Holds::Values(Kind::Texts)),
            holds,
            values,
            definition: Vec::new(),
            repetition: Vec::new(),
        }
    }

    fn add(&mut self, row: &dyn Record, fields: &Map<String, Value>) -> Result<(), String> {
        let value = fields.get(&self.name);
        match &self.holds {
            Holds::Class(classes) => {
                let found = classes.of(fields)?;
                self.one(found.first().map(|id| Value::from(*id)).as_ref());
            }
            Holds::Classes(classes) => {
                let found: Vec<Value> = classes.of(fields)?.into_iter().map(Value::from).collect();
                self.list(Some(&found));
            }
            Holds::Values(Kind::Texts) => self.list(value.and_then(Value::as_array).map(Vec::as_slice)),
            // A text says what no number holds.
            Holds::Values(Kind::Text) => match row.letters(&self.name) {
                Some(letters) => self.one(Some(&letters.into())),
                None => self.one(value),
            },
            Holds::Values(_) => self.one(value),
        }
        Ok(())
    }

    fn one(&mut self, value: Option<&Value>) {
        let there = value.is_some_and(|value| self.values.push(value));
        self.definition.push(i16::from(there));
    }

    fn list(&mut self, items: Option<&[Value]>) {
        let Some(items) = items.filter(|items| !items.is_empty()) else {
            self.definition.push(i16::from(items.is_some()));
            self.repetition.push(0);
            return;
        };
        for (at, item) in items.iter().enumerate() {
            let there = self.values.push(item);
            self.definition.push(if there { 3 } else { 2 });
            self.repetition.push(i16::from(at > 0));
        }
    }
}

impl Values {
    /// Whether there is a value.
    fn push(&mut self, value: &Value) -> bool {
        match self {
            Values::Text(values) => {
                let text = match value {
                    Value::Null => return false,
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                values.push(ByteArray::from(text.into_bytes()));
                true
            }
            Values::Integer(values) => value.as_i64().map(|value| values.push(value)).is_some(),
            Values::Number(values) => value.as_f64().map(|value| values.push(value)).is_some(),
            Values::Truth(values) => value.as_bool().map(|value| values.push(value)).is_some(),
        }
    }
}

/// The kind of an error matters: a closed pipe is none.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        other => io::Error::other(other),
    }
}
