//! Looking, choosing and asking why, between one edit and the next.

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::project::Project;

#[test]
fn a_part_of_the_grid_is_asked_for_and_the_rest_later() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let run = |more: &[&str]| {
        let mut args = vec!["run", "small.yaml", "--json"];
        args.extend(more);
        project.emogrid(&args)
    };
    let plan = project.emogrid(&["plan", "small.yaml", "--json", "--where", "emotion=joy"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["samples"]), (&2.into(), &8.into()));
    let part = run(&["--where", "emotion=joy", "--where", "sentiment=good,bad"]).exits(0).json();
    assert_eq!((&part["accepted"], &part["requests"]), (&4.into(), &4.into()));
    assert!(fake.seen().iter().all(|seen| seen.user().contains("joy")));
    run(&["--limit", "1"]).exits(0);
    let all = run(&[]).exits(0).json();
    assert_eq!(all["accepted"], 8);
    assert_eq!(fake.take_count(), 8, "nothing is asked twice");
    run(&["--where", "emotion=rage"]).exits(2).says("no value `rage`");
    run(&["--where", "emotoin=joy"]).exits(2).says("did you mean `emotion`");
    run(&["--where", "joy"]).exits(2).says("AXIS=VALUE");
}

#[test]
fn a_preview_shows_messages_and_asks_only_when_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let shown = project.emogrid(&["preview", "small.yaml", "--where", "emotion=joy"]).exits(0).stdout;
    assert!(shown.contains("Write a good post that shows joy: bright"), "{shown}");
    assert!(!shown.contains("anger"), "{shown}");
    assert_eq!(fake.take_count(), 0);
    assert!(!project.path().join(".emogrid").exists(), "a look leaves nothing behind");

    fake.script(|_, _| Reply::text(r#"{"text": "Fine day."}"#));
    let args = ["preview", "small.yaml", "--where", "emotion=joy", "--where", "sentiment=good", "--generate"];
    let made = project.emogrid(&args);
    assert!(made.stdout.contains("accepted   Fine day."), "{made:?}");
    assert!(made.stdout.contains("rejected   Fine day."), "{made:?}");
    assert!(made.stdout.contains("a duplicate of"), "{made:?}");
    assert_eq!(project.rows("out/small/dataset.jsonl").len(), 1, "it is an ask like any other");
}

#[test]
fn a_preview_of_differences_shows_the_changed_lines() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let diff =
        || project.emogrid(&["preview", "small.yaml", "--diff", "--where", "emotion=joy"]).exits(0).stdout;
    assert!(diff().contains("nothing ran here before"));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(diff().contains("the same messages"));
    project.edit("small.yaml", "bright", "glad");
    let shown = diff();
    assert!(shown.contains("- Write a good post that shows joy: bright"), "{shown}");
    assert!(shown.contains("+ Write a good post that shows joy: glad"), "{shown}");
    // A message that is there no more is a difference too.
    project.edit("small.yaml", "prompt: {", "prompt: { system: Be brief.,");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", " system: Be brief.,", "");
    let shown = diff();
    assert!(shown.contains("system:\n  - Be brief.") && !shown.contains("the same messages"), "{shown}");
}

#[test]
fn templates_are_found_in_folders_that_are_links() {
    let project = Project::small("http://127.0.0.1:9");
    project.write("shared/post.j2", "Write about {{ emotion }}.");
    std::fs::create_dir(project.path().join("prompts")).unwrap();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(project.path().join(to), project.path().join(name)).unwrap();
    };
    link("shared", "prompts/mine");
    // A link that leads back is entered once.
    link("prompts", "prompts/again");
    let text = project.read("small.yaml");
    let line = text.lines().find(|line| line.starts_with("prompt:")).unwrap();
    project.edit("small.yaml", line, "prompt: { user: { from: mine/post.j2 } }");
    let shown = project.emogrid(&["preview", "small.yaml", "--where", "emotion=joy"]).exits(0).stdout;
    assert!(shown.contains("Write about joy."), "{shown}");
}

