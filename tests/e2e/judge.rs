//! Judge models: what they are asked, and what becomes of their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen, good};
use crate::project::{Project, until};

/// Four cells of two rows each, and a judge of each text.
const JUDGED: &str = "\
name: judged
endpoints: ENDPOINTS
prompt: { user: 'Write about {{ emotion }} at {{ place }}.' }
response: { items: 3 }
grid:
  axes:
    emotion: { label: true, values: { joy: { polarity: positive }, anger: { polarity: negative } } }
    place: [home, work]
samples: { per_cell: 2, max_asks: 6 }
checks:
  judges:
    quality:
      prompt: 'Rate this {{ emotion.polarity }} post: {{ text }}'
      schema: { type: object, properties: { score: { type: integer, minimum: 1, maximum: 5 } }, required: [score] }
      accept: score >= 3
      columns: [score]
";

fn project(endpoints: &str) -> Project {
    let project = Project::new();
    project.write("judged.yaml", &JUDGED.replace("ENDPOINTS", endpoints));
    project
}

/// A project that asks one fake for all.
fn judged_by(fake: &Fake) -> Project {
    project(&format!("{{ fake: {} }}", fake.url()))
}

fn is_judging(seen: &Seen) -> bool {
    seen.user().starts_with("Rate") || seen.user().starts_with("Judge")
}

/// The text that is judged.
fn text_of(seen: &Seen) -> String {
    seen.user().split_once(": ").unwrap().1.to_owned()
}

/// A score that follows from the text alone: half of them 3 or more.
fn score(text: &str) -> u8 {
    [1, 2, 3, 5][usize::from(blake3::hash(text.as_bytes()).as_bytes()[0] % 4)]
}

fn scored(score: u8) -> Reply {
    Reply::text(&json!({ "score": score }).to_string())
}

/// Answers judges by the score of their text, and all else well.
fn by_score(seen: &Seen, _: usize) -> Reply {
    match is_judging(seen) {
        true => scored(score(&text_of(seen))),
        false => Reply::Good,
    }
}

fn judge() -> Fake {
    let fake = Fake::start();
    fake.script(by_score);
    fake
}

fn rows(project: &Project) -> Vec<Value> {
    project.rows("out/judged/dataset.jsonl")
}

fn rejects(project: &Project) -> Vec<Value> {
    project.rows("out/judged/rejected.jsonl")
}

fn judging(fake: &Fake) -> (usize, usize) {
    let seen = fake.seen();
    let judging = seen.iter().filter(|seen| is_judging(seen)).count();
    fake.take_count();
    (seen.len() - judging, judging)
}

