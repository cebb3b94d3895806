//! Commands that the documentation names are such as the program takes.

use super::{fenced, read};

/// README and all other pages.
pub fn pages() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut pages: Vec<String> = names
        .map(|name| format!("docs/{}", name.to_str().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .collect();
    pages.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned));
    pages.sort();
    pages
}

/// The words of each call of emogrid in lines for a shell, without its name.
fn calls(text: &str) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut end = |words: &mut Vec<String>| {
        if words.first().is_some_and(|word| word == "emogrid") {
            out.push(words.split_off(1));
        }
        words.clear();
    };
    for line in text.replace("\\\n", " ").lines() {
        let mut chars = line.trim_start_matches("$ ").chars().peekable();
        let mut redirected = false;
        while let Some(c) = chars.next() {
            match c {
                ' ' => {}
                '#' => break,
                '|' | ';' | '&' => {
                    end(&mut words);
                    redirected = false;
                }
                '>' | '<' => redirected = true,
                _ => {
                    let mut word = String::new();
                    let mut next = Some(c);
                    while let Some(c) = next {
                        match c {
                            '\'' | '"' => word.extend(chars.by_ref().take_while(|other| *other != c)),
                            '(' if word.ends_with('$') => {
                                word.extend(chars.by_ref().take_while(|other| *other != ')'));
                            }
                            _ => word.push(c),
                        }
                        next = chars.next_if(|c| !" |;&<>".contains(*c));
                    }
                    if !redirected {
                        words.push(word);
                    }
                }
            }
        }
        end(&mut words);
    }
    out
}

#[test]
fn words_of_calls_are_as_a_shell_takes_them() {
    let text = "emogrid plan a.yaml --set 'checks.words=[4, 30]' > out  # why\n\
                cat x | emogrid dedup - \\\n  -o \"y z\"\nls emogrid\n$ emogrid runs $(ls | head)\n";
    let expected: [&[&str]; 3] = [
        &["plan", "a.yaml", "--set", "checks.words=[4, 30]"],
        &["dedup", "-", "-o", "y z"],
        &["runs", "$ls | head"],
    ];
    assert_eq!(calls(text), expected);
}

#[test]
fn every_command_in_a_block_is_taken_as_it_stands() {
    let mut seen = 0;
    for page in pages() {
        for (language, text) in fenced(&read(&page)) {
            if !["sh", "console"].contains(&language.as_str()) {
                let unread = text.lines().find(|line| language.is_empty() && line.starts_with("emogrid "));
                assert_eq!(unread, None, "{page}: mark this block as `sh`, so that it is read");
                continue;
            }
            // What a session shows beside its commands is no command.
            let is_command = |line: &&str| language == "sh" || line.starts_with("$ ");
            let lines: Vec<&str> = text.lines().filter(is_command).collect();
            for call in calls(&lines.join("\n")) {
                seen += 1;
                let words = std::iter::once("emogrid").chain(call.iter().map(String::as_str));
                if let Err(error) = <emogrid::cli::Cli as clap::Parser>::try_parse_from(words) {
                    panic!("{page}: emogrid {}: {error}", call.join(" "));
                }
            }
        }
    }
    assert!(seen >= 100, "only {seen} commands were read");
}

/// What is written within a sentence may leave arguments out, but nothing there is made up.
#[test]
fn every_command_in_a_sentence_exists_with_its_flags() {
    let program = <emogrid::cli::Cli as clap::CommandFactory>::command();
    let mut seen = 0;
    for page in pages() {
        let text = read(&page);
        let prose: String = text.split("```").step_by(2).collect();
        for call in prose.split('`').skip(1).step_by(2).flat_map(|span| calls(&span.replace('\n', " "))) {
            let mut command = &program;
            let mut words = call.iter().peekable();
            while let Some(next) = words.peek().and_then(|word| command.find_subcommand(word)) {
                command = next;
                words.next();
            }
            let named =
                call.first().is_none_or(|word| word.starts_with('-')) || !std::ptr::eq(command, &program);
            assert!(named, "{page}: no command `{}`", call.join(" "));
            for flag in words.filter_map(|word| word.strip_prefix("--")) {
                let flag = flag.split('=').next().unwrap_or(flag);
                let known = ["help", "version"].contains(&flag)
                    || command.get_arguments().any(|argument| argument.get_long() == Some(flag));
                assert!(known, "{page}: `emogrid {}` has no `--{flag}`", command.get_name());
            }
            seen += 1;
        }
    }
    assert!(seen >= 50, "only {seen} commands were read");
}
