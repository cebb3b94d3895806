//! The config as the rest of the program sees it: validated once, nothing left to ask about.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

pub use super::anonymize::Anonymize;
use super::audit::Audit;
use super::curation::Curation;
use super::diagnostic::Span;
pub use super::exemplars::{Exemplar, Exemplars};
pub use super::judges::{Judge, Rule as JudgeRule};
pub use super::label::LabelProbe;
use super::night::Night;
pub use super::second::SecondLook;
pub use super::semantic::Semantic;

/// A whole config. Serialised, it is what a snapshot keeps and compares.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    pub name: String,
    pub seed: u64,
    #[serde(skip)]
    pub project: Project,
    #[serde(serialize_with = "by_name")]
    pub endpoints: Vec<Endpoint>,
    pub prompt: Prompt,
    pub sampling: Sampling,
    pub response: Response,
    pub axes: Vec<Axis>,
    pub exclude: Vec<Rule>,
    pub only: Vec<Rule>,
    pub samples: Samples,
    pub checks: Checks,
    pub anonymize: Anonymize,
    pub scope: Scope,
    pub dedup: Dedup,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curation: Option<Curation>,
    pub lists: Vec<List>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exemplars: Option<Exemplars>,
    pub output: PathBuf,
    /// It shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub run: RunLimits,
    /// Nor does this.
    #[serde(skip)]
    pub night: Night,
    /// It shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub audit: Audit,
}

/// How far one run goes.
#[derive(Debug, Clone)]
pub struct RunLimits {
    /// A local time of day.
    pub until: Option<jiff::civil::Time>,
    pub lasts: Option<Duration>,
    pub max_requests: Option<u64>,
    pub token_budget: Option<u64>,
    pub max_cost: Option<f64>,
    /// Failures of one ask, while others go through, before it is given up.
    pub tries: u32,
    /// The same of those that took until their timeout.
    pub timeouts: u32,
    /// Failures in a row that prove a server away.
    pub circuit: u32,
    /// How many times as long as others a request takes before it is sent a second time; 0: never.
    pub hedge: u32,
    /// Prompts that begin alike go to the same slot, one after the other.
    pub alike: bool,
    /// Rows that may leave the dataset until remade.
    pub max_leaving: u64,
}

/// Where a config and its project live.
#[derive(Debug, Clone, Default)]
pub struct Project {
    pub root: PathBuf,
    pub config: PathBuf,
}

impl Project {
    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.root.join(".emogrid")
    }

    /// The folder that templates are looked up in.
    pub fn prompts(&self) -> PathBuf {
        self.root.join("prompts")
    }
}

impl Config {
    /// The dataset's own folder.
    pub fn dataset_dir(&self) -> PathBuf {
        self.project.root.join(&self.output).join(&self.name)
    }

    /// The longest that any endpoint may take over a request.
    pub fn longest_timeout(&self) -> Duration {
        self.endpoints.iter().map(|endpoint| endpoint.timeout).max().unwrap_or_default()
    }

    /// The most candidates that one ask can give.
    pub fn candidates_per_ask(&self) -> u32 {
        self.response.items * self.response.n
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    #[serde(skip)]
    pub name: String,
    pub server: Server,
    pub model: Option<String>,
    /// The share of the asks that its model gets.
    pub weight: f64,
    pub api_key_env: Option<String>,
    pub slots: Slots,
    pub requests_per_minute: Option<u32>,
    pub burst: u32,
    pub tokens_per_minute: Option<u32>,
    pub price: Option<Price>,
    pub timeout: Duration,
    pub patience: Duration,
}

/// Requests at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Slots {
    /// At most what the server has; as many of them as serve best.
    Auto,
    Exactly(u32),
    /// As many as serve best, from the least to the most.
    Between(u32, u32),
}

/// What a million tokens cost, in a currency of the user's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Price {
    pub prompt: f64,
    pub completion: f64,
}

