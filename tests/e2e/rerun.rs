//! What is asked again, and what is not.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Model, Reply, Seen};
use crate::project::Project;

/// The prompt of `SMALL`.
const PROMPT: &str = "'Write a {{ sentiment }} post that shows {{ emotion }}: {{ emotion.definition }}'";

/// Runs `small.yaml` to a complete dataset; the summary.
#[track_caller]
fn run(project: &Project) -> Value {
    project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json()
}

#[track_caller]
fn plan(project: &Project) -> Value {
    project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json()
}

/// All that a dataset's files say.
fn files(project: &Project) -> [String; 3] {
    ["dataset.jsonl", "rejected.jsonl", "dataset.meta.json"]
        .map(|name| project.read(&format!("out/small/{name}")))
}

fn dataset(project: &Project) -> String {
    project.read("out/small/dataset.jsonl")
}

/// The lines of a dataset that have these values.
fn lines_of<'a>(dataset: &'a str, emotion: &str) -> Vec<&'a str> {
    let wanted = format!("\"emotion\":\"{emotion}\"");
    dataset.lines().filter(|line| line.contains(&wanted)).collect()
}

/// The fields of a JSON object that are named, in one comparable value.
fn some(of: &Value, fields: &[&str]) -> Vec<i64> {
    fields
        .iter()
        .map(|field| of[field].as_i64().unwrap_or_else(|| panic!("no number `{field}` in {of}")))
        .collect()
}

fn seed(seen: &Seen) -> u64 {
    seen.body["seed"].as_u64().unwrap()
}

/// A project after its first run, with the fake that answered.
fn made(extra: &str) -> (Fake, Project) {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write("small.yaml", &(project.read("small.yaml") + extra));
    run(&project);
    assert_eq!(fake.take_count(), 8);
    (fake, project)
}

#[test]
fn a_run_makes_every_row_and_a_second_one_asks_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let first = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!(first["accepted"], 8);
    assert_eq!(first["requests"], 8);
    assert_eq!(fake.take_count(), 8);
    let bytes = project.read("out/small/dataset.jsonl");
    assert_eq!(bytes.lines().count(), 8);

    let second = project.emogrid(&["run", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&second["requests"], &second["reused"]), (&0.into(), &8.into()));
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.read("out/small/dataset.jsonl"), bytes);
}

#[test]
fn a_run_with_nothing_to_ask_needs_no_server() {
    let (fake, project) = made("");
    let before = files(&project);
    drop(fake);
    let again = run(&project);
    assert_eq!(some(&again, &["requests", "attempts", "reused"]), [0, 0, 8]);
    assert_eq!(files(&project), before);
    // Not even the output is needed.
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    run(&project);
    assert_eq!(files(&project), before);
}

#[test]
fn a_word_changed_in_one_emotion_asks_for_that_emotion_again() {
    let (fake, project) = made("dedup: { scope: cell }\n");
    let before = dataset(&project);

    project.edit("small.yaml", "bright", "warm");
    let planned = plan(&project);
    assert_eq!(some(&planned, &["changed", "kept_cells", "kept", "leaving", "requests"]), [2, 2, 4, 4, 2]);
    assert_eq!(fake.take_count(), 0, "a plan asks nothing");
    run(&project);
    let asked: Vec<_> = fake.seen().iter().map(Seen::user).collect();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|user| user.contains("joy: warm")), "{asked:?}");
    fake.take_count();
    let after = dataset(&project);
    assert_eq!(lines_of(&after, "anger"), lines_of(&before, "anger"));
    assert!(lines_of(&after, "joy").iter().all(|line| !before.contains(line)));
    assert_eq!(project.read("out/small/dataset.previous.jsonl"), before);

    project.edit("small.yaml", "warm", "bright");
    assert_eq!(plan(&project)["requests"], 0);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(dataset(&project), before);
}

#[test]
fn a_template_file_counts_by_what_it_renders() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", PROMPT, "{ from: post.j2 }");
    project.write("prompts/post.j2", "{% include 'part.j2' %} as {{ sentiment }}, {{ emotion.definition }}");
    project.write("prompts/part.j2", "Show {{ emotion }}");
    run(&project);
    assert_eq!(fake.take_count(), 8);
    let before = files(&project);

    // A comment in a template, in the config, and a file that nobody names.
    project.write("prompts/part.j2", "{# first the emotion #}Show {{ emotion }}");
    project.write("prompts/other.j2", "{{ broken");
    project.write("small.yaml", &format!("# mine\n{}", project.read("small.yaml")));
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);

    project.write("prompts/part.j2", "Show {% if emotion.name == 'joy' %}bright {% endif %}{{ emotion }}");
    assert_eq!(plan(&project)["changed"], 2);
    run(&project);
    assert_eq!(fake.take_count(), 4);
}

