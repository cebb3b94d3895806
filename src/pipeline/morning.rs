//! What is gathered of an outcome for the summary that is read in the morning.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde_json::{Map, Value};

use super::forecast::Prospects;
use super::openings::Openings;
use super::summary::Outcome;
use super::worker::{Absence, EndpointProgress, Free, GivenUp, Progress};
use crate::config::resolved::{Endpoint, Server};
use crate::dataset::evaluate::{Accepted, Demand, Failed, Rejected};
use crate::dataset::snapshot::CellAsks;
use crate::dataset::{Recipe, Sink};
use crate::report::morning::{Away, EndpointNight, Example, Exhausted, Left};
use crate::report::{self, FaultCost, RunCounts, Summary, shortened};

/// Rejected texts that are shown of a reason.
const EXAMPLES: usize = 3;

/// Cells that are shown of those that cannot be filled.
const EXHAUSTED: usize = 20;

/// Gathers what an outcome shows as it comes about: examples of rejects, cells that cannot be filled, openings.
#[derive(Debug)]
pub struct Gather<'a> {
    recipe: &'a Recipe,
    examples: BTreeMap<String, Vec<Example>>,
    failed_by: BTreeMap<String, u64>,
    /// What became of cells that are not full.
    rejected: HashMap<usize, BTreeMap<&'static str, u64>>,
    failed: HashMap<usize, u64>,
    openings: Openings,
}

impl<'a> Gather<'a> {
    pub fn new(recipe: &'a Recipe) -> Self {
        Self {
            recipe,
            examples: BTreeMap::new(),
            failed_by: BTreeMap::new(),
            rejected: HashMap::new(),
            failed: HashMap::new(),
            openings: Openings::default(),
        }
    }

    /// Asks that were given up, by reason.
    pub fn failed_by(&self) -> &BTreeMap<String, u64> {
        &self.failed_by
    }

    /// Fills it in. `meant` are the cells that were asked for: of others nobody says that they cannot be filled.
    pub fn fill(self, outcome: &Outcome, meant: &[bool], summary: &mut Summary) {
        let (recipe, accepted) = (self.recipe, &outcome.accepted);
        let missing = |cell: usize| recipe.quotas.rows(cell) - accepted[cell];
        let open: HashSet<usize> = outcome.demands.iter().map(|demand| demand.cell).collect();
        let short = |cell: &usize| meant[*cell] && missing(*cell) > 0 && !open.contains(cell);
        let mut exhausted: Vec<usize> = (0..accepted.len()).filter(short).collect();
        summary.exhausted_cells = exhausted.len() as u64;
        summary.exhausted_rows = exhausted.iter().map(|cell| u64::from(missing(*cell))).sum();
        for cell in &exhausted {
            for (reason, times) in self.rejected.get(cell).into_iter().flatten() {
                *summary.exhausted_rejected.entry((*reason).to_owned()).or_default() += times;
            }
            summary.exhausted_failed += self.failed.get(cell).copied().unwrap_or(0);
        }
        exhausted.sort_by_key(|cell| (std::cmp::Reverse(missing(*cell)), *cell));
        let shown = exhausted.into_iter().take(EXHAUSTED).map(|cell| {
            let rejected = self.rejected.get(&cell).into_iter().flatten();
            Exhausted {
                cell: recipe.grid.describe(recipe.grid.cell(cell)),
                wanted: recipe.quotas.rows(cell).into(),
                accepted: accepted[cell].into(),
                rejected: rejected.map(|(reason, times)| ((*reason).to_owned(), *times)).collect(),
                failed: self.failed.get(&cell).copied().unwrap_or(0),
            }
        });
        summary.exhausted = shown.collect();
        summary.examples = self.examples;
        summary.failed_by = self.failed_by;
        summary.openings = self.openings.finish();
    }
}

impl Sink for Gather<'_> {
    fn row(&mut self, row: &Accepted<'_>) {
        self.openings.take(&row.candidate.text);
        if row.rank == self.recipe.quotas.rows(row.place.cell) {
            self.rejected.remove(&row.place.cell);
        }
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        if reject.candidate.is_counterpart() {
            return;
        }
        let reason = reject.why.name();
        let cell = reject.place.cell;
        *self.rejected.entry(cell).or_default().entry(reason).or_default() += 1;
        if !self.examples.contains_key(reason) {
            self.examples.insert(reason.to_owned(), Vec::new());
        }
        let Some(examples) = self.examples.get_mut(reason).filter(|all| all.len() < EXAMPLES) else {
            return;
        };
        let text = shortened(&reject.candidate.text, 300);
        if examples.iter().all(|shown| shown.text != text) {
            let cell = self.recipe.grid.describe(self.recipe.grid.cell(cell));
            examples.push(Example { cell, why: reject.why.reason().to_string(), text });
        }
    }

    fn failed(&mut self, failed: &Failed) {
        *self.failed.entry(failed.cell).or_default() += 1;
        *self.failed_by.entry(failed.reason.to_string()).or_default() += 1;
    }

    fn demand(&mut self, demand: &Demand, _missing: u32) {
        self.rejected.remove(&demand.cell);
    }
}

