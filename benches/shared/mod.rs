//! The project that the benchmarks run, and what a process costs.

// Each benchmark uses a part of this.
#![allow(dead_code)]

use std::borrow::BorrowMut;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Requests at a time.
pub const AT_A_TIME: usize = 64;
/// Cells that a context and a voice have together: emotions and sentiments.
pub const CELLS_EACH: usize = 28 * 3;
pub const RULES: &str =
    "Write as people write to each other, with a concrete detail, and never name the feeling. ";
pub const USER: &str = "{{ emotion }}: {{ emotion.definition }}\n\
    {% for e in emotion.examples %}- {{ e }}\n{% endfor %}\
    Write a {{ sentiment }} post about {{ context }} in the voice of {{ voice }}.\n";

/// The program under measurement, in a project's folder: that which `EMOGRID` names, or the benchmark's own.
pub fn emogrid(folder: &Path, args: &[&str]) -> Command {
    let own = || env!("CARGO_BIN_EXE_emogrid").into();
    let mut command = Command::new(std::env::var_os("EMOGRID").unwrap_or_else(own));
    command.args(args).current_dir(folder);
    command
}

/// Writes a project of so many contexts and voices that asks the server at `url`.
pub fn project(folder: &Path, url: &str, contexts: usize, voices: usize) {
    let names =
        |of: &str, count: usize| (0..count).map(|n| format!("{of}{n}")).collect::<Vec<_>>().join(", ");
    let config = format!(
        "name: bench
endpoints: {{ mock: {{ url: '{url}', slots: {AT_A_TIME} }} }}
prompt:
  system: {{ from: system.j2 }}
  user: {{ from: user.j2 }}
grid:
  axes:
    emotion: {{ from: goemotions, label: true }}
    context: [{}]
    sentiment: {{ from: sentiments }}
    voice: [{}]
checks: {{ words: [4, 60] }}
dedup: {{ scope: dataset }}
audit: {{ rows: 0 }}
",
        names("context ", contexts),
        names("voice ", voices)
    );
    std::fs::create_dir_all(folder.join("prompts")).unwrap();
    std::fs::write(folder.join("bench.yaml"), config).unwrap();
    std::fs::write(folder.join("prompts/system.j2"), system()).unwrap();
    std::fs::write(folder.join("prompts/user.j2"), USER).unwrap();
}

/// The system message.
pub fn system() -> String {
    format!("You write short posts. {}", RULES.repeat(10))
}

/// A completion as a server sends it, with 30 words that are of this request alone.
pub fn completion(request: &[u8]) -> String {
    let hash = blake3::hash(request);
    let words: Vec<&str> =
        hash.as_bytes().iter().take(30).map(|byte| WORDS[*byte as usize % WORDS.len()]).collect();
    let text = words.join(" ");
    format!(
        r#"{{"id":"x","object":"chat.completion","created":1,"model":"mock","choices":[{{"index":0,"message":{{"role":"assistant","content":"{{\"text\": \"{text}.\"}}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":350,"completion_tokens":40,"total_tokens":390}},"timings":{{"cache_n":300,"prompt_n":50,"predicted_n":40}}}}"#
    )
}

const WORDS: &[&str] = &[
    "again", "bread", "coffee", "door", "early", "friend", "garden", "heavy", "inside", "jacket", "kitchen",
    "letter", "morning", "never", "office", "people", "quiet", "river", "sister", "table", "under", "voice",
    "window", "yellow", "zebra", "about", "broken", "corner", "dinner", "evening", "forget", "ground",
    "happen", "island", "journey", "knock", "listen", "minute", "notice", "orange", "paper", "question",
    "remember", "station", "ticket", "umbrella", "village", "weather",
];

pub struct Measured {
    /// Seconds, user and system.
    pub cpu: f64,
    pub wall: f64,
    /// Megabytes at the most.
    pub peak: f64,
}

/// Runs a command to its end; it must succeed.
pub fn measure(mut command: impl BorrowMut<Command>) -> Measured {
    let command = command.borrow_mut().stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    // Waited for below, with its usage.
    #[allow(clippy::zombie_processes)]
    let child = command.spawn().unwrap();
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid `rusage`, and both pointers are to locals.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        let waited = libc::wait4(child.id() as i32, &mut status, 0, &mut usage);
        assert_eq!(waited, child.id() as i32);
        usage
    };
    let wall = started.elapsed().as_secs_f64();
    assert_eq!(status, 0, "{command:?} failed");
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Measured {
        cpu: seconds(usage.ru_utime) + seconds(usage.ru_stime),
        wall,
        peak: usage.ru_maxrss as f64 / 1024.0,
    }
}
