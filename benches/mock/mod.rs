//! What the benchmarks send their requests to.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use crate::shared::{self, CELLS_EACH, completion};

// Each benchmark uses a part of this.
#[allow(dead_code)]
pub const CELLS: usize = CONTEXTS * VOICES * CELLS_EACH;
const CONTEXTS: usize = 10;
const VOICES: usize = 12;

/// Writes a project of so many cells that asks the server at `url`.
pub fn project(folder: &Path, url: &str) {
    shared::project(folder, url, CONTEXTS, VOICES);
}

/// A server on a thread of this process.
pub struct Mock {
    pub url: String,
    /// Milliseconds before each answer.
    #[allow(dead_code)]
    pub latency: Arc<AtomicU64>,
    /// One of `Faults`.
    #[allow(dead_code)]
    pub faults: Arc<AtomicU64>,
}

/// How a server fails.
#[allow(dead_code)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Faults {
    None = 0,
    /// A fifth of the sends, half with 429 and `Retry-After: 0.2`, half with 500.
    Fifth = 1,
    /// A tenth of the sends, in every way.
    All = 2,
}

/// What the handler knows.
#[derive(Clone)]
struct Shared {
    latency: Arc<AtomicU64>,
    faults: Arc<AtomicU64>,
    sends: Arc<AtomicU64>,
    /// A byte is appended for each good answer.
    answered: Option<Arc<std::fs::File>>,
}

impl Mock {
    pub fn start() -> Self {
        let (latency, faults) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let shared = Shared {
            latency: latency.clone(),
            faults: faults.clone(),
            sends: Arc::default(),
            answered: None,
        };
        let (told, tell) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                axum::serve(listener, app(shared)).await.unwrap();
            });
        });
        Self { url: format!("http://{}", tell.recv().unwrap()), latency, faults }
    }

    /// Serves in this process, failing in every way, until it is killed.
    #[allow(dead_code)]
    pub fn serve(port: u16, answered: &Path) {
        let file = std::fs::File::options().create(true).append(true).open(answered).unwrap();
        let shared = Shared {
            latency: Arc::new(AtomicU64::new(10)),
            faults: Arc::new(AtomicU64::new(Faults::All as u64)),
            // Another life, other faults.
            sends: Arc::new(AtomicU64::new(u64::from(std::process::id()))),
            answered: Some(Arc::new(file)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
            axum::serve(listener, app(shared)).await.unwrap();
        });
    }
}

fn app(shared: Shared) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

/// How this send fails, if it does: the number of the send, scattered.
fn fault(faults: u64, send: u64) -> Option<Response> {
    let dice = (send.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % 1000;
    let failed = |status: u16| {
        let body = r#"{"error":{"code":500,"message":"out of luck","type":"server_error"}}"#;
        Response::builder().status(status).body(Body::from(body)).unwrap()
    };
    let limited = || {
        let mut response = failed(429);
        response.headers_mut().insert("retry-after", "0.2".parse().unwrap());
        response
    };
    match (faults, dice) {
        (1, 0..100) => Some(limited()),
        (1, 100..200) | (2, 0..30) => Some(failed(500)),
        (2, 30..50) => Some(limited()),
        (2, 50..60) => Some(failed(503)),
        (2, 60..75) => Some(Response::new(Body::from("<html>proxy</html>"))),
        (2, 75..90) => Some(Response::new(Body::from(r#"{"choices":[{"index":0,"#))),
        _ => None,
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri, body: String) -> Response {
    if uri.path() != "/v1/chat/completions" {
        return Response::new(Body::from(r#"{"data":[{"id":"mock"}]}"#));
    }
    let latency = shared.latency.load(Ordering::Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    let faults = shared.faults.load(Ordering::Relaxed);
    if faults > 0 {
        let send = shared.sends.fetch_add(1, Ordering::Relaxed);
        if let Some(failed) = fault(faults, send) {
            return failed;
        }
        // A hang: the client gives up first.
        if faults == Faults::All as u64 && send % 4001 == 0 {
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    }
    if let Some(mut answered) = shared.answered.as_deref() {
        let _ = std::io::Write::write_all(&mut answered, b".");
    }
    let mut response = Response::new(Body::from(completion(body.as_bytes())));
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}
