//! The closing table of a run, and a plan in words.

use std::collections::BTreeMap;

use super::morning::Verdict;
use super::{
    AxisCount, EndpointSight, PlanSummary, Summary, ToGo, count, duration, most_of, rate, shortened, tally,
    thousands,
};

/// Prompts or models that the closing table names.
const MOST_BY_ASK: usize = 6;

/// What a run says when it ends, in at most 80 columns.
pub fn summary_text(summary: &Summary, advice: &dyn Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::new();
    let mut line = |name: &str, text: String| {
        let (sign, text) = text.strip_prefix("→ ").map_or(("", text.as_str()), |text| ("→ ", text));
        let hang = sign.chars().count();
        for (index, part) in wrapped(text, 68 - hang).into_iter().enumerate() {
            let (name, sign) = if index == 0 { (name, sign) } else { ("", "") };
            out.push_str(&format!("{name:<11} {sign:<hang$}{part}\n"));
        }
    };
    let state = match summary.state.as_str() {
        "complete" if summary.part => "complete for the chosen cells",
        "complete" if summary.accepted < summary.wanted => "complete, within allow_short",
        "complete" => "complete",
        "short" => "SHORT",
        "stopped" => "stopped; run again to go on",
        other => other,
    };
    line(
        "rows",
        format!(
            "{} of {}{} ({state})",
            thousands(summary.rows()),
            thousands(summary.wanted),
            beside(summary.counterparts)
        ),
    );
    let about = about(summary.second_look_requests, summary.judge_requests, summary.embedding_requests);
    let mut asked =
        format!("{} asked{about}, {} reused", thousands(summary.requests), thousands(summary.reused));
    let sent = summary.attempts.saturating_sub(summary.unsent);
    if sent > summary.requests {
        asked.push_str(&format!(", {} sent in all", thousands(sent)));
        if summary.hedged > 0 {
            asked.push_str(&format!(" ({} a second time)", thousands(summary.hedged)));
        }
    }
    if summary.unsent > 0 {
        asked.push_str(&format!(", {} came to no server", thousands(summary.unsent)));
    }
    line("answers", asked);
    if summary.unstored > 0 {
        line("", format!("{} more came, and the store did not take them", thousands(summary.unstored)));
    }
    if summary.behind > 0 {
        let wait = if summary.behind == 1 { "waits" } else { "wait" };
        line("", format!("{} of them {wait} behind an earlier ask that is open", thousands(summary.behind)));
    }
    if summary.not_needed > 0 {
        let were = if summary.not_needed == 1 { "was" } else { "were" };
        line("", format!("{} of them {were} asked ahead and never needed", thousands(summary.not_needed)));
    }
    for (index, text) in open(summary).into_iter().enumerate() {
        line(if index == 0 { "open" } else { "" }, text);
    }
    if summary.requests > 0 {
        let time = |seconds: f64| duration(std::time::Duration::from_secs_f64(seconds.max(0.0)));
        let mut text = time(summary.seconds);
        // Waiting for a server or another run, and pauses, are no asking.
        if summary.seconds - summary.asking_seconds >= (summary.seconds / 20.0).max(1.0) {
            text.push_str(&format!(", {} of it asking", time(summary.asking_seconds)));
        }
        if let Some(tokens) = summary.tokens_per_second().filter(|_| summary.completion_tokens > 0) {
            text.push_str(&format!(", {} tokens/s", rate(tokens)));
        }
        line("time", text);
    }
    if summary.prompt_tokens + summary.completion_tokens > 0 {
        let share = match summary.prompt_tokens {
            0 => String::new(),
            all => format!(
                " ({:.0} % from the server's cache)",
                100.0 * summary.cached_tokens as f64 / all as f64
            ),
        };
        line(
            "tokens",
            format!(
                "{} prompt{share}, {} completion",
                thousands(summary.prompt_tokens),
                thousands(summary.completion_tokens)
            ),
        );
    }
    if let Some(cost) = summary.cost.as_ref().filter(|_| summary.attempts > 0) {
        line("cost", cost.text());
    }
    let rejected: u64 = summary.rejected.values().sum();
    if rejected > 0 {
        let by_reason = tally(summary.rejected.iter().map(|(reason, times)| (reason.as_str(), *times)));
        line("rejected", format!("{}: {by_reason}", thousands(rejected)));
        if let Some((reason, times)) = most_of(&summary.rejected)
            && times * 5 >= summary.accepted.max(1)
            && let Some(advice) = advice(reason)
        {
            line("", format!("→ {advice}"));
        }
    }
    if summary.surplus > 0 {
        line("surplus", format!("{} never needed", count(summary.surplus, "text")));
    }
    if summary.failed > 0 {
        line(
            "failed",
            format!(
                "{} given up (see rejected.jsonl){}",
                count(summary.failed, "ask"),
                // Where nothing is missing, what they bring would only take the place of other rows.
                if summary.accepted < summary.wanted { "; `--retry-failed` asks again" } else { "" }
            ),
        );
    }
    for (of, values) in &summary.by_ask {
        line(of, by_ask(values));
    }
    let faults: Vec<_> = summary.faults.iter().map(|(class, times)| format!("{times} {class}")).collect();
    if !faults.is_empty() {
        line("faults", faults.join(", "));
    }
    let change = summary.change;
    let came = summary.restored();
    if (change.lost() + change.waiting > 0 || came.is_some()) && summary.unwritten.is_none() {
        let mut text = format!("{} left the dataset", count(change.leaving + change.unjudged, "row"));
        text.extend(came.map(|came| format!(", {} came from stored answers", thousands(came))));
        text.extend(change.waits().map(|waits| format!(", {waits}")));
        if change.displaced > 0 {
            text.push_str(&format!(", {} displaced as duplicates", thousands(change.displaced)));
        }
        line("changed", text);
    }
    if summary.left.short > 0 {
        let of = if summary.part { " of the chosen cells" } else { "" };
        line(
            "shortfall",
            format!("{}{of} that no more asks will fill (max_asks)", count(summary.left.short, "row")),
        );
        for text in shortest(summary) {
            line("", text);
        }
    }
    if let Some(audit) = &summary.audit {
        line("audit", format!("{} (of {})", audit.counts(), count(audit.rows, "row")));
        for (measure, finding) in audit.findings().take(3) {
            line("", format!("{}: {finding}", measure.verdict.name()));
        }
    }
    let conflicts = summary.audit.as_ref().and_then(|audit| audit.conflicts.as_ref());
    if let Some((conflicts, text)) = conflicts.and_then(|found| Some((found, found.text()?))) {
        line("conflicts", text);
        // Whoever copies it has one command all the same.
        let parts = wrapped(&conflicts.list, 64);
        for (index, part) in parts.iter().enumerate() {
            let sign = if index == 0 { "→ " } else { "" };
            let goes_on = if index + 1 < parts.len() { " \\" } else { "" };
            line("", format!("{sign}{part}{goes_on}"));
        }
    }
    line("dataset", summary.dataset.clone());
    if let Some(unwritten) = &summary.unwritten {
        line("NOT WRITTEN", unwritten.text());
        line("", format!("what is stored makes {}", count(summary.accepted, "row")));
    }
    out
}

