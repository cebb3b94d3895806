//! What is said before a run, and what of a config reaches the server.

use serde_json::json;

use crate::fake::{Fake, Reply};
use crate::project::Project;

/// 110,592 combinations, of which the rules leave 108,864.
const LARGE: &str = "\
endpoints: { fake: URL }
prompt: { user: '{{ a }} {{ b }} {{ c }} {{ d }}' }
grid:
  axes:
    a: [A]
    b: [A]
    c: [A]
    d: [B]
  exclude: [{ a: v1, d: [v0, v1] }, { if: c.name == 'v2' and d.name == 'v5' }]
";

fn large(url: &str) -> String {
    let values = |many: usize| (0..many).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    LARGE
        .replace("[A]", &format!("[{}]", values(24)))
        .replace("[B]", &format!("[{}]", values(8)))
        .replace("URL", url)
}

#[test]
fn very_many_cells_are_asked_about_before_any_is_made() {
    let fake = Fake::start();
    let project = Project::new();
    project.write("large.yaml", &large(&fake.url()));
    // The rules take out 24² × 2 and 24², none of them twice.
    let cells = 24 * 24 * 24 * 8 - 24 * 24 * 2 - 24 * 24;
    assert_eq!(cells, 108_864);
    for command in ["run", "plan", "preview"] {
        let ran = project.emogrid(&[command, "large.yaml"]).exits(2);
        let ran = ran.says("error[large-grid]: this grid has 108,864 cells").says("`--yes` goes on");
        assert_eq!(ran.stdout, "");
    }
    assert_eq!(fake.take_count(), 0);
    project.emogrid(&["check", "large.yaml"]).exits(0).says("warning[large-grid]").says("108,864 cells");
    let plan = project.emogrid(&["plan", "large.yaml", "--yes", "--json"]).exits(0).json();
    assert_eq!(plan["cells"], json!(cells));
    let plan = project.emogrid(&["plan", "large.yaml", "--limit", "5", "--json"]).exits(0).json();
    assert_eq!(plan["requests"], json!(5));
    let shown = project.emogrid(&["preview", "large.yaml", "--where", "a=v3", "--limit", "1"]).exits(0);
    assert!(shown.stdout.contains("a=v3"), "{}", shown.stdout);
}

/// Making 30 million cells would take far longer than is waited for here.
#[test]
fn no_cell_is_made_before_it_is_said_how_many_there_are() {
    let project = Project::new();
    let axes: String = (0..7).map(|n| format!("    e{n}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n")).collect();
    let text = large("http://127.0.0.1:9");
    let grid = format!("grid:\n  axes:\n    a: [v0, v1, v2]\n{axes}  exclude: [{{ a: v1, e3: [2, 3] }}]\n");
    project.write("large.yaml", &text.replace(&text[text.find("grid:").unwrap()..], &grid));
    let ran = project.watch(&["plan", "large.yaml"]).finish_within(std::time::Duration::from_secs(10));
    ran.exits(2).says("this grid has 28,000,000 cells");
}

#[test]
fn a_grid_that_no_computer_could_make_is_answered_at_once() {
    let project = Project::new();
    let axes: String = (0..12).map(|n| format!("    a{n}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n")).collect();
    let text =
        format!("endpoints: {{ fake: http://127.0.0.1:9 }}\nprompt: {{ user: Hi }}\ngrid:\n  axes:\n{axes}");
    project.write("huge.yaml", &text);
    for args in [&["plan", "huge.yaml"][..], &["plan", "huge.yaml", "--yes"], &["check", "huge.yaml"]] {
        let ran = project.emogrid(args).exits(2);
        ran.says("1,000,000,000,000 combinations");
    }
}

