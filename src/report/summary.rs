//! What a run or a plan comes to, as `--json` says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::morning::{
    EndpointNight, Example, Exhausted, Finding, Left, Needed, Opening, Outlook, Overspent, Past, Variety,
    Verdict, Waited,
};
use super::{
    Asked, CellChange, CheckCounts, Counts, EndpointSight, Forecast, RowChange, RunCounts, Spending, count,
};
use crate::audit::{Brief, Verdict as Audited};
use crate::model::Untold;

/// What failures of a class cost a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCost {
    /// Sends that brought nothing.
    pub sends: u64,
    /// Asks that were given up.
    pub given_up: u64,
    /// Asks that failed so last, and are still open.
    pub left_open: u64,
    /// Rows that their cells lack.
    pub rows: u64,
}

/// What `plan` says.
#[derive(Debug, Clone, Serialize)]
pub struct PlanSummary {
    pub name: String,
    /// Rows that the config wants.
    pub samples: u64,
    #[serde(flatten)]
    pub rows: RowChange,
    /// Rows that stored answers make and that the dataset lacks: they cost nothing.
    pub coming: u64,
    /// Those of the rows that leave whose cells ask for others in their place.
    pub to_remake: u64,
    /// How many of those that leave do so because of a check, by its name.
    pub leaving_by: BTreeMap<&'static str, u64>,
    /// Where more leave or are displaced, a run wants `--accept-leaving`.
    pub max_leaving: u64,
    pub cells: u64,
    pub new: u64,
    pub changed: u64,
    pub restored: u64,
    pub dropped: u64,
    pub kept_cells: u64,
    /// Asks that must be sent now.
    pub requests: u64,
    /// Those of them that ask judges.
    pub judge_requests: u64,
    /// Those of them that ask which names in doubt are names.
    pub second_look_requests: u64,
    /// Those of them that ask what a text means.
    pub embedding_requests: u64,
    /// What judges are asked at least about each text that passes its other checks.
    pub judge_votes: u64,
    /// What they will come to.
    pub expected: Forecast,
    pub accepted: u64,
    /// Rows beside these, which stand for nothing that was wanted.
    pub counterparts: u64,
    /// Rows of `samples` that the file under `curation` adds to cells, and how many cells these are.
    pub raised: u64,
    pub raised_cells: u64,
    pub shortfall: u64,
    /// `None` where it is not known which asks are for which; what stored answers make is not known then.
    pub model: Option<String>,
    /// Whether the models were seen just now, rather than remembered.
    pub model_seen: bool,
    /// What is known of each endpoint, and what a run does about one that is not well.
    pub endpoints: Vec<EndpointSight>,
    /// What changed in the config and its templates since the last run.
    pub causes: Vec<String>,
    /// What each check makes of the stored texts, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<CheckCounts>,
}

