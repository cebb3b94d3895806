//! `emogrid audit`, on tables and on a config's dataset.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::fake::{Fake, Reply};
use crate::project::Project;

/// A table of rows without a fault, but for what `change` does to them.
fn table(rows: usize, change: impl Fn(usize, &mut String, &mut &'static str)) -> String {
    let mut state = 3u64;
    let mut draw = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut out = String::new();
    for row in 0..rows {
        let mut text = (0..10)
            .map(|_| {
                // Few words are frequent and many rare.
                let least = 1 << draw(14);
                format!("w{}", least + draw(least))
            })
            .collect::<Vec<_>>()
            .join(" ");
        let mut emotion = ["joy", "anger", "fear"][row % 3];
        change(row, &mut text, &mut emotion);
        let topic = ["work", "home"][row / 3 % 2];
        let row = serde_json::json!({
            "id": format!("r{row}"), "text": text, "emotion": emotion, "topic": topic,
        });
        writeln!(out, "{row}").unwrap();
    }
    out
}

fn measure<'a>(report: &'a Value, metric: &str) -> &'a Value {
    let measures = report["measures"].as_array().unwrap();
    measures.iter().find(|measure| measure["metric"] == metric).unwrap_or_else(|| panic!("no {metric}"))
}

/// Half of the texts of "joy" say so.
fn leaking(row: usize, text: &mut String, emotion: &mut &'static str) {
    if row.is_multiple_of(2) && *emotion == "joy" {
        text.push_str(" joy");
    }
}

#[test]
fn a_table_is_measured_and_an_alarm_ends_with_four() {
    let project = Project::new();
    project.write("fair.jsonl", &table(600, |_, _, _| {}));
    project.write("leaking.jsonl", &table(600, leaking));
    let args = ["audit", "fair.jsonl", "--context", "topic"];
    let ran = project.emogrid(&args).exits(0);
    assert!(ran.stdout.contains("600 rows; labels: emotion; contexts: topic"), "{}", ran.stdout);
    assert!(ran.stdout.contains("0 fail, 0 warn"), "{}", ran.stdout);

    let ran = project.emogrid(&["audit", "leaking.jsonl"]).exits(4);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    for said in ["FAIL leakage", "most: joy 50.0 %", "checks.label_leakage", "rows such as r0, r6"] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
    project.emogrid(&["audit", "leaking.jsonl", "--fail-on", "never"]).exits(0);
    let report = project.emogrid(&["audit", "leaking.jsonl", "--json"]).exits(4).json();
    let leakage = measure(&report, "leakage");
    assert_eq!((&leakage["verdict"], &leakage["worst"][0]), (&"fail".into(), &"r0".into()));
    assert_eq!(leakage["parts"][0]["name"], "joy");
    assert!((leakage["value"].as_f64().unwrap() - 1.0 / 6.0).abs() < 1e-9);
}

#[test]
fn columns_are_named_separated_and_asked_for() {
    let project = Project::new();
    project.write("t.tsv", "so it goes\t1,2\tk1\nand on\t2\tk2\n");
    let named = ["audit", "t.tsv", "--columns", "said,moods,key", "--text", "said", "--id", "key"];
    let with = |more: &[&str]| project.emogrid(&[&named[..], more].concat());
    with(&[])
        .exits(2)
        .says("which column has the labels? name it with `--label`; there are `said`, `moods`, `key`");
    with(&["--label", "mood"]).exits(2).says("no row has a column `mood`");
    with(&["--label", "moods", "--context", "moods"]).exits(2).says("both a label and a context");
    let report = with(&["--label", "moods", "--separator", ",", "--json"]).exits(0).json();
    assert_eq!(measure(&report, "leakage")["rows"], 3, "the labels of two rows");
    with(&["--label", "moods", "--target", "elves=0.1"]).exits(2).says("there is no group `elves`");
    with(&["--label", "moods", "--target", "femal=0.1"]).exits(2).says("did you mean `female`?");
    with(&["--label", "moods", "--negative", "nope"])
        .exits(2)
        .says("--negative nope: there is no label `nope`, only");
    with(&["--label", "moods", "--target", "old=2"]).exits(2).says("expected a share");
    project.write("bad.jsonl", "{\"text\": 1}\n");
    project.emogrid(&["audit", "bad.jsonl"]).exits(1).says("bad.jsonl:1: `text` is a number");
    project.write("nothing.jsonl", "");
    project.emogrid(&["audit", "nothing.jsonl"]).exits(0);
    // Several files are one table.
    project.write("a.jsonl", &table(60, leaking));
    let report = project.emogrid(&["audit", "a.jsonl", "a.jsonl", "--json"]).json();
    assert_eq!(report["rows"], 120);
}

