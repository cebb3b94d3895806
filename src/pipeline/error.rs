//! What can end a run, and what to do about each.

use std::time::Duration;

use super::address::shown_address;
use super::book::BookError;
use super::output::OutputError;
use super::stop::Stop;
use crate::client::managed::ManagedError;
use crate::client::{ClientError, ErrorClass};
use crate::config::Config;
use crate::config::resolved::{Endpoint, Server};
use crate::report::morning::{Ended, asked_otherwise, remedy};
use crate::report::{self, RowChange, count, shortened, thousands};
use crate::store::{LockError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the environment variable `{name}` is not set, and endpoint `{endpoint}` takes its key from it")]
    NoKey { name: String, endpoint: String },
    #[error("endpoint `{endpoint}` ({url}): {error}{}", after(*.waited, *.asked))]
    Endpoint {
        endpoint: String,
        url: String,
        error: ClientError,
        /// How long it was waited for, if it was.
        waited: Option<Duration>,
        /// The wait that the server asked for, if that was too long.
        asked: Option<Duration>,
    },
    #[error("endpoint `{endpoint}` ({url}) has the wrong model: {what}")]
    WrongModel { endpoint: String, url: String, what: String },
    #[error("{error}; it was never seen, so nobody knows which asks are its own, and nothing was asked")]
    Unseen { endpoint: String, error: Box<RunError> },
    #[error("endpoint `{endpoint}` ({url}) does not answer and was never seen")]
    NeverSeen { endpoint: String, url: String },
    #[error(
        "endpoint `{endpoint}` ({url}) has the model that is asked for names in doubt, and is on another machine"
    )]
    SeesNames { endpoint: String, url: String },
    #[error("{what}")]
    Managed { endpoint: String, what: ManagedError },
    #[error("{what}")]
    ManagedGone { endpoint: String, what: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Output(#[from] OutputError),
    #[error("a template fails")]
    Render(#[from] crate::prompt::RenderError),
    #[error("{}", leaving(.change, *.most, .causes, *.otherwise))]
    Leaving {
        change: RowChange,
        /// Rows of the dataset as it stands.
        most: u64,
        /// What changed since the last run, with its place.
        causes: Vec<String>,
        /// Cells that are asked in another way than in the last run.
        otherwise: u64,
    },
    #[error("ended before anything was asked ({})", .0.name())]
    Stopped(Stop),
    #[error("the name `{name}` belongs to {other}; two configs of one project cannot share a name")]
    NameTaken { name: String, other: String },
}

impl RunError {
    pub fn endpoint(endpoint: &Endpoint, error: ClientError) -> Self {
        RunError::Endpoint {
            endpoint: endpoint.name.clone(),
            url: shown_address(endpoint),
            error,
            waited: None,
            asked: None,
        }
    }

    /// The same after a wait that `patience` ended.
    pub fn impatient(
        endpoint: &Endpoint,
        error: ClientError,
        waited: Duration,
        asked: Option<Duration>,
    ) -> Self {
        RunError::Endpoint {
            endpoint: endpoint.name.clone(),
            url: shown_address(endpoint),
            error,
            waited: Some(waited),
            asked,
        }
    }

    /// Nothing is known of an endpoint's model.
    pub fn unseen(endpoint: &Endpoint) -> Self {
        RunError::NeverSeen { endpoint: endpoint.name.clone(), url: shown_address(endpoint) }
    }

    /// The server of a managed endpoint could not be started.
    pub fn managed(endpoint: &Endpoint, what: ManagedError) -> Self {
        RunError::Managed { endpoint: endpoint.name.clone(), what }
    }

    /// The server of a managed endpoint ended, and is not started again.
    pub fn gone(endpoint: &Endpoint, what: String) -> Self {
        RunError::ManagedGone { endpoint: endpoint.name.clone(), what }
    }

    /// The same, where the endpoint was named before.
    pub fn of_its_endpoint(&self) -> String {
        match self {
            RunError::NoKey { name, .. } => format!("its key `{name}` is not set"),
            RunError::Endpoint { url, error, waited, asked, .. } => {
                format!("{url}: {error}{}", after(*waited, *asked))
            }
            RunError::WrongModel { url, what, .. } => format!("{url} has the wrong model: {what}"),
            other => other.to_string(),
        }
    }

    /// The key of the config that decides it, where there is one.
    pub fn key(&self, config: &Config) -> Option<String> {
        let is_managed = |name: &str| {
            let named = config.endpoints.iter().find(|endpoint| endpoint.name == name);
            named.is_some_and(|endpoint| matches!(endpoint.server, Server::Managed(_)))
        };
        let at = |endpoint: &str, key: &str| format!("endpoints.{endpoint}.{key}");
        Some(match self {
            RunError::NoKey { endpoint, .. } => at(endpoint, "api_key_env"),
            RunError::Endpoint { endpoint, asked: Some(_), .. } => at(endpoint, "patience"),
            RunError::Endpoint { endpoint, error, .. } => {
                remedy(error.class.name(), endpoint, is_managed(endpoint)).key
            }
            RunError::WrongModel { endpoint, .. }
            | RunError::Unseen { endpoint, .. }
            | RunError::NeverSeen { endpoint, .. } => at(endpoint, "model"),
            RunError::SeesNames { .. } => "anonymize.second_look".into(),
            RunError::Managed { endpoint, what } => at(endpoint, what.key()),
            RunError::ManagedGone { endpoint, .. } => at(endpoint, "managed.restarts"),
            RunError::Output(_) => "output.dir".into(),
            RunError::Render(_) => "prompt".into(),
            RunError::Leaving { .. } => "run.max_leaving".into(),
            RunError::NameTaken { .. } => "name".into(),
            RunError::Lock(LockError::Held { .. }) => "run.until".into(),
            RunError::Store(_) | RunError::Lock(LockError::Store(_)) | RunError::Stopped(_) => return None,
        })
    }

    /// How a run ends that this ended.
    pub fn ended(&self) -> Ended {
        match self {
            RunError::NoKey { .. } | RunError::NameTaken { .. } | RunError::Render(_) => Ended::Usage,
            RunError::Leaving { .. } | RunError::Lock(LockError::Held { .. }) => Ended::Short,
            RunError::Stopped(_) => Ended::Stopped,
            RunError::Unseen { error, .. } => error.ended(),
            _ => Ended::Failed,
        }
    }

    /// Whether an endpoint that fails so will not be well as long as the run goes on.
    pub fn is_lasting(&self) -> bool {
        matches!(self, RunError::NoKey { .. } | RunError::Managed { .. } | RunError::ManagedGone { .. })
    }

    /// Whether another run of the name goes on, so that this one is none, and leaves no page.
    pub fn is_overlap(&self) -> bool {
        matches!(self, RunError::Lock(LockError::Held { .. }))
    }

    /// What is known of it beside what it says.
    pub fn cause(&self) -> Option<String> {
        let RunError::Lock(LockError::Held { pid, began, .. }) = self else { return None };
        let began = began.as_ref().and_then(|began| began.parse::<jiff::Timestamp>().ok());
        Some(match began.and_then(|began| (jiff::Timestamp::now() - began).total(jiff::Unit::Second).ok()) {
            Some(seconds) => {
                let lasts = Duration::from_secs_f64(seconds.max(0.0));
                format!("process {pid} has been at it for {}", report::duration(lasts))
            }
            None => format!("process {pid} does not say since when it is at it"),
        })
    }

    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            RunError::NoKey { name, .. } => format!("export {name}=… and run again"),
            RunError::Endpoint { error, .. } => match error.class {
                ErrorClass::Unauthorized => "look at the key: `api_key_env` in the config names the variable that holds it".into(),
                ErrorClass::Unpaid => "the provider wants money for this, or the account has no quota left: look at its balance and limits\nthere, then run again; all that was stored is kept".into(),
                ErrorClass::NotFound => "look at `url` and `model`: the address should be that of the server, with or without `/v1`".into(),
                ErrorClass::Refused => "the server refuses every request: look at what it says, and at `sampling.extra` and `response.schema`".into(),
                ErrorClass::ContextExceeded => "the prompt is longer than a slot's context: shorten it, or start the server with a larger `-c`, or fewer `-np`".into(),
                ErrorClass::Unsupported if error.message.to_lowercase().contains("embeddings") => "best is a second server with a model for embeddings, such as\n`llama-server -m bge-small-en-v1.5-q8_0.gguf --embeddings --port 8081`: give it `weight: 0`, and name it\nin `dedup.semantic.model`".into(),
                ErrorClass::Unreachable => "start the server (such as `llama-server -m model.gguf --port 8080`), or mend `url`".into(),
                _ => "look at the server and its log; run again when it is well: all that was stored is kept".into(),
            },
            RunError::WrongModel { endpoint, .. } => {
                format!("load that model, or change `endpoints.{endpoint}` for the one that is there; all that was stored is kept")
            }
            RunError::Unseen { endpoint, error } => format!(
                "write its model into the config (`endpoints.{endpoint}.model`), and the others are asked without it; or\n{}",
                error.advice()
            ),
            RunError::NeverSeen { endpoint, .. } => {
                format!("start the server, or write its model into the config (`endpoints.{endpoint}.model`)")
            }
            RunError::SeesNames { .. } => "it would see texts before anything is taken out of them: write `remote: true` under `anonymize.second_look` if it may,\nor ask a model that only this machine has".into(),
            RunError::Managed { what, .. } => what.advice().into(),
            RunError::ManagedGone { .. } => "read its log and run again; all that was stored is kept".into(),
            RunError::Store(error) => error.advice().into(),
            RunError::Lock(LockError::Held { .. }) => "nothing was asked; wait until it ends, or `--wait` for it: `emogrid ctl status` says how far it is; give each\nrun an end (`run.until`, `run.for`) before the next begins".into(),
            RunError::Lock(LockError::Store(error)) => error.advice().into(),
            RunError::Output(_) => "look at the disk and the folder's permissions; all that was stored is kept".into(),
            RunError::Render(error) => error.to_string(),
            RunError::Leaving { .. } => "nothing was asked or written; undo the change, or let the rows leave:\n`emogrid run … --accept-leaving` for this once, a higher `run.max_leaving` for good".into(),
            RunError::Stopped(_) => "run again to go on".into(),
            RunError::NameTaken { .. } => "give this config a `name:` of its own".into(),
        }
    }
}

