//! The queue against simulated servers: thousands of schedules of faults, no clock.

mod blame;
mod tests;
mod worlds;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::hash64;

/// How one server behaves.
#[derive(Debug, Clone)]
struct Machine {
    places: u32,
    steered: bool,
    per_minute: Option<u32>,
    /// Tokens a minute, as a multiple of what one request costs.
    tokens: Option<u32>,
    /// In milliseconds, when nothing answers.
    down: Vec<(u64, u64)>,
    /// What stands before it says so then.
    gated: bool,
    /// It fails over everything.
    broken: bool,
    /// It refuses items of this number and above, such as for their length.
    refuses_from: u32,
    /// From when it refuses everything for its length.
    shrinks: Option<u64>,
    /// From when its key is none any more.
    revoked: Option<u64>,
    takes: u64,
    /// One in so many of its answers is 429 (0: none), and for how long it says to wait.
    limits: (u64, Option<u64>),
    /// With more than so many at a time, it has no room.
    room: u32,
    /// Where it is sent one of the killers it dies, with all that is under way, for so long.
    dies: Option<u64>,
    /// After a request that took too long it works on for so long.
    goes_on: u64,
    /// One in so many of its requests takes a hundred times as long (0: none).
    hangs: u64,
    /// When it is there and answers nothing, from and to.
    silent: Option<(u64, u64)>,
    /// At first it answers so many with 429, and says to wait so long.
    opens: (u32, u64),
    /// One in so many items is lost on its way, the first time (0: none): no answer comes, and nothing works on it.
    loses: u64,
    /// It may be sent something twice; one that may not tells what it works on.
    may_hedge: bool,
    /// In milliseconds.
    patience: u64,
}

#[derive(Debug, Clone)]
struct World {
    machines: Vec<Machine>,
    items: u32,
    /// Items that always break.
    poisoned: Vec<u32>,
    /// Items that are always refused, and how long that takes in place of the usual time.
    refused: Vec<u32>,
    refused_in: Option<u64>,
    /// Items over which what stands before the server says "not now".
    gatewayed: Vec<u32>,
    /// Items to which the server says that they are forbidden, as it does to all with a wrong key.
    forbidden: Vec<u32>,
    /// Servers answered something before it begins, so that what they forbid is no matter of keys.
    answered: bool,
    /// Items that are more than a limit ever lets through.
    oversized: Vec<u32>,
    /// Items that kill the server.
    killers: Vec<u32>,
    /// Items for which no server has room, not even alone.
    huge: Vec<u32>,
    /// How long a request may take.
    timeout: u64,
    /// When nothing is to be sent, from and to.
    held: Option<(u64, u64)>,
    /// So many items go first.
    first: u32,
    /// One in so many attempts breaks by chance (0: none).
    flaky: u64,
}

#[derive(Debug, Default)]
struct Ran {
    done: BTreeMap<u32, u32>,
    out: BTreeMap<u32, GiveUp>,
    lost: bool,
    aside: bool,
    /// By server: when something was sent.
    sends: Vec<Vec<Duration>>,
    /// By item: how often a request of it ended.
    tries: HashMap<u32, u64>,
    ended: Duration,
}

impl Ran {
    fn sent(&self) -> usize {
        self.sends.iter().map(Vec::len).sum()
    }
}

