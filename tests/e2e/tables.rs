//! What commands write tables have in common.

use crate::fake::Fake;
use crate::project::Project;

#[test]
fn a_table_of_no_rows_has_its_header() {
    let project = Project::new();
    let header = "id,text,emotion";
    project.write("none.csv", &format!("{header}\n"));
    project.write("none.jsonl", "");
    // Of JSON Lines without a line no column is known but that of the texts.
    for (from, known) in [("none.csv", header), ("none.jsonl", "text")] {
        for (command, more) in [
            ("anonymize", ",spans"),
            ("dedup", ""),
            ("dedup --mark", ",duplicate_of,similarity"),
            ("export", ""),
            ("audit --fix", ""),
        ] {
            let args: Vec<&str> = command.split(' ').chain([from, "-o", "out.csv"]).collect();
            project.emogrid(&args).exits(0);
            assert_eq!(project.read("out.csv"), format!("{known}{more}\n"), "{command} {from}");
        }
        project.emogrid(&["audit", from, "--swap", "out.tsv"]).exits(0);
        assert_eq!(project.read("out.tsv"), format!("{known},pair\n").replace(',', "\t"));
        project.emogrid(&["audit", from, "--fix", "--write", "out.csv"]).exits(0);
        assert_eq!(project.read("out.csv"), "id,why\n");
    }
    // None of those that were read stays.
    project.write("one.jsonl", "{\"id\": \"a\", \"text\": \"Mary Jones left.\", \"mood\": \"joy\"}\n");
    project.emogrid(&["anonymize", "one.jsonl", "-o", "out.csv", "--action", "NAME=drop"]).exits(0);
    assert_eq!(project.read("out.csv"), "id,text,mood,spans\n");
    project.emogrid(&["dedup", "one.jsonl", "-o", "out.csv", "--against", "one.jsonl"]).exits(0);
    assert_eq!(project.read("out.csv"), "id,text,mood\n");
    // What comes through a pipe has a header too.
    let mut command = project.command(&["anonymize", "-", "--format", "csv", "-o", "out.csv"]);
    command.stdin(std::fs::File::open(project.path().join("none.csv")).unwrap());
    assert!(command.output().unwrap().status.success());
    assert_eq!(project.read("out.csv"), format!("{header},spans\n"));
}

#[test]
fn no_table_takes_the_place_of_a_file_of_a_run() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let (dataset, rejected) = ("out/small/dataset.jsonl", "out/small/rejected.jsonl");
    let before = project.read(dataset);
    for args in [
        &["audit", "small.yaml", "--fix", "--write", dataset][..],
        &["audit", "small.yaml", "--fix", "--counterparts", "--write", rejected],
        &["audit", "small.yaml", "--swap", dataset],
        &["audit", dataset, "--weights", dataset],
        &["audit", dataset, "--fix", "-o", rejected],
        &["anonymize", dataset, "-o", dataset],
        &["dedup", dataset, "-o", dataset],
        &["dedup", dataset, "--pairs", rejected],
        &["mix", dataset, dataset, "-o", dataset, "--ratio", "1"],
        &["export", "small.yaml", "-o", dataset],
    ] {
        project.emogrid(args).exits(2).says("which its next run writes anew; name another file");
    }
    assert_eq!(project.read(dataset), before);
    // A table of that name elsewhere is one like any other.
    project.emogrid(&["export", "small.yaml", "-o", "dataset.jsonl"]).exits(0);
    project.emogrid(&["dedup", "dataset.jsonl", "-o", "dataset.jsonl"]).exits(0);
}
