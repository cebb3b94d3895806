//! What is still to be asked about texts: of judges, for embeddings, and for names in doubt.

use super::count::count;
use super::rates::Rates;
use super::stages::{JUDGES, LOOK, MEANING};
use crate::client::Client;
use crate::config::resolved::Server;
use crate::dataset::evaluate::Demand;
use crate::dataset::{Models, Recipe, looking};
use crate::fingerprint::{Message, PROMPT};
use crate::pipeline::RunError;
use crate::pipeline::connect::{self, Known};
use crate::prompt::Question;

/// Cells of which the prompt to a judge is counted by the server.
const SAMPLE: usize = 4;
/// In the place of a text that is not written yet: as long as posts are, in words.
const A_TEXT: &str = "I could not believe what she said to me at the party";

/// Open cells, and by stage and model the share of it in what is asked about their texts.
#[derive(Debug)]
pub struct About {
    /// Rows that open cells lack.
    pub rows: u64,
    /// Open cells.
    pub cells: u64,
    pub shares: Vec<Vec<u64>>,
    last: Option<usize>,
}

/// Requests about texts, and what each takes, by stage.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    pub stages: Vec<Each>,
    /// Whether texts tell of all stages; else it is the least there can be.
    pub counted: bool,
}

/// How many requests, and tokens of one, where they are known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Each {
    pub requests: f64,
    pub prompt: Option<f64>,
    pub completion: Option<f64>,
}

impl About {
    pub fn new(recipe: &Recipe, models: &Models) -> Self {
        let stages = JUDGES + recipe.judges.len();
        Self { rows: 0, cells: 0, shares: vec![vec![0; models.list().len()]; stages], last: None }
    }

    /// Takes in a demand; says whether it is the first of its cell.
    pub fn demand(&mut self, recipe: &Recipe, models: &Models, demand: &Demand, missing: u32) -> bool {
        // No row of its cell waits for a counterpart. Several votes on a text are several demands.
        if missing == 0 || self.last.replace(demand.cell) == Some(demand.cell) {
            return false;
        }
        self.rows += u64::from(missing);
        self.cells += 1;
        let mut share = |stage: usize, model: usize| self.shares[stage][model] += u64::from(missing);
        if recipe.judge.looks_again() {
            share(LOOK, models.looking(recipe, demand.cell));
        }
        share(MEANING, models.embedding(recipe));
        for (judge, model) in recipe.judges.iter().enumerate() {
            for vote in 0..model.votes() {
                share(JUDGES + judge, models.judging(recipe, judge, demand.cell, vote));
            }
        }
        true
    }
}

impl Expected {
    /// So many requests by stage, each as those that are known.
    pub fn of(requests: &[f64], rates: &Rates) -> Self {
        let each = requests.iter().enumerate().map(|(stage, requests)| {
            let (prompt, completion) = rates.about(stage);
            // A vector is no text.
            let completion = if stage == MEANING { Some(0.0) } else { completion };
            Each { requests: *requests, prompt, completion }
        });
        Self { stages: each.collect(), counted: rates.tells_of_texts() }
    }

    fn sum(of: &[Each]) -> f64 {
        of.iter().map(|each| each.requests).sum()
    }

    pub fn requests(&self) -> f64 {
        Self::sum(&self.stages)
    }

    /// Second looks, embeddings, and requests to judges.
    pub fn kinds(&self) -> [f64; 3] {
        let one = |stage: usize| self.stages.get(stage).map_or(0.0, |each| each.requests);
        [one(LOOK), one(MEANING), Self::sum(self.stages.get(JUDGES..).unwrap_or_default())]
    }

    /// Has a server count the prompts of which no answer tells, where one was seen.
    ///
    /// # Errors
    /// A template that fails.
    pub async fn count(&mut self, recipe: &Recipe, models: &Models, known: &Known) -> Result<(), RunError> {
        if !known.seen {
            return Ok(());
        }
        for (stage, each) in self.stages.iter_mut().enumerate() {
            if each.requests > 0.0 && each.prompt.is_none() {
                each.prompt = match stage {
                    LOOK => count_looks(recipe, models).await,
                    MEANING => count_embeddings(recipe, models).await,
                    _ => count_judge(recipe, models, stage - JUDGES).await?,
                };
            }
        }
        Ok(())
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

/// Tokens of what is embedded, of a text of usual length.
async fn count_embeddings(recipe: &Recipe, models: &Models) -> Option<f64> {
    let semantic = recipe.config.dedup.semantic.as_ref()?;
    let client = client_of(recipe, models, models.embedding(recipe))?;
    let content = format!("{}{A_TEXT}", semantic.prefix);
    count(&client, &[Message { role: PROMPT, content }]).await.map(|tokens| tokens as f64)
}

/// Tokens of a prompt to a judge, on the average of some cells and a text of usual length.
async fn count_judge(recipe: &Recipe, models: &Models, judge: usize) -> Result<Option<f64>, RunError> {
    let (mut tokens, mut counted) = (0, 0u64);
    let every = (recipe.grid.size() / SAMPLE).max(1);
    for cell in (0..recipe.grid.size()).step_by(every).take(SAMPLE) {
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
