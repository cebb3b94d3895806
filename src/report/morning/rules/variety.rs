//! What wants a look in how varied the rows of a run are, also beside those of the nights before.

use super::rows::is_chance;
use super::{FEW, Why, look, percent};
use crate::config::night::Alarm;
use crate::report::morning::{Finding, Opening, Past, Variety};
use crate::report::{Summary, count, thousands};

/// Distinct-2 that is so much lower is no chance.
const LESS: f64 = 0.05;

/// More than this share of rows with one opening is told whatever was before; where it doubled, more than that.
const MOST: f64 = 0.1;
const NOTABLE: f64 = 0.03;

/// What the run brought, where that is enough to judge by.
pub(super) fn judged(summary: &Summary) -> Option<&Variety> {
    Some(&summary.variety).filter(|variety| variety.texts >= FEW)
}

/// The share of the run's rows that open alike most.
pub(super) fn opening(summary: &Summary) -> Option<f64> {
    Some(judged(summary)?.openings.first()?.share)
}

/// The middle of a figure of the runs before, and of how many: one odd night moves it little. Of a run of some cells it is
/// no measure, which may be alike by themselves.
fn usual<'a>(summary: &'a Summary, of: impl Fn(&'a Past) -> Option<f64>) -> Option<(f64, usize)> {
    let past = summary.past.iter().filter(|past| !summary.part && past.texts >= FEW);
    let mut values: Vec<f64> = past.filter_map(of).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2)?;
    Some(((middle + values[(values.len() - 1) / 2]) / 2.0, values.len()))
}

/// Distinct-2 of the run's rows is far below that of the runs before.
pub(super) fn less_varied(summary: &Summary, limits: &Alarm) -> Option<Finding> {
    let variety = judged(summary)?;
    let now = variety.distinct_2?;
    // It falls with the number of texts, so fewer of them are no measure.
    let enough = variety.texts * 9 / 10;
    let (before, runs) = usual(summary, |past| past.distinct_2.filter(|_| past.texts >= enough))?;
    let rings = limits.distinct_2.is_some_and(|least| now < least);
    (now < before - LESS && !rings).then(|| {
        let what = format!("the texts vary less: distinct-2 fell from {before:.3} to {now:.3}");
        let Why { cause, key, advice } = alike(variety);
        look(what, Why::new(format!("{cause}; {before:.3} was {}", of_runs(runs)), key, advice))
    })
}

/// Far more rows open alike than may, or than in the runs before.
pub(super) fn same_opening(summary: &Summary, limits: &Alarm) -> Option<Finding> {
    let variety = judged(summary)?;
    let Opening { words, rows, share } = variety.openings.first()?;
    let usual = usual(summary, |past| past.opening);
    let doubled = usual.filter(|(before, _)| {
        let texts: u64 = summary.past.iter().filter(|past| past.texts >= FEW).map(|past| past.texts).sum();
        let then = (before * texts as f64).round() as u64;
        *share > NOTABLE && *share > 2.0 * before && !is_chance((*rows, variety.texts), (then, texts))
    });
    let (rings, many) = match limits.opening {
        Some(most) => (*share > most, false),
        None => (false, *share > MOST),
    };
    if rings || !many && doubled.is_none() {
        return None;
    }
    let before = doubled.map(|(before, runs)| format!("; {} was {}", percent(before), of_runs(runs)));
    let Why { cause, key, advice } = alike(variety);
    let what = format!("{} of the run's rows open with “{words}”", percent(*share));
    Some(look(what, Why::new(cause + &before.unwrap_or_default(), key, advice)))
}

/// `that of the run before`, `the middle of 3 runs before`.
fn of_runs(runs: usize) -> String {
    match runs {
        1 => "that of the run before".to_owned(),
        runs => format!("the middle of {runs} runs before"),
    }
}

/// How alike the run's rows are, and what varies them.
pub(super) fn alike(variety: &Variety) -> Why {
    let texts = count(variety.texts, "row");
    let cause = match variety.openings.first() {
        Some(Opening { words, rows, .. }) => {
            format!("of {texts} of this run {} with “{words}”", opens(*rows))
        }
        None => format!("of {texts} of this run no two open alike"),
    };
    let key =
        variety.prompt.as_ref().map_or_else(|| "prompt".to_owned(), |name| format!("prompt.user.{name}"));
    let advice = "vary the prompt, such as `Begin with {{ openings | pick }}` with `lists`, or raise \
                  `sampling.temperature`; `emogrid log` says what changed between runs";
    Why::new(cause, key, advice)
}

fn opens(rows: u64) -> String {
    if rows == 1 { "1 opens".to_owned() } else { format!("{} open", thousands(rows)) }
}
