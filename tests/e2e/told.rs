//! What a run tells in the end, and in which order: what is left, who was away, and whose key decides it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, first_ask, free_port};
use crate::faults::retry_after;
use crate::project::Project;

/// The page of the last run.
fn page(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(last.join("summary.md")).unwrap()
}

fn finding<'a>(summary: &'a Value, what: &str) -> &'a Value {
    let all = summary["findings"].as_array().unwrap();
    let found = all.iter().find(|found| found["what"].as_str().unwrap().contains(what));
    found.unwrap_or_else(|| panic!("{what:?} is not in {all:?}"))
}

#[test]
fn what_is_to_go_is_an_estimate_that_says_so() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2", "per_cell: 3");
    // Nobody knows yet what an ask brings: each open cell takes one at the least.
    let ran = project.emogrid(&["run", "small.yaml", "--max-requests", "6"]).exits(3);
    let ran = ran.says("; at least 4 requests to go\n");
    // Each ask brought a row, and six rows are missing.
    assert!(ran.stderr.contains("\nopen        4 cells, about 6 requests to go\n"), "{}", ran.stderr);
    assert!(page(&project).contains("| cells still open | 4 |\n"), "{}", page(&project));
    let plan = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    assert!(plan.contains("expected: about 6 requests in all"), "{plan}");
    project.emogrid(&["run", "small.yaml"]).exits(0).says("; about 6 requests to go\n");
}

/// Two asks of a cell go out together; the server takes the second, and never the first.
#[test]
fn answers_behind_an_open_ask_are_counted() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let refused = first_ask("anger");
    fake.script(move |seen, _| match refused(seen) {
        true => retry_after(503, "7200"),
        false => Reply::Good,
    });
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(4);
    let summary = ran.json();
    let of = |key: &str| summary[key].as_u64().unwrap();
    assert_eq!((of("requests"), of("accepted"), of("behind"), of("reused")), (7, 6, 1, 0), "{summary}");
    assert!(page(&project).contains("| answers behind open asks | 1 |\n"), "{}", page(&project));
    fake.script(|_, _| Reply::Good);
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(
        (&summary["requests"], &summary["reused"], &summary["behind"]),
        (&1.into(), &7.into(), &0.into())
    );
}

#[test]
fn rows_that_cannot_come_are_promised_by_nobody() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 9, max_asks: 2");
    let warns = "28 rows cannot come: each cell wants 9 rows by `samples.per_cell`";
    for command in [&["check", "small.yaml"][..], &["plan", "small.yaml"]] {
        project.emogrid(command).exits(0).says(warns).says("--> small.yaml:12:35");
    }
    let ran = project.emogrid(&["run", "small.yaml", "--json", "--max-requests", "5"]).exits(3).says(warns);
    let summary = ran.json();
    let found = finding(&summary, "28 rows cannot be filled");
    let what = "28 rows cannot be filled: 1 cell used up its asks, open cells have too few left";
    assert_eq!(found["what"], what);
    assert_eq!((&found["key"], &found["place"]), (&json!("samples.max_asks"), &json!("small.yaml:12")));
    assert_eq!(summary["verdict"], "LOOK");
    // Five of eight asks brought five rows; three rows can still come, and the others never.
    let left = &summary["left"];
    assert_eq!((&left["rows"], &left["expected"]["rows"]), (&json!(3), &json!(3.0)));
    assert!(summary["outlook"].is_null(), "five answers tell of no run to come: {summary}");
}

