//! A run's right to its name: the lock, and whether the name is its own.

use std::time::{Duration, Instant};

use super::Ends;
use crate::config;
use crate::dataset::Recipe;
use crate::pipeline::error::RunError;
use crate::pipeline::output::Files;
use crate::pipeline::record::config_path;
use crate::pipeline::stop::Stop;
use crate::report::morning::Awaited;
use crate::report::{self, Summary, Watcher};
use crate::store::{LockError, Reader, RunLock, StoreDir};

/// The rows that there were: of the dataset on disk, or of the last run where somebody deleted it.
pub(super) fn rows_before(
    files: &Files,
    reader: Option<&Reader>,
    name: &str,
) -> Result<Option<u64>, RunError> {
    if files.dataset().exists() {
        // They are counted as they are compared.
        return Ok(None);
    }
    let Some((_, text)) = reader.map(|reader| reader.last_run(name)).transpose()?.flatten() else {
        return Ok(None);
    };
    Ok(serde_json::from_str::<Summary>(&text).ok().map(|summary| summary.accepted))
}

/// Why a run does not have its lock.
pub(super) enum Refused {
    Lock(LockError),
    Stopped(Stop),
}

/// Takes the lock of a config name, waiting for another run where that is wanted.
pub(super) async fn take_lock(
    dir: &StoreDir,
    name: &str,
    wait: bool,
    watcher: &(dyn Watcher + Sync),
    ends: &mut Ends,
) -> Result<RunLock, Refused> {
    let started = Instant::now();
    let mut awaited = None;
    loop {
        let held = match RunLock::take(dir, name) {
            Ok(lock) => {
                awaited.iter().for_each(|what| watcher.goes_on(what));
                return Ok(lock);
            }
            Err(held @ LockError::Held { .. }) if wait => held,
            Err(other) => return Err(Refused::Lock(other)),
        };
        if awaited.is_none() {
            watcher.say(&format!("{held}; waiting for its end"));
            let what = Awaited::Run { why: held.to_string() };
            watcher.waits(&what);
            awaited = Some(what);
        }
        watcher.update(&report::Status {
            waiting: Some(format!("{held}; waiting for its end")),
            elapsed: started.elapsed(),
            ..report::Status::default()
        });
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
            why = ends.next() => return Err(Refused::Stopped(why)),
        }
    }
}

/// Refuses a config whose name another file of the project uses.
pub(super) fn check_name(recipe: &Recipe, reader: Option<&Reader>) -> Result<(), RunError> {
    let name = &recipe.config.name;
    let Some(other) = reader.map(|reader| reader.config_file(name)).transpose()?.flatten() else {
        return Ok(());
    };
    let here = config_path(recipe);
    let there = recipe.config.project.root.join(&other);
    let still_there = config::load::name_of(&there).is_some_and(|own| own == *name);
    match other != here && still_there {
        true => Err(RunError::NameTaken { name: name.clone(), other: there.display().to_string() }),
        false => Ok(()),
    }
}
