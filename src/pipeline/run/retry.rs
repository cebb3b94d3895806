//! Whether what failed before is to be tried again.

use crate::dataset::Recipe;
use crate::dataset::evaluate::{Failed, Sink};
use crate::pipeline::error::RunError;
use crate::pipeline::recorder::Recorder;
use crate::pipeline::state::book;
use crate::pipeline::summary::Outcome;
use crate::report::{Watcher, count};
use crate::store::{EndpointMemory, Reader};

/// Whether cells that are meant lack rows: where none does, nothing that failed is tried again, and that is said.
///
/// # Errors
/// A store that cannot be read.
pub(super) fn lacks_rows(
    recipe: &Recipe,
    (memories, reader): (&[EndpointMemory], Option<&Reader>),
    mask: &[bool],
    watcher: &Recorder<'_>,
) -> Result<bool, RunError> {
    let mut book = book(recipe, memories, reader, false)?;
    book.watch(Some(watcher));
    book.open_verdicts(true)?;
    let mut given_up = GivenUp { mask, asks: 0 };
    let outcome = Outcome::of::<(), _>(recipe, &mut book, &mut given_up)?;
    book.leave_verdicts();
    let lacks = |cell: &usize| mask[*cell] && outcome.accepted[*cell] < recipe.quotas.rows(*cell);
    let lacks = (0..mask.len()).any(|cell| lacks(&cell));
    if !lacks {
        let failed = match given_up.asks {
            0 => String::new(),
            asks => format!(" of {} that failed", count(asks, "ask")),
        };
        watcher.say(&format!(
            "no cell lacks a row: nothing{failed} is tried again, since what it\nbrings would take the place of rows"
        ));
    }
    Ok(lacks)
}

/// Asks of cells that are meant that were given up.
struct GivenUp<'m> {
    mask: &'m [bool],
    asks: u64,
}

impl Sink<()> for GivenUp<'_> {
    fn failed(&mut self, failed: &Failed) {
        self.asks += u64::from(self.mask[failed.cell]);
    }
}
