//! What to write in place of a value of the wrong type.

use super::super::diagnostic::{cut, did_you_mean};
use super::super::taxonomy;
use super::super::yaml::{Node, Yaml};
use super::{A_PRICE, Kind, Section};

/// The likeliest thing that was meant; `written` is the value as it stands in the file.
pub fn hint(path: &str, kind: &Kind, node: &Node, written: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('.').collect();
    by_place(&parts, node, written).or_else(|| by_kind(&parts, kind, node, written))
}

/// What people write in place of a code.
const LANGUAGE_NAMES: &[(&str, &str)] = &[
    ("english", "en"),
    ("en-us", "en"),
    ("en-gb", "en"),
    ("en_us", "en"),
    ("eng", "en"),
    ("spanish", "es"),
    ("french", "fr"),
    ("german", "de"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("dutch", "nl"),
    ("polish", "pl"),
    ("russian", "ru"),
    ("turkish", "tr"),
    ("chinese", "zh"),
    ("japanese", "ja"),
    ("korean", "ko"),
];

fn by_place(parts: &[&str], node: &Node, written: &str) -> Option<String> {
    let text = node.text().map(|text| cut(text.trim()));
    let text = text.as_deref();
    let list = matches!(node.value, Yaml::List(_));
    let mapping = matches!(node.value, Yaml::Map(_));
    match (parts, text) {
        (["endpoints"], text) => {
            let address = text.filter(|text| text.contains("://")).unwrap_or("http://127.0.0.1:8080");
            Some(format!("an endpoint stands under a name of yours: `local: {address}`"))
        }
        (["endpoints", _], None) => match node.whole() {
            Some(port @ 1..=65535) => Some(format!("write `http://127.0.0.1:{port}`")),
            _ if list => Some("give one address, without the brackets or the `-`".into()),
            _ => None,
        },
        (["endpoints", _, "managed"], Some(text)) => match did_you_mean(text, ["quickstart"]) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None => Some(format!("write `managed: {{ model: {text} }}`")),
        },
        (["prompt"], _) => {
            Some("what the model is told stands under `user`: `prompt: { user: \"…\" }`".into())
        }
        (["prompt", "user"], None) if list => {
            Some("several templates stand under names of yours: `user: { short: \"…\", long: \"…\" }`".into())
        }
        (["grid"], _) => {
            Some("axes stand under `grid.axes`, such as `axes: { emotion: [joy, anger] }`".into())
        }
        (["grid", "axes"], _) => {
            Some("an axis stands under its name, without a `-`: `emotion: [joy, anger]`".into())
        }
        (["grid", "axes", _], Some(text)) if names_taxonomy(text) => {
            Some(format!("write `{{ from: {text} }}`"))
        }
        (["grid", "axes", _] | ["grid", "axes", _, "values"], Some(text)) => {
            Some(match text.strip_prefix('-') {
                Some(_) => "put a blank behind each `-`".into(),
                None => format!("write `[{text}]`"),
            })
        }
        (["grid", "axes", ..], None) if mapping => {
            let name = node.get("name").and_then(Node::scalar);
            let name = name.or_else(|| node.entries().first().map(|(name, _)| name.text.clone()));
            let name = cut(name.as_deref().unwrap_or("joy"));
            Some(format!(
                "values with attributes are a mapping under `values:`, such as `values: {{ {name}: {{ polarity: … }} }}`"
            ))
        }
        (["grid", "axes", _, "values" | "override", value], _) if node.scalar().is_some() => {
            Some(format!("give the attribute a name: `{}: {{ description: {} }}`", cut(value), cut(written)))
        }
        (["grid", rules], _) if mapping && ["exclude", "only"].contains(rules) => {
            Some("begin each rule with `- `".into())
        }
        (["grid", rule], text) if rule.starts_with("exclude") || rule.starts_with("only") => match text {
            Some(text) if text.contains(['=', '<', '>', '\'']) || text.contains(" in ") => {
                Some(format!("write `if: {text}`"))
            }
            Some(text) => Some(format!("name the axis: `- {{ emotion: {text} }}`")),
            None => Some("such as `{ emotion: grief, context: [sport, food] }`".into()),
        },
        (["samples"], None) if node.whole().is_some() => {
            Some(format!("write `samples: {{ per_cell: {written} }}`"))
        }
        (["checks", "language"], Some(text)) => {
            let known = LANGUAGE_NAMES.iter().find(|(name, _)| text.to_lowercase() == *name);
            known.map(|(_, code)| format!("write `{code}`"))
        }
        (["checks", "label_leakage"], text) => {
            let limit = text.unwrap_or(written);
            let is_limit = limit.parse::<f64>().is_ok_and(|limit| (0.0..=1.0).contains(&limit));
            let limit = if is_limit { limit } else { "human" };
            Some(format!("write `label_leakage: {{ at_most: {limit} }}`"))
        }
        (["checks", "sentiment"], Some(text)) => Some(format!("write `sentiment: {{ axis: {text} }}`")),
        (["anonymize", "second_look"], _) => {
            Some("write `true`, or the name of the endpoint that is asked".into())
        }
        (["lists"], None) => Some("a list stands under its name: `names: names.txt`".into()),
        (["lists", _], None) if list => {
            Some("the items stand in a file, one a line; name the file here".into())
        }
        (["lists"], Some(text)) => Some(format!("a list stands under its name: `names: {text}`")),
        _ => None,
    }
}

