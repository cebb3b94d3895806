//! What came of a run: its summary, and the files that it leaves.

use std::time::Instant;

use super::begun::Before;
use super::work::Worked;
use super::{Began, RunOptions};
use crate::config;
use crate::dataset::Recipe;
use crate::dataset::snapshot::CellAsks;
use crate::pipeline::Opened;
use crate::pipeline::audited::audited;
use crate::pipeline::connect::models;
use crate::pipeline::error::RunError;
use crate::pipeline::forecast::{prospects, remember};
use crate::pipeline::leaving::model_change;
use crate::pipeline::made::Made;
use crate::pipeline::morning;
use crate::pipeline::output::Files;
use crate::pipeline::record::Came;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::spending::{overspent, spending};
use crate::pipeline::state::{book, has_changed, snapshot, state};
use crate::pipeline::summary::Outcome;
use crate::pipeline::worker::Progress;
use crate::report::morning::Ended;
use crate::report::{self, CellChange, RunCounts, Summary, Unwritten, Watcher};
use crate::store::{EndpointMemory, Reader, StoreDir};

/// What a run that has done its work ends with.
pub(super) struct Ending<'a> {
    pub opened: &'a Opened,
    pub options: &'a RunOptions,
    pub watcher: &'a Recorder<'a>,
    pub began: Began,
    pub dir: &'a StoreDir,
    pub files: &'a Files,
    pub before: &'a Before,
    /// By cell: whether it was to be asked for.
    pub mask: &'a [bool],
}

impl Ending<'_> {
    /// Writes the dataset, looks at it, and says what came of all. What fails in this is told with what was done.
    pub fn of(&self, worked: Worked<'_>) -> Came {
        let Worked { mut made, before, memories, cells, progress, budget, change, error, stopped, spared } =
            worked;
        let (opened, watcher) = (self.opened, self.watcher);
        let recipe = &opened.recipe;
        let mut error = error;
        if progress.attempts > 0 && has_changed(opened) {
            watcher
                .say("the config or a template has changed since this run began: run again for what is new");
        }
        let asks = std::mem::take(&mut made.asks);
        let mut summary = summarise(recipe, &mut made, &progress, cells, self.began);
        summary.change = change;
        summary.run = RunCounts::between(&before, &made.counts());
        summary.by_axis = std::mem::take(&mut made.by_axis);
        summary.by_ask = std::mem::take(&mut made.by_ask);
        made.own.take().into_iter().for_each(|own| own.fill(&mut summary));
        summary.cost = spending(&recipe.config.endpoints, &budget);
        summary.overspent = overspent(&budget);
        summary.fault_costs = morning::costs(recipe, &made.outcome, &progress, &summary.run);
        if let Some(asks) = &asks {
            morning::beside(&mut summary, &made.outcome, asks, &progress.answered);
        }
        summary.rows_before = self.before.rows;
        summary.stopped_by = stopped.map(|stop| stop.name().to_owned());
        summary.part = !self.options.selection.is_all();
        summary.dataset = config::load::shown(&self.files.dataset()).display().to_string();
        self.tell_edits(&mut summary, &memories);
        if spared {
            watcher.say("many rows would leave the dataset (`run.max_leaving`): its files stay as they were");
            made.spare();
        } else {
            self.write(&mut made, asks.is_some(), &mut summary, &mut error);
        }
        if progress.attempts > 0 && error.is_none() {
            self.audit(&made, &progress, &mut summary);
        }
        if let Some(gathered) = made.morning.take() {
            gathered.fill(&made.outcome, self.mask, &mut summary);
        }
        morning::endpoints(&mut summary, recipe, &progress);
        let state = asks.filter(|asks| !spared && (progress.attempts > 0 || self.is_news(asks)));
        let state = state.map(|asks| snapshot(opened, asks));
        // What was done is kept all the same.
        if let Err(failure) = self.look_ahead(&made, &memories, &progress, &mut summary) {
            error.get_or_insert(failure);
        }
        summary.allowed_short = recipe.allowed_short(|cell| self.mask[cell]);
        Came {
            ended: ended(recipe, &made.outcome, self.mask, stopped.is_some()),
            summary,
            error,
            state: state.map(|state| (state, memories)),
            is_kept: !spared,
        }
    }

    /// Whether the state of now is another than that of the dataset before.
    fn is_news(&self, asks: &CellAsks) -> bool {
        let Before { is_last, written, asks: before, .. } = self.before;
        !(*is_last && *written == Some(state(self.opened)) && asks == before)
    }

    /// Tells what was edited since the dataset before was written.
    fn tell_edits(&self, summary: &mut Summary, memories: &[EndpointMemory]) {
        let models = models(&self.opened.recipe.config, memories);
        let now = state(self.opened);
        summary.model = models.names();
        summary.model_change = model_change(self.files, &models);
        let written = self.before.written.as_ref();
        summary.edits = morning::edits(written, &now, summary.model_change.is_some());
        summary.asked_as = Some(morning::asked_as(&now, summary.model.as_deref()));
    }

    /// Puts the dataset's files in their place.
    fn write(
        &self,
        made: &mut Made<'_>,
        is_evaluated: bool,
        summary: &mut Summary,
        error: &mut Option<RunError>,
    ) {
        let then = self.files.rows();
        let written = made.write();
        let why = match &written {
            Err(failure) => Some(failure.source.to_string()),
            Ok(_) if !is_evaluated => Some(error.as_ref().map_or_else(String::new, RunError::to_string)),
            Ok(_) => None,
        };
        // The same rows, of which something else is told, such as their columns in another order.
        let same = summary.change.kept == summary.accepted && summary.change.before() == summary.accepted;
        if matches!(written, Ok(true)) && same && summary.accepted > 0 && summary.counterparts == 0 {
            self.watcher.say(&format!(
                "{} was written anew: it has the same {}, in other order or with other columns",
                summary.dataset,
                report::count(summary.accepted, "row")
            ));
        }
        summary.unwritten = why.map(|why| Unwritten { why, rows: then });
        // Another failure came first, and this follows from it more often than not.
        if let Err(failure) = written {
            error.get_or_insert(failure.into());
        }
    }

    /// Measures the first rows, which takes a while, and so is said.
    fn audit(&self, made: &Made<'_>, progress: &Progress, summary: &mut Summary) {
        self.watcher.update(&report::Status {
            rows: summary.accepted,
            wanted: summary.wanted,
            requests: summary.requests,
            attempts: summary.attempts,
            prompt_tokens: summary.prompt_tokens,
            cached_tokens: summary.cached_tokens,
            cost: summary.cost.as_ref().map(|cost| cost.all),
            endpoints: progress.at_endpoints(&self.opened.recipe.config),
            rejected: made.outcome.rejected.clone(),
            completion_tokens: summary.completion_tokens,
            elapsed: self.began.instant.elapsed(),
            waiting: Some("auditing the first rows of the dataset".into()),
            ..report::Status::default()
        });
        let auditing = Instant::now();
        summary.audit = audited(&self.opened.recipe, self.files);
        summary.audit_seconds = report::milliseconds(auditing.elapsed());
    }

    /// Says what is left to be asked, and keeps what this run showed of what asks bring.
    fn look_ahead(
        &self,
        made: &Made<'_>,
        memories: &[EndpointMemory],
        progress: &Progress,
        summary: &mut Summary,
    ) -> Result<(), RunError> {
        let (recipe, dir) = (&self.opened.recipe, self.dir);
        let reader = Reader::open(dir)?;
        let mut book = book(recipe, memories, reader.as_ref(), false)?;
        let evidence = made.evidence.as_ref().filter(|evidence| !evidence.is_empty());
        let kept =
            evidence.map_or(Ok(()), |evidence| remember(dir, recipe, memories, evidence, &book, progress));
        let mut left = |chosen: bool| {
            let is_meant = |cell: usize| self.mask[cell] == chosen;
            let lacks = |cell: usize| recipe.quotas.rows(cell) - made.outcome.accepted[cell];
            let meant = made.outcome.demands.iter().filter(|demand| is_meant(demand.cell));
            let demands = meant.map(|demand| (demand, lacks(demand.cell)));
            let prospects = prospects(recipe, made.evidence.as_ref(), &mut book, demands)?;
            Ok::<_, RunError>(morning::left(recipe, &made.outcome, prospects, is_meant))
        };
        (summary.left, summary.elsewhere) = (left(true)?, left(false)?);
        kept
    }
}

