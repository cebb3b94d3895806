//! Tuning by an endpoint that has OpenAI's fine-tuning API.

use std::collections::HashSet;
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::{Exit, Failure, Talk, open_path};
use super::tune::{measure, rows_of};
use crate::cli::{TrainArgs, TuneArgs};
use crate::client::{Client, ClientError, ErrorClass, Job, Order};
use crate::config::resolved::Server;
use crate::config::{is_address, plain_address};
use crate::export::Task;
use crate::learn::LearnError;
use crate::learn::tune::{config, remote, write_data};
use crate::pipeline::Interrupts;
use crate::report::{count, thousands};

/// Rows below which OpenAI takes no file.
const LEAST: usize = 10;

/// How long to wait before looking again: at first, and at most.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(20);

/// Failures in a row after which nothing more is asked of a server.
const PATIENCE: u32 = 30;

/// What a folder remembers of a job; no key is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    url: String,
    base: String,
    /// Of the rows that were sent.
    rows: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    train: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
}

/// Where rows go.
struct Place {
    url: String,
    key_env: Option<String>,
}

/// How waiting ended.
enum End {
    Over(Job),
    Asked,
}

/// Sends rows, orders a job, waits for it, and measures what came of it.
pub fn tune(args: &TrainArgs, talk: &Talk) -> Result<Exit, Failure> {
    let given = &args.tune;
    if let Some(flag) = given.given_for_local() {
        return Err(Failure::Refused(format!(
            "{flag} is not for `--engine openai`, whose endpoint decides it"
        )));
    }
    if given.base == "quickstart" {
        let what = "name the endpoint's model that is to be tuned, such as `--base gpt-4.1-nano-2025-04-14`";
        return Err(Failure::Refused(what.to_owned()));
    }
    let place = Place::of(given)?;
    let folder = &given.output;
    let file = folder.join("job.json");
    let mut kept = read(&file)?;
    if given.cancel {
        return cancel(&place, &kept, folder, talk);
    }
    let (parts, wording) = rows_of(args, talk)?;
    if parts.train.texts.len() < LEAST {
        return Err(LearnError::Usage(format!(
            "{} to train on; the API takes {LEAST} or more",
            count(parts.train.texts.len() as u64, "row")
        ))
        .into());
    }
    let column = args.columns.label.as_deref().unwrap_or("emotion");
    let mut named = vec![("train", &parts.train)];
    named.extend(parts.dev.as_ref().map(|dev| ("dev", dev)));
    // The folder may be of other rows, and is theirs until that is known.
    let staged = staging(folder);
    write_data(&staged, &wording, column, &named)?;
    let failed = |error| LearnError::File { path: staged.clone(), error };
    let body = |part: &str| std::fs::read(staged.join(format!("{part}.jsonl"))).map_err(failed);
    let train = body("train")?;
    let dev = parts.dev.as_ref().map(|_| body("dev")).transpose()?;
    let _ = std::fs::remove_dir_all(&staged);
    if given.dry_run {
        return show(given, &place, &train, dev.as_deref());
    }
    let mut hash = blake3::Hasher::new();
    hash.update(&train).update(dev.as_deref().unwrap_or_default());
    let wanted = Kept {
        url: place.url.clone(),
        base: given.base.clone(),
        rows: hash.finalize().to_hex().to_string(),
        ..Kept::default()
    };
    let same = |kept: &Kept| (&kept.url, &kept.base, &kept.rows) == (&wanted.url, &wanted.base, &wanted.rows);
    match &kept {
        Some(kept) if !same(kept) => {
            return Err(Failure::Refused(format!(
                "{} is of other rows, another model or another address; name another folder with `-o`, or move \
                 it away",
                file.display()
            )));
        }
        Some(Kept { model: Some(model), .. }) => {
            talk.say(&format!("{} holds a tuned model already: {model}", folder.display()));
        }
        Some(_) => talk.say("going on where it was"),
        None => {
            let bytes = thousands((train.len() + dev.as_ref().map_or(0, Vec::len)) as u64);
            let rows: usize = named.iter().map(|(_, rows)| rows.texts.len()).sum();
            talk.say(&format!("{} ({bytes} bytes) go to {}", count(rows as u64, "row"), place.url));
        }
    }
    let failed = |error| LearnError::File { path: folder.clone(), error };
    std::fs::create_dir_all(folder).map_err(failed)?;
    write_data(&folder.join("data"), &wording, column, &named)?;
    let mut now = kept.take().unwrap_or(wanted);
    if now.model.is_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(async {
            let order = Ordering { given, seed: args.seed, train: &train, dev: dev.as_deref(), file: &file };
            order.carry_out(&place, &mut now, talk).await
        });
        // Whoever is still asked at the terminal is not waited for.
        runtime.shutdown_background();
        match done? {
            None => return Ok(Exit::Stopped),
            Some(job) => over(job, &mut now, &file)?,
        }
        talk.say(&format!("tuned: {}", now.model.as_deref().unwrap_or_default()));
    }
    let model = now.model.clone().unwrap_or_default();
    for (name, model) in [("tuned", model.as_str()), ("base", given.base.as_str())] {
        let endpoint = remote(&place.url, model, place.key_env.as_deref());
        let text = config(name, &endpoint, column, &parts.labels);
        std::fs::write(folder.join(format!("{name}.yaml")), text).map_err(failed)?;
    }
    talk.say(&format!("{} asks it", folder.join("tuned.yaml").display()));
    match parts.test.as_ref().or(parts.dev.as_ref()) {
        Some(rows) if given.measure > 0 && given.task == Task::Classify => measure(args, rows, folder, talk),
        _ => Ok(Exit::Complete),
    }
}

