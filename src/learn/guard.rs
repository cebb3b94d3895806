//! What is done with rows for training that stand in the test part.

use clap::ValueEnum;

use super::{Labelled, LearnError};
use crate::guard::Gate;

/// What is done with training rows whose text also stands in the test part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Overlap {
    /// Leave them out, and say how many
    Drop,
    /// Train nothing
    Refuse,
}

/// Takes out of `rows` what the gate holds; says how many that are, with those that were held when they were
/// read.
///
/// # Errors
/// With `Overlap::Refuse`, if there is any; and where nothing is left.
pub fn keep_out(rows: &mut Labelled, gate: &mut Gate<'_>, overlap: Overlap) -> Result<u64, LearnError> {
    let dropped = rows.held + rows.retain(|text| gate.admit(text).is_some());
    match overlap {
        Overlap::Refuse if dropped > 0 => Err(LearnError::Overlap(dropped)),
        _ if rows.texts.is_empty() => Err(LearnError::AllDropped),
        _ => Ok(dropped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{Guard, Purpose};
    use crate::labels::LabelSet;

    fn rows(texts: &[&str]) -> Labelled {
        Labelled {
            labels: vec!["a".into()],
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            gold: (0..texts.len()).map(LabelSet::one).collect(),
            pairs: vec![None; texts.len()],
            unlabelled: 0,
            held: 0,
        }
    }

    #[test]
    fn what_stands_in_the_test_part_is_left_out() {
        let guard = Guard::default().also("the test part", ["So  good", "été", "ﬁne"]);
        let keep_out =
            |rows: &mut Labelled, overlap| super::keep_out(rows, &mut guard.gate(Purpose::Training), overlap);
        let all = ["so good", "not so good", "E\u{301}TE\u{301}", "Fine", " SO\u{a0}GOOD\n", "bad"];
        let mut train = rows(&all);
        assert_eq!(keep_out(&mut train, Overlap::Drop).unwrap(), 4);
        assert_eq!(train.texts, ["not so good", "bad"]);
        assert_eq!(train.gold, [LabelSet::one(1), LabelSet::one(5)], "labels stay with their texts");
        assert!(matches!(keep_out(&mut rows(&all), Overlap::Refuse), Err(LearnError::Overlap(4))));
        assert!(keep_out(&mut train, Overlap::Refuse).is_ok());
        assert!(matches!(keep_out(&mut rows(&["SO GOOD"]), Overlap::Drop), Err(LearnError::AllDropped)));
        let mut some = Labelled { held: 2, ..rows(&["bad"]) };
        assert_eq!(keep_out(&mut some, Overlap::Drop).unwrap(), 2, "those held when they were read count");
        assert!(matches!(keep_out(&mut some, Overlap::Refuse), Err(LearnError::Overlap(2))));
    }
}
