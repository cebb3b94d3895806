//! In which order asks go out: alike prompts one after the other, so that a server reads what they
//! share only once.

mod alike;

use std::collections::HashSet;

use super::Worker;
use super::servers::Server;
use crate::check::Candidate;
use crate::dataset::evaluate::{Demand, Place};
use crate::dataset::{Book, Model, Models, Recipe, Stored};
use crate::model::{COUNTERPART, Fingerprint, Hashes};
use crate::pipeline::book::{BookError, StoreBook};
use crate::pipeline::summary::Outcome;
use crate::scheduler::Queue;
use alike::{prefix_key, step_of};

/// Where a run may end early, so many asks for each place go out in an order that is balanced, and
/// only within them alike prompts are put together.
const BLOCK: usize = 32;
/// Asks of a cell that are sent together at the most, where many cells are open: what its prompts share was read once
/// by then …
const TOGETHER: u32 = 32;
/// … and where few are, as many of each as make so many in all: an answer makes no row before all that its cell was
/// asked before it is there, so that a run that is cut off has fewer rows than answers by no more than these.
const PORTION: u32 = 4096;
/// How the servers are, as far as the order of asks hangs on it.
#[derive(Debug, Clone)]
pub struct Asking {
    /// By model: requests at a time.
    pub places: Vec<usize>,
    /// By model: one of its servers is there.
    pub served: Vec<bool>,
    /// By model: one of its servers is llama.cpp, which keeps for certain what a slot has read.
    pub keeps: Vec<bool>,
}

/// What is to be asked, by model.
#[derive(Debug, Default)]
pub struct Plan {
    /// What goes before all that nobody has begun.
    pub first: Vec<Vec<Demand>>,
    /// Stretches of asks, alike ones beside each other.
    pub stretches: Vec<Vec<Vec<Demand>>>,
}

/// Works out what is to be asked for an outcome, and in which order.
pub struct Planner<'a> {
    recipe: &'a Recipe,
    pub book: StoreBook<'a>,
    /// By cell: whether it is to be asked for.
    mask: &'a [bool],
    /// What a cell needs for sure is asked together.
    ahead: bool,
    /// Asks that wait, are under way, are being stored, or were given up in this run.
    asked: Hashes<Fingerprint>,
    /// By cell: up to which ask it was asked ahead.
    reached: Vec<u32>,
    /// Texts about which something was asked ahead that is not answered: by cell, ask and place in the answer.
    open: HashSet<(u32, u32, u32)>,
}

impl<'a> Planner<'a> {
    pub fn new(recipe: &'a Recipe, book: StoreBook<'a>, mask: &'a [bool], ahead: bool) -> Self {
        let reached = vec![0; if ahead { recipe.grid.size() } else { 0 }];
        Self { recipe, book, mask, ahead, asked: Hashes::default(), reached, open: HashSet::new() }
    }

    /// What is newly demanded.
    pub fn plan(&mut self, outcome: &Outcome, asking: &Asking) -> Plan {
        let models = asking.places.len();
        let mut new: Vec<Vec<Demand>> = vec![Vec::new(); models];
        let mut about: Vec<Vec<Demand>> = vec![Vec::new(); models];
        let per_ask = self.recipe.config.candidates_per_ask().max(1);
        let open = outcome.demands.iter().filter(|demand| self.mask[demand.cell]).count().max(1);
        let together = (PORTION / u32::try_from(open).unwrap_or(u32::MAX)).max(TOGETHER);
        let mut last = None;
        for demand in &outcome.demands {
            if !self.mask[demand.cell] {
                continue;
            }
            let missing = self.recipe.quotas.rows(demand.cell) - outcome.accepted[demand.cell];
            let model = self.book.model_of(demand);
            // So many asks are needed whatever comes of them.
            let needed = missing
                .div_ceil(per_ask)
                .min(self.recipe.quotas.asks(demand.cell).saturating_sub(demand.ask));
            let further = demand.ask + 1..demand.ask + needed;
            if !self.ahead && demand.about.is_none() && !asking.served[model] {
                // A model that is gone keeps nobody from what other models are to answer.
                self.go_on_behind(demand.cell, further.clone(), asking, &mut new);
            }
            let is_new = self.asked.insert(demand.fingerprint);
            if let Some(of) = demand.about {
                if is_new {
                    about[model].push(*demand);
                }
                // Once a cell: several votes on a text are several demands. A counterpart is not what its cell waits for.
                let waits = of.index & COUNTERPART == 0;
                if self.ahead && waits && last.replace(demand.cell) != Some(demand.cell) {
                    let until = demand.ask.saturating_add(together);
                    self.look_ahead(demand, (missing, until), &mut new, &mut about);
                }
                continue;
            }
            if is_new {
                new[model].push(*demand);
            }
            if !self.ahead {
                continue;
            }
            // Alike prompts are best sent together.
            let from = self.reached[demand.cell].max(further.start);
            let until = further.end.min(demand.ask.saturating_add(together));
            for ask in from..until {
                let Ok((fingerprint, stored)) = self.book.read(demand.cell, ask) else { break };
                if matches!(stored, Stored::Missing) && self.asked.insert(fingerprint) {
                    let further = Demand { cell: demand.cell, ask, fingerprint, about: None };
                    new[self.book.model_of(&further)].push(further);
                }
            }
            self.reached[demand.cell] = from.max(until);
        }
        // A text that is looked into makes a row, or another ask: either is worth more than one more text.
        for requests in &mut about {
            requests.sort_by_key(|demand| (demand.about.map(|about| about.to), demand.cell));
        }
        let stretches = new.into_iter().enumerate().map(|(model, asks)| {
            let (places, keeps) = (asking.places[model], asking.keeps[model]);
            self.stretches(asks, &outcome.accepted, places, keeps)
        });
        Plan { stretches: stretches.collect(), first: about }
    }

