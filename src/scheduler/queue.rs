//! The queue of one model: a state machine that is told the time and what happened, and says what
//! to do. Its items may go to any of the model's servers.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use super::fault::{Decision, Fault, FaultKind, GiveUp, History, Policy, decide};
use super::server::{Circuit, Server, ServerSettings};
use super::steer::Step;

/// An item on its way, to be handed back with how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Where an item goes: the server and its place there, both counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    pub server: usize,
    pub place: usize,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<T> {
    Start(Ticket, T, Spot),
    /// Nothing before this time, unless something ends first.
    Wait(Duration, Waiting),
    /// Nothing before something under way ends.
    Busy,
    /// Nothing waits and nothing is under way.
    Empty,
}

/// Why nothing is sent although something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// The server is away since then; it is probed at the time given.
    Away { server: usize, since: Duration },
    /// The server asked for a pause.
    Paused { server: usize },
    /// A limit of requests or tokens a minute.
    Rate { server: usize },
    /// Items that failed wait for another try.
    Retry,
    /// The last ones are under way; one that takes far too long is sent a second time then.
    Tail,
}

/// What follows from a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum After<T> {
    /// The item will be tried again.
    Again,
    /// The item is out, for this reason.
    Out(T, GiveUp),
    /// The item will be tried again, but nothing more is sent to this server: no waiting will mend it.
    Aside,
}

/// What follows from a success.
#[derive(Debug, Default, PartialEq)]
pub struct Ended {
    /// The same item's other request, which is not needed any more.
    pub twin: Option<Ticket>,
    /// The server takes another number of requests at a time from now on.
    pub step: Option<Step>,
}

#[derive(Debug)]
pub(super) struct Item<T> {
    ticket: Ticket,
    work: T,
    history: History,
}

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
    /// What one request may cost at most, in tokens.
    cost: u32,
    /// The server over whose failures a request that went through before should decide.
    wants_proof: Option<usize>,
    /// How long the last requests took.
    took: VecDeque<Duration>,
    held: bool,
    /// Items that wait for a place.
    ready: usize,
    /// Items sent since one that failed before was sent again.
    fresh_starts: u32,
}

