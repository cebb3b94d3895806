//! What stood where something was taken out of a state that was kept.

use serde_json::Value;

use super::named;
use crate::anonymize::TAKEN_OUT;

/// A value of then in which what was taken out is as it is now, wherever the rest says that it may be: nobody knows any
/// more what it was, and taking it out was no edit.
pub fn restored(then: &Value, now: &Value) -> Value {
    match (then, now) {
        (Value::String(then), Value::String(now)) => Value::String(text(then, now)),
        (Value::Object(then), Value::Object(now)) => {
            let key_of = |key: &String| match now.contains_key(key) {
                true => key.clone(),
                false => {
                    let free = now.keys().find(|of| !then.contains_key(*of) && is_of(key, of));
                    free.unwrap_or(key).clone()
                }
            };
            let of = |(key, value): (&String, &Value)| {
                let key = key_of(key);
                let value = now.get(&key).map_or_else(|| value.clone(), |now| restored(value, now));
                (key, value)
            };
            Value::Object(then.iter().map(of).collect())
        }
        (Value::Array(then), Value::Array(now)) if named(then) && named(now) => {
            let name = |item: &Value| item["name"].as_str().unwrap_or_default().to_owned();
            let of = |item: &Value| {
                let same = now.iter().find(|other| name(other) == name(item));
                let is_free = |other: &&Value| then.iter().all(|item| name(item) != name(other));
                let like = || now.iter().filter(is_free).find(|other| is_of(&name(item), &name(other)));
                same.or_else(like).map_or_else(|| item.clone(), |other| restored(item, other))
            };
            Value::Array(then.iter().map(of).collect())
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            Value::Array(then.iter().zip(now).map(|(then, now)| restored(then, now)).collect())
        }
        (then, _) => then.clone(),
    }
}

/// The same of a text, as a whole or line by line.
fn text(then: &str, now: &str) -> String {
    if is_of(then, now) {
        return now.to_owned();
    }
    let line = |then| now.split('\n').find(|now| is_of(then, now)).unwrap_or(then);
    then.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Whether a text in which something was taken out may have been another.
fn is_of(then: &str, now: &str) -> bool {
    let mut parts = then.split(TAKEN_OUT);
    let Some(mut rest) = parts.next().and_then(|first| now.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return false };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_taken_out_is_no_change() {
        let now = json!({
            "axes": [{ "name": "mood" }, { "name": "Jane Roe", "values": ["a", "b"] }],
            "prompts/a.j2": "one\nabout Jane Roe, and Jane Roe\nthree",
            "lists": { "Jane": [1] },
        });
        let then = json!({
            "axes": [{ "name": "mood" }, { "name": "[forgotten]", "values": ["a", "b"] }],
            "prompts/a.j2": "uno\nabout [forgotten], and [forgotten]\nthree",
            "lists": { "[forgotten]": [1] },
        });
        let mut expected = now.clone();
        // What was edited beside it stays what it was.
        expected["prompts/a.j2"] = json!("uno\nabout Jane Roe, and Jane Roe\nthree");
        assert_eq!(restored(&then, &now), expected);
        for (then, now, is) in [
            ("a [forgotten] c", "a b c", true),
            ("a [forgotten] c", "a c", false),
            ("[forgotten]b[forgotten]", "abc", true),
            ("a", "a", false),
        ] {
            assert_eq!(is_of(then, now), is, "{then}");
        }
    }
}
