//! A config and its templates, read from disk and compiled.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{self, Report};
use crate::dataset::Recipe;

/// A config that is ready to be evaluated, with the warnings met on the way.
#[derive(Debug)]
pub struct Opened {
    pub recipe: Recipe,
    pub warnings: Report,
}

/// The largest template file that is read.
const LARGEST_TEMPLATE: u64 = 4 << 20;

/// Reads and compiles a config.
///
/// # Errors
/// Every mistake that was found, each with its place.
pub fn open(path: &Path, sets: &[String]) -> Result<Opened, Report> {
    let loaded = config::load(path, sets)?;
    let files = template_files(&loaded.config.project.prompts());
    let (recipe, warnings) = Recipe::compile(loaded, files)?;
    Ok(Opened { recipe, warnings })
}

/// Every text under `prompts/`, by its name there. What cannot be read as a text is left out: a
/// template that names it is told that it is not there.
fn template_files(folder: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let Ok(meta) = path.metadata() else { continue };
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if meta.is_dir() && !hidden && !path.is_symlink() {
                folders.push(path);
            } else if meta.is_file()
                && meta.len() <= LARGEST_TEMPLATE
                && let Ok(text) = std::fs::read_to_string(&path)
                && let Ok(name) = path.strip_prefix(folder)
            {
                out.insert(name.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    out
}
