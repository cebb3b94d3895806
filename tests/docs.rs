//! What the documentation says is so.

#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/links.rs"]
mod links;

use std::path::Path;

use emogrid::config::keys;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Holds that what a page has behind its marker is what the code says.
///
/// `UPDATE_DOCS=1 cargo test --test docs` writes it anew.
fn generated(page: &str, marker: &str, now: &str) {
    let text = read(page);
    let (before, there) = text.split_once(marker).unwrap_or_else(|| panic!("{page} has no `{marker}`"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let whole = format!("{before}{marker}{now}");
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(page), whole).unwrap();
        return;
    }
    assert_eq!(there, now, "{page}: run UPDATE_DOCS=1 cargo test --test docs");
}

#[test]
fn the_reference_of_keys_is_that_of_the_code() {
    generated("docs/config.md", "`NAME` is a name of yours.\n", &keys::reference());
}

#[test]
fn the_table_of_reasons_is_that_of_the_code() {
    generated("docs/checks.md", "the key that governs it.\n", &emogrid::check::Reason::reference());
}

/// The table has every name that a rejection is counted under.
#[test]
fn every_reason_is_in_the_table() {
    let source = read("src/check/reason.rs");
    let names = source.split("pub fn name(&self)").nth(1).and_then(|rest| rest.split("\n    }\n").next());
    let names = names.unwrap().split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    let page = read("docs/checks.md");
    let mut seen = 0;
    for name in names {
        seen += 1;
        // One has no key, and a sentence of its own.
        let said = if name == "forgotten" { "and `forgotten` is" } else { &format!("\n| `{name}` |") };
        assert!(page.contains(said), "docs/checks.md has no row for `{name}`");
    }
    assert!(seen >= 20, "only {seen} reasons were found");
}

/// Each key stands in a table of its section, be it under another section of the same keys.
#[test]
fn every_key_is_in_the_reference() {
    let page = read("docs/config.md");
    let tables: Vec<(&str, &str)> =
        page.split("\n### ").skip(1).filter_map(|section| section.split_once("\n| key |")).collect();
    for path in keys::paths() {
        let (section, name) = path.rsplit_once('.').unwrap_or(("The whole config", &path));
        let heading = |head: &str| head.contains(&format!("`{section}`")) || head.starts_with(section);
        let table = tables.iter().find(|(head, _)| heading(head));
        let (_, rows) = table.unwrap_or_else(|| panic!("docs/config.md has no table for `{section}`"));
        assert!(rows.contains(&format!("\n| `{name}` |")), "docs/config.md has no row for `{path}`");
    }
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
    let taxonomy = complete.iter().find(|block| block.starts_with("# taxonomies/mine.yaml")).unwrap();
    write("taxonomies/mine.yaml", taxonomy);
    // With the sections that a part of a config leaves out.
    let filled = |block: &str| {
        let mut text = block.to_owned();
        for (section, line) in [
            ("endpoints:", "endpoints: { local: http://127.0.0.1:8080 }"),
            ("prompt:", "prompt: { user: 'Write.' }"),
            ("grid:", "grid: { axes: { emotion: { from: ekman, label: true } } }"),
        ] {
            if !block.lines().any(|other| other.starts_with(section)) {
                text.push_str(&format!("{line}\n"));
            }
        }
        text
    };
    let own = complete.iter().filter(|block| block.contains("tone.hint") || block.contains("mine.yaml, "));
    // A managed server's model is to be there.
    let endpoints =
        blocks("docs/endpoints.md", "yaml").into_iter().filter(|block| !block.contains("managed:"));
    let own = own.cloned().chain(endpoints);
    let own: Vec<String> = own.map(|block| filled(&block)).collect();
    assert!(own.len() >= 5, "only {} parts of configs were found", own.len());
    write("configs/moods.yaml", &complete[0]);
    let samples = complete.last().unwrap();
    let axes = "\ngrid: { axes: { emotion: { from: ekman }, sentiment: [good, bad] } }\n";
    let mut cases = vec![
        format!("{samples}{axes}{rest}"),
        blocks("README.md", "yaml").remove(0),
        complete[0].clone(),
        complete[1].clone(),
        format!("{}{rest}", complete[2]),
        format!(
            "{}{axes}\nendpoints: {{ local: http://127.0.0.1:8080 }}\nlists: {{ places: places.txt }}\n",
            blocks("docs/templates.md", "yaml")[0]
        ),
    ];
    cases.extend(own);
    for (index, text) in cases.iter().enumerate() {
        let path = write(&format!("configs/example{index}.yaml"), text);
        let opened = emogrid::pipeline::open(&path, &[], emogrid::grid::Size::Warn)
            .unwrap_or_else(|report| panic!("example {index}: {report}"));
        // Whole configs are to be taken as they stand.
        let codes: Vec<_> = opened.warnings.found.iter().map(|found| found.code).collect();
        let whole = [&blocks("README.md", "yaml")[0], &complete[0]].contains(&text);
        let fine = ["unread-axis", "unused-list"];
        assert!(
            !whole || codes.iter().all(|code| fine.contains(code)),
            "example {index}: {}",
            opened.warnings
        );
    }
}

