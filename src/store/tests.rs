use std::sync::mpsc;

use super::*;
use crate::fingerprint::Frame;
use crate::model::{Noted, Untold};

fn completion(of: u8, max_tokens: u32, ended: bool, tokens: Option<u64>) -> Completion {
    Completion {
        fingerprint: Fingerprint([of; 32]),
        max_tokens,
        kind: Kind::Chat,
        request: "{}".to_owned().into(),
        answer: format!("answer {of} under {max_tokens}"),
        ended,
        tokens,
    }
}

fn store() -> (tempfile::TempDir, StoreDir) {
    let folder = tempfile::tempdir().unwrap();
    let dir = StoreDir::new(folder.path().join(".emogrid"));
    (folder, dir)
}

fn write(dir: &StoreDir, completions: Vec<Completion>) {
    let (sender, receiver) = mpsc::channel();
    let writer = Writer::open(dir, move |written| sender.send(written).unwrap()).unwrap();
    let count = completions.len();
    for (ticket, completion) in completions.into_iter().enumerate() {
        writer.completion(ticket as Ticket, completion).unwrap();
    }
    drop(writer);
    let told: Vec<Ticket> = receiver
        .iter()
        .flat_map(|written| {
            written.result.unwrap();
            written.tickets
        })
        .collect();
    assert_eq!(told, (0..count as Ticket).collect::<Vec<_>>());
}

