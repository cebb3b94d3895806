use std::collections::BTreeSet;

use super::super::{changes, lines_of};
use crate::config::{self, keys};

const BASE: &str = "\
endpoints:
  fake: { url: 'http://127.0.0.1:1' }
  man: { managed: { model: a.gguf } }
prompt: { user: { one: { text: 'Show {{ emotion }}.' } } }
grid:
  axes:
    emotion: { label: true, values: { joy: { polarity: positive }, anger: { polarity: negative } } }
    place: { label: true, values: { home: { polarity: positive }, work: { polarity: negative } } }
";

/// A judge with all that it takes.
const JUDGE: &str = "checks.judges.fit={ prompt: 'How good is {{ text }}?', accept: score >= 3, asks: 9, \
                     schema: { type: object, properties: { score: { type: integer }, why: { type: string } } } }";

/// A judge that is not told the label.
const BLIND: &str = "checks.label={ axis: emotion, blind: { votes: 3, asks: 9 } }";

/// What stands under a key, then and now, with what must stand beside it.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    ("seed", "1", "2", &[]),
    ("endpoints.NAME.url", "http://127.0.0.1:1", "http://127.0.0.1:2", &[]),
    ("endpoints.NAME.model", "a", "b", &[]),
    ("endpoints.NAME.api_key_env", "ONE", "TWO", &[]),
    ("endpoints.NAME.weight", "1", "2", &[]),
    ("endpoints.NAME.slots", "4", "[2, 8]", &[]),
    ("endpoints.NAME.requests_per_minute", "10", "20", &[]),
    ("endpoints.NAME.burst", "2", "3", &["endpoints.fake.requests_per_minute=60"]),
    ("endpoints.NAME.tokens_per_minute", "100000", "200000", &[]),
    ("endpoints.NAME.price.prompt", "1", "2", &["endpoints.fake.price.completion=1"]),
    ("endpoints.NAME.price.completion", "1", "2", &["endpoints.fake.price.prompt=1"]),
    ("endpoints.NAME.timeout", "90s", "500ms", &[]),
    ("endpoints.NAME.patience", "90s", "2h", &[]),
    ("endpoints.NAME.managed.model", "a.gguf", "b.gguf", &[]),
    ("endpoints.NAME.managed.lora", "a.gguf", "b.gguf", &[]),
    ("endpoints.NAME.managed.command", "a", "b", &[]),
    ("endpoints.NAME.managed.args", "[a]", "[b]", &[]),
    ("endpoints.NAME.managed.slots", "2", "3", &[]),
    ("endpoints.NAME.managed.context", "1024", "4096", &[]),
    ("endpoints.NAME.managed.threads", "2", "3", &[]),
    ("endpoints.NAME.managed.restarts", "2", "3", &[]),
    ("prompt.user.NAME.weight", "1", "2", &[]),
    ("prompt.user.NAME.model", "fake", "man", &[]),
    ("sampling.temperature", "0.5", "0.6", &[]),
    ("sampling.top_p", "0.5", "0.6", &[]),
    ("sampling.top_k", "5", "6", &[]),
    ("sampling.min_p", "0.1", "0.2", &[]),
    ("sampling.repeat_penalty", "1.1", "1.2", &[]),
    ("sampling.presence_penalty", "0.1", "0.2", &[]),
    ("sampling.frequency_penalty", "0.1", "0.2", &[]),
    ("sampling.stop", "[a]", "[b]", &[]),
    ("sampling.max_tokens", "100", "200", &[]),
    ("sampling.extra", "{ dry_base: 1 }", "{ dry_base: 2 }", &[]),
    ("response.format", "json", "lines", &[]),
    (
        "response.text",
        "text",
        "post",
        &["response.schema={ type: object, properties: { text: { type: string }, post: { type: string } } }"],
    ),
    (
        "response.schema",
        "{ type: object, properties: { text: { type: string } } }",
        "{ type: object, properties: { text: { type: string, maxLength: 90 } } }",
        &[],
    ),
    ("response.items", "2", "3", &[]),
    ("response.n", "2", "3", &[]),
    ("grid.axes.NAME.label", "true", "false", &[]),
    ("grid.exclude", "[{ if: emotion.polarity == 'x' }]", "[{ if: emotion.polarity == 'y' }]", &[]),
    ("grid.only", "[{ emotion: joy }]", "[{ emotion: anger }]", &[]),
    ("samples.per_cell", "2", "3", &[]),
    ("samples.total", "20", "30", &[]),
    ("samples.balance", "[emotion]", "[place]", &["samples.total=20"]),
    ("samples.max_asks", "20", "30", &[]),
    ("samples.allow_short", "0.1", "0.2", &[]),
    ("checks.words", "[1, 90]", "[1, 80]", &[]),
    ("checks.characters", "[1, 90]", "[2, 80]", &[]),
    ("checks.mend", "true", "false", &[]),
    ("checks.whitespace", "true", "false", &[]),
    ("checks.repetition", "true", "false", &[]),
    ("checks.refusal", "true", "false", &[]),
    ("checks.leftover", "true", "false", &[]),
    ("checks.placeholder", "true", "false", &[]),
    ("checks.unfinished", "true", "false", &[]),
    ("checks.echo", "8", "false", &[]),
    ("checks.language", "en", "fr", &[]),
    ("checks.label_leakage.at_most", "0.1", "human", &[]),
    ("checks.sentiment.axis", "emotion", "place", &[]),
    ("checks.sentiment.at_most", "0.5", "0.6", &["checks.sentiment.axis=place"]),
    ("checks.toxicity.level", "mild", "strict", &[]),
    ("checks.toxicity.terms", "a.txt", "b.txt", &[]),
    ("checks.label.axis", "emotion", "place", &["checks.label.probe=a.txt"]),
    ("checks.label.probe", "a.txt", "b.txt", &["checks.label.axis=emotion"]),
    ("checks.label.top", "2", "1", &["checks.label={ axis: emotion, probe: a.txt }"]),
    ("checks.label.blind.model", "fake", "man", &[BLIND]),
    ("checks.label.blind.votes", "1", "5", &[BLIND]),
    ("checks.label.blind.asks", "5", "6", &[BLIND]),
    ("checks.label.blind.top", "1", "2", &[BLIND]),
    ("checks.label.blind.probabilities", "false", "true", &[BLIND]),
    ("checks.label.blind.sampling.temperature", "0.5", "0.6", &[BLIND]),
    ("checks.label.blind.sampling.top_p", "0.5", "0.6", &[BLIND]),
    ("checks.label.blind.sampling.max_tokens", "50", "60", &[BLIND]),
    ("checks.label.blind.sampling.extra", "{ top_k: 1 }", "{ top_k: 2 }", &[BLIND]),
    (
        "checks.judges.NAME.schema",
        "{ type: object, properties: { score: { type: integer } } }",
        "{ type: object, properties: { score: { type: number } } }",
        &[JUDGE],
    ),
    ("checks.judges.NAME.accept", "score >= 2", "score >= 3", &[JUDGE]),
    ("checks.judges.NAME.model", "fake", "man", &[JUDGE]),
    ("checks.judges.NAME.votes", "1", "3", &[JUDGE]),
    ("checks.judges.NAME.asks", "5", "6", &[JUDGE]),
    ("checks.judges.NAME.columns", "[score]", "[why]", &[JUDGE]),
    ("checks.judges.NAME.sampling.temperature", "0.5", "0.6", &[JUDGE]),
    ("checks.judges.NAME.sampling.top_p", "0.5", "0.6", &[JUDGE]),
    ("checks.judges.NAME.sampling.max_tokens", "50", "60", &[JUDGE]),
    ("checks.judges.NAME.sampling.extra", "{ top_k: 1 }", "{ top_k: 2 }", &[JUDGE]),
    ("anonymize.preset", "strict", "tag", &[]),
    ("anonymize.keep", "[EMAIL]", "[PHONE]", &[]),
    ("anonymize.tag", "[EMAIL]", "[PHONE]", &[]),
    ("anonymize.mask", "[EMAIL]", "[EMAIL, PHONE]", &[]),
    ("anonymize.drop", "[EMAIL]", "[PHONE]", &[]),
    ("anonymize.person", "[NAME]", "[]", &["anonymize.preset=strict"]),
    ("anonymize.pseudonym", "[NAME]", "[]", &["anonymize={ preset: strict, key_env: KEY }"]),
    ("anonymize.key_env", "ONE", "TWO", &["anonymize.pseudonym=[NAME]"]),
    ("anonymize.second_look.model", "fake", "man", &["anonymize.preset=strict"]),
    ("dedup.level", "exact", "strict", &[]),
    ("dedup.scope", "cell", "dataset", &[]),
    ("dedup.threshold", "0.5", "0.6", &["dedup.level=strict"]),
    ("dedup.against.file", "[a.txt]", "[b.txt]", &[]),
    ("dedup.against.text", "[{ file: a.csv, text: x }]", "[{ file: a.csv, text: y }]", &[]),
    ("dedup.statistics", "a.txt", "b.txt", &["dedup.level=strict"]),
    ("dedup.method", "exact-join", "minhash", &["dedup.level=strict"]),
    ("dedup.semantic.threshold", "0.8", "0.9", &["dedup.semantic.model=fake"]),
    ("dedup.semantic.model", "fake", "man", &[]),
    ("dedup.semantic.prefix", "a", "b", &["dedup.semantic.model=fake"]),
    ("lists", "{ names: a.txt }", "{ names: b.txt }", &[]),
    ("exemplars.from", "a.jsonl", "b.jsonl", &[]),
    ("exemplars.rows", "1", "2", &["exemplars.from=a.jsonl"]),
    ("exemplars.by", "[emotion]", "[place]", &["exemplars.from=a.jsonl"]),
    ("exemplars.by", "{ emotion: emotion }", "{ emotion: mood }", &["exemplars.from=a.jsonl"]),
    ("exemplars.copy", "5", "6", &["exemplars.from=a.jsonl"]),
    ("exemplars.anonymize", "true", "false", &["exemplars.from=a.jsonl"]),
    ("output.dir", "a", "b", &[]),
    ("curation", "one.jsonl", "two.jsonl", &[]),
];