#[test]
fn the_shipped_configs_are_right() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    for entry in std::fs::read_dir(configs).unwrap() {
        let path = entry.unwrap().path();
        match emogrid::pipeline::open(&path, &[], emogrid::grid::Size::Warn) {
            Ok(opened) => assert!(opened.warnings.found.is_empty(), "{}", opened.warnings),
            Err(report) => panic!("{}: {report}", path.display()),
        }
    }
}

/// The examples of `docs/audit.md` are run as they stand, on its own rows and keys.
#[test]
fn the_examples_of_the_audit_run() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.path().join("configs")).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
    };
    write("posts.jsonl", &blocks("docs/audit.md", "jsonl")[0]);
    let keys = &blocks("docs/audit.md", "yaml")[0];
    let rest = "endpoints: { local: http://127.0.0.1:1 }\nprompt: { user: '{{ emotion }}' }\n\
                grid: { axes: { emotion: { from: ekman, label: true } } }\n";
    write("configs/moods.yaml", &format!("{keys}{rest}"));
    let mut ran = 0;
    // A model that is asked stands on no page.
    let asks =
        |line: &str| line.contains("--probe") || line.contains("--endpoint") && !line.contains("--fix");
    let blocks = blocks("docs/audit.md", "sh");
    for line in blocks.iter().flat_map(|block| block.lines()).filter(|line| !asks(line)) {
        let words = line.strip_prefix("emogrid ").unwrap().split_whitespace();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_emogrid"))
            .args(words)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert!(ran >= 7, "only {ran} examples were run");
    for name in ["configs/dropped.jsonl", "weighted.jsonl", "swapped.jsonl"] {
        assert!(folder.path().join(name).exists(), "{name} was not written");
    }
}

/// The example of `docs/refine.md` gives what stands there.
#[test]
fn the_example_of_refining_gives_what_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let page = "docs/refine.md";
    let json = blocks(page, "json");
    for (name, text) in
        [("moods.yaml", &blocks(page, "yaml")[0]), ("eval.json", &json[0]), ("shortage.json", &json[1])]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let examples = blocks(page, "sh");
    let words = examples[1].trim().strip_prefix("emogrid ").unwrap().split_whitespace();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_emogrid"));
    let output = command.args(words).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), blocks(page, "text")[0]);
}

/// The table of metrics has each with the bounds that it has.
#[test]
fn every_metric_is_documented_with_its_bounds() {
    let page = read("docs/audit.md");
    for metric in emogrid::audit::METRICS {
        let start = format!("| `{}` |", metric.key);
        let row = page.lines().find(|line| line.starts_with(&start));
        let row = row.unwrap_or_else(|| panic!("docs/audit.md has no row `{}`", metric.key));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for (cell, bound) in [(cells[3], metric.warn), (cells[4], metric.fail)] {
            let number = cell.rsplit(' ').next().unwrap();
            assert_eq!(number.parse(), Ok(bound), "{}: {cell}", metric.key);
            assert_eq!(cell.starts_with("below"), metric.worse == emogrid::audit::Worse::Lower, "{row}");
        }
    }
    for group in emogrid::audit::GROUPS {
        assert!(page.contains(group), "docs/audit.md does not name the group {group}");
    }
}