#[test]
fn a_text_becomes_a_row_when_its_judge_accepts_it() {
    let fake = judge();
    let project = judged_by(&fake);
    let plan = project.emogrid(&["plan", "judged.yaml", "--json"]).exits(0).json();
    assert_eq!(
        (&plan["requests"], &plan["judge_requests"], &plan["judge_votes"]),
        (&json!(4), &json!(0), &json!(1))
    );
    let summary = project.emogrid(&["run", "judged.yaml", "--json"]).exits(0).json();
    let seen = fake.seen();
    let (asked, judged) = judging(&fake);
    assert_eq!(summary["requests"], asked + judged);
    assert_eq!(summary["judge_requests"], judged);
    let rows = rows(&project);
    assert_eq!(rows.len(), 8);
    for row in &rows {
        let text = row["text"].as_str().unwrap();
        assert_eq!(row["quality_score"], score(text), "{row}");
        assert!(score(text) >= 3);
    }
    let refused: Vec<Value> =
        rejects(&project).into_iter().filter(|reject| reject["reason"] == "judge:quality").collect();
    assert!(!refused.is_empty(), "half of the texts are refused");
    for reject in &refused {
        assert!(score(reject["text"].as_str().unwrap()) < 3, "{reject}");
        assert_eq!(reject["why"], "`score >= 3` does not hold");
    }
    // It was asked of each text once, with its own schema, and only of texts that were there.
    let mut texts: Vec<String> = seen.iter().filter(|seen| is_judging(seen)).map(text_of).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), judged);
    let request = &seen.iter().find(|seen| is_judging(seen)).unwrap().body;
    let schema = &request["response_format"]["json_schema"]["schema"];
    assert_eq!(schema["properties"]["score"]["maximum"], 5);
    assert_eq!((&request["temperature"], &request["max_tokens"]), (&json!(0.3), &json!(256)));
    assert!(seen.iter().any(|seen| seen.user().starts_with("Rate this positive post: I told")));
    // Nothing is left to ask, and the files stay the same bytes.
    let before = project.read("out/judged/dataset.jsonl");
    let summary = project.emogrid(&["run", "judged.yaml", "--json"]).exits(0).json();
    assert_eq!((fake.take_count(), &summary["requests"]), (0, &json!(0)));
    assert_eq!(project.read("out/judged/dataset.jsonl"), before);
    let exported = project.emogrid(&["export", "judged.yaml", "-o", "-"]).exits(0);
    assert_eq!(exported.stdout, before);
    let status = project.emogrid(&["status", "judged.yaml", "--json"]).exits(0).json();
    assert_eq!((&status["rows"], &status["open"]), (&json!(8), &json!(0)));
}

