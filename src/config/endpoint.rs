//! The model server: its address, or the model that a server of ours is started for.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::diagnostic::{Diagnostic, Report, Span, did_you_mean, secret};
use super::file::{nearest, shown};
use super::given::{missing, text_or};
use super::keys;
use super::resolved::{Endpoint, Managed, ManagedModel, Price, Project, Server, Slots};
use super::yaml::{Name, Node, Yaml};

/// Resolves the endpoints; `None` where a mistake was reported.
pub fn endpoints(root: &Node, project: &Project, report: &mut Report) -> Option<Vec<Endpoint>> {
    let help = "add the model server, such as\n\nendpoints:\n  local: http://127.0.0.1:8080";
    let Some(all) = root.get("endpoints").filter(|node| !node.entries().is_empty()) else {
        missing(root, "endpoints", help, report);
        return None;
    };
    let found: Vec<Option<Endpoint>> =
        all.entries().iter().map(|(name, node)| endpoint(name, node, project, report)).collect();
    let found: Vec<Endpoint> = found.into_iter().collect::<Option<_>>()?;
    if found.iter().all(|endpoint| endpoint.weight <= 0.0) {
        let weights = all.entries().iter().find_map(|(_, node)| node.get("weight"));
        report.push(
            Diagnostic::error("weight", "every endpoint has weight 0")
                .at(weights.map_or(all.span, |weight| weight.span))
                .help("give at least one of them a weight above 0"),
        );
    }
    Some(found)
}

fn endpoint(name: &Name, node: &Node, project: &Project, report: &mut Report) -> Option<Endpoint> {
    let server = server(name, node, project, report);
    let get = |key: &str| node.get(key);
    let api_key_env = get("api_key_env").and_then(|node| variable(node, report));
    let span_of =
        |key: &str, default: u64| get(key).and_then(keys::duration).unwrap_or(Duration::from_secs(default));
    for key in ["timeout", "patience"] {
        if let Some(node) = get(key)
            && keys::duration(node).is_some_and(|duration| duration.is_zero())
        {
            report.push(
                Diagnostic::error("value", format!("`{key}` must be longer than nothing")).at(node.span),
            );
        }
    }
    let whole = |key: &str| get(key).and_then(Node::whole).map(|n| n as u32);
    if let (Some(burst), None, None) = (get("burst"), get("requests_per_minute"), get("tokens_per_minute")) {
        report.push(
            Diagnostic::error(
                "rate",
                "`burst` says how many requests go out at once where they are limited, and no limit is given",
            )
            .at(burst.span)
            .help("add `requests_per_minute` or `tokens_per_minute`, or remove `burst`"),
        );
    }
    Some(Endpoint {
        name: name.text.clone(),
        server: server?,
        model: get("model").and_then(Node::text).map(str::to_owned),
        weight: get("weight").and_then(Node::number).unwrap_or(1.0),
        api_key_env,
        slots: slots(get("slots"), report),
        requests_per_minute: whole("requests_per_minute"),
        burst: whole("burst").unwrap_or(1),
        tokens_per_minute: whole("tokens_per_minute"),
        // One that is wrong was said, and is no lack of one.
        price: get("price")
            .map(|node| price(node, report))
            .or_else(|| node.excuses("price").then_some(Price { prompt: 0.0, completion: 0.0 })),
        timeout: span_of("timeout", 300),
        patience: span_of("patience", 900),
    })
}

/// What tokens cost; a figure that is missing is reported, since a budget cannot hold to half a price.
fn price(node: &Node, report: &mut Report) -> Price {
    let figure = |key: &str| node.get(key).and_then(Node::number);
    let lacks: Vec<&str> = ["prompt", "completion"]
        .into_iter()
        .filter(|key| figure(key).is_none() && !node.excuses(key))
        .collect();
    if !lacks.is_empty() {
        report.push(
            Diagnostic::error("missing", format!("`price` needs `{}`", lacks.join("` and `")))
                .at(node.span)
                .help(format!("{}, for a million tokens of each; 0 where they cost nothing", keys::A_PRICE)),
        );
    }
    Price { prompt: figure("prompt").unwrap_or(0.0), completion: figure("completion").unwrap_or(0.0) }
}

