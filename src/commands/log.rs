use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Write as _;

use super::history::History;
use super::{Exit, Failure, Talk, open, print_json};
use crate::cli::LogArgs;
use crate::pipeline;
use crate::report::{Listed, LogEntry, Summary, log_text};
use crate::store::{Reader, Snapshot, State, StoreDir};

/// Lists the runs of a config, with what changed before each and what came of it.
pub fn log(args: &LogArgs, talk: &Talk) -> Result<Exit, Failure> {
    let opened = open(&args.config, talk)?;
    let config = &opened.recipe.config;
    let dir = StoreDir::new(config.project.store());
    let reader = Reader::open(&dir)?;
    let history = match &reader {
        Some(reader) => reader.history(&config.name)?,
        None => Vec::new(),
    };
    if let Some(wanted) = args.show {
        let found = history.iter().zip(numbers(&history)).find(|(_, number)| *number == wanted);
        let Some((State { snapshot, .. }, _)) = found else {
            let what = format!("there is no state {wanted}; `emogrid log` lists them");
            return Err(Failure::InVain(what));
        };
        std::io::stdout().lock().write_all(shown(snapshot).as_bytes())?;
        return Ok(Exit::Complete);
    }
    let mut entries = entries(&history, args.only_changed);
    let known = History::read(&dir, reader.as_ref(), &config.name)?;
    with_unkept(&mut entries, known.unkept(), args.only_changed);
    if args.json {
        print_json(&entries)?;
    } else if entries.is_empty() {
        talk.say("nothing ran here yet");
    } else {
        std::io::stdout().lock().write_all(log_text(&entries).as_bytes())?;
    }
    Ok(Exit::Complete)
}

/// The number of each state: from 1 in the order in which they first ran; one that comes back has its own again.
fn numbers(history: &[State]) -> Vec<i64> {
    let mut known: HashMap<(&str, &str), i64> = HashMap::new();
    let mut out = Vec::with_capacity(history.len());
    for State { snapshot, .. } in history {
        let next = known.len() as i64 + 1;
        out.push(*known.entry((&snapshot.resolved, &snapshot.files)).or_insert(next));
    }
    out
}

/// The files of a state, one after the other.
fn shown(snapshot: &Snapshot) -> String {
    let files: BTreeMap<String, String> = serde_json::from_str(&snapshot.files).unwrap_or_default();
    let mut out = String::new();
    for (name, text) in files {
        let _ = writeln!(out, "── {name}\n{}", text.trim_end_matches('\n'));
    }
    out
}

/// The same with runs that left no summary. One that made a state has that, and what changed with it; of others nothing
/// is known to have changed.
fn with_unkept<'a>(
    entries: &mut Vec<LogEntry>,
    unkept: impl DoubleEndedIterator<Item = Listed<'a>>,
    only_changed: bool,
) {
    for run in unkept.rev() {
        let at = entries.partition_point(|entry| entry.started.as_str() < run.began());
        let next = entries.get(at).map(|entry| entry.started.clone());
        // It was kept after this one began, and before the next one did.
        let is_its = |entry: &LogEntry| {
            let kept = entry.kept.as_deref().filter(|kept| *kept >= run.began());
            kept.is_some_and(|kept| next.as_deref().is_none_or(|next| kept <= next))
        };
        let made = entries[at..].iter().position(is_its).map(|place| &mut entries[at + place]);
        let mut entry = match made {
            Some(entry) if entry.is_open() => {
                entry.is_of(&run);
                continue;
            }
            _ if only_changed => continue,
            Some(entry) => {
                let changes = entry.changes.replace(Vec::new());
                LogEntry { state: entry.state, changes, ..LogEntry::default() }
            }
            None => LogEntry::default(),
        };
        entry.is_of(&run);
        entries.insert(at, entry);
    }
}

/// An entry a run; where only changes are wanted, one for it and those after it that changed nothing.
fn entries(history: &[State], only_changed: bool) -> Vec<LogEntry> {
    let mut out: Vec<LogEntry> = Vec::new();
    for (index, (state, number)) in history.iter().zip(numbers(history)).enumerate() {
        let State { created, snapshot, summaries, .. } = state;
        let before = index.checked_sub(1).map(|before| &history[before].snapshot);
        let mut changes = before.map(|then| {
            pipeline::causes((&then.resolved, &then.files), (&snapshot.resolved, &snapshot.files))
        });
        let mut runs: Vec<Option<Summary>> =
            summaries.iter().map(|text| serde_json::from_str(text).ok()).collect();
        let in_vain = |run: &Option<Summary>| run.as_ref().is_some_and(|run| run.in_vain);
        if runs.iter().all(in_vain) {
            runs.insert(0, None);
        }
        for run in runs {
            if let Some(run) = run.as_ref().filter(|run| run.in_vain) {
                out.extend((!only_changed).then(|| LogEntry::in_vain(run)));
                continue;
            }
            let model = run.as_ref().and_then(|run| run.model.as_ref());
            let model_before = out.iter().rev().find_map(|entry| entry.model.as_ref());
            if let (Some(now), Some(then)) = (model, model_before)
                && now != then
            {
                changes.get_or_insert_default().push(format!("model: {then} → {now}"));
            }
            let same = changes.as_ref().is_some_and(Vec::is_empty);
            let entry = match out.pop_if(|_| only_changed && same) {
                Some(before) => before,
                None => LogEntry::new(number, created, changes.take()),
            };
            out.push(match &run {
                Some(run) => entry.after(run),
                None => entry,
            });
            changes = Some(Vec::new());
        }
    }
    out
}
