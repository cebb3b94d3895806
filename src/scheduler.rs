//! What to send next and where, and what to do about a failure. It knows no model, no socket and no
//! clock: every call is told the time, and says what is due.

mod budget;
mod estimate;
mod fault;
mod item;
mod limit;
mod queue;
mod server;
mod silence;
mod steer;

pub use budget::{Account, Budget, Caps, Cost, Spent};
pub use estimate::Estimate;
pub use fault::{Decision, Fault, FaultKind, GiveUp, Policy};
pub use item::{After, Ended, Next, Proof, Spot, Ticket, Waiting};
pub use limit::{Limit, Limits, Rates};
pub use queue::Queue;
pub use server::ServerSettings;
pub use silence::{Silence, Suspicion};
pub use steer::Step;

#[cfg(test)]
mod simulation;
