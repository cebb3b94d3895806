//! The one table of what a config may say: names, types, defaults and what each key does.
//!
//! Checking a file, `docs/config.md` and the test that every key has an effect all read it.

pub mod audit;
mod check;
mod exemplars;
mod hint;
pub mod judges;
mod night;
mod reference;
mod second;
mod semantic;
mod value;
mod words;

pub use check::check;
pub use reference::{paths, reference};
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
    /// `90`, `"90s"`, `"15m"`, `"2h"`.
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

const WEIGHT: Kind = Kind::Number { min: 0.0, max: 1e9 };

pub static CONFIG: Section = Section {
    needs: &[],
    keys: &[
        key(
            "name",
            Kind::Text,
            "the file's name",
            "Names the dataset, in at most 100 characters; `out/<name>/` holds it.",
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
            "What a run must keep to: where it does not, its summary says LOOK and it ends with exit code 4.",
        ),
        key(
            "curation",
            Kind::Text,
            "",
            "A file of decisions, from the config's folder, a JSON object a line, as `emogrid audit --fix --write` writes it (docs/audit.md). With an `id` alone the row is left out, and another asked for in its place; with a `text` beside it the row says that instead, and with a `counterpart` that stands beside the row, if it passes all that any text must pass. With a `cell`, such as `{\"emotion\": \"joy\"}`, and `add`, each cell that matches gets so many rows more.",
        ),
        key(
            "audit",
            Kind::Section(&audit::AUDIT),
            "",
            "What the audit of the dataset measures, and where it warns and fails. It changes no row.",
        ),
        key("notify", Kind::Section(&night::NOTIFY), "", "Who is told how a run ended."),
    ],
};