fn by_name<S: serde::Serializer>(endpoints: &[Endpoint], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(endpoints.iter().map(|endpoint| (&endpoint.name, endpoint)))
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Server {
    /// The address without a trailing slash or `/v1`.
    Url(String),
    Managed(Managed),
}

#[derive(Debug, Clone, Serialize)]
pub struct Managed {
    pub model: ManagedModel,
    /// An adapter for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lora: Option<PathBuf>,
    /// How often it is started again, should it end or hang in mid-run.
    pub restarts: u32,
    /// How long its model may take to load; it shapes no row, so a snapshot does not keep it.
    #[serde(skip)]
    pub loading: Duration,
    pub command: String,
    pub args: Vec<String>,
    pub slots: u32,
    pub context: u32,
    pub threads: Option<u32>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ManagedModel {
    Quickstart,
    File(PathBuf),
}

#[derive(Debug, Clone, Serialize)]
pub struct Prompt {
    pub system: Option<Template>,
    /// The last message; or the whole prompt, which the model goes on with.
    pub user: Vec<Variant>,
    /// Whether it is a prompt to go on with, and no chat.
    pub completion: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Variant {
    pub name: String,
    pub weight: f64,
    /// The model that it is for, by the name that the config calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The endpoints that this means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
    #[serde(skip)]
    pub model_at: Option<Span>,
    pub template: Template,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// A file under `prompts/`, by its name there.
    File(String, #[serde(skip)] Span),
    Inline(String, #[serde(skip)] Span),
}

#[derive(Debug, Clone, Serialize)]
pub struct Sampling {
    pub temperature: f64,
    pub top_p: f64,
    pub top_k: Option<i64>,
    pub min_p: Option<f64>,
    pub repeat_penalty: Option<f64>,
    pub presence_penalty: f64,
    pub frequency_penalty: f64,
    pub stop: Vec<String>,
    pub max_tokens: u32,
    pub extra: Map<String, Value>,
    /// What makes the likeliest token always win: temperature 0, or `top_k: 1`.
    #[serde(skip)]
    pub greedy_at: Option<Span>,
}

impl Sampling {
    /// With these, and the defaults for all else.
    pub fn new(temperature: f64, top_p: f64, max_tokens: u32) -> Self {
        Self {
            temperature,
            top_p,
            top_k: None,
            min_p: None,
            repeat_penalty: None,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            stop: Vec::new(),
            max_tokens,
            extra: Map::new(),
            greedy_at: None,
        }
    }

    /// The likeliest answer.
    pub fn likeliest(max_tokens: u32) -> Self {
        Self::new(0.0, 1.0, max_tokens)
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Response {
    pub format: Format,
    /// The field that holds the text.
    pub text: String,
    /// JSON Schema of one item; meaningless under `Format::Text`.
    pub schema: Value,
    pub items: u32,
    pub n: u32,
    #[serde(skip)]
    pub schema_at: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Json,
    Text,
    /// A text a line.
    Lines,
}

#[derive(Debug, Clone, Serialize)]
pub struct Axis {
    pub name: String,
    pub label: bool,
    pub values: Vec<AxisValue>,
    #[serde(skip)]
    pub at: Option<Span>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct AxisValue {
    pub name: String,
    pub attributes: Map<String, Value>,
    /// The endpoints that its attribute `model` means; `None`: any.
    #[serde(skip)]
    pub endpoints: Option<Vec<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Polarity {
    Positive,
    Negative,
}

impl AxisValue {
    /// An attribute says it, or else the name.
    pub fn polarity(&self) -> Option<Polarity> {
        let said = self.attributes.get("polarity").and_then(Value::as_str);
        match said.unwrap_or(&self.name) {
            "positive" => Some(Polarity::Positive),
            "negative" => Some(Polarity::Negative),
            _ => None,
        }
    }
}

/// One item of `exclude` or `only`: all of its parts must match.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// By axis: the values that match, as indices.
    pub values: Vec<(usize, Vec<usize>)>,
    pub condition: Option<String>,
    #[serde(skip)]
    pub at: Option<Span>,
    #[serde(skip)]
    pub condition_at: Option<Span>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Samples {
    #[serde(flatten)]
    pub amount: Amount,
    /// `None`: by the cell that wants most.
    pub max_asks: Option<u32>,
    #[serde(skip)]
    pub max_asks_at: Option<Span>,
    pub allow_short: f64,
    /// Whether the config says what is to be balanced, be it nothing.
    #[serde(skip)]
    pub balance_said: bool,
}

/// How many rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Amount {
    PerCell {
        per_cell: u32,
    },
    /// Shared out by weight; the axes named are balanced.
    Total {
        total: u64,
        balance: Vec<usize>,
    },
}

/// What a text must be to become a row.
#[derive(Debug, Clone, Serialize)]
pub struct Checks {
    pub words: Option<(usize, usize)>,
    pub characters: Option<(usize, usize)>,
    pub mend: bool,
    pub whitespace: bool,
    pub repetition: bool,
    pub refusal: bool,
    pub leftover: bool,
    pub placeholder: bool,
    pub unfinished: bool,
    /// Words in a row that a text may not have from the prompts.
    pub echo: Option<usize>,
    /// Its code.
    pub language: Option<String>,
    pub label_leakage: Option<LeakageLimit>,
    pub sentiment: Option<SentimentLimit>,
    pub toxicity: Toxicity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelProbe>,
    /// In the order in which they are asked.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "super::judges::by_name")]
    pub judges: Vec<Judge>,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            words: None,
            characters: None,
            mend: true,
            whitespace: true,
            repetition: true,
            refusal: true,
            leftover: true,
            placeholder: true,
            unfinished: true,
            echo: Some(DEFAULT_ECHO),
            language: None,
            label_leakage: None,
            sentiment: None,
            toxicity: Toxicity::default(),
            label: None,
            judges: Vec::new(),
        }
    }
}

/// Words in a row from a prompt that are too many, unless the config says otherwise.
pub const DEFAULT_ECHO: usize = 8;

/// Against a positive or negative value, how far the other way a text may go.
pub const DEFAULT_SENTIMENT: f64 = 0.75;

/// The share of a label's rows that may name it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakageLimit {
    /// As many as people do.
    Human,
    Share(f64),
}

#[derive(Debug, Clone, Serialize)]
pub struct SentimentLimit {
    /// An index.
    pub axis: usize,
    pub at_most: f64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Toxicity {
    pub level: ToxicityLevel,
    /// The user's own terms.
    #[serde(skip)]
    pub terms: Vec<String>,
    /// BLAKE3 of their file, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// How much is too much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ToxicityLevel {
    #[default]
    Off,
    /// What is aimed at somebody: slurs, threats, wishes of harm, hate, and insults to the face.
    Mild,
    /// Swearing at nobody too, and insults behind the back.
    Strict,
}

/// Which texts are duplicates of each other.
#[derive(Debug, Clone, Serialize)]
pub struct Dedup {
    /// `off`, `exact`, `strict`, `default` or `aggressive`.
    pub level: &'static str,
    /// In place of the level's own.
    pub threshold: Option<f64>,
    /// `exact-join` or `minhash`.
    pub method: &'static str,
    pub against: Vec<OffLimits>,
    pub statistics: Option<WordFile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic: Option<Semantic>,
}

/// Texts that no row may be like.
#[derive(Debug, Clone, Serialize)]
pub struct OffLimits {
    pub path: PathBuf,
    /// The column with the texts, where it is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    /// With the line of each.
    #[serde(skip)]
    pub texts: Vec<(usize, String)>,
}

/// A file of word statistics.
#[derive(Debug, Clone, Serialize)]
pub struct WordFile {
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    #[serde(skip)]
    pub text: String,
    /// The file's first line.
    #[serde(skip)]
    pub at: Span,
}

impl WordFile {
    /// Where a line of it stands, counted from 1.
    pub fn line(&self, line: usize) -> Span {
        super::lists::line_span(&self.text, line, self.at.source)
    }
}

/// Where two equal texts are one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Cell,
    Label,
    Dataset,
}

#[derive(Debug, Clone, Serialize)]
pub struct List {
    pub name: String,
    pub path: PathBuf,
    /// BLAKE3 of the file, in hexadecimal.
    pub hash: String,
    #[serde(skip)]
    pub items: Vec<Value>,
    #[serde(skip)]
    pub at: Span,
}
