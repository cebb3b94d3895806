//! What each check makes of stored texts, in words.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{count, shortened, thousands};

/// What all checks make of the texts of stored answers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckCounts {
    pub answers: u64,
    /// Texts that could be read from them.
    pub texts: u64,
    /// In the order in which texts are held to them.
    pub checks: Vec<CheckCount>,
    /// Candidates that were rejected for another reason, by its name.
    pub others: BTreeMap<String, u64>,
}

/// What one check makes of them.
#[derive(Debug, Clone, Serialize)]
pub struct CheckCount {
    pub name: &'static str,
    pub on: bool,
    /// How it is set or, where it is off, as what it was counted.
    pub setting: Option<String>,
    /// Texts that it rejects, whatever other checks say; `None` where nobody can tell.
    pub alone: Option<u64>,
    /// Texts that the dataset rejects because of it, and not because of a check before it.
    pub first: u64,
    pub examples: Vec<String>,
}

impl CheckCounts {
    /// A table of at most 80 columns, with examples.
    pub fn text(&self) -> String {
        let mut out = format!(
            "\nchecks, of {} in {}:\n\n  {:<16}{:<14}{:>10}{:>10}\n",
            count(self.texts, "stored text"),
            count(self.answers, "answer"),
            "check",
            "setting",
            "alone",
            "first"
        );
        for check in &self.checks {
            let setting = match (&check.setting, check.on) {
                (Some(setting), true) => setting.clone(),
                (Some(setting), false) if setting == "on" => "off".into(),
                (Some(setting), false) => format!("off ({setting})"),
                (None, _) => "off".into(),
            };
            let alone = check.alone.map_or_else(|| "-".into(), thousands);
            let first = if check.on { thousands(check.first) } else { "-".into() };
            out.push_str(&format!("  {:<16}{setting:<14}{alone:>10}{first:>10}\n", check.name));
            for example in &check.examples {
                let line = example.split_whitespace().collect::<Vec<_>>().join(" ");
                out.push_str(&format!("      {}\n", shortened(&line, 72)));
            }
        }
        for (name, times) in &self.others {
            out.push_str(&format!("  {name:<16}{:<14}{:>10}{:>10}\n", "", "-", thousands(*times)));
        }
        out
    }
}
