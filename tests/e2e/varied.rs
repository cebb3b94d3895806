//! What a run brought, beside what the nights before did: also where the dataset's first rows are the same.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply, Seen};
use crate::project::Project;

/// A night in which the model says much the same again and again, after one in which it did not: the dataset's first
/// thousand texts are those of before, or nearly.
#[test]
fn a_night_of_one_tune_after_a_good_one_wants_a_look() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples: { per_cell: 2, max_asks: 5 }", "samples: { per_cell: 20 }");
    let first = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(first["variety"]["texts"], 80);
    assert_eq!(first["variety"]["distinct_2"], first["distinct_2"], "all of the dataset is of this run");
    fake.script(|seen, before| {
        let feels = if seen.user().contains("joy") { "glad" } else { "cross" };
        let text = format!("It was so {feels} that we all went home again {before}.");
        Reply::text(&json!({ "text": text }).to_string())
    });
    let second = project.emogrid(&["run", "small.yaml", "--json", "--set", "samples.per_cell=40"]).exits(0);
    let second = second.json();
    assert_eq!((&second["verdict"], &second["variety"]["texts"]), (&"LOOK".into(), &80.into()), "{second}");
    let of = |value: &Value| value["distinct_2"].as_f64().unwrap();
    assert!(of(&second["variety"]) < of(&second) && of(&second) < of(&first), "{second}");
    let found: Vec<_> = second["findings"].as_array().unwrap().iter().collect();
    let what = |of: &&Value| of["what"].as_str().unwrap().to_owned();
    assert!(what(&found[0]).starts_with("the texts vary less: distinct-2 fell from 0."), "{second}");
    assert_eq!(what(&found[1]), "100 % of the run's rows open with “it was so”");
    for finding in &found {
        assert_eq!((&finding["key"], &finding["place"]), (&"prompt".into(), &"small.yaml:3".into()));
        assert!(
            finding["cause"].as_str().unwrap().starts_with("of 80 rows of this run 80 open with"),
            "{finding}"
        );
    }
    // The figures of the list and of a comparison are those of the runs.
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    let shown = format!("{:.3}", of(&second["variety"]));
    assert!(list.lines().last().unwrap().contains(&shown), "{list}");
}

/// What is accepted far less than the others has its numbers, the reason, and the line that it stands on.
#[test]
fn a_value_that_is_accepted_less_is_told_with_its_line_and_why() {
    let fake = Fake::start();
    let is_even = |seen: &Seen| seen.body["seed"].as_u64().unwrap().is_multiple_of(2);
    fake.script(move |seen, _| match seen.user().contains("joy") && is_even(seen) {
        true => Reply::text(r#"{"text": "no"}"#),
        false => Reply::Good,
    });
    let project = Project::small(&fake.url());
    project.edit(
        "small.yaml",
        "samples: { per_cell: 2, max_asks: 5 }",
        "checks: { words: [3, 60] }\nsamples: { per_cell: 30 }",
    );
    let summary = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    let finding = &summary["findings"][0];
    let joy = &summary["run"]["by_axis"]["emotion"]["joy"];
    let (accepted, rejected) = (joy["accepted"].as_u64().unwrap(), joy["rejected"].as_u64().unwrap());
    let all = accepted + rejected;
    let what =
        format!("emotion joy: {:.0} % accepted, of the others 100 %", 100.0 * accepted as f64 / all as f64);
    assert_eq!(finding["what"], what.as_str(), "{summary}");
    let cause = format!("{accepted} of its {all} texts became rows; rejected most: {rejected} × words");
    assert_eq!(finding["cause"], cause.as_str());
    let place = (&finding["key"], &finding["place"]);
    assert_eq!(place, (&"grid.axes.emotion.values.joy".into(), &"small.yaml:9".into()));
    // In a list of values, too.
    let text = project.read("small.yaml");
    let (head, rest) = text.split_once("    emotion:\n").unwrap();
    let (_, rest) = rest.split_once("    sentiment:").unwrap();
    let listed =
        "    emotion:\n      label: true\n      values:\n        - anger\n        - joy\n    sentiment:";
    let text = format!("{head}{listed}{rest}").replace(": {{ emotion.definition }}", "");
    project.write("small.yaml", &text);
    let args = ["run", "small.yaml", "--json", "--accept-leaving"];
    let summary = project.emogrid(&args).exits(0).json();
    let joy = summary["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["key"] == "grid.axes.emotion.values.joy");
    assert_eq!(joy.unwrap()["place"], "small.yaml:10", "{summary}");
}
