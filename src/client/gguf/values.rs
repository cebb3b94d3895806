//! Values of a header, read or passed over.

use std::io::{self, Read};

use super::{Failure, format_error};

pub const UINT16: u32 = 2;
pub const UINT32: u32 = 4;
pub const STRING: u32 = 8;
pub const ARRAY: u32 = 9;

/// Bytes of a number or bool; `None` for strings, arrays and unknown types.
fn scalar_width(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        UINT16 | 3 => Some(2),
        UINT32 | 5 | 6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

pub fn skip_value(input: &mut impl Read, kind: u32) -> Result<(), Failure> {
    match kind {
        STRING => skip_string(input),
        ARRAY => skip_array(input).map(drop),
        _ => match scalar_width(kind) {
            Some(width) => skip(input, width),
            None => format_error(format!("a setting has the unknown type {kind}")),
        },
    }
}

/// Passes over an array and returns its length. Arrays of arrays don't exist in llama.cpp's reading.
pub fn skip_array(input: &mut impl Read) -> Result<u64, Failure> {
    let kind = u32_from(input)?;
    let length = u64_from(input)?;
    match (kind, scalar_width(kind)) {
        (STRING, _) => (0..length).try_for_each(|_| skip_string(input))?,
        (_, Some(width)) => {
            let bytes = length.checked_mul(width);
            skip(input, bytes.ok_or_else(|| Failure::Format("an array is impossibly long".to_owned()))?)?;
        }
        (_, None) => return format_error(format!("an array has the unknown type {kind}")),
    }
    Ok(length)
}

fn skip_string(input: &mut impl Read) -> Result<(), Failure> {
    let length = u64_from(input)?;
    skip(input, length)
}

/// Passes over `count` bytes that must be there.
fn skip(input: &mut impl Read, count: u64) -> Result<(), Failure> {
    let passed = io::copy(&mut input.take(count), &mut io::sink())?;
    if passed == count { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
}

pub fn bytes_from(input: &mut impl Read, limit: u64) -> Result<Vec<u8>, Failure> {
    let length = u64_from(input)?;
    if length > limit {
        return format_error(format!("it has a string of {length} bytes where at most {limit} make sense"));
    }
    // Not allocated ahead: it grows with what is really read.
    let mut bytes = Vec::new();
    input.take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        Ok(bytes)
    } else {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }
}

pub fn text_from(input: &mut impl Read, limit: u64) -> Result<String, Failure> {
    String::from_utf8(bytes_from(input, limit)?).or_else(|_| format_error("a text in it is not UTF-8"))
}

pub fn u16_from(input: &mut impl Read) -> Result<u16, Failure> {
    let mut bytes = [0; 2];
    input.read_exact(&mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

pub fn u32_from(input: &mut impl Read) -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

pub fn u64_from(input: &mut impl Read) -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
