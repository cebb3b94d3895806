//! The table as a list of paths, and as the reference in the documentation.

use super::dedup::AGAINST;
use super::endpoint::{MANAGED, PRICE};
use super::grid::AXIS;
use super::*;

/// The path of every key in the table, in its order; names of the user's own are `NAME`.
pub fn paths() -> Vec<String> {
    let mut out = Vec::new();
    static WHOLE: Kind = Kind::Section(&CONFIG);
    walk(&WHOLE, "", &mut |path, _| out.push(path.to_owned()));
    for key in VARIANT.keys {
        out.push(format!("prompt.user.NAME.{}", key.name));
    }
    out
}

/// What holds where a key such as `endpoints.gpu.timeout` is not set; `None` where nothing does.
pub fn default_of(key: &str) -> Option<&'static str> {
    static WHOLE: Kind = Kind::Section(&CONFIG);
    let is = |path: &str| {
        let mut pairs = path.split('.').zip(key.split('.'));
        path.split('.').count() == key.split('.').count()
            && pairs.all(|(name, part)| name == "NAME" || name == part)
    };
    let mut found = None;
    walk(&WHOLE, "", &mut |path, key| found = found.or(is(path).then_some(key.default)));
    found.filter(|default| !default.is_empty())
}

/// The reference of all keys, as `docs/config.md` has it: a Markdown table a section.
pub fn reference() -> String {
    let sections: &[(&str, &str, &Section)] = &[
        ("", "The whole config", &CONFIG),
        ("endpoints.NAME", "", &ENDPOINT),
        ("endpoints.NAME.price", "", &PRICE),
        ("endpoints.NAME.managed", "", &MANAGED),
        ("prompt", "", &PROMPT),
        ("prompt.system", "", &TEMPLATE),
        ("prompt.user.NAME", "", &VARIANT),
        ("sampling", "", &SAMPLING),
        ("response", "", &RESPONSE),
        ("grid", "", &GRID),
        ("grid.axes.NAME", "", &AXIS),
        ("samples", "", &SAMPLES),
        ("checks", "", &CHECKS),
        ("checks.label", "", &judges::LABEL_KEYS),
        ("checks.label.blind", "", &judges::BLIND),
        ("checks.judges.NAME", "", &judges::JUDGE),
        ("checks.judges.NAME.sampling", "", &judges::SAMPLING),
        ("anonymize", "", &ANONYMIZE),
        ("anonymize.second_look", "", &second::KEYS),
        ("dedup", "", &DEDUP),
        ("dedup.against", "", &AGAINST),
        ("dedup.semantic", "", &semantic::KEYS),
        ("run", "", &RUN),
        ("alarm", "", &night::ALARM),
        ("notify", "", &night::NOTIFY),
        ("output", "", &OUTPUT),
        ("audit", "", &audit::AUDIT),
    ];
    let mut out = String::new();
    for (path, title, section) in sections {
        let title = if title.is_empty() { format!("`{path}`") } else { (*title).to_owned() };
        out.push_str(&format!(
            "\n### {title}\n\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n"
        ));
        for key in section.keys {
            let default = if key.default.is_empty() { "–" } else { key.default };
            out.push_str(&format!(
                "| `{}` | {} | {} | {} |\n",
                key.name,
                key.kind.expected(),
                default,
                key.doc
            ));
        }
    }
    out
}

fn walk(kind: &'static Kind, path: &str, visit: &mut dyn FnMut(&str, &'static Key)) {
    match kind {
        Kind::Section(section) => {
            for key in section.keys {
                let path = join(path, key.name);
                visit(&path, key);
                walk(&key.kind, &path, visit);
            }
        }
        Kind::Named(inner) => walk(inner, &join(path, "NAME"), visit),
        Kind::List(inner) => walk(inner, path, visit),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| walk(kind, path, visit)),
        _ => {}
    }
}