/// Three texts an answer, of three, four and five words.
fn three_lengths(seen: &Seen, _: usize) -> Reply {
    let seed = seed(seen);
    let items = [
        format!("one {seed} three"),
        format!("one {seed} three four"),
        format!("one {seed} three four five"),
    ];
    let items: Vec<_> = items.iter().map(|text| json!({ "text": text })).collect();
    Reply::text(&json!({ "items": items }).to_string())
}

#[test]
fn a_check_judges_stored_answers_anew_and_asks_only_for_a_shortfall() {
    let fake = Fake::start();
    fake.script(three_lengths);
    let project = Project::small(&fake.url());
    let config = project.read("small.yaml") + "response: { items: 3 }\n";
    let with =
        |least: usize| project.write("small.yaml", &format!("{config}checks: {{ words: [{least}, 9] }}\n"));
    with(1);
    let first = run(&project);
    assert_eq!(some(&first, &["requests", "surplus"]), [4, 4]);
    fake.take_count();
    let before = files(&project);

    // Two of the three texts still pass.
    with(4);
    assert_eq!(plan(&project)["requests"], 0);
    let summary = run(&project);
    assert_eq!(summary["rejected"], json!({ "words": 4 }));
    assert_eq!(fake.take_count(), 0);
    assert!(
        project.rows("out/small/dataset.jsonl").iter().all(|row| row["text"]
            .as_str()
            .unwrap()
            .split(' ')
            .count()
            >= 4)
    );

    // One of the three does: each cell lacks one row, which one ask more brings.
    with(5);
    let planned = plan(&project);
    assert_eq!(some(&planned, &["requests", "kept", "leaving", "kept_cells", "changed"]), [4, 4, 4, 4, 0]);
    run(&project);
    assert_eq!(fake.take_count(), 4);

    with(1);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn a_value_taken_out_and_put_back_costs_nothing() {
    let (fake, project) = made("");
    let before = files(&project);
    let value = "        anger: { definition: hot }\n";
    project.edit("small.yaml", value, "");
    let planned = plan(&project);
    assert_eq!(some(&planned, &["dropped", "kept_cells", "leaving", "kept", "requests"]), [2, 2, 4, 4, 0]);
    run(&project);
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row["emotion"] == "joy"));

    project.edit(
        "small.yaml",
        "        joy: { definition: bright }\n",
        &format!("        joy: {{ definition: bright }}\n{value}"),
    );
    let planned = plan(&project);
    assert_eq!(some(&planned, &["restored", "new", "kept_cells", "kept", "requests"]), [2, 0, 2, 4, 0]);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn the_order_of_values_and_of_keys_means_nothing() {
    let (fake, project) = made("sampling: { extra: { dry_base: 2, dry_multiplier: 1 } }\n");
    let before = files(&project);
    let values = "        joy: { definition: bright }\n        anger: { definition: hot }\n";
    project.edit(
        "small.yaml",
        values,
        "        anger: { definition: hot }\n        joy: { definition: bright }\n",
    );
    project.edit("small.yaml", "[good, bad]", "[bad, good]");
    project.edit("small.yaml", "per_cell: 2, max_asks: 5", "max_asks: 5, per_cell: 2");
    let text = project.read("small.yaml");
    let (head, tail) = text.split_once("grid:").unwrap();
    project.write("small.yaml", &format!("grid:{}{head}", tail.trim_end().to_owned() + "\n"));
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn the_order_of_further_fields_of_the_request_means_nothing() {
    let (fake, project) = made("sampling: { extra: { dry_base: 2, dry_multiplier: 1 } }\n");
    let before = files(&project);
    project.edit("small.yaml", "dry_base: 2, dry_multiplier: 1", "dry_multiplier: 1, dry_base: 2");
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

fn with_axes_reordered() -> (Fake, Project) {
    let (fake, project) = made("");
    project.edit("small.yaml", "    sentiment: [good, bad]\n", "");
    project.edit("small.yaml", "  axes:\n", "  axes:\n    sentiment: [good, bad]\n");
    (fake, project)
}

#[test]
fn the_order_of_axes_asks_nothing_and_moves_no_row() {
    let (fake, project) = with_axes_reordered();
    let before = project.rows("out/small/dataset.jsonl");
    let planned = plan(&project);
    assert_eq!(some(&planned, &["kept_cells", "kept", "requests", "leaving"]), [4, 8, 0, 0]);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.rows("out/small/dataset.jsonl"), before);
}

#[test]
fn another_name_is_another_dataset_over_the_same_answers() {
    let (fake, project) = made("");
    let before = dataset(&project);
    project.edit("small.yaml", "name: small", "name: second");
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.read("out/second/dataset.jsonl"), before);
}

