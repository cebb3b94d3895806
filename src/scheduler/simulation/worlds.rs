//! Worlds to play through: any at all, and plain ones to be changed.

use proptest::prelude::*;

use super::{Machine, PATIENCE, World};

fn machines() -> impl Strategy<Value = Machine> {
    (
        (1..9u32, any::<bool>()),
        prop::option::of(30..2000u32),
        prop::option::of(1..40u32),
        (prop::collection::vec((0..60_000u64, 1..120_000u64), 0..3), any::<bool>()),
        (1..2000u64, prop_oneof![Just(0u64), 5..40u64]),
        (prop_oneof![Just(0u64), 2..20u64], prop::option::of(1..5_000u64)),
        (prop_oneof![Just(u32::MAX), 1..9u32], 0..3_000u64),
        (prop_oneof![Just(0u64), 5..20u64], any::<bool>()),
    )
        .prop_map(
            |(
                (places, steered),
                per_minute,
                tokens,
                (down, gated),
                (takes, hangs),
                limits,
                (room, goes_on),
                (loses, may_hedge),
            )| {
                Machine {
                    places,
                    limits,
                    room,
                    goes_on,
                    dies: None,
                    steered,
                    per_minute,
                    tokens,
                    down: down.into_iter().map(|(from, length)| (from, from + length)).collect(),
                    broken: false,
                    gated,
                    refuses_from: u32::MAX,
                    shrinks: None,
                    revoked: None,
                    takes,
                    hangs,
                    silent: None,
                    opens: (0, 0),
                    loses,
                    may_hedge,
                    patience: PATIENCE.as_millis() as u64,
                }
            },
        )
}

/// Some items with a fate of their own.
pub fn of_its_own() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..60u32, 0..3)
}

pub fn worlds() -> impl Strategy<Value = World> {
    (
        prop::collection::vec(machines(), 1..4),
        1..60u32,
        (of_its_own(), of_its_own(), of_its_own(), of_its_own()),
        (prop_oneof![Just(0u64), 3..30u64], prop::option::of(1..50u64), 0..20u32),
        prop::option::of((0..60_000u64, 1..1_200_000u64)),
    )
        .prop_map(
            |(
                machines,
                items,
                (poisoned, refused, gatewayed, forbidden),
                (flaky, refused_in, first),
                held,
            )| World {
                poisoned,
                refused,
                gatewayed,
                forbidden,
                flaky,
                refused_in,
                first,
                held: held.map(|(from, lasts)| (from, from + lasts)),
                ..world(machines, items)
            },
        )
}

pub fn machine(places: u32) -> Machine {
    Machine {
        places,
        steered: false,
        per_minute: None,
        tokens: None,
        down: vec![],
        gated: false,
        broken: false,
        refuses_from: u32::MAX,
        shrinks: None,
        revoked: None,
        takes: 10,
        hangs: 0,
        silent: None,
        opens: (0, 0),
        limits: (0, None),
        room: u32::MAX,
        dies: None,
        goes_on: 0,
        loses: 0,
        may_hedge: false,
        patience: PATIENCE.as_millis() as u64,
    }
}

pub fn world(machines: Vec<Machine>, items: u32) -> World {
    World {
        machines,
        items,
        poisoned: vec![],
        refused: vec![],
        refused_in: None,
        gatewayed: vec![],
        forbidden: vec![],
        answered: false,
        oversized: vec![],
        killers: vec![],
        huge: vec![],
        timeout: 300_000,
        held: None,
        first: 0,
        flaky: 0,
    }
}
