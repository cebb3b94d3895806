//! What the config's `alarm:` says of a run, and of how much of one.

use super::*;

#[test]
fn each_alarm_rings_beyond_its_limit_and_not_at_it() {
    let summary = Summary {
        run: RunCounts {
            accepted: 1000,
            rejected: [("words".to_owned(), 1000)].into_iter().collect(),
            ..RunCounts::default()
        },
        variety: Variety {
            openings: vec![Opening { words: "so it goes".into(), rows: 250, share: 0.25 }],
            ..complete().variety
        },
        faults: [("timeout".to_owned(), 20)].into_iter().collect(),
        left: short(100),
        asked: vec![Asked { rows: 1000, ..Asked::default() }],
        ..complete()
    };
    type Set = fn(&mut Alarm, f64);
    let table: [(&str, f64, f64, Set, &str); 7] = [
        (
            "accepted",
            0.5,
            0.51,
            |l, v| l.accepted = Some(v),
            "`alarm.accepted`: accepted texts 50 %, at least 51 % wanted",
        ),
        (
            "distinct_2",
            0.7,
            0.71,
            |l, v| l.distinct_2 = Some(v),
            "`alarm.distinct_2`: distinct-2 0.700, at least 0.710 wanted",
        ),
        (
            "tokens_per_second",
            100.0,
            101.0,
            |l, v| l.tokens_per_second = Some(v),
            "`alarm.tokens_per_second`: tokens a second 100, at least 101 wanted",
        ),
        (
            "rows_per_hour",
            6000.0,
            6001.0,
            |l, v| l.rows_per_hour = Some(v),
            "`alarm.rows_per_hour`: rows an hour 6,000, at least 6,001 wanted",
        ),
        (
            "opening",
            0.25,
            0.2,
            |l, v| l.opening = Some(v),
            "`alarm.opening`: rows that open alike 25 %, at most 20 % wanted",
        ),
        (
            "short",
            0.1,
            0.09,
            |l, v| l.short = Some(v),
            "`alarm.short`: rows that cannot be filled 10 %, at most 9.0 % wanted",
        ),
        (
            "faults",
            0.05,
            0.04,
            |l, v| l.faults = Some(v),
            "`alarm.faults`: sends that failed 5.0 %, at most 4.0 % wanted",
        ),
    ];
    let slow = "no endpoint answered in 10 min 00 s";
    let alike = "of 1,000 rows of this run 250 open with “so it goes”";
    let whys = [
        ("checks.words", "1,000 of the 1,000 texts rejected: words"),
        ("prompt", alike),
        ("endpoints", slow),
        ("endpoints", "1,000 rows of 2,000 texts; no endpoint answered in 10 min 00 s"),
        ("prompt", alike),
        ("samples.max_asks", "0 open cells may be asked 0 times more, which can bring 0 rows"),
        ("endpoints", "20 timeout"),
    ];
    for ((key, kept, broken, set, says), (changes, cause)) in table.into_iter().zip(whys) {
        let with = |value| {
            let mut limits = Alarm { opening: Some(1.0), ..Alarm::default() };
            set(&mut limits, value);
            judged(summary.clone(), limits, None).findings
        };
        assert_eq!(with(kept), [], "{key}");
        let found = with(broken);
        assert_eq!(found.len(), 1, "{key}: {found:?}");
        assert_eq!((found[0].what.as_str(), found[0].alarm), (says, true));
        assert_eq!(found[0].key.as_deref(), Some(changes), "what to change is no limit");
        assert_eq!(found[0].cause.as_deref(), Some(cause), "{key}");
    }
}

