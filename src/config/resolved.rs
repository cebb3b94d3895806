//! The config as the rest of the program sees it: validated once, nothing left to ask about.

mod ask;
mod dedup;
mod grid;
mod server;
mod text;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

pub use super::anonymize::Anonymize;
use super::audit::Audit;
use super::curation::Curation;
use super::diagnostic::Span;
pub use super::exemplars::{By, Exemplar, Exemplars};
pub use super::judges::{Judge, Rule as JudgeRule};
pub use super::label::LabelProbe;
use super::night::Night;
pub use super::project::Project;
pub use super::second::SecondLook;
pub use super::semantic::Semantic;
pub use ask::{Format, Prompt, Response, Sampling, Template, Variant};
pub use dedup::{Dedup, OffLimits, Scope, WordFile};
pub use grid::{Amount, Axis, AxisValue, Polarity, Rule, Samples};
use server::by_name;
pub use server::{Endpoint, Managed, ManagedModel, Price, Server, Slots};
pub use text::{
    Checks, DEFAULT_ECHO, DEFAULT_SENTIMENT, LeakageLimit, SentimentLimit, Toxicity, ToxicityLevel,
};

/// A whole config. Serialised, it is what a snapshot keeps and compares.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    pub name: String,
    pub seed: u64,
    #[serde(skip)]
    pub project: Project,
    #[serde(serialize_with = "by_name")]
    pub endpoints: Vec<Endpoint>,
    /// Endpoints of `weight: 0` that nothing names, so that no run has to do with them.
    #[serde(skip)]
    pub unused: Vec<String>,
    pub prompt: Prompt,
    pub sampling: Sampling,
    pub response: Response,
    pub axes: Vec<Axis>,
    pub exclude: Vec<Rule>,
    pub only: Vec<Rule>,
    pub samples: Samples,
    pub checks: Checks,
    pub anonymize: Anonymize,
    pub scope: Scope,
    pub dedup: Dedup,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curation: Option<Curation>,
    pub lists: Vec<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemplars: Option<Exemplars>,
    pub output: PathBuf,
    /// It shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub run: RunLimits,
    /// Nor does this.
    #[serde(skip)]
    pub night: Night,
    /// It shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub audit: Audit,
}

/// How far one run goes.
#[derive(Debug, Clone)]
pub struct RunLimits {
    /// A local time of day.
    pub until: Option<jiff::civil::Time>,
    pub lasts: Option<Duration>,
    pub max_requests: Option<u64>,
    pub token_budget: Option<u64>,
    pub max_cost: Option<f64>,
    /// Failures of one ask, while others go through, before it is given up.
    pub tries: u32,
    /// The same of those that took until their timeout.
    pub timeouts: u32,
    /// Failures in a row that prove a server away.
    pub circuit: u32,
    /// How many times as long as others a request takes before it is sent a second time; 0: never.
    pub hedge: u32,
    /// Prompts that begin alike go to the same slot, one after the other.
    pub alike: bool,
    /// Rows that may leave the dataset until remade.
    pub max_leaving: u64,
}

impl Config {
    /// The dataset's own folder.
    pub fn dataset_dir(&self) -> PathBuf {
        self.project.root.join(&self.output).join(&self.name)
    }

    /// The most candidates that one ask can give.
    pub fn candidates_per_ask(&self) -> u32 {
        self.response.items * self.response.n
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct List {
    pub name: String,
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    #[serde(skip)]
    pub items: Vec<Value>,
    #[serde(skip)]
    pub at: Span,
}
