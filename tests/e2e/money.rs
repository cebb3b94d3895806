//! Money: what a run spends is told as the budget counts it, and what it will spend is planned.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen, completion, good};
use crate::project::{Project, until};

/// What a fake counted: requests, and tokens of prompts and answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tally {
    requests: u64,
    prompt: u64,
    answer: u64,
}

impl Tally {
    fn cost(self, prompt: f64, answer: f64) -> f64 {
        (self.prompt as f64 * prompt + self.answer as f64 * answer) / 1e6
    }
}

/// Answers as `content` says, else well, and counts what it tells of itself.
fn counting(
    fake: &Fake,
    content: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static,
) -> Arc<Mutex<Tally>> {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let counts = tally.clone();
    fake.script(move |seen, _| {
        let body = match content(seen) {
            Some(content) => completion(&seen.body, &[(content, "stop")]),
            None => good(&seen.body),
        };
        let usage = serde_json::from_str::<Value>(&body).unwrap()["usage"].clone();
        let of = |key: &str| usage[key].as_u64().unwrap_or(0);
        let mut counts = counts.lock().unwrap();
        counts.requests += 1;
        counts.prompt += of("prompt_tokens");
        counts.answer += of("completion_tokens");
        Reply::Raw(body)
    });
    tally
}

#[track_caller]
fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{found} is no amount"));
    assert!((found - expected).abs() <= expected * 1e-9, "{found} told, {expected} spent");
}

fn page(project: &Project, name: &str) -> String {
    let folder = std::fs::read_dir(project.path().join("out").join(name).join("runs")).unwrap();
    let last = folder.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(last.join("summary.md")).unwrap()
}

#[track_caller]
fn narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn what_a_run_spent_is_told_wherever_it_is_told_of() {
    let fake = Fake::start();
    let tally = counting(&fake, |_| None);
    let project =
        Project::small(&format!("{{ url: '{}', price: {{ prompt: 150, completion: 600 }} }}", fake.url()));
    project.edit("small.yaml", "samples:", "run: { metrics: small.prom, max_cost: 5 }\nsamples:");
    let ran = project.emogrid(&["run", "small.yaml", "--max-requests", "3"]).exits(3);
    let first = tally.lock().unwrap().cost(150.0, 600.0);
    // Three of 40 and 7 tokens.
    near(&json!(0.0306), first);
    assert!(ran.stderr.contains("\ncost        0.0306\n"), "{}", ran.stderr);
    assert!(page(&project, "small").contains("| cost | 0.0306 |\n"), "{}", page(&project, "small"));
    let figures = project.read("small.prom");
    assert!(
        figures.contains("# TYPE emogrid_cost_total counter\nemogrid_cost_total{name=\"small\"} 0.0306\n"),
        "{figures}"
    );
    let log = project.rows("out/small/log.jsonl");
    near(&log.iter().find(|line| line["event"] == "ended").unwrap()["cost"]["all"], first);

    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    let second = tally.lock().unwrap().cost(150.0, 600.0) - first;
    near(&summary["cost"]["all"], second);
    near(&summary["cost"]["by_endpoint"]["fake"], second);
    assert_eq!(summary["cost"]["untold"], 0.0);

    let runs = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    assert!(runs.lines().next().unwrap().ends_with("     cost"), "{runs}");
    assert!(runs.lines().nth(1).unwrap().ends_with("  0.0306"), "{runs}");
    let compared = project.emogrid(&["runs", "small.yaml", "--compare", "1", "2"]).exits(0).stdout;
    let line = compared.lines().find(|line| line.starts_with("cost  ")).unwrap();
    assert!(line.contains(" 0.0306 ") && line.ends_with(" 0.051"), "{compared}");
    let log = project.emogrid(&["log", "small.yaml"]).exits(0).stdout;
    assert!(log.contains(" completion\n        cost 0.0306\n"), "{log}");
    narrow(&(runs + &compared + &log));
}

#[test]
fn where_nothing_has_a_price_no_cost_is_told() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let plan = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    let ran = project.emogrid(&["run", "small.yaml"]).exits(0);
    let runs = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    let told = [plan, ran.stderr, runs, page(&project, "small")].concat();
    assert!(!told.contains("cost ") && !told.contains("cost\n") && !told.contains("cost:"), "{told}");
}