#[test]
fn the_same_model_elsewhere_is_the_same_model() {
    let (fake, project) = made("");
    let before = files(&project);
    let elsewhere = Fake::start_at(0, Model { slots: 2, context: 4096, ..Model::default() });
    project.edit(
        "small.yaml",
        &format!("fake: {}", fake.url()),
        &format!("other: {{ url: \"{}/v1/\" }}", elsewhere.url()),
    );
    drop(fake);
    assert_eq!(plan(&project)["requests"], 0);
    run(&project);
    assert_eq!(elsewhere.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn another_model_behind_the_same_address_is_asked_everything() {
    let (fake, project) = made("");
    let before = files(&project);
    for change in [|m: &mut Model| m.file = "other.gguf".into(), |m: &mut Model| m.parameters += 1] {
        fake.model(change);
        let planned = plan(&project);
        assert_eq!(some(&planned, &["changed", "leaving", "kept", "requests"]), [4, 8, 0, 4]);
        run(&project);
        assert_eq!(fake.take_count(), 8);
    }
    assert!(dataset(&project).lines().all(|line| !before[0].contains(line)));
    // A path is no part of a model, and the first model's answers are still there.
    fake.model(|model| *model = Model::default());
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn more_max_tokens_asks_again_only_for_answers_that_were_cut() {
    let fake = Fake::start();
    // Texts of anger are longer than 20 tokens; those of joy have 7.
    fake.script(|seen, _| {
        match seen.user().contains("anger") && seen.body["max_tokens"].as_u64() < Some(20) {
            true => Reply::Choices(vec![("{\"text\": \"it was cut".into(), "length")]),
            false => Reply::Good,
        }
    });
    let project = Project::small(&fake.url());
    let config = project.read("small.yaml");
    let with =
        |tokens: u32| project.write("small.yaml", &format!("{config}sampling: {{ max_tokens: {tokens} }}\n"));
    with(10);
    let short = project.emogrid(&["run", "small.yaml", "--json"]).exits(4).json();
    assert_eq!(short["rejected"], json!({ "cut": 10 }));
    assert_eq!(some(&short, &["requests", "shortfall"]), [14, 4]);
    fake.take_count();

    with(30);
    run(&project);
    let asked = fake.seen();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|seen| seen.user().contains("anger")));
    fake.take_count();
    let before = files(&project);

    // Where nothing was cut, more changes nothing; nor does less that is enough.
    with(1000);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
    with(9);
    let less = plan(&project);
    assert_eq!(less["requests"], 0, "7 tokens are within 9");
    // Less than an answer took is another answer.
    with(6);
    assert_eq!(plan(&project)["requests"], 4);
    with(30);
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn sampling_and_seed_are_part_of_every_ask() {
    let (fake, project) = made("");
    let before = files(&project);
    let config = project.read("small.yaml");
    for changed in
        ["seed: 1\n", "sampling: { temperature: 1.1 }\n", "response: { n: 2 }\nsampling: { stop: [x] }\n"]
    {
        project.write("small.yaml", &format!("{config}{changed}"));
        assert_eq!(plan(&project)["changed"], 4);
        run(&project);
        assert_eq!(fake.take_count(), if changed.contains("n: 2") { 4 } else { 8 }, "{changed}");
    }
    // A default that is written out is the same as one that is not.
    project.write("small.yaml", &format!("{config}seed: 0\nsampling: {{ temperature: 0.8, top_k: 40 }}\n"));
    run(&project);
    assert_eq!(fake.take_count(), 0);
    assert_eq!(files(&project), before);
}

#[test]
fn more_rows_a_cell_only_append() {
    let (fake, project) = made("");
    let before = dataset(&project);
    project.edit("small.yaml", "per_cell: 2", "per_cell: 4");
    assert_eq!(some(&plan(&project), &["kept_cells", "kept", "requests", "samples"]), [4, 8, 4, 16]);
    run(&project);
    assert_eq!(fake.take_count(), 8);
    let after = dataset(&project);
    assert_eq!(after.lines().count(), 16);
    assert!(after.starts_with(&before));
    project.edit("small.yaml", "per_cell: 4", "per_cell: 2");
    run(&project);
    assert_eq!(dataset(&project), before);
    assert_eq!(fake.take_count(), 0);
}

/// Few texts for many asks: duplicates, texts too short, answers that are no JSON.
fn crowded(seen: &Seen) -> Reply {
    let seed = seed(seen);
    match seed % 7 {
        0 => Reply::text("no JSON"),
        1 => Reply::text(r#"{"text": "short"}"#),
        _ => Reply::text(
            &json!({ "text": format!("The same old story number {}.", seed / 7 % 9) }).to_string(),
        ),
    }
}

#[test]
fn the_order_of_arrival_changes_no_byte() {
    for scope in ["label", "dataset"] {
        let mut all = BTreeSet::new();
        let mut codes = BTreeSet::new();
        for order in 0..3u64 {
            let fake = Fake::start_at(0, Model { slots: 3, ..Model::default() });
            fake.script(move |seen, before| {
                let wait = match order {
                    0 => 0,
                    1 => seed(seen) % 5 * 9,
                    _ => (before as u64 * 7 + 4) % 6 * 8,
                };
                Reply::Late(Duration::from_millis(wait), Box::new(crowded(seen)))
            });
            let project = Project::small(&fake.url());
            project.edit("small.yaml", "per_cell: 2, max_asks: 5", "per_cell: 4, max_asks: 9");
            project.edit("small.yaml", "[good, bad]", "[good, bad, odd]");
            let more = format!("dedup: {{ scope: {scope} }}\nchecks: {{ words: [2, 9] }}\n");
            project.write("small.yaml", &(project.read("small.yaml") + &more));
            let ran = project.emogrid(&["run", "small.yaml", "--json"]);
            codes.insert(ran.code);
            let summary = ran.json();
            for reason in ["not-json", "words", "duplicate"] {
                assert!(summary["rejected"][reason].as_u64() > Some(0), "no {reason}: {summary}");
            }
            all.insert(files(&project));
        }
        assert_eq!((all.len(), codes.len()), (1, 1), "scope {scope}");
        // Nine texts for 24 rows: some cells must stay short where all share a scope.
        assert_eq!(
            codes.contains(&Some(4)),
            scope == "dataset" || all.first().unwrap()[0].lines().count() < 24
        );
    }
}

#[test]
fn two_cells_with_one_text_of_prompt_get_two_answers() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", PROMPT, "Write a post.");
    let summary = run(&project);
    assert_eq!(summary["requests"], 8);
    let seen = fake.seen();
    assert!(seen.iter().all(|seen| seen.user() == "Write a post."));
    assert_eq!(seen.iter().map(seed).collect::<HashSet<_>>().len(), 8);
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.iter().map(|row| row["text"].to_string()).collect::<HashSet<_>>().len(), 8);
}

#[test]
fn a_duplicate_is_rejected_within_its_scope_and_names_the_row_that_was_kept() {
    let fake = Fake::start();
    fake.script(|seen, _| match seen.user().ends_with("#0") {
        true => Reply::text(r#"{"text": "The very same words."}"#),
        false => Reply::Good,
    });
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "{{ emotion.definition }}'", "{{ emotion.definition }} #{{ ask }}'");
    project.edit("small.yaml", "per_cell: 2", "per_cell: 1");
    let config = project.read("small.yaml");
    let mut asked = 0;
    // From the narrowest: what a wider scope rejects must be asked for once more.
    for (scope, same, displaced) in [("cell", 4, 0), ("label", 2, 2), ("dataset", 1, 1), ("cell", 4, 0)] {
        project.write("small.yaml", &format!("{config}dedup: {{ scope: {scope} }}\n"));
        let planned = plan(&project);
        assert_eq!(some(&planned, &["displaced", "changed"]), [displaced, 0], "{scope}: {planned}");
        let summary = run(&project);
        let change = &summary["change"];
        let rows = project.rows("out/small/dataset.jsonl");
        let rejects = project.rows("out/small/rejected.jsonl");
        let kept: BTreeMap<_, _> = rows
            .iter()
            .filter(|row| row["text"] == "The very same words.")
            .map(|row| (row["id"].as_str().unwrap(), row))
            .collect();
        assert_eq!((rows.len(), kept.len(), rejects.len()), (4, same, 4 - same), "{scope}");
        for reject in &rejects {
            assert_eq!(reject["reason"], "duplicate");
            let why = reject["why"].as_str().unwrap();
            let id =
                kept.keys().find(|id| why.contains(**id)).unwrap_or_else(|| panic!("{why} names no row"));
            if scope == "label" {
                assert_eq!(kept[id]["emotion"], reject["emotion"]);
            }
        }
        asked += summary["requests"].as_u64().unwrap();
        assert_eq!(change["displaced"], displaced, "{scope}: {change}");
    }
    assert_eq!(asked, 4 + 2 + 1, "four at first, then one for each row displaced");
}

#[test]
fn a_plan_says_what_the_run_then_does() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let said = |field: &str, planned: &Value, summary: &Value| {
        assert_eq!(planned[field], summary["cells"][field], "{field}: {planned} {summary}");
    };
    let check = |cells: [i64; 5], rows: [i64; 3], requests: i64, sent: usize| {
        let planned = plan(&project);
        assert_eq!(fake.take_count(), 0, "a plan asks nothing");
        assert_eq!(
            some(&planned, &["new", "kept_cells", "changed", "restored", "dropped"]),
            cells,
            "{planned}"
        );
        assert_eq!(some(&planned, &["kept", "leaving", "displaced"]), rows, "{planned}");
        assert_eq!(planned["requests"], requests);
        let summary = run(&project);
        assert_eq!(fake.take_count(), sent);
        ["changed", "dropped"].iter().for_each(|field| said(field, &planned, &summary));
        assert_eq!(some(&summary["change"], &["kept", "leaving", "displaced"]), rows);
        let after = plan(&project);
        assert_eq!(
            some(&after, &["new", "changed", "restored", "dropped", "requests", "leaving"]),
            [0; 6],
            "{after}"
        );
        assert_eq!(after["kept"], after["samples"]);
    };
    check([4, 0, 0, 0, 0], [0, 0, 0], 4, 8);
    check([0, 4, 0, 0, 0], [8, 0, 0], 0, 0);
    // One emotion changed, one gone, one new.
    project.edit("small.yaml", "joy: { definition: bright }", "joy: { definition: loud }");
    project.edit("small.yaml", "anger: { definition: hot }", "fear: { definition: cold }");
    check([2, 0, 2, 0, 2], [0, 8, 0], 4, 8);
    project.edit("small.yaml", "fear: { definition: cold }", "anger: { definition: hot }");
    check([0, 2, 0, 2, 2], [4, 4, 0], 0, 0);
    project.edit("small.yaml", "[good, bad]", "[good, bad, odd]");
    check([2, 4, 0, 0, 0], [8, 0, 0], 2, 4);
    // A further axis makes other cells of all of them.
    project.edit("small.yaml", "    sentiment:", "    place: [home]\n    sentiment:");
    check([6, 0, 0, 0, 6], [0, 12, 0], 6, 12);
}