    /// Adds the first of a cell's asks that is open and for a model that is there, unless it is asked already.
    fn go_on_behind(
        &mut self,
        cell: usize,
        asks: std::ops::Range<u32>,
        asking: &Asking,
        new: &mut [Vec<Demand>],
    ) {
        for ask in asks {
            // One that cannot be made fails when it is due.
            let Ok((fingerprint, stored)) = self.book.read(cell, ask) else { return };
            let further = Demand { cell, ask, fingerprint, about: None };
            let model = self.book.model_of(&further);
            if matches!(stored, Stored::Missing) && asking.served[model] {
                if self.asked.insert(fingerprint) {
                    new[model].push(further);
                }
                return;
            }
        }
    }

    /// Asks of one model in stretches, each of which is gone through before the next.
    fn stretches(
        &self,
        mut asks: Vec<Demand>,
        accepted: &[u32],
        places: usize,
        keeps: bool,
    ) -> Vec<Vec<Demand>> {
        if self.ahead {
            // Servers of any kind keep what prompts begin with, and a run that is seen through loses nothing by the order.
            self.sort(&mut asks);
            return vec![asks];
        }
        // Cells that have fewer rows first, and only within these alike prompts together.
        let rows = |demand: &Demand| accepted[demand.cell];
        asks.sort_by_key(rows);
        let block = (BLOCK * places).max(1);
        let blocks = asks.chunk_by_mut(|one, other| rows(one) == rows(other));
        let blocks = blocks.flat_map(|alike| alike.chunks_mut(block));
        blocks
            .map(|block| {
                if keeps {
                    self.sort(block);
                }
                block.to_vec()
            })
            .collect()
    }

    /// Adds what a cell needs for sure while one of its texts is looked into: what is to be asked about its next texts, and
    /// further asks where fewer texts than rows are left that may become some. It lacks so many rows, and is asked no
    /// further than `until`.
    fn look_ahead(
        &mut self,
        demand: &Demand,
        (missing, until): (u32, u32),
        new: &mut [Vec<Demand>],
        about: &mut [Vec<Demand>],
    ) {
        let Demand { cell, ask: first, about: Some(of), .. } = *demand else { return };
        let until = until.min(self.recipe.quotas.asks(cell));
        let (mut hopes, mut met) = (1, HashSet::new());
        for ask in first..until {
            // What cannot be read or rendered fails where it is needed.
            let Ok((fingerprint, stored)) = self.book.read(cell, ask) else { return };
            match stored {
                Stored::Answer(answer) => {
                    let is_behind = |index: usize| ask > first || index > of.index as usize;
                    for (index, candidate) in answer.iter().enumerate() {
                        // One that fails, or says what one before it says, is not looked into.
                        let Ok(passed) = &candidate.outcome else { continue };
                        if !met.insert(passed.key) || !is_behind(index) {
                            continue;
                        }
                        if hopes >= missing {
                            return;
                        }
                        let Ok(hope) =
                            self.look_into(&Place { cell, ask, fingerprint, index }, candidate, about)
                        else {
                            return;
                        };
                        hopes += u32::from(hope);
                    }
                }
                Stored::Missing if hopes >= missing => return,
                Stored::Missing => {
                    hopes += self.recipe.config.candidates_per_ask().max(1);
                    if self.asked.insert(fingerprint) {
                        let further = Demand { cell, ask, fingerprint, about: None };
                        new[self.book.model_of(&further)].push(further);
                    }
                }
                Stored::Tombstone(_) => {}
            }
        }
    }

