//! What stands there in the morning: the summary of a run, the list of runs, and who was told.

use serde_json::Value;

use crate::fake::{Fake, Reply};
use crate::project::Project;

fn project(fake: &Fake) -> Project {
    let project = Project::small(&fake.url());
    project.edit(
        "small.yaml",
        "samples:",
        "notify: { command: 'echo \"$EMOGRID_HEADLINE\" >> told', when: always }\nsamples:",
    );
    project
}

/// The pages of the runs, oldest first.
fn pages(project: &Project) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(project.path().join("out/small/runs")) else { return Vec::new() };
    let mut folders: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| std::fs::read_to_string(folder.join("summary.md")).unwrap()).collect()
}

#[test]
fn a_good_night_is_told_in_one_line() {
    let fake = Fake::start();
    let project = project(&fake);
    let ran = project.emogrid(&["run", "small.yaml"]).exits(0).says("/summary.md");
    assert!(ran.stderr.lines().any(|line| line.starts_with("audit  ") && line.ends_with("(of 8 rows)")));
    assert!(!pages(&project)[0].contains("## Audit of"), "so few rows tell nothing");
    let says = "OK small: 8 of 8 rows (8 more); complete";
    assert_eq!(pages(&project)[0].lines().next(), Some(says));
    assert_eq!(project.read("told"), format!("{says}\n"));
    // Nothing to ask: told, since always is, but no page.
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert_eq!(pages(&project).len(), 1);
    assert_eq!(project.read("told"), format!("{says}\nOK small: 8 of 8 rows; complete\n"));
}

#[test]
fn a_bad_night_says_what_to_look_at_and_where() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().contains("anger") {
        true => Reply::text(r#"{"text": "no"}"#),
        false => Reply::Good,
    });
    let project = project(&fake);
    project.edit("small.yaml", "samples:", "checks:\n  words: [3, 60]\nsamples:");
    let ran = project.emogrid(&["run", "small.yaml"]).exits(4);
    assert!(
        ran.stderr.contains("LOOK        4 rows cannot be filled: 2 cells used up their asks"),
        "{}",
        ran.stderr
    );
    let page = &pages(&project)[0];
    for says in [
        "LOOK small: 4 of 8 rows (4 more); 4 rows cannot be filled: 2 cells used up their asks\n",
        "  Cause: 100 % of what those cells had rejected is words.\n",
        "  To do: change `checks.words`, which asks nothing again",
        "  Key: `checks.words` (small.yaml:14).\n",
        "| emotion=anger sentiment=bad | 0 of 2 | 5 words |\n",
        "| anger | 0 of 4 | 0 % |\n",
        "- words (emotion=anger sentiment=bad): 1 words — \"no\"\n",
    ] {
        assert!(page.contains(says), "{says:?} is not in:\n{page}");
    }
    let folder = std::fs::read_dir(project.path().join("out/small/runs")).unwrap().next().unwrap().unwrap();
    let json = std::fs::read_to_string(folder.path().join("summary.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["verdict"], &json["findings"][0]["place"]), (&"LOOK".into(), &"small.yaml:14".into()));
}

#[test]
fn a_run_that_fails_is_lost_and_told() {
    let fake = Fake::start();
    let project = project(&fake);
    fake.script(|_, before| match before {
        0..2 => Reply::Good,
        _ => Reply::status(401, "who are you"),
    });
    project
        .emogrid(&[
            "run",
            "small.yaml",
            "--set",
            "endpoints.fake={url: URL, slots: 1}".replace("URL", &fake.url()).as_str(),
        ])
        .exits(1);
    let page = &pages(&project)[0];
    assert!(page.starts_with("LOST small: 2 of 8 rows (2 more); the run failed: endpoint `fake`"), "{page}");
    drop(fake);
    // Before anything can be asked it is told all the same.
    project
        .emogrid(&["run", "small.yaml", "--set", "endpoints.fake={url: 'http://127.0.0.1:9', patience: 1}"])
        .exits(1);
    let told = project.read("told");
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("LOST small: "), "{told}");
}

#[test]
fn rows_that_left_and_were_not_remade_are_lost() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let changed = ["run", "small.yaml", "--set", "sampling.temperature=0.3", "--max-requests", "3"];
    project.emogrid(&changed).exits(3);
    let page = &pages(&project)[1];
    assert!(
        page.starts_with("LOST small: 3 of 8 rows (5 fewer); the dataset has 5 rows fewer than before\n"),
        "{page}"
    );
    assert!(page.contains("5 rows to come, about"), "{page}");
}

#[test]
fn runs_are_listed_shown_and_compared() {
    let fake = Fake::start();
    let project = project(&fake);
    project.emogrid(&["runs", "small.yaml"]).exits(0).says("nothing was asked here yet");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "samples:", "sampling: { temperature: 0.3 }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let list = project.emogrid(&["runs", "small.yaml"]).exits(0).stdout;
    assert_eq!(list.lines().count(), 3, "the third asked nothing: {list}");
    assert!(list.lines().nth(2).unwrap().contains(" OK                  8/8        8  100 %"), "{list}");
    let all = project.emogrid(&["runs", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(all[1]["past"][0]["started"], all[0]["started"]);
    let page = project.emogrid(&["runs", "small.yaml", "--show", "2"]).exits(0).stdout;
    assert_eq!(page, pages(&project)[1]);
    let compared = project.emogrid(&["runs", "small.yaml", "--compare", "1", "2"]).exits(0).stdout;
    assert!(compared.contains("sampling.temperature: 0.8 → 0.3"), "{compared}");
    project.emogrid(&["runs", "small.yaml", "--show", "3"]).exits(1).says("there is no run 3");
}