/// What can still come of the cells that are `meant`, and of what is stored behind their open asks.
pub fn left(
    recipe: &Recipe,
    outcome: &Outcome,
    Prospects { to_go, stored }: Prospects,
    meant: impl Fn(usize) -> bool,
) -> Left {
    let missing = |cell: usize| u64::from(recipe.quotas.rows(cell) - outcome.accepted[cell]);
    // By cell: asks that may still be sent, and texts that may come of these and of what is there.
    let mut open: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    for demand in outcome.demands.iter().filter(|demand| meant(demand.cell)) {
        let texts = u64::from(recipe.config.candidates_per_ask());
        // A text that is asked about stands in an answer that is there.
        let about = u32::from(demand.about.is_some());
        let asks = u64::from(recipe.quotas.asks(demand.cell).saturating_sub(demand.ask + about));
        let may = (asks, (asks + u64::from(about)) * texts);
        let most = open.entry(demand.cell).or_default();
        *most = may.max(*most);
    }
    let mut out = Left { to_go, stored, ..Left::default() };
    let lacking = (0..outcome.accepted.len()).filter(|cell| meant(*cell) && missing(*cell) > 0);
    for cell in lacking {
        let texts = open.get(&cell).map_or(0, |(asks, texts)| {
            out.cells += 1;
            out.asks += asks;
            *texts
        });
        let rows = missing(cell).min(texts);
        out.rows += rows;
        out.short += missing(cell) - rows;
    }
    out.asks = out.asks.saturating_sub(stored);
    out
}

/// Fills in what became of this run's answers that the dataset does not hang on.
pub fn beside(summary: &mut Summary, outcome: &Outcome, asks: &CellAsks, answered: &[(u32, u32)]) {
    if answered.is_empty() {
        return;
    }
    let reached = asks.reached();
    let open: HashSet<usize> = outcome.demands.iter().map(|demand| demand.cell).collect();
    for (cell, ask) in answered {
        let cell = *cell as usize;
        if reached.get(cell).is_some_and(|reached| ask >= reached) {
            *if open.contains(&cell) { &mut summary.behind } else { &mut summary.not_needed } += 1;
        }
    }
    let counted = outcome.totals.answers + summary.behind + summary.not_needed;
    summary.reused = counted.saturating_sub(summary.asks());
}

/// Fills in what was done with each endpoint.
pub fn endpoints(summary: &mut Summary, recipe: &Recipe, progress: &Progress) {
    summary.asking_seconds = report::milliseconds(progress.asking);
    summary.away_seconds = report::milliseconds(progress.deserted);
    let span = progress.asking + progress.deserted;
    let all = recipe.config.endpoints.iter().zip(&progress.endpoints);
    let told = all.filter(|(_, did)| {
        did.requests > 0 || did.restarts + did.hangs > 0 || !did.faults.is_empty() || did.away.times > 0
    });
    let nights = told.map(|(endpoint, did)| {
        let names = |endpoint: usize| recipe.config.endpoints[endpoint].name.clone();
        (endpoint.name.clone(), night_of(endpoint, did, span, &names))
    });
    summary.endpoints = nights.collect();
}

