//! Raw tree in, resolved config out. Types were checked before; here is what only meaning tells.

use std::path::PathBuf;
use std::time::Duration;

use super::audit::Audit;
use super::axes::axes;
use super::checks::checks;
use super::curation::Curation;
use super::dedup::{dedup, scope};
use super::diagnostic::{Diagnostic, Report, did_you_mean};
use super::endpoint::endpoints;
use super::given::text_or;
use super::judges::judges;
use super::keys;
use super::label::label;
use super::lists::lists;
use super::models::{leave_out_unused, models};
use super::night::Night;
use super::prompt::prompt;
use super::resolved::*;
use super::response::response;
use super::rules::rules;
use super::sampling::sampling;
use super::yaml::Node;

/// The longest name of a dataset: file systems take 255 bytes, and other files begin with it.
const LONGEST_NAME: usize = 100;

/// Resolves a tree whose types were checked; mistakes go to the report.
///
/// `None` where axes or prompt are too wrong to look further. Else, where the report has errors,
/// what is wrong is left out or has its default, so that templates, rules and schema can be checked.
pub fn resolve(root: &Node, project: Project, report: &mut Report) -> Option<Config> {
    let name = name(root, &project, report);
    let endpoints = endpoints(root, &project, report);
    let mut prompt = prompt(root, &project, report);
    let sampling = sampling(root, report);
    let response = response(root, &project, report);
    let mut axes = axes(root, &project, report);
    if let Some(endpoints) = endpoints.as_deref() {
        let axes = axes.as_deref_mut().unwrap_or_default();
        models(root, endpoints, prompt.as_mut(), axes, report);
    }
    let known = axes.as_deref().unwrap_or_default();
    let exclude = rules(root, "exclude", known, report);
    let only = rules(root, "only", known, report);
    let samples = samples(root, axes.as_deref().unwrap_or(&[]), report);
    let scope = scope(root, axes.as_deref(), report);
    let dedup = dedup(root, endpoints.as_deref().unwrap_or_default(), &project, report);
    let lists = lists(root, &project, report);
    let exemplars = Exemplars::resolve(root, axes.as_deref().unwrap_or_default(), &project, report);
    let output = output(root, &project, report);
    let run = run(root, report);
    let night = Night::resolve(root, &project);
    let audit = Audit::resolve(root, report);
    let curation = Curation::resolve(root, &project, report);
    let anonymize = super::anonymize::anonymize(root, endpoints.as_deref().unwrap_or_default(), report);
    let mut checks = checks(root, axes.as_deref(), &project, report);
    checks.judges = judges(root, endpoints.as_deref().unwrap_or_default(), known, &project, report);
    let (probe, blind) = label(root, endpoints.as_deref().unwrap_or_default(), known, &project, report);
    checks.label = probe;
    // It takes most requests, so it comes last.
    checks.judges.extend(blind);
    let asks = u64::from(sampling.max_tokens) * u64::from(response.n);
    let is_reached = endpoints.is_some();
    let mut config = Config {
        night,
        audit,
        curation,
        name,
        seed: root.get("seed").and_then(Node::whole).unwrap_or(0).unsigned_abs(),
        prompt: prompt?,
        sampling,
        output,
        checks,
        anonymize,
        endpoints: endpoints.unwrap_or_else(|| vec![nowhere()]),
        unused: Vec::new(),
        response,
        axes: axes?,
        exclude,
        only,
        samples,
        scope,
        dedup,
        lists,
        exemplars,
        project,
        run,
    };
    leave_out_unused(&mut config);
    if is_reached {
        priced(root, &config.endpoints, report);
        room(root, &config.endpoints, asks, &config.checks.judges, report);
    }
    Some(config)
}

/// Stands in for an endpoint that is wrong: the report has its error, so nobody asks it.
fn nowhere() -> Endpoint {
    Endpoint {
        name: String::new(),
        server: Server::Url(String::new()),
        model: None,
        api_key_env: None,
        weight: 1.0,
        slots: Slots::Auto,
        requests_per_minute: None,
        burst: 1,
        tokens_per_minute: None,
        price: None,
        timeout: Duration::ZERO,
        patience: Duration::ZERO,
    }
}