    /// Adds what is lacking about a text, unless that is asked already. Says whether it may become a row.
    fn look_into(
        &mut self,
        place: &Place,
        candidate: &Candidate,
        about: &mut [Vec<Demand>],
    ) -> Result<bool, BookError> {
        let Place { cell, ask, index, .. } = *place;
        let at = (cell as u32, ask, index as u32);
        if self.open.contains(&at) {
            return Ok(true);
        }
        if self.book.is_dropped(&place.fingerprint, candidate) {
            return Ok(false);
        }
        let (accepted, lacking) = self.book.lacking(place, candidate)?;
        let hope = accepted || !lacking.is_empty();
        for (of, fingerprint) in lacking {
            if self.asked.insert(fingerprint) {
                let further = Demand { cell, ask, fingerprint, about: Some(of) };
                about[self.book.model_of(&further)].push(further);
                self.open.insert(at);
            }
        }
        Ok(hope)
    }

    /// Takes in what was just stored for a demand, or `None` where it is to be read anew.
    pub fn learn(&mut self, demand: &Demand, stored: Option<Stored>) {
        if let Some(about) = demand.about {
            self.open.remove(&(demand.cell as u32, demand.ask, about.index));
        }
        match stored {
            Some(stored) => self.book.learn(demand, stored),
            None => self.book.forget(demand),
        }
    }

    /// Puts alike prompts together, unless somebody wished for none of that.
    fn sort(&self, asks: &mut [Demand]) {
        if !self.recipe.config.run.alike || asks.len() < 3 {
            return;
        }
        let mut step = None;
        asks.sort_by_cached_key(|demand| {
            // One that cannot be rendered fails when it is sent.
            let messages = self.recipe.messages(demand.cell, demand.ask).map(|(messages, _)| messages);
            let messages = messages.unwrap_or_default();
            let text: Vec<&[u8]> = messages.iter().map(|message| message.content.as_bytes()).collect();
            let step = *step.get_or_insert_with(|| step_of(&text));
            (prefix_key(&text, step), demand.cell, demand.ask)
        });
    }
}

impl Asking {
    /// How the servers are now.
    pub(super) fn of(models: &Models, servers: &[Server], queues: &[Queue<Demand>]) -> Self {
        let keeps = |model: &Model| model.endpoints.iter().any(|endpoint| servers[*endpoint].is_llama_cpp());
        Self {
            places: queues.iter().map(Queue::places).collect(),
            served: queues.iter().map(Queue::is_served).collect(),
            keeps: models.list().iter().map(keeps).collect(),
        }
    }
}

