//! A part of the grid that a command works on.

use super::Grid;
use crate::config::Diagnostic;
use crate::config::Report;
use crate::config::diagnostic::{Span, did_you_mean, shortened};

/// Which cells are meant; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// By axis: the values that match, as indices. All must match.
    values: Vec<(usize, Vec<usize>)>,
    /// Only so many cells, in order of id.
    limit: Option<usize>,
}

impl Selection {
    /// Reads `emotion=joy` or `emotion=joy,anger`; several of them must all hold.
    ///
    /// # Errors
    /// Axes and values that the grid does not have.
    pub fn parse(wheres: &[String], limit: Option<usize>, grid: &Grid) -> Result<Self, Report> {
        let mut report = Report::default();
        let mut values = Vec::new();
        for text in wheres {
            let source = report.sources.add("--where", text.as_str());
            let span = |start: usize, length: usize| Span { source, start, end: start + length };
            let Some((axis, names)) = text.split_once('=') else {
                report.push(
                    Diagnostic::error("where", "`--where` needs AXIS=VALUE")
                        .at(span(0, text.len()))
                        .help("such as `--where emotion=joy`, or `--where emotion=joy,anger`"),
                );
                continue;
            };
            let known = || grid.axes.iter().map(|axis| &*axis.name);
            let Some(index) = known().position(|name| name == axis.trim()) else {
                let found = Diagnostic::error("unknown-axis", format!("there is no axis `{}`", axis.trim()))
                    .at(span(0, axis.len()));
                report.push(match did_you_mean(axis.trim(), known()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found.help(format!("axes: {}", known().collect::<Vec<_>>().join(", "))),
                });
                continue;
            };
            let mut matching = Vec::new();
            let mut at = axis.len() + 1;
            for name in names.split(',') {
                let known = || grid.axes[index].values.iter().map(|value| value.name());
                match known().position(|known| known == name.trim()) {
                    Some(value) => matching.push(value),
                    None => {
                        let what = format!("axis `{}` has no value `{}`", axis.trim(), name.trim());
                        let found = Diagnostic::error("unknown-value", what).at(span(at, name.len()));
                        report.push(match did_you_mean(name.trim(), known()) {
                            Some(near) => found.help(format!("did you mean `{near}`?")),
                            None => found.help(match apart(text) {
                                Some(apart) => format!("each axis has a `--where` of its own: `{apart}`"),
                                None => format!("it has: {}", shortened(known())),
                            }),
                        });
                    }
                }
                at += name.len() + 1;
            }
            values.push((index, matching));
        }
        match report.has_errors() {
            true => Err(report),
            false => Ok(Self { values, limit }),
        }
    }

    /// Whether every cell is meant.
    pub fn is_all(&self) -> bool {
        self.values.is_empty() && self.limit.is_none()
    }

    /// By cell: whether it is meant.
    pub fn mask(&self, grid: &Grid) -> Vec<bool> {
        let mut left = self.limit.unwrap_or(usize::MAX);
        let cells = (0..grid.size()).map(|cell| {
            let matches =
                |(axis, matching): &(usize, Vec<usize>)| matching.contains(&grid.value_at(cell, *axis));
            let meant = left > 0 && self.values.iter().all(matches);
            left -= usize::from(meant);
            meant
        });
        cells.collect()
    }
}

/// What was meant by several axes in one `--where`.
fn apart(text: &str) -> Option<String> {
    let mut wheres: Vec<String> = Vec::new();
    for part in text.split([',', ';', ' ']).filter(|part| !part.is_empty()) {
        match wheres.last_mut().filter(|_| !part.contains('=')) {
            Some(last) => last.extend([",", part]),
            None => wheres.push(format!("--where {part}")),
        }
    }
    (wheres.len() > 1).then(|| wheres.join(" "))
}