fn slots(node: Option<&Node>, report: &mut Report) -> Slots {
    let Some(node) = node else { return Slots::Auto };
    if let Some(exactly) = node.whole() {
        return Slots::Exactly(exactly as u32);
    }
    match keys::range(node) {
        Some((least, most)) if least >= 1 && most <= 4096 => Slots::Between(least as u32, most as u32),
        Some(_) => {
            report.push(
                Diagnostic::error("value", "`slots` goes from 1 to 4,096")
                    .at(node.span)
                    .help("such as `slots: [1, 32]`"),
            );
            Slots::Auto
        }
        None => Slots::Auto,
    }
}

/// The endpoints that a name means: the one of that name, or those that assert that model.
///
/// # Errors
/// A name that no endpoint has.
pub fn named(name: &str, endpoints: &[Endpoint], at: Span) -> Result<Vec<usize>, Diagnostic> {
    let all = || endpoints.iter().enumerate();
    let called: Vec<usize> =
        all().filter(|(_, endpoint)| endpoint.name == name).map(|(index, _)| index).collect();
    let asserting = || all().filter(|(_, endpoint)| endpoint.model.as_deref() == Some(name));
    let found = match called.is_empty() {
        true => asserting().map(|(index, _)| index).collect(),
        false => called,
    };
    if !found.is_empty() {
        return Ok(found);
    }
    let known = || all().flat_map(|(_, endpoint)| [Some(endpoint.name.as_str()), endpoint.model.as_deref()]);
    let unknown = Diagnostic::error("unknown-model", format!("no endpoint is or has `{name}`")).at(at);
    Err(match did_you_mean(name, known().flatten()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => {
            let names: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
            unknown.help(format!("the endpoints are `{}`", names.join("`, `")))
        }
    })
}

fn server(name: &Name, node: &Node, project: &Project, report: &mut Report) -> Option<Server> {
    let url = match &node.value {
        Yaml::Text(_) => Some(node),
        _ => node.get("url"),
    };
    match (url, node.get("managed")) {
        (Some(node), None) => Some(Server::Url(address(node, report)?)),
        (None, Some(node)) => Some(Server::Managed(managed(node, project, report)?)),
        (Some(url), Some(managed)) => {
            report.push(
                Diagnostic::error(
                    "endpoint",
                    format!("`endpoints.{}` has both `url` and `managed`", name.text),
                )
                .at(managed.span)
                .label("this starts a server")
                .also(url.span, "this is one that runs")
                .help("keep `url` for a server that runs already, or `managed` for one that emogrid starts"),
            );
            None
        }
        (None, None) if node.excuses("url") || node.excuses("managed") => None,
        (None, None) => {
            report.push(
                Diagnostic::error("endpoint", format!("`endpoints.{}` has neither `url` nor `managed`", name.text))
                    .at(name.span)
                    .help("give `url: http://127.0.0.1:8080`, or `managed: quickstart` for a small model that emogrid fetches and starts"),
            );
            None
        }
    }
}

fn variable(node: &Node, report: &mut Report) -> Option<String> {
    let name = node.text()?;
    if secret::is_variable(name) {
        return Some(name.to_owned());
    }
    report.push(
        Diagnostic::error("secret", "`api_key_env` names an environment variable; this is no such name")
            .at(node.span)
            .help("put the key into a variable, such as `export MY_KEY=…`, and write `api_key_env: MY_KEY`"),
    );
    None
}

/// Whether an endpoint is named by its address, rather than by a config.
pub fn is_address(endpoint: &str) -> bool {
    endpoint.contains("://")
}

/// An address that a command was given, as it would stand in a config.
///
/// # Errors
/// What is wrong with it, without any secret in it.
pub fn plain_address(text: &str) -> Result<String, String> {
    parsed(text.trim()).map_err(|found| match found.help {
        Some(help) => format!("{}; {help}", found.message),
        None => found.message,
    })
}

