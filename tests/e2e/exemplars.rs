//! Real rows in prompts.

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::project::{Project, SMALL};

/// A small project whose prompts show two rows of a file of eight.
fn project(fake: &Fake) -> Project {
    let project = Project::new();
    let config = SMALL
        .replace("URL", &fake.url())
        .replace("prompt: {", "exemplars: { from: rows.jsonl, rows: 2 }\nprompt: {")
        .replace(
            "'Write a",
            "'{% for row in exemplars %}- {{ row.text }} ({{ row.emotion }})\n\n  {% endfor %}Write a",
        );
    project.write("small.yaml", &config);
    let row = |n: usize, labels: &[&str]| json!({ "id": n.to_string(), "text": format!("real row {n}"), "labels": labels });
    let mut rows: Vec<_> = (0..4).map(|n| row(n, &["joy", "pride"])).collect();
    rows.extend((4..8).map(|n| row(n, &["anger"])));
    rows.push(row(8, &["pride"]));
    rows.push(
        json!({ "id": "9", "text": "Kevin Miller of the test part", "labels": ["joy"], "split": "test" }),
    );
    write(&project, &rows);
    project
}

fn write(project: &Project, rows: &[serde_json::Value]) {
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    project.write("rows.jsonl", &lines.join("\n"));
}

/// The numbers of the rows that a prompt shows.
fn shown(prompt: &str) -> Vec<u32> {
    let numbers = prompt.lines().filter_map(|line| line.strip_prefix("- real row "));
    numbers.map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn prompts_show_rows_of_the_cells_own_label_and_none_of_a_test_part() {
    let fake = Fake::start();
    let project = project(&fake);
    let ran = project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(
        ran.stderr.contains("warning[exemplars]: 1 of 10 rows of `rows.jsonl` are never shown"),
        "{}",
        ran.stderr
    );
    let seen = fake.seen();
    assert_eq!(seen.len(), 8);
    let mut different = std::collections::HashSet::new();
    for ask in &seen {
        let rows = shown(&ask.user());
        assert_eq!(rows.len(), 2, "{}", ask.user());
        let (joy, of_joy) = (ask.user().contains("shows joy"), |row: &u32| *row < 4);
        assert!(rows.iter().all(|row| of_joy(row) == joy && *row < 8), "{}", ask.user());
        assert!(ask.user().contains(if joy { "(joy)" } else { "(anger)" }));
        assert!(!ask.user().contains("test part"));
        different.insert(rows);
    }
    assert!(different.len() > 3, "each ask has its own: {different:?}");
    // A file of the same rows in another order is another file of the same prompts.
    let text = project.read("rows.jsonl");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.reverse();
    project.write("rows.jsonl", &lines.join("\n"));
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["requests"], 0);
    assert!(plan["causes"].to_string().contains("exemplars.from"), "{}", plan["causes"]);
}

#[test]
fn rows_are_anonymised_before_they_are_sent() {
    let fake = Fake::start();
    let project = project(&fake);
    let row = |text: &str, label: &str| json!({ "text": text, "emotion": label });
    write(&project, &[row("Kevin Miller called me", "joy"), row("I wrote to kevin@example.com", "anger")]);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(fake.seen().iter().all(|ask| !ask.user().to_lowercase().contains("kevin")));
    assert!(fake.seen().iter().any(|ask| ask.user().contains("Person A called me")));
    // Told not to, it sends them as they are.
    let plan = ["plan", "small.yaml", "--json", "--set", "exemplars.anonymize=false"];
    assert_eq!(project.emogrid(&plan).exits(0).json()["requests"], 4);
}

#[test]
fn texts_that_copy_a_row_are_rejected() {
    let fake = Fake::start();
    let row = "the bus was late and we stood there in the rain all evening";
    fake.script(move |seen, count| match count % 2 {
        0 => Reply::text(&json!({ "text": format!("oh, {row}") }).to_string()),
        _ => Reply::text(
            &json!({ "text": format!("we stood there in the rain {}", seen.body["seed"]) }).to_string(),
        ),
    });
    let project = project(&fake);
    write(&project, &[json!({ "text": row, "emotion": "joy" }), json!({ "text": "b", "emotion": "anger" })]);
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).json();
    assert!(summary["rejected"]["copied"].as_u64().unwrap() > 0, "{summary}");
    assert!(
        project
            .rows("out/small/dataset.jsonl")
            .iter()
            .all(|row| !row["text"].as_str().unwrap().contains("late"))
    );
    let said = project.read("out/small/rejected.jsonl");
    assert!(said.contains("13 words in a row from an exemplar"), "{said}");
}

#[test]
fn a_file_of_a_test_part_shows_nothing() {
    let fake = Fake::start();
    let project = project(&fake);
    write(&project, &[json!({ "text": "a", "emotion": "joy", "split": "test" })]);
    project.emogrid(&["check", "small.yaml"]).exits(2).says("`split` says that it is of a test part");
}
