//! Requests to one endpoint.

use std::borrow::Cow;
use std::time::Duration;

use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use http_body_util::Limited;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use serde_json::value::RawValue;

use super::error::{ClientError, ErrorClass, broken_off, innermost, retry_after, seconds};
use super::plain::{LONGEST_ANSWER, LONGEST_REFUSAL, Plain};
use crate::fingerprint::Route;

const AGENT: &str = concat!("emogrid/", env!("CARGO_PKG_VERSION"));
/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Sends requests to one address.
#[derive(Clone)]
pub struct Client {
    base: String,
    key: Option<String>,
    http: reqwest::Client,
    /// Where asks go, and with which headers.
    asks: Asks,
    /// A shorter way for them, where nothing stands between here and the server.
    plain: Option<Plain>,
    api: async_openai::Client<OpenAIConfig>,
}

#[derive(Clone)]
struct Asks {
    chat: reqwest::Url,
    completion: reqwest::Url,
    embedding: reqwest::Url,
    headers: HeaderMap,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key stays out of logs.
        f.debug_struct("Client").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Client {
    /// A client for the server at `base`, which has no trailing slash and no `/v1`.
    ///
    /// # Errors
    /// Where the system offers no certificates, or the key cannot stand in a header.
    pub fn new(base: &str, key: Option<String>) -> Result<Self, ClientError> {
        // A second call finds the provider installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(AGENT)
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(usize::MAX)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none());
        let proxied = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].iter();
        let direct =
            base.starts_with("http://") && proxied.map(std::env::var_os).all(|proxy| proxy.is_none());
        if direct {
            // Nothing here will speak TLS, and reading the system's certificates takes time.
            http = http.tls_certs_only([]);
        }
        let http = http.build().map_err(|error| ClientError::new(ErrorClass::Unusable, innermost(&error)))?;
        let unusable = |message: &str| ClientError::new(ErrorClass::Unusable, message);
        let url = |path: &str| {
            reqwest::Url::parse(&format!("{base}{path}"))
                .map_err(|error| unusable(&format!("{base} is no address: {error}")))
        };
        let (chat, completion) = (url("/v1/chat/completions")?, url("/v1/completions")?);
        let embedding = url("/v1/embeddings")?;
        let plain = match direct {
            true => Plain::new(&chat, &completion, &embedding, CONNECT),
            false => None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(key) = &key {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {key}"))
                .map_err(|_| unusable("the key holds characters that no header can carry"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let keyless = key.is_none();
        let shown = key.as_deref().unwrap_or("none");
        let config = OpenAIConfig::new()
            .with_api_base(format!("{base}/v1"))
            .with_api_key(shown)
            .with_org_id("")
            .with_project_id("");
        let sender = http.clone();
        let secret = key.clone();
        let service = tower::service_fn(move |factory: HttpRequestFactory| {
            let (sender, secret) = (sender.clone(), secret.clone());
            async move {
                let mut request = factory.build().await?;
                if keyless {
                    request.headers_mut().remove(AUTHORIZATION);
                }
                let response = sender.execute(request).await.map_err(|error| boxed(from_reqwest(&error)))?;
                match response.status().is_success() {
                    true => Ok(bounded(response, LONGEST_ANSWER)),
                    false => Err(boxed(refused(response, secret.as_deref()).await)),
                }
            }
        });
        let api = async_openai::Client::build(http.clone(), config).with_http_service(service);
        Ok(Self {
            base: base.to_owned(),
            key,
            http,
            asks: Asks { chat, completion, embedding, headers },
            plain,
            api,
        })
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// An error without the key, which some servers repeat in theirs.
    pub fn redacted(&self, mut error: ClientError) -> ClientError {
        error.message = without(self.key.as_deref(), &error.message).into_owned();
        error
    }

    /// A 200 that is not what was asked for, such as a `chat completion`, with what it says instead.
    pub fn garbled(&self, raw: &str, wanted: &str, why: &str) -> ClientError {
        ClientError::garbled(&without(self.key.as_deref(), raw), wanted, why)
    }

    /// Sends the body of an ask and gives the answer as it came, whatever it is.
    ///
    /// `timeout` runs from now: waiting before the call does not count. The many requests of a run
    /// go this way, with nothing built or copied anew for each.
    pub async fn ask(&self, route: Route, body: Bytes, timeout: Duration) -> Result<String, ClientError> {
        let headers = self.asks.headers.clone();
        let answer = async {
            let Some(plain) = &self.plain else {
                // In a box, since it is many times as large, and what is in the way of a request is moved with it.
                return Box::pin(self.ask_generally(route, headers, body)).await;
            };
            let (status, headers, body) = plain.post(route, headers, body).await?;
            match status.is_success() {
                true => Ok(body),
                false => Err(refusal(status, &headers, &body, self.key.as_deref())),
            }
        };
        let answer = tokio::time::timeout(timeout, answer).await.map_err(|_| late(timeout))?;
        let answer = answer.map_err(|error| self.redacted(error))?;
        // A copy, since what was read into is some times larger.
        std::str::from_utf8(&answer)
            .map(str::to_owned)
            .map_err(|_| ClientError::new(ErrorClass::Garbled, "the answer is not UTF-8"))
    }

    /// The way for all that is not plain HTTP.
    async fn ask_generally(
        &self,
        route: Route,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Bytes, ClientError> {
        let url = match route {
            Route::Chat => &self.asks.chat,
            Route::Completion => &self.asks.completion,
            Route::Embedding => &self.asks.embedding,
        };
        let mut request = reqwest::Request::new(reqwest::Method::POST, url.clone());
        *request.headers_mut() = headers;
        *request.body_mut() = Some(body.into());
        let response = self.http.execute(request).await.map_err(|error| from_reqwest(&error))?;
        match response.status().is_success() {
            true => bounded(response, LONGEST_ANSWER).bytes().await.map_err(|error| from_reqwest(&error)),
            false => Err(refused(response, self.key.as_deref()).await),
        }
    }

    /// Sends one chat completion and gives the answer, which is JSON, as it came.
    ///
    /// `timeout` runs from now.
    pub async fn chat(&self, body: String, timeout: Duration) -> Result<String, ClientError> {
        let body = RawValue::from_string(body).map_err(|error| {
            ClientError::new(ErrorClass::Unusable, format!("the request is no JSON: {error}"))
        })?;
        let chat = self.api.chat();
        let request = chat.create_byot::<_, Box<RawValue>>(&body);
        match tokio::time::timeout(timeout, request).await {
            Ok(Ok(answer)) => Ok(String::from(Box::<str>::from(answer))),
            Ok(Err(error)) => Err(self.redacted(from_openai(error))),
            Err(_) => Err(late(timeout)),
        }
    }

    /// Posts JSON to a page of the server's own, such as `/tokenize`.
    pub async fn post(
        &self,
        path: &str,
        body: impl Into<Bytes>,
        timeout: Duration,
    ) -> Result<String, ClientError> {
        self.post_as(path, "application/json", body, timeout).await
    }

    /// The same of anything, `kind` being its content type.
    pub async fn post_as(
        &self,
        path: &str,
        kind: &str,
        body: impl Into<Bytes>,
        timeout: Duration,
    ) -> Result<String, ClientError> {
        let request = self.http.post(format!("{}{path}", self.base));
        self.page(request.header("content-type", kind).body(body.into()), timeout).await
    }

    /// Reads a page of the server's own, such as `/props`.
    pub async fn get(&self, path: &str, timeout: Duration) -> Result<String, ClientError> {
        self.page(self.http.get(format!("{}{path}", self.base)), timeout).await
    }

    async fn page(&self, request: reqwest::RequestBuilder, timeout: Duration) -> Result<String, ClientError> {
        let request = match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let response = request.timeout(timeout).send().await.map_err(|error| from_reqwest(&error))?;
        if !response.status().is_success() {
            return Err(refused(response, self.key.as_deref()).await);
        }
        bounded(response, LONGEST_ANSWER).text().await.map_err(|error| from_reqwest(&error))
    }
}

/// A response of which no more than so many bytes are read.
fn bounded(response: reqwest::Response, most: usize) -> reqwest::Response {
    let (head, body) = http::Response::from(response).into_parts();
    http::Response::from_parts(head, reqwest::Body::wrap(Limited::new(body, most))).into()
}

async fn refused(response: reqwest::Response, key: Option<&str>) -> ClientError {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = bounded(response, LONGEST_REFUSAL).bytes().await;
    refusal(status, &headers, &body.unwrap_or_default(), key)
}

/// What an answer says that is no success.
fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], key: Option<&str>) -> ClientError {
    let status = status.as_u16();
    let header = |name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
    let wait = header("retry-after-ms")
        .and_then(|ms| ms.trim().parse::<f64>().ok())
        .and_then(|ms| seconds(ms / 1000.0))
        .or_else(|| retry_after(&header("retry-after")?, jiff::Timestamp::now()));
    let moved = header("location").map(|to| without(key, &to).into_owned());
    let body = String::from_utf8_lossy(body);
    let body = without(key, &body);
    match moved {
        Some(to) if (300..400).contains(&status) => ClientError {
            status: Some(status),
            ..ClientError::new(ErrorClass::NotFound, format!("it redirects to {to}"))
        },
        _ => ClientError::from_response(status, wait, &body),
    }
}

/// A text without the key: taken out before it is shortened, which could leave half of it.
fn without<'a>(key: Option<&str>, text: &'a str) -> Cow<'a, str> {
    match key {
        Some(key) if text.contains(key) => Cow::Owned(text.replace(key, "…")),
        _ => Cow::Borrowed(text),
    }
}

pub(super) fn late(timeout: Duration) -> ClientError {
    ClientError::new(ErrorClass::Timeout, format!("no answer within {} s", timeout.as_secs_f64()))
}

fn boxed(error: ClientError) -> OpenAIError {
    OpenAIError::Boxed(Box::new(error))
}

fn from_openai(error: OpenAIError) -> ClientError {
    match error {
        OpenAIError::Boxed(inner) => match inner.downcast::<ClientError>() {
            Ok(error) => *error,
            Err(other) => ClientError::new(ErrorClass::Unusable, other.to_string()),
        },
        OpenAIError::Reqwest(error) => from_reqwest(&error),
        OpenAIError::JSONDeserialize(error, _) => {
            ClientError::new(ErrorClass::Garbled, format!("the answer is not JSON: {error}"))
        }
        other => ClientError::new(ErrorClass::Unusable, other.to_string()),
    }
}

fn from_reqwest(error: &reqwest::Error) -> ClientError {
    let class = if error.is_connect() {
        ErrorClass::Unreachable
    } else if error.is_timeout() {
        ErrorClass::Timeout
    } else if error.is_builder() {
        ErrorClass::Unusable
    } else {
        return broken_off(error);
    };
    ClientError::new(class, innermost(error))
}
