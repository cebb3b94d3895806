//! Requests over plain HTTP to a server that nothing stands before: the way of nearly all of a run's.
//!
//! What a general client does for each request (reading its address anew, redirects, proxies, cookies)
//! costs as much there as sending it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Url};

use super::error::{ClientError, ErrorClass, broken_off, innermost};
use crate::fingerprint::Route;

/// Bytes that are read of an answer: some thousand times what a model writes.
pub(super) const LONGEST_ANSWER: usize = 64 << 20;
/// The same of what says that there is none.
pub(super) const LONGEST_REFUSAL: usize = 64 << 10;

#[derive(Clone)]
pub(super) struct Plain {
    client: Client<HttpConnector, Full<Bytes>>,
    chat: http::Uri,
    completion: http::Uri,
    embedding: http::Uri,
}

impl Plain {
    /// A client that waits so long for a connection; `None` where an address says more than where to: a name and
    /// a password, say.
    pub fn new(chat: &Url, completion: &Url, embedding: &Url, connect: Duration) -> Option<Self> {
        let simple = |url: &Url| url.username().is_empty() && url.password().is_none();
        if !simple(chat) {
            return None;
        }
        let uri = |url: &Url| url.as_str().parse::<http::Uri>().ok();
        let (chat, completion, embedding) = (uri(chat)?, uri(completion)?, uri(embedding)?);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect));
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Some(Self { client, chat, completion, embedding })
    }

    /// Posts a body and gives what came back, whatever its status.
    pub async fn post(
        &self,
        route: Route,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), ClientError> {
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = match route {
            Route::Chat => self.chat.clone(),
            Route::Completion => self.completion.clone(),
            Route::Embedding => self.embedding.clone(),
        };
        *request.headers_mut() = headers;
        let response = self.client.request(request).await.map_err(|error| {
            let class = match error.is_connect() {
                true => ErrorClass::Unreachable,
                false => ErrorClass::Dropped,
            };
            ClientError::new(class, innermost(&error))
        })?;
        let (head, body) = response.into_parts();
        let (most, is_answer) = match head.status.is_success() {
            true => (LONGEST_ANSWER, true),
            false => (LONGEST_REFUSAL, false),
        };
        let body = match Limited::new(body, most).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if is_answer => return Err(broken_off(&*error)),
            // Its status says enough.
            Err(_) => Bytes::new(),
        };
        Ok((head.status, head.headers, body))
    }
}
