//! The table as a list of paths, and as the reference in the documentation.

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
    static WHOLE: Kind = Kind::Section(&CONFIG);
    let mut tables = Vec::new();
    gather(&WHOLE, "", &mut tables);
    let mut out = String::new();
    for Table { paths, section } in tables {
        let mut quoted = paths.iter().map(|path| format!("`{path}`"));
        let first = quoted.next().filter(|_| !paths[0].is_empty()).unwrap_or("The whole config".to_owned());
        out.push_str(&format!("\n### {first}\n\n"));
        let others: Vec<String> = quoted.collect();
        if !others.is_empty() {
            out.push_str(&format!("These are also the keys of {}.\n\n", others.join(", ")));
        }
        out.push_str("| key | value | default | what it does |\n| --- | --- | --- | --- |\n");
        for key in section.keys {
            let default = if key.default.is_empty() { "–" } else { key.default };
            let (expected, doc) = (key.kind.expected(), linked(key.doc));
            out.push_str(&format!("| `{}` | {expected} | {default} | {doc} |\n", key.name));
        }
    }
    out
}

/// A section, and where it stands.
struct Table {
    paths: Vec<String>,
    section: &'static Section,
}

/// Adds the sections within a kind in the table's order, each once.
fn gather(kind: &'static Kind, path: &str, out: &mut Vec<Table>) {
    let section = match kind {
        Kind::Section(section) => section,
        Kind::Named(inner) => return gather(inner, &join(path, "NAME"), out),
        Kind::Variants => {
            static ONE: Kind = Kind::Section(&VARIANT);
            return gather(&ONE, &join(path, "NAME"), out);
        }
        Kind::List(inner) => return gather(inner, path, out),
        Kind::Either(kinds) => return kinds.iter().for_each(|kind| gather(kind, path, out)),
        _ => return,
    };
    match out.iter_mut().find(|table| std::ptr::eq(table.section, *section)) {
        Some(table) => table.paths.push(path.to_owned()),
        None => out.push(Table { paths: vec![path.to_owned()], section }),
    }
    for key in section.keys {
        gather(&key.kind, &join(path, key.name), out);
    }
}

/// A doc with each page that it names as a link from `docs/`.
fn linked(doc: &str) -> String {
    let mut out = String::new();
    let mut rest = doc;
    while let Some((before, after)) = rest.split_once("docs/") {
        let end = after.find(".md").map_or(0, |at| at + ".md".len());
        let (page, behind) = after.split_at(end);
        out.push_str(&format!("{before}[{page}]({page})"));
        rest = behind;
    }
    out + rest
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
