//! What comes of what was begun: requests, proofs, and servers that are started again.

use std::time::Instant;

use super::meaning::Charged;
use super::servers::{Seen, Unwell};
use crate::client::ClientError;
use crate::client::managed::ManagedServer;
use crate::dataset::evaluate::Demand;
use crate::fingerprint::Ask;
use crate::scheduler::{Cost, Proof, Spot, Ticket};

/// A request that was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// Which of the models, as an index.
    pub model: usize,
    pub ticket: Ticket,
    pub spot: Spot,
    pub demand: Demand,
    pub sent: Instant,
    /// What it may cost at most.
    pub most: Cost,
    /// How often its server had been started again by then.
    pub starts: u32,
}

/// What came of something that was begun.
pub(super) enum Event {
    /// A request came back: with what was sent, and what was seen of the server where that was looked
    /// at first.
    Answered {
        send: Request,
        ask: Ask,
        looked: Option<Seen>,
        answer: Result<String, ClientError>,
    },
    /// The server was looked at before a request was to go out, or its answer was to be taken, and is not well.
    NotWell {
        send: Request,
        looked: Unwell,
        spent: Charged,
    },
    /// A request that went through before was sent again.
    Proved {
        model: usize,
        server: usize,
        proof: Proof,
    },
    Restarted {
        endpoint: usize,
        result: Result<ManagedServer, String>,
    },
    /// A server of ours that answers nothing was asked how it is, after so many starts.
    LookedAfter {
        endpoint: usize,
        starts: u32,
        answered: bool,
    },
}
