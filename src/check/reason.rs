//! Why a candidate is no row.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::repetition::Loop;
use super::unfinished::Break;
use crate::dedup::Similarity;
use crate::model::RowId;

/// A named reason of a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// The answer or the text is empty.
    Empty,
    /// The model thought, and answered nothing.
    OnlyReasoning,
    /// The answer ran into `max_tokens`.
    Cut,
    /// The answer ran off into blank characters.
    Whitespace,
    /// The server ended the answer for a reason of its own, such as a content filter.
    #[serde(rename_all = "kebab-case")]
    Finish {
        #[serde(rename = "finish")]
        reason: String,
    },
    NotJson {
        why: String,
    },
    Schema {
        why: String,
    },
    Words {
        found: usize,
    },
    Characters {
        found: usize,
    },
    /// It goes round in circles.
    Repetition {
        what: Loop,
    },
    /// The model refuses.
    Refusal,
    /// Pieces of templates, markup of chats, or talk about the text.
    Leftover,
    /// Something was left to fill in.
    Placeholder,
    /// So many of its words are from the prompt.
    Echo {
        words: usize,
    },
    /// It has a run of so many words from an exemplar.
    Copied {
        words: usize,
    },
    /// It breaks off.
    Unfinished {
        how: Break,
    },
    /// It is in another language.
    Language {
        found: Cow<'static, str>,
    },
    /// It has a term that is not wanted.
    Toxicity,
    /// Its words contradict the cell's sentiment; VADER's score in ten-thousandths.
    Sentiment {
        score: i32,
    },
    /// It names its label, and too many rows do.
    LabelLeakage {
        label: String,
    },
    /// Which other rows decide, so that it is never read back.
    #[serde(skip_deserializing)]
    Duplicate {
        of: RowId,
    },
    #[serde(skip_deserializing)]
    NearDuplicate {
        of: RowId,
        similarity: Similarity,
    },
    /// A row accepted before says the same in other words.
    #[serde(skip_deserializing)]
    Paraphrase {
        of: RowId,
        similarity: Similarity,
    },
    /// What it means cannot be told.
    Embedding {
        why: String,
    },
    /// It is like a text of `dedup.against`, which is named by file and line.
    OffLimits {
        of: String,
        similarity: Similarity,
    },
    /// The file that the config's `curation` names leaves it out.
    Curation,
    /// The anonymiser drops texts with this category, or its masks left nothing to read.
    Anonymize {
        category: Cow<'static, str>,
    },
    /// Somebody wished it away: `emogrid forget`.
    Forgotten,
    /// A judge model does not accept it.
    Judge {
        /// The name under which it is counted.
        #[serde(skip)]
        judge: &'static str,
        why: String,
    },
}

/// What the names of judges' rejections begin with.
const JUDGE: &str = "judge:";

/// The name under which a judge's rejections are counted. Judges are few, and each name is kept once.
pub fn judge_reason(judge: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let name = format!("{JUDGE}{judge}");
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    match names.get(name.as_str()) {
        Some(known) => known,
        None => {
            let kept: &'static str = name.leak();
            names.insert(kept);
            kept
        }
    }
}

impl Reason {
    /// The names of the rejections that other rows decide.
    pub const DUPLICATE: &str = "duplicate";
    pub const NEAR_DUPLICATE: &str = "near-duplicate";
    pub const PARAPHRASE: &str = "paraphrase";
    /// The name of a text that does not show its label.
    pub const LABEL: &str = "label";
    /// The name of a row too many that names its label.
    pub const LABEL_LEAKAGE: &str = "label-leakage";

