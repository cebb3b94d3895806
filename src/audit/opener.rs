//! Labels that can be told by how texts begin.
//!
//! A naive Bayes classifier of the first three words is compared with one of all words. Both take
//! every label for equally likely, so that the balance of labels changes nothing, and are trained on
//! four fifths of the clusters of near-duplicates and tried on the fifth.

use std::collections::{BTreeMap, HashMap};

use super::metric::{Case, Measure, OPENER};
use super::numbers::Numbers;
use super::statistics::{Interval, LEAST_CLUSTERS, effective, wilson_of};
use super::table::{Column, Table};
use super::{Options, alike, human};
use crate::model::Spread;
use crate::model::random::{Random, mix};

const FOLDS: usize = 5;

/// Rows that take part, at most; a lot decides which.
const MOST: usize = 20_000;

/// Labels with fewer rows take no part.
const LEAST: usize = 10;

/// Words that the prior is worth: a label with few rows is drawn towards what all labels say
/// (Dirichlet smoothing, Zhai and Lafferty, ACM TOIS 2004), so that it is not favoured for being rare.
const PRIOR: f32 = 3000.0;

pub fn opener(table: &Table, options: &Options) -> Vec<Measure> {
    if !options.is_on(&OPENER) || table.labels().next().is_none() {
        return Vec::new();
    }
    table.labels().map(|column| of_column(table, column, table.clusters(), options)).collect()
}

struct Example {
    row: usize,
    label: usize,
    fold: usize,
    cluster: u32,
}

fn of_column(table: &Table, column: &Column, clusters: &[u32], options: &Options) -> Measure {
    let counts = column.counts();
    let mut label_of = vec![usize::MAX; counts.len()];
    let mut labels = Vec::new();
    for (value, count) in counts.iter().enumerate() {
        if *count >= LEAST {
            label_of[value] = labels.len();
            labels.push(value);
        }
    }
    let mut examples: Vec<Example> = (0..table.rows())
        .filter_map(|row| {
            let label = label_of[column.only(row)?];
            let cluster = clusters[row];
            let fold = (mix(u64::from(cluster) ^ mix(options.seed)) % FOLDS as u64) as usize;
            (label != usize::MAX).then_some(Example { row, label, fold, cluster })
        })
        .collect();
    if labels.len() < 2 {
        let why = format!("fewer than two labels have {LEAST} rows");
        return options.nothing(&OPENER, &column.name, why);
    }
    Random::of(options.seed, &format!("opener {}", column.name)).choose(&mut examples, MOST);
    examples.truncate(MOST);
    let opening = tried(&examples, labels.len(), |row| opening(table, row));
    let words = tried(&examples, labels.len(), |row| {
        let mut words: Vec<u64> = table.words(row).map(u64::from).collect();
        words.sort_unstable();
        words.dedup();
        words
    });
    let taught = taught(&examples, labels.len());
    let apart =
        examples.iter().map(|example| example.cluster).collect::<std::collections::HashSet<_>>().len();
    let Some((skill, interval)) = opening.skill(&examples, &taught) else {
        let why = format!("copies of a few texts: {}", alike(apart));
        return options.nothing(&OPENER, &column.name, why);
    };
    let whole_skill = words.skill(&examples, &taught).map_or(f64::NAN, |(skill, _)| skill);
    let enough = apart >= LEAST_CLUSTERS;
    let whole = Case::new(examples.len(), skill)
        .between(interval)
        .against(Some(human::OPENER))
        .with("clusters", apart as f64)
        .told_if(enough);
    let finding = match enough {
        true => format!(
            "the first three words tell the label with a skill of {skill:.2} (0 is chance, 1 is always; \
             all words: {whole_skill:.2})"
        ),
        false => alike(apart),
    };
    let by_words =
        Case::new(examples.len(), whole_skill).named("all words").against(Some(human::OPENER_WORDS));
    let parts = opening.by_label(&examples, &taught).into_iter().zip(&labels).filter_map(|(case, value)| {
        let name = &column.values[*value];
        Some(case?.named(name).against(Some(human::opener(name))))
    });
    let mut measure = options.measure(&OPENER, &column.name, Some(whole), parts.collect());
    let offenders = match measure.verdict.is_alarm() {
        true => offenders(table, &examples, &opening),
        false => Vec::new(),
    };
    // How well all words tell the label is there to compare with, and is no fault.
    let verdict = super::Verdict::Ok;
    measure.parts.push(super::Part { case: by_words, verdict });
    let worst: Vec<String> = measure
        .parts
        .iter()
        .filter(|part| part.verdict.is_alarm())
        .take(3)
        .map(|part| format!("{} {:.2}", part.case.name, part.case.value))
        .collect();
    let mut finding = finding;
    if !worst.is_empty() {
        finding.push_str(&format!("; most: {}", worst.join(", ")));
    }
    let first = offenders.first().map(|row| {
        let words: Vec<&str> = table.words(*row).take(3).map(|token| table.token(token)).collect();
        format!("; such as \"{} …\"", words.join(" "))
    });
    measure
        .saying(
            finding + &first.unwrap_or_default(),
            "vary how texts begin: several templates in `prompt.user`, or a list of openings picked \
             without regard to the label (`lists`)",
        )
        .blaming(table, offenders)
}

