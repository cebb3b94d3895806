//! Commands whose outputs would be their own inputs, or one another.

use crate::project::Project;

const FILES: [&str; 3] = ["t.jsonl", "b.jsonl", "c.yaml"];

fn project() -> Project {
    let project = Project::new();
    for (name, of) in [("t.jsonl", "joy"), ("b.jsonl", "anger")] {
        let row =
            |n| format!("{{\"id\": {n}, \"text\": \"a day of {of}, number {n}\", \"label\": \"{of}\"}}\n");
        project.write(name, &(0..3).map(row).collect::<String>());
    }
    project.write("c.yaml", "name: c\n");
    project
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let project = project();
    let before = FILES.map(|name| project.read(name));
    std::os::unix::fs::symlink("t.jsonl", project.path().join("link.jsonl")).unwrap();
    for (args, flag) in [
        (&["dedup", "t.jsonl", "--pairs", "t.jsonl"][..], "--pairs"),
        (&["dedup", "t.jsonl", "--pairs", "link.jsonl"], "--pairs"),
        (&["dedup", "t.jsonl", "--write-statistics", "./t.jsonl"], "--write-statistics"),
        (&["dedup", "t.jsonl", "--label", "label", "--conflicts", "t.jsonl"], "--conflicts"),
        (&["dedup", "t.jsonl", "--against", "b.jsonl", "-o", "b.jsonl"], "-o"),
        (&["dedup", "t.jsonl", "-o", "t.jsonl"], "-o"),
        (&["audit", "t.jsonl", "--fix", "--write", "t.jsonl"], "--write"),
        (&["audit", "t.jsonl", "b.jsonl", "--fix", "-o", "b.jsonl"], "-o"),
        (&["audit", "t.jsonl", "--label", "label", "--swap", "t.jsonl"], "--swap"),
        (&["audit", "c.yaml", "--fix", "--write", "c.yaml"], "--write"),
        (&["anonymize", "t.jsonl", "-o", "t.jsonl"], "-o"),
        (&["mix", "t.jsonl", "b.jsonl", "--ratio", "1", "-o", "b.jsonl"], "-o"),
        (&["export", "t.jsonl", "-o", "t.jsonl"], "-o"),
        (&["export", "c.yaml", "--format", "jsonl", "-o", "c.yaml"], "-o"),
        (&["train", "--probe", "--train", "t.jsonl", "b.jsonl", "--model", "b.jsonl"], "--model"),
    ] {
        let advice = format!("`{flag}` would replace what is read; name another file with `{flag}`");
        project.emogrid(args).exits(2).says(&advice);
        assert_eq!(FILES.map(|name| project.read(name)), before, "{args:?}");
    }
    // A part of an export, whose folder would take the others with it.
    project
        .emogrid(&["export", "t.jsonl", "--format", "jsonl", "--split", "a=50,b=50", "-o", "parts"])
        .exits(0);
    let again = ["export", "parts/a.jsonl", "--split", "a=50,b=50", "-o", "parts"];
    project.emogrid(&again).exits(2).says("`-o` would replace what is read");
    // Devices and standard output hold nothing.
    project
        .emogrid(&[
            "dedup",
            "t.jsonl",
            "--label",
            "label",
            "--pairs",
            "/dev/null",
            "--conflicts",
            "/dev/null",
        ])
        .exits(0);
    project.emogrid(&["dedup", "t.jsonl", "-o", "-", "--pairs", "p.csv"]).exits(0);
}

#[test]
fn no_file_is_written_twice() {
    let project = project();
    for (args, one, other) in [
        (&["dedup", "t.jsonl", "-o", "x.csv", "--pairs", "./x.csv"][..], "-o", "--pairs"),
        (&["dedup", "t.jsonl", "-o", "seen/index", "--index", "seen"], "-o", "--index"),
        (&["audit", "t.jsonl", "--fix", "--write", "x.jsonl", "-o", "x.jsonl"], "--write", "-o"),
    ] {
        let advice = format!(
            "`{one}` writes it too, and one would replace the other; name another file with `{other}`"
        );
        project.emogrid(args).exits(2).says(&advice);
        assert!(
            !project.path().join("x.csv").exists() && !project.path().join("x.jsonl").exists(),
            "{args:?}"
        );
    }
}

#[test]
fn verify_keeps_its_probe_its_rows_and_the_rejected() {
    let project = Project::new();
    let row = |n: usize| {
        let of = ["joy", "anger"][n % 2];
        format!("{{\"text\": \"a day of {of}, number {n}\", \"label\": \"{of}\"}}\n")
    };
    let train: String = (0..20).map(row).collect();
    project.write("t.jsonl", &train);
    project.emogrid(&["train", "--probe", "--train", "t.jsonl", "--model", "p"]).exits(0);
    let probe = std::fs::read(project.path().join("p")).unwrap();
    let verify = |more: &[&str]| project.emogrid(&[&["verify", "t.jsonl", "--probe", "p"], more].concat());
    verify(&["-o", "v.jsonl", "--rejected", "v.jsonl"]).exits(2).says("`-o` writes it too");
    verify(&["-o", "t.jsonl"]).exits(2).says("`-o` would replace what is read");
    verify(&["-o", "v.jsonl", "--rejected", "p"]).exits(2).says("`--rejected` would replace what is read");
    assert_eq!((project.read("t.jsonl"), std::fs::read(project.path().join("p")).unwrap()), (train, probe));
    assert!(!project.path().join("v.jsonl").exists());
    verify(&["-o", "v.jsonl", "--rejected", "r.jsonl"]).exits(0);
}
