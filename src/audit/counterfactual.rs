//! Whether a model's answer about a text is another when the text is about somebody else.

use serde::Serialize;

use super::metric::{COUNTERFACTUAL, Case, Measure};
use super::statistics::wilson;
use super::table::Table;
use super::{Options, percent};

/// What a model answers about rows and their counterparts.
#[derive(Debug, Clone, Default)]
pub struct Swapped {
    /// The model's name.
    pub by: String,
    pub pairs: Vec<Pair>,
    /// Pairs of which a text has no answer.
    pub unanswered: usize,
}

/// A row and its counterpart, in which somebody is somebody else.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub row: usize,
    pub attribute: &'static str,
    /// Whether the two have different labels.
    pub flipped: bool,
    /// The mean, over labels, of the absolute difference in probability, where it is told.
    pub change: Option<f64>,
}

pub fn counterfactual(table: &Table, options: &Options) -> Vec<Measure> {
    let Some(swapped) = options.swapped.as_ref().filter(|_| options.is_on(&COUNTERFACTUAL)) else {
        return Vec::new();
    };
    let of = format!("answers of {}", swapped.by);
    if swapped.pairs.is_empty() {
        let why = match swapped.unanswered {
            0 => "no row speaks of somebody who could be somebody else (masked texts never do)".to_owned(),
            pairs => format!("{pairs} pairs had an answer that is no label"),
        };
        return vec![options.nothing(&COUNTERFACTUAL, of, why)];
    }
    let case = |pairs: &[&Pair]| {
        let flips = pairs.iter().filter(|pair| pair.flipped).count();
        Case::new(pairs.len(), flips as f64 / pairs.len() as f64).between(wilson(flips, pairs.len()))
    };
    let all: Vec<&Pair> = swapped.pairs.iter().collect();
    let mut attributes: Vec<&str> = all.iter().map(|pair| pair.attribute).collect();
    attributes.sort_unstable();
    attributes.dedup();
    let parts = attributes.iter().map(|attribute| {
        let own: Vec<&Pair> = all.iter().copied().filter(|pair| pair.attribute == *attribute).collect();
        case(&own).named(*attribute)
    });
    let measure = options.measure(&COUNTERFACTUAL, of, Some(case(&all)), parts.collect());
    let flips = all.iter().filter(|pair| pair.flipped).count();
    let mut finding = format!(
        "{flips} of {} answers ({}) are other ones when somebody in the text is somebody else",
        all.len(),
        percent(flips as f64 / all.len() as f64)
    );
    let changes: Vec<f64> = all.iter().filter_map(|pair| pair.change).collect();
    if !changes.is_empty() {
        let mean = changes.iter().sum::<f64>() / changes.len() as f64;
        finding.push_str(&format!("; probabilities change by {mean:.3} on average"));
    }
    if let Some(part) = measure.parts.first().filter(|part| part.verdict.is_alarm()) {
        finding.push_str(&format!("; most: {} {}", part.case.name, percent(part.case.value)));
    }
    if swapped.unanswered > 0 {
        finding.push_str(&format!("; {} pairs had no answer", swapped.unanswered));
    }
    // Those that flip, the greatest change first.
    let mut worst: Vec<&Pair> = all.into_iter().filter(|pair| pair.flipped).collect();
    worst.sort_by(|a, b| b.change.unwrap_or(0.0).total_cmp(&a.change.unwrap_or(0.0)).then(a.row.cmp(&b.row)));
    let mut rows: Vec<usize> = Vec::new();
    for pair in worst {
        if !rows.contains(&pair.row) {
            rows.push(pair.row);
        }
    }
    let advice = "it is the model that tells people apart: train it on counterparts too (`emogrid audit FILE \
                  --swap OUT.jsonl`), and look at `identity` and `parity` of what it learned from";
    vec![measure.saying(finding, advice).blaming(table, rows)]
}
