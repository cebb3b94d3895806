//! What ends a run before its work is done: the clock, a budget, the user.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::event::Request;
use super::sending::Sending;
use super::{Worker, under_way};
use crate::config::resolved::RunLimits;
use crate::pipeline::deadline::Deadline;
use crate::pipeline::stop::Stop;
use crate::report;
use crate::report::morning::Needed;
use crate::scheduler::{Caps, Cost, Spent};

/// How far a run goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub caps: Caps,
    /// When it ends, and by which of its settings.
    pub deadline: Option<Deadline>,
    /// What is done once the last answer has come.
    pub closing: Closing,
}

/// How long a run takes from its last answer to its end, as far as that was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closing {
    /// To work out the dataset and write it.
    pub evaluation: Duration,
    /// To audit it.
    pub audit: Duration,
    /// What of the time is left for asking is at least as long.
    pub at_most: Duration,
}

impl Closing {
    /// What was measured, for a run that has so much time left when it begins to ask.
    pub fn new(evaluation: Duration, audit: Duration, left: Duration) -> Self {
        Self { evaluation, audit, at_most: left / 2 }
    }

    /// How long it will take where the last evaluation took so long.
    fn after(&self, evaluation: Duration) -> Duration {
        (self.evaluation.max(evaluation) + self.audit).min(self.at_most)
    }
}

impl Limits {
    /// What a config's `run:` comes to, for a run that is to end then.
    pub fn new(limits: &RunLimits, deadline: Option<Deadline>) -> Self {
        Self {
            caps: Caps { requests: limits.max_requests, tokens: limits.token_budget, money: limits.max_cost },
            deadline,
            closing: Closing::default(),
        }
    }

    /// What to say of the end when a run begins, if it is known.
    pub fn says(&self) -> Option<String> {
        let left = self.deadline?.left(Timestamp::now());
        let at = jiff::Zoned::now().checked_add(jiff::SignedDuration::try_from(left).ok()?).ok()?;
        let at = at.round(jiff::Unit::Second).ok()?;
        Some(format!("it ends at {}, in {}", at.strftime("%H:%M:%S"), report::duration(left)))
    }

    /// Whether the run may end with work left, so that what is done should be balanced at any moment.
    pub fn is_limited(&self) -> bool {
        self.deadline.is_some() || self.caps != Caps::default()
    }
}

