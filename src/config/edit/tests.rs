use proptest::prelude::*;
use serde_json::json;

use super::*;

fn path(path: &str) -> Vec<String> {
    path.split('.').map(str::to_owned).collect()
}

#[track_caller]
fn puts(text: &str, at: &str, value: impl Into<Value>, expected: &str) {
    let edit = Edit::Put { path: path(at), value: value.into() };
    assert_eq!(edit.apply(text).as_deref(), Ok(expected), "{text}");
}

#[test]
fn scalars_are_set_where_they_stand() {
    puts("a: 1   # one\nb: 2\n", "a", 3, "a: 3   # one\nb: 2\n");
    puts("s: { t: 0.8, p: x } # why\n", "s.t", 1.2, "s: { t: 1.2, p: x } # why\n");
    puts("w: [4, 45]\n", "w.1", 40, "w: [4, 40]\n");
    puts("w:\n  - 4   # least\n  - 45\n", "w.0", 5, "w:\n  - 5   # least\n  - 45\n");
    puts("a: 'x y'\n", "a", "true", "a: \"true\"\n");
    puts("a: ~ # none\n", "a", 1, "a: 1 # none\n");
    puts("a: # none\nb: 2\n", "a", 1, "a: 1 # none\nb: 2\n");
    puts("a:\n", "a", json!({ "b": 1 }), "a: { b: 1 }\n");
    puts("a: {b: , c: 1}\n", "a.b", 2, "a: {b: 2 , c: 1}\n");
}

#[test]
fn entries_come_behind_the_last_with_its_comments() {
    puts("a: 1\n\n# the rest\nb: 2\n", "c", "x", "a: 1\n\n# the rest\nb: 2\nc: x\n");
    puts("s:\n  a: 1 # one\n\n# next\nt: 2\n", "s.b", 2, "s:\n  a: 1 # one\n  b: 2\n\n# next\nt: 2\n");
    puts("s:\n  a: 1\n  # b: 3\nt: 2\n", "s.c", 2, "s:\n  a: 1\n  # b: 3\n  c: 2\nt: 2\n");
    puts("s: { a: 1 } # why\n", "s.b.c", 2, "s: { a: 1, b: { c: 2 } } # why\n");
    puts("s: {}\n", "s.b", 2, "s: { b: 2 }\n");
    puts("s: { a: 1, }\n", "s.b", 2, "s: { a: 1, b: 2, }\n");
    puts("s: {\n  a: 1,  # one\n  b: }\n", "s.c", 2, "s: {\n  a: 1,  # one\n  b:, c: 2 }\n");
    puts(
        "s:\n  a: |\n    text\n    # no comment\nt: 1\n",
        "s.b",
        2,
        "s:\n  a: |\n    text\n    # no comment\n  b: 2\nt: 1\n",
    );
    puts("s:\n- a\n- b\n", "t", 2, "s:\n- a\n- b\nt: 2\n");
    puts("s:\n  a: \"two\n    lines\"\n", "s.b", 2, "s:\n  a: \"two\n    lines\"\n  b: 2\n");
    puts("- a: 1\n- b: 1\n", "0.c", 2, "- a: 1\n  c: 2\n- b: 1\n");
    puts("é:\n  ü: ö # ß\nñ: 1\n", "é.b", "é", "é:\n  ü: ö # ß\n  b: é\nñ: 1\n");
    puts("é: ü", "b", 2, "é: ü\nb: 2\n");
    puts("a: 1", "b", 2, "a: 1\nb: 2\n");
    puts("", "b.c", 2, "b: { c: 2 }\n");
    puts("# only this\n", "b.c.d", 2, "# only this\nb:\n  c: { d: 2 }\n");
    puts("g:\n", "g.b.c", json!({ "d": 2 }), "g:\n  b:\n    c: { d: 2 }\n");
    puts("a: 1\r\nb:\r\n  c: 2\r\n", "b.d", 3, "a: 1\r\nb:\r\n  c: 2\r\n  d: 3\r\n");
    puts("a: 1\n---\n".trim_end_matches("---\n"), "b", json!(["x", "5", 5]), "a: 1\nb: [x, \"5\", 5]\n");
}

