//! Duplicates by meaning: what is embedded, when, and what becomes of paraphrases.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen, embedding, good};
use crate::project::Project;

/// Four cells of two rows each, under two labels, with a server that writes and one that embeds.
const MEANT: &str = "\
name: meant
endpoints: ENDPOINTS
prompt: { user: 'Write about {{ emotion }} at {{ place }}.' }
response: { items: 4 }
grid:
  axes:
    emotion: { label: true, values: [joy, anger] }
    place: [home, work]
samples: { per_cell: 2, max_asks: 6 }
dedup: { semantic: { threshold: 0.97, model: meanings } }
";

/// Of four texts of an answer the second and the last say what the first and the third do.
fn writes(seen: &Seen, _: usize) -> Reply {
    if !seen.body["input"].is_null() || seen.body["seed"].is_null() {
        return Reply::Good;
    }
    let hash = blake3::hash(format!("{} {}", seen.user(), seen.body["seed"]).as_bytes()).to_hex();
    let own = [&hash[..6], &hash[6..12]];
    let items: Vec<_> = own
        .iter()
        .flat_map(|word| {
            [format!("I found {word} in {word}s house."), format!("In {word}s house I found {word}!")]
        })
        .map(|text| json!({ "text": text }))
        .collect();
    Reply::text(&json!({ "items": items }).to_string())
}

struct Bench {
    writer: Fake,
    embedder: Fake,
    project: Project,
}

fn bench() -> Bench {
    let writer = Fake::start();
    let embedder = Fake::start_at(0, Model { file: "bge-small.gguf".into(), ..Model::default() });
    writer.script(writes);
    let project = Project::new();
    let endpoints =
        format!("{{ fake: {}, meanings: {{ url: '{}', weight: 0 }} }}", writer.url(), embedder.url());
    project.write("meant.yaml", &MEANT.replace("ENDPOINTS", &endpoints));
    Bench { writer, embedder, project }
}

impl Bench {
    fn run(&self, args: &[&str]) -> crate::project::Ran {
        let args: Vec<&str> = ["run", "meant.yaml", "--json"].iter().chain(args).copied().collect();
        self.project.emogrid(&args)
    }

    fn rows(&self) -> Vec<Value> {
        self.project.rows("out/meant/dataset.jsonl")
    }

    fn rejects(&self) -> Vec<Value> {
        self.project.rows("out/meant/rejected.jsonl")
    }

    /// How many requests each server saw since the last call of this.
    fn asked(&self) -> (usize, usize) {
        (self.writer.take_count(), self.embedder.take_count())
    }
}

/// The row that a reject names.
fn says_the_same_as(reject: &Value) -> &str {
    let why = reject["why"].as_str().unwrap();
    why.strip_prefix("says the same as ")
        .and_then(|why| why.strip_suffix(" (1.00)"))
        .unwrap_or_else(|| panic!("{why}"))
}

