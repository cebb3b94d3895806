//! The servers that are asked.

use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    #[serde(skip)]
    pub name: String,
    #[serde(flatten)]
    pub server: Server,
    pub model: Option<String>,
    /// The share of the asks that its model gets.
    pub weight: f64,
    pub api_key_env: Option<String>,
    pub slots: Slots,
    pub requests_per_minute: Option<u32>,
    pub burst: u32,
    pub tokens_per_minute: Option<u32>,
    /// None where it is not known, which no budget of money allows.
    pub price: Option<Price>,
    #[serde(serialize_with = "with_unit")]
    pub timeout: Duration,
    #[serde(serialize_with = "with_unit")]
    pub patience: Duration,
}

impl Endpoint {
    /// Requests of so many tokens each that its limits let through in a minute; `None` without a limit.
    pub fn per_minute(&self, tokens: f64) -> Option<f64> {
        let by_tokens = self.tokens_per_minute.map(|limit| f64::from(limit) / tokens.max(1.0));
        let limits = [self.requests_per_minute.map(f64::from), by_tokens];
        limits.into_iter().flatten().min_by(f64::total_cmp)
    }
}

/// A duration as a config says it.
fn with_unit<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    match duration.subsec_nanos() {
        0 => serializer.collect_str(&format_args!("{}s", duration.as_secs())),
        _ => serializer.collect_str(&format_args!("{}ms", duration.as_secs_f64() * 1000.0)),
    }
}

/// Requests at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Slots {
    /// At most what the server has; as many of them as serve best.
    Auto,
    #[serde(untagged)]
    Exactly(u32),
    /// As many as serve best, from the least to the most.
    #[serde(untagged)]
    Between(u32, u32),
}

/// What a million tokens cost, in a unit of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Price {
    pub prompt: f64,
    pub completion: f64,
}

impl Price {
    /// What so many tokens cost.
    pub fn of(&self, prompt: f64, completion: f64) -> f64 {
        (prompt * self.prompt + completion * self.completion) / 1e6
    }
}

pub(super) fn by_name<S: serde::Serializer>(
    endpoints: &[Endpoint],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(endpoints.iter().map(|endpoint| (&endpoint.name, endpoint)))
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Server {
    /// The address without a trailing slash or `/v1`.
    Url(String),
    Managed(Managed),
}

#[derive(Debug, Clone, Serialize)]
pub struct Managed {
    pub model: ManagedModel,
    /// An adapter for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<PathBuf>,
    /// How often it is started again, should it end or hang in mid-run.
    pub restarts: u32,
    /// How long its model may take to load; it shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub loading: Duration,
    pub command: String,
    pub args: Vec<String>,
    pub slots: u32,
    pub context: u32,
    pub threads: Option<u32>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagedModel {
    Quickstart,
    #[serde(untagged)]
    File(PathBuf),
}
