//! What the benchmarks send their requests to, and the project that they run.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::Uri;

// Each benchmark uses a part of this.
#[allow(dead_code)]
pub const CELLS: usize = 10_080;
pub const AT_A_TIME: usize = 64;

/// The program under measurement, in a project's folder.
pub fn emogrid(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emogrid"));
    command.args(args).current_dir(folder);
    command
}

/// Writes a project of 10,080 cells that asks the server at `url`.
pub fn project(folder: &Path, url: &str) {
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
",
        names("context ", 10),
        names("voice ", 12)
    );
    std::fs::create_dir_all(folder.join("prompts")).unwrap();
    std::fs::write(folder.join("bench.yaml"), config).unwrap();
    let rules = "Write as people write to each other, with a concrete detail, and never name the feeling. "
        .repeat(10);
    std::fs::write(folder.join("prompts/system.j2"), format!("You write short posts. {rules}")).unwrap();
    let user = "{{ emotion }}: {{ emotion.definition }}\n{% for e in emotion.examples %}- {{ e }}\n{% endfor %}\
        Write a {{ sentiment }} post about {{ context }} in the voice of {{ voice }}.\n";
    std::fs::write(folder.join("prompts/user.j2"), user).unwrap();
}

/// A server on a thread of this process.
pub struct Mock {
    pub url: String,
    /// Milliseconds before each answer.
    #[allow(dead_code)]
    pub latency: Arc<AtomicU64>,
}

impl Mock {
    pub fn start() -> Self {
        let latency = Arc::new(AtomicU64::new(0));
        let shared = latency.clone();
        let (told, tell) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let app = Router::new().fallback(answer).with_state(shared);
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { url: format!("http://{}", tell.recv().unwrap()), latency }
    }
}

async fn answer(
    State(latency): State<Arc<AtomicU64>>,
    uri: Uri,
    body: String,
) -> ([(&'static str, &'static str); 1], String) {
    let json = [("content-type", "application/json")];
    if uri.path() != "/v1/chat/completions" {
        return (json, r#"{"data":[{"id":"mock"}]}"#.into());
    }
    let latency = latency.load(Ordering::Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let hash = blake3::hash(body.as_bytes());
    let words: Vec<&str> =
        hash.as_bytes().iter().take(30).map(|byte| WORDS[*byte as usize % WORDS.len()]).collect();
    let text = words.join(" ");
    let answer = format!(
        r#"{{"id":"x","object":"chat.completion","created":1,"model":"mock","choices":[{{"index":0,"message":{{"role":"assistant","content":"{{\"text\": \"{text}.\"}}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":350,"completion_tokens":40,"total_tokens":390}},"timings":{{"cache_n":300,"prompt_n":50,"predicted_n":40}}}}"#
    );
    (json, answer)
}

const WORDS: &[&str] = &[
    "again", "bread", "coffee", "door", "early", "friend", "garden", "heavy", "inside", "jacket", "kitchen",
    "letter", "morning", "never", "office", "people", "quiet", "river", "sister", "table", "under", "voice",
    "window", "yellow", "zebra", "about", "broken", "corner", "dinner", "evening", "forget", "ground",
    "happen", "island", "journey", "knock", "listen", "minute", "notice", "orange", "paper", "question",
    "remember", "station", "ticket", "umbrella", "village", "weather",
];
