//! How varied a run's rows are, beside those of the nights before.

use super::*;

fn opening(rows: u64, share: f64) -> Vec<Opening> {
    vec![Opening { words: "i just can't".into(), rows, share }]
}

/// A run of so many texts, with distinct-2 and the share that open alike.
fn night(texts: u64, distinct_2: f64, share: f64) -> Summary {
    let openings = opening((share * texts as f64).round() as u64, share);
    let variety = Variety { texts, distinct_2: Some(distinct_2), openings, prompt: None };
    Summary { variety, ..complete() }
}

fn after(past: &[(u64, f64, f64)], summary: Summary) -> Vec<Finding> {
    let past = past.iter().map(|(texts, distinct_2, share)| Past {
        texts: *texts,
        distinct_2: Some(*distinct_2),
        opening: Some(*share),
        ..Past::default()
    });
    judged(Summary { past: past.collect(), ..summary }, Alarm::default(), None).findings
}

/// Whatever the dataset's first rows are, which are the same each night: it is what the run brought that is compared, with
/// the middle of the runs before, so that a slow slide is told and one odd night is not.
#[test]
fn texts_that_vary_less_than_in_the_nights_before_are_told() {
    let of = |distinct_2| (1000, distinct_2, 0.0);
    let what = |past: &[(u64, f64, f64)], summary| {
        after(past, summary).into_iter().map(|found| found.what).collect::<Vec<_>>()
    };
    let fell = |from: &str| vec![format!("the texts vary less: distinct-2 fell from {from} to 0.700")];
    assert_eq!(what(&[of(0.76)], night(1000, 0.7, 0.0)), fell("0.760"));
    assert_eq!(what(&[of(0.74)], night(1000, 0.7, 0.0)), [""; 0]);
    // Four hundredths a night.
    assert_eq!(what(&[of(0.82), of(0.78), of(0.74)], night(1000, 0.7, 0.0)), fell("0.780"));
    assert_eq!(what(&[of(0.7), of(0.9), of(0.71)], night(1000, 0.7, 0.0)), [""; 0], "one odd night");
    // Distinct-2 falls with the number of texts.
    assert_eq!(what(&[(900, 0.9, 0.0)], night(1000, 0.7, 0.0)), fell("0.900"));
    assert_eq!(what(&[(800, 0.9, 0.0)], night(1000, 0.7, 0.0)), [""; 0]);
    assert_eq!(what(&[of(0.9)], night(49, 0.7, 0.0)), [""; 0], "too few");
    let part = Summary { part: true, ..night(1000, 0.7, 0.0) };
    assert_eq!(what(&[of(0.9)], part.clone()), [""; 0], "some cells may be alike by themselves");
    assert_eq!(Past::of(&part).distinct_2, None, "and no measure for runs of others");
    let found = &after(&[of(0.82), of(0.78), of(0.74)], night(1000, 0.7, 0.02))[0];
    let cause =
        "of 1,000 rows of this run 20 open with “i just can't”; 0.780 was the middle of 3 runs before";
    assert_eq!(found.cause.as_deref(), Some(cause));
    // Where the alarm rings it is told once.
    let limits = Alarm { distinct_2: Some(0.75), ..Alarm::default() };
    let past = vec![Past { texts: 1000, distinct_2: Some(0.9), ..Past::default() }];
    let found = judged(Summary { past, ..night(1000, 0.7, 0.0) }, limits, None).findings;
    assert_eq!(found.len(), 1, "{found:?}");
}

/// An opening of more than a tenth of the rows, and one that doubled by more than chance.
#[test]
fn rows_that_open_alike_are_told_by_their_share_and_by_what_was_before() {
    let what = |past: &[(u64, f64, f64)], texts, share| {
        after(past, night(texts, 0.7, share)).into_iter().map(|found| found.what).collect::<Vec<_>>()
    };
    let says = |share: &str| vec![format!("{share} of the run's rows open with “i just can't”")];
    let usual = [(1000, 0.7, 0.01), (1000, 0.7, 0.012), (1000, 0.7, 0.2)];
    assert_eq!(what(&[], 1000, 0.11), says("11 %"));
    assert_eq!(what(&[], 1000, 0.1), [""; 0]);
    assert_eq!(what(&usual, 1000, 0.05), says("5.0 %"));
    assert_eq!(what(&usual, 1000, 0.03), [""; 0], "it is little");
    assert_eq!(what(&[(1000, 0.7, 0.03)], 1000, 0.05), [""; 0], "it was much before");
    assert_eq!(what(&usual, 50, 0.04), [""; 0], "2 of 50 are no measure");
    let found = &after(&usual, night(1000, 0.7, 0.05))[0];
    let cause =
        "of 1,000 rows of this run 50 open with “i just can't”; 1.2 % was the middle of 3 runs before";
    assert_eq!((found.cause.as_deref(), found.key.as_deref()), (Some(cause), Some("prompt")));
    // Of several variants it is that which they are of.
    let mut chat = night(1000, 0.7, 0.11);
    chat.variety.prompt = Some("chat".into());
    assert_eq!(after(&[], chat)[0].key.as_deref(), Some("prompt.user.chat"));
    // The alarm tells of it in its own words, and what doubled is told all the same.
    let alarm = |share: f64, limit: f64| {
        let past = usual.map(|(texts, _, share)| Past { texts, opening: Some(share), ..Past::default() });
        let limits = Alarm { opening: Some(limit), ..Alarm::default() };
        let found = judged(Summary { past: past.to_vec(), ..night(1000, 0.7, share) }, limits, None).findings;
        found.into_iter().map(|found| found.alarm).collect::<Vec<_>>()
    };
    assert_eq!(alarm(0.11, 0.1), [true]);
    assert_eq!(alarm(0.09, 0.1), [false]);
    assert_eq!(alarm(0.02, 0.1), [false; 0]);
}

/// The value of an axis whose texts are rejected most is told with its numbers, its reason and its line.
#[test]
fn a_value_that_is_accepted_less_has_its_counts_and_its_reason() {
    let count = |accepted, rejected| AxisCount { wanted: 500, accepted, rejected };
    let values = [("joy".to_owned(), count(200, 300)), ("fear".to_owned(), count(450, 50))];
    let by_axis = [("emotion".to_owned(), values.into_iter().collect())].into_iter().collect();
    let reasons = [("cut".to_owned(), 20), ("words".to_owned(), 280)].into();
    let rejected_by = [("emotion".to_owned(), [("joy".to_owned(), reasons)].into())].into();
    let run = RunCounts { by_axis, ..RunCounts::default() };
    let found = judged(Summary { run, rejected_by, ..complete() }, Alarm::default(), None).findings;
    assert_eq!(
        found[0].cause.as_deref(),
        Some("200 of its 500 texts became rows; rejected most: 280 × words")
    );
    assert_eq!(found[0].key.as_deref(), Some("grid.axes.emotion.values.joy"));
}
