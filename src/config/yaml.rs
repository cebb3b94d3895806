//! YAML as a tree in which every key and value knows where it stands.

mod fault;

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{MergeKeyPolicy, Spanned};

use super::diagnostic::{Diagnostic, SourceId, Sources, Span, cut};

/// A YAML value with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub value: Yaml,
    /// The letters of a number, `true` or `false`: as a name, `010` and `1.10` are what they are written as.
    pub(super) written: Option<Box<str>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Yaml {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
    /// Something whose mistake was reported: absent, and nothing more is said of it.
    Wrong,
}

/// A mapping's key with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub span: Span,
    pub text: String,
}

impl Node {
    pub fn new(span: Span, value: Yaml) -> Self {
        Self { span, value, written: None }
    }

    /// The value under a key of a mapping; `null` and what is wrong count as absent.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.named(key).map(|(_, node)| node).filter(|node| !matches!(node.value, Yaml::Null | Yaml::Wrong))
    }

    /// A key of a mapping with its value, whatever that is.
    pub fn named(&self, key: &str) -> Option<&(Name, Node)> {
        self.entries().iter().find(|(name, _)| name.text == key)
    }

    /// Whether a mistake about this key was reported, so that its absence is none.
    pub fn excuses(&self, key: &str) -> bool {
        self.value == Yaml::Wrong || self.named(key).is_some_and(|(_, node)| node.value == Yaml::Wrong)
    }

    /// A scalar's text as a name: `5`, `true` and `joy` are all names.
    pub fn scalar(&self) -> Option<String> {
        match &self.value {
            Yaml::Text(text) => Some(text.clone()),
            Yaml::Bool(_) | Yaml::Whole(_) | Yaml::Number(_) if self.written.is_some() => {
                self.written.as_deref().map(str::to_owned)
            }
            Yaml::Bool(yes) => Some(yes.to_string()),
            Yaml::Whole(number) => Some(number.to_string()),
            Yaml::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A mapping's entries; nothing for any other value.
    pub fn entries(&self) -> &[(Name, Node)] {
        match &self.value {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// A list's items; nothing for any other value.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Yaml::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self.value {
            Yaml::Whole(number) => Some(number as f64),
            Yaml::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn whole(&self) -> Option<i64> {
        match self.value {
            Yaml::Whole(number) => Some(number),
            _ => None,
        }
    }

    pub fn bool(&self) -> Option<bool> {
        match self.value {
            Yaml::Bool(yes) => Some(yes),
            _ => None,
        }
    }

    /// What the value is, for "expected a number, found …": numbers as they are written.
    pub fn found(&self, sources: &Sources) -> String {
        let written = || sources.at(self.span).trim();
        match &self.value {
            Yaml::Null | Yaml::Wrong => "found nothing".into(),
            Yaml::Bool(_) | Yaml::Whole(_) | Yaml::Number(_) if !written().is_empty() => {
                format!("found `{}`", cut(written()))
            }
            Yaml::Bool(yes) => format!("found `{yes}`"),
            Yaml::Whole(number) => format!("found `{number}`"),
            Yaml::Number(number) => format!("found `{number}`"),
            Yaml::Text(text) if text.is_empty() => "found an empty text".into(),
            Yaml::Text(text) if text.chars().count() <= 40 => format!("found the text `{text}`"),
            Yaml::Text(_) => "found a text".into(),
            Yaml::List(items) if items.is_empty() => "found an empty list".into(),
            Yaml::List(_) => "found a list".into(),
            Yaml::Map(_) => "found a mapping".into(),
        }
    }

    /// The same value without places, as JSON; keys keep their order.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.value {
            Yaml::Null | Yaml::Wrong => Value::Null,
            Yaml::Bool(yes) => Value::Bool(*yes),
            Yaml::Whole(number) => Value::from(*number),
            Yaml::Number(number) => Value::from(*number),
            Yaml::Text(text) => Value::String(text.clone()),
            Yaml::List(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            Yaml::Map(entries) => Value::Object(
                entries.iter().map(|(name, node)| (name.text.clone(), node.to_json())).collect(),
            ),
        }
    }
}

/// Reads one YAML document; an empty one is an empty mapping.
///
/// # Errors
/// A diagnostic with the place where the text stops being YAML. Merge keys (`<<`), duplicate
/// keys, tags of one's own and texts that expand beyond a sane size are refused.
pub fn parse(sources: &Sources, source: SourceId) -> Result<Node, Diagnostic> {
    let whole = Span { source, start: 0, end: 0 };
    Ok(document(sources, source)?.unwrap_or_else(|| Node::new(whole, Yaml::Map(Vec::new()))))
}

/// The same; `None` of an empty document, and of `null`.
///
/// # Errors
/// As of `parse`.
pub fn document(sources: &Sources, source: SourceId) -> Result<Option<Node>, Diagnostic> {
    let text = sources.text(source);
    let options = serde_saphyr::options! {
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    match serde_saphyr::from_str_with_options::<Option<Spanned<Tree>>>(text, options) {
        Ok(tree) => Ok(tree.map(|tree| place(tree, source, text))),
        Err(error) => Err(fault::explained(&error, text, source)),
    }
}

fn place(tree: Spanned<Tree>, source: SourceId, text: &str) -> Node {
    let span = span_of(tree.referenced, source);
    let written = match tree.value {
        // Of an alias, where it says what that stands for.
        Tree::Bool(_) | Tree::Whole(_) | Tree::Number(_) => letters(span_of(tree.defined, source), text),
        _ => None,
    };
    let value = match tree.value {
        Tree::Null => Yaml::Null,
        Tree::Bool(yes) => Yaml::Bool(yes),
        Tree::Whole(number) => Yaml::Whole(number),
        Tree::Number(number) => Yaml::Number(number),
        Tree::Text(text) => Yaml::Text(text),
        Tree::List(items) => Yaml::List(items.into_iter().map(|item| place(item, source, text)).collect()),
        Tree::Map(entries) => Yaml::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let span = span_of(key.referenced, source);
                    (Name { span, text: key.value.0 }, place(value, source, text))
                })
                .collect(),
        ),
    };
    Node { span: whole(span, &value, text), value, written }
}

