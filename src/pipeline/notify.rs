//! Telling somebody how a run ended.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::config::night::{Notify, When};
use crate::report::morning::Verdict;
use crate::report::say;

/// How long the command may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a verdict is to be told.
fn is_due(when: When, verdict: Verdict) -> bool {
    match when {
        When::Always => true,
        When::Look => verdict >= Verdict::Look,
        When::Lost => verdict == Verdict::Lost,
    }
}

/// Runs the config's command; what goes wrong with it is said, and changes nothing else.
pub async fn notify(notify: &Notify, name: &str, verdict: Verdict, headline: &str, page: Option<&Path>) {
    if !is_due(notify.when, verdict) {
        return;
    }
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = tokio::process::Command::new(shell);
    command
        .arg(flag)
        .arg(&notify.command)
        .env("EMOGRID_NAME", name)
        .env("EMOGRID_VERDICT", verdict.word())
        .env("EMOGRID_HEADLINE", headline)
        .env("EMOGRID_SUMMARY", page.unwrap_or(Path::new("")))
        .stdin(Stdio::null())
        // Standard output is the run's own.
        .stdout(Stdio::null())
        .kill_on_drop(true);
    let ended = match command.spawn() {
        Ok(mut child) => tokio::time::timeout(PATIENCE, child.wait()).await,
        Err(error) => Ok(Err(error)),
    };
    match ended {
        Ok(Ok(status)) if status.success() => {}
        Ok(Ok(status)) => say(format!("`notify.command` failed: {status}")),
        Ok(Err(error)) => say(format!("`notify.command` cannot be run: {error}")),
        Err(_) => say(format!("`notify.command` took more than {} s, and was ended", PATIENCE.as_secs())),
    }
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
}