/// Keys that shape no row: a snapshot keeps nothing of them.
const NOT_KEPT: &[&str] = &[
    "name",
    "extends",
    "run.",
    "alarm.",
    "notify.",
    "audit.",
    "endpoints.NAME.managed.loading",
    "anonymize.second_look.remote",
];

/// Keys of which what they hold is named: a template, or a value of an axis.
const BY_CONTENT: &[&str] = &[".from", ".text", ".prompt", ".system", ".values", ".override", ".completion"];

/// The file's name, and what stands in it.
const FILES: &[(&str, &str)] = &[
    ("a.txt", "one\n"),
    ("b.txt", "two\n"),
    ("one.jsonl", "{\"id\":\"00000000000000000000000000000001\"}\n"),
    ("two.jsonl", "{\"id\":\"00000000000000000000000000000002\"}\n"),
    ("a.gguf", "GGUF"),
    ("b.gguf", "GGUF"),
    ("a.csv", "x,y\none,two\n"),
    (
        "a.jsonl",
        "{\"id\":\"00000000000000000000000000000001\",\"text\":\"I am so glad\",\"emotion\":\"joy\",\"mood\":\"joy\",\"place\":\"home\"}\n",
    ),
    (
        "b.jsonl",
        "{\"id\":\"00000000000000000000000000000002\",\"text\":\"I am so cross\",\"emotion\":\"joy\",\"place\":\"home\"}\n",
    ),
];

