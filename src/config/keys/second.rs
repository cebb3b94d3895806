//! A second look at names in doubt.

use super::{Key, Kind, Section, key};

const EITHER: Kind = Kind::Either(&[Kind::Bool, Kind::Text, Kind::Section(&KEYS)]);

pub const SECOND_LOOK: Key = key(
    "second_look",
    EITHER,
    "false",
    "Asks a model which names in doubt are names, of each text that would be a row; `true`, or the endpoint, or its `model`, that is asked (docs/anonymize.md).",
);

pub static KEYS: Section = Section {
    needs: &[],
    keys: &[
        key(
            "model",
            Kind::Text,
            "any",
            "The endpoint, or its `model`, that is asked; with `weight: 0` it does nothing else.",
        ),
        key(
            "remote",
            Kind::Bool,
            "false",
            "Whether another machine may be asked: it sees texts before anything is taken out of them.",
        ),
    ],
};
