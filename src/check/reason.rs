//! Why a candidate is no row.

use std::fmt;

use serde::Serialize;

use crate::dedup::Similarity;
use crate::model::RowId;

/// A named reason of a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    Duplicate {
        of: RowId,
    },
    NearDuplicate {
        of: RowId,
        similarity: Similarity,
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
        category: &'static str,
    },
}

impl Reason {
    /// The names of the rejections that other rows decide.
    pub const DUPLICATE: &str = "duplicate";
    pub const NEAR_DUPLICATE: &str = "near-duplicate";

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
            Reason::Duplicate { .. } => Self::DUPLICATE,
            Reason::NearDuplicate { .. } => Self::NEAR_DUPLICATE,
            Reason::OffLimits { .. } => "off-limits",
            Reason::Curation => "curation",
            Reason::Anonymize { .. } => "anonymize",
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
            "duplicate" => {
                "vary the prompt (`lists` with `pick`), raise the temperature, or narrow `dedup.scope`"
            }
            "near-duplicate" => {
                "vary the prompt (`lists` with `pick`), raise the temperature, or choose another `dedup.level`, which asks nothing again"
            }
            "off-limits" => {
                "the model writes what stands in a file of `dedup.against`: see that no template shows it these texts"
            }
            "curation" => "the file under `curation` leaves them out; take the key away to have them back",
            "anonymize" => {
                "change `anonymize`, which asks nothing again, or ask for texts about something else in the prompt"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Finish { reason } => write!(f, "the server ended it: {reason}"),
            Reason::NotJson { why } => write!(f, "not JSON: {why}"),
            Reason::Schema { why } => write!(f, "outside the schema: {why}"),
            Reason::Words { found } => write!(f, "{found} words"),
            Reason::Characters { found } => write!(f, "{found} characters"),
            Reason::Duplicate { of } => write!(f, "a duplicate of {of}"),
            Reason::NearDuplicate { of, similarity } => {
                write!(f, "similar to {of} ({:.2})", similarity.fraction())
            }
            Reason::OffLimits { of, similarity } => {
                write!(f, "off limits: similar to {of} ({:.2})", similarity.fraction())
            }
            Reason::Curation => f.write_str("left out by the file under `curation`"),
            Reason::Anonymize { category } => write!(f, "it is about {category}, which is taken out"),
            other => f.write_str(other.name()),
        }
    }
}
