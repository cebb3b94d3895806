//! What past runs left behind, without what the anonymiser takes out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::Failure;
use super::super::scrub::{Member, Sieve, by_line};
use crate::report::Summary;
use crate::report::morning::{opening, page};
use crate::store::Reader;

/// Fields of a row in which no text of a model's stands.
const OURS: [&str; 9] =
    ["id", "pair", "fingerprint", "model", "prompt", "spans", "mended", "rewritten_by", "rewritten_for"];

/// How summaries, logs and rows of before are cleaned.
pub struct Records {
    /// What texts began with, and what they begin with now. Three words say less than a text, so that what is
    /// taken out of it may not be seen in them.
    openings: HashMap<String, String>,
    /// Texts as they are left: where a second look found that something is no name, it stays.
    settled: HashSet<String>,
}

impl Records {
    /// `originals` are texts as they were, each with what is left of it; `settled` is left of others.
    pub fn new(originals: &[(String, String)], settled: Vec<String>) -> Self {
        let mut openings = HashMap::new();
        for (text, left) in originals {
            if let (Some(then), Some(now)) = (opening(text), opening(left))
                && then != now
            {
                openings.insert(then, now);
            }
        }
        let left = originals.iter().map(|(_, left)| left.clone());
        Self { openings, settled: left.chain(settled).collect() }
    }

    /// How a config cleans its own.
    pub fn of<'a>(&'a self, member: &'a Member) -> Masking<'a> {
        Masking { records: self, member }
    }
}

/// Takes out of files what a config's anonymiser takes out.
pub struct Masking<'a> {
    records: &'a Records,
    member: &'a Member,
}

impl Masking<'_> {
    /// What is left of a text of ours that may quote a model's; `None` where it stays as it is.
    fn left_of_text(&self, text: &str) -> Option<String> {
        let mut left = text.to_owned();
        let openings = &self.records.openings;
        match openings.get(text) {
            Some(now) => left.clone_from(now),
            None => {
                for (then, now) in openings.iter().filter(|(then, _)| text.contains(then.as_str())) {
                    left = left.replace(then.as_str(), now);
                }
            }
        }
        let left = self.member.opened.recipe.judge.masked_text(&left);
        (left != text).then_some(left)
    }

    /// The summaries of runs under a name that are to be written anew, by their rows.
    pub fn summaries(&self, name: &str, reader: &Reader) -> Result<BTreeMap<i64, String>, Failure> {
        let all = reader.summaries(name)?.into_iter();
        Ok(all.filter_map(|(row, text)| Some((row, self.summary(&text)?.0))).collect())
    }

    /// A run's summary as JSON and as a page; `None` where it stays as it is.
    fn summary(&self, text: &str) -> Option<(String, String)> {
        let mut summary: Summary = serde_json::from_str(text).ok()?;
        let mut changed = false;
        let mut clean = |text: &mut String| {
            if let Some(left) = self.left_of_text(text) {
                *text = left;
                changed = true;
            }
        };
        clean(&mut summary.headline);
        for finding in &mut summary.findings {
            clean(&mut finding.what);
            finding.cause.iter_mut().for_each(&mut clean);
        }
        summary.examples.values_mut().flatten().for_each(|example| clean(&mut example.text));
        let openings = summary.openings.iter_mut().chain(&mut summary.variety.openings);
        openings.for_each(|opening| clean(&mut opening.words));
        let measures = summary.audit.iter_mut().flat_map(|audit| &mut audit.measures);
        measures.flat_map(|measure| &mut measure.finding).for_each(clean);
        changed.then(|| (serde_json::to_string_pretty(&summary).unwrap_or_default(), page(&summary)))
    }

    /// A line of a log; `None` where it stays as it is.
    fn logged(&self, line: &str) -> Option<String> {
        let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let mut changed = false;
        for name in ["text", "headline"] {
            if let Some(Value::String(text)) = fields.get_mut(name)
                && let Some(left) = self.left_of_text(text)
            {
                *text = left;
                changed = true;
            }
        }
        changed.then(|| Value::Object(fields).to_string())
    }

    /// Whether the anonymiser takes something out of some fields of a row.
    fn takes(&self, line: &str, is_looked_at: impl Fn(&str) -> bool) -> bool {
        let Ok(row) = serde_json::from_str::<Map<String, Value>>(line) else { return false };
        let is_settled = |name: &str, value: &Value| {
            name == "text" && value.as_str().is_some_and(|text| self.records.settled.contains(text))
        };
        let judge = &self.member.opened.recipe.judge;
        row.iter().any(|(name, value)| {
            is_looked_at(name) && !is_settled(name, value) && judge.takes_out_of_field(value)
        })
    }
}

impl Sieve for Masking<'_> {
    fn takes_row(&self, row: &str) -> bool {
        let axes = &self.member.opened.recipe.grid.axes;
        self.takes(row, |name| !OURS.contains(&name) && axes.iter().all(|axis| *axis.name != *name))
    }

    fn takes_reject(&self, reject: &str) -> bool {
        // There is only its text, and our own words about it.
        self.takes(reject, |name| name == "text")
    }

    fn left_of(&self, path: &Path, text: &str) -> Option<String> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("summary.json") => self.summary(text).map(|(json, _)| format!("{json}\n")),
            // It is made of the figures beside it, which are cleaned after it.
            Some("summary.md") => {
                let figures = std::fs::read_to_string(path.with_extension("json")).ok()?;
                self.summary(&figures).map(|(_, page)| page)
            }
            _ => by_line(text, |line| self.logged(line)),
        }
    }
}
