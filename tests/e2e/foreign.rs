//! Files that emogrid did not make are not emogrid's to replace or remove.

use crate::fake::Fake;
use crate::project::Project;

const TABLE: &str = "{\"id\": \"a\", \"text\": \"I got the job\", \"label\": \"joy\"}\n";

fn names(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_beside_an_export_stays() {
    let project = Project::new();
    project.write("t.jsonl", TABLE);
    let export = || project.emogrid(&["export", "t.jsonl", "--format", "hf", "-o", "moods"]).exits(0);
    export();
    std::fs::rename(project.path().join("moods"), project.path().join("moods.old")).unwrap();
    project.write("moods.old/mine.txt", "mine");
    project.write("moods.part/mine.txt", "mine");
    export();
    export();
    assert_eq!(project.read("moods.old/mine.txt"), "mine");
    assert_eq!(project.read("moods.part/mine.txt"), "mine");
    assert_eq!(names(&project), ["moods", "moods.old", "moods.part", "t.jsonl"]);
}

#[test]
fn a_file_beside_what_is_written_stays() {
    let project = Project::new();
    project.write("t.jsonl", TABLE);
    let train: String = ["joy", "anger"]
        .iter()
        .flat_map(|label| {
            (0..6).map(move |n| format!("{{\"text\": \"{label} {n}\", \"label\": \"{label}\"}}\n"))
        })
        .collect();
    project.write("train.jsonl", &train);
    let commands: [(&str, &[&str]); 6] = [
        ("x.jsonl", &["export", "t.jsonl", "-o", "x.jsonl"]),
        ("x.parquet", &["export", "t.jsonl", "-o", "x.parquet"]),
        ("y.jsonl", &["anonymize", "t.jsonl", "-o", "y.jsonl"]),
        ("z.jsonl", &["mix", "t.jsonl", "train.jsonl", "--quota", "2", "-o", "z.jsonl"]),
        ("p.csv", &["dedup", "t.jsonl", "-o", "d.jsonl", "--pairs", "p.csv"]),
        ("m.probe", &["train", "--probe", "--train", "train.jsonl", "--min-df", "1", "--model", "m.probe"]),
    ];
    for (made, args) in commands {
        let part = project.write(&format!("{made}.part"), "mine");
        project.emogrid(args).exits(0);
        assert!(project.path().join(made).exists(), "{args:?}");
        let left = std::fs::read_to_string(&part);
        assert_eq!(left.ok().as_deref(), Some("mine"), "{args:?}");
    }
    assert!(names(&project).iter().all(|name| !name.starts_with('.')), "{:?}", names(&project));
    // So of figures that are written again and again.
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "run: { metrics: small.prom }\nsamples:");
    project.write("small.prom.part", "mine");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(project.read("small.prom.part"), "mine");
    assert_eq!(names(&project), [".emogrid", "out", "small.prom", "small.prom.part", "small.yaml"]);
}

#[test]
fn an_import_replaces_nothing_that_no_import_made() {
    let project = Project::new();
    let rows = |label: &str| -> String {
        (0..4)
            .map(|n| format!("{{\"text\": \"a day of {label}, number {n}\", \"label\": \"{label}\"}}\n"))
            .collect()
    };
    let (train, test) = (rows("joy"), rows("anger"));
    project.write("d/train.jsonl", &train);
    project.write("d/test.jsonl", &test);
    let import = |out: &str| {
        let args = ["import", "table", "d/train.jsonl", "d/test.jsonl", "--text", "text", "--label", "label"];
        project.emogrid(&[&args[..], &["-o", out]].concat())
    };
    import("d").exits(2).says("d/train.jsonl").says("a file that it reads").says("another folder");
    assert_eq!((project.read("d/train.jsonl"), project.read("d/test.jsonl")), (train, test));
    // Something of somebody else's.
    project.write("e/manifest.json", "{\"mine\": true}");
    import("e").exits(2).says("no import wrote `manifest.json`");
    assert_eq!(project.read("e/manifest.json"), "{\"mine\": true}");
    import("f").exits(0);
    import("f").exits(0);
    project.write("f/dev.jsonl", "mine\n");
    import("f").exits(2).says("no import wrote `dev.jsonl`");
    assert_eq!(project.read("f/dev.jsonl"), "mine\n");
    // What an import made, and somebody worked on since.
    for name in ["train.jsonl", "test.jsonl", "undo/changes.jsonl", "undo/.gitignore", "shortage.json"] {
        import("g").exits(0);
        let path = format!("g/{name}");
        let made = project.read(&path);
        project.write(&path, &format!("{made}mine\n"));
        import("g")
            .exits(2)
            .says(&format!("`{name}` was changed since it was imported"))
            .says("move it away");
        assert_eq!(project.read(&path), format!("{made}mine\n"));
        project.write(&path, &made);
    }
    let anew = ["import", "table", "d/train.jsonl", "--text", "text", "--label", "label", "-o", "h"];
    project.emogrid(&anew).exits(0);
    project.emogrid(&[&anew[..], &["--no-undo"]].concat()).exits(0);
    assert!(!project.path().join("h/undo").exists());
    project.emogrid(&anew).exits(0);
}

/// What it wrote before is what it writes now, so it goes on; another import knows nothing of it.
#[test]
fn an_import_that_was_killed_is_called_again() {
    let project = Project::new();
    // No two are nearly the same.
    let text = |n: usize| (0..6).map(|word| format!("word{}", n * 6 + word)).collect::<Vec<_>>().join(" ");
    let row = |n: usize| format!("{{\"text\": \"{}\", \"label\": \"joy\"}}\n", text(n));
    let rows = |rows: usize| (0..rows).map(row).collect::<String>();
    project.write("t.jsonl", &rows(9));
    let args = [
        "import", "table", "t.jsonl", "--text", "text", "--label", "label", "--split", "60,20,20", "-o", "d",
    ];
    let crash = || {
        let output = project.command(&args).env("EMOGRID_CRASH_AT", "before-manifest").output().unwrap();
        assert_eq!(output.status.code(), None, "{output:?}");
    };
    let import = || project.emogrid(&args);
    crash();
    assert!(!project.path().join("d/manifest.json").exists());
    let other = project.emogrid(&[&args[..], &["--seed", "8"]].concat());
    other.exits(2).says("no import wrote `train.jsonl`").says("if an import was cut off here, call it again");
    import().exits(0);
    // So where it was to replace another.
    project.write("t.jsonl", &rows(30));
    let again = [&args[..], &["--refreeze"]].concat();
    project.command(&again).env("EMOGRID_CRASH_AT", "before-manifest").output().unwrap();
    project.emogrid(&again).exits(0);
    import().exits(0);
    assert_eq!(project.value("d/manifest.json")["files"].as_object().unwrap().len(), 7);
}
