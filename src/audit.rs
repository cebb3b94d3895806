//! What can be measured of a dataset's texts and labels, each against what real text has.

mod balance;
mod clusters;
mod context;
mod correction;
mod counterfactual;
mod distinct;
mod diversity;
mod groups;
mod human;
mod identity;
mod leakage;
mod length;
mod metric;
mod numbers;
mod opener;
mod parity;
mod representation;
mod statistics;
mod surface;
mod table;
#[cfg(test)]
mod tests;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use correction::{
    Added, Ban, Counterparts, Deficit, Drop, Drops, Evened, Held, Raise, Rewriting, Swapper, Task, WITHOUT,
    Weighed, added, deficits, drawn, drops, raise, weights,
};
pub use counterfactual::{Pair, Swapped};
pub use distinct::{DISTINCT_TEXTS, Distinct, distinct_2};
pub use groups::{Finder, GROUPS, Groups};
pub use identity::log_odds;
pub use metric::{Bounds, Case, METRICS, Measure, Metric, Part, Thresholds, Verdict, Worse, by_key};
use statistics::LEAST_CLUSTERS;
use surface::opens_with_i;
pub use table::{Column, Role, Table};
pub use token::{is_word, tokens};

/// What was asked for: how many rows of each combination of the table's columns, in their order.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub cells: Vec<(Vec<String>, u64)>,
}

/// How to audit.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where chance is needed, it is this one.
    pub seed: u64,
    /// Bounds in place of the metrics' own.
    pub thresholds: Thresholds,
    /// Metrics that are left out, by key.
    pub off: BTreeSet<String>,
    /// The share of all rows that should speak of each group.
    pub targets: BTreeMap<String, f64>,
    /// The labels that say something bad; without any, groups' negative labels cannot be compared.
    pub negative: BTreeSet<String>,
    pub asked: Option<Asked>,
    /// What a model answers when somebody in a text is somebody else; without it this is not measured.
    pub swapped: Option<Swapped>,
}

impl Options {
    fn is_on(&self, metric: &Metric) -> bool {
        !self.off.contains(metric.key)
    }

    fn bounds(&self, metric: &Metric) -> Bounds {
        let own = Bounds { warn: metric.warn, fail: metric.fail };
        self.thresholds.get(metric.key).copied().unwrap_or(own)
    }

    /// Bounds of one case: for some metrics they are counted from its reference.
    fn bounds_of(&self, metric: &Metric, case: &Case) -> Bounds {
        let Bounds { warn, fail } = self.bounds(metric);
        let base = if metric.over { case.reference.unwrap_or(0.0) } else { 0.0 };
        Bounds { warn: base + warn, fail: base + fail }
    }

    /// Puts a measure together, by the metric's bounds.
    fn measure(
        &self,
        metric: &'static Metric,
        of: impl Into<String>,
        whole: Option<Case>,
        parts: Vec<Case>,
    ) -> Measure {
        let bounds = match &whole {
            Some(case) => self.bounds_of(metric, case),
            None => self.bounds(metric),
        };
        let bounded = |case: Case| (self.bounds_of(metric, &case), case);
        let parts = parts.into_iter().map(bounded).collect();
        self.measure_within(metric, of, (bounds, whole), parts)
    }

    /// The same, by bounds of the whole's and of each part's own.
    ///
    /// Its verdict is the worst of the whole's and those of parts. A part that cannot be told, with a value
    /// beyond the bound, leaves the whole in doubt: that others are well says nothing of it.
    fn measure_within(
        &self,
        metric: &'static Metric,
        of: impl Into<String>,
        (bounds, whole): (Bounds, Option<Case>),
        parts: Vec<(Bounds, Case)>,
    ) -> Measure {
        let judge = |case: &Case, bounds| case.judge(metric.worse, bounds, metric.least);
        let mut parts: Vec<(f64, Part)> = parts
            .into_iter()
            .map(|(bounds, case)| {
                let over = case.value - bounds.warn;
                let badness = if metric.worse == Worse::Higher { over } else { -over };
                (badness, Part { verdict: judge(&case, bounds), case })
            })
            .collect();
        // Alarms first, and what cannot be told last.
        let order = |part: &Part| (part.verdict != Verdict::CannotTell).then_some(part.verdict);
        parts.sort_by(|a, b| order(&b.1).cmp(&order(&a.1)).then(b.0.total_cmp(&a.0)));
        let in_doubt = |(over, part): &&(f64, Part)| part.verdict == Verdict::CannotTell && *over > 0.0;
        let doubts: Vec<String> =
            parts.iter().filter(in_doubt).map(|(_, part)| part.case.name.clone()).collect();
        let parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
        let worst = parts.iter().map(|part| part.verdict).filter(|verdict| verdict.is_alarm()).max();
        let own = match &whole {
            Some(case) => judge(case, bounds),
            None if parts.iter().any(|part| part.verdict != Verdict::CannotTell) => Verdict::Ok,
            None => Verdict::CannotTell,
        };
        let doubt = if doubts.is_empty() { Verdict::Ok } else { Verdict::CannotTell };
        Measure {
            metric: metric.key,
            of: of.into(),
            whole,
            bounds,
            verdict: own.max(doubt).max(worst.unwrap_or(own)),
            finding: String::new(),
            doubts,
            advice: String::new(),
            parts,
            worst: Vec::new(),
            offenders: Vec::new(),
        }
    }