/// The first three words by their places, and the first two and three together.
fn opening(table: &Table, row: usize) -> Vec<u64> {
    let mut out = Vec::with_capacity(5);
    let mut joint = 0;
    for (place, word) in table.words(row).take(3).enumerate() {
        out.push(mix(u64::from(word) << 2 | place as u64));
        joint = mix(joint ^ u64::from(word).wrapping_add(1));
        if place > 0 {
            out.push(mix(joint ^ place as u64));
        }
    }
    out
}

/// What a classifier made of each example: whether it was right, and by how much it preferred the
/// right label to the best other.
struct Tried(Vec<f32>);

fn tried(examples: &[Example], labels: usize, features: impl Fn(usize) -> Vec<u64>) -> Tried {
    let mut numbers = Numbers::default();
    let rows: Vec<Vec<u32>> = examples
        .iter()
        .map(|example| features(example.row).into_iter().map(|feature| numbers.of(feature)).collect())
        .collect();
    let mut margins = vec![0.0; examples.len()];
    // By feature: what it says of each label. It is asked for as often as it stands in a row.
    let mut weights = vec![0.0f32; numbers.len() * labels];
    for fold in 0..FOLDS {
        let mut counts = vec![0u32; numbers.len() * labels];
        let mut weighed = vec![false; numbers.len()];
        let mut totals = vec![0u64; labels];
        for (example, features) in examples.iter().zip(&rows).filter(|(example, _)| example.fold != fold) {
            for feature in features {
                counts[*feature as usize * labels + example.label] += 1;
            }
            totals[example.label] += features.len() as u64;
        }
        let all = totals.iter().sum::<u64>().max(1) as f32;
        let totals: Vec<f32> = totals.iter().map(|total| (*total as f32 + PRIOR).ln()).collect();
        let tried =
            examples.iter().zip(&rows).zip(&mut margins).filter(|((example, _), _)| example.fold == fold);
        let mut scores = vec![0.0f32; labels];
        for ((example, features), margin) in tried {
            scores.fill(0.0);
            for feature in features {
                let at = *feature as usize * labels;
                let weights = &mut weights[at..at + labels];
                if !std::mem::replace(&mut weighed[*feature as usize], true) {
                    weigh(&counts[at..at + labels], all, &totals, weights);
                }
                scores.iter_mut().zip(weights).for_each(|(score, weight)| *score += *weight);
            }
            let own = scores[example.label];
            let others = scores.iter().enumerate().filter(|(label, _)| *label != example.label);
            *margin = own - others.map(|(_, score)| *score).fold(f32::MIN, f32::max);
        }
    }
    Tried(margins)
}

/// What a feature says of each label, by how often it was seen under it.
fn weigh(counts: &[u32], all: f32, totals: &[f32], weights: &mut [f32]) {
    let seen: u32 = counts.iter().sum();
    // Seen nowhere else, it says nothing.
    if seen == 0 {
        return weights.fill(0.0);
    }
    let prior = PRIOR * seen as f32 / all;
    // Most labels have none of most features.
    let unseen = prior.ln();
    for ((weight, count), total) in weights.iter_mut().zip(counts).zip(totals) {
        let log = if *count == 0 { unseen } else { (*count as f32 + prior).ln() };
        *weight = log - total;
    }
}

/// For each label whether its clusters stand in several folds. One that stands in one alone is never among
/// what a classifier learned before it was tried on it.
fn taught(examples: &[Example], labels: usize) -> Vec<bool> {
    let mut folds = vec![[false; FOLDS]; labels];
    examples.iter().for_each(|example| folds[example.label][example.fold] = true);
    folds.iter().map(|folds| folds.iter().filter(|fold| **fold).count() > 1).collect()
}

/// How a label's rows were told.
struct Told {
    rows: usize,
    share: f64,
    clusters: usize,
    /// Wilson's interval of the share, in which rows that are nearly the same count as what they are worth.
    interval: Interval,
}

