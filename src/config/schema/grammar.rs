//! What llama.cpp's grammar cannot carry of a JSON Schema.
//!
//! The server turns a schema into a grammar (`common/json-schema-to-grammar.cpp` of ggml-org/llama.cpp).
//! What it passes over is no mistake: an answer that breaks it is rejected when it is judged. But it
//! costs a request each time, and what it refuses stops every one. Tried on a server as well as read.

use super::walk;
use crate::config::diagnostic::{Diagnostic, Report, Span};
use crate::config::keys::grouped;
use crate::config::scalar;
use crate::config::yaml::{Name, Node, Yaml};

/// Repetitions from here on are refused, by some builds or by all (`MAX_REPETITION_THRESHOLD`).
const MOST_REPEATED: i64 = 2000;

/// Keywords that are passed over, with what to write in their place.
const PASSED_OVER: &[(&str, &str)] = &[
    ("not", "say what an answer may be, with `enum` or `pattern`"),
    ("if", "write the cases out under `anyOf`"),
    ("then", "write the cases out under `anyOf`"),
    ("else", "write the cases out under `anyOf`"),
    ("multipleOf", "list the numbers with `enum`"),
    ("uniqueItems", ""),
    ("contains", ""),
    ("minContains", ""),
    ("maxContains", ""),
    ("patternProperties", "name the properties under `properties`"),
    ("propertyNames", "name the properties under `properties`"),
    ("minProperties", "name what must be there under `required`"),
    ("maxProperties", "name the properties, with `additionalProperties: false`"),
    ("dependentRequired", "name what must be there under `required`"),
    ("dependentSchemas", "write the cases out under `anyOf`"),
    ("unevaluatedItems", ""),
    ("unevaluatedProperties", "write `additionalProperties: false`"),
    ("$dynamicRef", "write `$ref`"),
];

/// The formats that have a grammar.
const FORMATS: &[&str] = &["date", "time", "date-time", "uuid", "uuid1", "uuid2", "uuid3", "uuid4", "uuid5"];

/// Warns of each kind of thing once, where it stands first.
pub fn check(tree: &Node, report: &mut Report) {
    let mut found: Vec<(String, Diagnostic)> = Vec::new();
    walk::each(tree, &mut |schema| {
        for (kind, diagnostic) in of(schema, report) {
            if !found.iter().any(|(known, _)| *known == kind) {
                found.push((kind, diagnostic));
            }
        }
    });
    found.into_iter().for_each(|(_, diagnostic)| report.push(diagnostic));
}

/// What of one schema is not carried, by kind.
fn of(schema: &Node, report: &Report) -> Vec<(String, Diagnostic)> {
    let mut out = Vec::new();
    if matches!(schema.value, Yaml::Bool(_)) {
        let help = "llama.cpp refuses such a request; write `{}` for anything at all";
        out.push((
            "bool".into(),
            warning("llama.cpp's grammar knows no schema that is `true` or `false`", schema.span).help(help),
        ));
    }
    let has = |key: &str| schema.get(key).is_some();
    let is = |of: &str| schema.get("type").and_then(Node::text) == Some(of);
    for (name, value) in schema.entries() {
        let key = name.text.as_str();
        if let Some((_, instead)) = PASSED_OVER.iter().find(|(known, _)| *known == key) {
            out.push((key.into(), passed_over(key, name, instead)));
        }
        match key {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if !is("integer") => {
                out.push(("bound".into(), passed_over(key, name, "with `type: integer` it is carried")));
            }
            "format" if value.text().is_some_and(|format| !FORMATS.contains(&format)) && !has("pattern") => {
                let found = warning("llama.cpp's grammar passes over this `format`", value.span);
                let help = "and nothing checks it afterwards; write it as a `pattern`";
                out.push(("format".into(), found.help(help)));
            }
            "minLength" | "maxLength" if has("pattern") || has("enum") => {
                let instead = "put the length into the pattern, such as `{3,80}`";
                let instead = if has("enum") { "" } else { instead };
                out.push(("length".into(), passed_over(key, name, instead)));
            }
            "minLength" | "maxLength" | "minItems" | "maxItems" => {
                if let Some(number) = value.whole().filter(|number| *number >= MOST_REPEATED) {
                    out.push(("count".into(), too_many(key, number, value.span)));
                }
            }
            "pattern" => {
                if let Some(text) = value.text() {
                    out.extend(pattern(text, value, report));
                }
            }
            "allOf" if !value.items().iter().all(mergeable) => {
                let found = warning("llama.cpp's grammar makes an object of this `allOf`", name.span);
                let help = "so no answer could keep to the schema; write its parts into one schema";
                out.push(("allOf".into(), found.help(help)));
            }
            "$ref" if value.text().is_some_and(|target| !target.starts_with("#/")) => {
                let found = warning("llama.cpp's grammar follows a `$ref` only to `#/…`", value.span);
                let help = "llama.cpp refuses such a request; write `#/$defs/NAME`";
                out.push(("$ref".into(), found.help(help)));
            }
            "required" => out.extend(unlisted(schema, value).map(|found| ("required".to_owned(), found))),
            _ => {}
        }
    }
    out
}

fn warning(message: impl Into<String>, at: Span) -> Diagnostic {
    Diagnostic::warning("grammar", message).at(at)
}

