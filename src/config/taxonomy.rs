//! Named sets of values: those inside the binary, and the user's own files.

use super::diagnostic::{Diagnostic, Report, did_you_mean};
use super::file::read_named;
use super::resolved::{AxisValue, Project};
use super::values::named;
use super::yaml::{self, Node, Yaml};

const BUILT_IN: &[(&str, &str)] = &[
    ("goemotions", include_str!("taxonomies/goemotions.yaml")),
    ("ekman", include_str!("taxonomies/ekman.yaml")),
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

/// The values of the taxonomy that an axis names; `None` where a mistake was reported and nothing is
/// known of them.
pub fn taxonomy(from: &Node, project: &Project, report: &mut Report) -> Option<Vec<AxisValue>> {
    let name = from.text()?;
    let source = match built_in(name) {
        Some(text) => report.sources.add(format!("<built in>/{name}.yaml"), text),
        None if name.contains(['/', '.']) => read_named(name, from.span, project, report)?,
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
