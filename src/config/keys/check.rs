//! A tree held against the table: types, unknown keys, words.

use super::super::diagnostic::{Diagnostic, Sources, did_you_mean};
use super::super::yaml::{Name, Node, Yaml};
use super::hint;
use super::{CONFIG, ENDPOINT, Kind, Section, TEMPLATE, VARIANT, duration, join, paths, range};

/// Holds a tree against a kind; every mistake in it is reported, not just the first.
///
/// What is wrong becomes [`Yaml::Wrong`], and so does a key that an unknown one was meant to be:
/// nobody says anything more of it.
pub fn check(root: &mut Node, kind: &Kind, sources: &Sources) -> Vec<Diagnostic> {
    let mut checker = Checker { sources, found: Vec::new() };
    checker.node(root, kind, "");
    checker.found
}

struct Checker<'a> {
    sources: &'a Sources,
    found: Vec<Diagnostic>,
}

impl Kind {
    /// Whether a node could be meant as this kind, going by its outer shape.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Kind::Text => matches!(node.value, Yaml::Text(_)),
            Kind::Bool => matches!(node.value, Yaml::Bool(_)),
            Kind::Name => node.scalar().is_some(),
            Kind::Whole { .. } => matches!(node.value, Yaml::Whole(_)),
            Kind::Number { .. } => node.number().is_some(),
            Kind::Word(words) => node.text().is_some_and(|text| words.contains(&text)),
            Kind::Duration => duration(node).is_some(),
            Kind::Section(_) | Kind::Named(_) | Kind::Variants => matches!(node.value, Yaml::Map(_)),
            Kind::List(_) | Kind::Range => matches!(node.value, Yaml::List(_)),
            Kind::Either(kinds) => kinds.iter().any(|kind| kind.fits(node)),
            Kind::Free => true,
        }
    }
}