/// An address without trailing slash and `/v1`; what is none is reported.
fn address(node: &Node, report: &mut Report) -> Option<String> {
    match parsed(node.text()?.trim()) {
        Ok(address) => Some(address),
        Err(found) => {
            report.push(found.at(node.span));
            None
        }
    }
}

fn parsed(text: &str) -> Result<String, Diagnostic> {
    let wrong = |message: &str| Diagnostic::error("url", message);
    let no_address = || {
        wrong("this is not the address of a server").label("expected `http://HOST:PORT` or `https://HOST`")
    };
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (scheme.to_lowercase(), rest),
        None if text.is_empty() || text.contains(char::is_whitespace) || text.contains('@') => {
            return Err(no_address());
        }
        None => {
            let found = wrong("this address does not begin with `http://`");
            let guess = format!("http://{text}");
            return Err(match parsed(&guess) {
                Ok(_) => found.help(format!("did you mean `{guess}`?")),
                Err(_) => no_address(),
            });
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if rest.contains('@') {
        return Err(Diagnostic::error("secret", "an address must not hold a name or a password")
            .help("put the key into an environment variable and name that in `api_key_env`"));
    }
    if let Some(mark) = rest.chars().find(|c| matches!(c, '?' | '#')) {
        return Err(wrong(&format!("an address has no `{mark}`")).help(
            "remove it and what follows; a key goes into an environment variable, named in `api_key_env`",
        ));
    }
    if !["http", "https"].contains(&scheme.as_str()) {
        let found = wrong(&format!("`{scheme}://` is no way to reach a server"));
        return Err(match did_you_mean(&scheme, ["http", "https"]) {
            Some(near) => found.help(format!("did you mean `{near}://{rest}`?")),
            None => found.help("write `http://HOST:PORT` or `https://HOST`"),
        });
    }
    if text.contains(char::is_whitespace) {
        return Err(wrong("an address holds no blanks"));
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let Some((host, after)) = inside.split_once(']') else { return Err(no_address()) };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(wrong("what stands in the brackets is no IPv6 address"));
            }
            (host, after.strip_prefix(':').or(if after.is_empty() { None } else { Some("") }))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.is_empty() {
        return Err(wrong("this address names no host").help("for your own machine write `127.0.0.1`"));
    }
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    if host.contains(odd) {
        return Err(wrong(&format!("`{host}` is no host")).help("write `http://HOST:PORT` or `https://HOST`"));
    }
    if let Some(port) = port {
        let number =
            port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse::<u32>().ok()).flatten();
        if !number.is_some_and(|number| (1..=65535).contains(&number)) {
            return Err(
                wrong("the port of this address is wrong").help("a port is a number from 1 to 65,535")
            );
        }
    }
    let base = rest.trim_end_matches('/');
    let route = ["/chat/completions", "/completions", "/completion", "/models", "/embeddings"];
    if let Some(base) = route.iter().find_map(|route| base.strip_suffix(route)) {
        let base = base.strip_suffix("/v1").unwrap_or(base);
        return Err(wrong("this is one route of the server, not its address")
            .help(format!("leave the route out: `{scheme}://{base}`")));
    }
    let base = base.strip_suffix("/v1").unwrap_or(base).trim_end_matches('/');
    Ok(format!("{scheme}://{base}"))
}

