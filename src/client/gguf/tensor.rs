//! A tensor, as a header describes it.

use std::io::Read;

use super::values::{bytes_from, u32_from, u64_from};
use super::{Failure, MAX_NAME, format_error, too_large};

const MAX_DIMENSIONS: u32 = 4;

pub struct Tensor {
    pub name: Vec<u8>,
    pub kind: u32,
    pub elements: u64,
    pub bytes: u64,
}

impl Tensor {
    /// Reads one tensor's description and its offset.
    pub fn read(input: &mut impl Read) -> Result<(Self, u64), Failure> {
        let name = bytes_from(input, MAX_NAME)?;
        let dimensions = u32_from(input)?;
        if dimensions > MAX_DIMENSIONS {
            return format_error(format!("a tensor has {dimensions} dimensions"));
        }
        let mut row = 1;
        let mut elements = 1_u64;
        for dimension in 0..dimensions {
            let length = u64_from(input)?;
            if dimension == 0 {
                row = length;
            }
            elements =
                elements.checked_mul(length).filter(|n| i64::try_from(*n).is_ok()).ok_or_else(too_large)?;
        }
        let kind = u32_from(input)?;
        let Some((values, bytes)) = block(kind) else {
            return format_error(format!("its tensor type {kind} is not known here"));
        };
        if row % values != 0 {
            return format_error("a tensor's row is not a whole number of blocks");
        }
        let bytes = (elements / values).checked_mul(bytes).ok_or_else(too_large)?;
        let offset = u64_from(input)?;
        Ok((Self { name, kind, elements, bytes }, offset))
    }

    /// llama.cpp's order: by layer, what is in no layer first, then by name.
    pub fn order(&self) -> (i64, &[u8]) {
        let layer = self.name.strip_prefix(b"blk.").and_then(|rest| {
            let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
            (rest[digits] == b'.').then(|| std::str::from_utf8(&rest[..digits]).ok()?.parse::<i32>().ok())?
        });
        (layer.map_or(-1, i64::from), &self.name)
    }
}

/// Values in a block of a tensor type, and the bytes it takes.
pub fn block(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),      // F32
        1 => (1, 2),      // F16
        2 => (32, 18),    // Q4_0
        3 => (32, 20),    // Q4_1
        6 => (32, 22),    // Q5_0
        7 => (32, 24),    // Q5_1
        8 => (32, 34),    // Q8_0
        9 => (32, 36),    // Q8_1
        10 => (256, 84),  // Q2_K
        11 => (256, 110), // Q3_K
        12 => (256, 144), // Q4_K
        13 => (256, 176), // Q5_K
        14 => (256, 210), // Q6_K
        15 => (256, 292), // Q8_K
        16 => (256, 66),  // IQ2_XXS
        17 => (256, 74),  // IQ2_XS
        18 => (256, 98),  // IQ3_XXS
        19 => (256, 50),  // IQ1_S
        20 => (32, 18),   // IQ4_NL
        21 => (256, 110), // IQ3_S
        22 => (256, 82),  // IQ2_S
        23 => (256, 136), // IQ4_XS
        24 => (1, 1),     // I8
        25 => (1, 2),     // I16
        26 => (1, 4),     // I32
        27 => (1, 8),     // I64
        28 => (1, 8),     // F64
        29 => (256, 56),  // IQ1_M
        30 => (1, 2),     // BF16
        34 => (256, 54),  // TQ1_0
        35 => (256, 66),  // TQ2_0
        39 => (32, 17),   // MXFP4
        40 => (64, 36),   // NVFP4
        41 => (128, 18),  // Q1_0
        42 => (64, 18),   // Q2_0
        _ => return None,
    })
}