impl Checker<'_> {
    fn node(&mut self, node: &mut Node, kind: &Kind, path: &str) {
        if matches!(node.value, Yaml::Null | Yaml::Wrong) {
            return;
        }
        match kind {
            Kind::Either(kinds) => match kinds.iter().find(|kind| kind.fits(node)) {
                Some(kind) => self.node(node, kind, path),
                None => self.wrong_type(node, kind, path),
            },
            kind if !kind.fits(node) => self.wrong_type(node, kind, path),
            Kind::Whole { min, max } if !node.whole().is_some_and(|n| (*min..=*max).contains(&n)) => {
                self.wrong_type(node, kind, path);
            }
            Kind::Number { min, max } if !node.number().is_some_and(|n| (*min..=*max).contains(&n)) => {
                self.wrong_type(node, kind, path);
            }
            Kind::Range => self.range(node, kind, path),
            Kind::Section(section) => self.section(node, section, path),
            Kind::Variants => self.variants(node, path),
            Kind::Named(inner) => {
                if path == "endpoints" && self.endpoint_without_name(node) {
                    return;
                }
                if let Yaml::Map(entries) = &mut node.value {
                    for (name, value) in entries {
                        self.node(value, inner, &join(path, &name.text));
                    }
                }
            }
            Kind::List(inner) => {
                if let Yaml::List(items) = &mut node.value {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.node(item, inner, &format!("{path}[{index}]"));
                    }
                }
            }
            _ => {}
        }
    }

    fn wrong_type(&mut self, node: &mut Node, kind: &Kind, path: &str) {
        let word = matches!(kind, Kind::Word(_)) && node.text().is_some();
        let code = if word { "value" } else { "type" };
        let found = Diagnostic::error(code, format!("`{path}` must be {}", kind.expected()))
            .at(node.span)
            .label(node.found(self.sources));
        let written = self.sources.text(node.span.source).get(node.span.start..node.span.end).unwrap_or("");
        self.found.push(match hint::hint(path, kind, node, written) {
            Some(help) => found.help(help),
            None => found,
        });
        node.value = Yaml::Wrong;
    }

    fn range(&mut self, node: &mut Node, kind: &Kind, path: &str) {
        if range(node).is_some() {
            return;
        }
        if let [least, most] = node.items() {
            let natural = |node: &Node| node.whole().and_then(|number| usize::try_from(number).ok());
            let wrong = [least, most].into_iter().find(|bound| natural(bound).is_none());
            self.found.push(match wrong {
                Some(bound) => Diagnostic::error(
                    "type",
                    format!("a bound of `{path}` must be a whole number, 0 or more"),
                )
                .at(bound.span)
                .label(bound.found(self.sources)),
                None => {
                    let (least, most) = (natural(least).unwrap_or(0), natural(most).unwrap_or(0));
                    let message = format!("`{path}`: the least, {least}, is more than the most, {most}");
                    let help = format!("write `[{most}, {least}]`");
                    Diagnostic::error("value", message).at(node.items()[0].span).help(help)
                }
            });
        } else {
            let label = match node.items().len() {
                0 => node.found(self.sources),
                1 => "found a list of one".into(),
                count => format!("found a list of {count}"),
            };
            let message = format!("`{path}` must be {}", kind.expected());
            self.found.push(Diagnostic::error("type", message).at(node.span).label(label));
        }
        node.value = Yaml::Wrong;
    }

    fn section(&mut self, node: &mut Node, section: &Section, path: &str) {
        let whole = node.clone();
        let Yaml::Map(entries) = &mut node.value else { return };
        let mut meant: Vec<(Name, Node)> = Vec::new();
        let mut said = Vec::new();
        for (name, value) in entries.iter_mut() {
            let path = join(path, &name.text);
            if let Some(key) = section.keys.iter().find(|key| key.name == name.text) {
                self.node(value, &key.kind, &path);
                continue;
            }
            let (help, key) = unknown(name, value, &path, section);
            let again = help.once && said.contains(&help.text);
            if let Some(key) = key.filter(|key| whole.named(key).is_none()) {
                let name = Name { span: name.span, text: key.to_owned() };
                meant.push((name, Node::new(value.span, Yaml::Wrong)));
            }
            if !again {
                said.push(help.text.clone());
                self.found.push(
                    Diagnostic::error("unknown-key", format!("unknown key `{path}`"))
                        .at(name.span)
                        .help(help.text),
                );
            }
        }
        entries.extend(meant);
    }

    /// A user message that is one template by its keys, or variants by their names.
    fn variants(&mut self, node: &mut Node, path: &str) {
        let single = ["from", "text"].iter().any(|key| node.named(key).is_some());
        if !single {
            let Yaml::Map(entries) = &mut node.value else { return };
            static VARIANTS: Kind = Kind::Either(&[Kind::Text, Kind::Section(&VARIANT)]);
            for (name, value) in entries {
                self.node(value, &VARIANTS, &join(path, &name.text));
            }
            return;
        }
        let Yaml::Map(entries) = &mut node.value else { return };
        let mut mixed = false;
        for (name, value) in entries {
            let path = join(path, &name.text);
            if let Some(key) = TEMPLATE.keys.iter().find(|key| key.name == name.text) {
                self.node(value, &key.kind, &path);
            } else if name.text == "weight" {
                self.found.push(
                    Diagnostic::error("weight", "a single prompt has no weight")
                        .at(value.span)
                        .help("name several variants to weigh them against each other"),
                );
            } else {
                let help = match did_you_mean(&name.text, ["from", "text"]) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "known here: from, text; of several variants none can be named `from` or `text`"
                        .into(),
                };
                mixed |= did_you_mean(&name.text, ["from", "text"]).is_none();
                self.found.push(
                    Diagnostic::error("unknown-key", format!("unknown key `{path}`"))
                        .at(name.span)
                        .help(help),
                );
            }
        }
        if mixed {
            node.value = Yaml::Wrong;
        }
    }

    /// Whether `endpoints` holds an endpoint's own keys in place of names.
    fn endpoint_without_name(&mut self, node: &mut Node) -> bool {
        let address = |node: &Node| node.text().is_some_and(|text| text.contains("://"));
        let own = node.entries().iter().find(|(name, value)| match name.text.as_str() {
            "managed" => true,
            "url" => address(value) && node.entries().len() > 1,
            key => {
                let known = ENDPOINT.keys.iter().any(|known| known.name == key);
                known && value.scalar().is_some() && !address(value)
            }
        });
        let Some((name, _)) = own else { return false };
        self.found.push(
            Diagnostic::error("endpoint", format!("`{}` stands where an endpoint's name belongs", name.text))
                .at(name.span)
                .help("an endpoint stands under a name of yours: `local: { url: … }`"),
        );
        node.value = Yaml::Wrong;
        true
    }
}

