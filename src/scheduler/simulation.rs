//! The queue against simulated servers: thousands of schedules of faults, no clock.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::*;
use std::num::NonZeroU32;
use std::time::Duration;

/// How a server behaves at a time, and to an item.
#[derive(Debug, Clone)]
struct World {
    slots: u32,
    per_minute: Option<u32>,
    items: u32,
    /// Until this time nothing answers.
    down: Vec<(u64, u64)>,
    /// Items that always break.
    poisoned: Vec<u32>,
    /// Items that are always refused.
    refused: Vec<u32>,
    /// One in so many attempts breaks by chance (0: none).
    flaky: u64,
    takes: u64,
}

#[derive(Debug, Default)]
struct Ran {
    done: BTreeMap<u32, u32>,
    out: BTreeMap<u32, GiveUp>,
    stopped: bool,
    sends: Vec<Duration>,
    ended: Duration,
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn run(world: &World) -> Ran {
    let mut queue = Queue::new(Settings {
        slots: world.slots,
        requests_per_minute: world.per_minute.and_then(NonZeroU32::new),
        patience: Duration::from_secs(900),
        proven: false,
    });
    (0..world.items).for_each(|item| queue.push(item));
    let mut ran = Ran::default();
    let mut now = Duration::ZERO;
    let mut under_way: BTreeMap<(Duration, Ticket), u32> = BTreeMap::new();
    let mut tries: HashMap<u32, u64> = HashMap::new();
    for _ in 0..2_000_000 {
        let wake = match queue.next(now) {
            Next::Start(ticket, item) => {
                assert!(under_way.len() < world.slots as usize, "more at a time than slots");
                ran.sends.push(now);
                under_way.insert((now + ms(world.takes), ticket), item);
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
        let ends = under_way.keys().next().map(|(at, _)| *at);
        now = match (wake, ends) {
            (Some(wake), Some(ends)) => wake.min(ends),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => panic!("busy with nothing"),
        };
        while let Some(((at, ticket), item)) = under_way.first_key_value().map(|(k, v)| (*k, *v)) {
            if at > now {
                break;
            }
            under_way.remove(&(at, ticket));
            let tried = tries.entry(item).or_default();
            *tried += 1;
            let down = world.down.iter().any(|(from, to)| (ms(*from)..ms(*to)).contains(&now));
            let chance = crate::model::hash64(&[&item.to_le_bytes(), &tried.to_le_bytes()]);
            let kind = if down {
                Some(FaultKind::Away)
            } else if world.poisoned.contains(&item) {
                Some(FaultKind::Broken)
            } else if world.refused.contains(&item) {
                Some(FaultKind::Refused)
            } else if world.flaky > 0 && chance.is_multiple_of(world.flaky) {
                Some(FaultKind::Broken)
            } else {
                None
            };
            match kind {
                None => {
                    queue.done(ticket);
                    *ran.done.entry(item).or_default() += 1;
                }
                Some(kind) => match queue.failed(ticket, item, &Fault { kind, retry_after: None }, now) {
                    After::Again => {}
                    After::Out(item, why) => {
                        ran.out.insert(item, why);
                    }
                    After::Stop(_) | After::Impatient { .. } => {
                        ran.stopped = true;
                        ran.ended = now;
                        return ran;
                    }
                },
            }
        }
    }
    panic!("it never ends");
}

fn worlds() -> impl Strategy<Value = World> {
    (
        1..9u32,
        prop::option::of(30..2000u32),
        1..60u32,
        prop::collection::vec((0..60_000u64, 1..120_000u64), 0..3),
        prop::collection::vec(0..60u32, 0..3),
        prop::collection::vec(0..60u32, 0..3),
        prop_oneof![Just(0u64), 3..30u64],
        1..2000u64,
    )
        .prop_map(|(slots, per_minute, items, down, poisoned, refused, flaky, takes)| World {
            slots,
            per_minute,
            items,
            down: down.into_iter().map(|(from, length)| (from, from + length)).collect(),
            poisoned,
            refused,
            flaky,
            takes,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_item_ends_once_and_no_limit_is_broken(world in worlds()) {
        let ran = run(&world);
        if !ran.stopped {
            for item in 0..world.items {
                let done = ran.done.get(&item).copied().unwrap_or(0);
                let out = u32::from(ran.out.contains_key(&item));
                prop_assert_eq!(done + out, 1, "item {} ended {} times", item, done + out);
            }
        }
        if let Some(limit) = world.per_minute {
            for (index, from) in ran.sends.iter().enumerate() {
                let window = *from + Duration::from_secs(60);
                let sent = ran.sends[index..].iter().take_while(|at| **at < window).count();
                prop_assert!(sent <= limit as usize);
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
        prop_assert!(!ran.stopped);
        prop_assert!(ran.out.is_empty());
        prop_assert_eq!(ran.done.len(), world.items as usize);
    }

    /// Only the items at fault are given up, and all of those, whenever others go through.
    #[test]
    fn only_the_guilty_are_given_up(mut world in worlds()) {
        world.flaky = 0;
        world.items += 10;
        world.poisoned.retain(|item| *item < world.items);
        world.refused.retain(|item| *item < world.items);
        let ran = run(&world);
        let guilty = |item: &u32| world.poisoned.contains(item) || world.refused.contains(item);
        prop_assert!(ran.out.keys().all(guilty), "{:?}", ran.out);
    }
}

#[test]
fn a_server_that_refuses_all_stops_the_run_at_the_third() {
    let ran = run(&World {
        slots: 4,
        per_minute: None,
        items: 100,
        down: vec![],
        poisoned: vec![],
        refused: (0..100).collect(),
        flaky: 0,
        takes: 10,
    });
    assert!(ran.stopped && ran.out.is_empty());
    assert!(ran.sends.len() <= 8, "{} sends", ran.sends.len());
}

#[test]
fn a_server_that_is_gone_is_waited_for_until_patience_ends() {
    let ran = run(&World {
        slots: 4,
        per_minute: None,
        items: 100,
        down: vec![(0, u64::MAX)],
        poisoned: vec![],
        refused: vec![],
        flaky: 0,
        takes: 10,
    });
    assert!(ran.stopped && ran.out.is_empty());
    let minutes = ran.ended.as_secs_f64() / 60.0;
    assert!((14.9..15.2).contains(&minutes), "{minutes}");
    assert!(ran.sends.len() < 120, "{} sends in a quarter of an hour", ran.sends.len());
}

#[test]
fn a_server_that_fails_over_everything_is_away_and_nothing_is_held_against_the_items() {
    let ran = run(&World {
        slots: 4,
        per_minute: None,
        items: 50,
        down: vec![],
        poisoned: (0..50).collect(),
        refused: vec![],
        flaky: 0,
        takes: 10,
    });
    assert!(ran.stopped && ran.out.is_empty(), "{ran:?}");
}
