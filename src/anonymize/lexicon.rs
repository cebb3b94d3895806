//! What is known of a word: how often it is a first name, a surname, a common word, a place.
//!
//! The list is compiled in, sorted and front-coded (`data/lexicon.txt`; `docs/evidence.md` says where
//! its entries are from), and is laid out for look-ups once, when the first text is looked at.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const LIST: &str = include_str!("data/lexicon.txt");
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
/// No entry is longer, in bytes of its folded form.
pub const LONGEST: usize = 25;

/// Facts of one word, packed. The default says that nothing is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    Unknown,
    Female,
    Male,
    Either,
}

impl Facts {
    /// How frequent a first name it is: 0 never, 7 among the most frequent.
    pub fn first(self) -> u32 {
        self.0 & 7
    }
    /// How frequent a surname it is, 0 to 7.
    pub fn last(self) -> u32 {
        self.0 >> 3 & 7
    }
    pub fn sex(self) -> Sex {
        match self.0 >> 6 & 3 {
            1 => Sex::Female,
            2 => Sex::Male,
            3 => Sex::Either,
            _ => Sex::Unknown,
        }
    }
    /// A number for the culture that the name is most used in; 0 for unknown.
    pub fn culture(self) -> u32 {
        self.0 >> 8 & 31
    }
    /// How common a word it is in English: 0 none, 7 among the thousand most common.
    pub fn word(self) -> u32 {
        self.0 >> 13 & 7
    }
    pub fn place(self) -> bool {
        self.0 >> 16 & 1 == 1
    }
    /// A brand, a team, a month, a title: written with a capital, and no person.
    pub fn other(self) -> bool {
        self.0 >> 17 & 1 == 1
    }
    /// In a dictionary with a capital: a person, a place or anything else.
    pub fn proper(self) -> bool {
        self.0 >> 18 & 1 == 1
    }
    pub fn known(self) -> bool {
        self.0 != 0
    }
    pub fn name(self) -> bool {
        self.0 & 0o77 != 0
    }
    /// The same word with nothing known of it as a name; training hides names so.
    pub fn without_name(self) -> Self {
        Self(self.0 & !0x1fff)
    }
    /// What is known of a compound, by its weaker part.
    pub fn weaker(self, other: Self) -> Self {
        let (a, b) = (self, other);
        let first = a.first().max(a.last()).min(b.first().max(b.last()));
        let word = a.word().min(b.word());
        Self(first | first << 3 | (a.0 & (0b11 << 6 | 31 << 8)) | word << 13)
    }
}

pub struct Lexicon {
    letters: Vec<u8>,
    /// Where an entry's letters begin, how many they are, and its facts.
    entries: Vec<(u32, u8, Facts)>,
    slots: Vec<u32>,
}

