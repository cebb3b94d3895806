//! Values that are written as texts or lists.

use std::time::Duration;

use super::super::yaml::Node;

/// Reads a duration: a number of seconds, or a text with `ms`, `s`, `m`, `h` or `d`.
pub fn duration(node: &Node) -> Option<Duration> {
    if let Some(seconds) = node.number() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
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
    Duration::try_from_secs_f64(number * unit).ok()
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
