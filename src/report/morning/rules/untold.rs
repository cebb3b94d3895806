//! What wants a look in the runs before: those that nobody was told of.

use crate::model::Untold;
use crate::report::morning::{Finding, Verdict};
use crate::report::{Summary, count, moment, noted_text};

/// Runs that were killed, or went down with their machine.
pub(super) fn cut_off(summary: &Summary) -> Option<Finding> {
    let runs: Vec<&Untold> = summary.untold.iter().filter(|run| run.ended.is_none()).collect();
    let brought = |run: &Untold| match &run.noted {
        Some(noted) => format!("at least {}", noted_text(noted)),
        None => "nothing stored, as far as is known".to_owned(),
    };
    let (which, cause) = match runs.as_slice() {
        [] => return None,
        [only] => (
            format!("the run that began at {} was cut off", moment(&only.began)),
            format!("of it: {}", brought(only)),
        ),
        several => {
            let each = several.iter().map(|run| format!("{}: {}", moment(&run.began), brought(run)));
            let runs = count(several.len() as u64, "run");
            (format!("{runs} before this one were cut off"), each.collect::<Vec<_>>().join("; "))
        }
    };
    Some(Finding {
        verdict: Verdict::Look,
        what: format!("{which}: killed, or the machine went down"),
        cause: Some(cause),
        advice: Some(
            "see the system's log of that time (`journalctl`; out of memory?); what was stored until then is used"
                .to_owned(),
        ),
        ..Finding::default()
    })
}

/// Runs whose end the store did not take.
pub(super) fn unkept(summary: &Summary) -> Option<Finding> {
    let ended = |run: &Untold| Some((moment(&run.began), run.ended.clone()?));
    let ended: Vec<(String, String)> = summary.untold.iter().filter_map(ended).collect();
    let (what, cause) = match ended.as_slice() {
        [] => return None,
        [(began, how)] => (format!("the run that began at {began} could not keep how it ended"), how.clone()),
        several => {
            let each = several.iter().map(|(began, how)| format!("{began}: {how}"));
            let runs = count(several.len() as u64, "run");
            (
                format!("{runs} before this one could not keep how they ended"),
                each.collect::<Vec<_>>().join("; "),
            )
        }
    };
    Some(Finding {
        verdict: Verdict::Look,
        what,
        cause: Some(cause),
        advice: Some(
            "see that the disk has room for `.emogrid/`; what was stored is used, and `emogrid runs` has no figures of them"
                .to_owned(),
        ),
        ..Finding::default()
    })
}
