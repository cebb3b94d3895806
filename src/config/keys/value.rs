//! Values that are written as texts or lists.

use std::time::Duration;

use super::super::yaml::Node;

/// The longest duration that a config may have, as it is said and in seconds: what is added to a time must
/// still be one.
pub const LONGEST: (&str, u64) = ("3650d", 3650 * 86_400);

/// Reads a duration: a number with its unit, `ms`, `s`, `m`, `h` or `d`; none is longer than `LONGEST`.
///
/// A number alone is none: in a hurry one means minutes, or hours.
pub fn duration(node: &Node) -> Option<Duration> {
    any_duration(node).filter(|duration| duration.as_secs() <= LONGEST.1)
}

/// The same, however long.
fn any_duration(node: &Node) -> Option<Duration> {
    let text = node.text()?.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let number: f64 = text[..split].trim().parse().ok()?;
    let unit = match text[split..].trim() {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    };
    let seconds = number * unit;
    // So long that it is no number of seconds: too long all the same.
    Duration::try_from_secs_f64(seconds).ok().or((seconds > 0.0).then_some(Duration::MAX))
}

/// Reads a pair of bounds; `None` unless the least is at most the most.
pub fn range(node: &Node) -> Option<(usize, usize)> {
    match node.items() {
        [least, most] => {
            let least = usize::try_from(least.whole()?).ok()?;
            let most = usize::try_from(most.whole()?).ok()?;
            (least <= most).then_some((least, most))
        }
        _ => None,
    }
}
