//! What is still to be asked about texts: of judges, for embeddings, and for names in doubt.

use super::ANSWERS;
use super::count::count;
use super::evidence::{Evidence, Judged, LEAST_ANSWERS};
use super::sample::Sample;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::check::usage::Usage;
use crate::client::Client;
use crate::config::resolved::Server;
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe, looking};
use crate::fingerprint::{Message, PROMPT};
use crate::pipeline::RunError;
use crate::pipeline::connect::{self, Known};
use crate::prompt::Question;
use crate::store::Reader;

/// Judges' prompts that are counted by the server.
const SAMPLE: usize = 8;
/// In the place of a text that is not written yet: as long as posts are, in words.
const A_TEXT: &str = "I could not believe what she said to me at the party";

/// Of open cells, by model: what its judges will be asked.
#[derive(Debug)]
pub struct About {
    /// Rows that open cells lack.
    pub rows: u64,
    /// Open cells.
    pub cells: u64,
    /// By model: the share of it in what judges are asked at least.
    pub shares: Vec<u64>,
    /// By model: open cells whose texts it is asked for names in doubt of.
    pub looking: Vec<u64>,
    last: Option<usize>,
    pub judged: Sample<()>,
    pub embedded: Sample<()>,
    pub looked: Sample<()>,
}

/// Requests about texts, and what each takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    pub looks: Each,
    pub judges: Each,
    pub embeddings: Each,
    /// Whether rows were counted for it; else it is the least there can be.
    pub counted: bool,
}

impl Expected {
    pub fn requests(&self) -> f64 {
        self.looks.requests + self.judges.requests + self.embeddings.requests
    }
}

/// How many requests, and tokens of one, where they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Each {
    pub requests: f64,
    pub prompt: Option<f64>,
    pub completion: Option<f64>,
}

impl About {
    pub fn new(models: usize) -> Self {
        let sample = || Sample::new(ANSWERS);
        let (shares, looking) = (vec![0; models], vec![0; models]);
        let (judged, embedded, looked) = (sample(), sample(), sample());
        Self { rows: 0, cells: 0, shares, looking, last: None, judged, embedded, looked }
    }

    /// Takes in a demand; says whether it is the first of its cell.
    pub fn demand(&mut self, recipe: &Recipe, models: &Models, demand: &Demand, missing: u32) -> bool {
        // No row of its cell waits for a counterpart.
        if missing == 0 || self.last.replace(demand.cell) == Some(demand.cell) {
            return false;
        }
        self.rows += u64::from(missing);
        self.cells += 1;
        if recipe.judge.looks_again() {
            self.looking[models.looking(recipe, demand.cell)] += u64::from(missing);
        }
        for (judge, model) in recipe.judges.iter().enumerate() {
            let share = &mut self.shares[models.judging(recipe, judge, demand.cell, 0)];
            *share += u64::from(missing) * u64::from(model.votes());
        }
        true
    }

    /// What is to be asked about the texts of open cells, `waiting` of them second looks that are open now. What each
    /// takes is not known yet.
    pub fn expected(
        &self,
        recipe: &Recipe,
        evidence: &Evidence<'_>,
        before: Option<&Judged>,
        waiting: u64,
    ) -> Expected {
        if !recipe.looks_into_texts() {
            return Expected { counted: true, ..Expected::default() };
        }
        let stored = evidence.all.about_a_row();
        let per_row = stored.or_else(|| before.and_then(Judged::about_a_row));
        // What was never asked before is not told by rows without it.
        let votes: u32 = recipe.judges.iter().map(|judge| judge.votes()).sum();
        let embeds = u32::from(recipe.config.dedup.semantic.is_some());
        let (judges, embeddings) = per_row.unwrap_or_default();
        let rows = self.rows as f64;
        let at_least = |each: f64, least: u32| rows * each.max(f64::from(least));
        // How many texts have a name in doubt is told by those that were read.
        let looks = evidence.all.looks_at_a_row();
        let looks = looks.or_else(|| before.and_then(Judged::looks_at_a_row));
        let looks = looks.filter(|_| recipe.judge.looks_again()).unwrap_or_default();
        Expected {
            looks: Each { requests: (rows * looks).max(waiting as f64), ..Each::default() },
            judges: Each { requests: at_least(judges, votes), ..Each::default() },
            embeddings: Each { requests: at_least(embeddings, embeds), ..Each::default() },
            counted: per_row.is_some_and(|(judges, embeddings)| {
                (votes == 0 || judges > 0.0) && (embeds == 0 || embeddings > 0.0)
            }),
        }
    }

