//! What runs learned of a model, for later plans: how its answers were judged and how fast it was,
//! and how many tokens prompts have.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Reader, StoreError, Writer, now};
use crate::fingerprint::Identity;
use crate::model::Fingerprint;

/// What one run learned of a model at an address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// Requests that were under way at a time.
    pub at_a_time: f64,
    /// Answers that came.
    pub requests: u64,
    /// Seconds of these requests together, each from its sending to its whole answer.
    pub busy_seconds: f64,
    pub completion_tokens: u64,
    /// The most candidates that an ask could give.
    pub candidates_per_ask: u32,
    /// What the answers of the whole dataset brought and took in the end, as who wrote it keeps it.
    #[serde(default)]
    pub learned: Value,
}

/// Runs that are looked back on.
const RUNS: u32 = 16;

/// A model as a text that is the same for the same model.
fn model_text(model: &Identity) -> String {
    serde_json::to_string(model).unwrap_or_default()
}

impl Writer {
    /// Keeps what a run of a config learned.
    pub fn experience(
        &self,
        config: &str,
        address: &str,
        model: &Identity,
        learned: &Experience,
    ) -> Result<(), StoreError> {
        let (config, address, model) = (config.to_owned(), address.to_owned(), model_text(model));
        let learned = serde_json::to_string(learned).unwrap_or_default();
        self.task(move |transaction| {
            transaction.execute(
                "INSERT INTO experience (config, address, model, learned, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![config, address, model, learned, now()],
            )?;
            Ok(())
        })
    }

    /// Keeps how many tokens the prompts of some asks have.
    pub fn prompt_tokens(&self, counted: &[(Fingerprint, u64)]) -> Result<(), StoreError> {
        let counted = counted.to_vec();
        self.task(move |transaction| {
            let mut insert = transaction
                .prepare("INSERT OR REPLACE INTO prompt_tokens (fingerprint, tokens) VALUES (?1, ?2)")?;
            for (fingerprint, tokens) in counted {
                insert.execute(params![fingerprint.0, tokens as i64])?;
            }
            Ok(())
        })
    }
}

impl Reader {
    /// Whether the store is of a format that has these tables: an older one is only brought up to
    /// date by who writes.
    fn learns(&self) -> Result<bool, StoreError> {
        self.connection
            .query_row(
                "SELECT count(*) = 2 FROM sqlite_master WHERE name IN ('experience', 'prompt_tokens')",
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.dir.sqlite(error))
    }

    /// What the last runs learned of a model at an address, newest first.
    pub fn experience_at(&self, address: &str, model: &Identity) -> Result<Vec<Experience>, StoreError> {
        if !self.learns()? {
            return Ok(Vec::new());
        }
        let query = || {
            let mut query = self.connection.prepare_cached(
                "SELECT learned FROM experience WHERE address = ?1 AND model = ?2 ORDER BY id DESC LIMIT ?3",
            )?;
            let rows =
                query.query_map(params![address, model_text(model), RUNS], |row| row.get::<_, String>(0))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let texts = query().map_err(|error| self.dir.sqlite(error))?;
        Ok(texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect())
    }

    /// What the last run of a config learned of a model, wherever that was.
    pub fn last_experience(&self, config: &str, model: &Identity) -> Result<Option<Experience>, StoreError> {
        if !self.learns()? {
            return Ok(None);
        }
        let query = || {
            self.connection
                .prepare_cached(
                    "SELECT learned FROM experience WHERE config = ?1 AND model = ?2 ORDER BY id DESC LIMIT 1",
                )?
                .query_row(params![config, model_text(model)], |row| row.get::<_, String>(0))
                .optional()
        };
        let text = query().map_err(|error| self.dir.sqlite(error))?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// How many tokens the prompts of some asks have, as far as they were counted.
    pub fn prompt_tokens(&self, asks: &[Fingerprint]) -> Result<HashMap<Fingerprint, u64>, StoreError> {
        if !self.learns()? {
            return Ok(HashMap::new());
        }
        let query = || {
            let mut query =
                self.connection.prepare_cached("SELECT tokens FROM prompt_tokens WHERE fingerprint = ?1")?;
            let mut out = HashMap::new();
            for ask in asks {
                let tokens = query.query_row(params![ask.0], |row| row.get::<_, i64>(0)).optional()?;
                out.extend(tokens.map(|tokens| (*ask, tokens.unsigned_abs())));
            }
            Ok(out)
        };
        query().map_err(|error| self.dir.sqlite(error))
    }
}
