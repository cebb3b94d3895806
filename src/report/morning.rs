//! What one wants to know of a run in the morning: whether to look, at what, and what to do.

mod outlook;
mod page;
mod remedy;
mod rules;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Summary;
pub use outlook::{Left, Outlook, outlook};
pub use page::page;
pub use remedy::{Remedy, remedy};
pub use rules::{Ailment, asked_otherwise, judge};

/// The first word of a summary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Nothing to do; of a finding: worth knowing, and no reason to look.
    #[default]
    Ok,
    /// It went on to its end, but something wants a look.
    Look,
    /// It failed, or the dataset is smaller than before.
    Lost,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Ok => "OK",
            Verdict::Look => "LOOK",
            Verdict::Lost => "LOST",
        }
    }
}

/// How a run ended: what it exits with, and the least that is said of it, follow from this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Within what the config allows to be missing.
    Complete,
    /// By Ctrl-C, the clock or a budget, everything saved.
    Stopped,
    /// Short of what the config wants.
    Short,
    /// It does not keep to the config's `alarm`.
    Alarm,
    /// What was asked for cannot be, such as a key that is not there.
    Usage,
    Failed,
}

impl Ended {
    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Ended::Complete => 0,
            Ended::Failed => 1,
            Ended::Usage => 2,
            Ended::Stopped => 3,
            Ended::Short | Ended::Alarm => 4,
        }
    }

    /// As summaries name it.
    pub fn state(self) -> &'static str {
        match self {
            Ended::Complete => "complete",
            Ended::Stopped => "stopped",
            Ended::Short | Ended::Alarm => "short",
            Ended::Usage | Ended::Failed => "failed",
        }
    }

    /// The verdict, where nothing worse was found.
    pub fn verdict(self) -> Verdict {
        match self {
            Ended::Complete | Ended::Stopped => Verdict::Ok,
            Ended::Short | Ended::Alarm => Verdict::Look,
            Ended::Usage | Ended::Failed => Verdict::Lost,
        }
    }
}

/// Something that wants a look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub verdict: Verdict,
    pub what: String,
    /// Where it comes from, as far as the run shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// The key of the config that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The file and line that set it; none where it has its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// An `alarm:` that is not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alarm: bool,
}

impl Finding {
    /// What stands before it.
    pub fn sign(&self) -> &'static str {
        match self.verdict {
            Verdict::Ok => "note",
            Verdict::Look | Verdict::Lost => self.verdict.word(),
        }
    }
}

/// What a run may wait for before it can ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum Awaited {
    /// Another run of its name.
    Run { why: String },
    /// An endpoint, by the class of what it failed with.
    Endpoint {
        name: String,
        class: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        managed: bool,
        why: String,
    },
}

impl Awaited {
    /// Whether both are the same, whatever is known of why.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Awaited::Run { .. }, Awaited::Run { .. }) => true,
            (Awaited::Endpoint { name: a, .. }, Awaited::Endpoint { name: b, .. }) => a == b,
            _ => false,
        }
    }

    /// As it stands in a sentence.
    pub fn text(&self) -> String {
        match self {
            Awaited::Run { .. } => "another run of this name".to_owned(),
            Awaited::Endpoint { name, .. } => format!("endpoint `{name}`"),
        }
    }
}

/// What a run waited for, and how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waited {
    #[serde(flatten)]
    pub what: Awaited,
    pub seconds: f64,
}

/// A rejected text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    pub cell: String,
    pub why: String,
    pub text: String,
}

/// A cell that lacks rows, and whose asks are used up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    pub cell: String,
    pub wanted: u64,
    pub accepted: u64,
    /// Its candidates that were rejected, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Its asks that failed by their own fault.
    pub failed: u64,
}

/// What a request may take at the most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Needed {
    /// Of its prompt and its answer.
    pub tokens: u64,
    pub money: f64,
}

/// A budget that did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overspent {
    /// `token_budget` or `max_cost`.
    pub budget: String,
    pub spent: f64,
    pub of: f64,
}

/// Rows that begin with the same three words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub words: String,
    pub rows: u64,
    /// Of all that were looked at.
    pub share: f64,
}

