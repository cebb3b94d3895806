//! What a run did so far.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::measure::{Absence, Free};
use crate::config::Config;
use crate::model::Fingerprint;
use crate::report::morning::{Level, Needed};
use crate::report::{Asked, AtEndpoint};

/// What was done in this run.
#[derive(Debug, Default)]
pub struct Progress {
    pub attempts: u64,
    /// Those of them that came to no server.
    pub unsent: u64,
    /// Those of them that were sent a second time, since the first took far too long.
    pub hedged: u64,
    /// What one more request may take, where a budget of tokens or of money had no room for it.
    pub needed: Option<Needed>,
    /// Answers that came and could not be stored.
    pub unstored: u64,
    /// Answers that are stored.
    pub requests: u64,
    /// Those of them that asked a judge.
    pub judge_requests: u64,
    /// Those of them that asked for names in doubt.
    pub second_look_requests: u64,
    /// Those of them that asked what a text means.
    pub embedding_requests: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub completion_tokens: u64,
    /// How long it was asked; how long it was paused meanwhile, and how long nobody was there to ask, which is no asking.
    pub asking: Duration,
    pub paused: Duration,
    pub deserted: Duration,
    pub faults: BTreeMap<&'static str, u64>,
    /// By endpoint, in the config's order.
    pub endpoints: Vec<EndpointProgress>,
    /// With which class each ask failed last that failed and was not answered since.
    pub failing: HashMap<Fingerprint, &'static str>,
    /// What was given up for its own fault.
    pub given_up: Vec<GivenUp>,
    /// By prompt variant and model: what was asked, also about texts; what became of it is not counted here.
    pub asked: Vec<Asked>,
    /// Cell and number of each ask whose answer is stored.
    pub answered: Vec<(u32, u32)>,
    /// The same of each text about which an answer is stored, with its place in its own answer.
    pub looked_into: Vec<(u32, u32, u32)>,
}

/// A request that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    pub cell: usize,
    /// It was about a text.
    pub about: bool,
    pub class: &'static str,
}

impl Progress {
    /// Requests about texts.
    pub fn about_texts(&self) -> u64 {
        self.judge_requests + self.second_look_requests + self.embedding_requests
    }

    /// What each endpoint did, by its name.
    pub fn at_endpoints(&self, config: &Config) -> Vec<AtEndpoint> {
        let all = config.endpoints.iter().zip(&self.endpoints).map(|(endpoint, did)| AtEndpoint {
            name: endpoint.name.clone(),
            answers: did.requests,
            completion_tokens: did.completion_tokens,
            faults: did.faults.iter().map(|(class, times)| ((*class).to_owned(), *times)).collect(),
            is_there: !did.away.is_now,
        });
        all.collect()
    }
}

/// What one endpoint did.
#[derive(Debug, Default, Clone)]
pub struct EndpointProgress {
    /// Its failures, by class.
    pub faults: BTreeMap<&'static str, u64>,
    /// How long it was there to be asked.
    pub there: Duration,
    pub away: Absence,
    /// What it failed with last, in words.
    pub last_error: Option<String>,
    pub requests: u64,
    pub completion_tokens: u64,
    /// Its places that nothing was under way at, summed over time, by what they were free for.
    pub free: BTreeMap<Free, Duration>,
    /// It is there, and has another model than the run is for.
    pub is_other: bool,
    /// Requests under way, summed over time.
    pub busy: Duration,
    /// Requests at a time when it ended.
    pub slots: u32,
    /// Which number of them was found to be best, if others were tried.
    pub found: Option<u32>,
    /// Other numbers of them that were better than the one before.
    pub levels: Vec<Level>,
    /// Requests at a time that might have been under way, summed over time.
    pub offered: Duration,
    /// How long its server was at work by its own timings, and over how many answers it told so.
    pub served: Duration,
    pub served_of: u64,
    /// How often a server of ours ended or hung, and was started again.
    pub restarts: u32,
    /// Those of them that it hung before.
    pub hangs: u32,
}
