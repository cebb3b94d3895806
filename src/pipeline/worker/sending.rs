//! What is due is sent: as much as the queues, the limits and the budget let through.

use std::time::{Duration, Instant};

use super::Worker;
use super::cost::Due;
use super::event::{Event, Request};
use super::meaning::Charged;
use crate::client::ErrorClass;
use crate::fingerprint::Ask;
use crate::scheduler::Next;

/// The most answers that wait for their commit before nothing more is asked: a disk that is slower
/// than the server must not fill the memory, nor a crash lose much.
const MOST_PENDING: usize = 256;

/// How long until it is tried again to send where another run is about to.
const TURN: Duration = Duration::from_millis(2);

/// How long a process may take to end after its connections have.
const DYING: Duration = Duration::from_millis(100);

/// What sending as much as can be sent came to.
#[derive(Default)]
pub(super) struct Sending {
    /// When there is more to do, unless something ends first.
    pub wake: Option<Instant>,
    /// Why nothing is sent although something waits.
    pub waiting: Option<String>,
}

impl Sending {
    /// There is more to do then, at the latest.
    pub fn wake_at(&mut self, at: Instant) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }
}

impl Worker<'_> {
    pub(super) fn send_what_is_due(&mut self, sending: &mut Sending) {
        for model in 0..self.queues.len() {
            // What is counted and what is sent are one step, so that two runs never send what one of them may.
            let Some(_turns) = self.turns(model) else {
                sending.wake_at(Instant::now() + TURN);
                continue;
            };
            self.hear_of_others(model);
            crate::wait_point!("heard");
            let now = self.now();
            while !self.is_over()
                && let Some(server) = self.queues[model].wants_proof(now)
            {
                self.prove(model, server);
            }
            loop {
                if self.is_over() || self.pending.len() >= MOST_PENDING || !self.may_begin(model, sending) {
                    break;
                }
                let Due { next, ask, full } = self.due(model);
                match next {
                    Next::Start(ticket, demand, spot) => {
                        let ask = match ask.map_or_else(|| self.book.ask(&demand, false), Ok) {
                            Ok(ask) => ask,
                            Err(failure) => {
                                self.error = Some(failure.into());
                                break;
                            }
                        };
                        let endpoint = self.endpoint_of(model, spot.server);
                        let most = self.cost(endpoint, &ask, self.book.longest_answer(&demand));
                        let starts = self.servers[endpoint].starts();
                        let send =
                            Request { model, ticket, spot, demand, sent: Instant::now(), most, starts };
                        self.note_sent(endpoint, ticket.number(), most.tokens, false);
                        if let Some(first) = self.queues[model].second_of(ticket) {
                            self.note_second(&send, first);
                        }
                        self.send(send, ask);
                    }
                    Next::Wait(at, why) => {
                        let text = self.waiting_text(model, why, at);
                        sending.waiting = sending.waiting.take().or(text);
                        sending.wake_at(self.started + at);
                        break;
                    }
                    Next::Busy | Next::Empty => {
                        if let Some((spent, cost)) = full {
                            self.is_full(model, spent, cost);
                        }
                        break;
                    }
                }
            }
            self.look_at_stragglers(model, sending);
        }
    }

    pub(super) fn send(&mut self, send: Request, ask: Ask) {
        let Request { model, spot, .. } = send;
        let endpoint = self.endpoint_of(model, spot.server);
        let config = &self.recipe.config.endpoints[endpoint];
        if self.queues[model].under_way_at(spot.server) == 1 {
            self.servers[endpoint].begins(&send);
        }
        let server = &self.servers[endpoint];
        let (client, timeout, own) = (server.client.clone(), config.timeout, server.is_own);
        let pinning = server.pinning();
        let identity = &self.book.models().list()[model].identity;
        // Seldom there, and large: not to be moved with every request.
        let look = server.is_doubtful().then(|| Box::pin(server.look(config, identity)));
        self.progress.attempts += 1;
        self.budget.reserve(send.most);
        let handle = self.events.spawn(async move {
            let mut looked = None;
            if let Some(look) = look {
                match look.await {
                    Ok(seen) => looked = Some(seen),
                    Err(looked) => return Event::NotWell { send, looked, spent: Charged::Unsent },
                }
            }
            let ask = pinning.seen(looked).pin(ask, spot.place);
            let answer = client.ask(ask.route(), ask.body(), timeout).await;
            if own && answer.as_ref().is_err_and(|failure| failure.class == ErrorClass::Dropped) {
                // Until the system tells whether it has died.
                tokio::time::sleep(DYING).await;
            }
            Event::Answered { send, ask, looked, answer }
        });
        self.sends.insert((model, send.ticket), (send, handle));
    }
}
