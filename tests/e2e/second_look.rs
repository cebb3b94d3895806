//! Names in doubt in a run: who is asked about them, what becomes of the answers, and that they stand nowhere.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen};
use crate::forget::holding;
use crate::project::{Project, Ran};

/// Four cells of four rows each, of which three have a name in doubt.
const LOOK: &str = "\
name: look
endpoints: ENDPOINTS
prompt: { user: 'Write about {{ emotion }} at {{ place }}.' }
response: { items: 4 }
grid:
  axes:
    emotion: { label: true, values: [joy, anger] }
    place: [home, work]
samples: { per_cell: 4, max_asks: 4 }
anonymize: { preset: strict, second_look: true }
";

fn is_looking(seen: &Seen) -> bool {
    !seen.body["response_format"]["json_schema"]["schema"]["properties"]["names"].is_null()
}

/// What a prompt and its seed are answered: one name, a longer one, a place, and nobody.
fn writes(seen: &Seen) -> Reply {
    let hash = blake3::hash(format!("{} {}", seen.user(), seen.body["seed"]).as_bytes());
    let n = u32::from_le_bytes(*hash.as_bytes().first_chunk().unwrap()) % 9973;
    let texts = [
        format!("We saw Dakota again after report {n}."),
        format!("I love Faith qzyxwv so much, {n} times."),
        format!("Brooklyn keeps stealing my lunch, day {n}."),
        format!("The soup number {n} was cold and nobody cared at all."),
    ];
    let items: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
    Reply::text(&json!({ "items": items }).to_string())
}

/// Quotes the names, and something that stands nowhere.
fn quotes(seen: &Seen) -> Reply {
    let names = ["Dakota", "Faith qzyxwv"];
    let mut found: Vec<&str> = names.into_iter().filter(|name| seen.user().contains(name)).collect();
    found.push("Xanthippe");
    Reply::text(&json!({ "names": found }).to_string())
}

fn script(seen: &Seen, _: usize) -> Reply {
    match (is_looking(seen), seen.body["input"].is_string()) {
        (true, _) => quotes(seen),
        (_, true) => Reply::Good,
        _ => writes(seen),
    }
}

fn fake() -> Fake {
    let fake = Fake::start();
    fake.script(script);
    fake
}

fn project(endpoints: &str) -> Project {
    let project = Project::new();
    project.write("look.yaml", &LOOK.replace("ENDPOINTS", endpoints));
    project
}

fn asking(fake: &Fake) -> Project {
    project(&format!("{{ fake: {} }}", fake.url()))
}

fn run(project: &Project, args: &[&str]) -> Ran {
    project.emogrid(&[&["run", "look.yaml", "--json"], args].concat())
}

fn texts(project: &Project) -> Vec<String> {
    let rows = project.rows("out/look/dataset.jsonl");
    rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect()
}

fn files(project: &Project) -> [String; 2] {
    ["dataset", "rejected"].map(|name| project.read(&format!("out/look/{name}.jsonl")))
}

/// How many asks and second looks came since the last call of this.
fn asked(fake: &Fake) -> (usize, usize) {
    let seen = fake.seen();
    let looking = seen.iter().filter(|seen| is_looking(seen)).count();
    fake.take_count();
    (seen.len() - looking, looking)
}

fn with(texts: &[String], what: &str) -> usize {
    texts.iter().filter(|text| text.contains(what)).count()
}

