//! Figures of a run in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Status, Summary};

/// A figure's kind: one that comes and goes, or one that only grows while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Counter,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        }
    }
}

const VERDICT: &str = "emogrid_run_verdict";
const END: &str = "emogrid_run_end_timestamp_seconds";

/// How the last run ended, which is told on while the next goes on: one that dies must be missed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastRun {
    verdict: f64,
    /// In seconds since 1970.
    end: f64,
}

impl LastRun {
    /// From the figures that the last run left.
    pub fn read(text: &str) -> Option<Self> {
        let of = |metric: &str| {
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(metric)?.strip_prefix('{'));
            lines.next()?.rsplit_once("} ")?.1.trim().parse().ok()
        };
        Some(Self { verdict: of(VERDICT)?, end: of(END)? })
    }
}

/// What is told of a run under way, or of the last.
#[derive(Debug, Default)]
pub struct Metrics {
    plain: Vec<(&'static str, &'static str, Kind, f64)>,
    by_class: BTreeMap<String, u64>,
    by_reason: BTreeMap<String, u64>,
}

/// What one run counts.
struct Counts {
    requests: u64,
    sends: u64,
    prompt: u64,
    cached: u64,
    completion: u64,
    cost: Option<f64>,
}

impl Metrics {
    pub fn of_status(status: &Status, last: Option<LastRun>) -> Self {
        let mut out = Self::default();
        out.gauge("emogrid_run_active", "1 while a run asks, else 0.", 1.0);
        out.rows(status.rows, status.wanted);
        out.last(last);
        out.counts(&Counts {
            requests: status.requests,
            sends: status.attempts,
            prompt: status.prompt_tokens,
            cached: status.cached_tokens,
            completion: status.completion_tokens,
            cost: status.cost,
        });
        out.gauge("emogrid_run_under_way", "Requests that are under way.", status.under_way as f64);
        out.gauge("emogrid_run_seconds", "How long the run has taken.", status.elapsed.as_secs_f64());
        let waits = f64::from(u8::from(status.waiting.is_some()));
        out.gauge("emogrid_run_waiting", "1 while nothing can be sent, else 0.", waits);
        let owned = |(name, times): (&&'static str, &u64)| ((*name).to_owned(), *times);
        out.by_class = status.faults.iter().map(owned).collect();
        out.by_reason = status.rejected.iter().map(owned).collect();
        out
    }

    /// `now` is in seconds since 1970.
    pub fn of_summary(summary: &Summary, now: i64) -> Self {
        let mut out = Self::default();
        out.gauge("emogrid_run_active", "1 while a run asks, else 0.", 0.0);
        out.rows(summary.rows(), summary.wanted);
        out.last(Some(LastRun { verdict: f64::from(summary.verdict as u8), end: now as f64 }));
        out.counts(&Counts {
            requests: summary.requests,
            sends: summary.attempts,
            prompt: summary.prompt_tokens,
            cached: summary.cached_tokens,
            completion: summary.completion_tokens,
            cost: summary.cost.as_ref().map(|cost| cost.all),
        });
        out.gauge("emogrid_run_seconds", "How long the run has taken.", summary.seconds);
        let what = "Asks given up for a fault of their own.";
        out.gauge("emogrid_run_failed_asks", what, summary.run.failed() as f64);
        if let Some(share) = summary.acceptance() {
            out.gauge("emogrid_run_accepted_ratio", "Accepted among the texts judged in the run.", share);
        }
        if let Some(value) = summary.distinct_2 {
            out.gauge("emogrid_distinct_2", "Distinct-2 of the first thousand texts.", value);
        }
        out.by_class = summary.faults.clone();
        out.by_reason = summary.rejected.clone();
        out
    }

    fn gauge(&mut self, name: &'static str, what: &'static str, value: f64) {
        self.plain.push((name, what, Kind::Gauge, value));
    }

    fn rows(&mut self, rows: u64, wanted: u64) {
        self.gauge("emogrid_rows", "Rows of the dataset.", rows as f64);
        self.gauge("emogrid_rows_wanted", "Rows that the config wants.", wanted as f64);
    }

    fn last(&mut self, last: Option<LastRun>) {
        let Some(LastRun { verdict, end }) = last else { return };
        self.gauge(VERDICT, "How the last run ended: 0 OK, 1 LOOK, 2 LOST.", verdict);
        self.gauge(END, "When the last run ended.", end);
    }

    /// Each begins at zero with a run, as counters do when a process does.
    fn counts(&mut self, counts: &Counts) {
        let all = [
            ("emogrid_requests_total", "Answers that the run has asked for and stored.", counts.requests),
            ("emogrid_sends_total", "Sends of the run, with those that failed.", counts.sends),
            ("emogrid_prompt_tokens_total", "Tokens of the prompts.", counts.prompt),
            (
                "emogrid_cached_tokens_total",
                "Tokens of the prompts that the server had in its cache.",
                counts.cached,
            ),
            ("emogrid_completion_tokens_total", "Tokens of the answers.", counts.completion),
        ];
        self.plain.extend(all.map(|(name, what, value)| (name, what, Kind::Counter, value as f64)));
        let what = "What the run spent, in the unit of the config's prices.";
        self.plain.extend(counts.cost.map(|cost| ("emogrid_cost_total", what, Kind::Counter, cost)));
    }

    /// The text, each figure labelled with the config's name.
    pub fn text(&self, name: &str) -> String {
        let name = escaped(name);
        let mut out = String::new();
        for (metric, what, kind, value) in &self.plain {
            let kind = kind.name();
            let _ = writeln!(
                out,
                "# HELP {metric} {what}\n# TYPE {metric} {kind}\n{metric}{{name=\"{name}\"}} {value}"
            );
        }
        let groups = [
            (
                "emogrid_faults_total",
                "Sends of the run that failed, by class.",
                "class",
                Kind::Counter,
                &self.by_class,
            ),
            (
                "emogrid_rejected",
                "Texts of the dataset that are rejected, by reason.",
                "reason",
                Kind::Gauge,
                &self.by_reason,
            ),
        ];
        for (metric, what, label, kind, group) in groups {
            if group.is_empty() {
                continue;
            }
            let _ = writeln!(out, "# HELP {metric} {what}\n# TYPE {metric} {}", kind.name());
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
        assert!(text.contains("emogrid_faults_total{name=\"a\\\"b\",class=\"rate-limited\"} 3\n"), "{text}");
        assert!(text.contains("emogrid_run_end_timestamp_seconds{name=\"a\\\"b\"} 1700000000\n"), "{text}");
        assert!(!text.contains("emogrid_rejected"), "an empty family is left out: {text}");
    }

    /// What a night that dies leaves is the end of the night before, so that an alert misses this one.
    #[test]
    fn while_a_run_goes_on_the_end_of_the_last_is_told() {
        let last = Metrics::of_summary(&Summary::default(), 1_700_000_000).text("a");
        let read = LastRun::read(&last);
        assert_eq!(read, Some(LastRun { verdict: 0.0, end: 1_700_000_000.0 }));
        let now = Metrics::of_status(&Status { attempts: 3, ..Status::default() }, read).text("a");
        assert!(now.contains("emogrid_run_active{name=\"a\"} 1\n"), "{now}");
        assert!(now.contains("emogrid_run_end_timestamp_seconds{name=\"a\"} 1700000000\n"), "{now}");
        assert!(
            now.contains("# TYPE emogrid_sends_total counter\nemogrid_sends_total{name=\"a\"} 3\n"),
            "{now}"
        );
        assert_eq!(LastRun::read(&now), read, "also by one that follows a death");
        assert_eq!(LastRun::read("emogrid_run_active{name=\"a\"} 1\n"), None);
    }
}