/// A part of the cells is asked for: what is told of rows that cannot come is of these, one figure everywhere, and a
/// server that was well is not accused of what was never asked.
#[test]
fn a_run_of_some_cells_tells_of_these_and_what_is_left_of_the_others() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 9, max_asks: 2");
    let ran = project.emogrid(&["run", "small.yaml", "--where", "emotion=joy"]).exits(4);
    let summary = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json()[0].clone();
    let what: Vec<&Value> =
        summary["findings"].as_array().unwrap().iter().map(|found| &found["what"]).collect();
    assert_eq!(what, ["14 rows cannot be filled: 2 cells used up their asks"]);
    assert_eq!((&summary["left"]["short"], &summary["elsewhere"]["short"]), (&json!(14), &json!(14)));
    for says in [
        "\nopen        4 rows of cells not chosen, about 4 requests to go\n",
        "\nshortfall   14 rows of the chosen cells that no more asks will fill (max_asks)\n",
    ] {
        assert!(ran.stderr.contains(says), "{says}{}", ran.stderr);
    }
    assert!(!page(&project).contains("once the server is well"), "{}", page(&project));
    let figure = "| cells not chosen | 4 rows still to be asked, about 4 requests |\n";
    assert!(page(&project).contains(figure), "{}", page(&project));
    // Of the others the rows of four texts can come, and of all together.
    let ran = project.emogrid(&["run", "small.yaml"]).exits(4).says("; about 4 requests to go\n");
    let ran = ran.says("\nshortfall   28 rows that no more asks will fill (max_asks)\n");
    ran.says("LOOK        28 rows cannot be filled: 4 cells used up their asks\n");
}

