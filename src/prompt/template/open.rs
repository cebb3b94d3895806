//! What a template opens and never closes.

use std::ops::Range;

/// Something that is open where a template ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Open<'a> {
    /// Where its tag stands.
    pub at: Range<usize>,
    pub what: What<'a>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A tag without its end, such as `{{` without `}}`.
    Tag { sign: &'static str, end: &'static str },
    /// A statement whose body has no end, by its word, such as `if`.
    Statement(&'a str),
}

impl Open<'_> {
    /// What would close it.
    pub fn end(&self) -> String {
        match self.what {
            What::Tag { end, .. } => end.to_owned(),
            What::Statement(word) => format!("{{% end{word} %}}"),
        }
    }

    /// Itself, as a message shows it.
    pub fn shown(&self) -> String {
        match self.what {
            What::Tag { sign, .. } => sign.to_owned(),
            What::Statement(word) => format!("{{% {word} … %}}"),
        }
    }
}

/// Statements that have a body; `set` has one where it assigns nothing.
const BODIES: &[&str] =
    &["if", "for", "macro", "call", "with", "filter", "block", "autoescape", "set", "raw"];

const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// What a template opened last of all that it leaves open; `None` where all is closed.
pub fn last(source: &str) -> Option<Open<'_>> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(start) = source[at..].find('{').map(|found| at + found) {
        let rest = &source[start..];
        let Some((sign, end)) = TAGS.into_iter().find(|(sign, _)| rest.starts_with(sign)) else {
            at = start + 1;
            continue;
        };
        let Some(length) = length(rest, sign, end) else {
            return Some(Open { at: start..start + sign.len(), what: What::Tag { sign, end } });
        };
        at = start + length;
        if sign != "{%" {
            continue;
        }
        let inner = rest[2..length - 2].trim_matches(['-', '+']).trim();
        let word = inner.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if let Some(ends) = word.strip_prefix("end") {
            open.pop_if(|open| open.what == What::Statement(ends));
        } else if BODIES.contains(&word) && !(word == "set" && inner.contains('=')) {
            let body = &source[at..];
            open.push(Open { at: start..at, what: What::Statement(word) });
            if word == "raw" {
                // Nothing in it is a tag but its own end.
                at += body.find("endraw").and_then(|end| body[..end].rfind("{%")).unwrap_or(body.len());
            }
        }
    }
    open.pop()
}

/// How long a tag is, with both signs; texts in quotes hold no end of it.
fn length(tag: &str, sign: &str, end: &str) -> Option<usize> {
    if sign == "{#" {
        return tag.find(end).map(|at| at + end.len());
    }
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in tag.char_indices().skip(2) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(mark) if c == mark => quote = None,
            Some(_) => {}
            None if tag[at..].starts_with(end) => return Some(at + end.len()),
            None if c == '"' || c == '\'' => quote = Some(c),
            None => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_named_with_its_end() {
        for (source, expected) in [
            ("plain { text } of {{ a }} and {% set x = 1 %}{# note", Some("#}")),
            ("Hello {% if items %} x", Some("{% endif %}")),
            ("{%- for a in b -%} x {% if c %} y {% endif %}", Some("{% endfor %}")),
            ("{% macro f(a='%}') %} x", Some("{% endmacro %}")),
            ("{% block b %} x {% endblock %}{% set x %} y", Some("{% endset %}")),
            ("{% if a %}{% else %} x", Some("{% endif %}")),
            ("{% call f() %}{% filter upper %}{% endfilter %}", Some("{% endcall %}")),
            ("{% with a = 1 %} x", Some("{% endwith %}")),
            ("{% raw %} {{ {% if", Some("{% endraw %}")),
            ("{% raw %} {{ {% if a %} {% endraw %} x", None),
            ("x {{ emotion .", Some("}}")),
            ("x {{ 'a\\' }}' | upper", Some("}}")),
            ("x {% if emotion", Some("%}")),
            ("{{ '}}' }}{% if a %}{% endif %}", None),
            ("", None),
        ] {
            assert_eq!(last(source).map(|open| open.end()).as_deref(), expected, "{source}");
        }
    }
}
