//! What an audit's alarms and the outcome ask for.

use serde_json::{Value, json};

use super::{Change, Figures, Proposal};
use crate::config::Config;
use crate::config::resolved::Amount;

/// Measures of how much texts repeat each other.
const DIVERSITY: &[&str] =
    &["distinct_1", "distinct_2", "distinct_3", "gzip", "self_bleu", "mattr", "openers"];

/// From this share of the texts on, duplicates are many.
const DUPLICATES: f64 = 0.2;

/// How far a temperature is raised at a time, and where that ends.
const WARMER: f64 = 0.2;
const WARMEST: f64 = 1.2;

/// Rows of a label from which on its lengths are known.
const LEAST: usize = 30;

/// Changes of checks, sampling and samples; and what no change of the config does.
pub fn remedies(config: &Config, figures: &Figures) -> Vec<Proposal> {
    let mut out = Vec::new();
    out.extend(leakage(config, figures));
    out.extend(lengths(config, figures));
    out.extend(variety(config, figures));
    out.extend(asks(config, figures));
    out.extend(balance(config, figures));
    out.extend(by_hand(figures));
    out
}

/// The findings of these metrics, as reasons.
fn found(figures: &Figures, metrics: &[&str]) -> Vec<String> {
    let of = figures.alarms.iter().filter(|alarm| metrics.contains(&alarm.metric.as_str()));
    of.map(|alarm| format!("audit, {} ({}): {}", alarm.metric, alarm.verdict, alarm.finding)).collect()
}

fn leakage(config: &Config, figures: &Figures) -> Option<Proposal> {
    let reasons = found(figures, &["leakage", "leakage_stem"]);
    if reasons.is_empty() || config.checks.label_leakage.is_some() {
        return None;
    }
    Some(Proposal {
        key: "checks.label_leakage".into(),
        what: "texts name their label no more often than people do".into(),
        reasons,
        changes: vec![Change::put(&["checks", "label_leakage"], json!({ "at_most": "human" }))],
        by_hand: None,
    })
}

fn lengths(config: &Config, figures: &Figures) -> Option<Proposal> {
    let mut reasons = found(figures, &["length"]);
    let (low, high) = figures.generated.common_lengths(LEAST).filter(|_| !reasons.is_empty())?;
    let (least, most) = config.checks.words.unwrap_or((0, usize::MAX));
    let range = (low.max(least), high.min(most));
    if Some(range) == config.checks.words || range.0 >= range.1 {
        return None;
    }
    reasons.push(format!(
        "{low} to {high} words are within the middle 80 % of the texts of every label with {LEAST} rows"
    ));
    Some(Proposal {
        key: "checks.words".into(),
        what: "one range of lengths for all labels".into(),
        reasons,
        changes: vec![Change::put(&["checks", "words"], json!([range.0, range.1]))],
        by_hand: None,
    })
}

fn variety(config: &Config, figures: &Figures) -> Option<Proposal> {
    let mut reasons = found(figures, DIVERSITY);
    if let Some(outcome) = &figures.outcome {
        let rejected: u64 = outcome.rejected.iter().map(|(_, times)| times).sum();
        let judged = outcome.accepted + rejected;
        if outcome.duplicates as f64 > DUPLICATES * judged as f64 {
            reasons.push(format!(
                "{} of {judged} texts were rejected as duplicates or nearly ({:.0} %)",
                outcome.duplicates,
                100.0 * outcome.duplicates as f64 / judged as f64
            ));
        }
    }
    if reasons.is_empty() {
        return None;
    }
    let now = config.sampling.temperature;
    let warmer = (now + WARMER).min(WARMEST);
    let warmer = (warmer * 100.0).round() / 100.0;
    let changes = match warmer > now && config.sampling.greedy_at.is_none() {
        true => vec![Change::put(&["sampling", "temperature"], warmer)],
        false => Vec::new(),
    };
    Some(Proposal {
        key: "sampling.temperature".into(),
        what: "texts that repeat each other less".into(),
        reasons,
        changes,
        by_hand: Some(
            "what varies texts most are more templates, and things to pick from: `lists`, with \
             {{ lists.NAME | pick }} in a template"
                .into(),
        ),
    })
}