/// The key that `--set` takes for a path of the table of keys.
fn settable(path: &str) -> String {
    let name = if path.contains(".managed.") { "man" } else { "fake" };
    let path = path.replace("endpoints.NAME", &format!("endpoints.{name}"));
    let path = path.replace("judges.NAME", "judges.fit").replace("user.NAME", "user.one");
    // A list of files that may be mappings.
    path.replace("axes.NAME", "axes.place")
        .replace("against.file", "against")
        .replace("against.text", "against")
}

/// A line's key, with neither its values nor indices.
fn key(line: &str) -> String {
    let key = line.split(": ").next().unwrap_or(line);
    let key = key.trim_end_matches(" added").trim_end_matches(" removed");
    key.split('[')
        .enumerate()
        .map(|(at, part)| if at == 0 { part } else { &part[part.find(']').map_or(0, |at| at + 1)..] })
        .collect()
}

#[test]
fn a_changed_key_is_named_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("base.yaml");
    std::fs::write(&config, BASE).unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let resolved = |path: &str, value: &str, beside: &[&str]| {
        let mut sets: Vec<String> = beside.iter().map(|set| (*set).to_owned()).collect();
        sets.push(format!("{}={value}", settable(path)));
        let loaded = config::load(&config, &sets).map_err(|report| report.to_string())?;
        match loaded.report.has_errors() {
            true => Err(loaded.report.to_string()),
            false => serde_json::to_value(&loaded.config).map_err(|error| error.to_string()),
        }
    };
    let mut wrong = Vec::new();
    for (path, then, now, beside) in CASES {
        let both = resolved(path, then, beside).and_then(|then| Ok((then, resolved(path, now, beside)?)));
        let lines = match both {
            Ok((then, now)) => lines_of(&changes(&then, &now)),
            Err(report) => vec![report],
        };
        let expected = settable(path);
        let named = |line: &String| {
            key(line).strip_prefix(&expected).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if lines.is_empty() || !lines.iter().all(named) {
            wrong.push(format!("{expected}: {lines:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_key_has_a_case() {
    let all = keys::paths();
    let known: BTreeSet<&str> = CASES.iter().map(|(path, ..)| *path).collect();
    let is_leaf = |path: &str| !all.iter().any(|other| other.starts_with(&format!("{path}.")));
    let missing: Vec<&String> = all
        .iter()
        .filter(|path| is_leaf(path) && !known.contains(path.as_str()))
        .filter(|path| !NOT_KEPT.iter().any(|of| path == of || of.ends_with('.') && path.starts_with(of)))
        .filter(|path| !BY_CONTENT.iter().any(|of| path.ends_with(of)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