#[test]
fn a_fix_says_what_to_drop_and_writes_only_when_told() {
    let project = Project::new();
    project.write("t.jsonl", &table(600, leaking));
    let ran = project.emogrid(&["audit", "t.jsonl", "--fix"]).exits(0).says("nothing was changed");
    assert!(ran.stdout.contains("fail → ok"), "{}", ran.stdout);
    project.emogrid(&["audit", "t.jsonl", "--fix", "--write", "drop.jsonl"]).exits(0).says("drop.jsonl");
    let dropped = project.rows("drop.jsonl");
    assert!(dropped.len() > 60 && dropped.len() <= 100, "{}", dropped.len());
    let kept: String = project
        .read("t.jsonl")
        .lines()
        .filter(|line| dropped.iter().all(|row| !line.contains(&format!("\"id\":{}", row["id"]))))
        .map(|line| format!("{line}\n"))
        .collect();
    project.write("kept.jsonl", &kept);
    project.emogrid(&["audit", "kept.jsonl"]).exits(0);
}

#[test]
fn uneven_labels_are_answered_with_weights_for_the_config() {
    let project = Project::new();
    project.write(
        "t.jsonl",
        &table(600, |row, _, emotion| {
            if row % 20 > 0 {
                *emotion = "joy"
            }
        }),
    );
    let ran = project.emogrid(&["audit", "t.jsonl", "--fix", "--fail-on", "never"]).exits(0);
    for said in ["grid:", "emotion:", "anger: { weight: 58 }", "samples: { total: "] {
        assert!(ran.stdout.contains(said), "{said}: {}", ran.stdout);
    }
}

#[test]
fn weights_take_labels_and_contexts_apart() {
    let project = Project::new();
    let tied = table(600, |row, _, emotion| {
        if row / 3 % 2 == 0 && row % 3 > 0 {
            *emotion = "joy"
        }
    });
    project.write("t.jsonl", &tied);
    let said = project.emogrid(&["audit", "t.jsonl", "--context", "topic", "--weights", "w.jsonl", "--json"]);
    let report = said.exits(0).json();
    let weighed = report["weighed"][0].clone();
    assert_eq!(weighed["of"], "emotion × topic");
    assert!(weighed["before"].as_f64().unwrap() > 0.1, "{weighed}");
    let rows = project.rows("w.jsonl");
    let sum: f64 = rows.iter().map(|row| row["weight"].as_f64().unwrap()).sum();
    assert!((sum / rows.len() as f64 - 1.0).abs() < 0.01, "{sum}");
    let half = table(600, |row, _, emotion| {
        if row / 3 % 2 == 0 && row / 6 % 4 > 0 {
            *emotion = "joy"
        }
    });
    project.write("half.jsonl", &half);
    let said =
        project.emogrid(&["audit", "half.jsonl", "--context", "topic", "--weights", "w.jsonl", "--json"]);
    let report = said.exits(0).json();
    let weighed = report["weighed"][0].clone();
    assert!(weighed["before"].as_f64().unwrap() > 0.05, "{weighed}");
    assert!(weighed["after"].as_f64().unwrap() < 1e-6, "{weighed}");
    let rows = |which: &str| report[which]["rows"].as_u64().unwrap();
    assert!(rows("before") == 600 && rows("after") < 600 && rows("after") > 300, "{}", rows("after"));
    assert_eq!(measure(&report["before"], "context")["verdict"], "warn");
    assert_eq!(measure(&report["after"], "context")["verdict"], "ok");
    let said = project.emogrid(&["audit", "half.jsonl", "--context", "topic", "--weights", "w.jsonl"]);
    assert!(said.stdout.contains("the rows are worth"), "{}", said.stdout);
}

