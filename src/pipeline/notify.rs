//! Telling somebody how a run ended.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::interrupt::Interrupts;
use crate::config;
use crate::config::diagnostic::{Diagnostic, Report, Severity, Span};
use crate::config::night::{Notify, When};
use crate::report::morning::{Ended, Finding, Verdict};
use crate::report::{Summary, say};

/// How long the command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how long it is said that it is waited for.
const SILENCE: Duration = Duration::from_secs(1);

/// Whether a verdict is to be told.
fn is_due(when: When, verdict: Verdict) -> bool {
    match when {
        When::Always => true,
        When::Look => verdict >= Verdict::Look,
        When::Lost => verdict == Verdict::Lost,
    }
}

/// Runs the config's command with the summary; what goes wrong with it is said, and changes nothing else.
pub async fn notify(notify: &Notify, summary: &Summary, page: Option<&Path>) {
    if !is_due(notify.when, summary.verdict) {
        return;
    }
    let mut command = shell(&notify.command);
    command
        .env("EMOGRID_NAME", &summary.name)
        .env("EMOGRID_VERDICT", summary.verdict.word())
        .env("EMOGRID_HEADLINE", &summary.headline)
        .env("EMOGRID_SUMMARY", page.unwrap_or(Path::new("")));
    let text = serde_json::to_string_pretty(summary).unwrap_or_default() + "\n";
    match told(command, &text, PATIENCE).await {
        Told::Ended(Ok(status)) if status.success() => {}
        Told::Ended(Ok(status)) => say(format!("`notify.command` failed: {status}")),
        Told::Ended(Err(error)) => say(format!("`notify.command` cannot be run: {error}")),
        Told::Late => say(format!("`notify.command` took more than {} s, and was ended", PATIENCE.as_secs())),
        Told::Interrupted => say("`notify.command` was ended"),
    }
}

/// Tells of a config that cannot be run, where it still says whom to tell.
pub async fn tell_of_config(path: &Path, sets: &[String], report: &Report) {
    let Some((name, whom)) = config::load::notified(path, sets) else { return };
    let ended = Ended::Usage;
    let verdict = ended.verdict();
    let errors = report.found.iter().filter(|found| found.severity == Severity::Error);
    let findings: Vec<Finding> = errors
        .map(|error| Finding {
            verdict,
            what: error.message.clone(),
            advice: error.help.clone(),
            place: error.at.map(|span| match report.sources.flag(span) {
                Some(flag) => {
                    format!("{flag} {}", report.sources.at(Span { start: 0, end: usize::MAX, ..span }))
                }
                None => {
                    let line = report.sources.line_column(span).0;
                    format!("{}:{line}", report.sources.path(span.source).display())
                }
            }),
            ..Finding::default()
        })
        .collect();
    let headline = format!("{} {name}: {}; nothing was asked", verdict.word(), who_errs(report));
    let exit_code = ended.code();
    let state = ended.state().to_owned();
    let summary = Summary { verdict, headline, exit_code, name, state, findings, ..Summary::default() };
    notify(&whom, &summary, None).await;
}

/// Where the mistakes are, and how many.
fn who_errs(report: &Report) -> String {
    let errors = report.found.iter().filter(|found| found.severity == Severity::Error);
    let of_command_line =
        |found: &&Diagnostic| found.at.is_some_and(|span| report.sources.flag(span).is_some());
    let (said, written): (Vec<_>, Vec<_>) = errors.partition(of_command_line);
    let count = |found: &[&Diagnostic]| crate::report::count(found.len() as u64, "error");
    match (&said[..], &written[..]) {
        ([], written) => format!("the config has {}", count(written)),
        (said, []) => format!("the command line has {}", count(said)),
        (said, written) => format!("the config has {}, the command line {}", count(written), count(said)),
    }
}

fn shell(text: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.arg(flag).arg(text);
    // A group of its own: Ctrl-C in a terminal is meant for the run, and the end of its time for all
    // that it began.
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// How a command ended.
#[derive(Debug)]
enum Told {
    Ended(std::io::Result<ExitStatus>),
    Late,
    Interrupted,
}

/// Runs a command with a text on its standard input, for so long.
async fn told(mut command: Command, text: &str, patience: Duration) -> Told {
    // Standard output is the run's own.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).kill_on_drop(true);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Told::Ended(Err(error)),
    };
    let input = child.stdin.take();
    let early = {
        let work = async {
            if let Some(mut input) = input {
                // One that does not read it need not.
                let _ = input.write_all(text.as_bytes()).await;
            }
            child.wait().await
        };
        let (late, slow) = (tokio::time::sleep(patience), tokio::time::sleep(SILENCE));
        tokio::pin!(work, late, slow);
        let (mut interrupts, mut said) = (Interrupts::new(), false);
        loop {
            tokio::select! {
                ended = &mut work => return Told::Ended(ended),
                () = &mut late => break Told::Late,
                () = &mut slow, if !said => {
                    said = true;
                    say(format!("waiting for `notify.command`, {} s at most", patience.as_secs()));
                }
                () = interrupts.next() => break Told::Interrupted,
            }
        }
    };
    end(&mut child).await;
    early
}

/// Ends a command with all that it began.
async fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // SAFETY: takes two numbers; the child was not waited for, so that its group is its own.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
    // It may have ended by itself just now.
    let _ = child.kill().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_when() {
        use Verdict::{Look, Lost, Ok};
        for (when, told) in [
            (When::Always, [true, true, true]),
            (When::Look, [false, true, true]),
            (When::Lost, [false, false, true]),
        ] {
            assert_eq!([Ok, Look, Lost].map(|verdict| is_due(when, verdict)), told);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn one_that_takes_too_long_ends_with_all_that_it_began() {
        let folder = tempfile::tempdir().unwrap();
        // The child holds the pipe open as long as it lives.
        let mut command = shell("mkfifo pipe; sleep 600 > pipe & cat pipe; wait");
        command.current_dir(folder.path());
        assert!(matches!(told(command, "", Duration::from_millis(300)).await, Told::Late));
        let pipe = folder.path().join("pipe");
        let gone = || {
            use std::os::unix::fs::OpenOptionsExt;
            // Without a reader a pipe cannot be opened for writing; `cat` was one.
            let opened = std::fs::File::options().write(true).custom_flags(libc::O_NONBLOCK).open(&pipe);
            opened.is_err_and(|error| error.raw_os_error() == Some(libc::ENXIO))
        };
        let begun = std::time::Instant::now();
        while !gone() {
            assert!(begun.elapsed() < Duration::from_secs(10), "a child goes on");
            tokio::task::yield_now().await;
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_summary_is_on_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = shell("cat > told");
        command.current_dir(folder.path());
        // More than a pipe holds.
        let text = "told ".repeat(100_000);
        assert!(matches!(told(command, &text, PATIENCE).await, Told::Ended(Ok(status)) if status.success()));
        assert_eq!(std::fs::read_to_string(folder.path().join("told")).unwrap(), text);
        // One that reads nothing fails nothing.
        let status = told(shell("exit 0"), &text, PATIENCE).await;
        assert!(matches!(status, Told::Ended(Ok(status)) if status.success()));
    }
}
