//! Near-duplicates among the rows of a dataset.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::project::Project;

/// A model that always says the same, but for one word.
fn monotonous() -> (Fake, Project) {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let text = format!("My grandmother lost her umbrella x{} at the dentist", seen.seed());
        Reply::text(&json!({ "text": text }).to_string())
    });
    let project = Project::small(&fake.url());
    (fake, project)
}

fn run(project: &Project, sets: &[&str], code: i32) -> Value {
    let sets = sets.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> =
        ["run", "small.yaml", "--json", "--accept-leaving"].into_iter().chain(sets).collect();
    project.emogrid(&args).exits(code).json()
}

#[test]
fn rows_are_held_against_accepted_ones_within_the_scope() {
    let (fake, project) = monotonous();
    let plain = run(&project, &[], 0);
    assert_eq!(plain["accepted"], 8);
    let exact = project.read("out/small/dataset.jsonl");
    for (scope, rows) in [("cell", 4), ("label", 2), ("dataset", 1)] {
        let set = format!("dedup={{ level: default, scope: {scope} }}");
        let summary = run(&project, &[&set], 4);
        assert_eq!(
            (&summary["accepted"], &summary["rejected"]["near-duplicate"]),
            (&json!(rows), &json!(20 - rows))
        );
        let rows = project.rows("out/small/dataset.jsonl");
        let rejects = project.rows("out/small/rejected.jsonl");
        let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        for reject in &rejects {
            let why = reject["why"].as_str().unwrap();
            let (of, similarity) = why.strip_prefix("similar to ").unwrap().split_once(' ').unwrap();
            let kept = &rows[ids.iter().position(|id| *id == of).expect("an accepted row")];
            assert!(("(0.45)".."(1.00)").contains(&similarity), "{why}");
            assert!(scope == "dataset" || kept["emotion"] == reject["emotion"]);
            assert!(scope != "cell" || kept["sentiment"] == reject["sentiment"]);
        }
    }
    // All asks are spent; whatever the level is now, nothing is asked again.
    fake.take_count();
    let all = run(&project, &["dedup.level=off"], 0);
    assert_eq!((&all["accepted"], fake.take_count()), (&json!(8), 0));
    run(&project, &[], 0);
    assert_eq!((project.read("out/small/dataset.jsonl"), fake.take_count()), (exact, 0));
}

#[test]
fn a_near_duplicate_is_explained_and_counted_as_displaced() {
    let (fake, project) = monotonous();
    run(&project, &["samples.max_asks=2"], 0);
    let near = ["--set", "dedup.level=default", "--set", "samples.max_asks=2"];
    let planned = project.emogrid(&[&["plan", "small.yaml", "--json"], &near[..]].concat()).exits(0).json();
    assert_eq!(
        (&planned["displaced"], &planned["leaving"], &planned["kept"]),
        (&json!(6), &json!(0), &json!(2))
    );
    fake.take_count();
    run(&project, &["dedup.level=default", "samples.max_asks=2"], 4);
    assert_eq!(fake.take_count(), 0);
    let kept = project.rows("out/small/dataset.jsonl")[0]["id"].as_str().unwrap().to_owned();
    let rejects = project.rows("out/small/rejected.jsonl");
    let reject = rejects.iter().find(|reject| reject["why"].as_str().unwrap().contains(&kept)).unwrap();
    let ask = &reject["fingerprint"].as_str().unwrap()[..12];
    let why = project.emogrid(&["why", "small.yaml", ask, "--set", "dedup.level=default"]).exits(0).stdout;
    assert!(why.contains(&format!("rejected, similar to {kept} (0.")), "{why}");
    // The row that it repeats, and the night in which that came.
    let (_, after) = why.split_once(&format!("similar to {kept}")).unwrap();
    let lines: Vec<&str> = after.lines().map(str::trim).collect();
    let first = project.rows("out/small/dataset.jsonl").remove(0);
    let [text, emotion, sentiment] = ["text", "emotion", "sentiment"].map(|key| first[key].as_str().unwrap());
    assert_eq!(lines[1], format!("that row, emotion={emotion} sentiment={sentiment}: {text}"));
    let (stored, began) = lines[2].split_once(", in the run that began ").expect(lines[2]);
    assert!(stored.starts_with("its answer was stored 20") && stored.ends_with(" UTC"), "{stored}");
    assert!(began.starts_with("20") && began.ends_with(" UTC"), "{began}");
}

