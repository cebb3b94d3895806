//! What a run does about failures: the scheduler decides, and here it is carried out.

use std::sync::Arc;
use std::time::Duration;

use super::Worker;
use crate::client::managed::ManagedServer;
use crate::client::{ClientError, ErrorClass};
use crate::dataset::Stored;
use crate::dataset::evaluate::Demand;
use crate::pipeline::connect::waiting_for;
use crate::pipeline::error::RunError;
use crate::report;
use crate::scheduler::{After, Fault, FaultKind, GiveUp, Ticket, Waiting};
use crate::store::{Settings, Tombstone};

/// Why a look at the server does not let the run go on.
pub(super) enum Looked {
    Other(RunError),
    Away(ClientError),
}

impl Worker<'_> {
    /// Looks, before the first ask after an outage, whether the server that is there now has the
    /// model that the run is for.
    pub(super) async fn look(&self) -> Result<(), Looked> {
        let endpoint = &self.recipe.config.endpoint;
        match self.client.probe(endpoint.model.as_deref(), Duration::from_secs(5)).await {
            Ok(probe) if self.managed.is_some() || probe.identity == self.book.model => Ok(()),
            Ok(probe) => Err(Looked::Other(RunError::WrongModel {
                endpoint: endpoint.name.clone(),
                url: self.client.base().to_owned(),
                what: format!(
                    "the run is for `{}`, and the server came back with `{}`",
                    self.book.model.display_name(),
                    probe.identity.display_name()
                ),
            })),
            Err(failure) => Err(Looked::Away(failure)),
        }
    }

    /// Counts a failure, and says the first of each class.
    fn note(&mut self, failure: &ClientError) {
        *self.progress.faults.entry(failure.class.name()).or_default() += 1;
        if self.said.insert(failure.class.name()) {
            self.watcher.say(&format!("{}: {failure}", failure.class.name()));
        }
    }

    /// The server was looked at and is not well: that is not the fault of the ask that would have
    /// been next.
    pub(super) fn away(
        &mut self,
        ticket: Ticket,
        demand: Demand,
        failure: ClientError,
        error: &mut Option<RunError>,
    ) {
        self.note(&failure);
        self.carry_out(ticket, demand, failure, FaultKind::Away, error);
    }

    pub(super) fn failed(
        &mut self,
        ticket: Ticket,
        demand: Demand,
        failure: ClientError,
        error: &mut Option<RunError>,
    ) {
        self.note(&failure);
        if let Some(gone) = self.managed.as_mut().and_then(ManagedServer::gone) {
            self.queue.clear();
            error.get_or_insert(RunError::ManagedGone(gone));
            return;
        }
        tracing::debug!(class = failure.class.name(), cell = demand.cell, ask = demand.ask, %failure, "request failed");
        self.was_gone |= matches!(
            failure.class,
            ErrorClass::Unreachable | ErrorClass::Loading | ErrorClass::Dropped | ErrorClass::Unavailable
        );
        let kind = kind_of(failure.class);
        self.carry_out(ticket, demand, failure, kind, error);
    }

    /// Asks the scheduler what follows from a failure, and does that.
    fn carry_out(
        &mut self,
        ticket: Ticket,
        demand: Demand,
        failure: ClientError,
        kind: FaultKind,
        error: &mut Option<RunError>,
    ) {
        let fault = Fault { kind, retry_after: failure.retry_after };
        match self.queue.failed(ticket, demand, &fault, self.now()) {
            After::Again => {
                self.last_errors.insert(demand.fingerprint, failure);
            }
            After::Out(demand, GiveUp::Its) => self.bury(demand, &failure, error),
            After::Out(demand, GiveUp::Unproven) => {
                let cell = self.recipe.grid.describe(self.recipe.grid.cells()[demand.cell]);
                self.watcher.say(&format!(
                    "an ask of {cell} is left open: it kept failing, and nothing else went through: {failure}"
                ));
            }
            After::Stop(_) => {
                self.queue.clear();
                error.get_or_insert(RunError::endpoint(&self.recipe.config.endpoint, failure));
            }
            After::Impatient { waited, asked, .. } => {
                self.queue.clear();
                let endpoint = &self.recipe.config.endpoint;
                error.get_or_insert(RunError::impatient(endpoint, failure, waited, asked));
            }
        }
    }

    /// Leaves a tombstone: the ask failed by its own fault.
    fn bury(&mut self, demand: Demand, failure: &ClientError, error: &mut Option<RunError>) {
        let tombstone = Tombstone {
            fingerprint: demand.fingerprint,
            reason: failure.class.name().into(),
            detail: failure.to_string(),
            settings: settings_behind(failure.class, &self.settings),
        };
        let stored = Stored::Tombstone(Arc::from(failure.class.name()));
        let ticket = self.put_off(demand.fingerprint, stored);
        if let Err(failure) = self.writer.tombstone(ticket, tombstone) {
            error.get_or_insert(failure.into());
            self.pending.remove(&ticket);
        }
    }

    /// Sends a request that went through before, for one token: if it does so again, the asks that
    /// are left fail by their own fault; if not, the server is away.
    pub(super) async fn prove(&mut self) {
        let Some((cell, ask)) = self.known_good else { return };
        let Ok(body) = self.recipe.probe(self.book.frame(), cell, ask) else { return };
        self.progress.attempts += 1;
        let timeout = self.recipe.config.endpoint.timeout.min(Duration::from_secs(30));
        if self.client.chat(body, timeout).await.is_ok() {
            self.queue.proven();
        }
    }

    pub(super) fn waiting_text(&self, why: Waiting, until: Duration) -> Option<String> {
        let last = || self.last_errors.values().next();
        let left = report::duration(until.saturating_sub(self.now()));
        match why {
            Waiting::Away { since } => {
                let waited = report::duration(self.now().saturating_sub(since));
                Some(format!(
                    "waiting for the server for {waited}: {}",
                    last().map_or_else(String::new, waiting_for)
                ))
            }
            Waiting::Paused => {
                let said = last().map_or_else(String::new, |error| format!(" ({error})"));
                Some(format!("the server asks to wait, {left} more{said}"))
            }
            Waiting::Rate if self.sends.is_empty() => Some("held to requests_per_minute".into()),
            Waiting::Retry if self.sends.is_empty() => {
                let said = last().map_or_else(String::new, |error| format!(": {error}"));
                Some(format!("trying again in {left}{said}"))
            }
            Waiting::Rate | Waiting::Retry => None,
        }
    }
}

