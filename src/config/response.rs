//! What an answer looks like: its format and its schema.

use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Report, did_you_mean};
use super::file::read_named;
use super::given::text_or;
use super::resolved::{Format, Project, Response};
use super::schema;
use super::yaml::{self, Node, Yaml};

/// Resolves `response`; what is wrong in it goes to the report, and has its default here.
pub fn response(root: &Node, project: &Project, report: &mut Report) -> Response {
    let node = root.get("response");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let count = |key: &str| get(key).and_then(Node::whole).unwrap_or(1) as u32;
    let items = count("items");
    let completion = root.get("prompt").is_some_and(|prompt| prompt.named("completion").is_some());
    let format = match get("format").and_then(Node::text) {
        Some("text") => Format::Text,
        Some("lines") => Format::Lines,
        None if completion && get("schema").is_none() => {
            if items > 1 {
                Format::Lines
            } else {
                Format::Text
            }
        }
        _ => Format::Json,
    };
    let mut text = text_or(get("text"), "text");
    if let Some(node) = get("text").filter(|_| text.is_empty()) {
        report.push(
            Diagnostic::error("response", "`response.text` is empty")
                .at(node.span)
                .help("it names the field of the answer that holds the text"),
        );
        text = "text".into();
    }
    let (name, useless, help): (_, &[&str], _) = match format {
        Format::Json => ("json", &[], ""),
        Format::Text => ("text", &["schema", "text", "items"], "remove it, or use `format: json`"),
        Format::Lines => ("lines", &["schema", "text"], "remove it, or use `format: json`"),
    };
    for key in useless {
        if let Some(node) = get(key).filter(|_| *key != "items" || items > 1) {
            let message = format!("`response.{key}` has no meaning under `format: {name}`");
            report.push(Diagnostic::error("response", message).at(node.span).help(help));
        }
    }
    let tree = get("schema").and_then(|node| Some((node, read_schema(node, project, report)?)));
    let fine = tree.as_ref().is_none_or(|(_, tree)| format != Format::Json || schema::check(tree, report));
    let own = tree.map(|(node, tree)| (node, tree.to_json()));
    if let Some((at, schema)) = &own
        && format == Format::Json
        && !node.is_some_and(|node| node.excuses("text"))
    {
        let at = get("text").unwrap_or(at);
        text_field(schema, &text, at, report);
    }
    let default = || {
        json!({
            "type": "object",
            "properties": { (text.as_str()): { "type": "string" } },
            "required": [text],
            "additionalProperties": false,
        })
    };
    let schema_at = get("schema").map(|node| node.span);
    let schema = own.filter(|_| fine).map_or_else(default, |(_, schema)| schema);
    Response { format, text, schema, items, n: count("n"), schema_at }
}

pub fn read_schema(node: &Node, project: &Project, report: &mut Report) -> Option<Node> {
    let Some(file) = node.text() else {
        return Some(node.clone());
    };
    let source = read_named(file, node.span, project, report)?;
    // YAML reads JSON too, and knows where a mistake stands.
    let found = match yaml::parse(&report.sources, source) {
        Ok(tree) if matches!(tree.value, Yaml::Map(_)) => return Some(tree),
        Ok(tree) => Diagnostic::error("response", "a schema must be a mapping")
            .at(tree.span)
            .label(tree.found(&report.sources)),
        Err(found) if file.ends_with(".json") => {
            let message = found.message.replace("not YAML we can read", "not JSON we can read");
            Diagnostic { message, ..found }
        }
        Err(found) => found,
    };
    report.push(found);
    None
}

/// Whether an answer that keeps to the schema has a text in the field for it.
fn text_field(schema: &Value, field: &str, at: &Node, report: &mut Report) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(property) = properties.and_then(|properties| properties.get(field)) else {
        let found =
            Diagnostic::error("response", format!("the schema has no property `{field}`")).at(at.span);
        let names = || properties.into_iter().flat_map(|properties| properties.keys().map(String::as_str));
        let shorthand = schema.as_object().is_some_and(|schema| {
            !schema.is_empty()
                && schema
                    .values()
                    .all(|value| matches!(value.as_str(), Some("string" | "integer" | "number" | "boolean")))
        });
        let array = schema.get("type").and_then(Value::as_str) == Some("array");
        report.push(match did_you_mean(field, names()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if shorthand && schema.get(field).is_some() => found.help(format!(
                "write `{{ type: object, properties: {{ {field}: {{ type: string }} }}, required: [{field}] }}`"
            )),
            None if array => found.help("the schema is that of one item; `response.items` makes a list of them"),
            None => match names().collect::<Vec<_>>() {
                names if names.is_empty() => found.help("`response.text` names the property that holds the text"),
                names => found.help(format!(
                    "`response.text` names the property that holds the text; the schema has: {}",
                    super::diagnostic::shortened(names)
                )),
            },
        });
        return;
    };
    if !can_be_text(property) {
        report.push(
            Diagnostic::error("response", format!("`{field}` can never be a text in this schema"))
                .at(at.span)
                .help(format!("every answer would be rejected; write `{field}: {{ type: string }}`")),
        );
        return;
    }
    let required = schema.get("required").and_then(Value::as_array);
    if !required.is_some_and(|names| names.iter().any(|name| name == field))
        && schema.get("required").is_none_or(Value::is_array)
    {
        report.push(
            Diagnostic::warning(
                "response",
                format!("the schema does not require `{field}`, so an answer may lack it"),
            )
            .at(at.span)
            .help(format!("add `required: [{field}]`")),
        );
    }
}

/// Whether a property's schema lets a text through, as far as `type`, `enum` and `const` tell.
fn can_be_text(property: &Value) -> bool {
    let typed = match property.get("type") {
        Some(Value::String(name)) => {
            !["integer", "number", "boolean", "array", "object", "null"].contains(&name.as_str())
        }
        Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
        _ => property != &Value::Bool(false),
    };
    let listed = property.get("enum").and_then(Value::as_array);
    typed
        && listed.is_none_or(|values| values.iter().any(Value::is_string))
        && property.get("const").is_none_or(Value::is_string)
}