/// How varied some texts are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Variety {
    pub texts: u64,
    pub distinct_2: Option<f64>,
    /// The first three words that most of them share.
    pub openings: Vec<Opening>,
    /// Of several prompt variants that which most texts with the first of these are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// What one endpoint did.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EndpointNight {
    pub requests: u64,
    pub completion_tokens: u64,
    /// Completion tokens a second of asking, without the time that it was away.
    pub tokens_per_second: f64,
    /// Requests at a time that it was given while it was there, on the average.
    pub slots: f64,
    /// The share of these places' time in which they were at work; nought where it answered nothing.
    pub busy: f64,
    /// The share of it in which a limit held what waited, by the limit's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, f64>,
    /// The share in which it had asked to be sent nothing for a while.
    #[serde(default)]
    pub asked_off: f64,
    /// The share in which nothing waited that it could take until an endpoint of another model had answered, by that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waited: BTreeMap<String, f64>,
    /// The share in which nothing waited at all.
    #[serde(default)]
    pub spare: f64,
    /// Whether the server told so by its own timings; else requests under way are what counts.
    #[serde(default)]
    pub by_server: bool,
    /// How often a server of ours ended or hung, and was started again.
    #[serde(default, skip_serializing_if = "is_none")]
    pub restarts: u32,
    /// Those of them that it hung before.
    #[serde(default, skip_serializing_if = "is_none")]
    pub hangs: u32,
    /// A server that the run starts and ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub managed: bool,
    /// Its sends that failed, by class.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<String, u64>,
    /// When it was not there, if it ever was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// Other numbers of requests at a time that were kept, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
}

/// A number of requests at a time that was tried against the one that was best so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub from: u32,
    pub to: u32,
    /// Tokens a second at either.
    pub before: f64,
    pub after: f64,
    /// It is the best one from then on.
    pub kept: bool,
}

/// When an endpoint was not there while it was asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Away {
    /// Since when, the last time.
    pub since: String,
    /// How often, and how long in all, in seconds.
    pub times: u32,
    pub seconds: f64,
    /// It was there again before the run ended.
    pub is_back: bool,
    /// It is there, with another model.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_other: bool,
    /// What it failed with last, where it is not back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn is_none(times: &u32) -> bool {
    *times == 0
}

/// A run before this one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    pub started: String,
    pub accepted: u64,
    pub requests: u64,
    /// What decided what its answers were worth (`Summary::asked_as`); runs of long ago do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_as: Option<String>,
    /// Texts that were judged, and the share of them that was accepted; of runs of long ago it is not known how many.
    #[serde(default)]
    pub judged: u64,
    pub acceptance: Option<f64>,
    /// How varied its rows were: of how many texts, their distinct-2, and the largest share that open alike. Of runs of
    /// some cells it is not told, which may be alike by themselves.
    #[serde(default)]
    pub texts: u64,
    pub distinct_2: Option<f64>,
    pub opening: Option<f64>,
}

impl Past {
    pub fn of(summary: &Summary) -> Self {
        let variety = if summary.part { &Variety::default() } else { &summary.variety };
        Self {
            started: summary.started.clone(),
            accepted: summary.accepted,
            requests: summary.requests,
            asked_as: summary.asked_as.clone(),
            judged: summary.run.judged(),
            acceptance: summary.acceptance(),
            texts: variety.texts,
            distinct_2: variety.distinct_2,
            opening: variety.openings.first().map(|opening| opening.share),
        }
    }
}

/// How many runs before are compared with.
pub const PAST: usize = 7;

/// The first three words of a text, without what stands around them, in lower case.
pub fn opening(text: &str) -> Option<String> {
    let mut words = text
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty());
    Some(format!("{} {} {}", words.next()?, words.next()?, words.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_is_three_words_without_their_dress() {
        assert_eq!(opening("\"I can't — believe it!"), Some("i can't believe".into()));
        assert_eq!(opening("¡Qué día, madre!"), Some("qué día madre".into()));
        assert_eq!(opening("no way ..."), None);
    }
}
