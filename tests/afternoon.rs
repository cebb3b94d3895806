//! `docs/afternoon.md` is run as it is written, with the real model and server.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A command of the page with what it is to say.
#[derive(Debug)]
struct Step {
    line: usize,
    command: String,
    says: Vec<String>,
}

/// The commands of a page's `console` blocks.
fn steps(page: &str) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::new();
    let mut inside = false;
    for (index, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
            continue;
        } else if let Some(command) = line.strip_prefix("$ ") {
            out.push(Step { line: index + 1, command: command.to_owned(), says: Vec::new() });
        } else if let Some(step) = out.last_mut() {
            step.says.push(line.to_owned());
        }
    }
    out
}

/// Whether lines are as written, `⋮` being any lines.
fn fits(wanted: &[String], said: &[&str]) -> bool {
    match wanted.split_first() {
        None => said.is_empty(),
        Some((first, rest)) if first == "⋮" => (0..=said.len()).any(|skip| fits(rest, &said[skip..])),
        Some((first, rest)) => {
            said.split_first().is_some_and(|(line, said)| line_fits(first, line) && fits(rest, said))
        }
    }
}

/// Whether a line is as written, `…` being any text.
fn line_fits(wanted: &str, said: &str) -> bool {
    let (said, wanted) = (said.trim_end(), wanted.trim_end());
    let Some((first, rest)) = wanted.split_once('…') else { return said == wanted };
    let Some(mut said) = said.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('…').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = said.find(part) else { return false };
        said = &said[at + part.len()..];
    }
    said.ends_with(last)
}

#[test]
fn what_is_left_out_may_be_anything_and_the_rest_may_not() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (wanted, said, fit) in [
        ("a … c", "a b b c", true),
        ("a … c", "a b b", false),
        ("…/1,000 …", "67/1,000 95", true),
        ("⋮\nb\n⋮", "a\nb\nc", true),
        ("⋮\nb\n⋮", "a\nc", false),
        ("a\nb", "a\nb\nc", false),
    ] {
        assert_eq!(fits(&lines(wanted), &said.lines().collect::<Vec<_>>()), fit, "{wanted:?} {said:?}");
    }
}

#[test]
#[ignore = "asks the real model, for some minutes"]
fn the_afternoon_is_as_it_is_told() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/afternoon.md")).unwrap();
    let steps = steps(&page);
    assert!(steps.len() > 15, "too few steps were found: {}", steps.len());
    let folder = tempfile::tempdir().unwrap();
    let mut here: PathBuf = folder.path().to_owned();
    let program = Path::new(env!("CARGO_BIN_EXE_emogrid")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    for Step { line, command, says } in steps {
        if let Some(folder) = command.strip_prefix("cd ") {
            here.push(folder);
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}; }} 2>&1")])
            .current_dir(&here)
            .env("PATH", &path)
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(
            fits(&says, &said.lines().collect::<Vec<_>>()),
            "docs/afternoon.md:{line}: $ {command}\nis to say:\n{}\nand says:\n{said}",
            says.join("\n")
        );
    }
}
