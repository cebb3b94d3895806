use std::collections::HashSet;
use std::io::Write as _;

use super::{Exit, Failure, Talk, block_on, open_path};
use crate::cli::GcArgs;
use crate::dataset::snapshot::{AskHash, CellAsks, short};
use crate::fingerprint::Room;
use crate::model::Fingerprint;
use crate::pipeline::{self, RunError, StoreBook};
use crate::report::{count, thousands};
use crate::store::{Reader, RunLock, StoreDir, Writer};

/// Says which stored answers nothing needs any more, and deletes them only when told to.
///
/// Kept is all that the configs given could ask for, and all that any config reached in its last
/// run or in a run of the last days.
pub fn gc(args: &GcArgs, talk: &Talk) -> Result<Exit, Failure> {
    let mut needed: HashSet<AskHash> = HashSet::new();
    let mut store = None;
    for path in &args.configs {
        let opened = open_path(path, &[])?;
        let recipe = &opened.recipe;
        let dir = StoreDir::new(recipe.config.project.store());
        let Some(reader) = Reader::open(&dir)? else {
            talk.say("nothing was ever stored in this project");
            return Ok(Exit::Complete);
        };
        if let Some(known) = block_on(pipeline::look(&recipe.config, Some(&reader)))??.known {
            let models = known.models(&recipe.config);
            if recipe.looks_into_texts() {
                let settings = pipeline::settings(recipe, &known.memories);
                let mut book = StoreBook::new(recipe, models.clone(), Some(&reader), settings, false)
                    .map_err(RunError::from)?;
                for cell in 0..recipe.grid.size() {
                    for ask in 0..recipe.quotas.asks(cell) {
                        let about = book.requests_about(cell, ask).map_err(RunError::from)?;
                        needed.extend(about.iter().map(short));
                    }
                }
            }
            let mut room = Room::default();
            for cell in 0..recipe.grid.size() {
                for ask in 0..recipe.quotas.asks(cell) {
                    let fingerprint =
                        recipe.fingerprint(&models, cell, ask, &mut room).map_err(RunError::from)?;
                    needed.insert(short(&fingerprint));
                }
            }
        }
        if store.as_ref().is_some_and(|(other, _): &(StoreDir, Reader)| other.folder() != dir.folder()) {
            talk.say("these configs are of different projects: collect one project at a time");
            return Ok(Exit::Usage);
        }
        store = Some((dir, reader));
    }
    let Some((dir, reader)) = store else { return Ok(Exit::Usage) };
    let days = jiff::SignedDuration::from_hours(24 * i64::from(args.days));
    // An answer of the last days is kept whoever asked for it: a run may be going on.
    let since = match args.days {
        0 => "9999".into(),
        _ => (jiff::Timestamp::now() - days).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    for cells in reader.cells_since(&since)? {
        needed.extend(CellAsks::from_bytes(cells).unwrap_or_default().all());
    }
    let all = reader.before(&since)?;
    let spare: Vec<(Fingerprint, u64)> =
        all.iter().filter(|(fingerprint, _)| !needed.contains(&short(fingerprint))).copied().collect();
    let bytes: u64 = spare.iter().map(|(_, bytes)| bytes).sum();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} needed by nothing that ran in the last {}, {} kB",
        count(spare.len() as u64, "stored answer"),
        count(args.days.into(), "day"),
        thousands(bytes.div_ceil(1000)),
    )?;
    if spare.is_empty() {
        return Ok(Exit::Complete);
    }
    if !args.delete {
        writeln!(out, "nothing was deleted; `--delete` does it, and they would have to be asked for again")?;
        return Ok(Exit::Complete);
    }
    // A run of any config may count on what is deleted.
    let names = reader.config_names()?;
    let locks = names.iter().map(|name| RunLock::take(&dir, name)).collect::<Result<Vec<_>, _>>();
    let _locks = locks.map_err(RunError::from)?;
    let fingerprints = spare.iter().map(|(fingerprint, _)| *fingerprint).collect();
    Writer::open(&dir, |_| {})?.delete(fingerprints)?;
    writeln!(out, "deleted")?;
    Ok(Exit::Complete)
}
