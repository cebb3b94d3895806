//! The template engine, and what it says when a template is wrong.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::pick;
use crate::config::diagnostic::{Report, Sources, did_you_mean};
use crate::config::resolved::Config;
use crate::config::{Diagnostic, Span};
use crate::grid::{Grid, ValueObject};

pub struct Templates {
    environment: Environment<'static>,
    files: Arc<BTreeMap<String, String>>,
    used: Arc<Mutex<BTreeSet<String>>>,
    /// Where each template is named in the config.
    places: HashMap<String, Span>,
}

impl Templates {
    pub fn new(files: BTreeMap<String, String>) -> Self {
        let files = Arc::new(files);
        let used = Arc::new(Mutex::new(BTreeSet::new()));
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_debug(true);
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true);
        if let Ok(syntax) = syntax.build() {
            environment.set_syntax(syntax);
        }
        environment.add_filter("pick", pick::pick);
        environment.add_filter("sample", pick::sample);
        environment.add_filter("shuffle", pick::shuffle);
        let (from, seen) = (files.clone(), used.clone());
        environment.set_loader(move |name| {
            let source = from.get(name).cloned();
            if source.is_some()
                && let Ok(mut seen) = seen.lock()
            {
                seen.insert(name.to_owned());
            }
            Ok(source)
        });
        Self { environment, files, used, places: HashMap::new() }
    }

    /// Compiles a template file; a missing or broken one is reported at the place that names it.
    pub fn file(&mut self, name: &str, at: Span, report: &mut Report) -> bool {
        self.places.insert(name.to_owned(), at);
        if !self.files.contains_key(name) {
            let found =
                Diagnostic::error("template", format!("there is no template `prompts/{name}`")).at(at);
            report.push(match did_you_mean(name, self.files.keys().map(String::as_str)) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help("templates are looked up in `prompts/`, in the project's root"),
            });
            return false;
        }
        self.compiles(name, report)
    }

    /// Compiles a template that stands in the config itself.
    pub fn inline(&mut self, name: &str, source: &str, at: Span, report: &mut Report) -> bool {
        self.places.insert(name.to_owned(), at);
        if let Err(error) = self.environment.add_template_owned(name.to_owned(), source.to_owned()) {
            let found = self.diagnostic(name, &error, &mut report.sources);
            report.push(found);
            return false;
        }
        true
    }

    fn compiles(&self, name: &str, report: &mut Report) -> bool {
        match self.environment.get_template(name) {
            Ok(_) => true,
            Err(error) => {
                let found = self.diagnostic(name, &error, &mut report.sources);
                report.push(found);
                false
            }
        }
    }

    pub fn render(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        let text = self.environment.get_template(name)?.render(context)?;
        Ok(text.trim().to_owned())
    }

    /// Names and texts of the files that were read so far.
    pub fn used(&self) -> Vec<(String, String)> {
        let used = self.used.lock().map(|used| used.clone()).unwrap_or_default();
        used.into_iter().filter_map(|name| Some((name.clone(), self.files.get(&name)?.clone()))).collect()
    }

    /// Reports variables that no cell has, attributes that no value has, and bare comparisons.
    pub fn check_variables(&self, used: &[&str], config: &Config, grid: &Grid, report: &mut Report) {
        let axes: Vec<&str> = grid.axes.iter().map(|axis| &*axis.name).collect();
        let known: Vec<&str> = axes.iter().copied().chain(["lists", "items", "ask"]).collect();
        for name in used {
            let Ok(template) = self.environment.get_template(name) else {
                continue;
            };
            let source = template.source().to_owned();
            let globals: BTreeSet<String> =
                self.environment.globals().map(|(name, _)| name.to_owned()).collect();
            for variable in template.undeclared_variables(true) {
                let mut parts = variable.split('.');
                let root = parts.next().unwrap_or_default();
                let attribute = parts.next();
                if globals.contains(root) {
                    continue;
                }
                if !known.contains(&root) {
                    let found = self.point(
                        name,
                        &source,
                        root,
                        "undefined-variable",
                        format!("`{root}` is not defined"),
                        report,
                    );
                    report.push(match did_you_mean(root, known.iter().copied()) {
                        Some(near) => found.help(format!("did you mean `{near}`?")),
                        None => found.help(format!("defined here: {}", known.join(", "))),
                    });
                } else if let Some(attribute) = attribute {
                    let names: Vec<&str> = match grid.axes.iter().find(|axis| &*axis.name == root) {
                        Some(axis) => attribute_names(&axis.values),
                        None if root == "lists" => {
                            config.lists.iter().map(|list| list.name.as_str()).collect()
                        }
                        None => continue,
                    };
                    if !names.contains(&attribute) {
                        let what = match root {
                            "lists" => format!("there is no list `{attribute}`"),
                            axis => {
                                format!("no value of axis `{axis}` has an attribute `{attribute}`")
                            }
                        };
                        let found = self.point(name, &source, attribute, "undefined-variable", what, report);
                        report.push(match did_you_mean(attribute, names.iter().copied()) {
                            Some(near) => found.help(format!("did you mean `{near}`?")),
                            None => found.help(format!("there is: {}", names.join(", "))),
                        });
                    }
                }
            }
            if let Some(axis) = bare_comparison(&source, &axes) {
                let what = format!("`{axis}` is a value with attributes, not a text, so this is never true");
                let found = self.point(name, &source, axis, "bare-value", what, report);
                report.push(found.help(format!("compare its name: `{axis}.name == '…'`")));
            }
        }
    }

    /// A finding at the first place where a word stands in a template.
    fn point(
        &self,
        name: &str,
        source: &str,
        word: &str,
        code: &'static str,
        message: String,
        report: &mut Report,
    ) -> Diagnostic {
        let start = first_in_tag(source, word).unwrap_or(0);
        self.place(name, source, start..start + word.len(), code, message, &mut report.sources)
    }

    /// A finding in a template: in its file, or at the config's line that holds it.
    fn place(
        &self,
        name: &str,
        source: &str,
        range: std::ops::Range<usize>,
        code: &'static str,
        message: String,
        sources: &mut Sources,
    ) -> Diagnostic {
        let shown = match self.files.contains_key(name) {
            true => format!("prompts/{name}"),
            false => name.to_owned(),
        };
        let id = sources.add(shown, source);
        Diagnostic::error(code, message).at(Span { source: id, start: range.start, end: range.end })
    }

    /// What a template error says, at its source line.
    pub fn diagnostic(&self, name: &str, error: &minijinja::Error, sources: &mut Sources) -> Diagnostic {
        let mut innermost = error;
        while let Some(inner) =
            std::error::Error::source(innermost).and_then(|e| e.downcast_ref::<minijinja::Error>())
        {
            innermost = inner;
        }
        let said = match innermost.detail() {
            Some(detail) => format!("{}: {detail}", innermost.kind()),
            None => innermost.kind().to_string(),
        };
        let code = match innermost.kind() {
            ErrorKind::UndefinedError => "undefined-variable",
            ErrorKind::TemplateNotFound => "template",
            _ => "template-error",
        };
        let place = innermost.name().unwrap_or(name).to_owned();
        let Some(source) = innermost.template_source().or(error.template_source()) else {
            let found = Diagnostic::error(code, said);
            return match self.places.get(&place).or(self.places.get(name)) {
                Some(_) => found.help(format!("in the template `{place}`")),
                None => found,
            };
        };
        let range = innermost.range().unwrap_or_else(|| line_range(source, innermost.line().unwrap_or(1)));
        self.place(&place, source, range, code, said, sources)
    }
}