/// What is to go of the chosen cells is the same in a plan, at a run's begin, at its end, and on its page.
#[test]
fn what_is_to_go_of_chosen_cells_is_told_alike_everywhere() {
    let fake = Fake::start();
    // Two of five texts are bad.
    fake.script(|seen, _| match seen.seed() % 5 < 2 {
        true => Reply::text("{\"text\": \"\"}"),
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 40, "");
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 3, max_asks: 9");
    let joy = ["--where", "mood=joy"];
    let with = |args: &[&'static str]| [args, &joy[..]].concat();
    project.emogrid(&["run", "wide.yaml", "--max-requests", "60"]).exits(3);
    let plan = |args: &[&str]| {
        let said = project.emogrid(args).exits(0).stdout;
        let told = said.split_once("expected: ").unwrap().1.split_once(" in all").unwrap().0;
        told.to_owned()
    };
    let told = plan(&with(&["plan", "wide.yaml"]));
    assert!(told.starts_with("about "), "{told}");
    let ran = project.emogrid(&with(&["run", "wide.yaml", "--max-requests", "30"])).exits(3);
    assert!(ran.stderr.contains(&format!("; {told} to go\n")), "{told}: {}", ran.stderr);
    let (joy, all) = (plan(&with(&["plan", "wide.yaml"])), plan(&["plan", "wide.yaml"]));
    assert!(ran.stderr.contains(&format!(" cells of the chosen, {joy} to go\n")), "{joy}: {}", ran.stderr);
    let others = ran.stderr.lines().find(|line| line.contains(" of cells not chosen, ")).unwrap();
    let number =
        |text: &str| text.split_whitespace().filter_map(|word| word.parse::<u64>().ok()).next_back().unwrap();
    assert!(number(&all).abs_diff(number(&joy) + number(others)) <= 1, "{all}: {joy} and {others}");
    let folder = std::fs::read_dir(project.path().join("out/wide/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    let page = std::fs::read_to_string(last.join("summary.md")).unwrap();
    let outlook = page.lines().find(|line| line.starts_with("| outlook |")).unwrap();
    assert!(outlook.contains(&format!(", {joy} at ")), "{joy}: {outlook}");
}

#[test]
fn an_endpoint_that_dies_in_mid_run_is_told() {
    let (a, b) = (Fake::start(), Fake::start());
    a.latency(Duration::from_millis(60));
    let project = Project::small(&a.url());
    let endpoints = format!(
        "endpoints:\n  a: {{ url: '{}', slots: 1 }}\n  b: {{ url: '{}', slots: 1 }}\n",
        a.url(),
        b.url()
    );
    let text = project.read("small.yaml");
    let line = text.lines().nth(1).unwrap().to_owned() + "\n";
    project.edit("small.yaml", &line, &endpoints);
    project.edit("small.yaml", "per_cell: 2", "per_cell: 8");
    project.edit("small.yaml", "max_asks: 5", "max_asks: 20");
    // The third answer that it owes never comes, nor does any other.
    b.script(|_, before| if before < 2 { Reply::Good } else { Reply::status(503, "gone") });
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(0);
    let summary = ran.json();
    let away = &summary["endpoints"]["b"]["away"];
    assert_eq!((&away["times"], &away["is_back"]), (&1.into(), &false.into()), "{summary}");
    assert_eq!(away["error"], "HTTP 503: gone");
    assert!(away["seconds"].as_f64().unwrap() > 0.2, "{away}");
    assert_eq!(summary["endpoints"]["a"]["away"], Value::Null);
    let found = finding(&summary, "endpoint b was away from ");
    assert!(found["what"].as_str().unwrap().ends_with(", and did not come back"), "{found}");
    assert!(found["cause"].as_str().unwrap().ends_with(" unavailable; HTTP 503: gone"), "{found}");
    assert_eq!((&found["key"], &found["place"]), (&json!("endpoints.b.patience"), &json!("small.yaml:4")));
    let headline = summary["headline"].as_str().unwrap();
    assert!(
        headline.starts_with("LOOK small: 32 of 32 rows (32 more); endpoint b was away from "),
        "{headline}"
    );
    // Its place counts for the time that it was there.
    assert_eq!(summary["endpoints"]["b"]["slots"], 1.0, "{summary}");
    let shown = page(&project);
    assert!(
        shown.lines().any(|line| line.starts_with("| b | 2 |") && line.contains("did not come back")),
        "{shown}"
    );
}

#[test]
fn what_ends_a_run_names_its_key_and_line() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let dead = format!("{{ url: 'http://127.0.0.1:{}', patience: 300ms }}", free_port());
    project.edit("small.yaml", &fake.url(), &dead);
    let ran = project.emogrid(&["run", "small.yaml", "--json"]).exits(1);
    assert_eq!(ran.json()["in_vain"], true);
    let page = page(&project);
    assert!(page.starts_with("LOST small: "), "{page}");
    assert!(page.contains("  Key: `endpoints.fake.url` (small.yaml:2).\n"), "{page}");
    project.edit("small.yaml", &dead, &format!("{{ url: '{}', api_key_env: NO_SUCH_KEY }}", fake.url()));
    project.emogrid(&["run", "small.yaml"]).exits(2);
    let page = self::page(&project);
    assert!(page.contains("  Key: `endpoints.fake.api_key_env` (small.yaml:2).\n"), "{page}");
}

/// The command goes on until it is let go, and what came of the run stands there meanwhile.
#[test]
fn what_came_of_a_run_is_shown_before_anybody_is_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let waits =
        "notify: { command: 'while [ ! -e go ]; do sleep 0.05; done; echo told > told', when: always }";
    project.edit("small.yaml", "samples:", &format!("{waits}\nsamples:"));
    let told = |args: &[&str], shows: &str, code: i32| {
        let running = project.watch(args);
        running.until_says("waiting for `notify.command`, 60 s at most");
        assert!(!project.path().join("told").exists());
        project.write("go", "");
        let ran = running.finish().exits(code);
        let at = |text: &str| ran.stderr.find(text).unwrap_or_else(|| panic!("{text:?} in {}", ran.stderr));
        assert!(at(shows) < at("waiting for `notify.command`"), "{}", ran.stderr);
        std::fs::remove_file(project.path().join("told")).unwrap();
        std::fs::remove_file(project.path().join("go")).unwrap();
    };
    told(&["run", "small.yaml"], "\ndataset     out/small/dataset.jsonl\n", 0);
    let dead = format!("endpoints.fake={{url: 'http://127.0.0.1:{}', patience: 300ms}}", free_port());
    told(&["run", "small.yaml", "--set", "samples.per_cell=3", "--set", &dead], "error: endpoint `fake`", 1);
    told(&["run", "small.yaml", "--for", "40"], "`run.for` must be a duration", 2);
}

#[test]
fn mistakes_of_the_command_line_are_not_the_configs() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "notify: { command: 'cat > told.json', when: always }\nsamples:");
    let told = |args: &[&str]| -> Value {
        project.emogrid(&[&["run", "small.yaml"], args].concat()).exits(2);
        serde_json::from_str(&project.read("told.json")).unwrap()
    };
    let summary = told(&["--until", "25:00"]);
    assert_eq!(summary["headline"], "LOST small: the command line has 1 error; nothing was asked");
    assert_eq!(summary["findings"][0]["place"], "--until 25:00");
    project.edit("small.yaml", "max_asks", "max_aks");
    let summary = told(&["--for", "99999999d"]);
    let says = "LOST small: the config has 1 error, the command line 1 error; nothing was asked";
    assert_eq!(summary["headline"], says);
}

