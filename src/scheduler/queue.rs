//! The queue of one model: a state machine that is told the time and what happened, and says what
//! to do. Its items may go to any of the model's servers.

mod close;
mod deal;
mod end;
mod resize;
mod straggler;
mod took;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use super::fault::{ALL_REFUSED, History, Policy};
use super::item::{After, Ended, Item, Next, Proof, Spot, Ticket, Waiting};
use super::limit::Limit;
use super::server::{Circuit, Server, ServerSettings};
use took::Took;

#[derive(Debug)]
struct UnderWay<T> {
    work: T,
    history: History,
    sent: Duration,
    spot: Spot,
    /// The same item's other request.
    twin: Option<Ticket>,
    /// It was sent a second time already, or is that second time.
    hedged: bool,
    /// Nothing else is sent to its server meanwhile.
    alone: bool,
    /// When it was sent, or its server was last seen to work on it.
    heard: Duration,
    /// It is being looked at whether its server works on it.
    looked_at: bool,
}

impl<T> UnderWay<T> {
    fn new(work: T, history: History, now: Duration, spot: Spot) -> Self {
        let alone = history.killed > 0;
        Self {
            work,
            history,
            sent: now,
            spot,
            twin: None,
            hedged: false,
            alone,
            heard: now,
            looked_at: false,
        }
    }
}

/// Items of one model, to be sent to the servers that have it.
///
/// Items are pushed in stretches: within one, neighbours are alike, and each place of a server goes
/// through a part of it in order, so that what they share is still in its cache.
#[derive(Debug)]
pub struct Queue<T> {
    policy: Policy,
    servers: Vec<Server<T>>,
    /// Stretches that no place has begun, with their length when pushed.
    stretches: VecDeque<(usize, VecDeque<Item<T>>)>,
    /// Items that go before these.
    first: VecDeque<Item<T>>,
    /// Items that failed and may be tried again, each on some servers only.
    again: VecDeque<Item<T>>,
    /// Items that wait for a time of their own, soonest first.
    delayed: BinaryHeap<Reverse<(Duration, Ticket)>>,
    delayed_items: HashMap<Ticket, Item<T>>,
    under_way: HashMap<Ticket, UnderWay<T>>,
    next_ticket: u64,
    /// The most tokens that were reserved for a request.
    cost: u32,
    /// What kind of request an item is: those of one kind take about as long as one another.
    kind: fn(&T) -> usize,
    took: Took,
    /// Kinds of which nothing is begun any more.
    closed: Vec<usize>,
    /// Since when nothing is sent, as somebody wished.
    held: Option<Duration>,
    /// How long that was before, in all.
    was_held: Duration,
    /// Items that wait for a place.
    ready: usize,
    /// Items sent since one that failed before was sent again.
    fresh_starts: u32,
}

/// How many tokens an item may take at most on a server.
type CostOf<'a, T> = dyn FnMut(&T, usize) -> Option<u32> + 'a;

/// So many that did not fail go before one that did.
const OTHERS_FIRST: u32 = 3;

impl<T: Clone> Queue<T> {
    pub fn new(policy: Policy, servers: Vec<ServerSettings>) -> Self {
        Self {
            policy,
            servers: servers.into_iter().map(Server::new).collect(),
            stretches: VecDeque::new(),
            first: VecDeque::new(),
            again: VecDeque::new(),
            delayed: BinaryHeap::new(),
            delayed_items: HashMap::new(),
            under_way: HashMap::new(),
            next_ticket: 0,
            cost: 0,
            kind: |_| 0,
            took: Took::default(),
            closed: Vec::new(),
            held: None,
            was_held: Duration::ZERO,
            ready: 0,
            fresh_starts: 0,
        }
    }

    /// Tells kinds of requests apart, which take more or less time, each by a number from 0.
    #[must_use]
    pub fn with_kinds(self, kind: fn(&T) -> usize) -> Self {
        Self { kind, ..self }
    }

    /// Sends nothing more until told otherwise; what is under way goes on. Meanwhile no patience is used up.
    pub fn hold(&mut self, held: bool, now: Duration) {
        if !held && let Some(since) = self.held {
            let lasted = now.saturating_sub(since);
            self.servers.iter_mut().for_each(|server| server.forgive(lasted));
            self.was_held += lasted;
        }
        self.held = held.then(|| self.held.unwrap_or(now));
    }

