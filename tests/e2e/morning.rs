//! What stands there in the morning: the summary of a run, the list of runs, and who was told.

use std::time::Duration;

use serde_json::Value;

use crate::fake::{Fake, Reply, free_port};
use crate::project::{Project, until};

fn project(fake: &Fake) -> Project {
    let project = Project::small(&fake.url());
    project.edit(
        "small.yaml",
        "samples:",
        "notify: { command: 'echo \"$EMOGRID_HEADLINE\" >> told', when: always }\nsamples:",
    );
    project
}

/// The pages of the runs, oldest first.
fn pages(project: &Project) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(project.path().join("out/small/runs")) else { return Vec::new() };
    let mut folders: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| std::fs::read_to_string(folder.join("summary.md")).unwrap()).collect()
}

#[test]
fn a_good_night_is_told_in_one_line() {
    let fake = Fake::start();
    let project = project(&fake);
    let ran = project.emogrid(&["run", "small.yaml"]).exits(0).says("/summary.md");
    assert!(ran.stderr.lines().any(|line| line.starts_with("audit  ") && line.ends_with("(of 8 rows)")));
    assert!(!pages(&project)[0].contains("## Audit of"), "so few rows tell nothing");
    let says = "OK small: 8 of 8 rows (8 more); complete";
    assert_eq!(pages(&project)[0].lines().next(), Some(says));
    assert_eq!(project.read("told"), format!("{says}\n"));
    // Nothing to ask: told, since always is, but no page.
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(pages(&project).len(), 1);
    assert_eq!(project.read("told"), format!("{says}\nOK small: 8 of 8 rows; complete\n"));
}

#[test]
fn a_bad_night_says_what_to_look_at_and_where() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().contains("anger") {
        true => Reply::text(r#"{"text": "no"}"#),
        false => Reply::Good,
    });
    let project = project(&fake);
    project.edit("small.yaml", "samples:", "checks:\n  words: [3, 60]\nsamples:");
    let ran = project.emogrid(&["run", "small.yaml"]).exits(4);
    assert!(
        ran.stderr.contains("LOOK        4 rows cannot be filled: 2 cells used up their asks"),
        "{}",
        ran.stderr
    );
    let page = &pages(&project)[0];
    for says in [
        "LOOK small: 4 of 8 rows (4 more); 4 rows cannot be filled: 2 cells used up their asks\n",
        "  Cause: 10 of the 10 texts that those cells had rejected: words.\n",
        "  To do: change `checks.words`, which asks nothing again",
        "  Key: `checks.words` (small.yaml:14).\n",
        "| emotion=anger sentiment=bad | 0 of 2 | 5 × words |\n",
        "| anger | 0 of 4 | 0 % | 10 × words |\n",
        "- words (emotion=anger sentiment=bad): 1 word — \"no\"\n",
    ] {
        assert!(page.contains(says), "{says:?} is not in:\n{page}");
    }
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap().next().unwrap().unwrap();
    let json = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["verdict"], &json["findings"][0]["place"]), (&"LOOK".into(), &"small.yaml:14".into()));
}

#[test]
fn a_run_that_fails_is_lost_and_told() {
    let fake = Fake::start();
    let project = project(&fake);
    fake.script(|_, before| match before {
        0..2 => Reply::Good,
        _ => Reply::status(401, "who are you"),
    });
    project
        .emogrid(&[
            "run",
            "small.yaml",
            "--set",
            "endpoints.fake={url: URL, slots: 1}".replace("URL", &fake.url()).as_str(),
        ])
        .exits(1);
    let page = &pages(&project)[0];
    assert!(page.starts_with("LOST small: 2 of 8 rows (2 more); the run failed: endpoint `fake`"), "{page}");
    drop(fake);
    // Before anything can be asked it is told all the same.
    project
        .emogrid(&["run", "small.yaml", "--set", "endpoints.fake={url: 'http://127.0.0.1:9', patience: 1s}"])
        .exits(1);
    let told = project.read("told");
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("LOST small: "), "{told}");
}