/// The blocks of `docs/templates.md` in order: language and text.
fn fenced(page: &str) -> Vec<(String, String)> {
    let parts: Vec<&str> = page.split("```").collect();
    let blocks = parts.iter().skip(1).step_by(2);
    let split = blocks.filter_map(|block| block.split_once('\n'));
    split.map(|(language, text)| (language.to_owned(), text.to_owned())).collect()
}

/// `UPDATE_DOCS=1 cargo test --test docs` writes what templates render to anew.
#[test]
fn the_examples_of_templates_render_to_what_is_said() {
    let page = read("docs/templates.md");
    let blocks = fenced(&page);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    };
    let config = blocks.iter().find(|(language, text)| language == "yaml" && text.contains("grid:")).unwrap();
    write("configs/example.yaml", &config.1);
    write("configs/names.txt", "Ann\nBen\nChloe\nDev\n");
    write(
        "configs/train.jsonl",
        "{\"text\": \"He let me hold the baby!\", \"emotion\": \"joy\"}\n{\"text\": \"Rain again, so no picnic.\", \"emotion\": \"sadness\"}\n{\"text\": \"Passed. I can hardly type this.\", \"emotion\": \"joy\"}\n",
    );
    write("configs/people.csv", "name,job\nAnn,nurse\nBen,IT engineer\n");
    for (_, text) in blocks.iter().filter(|(language, _)| language == "jinja") {
        if let Some((name, file)) = text.strip_prefix("{# prompts/").and_then(|rest| rest.split_once(" #}\n"))
        {
            write(&format!("prompts/{name}"), file);
        }
    }
    let mut page_now = page.clone();
    let mut rendered = 0;
    for pair in blocks.windows(2).filter(|pair| pair[0].0 == "jinja" && pair[1].0 == "text") {
        write("prompts/example.j2", &pair[0].1);
        let path = folder.path().join("configs/example.yaml");
        let opened = emogrid::pipeline::open(&path, &[], emogrid::grid::Size::Any);
        let opened = opened.unwrap_or_else(|report| panic!("{}\n{report}", pair[0].1));
        let grid = &opened.recipe.grid;
        let cell = (0..grid.size()).find(|cell| grid.describe(grid.cell(*cell)).contains("emotion=joy"));
        let (messages, _) = opened.recipe.messages(cell.unwrap(), 0).unwrap();
        let now = format!("{}\n", messages[0].content);
        rendered += 1;
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let after = |text: &str| format!("```jinja\n{}```\n\n```text\n{text}```", pair[0].1);
            page_now = page_now.replace(&after(&pair[1].1), &after(&now));
            continue;
        }
        assert_eq!(now, pair[1].1, "run UPDATE_DOCS=1 cargo test --test docs\n{}", pair[0].1);
    }
    assert!(rendered >= 8, "only {rendered} examples were rendered");
    if page_now != page {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md"), page_now).unwrap();
    }
}