/// What scheduling makes of a failure.
fn kind_of(class: ErrorClass) -> FaultKind {
    match class {
        ErrorClass::Unreachable | ErrorClass::Loading | ErrorClass::Unavailable => FaultKind::Away,
        ErrorClass::RateLimited => FaultKind::Limited,
        ErrorClass::Crowded => FaultKind::Crowded,
        ErrorClass::ServerError | ErrorClass::Garbled | ErrorClass::Timeout | ErrorClass::Dropped => {
            FaultKind::Broken
        }
        ErrorClass::ContextExceeded => FaultKind::TooLong,
        ErrorClass::Refused => FaultKind::Refused,
        ErrorClass::Unauthorized | ErrorClass::NotFound | ErrorClass::Unusable => FaultKind::Fatal,
    }
}

/// The settings whose change makes a failure of this class worth another try.
fn settings_behind(class: ErrorClass, now: &Settings) -> Settings {
    match class {
        ErrorClass::Timeout => {
            Settings { timeout_ms: now.timeout_ms, max_tokens: now.max_tokens, context: None }
        }
        ErrorClass::ContextExceeded | ErrorClass::Crowded => {
            Settings { context: now.context, max_tokens: now.max_tokens, timeout_ms: None }
        }
        _ => Settings::default(),
    }
}