impl From<BookError> for RunError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Render(error) => RunError::Render(error),
            BookError::Store(error) => RunError::Store(error),
            BookError::Stopped => RunError::Stopped(Stop::Interrupt),
        }
    }
}

/// Causes that a message names.
const CAUSES: usize = 6;

fn leaving(change: &RowChange, most: u64, causes: &[String], otherwise: u64) -> String {
    let rows = change.lost();
    let mut out = format!(
        "{} of {} would leave the dataset until {}, more than `run.max_leaving` ({}) allows",
        thousands(rows),
        count(change.before(), "row"),
        if change.unjudged == rows { "judged again" } else { "remade" },
        thousands(most)
    );
    if (1..rows).contains(&change.unjudged) {
        out.push_str(&format!("; {} of them until judged again", thousands(change.unjudged)));
    }
    if change.displaced > 0 {
        out.push_str(&format!("; {} of them as duplicates", thousands(change.displaced)));
    }
    out.extend(change.waits().map(|waits| format!("; {waits} besides")));
    match causes {
        [] if otherwise > 0 => out.push_str(&format!("\n  {}", asked_otherwise(otherwise))),
        [] => out.push_str(
            "\n  the config is that of the last run: stored answers are gone, or that run did not end",
        ),
        causes => {
            out.push_str("\n  changed since the last run:");
            for cause in causes.iter().take(CAUSES) {
                out.push_str(&format!("\n    {}", shortened(cause, 74)));
            }
            if causes.len() > CAUSES {
                out.push_str(&format!("\n    … and {} more", causes.len() - CAUSES));
            }
        }
    }
    out
}

fn after(waited: Option<Duration>, asked: Option<Duration>) -> String {
    match (waited, asked) {
        (Some(waited), Some(asked)) if waited >= Duration::from_secs(1) => format!(
            "; the next try would be in {}, after {} of waiting: beyond `patience`",
            report::duration(asked),
            report::duration(waited)
        ),
        (_, Some(asked)) => {
            format!("; the next try would be in {}, beyond `patience`", report::duration(asked))
        }
        (Some(waited), None) => format!(", after {} of waiting (`patience`)", report::duration(waited)),
        (None, None) => String::new(),
    }
}
