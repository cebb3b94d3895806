//! What a GGUF file says of its model, read from its header alone.
//!
//! A managed server's model identity comes from here, so that `plan` need not start it. The figures equal what
//! llama.cpp reports once it has loaded the file: `meta.n_params`, `meta.size`, `meta.n_vocab` in `/v1/models`,
//! `model_ftype` and `chat_template` in `/props`.
//!
//! The format (little-endian, version 2 or 3):
//!
//! ```text
//! "GGUF"  u32 version  u64 tensors  u64 pairs
//! pairs   × { string key, u32 type, value }          string = u64 length + bytes
//! tensors × { string name, u32 n, u64 × n dimensions, u32 type, u64 offset }
//! ```
//!
//! Nothing after that is read. No length in the file is believed: strings are capped, arrays are skipped in a
//! fixed buffer, memory grows only with bytes that were really there, and sums are checked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// What tells one model file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GgufSummary {
    /// Elements of all tensors (`meta.n_params`).
    pub parameters: u64,
    /// Bytes of all tensors, without padding and header (`meta.size`).
    pub size: u64,
    /// Tokens in the vocabulary (`meta.n_vocab`).
    pub vocabulary: u64,
    /// llama.cpp's name of the file type (`model_ftype`), `(guessed) …` where the file does not say.
    /// `None` if this version does not know the number.
    pub quantisation: Option<String>,
    /// The template in the file. A server given none here reports a `ChatML` template of its own, and it mends a
    /// few known templates (gpt-oss) before it reports them.
    pub chat_template: Option<String>,
    /// `general.architecture`, such as `llama`.
    pub architecture: String,
}

