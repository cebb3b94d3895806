//! Keys of the audit.

use super::{Kind, Section, key};

/// The metrics that can be named, as `audit` names them.
pub const METRICS: &[&str] = &[
    "balance",
    "balance_asked",
    "cells",
    "cells_asked",
    "leakage",
    "leakage_stem",
    "length",
    "exclamation",
    "question",
    "emoji",
    "opens_with_i",
    "opener",
    "context",
    "identity",
    "parity",
    "representation",
    "counterfactual",
    "distinct_1",
    "distinct_2",
    "distinct_3",
    "gzip",
    "self_bleu",
    "mattr",
    "openers",
];

/// The groups of people that can be named.
pub const GROUPS: &[&str] = &[
    "male",
    "female",
    "lgbt",
    "christian",
    "muslim",
    "jewish",
    "religion",
    "black",
    "white",
    "asian",
    "latino",
    "race",
    "nationality",
    "old",
    "young",
    "disability",
    "gender",
    "age",
];

pub static AUDIT: Section = Section {
    needs: &[],
    keys: &[
        key(
            "rows",
            Kind::Whole { min: 0, max: 1_000_000 },
            "10000",
            "How many of the first rows are audited at the end of a run that asked for something; 0: none.",
        ),
        key(
            "off",
            Kind::List(&Kind::Word(METRICS)),
            "[]",
            "Metrics that are left out; docs/audit.md names them all.",
        ),
        key(
            "warn",
            Kind::Named(&Kind::Number { min: -100.0, max: 100.0 }),
            "each metric's own",
            "By metric: where a warning begins.",
        ),
        key(
            "fail",
            Kind::Named(&Kind::Number { min: -100.0, max: 100.0 }),
            "each metric's own",
            "By metric: where a failure begins.",
        ),
        key(
            "targets",
            Kind::Named(&Kind::Number { min: 0.0, max: 1.0 }),
            "",
            "By group of people (`female`, `old`, `muslim` …): the share of rows that should speak of it.",
        ),
    ],
};
