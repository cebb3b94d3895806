//! What is told of requests, tokens, money and time, held against what servers counted, wherever stored answers wait.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen};
use crate::project::Project;

/// What a server counted.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Count {
    asks: u64,
    rulings: u64,
    prompt: u64,
    completion: u64,
}

/// A number that is the same for the same request, below `below`.
fn chance(seen: &Seen, below: u64) -> u64 {
    let hash = blake3::hash(format!("{} {}", seen.seed(), seen.user()).as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap()) % below
}

/// A server that tells only its name: it writes texts of which every fifth is bad, and as a judge accepts three of four.
struct Server {
    fake: Fake,
    counts: Arc<Mutex<Count>>,
}

impl Server {
    fn start(name: &'static str) -> Self {
        let fake = Fake::start_at(0, Model { file: name.into(), llama: false, ..Model::default() });
        let counts: Arc<Mutex<Count>> = Arc::default();
        let counted = counts.clone();
        fake.script(move |seen, _| {
            let user = seen.user();
            let judges = ["Score", "Rate"].iter().any(|judge| user.starts_with(judge));
            let (content, prompt, completion) = match (judges, chance(seen, 20)) {
                // The second judge has longer prompts.
                (true, of) => {
                    let score = if of < 5 { 1 } else { 4 };
                    (json!({ "score": score }), if user.starts_with("Rate") { 300 } else { 100 }, 5)
                }
                (false, of) => {
                    let text = |item: u64| {
                        let hash = blake3::hash(format!("{name} {item} {} {user}", seen.seed()).as_bytes());
                        let is_bad = u64::from(hash.as_bytes()[20]) % 5 == 0;
                        let hash = hash.to_hex();
                        json!({ "text": if is_bad { String::new() } else { format!("{} {}", &hash[..9], &hash[9..18]) } })
                    };
                    let several = seen.body["response_format"].to_string().contains("\"items\"");
                    let content = if several { json!({ "items": [text(0), text(1), text(2)] }) } else { text(0) };
                    (content, 40, 20 + of)
                }
            };
            let mut counted = counted.lock().unwrap();
            *if judges { &mut counted.rulings } else { &mut counted.asks } += 1;
            counted.prompt += prompt;
            counted.completion += completion;
            let message = json!({ "role": "assistant", "content": content.to_string() });
            let usage = json!({ "prompt_tokens": prompt, "completion_tokens": completion });
            let choice = json!({ "index": 0, "finish_reason": "stop", "message": message });
            Reply::Raw(json!({ "choices": [choice], "usage": usage }).to_string())
        });
        Self { fake, counts }
    }

    fn take(&self) -> Count {
        std::mem::take(&mut *self.counts.lock().unwrap())
    }
}

const SCHEMA: &str = "{ type: object, properties: { score: { type: integer } }, required: [score] }";

/// A writer and a judge, each with a price, and two prompts.
struct World {
    servers: [Server; 3],
    project: Project,
}

/// By how much what is expected may differ from what comes: texts are good or bad by chance.
const WITHIN: f64 = 0.2;

/// Prices of prompts and answers, by server.
const PRICES: [(f64, f64); 3] = [(100.0, 500.0), (40.0, 200.0), (1000.0, 3000.0)];

impl World {
    fn new() -> Self {
        let servers = ["writer", "other", "judge"].map(Server::start);
        let project = Project::new();
        let endpoint = |at: usize, weight: &str| {
            let (prompt, completion) = PRICES[at];
            format!(
                "{{ url: '{}', weight: {weight}, price: {{ prompt: {prompt}, completion: {completion} }} }}",
                servers[at].fake.url()
            )
        };
        let topics: Vec<String> = (0..30).map(|at| format!("topic-{at:02}")).collect();
        let text = format!(
            "name: told
endpoints:
  writer: {}
  #other: {}
  judge: {}
prompt: {{ user: {{ long: 'At length: {{{{ topic }}}}, {{{{ mood }}}}.', short: 'Shortly: {{{{ topic }}}}, {{{{ mood }}}}.' }} }}
grid:
  axes:
    mood: {{ label: true, values: [joy, anger] }}
    topic: [{}]
samples: {{ per_cell: 4, max_asks: 40 }}
#checks:
",
            endpoint(0, "1"),
            endpoint(1, "0.5"),
            endpoint(2, "0"),
            topics.join(", ")
        );
        project.write("told.yaml", &text);
        Self { servers, project }
    }

