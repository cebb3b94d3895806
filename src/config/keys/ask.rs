//! Keys about what is asked: the prompt, how the model samples, and what an answer looks like.

use super::{Key, Kind, Section, WEIGHT, key};

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

pub const TOP_P: Key = key(
    "top_p",
    Kind::Number { min: 0.0, max: 1.0 },
    "0.95",
    "Keep the likeliest tokens that make up this share.",
);

pub const MAX_TOKENS: Key = key(
    "max_tokens",
    Kind::Whole { min: 1, max: 10_000_000 },
    "256",
    "The longest answer. Raising it asks again only for answers that were cut.",
);

pub static SAMPLING: Section = Section {
    needs: &[],
    keys: &[
        key("temperature", Kind::Number { min: 0.0, max: 10.0 }, "0.8", "Higher is more varied."),
        TOP_P,
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
        MAX_TOKENS,
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
