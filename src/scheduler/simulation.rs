//! The queue against simulated servers: thousands of schedules of faults, no clock.

use std::collections::{BTreeMap, HashMap};
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
    /// It fails over everything.
    broken: bool,
    /// It refuses items of this number and above, such as for their length.
    refuses_from: u32,
    takes: u64,
    /// One in so many of its requests takes a hundred times as long (0: none).
    hangs: u64,
}

#[derive(Debug, Clone)]
struct World {
    machines: Vec<Machine>,
    items: u32,
    /// Items that always break.
    poisoned: Vec<u32>,
    /// Items that are always refused.
    refused: Vec<u32>,
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
        patience: PATIENCE,
        proven: false,
        may_hedge: false,
    }
}

/// How a try of an item ends on a server.
fn fault(world: &World, server: usize, item: u32, tried: u64, now: Duration) -> Option<FaultKind> {
    let machine = &world.machines[server];
    let chance = hash64(&[&item.to_le_bytes(), &tried.to_le_bytes()]);
    if machine.down.iter().any(|(from, to)| (ms(*from)..ms(*to)).contains(&now)) {
        Some(FaultKind::Away)
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

fn run(world: &World) -> Ran {
    let machines = world.machines.iter().map(settings).collect();
    let mut queue = Queue::new(Policy::default(), machines);
    queue.set_cost(COST);
    queue.push(0..world.items);
    let mut ran = Ran { sends: vec![Vec::new(); world.machines.len()], ..Ran::default() };
    let mut now = Duration::ZERO;
    let mut under_way: BTreeMap<(Duration, Ticket), (u32, Spot)> = BTreeMap::new();
    let mut tries: HashMap<u32, u64> = HashMap::new();
    for _ in 0..2_000_000 {
        if let Some(server) = queue.wants_proof() {
            let proves =
                ran.done.keys().next().is_some_and(|item| fault(world, server, *item, 1, now).is_none());
            queue.proven(server, proves);
        }
        let wake = match queue.next(now) {
            Next::Start(ticket, item, spot) => {
                let machine = &world.machines[spot.server];
                let there = under_way.values().filter(|(_, of)| of.server == spot.server);
                assert!(there.clone().count() < machine.places as usize, "more at a time than places");
                assert!(there.clone().all(|(_, of)| of.place != spot.place), "two in one place");
                ran.sends[spot.server].push(now);
                let chance = hash64(&[b"hang", &item.to_le_bytes(), &spot.server.to_le_bytes()]);
                let hangs = machine.hangs > 0 && chance.is_multiple_of(machine.hangs);
                let takes = machine.takes * if hangs { 100 } else { 1 };
                under_way.insert((now + ms(takes), ticket), (item, spot));
                continue;
            }
            Next::Empty => {
                ran.ended = now;
                return ran;
            }
            Next::Busy => None,
            Next::Wait(at, _) => {
                assert!(at > now, "a wait that is no wait");
                Some(at)
            }
        };
        if queue.is_lost(now) && under_way.is_empty() {
            (ran.lost, ran.ended) = (true, now);
            return ran;
        }
        let ends = under_way.keys().next().map(|(at, _)| *at);
        now = match (wake, ends) {
            (Some(wake), Some(ends)) => wake.min(ends),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => panic!("busy with nothing"),
        };
        while let Some(((at, ticket), (item, spot))) = under_way.first_key_value().map(|(k, v)| (*k, *v)) {
            if at > now {
                break;
            }
            under_way.remove(&(at, ticket));
            let tried = tries.entry(item).or_default();
            *tried += 1;
            let kind = fault(world, spot.server, item, *tried, now);
            match kind {
                None => {
                    let ended = queue.done(ticket, Some(COST / 2), 10, now);
                    *ran.done.entry(item).or_default() += 1;
                    if let Some(twin) = ended.twin {
                        under_way.retain(|(_, of), _| *of != twin);
                        queue.dropped(twin);
                    }
                }
                Some(kind) => match queue.failed(ticket, &Fault { kind, retry_after: None }, now) {
                    After::Again => {}
                    After::Aside => ran.aside = true,
                    After::Out(item, why) => {
                        ran.out.insert(item, why);
                    }
                },
            }
        }
    }
    panic!("it never ends");
}

fn machines() -> impl Strategy<Value = Machine> {
    (
        (1..9u32, any::<bool>()),
        prop::option::of(30..2000u32),
        prop::option::of(1..40u32),
        prop::collection::vec((0..60_000u64, 1..120_000u64), 0..3),
        (1..2000u64, prop_oneof![Just(0u64), 5..40u64]),
    )
        .prop_map(|((places, steered), per_minute, tokens, down, (takes, hangs))| Machine {
            places,
            steered,
            per_minute,
            tokens,
            down: down.into_iter().map(|(from, length)| (from, from + length)).collect(),
            broken: false,
            refuses_from: u32::MAX,
            takes,
            hangs,
        })
}

fn worlds() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(machines(), 1..4),
        1..60u32,
        prop::collection::vec(0..60u32, 0..3),
        prop::collection::vec(0..60u32, 0..3),
        prop_oneof![Just(0u64), 3..30u64],
    )
        .prop_map(|(machines, items, poisoned, refused, flaky)| World {
            machines,
            items,
            poisoned,
            refused,
            flaky,
        })
}