/// Servers look for definitions at the top of the schema that they are sent.
#[test]
fn definitions_of_a_schema_stand_at_the_top_of_what_is_sent() {
    let fake = Fake::start();
    fake.script(|_, _| {
        Reply::text(r#"{"items": [{"text": "Good day.", "kind": "a"}, {"text": "Fine too.", "kind": "b"}]}"#)
    });
    let project = Project::small(&fake.url());
    let schema = "response.schema={ type: object, properties: { text: { $ref: '#/$defs/t' }, kind: { $ref: '#/properties/text' } }, required: [text, kind], $defs: { t: { type: string } } }";
    project
        .emogrid(&[
            "run",
            "small.yaml",
            "--limit",
            "1",
            "--set",
            "response.items=2",
            "--set",
            schema,
            "--set",
            "dedup.scope=cell",
        ])
        .exits(0);
    let sent = fake.seen()[0].body["response_format"]["json_schema"]["schema"].clone();
    assert_eq!(sent["$defs"], json!({ "t": { "type": "string" } }));
    let item = &sent["properties"]["items"]["items"];
    assert_eq!(item["properties"]["text"], json!({ "$ref": "#/$defs/t" }));
    assert_eq!(item["properties"]["kind"], json!({ "$ref": "#/properties/items/items/properties/text" }));
    assert_eq!(item.get("$defs"), None);
}

/// Texts by the number of the request: two that checks reject, one that a tighter one would, good ones.
fn some_bad(_: &crate::fake::Seen, before: usize) -> Reply {
    let text = match before {
        0 => "Stuck with [insert name] in the rain.".to_owned(),
        1 => "The bus is late. The bus is late. The bus is late.".to_owned(),
        2 => "1. \"Holy shit, a text of more than ten words, which is rather long.\"".to_owned(),
        n => format!("Good text number {n}."),
    };
    Reply::text(&json!({ "text": text }).to_string())
}

#[test]
fn a_plan_says_what_each_check_would_keep_before_it_is_used() {
    let fake = Fake::start();
    fake.script(some_bad);
    let project = Project::small(&fake.url());
    project.edit("small.yaml", "samples:", "checks: { words: [2, 40] }\nsamples:");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let asked = fake.take_count() as u64;

    let plan = project.emogrid(&["plan", "small.yaml", "--checks", "--json"]).exits(0).json();
    assert_eq!((&plan["checks"]["texts"], &plan["leaving_by"]), (&json!(asked), &json!({})));
    let of = |plan: &serde_json::Value, name: &str| {
        let checks = plan["checks"]["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap().clone()
    };
    let found = of(&plan, "repetition");
    assert_eq!((&found["on"], &found["alone"], &found["first"]), (&json!(true), &json!(1), &json!(1)));
    assert_eq!(found["examples"], json!(["The bus is late. The bus is late. The bus is late."]));
    // What is off is counted all the same, or cannot be.
    let found = of(&plan, "toxicity");
    assert_eq!(
        (&found["on"], &found["setting"], &found["alone"]),
        (&json!(false), &json!("mild"), &json!(0))
    );
    assert_eq!(of(&plan, "language")["alone"], json!(null));

    let tighter = [
        "plan",
        "small.yaml",
        "--checks",
        "--set",
        "checks.words=[2, 10]",
        "--set",
        "checks.toxicity=strict",
    ];
    let plan = project.emogrid(&[&tighter[..], &["--json"]].concat()).exits(0).json();
    assert_eq!((&plan["leaving"], &plan["leaving_by"]), (&json!(1), &json!({ "words": 1 })));
    // The repetition has eleven words, so `words` rejects it first now.
    let found = of(&plan, "words");
    assert_eq!((&found["alone"], &found["first"]), (&json!(2), &json!(2)));
    let found = of(&plan, "toxicity");
    assert_eq!((&found["on"], &found["alone"], &found["first"]), (&json!(true), &json!(1), &json!(0)));
    // Mended, as it stands in the dataset.
    assert_eq!(
        found["examples"][0],
        json!("Holy shit, a text of more than ten words, which is rather long.")
    );

    let shown = project.emogrid(&tighter).exits(0).stdout;
    assert!(shown.contains("1 leaves") && shown.contains("of these 1 by words"), "{shown}");
    assert!(shown.contains("\n  words           2 to 10                2         2\n"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert_eq!(fake.take_count(), 0, "nothing was asked");
}
