//! Whether the quotes of a CSV are right: its reader takes whatever stands there.

use std::io::{self, BufRead, Read};

/// Passes a CSV on, up to where a quote is wrong.
pub struct Quotes<R> {
    from: R,
    delimiter: u8,
    state: State,
    /// The line that is read, and the one on which the last quoted field began; from 1.
    line: u64,
    opened: u64,
    fault: Option<QuoteFault>,
}

/// Where in a row the next byte stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// At the first of a field.
    Start,
    Plain,
    Quoted,
    /// After a quote in a quoted field: its end, or the first of two that stand for one.
    Closed,
}

/// A quote that is wrong, and where.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct QuoteFault {
    pub line: u64,
    pub what: String,
}

impl<R: BufRead> Quotes<R> {
    pub fn new(from: R, delimiter: u8) -> Self {
        Self { from, delimiter, state: State::Start, line: 1, opened: 1, fault: None }
    }

    /// Goes through bytes; says how many are before a fault.
    fn check(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            self.state = match (self.state, *byte) {
                (State::Start, b'"') => {
                    self.opened = self.line;
                    State::Quoted
                }
                (State::Quoted, b'"') => State::Closed,
                (State::Quoted, _) | (State::Closed, b'"') => State::Quoted,
                (_, b'\n' | b'\r') => State::Start,
                (_, byte) if byte == self.delimiter => State::Start,
                (State::Closed, _) => {
                    let what = format!(
                        "text after a closing quote; expected `{}` or the end of the row. A quote inside a quoted \
                         text is written twice, `\"\"`",
                        self.delimiter as char
                    );
                    self.fault = Some(QuoteFault { line: self.line, what });
                    return at;
                }
                (State::Start | State::Plain, _) => State::Plain,
            };
            self.line += u64::from(*byte == b'\n');
        }
        bytes.len()
    }
}

impl<R: BufRead> Read for Quotes<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_none() {
            let read = self.from.read(into)?;
            let good = self.check(&into[..read]);
            // What stands before a fault is rows as any.
            if good > 0 || into.is_empty() {
                return Ok(good);
            }
            if self.fault.is_none() && self.state == State::Quoted {
                let what = "a quoted text begins here and does not end; expected a closing `\"` before the end of \
                            the file. Close it, and write a quote inside of it twice, `\"\"`";
                self.fault = Some(QuoteFault { line: self.opened, what: what.to_owned() });
            }
        }
        match &self.fault {
            Some(fault) => Err(io::Error::new(io::ErrorKind::InvalidData, fault.clone())),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed on, and what is wrong.
    fn read(text: &str) -> (String, Option<(u64, String)>) {
        let (mut passed, mut from) = (Vec::new(), Quotes::new(text.as_bytes(), b','));
        // Few bytes at a time, so that states live from one to the next.
        let error = loop {
            let mut some = [0; 3];
            match from.read(&mut some) {
                Ok(0) => break None,
                Ok(read) => passed.extend_from_slice(&some[..read]),
                Err(error) => break Some(error),
            }
        };
        let fault = error.map(|error| {
            let fault = error.into_inner().unwrap().downcast::<QuoteFault>().unwrap();
            (fault.line, fault.what)
        });
        (String::from_utf8(passed).unwrap(), fault)
    }

    #[test]
    fn good_quotes_pass() {
        for text in [
            "",
            "a,b\n1,2",
            "\"a\",\"b \"\"c\"\" d\"\r\n\"two\nlines, all\",\"\"\n",
            "a \"quoted\" word,5\" wide\n",
            "\"\"\"\"\n",
            "\"at the end\"",
        ] {
            assert_eq!(read(text), (text.to_owned(), None));
        }
    }

    #[test]
    fn wrong_quotes_are_told_with_their_line() {
        for (text, before, line, says) in [
            ("text\n\"two\nlines\"\n\"open,1\nx\n", "text\n\"two\nlines\"\n\"open,1\nx\n", 4, "does not end"),
            ("text\nx\n\"a\"b\n", "text\nx\n\"a\"", 3, "text after a closing quote; expected `,`"),
            ("\"a\" ,b\n", "\"a\"", 1, "text after a closing quote"),
            ("a,\"", "a,\"", 1, "does not end"),
        ] {
            let (passed, fault) = read(text);
            let (at, what) = fault.unwrap();
            assert_eq!((passed.as_str(), at), (before, line), "{text:?}");
            assert!(what.contains(says), "{what}");
        }
    }
}
