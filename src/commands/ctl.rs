use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::Duration;

use super::{Exit, Failure, Talk, print_json};
use crate::cli::{CtlArgs, CtlOrder};
use crate::config;
use crate::home;
use crate::pipeline::control::{NONE, Order, RunStatus, running, tell};
use crate::report::{count, duration, money, thousands};
use crate::store::StoreDir;

/// Tells a run that goes on something, and says how it is then.
pub fn ctl(args: &CtlArgs, talk: &Talk) -> Result<Exit, Failure> {
    if let CtlOrder::Concurrency { at_a_time: 0, .. } = args.order {
        return Err(Failure::Refused(NONE.into()));
    }
    let (order, config) = match &args.order {
        CtlOrder::Pause(run) => (Order::Pause, run),
        CtlOrder::Resume(run) => (Order::Resume, run),
        CtlOrder::Drain(run) => (Order::Drain, run),
        CtlOrder::Status(run) => (Order::Status, run),
        CtlOrder::Concurrency { at_a_time, endpoint, run } => {
            (Order::Concurrency { at_a_time: *at_a_time, endpoint: endpoint.clone() }, run)
        }
    };
    // Without a config the project is that of the folder one is in.
    let inside = Path::new("configs").join("any.yaml");
    let path = config.config.as_deref().unwrap_or(&inside);
    let dir = StoreDir::new(config::load::project_root(path).join(home::KEPT));
    let name = match &config.config {
        Some(path) => match config::load::name_of(path) {
            Some(name) => name,
            None => {
                return Err(Failure::Refused(format!("{} is no config that can be read", path.display())));
            }
        },
        None => match running(&dir).as_deref() {
            Err(error) => return Err(unheard("the runs of this project", error)),
            Ok([]) => return Err(Failure::InVain("no run goes on in this project".into())),
            Ok([only]) => only.clone(),
            Ok(several) => {
                return Err(Failure::Refused(format!(
                    "{} go on ({}): name the config",
                    count(several.len() as u64, "run"),
                    several.join(", ")
                )));
            }
        },
    };
    let status = match tell(&dir, &name, &order) {
        Ok(Some(status)) => status,
        Ok(None) => return Err(Failure::InVain(format!("no run of `{name}` goes on"))),
        Err(error) => return Err(unheard(&format!("the run of `{name}`"), &error)),
    };
    match config.json {
        true => print_json(&status)?,
        false => std::io::stdout().lock().write_all(text(&status).as_bytes())?,
    }
    status.notes.iter().for_each(|note| talk.say(note));
    status.refused.map_or(Ok(Exit::Complete), |why| Err(Failure::InVain(why)))
}

fn unheard(whom: &str, error: &std::io::Error) -> Failure {
    // A read that takes too long fails so.
    let busy = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    let why = if busy { "it does not answer; it may be evaluating".to_owned() } else { error.to_string() };
    Failure::InVain(format!("cannot speak to {whom}: {why}"))
}

fn text(status: &RunStatus) -> String {
    let mut out = format!(
        "{}: {} (process {}), {}\n{} of {}, {}; {} under way, {} waiting\n",
        status.name,
        status.state,
        status.pid,
        duration(Duration::try_from_secs_f64(status.seconds).unwrap_or_default()),
        thousands(status.rows),
        count(status.wanted, "row"),
        count(status.requests, "request"),
        thousands(status.under_way),
        thousands(status.waiting),
    );
    if let Some(cost) = status.cost {
        let most = status.max_cost.map_or_else(String::new, |most| format!(" of at most {}", money(most)));
        let _ = writeln!(out, "cost {}{most}", money(cost));
    }
    for endpoint in &status.endpoints {
        let cost = endpoint.cost.map_or_else(String::new, |cost| format!(", cost {}", money(cost)));
        let _ = writeln!(
            out,
            "  {}: {}, {} of {} at a time, {}{cost}",
            endpoint.name,
            endpoint.state,
            endpoint.under_way,
            endpoint.at_a_time,
            count(endpoint.requests, "request")
        );
    }
    out
}
