//! `eval --generator`: what writers write, as a probe of real texts sees it.

use crate::fake::{Fake, Reply};
use crate::project::Project;

const WRITER: &str = "\
name: NAME
endpoints: { fake: URL }
prompt: { user: 'VERB a text. Its emotion is {{ emotion }}.' }
response: { format: text }
grid: { axes: { emotion: { label: true, values: [joy, anger] } } }
samples: { per_cell: 4, max_asks: 80 }
";

/// Words that a text of a mood has.
const WORDS: [[&str; 4]; 2] =
    [["sunny", "lovely", "cheerful", "splendid"], ["rotten", "furious", "wretched", "spiteful"]];

fn text(mood: usize, number: usize) -> String {
    let of = |n: usize| WORDS[mood][n % 4];
    format!("It was {} and {} on day {number}", of(number), of(number / 4))
}

fn project(fake: &Fake) -> Project {
    let project = Project::new();
    for (name, verb) in [("able", "Write"), ("odd", "Dictate")] {
        let config = WRITER.replace("NAME", name).replace("URL", &fake.url()).replace("VERB", verb);
        project.write(&format!("{name}.yaml"), &config);
    }
    let rows = |from: usize, number: usize| -> String {
        let row = |n: usize| format!("{},{}\n", text(n % 2, from + n), ["joy", "anger"][n % 2]);
        "text,emotion\n".to_owned() + &(0..number).map(row).collect::<String>()
    };
    project.write("train.csv", &rows(0, 80));
    project.write("people.csv", &rows(500, 30));
    project
        .emogrid(&[
            "train",
            "--probe",
            "--train",
            "train.csv",
            "--dev",
            "people.csv",
            "--model",
            "real.probe",
        ])
        .exits(0);
    // One writes what is asked for; the other shows the other mood in every second text.
    fake.script(|seen, _| {
        let mood = usize::from(seen.user().contains("anger"));
        let wrong = seen.user().starts_with("Dictate") && seen.seed() % 2 == 0;
        Reply::text(&text(if wrong { 1 - mood } else { mood }, (seen.seed() % 100_000) as usize))
    });
    project
}

#[test]
fn a_writer_is_judged_by_what_its_texts_were_to_show() {
    let fake = Fake::start();
    let project = project(&fake);
    let args = ["eval", "--probe", "real.probe", "--generator", "able.yaml", "odd.yaml", "--limit", "60"];
    let told = project.emogrid(&[&args[..], &["--test", "people.csv", "--json"]].concat()).exits(0).json();
    let writers = told["writers"].as_array().unwrap();
    let shown = |at: usize| writers[at]["shown"].as_f64().unwrap();
    let names: Vec<_> = writers.iter().map(|writer| writer["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["able", "odd", "people: people.csv"]);
    assert_eq!(writers[0]["texts"], 60, "as many as were asked for, whatever the config says");
    assert!(shown(0) > 0.95 && shown(2) > 0.95 && (0.3..0.7).contains(&shown(1)), "{told}");
    assert!(writers[1]["first_is_better_by"]["interval"]["low"].as_f64().unwrap() > 0.2, "{told}");
    assert!(writers[2]["first_is_better_by"]["interval"]["low"].as_f64().unwrap() < 0.05);
    assert_eq!(writers[0]["per_class"]["joy"]["n"], 30);

    // What was written is stored: it is judged again, and nothing is asked.
    fake.take_count();
    let ran = project.emogrid(&args).exits(0);
    assert_eq!(fake.take_count(), 0);
    for said in ["shown (95 %)", "able against odd: shown +0.", "shown, by label"] {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
}

#[test]
fn a_few_cells_write_and_the_dataset_of_the_user_stays() {
    let fake = Fake::start();
    let project = project(&fake);
    let days: Vec<String> = (0..20).map(|n| format!("day-{n}")).collect();
    let axes = format!("[joy, anger] }}, day: [{}] }} }}", days.join(", "));
    project.edit("able.yaml", "[joy, anger] } } }", &axes);
    project.edit("able.yaml", "per_cell: 4, max_asks: 80", "total: 40, max_asks: 9");
    project.emogrid(&["run", "able.yaml", "--quiet"]).exits(0);
    let before = project.read("out/able/dataset.jsonl");
    assert_eq!(before.lines().count(), 40);
    // Another wording, so that nothing of it is stored.
    project.edit("able.yaml", "Write a text.", "Write one text on {{ day }}.");
    fake.take_count();
    let args = ["eval", "--probe", "real.probe", "--generator", "able.yaml", "--limit", "4", "--json"];
    let told = project.emogrid(&args).exits(0).json();
    assert_eq!(fake.take_count(), 4);
    let writer = &told["writers"][0];
    assert_eq!((&writer["name"], &writer["texts"]), (&"able".into(), &4.into()));
    assert_eq!(
        (&writer["per_class"]["joy"]["n"], &writer["per_class"]["anger"]["n"]),
        (&2.into(), &2.into())
    );
    assert_eq!(project.read("out/able/dataset.jsonl"), before);
    // More than there are cells: as many of each.
    let told = project.emogrid(&[&args[..6], &["90", "--json"]].concat()).exits(0).json();
    assert_eq!(told["writers"][0]["texts"], 80);
}

#[test]
fn what_makes_no_sense_is_said() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["eval", "--generator", "able.yaml"]).exits(2).says("--probe");
    project
        .emogrid(&["eval", "--probe", "real.probe", "--test", "people.csv", "--limit", "3"])
        .exits(2)
        .says("`--limit` is for a served model");
    project.edit("able.yaml", "joy, anger", "joy, awe");
    project
        .emogrid(&["eval", "--probe", "real.probe", "--generator", "able.yaml"])
        .exits(2)
        .says("the label `awe`");
}
