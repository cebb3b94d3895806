//! What a run does when it is told something.

use super::{Stop, Worker};
use crate::pipeline::control::{EndpointStatus, Order, RunStatus};
use crate::report;
use crate::scheduler::Queue;

impl Worker<'_> {
    /// Carries out an order, and says how the run is then.
    pub(super) fn obey(&mut self, order: Order) -> RunStatus {
        let refused = match order {
            Order::Status => None,
            _ if self.is_over() => Some("the run is about to end".to_owned()),
            Order::Pause => {
                self.hold(true, "paused; `emogrid ctl resume` goes on");
                None
            }
            Order::Resume => {
                self.hold(false, "going on");
                None
            }
            Order::Drain => {
                self.stop(Stop::Drain);
                None
            }
            Order::Concurrency { at_a_time, endpoint } => {
                self.set_concurrency(at_a_time, endpoint.as_deref())
            }
        };
        self.status(refused)
    }

    fn hold(&mut self, held: bool, says: &str) {
        if self.paused != held {
            self.paused = held;
            let now = self.now();
            self.queues.iter_mut().for_each(|queue| queue.hold(held, now));
            self.watcher.say(says);
        }
    }

    fn set_concurrency(&mut self, at_a_time: u32, endpoint: Option<&str>) -> Option<String> {
        let endpoints = &self.recipe.config.endpoints;
        let meant: Vec<usize> = (0..endpoints.len())
            .filter(|index| endpoint.is_none_or(|name| endpoints[*index].name == name))
            .collect();
        if meant.is_empty() {
            let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
            return Some(format!("there is no such endpoint; they are {}", names.join(", ")));
        }
        for index in meant {
            let server = &self.servers[index];
            self.queues[server.model].set_level(server.index, at_a_time);
            let now = self.queues[server.model].level(server.index);
            self.watcher.say(&format!("{}: {now} at a time from now on", endpoints[index].name));
        }
        None
    }

    fn status(&self, refused: Option<String>) -> RunStatus {
        let state = match (self.is_over(), self.paused) {
            (true, _) => "draining",
            (false, true) => "paused",
            (false, false) => "running",
        };
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
            }
        });
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
            seconds: report::milliseconds(self.now()),
            endpoints: endpoints.collect(),
            refused,
        }
    }
}
