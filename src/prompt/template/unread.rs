//! What a config offers and no template reads.

use std::collections::BTreeSet;

use crate::config::Diagnostic;
use crate::config::diagnostic::{Report, cut};
use crate::config::resolved::Config;

/// Warns of axes that no template reads, once for all of them.
pub fn axes(config: &Config, read: &BTreeSet<String>, report: &mut Report) {
    let unread: Vec<_> = config.axes.iter().filter(|axis| !read.contains(&axis.name)).collect();
    let Some(first) = unread.iter().find(|axis| axis.label).or(unread.first()) else { return };
    let mut names: Vec<String> = unread.iter().take(5).map(|axis| format!("`{}`", axis.name)).collect();
    if unread.len() > 5 {
        names.push("…".into());
    }
    let what = match first.label {
        true => "texts would get labels that the model was not told of",
        false => "it makes no difference to the texts",
    };
    let found = Diagnostic::warning("unread-axis", format!("no template reads {}: {what}", names.join(", ")))
        .help(format!("write `{{{{ {} }}}}` in a template; single braces are plain text", first.name));
    report.push(match first.at {
        Some(span) => found.at(span),
        None => found,
    });
}

/// Warns of exemplars that no template shows.
pub fn exemplars(config: &Config, read: &BTreeSet<String>, report: &mut Report) {
    if let Some(exemplars) = config.exemplars.as_ref().filter(|_| !read.contains("exemplars")) {
        report.push(
            Diagnostic::warning("unused-list", "no template shows the `exemplars`")
                .at(exemplars.at)
                .help("write `{% for row in exemplars %}- {{ row.text }}{% endfor %}` in a template, or remove them"),
        );
    }
}

/// Warns of each list that no template reads.
pub fn lists(config: &Config, read: &BTreeSet<String>, report: &mut Report) {
    for list in config.lists.iter().filter(|list| !read.contains(&list.name)) {
        report.push(
            Diagnostic::warning("unused-list", format!("no template reads the list `{}`", cut(&list.name)))
                .at(list.at)
                .help(format!(
                    "write `{{{{ {} | pick }}}}` in a template, or remove it",
                    list_path(&list.name)
                )),
        );
    }
}

/// How a template reads a list.
pub fn list_path(name: &str) -> String {
    match name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
    {
        true => format!("lists.{name}"),
        false => format!("lists['{name}']"),
    }
}