#[test]
fn the_folder_of_metrics_is_made() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let ran = project.emogrid(&["run", "small.yaml", "--set", "run.metrics=figures/new/small.prom"]).exits(0);
    assert!(!ran.stderr.contains("without its metrics"), "{}", ran.stderr);
    assert!(project.read("figures/new/small.prom").contains("emogrid_rows{name=\"small\"} 8\n"));
}

/// A pause is no asking: the same tokens a second stand on the screen and in the summary, without it.
#[test]
fn a_pause_is_not_in_the_rates() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(50));
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 10, max_asks: 30");
    let running = project.watch(&["run", "small.yaml"]);
    crate::project::until("some requests", || fake.seen().len() > 4, String::new);
    project.emogrid(&["ctl", "pause"]).exits(0);
    let paused = std::time::Instant::now();
    crate::project::until("a while", || paused.elapsed() > Duration::from_millis(1500), String::new);
    project.emogrid(&["ctl", "resume"]).exits(0);
    let ran = running.finish().exits(0);
    let summary = &project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json()[0];
    let of = |key: &str| summary[key].as_f64().unwrap();
    assert!(of("seconds") - of("asking_seconds") > 1.4, "{summary}");
    let rate = of("completion_tokens") / of("asking_seconds");
    let time = ran.stderr.lines().find(|line| line.starts_with("time  ")).unwrap();
    assert!(time.ends_with(&format!(" of it asking, {rate:.0} tokens/s")), "{time}, {rate}");
}

/// A run that is killed leaves no summary; the next one says so, once, and loses nothing.
#[cfg(unix)]
#[test]
fn a_run_that_was_killed_is_told_by_the_next() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(30));
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 20, max_asks: 60");
    project.edit(
        "small.yaml",
        &format!("fake: {}", fake.url()),
        &format!("fake: {{ url: '{}', price: {{ prompt: 1, completion: 2 }} }}", fake.url()),
    );
    let running = project.watch(&["run", "small.yaml"]);
    crate::project::until("some requests", || fake.seen().len() > 12, String::new);
    let noted = || project.read(".emogrid/small.lock").contains("noted");
    crate::project::until("a note of them", noted, String::new);
    running.signal(libc::SIGKILL);
    assert_eq!(running.finish().code, None);
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    assert!(list.contains(" cut off: at least ") && list.contains(" answers, cost 0.0"), "{list}");
    let log = || project.emogrid(&["log", "small.yaml"]).exits(0).stdout;
    let told = log();
    assert!(
        told.contains("  cut off\n        at least ") && told.contains("\n        the first\n"),
        "{told}"
    );
    let entry = project.emogrid(&["log", "small.yaml", "--json"]).exits(0).json()[0].clone();
    assert!(entry["ended"] == "cut off" && entry["requests"].as_u64() > Some(0), "{entry}");
    // Neither a plan nor whoever takes the lock for something else tells it away.
    project.emogrid(&["plan", "small.yaml"]).exits(0);
    project.emogrid(&["gc", "small.yaml"]).exits(0);
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    let found = finding(&summary, "was cut off");
    assert_eq!((&found["verdict"], &summary["accepted"]), (&json!("LOOK"), &json!(80)));
    // What is told of it is what the store has of it, but for answers of the last moment.
    let noted = &summary["untold"][0]["noted"];
    let (least, reused) = (noted["answers"].as_u64().unwrap(), summary["reused"].as_u64().unwrap());
    assert!(least > 0 && least <= reused && reused <= least + 8, "{least} of {reused}");
    let (prompts, texts) =
        (noted["prompt_tokens"].as_u64().unwrap(), noted["completion_tokens"].as_u64().unwrap());
    let cost = noted["cost"].as_f64().unwrap();
    assert!((cost - (prompts + 2 * texts) as f64 / 1e6).abs() < 1e-9, "{noted}");
    let cause = found["cause"].as_str().unwrap();
    assert!(
        cause.starts_with(&format!("of it: at least {least} answers stored, ")) && cause.contains("cost"),
        "{cause}"
    );
    let asked = summary["requests"].as_u64().unwrap();
    assert_eq!(summary["reused"].as_u64().unwrap() + asked, 80, "{summary}");
    assert!(asked < 80, "{summary}");
    assert!(page(&project).contains("was cut off"), "{}", page(&project));
    // Both are of one state: the one that was cut off stands before the one that went on.
    let told = log();
    let at = |part: &str| told.find(part).unwrap_or_else(|| panic!("{part}: {told}"));
    assert!(at("  cut off\n        at least ") < at("  80 of 80 rows"), "{told}");
    project.edit("small.yaml", "per_cell: 20", "per_cell: 21");
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(summary["untold"], Value::Null, "{summary}");
}

