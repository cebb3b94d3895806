//! What a failure means: to the schedule, to the budget, and for its server.

use crate::client::{ClientError, ErrorClass};
use crate::scheduler::{FaultKind, Proof};

/// What a request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charged {
    /// The answer says it.
    Told,
    Nothing,
    /// It came to no server, and so was none.
    Unsent,
    /// It may have cost as much as it may at most.
    Unknown,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub kind: FaultKind,
    pub spent: Charged,
}

impl Meaning {
    /// Reads a failure of a server that answered something before in this run, or did not.
    pub fn of(failure: &ClientError, answered: bool) -> Self {
        use Charged::{Nothing, Unknown, Unsent};
        use FaultKind::{Away, Broken, Crowded, Fatal, Forbidden, Late, Limited, NotNow, Refused, TooLong};
        let asks_to_wait = failure.retry_after.is_some();
        let (kind, spent) = match (failure.class, answered) {
            (ErrorClass::Unreachable, _) => (Away, Unsent),
            (ErrorClass::Loading, _) => (Away, Nothing),
            // Whoever says when to come back is there.
            (ErrorClass::Unavailable, _) if asks_to_wait => (Limited, Nothing),
            (ErrorClass::Gateway, _) if asks_to_wait => (Limited, Unknown),
            (ErrorClass::Unavailable, _) => (NotNow, Nothing),
            // What stands behind it may have worked on it.
            (ErrorClass::Gateway, _) => (NotNow, Unknown),
            (ErrorClass::RateLimited, _) => (Limited, Nothing),
            (ErrorClass::Crowded, _) => (Crowded, Nothing),
            (ErrorClass::ServerError, _) => (Broken, Nothing),
            (ErrorClass::Garbled | ErrorClass::Dropped, _) => (Broken, Unknown),
            (ErrorClass::Timeout, _) => (Late, Unknown),
            (ErrorClass::ContextExceeded, _) => (TooLong, Nothing),
            (ErrorClass::Refused, _) => (Refused, Nothing),
            // Some say so of a prompt that they will not have.
            (ErrorClass::Unauthorized | ErrorClass::Unpaid, true) => (Forbidden, Nothing),
            // What stands before a server says so while that starts again.
            (ErrorClass::NotFound, true) => (NotNow, Nothing),
            (ErrorClass::Unauthorized | ErrorClass::Unpaid | ErrorClass::NotFound, false)
            | (ErrorClass::Unsupported, _) => (Fatal, Nothing),
            (ErrorClass::Unusable, _) => (Fatal, Unsent),
        };
        Self { kind, spent }
    }

    /// Reads what became of a request that went through before.
    pub fn proof(failure: &ClientError) -> Proof {
        match Self::of(failure, true).kind.refuses() {
            true => Proof::Refused,
            false => Proof::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// By class: what it means before the server answered anything and afterwards, and whether the server took the
    /// request and is there.
    #[test]
    fn each_class_has_a_meaning() {
        use Charged::{Nothing, Unknown, Unsent};
        use ErrorClass as Class;
        use FaultKind::*;
        for (class, before, after, spent, took, there) in [
            (Class::Unreachable, Away, Away, Unsent, false, false),
            (Class::Loading, Away, Away, Nothing, false, false),
            (Class::Unavailable, NotNow, NotNow, Nothing, false, false),
            (Class::Gateway, NotNow, NotNow, Unknown, false, false),
            (Class::RateLimited, Limited, Limited, Nothing, true, true),
            (Class::Crowded, Crowded, Crowded, Nothing, true, true),
            (Class::ServerError, Broken, Broken, Nothing, true, false),
            (Class::Garbled, Broken, Broken, Unknown, true, false),
            (Class::Dropped, Broken, Broken, Unknown, true, false),
            (Class::Timeout, Late, Late, Unknown, true, false),
            (Class::ContextExceeded, TooLong, TooLong, Nothing, true, true),
            (Class::Refused, Refused, Refused, Nothing, true, true),
            (Class::Unauthorized, Fatal, Forbidden, Nothing, true, true),
            (Class::Unpaid, Fatal, Forbidden, Nothing, true, true),
            (Class::NotFound, Fatal, NotNow, Nothing, false, false),
            (Class::Unsupported, Fatal, Fatal, Nothing, true, false),
            (Class::Unusable, Fatal, Fatal, Unsent, true, false),
        ] {
            let failure = ClientError::new(class, "so");
            assert_eq!(Meaning::of(&failure, false), Meaning { kind: before, spent }, "{class:?}");
            let meaning = Meaning::of(&failure, true);
            assert_eq!(meaning, Meaning { kind: after, spent }, "{class:?}");
            assert_eq!((meaning.kind.took_it(), meaning.kind.shows_it_there()), (took, there), "{class:?}");
        }
    }

    #[test]
    fn who_says_when_to_come_back_is_limited() {
        for (class, spent) in [
            (ErrorClass::Unavailable, Charged::Nothing),
            (ErrorClass::Gateway, Charged::Unknown),
            (ErrorClass::RateLimited, Charged::Nothing),
        ] {
            let failure = ClientError::new(class, "so");
            let failure = ClientError { retry_after: Some(Duration::from_secs(1)), ..failure };
            assert_eq!(Meaning::of(&failure, true), Meaning { kind: FaultKind::Limited, spent });
        }
    }

    #[test]
    fn a_key_that_is_none_any_more_refuses_what_went_through() {
        use ErrorClass::*;
        for class in [Refused, ContextExceeded, Unauthorized, Unpaid] {
            assert_eq!(Meaning::proof(&ClientError::new(class, "so")), Proof::Refused, "{class:?}");
        }
        for class in [Gateway, NotFound, RateLimited, ServerError, Unreachable] {
            assert_eq!(Meaning::proof(&ClientError::new(class, "so")), Proof::None, "{class:?}");
        }
    }
}
