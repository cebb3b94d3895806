//! A server that stands in for llama.cpp, or for any OpenAI-compatible one, and misbehaves on demand.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// What the server answers to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A good answer, derived from the request.
    Good,
    /// A completion with these contents and finish reasons, one a choice.
    Choices(Vec<(String, &'static str)>),
    /// Any status with a body and further headers.
    Status(u16, String, Vec<(&'static str, String)>),
    /// 200 with just this body.
    Raw(String),
    /// Half of a good answer, and the connection closed.
    Truncated,
    /// A status, and a body that never ends.
    Endless(u16),
    /// No answer for so long.
    Hang(Duration),
    /// No answer at all, and nothing works on one.
    Lost,
    /// Another answer, after so long.
    Late(Duration, Box<Reply>),
}

impl Reply {
    pub fn status(status: u16, message: &str) -> Self {
        let body = json!({ "error": { "code": status, "message": message, "type": "server_error" } });
        Reply::Status(status, body.to_string(), vec![])
    }

    pub fn text(content: &str) -> Self {
        Reply::Choices(vec![(content.to_owned(), "stop")])
    }
}

/// A chat completion request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub body: Value,
    pub at: Instant,
    pub authorization: Option<String>,
}

impl Seen {
    /// The text of the user's message, or the prompt that is gone on with.
    pub fn user(&self) -> String {
        if let Some(prompt) = self.body["prompt"].as_str().or(self.body["input"].as_str()) {
            return prompt.to_owned();
        }
        let messages = self.body["messages"].as_array().cloned().unwrap_or_default();
        messages
            .iter()
            .rfind(|m| m["role"] == "user")
            .map(|m| m["content"].as_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    /// The texts that are to be embedded.
    pub fn inputs(&self) -> Vec<&str> {
        inputs(&self.body)
    }
}

type Script = Box<dyn Fn(&Seen, usize) -> Reply + Send + Sync>;

/// What the fake says of its model.
#[derive(Debug, Clone)]
pub struct Model {
    pub file: String,
    pub parameters: u64,
    pub slots: u32,
    pub context: u32,
    /// `false`: a server that tells only names, on `/v1/models` alone.
    pub llama: bool,
    /// Its `/v1/models` in place of its own.
    pub lists: Option<Value>,
    /// What stands before it refuses all pages but those below `/v1`.
    pub is_hidden: bool,
    /// Whether it has a page that counts the tokens of a chat.
    pub counts: bool,
    /// It works on what hangs, also when nobody listens any more.
    pub works_on: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            file: "fake-1b.gguf".into(),
            parameters: 1_000_000,
            slots: 4,
            context: 2048,
            llama: true,
            lists: None,
            is_hidden: false,
            counts: true,
            works_on: false,
        }
    }
}

struct Inner {
    model: Mutex<Model>,
    script: Mutex<Script>,
    seen: Mutex<VecDeque<Seen>>,
    loading: AtomicBool,
    latency_ms: AtomicU64,
    /// By how much a request takes longer for those beside it: so long, times how many there are, squared.
    crowding_ms: AtomicU64,
    under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    /// Prompts whose tokens were counted.
    counted: AtomicUsize,
    /// How often it was asked what it is.
    looks: AtomicUsize,
    /// By slot: until when it works, whoever listens.
    working: Mutex<HashMap<u64, Instant>>,
    /// Slots that work on a request that somebody listens for.
    at_work: Mutex<Vec<u64>>,
    /// Requests to a slot that was working.
    piled: AtomicUsize,
}

/// A running fake; it ends when dropped.
pub struct Fake {
    inner: Arc<Inner>,
    pub address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Fake {
    /// A well-behaved llama.cpp server with four slots, on a free port.
    pub fn start() -> Self {
        Self::start_at(0, Model::default())
    }

    pub fn start_at(port: u16, model: Model) -> Self {
        let inner = Arc::new(Inner {
            model: Mutex::new(model),
            script: Mutex::new(Box::new(|_, _| Reply::Good)),
            seen: Mutex::new(VecDeque::new()),
            loading: AtomicBool::new(false),
            latency_ms: AtomicU64::new(0),
            crowding_ms: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            counted: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
            working: Mutex::default(),
            at_work: Mutex::default(),
            piled: AtomicUsize::new(0),
        });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (told, tell) = std::sync::mpsc::channel();
        let shared = inner.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
                told.send(listener.local_addr().unwrap()).unwrap();
                let app = Router::new().fallback(answer).with_state(shared);
                let serve = async move { axum::serve(listener, app).await.unwrap() };
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
            // Connections under way are cut, as by a server that is killed.
            runtime.shutdown_background();
        });
        let address = tell.recv().unwrap();
        Self { inner, address, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Decides what to answer: the request, and how many came before it.
    pub fn script(&self, script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) {
        *self.inner.script.lock().unwrap() = Box::new(script);
    }

    pub fn model(&self, change: impl FnOnce(&mut Model)) {
        change(&mut self.inner.model.lock().unwrap());
    }

    pub fn loading(&self, yes: bool) {
        self.inner.loading.store(yes, Ordering::SeqCst);
    }

    pub fn latency(&self, latency: Duration) {
        self.inner.latency_ms.store(latency.as_millis() as u64, Ordering::SeqCst);
    }

    /// Gets slower the more requests are under way, so much that fewer at a time bring more.
    pub fn crowding(&self, each: Duration) {
        self.inner.crowding_ms.store(each.as_millis() as u64, Ordering::SeqCst);
    }

    /// The chat requests that came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.inner.seen.lock().unwrap().iter().cloned().collect()
    }

    /// How many chat requests came since the last call of this.
    pub fn take_count(&self) -> usize {
        let mut seen = self.inner.seen.lock().unwrap();
        let count = seen.len();
        seen.clear();
        count
    }

    /// How many prompts were counted since the last call of this.
    pub fn take_counted(&self) -> usize {
        self.inner.counted.swap(0, Ordering::SeqCst)
    }

    /// How often it was asked what it is since the last call of this.
    pub fn take_looks(&self) -> usize {
        self.inner.looks.swap(0, Ordering::SeqCst)
    }

    /// How many requests came to a slot that still worked on what hangs.
    pub fn piled(&self) -> usize {
        self.inner.piled.load(Ordering::SeqCst)
    }

    pub fn most_under_way(&self) -> usize {
        self.inner.most_under_way.load(Ordering::SeqCst)
    }

    /// The most requests that were under way since the last call of this.
    pub fn take_most_under_way(&self) -> usize {
        self.inner.most_under_way.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    uri: Uri,
    body: String,
) -> Response<Body> {
    if inner.loading.load(Ordering::SeqCst) {
        let body =
            json!({ "error": { "code": 503, "message": "Loading model", "type": "unavailable_error" } });
        return reply(503, body.to_string(), &[]);
    }
    let model = inner.model.lock().unwrap().clone();
    let not_found = || {
        let body =
            json!({ "error": { "code": 404, "message": "File Not Found", "type": "not_found_error" } });
        reply(404, body.to_string(), &[])
    };
    inner.looks.fetch_add(usize::from(uri.path() == "/v1/models"), Ordering::SeqCst);
    match uri.path() {
        path if model.is_hidden && !path.starts_with("/v1/") => reply(403, "forbidden".into(), &[]),
        "/v1/models" if model.lists.is_some() => reply(200, model.lists.unwrap_or_default().to_string(), &[]),
        "/v1/models" if model.llama => reply(
            200,
            json!({ "object": "list", "data": [{ "id": model.file, "object": "model", "owned_by": "llamacpp",
                "meta": { "n_params": model.parameters, "size": model.parameters / 2, "n_vocab": 1000, "ftype": "Q4_0" } }] })
            .to_string(),
            &[],
        ),
        "/v1/models" => {
            reply(200, json!({ "object": "list", "data": [{ "id": model.file, "object": "model" }] }).to_string(), &[])
        }
        path if !model.llama && !path.ends_with("/completions") && path != "/v1/embeddings" => not_found(),
        "/health" => reply(200, json!({ "status": "ok" }).to_string(), &[]),
        "/props" => reply(
            200,
            json!({ "total_slots": model.slots, "model_path": format!("/models/{}", model.file), "model_ftype": "Q4_0",
                "chat_template": "{{ messages }}", "default_generation_settings": { "n_ctx": model.context } })
            .to_string(),
            &[],
        ),
        "/v1/chat/completions/input_tokens" if model.counts => {
            inner.counted.fetch_add(1, Ordering::SeqCst);
            let words = body.split_whitespace().count();
            reply(200, json!({ "input_tokens": words }).to_string(), &[])
        }
        "/apply-template" => {
            let body: Value = serde_json::from_str(&body).unwrap();
            let said = body["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap());
            let prompt = said.collect::<Vec<_>>().join("\n");
            reply(200, json!({ "prompt": prompt }).to_string(), &[])
        }
        "/tokenize" => {
            inner.counted.fetch_add(1, Ordering::SeqCst);
            let body: Value = serde_json::from_str(&body).unwrap();
            let tokens: Vec<_> = body["content"].as_str().unwrap().split_whitespace().map(str::len).collect();
            reply(200, json!({ "tokens": tokens }).to_string(), &[])
        }
        "/slots" => {
            let (working, now) = (inner.working.lock().unwrap().clone(), Instant::now());
            let at_work = inner.at_work.lock().unwrap().clone();
            let busy = |slot: u64| at_work.contains(&slot) || working.get(&slot).is_some_and(|until| *until > now);
            let slots = (0..u64::from(model.slots)).map(|id| json!({ "id": id, "is_processing": busy(id) }));
            reply(200, Value::from_iter(slots).to_string(), &[])
        }
        "/lora-adapters" => reply(200, "[]".into(), &[]),
        "/v1/chat/completions" | "/v1/completions" | "/v1/embeddings" => {
            let seen = Seen {
                body: serde_json::from_str(&body).unwrap_or(Value::Null),
                at: Instant::now(),
                authorization: headers.get("authorization").map(|value| value.to_str().unwrap().to_owned()),
            };
            let before = {
                let mut all = inner.seen.lock().unwrap();
                all.push_back(seen.clone());
                all.len() - 1
            };
            let said = (inner.script.lock().unwrap())(&seen, before);
            if let Some(slot) = seen.body["id_slot"].as_u64() {
                let mut working = inner.working.lock().unwrap();
                let piled = working.get(&slot).is_some_and(|until| *until > Instant::now());
                inner.piled.fetch_add(usize::from(piled), Ordering::SeqCst);
                if let Reply::Hang(time) = said
                    && model.works_on
                {
                    working.insert(slot, Instant::now() + time);
                }
            }
            let _at_work = (!matches!(said, Reply::Lost)).then(|| AtWork::new(&inner, &seen));
            let now = inner.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            inner.most_under_way.fetch_max(now, Ordering::SeqCst);
            let crowding = inner.crowding_ms.load(Ordering::SeqCst) * (now * now) as u64;
            let latency = inner.latency_ms.load(Ordering::SeqCst) + crowding;
            if latency > 0 {
                tokio::time::sleep(Duration::from_millis(latency)).await;
            }
            let out = say(&seen.body, said).await;
            inner.under_way.fetch_sub(1, Ordering::SeqCst);
            out
        }
        _ => not_found(),
    }
}

/// A slot at work, until the answer is whole or nobody listens any more.
struct AtWork {
    inner: Arc<Inner>,
    slot: u64,
}

impl AtWork {
    /// The slot that a request names, else the first that is free.
    fn new(inner: &Arc<Inner>, seen: &Seen) -> Self {
        let mut at_work = inner.at_work.lock().unwrap();
        let free = || (0..).find(|slot| !at_work.contains(slot));
        let slot = seen.body["id_slot"].as_u64().or_else(free).unwrap_or_default();
        at_work.push(slot);
        Self { inner: inner.clone(), slot }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let mut at_work = self.inner.at_work.lock().unwrap();
        if let Some(at) = at_work.iter().position(|slot| *slot == self.slot) {
            at_work.swap_remove(at);
        }
    }
}

async fn say(request: &Value, mut said: Reply) -> Response<Body> {
    while let Reply::Late(time, then) = said {
        tokio::time::sleep(time).await;
        said = *then;
    }
    match said {
        Reply::Late(..) => unreachable!("unwrapped above"),
        Reply::Good => reply(200, good(request), &[]),
        Reply::Choices(choices) => reply(200, completion(request, &choices), &[]),
        Reply::Status(status, body, headers) => reply(status, body, &headers),
        Reply::Raw(body) => reply(200, body, &[]),
        Reply::Hang(time) => {
            tokio::time::sleep(time).await;
            reply(200, good(request), &[])
        }
        Reply::Lost => std::future::pending().await,
        Reply::Endless(status) => {
            let mut response = Response::new(Body::new(Endless));
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
        Reply::Truncated => {
            let whole = good(request);
            let half = whole[..whole.len() / 2].to_owned();
            // A promise of more than comes: the client sees the connection break.
            let stream = futures_once(half);
            let mut response = Response::new(Body::new(stream));
            response.headers_mut().insert("content-length", whole.len().to_string().parse().unwrap());
            response
        }
    }
}

/// A body of one letter, over and over.
struct Endless;

impl axum::body::HttpBody for Endless {
    type Data = axum::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
        static PIECE: [u8; 1 << 20] = [b'a'; 1 << 20];
        std::task::Poll::Ready(Some(Ok(http_body::Frame::data(Self::Data::from_static(&PIECE)))))
    }
}

/// A body that gives one piece and then fails.
fn futures_once(
    piece: String,
) -> impl axum::body::HttpBody<Data = axum::body::Bytes, Error = std::io::Error> {
    struct Broken(Option<String>);
    impl axum::body::HttpBody for Broken {
        type Data = axum::body::Bytes;
        type Error = std::io::Error;

        fn poll_frame(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Ready(Some(match self.0.take() {
                Some(piece) => Ok(http_body::Frame::data(piece.into())),
                None => Err(std::io::Error::other("cut")),
            }))
        }
    }
    Broken(Some(piece))
}

fn reply(status: u16, body: String, headers: &[(&str, String)]) -> Response<Body> {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// The texts that a request wants embedded.
fn inputs(request: &Value) -> Vec<&str> {
    match &request["input"] {
        Value::String(text) => vec![text.as_str()],
        Value::Array(texts) => texts.iter().map(|text| text.as_str().unwrap()).collect(),
        _ => vec![],
    }
}

/// A completion whose texts follow from the whole request, so that another prompt, seed or
/// parameter gives another text.
pub fn good(request: &Value) -> String {
    let texts = inputs(request);
    if !texts.is_empty() {
        return embeddings(&texts, request["encoding_format"] == "base64");
    }
    let n = request["n"].as_u64().unwrap_or(1);
    let choices: Vec<_> = (0..n).map(|choice| (content(request, choice), "stop")).collect();
    completion(request, &choices)
}

fn content(request: &Value, choice: u64) -> String {
    let hash = |item: u64| {
        let mut request = request.clone();
        // What changes no answer.
        for key in ["max_tokens", "id_slot"] {
            request.as_object_mut().unwrap().remove(key);
        }
        let text = format!("{request} {choice} {item}");
        blake3::hash(text.as_bytes()).to_hex().to_string()
    };
    let text = |item: u64| {
        let hash = hash(item);
        format!("I told them {} and {} today.", &hash[..6], &hash[6..12])
    };
    let schema = &request["response_format"]["json_schema"]["schema"];
    if let Some(only) = schema["enum"].get(0) {
        return only.to_string();
    }
    if schema.is_null() {
        return text(0);
    }
    match schema["properties"]["items"]["maxItems"].as_u64() {
        Some(items) => {
            let items: Vec<_> = (0..items).map(|item| json!({ "text": text(item) })).collect();
            json!({ "items": items }).to_string()
        }
        None => json!({ "text": text(0) }).to_string(),
    }
}

/// What a text means: the words in it, whatever their order and endings, each a direction of its own.
pub fn embedding(text: &str, base64: bool) -> String {
    embeddings(&[text], base64)
}

/// The same of several texts in one answer.
pub fn embeddings(texts: &[&str], base64: bool) -> String {
    let meaning = |(index, text): (usize, &&str)| {
        let mut values = vec![0.0f32; 48];
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word: String = word.to_lowercase().chars().take(4).collect();
            for (at, byte) in blake3::hash(word.as_bytes()).as_bytes().iter().enumerate() {
                values[at] += f32::from(*byte) - 127.5;
            }
        }
        let sent = match base64 {
            true => {
                use base64::Engine as _;
                let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                json!(base64::engine::general_purpose::STANDARD.encode(bytes))
            }
            false => json!(values),
        };
        json!({ "object": "embedding", "index": index, "embedding": sent })
    };
    let tokens = texts.iter().flat_map(|text| text.split_whitespace()).count();
    json!({ "object": "list", "model": "m", "data": texts.iter().enumerate().map(meaning).collect::<Vec<_>>(),
        "usage": { "prompt_tokens": tokens, "total_tokens": tokens } })
    .to_string()
}

pub fn completion(request: &Value, choices: &[(String, &'static str)]) -> String {
    let tokens: usize = choices.iter().map(|(content, _)| content.split_whitespace().count()).sum();
    let choices: Vec<_> = choices
        .iter()
        .enumerate()
        .map(|(index, (content, finish))| {
            match request["prompt"].is_string() {
                true => json!({ "index": index, "text": content, "finish_reason": finish }),
                false => json!({ "index": index, "message": { "role": "assistant", "content": content }, "finish_reason": finish }),
            }
        })
        .collect();
    json!({
        "object": "chat.completion",
        "model": request["model"],
        "choices": choices,
        "usage": { "prompt_tokens": 40, "completion_tokens": tokens, "total_tokens": 40 + tokens },
        "timings": { "cache_n": 10, "prompt_n": 30, "predicted_n": tokens },
    })
    .to_string()
}

/// Picks out one ask, the first that comes whose user message holds a text, and every later try of it.
pub fn first_ask(text: &str) -> impl Fn(&Seen) -> bool + Send + Sync + use<> {
    let text = text.to_owned();
    let seed = Mutex::new(None);
    move |seen| seen.user().contains(&text) && *seed.lock().unwrap().get_or_insert(seen.seed()) == seen.seed()
}

impl Seen {
    pub fn seed(&self) -> u64 {
        self.body["seed"].as_u64().unwrap()
    }

    /// What tells one ask from all others.
    pub fn ask(&self) -> (String, u64) {
        (self.user(), self.seed())
    }
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
