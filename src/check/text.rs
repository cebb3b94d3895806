//! A text, read once for all checks.

use std::ops::Range;

use super::words;

/// The words of a text and its letters, folded so that checks need not care how they were typed.
#[derive(Debug)]
pub struct Text<'a> {
    pub raw: &'a str,
    /// Lower case, blanks as single spaces, straight quotes, and nothing that cannot be seen.
    pub folded: String,
    pub words: Vec<Word>,
    /// Behind the last word of each sentence, as places among the words.
    ends: Vec<u32>,
    signs: Signs,
    /// How many words Unicode finds, where that could be told on the way.
    count: Option<usize>,
}

/// A word in [`Text::folded`]: letters, digits and apostrophes between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    pub start: u32,
    pub end: u32,
    pub hash: u64,
}

/// Signs of ASCII that stand in a text, a bit for each, and whether a digit does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signs {
    bits: u128,
    pub digits: bool,
}

impl Signs {
    /// Of these bytes; only those of ASCII count.
    pub const fn of(bytes: &[u8]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < bytes.len() {
            if bytes[at] < 0x80 {
                bits |= 1 << bytes[at];
            }
            at += 1;
        }
        Self { bits, digits: false }
    }

    fn add(&mut self, byte: u8) {
        if byte < 0x80 {
            self.bits |= 1 << byte;
        }
    }

    /// Whether one of these signs is among them.
    pub fn any(self, of: Self) -> bool {
        self.bits & of.bits != 0
    }
}

impl<'a> Text<'a> {
    pub fn new(raw: &'a str) -> Self {
        let (folded, plain) = fold(raw);
        let mut text = Self {
            raw,
            words: Vec::with_capacity(folded.len() / 4 + 1),
            ends: Vec::new(),
            signs: Signs::default(),
            count: None,
            folded,
        };
        let joined = if text.folded.is_ascii() { text.split_ascii() } else { text.split() };
        text.count = (plain && !joined).then_some(text.words.len());
        text
    }

    pub fn word(&self, index: usize) -> &str {
        let word = self.words[index];
        &self.folded[word.start as usize..word.end as usize]
    }

    /// What stands in the folded text beside letters and digits.
    pub fn signs(&self) -> Signs {
        self.signs
    }

    /// How many words it has by Unicode's rules.
    pub fn count(&self) -> usize {
        self.count.unwrap_or_else(|| words::count(self.raw))
    }

    /// Its sentences, as ranges of its words.
    pub fn sentences(&self) -> impl Iterator<Item = Range<usize>> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            std::mem::replace(&mut begin, end)..end
        })
    }

    /// Whether this part of the folded text begins and ends where words do.
    pub fn is_apart(&self, start: usize, end: usize) -> bool {
        let bytes = self.folded.as_bytes();
        let glued = |left: u8, right: u8| is_part(left) && is_part(right);
        (start == 0 || !glued(bytes[start - 1], bytes[start]))
            && (end == bytes.len() || !glued(bytes[end - 1], bytes[end]))
    }

    /// Ends a sentence behind the words so far, if it has any.
    fn end_sentence(&mut self) {
        let count = self.words.len() as u32;
        if self.ends.last().copied().unwrap_or_default() < count {
            self.ends.push(count);
        }
    }

    /// Finds words, sentences and signs. Says whether Unicode may join or part words that are not so here.
    fn split_ascii(&mut self) -> bool {
        let folded = std::mem::take(&mut self.folded);
        let bytes = folded.as_bytes();
        let after = |at: usize| bytes.get(at + 1).map_or(0, |byte| KINDS[usize::from(*byte)]);
        let mut joined = false;
        let (mut seen, mut last) = (0, 0);
        let mut start = None;
        for (at, byte) in bytes.iter().enumerate() {
            let kind = KINDS[usize::from(*byte)];
            let before = std::mem::replace(&mut last, kind);
            if kind & PART != 0 {
                seen |= kind;
                start = start.or(Some(at));
                continue;
            }
            self.signs.add(*byte);
            if let Some(begin) = start {
                if kind == APOSTROPHE && after(at) & PART != 0 {
                    // Between a letter and a digit it parts them for Unicode.
                    joined |= before != after(at);
                    continue;
                }
                joined |= kind == LINE || kind & JOINT != 0 && after(at) & (PART | LINE) != 0;
                self.words.push(word_within(bytes, begin, at));
                start = None;
            }
            if kind & STOP != 0 {
                self.end_sentence();
            }
        }
        if let Some(begin) = start {
            self.words.push(word_within(bytes, begin, bytes.len()));
        }
        self.end_sentence();
        self.signs.digits = seen & DIGIT != 0;
        self.folded = folded;
        joined
    }

    /// The same for any text.
    fn split(&mut self) -> bool {
        let folded = std::mem::take(&mut self.folded);
        let bytes = folded.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            loop {
                at += bytes[at..].iter().take_while(|byte| KINDS[usize::from(**byte)] & PART != 0).count();
                match further(&folded, at, at > start) {
                    Some(length) => at += length,
                    None => break,
                }
            }
            if at > start {
                self.words.push(word_within(bytes, start, at));
                continue;
            }
            if KINDS[usize::from(bytes[at])] & STOP != 0 {
                self.end_sentence();
            }
            at += folded[at..].chars().next().map_or(1, char::len_utf8);
        }
        self.end_sentence();
        for byte in bytes {
            match KINDS[usize::from(*byte)] {
                LETTER => {}
                DIGIT => self.signs.digits = true,
                _ => self.signs.add(*byte),
            }
        }
        self.folded = folded;
        true
    }
}

