//! What to send next, and what to do about a failure. It knows no model, no socket and no clock:
//! every call is told the time, and says what is due.

mod fault;
mod limit;
mod queue;

pub use fault::{Fault, FaultKind, GiveUp};
pub use limit::RateLimit;
pub use queue::{After, Next, Queue, Settings, Ticket, Waiting};

#[cfg(test)]
mod simulation;
