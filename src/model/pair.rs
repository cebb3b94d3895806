//! Rows that were made from one text, to differ in what they differ in.

use super::RowId;

/// What the id of a table's counterpart has after that of its original, which both have in `pair`.
pub const SWAPPED: &str = "-swap";

/// The column that says of which row two are a pair.
pub const PAIR: &str = "pair";

/// The pair that a row is of, by what stands in its column `pair`.
///
/// A column of that name may be anything else, such as a pair of currencies. So it must name the row itself, or the
/// row that this one is the counterpart of: that is told by its id.
pub fn pair_of<'a>(id: &str, pair: Option<&'a str>) -> Option<&'a str> {
    let pair = pair.filter(|pair| !pair.is_empty())?;
    let is_original = id == pair || id.strip_suffix(SWAPPED) == Some(pair);
    let is_counterpart = || RowId::parse(pair).is_some_and(|of| RowId::parse(id) == Some(of.counterpart()));
    (is_original || is_counterpart()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_one_where_an_id_says_so() {
        let original = RowId([7; 16]);
        let (own, other) = (original.to_string(), original.counterpart().to_string());
        assert_eq!(pair_of(&own, Some(&own)), Some(own.as_str()));
        assert_eq!(pair_of(&other, Some(&own)), Some(own.as_str()));
        assert_eq!(pair_of("r1-swap", Some("r1")), Some("r1"));
        for (id, pair) in
            [(own.as_str(), Some(other.as_str())), ("r1", Some("EUR/USD")), ("r1", Some("")), ("r1", None)]
        {
            assert_eq!(pair_of(id, pair), None, "{id} {pair:?}");
        }
    }
}
