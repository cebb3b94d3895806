//! What is asked again, and what is not.

use crate::fake::Fake;
use crate::project::Project;

#[test]
fn a_run_makes_every_row_and_a_second_one_asks_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let first = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(first["accepted"], 8);
    assert_eq!(first["requests"], 8);
    assert_eq!(fake.take_count(), 8);
    let bytes = project.read("out/small/dataset.jsonl");
    assert_eq!(bytes.lines().count(), 8);

    let second = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&second["requests"], &second["reused"]), (&0.into(), &8.into()));
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.read("out/small/dataset.jsonl"), bytes);
}