    /// The names that have a key and an advice.
    pub const NAMES: [&str; 29] = [
        "empty",
        "only-reasoning",
        "cut",
        "whitespace",
        "finish",
        "not-json",
        "schema",
        "words",
        "characters",
        "repetition",
        "refusal",
        "leftover",
        "placeholder",
        "echo",
        "unfinished",
        "copied",
        "language",
        "toxicity",
        "sentiment",
        Self::LABEL_LEAKAGE,
        "anonymize",
        "curation",
        Self::DUPLICATE,
        Self::NEAR_DUPLICATE,
        "off-limits",
        "embedding",
        Self::PARAPHRASE,
        Self::LABEL,
        "judge:NAME",
    ];

    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::OnlyReasoning => "only-reasoning",
            Reason::Cut => "cut",
            Reason::Whitespace => "whitespace",
            Reason::Finish { .. } => "finish",
            Reason::NotJson { .. } => "not-json",
            Reason::Schema { .. } => "schema",
            Reason::Words { .. } => "words",
            Reason::Characters { .. } => "characters",
            Reason::Repetition { .. } => "repetition",
            Reason::Refusal => "refusal",
            Reason::Leftover => "leftover",
            Reason::Placeholder => "placeholder",
            Reason::Echo { .. } => "echo",
            Reason::Copied { .. } => "copied",
            Reason::Unfinished { .. } => "unfinished",
            Reason::Language { .. } => "language",
            Reason::Toxicity => "toxicity",
            Reason::Sentiment { .. } => "sentiment",
            Reason::LabelLeakage { .. } => Self::LABEL_LEAKAGE,
            Reason::Duplicate { .. } => Self::DUPLICATE,
            Reason::NearDuplicate { .. } => Self::NEAR_DUPLICATE,
            Reason::Paraphrase { .. } => Self::PARAPHRASE,
            Reason::Embedding { .. } => "embedding",
            Reason::OffLimits { .. } => "off-limits",
            Reason::Curation => "curation",
            Reason::Anonymize { .. } => "anonymize",
            Reason::Forgotten => "forgotten",
            Reason::Judge { judge, .. } => judge,
        }
    }

    /// The key of the config that many rejections of this name hang on most.
    pub fn key_for(name: &str) -> &'static str {
        match name {
            "empty" => "sampling.temperature",
            "whitespace" => "sampling.min_p",
            "only-reasoning" | "repetition" => "sampling.extra",
            "cut" => "sampling.max_tokens",
            "finish" => "endpoints",
            "not-json" => "response.format",
            "schema" | "unfinished" => "response.schema",
            "words" => "checks.words",
            "characters" => "checks.characters",
            "echo" => "checks.echo",
            "copied" => "exemplars",
            "language" => "checks.language",
            "toxicity" => "checks.toxicity",
            "sentiment" => "checks.sentiment",
            Self::LABEL_LEAKAGE => "checks.label_leakage",
            Self::LABEL => "checks.label",
            Self::DUPLICATE => "dedup.scope",
            Self::NEAR_DUPLICATE => "dedup.level",
            Self::PARAPHRASE | "embedding" => "dedup.semantic",
            "off-limits" => "dedup.against",
            "curation" => "curation",
            "anonymize" => "anonymize",
            judged if judged.starts_with(JUDGE) => "checks.judges",
            // Only another prompt helps against refusals, leftovers and what was left to fill in.
            _ => "prompt",
        }
    }

    /// What a user can do about many rejections of this name.
    pub fn advice_for(name: &str) -> Option<&'static str> {
        Some(match name {
            "empty" => "the model answers nothing: look at the prompt, or raise the temperature",
            "only-reasoning" => {
                "switch the model's thinking off, such as `sampling.extra: { chat_template_kwargs: { enable_thinking: false } }`, or raise `sampling.max_tokens`"
            }
            "cut" => "raise `sampling.max_tokens`: only the cut answers are asked for again",
            "whitespace" => {
                "a small model under a schema runs off into blanks: lower the temperature, or set `sampling.min_p`"
            }
            "finish" => "the server ended the answer itself: look at its log",
            "not-json" => {
                "the server does not hold the model to JSON: use one that does, or `response.format: text`"
            }
            "schema" => "the server does not hold the model to the schema, or cannot express all of it",
            "words" => {
                "change `checks.words`, which asks nothing again, or ask for another length in the prompt"
            }
            "characters" => {
                "change `checks.characters`, which asks nothing again, or ask for another length in the prompt"
            }
            "repetition" => {
                "the model runs in circles: set `sampling.repeat_penalty`, or `sampling.extra: { dry_multiplier: 0.8 }` on llama.cpp"
            }
            "refusal" => "the model refuses: say in the prompt what the texts are for, or use another model",
            "leftover" | "placeholder" => {
                "say in the prompt that the answer is the text alone, ready to be read"
            }
            "echo" => "the model says the prompt over: shorten its instructions, or set `checks.echo` higher",
            "copied" => {
                "the model copies what it is shown: ask for other words in the prompt, or show other rows (`exemplars`)"
            }
            "unfinished" => "raise the schema's `maxLength`, or ask for shorter texts in the prompt",
            "language" => "name the language in the prompt, or use a model that knows it",
            "toxicity" => "say in the prompt what must not stand in a text, or set `checks.toxicity` lower",
            "sentiment" => {
                "the model misses the sentiment: describe it in the prompt, or set `checks.sentiment.at_most` higher"
            }
            "label-leakage" => {
                "the model names its label: tell it not to, or set `checks.label_leakage.at_most` higher"
            }
            "duplicate" => {
                "vary the prompt (`lists` with `pick`), raise the temperature, or narrow `dedup.scope`"
            }
            "near-duplicate" => {
                "vary the prompt (`lists` with `pick`), raise the temperature, or choose another `dedup.level`, which asks nothing again"
            }
            "paraphrase" => {
                "vary the prompt (`lists` with `pick`), or raise `dedup.semantic.threshold`, which asks nothing again"
            }
            "embedding" => {
                "the server does not embed these texts: look at its log (a longer `-c` and `-ub` take longer texts), then `--retry-failed`"
            }
            "off-limits" => {
                "the model writes what stands in a file of `dedup.against`: see that no template shows it these texts"
            }
            "curation" => "the file under `curation` leaves them out; take the key away to have them back",
            "anonymize" => {
                "change `anonymize`, which asks nothing again, or ask for texts about something else in the prompt"
            }
            "label" => {
                "the model misses its labels: describe them in the prompt, or set `checks.label.top` higher, which asks nothing again"
            }
            judged if judged.starts_with(JUDGE) => {
                "look at its answers (`emogrid why CONFIG FINGERPRINT`, with one of rejected.jsonl); change its `accept`, which asks nothing again, its prompt, or the generator's"
            }
            _ => return None,
        })
    }

    /// The reasons as `docs/checks.md` has them: a Markdown table.
    pub fn reference() -> String {
        let mut out =
            String::from("\n| reason | key | what helps if it rejects many texts |\n| --- | --- | --- |\n");
        for name in Self::NAMES {
            let advice = Self::advice_for(name).unwrap_or("–");
            out.push_str(&format!("| `{name}` | `{}` | {advice} |\n", Self::key_for(name)));
        }
        out
    }
}