impl Tried {
    fn told(&self, examples: &[Example], labels: usize) -> Vec<Option<Told>> {
        let mut right = vec![0usize; labels];
        let mut sizes: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); labels];
        for (example, margin) in examples.iter().zip(&self.0) {
            right[example.label] += usize::from(*margin > 0.0);
            *sizes[example.label].entry(example.cluster).or_default() += 1.0;
        }
        let told = |(right, sizes): (usize, BTreeMap<u32, f64>)| {
            let rows = sizes.values().sum::<f64>();
            let share = right as f64 / rows;
            let interval = wilson_of(share, effective(sizes.values().copied()));
            (rows > 0.0).then_some(Told { rows: rows as usize, share, clusters: sizes.len(), interval })
        };
        right.into_iter().zip(sizes).map(told).collect()
    }

    /// A share between chance (0) and always (1), among so many labels that could be told.
    fn scaled(share: f64, taught: &[bool]) -> f64 {
        let chance = 1.0 / taught.iter().filter(|taught| **taught).count().max(2) as f64;
        (share - chance) / (1.0 - chance)
    }

    /// By label, the share of its rows that were told rightly; `None` where it has none.
    fn by_label(&self, examples: &[Example], taught: &[bool]) -> Vec<Option<Case>> {
        let case = |(told, taught_it): (Option<Told>, &bool)| {
            let Told { rows, share, clusters, interval } = told?;
            let scaled = |share| Self::scaled(share, taught);
            let case = Case::new(rows, scaled(share)).between(interval.map(scaled));
            Some(case.with("clusters", clusters as f64).told_if(*taught_it && clusters >= LEAST_CLUSTERS))
        };
        self.told(examples, taught.len()).into_iter().zip(taught).map(case).collect()
    }

    /// The mean share of each label's rows that were told rightly, between chance (0) and always (1), of
    /// labels that could be told; `None` where fewer than two could.
    ///
    /// Its interval is put together from Wilson's of the labels (Zou and Donner, Statistics in Medicine
    /// 2008), which have a width where a label is always told, or never.
    fn skill(&self, examples: &[Example], taught: &[bool]) -> Option<(f64, Interval)> {
        let told: Vec<Told> = self
            .told(examples, taught.len())
            .into_iter()
            .zip(taught)
            .filter_map(|(told, taught)| told.filter(|_| *taught))
            .collect();
        let k = told.len() as f64;
        if told.len() < 2 {
            return None;
        }
        let mean = told.iter().map(|told| told.share / k).sum::<f64>();
        let off = |end: usize| {
            told.iter().map(|told| ((told.share - told.interval[end]) / k).powi(2)).sum::<f64>().sqrt()
        };
        let interval = [(mean - off(0)).max(0.0), (mean + off(1)).min(1.0)];
        Some((Self::scaled(mean, taught), interval.map(|share| Self::scaled(share, taught))))
    }
}

/// Rows that were told by an opening which stands under their label more than twice, those told most
/// easily first; at most a tenth.
fn offenders(table: &Table, examples: &[Example], tried: &Tried) -> Vec<usize> {
    let key = |row| table.words(row).take(3).fold(0, |key, word| mix(key ^ u64::from(word).wrapping_add(1)));
    let mut times: HashMap<(u64, usize), usize, Spread> = HashMap::default();
    for example in examples {
        *times.entry((key(example.row), example.label)).or_default() += 1;
    }
    let mut order: Vec<(f32, usize)> = examples
        .iter()
        .zip(&tried.0)
        .filter(|(example, margin)| **margin > 0.0 && times[&(key(example.row), example.label)] > 2)
        .map(|(example, margin)| (*margin, example.row))
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().take(examples.len() / 10).map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skill_is_nought_by_chance_and_one_when_always_right() {
        let examples: Vec<Example> = (0..100)
            .map(|row| Example { row, label: row % 2, fold: row / 2 % FOLDS, cluster: row as u32 })
            .collect();
        let taught = taught(&examples, 2);
        let (skill, [low, high]) = Tried(vec![1.0; 100]).skill(&examples, &taught).unwrap();
        assert!((skill - 1.0).abs() < 1e-9);
        assert!((0.8..0.95).contains(&low) && high >= 1.0 - 1e-9, "always is not for sure: {low} {high}");
        // Always the one label.
        let margins = (0..100).map(|row| if row % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let (skill, [low, high]) = Tried(margins).skill(&examples, &taught).unwrap();
        assert!(skill.abs() < 1e-9 && low <= 0.0 && high >= 0.0);
    }

    #[test]
    fn copies_count_once_and_a_label_in_one_fold_not_at_all() {
        let example = |row: usize, cluster: usize| Example {
            row,
            label: row % 2,
            fold: cluster % FOLDS,
            cluster: cluster as u32,
        };
        // Ten copies of each of twenty texts.
        let copied: Vec<Example> = (0..200).map(|row| example(row, row % 20)).collect();
        let single: Vec<Example> = (0..200).map(|row| example(row, row)).collect();
        let width = |examples: &[Example]| {
            let (_, [low, high]) = Tried(vec![1.0; 200]).skill(examples, &taught(examples, 2)).unwrap();
            high - low
        };
        assert!(width(&copied) > 3.0 * width(&single), "{} {}", width(&copied), width(&single));
        let two: Vec<Example> = (0..60).map(|row| example(row, row % 2)).collect();
        assert_eq!(taught(&two, 2), [false, false]);
        let tried = Tried(vec![-1.0; 60]);
        assert!(tried.skill(&two, &taught(&two, 2)).is_none());
        assert!(tried.by_label(&two, &taught(&two, 2)).iter().flatten().all(|case| !case.enough));
    }
}
