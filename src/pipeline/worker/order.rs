//! In which order asks go out: alike prompts one after the other, so that a server reads what they
//! share only once.

use super::Worker;
use super::servers::Server;
use crate::dataset::evaluate::Demand;
use crate::dataset::{Book, Model, Models, Recipe, Stored};
use crate::model::{Fingerprint, Hashes};
use crate::pipeline::book::StoreBook;
use crate::pipeline::summary::Outcome;
use crate::scheduler::Queue;

/// Where a run may end early, so many asks for each place go out in an order that is balanced, and
/// only within them alike prompts are put together.
const BLOCK: usize = 32;
/// Asks of a cell that are sent together at the most, where many cells are open: what its prompts share was read once
/// by then …
const TOGETHER: u32 = 32;
/// … and where few are, as many of each as make so many in all: an answer makes no row before all that its cell was
/// asked before it is there, so that a run that is cut off has fewer rows than answers by no more than these.
const PORTION: u32 = 4096;
/// Into so many parts a prompt is cut to see what it shares with others.
const PARTS: usize = 48;

/// A prompt's beginnings, each as a short hash: prompts that share the first of these share as much
/// of their text, so that sorting puts those together that share most.
type PrefixKey = [u16; PARTS];

/// The key of a prompt whose parts are `step` bytes long.
fn prefix_key(text: &[&[u8]], step: usize) -> PrefixKey {
    let mut key = [0; PARTS];
    // FNV-1a; a collision only costs a little order.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let bytes = text.iter().flat_map(|part| part.iter());
    let mut part = 0;
    for (index, byte) in bytes.enumerate() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        if (index + 1).is_multiple_of(step) {
            key[part] = (hash >> 24) as u16;
            part += 1;
            if part == PARTS {
                return key;
            }
        }
    }
    key[part] = (hash >> 24) as u16;
    key
}

/// How the servers are, as far as the order of asks hangs on it.
#[derive(Debug, Clone)]
pub struct Asking {
    /// By model: requests at a time.
    pub places: Vec<usize>,
    /// By model: one of its servers is there.
    pub served: Vec<bool>,
    /// By model: one of its servers keeps what it has read, so that alike prompts are best sent one after the
    /// other.
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
}

impl<'a> Planner<'a> {
    pub fn new(recipe: &'a Recipe, book: StoreBook<'a>, mask: &'a [bool], ahead: bool) -> Self {
        let reached = vec![0; if ahead { recipe.grid.size() } else { 0 }];
        Self { recipe, book, mask, ahead, asked: Hashes::default(), reached }
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
            if demand.about.is_some() && is_new {
                about[model].push(*demand);
                // Once a cell: several votes on a text are several demands.
                if self.ahead && last.replace(demand.cell) != Some(demand.cell) {
                    self.look_ahead(demand, missing, &mut about);
                }
            }
            if demand.about.is_some() {
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
            self.sort(&mut asks, keeps);
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
                self.sort(block, keeps);
                block.to_vec()
            })
            .collect()
    }

    /// Adds what is to be asked about the next texts of an answer, as many as its cell may need, so that a
    /// server's slots have work while one is looked into.
    fn look_ahead(&mut self, demand: &Demand, missing: u32, about: &mut [Vec<Demand>]) {
        // What cannot be read or rendered fails where it is needed.
        let further = self.book.look_ahead(demand, missing.saturating_sub(1) as usize);
        for demand in further.unwrap_or_default() {
            if self.asked.insert(demand.fingerprint) {
                about[self.book.model_of(&demand)].push(demand);
            }
        }
    }

    /// Puts alike prompts together, where a server of the model keeps what it has read.
    fn sort(&self, asks: &mut [Demand], keeps: bool) {
        if !keeps || asks.len() < 3 {
            return;
        }
        let mut step = None;
        asks.sort_by_cached_key(|demand| {
            // One that cannot be rendered fails when it is sent.
            let messages = self.recipe.messages(demand.cell, demand.ask).map(|(messages, _)| messages);
            let messages = messages.unwrap_or_default();
            let text: Vec<&[u8]> = messages.iter().map(|message| message.content.as_bytes()).collect();
            let length: usize = text.iter().map(|part| part.len()).sum();
            let step = *step.get_or_insert((length / (PARTS - 8)).max(8));
            (prefix_key(&text, step), demand.cell, demand.ask)
        });
    }
}

impl Asking {
    /// How the servers are now.
    pub(super) fn of(models: &Models, servers: &[Server], queues: &[Queue<Demand>]) -> Self {
        let keeps = |model: &Model| model.endpoints.iter().any(|endpoint| servers[*endpoint].has_slots());
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
    use super::*;

    #[test]
    fn sorting_puts_those_together_that_share_most() {
        let stable = "Write a short post. ".repeat(20);
        let mut prompts: Vec<String> = Vec::new();
        for outer in ["joy", "anger", "fear"] {
            for inner in ["work", "home", "school", "money"] {
                prompts.push(format!("{stable}{outer} {} then {inner}", "and more of it ".repeat(10)));
            }
        }
        // Out of order: inner first.
        prompts.sort_by_key(|prompt| prompt.split(' ').next_back().map(str::to_owned));
        prompts.sort_by_cached_key(|prompt| prefix_key(&[prompt.as_bytes()], 16));
        let outer = |prompt: &String| prompt[stable.len()..].split(' ').next().unwrap().to_owned();
        let changes = prompts.windows(2).filter(|pair| outer(&pair[0]) != outer(&pair[1])).count();
        assert_eq!(changes, 2, "{prompts:?}");
    }

    /// How many are asked, in one after the other, of two cells that each want so many rows.
    fn asked(rows: u32, firsts: &[u32]) -> Vec<usize> {
        let text = "endpoints: { a: { url: 'http://127.0.0.1:9', model: m } }
prompt: { user: 'Write of {{ emotion }}.' }
grid: { axes: { emotion: { label: true, values: [joy, anger] } } }
samples: { per_cell: ROWS, max_asks: 100000 }
";
        let text = text.replace("ROWS", &rows.to_string());
        let loaded = crate::config::load_text("a.yaml".as_ref(), &text).unwrap();
        let (recipe, _) = Recipe::compile(loaded, Default::default()).unwrap();
        let identity = crate::fingerprint::Identity::Named { name: "m".into() };
        let memory = crate::store::EndpointMemory { identity, slots: None, context: None, assumed: false };
        let book = crate::pipeline::state::book(&recipe, &[memory], None, false).unwrap();
        let mask = [true; 2];
        let mut planner = Planner::new(&recipe, book, &mask, true);
        let asking = Asking { places: vec![4], served: vec![true], keeps: vec![true] };
        let mut count = |first: &u32| {
            let mut demand = |cell| {
                let fingerprint = planner.book.read(cell, *first).unwrap().0;
                Demand { cell, ask: *first, fingerprint, about: None }
            };
            let demands = vec![demand(0), demand(1)];
            let outcome = Outcome { demands, accepted: vec![*first; 2], ..Outcome::default() };
            planner.plan(&outcome, &asking).stretches[0].iter().map(Vec::len).sum()
        };
        firsts.iter().map(&mut count).collect()
    }

    #[test]
    fn of_many_rows_a_cell_a_portion_is_asked_ahead() {
        assert_eq!(asked(6, &[0, 0, 3]), [12, 0, 0]);
        assert_eq!(asked(50_000, &[0, 0, 10, 2048]), [4096, 0, 20, 4076]);
        assert_eq!(asked(2_060, &[0, 10, 2048]), [4096, 20, 4]);
    }
}
