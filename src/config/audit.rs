//! What the audit measures, and where it warns and fails.

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::{Diagnostic, Report, did_you_mean};
use super::keys::audit::{GROUPS, METRICS};
use super::yaml::Node;

#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Rows that a run audits at its end.
    pub rows: usize,
    /// Metrics that are left out.
    pub off: BTreeSet<String>,
    /// By metric: where a warning and a failure begin.
    pub warn: BTreeMap<String, f64>,
    pub fail: BTreeMap<String, f64>,
    /// By group: the share of rows that should speak of it.
    pub targets: BTreeMap<String, f64>,
}

/// Rows that are audited where the config says nothing: enough for every metric.
const ROWS: usize = 10_000;

impl Default for Audit {
    fn default() -> Self {
        let (off, warn, fail, targets) = Default::default();
        Self { rows: ROWS, off, warn, fail, targets }
    }
}

impl Audit {
    /// From a tree whose types were checked; names that there are not go to the report.
    pub fn resolve(root: &Node, report: &mut Report) -> Self {
        let of = |key: &str| root.get("audit").and_then(|node| node.get(key));
        let mut numbers = |key: &str, known: &'static [&'static str], what: &str| {
            let mut out = BTreeMap::new();
            for (name, node) in of(key).map_or(&[][..], Node::entries) {
                if !known.contains(&name.text.as_str()) {
                    let help = match did_you_mean(&name.text, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("known here: {}", known.join(", ")),
                    };
                    let message = format!("there is no {what} `{}`", name.text);
                    report.push(Diagnostic::error("audit", message).at(name.span).help(help));
                }
                out.extend(node.number().map(|number| (name.text.clone(), number)));
            }
            out
        };
        let (warn, fail) = (numbers("warn", METRICS, "metric"), numbers("fail", METRICS, "metric"));
        let targets = numbers("targets", GROUPS, "group of people");
        let off = of("off").map_or(&[][..], Node::items).iter().filter_map(Node::text);
        let rows = of("rows").and_then(Node::whole).map_or(ROWS, |rows| rows as usize);
        Self { rows, off: off.map(str::to_owned).collect(), warn, fail, targets }
    }
}
