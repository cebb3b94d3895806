//! Recipes that tune a language model. The engine is a script that says what it would: `train.py` itself needs
//! PyTorch, and is tried by hand (docs/train.md).

use std::path::PathBuf;

use serde_json::Value;

use crate::project::{Project, Ran};

const ROWS: &str = "text,emotion\nWhat a day,joy\nNot again,anger\nBoth at once,\"joy,anger\"\nCake!,joy\n";

fn project() -> Project {
    let project = Project::new();
    project.write("rows.csv", ROWS);
    project.write("dev.csv", "text,emotion\nOh no,anger\n");
    project
}

/// A Python that is none: it looks at the recipe, says how far it is, and ends as told.
fn python(project: &Project, ending: &str) -> String {
    let script = format!(
        "#!/bin/sh\nfolder=$(dirname \"$1\")\ngrep -q '\"steps\": 60' \"$folder/recipe.json\" || exit 9\n\
         echo 'step 1 of 60, loss 2.500, 3 s left'\necho 'a bar\rWarning: of its own' >&2\n{ending}\n"
    );
    let path = project.write("python", &script);
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn tune(project: &Project, args: &[&str]) -> Ran {
    let base = ["train", "--engine", "trl", "--train", "rows.csv", "--dev", "dev.csv"];
    project.emogrid(&[&base[..], args].concat())
}

#[cfg(unix)]
#[test]
fn an_engine_is_run_and_its_adapter_can_be_served() {
    let project = project();
    project.write("models/tiny.gguf", "GGUF");
    let ending = "echo '{\"seconds\": 7.2, \"first_loss\": 2.5, \"last_loss\": 0.25, \"dev_loss_before\": 3, \
                  \"dev_loss_after\": 0.5}' > \"$folder/result.json\"\nprintf GGUF > \"$folder/adapter.gguf\"";
    let python = python(&project, ending);
    let args = ["--base", "models/tiny.gguf", "--python", &python, "--measure", "0", "-o", "out/tuned"];
    let ran = tune(&project, &args)
        .exits(0)
        .says("1 row with several labels left out")
        .says("step 1 of 60, loss 2.500, 3 s left");
    assert_eq!(ran.stdout, "tuned in 7 s: loss 2.50 → 0.25 in training, 3.00 → 0.50 on dev\n");
    assert!(!ran.stderr.contains("Warning"), "{}", ran.stderr);
    let rows: Vec<Value> = project.rows("out/tuned/data/train.jsonl");
    let answers: Vec<_> = rows.iter().map(|row| row["messages"][2]["content"].as_str().unwrap()).collect();
    assert_eq!(answers, ["\"joy\"", "\"anger\"", "\"joy\""], "as a schema has them");
    assert_eq!(project.rows("out/tuned/data/dev.jsonl").len(), 1);
    let recipe: Value = serde_json::from_str(&project.read("out/tuned/recipe.json")).unwrap();
    assert!(recipe["base"]["gguf"].as_str().is_some_and(|path| PathBuf::from(path).is_absolute()));
    assert_eq!((&recipe["rank"], &recipe["alpha"]), (&16.into(), &32.into()));
    let config = project.read("out/tuned/tuned.yaml");
    assert!(
        config.contains("lora: \"")
            && config.contains("emotion: { label: true, values: [\"anger\", \"joy\"] }"),
        "{config}"
    );
    project.emogrid(&["check", "out/tuned/tuned.yaml"]).exits(0);
    project.emogrid(&["check", "out/tuned/base.yaml"]).exits(0);
    // What took a while is not written over.
    tune(&project, &args).exits(2).says("holds a tuned model already");
}

#[cfg(unix)]
#[test]
fn an_engine_that_fails_says_why() {
    let project = project();
    let python = python(&project, "echo 'RuntimeError: out of memory' >&2\nexit 3");
    project.write("models/tiny.gguf", "GGUF");
    let ran = tune(&project, &["--base", "models/tiny.gguf", "--python", &python]).exits(1);
    for part in [
        "step 1 of 60",
        "failed (exit status: 3)",
        "tuned/train.log ends with:",
        "\n  RuntimeError: out of memory",
    ] {
        assert!(ran.stderr.contains(part), "{part:?} in\n{}", ran.stderr);
    }
    tune(&project, &["--base", "models/tiny.gguf", "--python", "no-such-python"])
        .exits(1)
        .says("no such program");
}

#[test]
fn other_engines_get_a_recipe_and_a_line() {
    let project = project();
    for (engine, file, says) in [
        ("axolotl", "axolotl.yaml", "axolotl train axolotl.yaml"),
        ("unsloth", "tune_unsloth.py", "python tune_unsloth.py"),
        ("mlx", "mlx.yaml", "mlx_lm.lora --config mlx.yaml"),
    ] {
        let base =
            ["train", "--engine", engine, "--base", "some/model", "--train", "rows.csv", "--dev", "dev.csv"];
        let args = [&base[..], &["--task", "generate", "-o", engine]].concat();
        project.emogrid(&args).exits(0).says("5 rows").says(&format!("cd {engine} && "));
        project.emogrid(&args).exits(0).says(says);
        assert!(!project.read(&format!("{engine}/{file}")).is_empty());
        let row = &project.rows(&format!("{engine}/data/train.jsonl"))[2];
        assert_eq!(row["messages"][0]["content"], "Write a short text. Its emotion is anger, joy.");
        assert_eq!(row["messages"][1]["content"], "Both at once");
        let dev = if engine == "mlx" { "valid" } else { "dev" };
        assert_eq!(project.rows(&format!("{engine}/data/{dev}.jsonl")).len(), 1);
    }
}

#[test]
fn a_dry_run_writes_nothing_and_a_test_row_reaches_no_data() {
    let project = project();
    let shown = tune(&project, &["--dry-run", "--steps", "9"]).exits(0).stdout;
    for part in [
        "3 rows, 9 steps of 4: 12.0 times through the rows",
        "== train.py\n",
        "== requirements.txt\n",
        "\"steps\": 9",
    ] {
        assert!(shown.contains(part), "{part:?} in\n{shown}");
    }
    assert!(!project.path().join("tuned").exists());
    project.write("test.csv", "text,emotion\nNOT  again,anger\n");
    let args = ["--engine", "mlx", "--base", "a/b", "--train", "rows.csv", "--test", "test.csv"];
    project.emogrid(&[&["train"], &args[..]].concat()).exits(0).says("1 training row left out");
    assert!(!project.read("tuned/data/train.jsonl").contains("Not again"));
    for (args, says) in [
        (&["--engine", "axolotl"][..], "this engine reads no GGUF files"),
        (&["--engine", "trl", "--base", "none.gguf"], "there is no such file"),
        (&["--probe", "--steps", "3"], "--steps is for `--engine`"),
        (&["--engine", "trl", "--instruction", "{{ x", "--base", "a/b", "-o", "x"], "--instruction: "),
    ] {
        project.emogrid(&[&["train", "--train", "rows.csv"], args].concat()).exits(2).says(says);
    }
}
