//! What ran, and what came of it.

use serde::Serialize;

use super::morning::Finding;
use super::{Listed, Summary, count, money, plain, shortened, thousands, wrapped};
use crate::model::Untold;

/// A run, or all runs of one state of a config.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogEntry {
    /// The number of the state, which runs share whose config and files are the same.
    ///
    /// `null` of a run that ended before its state was kept.
    pub state: Option<i64>,
    pub started: String,
    /// When its state was kept: right after the run began that made it.
    #[serde(skip)]
    pub kept: Option<String>,
    /// What changed since the run before; `null` for the first.
    pub changes: Option<Vec<String>>,
    /// What kept a run from coming to anything; `cut off`, `not kept` or `under way` of one that left no summary, of which
    /// `requests` and what they took are the least that they can have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Runs that came to their end.
    pub runs: u64,
    /// What came of the last of them; `null` where none ended.
    pub rows: Option<u64>,
    pub wanted: Option<u64>,
    /// Texts that became rows or were rejected.
    pub judged: Option<u64>,
    /// The share of them that became rows.
    pub acceptance: Option<f64>,
    /// Of how many texts distinct-2 is: at most a thousand.
    pub distinct_2: Option<f64>,
    pub distinct_2_texts: Option<u64>,
    /// Of all runs together.
    pub requests: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub completion_tokens: u64,
    /// `null` where no endpoint had a price.
    pub cost: Option<f64>,
    pub model: Option<String>,
}

impl LogEntry {
    pub fn new(state: i64, kept: &str, changes: Option<Vec<String>>) -> Self {
        let (started, kept) = (kept.to_owned(), Some(kept.to_owned()));
        Self { state: Some(state), started, kept, changes, ..Self::default() }
    }

    /// A run that came to nothing: the dataset, and its state, stay those of before.
    pub fn in_vain(run: &Summary) -> Self {
        let ended = match run.findings.first() {
            Some(Finding { what, cause: Some(cause), .. }) => format!("{what}; {cause}"),
            Some(Finding { what, .. }) => what.clone(),
            None => run.headline.clone(),
        };
        let (rows, wanted) = (Some(run.accepted), Some(run.wanted));
        Self { started: run.started.clone(), ended: Some(ended), rows, wanted, ..Self::default() }
    }

    /// Whether it is of a state of which no run was kept, nor known to have been cut off.
    pub fn is_open(&self) -> bool {
        self.runs == 0 && self.ended.is_none()
    }

    /// A run that left no summary: what it is known to have brought is the least that it can have been.
    pub fn is_of(&mut self, run: &Listed<'_>) {
        self.started = run.began().to_owned();
        self.ended = Some(run.state().to_owned());
        if let Listed::Unkept(Untold { noted: Some(noted), .. }, _) = run {
            self.requests = noted.answers;
            self.prompt_tokens = noted.prompt_tokens;
            self.completion_tokens = noted.completion_tokens;
            self.cost = noted.cost;
        }
    }

    /// The same after one more run.
    pub fn after(mut self, run: &Summary) -> Self {
        if self.runs == 0 {
            self.started = run.started.clone();
        }
        let judged = run.accepted + run.rejected.values().sum::<u64>();
        self.runs += 1;
        self.rows = Some(run.accepted);
        self.wanted = Some(run.wanted);
        self.judged = Some(judged);
        self.acceptance = (judged > 0).then(|| run.accepted as f64 / judged as f64);
        self.distinct_2 = run.distinct_2;
        self.distinct_2_texts = run.distinct_2.map(|_| run.distinct_2_texts);
        self.requests += run.requests;
        self.prompt_tokens += run.prompt_tokens;
        self.cached_tokens += run.cached_tokens;
        self.completion_tokens += run.completion_tokens;
        if let Some(cost) = &run.cost {
            self.cost = Some(plain(self.cost.unwrap_or(0.0) + cost.all));
        }
        self.model = run.model.clone();
        self
    }

    fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        let model =
            self.model.as_deref().map_or(String::new(), |model| format!("  {}", shortened(model, 30)));
        let rows = match (self.rows, self.wanted, &self.ended) {
            (Some(rows), Some(wanted), _) => format!("{} of {}", thousands(rows), count(wanted, "row")),
            (.., Some(ended)) => ended.clone(),
            _ => "no run came to its end".into(),
        };
        // To the second is enough for a person.
        let time = self.started.get(..19).unwrap_or(&self.started).replace('T', " ");
        let state = self.state.map_or_else(|| "-".to_owned(), |state| state.to_string());
        let in_vain = self.ended.as_ref().filter(|_| self.rows.is_some());
        let as_before = if in_vain.is_some() { ", as before" } else { "" };
        out.push(format!("{state:>4}  {time}  {rows}{as_before}{model}"));
        if let Some(ended) = in_vain {
            out.extend(wrapped(ended, 70).iter().map(|part| format!("        {part}")));
            return out;
        }
        if let (Some(judged), Some(acceptance)) = (self.judged, self.acceptance) {
            let mut line = format!("{:.1} % of {} accepted", 100.0 * acceptance, count(judged, "text"));
            if let (Some(distinct), Some(texts)) = (self.distinct_2, self.distinct_2_texts) {
                line.push_str(&format!(", distinct-2 {distinct:.3}"));
                if texts < 1000 {
                    line.push_str(&format!(" (of {} only)", thousands(texts)));
                }
            }
            out.push(format!("        {line}"));
        }
        if self.requests > 0 {
            let cached = match self.cached_tokens {
                0 => String::new(),
                cached => format!(" ({} cached)", thousands(cached)),
            };
            let least = if self.ended.is_some() { "at least " } else { "" };
            out.push(format!(
                "        {least}{}; tokens: {} prompt{cached}, {} completion",
                count(self.requests, "request"),
                thousands(self.prompt_tokens),
                thousands(self.completion_tokens),
            ));
            out.extend(self.cost.map(|cost| format!("        cost {}", money(cost))));
        } else if self.runs > 0 {
            out.push("        nothing asked".into());
        }
        match &self.changes {
            None if self.state.is_none() => {}
            None => out.push("        the first".into()),
            Some(changes) if changes.is_empty() => out.push("        nothing changed".into()),
            Some(changes) => {
                out.extend(changes.iter().map(|change| format!("        ~ {}", shortened(change, 70))));
            }
        }
        out
    }
}

/// The entries, each on some lines of at most 80 columns.
pub fn log_text(entries: &[LogEntry]) -> String {
    entries.iter().flat_map(LogEntry::lines).map(|line| format!("{line}\n")).collect()
}
