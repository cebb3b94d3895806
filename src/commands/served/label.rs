//! A served model as a classifier, as it stands.

use serde_json::json;

use super::super::{Failure, Talk, block_on};
use super::{Asked, Cost, Keep, Line};
use crate::config::resolved::Sampling;
use crate::fingerprint::{Frame, Messages, Room};
use crate::learn::served::{Question, Reply};
use crate::report::count;
use crate::store::{Kind, StoreDir};

/// Tokens that a label may take.
const MAX_TOKENS: u32 = 32;

/// At temperature 0 it means nothing, and is sent like any other.
const SEED: u32 = 7;

/// What a model answered, text by text.
pub struct Served {
    pub model: String,
    pub replies: Vec<Reply>,
}

impl Served {
    /// For machines.
    pub fn json(&self) -> serde_json::Value {
        json!({ "model": self.model, "asked": self.replies.len(), "legal": self.legal() })
    }

    /// Answers that are one of the labels.
    fn legal(&self) -> usize {
        self.replies.iter().filter(|reply| reply.label.is_some()).count()
    }
}

/// Asks an endpoint for the label of each text, and stores what it answers, if there is a project to store it in.
pub fn label<'t>(
    endpoint: &str,
    store: Option<StoreDir>,
    labels: Vec<String>,
    texts: impl Iterator<Item = &'t str>,
    talk: &Talk,
) -> Result<Served, Failure> {
    let keep = Keep::new(store, Kind::Label, MAX_TOKENS);
    block_on(async {
        let line = Line::connect(endpoint, talk).await?;
        let llama = line.identity.is_llama_cpp();
        let question = Question { labels, llama };
        let frame = Frame::about("label", &sampling(&question), &question.schema(), &line.identity);
        let mut room = Room::default();
        let asked = texts.map(|text| {
            let messages = question.messages(text);
            let write = |to: &mut Messages| {
                messages.iter().for_each(|(role, content)| to.add(role, content));
                Ok::<(), Failure>(())
            };
            Ok(Asked {
                fingerprint: frame.fingerprint(SEED, &mut room, write)?,
                ask: frame.ask(SEED, write)?,
            })
        });
        let asked: Vec<Asked> = asked.collect::<Result<_, Failure>>()?;
        let mut cost = Cost::default();
        let raw = line.answers(asked, &keep, &mut cost, talk).await?;
        let replies = raw.iter().map(|raw| raw.as_deref().map(|raw| question.read(raw)).unwrap_or_default());
        let served = Served { model: line.model().to_owned(), replies: replies.collect() };
        line.close().await;
        let all = count(served.replies.len() as u64, "answer");
        talk.say(&format!("{all} by {}: {} asked, {} stored before", served.model, cost.asked, cost.stored));
        if let Some(why) = &cost.why {
            talk.say(&format!("{} refused, the first with: {why}", count(cost.refused, "text")));
        }
        let illegal = raw.len() - cost.refused as usize - served.legal();
        if illegal > 0 {
            talk.say(&format!(
                "{illegal} of {all} are none of the labels: the server may not honour schemas"
            ));
        }
        Ok(served)
    })?
}

/// The likeliest answer, with the probabilities of others where the server tells them.
fn sampling(question: &Question) -> Sampling {
    let told =
        [("logprobs".to_owned(), true.into()), ("top_logprobs".to_owned(), question.top_tokens().into())];
    Sampling { extra: told.into_iter().collect(), ..Sampling::likeliest(MAX_TOKENS) }
}
