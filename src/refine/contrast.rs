//! What a label is told apart from.

use serde_json::Value;

use super::values::classes;
use super::{Change, Figures, Proposal, unread};
use crate::config::Config;

/// A pair that was confused less often is left alone: as a number of texts, and as a share of those that have
/// the label.
const TIMES: u64 = 5;
const SHARE: f64 = 0.1;

/// At most so many pairs, and so many of one label.
const PAIRS: usize = 6;
const OF_ONE: usize = 2;

/// The attribute that says so.
const CONTRAST: &str = "contrast";

/// For the labels that are most often taken for others: these, as an attribute.
pub fn contrast(config: &Config, figures: &Figures) -> Option<Proposal> {
    let scores = figures.scores.as_ref()?;
    let known: Vec<&str> = scores.per_class.keys().map(String::as_str).collect();
    let classes = classes(config, &known).filter(|classes| classes.by_name)?;
    let axis = classes.axis;
    let value = |name: &str| axis.values.iter().find(|value| value.name == name);
    let mut pairs: Vec<_> = scores
        .confusions
        .iter()
        .filter_map(|confused| {
            let (has, given) = (confused.has.as_deref()?, confused.given.as_deref()?);
            let (has, given) = (value(has)?, value(given)?);
            let n = scores.per_class.get(&has.name)?.n;
            let share = confused.times as f64 / n.max(1) as f64;
            (confused.times >= TIMES && share >= SHARE).then_some((confused.times, share, n, has, given))
        })
        .collect();
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.3.name.cmp(&b.3.name)));
    let mut told: Vec<(&str, Vec<Value>)> = Vec::new();
    let mut reasons = Vec::new();
    for (times, share, n, has, given) in pairs {
        let name = Value::from(given.name.as_str());
        let here = told.iter().position(|(value, _)| *value == has.name);
        let full = here.is_some_and(|here| told[here].1.len() >= OF_ONE);
        // What the user wrote stays as it is.
        if reasons.len() == PAIRS || full || has.attributes.contains_key(CONTRAST) {
            continue;
        }
        reasons.push(format!(
            "{} → {}: {times} of {n} texts of {} were taken for {} ({:.0} %)",
            has.name,
            given.name,
            has.name,
            given.name,
            100.0 * share
        ));
        match here {
            Some(here) => told[here].1.push(name),
            None => told.push((&has.name, vec![name])),
        }
    }
    let changes = told.into_iter().map(|(value, names)| Change::Attribute {
        axis: axis.name.clone(),
        value: value.to_owned(),
        attribute: CONTRAST,
        to: names.into(),
    });
    let changes: Vec<Change> = changes.collect();
    let line = "in a template:\n{% if AXIS.contrast is defined %}\nNobody may take it for {{ AXIS.contrast \
                | join_and(word=\"or\") }}.\n{% endif %}";
    (!changes.is_empty()).then(|| Proposal {
        key: CONTRAST.into(),
        what: "labels told apart from those that they are taken for".into(),
        reasons,
        changes,
        by_hand: unread(figures, ".contrast", line.replace("AXIS", &axis.name)),
    })
}
