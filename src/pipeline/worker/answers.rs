//! Answers as they come: read, judged, counted, and stored before anything follows from them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use super::Worker;
use super::event::Request;
use super::progress::GivenUp;
use crate::check::Candidate;
use crate::check::answer::Answer;
use crate::check::embedding::Embedding;
use crate::check::usage::Usage;
use crate::dataset::Stored;
use crate::dataset::evaluate::{Demand, To};
use crate::fingerprint::Ask;
use crate::report::Asked;
use crate::scheduler::Ended;
use crate::store::{Completion, Kind, Written};

/// What is on its way into the store.
pub(super) struct Pending {
    pub demand: Demand,
    pub what: What,
}

/// An answer, with what the book is told of it, or the word that none will come.
pub(super) enum What {
    Answer(Option<Stored>),
    /// By the class of what it failed with.
    GivenUp(&'static str),
}

/// What is read of an answer as it comes.
struct Received {
    kind: Kind,
    usage: Option<Usage>,
    cached_tokens: u64,
    /// How long the server was at work on it, where it tells.
    served: Option<Duration>,
    ended: bool,
    tokens: Option<u64>,
    /// What the book is told of it.
    stored: Option<Stored>,
    /// What is stored in its place.
    short: Option<String>,
    /// What it calls its model, where none of the server's answers before it did.
    called: Option<Box<str>>,
}

impl Received {
    /// Reads the embedding of a text. It is read again where the text is compared with others.
    fn embedding(raw: &str) -> Result<Self, String> {
        let embedding = Embedding::parse(raw)?;
        let short = Some(embedding.stored());
        Ok(Self {
            kind: Kind::Embedding,
            usage: embedding.usage,
            cached_tokens: 0,
            served: None,
            ended: true,
            tokens: Some(0),
            stored: None,
            short,
            called: embedding.model,
        })
    }
}

impl Worker<'_> {
    /// Takes in an answer of a server; `looked`: that was looked at just now.
    pub(super) fn received(&mut self, send: Request, ask: Ask, raw: String, looked: bool) {
        crate::crash_point!("after-receipt");
        let Request { model, ticket, demand, spot, .. } = send;
        let endpoint = self.endpoint_of(model, spot.server);
        let to = demand.about.map(|about| about.to);
        let read = match to {
            Some(To::Embedder) => Received::embedding(&raw).map_err(|why| ("embedding", why)),
            None | Some(To::Names | To::Judge(_)) => {
                self.read(endpoint, &demand, &raw).map_err(|why| ("chat completion", why))
            }
        };
        let received = match read {
            Ok(received) => received,
            Err((wanted, why)) => {
                self.settle_unknown(endpoint, send.most);
                let failure = self.servers[endpoint].client.garbled(&raw, wanted, &why);
                return self.failed(send, failure);
            }
        };
        if let Some(name) = &received.called {
            let names = &mut self.servers[endpoint].names;
            if !looked && names.is_strange(name) {
                return self.look_first(send, ask, raw);
            }
            names.learn(name);
        }
        let usage = received.usage.unwrap_or_default();
        let used = received.usage.map(|usage| (usage.prompt_tokens + usage.completion_tokens) as u32);
        // Of an embedding the work is in reading the text.
        let done = match to {
            Some(To::Embedder) => usage.prompt_tokens,
            None | Some(To::Names | To::Judge(_)) => usage.completion_tokens,
        };
        let Ended { twin, step } = {
            let now = self.now();
            self.queues[model].done(ticket, used, done, now)
        };
        if let Some(twin) = twin {
            self.break_off(model, twin);
        }
        if let Some(step) = step {
            self.stepped(endpoint, step);
        }
        // A prompt without tokens is a count that the server left out.
        let money = match received.usage.filter(|usage| usage.prompt_tokens > 0) {
            Some(usage) => self.settle(endpoint, send.most, usage.prompt_tokens, usage.completion_tokens),
            None => {
                self.settle_unknown(endpoint, send.most);
                send.most.money
            }
        };
        self.asked(&demand, &usage, money);
        if let Some(used) = used {
            self.note_sent(endpoint, ticket.number(), used.into(), true);
        }
        if self.servers[endpoint].went_through() {
            self.say_it_is_back(endpoint);
        }
        self.prompts.saw(ask.own_bytes(), usage.prompt_tokens);
        self.last_errors.remove(&demand.fingerprint);
        self.servers[endpoint].known_good = Some(demand);
        self.progress.prompt_tokens += usage.prompt_tokens;
        self.progress.completion_tokens += usage.completion_tokens;
        self.progress.cached_tokens += received.cached_tokens;
        self.progress.endpoints[endpoint].requests += 1;
        self.progress.endpoints[endpoint].completion_tokens += usage.completion_tokens;
        if let Some(served) = received.served {
            self.progress.endpoints[endpoint].served += served;
            self.progress.endpoints[endpoint].served_of += 1;
        }
        let Received { kind, ended, tokens, stored, short, .. } = received;
        if let Some(Stored::Answer(candidates)) = &stored
            && let Some(good) = candidates.iter().position(is_sure)
        {
            self.example = Some((demand.cell, candidates.clone(), good));
        }
        let completion = Completion {
            fingerprint: demand.fingerprint,
            max_tokens: match to {
                None => self.recipe.config.sampling.max_tokens,
                Some(_) => self.book.longest_answer(&demand) as u32,
            },
            kind,
            request: ask.canonical(),
            answer: short.unwrap_or(raw),
            ended,
            tokens,
        };
        let ticket = self.put_off(demand, What::Answer(stored));
        if let Err(failure) = self.writer.completion(ticket, completion) {
            self.error.get_or_insert(failure.into());
            self.pending.remove(&ticket);
            self.progress.unstored += 1;
        }
    }

