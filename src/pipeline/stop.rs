//! Why a run stops.

/// Why a run stopped with everything saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Interrupt,
    /// Told so by `emogrid ctl drain`.
    Drain,
    Until,
    For,
    Requests,
    Tokens,
    Money,
}

impl Stop {
    /// As summaries name it.
    pub fn name(self) -> &'static str {
        match self {
            Stop::Interrupt => "interrupt",
            Stop::Drain => "drain",
            Stop::Until => "until",
            Stop::For => "for",
            Stop::Requests => "max_requests",
            Stop::Tokens => "token_budget",
            Stop::Money => "max_cost",
        }
    }

    /// As it is said when it happens.
    pub fn says(self) -> &'static str {
        match self {
            Stop::Interrupt => "stopping",
            Stop::Drain => "stopping (`emogrid ctl drain`)",
            Stop::Until => "it is time (`until`)",
            Stop::For => "time is up (`for`)",
            Stop::Requests => "all requests of this run are sent (`max_requests`)",
            Stop::Tokens => "the tokens of this run are used up (`token_budget`)",
            Stop::Money => "the money of this run is spent (`max_cost`)",
        }
    }
}
