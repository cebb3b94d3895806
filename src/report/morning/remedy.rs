//! Which key of the config decides a class of failure, and what to do about it.

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    pub key: String,
    pub advice: &'static str,
}

/// What mends failures of a class at an endpoint; one that is managed has no address to look at.
pub fn remedy(class: &str, endpoint: &str, is_managed: bool) -> Remedy {
    let at = |own: &str| format!("endpoints.{endpoint}.{own}");
    let server = || at(if is_managed { "managed" } else { "url" });
    let (key, advice) = match class {
        "unreachable" if is_managed => (server(), "read its log, which stands in `.emogrid/`"),
        "unreachable" => {
            (server(), "start the server, or mend its `url`; `emogrid check --endpoint` looks at it")
        }
        "loading" | "unavailable" => {
            (at("patience"), "see why the server takes so long, or wait longer for it (`patience`)")
        }
        "gateway" => {
            (server(), "see why what stands before the server gets no answer of it, or none in its own time")
        }
        "rate-limited" => {
            (at("requests_per_minute"), "set the endpoint's `requests_per_minute` or `tokens_per_minute`")
        }
        "crowded" => (at("slots"), "lower the endpoint's `slots`, or give its server a larger context"),
        "timeout" => (at("timeout"), "raise the endpoint's `timeout`, or lower `sampling.max_tokens`"),
        "context-exceeded" => (
            "sampling.max_tokens".to_owned(),
            "shorten the prompt, lower `sampling.max_tokens`, or give a slot more context",
        ),
        "refused" => {
            ("sampling".to_owned(), "look at what the server says, at `sampling.extra` and `response.schema`")
        }
        "wrong-model" => {
            (at("model"), "load the model that the run is for, or name the other one: that is another answer")
        }
        "unauthorized" => (at("api_key_env"), "look at the key in the variable that `api_key_env` names"),
        "unpaid" => (server(), "look at the balance and the limits of your account at the provider"),
        "not-found" => (server(), "look at `url` and `model`"),
        _ => (server(), "look at the server's own log"),
    };
    Remedy { key, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_managed_server_has_no_url() {
        assert_eq!(remedy("unreachable", "gpu", false).key, "endpoints.gpu.url");
        assert_eq!(remedy("dropped", "gpu", true).key, "endpoints.gpu.managed");
        assert_eq!(remedy("timeout", "gpu", true).key, "endpoints.gpu.timeout");
    }
}
