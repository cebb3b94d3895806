//! Keys about which texts count as the same.

use super::{Kind, Section, key, semantic};

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