#[test]
fn a_config_s_spans_tell_of_groups_that_no_list_has_in_a_run_too() {
    let asked = AtomicUsize::new(0);
    let fake = Fake::start();
    fake.script(move |_, _| {
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        let words: Vec<String> =
            (0..8).map(|at| format!("w{}", (asked * 7919 + at * 104_729) % 3001)).collect();
        Reply::text(&format!("{{\"text\": \"My Zoroastrian neighbour {}\"}}", words.join(" ")))
    });
    let project = Project::new();
    let config = format!(
        "name: moods\nendpoints: {{ fake: {} }}\nprompt: {{ user: 'Show {{{{ emotion }}}}.' }}\n\
         grid: {{ axes: {{ emotion: {{ label: true, values: [joy, anger] }} }} }}\n\
         samples: {{ per_cell: 40, max_asks: 400 }}\nanonymize: tag\n\
         audit: {{ targets: {{ religion: 0.1 }} }}\n",
        fake.url()
    );
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0).says("its target is 10.0 %");
    let report = project.emogrid(&["audit", "moods.yaml", "--json"]).json();
    let of_config = measure(&report, "representation");
    assert_eq!((&of_config["parts"][0]["name"], &of_config["verdict"]), (&"religion".into(), &"fail".into()));
    assert_eq!(of_config["parts"][0]["share"], 1.0);
    let args = ["audit", "out/moods/dataset.jsonl", "--target", "religion=0.1", "--json"];
    let report = project.emogrid(&args).json();
    assert_eq!(measure(&report, "representation")["parts"], of_config["parts"], "as of a table");
}