    /// Two judges, of a model of their own.
    fn judged() -> Self {
        let world = Self::new();
        world.add_judges();
        world
    }

    fn add_judges(&self) {
        let judge = |name: &str, says: &str| {
            format!(
                "    {name}: {{ model: judge, prompt: '{says} this: {{{{ text }}}}', accept: score >= 3, schema: {SCHEMA} }}\n"
            )
        };
        let both = judge("one", "Score") + &judge("two", "Rate");
        self.project.edit("told.yaml", "#checks:\n", &format!("checks:\n  judges:\n{both}"));
    }

    fn edit(&self, from: &str, to: &str) {
        self.project.edit("told.yaml", from, to);
    }

    fn run(&self, more: &[&str]) -> Value {
        let args = [&["run", "told.yaml", "--json", "--accept-leaving"], more].concat();
        self.project.emogrid(&args).json()
    }

    /// What a plan expects, and what a run then brings, as it says itself.
    #[track_caller]
    fn is_told(&self, what: &str, more: &[&str]) {
        self.take();
        let expected =
            self.project.emogrid(&["plan", "told.yaml", "--json"]).exits(0).json()["expected"].clone();
        assert_eq!(self.take().0.asks, 0);
        let came = self.run(more);
        let (all, cost) = self.take();
        // All of it is somebody's: of the prompt and model whose texts it asked for, or asked about.
        let asked = came["asked"].as_array().cloned().unwrap_or_default();
        let sum = |of: &str| asked.iter().map(|asked| asked[of].as_f64().unwrap()).sum::<f64>();
        assert_eq!(
            [sum("requests"), sum("about")],
            [all.asks, all.rulings].map(|each| each as f64),
            "{what}"
        );
        near(&format!("{what}: spent on texts"), Some(sum("cost")), cost, 1e-9);
        // What came is told as it was.
        assert_eq!(came["requests"], all.asks + all.rulings, "{what}");
        assert_eq!(came["judge_requests"], all.rulings, "{what}");
        assert_eq!(came["prompt_tokens"], all.prompt, "{what}");
        assert_eq!(came["completion_tokens"], all.completion, "{what}");
        near(&format!("{what}: spent"), came["cost"]["all"].as_f64(), cost, 1e-9);
        if !more.is_empty() {
            return;
        }
        for (of, came) in [
            ("requests", all.asks + all.rulings),
            ("judge_requests", all.rulings),
            ("prompt_tokens", all.prompt),
            ("completion_tokens", all.completion),
        ] {
            near(&format!("{what}: {of}"), expected[of].as_f64(), came as f64, WITHIN);
        }
        near(
            &format!("{what}: cost"),
            expected["cost"]["most"].as_f64().or((cost == 0.0).then_some(0.0)),
            cost,
            WITHIN,
        );
    }

    /// What all servers counted, and what that costs.
    fn take(&self) -> (Count, f64) {
        let (mut all, mut cost) = (Count::default(), 0.0);
        for (server, (prompt, completion)) in self.servers.iter().zip(PRICES) {
            let count = server.take();
            all.asks += count.asks;
            all.rulings += count.rulings;
            all.prompt += count.prompt;
            all.completion += count.completion;
            cost += (count.prompt as f64 * prompt + count.completion as f64 * completion) / 1e6;
        }
        (all, cost)
    }
}

/// A figure is told within so much of it.
#[track_caller]
fn near(what: &str, told: Option<f64>, came: f64, within: f64) {
    let told = told.unwrap_or_else(|| panic!("{what} is not told"));
    assert!((told - came).abs() <= within * came, "{what}: {told} told, {came} came");
}

