//! The template engine, and what it says when a template is wrong.

mod fault;
mod open;
mod unread;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::{memo, pick, words};
use crate::config::diagnostic::{Report, Sources, did_you_mean};
use crate::config::resolved::{Config, List};
use crate::config::scalar;
use crate::config::{Diagnostic, Span};
use crate::grid::{GridAxis, ValueObject};
use crate::tokens;

/// The text of a file under `prompts/`, or why it has none.
pub type File = Result<String, String>;

/// More work than any template does that ends: loops that do not are stopped.
const FUEL: u64 = 5_000_000;

pub struct Templates {
    environment: Environment<'static>,
    /// The same, where printing a traced value leaves a gap.
    tracing: OnceLock<Environment<'static>>,
    files: Arc<BTreeMap<String, File>>,
    used: Arc<Mutex<BTreeSet<String>>>,
    /// Templates of the config itself: where each stands there.
    inline: HashMap<String, Span>,
}

impl Templates {
    pub fn new(files: BTreeMap<String, File>) -> Self {
        let files = Arc::new(files);
        let used = Arc::new(Mutex::new(BTreeSet::new()));
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true);
        if let Ok(syntax) = syntax.build() {
            environment.set_syntax(syntax);
        }
        environment.add_filter("pick", pick::pick);
        environment.add_filter("sample", pick::sample);
        environment.add_filter("shuffle", pick::shuffle);
        environment.add_filter("article", words::article);
        environment.add_filter("join_and", words::join_and);
        environment.add_filter("ordinal", words::ordinal);
        environment.add_filter("plural", words::plural);
        let (from, seen) = (files.clone(), used.clone());
        environment.set_loader(move |name| {
            let source = from.get(name).and_then(|file| file.as_ref().ok()).cloned();
            if source.is_some()
                && let Ok(mut seen) = seen.lock()
            {
                seen.insert(name.to_owned());
            }
            Ok(source)
        });
        Self { environment, tracing: OnceLock::new(), files, used, inline: HashMap::new() }
    }

    /// Compiles a template file; a missing or broken one is reported at the place that names it.
    pub fn file(&self, name: &str, at: Span, report: &mut Report) -> bool {
        match self.files.get(name) {
            Some(Ok(_)) => self.compiles(name, report),
            Some(Err(why)) => {
                report.push(Diagnostic::error("template", format!("`prompts/{name}` {why}")).at(at));
                false
            }
            None => {
                report.push(self.missing(name).at(at));
                false
            }
        }
    }

    fn missing(&self, name: &str) -> Diagnostic {
        let found = Diagnostic::error("template", format!("there is no template `prompts/{name}`"));
        let names = || self.files.keys().map(String::as_str);
        let stem = |path: &str| {
            let file = path.rsplit('/').next().unwrap_or(path);
            file.split('.').next().unwrap_or(file).to_owned()
        };
        if let Some(inner) = name.strip_prefix("prompts/")
            && self.files.contains_key(inner)
        {
            return found.help(format!("leave out `prompts/`: `{inner}`"));
        }
        let near = did_you_mean(name, names()).or_else(|| names().find(|known| stem(known) == stem(name)));
        match near {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if self.files.is_empty() => {
                found.help("templates stand under `prompts/`, in the project's root, and there is none yet")
            }
            None => found.help("templates stand under `prompts/`, in the project's root"),
        }
    }

    /// Compiles a template that stands in the config itself.
    pub fn inline(&mut self, name: &str, source: &str, at: Span, report: &mut Report) -> bool {
        self.inline.insert(name.to_owned(), at);
        if let Err(error) = self.environment.add_template_owned(name.to_owned(), source.to_owned()) {
            let found = self.diagnostic(name, Some(source), &error, &mut report.sources);
            report.push(found);
            return false;
        }
        true
    }

    fn compiles(&self, name: &str, report: &mut Report) -> bool {
        match self.environment.get_template(name) {
            Ok(_) => true,
            Err(error) => {
                let found = self.diagnostic(name, None, &error, &mut report.sources);
                report.push(found);
                false
            }
        }
    }

    pub fn render(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(name)?.render(context)
    }

    /// The same with gaps where traced values are printed.
    pub fn render_traced(&self, name: &str, context: Value) -> Result<String, minijinja::Error> {
        let tracing = self.tracing.get_or_init(|| {
            let mut tracing = self.environment.clone();
            tracing.set_formatter(memo::print);
            tracing
        });
        tracing.get_template(name)?.render(context)
    }

    /// Whether printing is all that can become of what a template prints.
    pub fn only_prints(&self, name: &str) -> bool {
        self.environment.get_template(name).is_ok_and(|template| memo::only_prints(template.source()))
    }

    /// Names and texts of the files that were read so far.
    pub fn used(&self) -> Vec<(String, String)> {
        let used = self.used.lock().map(|used| used.clone()).unwrap_or_default();
        let text = |name: &String| self.files.get(name)?.as_ref().ok().cloned();
        used.into_iter().filter_map(|name| Some((name.clone(), text(&name)?))).collect()
    }

    /// Reports variables that no cell has, attributes that no value has, bare comparisons, and axes
    /// that no template reads. `others` are templates of which only the lists count that they read.
    pub fn check_variables(
        &self,
        roots: &[&str],
        others: &[&str],
        config: &Config,
        axes: &[GridAxis],
        report: &mut Report,
    ) {
        let names: Vec<&str> = axes.iter().map(|axis| &*axis.name).collect();
        let known: Vec<&str> = names
            .iter()
            .copied()
            .chain(["lists", "items", "ask"])
            .chain(config.exemplars.as_ref().map(|_| "exemplars"))
            .collect();
        let mut read: BTreeSet<String> = BTreeSet::new();
        // `None` where a template may read any list.
        let mut lists: Option<BTreeSet<String>> = Some(BTreeSet::new());
        let mut any_file = false;
        let mut read_lists = |source: &str| {
            lists = lists.take().zip(tokens::keys_read(source, "lists")).map(|(mut lists, keys)| {
                lists.extend(keys);
                lists
            });
        };
        for name in self.reached(roots) {
            let Ok(template) = self.environment.get_template(&name) else { continue };
            let source = template.source();
            any_file |= tokens::reads_any_file(source);
            self.check_filters(&name, source, report);
            read_lists(source);
            let mut undeclared: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            undeclared.sort();
            read.extend(undeclared.iter().filter_map(|path| path.split('.').next().map(str::to_owned)));
            // What an included file may read depends on who includes it, so only rendering tells.
            if roots.contains(&name.as_str()) {
                self.check_undefined(&name, source, &undeclared, &known, config, axes, report);
            }
            self.check_comparisons(&name, source, &names, report);
        }
        for name in self.reached(others) {
            let Ok(template) = self.environment.get_template(&name) else { continue };
            any_file |= tokens::reads_any_file(template.source());
            read_lists(template.source());
        }
        // What stands in a file that is chosen while rendering nobody knows.
        if !any_file && !report.has_errors() {
            unread::axes(config, &read, report);
            unread::exemplars(config, &read, report);
            if let Some(lists) = lists {
                unread::lists(config, &lists, report);
            }
        }
    }

    /// Reports the same of a judge's templates, and one that shows the axis that it is to be blind to;
    /// `false` where none of them reads the text.
    pub fn check_judge(
        &self,
        roots: &[&str],
        blind_to: Option<&str>,
        config: &Config,
        axes: &[GridAxis],
        report: &mut Report,
    ) -> bool {
        let names: Vec<&str> = axes.iter().map(|axis| &*axis.name).collect();
        let own = if blind_to.is_some() { &["lists", "text", "labels"][..] } else { &["lists", "text"] };
        let known: Vec<&str> = names.iter().chain(own).copied().collect();
        let mut shows = false;
        for name in self.reached(roots) {
            let Ok(template) = self.environment.get_template(&name) else { continue };
            let source = template.source();
            self.check_filters(&name, source, report);
            let mut undeclared: Vec<String> = template.undeclared_variables(true).into_iter().collect();
            undeclared.sort();
            if let Some(axis) = blind_to
                && undeclared.iter().any(|path| path.split('.').next() == Some(axis))
            {
                let from = tokens::first_use(source, axis).unwrap_or(0);
                let at = self.place(&name, source, from..from + axis.len(), &mut report.sources);
                let what = format!("this template shows `{axis}`, which the model is to find");
                let found = Diagnostic::error("judge", what).at(at);
                report.push(found.help("`labels` has all its values, and does not tell which is meant"));
            }
            shows |= undeclared.iter().any(|path| path == "text") || tokens::reads_any_file(source);
            if roots.contains(&name.as_str()) {
                self.check_undefined(&name, source, &undeclared, &known, config, axes, report);
            }
            self.check_comparisons(&name, source, &names, report);
        }
        shows
    }

    /// Reports what a template reads and there is not.
    #[allow(clippy::too_many_arguments)]
    fn check_undefined(
        &self,
        name: &str,
        source: &str,
        undeclared: &[String],
        known: &[&str],
        config: &Config,
        axes: &[GridAxis],
        report: &mut Report,
    ) {
        let global = |root: &str| self.environment.globals().any(|(name, _)| name == root);
        let mut found: Vec<Diagnostic> = undeclared
            .iter()
            .filter(|path| path.split('.').next().is_none_or(|root| !global(root)))
            .filter_map(|path| self.undefined(name, source, path, known, config, axes, report))
            .collect();
        found.sort_by_key(|found| found.at.map(|span| span.start));
        found.into_iter().for_each(|found| report.push(found));
    }

    /// Reports a value that is compared with a text.
    fn check_comparisons(&self, name: &str, source: &str, axes: &[&str], report: &mut Report) {
        if let Some((axis, at)) = tokens::bare_comparison(source, axes) {
            let what = format!("`{axis}` is a value with attributes, not a text, so this is never true");
            let span = self.place(name, source, at..at + axis.len(), &mut report.sources);
            report.push(
                Diagnostic::error("bare-value", what)
                    .at(span)
                    .help(format!("compare its name: `{axis}.name == '…'`")),
            );
        }
    }

    /// Reports filters that there are not, also where no cell comes by.
    fn check_filters(&self, name: &str, source: &str, report: &mut Report) {
        for (filter, at) in tokens::filters(source) {
            let tried = self.environment.render_str(&format!("{{{{ 0 | {filter} }}}}"), ());
            let Some(error) = tried.err().filter(|error| error.kind() == ErrorKind::UnknownFilter) else {
                continue;
            };
            let span = self.place(name, source, at..at + filter.len(), &mut report.sources);
            report.push(self.said(&error).at(span));
        }
    }

    /// The templates and all files that they include, import or extend by a written-out name.
    fn reached(&self, roots: &[&str]) -> Vec<String> {
        let mut out: Vec<String> = roots.iter().map(|name| (*name).to_owned()).collect();
        let mut next = 0;
        while let Some(name) = out.get(next) {
            next += 1;
            let Ok(template) = self.environment.get_template(name) else { continue };
            for file in tokens::files(template.source()) {
                if !out.contains(&file) {
                    out.push(file);
                }
            }
        }
        out
    }

    /// What is wrong with a variable that a template reads, if anything.
    #[allow(clippy::too_many_arguments)]
    fn undefined(
        &self,
        name: &str,
        source: &str,
        path: &str,
        known: &[&str],
        config: &Config,
        axes: &[GridAxis],
        report: &mut Report,
    ) -> Option<Diagnostic> {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        // `lists.my-list` is read as a subtraction: it is said once, at `lists`.
        let hyphened =
            |list: &&List| list.name.contains('-') && source.contains(&format!("lists.{}", list.name));
        if let Some(list) = config.lists.iter().find(hyphened) {
            let (first, others) = list.name.split_once('-').unwrap_or((&list.name, ""));
            if others.split('-').any(|part| part == path) && !known.contains(&path) {
                return None;
            }
            if path == format!("lists.{first}") && !config.lists.iter().any(|list| list.name == first) {
                let from = source.find(&format!("lists.{}", list.name)).unwrap_or(0);
                let at = self.place(name, source, from..from + 6 + list.name.len(), &mut report.sources);
                let what = format!("`lists.{}` is a subtraction here", list.name);
                let help = format!("write `{}`", unread::list_path(&list.name));
                return Some(Diagnostic::error("undefined-variable", what).at(at).help(help));
            }
        }
        let attribute = rest.split('.').next().unwrap_or("");
        let mut at = |found: Option<usize>, length: usize| {
            let start = found.unwrap_or(0);
            self.place(name, source, start..start + length, &mut report.sources)
        };
        if !known.contains(&root) {
            let found = Diagnostic::error("undefined-variable", format!("`{root}` is not defined"))
                .at(at(tokens::first_use(source, root), root.len()));
            if root == "exemplars" {
                return Some(found.help("give the config `exemplars: { from: data/train.jsonl }`"));
            }
            return Some(match did_you_mean(root, known.iter().copied()) {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(format!("defined here: {}", known.join(", "))),
            });
        }
        if attribute.is_empty() {
            return None;
        }
        let names: Vec<&str> = match axes.iter().find(|axis| &*axis.name == root) {
            // Of an axis whose values are all wrong nothing is known.
            Some(axis) if axis.values.is_empty() => return None,
            Some(axis) => attribute_names(&axis.values),
            None if root == "lists" => config.lists.iter().map(|list| list.name.as_str()).collect(),
            None => return None,
        };
        if names.contains(&attribute) {
            return None;
        }
        let what = match root {
            "lists" => format!("there is no list `{attribute}`"),
            axis => format!("no value of axis `{axis}` has an attribute `{attribute}`"),
        };
        let span = at(tokens::first_attribute(source, root, attribute), attribute.len());
        let found = Diagnostic::error("undefined-variable", what).at(span);
        Some(match (did_you_mean(attribute, names.iter().copied()), names.as_slice()) {
            (Some(near), _) => found.help(format!("did you mean `{near}`?")),
            (None, []) => found.help("the config has no `lists`"),
            (None, ["name"]) => found.help("its values have no attributes; give them some under `values:`"),
            (None, names) => found.help(format!("there is: {}", names.join(", "))),
        })
    }

    /// A place in a template: in its file, or in the config that holds it.
    fn place(&self, name: &str, source: &str, range: Range<usize>, sources: &mut Sources) -> Span {
        if let Some(span) = self.inline.get(name) {
            return scalar::part(sources, *span, source, range);
        }
        let id = sources.add(format!("prompts/{name}"), source);
        Span { source: id, start: range.start, end: range.end }
    }

    /// What a template error says, at its source line.
    pub fn diagnostic(
        &self,
        name: &str,
        source: Option<&str>,
        error: &minijinja::Error,
        sources: &mut Sources,
    ) -> Diagnostic {
        let mut innermost = error;
        while let Some(inner) =
            std::error::Error::source(innermost).and_then(|e| e.downcast_ref::<minijinja::Error>())
        {
            innermost = inner;
        }
        let place = innermost.name().unwrap_or(name).to_owned();
        let found = self.said(innermost);
        let Some(source) = innermost.template_source().or(error.template_source()).or(source) else {
            return match self.inline.get(&place).or(self.inline.get(name)) {
                Some(span) => found.at(*span),
                None => found.help(format!("in the template `{place}`")),
            };
        };
        let (found, range) = fault::unclosed(innermost, source).unwrap_or_else(|| {
            let line = || line_range(source, innermost.line().unwrap_or(1));
            (found, innermost.range().unwrap_or_else(line))
        });
        found.at(self.place(&place, source, range, sources))
    }
}

fn line_range(source: &str, line: usize) -> Range<usize> {
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