#[test]
fn a_completion_is_good_for_limits_that_would_not_have_cut_it() {
    let (_folder, dir) = store();
    write(
        &dir,
        vec![
            completion(1, 100, true, Some(30)),
            completion(2, 100, false, Some(100)),
            completion(3, 100, true, None),
            completion(4, 100, false, Some(100)),
            completion(4, 200, true, Some(120)),
        ],
    );
    let reader = Reader::open(&dir).unwrap().unwrap();
    let under = |of: u8, max_tokens| reader.answer(&Fingerprint([of; 32]), max_tokens).unwrap();
    let some = |text: &str| Some(text.to_owned());
    // (which, today's limit, the answer that is good for it)
    for (of, limit, expected) in [
        (1, 100, some("answer 1 under 100")),
        (1, 300, some("answer 1 under 100")),
        (1, 30, some("answer 1 under 100")),
        (1, 29, None),
        (2, 100, some("answer 2 under 100")),
        (2, 101, None),
        (3, 200, some("answer 3 under 100")),
        (3, 99, None),
        (4, 100, some("answer 4 under 100")),
        (4, 119, None),
        (4, 120, some("answer 4 under 200")),
        (4, 500, some("answer 4 under 200")),
        (9, 100, None),
    ] {
        assert_eq!(under(of, limit), expected, "{of} under {limit}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]

    /// Whatever comes for other limits, which answer is good for a limit is settled once.
    #[test]
    fn an_answer_that_is_good_stays_the_one(came in proptest::collection::vec((1..6u32, 1..60u64), 1..7)) {
        let (_folder, dir) = store();
        let limits: Vec<u32> = (1..60).step_by(7).collect();
        let mut settled = vec![None; limits.len()];
        for (tens, wanted) in came {
            let limit = tens * 10;
            let ended = wanted <= u64::from(limit);
            let mut one = completion(1, limit, ended, Some(wanted.min(limit.into())));
            one.answer = format!("{limit} {wanted}");
            write(&dir, vec![one]);
            let reader = Reader::open(&dir).unwrap().unwrap();
            for (limit, settled) in limits.iter().zip(&mut settled) {
                let now = reader.answer(&Fingerprint([1; 32]), *limit).unwrap();
                proptest::prop_assert!(settled.is_none() || *settled == now, "{settled:?}, {now:?} under {limit}");
                *settled = now;
            }
        }
    }
}

#[test]
fn what_is_held_stays_as_it_is() {
    let (_folder, dir) = store();
    write(&dir, vec![completion(1, 100, true, None)]);
    let (held, free) = (Reader::open(&dir).unwrap().unwrap(), Reader::open(&dir).unwrap().unwrap());
    held.hold().unwrap();
    write(&dir, vec![completion(2, 100, true, None)]);
    let sees = |reader: &Reader, of| reader.answer(&Fingerprint([of; 32]), 100).unwrap().is_some();
    assert_eq!((sees(&held, 1), sees(&held, 2)), (true, false));
    assert_eq!((sees(&free, 1), sees(&free, 2)), (true, true));
}

/// However answers were stored and are looked up, many at a time are found as each alone would be.
#[test]
fn many_answers_are_found_as_each_alone() {
    let (_folder, dir) = store();
    // Some twice, under another limit; some cut, and good for their own limit only.
    let stored = (0..120u8).filter(|of| of % 7 != 0).flat_map(|of| {
        let other = completion(of, 200, of % 3 != 0, Some(150));
        let own = completion(of, 100, of % 2 == 0, Some(if of % 5 == 0 { 20 } else { 90 }));
        [(of % 11 == 0).then_some(other), (of % 13 != 0).then_some(own)].into_iter().flatten()
    });
    write(&dir, stored.collect());
    let reader = Reader::open(&dir).unwrap().unwrap();
    let in_order: Vec<u8> = (0..120).collect();
    let nearly: Vec<u8> = (0..120).map(|of| of ^ 3).collect();
    let mixed: Vec<u8> = (0..120u32).map(|of| (of * 77 % 120) as u8).collect();
    for (order, size) in [(&in_order, 16), (&nearly, 16), (&mixed, 16), (&mixed, 120), (&in_order, 1)] {
        for max_tokens in [50, 100, 150, 200] {
            let mut answers = Answers::default();
            for piece in order.chunks(size) {
                let asks: Vec<_> = piece.iter().map(|of| Fingerprint([*of; 32])).collect();
                let mut found = vec![None; asks.len()];
                let take = |index: usize, answer: &str| {
                    assert_eq!(found[index].replace(answer.to_owned()), None, "told twice");
                };
                answers.find(&reader, &asks, max_tokens, take).unwrap();
                let alone: Vec<_> = asks.iter().map(|ask| reader.answer(ask, max_tokens).unwrap()).collect();
                assert_eq!(found, alone, "{piece:?} under {max_tokens}");
            }
        }
    }
}

#[test]
fn what_is_stored_stays() {
    let (_folder, dir) = store();
    write(&dir, vec![completion(1, 100, true, None)]);
    let mut second = completion(1, 100, true, None);
    second.answer = "another".into();
    write(&dir, vec![second]);
    let reader = Reader::open(&dir).unwrap().unwrap();
    let answer = reader.answer(&Fingerprint([1; 32]), 100).unwrap();
    assert_eq!(answer.as_deref(), Some("answer 1 under 100"));
    assert_eq!(reader.counts().unwrap(), (1, 0));
}

#[test]
fn tombstones_hold_as_long_as_their_settings() {
    let then = Settings { max_tokens: Some(100), timeout_ms: None, context: Some(2048) };
    let now = |max_tokens, context| Settings { max_tokens: Some(max_tokens), timeout_ms: Some(1), context };
    assert!(then.still_hold(&now(100, Some(2048))));
    assert!(then.still_hold(&now(100, None)), "what is not known is not different");
    assert!(!then.still_hold(&now(50, Some(2048))));
    assert!(!then.still_hold(&now(100, Some(4096))));
    assert!(Settings::default().still_hold(&now(1, None)));
}

#[test]
fn snapshots_are_kept_when_the_config_differs() {
    let (_folder, dir) = store();
    let writer = Writer::open(&dir, |_| {}).unwrap();
    let snapshot = |resolved: &str, cells: u8| Snapshot {
        resolved: resolved.into(),
        files: "{}".into(),
        cells: vec![cells],
    };
    writer.snapshot("a", snapshot("1", 1)).unwrap();
    writer.snapshot("a", snapshot("1", 2)).unwrap();
    writer.snapshot("b", snapshot("9", 9)).unwrap();
    let reader = Reader::open(&dir).unwrap().unwrap();
    let written = || {
        let WrittenState { number, is_last, state: (resolved, _) } =
            reader.written_state("a").unwrap().unwrap();
        (number, is_last, resolved, reader.whole_cells(number).unwrap())
    };
    assert_eq!(written(), (1, true, "1".into(), vec![2]));
    writer.snapshot("a", snapshot("2", 3)).unwrap();
    writer.snapshot("a", snapshot("1", 4)).unwrap();
    assert_eq!(written(), (4, true, "1".into(), vec![4]), "a state that comes back is a state of its own");
    writer.run("a", "2026-01-01T00:00:00Z", "{}").unwrap();
    // It was cut off, or it came to nothing: the dataset is that of before.
    writer.snapshot("a", snapshot("3", 5)).unwrap();
    assert_eq!(written(), (4, false, "1".into(), vec![4]));
    writer.run("a", "2026-01-01T00:00:01Z", "{\"in_vain\": true}").unwrap();
    assert_eq!(written(), (4, false, "1".into(), vec![4]));
    assert_eq!(reader.last_cells("a").unwrap(), [[4], [5]], "both are held against what is there now");
    assert_eq!(reader.last_run("a").unwrap().unwrap().0, "2026-01-01T00:00:01Z");
}

#[test]
fn a_lock_is_held_by_one_and_says_by_whom() {
    let (_folder, dir) = store();
    let first = RunLock::take(&dir, "moods").unwrap();
    let second = RunLock::take(&dir, "moods").unwrap_err().to_string();
    assert!(second.contains(&std::process::id().to_string()), "{second}");
    RunLock::take(&dir, "others").unwrap();
    drop(first);
    RunLock::take(&dir, "moods").unwrap();
}

/// Whatever takes the lock in between, runs are told of those that were cut off or could not keep their end, until one
/// could tell it.
#[test]
fn runs_that_nobody_was_told_of_are_known_until_one_has_told_them() {
    let (_folder, dir) = store();
    let take = || RunLock::take(&dir, "moods").unwrap();
    let noted = Noted { answers: 3, ..Noted::default() };
    let of = |day: u32, ended: Option<&str>| Untold {
        number: day.into(),
        noted: Some(noted),
        began: format!("2026-11-{day}T01:02:03.456Z"),
        ended: ended.map(str::to_owned),
    };
    let run = |day: u32, told: bool, unkept: Option<&str>| {
        let mut lock = take();
        lock.begins(day.into(), &of(day, None).began).unwrap();
        lock.note(noted).unwrap();
        lock.ends(told, unkept).unwrap();
    };
    let mut cut_off = take();
    assert_eq!(cut_off.untold(), []);
    cut_off.begins(23, &of(23, None).began).unwrap();
    cut_off.note(noted).unwrap();
    let held = RunLock::take(&dir, "moods").unwrap_err().to_string();
    let since = format!("(process {}, since 2026-11-23 01:02:03 UTC)", std::process::id());
    assert!(held.ends_with(&since), "{held}");
    drop(cut_off);
    drop(take());
    assert_eq!(take().untold(), [of(23, None)]);
    run(24, false, Some("LOST moods:\nno room"));
    run(25, false, None);
    run(26, false, Some("LOST moods: 5 of 9 rows"));
    let untold = [of(23, None), of(24, Some("LOST moods: no room")), of(26, Some("LOST moods: 5 of 9 rows"))];
    assert_eq!(take().untold(), untold);
    run(27, true, Some("LOST moods: 6 of 9 rows"));
    assert_eq!(take().untold(), [of(27, Some("LOST moods: 6 of 9 rows"))]);
    run(28, true, None);
    assert_eq!(take().untold(), []);
}

#[test]
fn damaged_and_newer_stores_are_refused_in_words() {
    let (_folder, dir) = store();
    write(&dir, vec![]);
    let connection = rusqlite::Connection::open(dir.database()).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    for error in [Reader::open(&dir).unwrap_err(), Writer::open(&dir, |_| {}).unwrap_err()] {
        assert!(error.to_string().contains("newer emogrid"), "{error}");
    }
    std::fs::write(dir.database(), "this is no database, but it is long enough to look like a header")
        .unwrap();
    let error = Reader::open(&dir).unwrap_err();
    assert!(error.advice().contains("damaged"), "{error}: {}", error.advice());
}

#[test]
fn what_runs_learned_is_told_for_its_model_and_address_newest_first() {
    let (_folder, dir) = store();
    let writer = Writer::open(&dir, |_| {}).unwrap();
    let model = |name: &str| Identity::Named { name: name.into() };
    let learned = |requests: u64| Experience { requests, ..Experience::default() };
    for (config, address, name, requests) in [
        ("a", "here", "x", 1),
        ("a", "here", "x", 2),
        ("b", "here", "x", 3),
        ("a", "there", "x", 4),
        ("a", "here", "y", 5),
    ] {
        writer.experience(config, address, &model(name), &learned(requests)).unwrap();
    }
    writer.prompt_tokens(&[(Fingerprint([1; 32]), 7)]).unwrap();
    let reader = Reader::open(&dir).unwrap().unwrap();
    let at = |address: &str, name: &str| -> Vec<u64> {
        let found = reader.experience_at(address, &model(name)).unwrap();
        found.iter().map(|of| of.requests).collect()
    };
    assert_eq!((at("here", "x"), at("here", "y"), at("there", "y")), (vec![3, 2, 1], vec![5], vec![]));
    let last = |config: &str, name: &str| reader.last_experience(config, &model(name)).unwrap();
    assert_eq!(last("a", "x"), Some(learned(4)), "wherever it ran");
    assert_eq!((last("b", "x"), last("b", "y")), (Some(learned(3)), None));
    let tokens = reader.prompt_tokens(&[Fingerprint([1; 32]), Fingerprint([2; 32])]).unwrap();
    assert_eq!(tokens, [(Fingerprint([1; 32]), 7)].into());
}

#[test]
fn a_store_of_before_is_read_as_it_is_and_brought_up_to_date_by_who_writes() {
    let (_folder, dir) = store();
    write(&dir, vec![completion(1, 100, true, None)]);
    let connection = rusqlite::Connection::open(dir.database()).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER completion_deleted; DROP TRIGGER completion_changed; DROP TABLE generation;
             DROP TABLE opening; ALTER TABLE completion DROP COLUMN opening;
             DROP TABLE experience; DROP TABLE prompt_tokens; PRAGMA user_version = 1",
        )
        .unwrap();
    drop(connection);
    let model = Identity::Named { name: "x".into() };
    let reader = Reader::open(&dir).unwrap().unwrap();
    assert_eq!(reader.last_experience("a", &model).unwrap(), None);
    assert!(reader.prompt_tokens(&[Fingerprint([1; 32])]).unwrap().is_empty());
    assert_eq!(reader.generation().unwrap(), None);
    let writer = Writer::open(&dir, |_| {}).unwrap();
    writer.experience("a", "here", &model, &Experience::default()).unwrap();
    assert_eq!(reader.experience_at("here", &model).unwrap().len(), 1);
    assert_eq!(reader.counts().unwrap(), (1, 0), "what was stored is there");
    assert!(reader.generation().unwrap().is_some());
}

#[test]
fn what_requests_begin_with_stands_once_and_goes_with_the_last_of_them() {
    let (_folder, dir) = store();
    let frame = |name: &str| Frame::embedding(&Identity::Named { name: name.into() });
    let of = |model: &str, of: u8| {
        let request = frame(model).embed("", &format!("text {of}")).canonical();
        Completion { request, ..completion(of, 9, true, None) }
    };
    let all: Vec<Completion> = (0..6).map(|n| of("m", n)).chain([of("n", 6), of("n", 7)]).collect();
    write(&dir, all.clone());
    let count = |table: &str| -> i64 {
        let connection = rusqlite::Connection::open(dir.database()).unwrap();
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count("opening"), 2);
    assert_eq!(count("completion WHERE opening IS NOT NULL"), 6, "all but the first of each");
    let reader = Reader::open(&dir).unwrap().unwrap();
    for stored in &all {
        let (_, request, _) = reader.by_prefix(&stored.fingerprint.0[..8]).unwrap().unwrap();
        assert_eq!(request, stored.request.as_str());
    }
    let mut rows = Vec::new();
    reader.each_completion(|entry| rows.push((entry.key, entry.request))).unwrap();
    let requests: Vec<&str> = rows.iter().map(|(_, request)| request.as_str()).collect();
    assert_eq!(requests, all.iter().map(|stored| stored.request.as_str()).collect::<Vec<_>>());

    let gone: Vec<Fingerprint> = all[..6].iter().map(|stored| stored.fingerprint).collect();
    dir.collect(&gone, "").unwrap();
    let writer = Writer::open(&dir, |_| {}).unwrap();
    assert_eq!((count("opening"), count("completion")), (1, 2));
    // An opening that was taken away meanwhile is written again.
    for (ticket, stored) in all[..4].iter().enumerate() {
        writer.completion(ticket as Ticket, stored.clone()).unwrap();
    }
    drop(writer);
    assert_eq!(count("opening"), 2);
    let last = rows[7].0;
    drop(reader);
    dir.scrub(&Scrub { completions: vec![last], ..Scrub::default() }).unwrap();
    assert_eq!((count("opening"), count("completion")), (1, 5), "the other of that model was stored whole");
}

#[test]
fn several_may_make_one_store_at_the_same_moment() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().join(".emogrid"));
        let start = std::sync::Barrier::new(6);
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    start.wait();
                    Writer::open(&dir, |_| {}).map(drop).unwrap();
                });
            }
        });
    }
}

