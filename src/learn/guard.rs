//! No row of a test part reaches training.

use std::collections::HashSet;

use clap::ValueEnum;

use super::{Labelled, LearnError};
use crate::dedup::TextKey;

/// What is done with training rows whose text also stands in the test part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Overlap {
    /// Leave them out, and say how many
    Drop,
    /// Train nothing
    Refuse,
}

/// The texts of a test part: equal but for case, blanks and Unicode's spelling is equal.
#[derive(Debug, Default)]
pub struct Guard {
    keys: HashSet<TextKey>,
}

impl Guard {
    pub fn of(test: &Labelled) -> Self {
        Self { keys: test.texts.iter().map(|text| TextKey::of(text)).collect() }
    }

    /// Whether a text may be trained on.
    pub fn lets_through(&self, text: &str) -> bool {
        !self.keys.contains(&TextKey::of(text))
    }

    /// Takes out of `rows` what stands in the test part; says how many.
    ///
    /// # Errors
    /// With `Overlap::Refuse`, if there is any.
    pub fn keep_out(&self, rows: &mut Labelled, overlap: Overlap) -> Result<u64, LearnError> {
        let dropped = rows.retain(|text| self.lets_through(text));
        match overlap {
            Overlap::Refuse if dropped > 0 => Err(LearnError::Overlap(dropped)),
            _ if rows.texts.is_empty() => Err(LearnError::AllDropped),
            _ => Ok(dropped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::LabelSet;

    fn rows(texts: &[&str]) -> Labelled {
        Labelled {
            labels: vec!["a".into()],
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            gold: (0..texts.len()).map(LabelSet::one).collect(),
            unlabelled: 0,
        }
    }

    #[test]
    fn what_stands_in_the_test_part_is_left_out() {
        let guard = Guard::of(&rows(&["So  good", "été", "ﬁne"]));
        let all = ["so good", "not so good", "E\u{301}TE\u{301}", "Fine", " SO\u{a0}GOOD\n", "bad"];
        let mut train = rows(&all);
        assert_eq!(guard.keep_out(&mut train, Overlap::Drop).unwrap(), 4);
        assert_eq!(train.texts, ["not so good", "bad"]);
        assert_eq!(train.gold, [LabelSet::one(1), LabelSet::one(5)], "labels stay with their texts");
        assert!(matches!(guard.keep_out(&mut rows(&all), Overlap::Refuse), Err(LearnError::Overlap(4))));
        assert!(guard.keep_out(&mut train, Overlap::Refuse).is_ok());
        assert!(matches!(
            guard.keep_out(&mut rows(&["SO GOOD"]), Overlap::Drop),
            Err(LearnError::AllDropped)
        ));
    }
}
