//! What people read on the terminal.

pub mod audit;
mod checks;
pub mod diff;
mod forecast;
mod log;
mod metrics;
pub mod morning;
mod progress;
mod reading;
mod runs;
mod summary;
mod table;

use std::io::Write;

pub use checks::{CheckCount, CheckCounts};
pub use forecast::{Basis, Forecast};
pub use log::{LogEntry, log_text};
pub use metrics::{LastRun, Metrics};
pub use progress::{FaultNote, Lines, Quiet, Status, Style, Terminal, Watcher};
pub use reading::{Asking, Reading};
pub use runs::{compared_text, runs_text};
pub use summary::{
    AuditBrief, AxisCount, CellChange, Conflicts, FaultCost, PlanSummary, RowChange, RunCounts, Summary,
    Unwritten, most_of,
};
pub use table::{beside, findings_text, plan_text, summary_text, wrapped};

/// Writes a line to standard error. Nobody reading it is no reason to fail.
pub fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// `1 request`, `1,234 requests`.
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {what}{plural}", thousands(number))
}

/// `1 ask failed by its own fault`, with what asks these are behind their number.
fn own_fault(asks: u64, of: &str) -> String {
    let whose = if asks == 1 { "its" } else { "their" };
    format!("{}{of} failed by {whose} own fault", count(asks, "ask"))
}

/// `1,234,567`.
pub fn thousands(number: u64) -> String {
    crate::config::keys::grouped(number)
}

/// Seconds to the millisecond, for machines.
pub fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// `45 s`, `3 min 05 s`, `2 h 05 min`.
pub fn duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The text in at most `width` characters, the end cut off with `…`.
pub fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ask_fails_by_its_own_fault() {
        assert_eq!(own_fault(1, ""), "1 ask failed by its own fault");
        assert_eq!(own_fault(3, " of those cells"), "3 asks of those cells failed by their own fault");
    }
}
