//! What wants a look, by one table of rules.

mod alarms;
mod asks;
mod audit;
mod endpoints;
mod rows;
mod untold;
mod variety;

use std::time::Duration;

use super::outlook::FEW;
use super::{Ended, Finding, Verdict, outlook};
use crate::config::night::Alarm;
use crate::report::{Summary, count, duration, thousands};
use alarms::alarms;
pub(super) use endpoints::{absence, free};
pub use rows::asked_otherwise;

/// Seconds for which an endpoint may be missing unsaid, if it comes.
const LONG: f64 = 60.0;

/// What ended a run, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ailment {
    pub what: String,
    pub advice: String,
    /// The key of the config that decides it, where there is one.
    pub key: Option<String>,
}

/// The key that decides about rejects of a reason, and what to do about many of them.
pub type Advice<'a> = dyn Fn(&str) -> Option<(&'static str, &'static str)> + 'a;

/// Fills in what is found of a run that ended so: state, exit code, verdict and headline of its summary.
/// Says how it ended after all, which an alarm decides too.
///
/// `place` is where a key of the config stands, `advice` the key and what to do about many rejects of
/// a reason.
pub fn judge(
    summary: &mut Summary,
    ended: Ended,
    ailment: Option<&Ailment>,
    limits: &Alarm,
    place: &dyn Fn(&str) -> Option<String>,
    advice: &Advice<'_>,
) -> Ended {
    ended.state().clone_into(&mut summary.state);
    let mut findings = Vec::new();
    let unwritten = rows::unwritten(summary);
    // It says more of the same failure.
    let is_said = |ailment: &&Ailment| unwritten.as_ref().is_some_and(|found| found.key == ailment.key);
    let failure = ailment.filter(|ailment| !is_said(ailment)).map(|ailment| failed(ended, ailment));
    findings.extend(unwritten);
    findings.extend(failure);
    let alarms = alarms(summary, ended, limits, advice);
    let ended = match ended {
        Ended::Complete | Ended::Stopped | Ended::Short if !alarms.is_empty() => Ended::Alarm,
        other => other,
    };
    findings.extend(alarms);
    findings.extend(untold::cut_off(summary).into_iter().chain(untold::unkept(summary)));
    findings.extend(asks::nothing_came(summary).or_else(|| asks::came_late(summary)));
    findings.extend(asks::overspent(summary));
    let named = ailment.and_then(|ailment| ailment.key.as_deref());
    let is_told = |name: &str| named.is_some_and(|key| key.starts_with(&format!("endpoints.{name}.")));
    let mut gone = Vec::new();
    for (name, endpoint) in &summary.endpoints {
        // One that ended the run was said.
        let found = endpoints::away(summary, name, endpoint).filter(|_| !is_told(name));
        if found.is_some() || is_told(name) {
            gone.push(name.as_str());
        }
        findings.extend(found);
    }
    findings.extend(asks::left_open(summary, ended));
    findings.extend(rows::smaller(summary));
    findings.extend(asks::given_up(summary));
    let exhausted = rows::exhausted(summary, advice);
    let lacking = rows::will_lack(summary, advice);
    // These tell of the same rejects, where nothing else is open.
    let told = lacking.is_some() || exhausted.is_some() && summary.left.cells == 0;
    findings.extend(rows::hardly_any(summary, limits, advice).filter(|_| !told));
    findings.extend(exhausted.into_iter().chain(lacking));
    findings.extend(rows::uneven(summary));
    findings.extend(variety::less_varied(summary, limits));
    findings.extend(variety::same_opening(summary, limits));
    for (name, endpoint) in &summary.endpoints {
        findings.extend(endpoints::idle(summary, name, endpoint));
        findings.extend(endpoints::started_again(name, endpoint));
    }
    findings.extend(asks::faults(summary, &gone));
    findings.extend(audit::failed(summary));
    for finding in &mut findings {
        // That of a template is known.
        finding.place = finding.place.take().or_else(|| finding.key.as_deref().and_then(place));
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    summary.outlook = outlook(summary);
    let worst = findings.iter().map(|finding| finding.verdict).max().unwrap_or_default();
    summary.verdict = worst.max(ended.verdict());
    summary.exit_code = ended.code();
    summary.findings = findings;
    summary.headline = headline(summary, ended);
    ended
}

fn failed(ended: Ended, ailment: &Ailment) -> Finding {
    let mut lines = ailment.what.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let further = match lines.next() {
        // A list stands below a line that ends so.
        Some(head) if head.ends_with(':') => Some(format!("{head} {}", lines.collect::<Vec<_>>().join("; "))),
        Some(line) => Some([line].into_iter().chain(lines).collect::<Vec<_>>().join("; ")),
        None => None,
    };
    let what = match ended.verdict() {
        Verdict::Lost => format!("the run failed: {first}"),
        Verdict::Look | Verdict::Ok => format!("nothing was asked: {first}"),
    };
    let advice = ailment.advice.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Finding {
        verdict: ended.verdict(),
        what,
        cause: further,
        advice: Some(advice),
        key: ailment.key.clone(),
        ..Finding::default()
    }
}

/// One line: the verdict, the rows, and the worst of what was found.
fn headline(summary: &Summary, ended: Ended) -> String {
    let rows = format!("{} of {} rows", thousands(summary.rows()), thousands(summary.wanted));
    let came = match summary.gained() {
        0 => String::new(),
        more @ 1.. => format!(" ({} more)", thousands(more.unsigned_abs())),
        less => format!(" ({} fewer)", thousands(less.unsigned_abs())),
    };
    let wants_a_look = summary.findings.iter().filter(|finding| finding.verdict > Verdict::Ok);
    let found: Vec<&Finding> = wants_a_look.collect();
    let tail = match (found.as_slice(), &summary.outlook) {
        ([], Some(outlook)) if ended == Ended::Stopped => {
            format!("stopped as asked; {} more like this one", count(outlook.runs, "run"))
        }
        ([], _) if ended == Ended::Stopped && summary.requests == 0 => {
            "stopped as asked, before an answer came".to_owned()
        }
        ([], _) if ended == Ended::Stopped => "stopped as asked".to_owned(),
        ([], _) if summary.restored().is_some() => format!("{}, from stored answers", ended.state()),
        ([], _) => ended.state().to_owned(),
        ([first], _) => first.what.clone(),
        ([first, rest @ ..], _) => format!("{}; {} more", first.what, rest.len()),
    };
    format!("{} {}: {rows}{came}; {tail}", summary.verdict.word(), summary.name)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        small if small > 0.0 && small < 9.95 => format!("{small:.1} %"),
        more => format!("{more:.0} %"),
    }
}

pub(super) fn time(seconds: f64) -> String {
    duration(Duration::from_secs_f64(seconds.max(0.0)))
}

fn times(number: u64) -> String {
    if number == 1 { "once".to_owned() } else { format!("{} times", thousands(number)) }
}

/// Why something is so, counted; which key of the config decides it, and what to change.
struct Why {
    cause: String,
    key: String,
    advice: String,
}

impl Why {
    fn new(cause: impl Into<String>, key: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause: cause.into(), key: key.into(), advice: advice.into() }
    }
}

/// What wants a look, and nothing does without its cause and its key.
fn look(what: String, why: Why) -> Finding {
    let Why { cause, key, advice } = why;
    Finding {
        verdict: Verdict::Look,
        what,
        cause: Some(cause),
        advice: Some(advice),
        key: Some(key),
        ..Finding::default()
    }
}

#[cfg(test)]
mod tests;