    /// Items that wait, for a place or for a time.
    pub fn waiting(&self) -> usize {
        self.ready + self.delayed.len()
    }

    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Requests under way at a server.
    pub fn under_way_at(&self, server: usize) -> u32 {
        self.servers.get(server).map_or(0, |server| server.under_way)
    }

    /// Which limit a minute keeps a server from what waits, if one does.
    pub fn held_by(&self, server: usize) -> Option<Limit> {
        let server = self.servers.get(server).filter(|server| self.ready > 0 && server.is_there())?;
        server.limits.holds()
    }

    /// Whether a server that is there asked to be sent nothing for a while.
    pub fn is_put_off(&self, server: usize, now: Duration) -> bool {
        self.servers.get(server).is_some_and(|server| server.is_there() && now < server.paused_until)
    }

    pub fn servers(&self) -> usize {
        self.servers.len()
    }

    /// Requests at a time on a server, now.
    pub fn level(&self, server: usize) -> u32 {
        self.servers.get(server).map_or(0, Server::level)
    }

    /// Requests at a time on all servers that are there.
    pub fn places(&self) -> usize {
        let there = self.servers.iter().filter(|server| server.is_there());
        there.map(|server| server.level() as usize).sum::<usize>().max(1)
    }

    /// Whether there is a server to which something may go now.
    pub fn is_served(&self) -> bool {
        self.servers.iter().any(Server::is_there)
    }

    /// Whether patience is at its end with every server that what waits could go to.
    pub fn is_lost(&self, now: Duration) -> bool {
        if self.held.is_some() {
            return false;
        }
        let well: Vec<usize> =
            (0..self.servers.len()).filter(|server| !self.servers[*server].is_lost(now)).collect();
        if well.len() == self.servers.len() {
            return false;
        }
        let mut waiting = self.waiting_items().peekable();
        let refused = |item: &Item<T>| well.iter().all(|server| item.history.refused_by(*server));
        well.is_empty() || (self.under_way.is_empty() && waiting.peek().is_some() && waiting.all(refused))
    }

    fn waiting_items(&self) -> impl Iterator<Item = &Item<T>> {
        let begun = self.servers.iter().flat_map(|server| &server.places).flat_map(|place| &place.items);
        let whole = self.stretches.iter().flat_map(|(_, items)| items);
        self.first.iter().chain(&self.again).chain(self.delayed_items.values()).chain(begun).chain(whole)
    }

    /// Whether an item waits over which a server died: it is sent alone, and before all others.
    fn has_suspects(&self) -> bool {
        self.again.iter().any(|item| item.history.killed > 0)
    }

    /// Since when a server is in trouble, and what it asked to be waited for.
    pub fn trouble(&self, server: usize) -> Option<(Duration, Option<Duration>)> {
        let server = self.servers.get(server)?;
        Some((server.trouble_since?, server.asked))
    }

