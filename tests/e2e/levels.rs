//! How many requests at a time are best: found, written down, and where the next run begins.

use std::time::Duration;

use serde_json::Value;

use crate::fake::Fake;
use crate::project::Project;

/// What was tried, as the log has it, oldest first.
fn tried(project: &Project) -> Vec<Value> {
    let mut lines = project.rows("out/wide/log.jsonl");
    lines.retain(|line| line["event"] == "tried");
    lines
}

#[test]
fn fewer_at_a_time_are_found_to_be_better_and_are_where_the_next_run_begins() {
    let fake = Fake::start();
    fake.model(|model| model.slots = 8);
    // Eight take 256 ms each: 31 a second, where one at a time makes 250.
    fake.crowding(Duration::from_millis(4));
    let project = Project::wide(&fake.url(), 100, "");
    let ran = project.emogrid(&["run", "wide.yaml"]).exits(0);
    let first = tried(&project);
    assert_eq!(
        (&first[0]["endpoint"], &first[0]["from"], &first[0]["to"]),
        (&"fake".into(), &8.into(), &4.into())
    );
    assert_eq!(first[0]["kept"], true, "{first:?}");
    let rate = |of: &str| first[0][of].as_f64().unwrap();
    assert!(rate("after") > 1.3 * rate("before"), "{first:?}");
    ran.says("4 at a time from now on, not 8: ");
    let page = std::fs::read_dir(project.path().join("out/wide/runs")).unwrap().next().unwrap().unwrap();
    let page = std::fs::read_to_string(page.path().join("summary.md")).unwrap();
    assert!(page.contains("\n| fake | 8 → 4: ") && page.contains(" against "), "{page}");

    let found = first.iter().rfind(|tried| tried["kept"] == true).unwrap()["to"].as_u64().unwrap();
    // Whoever looks at it meanwhile forgets nothing.
    project.edit("wide.yaml", "per_cell: 1", "per_cell: 2");
    project.emogrid(&["plan", "wide.yaml"]).exits(0);
    assert_eq!(fake.take_most_under_way(), 8);
    let again = project.emogrid(&["run", "wide.yaml"]).exits(0);
    again.says(&format!("up to 8 at a time, {found} to begin with"));
    assert!(fake.take_most_under_way() as u64 <= 2 * found, "twice as many are tried");

    // One with other slots is another.
    fake.model(|model| model.slots = 6);
    project.edit("wide.yaml", "per_cell: 2", "per_cell: 3");
    project.emogrid(&["run", "wide.yaml", "--max-requests", "12"]).exits(3);
    assert_eq!(fake.take_most_under_way(), 6);
}