/// Asks, judges, second looks and embeddings, each of a model of its own and at its own price.
#[test]
fn all_that_is_asked_is_in_the_cost_of_its_endpoint() {
    let models = ["writer", "judge", "names", "meanings"];
    let fakes = models.map(|name| Fake::start_at(0, Model { file: name.into(), ..Model::default() }));
    let says = |seen: &Seen| match seen.user() {
        user if user.starts_with("Rate") => Some(json!({ "score": 4 }).to_string()),
        user if user.contains("Write about") => {
            let hash = blake3::hash(format!("{user} {}", seen.body["seed"]).as_bytes()).to_hex();
            Some(
                json!({ "text": format!("We saw Dakota with {} and {} again.", &hash[..6], &hash[6..12]) })
                    .to_string(),
            )
        }
        _ if seen.body["input"].is_null() => Some(json!({ "names": ["Dakota"] }).to_string()),
        _ => None,
    };
    let tallies = fakes.each_ref().map(|fake| counting(fake, says));
    let endpoints: String = models
        .iter()
        .zip(&fakes)
        .enumerate()
        .map(|(at, (name, fake))| {
            let weight = u8::from(at == 0);
            let price = at + 1;
            format!(
                "  {name}: {{ url: '{}', weight: {weight}, price: {{ prompt: {price}, completion: {} }} }}\n",
                fake.url(),
                10 * price
            )
        })
        .collect();
    let project = Project::new();
    project.write(
        "priced.yaml",
        &format!(
            "name: priced
endpoints:
{endpoints}prompt: {{ user: 'Write about {{{{ emotion }}}} at {{{{ place }}}}.' }}
grid:
  axes:
    emotion: {{ label: true, values: [joy, anger] }}
    place: [home, work]
samples: {{ per_cell: 2, max_asks: 6 }}
anonymize: {{ preset: strict, second_look: {{ model: names }} }}
dedup: {{ semantic: {{ threshold: 0.999, model: meanings }} }}
run: {{ max_cost: 1000 }}
checks:
  judges:
    quality:
      model: judge
      prompt: 'Rate this post: {{{{ text }}}}'
      schema: {{ type: object, properties: {{ score: {{ type: integer }} }}, required: [score] }}
      accept: score >= 3
"
        ),
    );
    let summary = project.emogrid(&["run", "priced.yaml", "--json"]).exits(0).json();
    let costs = tallies.each_ref().map(|tally| *tally.lock().unwrap());
    let each: Vec<f64> =
        (1u8..).zip(costs).map(|(price, tally)| tally.cost(price.into(), 10.0 * f64::from(price))).collect();
    for ((name, cost), tally) in models.iter().zip(&each).zip(costs) {
        assert!(tally.requests > 0, "{name} was never asked: {summary}");
        near(&summary["cost"]["by_endpoint"][name], *cost);
    }
    near(&summary["cost"]["all"], each.iter().sum());
    assert!(page(&project, "priced").contains(" (judge 0.0"), "{}", page(&project, "priced"));

    // The same twice over is what so many rows more are expected to cost.
    project.edit("priced.yaml", "per_cell: 2", "per_cell: 4");
    let expected = project.emogrid(&["plan", "priced.yaml", "--json"]).exits(0).json()["expected"].clone();
    let (least, most) =
        (expected["cost"]["least"].as_f64().unwrap(), expected["cost"]["most"].as_f64().unwrap());
    assert_eq!(least, most, "each model has one price");
    let sum: f64 = each.iter().sum();
    assert!((least / sum - 1.0).abs() < 0.1, "{least} planned, {sum} spent: {expected}");
}

/// An answer without a count costs as much as it may, so that a budget holds.
#[test]
fn what_nobody_counts_costs_the_most_that_it_may() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let mut body: Value = serde_json::from_str(&good(&seen.body)).unwrap();
        body.as_object_mut().unwrap().remove("usage");
        Reply::Raw(body.to_string())
    });
    let project = Project::small(&format!(
        "{{ url: '{}', slots: 1, price: {{ prompt: 0, completion: 1000 }} }}",
        fake.url()
    ));
    // A request may take 0.1, so three fit.
    project.edit(
        "small.yaml",
        "samples:",
        "sampling: { max_tokens: 100 }\nrun: { max_cost: 0.35 }\nsamples:",
    );
    let ran = project.emogrid(&["run", "small.yaml"]).exits(3);
    assert_eq!(fake.take_count(), 3, "{}", ran.stderr);
    let says = "\ncost        0.30, 0.30 of it at the most since nobody told\n";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
}

