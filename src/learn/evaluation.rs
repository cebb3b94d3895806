//! Everything that is told of one model's answers to one test part.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Labelled;
use crate::eval::baseline::{Baseline, floor};
use crate::eval::bootstrap::{self, Interval, Intervals};
use crate::eval::calibration::{self, Calibration};
use crate::eval::confusion::{Confused, confusions};
use crate::eval::fairness::{self, Gap, Group, Swap};
use crate::eval::gate::Gates;
use crate::eval::mcnemar::{self, Compared};
use crate::eval::{Scores, scores};
use crate::labels::{LabelSet, Probabilities};

/// What a model said of texts.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Where it tells them.
    pub probabilities: Option<Probabilities>,
    pub given: Vec<LabelSet>,
}

/// One line among the scores that a model is seen beside.
#[derive(Debug, Clone, Serialize)]
pub struct Beside {
    pub name: String,
    /// Rows that it was trained on, where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    pub macro_f1: f64,
    pub micro_f1: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macro_interval: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_interval: Option<Interval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versus: Option<Versus>,
}

/// How the model does against another on the same texts.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Versus {
    /// The interval of the model's macro F1 less the other's.
    pub macro_difference: Interval,
    pub micro_difference: Interval,
    pub mcnemar: Compared,
}

/// Fairness, where there are probabilities for the paired sentences.
#[derive(Debug, Clone)]
pub struct Fairness {
    pub swaps: Vec<Swap>,
    pub groups: Vec<Group>,
    pub gaps: Vec<Gap>,
    pub broken: Vec<String>,
}

/// The whole report.
#[derive(Debug, Clone)]
pub struct Evaluation {
    pub labels: Vec<String>,
    /// Rows of the test part.
    pub rows: u64,
    pub scores: Scores,
    pub intervals: Intervals,
    pub beside: Vec<Beside>,
    pub confusions: Vec<(Confused, u64)>,
    /// Of the likeliest label, and of all labels.
    pub calibration: Option<[Calibration; 2]>,
    pub fairness: Option<Fairness>,
}

/// What the answers are held against.
pub struct Against<'a> {
    pub test: &'a Labelled,
    /// Of each label, how many training rows have it, and how many rows there were.
    pub counts: &'a [u64],
    pub rows: u64,
    pub seed: u64,
    pub gates: Gates,
    /// Answers of other models: their names, the rows that they were trained on, and what they said.
    pub others: Vec<(String, Option<u64>, Answers)>,
}

impl Evaluation {
    /// Measures `answers`; `to_pairs` are the model's answers to `fairness::sentences()`.
    pub fn new(answers: &Answers, to_pairs: Option<&Answers>, against: &Against) -> Self {
        let Against { test, counts, rows, seed, gates, others } = against;
        let (labels, gold) = (test.labels.len(), &test.gold[..]);
        let given = &answers.given[..];
        let beside = others.iter().map(|(name, rows, other)| {
            let found = scores(labels, gold, &other.given);
            let intervals = bootstrap::intervals(labels, gold, &other.given, *seed);
            let (macro_difference, micro_difference) =
                bootstrap::difference(labels, gold, given, &other.given, *seed);
            let mcnemar = mcnemar::compare(gold, given, &other.given);
            Beside {
                name: name.clone(),
                rows: *rows,
                macro_f1: found.macro_f1,
                micro_f1: found.micro_f1,
                macro_interval: Some(intervals.macro_f1),
                micro_interval: Some(intervals.micro_f1),
                versus: Some(Versus { macro_difference, micro_difference, mcnemar }),
            }
        });
        let floors = Baseline::EVERY.into_iter().map(|baseline| {
            let found = floor(baseline, gold, counts, *rows, *seed);
            Beside {
                name: baseline.name().to_owned(),
                rows: None,
                macro_f1: found.macro_f1,
                micro_f1: found.micro_f1,
                macro_interval: None,
                micro_interval: None,
                versus: None,
            }
        });
        let (groups, gaps) = fairness::groups(labels, &test.texts, gold, given, *seed);
        let fairness = to_pairs.and_then(|pairs| {
            let swaps = fairness::swaps(pairs.probabilities.as_ref()?, &pairs.given);
            let broken = gates.broken(&swaps, &gaps);
            Some(Fairness { swaps, groups, gaps, broken })
        });
        Self {
            labels: test.labels.clone(),
            rows: gold.len() as u64,
            scores: scores(labels, gold, given),
            intervals: bootstrap::intervals(labels, gold, given, *seed),
            beside: beside.chain(floors).collect(),
            confusions: confusions(gold, given),
            calibration: answers.probabilities.as_ref().map(|probabilities| {
                [calibration::of_likeliest(probabilities, gold), calibration::of_all(probabilities, gold)]
            }),
            fairness,
        }
    }

    /// For machines; `thresholds` and `counts` of training rows where the model has them.
    pub fn json(&self, thresholds: Option<&[f32]>, counts: Option<&[u64]>) -> Map<String, Value> {
        let mut out = match json!(self.scores) {
            Value::Object(scores) => scores,
            _ => Map::new(),
        };
        out.insert("macro_interval".into(), json!(self.intervals.macro_f1));
        out.insert("micro_interval".into(), json!(self.intervals.micro_f1));
        out.insert("n".into(), self.rows.into());
        let mut classes = Map::new();
        for (label, name) in self.labels.iter().enumerate() {
            let mut class = json!(self.scores.classes[label]);
            class["interval"] = json!(self.intervals.classes[label]);
            if let Some(thresholds) = thresholds {
                class["threshold"] = thresholds[label].into();
            }
            if let Some(counts) = counts {
                class["train"] = counts[label].into();
            }
            classes.insert(name.clone(), class);
        }
        out.insert("per_class".into(), classes.into());
        out.insert("beside".into(), json!(self.beside));
        let name = |label: Option<usize>| label.map(|label| self.labels[label].as_str());
        let confused = self
            .confusions
            .iter()
            .map(|(of, times)| json!({ "has": name(of.has), "given": name(of.given), "times": times }));
        out.insert("confusions".into(), confused.collect());
        if let Some([likeliest, all]) = &self.calibration {
            out.insert("calibration".into(), json!({ "likeliest": likeliest, "all": all }));
        }
        if let Some(fairness) = &self.fairness {
            let swaps = fairness.swaps.iter().map(|swap| {
                let mut out = json!(swap);
                out["largest"]["label"] = json!(self.labels.get(swap.largest.label));
                out
            });
            let swaps: Vec<Value> = swaps.collect();
            out.insert(
                "fairness".into(),
                json!({
                    "swaps": swaps, "groups": fairness.groups, "gaps": fairness.gaps,
                    "broken": fairness.broken,
                }),
            );
        }
        out
    }
}
