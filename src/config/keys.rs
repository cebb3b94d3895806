//! The one table of what a config may say: names, types, defaults and what each key does.
//!
//! Checking a file, `docs/config.md` and the test that every key has an effect all read it.

use std::time::Duration;

use super::diagnostic::{Diagnostic, Span, did_you_mean};
use super::yaml::{Node, Yaml};

/// A mapping with known keys.
#[derive(Debug)]
pub struct Section {
    pub keys: &'static [Key],
}

#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// What holds when the key is absent; empty where absence has no value.
    pub default: &'static str,
    pub doc: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum Kind {
    Text,
    Bool,
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// `90`, `"90s"`, `"15m"`, `"2h"`.
    Duration,
    Section(&'static Section),
    /// A mapping from names of the user's own.
    Named(&'static Kind),
    List(&'static Kind),
    /// Two numbers, the least and the most.
    Range,
    /// The alternative whose shape fits.
    Either(&'static [Kind]),
    /// Anything at all.
    Free,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { name, kind, default, doc }
}

const WEIGHT: Kind = Kind::Number { min: 0.0, max: 1e9 };

pub static CONFIG: Section = Section {
    keys: &[
        key("name", Kind::Text, "the file's name", "Names the dataset; `out/<name>/` holds it."),
        key(
            "seed",
            Kind::Whole { min: 0, max: i64::MAX },
            "0",
            "Every seed and every pick is a hash of this number, the cell and the ask.",
        ),
        key(
            "endpoints",
            Kind::Named(&Kind::Either(&[Kind::Text, Kind::Section(&ENDPOINT)])),
            "",
            "The model server, under a name of yours; a bare address is short for `{ url: … }`.",
        ),
        key("prompt", Kind::Section(&PROMPT), "", "What the model is told."),
        key(
            "sampling",
            Kind::Section(&SAMPLING),
            "",
            "Sampling parameters, sent explicitly with every request.",
        ),
        key("response", Kind::Section(&RESPONSE), "", "What an answer looks like."),
        key("grid", Kind::Section(&GRID), "", "The axes, and which combinations of their values are cells."),
        key("samples", Kind::Section(&SAMPLES), "", "How many rows each cell gets."),
        key(
            "checks",
            Kind::Section(&CHECKS),
            "",
            "What a text must be to become a row. Changing a check asks the model nothing again.",
        ),
        key("dedup", Kind::Section(&DEDUP), "", "Which texts count as duplicates of each other."),
        key(
            "lists",
            Kind::Named(&Kind::Text),
            "",
            "Files of items for seeded picks in templates: text (an item a line), CSV with a header, or JSONL.",
        ),
        key("output", Kind::Section(&OUTPUT), "", "Where the dataset is written."),
    ],
};

pub static ENDPOINT: Section = Section {
    keys: &[
        key("url", Kind::Text, "", "The server's address, with or without `/v1`."),
        key(
            "model",
            Kind::Text,
            "",
            "The model's name: sent with each request and asserted against the server.",
        ),
        key("api_key_env", Kind::Text, "", "The environment variable that holds the key."),
        key(
            "slots",
            Kind::Either(&[Kind::Word(&["auto"]), Kind::Whole { min: 1, max: 4096 }]),
            "auto",
            "Requests at a time; `auto` is the server's own number of slots, or 4 where it does not tell.",
        ),
        key(
            "requests_per_minute",
            Kind::Whole { min: 1, max: 1_000_000 },
            "no limit",
            "Never more than this in any 60 seconds.",
        ),
        key(
            "timeout",
            Kind::Duration,
            "5m",
            "For one request, from the moment it is sent; our own queue does not count.",
        ),
        key(
            "patience",
            Kind::Duration,
            "15m",
            "How long a server that is gone, loading or failing is waited for before the run ends.",
        ),
        key(
            "managed",
            Kind::Either(&[Kind::Word(&["quickstart"]), Kind::Section(&MANAGED)]),
            "",
            "A llama.cpp server that the run starts when the first ask is due, and stops.",
        ),
    ],
};

pub static MANAGED: Section = Section {
    keys: &[
        key("model", Kind::Text, "", "The GGUF file, or `quickstart` for the built-in small model."),
        key("command", Kind::Text, "llama-server", "The server's program, looked up on PATH."),
        key(
            "args",
            Kind::List(&Kind::Either(&[Kind::Text, Kind::Number { min: f64::MIN, max: f64::MAX }])),
            "[]",
            "Further arguments for it.",
        ),
        key("slots", Kind::Whole { min: 1, max: 256 }, "4", "Slots of the server."),
        key("context", Kind::Whole { min: 256, max: 10_000_000 }, "2048", "Tokens of context for each slot."),
        key(
            "threads",
            Kind::Whole { min: 1, max: 1024 },
            "the server's own choice",
            "CPU threads of the server.",
        ),
    ],
};

pub static PROMPT: Section = Section {
    keys: &[
        key(
            "system",
            Kind::Either(&[Kind::Text, Kind::Section(&TEMPLATE)]),
            "",
            "The system message: a template, or `{ from: FILE }` under `prompts/`.",
        ),
        key(
            "user",
            Kind::Either(&[Kind::Text, Kind::Named(&Kind::Free)]),
            "",
            "The user message: a template, `{ from: FILE }`, or several named variants with weights.",
        ),
    ],
};

/// A template that is not a variant.
pub static TEMPLATE: Section = Section {
    keys: &[
        key("from", Kind::Text, "", "A template file under `prompts/`."),
        key("text", Kind::Text, "", "The template itself."),
    ],
};

/// One of several user messages.
pub static VARIANT: Section = Section {
    keys: &[
        key("from", Kind::Text, "", "A template file under `prompts/`."),
        key("text", Kind::Text, "", "The template itself."),
        key("weight", WEIGHT, "1", "The variant's share of the asks, relative to the others'."),
    ],
};

pub static SAMPLING: Section = Section {
    keys: &[
        key("temperature", Kind::Number { min: 0.0, max: 10.0 }, "0.8", "Higher is more varied."),
        key(
            "top_p",
            Kind::Number { min: 0.0, max: 1.0 },
            "0.95",
            "Keep the likeliest tokens that make up this share.",
        ),
        key(
            "top_k",
            Kind::Whole { min: 0, max: 1_000_000 },
            "40 on llama.cpp, else not sent",
            "Keep this many likeliest tokens; 0 keeps all.",
        ),
        key(
            "min_p",
            Kind::Number { min: 0.0, max: 1.0 },
            "0.05 on llama.cpp, else not sent",
            "Drop tokens less likely than this share of the likeliest.",
        ),
        key(
            "repeat_penalty",
            Kind::Number { min: 0.0, max: 10.0 },
            "1 on llama.cpp, else not sent",
            "Above 1, repeated tokens become less likely.",
        ),
        key(
            "presence_penalty",
            Kind::Number { min: -2.0, max: 2.0 },
            "0",
            "Above 0, tokens that already stand in the text become less likely.",
        ),
        key(
            "frequency_penalty",
            Kind::Number { min: -2.0, max: 2.0 },
            "0",
            "The same, growing with how often they stand there.",
        ),
        key("stop", Kind::List(&Kind::Text), "[]", "Texts that end an answer."),
        key(
            "max_tokens",
            Kind::Whole { min: 1, max: 10_000_000 },
            "256",
            "The longest answer. Raising it asks again only for answers that were cut.",
        ),
        key(
            "extra",
            Kind::Named(&Kind::Free),
            "{}",
            "Further fields of the request, sent as they are (`dry_multiplier`, `chat_template_kwargs` …).",
        ),
    ],
};

pub static RESPONSE: Section = Section {
    keys: &[
        key(
            "format",
            Kind::Word(&["json", "text"]),
            "json",
            "`json`: the server is held to a JSON Schema; `text`: the whole answer is the text.",
        ),
        key(
            "text",
            Kind::Text,
            "text",
            "The field of the answer that holds the text; the others become columns.",
        ),
        key(
            "schema",
            Kind::Either(&[Kind::Text, Kind::Named(&Kind::Free)]),
            "{ text: string }",
            "JSON Schema of one item, inline or a file beside the config.",
        ),
        key("items", Kind::Whole { min: 1, max: 1000 }, "1", "Texts in one answer."),
        key("n", Kind::Whole { min: 1, max: 128 }, "1", "Answers to one request, where the server can."),
    ],
};

pub static GRID: Section = Section {
    keys: &[
        key(
            "axes",
            Kind::Named(&Kind::Either(&[
                Kind::List(&Kind::Either(&[
                    Kind::Text,
                    Kind::Bool,
                    Kind::Number { min: f64::MIN, max: f64::MAX },
                ])),
                Kind::Section(&AXIS),
            ])),
            "",
            "What varies: an axis is a list of values, or a mapping with `from` or `values`.",
        ),
        key(
            "exclude",
            Kind::List(&Kind::Named(&Kind::Free)),
            "[]",
            "Combinations to leave out; a mapping matches when all its keys do, a list means any of.",
        ),
        key(
            "only",
            Kind::List(&Kind::Named(&Kind::Free)),
            "[]",
            "When given, only combinations that match one of these are cells.",
        ),
    ],
};

pub static AXIS: Section = Section {
    keys: &[
        key(
            "from",
            Kind::Text,
            "",
            "A built-in taxonomy (`goemotions`, `ekman`, `contexts`, `sentiments`) or a YAML file beside the config.",
        ),
        key(
            "values",
            Kind::Either(&[
                Kind::List(&Kind::Either(&[
                    Kind::Text,
                    Kind::Bool,
                    Kind::Number { min: f64::MIN, max: f64::MAX },
                ])),
                Kind::Named(&Kind::Named(&Kind::Free)),
            ]),
            "",
            "The values: a list of names, or a mapping from name to attributes. With `from`, a list picks some of its values.",
        ),
        key(
            "override",
            Kind::Named(&Kind::Named(&Kind::Free)),
            "",
            "With `from`: attributes that replace or join those of its values.",
        ),
        key("label", Kind::Bool, "false", "Whether this axis is a label of the dataset."),
    ],
};

pub static SAMPLES: Section = Section {
    keys: &[
        key("per_cell", Kind::Whole { min: 1, max: 1_000_000 }, "1", "Accepted rows for each cell."),
        key(
            "max_asks",
            Kind::Whole { min: 1, max: 1_000_000 },
            "three times what would do if every text were accepted, at least 3",
            "Requests for one cell before its shortfall is final.",
        ),
        key(
            "allow_short",
            Kind::Number { min: 0.0, max: 1.0 },
            "0",
            "The share of wanted rows that may be missing without exit code 4.",
        ),
    ],
};

pub static CHECKS: Section = Section {
    keys: &[
        key("words", Kind::Range, "", "The least and the most words of a text."),
        key("characters", Kind::Range, "", "The least and the most characters of a text."),
    ],
};

pub static DEDUP: Section = Section {
    keys: &[key(
        "scope",
        Kind::Word(&["cell", "label", "dataset"]),
        "label where an axis is one, else dataset",
        "Where two equal texts are one too many: in a cell, under the same label, or anywhere.",
    )],
};

pub static OUTPUT: Section = Section {
    keys: &[key(
        "dir",
        Kind::Text,
        "out",
        "The folder for datasets, from the project's root; a dataset stands in a folder of its own name there.",
    )],
};

impl Kind {
    /// What is expected, for messages.
    pub fn expected(&self) -> String {
        match self {
            Kind::Text => "a text".into(),
            Kind::Bool => "`true` or `false`".into(),
            Kind::Whole { min, max: i64::MAX } => format!("a whole number from {min}"),
            Kind::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Number { min: f64::MIN, .. } => "a number".into(),
            Kind::Number { min, max } => format!("a number from {min} to {max}"),
            Kind::Word(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                words.join(" or ")
            }
            Kind::Duration => "a duration such as `90s`, `15m` or `2h`".into(),
            Kind::Section(_) | Kind::Named(_) => "a mapping".into(),
            Kind::List(_) => "a list".into(),
            Kind::Range => "a list of two whole numbers, the least and the most, such as `[4, 45]`".into(),
            Kind::Either(kinds) => {
                let kinds: Vec<_> = kinds.iter().map(Kind::expected).collect();
                kinds.join(", or ")
            }
            Kind::Free => "a value".into(),
        }
    }

    /// Whether a node could be meant as this kind, going by its outer shape.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Kind::Text => matches!(node.value, Yaml::Text(_)),
            Kind::Bool => matches!(node.value, Yaml::Bool(_)),
            Kind::Whole { .. } => matches!(node.value, Yaml::Whole(_)),
            Kind::Number { .. } => node.number().is_some(),
            Kind::Word(words) => node.text().is_some_and(|text| words.contains(&text)),
            Kind::Duration => duration(node).is_some(),
            Kind::Section(_) | Kind::Named(_) => matches!(node.value, Yaml::Map(_)),
            Kind::List(_) | Kind::Range => matches!(node.value, Yaml::List(_)),
            Kind::Either(kinds) => kinds.iter().any(|kind| kind.fits(node)),
            Kind::Free => true,
        }
    }
}

/// Reads a duration: a number of seconds, or a text with `ms`, `s`, `m`, `h` or `d`.
pub fn duration(node: &Node) -> Option<Duration> {
    if let Some(seconds) = node.number() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let text = node.text()?.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..split].trim().parse().ok()?;
    let unit = match text[split..].trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok()
}

/// Reads a pair of bounds; `None` unless the least is at most the most.
pub fn range(node: &Node) -> Option<(usize, usize)> {
    match node.items() {
        [least, most] => {
            let least = usize::try_from(least.whole()?).ok()?;
            let most = usize::try_from(most.whole()?).ok()?;
            (least <= most).then_some((least, most))
        }
        _ => None,
    }
}

/// Holds a node against a kind; every mistake below it is reported, not just the first.
pub fn check(node: &Node, kind: &Kind, path: &str, found: &mut Vec<Diagnostic>) {
    if node.value == Yaml::Null {
        return;
    }
    let wrong_type = |found: &mut Vec<Diagnostic>| {
        found.push(
            Diagnostic::error("type", format!("`{path}` must be {}", kind.expected()))
                .at(node.span)
                .label(format!("found {}", node.kind())),
        );
    };
    match kind {
        Kind::Free => {}
        Kind::Section(section) if matches!(node.value, Yaml::Map(_)) => {
            check_section(node, section, path, found);
        }
        Kind::Named(inner) if matches!(node.value, Yaml::Map(_)) => {
            for (name, value) in node.entries() {
                check(value, inner, &join(path, &name.text), found);
            }
        }
        Kind::List(inner) if matches!(node.value, Yaml::List(_)) => {
            for (index, item) in node.items().iter().enumerate() {
                check(item, inner, &format!("{path}[{index}]"), found);
            }
        }
        Kind::Either(kinds) => match kinds.iter().find(|kind| kind.fits(node)) {
            Some(kind) => check(node, kind, path, found),
            None => wrong_type(found),
        },
        Kind::Whole { min, max } => match node.whole() {
            Some(number) if (*min..=*max).contains(&number) => {}
            _ => wrong_type(found),
        },
        Kind::Number { min, max } => match node.number() {
            Some(number) if (*min..=*max).contains(&number) => {}
            _ => wrong_type(found),
        },
        Kind::Word(words) => match node.text() {
            Some(text) if words.contains(&text) => {}
            Some(text) => {
                let mut diagnostic =
                    Diagnostic::error("value", format!("`{path}` must be {}", kind.expected()))
                        .at(node.span)
                        .label(format!("found `{text}`"));
                if let Some(near) = did_you_mean(text, words.iter().copied()) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                found.push(diagnostic);
            }
            None => wrong_type(found),
        },
        Kind::Range if range(node).is_none() => wrong_type(found),
        Kind::Range => {}
        kind if kind.fits(node) => {}
        _ => wrong_type(found),
    }
}

fn check_section(node: &Node, section: &Section, path: &str, found: &mut Vec<Diagnostic>) {
    for (name, value) in node.entries() {
        let path = join(path, &name.text);
        match section.keys.iter().find(|key| key.name == name.text) {
            Some(key) => check(value, &key.kind, &path, found),
            None => found.push(unknown_key(name.span, &name.text, &path, section)),
        }
    }
}

fn unknown_key(span: Span, name: &str, path: &str, section: &Section) -> Diagnostic {
    let known: Vec<_> = section.keys.iter().map(|key| key.name).collect();
    let help = match (path, name) {
        ("grid.include", _) => {
            "to keep only some combinations write `only:`; a grid has no `include:`, because in other tools that adds combinations".into()
        }
        _ => match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        },
    };
    Diagnostic::error("unknown-key", format!("unknown key `{path}`"))
        .at(span)
        .label("not a key that emogrid knows")
        .help(help)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

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

/// The reference of all keys, as `docs/config.md` has it: a Markdown table a section.
pub fn reference() -> String {
    let sections: [(&str, &str, &Section); 14] = [
        ("", "The whole config", &CONFIG),
        ("endpoints.NAME", "", &ENDPOINT),
        ("endpoints.NAME.managed", "", &MANAGED),
        ("prompt", "", &PROMPT),
        ("prompt.system", "", &TEMPLATE),
        ("prompt.user.NAME", "", &VARIANT),
        ("sampling", "", &SAMPLING),
        ("response", "", &RESPONSE),
        ("grid", "", &GRID),
        ("grid.axes.NAME", "", &AXIS),
        ("samples", "", &SAMPLES),
        ("checks", "", &CHECKS),
        ("dedup", "", &DEDUP),
        ("output", "", &OUTPUT),
    ];
    let mut out = String::new();
    for (path, title, section) in sections {
        let title = if title.is_empty() { format!("`{path}`") } else { title.to_owned() };
        out.push_str(&format!(
            "\n### {title}\n\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n"
        ));
        for key in section.keys {
            let default = if key.default.is_empty() { "–" } else { key.default };
            out.push_str(&format!(
                "| `{}` | {} | {} | {} |\n",
                key.name,
                key.kind.expected(),
                default,
                key.doc
            ));
        }
    }
    out
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