/// Every filter of our own stands in the page on templates, and is used in an example there.
#[test]
fn every_filter_of_our_own_is_documented() {
    let page = read("docs/templates.md");
    let jinja: String =
        fenced(&page).into_iter().filter(|(language, _)| language == "jinja").map(|(_, text)| text).collect();
    let source = read("src/prompt/template.rs");
    let filters: Vec<&str> =
        source.split("add_filter(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(filters.len() >= 7, "{filters:?}");
    for filter in filters {
        assert!(page.contains(&format!("\\| {filter}")), "no row for `{filter}`");
        assert!(jinja.contains(&format!("| {filter}")), "no example of `{filter}`");
    }
}

/// The commands, but for clap's own `help`.
fn commands() -> Vec<clap::Command> {
    let program = <emogrid::cli::Cli as clap::CommandFactory>::command();
    program.get_subcommands().cloned().collect()
}

#[test]
fn there_is_a_manual_page_for_every_command_and_all_are_named_in_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&std::ffi::OsStr]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_emogrid")).arg("man").args(args).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let first = run(&[]);
    assert!(run(&[folder.path().as_os_str()]).is_empty(), "standard output is for data");
    let page = |name: &str| std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
    assert_eq!(page("emogrid"), first);
    for command in commands() {
        let name = format!("emogrid-{}", command.get_name());
        assert!(first.contains(&name.replace('-', "\\-")), "the first page does not name {name}");
        let text = page(&name);
        for part in [".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), commands().len() + 1);
}

#[test]
fn the_help_of_every_command_has_examples_that_are_right() {
    for mut command in commands() {
        let name = command.get_name().to_owned();
        let help = command.render_help().to_string();
        let examples: Vec<&str> = help
            .split("Examples:")
            .nth(1)
            .unwrap_or("")
            .lines()
            .filter_map(|line| line.strip_prefix("  emogrid "))
            .collect();
        assert!(!examples.is_empty(), "`emogrid {name}` has no examples");
        for example in examples {
            let words = example.split("   ").next().unwrap().split(['>', '|']).next().unwrap();
            let words = std::iter::once("emogrid").chain(words.split_whitespace());
            if let Err(error) = <emogrid::cli::Cli as clap::Parser>::try_parse_from(words) {
                panic!("emogrid {example}: {error}");
            }
        }
    }
}

#[test]
fn every_warning_is_in_the_documentation() {
    let page = read("docs/editing.md");
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            for rest in source.split("Diagnostic::warning(").skip(1) {
                let Some(code) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next())
                else {
                    continue;
                };
                seen += 1;
                assert!(page.contains(&format!("`{code}`")), "docs/editing.md does not name `{code}`");
            }
        }
    }
    assert!(seen >= 10, "only {seen} warnings were found");
}

/// The files of systemd on the page, by the path that it names above each.
fn units() -> Vec<(String, String)> {
    let page = read("docs/nightly.md");
    let names = page.lines().filter_map(|line| line.strip_prefix("As `/etc/systemd/system/"));
    let names = names.map(|rest| rest.split('`').next().unwrap().to_owned());
    names.zip(blocks("docs/nightly.md", "ini")).collect()
}

#[test]
fn the_units_on_the_page_are_what_systemd_takes() {
    let folder = tempfile::tempdir().unwrap();
    let units = units();
    assert_eq!(units.len(), 2);
    let paths = units.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        // It looks whether the program is there.
        std::fs::write(&path, text.replace("/usr/local/bin/emogrid", env!("CARGO_BIN_EXE_emogrid"))).unwrap();
        path
    });
    let paths: Vec<_> = paths.collect();
    let verified = std::process::Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .args(&paths)
        .output();
    let Ok(verified) = verified else {
        eprintln!("skipped: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    let ours: Vec<_> = said.lines().filter(|line| line.contains("emogrid-moods")).collect();
    assert!(verified.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn the_units_end_a_run_as_it_wants_to_be_ended_and_begin_none_by_day() {
    let units = units();
    let [(_, service), (_, timer)] = &units[..] else { panic!("{units:?}") };
    let has = |unit: &str, line: &str| unit.lines().any(|other| other == line);
    // A server that the run started is not to be stopped beside it.
    assert!(has(service, "KillMode=mixed") && has(service, "KillSignal=SIGINT"));
    assert!(has(service, "SuccessExitStatus=3"));
    let until = service.lines().any(|line| line.starts_with("ExecStart=") && line.contains("--until"));
    assert!(
        until && !has(timer, "Persistent=true"),
        "a run that a late boot begins would go on until tomorrow"
    );
}