/// What is to be changed is named by what it is, and not by where it stands: another may stand there by now.
#[test]
fn what_came_in_the_place_of_something_is_left_alone() {
    let (_folder, dir) = store();
    write(&dir, vec![completion(1, 9, true, None), completion(2, 9, true, None)]);
    let mut keys = Vec::new();
    Reader::open(&dir).unwrap().unwrap().each_completion(|entry| keys.push(entry.key)).unwrap();
    dir.collect(&[keys[1].fingerprint], "").unwrap();
    // It gets the row that was the second's, under the same limit.
    write(&dir, vec![completion(3, 9, true, None)]);
    let scrub = Scrub {
        answers: vec![(keys[0], "less".into()), (keys[1], "less".into())],
        completions: vec![keys[1]],
        ..Scrub::default()
    };
    dir.scrub(&scrub).unwrap();
    let mut answers = Vec::new();
    Reader::open(&dir).unwrap().unwrap().each_completion(|entry| answers.push(entry.answer)).unwrap();
    assert_eq!(answers, ["less", "answer 3 under 9"]);
}

/// States that are no config's last, and did not run lately, forget what they reached.
#[test]
fn what_earlier_states_reached_is_collected() {
    let (_folder, dir) = store();
    let writer = Writer::open(&dir, |_| {}).unwrap();
    let state = |resolved: &str| Snapshot {
        resolved: format!("{{\"output\": \"{resolved}\"}}"),
        files: "{}".into(),
        cells: vec![7; 40],
    };
    for (config, resolved) in [("a", "1"), ("a", "2"), ("a", "3"), ("b", "1")] {
        writer.snapshot(config, state(resolved)).unwrap();
        writer.run(config, if resolved == "2" { "2999-01-01" } else { "2000-01-01" }, "{}").unwrap();
    }
    drop(writer);
    let reader = Reader::open(&dir).unwrap().unwrap();
    let of = |time: &str| reader.earlier_cells(time).unwrap();
    assert_eq!((of("2000"), of("2998"), of("9999")), ((0, 0), (1, 40), (2, 80)));
    assert_eq!(reader.outputs("a").unwrap(), ["1", "2", "3"]);
    dir.collect(&[], "2998").unwrap();
    assert_eq!((of("9999"), reader.cells_since("2998").unwrap()), ((1, 40), vec![vec![7; 40]; 3]));
    // What a dataset is of stays, whatever was cut off since.
    let writer = Writer::open(&dir, |_| {}).unwrap();
    writer.snapshot("b", state("2")).unwrap();
    drop(writer);
    dir.collect(&[], "9999").unwrap();
    assert_eq!(reader.last_cells("b").unwrap(), vec![vec![7; 40]; 2]);
}