impl Worker<'_> {
    /// Enqueues what is to be asked.
    pub(super) fn enqueue(&mut self, plan: Plan) {
        for (queue, requests) in self.queues.iter_mut().zip(plan.first) {
            queue.push_first(requests);
        }
        for (queue, stretches) in self.queues.iter_mut().zip(plan.stretches) {
            stretches.into_iter().for_each(|asks| queue.push(asks));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::{Reader, StoreDir, Writer};

    /// What a config with two cells and these further keys says, where nothing is stored.
    fn recipe(keys: &str) -> Recipe {
        let text = "endpoints: { a: { url: 'http://127.0.0.1:9', model: m } }
prompt: { user: 'Write of {{ emotion }}.' }
grid: { axes: { emotion: { label: true, values: [joy, anger] } } }
";
        let loaded = crate::config::load_text("a.yaml".as_ref(), &format!("{text}{keys}\n")).unwrap();
        Recipe::compile(loaded, Default::default()).unwrap().0
    }

    fn planner<'a>(recipe: &'a Recipe, reader: Option<&'a Reader>) -> Planner<'a> {
        let identity = crate::fingerprint::Identity::Named { name: "m".into() };
        let memory = crate::store::EndpointMemory {
            identity,
            slots: None,
            context: None,
            level: None,
            assumed: false,
        };
        let book = crate::pipeline::state::book(recipe, &[memory], reader, false).unwrap();
        Planner::new(recipe, book.remembering(&[]), &[true; 2], true)
    }

    fn asking() -> Asking {
        Asking { places: vec![4], served: vec![true], keeps: vec![true] }
    }

    /// How many are asked, in one after the other, of two cells that each want so many rows.
    fn asked(rows: u32, firsts: &[u32]) -> Vec<usize> {
        let recipe = recipe(&format!("samples: {{ per_cell: {rows}, max_asks: 100000 }}"));
        let mut planner = planner(&recipe, None);
        let mut count = |first: &u32| {
            let mut demand = |cell| {
                let fingerprint = planner.book.read(cell, *first).unwrap().0;
                Demand { cell, ask: *first, fingerprint, about: None }
            };
            let demands = vec![demand(0), demand(1)];
            let outcome = Outcome { demands, accepted: vec![*first; 2], ..Outcome::default() };
            planner.plan(&outcome, &asking()).stretches[0].iter().map(Vec::len).sum()
        };
        firsts.iter().map(&mut count).collect()
    }

    #[test]
    fn of_many_rows_a_cell_a_portion_is_asked_ahead() {
        assert_eq!(asked(6, &[0, 0, 3]), [12, 0, 0]);
        assert_eq!(asked(50_000, &[0, 0, 10, 2048]), [4096, 0, 20, 4076]);
        assert_eq!(asked(2_060, &[0, 10, 2048]), [4096, 20, 4]);
    }

    /// While a cell's first text is looked into, so are those behind it, of other answers too; and where fewer are left that
    /// may become rows than it lacks, it is asked on.
    #[test]
    fn what_a_cell_needs_for_sure_is_asked_while_a_text_of_it_is_judged() {
        let judge = "{ prompt: 'Rate {{ text }}', schema: { type: object, properties: { ok: { type: boolean } }, required: [ok] }, accept: ok }";
        let keys = "samples: { per_cell: 4, max_asks: 9 }\nchecks: { words: [3, 60], judges: { j: JUDGE } }";
        let recipe = recipe(&keys.replace("JUDGE", judge));
        let folder = tempfile::tempdir().unwrap();
        let dir = StoreDir::new(folder.path().to_owned());
        drop(Writer::open(&dir, |_| {}).unwrap());
        let reader = Reader::open(&dir).unwrap();
        let mut planner = planner(&recipe, reader.as_ref());
        let mut planned = |answers: &[(u32, &str)]| {
            for (ask, text) in answers {
                let message = json!({ "content": json!({ "text": text }).to_string() });
                let raw = json!({ "choices": [{ "message": message, "finish_reason": "stop" }] }).to_string();
                let judged = planner.book.judge(0, &crate::check::answer::Answer::parse(&raw).unwrap());
                let (fingerprint, _) = planner.book.read(0, *ask).unwrap();
                let demand = Demand { cell: 0, ask: *ask, fingerprint, about: None };
                planner.learn(&demand, Some(Stored::Answer(judged)));
            }
            let outcome = Outcome::of::<(), _>(&recipe, &mut planner.book, &mut ()).unwrap();
            let Plan { first, stretches } = planner.plan(&outcome, &asking());
            let of = |demands: &mut dyn Iterator<Item = &Demand>| {
                let mut asks: Vec<u32> =
                    demands.filter(|demand| demand.cell == 0).map(|demand| demand.ask).collect();
                asks.sort_unstable();
                asks
            };
            (of(&mut first.iter().flatten()), of(&mut stretches.iter().flatten().flatten()))
        };
        assert_eq!(planned(&[]), (vec![], vec![0, 1, 2, 3]));
        let good = "I found the key near my bed.";
        assert_eq!(planned(&[(0, good)]), (vec![0], vec![]));
        // One says the same, one is too short: of these two asks none will make a row.
        assert_eq!(planned(&[(1, good), (2, "Short.")]), (vec![], vec![4, 5]));
        assert_eq!(planned(&[(5, "We lost a lamp on the ferry.")]), (vec![5], vec![]));
        // As many may become rows as it lacks.
        let others = [(3, "They sold the old piano."), (4, "She heard the rain at night.")];
        assert_eq!(planned(&others), (vec![3, 4], vec![]));
    }
}
