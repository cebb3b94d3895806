//! Requests that take far too long: sent a second time, or looked at where the server tells what it works on.

use super::Worker;
use super::event::Request;
use super::meaning::Charged;
use super::sending::Sending;
use crate::client::{ClientError, ErrorClass};
use crate::report::{self, Happened};
use crate::scheduler::{Spot, Ticket};

impl Worker<'_> {
    /// A request is about to be sent a second time, whose first hangs at a spot.
    pub(super) fn note_second(&mut self, second: &Request, first: Spot) {
        self.progress.hedged += 1;
        let name = |server| {
            let endpoint = self.endpoint_of(second.model, server);
            self.recipe.config.endpoints[endpoint].name.as_str()
        };
        self.watcher.happened(&Happened::Hedged {
            endpoint: name(second.spot.server),
            from: name(first.server),
            cell: self.recipe.grid.describe(self.recipe.grid.cell(second.demand.cell)),
            ask: second.demand.ask,
            fingerprint: second.demand.fingerprint,
        });
    }

    /// Looks whether servers still work on what takes far too long, where that is due.
    pub(super) fn look_at_stragglers(&mut self, model: usize, sending: &mut Sending) {
        while let Some((at, ticket)) = self.queues[model].straggler() {
            if at > self.now() {
                return sending.wake_at(self.started + at);
            }
            self.queues[model].looks_at(ticket);
            let Some((send, _)) = self.sends.get(&(model, ticket)) else { continue };
            let server = &self.servers[self.endpoint_of(model, send.spot.server)];
            let (client, slot) = (server.client.clone(), server.slot_of(send));
            self.looks.spawn(async move { (model, ticket, client.is_idle(slot).await) });
        }
    }

    /// It was looked whether a server works on a request that takes far too long: what it does not work on is broken
    /// off, and tried again.
    pub(super) fn looked_at(&mut self, model: usize, ticket: Ticket, is_idle: bool) {
        if !is_idle {
            let now = self.now();
            return self.queues[model].is_worked_on(ticket, now);
        }
        // An answer that has come meanwhile is taken.
        let Some((send, handle)) =
            self.sends.get(&(model, ticket)).filter(|(_, handle)| !handle.is_finished())
        else {
            return;
        };
        handle.abort();
        let send = *send;
        let waited = report::duration(send.sent.elapsed());
        let what = format!("no answer in {waited}, and the server works on nothing (`/slots`)");
        if self.ended(&send, Charged::Unknown) {
            self.failed(send, ClientError::new(ErrorClass::Dropped, what));
        }
    }
}