impl Worker<'_> {
    /// Somebody asks to stop: what is under way is waited for, and left where it is asked once more.
    pub(super) fn interrupt(&mut self) {
        if std::mem::replace(&mut self.is_interrupted, true) {
            return self.leave();
        }
        match self.stopped {
            None => self.stop(Stop::Interrupt),
            // A budget, or another order, was there first.
            Some(_) => self.say_what_is_awaited(Stop::Interrupt),
        }
    }

    fn say_what_is_awaited(&self, why: Stop) {
        let again = if why == Stop::Interrupt { "; Ctrl-C again to leave them" } else { "" };
        let sends = under_way(self.sends.len());
        if !self.sends.is_empty() {
            self.watcher.say(&format!("{}: waiting for {sends} under way{again}", why.says()));
        }
    }

    /// Begins to stop: nothing more is sent, and what is under way is waited for.
    pub(super) fn stop(&mut self, why: Stop) {
        self.queues.iter_mut().for_each(|queue| drop(queue.clear()));
        self.stopped = Some(why);
        if self.sends.is_empty() && why != Stop::Interrupt {
            let no_room = self.progress.needed.and_then(|needed| self.no_room(why, needed));
            self.watcher.say(no_room.as_deref().unwrap_or(why.says()));
        }
        self.say_what_is_awaited(why);
    }

    /// What a budget has left that one more request does not fit into; `None` where it is spent to the last.
    fn no_room(&self, why: Stop, needed: Needed) -> Option<String> {
        let (caps, spent) = (self.budget.caps(), self.budget.spent());
        let nothing_yet = self.progress.attempts == 0;
        match why {
            Stop::Tokens => {
                let cap = caps.tokens?;
                let takes = report::count(needed.tokens, "token");
                if nothing_yet {
                    return Some(format!(
                        "`run.token_budget` has no room for a request, which may take {takes}"
                    ));
                }
                let left = Some(cap.saturating_sub(spent.tokens)).filter(|left| *left > 0)?;
                let (left, cap) = (report::thousands(left), report::thousands(cap));
                Some(format!(
                    "`run.token_budget` has {left} of {cap} left, and one more request may take {takes}"
                ))
            }
            Stop::Money => {
                let (cap, takes) = (caps.money?, report::money_at_least(needed.money));
                if nothing_yet {
                    return Some(format!("`run.max_cost` has no room for a request, which may take {takes}"));
                }
                let left = Some(cap - spent.money).filter(|left| *left > 0.0)?;
                Some(format!(
                    "`run.max_cost` has {} of {} left, and one more request may take {takes}",
                    report::money(left),
                    report::money(cap)
                ))
            }
            _ => None,
        }
    }

    /// Leaves what is under way, of which nobody will tell what it cost; what has come is taken.
    pub(super) fn leave(&mut self) {
        while let Some(ended) = self.events.try_join_next() {
            if let Ok(event) = ended {
                self.happened(event);
            }
        }
        for (_, (send, _)) in std::mem::take(&mut self.sends) {
            self.settle_unknown(self.endpoint_of(send.model, send.spot.server), send.most);
        }
        for ((model, server), most) in std::mem::take(&mut self.proofs) {
            self.settle_unknown(self.endpoint_of(model, server), most);
        }
        self.events.abort_all();
        self.events = tokio::task::JoinSet::new();
    }

    /// When nothing more is waited for: so long before the run's end as what is then to be done takes.
    fn ends(&self) -> Option<Deadline> {
        Some(self.limits.deadline?.earlier(self.limits.closing.after(self.evaluation)))
    }

    /// The setting that ends asking, where that is before another evaluation would be done.
    pub(super) fn ends_before_evaluated(&self) -> Option<Stop> {
        let ends = self.ends()?;
        (ends.left(Timestamp::now()) < self.evaluation).then_some(ends.why)
    }

    /// The time to wake at: the one given, or when the run is to end.
    pub(super) fn deadline(&self, wake: Option<Instant>) -> Option<Instant> {
        let ends = self.ends().filter(|_| !self.events.is_empty() || self.stopped.is_none());
        match (wake.filter(|_| !self.is_over()), ends) {
            (Some(wake), Some(ends)) => Some(wake.min(ends.instant())),
            (wake, ends) => wake.or(ends.map(|ends| ends.instant())),
        }
    }

    /// At the run's end, leaves what is still under way.
    pub(super) fn look_at_the_clock(&mut self) {
        let Some(ends) = self.ends().filter(|ends| ends.left(Timestamp::now()).is_zero()) else {
            return;
        };
        let why = ends.why;
        let left = self.sends.len();
        if self.stopped.is_none() {
            self.queues.iter_mut().for_each(|queue| drop(queue.clear()));
            self.stopped = Some(why);
        }
        if left > 0 {
            self.watcher.say(&format!("{}: {} under way left", why.says(), under_way(left)));
        }
        self.leave();
    }

    /// Whether another request may begin; stops the run where none ever may.
    pub(super) fn may_begin(&mut self, model: usize, sending: &mut Sending) -> bool {
        if let Some(ends) = self.ends() {
            let left = ends.left(Timestamp::now());
            if left.is_zero() {
                return false;
            }
            for (kind, takes) in self.queues[model].takes().into_iter().enumerate() {
                // Nine in ten are done within this.
                let Some(takes) = takes else { continue };
                if takes >= left {
                    self.close(model, kind, ends.why);
                } else if self.queues[model].waiting() > 0 {
                    // In time to see that no more of them can be begun.
                    sending.wake_at(ends.instant() - takes);
                }
            }
            if self.is_over() {
                return false;
            }
        }
        match self.budget.allows(Cost::default()) {
            Ok(()) => true,
            Err(spent) => {
                self.is_full(model, spent, Cost::default());
                false
            }
        }
    }

    /// A budget has no room for a request that may cost so much: stops the run where nothing will change that.
    pub(super) fn is_full(&mut self, model: usize, spent: Spent, cost: Cost) {
        // Without anything that waits, only a second send of what hangs would begin.
        let waits = self.queues[model].waiting() > 0;
        // What is under way may use less than is reserved for it, and to a server that was gone it may come to none.
        let comes = |send: &Request| !self.servers[self.endpoint_of(send.model, send.spot.server)].was_gone;
        let are_sent = spent == Spent::Requests && self.sends.values().all(|(send, _)| comes(send));
        if waits && (self.sends.is_empty() || are_sent) {
            if cost != Cost::default() {
                self.progress.needed = Some(Needed { tokens: cost.tokens, money: cost.money });
            }
            self.stop(match spent {
                Spent::Requests => Stop::Requests,
                Spent::Tokens => Stop::Tokens,
                Spent::Money => Stop::Money,
            });
        }
    }

    /// Begins no more requests of a kind for a model: they would take too long. Quicker ones, and those of
    /// others, go on as long as there are any.
    fn close(&mut self, model: usize, kind: usize, why: Stop) {
        self.closed_by = Some(why);
        if !self.queues[model].close(kind) {
            return;
        }
        // An answer under way may bring a text that is asked about, which is quicker.
        let more = self.recipe.looks_into_texts() && !self.sends.is_empty();
        if !more && self.queues.iter().all(|queue| queue.waiting() == 0) {
            self.stop(why);
        }
    }

    /// Nothing is left to do: where some was left out for want of time, that is how it ended.
    pub(super) fn end_early(&mut self) {
        let open = self.outcome.demands.iter().any(|demand| self.mask[demand.cell]);
        if let Some(why) = self.closed_by.filter(|_| open && !self.is_over()) {
            self.stop(why);
        }
    }
}
