//! Just enough of Jinja's tokens to say where a name stands and how it is compared.

/// A word, a literal or a sign inside a tag, with its place in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    pub at: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Name,
    Text,
    Sign,
}

/// The tokens of each `{{ … }}` and `{% … %}` of a template; comments and raw blocks have none.
pub fn tags(source: &str) -> Vec<Vec<Token<'_>>> {
    let mut out = Vec::new();
    let mut at = 0;
    let mut raw = false;
    while let Some(open) = next_open(source, at) {
        let close = match &source[open..open + 2] {
            "{{" => "}}",
            "{#" => "#}",
            _ => "%}",
        };
        let inside = open + 2;
        if close == "#}" {
            at = source[inside..].find(close).map_or(source.len(), |end| inside + end + 2);
            continue;
        }
        let (tokens, end) = expression(source, inside, Some(close));
        at = end;
        let first = tokens.first().map(|token| token.text);
        match (raw, close, first) {
            (true, "%}", Some("endraw")) => raw = false,
            (true, _, _) => {}
            (false, "%}", Some("raw")) => raw = true,
            _ => out.push(tokens),
        }
    }
    out
}

fn next_open(source: &str, from: usize) -> Option<usize> {
    ["{{", "{%", "{#"].iter().filter_map(|open| source[from..].find(open)).min().map(|at| from + at)
}

/// The tokens from a place to a closing mark or the end, and where that is.
pub fn expression<'a>(source: &'a str, from: usize, close: Option<&str>) -> (Vec<Token<'a>>, usize) {
    let mut out = Vec::new();
    let mut rest = source[from..].char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        let at = from + offset;
        if close.is_some_and(|close| source[at..].starts_with(close)) {
            return (out, at + 2);
        }
        if c.is_whitespace() {
            continue;
        }
        let (kind, end) = if c == '"' || c == '\'' {
            let mut escaped = false;
            let mut end = source.len();
            for (offset, inner) in rest.by_ref() {
                if inner == c && !escaped {
                    end = from + offset + 1;
                    break;
                }
                escaped = inner == '\\' && !escaped;
            }
            (Kind::Text, end)
        } else if c.is_alphanumeric() || c == '_' {
            let mut end = at + c.len_utf8();
            while let Some((offset, inner)) = rest.peek().copied() {
                if !(inner.is_alphanumeric() || inner == '_') {
                    break;
                }
                end = from + offset + inner.len_utf8();
                rest.next();
            }
            (Kind::Name, end)
        } else {
            let mut end = at + c.len_utf8();
            if matches!(c, '=' | '!' | '<' | '>') && rest.peek().is_some_and(|(_, next)| *next == '=') {
                rest.next();
                end += 1;
            }
            (Kind::Sign, end)
        };
        out.push(Token { kind, text: &source[at..end], at });
    }
    (out, source.len())
}

/// Where a name is first read, outside literals and not as an attribute.
pub fn first_use(source: &str, name: &str) -> Option<usize> {
    tags(source).iter().find_map(|tag| {
        let read = |(index, token): &(usize, &Token)| {
            token.kind == Kind::Name && token.text == name && !follows_dot(tag, *index)
        };
        tag.iter().enumerate().find(read).map(|(_, token)| token.at)
    })
}

/// Where `root.attribute` stands first.
pub fn first_attribute(source: &str, root: &str, attribute: &str) -> Option<usize> {
    tags(source).iter().find_map(|tag| {
        tag.windows(3)
            .find(|three| three[0].text == root && three[1].text == "." && three[2].text == attribute)
            .map(|three| three[2].at)
    })
}

fn follows_dot(tag: &[Token], index: usize) -> bool {
    index > 0 && tag[index - 1].text == "."
}

