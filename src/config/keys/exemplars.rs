//! Keys of the real rows that prompts show.

use super::{Kind, Section, key};

pub static EXEMPLARS: Section = Section {
    needs: &["from"],
    keys: &[
        key(
            "from",
            Kind::Text,
            "",
            "A .jsonl, .csv, .tsv or .parquet file of rows with a `text` and labels, from the config's folder. Its content is part of the config; rows of a frozen test part are never shown.",
        ),
        key("rows", Kind::Whole { min: 1, max: 100 }, "3", "Rows for one request, others for each ask."),
        key(
            "by",
            Kind::Either(&[Kind::List(&Kind::Text), Kind::Named(&Kind::Text)]),
            "the label axes",
            "The axes whose values a row must share with the cell, or a mapping of axes to columns. Without a column of its name an axis is looked for in `labels`.",
        ),
        key(
            "copy",
            Kind::Whole { min: 3, max: 1000 },
            "7",
            "A text with a longer run of words from a row of the file is rejected as `copied`.",
        ),
        key(
            "anonymize",
            Kind::Bool,
            "true",
            "Whether rows are anonymised before they are sent: as `anonymize` says, or as `strict` does where that is off.",
        ),
    ],
};
