//! Judge models: what they are asked of a text, and what of their answers counts.

use super::{Key, Kind, MAX_TOKENS, Section, TEMPLATE, TOP_P, key};

const TEXT: Kind = Kind::Either(&[Kind::Text, Kind::Section(&TEMPLATE)]);

static EACH: Kind = Kind::Section(&JUDGE);

pub const JUDGES: Key = key(
    "judges",
    Kind::Named(&EACH),
    "",
    "Models that judge each text that passed the other checks, each under a name of yours; a text is rejected, as `judge:NAME`, by the first that does not accept it.",
);

pub static JUDGE: Section = Section {
    needs: &[],
    keys: &[
        key(
            "prompt",
            TEXT,
            "",
            "What it is asked: a template, or `{ from: FILE }` under `prompts/`, that reads `{{ text }}` and may read the axes. The text is as its row would have it, anonymised.",
        ),
        key("system", TEXT, "", "Its system message, a template as well."),
        key(
            "schema",
            Kind::Either(&[Kind::Text, Kind::Named(&Kind::Free)]),
            "",
            "JSON Schema of its answer, inline or a file beside the config.",
        ),
        key(
            "accept",
            Kind::Text,
            "",
            "An expression over the fields of its answer, also as `answer.FIELD`, and the axes, such as `score >= 3`. Changing it asks nothing again.",
        ),
        key(
            "model",
            Kind::Text,
            "any",
            "The endpoint, or its `model`, that judges; with `weight: 0` it does nothing else.",
        ),
        key(
            "votes",
            Kind::Whole { min: 1, max: 99 },
            "1",
            "How often it is asked about a text; more than half of its answers must be accepted.",
        ),
        key(
            "asks",
            Kind::Whole { min: 1, max: 1000 },
            "two more than `votes`",
            "The most requests about one text. An answer outside the schema is asked for again; a text of which too few are good is rejected.",
        ),
        key(
            "columns",
            Kind::List(&Kind::Text),
            "[]",
            "Fields of its answer that rows show as `NAME_FIELD`: of several votes the mean of numbers, the share of `true`, the most frequent text. `votes` is how many accept.",
        ),
        key(
            "sampling",
            Kind::Section(&SAMPLING),
            "",
            "Its sampling parameters; the generator's do not count.",
        ),
    ],
};

pub static SAMPLING: Section = Section {
    needs: &[],
    keys: &[
        key("temperature", Kind::Number { min: 0.0, max: 10.0 }, "0.3", "At 0 all votes would be the same."),
        TOP_P,
        MAX_TOKENS,
        key(
            "extra",
            Kind::Named(&Kind::Free),
            "{}",
            "Further fields of the request, sent as they are (`top_k`, `chat_template_kwargs` …).",
        ),
    ],
};

pub const LABEL: Key = key(
    "label",
    Kind::Section(&LABEL_KEYS),
    "",
    "Rejects texts that do not show their label, as `label`: by a probe that was trained on other data, or by a model that does not know which label is meant, or by both.",
);

pub static LABEL_KEYS: Section = Section {
    needs: &["probe", "blind"],
    keys: &[
        key("axis", Kind::Text, "the axis that is a label", "The axis that is meant, if several are labels."),
        key(
            "probe",
            Kind::Text,
            "",
            "A probe's file, from the config's folder, as `emogrid train --probe --model FILE` writes it. Rows get `label_rank`, `label_probability` and `probe_label`.",
        ),
        key(
            "top",
            Kind::Whole { min: 1, max: 128 },
            "3",
            "A text's own label must be among so many labels that the probe finds likeliest.",
        ),
        key(
            "blind",
            Kind::Either(&[Kind::Bool, Kind::Section(&BLIND)]),
            "false",
            "Asks a model which of the labels a text shows. Rows get `blind_label` and `blind_votes`.",
        ),
    ],
};

pub static BLIND: Section = Section {
    needs: &[],
    keys: &[
        key("model", Kind::Text, "any", "The endpoint, or its `model`, that is asked."),
        key("votes", Kind::Whole { min: 1, max: 99 }, "3", "How often it is asked about a text."),
        key(
            "asks",
            Kind::Whole { min: 1, max: 1000 },
            "two more than `votes`",
            "The most requests about one text.",
        ),
        key(
            "top",
            Kind::Whole { min: 1, max: 128 },
            "1",
            "A text's own label must be among so many labels with the most votes, with at least one vote.",
        ),
        key(
            "probabilities",
            Kind::Bool,
            "false",
            "Asks for the probabilities of tokens too (`logprobs`): rows get `blind_probability`, that of their own label among all, the mean of the votes; null if the server reports none.",
        ),
        key(
            "prompt",
            TEXT,
            "a question of our own",
            "What it is asked: a template, or `{ from: FILE }`, that reads `{{ text }}` and `{{ labels }}`, the values of the axis, but not the axis.",
        ),
        key("system", TEXT, "", "Its system message, a template as well."),
        key("sampling", Kind::Section(&SAMPLING), "", "Its sampling parameters, as a judge's."),
    ],
};
