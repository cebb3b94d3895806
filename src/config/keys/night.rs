//! Keys about a run that nobody watches.

use super::{Key, Kind, Section, key};

const SHARE: Kind = Kind::Number { min: 0.0, max: 1.0 };

pub static ALARM: Section = Section {
    needs: &[],
    keys: &[
        key(
            "accepted",
            SHARE,
            "",
            "The least share of the texts judged in a run that are accepted, of 20 or more.",
        ),
        key(
            "distinct_2",
            SHARE,
            "",
            "The least distinct-2 of the rows that a run brings: of up to a thousand of them, and of 50 or more.",
        ),
        key("opening", SHARE, "", "The largest share of these rows that open with the same three words."),
        key("short", SHARE, "", "The largest share of the wanted rows that no more asks will fill."),
        key(
            "faults",
            SHARE,
            "",
            "The largest share of a run's sends that fail, tried again or not, of 20 or more.",
        ),
        key(
            "tokens_per_second",
            Kind::Number { min: 0.0, max: 1e9 },
            "",
            "The fewest tokens of answers a second of asking, over all endpoints; time without any endpoint does not count. Judged from 20 sends on, and not for a run that completes the dataset in less than five minutes of asking.",
        ),
        key(
            "rows_per_hour",
            Kind::Number { min: 0.0, max: 1e12 },
            "",
            "The fewest rows an hour of asking that a run brings; time without any endpoint does not count. Judged as `tokens_per_second` is.",
        ),
    ],
};

pub static NOTIFY: Section = Section {
    needs: &["command"],
    keys: &[
        key(
            "command",
            Kind::Text,
            "",
            "Run by the shell when a run has ended, however it ended. It gets the summary as JSON on its standard input, `EMOGRID_NAME`, `EMOGRID_VERDICT` (OK, LOOK or LOST), `EMOGRID_HEADLINE` and, if there is one, `EMOGRID_SUMMARY` (the path of the page) in its environment, and a minute. Keep keys of services out of it: `$NAME` takes them from the environment.",
        ),
        key(
            "when",
            Kind::Word(&["always", "look", "lost"]),
            "look",
            "From which verdict on: always, LOOK and LOST, or LOST alone.",
        ),
    ],
};

pub const METRICS: Key = key(
    "metrics",
    Kind::Text,
    "",
    "A file, from the project's root, in Prometheus' text format for node_exporter's textfile collector; written anew every 15 s of a run and at its end.",
);

pub const LOG_SIZE: Key = key(
    "log_size",
    Kind::Whole { min: 1000, max: i64::MAX },
    "10000000",
    "Bytes at which `log.jsonl` in the dataset's folder becomes `log.1.jsonl` and a new one begins.",
);

pub const LOG_FILES: Key = key(
    "log_files",
    Kind::Whole { min: 0, max: 1000 },
    "5",
    "How many files of the log are kept, the newest included; with 0 none is written.",
);