const COST: u32 = 500;
const PATIENCE: Duration = Duration::from_secs(900);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn settings(machine: &Machine) -> ServerSettings {
    ServerSettings {
        places: machine.places,
        steer: machine.steered.then_some((1, machine.places)),
        rates: Rates {
            requests_per_minute: machine.per_minute.and_then(NonZeroU32::new),
            burst: None,
            tokens_per_minute: machine.tokens.and_then(|times| NonZeroU32::new(times * COST)),
        },
        patience: ms(machine.patience),
        proven: false,
        may_hedge: machine.may_hedge,
    }
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
struct Sent {
    item: u32,
    spot: Spot,
    /// It ends so, whatever it was.
    cut: Option<FaultKind>,
    /// Nothing works on it.
    lost: bool,
}

/// How a try of an item ends on a server, which has answered something before or has not.
fn fault(
    world: &World,
    (server, answered): (usize, bool),
    item: u32,
    tried: u64,
    at_a_time: usize,
    now: Duration,
) -> Option<FaultKind> {
    let machine = &world.machines[server];
    let chance = hash64(&[&item.to_le_bytes(), &tried.to_le_bytes()]);
    let limited = hash64(&[b"limited", &item.to_le_bytes(), &tried.to_le_bytes()]);
    if machine.down.iter().any(|(from, to)| (ms(*from)..ms(*to)).contains(&now)) {
        Some(if machine.gated { FaultKind::NotNow } else { FaultKind::Away })
    } else if world.forbidden.contains(&item) {
        Some(if answered { FaultKind::Forbidden } else { FaultKind::Fatal })
    } else if machine.shrinks.is_some_and(|from| ms(from) <= now) {
        Some(FaultKind::TooLong)
    } else if world.gatewayed.contains(&item) {
        Some(FaultKind::NotNow)
    } else if world.oversized.contains(&item)
        || machine.limits.0 > 0 && limited.is_multiple_of(machine.limits.0)
    {
        Some(FaultKind::Limited)
    } else if at_a_time > machine.room as usize || world.huge.contains(&item) {
        Some(FaultKind::Crowded)
    } else if machine.broken || world.poisoned.contains(&item) {
        Some(FaultKind::Broken)
    } else if world.refused.contains(&item) {
        Some(FaultKind::Refused)
    } else if item >= machine.refuses_from {
        Some(FaultKind::TooLong)
    } else if world.flaky > 0 && chance.is_multiple_of(world.flaky) {
        Some(FaultKind::Broken)
    } else {
        None
    }
}

/// A world as it goes on.
struct Play<'a> {
    world: &'a World,
    queue: Queue<u32>,
    ran: Ran,
    now: Duration,
    under_way: BTreeMap<(Duration, Ticket), Sent>,
    /// When servers end what was given up there.
    resting: BTreeMap<(Duration, usize, usize), Spot>,
    /// Until when a server that died is down.
    dead: Vec<Duration>,
    /// By server: how many requests ended there.
    ended: Vec<u32>,
    /// By server: whether it answered anything.
    answered: Vec<bool>,
    /// By server: whether no waiting will mend it.
    aside: Vec<bool>,
    /// Items that were sent.
    met: BTreeSet<u32>,
}

