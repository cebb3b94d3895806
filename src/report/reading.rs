//! Progress of a command that goes through a table.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Style, duration, say, thousands};

/// Tells how far reading is: nothing within the first second, then now and then.
#[derive(Debug)]
pub struct Reading {
    style: Style,
    /// Of the whole file, where that is known.
    bytes: Option<u64>,
    started: Instant,
    said: Option<Instant>,
    bar: Option<ProgressBar>,
}

/// How many rows go by between looks at the clock.
const ROWS: u64 = 1024;

impl Reading {
    pub fn new(style: Style, bytes: Option<u64>) -> Self {
        Self { style, bytes, started: Instant::now(), said: None, bar: None }
    }

    /// Since it began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Says something that does not break a bar.
    pub fn say(&self, text: &str) {
        match (self.style, &self.bar) {
            (Style::Quiet, _) => {}
            (_, Some(bar)) => bar.suspend(|| say(text)),
            (_, None) => say(text),
        }
    }

    /// Tells the state after so many rows and bytes; `note` adds what was found so far.
    pub fn tick(&mut self, rows: u64, bytes: u64, note: impl FnOnce() -> String) {
        if !rows.is_multiple_of(ROWS) || self.style == Style::Quiet {
            return;
        }
        let elapsed = self.started.elapsed();
        if !is_due(self.style, elapsed, self.said) {
            return;
        }
        self.said = Some(Instant::now());
        let rate = rows as f64 / elapsed.as_secs_f64();
        let mut text = format!("{} rows, {}/s", thousands(rows), thousands(rate as u64));
        if let Some(all) = self.bytes.filter(|all| *all > bytes && bytes > 0) {
            let left = elapsed.mul_f64((all - bytes) as f64 / bytes as f64);
            text.push_str(&format!(", {} left", duration(left)));
        }
        let note = note();
        if !note.is_empty() {
            text.push_str(&format!(", {note}"));
        }
        let Style::Terminal { colour } = self.style else {
            return say(text);
        };
        let bar = self.bar.get_or_insert_with(|| bar(colour, self.bytes));
        bar.set_position(bytes);
        bar.set_message(text);
    }
}

/// Whether to tell of something that began so long ago and was told of then.
fn is_due(style: Style, elapsed: Duration, said: Option<Instant>) -> bool {
    let pause = match style {
        Style::Quiet => return false,
        Style::Terminal { .. } => Duration::from_millis(200),
        Style::Lines => (elapsed / 8).clamp(Duration::from_secs(1), Duration::from_secs(30)),
    };
    elapsed >= Duration::from_secs(1) && said.is_none_or(|said| said.elapsed() >= pause)
}

fn bar(colour: bool, bytes: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr_with_hz(8));
    let template = match (bytes, colour) {
        (None, _) => "{msg}",
        (Some(_), true) => "{bar:20.cyan} {msg}",
        (Some(_), false) => "{bar:20} {msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━━╌"));
    }
    bar
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Tells how many of a known number are there, of things that come slowly: nothing within the first second, then
/// now and then.
#[derive(Debug)]
pub struct Asking {
    style: Style,
    /// What is counted, in the plural.
    what: &'static str,
    all: u64,
    started: Instant,
    said: Option<Instant>,
    bar: Option<ProgressBar>,
}

impl Asking {
    pub fn new(style: Style, what: &'static str, all: u64) -> Self {
        Self { style, what, all, started: Instant::now(), said: None, bar: None }
    }

    /// Tells that so many are there.
    pub fn tick(&mut self, done: u64) {
        let elapsed = self.started.elapsed();
        if !is_due(self.style, elapsed, self.said) {
            return;
        }
        self.said = Some(Instant::now());
        let mut text = format!("{} of {} {}", thousands(done), thousands(self.all), self.what);
        if done > 0 {
            let left = elapsed.mul_f64(self.all.saturating_sub(done) as f64 / done as f64);
            let rate = done as f64 / elapsed.as_secs_f64();
            text.push_str(&format!(", {rate:.1} a second, {} left", duration(left)));
        }
        let Style::Terminal { colour } = self.style else {
            return say(text);
        };
        let bar = self.bar.get_or_insert_with(|| bar(colour, Some(self.all)));
        bar.set_position(done);
        bar.set_message(text);
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
