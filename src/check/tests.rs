use serde_json::json;

use super::*;
use crate::config::resolved::Response;

fn judge(format: Format, items: u32, checks: Checks) -> Judge {
    let schema = json!({
        "type": "object",
        "properties": { "text": { "type": "string" }, "tone": { "enum": ["dry", "warm"] } },
        "required": ["text"],
        "additionalProperties": false,
    });
    let response = Response { format, text: "text".into(), schema, items, n: 1, schema_at: None };
    Judge {
        format,
        text: "text".into(),
        items,
        validator: Some(jsonschema::validator_for(&response.schema).unwrap()),
        checks,
        near: None,
        anonymizer: Anonymizer::off(),
    }
}

fn raw(content: &str, finish: &str) -> String {
    json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] }).to_string()
}

/// The reason of the only candidate, or its text in quotes.
fn outcome(judge: &Judge, raw: &str) -> String {
    match &judge.candidates(raw)[..] {
        [candidate] => match &candidate.outcome {
            Ok(_) => format!("{:?}", candidate.text),
            Err(reason) => reason.name().to_owned(),
        },
        more => format!("{} candidates", more.len()),
    }
}

#[test]
fn two_hundred_ok_is_not_success() {
    let plain = judge(Format::Json, 1, Checks::default());
    let cases = [
        (raw(r#"{"text": " Fine. "}"#, "stop"), "\"Fine.\""),
        (raw("```json\n{\"text\": \"Fenced.\"}\n```", "stop"), "\"Fenced.\""),
        (raw("", "stop"), "empty"),
        (raw(r#"{"text": "  "}"#, "stop"), "empty"),
        (raw(r#"{"text": "cut of"#, "length"), "cut"),
        (raw(&format!("{{\"text\":{}", " ".repeat(40)), "length"), "whitespace"),
        (raw("", "length"), "whitespace"),
        (raw("Sure! Here is your text.", "stop"), "not-json"),
        (raw(r#"{"txt": "wrong field"}"#, "stop"), "schema"),
        (raw(r#"{"text": "x", "tone": "loud"}"#, "stop"), "schema"),
        (raw(r#"["text"]"#, "stop"), "schema"),
        (raw(r#"{"text": "x"}"#, "content_filter"), "finish"),
        (
            json!({ "choices": [{ "message": { "content": "", "reasoning_content": "Hmm, let me think" },
                "finish_reason": "length" }] })
            .to_string(),
            "only-reasoning",
        ),
        ("{\"error\": 1}".into(), "not-json"),
        ("{\"choices\": []}".into(), "not-json"),
    ];
    for (raw, expected) in cases {
        assert_eq!(outcome(&plain, &raw), expected, "{raw}");
    }
}

#[test]
fn lengths_are_counted_in_words_and_characters() {
    let words = judge(Format::Text, 1, Checks { words: Some((2, 3)), characters: None });
    for (text, expected) in [("one", "words"), ("it's two", "\"it's two\""), ("a b c d", "words")] {
        assert_eq!(outcome(&words, &raw(text, "stop")), expected);
    }
    let characters = judge(Format::Text, 1, Checks { words: None, characters: Some((2, 3)) });
    for (text, expected) in [("é", "characters"), ("éé", "\"éé\""), ("éééé", "characters")] {
        assert_eq!(outcome(&characters, &raw(text, "stop")), expected);
    }
}

#[test]
fn items_become_candidates_of_their_own() {
    let three = judge(Format::Json, 2, Checks::default());
    let content = r#"{"items": [{"text": "One.", "tone": "dry"}, {"text": ""}]}"#;
    let candidates = three.candidates(&raw(content, "stop"));
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0].outcome.as_ref().unwrap().fields.as_ref().unwrap()["tone"], "dry");
    assert_eq!(candidates[1].item, 1);
    assert_eq!(candidates[1].outcome, Err(Reason::Empty));
    assert_eq!(outcome(&three, &raw(r#"{"items": [{"text": "One."}]}"#, "stop")), "schema");
    assert_eq!(outcome(&three, &raw(r#"{"text": "One."}"#, "stop")), "schema");
}

#[test]
fn what_a_schema_rejects_is_not_quoted_in_the_reason() {
    let plain = judge(Format::Json, 1, Checks::default());
    let candidates = plain.candidates(&raw(r#"{"text": "x", "tone": "secret-word"}"#, "stop"));
    let reason = candidates[0].outcome.as_ref().unwrap_err().to_string();
    assert!(reason.contains("/tone") && !reason.contains("secret-word"), "{reason}");
}
