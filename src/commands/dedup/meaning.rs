//! What a table's texts mean, by a served model for embeddings.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::super::served::{Asked, Cost, Keep, Line};
use super::super::{Failure, Talk, open_path, scrub};
use crate::check::embedding::Embedding;
use crate::cli::SemanticArgs;
use crate::config::is_address;
use crate::config::resolved::Semantic;
use crate::dedup::{Direction, Similarity};
use crate::fingerprint::{Frame, Room};
use crate::model::Fingerprint;
use crate::report::{Reading, count, milliseconds, thousands};
use crate::store::Kind;

/// A model that says what texts mean, and what it said.
pub struct Meaning {
    line: Line,
    frame: Frame,
    keep: Keep,
    prefix: String,
    threshold: Similarity,
    /// By request; none of a text that cannot be embedded.
    known: HashMap<Fingerprint, Option<Direction>>,
    room: Room,
    cost: Cost,
    asking: Duration,
}

/// What comparing by meaning came to, for machines and people.
#[derive(Debug, Serialize)]
pub struct Told {
    model: String,
    /// The cosine from which on two texts say the same.
    threshold: f64,
    /// Different texts whose meaning is known.
    texts: u64,
    /// Those of them that were asked for, and that were stored before.
    asked: u64,
    stored: u64,
    requests: u64,
    /// Texts that the server would not embed: they were compared by their words alone.
    refused: u64,
    /// Why, of one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_for: Option<String>,
    /// Rows that say the same as a text of `--against`.
    pub off_limits: u64,
    /// What asking took.
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    texts_per_second: Option<f64>,
    /// Whether the next call finds what was asked.
    kept: bool,
}

impl Meaning {
    /// Finds the endpoint. Answers are stored in the project that the table is in, if it is in one.
    pub async fn open(
        args: &SemanticArgs,
        endpoint: &str,
        table: &Path,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let (mut threshold, mut prefix) = (Semantic::THRESHOLD, String::new());
        let line = if is_address(endpoint) {
            Line::of_address(endpoint, args.semantic_model.as_deref(), key(args)?, talk).await?
        } else {
            if let Some(flag) = args.given_for_address() {
                return Err(Failure::Refused(format!(
                    "{flag} is for an address; a config says that itself, in `endpoints`"
                )));
            }
            let opened = open_path(Path::new(endpoint), &[])?;
            let config = &opened.recipe.config;
            match &config.dedup.semantic {
                Some(semantic) => {
                    (threshold, prefix) = (semantic.threshold, semantic.prefix.clone());
                    let own = semantic.endpoints.first().and_then(|own| config.endpoints.get(*own));
                    match own {
                        Some(own) => Line::of_endpoint(config, own, endpoint, talk).await?,
                        None => Line::of_config(config, endpoint, talk).await?,
                    }
                }
                None => Line::of_config(config, endpoint, talk).await?,
            }
        };
        let store = scrub::store_of(table);
        Ok(Self {
            frame: Frame::embedding(&line.identity),
            line,
            keep: Keep::new(store, Kind::Embedding, 0),
            prefix: args.semantic_prefix.clone().unwrap_or(prefix),
            threshold: args.semantic_at.unwrap_or(Similarity::from_fraction(threshold)),
            known: HashMap::new(),
            room: Room::default(),
            cost: Cost::default(),
            asking: Duration::ZERO,
        })
    }

    pub fn threshold(&self) -> Similarity {
        self.threshold
    }

    /// The request that says what a text means; none of a blank one, which means nothing.
    pub fn request(&mut self, text: &str) -> Option<Fingerprint> {
        (!text.trim().is_empty()).then(|| self.frame.embedded(&self.prefix, text, &mut self.room))
    }

    /// Looks up what is stored.
    pub fn recall(&mut self, requests: &HashSet<Fingerprint>, reading: &mut Reading) -> Result<(), Failure> {
        let mut looked = 0;
        let known = &mut self.known;
        self.keep.each_stored(requests, |request, raw| {
            if let Some(embedding) = raw.and_then(|raw| Embedding::parse(&raw).ok()) {
                known.insert(*request, Some(embedding.direction()));
            }
            looked += 1;
            reading.tick(looked, looked, || "what is stored of their meaning".to_owned());
        })?;
        self.cost.stored = self.known.len() as u64;
        Ok(())
    }

    /// What a request was answered; `None` where it was not asked yet.
    pub fn of(&self, request: &Fingerprint) -> Option<Option<&Direction>> {
        self.known.get(request).map(Option::as_ref)
    }

    /// Asks what these texts mean, each once.
    pub async fn ask(&mut self, texts: &[(Fingerprint, &str)], talk: &Talk) -> Result<(), Failure> {
        let started = Instant::now();
        let mut met = HashSet::new();
        let open: Vec<Asked> = texts
            .iter()
            .filter(|(fingerprint, _)| met.insert(*fingerprint))
            .map(|(fingerprint, text)| Asked {
                fingerprint: *fingerprint,
                ask: self.frame.embed(&self.prefix, text),
            })
            .collect();
        let known = &mut self.known;
        let take = |asked: &Asked, raw: Option<String>| {
            let embedding = raw.and_then(|raw| Embedding::parse(&raw).ok());
            known.insert(asked.fingerprint, embedding.map(Embedding::direction));
        };
        self.line.ask(&open, &self.keep, &mut self.cost, talk, take).await?;
        if self.known.values().all(Option::is_none)
            && let Some(why) = self.cost.why.take()
        {
            return Err(self.line.failed(format!("it embeds none of these texts: {why}")));
        }
        self.asking += started.elapsed();
        Ok(())
    }

    /// Ends what was begun, and says what it came to.
    pub async fn close(self) -> Told {
        let asked = self.cost.asked as f64 / self.asking.as_secs_f64().max(1e-6);
        let told = Told {
            model: self.line.model().to_owned(),
            threshold: self.threshold.fraction(),
            texts: self.known.values().flatten().count() as u64,
            asked: self.cost.asked,
            stored: self.cost.stored,
            requests: self.cost.requests,
            refused: self.cost.refused,
            refused_for: self.cost.why,
            off_limits: 0,
            seconds: milliseconds(self.asking),
            kept: self.keep.keeps(),
            texts_per_second: (self.cost.asked > 0).then_some((asked * 10.0).round() / 10.0),
        };
        self.line.close().await;
        told
    }
}

impl Told {
    /// The same for people.
    pub fn text(&self) -> String {
        let mut out = format!(
            "the meaning of {} by {}: {} asked, {} stored before",
            count(self.texts, "text"),
            self.model,
            thousands(self.asked),
            thousands(self.stored)
        );
        if let Some(rate) = self.texts_per_second {
            out.push_str(&format!("; {}, {rate} texts/s", count(self.requests, "request")));
            if !self.kept {
                out.push_str("\n  not stored: the table is in no project");
            }
        }
        if self.refused > 0 {
            let texts = count(self.refused, "text");
            out.push_str(&format!("\n{texts} that it would not embed: only their words were compared"));
            if let Some(why) = &self.refused_for {
                out.push_str(&format!("\n  such as for: {why}"));
            }
        }
        out
    }
}

/// The key of an address, if one is named.
fn key(args: &SemanticArgs) -> Result<Option<String>, Failure> {
    let Some(name) = &args.key_env else { return Ok(None) };
    match std::env::var(name) {
        Ok(key) if !key.trim().is_empty() => Ok(Some(key.trim().to_owned())),
        _ => Err(Failure::Refused(format!(
            "the environment variable `{name}` holds no key; set it, or name another with `--key-env`"
        ))),
    }
}
