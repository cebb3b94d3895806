//! Keys about how a run asks.

use super::{Kind, Section, key, night};

pub static RUN: Section = Section {
    needs: &[],
    keys: &[
        key(
            "until",
            Kind::Text,
            "",
            "The local time at which a run ends, such as `\"06:30\"` or `\"06:30:15\"`. A request that would end later is not begun, so little is under way then.",
        ),
        key("for", Kind::Duration, "", "How long a run lasts at most."),
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
            "How often an ask may get no answer within `timeout`, while others go through, before it is given up; each try takes the whole `timeout`.",
        ),
        key(
            "circuit",
            Kind::Whole { min: 1, max: 1_000_000 },
            "8",
            "After so many failures in a row, of any asks, the server counts as away. It is then tried with single requests for as long as its `patience` lasts, and no ask is blamed.",
        ),
        key(
            "hedge",
            Kind::Whole { min: 0, max: 1000 },
            "3",
            "At the end of a run: a request that takes so many times as long as nine in ten of its kind did, and 5 s at least, is sent a second time, to another server of the same model or to its own; both are billed. A request that hangs at llama.cpp is not sent there twice but broken off and tried again, at any time, once `/slots` says twice that nothing works on it. `0`: neither.",
        ),
        key(
            "order",
            Kind::Word(&["alike", "even"]),
            "alike",
            "`alike`: prompts that begin alike go out one after the other (docs/nights.md), on llama.cpp to the same slot, so that what they share is read only once; `even`: in an order independent of the prompts.",
        ),
        key(
            "max_leaving",
            Kind::Whole { min: 0, max: 1_000_000_000 },
            "1000",
            "A run that would take more rows than this out of the dataset until they are remade asks nothing, writes nothing and ends with exit code 4; `--accept-leaving` lets them go.",
        ),
        night::METRICS,
        night::LOG_SIZE,
        night::LOG_FILES,
    ],
};
