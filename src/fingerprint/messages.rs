//! An ask's own part: its messages and its seed, written straight into its request.

use std::convert::Infallible;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::ask::{INPUT, INPUTS, Route};

/// One message of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: &'static str,
    pub content: String,
}

/// The text that is embedded: with what is put before it.
pub(super) fn embed(prefix: &str, text: &str, messages: &mut Messages) -> Result<(), Infallible> {
    match prefix {
        "" => messages.add(INPUT, text),
        prefix => messages.add(INPUT, &[prefix, text].concat()),
    }
    Ok(())
}

/// The messages of one ask, where they are written into its request.
#[derive(Debug)]
pub struct Messages<'a> {
    out: &'a mut String,
    route: Route,
    /// Where the last one begins, if there is any.
    last: Option<usize>,
}

impl Messages<'_> {
    /// Adds one behind those before.
    pub fn add(&mut self, role: &str, content: &str) {
        if self.route != Route::Chat {
            self.last = Some(self.out.len());
            return push_text(self.out, content);
        }
        self.out.push_str(if self.last.is_none() { "{\"role\":\"" } else { ",{\"role\":\"" });
        self.last = Some(self.out.len());
        self.out.push_str(role);
        self.out.push_str("\",\"content\":");
        push_text(self.out, content);
        self.out.push('}');
    }
}

/// What is an ask's own, with which a request ends; gives where its last message begins.
pub(super) fn push_own<E>(
    out: &mut String,
    route: Route,
    seed: u32,
    write: impl FnOnce(&mut Messages) -> Result<(), E>,
) -> Result<usize, E> {
    let (before, after) = match route {
        Route::Chat => (",\"messages\":[", "]"),
        Route::Completion => (",\"prompt\":", ""),
        Route::Embedding => (INPUTS, ""),
    };
    out.push_str(before);
    let mut messages = Messages { out, route, last: None };
    write(&mut messages)?;
    let last = messages.last.unwrap_or_default();
    match route {
        // Nothing is sampled.
        Route::Embedding => out.push('}'),
        Route::Chat | Route::Completion => {
            let _ = write!(out, "{after},\"seed\":{seed}}}");
        }
    }
    Ok(last)
}

/// A text in JSON, as serde_json writes it; for texts of which most parts need no escape.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(end) = first_escaped(rest.as_bytes()) {
        let bytes = rest.as_bytes();
        out.push_str(&rest[..end]);
        match bytes[end] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            byte => {
                let _ = write!(out, "\\u{byte:04x}");
            }
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Where the first byte is that JSON does not take as it is. Eight at a time, by the test for a zero
/// byte that "Bit Twiddling Hacks" (Anderson) describes: its lowest hit is never a false one.
fn first_escaped(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let (blocks, _) = bytes.as_chunks::<32>();
    // Without branches, so that the bytes of a block are looked at at once.
    let has_any = |block: &[u8; 32]| block.iter().fold(0, |any, byte| any | u8::from(is_escaped(byte))) != 0;
    let begin = 32 * blocks.iter().position(has_any).unwrap_or(blocks.len());
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let (eights, rest) = bytes[begin..].as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hits = control | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')));
        if hits != 0 {
            return Some(begin + index * 8 + hits.trailing_zeros() as usize / 8);
        }
    }
    Some(begin + eights.len() * 8 + rest.iter().position(is_escaped)?)
}

fn is_escaped(byte: &u8) -> bool {
    (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_written_as_by_serde_json(text in "([ -~]{0,40}|\\PC|[\x00-\x1f\"\\\\é]){0,8}") {
            let mut ours = String::new();
            push_text(&mut ours, &text);
            prop_assert_eq!(ours, serde_json::to_string(&text).unwrap());
        }
    }
}
