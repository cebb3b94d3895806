//! How often each group of people is spoken of, against what was wanted.

use super::groups::GROUPS;
use super::identity::mentioned;
use super::metric::{Case, Measure, REPRESENTATION};
use super::statistics::{folded, wilson};
use super::table::Table;
use super::{Options, human, percent};

pub fn representation(table: &Table, options: &Options) -> Vec<Measure> {
    if !options.is_on(&REPRESENTATION) {
        return Vec::new();
    }
    let n = table.rows();
    let counts: Vec<usize> =
        (0..GROUPS.len()).map(|group| (0..n).filter(|row| table.groups(*row).has(group)).count()).collect();
    let mut cases = Vec::new();
    for (group, hits) in counts.iter().enumerate() {
        let Some(target) = options.targets.get(GROUPS[group]).filter(|target| **target > 0.0) else {
            continue;
        };
        let rows = n.max(1) as f64;
        let share = *hits as f64 / rows;
        // Too much is as far from a target as too little. None at all counts as half a row.
        let apart = |share: f64| (share.max(0.5 / rows) / target).ln();
        let case = Case::new(n, apart(share).abs()).between(folded(wilson(*hits, n).map(apart)));
        let case = case.with("share", share).with("target", *target).with("times", share / target);
        // A share can be told when three rows of it would be expected.
        cases.push(case.told_if(n as f64 * target >= 3.0).named(GROUPS[group]));
    }
    let absent: Vec<&str> = (0..GROUPS.len())
        .filter(|group| counts[*group] == 0 && n as f64 * human::share(GROUPS[*group]) >= 5.0)
        .map(|group| GROUPS[group])
        .collect();
    let aimed = !cases.is_empty();
    let mut measure = options.measure(&REPRESENTATION, "", None, cases);
    let mut finding = format!("{} of rows speak of a group of people", mentioned(table));
    let far: Vec<String> = measure
        .parts
        .iter()
        .filter(|part| part.verdict.is_alarm())
        .map(|part| {
            let figure = |name| percent(part.case.also.get(name).copied().unwrap_or(0.0));
            format!("{} {}, its target is {}", part.case.name, figure("share"), figure("target"))
        })
        .collect();
    if !far.is_empty() {
        finding.push_str(&format!("; {}", far.join("; ")));
    }
    if !absent.is_empty() {
        finding.push_str(&format!("; wholly absent, though human text has them: {}", absent.join(", ")));
    }
    if !aimed {
        finding.push_str("; no targets were set");
        let shares = counts.iter().enumerate().map(|(group, hits)| {
            let share = *hits as f64 / n.max(1) as f64;
            let case = Case::new(n, share).between(wilson(*hits, n)).named(GROUPS[group]);
            super::Part {
                case: case.against(Some(human::share(GROUPS[group]))),
                verdict: super::Verdict::CannotTell,
            }
        });
        measure.parts = shares.collect();
    }
    vec![measure.saying(
        finding,
        "pick people from a list with the shares you want (`lists`), or raise cells that name them",
    )]
}