/// Requests that are left at a run's end are paid for all the same.
#[test]
fn what_is_left_under_way_is_counted() {
    let fake = Fake::start();
    fake.script(|_, before| if before == 0 { Reply::Good } else { Reply::Hang(Duration::from_secs(60)) });
    let project = Project::small(&format!(
        "{{ url: '{}', slots: 1, price: {{ prompt: 0, completion: 1000 }} }}",
        fake.url()
    ));
    project.edit("small.yaml", "samples:", "sampling: { max_tokens: 100 }\nsamples:");
    let running = project.watch(&["run", "small.yaml", "--json"]);
    until("a request that hangs", || fake.seen().len() == 2, String::new);
    running.signal(libc::SIGINT);
    running.until_says("Ctrl-C again to leave them");
    running.signal(libc::SIGINT);
    let cost = running.finish().exits(3).json()["cost"].clone();
    // One of 7 tokens, and one of at most 100.
    near(&cost["all"], 0.107);
    near(&cost["untold"], 0.1);
}

#[test]
fn a_plan_says_what_is_to_be_paid_and_whether_it_may_be() {
    let fake = Fake::start();
    let tally = counting(&fake, |_| None);
    let project =
        Project::small(&format!("{{ url: '{}', price: {{ prompt: 100, completion: 500 }} }}", fake.url()));
    project.edit("small.yaml", "samples:", "sampling: { max_tokens: 100 }\nrun: { max_cost: 1 }\nsamples:");
    let plan = |more: &[&str]| project.emogrid(&[&["plan", "small.yaml"], more].concat()).exits(0);
    // Nothing is known but how long answers may be: each 0.05, and some hundredths for its prompt.
    let first = plan(&["--json"]).json()["expected"].clone();
    assert_eq!(first["cost"], Value::Null, "{first}");
    let most = first["cost_at_most"].as_f64().unwrap();
    assert!((0.2..0.25).contains(&most), "{first}");
    assert_eq!(first["max_cost"], 1.0);
    let text = plan(&[]).stdout;
    assert!(text.contains("\ncost: up to 0.2") && text.contains(" for 4 asks,\n"), "{text}");
    assert!(text.contains("\n      within `run.max_cost` (1.00)\n"), "{text}");
    narrow(&text);

    project.emogrid(&["run", "small.yaml"]).exits(0);
    let so_far = *tally.lock().unwrap();
    project.edit("small.yaml", "per_cell: 2", "per_cell: 4");
    let then = plan(&["--json"]).json()["expected"].clone();
    let text = plan(&["--set", "run.max_cost=0.01"]).stdout;
    assert!(text.contains("more than `run.max_cost` (0.01), which ends a run before\n"), "{text}");
    narrow(&text);
    // Prompts of a fake are counted otherwise than asks of it; so the answers stand for these.
    let counted = then["prompt_tokens"].as_f64().unwrap();
    let answers = then["completion_tokens"].as_f64().unwrap();
    near(&then["cost"]["most"], (counted * 100.0 + answers * 500.0) / 1e6);
    assert_eq!(answers, so_far.answer as f64, "as many rows more");
    assert_eq!(then["within_max_cost"], true, "{then}");
    let short = plan(&["--json", "--set", "run.max_cost=0.01"]).json()["expected"].clone();
    assert_eq!(short["within_max_cost"], false, "{short}");
}