#[test]
fn a_cell_of_which_no_row_is_wanted_is_not_restored() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2", "total: 3");
    assert_eq!(some(&plan(&project), &["new", "restored"]), [3, 0]);
    assert_eq!(some(&run(&project)["cells"], &["new", "restored", "kept"]), [3, 0, 0]);
    assert_eq!(some(&plan(&project), &["new", "restored", "kept_cells", "dropped"]), [0, 0, 4, 0]);
}

#[test]
fn a_run_says_of_its_cells_what_the_plan_said() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let summary = run(&project);
    assert_eq!(some(&summary["cells"], &["new", "restored", "kept"]), [4, 0, 0]);
    project.edit("small.yaml", "[good, bad]", "[good, bad, odd]");
    let summary = run(&project);
    assert_eq!(some(&summary["cells"], &["new", "restored", "kept"]), [2, 0, 4]);
}

#[test]
fn a_plan_without_a_server_assumes_the_model_it_saw_last() {
    let (fake, project) = made("");
    project.edit("small.yaml", "bright", "warm");
    let with = plan(&project);
    assert_eq!(with["model_seen"], true);
    assert!(
        project.emogrid(&["plan", "small.yaml"]).exits(0).stdout.contains("fake-1b (its server says so)")
    );
    drop(fake);
    let without = plan(&project);
    assert_eq!(without["model_seen"], false);
    assert_eq!((&without["requests"], &without["model"]), (&with["requests"], &with["model"]));
    let text = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    assert!(text.contains("fake-1b (remembered)"), "{text}");
}

