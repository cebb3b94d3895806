//! What a run does when it is told something.

use super::Worker;
use super::servers::Server;
use crate::config::resolved::Slots;
use crate::pipeline::control::{EndpointStatus, NONE, Order, RunStatus};
use crate::pipeline::spending::spending;
use crate::pipeline::stop::Stop;
use crate::report;
use crate::scheduler::Queue;

impl Worker<'_> {
    /// Carries out an order, and says how the run is then.
    pub(super) fn obey(&mut self, order: Order) -> RunStatus {
        let done = match order {
            Order::Status => Ok(Vec::new()),
            Order::Drain if self.has_arrived && self.stopped.is_none() && self.error.is_none() => {
                self.stop(Stop::Drain);
                Ok(Vec::new())
            }
            _ if self.has_arrived => Err("it plans anew: say it again in a moment".to_owned()),
            _ if self.is_over() => Err("the run is about to end".to_owned()),
            Order::Pause => {
                self.hold(true, "paused; `emogrid ctl resume` goes on");
                Ok(Vec::new())
            }
            Order::Resume => {
                self.hold(false, "going on");
                Ok(Vec::new())
            }
            Order::Drain => {
                self.stop(Stop::Drain);
                Ok(Vec::new())
            }
            Order::Concurrency { at_a_time: 0, .. } => Err(NONE.to_owned()),
            Order::Concurrency { at_a_time, endpoint } => {
                self.set_concurrency(at_a_time, endpoint.as_deref())
            }
        };
        self.status(done)
    }

    pub(super) fn hold(&mut self, held: bool, says: &str) {
        if self.paused != held {
            // Up to now it was the other way.
            self.measure();
            self.paused = held;
            let now = self.now();
            self.queues.iter_mut().for_each(|queue| queue.hold(held, now));
            if !held {
                self.servers.iter_mut().for_each(Server::doubt);
            }
            self.watcher.say(says);
        }
    }

    /// Says where it is another number than was told; that there is no such endpoint is why nothing was done.
    fn set_concurrency(&mut self, at_a_time: u32, endpoint: Option<&str>) -> Result<Vec<String>, String> {
        let endpoints = &self.recipe.config.endpoints;
        let meant: Vec<usize> = (0..endpoints.len())
            .filter(|index| endpoint.is_none_or(|name| endpoints[*index].name == name))
            .collect();
        if meant.is_empty() {
            let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
            return Err(format!("there is no such endpoint; they are {}", names.join(", ")));
        }
        let mut notes = Vec::new();
        for index in meant {
            let (model, server) = (self.servers[index].model, self.servers[index].index);
            let now = self.queues[model].set_level(server, at_a_time);
            let name = &endpoints[index].name;
            self.watcher.say(&format!("{name}: {now} at a time from now on"));
            if now != at_a_time {
                let why = match endpoints[index].slots {
                    Slots::Exactly(_) | Slots::Between(..) => {
                        format!("`endpoints.{name}.slots` lets no more")
                    }
                    Slots::Auto => "its server has no more slots".to_owned(),
                };
                notes.push(format!("{name}: {now} at a time, not {at_a_time}: {why}"));
            }
        }
        Ok(notes)
    }

    fn status(&self, done: Result<Vec<String>, String>) -> RunStatus {
        let (notes, refused) = match done {
            Ok(notes) => (notes, None),
            Err(refused) => (Vec::new(), Some(refused)),
        };
        let state = match (self.is_over(), self.paused) {
            (true, _) if self.has_arrived && self.stopped.is_none() => "planning",
            (true, _) => "draining",
            (false, true) => "paused",
            (false, false) => "running",
        };
        let cost = spending(&self.recipe.config.endpoints, &self.budget);
        let endpoints = self.recipe.config.endpoints.iter().enumerate().map(|(index, endpoint)| {
            let server = &self.servers[index];
            let queue = &self.queues[server.model];
            let sends = self
                .sends
                .values()
                .filter(|(send, _)| send.model == server.model && send.spot.server == server.index);
            EndpointStatus {
                name: endpoint.name.clone(),
                state: queue.state(server.index).to_owned(),
                at_a_time: queue.level(server.index),
                under_way: sends.count() as u64,
                requests: self.progress.endpoints[index].requests,
                cost: cost.as_ref().and_then(|cost| cost.by_endpoint.get(&endpoint.name).copied()),
            }
        });
        let endpoints = endpoints.collect();
        RunStatus {
            name: self.recipe.config.name.clone(),
            pid: std::process::id(),
            state: state.to_owned(),
            rows: self.meant(|cell| self.outcome.accepted[cell]),
            wanted: self.meant(|cell| self.recipe.quotas.rows(cell)),
            requests: self.progress.requests,
            under_way: self.sends.len() as u64,
            waiting: self.queues.iter().map(Queue::waiting).sum::<usize>() as u64,
            completion_tokens: self.progress.completion_tokens,
            cost: cost.map(|cost| cost.all),
            max_cost: self.recipe.config.run.max_cost,
            seconds: report::milliseconds(self.now()),
            endpoints,
            notes,
            refused,
        }
    }
}