impl Play<'_> {
    fn send(&mut self, ticket: Ticket, item: u32, spot: Spot) {
        let (world, now) = (self.world, self.now);
        let machine = &world.machines[spot.server];
        let there = self.under_way.values().filter(|of| of.spot.server == spot.server);
        assert!(there.clone().count() < machine.places as usize, "more at a time than places");
        assert!(there.clone().all(|of| of.spot.place != spot.place), "two in one place");
        assert!(self.resting.values().all(|of| *of != spot), "sent where the server works on");
        let held = world.held.is_some_and(|(from, to)| (ms(from)..ms(to)).contains(&now));
        assert!(!held, "sent while held");
        assert!(!self.aside[spot.server], "sent where no waiting mends anything");
        self.ran.sends[spot.server].push(now);
        let is_first = self.met.insert(item);
        let at_once = |kind| Sent { item, spot, cut: Some(kind), lost: false };
        if now < self.dead[spot.server] {
            self.under_way.insert((now + ms(1), ticket), at_once(FaultKind::Away));
            return;
        }
        if machine.revoked.is_some_and(|from| ms(from) <= now) {
            self.under_way.insert((now + ms(1), ticket), at_once(FaultKind::Forbidden));
            return;
        }
        let chance = hash64(&[b"lost", &item.to_le_bytes()]);
        if is_first && machine.loses > 0 && chance.is_multiple_of(machine.loses) {
            let sent = Sent { lost: true, ..at_once(FaultKind::Late) };
            self.under_way.insert((now + ms(world.timeout), ticket), sent);
            return;
        }
        let chance = hash64(&[b"hang", &item.to_le_bytes(), &spot.server.to_le_bytes()]);
        let hangs = machine.hangs > 0 && chance.is_multiple_of(machine.hangs);
        let usual = match world
            .refused_in
            .filter(|_| world.refused.contains(&item) || world.forbidden.contains(&item))
        {
            Some(quick) => quick,
            None => machine.takes * if hangs { 100 } else { 1 },
        };
        let usual = match machine.silent.map(|(from, to)| (ms(from), ms(to))) {
            Some((from, to)) if now < to && now + ms(usual) > from => u64::MAX,
            _ => usual,
        };
        let takes = usual.min(world.timeout);
        let mut cut = (usual > world.timeout).then_some(FaultKind::Late);
        if let Some(lasts) = machine.dies.filter(|_| world.killers.contains(&item)) {
            let dies = now + ms(takes);
            self.dead[spot.server] = dies + ms(lasts);
            // All that is under way there dies with it.
            let others: Vec<_> =
                self.under_way.extract_if(.., |_, of| of.spot.server == spot.server).collect();
            for ((at, ticket), of) in others {
                let sent = if at > dies { Sent { cut: Some(FaultKind::Killed), ..of } } else { of };
                self.under_way.insert((at.min(dies), ticket), sent);
            }
            cut = Some(FaultKind::Killed);
        }
        let mut ends = now + ms(takes);
        // What is sent before a server dies that is about to.
        if cut != Some(FaultKind::Killed) && self.dead[spot.server] > ends {
            let dies = self.dead[spot.server] - ms(machine.dies.unwrap_or_default());
            if dies > now && dies < ends {
                (ends, cut) = (dies, Some(FaultKind::Killed));
            }
        }
        self.under_way.insert((ends, ticket), Sent { item, spot, cut, lost: false });
    }

    /// Looks at a request that takes far too long, whose server tells what it works on.
    fn look(&mut self, ticket: Ticket) {
        self.queue.looks_at(ticket);
        let found = self.under_way.iter().find(|((_, of), _)| *of == ticket);
        let (at, sent) = found.map(|(at, sent)| (*at, *sent)).expect("it is under way");
        let is_told = !self.world.machines[sent.spot.server].may_hedge;
        assert!(is_told, "a look at one that tells nothing");
        if sent.lost {
            self.under_way.remove(&at);
            self.end(ticket, Sent { cut: Some(FaultKind::Broken), ..sent });
        } else {
            self.queue.is_worked_on(ticket, self.now);
        }
    }

    fn end(&mut self, ticket: Ticket, sent: Sent) {
        let (world, now) = (self.world, self.now);
        let Sent { item, spot, cut, .. } = sent;
        let at_a_time = 1 + self.under_way.values().filter(|of| of.spot.server == spot.server).count();
        let tried = self.ran.tries.entry(item).or_default();
        *tried += 1;
        self.ended[spot.server] += 1;
        let opens = self.ended[spot.server] <= world.machines[spot.server].opens.0;
        let cut = cut.or(opens.then_some(FaultKind::Limited));
        let server = (spot.server, self.answered[spot.server]);
        let kind = cut.or_else(|| fault(world, server, item, *tried, at_a_time, now));
        let Some(kind) = kind else {
            self.answered[spot.server] = true;
            let ended = self.queue.done(ticket, Some(COST / 2), 10, now);
            *self.ran.done.entry(item).or_default() += 1;
            if let Some(twin) = ended.twin {
                self.under_way.retain(|(_, of), _| *of != twin);
                self.queue.dropped(twin);
            }
            return;
        };
        let machine = &world.machines[spot.server];
        if kind == FaultKind::Late && machine.goes_on > 0 {
            self.queue.rest(spot);
            self.resting.insert((now + ms(machine.goes_on), spot.server, spot.place), spot);
        }
        let retry_after = match kind {
            FaultKind::Limited if machine.opens.0 > 0 => Some(ms(machine.opens.1)),
            FaultKind::Limited => machine.limits.1.map(ms),
            _ => None,
        };
        match self.queue.failed(ticket, &Fault { kind, retry_after }, now) {
            After::Again(_) => {}
            After::Aside => (self.ran.aside, self.aside[spot.server]) = (true, true),
            After::Out(item, why) => {
                self.ran.out.insert(item, why);
            }
        }
    }

    fn prove(&mut self, server: usize) {
        let (world, now) = (self.world, self.now);
        let before = world.answered.then_some(&world.items);
        let known = self.ran.done.keys().next().or(before);
        let dead = now < self.dead[server];
        let revoked = world.machines[server].revoked.is_some_and(|from| ms(from) <= now);
        let proof = match known.map(|item| fault(world, (server, true), *item, 1, 0, now)) {
            Some(_) if revoked => Proof::Refused,
            Some(None) if !dead => Proof::Well,
            Some(Some(kind)) if kind.refuses() => Proof::Refused,
            _ => Proof::None,
        };
        self.ran.sends[server].push(now);
        self.queue.proven(server, proof);
    }
}

