//! Keys about the cells: axes, rules, and how many rows each cell gets.

use super::{Kind, Section, key};

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
            "Combinations to leave out; a mapping matches when all its keys do, a list means any of these values.",
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
            "With `total`: axes whose values get rows in proportion to their weights, whatever the rules leave out. `[]` says that no axis should be balanced, and ends the warning `uneven`.",
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
