//! Guards a dataset against a run that would take much of it away.

use std::collections::HashMap;

use super::Opened;
use super::error::RunError;
use super::output::Files;
use super::{run, summary};
use crate::dataset::{Models, Outcome};
use crate::fingerprint::Identity;
use crate::model::{Fingerprint, RowId};
use crate::store::Snapshot;

/// What is done where more rows would leave than `run.max_leaving`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Leaving {
    /// Nothing is asked, and nothing is written.
    #[default]
    Refuse,
    /// They leave.
    Accept,
    /// It is asked, and the dataset's files are left as they are.
    Spare,
}

/// What a run finds when it begins.
pub struct Guard<'a> {
    pub opened: &'a Opened,
    pub files: &'a Files,
    /// The rows of the dataset that stands on disk.
    pub before: &'a HashMap<RowId, Fingerprint>,
    pub last: Option<&'a Snapshot>,
    pub leaving: Leaving,
}

impl Guard<'_> {
    /// Holds an outcome against the dataset on disk; `true` where its files are to be left alone.
    ///
    /// # Errors
    /// More rows would leave than may, and that is refused.
    pub fn check(&self, outcome: &Outcome, models: &Models) -> Result<bool, RunError> {
        let most = self.opened.recipe.config.run.max_leaving;
        if self.leaving == Leaving::Accept || self.before.len() as u64 <= most {
            return Ok(false);
        }
        let change = summary::change(outcome, self.before);
        if change.leaving + change.displaced <= most {
            return Ok(false);
        }
        if self.leaving == Leaving::Spare {
            return Ok(true);
        }
        let mut causes = self.last.map_or_else(Vec::new, |then| {
            let now = run::state(self.opened);
            summary::causes((&then.resolved, &then.files), (&now.0, &now.1))
        });
        causes.extend(model_change(self.files, models));
        Err(RunError::Leaving { change, of: self.before.len() as u64, most, causes })
    }
}

/// How the models differ from those that the dataset on disk is of.
pub fn model_change(files: &Files, models: &Models) -> Option<String> {
    let then = files.models()?;
    let now = models.list().iter().map(|model| &model.identity);
    if models.names().is_none() || then.iter().eq(now) {
        return None;
    }
    let mut was: Vec<&str> = then.iter().map(Identity::display_name).collect();
    was.sort_unstable();
    was.dedup();
    let (was, is) = (was.join(", "), models.names().unwrap_or_default());
    Some(match was == is {
        true => format!("model: {is} is another of the same name"),
        false => format!("model: {was} → {is}"),
    })
}
