//! All phrases of a set that stand in a text, found by the words that they begin with.

use aho_corasick::{AhoCorasick, MatchKind};

use super::table::Table;
use super::text::{Signs, Text, word_hash};

/// Phrases by what they speak for; in a set, each phrase of the folded text that stands apart.
#[derive(Debug)]
pub struct Phrases<C> {
    phrases: Vec<Phrase<C>>,
    /// By the word that phrases begin with, up to an apostrophe: one more than the place of their list.
    by_word: Table,
    /// The same for those that are the beginning of a word: by so many bytes of it.
    by_stem: Vec<(usize, Table)>,
    lists: Vec<Vec<u32>>,
    /// Those that begin with a sign, and these signs.
    signed: Option<(AhoCorasick, Signs)>,
    /// Their places among the phrases.
    signed_phrases: Vec<u32>,
}

#[derive(Debug)]
struct Phrase<C> {
    class: C,
    text: String,
    /// Where it has to end as words do; it always has to begin so.
    closed: bool,
}

/// A phrase that was found, in bytes of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<C> {
    pub class: C,
    pub start: usize,
    pub end: usize,
}

/// So many bytes of a word tell which beginnings of words may fit.
const STEM: usize = 3;

impl<C: Copy> Phrases<C> {
    /// A phrase that ends in `*` may go on in the same word. Phrases are folded as texts are.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (C, &'a str)>) -> Self {
        let mut out = Vec::new();
        let mut lists = Vec::new();
        let mut words = Groups::default();
        let mut stems: [Groups; STEM] = Default::default();
        let mut signed = Vec::new();
        for (class, phrase) in phrases {
            let open = phrase.strip_suffix('*');
            let folded = Text::new(open.unwrap_or(phrase));
            let number = out.len() as u32;
            let first = folded.words.first().filter(|word| word.start == 0).map(|_| segment(folded.word(0)));
            match first {
                None if folded.folded.is_empty() => continue,
                None => signed.push(number),
                Some(first) if open.is_some() && first.len() == folded.folded.len() => {
                    let length = first.len().min(STEM);
                    stems[length - 1].add(stem_key(first.as_bytes(), length), number, &mut lists);
                }
                Some(first) => words.add(word_hash(first), number, &mut lists),
            }
            out.push(Phrase { class, closed: open.is_none(), text: folded.folded });
        }
        let stems = stems.into_iter().enumerate().filter(|(_, groups)| !groups.0.is_empty());
        let patterns: Vec<&str> = signed.iter().map(|number| out[*number as usize].text.as_str()).collect();
        let signs: Vec<u8> = patterns.iter().map(|pattern| pattern.as_bytes()[0]).collect();
        // It fails for more patterns than there can be.
        let machine = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&patterns).ok();
        Self {
            by_word: words.table(),
            by_stem: stems.map(|(at, groups)| (at + 1, groups.table())).collect(),
            lists,
            signed: machine.filter(|_| !signed.is_empty()).map(|machine| (machine, Signs::of(&signs))),
            signed_phrases: signed,
            phrases: out,
        }
    }

    /// All that stand in a text, in order of their ends; they may overlap.
    pub fn find(&self, text: &Text) -> Vec<Found<C>> {
        let mut out = Vec::new();
        let joined = text.signs().any(Signs::of(b"'"));
        for (index, word) in text.words.iter().enumerate() {
            if !joined {
                self.find_at(text, word.start as usize, text.word(index), word.hash, &mut out);
                continue;
            }
            let mut start = word.start as usize;
            for segment in text.word(index).split('\'') {
                self.find_at(text, start, segment, word_hash(segment), &mut out);
                start += segment.len() + 1;
            }
        }
        for (machine, _) in self.signed.iter().filter(|(_, signs)| signs.any(text.signs())) {
            for found in machine.find_overlapping_iter(&text.folded) {
                let number = self.signed_phrases[found.pattern().as_usize()];
                self.put(text, found.start(), number, &mut out);
            }
        }
        out.sort_unstable_by_key(|found| (found.end, found.start));
        out
    }

    /// Adds those that begin at a place, with a word up to an apostrophe of this hash.
    #[inline]
    fn find_at(&self, text: &Text, start: usize, word: &str, hash: u64, out: &mut Vec<Found<C>>) {
        self.put_list(text, start, self.by_word.get(hash), out);
        for (length, table) in self.by_stem.iter().filter(|(length, _)| *length <= word.len()) {
            self.put_list(text, start, table.get(stem_key(word.as_bytes(), *length)), out);
        }
    }

    /// Adds those of a list that do stand at a place; 0 is no list, and most words have none.
    #[inline]
    fn put_list(&self, text: &Text, start: usize, list: u64, out: &mut Vec<Found<C>>) {
        let Some(list) = list.checked_sub(1).and_then(|at| self.lists.get(at as usize)) else { return };
        for number in list {
            self.put(text, start, *number, out);
        }
    }

    /// Adds a phrase that may stand at a place, if it does.
    fn put(&self, text: &Text, start: usize, number: u32, out: &mut Vec<Found<C>>) {
        let phrase = &self.phrases[number as usize];
        let end = start + phrase.text.len();
        let until = if phrase.closed { end } else { text.folded.len() };
        if text.folded.as_bytes()[start..].starts_with(phrase.text.as_bytes()) && text.is_apart(start, until)
        {
            out.push(Found { class: phrase.class, start, end });
        }
    }
}

/// A word up to an apostrophe: phrases may end there.
fn segment(word: &str) -> &str {
    word.split('\'').next().unwrap_or(word)
}

fn stem_key(word: &[u8], length: usize) -> u64 {
    let bytes = word[..length].iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    bytes.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(24)
}

/// Lists of phrases by the key that leads to them.
#[derive(Debug, Default)]
struct Groups(std::collections::BTreeMap<u64, u64>);

impl Groups {
    fn add(&mut self, key: u64, number: u32, lists: &mut Vec<Vec<u32>>) {
        let list = *self.0.entry(key).or_insert_with(|| {
            lists.push(Vec::new());
            lists.len() as u64
        });
        lists[list as usize - 1].push(number);
    }

    fn table(self) -> Table {
        Table::of(self.0.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each place of the text, for each phrase.
    fn naive(phrases: &[String], text: &Text) -> Vec<Found<usize>> {
        let mut out = Vec::new();
        for (class, phrase) in phrases.iter().enumerate() {
            let open = phrase.strip_suffix('*');
            let folded = Text::new(open.unwrap_or(phrase)).folded;
            if folded.is_empty() {
                continue;
            }
            let bytes = text.folded.as_bytes();
            for start in 0..bytes.len() {
                let end = start + folded.len();
                let until = if open.is_some() { bytes.len() } else { end };
                if bytes[start..].starts_with(folded.as_bytes()) && text.is_apart(start, until) {
                    out.push(Found { class, start, end });
                }
            }
        }
        out.sort_unstable_by_key(|found| (found.end, found.start, found.class));
        out
    }

    proptest! {
        #[test]
        fn phrases_are_found_wherever_they_stand(
            phrases in proptest::collection::vec("[ab'* (.é]{1,3}[ab' ]{0,2}[a*]?", 1..6),
            text in "[ab' (.é*-]{0,24}",
        ) {
            let text = Text::new(&text);
            let set = Phrases::new(phrases.iter().map(String::as_str).enumerate());
            let mut found = set.find(&text);
            found.sort_unstable_by_key(|found| (found.end, found.start, found.class));
            prop_assert_eq!(found, naive(&phrases, &text));
        }
    }
}