#[test]
fn a_plan_names_what_was_changed() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("prompts/a.j2", "You write posts.\nShort ones.\n");
    project.edit("small.yaml", "prompt: {", "prompt: { system: { from: a.j2 },");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let causes = || {
        let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
        plan["causes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|cause| cause.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(causes(), Vec::<String>::new());
    project.edit("small.yaml", "bright", "glad");
    project.edit("small.yaml", "per_cell: 2", "per_cell: 3");
    project.edit("prompts/a.j2", "Short", "Long");
    assert_eq!(
        causes(),
        ["emotion.joy.definition: \"bright\" → \"glad\"", "samples.per_cell: 2 → 3", "prompts/a.j2:2"]
    );
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let log = project.emogrid(&["log", "small.yaml"]).exits(0).stdout;
    assert!(log.contains("8 of 8 rows") && log.contains("12 of 12 rows"), "{log}");
    assert!(log.contains("prompts/a.j2:2"), "{log}");
    let first = project.emogrid(&["log", "small.yaml", "--show", "1"]).exits(0).stdout;
    assert!(first.contains("Short ones.") && first.contains("definition: bright"), "{first}");
    project.emogrid(&["log", "small.yaml", "--show", "9"]).exits(1).says("no state 9");
}

#[test]
fn a_new_project_is_right_as_it_stands() {
    let project = Project::new();
    project.emogrid(&["init", "fresh"]).exits(0).says("emogrid check");
    let inside = |args: &[&str]| {
        let output = project.command(args).current_dir(project.path().join("fresh")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = inside(&["check", "configs/moods.yaml"]);
    assert!(said.contains("ok") && !said.contains("warning"), "{said}");
    inside(&["preview", "configs/moods.yaml"]);
    let schema = project.emogrid(&["schema"]).exits(0).json();
    let written: serde_json::Value =
        serde_json::from_str(&project.read("fresh/configs/emogrid.schema.json")).unwrap();
    assert_eq!(schema, written);
    project.emogrid(&["init", "fresh"]).exits(2).says("already");
    for shell in ["bash", "zsh", "fish"] {
        assert!(project.emogrid(&["completions", shell]).exits(0).stdout.contains("emogrid"));
    }
}

#[test]
fn the_doctor_tells_a_good_endpoint_from_one_that_would_spoil_a_night() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let look = || project.emogrid(&["check", "small.yaml", "--endpoint"]);
    let good = look().exits(0).stdout;
    for part in
        ["its model is fake-1b", "it has 4 slots", "a slot holds 2,048", "holds answers to the JSON Schema"]
    {
        assert!(good.contains(part), "{part}: {good}");
    }
    assert!(!good.contains("BAD"), "{good}");
    assert!(!project.path().join(".emogrid/store.db").exists(), "nothing of it is stored");

    let args = ["check", "small.yaml", "--endpoint", "--set", "response.n=8"];
    let many = project.emogrid(&args).exits(1).stdout;
    assert!(many.contains("it has 4 slots, and `response.n: 8` takes as many"), "{many}");

    fake.model(|model| model.context = 200);
    let cramped = look().exits(1).stdout;
    assert!(cramped.contains("BAD") && cramped.contains("a larger `-c`"), "{cramped}");

    fake.model(|model| model.context = 2048);
    fake.script(|seen, _| match seen.body["response_format"].is_null() {
        true => Reply::Good,
        false => Reply::text("Paris, of course."),
    });
    let free = look().exits(1).stdout;
    assert!(free.contains("does not hold answers to the JSON Schema"), "{free}");

    fake.script(|_, _| {
        Reply::Raw(
            r#"{"choices":[{"message":{"content":"Sunny.","reasoning_content":"Let me think."},"finish_reason":"stop"}]}"#
                .into(),
        )
    });
    assert!(look().stdout.contains("enable_thinking"));
    fake.model(|model| model.llama = false);
    assert!(look().stdout.contains("tells no more of it"));
}

#[test]
fn what_nothing_needs_is_deleted_only_when_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let first = project.read("out/small/dataset.jsonl");
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.take_count();
    let gc = |more: &[&str]| {
        let mut args = vec!["gc", "small.yaml"];
        args.extend(more);
        project.emogrid(&args).exits(0).stdout
    };
    assert!(gc(&[]).starts_with("0 stored answers"), "the last days' are kept");
    assert!(gc(&["--days", "0"]).starts_with("4 stored answers"));
    project.edit("small.yaml", "glad", "bright");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(project.read("out/small/dataset.jsonl"), first);
    assert!(gc(&["--days", "0", "--delete"]).contains("deleted"));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 0, "what the config needs is still there");
    project.edit("small.yaml", "bright", "glad");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(fake.take_count(), 4, "what was deleted is asked again");
}

#[test]
fn a_run_says_when_its_config_was_edited_meanwhile() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let path = project.path().join("small.yaml");
    fake.script(move |_, before| {
        if before == 3 {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text.replace("bright", "glad")).unwrap();
        }
        Reply::Good
    });
    project.emogrid(&["run", "small.yaml"]).exits(0).says("has changed since this run began");
    project.emogrid(&["run", "small.yaml"]).exits(0);
}

