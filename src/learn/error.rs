use std::path::PathBuf;

use crate::config::grouping::NoGroup;
use crate::config::is_address;
use crate::guard::GuardError;
use crate::labels::MOST_LABELS;
use crate::probe::ProbeError;
use crate::table::TableError;

/// What keeps a probe from being trained or measured.
#[derive(Debug, thiserror::Error)]
pub enum LearnError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("{}: {error}", .path.display())]
    File { path: PathBuf, error: std::io::Error },
    #[error("{}: {error}", .path.display())]
    Probe { path: PathBuf, error: ProbeError },
    /// A row whose labels cannot be read; `line` counts from 1.
    #[error("{}:{line}: {what}", .path.display())]
    Row { path: PathBuf, line: u64, what: String },
    #[error("{0} distinct labels; a probe tells at most {MOST_LABELS} apart: is `--label` the right column?")]
    TooMany(usize),
    #[error(transparent)]
    NoGroup(#[from] NoGroup),
    #[error("there is no labelled row in {}", .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", "))]
    Empty(Vec<PathBuf>),
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// All rows that were to be used are of a test part.
    #[error("no row is left: {rows} were held, since they are for measuring alone; of the first {why}")]
    Held { rows: u64, why: String },
    #[error("{0} training rows also stand in the test part; `--overlap drop` leaves them out")]
    Overlap(u64),
    #[error("no training row is left: all of them also stand in the test part")]
    AllDropped,
    #[error(
        "the label `{label}` of {} is none of the probe's ({}); it was trained with `--map {map}`",
        .path.display(), .known
    )]
    UnknownLabel { path: PathBuf, label: String, known: String, map: String },
    #[error(
        "the two probes tell other labels apart: {0}; compare probes of one `--map` and one set of labels"
    )]
    OtherLabels(String),
    /// An endpoint that was asked something, by its address or a config's path.
    #[error("{endpoint}: {what}{}", next_step(.endpoint))]
    Served { endpoint: String, what: String },
    /// What tunes a model, or the Python that it needs.
    #[error("{0}")]
    Engine(String),
    #[error("{0}")]
    Usage(String),
}

/// What to do next: `check` looks closer at a config's endpoint, and knows nothing of an address alone.
fn next_step(endpoint: &str) -> String {
    match is_address(endpoint) {
        true => "; once it answers, the same call goes on".to_owned(),
        false => format!("; `emogrid check {endpoint} --endpoint` looks closer"),
    }
}

impl LearnError {
    /// Whether what was asked for is wrong, rather than a file.
    pub fn is_usage(&self) -> bool {
        !matches!(
            self,
            Self::Table(TableError::Io { .. })
                | Self::File { .. }
                | Self::Probe { .. }
                | Self::Served { .. }
                | Self::Guard(_)
                | Self::Engine(_)
                | Self::Overlap(_)
        )
    }
}
