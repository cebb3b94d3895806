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