/// So many that did not fail go before one that did.
const OTHERS_FIRST: u32 = 3;
/// So many of the last requests tell how long one takes.
const REMEMBERED: usize = 64;
/// A straggler takes this many times as long as nine in ten do, and at least `STRAGGLER_LEAST`.
const STRAGGLER: u32 = 3;
const STRAGGLER_LEAST: Duration = Duration::from_secs(5);

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
            wants_proof: None,
            took: VecDeque::new(),
            held: false,
            ready: 0,
            fresh_starts: 0,
        }
    }

    /// Adds items behind those that wait, alike ones beside each other.
    pub fn push(&mut self, stretch: impl IntoIterator<Item = T>) {
        let items: VecDeque<Item<T>> = self.items(stretch).collect();
        if !items.is_empty() {
            self.ready += items.len();
            self.stretches.push_back((items.len(), items));
        }
    }

    /// Adds items before all that nobody has begun: they go out as soon as a place is free.
    pub fn push_first(&mut self, items: impl IntoIterator<Item = T>) {
        let items: Vec<Item<T>> = self.items(items).collect();
        self.ready += items.len();
        self.first.extend(items);
    }

    fn items(&mut self, work: impl IntoIterator<Item = T>) -> impl Iterator<Item = Item<T>> {
        work.into_iter().map(|work| {
            self.next_ticket += 1;
            Item { ticket: Ticket(self.next_ticket), work, history: History::default() }
        })
    }

    /// What one request may cost at most, in tokens; reserved for it where a server has a limit.
    pub fn set_cost(&mut self, tokens: u32) {
        self.cost = tokens;
    }

    /// Sends nothing more until told otherwise; what is under way goes on.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Requests at a time for a server, from now on, within its places; steering goes on from there.
    pub fn set_level(&mut self, server: usize, level: u32) {
        let Some(server) = self.servers.get_mut(server) else { return };
        let most = server.settings.places.max(1);
        let level = level.clamp(1, most);
        server.crowd = most;
        server.steer = super::steer::Steer::new(level, level, level);
    }

    /// Items that wait, for a place or for a time.
    pub fn waiting(&self) -> usize {
        self.ready + self.delayed.len()
    }

    pub fn under_way(&self) -> usize {
        self.under_way.len()
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

    /// Whether patience is at its end with every server that what waits could go to.
    pub fn is_lost(&self, now: Duration) -> bool {
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
        self.again.iter().chain(self.delayed_items.values()).chain(begun).chain(whole)
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

    /// Whether no waiting will mend this server.
    fn is_aside(&self, server: usize) -> bool {
        self.servers.get(server).is_some_and(|server| server.circuit == Circuit::Aside)
    }

    /// How long a request takes that is longer than so many in ten, of the last.
    pub fn typical(&self, in_ten: usize) -> Option<Duration> {
        let mut took: Vec<Duration> = self.took.iter().copied().collect();
        took.sort_unstable();
        took.get((took.len().saturating_sub(1)) * in_ten.min(10) / 10).copied()
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
        self.wake(now);
        if self.ready == 0 {
            let tail = self.tail(now);
            return match (self.delayed.peek(), tail) {
                (_, Some(start @ Next::Start(..))) => start,
                (Some(Reverse((at, _))), _) => Next::Wait(*at, Waiting::Retry),
                (None, Some(wait)) => wait,
                (None, None) if self.under_way.is_empty() => Next::Empty,
                (None, None) => Next::Busy,
            };
        }
        if self.held {
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
                Room::Free(place) => match self.start(Spot { server, place }, now) {
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
        if now < server.paused_until {
            return Room::From(server.paused_until, Waiting::Paused { server: index });
        }
        match server.free_place() {
            Some(place) => Room::Free(place),
            None => Room::Busy,
        }
    }

    /// Takes an item for a spot and counts it as sent; `None` where nothing that waits is for it.
    fn start(&mut self, spot: Spot, now: Duration) -> Result<Option<(Ticket, T)>, Duration> {
        let Some(mut item) = self.take(spot) else { return Ok(None) };
        let server = &mut self.servers[spot.server];
        if let Err(at) = server.limits.take(item.ticket.0, self.cost, now) {
            match item.history.is_fresh() {
                true => server.places[spot.place].items.push_front(item),
                false => self.again.push_front(item),
            }
            return Err(at);
        }
        item.history.sent(spot.server, server.evidence.successes);
        let Item { ticket, work, history } = item;
        self.occupy(ticket, spot);
        self.ready -= 1;
        let under_way = UnderWay { work: work.clone(), history, sent: now, spot, twin: None, hedged: false };
        self.under_way.insert(ticket, under_way);
        Ok(Some((ticket, work)))
    }

    fn occupy(&mut self, ticket: Ticket, spot: Spot) {
        let server = &mut self.servers[spot.server];
        if let Circuit::Away { probing, .. } = &mut server.circuit {
            *probing = Some(ticket);
        }
        server.places[spot.place].busy = Some(ticket);
        server.under_way += 1;
    }

    /// The next item for a spot: one that failed before, else one that goes first, else on in its own stretch, else a part of
    /// one that nobody began, else half of the longest that another place has.
    fn take(&mut self, spot: Spot) -> Option<Item<T>> {
        // One that keeps failing must neither hold up the others nor starve.
        let turn = self.fresh_starts >= OTHERS_FIRST || self.ready == self.again.len();
        let fits = |item: &Item<T>| self.may_go(item, spot.server);
        if turn && let Some(at) = self.again.iter().position(fits) {
            self.fresh_starts = 0;
            return self.again.remove(at);
        }
        self.fresh_starts += 1;
        if let Some(item) = self.first.pop_front() {
            return Some(item);
        }
        let own = &mut self.servers[spot.server].places[spot.place].items;
        if let Some(item) = own.pop_front() {
            return Some(item);
        }
        let places = self.places();
        let (length, items) = match self.stretches.front_mut() {
            Some((length, items)) => (*length, items),
            None => {
                let stolen = self.steal()?;
                return self.begin(spot, stolen);
            }
        };
        let part = length.div_ceil(places).max(1).min(items.len());
        let begun = items.drain(..part).collect();
        if items.is_empty() {
            self.stretches.pop_front();
        }
        self.begin(spot, begun)
    }

    fn begin(&mut self, spot: Spot, mut items: VecDeque<Item<T>>) -> Option<Item<T>> {
        let first = items.pop_front();
        self.servers[spot.server].places[spot.place].items = items;
        first
    }

    fn steal(&mut self) -> Option<VecDeque<Item<T>>> {
        let places = self.servers.iter_mut().flat_map(|server| &mut server.places);
        let longest = places.max_by_key(|place| place.items.len())?;
        let keep = match (longest.items.len(), longest.busy) {
            (0, _) => return None,
            // Nobody goes on with it.
            (_, None) => 0,
            (length, Some(_)) => length / 2,
        };
        Some(longest.items.split_off(keep))
    }

    /// Whether an item that failed may go to this server: not where it was refused, and rather to
    /// another than where it broke.
    fn may_go(&self, item: &Item<T>, server: usize) -> bool {
        let history = &item.history;
        if history.refused_by(server) {
            return !self.others(server).any(|other| !history.refused_by(other));
        }
        let well = |other: usize| self.servers[other].is_there() && !history.refused_by(other);
        history.broke_last_at != Some(server) || !self.others(server).any(well)
    }

    /// The other servers that an item could go to, now or later.
    fn others(&self, server: usize) -> impl Iterator<Item = usize> {
        let usable = move |index: &usize| *index != server && self.servers[*index].circuit != Circuit::Aside;
        (0..self.servers.len()).filter(usable)
    }

    /// With nothing left to send: the request that takes far too long, a second time.
    fn tail(&mut self, now: Duration) -> Option<Next<T>> {
        if self.held || self.took.len() < 8 {
            return None;
        }
        let far = (self.typical(9)? * STRAGGLER).max(STRAGGLER_LEAST);
        let (ticket, oldest) = self
            .under_way
            .iter()
            .filter(|(_, under_way)| !under_way.hedged)
            .min_by_key(|(ticket, under_way)| (under_way.sent, **ticket))?;
        let from = oldest.spot.server;
        let may_hedge = |server: &usize| {
            let other = &self.servers[*server];
            let refused = oldest.history.refused_by(*server);
            let allowed = !refused && (*server != from || other.settings.may_hedge);
            allowed && other.is_there() && matches!(self.room(*server, now), Room::Free(_))
        };
        let server = (0..self.servers.len()).filter(may_hedge).max_by_key(|server| *server != from)?;
        let at = oldest.sent + far;
        if now < at {
            return Some(Next::Wait(at, Waiting::Tail));
        }
        let (first, work, mut history) = (*ticket, oldest.work.clone(), oldest.history.clone());
        history.sent(server, self.servers[server].evidence.successes);
        let place = self.servers[server].free_place()?;
        self.next_ticket += 1;
        let twin = Ticket(self.next_ticket);
        if let Err(at) = self.servers[server].limits.take(twin.0, self.cost, now) {
            return Some(Next::Wait(at, Waiting::Rate { server }));
        }
        let spot = Spot { server, place };
        self.occupy(twin, spot);
        let straggler = self.under_way.get_mut(&first)?;
        (straggler.twin, straggler.hedged) = (Some(twin), true);
        let under_way =
            UnderWay { work: work.clone(), history, sent: now, spot, twin: Some(first), hedged: true };
        self.under_way.insert(twin, under_way);
        Some(Next::Start(twin, work, spot))
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
        server.places[ended.spot.place].busy = None;
        if let Some(twin) = ended.twin.and_then(|twin| self.under_way.get_mut(&twin)) {
            twin.twin = None;
        }
        Some(ended)
    }

    /// An item went through, and used some tokens, of which some were written by the model.
    pub fn done(&mut self, ticket: Ticket, used: Option<u32>, work: u64, now: Duration) -> Ended {
        let saturated = self.ready > 0;
        let Some(ended) = self.end(ticket) else { return Ended::default() };
        if self.took.len() >= REMEMBERED {
            self.took.pop_front();
        }
        self.took.push_back(now.saturating_sub(ended.sent));
        let server = &mut self.servers[ended.spot.server];
        if let Some(used) = used {
            server.limits.settle(ticket.0, used);
        }
        Ended { twin: ended.twin, step: server.succeeded(work.max(1), saturated, now) }
    }

    /// The server over whose failures a request that went through before should decide: all that is
    /// left fails. Nothing goes to it until `proven` says.
    pub fn wants_proof(&mut self) -> Option<usize> {
        let server = self.wants_proof.take()?;
        self.servers[server].proving = true;
        Some(server)
    }

    /// Whether a request that went through before did so again: the server is well, then.
    pub fn proven(&mut self, server: usize, well: bool) {
        let Some(server) = self.servers.get_mut(server) else { return };
        server.proving = false;
        if well {
            server.evidence.successes += 1;
            server.evidence.streak = 0;
            server.evidence.broken_items = 0;
            server.evidence.refused_items = 0;
            server.is_well();
        }
    }

    /// An item was given up from outside, such as at an interrupt.
    pub fn dropped(&mut self, ticket: Ticket) {
        if let Some(ended) = self.end(ticket) {
            self.servers[ended.spot.server].end_probe(ticket);
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
            server.is_well();
        }
    }

    /// An item failed; says what becomes of it.
    pub fn failed(&mut self, ticket: Ticket, fault: &Fault, now: Duration) -> After<T> {
        let Some(UnderWay { work, mut history, sent, spot, twin, .. }) = self.end(ticket) else {
            return After::Again;
        };
        let others = self.waiting() + self.under_way.len();
        let fresh = self.fresh();
        let elsewhere = self.others(spot.server).any(|other| !history.refused_by(other));
        let untried = (0..self.servers.len())
            .any(|other| other != spot.server && !history.refused_by(other) && self.is_aside(other));
        let server = &mut self.servers[spot.server];
        let probing = server.end_probe(ticket);
        let is_away = !server.is_there();
        if fault.kind == FaultKind::Limited {
            server.lately.push(true);
        }
        let limited = server.lately.is_limited(server.level());
        let evidence = &mut server.evidence;
        evidence.limited = limited;
        evidence.streak += 1;
        evidence.probing = probing;
        evidence.others = others;
        evidence.fresh = fresh;
        evidence.elsewhere = elsewhere;
        evidence.untried = untried;
        match fault.kind {
            // Failures while the server is away say nothing of the item, unless all that is left fails.
            FaultKind::Broken if !is_away || fresh == 0 => {
                evidence.broken_items += u32::from(history.broken == 0);
                history.broken += 1;
                history.broke_last_at = Some(spot.server);
            }
            FaultKind::Refused | FaultKind::TooLong => {
                evidence.refused_items += u32::from(history.refused == 0);
                history.refused += 1;
            }
            FaultKind::Crowded if server.under_way == 0 => history.crowded_alone += 1,
            // Requests that were under way together meet one and the same limit.
            FaultKind::Limited if evidence.rounds == 0 || sent >= server.paused_at => {
                evidence.rounds += 1;
                server.paused_at = now;
            }
            _ => {}
        }
        let decision = decide(fault, &history, spot.server, &server.evidence, &self.policy);
        if matches!(fault.kind, FaultKind::Refused | FaultKind::TooLong) && decision != Decision::Stop {
            history.refuse(spot.server);
        }
        // In time for the decision about the next failure.
        let failed_enough = match fault.kind {
            FaultKind::Broken => history.broken + 1 >= self.policy.tries || decision == Decision::Away,
            FaultKind::Refused => true,
            _ => false,
        };
        self.wants_proof = (failed_enough && fresh == 0).then_some(spot.server);
        if let Some(twin) = twin.and_then(|twin| self.under_way.get_mut(&twin)) {
            // The other request is still on its way, and decides.
            twin.history.absorb(&history);
            match (decision, fault.kind) {
                (Decision::Stop, FaultKind::Fatal) => {
                    self.servers[spot.server].circuit = Circuit::Aside;
                    return After::Aside;
                }
                (Decision::Away, _) => self.servers[spot.server].go_away(probing, now),
                _ => {}
            }
            return After::Again;
        }
        let item = Item { ticket, work, history };
        let server = &mut self.servers[spot.server];
        match decision {
            Decision::Stop => {
                server.circuit = Circuit::Aside;
                self.put_back(item, spot);
                return After::Aside;
            }
            Decision::GiveUp(why) => return After::Out(item.work, why),
            Decision::Retry(wait) => self.delay(item, now + wait),
            Decision::Elsewhere => {
                self.ready += 1;
                self.again.push_back(item);
            }
            Decision::Shrink => {
                server.shrink();
                self.delay(item, now + Duration::from_millis(200));
            }
            Decision::Pause(wait) => {
                server.pause(wait, fault.retry_after.is_some(), now);
                self.put_back(item, spot);
            }
            Decision::Away => {
                server.go_away(probing, now);
                match fault.kind {
                    // Another item probes next, in case this one is what breaks the server.
                    FaultKind::Broken => {
                        self.ready += 1;
                        self.again.push_back(item);
                    }
                    _ => self.put_back(item, spot),
                }
            }
        }
        After::Again
    }

    /// Other items, waiting or under way, that nothing is held against.
    fn fresh(&self) -> usize {
        usize::from(self.waiting_items().any(|item| item.history.is_fresh()))
            + self.under_way.values().filter(|under_way| under_way.history.is_fresh()).count()
    }

    /// Puts an item back where the next request of its place, or of another server, finds it first.
    fn put_back(&mut self, item: Item<T>, spot: Spot) {
        self.ready += 1;
        match item.history.is_fresh() {
            true => self.servers[spot.server].places[spot.place].items.push_front(item),
            false => self.again.push_front(item),
        }
    }

    fn delay(&mut self, item: Item<T>, until: Duration) {
        self.delayed.push(Reverse((until, item.ticket)));
        self.delayed_items.insert(item.ticket, item);
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
