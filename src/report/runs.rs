//! Runs beside one another.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{
    Alike, Asked, AxisCount, Summary, count, duration, moment, money, noted_text, rate, shortened, thousands,
    wrapped,
};
use crate::model::{Noted, Untold};

fn or_dash(value: Option<String>) -> String {
    value.unwrap_or_else(|| "-".into())
}

fn percent(share: Option<f64>) -> String {
    or_dash(share.map(|share| format!("{:.0} %", 100.0 * share)))
}

fn took(summary: &Summary) -> String {
    duration(Duration::from_secs_f64(summary.seconds.max(0.0)))
}

/// Of the rows that it brought: the dataset's first ones are the same night after night.
fn distinct(summary: &Summary) -> Option<String> {
    summary.variety.distinct_2.map(|value| format!("{value:.3}"))
}

fn cost(summary: &Summary) -> Option<String> {
    summary.cost.as_ref().map(|cost| money(cost.all))
}

fn when(began: &str) -> String {
    // To the second: short runs follow each other within a minute.
    began.get(..19).unwrap_or(began).replace('T', " ")
}

/// What became of a run that left no summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    UnderWay,
    CutOff,
    /// It came to its end, and could not keep that.
    NotKept,
}

impl Fate {
    fn text(self) -> &'static str {
        match self {
            Fate::UnderWay => "under way",
            Fate::CutOff => "cut off",
            Fate::NotKept => "not kept",
        }
    }
}

/// A run as it stands in the list.
#[derive(Debug, Clone, Copy)]
pub enum Listed<'a> {
    Kept(&'a Summary),
    Unkept(&'a Untold, Fate),
}

impl<'a> Listed<'a> {
    /// By when it began.
    pub fn number(&self) -> u64 {
        match self {
            Listed::Kept(run) => run.number,
            Listed::Unkept(run, _) => run.number,
        }
    }

    pub fn began(&self) -> &'a str {
        match self {
            Listed::Kept(run) => &run.started,
            Listed::Unkept(run, _) => &run.began,
        }
    }

    /// In a word or two.
    pub fn state(&self) -> &'a str {
        match self {
            Listed::Kept(run) => &run.state,
            Listed::Unkept(_, fate) => fate.text(),
        }
    }

    /// When it began, and what came of it: some lines of at most 80 columns.
    pub fn text(&self) -> String {
        let began = moment(self.began());
        let what = match self {
            Listed::Kept(run) if run.headline.is_empty() => run.state.clone(),
            Listed::Kept(run) => run.headline.clone(),
            Listed::Unkept(run, fate) => {
                let brought = match (&run.noted, &run.ended) {
                    // Of its end all is told.
                    (_, Some(ended)) => format!(": {ended}"),
                    (Some(noted), None) => format!(": at least {}", noted_text(noted)),
                    (None, None) => String::new(),
                };
                format!("{}{brought}", fate.text())
            }
        };
        format!("run {}, {began}\n  {}", self.number(), wrapped(&what, 76).join("\n  "))
    }
}

/// One without a summary has its `number`, `started` and `state` as others have.
impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Unkept<'a> {
            number: u64,
            started: &'a str,
            state: Fate,
            #[serde(skip_serializing_if = "Option::is_none")]
            ended: Option<&'a str>,
            noted: Option<Noted>,
        }
        match self {
            Listed::Kept(run) => run.serialize(serializer),
            Listed::Unkept(Untold { number, began, ended, noted }, state) => {
                let (number, state, noted) = (*number, *state, *noted);
                Unkept { number, started: began, state, ended: ended.as_deref(), noted }.serialize(serializer)
            }
        }
    }
}

