//! Why a candidate is no row.

use crate::check::Reason;
use crate::dedup::Similarity;
use crate::model::RowId;

/// Why a candidate was passed over.
#[derive(Debug, Clone, Copy)]
pub enum Why<'a, N = RowId> {
    /// It failed a check of its own.
    Own(&'a Reason),
    /// One more row of this label would name it too often.
    Named { label: &'a str },
    /// A row accepted before says the same.
    Duplicate { of: N },
    /// A row accepted before says nearly the same.
    NearDuplicate { of: N, similarity: Similarity },
    /// A row accepted before says the same in other words.
    Paraphrase { of: N, similarity: Similarity },
    /// What is left of it after a second look is no row, what it means cannot be told, or a judge model does
    /// not accept it.
    Judged(&'a Reason),
}

impl<N> Why<'_, N> {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Why::Own(reason) | Why::Judged(reason) => reason.name(),
            Why::Named { .. } => Reason::LABEL_LEAKAGE,
            Why::Duplicate { .. } => Reason::DUPLICATE,
            Why::NearDuplicate { .. } => Reason::NEAR_DUPLICATE,
            Why::Paraphrase { .. } => Reason::PARAPHRASE,
        }
    }

    /// Whether it is another row that keeps it out.
    pub fn is_duplicate(&self) -> bool {
        match self {
            Why::Own(_) | Why::Named { .. } | Why::Judged(_) => false,
            Why::Duplicate { .. } | Why::NearDuplicate { .. } | Why::Paraphrase { .. } => true,
        }
    }
}

impl Why<'_> {
    pub fn reason(&self) -> Reason {
        match self {
            Why::Own(reason) | Why::Judged(reason) => (*reason).clone(),
            Why::Named { label } => Reason::LabelLeakage { label: (*label).to_owned() },
            Why::Duplicate { of } => Reason::Duplicate { of: *of },
            Why::NearDuplicate { of, similarity } => {
                Reason::NearDuplicate { of: *of, similarity: *similarity }
            }
            Why::Paraphrase { of, similarity } => Reason::Paraphrase { of: *of, similarity: *similarity },
        }
    }
}
