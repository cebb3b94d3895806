//! OpenAI's fine-tuning API: files, jobs and their events.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::{ClientError, ErrorClass};
use super::http::Client;

/// How long one request may take; an upload takes longer.
const TIMEOUT: Duration = Duration::from_secs(60);
const UPLOAD: Duration = Duration::from_secs(1800);

/// Where a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    /// `validating_files`, `queued`, `running`, `succeeded`, `failed`, `cancelled`.
    pub status: String,
    /// The tuned model, once there is one.
    pub model: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Tokens that are billed.
    pub tokens: Option<u64>,
}

/// Something that happened to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: String,
    pub message: String,
}

/// What a job is to do.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    pub base: &'a str,
    pub train: &'a str,
    pub dev: Option<&'a str>,
    /// Times through the rows; the server's own choice where `None`.
    pub epochs: Option<u32>,
    pub seed: u64,
}

impl Job {
    fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Some(Self {
            id: text("id")?,
            status: text("status").unwrap_or_else(|| "queued".into()),
            model: text("fine_tuned_model"),
            error: value["error"]["message"].as_str().filter(|said| !said.is_empty()).map(str::to_owned),
            tokens: value["trained_tokens"].as_u64(),
        })
    }

    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        ["succeeded", "failed", "cancelled"].contains(&self.status.as_str())
    }
}

impl Client {
    /// Uploads rows, and gives the file's id.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn upload_rows(&self, name: &str, rows: &[u8]) -> Result<String, ClientError> {
        // It must not stand in the rows, of which it is a hash.
        let boundary = format!("emogrid-{}", &blake3::hash(rows).to_hex()[..32]);
        let mut body = Vec::with_capacity(rows.len() + 512);
        body.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfine-tune\r\n\
                 --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 Content-Type: application/jsonl\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(rows);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={boundary}");
        let answer = parsed(&self.post_as("/v1/files", &kind, body, UPLOAD).await?)?;
        answer["id"].as_str().map(str::to_owned).ok_or_else(|| garbled("a file without an id"))
    }

    /// Orders a job.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn order_job(&self, order: &Order<'_>) -> Result<Job, ClientError> {
        let mut body = json!({
            "model": order.base, "training_file": order.train, "suffix": "emogrid", "seed": order.seed,
        });
        if let Some(dev) = order.dev {
            body["validation_file"] = dev.into();
        }
        if let Some(epochs) = order.epochs {
            body["method"] =
                json!({ "type": "supervised", "supervised": { "hyperparameters": { "n_epochs": epochs } } });
        }
        let answer = self.post("/v1/fine_tuning/jobs", body.to_string(), TIMEOUT).await?;
        Job::read(&parsed(&answer)?).ok_or_else(|| garbled("a job without an id"))
    }

    /// The latest job that trains on a file; `None` where there is none, or the server lists no jobs.
    ///
    /// # Errors
    /// What the server or the way to it says: then nobody knows whether there is one.
    pub async fn job_of_file(&self, train: &str) -> Result<Option<Job>, ClientError> {
        let mut after = String::new();
        loop {
            let listed = self.get(&format!("/v1/fine_tuning/jobs?limit=100{after}"), TIMEOUT).await;
            let answer = match listed {
                Err(error) if error.class == ErrorClass::NotFound => return Ok(None),
                listed => parsed(&listed?)?,
            };
            let jobs = answer["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let Some(job) = jobs.iter().find(|job| job["training_file"] == train) {
                return Ok(Job::read(job));
            }
            let last = jobs.last().and_then(|job| job["id"].as_str());
            let next = last.map(|last| format!("&after={last}")).filter(|next| *next != after);
            match next {
                Some(next) if answer["has_more"] == true => after = next,
                _ => return Ok(None),
            }
        }
    }

    /// Where a job is.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn job(&self, id: &str) -> Result<Job, ClientError> {
        let answer = self.get(&format!("/v1/fine_tuning/jobs/{id}"), TIMEOUT).await?;
        Job::read(&parsed(&answer)?).ok_or_else(|| garbled("a job without an id"))
    }

    /// What happened to a job of late, the first first.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn job_events(&self, id: &str) -> Result<Vec<Event>, ClientError> {
        let answer = self.get(&format!("/v1/fine_tuning/jobs/{id}/events?limit=50"), TIMEOUT).await?;
        let answer = parsed(&answer)?;
        let events = answer["data"].as_array().into_iter().flatten().filter_map(|event| {
            let text = |name: &str| event[name].as_str().map(str::to_owned);
            Some(Event { id: text("id")?, message: text("message")? })
        });
        // Servers tell the latest first.
        let mut events: Vec<Event> = events.collect();
        events.reverse();
        Ok(events)
    }

    /// Ends a job.
    ///
    /// # Errors
    /// What the server or the way to it says.
    pub async fn cancel_job(&self, id: &str) -> Result<Job, ClientError> {
        let answer = self.post(&format!("/v1/fine_tuning/jobs/{id}/cancel"), "{}", TIMEOUT).await?;
        Job::read(&parsed(&answer)?).ok_or_else(|| garbled("a job without an id"))
    }
}

fn parsed(answer: &str) -> Result<Value, ClientError> {
    serde_json::from_str(answer).map_err(|error| garbled(&format!("what is no JSON: {error}")))
}

fn garbled(what: &str) -> ClientError {
    ClientError::new(ErrorClass::Garbled, format!("the server answers {what}"))
}
