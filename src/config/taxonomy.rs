//! Named sets of values: those inside the binary, and the user's own files.

use super::diagnostic::{Diagnostic, Report, Sources, did_you_mean};
use super::file::{beside, read_named, shown};
use super::named::named;
use super::resolved::{AxisValue, Project};
use super::yaml::{self, Node, Yaml};

const BUILT_IN: &[(&str, &str)] = &[
    ("goemotions", include_str!("taxonomies/goemotions.yaml")),
    ("ekman", include_str!("taxonomies/ekman.yaml")),
    ("plutchik", include_str!("taxonomies/plutchik.yaml")),
    ("plutchik-wheel", include_str!("taxonomies/plutchik-wheel.yaml")),
    ("plutchik-dyads", include_str!("taxonomies/plutchik-dyads.yaml")),
    ("contexts", include_str!("taxonomies/contexts.yaml")),
    ("sentiments", include_str!("taxonomies/sentiments.yaml")),
];

/// The text of a built-in taxonomy.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all that are built in.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// The values of a built-in taxonomy; none where there is no such one.
fn built_in_values(name: &str) -> Vec<AxisValue> {
    let mut report = Report::default();
    let Some(text) = built_in(name) else { return Vec::new() };
    let source = report.sources.add(name, text);
    let tree = yaml::parse(&report.sources, source).ok();
    tree.and_then(|tree| named(tree.get("values")?, &mut report)).unwrap_or_default()
}

/// The names of a built-in taxonomy's values, in its order.
pub fn value_names(taxonomy: &str) -> Vec<String> {
    built_in_values(taxonomy).into_iter().map(|value| value.name).collect()
}

/// The values of a built-in taxonomy that have a text as this attribute, each with it.
pub fn attribute(taxonomy: &str, attribute: &str) -> Vec<(String, String)> {
    let text = |value: &AxisValue| value.attributes.get(attribute)?.as_str().map(str::to_owned);
    let values = built_in_values(taxonomy).into_iter();
    values.filter_map(|value| text(&value).map(|text| (value.name, text))).collect()
}

/// Names that built-in taxonomies give a polarity, in lower case.
pub fn of_polarity(wanted: &str) -> impl Iterator<Item = String> {
    let all = names().flat_map(|taxonomy| attribute(taxonomy, "polarity"));
    all.filter(move |(_, polarity)| polarity == wanted).map(|(name, _)| name.to_lowercase())
}

/// The values of the taxonomy that an axis names; `None` where a mistake was reported and nothing is
/// known of them.
pub fn taxonomy(from: &Node, project: &Project, report: &mut Report) -> Option<Vec<AxisValue>> {
    let name = from.text()?;
    let source = match built_in(name) {
        Some(text) => report.sources.add(format!("<built in>/{name}.yaml"), text),
        None if is_file(name) => read_named(name, from.span, project, report)?,
        None => {
            let near = unknown(name, from, report)?;
            report.sources.add(format!("<built in>/{near}.yaml"), built_in(near)?)
        }
    };
    let tree = match yaml::parse(&report.sources, source) {
        Ok(tree) => tree,
        Err(found) => {
            report.push(found);
            return None;
        }
    };
    let mut meant = false;
    let values = tree.get("values");
    for (key, value) in tree.entries() {
        if ["description", "values"].contains(&key.text.as_str()) {
            continue;
        }
        let looks_like_a_value = values.is_none() && matches!(value.value, Yaml::Map(_) | Yaml::Null);
        let near = did_you_mean(&key.text, ["description", "values"]);
        if looks_like_a_value && near.is_none() {
            continue;
        }
        meant |= near == Some("values");
        let found = Diagnostic::error("unknown-key", format!("unknown key `{}` in a taxonomy", key.text));
        report.push(found.at(key.span).help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "known here: description, values".into(),
        }));
    }
    match values {
        Some(values) => named(values, report),
        None if meant => None,
        None => {
            let help = match &tree.value {
                Yaml::Map(entries) if entries.is_empty() => {
                    "`values:` is a list of names, or a mapping from name to attributes"
                }
                Yaml::Map(_) | Yaml::List(_) => "put `values:` above the values, and indent them",
                _ => "`values:` is a list of names, or a mapping from name to attributes",
            };
            report.push(Diagnostic::error("taxonomy", "a taxonomy needs `values`").at(tree.span).help(help));
            None
        }
    }
}

/// Whether a taxonomy's name is that of a file.
fn is_file(name: &str) -> bool {
    name.contains(['/', '.'])
}

/// What the file says that an axis was taken from; none for what is built in.
pub fn taxonomy_file(from: &Node, project: &Project, sources: &Sources) -> Option<Node> {
    let name = from.text().filter(|name| built_in(name).is_none() && is_file(name))?;
    let source = sources.of_path(&shown(&beside(project, name, from.span, sources)))?;
    yaml::parse(sources, source).ok()
}

