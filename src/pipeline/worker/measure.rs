//! How many places there were for requests, over time.

use std::time::Instant;

use super::Worker;

impl Worker<'_> {
    /// Counts the places of the time since the last call: as many as each server was given then.
    ///
    /// What one tries for a while counts for that while only, and a run that is to end, or was paused,
    /// offers nothing.
    pub(super) fn measure(&mut self) {
        let now = Instant::now();
        let since = now - std::mem::replace(&mut self.measured, now);
        if self.is_over() || self.paused {
            return;
        }
        for (server, did) in self.servers.iter().zip(&mut self.progress.endpoints) {
            did.offered += since * self.queues[server.model].level(server.index);
        }
    }
}
