//! Duplicates by meaning.

use super::{Key, Kind, Section, key};

const EITHER: Kind = Kind::Either(&[Kind::Bool, Kind::Section(&KEYS)]);

pub const SEMANTIC: Key = key(
    "semantic",
    EITHER,
    "false",
    "Also compares what texts mean, by embeddings of an endpoint: for paraphrases, which share no words.",
);

pub static KEYS: Section = Section {
    needs: &[],
    keys: &[
        key(
            "threshold",
            Kind::Number { min: 0.01, max: 1.0 },
            "0.9",
            "The cosine from which on two texts say the same; each model has its own.",
        ),
        key(
            "model",
            Kind::Text,
            "the only endpoint",
            "The endpoint, or its `model`, that embeds; with `weight: 0` it does nothing else.",
        ),
        key(
            "prefix",
            Kind::Text,
            "",
            "What is put before each text, as some models want it, such as `\"clustering: \"`.",
        ),
    ],
};