fn by_kind(parts: &[&str], kind: &Kind, node: &Node, written: &str) -> Option<String> {
    let scalar = matches!(node.value, Yaml::Bool(_) | Yaml::Whole(_) | Yaml::Number(_));
    let text = node.text().map(str::trim);
    match kind {
        Kind::Text if scalar => Some(format!("put it in quotes: `\"{}\"`", cut(written))),
        Kind::Word(words) => {
            did_you_mean(text?, words.iter().copied()).map(|near| format!("did you mean `{near}`?"))
        }
        Kind::Bool => match text?.to_lowercase().as_str() {
            "yes" | "on" | "y" => Some("write `true`".into()),
            "no" | "off" | "n" => Some("write `false`".into()),
            _ => None,
        },
        Kind::Whole { .. } => match (text, node.number()) {
            (Some(text), _) if text.parse::<i64>().is_ok() => {
                Some(format!("write `{text}`, without the quotes"))
            }
            (Some(text), _) if text.ends_with('%') => Some("it is a number, not a share".into()),
            (None, Some(number))
                if number.fract() == 0.0 && number.abs() < 1e15 && node.whole().is_none() =>
            {
                Some(format!("write `{number}`"))
            }
            _ => None,
        },
        Kind::Number { max, .. } => match text {
            Some(text) if text.parse::<f64>().is_ok() => Some(format!("write `{text}`, without the quotes")),
            Some(text) => {
                let percent: f64 = text.strip_suffix('%')?.trim().parse().ok()?;
                Some(format!("write `{}`", percent / 100.0))
            }
            None if *max == 1.0 && parts.last() == Some(&"allow_short") => {
                let percent = node.number().filter(|number| (1.0..=100.0).contains(number))?;
                Some(format!("it is a share; for {percent}% write `{}`", percent / 100.0))
            }
            None => None,
        },
        Kind::Duration => {
            let number = node
                .number()
                .or_else(|| text?.parse().ok())
                .filter(|number| (0.0..1e9).contains(number) && *number > 0.0)?;
            Some(format!("write a unit: `{number}s`, `{number}m` or `{number}h`"))
        }
        Kind::List(_) if text.is_some() => Some(format!("write `[{}]`", cut(text.unwrap_or_default()))),
        Kind::Section(Section { needs: [], keys: [first, ..] }) => {
            let key = parts.last()?;
            if *key == "price" {
                return Some(format!("{A_PRICE}, for a million tokens of each"));
            }
            Some(format!("such as `{key}: {{ {}: … }}`", first.name))
        }
        Kind::Either(kinds) => kinds.iter().find_map(|kind| match kind {
            Kind::Section(_) => None,
            kind => by_kind(parts, kind, node, written),
        }),
        _ => None,
    }
}

/// Whether a text names a taxonomy: one that is built in, or a file.
fn names_taxonomy(text: &str) -> bool {
    taxonomy::built_in(text).is_some() || text.ends_with(".yaml") || text.ends_with(".yml")
}
