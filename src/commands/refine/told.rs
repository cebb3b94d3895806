//! Proposals in words: a diff, with the reasons above each part.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::Made;
use crate::refine::Proposal;
use crate::refine::patch::Steps;
use crate::report::wrapped;

/// For machines.
pub fn json(made: &Made) -> Value {
    let mut out = json!(made.proposal);
    out["made"] = (made.not.is_none() && !made.proposal.changes.is_empty()).into();
    if let Some(not) = &made.not {
        out["not"] = not.as_str().into();
    }
    out
}

/// A unified diff; above each part the proposals that it is of, the first time with their reasons.
pub fn diff(path: &Path, steps: &Steps, made: &[Made]) -> String {
    let hunks = steps.hunks();
    if hunks.is_empty() {
        return String::new();
    }
    let path = path.display();
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut said = BTreeSet::new();
    for hunk in hunks {
        for number in &hunk.steps {
            let Some(Made { proposal, .. }) = made.get(*number) else { continue };
            match said.insert(*number) {
                true => out.push_str(&format!("\n{}", reasons(proposal))),
                false => out.push_str(&format!("\n{}: as above\n", proposal.key)),
            }
        }
        out.push_str(&hunk.text);
        if !hunk.text.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

fn reasons(proposal: &Proposal) -> String {
    let mut out = paragraph(&format!("{}: {}", proposal.key, proposal.what), "", "  ");
    for reason in &proposal.reasons {
        out.push_str(&paragraph(reason, "  - ", "    "));
    }
    out
}

/// The diff, what is to be done by hand, and what could not be made a change.
pub fn text(path: &Path, steps: &Steps, made: &[Made]) -> String {
    let mut out = diff(path, steps, made);
    let by_hand: Vec<&Made> =
        made.iter().filter(|made| made.proposal.by_hand.is_some() && made.not.is_none()).collect();
    if !by_hand.is_empty() {
        out.push_str("\nby hand:\n");
    }
    for made in by_hand {
        let proposal = &made.proposal;
        if proposal.changes.is_empty() {
            out.push_str(&format!("\n{}", reasons(proposal)));
        }
        let mut lines = proposal.by_hand.as_deref().unwrap_or("").lines();
        let first = lines.next().unwrap_or("");
        let first =
            if proposal.changes.is_empty() { first.to_owned() } else { format!("{}: {first}", proposal.key) };
        out.push_str(&paragraph(&first, "  → ", "    "));
        // Templates stand as they are to be written.
        lines.for_each(|line| out.push_str(&format!("      {line}\n")));
    }
    for made in made {
        if let Some(not) = &made.not {
            out.push('\n');
            out.push_str(&paragraph(&format!("left out, since {not}:"), "", "  "));
            out.push_str(&reasons(&made.proposal));
        }
    }
    out.trim_start_matches('\n').to_owned()
}

fn paragraph(text: &str, first: &str, rest: &str) -> String {
    let lines = wrapped(text, 76).into_iter().enumerate();
    lines.map(|(at, line)| format!("{}{line}\n", if at == 0 { first } else { rest })).collect()
}