fn ended(recipe: &Recipe, outcome: &Outcome, mask: &[bool], stopped: bool) -> Ended {
    let meant = mask.iter().enumerate().filter(|(_, meant)| **meant).map(|(cell, _)| cell);
    let missing: u64 = meant.map(|cell| u64::from(recipe.quotas.rows(cell) - outcome.accepted[cell])).sum();
    let open = outcome.demands.iter().any(|demand| mask[demand.cell]);
    match (stopped, !open && missing <= recipe.allowed_short(|cell| mask[cell])) {
        (_, true) => Ended::Complete,
        (true, false) => Ended::Stopped,
        (false, false) => Ended::Short,
    }
}

fn summarise(
    recipe: &Recipe,
    made: &mut Made<'_>,
    progress: &Progress,
    cells: CellChange,
    began: Began,
) -> Summary {
    let (totals, distinct) = (&made.outcome.totals, made.distinct);
    let rejected = made.outcome.rejected.iter().map(|(reason, count)| ((*reason).to_owned(), *count));
    Summary {
        name: recipe.config.name.clone(),
        started: began.text(),
        wanted: recipe.wanted(),
        accepted: totals.rows,
        counterparts: totals.counterparts,
        requests: progress.requests,
        judge_requests: progress.judge_requests,
        second_look_requests: progress.second_look_requests,
        embedding_requests: progress.embedding_requests,
        attempts: progress.attempts,
        unsent: progress.unsent,
        unstored: progress.unstored,
        hedged: progress.hedged,
        needed: progress.needed,
        reused: totals.answers.saturating_sub(progress.requests - progress.about_texts()),
        rejected: rejected.collect(),
        surplus: totals.surplus,
        shortfall: totals.shortfall,
        failed: totals.failed,
        open: totals.demands,
        prompt_tokens: progress.prompt_tokens,
        cached_tokens: progress.cached_tokens,
        completion_tokens: progress.completion_tokens,
        seconds: report::milliseconds(began.instant.elapsed()),
        faults: progress.faults.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect(),
        cells,
        distinct_2: distinct.map(|found| (found.share * 1000.0).round() / 1000.0),
        distinct_2_texts: distinct.map_or(0, |found| found.texts as u64),
        ..Summary::default()
    }
}