    /// Whether a server is `there`, `away` for now, or set `aside`.
    pub fn state(&self, server: usize) -> &'static str {
        match self.servers.get(server).map(|server| server.circuit) {
            Some(Circuit::There) => "there",
            Some(Circuit::Away { .. }) => "away",
            Some(Circuit::Aside) | None => "aside",
        }
    }

    pub fn is_there(&self, server: usize) -> bool {
        self.servers.get(server).is_some_and(Server::is_there)
    }

    /// Whether no waiting will mend this server.
    fn is_aside(&self, server: usize) -> bool {
        self.servers.get(server).is_some_and(|server| server.circuit == Circuit::Aside)
    }

    /// By kind of request that was answered: how long one takes that is longer than nine in ten, of the last.
    pub fn takes(&self) -> Vec<Option<Duration>> {
        (0..self.took.kinds()).map(|kind| self.took.typical(kind)).collect()
    }

    /// Forgets everything that waits; what is under way goes on.
    pub fn clear(&mut self) -> Vec<T> {
        self.delayed.clear();
        self.ready = 0;
        let mut out: Vec<T> = Vec::new();
        for server in &mut self.servers {
            for place in &mut server.places {
                out.extend(place.items.drain(..).map(|item| item.work));
            }
        }
        out.extend(self.first.drain(..).map(|item| item.work));
        out.extend(self.stretches.drain(..).flat_map(|(_, items)| items).map(|item| item.work));
        out.extend(self.again.drain(..).map(|item| item.work));
        out.extend(self.delayed_items.drain().map(|(_, item)| item.work));
        out
    }

    /// What to do at a time; the clock counts from the queue's start.
    pub fn next(&mut self, now: Duration) -> Next<T> {
        self.next_fitting(now, &mut |_, _| Some(0))
    }

    /// The same where `cost` says how many tokens an item may take at most on a server, which are reserved for it where that
    /// has a limit; `None`: it cannot be sent now, and stays where it is.
    pub fn next_fitting(&mut self, now: Duration, cost: &mut CostOf<'_, T>) -> Next<T> {
        self.wake(now);
        if self.ready == 0 {
            let tail = self.tail(now, cost);
            return match (self.delayed.peek(), tail) {
                (_, Some(start @ Next::Start(..))) => start,
                (Some(Reverse((at, _))), _) => Next::Wait(*at, Waiting::Retry),
                (None, Some(wait)) => wait,
                (None, None) if self.under_way.is_empty() => Next::Empty,
                (None, None) => Next::Busy,
            };
        }
        // Several servers in trouble, each probed while another's probe is under way, would go on for ever.
        if self.held.is_some() || self.servers.iter().all(|server| server.is_lost(now)) {
            return Next::Busy;
        }
        // The server with most room for its size first.
        let mut order: Vec<usize> = (0..self.servers.len()).collect();
        order.sort_by_key(|index| {
            let server = &self.servers[*index];
            u64::from(server.under_way) * 1_000_000 / u64::from(server.level().max(1))
        });
        let mut soonest: Option<(Duration, Waiting)> = None;
        for server in order {
            match self.room(server, now) {
                Room::Free(place) => match self.start(Spot { server, place }, now, cost) {
                    Ok(Some((ticket, work))) => return Next::Start(ticket, work, Spot { server, place }),
                    // What waits is not for this server.
                    Ok(None) => {}
                    Err(at) => soonest = sooner(soonest, at, Waiting::Rate { server }),
                },
                Room::From(at, why) => soonest = sooner(soonest, at, why),
                Room::Busy | Room::Never => {}
            }
        }
        soonest.map_or(Next::Busy, |(at, why)| Next::Wait(at, why))
    }

    /// Counts what others sent to a server, under a number that is no ticket.
    pub fn sent_elsewhere(&mut self, server: usize, id: u64, tokens: u32, ago: Duration, now: Duration) {
        self.servers[server].limits.note(id, tokens, ago, now);
    }

    /// Counts what it used in place of what was reserved.
    pub fn settled_elsewhere(&mut self, server: usize, id: u64, used: u32) {
        self.servers[server].limits.settle(id, used);
    }

    fn room(&self, index: usize, now: Duration) -> Room {
        let server = &self.servers[index];
        match server.circuit {
            Circuit::Aside => return Room::Never,
            Circuit::Away { probing: Some(_), .. } => return Room::Busy,
            Circuit::Away { since, probe_at, .. } if now < probe_at => {
                return Room::From(probe_at, Waiting::Away { server: index, since });
            }
            _ if server.proving => return Room::Busy,
            _ => {}
        }
        // What is under way tells whether it refuses all, or whether it was this one that killed it.
        let doubted = server.evidence.refused_items >= ALL_REFUSED && !server.evidence.proven;
        if server.under_way > 0 && (server.is_occupied_alone || doubted || self.has_suspects()) {
            return Room::Busy;
        }
        if now < server.paused_until {
            return Room::From(server.paused_until, Waiting::Paused { server: index });
        }
        match server.free_place() {
            Some(place) => Room::Free(place),
            None => Room::Busy,
        }
    }

    /// Takes an item for a spot and counts it as sent; `None` where nothing that waits is for it, or may be sent.
    fn start(
        &mut self,
        spot: Spot,
        now: Duration,
        cost: &mut CostOf<'_, T>,
    ) -> Result<Option<(Ticket, T)>, Duration> {
        let turn = self.fresh_starts;
        let Some(mut item) = self.take(spot) else { return Ok(None) };
        let cost = cost(&item.work, spot.server);
        self.cost = self.cost.max(cost.unwrap_or_default());
        let server = &mut self.servers[spot.server];
        let reserved = cost.ok_or(None);
        let reserved = reserved.and_then(|cost| server.limits.take(item.ticket.0, cost, now).map_err(Some));
        if let Err(at) = reserved {
            // What is not sent took no turn.
            self.fresh_starts = turn;
            self.lay_back(item, spot);
            return at.map_or(Ok(None), Err);
        }
        item.history.sent(spot.server, server.evidence.successes);
        let Item { ticket, work, history } = item;
        self.occupy(ticket, spot);
        self.ready -= 1;
        let under_way = UnderWay::new(work.clone(), history, now, spot);
        self.servers[spot.server].is_occupied_alone = under_way.alone;
        self.under_way.insert(ticket, under_way);
        Ok(Some((ticket, work)))
    }

    /// Lays an item where the next request of its place, or of another server that it may go to, finds it first.
    fn lay_back(&mut self, item: Item<T>, spot: Spot) {
        match item.history.is_fresh() && !item.history.refused_anywhere() {
            true => self.servers[spot.server].places[spot.place].items.push_front(item),
            false => self.again.push_front(item),
        }
    }

    fn occupy(&mut self, ticket: Ticket, spot: Spot) {
        let server = &mut self.servers[spot.server];
        if let Circuit::Away { probing, .. } = &mut server.circuit {
            *probing = Some(ticket);
        }
        server.places[spot.place].busy = Some(ticket);
        server.under_way += 1;
    }

    fn wake(&mut self, now: Duration) {
        while let Some(Reverse((at, ticket))) = self.delayed.peek().copied() {
            if at > now {
                break;
            }
            self.delayed.pop();
            if let Some(item) = self.delayed_items.remove(&ticket) {
                self.ready += 1;
                self.again.push_back(item);
            }
        }
    }

    /// Takes a request off the list of those under way, and frees its place.
    fn end(&mut self, ticket: Ticket) -> Option<UnderWay<T>> {
        let ended = self.under_way.remove(&ticket)?;
        let server = &mut self.servers[ended.spot.server];
        server.under_way -= 1;
        server.is_occupied_alone &= !ended.alone;
        server.places[ended.spot.place].busy = None;
        if let Some(twin) = ended.twin.and_then(|twin| self.under_way.get_mut(&twin)) {
            twin.twin = None;
        }
        Some(ended)
    }

    /// A request to this spot was given up, and the server may still work on it: nothing is sent there
    /// until `rested`.
    pub fn rest(&mut self, spot: Spot) {
        self.set_resting(spot, true);
    }

    /// The server works no more on what was given up.
    pub fn rested(&mut self, spot: Spot) {
        self.set_resting(spot, false);
    }

    fn set_resting(&mut self, spot: Spot, resting: bool) {
        let place = self.servers.get_mut(spot.server).and_then(|server| server.places.get_mut(spot.place));
        if let Some(place) = place {
            place.resting = resting;
        }
    }

    /// A server is not there, as far as is known: it is probed before it is used.
    pub fn away(&mut self, server: usize, now: Duration) {
        if let Some(server) = self.servers.get_mut(server) {
            server.go_away(false, now);
        }
    }

    /// Sends nothing more to a server: no waiting will mend it.
    pub fn set_aside(&mut self, server: usize) {
        if let Some(server) = self.servers.get_mut(server) {
            server.circuit = Circuit::Aside;
        }
    }

    /// A server that was set aside may be used again.
    pub fn take_back(&mut self, server: usize) {
        if let Some(server) = self.servers.get_mut(server) {
            server.circuit = Circuit::There;
            server.is_well();
        }
    }
}

/// Whether a server can be sent something.
enum Room {
    Free(usize),
    From(Duration, Waiting),
    /// Not before something under way ends.
    Busy,
    Never,
}

fn sooner(before: Option<(Duration, Waiting)>, at: Duration, why: Waiting) -> Option<(Duration, Waiting)> {
    match before {
        Some((earlier, _)) if earlier <= at => before,
        _ => Some((at, why)),
    }
}
