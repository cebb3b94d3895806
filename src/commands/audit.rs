mod correct;
mod counterfactual;
mod decisions;
mod paired;
mod rewrite;
mod subject;

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use super::apart::apart;
use super::{Exit, Failure, Talk, is_config, print_json};
use crate::audit::{self, Report, Verdict};
use crate::cli::{AuditArgs, FailOn};
use crate::report::audit::audit_text;
use correct::{fix, swap, weigh};
use paired::counterparts;
use subject::{of_config, of_tables};

/// Measures the biases and the diversity of labelled texts.
pub fn audit(args: &AuditArgs, talk: &Talk) -> Result<Exit, Failure> {
    if args.endpoint.is_some() && args.fix && !args.rewrite.rewrite {
        return Err(usage("with `--fix` an endpoint is asked to reword rows: add `--rewrite`"));
    }
    // Before anything is read or paid for.
    let reads = std::iter::once(&args.table.file).chain(&args.more).chain(&args.probe);
    let reads = reads.chain(&args.rewrite.template).map(|path| &**path);
    let writes = [
        ("--write", args.write.as_deref()),
        ("-o", args.rewrite.output.as_deref()),
        ("--weights", args.weights.as_deref()),
        ("--swap", args.swap.as_deref()),
    ];
    apart(reads.chain(args.endpoint.as_deref().map(Path::new)), &writes)?;
    let mut steps = Steps::new(*talk);
    let mut subject =
        if is_config(&args.table.file) { of_config(args, talk)? } else { of_tables(args, &mut steps)? };
    if args.counterparts {
        return counterparts(args, &subject, talk, &mut steps);
    }
    if args.fix {
        return fix(args, &subject, talk, &mut steps);
    }
    if let Some(path) = &args.weights {
        return weigh(args, &subject, path, talk, &mut steps);
    }
    if let Some(path) = &args.swap {
        return swap(args, &subject, path, talk, &mut steps);
    }
    subject.options.swapped = counterfactual::swapped(args, &subject, talk)?;
    let report = audit::audit(&subject.table, &subject.options, |what, share| steps.step(what, share));
    if args.json {
        print_json(&report)?;
    } else {
        std::io::stdout().lock().write_all(audit_text(&report).as_bytes())?;
    }
    Ok(exit(args, &report))
}

fn exit(args: &AuditArgs, report: &Report) -> Exit {
    let bad = match args.fail_on {
        FailOn::Fail => report.verdict >= Verdict::Fail,
        FailOn::Warn => report.verdict >= Verdict::Warn,
        FailOn::Never => false,
    };
    if bad { Exit::Short } else { Exit::Complete }
}

fn usage(what: impl Into<String>) -> Failure {
    Failure::Refused(what.into())
}

/// Says how far a long audit is, once a second.
struct Steps {
    talk: Talk,
    said: Instant,
}

impl Steps {
    fn new(talk: Talk) -> Self {
        Self { talk, said: Instant::now() }
    }

    fn step(&mut self, what: &str, share: f64) {
        self.say(|| format!("audit: {what}, {:.0} % done", 100.0 * share));
    }

    fn say(&mut self, text: impl FnOnce() -> String) {
        if self.said.elapsed().as_secs_f64() >= 1.0 {
            self.said = Instant::now();
            self.talk.say(&text());
        }
    }
}
