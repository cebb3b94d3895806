//! Every way in which an endpoint can fail, named.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// What kind of failure it was; each has a policy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// No connection: refused, no such host, no route.
    Unreachable,
    /// The connection broke before the answer was whole.
    Dropped,
    /// The server is up, and its model still loads.
    Loading,
    /// 503, 529: not now.
    Unavailable,
    /// 502, 504 and their kin: what stands before the server got no answer of it, or none in time.
    Gateway,
    /// 429.
    RateLimited,
    /// llama.cpp's shared context is full: fewer requests at a time would go through.
    Crowded,
    /// Another 5xx, or what passes by itself: 409, 423, 425, 499.
    ServerError,
    /// 200 with something that is no chat completion.
    Garbled,
    /// Nothing came within the timeout.
    Timeout,
    /// The prompt is longer than a slot's context.
    ContextExceeded,
    /// 400 and its kin: the server refuses this request.
    Refused,
    /// 401 or 403: a wrong key, or a prompt that the provider will not have.
    Unauthorized,
    /// 402, or 429 with `insufficient_quota`: the provider wants money, or the account has no quota left.
    Unpaid,
    /// 404 or 405: not the address of this API, or no such model.
    NotFound,
    /// 501: the server cannot do this at all, as it was started.
    Unsupported,
    /// We cannot even send it.
    Unusable,
}

impl ErrorClass {
    /// The name under which it is counted and logged.
    pub fn name(self) -> &'static str {
        match self {
            ErrorClass::Unreachable => "unreachable",
            ErrorClass::Dropped => "dropped",
            ErrorClass::Loading => "loading",
            ErrorClass::Unavailable => "unavailable",
            ErrorClass::Gateway => "gateway",
            ErrorClass::RateLimited => "rate-limited",
            ErrorClass::Crowded => "crowded",
            ErrorClass::ServerError => "server-error",
            ErrorClass::Garbled => "garbled",
            ErrorClass::Timeout => "timeout",
            ErrorClass::ContextExceeded => "context-exceeded",
            ErrorClass::Refused => "refused",
            ErrorClass::Unauthorized => "unauthorized",
            ErrorClass::Unpaid => "unpaid",
            ErrorClass::NotFound => "not-found",
            ErrorClass::Unsupported => "unsupported",
            ErrorClass::Unusable => "unusable",
        }
    }
}

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientError {
    pub class: ErrorClass,
    pub status: Option<u16>,
    /// What the server or the system said, on one line, shortened.
    pub message: String,
    pub retry_after: Option<Duration>,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "HTTP {status}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for ClientError {}

impl ClientError {
    pub fn new(class: ErrorClass, message: impl AsRef<str>) -> Self {
        Self { class, status: None, message: one_line(message.as_ref()), retry_after: None }
    }

    /// The same without what the server said, which may quote what it was asked.
    #[must_use]
    pub fn unquoted(self) -> Self {
        match self.status {
            Some(_) => Self { message: "what it says may quote the text, and is not shown".into(), ..self },
            None => self,
        }
    }

    /// A 200 that is not what was asked for, such as a `chat completion`, with what it says instead.
    ///
    /// An error that has the number of a status is as if it had come with that.
    pub(super) fn garbled(body: &str, wanted: &str, why: &str) -> Self {
        let said = Said::of(body);
        if let Some(status) = said.as_ref().and_then(Said::status) {
            return Self::from_response(status, None, body);
        }
        let said = said
            .and_then(|said| said.message)
            .unwrap_or_else(|| format!("the answer is no {wanted}: {}", without_strings(why)));
        Self { status: Some(200), ..Self::new(ErrorClass::Garbled, without_answer(&said)) }
    }

    /// Reads a non-2xx answer: OpenAI's and llama.cpp's error objects, or whatever text it is.
    pub fn from_response(status: u16, retry_after: Option<Duration>, body: &str) -> Self {
        let Said { message, kind, code } = Said::of(body).unwrap_or_default();
        let message = message.unwrap_or_else(|| match body.trim() {
            "" => "no explanation".to_owned(),
            body => body.to_owned(),
        });
        let lower = message.to_lowercase();
        let says = |part: &str| lower.contains(part);
        let is = |name: &str| {
            kind.as_deref() == Some(name) || matches!(&code, Some(Code::Name(code)) if code == name)
        };
        let class = match status {
            429 if is("insufficient_quota") => ErrorClass::Unpaid,
            401 | 403 => ErrorClass::Unauthorized,
            402 => ErrorClass::Unpaid,
            404 | 405 => ErrorClass::NotFound,
            408 => ErrorClass::Timeout,
            409 | 423 | 425 | 499 => ErrorClass::ServerError,
            413 => ErrorClass::ContextExceeded,
            429 => ErrorClass::RateLimited,
            501 => ErrorClass::Unsupported,
            500 if says("context size has been exceeded") => ErrorClass::Crowded,
            // Of a text that is to be embedded, which has to go through in one batch.
            500 if says("too large to process") => ErrorClass::ContextExceeded,
            503 if is("unavailable_error") && says("loading") => ErrorClass::Loading,
            503 | 529 => ErrorClass::Unavailable,
            502 | 504 | 520..=527 | 530 => ErrorClass::Gateway,
            500..=599 => ErrorClass::ServerError,
            _ if is("exceed_context_size_error")
                || is("context_length_exceeded")
                || CONTEXT_EXCEEDED.iter().any(|part| says(part)) =>
            {
                ErrorClass::ContextExceeded
            }
            400..=499 => ErrorClass::Refused,
            _ => ErrorClass::Garbled,
        };
        Self { class, status: Some(status), message: one_line(without_answer(&message)), retry_after }
    }
}

/// Words by which servers say that a prompt is too long.
const CONTEXT_EXCEEDED: [&str; 4] = [
    "maximum context length",
    "exceeds the available context size",
    "input tokens exceed the configured limit",
    "longer than the maximum model length",
];

/// What a server says, without what the model wrote, of which nobody has taken anything out: llama.cpp quotes an
/// answer that it cannot read.
fn without_answer(said: &str) -> &str {
    const QUOTES: &str = "Failed to parse input at pos ";
    let Some(at) = said.find(QUOTES).map(|at| at + QUOTES.len()) else { return said };
    &said[..said[at..].find(|c: char| !c.is_ascii_digit()).map_or(said.len(), |digits| at + digits)]
}

/// Why something could not be read, without the strings of it that are quoted.
fn without_strings(why: &str) -> String {
    match (why.find('"'), why.rfind('"')) {
        (Some(from), Some(to)) if from < to => {
            format!("{}\"…{}", &why[..=from].trim_end_matches('"'), &why[to..])
        }
        _ => why.to_owned(),
    }
}

#[derive(Deserialize)]
struct Envelope {
    error: Inner,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Object(Said),
    Text(String),
}

#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    message: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    code: Option<Code>,
}