fn night_of(
    endpoint: &Endpoint,
    did: &EndpointProgress,
    span: Duration,
    name: &dyn Fn(usize) -> String,
) -> EndpointNight {
    let asked = span.saturating_sub(did.away.lasted);
    let rate = did.completion_tokens as f64 / asked.as_secs_f64().max(1e-6);
    // A server that tells how long it was at work on each answer knows best; requests under way
    // may also wait for it.
    let by_server = did.requests > 0 && did.served_of == did.requests;
    let at_work = if by_server { did.served } else { did.busy };
    let busy = match did.requests {
        0 => 0.0,
        _ => at_work.as_secs_f64() / did.offered.as_secs_f64().max(1e-6),
    };
    let slots = did.offered.as_secs_f64() / did.there.as_secs_f64().max(1e-6);
    let Absence { since, times, lasted, is_now, .. } = did.away;
    let (mut held, mut waited) = (BTreeMap::new(), BTreeMap::new());
    let (mut asked_off, mut spare) = (0.0, 0.0);
    for (why, lasted) in &did.free {
        let share = lasted.as_secs_f64() / did.offered.as_secs_f64().max(1e-6);
        let share = (share.min(1.0) * 1000.0).round() / 1000.0;
        match why {
            Free::Held(limit) => drop(held.insert(limit.key().to_owned(), share)),
            Free::Waits(other) => drop(waited.insert(name(*other), share)),
            Free::Asked => asked_off = share,
            Free::Spare => spare = share,
        }
    }
    EndpointNight {
        requests: did.requests,
        completion_tokens: did.completion_tokens,
        tokens_per_second: (rate * 10.0).round() / 10.0,
        slots: (slots * 10.0).round() / 10.0,
        // Where a run ends, what is under way ends after its places are counted.
        busy: (busy.min(1.0) * 1000.0).round() / 1000.0,
        by_server,
        held,
        waited,
        asked_off,
        spare,
        managed: matches!(endpoint.server, Server::Managed(_)),
        restarts: did.restarts,
        hangs: did.hangs,
        levels: did.levels.clone(),
        faults: did.faults.iter().map(|(class, times)| ((*class).to_owned(), *times)).collect(),
        away: since.map(|since| Away {
            since: since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            times,
            seconds: report::milliseconds(lasted),
            is_back: !is_now,
            is_other: did.is_other && is_now,
            error: did.last_error.clone().filter(|_| is_now),
        }),
    }
}

/// What failures of each class cost: sends, asks, and the rows that wait for those.
pub fn costs(
    recipe: &Recipe,
    outcome: &Outcome,
    progress: &Progress,
    run: &RunCounts,
) -> BTreeMap<String, FaultCost> {
    let mut out: BTreeMap<String, FaultCost> = BTreeMap::new();
    for (class, sends) in &progress.faults {
        out.entry((*class).to_owned()).or_default().sends = *sends;
    }
    for (class, asks) in &run.failed_by {
        out.entry(class.clone()).or_default().given_up = *asks;
    }
    for demand in &outcome.demands {
        let Some(class) = progress.failing.get(&demand.fingerprint) else { continue };
        let cost = out.entry((*class).to_owned()).or_default();
        cost.left_open += 1;
        // All that the cell lacks: it goes on with its next ask once this one is answered.
        cost.rows += u64::from(recipe.quotas.rows(demand.cell) - outcome.accepted[demand.cell]);
    }
    let open: HashSet<usize> = outcome.demands.iter().map(|demand| demand.cell).collect();
    // What a cell without further asks lacks, as far as what was given up could have filled it.
    let mut lacks: HashMap<usize, u64> = HashMap::new();
    for GivenUp { cell, about, class } in &progress.given_up {
        let missing = u64::from(recipe.quotas.rows(*cell) - outcome.accepted[*cell]);
        let lacks = lacks.entry(*cell).or_insert(if open.contains(cell) { 0 } else { missing });
        let texts = if *about { 1 } else { recipe.config.candidates_per_ask() };
        let rows = u64::from(texts).min(*lacks);
        *lacks -= rows;
        out.entry((*class).to_owned()).or_default().rows += rows;
    }
    out
}

/// What of the changes since the last run may have made rows leave. None where `other` says that the models are others
/// than those of the dataset, and no endpoint was changed: that is nobody's edit.
pub fn edits(then: Option<&(String, String)>, now: &(String, String), other: bool) -> Vec<String> {
    let Some(then) = then else { return Vec::new() };
    let causes = super::summary::causes((&then.0, &then.1), (&now.0, &now.1));
    if other && !causes.iter().any(|cause| cause.starts_with("endpoints.")) {
        return Vec::new();
    }
    // Of an endpoint only who it is decides rows.
    let is_of = |cause: &str| match cause.strip_prefix("endpoints.").and_then(|rest| rest.split_once('.')) {
        Some((_, key)) => ["url", "managed", "model", "weight"].iter().any(|of| key.starts_with(of)),
        None => !cause.starts_with("output"),
    };
    causes.into_iter().filter(|cause| is_of(cause)).collect()
}

/// A hash of all that decides what an answer is worth: what is asked, of which models, and what it is held to. How many
/// rows are wanted, and where the servers are, is not of it.
pub fn asked_as(now: &(String, String), models: Option<&str>) -> String {
    let parse = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
    let (mut resolved, mut files) = (parse(&now.0), parse(&now.1));
    for key in ["name", "endpoints", "output", "samples"] {
        resolved.remove(key);
    }
    files.retain(|name, _| name.starts_with("prompts/"));
    let all = serde_json::json!([resolved, files, models]).to_string();
    blake3::hash(all.as_bytes()).to_hex()[..16].to_owned()
}
