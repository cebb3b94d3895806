//! What the audit of a run's dataset found.

use crate::audit;
use crate::report::morning::{Finding, Verdict};
use crate::report::{Summary, count};

/// Measures that failed. They are of the dataset as it stands, most often halfway, and the same every night until the
/// config changes: so they are worth knowing, and no reason to look.
pub(super) fn failed(summary: &Summary) -> Option<Finding> {
    let audit = summary.audit.as_ref()?;
    let failed: Vec<_> =
        audit.findings().filter(|(measure, _)| measure.verdict == audit::Verdict::Fail).collect();
    let (first, finding) = failed.first()?;
    let of = if first.of.is_empty() { String::new() } else { format!(" of {}", first.of) };
    Some(Finding {
        verdict: Verdict::Ok,
        what: format!(
            "the audit of the first {} has {} that {}",
            count(audit.rows, "row"),
            count(failed.len() as u64, "measure"),
            if failed.len() == 1 { "fails" } else { "fail" }
        ),
        cause: Some(format!("{}{of}: {finding}", first.metric)),
        advice: Some("see all below; `emogrid audit CONFIG --fix` says what can be done".to_owned()),
        ..Finding::default()
    })
}