#[test]
fn a_paraphrase_is_no_row() {
    let bench = bench();
    let plan = bench.project.emogrid(&["plan", "meant.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["embedding_requests"]), (&json!(4), &json!(0)));
    let summary = bench.run(&[]).exits(0).json();
    let seen = bench.embedder.seen();
    assert!(seen.iter().all(|seen| seen.body["input"].is_string()), "it does nothing else");
    assert!(bench.writer.seen().iter().all(|seen| seen.body["input"].is_null()));
    let (asked, embedded) = bench.asked();
    assert_eq!(
        (&summary["requests"], &summary["embedding_requests"]),
        (&json!(asked + embedded), &json!(embedded))
    );
    assert_eq!(summary["reused"], 0);
    let body = &seen[0].body;
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["model", "encoding_format", "input"]);

    let rows = bench.rows();
    assert_eq!(rows.len(), 8);
    assert!(rows.iter().all(|row| row["text"].as_str().unwrap().starts_with("I found")), "{rows:?}");
    let rejects = bench.rejects();
    assert_eq!(rejects.len(), 4);
    for reject in &rejects {
        assert_eq!(reject["reason"], "paraphrase");
        let of = rows.iter().find(|row| row["id"] == says_the_same_as(reject)).unwrap();
        let word = reject["text"].as_str().unwrap().split(' ').nth(1).unwrap().trim_end_matches('s');
        assert!(of["text"].as_str().unwrap().contains(word), "{of} {reject}");
        assert_eq!(of["emotion"], reject["emotion"], "within its label");
    }
    // Each text once.
    let texts: BTreeSet<String> = seen.iter().map(Seen::user).collect();
    assert_eq!(texts.len(), embedded);

    // Nothing is left to be asked, and all commands agree.
    let before = bench.project.read("out/meant/dataset.jsonl");
    let idle = bench.run(&[]).exits(0).json();
    assert_eq!((&idle["requests"], bench.asked()), (&json!(0), (0, 0)));
    assert_eq!(bench.project.read("out/meant/dataset.jsonl"), before);
    assert_eq!(bench.project.emogrid(&["export", "meant.yaml", "-o", "-"]).exits(0).stdout, before);
    let plan = bench.project.emogrid(&["plan", "meant.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["requests"], &plan["accepted"]), (&json!(0), &json!(8)));
}

#[test]
fn only_what_a_change_makes_new_is_embedded() {
    let bench = bench();
    bench.run(&[]).exits(0);
    let (_, embedded) = bench.asked();
    let before = bench.project.read("out/meant/dataset.jsonl");
    // The threshold is no part of what is asked, nor is the endpoint's name.
    bench.project.edit("meant.yaml", "threshold: 0.97", "threshold: 0.98");
    bench.run(&[]).exits(0);
    bench.project.edit("meant.yaml", "meanings", "vectors");
    bench.run(&[]).exits(0);
    assert_eq!((bench.asked(), bench.project.read("out/meant/dataset.jsonl")), ((0, 0), before.clone()));
    // Without it paraphrases are rows; with it they are none again, and nothing is asked.
    let off = ["--set", "dedup.semantic=false", "--accept-leaving"];
    bench.run(&off).exits(0);
    assert!(bench.rows().iter().any(|row| row["text"].as_str().unwrap().starts_with("In ")));
    bench.run(&["--accept-leaving"]).exits(0);
    assert_eq!((bench.asked(), bench.project.read("out/meant/dataset.jsonl")), ((0, 0), before.clone()));
    // What is put before each text is asked with it.
    bench.project.edit("meant.yaml", "model: vectors", "model: vectors, prefix: 'clustering: '");
    let plan = bench.project.emogrid(&["plan", "meant.yaml"]).exits(0).stdout;
    assert!(plan.contains("Plan: 4 requests to ask now (4 embeddings), 0 of 8 rows"), "{plan}");
    bench.run(&["--accept-leaving"]).exits(0);
    assert!(bench.embedder.seen().iter().all(|seen| seen.user().starts_with("clustering: I")
        || seen.user().starts_with("clustering: In")));
    assert_eq!(bench.asked(), (0, embedded));
    assert_eq!(bench.rows().len(), 8);
}

#[test]
fn the_order_of_answers_changes_nothing() {
    let mut made = Vec::new();
    for swing in [0, 7] {
        let bench = bench();
        let late = move |seen: &Seen, reply: Reply| {
            let hash = blake3::hash(seen.user().as_bytes());
            Reply::Late(Duration::from_millis(u64::from(hash.as_bytes()[0]) * swing / 40), Box::new(reply))
        };
        bench.writer.script(move |seen, before| late(seen, writes(seen, before)));
        bench.embedder.script(move |seen, _| late(seen, Reply::Good));
        if swing > 0 {
            // In pieces, each ended early.
            for _ in 0..30 {
                if bench.run(&["--max-requests", "3"]).code == Some(0) {
                    break;
                }
            }
        }
        bench.run(&[]).exits(0);
        made.push(["dataset", "rejected"].map(|name| bench.project.read(&format!("out/meant/{name}.jsonl"))));
    }
    assert_eq!(made[0], made[1]);
}

#[test]
fn a_server_may_send_numbers_and_what_is_stored_is_the_same() {
    let (bench, other) = (bench(), bench());
    other.embedder.script(|seen, _| Reply::Raw(embedding(&seen.user(), false)));
    bench.run(&[]).exits(0);
    other.run(&[]).exits(0);
    assert_eq!(
        bench.project.read("out/meant/rejected.jsonl"),
        other.project.read("out/meant/rejected.jsonl")
    );
}

#[test]
fn a_server_that_does_not_embed_ends_the_run_with_the_mend() {
    let bench = bench();
    let said = json!({ "error": { "code": 501, "type": "not_supported_error",
        "message": "This server does not support embeddings. Start it with `--embeddings`" } });
    bench.embedder.script(move |_, _| Reply::Status(501, said.to_string(), vec![]));
    let ran = bench.run(&[]).exits(1).says("Start it with `--embeddings`");
    assert!(ran.stderr.contains("dedup.semantic.model"), "{}", ran.stderr);
    let found = bench.project.emogrid(&["check", "meant.yaml", "--endpoint"]).exits(1);
    assert!(found.stdout.contains("meanings: it embeds no text: HTTP 501"), "{}", found.stdout);
    // What was written is stored.
    bench.embedder.script(|_, _| Reply::Good);
    bench.asked();
    bench.run(&[]).exits(0);
    assert_eq!(bench.asked().0, 0);
    let found = bench.project.emogrid(&["check", "meant.yaml", "--endpoint"]).exits(0);
    assert!(found.stdout.contains("meanings: it embeds texts in 48 dimensions"), "{}", found.stdout);
}

#[test]
fn a_text_that_cannot_be_embedded_is_no_row() {
    let bench = bench();
    let too_long = |seen: &Seen| blake3::hash(seen.user().as_bytes()).as_bytes()[0] < 64;
    bench.embedder.script(move |seen, _| match too_long(seen) {
        true => Reply::status(400, "input is too large to process"),
        false => Reply::Good,
    });
    bench.run(&[]).exits(0);
    let rejects = bench.rejects();
    let refused = rejects.iter().filter(|reject| reject["reason"] == "embedding");
    assert!(refused.clone().count() > 0, "{rejects:?}");
    assert!(refused.clone().all(|reject| reject["why"] == "no embedding: refused"));
    // It is not asked again until somebody wants that.
    bench.asked();
    bench.run(&[]).exits(0);
    assert_eq!(bench.asked(), (0, 0));
    bench.embedder.script(|_, _| Reply::Good);
    bench.run(&["--retry-failed", "--set", "samples.per_cell=4"]).exits(0);
    assert!(bench.asked().1 > 0);
    assert!(bench.rejects().iter().all(|reject| reject["reason"] == "paraphrase"));
}

#[test]
fn what_is_no_embedding_is_asked_again() {
    let bench = bench();
    bench.embedder.script(|seen, before| match before % 3 {
        0 => Reply::Raw(r#"{"data":[{"embedding":[0,0]}]}"#.into()),
        1 => Reply::Raw(good(&json!({ "messages": [], "model": seen.body["model"] }))),
        _ => Reply::Good,
    });
    let ran = bench.run(&["--set", "run.tries=20"]).exits(0);
    assert!(ran.stderr.contains("the answer is no embedding: it points nowhere"), "{}", ran.stderr);
    assert_eq!(bench.rows().len(), 8);
}

#[test]
fn it_is_shown_where_it_matters() {
    let bench = bench();
    bench.project.edit("meant.yaml", "model: meanings", "model: meanings, prefix: 'about: '");
    let shown = bench.project.emogrid(&["preview", "meant.yaml"]).exits(0).stdout;
    assert!(shown.contains("to embed:\n  about: (the text)"), "{shown}");
    bench.project.emogrid(&["run", "meant.yaml"]).exits(0).says(" embeddings), 0 reused");
    let id = bench.rows()[0]["id"].as_str().unwrap().to_owned();
    let why = bench.project.emogrid(&["why", "meant.yaml", &id]).exits(0).stdout;
    assert!(why.contains("embedding by bge-small: ") && why.contains(", 48 dimensions"), "{why}");
    let reject = &bench.rejects()[0];
    let why = bench
        .project
        .emogrid(&["why", "meant.yaml", reject["fingerprint"].as_str().unwrap()])
        .exits(0)
        .stdout;
    assert!(why.contains(&format!("says the same as {} (1.00)", says_the_same_as(reject))), "{why}");
}

#[test]
fn gc_keeps_embeddings_of_stored_texts() {
    let bench = bench();
    bench.run(&[]).exits(0);
    let (_, embedded) = bench.asked();
    let collect = ["gc", "meant.yaml", "--days", "0", "--delete"];
    assert!(bench.project.emogrid(&collect).exits(0).stdout.starts_with("0 stored answers"));
    bench.project.edit("meant.yaml", "model: meanings", "model: meanings, prefix: 'x '");
    bench.run(&["--accept-leaving"]).exits(0);
    let said = bench.project.emogrid(&collect).exits(0).stdout;
    assert!(said.starts_with(&format!("{embedded} stored answers")), "{said}");
    bench.asked();
    bench.run(&[]).exits(0);
    assert_eq!(bench.asked(), (0, 0));
}

#[test]
fn words_that_are_to_be_forgotten_go_with_their_embedding() {
    let bench = bench();
    bench.run(&[]).exits(0);
    let text = bench.rows()[0]["text"].as_str().unwrap().to_owned();
    let word = text.split(' ').nth(2).unwrap();
    let said = bench.project.emogrid(&["forget", word, "--yes", "--json"]).exits(0).json();
    // The answer that says it, its two texts' embeddings.
    assert_eq!(said["answers"], 3, "{said}");
    let again = bench.project.emogrid(&["forget", word, "--json"]).exits(0).json();
    assert_eq!(again["answers"], 0);
}

#[test]
fn judges_see_what_is_no_paraphrase() {
    let bench = bench();
    let judge = "checks.judges.j={prompt: 'Score {{ text }}', accept: score >= 3, schema: {type: object, properties: {score: {type: integer}}, required: [score]}}";
    bench.writer.script(|seen, before| match seen.user().starts_with("Score") {
        true => Reply::text(&json!({ "score": if seen.user().contains('a') { 4 } else { 1 } }).to_string()),
        false => writes(seen, before),
    });
    bench.run(&["--set", judge, "--set", "samples.max_asks=30"]).exits(0);
    let rows = bench.rows();
    assert!(rows.len() == 8 && rows.iter().all(|row| row["text"].as_str().unwrap().contains('a')));
    let rejects = bench.rejects();
    let reasons: BTreeSet<&str> = rejects.iter().map(|reject| reject["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, BTreeSet::from(["judge:j", "paraphrase"]));
    bench.asked();
    bench.run(&["--set", judge, "--set", "samples.max_asks=30"]).exits(0);
    assert_eq!(bench.asked(), (0, 0));
}
