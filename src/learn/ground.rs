//! The ground that rounds of generated rows are compared on: real rows to train on, a dev part in two halves, and
//! a test part that nothing before the end looks at.

use std::collections::HashSet;

use super::train::answers;
use super::{Answers, Grouping, Labelled, LearnError};
use crate::config::grouping::NoGroup;
use crate::guard::{Guard, Purpose};
use crate::labels::LabelSet;
use crate::mix::{Limits, fill, firsts};
use crate::model::{TextKey, hash64};
use crate::probe::{Probe, Settings};

/// Rows with labels numbered alike.
#[derive(Debug)]
pub struct Ground {
    pub labels: Vec<String>,
    pub map: Grouping,
    pub real: Labelled,
    pub dev: Labelled,
    /// The half of dev on which thresholds are tuned, and from which changes follow.
    pub tune: Labelled,
    /// The half that decides, and that nothing else looks at.
    pub score: Labelled,
    pub test: Option<Labelled>,
    /// Training rows whose text stands in dev or test.
    pub dropped: u64,
    /// What no row may be trained on.
    apart: Guard,
}

impl Ground {
    /// `values` are labels that generated rows may have.
    ///
    /// # Errors
    /// A label without a group, too many labels, and parts of which nothing is left.
    pub fn new(
        map: Grouping,
        real: Labelled,
        dev: Labelled,
        test: Option<Labelled>,
        values: &[String],
    ) -> Result<Self, LearnError> {
        let mut names = map.apply(values)?;
        for part in [&real, &dev].into_iter().chain(&test) {
            names.extend(map.apply(&part.labels)?);
        }
        let labels = map.ordered(names.into_iter());
        if labels.len() > crate::labels::MOST_LABELS {
            return Err(LearnError::TooMany(labels.len()));
        }
        let mut dev = numbered(map, &labels, dev)?;
        let test = test.map(|test| numbered(map, &labels, test)).transpose()?;
        let mut apart = Guard::default();
        if let Some(test) = &test {
            apart = apart.also("the test part", test.texts());
            let mut gate = apart.gate(Purpose::Training);
            dev.held += dev.retain(|text| gate.admit(text).is_some());
        }
        let apart = apart.also("the dev part", dev.texts());
        let mut real = numbered(map, &labels, real)?;
        let mut gate = apart.gate(Purpose::Training);
        let dropped = real.retain(|text| gate.admit(text).is_some());
        if real.texts.is_empty() {
            return Err(LearnError::AllDropped);
        }
        let (tune, score) = halves(&dev);
        if tune.texts.is_empty() || score.texts.is_empty() {
            return Err(LearnError::Usage(
                "the dev part has too few rows to be halved: thresholds are tuned on one half, and gains are \
                 measured on the other"
                    .into(),
            ));
        }
        Ok(Self { labels, map, real, dev, tune, score, test, dropped, apart })
    }

    /// Generated rows with labels numbered as here; what stands in dev, in test, in a real row or in a row before is
    /// left out, and counted.
    ///
    /// # Errors
    /// A label without a group, or one that was not announced.
    pub fn generated(&self, rows: Labelled) -> Result<(Labelled, u64), LearnError> {
        let mut rows = numbered(self.map, &self.labels, rows)?;
        let mut seen: HashSet<TextKey> = self.real.texts.iter().map(|text| TextKey::of(text)).collect();
        let mut gate = self.apart.gate(Purpose::Training);
        let out = rows.retain(|text| gate.admit(text).is_some() && seen.insert(TextKey::of(text)));
        Ok((rows, out))
    }

    /// Which of these texts may not be shown to a model that writes rows: those of dev and test.
    pub fn held<'t>(&self, texts: impl Iterator<Item = &'t str>) -> u64 {
        let mut gate = self.apart.gate(Purpose::Training);
        texts.for_each(|text| {
            gate.admit(text);
        });
        gate.held()
    }

    /// The real rows with as many generated ones as the limits let through, the rare labels first; and how many.
    pub fn mixed(&self, generated: &Labelled, limits: &Limits) -> (Labelled, u64) {
        let taken = fill(&self.real.gold, &generated.gold, &firsts(&generated.pairs), limits);
        let mut all = self.real.clone();
        for row in &taken {
            all.texts.push(generated.texts[*row].clone());
            all.gold.push(generated.gold[*row]);
            all.pairs.push(generated.pairs[*row]);
        }
        (all, taken.len() as u64)
    }

    /// A probe trained on rows, with thresholds tuned on others.
    pub fn probe(&self, rows: &Labelled, tune: &Labelled) -> Probe {
        let labels = self.labels.clone();
        let mut probe = Probe::train(&rows.texts(), &rows.gold, labels, self.map.name(), Settings::default());
        let probabilities = probe.probabilities(&tune.texts);
        probe.tune(&probabilities, &tune.gold);
        probe
    }

    /// What a probe of the rows says of the half that decides, if it is trained on their `draw`-th draw.
    pub fn answers_of_draw(&self, rows: &Labelled, seed: u64, draw: u64) -> Vec<LabelSet> {
        let probe = self.probe(&drawn(rows, seed, draw), &self.tune);
        answers(&probe, &self.score.texts).given
    }

    /// What a probe of all the rows says of the half that its thresholds are tuned on.
    pub fn answers_to_tune(&self, rows: &Labelled) -> (Probe, Answers) {
        let probe = self.probe(rows, &self.tune);
        let answers = answers(&probe, &self.tune.texts);
        (probe, answers)
    }
}

fn numbered(map: Grouping, labels: &[String], part: Labelled) -> Result<Labelled, LearnError> {
    let of = map.apply(&part.labels)?;
    part.renumbered(labels, &of).map_err(|label| NoGroup { label, map: map.name() }.into())
}

