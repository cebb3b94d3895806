//! Whether answers depend on who a text is about.

mod people;

use std::collections::{BTreeSet, HashSet};

use serde::Serialize;

use super::bootstrap::{self, Interval};
use super::score::{count, micro_f1};
use crate::labels::{LabelSet, Probabilities};
use people::{MENTIONS, PEOPLE, SENTENCES};

/// Every sentence with every person, in the order that `swaps` expects.
pub fn sentences() -> Vec<String> {
    let with = |sentence: &str, person: &str| match sentence.strip_prefix("{p}") {
        Some(rest) => {
            let (first, others) = person.split_at(1);
            format!("{}{others}{rest}", first.to_uppercase())
        }
        None => sentence.replace("{p}", person),
    };
    let of = |sentence: &'static str| {
        let people = PEOPLE.iter().flat_map(|alike| alike.people);
        people.map(move |person| with(sentence, person))
    };
    SENTENCES.iter().flat_map(|sentence| of(sentence)).collect()
}

/// What swapping people of one attribute does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swap {
    pub attribute: &'static str,
    /// Pairs of sentences that differ in the person alone.
    pub pairs: u64,
    /// The part of them whose labels differ.
    pub flip_rate: f64,
    /// The mean, over pairs and labels, of the absolute difference in probability.
    pub mean_change: f64,
    /// The pair with the largest difference in one label's probability.
    pub largest: Largest,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Largest {
    pub texts: [String; 2],
    pub label: usize,
    pub probabilities: [f64; 2],
}

impl Largest {
    fn change(&self) -> f64 {
        (self.probabilities[0] - self.probabilities[1]).abs()
    }
}

/// What swaps did, for the answers to `sentences()`.
pub fn swaps(probabilities: &Probabilities, given: &[LabelSet]) -> Vec<Swap> {
    let texts = sentences();
    let people: usize = PEOPLE.iter().map(|alike| alike.people.len()).sum();
    let mut out: Vec<Swap> = Vec::new();
    let mut first = 0;
    for alike in PEOPLE {
        let new = Swap {
            attribute: alike.attribute,
            pairs: 0,
            flip_rate: 0.0,
            mean_change: 0.0,
            largest: Largest::default(),
        };
        if out.last().is_none_or(|swap| swap.attribute != alike.attribute) {
            out.push(new);
        }
        let Some(swap) = out.last_mut() else { continue };
        for sentence in 0..SENTENCES.len() {
            for one in 0..alike.people.len() {
                for other in one + 1..alike.people.len() {
                    let pair = [one, other].map(|person| sentence * people + first + person);
                    swap.pairs += 1;
                    let differ = differ(pair, given, Some(probabilities));
                    swap.flip_rate += f64::from(u8::from(differ.flipped));
                    swap.mean_change += differ.change.unwrap_or(0.0);
                    widen(pair, probabilities, &texts, &mut swap.largest);
                }
            }
        }
        first += alike.people.len();
    }
    for swap in &mut out {
        swap.flip_rate /= swap.pairs as f64;
        swap.mean_change /= swap.pairs as f64;
    }
    out
}

/// In what a model's answers to two texts differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Differ {
    /// Whether their labels do.
    pub flipped: bool,
    /// The mean, over labels, of the absolute difference in probability, where these are told.
    pub change: Option<f64>,
}

/// Compares the answers to a pair of texts, by their numbers.
pub fn differ(pair: [usize; 2], given: &[LabelSet], probabilities: Option<&Probabilities>) -> Differ {
    let change = probabilities.map(|probabilities| {
        let [one, other] = pair.map(|text| probabilities.row(text));
        let sum: f64 = one.iter().zip(other).map(|(one, other)| f64::from((one - other).abs())).sum();
        sum / one.len() as f64
    });
    Differ { flipped: given[pair[0]] != given[pair[1]], change }
}

/// Keeps the largest change of one label's probability.
fn widen(pair: [usize; 2], probabilities: &Probabilities, texts: &[String], largest: &mut Largest) {
    let rows = pair.map(|text| probabilities.row(text));
    for (label, (one, other)) in rows[0].iter().zip(rows[1]).enumerate() {
        if f64::from((one - other).abs()) > largest.change() {
            *largest = Largest {
                texts: pair.map(|text| texts[text].clone()),
                label,
                probabilities: [f64::from(*one), f64::from(*other)],
            };
        }
    }
}

/// How well texts are answered that speak of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    pub attribute: &'static str,
    pub group: &'static str,
    pub n: u64,
    pub micro_f1: f64,
}

/// The largest difference between two groups of one attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    pub attribute: &'static str,
    /// The better answered one first.
    pub groups: [&'static str; 2],
    pub gap: f64,
    pub interval: Interval,
}

/// Groups of fewer texts are shown, and compared with none.
pub const ENOUGH: usize = 50;

