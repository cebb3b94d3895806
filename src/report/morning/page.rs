//! A summary as a page of Markdown.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::rules::{absence, free, time};
use super::{Finding, Level, Opening, Outlook, PAST, Waited};
use crate::audit::Verdict;
use crate::config::keys::default_of;
use crate::report::{
    Asked, AxisCount, Spending, Summary, beside, count, moment, money, most_of, rate, shortened, tally,
    thousands,
};

/// Values of an axis that are shown; of more than these, the worst.
const VALUES: usize = 40;

/// The page: its first line says all that must be known, what wants a look comes next, figures last.
pub fn page(summary: &Summary) -> String {
    let mut out = format!("{}\n\n", summary.headline);
    for finding in &summary.findings {
        found(&mut out, finding);
    }
    if !summary.findings.is_empty() {
        out.push('\n');
    }
    figures(&mut out, summary);
    faults(&mut out, summary);
    exhausted(&mut out, summary);
    axes(&mut out, summary);
    asks(&mut out, summary);
    rejects(&mut out, summary);
    openings(&mut out, summary);
    audited(&mut out, summary);
    endpoints(&mut out, summary);
    past(&mut out, summary);
    out
}

fn found(out: &mut String, finding: &Finding) {
    let _ = writeln!(out, "- **{}**: {}", finding.sign(), finding.what);
    if let Some(cause) = &finding.cause {
        let _ = writeln!(out, "  Cause: {cause}.");
    }
    if let Some(advice) = &finding.advice {
        let _ = writeln!(out, "  To do: {advice}.");
    }
    match (&finding.key, &finding.place) {
        (Some(key), Some(place)) => writeln!(out, "  Key: `{key}` ({place})."),
        (Some(key), None) => {
            let default = default_of(key).map_or_else(String::new, |default| format!("; default: {default}"));
            writeln!(out, "  Key: `{key}` (not set{default}).")
        }
        (None, _) => Ok(()),
    }
    .unwrap_or_default();
}

