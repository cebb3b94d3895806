//! A plan in words.

use super::table::about;
use super::{EndpointSight, PlanSummary, beside, count, shortened, thousands, wrapped};

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
        let stay = if rows.kept == 1 { "stays" } else { "stay" };
        let mut says = vec![format!("rows: {} {stay}", thousands(rows.kept))];
        let some = |number: u64| (number > 0).then(|| thousands(number));
        let come = if plan.coming == 1 { "comes" } else { "come" };
        says.extend(some(plan.coming).map(|coming| format!("{coming} {come} from stored answers")));
        let [leave, they_are] = if rows.leaving == 1 { ["leaves", "it is"] } else { ["leave", "they are"] };
        says.extend(some(rows.leaving).map(|leaving| match plan.to_remake {
            0 => format!("{leaving} {leave}"),
            all if all == rows.leaving => format!("{leaving} {leave} until {they_are} remade"),
            some => format!("{leaving} {leave} ({} of them until they are remade)", thousands(some)),
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
