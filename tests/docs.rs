//! What the documentation says is so.

use std::path::Path;

use emogrid::config::keys;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// `UPDATE_DOCS=1 cargo test --test docs` writes the reference anew.
#[test]
fn the_reference_of_keys_is_that_of_the_code() {
    let text = read("docs/config.md");
    let marker = "`NAME` is a name of yours.\n";
    let (before, reference) = text.split_once(marker).expect("docs/config.md has its marker");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let whole = format!("{before}{marker}{}", keys::reference());
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.md"), whole).unwrap();
        return;
    }
    assert_eq!(reference, keys::reference(), "run UPDATE_DOCS=1 cargo test --test docs");
}

/// The code blocks of a page in a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    read(page)
        .split(&format!("```{language}\n"))
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn the_examples_of_configs_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    write("prompts/social/system.j2", "You write posts.");
    write("prompts/social/post.j2", "{{ emotion }} {{ lists.places | pick }}");
    write("configs/places.txt", "a park\na shop\n");
    write("taxonomies/contexts.yaml", "values: [work, family]");
    let complete = blocks("docs/config.md", "yaml");
    let rest = "\nendpoints: { local: http://127.0.0.1:8080 }\nprompt: { user: '{{ emotion }}' }\n";
    write("configs/moods.yaml", &complete[0]);
    let samples = complete.last().unwrap();
    let axes = "\ngrid: { axes: { emotion: { from: ekman }, sentiment: [good, bad] } }\n";
    let cases = [
        format!("{samples}{axes}{rest}"),
        blocks("README.md", "yaml").remove(0),
        complete[0].clone(),
        complete[1].clone(),
        format!("{}{rest}", complete[2]),
    ];
    for (index, text) in cases.iter().enumerate() {
        let path = write(&format!("configs/example{index}.yaml"), text);
        if let Err(report) = emogrid::pipeline::open(&path, &[]) {
            panic!("example {index}: {report}");
        }
    }
}

#[test]
fn the_shipped_configs_are_right() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    for entry in std::fs::read_dir(configs).unwrap() {
        let path = entry.unwrap().path();
        if let Err(report) = emogrid::pipeline::open(&path, &[]) {
            panic!("{}: {report}", path.display());
        }
    }
}

#[test]
fn every_command_and_flag_in_the_documentation_exists() {
    let help = |args: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_emogrid")).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for page in ["README.md", "docs/config.md", "docs/editing.md", "docs/runs.md"] {
        for line in blocks(page, "sh").iter().flat_map(|block| block.lines()) {
            let Some(command) = line.trim().strip_prefix("emogrid ") else {
                continue;
            };
            let command = command.split('#').next().unwrap();
            let mut words = command.split_whitespace();
            let Some(subcommand) = words.next().filter(|word| word.chars().all(char::is_alphabetic)) else {
                continue;
            };
            let text = help(&[subcommand, "--help"]);
            assert!(!text.is_empty(), "{page}: no command `{subcommand}`");
            for flag in words.filter(|word| word.starts_with('-')) {
                assert!(text.contains(flag), "{page}: `emogrid {subcommand}` has no `{flag}`");
            }
        }
    }
}