/// Who compares prompts or models reads which of them brings rows, and of how many of its texts.
#[test]
fn rows_are_told_by_prompt_and_by_model() {
    let (good, other) = (
        Fake::start(),
        Fake::start_at(0, Model { parameters: 7, file: "b.gguf".into(), ..Model::default() }),
    );
    for fake in [&good, &other] {
        // Chats are one word, which `checks.words` does not let pass.
        fake.script(|seen, _| match seen.user().starts_with("Chat") {
            true => Reply::text("no"),
            false => Reply::Good,
        });
    }
    let project = Project::wide(&good.url(), 100, "");
    project.edit("wide.yaml", " } }\nprompt:", &format!(" }}, b: {{ url: '{}' }} }}\nprompt:", other.url()));
    project.edit(
        "wide.yaml",
        "{ user: 'Write about {{ topic }} with {{ mood }}.' }",
        "{ user: { post: 'Write about {{ topic }} with {{ mood }}.', chat: 'Chat of {{ topic }}, {{ mood }}.' } }",
    );
    project.edit("wide.yaml", "samples:", "checks: { words: [2, 90] }\nsamples:");
    let ran = project.emogrid(&["run", "wide.yaml", "--json"]);
    let summary = ran.json();
    let asked: usize = [&good, &other].map(|fake| fake.take_count()).iter().sum();
    let by = |of: &str, name: &str, what: &str| summary["by_ask"][of][name][what].as_u64().unwrap();
    assert_eq!((by("prompt", "chat", "accepted"), by("prompt", "post", "rejected")), (0, 0));
    let sum =
        |of: &str, names: [&str; 2], what: &str| names.map(|name| by(of, name, what)).iter().sum::<u64>();
    for what in ["accepted", "rejected"] {
        let models = sum("model", ["fake-1b", "b"], what);
        assert_eq!(sum("prompt", ["post", "chat"], what), models);
        assert!(["fake-1b", "b"].iter().all(|name| by("model", name, what) > 20), "{}", summary["by_ask"]);
    }
    assert_eq!(by("prompt", "post", "accepted"), summary["accepted"].as_u64().unwrap());
    let judged: u64 = ["accepted", "rejected"].iter().map(|what| sum("prompt", ["post", "chat"], what)).sum();
    assert!(judged as usize <= asked, "{judged} of {asked}");
    assert_eq!(summary["run"]["by_ask"], summary["by_ask"]);
    // What was asked of each, and what became of that.
    let strata = summary["asked"].as_array().unwrap();
    let sum_of = |name: &str, what: &str| {
        let of = strata.iter().filter(|asked| asked["prompt"] == name || asked["model"] == name);
        of.map(|asked| asked.pointer(what).and_then(Value::as_u64).unwrap_or(0)).sum::<u64>()
    };
    assert_eq!((strata.len(), sum_of("post", "/requests") + sum_of("chat", "/requests")), (4, asked as u64));
    for name in ["fake-1b", "b"] {
        assert_eq!(sum_of(name, "/rows"), by("model", name, "accepted"));
        assert_eq!(sum_of(name, "/rejected/not-json"), by("model", name, "rejected"));
        assert_eq!(sum_of(name, "/prompt_tokens"), 40 * sum_of(name, "/requests"));
    }
    let folder = std::fs::read_dir(project.path().join("out/wide/runs")).unwrap().next().unwrap().unwrap();
    let page = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    let table: Vec<&str> = page.lines().skip_while(|line| *line != "## By prompt").take(6).collect();
    assert_eq!(table[2], "| prompt | rows | accepted | in all | answers | tokens | rejected most |");
    let rejected = format!(" | {} × not-json |", by("prompt", "chat", "rejected"));
    assert!(table[4].starts_with("| chat | 0 | 0 % |") && table[4].ends_with(&rejected), "{page}");
    assert!(table[5].ends_with(" | – |") && table.iter().all(|line| line.chars().count() <= 80), "{page}");
    // It is a finding, at its key.
    let found = finding(&summary, "prompt chat: 0 % accepted, of the others 100 %");
    assert_eq!((&found["key"], &found["verdict"]), (&json!("prompt.user.chat"), &json!("LOOK")));
    // Its texts are found by it.
    let rejects = project.rows("out/wide/rejected.jsonl");
    let of = |model: &str| {
        rejects.iter().filter(|row| row["model"] == model && row["prompt"] == "chat").count() as u64
    };
    assert_eq!([of("fake-1b"), of("b")], ["fake-1b", "b"].map(|name| by("model", name, "rejected")));
    assert!(summary["by_ask"]["model"]["b"].get("wanted").is_none(), "{}", summary["by_ask"]);
    let told = project.emogrid(&["status", "wide.yaml"]).exits(0).stdout;
    assert!(told.contains("\nprompt\n  chat ") && told.contains(" texts (0 %)\n  post "), "{told}");
}

