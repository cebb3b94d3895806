//! What was judged before, as a cache beside the store.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use super::sequence::{Head, Sequence};
use crate::check::Candidate;
use crate::dataset::Recipe;
use crate::model::Fingerprint;

/// The verdicts of one config's rules.
#[derive(Debug)]
pub struct Verdicts(Sequence);

/// Verdicts that were found, and where.
#[derive(Debug)]
pub struct Found {
    pub verdicts: Arc<[Candidate]>,
    place: Range<u64>,
}

impl Found {
    pub fn place(&self) -> Range<u64> {
        self.place.clone()
    }
}

impl Verdicts {
    pub fn new(sequence: Sequence) -> Self {
        Self(sequence)
    }

    /// What is known of an answer.
    pub fn find(&mut self, fingerprint: &Fingerprint) -> Option<Found> {
        let read = |mut bytes: &[u8]| {
            let mut verdicts = Vec::new();
            while !bytes.is_empty() {
                verdicts.push(Candidate::unpack(&mut bytes)?);
            }
            Some(verdicts.into())
        };
        let (verdicts, place) = self.0.find(fingerprint, read)?;
        Some(Found { verdicts, place })
    }

    /// Leaves the verdicts on an answer for the next evaluation; `place` is where they were found.
    pub fn keep(&mut self, fingerprint: &Fingerprint, answer: &[Candidate], place: Option<Range<u64>>) {
        let write = |out: &mut Vec<u8>| answer.iter().for_each(|candidate| candidate.pack(out));
        self.0.keep(fingerprint, write, place);
    }

    pub fn finish(self) {
        self.0.finish();
    }
}

/// A hash of all that a verdict on an answer follows from, and of what tells that the store still has
/// the answer.
pub fn head(recipe: &Recipe, generation: &[u8]) -> Head {
    let config = &recipe.config;
    let mut rules = serde_json::to_value(config).unwrap_or_default();
    if let Value::Object(rules) = &mut rules {
        // What only decides what is asked, how much is wanted, or what becomes of a text later.
        for key in ["name", "endpoints", "samples", "output", "curation"] {
            rules.remove(key);
        }
        // Judges, embeddings and second looks come after these verdicts.
        for (section, key) in [("checks", "judges"), ("dedup", "semantic"), ("anonymize", "second_look")] {
            if let Some(Value::Object(section)) = rules.get_mut(section) {
                section.remove(key);
            }
        }
        rules.insert("waits".into(), json!(recipe.judge.looks_again()));
        rules.insert("sampling".into(), json!(config.sampling.max_tokens));
    }
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(program().as_bytes());
    add(generation);
    add(rules.to_string().as_bytes());
    // Texts are held against what the templates say.
    for (name, text) in recipe.prompts.files_used() {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    let secret = config.anonymize.key_env.as_ref().and_then(|variable| std::env::var(variable).ok());
    add(secret.unwrap_or_default().as_bytes());
    *hasher.finalize().as_bytes()
}

/// What tells one build of this program from another.
fn program() -> String {
    let meta = std::env::current_exe().and_then(std::fs::metadata);
    let of = |meta: std::fs::Metadata| (meta.len(), meta.modified().ok());
    format!("{} {:?}", env!("CARGO_PKG_VERSION"), meta.map(of).ok())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::check::{Mends, Passed, Reason};
    use crate::dedup::TextKey;

    const HEAD: usize = 32;

    fn open(path: &Path, head: Head) -> Verdicts {
        Verdicts::new(Sequence::open(path.to_owned(), head, true))
    }

    fn fingerprint(number: u16) -> Fingerprint {
        Fingerprint(*blake3::hash(&number.to_le_bytes()).as_bytes())
    }

    /// One that tells its number.
    fn verdicts(number: u16) -> Vec<Candidate> {
        let key = TextKey::of(&number.to_string());
        let passed = Passed {
            key,
            bag: None,
            named: number.into(),
            fields: None,
            spans: Box::default(),
            doubtful: None,
        };
        let outcome =
            if number.is_multiple_of(3) { Err(Reason::Words { found: number.into() }) } else { Ok(passed) };
        vec![Candidate {
            choice: 0,
            item: number.into(),
            text: String::new(),
            mended: Mends::default(),
            outcome,
        }]
    }

    /// Evaluates these answers in this order, and says how many were found.
    fn pass(path: &Path, head: Head, numbers: &[u16]) -> usize {
        let mut file = open(path, head);
        let mut found = 0;
        // In blocks, as they are looked up.
        for block in numbers.chunks(7) {
            let places: Vec<_> = block
                .iter()
                .map(|number| {
                    let known = file.find(&fingerprint(*number))?;
                    assert_eq!(&known.verdicts[..], verdicts(*number));
                    found += 1;
                    Some(known.place())
                })
                .collect();
            for (number, place) in block.iter().zip(places) {
                file.keep(&fingerprint(*number), &verdicts(*number), place);
            }
        }
        file.finish();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Whatever came, went or moved between two evaluations, what is found is what was kept, and
        /// the third finds all.
        #[test]
        fn what_is_found_is_what_was_kept(
            first in prop::collection::hash_set(0..400u16, 0..80),
            drops in prop::collection::hash_set(0..400u16, 0..80),
            news in prop::collection::hash_set(400..800u16, 0..40),
            moved in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("cache/x.verdicts");
            let mut first: Vec<u16> = first.into_iter().collect();
            pass(&path, [7; HEAD], &first);
            let before = first.clone();
            first.retain(|number| !drops.contains(number));
            let kept = first.len();
            first.extend(news);
            first.sort_unstable_by_key(|number| number.wrapping_mul(40_503));
            if !moved {
                // In the order of before, with new ones between.
                first.sort_by_key(|number| before.iter().position(|old| old == number).unwrap_or(40));
            }
            prop_assert_eq!(pass(&path, [7; HEAD], &first), kept);
            prop_assert_eq!(pass(&path, [7; HEAD], &first), first.len());
            // By other rules nothing of it holds.
            prop_assert_eq!(pass(&path, [8; HEAD], &first), 0);
        }

        /// A file that is cut or damaged anywhere says nothing wrong.
        #[test]
        fn a_damaged_file_says_nothing_wrong(at in 0..3000usize, byte in any::<u8>(), cut in any::<bool>()) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.verdicts");
            let numbers: Vec<u16> = (0..40).collect();
            pass(&path, [7; HEAD], &numbers);
            let mut bytes = std::fs::read(&path).unwrap();
            let at = at % bytes.len();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= byte;
            }
            std::fs::write(&path, bytes).unwrap();
            pass(&path, [7; HEAD], &numbers);
            prop_assert_eq!(pass(&path, [7; HEAD], &numbers), 40);
        }
    }

    #[test]
    fn what_is_as_before_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.verdicts");
        pass(&path, [7; HEAD], &[1, 2, 3, 4]);
        let written = std::fs::metadata(&path).unwrap().modified().unwrap();
        pass(&path, [7; HEAD], &[1, 2, 3, 4]);
        assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
        assert!(!folder.path().join("x.verdicts.new").exists());
    }

    #[test]
    fn most_of_a_large_file_is_found_though_cells_were_added_and_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.verdicts");
        let before: Vec<u16> = (0..30_000).filter(|number| number % 3 != 0).collect();
        pass(&path, [7; HEAD], &before);
        let now: Vec<u16> = (0..30_000).filter(|number| number % 5 != 0).collect();
        let both = now.iter().filter(|number| *number % 3 != 0).count();
        assert_eq!(pass(&path, [7; HEAD], &now), both);
    }
}
