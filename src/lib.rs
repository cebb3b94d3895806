//! emogrid makes labelled text from a YAML grid and a model server.

/// Dies on the spot, as by `kill -9`, where `EMOGRID_CRASH_AT` says `NAME`, or `NAME:N` for the
/// N-th time that this place is passed; only in debug builds.
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        {
            static PASSED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
            let times = PASSED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            if let Ok(at) = std::env::var("EMOGRID_CRASH_AT") {
                let (name, nth) = at.split_once(':').unwrap_or((&at, "1"));
                if name == $name && nth.parse() == Ok(times) {
                    std::process::abort();
                }
            }
        }
    };
}
pub(crate) use crash_point;

/// Waits where `EMOGRID_WAIT_AT` says `NAME:FILE` until there is such a file; only in debug builds.
macro_rules! wait_point {
    ($name:literal) => {
        #[cfg(debug_assertions)]
        if let Ok(at) = std::env::var("EMOGRID_WAIT_AT")
            && let Some(($name, file)) = at.split_once(':')
        {
            while !std::path::Path::new(file).exists() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    };
}
pub(crate) use wait_point;

pub mod anonymize;
pub mod audit;
pub mod check;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod dataset;
pub mod dedup;
pub mod eval;
pub mod export;
pub mod fingerprint;
pub mod grid;
pub mod guard;
pub mod home;
pub mod import;
pub mod labels;
pub mod learn;
pub mod mix;
pub mod model;
pub mod near;
pub mod pipeline;
pub mod probe;
pub mod prompt;
pub mod refine;
pub mod report;
pub mod scheduler;
pub mod split;
pub mod staged;
pub mod store;
pub mod table;
pub mod tokens;
