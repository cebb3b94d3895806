//! Texts that run in circles: a word, a phrase, a character or blanks, again and again.

use super::text::{Text, Word, mix};

/// Words that must equal those one period before for a loop.
const WORDS: usize = 6;
/// The longest phrase whose repetition is looked for, in words.
const LONGEST: usize = 40;
/// The same for characters.
const CHARACTERS: usize = 40;
const LONGEST_CHARACTERS: usize = 8;
/// Blanks in a row, and line breaks in a row, that nobody types.
const BLANKS: usize = 16;
const LINES: usize = 6;

/// What is repeated, without quoting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loop {
    /// So many words follow themselves.
    Words(usize),
    /// Three words come again and again.
    Refrain,
    /// So many bytes follow themselves.
    Characters(usize),
}

/// What a text repeats; `None`: nothing.
pub fn repeated(text: &Text) -> Option<Loop> {
    let different = different(&text.words);
    words(text, different).or_else(|| refrain(text, different)).or_else(|| characters(text))
}

/// A phrase that follows itself: six words or more that stand one period before too.
fn words(text: &Text, different: usize) -> Option<Loop> {
    let words = &text.words;
    // Each of those six stood there before.
    if different + WORDS > words.len() {
        return None;
    }
    for period in 1..=LONGEST.min(words.len().saturating_sub(WORDS)) {
        let same = |at: &usize| words[*at].hash == words[*at - period].hash;
        // Of six in a row one stands at a place that six divides.
        let mut at = period.next_multiple_of(WORDS);
        while at < words.len() {
            if same(&at) {
                let before = (period..at).rev().take(WORDS).take_while(same).count();
                let after = (at..words.len()).take(WORDS).take_while(same).count();
                if before + after >= WORDS {
                    return Some(Loop::Words(period));
                }
            }
            at += WORDS;
        }
    }
    None
}

/// A phrase of three words that makes up half of the text or more, in four places or more.
fn refrain(text: &Text, different: usize) -> Option<Loop> {
    const SIZE: usize = 3;
    const TIMES: usize = 4;
    let words = &text.words;
    // With more different words half of them cannot be three again and again.
    if words.len() < SIZE * TIMES || different > words.len() / 2 + 4 {
        return None;
    }
    let hash = |at: usize| words[at..at + SIZE].iter().fold(0, |hash, word| mix(hash, word.hash));
    let mut all: Vec<(u64, usize)> = (0..=words.len() - SIZE).map(|at| (hash(at), at)).collect();
    all.sort_unstable();
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let mut covered = 0;
        let mut end = 0;
        for (_, at) in group {
            covered += (at + SIZE) - end.max(*at);
            end = at + SIZE;
        }
        if group.len() >= TIMES && 2 * covered >= words.len() {
            return Some(Loop::Refrain);
        }
    }
    None
}

/// How many different words there are at least: two of them may share a bit.
fn different(words: &[Word]) -> usize {
    let mut seen = [0u64; 8];
    for word in words {
        seen[(word.hash >> 6 & 7) as usize] |= 1 << (word.hash & 63);
    }
    seen.iter().map(|bits| bits.count_ones() as usize).sum()
}

/// Up to eight bytes that follow themselves over forty bytes: only every sixteenth place is looked at.
fn characters(text: &Text) -> Option<Loop> {
    const STEP: usize = 2 * LONGEST_CHARACTERS;
    let bytes = text.folded.as_bytes();
    for (index, window) in bytes.as_chunks::<STEP>().0.iter().enumerate() {
        let window = u128::from_le_bytes(*window);
        let follows = |period: usize| window as u64 == (window >> (8 * period)) as u64;
        for period in (1..=LONGEST_CHARACTERS).filter(|period| follows(*period)) {
            let at = index * STEP;
            let same = |at: &usize| bytes[*at] == bytes[*at + period];
            let before = (0..at).rev().take(CHARACTERS).take_while(same).count();
            let after = (at..bytes.len() - period).take(CHARACTERS).take_while(same).count();
            if before + after >= CHARACTERS {
                return Some(Loop::Characters(period));
            }
        }
    }
    None
}

/// Whether blanks run on, or every letter stands alone.
pub fn blanks(text: &Text) -> bool {
    // Of ASCII, as many bytes are gone as blanks were folded away.
    let folded_away = !text.raw.is_ascii() || text.folded.len() + LINES - 1 <= text.raw.len();
    if folded_away && runs_on(text.raw) {
        return true;
    }
    let single = |word: &&Word| word.end - word.start == 1;
    let words = &text.words;
    words.len() >= 12 && 10 * words.iter().filter(single).count() >= 9 * words.len()
}

fn runs_on(raw: &str) -> bool {
    let (mut row, mut lines) = (0, 0);
    for c in raw.chars() {
        if !c.is_whitespace() {
            (row, lines) = (0, 0);
            continue;
        }
        row += 1;
        lines += usize::from(c == '\n');
        if row >= BLANKS || lines >= LINES {
            return true;
        }
    }
    false
}
