//! More rows for labels that a model tells badly, and for those of which real rows are few.

use std::collections::BTreeMap;

use serde_json::{Number, Value};

use super::figures::{Scores, Shortage};
use super::values::{Classes, classes};
use super::{Change, Figures, Proposal, score};
use crate::config::Config;
use crate::config::resolved::{Amount, Axis};

/// Test rows of a class below which its F1 says nothing.
const LEAST: u64 = 10;

/// How many times the least weight of its axis a weight may become.
const MOST: f64 = 3.0;

/// What is less of a change than this is none.
const WORTH: f64 = 1.1;

/// By how much a value should be asked for more, and why.
type Factors = BTreeMap<usize, (f64, Vec<String>)>;

/// The quotas. A value's weight is multiplied by (1 − F1) / mean(1 − F1) and by wanted / rows of a shortage,
/// each and both together between 1 and 3, and becomes at most three times the least weight of its axis.
/// An F1 counts only if its whole interval is below the mean.
pub fn weights(config: &Config, figures: &Figures) -> Option<Proposal> {
    let mut by_axis: BTreeMap<&str, (&Axis, Factors)> = BTreeMap::new();
    let found = figures.scores.as_ref().and_then(|scores| of_scores(config, scores));
    let (short, mut stay) = of_shortages(config, &figures.shortages);
    for (axis, factors) in found.into_iter().chain(short) {
        let (_, all) = by_axis.entry(&axis.name).or_insert_with(|| (axis, Factors::new()));
        for (value, (factor, why)) in factors {
            let entry = all.entry(value).or_insert((1.0, Vec::new()));
            entry.0 = (entry.0 * factor).clamp(1.0, MOST);
            entry.1.extend(why);
        }
    }
    let (mut reasons, mut changes) = (Vec::new(), Vec::new());
    for (axis, factors) in by_axis.values() {
        let weight = |value: usize| {
            let weight = axis.values[value].attributes.get("weight").and_then(Value::as_f64);
            weight.filter(|weight| *weight > 0.0).unwrap_or(1.0)
        };
        let least = (0..axis.values.len()).map(weight).fold(f64::INFINITY, f64::min);
        for (value, (factor, why)) in factors {
            let old = weight(*value);
            let new = ((old * factor).min(MOST * least) * 100.0).round() / 100.0;
            let name = &axis.values[*value].name;
            if new < old * WORTH {
                let because = match old * factor > MOST * least {
                    true => format!("at {MOST} times the least of {} ({least}) it ends", axis.name),
                    false => format!("{factor:.2} times as much would be no change worth making"),
                };
                stay.push(format!("{name}: {}; weight {old} stays: {because}", why.join("; ")));
                continue;
            }
            reasons.push(format!("{name}: {}; weight {old} → {new}", why.join("; ")));
            let to = Number::from_f64(new).map_or(Value::Null, Value::Number);
            let to = if new.fract() == 0.0 { Value::from(new as u64) } else { to };
            let axis = axis.name.clone();
            changes.push(Change::Attribute { axis, value: name.clone(), attribute: "weight", to });
        }
    }
    if changes.is_empty() {
        return (!stay.is_empty()).then(|| Proposal {
            key: "weight".into(),
            what: "what no weight mends".into(),
            reasons: stay,
            changes,
            by_hand: Some(
                "raise `samples.total`, which gives each value more rows, or lower the weights of the others"
                    .into(),
            ),
        });
    }
    reasons.append(&mut stay);
    if let Amount::PerCell { .. } = config.samples.amount {
        changes.push(Change::Total { rows: figures.wanted });
        reasons.push(format!("weights share out `samples.total`, which stays {} rows", figures.wanted));
    }
    Some(Proposal {
        key: "weight".into(),
        what: "more rows for what a model tells badly or real rows lack".into(),
        reasons,
        changes,
        by_hand: None,
    })
}

fn of_scores<'c>(config: &'c Config, scores: &Scores) -> Option<(&'c Axis, Factors)> {
    let known: Vec<&str> = scores.per_class.keys().map(String::as_str).collect();
    let classes = classes(config, &known)?;
    let told = |class: &str| scores.per_class.get(class).filter(|class| class.n >= LEAST);
    let mut of: Vec<&str> = classes.of.iter().flatten().map(String::as_str).collect();
    of.sort_unstable();
    of.dedup();
    let f1: Vec<f64> = of.iter().filter_map(|class| Some(told(class)?.f1)).collect();
    let mean = f1.iter().sum::<f64>() / f1.len() as f64;
    if f1.len() < 2 || mean >= 1.0 {
        return None;
    }
    let factor = |class: &str| {
        let found = told(class)?;
        let below = found.interval.is_none_or(|interval| interval.high < mean);
        let factor = ((1.0 - found.f1) / (1.0 - mean)).clamp(1.0, MOST);
        let interval = found
            .interval
            .map_or(String::new(), |interval| format!(" ({}–{})", score(interval.low), score(interval.high)));
        let of = if classes.by_name { String::new() } else { format!(" of {class}") };
        let why =
            format!("F1{of} {}{interval} on {} rows, the mean is {}", score(found.f1), found.n, score(mean));
        below.then_some((factor, why))
    };
    Some((classes.axis, factors(&classes, &factor)))
}

/// What shortages ask for, by axis; and those that are of no value, in words.
fn of_shortages<'c>(config: &'c Config, shortages: &[Shortage]) -> (Vec<(&'c Axis, Factors)>, Vec<String>) {
    let (mut out, mut nowhere) = (Vec::new(), Vec::new());
    for family in ["label", "ekman", "sentiment"] {
        let of: Vec<&Shortage> = shortages.iter().filter(|short| short.family == family).collect();
        let mut known: Vec<&str> = of.iter().map(|short| short.class.as_str()).collect();
        // One class alone would be found on no axis; the families' other names do no harm.
        known.extend(match family {
            "sentiment" => &["positive", "negative", "ambiguous", "neutral"][..],
            "ekman" => &["anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral"],
            _ => &[],
        });
        if family == "label" {
            known.extend(
                config
                    .axes
                    .iter()
                    .filter(|axis| axis.label)
                    .flat_map(|axis| axis.values.iter().map(|value| value.name.as_str())),
            );
        }
        known.sort_unstable();
        known.dedup();
        let classes = classes(config, &known);
        let is_there = |class: &str| {
            classes.as_ref().is_some_and(|classes| classes.of.iter().flatten().any(|known| known == class))
        };
        let lost: Vec<&str> = of.iter().map(|short| &*short.class).filter(|class| !is_there(class)).collect();
        if !lost.is_empty() {
            nowhere.push(format!("no axis has values of {family} {}", lost.join(", ")));
        }
        let Some(classes) = classes.filter(|_| !of.is_empty()) else { continue };
        let factor = |class: &str| {
            let short = of.iter().find(|short| short.class == class)?;
            let factor = (short.wanted as f64 / short.rows.max(1) as f64).clamp(1.0, MOST);
            Some((factor, format!("{} real rows of {} wanted", short.rows, short.wanted)))
        };
        out.push((classes.axis, factors(&classes, &factor)));
    }
    (out, nowhere)
}

fn factors(classes: &Classes<'_>, factor: &dyn Fn(&str) -> Option<(f64, String)>) -> Factors {
    let of = classes.of.iter().enumerate();
    let found = of.filter_map(|(value, class)| Some((value, factor(class.as_ref()?)?)));
    found.filter(|(_, (factor, _))| *factor > 1.0).map(|(value, (f, why))| (value, (f, vec![why]))).collect()
}
