//! What `check`, `plan` and a run say of endpoints and of their models.

use serde_json::{Value, json};

use crate::fake::{Fake, Model, free_port};
use crate::project::Project;

/// A project over some endpoints, with ten cells.
fn project(endpoints: &str) -> Project {
    let project = Project::new();
    project.write(
        "sights.yaml",
        &format!(
            "name: sights
endpoints:
{endpoints}
prompt: {{ user: 'Write about {{{{ topic }}}} with {{{{ mood }}}}.' }}
grid:
  axes:
    mood: {{ label: true, values: [joy, anger] }}
    topic: [one, two, three, four, five]
samples: {{ per_cell: 1, max_asks: 5 }}
"
        ),
    );
    project
}

fn dead() -> String {
    format!("http://127.0.0.1:{}", free_port())
}

fn beta() -> Fake {
    Fake::start_at(0, Model { file: "beta.gguf".into(), ..Model::default() })
}

/// A plan's lines on models, each as one line, and its last line.
fn plan(project: &Project) -> (String, String) {
    let text = project.emogrid(&["plan", "sights.yaml"]).exits(0).stdout;
    let mut parts = text.split("\n\n");
    let models = parts.next().unwrap().split_once('\n').unwrap().1.to_owned();
    assert!(models.lines().all(|line| line.chars().count() <= 80), "{text}");
    let models = models.replace("\n    ", " ").replace("\n  ", "\n");
    (models, text.lines().last().unwrap().to_owned())
}

#[test]
fn a_plan_says_of_each_endpoint_what_its_model_is_whence_and_what_follows() {
    let (a, odd) = (Fake::start(), beta());
    let (a_url, url, gone) = (a.url(), odd.url(), dead());
    let wrong = project(&format!("  a: {a_url}\n  b: {{ url: '{url}', model: gamma }}"));
    let (models, last) = plan(&wrong);
    assert_eq!(
        models,
        format!(
            "models:\na: fake-1b (its server says so)\nb: gamma (`endpoints.b.model` says so); {url} has the wrong \
             model: the config says model `gamma`, and it serves `beta.gguf`; a run sets it aside, and its asks wait"
        )
    );
    assert_eq!(last, "Plan: 10 requests to ask now, 0 of 10 rows from stored answers.");
    // Nobody can tell which asks are its own: nothing is said that hangs on it.
    let unknown = project(&format!("  a: {a_url}"));
    unknown.emogrid(&["run", "sights.yaml"]).exits(0);
    unknown.edit("sights.yaml", "prompt:", &format!("  b: {gone}\nprompt:"));
    let (models, last) = plan(&unknown);
    assert_eq!(
        models,
        format!(
            "models:\na: fake-1b (its server says so)\nb: not known yet; {gone} does not answer now, and it was never \
             seen; until it is, nobody knows which asks are its own, so a run asks nothing; `endpoints.b.model` would \
             tell"
        )
    );
    assert_eq!(last, "Plan: 10 requests to ask once the model is known, less what is stored of it.");
    let json = unknown.emogrid(&["plan", "sights.yaml", "--json"]).exits(0).json();
    assert_eq!((&json["model"], &json["leaving"], &json["changed"]), (&Value::Null, &json!(0), &json!(0)));
    // One that was seen is remembered, and where nothing is to be asked nothing follows.
    let alone = project(&format!("  a: {a_url}"));
    alone.emogrid(&["run", "sights.yaml"]).exits(0);
    drop(a);
    let silent = format!("model: fake-1b (remembered); {a_url} does not answer now");
    assert_eq!(plan(&alone).0, silent);
    alone.edit("sights.yaml", "Write about", "Tell of");
    assert_eq!(plan(&alone).0, format!("{silent}; a run waits for it, as long as its `patience` lasts"));
}

#[test]
fn the_work_of_one_that_is_gone_is_taken_by_another_of_its_model_and_that_is_said() {
    let a = Fake::start();
    let made = project(&format!("  a: {}\n  b: {{ url: '{}', model: fake-1b }}", a.url(), dead()));
    let (models, _) = plan(&made);
    assert!(models.ends_with("and it was never seen; `a` has the same model and takes its work"), "{models}");
    let ran = made.emogrid(&["run", "sights.yaml"]).exits(0);
    let ran = ran.says("`a` has the same model and takes the work of `b`");
    assert!(!ran.stderr.contains("wait until"), "{}", ran.stderr);
    assert_eq!(a.take_count(), 10);
}

