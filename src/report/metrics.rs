//! Figures of a run in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Status, Summary};

/// What is told of a run under way, or of the last.
#[derive(Debug, Default)]
pub struct Metrics {
    plain: Vec<(&'static str, &'static str, f64)>,
    by_class: BTreeMap<String, u64>,
    by_reason: BTreeMap<String, u64>,
}

impl Metrics {
    pub fn of_status(status: &Status) -> Self {
        let mut out = Self::default();
        out.gauge("emogrid_run_active", "1 while a run asks, else 0.", 1.0);
        out.rows(status.rows, status.wanted);
        out.gauge(
            "emogrid_run_requests",
            "Answers that the run has asked for and stored.",
            status.requests as f64,
        );
        out.gauge("emogrid_run_under_way", "Requests that are under way.", status.under_way as f64);
        let what = "Tokens of the answers.";
        out.gauge("emogrid_run_completion_tokens", what, status.completion_tokens as f64);
        out.gauge("emogrid_run_seconds", "How long the run has taken.", status.elapsed.as_secs_f64());
        let waits = f64::from(u8::from(status.waiting.is_some()));
        out.gauge("emogrid_run_waiting", "1 while nothing can be sent, else 0.", waits);
        out.by_reason =
            status.rejected.iter().map(|(reason, times)| ((*reason).to_owned(), *times)).collect();
        out
    }

    /// `now` is in seconds since 1970.
    pub fn of_summary(summary: &Summary, now: i64) -> Self {
        let mut out = Self::default();
        out.gauge("emogrid_run_active", "1 while a run asks, else 0.", 0.0);
        out.rows(summary.accepted, summary.wanted);
        let what = "How the last run ended: 0 OK, 1 LOOK, 2 LOST.";
        out.gauge("emogrid_run_verdict", what, f64::from(summary.verdict as u8));
        out.gauge("emogrid_run_end_timestamp_seconds", "When the last run ended.", now as f64);
        let what = "Answers that the run has asked for and stored.";
        out.gauge("emogrid_run_requests", what, summary.requests as f64);
        out.gauge("emogrid_run_sends", "Sends, with those that failed.", summary.attempts as f64);
        out.gauge("emogrid_run_prompt_tokens", "Tokens of the prompts.", summary.prompt_tokens as f64);
        let what = "Tokens of the prompts that the server had in its cache.";
        out.gauge("emogrid_run_cached_tokens", what, summary.cached_tokens as f64);
        let what = "Tokens of the answers.";
        out.gauge("emogrid_run_completion_tokens", what, summary.completion_tokens as f64);
        out.gauge("emogrid_run_seconds", "How long the run has taken.", summary.seconds);
        out.gauge(
            "emogrid_run_failed_asks",
            "Asks given up for a fault of their own.",
            summary.failed as f64,
        );
        if let Some(share) = summary.acceptance() {
            out.gauge("emogrid_accepted_ratio", "Accepted among the judged texts.", share);
        }
        if let Some(value) = summary.distinct_2 {
            out.gauge("emogrid_distinct_2", "Distinct-2 of the first thousand texts.", value);
        }
        out.by_class = summary.faults.clone();
        out.by_reason = summary.rejected.clone();
        out
    }

    fn gauge(&mut self, name: &'static str, what: &'static str, value: f64) {
        self.plain.push((name, what, value));
    }

    fn rows(&mut self, rows: u64, wanted: u64) {
        self.gauge("emogrid_rows", "Rows of the dataset.", rows as f64);
        self.gauge("emogrid_rows_wanted", "Rows that the config wants.", wanted as f64);
    }

    /// The text, each figure labelled with the config's name.
    pub fn text(&self, name: &str) -> String {
        let name = escaped(name);
        let mut out = String::new();
        for (metric, what, value) in &self.plain {
            let _ = writeln!(
                out,
                "# HELP {metric} {what}\n# TYPE {metric} gauge\n{metric}{{name=\"{name}\"}} {value}"
            );
        }
        let groups = [
            ("emogrid_run_faults", "Sends that failed, by class.", "class", &self.by_class),
            ("emogrid_rejected", "Texts that were rejected, by reason.", "reason", &self.by_reason),
        ];
        for (metric, what, label, group) in groups {
            if group.is_empty() {
                continue;
            }
            let _ = writeln!(out, "# HELP {metric} {what}\n# TYPE {metric} gauge");
            for (key, times) in group {
                let key = escaped(key);
                let _ = writeln!(out, "{metric}{{name=\"{name}\",{label}=\"{key}\"}} {times}");
            }
        }
        out
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_told_in_the_text_format() {
        let summary = Summary {
            accepted: 9,
            wanted: 10,
            faults: [("rate-limited".to_owned(), 3)].into_iter().collect(),
            ..Summary::default()
        };
        let text = Metrics::of_summary(&summary, 1_700_000_000).text("a\"b");
        assert!(text.contains("\n# TYPE emogrid_rows gauge\nemogrid_rows{name=\"a\\\"b\"} 9\n"), "{text}");
        assert!(text.contains("emogrid_run_faults{name=\"a\\\"b\",class=\"rate-limited\"} 3\n"), "{text}");
        assert!(text.contains("emogrid_run_end_timestamp_seconds{name=\"a\\\"b\"} 1700000000\n"), "{text}");
        assert!(!text.contains("emogrid_rejected"), "an empty family is left out: {text}");
    }
}
