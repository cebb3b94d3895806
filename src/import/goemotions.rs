//! What the files of GoEmotions look like.

use crate::config::taxonomy;

/// A file of GoEmotions, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `train.tsv` and so on: text, label ids, comment id; no header.
    Filtered,
    /// `goemotions_1.csv` and so on: a header, and a row a rater with a column a label.
    Raw,
    /// Rows with columns of texts and labels, as JSON Lines or with a header.
    Mapped,
}

impl Shape {
    pub fn of(line: &[u8]) -> Self {
        if is_filtered(line) {
            return Self::Filtered;
        }
        let line = String::from_utf8_lossy(line);
        let columns: Vec<&str> = line.trim_end().split(',').map(|name| name.trim_matches('"')).collect();
        let has = |name: &str| columns.contains(&name);
        if has(RATER) || has(UNCLEAR) { Self::Raw } else { Self::Mapped }
    }
}

/// The column of the raw release that says whose answer a row is.
pub const RATER: &str = "rater_id";

/// The column of the raw release that says that a rater found a text very unclear.
pub const UNCLEAR: &str = "example_very_unclear";

/// Whether a first line is one of a filtered part: of three columns with tabs between them the second holds
/// label ids.
pub fn is_filtered(line: &[u8]) -> bool {
    let columns: Vec<&[u8]> = line.split(|byte| *byte == b'\t').collect();
    let is_ids = |ids: &[u8]| {
        ids.split(|byte| *byte == b',').all(|id| !id.is_empty() && id.iter().all(u8::is_ascii_digit))
    };
    columns.len() == 3 && is_ids(columns[1])
}

/// The labels by their ids.
pub fn names() -> Vec<String> {
    taxonomy::value_names("goemotions")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_first_line() {
        for (line, shape) in [
            ("So good, \"really\"\t17,4\teabc123\n", Shape::Filtered),
            ("text,id,author,subreddit,rater_id,example_very_unclear,admiration\r\n", Shape::Raw),
            ("\"text\",\"id\",\"example_very_unclear\"", Shape::Raw),
            ("{\"text\": \"a\", \"labels\": [1]}", Shape::Mapped),
            ("text\tlabels\tid\n", Shape::Mapped),
            ("", Shape::Mapped),
        ] {
            assert_eq!(Shape::of(line.as_bytes()), shape, "{line}");
        }
    }
}