/// The groups that texts speak of, and the largest gap within each attribute.
///
/// A text that names several groups of one attribute counts for none of them.
pub fn groups<T: AsRef<str>>(
    labels: usize,
    texts: &[T],
    gold: &[LabelSet],
    given: &[LabelSet],
    seed: u64,
) -> (Vec<Group>, Vec<Gap>) {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); MENTIONS.len()];
    for (text, content) in texts.iter().enumerate() {
        let named = named(content.as_ref());
        for group in &named {
            let of_it = MENTIONS[*group].attribute;
            if named.iter().filter(|other| MENTIONS[**other].attribute == of_it).count() == 1 {
                members[*group].push(text);
            }
        }
    }
    let score = |group: usize| micro_f1(&count(labels, gold, given, members[group].iter().copied()));
    let mut groups = Vec::new();
    let mut gaps: Vec<Gap> = Vec::new();
    for (group, mention) in MENTIONS.iter().enumerate().filter(|(group, _)| !members[*group].is_empty()) {
        let attribute = mention.attribute;
        let n = members[group].len();
        groups.push(Group { attribute, group: mention.group, n: n as u64, micro_f1: score(group) });
        let before = (0..group).filter(|other| MENTIONS[*other].attribute == attribute);
        for other in before.filter(|other| n.min(members[*other].len()) >= ENOUGH) {
            let (better, worse) = if score(group) > score(other) { (group, other) } else { (other, group) };
            let gap = score(better) - score(worse);
            let last = gaps.iter().position(|known| known.attribute == attribute);
            if last.is_some_and(|last| gaps[last].gap >= gap) {
                continue;
            }
            gaps.retain(|known| known.attribute != attribute);
            let parts = [&members[better][..], &members[worse][..]];
            let interval = bootstrap::gap(labels, gold, given, parts, seed);
            let names = [MENTIONS[better].group, MENTIONS[worse].group];
            gaps.push(Gap { attribute, groups: names, gap, interval });
        }
    }
    (groups, gaps)
}

/// The groups whose words stand in a text.
fn named(text: &str) -> BTreeSet<usize> {
    let lower = text.to_lowercase();
    let words: HashSet<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |group: &usize| MENTIONS[*group].words.iter().any(|word| words.contains(word));
    (0..MENTIONS.len()).filter(has).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital_and_are_all_different() {
        let all = sentences();
        assert!(all.iter().all(|text| text.starts_with(char::is_uppercase) && !text.contains("{p}")));
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        assert_eq!(all[0], "My sister just made my whole week.");
    }

    #[test]
    fn who_it_is_matters_only_where_answers_say_so() {
        let texts = sentences();
        let even = Probabilities::new(2, texts.iter().flat_map(|_| [0.25, 0.5]).collect());
        let given = vec![LabelSet::one(0); texts.len()];
        let found = swaps(&even, &given);
        assert!(found.iter().all(|swap| swap.flip_rate == 0.0 && swap.mean_change == 0.0));
        let gender = &found[0];
        assert_eq!((gender.attribute, gender.pairs), ("gender", 8 * SENTENCES.len() as u64));
        // A model that hears only brothers: one pair of eight differs, by .4 in one of two labels.
        let brother = |text: &String| text.to_lowercase().contains("my brother");
        let given = texts.iter().map(|text| LabelSet::one(usize::from(brother(text)))).collect::<Vec<_>>();
        let values = texts.iter().flat_map(|text| [if brother(text) { 0.9 } else { 0.5 }, 0.5]).collect();
        let found = swaps(&Probabilities::new(2, values), &given);
        assert!((found[0].flip_rate - 0.125).abs() < 1e-9, "{found:?}");
        assert!((found[0].mean_change - 0.4 / 2.0 / 8.0).abs() < 1e-6);
        assert!(found[0].largest.texts[1].contains("rother") && found[0].largest.label == 0);
        assert!(found[1..].iter().all(|swap| swap.flip_rate == 0.0));
    }

    #[test]
    fn groups_are_found_by_whole_words_and_compared_where_there_are_enough() {
        let mut texts = Vec::new();
        let mut gold = Vec::new();
        let mut given = Vec::new();
        for n in 0..60 {
            texts.push(format!("She said so {n}"));
            given.push(LabelSet::one(0));
            texts.push(format!("HE said so {n}"));
            given.push(LabelSet::one(usize::from(n % 2 == 0)));
            gold.extend([LabelSet::one(0); 2]);
        }
        for text in ["the theme of the hero", "she told him", "the elderly"] {
            texts.push(text.to_owned());
            gold.push(LabelSet::one(0));
            given.push(LabelSet::one(0));
        }
        let (groups, gaps) = groups(2, &texts, &gold, &given, 1);
        let n: Vec<_> = groups.iter().map(|group| (group.group, group.n)).collect();
        assert_eq!(n, [("women", 60), ("men", 60), ("old", 1)]);
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].groups, ["women", "men"]);
        assert!((gaps[0].gap - 0.5).abs() < 1e-9);
        assert!(gaps[0].interval.low > 0.3 && gaps[0].interval.high < 0.7, "{gaps:?}");
    }
}
