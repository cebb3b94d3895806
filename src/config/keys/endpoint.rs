//! Keys about who is asked: a server, what it costs, and one that emogrid starts itself.

use super::{Kind, Section, WEIGHT, key};

pub static ENDPOINT: Section = Section {
    needs: &["url", "managed"],
    keys: &[
        key("url", Kind::Text, "", "The server's address, with or without `/v1`."),
        key(
            "model",
            Kind::Text,
            "",
            "The model's name: sent with each request and asserted against the server. With several endpoints it also says which asks are its own before it was ever seen.",
        ),
        key("api_key_env", Kind::Text, "", "The environment variable that holds the key."),
        key(
            "weight",
            WEIGHT,
            "1",
            "The share of the asks for its model, relative to other models; if several endpoints have that model, the greatest weight counts. With 0 the endpoint gets only asks that name it, and is unused if none does.",
        ),
        key(
            "slots",
            Kind::Either(&[Kind::Word(&["auto"]), Kind::Whole { min: 1, max: 4096 }, Kind::Range]),
            "auto",
            "Requests at a time. `[least, most]`: the number within these bounds that gives the most tokens a second, found during the run; `auto`: the same from 1 to the server's own number of slots, or to 16 if it does not report one.",
        ),
        key(
            "requests_per_minute",
            Kind::Whole { min: 1, max: 1_000_000 },
            "no limit",
            "Never more than this in any 60 seconds, whichever runs of the project send them.",
        ),
        key(
            "burst",
            Kind::Whole { min: 1, max: 1_000_000 },
            "1",
            "With a limit: how many may go out at once before the rest is spread evenly.",
        ),
        key(
            "tokens_per_minute",
            Kind::Whole { min: 1, max: 1_000_000_000 },
            "no limit",
            "Never more than this in any 60 seconds: a request reserves its prompt and `max_tokens`, and gives back what it did not use. Requests are spaced by what they use on average.",
        ),
        key(
            "price",
            Kind::Section(&PRICE),
            "",
            "What a million tokens cost, in a unit of yours. Costs are reported in it, and `run.max_cost` is in it.",
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
    needs: &[],
    keys: &[
        key(
            "prompt",
            Kind::Number { min: 0.0, max: 1e9 },
            "",
            "For a million tokens of prompts, cached ones included. Needed beside `completion`; 0 if they cost nothing.",
        ),
        key(
            "completion",
            Kind::Number { min: 0.0, max: 1e9 },
            "",
            "For a million tokens of answers. Needed beside `prompt`; 0 if they cost nothing, as for embeddings.",
        ),
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
            "How often it is started again if it ends or hangs during a run.",
        ),
        key("loading", Kind::Duration, "10m", "How long its model may take to load."),
    ],
};
