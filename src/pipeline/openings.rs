//! How texts open: the first three words, and how many share them.

use std::collections::hash_map::{Entry, HashMap};

use crate::report::morning::{Opening, opening};

/// Openings that are shown.
const SHOWN: usize = 5;

/// Openings are counted over so many texts: any head of a dataset is balanced.
const MOST: usize = 10_000;

/// Counts how the first texts open.
#[derive(Debug, Default)]
pub struct Openings {
    texts: usize,
    /// By hash of the opening. Its words are only kept once a second text opens alike: most never
    /// meet one.
    seen: HashMap<u64, Option<(u64, String)>>,
}

impl Openings {
    pub fn take(&mut self, text: &str) {
        if self.texts == MOST {
            return;
        }
        self.texts += 1;
        let Some(hash) = opening_hash(text) else { return };
        match self.seen.entry(hash) {
            Entry::Vacant(place) => {
                place.insert(None);
            }
            Entry::Occupied(mut place) => match place.get_mut() {
                Some((rows, _)) => *rows += 1,
                first => *first = opening(text).map(|words| (2, words)),
            },
        }
    }

    /// The openings that most texts share, with their share of all.
    pub fn finish(self) -> Vec<Opening> {
        let mut often: Vec<(u64, String)> = self.seen.into_values().flatten().collect();
        often.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let share = |rows: u64| (rows as f64 / self.texts.max(1) as f64 * 10_000.0).round() / 10_000.0;
        let shown = often.into_iter().take(SHOWN);
        shown.map(|(rows, words)| Opening { words, rows, share: share(rows) }).collect()
    }
}

/// A hash of what `opening` gives, without making it.
pub fn opening_hash(text: &str) -> Option<u64> {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut mix =
        |byte: u32| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
    let mut words = 0;
    for word in text.split_whitespace() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_empty() {
            continue;
        }
        match word.is_ascii() {
            true => word.bytes().for_each(|byte| mix(byte.to_ascii_lowercase().into())),
            false => word.to_lowercase().chars().for_each(|c| mix(c.into())),
        }
        mix(' '.into());
        words += 1;
        if words == 3 {
            return Some(hash);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn openings_are_counted_and_ordered() {
        let texts =
            ["I can't even.", "“i CAN'T even”", "so it goes", "So, it goes on", "I can't EVEN now", "no"];
        let mut found = Openings::default();
        texts.iter().for_each(|text| found.take(text));
        let found = found.finish();
        let found: Vec<_> =
            found.iter().map(|found| (found.words.as_str(), found.rows, found.share)).collect();
        assert_eq!(found, [("i can't even", 3, 0.5), ("so it goes", 2, 0.3333)]);
    }

    proptest! {
        #[test]
        fn two_texts_hash_alike_if_they_open_alike(a in "[aAbBÉé!’ ]{0,12}", b in "[aAbBÉé!’ ]{0,12}") {
            prop_assert_eq!(opening(&a) == opening(&b), opening_hash(&a) == opening_hash(&b));
            prop_assert_eq!(opening(&a).is_some(), opening_hash(&a).is_some());
        }
    }
}
