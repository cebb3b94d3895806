//! From what was measured to proposed changes of a config, each with the figures that it follows from.
//!
//! Pure: figures come in, proposals come out; `patch` makes them changes of the user's own text.

mod contrast;
pub mod corpus;
pub mod figures;
mod gaps;
pub mod patch;
mod remedies;
mod values;
mod weights;

use serde::Serialize;
use serde_json::Value;

use crate::config::Config;
use corpus::Corpus;
use figures::{Alarm, Outcome, Scores, Shortage};

/// What is known of a config's dataset and of a model that was trained on it; each part may be absent.
#[derive(Debug, Default)]
pub struct Figures {
    pub scores: Option<Scores>,
    pub shortages: Vec<Shortage>,
    pub alarms: Vec<Alarm>,
    pub outcome: Option<Outcome>,
    /// The rows of the dataset.
    pub generated: Corpus,
    /// Real rows that a model may be trained on.
    pub real: Corpus,
    /// The file of these, as the config would name it, where it is one.
    pub real_file: Option<String>,
    /// The templates' texts.
    pub templates: String,
    /// Rows that the config wants.
    pub wanted: u64,
    /// Asks of a cell at most.
    pub max_asks: u32,
}

/// One thing to change, or to do by hand.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// The key that it changes, as docs name it.
    pub key: String,
    pub what: String,
    /// The figures that it follows from.
    pub reasons: Vec<String>,
    pub changes: Vec<Change>,
    /// What a template, or the user, has to do for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
}

impl Proposal {
    /// Whether it changes no prompt and no check until a template reads what is new, or the user does something.
    pub fn waits(&self) -> bool {
        let read_by_templates = |change: &Change| match change {
            Change::Attribute { attribute, .. } => *attribute != "weight",
            Change::Put { path, .. } => path.first().is_some_and(|key| key == "exemplars"),
            Change::Total { .. } => false,
        };
        self.by_hand.is_some() && self.changes.iter().all(read_by_templates)
    }
}

/// A change of a config.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A key and its value.
    Put { path: Vec<String>, value: Value },
    /// An attribute of an axis' value.
    Attribute { axis: String, value: String, attribute: &'static str, to: Value },
    /// `samples.total` in place of `samples.per_cell`.
    Total { rows: u64 },
}

impl Change {
    fn put(path: &[&str], value: impl Into<Value>) -> Self {
        Self::Put { path: path.iter().map(|key| (*key).to_owned()).collect(), value: value.into() }
    }
}

/// All that the figures say should change, what helps most first.
pub fn proposals(config: &Config, figures: &Figures) -> Vec<Proposal> {
    let mut out = Vec::new();
    out.extend(weights::weights(config, figures));
    out.extend(contrast::contrast(config, figures));
    out.extend(exemplars(config, figures));
    out.extend(gaps::words(config, figures));
    out.extend(remedies::remedies(config, figures));
    out
}

/// Real rows in prompts, where there are some and no prompt shows any.
fn exemplars(config: &Config, figures: &Figures) -> Option<Proposal> {
    let from = figures.real_file.as_ref().filter(|_| config.exemplars.is_none())?;
    let values = config.axes.iter().filter(|axis| axis.label).flat_map(|axis| &axis.values);
    let names: Vec<&str> = values.map(|value| value.name.as_str()).collect();
    let shown = names.iter().filter(|name| figures.real.rows_of(name) > 0).count();
    if shown == 0 {
        return None;
    }
    Some(Proposal {
        key: "exemplars".into(),
        what: "real rows in prompts, which show none".into(),
        reasons: vec![format!(
            "{} at hand, of {shown} of the {} labels",
            match figures.real.rows() {
                1 => "1 real row is".to_owned(),
                rows => format!("{rows} real rows are"),
            },
            names.len()
        )],
        changes: vec![Change::put(&["exemplars", "from"], from.as_str())],
        by_hand: unread(
            figures,
            "exemplars",
            "in a template:\n{% for row in exemplars %}\n- {{ row.text }}\n{% endfor %}",
        ),
    })
}

/// What is to be done in a template, unless one reads this already.
fn unread(figures: &Figures, what: &str, line: impl Into<String>) -> Option<String> {
    (!figures.templates.contains(what)).then(|| line.into())
}

/// `.48`, as scores are written.
fn score(value: f64) -> String {
    format!("{value:.3}").trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests;