    /// A measure of which nothing can be told.
    fn nothing(&self, metric: &'static Metric, of: impl Into<String>, why: impl Into<String>) -> Measure {
        Measure { finding: why.into(), ..self.measure(metric, of, None, Vec::new()) }
    }
}

/// How many ids of worst rows a measure names.
const WORST: usize = 5;

impl Measure {
    /// Adds what was found, and the advice where it is an alarm.
    fn saying(mut self, finding: impl Into<String>, advice: impl Into<String>) -> Self {
        let least = self.metric().map_or(0, |metric| metric.least);
        let few = self.whole.as_ref().map(|case| case.rows).filter(|rows| *rows < least);
        let enough = self.whole.as_ref().is_none_or(|case| case.enough);
        self.finding = match (self.verdict, few) {
            (Verdict::CannotTell, Some(rows)) => format!("{rows} rows; {least} would tell"),
            (Verdict::CannotTell, None) if !self.doubts.is_empty() && enough => {
                let more = self.doubts.len().saturating_sub(3);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named: Vec<&str> = self.doubts.iter().take(3).map(String::as_str).collect();
                format!("{}; too little to tell of {}{more}", finding.into(), named.join(", "))
            }
            (Verdict::CannotTell, None) if self.whole.is_some() && enough => {
                format!("{}; more rows would tell", finding.into())
            }
            _ => finding.into(),
        };
        if self.verdict.is_alarm() {
            self.advice = advice.into();
        }
        self
    }

    /// Adds the rows that are to blame, the worst first.
    fn blaming(mut self, table: &Table, rows: Vec<usize>) -> Self {
        self.worst = rows.iter().take(WORST).map(|row| table.id(*row).to_owned()).collect();
        self.offenders = rows;
        self
    }
}

/// All that was measured of a table.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub rows: usize,
    pub labels: Vec<String>,
    pub contexts: Vec<String>,
    /// The worst of all.
    pub verdict: Verdict,
    pub measures: Vec<Measure>,
}

impl Report {
    /// What is an alarm, the worst first.
    pub fn alarms(&self) -> impl Iterator<Item = &Measure> {
        let of = |verdict| self.measures.iter().filter(move |measure| measure.verdict == verdict);
        of(Verdict::Fail).chain(of(Verdict::Warn))
    }

    /// What a summary keeps of it: each measure in a few fields.
    pub fn brief(&self) -> Vec<Brief> {
        let measures = self.measures.iter().map(|measure| {
            let whole = measure.whole.as_ref();
            Brief {
                metric: measure.metric.to_owned(),
                of: measure.of.clone(),
                value: whole.map(|case| case.value).filter(|value| value.is_finite()),
                interval: whole.and_then(|case| case.interval),
                reference: whole.and_then(|case| case.reference),
                verdict: measure.verdict,
                finding: measure.verdict.is_alarm().then(|| measure.finding.clone()),
            }
        });
        measures.collect()
    }
}

/// A measure without its parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Brief {
    pub metric: String,
    /// The column, where it is of one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// What real text has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    pub verdict: Verdict,
    /// Of an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

type Family = fn(&Table, &Options) -> Vec<Measure>;

const FAMILIES: &[(&str, Family)] = &[
    ("balance", balance::balance),
    ("leakage", leakage::leakage),
    ("length", length::length),
    ("surface", surface::surface),
    ("openers", opener::opener),
    ("contexts", context::context),
    ("groups", identity::identity),
    ("groups", parity::parity),
    ("groups", representation::representation),
    ("counterfactuals", counterfactual::counterfactual),
    ("diversity", diversity::diversity),
];

/// Measures a table. `progress` is told what comes next, and the share that is done.
pub fn audit(table: &Table, options: &Options, mut progress: impl FnMut(&str, f64)) -> Report {
    let mut measures = Vec::new();
    for (at, (name, family)) in FAMILIES.iter().enumerate() {
        progress(name, at as f64 / FAMILIES.len() as f64);
        measures.extend(family(table, options));
    }
    let names = |role| {
        table.columns.iter().filter(move |column| column.role == role).map(|column| column.name.clone())
    };
    Report {
        rows: table.rows(),
        labels: names(Role::Label).collect(),
        contexts: names(Role::Context).collect(),
        verdict: measures
            .iter()
            .map(|measure: &Measure| measure.verdict)
            .max()
            .unwrap_or(Verdict::CannotTell),
        measures,
    }
}

/// Why nothing can be told where texts are much alike.
fn alike(clusters: usize) -> String {
    format!("{clusters} texts that are not nearly the same; {LEAST_CLUSTERS} would tell")
}

/// `12.3 %`.
fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