/// What stands at a place, without an anchor or a tag.
fn letters(span: Span, text: &str) -> Option<Box<str>> {
    let written = text.get(span.start..span.end)?.split_whitespace().next_back()?;
    (!written.starts_with(['*', '&', '!'])).then(|| written.into())
}

/// The span of a collection, which the parser places at its beginning alone: to its closing bracket,
/// or to the end of what stands last in it.
fn whole(span: Span, value: &Yaml, text: &str) -> Span {
    let last = match value {
        Yaml::List(items) => items.last().map(|item| item.span),
        Yaml::Map(entries) => entries
            .last()
            .map(|(name, node)| if node.span.end > name.span.end { node.span } else { name.span }),
        _ => return span,
    };
    let bracket = match text.as_bytes().get(span.start) {
        Some(b'[') => ']',
        Some(b'{') => '}',
        // An alias stands for what is elsewhere.
        Some(b'*') => return span,
        _ => {
            let end = last.map_or(span.end, |last| last.end.max(span.end));
            return Span { end, ..span };
        }
    };
    let from = last.map_or(span.start + 1, |last| last.end.max(span.start + 1));
    let end = text.get(from..).and_then(|rest| rest.find(bracket)).map_or(span.end, |at| from + at + 1);
    Span { end, ..span }
}

fn span_of(location: serde_saphyr::Location, source: SourceId) -> Span {
    let span = location.span();
    let start = span.byte_offset().unwrap_or(0) as usize;
    Span { source, start, end: start + span.byte_len().unwrap_or(1) as usize }
}

/// The tree as serde-saphyr hands it over, before places are flattened into it.
enum Tree {
    Null,
    Bool(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(Spanned<KeyText>, Spanned<Tree>)>),
}

