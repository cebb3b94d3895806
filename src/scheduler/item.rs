//! What goes into a queue, and what comes of it.

use std::time::Duration;

use super::fault::{Decision, GiveUp, History};
use super::steer::Step;

/// What came of sending a request again that went through before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It went through again: the server is well.
    Well,
    /// It is refused now: the server refuses all.
    Refused,
    /// Neither, or there was none to send.
    None,
}

/// An item on its way, to be handed back with how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

impl Ticket {
    /// The number that it has in its queue.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Where an item goes: the server and its place there, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub server: usize,
    pub place: usize,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    Start(Ticket, T, Spot),
    /// Nothing before this time, unless something ends first.
    Wait(Duration, Waiting),
    /// Nothing before something under way ends.
    Busy,
    /// Nothing waits and nothing is under way.
    Empty,
}

/// Why nothing is sent although something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The server is away since then; it is probed at the time given.
    Away { server: usize, since: Duration },
    /// The server asked for a pause.
    Paused { server: usize },
    /// A limit of requests or tokens a minute.
    Rate { server: usize },
    /// Items that failed wait for another try.
    Retry,
    /// The last ones are under way; one that takes far too long is sent a second time then.
    Tail,
}

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum After<T> {
    /// The item will be tried again as was decided, or its other request is still under way.
    Again(Decision),
    /// The item is out, for this reason.
    Out(T, GiveUp),
    /// The item will be tried again, but nothing more is sent to this server: no waiting will mend it.
    Aside,
}

impl<T> After<T> {
    pub fn decision(&self) -> Decision {
        match self {
            After::Again(decision) => *decision,
            After::Out(_, why) => Decision::GiveUp(*why),
            After::Aside => Decision::Stop,
        }
    }
}

/// What follows from a success.
#[derive(Debug, Default, PartialEq)]
pub struct Ended {
    /// The same item's other request, which is not needed any more.
    pub twin: Option<Ticket>,
    /// What came of trying another number of requests at a time.
    pub step: Option<Step>,
}

#[derive(Debug)]
pub(super) struct Item<T> {
    pub ticket: Ticket,
    pub work: T,
    pub history: History,
}