/// The axis that a template compares as if it were its name, such as `emotion == 'joy'`, and where.
///
/// Such a comparison is never true, since a value is more than its name. Names that the template
/// gives a meaning of its own are left alone.
pub fn bare_comparison<'a>(source: &str, axes: &[&'a str]) -> Option<(&'a str, usize)> {
    let tags = tags(source);
    let own: Vec<&str> = tags.iter().flat_map(|tag| assigned(tag)).collect();
    let axes: Vec<&'a str> = axes.iter().copied().filter(|axis| !own.contains(axis)).collect();
    tags.iter().find_map(|tag| compared(tag, &axes))
}

/// The same for one expression, such as that of an `if` in a rule.
pub fn bare_comparison_in<'a>(expression: &str, axes: &[&'a str]) -> Option<(&'a str, usize)> {
    compared(&self::expression(expression, 0, None).0, axes)
}

/// Names that a `set`, `for`, `macro`, `with` or `import` tag brings.
fn assigned<'a>(tag: &[Token<'a>]) -> Vec<&'a str> {
    let names = |tokens: &[Token<'a>]| {
        tokens.iter().filter(|token| token.kind == Kind::Name).map(|token| token.text).collect()
    };
    match tag.first().map(|token| token.text) {
        Some("for") => names(&tag[1..tag.iter().position(|token| token.text == "in").unwrap_or(1)]),
        Some("set" | "with" | "macro" | "call" | "from" | "import") => names(&tag[1..]),
        _ => Vec::new(),
    }
}

fn compared<'a>(tag: &[Token], axes: &[&'a str]) -> Option<(&'a str, usize)> {
    let is_loop = tag.first().is_some_and(|token| token.text == "for");
    tag.iter().enumerate().find_map(|(index, token)| {
        let axis = axes.iter().find(|axis| token.kind == Kind::Name && **axis == token.text)?;
        let text = |at: Option<usize>| at.and_then(|at| tag.get(at)).map_or("", |token| token.text);
        let (before, after) = (text(index.checked_sub(1)), text(Some(index + 1)));
        let then = text(Some(index + 2));
        if before == "." || matches!(after, "." | "[" | "(") {
            return None;
        }
        // Compared with another axis' value it may well be meant.
        let other_side = |text: &str| !axes.contains(&text);
        let forward = matches!(after, "==" | "!=") && other_side(then)
            || after == "in" && !is_loop
            || after == "not" && then == "in"
            || after == "is" && matches!(then, "eq" | "equalto" | "ne" | "in");
        let backward = matches!(before, "==" | "!=") && other_side(text(index.checked_sub(2)))
            || before == "in" && !is_loop;
        (forward || backward && after != "|").then_some((*axis, token.at))
    })
}

/// The filters that a template uses, each with the place where it stands first.
pub fn filters(source: &str) -> Vec<(&str, usize)> {
    let mut out: Vec<(&str, usize)> = Vec::new();
    for tag in tags(source) {
        let block = tag.first().is_some_and(|token| token.text == "filter");
        let begins = if block { tag.get(1) } else { None };
        let after_bars = tag.windows(2).filter(|two| two[0].text == "|").map(|two| &two[1]);
        for token in after_bars.chain(begins).filter(|token| token.kind == Kind::Name) {
            if !out.iter().any(|(known, _)| *known == token.text) {
                out.push((token.text, token.at));
            }
        }
    }
    out
}

/// The keys of `root` that a template reads, as `root.key` or `root['key']`; `None` where it reads
/// others too.
pub fn keys_read(source: &str, root: &str) -> Option<Vec<String>> {
    let mut out = Vec::new();
    for tag in tags(source) {
        for (index, token) in tag.iter().enumerate() {
            if token.kind != Kind::Name || token.text != root || follows_dot(&tag, index) {
                continue;
            }
            let next = |steps: usize| tag.get(index + steps).copied();
            match (next(1).map(|token| token.text), next(2)) {
                (Some("."), Some(key)) => out.push(key.text.to_owned()),
                (Some("["), Some(key)) if key.kind == Kind::Text => {
                    out.push(key.text.trim_matches(['"', '\'']).to_owned());
                }
                _ => return None,
            }
        }
    }
    Some(out)
}

