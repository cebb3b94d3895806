//! Servers of ours that end or hang, and are started again.

use std::sync::Arc;
use std::time::Duration;

use super::super::Worker;
use super::super::event::Event;
use crate::client::managed::ManagedServer;
use crate::config::resolved::Server as ServerConfig;
use crate::pipeline::connect::{client, server_logs};
use crate::pipeline::error::RunError;
use crate::report::count;
use crate::scheduler::{Silence, Suspicion};

/// How long after a start that failed the next is tried.
const PAUSE: Duration = Duration::from_secs(2);
/// How long a server may take to say how it is: one that is well does so at once, however much it has to do.
const LOOK: Duration = Duration::from_secs(10);

impl Worker<'_> {
    /// Whether a managed server has ended, and is or will be started again. True also where that is
    /// the end of the run. A start that proves which ask ended it counts for none.
    pub(in crate::pipeline::worker) fn restart(&mut self, endpoint: usize, proves: bool) -> bool {
        let over = self.is_over();
        let config = &self.recipe.config;
        let server = &mut self.servers[endpoint];
        if server.restarting || over {
            return server.restarting;
        }
        let Some(gone) = server.managed.as_mut().and_then(ManagedServer::gone) else { return false };
        if proves {
            server.restarts_left = (server.restarts_left + 1).min(server.restarts);
        }
        if server.restarts_left == 0 {
            let error = RunError::gone(&config.endpoints[endpoint], gone);
            self.gives_up(endpoint, error);
            return true;
        }
        server.hung = false;
        self.start_again(endpoint, &gone, Duration::ZERO);
        true
    }

    /// A request to a server got no answer in time: where that is one of ours, and it has said nothing at all
    /// for long, it is asked how it is.
    pub(in crate::pipeline::worker) fn was_late(&mut self, endpoint: usize) {
        if self.servers[endpoint].managed.is_some() {
            self.servers[endpoint].silence.late();
            self.look_after(endpoint);
        }
    }

    fn look_after(&mut self, endpoint: usize) {
        let over = self.is_over();
        let server = &mut self.servers[endpoint];
        if over || server.looking || server.silence.suspicion() != Suspicion::Look {
            return;
        }
        server.looking = true;
        let (client, starts) = (server.client.clone(), server.starts);
        let own = &self.recipe.config.endpoints[endpoint];
        let within = LOOK.min(own.timeout).min(own.patience);
        self.events.spawn(async move {
            let answer = client.get("/health", within).await;
            let answered = answer.map_or_else(|failure| failure.status.is_some(), |_| true);
            Event::LookedAfter { endpoint, starts, answered }
        });
    }

    pub(in crate::pipeline::worker) fn looked_after(&mut self, endpoint: usize, starts: u32, answered: bool) {
        let server = &mut self.servers[endpoint];
        // Another was started meanwhile.
        if server.starts != starts {
            return;
        }
        server.looking = false;
        server.silence.looked(answered);
        match server.silence.suspicion() {
            Suspicion::None => {}
            Suspicion::Look => self.look_after(endpoint),
            Suspicion::Hangs => self.hangs(endpoint),
        }
    }

    /// A server of ours is there and answers nothing: it is ended, and started again.
    fn hangs(&mut self, endpoint: usize) {
        // One that has died is not ended; what was under way may have killed it.
        if self.is_over() || self.restart(endpoint, false) {
            return;
        }
        let server = &mut self.servers[endpoint];
        let Some(managed) = &server.managed else { return };
        let why = format!(
            "the model server hangs: {} in a row got no answer, nor did `/health`; its log: {}",
            count(server.silence.length().into(), "request"),
            managed.log().display()
        );
        self.progress.endpoints[endpoint].hangs += 1;
        server.hung = true;
        if server.restarts_left == 0 {
            // What is under way ends with it.
            if let Some(mut managed) = server.managed.take() {
                managed.kill();
            }
            let error = RunError::gone(&self.recipe.config.endpoints[endpoint], why);
            return self.gives_up(endpoint, error);
        }
        let (model, index) = (server.model, server.index);
        self.queues[model].away(index, self.started.elapsed());
        self.start_again(endpoint, &why, Duration::ZERO);
    }

    fn start_again(&mut self, endpoint: usize, why: &str, pause: Duration) {
        let config = &self.recipe.config;
        let ServerConfig::Managed(settings) = &config.endpoints[endpoint].server else { return };
        let server = &mut self.servers[endpoint];
        server.restarts_left -= 1;
        server.restarting = true;
        server.starts += 1;
        server.answers = 0;
        server.was_gone = true;
        self.progress.endpoints[endpoint].restarts += 1;
        let left = count(server.restarts_left.into(), "more time");
        self.watcher.say(&format!("{}{why}; starting it again ({left} at most)", server.name));
        let (settings, name) = (settings.clone(), &config.endpoints[endpoint].name);
        // Each start has a log of its own, so that what the one before said stays.
        let log = server_logs(config).join(format!("{name}-again-{}.log", server.starts));
        let before = server.managed.take();
        self.events.spawn(async move {
            if let Some(before) = before {
                before.stop().await;
            }
            tokio::time::sleep(pause).await;
            let result = ManagedServer::start(&settings, &log, &|_| {}).await;
            Event::Restarted { endpoint, result: result.map_err(|error| error.to_string()) }
        });
    }

    pub(in crate::pipeline::worker) fn restarted(
        &mut self,
        endpoint: usize,
        result: Result<ManagedServer, String>,
    ) {
        let over = self.is_over();
        let config = &self.recipe.config.endpoints[endpoint];
        let server = &mut self.servers[endpoint];
        server.restarting = false;
        server.silence = Silence::default();
        server.looking = false;
        let running = match result {
            Ok(running) => running,
            // Nobody needs it any more.
            Err(_) if over => return,
            Err(why) => {
                let why = format!("the model server did not start again: {why}");
                if server.restarts_left > 0 {
                    return self.start_again(endpoint, &why, PAUSE);
                }
                return self.gives_up(endpoint, RunError::gone(config, why));
            }
        };
        match client(config, &running.address) {
            Ok(client) => server.client = Arc::new(client),
            Err(error) => return self.fail(error),
        }
        self.watcher.say(&format!("{}it runs again", server.name));
        server.managed = Some(running);
        server.was_gone = true;
        // That it is there was said just now.
        (server.told, server.gone_since) = (None, None);
        self.queues[server.model].take_back(server.index);
    }

    /// Whether a server of ours starts again.
    pub(in crate::pipeline::worker) fn restarts(&self) -> bool {
        self.servers.iter().any(|server| server.restarting)
    }
}