/// A handful of texts or sends, and the tail of a dataset that becomes complete, are too little to judge a night by.
#[test]
fn alarms_want_enough_to_judge_by() {
    let limits = Alarm {
        accepted: Some(0.5),
        distinct_2: Some(0.9),
        opening: Some(0.1),
        faults: Some(0.1),
        tokens_per_second: Some(1e9),
        rows_per_hour: Some(1e9),
        short: None,
    };
    let night = |judged: u64, texts: u64, attempts: u64, seconds: f64| Summary {
        attempts,
        requests: attempts / 2,
        asking_seconds: seconds,
        faults: [("timeout".to_owned(), attempts / 2)].into(),
        run: RunCounts {
            accepted: judged / 4,
            rejected: [("words".to_owned(), judged - judged / 4)].into(),
            ..RunCounts::default()
        },
        variety: Variety {
            texts,
            distinct_2: Some(0.2),
            openings: vec![Opening { words: "so it goes".into(), rows: texts / 2, share: 0.5 }],
            prompt: None,
        },
        ..complete()
    };
    let rings = |summary: Summary| -> Vec<String> {
        let found = judged(summary, limits, None).findings.into_iter().filter(|found| found.alarm);
        found.map(|found| found.what.split('`').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(rings(night(19, 49, 19, 300.0)), [""; 0]);
    let (share, varied) = ("alarm.accepted", ["alarm.distinct_2", "alarm.opening"]);
    let rates = ["alarm.tokens_per_second", "alarm.rows_per_hour"];
    assert_eq!(rings(night(20, 49, 19, 300.0)), [share]);
    assert_eq!(rings(night(19, 50, 19, 300.0)), varied);
    assert_eq!(rings(night(19, 49, 20, 300.0)), [rates[0], rates[1], "alarm.faults"]);
    // It completes the dataset in less than five minutes; one that was stopped then did not come to its tail.
    assert_eq!(rings(night(19, 49, 20, 299.0)), ["alarm.faults"]);
    let stopped = Summary { state: "stopped".into(), ..night(19, 49, 20, 299.0) };
    assert_eq!(rings(stopped), [rates[0], rates[1], "alarm.faults"]);
}

/// Rates that are too low say what the servers did, and a night of rejects that it is no server's fault.
#[test]
fn a_rate_that_is_too_low_has_the_cause_of_it() {
    let limits = Alarm { rows_per_hour: Some(1e9), ..Alarm::default() };
    let gpu = EndpointNight {
        requests: 400,
        tokens_per_second: 12.34,
        slots: 4.0,
        busy: 0.9,
        ..EndpointNight::default()
    };
    let night = |gpu: &EndpointNight, rejected: u64| Summary {
        endpoints: [("gpu".to_owned(), gpu.clone())].into(),
        run: RunCounts {
            accepted: 200,
            rejected: [("words".to_owned(), rejected)].into(),
            ..RunCounts::default()
        },
        ..complete()
    };
    let why = |summary: Summary| {
        let found = judged(summary, limits, None).findings;
        let found = found.into_iter().find(|found| found.alarm).unwrap();
        (found.key.unwrap(), found.cause.unwrap())
    };
    let says = |of: &str| format!("200 rows of {of}");
    let used = "`gpu`: 12.3 tokens/s with 4 slots, 90 % of their time used";
    let cause = says("201 texts") + "; " + used;
    assert_eq!(why(night(&gpu, 1)), ("endpoints.gpu.slots".into(), cause));
    let (key, cause) = why(night(&gpu, 300));
    assert_eq!(
        (key.as_str(), cause),
        ("checks.words", says("500 texts") + "; 300 of the 300 texts rejected: words")
    );
    let held =
        EndpointNight { busy: 0.3, held: [("tokens_per_minute".to_owned(), 0.7)].into(), ..gpu.clone() };
    assert_eq!(why(night(&held, 1)).0, "endpoints.gpu.tokens_per_minute");
    let faults = |night: Summary| Summary { faults: [("timeout".to_owned(), 60)].into(), ..night };
    let failing = EndpointNight { faults: [("timeout".to_owned(), 60)].into(), ..gpu };
    assert_eq!(
        why(faults(night(&failing, 1))),
        ("endpoints.gpu.timeout".into(), says("201 texts; 60 timeout"))
    );
}
