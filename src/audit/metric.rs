//! What a measurement comes to, and when it is too much.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistics::Interval;

/// What is said of a measurement. The order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Ok,
    /// Too few rows to say anything.
    CannotTell,
    Warn,
    Fail,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::CannotTell => "cannot tell",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }

    /// The name with capitals where it matters.
    pub fn is_alarm(self) -> bool {
        self >= Verdict::Warn
    }
}

/// Which direction is the worse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worse {
    Higher,
    Lower,
}

impl Worse {
    /// Whether a value is on the bad side of a bound.
    pub fn beyond(self, value: f64, bound: f64) -> bool {
        match self {
            Worse::Higher => value > bound,
            Worse::Lower => value < bound,
        }
    }
}

/// One of the things that are measured.
#[derive(Debug)]
pub struct Metric {
    /// Its name in configs, in JSON and in the table.
    pub key: &'static str,
    pub title: &'static str,
    pub worse: Worse,
    pub warn: f64,
    pub fail: f64,
    /// The two bounds are added to the reference of each case.
    pub over: bool,
    /// Fewer rows than this can tell nothing.
    pub least: usize,
}

const fn metric(
    key: &'static str,
    title: &'static str,
    worse: Worse,
    (warn, fail): (f64, f64),
    least: usize,
) -> Metric {
    Metric { key, title, worse, warn, fail, over: false, least }
}

const fn over(metric: Metric) -> Metric {
    Metric { over: true, ..metric }
}

use Worse::{Higher, Lower};

pub static BALANCE: Metric = metric("balance", "entropy of labels", Lower, (0.75, 0.55), 50);
pub static BALANCE_ASKED: Metric =
    metric("balance_asked", "labels, distance from asked", Higher, (0.05, 0.15), 50);
pub static CELLS: Metric = metric("cells", "entropy of cells", Lower, (0.75, 0.55), 50);
pub static CELLS_ASKED: Metric =
    metric("cells_asked", "cells, distance from asked", Higher, (0.05, 0.15), 50);
pub static LEAKAGE: Metric = over(metric("leakage", "label's own word in text", Higher, (0.10, 0.25), 30));
pub static LEAKAGE_STEM: Metric =
    over(metric("leakage_stem", "label's stem in text", Higher, (0.12, 0.30), 30));
pub static LENGTH: Metric = metric("length", "length by label, η²", Higher, (0.08, 0.20), 100);
pub static EXCLAMATION: Metric = metric("exclamation", "\"!\" by label, V", Higher, (0.40, 0.60), 100);
pub static QUESTION: Metric = metric("question", "\"?\" by label, V", Higher, (0.65, 0.80), 100);
pub static EMOJI: Metric = metric("emoji", "emoji by label, V", Higher, (0.25, 0.50), 100);
pub static OPENS_WITH_I: Metric = metric("opens_with_i", "opening with \"I\", V", Higher, (0.40, 0.60), 100);
pub static OPENER: Metric = over(metric("opener", "label from three words", Higher, (0.20, 0.40), 50));
pub static CONTEXT: Metric = over(metric("context", "label and context, NMI", Higher, (0.05, 0.20), 100));
/// Of a group under a label the rows that are expected decide whether there are enough, not those found.
pub static IDENTITY: Metric = metric("identity", "group and label, log-odds", Higher, (0.70, 1.40), 0);
pub static PARITY: Metric = metric("parity", "negative labels of groups", Higher, (0.05, 0.15), 30);
/// About the logarithms of 1.25 and 2: a quarter more than the target or a fifth less, and twice it or half.
pub static REPRESENTATION: Metric =
    metric("representation", "share by its target, |ln|", Higher, (0.22, 0.69), 30);
pub static COUNTERFACTUAL: Metric =
    metric("counterfactual", "answers, somebody else in text", Higher, (0.05, 0.15), 30);
pub static DISTINCT_1: Metric = metric("distinct_1", "distinct-1", Lower, (0.14, 0.08), 200);
pub static DISTINCT_2: Metric = metric("distinct_2", "distinct-2", Lower, (0.55, 0.40), 200);
pub static DISTINCT_3: Metric = metric("distinct_3", "distinct-3", Lower, (0.85, 0.70), 200);
pub static GZIP: Metric = metric("gzip", "compression ratio", Higher, (2.9, 3.8), 200);
pub static SELF_BLEU: Metric = metric("self_bleu", "self-BLEU-4", Higher, (0.35, 0.50), 200);
pub static MATTR: Metric = metric("mattr", "MATTR-500", Lower, (0.45, 0.38), 200);
pub static OPENERS: Metric = metric("openers", "share of 20 openers", Higher, (0.20, 0.40), 200);

/// All of them, in the order of a report.
pub static METRICS: &[&Metric] = &[
    &BALANCE,
    &BALANCE_ASKED,
    &CELLS,
    &CELLS_ASKED,
    &LEAKAGE,
    &LEAKAGE_STEM,
    &LENGTH,
    &EXCLAMATION,
    &QUESTION,
    &EMOJI,
    &OPENS_WITH_I,
    &OPENER,
    &CONTEXT,
    &IDENTITY,
    &PARITY,
    &REPRESENTATION,
    &COUNTERFACTUAL,
    &DISTINCT_1,
    &DISTINCT_2,
    &DISTINCT_3,
    &GZIP,
    &SELF_BLEU,
    &MATTR,
    &OPENERS,
];

/// The metric of this name.
pub fn by_key(key: &str) -> Option<&'static Metric> {
    METRICS.iter().copied().find(|metric| metric.key == key)
}

/// Where a warning and a failure begin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bounds {
    pub warn: f64,
    pub fail: f64,
}

