//! What is still to be asked about texts: of judges, for embeddings, and for names in doubt.

use super::count::count;
use super::evidence::{Brought, EMBEDDED, JUDGED, LOOKED, Learned};
use super::sample::LEAST;
use super::stages::{JUDGES, LOOK, MEANING};
use super::tokens::Tokens;
use crate::client::Client;
use crate::config::resolved::Server;
use crate::dataset::evaluate::{Demand, To};
use crate::dataset::{Models, Recipe, looking};
use crate::fingerprint::{Message, PROMPT};
use crate::pipeline::RunError;
use crate::pipeline::connect::{self, Known};
use crate::prompt::Question;

/// Judges' prompts that are counted by the server.
const SAMPLE: usize = 8;
/// In the place of a text that is not written yet: as long as posts are, in words.
const A_TEXT: &str = "I could not believe what she said to me at the party";

/// Of open cells, by model: what is to be asked about their texts.
#[derive(Debug)]
pub struct About {
    /// Rows that open cells lack.
    pub rows: u64,
    /// Open cells.
    pub cells: u64,
    /// By model: the share of it in what judges are asked at least.
    pub judging: Vec<u64>,
    /// By model: open cells whose texts it is asked for names in doubt of.
    pub looking: Vec<u64>,
    /// Of texts that wait, what judges and the embedder have answered.
    judged: u64,
    embedded: u64,
    last: Option<usize>,
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

impl Each {
    /// So many, each as one of those that are known.
    fn of(requests: f64, known: [&Tokens; 2]) -> Self {
        let prompt = known.iter().find_map(|of| of.prompt(None));
        let completion = known.iter().find_map(|of| of.completion());
        Self { requests, prompt, completion }
    }
}

impl About {
    pub fn new(models: usize) -> Self {
        let (judging, looking) = (vec![0; models], vec![0; models]);
        Self { rows: 0, cells: 0, judging, looking, judged: 0, embedded: 0, last: None }
    }

    /// Takes in a demand; says whether it is the first of its cell.
    pub fn demand(&mut self, recipe: &Recipe, models: &Models, demand: &Demand, missing: u32) -> bool {
        // No row of its cell waits for a counterpart.
        if missing == 0 {
            return false;
        }
        let judge = match demand.about.map(|about| about.to) {
            Some(To::Judge(judge)) => Some(usize::from(judge)),
            _ => None,
        };
        if self.last.replace(demand.cell) == Some(demand.cell) {
            // Another vote on its text.
            self.judged = self.judged.saturating_sub(u64::from(judge.is_some()));
            return false;
        }
        if let Some(judge) = judge {
            // Judges are asked one after the other, and once it is known what the text means.
            let votes: u32 = recipe.judges[..=judge].iter().map(|judge| judge.votes()).sum();
            self.judged += u64::from(votes.saturating_sub(1));
            self.embedded += u64::from(recipe.config.dedup.semantic.is_some());
        }
        self.rows += u64::from(missing);
        self.cells += 1;
        if recipe.judge.looks_again() {
            self.looking[models.looking(recipe, demand.cell)] += u64::from(missing);
        }
        for (judge, model) in recipe.judges.iter().enumerate() {
            let share = &mut self.judging[models.judging(recipe, judge, demand.cell, 0)];
            *share += u64::from(missing) * u64::from(model.votes());
        }
        true
    }

    /// What is to be asked about so many rows of open cells, where so many second looks are open now; by what is stored, or
    /// else by what the last run kept.
    pub fn expected(&self, recipe: &Recipe, known: [&Learned; 2], (rows, looks): (f64, u64)) -> Expected {
        if !recipe.looks_into_texts() {
            return Expected { counted: true, ..Expected::default() };
        }
        let passing = known.map(|known| (known, known.all()));
        // Texts that come to a stage for one that it lets pass; `None` where too few did.
        let a_text = |stage: usize| {
            let asked =
                |(known, all): &&(&Learned, Brought)| known.has(stage) && all.passing.known(stage) >= LEAST;
            let (_, all) = passing.iter().find(asked)?;
            // That none of some passed is no proof that none ever will.
            let known = all.passing.known(stage) as f64;
            Some((known + HALF) / (known * all.passing.passes(stage) + HALF))
        };
        let last = JUDGES + recipe.judges.len();
        // What was never asked before is not told by rows without it.
        let a_row = |from: usize| (from..last).map(|stage| a_text(stage).unwrap_or(1.0)).product::<f64>();
        let votes = recipe.judges.iter().enumerate();
        let judges: f64 = votes.map(|(at, judge)| f64::from(judge.votes()) * a_row(JUDGES + at)).sum();
        let embeds = u32::from(recipe.config.dedup.semantic.is_some());
        let to_ask = |each: f64, had: u64| (rows * each - had as f64).max(0.0);
        let each = |requests: f64, kind: usize| Each::of(requests, known.map(|known| &known.about[kind]));
        let mut embedded = each(to_ask(f64::from(embeds) * a_row(MEANING), self.embedded), EMBEDDED);
        embedded.completion = Some(0.0);
        // How many texts have a name in doubt is told by those that were read.
        let looks_of = known.iter().find(|known| known.has(LOOK) && known.looks.1 >= LEAST);
        let doubtful = looks_of.filter(|_| recipe.judge.looks_again());
        let doubtful = doubtful.map_or(0.0, |known| known.looks.0 as f64 / known.looks.1 as f64);
        let asked =
            (0..recipe.judges.len()).map(|judge| JUDGES + judge).chain((embeds > 0).then_some(MEANING));
        Expected {
            looks: each((rows * doubtful * a_row(LOOK)).max(looks as f64), LOOKED),
            judges: each(to_ask(judges, self.judged), JUDGED),
            embeddings: embedded,
            counted: asked.into_iter().all(|stage| a_text(stage).is_some()),
        }
    }
}

/// A text that is added to either side of a share, so that none is nought.
const HALF: f64 = 0.5;

impl Expected {
    /// Has a server count the prompts of which no answer tells, where one was seen.
    ///
    /// # Errors
    /// A template that fails.
    pub async fn count(&mut self, recipe: &Recipe, models: &Models, known: &Known) -> Result<(), RunError> {
        if !known.seen {
            return Ok(());
        }
        if self.looks.prompt.is_none() && recipe.judge.looks_again() {
            self.looks.prompt = count_looks(recipe, models).await;
        }
        if self.judges.prompt.is_none() && !recipe.judges.is_empty() {
            self.judges.prompt = count_judges(recipe, models).await?;
        }
        if let (None, Some(semantic)) = (self.embeddings.prompt, &recipe.config.dedup.semantic)
            && let Some(client) = client_of(recipe, models, models.embedding(recipe))
        {
            let content = format!("{}{A_TEXT}", semantic.prefix);
            let tokens = count(&client, &[Message { role: PROMPT, content }]).await;
            self.embeddings.prompt = tokens.map(|tokens| tokens as f64);
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
