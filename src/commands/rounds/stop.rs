//! Being asked to stop between two steps.

use std::time::Duration;

use jiff::Zoned;
use tokio::runtime::Runtime;

use super::Failure;
use crate::pipeline::Interrupts;

/// Why nothing more is done.
#[derive(Debug, thiserror::Error)]
#[error("stopped{}", .by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
pub struct Stopped {
    /// A limit of the config's.
    pub by: Option<String>,
}

impl Stopped {
    /// By what summaries name so.
    pub fn by(name: &str) -> Self {
        Self { by: (name != "interrupt").then(|| format!("`run.{name}`")) }
    }
}

/// Hears Ctrl-C also while nothing is asked, and has the runtime that asking needs.
pub struct Stop {
    runtime: Runtime,
    interrupts: Interrupts,
    /// When the loop began, from which `run.until` counts in each of its rounds.
    pub began: Zoned,
}

impl Stop {
    /// # Errors
    /// A system that gives no runtime.
    pub fn new() -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let interrupts = {
            let _inside = runtime.enter();
            Interrupts::new()
        };
        Ok(Self { runtime, interrupts, began: Zoned::now() })
    }

    /// # Errors
    /// Where somebody asked to stop since the last call.
    pub fn check(&mut self) -> Result<(), Stopped> {
        let Self { runtime, interrupts, .. } = self;
        let heard = async { tokio::time::timeout(Duration::from_millis(1), interrupts.next()).await };
        match runtime.block_on(heard) {
            Ok(()) => Err(Stopped { by: None }),
            Err(_) => Ok(()),
        }
    }

    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}