#[test]
fn rows_that_left_and_were_not_remade_are_lost_but_for_an_edit() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "samples:", "sampling: { temperature: 0.3 }\nsamples:");
    project.emogrid(&["run", "small.yaml", "--max-requests", "3"]).exits(3);
    let page = &pages(&project)[1];
    let says = "LOOK small: 3 of 8 rows (5 fewer); an edit took 8 rows out and 3 came since; 5 of 8 are still to come\n";
    assert!(page.starts_with(says), "{page}");
    for says in [
        "  Cause: 8 rows left it; 0 became duplicates; changed since the last run: sampling.temperature: 0.8 → 0.3.\n",
        "  Key: `sampling.temperature` (small.yaml:13).\n",
    ] {
        assert!(page.contains(says), "{says:?} is not in:\n{page}");
    }
    // Another model at the same address is nobody's edit, also where something was edited.
    project.emogrid(&["run", "small.yaml"]).exits(0);
    fake.model(|model| model.parameters = 2_000_000);
    project.edit("small.yaml", "temperature: 0.3", "temperature: 0.4");
    project.emogrid(&["run", "small.yaml", "--max-requests", "3"]).exits(3);
    let page = pages(&project).pop().unwrap();
    let says = "LOST small: 3 of 8 rows (5 fewer); the dataset has 5 rows fewer than before\n";
    assert!(page.starts_with(says), "{page}");
}

/// Wanted are more rows than a night can bring, and asks are as good as unlimited.
const FAR: &[&str] = &["--set", "samples.per_cell=500", "--set", "samples.max_asks=5000"];

#[test]
fn a_night_of_prose_in_place_of_json_wants_a_look() {
    let fake = Fake::start();
    fake.script(|_, _| Reply::text("Sure! Here is a post about that."));
    let project = project(&fake);
    project.edit("small.yaml", "when: always", "when: look");
    let ran = project.emogrid(&[&["run", "small.yaml", "--max-requests", "40"], FAR].concat()).exits(3);
    let advice = "the server does not hold the model to JSON: use one that does, or";
    ran.says(&format!("→ {advice}"));
    let page = &pages(&project)[0];
    let says = "LOOK small: 0 of 2,000 rows; none of 40 texts passed in this run";
    for says in [
        format!("{says}\n"),
        "  Cause: 40 of the 40 texts rejected: not-json.\n".to_owned(),
        format!("  To do: {advice} `response.format: text`.\n"),
        "  Key: `response.format` (not set; default: json; of a completion text, or lines where `items` are several).\n"
            .to_owned(),
    ] {
        assert!(page.contains(&says), "{says:?} is not in:\n{page}");
    }
    assert_eq!(project.read("told"), format!("{says}\n"));
}

#[test]
fn a_budget_too_small_for_a_request_wants_a_look() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["run", "small.yaml", "--max-requests", "4"]).exits(3);
    project.edit("small.yaml", "samples:", "run: { token_budget: 10 }\nsamples:");
    fake.take_count();
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(3);
    assert!(!ran.stderr.contains("used up"), "{}", ran.stderr);
    let summary = ran.json();
    let says =
        "LOOK small: 4 of 8 rows; nothing was asked: `run.token_budget` has no room for a single request";
    assert_eq!(summary["headline"], says);
    let takes = summary["needed"]["tokens"].as_u64().unwrap();
    let finding = &summary["findings"][0];
    let cause = finding["cause"].as_str().unwrap().replace(',', "");
    assert!(cause.starts_with(&format!("a request may take {takes} tokens")), "{cause}");
    assert_eq!((&finding["key"], &finding["place"]), (&"run.token_budget".into(), &"small.yaml:13".into()));
    ran.says("`run.token_budget` has no room for a request");
    assert_eq!(fake.take_count(), 0);
    // What it says is enough for one, is.
    project.emogrid(&["run", "small.yaml", "--token-budget", &takes.to_string()]).exits(3);
    assert!(fake.take_count() > 0);
}

/// Two texts an answer before, six now: what was asked otherwise says nothing of what is to come.
#[test]
fn an_outlook_goes_by_what_is_asked_now() {
    let fake = Fake::start();
    let project = project(&fake);
    let run = |items: &str| {
        let items = format!("response.items={items}");
        let args = [&["run", "small.yaml", "--json", "--max-requests", "24", "--set", &items], FAR].concat();
        let summary = project.emogrid(&args).exits(3).json();
        summary["outlook"]["rows_per_request"].as_f64().unwrap().round()
    };
    assert_eq!([run("2"), run("2"), run("6")], [2.0, 2.0, 6.0]);
}

