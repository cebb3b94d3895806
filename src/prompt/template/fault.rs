//! The engine's errors, put as what is wrong and what to do.

use std::ops::Range;

use minijinja::ErrorKind;

use super::{Templates, open};
use crate::config::Diagnostic;
use crate::config::diagnostic::{cut, did_you_mean};

impl Templates {
    /// An error in words of ours, without its place.
    pub(super) fn said(&self, error: &minijinja::Error) -> Diagnostic {
        let detail = error.detail().unwrap_or_default();
        let text = match detail {
            "" if error.kind() == ErrorKind::UndefinedError => match part(error) {
                Some(part) => format!("undefined value: `{}` is undefined", cut(part)),
                None => error.kind().to_string(),
            },
            "" => error.kind().to_string(),
            detail => format!("{}: {detail}", error.kind()),
        };
        // The engine's words, put as what is wrong and what to do.
        let quoted = |prefix: &str, suffix: &str| {
            Some(detail.strip_prefix(prefix)?.strip_suffix(suffix)?.trim_matches('`').to_owned())
        };
        match error.kind() {
            ErrorKind::UndefinedError => Diagnostic::error("undefined-variable", text)
                .help("not every value has it: ask `… is defined` first, or write `… | default('')`"),
            ErrorKind::TemplateNotFound => {
                let name =
                    ['\'', '"', '`'].iter().find_map(|quote| detail.split(*quote).nth(1)).unwrap_or(detail);
                self.missing(name)
            }
            ErrorKind::OutOfFuel => {
                Diagnostic::error("template-error", "this template does more work than any should")
                    .help("look for a loop over a very long range")
            }
            ErrorKind::UnknownFilter => {
                let name = quoted("filter ", " is unknown").unwrap_or_else(|| detail.to_owned());
                let found = Diagnostic::error("template-error", format!("there is no filter `{name}`"));
                match did_you_mean(&name, FILTERS.iter().copied()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help("docs/templates.md lists the filters there are"),
                }
            }
            ErrorKind::UnknownTest => {
                let name = quoted("test ", " is unknown").unwrap_or_else(|| detail.to_owned());
                let found = Diagnostic::error("template-error", format!("there is no test `{name}`"));
                match did_you_mean(&name, TESTS.iter().copied()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("tests: {}; compare texts with `==`", TESTS.join(", "))),
                }
            }
            ErrorKind::SyntaxError => {
                let found = Diagnostic::error("template-error", text);
                match detail {
                    detail if detail.contains("expected end of variable block") => {
                        found.help("close it with `}}`")
                    }
                    detail if detail.contains("expected end of block") => found.help("close it with `%}`"),
                    detail if detail.contains("unknown statement end") => {
                        found.help("nothing is open here that it could close")
                    }
                    detail if detail.contains("unknown statement") => {
                        let word = detail.rsplit(' ').next().unwrap_or("").trim_matches('`');
                        match did_you_mean(word, STATEMENTS.iter().copied()) {
                            Some(near) => found.help(format!("did you mean `{near}`?")),
                            None => found.help(format!("statements: {}", STATEMENTS.join(", "))),
                        }
                    }
                    _ => found,
                }
            }
            _ if detail.contains("undefined is not callable") || error.kind() == ErrorKind::UnknownMethod => {
                Diagnostic::error("template-error", text)
                    .help("no macro is called so; a file's macros come with `{% from 'FILE' import NAME %}`")
            }
            _ if detail.contains("recursion limit") => Diagnostic::error("template-error", text)
                .help("a file includes itself, perhaps through another"),
            _ => Diagnostic::error("template-error", text),
        }
    }
}

/// What a template leaves open that ends too early or closes something else, and where that stands.
pub(super) fn unclosed(error: &minijinja::Error, source: &str) -> Option<(Diagnostic, Range<usize>)> {
    let detail = error.detail().filter(|_| error.kind() == ErrorKind::SyntaxError)?;
    let ends = ["input", "comment", "raw block"].iter().any(|of| {
        let rest = detail.strip_prefix("unexpected end of ").and_then(|rest| rest.strip_prefix(of));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    });
    let before = match detail.strip_prefix("unknown statement end") {
        // Up to the tag that closes what is not open.
        Some(_) => &source[..source.get(..error.range()?.start)?.rfind("{%")?],
        None if ends => source,
        None => return None,
    };
    let open = open::last(before)?;
    let message = format!("this `{}` is not closed", open.shown());
    let found = Diagnostic::error("template-error", message);
    Some((found.help(format!("close it with `{}`", open.end())), open.at))
}

/// What stands in the template where an error is.
fn part(error: &minijinja::Error) -> Option<&str> {
    error.template_source()?.get(error.range()?).map(str::trim).filter(|part| !part.is_empty())
}

const STATEMENTS: &[&str] = &[
    "if",
    "elif",
    "else",
    "endif",
    "for",
    "endfor",
    "set",
    "endset",
    "include",
    "import",
    "from",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "with",
    "endwith",
    "filter",
    "endfilter",
    "block",
    "endblock",
    "extends",
    "raw",
    "endraw",
    "do",
];

const TESTS: &[&str] = &[
    "defined",
    "undefined",
    "none",
    "string",
    "number",
    "sequence",
    "mapping",
    "odd",
    "even",
    "startingwith",
    "endingwith",
    "containing",
    "in",
    "eq",
    "ne",
    "lt",
    "gt",
    "true",
    "false",
];

/// The filters that are worth suggesting.
const FILTERS: &[&str] = &[
    "pick",
    "sample",
    "shuffle",
    "article",
    "join_and",
    "ordinal",
    "plural",
    "upper",
    "lower",
    "title",
    "capitalize",
    "trim",
    "replace",
    "join",
    "split",
    "first",
    "last",
    "length",
    "default",
    "list",
    "sort",
    "unique",
    "map",
    "select",
    "reject",
    "tojson",
    "round",
    "int",
    "float",
    "string",
    "indent",
    "reverse",
    "batch",
    "slice",
    "items",
    "dictsort",
    "abs",
    "min",
    "max",
    "sum",
];