/// `1 word`, `2 words`.
fn of(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Finish { reason } => write!(f, "the server ended it: {reason}"),
            Reason::NotJson { why } => write!(f, "not JSON: {why}"),
            Reason::Schema { why } => write!(f, "outside the schema: {why}"),
            Reason::Words { found } => f.write_str(&of(*found, "word")),
            Reason::Characters { found } => f.write_str(&of(*found, "character")),
            Reason::Repetition { what: Loop::Words(1) } => f.write_str("a word over and over"),
            Reason::Repetition { what: Loop::Words(words) } => write!(f, "{words} words over and over"),
            Reason::Repetition { what: Loop::Refrain } => f.write_str("one phrase makes up half of it"),
            Reason::Repetition { what: Loop::Characters(_) } => f.write_str("characters over and over"),
            Reason::Refusal => f.write_str("the model refuses"),
            Reason::Leftover => f.write_str("leftovers of a template, a chat or talk about the text"),
            Reason::Placeholder => f.write_str("something was left to fill in"),
            Reason::Echo { words } => write!(f, "{} from the prompt", of(*words, "word")),
            Reason::Copied { words } => write!(f, "{} in a row from an exemplar", of(*words, "word")),
            Reason::Unfinished { how: Break::AtMaxLength } => f.write_str("cut at the schema's maxLength"),
            Reason::Unfinished { how: Break::Open } => f.write_str("breaks off with an open sentence"),
            Reason::Unfinished { how: Break::InWord } => f.write_str("breaks off within a word"),
            Reason::Language { found } => write!(f, "in {found}"),
            Reason::Toxicity => f.write_str("has a term that is not wanted"),
            Reason::Sentiment { score } => {
                write!(f, "reads {:+.2} against the cell's sentiment", f64::from(*score) / 1e4)
            }
            Reason::LabelLeakage { label } => write!(f, "one row too many that names `{label}`"),
            Reason::Duplicate { of } => write!(f, "a duplicate of {of}"),
            Reason::NearDuplicate { of, similarity } => {
                write!(f, "similar to {of} ({:.2})", similarity.fraction())
            }
            Reason::Paraphrase { of, similarity } => {
                write!(f, "says the same as {of} ({:.2})", similarity.fraction())
            }
            Reason::Embedding { why } => write!(f, "no embedding: {why}"),
            Reason::OffLimits { of, similarity } => {
                write!(f, "off limits: similar to {of} ({:.2})", similarity.fraction())
            }
            Reason::Curation => f.write_str("left out by the file under `curation`"),
            Reason::Anonymize { category } => write!(f, "it is about {category}, which is taken out"),
            Reason::Forgotten => f.write_str("somebody wished it away"),
            Reason::Judge { why, .. } => f.write_str(why),
            other => f.write_str(other.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    /// The key beside an advice is one that there is, and where the advice names keys it is of them.
    #[test]
    fn the_key_of_a_reason_is_what_its_advice_is_about() {
        let paths = keys::paths();
        for name in Reason::NAMES {
            let key = Reason::key_for(name);
            assert!(paths.iter().any(|path| path == key), "{name}: there is no key `{key}`");
            let advice = Reason::advice_for(name).unwrap_or_else(|| panic!("{name} has no advice"));
            let quoted = advice.split('`').skip(1).step_by(2);
            let named: Vec<&str> = quoted
                .map(|text| text.split([':', ' ']).next().unwrap_or_default())
                .filter(|text| paths.iter().any(|path| path == text))
                .collect();
            let about = |other: &&str| other.starts_with(key) || key.starts_with(*other);
            assert!(
                named.is_empty() || named.iter().any(about),
                "{name}: `{key}`, and its advice names {named:?}"
            );
        }
    }
}
