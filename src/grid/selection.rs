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
    /// Axes and values that the grid does not have, and values that no cell has together.
    pub fn parse(wheres: &[String], limit: Option<usize>, grid: &Grid) -> Result<Self, Report> {
        let mut report = Report::default();
        let mut values: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut whole = None;
        for text in wheres {
            let source = report.sources.add("--where", text.as_str());
            let span = |start: usize, length: usize| Span { source, start, end: start + length };
            whole = Some(span(0, text.len()));
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
        let selection = Self { values, limit };
        if let Some(at) = whole.filter(|_| !report.has_errors())
            && !(0..grid.size()).any(|cell| selection.matches(grid, cell))
        {
            let twice = selection.values.iter().enumerate().find_map(|(place, (axis, _))| {
                selection.values[..place].iter().any(|(before, _)| before == axis).then_some(*axis)
            });
            let found = Diagnostic::error("where", "no cell has all of these values").at(at);
            report.push(found.help(match twice {
                Some(axis) => {
                    let axis = &grid.axes[axis].name;
                    format!("all of them must hold; any of several is one `--where {axis}=…,…`")
                }
                None => "the config's rules leave none of them: `only` and `exclude`".to_owned(),
            }));
        }
        if report.has_errors() { Err(report) } else { Ok(selection) }
    }

    /// Whether every cell is meant.
    pub fn is_all(&self) -> bool {
        self.values.is_empty() && self.limit.is_none()
    }

    /// By cell: whether it is meant.
    pub fn mask(&self, grid: &Grid) -> Vec<bool> {
        let mut left = self.limit.unwrap_or(usize::MAX);
        let cells = (0..grid.size()).map(|cell| {
            let meant = left > 0 && self.matches(grid, cell);
            left -= usize::from(meant);
            meant
        });
        cells.collect()
    }

    fn matches(&self, grid: &Grid, cell: usize) -> bool {
        self.values.iter().all(|(axis, matching)| matching.contains(&grid.value_at(cell, *axis)))
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
