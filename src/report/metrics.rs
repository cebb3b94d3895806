//! Figures of a run in Prometheus' text format.

use std::fmt::Write;

use super::{AtEndpoint, Status, Summary};

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

/// What tells the values of one figure apart.
type Labels = Vec<(&'static str, String)>;

/// A figure's values by their labels, beside that of the config's name, which each has.
#[derive(Debug)]
struct Family {
    name: &'static str,
    what: &'static str,
    kind: Kind,
    values: Vec<(Labels, f64)>,
}

/// What is told of a run under way, or of the last.
#[derive(Debug, Default)]
pub struct Metrics(Vec<Family>);

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
        out.rejected(status.rejected.iter().map(|(reason, times)| (*reason, *times)));
        out.endpoints(&status.endpoints);
        let there = status.endpoints.iter().map(|at| (at.labels(), f64::from(u8::from(at.is_there))));
        out.family("emogrid_endpoint_there", "1 while an endpoint is there.", Kind::Gauge, there.collect());
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
            out.gauge("emogrid_distinct_2", "Distinct-2 of the dataset's first thousand texts.", value);
        }
        if let Some(value) = summary.variety.distinct_2 {
            let what = "Distinct-2 of up to a thousand of the rows that the run brought.";
            out.gauge("emogrid_run_distinct_2", what, value);
        }
        out.rejected(summary.rejected.iter().map(|(reason, times)| (reason.as_str(), *times)));
        let endpoints = summary.endpoints.iter().map(|(name, did)| AtEndpoint {
            name: name.clone(),
            answers: did.requests,
            completion_tokens: did.completion_tokens,
            faults: did.faults.clone(),
            is_there: did.away.as_ref().is_none_or(|away| away.is_back),
        });
        out.endpoints(&endpoints.collect::<Vec<_>>());
        out
    }

    fn family(&mut self, name: &'static str, what: &'static str, kind: Kind, values: Vec<(Labels, f64)>) {
        if !values.is_empty() {
            self.0.push(Family { name, what, kind, values });
        }
    }

    fn gauge(&mut self, name: &'static str, what: &'static str, value: f64) {
        self.family(name, what, Kind::Gauge, vec![(Vec::new(), value)]);
    }

    fn counter(&mut self, name: &'static str, what: &'static str, value: f64) {
        self.family(name, what, Kind::Counter, vec![(Vec::new(), value)]);
    }

    fn rejected<'a>(&mut self, reasons: impl Iterator<Item = (&'a str, u64)>) {
        let values = reasons.map(|(reason, times)| (vec![("reason", reason.to_owned())], times as f64));
        let what = "Texts of the dataset that are rejected, by reason.";
        self.family("emogrid_rejected", what, Kind::Gauge, values.collect());
    }

    /// What is of one endpoint says of which.
    fn endpoints(&mut self, all: &[AtEndpoint]) {
        let mut of = |name, what, value: fn(&AtEndpoint) -> u64| {
            let values = all.iter().map(|at| (at.labels(), value(at) as f64));
            self.family(name, what, Kind::Counter, values.collect());
        };
        of("emogrid_endpoint_answers_total", "Answers of an endpoint in the run.", |at| at.answers);
        let tokens = "Tokens of an endpoint's answers.";
        of("emogrid_endpoint_completion_tokens_total", tokens, |at| at.completion_tokens);
        let faults = all.iter().flat_map(|at| {
            at.faults
                .iter()
                .map(|(class, times)| ([at.labels(), vec![("class", class.clone())]].concat(), *times as f64))
        });
        let what = "Sends of the run that failed, by endpoint and class.";
        self.family("emogrid_faults_total", what, Kind::Counter, faults.collect());
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
        for (name, what, value) in all {
            self.counter(name, what, value as f64);
        }
        if let Some(cost) = counts.cost {
            let what = "What the run spent, in the unit of the config's prices.";
            self.counter("emogrid_cost_total", what, cost);
        }
    }

    /// The text, each figure labelled with the config's name.
    pub fn text(&self, name: &str) -> String {
        let own = escaped(name);
        let mut out = String::new();
        for Family { name, what, kind, values } in &self.0 {
            let _ = writeln!(out, "# HELP {name} {what}\n# TYPE {name} {}", kind.name());
            for (labels, value) in values {
                let labels = labels.iter().map(|(label, of)| format!(",{label}=\"{}\"", escaped(of)));
                let _ = writeln!(out, "{name}{{name=\"{own}\"{}}} {value}", labels.collect::<String>());
            }
        }
        out
    }
}

impl AtEndpoint {
    fn labels(&self) -> Labels {
        vec![("endpoint", self.name.clone())]
    }
}

/// A label's value: backslash, quote and line feed are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::morning::EndpointNight;

    #[test]
    fn a_summary_is_told_in_the_text_format() {
        let faults = [("rate-limited".to_owned(), 3), ("timeout".to_owned(), 1)].into();
        let night = EndpointNight { requests: 7, completion_tokens: 70, faults, ..EndpointNight::default() };
        let summary = Summary {
            accepted: 9,
            wanted: 10,
            endpoints: [("gpu 0".to_owned(), night), ("idle".to_owned(), EndpointNight::default())].into(),
            ..Summary::default()
        };
        let text = Metrics::of_summary(&summary, 1_700_000_000).text("a\"b");
        assert!(text.contains("\n# TYPE emogrid_rows gauge\nemogrid_rows{name=\"a\\\"b\"} 9\n"), "{text}");
        let of = |endpoint: &str, rest: &str| format!("{{name=\"a\\\"b\",endpoint=\"{endpoint}\"{rest}\n");
        for (figure, labelled) in [
            ("faults_total", of("gpu 0", ",class=\"rate-limited\"} 3")),
            ("faults_total", of("gpu 0", ",class=\"timeout\"} 1")),
            ("endpoint_answers_total", of("gpu 0", "} 7")),
            ("endpoint_completion_tokens_total", of("gpu 0", "} 70")),
            ("endpoint_completion_tokens_total", of("idle", "} 0")),
        ] {
            assert!(text.contains(&format!("\nemogrid_{figure}{labelled}")), "{figure}{labelled} in {text}");
        }
        let heads = |figure: &str| text.matches(&format!("# TYPE emogrid_{figure} ")).count();
        assert_eq!((heads("faults_total"), heads("endpoint_answers_total")), (1, 1));
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