impl Place {
    fn of(given: &TuneArgs) -> Result<Self, Failure> {
        let named = given.endpoint.as_deref().unwrap_or("https://api.openai.com");
        if is_address(named) {
            let url = plain_address(named).map_err(Failure::Refused)?;
            let name = given.key_env.clone().unwrap_or_else(|| "OPENAI_API_KEY".to_owned());
            // A server of one's own may want none.
            let wanted = given.key_env.is_some() || given.endpoint.is_none();
            let is_set = || std::env::var(&name).is_ok_and(|key| !key.trim().is_empty());
            return Ok(Self { url, key_env: (wanted || is_set()).then_some(name) });
        }
        if given.key_env.is_some() {
            let what = "--key-env is for an address; a config names its variable itself (`api_key_env`)";
            return Err(Failure::Refused(what.to_owned()));
        }
        let opened = open_path(Path::new(named), &[])?;
        match opened.recipe.config.endpoints.first().map(|first| (&first.server, &first.api_key_env)) {
            Some((Server::Url(url), key_env)) => Ok(Self { url: url.clone(), key_env: key_env.clone() }),
            _ => Err(Failure::Refused(format!(
                "{named}: its first endpoint is a managed server, which tunes nothing; `--engine trl` does that here"
            ))),
        }
    }

    fn client(&self) -> Result<Client, Failure> {
        let key = match &self.key_env {
            None => None,
            Some(name) => match std::env::var(name) {
                Ok(key) if !key.trim().is_empty() => Some(key.trim().to_owned()),
                _ => {
                    return Err(Failure::Refused(format!(
                        "the environment variable `{name}` holds no key; set it, or name another with `--key-env`"
                    )));
                }
            },
        };
        Client::new(&self.url, key).map_err(|error| self.told(&error))
    }

