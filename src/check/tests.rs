use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::config::resolved::{
    Axis, AxisValue, Checks, LeakageLimit, Response, SentimentLimit, Toxicity, ToxicityLevel,
};

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
        rules: Rules::new(&checks, &response, &[]),
        copied: None,
        near: None,
        anonymizer: Anonymizer::off(),
    }
}

fn raw(content: &str, finish: &str) -> String {
    json!({ "choices": [{ "message": { "content": content }, "finish_reason": finish }] }).to_string()
}

/// The reason of the only candidate, or its text in quotes.
fn outcome(judge: &Judge, raw: &str) -> String {
    match &judge.candidates(raw, &[], None)[..] {
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
        (
            json!({ "choices": [{ "message": { "content": null, "refusal": "I can't help with that." },
            "finish_reason": "stop" }] })
            .to_string(),
            "refusal",
        ),
        (
            json!({ "choices": [{ "message": { "content": null, "tool_calls": [] },
            "finish_reason": "tool_calls" }] })
            .to_string(),
            "finish",
        ),
        // Broken off by the provider's own server: no completion at all.
        (raw(r#"{"text": "half"#, "error"), "not-json"),
        (
            json!({ "choices": [{ "message": { "content": "" }, "finish_reason": null,
            "error": { "code": 502, "message": "Provider returned error" } }] })
            .to_string(),
            "not-json",
        ),
        ("{\"error\": 1}".into(), "not-json"),
        ("{\"choices\": []}".into(), "not-json"),
    ];
    for (raw, expected) in cases {
        assert_eq!(outcome(&plain, &raw), expected, "{raw}");
    }
}

#[test]
fn an_end_has_many_names() {
    let plain = judge(Format::Json, 1, Checks::default());
    for (finish, expected) in [
        ("stop", "\"Fine.\""),
        ("STOP", "\"Fine.\""),
        ("eos", "\"Fine.\""),
        ("end_turn", "\"Fine.\""),
        ("max_tokens", "cut"),
        ("MAX_TOKENS", "cut"),
        ("SAFETY", "finish"),
    ] {
        assert_eq!(outcome(&plain, &raw(r#"{"text": "Fine."}"#, finish)), expected, "{finish}");
    }
    // Of lines, too, none is taken from an answer that the server ended.
    let lines = judge(Format::Lines, 3, Checks::default());
    for (finish, count) in [("stop", 2), ("length", 1)] {
        let candidates = lines.candidates(&raw("One is whole.\nThe other", finish), &[], None);
        assert_eq!(
            candidates.iter().filter(|candidate| candidate.outcome.is_ok()).count(),
            count,
            "{finish}"
        );
    }
    assert_eq!(outcome(&lines, &raw("One is whole.\nThe other", "content_filter")), "finish");
}

#[test]
fn a_text_may_come_in_parts() {
    let plain = judge(Format::Text, 1, Checks::default());
    for (content, expected) in [
        (
            json!([{ "type": "text", "text": "So it " }, { "type": "text", "text": "goes." }]),
            "\"So it goes.\"",
        ),
        (json!([{ "type": "reasoning", "text": "Hm." }, { "type": "text", "text": "Yes." }]), "\"Yes.\""),
        (json!(["As ", "it is."]), "\"As it is.\""),
        (json!([]), "empty"),
    ] {
        let raw = json!({ "choices": [{ "message": { "content": content }, "finish_reason": "stop" }] });
        assert_eq!(outcome(&plain, &raw.to_string()), expected, "{raw}");
    }
}

#[test]
fn lengths_are_counted_in_words_and_characters() {
    let words = judge(Format::Text, 1, Checks { words: Some((2, 3)), ..Checks::default() });
    for (text, expected) in [("one", "words"), ("it's two", "\"it's two\""), ("a b c d", "words")] {
        assert_eq!(outcome(&words, &raw(text, "stop")), expected);
    }
    let characters = judge(Format::Text, 1, Checks { characters: Some((2, 3)), ..Checks::default() });
    for (text, expected) in [("é", "characters"), ("éé", "\"éé\""), ("éééé", "characters")] {
        assert_eq!(outcome(&characters, &raw(text, "stop")), expected);
    }
}

#[test]
fn items_become_candidates_of_their_own() {
    let three = judge(Format::Json, 2, Checks::default());
    let content = r#"{"items": [{"text": "One.", "tone": "dry"}, {"text": ""}]}"#;
    let candidates = three.candidates(&raw(content, "stop"), &[], None);
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
    let candidates = plain.candidates(&raw(r#"{"text": "x", "tone": "secret-word"}"#, "stop"), &[], None);
    let reason = candidates[0].outcome.as_ref().unwrap_err().to_string();
    assert!(reason.contains("/tone") && !reason.contains("secret-word"), "{reason}");
}

/// Everything on.
fn all_rules() -> Rules {
    let checks = Checks {
        words: Some((0, usize::MAX)),
        characters: Some((0, usize::MAX)),
        language: Some("en".into()),
        label_leakage: Some(LeakageLimit::Human),
        sentiment: Some(SentimentLimit { axis: 0, at_most: 0.75 }),
        toxicity: Toxicity { level: ToxicityLevel::Strict, ..Toxicity::default() },
        ..Checks::default()
    };
    let value = |name: &str| AxisValue { name: name.into(), ..AxisValue::default() };
    let values = vec![value("positive"), value("negative")];
    let axes = [Axis { name: "tone".into(), label: true, values, at: None }];
    let schema = json!({ "properties": { "text": { "maxLength": 100 } } });
    let response =
        Response { format: Format::Json, text: "text".into(), schema, items: 1, n: 1, schema_at: None };
    let mut rules = Rules::new(&checks, &response, &axes);
    rules.learn("Write a short post about the day that was, and never name the feeling that it shows.");
    rules
}

fn hold(rules: &Rules, text: &str) -> Option<&'static str> {
    let (text, _) = mend(text);
    let read = Text::new(text);
    let found = rules.hold(&read, &[0]).err().map(|reason| reason.name());
    let _ = (rules.named(&read, &[1]), rules.all(text, &[1]));
    found
}

#[test]
fn a_text_as_long_as_the_schema_allows_that_ends_in_a_word_was_cut() {
    let rules = all_rules();
    let text = |last: &str| {
        let start = "We counted all the money twice and it was short by the same amount, so we went back to the shop for";
        let start: String = start.chars().take(100 - last.chars().count()).collect();
        format!("{start}{last}")
    };
    assert_eq!(hold(&rules, &text("beli")), Some("unfinished"));
    assert_eq!(hold(&rules, &text("sho.")), None);
    assert_eq!(hold(&rules, &text("shop")), Some("unfinished"));
    assert_eq!(hold(&rules, &text("shop")[1..]), None, "one character less may be whole");
    assert_eq!(hold(&rules, &text("beli")[1..]), Some("unfinished"), "that is no word");
}

#[test]
fn texts_break_off_behind_some_words_and_within_others() {
    let rules = all_rules();
    for text in [
        "She told me that her",
        "I knew it before she even",
        "we sat down in the middle of",
        "My fingers on the strings just",
        "I lay awake all night and kept thinkin about the exact same probl",
        "Nobody in this whole house has ever been so surpri",
    ] {
        assert_eq!(hold(&rules, text), Some("unfinished"), "{text}");
    }
    for text in [
        "I honestly just can't even",
        "between my brother and I",
        "he had no more to drink than I",
        "nothing left to be afraid of",
        "she was always kind and just",
        "we stayed up all night dancin and singin",
        "we all went out for dinner with zainabella",
        "My cousin brought us a whole tray of konafah",
        "long day, so tired of all this tbh",
    ] {
        assert_eq!(hold(&rules, text), None, "{text}");
    }
}

/// What is hard to read: marks of direction, marks without a letter, nothing that is seen, halves of signs.
const HOSTILE: &[&str] = &[
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "\u{301}",
    "\u{36f}",
    "\u{fe0f}",
    "\u{1f468}",
    "\u{1f3fd}",
    "\u{a0}",
    "\u{2028}",
    "\u{3000}",
    "\u{0}",
    "\u{7f}",
    "\u{130}",
    "\u{df}",
    "\u{1e9e}",
    "\u{fb01}",
    "\u{1d400}",
    "\u{ac00}",
    "\u{1100}",
    "\u{628}",
    "\u{5d0}",
    "\u{e01}",
    "\u{915}",
    "\u{93f}",
    "[",
    "]",
    "<",
    ">",
    "{",
    "}",
    "_",
    "X",
    "'",
    "\"",
    "\u{201c}",
    "\u{201d}",
    "-",
    "*",
    "1.",
    " ",
    "\n",
    "\t",
    "a",
    "the",
    "not",
    "but",
    "love",
    "I can't",
    "sorry",
    ":",
    ",",
];

proptest! {
    #[test]
    fn no_text_is_too_strange(parts in prop::collection::vec(prop::sample::select(HOSTILE), 0..60)) {
        let rules = all_rules();
        let text: String = parts.concat();
        hold(&rules, &text);
        hold(&rules, &parts.join(" "));
        let read = Text::new(&text);
        prop_assert_eq!(&Text::new(&read.folded).folded, &read.folded, "what is folded stays");
    }

    #[test]
    fn what_is_not_seen_hides_nothing(at in 0usize..20, hidden in prop::sample::select(&["\u{200b}", "\u{2060}", "\u{ad}"][..])) {
        let rules = all_rules();
        let mut text = "I cannot fulfill this request.".to_owned();
        text.insert_str(at, hidden);
        prop_assert_eq!(hold(&rules, &text), Some("refusal"));
    }
}

/// A text of a megabyte takes about a megabyte's time, whatever it is made of: a check whose time grew with
/// the square would take hours, and this some seconds.
#[test]
fn a_line_of_a_megabyte_is_read_in_linear_time() {
    let rules = all_rules();
    // No word comes again at the same distance: the loops of checks don't end early.
    let numbers: String =
        (0..1 << 17).map(|n: u32| format!("{} ", n.wrapping_mul(2_654_435_761) >> 20)).collect();
    rules.all(&numbers, &[0]);
    let patterns = [
        "word ",
        "a b ",
        "but good ",
        "[a",
        "{{",
        "__ ",
        "I can't write a post ",
        "1. ",
        "text: ",
        "\u{1f44f}",
        "\u{301}",
        "a\u{301}\u{323}",
        "\u{202e}",
        "\u{202e}one\u{202c} ",
        "\u{200b}",
        "a\u{200d}",
        "a",
        "nobody",
        "no.body'",
        "/",
        "\n",
        "the day that was and ",
        "\u{201c}a",
        "ab ab ab abc ",
    ];
    for pattern in patterns {
        let text = pattern.repeat((1 << 20) / pattern.len());
        let start = std::time::Instant::now();
        let read = Text::new(&text);
        // Each check by itself, since the first that finds something ends the rest.
        rules.all(&read.folded, &[0]);
        hold(&rules, &text);
        assert!(start.elapsed().as_secs() < 120, "{pattern:?} took {:?}", start.elapsed());
    }
}