#[test]
fn a_plan_before_any_run_writes_nothing() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let url = fake.url();
    assert_eq!(plan(&project)["requests"], 4);
    drop(fake);
    assert_eq!(plan(&project)["requests"], 4, "{url} is gone");
    let names: Vec<_> =
        std::fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["small.yaml"]);
}

#[test]
fn an_export_has_the_rows_of_the_dataset() {
    let (_fake, project) = made("");
    let rows = project.rows("out/small/dataset.jsonl");
    let out = project.emogrid(&["export", "small.yaml"]).exits(0).stdout;
    assert_eq!(out, dataset(&project));
    project.emogrid(&["export", "small.yaml", "--format", "csv", "-o", "rows.csv"]).exits(0).says("8 rows");
    let text = project.read("rows.csv");
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap().split(',').collect();
    assert_eq!(header, ["id", "text", "emotion", "sentiment", "model", "prompt", "fingerprint"]);
    for (line, row) in lines.by_ref().zip(&rows) {
        let fields: Vec<_> = line.split(',').collect();
        for (name, field) in header.iter().zip(fields) {
            assert_eq!(row[name], field);
        }
    }
    assert_eq!(text.lines().count(), 9);
    // An edit that was not run yet: the export says what stored answers make of it.
    project.edit("small.yaml", "bright", "warm");
    let ran = project
        .emogrid(&["export", "small.yaml"])
        .exits(0)
        .says("4 of 8 rows: 2 requests are still to be asked");
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), lines_of(&dataset(&project), "anger"));
}

