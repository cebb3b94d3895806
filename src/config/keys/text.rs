//! Keys about what a text must be to become a row.

use super::{Kind, Section, judges, key};

pub static CHECKS: Section = Section {
    needs: &[],
    keys: &[
        key("words", Kind::Range, "", "The least and the most words of a text."),
        key("characters", Kind::Range, "", "The least and the most characters of a text."),
        key(
            "mend",
            Kind::Bool,
            "true",
            "Takes quotes, list markers, Markdown's stars and an assistant's preamble off from around a text, and says so in its row's field `mended`.",
        ),
        key("whitespace", Kind::Bool, "true", "Rejects texts with 16 blanks or 6 empty lines in a row."),
        key(
            "repetition",
            Kind::Bool,
            "true",
            "Rejects texts in which a word, a phrase or a character goes on and on.",
        ),
        key("refusal", Kind::Bool, "true", "Rejects texts in which the model refuses."),
        key(
            "leftover",
            Kind::Bool,
            "true",
            "Rejects texts with pieces of templates, markup of chats, and talk about the text itself.",
        ),
        key(
            "placeholder",
            Kind::Bool,
            "true",
            "Rejects texts with something left to fill in, such as `[insert name]`; masks such as `[NAME]` may stay.",
        ),
        key(
            "unfinished",
            Kind::Bool,
            "true",
            "Rejects texts that break off: at the schema's `maxLength`, or with a word that no sentence ends with.",
        ),
        key(
            "echo",
            Kind::Either(&[Kind::Bool, Kind::Whole { min: 5, max: 1000 }]),
            "8",
            "Rejects texts with so many words in a row from the prompts, or mostly made of them; `false`: none.",
        ),
        key(
            "language",
            Kind::Word(LANGUAGES),
            "any",
            "Rejects texts of four words or more that are in another language than this.",
        ),
        key("label_leakage", Kind::Section(&LABEL_LEAKAGE), "", "How many of a label's rows may name it."),
        key(
            "sentiment",
            Kind::Section(&SENTIMENT),
            "",
            "Rejects English texts whose words contradict the cell's sentiment, by VADER's rules.",
        ),
        key(
            "toxicity",
            Kind::Either(&[Kind::Word(TOXICITY), Kind::Section(&TOXIC)]),
            "off",
            "Rejects texts that are aimed at somebody: `mild`, slurs, threats, wishes of harm, hate and insults to the face; `strict`, swearing and insults behind the back too.",
        ),
        judges::LABEL,
        judges::JUDGES,
    ],
};

/// Languages that `check` can tell apart, by their codes of ISO 639-1.
pub const LANGUAGES: &[&str] = &[
    "en", "es", "fr", "de", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "hu", "ro", "tr", "id",
    "vi", "ru", "uk", "el", "ar", "he", "hi", "th", "ko", "ja", "zh",
];

const TOXICITY: &[&str] = &["off", "mild", "strict"];

pub static LABEL_LEAKAGE: Section = Section {
    needs: &["at_most"],
    keys: &[key(
        "at_most",
        Kind::Either(&[Kind::Word(&["human"]), Kind::Number { min: 0.0, max: 1.0 }]),
        "",
        "The share of a label's rows that may have a form of its name, and one row more; `human`: as in GoEmotions, label by label.",
    )],
};

pub static SENTIMENT: Section = Section {
    needs: &["axis"],
    keys: &[
        key(
            "axis",
            Kind::Text,
            "",
            "The axis whose values are positive or negative, by their attribute `polarity` or their name.",
        ),
        key(
            "at_most",
            Kind::Number { min: 0.0, max: 1.0 },
            "0.75",
            "How far a text may go the other way, by VADER's compound score.",
        ),
    ],
};

pub static TOXIC: Section = Section {
    needs: &["level", "terms"],
    keys: &[
        key("level", Kind::Word(TOXICITY), "off", "Which of our terms are looked for."),
        key(
            "terms",
            Kind::Text,
            "",
            "A file of terms of your own, one a line, from the config's folder; `*` behind one takes any ending.",
        ),
    ],
};
