//! emogrid makes labelled text from a YAML grid and a model server.

/// Dies on the spot where the environment asks for it, as `kill -9` would; only in debug builds.
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        if std::env::var_os("EMOGRID_CRASH_AT").is_some_and(|at| at == $name) {
            std::process::abort();
        }
    };
}
pub(crate) use crash_point;

pub mod check;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod dataset;
pub mod dedup;
pub mod export;
pub mod fingerprint;
pub mod grid;
pub mod model;
pub mod pipeline;
pub mod prompt;
pub mod report;
pub mod scheduler;
pub mod store;
