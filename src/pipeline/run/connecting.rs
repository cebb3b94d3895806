//! Waiting for the endpoints, and being spoken to meanwhile.

use std::time::Instant;

use super::Ends;
use crate::config::Config;
use crate::pipeline::control::{EndpointStatus, Order, Orders, RunStatus};
use crate::pipeline::error::RunError;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::stop::Stop;
use crate::report;

/// Waits for the endpoints, and is spoken to meanwhile.
pub(super) async fn heard<T>(
    config: &Config,
    watcher: &Recorder<'_>,
    connecting: impl Future<Output = Result<T, RunError>>,
    ends: &mut Ends,
    orders: &mut Orders,
) -> Result<T, RunError> {
    let started = Instant::now();
    tokio::pin!(connecting);
    loop {
        tokio::select! {
            connected = &mut connecting => return connected,
            why = ends.next() => return Err(RunError::Stopped(why)),
            (order, reply) = orders.next() => {
                let drained = order == Order::Drain;
                // Whoever asked may be gone.
                let _ = reply.send(waiting(config, watcher, started, order));
                if drained {
                    return Err(RunError::Stopped(Stop::Drain));
                }
            }
        }
    }
}

/// How a run is that waits for its endpoints.
fn waiting(config: &Config, watcher: &Recorder<'_>, started: Instant, order: Order) -> RunStatus {
    let (rows, wanted) = watcher.rows();
    let endpoints = config.endpoints.iter().map(|endpoint| EndpointStatus {
        name: endpoint.name.clone(),
        state: "awaited".into(),
        at_a_time: 0,
        under_way: 0,
        requests: 0,
        cost: endpoint.price.map(|_| 0.0),
    });
    let is_priced = config.endpoints.iter().any(|endpoint| endpoint.price.is_some());
    RunStatus {
        name: config.name.clone(),
        pid: std::process::id(),
        state: if order == Order::Drain { "draining" } else { "waiting" }.into(),
        rows,
        wanted,
        cost: is_priced.then_some(0.0),
        max_cost: config.run.max_cost,
        seconds: report::milliseconds(started.elapsed()),
        endpoints: endpoints.collect(),
        refused: match order {
            Order::Status | Order::Drain => None,
            _ => Some("it waits for its endpoints, and asks nothing yet".into()),
        },
        ..RunStatus::default()
    }
}