#[test]
fn a_run_under_nohup_goes_on_when_the_terminal_closes() {
    let fake = Fake::start();
    fake.latency(std::time::Duration::from_millis(60));
    let project = Project::small(&fake.url());
    let mut command = std::process::Command::new("sh");
    let run = format!("trap '' HUP; exec {} run small.yaml --json", env!("CARGO_BIN_EXE_emogrid"));
    let mut child = command
        .args(["-c", &run])
        .current_dir(project.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    while fake.seen().is_empty() {
        std::thread::yield_now();
    }
    // SAFETY: the process is a child of ours that was not waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGHUP) };
    assert!(child.wait().unwrap().success());
    assert_eq!(project.rows("out/small/dataset.jsonl").len(), 8);
}

#[test]
fn asks_that_are_not_tried_again_are_passed_over_though_others_are() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    fake.script(|seen, _| {
        match seen.user().contains("joy") && seen.body["seed"].as_u64().unwrap().is_multiple_of(2) {
            true => Reply::status(400, "not this one"),
            false => Reply::Good,
        }
    });
    let first = project.emogrid(&["run", "small.yaml", "--json"]).json();
    assert!(first["failed"].as_u64().unwrap() > 0, "{first}");
    project.edit("small.yaml", "max_asks: 5", "max_asks: 2");
    let short = project.emogrid(&["run", "small.yaml", "--json", "--accept-leaving"]).exits(4).json();
    assert!(short["failed"].as_u64().unwrap() > 0, "{short}");
    let before = project.read("out/small/dataset.jsonl");
    // Only anger is tried again, and none of its asks failed: joy's rows stay.
    let anger = ["run", "small.yaml", "--retry-failed", "--where", "emotion=anger"];
    project.emogrid(&anger).says("no cell lacks a row: nothing is tried again, since what it\nbrings");
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
    // The server is gone: what was not answered stays passed over.
    drop(fake);
    project
        .emogrid(&["run", "small.yaml", "--retry-failed", "--set", "endpoints.fake.patience=300ms"])
        .exits(1);
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
}

#[test]
fn a_config_that_builds_on_another_is_shown_with_where_each_value_was_written() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("more.yaml", "extends: small.yaml\nsamples: { per_cell: 1 }\n");
    let ran = project.emogrid(&["check", "more.yaml", "--resolved", "--set", "seed=3"]).exits(0);
    for line in [
        "samples.per_cell: 1    # more.yaml:2",
        "samples.max_asks: 5    # small.yaml:",
        "seed: 3    # --set:1",
    ] {
        assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
    }
    project.emogrid(&["run", "more.yaml"]).exits(0);
    assert_eq!(project.rows("out/more/dataset.jsonl").len(), 4);
    let files = project.emogrid(&["log", "more.yaml", "--show", "1"]).exits(0).stdout;
    assert!(files.contains("── small.yaml") && files.contains("── more.yaml"), "{files}");
}

#[test]
fn what_is_put_back_is_restored_and_asks_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "name: small", "name: small\nseed: 9");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "seed: 9", "seed: 0");
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["restored"], &plan["changed"], &plan["requests"]), (&4.into(), &0.into(), &0.into()));
    let expected = &plan["expected"];
    assert_eq!((&expected["requests"], &expected["prompt_tokens"]), (&0.into(), &0.into()), "{plan}");
    let text = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    assert!(text.contains("+ 4 cells restored, stored from before"), "{text}");
}

#[test]
fn a_long_warning_is_said_whole_by_check_alone() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "definition: bright", "polarity: positive, definition: bright");
    project.edit("small.yaml", "[good, bad]", "[positive, negative]");
    project.emogrid(&["check", "small.yaml"]).exits(0).says("to leave them out write");
    for args in
        [&["plan", "small.yaml"][..], &["run", "small.yaml"], &["export", "small.yaml", "-o", "x.csv"]]
    {
        let ran = project.emogrid(args).exits(0);
        let said =
            ran.stderr.lines().filter(|line| line.contains("contradictory values")).collect::<Vec<_>>();
        assert_eq!(said.len(), 1, "{}", ran.stderr);
        assert!(said[0].ends_with("(small.yaml:11: `emogrid check` says more)"), "{said:?}");
        assert!(!ran.stderr.contains("to leave them out"), "{}", ran.stderr);
    }
}

#[test]
fn a_key_that_is_not_set_is_warned_of() {
    let project = Project::small("http://127.0.0.1:9");
    project.edit("small.yaml", "fake: ", "fake: { api_key_env: KEY_OF_A_TEST, url: ");
    project.edit("small.yaml", " }\nprompt", " } }\nprompt");
    project.emogrid(&["check", "small.yaml"]).exits(0).says("`KEY_OF_A_TEST` is not set here").says("ok");
    project.emogrid(&["plan", "small.yaml"]).exits(0).says("`KEY_OF_A_TEST` is not set here");
    for args in [&["check", "small.yaml"][..], &["plan", "small.yaml"]] {
        let set = project.command(args).env("KEY_OF_A_TEST", "k").output().unwrap();
        assert!(!String::from_utf8_lossy(&set.stderr).contains("KEY_OF_A_TEST"));
    }
}