#[test]
fn what_is_open_of_chosen_cells_is_told_apart() {
    let fake = Fake::start();
    let project = project(&fake);
    let ran =
        project.emogrid(&["run", "small.yaml", "--where", "emotion=joy", "--max-requests", "1"]).exits(3);
    ran.says("\nopen        2 cells of the chosen, at least 2 requests to go\n")
        .says("4 rows of cells not chosen, at least 2 requests to go\n");
    project
        .emogrid(&["run", "small.yaml", "--where", "emotion=joy"])
        .exits(0)
        .says("open        4 rows of cells not chosen, about 4 requests to go\n");
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["runs", "small.yaml"]).exits(0).says("nothing was asked here yet");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "samples:", "sampling: { temperature: 0.3 }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    assert_eq!(list.lines().count(), 3, "the third asked nothing: {list}");
    assert!(list.lines().nth(2).unwrap().contains(" OK                  8/8        8  100 %"), "{list}");
    let all = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(all[1]["past"][0]["started"], all[0]["started"]);
    let page = project.emogrid(&["runs", "small.yaml", "--show", "2"]).exits(0).stdout;
    assert_eq!(page, pages(&project)[1]);
    let compared = project.emogrid(&["runs", "small.yaml", "--compare", "1", "2"]).exits(0).stdout;
    assert!(compared.contains("sampling.temperature: 0.8 → 0.3"), "{compared}");
    project
        .emogrid(&["runs", "small.yaml", "--show", "3"])
        .exits(1)
        .says("there is no run 3; `emogrid runs` lists");
}

/// The events of the log.
fn events(project: &Project) -> Vec<Value> {
    project.rows("out/small/log.jsonl")
}

#[test]
fn a_night_without_a_server_leaves_its_page_and_stands_in_the_list() {
    let fake = Fake::start();
    let project = project(&fake);
    project.edit("small.yaml", "always }", "always }\nrun: { metrics: small.prom }");
    project.edit("small.yaml", "$EMOGRID_HEADLINE\"", "$EMOGRID_HEADLINE | $EMOGRID_SUMMARY\"");
    let dead = format!("endpoints.fake={{url: 'http://127.0.0.1:{}', patience: 300ms}}", free_port());
    let in_vain = || {
        project.emogrid(&["run", "small.yaml", "--set", &dead]).exits(1);
        let page = pages(&project).pop().unwrap();
        let told = project.read("told");
        let (headline, path) = told.lines().last().unwrap().split_once(" | ").unwrap();
        assert_eq!(page.lines().next(), Some(headline));
        assert!(project.path().join(path).exists(), "{told}");
        let ended = events(&project).pop().unwrap();
        assert_eq!(
            (&ended["event"], &ended["state"], &ended["exit_code"]),
            (&"ended".into(), &"failed".into(), &1.into())
        );
        let figures = project.read("small.prom");
        assert!(figures.contains("emogrid_run_active{name=\"small\"} 0\n"), "{figures}");
        assert!(figures.contains("emogrid_run_verdict{name=\"small\"} 2\n"), "{figures}");
        headline.to_owned()
    };
    // Nobody knows yet which model is there.
    assert!(in_vain().starts_with("LOST small: 0 of 8 rows; the run failed: endpoint `fake`"));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "per_cell: 2", "per_cell: 3");
    assert!(in_vain().starts_with("LOST small: 8 of 12 rows; the run failed: endpoint `fake`"));
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    let verdicts: Vec<_> = list.lines().skip(1).map(|line| line.split_whitespace().nth(3).unwrap()).collect();
    assert_eq!(verdicts, ["LOST", "OK", "LOST"], "{list}");
    assert_eq!(pages(&project).len(), 3);
    let page = project.emogrid(&["runs", "small.yaml", "--show", "3"]).exits(0).stdout;
    assert_eq!(page, pages(&project)[2]);
}

#[test]
fn a_refused_run_is_told_and_kept_too() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project
        .emogrid(&["run", "small.yaml", "--set", "sampling.temperature=0.3", "--set", "run.max_leaving=3"])
        .exits(4);
    let page = &pages(&project)[1];
    let says = "LOOK small: 8 of 8 rows; nothing was asked: 8 of 8 rows would leave the dataset";
    assert!(page.starts_with(says), "{page}");
    assert!(project.read("told").contains(says));
}

#[test]
fn a_night_of_failures_alone_wants_a_look() {
    let fake = Fake::start();
    let project = project(&fake);
    project.edit("small.yaml", "when: always", "when: look");
    project.emogrid(&["run", "small.yaml", "--where", "emotion=joy"]).exits(0);
    fake.script(|_, _| Reply::status(500, "broken"));
    let impatient = format!("endpoints.fake={{url: '{}', patience: 1s}}", fake.url());
    let ran = project.emogrid(&["run", "small.yaml", "--json", "--set", &impatient]);
    let summary = ran.json();
    assert_eq!(summary["exit_code"], ran.code.unwrap());
    let verdict = if ran.code == Some(4) { "LOOK" } else { "LOST" };
    assert_eq!(summary["verdict"], verdict, "{summary}");
    let headline = summary["headline"].as_str().unwrap();
    assert!(headline.starts_with(&format!("{verdict} small: 4 of 8 rows; ")), "{headline}");
    assert!(!headline.contains("stopped as asked"), "{headline}");
    assert_eq!(project.read("told"), format!("{headline}\n"));
    let cost = &summary["fault_costs"]["server-error"];
    assert_eq!((&cost["left_open"], &cost["rows"]), (&2.into(), &4.into()), "{summary}");
    let page = pages(&project).pop().unwrap();
    assert!(page.contains("## Faults and what they cost\n\n| class |"), "{page}");
}

