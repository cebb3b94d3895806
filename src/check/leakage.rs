//! Texts that name their own label.
//!
//! People do so too: in GoEmotions' train split 68 % of the rows of "love" say it. So naming is limited
//! to what they do, and never forbidden.

use super::text::{Text, word_hash};
use crate::labels;
use crate::model::Hashes;

/// The forms of a label's name.
#[derive(Debug, Clone, Default)]
pub struct Forms {
    hashes: Hashes<u64>,
}

impl Forms {
    /// Of a value's name ([`labels::forms`]).
    pub fn of(name: &str) -> Self {
        Self { hashes: labels::forms(name).iter().map(|form| word_hash(form)).collect() }
    }

    /// Whether a text has one of them.
    pub fn stand_in(&self, text: &Text) -> bool {
        text.words.iter().any(|word| self.hashes.contains(&word.hash))
    }
}

/// How many rows of a label may name it, in order of acceptance.
///
/// A row is let in while of the label's rows, with it, at most the share allowed name it, rounded up:
/// so a first one always may (unless the share is 0), and of any head of the dataset at most one more
/// than the share. What is decided of a row depends on those before it alone, so wanting more rows
/// only appends.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// By label axis and value: its name, and the share in millionths.
    pub axes: Vec<Vec<(String, u64)>>,
}

/// Rows of each label so far, and how many of them name it.
#[derive(Debug, Default)]
pub struct Counted {
    axes: Vec<Vec<(u64, u64)>>,
}

impl Allowance {
    /// The first label of a cell that one more row may not name. `values` are the cell's on the label
    /// axes, and `named` has a bit for each of these.
    pub fn refuses(&self, counted: &Counted, values: &[usize], named: u32) -> Option<&str> {
        values.iter().enumerate().filter(|(axis, _)| named & (1 << axis) != 0).find_map(|(axis, value)| {
            let counted = counted.axes.get(axis).and_then(|values| values.get(*value));
            let (rows, names) = counted.copied().unwrap_or_default();
            let (name, share) = &self.axes[axis][*value];
            let most = (share * (rows + 1)).div_ceil(1_000_000);
            (names + 1 > most).then_some(name.as_str())
        })
    }

    /// Takes an accepted row into account.
    pub fn count(&self, counted: &mut Counted, values: &[usize], named: u32) {
        counted.axes.resize(self.axes.len(), Vec::new());
        for (axis, value) in values.iter().enumerate() {
            let of_axis = &mut counted.axes[axis];
            of_axis.resize(self.axes[axis].len(), (0, 0));
            let (rows, names) = &mut of_axis[*value];
            *rows += 1;
            *names += u64::from(named >> axis & 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_is_named_by_its_forms() {
        for (label, texts, others) in [
            ("joy", &["such joy", "Joyful!", "joyous day"][..], &["enjoy it", "join us", "happy"][..]),
            ("love", &["I loved it", "lovely", "in LOVE"], &["glove", "clover", "live"]),
            ("anger", &["so angry", "angrily"], &["hunger", "danger"]),
            ("caring", &["I care", "careful now", "caring"], &["my car", "cards", "scare"]),
            ("surprise", &["surprised me", "surprising"], &["prize"]),
            ("self_doubt", &["full of doubt", "doubting"], &["double"]),
            ("pride", &["proud of you", "pride"], &["price"]),
            ("sadness", &["sad", "sadly", "saddest"], &["sand", "saddle"]),
        ] {
            let forms = Forms::of(label);
            for text in texts {
                assert!(forms.stand_in(&Text::new(text)), "{label}: {text}");
            }
            for text in others {
                assert!(!forms.stand_in(&Text::new(text)), "{label}: {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_head_has_more_than_the_share_and_one(
            share in 0u64..=1_000_000,
            candidates in proptest::collection::vec(any::<bool>(), 0..200),
        ) {
            let allowance = Allowance { axes: vec![vec![("joy".into(), share)]] };
            let mut counted = Counted::default();
            let (mut rows, mut names) = (0u64, 0u64);
            for named in candidates {
                if allowance.refuses(&counted, &[0], u32::from(named)).is_some() {
                    continue;
                }
                allowance.count(&mut counted, &[0], u32::from(named));
                rows += 1;
                names += u64::from(named);
                prop_assert!(1_000_000 * names < share * rows + 1_000_000);
                prop_assert!(share > 0 || names == 0);
            }
        }
    }
}