#[test]
fn status_says_how_far_a_dataset_is() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let status = || project.emogrid(&["status", "small.yaml", "--json"]).exits(0).json();
    let none = status();
    assert_eq!(some(&none, &["rows", "wanted", "open", "shortfall"]), [0, 8, 4, 0]);
    assert_eq!((&none["complete"], &none["last_run"]), (&false.into(), &Value::Null));
    run(&project);
    let done = status();
    assert_eq!(some(&done, &["rows", "wanted", "open", "shortfall", "failed"]), [8, 8, 0, 0, 0]);
    assert_eq!(done["complete"], true);
    assert_eq!(done["model"], "fake-1b");
    assert_eq!(done["stored"], json!({ "completions": 8, "tombstones": 0 }));
    assert_eq!(done["by_axis"]["emotion"]["joy"], json!({ "wanted": 4, "accepted": 4, "rejected": 0 }));
    assert_eq!(done["last_run"]["requests"], 8);
    project.edit("small.yaml", "bright", "warm");
    assert_eq!(some(&status(), &["rows", "open"]), [4, 2]);
}

#[test]
fn every_choice_and_item_of_an_answer_is_a_candidate() {
    let fake = Fake::start();
    fake.script(|seen, _| {
        let seed = seed(seen);
        let choice = |choice: u64| {
            let item = |item: u64| json!({ "text": format!("text {seed} {choice} {item}"), "tone": item, "id": "mine" });
            (json!({ "items": [item(0), item(1), item(2)] }).to_string(), "stop")
        };
        Reply::Choices(vec![choice(0), choice(1)])
    });
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "per_cell: 2", "per_cell: 4");
    let more = "response:\n  items: 3\n  n: 2\n  schema:\n    type: object\n    properties: { text: { type: string }, tone: { type: integer }, id: { type: string } }\n";
    project.write("small.yaml", &(project.read("small.yaml") + more));
    let summary = run(&project);
    assert_eq!(some(&summary, &["requests", "accepted", "surplus"]), [4, 16, 8]);
    assert!(fake.seen().iter().all(|seen| seen.body["n"] == 2));
    let rows = project.rows("out/small/dataset.jsonl");
    assert_eq!(rows.iter().map(|row| row["id"].to_string()).collect::<HashSet<_>>().len(), 16);
    for row in &rows {
        let text = row["text"].as_str().unwrap();
        assert!(text.ends_with(&row["tone"].to_string()), "{row}");
        assert_eq!(row["answer_id"], "mine");
    }
    // Choice 0 with its three items comes first, then choice 1.
    let places: BTreeSet<_> = rows
        .iter()
        .map(|row| row["text"].as_str().unwrap().splitn(3, ' ').nth(2).unwrap().to_owned())
        .collect();
    assert_eq!(places, ["0 0", "0 1", "0 2", "1 0"].map(String::from).into());
}

