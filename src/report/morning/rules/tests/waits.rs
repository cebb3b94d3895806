//! What a run waited for before it could ask.

use super::super::super::{Awaited, Waited};
use super::*;

/// By what was waited for, how long, and what ended it: what is found, and under which key.
#[test]
fn a_night_of_waiting_says_what_it_waited_for() {
    let of = |class: &str| Awaited::Endpoint {
        name: "gpu".into(),
        class: class.into(),
        managed: false,
        why: "no".into(),
    };
    let run = Awaited::Run { why: "another".into() };
    let went_by = "its time went by waiting for";
    let stopped = "it was stopped while it waited for endpoint `gpu`";
    let gpu = format!("{went_by} endpoint `gpu`");
    let other = format!("{went_by} another run of this name");
    let late = "nothing could be asked for long: it waited for endpoint `gpu`";
    type Row<'a> = (&'a [(&'a Awaited, f64)], &'a str, u64, Option<(&'a str, &'a str)>);
    let table: [Row<'_>; 11] = [
        (&[(&run, 9.0)], "until", 0, Some((&other, "run.until"))),
        (&[(&run, 9.0), (&of("unreachable"), 1.0)], "for", 0, Some((&other, "run.for"))),
        (&[(&run, 1.0), (&of("unreachable"), 9.0)], "for", 0, Some((&gpu, "endpoints.gpu.url"))),
        (&[(&of("loading"), 9.0)], "for", 0, Some((&gpu, "endpoints.gpu.patience"))),
        (&[(&run, 99.0)], "interrupt", 0, None),
        (&[(&of("loading"), 9.0)], "drain", 0, None),
        (&[(&of("loading"), 99.0)], "drain", 0, Some((stopped, "endpoints.gpu.patience"))),
        (&[(&run, 9.0), (&of("timeout"), 1.0)], "interrupt", 0, Some((stopped, "endpoints.gpu.timeout"))),
        (&[(&of("unreachable"), 59.0)], "for", 3, None),
        (&[(&of("unreachable"), 60.0)], "for", 3, Some((late, "endpoints.gpu.url"))),
        (&[(&run, 999.0)], "for", 3, None),
    ];
    for (waited, stopped_by, requests, wanted) in table {
        let waits = waited.iter().map(|(what, seconds)| Waited { what: (*what).clone(), seconds: *seconds });
        let left = Left { cells: 9, rows: 100, asks: 999, ..Left::default() };
        let night = Summary {
            state: "stopped".into(),
            accepted: 900,
            open: 9,
            left,
            stopped_by: Some(stopped_by.into()),
            waited: waits.collect(),
            requests,
            attempts: requests,
            ..complete()
        };
        let found = judged(night, Alarm::default(), None);
        let first = found.findings.first();
        let first = first.map(|found| (found.what.as_str(), found.key.as_deref().unwrap_or_default()));
        assert_eq!(first, wanted, "{waited:?} {stopped_by}");
    }
}