pub static ENDPOINT: Section = Section {
    needs: &["url", "managed"],
    keys: &[
        key("url", Kind::Text, "", "The server's address, with or without `/v1`."),
        key(
            "model",
            Kind::Text,
            "",
            "The model's name: sent with each request and asserted against the server. With several endpoints it also tells which asks are its own before it was ever seen.",
        ),
        key("api_key_env", Kind::Text, "", "The environment variable that holds the key."),
        key(
            "weight",
            WEIGHT,
            "1",
            "The share of the asks that its model gets, relative to other models; of endpoints with the same model the greatest counts.",
        ),
        key(
            "slots",
            Kind::Either(&[Kind::Word(&["auto"]), Kind::Whole { min: 1, max: 4096 }, Kind::Range]),
            "auto",
            "Requests at a time. `[least, most]`: as many as give the most tokens a second, found while it runs; `auto`: so from 1 to the server's own number of slots, or to 16 where it does not tell.",
        ),
        key(
            "requests_per_minute",
            Kind::Whole { min: 1, max: 1_000_000 },
            "no limit",
            "Never more than this in any 60 seconds.",
        ),
        key(
            "burst",
            Kind::Whole { min: 1, max: 1_000_000 },
            "1",
            "With `requests_per_minute`: how many may go out at once before the rest is spread evenly.",
        ),
        key(
            "tokens_per_minute",
            Kind::Whole { min: 1, max: 1_000_000_000 },
            "no limit",
            "Never more than this in any 60 seconds: a request reserves its prompt and `max_tokens`, and gives back what it did not use.",
        ),
        key(
            "price",
            Kind::Section(&PRICE),
            "",
            "What tokens cost, in a currency of yours, so that `run.max_cost` can hold to it.",
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

pub static PRICE: Section = Section {
    needs: &["prompt", "completion"],
    keys: &[
        key("prompt", Kind::Number { min: 0.0, max: 1e9 }, "0", "For a million tokens of prompts."),
        key("completion", Kind::Number { min: 0.0, max: 1e9 }, "0", "For a million tokens of answers."),
    ],
};

pub static MANAGED: Section = Section {
    needs: &["model"],
    keys: &[
        key(
            "model",
            Kind::Text,
            "",
            "The GGUF file, from the project's root, or `quickstart` for the built-in small model.",
        ),
        key(
            "lora",
            Kind::Text,
            "none",
            "A GGUF file with a LoRA adapter for the model, from the project's root, such as `emogrid train --engine trl` makes.",
        ),
        key(
            "command",
            Kind::Text,
            "llama-server",
            "The server's program: a name that is looked up on PATH, or a path from the project's root.",
        ),
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
        key(
            "restarts",
            Kind::Whole { min: 0, max: 1000 },
            "3",
            "How often it is started again, should it end or hang in mid-run.",
        ),
        key("loading", Kind::Duration, "10m", "How long its model may take to load."),
    ],
};

pub static PROMPT: Section = Section {
    needs: &[],
    keys: &[
        key(
            "system",
            Kind::Either(&[Kind::Text, Kind::Section(&TEMPLATE)]),
            "",
            "The system message: a template, or `{ from: FILE }` under `prompts/`.",
        ),
        key(
            "user",
            Kind::Either(&[Kind::Text, Kind::Variants]),
            "",
            "The user message: a template, `{ from: FILE }`, or several named variants with weights.",
        ),
        key(
            "completion",
            Kind::Either(&[Kind::Text, Kind::Variants]),
            "",
            "In place of messages: a text that the model goes on with, for base models (docs/templates.md).",
        ),
    ],
};

/// A template that is not a variant.
pub static TEMPLATE: Section = Section {
    needs: &["from", "text"],
    keys: &[
        key("from", Kind::Text, "", "A template file under `prompts/`."),
        key("text", Kind::Text, "", "The template itself."),
    ],
};

/// One of several user messages.
pub static VARIANT: Section = Section {
    needs: &["from", "text"],
    keys: &[
        key("from", Kind::Text, "", "A template file under `prompts/`."),
        key("text", Kind::Text, "", "The template itself."),
        key("weight", WEIGHT, "1", "The variant's share of the asks, relative to the others'."),
        key("model", Kind::Text, "any", "The endpoint, or its `model`, that answers this variant."),
    ],
};

pub static SAMPLING: Section = Section {
    needs: &[],
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
    needs: &[],
    keys: &[
        key(
            "format",
            Kind::Word(&["json", "text", "lines"]),
            "json; of a completion text, or lines where `items` are several",
            "`json`: the server is held to a JSON Schema; `text`: the whole answer is the text; `lines`: each line is a text, `items` at most.",
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
    needs: &[],
    keys: &[
        key(
            "axes",
            Kind::Named(&Kind::Either(&[Kind::List(&Kind::Name), Kind::Section(&AXIS)])),
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
    needs: &["from", "values"],
    keys: &[
        key(
            "from",
            Kind::Text,
            "",
            "A built-in taxonomy (`goemotions`, `ekman`, `plutchik`, `plutchik-wheel`, `plutchik-dyads`, `contexts`, `sentiments`) or a YAML file beside the config.",
        ),
        key(
            "values",
            Kind::Either(&[Kind::List(&Kind::Name), Kind::Named(&Kind::Named(&Kind::Free))]),
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
    needs: &[],
    keys: &[
        key("per_cell", Kind::Whole { min: 1, max: 1_000_000 }, "1", "Accepted rows for each cell."),
        key(
            "total",
            Kind::Whole { min: 1, max: 100_000_000 },
            "",
            "Accepted rows of all cells together, in place of `per_cell`: shared out by the product of the values' attribute `weight` (by default 1).",
        ),
        key(
            "balance",
            Kind::List(&Kind::Text),
            "[]",
            "With `total`: axes whose values get rows in proportion to their weights, whatever the rules leave out. `[]` says that none are meant to, and ends the warning `uneven`.",
        ),
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
    needs: &[],
    keys: &[
        key("words", Kind::Range, "", "The least and the most words of a text."),
        key("characters", Kind::Range, "", "The least and the most characters of a text."),
        key(
            "mend",
            Kind::Bool,
            "true",
            "Takes quotes, list markers and Markdown's stars off from around a text, and says so in its row's field `mended`.",
        ),
        key("whitespace", Kind::Bool, "true", "Rejects texts with 16 blanks or 6 empty lines in a row."),
        key(
            "repetition",
            Kind::Bool,
            "true",
            "Rejects texts in which a word, a phrase or a character goes on and on.",
        ),
        key("refusal", Kind::Bool, "true", "Rejects texts in which the model refuses."),
        key(
            "leftover",
            Kind::Bool,
            "true",
            "Rejects texts with pieces of templates, markup of chats, and talk about the text itself.",
        ),
        key(
            "placeholder",
            Kind::Bool,
            "true",
            "Rejects texts with something left to fill in, such as `[insert name]`; masks such as `[NAME]` may stay.",
        ),
        key(
            "unfinished",
            Kind::Bool,
            "true",
            "Rejects texts that break off: at the schema's `maxLength`, or with a word that no sentence ends with.",
        ),
        key(
            "echo",
            Kind::Either(&[Kind::Bool, Kind::Whole { min: 5, max: 1000 }]),
            "8",
            "Rejects texts with so many words in a row from the prompts, or mostly made of them; `false`: none.",
        ),
        key(
            "language",
            Kind::Word(LANGUAGES),
            "any",
            "Rejects texts of four words or more that are in another language than this.",
        ),
        key("label_leakage", Kind::Section(&LABEL_LEAKAGE), "", "How many of a label's rows may name it."),
        key(
            "sentiment",
            Kind::Section(&SENTIMENT),
            "",
            "Rejects English texts whose words contradict the cell's sentiment, by VADER's rules.",
        ),
        key(
            "toxicity",
            Kind::Either(&[Kind::Word(TOXICITY), Kind::Section(&TOXIC)]),
            "off",
            "Rejects texts that are aimed at somebody: `mild`, slurs, threats, wishes of harm, hate and insults to the face; `strict`, swearing and insults behind the back too.",
        ),
        judges::LABEL,
        judges::JUDGES,
    ],
};

/// Languages that `check` can tell apart, by their codes of ISO 639-1.
pub const LANGUAGES: &[&str] = &[
    "en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "hu", "ro", "tr", "id",
    "vi", "ru", "uk", "el", "ar", "he", "hi", "th", "ko", "ja", "zh",
];

const TOXICITY: &[&str] = &["off", "mild", "strict"];

pub static LABEL_LEAKAGE: Section = Section {
    needs: &["at_most"],
    keys: &[key(
        "at_most",
        Kind::Either(&[Kind::Word(&["human"]), Kind::Number { min: 0.0, max: 1.0 }]),
        "",
        "The share of a label's rows that may have a form of its name, and one row more; `human`: as in GoEmotions, label by label.",
    )],
};

pub static SENTIMENT: Section = Section {
    needs: &["axis"],
    keys: &[
        key(
            "axis",
            Kind::Text,
            "",
            "The axis whose values are positive or negative, by their attribute `polarity` or their name.",
        ),
        key(
            "at_most",
            Kind::Number { min: 0.0, max: 1.0 },
            "0.75",
            "How far a text may go the other way, by VADER's compound score.",
        ),
    ],
};

pub static TOXIC: Section = Section {
    needs: &["level", "terms"],
    keys: &[
        key("level", Kind::Word(TOXICITY), "off", "Which of our terms are looked for."),
        key(
            "terms",
            Kind::Text,
            "",
            "A file of terms of your own, one a line, from the config's folder; `*` behind one takes any ending.",
        ),
    ],
};

const CATEGORIES: Kind = Kind::List(&Kind::Word(super::anonymize::CATEGORIES));
const NAMES: Kind = Kind::List(&Kind::Word(&["NAME"]));

pub static ANONYMIZE: Section = Section {
    needs: &[],
    keys: &[
        key(
            "preset",
            Kind::Word(&["strict", "tag", "off"]),
            "off",
            "What holds for the categories that no action names.",
        ),
        key("keep", CATEGORIES, "", "Categories that are not looked for."),
        key("tag", CATEGORIES, "", "Categories that are recorded in `spans` and stay."),
        key("mask", CATEGORIES, "", "Categories that are replaced by `[NAME]`, `[PHONE]` and so on."),
        key("drop", CATEGORIES, "", "Categories whose texts are rejected."),
        key("person", NAMES, "", "Names become `Person A`, `Person B`: one letter for one name in a text."),
        key(
            "pseudonym",
            NAMES,
            "",
            "Names become others of the same culture and gender, always the same under one key.",
        ),
        key("key_env", Kind::Text, "", "The environment variable that holds the key of the pseudonyms."),
        second::SECOND_LOOK,
    ],
};

pub static DEDUP: Section = Section {
    needs: &[],
    keys: &[
        key(
            "level",
            Kind::Word(&["off", "exact", "strict", "default", "aggressive"]),
            "exact",
            "How alike two texts are duplicates: not at all, with the same text, or nearly (docs/dedup.md).",
        ),
        key(
            "scope",
            Kind::Word(&["cell", "label", "dataset"]),
            "label where an axis is one, else dataset",
            "Where two such texts are one too many: in a cell, under the same label, or anywhere.",
        ),
        key(
            "threshold",
            Kind::Number { min: 0.01, max: 1.0 },
            "the level's own",
            "The similarity from which on two texts are duplicates; it does not grow with the dataset.",
        ),
        key(
            "against",
            Kind::List(&Kind::Either(&[Kind::Text, Kind::Section(&AGAINST)])),
            "",
            "Files of texts that no row may be like, such as a test set: .txt, or a column `text` in .csv, .tsv, .jsonl or .parquet; from the config's folder. A mapping of `file` and `text` names another column.",
        ),
        key(
            "statistics",
            Kind::Text,
            "the built-in ones",
            "A file of word statistics, from the config's folder; `emogrid dedup --write-statistics` makes one.",
        ),
        key(
            "method",
            Kind::Word(&["exact-join", "minhash"]),
            "exact-join",
            "How near-duplicates are looked for: all of them, or most of them in a corpus of long texts.",
        ),
        semantic::SEMANTIC,
    ],
};

pub static AGAINST: Section = Section {
    needs: &["file"],
    keys: &[
        key("file", Kind::Text, "", "The file, from the config's folder."),
        key("text", Kind::Text, "text", "The column with the texts."),
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

pub static RUN: Section = Section {
    needs: &[],
    keys: &[
        key(
            "until",
            Kind::Text,
            "",
            "The local time at which a run ends, such as `\"06:30\"`; what is under way then is mostly done, since a request that would end later is not begun.",
        ),
        key("for", Kind::Duration, "", "How long a run lasts at most, with a unit."),
        key(
            "max_requests",
            Kind::Whole { min: 1, max: i64::MAX },
            "",
            "The most requests that one run sends.",
        ),
        key(
            "token_budget",
            Kind::Whole { min: 1, max: i64::MAX },
            "",
            "The most tokens of prompts and answers that one run uses.",
        ),
        key(
            "max_cost",
            Kind::Number { min: 0.0, max: 1e12 },
            "",
            "The most that one run costs, by the `price` of each endpoint.",
        ),
        key(
            "tries",
            Kind::Whole { min: 1, max: 1000 },
            "5",
            "How often one ask may fail, while others go through, before it is given up.",
        ),
        key(
            "timeouts",
            Kind::Whole { min: 1, max: 1000 },
            "2",
            "The same where no answer comes within the endpoint's `timeout`: each further try takes as long again.",
        ),
        key(
            "circuit",
            Kind::Whole { min: 1, max: 1_000_000 },
            "8",
            "So many failures in a row, of whatever asks, and a server is held to be away: it is tried with one request now and then, for as long as its `patience` lasts, and no ask is to blame.",
        ),
        key(
            "hedge",
            Kind::Whole { min: 0, max: 1000 },
            "3",
            "At the end of a run, a request that takes so many times as long as nine in ten of its kind did (and 5 s at least) is sent a second time, to another server of the same model; `0`: never.",
        ),
        key(
            "order",
            Kind::Word(&["alike", "even"]),
            "alike",
            "`alike`: prompts that begin alike go to the same slot one after the other, so that llama.cpp reads what they share only once; `even`: in an order that has nothing to do with the prompts.",
        ),
        key(
            "max_leaving",
            Kind::Whole { min: 0, max: 1_000_000_000 },
            "1000",
            "A run that would take more rows than this out of the dataset, until they are remade, asks nothing, writes nothing and ends with exit code 4; `--accept-leaving` lets them go.",
        ),
        night::METRICS,
        night::LOG_SIZE,
        night::LOG_FILES,
    ],
};

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
