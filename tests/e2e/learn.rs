//! From labelled files to a probe and its report.

use std::path::PathBuf;

use serde_json::Value;

use crate::fake::{Fake, Reply};
use crate::project::{Project, Ran};

fn fixture(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/learn");
    folder.join(name).to_str().unwrap().to_owned()
}

/// Trains on the fixtures, with further arguments.
fn train(project: &Project, more: &[&str]) -> Ran {
    let [train, dev, test] = ["train.tsv", "dev.tsv", "test.tsv"].map(fixture);
    let mut args = vec!["train", "--probe", "--train", &train, "--dev", &dev, "--test", &test];
    args.extend(more);
    project.emogrid(&args)
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_probe_is_trained_measured_and_written() {
    let project = Project::new();
    let told = train(&project, &["--model", "mood.probe", "--json"]).exits(0).json();
    assert!(number(&told["macro_f1"]) > 0.9 && number(&told["micro_f1"]) > 0.9, "{told}");
    assert!(number(&told["seconds"]) > 0.0);
    let classes = told["per_class"].as_object().unwrap();
    let names: Vec<_> = classes.keys().map(String::as_str).collect();
    assert_eq!(names, ["anger", "fear", "gratitude", "joy", "neutral"], "the taxonomy's order");
    assert_eq!(classes.values().map(|class| class["n"].as_u64().unwrap()).sum::<u64>(), 32);
    let mean = classes.values().map(|class| number(&class["f1"])).sum::<f64>() / 5.0;
    assert!((mean - number(&told["macro_f1"])).abs() < 1e-12);
    let beside: Vec<_> = told["beside"].as_array().unwrap().iter().map(|other| &other["name"]).collect();
    assert_eq!(beside, ["uniform random", "prior", "majority", "every label"]);
    for class in classes.values() {
        let threshold = number(&class["threshold"]);
        assert!(
            (0.0..=1.0).contains(&threshold) && number(&class["interval"]["low"]) <= number(&class["f1"])
        );
    }

    // What was written answers as what was trained.
    let test = fixture("test.tsv");
    let again =
        project.emogrid(&["eval", "--probe", "mood.probe", "--test", &test, "--json"]).exits(0).json();
    for key in [
        "macro_f1",
        "micro_f1",
        "macro_interval",
        "per_class",
        "confusions",
        "calibration",
        "fairness",
        "beside",
    ] {
        assert_eq!(again[key], told[key], "{key}");
    }
    let first = std::fs::read(project.path().join("mood.probe")).unwrap();
    train(&project, &["--model", "mood.probe", "--quiet"]).exits(0);
    assert!(
        first == std::fs::read(project.path().join("mood.probe")).unwrap(),
        "the same rows, the same bytes"
    );
}

#[test]
fn the_report_fits_80_columns_and_says_what_it_is_beside() {
    let project = Project::new();
    let tstr = fixture("dev.tsv");
    let shown = train(&project, &["--tstr", &tstr, "--seeds", &tstr]).exits(0).stdout;
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for part in [
        "5 labels",
        "tuned on 32 rows",
        "this probe, 96 rows",
        "synthetic alone, 32 rows",
        "real and synthetic, 128 rows",
        "seeds alone, 32 rows",
        "uniform random",
        "McNemar",
        "calibration",
        "who is swapped",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}

#[test]
fn labels_can_be_grouped() {
    let project = Project::new();
    for (map, names) in [
        ("sentiment", &["positive", "negative", "neutral"][..]),
        ("ekman", &["anger", "fear", "joy", "neutral"]),
    ] {
        let told = train(&project, &["--map", map, "--model", "m.probe", "--json"]).exits(0).json();
        let found: Vec<_> = told["per_class"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found, names);
        // Eval groups as training did.
        let test = fixture("test.tsv");
        let again =
            project.emogrid(&["eval", "--probe", "m.probe", "--test", &test, "--json"]).exits(0).json();
        assert_eq!(again["macro_f1"], told["macro_f1"]);
    }
}

#[test]
fn a_row_of_the_test_part_never_reaches_training() {
    let project = Project::new();
    let test = std::fs::read_to_string(fixture("test.tsv")).unwrap();
    // The same texts in another spelling, with labels that would teach nonsense.
    let leaked: String = test
        .lines()
        .take(7)
        .map(|line| format!("  {}\t27\tleak\n", line.split('\t').next().unwrap().to_uppercase()))
        .collect();
    project.write("leaked.tsv", &leaked);
    let clean = train(&project, &["--model", "clean.probe", "--json"]).exits(0).json();
    let [files, dev, test] = ["train.tsv", "dev.tsv", "test.tsv"].map(fixture);
    let args = ["train", "--probe", "--train", &files, "leaked.tsv", "--dev", &dev, "--test", &test];
    let with = |more: &[&str]| project.emogrid(&args.iter().chain(more).copied().collect::<Vec<_>>());
    let kept_out = with(&["--model", "leaked.probe", "--json"])
        .exits(0)
        .says("7 training rows left out: the test part has the same text")
        .json();
    assert_eq!(kept_out["dropped"]["train"], 7);
    assert_eq!(kept_out["per_class"], clean["per_class"]);
    let bytes = |name: &str| std::fs::read(project.path().join(name)).unwrap();
    assert!(bytes("leaked.probe") == bytes("clean.probe"));
    with(&["--overlap", "refuse"]).exits(1).says("7 training rows also stand in the test part");
}

#[test]
fn our_own_rows_and_tables_are_read() {
    let project = Project::new();
    let rows: String = (0..20)
        .map(|n| match n % 2 {
            0 => format!("{{\"id\": \"{n}\", \"text\": \"a lovely day {n}\", \"emotion\": \"joy\", \"tone\": [\"calm\", \"warm\"]}}\n"),
            _ => format!("{{\"id\": \"{n}\", \"text\": \"a dreadful day {n}\", \"emotion\": \"anger\", \"tone\": []}}\n"),
        })
        .collect();
    project.write("rows.jsonl", &rows);
    project.write(
        "test.csv",
        "said,emotion\n\"lovely, so lovely\",joy\ndreadful,\"anger\"\n\u{202e}🙂 好\u{0},joy\n",
    );
    project.write("plain.csv", "text,emotion\nlovely,joy\ndreadful,anger\nnothing,\n");
    let train = |more: &[&str]| {
        let args = ["train", "--probe", "--train", "rows.jsonl", "--json"];
        project.emogrid(&args.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let told = train(&["--test", "plain.csv"]).exits(0).says("1 row without a label left out").json();
    assert_eq!(told["n"], 2);
    assert_eq!(told["probe"]["labels"], serde_json::json!(["anger", "joy"]));
    let told = train(&["--label", "tone"]).exits(0).says("10 rows without a label").json();
    assert_eq!(told["probe"]["labels"], serde_json::json!(["calm", "warm"]));
    train(&["--label", "mood"]).exits(2).says("rows.jsonl: no row has a column `mood`, only `id`, `text`");
    train(&["--test", "test.csv"]).exits(2).says("there is no column `text`");
    train(&["--label", "tone", "--map", "ekman"]).exits(2).says("`calm` is in no group of `--map ekman`");
    train(&["--test", "none.csv"]).exits(1).says("none.csv");
    project.write("said.jsonl", "{\"said\": \"lovely \u{202e}🙂 好\\u0000\", \"emotion\": \"joy\"}\n");
    project.write("said_train.jsonl", &rows.replace("\"text\"", "\"said\""));
    let args = [
        "train",
        "--probe",
        "--train",
        "said_train.jsonl",
        "--test",
        "said.jsonl",
        "--text",
        "said",
        "--json",
    ];
    assert_eq!(project.emogrid(&args).exits(0).json()["n"], 1);
}

#[test]
fn gates_end_with_4_where_they_are_asked_for() {
    let project = Project::new();
    train(&project, &[]).exits(0);
    train(&project, &["--gate=flip=1,change=1,gap=1"]).exits(0);
    train(&project, &["--gate=flip=0,change=0"]).exits(4).says("gate: gender: ");
    train(&project, &["--gate=flop=0"]).exits(2).says("`flop=0` is no gate");
    train(&project, &["--model", "m.probe", "--quiet"]).exits(0);
    let test = fixture("test.tsv");
    let eval = ["eval", "--probe", "m.probe", "--test", &test, "--gate=change=0"];
    project.emogrid(&eval).exits(4).says("gate: gender: swaps change probabilities by");
}

#[test]
fn two_probes_are_compared_on_the_same_rows() {
    let project = Project::new();
    train(&project, &["--model", "good.probe"]).exits(0);
    let [dev, test] = ["dev.tsv", "test.tsv"].map(fixture);
    // One that learnt from few rows, and knows no "gratitude" but by its name.
    let args =
        ["train", "--probe", "--train", &dev, "--test", &test, "--model", "poor.probe", "--strength", "0.01"];
    project.emogrid(&args).exits(0);
    let args = ["eval", "--probe", "good.probe", "--against", "poor.probe", "--test", &test, "--json"];
    let told = project.emogrid(&args).exits(0).json();
    let versus = &told["beside"][0];
    assert_eq!(versus["name"], "poor.probe");
    assert!(number(&versus["versus"]["macro_difference"]["low"]) > 0.0, "{versus}");
    assert!(number(&versus["versus"]["mcnemar"]["p"]) < 0.01);
    let seeds = ["eval", "--probe", "good.probe", "--seeds", &dev, "--dev", &dev, "--test", &test, "--json"];
    assert_eq!(project.emogrid(&seeds).exits(0).json()["beside"][0]["name"], "seeds alone");
    train(&project, &["--map", "ekman", "--model", "ekman.probe"]).exits(0);
    let args = ["eval", "--probe", "good.probe", "--against", "ekman.probe", "--test", &test];
    project.emogrid(&args).exits(2).says("the two probes tell other labels apart");
}

#[test]
fn a_file_that_is_no_probe_is_an_error() {
    let project = Project::new();
    let test = fixture("test.tsv");
    let eval = |file: &str| project.emogrid(&["eval", "--probe", file, "--test", &test]);
    train(&project, &["--model", "m.probe"]).exits(0);
    let mut bytes = std::fs::read(project.path().join("m.probe")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(project.path().join("changed.probe"), &bytes).unwrap();
    std::fs::write(project.path().join("cut.probe"), &bytes[..middle]).unwrap();
    project.write("other.probe", "name: moods\n");
    project.write("newer.probe", &format!("emogrid-probe 2\n{}", "x".repeat(64)));
    eval("changed.probe").exits(1).says("its hash is not that of its content");
    eval("cut.probe").exits(1).says("cut off");
    eval("other.probe").exits(1).says("this is no probe");
    eval("newer.probe").exits(1).says("another version");
    eval("none.probe").exits(1).says("none.probe");
}

#[test]
fn rows_are_kept_whose_labels_a_probe_finds_likely() {
    let project = Project::new();
    train(&project, &["--model", "m.probe", "--quiet"]).exits(0);
    let rows = "{\"id\": \"a\", \"text\": \"The parade turned out wonderful.\", \"emotion\": \"joy\"}\n\
                {\"id\": \"b\", \"text\": \"The parade turned out wonderful.\", \"emotion\": \"fear\"}\n\
                {\"id\": \"c\", \"text\": \"It helped so much, thank you.\", \"emotion\": \"gratitude\"}\n";
    project.write("rows.jsonl", rows);
    let verify = |more: &[&str]| {
        let args = ["verify", "rows.jsonl", "--probe", "m.probe"];
        project.emogrid(&args.iter().chain(more).copied().collect::<Vec<_>>())
    };
    let told =
        verify(&["--top", "1", "-o", "kept.jsonl", "--rejected", "others.jsonl", "--json"]).exits(0).json();
    assert_eq!((&told["of"], &told["kept"]), (&3.into(), &2.into()));
    assert_eq!(told["labels"]["fear"], serde_json::json!({ "of": 1, "kept": 0 }));
    let kept = project.rows("kept.jsonl");
    assert_eq!(kept.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!((&kept[0]["label_rank"], &kept[0]["probe_label"]), (&1.into(), &"joy".into()));
    let other = &project.rows("others.jsonl")[0];
    assert!(
        other["label_rank"].as_u64().unwrap() > 1 && number(&other["label_probability"]) < 0.5,
        "{other}"
    );
    // A table that gets no row has its header.
    let args = ["--top", "5", "-o", "kept.csv", "--rejected", "others.csv"];
    verify(&args).exits(0);
    let header = "id,text,emotion,label_rank,label_probability,probe_label";
    assert_eq!(project.read("others.csv"), format!("{header}\n"));
    assert_eq!(project.read("kept.csv").lines().next(), Some(header));
    // All of five labels are among the first five.
    let all = verify(&["--top", "5"]).exits(0).says("3 of 3 labels kept").stdout;
    assert_eq!(all.lines().count(), 3);
    verify(&["--json"]).exits(2).says("name a file for the rows");
    project.write("rows.jsonl", &rows.replace("fear", "pride"));
    verify(&[]).exits(2).says("the label `pride`");
}

/// A server that answers with a label, and tells how likely each was.
#[test]
fn a_served_model_is_measured_and_calibrated() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let glad = ["smile", "sunshine", "dancing", "wonderful", "thank", "grateful"];
        let text = seen.user();
        let positive: f64 = if glad.iter().any(|word| text.contains(word)) { 0.45 } else { 0.15 };
        // It likes "negative" whatever it reads.
        let top = serde_json::json!([
            { "token": "negative", "logprob": (0.9 - positive).ln() },
            { "token": "positive", "logprob": positive.ln() },
            { "token": "neutral", "logprob": 0.1f64.ln() },
        ]);
        let answer = if positive > 0.9 - positive { "positive" } else { "negative" };
        Reply::Raw(
            serde_json::json!({ "choices": [{
                "message": { "role": "assistant", "content": format!("\"{answer}\"") },
                "finish_reason": "stop",
                "logprobs": { "content": [
                    { "token": "\"", "logprob": 0.0, "top_logprobs": [{ "token": "\"", "logprob": 0.0 }] },
                    { "token": answer, "logprob": 0.0, "top_logprobs": top },
                ] },
            }] })
            .to_string(),
        )
    });
    let project = Project::new();
    train(&project, &["--map", "sentiment", "--model", "m.probe", "--quiet"]).exits(0);
    let (url, test) = (fake.url(), fixture("train.tsv"));
    let args = ["eval", "--endpoint", &url, "--map", "sentiment", "--test", &test, "--limit", "30", "--json"];
    let told = project.emogrid(&args).exits(0).json();
    assert_eq!(told["n"], 30);
    assert_eq!(told["served"], serde_json::json!({ "model": "fake-1b", "asked": 30, "legal": 30 }));
    let classes = told["per_class"].as_object().unwrap();
    assert!(classes.values().all(|class| class["n"] == 10), "{classes:?}");
    assert_eq!(classes["positive"]["given"], 0);
    let calibrated = &told["beside"][0];
    assert_eq!(calibrated["name"], "batch-calibrated");
    assert!(number(&calibrated["macro_f1"]) > number(&told["macro_f1"]) + 0.2, "{told}");
    let seen = fake.seen();
    assert_eq!(seen.len(), 30);
    assert_eq!(seen[0].body["response_format"]["json_schema"]["schema"]["enum"][0], "positive");

    // Through a config, beside a probe.
    project.write("small.yaml", &crate::project::SMALL.replace("URL", &url));
    let test = fixture("test.tsv");
    let args = ["eval", "--endpoint", "small.yaml", "--probe", "m.probe", "--test", &test];
    let shown = project.emogrid(&args).exits(0).stdout;
    assert!(shown.contains("fake-1b") && shown.contains("m.probe, 96 rows"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    drop(fake);
    let args = ["eval", "--endpoint", &url, "--test", &test];
    project.emogrid(&args).exits(1).says(&format!("{url}: ")).says("the same call goes on");
}

#[test]
fn a_served_model_is_waited_for_and_its_answers_are_kept() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml", "--quiet"]).exits(0);
    fake.take_count();
    let rows = |n: usize| format!("it was number {n} of {},{}\n", n * 7, ["joy", "anger"][n % 2]);
    project.write("test.csv", &("text,emotion\n".to_owned() + &(0..12).map(rows).collect::<String>()));
    // One in three is refused for now, in every way that passes.
    fake.script(|_, number| match number {
        1 => Reply::Status(429, "{}".into(), vec![("retry-after", "0".into())]),
        4 => Reply::Status(503, "{}".into(), vec![("retry-after", "0".into())]),
        7 => Reply::Status(500, "{}".into(), vec![("retry-after", "0".into())]),
        _ => Reply::text("\"joy\""),
    });
    let url = fake.url();
    let args = ["eval", "--endpoint", &url, "--test", "test.csv", "--json"];
    let told =
        project.emogrid(&args).exits(0).says("12 answers by fake-1b: 12 asked, 0 stored before").json();
    assert_eq!((&told["served"]["legal"], &told["per_class"]["joy"]["given"]), (&12.into(), &12.into()));
    fake.take_count();
    project.emogrid(&args).exits(0).says("0 asked, 12 stored before");
    assert_eq!(fake.take_count(), 0);
    // Fewer than there are labels is some of them.
    let told = project.emogrid(&[&args[..], &["--limit", "1"]].concat()).exits(0).json();
    assert_eq!(told["n"], 1);
}
