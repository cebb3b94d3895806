//! Guards a dataset against a run that would take much of it away.

use super::Opened;
use super::connect::may_be;
use super::error::RunError;
use super::output::Files;
use super::place::placed;
use super::state::state;
use super::summary;
use crate::dataset::Models;
use crate::fingerprint::Identity;
use crate::report::{CellChange, RowChange};

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
    /// The resolved config and the files that the dataset on disk is of.
    pub written: Option<&'a (String, String)>,
    pub leaving: Leaving,
}

impl Guard<'_> {
    /// Decides about a change of the dataset on disk, in which rows count that only wait where nobody is to answer what
    /// they wait for; `true` where its files are to be left alone.
    ///
    /// # Errors
    /// More rows would leave than may, and that is refused.
    pub fn check(&self, change: RowChange, cells: CellChange, models: &Models) -> Result<bool, RunError> {
        let most = self.opened.recipe.config.run.max_leaving;
        if self.leaving == Leaving::Accept || change.lost() <= most {
            return Ok(false);
        }
        if self.leaving == Leaving::Spare {
            return Ok(true);
        }
        let causes = self.written.map_or_else(Vec::new, |then| {
            let now = state(self.opened);
            summary::causes((&then.0, &then.1), (&now.0, &now.1))
        });
        let mut causes: Vec<String> = causes.iter().map(|cause| placed(self.opened, cause)).collect();
        causes.extend(model_change(self.files, models));
        Err(RunError::Leaving { change, most, causes, otherwise: cells.changed })
    }
}

/// How the models differ from those that the dataset on disk is of. One that nobody has seen, now or then, may be any.
pub fn model_change(files: &Files, models: &Models) -> Option<String> {
    let (then, unseen) = files.models()?;
    models.names()?;
    let is_now = |of: &Identity| models.list().iter().any(|model| model.identity == *of);
    let mut gone = then.iter().filter(|of| !is_now(of));
    let mut came = models.identities().filter(|of| !then.contains(of));
    let is_assumed = |of: &Identity| models.assumed().any(|other| may_be(other.display_name(), of));
    let was_assumed = |of: &Identity| unseen.iter().any(|other| may_be(other, of));
    if gone.all(is_assumed) && came.all(was_assumed) {
        return None;
    }
    let mut was: Vec<&str> = then.iter().map(Identity::display_name).collect();
    was.sort_unstable();
    was.dedup();
    let mut is: Vec<&str> = models.identities().map(Identity::display_name).collect();
    is.sort_unstable();
    is.dedup();
    let (was, is) = (was.join(", "), is.join(", "));
    Some(match was == is {
        true => format!("model: {is} is another of the same name"),
        false => format!("model: {was} → {is}"),
    })
}