/// Whatever axes, values, variants, models and judges are called, what is read on a terminal fits it.
#[test]
fn tables_fit_a_terminal_whatever_things_are_called() {
    let fake = Fake::start();
    fake.model(|model| model.file = format!("{}-7b-instruct-q4_k_m.gguf", "very-long-name".repeat(4)));
    let project = Project::new();
    let long = |name: &str| format!("{name}_{}", "of_a_rather_long_kind_".repeat(2));
    let name = format!("long_{}", "name_".repeat(10));
    let config = format!(
        "name: {name}\nendpoints: {{ {endpoint}: URL }}\nprompt:\n  user:\n    {one}: 'Tell of {{{{ {axis} }}}} now'\n    {two}: 'Say {{{{ {axis} }}}}'\n\
         grid: {{ axes: {{ {axis}: {{ label: true, values: [{joy}, {anger}] }} }} }}\n\
         samples: {{ per_cell: 8, max_asks: 9 }}\nchecks: {{ words: [1, 90] }}\ndedup: {{ level: strict }}\n",
        endpoint = long("server"),
        one = long("one"),
        two = long("two"),
        axis = long("emotion"),
        joy = long("joy"),
        anger = long("anger"),
    );
    project.write("long.yaml", &config.replace("URL", &fake.url()));
    // Some are nearly the same under both labels, and some are rejected.
    fake.script(|seen, before| match seen.seed() % 5 {
        0 => Reply::text("{\"text\": \"\"}"),
        _ => Reply::text(&format!(
            "{{\"text\": \"The long road number {} went on and on to the old town again\"}}",
            before / 2
        )),
    });
    let fits_with = |args: &[&str]| {
        let ran = project.emogrid(args);
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            let words = line.split_whitespace().map(|word| word.chars().count());
            let is_path = words.max().is_some_and(|longest| longest > 60);
            assert!(is_path || line.chars().count() <= 80, "{args:?}: {line}\n{ran:#?}");
        }
        ran
    };
    let fits = |args: &[&str], code: i32| {
        let ran = fits_with(args);
        assert!(ran.code == Some(code), "{args:?}: {ran:#?}");
    };
    fits(&["check", "long.yaml"], 0);
    fits(&["plan", "long.yaml"], 0);
    fits(&["run", "long.yaml", "--max-requests", "6"], 3);
    fits(&["plan", "long.yaml", "--checks"], 0);
    fits(&["run", "long.yaml"], 4);
    for command in ["plan", "status", "runs", "log"] {
        fits(&[command, "long.yaml"], 0);
    }
    fits(&["runs", "long.yaml", "--compare", "1", "2"], 0);
    fits(&["gc", "long.yaml"], 0);
    fits(&["forget", "old town"], 0);
    fits(&["export", "long.yaml", "--split", "a=70,b=20,c=10", "-o", "exported"], 0);
    fits_with(&["audit", "long.yaml", "--fix"]);
    std::fs::copy(project.path().join(format!("out/{name}/dataset.jsonl")), project.path().join("t.jsonl"))
        .unwrap();
    let label = long("emotion");
    fits(&["import", "table", "t.jsonl", "--text", "text", "--label", &label, "-o", "imported"], 0);
    fits(&["forget", "old town", "--yes"], 0);
}