fn managed(node: &Node, project: &Project, report: &mut Report) -> Option<Managed> {
    let mut managed = Managed {
        model: ManagedModel::Quickstart,
        lora: None,
        command: program(text_or(node.get("command"), "llama-server"), project),
        args: Vec::new(),
        slots: node.get("slots").and_then(Node::whole).unwrap_or(4) as u32,
        context: node.get("context").and_then(Node::whole).unwrap_or(2048) as u32,
        threads: node.get("threads").and_then(Node::whole).map(|n| n as u32),
        restarts: node.get("restarts").and_then(Node::whole).unwrap_or(3) as u32,
        loading: node.get("loading").and_then(keys::duration).unwrap_or(Duration::from_secs(600)),
    };
    for argument in node.get("args").map_or(&[][..], Node::items) {
        managed.args.push(match argument.to_json() {
            Value::String(text) => text,
            other => other.to_string(),
        });
    }
    if node.text().is_some() {
        return Some(managed);
    }
    if let Some((lora, name)) = node.get("lora").and_then(|lora| Some((lora, lora.text()?))) {
        let path = project.root.join(name);
        if let Err(found) = is_gguf(&path, name, project, &ADAPTER) {
            report.push(found.at(lora.span));
            return None;
        }
        managed.lora = Some(path);
    }
    match node.get("model") {
        Some(model) if model.text() == Some("quickstart") => Some(managed),
        Some(model) => {
            let path = project.root.join(model.text()?);
            if let Err(found) = is_gguf(&path, model.text()?, project, &MODEL) {
                report.push(found.at(model.span));
                return None;
            }
            managed.model = ManagedModel::File(path);
            Some(managed)
        }
        None if node.excuses("model") => None,
        None => {
            report.push(
                Diagnostic::error("missing", "`managed` needs a `model`")
                    .at(node.span)
                    .help("`model: path/to/model.gguf`, or `model: quickstart`"),
            );
            None
        }
    }
}

/// A program as it is written; a path to one is from the project's root, like any other.
fn program(command: String, project: &Project) -> String {
    match command.contains('/') {
        true => project.root.join(command).display().to_string(),
        false => command,
    }
}

/// What a GGUF file is to be.
struct Wanted {
    what: &'static str,
    help: &'static str,
    /// What it may be called that is no file.
    words: &'static [&'static str],
}

const MODEL: Wanted = Wanted {
    what: "model",
    help: "give the path of a GGUF file, from the project's root, or `quickstart`",
    words: &["quickstart"],
};

const ADAPTER: Wanted = Wanted {
    what: "adapter",
    help: "give the path of a GGUF file with a LoRA adapter, from the project's root",
    words: &[],
};

/// Whether a file is what it is to be: it is there, and begins as a GGUF file does.
fn is_gguf(path: &Path, name: &str, project: &Project, wanted: &Wanted) -> Result<(), Diagnostic> {
    let Wanted { what, help, words } = *wanted;
    let place = shown(path);
    let place = place.display();
    if path.is_dir() {
        return Err(Diagnostic::error("file", format!("`{place}` is a folder")).help(help));
    }
    let mut magic = [0; 4];
    let read = std::fs::File::open(path).map(|mut file| file.read_exact(&mut magic));
    match read {
        Ok(Ok(())) if &magic == b"GGUF" => Ok(()),
        Ok(_) => Err(Diagnostic::error("file", format!("`{place}` is not a GGUF {what}")).help(help)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let found = Diagnostic::error("file", format!("there is no {what} file `{place}`"));
            let near = nearest(path)
                .and_then(|near| Some(near.strip_prefix(&project.root).ok()?.display().to_string()))
                .or_else(|| did_you_mean(name, words.iter().copied()).map(str::to_owned));
            Err(match near {
                Some(near) => found.help(format!("did you mean `{near}`?")),
                None => found.help(help),
            })
        }
        Err(error) => Err(Diagnostic::error("file", format!("`{place}` cannot be read: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_plain_or_refused() {
        for (text, plain) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTP://localhost:8080/v1/", "http://localhost:8080"),
            ("https://api.example.com/openai/v1", "https://api.example.com/openai"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://host/", "https://host"),
        ] {
            assert_eq!(parsed(text).unwrap(), plain);
        }
        for text in [
            "",
            "localhost",
            "ftp://host",
            "http://",
            "http://:80",
            "http://host:0",
            "http://host:99999",
            "http://host:",
            "http://host:+80",
            "http://[::1",
            "http://[host]:1",
            "http://a b",
            "http://host/v1/chat/completions",
            "http://host?x=1",
            "http://me@host",
            "http://$HOST:80",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