/// Rows in two halves, by a hash of each text, or of the pair that it is of: a row more moves no other, and equal texts
/// and pairs stay together.
fn halves(rows: &Labelled) -> (Labelled, Labelled) {
    let first = |text: &str, _: LabelSet, pair: Option<u64>| {
        let hash = match pair {
            None => hash64(&[b"half", &TextKey::of(text).0]),
            Some(pair) => hash64(&[b"half of pairs", &pair.to_le_bytes()]),
        };
        hash & 1 == 0
    };
    let (mut one, mut other) = (rows.clone(), rows.clone());
    one.retain_rows(first);
    other.retain_rows(|text, gold, pair| !first(text, gold, pair));
    (one, other)
}

/// A bootstrap draw of rows: each stands in it as often as a Poisson distribution of mean 1 says for its text, the
/// draw and the seed. So what two sets of rows have in common is drawn alike.
fn drawn(rows: &Labelled, seed: u64, draw: u64) -> Labelled {
    let mut out = Labelled { texts: Vec::new(), gold: Vec::new(), pairs: Vec::new(), ..rows.clone() };
    for ((text, gold), pair) in rows.texts.iter().zip(&rows.gold).zip(&rows.pairs) {
        let key = hash64(&[b"draw", &seed.to_le_bytes(), &draw.to_le_bytes(), text.as_bytes()]);
        for _ in 0..poisson(key as f64 / 2f64.powi(64)) {
            out.texts.push(text.clone());
            out.gold.push(*gold);
            out.pairs.push(*pair);
        }
    }
    // Of a handful of rows nothing may be left.
    if out.texts.is_empty() { rows.clone() } else { out }
}

/// The number that a Poisson distribution of mean 1 has at this part of its whole.
fn poisson(part: f64) -> u32 {
    let (mut share, mut sum, mut number) = ((-1f64).exp(), (-1f64).exp(), 0);
    while part >= sum && number < 20 {
        number += 1;
        share /= f64::from(number);
        sum += share;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: impl IntoIterator<Item = String>) -> Labelled {
        let texts: Vec<String> = texts.into_iter().collect();
        let gold = (0..texts.len()).map(|row| LabelSet::one(row % 2)).collect();
        let pairs = vec![None; texts.len()];
        Labelled {
            labels: ["joy", "anger"].map(str::to_owned).to_vec(),
            texts,
            gold,
            pairs,
            ..Labelled::default()
        }
    }

    fn texts(what: &str, number: usize) -> impl Iterator<Item = String> + use<> {
        let what = what.to_owned();
        (0..number).map(move |n| format!("{what} {n}"))
    }

    #[test]
    fn a_draw_has_about_as_many_rows_and_shares_what_is_common() {
        let (one, more) = (rows(texts("t", 4000)), rows(texts("t", 4000).chain(texts("u", 50))));
        let (a, b) = (drawn(&one, 7, 0), drawn(&more, 7, 0));
        assert!((3800..4200).contains(&a.texts.len()), "{}", a.texts.len());
        let distinct: HashSet<&String> = a.texts.iter().collect();
        assert!((2450..2610).contains(&distinct.len()), "63 % of them: {}", distinct.len());
        assert_eq!(a.texts, b.texts[..a.texts.len()]);
        assert_ne!(a.texts, drawn(&one, 7, 1).texts);
        assert_ne!(a.texts, drawn(&one, 8, 0).texts);
        for (text, gold) in a.texts.iter().zip(&a.gold) {
            let number: usize = text[2..].parse().unwrap();
            assert_eq!(*gold, LabelSet::one(number % 2), "labels stay with their texts");
        }
    }

    #[test]
    fn halves_stand_apart_and_a_row_more_moves_none() {
        let (tune, score) = halves(&rows(texts("t", 1000)));
        assert_eq!(tune.texts.len() + score.texts.len(), 1000);
        assert!((430..570).contains(&tune.texts.len()), "{}", tune.texts.len());
        let (again, _) = halves(&rows(texts("t", 1000).chain(["T  7".to_owned(), "new".to_owned()])));
        assert_eq!(again.texts[..tune.texts.len()], tune.texts);
        assert_eq!(
            again.texts.iter().any(|text| text == "T  7"),
            tune.texts.iter().any(|text| text == "t 7")
        );
    }

    #[test]
    fn a_pair_stays_in_one_half() {
        let mut all = rows(texts("t", 400));
        for (row, pair) in all.pairs.iter_mut().enumerate() {
            *pair = Some(row as u64 / 2);
        }
        let (tune, score) = halves(&all);
        assert!(tune.pairs.iter().all(|pair| !score.pairs.contains(pair)));
        assert!((120..280).contains(&tune.texts.len()), "{}", tune.texts.len());
    }

    #[test]
    fn no_text_of_dev_or_test_is_trained_on() {
        let real = rows(texts("t", 20).chain(["Dev 3".to_owned(), "test 5".to_owned()]));
        let dev = rows(texts("dev", 40).chain(["TEST 1".to_owned()]));
        let ground =
            Ground::new(Grouping::None, real, dev, Some(rows(texts("test", 10))), &["grief".to_owned()])
                .unwrap();
        assert_eq!(ground.labels, ["anger", "grief", "joy"]);
        assert_eq!((ground.dropped, ground.real.texts.len(), ground.dev.held), (2, 20, 1));
        let made = ["new", "NEW", "t 4", "dev 9", "test 2", "newer"].map(str::to_owned);
        let (made, out) = ground.generated(rows(made)).unwrap();
        assert_eq!((made.texts, out), (vec!["new".to_owned(), "newer".to_owned()], 4));
        assert_eq!(ground.held(["dev 1", "t 1", "test 1"].into_iter()), 2);
    }
}