/// An ask that is given up costs the rows that it would have brought, where no other can bring them.
#[test]
fn what_is_given_up_costs_rows() {
    let fake = Fake::start();
    let project = project(&fake);
    let refused = crate::fake::first_ask("anger");
    fake.script(move |seen, _| match refused(seen) {
        true => Reply::status(400, "no"),
        false => Reply::Good,
    });
    let run = |sets: &[&str]| {
        let slots = format!("endpoints.fake={{url: '{}', slots: 1}}", fake.url());
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        project
            .emogrid(&[&["run", "small.yaml", "--json", "--set", slots.as_str()], &sets[..]].concat())
            .json()
    };
    let summary = run(&["samples.max_asks=2"]);
    let cost = &summary["fault_costs"]["refused"];
    assert_eq!((&cost["given_up"], &cost["rows"]), (&1.into(), &1.into()), "{summary}");
    assert_eq!((&summary["shortfall"], &summary["accepted"]), (&1.into(), &7.into()));
    // Another ask brings it, and then it cost nothing.
    let summary = run(&[]);
    assert_eq!(
        (&summary["accepted"], &summary["fault_costs"]),
        (&8.into(), &serde_json::json!({})),
        "{summary}"
    );
}

#[test]
fn a_night_is_judged_by_what_it_did() {
    let fake = Fake::start();
    let project = project(&fake);
    // One ask is refused, and another takes its place.
    let refused = crate::fake::first_ask("anger");
    fake.script(move |seen, _| match refused(seen) {
        true => Reply::status(400, "no"),
        false => Reply::Good,
    });
    let slots = "endpoints.fake={url: URL, slots: 1}".replace("URL", &fake.url());
    let run = |sets: &[&str]| {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let args = [&["run", "small.yaml", "--json", "--set", slots.as_str()], &sets[..]].concat();
        project.emogrid(&args).json()
    };
    let first = run(&[]);
    assert_eq!(first["run"]["failed_by"], serde_json::json!({ "refused": 1 }), "{first}");
    assert_eq!(first["verdict"], "LOOK");
    // It is no news the next night.
    let second = run(&["samples.per_cell=3"]);
    assert_eq!((&second["failed"], &second["run"]["failed_by"]), (&1.into(), &serde_json::json!({})));
    assert_eq!(second["headline"], "OK small: 12 of 12 rows (4 more); complete");
    // A night of bad texts after good ones rings, though most of the dataset is good.
    fake.script(|_, _| Reply::text(r#"{"text": ""}"#));
    let third = run(&["samples.per_cell=4", "samples.max_asks=9", "alarm.accepted=0.3"]);
    assert_eq!((&third["run"]["accepted"], &third["exit_code"]), (&0.into(), &4.into()));
    let rings = |found: &Value| found["what"].as_str().unwrap().starts_with("`alarm.accepted`: ");
    assert!(third["findings"].as_array().unwrap().iter().any(rings), "{third}");
    let compared = project.emogrid(&["runs", "small.yaml", "--compare", "2", "3"]).exits(0).stdout;
    let accepted = compared.lines().find(|line| line.starts_with("accepted texts")).unwrap();
    assert!(accepted.contains("100 %") && accepted.ends_with(" 0 %"), "{compared}");
}

#[test]
fn a_dataset_that_was_deleted_and_made_again_brings_nothing() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    let summary = project.emogrid(&[
        "run",
        "small.yaml",
        "--json",
        "--set",
        "samples.per_cell=3",
        "--max-requests",
        "1",
    ]);
    let summary = summary.exits(3).json();
    let headline = "OK small: 9 of 12 rows (1 more); stopped as asked";
    assert_eq!(summary["headline"], headline);
}

#[test]
fn the_summary_is_on_standard_input_whatever_happened() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "notify: { command: 'cat > told.json', when: always }\nsamples:");
    let told = || -> Value { serde_json::from_str(&project.read("told.json")).unwrap() };
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(0);
    assert_eq!(told(), ran.json());
    // A config that cannot be run.
    project.edit("small.yaml", "emotion.definition", "emotion.definitoin");
    project.emogrid(&["run", "small.yaml"]).exits(2);
    let summary = told();
    assert_eq!((&summary["verdict"], &summary["exit_code"]), (&"LOST".into(), &2.into()));
    assert_eq!(summary["headline"], "LOST small: the config has 1 error; nothing was asked");
    let finding = &summary["findings"][0];
    assert!(finding["what"].as_str().unwrap().contains("definitoin"), "{summary}");
    assert!(finding["place"].as_str().unwrap().contains("small.yaml:"), "{summary}");
    project.edit("small.yaml", "emotion.definitoin", "emotion.definition");
    // Ctrl-C while it waits.
    #[cfg(unix)]
    {
        let dead = format!("endpoints.fake=http://127.0.0.1:{}", free_port());
        let running = project.watch(&["run", "small.yaml", "--set", "samples.per_cell=3", "--set", &dead]);
        running.until_says("waiting for");
        running.signal(libc::SIGINT);
        running.finish().exits(3);
        assert_eq!((&told()["state"], &told()["stopped_by"]), (&"stopped".into(), &"interrupt".into()));
        let says = "LOOK small: 8 of 12 rows; it was stopped while it waited for endpoint `fake`";
        assert_eq!(told()["headline"], says);
    }
}