#[test]
fn no_message_names_an_endpoint_twice() {
    let (a, odd, gone) = (Fake::start(), beta(), dead());
    let endpoints = format!(
        "  a: {}\n  bee: {{ url: '{}', model: gamma }}\n  cee: {{ url: '{gone}', model: fake-1b }}\n  dee: {{ url: '{gone}', model: fake-1b, api_key_env: NO_SUCH_KEY_HERE }}",
        a.url(),
        odd.url()
    );
    let made = project(&endpoints);
    let said = made.emogrid(&["run", "sights.yaml", "--for", "5s"]).stderr;
    let checked = made.emogrid(&["check", "sights.yaml", "--endpoint", "--set", "endpoints.cee.patience=1s"]);
    for line in said.lines().chain(checked.stdout.lines()) {
        for name in ["`bee`", "`cee`", "`dee`"] {
            let times =
                line.matches(name).count() + line.matches(&format!("{}: ", name.trim_matches('`'))).count();
            assert!(times <= 1, "{line}");
        }
    }
    assert_eq!(said.matches("is set aside").count(), 3, "{said}");
}

/// An endpoint that is switched off costs nobody anything: it is not looked at, not waited for, not told of.
#[test]
fn one_of_weight_nought_that_nothing_names_is_not_used() {
    let (a, same) = (Fake::start(), Fake::start());
    let made = project(&format!(
        "  off: {{ url: '{}', weight: 0 }}\n  a: {}\n  gone: {{ url: '{}', weight: 0 }}",
        same.url(),
        a.url(),
        dead()
    ));
    let says = "is not used: it has `weight: 0`, and nothing names it as its `model`";
    let checked = made.emogrid(&["check", "sights.yaml", "--endpoint"]).exits(0);
    assert_eq!(checked.stderr.matches(says).count(), 2, "{}", checked.stderr);
    assert!(!checked.stdout.contains("gone"), "{}", checked.stdout);
    assert_eq!(plan(&made).0, "model: fake-1b (its server says so)");
    a.take_count();
    let summary = made.emogrid(&["run", "sights.yaml", "--json"]).exits(0);
    assert!(!summary.stderr.contains("aside") && !summary.stderr.contains("gone"), "{}", summary.stderr);
    let summary = summary.json();
    assert_eq!((&summary["verdict"], &summary["findings"]), (&json!("OK"), &json!([])), "{summary}");
    assert_eq!((a.take_count(), same.take_count()), (10, 0));
    // Neither a price of it nor a limit is asked for.
    let limits = [
        "run.max_cost=1",
        "endpoints.a.price={ prompt: 1, completion: 1 }",
        "endpoints.off.tokens_per_minute=2",
    ];
    let sets: Vec<&str> =
        ["check", "sights.yaml"].into_iter().chain(limits.iter().flat_map(|set| ["--set", set])).collect();
    made.emogrid(&sets).exits(0);
    made.emogrid(&[&sets[..], &["--set", "endpoints.off.weight=1"]].concat())
        .exits(2)
        .says("`max_cost` needs a price");
    // Named, it is used, whatever stands before it in the config.
    made.edit("sights.yaml", "values: [joy, anger]", "values: { joy: { model: off }, anger: { model: a } }");
    made.edit("sights.yaml", "Write", "Tell");
    same.model(|model| model.file = "other-1b.gguf".into());
    made.emogrid(&["run", "sights.yaml"]).exits(0);
    assert_eq!((a.take_count(), same.take_count()), (5, 5));
    assert_eq!(made.emogrid(&["check", "sights.yaml"]).exits(0).stderr.matches(says).count(), 1);
}

/// Two models that share the asks, whose rows may not leave.
fn shared(a: &Fake, b: &Fake) -> Project {
    let project = project(&format!("  a: {}\n  b: {{ url: '{}' }}", a.url(), b.url()));
    project.edit("sights.yaml", "samples:", "run: { max_leaving: 0 }\nsamples:");
    project.emogrid(&["run", "sights.yaml"]).exits(0);
    project
}