    /// An error of the API, with what to do.
    fn told(&self, error: &ClientError) -> Failure {
        let advice = match error.class {
            ErrorClass::NotFound => {
                "it has no fine-tuning API, or no such model: llama.cpp has none, and `--engine trl` tunes here"
            }
            ErrorClass::Unauthorized => "look at the key, and whether it may tune models",
            ErrorClass::RateLimited => "the account may have no credit left; the same call goes on later",
            ErrorClass::Refused => "the endpoint refuses it; is `--base` a model that it tunes?",
            _ => "the same call goes on where it was",
        };
        LearnError::Engine(format!("{}: {error}\n  {advice}", self.url)).into()
    }
}

/// What a job is made of.
struct Ordering<'a> {
    given: &'a TuneArgs,
    seed: u64,
    train: &'a [u8],
    dev: Option<&'a [u8]>,
    file: &'a Path,
}

impl Ordering<'_> {
    /// Does what is not done yet, and waits; `None` where somebody asked to stop.
    async fn carry_out(&self, place: &Place, now: &mut Kept, talk: &Talk) -> Result<Option<Job>, Failure> {
        let client = place.client()?;
        let told = |error: ClientError| place.told(&client.redacted(error));
        if now.train.is_none() {
            now.train = Some(client.upload_rows("train.jsonl", self.train).await.map_err(told)?);
            write(self.file, now)?;
        }
        if let (Some(dev), None) = (self.dev, &now.dev) {
            now.dev = Some(client.upload_rows("dev.jsonl", dev).await.map_err(told)?);
            write(self.file, now)?;
        }
        if now.job.is_none() {
            let train = now.train.clone().unwrap_or_default();
            // One that was ordered by a call that did not live to write it down.
            let job = match client.job_of_file(&train).await.map_err(told)? {
                Some(job) => job,
                None => {
                    let order = Order {
                        base: &self.given.base,
                        train: &train,
                        dev: now.dev.as_deref(),
                        epochs: self.given.epochs,
                        seed: self.seed & 0x7fff_ffff,
                    };
                    client.order_job(&order).await.map_err(told)?
                }
            };
            now.job = Some(job.id);
            write(self.file, now)?;
        }
        let id = now.job.clone().unwrap_or_default();
        talk.say(&format!("job {id}"));
        let mut interrupts = Interrupts::new();
        match wait(&client, place, &id, &mut interrupts, talk).await? {
            End::Over(job) => Ok(Some(job)),
            End::Asked => {
                let said = format!("job {id} goes on at {}, and costs what it costs", place.url);
                if wants_to_cancel(&said, &mut interrupts, talk).await {
                    let job = client.cancel_job(&id).await.map_err(told)?;
                    talk.say(&format!("job {id} is {}", job.status));
                } else {
                    talk.say(&format!("{said}: the same call waits for it, with `--cancel` it is ended"));
                }
                Ok(None)
            }
        }
    }
}

/// Looks at a job until it is over or somebody asks to stop; says what happens to it.
async fn wait(
    client: &Client,
    place: &Place,
    id: &str,
    interrupts: &mut Interrupts,
    talk: &Talk,
) -> Result<End, Failure> {
    let (mut seen, mut status) = (HashSet::new(), String::new());
    let (mut pause, mut failures) = (FIRST, 0);
    loop {
        let looked = async {
            let job = client.job(id).await?;
            // What happened is good to know, and no reason to give up.
            Ok::<_, ClientError>((job, client.job_events(id).await.unwrap_or_default()))
        };
        let looked = tokio::select! {
            looked = looked => looked,
            () = interrupts.next() => return Ok(End::Asked),
        };
        match looked {
            Ok((job, events)) => {
                failures = 0;
                for event in events.into_iter().filter(|event| seen.insert(event.id.clone())) {
                    talk.say(&format!("  {}", event.message));
                }
                if job.status != status {
                    talk.say(&format!("job is {}", job.status.replace('_', " ")));
                    status.clone_from(&job.status);
                    pause = FIRST;
                }
                if job.is_over() {
                    return Ok(End::Over(job));
                }
            }
            Err(error) => {
                let lasting = [
                    ErrorClass::NotFound,
                    ErrorClass::Unauthorized,
                    ErrorClass::Refused,
                    ErrorClass::Unusable,
                ];
                failures += 1;
                if failures == PATIENCE || lasting.contains(&error.class) {
                    return Err(place.told(&client.redacted(error)));
                }
                pause = error.retry_after.unwrap_or(pause).clamp(FIRST, LONGEST * 30);
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = interrupts.next() => return Ok(End::Asked),
        }
        pause = (pause * 3 / 2).min(LONGEST.max(pause));
    }
}

/// Asks at the terminal; without one a job is left alone.
async fn wants_to_cancel(said: &str, interrupts: &mut Interrupts, talk: &Talk) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    talk.say(&format!("{said}\nend it there too? what it did by now is billed all the same [y/N]"));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        line = line => line.ok().and_then(Result::ok).is_some_and(|line| line.trim().eq_ignore_ascii_case("y")),
        () = interrupts.next() => false,
    }
}