/// With a model at two prices it is not known who answers.
#[test]
fn a_plan_knows_that_one_model_may_have_two_prices() {
    let fakes = [Fake::start(), Fake::start()];
    let [cheap, dear] = fakes.each_ref().map(Fake::url);
    let project = Project::small(&format!(
        "1\n  a: {{ url: '{cheap}', price: {{ prompt: 0, completion: 0 }} }}\n  b: {{ url: '{dear}', price: {{ prompt: 0, completion: 500 }} }}\n"
    ));
    let text = project.read("small.yaml");
    let (from, to) = (text.find("{ fake: 1").unwrap(), text.find("\n }\n").unwrap() + 3);
    let endpoints = text[from..to].replace("{ fake: 1", "").replace("\n }", "");
    project.write("small.yaml", &format!("{}{endpoints}{}", &text[..from], &text[to..]));
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "per_cell: 2", "per_cell: 4");
    let cost = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json()["expected"]["cost"].clone();
    assert_eq!(cost["least"], 0.0, "{cost}");
    near(&cost["most"], 8.0 * 7.0 * 500.0 / 1e6);
    let says = project.emogrid(&["plan", "small.yaml", "--set", "run.max_cost=0.02"]).exits(0).stdout;
    assert!(
        says.contains("cost: about 0 to 0.028,\n      at the dearest more than `run.max_cost` (0.02)\n"),
        "{says}"
    );
}

#[test]
fn a_run_under_way_says_what_it_spent() {
    let fake = Fake::start();
    fake.latency(Duration::from_millis(30));
    let tally = counting(&fake, |_| None);
    let price = ", price: { prompt: 150, completion: 600 }";
    let project = Project::wide(&fake.url(), 40, price);
    let running = project.watch(&["run", "wide.yaml", "--max-cost", "9"]);
    until("some requests", || fake.seen().len() > 6, String::new);
    project.emogrid(&["ctl", "pause"]).exits(0);
    let status = || project.emogrid(&["ctl", "status", "--json"]).exits(0).json();
    until("what was under way", || status()["under_way"] == 0, String::new);
    let spent = tally.lock().unwrap().cost(150.0, 600.0);
    let now = status();
    near(&now["cost"], spent);
    near(&now["endpoints"][0]["cost"], spent);
    let text = project.emogrid(&["ctl", "status"]).exits(0).stdout;
    assert!(text.contains("\ncost 0.") && text.contains(" of at most 9.00\n"), "{text}");
    assert!(text.lines().last().unwrap().contains(" requests, cost 0."), "{text}");
    narrow(&text);
    project.emogrid(&["ctl", "drain"]).exits(0);
    running.finish().exits(3);
}

#[test]
fn null_on_the_command_line_takes_a_key_out() {
    let fake = Fake::start();
    let project =
        Project::small(&format!("{{ url: '{}', price: {{ prompt: 1, completion: 1 }} }}", fake.url()));
    project.edit("small.yaml", "samples:", "checks: { words: [2, 9] }\nrun: { max_cost: 1 }\nsamples:");
    let check = |set: &str| project.emogrid(&["check", "small.yaml", "--set", set]);
    check("endpoints.fake.price=null").exits(2).says("`max_cost` needs a price, and `fake` has none");
    check("endpoints.fake.price={}").exits(2).says("`price` needs `prompt` and `completion`");
    check("endpoints.fake.price={prompt: 1}").exits(2).says("`price` needs `completion`");
    check("endpoints.fake.price.completion=null").exits(2).says("`price` needs `completion`");
    let keys =
        |set: &str| project.emogrid(&["check", "small.yaml", "--resolved", "--set", set]).exits(0).stdout;
    assert!(keys("seed=1").contains("checks"), "{}", keys("seed=1"));
    for set in ["checks.words=null", "checks.words=~", "checks=null"] {
        assert!(!keys(set).contains("checks.words"), "{set}: {}", keys(set));
    }
    check("checks.words=")
        .exits(2)
        .says("`--set checks.words=` has no value")
        .says("`--set checks.words=null` takes the key out");
    // What is not there need not be taken out, if there is such a key.
    check("dedup.semantic.threshold=null").exits(0);
    check("checks.wrods=null")
        .exits(2)
        .says("there is no `checks.wrods` to remove")
        .says("did you mean `words`?");
}

