//! Where a row came from, and why it is gone.

use crate::fake::{Fake, Reply, first_ask};
use crate::project::Project;

#[test]
fn why_tells_where_a_row_came_from_and_why_it_is_gone() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let row = project
        .rows("out/small/dataset.jsonl")
        .into_iter()
        .find(|row| row["emotion"] == "joy" && row["sentiment"] == "good")
        .unwrap();
    let why = |id: &str| project.emogrid(&["why", "small.yaml", id]);
    for id in [&row["id"], &row["fingerprint"]] {
        let said = why(&id.as_str().unwrap()[..12]).exits(0).stdout;
        assert!(said.contains("emotion=joy sentiment=good"), "{said}");
        assert!(said.contains("Write a good post that shows joy: bright"), "{said}");
        assert!(said.contains(&format!("accepted: {}", row["text"].as_str().unwrap())), "{said}");
    }
    why("ffffffffffff").exits(1).says("begins with");
    why("xyz").exits(2).says("hexadecimal");
}

/// What `why` says of a row after an edit, for every cause that there is.
#[test]
fn why_names_each_cause() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    project.write(
        "prompts/post.j2",
        "Write a {{ sentiment }} post\nthat shows {{ emotion }}: {{ emotion.definition }}",
    );
    let config = project.read("small.yaml");
    let user = config.lines().find(|line| line.starts_with("prompt:")).unwrap();
    project.edit("small.yaml", user, "prompt: { user: { from: post.j2 } }");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let rows = project.rows("out/small/dataset.jsonl");
    let of_cell = |row: &&serde_json::Value| row["emotion"] == "joy" && row["sentiment"] == "good";
    let ids: Vec<String> =
        rows.iter().filter(of_cell).map(|row| row["id"].as_str().unwrap()[..12].to_owned()).collect();
    let [first, second] = &ids[..] else { panic!("two rows a cell: {ids:?}") };
    let why = |id: &str| project.emogrid(&["why", "small.yaml", id]).exits(0).stdout;
    // (file, edit from, to, what is said of the row)
    let cases = [
        ("small.yaml", "name: small", "name: small\n# the same", "accepted: "),
        ("prompts/post.j2", "that shows", "which shows", "+ which shows joy: bright"),
        ("small.yaml", "bright", "glad", "+ that shows joy: glad"),
        ("small.yaml", "hot", "cold", "accepted: "),
        (
            "small.yaml",
            "samples:",
            "sampling: { temperature: 0.3 }\nsamples:",
            "sampling.temperature: 0.8 then, 0.3 now",
        ),
        ("small.yaml", "samples:", "sampling: { top_k: 7 }\nsamples:", "sampling.top_k: 40 then, 7 now"),
        ("small.yaml", "samples:", "sampling: { extra: { a: 1 } }\nsamples:", "sampling.a: null then, 1 now"),
        (
            "small.yaml",
            "samples:",
            "sampling: { stop: [x] }\nsamples:",
            "sampling.stop: null then, [\"x\"] now",
        ),
        (
            "small.yaml",
            "samples:",
            "response: { schema: { type: object, properties: { text: { type: string, maxLength: 90 } }, required: [text] } }\nsamples:",
            "response_format.json_schema.schema.properties.text.maxLength: null then, 90 now",
        ),
        ("small.yaml", "samples:", "response: { format: text }\nsamples:", "response_format: "),
        ("small.yaml", "samples:", "response: { items: 2 }\nsamples:", "response_format.json_schema.schema."),
        ("small.yaml", "samples:", "response: { n: 2 }\nsamples:", "n: 1 then, 2 now"),
        ("small.yaml", "name: small", "name: small\nseed: 5", "`seed` is another one now"),
        (
            "small.yaml",
            "samples:",
            "sampling: { max_tokens: 2 }\nsamples:",
            "does not fit under `sampling.max_tokens`",
        ),
        ("small.yaml", "samples:", "sampling: { max_tokens: 900 }\nsamples:", "accepted: "),
        ("small.yaml", "sentiment: [good, bad]", "sentiment: [bad]", "no longer in the grid"),
        ("small.yaml", "    sentiment: [good, bad]", "    sentiment: [bad, good]", "accepted: "),
        ("small.yaml", "samples:", "checks: { words: [90, 99] }\nsamples:", "rejected, "),
    ];
    for (file, from, to, said) in cases {
        let before = project.read(file);
        project.edit(file, from, to);
        let text = why(first);
        assert!(text.contains(said), "{from} → {to}: {said:?} is not in\n{text}");
        assert!(text.contains("shows joy: bright"), "what was asked then is shown too: {text}");
        project.write(file, &before);
        assert!(why(first).contains("accepted: "), "put back, it is restored");
    }
    project.edit("small.yaml", "per_cell: 2", "per_cell: 1");
    assert!(why(second).contains("its cell has all its rows without it"), "{}", why(second));
    project.edit("small.yaml", "max_asks: 5", "max_asks: 1");
    assert!(why(second).contains("`samples.max_asks` is 1 now"), "{}", why(second));
    // A row that another run dropped and a third brought back.
    project.edit("small.yaml", "max_asks: 1", "max_asks: 5");
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(why(second).contains("has all its rows without it"), "{}", why(second));
    project.edit("small.yaml", "per_cell: 1", "per_cell: 2");
    fake.take_count();
    project.emogrid(&["run", "small.yaml"]).exits(0);
    assert!(why(second).contains("accepted: "), "{}", why(second));
    assert_eq!(fake.take_count(), 0);
    fake.model(|model| model.parameters = 7);
    assert!(why(first).contains("model.parameters: 1000000 then, 7 now"), "{}", why(first));
}

#[test]
fn why_tells_what_became_of_an_ask_that_was_given_up() {
    let fake = Fake::start();
    let project = Project::small(&fake.url());
    let is_it = first_ask("good post that shows joy");
    fake.script(move |seen, _| match is_it(seen) {
        true => Reply::status(400, "not this one"),
        false => Reply::Good,
    });
    project.emogrid(&["run", "small.yaml"]).exits(0);
    let rejects = project.rows("out/small/rejected.jsonl");
    let failed = rejects.iter().find(|reject| reject["reason"] == "failed").unwrap();
    let id = &failed["fingerprint"].as_str().unwrap()[..12];
    let why = || project.emogrid(&["why", "small.yaml", id]);
    let said = why().exits(0).stdout;
    for part in ["emotion=joy sentiment=good", "given up: ", "not this one", "--retry-failed", "joy: bright"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Answered at last, it is a row like any other.
    fake.script(|_, _| Reply::Good);
    project.emogrid(&["run", "small.yaml", "--retry-failed", "--set", "samples.max_asks=2"]).exits(0);
    assert!(why().exits(0).stdout.contains("accepted: "));
}