/// Whether a byte belongs to a word; those outside ASCII are taken for letters.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash of a folded word: the same on every machine.
pub fn word_hash(word: &str) -> u64 {
    hash_of(word.as_bytes())
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hash = SEED ^ bytes.len() as u64;
    let (whole, rest) = bytes.as_chunks::<8>();
    for chunk in whole {
        hash = mix(hash, u64::from_le_bytes(*chunk));
    }
    if !rest.is_empty() {
        hash = mix(hash, rest.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    }
    hash
}

/// A word of some bytes, whose hash needs no loop where eight of them can be read at once.
fn word_within(bytes: &[u8], start: usize, end: usize) -> Word {
    let length = end - start;
    let hash = match bytes[start..].first_chunk::<8>() {
        Some(eight) if length < 8 => {
            mix(SEED ^ length as u64, u64::from_le_bytes(*eight) & ((1 << (8 * length)) - 1))
        }
        _ => hash_of(&bytes[start..end]),
    };
    Word { start: start as u32, end: end as u32, hash }
}

/// Joins another number to a hash.
pub fn mix(hash: u64, more: u64) -> u64 {
    let joined = (hash ^ more).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (joined ^ (joined >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(17)
}

/// The folded text, and whether it is ASCII of which nothing fell away that parts words.
fn fold(raw: &str) -> (String, bool) {
    if !raw.is_ascii() {
        return (fold_any(raw), false);
    }
    // Without branches, so that many bytes are looked at at once: most texts need no more.
    let bytes = raw.as_bytes();
    let strange = bytes.iter().fold(0, |any, byte| any | u8::from(!(b' '..=b'~').contains(byte)));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    let blanks = pairs.fold(0, |any, (a, b)| any | u8::from(*a == b' ') & u8::from(*b == b' '));
    let edges = [bytes.first(), bytes.last()].contains(&Some(&b' '));
    if strange | blanks != 0 || edges {
        return (fold_any(raw), !bytes.iter().any(|byte| byte.is_ascii_control() && !is_blank(*byte)));
    }
    (raw.to_ascii_lowercase(), true)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r')
}

fn fold_any(raw: &str) -> String {
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

/// A letter or digit of ASCII, which stands in a word by itself.
const PART: u8 = LETTER | DIGIT;
const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const APOSTROPHE: u8 = 4;
/// Ends a sentence.
const STOP: u8 = 8;
/// Joins, for Unicode, what stands on both sides of it, if that is of the right kind.
const JOINT: u8 = 16;
/// Joins whatever stands on both sides of it.
const LINE: u8 = 32;

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = match byte as u8 {
            b'.' | b':' | b';' => STOP | JOINT,
            b'!' | b'?' => STOP,
            b',' => JOINT,
            b'\'' => APOSTROPHE,
            b'_' => LINE,
            byte if byte.is_ascii_digit() => DIGIT,
            byte if byte.is_ascii_alphabetic() => LETTER,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

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
    use unicode_segmentation::UnicodeSegmentation;

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
            prop_assert_eq!(fold(&raw).0, fold_any(&raw));
        }

        #[test]
        fn ascii_is_split_as_other_texts_are(raw in prop_oneof!["[ab1 .!,_'\"-]{0,16}", "[ -~\\t\\n]{0,40}"]) {
            let quick = Text::new(&raw);
            let mut slow = Text { words: Vec::new(), ends: Vec::new(), signs: Signs::default(), count: None, ..Text::new(&raw) };
            slow.split();
            prop_assert_eq!((quick.words, quick.ends, quick.signs), (slow.words, slow.ends, slow.signs));
        }

        #[test]
        fn words_are_as_many_as_unicode_says(
            raw in prop_oneof!["[a-c1-3 .,:;'_\"-]{0,12}", "[ -~\\n\\t\\x01]{0,40}", "[a-b ._é'-]{0,12}"]
        ) {
            prop_assert_eq!(Text::new(&raw).count(), raw.unicode_words().count());
        }

        #[test]
        fn sentences_end_between_words(raw in "[ab .!?:;,'-]{0,24}") {
            let text = Text::new(&raw);
            let mut begin = 0;
            let ends = |index: usize| {
                index == text.words.len() || {
                    let gap = text.words[index - 1].end as usize..text.words[index].start as usize;
                    text.folded[gap].contains(['.', '!', '?', ':', ';'])
                }
            };
            let expected = (1..=text.words.len()).filter(|index| ends(*index));
            let expected: Vec<_> = expected.map(|end| std::mem::replace(&mut begin, end)..end).collect();
            prop_assert_eq!(text.sentences().collect::<Vec<_>>(), expected);
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