#[test]
fn keys_change_their_name_in_place() {
    let rename = |text: &str| {
        Edit::Rename { path: path("s.per_cell"), to: "total".into(), value: 8.into() }.apply(text)
    };
    assert_eq!(rename("s: { per_cell: 2, m: 1 } # x\n").unwrap(), "s: { total: 8, m: 1 } # x\n");
    assert_eq!(rename("s:\n  per_cell:   2  # two\n  m: 1\n").unwrap(), "s:\n  total:   8  # two\n  m: 1\n");
    assert!(rename("s: { m: 1 }\n").is_err());
}

#[test]
fn lists_of_names_become_mappings() {
    let named = |text: &str, under: Option<&str>| {
        Edit::Named { path: path("e"), under: under.map(str::to_owned) }.apply(text)
    };
    for (text, under, expected) in [
        ("e: [a, b] # x\n", None, "e: { a: {}, b: {} } # x\n"),
        ("e: [a, 'b c', 5]\n", Some("values"), "e: { values: { a: {}, 'b c': {}, 5: {} } }\n"),
        ("e: [010, 1.10, True]\n", None, "e: { 010: {}, 1.10: {}, True: {} }\n"),
        ("e: [ a,\n  b, # two\n]\n", None, "e: { a: {},\n  b: {}, # two\n}\n"),
        ("e: [a, b, c, d] # x\nf: 1\n", None, "e: # x\n  a: {}\n  b: {}\n  c: {}\n  d: {}\nf: 1\n"),
        ("e: [a, b, c, d]\n", Some("values"), "e:\n  values:\n    a: {}\n    b: {}\n    c: {}\n    d: {}\n"),
        ("e:\n  - a # one\n  # two\n  - b\nf: 1\n", None, "e:\n  a: {} # one\n  # two\n  b: {}\nf: 1\n"),
        ("e:\n- a\n- b\n", None, "e:\n  a: {}\n  b: {}\n"),
        (
            "e: # x\n  - a # one\n  # two\n  - \"b\"\nf: 1\n",
            Some("values"),
            "e: # x\n  values:\n    a: {} # one\n    # two\n    \"b\": {}\nf: 1\n",
        ),
    ] {
        assert_eq!(named(text, under).as_deref(), Ok(expected), "{text}");
    }
    for wrong in ["e: []\n", "e: [[a]]\n", "e: a\n", "e: { a: 1 }\n", "e: [~, a]\n"] {
        assert!(named(wrong, None).is_err(), "{wrong}");
    }
}

#[test]
fn what_would_change_something_else_is_refused() {
    for (text, at) in [
        ("a: &x { b: 1 }\nc: *x\n", "a.d"),
        ("a: &x { b: 1 }\nc: *x\n", "c.d"),
        ("a: &x 1\nc: *x\n", "c"),
        ("a: [1, 2]\n", "a"),
        ("a: 1\n", "a.b"),
        ("a: [1]\n", "a.1"),
        ("a: {\n", "a"),
    ] {
        let edit = Edit::Put { path: path(at), value: 5.into() };
        assert!(edit.apply(text).is_err(), "{text}: {:?}", edit.apply(text));
    }
}

