//! Figures as other commands write them for machines.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// What became of one class of a test part.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Class {
    pub f1: f64,
    /// Texts that have it.
    pub n: u64,
    #[serde(default)]
    pub interval: Option<Interval>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// Texts that have one label and were given another; `None`: none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Confused {
    pub has: Option<String>,
    pub given: Option<String>,
    pub times: u64,
}

/// What `emogrid eval --json` and `emogrid train --json` write, as far as it matters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Scores {
    pub per_class: BTreeMap<String, Class>,
    #[serde(default)]
    pub confusions: Vec<Confused>,
}

impl Scores {
    /// # Errors
    /// What is missing.
    pub fn read(value: Value) -> Result<Self, String> {
        let what = "has no scores by class; `emogrid eval … --json` writes them";
        serde_json::from_value(value).map_err(|error| format!("{what} ({error})"))
    }
}

/// A class of real rows that has too few.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Shortage {
    /// `label`, `ekman` or `sentiment`.
    pub family: String,
    pub class: String,
    pub wanted: u64,
    pub rows: u64,
}

/// The shortages that `emogrid import` writes.
///
/// # Errors
/// Where they are none.
pub fn shortages(value: &Value) -> Result<Vec<Shortage>, String> {
    let what = "has no shortages; `emogrid import` writes them as `shortage.json`";
    let list = value.get("short").unwrap_or(value);
    Vec::deserialize(list).map_err(|error| format!("{what} ({error})"))
}

/// A measure of an audit that warns or fails.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Alarm {
    pub metric: String,
    /// The column, or the columns.
    #[serde(default)]
    pub of: String,
    pub verdict: String,
    #[serde(default)]
    pub finding: String,
    #[serde(default)]
    pub advice: String,
}

/// What an audit (`emogrid audit --json`) is alarmed at.
///
/// # Errors
/// Where it is none.
pub fn alarms(value: &Value) -> Result<Vec<Alarm>, String> {
    let what = "has no measures; `emogrid audit … --json` writes them";
    let list = value.get("measures").ok_or_else(|| what.to_owned())?;
    let all: Vec<Alarm> = Vec::deserialize(list).map_err(|error| format!("{what} ({error})"))?;
    Ok(all.into_iter().filter(|alarm| alarm.verdict == "warn" || alarm.verdict == "fail").collect())
}

/// What stored answers make of the config.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// By axis and value: rows wanted, accepted and rejected.
    pub values: Vec<(String, String, [u64; 3])>,
    /// Rejects by reason, most first.
    pub rejected: Vec<(String, u64)>,
    /// Of those, the ones that are too like another row.
    pub duplicates: u64,
    pub accepted: u64,
    /// Rows of cells that may ask no more.
    pub shortfall: u64,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_matters_is_read() {
        let scores = Scores::read(json!({
            "macro_f1": 0.5, "per_class": { "joy": { "f1": 0.5, "n": 3, "given": 2, "precision": 1.0,
                "interval": { "low": 0.25, "high": 0.75 } } },
            "confusions": [{ "has": "joy", "given": null, "times": 2 }],
        }));
        let scores = scores.unwrap();
        assert_eq!(scores.per_class["joy"].interval, Some(Interval { low: 0.25, high: 0.75 }));
        assert_eq!(scores.confusions[0].given, None);
        assert!(Scores::read(json!({ "measures": [] })).unwrap_err().contains("emogrid eval"));
        let audit = json!({ "measures": [
            { "metric": "gzip", "of": "", "verdict": "ok" },
            { "metric": "leakage", "of": "emotion", "value": 0.4, "verdict": "fail", "finding": "f", "parts": [] },
            { "metric": "length", "of": "emotion", "verdict": "cannot-tell" },
        ] });
        assert_eq!(
            alarms(&audit).unwrap().iter().map(|a| a.metric.as_str()).collect::<Vec<_>>(),
            ["leakage"]
        );
        assert!(alarms(&json!([])).unwrap_err().contains("emogrid audit"));
        let short = json!({ "family": "label", "class": "grief", "wanted": 500, "rows": 77, "short": 423 });
        assert_eq!(shortages(&json!({ "short": [short] })).unwrap()[0].rows, 77);
        assert!(shortages(&json!({})).is_err());
    }
}
