//! Labels held against a probe that was trained on other data.

use serde_json::{Map, Value, json};

use super::reason::Reason;
use crate::config::Diagnostic;
use crate::config::resolved::{Axis, LabelProbe};
use crate::labels::likeliest;
use crate::probe::Probe;

/// A probe, and which of its labels each value of an axis is.
#[derive(Debug)]
pub struct LabelCheck {
    probe: Probe,
    axis: usize,
    top: u32,
    /// By value.
    labels: Vec<usize>,
}

impl LabelCheck {
    /// # Errors
    /// A file that is no probe, or one that does not know a value.
    pub fn compile(config: &LabelProbe, axes: &[Axis]) -> Result<Self, Diagnostic> {
        let probe = Probe::from_bytes(&config.bytes)
            .map_err(|error| Diagnostic::error("probe", error.to_string()).at(config.at))?;
        let head = probe.head();
        // A probe of groups takes a value for the group that its attribute names.
        let attribute = match head.map.as_str() {
            "ekman" => Some("ekman"),
            "sentiment" => Some("polarity"),
            _ => None,
        };
        let axis = &axes[config.axis];
        let mut labels = Vec::with_capacity(axis.values.len());
        for value in &axis.values {
            let group = attribute.and_then(|name| value.attributes.get(name)).and_then(Value::as_str);
            let called = group.unwrap_or(&value.name);
            match head.labels.iter().position(|known| known == called) {
                Some(label) => labels.push(label),
                None => {
                    let what = format!("the probe knows no `{called}`, which `{}` takes", axis.name);
                    return Err(Diagnostic::error("probe", what)
                        .at(config.at)
                        .help(format!("it was trained on: {}", head.labels.join(", "))));
                }
            }
        }
        Ok(Self { axis: config.axis, top: config.top, labels, probe })
    }

    /// Holds a text to the label of its cell, whose values stand one an axis: what its row shows of that,
    /// or why it is none.
    ///
    /// # Errors
    /// The label is not among the likeliest.
    pub fn hold(&self, text: &str, values: &[usize]) -> Result<Map<String, Value>, Reason> {
        let label = self.labels[values[self.axis]];
        let probabilities = self.probe.probabilities(&[text]);
        let found = probabilities.row(0);
        // One that is as likely as another has its rank.
        let rank = 1 + found.iter().filter(|value| **value > found[label]).count() as u32;
        let first = likeliest(found);
        let names = &self.probe.head().labels;
        if rank > self.top {
            let (likelier, name, sure) = (rank - 1, &names[first], found[first]);
            let why =
                format!("the probe finds {likelier} of its labels likelier, first of all {name} ({sure:.2})");
            return Err(Reason::Judge { judge: Reason::LABEL, why });
        }
        let rounded = |value: f32| (f64::from(value) * 1e4).round() / 1e4;
        let columns = [
            ("label_rank", json!(rank)),
            ("label_probability", json!(rounded(found[label]))),
            ("probe_label", json!(names[first])),
        ];
        Ok(columns.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::diagnostic::{Sources, Span};
    use crate::config::resolved::AxisValue;
    use crate::labels::LabelSet;
    use crate::probe::Settings;

    fn trained(labels: &[&str], map: &str) -> Probe {
        let words = ["lovely wonderful", "dreadful awful", "odd strange"];
        let texts: Vec<String> =
            (0..60).map(|n| format!("The day was {} today {}.", words[n % 3], n % 7)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let gold: Vec<LabelSet> = (0..60).map(|n| LabelSet::one(n % 3)).collect();
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        Probe::train(&texts, &gold, labels, map, Settings::default())
    }

    fn compiled(probe: &Probe, values: &[(&str, &str)], top: u32) -> Result<LabelCheck, Diagnostic> {
        let value = |(name, polarity): &(&str, &str)| AxisValue {
            name: (*name).to_owned(),
            attributes: json!({ "polarity": polarity }).as_object().cloned().unwrap_or_default(),
            endpoints: None,
        };
        let values = values.iter().map(value).collect();
        let axes = [Axis { name: "emotion".into(), label: true, values, at: None }];
        let at = Span { source: Sources::default().add("t", ""), start: 0, end: 0 };
        let bytes = probe.to_bytes();
        let config = LabelProbe { axis: 0, top, path: "p".into(), hash: String::new(), bytes, at };
        LabelCheck::compile(&config, &axes)
    }

    #[test]
    fn a_label_must_be_among_the_likeliest() {
        let probe = trained(&["joy", "anger", "surprise"], "none");
        let values = [("joy", "positive"), ("anger", "negative"), ("surprise", "ambiguous")];
        let one = compiled(&probe, &values, 1).unwrap();
        let shown = one.hold("What a lovely, wonderful day.", &[0]).unwrap();
        assert_eq!((&shown["label_rank"], &shown["probe_label"]), (&json!(1), &json!("joy")));
        assert!(shown["label_probability"].as_f64().unwrap() > 0.4);
        let refused = one.hold("What a lovely, wonderful day.", &[1]).unwrap_err();
        assert_eq!(refused.name(), "label");
        assert!(refused.to_string().contains("first of all joy"), "{refused}");
        let all = compiled(&probe, &values, 3).unwrap();
        assert!((0..3).all(|value| all.hold("An awful day.", &[value]).is_ok()));
    }

    #[test]
    fn values_are_labels_of_the_probe_or_of_its_groups() {
        let grouped = trained(&["positive", "negative", "ambiguous"], "sentiment");
        let values = [("joy", "positive"), ("anger", "negative")];
        let check = compiled(&grouped, &values, 1).unwrap();
        assert_eq!(check.labels, [0, 1]);
        assert!(compiled(&grouped, &[("calm", "calm")], 1).is_err());
        assert!(compiled(&trained(&["joy", "anger", "x"], "none"), &[("fear", "negative")], 1).is_err());
    }
}