/// Where cells wait for one model, the asks behind theirs are of both.
#[test]
fn a_plan_goes_by_the_models_of_all_asks_to_come() {
    let cheap = Fake::start();
    let dear = Fake::start_at(0, Model { parameters: 7, file: "b.gguf".into(), ..Model::default() });
    dear.latency(Duration::from_millis(30));
    let tally = counting(&dear, |_| None);
    let project = Project::wide(&cheap.url(), 40, ", price: { prompt: 0, completion: 0 }");
    let b =
        format!(" }}, b: {{ url: '{}', price: {{ prompt: 0, completion: 1000 }} }} }}\nprompt:", dear.url());
    project.edit("wide.yaml", " } }\nprompt:", &b);
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 6, max_asks: 18");
    project.emogrid(&["run", "wide.yaml", "--max-cost", "0.3"]).exits(3);
    let before = tally.lock().unwrap().cost(0.0, 1000.0);
    let told = project.emogrid(&["plan", "wide.yaml", "--json"]).exits(0).json()["expected"].clone();
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    let came = tally.lock().unwrap().cost(0.0, 1000.0) - before;
    let of = told["cost"]["most"].as_f64().unwrap() / came;
    assert!((0.8..1.25).contains(&of), "{told} told, {came} came: {tally:?}");
}