#[test]
fn only_what_an_edit_concerns_is_asked_again() {
    let fake = judge();
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let (_, judged) = judging(&fake);
    let before = project.read("out/judged/dataset.jsonl");
    // A rule that accepts more asks nothing.
    project.edit("judged.yaml", "score >= 3", "score >= 2");
    let plan = project.emogrid(&["plan", "judged.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["requests"], 0);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    assert!(rows(&project).iter().any(|row| row["quality_score"] == 2));
    project.edit("judged.yaml", "score >= 2", "score >= 3");
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!((fake.take_count(), project.read("out/judged/dataset.jsonl")), (0, before.clone()));
    // Nor does a judge's name; a column has it.
    project.edit("judged.yaml", "quality:", "style:");
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    assert!(rows(&project).iter().all(|row| row["style_score"].as_u64() >= Some(3)));
    project.edit("judged.yaml", "style:", "quality:");
    // Another template asks the judge again, and nobody else.
    project.edit("judged.yaml", "Rate this", "Judge this");
    let plan = project.emogrid(&["plan", "judged.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["judge_requests"]), (&json!(4), &json!(4)), "one for each cell");
    let said = project.emogrid(&["plan", "judged.yaml"]).exits(0).stdout;
    assert!(said.contains("Plan: 4 requests to ask now (4 of judges), 0 of 8 rows"), "{said}");
    project.emogrid(&["run", "judged.yaml", "--accept-leaving"]).exits(0);
    let (asked, again) = judging(&fake);
    assert_eq!((asked, again), (0, judged));
    assert_eq!(project.read("out/judged/dataset.jsonl"), before, "the same verdicts on the same texts");
    // And the old one is there still.
    project.edit("judged.yaml", "Judge this", "Rate this");
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn the_order_in_which_verdicts_come_changes_no_byte() {
    let mut made = Vec::new();
    for (slots, slow) in [(1, 0), (4, 0), (4, 7), (3, 3)] {
        let fake = Fake::start_at(0, Model { slots, ..Model::default() });
        fake.script(move |seen, before| {
            let late = Duration::from_millis((before as u64 * slow) % 23);
            Reply::Late(late, Box::new(by_score(seen, before)))
        });
        let project = judged_by(&fake);
        project.emogrid(&["run", "judged.yaml", "--set", "checks.judges.quality.votes=3"]).exits(0);
        made.push((project.read("out/judged/dataset.jsonl"), project.read("out/judged/rejected.jsonl")));
    }
    assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Texts are judged as they come, so that a run that is cut off has rows of what it asked for.
#[test]
fn a_budget_is_not_spent_on_texts_that_nobody_judges() {
    for set in ["run.max_requests=40", "run.max_cost=null"] {
        let fake = judge();
        fake.latency(Duration::from_millis(40));
        let project = judged_by(&fake);
        let places: Vec<_> = (0..60).map(|n| format!("place-{n:02}")).collect();
        project.edit("judged.yaml", "[home, work]", &format!("[{}]", places.join(", ")));
        project.edit("judged.yaml", "items: 3", "items: 1");
        project.edit("judged.yaml", "accept: score >= 3", "accept: score >= 1");
        let running = project.watch(&["run", "judged.yaml", "--json", "--set", set]);
        until("forty requests", || fake.seen().len() >= 40, String::new);
        let judged = fake.seen()[..40].iter().filter(|seen| is_judging(seen)).count();
        // Some texts are under way, or on their way into the store.
        assert!(judged >= 12, "{judged} of 40 with {set}");
        match set.contains("requests") {
            true => {
                let accepted = running.finish().exits(3).json()["accepted"].as_u64().unwrap();
                assert!(accepted as usize >= judged, "{accepted} rows of {judged} judged");
            }
            false => {
                running.signal(libc::SIGINT);
                running.finish().exits(3);
            }
        }
    }
}

#[test]
fn a_run_that_is_cut_into_pieces_asks_nothing_twice() {
    let fake = judge();
    let whole = judged_by(&fake);
    whole.emogrid(&["run", "judged.yaml"]).exits(0);
    fake.take_count();
    let project = judged_by(&fake);
    let mut runs = 0;
    let mut seen = Vec::new();
    loop {
        runs += 1;
        assert!(runs < 60, "it goes on");
        let ran = project.emogrid(&["run", "judged.yaml", "--max-requests", "3"]);
        seen.extend(fake.seen().iter().map(Seen::ask));
        assert!(fake.take_count() <= 3);
        if ran.code == Some(0) {
            break;
        }
        assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    }
    assert!(runs > 3);
    let asked = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), asked);
    assert_eq!(project.read("out/judged/dataset.jsonl"), whole.read("out/judged/dataset.jsonl"));
}

#[test]
fn a_broken_answer_is_asked_for_again_and_one_that_stays_broken_is_no_consent() {
    let fake = Fake::start();
    let broken = |seen: &Seen, reply: Reply| match is_judging(seen) {
        true => reply,
        false => Reply::Good,
    };
    // Of each text the first answer is broken; a second has another seed.
    let first = std::sync::Mutex::new(std::collections::HashSet::new());
    fake.script(move |seen, _| {
        let fresh = is_judging(seen) && first.lock().unwrap().insert(text_of(seen));
        broken(seen, if fresh { Reply::text(r#"{"score": 9}"#) } else { scored(4) })
    });
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let texts: std::collections::BTreeSet<String> =
        fake.seen().iter().filter(|seen| is_judging(seen)).map(text_of).collect();
    let (asked, judged) = judging(&fake);
    assert_eq!((rows(&project).len(), asked), (8, 4));
    assert_eq!(judged, 2 * texts.len());
    for (reply, why) in [
        (Reply::text("four"), "no good answer in 3 requests, the last not-json"),
        (Reply::text(r#"{"score": 9}"#), "no good answer in 3 requests, the last schema"),
        (Reply::text(""), "no good answer in 3 requests, the last empty"),
        (
            Reply::Choices(vec![(r#"{"score": 4"#.into(), "length")]),
            "no good answer in 3 requests, the last cut",
        ),
    ] {
        let fake = Fake::start();
        fake.script(move |seen, _| broken(seen, reply.clone()));
        let project = judged_by(&fake);
        project.emogrid(&["run", "judged.yaml", "--set", "samples.max_asks=1"]).exits(4);
        assert!(rows(&project).is_empty());
        let rejects = rejects(&project);
        assert_eq!(rejects.len(), 12);
        assert!(
            rejects.iter().all(|reject| reject["reason"] == "judge:quality" && reject["why"] == why),
            "{rejects:?}"
        );
        assert_eq!(judging(&fake), (4, 36));
    }
}

#[test]
fn a_request_that_fails_by_its_own_fault_is_given_up_until_asked_for() {
    let fake = Fake::start();
    let bad = |seen: &Seen| is_judging(seen) && score(&text_of(seen)) == 5;
    fake.script(move |seen, before| match bad(seen) {
        true => Reply::status(400, "no such text"),
        false => by_score(seen, before),
    });
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert!(rows(&project).iter().all(|row| row["quality_score"] == 3));
    let refused = |project: &Project| {
        let rejects = rejects(project);
        rejects.iter().filter(|reject| reject["why"].as_str().unwrap().contains("the last refused")).count()
    };
    assert!(refused(&project) > 0, "{:?}", rejects(&project));
    fake.take_count();
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    fake.script(by_score);
    project.emogrid(&["run", "judged.yaml", "--retry-failed", "--set", "samples.max_asks=1"]);
    let (asked, judged) = judging(&fake);
    assert!(asked == 0 && judged > 0, "{asked} {judged}");
    assert!(rows(&project).iter().any(|row| row["quality_score"] == 5));
    assert_eq!(refused(&project), 0);
}

#[test]
fn a_judge_may_be_another_model_and_do_nothing_else() {
    let (writer, other) = (Fake::start(), judge());
    other.model(|model| model.file = "judge-7b.gguf".into());
    let project =
        project(&format!("{{ writer: {}, other: {{ url: '{}', weight: 0 }} }}", writer.url(), other.url()));
    project.edit("judged.yaml", "accept: score >= 3", "accept: score >= 3\n      model: other");
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert!(writer.seen().iter().all(|seen| !is_judging(seen)));
    assert!(other.take_count() > 0);
    assert!(rows(&project).iter().all(|row| row["model"] == "fake-1b"));
    let nobody = project.emogrid(&["check", "judged.yaml", "--set", "checks.judges.quality.model=nobody"]);
    nobody.exits(2).says("no endpoint is or has `nobody`");
}

#[test]
fn texts_of_an_answer_are_judged_side_by_side() {
    let fake = Fake::start();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = most.clone();
    fake.script(move |seen, _| {
        if !is_judging(seen) {
            return Reply::Good;
        }
        counted.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let now = now.clone();
        let done = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            now.fetch_sub(1, Ordering::SeqCst);
        });
        drop(done);
        Reply::Late(Duration::from_millis(100), Box::new(scored(4)))
    });
    let project = judged_by(&fake);
    let one = [
        "run",
        "judged.yaml",
        "--limit",
        "1",
        "--set",
        "samples.per_cell=3",
        "--set",
        "endpoints.fake.slots=4",
    ];
    project.emogrid(&one).exits(0);
    assert_eq!(most.load(Ordering::SeqCst), 3, "all texts that its one cell needs");
}

#[test]
fn texts_of_a_cell_are_judged_side_by_side_whichever_answers_they_are_of() {
    let (writer, judge) = (Fake::start(), judge());
    judge.model(|model| (model.file, model.slots) = ("judge.gguf".into(), 8));
    judge.latency(Duration::from_millis(500));
    let (first, second) = (writer.url(), judge.url());
    let project = project(&format!("{{ fake: {first}, judge: {{ url: '{second}', weight: 0 }} }}"));
    project.edit("judged.yaml", "quality:\n", "quality:\n      model: judge\n");
    project.edit("judged.yaml", "items: 3", "items: 1");
    let sets = ["samples.per_cell=8", "samples.max_asks=40"].map(|set| ["--set", set]).concat();
    project.emogrid(&[&["run", "judged.yaml", "--limit", "1"], &sets[..]].concat()).exits(0);
    assert_eq!(judge.most_under_way(), 8, "all texts that its one cell needs");
    assert_eq!(rows(&project).len(), 8);
}

#[test]
fn a_judge_sees_what_the_anonymiser_left() {
    let fake = Fake::start();
    let number = AtomicUsize::new(0);
    fake.script(move |seen, _| match is_judging(seen) {
        true => scored(4),
        false => {
            let item = |n: usize| json!({ "text": format!("Mail me at ann.lee{n}@example.org about seat {n}, please.") });
            let from = 3 * number.fetch_add(1, Ordering::SeqCst);
            Reply::text(&json!({ "items": [item(from), item(from + 1), item(from + 2)] }).to_string())
        }
    });
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml", "--set", "anonymize=strict"]).exits(0);
    let judged: Vec<String> = fake.seen().iter().filter(|seen| is_judging(seen)).map(Seen::user).collect();
    assert!(
        judged.iter().all(|text| text.contains("[EMAIL]") && !text.contains("example.org")),
        "{judged:?}"
    );
}

#[test]
fn why_tells_what_the_judge_said() {
    let fake = judge();
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let row = &rows(&project)[0];
    let why = project.emogrid(&["why", "judged.yaml", row["id"].as_str().unwrap()]).exits(0).stdout;
    let text = row["text"].as_str().unwrap();
    assert!(why.contains("judge `quality`, request 0"), "{why}");
    assert!(why.contains(&format!("post: {text}")), "{why}");
    assert!(why.contains(&format!("{{\"score\":{}}}", row["quality_score"])), "{why}");
    let reject = rejects(&project).into_iter().find(|reject| reject["reason"] == "judge:quality").unwrap();
    let why =
        project.emogrid(&["why", "judged.yaml", reject["fingerprint"].as_str().unwrap()]).exits(0).stdout;
    assert!(why.contains("rejected, `score >= 3` does not hold"), "{why}");
}

#[test]
fn gc_keeps_what_judges_said_of_stored_texts() {
    let fake = judge();
    let project = judged_by(&fake);
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let (_, judged) = judging(&fake);
    let collect = ["gc", "judged.yaml", "--days", "0", "--delete"];
    let said = project.emogrid(&collect).exits(0).stdout;
    assert!(said.starts_with("0 stored answers"), "{said}");
    // What another template was answered is needed by the last snapshot only.
    project.edit("judged.yaml", "Rate this", "Judge this");
    let said = project.emogrid(&collect).exits(0).stdout;
    assert!(said.starts_with("0 stored answers"), "{said}");
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let said = project.emogrid(&collect).exits(0).stdout;
    assert!(said.starts_with(&format!("{judged} stored answers")), "{said}");
    fake.take_count();
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0, "what is needed is there");
}

#[test]
fn a_preview_shows_what_judges_will_be_asked() {
    let fake = judge();
    let project = judged_by(&fake);
    let shown = project.emogrid(&["preview", "judged.yaml", "--where", "emotion=anger"]).exits(0).stdout;
    assert!(shown.contains("user, to judge `quality`:\n  Rate this negative post: (the text)"), "{shown}");
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn a_preview_with_answers_shows_what_the_judge_refused() {
    let fake = judge();
    let project = judged_by(&fake);
    let shown = project.emogrid(&["preview", "judged.yaml", "--generate", "--limit", "4"]).exits(0).stdout;
    assert_eq!(shown.matches("accepted").count(), 8, "{shown}");
    assert!(shown.contains("(`score >= 3` does not hold)"), "{shown}");
}

/// The judges' answers are stored as any other; the fake's good answer is one to a generator.
#[test]
fn two_judges_are_asked_one_after_the_other() {
    let fake = Fake::start();
    fake.script(|seen, before| match seen.user() {
        user if user.starts_with("Is it") => Reply::text(r#"{"yes": true, "why": "so"}"#),
        _ => by_score(seen, before),
    });
    let project = judged_by(&fake);
    let second = "checks.judges.plain={prompt: 'Is it plain? {{ text }}', accept: 'yes', columns: ['yes', votes], schema: {type: object, properties: {'yes': {type: boolean}}, required: ['yes']}}";
    project.emogrid(&["run", "judged.yaml", "--set", second]).exits(0);
    let seen = fake.seen();
    let plain: Vec<String> =
        seen.iter().filter(|seen| seen.user().starts_with("Is it")).map(Seen::user).collect();
    assert!(!plain.is_empty());
    assert!(
        plain.iter().all(|user| score(user.split_once("? ").unwrap().1) >= 3),
        "only what the first accepts"
    );
    assert!(rows(&project).iter().all(|row| row["plain_yes"] == true && row["plain_votes"] == 1));
    let answer: Value = serde_json::from_str(&good(&seen[0].body)).unwrap();
    assert!(answer["choices"].is_array());
}

/// What a plan says, an export holds and the files of a run say, with what was found out before and without.
#[test]
fn what_was_ruled_before_says_what_ruling_again_says() {
    let fake = judge();
    let project = judged_by(&fake);
    // A mean that few digits do not tell, a judge that nearly all pass, and embeddings.
    project.edit("judged.yaml", "columns: [score]", "columns: [score, votes]\n      votes: 3");
    project.edit("judged.yaml", "checks:", "dedup: { semantic: { threshold: 0.995 } }\nchecks:");
    let scores = |seen: &Seen| 1 + blake3::hash(seen.body.to_string().as_bytes()).as_bytes()[0] % 5;
    fake.script(move |seen, _| if is_judging(seen) { scored(scores(seen)) } else { Reply::Good });
    project.emogrid(&["run", "judged.yaml"]).exits(0);
    let cache = project.path().join(".emogrid/cache");
    let all = || {
        let said = project.emogrid(&["plan", "judged.yaml", "--json"]).stdout;
        let exported = project.emogrid(&["export", "judged.yaml", "-o", "-"]).stdout;
        project.emogrid(&["run", "judged.yaml"]);
        let files = ["dataset", "rejected"].map(|name| project.read(&format!("out/judged/{name}.jsonl")));
        (said, exported, files)
    };
    let names = ["verdicts", "rulings", "meanings"].map(|ending| cache.join(format!("judged.{ending}")));
    for (from, to) in [
        ("score >= 3", "score >= 2"),
        ("score >= 2", "score >= 3"),
        ("columns: [score, votes]", "columns: [votes]"),
        ("per_cell: 2", "per_cell: 1"),
        ("threshold: 0.995", "threshold: 0.9"),
    ] {
        project.edit("judged.yaml", from, to);
        // The first says what has changed.
        all();
        std::fs::remove_dir_all(&cache).unwrap();
        let fresh = all();
        let written = names.each_ref().map(|name| std::fs::metadata(name).unwrap().modified().unwrap());
        assert_eq!(all(), fresh, "{to}");
        let now = names.each_ref().map(|name| std::fs::metadata(name).unwrap().modified().unwrap());
        assert_eq!(now, written, "{to}: what is as before is not written again");
        // One that is cut, and one that is torn, and none.
        let bytes = std::fs::read(&names[1]).unwrap();
        std::fs::write(&names[1], &bytes[..bytes.len() / 2]).unwrap();
        let mut bytes = std::fs::read(&names[2]).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&names[2], &bytes).unwrap();
        assert_eq!(all(), fresh, "{to}");
        std::fs::remove_dir_all(&cache).unwrap();
        assert_eq!(all(), fresh, "{to}");
    }
    // Answers that are gone are not remembered.
    project.emogrid(&["forget", "told", "--yes"]).exits(0);
    assert_eq!(project.emogrid(&["plan", "judged.yaml", "--json"]).exits(0).json()["accepted"], 0);
}
