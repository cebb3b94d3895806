//! What `gc` takes away, and that the disk has it back.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::fake::{Fake, Reply, free_port};
use crate::project::{Project, Running};

/// A server whose answers are long, so that they take room.
fn verbose() -> Fake {
    let fake = Fake::start();
    fake.script(|seen, before| {
        let words: Vec<String> = (0..600).map(|n| format!("word{before}x{n}of{}", seen.seed())).collect();
        Reply::text(&json!({ "text": words.join(" ") }).to_string())
    });
    fake
}

/// A project with many answers of before, and few of now.
fn grown(fake: &Fake, before: u32, now: u32) -> Project {
    let project = Project::small(&fake.url());
    let rows = |rows: u32| format!("per_cell: {rows}, max_asks: 99");
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", &rows(before));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "Write a", "Tell a");
    project.edit("small.yaml", &rows(before), &rows(now));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.take_count();
    project
}

const COLLECT: [&str; 5] = ["gc", "small.yaml", "--days", "0", "--delete"];

fn bytes(project: &Project) -> u64 {
    let size =
        |name: &str| project.path().join(".emogrid").join(name).metadata().map_or(0, |file| file.len());
    size("store.db") + size("store.db-wal")
}

fn number(project: &Project, sql: &str) -> i64 {
    let store = rusqlite::Connection::open(project.path().join(".emogrid/store.db")).unwrap();
    store.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_deleted_is_given_back_to_the_disk() {
    let fake = verbose();
    let project = grown(&fake, 20, 2);
    let before = bytes(&project);
    let earlier = "SELECT count(*) FROM snapshot WHERE length(cells) > 0";
    assert_eq!(number(&project, earlier), 2);
    let said = project.emogrid(&["gc", "small.yaml"]).exits(0).stdout;
    assert!(!said.contains("state"), "what ran in the last days is kept: {said}");
    let said = project.emogrid(&COLLECT[..4]).exits(0).stdout;
    assert!(said.contains("80 stored answers") && said.contains("what 1 state reached before"), "{said}");
    let said = project.emogrid(&COLLECT).exits(0).stdout;
    let after = bytes(&project);
    assert!(4 * after < before, "{before} to {after}: {said}");
    assert_eq!(number(&project, earlier), 1, "that of now is needed");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0, "what the config needs is still there");
    assert!(project.emogrid(&["log", "small.yaml"]).exits(0).stdout.contains("prompt.user"));
}

#[test]
fn where_no_room_is_to_make_room_nothing_is_lost() {
    let fake = verbose();
    let project = grown(&fake, 4, 30);
    let before = bytes(&project);
    let mut command = Command::new("bash");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 350; exec \"$0\" gc small.yaml --days 0 --delete"])
        .arg(env!("CARGO_BIN_EXE_emogrid"))
        .current_dir(project.path())
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    let ran = Running::start(command).finish().exits(1).says("still takes room on the disk");
    assert!(ran.stdout.contains("deleted") && ran.stderr.contains("all that was stored is kept"), "{ran:?}");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(number(&project, "SELECT count(*) FROM completion"), 120);
    let said = project.emogrid(&COLLECT).exits(0).stdout;
    assert!(said.starts_with("0 stored answers") && bytes(&project) < before, "{said}");
    assert_eq!(number(&project, "PRAGMA freelist_count"), 0);
}

#[test]
fn however_many_days_are_kept() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let said = project.emogrid(&["gc", "small.yaml", "--days", "5000000", "--delete"]).exits(0).stdout;
    assert!(said.starts_with("0 stored answers"), "{said}");
}

/// Only as many of a cell's asks are gone through as there are answers, or little more.
#[test]
fn asks_that_nobody_ever_made_are_not_gone_through() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "max_asks: 5", "max_asks: 1000000");
    let said = project.watch(&COLLECT).finish().exits(0).stdout;
    assert!(said.starts_with("0 stored answers"), "{said}");
    project.watch(&["forget", "nobody", "--yes"]).finish().exits(0);
    fake.take_count();
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0);
}

