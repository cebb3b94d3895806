//! What is written short, and what excludes what: how mappings are built upon.

use super::yaml::{Name, Node, Yaml};

/// What a value that is no mapping is short for, by where it stands; `*` is a name of the user's own.
const SHORT: &[(&str, &str)] = &[
    ("endpoints.*", "url"),
    ("endpoints.*.managed", "model"),
    ("grid.axes.*", "values"),
    ("prompt.user.*", "text"),
    ("prompt.completion.*", "text"),
    ("checks.toxicity", "level"),
    ("anonymize.second_look", "model"),
];

/// Keys of which a mapping has but one.
const ONE_OF: &[(&str, [&str; 2])] = &[
    ("endpoints.*", ["url", "managed"]),
    ("samples", ["total", "per_cell"]),
    ("prompt.system", TEMPLATE),
    ("prompt.user", TEMPLATE),
    ("prompt.user.*", TEMPLATE),
    ("prompt.completion", TEMPLATE),
    ("prompt.completion.*", TEMPLATE),
    ("checks.judges.*.prompt", TEMPLATE),
    ("checks.judges.*.system", TEMPLATE),
    ("checks.label.blind.prompt", TEMPLATE),
    ("checks.label.blind.system", TEMPLATE),
];

const TEMPLATE: [&str; 2] = ["from", "text"];

/// Mappings that are one thing: half of one and half of another is none.
const WHOLE: &[&str] = &["response.schema", "checks.judges.*.schema"];

/// Makes a mapping of what is written short, so that it can be built upon.
pub fn lengthen(node: &mut Node, path: &[&str]) {
    let Some((_, key)) = SHORT.iter().find(|(pattern, _)| fits(pattern, path)) else { return };
    let is_list = *key == "values";
    if !matches!((&node.value, is_list), (Yaml::Text(_), false) | (Yaml::List(_), true)) {
        return;
    }
    let name = Name { span: node.span, text: (*key).to_owned() };
    node.value = Yaml::Map(vec![(name, node.clone())]);
}

/// Takes out of a mapping what cannot stand beside a key that is put into it.
pub fn make_room(entries: &mut Vec<(Name, Node)>, key: &str, path: &[&str]) {
    let of = ONE_OF.iter().find(|(pattern, keys)| fits(pattern, path) && keys.contains(&key));
    if let Some((_, keys)) = of {
        entries.retain(|(name, _)| name.text == key || !keys.contains(&name.text.as_str()));
    }
}

/// Whether a mapping stands for another as a whole: a single template and several variants do not mix.
pub fn replaces(below: &[(Name, Node)], above: &[(Name, Node)], path: &[&str]) -> bool {
    let is_one = |entries: &[(Name, Node)]| entries.iter().any(|(name, _)| TEMPLATE.contains(&&*name.text));
    matches!(path, ["prompt", "user" | "completion"]) && is_one(below) != is_one(above)
        || WHOLE.iter().any(|pattern| fits(pattern, path))
}

fn fits(pattern: &str, path: &[&str]) -> bool {
    let parts = || pattern.split('.');
    parts().count() == path.len() && parts().zip(path).all(|(part, name)| part == "*" || part == *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::paths;

    #[test]
    fn every_place_is_one_of_the_table_of_keys() {
        let known = paths();
        let name = |pattern: &str| pattern.replace('*', "NAME");
        let keys = SHORT.iter().map(|(pattern, key)| format!("{}.{key}", name(pattern)));
        let keys = keys.chain(
            ONE_OF.iter().flat_map(|(pattern, keys)| keys.map(|key| format!("{}.{key}", name(pattern)))),
        );
        for path in keys.chain(WHOLE.iter().map(|pattern| name(pattern))) {
            // One template, or several that are named, are no section of the table.
            let is_known = known.contains(&path)
                || path.starts_with("prompt.user.")
                || path.starts_with("prompt.completion.");
            assert!(is_known, "{path}");
        }
    }
}
