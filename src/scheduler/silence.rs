//! Whether a server that answers nothing hangs, or is only slow.

/// Requests in a row without any answer before a server is looked at: one or two may be their own fault.
const LATE: u32 = 3;
/// Looks in a row that it does not answer either before it is held to hang.
const LOOKS: u32 = 2;

/// What was heard of a server since it last answered anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silence {
    /// Requests that ran into their timeout.
    late: u32,
    /// Looks at its health that came to nothing.
    unseen: u32,
}

/// What silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    None,
    /// It should be asked how it is.
    Look,
    /// It hangs: nothing but a new start will mend it.
    Hangs,
}

impl Silence {
    /// A request got no answer in time.
    pub fn late(&mut self) {
        self.late = self.late.saturating_add(1);
    }

    /// It was asked how it is: whether it said anything at all.
    ///
    /// A server that says so but answers no request is slow, and is given as long again.
    pub fn looked(&mut self, answered: bool) {
        match answered {
            true => *self = Self::default(),
            false => self.unseen = self.unseen.saturating_add(1),
        }
    }

    /// It answered a request, if only to refuse it.
    pub fn broken(&mut self) {
        *self = Self::default();
    }

    /// How many requests in a row got no answer.
    pub fn length(&self) -> u32 {
        self.late
    }

    pub fn suspicion(&self) -> Suspicion {
        match (self.late >= LATE, self.unseen >= LOOKS) {
            (false, _) => Suspicion::None,
            (true, false) => Suspicion::Look,
            (true, true) => Suspicion::Hangs,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What happened, a letter each: a late request, a look that is `unseen` or `seen`, an answer.
    fn after(history: &str) -> Suspicion {
        let mut silence = Silence::default();
        for event in history.chars() {
            match event {
                'l' => silence.late(),
                'u' => silence.looked(false),
                's' => silence.looked(true),
                _ => silence.broken(),
            }
        }
        silence.suspicion()
    }

    #[test]
    fn a_server_hangs_that_answers_neither_requests_nor_looks() {
        use Suspicion::{Hangs, Look, None};
        for (history, expected) in [
            ("", None),
            ("ll", None),
            ("lll", Look),
            ("llalll", Look),
            ("llallall", None),
            ("lllu", Look),
            ("llluu", Hangs),
            ("lllulu", Hangs),
            ("lllusu", None),
            ("llls", None),
            ("lllsll", None),
            ("lllslll", Look),
            ("lllua", None),
            ("uu", None),
        ] {
            assert_eq!(after(history), expected, "{history}");
        }
    }

    proptest! {
        /// Whatever went before, who answers anything is not held to hang on less than a whole silence.
        #[test]
        fn an_answer_clears_all(before in "[lusa]{0,12}", answer in "[sa]", then in "[lu]{0,4}") {
            let history = format!("{before}{answer}{then}");
            prop_assert!(after(&history) != Suspicion::Hangs);
        }
    }
}