/// What is still to be asked of the cells that were asked for, and of the others.
fn open(summary: &Summary) -> Vec<String> {
    let (left, others) = (&summary.left, &summary.elsewhere);
    let to_go = |cells: u64, of: &str, to_go: &ToGo| match cells {
        0 => format!("{} to go{of}", to_go.text()),
        cells => format!("{}{of}, {} to go", count(cells, "cell"), to_go.text()),
    };
    let chosen = if summary.part { " of the chosen" } else { "" };
    let mut out = Vec::new();
    if left.to_go.now > 0 {
        out.push(to_go(left.cells, chosen, &left.to_go));
    }
    if others.to_go.now > 0 {
        out.push(format!("{} of cells not chosen, {} to go", count(others.rows, "row"), others.to_go.text()));
    }
    out
}

/// Counterparts beside a number of rows, if there are any.
pub fn beside(counterparts: u64) -> String {
    match counterparts {
        0 => String::new(),
        some => format!(" and {}", count(some, "counterpart")),
    }
}

/// What wants a look, under the closing table, and where the page of it stands.
pub fn findings_text(summary: &Summary, page: &std::path::Path) -> String {
    let mut out = format!("{:<11} {}\n", "summary", page.display());
    // What is only worth knowing stands in the table.
    for finding in summary.findings.iter().filter(|finding| finding.verdict > Verdict::Ok) {
        for (index, part) in wrapped(&finding.what, 66).into_iter().enumerate() {
            let sign = if index == 0 { finding.sign() } else { "" };
            out.push_str(&format!("{sign:<11} {part}\n"));
        }
    }
    out
}

