//! Which values of an axis a class of an evaluation stands for.

use crate::config::Config;
use crate::config::resolved::{Axis, AxisValue};

/// The axis that classes are of, and by value its class.
pub struct Classes<'a> {
    pub axis: &'a Axis,
    pub of: Vec<Option<String>>,
    /// The classes are values, and no groups of them.
    pub by_name: bool,
}

/// Finds the axis of which most classes are known: label axes first, and by names first, then by the groups
/// that the attributes `ekman` and `polarity` tell.
pub fn classes<'a>(config: &'a Config, known: &[&str]) -> Option<Classes<'a>> {
    let ways = ["", "ekman", "polarity"];
    let mut best: Option<(usize, Classes)> = None;
    let (labels, others): (Vec<_>, Vec<_>) = config.axes.iter().partition(|axis| axis.label);
    for axis in labels.into_iter().chain(others) {
        for way in ways {
            let of: Vec<Option<String>> = axis
                .values
                .iter()
                .map(|value| class_of(value, way).filter(|c| known.contains(&&**c)))
                .collect();
            let found = known.iter().filter(|class| of.iter().flatten().any(|of| of == *class)).count();
            if found > best.as_ref().map_or(1, |(most, _)| *most) {
                best = Some((found, Classes { axis, of, by_name: way.is_empty() }));
            }
        }
    }
    best.map(|(_, classes)| classes)
}

fn class_of(value: &AxisValue, way: &str) -> Option<String> {
    match way {
        "" => Some(value.name.clone()),
        attribute => value.attributes.get(attribute)?.as_str().map(str::to_owned),
    }
}