#[test]
fn whom_a_config_tells_is_in_no_snapshot() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let secret = "notify: { command: 'echo https://hooks.example.org/SECRET', when: lost }\nsamples:";
    project.edit("small.yaml", "samples:", secret);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let shown = project.emogrid(&["log", "small.yaml", "--show", "1"]).exits(0).stdout;
    assert!(shown.contains("notify: …\nsamples:") && !shown.contains("SECRET"), "{shown}");
    for file in ["store.db", "store.db-wal"] {
        let bytes = std::fs::read(project.path().join(".emogrid").join(file)).unwrap_or_default();
        assert!(!bytes.windows(6).any(|part| part == b"SECRET"), "{file}");
    }
}

#[test]
fn figures_are_those_of_the_run_that_has_the_name() {
    let fake = Fake::start();
    let project = project(&fake);
    project.edit("small.yaml", "always }", "always }\nrun: { metrics: small.prom }");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let of = |metric: &str| {
        let text = project.read("small.prom");
        text.lines().find_map(|line| Some(line.strip_prefix(metric)?.split(' ').nth(1)?.to_owned()))
    };
    let end = of("emogrid_run_end_timestamp_seconds").unwrap();
    // One that waits for its server tells of the rows that there are, and of the run before.
    let dead = format!("endpoints.fake=http://127.0.0.1:{}", free_port());
    let waiting =
        project.watch(&["--quiet", "run", "small.yaml", "--set", "samples.per_cell=3", "--set", &dead]);
    until("figures", || of("emogrid_run_active").as_deref() == Some("1"), || project.read("small.prom"));
    assert_eq!(of("emogrid_rows").as_deref(), Some("8"));
    assert_eq!(of("emogrid_rows_wanted").as_deref(), Some("12"));
    assert_eq!(of("emogrid_run_waiting").as_deref(), Some("1"));
    assert_eq!(of("emogrid_run_end_timestamp_seconds"), Some(end));
    // One that is refused meanwhile leaves them alone.
    project.emogrid(&["run", "small.yaml"]).exits(4).says("`--wait` for it");
    assert_eq!(of("emogrid_run_active").as_deref(), Some("1"));
    project.emogrid(&["ctl", "drain", "small.yaml"]).exits(0);
    waiting.finish().exits(3);
    assert_eq!(of("emogrid_run_active").as_deref(), Some("0"));
}

#[test]
fn slots_are_in_use_by_the_servers_own_timings() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(100));
    fake.script(|seen, _| {
        let mut answer: Value = serde_json::from_str(&crate::fake::good(&seen.body)).unwrap();
        answer["timings"]["prompt_ms"] = 10.5.into();
        answer["timings"]["predicted_ms"] = 29.5.into();
        Reply::Raw(answer.to_string())
    });
    let project = project(&fake);
    let slots = format!("endpoints.fake={{url: '{}', slots: 2}}", fake.url());
    let summary = project.emogrid(&["run", "small.yaml", "--json", "--set", &slots]).exits(0).json();
    let did = &summary["endpoints"]["fake"];
    assert_eq!((&did["slots"], &did["by_server"]), (&2.0.into(), &true.into()), "{did}");
    // 40 of some 100 ms; what was under way is near to all of the time.
    let busy = did["busy"].as_f64().unwrap();
    assert!((0.1..0.5).contains(&busy), "{did}");
}