fn table(out: &mut String, title: &str, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(out, "## {title}\n\n| {} |\n|{}", header.join(" | "), " --- |".repeat(header.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out.push('\n');
}

fn share(part: u64, all: u64) -> String {
    match all {
        0 => "–".into(),
        all => format!("{:.0} %", 100.0 * part as f64 / all as f64),
    }
}

/// What ended a run before its work was done, as a person calls it.
fn ended_by(stop: &str) -> String {
    match stop {
        "interrupt" => "Ctrl-C, or another signal".to_owned(),
        "drain" => "`emogrid ctl drain`".to_owned(),
        limit => format!("`run.{limit}`"),
    }
}

fn audited(out: &mut String, summary: &Summary) {
    let Some(audit) = &summary.audit else { return };
    let number = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| format!("{value:.3}"));
    // Of what too few rows can tell, the run's closing lines say how much there is.
    let told = audit.measures.iter().filter(|measure| measure.verdict != Verdict::CannotTell);
    let rows = told.map(|measure| {
        vec![
            measure.verdict.name().to_owned(),
            measure.metric.clone(),
            measure.of.clone(),
            number(measure.value),
            number(measure.reference),
            measure.finding.clone().unwrap_or_default(),
        ]
    });
    let title = format!("Audit of {}", count(audit.rows, "row"));
    table(out, &title, &["verdict", "metric", "of", "value", "real text", "finding"], rows);
    if let Some((conflicts, text)) = audit.conflicts.as_ref().and_then(|found| Some((found, found.text()?))) {
        out.push_str(&format!("Label conflicts: {text}. All of them: `{}`\n\n", conflicts.list));
    }
}

fn figures(out: &mut String, summary: &Summary) {
    let mut rows = Vec::new();
    let mut more = |name: &str, value: Option<String>| {
        rows.extend(value.map(|value| vec![name.to_owned(), value]));
    };
    let some = |number: u64| (number > 0).then(|| thousands(number));
    let (accepted, wanted) = (thousands(summary.rows()), thousands(summary.wanted));
    more("began", Some(moment(&summary.started)));
    more("took", Some(time(summary.seconds)));
    for Waited { what, seconds } in summary.waited.iter().filter(|waited| waited.seconds >= 1.0) {
        more("waited", Some(format!("{} for {}", time(*seconds), what.text())));
    }
    let asking = match summary.away_seconds {
        away if away >= 0.1 => {
            format!("{}; for {} nobody was there to ask", time(summary.asking_seconds), time(away))
        }
        _ => time(summary.asking_seconds),
    };
    more("asking", (summary.attempts > 0).then_some(asking));
    more("ended by", summary.stopped_by.as_deref().map(ended_by));
    more("rows", Some(format!("{accepted} of {wanted}{}", beside(summary.counterparts))));
    more("answers asked", Some(thousands(summary.requests)));
    more("sent a second time (`run.hedge`)", some(summary.hedged));
    more("tries that came to no server", some(summary.unsent));
    more("answers not stored", some(summary.unstored));
    more("answers reused", Some(thousands(summary.reused)));
    more("answers behind open asks", some(summary.behind));
    more("answers never needed", some(summary.not_needed));
    more("cells still open", some(summary.left.cells));
    let others = &summary.elsewhere;
    more(
        "cells not chosen",
        (others.to_go.now > 0)
            .then(|| format!("{} still to be asked, {}", count(others.rows, "row"), others.to_go.text())),
    );
    more("model", summary.model.clone());
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    more(
        "accepted of texts judged now",
        summary
            .acceptance()
            .map(|share| format!("{} of {}", percent(share), thousands(summary.run.judged()))),
    );
    more("accepted of all texts", summary.dataset_acceptance().map(percent));
    more("rows an hour of asking", summary.rows_per_hour().map(rate));
    more("tokens a second of asking", summary.tokens_per_second().map(rate));
    let tokens = (summary.prompt_tokens, summary.completion_tokens);
    more(
        "tokens",
        (tokens.0 + tokens.1 > 0)
            .then(|| format!("{} prompt, {} completion", thousands(tokens.0), thousands(tokens.1))),
    );
    more("cost", summary.cost.as_ref().filter(|_| summary.attempts > 0).map(Spending::text));
    more(
        "prompt tokens from the cache",
        (summary.cached_tokens > 0).then(|| share(summary.cached_tokens, summary.prompt_tokens)),
    );
    let of = count(summary.variety.texts, "text");
    more("distinct-2 of this run", summary.variety.distinct_2.map(|value| format!("{value:.3}, of {of}")));
    let of = count(summary.distinct_2_texts, "text");
    more(
        "distinct-2 of the dataset",
        summary.distinct_2.map(|value| format!("{value:.3}, of the first {of}")),
    );
    more("asks given up in this run", Some(summary.run.failed()).filter(|asks| *asks > 0).map(thousands));
    more("asks given up in all", (summary.failed > 0).then(|| thousands(summary.failed)));
    more(
        "outlook",
        summary.outlook.as_ref().map(|outlook| {
            let Outlook { missing, requests, rows, rows_per_request, runs } = outlook;
            // Of runs of long ago it is not known.
            let come = match *rows > 0 && rows < missing {
                true => format!(
                    "about {} of the {} rows still missing (`max_asks` lets no more)",
                    thousands(*rows),
                    thousands(*missing)
                ),
                false => count(*missing, "row"),
            };
            // A plan knows no trend; of runs of long ago it is not known what it said.
            let told = summary.left.to_go.requests().filter(|told| *told > 0 && told != requests);
            let told = told.map_or_else(String::new, |told| {
                format!(" by the trend of the last runs ({} without it)", thousands(told))
            });
            let others = *rows as f64 - *requests as f64 * rows_per_request;
            let stored = if others >= 1.0 { " beside those of stored answers" } else { "" };
            format!(
                "{come} to come, about {}{told} at {rows_per_request:.2} rows each{stored}: {} like this one",
                count(*requests, "request"),
                count(*runs, "run")
            )
        }),
    );
    table(out, "Figures", &["what", "value"], rows);
}

fn faults(out: &mut String, summary: &Summary) {
    let rows = summary.fault_costs.iter().map(|(class, cost)| {
        vec![
            class.clone(),
            thousands(cost.sends),
            thousands(cost.given_up),
            thousands(cost.left_open),
            thousands(cost.rows),
        ]
    });
    let header = ["class", "sends in vain", "asks given up", "asks left open", "rows that wait for them"];
    table(out, "Faults and what they cost", &header, rows);
}

fn exhausted(out: &mut String, summary: &Summary) {
    let rows = summary.exhausted.iter().map(|cell| {
        let rejected = cell.rejected.iter().map(|(reason, times)| (reason.as_str(), *times));
        let failed = (cell.failed > 0).then_some(("given up", cell.failed));
        let why = tally(rejected.chain(failed));
        vec![cell.cell.clone(), format!("{} of {}", cell.accepted, cell.wanted), why]
    });
    table(out, "Cells that cannot be filled", &["cell", "rows", "why"], rows);
    let more = summary.exhausted_cells.saturating_sub(summary.exhausted.len() as u64);
    if more > 0 {
        let _ = writeln!(out, "… and {} more.\n", thousands(more));
    }
}

fn axes(out: &mut String, summary: &Summary) {
    for (axis, values) in &summary.by_axis {
        let mut shown: Vec<_> = values.iter().collect();
        if shown.len() > VALUES {
            // The worst: those that lack the largest part of their rows, then those of which least was accepted.
            let lacks = |count: &AxisCount| {
                count.wanted.saturating_sub(count.accepted) as f64 / count.wanted.max(1) as f64
            };
            let rejected =
                |count: &AxisCount| count.rejected as f64 / (count.accepted + count.rejected).max(1) as f64;
            let worse = |count: &AxisCount| (lacks(count), rejected(count));
            shown.sort_by(|(_, a), (_, b)| {
                let ((a, a_rejected), (b, b_rejected)) = (worse(a), worse(b));
                b.total_cmp(&a).then(b_rejected.total_cmp(&a_rejected))
            });
            shown.truncate(VALUES);
        }
        let more = values.len() - shown.len();
        let rows = shown.into_iter().map(|(value, count)| {
            let rows = format!("{} of {}", thousands(count.accepted), thousands(count.wanted));
            let run = summary.run.by_axis.get(axis).and_then(|values| values.get(value));
            let run = run.copied().unwrap_or_default();
            let rejected = summary.rejected_by.get(axis).and_then(|values| values.get(value));
            let accepted = share(run.accepted, run.accepted + run.rejected);
            vec![value.clone(), rows, accepted, most_rejected(rejected)]
        });
        table(out, &format!("By {axis}"), &[axis, "rows", "accepted", "rejected most"], rows);
        if more > 0 {
            let _ = writeln!(out, "The worst; … and {} more in `summary.json`.\n", thousands(more as u64));
        }
    }
}

/// `5 × words`: what most texts were rejected for.
fn most_rejected(reasons: Option<&BTreeMap<String, u64>>) -> String {
    let most = reasons.and_then(most_of);
    most.map_or_else(|| "–".to_owned(), |(reason, times)| format!("{} × {reason}", thousands(times)))
}

/// Which prompt and which model brought how much, and what was asked for that in this run.
fn asks(out: &mut String, summary: &Summary) {
    let paid = summary.cost.is_some();
    for (of, values) in &summary.by_ask {
        let rows = values.iter().map(|(value, count)| {
            let run = summary.run.by_ask.get(of).and_then(|values| values.get(value));
            let run = run.copied().unwrap_or_default();
            let accepted = |count: &AxisCount| share(count.accepted, count.judged());
            let asked = Asked::sum_by(&summary.asked, of, value);
            let answers = [asked.requests + asked.about, asked.tokens()].map(thousands);
            let cost = paid.then(|| asked.cost.map_or_else(|| "–".to_owned(), money));
            let brought = [shortened(value, 20), thousands(count.accepted), accepted(&run), accepted(count)];
            brought
                .into_iter()
                .chain(answers)
                .chain(cost)
                .chain([most_rejected(Some(&asked.rejected))])
                .collect()
        });
        let header = [of, "rows", "accepted", "in all", "answers", "tokens"].into_iter();
        let header: Vec<&str> = header.chain(paid.then_some("cost")).chain(["rejected most"]).collect();
        table(out, &format!("By {of}"), &header, rows);
    }
}

fn rejects(out: &mut String, summary: &Summary) {
    let mut reasons: Vec<_> = summary.rejected.iter().collect();
    reasons.sort_by_key(|(name, times)| (std::cmp::Reverse(**times), name.as_str()));
    let rows = reasons.iter().map(|(reason, times)| {
        let run = summary.run.rejected.get(*reason).copied().unwrap_or(0);
        vec![(*reason).clone(), thousands(run), thousands(**times)]
    });
    table(out, "Rejected", &["reason", "in this run", "in all"], rows);
    for (reason, _) in reasons {
        for example in summary.examples.get(reason).into_iter().flatten() {
            let text = shortened(&example.text.replace(['\n', '\r'], " "), 200);
            let _ = writeln!(out, "- {reason} ({}): {} — {:?}", example.cell, example.why, text);
        }
    }
    if !summary.examples.is_empty() {
        out.push('\n');
    }
}

fn openings(out: &mut String, summary: &Summary) {
    let (own, all) = (&summary.variety.openings, &summary.openings);
    let of_run = format!("Rows of this run that open alike, of {}", thousands(summary.variety.texts));
    // Where it brought all rows they are the same.
    let own: &[Opening] = if own == all { &[] } else { own };
    for (title, openings) in [(of_run.as_str(), own), ("Rows that open alike", all)] {
        let rows = openings.iter().map(|opening| {
            vec![opening.words.clone(), thousands(opening.rows), format!("{:.1} %", 100.0 * opening.share)]
        });
        table(out, title, &["opening", "rows", "share"], rows);
    }
}

fn endpoints(out: &mut String, summary: &Summary) {
    let none = || "–".to_owned();
    let rows = summary.endpoints.iter().map(|(name, did)| {
        // Of one that answered nothing nobody knows what it was at.
        let answered = |text: String| if did.requests > 0 { text } else { none() };
        vec![
            name.clone(),
            thousands(did.requests),
            answered(rate(did.tokens_per_second)),
            answered(format!("{:.1}", did.slots)),
            answered(format!("{:.0} %", 100.0 * did.busy)),
            answered(if did.by_server { "the server's timings" } else { "requests under way" }.to_owned()),
            Some(free(summary, did)).filter(|free| !free.is_empty()).unwrap_or_else(none),
            did.away.as_ref().map_or_else(none, |away| absence(away, summary.span())),
        ]
    });
    let header =
        ["endpoint", "requests", "tokens/s", "at a time (mean)", "of that in use", "by", "free", "away"];
    table(out, "Endpoints", &header, rows);
    let levels =
        summary.endpoints.iter().flat_map(|(name, did)| did.levels.iter().map(move |level| (name, level)));
    let rows = levels.map(|(name, Level { from, to, before, after, .. })| {
        vec![name.clone(), format!("{from} → {to}: {} against {} tokens/s", rate(*after), rate(*before))]
    });
    table(out, "Requests at a time", &["endpoint", "kept"], rows);
}

fn past(out: &mut String, summary: &Summary) {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".into());
    let rows = summary.past.iter().rev().take(PAST).map(|past| {
        vec![
            moment(&past.started),
            thousands(past.accepted),
            thousands(past.requests),
            or_dash(past.acceptance.map(|share| format!("{:.0} %", 100.0 * share))),
            or_dash(past.distinct_2.map(|value| format!("{value:.3}"))),
            or_dash(past.opening.map(|share| format!("{:.1} %", 100.0 * share))),
        ]
    });
    let header = ["began", "rows", "requests", "accepted", "distinct-2", "top opening"];
    table(out, "Runs before", &header, rows);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::morning::{Away, EndpointNight, Exhausted, Left};
    use crate::report::{AuditBrief, Conflicts, Expected, ToGo};

    fn full() -> Summary {
        let away = Away { since: "2026-11-23T03:12:44Z".into(), times: 1, seconds: 60.0, ..Away::default() };
        let waited = [("cloud".to_owned(), 0.72)].into();
        let night = EndpointNight { slots: 3.4, away: Some(away), waited, ..EndpointNight::default() };
        let conflicts =
            Conflicts { rows: 9, pairs: 1, ids: vec!["a".into(), "b".into()], ..Conflicts::default() };
        Summary {
            headline: "LOOK moods: 1 of 2 rows".into(),
            asking_seconds: 90.0,
            exhausted: vec![Exhausted::default()],
            exhausted_cells: 30,
            endpoints: [("gpu".to_owned(), night)].into_iter().collect(),
            audit: Some(AuditBrief { rows: 9, conflicts: Some(conflicts), ..AuditBrief::default() }),
            ..Summary::default()
        }
    }

    #[test]
    fn a_blank_line_stands_before_and_behind_each_heading() {
        let page = page(&full());
        let lines: Vec<&str> = page.lines().collect();
        let headings = lines.iter().enumerate().filter(|(_, line)| line.starts_with("## "));
        for (at, heading) in headings.clone() {
            assert_eq!((lines[at - 1], lines[at + 1]), ("", ""), "{heading} in\n{page}");
        }
        assert!(headings.count() >= 3, "{page}");
        assert!(!page.contains("\n\n\n"), "{page}");
    }

    #[test]
    fn of_many_values_the_worst_are_shown() {
        let count = |accepted| AxisCount { wanted: 10, accepted, rejected: 0 };
        let of = |values: u64| {
            let values =
                (0..values).map(|value| (format!("v{value:04}"), count(u64::from(value != 7) * 9 + 1)));
            let by_axis = [("topic".to_owned(), values.collect())].into_iter().collect();
            page(&Summary { by_axis, ..Summary::default() })
        };
        let few = of(40);
        assert!(
            few.contains("| v0000 | 10 of 10 |") && few.contains("| v0039 |") && !few.contains("… and"),
            "{few}"
        );
        let many = of(1500);
        assert!(many.lines().count() < 70, "{many}");
        let first = many.lines().find(|line| line.starts_with("| v")).unwrap();
        assert!(first.starts_with("| v0007 | 1 of 10 |"), "{many}");
        assert!(many.contains("\nThe worst; … and 1,460 more in `summary.json`.\n"), "{many}");
    }

    #[test]
    fn rates_are_grouped_and_an_outlook_that_goes_by_a_trend_says_what_it_is_without_it() {
        let expected = |requests| Some(Expected { requests, ..Expected::default() });
        let summary = |requests: u64| Summary {
            attempts: 9,
            asking_seconds: 36.0,
            completion_tokens: 2016,
            asked: vec![Asked { rows: 1319, ..Asked::default() }],
            left: Left { to_go: ToGo { now: 5, expected: expected(51.0) }, ..Left::default() },
            outlook: Some(Outlook { missing: 40, rows: 40, requests, rows_per_request: 0.8, runs: 2 }),
            ..Summary::default()
        };
        let page = |requests| page(&summary(requests));
        let has =
            |page: &str, line: &str| assert!(page.lines().any(|found| found == line), "{line} in {page}");
        has(&page(51), "| rows an hour of asking | 131,900 |");
        has(&page(51), "| tokens a second of asking | 56.0 |");
        let like = "at 0.80 rows each: 2 runs like this one |";
        has(&page(51), &format!("| outlook | 40 rows to come, about 51 requests {like}"));
        let by_trend = "about 64 requests by the trend of the last runs (51 without it)";
        has(&page(64), &format!("| outlook | 40 rows to come, {by_trend} {like}"));
    }

    #[test]
    fn endpoints_say_when_they_were_away() {
        let says = "| gpu | 0 | – | – | – | – | 72 % waited for `cloud` | from 03:12:44 UTC on, 1 min 00 s of 1 min 30 s, and did not come back |";
        assert!(page(&full()).lines().any(|line| line == says), "{}", page(&full()));
    }

    #[test]
    fn what_was_found_to_be_better_at_a_time_is_shown() {
        let level = Level { from: 8, to: 4, before: 33.0, after: 41.26, kept: true };
        let night = EndpointNight { levels: vec![level], ..EndpointNight::default() };
        let page = page(&Summary { endpoints: [("gpu".to_owned(), night)].into(), ..Summary::default() });
        assert!(page.contains("\n| gpu | 8 → 4: 41.3 against 33.0 tokens/s |\n"), "{page}");
    }
}