#[test]
fn a_run_without_its_key_touches_no_dataset() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "fake: ", "fake: { api_key_env: KEY_OF_A_TEST, url: ");
    project.edit("small.yaml", " }\nprompt", " } }\nprompt");
    let without = |args: &[&str]| project.emogrid(args);
    without(&["run", "small.yaml"]).exits(2).says("export KEY_OF_A_TEST=");
    assert!(!project.path().join("out/small/dataset.jsonl").exists(), "an empty dataset is none");
    let run = project.command(&["run", "small.yaml"]).env("KEY_OF_A_TEST", "k").output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let before = project.read("out/small/dataset.jsonl");
    project.edit("small.yaml", "bright", "glad");
    without(&["run", "small.yaml"]).exits(2).says("export KEY_OF_A_TEST=");
    assert_eq!(project.read("out/small/dataset.jsonl"), before);
}

#[test]
fn a_provider_that_wants_money_is_no_wrong_key() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::status(402, "Insufficient credits"));
    let project = Project::small(&fake.url());
    let ran = project.emogrid(&["run", "small.yaml"]).exits(1).says("its balance and limits");
    assert!(!ran.stderr.contains("api_key_env"), "{}", ran.stderr);
}

/// Quiet is silent but for errors, and what cannot be done is one.
#[test]
fn a_refusal_is_said_also_where_all_else_is_quiet() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let says = |code: i32, args: &[&str], what: &str| {
        let ran = project.emogrid(&[&["-q"], args].concat()).exits(code).says(what);
        assert_eq!(ran.stdout, "", "{args:?}");
    };
    says(1, &["why", "small.yaml", "0123"], "nothing was ever stored");
    says(2, &["forget", "Ann"], "nothing was ever stored here");
    project.emogrid(&["-q", "run", "small.yaml"]).exits(0);
    says(1, &["ctl", "status"], "no run goes on in this project");
    says(1, &["ctl", "pause", "small.yaml"], "no run of `small` goes on");
    says(2, &["ctl", "concurrency", "0"], "0 at a time sends nothing");
    says(2, &["ctl", "status", "none.yaml"], "no config that can be read");
    says(1, &["runs", "small.yaml", "--show", "9"], "there is no run 9");
    says(1, &["log", "small.yaml", "--show", "9"], "there is no state 9");
    for command in ["preview", "plan", "run"] {
        let both = [command, "small.yaml", "--where", "emotion=joy", "--where", "emotion=anger"];
        says(2, &both, "no cell has all of these values");
        says(2, &both, "all of them must hold; any of several is one `--where emotion=…,…`");
        says(2, &[command, "small.yaml", "--limit", "0"], "--limit");
    }
    says(2, &["why", "small.yaml", "xyz"], "an id is hexadecimal");
    says(1, &["why", "small.yaml", "0000000000"], "no row, reject or stored answer");
    says(2, &["purge", "small.yaml"], "there is nothing to purge");
    says(2, &["forget", " "], "nothing to look for");
    let other = Project::small(&fake.url());
    let theirs = other.path().join("small.yaml");
    says(2, &["gc", "small.yaml", theirs.to_str().unwrap()], "collect one project at a time");
    says(2, &["purge", "small.yaml", theirs.to_str().unwrap()], "purge one project at a time");
}

/// Cells are what their values are, in whatever order: nobody need hear of it.
#[test]
fn the_order_of_axes_changes_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let texts = || -> Vec<serde_json::Value> {
        project.rows("out/small/dataset.jsonl").iter().map(|row| json!([row["id"], row["text"]])).collect()
    };
    let (before, config) = (texts(), project.read("small.yaml"));
    let axis = config.lines().find(|line| line.starts_with("    sentiment:")).unwrap();
    project.edit("small.yaml", &format!("{axis}\n"), "");
    project.edit("small.yaml", "  axes:\n", &format!("  axes:\n{axis}\n"));
    fake.take_count();
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    let counts =
        ["requests", "new", "changed", "dropped", "leaving"].map(|name| plan[name].as_u64().unwrap());
    assert_eq!((counts, &plan["causes"]), ([0; 5], &json!([])), "{plan:#}");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!((fake.take_count(), texts()), (0, before));
    let log = project.emogrid(&["log", "small.yaml", "--json"]).exits(0).json();
    assert!(log.as_array().unwrap().iter().skip(1).all(|entry| entry["changes"] == json!([])), "{log:#}");
}