/// A value and how it is laid out.
#[derive(Debug, Clone)]
enum Made {
    Scalar(&'static str),
    Block(Vec<(&'static str, Made)>),
    Flow(Vec<(&'static str, Made)>),
    List(Vec<&'static str>),
}

fn made() -> impl Strategy<Value = Made> {
    let scalar = || {
        prop::sample::select(vec![
            "1",
            "2.5",
            "word",
            "'quoted # text'",
            "\"a: b\"",
            "",
            "~",
            "true",
            "two words",
        ])
        .prop_map(Made::Scalar)
    };
    let list = prop::collection::vec(prop::sample::select(vec!["a", "b c", "7"]), 1..4).prop_map(Made::List);
    prop_oneof![3 => scalar(), 1 => list].prop_recursive(3, 20, 4, |inner| {
        let keys = || prop::sample::subsequence(vec!["k", "l", "m", "long key", "n"], 1..4);
        let entries = (keys(), prop::collection::vec(inner, 4))
            .prop_map(|(keys, values)| keys.into_iter().zip(values).collect::<Vec<_>>());
        (entries, any::<bool>())
            .prop_map(|(entries, block)| if block { Made::Block(entries) } else { Made::Flow(entries) })
    })
}

fn flow_of(made: &Made) -> String {
    match made {
        Made::Scalar(text) => (*text).to_owned(),
        Made::List(items) => format!("[{}]", items.join(", ")),
        Made::Block(entries) | Made::Flow(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| format!("{key}: {}", flow_of(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn lay_out(made: &Made, column: usize, out: &mut String) {
    let Made::Block(entries) = made else { return };
    for (at, (key, value)) in entries.iter().enumerate() {
        let blanks = " ".repeat(column);
        if at == 1 {
            out.push_str(&format!("{blanks}# of {key}\n"));
        }
        match value {
            Made::Block(_) => {
                out.push_str(&format!("{blanks}{key}:   # below\n"));
                lay_out(value, column + 2, out);
            }
            Made::List(items) if column == 2 => {
                out.push_str(&format!("{blanks}{key}:\n"));
                items.iter().for_each(|item| out.push_str(&format!("{blanks}- {item} # item\n")));
            }
            _ => out.push_str(&format!("{blanks}{key}: {} # why\n", flow_of(value))),
        }
        if at == 2 {
            out.push('\n');
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn only_what_was_meant_changes(
        entries in prop::collection::vec(made(), 1..4),
        keys in prop::collection::vec(prop::sample::select(vec!["top0", "top1", "k", "l", "m", "long key", "new"]), 1..5),
        value in prop_oneof![Just(json!(7)), Just(json!("on")), Just(json!([1, "x"])), Just(json!({ "a": { "b": 1 } }))],
    ) {
        let names = ["top0", "top1", "top2"];
        let whole = Made::Block(names.into_iter().zip(entries).collect());
        let mut text = String::from("# a config\n");
        lay_out(&whole, 0, &mut text);
        let before = read(&text).unwrap().to_json();
        let edit = Edit::Put { path: keys.iter().map(|key| (*key).to_owned()).collect(), value: value.clone() };
        match edit.apply(&text) {
            Ok(after) => {
                // Naively: the path leads to the value, and nothing else differs.
                let mut found = read(&after).unwrap().to_json();
                let pointer = format!("/{}", keys.join("/"));
                prop_assert_eq!(found.pointer(&pointer), Some(&value));
                let made = (1..keys.len()).map(|depth| format!("/{}", keys[..depth].join("/")))
                    .find(|above| before.pointer(above).is_none_or(Value::is_null));
                let mut then = before.clone();
                for at in [made.unwrap_or(pointer)] {
                    for tree in [&mut then, &mut found] {
                        let (above, key) = at.rsplit_once('/').unwrap();
                        if let Some(Value::Object(entries)) = tree.pointer_mut(above) {
                            entries.remove(key);
                        }
                    }
                }
                prop_assert_eq!(&found, &then);
                // At most one line of before is not there any more, and the others stand in their order.
                let lines = similar::TextDiff::from_lines(&text, &after);
                let gone = lines.iter_all_changes().filter(|line| line.tag() == similar::ChangeTag::Delete).count();
                prop_assert!(gone <= 1, "{text}\n{after}");
            }
            // What is on the way and no mapping, or what is there and no scalar.
            Err(EditError::Unusual(_)) => prop_assert!(false, "{text}\n{edit:?}"),
            Err(_) => {
                let on_the_way = (1..=keys.len()).any(|depth| {
                    let pointer = format!("/{}", keys[..depth].join("/"));
                    before.pointer(&pointer).is_some_and(|value| match depth == keys.len() {
                        true => value.is_object() || value.is_array(),
                        false => !value.is_object() && !value.is_null(),
                    })
                });
                prop_assert!(on_the_way, "{text}\n{edit:?}");
            }
        }
    }
}