/// Why a file's header told nothing.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// The file could not be opened or read.
    #[error("cannot read {path}")]
    Io {
        /// The file, which for a split model may be one of its later parts.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and is no GGUF file that llama.cpp would load.
    #[error("{path} is not a usable GGUF file: {reason}")]
    Format {
        /// The file, which for a split model may be one of its later parts.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Longest key, tensor name or uninteresting short string.
const MAX_NAME: u64 = 64 * 1024;
/// Longest string kept: templates of today are below 100 KiB.
const MAX_TEXT: u64 = 4 * 1024 * 1024;
/// More than any model has; a file that claims more is refused before it is walked.
const MAX_PAIRS: u64 = 1 << 16;
const MAX_TENSORS: u64 = 1 << 20;
const MAX_DIMENSIONS: u32 = 4;
const MAX_SPLITS: u64 = 1 << 10;
const DEFAULT_ALIGNMENT: u64 = 32;

/// Reads the headers of the model at `path`, and of its other parts if it is the first of a split model.
///
/// Promises: reads no tensor data; returns an error for a truncated, damaged or hostile file, never panics on
/// it, and holds little more than its tensor names and template in memory.
pub fn read_summary(path: &Path) -> Result<GgufSummary, GgufError> {
    let mut header = open(path)?;
    let splits = header.splits;
    if splits > 1 {
        let wrong = |reason: &str| Failure::Format(reason.to_owned()).at(path);
        if header.split_number != 0 {
            return Err(wrong("it is a later part of a split model: name the first part"));
        }
        if splits > MAX_SPLITS {
            return Err(wrong("it claims too many parts"));
        }
        for number in 1..splits {
            let part = part_path(path, number, splits).ok_or_else(|| {
                wrong("it is one part of several, and its name does not end in -00001-of-0000N.gguf")
            })?;
            let other = open(&part)?;
            if other.split_number != number {
                return Err(Failure::Format(format!("it is not part {number} of {splits}")).at(&part));
            }
            header.tensors.extend(other.tensors);
        }
    }
    header.summarise().map_err(|failure| failure.at(path))
}

fn open(path: &Path) -> Result<Header, GgufError> {
    File::open(path)
        .map_err(Failure::Io)
        .and_then(|file| Header::read(&mut BufReader::new(file)))
        .map_err(|failure| failure.at(path))
}

/// Where llama.cpp looks for part `number` (from 0) when it was given the first part.
fn part_path(first: &Path, number: u64, splits: u64) -> Option<PathBuf> {
    let name = first.file_name()?.to_str()?;
    let stem = name.strip_suffix(&format!("-00001-of-{splits:05}.gguf"))?;
    Some(first.with_file_name(format!("{stem}-{:05}-of-{splits:05}.gguf", number + 1)))
}

/// A failure that does not yet know its file.
#[derive(Debug)]
enum Failure {
    Io(io::Error),
    Format(String),
}

impl Failure {
    fn at(self, path: &Path) -> GgufError {
        let path = path.to_owned();
        match self {
            // The header's end was promised and did not come: that is the file's fault, not the disk's.
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                GgufError::Format { path, reason: "it ends in the middle of its header".to_owned() }
            }
            Self::Io(source) => GgufError::Io { path, source },
            Self::Format(reason) => GgufError::Format { path, reason },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn format_error<T>(reason: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Format(reason.into()))
}

struct Tensor {
    name: Vec<u8>,
    kind: u32,
    elements: u64,
    bytes: u64,
}

/// The values of interest, as far as the file has them.
#[derive(Default)]
struct Header {
    tensors: Vec<Tensor>,
    architecture: Option<String>,
    chat_template: Option<String>,
    file_type: Option<u32>,
    tokens: Option<u64>,
    /// Every `*.vocab_size`, for models without a vocabulary; which is ours is known once the architecture is.
    vocabulary_sizes: HashMap<String, u64>,
    alignment: Option<u64>,
    splits: u64,
    split_number: u64,
}

impl Header {
    fn read(input: &mut impl Read) -> Result<Self, Failure> {
        let mut magic = [0; 4];
        input.read_exact(&mut magic)?;
        if &magic != b"GGUF" {
            return format_error("it does not begin with GGUF");
        }
        match u32_from(input)? {
            2 | 3 => {}
            version if version.trailing_zeros() >= 16 => {
                return format_error("its byte order is not this machine's");
            }
            version => return format_error(format!("its version is {version}; 2 and 3 are known")),
        }
        let tensors = u64_from(input)?;
        let pairs = u64_from(input)?;
        if tensors > MAX_TENSORS || pairs > MAX_PAIRS {
            return format_error(format!("it claims {tensors} tensors and {pairs} settings"));
        }
        let mut header = Self::default();
        for _ in 0..pairs {
            header.read_pair(input)?;
        }
        let alignment = header.alignment.unwrap_or(DEFAULT_ALIGNMENT);
        let mut expected = 0;
        for _ in 0..tensors {
            let (tensor, offset) = Tensor::read(input)?;
            // llama.cpp demands this too. It shows that both mean the same sizes by the tensor types.
            if offset != expected {
                return format_error("its tensors are not where their sizes would put them");
            }
            expected = tensor
                .bytes
                .checked_next_multiple_of(alignment)
                .and_then(|padded| padded.checked_add(expected))
                .ok_or_else(too_large)?;
            header.tensors.push(tensor);
        }
        Ok(header)
    }

    fn read_pair(&mut self, input: &mut impl Read) -> Result<(), Failure> {
        let key = text_from(input, MAX_NAME)?;
        let kind = u32_from(input)?;
        match (key.as_str(), kind) {
            ("general.architecture", STRING) => self.architecture = Some(text_from(input, MAX_NAME)?),
            ("tokenizer.chat_template", STRING) => self.chat_template = Some(text_from(input, MAX_TEXT)?),
            ("general.file_type", UINT32) => self.file_type = Some(u32_from(input)?),
            ("general.alignment", UINT32) => {
                let alignment = u64::from(u32_from(input)?);
                if !alignment.is_power_of_two() {
                    return format_error("its alignment is not a power of two");
                }
                self.alignment = Some(alignment);
            }
            ("split.count", UINT16) => self.splits = u64::from(u16_from(input)?),
            ("split.no", UINT16) => self.split_number = u64::from(u16_from(input)?),
            ("tokenizer.ggml.tokens", ARRAY) => self.tokens = Some(skip_array(input)?),
            (name, UINT32) if name.ends_with(".vocab_size") => {
                let size = u64::from(u32_from(input)?);
                self.vocabulary_sizes.insert(key, size);
            }
            _ => skip_value(input, kind)?,
        }
        Ok(())
    }

    fn summarise(self) -> Result<GgufSummary, Failure> {
        let Some(architecture) = self.architecture else {
            return format_error("it does not say its architecture");
        };
        let sum = |figure: fn(&Tensor) -> u64| {
            self.tensors
                .iter()
                .try_fold(0_u64, |sum, tensor| sum.checked_add(figure(tensor)))
                .ok_or_else(too_large)
        };
        let declared = || self.vocabulary_sizes.get(&format!("{architecture}.vocab_size")).copied();
        Ok(GgufSummary {
            parameters: sum(|tensor| tensor.elements)?,
            size: sum(|tensor| tensor.bytes)?,
            vocabulary: self.tokens.or_else(declared).unwrap_or(0),
            quantisation: match self.file_type {
                Some(number) => file_type_name(number),
                None => Some(format!("(guessed) {}", guessed_type_name(&self.tensors))),
            },
            chat_template: self.chat_template,
            architecture,
        })
    }
}

impl Tensor {
    /// Reads one tensor's description and its offset.
    fn read(input: &mut impl Read) -> Result<(Self, u64), Failure> {
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
    fn order(&self) -> (i64, &[u8]) {
        let layer = self.name.strip_prefix(b"blk.").and_then(|rest| {
            let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
            (rest[digits] == b'.').then(|| std::str::from_utf8(&rest[..digits]).ok()?.parse::<i32>().ok())?
        });
        (layer.map_or(-1, i64::from), &self.name)
    }
}

fn too_large() -> Failure {
    Failure::Format("its tensors are impossibly large".to_owned())
}

const UINT16: u32 = 2;
const UINT32: u32 = 4;
const STRING: u32 = 8;
const ARRAY: u32 = 9;

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

fn skip_value(input: &mut impl Read, kind: u32) -> Result<(), Failure> {
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
fn skip_array(input: &mut impl Read) -> Result<u64, Failure> {
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

fn bytes_from(input: &mut impl Read, limit: u64) -> Result<Vec<u8>, Failure> {
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

fn text_from(input: &mut impl Read, limit: u64) -> Result<String, Failure> {
    String::from_utf8(bytes_from(input, limit)?).or_else(|_| format_error("a text in it is not UTF-8"))
}

fn u16_from(input: &mut impl Read) -> Result<u16, Failure> {
    let mut bytes = [0; 2];
    input.read_exact(&mut bytes)?;
    Ok(u16::from_le_bytes(bytes))
}

fn u32_from(input: &mut impl Read) -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn u64_from(input: &mut impl Read) -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Values in a block of a tensor type, and the bytes it takes.
fn block(kind: u32) -> Option<(u64, u64)> {
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

/// The name llama.cpp prints for a `general.file_type`.
fn file_type_name(number: u32) -> Option<String> {
    /// Set by llama.cpp itself when it guessed.
    const GUESSED: u32 = 1024;
    let name = match number & !GUESSED {
        0 => "all F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K - Medium",
        11 => "Q3_K - Small",
        12 => "Q3_K - Medium",
        13 => "Q3_K - Large",
        14 => "Q4_K - Small",
        15 => "Q4_K - Medium",
        16 => "Q5_K - Small",
        17 => "Q5_K - Medium",
        18 => "Q6_K",
        19 => "IQ2_XXS - 2.0625 bpw",
        20 => "IQ2_XS - 2.3125 bpw",
        21 => "Q2_K - Small",
        22 => "IQ3_XS - 3.3 bpw",
        23 => "IQ3_XXS - 3.0625 bpw",
        24 => "IQ1_S - 1.5625 bpw",
        25 => "IQ4_NL - 4.5 bpw",
        26 => "IQ3_S - 3.4375 bpw",
        27 => "IQ3_S mix - 3.66 bpw",
        28 => "IQ2_S - 2.5 bpw",
        29 => "IQ2_M - 2.7 bpw",
        30 => "IQ4_XS - 4.25 bpw",
        31 => "IQ1_M - 1.75 bpw",
        32 => "BF16",
        36 => "TQ1_0 - 1.69 bpw ternary",
        37 => "TQ2_0 - 2.06 bpw ternary",
        38 => "MXFP4 MoE",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return None,
    };
    Some(if number & GUESSED == 0 { name.to_owned() } else { format!("(guessed) {name}") })
}

/// What llama.cpp makes of a file that does not state its type: the one named for its most frequent tensor type.
fn guessed_type_name(tensors: &[Tensor]) -> String {
    let mut order: Vec<_> = tensors.iter().collect();
    order.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut counts = HashMap::new();
    let (mut most, mut kind) = (0, 0);
    for tensor in order {
        let count = counts.entry(tensor.kind).or_insert(0_u64);
        *count += 1;
        if *count > most {
            (most, kind) = (*count, tensor.kind);
        }
    }
    let number = match kind {
        1 => 1,
        2 => 2,
        3 => 3,
        6 => 8,
        7 => 9,
        8 => 7,
        10 => 10,
        11 => 12,
        12 => 15,
        13 => 17,
        14 => 18,
        16 => 19,
        17 => 20,
        18 => 23,
        19 => 24,
        20 => 25,
        21 => 26,
        22 => 28,
        23 => 30,
        29 => 31,
        30 => 32,
        34 => 36,
        35 => 37,
        40 => 39,
        41 => 40,
        42 => 41,
        _ => 0,
    };
    file_type_name(number).unwrap_or_default()
}

#[cfg(test)]
mod tests;
