//! The closing table of a run.

use std::collections::BTreeMap;

use super::morning::Verdict;
use super::{AxisCount, Summary, ToGo, count, duration, most_of, rate, shortened, tally, thousands};

/// Prompts or models that the closing table names.
const MOST_BY_ASK: usize = 6;

/// What a run says when it ends, in at most 80 columns.
pub fn summary_text(summary: &Summary, advice: &dyn Fn(&str) -> Option<&'static str>) -> String {
    let mut out = Closing::default();
    rows(&mut out, summary);
    answers(&mut out, summary);
    out.lines("open", open(summary));
    took(&mut out, summary);
    tokens(&mut out, summary);
    rejected(&mut out, summary, advice);
    failed(&mut out, summary);
    changed(&mut out, summary);
    shortfall(&mut out, summary);
    audit(&mut out, summary);
    dataset(&mut out, summary);
    out.0
}

/// The closing table: lines with a name in front.
#[derive(Default)]
struct Closing(String);

impl Closing {
    /// A line, or one that goes on that before where it has no name; wrapped, behind an arrow where it begins with one.
    fn line(&mut self, name: &str, text: &str) {
        let (sign, text) = text.strip_prefix("→ ").map_or(("", text), |text| ("→ ", text));
        let hang = sign.chars().count();
        for (index, part) in wrapped(text, 68 - hang).into_iter().enumerate() {
            let (name, sign) = if index == 0 { (name, sign) } else { ("", "") };
            self.0.push_str(&format!("{name:<11} {sign:<hang$}{part}\n"));
        }
    }

    /// Several lines under one name.
    fn lines(&mut self, name: &str, texts: impl IntoIterator<Item = String>) {
        for (index, text) in texts.into_iter().enumerate() {
            self.line(if index == 0 { name } else { "" }, &text);
        }
    }
}

fn rows(out: &mut Closing, summary: &Summary) {
    let state = match summary.state.as_str() {
        "complete" if summary.part => "complete for the chosen cells",
        "complete" if summary.accepted < summary.wanted => "complete, within allow_short",
        "complete" => "complete",
        "short" => "SHORT",
        "stopped" => "stopped; run again to go on",
        other => other,
    };
    let (rows, wanted) = (thousands(summary.rows()), thousands(summary.wanted));
    out.line("rows", &format!("{rows} of {wanted}{} ({state})", beside(summary.counterparts)));
}

/// What was asked, and what became of the answers.
fn answers(out: &mut Closing, summary: &Summary) {
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
    out.line("answers", &asked);
    let mut further = |number: u64, one: &str, several: &str| {
        if number > 0 {
            out.line("", &format!("{} {}", thousands(number), if number == 1 { one } else { several }));
        }
    };
    further(
        summary.unstored,
        "more came, and the store did not take it",
        "more came, and the store did not take them",
    );
    further(
        summary.behind,
        "of them waits behind an earlier ask that is open",
        "of them wait behind an earlier ask that is open",
    );
    further(
        summary.not_needed,
        "of them was asked ahead and never needed",
        "of them were asked ahead and never needed",
    );
}

/// How long it took, of that how long it asked, and at what rate.
fn took(out: &mut Closing, summary: &Summary) {
    if summary.requests == 0 {
        return;
    }
    let time = |seconds: f64| duration(std::time::Duration::from_secs_f64(seconds.max(0.0)));
    let mut text = time(summary.seconds);
    // Waiting for a server or another run, and pauses, are no asking.
    if summary.seconds - summary.asking_seconds >= (summary.seconds / 20.0).max(1.0) {
        text.push_str(&format!(", {} of it asking", time(summary.asking_seconds)));
    }
    if let Some(tokens) = summary.tokens_per_second().filter(|_| summary.completion_tokens > 0) {
        text.push_str(&format!(", {} tokens/s", rate(tokens)));
    }
    out.line("time", &text);
}

/// Tokens, and what they cost.
fn tokens(out: &mut Closing, summary: &Summary) {
    let (prompt, completion) = (summary.prompt_tokens, summary.completion_tokens);
    if prompt + completion > 0 {
        let share = match prompt {
            0 => String::new(),
            all => format!(
                " ({:.0} % from the server's cache)",
                100.0 * summary.cached_tokens as f64 / all as f64
            ),
        };
        let text = format!("{} prompt{share}, {} completion", thousands(prompt), thousands(completion));
        out.line("tokens", &text);
    }
    if let Some(cost) = summary.cost.as_ref().filter(|_| summary.attempts > 0) {
        out.line("cost", &cost.text());
    }
}

