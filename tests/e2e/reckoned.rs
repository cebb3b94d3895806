//! What is told of requests, tokens, money and time, held against what servers counted, wherever stored answers wait.

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
                    let hash = blake3::hash(format!("{name} {} {user}", seen.seed()).as_bytes()).to_hex();
                    let text = if of < 4 { String::new() } else { format!("{} {}", &hash[..9], &hash[9..18]) };
                    (json!({ "text": text }), 40, 20 + of)
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
            format!("    {name}: {{ model: judge, prompt: '{says} this: {{{{ text }}}}', accept: score >= 3, schema: {SCHEMA} }}\n")
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
        let expected = self.project.emogrid(&["plan", "told.yaml", "--json"]).exits(0).json()["expected"].clone();
        assert_eq!(self.take().0.asks, 0);
        let came = self.run(more);
        let (all, cost) = self.take();
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
            near(&format!("{what}: {of}"), expected[of].as_f64(), came as f64, 0.2);
        }
        near(&format!("{what}: cost"), expected["cost"]["most"].as_f64().or((cost == 0.0).then_some(0.0)), cost, 0.2);
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

/// A figure is told within so much of it; few are too few to tell.
#[track_caller]
fn near(what: &str, told: Option<f64>, came: f64, within: f64) {
    let told = told.unwrap_or_else(|| panic!("{what} is not told"));
    let off = if within < 0.01 { 1e-9 } else if what.ends_with("cost") { 0.02 } else { 12.0 };
    eprintln!("{what}: {told} told, {came} came");
    let fine = (told - came).abs() <= within * came + off;
    if !fine { eprintln!("BAD"); }
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
fn a_judge_that_is_added_to_a_whole_dataset_is_reckoned_with() {
    let world = World::new();
    world.run(&[]);
    world.edit("Shortly:", "In short:");
    world.is_told("without judges", &[]);
    world.add_judges();
    world.is_told("judges are added", &["--max-requests", "250"]);
    world.is_told("the rest of the judging", &[]);
}
