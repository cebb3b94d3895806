//! What a run keeps to and tells when nobody watches: `alarm`, `notify`, and its log and metrics.

use std::path::PathBuf;

use super::resolved::Project;
use super::yaml::Node;

/// What a dataset and a run must keep to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Alarm {
    /// The least share of judged texts that are accepted.
    pub accepted: Option<f64>,
    /// The least distinct-2.
    pub distinct_2: Option<f64>,
    /// The largest share of rows that open with the same three words.
    pub opening: Option<f64>,
    /// The largest share of rows that no more asks will fill.
    pub short: Option<f64>,
    /// The largest share of sends that fail.
    pub faults: Option<f64>,
    /// The fewest completion tokens a second.
    pub tokens_per_second: Option<f64>,
}

/// A command that is told how a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// For the shell.
    pub command: String,
    pub when: When,
}

/// From which verdict on somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    Look,
    Lost,
}

#[derive(Debug, Clone)]
pub struct Night {
    pub alarm: Alarm,
    pub notify: Option<Notify>,
    /// A file in Prometheus' text format.
    pub metrics: Option<PathBuf>,
    /// Bytes at which the log begins a new file.
    pub log_size: u64,
    /// Files of the log, that being written included; none: no log.
    pub log_files: u32,
}

impl Night {
    /// From a tree whose types were checked.
    pub fn resolve(root: &Node, project: &Project) -> Self {
        let limit = |key: &str| root.get("alarm").and_then(|node| node.get(key)).and_then(Node::number);
        let notify = root.get("notify").and_then(|node| {
            let when = match node.get("when").and_then(Node::text) {
                Some("always") => When::Always,
                Some("lost") => When::Lost,
                _ => When::Look,
            };
            Some(Notify { command: node.get("command")?.text()?.to_owned(), when })
        });
        let of_run = |key: &str| root.get("run").and_then(|node| node.get(key));
        let whole = |key: &str| of_run(key).and_then(Node::whole).map(i64::unsigned_abs);
        Self {
            alarm: Alarm {
                accepted: limit("accepted"),
                distinct_2: limit("distinct_2"),
                opening: limit("opening"),
                short: limit("short"),
                faults: limit("faults"),
                tokens_per_second: limit("tokens_per_second"),
            },
            notify,
            metrics: of_run("metrics").and_then(Node::text).map(|path| project.root.join(path)),
            log_size: whole("log_size").unwrap_or(10_000_000),
            log_files: whole("log_files").map_or(5, |files| files as u32),
        }
    }
}