fn passed_over(key: &str, name: &Name, instead: &str) -> Diagnostic {
    let what = "answers that break it are rejected afterwards, and asked for anew";
    let help = match instead {
        "" => what.to_owned(),
        instead => format!("{what}; {instead}"),
    };
    warning(format!("llama.cpp's grammar passes over `{key}`"), name.span).help(help)
}

fn too_many(key: &str, number: i64, at: Span) -> Diagnostic {
    let most = grouped(MOST_REPEATED - 1);
    let found =
        warning(format!("llama.cpp's grammar counts to {most}, and `{key}` is {}", grouped(number)), at);
    found.help(match key {
        "minLength" | "maxLength" => {
            "the server may refuse every request; leave it out, and set `checks.characters`"
        }
        _ => "the server may refuse every request; use a smaller number",
    })
}

/// Whether a part of an `allOf` is one that the grammar can merge.
fn mergeable(part: &Node) -> bool {
    ["properties", "$ref", "enum", "anyOf"].iter().any(|key| part.get(key).is_some())
}

/// A name under `required` that stands under no `properties`: the grammar leaves it out.
fn unlisted(schema: &Node, required: &Node) -> Option<Diagnostic> {
    let properties = schema.get("properties")?;
    let missing = required
        .items()
        .iter()
        .find(|item| item.text().is_some_and(|name| properties.named(name).is_none()))?;
    let name = missing.text()?;
    let found = warning(format!("`properties` lacks `{name}`, which is required"), missing.span);
    Some(found.help(format!(
        "llama.cpp's grammar then leaves `{name}` out, and every answer is rejected; add it to `properties`"
    )))
}

/// What of a regular expression is not carried.
fn pattern(text: &str, node: &Node, report: &Report) -> Option<(String, Diagnostic)> {
    let what = "depending on its build, llama.cpp refuses such a request or holds the text to nothing";
    if !(text.starts_with('^') && text.ends_with('$') && !text.ends_with("\\$")) {
        let found = warning("llama.cpp's grammar takes a `pattern` only from `^` to `$`", node.span);
        let help = format!("{what}; write `^…$`, with `.*` where anything may stand");
        return Some(("anchors".into(), found.help(help)));
    }
    let (from, length, instead) = uncarried(text)?;
    let part = &text[from..from + length];
    let at = scalar::part(&report.sources, node.span, text, from..from + length);
    let found = warning(format!("llama.cpp's grammar does not know `{part}` in a `pattern`"), at);
    let help = match instead {
        "" => what.to_owned(),
        instead => format!("{what}; {instead}"),
    };
    Some(("pattern".into(), found.help(help)))
}

/// The first part of a regular expression that has no grammar: where, how long, and what to write.
fn uncarried(text: &str) -> Option<(usize, usize, &'static str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        match bytes[at] {
            b'\\' => {
                let next = text[at + 1..].chars().next()?;
                let instead = match next {
                    'd' => "write `[0-9]`",
                    'w' => "write `[A-Za-z0-9_]`",
                    's' => "write `[ \\t\\n]`, or a blank",
                    'D' => "write `[^0-9]`",
                    'W' => "write `[^A-Za-z0-9_]`",
                    'S' => "write `[^ \\t\\n]`",
                    'p' | 'P' => "name the letters, such as `[A-Za-zÀ-ÿ]`",
                    'b' | 'B' => "write what stands there, such as a blank",
                    '1'..='9' | 'k' => "repeat what stands in the group",
                    _ => {
                        at += 1 + next.len_utf8();
                        continue;
                    }
                };
                return Some((at, 1 + next.len_utf8(), instead));
            }
            b'(' if rest.starts_with("(?") && !rest.starts_with("(?:") => {
                let length = rest.find(['=', '!', '>']).map_or(2, |end| end + 1).min(4);
                return Some((at, length, ""));
            }
            b'{' => {
                let inside = &rest[1..rest.find('}').unwrap_or(rest.len())];
                let most = inside.split(',').filter_map(|number| number.trim().parse::<i64>().ok()).max();
                if most.is_some_and(|most| most >= MOST_REPEATED) {
                    return Some((at, inside.len() + 2, "use smaller numbers, or `*`"));
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The warning says so.
    #[test]
    fn formats_are_not_checked() {
        let schema = serde_json::json!({ "type": "string", "format": "email" });
        assert!(jsonschema::is_valid(&schema, &"no address".into()));
    }

    #[test]
    fn patterns_that_have_a_grammar_are_told_from_those_that_have_none() {
        for (text, part) in [
            (r"^[A-Z][a-z']{0,11}( [a-z]{1,14}){3,13}[.!?]$", ""),
            (r"^(?:a|b)+\.\$$", ""),
            (r"^\u00e9\n$", ""),
            (r"^\\d$", ""),
            (r"^a\d+$", r"\d"),
            (r"^[\w ]+$", r"\w"),
            (r"^(?=a)b$", "(?="),
            (r"^(?!a)b$", "(?!"),
            (r"^(?<=a)b$", "(?<="),
            (r"^(a)\1$", r"\1"),
            (r"^\p{L}+$", r"\p"),
            (r"^[a-z]{1,2000}$", "{1,2000}"),
            (r"^[a-z]{1,1999}$", ""),
        ] {
            let found = uncarried(text).map_or("", |(from, length, _)| &text[from..from + length]);
            assert_eq!(found, part, "{text}");
        }
    }
}