/// A status, or OpenAI's name for what is wrong.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Status(u16),
    Name(String),
    Other(serde::de::IgnoredAny),
}

impl Said {
    fn of(body: &str) -> Option<Self> {
        Some(match serde_json::from_str::<Envelope>(body).ok()?.error {
            Inner::Object(said) => said,
            Inner::Text(message) => Said { message: Some(message), ..Said::default() },
        })
    }

    /// The status that it has in its words.
    fn status(&self) -> Option<u16> {
        let status = match self.code.as_ref()? {
            Code::Status(status) => *status,
            Code::Name(name) => name.parse().ok()?,
            Code::Other(_) => return None,
        };
        (400..600).contains(&status).then_some(status)
    }
}

/// The text on one line, at most 300 characters of it, without what would move a terminal's cursor.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !c.is_control()));
        if out.chars().count() > 300 {
            out = out.chars().take(299).collect();
            out.push('…');
            break;
        }
    }
    out
}

/// Reads `Retry-After`: seconds, whole or not, or a date.
pub fn retry_after(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(number) = value.parse::<f64>() {
        return seconds(number);
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    seconds(date.as_second().saturating_sub(now.as_second()).max(0) as f64)
}

/// So many seconds, at most a year: nobody waits longer, and times can be added to it.
pub fn seconds(number: f64) -> Option<Duration> {
    const YEAR: f64 = 366.0 * 24.0 * 60.0 * 60.0;
    (number >= 0.0).then(|| Duration::from_secs_f64(number.min(YEAR)))
}

/// Why an answer that had begun was not read to its end.
pub(super) fn broken_off(error: &(dyn std::error::Error + 'static)) -> ClientError {
    let mut causes = std::iter::successors(Some(error), |error| error.source());
    match causes.any(|cause| cause.is::<http_body_util::LengthLimitError>()) {
        true => ClientError::new(ErrorClass::Garbled, "the answer is longer than any model's"),
        false => ClientError::new(ErrorClass::Dropped, innermost(error)),
    }
}

/// The innermost cause, which says most in fewest words.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_real_servers_get_their_class() {
        let cases = [
            (
                400,
                r#"{"error":{"code":400,"message":"request (3031 tokens) exceeds the available context size (2048 tokens), try increasing it","type":"exceed_context_size_error","n_ctx":2048}}"#,
                ErrorClass::ContextExceeded,
            ),
            (
                400,
                r#"{"error":{"message":"Your input is too much for this model.","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
                ErrorClass::ContextExceeded,
            ),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 4096 tokens.","type":"invalid_request_error"}}"#,
                ErrorClass::ContextExceeded,
            ),
            (
                400,
                r#"{"error":{"message":"Input tokens exceed the configured limit of 272000 tokens.","type":"invalid_request_error"}}"#,
                ErrorClass::ContextExceeded,
            ),
            (
                400,
                r#"{"object":"error","message":"The prompt (total length 9000) is longer than the maximum model length of 4096.","type":"BadRequestError","code":400}"#,
                ErrorClass::ContextExceeded,
            ),
            (413, "Request Entity Too Large", ErrorClass::ContextExceeded),
            (
                400,
                r#"{"error":{"code":400,"message":"Failed to initialize samplers: failed to parse grammar","type":"invalid_request_error"}}"#,
                ErrorClass::Refused,
            ),
            (422, r#"{"detail":"bad"}"#, ErrorClass::Refused),
            (
                500,
                r#"{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}"#,
                ErrorClass::Crowded,
            ),
            (
                500,
                r#"{"error":{"code":500,"message":"input (902 tokens) is too large to process. increase the physical batch size (current batch size: 512)","type":"server_error"}}"#,
                ErrorClass::ContextExceeded,
            ),
            (500, "boom", ErrorClass::ServerError),
            (409, "conflict", ErrorClass::ServerError),
            (423, "locked", ErrorClass::ServerError),
            (425, "too early", ErrorClass::ServerError),
            (499, "client closed request", ErrorClass::ServerError),
            (
                503,
                r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#,
                ErrorClass::Loading,
            ),
            (503, "busy", ErrorClass::Unavailable),
            (502, "<html>", ErrorClass::Gateway),
            (504, "<html>", ErrorClass::Gateway),
            (524, "<html>", ErrorClass::Gateway),
            (529, "overloaded", ErrorClass::Unavailable),
            (429, r#"{"error":"slow down"}"#, ErrorClass::RateLimited),
            (
                401,
                r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#,
                ErrorClass::Unauthorized,
            ),
            (402, r#"{"error":{"message":"Insufficient credits"}}"#, ErrorClass::Unpaid),
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
                ErrorClass::Unpaid,
            ),
            (
                429,
                r#"{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000.","type":"tokens","code":"rate_limit_exceeded"}}"#,
                ErrorClass::RateLimited,
            ),
            (
                404,
                r#"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#,
                ErrorClass::NotFound,
            ),
            (
                501,
                r#"{"error":{"code":501,"message":"This server does not support embeddings. Start it with `--embeddings`","type":"not_supported_error"}}"#,
                ErrorClass::Unsupported,
            ),
            (302, "", ErrorClass::Garbled),
        ];
        for (status, body, class) in cases {
            let error = ClientError::from_response(status, None, body);
            assert_eq!(error.class, class, "{status} {body}");
        }
        let error = ClientError::from_response(429, None, r#"{"error":"slow down"}"#);
        assert_eq!(error.to_string(), "HTTP 429: slow down");
        assert!(ClientError::from_response(500, None, &"x ".repeat(5000)).message.chars().count() <= 300);
    }

    #[test]
    fn an_error_within_a_200_is_what_its_code_says() {
        for (body, class, says) in [
            (
                r#"{"error":{"code":429,"message":"slow down"}}"#,
                ErrorClass::RateLimited,
                "HTTP 429: slow down",
            ),
            (
                r#"{"error":{"code":502,"message":"no upstream"}}"#,
                ErrorClass::Gateway,
                "HTTP 502: no upstream",
            ),
            (
                r#"{"error":{"code":"429","message":"slow down"}}"#,
                ErrorClass::RateLimited,
                "HTTP 429: slow down",
            ),
            (r#"{"error":{"code":200,"message":"odd"}}"#, ErrorClass::Garbled, "HTTP 200: odd"),
            (r#"{"error":{"message":"odd"}}"#, ErrorClass::Garbled, "HTTP 200: odd"),
            (r#"{"error":"odd"}"#, ErrorClass::Garbled, "HTTP 200: odd"),
        ] {
            let failed = ClientError::garbled(body, "chat completion", "");
            assert_eq!((failed.class, failed.to_string().as_str()), (class, says), "{body}");
        }
    }

    #[test]
    fn nothing_that_a_model_wrote_is_told() {
        let body = r#"{"error":{"code":500,"message":"Failed to parse input at pos 12: call Ann on 555-0199","type":"server_error"}}"#;
        let failed = ClientError::from_response(500, None, body);
        assert_eq!(failed.to_string(), "HTTP 500: Failed to parse input at pos 12");
        let garbled = ClientError::garbled(body, "chat completion", "");
        assert_eq!(garbled.to_string(), "HTTP 500: Failed to parse input at pos 12");
        let why = r#"invalid type: string "call \"Ann\"", expected a sequence at line 1 column 9"#;
        let garbled = ClientError::garbled("{}", "chat completion", why);
        assert_eq!(
            garbled.to_string(),
            "HTTP 200: the answer is no chat completion: invalid type: string \"…\", expected a sequence at line 1 column 9"
        );
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("3", Some(Duration::from_secs(3))),
            ("0.2", Some(Duration::from_millis(200))),
            ("Thu, 01 Jan 2026 00:00:30 GMT", Some(Duration::from_secs(30))),
            ("Wed, 01 Jan 2025 00:00:30 GMT", Some(Duration::ZERO)),
            ("soon", None),
            ("-1", None),
            ("nan", None),
            ("1e300", Some(Duration::from_secs(366 * 86_400))),
            ("01 Jan 9026 00:00:30 GMT", Some(Duration::from_secs(366 * 86_400))),
        ] {
            assert_eq!(retry_after(value, now), expected, "{value}");
        }
    }
}
