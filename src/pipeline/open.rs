//! A config and its templates, read from disk and compiled.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::yaml::Node;
use crate::config::{self, Diagnostic, Loaded, Report};
use crate::dataset::Recipe;
use crate::grid::{self, Size};
use crate::prompt::{File, RenderError};

/// A config that is ready to be evaluated, with the warnings met on the way.
#[derive(Debug)]
pub struct Opened {
    /// Shared with who evaluates beside a run.
    pub recipe: Arc<Recipe>,
    pub warnings: Report,
    /// The config as it was written, and those it extends.
    pub texts: Vec<(PathBuf, String)>,
    /// The tree that the config was resolved from; its places are in the warnings' sources.
    pub tree: Node,
}

impl Opened {
    /// Warns of keys of endpoints that this environment lacks; the machine that runs may have them.
    pub fn unset_keys(&self) -> Report {
        let mut report = Report { sources: self.warnings.sources.clone(), found: Vec::new() };
        for endpoint in &self.recipe.config.endpoints {
            let Some(name) = &endpoint.api_key_env else { continue };
            if std::env::var(name).is_ok_and(|key| !key.trim().is_empty()) {
                continue;
            }
            let found =
                Diagnostic::warning("key", format!("the environment variable `{name}` is not set here"))
                    .help(format!("a run asks nothing without it: `export {name}=…` where it runs"));
            let node = self.tree.get("endpoints").and_then(|all| all.get(&endpoint.name)?.get("api_key_env"));
            report.push(match node {
                Some(node) => found.at(node.span),
                None => found,
            });
        }
        report
    }
}

/// The largest template file that is read.
const LARGEST_TEMPLATE: u64 = 4 << 20;

/// Reads and compiles a config.
///
/// # Errors
/// Every mistake that was found, each with its place.
pub fn open(path: &Path, sets: &[String], size: Size) -> Result<Opened, Report> {
    let (loaded, files) = load(path, sets, size)?;
    // Read beside the load; a config that is edited this very moment is told so by the next plan.
    let text = |path: &PathBuf| (path.clone(), std::fs::read_to_string(path).unwrap_or_default());
    let texts = loaded.files.iter().map(text).collect();
    let tree = loaded.tree.clone();
    let (recipe, warnings) = Recipe::compile(loaded, files)?;
    Ok(Opened { recipe: Arc::new(recipe), warnings, texts, tree })
}

/// The same config once more, for whoever tries out other decisions than it names: nobody shares it.
///
/// # Errors
/// Every mistake that was found, each with its place.
pub fn draft(path: &Path, sets: &[String]) -> Result<Recipe, Report> {
    let (loaded, files) = load(path, sets, Size::Any)?;
    Ok(Recipe::compile(loaded, files)?.0)
}

/// A config with the files of its templates.
fn load(path: &Path, sets: &[String], size: Size) -> Result<(Loaded, BTreeMap<String, File>), Report> {
    let mut loaded = config::load(path, sets)?;
    if let Some(found) = grid::too_large(&loaded.config, &loaded.report.sources, size) {
        loaded.report.push(found);
        // Before any cell is made.
        if size == Size::Ask {
            return Err(loaded.report);
        }
    }
    let files = template_files(&loaded.config.project.prompts());
    Ok((loaded, files))
}

/// Whether a config would be right if this text stood in its file.
///
/// # Errors
/// Every mistake that was found, each with its place.
pub fn try_text(path: &Path, text: &str) -> Result<(), Report> {
    let loaded = config::load_text(path, text)?;
    let files = template_files(&loaded.config.project.prompts());
    let (recipe, _) = Recipe::compile(loaded, files)?;
    recipe.render_all().map_err(|RenderError(report)| *report)
}

/// Every file under `prompts/`, by its name there: its text, or why it has none.
fn template_files(folder: &Path) -> BTreeMap<String, File> {
    let mut out = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    // A link may lead back to a folder above it.
    let mut entered = HashSet::new();
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            let (Ok(meta), Ok(name)) = (path.metadata(), path.strip_prefix(folder)) else { continue };
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let name = name.to_string_lossy().replace('\\', "/");
            if meta.is_dir() {
                out.insert(name, Err("is a folder".to_owned()));
                if path.canonicalize().is_ok_and(|place| entered.insert(place)) {
                    folders.push(path);
                }
            } else {
                out.insert(name, template_file(&path, meta.len()));
            }
        }
    }
    out
}

fn template_file(path: &Path, length: u64) -> File {
    if length > LARGEST_TEMPLATE {
        return Err("is larger than 4 MB".into());
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("is not UTF-8 from its line {line} on: save it as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
