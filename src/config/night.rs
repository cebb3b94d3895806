//! What a run keeps to and tells when nobody watches: `alarm`, `notify`, and its log and metrics.

use std::path::PathBuf;

use super::diagnostic::Sources;
use super::project::Project;
use super::yaml::{self, Node};

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
    /// The fewest rows an hour.
    pub rows_per_hour: Option<f64>,
}

/// A command that is told how a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// For the shell.
    pub command: String,
    pub when: When,
}

impl Notify {
    /// As a config says it, if it does.
    pub fn of(root: &Node) -> Option<Self> {
        let node = root.get("notify")?;
        let when = match node.get("when").and_then(Node::text) {
            Some("always") => When::Always,
            Some("lost") => When::Lost,
            _ => When::Look,
        };
        Some(Self { command: node.get("command")?.text()?.to_owned(), when })
    }
}

/// A config's text without its `notify:`, which shapes no row and may hold an address that is a secret.
pub fn without_notify(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let mut sources = Sources::default();
    let source = sources.add("config.yaml", text);
    let Ok(root) = yaml::parse(&sources, source) else { return text.to_owned() };
    let Some((name, _)) = root.named("notify") else { return text.to_owned() };
    // All up to the next key, so that no way of writing a text leaves some of it.
    let begin = name.span.start;
    let others = root.entries().iter().map(|(other, _)| other.span.start);
    let end = others.filter(|start| *start > begin).min();
    let rest = end.and_then(|end| text.get(end..)).unwrap_or_default();
    format!("{}notify: …\n{rest}", text.get(..begin).unwrap_or_default())
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
                rows_per_hour: limit("rows_per_hour"),
            },
            notify: Notify::of(root),
            metrics: of_run("metrics").and_then(Node::text).map(|path| project.root.join(path)),
            log_size: whole("log_size").unwrap_or(10_000_000),
            log_files: whole("log_files").map_or(5, |files| files as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_config_tells_is_taken_out_however_it_is_written() {
        for notify in [
            "notify: { command: 'curl https://hooks/SECRET', when: lost }\n",
            "notify:\n  command: |\n    curl \\\n      https://hooks/SECRET\n  when: lost\n",
            "notify:\n  command: >-\n    curl\n    https://hooks/SECRET\n",
            "\"notify\":\n  command: \"curl\n    https://hooks/SECRET\"\n",
        ] {
            for (before, after) in [("name: a\n", "seed: 7\n"), ("", "name: a\n"), ("\u{feff}name: a\n", "")]
            {
                let out = without_notify(&format!("{before}{notify}{after}"));
                assert!(!out.contains("SECRET"), "{out}");
                assert!(
                    out.starts_with(before.trim_start_matches('\u{feff}')) && out.ends_with(after),
                    "{out}"
                );
            }
        }
        for other in ["name: a\n", "list: [notify]\n", "not: [yaml"] {
            assert_eq!(without_notify(other), other);
        }
    }
}