#[test]
fn a_row_says_what_a_second_look_makes_of_it() {
    let fake = fake();
    let project = asking(&fake);
    let summary = run(&project, &[]).exits(0).json();
    let looks: Vec<Seen> = fake.seen().into_iter().filter(is_looking).collect();
    assert_eq!(asked(&fake), (4, 12));
    assert_eq!((&summary["requests"], &summary["second_look_requests"]), (&json!(16), &json!(12)));
    assert_eq!(summary["reused"], 0);
    // It is asked of the text as it stands, at temperature 0, held to a schema.
    assert!(looks.iter().all(|seen| seen.user().starts_with("Text: ") && seen.body["temperature"] == 0.0));
    let rows = texts(&project);
    assert_eq!(rows.len(), 16);
    assert_eq!(with(&rows, "Person A"), 8, "{rows:?}");
    assert_eq!((with(&rows, "Brooklyn keeps"), with(&rows, "The soup number")), (4, 4));
    let row = &project.rows("out/look/dataset.jsonl")[0];
    let spans = json!([{ "start": 7, "end": 15, "category": "NAME", "action": "person" }]);
    assert!(project.rows("out/look/dataset.jsonl").iter().any(|row| row["spans"] == spans), "{row}");
    // Nothing is left to be asked, and all commands agree.
    let before = files(&project);
    let idle = run(&project, &[]).exits(0).json();
    assert_eq!((&idle["requests"], asked(&fake), files(&project)), (&json!(0), (0, 0), before.clone()));
    assert_eq!(project.emogrid(&["export", "look.yaml", "-o", "-"]).exits(0).stdout, before[0]);
    let status = project.emogrid(&["status", "look.yaml", "--json"]).exits(0).json();
    assert_eq!((&status["rows"], &status["open"]), (&json!(16), &json!(0)));
    let plan = project.emogrid(&["plan", "look.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["accepted"]), (&json!(0), &json!(16)));
}

#[test]
fn only_what_a_change_makes_new_is_asked() {
    let fake = fake();
    let project = asking(&fake);
    project.edit("look.yaml", "second_look: true", "second_look: false");
    run(&project, &[]).exits(0);
    assert_eq!(asked(&fake), (4, 0));
    let by_score = files(&project);
    // It asks for no text again.
    project.edit("look.yaml", "second_look: false", "second_look: fake");
    let plan = project.emogrid(&["plan", "look.yaml", "--json"]).exits(0).json();
    assert_eq!(
        (&plan["requests"], &plan["second_look_requests"]),
        (&json!(4), &json!(4)),
        "one for each cell"
    );
    let said = project.emogrid(&["plan", "look.yaml"]).exits(0).stdout;
    assert!(said.contains("Plan: 4 requests to ask now (4 second looks)"), "{said}");
    run(&project, &["--accept-leaving"]).exits(0).says("");
    assert_eq!(asked(&fake), (0, 12));
    let looked = files(&project);
    // Nor do other actions ask anything, nor a look at fewer texts.
    for set in
        ["anonymize.mask=[NAME]", "anonymize.preset=tag", "anonymize.second_look=false", "samples.per_cell=1"]
    {
        run(&project, &["--accept-leaving", "--set", set]).exits(0);
        assert_eq!(asked(&fake), (0, 0), "{set}");
    }
    run(&project, &["--accept-leaving"]).exits(0);
    assert_eq!((asked(&fake), files(&project)), ((0, 0), looked));
    project.edit("look.yaml", "second_look: fake", "second_look: false");
    run(&project, &["--accept-leaving"]).exits(0);
    assert_eq!((asked(&fake), files(&project)), ((0, 0), by_score));
}

#[test]
fn a_plan_counts_and_forecasts_second_looks() {
    let fake = fake();
    let project = asking(&fake);
    let places: Vec<String> = (0..20).map(|n| format!("place{n}")).collect();
    project.edit("look.yaml", "[home, work]", &format!("[{}]", places.join(", ")));
    run(&project, &["--limit", "10"]).exits(0);
    let plan = project.emogrid(&["plan", "look.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["second_look_requests"]), (&json!(30), &json!(0)));
    // Three of four rows have a name in doubt.
    let expected = &plan["expected"];
    assert_eq!(
        (&expected["second_look_requests"], &expected["requests"]),
        (&json!(90), &json!(120)),
        "{plan}"
    );
    let said = project.emogrid(&["plan", "look.yaml"]).exits(0).stdout;
    assert!(said.contains("about 120 requests in all, 90 second looks ("), "{said}");
    let summary = run(&project, &[]).exits(0).json();
    assert_eq!((&summary["requests"], &summary["second_look_requests"]), (&json!(120), &json!(90)));
}

#[test]
fn the_order_of_answers_changes_nothing() {
    let mut made = Vec::new();
    for (slots, slow) in [(1, 0), (4, 7), (3, 3)] {
        let fake = Fake::start_at(0, Model { slots, ..Model::default() });
        fake.script(move |seen, before| {
            let late = Duration::from_millis((before as u64 * slow) % 23);
            Reply::Late(late, Box::new(script(seen, before)))
        });
        let project = asking(&fake);
        run(&project, &[]).exits(0);
        made.push(files(&project));
    }
    // In pieces, each ended early.
    let fake = fake();
    let project = asking(&fake);
    let mut seen = Vec::new();
    for _ in 0..30 {
        let ran = run(&project, &["--max-requests", "3"]);
        seen.extend(fake.seen().iter().map(|seen| format!("{}{}", seen.user(), seen.body["seed"])));
        assert!(fake.take_count() <= 3);
        if ran.code == Some(0) {
            break;
        }
    }
    made.push(files(&project));
    assert!(made.windows(2).all(|pair| pair[0] == pair[1]));
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((all, seen.len()), (16, 16), "nothing is asked twice");
}

#[test]
fn without_a_good_answer_what_is_in_doubt_is_a_name() {
    for reply in [
        Reply::text("no names here"),
        Reply::text("{\"names\": \"Dakota\"}"),
        Reply::Choices(vec![("{\"names\": []}".into(), "length")]),
    ] {
        let fake = Fake::start();
        let said = reply.clone();
        fake.script(move |seen, _| if is_looking(seen) { said.clone() } else { writes(seen) });
        let project = asking(&fake);
        run(&project, &[]).exits(0);
        let rows = texts(&project);
        assert_eq!((with(&rows, "Person A"), with(&rows, "Brooklyn")), (12, 0), "{reply:?} {rows:?}");
        assert_eq!(asked(&fake), (4, 12), "{reply:?}");
        run(&project, &[]).exits(0);
        assert_eq!(asked(&fake), (0, 0), "{reply:?}");
    }
}

#[test]
fn what_was_given_up_is_asked_again_when_that_is_wanted_and_nothing_of_it_stays() {
    let fake = Fake::start();
    fn score(seen: &Seen, before: usize) -> Reply {
        match seen.user().starts_with("Score") {
            true => Reply::text(
                &json!({ "score": if seen.user().contains("Person A") { 1 } else { 4 } }).to_string(),
            ),
            false => script(seen, before),
        }
    }
    fake.script(|seen, before| match is_looking(seen) && seen.user().contains("Brooklyn") {
        true => Reply::status(400, "no"),
        false => score(seen, before),
    });
    let project = asking(&fake);
    let judge = "checks.judges.j={prompt: 'Score {{ text }}', accept: score >= 3, schema: {type: object, properties: {score: {type: integer}}, required: [score]}}";
    let sets = ["--set", judge, "--set", "samples.max_asks=1", "--accept-leaving"];
    for _ in 0..2 {
        run(&project, &sets).exits(4);
        assert_eq!((texts(&project).len(), with(&texts(&project), "soup")), (4, 4));
    }
    let remembered = project.path().join(".emogrid/cache/look.rulings");
    let before = std::fs::read(&remembered).unwrap();
    fake.script(score);
    asked(&fake);
    run(&project, &[&sets[..], &["--retry-failed"]].concat()).exits(4);
    // What the judge said of a text in which everything in doubt was a name is said of another text now.
    assert_eq!((texts(&project).len(), with(&texts(&project), "Brooklyn")), (8, 4), "{:?}", texts(&project));
    let seen = fake.seen();
    assert_eq!((seen.len(), seen.iter().filter(|seen| is_looking(seen)).count()), (8, 4));
    // Nor is it there where a run was killed before it wrote anew what it remembers.
    std::fs::write(&remembered, before).unwrap();
    let exported =
        project.emogrid(&["export", "look.yaml", "-o", "-", "--set", judge, "--set", "samples.max_asks=1"]);
    assert_eq!(exported.exits(0).stdout, files(&project)[0]);
}

#[test]
fn whoever_comes_later_sees_the_text_as_its_row_has_it() {
    let fake = Fake::start();
    // One text in all, but for the name in it.
    fake.script(|seen, _| match (is_looking(seen), seen.user().starts_with("Score")) {
        (true, _) => quotes(seen),
        (_, true) => Reply::text(r#"{"score": 4}"#),
        _ => {
            let texts =
                ["We saw Dakota again after report 17.", "We saw Faith qzyxwv again after report 17."];
            let items: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
            Reply::text(&json!({ "items": [items[0], items[1], items[0], items[1]] }).to_string())
        }
    });
    let project = asking(&fake);
    let judge = "checks.judges.j={prompt: 'Score {{ text }}', accept: score >= 3, columns: [score], schema: {type: object, properties: {score: {type: integer}}, required: [score]}}";
    let sets =
        ["--set", judge, "--set", "samples={per_cell: 1, max_asks: 1}", "--set", "dedup.scope=dataset"];
    run(&project, &sets).exits(4);
    assert_eq!(texts(&project), ["We saw Person A again after report 17."]);
    let rejects = project.rows("out/look/rejected.jsonl");
    assert_eq!(rejects.len(), 12);
    assert!(
        rejects
            .iter()
            .all(|reject| reject["reason"] == "duplicate" && !reject["text"].to_string().contains("qz"))
    );
    let judged: Vec<String> =
        fake.seen().iter().map(Seen::user).filter(|user| user.starts_with("Score")).collect();
    assert!(!judged.is_empty());
    assert!(judged.iter().all(|user| user == "Score We saw Person A again after report 17."), "{judged:?}");
    // Two texts in all were looked at, each once.
    assert_eq!(asked(&fake).1, 2);
}

/// The files that hold what was quoted, but for the store itself.
fn outside(project: &Project) -> Vec<PathBuf> {
    let all = ["Dakota", "Faith", "qzyxwv", "Xanthippe"].iter().flat_map(|name| holding(project, name));
    all.filter(|path| !path.file_name().unwrap().to_string_lossy().starts_with("store.db")).collect()
}

#[test]
fn what_was_quoted_stands_in_the_store_alone() {
    let fake = Fake::start();
    // Some are refused and some fail at first, in words that quote a text.
    fake.script(|seen, before| match is_looking(seen) {
        true if seen.user().contains("Brooklyn") && seen.user().contains('7') => {
            Reply::status(400, "cannot read We saw Dakota")
        }
        true if before % 3 == 0 => Reply::status(500, "cannot read I love Faith qzyxwv"),
        _ => script(seen, before),
    });
    let project = asking(&fake);
    project.edit("look.yaml", "anonymize:", "checks: { words: [6, 40], repetition: true }\nanonymize:");
    let ran = run(&project, &[]).exits(0);
    let mut said = vec![ran.stdout, ran.stderr];
    let more = ["--set", "samples.per_cell=5", "--set", "checks.words=[8, 40]", "--accept-leaving"];
    let ran = run(&project, &more);
    said.extend([ran.stdout, ran.stderr]);
    assert!(!holding(&project, "qzyxwv").is_empty(), "they are in the store");
    assert_eq!(outside(&project), Vec::<PathBuf>::new());
    let rows = project.rows("out/look/dataset.jsonl");
    let rejects = project.rows("out/look/rejected.jsonl");
    assert!(rejects.iter().any(|reject| reject["reason"] == "words"), "{rejects:?}");
    let mut all = vec![
        vec!["plan", "look.yaml", "--checks"],
        vec!["status", "look.yaml"],
        vec!["log", "look.yaml"],
        vec!["runs", "look.yaml"],
        vec!["preview", "look.yaml"],
        vec!["preview", "look.yaml", "--generate"],
        vec!["audit", "look.yaml"],
        vec!["export", "look.yaml", "-o", "-"],
    ];
    all.extend(rows.iter().map(|row| vec!["why", "look.yaml", row["id"].as_str().unwrap()]));
    all.extend(
        rejects.iter().map(|reject| vec!["why", "look.yaml", reject["fingerprint"].as_str().unwrap()]),
    );
    for args in &all {
        let ran = project.emogrid(args);
        assert!(!ran.stdout.is_empty(), "{args:?} {ran:?}");
        said.extend([ran.stdout, ran.stderr]);
    }
    for name in ["Dakota", "Faith", "qzyxwv", "Xanthippe"] {
        for said in &said {
            assert!(!said.contains(name), "{name}: {said}");
        }
    }
    assert_eq!(outside(&project), Vec::<PathBuf>::new());
}

#[test]
fn why_tells_what_came_of_it_and_shows_it_where_originals_are_wanted() {
    let fake = fake();
    let project = asking(&fake);
    run(&project, &[]).exits(0);
    let rows = project.rows("out/look/dataset.jsonl");
    let row = rows.iter().find(|row| row["text"].to_string().contains("Person A")).unwrap();
    let why = |args: &[&str]| {
        let args = [&["why", "look.yaml", row["id"].as_str().unwrap()], args].concat();
        project.emogrid(&args).exits(0).stdout
    };
    let told = why(&[]);
    assert!(told.contains("second look by fake-1b: "), "{told}");
    assert!(told.contains("1 name in doubt, 0 that are none, 1 quote ignored"), "{told}");
    let originals = why(&["--with-originals"]);
    assert!(originals.contains("user, for names in doubt:\n  Text: ") && originals.contains("Xanthippe"));
    // It is an original itself.
    let fingerprint = told.split("second look by fake-1b: ").nth(1).unwrap().split(',').next().unwrap();
    let told = project.emogrid(&["why", "look.yaml", fingerprint]).exits(0).stdout;
    assert!(told.contains("a second look at the names in a text") && !told.contains("Text: "), "{told}");
    let told = project.emogrid(&["why", "look.yaml", fingerprint, "--with-originals"]).exits(0).stdout;
    assert!(told.contains("Text: ") && told.contains("Xanthippe"), "{told}");
    let place = rows.iter().find(|row| row["text"].to_string().contains("Brooklyn")).unwrap();
    let told = project.emogrid(&["why", "look.yaml", place["id"].as_str().unwrap()]).exits(0).stdout;
    assert!(told.contains("0 names in doubt, 1 that are none"), "{told}");
}

#[test]
fn a_preview_shows_what_is_asked() {
    let fake = fake();
    let project = asking(&fake);
    let shown = project.emogrid(&["preview", "look.yaml"]).exits(0).stdout;
    assert!(shown.contains("user, where a name is in doubt:\n  Text: (the text)"), "{shown}");
    let made = project.emogrid(&["preview", "look.yaml", "--generate", "--limit", "1"]).exits(0).stdout;
    assert_eq!((made.matches("accepted").count(), made.matches("Person A").count()), (4, 2), "{made}");
}

#[test]
fn gc_keeps_second_looks_at_stored_texts() {
    let fake = fake();
    let project = asking(&fake);
    let judge = "checks: { judges: { j: { prompt: 'Score {{ text }}', accept: score >= 3, schema: { type: object, properties: { score: { type: integer } }, required: [score] } } } }\nanonymize:";
    project.edit("look.yaml", "anonymize:", judge);
    fake.script(|seen, before| match seen.user().starts_with("Score") {
        true => Reply::text(r#"{"score": 4}"#),
        false => script(seen, before),
    });
    run(&project, &[]).exits(0);
    let collect = ["gc", "look.yaml", "--days", "0", "--delete"];
    // Fewer rows need less of them, but they could be asked for.
    for set in ["samples.per_cell=4", "samples.per_cell=1"] {
        run(&project, &["--accept-leaving", "--set", set]).exits(0);
        let said = project.emogrid(&collect).exits(0).stdout;
        assert!(said.starts_with("0 stored answers"), "{said}");
    }
    // What judges were asked hangs on texts that a second look went through, so it goes after that.
    project.edit("look.yaml", "second_look: true", "second_look: false");
    run(&project, &["--accept-leaving"]).exits(0);
    let said = project.emogrid(&collect).exits(0).stdout;
    assert!(!said.starts_with("0 stored answers"), "{said}");
    fake.take_count();
    run(&project, &[]).exits(0);
    assert_eq!(fake.take_count(), 0, "what is needed is there");
}

#[test]
fn a_purged_store_makes_the_same_dataset() {
    let fake = fake();
    let project = asking(&fake);
    run(&project, &[]).exits(0);
    let before = files(&project);
    // Another config whose looks are its own.
    let other = project.read("look.yaml").replace("name: look", "name: other\nseed: 5");
    project.write("other.yaml", &other);
    project.emogrid(&["run", "other.yaml"]).exits(0);
    let of_other = project.read("out/other/dataset.jsonl");
    fake.take_count();
    let said = project.emogrid(&["purge", "look.yaml", "--yes", "--json"]).exits(0).json();
    assert_eq!((&said["judged_otherwise"], &said["of_other_configs"]), (&json!(0), &json!(4)), "{said}");
    assert_eq!(said["with_originals"], 4, "{said}");
    run(&project, &[]).exits(0);
    project.emogrid(&["run", "other.yaml"]).exits(0);
    assert_eq!((asked(&fake), files(&project)), ((0, 0), before.clone()));
    assert_eq!(project.read("out/other/dataset.jsonl"), of_other);
    project.emogrid(&["purge", "look.yaml", "other.yaml", "--yes"]).exits(0);
    let left = ["Dakota", "Faith", "qzyxwv", "Xanthippe"].map(|name| holding(&project, name));
    assert!(left.iter().all(Vec::is_empty), "{left:?}");
    // What was no name is there still.
    assert!(!holding(&project, "Brooklyn").is_empty());
    run(&project, &[]).exits(0);
    project.emogrid(&["run", "other.yaml"]).exits(0);
    assert_eq!((asked(&fake), files(&project)), ((0, 0), before.clone()));
    assert_eq!(project.emogrid(&["export", "look.yaml", "-o", "-"]).exits(0).stdout, before[0]);
    // A text that nobody was asked about is settled as one without an answer.
    let again = project.emogrid(&["purge", "look.yaml", "--json"]).exits(0).json();
    assert_eq!(again["with_originals"], 0, "{again}");
}

#[test]
fn texts_that_nobody_was_asked_about_are_purged_as_if_all_in_doubt_were_names() {
    let fake = fake();
    let project = asking(&fake);
    run(&project, &["--set", "samples.per_cell=1"]).exits(0);
    let before = files(&project);
    project.edit("look.yaml", "per_cell: 4", "per_cell: 1");
    let said = project.emogrid(&["purge", "look.yaml", "--yes", "--json"]).exits(0).json();
    // They would be asked about if they were needed.
    assert_eq!(said["judged_otherwise"], 8, "{said}");
    assert!(["Dakota", "Faith"].iter().all(|name| holding(&project, name).is_empty()));
    assert!(holding(&project, "Brooklyn").is_empty());
    asked(&fake);
    run(&project, &[]).exits(0);
    assert_eq!((asked(&fake), files(&project)), ((0, 0), before));
    run(&project, &["--set", "samples.per_cell=4"]).exits(0);
    assert_eq!((asked(&fake), with(&texts(&project), "Person A")), ((0, 0), 12));
}

#[test]
fn words_that_are_to_be_forgotten_go_with_the_second_look_at_them() {
    let fake = fake();
    let project = asking(&fake);
    run(&project, &[]).exits(0);
    let said = project.emogrid(&["forget", "Faith", "--yes", "--json"]).exits(0).json();
    // Four answers, of a text each, and four looks at these texts.
    assert_eq!((&said["answers"], &said["texts"]), (&json!(8), &json!(4)), "{said}");
    assert!(["Faith", "qzyxwv"].iter().all(|name| holding(&project, name).is_empty()));
    assert_eq!(texts(&project).len(), 12);
    assert!(!holding(&project, "Dakota").is_empty());
    asked(&fake);
    run(&project, &["--accept-leaving"]).exits(0);
    let (asks, looks) = asked(&fake);
    assert!(asks > 0 && looks > 0 && looks <= 3 * asks, "{asks} {looks}");
    assert_eq!(texts(&project).len(), 16);
}

/// What a plan says, an export holds and the files of a run say, with what was seen before and without.
#[test]
fn what_was_looked_at_before_is_remembered() {
    let fake = fake();
    let project = asking(&fake);
    project.edit("look.yaml", "anonymize:", "dedup: { semantic: { threshold: 0.9999 } }\nanonymize:");
    run(&project, &[]);
    let cache = project.path().join(".emogrid/cache");
    let all = || {
        let said = project.emogrid(&["plan", "look.yaml", "--json"]).stdout;
        let exported = project.emogrid(&["export", "look.yaml", "-o", "-"]).stdout;
        run(&project, &["--accept-leaving"]);
        (said, exported, files(&project))
    };
    let names = ["verdicts", "looks", "meanings"].map(|ending| cache.join(format!("look.{ending}")));
    let times = || names.each_ref().map(|name| std::fs::metadata(name).unwrap().modified().unwrap());
    for (from, to) in [
        ("per_cell: 4", "per_cell: 3"),
        ("strict,", "strict, mask: [NAME],"),
        ("0.9999", "0.95"),
        ("0.95", "0.9999"),
    ] {
        project.edit("look.yaml", from, to);
        // The first says what has changed.
        all();
        std::fs::remove_dir_all(&cache).unwrap();
        let fresh = all();
        let written = times();
        assert_eq!(all(), fresh, "{to}");
        assert_eq!(times(), written, "{to}: what is as before is not written again");
        let mut bytes = std::fs::read(&names[1]).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&names[1], &bytes).unwrap();
        assert_eq!(all(), fresh, "{to}");
    }
    // A deleted answer is asked for again.
    project.emogrid(&["forget", "Xanthippe", "--yes"]).exits(0);
    asked(&fake);
    assert!(
        project.emogrid(&["plan", "look.yaml", "--json"]).exits(0).json()["second_look_requests"].as_u64()
            > Some(0)
    );
}

#[test]
fn a_dropped_text_is_dropped_after_the_second_look() {
    let fake = fake();
    let project = asking(&fake);
    project.edit("look.yaml", "preset: strict", "preset: strict, drop: [NAME]");
    run(&project, &["--set", "samples.max_asks=1"]).exits(4);
    let rows = texts(&project);
    assert_eq!((rows.len(), with(&rows, "Brooklyn"), with(&rows, "soup")), (8, 4, 4), "{rows:?}");
    let rejects = project.rows("out/look/rejected.jsonl");
    assert_eq!(rejects.len(), 8);
    assert!(rejects.iter().all(|reject| reject["reason"] == "anonymize"), "{rejects:?}");
    assert_eq!(asked(&fake).1, 12);
}

#[test]
fn another_machine_sees_a_text_only_where_that_is_said() {
    let (near, far) = (fake(), fake());
    // An address that is not this machine's by its looks.
    let elsewhere = format!("http://0.0.0.0:{}", far.address.port());
    let project = project(&format!("{{ far: '{elsewhere}' }}"));
    let said = "`far` is on another machine, and would see texts with the names in them";
    run(&project, &[]).exits(2).says(said);
    assert_eq!(far.take_count(), 0);
    run(&project, &["--set", "anonymize.second_look={remote: true}"]).exits(0);
    assert_eq!(asked(&far), (4, 12));
    // One that is named is asked, unless another has its model.
    let project = self::project(&format!("{{ near: '{}', far: '{elsewhere}' }}", near.url()));
    let named = ["--set", "anonymize.second_look=near"];
    run(&project, &named).exits(1).says("`far`").says("has the model that is asked for names in doubt");
    assert_eq!((near.take_count(), far.take_count()), (0, 0));
    far.model(|model| model.file = "other.gguf".into());
    run(&project, &named).exits(0);
    assert_eq!((asked(&far).1, asked(&near).1), (0, 12));
    // Whoever only embeds or judges is not asked for names.
    let project =
        self::project(&format!("{{ near: '{}', far: {{ url: '{elsewhere}', weight: 0 }} }}", near.url()));
    run(&project, &[]).exits(0);
    assert_eq!((asked(&far), asked(&near)), ((0, 0), (4, 12)));
}

#[test]
fn a_table_is_looked_at_with_what_a_run_was_answered() {
    let fake = fake();
    let project = asking(&fake);
    run(&project, &[]).exits(0);
    let originals =
        project.emogrid(&["export", "look.yaml", "-o", "-", "--set", "anonymize=off"]).exits(0).stdout;
    project.write("rows.jsonl", &originals);
    asked(&fake);
    let look = ["anonymize", "rows.jsonl", "--json", "--second-look", "look.yaml"];
    let told = project.emogrid(&look).exits(0).json();
    assert_eq!((asked(&fake), &told["second_look"]["stored"]), ((0, 0), &json!(12)), "{told}");
}
