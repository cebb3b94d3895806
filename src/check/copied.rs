//! Texts that copy from the rows that prompts show.

use std::sync::OnceLock;

use rayon::prelude::*;

use super::text::{Text, mix};
use crate::config::resolved::Exemplars;
use crate::model::Hashes;

/// The runs of words of all rows that may be shown, one word longer than a text may share.
#[derive(Debug)]
pub struct Copied {
    texts: Vec<String>,
    /// Words of a run that is too long.
    run: usize,
    /// Made when the first text is held against it: where all verdicts are known, none is.
    runs: OnceLock<Hashes<u64>>,
}

impl Copied {
    pub fn new(exemplars: &Exemplars) -> Self {
        let texts = exemplars.texts.iter().map(|row| row.text.clone()).collect();
        Self { texts, run: exemplars.copy + 1, runs: OnceLock::new() }
    }

    /// The words of the first run in a text that is too long to be no copy.
    pub fn found(&self, text: &Text) -> Option<usize> {
        if text.words.len() < self.run {
            return None;
        }
        let of_row = |row: &String| self.hashes(&Text::new(row)).collect::<Vec<_>>();
        let runs = self.runs.get_or_init(|| self.texts.par_iter().flat_map_iter(of_row).collect());
        let first = self.hashes(text).position(|hash| runs.contains(&hash))?;
        let more = self.hashes(text).skip(first).take_while(|hash| runs.contains(hash)).count();
        Some(self.run - 1 + more)
    }

    fn hashes<'t>(&self, text: &'t Text) -> impl Iterator<Item = u64> + 't {
        text.words.windows(self.run).map(|words| words.iter().fold(0, |hash, word| mix(hash, word.hash)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_longer_than_allowed_is_a_copy_however_it_is_typed() {
        let row = "We sat on the wet stairs, waiting for the last bus home.".to_owned();
        let copied = Copied { texts: vec![row], run: 8, runs: OnceLock::new() };
        let found = |text: &str| copied.found(&Text::new(text));
        assert_eq!(found("they sat on the wet stairs waiting for nothing"), None, "seven words");
        assert_eq!(found("They sat on the WET stairs; waiting for the dog"), Some(8));
        assert_eq!(found("ha: we sat on the wet stairs waiting for the last bus home"), Some(12));
        assert_eq!(found("the last bus home"), None);
    }
}
