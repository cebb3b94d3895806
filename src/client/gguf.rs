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

mod quantisation;
mod tensor;
mod values;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use quantisation::{file_type_name, guessed_type_name};
use tensor::Tensor;
use values::{
    ARRAY, STRING, UINT16, UINT32, skip_array, skip_value, text_from, u16_from, u32_from, u64_from,
};

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

fn too_large() -> Failure {
    Failure::Format("its tensors are impossibly large".to_owned())
}

#[cfg(test)]
mod tests;