/// The page of the last run.
fn page(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path().join("out/sights/runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(last.join("summary.md")).unwrap()
}

/// What makes asks go to another model is told with its key and line, in the plan, in the refusal and in the morning.
#[test]
fn where_the_choice_of_models_changes_the_key_and_its_line_are_told() {
    let (a, b) = (Fake::start(), beta());
    let made = shared(&a, &b);
    let says = |cause: &str| {
        let plan = made.emogrid(&["plan", "sights.yaml"]).exits(0).stdout;
        assert!(plan.contains(&format!("\nchanged since the last run:\n    {cause}\n")), "{cause:?}: {plan}");
        let ran = made.emogrid(&["run", "sights.yaml"]).exits(4);
        assert!(
            ran.stderr.contains(&format!("\n  changed since the last run:\n    {cause}\n")),
            "{}",
            ran.stderr
        );
        let (page, told) = (page(&made), cause.replace("\n    ", "; "));
        assert!(
            page.contains(&format!("\n  Cause: changed since the last run: {told}.\n")),
            "{told:?}: {page}"
        );
        assert_eq!(a.take_count() + b.take_count(), 0);
    };
    a.take_count();
    b.take_count();
    let url = format!("url: '{}'", b.url());
    made.edit("sights.yaml", &url, &format!("{url}, weight: 9"));
    says("endpoints.b.weight: 1.0 → 9.0 (sights.yaml:4)");
    made.edit("sights.yaml", ", weight: 9", "");
    // Another address with another model.
    let c = Fake::start_at(0, Model { file: "gamma.gguf".into(), ..Model::default() });
    made.edit("sights.yaml", "prompt:", &format!("  c: {}\nprompt:", c.url()));
    says("endpoints.c added (sights.yaml:5)\n    model: beta, fake-1b → beta, fake-1b, gamma");
}

/// A new name of an endpoint, and a name of its model, move no ask.
#[test]
fn what_an_endpoint_is_called_changes_no_choice() {
    let (a, b) = (Fake::start(), beta());
    let made = shared(&a, &b);
    let dataset = made.read("out/sights/dataset.jsonl");
    made.edit("sights.yaml", "  b: {", "  bee: { model: beta,");
    assert_eq!(made.emogrid(&["run", "sights.yaml", "--json"]).exits(0).json()["requests"], 0);
    assert_eq!(made.read("out/sights/dataset.jsonl"), dataset);
}

/// Changed keys are those that the user wrote, wherever they are named.
#[test]
fn changed_keys_are_named_as_they_are_written() {
    let fake = Fake::start();
    let made = project(&format!("  a: {{ url: '{}', timeout: 5m, slots: 4 }}", fake.url()));
    made.edit(
        "sights.yaml",
        "{ user: 'Write about {{ topic }} with {{ mood }}.' }",
        "{ system: 'Short.', user: { one: 'Write about {{ topic }} with {{ mood }}.', two: 'Of {{ topic }}, {{ mood }}.' } }",
    );
    made.edit(
        "sights.yaml",
        "samples:",
        "  exclude: [{ if: \"topic.name == 'five'\" }]\nanonymize: tag\nsamples:",
    );
    made.emogrid(&["run", "sights.yaml"]).exits(0);
    for (from, to) in [
        ("Of {{", "About {{"),
        ("'Short.'", "'Be short.'"),
        ("timeout: 5m, slots: 4", "timeout: 60s, slots: [1, 4]"),
        ("'five'", "'four'"),
        ("anonymize: tag", "anonymize: strict"),
    ] {
        made.edit("sights.yaml", from, to);
    }
    let expected = [
        "anonymize.preset: \"tag\" → \"strict\" (sights.yaml:10)",
        "endpoints.a.slots (sights.yaml:3)",
        "endpoints.a.timeout: \"300s\" → \"60s\" (sights.yaml:3)",
        "grid.exclude[0].if (sights.yaml:9)",
        "prompt.system: \"Short.\" → \"Be short.\" (sights.yaml:4)",
        "prompt.user.two (sights.yaml:4)",
    ];
    let plan = made.emogrid(&["plan", "sights.yaml"]).exits(0).stdout;
    let causes = plan.split("changed since the last run:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let mut causes: Vec<&str> = causes.lines().map(str::trim).collect();
    causes.sort_unstable();
    assert_eq!(causes, expected, "{plan}");
    made.emogrid(&["run", "sights.yaml"]).exits(0);
    let log = made.emogrid(&["log", "sights.yaml"]).exits(0).stdout;
    assert!(log.contains("prompt.user.two") && !log.contains("inline") && !log.contains("template"), "{log}");
}

/// Servers tell of their models in more ways than one.
#[test]
fn odd_lists_of_models_are_read_or_the_config_s_word_is_taken() {
    let status = |value: &str| json!({ "value": value });
    let router = json!({ "object": "list", "data": [
        { "id": "small:Q4", "owned_by": "llamacpp", "status": status("unloaded") },
        { "id": "fake-1b", "aliases": ["fake"], "owned_by": "llamacpp", "status": status("loaded") },
    ] });
    let asserted = ["--set", "endpoints.fake.model=fake-1b"];
    for (lists, hidden, set) in [
        (Some(router.clone()), false, &asserted[..]),
        (Some(router.clone()), false, &["--set", "endpoints.fake.model=fake"]),
        (Some(json!([{ "id": "fake-1b", "object": "model" }])), false, &[]),
        (Some(json!([{ "id": "fake-1b", "object": "model" }])), false, &asserted),
        (Some(json!({ "object": "list", "data": null })), false, &asserted),
        (Some(json!("no list at all")), false, &asserted),
        (None, true, &[]),
    ] {
        let fake = Fake::start();
        fake.model(|model| (model.lists, model.is_hidden) = (lists.clone(), hidden));
        let project = Project::small(&fake.url());
        let args = [&["run", "small.yaml", "--set", "endpoints.fake.patience=1s"], set].concat();
        project.emogrid(&args).exits(0);
        let rows = project.rows("out/small/dataset.jsonl");
        assert_eq!(rows.len(), 8, "{lists:?}");
        assert!(rows.iter().all(|row| row["model"] == "fake-1b"), "{lists:?} {:?}", rows[0]);
        // A router hands on by the name.
        assert!(fake.seen().iter().all(|seen| seen.body["model"].as_str().unwrap().starts_with("fake-1b")));
    }
    let fake = Fake::start();
    fake.model(|model| model.lists = Some(router));
    let project = Project::small(&fake.url());
    project
        .emogrid(&["run", "small.yaml", "--set", "endpoints.fake.patience=1s"])
        .exits(1)
        .says("the server offers 2 models (small:Q4, fake-1b): say which in `model`");
}

/// A server that does not answer has no other model for that, be it down when the dataset is made or when it is planned.
#[test]
fn an_endpoint_that_is_away_is_no_other_model() {
    let (a, b) = (Fake::start(), beta());
    let (a_url, b_url, gone) = (a.url(), b.url(), dead());
    let endpoints = |b: &str| {
        format!(
            "  a: {a_url}\n  b: {{ url: '{b}', weight: 0, patience: 1s }}\n  c: {{ url: '{a_url}', weight: 2 }}"
        )
    };
    let made = project(&endpoints(&b_url));
    made.edit(
        "sights.yaml",
        "label: true, values: [joy, anger]",
        "label: true, values: { joy: { model: a }, anger: { model: b } }",
    );
    let causes = || made.emogrid(&["plan", "sights.yaml", "--json"]).exits(0).json()["causes"].to_string();
    made.emogrid(&["run", "sights.yaml"]).exits(0);
    assert_eq!(causes(), "[]");
    made.edit("sights.yaml", &b_url, &gone);
    let moved = format!("[\"endpoints.b.url: \\\"{b_url}\\\" → \\\"{gone}\\\"\"]");
    assert_eq!(causes(), moved);
    // Made while it was away, and planned when it is back.
    std::fs::remove_dir_all(made.path().join("out")).unwrap();
    made.emogrid(&["run", "sights.yaml", "--accept-leaving"]).exits(1);
    made.edit("sights.yaml", &gone, &b_url);
    assert_eq!(causes(), format!("[\"endpoints.b.url: \\\"{gone}\\\" → \\\"{b_url}\\\"\"]"));
    // Another model at an address that nobody changed is one.
    b.model(|model| model.file = "gamma.gguf".into());
    made.edit("sights.yaml", &b_url, &b_url);
    made.emogrid(&["run", "sights.yaml"]).exits(0);
    b.model(|model| model.file = "delta.gguf".into());
    assert!(causes().contains("model: fake-1b, gamma → delta, fake-1b"), "{}", causes());
}