/// Texts that are no rows, and what to do about them where they are many.
fn rejected(out: &mut Closing, summary: &Summary, advice: &dyn Fn(&str) -> Option<&'static str>) {
    let rejected: u64 = summary.rejected.values().sum();
    if rejected > 0 {
        let by_reason = tally(summary.rejected.iter().map(|(reason, times)| (reason.as_str(), *times)));
        out.line("rejected", &format!("{}: {by_reason}", thousands(rejected)));
        if let Some((reason, times)) = most_of(&summary.rejected)
            && times * 5 >= summary.accepted.max(1)
            && let Some(advice) = advice(reason)
        {
            out.line("", &format!("→ {advice}"));
        }
    }
    if summary.surplus > 0 {
        out.line("surplus", &format!("{} never needed", count(summary.surplus, "text")));
    }
}

/// Asks that failed, by prompt and model what passed, and sends that failed.
fn failed(out: &mut Closing, summary: &Summary) {
    if summary.failed > 0 {
        // Where nothing is missing, what they bring would only take the place of other rows.
        let again = if summary.accepted < summary.wanted { "; `--retry-failed` asks again" } else { "" };
        let asks = count(summary.failed, "ask");
        out.line("failed", &format!("{asks} given up (see rejected.jsonl){again}"));
    }
    for (of, values) in &summary.by_ask {
        out.line(of, &by_ask(values));
    }
    let faults: Vec<_> = summary.faults.iter().map(|(class, times)| format!("{times} {class}")).collect();
    if !faults.is_empty() {
        out.line("faults", &faults.join(", "));
    }
}

/// Rows that left the dataset, and that came without asking.
fn changed(out: &mut Closing, summary: &Summary) {
    let change = summary.change;
    let came = summary.restored();
    if (change.lost() + change.waiting == 0 && came.is_none()) || summary.unwritten.is_some() {
        return;
    }
    let mut text = format!("{} left the dataset", count(change.leaving + change.unjudged, "row"));
    text.extend(came.map(|came| format!(", {} came from stored answers", thousands(came))));
    text.extend(change.waits().map(|waits| format!(", {waits}")));
    if change.displaced > 0 {
        let duplicates = if change.displaced == 1 { "a duplicate" } else { "duplicates" };
        text.push_str(&format!(", {} displaced as {duplicates}", thousands(change.displaced)));
    }
    out.line("changed", &text);
}

/// Rows that no more asks will fill, and the values that lack most.
fn shortfall(out: &mut Closing, summary: &Summary) {
    if summary.left.short == 0 {
        return;
    }
    let of = if summary.part { " of the chosen cells" } else { "" };
    let rows = count(summary.left.short, "row");
    let first = format!("{rows}{of} that no more asks will fill (max_asks)");
    out.lines("shortfall", [first].into_iter().chain(shortest(summary)));
}

/// What the audit found, and pairs of rows that contradict each other.
fn audit(out: &mut Closing, summary: &Summary) {
    let Some(audit) = &summary.audit else { return };
    let first = format!("{} (of {})", audit.counts(), count(audit.rows, "row"));
    let found = audit.findings().take(3);
    let found = found.map(|(measure, finding)| format!("{}: {finding}", measure.verdict.name()));
    out.lines("audit", [first].into_iter().chain(found));
    if let Some((conflicts, text)) = audit.conflicts.as_ref().and_then(|found| Some((found, found.text()?))) {
        out.line("conflicts", &text);
        // Whoever copies it has one command all the same.
        let parts = wrapped(&conflicts.list, 64);
        for (index, part) in parts.iter().enumerate() {
            let sign = if index == 0 { "→ " } else { "" };
            let goes_on = if index + 1 < parts.len() { " \\" } else { "" };
            out.line("", &format!("{sign}{part}{goes_on}"));
        }
    }
}

fn dataset(out: &mut Closing, summary: &Summary) {
    out.line("dataset", &summary.dataset);
    if let Some(unwritten) = &summary.unwritten {
        out.line("NOT WRITTEN", &unwritten.text());
        out.line("", &format!("what is stored makes {}", count(summary.accepted, "row")));
    }
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

/// A text in lines of at most 80 characters, all but the first indented.
pub fn folded(text: &str) -> String {
    wrapped(text, 78).join("\n  ")
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

/// How many requests are about texts.
pub(super) fn about(looks: u64, judges: u64, embeddings: u64) -> String {
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
    use crate::report::{AxisCount, RowChange};

    /// What is one is told as one.
    #[test]
    fn one_waits_and_several_wait() {
        let text = |number: u64| {
            let change =
                RowChange { waiting: number, waiting_for: 1, displaced: number, ..RowChange::default() };
            let (unstored, behind, not_needed) = (number, number, number);
            let summary = Summary { change, unstored, behind, not_needed, ..Summary::default() };
            summary_text(&summary, &|_| None)
        };
        let one = [
            "store did not take it",
            "1 of them waits behind",
            "1 of them was asked",
            "1 waits",
            "a duplicate",
        ];
        let two = [
            "store did not take them",
            "2 of them wait behind",
            "2 of them were asked",
            "2 wait",
            "as duplicates",
        ];
        for (number, says) in [(1, one), (2, two)] {
            says.iter().for_each(|says| assert!(text(number).contains(says), "{}", text(number)));
        }
    }

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
