//! What other runs send to the same servers, and what they are told of this one's.

use super::super::Worker;
use crate::store::{Sent, Turn};

impl Worker<'_> {
    /// Takes the turns to send to a model's servers, where that is limited; `None` while another run has one of them.
    pub(in crate::pipeline::worker) fn turns(&self, model: usize) -> Option<Vec<Turn>> {
        let limited = self.servers.iter().filter(|server| server.model == model);
        let mut taken: Vec<(&Sent, Turn)> = Vec::new();
        for sent in limited.filter_map(|server| server.sent.as_ref()) {
            // Two endpoints may have one address.
            if taken.iter().any(|(other, _)| other.is_of(sent)) {
                continue;
            }
            match sent.turn() {
                Ok(turn) => taken.push((sent, turn?)),
                // Where nothing can be locked, each run keeps to its limits as far as it hears of others.
                Err(error) => tracing::debug!(%error, "no turns to send"),
            }
        }
        Some(taken.into_iter().map(|(_, turn)| turn).collect())
    }

    /// Counts what other runs sent to a model's servers, where that is limited.
    pub(in crate::pipeline::worker) fn hear_of_others(&mut self, model: usize) {
        let now = self.now();
        for server in self.servers.iter_mut().filter(|server| server.model == model) {
            // A file that cannot be read any more says no more of others.
            let noted = server.sent.as_mut().and_then(|sent| sent.of_others().ok()).unwrap_or_default();
            for noted in noted {
                let (queue, index) = (&mut self.queues[model], server.index);
                match noted.used {
                    true => queue.settled_elsewhere(index, noted.id, noted.tokens),
                    false => queue.sent_elsewhere(index, noted.id, noted.tokens, noted.ago, now),
                }
            }
        }
    }

    /// Notes for other runs what is sent to an endpoint, or what that used.
    pub(in crate::pipeline::worker) fn note_sent(
        &mut self,
        endpoint: usize,
        id: u64,
        tokens: u64,
        used: bool,
    ) {
        if let Some(sent) = &mut self.servers[endpoint].sent {
            // On a full disk nothing is asked for long.
            let _ = sent.note(id, tokens.try_into().unwrap_or(u32::MAX), used);
        }
    }
}