/// What is said of a run that ended before anything was asked, and what to do where that wants a look.
pub fn stopped_text(summary: &Summary) -> String {
    let Some(finding) = summary.findings.iter().find(|finding| finding.verdict > Verdict::Ok) else {
        return "stopped before anything was asked".to_owned();
    };
    let mut out = finding.what.clone();
    for (name, told) in [("cause", &finding.cause), ("to do", &finding.advice)] {
        for (index, part) in told.iter().flat_map(|told| wrapped(told, 70)).enumerate() {
            out.push_str(&format!(
                "\n  {} {part}",
                if index == 0 { format!("{name}:") } else { " ".to_owned() }
            ));
        }
    }
    out
}

/// Which prompts or models bring rows, and of how many of their texts: the worst, where there are many.
fn by_ask(values: &BTreeMap<String, AxisCount>) -> String {
    let mut values: Vec<_> =
        values.iter().filter_map(|(name, of)| Some((name, of.accepted, of.acceptance()?))).collect();
    values.sort_by(|a, b| a.2.total_cmp(&b.2).then_with(|| a.0.cmp(b.0)));
    let each = values.iter().take(MOST_BY_ASK).map(|(name, rows, share)| {
        format!("{} {} ({:.0} %)", shortened(name, 30), thousands(*rows), 100.0 * share)
    });
    let more = values.len().saturating_sub(MOST_BY_ASK);
    let more = (more > 0).then(|| format!("{} more", thousands(more as u64)));
    each.chain(more).collect::<Vec<_>>().join(", ")
}

/// The values that lack most of their rows, worst first.
fn shortest(summary: &Summary) -> Vec<String> {
    let mut short: Vec<(u64, String)> = Vec::new();
    for (axis, values) in &summary.by_axis {
        for (value, rows) in values {
            let missing = rows.wanted - rows.accepted;
            // Of a part of the cells, most values were not asked for at all.
            let asked = !summary.part || rows.accepted + rows.rejected > 0;
            if asked && missing * 10 > rows.wanted {
                short.push((
                    missing * 1000 / rows.wanted.max(1),
                    format!("{axis} {value}: {} of {}", rows.accepted, rows.wanted),
                ));
            }
        }
    }
    short.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    short.into_iter().take(6).map(|(_, text)| shortened(&text, 68)).collect()
}

/// A text in lines of at most `width` characters, broken at blanks.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.chars().count());
        if line > 0 && line + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A plan in Terraform's manner: what is added, changed, kept and dropped, and one total line.