fn name(root: &Node, project: &Project, report: &mut Report) -> String {
    let stem = project.config.file_stem().and_then(|stem| stem.to_str()).unwrap_or("dataset");
    let name = text_or(root.get("name"), stem);
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let found = if name.is_empty() || name.starts_with('.') || !name.chars().all(fine) {
        Diagnostic::error("name", format!("`{name}` cannot name a folder"))
            .help("use letters, digits, `-`, `_` and `.`, and no `.` first")
    } else if name.len() > LONGEST_NAME {
        // Files are named after it, and file systems count bytes.
        Diagnostic::error("name", format!("a name of {} bytes is too long", name.len()))
            .help(format!("use at most {LONGEST_NAME}; a letter beyond a–z takes two to four"))
    } else {
        return name;
    };
    report.push(match root.get("name") {
        Some(node) => found.at(node.span),
        None => found.help("the dataset takes the file's name; give it another with `name:`"),
    });
    name
}

fn output(root: &Node, project: &Project, report: &mut Report) -> PathBuf {
    let node = root.get("output").and_then(|output| output.get("dir"));
    let folder = text_or(node, "out");
    if let Some(node) = node {
        let found = |message: String| Diagnostic::error("output", message).at(node.span);
        if folder.trim().is_empty() {
            let help = "name a folder, such as `out`; `.` is the project's root";
            report.push(found("`output.dir` is empty".into()).help(help));
        } else if project.root.join(&folder).is_file() {
            report.push(found(format!("`{folder}` is a file")).help("name a folder, such as `out`"));
        }
    }
    PathBuf::from(folder)
}

fn run(root: &Node, report: &mut Report) -> RunLimits {
    let node = root.get("run");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let whole = |key: &str| get(key).and_then(Node::whole).map(i64::unsigned_abs);
    let until = get("until").and_then(|node| {
        let time = time_of_day(node.text()?);
        if time.is_none() {
            report.push(
                Diagnostic::error("value", "`until` is no time of day")
                    .at(node.span)
                    .help("write hours and minutes, and seconds if need be, such as `until: \"06:30\"`"),
            );
        }
        time
    });
    RunLimits {
        until,
        lasts: get("for").and_then(keys::duration),
        max_requests: whole("max_requests"),
        token_budget: whole("token_budget"),
        max_cost: get("max_cost").and_then(Node::number),
        tries: whole("tries").unwrap_or(5) as u32,
        timeouts: whole("timeouts").unwrap_or(2) as u32,
        circuit: whole("circuit").unwrap_or(8) as u32,
        hedge: whole("hedge").unwrap_or(3) as u32,
        alike: get("order").and_then(Node::text) != Some("even"),
        max_leaving: whole("max_leaving").unwrap_or(1000),
    }
}

/// A time of day as `HH:MM` or `HH:MM:SS`; only the hours may be of one digit.
pub fn time_of_day(text: &str) -> Option<jiff::civil::Time> {
    let (hours, rest) = text.trim().split_once(':')?;
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "00"));
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_one = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        is_one.then(|| text.parse::<i8>().ok()).flatten()
    };
    jiff::civil::Time::new(number(hours, 1..=2)?, number(minutes, 2..=2)?, number(seconds, 2..=2)?, 0).ok()
}

/// Whether a limit on what is spent knows what every endpoint costs.
fn priced(root: &Node, endpoints: &[Endpoint], report: &mut Report) {
    let max_cost = root.get("run").and_then(|node| node.get("max_cost"));
    let priceless = endpoints.iter().filter(|endpoint| endpoint.price.is_none());
    let names: Vec<&str> = priceless.map(|endpoint| endpoint.name.as_str()).collect();
    if let Some(node) = max_cost.filter(|_| !names.is_empty()) {
        let have = if names.len() == 1 { "has" } else { "have" };
        let what = format!("`max_cost` needs a price, and `{}` {have} none", names.join("`, `"));
        report.push(
            Diagnostic::error("rate", what).at(node.span).help(format!(
                "give what a million tokens cost, {}; 0 for a server of your own",
                keys::A_PRICE
            )),
        );
    }
}

