//! What a place of a resolved config is called in the config that a user writes.

/// A key as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub key: String,
    /// Whether its values mean something to who reads them; a hash does not, nor does an axis's number.
    pub tells: bool,
}

/// Beginnings of resolved configs whose keys stand elsewhere in a written one.
const MOVED: &[(&str, &str)] = &[
    ("exclude", "grid.exclude"),
    ("only", "grid.only"),
    ("scope", "dedup.scope"),
    ("output", "output.dir"),
    ("anonymize.actions", "anonymize"),
    ("checks.judges.blind.label.axis", "checks.label.axis"),
    ("checks.judges.blind.label", "checks.label.blind"),
    ("checks.judges.blind", "checks.label.blind"),
];

/// Files by the key that names them: the path that was named stands under `path`, what it holds under `hash`.
const FILES: &[(&str, &str)] = &[
    ("checks.label", "checks.label.probe"),
    ("checks.toxicity", "checks.toxicity.terms"),
    ("curation", "curation"),
    ("dedup.statistics", "dedup.statistics"),
    ("exemplars", "exemplars.from"),
];

/// Keys whose values are resolved to numbers: of an axis, or of one of two bounds.
const NUMBERED: &[&str] =
    &["checks.characters", "checks.label.axis", "checks.sentiment.axis", "checks.words", "samples.balance"];

/// What is made of other keys and stands beside them: nobody writes it.
const DERIVED: &[&str] = &[
    "checks.label.blind.columns",
    "checks.label.blind.sampling.extra.logprobs",
    "checks.label.blind.sampling.extra.top_logprobs",
    "checks.label.blind.schema",
];

/// The key of a place such as `checks.words[0]`, `scope` or `prompt.user.post.template.from`; `None` where it follows from
/// others.
pub fn written(whole: &str) -> Option<Written> {
    let path = MOVED.iter().find_map(|(from, to)| Some(format!("{to}{}", below(whole, from)?)));
    let path = path.unwrap_or_else(|| whole.to_owned());
    let derived = DERIVED.iter().any(|key| below(&path, key).is_some());
    (!derived).then(|| in_place(path))
}

/// The same where the beginning is that of a written config.
fn in_place(path: String) -> Written {
    let tells = |key: String| Written { key, tells: true };
    let silent = |key: &str| Written { key: key.to_owned(), tells: false };
    if let Some(key) = NUMBERED.iter().find(|key| below(&path, key).is_some()) {
        return silent(key);
    }
    for (of, key) in FILES {
        match below(&path, of) {
            Some(".path") => return tells((*key).to_owned()),
            Some(".hash") => return silent(key),
            _ => {}
        }
    }
    if path.starts_with("lists.") || path.starts_with("dedup.against[") {
        if let Some(of) = path.strip_suffix(".hash") {
            return silent(of);
        }
        return tells(path.strip_suffix(".path").unwrap_or(&path).to_owned());
    }
    if let Some(axis) = path.strip_prefix("axes.") {
        return tells(match axis.strip_suffix(".label") {
            Some(axis) => format!("grid.axes.{axis}.label"),
            None => axis.replacen(".values", "", 1).replacen(".attributes", "", 1),
        });
    }
    if path.starts_with("grid.") {
        return match path.split_once("].values") {
            Some((rule, _)) => silent(&format!("{rule}]")),
            None => tells(path),
        };
    }
    if path.starts_with("prompt.user.") {
        // A single message has no name, and one that is a text no key below its name.
        return tells(path.replacen("prompt.user.default.template", "prompt.user", 1).replacen(
            ".template",
            "",
            1,
        ));
    }
    if let Some(column) = path.strip_prefix("exemplars.by.") {
        return tells(format!("exemplars.by.{}", column.strip_suffix(".column").unwrap_or(column)));
    }
    if let Some((of, _)) = path.strip_prefix("endpoints.").and_then(|rest| rest.split_once(".slots[")) {
        return silent(&format!("endpoints.{of}.slots"));
    }
    tells(path)
}

/// What of a path stands below a key; empty for the key itself.
fn below<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    path.strip_prefix(key).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests;
