//! What a run does about failures: the scheduler decides, and here it is carried out.

use std::time::Duration;

use super::Worker;
use super::answers::What;
use super::event::Request;
use super::meaning::Meaning;
use super::servers::Unwell;
use crate::client::{ClientError, ErrorClass};
use crate::dataset::evaluate::{About, Demand, To};
use crate::pipeline::connect::waiting_for;
use crate::pipeline::error::RunError;
use crate::report::{self, FaultNote};
use crate::scheduler::{After, Fault, FaultKind, GiveUp, Ticket, Waiting};
use crate::store::{Settings, Tombstone};

impl Worker<'_> {
    /// Counts a failure, and says the first of each class.
    fn note(&mut self, endpoint: usize, failure: &ClientError) {
        let class = failure.class.name();
        *self.progress.faults.entry(class).or_default() += 1;
        *self.progress.endpoints[endpoint].faults.entry(class).or_default() += 1;
        if self.said.insert((endpoint, class)) {
            let name = match self.servers.len() {
                1 => String::new(),
                _ => format!("{}: ", self.recipe.config.endpoints[endpoint].name),
            };
            self.watcher.say(&format!("{name}{class}: {failure}"));
        }
    }

    /// The server was looked at before an ask and is not well: that is not the ask's fault.
    pub(super) fn not_well(&mut self, send: Request, looked: Unwell) {
        let endpoint = self.endpoint_of(send.model, send.spot.server);
        self.servers[endpoint].was_gone = true;
        match looked {
            Unwell::Away(failure) => {
                self.note(endpoint, &failure);
                self.servers[endpoint].latest = Some(failure.clone());
                if !self.restart(endpoint, false) {
                    self.servers[endpoint].error =
                        Some(RunError::endpoint(&self.recipe.config.endpoints[endpoint], failure.clone()));
                    if failure.class == ErrorClass::Timeout {
                        self.was_late(endpoint);
                    }
                }
                self.carry_out(send, failure, FaultKind::Away);
            }
            Unwell::Arrived(memory) => {
                self.queues[send.model].dropped(send.ticket);
                self.arrived(endpoint, memory);
            }
            Unwell::Other(what) => {
                let error = self.other_model(endpoint, what);
                if self.servers.len() == 1 {
                    self.queues[send.model].dropped(send.ticket);
                    return self.fail(error);
                }
                let failure = ClientError::new(ErrorClass::Unavailable, error.to_string());
                self.progress.endpoints[endpoint].is_other = true;
                self.say_other(endpoint, error);
                let fault = Fault { kind: FaultKind::Away, retry_after: None };
                let now = self.now();
                self.queues[send.model].failed(send.ticket, &fault, now);
                self.last_errors.insert(send.demand.fingerprint, failure);
            }
        }
    }

    /// What a failure of an endpoint means.
    pub(super) fn meaning(&self, endpoint: usize, failure: &ClientError) -> Meaning {
        Meaning::of(failure, self.progress.endpoints[endpoint].requests > 0)
    }

    pub(super) fn failed(&mut self, send: Request, failure: ClientError) {
        let endpoint = self.endpoint_of(send.model, send.spot.server);
        // Of all requests it alone has a text in it of which nothing was taken out.
        let failure = match send.demand.about {
            Some(About { to: To::Names, .. }) => failure.unquoted(),
            _ => failure,
        };
        self.note(endpoint, &failure);
        let Demand { cell, ask, .. } = send.demand;
        tracing::debug!(class = failure.class.name(), endpoint, cell, ask, %failure, "request failed");
        self.servers[endpoint].latest = Some(failure.clone());
        let killed_it =
            failure.class == ErrorClass::Dropped && self.queues[send.model].is_suspect(send.ticket);
        if self.restart(endpoint, killed_it) || send.starts < self.servers[endpoint].starts() {
            let kind = match failure.class {
                // It was under way when we ended a server that answered nothing: no prompt killed that.
                ErrorClass::Dropped | ErrorClass::Timeout if self.servers[endpoint].hung() => FaultKind::Late,
                // It was under way when the server died.
                ErrorClass::Dropped => FaultKind::Killed,
                _ => FaultKind::Away,
            };
            return self.carry_out(send, failure, kind);
        }
        if failure.class == ErrorClass::Timeout {
            self.rest(send.model, send.spot);
            self.was_late(endpoint);
        }
        let Meaning { kind, .. } = self.meaning(endpoint, &failure);
        let is_gone =
            matches!(failure.class, ErrorClass::Dropped | ErrorClass::Unavailable | ErrorClass::Gateway);
        self.servers[endpoint].was_gone |= is_gone || matches!(kind, FaultKind::Away | FaultKind::NotNow);
        self.carry_out(send, failure, kind);
    }

    /// Asks the scheduler what follows from a failure, and does that.
    fn carry_out(&mut self, send: Request, failure: ClientError, kind: FaultKind) {
        let Request { model, ticket, demand, spot, .. } = send;
        let endpoint = self.endpoint_of(model, spot.server);
        let fault = Fault { kind, retry_after: failure.retry_after };
        let now = self.now();
        let after = self.queues[model].failed(ticket, &fault, now);
        let decision = after.decision();
        self.watcher.fault(&FaultNote {
            endpoint: &self.recipe.config.endpoints[endpoint].name,
            class: failure.class.name(),
            cell: self.recipe.grid.describe(self.recipe.grid.cell(demand.cell)),
            ask: demand.ask,
            fingerprint: demand.fingerprint,
            error: &failure.to_string(),
            then: match after {
                After::Again(_) => "again",
                After::Aside => "aside",
                After::Out(_, GiveUp::Its) => "given-up",
                After::Out(_, GiveUp::Unproven) => "left-open",
            },
            decision: decision.name(),
            wait: decision.wait(),
        });
        match after {
            After::Again(_) => {
                if let Some((since, asked)) = self.queues[model].trouble(spot.server)
                    && !matches!(self.servers[endpoint].error, Some(RunError::ManagedGone { .. }))
                {
                    let waited = now.saturating_sub(since);
                    let config = &self.recipe.config.endpoints[endpoint];
                    let error = RunError::impatient(config, failure.clone(), waited, asked);
                    self.servers[endpoint].error = Some(error);
                }
                self.last_errors.insert(demand.fingerprint, failure);
            }
            After::Aside => {
                self.gives_up(endpoint, RunError::endpoint(&self.recipe.config.endpoints[endpoint], failure));
            }
            After::Out(demand, GiveUp::Its) => self.bury(endpoint, demand, &failure),
            After::Out(demand, GiveUp::Unproven) => {
                let cell = self.recipe.grid.describe(self.recipe.grid.cell(demand.cell));
                self.watcher.say(&format!(
                    "an ask of {cell} is left open, since nothing shows that it is its own fault: {failure}"
                ));
            }
        }
    }

    /// Leaves a tombstone: the ask failed by its own fault.
    fn bury(&mut self, endpoint: usize, demand: Demand, failure: &ClientError) {
        let mut now = self.servers[endpoint].settings();
        if demand.about.is_some() {
            now.max_tokens = Some(self.book.longest_answer(&demand) as u32);
        }
        let class = match failure.class {
            // What others do not meet says nothing of the key, the account or the address.
            ErrorClass::Unauthorized | ErrorClass::Unpaid | ErrorClass::NotFound => ErrorClass::Refused,
            class => class,
        };
        let tombstone = Tombstone {
            fingerprint: demand.fingerprint,
            reason: class.name().into(),
            detail: failure.to_string(),
            settings: settings_behind(class, &now),
        };
        let class = class.name();
        let ticket = self.put_off(demand, What::GivenUp(class));
        if let Err(failure) = self.writer.tombstone(ticket, tombstone) {
            self.error.get_or_insert(failure.into());
            self.pending.remove(&ticket);
        }
    }

    /// Breaks off a request whose answer is not needed any more.
    pub(super) fn break_off(&mut self, model: usize, ticket: Ticket) {
        self.queues[model].dropped(ticket);
        if let Some((send, handle)) = self.sends.remove(&(model, ticket)) {
            handle.abort();
            let endpoint = self.endpoint_of(model, send.spot.server);
            self.was_at_work(endpoint, &send);
            self.settle_unknown(endpoint, send.most);
            self.rest(model, send.spot);
        }
    }

    pub(super) fn waiting_text(&self, model: usize, why: Waiting, until: Duration) -> Option<String> {
        if self.servers.len() > 1 && !self.sends.is_empty() {
            return None;
        }
        let last_at = |server: usize| self.servers[self.endpoint_of(model, server)].latest.as_ref();
        let left = report::duration(until.saturating_sub(self.now()));
        let name = |server: usize| match self.servers.len() {
            1 => "the server".to_owned(),
            _ => format!("`{}`", self.recipe.config.endpoints[self.endpoint_of(model, server)].name),
        };
        match why {
            Waiting::Away { since, server } => {
                // That it began just now says nothing.
                let waited = Some(self.now().saturating_sub(since)).filter(|waited| waited.as_secs() > 0);
                let waited =
                    waited.map_or_else(String::new, |waited| format!(" for {}", report::duration(waited)));
                let said =
                    last_at(server).map_or_else(String::new, |error| format!(": {}", waiting_for(error)));
                Some(format!("waiting for {}{waited}{said}", name(server)))
            }
            Waiting::Paused { server } => {
                let said = last_at(server).map_or_else(String::new, |error| format!(" ({error})"));
                Some(format!("{} asks to wait, {left} more{said}", name(server)))
            }
            Waiting::Retry if self.sends.is_empty() => {
                let last = self.last_errors.values().next();
                let said = last.map_or_else(String::new, |error| format!(": {error}"));
                Some(format!("trying again in {left}{said}"))
            }
            // That a limit holds was said when it first did; the figures say how it goes on.
            Waiting::Rate { .. } | Waiting::Retry | Waiting::Tail => None,
        }
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