#[test]
fn editing_a_file_of_texts_off_limits_is_a_change_that_asks_for_the_shortfall_only() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("test.txt", "nothing that a model would ever say\n");
    project.edit("small.yaml", "samples:", "dedup: { level: strict, against: [test.txt] }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let row = project.rows("out/small/dataset.jsonl")[0].clone();
    fake.take_count();
    project.write("test.txt", &format!("{}\n", row["text"].as_str().unwrap().to_uppercase()));
    let planned = project.emogrid(&["plan", "small.yaml"]).exits(0);
    assert!(planned.stdout.contains("dedup.against"), "the plan names the cause: {}", planned.stdout);
    let summary = run(&project, &[], 0);
    assert_eq!((&summary["rejected"]["off-limits"], &summary["accepted"]), (&json!(1), &json!(8)));
    assert_eq!(fake.take_count(), 1);
    let rejects = project.rows("out/small/rejected.jsonl");
    assert_eq!(rejects[0]["why"], "off limits: similar to test.txt:1 (1.00)");
}

#[test]
fn texts_off_limits_and_rows_in_prompts_stand_in_parquet_too() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let first = project.rows("out/small/dataset.jsonl")[0].clone();
    let rows = |column: &str| {
        let row =
            |text: &Value, emotion: &str| json!({ column: text, "emotion": emotion }).to_string() + "\n";
        row(&"a real row of joy".into(), "joy") + &row(&first["text"], "anger")
    };
    for (name, column) in [("off", "text"), ("other", "body")] {
        project.write("rows.jsonl", &rows(column));
        let file = format!("{name}.parquet");
        project.emogrid(&["export", "rows.jsonl", "--text", column, "-o", &file]).exits(0);
        let against = if column == "text" { file } else { format!("{{ file: {file}, text: {column} }}") };
        let set = format!("dedup={{ level: strict, against: [{against}] }}");
        let ran = project.emogrid(&["run", "small.yaml", "--json", "--set", &set]).exits(0).json();
        assert_eq!(ran["rejected"]["off-limits"], 1, "{name}");
        let why = project.rows("out/small/rejected.jsonl")[0]["why"].clone();
        assert_eq!(why, format!("off limits: similar to {name}.parquet:2 (1.00)"));
    }
    project.edit(
        "small.yaml",
        "prompt: { user: '",
        "exemplars: { from: off.parquet, rows: 1 }\nprompt: { user: '{{ exemplars[0].text }} ",
    );
    fake.take_count();
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let seen = fake.seen();
    let shown = |label: &str, text: &str| {
        let mut of =
            seen.iter().map(Seen::user).filter(|user| user.contains(&format!("shows {label}"))).peekable();
        assert!(of.peek().is_some() && of.all(|user| user.starts_with(text)), "{label}");
    };
    shown("joy", "a real row of joy");
    let own = first["text"].as_str().unwrap().to_owned();
    let users: Vec<String> =
        seen.iter().map(Seen::user).filter(|user| user.contains("shows anger")).collect();
    assert!(users.iter().skip_while(|user| !user.starts_with(&own)).count() > 0, "{users:?}");
}

#[test]
fn a_run_says_which_texts_stand_under_two_labels() {
    let fake = Fake::start();
    // Joy and anger say the same, but for a word.
    fake.script(|seen, _| {
        let own = if seen.user().contains("bright") { "happily" } else { "angrily" };
        let text = match seen.user().contains("good") {
            true => format!("My neighbour {own} left the long ladder in our garden the whole winter"),
            false => format!("Somebody {own} painted twelve tiny elephants on the school bus today"),
        };
        Reply::text(&json!({ "text": text }).to_string())
    });
    let project = Project::small(&fake.url());
    let one = ["--set", "samples.per_cell=1", "--set", "dedup.scope=label"];
    let said = project.emogrid(&[&["run", "small.yaml"], &one[..]].concat()).exits(0).stderr;
    let told = "2 pairs of the first 4 rows nearly the same under different labels; most";
    let unwrapped = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains(told), "{said}");
    // Its lines are one command to whoever copies them.
    let said = said.replace(" \\\n            ", " ");
    let list = said.lines().find_map(|line| line.trim().strip_prefix("→ emogrid ")).unwrap();
    let listed = project.emogrid(&list.split(' ').collect::<Vec<_>>()).exits(0).stdout;
    assert_eq!(listed.lines().count(), 3, "a header and two pairs: {listed}");
    let rows = project.rows("out/small/dataset.jsonl");
    assert!(rows.iter().all(|row| listed.contains(row["id"].as_str().unwrap())));
    let pages = std::fs::read_dir(project.path().join("out/small/runs")).unwrap();
    let page = pages
        .map(|run| std::fs::read_to_string(run.unwrap().path().join("summary.md")).unwrap())
        .next()
        .unwrap();
    assert!(page.contains(told), "{page}");
    // Texts that have little in common are no conflict.
    let other = Fake::start();
    let project = Project::small(&other.url());
    let said = project.emogrid(&["run", "small.yaml"]).exits(0).stderr;
    assert!(!said.contains("conflicts "), "{said}");
}
