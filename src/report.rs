//! What people read on the terminal.

mod asked;
pub mod audit;
mod change;
mod checks;
mod counts;
pub mod diff;
mod forecast;
mod log;
mod metrics;
mod money;
pub mod morning;
mod plan;
mod progress;
mod reading;
mod runs;
mod sight;
mod summary;
mod table;
mod to_go;

use std::borrow::Cow;
use std::io::Write;

pub use asked::{Alike, Asked};
pub use change::{CellChange, RowChange};
pub use checks::{CheckCount, CheckCounts};
pub use counts::{AxisCount, Counts, RunCounts};
pub use forecast::{Basis, CostRange, Forecast};
pub use log::{LogEntry, log_text};
pub use metrics::{LastRun, Metrics};
pub use money::{Spending, money, money_at_least, noted_text, plain};
pub use plan::plan_text;
pub use progress::{
    AtEndpoint, AtModel, FaultNote, Happened, Lines, Quiet, Status, Style, Terminal, Watcher,
};
pub use reading::{Asking, Reading};
pub use runs::{Fate, Listed, compared_text, runs_text};
pub use sight::{EndpointSight, Source, they_take};
pub use summary::{AuditBrief, Conflicts, FaultCost, PlanSummary, Summary, Unwritten, most_of};
pub use table::{beside, findings_text, folded, stopped_text, summary_text, wrapped};
pub use to_go::{Expected, SLACK, ToGo};

/// Writes a line to standard error. Nobody reading it is no reason to fail.
pub fn say(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{}", for_terminal(&text.to_string()));
}

/// A text as a terminal may show it: of what would do more there than be read, only colours stay.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    let does = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(does) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(does) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let colour = rest.strip_prefix("\u{1b}[").and_then(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            rest[digits..].starts_with('m').then_some("\u{1b}[".len() + digits + 1)
        });
        match colour {
            Some(length) => out.push_str(&rest[..length]),
            None => out.push('\u{fffd}'),
        }
        rest = &rest[colour.unwrap_or_else(|| rest.chars().next().map_or(0, char::len_utf8))..];
    }
    out.push_str(rest);
    Cow::Owned(out)
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

/// A number a second or an hour: `7.3`, `56.1`, `131,851`.
pub fn rate(value: f64) -> String {
    if value < 99.95 { format!("{value:.1}") } else { thousands(value.round() as u64) }
}

/// Seconds to the millisecond, for machines.
pub fn milliseconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// Reasons with how often each was met, the most frequent first: `7 × words, 1 × duplicate`.
pub fn tally<'a>(reasons: impl IntoIterator<Item = (&'a str, u64)>) -> String {
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(name, times)| (std::cmp::Reverse(*times), *name));
    let each = reasons.iter().map(|(name, times)| format!("{} × {name}", thousands(*times)));
    each.collect::<Vec<_>>().join(", ")
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

/// A time as a person reads it: `2026-11-23 01:02:03 UTC`.
pub fn moment(time: &str) -> String {
    format!("{} UTC", time.get(..19).unwrap_or(time).replace('T', " "))
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
    fn a_terminal_shows_colours_and_does_nothing_else() {
        for (text, shown) in [
            ("plain\n\tlines, ünïcode", "plain\n\tlines, ünïcode"),
            ("\u{1b}[1;31mred\u{1b}[0m", "\u{1b}[1;31mred\u{1b}[0m"),
            ("\u{1b}]0;title\u{7} and \u{1b}[2J", "\u{fffd}]0;title\u{fffd} and \u{fffd}[2J"),
            ("end \u{1b}[", "end \u{fffd}["),
            ("back\rover", "back\u{fffd}over"),
        ] {
            assert_eq!(for_terminal(text), shown);
        }
    }

    #[test]
    fn one_ask_fails_by_its_own_fault() {
        assert_eq!(own_fault(1, ""), "1 ask failed by its own fault");
        assert_eq!(own_fault(3, " of those cells"), "3 asks of those cells failed by their own fault");
    }
}