/// What to say of an unknown key.
struct Help {
    text: String,
    /// Whether it needs saying once only, however many keys it concerns.
    once: bool,
}

/// The help for an unknown key, and the key that it was meant to be.
fn unknown(name: &Name, value: &Node, path: &str, section: &Section) -> (Help, Option<&'static str>) {
    let known = || section.keys.iter().map(|key| key.name);
    let help = |text: String| Help { text, once: false };
    let parts: Vec<&str> = path.split('.').collect();
    let secret = |name: &str| {
        let name = name.to_lowercase();
        ["key", "token", "secret", "password"].iter().any(|word| name.contains(word))
    };
    match parts.as_slice() {
        ["grid", "include"] => {
            let text = "to keep only some combinations write `only:`; a grid has no `include:`, because in other tools that adds combinations";
            return (help(text.into()), None);
        }
        ["endpoints", _, key] if secret(key) && did_you_mean(key, ["api_key_env"]).is_none() => {
            let text = "name the environment variable that holds it: `api_key_env: MY_KEY`";
            return (help(text.into()), Some("api_key_env"));
        }
        _ => {}
    }
    if let Some(near) = did_you_mean(&name.text, known()) {
        return (help(format!("did you mean `{near}`?")), Some(near));
    }
    if std::ptr::eq(section, &CONFIG) && name.text.contains('.') && is_known(&name.text) {
        let mut nested =
            name.text.split('.').rev().map(str::to_owned).reduce(|inner, outer| match inner.contains(':') {
                true => format!("{outer}: {{ {inner} }}"),
                false => format!("{outer}: {{ {inner}: … }}"),
            });
        let text = nested.take().unwrap_or_default();
        return (help(format!("write `{text}`; keys with dots are for `--set`")), None);
    }
    if section.needs.contains(&"values") && matches!(value.value, Yaml::Map(_) | Yaml::Null) {
        let text = "values with attributes stand under `values:`".to_owned();
        return (Help { text, once: true }, Some("values"));
    }
    let elsewhere: Vec<String> = paths()
        .into_iter()
        .filter(|known| known.rsplit('.').next() == Some(&name.text))
        .filter(|known| {
            !["prompt.", "checks.judges.", "anonymize.second_look."].iter().any(|of| known.starts_with(of))
        })
        .map(|known| format!("`{known}`"))
        .collect();
    match elsewhere.as_slice() {
        [] => {}
        found if found.len() <= 4 => return (help(format!("did you mean {}?", found.join(" or "))), None),
        _ => {}
    }
    (help(format!("known here: {}", known().collect::<Vec<_>>().join(", "))), None)
}

/// Whether there is such a key; names of the user's own match `NAME`.
pub fn is_known(path: &str) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    paths().iter().any(|known| {
        let known: Vec<&str> = known.split('.').collect();
        known.len() == parts.len()
            && known.iter().zip(&parts).all(|(known, part)| *known == "NAME" || known == part)
    })
}
