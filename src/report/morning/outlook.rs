//! What is still to come of a dataset, by how this run and those before it went.

use serde::{Deserialize, Serialize};

use crate::report::{Expected, Summary, ToGo};

/// What may still come of some cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// Cells that lack rows and are not done with.
    pub cells: u64,
    /// Rows that come if every text is accepted, as far as `max_asks` lets these cells be asked.
    pub rows: u64,
    /// Asks that may still be sent, if all are needed.
    pub asks: u64,
    /// Answers that are stored behind open asks, as far as they may be needed.
    #[serde(default)]
    pub stored: u64,
    /// Rows that no more asks can bring: of cells that used theirs up, or have fewer left than they lack rows.
    #[serde(default)]
    pub short: u64,
    /// What is to be asked for them, as a plan says it.
    #[serde(flatten)]
    pub to_go: ToGo,
}

/// What is yet to come, by how this run and those before it went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// Rows that are missing and can still come.
    pub missing: u64,
    /// Rows that a request brings now, by a line through the runs; without those of answers that are stored, and wait for
    /// it.
    pub rows_per_request: f64,
    /// Requests that this takes, as many as may be asked at the most.
    pub requests: u64,
    /// Rows that these bring.
    #[serde(default)]
    pub rows: u64,
    /// Runs like this one.
    pub runs: u64,
}

/// What is to be expected of the runs to come: what a plan expects, which goes by all that was judged, moved by the
/// trend: the acceptance of a run's texts lies on a line through those of the last runs that asked the same, and held it
/// to the same (least squares), taken one further. Fewer than three make no trend, and runs of few texts are none. Where
/// too little was judged to be sure, nothing is said. No more is promised than the asks that are left can bring.
pub fn outlook(summary: &Summary) -> Option<Outlook> {
    let Left { rows: missing, asks: most, to_go, .. } = summary.left;
    let expected = to_go.expected.filter(|expected| expected.is_sure && expected.rows > 0.0);
    let (Expected { rows, fresh, .. }, told) = expected.zip(to_go.requests())?;
    if missing == 0 || summary.requests == 0 {
        return None;
    }
    // Texts are asked about, too.
    let most = most as f64 * summary.requests as f64 / summary.asks().max(1) as f64;
    // What was asked otherwise, or held to something else, says nothing of what is to come.
    let alike = summary.past.iter().filter(|past| past.asked_as == summary.asked_as);
    let mut accepted: Vec<f64> =
        alike.filter(|past| past.judged >= FEW).filter_map(|past| past.acceptance).collect();
    accepted.extend(summary.acceptance().filter(|_| summary.run.judged() >= FEW));
    let base = summary.dataset_acceptance().filter(|base| *base > 0.0 && accepted.len() >= TREND);
    let moved = base.map_or(1.0, |base| next_on_line(&accepted).max(LEAST) / base);
    let told = told as f64;
    let requests = (told / moved).min(most.max(told));
    let each = fresh / told * moved;
    let rows = (rows.min(rows / told * moved * requests).round() as u64).min(missing);
    let requests = (requests.round() as u64).max(1);
    let runs = requests.div_ceil(summary.requests);
    let rows_per_request = (each * 1000.0).round() / 1000.0;
    Some(Outlook { missing, rows_per_request, requests, rows, runs })
}

/// Rows, requests or texts below which a share says nothing.
pub(super) const FEW: u64 = 50;

/// No acceptance is foreseen to be less.
const LEAST: f64 = 1e-3;

/// So many runs make a trend.
const TREND: usize = 3;

/// The value that follows on the least-squares line through some.
fn next_on_line(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    let middle = (n - 1.0) / 2.0;
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in values.iter().enumerate() {
        above += (x as f64 - middle) * (y - mean);
        below += (x as f64 - middle).powi(2);
    }
    mean + above / below * (n - middle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::RunCounts;
    use crate::report::morning::Past;

    #[test]
    fn the_line_goes_on() {
        for (values, next) in
            [(&[0.6, 0.5, 0.4][..], 0.3), (&[1.0, 1.0, 1.0, 1.0], 1.0), (&[0.1, 0.3, 0.2, 0.4], 0.45)]
        {
            assert!((next_on_line(values) - next).abs() < 1e-9, "{values:?}: {}", next_on_line(values));
        }
    }

    /// Without a trend it is what a plan says; where acceptance falls to half, twice the requests, as far as there are
    /// asks, and half of the rows of each. What answers brought that were stored is no trend.
    #[test]
    fn an_outlook_is_the_plans_moved_by_the_trend() {
        let expected = Expected {
            asks: 120.0,
            rows: 60.0,
            fresh: 60.0,
            requests: 120.0,
            at_least: false,
            is_sure: true,
        };
        let rejected = |texts| [("words".to_owned(), texts)].into();
        let mut summary = Summary {
            wanted: 1000,
            // Two of five texts in all, and two of five in this run; each request brought four fifths of a row.
            accepted: 900,
            rejected: rejected(1350),
            requests: 50,
            left: Left {
                cells: 50,
                rows: 100,
                asks: 200,
                to_go: ToGo { now: 50, expected: Some(expected) },
                ..Left::default()
            },
            run: RunCounts { accepted: 40, rejected: rejected(60), ..Default::default() },
            ..Summary::default()
        };
        let seen = |summary: &Summary| outlook(summary).map(|seen| (seen.requests, seen.rows, seen.runs));
        assert_eq!(seen(&summary), Some((120, 60, 3)));
        let past = |acceptance| Past { judged: 60, acceptance: Some(acceptance), ..Past::default() };
        summary.past = vec![past(0.9)];
        assert_eq!(seen(&summary), Some((120, 60, 3)), "two runs are no trend");
        summary.past = vec![past(0.4), past(0.4)];
        assert_eq!(seen(&summary), Some((120, 60, 3)));
        // 0.8, 0.6, 0.4: the next is 0.2, and 240 asks would be needed.
        summary.past = vec![past(0.8), past(0.6)];
        assert_eq!(seen(&summary), Some((200, 50, 4)));
        summary.left.asks = 1000;
        assert_eq!(seen(&summary), Some((240, 60, 5)));
        summary.past = vec![past(1.0), past(0.7)];
        assert_eq!(seen(&summary).map(|(requests, ..)| requests), Some(480), "0.1 is next");
        summary.past[1].judged = 12;
        assert_eq!(seen(&summary), Some((120, 60, 3)), "a dozen texts are no trend");
        summary.past[1] = Past { asked_as: Some("other".into()), ..past(0.7) };
        assert_eq!(seen(&summary), Some((120, 60, 3)), "nor is what asked something else");
        summary.left.to_go.expected = Some(Expected { is_sure: false, ..expected });
        assert_eq!(seen(&summary), None, "too little was judged");
        summary.left.to_go.expected = None;
        assert_eq!(seen(&summary), None);
    }
}