/// What `run` says when it ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Summary {
    #[serde(default)]
    pub verdict: Verdict,
    /// The verdict and what it comes to, in one line.
    #[serde(default)]
    pub headline: String,
    /// What the process ends with.
    #[serde(default)]
    pub exit_code: u8,
    pub name: String,
    /// Which run of its name it is, by when they began, from 1; one that found its dataset complete has none of its own.
    #[serde(default)]
    pub number: u64,
    pub started: String,
    /// `complete`, `short`, `stopped` or `failed`.
    pub state: String,
    /// It ended before stored answers were looked at: the dataset, and what is told of it, is that of before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_vain: bool,
    /// Runs before this one that nobody was told of, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Untold>,
    /// What was waited for before anything could be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waited: Vec<Waited>,
    /// What ended it before its work was done: `interrupt`, `drain`, `until`, `for`, `max_requests`,
    /// `token_budget` or `max_cost`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_by: Option<String>,
    /// What one more request may take, where a budget of tokens or of money had no room for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<Needed>,
    /// The budget that more was spent than, `token_budget` or `max_cost`, since requests took more than could be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overspent: Option<Overspent>,
    /// What was changed in the config and its templates since the last run, as far as it explains why rows left; empty
    /// too where something else made them leave, such as another model at the same address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
    /// Which models answer now and which made the dataset before, where these are others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_change: Option<String>,
    /// A hash of all that decides what an answer is worth: what is asked, of which model, and what is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
    /// Only some cells were asked for (`--where`, `--limit`): the state is that of those.
    #[serde(default)]
    pub part: bool,
    pub wanted: u64,
    /// Rows of the dataset, without counterparts.
    pub accepted: u64,
    /// Counterparts, which stand beside these.
    #[serde(default)]
    pub counterparts: u64,
    /// Completions that were asked for and stored.
    pub requests: u64,
    /// Those of them that asked judges.
    #[serde(default)]
    pub judge_requests: u64,
    /// Those of them that asked which names in doubt are names.
    #[serde(default)]
    pub second_look_requests: u64,
    /// Those of them that asked what a text means.
    #[serde(default)]
    pub embedding_requests: u64,
    /// Answers that came and that the store did not take.
    #[serde(default)]
    pub unstored: u64,
    /// Sends, with those that failed and were tried again.
    pub attempts: u64,
    /// Those of them that came to no server: a refused connection is none that a budget counts.
    #[serde(default)]
    pub unsent: u64,
    /// Those of them that were sent a second time, since the first took far too long (`run.hedge`).
    #[serde(default)]
    pub hedged: u64,
    /// Stored completions that were used again.
    pub reused: u64,
    pub rejected: BTreeMap<String, u64>,
    pub surplus: u64,
    /// Rows missing in cells that used up their asks; with those that lack more than their asks can bring it is
    /// `left.short`.
    pub shortfall: u64,
    /// Asks that failed by their own fault.
    pub failed: u64,
    /// Requests that could be sent at once, most often one a cell; others follow from their answers.
    pub open: u64,
    /// What can still come of the cells that were asked for.
    #[serde(default)]
    pub left: Left,
    /// The same of cells that were not chosen (`--where`, `--limit`).
    #[serde(default)]
    pub elsewhere: Left,
    /// Answers of this run that no row or reject hangs on yet, since an earlier ask of their cell is open.
    #[serde(default)]
    pub behind: u64,
    /// Answers of this run that were asked ahead, and that their cell turned out not to need.
    #[serde(default)]
    pub not_needed: u64,
    /// Rows that may be missing by `samples.allow_short`.
    #[serde(default)]
    pub allowed_short: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub completion_tokens: u64,
    /// What was spent, where an endpoint has a price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Spending>,
    pub seconds: f64,
    /// Failures met on the way, by class.
    pub faults: BTreeMap<String, u64>,
    /// The same, by what they cost in sends, asks and rows.
    #[serde(default)]
    pub fault_costs: BTreeMap<String, FaultCost>,
    /// What this run brought; what stands beside it is of the whole dataset.
    #[serde(default)]
    pub run: RunCounts,
    pub change: RowChange,
    /// Rows of the dataset before the run; none is told of runs of long ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_before: Option<u64>,
    pub cells: CellChange,
    pub model: Option<String>,
    pub dataset: String,
    /// The dataset's files could not be written: what they hold is that of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unwritten: Option<Unwritten>,
    /// Distinct-2 of the dataset's first texts, and how many texts that were.
    #[serde(default)]
    pub distinct_2: Option<f64>,
    #[serde(default)]
    pub distinct_2_texts: u64,
    /// By axis and value.
    pub by_axis: Counts,
    /// By prompt variant and by model, where there are several; of none of these a number is wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_ask: Counts,
    /// What this run asked, by prompt variant and model, and what became of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    /// By axis and value: texts of this run's answers that were rejected, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_by: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// How varied the rows are that this run brought: of up to a thousand of them.
    #[serde(default)]
    pub variety: Variety,
    /// What wants a look, the worst first.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// By reason, some rejected texts.
    #[serde(default)]
    pub examples: BTreeMap<String, Vec<Example>>,
    /// Asks that failed by their own fault, by reason.
    #[serde(default)]
    pub failed_by: BTreeMap<String, u64>,
    /// How many of the cells that were asked for used up their asks and lack rows, what became of their candidates and
    /// asks, and the worst of them.
    #[serde(default)]
    pub exhausted_cells: u64,
    /// The rows that they lack.
    #[serde(default)]
    pub exhausted_rows: u64,
    #[serde(default)]
    pub exhausted_rejected: BTreeMap<String, u64>,
    #[serde(default)]
    pub exhausted_failed: u64,
    #[serde(default)]
    pub exhausted: Vec<Exhausted>,
    /// The first three words that most of the dataset's rows share.
    #[serde(default)]
    pub openings: Vec<Opening>,
    #[serde(default)]
    pub endpoints: BTreeMap<String, EndpointNight>,
    /// How long requests were asked, in seconds: without pauses, and without the time in which nobody was there to ask.
    #[serde(default)]
    pub asking_seconds: f64,
    /// How long nobody was there to ask once asking had begun, in seconds.
    #[serde(default)]
    pub away_seconds: f64,
    /// How long the audit took, in seconds.
    #[serde(default)]
    pub audit_seconds: f64,
    /// Runs before this one that asked for something, oldest first.
    #[serde(default)]
    pub past: Vec<Past>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlook: Option<Outlook>,
    /// What the audit measured of the dataset's first rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<AuditBrief>,
}

/// A dataset that could not be written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwritten {
    pub why: String,
    /// Rows that its file has, as before.
    pub rows: u64,
}

impl Unwritten {
    /// In one line.
    pub fn text(&self) -> String {
        let Self { why, rows } = self;
        format!("dataset not written ({why}); it stays at {}", count(*rows, "row"))
    }
}

/// An audit, as a summary keeps it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AuditBrief {
    /// Rows that were looked at.
    pub rows: u64,
    pub measures: Vec<Brief>,
    /// Near-duplicates under different labels, where an axis is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Conflicts>,
}

