//! What is still to be asked, in one wording wherever it is told.

use serde::{Deserialize, Serialize};

use super::count;

/// What is still to be asked, as far as one can tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ToGo {
    /// Requests that can be sent at once, most often one a cell; others follow from their answers.
    #[serde(default)]
    pub now: u64,
    /// `None` where too little was judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// What open cells will take until they are full or may not be asked again, if texts are accepted as those that were
/// judged. What is stored already is not asked for, and brings its rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    pub asks: f64,
    pub rows: f64,
    /// Those of the rows that these asks bring: the others are of answers that wait for them.
    #[serde(default)]
    pub fresh: f64,
    /// With those about texts; of runs of long ago it is not known.
    #[serde(default)]
    pub requests: f64,
    /// There was nothing to count those about texts by: it is the least there can be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Enough was judged to tell what runs to come will bring.
    #[serde(default)]
    pub is_sure: bool,
}

/// By how much fewer rows are to come than are missing before it is worth a word: chance is in both.
pub const SLACK: f64 = 0.05;

impl ToGo {
    /// How many requests that will be.
    pub fn requests(&self) -> Option<u64> {
        // Each of those of now is one.
        self.expected.map(|expected| (expected.requests.round() as u64).max(self.now))
    }

    /// `about 51 requests`, `at least 12 requests`.
    pub fn text(&self) -> String {
        let least = self.expected.is_none_or(|expected| expected.at_least);
        let about = if least { "at least" } else { "about" };
        format!("{about} {}", count(self.requests().unwrap_or(self.now), "request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_go_is_about_so_much_or_at_least_that() {
        let expected = |requests, at_least| Expected { requests, at_least, ..Expected::default() };
        for (now, expected, says) in [
            (12, None, "at least 12 requests"),
            (12, Some(expected(50.6, false)), "about 51 requests"),
            (12, Some(expected(50.6, true)), "at least 51 requests"),
            (12, Some(expected(9.0, false)), "about 12 requests"),
            (0, Some(expected(1.2, false)), "about 1 request"),
        ] {
            assert_eq!(ToGo { now, expected }.text(), says);
        }
    }
}
