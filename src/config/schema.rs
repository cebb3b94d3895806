//! JSON Schemas of the user's: whether they are schemas, and what a grammar makes of them.

mod grammar;
mod walk;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span, cut, did_you_mean};
use super::yaml::{Node, Yaml};

/// The types of JSON Schema.
const TYPES: &[&str] = &["string", "integer", "number", "boolean", "object", "array", "null"];

/// Its keywords.
const KEYWORDS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Reports what makes a tree no JSON Schema, else what llama.cpp's grammar cannot carry of it.
///
/// `false` where it is no schema.
pub fn check(tree: &Node, report: &mut Report) -> bool {
    let before = report.counts().0;
    let value = tree.to_json();
    if let Ok(validator) = jsonschema::meta::validator_for(&value) {
        for error in validator.iter_errors(&value) {
            report.push(wrong(&error, tree, report));
        }
    }
    walk::each(tree, &mut |schema| {
        reference(schema, tree, report);
        misspelt(schema, report);
    });
    // What the meta-schema does not say, such as that a pattern is a regular expression.
    if report.counts().0 == before
        && let Err(error) = jsonschema::validator_for(&value)
    {
        report.push(wrong(&error, tree, report));
    }
    let fine = report.counts().0 == before;
    if fine {
        grammar::check(tree, report);
    }
    fine
}

/// What the check against the meta-schema found, said of the key that it is about.
fn wrong(error: &jsonschema::ValidationError, tree: &Node, report: &Report) -> Diagnostic {
    let path = error.instance_path().to_string();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let node = at(tree, &parts).unwrap_or(tree);
    let key = parts.iter().rev().find(|part| part.parse::<usize>().is_err()).copied().unwrap_or("");
    let found = |message: String| {
        let place = if matches!(node.value, Yaml::Null) { None } else { Some(node.span) };
        Diagnostic::error("schema", message).at(place.unwrap_or(tree.span))
    };
    if key == "type"
        && let Some(name) = node.text()
    {
        let found = found(format!("JSON Schema has no type `{name}`"));
        return match did_you_mean(name, TYPES.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help(format!("types: {}", TYPES.join(", "))),
        };
    }
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            found("this is not a regular expression".into())
                .help("brackets must be closed; write `\\\\.` for a dot, and `[0-9]` for a digit")
        }
        ValidationErrorKind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(one) => of_type(&one.to_string()).to_owned(),
                // A schema, as all of these are.
                TypeKind::Multiple(several) if several.iter().any(|one| one.to_string() == "object") => {
                    "a mapping".to_owned()
                }
                TypeKind::Multiple(several) => {
                    let words = several.iter().map(|one| of_type(&one.to_string()).to_owned());
                    words.collect::<Vec<_>>().join(" or ")
                }
            };
            let found = found(format!("`{key}` must be {wanted}")).label(node.found(&report.sources));
            match (key, node.scalar()) {
                ("required", Some(name)) => found.help(format!("write `required: [{name}]`")),
                _ => found,
            }
        }
        ValidationErrorKind::UniqueItems => found(format!("`{key}` names something twice")),
        _ if key.is_empty() => found(format!("this is not a JSON Schema: {error}")),
        _ => found(format!("`{key}` is not as JSON Schema has it: {error}")),
    }
}

fn of_type(name: &str) -> &str {
    match name {
        "array" => "a list",
        "object" => "a mapping",
        "string" => "a text",
        "integer" => "a whole number",
        "boolean" => "`true` or `false`",
        other => other,
    }
}

/// Reports a `$ref` that leads out of the schema, or nowhere.
fn reference(schema: &Node, tree: &Node, report: &mut Report) {
    let Some(node) = schema.get("$ref") else { return };
    let Some(target) = node.text() else { return };
    let found = |message: String, at: Span| Diagnostic::error("schema", message).at(at);
    let Some(pointer) = target.strip_prefix('#') else {
        if !target.is_empty() {
            let help = "copy what it names under `$defs`, and write `$ref: \"#/$defs/NAME\"`";
            report.push(found("a `$ref` must stay within the schema".into(), node.span).help(help));
        }
        return;
    };
    let parts: Vec<&str> = pointer.split('/').skip(1).collect();
    if !pointer.starts_with('/') || at(tree, &parts).is_some() {
        return;
    }
    let found = found(format!("this `$ref` leads to nothing: `{target}`"), node.span);
    let siblings = parts.split_last().and_then(|(last, above)| Some((last, at(tree, above)?)));
    let near = siblings.and_then(|(last, above)| {
        did_you_mean(last, above.entries().iter().map(|(name, _)| name.text.as_str()))
    });
    report.push(match near {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help("what it names stands under `$defs` at the top of the schema"),
    });
}

/// Warns of keys that are nearly keywords: as they are, they mean nothing.
fn misspelt(schema: &Node, report: &mut Report) {
    for (name, _) in schema.entries().iter().filter(|(name, _)| !KEYWORDS.contains(&name.text.as_str())) {
        if let Some(near) = did_you_mean(&name.text, KEYWORDS.iter().copied()) {
            let found =
                Diagnostic::warning("schema", format!("JSON Schema has no keyword `{}`", cut(&name.text)));
            report.push(found.at(name.span).help(format!("did you mean `{near}`?")));
        }
    }
}

/// The node at the end of a path of keys and indices.
fn at<'a>(tree: &'a Node, parts: &[&str]) -> Option<&'a Node> {
    parts.iter().try_fold(tree, |node, part| {
        let part = part.replace("~1", "/").replace("~0", "~");
        match &node.value {
            Yaml::Map(_) => node.named(&part).map(|(_, node)| node),
            Yaml::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

/// A schema as a part of a larger one: its definitions apart, and what leads into it led anew.
///
/// Servers look for `#/$defs/…` at the top of what they are sent.
pub fn embedded(mut schema: Value, place: &str) -> (Value, Vec<(String, Value)>) {
    redirect(&mut schema, place);
    let mut definitions = Vec::new();
    if let Value::Object(object) = &mut schema {
        for key in ["$defs", "definitions"] {
            definitions.extend(object.shift_remove(key).map(|value| (key.to_owned(), value)));
        }
    }
    (schema, definitions)
}

/// Leads each `$ref` to anything but a definition to where that is now.
fn redirect(value: &mut Value, place: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(target) if key == "$ref" => {
                        let definition =
                            ["#/$defs/", "#/definitions/"].iter().any(|kind| target.starts_with(kind));
                        if let Some(pointer) = target
                            .strip_prefix('#')
                            .filter(|rest| !definition && (rest.is_empty() || rest.starts_with('/')))
                        {
                            *target = format!("#{place}{pointer}");
                        }
                    }
                    _ => redirect(value, place),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redirect(item, place)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_embedded_schema_leads_to_the_same_as_before() {
        let schema = json!({
            "properties": { "a": { "$ref": "#/$defs/t" }, "b": { "$ref": "#/properties/a" }, "c": { "$ref": "#" } },
            "$defs": { "t": { "type": "string" } },
        });
        let (schema, definitions) = embedded(schema, "/properties/items/items");
        assert_eq!(
            schema,
            json!({ "properties": {
                "a": { "$ref": "#/$defs/t" },
                "b": { "$ref": "#/properties/items/items/properties/a" },
                "c": { "$ref": "#/properties/items/items" },
            } })
        );
        assert_eq!(definitions, [("$defs".to_owned(), json!({ "t": { "type": "string" } }))]);
    }
}