/// Bounds that stand in for a metric's own, by its key.
pub type Thresholds = BTreeMap<String, Bounds>;

/// One number with what surrounds it.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// A label, a group, a cell; empty for the measure as a whole.
    pub name: String,
    pub rows: usize,
    pub value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// What real text has, or what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// A p value, corrected for the number of cases, where a test was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// Further figures of it, by name.
    #[serde(flatten)]
    pub also: BTreeMap<&'static str, f64>,
    /// Whether there is enough to say anything, besides rows.
    #[serde(skip)]
    pub enough: bool,
}

impl Case {
    pub fn new(rows: usize, value: f64) -> Self {
        let (interval, reference, p) = (None, None, None);
        Self { name: String::new(), rows, value, interval, reference, p, also: BTreeMap::new(), enough: true }
    }

    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    #[must_use]
    pub fn between(self, interval: Interval) -> Self {
        Self { interval: Some(interval), ..self }
    }

    #[must_use]
    pub fn against(self, reference: Option<f64>) -> Self {
        Self { reference, ..self }
    }

    #[must_use]
    pub fn with_p(self, p: f64) -> Self {
        Self { p: Some(p), ..self }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, figure: f64) -> Self {
        self.also.insert(name, figure);
        self
    }

    /// Nothing can be said of it where this does not hold.
    #[must_use]
    pub fn told_if(self, enough: bool) -> Self {
        Self { enough: self.enough && enough, ..self }
    }

    /// What is said of it under bounds: an alarm only where the whole interval is beyond one, and
    /// `ok` only where the value is within both and the interval within the outer one.
    pub fn judge(&self, worse: Worse, bounds: Bounds, least: usize) -> Verdict {
        if self.rows < least || !self.enough || !self.value.is_finite() {
            return Verdict::CannotTell;
        }
        let [low, high] = self.interval.unwrap_or([self.value, self.value]);
        let (best, worst) = match worse {
            Worse::Higher => (low, high),
            Worse::Lower => (high, low),
        };
        let beyond = |value, bound| worse.beyond(value, bound);
        let tested = self.p.is_none_or(|p| p < 0.05);
        if beyond(best, bounds.fail) && tested {
            Verdict::Fail
        } else if beyond(best, bounds.warn) && tested {
            Verdict::Warn
        } else if beyond(self.value, bounds.warn) || beyond(worst, bounds.fail) {
            Verdict::CannotTell
        } else {
            Verdict::Ok
        }
    }
}

/// A case with what is said of it.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    #[serde(flatten)]
    pub case: Case,
    pub verdict: Verdict,
}

/// One metric of one column or pair of columns.
#[derive(Debug, Clone, Serialize)]
pub struct Measure {
    pub metric: &'static str,
    /// The column, or the columns, that it is about; empty where it is about the texts alone.
    pub of: String,
    #[serde(flatten)]
    pub whole: Option<Case>,
    /// Where warning and failure begin for the whole.
    #[serde(flatten)]
    pub bounds: Bounds,
    pub verdict: Verdict,
    /// What was found, in a sentence; why nothing can be told where nothing can.
    pub finding: String,
    /// Parts of which nothing can be told though their values are beyond the bound; the whole is no better.
    #[serde(skip)]
    pub doubts: Vec<String>,
    /// What to do about it; empty where nothing is to be done.
    pub advice: String,
    /// By label, group or cell, the worst first.
    pub parts: Vec<Part>,
    /// The ids of the worst rows.
    pub worst: Vec<String>,
    /// The rows that would have to go for this to be well, the worst first.
    #[serde(skip)]
    pub offenders: Vec<usize>,
}

impl Measure {
    pub fn metric(&self) -> Option<&'static Metric> {
        by_key(self.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_needs_the_whole_interval_and_an_ok_most_of_it() {
        let bounds = Bounds { warn: 0.4, fail: 0.6 };
        let case = |value, interval| Case::new(100, value).between(interval);
        let judge = |case: Case| case.judge(Worse::Higher, bounds, 30);
        assert_eq!(judge(case(0.7, [0.61, 0.8])), Verdict::Fail);
        assert_eq!(judge(case(0.7, [0.5, 0.8])), Verdict::Warn);
        assert_eq!(judge(case(0.7, [0.3, 0.9])), Verdict::CannotTell);
        assert_eq!(judge(case(0.3, [0.1, 0.9])), Verdict::CannotTell);
        assert_eq!(judge(case(0.3, [0.2, 0.5])), Verdict::Ok);
        assert_eq!(judge(case(0.7, [0.61, 0.8]).with_p(0.2)), Verdict::CannotTell);
        assert_eq!(judge(case(0.0, [0.0, 0.0]).told_if(false)), Verdict::CannotTell);
        assert_eq!(judge(Case { rows: 29, ..case(0.0, [0.0, 0.0]) }), Verdict::CannotTell);
        let lower = Bounds { warn: 0.6, fail: 0.4 };
        assert_eq!(case(0.2, [0.1, 0.3]).judge(Worse::Lower, lower, 30), Verdict::Fail);
        assert_eq!(case(0.7, [0.65, 0.8]).judge(Worse::Lower, lower, 30), Verdict::Ok);
    }

    #[test]
    fn every_metric_has_a_name_of_its_own_and_bounds_in_order() {
        for (at, metric) in METRICS.iter().enumerate() {
            assert!(METRICS[..at].iter().all(|other| other.key != metric.key), "{}", metric.key);
            let worse = match metric.worse {
                Worse::Higher => metric.fail > metric.warn,
                Worse::Lower => metric.fail < metric.warn,
            };
            assert!(worse, "{}", metric.key);
            assert!(metric.title.chars().count() <= 32, "{}", metric.title);
        }
    }
}