fn machine(places: u32) -> Machine {
    Machine {
        places,
        steered: false,
        per_minute: None,
        tokens: None,
        down: vec![],
        broken: false,
        refuses_from: u32::MAX,
        takes: 10,
        hangs: 0,
    }
}

fn world(machines: Vec<Machine>, items: u32) -> World {
    World { machines, items, poisoned: vec![], refused: vec![], flaky: 0 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_item_ends_once_and_no_limit_is_broken(world in worlds()) {
        let ran = run(&world);
        if !ran.lost {
            for item in 0..world.items {
                let done = ran.done.get(&item).copied().unwrap_or(0);
                let out = u32::from(ran.out.contains_key(&item));
                prop_assert_eq!(done + out, 1, "item {} ended {} times", item, done + out);
            }
        }
        for (machine, sends) in world.machines.iter().zip(&ran.sends) {
            for (index, from) in sends.iter().enumerate() {
                let window = *from + Duration::from_secs(60);
                let sent = sends[index..].iter().take_while(|at| **at < window).count();
                prop_assert!(machine.per_minute.is_none_or(|limit| sent <= limit as usize));
                // What was used is at least half of what was reserved.
                prop_assert!(machine.tokens.is_none_or(|times| sent <= 2 * times as usize));
            }
        }
    }

    /// An outage costs time and nothing else.
    #[test]
    fn an_outage_leaves_nothing(mut world in worlds()) {
        world.poisoned.clear();
        world.refused.clear();
        world.flaky = 0;
        let ran = run(&world);
        prop_assert!(!ran.lost);
        prop_assert!(ran.out.is_empty());
        prop_assert_eq!(ran.done.len(), world.items as usize);
    }

    /// Only the items at fault are given up, and all of those, whenever others go through; one
    /// server that fails over everything, or takes less than another, makes no difference.
    #[test]
    fn only_the_guilty_are_given_up(mut world in worlds(), broken in any::<bool>(), holds in 0..20u32) {
        world.flaky = 0;
        world.items += 10;
        if broken {
            world.machines.push(Machine { broken: true, ..machine(4) });
        }
        world.machines.push(Machine { refuses_from: holds, ..machine(2) });
        let ran = run(&world);
        let guilty = |item: &u32| world.poisoned.contains(item) || world.refused.contains(item);
        let out = ran.out.iter().filter(|(_, why)| **why == GiveUp::Its);
        prop_assert!(out.clone().all(|(item, _)| guilty(item)), "{:?}", ran.out);
        if !ran.lost && !ran.aside {
            prop_assert!((0..world.items).filter(|item| !guilty(item)).all(|item| ran.done.contains_key(&item)));
        }
    }
}

/// The last item takes long, is sent a second time, and is refused by both.
#[test]
fn an_item_that_is_refused_twice_at_once_comes_to_an_end() {
    let hanging = |places, hangs| Machine { takes: 51, hangs, ..machine(places) };
    let machines = vec![Machine { takes: 1, ..machine(3) }, hanging(1, 32), hanging(3, 10)];
    let ran = run(&World { refused: vec![10], flaky: 8, ..world(machines, 11) });
    assert_eq!(ran.done.len() + ran.out.len(), 11);
}

#[test]
fn a_server_that_refuses_all_is_set_aside_at_the_third() {
    let ran = run(&World { refused: (0..100).collect(), ..world(vec![machine(4)], 100) });
    assert!(ran.lost && ran.out.is_empty());
    assert!(ran.sent() <= 8, "{} sends", ran.sent());
}

#[test]
fn a_server_that_is_gone_is_waited_for_until_patience_ends() {
    let ran = run(&world(vec![Machine { down: vec![(0, u64::MAX)], ..machine(4) }], 100));
    assert!(ran.lost && ran.out.is_empty());
    let minutes = ran.ended.as_secs_f64() / 60.0;
    assert!((14.9..15.2).contains(&minutes), "{minutes}");
    assert!(ran.sent() < 120, "{} sends in a quarter of an hour", ran.sent());
}

#[test]
fn a_server_that_fails_over_everything_is_away_and_nothing_is_held_against_the_items() {
    let ran = run(&World { poisoned: (0..50).collect(), ..world(vec![machine(4)], 50) });
    assert!(ran.lost && ran.out.is_empty(), "{ran:?}");
}

#[test]
fn work_goes_where_a_place_is_free_and_a_dead_server_costs_little() {
    let slow = Machine { takes: 400, ..machine(2) };
    let fast = Machine { takes: 100, ..machine(2) };
    let ran = run(&world(vec![slow.clone(), fast.clone()], 500));
    // 5 + 20 items a second: a fifth goes to the slow one.
    assert!((80..=120).contains(&ran.sends[0].len()), "{}", ran.sends[0].len());
    let ideal = ms(500 * 1000 / 25);
    assert!(ran.ended <= ideal.mul_f64(1.05), "{:?} of {ideal:?}", ran.ended);
    let dead = Machine { down: vec![(0, u64::MAX)], ..machine(2) };
    let ran = run(&world(vec![dead, fast], 500));
    assert!(!ran.lost && ran.done.len() == 500);
    assert!(ran.ended <= ms(500 * 1000 / 20).mul_f64(1.05));
}

#[test]
fn a_straggler_is_sent_a_second_time_to_another_server() {
    let hanging = Machine { takes: 100, hangs: 100, ..machine(2) };
    let ran = run(&world(vec![hanging, Machine { takes: 100, ..machine(2) }], 400));
    assert_eq!(ran.done.len(), 400);
    assert!(ran.done.values().all(|times| *times == 1));
    assert!(ran.sent() > 400, "nothing was sent twice");
    assert!(ran.ended < Duration::from_secs(20), "{:?}", ran.ended);
}

/// Neighbours in a stretch go to one place, one after the other, and no place runs dry before all do.
#[test]
fn each_place_goes_through_a_part_of_its_own() {
    let mut queue = Queue::new(Policy::default(), vec![settings(&machine(4))]);
    queue.push(0..100u32);
    let mut by_place: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let mut under_way = std::collections::VecDeque::new();
    let mut now = Duration::ZERO;
    loop {
        now += ms(7);
        match queue.next(now) {
            Next::Start(ticket, item, spot) => {
                by_place.entry(spot.place).or_default().push(item);
                under_way.push_back(ticket);
            }
            Next::Empty => break,
            _ => {
                let oldest = under_way.pop_front().expect("something is under way");
                queue.done(oldest, None, 1, now);
            }
        }
    }
    for (place, items) in &by_place {
        let steps = items.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
        assert!(steps <= 2 && (24..=26).contains(&items.len()), "place {place}: {items:?}");
    }
}