#[test]
fn no_key_is_needed_where_nothing_is_asked() {
    let (fake, project) = made("");
    drop(fake);
    let before = dataset(&project);
    let key = "endpoints.fake.api_key_env=NO_SUCH_KEY";
    for command in ["run", "plan", "status", "export"] {
        let ran = project.emogrid(&[command, "small.yaml", "--set", key]).exits(0);
        assert!(command != "export" || ran.stdout == before);
    }
}

#[test]
fn an_axis_cannot_hide_a_column_of_rejected_rows() {
    for axis in ["reason", "why"] {
        let project = Project::small("http://127.0.0.1:9");
        project.write("small.yaml", &project.read("small.yaml").replace("sentiment", axis));
        project.emogrid(&["check", "small.yaml"]).exits(2).says("axis-name");
    }
}

#[test]
fn rows_that_nothing_will_remake_are_not_said_to_be_remade() {
    let (_fake, project) = made("");
    for (set, remade) in [
        ("samples.per_cell=1", false),
        ("grid.axes.sentiment=[good]", false),
        ("sampling.temperature=1", true),
    ] {
        let text = project.emogrid(&["plan", "small.yaml", "--set", set]).exits(0).stdout;
        assert!(text.contains("leave"), "{text}");
        assert_eq!(text.contains("remade"), remade, "{set}: {text}");
    }
}

/// What a plan says and an export holds, with what was judged before at hand and without.
#[track_caller]
fn is_the_same_without_its_cache(project: &Project) {
    let all = || (plan(project), project.emogrid(&["export", "small.yaml"]).stdout);
    let (first, with) = (all(), all());
    let cache = project.path().join(".emogrid/cache");
    assert!(cache.join("small.verdicts").is_file());
    std::fs::remove_dir_all(&cache).unwrap();
    assert_eq!(with, all());
    assert_eq!(first, with);
}

#[test]
fn what_was_judged_before_says_what_judging_again_says() {
    let (fake, project) = made("checks: { words: [1, 40] }\n");
    is_the_same_without_its_cache(&project);
    let text = project.read("small.yaml");
    for (from, to) in [
        ("[1, 40]", "[12, 40]"),
        ("per_cell: 2", "per_cell: 4"),
        ("bright", "radiant"),
        ("anger: { definition: hot }\n", "anger: { definition: hot }\n        fear: { definition: cold }\n"),
        ("samples:", "dedup: { level: aggressive, scope: dataset }\nanonymize: strict\nsamples:"),
    ] {
        let before = project.read("small.yaml");
        assert!(before.contains(from), "{from}");
        project.write("small.yaml", &before.replace(from, to));
        is_the_same_without_its_cache(&project);
        project.emogrid(&["run", "small.yaml"]);
        let with = files(&project);
        is_the_same_without_its_cache(&project);
        std::fs::remove_dir_all(project.path().join(".emogrid/cache")).unwrap();
        std::fs::remove_dir_all(project.path().join("out")).unwrap();
        project.emogrid(&["run", "small.yaml"]);
        assert_eq!(with, files(&project));
    }
    project.write("small.yaml", &text);
    is_the_same_without_its_cache(&project);
    assert!(fake.take_count() > 0);
}

#[test]
fn a_completion_that_is_taken_away_is_not_remembered() {
    let (_fake, project) = made("");
    assert_eq!(plan(&project)["requests"], 0);
    let kept = project.read("small.yaml");
    // Nothing needs the old answers any more, but that a plan has just judged them.
    let other = kept.replace("hot", "burning").replace("bright", "light");
    project.write("small.yaml", &other);
    run(&project);
    project.write("small.yaml", &kept);
    assert_eq!(plan(&project)["requests"], 0);
    project.write("small.yaml", &other);
    project.emogrid(&["gc", "small.yaml", "--days", "0", "--delete"]).exits(0);
    project.write("small.yaml", &kept);
    assert_eq!(plan(&project)["requests"], 4);
}