fn run(world: &World) -> Ran {
    let machines = world
        .machines
        .iter()
        .map(|machine| ServerSettings { proven: world.answered, ..settings(machine) })
        .collect();
    let mut queue = Queue::new(Policy::default(), machines);
    queue.push(world.first.min(world.items)..world.items);
    queue.push_first(0..world.first.min(world.items));
    let ran = Ran { sends: vec![Vec::new(); world.machines.len()], ..Ran::default() };
    let mut play = Play {
        world,
        queue,
        ran,
        now: Duration::ZERO,
        under_way: BTreeMap::new(),
        resting: BTreeMap::new(),
        dead: vec![Duration::ZERO; world.machines.len()],
        ended: vec![0; world.machines.len()],
        answered: vec![world.answered; world.machines.len()],
        aside: vec![false; world.machines.len()],
        met: BTreeSet::new(),
    };
    for _ in 0..200_000 {
        let now = play.now;
        let held = world.held.is_some_and(|(from, to)| (ms(from)..ms(to)).contains(&now));
        play.queue.hold(held, now);
        while !held && let Some(server) = play.queue.wants_proof(now) {
            play.prove(server);
        }
        let wake = match play.queue.next_fitting(now, &mut |_, _| Some(COST)) {
            Next::Start(ticket, item, spot) => {
                play.send(ticket, item, spot);
                continue;
            }
            Next::Empty => {
                play.ran.ended = now;
                return play.ran;
            }
            Next::Busy => None,
            Next::Wait(at, _) => {
                assert!(at > now, "a wait that is no wait");
                Some(at)
            }
        };
        let look = play.queue.straggler();
        if let Some((_, ticket)) = look.filter(|(at, _)| *at <= now) {
            play.look(ticket);
            continue;
        }
        if play.queue.is_lost(now) && play.under_way.is_empty() {
            (play.ran.lost, play.ran.ended) = (true, now);
            return play.ran;
        }
        let ends = play.under_way.keys().next().map(|(at, _)| *at);
        let rests = play.resting.keys().next().map(|(at, ..)| *at);
        let turns = world.held.map(|(from, to)| [ms(from), ms(to)]).into_iter().flatten();
        let turn = turns.filter(|at| *at > now).min();
        let look = look.map(|(at, _)| at);
        play.now = [wake, ends, rests, turn, look].into_iter().flatten().min().expect("busy with something");
        let now = play.now;
        while let Some(((at, _, _), spot)) = play.resting.first_key_value().map(|(k, v)| (*k, *v)) {
            if at > now {
                break;
            }
            play.resting.pop_first();
            play.queue.rested(spot);
        }
        while let Some(((at, ticket), sent)) = play.under_way.first_key_value().map(|(k, v)| (*k, *v)) {
            if at > now {
                break;
            }
            play.under_way.pop_first();
            play.end(ticket, sent);
        }
    }
    panic!("it never ends");
}