fn line_range(source: &str, line: usize) -> std::ops::Range<usize> {
    let start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = source[start..].lines().next().unwrap_or("").len();
    start..start + length
}

fn attribute_names(values: &[Arc<ValueObject>]) -> Vec<&str> {
    let mut names = vec!["name"];
    for value in values {
        for name in value.attribute_names() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The insides of `{{ … }}` and `{% … %}`, with where each begins.
fn tags(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let open = at + source[at..].find("{{").into_iter().chain(source[at..].find("{%")).min()?;
        let close = match &source[open..open + 2] {
            "{{" => "}}",
            _ => "%}",
        };
        let inside = open + 2;
        let end = source[inside..].find(close).map_or(source.len(), |found| inside + found);
        at = end;
        Some((inside, &source[inside..end]))
    })
}

fn first_in_tag(source: &str, word: &str) -> Option<usize> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    tags(source).find_map(|(start, tag)| {
        tag.match_indices(word)
            .find(|(at, _)| {
                !is_word(tag[..*at].chars().next_back()) && !is_word(tag[at + word.len()..].chars().next())
            })
            .map(|(at, _)| start + at)
    })
}

fn bare_comparison<'a>(source: &str, axes: &[&'a str]) -> Option<&'a str> {
    tags(source).find_map(|(_, tag)| crate::grid::compared_bare(tag, axes.iter().copied()))
}
