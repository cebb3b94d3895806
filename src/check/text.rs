//! A text, read once for all checks.

/// The words of a text and its letters, folded so that checks need not care how they were typed.
#[derive(Debug)]
pub struct Text<'a> {
    pub raw: &'a str,
    /// Lower case, blanks as single spaces, straight quotes, and nothing that cannot be seen.
    pub folded: String,
    pub words: Vec<Word>,
}

/// A word in [`Text::folded`]: letters, digits and apostrophes between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub start: u32,
    pub end: u32,
    pub hash: u64,
}

impl<'a> Text<'a> {
    pub fn new(raw: &'a str) -> Self {
        let folded = if raw.is_ascii() { fold_ascii(raw) } else { fold(raw) };
        let words = words(&folded);
        Self { raw, folded, words }
    }

    pub fn word(&self, index: usize) -> &str {
        let word = self.words[index];
        &self.folded[word.start as usize..word.end as usize]
    }

    /// Whether this part of the folded text begins and ends where words do.
    pub fn is_apart(&self, start: usize, end: usize) -> bool {
        let bytes = self.folded.as_bytes();
        let glued = |left: u8, right: u8| is_part(left) && is_part(right);
        (start == 0 || !glued(bytes[start - 1], bytes[start]))
            && (end == bytes.len() || !glued(bytes[end - 1], bytes[end]))
    }
}

/// Whether a byte belongs to a word; those outside ASCII are taken for letters.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// The hash of a folded word: the same on every machine.
pub fn word_hash(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64 ^ bytes.len() as u64;
    let (whole, rest) = bytes.as_chunks::<8>();
    for chunk in whole {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        hash = mix(hash, rest.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    }
    hash
}

/// Joins another number to a hash.
pub fn mix(hash: u64, more: u64) -> u64 {
    let joined = (hash ^ more).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (joined ^ (joined >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(17)
}

/// What a byte of ASCII is folded to: 0 for controls, a space for blanks.
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        folded[byte] = match byte as u8 {
            b'\t'..=b'\r' => b' ',
            byte if byte.is_ascii_control() => 0,
            byte => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    folded
};

fn fold_ascii(raw: &str) -> String {
    let mut out = vec![0; raw.len()];
    let (mut end, mut last) = (0, b' ');
    for byte in raw.bytes() {
        let folded = FOLDED[usize::from(byte)];
        let stays = folded != 0 && (folded != b' ' || last != b' ');
        out[end] = folded;
        end += usize::from(stays);
        last = if stays { folded } else { last };
    }
    out.truncate(end);
    if out.last() == Some(&b' ') {
        out.pop();
    }
    // It is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

fn fold(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut blank = true;
    for c in raw.chars() {
        if c.is_whitespace() {
            if !blank {
                out.push(' ');
            }
            blank = true;
            continue;
        }
        if is_unseen(c) {
            continue;
        }
        blank = false;
        match c {
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{ff07}' => out.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{2033}' => out.push('"'),
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            c => out.extend(c.to_lowercase()),
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// Controls, joiners, marks of direction, soft hyphens and variation selectors.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Bytes that stand in words by themselves: letters and digits of ASCII.
const PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        parts[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    parts
};

fn words(folded: &str) -> Vec<Word> {
    let bytes = folded.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 4 + 1);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        loop {
            at += bytes[at..].iter().take_while(|byte| PARTS[usize::from(**byte)]).count();
            match further(folded, at, at > start) {
                Some(length) => at += length,
                None => break,
            }
        }
        if at > start {
            let hash = word_hash(&folded[start..at]);
            out.push(Word { start: start as u32, end: at as u32, hash });
        }
        // What ended the word, or was none.
        at += match bytes.get(at) {
            Some(byte) if *byte >= 0x80 => folded[at..].chars().next().map_or(1, char::len_utf8),
            _ => 1,
        };
    }
    out
}

/// How many bytes of a word stand here that are no letter or digit of ASCII, if it goes on or begins.
fn further(folded: &str, at: usize, begun: bool) -> Option<usize> {
    let bytes = folded.as_bytes();
    let byte = *bytes.get(at)?;
    if byte == b'\'' {
        return (begun && bytes.get(at + 1).is_some_and(|next| is_part(*next))).then_some(1);
    }
    if byte < 0x80 {
        return None;
    }
    let c = folded[at..].chars().next()?;
    // Combining marks belong to the letter before them.
    (c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)).then_some(c.len_utf8())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words_of(raw: &str) -> Vec<String> {
        let text = Text::new(raw);
        (0..text.words.len()).map(|index| text.word(index).to_owned()).collect()
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(
            words_of("It\u{2019}s  NOT\u{200b}hing,\n'quoted' 5pm!"),
            ["it's", "nothing", "quoted", "5pm"]
        );
        assert_eq!(words_of("Cafe\u{301} ÉTÉ 東京"), ["cafe\u{301}", "été", "東京"]);
        assert_eq!(words_of(" \u{202e}\u{200d} "), [""; 0]);
    }

    proptest! {
        #[test]
        fn ascii_is_folded_as_other_texts_are(raw in "[ -~\\t\\n\\x00\\x0b]{0,30}") {
            prop_assert_eq!(fold_ascii(&raw), fold(&raw));
        }

        #[test]
        fn words_are_parts_in_order(raw in "\\PC{0,40}") {
            let text = Text::new(&raw);
            let mut last = 0;
            for word in &text.words {
                prop_assert!(last <= word.start && word.start < word.end);
                prop_assert!(text.folded.is_char_boundary(word.start as usize));
                prop_assert!(text.is_apart(word.start as usize, word.end as usize) || !text.folded.is_ascii());
                last = word.end;
            }
        }
    }
}
