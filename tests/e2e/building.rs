//! Configs that build on others and on the command line, and what is told of an edit of them.

use crate::fake::Fake;
use crate::project::Project;

const BASE: &str = "\
name: base
endpoints: { fake: { url: 'URL' } }
prompt: { user: { chat: { from: chat.j2 }, post: 'Post about {{ mood }} and {{ topic }}.' } }
grid:
  axes:
    mood: { from: ../taxonomies/moods.yaml, label: true }
    topic: [work, travel]
  exclude: [{ mood: dread, topic: travel }]
samples: { total: 6, balance: [mood], max_asks: 20 }
";

const MOODS: &str = "\
values:
  calm:
    definition: at rest
  dread: { definition: fear }
  joy: { definition: glad }
";

fn project(url: &str) -> Project {
    let project = Project::new();
    project.write("configs/base.yaml", &BASE.replace("URL", url));
    project.write("taxonomies/moods.yaml", MOODS);
    project.write("prompts/chat.j2", "Chat about {{ mood }}, {{ mood.definition }}, and {{ topic }}.");
    project
}

#[test]
fn a_variant_of_a_base_is_built_upon() {
    let project = project("http://127.0.0.1:9");
    let resolved = |own: &str| {
        project.write("configs/own.yaml", &format!("extends: base.yaml\n{own}\n"));
        let out = project.emogrid(&["check", "configs/own.yaml", "--resolved"]).exits(0).stdout;
        let of = |line: &&str| line.starts_with("prompt.") || line.starts_with("samples.");
        let lines = out.lines().filter(of).map(|line| line.split("    #").next().unwrap().to_owned());
        lines.collect::<Vec<_>>().join("; ")
    };
    let out = resolved("prompt: { user: { chat: { weight: 5 }, post: { weight: 2, model: fake } } }");
    for said in [
        "prompt.user.chat.from: \"chat.j2\"; prompt.user.chat.weight: 5",
        "prompt.user.post.text: \"Post about {{ mood }} and {{ topic }}.\"; prompt.user.post.weight: 2",
        "prompt.user.post.model: \"fake\"",
    ] {
        assert!(out.contains(said), "{out}");
    }
    // What cannot stand beside what is written now goes.
    let out = resolved(
        "prompt: { user: { chat: { text: 'On {{ mood }} and {{ topic }}.' }, post: { from: chat.j2 } } }",
    );
    assert!(out.contains("prompt.user.chat.text") && out.contains("prompt.user.post.from"), "{out}");
    assert!(!out.contains("chat.from") && !out.contains("post.text"), "{out}");
    let out = resolved("samples: { per_cell: 2, total: null, balance: null }");
    assert!(out.contains("samples.per_cell: 2"), "{out}");
    let out = resolved("samples: { per_cell: 2, balance: null }");
    assert!(out.contains("samples.per_cell: 2") && !out.contains("samples.total"), "{out}");
    // The command line builds upon a config alike.
    let set = ["check", "configs/base.yaml", "--set", "prompt.user.post.weight=3"];
    project.emogrid(&set).exits(0).says("ok, 5 cells, 6 rows");
}

#[test]
fn mistakes_of_the_command_line_are_said_at_its_flags() {
    let project = project("http://127.0.0.1:9");
    let run = |more: &[&str]| project.emogrid(&[&["run", "configs/base.yaml"], more].concat()).exits(2);
    for (flag, value) in [
        ("--max-requests", "0"),
        ("--until", "25:00"),
        ("--for", "20"),
        ("--token-budget", "few"),
        ("--max-cost", "much"),
        ("--max-requests", ""),
    ] {
        let ran = run(&[flag, value]).says(&format!("--> {flag}:1:1"));
        assert!(!ran.stderr.contains("--set:"), "{}", ran.stderr);
    }
    let ran = run(&["--set", "samples.total=abc"]).says("1 error");
    assert!(!ran.stderr.contains("there is none"), "{}", ran.stderr);
    let apart = "`--where mood=calm,joy --where topic=travel`";
    run(&["--where", "mood=calm,joy,topic=travel"]).says(apart);
    run(&["--where", "mood=calm,joy topic=travel"]).says(apart);
    run(&["--where", "mood=nothing"]).says("it has: calm, dread, joy");
    let excluded = run(&["--where", "mood=dread", "--where", "topic=travel"]);
    excluded.says("no cell has all of these values").says("the config's rules leave none of them");
}

#[test]
fn an_edit_is_told_where_it_was_made() {
    let fake = Fake::start();
    let project = project(&fake.url());
    project.emogrid(&["run", "configs/base.yaml"]).exits(0);
    project.edit("taxonomies/moods.yaml", "at rest", "at ease");
    project.edit("taxonomies/moods.yaml", "{ definition: glad }", "{ definition: glad, weight: 2 }");
    let plan = project.emogrid(&["plan", "configs/base.yaml"]).exits(0).stdout;
    assert!(plan.contains("mood.calm.definition") && plan.contains("(taxonomies/moods.yaml:3)"), "{plan}");
    assert!(plan.contains("mood.joy.weight: 1 → 2 (taxonomies/moods.yaml:5)"), "{plan}");
    // What the config says itself comes first.
    project.edit(
        "configs/base.yaml",
        "label: true }",
        "label: true, override: { calm: { definition: still } } }",
    );
    let plan = project.emogrid(&["plan", "configs/base.yaml"]).exits(0).stdout;
    assert!(plan.contains("mood.calm.definition") && plan.contains("(configs/base.yaml:6)"), "{plan}");
}

#[test]
fn an_order_that_means_nothing_is_no_change() {
    let fake = Fake::start();
    let project = project(&fake.url());
    project.emogrid(&["run", "configs/base.yaml"]).exits(0);
    let before = project.rows("out/base/dataset.jsonl");
    let mood = "    mood: { from: ../taxonomies/moods.yaml, label: true }\n";
    let topic = "    topic: [work, travel]\n";
    project.edit("configs/base.yaml", &format!("{mood}{topic}"), &format!("{topic}{mood}"));
    project.edit("configs/base.yaml", "[work, travel]", "[travel, work]");
    let plan = project.emogrid(&["plan", "configs/base.yaml", "--json"]).exits(0).json();
    assert_eq!((&plan["causes"], &plan["requests"]), (&serde_json::json!([]), &0.into()));
    fake.take_count();
    project
        .emogrid(&["run", "configs/base.yaml"])
        .exits(0)
        .says("out/base/dataset.jsonl was written anew: it has the same 6 rows");
    assert_eq!(fake.take_count(), 0);
    assert_eq!(project.rows("out/base/dataset.jsonl"), before, "but for the order of columns");
    let ran = project.emogrid(&["run", "configs/base.yaml"]).exits(0);
    assert!(!ran.stderr.contains("written anew"), "{}", ran.stderr);
    // What a rule says of other values is told.
    project.edit("configs/base.yaml", "mood: dread, topic", "mood: joy, topic");
    let plan = project.emogrid(&["plan", "configs/base.yaml", "--json"]).exits(0).json();
    assert_eq!(plan["causes"], serde_json::json!(["grid.exclude[0]"]));
}
