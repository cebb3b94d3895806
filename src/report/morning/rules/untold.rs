//! What wants a look in the runs before: those that nobody was told of.

use crate::report::morning::{Finding, Untold, Verdict};
use crate::report::{Summary, count, moment};

/// Runs that were killed, or went down with their machine.
pub(super) fn cut_off(summary: &Summary) -> Option<Finding> {
    let began: Vec<String> =
        summary.untold.iter().filter(|run| run.ended.is_none()).map(|run| moment(&run.began)).collect();
    let which = match began.as_slice() {
        [] => return None,
        [only] => format!("the run that began at {only} was cut off"),
        several => format!("{} before this one were cut off", count(several.len() as u64, "run")),
    };
    let when = (began.len() > 1).then(|| format!("they began at {}", began.join(", ")));
    Some(Finding {
        verdict: Verdict::Look,
        what: format!("{which}: killed, or the machine went down"),
        cause: when,
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