    /// Fills in what each takes, where stored answers tell, or a server that was seen.
    ///
    /// # Errors
    /// A store that cannot be read, and a template that fails.
    pub async fn weigh(
        &self,
        out: &mut Expected,
        (recipe, models): (&Recipe, &Models),
        known: &Known,
        reader: Option<&Reader>,
    ) -> Result<(), RunError> {
        if !recipe.looks_into_texts() {
            return Ok(());
        }
        if let Some(reader) = reader {
            let most = recipe.config.checks.judges.iter().map(|judge| judge.sampling.max_tokens).max();
            let usage = |raw: &str| Answer::parse(raw).ok().and_then(|answer| answer.usage);
            out.looks.of_stored(&self.looked, reader, looking::MAX_TOKENS, usage)?;
            out.judges.of_stored(&self.judged, reader, most.unwrap_or_default(), usage)?;
            let usage = |raw: &str| Embedding::parse(raw).ok().and_then(|embedding| embedding.usage);
            out.embeddings.of_stored(&self.embedded, reader, 0, usage)?;
        }
        out.embeddings.completion = Some(0.0);
        if known.seen {
            if out.looks.prompt.is_none() && recipe.judge.looks_again() {
                out.looks.prompt = count_looks(recipe, models).await;
            }
            if out.judges.prompt.is_none() && !recipe.judges.is_empty() {
                out.judges.prompt = count_judges(recipe, models).await?;
            }
            if let (None, Some(semantic)) = (out.embeddings.prompt, &recipe.config.dedup.semantic)
                && let Some(client) = client_of(recipe, models, models.embedding(recipe))
            {
                let content = format!("{}{A_TEXT}", semantic.prefix);
                let tokens = count(&client, &[Message { role: PROMPT, content }]).await;
                out.embeddings.prompt = tokens.map(|tokens| tokens as f64);
            }
        }
        Ok(())
    }
}

impl Each {
    /// Takes its tokens from stored answers, where there are enough.
    fn of_stored(
        &mut self,
        sample: &Sample<()>,
        reader: &Reader,
        max_tokens: u32,
        usage: impl Fn(&str) -> Option<Usage>,
    ) -> Result<(), RunError> {
        let (mut prompt, mut completion, mut count) = (0, 0, 0u64);
        for fingerprint in sample.items().keys() {
            if let Some(usage) = reader.answer(fingerprint, max_tokens)?.and_then(|raw| usage(&raw)) {
                prompt += usage.prompt_tokens;
                completion += usage.completion_tokens;
                count += 1;
            }
        }
        if count >= LEAST_ANSWERS {
            self.prompt = Some(prompt as f64 / count as f64);
            self.completion = Some(completion as f64 / count as f64);
        }
        Ok(())
    }

    /// All of its tokens of one kind, where they are known.
    pub fn all(&self, of: Option<f64>) -> Option<f64> {
        match self.requests > 0.0 {
            true => Some(self.requests * of?),
            false => Some(0.0),
        }
    }
}

/// The way to a llama.cpp server of the user's that has a model.
fn client_of(recipe: &Recipe, models: &Models, model: usize) -> Option<Client> {
    let model = &models.list()[model];
    let ends = model.endpoints.iter().map(|endpoint| &recipe.config.endpoints[*endpoint]);
    ends.filter(|_| model.identity.is_llama_cpp()).find_map(|endpoint| match &endpoint.server {
        Server::Url(url) => connect::client(endpoint, url).ok(),
        Server::Managed(_) => None,
    })
}

/// Tokens of a prompt for the names in a text of usual length.
async fn count_looks(recipe: &Recipe, models: &Models) -> Option<f64> {
    let client = client_of(recipe, models, models.looking(recipe, 0))?;
    let messages = looking::messages(A_TEXT).map(|(role, content)| Message { role, content });
    count(&client, &messages).await.map(|tokens| tokens as f64)
}

/// Tokens of a prompt to a judge, on the average of some cells and a text of usual length.
async fn count_judges(recipe: &Recipe, models: &Models) -> Result<Option<f64>, RunError> {
    let (mut tokens, mut counted) = (0, 0u64);
    let every = (recipe.grid.size() / SAMPLE).max(1);
    for (at, cell) in (0..recipe.grid.size()).step_by(every).take(SAMPLE).enumerate() {
        let judge = at % recipe.judges.len().max(1);
        let Some(client) = client_of(recipe, models, models.judging(recipe, judge, cell, 0)) else {
            continue;
        };
        let question = Question { judge, cell: recipe.grid.cell(cell), number: 0, text: A_TEXT };
        let mut messages = Vec::new();
        let mut add = |role, content: &str| messages.push(Message { role, content: content.to_owned() });
        recipe.prompts.visit_judge(&recipe.grid, question, &mut add)?;
        let Some(found) = count(&client, &messages).await else { return Ok(None) };
        tokens += found;
        counted += 1;
    }
    Ok((counted > 0).then(|| tokens as f64 / counted as f64))
}
