//! What past runs left behind, without what the anonymiser takes out.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::super::Failure;
use super::super::scrub::{Member, clean_file, overwrite};
use crate::report::Summary;
use crate::report::morning::{opening, page};
use crate::store::Reader;

/// Fields of a row in which no text of a model's stands.
const OURS: [&str; 8] =
    ["id", "fingerprint", "model", "prompt", "spans", "mended", "rewritten_by", "rewritten_for"];

/// How summaries, logs and rows of before are cleaned.
pub struct Records {
    /// What texts began with, and what they begin with now. Three words say less than a text, so that what is
    /// taken out of it may not be seen in them.
    openings: HashMap<String, String>,
}

impl Records {
    pub fn new(originals: &[(String, String)]) -> Self {
        let mut openings = HashMap::new();
        for (text, left) in originals {
            if let (Some(then), Some(now)) = (opening(text), opening(left))
                && then != now
            {
                openings.insert(then, now);
            }
        }
        Self { openings }
    }

    /// What is left of a text of ours that may quote a model's; `None` where it stays as it is.
    fn left_of(&self, member: &Member, text: &str) -> Option<String> {
        let mut left = text.to_owned();
        match self.openings.get(text) {
            Some(now) => left.clone_from(now),
            None => {
                for (then, now) in self.openings.iter().filter(|(then, _)| text.contains(then.as_str())) {
                    left = left.replace(then.as_str(), now);
                }
            }
        }
        let left = member.opened.recipe.judge.masked_text(&left);
        (left != text).then_some(left)
    }

    /// The summaries of a config's runs that are to be written anew, by their rows.
    pub fn summaries(&self, member: &Member, reader: &Reader) -> Result<BTreeMap<i64, String>, Failure> {
        let mut out = reader.summaries(member.name())?;
        out.retain(|_, summary| match self.summary(member, summary) {
            Some((left, _)) => {
                *summary = left;
                true
            }
            None => false,
        });
        Ok(out)
    }

    /// A run's summary as JSON and as a page; `None` where it stays as it is.
    fn summary(&self, member: &Member, text: &str) -> Option<(String, String)> {
        let mut summary: Summary = serde_json::from_str(text).ok()?;
        let mut changed = false;
        let mut clean = |text: &mut String| {
            if let Some(left) = self.left_of(member, text) {
                *text = left;
                changed = true;
            }
        };
        clean(&mut summary.headline);
        summary.findings.iter_mut().for_each(|finding| clean(&mut finding.what));
        summary.examples.values_mut().flatten().for_each(|example| clean(&mut example.text));
        summary.openings.iter_mut().for_each(|opening| clean(&mut opening.words));
        let measures = summary.audit.iter_mut().flat_map(|audit| &mut audit.measures);
        measures.flat_map(|measure| &mut measure.finding).for_each(clean);
        changed.then(|| (serde_json::to_string_pretty(&summary).unwrap_or_default(), page(&summary)))
    }

    /// Whether rows or rejects on disk still hold what is taken out: they were written under another policy.
    pub fn are_in_dataset(&self, member: &Member) -> io::Result<bool> {
        for name in ["dataset.jsonl", "rejected.jsonl"] {
            let file = match std::fs::File::open(member.folder().join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file?,
            };
            for line in BufReader::new(file).lines() {
                // Of a reject there is only its text, and our own words about it.
                let only = (name == "rejected.jsonl").then_some("text");
                if holds(member, &line?, only) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Cleans the files beside the dataset, and says how many of them had something.
    pub fn clean(&self, member: &Member) -> io::Result<u64> {
        let mut changed = 0;
        for path in member.files_of_runs()? {
            changed += match path.file_name().and_then(|name| name.to_str()) {
                Some("summary.json") => self.summary_file(member, &path)?,
                // Written with its figures.
                Some("summary.md") => 0,
                _ => u64::from(clean_file(&path, false, |line| self.logged(member, line))?),
            };
        }
        let previous = |line: &str| holds(member, line, None).then(String::new);
        changed += u64::from(clean_file(&member.previous(), true, previous)?);
        Ok(changed)
    }

    fn summary_file(&self, member: &Member, path: &Path) -> io::Result<u64> {
        let text = std::fs::read_to_string(path)?;
        let Some((json, page)) = self.summary(member, &text) else { return Ok(0) };
        overwrite(path, text.len(), &format!("{json}\n"))?;
        let shown = path.with_extension("md");
        let length = std::fs::metadata(&shown).map_or(0, |file| file.len() as usize);
        overwrite(&shown, length, &page)?;
        Ok(2)
    }

    /// A line of a log; `None` where it stays as it is.
    fn logged(&self, member: &Member, line: &str) -> Option<String> {
        let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
        let mut changed = false;
        for name in ["text", "headline"] {
            if let Some(Value::String(text)) = fields.get_mut(name)
                && let Some(left) = self.left_of(member, text)
            {
                *text = left;
                changed = true;
            }
        }
        changed.then(|| Value::Object(fields).to_string())
    }
}

/// Whether the anonymiser takes something out of a row, or of one field of it.
fn holds(member: &Member, line: &str, only: Option<&str>) -> bool {
    let Ok(row) = serde_json::from_str::<Map<String, Value>>(line) else { return false };
    let recipe = &member.opened.recipe;
    let looked_at = |name: &str| match only {
        Some(only) => name == only,
        None => !OURS.contains(&name) && recipe.grid.axes.iter().all(|axis| *axis.name != *name),
    };
    row.iter().any(|(name, value)| looked_at(name) && recipe.judge.takes_out_of_field(value))
}