/// Whether one request fits into what an endpoint may be sent in a minute.
fn room(root: &Node, endpoints: &[Endpoint], asks: u64, judges: &[Judge], report: &mut Report) {
    let judged = judges.iter().map(|judge| u64::from(judge.sampling.max_tokens)).max().unwrap_or(0);
    let (needs, of) = match judged > asks {
        true => (judged, "a judge's `sampling.max_tokens`"),
        false => (asks, "`sampling.max_tokens` × `response.n`"),
    };
    for endpoint in endpoints {
        let Some(limit) = endpoint.tokens_per_minute.filter(|limit| u64::from(*limit) <= needs) else {
            continue;
        };
        let node = root.get("endpoints").and_then(|all| all.get(&endpoint.name)?.get("tokens_per_minute"));
        report.push(
            Diagnostic::error(
                "rate",
                format!("one request may use more than {limit} tokens, so none could ever be sent"),
            )
            .at(node.map_or(root.span, |node| node.span))
            .help(format!("its answer alone may take {needs} ({of}): raise this, or lower those")),
        );
    }
}

fn samples(root: &Node, axes: &[Axis], report: &mut Report) -> Samples {
    let node = root.get("samples");
    let get = |key: &str| node.and_then(|node| node.get(key));
    let whole = |key: &str| get(key).and_then(Node::whole);
    let mut balance = Vec::new();
    for item in get("balance").map_or(&[][..], Node::items) {
        let Some(name) = item.text() else { continue };
        let names = || axes.iter().map(|axis| axis.name.as_str());
        match names().position(|known| known == name) {
            Some(axis) => balance.push(axis),
            None => {
                let found =
                    Diagnostic::error("unknown-axis", format!("there is no axis `{name}`")).at(item.span);
                report.push(match did_you_mean(name, names()) {
                    Some(near) => found.help(format!("did you mean `{near}`?")),
                    None => found,
                });
            }
        }
    }
    if let (Some(total), Some(_)) = (get("total"), get("per_cell")) {
        report.push(
            Diagnostic::error("samples", "`samples` has both `total` and `per_cell`")
                .at(total.span)
                .help("give the rows of each cell, or of all together"),
        );
    }
    let no_total = get("total").is_none() && !node.is_some_and(|node| node.excuses("total"));
    if let Some(balance) = get("balance").filter(|node| no_total && !node.items().is_empty()) {
        report.push(
            Diagnostic::error("samples", "`balance` shares out a `total`, and there is none")
                .at(balance.span)
                .help("write `total` in place of `per_cell`, with which every cell gets the same"),
        );
    }
    Samples {
        amount: match whole("total") {
            Some(total) => Amount::Total { total: total.unsigned_abs(), balance },
            None => Amount::PerCell { per_cell: whole("per_cell").unwrap_or(1) as u32 },
        },
        max_asks: whole("max_asks").map(|n| n as u32),
        max_asks_at: get("max_asks").map(|node| node.span),
        allow_short: get("allow_short").and_then(Node::number).unwrap_or(0.0),
        balance_said: get("balance").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_digits_of_minutes() {
        for (text, hours, minutes, seconds) in
            [("04:00", 4, 0, 0), ("4:05", 4, 5, 0), (" 23:59 ", 23, 59, 0), ("06:30:15", 6, 30, 15)]
        {
            assert_eq!(time_of_day(text), jiff::civil::Time::new(hours, minutes, seconds, 0).ok());
        }
        for text in [
            "04:00:",
            "04:00:5",
            "04:00:60",
            "04:00:00:00",
            "04:0",
            "04:000",
            "+4:00",
            "04:+5",
            "24:00",
            "04",
            ":30",
            "04:",
            "4.30",
        ] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }
}
