//! What a run keeps of its config, and what it was made of.

use std::collections::BTreeMap;

use super::book::StoreBook;
use super::connect::models;
use super::error::RunError;
use super::open::Opened;
use crate::config;
use crate::config::resolved::Endpoint;
use crate::dataset::Recipe;
use crate::dataset::snapshot::CellAsks;
use crate::store::{EndpointMemory, Reader, Settings, Snapshot};

/// Whether the config or a template that was read is another on disk by now.
pub fn has_changed(opened: &Opened) -> bool {
    let project = &opened.recipe.config.project;
    let differs = |path: &std::path::Path, text: &str| {
        std::fs::read_to_string(path).is_ok_and(|now| now.trim_start_matches('\u{feff}') != text)
    };
    let templates = opened.recipe.prompts.files_used();
    opened.texts.iter().any(|(path, text)| differs(path, text.trim_start_matches('\u{feff}')))
        || templates.iter().any(|(name, text)| differs(&project.prompts().join(name), text))
}

/// What a snapshot keeps of the files: the templates that were read, and the config itself.
fn snapshot_files(opened: &Opened) -> BTreeMap<String, String> {
    let recipe = &opened.recipe;
    let project = &recipe.config.project;
    let templates = recipe.prompts.files_used().into_iter();
    let mut files: BTreeMap<String, String> =
        templates.map(|(name, text)| (format!("prompts/{name}"), text)).collect();
    for (path, text) in &opened.texts {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let name = path.strip_prefix(&project.root).unwrap_or(&path);
        files.insert(name.display().to_string(), config::night::without_notify(text));
    }
    files
}

/// The resolved config and the files, each as JSON, as a snapshot keeps them.
pub fn state(opened: &Opened) -> (String, String) {
    let resolved = serde_json::to_string(&opened.recipe.config).unwrap_or_default();
    (resolved, serde_json::to_string(&snapshot_files(opened)).unwrap_or_default())
}

/// The two, with what the cells' asks were.
pub fn snapshot(opened: &Opened, asks: CellAsks) -> Snapshot {
    let (resolved, files) = state(opened);
    Snapshot { resolved, files, cells: asks.into_bytes() }
}

/// The settings of today, by endpoint, against which tombstones are held.
pub fn settings(recipe: &Recipe, memories: &[EndpointMemory]) -> Vec<Settings> {
    let of = |(endpoint, memory): (&Endpoint, &EndpointMemory)| Settings {
        max_tokens: Some(recipe.config.sampling.max_tokens),
        timeout_ms: Some(endpoint.timeout.as_millis() as u64),
        context: memory.context,
    };
    recipe.config.endpoints.iter().zip(memories).map(of).collect()
}

/// What is stored, as the settings of today read it.
///
/// # Errors
/// A store that cannot be read.
pub fn book<'a>(
    recipe: &'a Recipe,
    memories: &[EndpointMemory],
    reader: Option<&'a Reader>,
    retry_failed: bool,
) -> Result<StoreBook<'a>, RunError> {
    let settings = settings(recipe, memories);
    let models = models(&recipe.config, memories);
    Ok(StoreBook::new(recipe, models, reader, settings, retry_failed)?)
}