/// What began after an edit and was killed changed nothing on disk: the edit is still what a plan has to explain.
#[test]
fn a_plan_after_a_run_that_was_killed_names_the_edit() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    project.edit("small.yaml", "bright", "glad");
    let mut killed = project.command(&["run", "small.yaml"]);
    killed.env("EMOGRID_CRASH_AT", "after-receipt").output().unwrap();
    let plan = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
    for part in [
        "  ~ 2 cells changed, asked in another way now\n",
        "\nchanged since the last run:\n    emotion.joy.definition: \"bright\" → \"glad\" (small.yaml:9)\n",
    ] {
        assert!(plan.contains(part), "{plan}");
    }
    // So does who refuses to take the rows out.
    let refused = project.emogrid(&["run", "small.yaml", "--set", "run.max_leaving=0"]).exits(4);
    refused.says("\"bright\" → \"glad\"");
    let diff =
        project.emogrid(&["preview", "small.yaml", "--diff", "--where", "emotion=joy"]).exits(0).stdout;
    assert!(diff.contains("bright") && diff.contains("glad"), "{diff}");
    // Taken back, there is nothing to ask, and what is then kept is of the state that it is of.
    project.edit("small.yaml", "glad", "bright");
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    fake.take_count();
    project.emogrid(&["run", "small.yaml"]).exits(0).says("8 came from stored answers");
    assert_eq!(fake.take_count(), 0);
    let plan = project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["causes"], &plan["kept_cells"]), (&serde_json::json!([]), &4.into()), "{plan}");
}

/// What comes back costs nothing, what is asked does, and of a cell that used up its asks nothing is remade.
#[test]
fn a_plan_tells_rows_that_are_stored_from_those_to_ask_for() {
    let fake = Fake::start();
    let long_for_joy = |seen: &Seen| seen.user().contains("joy");
    fake.script(move |seen, before| match long_for_joy(seen) {
        true => {
            let words: Vec<String> = (0..25).map(|word| format!("word{word}of{before}")).collect();
            Reply::text(&json!({ "text": words.join(" ") }).to_string())
        }
        false => Reply::Good,
    });
    let project = Project::small(&fake.url());
    run(&project);
    let rows = |said: &str| {
        let plan = project.emogrid(&["plan", "small.yaml"]).exits(0).stdout;
        assert!(plan.contains(said), "{said}: {plan}");
        project.emogrid(&["plan", "small.yaml", "--json"]).exits(0).json()
    };
    let plan = rows("\nrows: 8 stay\n");
    assert_eq!((&plan["coming"], &plan["to_remake"]), (&json!(0), &json!(0)));
    project.edit("small.yaml", "samples:", "checks: { words: [1, 20] }\nsamples:");
    let plan = rows("\nrows: 4 stay, 4 leave until they are remade\n      of these 4 by words\n");
    assert_eq!(plan["to_remake"], 4);
    // Of these cells nothing more is asked; those of another value are.
    project.edit("small.yaml", "max_asks: 5", "max_asks: 2");
    project.edit("small.yaml", "anger: { definition: hot }", "anger: { definition: hot }\n        fear: {}");
    project.edit("small.yaml", "{{ emotion.definition }}", "{{ emotion.definition | default(1) }}");
    let plan = rows("\nrows: 4 stay, 4 leave\n      of these 4 by words\n");
    assert_eq!((&plan["to_remake"], &plan["requests"]), (&json!(0), &json!(2)), "{plan}");
    std::fs::remove_dir_all(project.path().join("out")).unwrap();
    let plan = rows("\nrows: 0 stay, 4 come from stored answers\n");
    assert_eq!(plan["coming"], 4);
}

/// A cell may ask very often, and all of that is gone through to find rows that only wait.
#[test]
fn nobody_waits_in_silence_for_rows_that_come_back() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    run(&project);
    project.edit("small.yaml", "max_asks: 5", "max_asks: 60000");
    project.edit("small.yaml", "Write a", "Tell a");
    let says = "looking for rows that come back: ";
    project.emogrid(&["plan", "small.yaml"]).exits(0).says(says);
    project.emogrid(&["status", "small.yaml"]).exits(0).says(says);
    let ran = project.emogrid(&["run", "small.yaml", "--max-requests", "1"]).exits(3).says(says);
    // Before it asks it is looked for but once.
    let before = ran.stderr.split("to go\n").next().unwrap();
    let begun = before
        .lines()
        .filter(|line| line.starts_with(says))
        .map(|line| line[says.len()..].trim_end_matches(" %"));
    let shares: Vec<u32> = begun.map(|share| share.parse().unwrap()).collect();
    assert!(shares.is_sorted(), "{}", ran.stderr);
}
