//! The schemas within a schema.

use crate::config::yaml::{Node, Yaml};

/// Keywords that hold one schema.
const ONE: &[&str] = &[
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Those of them that say whether more is let in.
const OPEN: &[&str] = &["additionalProperties", "unevaluatedItems", "unevaluatedProperties"];
/// Keywords that hold a mapping of schemas.
const NAMED: &[&str] = &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// Keywords that hold a list of schemas.
const LISTED: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems", "items"];

/// Visits a schema and all those in it, from the outside in.
pub fn each<'a>(schema: &'a Node, visit: &mut impl FnMut(&'a Node)) {
    visit(schema);
    for (name, value) in schema.entries() {
        let key = name.text.as_str();
        match &value.value {
            Yaml::Map(entries) if NAMED.contains(&key) => {
                entries.iter().for_each(|(_, inner)| each(inner, visit));
            }
            Yaml::List(items) if LISTED.contains(&key) => items.iter().for_each(|inner| each(inner, visit)),
            // `false` is how these are meant to be written.
            Yaml::Bool(_) if OPEN.contains(&key) => {}
            _ if ONE.contains(&key) => each(value, visit),
            _ => {}
        }
    }
}