#[test]
fn what_is_to_come_is_what_comes() {
    let world = World::judged();
    world.run(&["--limit", "30"]);
    world.is_told("the rest of the cells", &[]);
    world.edit("Shortly:", "In short:");
    world.is_told("a variant is edited", &[]);
    world.edit("per_cell: 4", "per_cell: 6");
    world.is_told("more rows a cell", &[]);
    world.edit("'Rate this", "'Rate this one");
    world.is_told("the second judge is edited", &[]);
    world.edit("score >= 3, schema", "score >= 4, schema");
    world.is_told("a threshold is edited", &[]);
    world.edit("In short:", "Shorter:");
    world.is_told("a run that is cut", &["--max-requests", "150"]);
    world.is_told("the rest of what was cut", &[]);
    world.edit("#other", "other");
    world.is_told("another model", &[]);
    world.edit("At length:", "At great length:");
    world.is_told("a run that is cut again", &["--max-requests", "300"]);
    world.edit("'Score this", "'Score this one");
    world.is_told("the first judge is edited", &[]);
}

#[test]
fn answers_of_several_texts_are_told_alike() {
    let world = World::judged();
    world.edit("samples:", "response: { items: 3 }\nsamples:");
    world.edit("per_cell: 4", "per_cell: 7");
    world.run(&["--limit", "30"]);
    world.is_told("the rest of the cells", &[]);
    world.edit("Shortly:", "In short:");
    world.is_told("a variant is edited", &[]);
    world.edit("'Rate this", "'Rate this one");
    world.is_told("the second judge is edited", &[]);
    world.edit("per_cell: 7", "per_cell: 10");
    world.is_told("more rows a cell", &["--max-requests", "150"]);
    world.is_told("the rest of them", &[]);
}

#[test]
fn a_judge_that_is_added_to_a_whole_dataset_is_reckoned_with() {
    let world = World::new();
    world.run(&[]);
    world.edit("Shortly:", "In short:");
    world.is_told("without judges", &[]);
    world.add_judges();
    world.is_told("judges are added", &["--max-requests", "250"]);
    world.is_told("the rest of the judging", &[]);
}

/// Texts that were all stored and that judges were asked about make rows of the run that asked.
#[test]
fn a_row_is_brought_by_the_run_in_which_something_of_it_came() {
    let world = World::new();
    world.run(&[]);
    world.add_judges();
    let judged = world.run(&[]);
    // None of a variant that nobody touched: its rows wait for the asks before them, and come free.
    world.edit("Shortly:", "In short:");
    let edited = world.run(&[]);
    let compared =
        |a: &str, b: &str| world.project.emogrid(&["runs", "told.yaml", "--compare", a, b]).exits(0).stdout;
    let told = compared("1", "2");
    let figure = |told: &str, name: &str, run: usize| -> f64 {
        let line =
            told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {told}"));
        line[30..].split_whitespace().nth(run).unwrap().replace(',', "").parse().unwrap()
    };
    let brought = |summary: &Value| {
        summary["asked"].as_array().unwrap().iter().map(|asked| asked["rows"].as_f64().unwrap()).sum::<f64>()
    };
    assert_eq!(brought(&judged), 240.0, "each row was judged in it");
    let cost = judged["cost"]["all"].as_f64().unwrap();
    near("cost of 1,000 rows", Some(figure(&told, "cost of 1,000 rows", 1)), cost / 0.24, 0.001);
    let an_hour = 240.0 / judged["asking_seconds"].as_f64().unwrap() * 3600.0;
    near("rows an hour", Some(figure(&told, "rows an hour", 1)), an_hour, 0.01);
    let rows = |name: &str| world.project.rows(&format!("out/told/{name}.jsonl"));
    let before: HashSet<String> = rows("dataset.previous").iter().map(|row| row["id"].to_string()).collect();
    let new = rows("dataset").iter().filter(|row| !before.contains(&row["id"].to_string())).count();
    assert_eq!(brought(&edited), new as f64);
    // Weighted alike it is the same figure, judges and all: of what both asked.
    let told = compared("2", "3");
    let (_, weighted) = told.split_once("weighted alike").unwrap_or_else(|| panic!("{told}"));
    let (mut cost, mut rows) = (0.0, 0.0);
    for prompt in ["long", "short"] {
        let of = |summary: &Value| {
            summary["asked"]
                .as_array()
                .unwrap()
                .iter()
                .find(|asked| asked["prompt"] == prompt)
                .unwrap()
                .clone()
        };
        let texts = |asked: &Value| {
            let rejected = asked["rejected"].as_object().unwrap().values();
            asked["rows"].as_f64().unwrap() + rejected.map(|times| times.as_f64().unwrap()).sum::<f64>()
        };
        let [then, now] = [&judged, &edited].map(of);
        if texts(&now) >= 20.0 {
            let weight = (texts(&then) + texts(&now)) / texts(&now);
            cost += weight * now["cost"].as_f64().unwrap();
            rows += weight * now["rows"].as_f64().unwrap();
        }
    }
    near("weighted", Some(figure(weighted, "  cost of 1,000 rows", 1)), cost / rows * 1000.0, 0.001);
}

