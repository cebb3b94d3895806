//! JSON Lines: rows as they are, or in another shape.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::exchange::{Exchange, Exchanges};
use super::{Exporter, Fault, Out, Record, Rows};

/// Rows as they are.
pub struct Jsonl;

impl Exporter for Jsonl {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        Ok(Box::new(AsTheyAre(BufWriter::with_capacity(1 << 16, to))))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.jsonl")
    }
}

struct AsTheyAre(BufWriter<Out>);

impl Rows for AsTheyAre {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        row.write_json(&mut self.0)?;
        Ok(self.0.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.0.flush()
    }
}

/// A line of what a shape makes of a question and its answer.
pub struct Shaped<S> {
    exchanges: Exchanges,
    shape: fn(Exchange) -> S,
}

impl<S> Shaped<S> {
    pub fn new(exchanges: Exchanges, shape: fn(Exchange) -> S) -> Self {
        Self { exchanges, shape }
    }
}

impl<S: Serialize + 'static> Exporter for Shaped<S> {
    fn open(&self, to: Out) -> io::Result<Box<dyn Rows>> {
        Ok(Box::new(Lines {
            to: BufWriter::with_capacity(1 << 16, to),
            exchanges: self.exchanges.clone(),
            shape: self.shape,
        }))
    }

    fn file(&self, part: &str, _: usize, _: usize) -> String {
        format!("{part}.jsonl")
    }
}

struct Lines<S> {
    to: BufWriter<Out>,
    exchanges: Exchanges,
    shape: fn(Exchange) -> S,
}

impl<S: Serialize> Rows for Lines<S> {
    fn write(&mut self, row: &dyn Record) -> Result<(), Fault> {
        let shaped = (self.shape)(self.exchanges.of(row)?);
        serde_json::to_writer(&mut self.to, &shaped).map_err(io::Error::from)?;
        Ok(self.to.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.to.flush()
    }
}