/// A key, which is text whatever it looks like.
struct KeyText(String);

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(KeyText)
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(i64::try_from(number).map_or(Tree::Number(number as f64), Tree::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Sources, Result<Node, Diagnostic>) {
        let mut sources = Sources::default();
        let id = sources.add("test.yaml", text);
        let node = parse(&sources, id);
        (sources, node)
    }

    #[test]
    fn values_keep_their_types_and_their_places() {
        let text = "a: 1\nb: [x, \"8080\", 2.5, true, ~, no]\nc:\n  d: |\n    two\n    lines\n7: seven\n";
        let (sources, node) = read(text);
        let node = node.unwrap();
        let at = |node: &Node| &sources.text(node.span.source)[node.span.start..node.span.end];
        assert_eq!(node.get("a").unwrap().value, Yaml::Whole(1));
        let list = node.get("b").unwrap();
        assert_eq!(list.to_json(), serde_json::json!(["x", "8080", 2.5, true, null, "no"]));
        assert_eq!(at(&list.items()[0]), "x");
        assert_eq!(at(&list.items()[1]), "\"8080\"");
        let d = node.get("c").unwrap().get("d").unwrap();
        assert_eq!(d.text(), Some("two\nlines\n"));
        assert_eq!(node.get("7").unwrap().text(), Some("seven"));
        let key = &node.entries()[1].0;
        assert_eq!(&text[key.span.start..key.span.end], "b");
    }

    #[test]
    fn a_name_is_what_is_written() {
        let (_, node) = read("a: [010, 1.10, 0x1f, 1e3, True, 1., &x 1_0, *x, '5', joy]\n");
        let node = node.unwrap();
        let names: Vec<_> = node.get("a").unwrap().items().iter().filter_map(Node::scalar).collect();
        assert_eq!(names, ["010", "1.10", "0x1f", "1e3", "True", "1.", "1_0", "1_0", "5", "joy"]);
    }

    #[test]
    fn collections_have_the_places_of_all_that_is_in_them() {
        let text = "a: [x, [y], {z: 1} ]\nb: { c: [], d: } # }\ne:\n  f: 1\n  g: two\nh:\n  - i\n  - [j]\nk: &k [l]\nm: *k\n";
        let (_, node) = read(text);
        let node = node.unwrap();
        let at = |key: &str| {
            let span = node.get(key).unwrap().span;
            &text[span.start..span.end]
        };
        for (key, whole) in [
            ("a", "[x, [y], {z: 1} ]"),
            ("b", "{ c: [], d: }"),
            ("e", "f: 1\n  g: two"),
            ("h", "- i\n  - [j]"),
            ("k", "[l]"),
            ("m", "*k"),
        ] {
            assert_eq!(at(key), whole, "{key}");
        }
    }

    #[test]
    fn what_is_no_yaml_is_said_with_its_place() {
        for (text, line) in [("a: [1, 2\nb: 3\n", 1), ("a: 1\na: 2\n", 2), ("a: 1\n b: 2\n", 2)] {
            let (sources, node) = read(text);
            let found = node.unwrap_err();
            assert_eq!(found.code, "yaml");
            let span = found.at.unwrap();
            assert_eq!(sources.line_column(span).0, line, "{text:?}: {found:?}");
        }
    }

    #[test]
    fn merge_keys_and_bombs_are_refused() {
        let (_, node) = read("base: &b {x: 1}\nc:\n  <<: *b\n");
        assert!(node.is_err());
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for i in 1..12 {
            let list = vec![format!("*a{}", i - 1); 10].join(",");
            bomb.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        let (_, node) = read(&bomb);
        assert!(node.is_err());
    }

    #[test]
    fn an_empty_file_is_an_empty_mapping() {
        for text in ["", "# nothing\n", "---\n"] {
            let (_, node) = read(text);
            assert_eq!(node.unwrap().entries().len(), 0, "{text:?}");
        }
    }
}