#[test]
fn a_model_that_only_judges_is_none_that_writes() {
    let world = World::judged();
    let summary = world.run(&[]);
    assert!(summary["by_ask"]["model"].is_null(), "{}", summary["by_ask"]);
    world.edit("#other", "other");
    let ran = world.project.emogrid(&["run", "told.yaml", "--accept-leaving"]).exits(0).stderr;
    let status = world.project.emogrid(&["status", "told.yaml"]).exits(0).stdout;
    let page = world.project.emogrid(&["runs", "told.yaml", "--show", "2"]).exits(0).stdout;
    for told in [&ran, &status, &page] {
        assert!(
            told.contains("other") && !told.contains("judge 0 of") && !told.contains("\n  judge "),
            "{told}"
        );
    }
    let by_model: Vec<&str> = page.lines().skip_while(|line| *line != "## By model").take(7).collect();
    assert_eq!(by_model.iter().filter(|line| line.starts_with("| ")).count(), 4, "{by_model:#?}");
}

#[test]
fn nothing_is_said_of_runs_to_come_where_little_was_judged() {
    let world = World::new();
    let (few, more) = (world.run(&["--max-requests", "12"]), world.run(&["--max-requests", "90"]));
    assert!(few["outlook"].is_null() && few["left"]["expected"]["rows"].as_f64() > Some(0.0), "{few}");
    assert!(few["headline"].as_str().unwrap().ends_with("; stopped as asked"), "{few}");
    assert!(more["outlook"]["runs"].as_u64() > Some(0), "{more}");
    let runs = more["outlook"]["runs"].as_u64().unwrap();
    let came = world.run(&[])["requests"].as_f64().unwrap();
    near("runs to come", Some(runs as f64), (came / 90.0).ceil(), 0.35);
}

/// One text in six is good, and few cells are open: each waits for its own asks, one after the other.
#[test]
fn few_cells_take_as_long_as_the_last_of_them() {
    let fake = Fake::start_at(0, Model { slots: 16, ..Model::default() });
    fake.script(|seen, _| if chance(seen, 6) == 0 { Reply::Good } else { Reply::text("{\"text\": \"\"}") });
    fake.latency(std::time::Duration::from_millis(50));
    let project = Project::wide(&fake.url(), 50, ", slots: 16");
    project.edit("wide.yaml", "max_asks: 5", "max_asks: 90");
    project.emogrid(&["run", "wide.yaml"]).exits(0);
    let (mut told, mut came) = (0.0, 0.0);
    for seed in 1..=6 {
        let seed = format!("seed={seed}");
        let json = |command: &str, more: &[&str]| {
            let args = [&[command, "wide.yaml", "--json", "--limit", "8", "--set", &seed], more].concat();
            project.emogrid(&args).exits(0).json()
        };
        told += json("plan", &[])["expected"]["seconds"].as_f64().unwrap();
        came += json("run", &["--accept-leaving"])["asking_seconds"].as_f64().unwrap();
    }
    near("seconds", Some(told), came, 0.3);
}
