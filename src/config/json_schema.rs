//! The table of keys as a JSON Schema, for editors that complete and check YAML.

use serde_json::{Map, Value, json};

use super::keys::{self, Kind, Section};

/// JSON Schema (2020-12) of a config.
pub fn json_schema() -> Value {
    let mut out = section(&keys::CONFIG);
    if let Value::Object(out) = &mut out {
        out.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
        out.insert("title".into(), "emogrid config".into());
    }
    out
}

fn section(section: &'static Section) -> Value {
    let properties: Map<String, Value> = section
        .keys
        .iter()
        .map(|key| {
            let mut value = kind(&key.kind);
            if let Value::Object(value) = &mut value {
                let default = match key.default {
                    "" => String::new(),
                    default => format!(" Default: {default}."),
                };
                value.insert("description".into(), format!("{}{default}", key.doc).into());
            }
            (key.name.to_owned(), value)
        })
        .collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn kind(of: &'static Kind) -> Value {
    match of {
        Kind::Text => json!({ "type": "string" }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Name => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Whole { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number { min, .. } if *min == f64::MIN => json!({ "type": "number" }),
        Kind::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Kind::Word(words) => json!({ "enum": words }),
        Kind::Duration => json!({ "type": "string" }),
        Kind::Section(inner) => section(inner),
        Kind::Named(inner) => json!({ "type": "object", "additionalProperties": kind(inner) }),
        Kind::List(inner) => json!({ "type": "array", "items": kind(inner) }),
        Kind::Range => {
            json!({ "type": "array", "items": { "type": "integer", "minimum": 0 }, "minItems": 2, "maxItems": 2 })
        }
        Kind::Either(kinds) => json!({ "anyOf": kinds.iter().map(kind).collect::<Vec<_>>() }),
        Kind::Variants => {
            let variants = json!({
                "type": "object",
                "not": { "anyOf": [{ "required": ["from"] }, { "required": ["text"] }] },
                "additionalProperties": { "anyOf": [{ "type": "string" }, section(&keys::VARIANT)] },
            });
            json!({ "anyOf": [section(&keys::TEMPLATE), variants] })
        }
        Kind::Free => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::diagnostic::Sources;
    use crate::config::yaml;

    fn valid(text: &str) -> bool {
        let mut sources = Sources::default();
        let id = sources.add("x.yaml", text);
        let config = yaml::parse(&sources, id).unwrap().to_json();
        jsonschema::validator_for(&json_schema()).unwrap().is_valid(&config)
    }

    #[test]
    fn good_configs_pass_and_typos_do_not() {
        let good = include_str!("../../configs/quickstart.yaml");
        assert!(valid(good));
        assert!(valid("prompt: { user: { post: { from: a.j2, weight: 2 }, chat: hello } }"));
        assert!(!valid("prompt: { user: { post: { form: a.j2 } } }"));
        assert!(!valid(&good.replace("per_cell", "percell")));
        assert!(!valid(&good.replace("seed: 7", "seed: seven")));
    }
}