/// A line a run, in at most 80 columns; times are UTC.
pub fn runs_text(runs: &[Listed<'_>]) -> String {
    // There is no room for all of it, and who pays wants to know that first.
    let paid = runs.iter().any(|run| matches!(run, Listed::Kept(run) if run.cost.is_some()));
    let last = |run: &Summary| match paid {
        true => {
            let cost = run.cost.as_ref().map(|cost| match cost.all {
                all if all < 10_000.0 => money(all),
                all => thousands(all.round() as u64),
            });
            format!("{:>8}", or_dash(cost))
        }
        false => {
            format!("{:>6} {:>5}", or_dash(distinct(run)), or_dash(run.tokens_per_second().map(rate)))
        }
    };
    let name = if paid { "    cost" } else { "dist-2 tok/s" };
    let mut out = format!(
        "{:>4} {:<19} {:<7} {:>15} {:>8} {:>6} {name}\n",
        "run", "began (UTC)", "verdict", "rows", "requests", "accept"
    );
    for listed in runs {
        let run = match listed {
            Listed::Kept(run) => run,
            Listed::Unkept(run, fate) => {
                let how = fate.text();
                let brought = run.noted.as_ref().map_or_else(String::new, brought);
                out.push_str(&format!("{:>4} {:<19} {how}{brought}\n", run.number, when(&run.began)));
                continue;
            }
        };
        let rows = format!("{}/{}", thousands(run.rows()), thousands(run.wanted));
        out.push_str(&format!(
            "{:>4} {:<19} {:<7} {:>15} {:>8} {:>6} {}\n",
            run.number,
            when(&run.started),
            run.verdict.word(),
            rows,
            thousands(run.requests),
            percent(run.acceptance()),
            last(run),
        ));
    }
    out
}

/// What a run without a summary is known to have brought, where there is room for little.
fn brought(noted: &Noted) -> String {
    let spent = match noted.cost {
        Some(cost) => format!("cost {}", money(cost)),
        None => format!("{} tokens", thousands(noted.prompt_tokens + noted.completion_tokens)),
    };
    format!(": at least {}, {spent}", count(noted.answers, "answer"))
}

/// Values whose acceptance moved that are shown.
const MOVED: usize = 8;

/// Two runs, figure by figure, with what changed in the config between them.
pub fn compared_text(then: &Summary, now: &Summary, causes: &[String]) -> String {
    let mut out = String::new();
    let mut line = |name: &str, a: String, b: String| {
        out.push_str(&format!("{:<30} {:>22}   {:>22}\n", shortened(name, 30), a, b));
    };
    line("", format!("run {}", then.number), format!("run {}", now.number));
    line("began (UTC)", when(&then.started), when(&now.started));
    let mut row = |name: &str, of: &dyn Fn(&Summary) -> String| line(name, of(then), of(now));
    row("verdict", &|run| run.verdict.word().to_owned());
    row("rows", &|run| format!("{} of {}", thousands(run.rows()), thousands(run.wanted)));
    row("requests", &|run| thousands(run.requests));
    row("accepted texts", &|run| percent(run.acceptance()));
    row("distinct-2 of its rows", &|run| or_dash(distinct(run)));
    row("most common opening of these", &|run| {
        let first = run.variety.openings.first();
        or_dash(first.map(|opening| format!("{:.1} %", 100.0 * opening.share)))
    });
    row("prompt tokens", &|run| thousands(run.prompt_tokens));
    row("from the cache", &|run| {
        percent((run.prompt_tokens > 0).then(|| run.cached_tokens as f64 / run.prompt_tokens as f64))
    });
    row("completion tokens", &|run| thousands(run.completion_tokens));
    if then.cost.is_some() || now.cost.is_some() {
        row("cost", &|run| or_dash(cost(run)));
        // What a thousand rows cost is what two prompts or models are compared by.
        row("cost of 1,000 rows", &|run| or_dash(run.cost_of_rows().map(money)));
    }
    row("tokens a second", &|run| or_dash(run.tokens_per_second().map(rate)));
    row("rows an hour", &|run| or_dash(run.rows_per_hour().map(rate)));
    row("sends that failed", &|run| thousands(run.faults.values().sum()));
    row("asks given up", &|run| thousands(run.run.failed()));
    row("took", &took);
    let reasons: std::collections::BTreeSet<&String> =
        then.run.rejected.keys().chain(now.run.rejected.keys()).collect();
    for reason in reasons {
        row(&format!("rejected {reason}"), &|run| {
            thousands(run.run.rejected.get(reason).copied().unwrap_or(0))
        });
    }
    alike(&mut out, &Alike::of(&then.asked, &now.asked), then.cost.is_some() || now.cost.is_some());
    let moved = moved(then, now);
    if !moved.is_empty() {
        out.push_str("\naccepted, where it moved most:\n");
        for (_, name, a, b) in moved {
            out.push_str(&format!("  {:<40} {:>8} {:>8}\n", shortened(&name, 40), percent(a), percent(b)));
        }
    }
    if !causes.is_empty() {
        out.push_str("\nchanged between:\n");
        for cause in causes {
            out.push_str(&format!("  {}\n", shortened(cause, 76)));
        }
    }
    out
}

/// Prompts and models that are shown one by one.
const STRATA: usize = 12;

/// What two runs come to in prompts and models that both asked.
fn alike(out: &mut String, alike: &Alike, paid: bool) {
    if alike.strata.len() < 2 {
        return;
    }
    out.push_str("\naccepted, of the texts of answers that were asked for:\n");
    for (name, asked) in alike.strata.iter().take(STRATA) {
        let told = |asked: &Asked| match asked.judged() {
            0 => "-".to_owned(),
            judged => {
                let share = percent(Some(asked.rows as f64 / judged as f64));
                format!("{} of {} ({share})", thousands(asked.rows), thousands(judged))
            }
        };
        let (name, [a, b]) = (shortened(name, 28), asked);
        out.push_str(&format!("  {name:<28} {:>22}   {:>22}\n", told(a), told(b)));
    }
    if alike.strata.len() > STRATA {
        out.push_str(&format!("  … and {} more\n", alike.strata.len() - STRATA));
    }
    if !alike.differ {
        return;
    }
    let Some(found) = &alike.found else {
        out.push_str("asked in different shares, and none often enough in both to compare it\n");
        return;
    };
    out.push_str("asked in different shares; weighted alike, of those with 20 texts in both:\n");
    let mut line = |name: &str, of: [Option<String>; 2]| {
        let [a, b] = of.map(or_dash);
        out.push_str(&format!("{name:<30} {a:>22}   {b:>22}\n"));
    };
    line("  accepted texts", found.accepted.map(|share| percent(Some(share))).map(Some));
    if paid {
        line("  cost of 1,000 rows", found.cost.map(|cost| cost.map(money)));
    }
}

type Moved = (f64, String, Option<f64>, Option<f64>);

/// Standard errors of a difference beyond which it is more than chance.
const SURE: f64 = 2.0;

/// Whether two shares differ by more than chance, each with one text more that passed and one that did not: so few texts
/// prove nothing, also where all or none of them passed (Agresti and Caffo 2000).
fn is_sure(a: &AxisCount, b: &AxisCount) -> bool {
    let share = |count: &AxisCount| {
        let all = (count.accepted + count.rejected + 2) as f64;
        let share = (count.accepted + 1) as f64 / all;
        (share, share * (1.0 - share) / all)
    };
    let ((a, of_a), (b, of_b)) = (share(a), share(b));
    (a - b).abs() > SURE * (of_a + of_b).sqrt()
}

/// The values whose share of accepted texts moved most, by at least two in a hundred, and more than chance would.
fn moved(then: &Summary, now: &Summary) -> Vec<Moved> {
    let share = |count: &AxisCount| {
        let judged = count.accepted + count.rejected;
        (judged > 0).then(|| count.accepted as f64 / judged as f64)
    };
    let mut out: Vec<Moved> = Vec::new();
    for (axis, values) in now.run.by() {
        for (value, now) in values {
            let mut before = then.run.by().filter(|(of, _)| *of == axis);
            let Some(then) = before.find_map(|(_, values)| values.get(value)) else {
                continue;
            };
            let (a, b) = (share(then), share(now));
            let by = a.zip(b).map_or(0.0, |(a, b)| (b - a).abs());
            if by >= 0.02 && is_sure(then, now) {
                out.push((by, format!("{axis} {value}"), a, b));
            }
        }
    }
    out.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    out.truncate(MOVED);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{RunCounts, Spending};

    fn run(accepted: u64, rejected: u64) -> Summary {
        let count = AxisCount { wanted: 1_000_000, accepted, rejected };
        let values = [("joy".to_owned(), count)].into_iter().collect();
        Summary {
            started: "2026-11-23T20:42:14.123Z".into(),
            wanted: 1_000_000,
            accepted,
            requests: 1_000_000,
            run: RunCounts {
                accepted,
                rejected: [("near-duplicate".to_owned(), rejected)].into_iter().collect(),
                by_axis: [("emotion".to_owned(), values)].into_iter().collect(),
                ..RunCounts::default()
            },
            asked: vec![Asked { rows: accepted, ..Asked::default() }],
            attempts: 1_000_000,
            completion_tokens: 12_345_678,
            seconds: 36_000.0,
            ..Summary::default()
        }
    }

    #[test]
    fn tables_fit_a_terminal() {
        let (a, b) = (run(500_000, 500_000), run(999_999, 1));
        let causes = vec!["x".repeat(200)];
        let cost = Spending { all: 12_345.678, ..Spending::default() };
        let paid = Summary { cost: Some(cost), ..run(400_000, 600_000) };
        let cut_off = |cost| Untold {
            number: 123,
            began: "2026-11-23T20:42:14.123Z".into(),
            ended: None,
            noted: Some(Noted { answers: 1_234_567, prompt_tokens: 5_678_901, completion_tokens: 0, cost }),
        };
        let (free, priced) = (cut_off(None), cut_off(Some(12_345.678)));
        let unkept = [Listed::Unkept(&free, Fate::UnderWay), Listed::Unkept(&priced, Fate::UnderWay)];
        let list = runs_text(&[Listed::Kept(&a), unkept[0], unkept[1], Listed::Kept(&b)]);
        let lines: Vec<&str> = list.lines().collect();
        let began = " 123 2026-11-23 20:42:14 under way: at least 1,234,567 answers, ";
        assert_eq!(lines[2], format!("{began}5,678,901 tokens"));
        assert_eq!(lines[3], format!("{began}cost 12,345.68"));
        let compared = compared_text(&a, &b, &causes);
        assert!(!compared.contains("cost"), "{compared}");
        let all = list + &compared;
        let told = runs_text(&[Listed::Kept(&a), Listed::Kept(&paid)]) + &compared_text(&a, &paid, &causes);
        assert!(told.contains("  12,346\n") && told.contains(" cost\n"), "{told}");
        assert!(
            told.contains("cost of 1,000 rows                                  -                    30.86\n"),
            "{told}"
        );
        let all = all + &told;
        for line in all.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(all.contains("500,000/1,000,000"), "{all}");
        assert!(all.contains("emotion joy"), "{all}");
        assert!(all.contains("rejected near-duplicate "), "{all}");
        assert_eq!(all.matches("2026-11-23 20:42:14").count(), 10, "{all}");
    }

    #[test]
    fn small_moves_are_not_shown() {
        assert_eq!(moved(&run(50, 50), &run(51, 49)), []);
        assert_eq!(moved(&run(500, 500), &run(600, 400)).len(), 1);
        // One text of 26.
        assert_eq!(moved(&run(24, 0), &run(25, 1)), []);
        assert_eq!(moved(&run(1, 0), &run(0, 1)), []);
    }
}