pub fn plan_text(plan: &PlanSummary) -> String {
    let mut out = String::new();
    out.push_str(&format!("{}: {}, {}\n", plan.name, count(plan.cells, "cell"), count(plan.samples, "row")));
    if plan.raised > 0 {
        let cells = count(plan.raised_cells, "cell");
        out.push_str(&format!("raised: {} of these in {cells}, by `curation`\n", thousands(plan.raised)));
    }
    out.push_str(&models_text(plan));
    out.push('\n');
    for (sign, number, what) in [
        ("+", plan.new, "new"),
        ("+", plan.restored, "restored, stored from before"),
        ("~", plan.changed, "changed, asked in another way now"),
        ("-", plan.dropped, "dropped"),
        ("=", plan.kept_cells, "as they were"),
    ] {
        if number > 0 {
            out.push_str(&format!("  {sign} {} {what}\n", count(number, "cell")));
        }
    }
    if !plan.causes.is_empty() {
        out.push_str("\nchanged since the last run:\n");
        for cause in plan.causes.iter().take(12) {
            out.push_str(&format!("    {}\n", shortened(cause, 74)));
        }
        if plan.causes.len() > 12 {
            out.push_str(&format!("    … and {} more\n", plan.causes.len() - 12));
        }
    }
    let rows = plan.rows;
    if rows.before() + plan.coming > 0 {
        let mut says = vec![format!("rows: {} stay", thousands(rows.kept))];
        let some = |number: u64| (number > 0).then(|| thousands(number));
        says.extend(some(plan.coming).map(|coming| format!("{coming} come from stored answers")));
        says.extend(some(rows.leaving).map(|leaving| match plan.to_remake {
            0 => format!("{leaving} leave"),
            all if all == rows.leaving => format!("{leaving} leave until they are remade"),
            some => format!("{leaving} leave ({} of them until they are remade)", thousands(some)),
        }));
        says.extend(rows.judged_again());
        says.extend(rows.waits());
        let are = if rows.displaced == 1 { "is" } else { "are" };
        says.extend(some(rows.displaced).map(|rows| format!("{rows} {are} displaced as duplicates")));
        out.push_str(&format!("\n{}\n", wrapped(&says.join(", "), 74).join("\n      ")));
        if !plan.leaving_by.is_empty() {
            let by: Vec<_> = plan
                .leaving_by
                .iter()
                .map(|(name, rows)| format!("{} by {name}", thousands(*rows)))
                .collect();
            out.push_str(&format!("      of these {}\n", by.join(", ")));
        }
        if rows.lost() > plan.max_leaving {
            out.push_str("      more than `run.max_leaving`: a run wants `--accept-leaving`\n");
        }
    }
    if let Some(checks) = &plan.checks {
        out.push_str(&checks.text());
    }
    if plan.requests > 0 {
        out.push_str(&format!("\n{}", plan.expected.text()));
        if plan.judge_votes > 0 && plan.expected.requests.is_none() {
            let each = count(plan.judge_votes, "request");
            out.push_str(&format!("judges: {each} more for each text that passes its checks\n"));
        }
    }
    let about = about(plan.second_look_requests, plan.judge_requests, plan.embedding_requests);
    let requests = count(plan.requests, "request");
    if plan.model.is_none() {
        out.push_str(&format!(
            "\nPlan: {requests} to ask once the model is known, less what is stored of it.\n"
        ));
        return out;
    }
    let mut total = format!(
        "Plan: {requests} to ask now{about}, {} of {}{} from stored answers",
        thousands(plan.accepted),
        count(plan.samples, "row"),
        beside(plan.counterparts),
    );
    if plan.shortfall > 0 {
        total.push_str(&format!(", {} that cannot be filled (max_asks)", thousands(plan.shortfall)));
    }
    out.push_str(&format!("\n{}.\n", wrapped(&total, 78).join("\n  ")));
    out
}

/// A line for each endpoint: what its model is, where that is known from, and what follows where it is not well.
fn models_text(plan: &PlanSummary) -> String {
    let asks = plan.requests > 0;
    let (head, texts) = match plan.endpoints.as_slice() {
        [only] => ("", vec![format!("model: {}", only.text(asks))]),
        several => {
            let text = |of: &EndpointSight| format!("  {}: {}", of.name, of.text(asks));
            ("models:\n", several.iter().map(text).collect())
        }
    };
    let mut out = head.to_owned();
    for text in texts {
        let indent = text.len() - text.trim_start().len();
        for (index, part) in wrapped(&text[indent..], 76 - indent).into_iter().enumerate() {
            let indent = if index == 0 { indent } else { 4 };
            out.push_str(&format!("{:indent$}{part}\n", ""));
        }
    }
    out
}

/// How many requests are about texts.
fn about(looks: u64, judges: u64, embeddings: u64) -> String {
    let looks = (looks > 0).then(|| count(looks, "second look"));
    let judges = (judges > 0).then(|| format!("{} of judges", thousands(judges)));
    let embeddings = (embeddings > 0).then(|| count(embeddings, "embedding"));
    match looks.into_iter().chain(judges).chain(embeddings).collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => none,
        some => format!(" ({some})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::AxisCount;

    #[test]
    fn what_was_not_asked_for_is_not_called_short() {
        let count = |accepted, rejected| AxisCount { wanted: 10, accepted, rejected };
        let values = [("joy".to_owned(), count(4, 3)), ("fear".to_owned(), count(0, 0))];
        let by_axis = [("emotion".to_owned(), values.into_iter().collect())].into_iter().collect();
        let mut summary = Summary { by_axis, ..Summary::default() };
        assert_eq!(shortest(&summary), ["emotion fear: 0 of 10", "emotion joy: 4 of 10"]);
        summary.part = true;
        assert_eq!(shortest(&summary), ["emotion joy: 4 of 10"]);
    }
}