/// Whether a template includes, imports or extends a file whose name is not written out.
pub fn reads_any_file(source: &str) -> bool {
    tags(source).iter().any(|tag| {
        matches!(tag.first().map(|token| token.text), Some("include" | "import" | "from" | "extends"))
            && tag.get(1).is_some_and(|token| token.kind == Kind::Name)
    })
}

/// The files that a template includes, imports or extends by a name written out.
pub fn files(source: &str) -> Vec<String> {
    let names = tags(source).into_iter().filter_map(|tag| {
        let first = tag.first()?.text;
        let named = matches!(first, "include" | "import" | "from" | "extends");
        let text = tag.iter().find(|token| token.kind == Kind::Text).filter(|_| named)?.text;
        Some(text.trim_matches(['"', '\'']).to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_comparisons_are_told_from_good_ones() {
        let axes = ["emotion", "context"];
        for (source, expected) in [
            ("emotion == 'joy'", Some("emotion")),
            ("'joy' == emotion", Some("emotion")),
            ("emotion.name == 'joy'", None),
            ("emotion.polarity != 'x' and context  in  ['a', 'b']", Some("context")),
            ("emotion in ('joy',)", Some("emotion")),
            ("'jo' in emotion", Some("emotion")),
            ("emotion is eq('joy')", Some("emotion")),
            ("emotion.name in ['emotion']", None),
            ("'emotion' == context.name", None),
            ("my_emotion == 'x'", None),
            ("emotion | upper == 'JOY'", None),
            ("emotion is defined", None),
        ] {
            let found = bare_comparison_in(source, &axes).map(|(axis, _)| axis);
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn names_that_the_template_makes_its_own_are_left_alone() {
        let axes = ["emotion"];
        for (source, bare) in [
            ("{% if emotion == 'joy' %}x{% endif %}", true),
            ("{% set emotion = emotion.name %}{% if emotion == 'joy' %}x{% endif %}", false),
            ("{% for emotion in ['joy'] %}{{ emotion == 'joy' }}{% endfor %}", false),
            ("{% for e in emotion.examples %}{{ e }}{% endfor %}", false),
            ("{# emotion == 'joy' #}{% raw %}{{ emotion == 'joy' }}{% endraw %}", false),
            ("emotion == 'joy'", false),
            ("{{ \"emotion == 'joy'\" }}", false),
        ] {
            assert_eq!(bare_comparison(source, &axes).is_some(), bare, "{source}");
        }
    }

    #[test]
    fn places_are_those_of_names_and_not_of_texts() {
        let source = "weather {{ 'weather' ~ x.weather ~ weather }}";
        assert_eq!(first_use(source, "weather"), Some(source.rfind("weather").unwrap()));
        assert_eq!(first_attribute(source, "x", "weather"), Some(source.find("x.weather").unwrap() + 2));
        assert_eq!(
            files("{% include 'a.j2' %}{% from \"b.j2\" import x %}{% include y %}"),
            ["a.j2", "b.j2"]
        );
    }

    #[test]
    fn filters_are_found_where_they_stand_first() {
        let source = "{{ a | one | two('|three') }} | four {% filter five %}{{ b|one }}{% endfilter %}";
        let names: Vec<_> =
            filters(source).into_iter().map(|(name, at)| (name, &source[at..at + name.len()])).collect();
        assert_eq!(names, [("one", "one"), ("two", "two"), ("five", "five")]);
    }

    #[test]
    fn keys_are_those_that_are_written_out() {
        for (source, keys) in [
            ("{{ lists.a | pick }} {{ x.lists.b }} {{ lists['c-d'] }} lists.e", Some(vec!["a", "c-d"])),
            ("{{ lists[emotion.name] }}", None),
            ("{% set all = lists %}", None),
            ("{# lists.a #}", Some(vec![])),
        ] {
            let found = keys_read(source, "lists");
            let found = found.as_ref().map(|found| found.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(found, keys, "{source}");
        }
        assert!(reads_any_file("{% include name %}") && !reads_any_file("{% include 'a.j2' %}"));
    }
}