/// Near-duplicates under different labels: one of the two is wrong, or both labels hold of both texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conflicts {
    /// Rows that were compared: the first ones.
    pub rows: u64,
    pub pairs: u64,
    /// The ids of the most similar pair.
    pub ids: Vec<String>,
    pub similarity: f64,
    /// How to see all of them.
    pub list: String,
}

impl Conflicts {
    /// In one line; `None` where there are none.
    pub fn text(&self) -> Option<String> {
        let ids = self.ids.iter().map(|id| id.get(..12).unwrap_or(id)).collect::<Vec<_>>().join(" and ");
        (self.pairs > 0).then(|| {
            format!(
                "{} of the first {} nearly the same under different labels; most alike: {ids} ({:.2})",
                count(self.pairs, "pair"),
                count(self.rows, "row"),
                self.similarity
            )
        })
    }
}

impl AuditBrief {
    /// How many measures are so, the worst first: `1 fail, 2 warn, 14 ok`.
    pub fn counts(&self) -> String {
        let of = |verdict: Audited| {
            let times = self.measures.iter().filter(|measure| measure.verdict == verdict).count();
            (times > 0).then(|| format!("{times} {}", verdict.name()))
        };
        let all = [Audited::Fail, Audited::Warn, Audited::Ok, Audited::CannotTell];
        all.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
    }

    /// What was found, of the measures that are alarms, the worst first.
    pub fn findings(&self) -> impl Iterator<Item = (&Brief, &str)> {
        let of = |verdict: Audited| self.measures.iter().filter(move |measure| measure.verdict == verdict);
        let alarms = of(Audited::Fail).chain(of(Audited::Warn));
        alarms.map(|measure| (measure, measure.finding.as_deref().unwrap_or_default()))
    }
}

/// The most frequent of some reasons, of equal ones the first by name.
pub fn most_of(reasons: &BTreeMap<String, u64>) -> Option<(&str, u64)> {
    let most = reasons.iter().max_by_key(|(name, times)| (**times, std::cmp::Reverse(name.as_str())))?;
    Some((most.0, *most.1))
}

impl Summary {
    /// Rows more than before the run.
    pub fn gained(&self) -> i64 {
        if self.unwritten.is_some() {
            return 0;
        }
        self.accepted as i64 - self.rows_before.unwrap_or(self.change.before()) as i64
    }

    /// Rows that stand in the dataset's file.
    pub fn rows(&self) -> u64 {
        self.unwritten.as_ref().map_or(self.accepted, |unwritten| unwritten.rows)
    }

    /// Answers of this run to asks: all but those about texts.
    pub fn asks(&self) -> u64 {
        let about = self.judge_requests + self.second_look_requests + self.embedding_requests;
        self.requests.saturating_sub(about)
    }

    /// The share of the texts judged in this run that became rows.
    pub fn acceptance(&self) -> Option<f64> {
        self.run.acceptance()
    }

    /// The same of all texts of the dataset.
    pub fn dataset_acceptance(&self) -> Option<f64> {
        let judged = self.accepted + self.rejected.values().sum::<u64>();
        (judged > 0).then(|| self.accepted as f64 / judged as f64)
    }

    /// How long there was work for endpoints, whether they were there or not, in seconds.
    pub fn span(&self) -> f64 {
        self.asking_seconds + self.away_seconds
    }

    /// How long it was asked, in seconds.
    pub fn asking(&self) -> f64 {
        if self.asking_seconds > 0.0 { self.asking_seconds } else { self.seconds }
    }

    /// The same; `None` where nothing was sent.
    fn asked_for(&self) -> Option<f64> {
        Some(self.asking()).filter(|seconds| self.attempts > 0 && *seconds > 0.0)
    }

    /// Completion tokens a second of asking.
    pub fn tokens_per_second(&self) -> Option<f64> {
        Some(self.completion_tokens as f64 / self.asked_for()?)
    }

    /// Rows that the run brought: one of the answers that such a row hangs on came in it, be it its own or one about its
    /// text. Those that were stored before and only waited are none.
    pub fn brought(&self) -> u64 {
        self.asked.iter().map(|asked| asked.rows).sum()
    }

    /// Rows that an hour of asking brought.
    pub fn rows_per_hour(&self) -> Option<f64> {
        Some(self.brought() as f64 / self.asked_for()? * 3600.0)
    }

    /// What a thousand rows cost that the run brought.
    pub fn cost_of_rows(&self) -> Option<f64> {
        let rows = Some(self.brought()).filter(|rows| *rows > 0)?;
        Some(self.cost.as_ref()?.all / rows as f64 * 1000.0)
    }

    /// Rows that it brought without asking, from stored answers; `None` where it changed no row or asked.
    pub fn restored(&self) -> Option<u64> {
        let came = self.accepted.saturating_sub(self.change.kept);
        (self.attempts == 0 && came + self.change.lost() + self.change.waiting > 0).then_some(came)
    }

    /// Whether it is kept, shown and told: all but a run that found its dataset complete as it stood, and nothing to
    /// tell of runs before.
    pub fn is_told(&self) -> bool {
        self.attempts > 0 || self.state != "complete" || self.restored().is_some() || !self.untold.is_empty()
    }
}