#[test]
fn a_long_look_for_answers_says_how_far_it_is() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let places: Vec<String> = (0..60_000).map(|n| format!("p{n}")).collect();
    let wide = project.read("small.yaml").replace("name: small", "name: wide");
    let wide = wide.replace("[good, bad]", &format!("[{}]", places.join(", ")));
    project.write("wide.yaml", &wide);
    let running = project.watch(&["gc", "wide.yaml"]);
    running.until_says("looking for stored answers: ");
    running.signal(libc::SIGKILL);
    running.finish();
}

#[test]
fn what_is_collected_is_told_as_json_too() {
    let fake = verbose();
    let project = Project::small(&fake.url());
    let gc =
        |more: &[&str]| project.emogrid(&[&["gc", "small.yaml", "--json"], more].concat()).exits(0).json();
    assert_eq!(gc(&[])["answers"], 0);
    let project = grown(&fake, 5, 2);
    let gc =
        |more: &[&str]| project.emogrid(&[&["gc", "small.yaml", "--json"], more].concat()).exits(0).json();
    let told = gc(&["--days", "0"]);
    assert_eq!((&told["answers"], &told["states"]), (&json!(20), &json!(1)), "{told}");
    assert_eq!(told["store_bytes_after"], json!(null), "{told}");
    let told = gc(&["--days", "0", "--delete"]);
    assert!(told["store_bytes_after"].as_u64() < told["store_bytes"].as_u64(), "{told}");
    assert_eq!(gc(&["--days", "0"])["answers"], 0);
}

/// Where a server is that was never seen, the config may say what its model is; whoever takes answers away guesses
/// nothing beyond that.
#[test]
fn what_is_an_endpoints_own_is_known_by_its_name_or_refused() {
    let (fake, other) = (Fake::start(), Fake::start());
    other.model(|model| model.file = "beta.gguf".into());
    let project = Project::small(&fake.url());
    let gone = format!("http://127.0.0.1:{}", free_port());
    project.edit("small.yaml", "bright }", "bright, model: fake }");
    project.edit("small.yaml", "hot }", "hot, model: b }");
    let both = |a: &str, b: &str| {
        let endpoints = format!("endpoints: {{ fake: {a}, b: {{ url: '{b}', weight: 0 }} }}\nprompt:");
        let text = project.read("small.yaml");
        let (head, rest) = text.split_once("endpoints:").unwrap();
        let (_, tail) = rest.split_once("\nprompt:").unwrap();
        project.write("small.yaml", &format!("{head}{endpoints}{tail}"));
    };
    both(&fake.url(), &other.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let gc = || project.emogrid(&["gc", "small.yaml", "--days", "0", "--json"]);
    assert_eq!(gc().exits(0).json()["answers"], 0);
    // It has moved: without a name nobody knows which answers are its own, and none is called nobody's.
    both(&fake.url(), &gone);
    gc().exits(2).says("the model of `endpoints.b` is not known").says("or name in its `model`");
    project.edit("small.yaml", "weight: 0", "weight: 0, model: beta");
    assert_eq!(gc().exits(0).json()["answers"], 0);
    project.emogrid(&["forget", "nobody's words"]).exits(0);
    // So where it is the only one.
    let alone = Project::small(&fake.url());
    alone.emogrid(&["run", "small.yaml"]).exits(0);
    alone.edit("small.yaml", &format!("fake: {}", fake.url()), &format!("fake: {gone}"));
    let gc = || alone.emogrid(&["gc", "small.yaml", "--days", "0", "--json"]);
    gc().exits(2);
    alone.edit("small.yaml", &format!("fake: {gone}"), &format!("fake: {{ url: '{gone}', model: fake-1b }}"));
    assert_eq!(gc().exits(0).json()["answers"], 0);
    // Whatever else it is called, its answers may be those of a name that was seen.
    alone.edit("small.yaml", "model: fake-1b", "model: alias");
    gc().exits(2).says("is not known");
}