/// Rows whose answers were stored before come free, and another mix of prompts is told as that: each run is compared by
/// what it asked.
#[test]
fn runs_are_compared_by_what_they_asked() {
    let fake = Fake::start();
    // Every chat is too short; posts are cut as long as `max_tokens` is 50 where their seed is even.
    fake.script(|seen, _| match seen.user().starts_with("Chat") {
        true => Reply::text("no"),
        false if seen.body["max_tokens"] == 50 && seen.seed() % 2 == 0 => {
            Reply::Choices(vec![("I told them that it was".into(), "length")])
        }
        false => Reply::Good,
    });
    let project = Project::wide(&fake.url(), 100, ", price: { prompt: 1, completion: 2 }");
    let prompt = "Write about {{ topic }} with {{ mood }}.";
    project.edit(
        "wide.yaml",
        &format!("{{ user: '{prompt}' }}"),
        &format!(
            "{{ user: {{ post: '{prompt}', chat: {{ text: 'Chat of {{{{ topic }}}}.', weight: 0.5 }} }} }}"
        ),
    );
    project.edit("wide.yaml", "per_cell: 1, max_asks: 5", "per_cell: 2, max_asks: 12");
    project.edit(
        "wide.yaml",
        "samples:",
        "sampling: { max_tokens: 50 }\nrun: { max_leaving: 9 }\nchecks: { words: [2, 90] }\nsamples:",
    );
    let run = || {
        let ran = project.emogrid(&["run", "wide.yaml", "--json"]);
        assert!(matches!(ran.code, Some(0 | 4)), "{ran:?}");
        ran.json()
    };
    let (then, asked) = (run(), fake.take_count() as u64);
    // What was cut is asked again, and nothing else: all of that is posts.
    project.edit("wide.yaml", "max_tokens: 50", "max_tokens: 60");
    let (now, again) = (run(), fake.take_count() as u64);
    let of = |summary: &Value, name: &str, what: &str| {
        let found = summary["asked"].as_array().unwrap().iter().find(|asked| asked["prompt"] == name);
        found.map_or(json!(0), |asked| asked[what].clone())
    };
    let sum = |summary: &Value| ["post", "chat"].map(|name| of(summary, name, "requests").as_u64().unwrap());
    assert_eq!(sum(&then).iter().sum::<u64>(), asked);
    assert_eq!(sum(&now), [again, 0]);
    near(
        &json!(["post", "chat"].map(|name| of(&then, name, "cost").as_f64().unwrap()).iter().sum::<f64>()),
        then["cost"]["all"].as_f64().unwrap(),
    );
    // Some of the rows only waited for an ask before them.
    let (made, came) = (of(&now, "post", "rows").as_u64().unwrap(), now["run"]["accepted"].as_u64().unwrap());
    assert!(made < came && made <= again, "{made} of {came} made by {again}");
    let told = project.emogrid(&["runs", "wide.yaml", "--compare", "1", "2"]).exits(0).stdout;
    let line = |name: &str| {
        let found =
            told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
        found[30..].split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let each: f64 = line("cost of 1,000 rows")[1].parse().unwrap();
    let cost = now["cost"]["all"].as_f64().unwrap();
    assert!((each - cost / made as f64 * 1000.0).abs() < 0.001 * each, "{told}");
    assert!(
        told.contains("\naccepted, of the texts of answers that were asked for:\n  prompt chat "),
        "{told}"
    );
    assert!(told.contains("\nasked in different shares; weighted alike"), "{told}");
    // Of posts alone: chats were not asked in both.
    let posts = of(&then, "post", "rows").as_f64().unwrap();
    let rejected = of(&then, "post", "rejected");
    let judged =
        posts + rejected.as_object().unwrap().values().map(|times| times.as_f64().unwrap()).sum::<f64>();
    assert_eq!(line("  accepted texts")[..2], [format!("{:.0}", 100.0 * posts / judged), "%".to_owned()]);
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
}

/// Counts a prompt's tokens by its words; half of the prompts are some hundred times as long as the others, and slower.
fn uneven(fake: &Fake) -> (Project, Arc<Mutex<Tally>>) {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let counts = tally.clone();
    fake.script(move |seen, _| {
        let words = seen.user().split_whitespace().count() as u64;
        let mut body: Value = serde_json::from_str(&good(&seen.body)).unwrap();
        body["usage"]["prompt_tokens"] = words.into();
        let mut counts = counts.lock().unwrap();
        counts.requests += 1;
        counts.prompt += words;
        counts.answer += body["usage"]["completion_tokens"].as_u64().unwrap();
        let late = if words > 100 { 150 } else { 0 };
        Reply::Late(Duration::from_millis(late), Box::new(Reply::Raw(body.to_string())))
    });
    let project = Project::wide(&fake.url(), 40, ", slots: 16, price: { prompt: 1000, completion: 1000 }");
    let long =
        "{% if mood.name == \"anger\" %}{% for _ in range(4000) %}blah {% endfor %}{% endif %}Write about";
    project.edit("wide.yaml", "Write about", long);
    project.edit("wide.yaml", "samples:", "sampling: { max_tokens: 100 }\nrun: { order: even }\nsamples:");
    (project, tally)
}

/// What is reserved for a request is what its own prompt may take, whatever those before it took.
#[test]
fn a_budget_holds_where_prompts_are_of_many_lengths() {
    let fake = Fake::start_at(0, Model { slots: 16, ..Model::default() });
    let (project, tally) = uneven(&fake);
    let ran = project.emogrid(&["run", "wide.yaml", "--json", "--max-cost", "20"]).exits(3);
    let spent = tally.lock().unwrap().cost(1000.0, 1000.0);
    near(&ran.json()["cost"]["all"], spent);
    assert!(spent <= 20.0, "{spent} spent of 20");
    assert!(spent > 8.0, "{spent}: too little fits\n{}", ran.stderr);

    let fake = Fake::start_at(0, Model { slots: 16, ..Model::default() });
    let (project, tally) = uneven(&fake);
    let limit = ["endpoints.fake.tokens_per_minute=20000", "endpoints.fake.burst=16"];
    let sets = limit.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["run", "wide.yaml", "--for", "3s"].into_iter().chain(sets).collect();
    project.emogrid(&args).exits(3);
    let sent = *tally.lock().unwrap();
    assert!(sent.prompt + sent.answer <= 20_000, "{sent:?} in less than a minute");
    assert!(sent.requests > 5, "{sent:?}");
}

/// A server may count more than anybody could expect: that is said, and no night is OK then.
#[test]
fn a_budget_that_did_not_hold_is_told() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let mut body: Value = serde_json::from_str(&good(&seen.body)).unwrap();
        body["usage"]["completion_tokens"] = 900.into();
        Reply::Raw(body.to_string())
    });
    let project = Project::wide(&fake.url(), 40, ", slots: 1");
    let budget = ["run", "wide.yaml", "--json", "--token-budget", "700", "--set", "sampling.max_tokens=100"];
    let summary = project.emogrid(&budget).exits(3).json();
    let found = &summary["findings"][0];
    assert_eq!(
        (&summary["verdict"], &found["key"]),
        (&json!("LOOK"), &json!("run.token_budget")),
        "{summary}"
    );
    assert_eq!(found["what"], "940 tokens spent, and `run.token_budget` is 700 tokens");
}
