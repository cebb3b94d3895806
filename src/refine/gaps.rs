//! Words that people use for a feeling, and generated texts do not.

use serde_json::Value;

use super::corpus::Corpus;
use super::{Change, Figures, Proposal, unread};
use crate::audit::{Finder, log_odds};
use crate::config::Config;

/// Rows of a label below which, real or generated, nothing is said.
const LEAST: u64 = 30;

/// Real rows that must have a word.
const WITH: u64 = 5;

/// Standard errors: against generated rows, where thousands of words are tried; against other labels.
///
/// Drawn towards the whole as they are, log-odds stray by some two thirds of a standard error by chance, so this is
/// beyond four of what it would be otherwise.
const SURE: f64 = 2.8;
const TYPICAL: f64 = 1.96;

/// What so large a part of other labels' rows has is no word of this label.
const COMMON: f64 = 0.05;

/// Words for a label.
const WORDS: usize = 12;

/// The attribute that holds them.
const ATTRIBUTE: &str = "words";

struct Gap<'a> {
    word: &'a str,
    real: u64,
    generated: u64,
}

/// For each label the words that stand in real rows, more often than under other labels, and in far fewer
/// generated ones. No names, no words for groups of people, and none that begins like the label.
pub fn words(config: &Config, figures: &Figures) -> Option<Proposal> {
    let (real, generated) = (&figures.real, &figures.generated);
    let finder = Finder::default();
    let (mut reasons, mut changes) = (Vec::new(), Vec::new());
    for axis in config.axes.iter().filter(|axis| axis.label) {
        for value in &axis.values {
            let label = value.name.as_str();
            let (of_real, of_generated) = (real.rows_of(label), generated.rows_of(label));
            if of_real < LEAST || of_generated < LEAST || value.attributes.contains_key(ATTRIBUTE) {
                continue;
            }
            let mut gaps: Vec<Gap> = real
                .words_of(label)
                .filter(|(word, rows)| *rows >= WITH && fits(word, label, real, &finder))
                .map(|(word, rows)| Gap { word, real: rows, generated: generated.with(label, word) })
                .filter(|gap| is_gap(gap, label, real, generated))
                .collect();
            gaps.sort_by(|a, b| b.real.cmp(&a.real).then(a.word.cmp(b.word)));
            gaps.truncate(WORDS);
            if gaps.is_empty() {
                continue;
            }
            let told: Vec<String> = gaps
                .iter()
                .take(4)
                .map(|gap| format!("{} {}/{}", gap.word, gap.real, gap.generated))
                .collect();
            reasons.push(format!(
                "{label}, of {of_real} real and {of_generated} generated rows: {}{}",
                told.join(", "),
                if gaps.len() > 4 { " …" } else { "" }
            ));
            changes.push(Change::Attribute {
                axis: axis.name.clone(),
                value: label.to_owned(),
                attribute: ATTRIBUTE,
                to: gaps.iter().map(|gap| Value::from(gap.word)).collect(),
            });
        }
    }
    let axis = config.axes.iter().find(|axis| axis.label).map_or("", |axis| &axis.name);
    let line = "in a template:\n{% if AXIS.words is defined %}\nPeople may say {{ AXIS.words | sample(3) | \
                join_and(word=\"or\") }}.\n{% endif %}";
    (!changes.is_empty()).then(|| Proposal {
        key: ATTRIBUTE.into(),
        what: "words that people use under a label and generated rows do not".into(),
        reasons,
        changes,
        by_hand: unread(figures, ".words", line.replace("AXIS", axis)),
    })
}

fn fits(word: &str, label: &str, real: &Corpus, finder: &Finder) -> bool {
    let stem: String = label.chars().take(3).collect();
    !real.is_name(word)
        && !word.starts_with(&*stem.to_lowercase())
        && finder.find([word].into_iter()).is_empty()
}

fn is_gap(gap: &Gap, label: &str, real: &Corpus, generated: &Corpus) -> bool {
    let (of_real, of_generated) = (real.rows_of(label), generated.rows_of(label));
    let (with, others) = real.with_elsewhere(label, gap.word);
    let against = |own: (u64, u64), rest: (u64, u64)| {
        let whole = |(hits, rows): (u64, u64)| (hits as usize, rows as usize);
        let (log_odds, error) = log_odds(whole(own), whole(rest));
        log_odds / error
    };
    let own = (gap.real, of_real);
    let rare = gap.generated as f64 / of_generated as f64 * 5.0 < gap.real as f64 / of_real as f64;
    rare && against(own, (gap.generated, of_generated)) >= SURE
        && (others == 0 || (with as f64) < COMMON * others as f64 && against(own, (with, others)) >= TYPICAL)
}