impl Lexicon {
    pub fn get() -> &'static Self {
        static LEXICON: OnceLock<Lexicon> = OnceLock::new();
        LEXICON.get_or_init(Self::unpack)
    }

    fn unpack() -> Self {
        let mut letters = Vec::with_capacity(LIST.len());
        let mut entries = Vec::with_capacity(150_000);
        let mut value = [0u32; 256];
        for (n, &digit) in DIGITS.iter().enumerate() {
            value[digit as usize] = n as u32;
        }
        let mut before = 0..0;
        for line in LIST.lines() {
            let Some((word, facts)) = line.split_once('\t') else { continue };
            let Some((&shared, rest)) = word.as_bytes().split_first() else { continue };
            let start = letters.len();
            let shared = before.start..(before.start + value[shared as usize] as usize).min(before.end);
            letters.extend_from_within(shared);
            letters.extend_from_slice(rest);
            before = start..letters.len();
            let facts = facts.bytes().rev().fold(0, |sum, digit| sum << 6 | value[digit as usize]);
            entries.push((start as u32, (letters.len() - start) as u8, Facts(facts)));
        }
        let mut slots = vec![0; (entries.len() * 2).next_power_of_two()];
        for (n, &(start, length, _)) in entries.iter().enumerate() {
            let mut slot = hash(&letters[start as usize..][..length as usize]) as usize & (slots.len() - 1);
            while slots[slot] != 0 {
                slot = (slot + 1) & (slots.len() - 1);
            }
            slots[slot] = n as u32 + 1;
        }
        Self { letters, entries, slots }
    }

    /// What is known of a folded word ([`fold`]).
    pub fn facts(&self, word: &[u8]) -> Facts {
        let mut slot = hash(word) as usize & (self.slots.len() - 1);
        loop {
            let Some(entry) = self.slots[slot].checked_sub(1) else { return Facts::default() };
            let (start, length, facts) = self.entries[entry as usize];
            if length as usize == word.len() && &self.letters[start as usize..][..word.len()] == word {
                return facts;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
    }

    /// Whether a word of English at least as common as this goes on behind these letters, which are folded.
    pub fn goes_on(&self, begin: &[u8], common: u32) -> bool {
        let word =
            |&(start, length, _): &(u32, u8, Facts)| &self.letters[start as usize..][..length as usize];
        let from = self.entries.partition_point(|entry| word(entry) <= begin);
        let further = self.entries[from..].iter().take_while(|entry| word(entry).starts_with(begin));
        further.into_iter().any(|(_, _, facts)| facts.word() >= common)
    }

    /// All entries, in the order of the alphabet.
    pub fn entries(&self) -> impl Iterator<Item = (&str, Facts)> {
        self.entries.iter().map(|&(start, length, facts)| {
            let letters = &self.letters[start as usize..][..length as usize];
            (str::from_utf8(letters).unwrap_or_default(), facts)
        })
    }
}

/// A hash for short words: eight bytes at a time, multiplied and folded.
pub fn hash(word: &[u8]) -> u32 {
    const K: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut state = word.len() as u64;
    let mut parts = word.chunks_exact(8);
    for part in &mut parts {
        let part =
            u64::from_le_bytes([part[0], part[1], part[2], part[3], part[4], part[5], part[6], part[7]]);
        state = (state ^ part).wrapping_mul(K);
        state ^= state >> 29;
    }
    let mut last = 0;
    for &byte in parts.remainder() {
        last = last << 8 | u64::from(byte);
    }
    state = (state ^ last).wrapping_mul(K);
    state ^= state >> 32;
    (state.wrapping_mul(K) >> 32) as u32
}

/// A word as the lexicon writes it: lower case, without marks, plain apostrophes, no invisible characters.
/// A word that is longer than any entry comes out cut, and so is found nowhere.
pub fn fold(word: &str, into: &mut Vec<u8>) {
    into.clear();
    if word.is_ascii() {
        into.extend(word.bytes().take(LONGEST + 1).map(|byte| byte.to_ascii_lowercase()));
        return;
    }
    for c in
        word.chars().filter(|&c| !invisible(c)).take(2 * LONGEST).nfd().filter(|&c| !is_combining_mark(c))
    {
        match c {
            'ł' | 'Ł' => into.push(b'l'),
            'ø' | 'Ø' => into.push(b'o'),
            'đ' | 'Đ' | 'ð' | 'Ð' => into.push(b'd'),
            'ı' => into.push(b'i'),
            'ə' | 'Ə' => into.push(b'e'),
            'ħ' | 'Ħ' => into.push(b'h'),
            'ß' => into.extend(b"ss"),
            'þ' | 'Þ' => into.extend(b"th"),
            'æ' | 'Æ' => into.extend(b"ae"),
            'œ' | 'Œ' => into.extend(b"oe"),
            '’' | 'ʻ' | 'ʼ' => into.push(b'\''),
            '‐' | '‑' => into.push(b'-'),
            // Full-width letters read as plain ones.
            'Ａ'..='Ｚ' => into.push(b'a' + (c as u32 - 'Ａ' as u32) as u8),
            'ａ'..='ｚ' => into.push(b'a' + (c as u32 - 'ａ' as u32) as u8),
            _ => {
                for lower in c.to_lowercase() {
                    into.extend(lower.encode_utf8(&mut [0; 4]).bytes());
                }
            }
        }
        if into.len() > LONGEST {
            break;
        }
    }
}

/// Characters that take no room: they hide a word from a list, and nobody sees them.
pub fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}
