//! The one place that keeps how a run ended: in the store, on a page, in the log and in the figures.

use std::path::{Path, PathBuf};

use super::Opened;
use super::address::address;
use super::error::RunError;
use super::output::{Files, OutputError};
use super::place;
use super::recorder::Recorder;
use crate::check::Reason;
use crate::dataset::Recipe;
use crate::model::{Noted, Untold};
use crate::report::morning::{Ailment, Ended, PAST, Past, judge, page};
use crate::report::{RowChange, Summary, Watcher, noted_text};
use crate::staged::replace;
use crate::store::{self, EndpointMemory, Reader, Snapshot, StoreDir, Writer};

/// What came of a run, before it is judged.
pub struct Came {
    pub summary: Summary,
    pub ended: Ended,
    pub error: Option<RunError>,
    /// What the store keeps of the config and its endpoints, where that is another than before.
    pub state: Option<(Snapshot, Vec<EndpointMemory>)>,
    /// A preview that leaves the dataset alone is no run to be kept.
    pub is_kept: bool,
}

impl Came {
    /// A run that ended before stored answers were looked at: its dataset is that on disk.
    pub fn in_vain(recipe: &Recipe, error: RunError) -> Self {
        let config = &recipe.config;
        let files = Files::new(config.dataset_dir());
        let rows = files.rows();
        let summary = Summary {
            name: config.name.clone(),
            wanted: recipe.wanted(),
            accepted: rows,
            change: RowChange { kept: rows, ..RowChange::default() },
            stopped_by: match &error {
                RunError::Stopped(why) => Some(why.name().to_owned()),
                _ => None,
            },
            dataset: crate::config::load::shown(&files.dataset()).display().to_string(),
            in_vain: true,
            ..Summary::default()
        };
        // Another config goes under its name, and so do the runs that stand under it.
        let is_kept = !matches!(error, RunError::NameTaken { .. });
        Self { summary, ended: error.ended(), error: Some(error), state: None, is_kept }
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Finished {
    pub summary: Summary,
    pub ended: Ended,
    /// What ended it early. What was received is stored, and the files say what came of it.
    pub error: Option<RunError>,
    /// The summary as a page, where there is something to tell.
    pub page: Option<PathBuf>,
    /// The store has it, or there was nothing to be kept; else the next run tells that there was one.
    pub kept: bool,
}

impl Finished {
    /// What is left to the next run to tell.
    pub fn left(&self) -> String {
        let Summary { verdict, headline, findings, .. } = &self.summary;
        let first = findings.first().map_or(headline.as_str(), |found| found.what.as_str());
        let noted = Noted {
            answers: self.summary.requests,
            prompt_tokens: self.summary.prompt_tokens,
            completion_tokens: self.summary.completion_tokens,
            cost: self.summary.cost.as_ref().map(|cost| cost.all),
        };
        format!("{}: {first}; {}", verdict.word(), noted_text(&noted))
    }

    /// The same as a result, for who only wants a run that came to something.
    ///
    /// # Errors
    /// What kept it from that.
    pub fn came(mut self) -> Result<Self, RunError> {
        match self.error.take_if(|_| self.summary.in_vain) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }
}

/// Judges a run and keeps what came of it. Only one that found its dataset complete as it stood leaves nothing.
///
/// What cannot be kept is a failure of the run like any other, and judged as such.
pub fn record(opened: &Opened, recorder: &Recorder<'_>, came: Came) -> Finished {
    let recipe = &opened.recipe;
    let config = &recipe.config;
    let dir = StoreDir::new(config.project.store());
    let Came { mut summary, ended: as_asked, mut error, state, is_kept } = came;
    let changed = state.is_some();
    if summary.number == 0 {
        // It never had its name for itself: another may go on.
        let reader = Reader::open(&dir).ok().flatten();
        let untold = store::untold(&dir, &config.name);
        summary.number = next_number(reader.as_ref(), &config.name, &untold).unwrap_or(0);
    }
    if let Some((state, memories)) = state
        && let Err(failure) = keep_state(&dir, recipe, state, &memories)
    {
        error.get_or_insert(failure);
    }
    if is_told(&summary, as_asked, error.as_ref()) {
        match past(&dir, &config.name) {
            Ok(past) => summary.past = past,
            Err(failure) => drop(error.get_or_insert(failure)),
        }
    }
    let mut ended = judged(opened, &mut summary, as_asked, error.as_ref());
    let (mut written, mut kept) = (None, true);
    let folder = Files::new(config.dataset_dir()).runs().join(folder_of(&summary));
    if is_kept && summary.is_told() {
        match write_page(&folder, &summary) {
            Ok(page) => written = Some(page),
            Err(failure) => {
                error.get_or_insert(failure.into());
                ended = judged(opened, &mut summary, as_asked, error.as_ref());
            }
        }
    }
    if is_kept
        && (changed || summary.is_told())
        && let Err(failure) = keep_run(&dir, &summary)
    {
        // The first failure is what is told; that it is not in the store follows from it more often than not.
        recorder.say(&format!(
            "{failure}; `emogrid runs` will list no figures of this run, and the next run tells of it"
        ));
        error.get_or_insert(failure);
        ended = judged(opened, &mut summary, as_asked, error.as_ref());
        kept = false;
        if let Some(folder) = written.as_deref().and_then(Path::parent) {
            // It was written a moment ago; what cannot be written now was said.
            let _ = write_page(folder, &summary);
        }
    }
    if written.is_none() && is_kept && summary.is_told() {
        crate::wait_point!("page-again");
        // There may be room again: what was written beside the dataset is gone by now.
        written = write_page(&folder, &summary).ok();
        if written.is_none() {
            // Only where nothing stands in it.
            let _ = std::fs::remove_dir(&folder);
        }
    }
    recorder.ended(&summary);
    Finished { summary, ended, error, page: written, kept }
}

/// Fills in what is found of a run that ended so, and says how it ended after all.
fn judged(opened: &Opened, summary: &mut Summary, as_asked: Ended, error: Option<&RunError>) -> Ended {
    let config = &opened.recipe.config;
    let ended = error.map_or(as_asked, RunError::ended);
    let ailment = error.filter(|error| !matches!(error, RunError::Stopped(_)));
    let ailment = ailment.map(|error| Ailment {
        what: [Some(error.to_string()), error.cause()].into_iter().flatten().collect::<Vec<_>>().join("\n"),
        advice: error.advice(),
        key: error.key(config),
    });
    let place = |key: &str| place::place(opened, key);
    let advice = |reason: &str| Reason::advice_for(reason).map(|advice| (Reason::key_for(reason), advice));
    judge(summary, ended, ailment.as_ref(), &config.night.alarm, &place, &advice)
}

/// What is told of a run that another keeps from beginning; nothing of it is kept.
pub fn refused(opened: &Opened, came: Came) -> Finished {
    let Came { mut summary, ended, error, .. } = came;
    let ended = judged(opened, &mut summary, ended, error.as_ref());
    Finished { summary, ended, error, page: None, kept: true }
}

fn is_told(summary: &Summary, ended: Ended, error: Option<&RunError>) -> bool {
    summary.attempts > 0 || ended != Ended::Complete || summary.restored().is_some() || error.is_some()
}

/// The number of the next run of a name: numbers go by when runs began, and that of one that goes on, or was cut off, is
/// its own.
pub fn next_number(reader: Option<&Reader>, name: &str, untold: &[Untold]) -> Result<u64, RunError> {
    let kept = reader.map(|reader| reader.last_number(name)).transpose()?.unwrap_or(0);
    Ok(1 + untold.iter().map(|run| run.number).max().unwrap_or(0).max(kept))
}

/// What came of the last runs that asked for something.
fn past(dir: &StoreDir, name: &str) -> Result<Vec<Past>, RunError> {
    let Some(reader) = Reader::open(dir)? else { return Ok(Vec::new()) };
    // Some of the last asked for nothing.
    let summaries = reader.last_summaries(name, 4 * PAST)?;
    let parsed = summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
    let mut out: Vec<Past> =
        parsed.filter(|summary| summary.requests > 0).map(|summary| Past::of(&summary)).collect();
    Ok(out.split_off(out.len().saturating_sub(PAST)))
}

/// The folder of a run's summary, below `runs/`.
fn folder_of(summary: &Summary) -> String {
    summary.started.replace(':', "")
}

fn keep_state(
    dir: &StoreDir,
    recipe: &Recipe,
    state: Snapshot,
    memories: &[EndpointMemory],
) -> Result<(), RunError> {
    let config = &recipe.config;
    let writer = Writer::open(dir, |_| {})?;
    writer.snapshot(&config.name, state)?;
    for (endpoint, memory) in config.endpoints.iter().zip(memories) {
        writer.endpoint(&address(endpoint), memory)?;
    }
    Ok(writer.config_file(&config.name, &config_path(recipe))?)
}

fn keep_run(dir: &StoreDir, summary: &Summary) -> Result<(), RunError> {
    let text = serde_json::to_string_pretty(summary).unwrap_or_default();
    Ok(Writer::open(dir, |_| {})?.run(&summary.name, &summary.started, &text)?)
}

/// Writes the summary for machines, and the page, whose path is told.
fn write_page(folder: &Path, summary: &Summary) -> Result<PathBuf, OutputError> {
    let text = serde_json::to_string_pretty(summary).unwrap_or_default();
    let page_path = folder.join("summary.md");
    std::fs::create_dir_all(folder)
        .and_then(|()| replace(&folder.join("summary.json"), format!("{text}\n").as_bytes()))
        .and_then(|()| replace(&page_path, page(summary).as_bytes()))
        .map_err(|source| OutputError { path: folder.to_owned(), source })?;
    Ok(page_path)
}

/// The config's file, however it was named: from the project's root where it is in there, so that a project can be
/// moved and copied.
pub fn config_path(recipe: &Recipe) -> String {
    let whole = |path: &Path| -> PathBuf {
        let plain = || std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        path.canonicalize().unwrap_or_else(|_| plain())
    };
    let project = &recipe.config.project;
    let (path, root) = (whole(&project.config), whole(&project.root));
    path.strip_prefix(&root).unwrap_or(&path).display().to_string()
}