/// More asks where cells ended short.
fn asks(config: &Config, figures: &Figures) -> Option<Proposal> {
    let outcome = figures.outcome.as_ref().filter(|outcome| outcome.shortfall > 0)?;
    let mut short: Vec<_> = outcome.values.iter().filter(|(_, _, [wanted, has, _])| has < wanted).collect();
    short.sort_by(|a, b| {
        let share = |[wanted, has, _]: [u64; 3]| has as f64 / wanted.max(1) as f64;
        share(a.2).total_cmp(&share(b.2))
    });
    let mut reasons = vec![format!(
        "{} of {} rows cannot be filled with {} asks a cell",
        outcome.shortfall, figures.wanted, figures.max_asks
    )];
    for (axis, value, [wanted, has, rejected]) in short.iter().take(3) {
        let judged = (has + rejected).max(1);
        let share = 100.0 * *has as f64 / judged as f64;
        reasons.push(format!("{axis} {value}: {has} of {wanted} rows, {share:.0} % of its texts accepted"));
    }
    if !outcome.rejected.is_empty() {
        let told: Vec<String> =
            outcome.rejected.iter().take(3).map(|(why, times)| format!("{why} {times}")).collect();
        reasons.push(format!("rejected most: {}", told.join(", ")));
    }
    let (_, _, [wanted, has, _]) = short.first()?;
    let times = (*wanted as f64 / (*has).max(1) as f64).clamp(1.0, 3.0);
    let asks = (f64::from(figures.max_asks) * times).ceil() as u32;
    // One that gives nothing at all will not with more asks either.
    let changes = match *has > 0 && config.samples.max_asks.is_none_or(|now| asks > now) {
        true => vec![Change::put(&["samples", "max_asks"], asks)],
        false => Vec::new(),
    };
    Some(Proposal {
        key: "samples.max_asks".into(),
        what: "cells that ended short may ask more".into(),
        reasons,
        changes,
        by_hand: Some("`emogrid plan CONFIG --checks` shows what is rejected, and why".into()),
    })
}

/// Axes whose rows are uneven since the rules leave some values fewer cells.
fn balance(config: &Config, figures: &Figures) -> Option<Proposal> {
    let Amount::Total { balance, .. } = &config.samples.amount else { return None };
    let uneven = figures.alarms.iter().filter(|alarm| alarm.metric == "balance");
    let axes: Vec<&str> = uneven
        .map(|alarm| alarm.of.as_str())
        .filter(|of| config.axes.iter().any(|axis| axis.name == *of))
        .collect();
    if !balance.is_empty() || config.samples.balance_said || axes.is_empty() {
        return None;
    }
    Some(Proposal {
        key: "samples.balance".into(),
        what: "rows in proportion to weights whatever the rules leave out".into(),
        reasons: found(figures, &["balance"]),
        changes: vec![Change::put(
            &["samples", "balance"],
            axes.into_iter().map(Value::from).collect::<Vec<_>>(),
        )],
        by_hand: None,
    })
}

/// What only another template mends.
fn by_hand(figures: &Figures) -> Vec<Proposal> {
    let done = ["leakage", "leakage_stem", "length", "balance", "balance_asked", "cells_asked"];
    let left = figures.alarms.iter().filter(|alarm| {
        let metric = alarm.metric.as_str();
        !done.contains(&metric) && !DIVERSITY.contains(&metric) && !alarm.advice.is_empty()
    });
    left.map(|alarm| Proposal {
        key: alarm.metric.clone(),
        what: "by hand".into(),
        reasons: found(figures, &[&alarm.metric]),
        changes: Vec::new(),
        by_hand: Some(alarm.advice.clone()),
    })
    .collect()
}
