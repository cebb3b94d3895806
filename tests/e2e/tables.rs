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
    project.emogrid(&["dedup", dataset, "-o", "dataset.jsonl"]).exits(0);
}

#[test]
fn a_null_is_nothing() {
    let project = Project::new();
    project.write(
        "t.jsonl",
        "{\"id\": null, \"text\": \"a fine day\", \"label\": \"joy\"}\n{\"id\": \"b\", \"text\": null, \"label\": \"joy\"}\n",
    );
    project.emogrid(&["export", "t.jsonl", "-o", "x.csv"]).exits(0);
    let import = ["import", "table", "t.jsonl", "--text", "text", "--label", "label", "-o", "d"];
    project.emogrid(&import).exits(0);
    assert_eq!(project.rows("d/rows.jsonl").len(), 1);
    assert_eq!(project.rows("d/undo/removed.jsonl")[0]["step"], "empty");
    let asked = ["anonymize", "t.jsonl", "--id", "id", "-o", "y.jsonl"];
    project.emogrid(&asked).exits(1).says("t.jsonl:1: `id` is null");
}

#[test]
fn rows_of_several_files_have_ids_of_their_own() {
    let project = Project::new();
    for (name, who) in [("a.jsonl", "She"), ("b.jsonl", "He")] {
        project.write(name, &format!("{{\"text\": \"{who} said it was late\", \"label\": \"joy\"}}\n"));
    }
    project.emogrid(&["audit", "a.jsonl", "b.jsonl", "--fail-on", "never", "--swap", "both.jsonl"]).exits(0);
    let rows = project.rows("both.jsonl");
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{rows:?}");
    assert!(ids.contains(&"a.jsonl:1") && ids.contains(&"b.jsonl:1"), "{ids:?}");
}

#[test]
fn endings_are_read_in_any_case() {
    let project = Project::new();
    project.write("t.jsonl", "{\"id\": \"a\", \"text\": \"a fine day\", \"label\": \"joy\"}\n");
    for (name, begin) in [("OUT.CSV", "id,text"), ("OUT.PARQUET", "PAR1"), ("OUT.JSONL", "{\"id\"")] {
        project.emogrid(&["export", "t.jsonl", "-o", name]).exits(0);
        let bytes = std::fs::read(project.path().join(name)).unwrap();
        assert!(bytes.starts_with(begin.as_bytes()), "{name}");
    }
}

#[test]
fn a_flag_that_would_do_nothing_is_refused() {
    let project = Project::new();
    project.write("t.jsonl", "{\"text\": \"a fine day\", \"label\": \"joy\"}\n");
    project.emogrid(&["export", "t.jsonl", "--seed", "3", "-o", "x.jsonl"]).exits(2).says("--split");
    let import = |more: &[&str]| {
        let args = ["import", "table", "t.jsonl", "--text", "text", "--label", "label", "-o", "d"];
        project.emogrid(&[&args[..], more].concat())
    };
    import(&["--agree", "3"]).exits(2).says("--agree");
    import(&["--separator", ""]).exits(2).says("--separator");
    let audit = ["audit", "t.jsonl", "--separator", ""];
    project.emogrid(&audit).exits(2).says("--separator");
}
