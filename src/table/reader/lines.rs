//! On which lines of a CSV its records stand.

/// Tells where records begin, of which csv knows where it went on to read: before empty lines, and before the second
/// half of a line's end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines {
    /// Whether lines end with a carriage return too, as the first record showed.
    carriage_returns: Option<bool>,
}

impl Lines {
    /// The line on which a record begins, from 1; `end` is where the reader is after it.
    pub fn of(&mut self, record: &csv::StringRecord, end: u64) -> u64 {
        let begun = record.position().map_or(1, csv::Position::line);
        let within = record.iter().flat_map(str::bytes).filter(|byte| *byte == b'\n').count() as u64;
        // Of such an end csv has read the first half.
        let returns = *self.carriage_returns.get_or_insert(end == begun + within);
        end.saturating_sub(within + u64::from(!returns)).max(begun)
    }
}
