//! An audit in words, in at most 80 columns.

use super::table::wrapped;
use super::{shortened, thousands};
use crate::audit::{Measure, Report, Verdict};

/// The whole audit: a table of what was measured, what to do, and what cannot be told.
pub fn audit_text(report: &Report) -> String {
    let mut out = format!("{} rows; labels: {}", thousands(report.rows as u64), list(&report.labels));
    if !report.contexts.is_empty() {
        out.push_str(&format!("; contexts: {}", list(&report.contexts)));
    }
    out.push_str(&format!("\n\n{:<34} {:>7} {:>15} {:>7}  verdict\n", "", "value", "95 %", "human"));
    // By column, in the order that each first comes in; the texts last.
    let mut columns: Vec<&str> = Vec::new();
    for measure in &report.measures {
        if !columns.contains(&measure.of.as_str()) {
            columns.push(&measure.of);
        }
    }
    columns.sort_by_key(|of| of.is_empty());
    for of in columns {
        out.push_str(&format!("{}\n", shortened(if of.is_empty() { "texts" } else { of }, 78)));
        for measure in report.measures.iter().filter(|measure| measure.of == of) {
            out.push_str(&line(measure));
        }
    }
    for measure in report.alarms() {
        out.push('\n');
        let head =
            format!("{} {}: {}", measure.verdict.name().to_uppercase(), measure.metric, measure.finding);
        paragraph(&mut out, &head, "", "  ");
        paragraph(&mut out, &measure.advice, "  → ", "    ");
        if !measure.worst.is_empty() {
            paragraph(&mut out, &format!("rows such as {}", measure.worst.join(", ")), "  ", "    ");
        }
    }
    let untold: Vec<&Measure> =
        report.measures.iter().filter(|measure| measure.verdict == Verdict::CannotTell).collect();
    if !untold.is_empty() {
        out.push_str("\ncannot be told:\n");
        // Metrics that say the same are said together.
        let mut said: Vec<(&str, String)> = Vec::new();
        for measure in untold {
            match said.iter_mut().find(|(finding, _)| *finding == measure.finding) {
                Some((_, names)) => names.push_str(&format!(", {}", measure.metric)),
                None => said.push((&measure.finding, measure.metric.to_owned())),
            }
        }
        for (finding, names) in said {
            paragraph(&mut out, &format!("{names}: {finding}"), "  ", "    ");
        }
    }
    let alarms = |verdict| report.measures.iter().filter(|measure| measure.verdict == verdict).count();
    out.push_str(&format!(
        "\naudit: {} fail, {} warn, {} ok, {} cannot tell\n",
        alarms(Verdict::Fail),
        alarms(Verdict::Warn),
        alarms(Verdict::Ok),
        alarms(Verdict::CannotTell)
    ));
    out
}

/// What changed between two audits: every measure that is or was an alarm.
pub fn audits_text(before: &Report, after: &Report) -> String {
    let mut out = format!(
        "{:<48} {:>8} {:>8}  verdict\n",
        format!("{} rows, then {}", thousands(before.rows as u64), thousands(after.rows as u64)),
        "before",
        "after"
    );
    for then in &before.measures {
        let same = |measure: &&Measure| (measure.metric, &measure.of) == (then.metric, &then.of);
        let Some(now) = after.measures.iter().find(same) else { continue };
        if !then.verdict.is_alarm() && !now.verdict.is_alarm() {
            continue;
        }
        let name = format!("{} {}", then.metric, then.of);
        let verdict = if then.verdict == now.verdict {
            now.verdict.name().to_owned()
        } else {
            format!("{} → {}", then.verdict.name(), now.verdict.name())
        };
        out.push_str(&format!(
            "{:<48} {:>8} {:>8}  {verdict}\n",
            shortened(name.trim_end(), 48),
            worst(then),
            worst(now)
        ));
    }
    out
}

/// The number of a measure that is talked about: the whole's, or the worst part's.
fn worst(measure: &Measure) -> String {
    let case = measure.parts.first().filter(|part| part.verdict.is_alarm()).map(|part| &part.case);
    case.or(measure.whole.as_ref())
        .or(measure.parts.first().map(|part| &part.case))
        .map_or("".into(), |case| number(case.value))
}

/// What a measure says, as texts: its title, value, interval, people's value and verdict.
pub fn figures(measure: &Measure) -> [String; 5] {
    let title = measure.metric().map_or(measure.metric, |metric| metric.title);
    let told = measure.parts.first().filter(|part| part.verdict != Verdict::CannotTell);
    let case = measure.whole.as_ref().or(told.map(|part| &part.case));
    let value = case.map_or(String::new(), |case| number(case.value));
    let interval = case.and_then(|case| case.interval);
    let interval = interval.map_or(String::new(), |[low, high]| format!("{}–{}", number(low), number(high)));
    let human = case.and_then(|case| case.reference).map_or(String::new(), number);
    [title.to_owned(), value, interval, human, measure.verdict.name().to_owned()]
}

fn line(measure: &Measure) -> String {
    let [title, value, interval, human, verdict] = figures(measure);
    format!("  {title:<32} {value:>7} {interval:>15} {human:>7}  {verdict}\n")
}

fn number(value: f64) -> String {
    if !value.is_finite() {
        String::new()
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn paragraph(out: &mut String, text: &str, first: &str, rest: &str) {
    for (index, part) in wrapped(text, 74).into_iter().enumerate() {
        out.push_str(&format!("{}{part}\n", if index == 0 { first } else { rest }));
    }
}