#[test]
fn a_dataset_of_two_rows_is_no_alarm_and_cells_that_lack_rows_are_named() {
    let asked = AtomicUsize::new(0);
    let fake = Fake::start();
    // There is joy and no anger.
    fake.script(move |seen, _| {
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        let words: Vec<String> =
            (0..8).map(|at| format!("w{}", (asked * 7919 + at * 104_729) % 3001)).collect();
        let anger = seen.user().contains("anger");
        let text = if anger { "the same again and again".to_owned() } else { words.join(" ") };
        Reply::text(&format!("{{\"text\": \"{text}\"}}"))
    });
    let project = Project::new();
    let config = |rows: usize| {
        format!(
            "name: moods\nendpoints: {{ fake: {} }}\nprompt: {{ user: 'Show {{{{ emotion }}}}.' }}\n\
             grid: {{ axes: {{ emotion: {{ label: true, values: [joy, anger] }} }} }}\n\
             samples: {{ per_cell: {rows}, max_asks: {rows}, allow_short: 1 }}\n",
            fake.url()
        )
    };
    project.write("moods.yaml", &config(2));
    let ran = project.emogrid(&["run", "moods.yaml"]);
    assert!(!ran.stderr.contains("1 fail"), "{}", ran.stderr);
    project.write("moods.yaml", &config(60));
    project.emogrid(&["run", "moods.yaml"]);
    let pages = std::fs::read_dir(project.path().join("out/moods/runs")).unwrap();
    let pages = pages.map(|page| std::fs::read_to_string(page.unwrap().path().join("summary.md")).unwrap());
    let told = "## Audit of 61 rows\n\n| verdict | metric | of |";
    assert_eq!(pages.filter(|page| page.contains(told)).count(), 1);
    let ran = project.emogrid(&["audit", "moods.yaml", "--fix", "--fail-on", "never"]).exits(0);
    assert!(ran.stdout.contains("1 cell short of 59 rows:\n  anger"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of 60") && ran.stdout.contains("samples.max_asks"), "{}", ran.stdout);
}

#[test]
fn a_swap_adds_counterparts_that_end_a_gap() {
    let project = Project::new();
    let slander = table(600, |row, text, emotion| {
        let who = if *emotion == "anger" || row % 5 == 0 { "her" } else { "his" };
        text.push_str(&format!(" said {who} dog"));
    });
    project.write("t.jsonl", &slander);
    let report = project.emogrid(&["audit", "t.jsonl", "--json"]).exits(4).json();
    assert_eq!(measure(&report, "identity")["verdict"], "fail");
    let ran = project.emogrid(&["audit", "t.jsonl", "--swap", "s.jsonl", "--json", "--fail-on", "never"]);
    let after = ran.exits(0).json()["after"].clone();
    assert_ne!(measure(&after, "identity")["verdict"], "fail");
    assert_ne!(measure(&after, "parity")["verdict"], "fail");
    let rows = project.rows("s.jsonl");
    assert_eq!(rows.len(), 1200);
    assert_eq!((&rows[1]["id"], &rows[1]["pair"]), (&"r0-swap".into(), &"r0".into()));
    assert_eq!(rows[1]["emotion"], rows[0]["emotion"]);
}

#[test]
fn a_config_s_dataset_is_audited_by_its_axes() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let report = project.emogrid(&["audit", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(report["rows"], 8);
    assert_eq!((&report["labels"][0], &report["contexts"][0]), (&"emotion".into(), &"sentiment".into()));
    assert_eq!(measure(&report, "balance_asked")["value"], 0.0);
    assert_eq!(measure(&report, "distinct_2")["verdict"], "cannot-tell");
    project.emogrid(&["audit", "small.yaml", "--label", "emotion"]).exits(2).says("--label is for tables");
}

#[test]
fn what_a_fix_drops_from_a_config_s_dataset_stays_dropped_and_is_replaced() {
    let (asked, joys) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Every other of the first texts about joy says so, however asks are dealt out.
    let fake = Fake::start();
    fake.script(move |seen, _| {
        let asked = asked.fetch_add(1, Ordering::SeqCst);
        let joy = seen.user().contains("joy").then(|| joys.fetch_add(1, Ordering::SeqCst));
        let leak = if joy.is_some_and(|joy| joy.is_multiple_of(2) && joy < 72) { " joy" } else { "" };
        let words: Vec<String> =
            (0..8).map(|at| format!("w{}", (asked * 7919 + at * 104_729) % 3001)).collect();
        Reply::text(&format!("{{\"text\": \"{}{leak}\"}}", words.join(" ")))
    });
    let project = Project::new();
    let config = format!(
        "name: moods\nendpoints: {{ fake: {} }}\nprompt: {{ user: 'Show {{{{ emotion }}}}.' }}\n\
         grid: {{ axes: {{ emotion: {{ label: true, values: [joy, anger] }} }} }}\n\
         samples: {{ per_cell: 80, max_asks: 400 }}\n",
        fake.url()
    );
    project.write("moods.yaml", &config);
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    project.emogrid(&["audit", "moods.yaml"]).exits(4);
    project.emogrid(&["audit", "moods.yaml", "--fix", "--write", "moods.csv"]).exits(2).says("JSON Lines");
    let fix = ["audit", "moods.yaml", "--fix", "--write", "dropped.jsonl"];
    project.emogrid(&fix).exits(0).says("name it in the config as `curation:`");
    let dropped = project.rows("dropped.jsonl");
    assert!(!dropped.is_empty() && dropped[0]["why"].as_str().unwrap().contains("leakage"), "{dropped:?}");
    project.write("moods.yaml", &format!("{config}curation: dropped.jsonl\n"));
    project.emogrid(&["run", "moods.yaml"]).exits(0);
    assert_eq!(project.rows("out/moods/dataset.jsonl").len(), 160, "others were asked for");
    let curated = project.rows("out/moods/rejected.jsonl");
    assert!(curated.iter().filter(|reject| reject["reason"] == "curation").count() == dropped.len());
    project.emogrid(&["audit", "moods.yaml"]).exits(0);
    // A second fix keeps what the first decided.
    project.emogrid(&fix).exits(0);
    assert_eq!(project.rows("dropped.jsonl"), dropped);
}

#[test]
fn a_fix_drops_no_rows_that_measures_need() {
    let project = Project::new();
    // Every other row says its label; without all of these nothing could be told of the words of what is left.
    let telling = table(240, |row, text, emotion| {
        if row % 4 < 2 {
            text.push_str(&format!(" {emotion}"));
        }
    });
    project.write("t.jsonl", &telling);
    let cannot = |report: &Value| -> Vec<String> {
        let measures = report["measures"].as_array().unwrap().iter();
        let of = |measure: &&Value| measure["verdict"] == "cannot-tell";
        measures.filter(of).map(|measure| measure["metric"].as_str().unwrap().to_owned()).collect()
    };
    let fix = ["audit", "t.jsonl", "--label", "emotion", "--fix", "--output", "out.jsonl"];
    let told = project.emogrid(&[&fix[..], &["--json"]].concat()).exits(4).json();
    assert_eq!(cannot(&told["after"]), cannot(&told["before"]));
    assert_eq!((told["drop"].as_array().unwrap().len(), &told["held"]), (40, &"measures".into()));
    assert_eq!(project.rows("out.jsonl").len(), 200);
    let said = project.emogrid(&fix).exits(4).stdout;
    assert!(
        said.contains("no more is dropped, since with fewer rows some measures could tell nothing"),
        "{said}"
    );
    assert!(said.contains("alarms that stay: leakage"), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}