/// Keeps what came of a job.
fn over(job: Job, now: &mut Kept, file: &Path) -> Result<(), Failure> {
    match (job.status.as_str(), job.model) {
        ("succeeded", Some(model)) => {
            now.model = Some(model);
            now.tokens = job.tokens;
            write(file, now)
        }
        (status, _) => {
            // The rows are there already: another call orders another job.
            let id = now.job.take().unwrap_or_default();
            now.train = None;
            now.dev = None;
            write(file, now)?;
            let why = job.error.map(|why| format!(": {why}")).unwrap_or_default();
            Err(LearnError::Engine(format!("job {id} is {status}{why}\n  The same call orders another one"))
                .into())
        }
    }
}

fn cancel(place: &Place, kept: &Option<Kept>, folder: &Path, talk: &Talk) -> Result<Exit, Failure> {
    let Some(id) = kept.as_ref().and_then(|kept| kept.job.as_ref()) else {
        return Err(Failure::Refused(format!("{}: there is no job in it", folder.display())));
    };
    let client = place.client()?;
    let job = super::super::block_on(client.cancel_job(id))?;
    let job = job.map_err(|error| place.told(&client.redacted(error)))?;
    talk.say(&format!("job {id} is {}; what it did by now is billed", job.status));
    Ok(Exit::Complete)
}

/// What would be sent, on standard output.
fn show(given: &TuneArgs, place: &Place, train: &[u8], dev: Option<&[u8]>) -> Result<Exit, Failure> {
    use std::io::Write;
    let lines = |body: &[u8]| body.iter().filter(|byte| **byte == b'\n').count() as u64;
    let first = train.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} ({} bytes){} would go to {}, to tune {}\nthe first:\n{}",
        count(lines(train), "row"),
        thousands((train.len() + dev.map_or(0, <[u8]>::len)) as u64),
        dev.map(|dev| format!(" and {} of dev", count(lines(dev), "row"))).unwrap_or_default(),
        place.url,
        given.base,
        String::from_utf8_lossy(first)
    )?;
    Ok(Exit::Complete)
}

/// Where files are made before it is known that the folder is theirs.
fn staging(folder: &Path) -> PathBuf {
    std::env::temp_dir().join(format!(
        "emogrid-{}-{}",
        std::process::id(),
        folder.file_name().unwrap_or_default().to_string_lossy()
    ))
}

fn read(file: &Path) -> Result<Option<Kept>, Failure> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LearnError::File { path: file.to_owned(), error }.into()),
    };
    let kept = serde_json::from_str(&text);
    kept.map(Some)
        .map_err(|error| Failure::Refused(format!("{}: no job of emogrid's: {error}", file.display())))
}

fn write(file: &Path, kept: &Kept) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(kept).unwrap_or_default() + "\n";
    crate::staged::replace(file, text.as_bytes())
        .map_err(|error| LearnError::File { path: file.to_owned(), error }.into())
}