    /// Counts an answer by what was asked: of one about a text, what that text was asked in.
    fn asked(&mut self, demand: &Demand, usage: &Usage, money: f64) {
        let Demand { cell, ask, about, .. } = *demand;
        let prompts = &self.recipe.prompts;
        let prompt = prompts.variant_name(prompts.variant(self.recipe.grid.cell(cell), ask));
        let asked =
            Asked::of(&mut self.progress.asked, prompt, self.book.models().name_of(self.recipe, cell, ask));
        asked.requests += u64::from(about.is_none());
        asked.about += u64::from(about.is_some());
        asked.prompt_tokens += usage.prompt_tokens;
        asked.completion_tokens += usage.completion_tokens;
        if self.recipe.config.endpoints.iter().any(|endpoint| endpoint.price.is_some()) {
            *asked.cost.get_or_insert(0.0) += money;
        }
    }

    /// Counts an answer that is stored.
    fn count(&mut self, demand: &Demand) {
        self.progress.requests += 1;
        let (cell, ask) = (demand.cell as u32, demand.ask);
        self.progress.looked_into.extend(demand.about.map(|about| (cell, ask, about.index)));
        match demand.about.map(|about| about.to) {
            None => self.progress.answered.push((cell, ask)),
            Some(To::Names) => self.progress.second_look_requests += 1,
            Some(To::Embedder) => self.progress.embedding_requests += 1,
            Some(To::Judge(_)) => self.progress.judge_requests += 1,
        }
    }

    /// The store is gone, and takes none of what waits for it.
    pub(super) fn lose_pending(&mut self) {
        let lost = self.pending.drain().filter(|(_, pending)| matches!(pending.what, What::Answer(_)));
        self.progress.unstored += lost.count() as u64;
    }

    /// Reads an answer of a chat, and judges it where it is an ask's.
    fn read(&self, endpoint: usize, demand: &Demand, raw: &str) -> Result<Received, String> {
        let answer = Answer::parse(raw).map_err(|why| why.to_string())?;
        let names = &self.servers[endpoint].names;
        let called = answer.model.map(RawValue::get).filter(|name| names.is_new(name));
        let of_one = answer.usage.filter(|_| answer.choices.len() == 1);
        Ok(Received {
            kind: match demand.about.map(|about| about.to) {
                None => Kind::Chat,
                Some(To::Names) => Kind::Names,
                Some(_) => Kind::Judge,
            },
            usage: answer.usage,
            cached_tokens: answer.cached_tokens(),
            served: answer.served(),
            ended: answer.ended_by_itself(),
            // With several choices servers differ in what they count, so the number is not relied on.
            tokens: of_one.map(|usage| usage.completion_tokens),
            // What a judge says is read where the text is judged.
            stored: demand.about.is_none().then(|| Stored::Answer(self.book.judge(demand.cell, &answer))),
            short: None,
            called: called.map(Box::from),
        })
    }

    pub(super) fn put_off(&mut self, demand: Demand, what: What) -> u64 {
        self.next_pending += 1;
        self.pending.insert(self.next_pending, Pending { demand, what });
        self.next_pending
    }

    pub(super) fn committed(&mut self, written: Written) {
        let fine = written.result.is_ok();
        for ticket in written.tickets {
            let Some(Pending { demand, what }) = self.pending.remove(&ticket) else {
                continue;
            };
            let stored = match (what, fine) {
                (What::Answer(_), false) => {
                    self.progress.unstored += 1;
                    continue;
                }
                (What::GivenUp(_), false) => continue,
                (What::Answer(stored), true) => {
                    self.count(&demand);
                    stored
                }
                (What::GivenUp(class), true) => {
                    let (cell, about) = (demand.cell, demand.about.is_some());
                    self.progress.given_up.push(GivenUp { cell, about, class });
                    Some(Stored::Tombstone(Arc::from(class)))
                }
            };
            self.stale = true;
            match stored {
                Some(stored) if !written.superseded.contains(&ticket) => {
                    self.book.learn(&demand, stored.clone());
                    self.evaluator.learn(demand, stored);
                }
                _ => self.evaluator.forget(demand),
            }
        }
        self.watcher.stored(self.noted());
        if let Err(failure) = written.result
            && self.error.is_none()
        {
            self.fail(failure.into());
        }
    }
}

/// Whether a candidate passed its checks, and nobody is to be asked what may be shown of it.
fn is_sure(candidate: &Candidate) -> bool {
    candidate.outcome.as_ref().is_ok_and(|passed| passed.doubtful.is_none())
}
