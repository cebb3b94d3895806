//! The one table of what a config may say: names, types, defaults and what each key does.
//!
//! Checking a file, `docs/config.md` and the test that every key has an effect all read it.

mod anonymize;
mod ask;
pub mod audit;
mod check;
mod dedup;
mod endpoint;
mod exemplars;
mod grid;
mod hint;
pub mod judges;
mod night;
mod reference;
mod run;
mod second;
mod semantic;
mod text;
mod value;
mod words;

use anonymize::ANONYMIZE;
pub use ask::{MAX_TOKENS, PROMPT, RESPONSE, SAMPLING, TEMPLATE, TOP_P, VARIANT};
pub use check::{check, is_known};
pub use dedup::DEDUP;
pub use endpoint::ENDPOINT;
use grid::{GRID, SAMPLES};
pub use reference::{default_of, paths, reference};
use run::RUN;
use text::CHECKS;
pub use value::{duration, range};
pub use words::grouped;

/// A mapping with known keys.
#[derive(Debug)]
pub struct Section {
    /// Of these keys one must be there.
    pub needs: &'static [&'static str],
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
    /// `"90s"`, `"15m"`, `"2h"`; a number alone is none.
    Duration,
    Section(&'static Section),
    /// A mapping from names of the user's own.
    Named(&'static Kind),
    List(&'static Kind),
    /// Two numbers, the least and the most.
    Range,
    /// A scalar that is taken as a name: `5`, `true` and `joy` alike.
    Name,
    /// Named variants of a template; a template's own keys make it a single one.
    Variants,
    /// The alternative whose shape fits.
    Either(&'static [Kind]),
    /// Anything at all.
    Free,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { name, kind, default, doc }
}

/// How a price is written, for messages.
pub const A_PRICE: &str = "such as `price: { prompt: 0.15, completion: 0.6 }`";

const WEIGHT: Kind = Kind::Number { min: 0.0, max: 1e9 };

pub static CONFIG: Section = Section {
    needs: &[],
    keys: &[
        key(
            "name",
            Kind::Text,
            "the file's name",
            "Names the dataset, in at most 100 bytes (letters, digits, `-`, `_`, `.`, no `.` first); `out/<name>/` holds it.",
        ),
        key(
            "extends",
            Kind::Text,
            "",
            "Another config, from this one's folder, that this one builds on: mappings merge, lists replace, `null` removes; its `name` is not taken over.",
        ),
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
            "The model servers, each under a name of yours; a bare address is short for `{ url: … }`. Those with one and the same model share its work.",
        ),
        key("prompt", Kind::Section(&PROMPT), "", "The messages that the model gets."),
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
            "What a text must be to become a row. Changing a check generates nothing anew; changing a judge's prompt asks that judge again.",
        ),
        key(
            "anonymize",
            Kind::Either(&[Kind::Word(&["strict", "tag", "off"]), Kind::Section(&ANONYMIZE)]),
            "off",
            "What is done with references to persons. `strict`: names become `Person A`, numbers, addresses and terms of identity are masked, and a text that masks leave empty is rejected; `tag`: all is recorded in `spans` and nothing changed; or a mapping of actions to categories. Changing it asks for no text again.",
        ),
        key("dedup", Kind::Section(&DEDUP), "", "Which texts count as duplicates of each other."),
        key(
            "lists",
            Kind::Named(&Kind::Text),
            "",
            "Files of items for seeded picks in templates: `.txt` (an item a line), `.csv` with a header, or `.jsonl`.",
        ),
        key(
            "exemplars",
            Kind::Section(&exemplars::EXEMPLARS),
            "",
            "Real rows that templates show as `exemplars`, drawn by the cell's labels (docs/templates.md).",
        ),
        key("output", Kind::Section(&OUTPUT), "", "Where the dataset is written."),
        key("run", Kind::Section(&RUN), "", "How far one run goes."),
        key(
            "alarm",
            Kind::Section(&night::ALARM),
            "",
            "Bounds that a run must keep; if one is broken, its summary says LOOK and it ends with exit code 4.",
        ),
        key(
            "curation",
            Kind::Text,
            "",
            "A file of decisions, from the config's folder, a JSON object a line, as `emogrid audit --fix --write` writes it (docs/audit.md). A line with an `id` alone leaves that row out, and another is asked for in its place. With a `text`, the row gets this text instead; with a `counterpart`, that text becomes a second row beside it, if it passes all checks. A line with a `cell`, such as `{\"emotion\": \"joy\"}`, and `add` gives each matching cell so many more rows.",
        ),
        key(
            "audit",
            Kind::Section(&audit::AUDIT),
            "",
            "What the audit of the dataset measures, and where it warns and fails. It changes no row.",
        ),
        key("notify", Kind::Section(&night::NOTIFY), "", "The command that reports how a run ended."),
    ],
};

pub static OUTPUT: Section = Section {
    needs: &[],
    keys: &[key(
        "dir",
        Kind::Text,
        "out",
        "The folder for datasets, from the project's root; a dataset stands in a folder of its own name there.",
    )],
};

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