/// Says that there is no such taxonomy; gives the one that was meant.
fn unknown(name: &str, from: &Node, report: &mut Report) -> Option<&'static str> {
    let found =
        Diagnostic::error("taxonomy", format!("there is no built-in taxonomy `{name}`")).at(from.span);
    let near = did_you_mean(name, names());
    report.push(match near {
        Some(near) => found.help(format!("did you mean `{near}`?")),
        None => found.help(format!(
            "built in: {}; a file of your own is named with its ending, from the config's folder: `../taxonomies/{name}.yaml`",
            names().collect::<Vec<_>>().join(", ")
        )),
    });
    near
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The values of a built-in taxonomy with their attributes.
    fn read(name: &str) -> Vec<(String, Value)> {
        let mut report = Report::default();
        let source = report.sources.add(name, built_in(name).unwrap());
        let tree = yaml::parse(&report.sources, source).unwrap();
        let values = named(tree.get("values").unwrap(), &mut report).unwrap();
        assert!(report.found.is_empty(), "{report}");
        values.into_iter().map(|value| (value.name, Value::Object(value.attributes))).collect()
    }

    fn text(of: &Value, key: &str) -> String {
        of[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {of}")).to_owned()
    }

    #[test]
    fn emotions_have_the_same_attributes_everywhere() {
        for (name, size, examples) in [
            ("goemotions", 28, 4),
            ("ekman", 7, 4),
            ("plutchik", 9, 4),
            ("plutchik-wheel", 25, 2),
            ("plutchik-dyads", 24, 2),
        ] {
            let values = read(name);
            assert_eq!(values.len(), size, "{name}");
            let basic: Vec<String> = read("ekman").into_iter().map(|(name, _)| name).collect();
            let mut texts = Vec::new();
            for (value, attributes) in &values {
                let polarity = text(attributes, "polarity");
                assert!(
                    ["positive", "negative", "ambiguous", "neutral"].contains(&polarity.as_str()),
                    "{value}"
                );
                let ekman = attributes.get("ekman").unwrap();
                assert!(
                    ekman.as_str().is_none_or(|ekman| basic.iter().any(|known| known == ekman)),
                    "{value}"
                );
                assert!(ekman.is_null() || ekman.is_string(), "{value}");
                texts.push(text(attributes, "definition"));
                let list = attributes["examples"].as_array().unwrap();
                assert_eq!(list.len(), examples, "{name} {value}");
                texts.extend(list.iter().map(|example| example.as_str().unwrap().to_owned()));
            }
            let all = texts.len();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), all, "{name} says something twice");
        }
    }

    /// The opposite of a value's opposite is itself, and opposites are made of opposite emotions.
    #[test]
    fn plutchiks_opposites_face_each_other() {
        let find = |values: &[(String, Value)], name: &str| {
            values.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1.clone()
        };
        let primaries = read("plutchik");
        for taxonomy in ["plutchik", "plutchik-wheel", "plutchik-dyads"] {
            let values = read(taxonomy);
            for (name, value) in values.iter().filter(|(name, _)| name != "neutral") {
                let other = find(&values, &text(value, "opposite"));
                assert_eq!(text(&other, "opposite"), *name);
                let opposite = |primary: &str| text(&find(&primaries, primary), "opposite");
                if let Some(primary) = value["primary"].as_str() {
                    assert_eq!(text(&other, "primary"), opposite(primary), "{name}");
                    assert_eq!(other["intensity"], value["intensity"], "{name}");
                }
                if let Some(parts) = value["parts"].as_array() {
                    let mut there: Vec<_> =
                        parts.iter().map(|part| opposite(part.as_str().unwrap())).collect();
                    let parts = other["parts"].as_array().unwrap();
                    let mut here: Vec<_> =
                        parts.iter().map(|part| part.as_str().unwrap().to_owned()).collect();
                    there.sort();
                    here.sort();
                    assert_eq!(here, there, "{name}");
                    assert_eq!(other["dyad"], value["dyad"], "{name}");
                }
            }
        }
        for (primary, _) in primaries.iter().filter(|(name, _)| name != "neutral") {
            let strengths: Vec<_> = read("plutchik-wheel")
                .iter()
                .filter(|(_, value)| value["primary"].as_str() == Some(primary))
                .map(|(_, value)| text(value, "intensity"))
                .collect();
            assert_eq!(strengths, ["mild", "medium", "strong"], "{primary}");
            let dyads = read("plutchik-dyads");
            let of_it = dyads
                .iter()
                .filter(|(_, dyad)| dyad["parts"].as_array().unwrap().iter().any(|part| part == primary));
            assert_eq!(of_it.count(), 6, "{primary}");
        }
    }
}
