//! Texts that say the prompt over.

use super::text::Text;
use crate::model::Hashes;

/// Words that are compared at once.
const RUN: usize = 5;

/// The runs of words of all that a model is told.
#[derive(Debug, Default)]
pub struct Echo {
    runs: Hashes<u64>,
    longest: usize,
}

impl Echo {
    /// Runs of `longest` words or more are one too many.
    pub fn new(longest: usize) -> Self {
        Self { runs: Hashes::default(), longest: longest.max(RUN) }
    }

    /// Takes in a prompt, or a part of one.
    pub fn learn(&mut self, prompt: &str) {
        let prompt = Text::new(prompt);
        self.runs.extend(hashes(&prompt));
    }

    /// How many words a text has from a prompt, where they are too many in a row or most of the text.
    pub fn heard(&self, text: &Text) -> Option<usize> {
        if self.runs.is_empty() {
            return None;
        }
        let (mut run, mut covered) = (0, 0);
        for hash in hashes(text) {
            if !self.runs.contains(&hash) {
                run = 0;
                continue;
            }
            covered += if run == 0 { RUN } else { 1 };
            run = if run == 0 { RUN } else { run + 1 };
            if run >= self.longest {
                return Some(run);
            }
        }
        // Of overlapping runs each word counts once, of others perhaps twice: no matter for a share.
        (covered > 0 && 10 * covered >= 7 * text.words.len()).then_some(covered.min(text.words.len()))
    }
}

/// A hash of each run of words, which rolls on from that of the run before: what is turned so far that it is the
/// hash of the word that falls out is taken out of it.
fn hashes(text: &Text) -> impl Iterator<Item = u64> {
    const TURN: u32 = 11;
    let words = &text.words;
    let mut rolling = 0u64;
    words.iter().enumerate().filter_map(move |(at, word)| {
        let out = at.checked_sub(RUN).map_or(0, |gone| words[gone].hash.rotate_left(TURN * (RUN as u32 - 1)));
        rolling = (rolling ^ out).rotate_left(TURN) ^ word.hash;
        (at + 1 >= RUN).then_some(rolling)
    })
}
