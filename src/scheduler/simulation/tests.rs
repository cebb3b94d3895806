//! What must hold in every world, and in some that were met.

use super::worlds::{machine, world, worlds};
use super::*;

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
        world.gatewayed.clear();
        world.forbidden.clear();
        world.flaky = 0;
        // Three probes in a row that are lost, until their timeouts, use up patience.
        world.machines.iter_mut().for_each(|machine| machine.loses = 0);
        // One that refuses every second request refuses eleven in a row now and then, until patience ends.
        for machine in world.machines.iter_mut().filter(|machine| machine.limits.0 == 2) {
            machine.limits.0 = 3;
        }
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
        // One that broke and then got no answer was sent often enough.
        world.machines.iter_mut().for_each(|machine| machine.loses = 0);
        if broken {
            world.machines.push(Machine { broken: true, ..machine(4) });
        }
        world.machines.push(Machine { refuses_from: holds, ..machine(2) });
        let ran = run(&world);
        let guilty = |item: &u32| {
            let own = [&world.poisoned, &world.refused, &world.gatewayed, &world.forbidden];
            own.iter().any(|items| items.contains(item))
        };
        let out = ran.out.iter().filter(|(_, why)| **why == GiveUp::Its);
        prop_assert!(out.clone().all(|(item, _)| guilty(item)), "{:?}", ran.out);
        // A server that refuses every second request refuses eleven in a row now and then: one is left open for that.
        let halves = world.machines.iter().any(|machine| machine.limits.0 == 2);
        let is_left_open = |item: &u32| halves && ran.out.get(item) == Some(&GiveUp::Unproven);
        if !ran.lost && !ran.aside {
            for item in (0..world.items).filter(|item| !guilty(item)) {
                prop_assert!(ran.done.contains_key(&item) || is_left_open(&item), "{}", item);
            }
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

/// Refusals are quick and good answers slow: what is under way is heard first.
#[test]
fn quick_refusals_do_not_stop_a_server_whose_good_answers_take_their_time() {
    let slow = || Machine { takes: 3_000, ..machine(16) };
    let refused: Vec<u32> = (0..200).filter(|item| item % 10 < 3).collect();
    let ran = run(&World { refused: refused.clone(), refused_in: Some(50), ..world(vec![slow()], 200) });
    assert!(!ran.aside && !ran.lost);
    assert_eq!((ran.done.len(), ran.out.len()), (140, 60));
    // Thirty side by side, behind some that went through.
    let ran = run(&World { refused: (40..70).collect(), refused_in: Some(50), ..world(vec![slow()], 200) });
    assert!(!ran.aside && !ran.lost);
    assert_eq!((ran.done.len(), ran.out.len()), (170, 30));
    // Those that are too long are the same.
    let ran = run(&world(vec![Machine { refuses_from: 150, ..slow() }], 200));
    assert!(!ran.aside && !ran.lost);
    assert_eq!((ran.done.len(), ran.out.len()), (150, 50));
}

/// An item that kills its server is found out by being sent alone, and the server is not killed for ever.
#[test]
fn a_killer_is_given_up_at_its_second_murder_and_nothing_else_is() {
    let mortal = Machine { dies: Some(2_000), takes: 100, ..machine(4) };
    for killers in [vec![57], vec![3, 58], vec![57, 58, 59]] {
        let ran = run(&World { killers: killers.clone(), ..world(vec![mortal.clone()], 200) });
        assert!(!ran.lost && !ran.aside, "{killers:?}");
        let out: Vec<u32> = ran.out.keys().copied().collect();
        assert_eq!(out, killers);
        assert!(ran.out.values().all(|why| *why == GiveUp::Its));
        assert_eq!(ran.done.len() + ran.out.len(), 200);
    }
}

/// Another server of the same model is no reason to begin again.
#[test]
fn what_kills_or_overfills_every_server_is_given_up_however_many_there_are() {
    let mortal = Machine { dies: Some(2_000), takes: 100, ..machine(4) };
    for machines in 2..4 {
        let machines = || vec![mortal.clone(); machines];
        for killers in [vec![57], vec![3, 58], vec![57, 58, 59]] {
            let ran = run(&World { killers: killers.clone(), ..world(machines(), 200) });
            assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), killers);
            assert!(ran.out.values().all(|why| *why == GiveUp::Its));
            // Among others, alone, and as probes of a server that is down.
            let tries = ran.tries.iter().filter(|(item, _)| killers.contains(item));
            assert!(tries.clone().all(|(_, tries)| *tries <= 8), "{:?}", tries.collect::<Vec<_>>());
        }
        let ran = run(&World { huge: vec![57, 58], ..world(machines(), 200) });
        assert_eq!(ran.out, BTreeMap::from([(57, GiveUp::Its), (58, GiveUp::Its)]));
        assert_eq!(ran.done.len(), 198);
    }
}

/// A server that is not ready at once says how long, and is waited for as long as patience lasts.
#[test]
fn what_a_server_asks_for_is_waited_for_within_patience() {
    for (minutes, waits) in [(8, true), (14, true), (16, false)] {
        let ran = run(&world(vec![Machine { opens: (4, minutes * 60_000), ..machine(4) }], 40));
        assert_eq!(!ran.lost, waits, "{minutes} minutes");
        assert!(waits || ran.ended < ms(1_000), "{:?}", ran.ended);
        assert_eq!(ran.done.len(), if waits { 40 } else { 0 });
    }
}

/// A server that asks for hours leaves its items to another of the same model, and a few such answers end nothing.
#[test]
fn an_item_that_is_put_off_for_hours_goes_elsewhere() {
    let hours = Machine { limits: (9, Some(3_600_000)), ..machine(4) };
    let ran = run(&world(vec![hours.clone(), machine(1)], 200));
    assert_eq!((ran.done.len(), ran.out.len(), ran.lost), (200, 0, false));
    let ran = run(&world(vec![hours], 200));
    assert!(!ran.lost && !ran.out.is_empty());
    assert_eq!(ran.done.len() + ran.out.len(), 200);
}

/// One answer of many under way says nothing of the others.
#[test]
fn one_that_is_to_wait_holds_up_no_other() {
    let ran = run(&world(vec![Machine { opens: (1, 60_000), ..machine(4) }], 200));
    assert_eq!(ran.done.len(), 200);
    let later = ran.sends[0].iter().filter(|at| **at > ms(2_000)).count();
    assert_eq!(later, 1, "only that one waits");
}

/// A server that says "at once" over and over is asked no more often than one that says nothing.
#[test]
fn a_wait_of_nothing_is_no_wait_that_was_told() {
    for told in [None, Some(0), Some(3)] {
        let ran = run(&World { ..world(vec![Machine { limits: (1, told), ..machine(8) }], 8) });
        assert!(ran.lost && ran.out.is_empty());
        assert!(ran.sent() < 400, "{} sends where {told:?} was told", ran.sent());
    }
}

/// What hangs is tried twice, never where the server still works on it, and holds up nothing else.
#[test]
fn what_hangs_is_tried_twice_and_not_where_the_server_works_on() {
    let hanging = Machine { takes: 100, hangs: 50, goes_on: 60_000, ..machine(4) };
    let ran = run(&World { timeout: 5_000, ..world(vec![hanging], 400) });
    assert!(!ran.lost && !ran.out.is_empty());
    assert_eq!(ran.done.len() + ran.out.len(), 400);
    assert!(ran.sent() <= 400 + 3 * ran.out.len(), "{} sends, {} given up", ran.sent(), ran.out.len());
}

/// A server that is there and answers nothing for a while costs time and nothing else, though all that was
/// under way hung more than once.
#[test]
fn what_was_under_way_when_a_server_fell_silent_is_not_to_blame() {
    // One after the other, so that others went through after each of those under way was sent.
    let silent = Machine { silent: Some((2_000, 50_000)), takes: 350, per_minute: Some(600), ..machine(4) };
    let ran = run(&World { timeout: 20_000, ..world(vec![silent], 200) });
    assert!(!ran.lost && ran.out.is_empty(), "{:?}", ran.out);
    assert_eq!(ran.done.len(), 200);
}

/// Nobody's patience is used up by a pause that somebody wished.
#[test]
fn a_pause_uses_up_no_patience() {
    let hour = 3_600_000;
    let gone = Machine { down: vec![(1_000, hour)], takes: 100, ..machine(4) };
    let ran = run(&World { held: Some((3_000, hour)), ..world(vec![gone], 100) });
    assert!(!ran.lost);
    assert_eq!(ran.done.len(), 100);
}

/// A server that asks for more than it is waited for is not waited for.
#[test]
fn a_wait_beyond_patience_leaves_the_item_open() {
    let limiting = Machine { limits: (3, Some(3_600_000)), ..machine(2) };
    let ran = run(&world(vec![limiting], 20));
    assert!(ran.out.values().all(|why| *why == GiveUp::Unproven) && !ran.out.is_empty());
    assert!(ran.ended < PATIENCE, "{:?}", ran.ended);
}

#[test]
fn a_server_that_is_gone_is_waited_for_until_patience_ends() {
    let ran = run(&world(vec![Machine { down: vec![(0, u64::MAX)], ..machine(4) }], 100));
    assert!(ran.lost && ran.out.is_empty());
    let minutes = ran.ended.as_secs_f64() / 60.0;
    assert!((14.9..15.2).contains(&minutes), "{minutes}");
    assert!(ran.sent() < 120, "{} sends in a quarter of an hour", ran.sent());
}

/// Each send that a limit holds back is tried for many times before it goes out.
#[test]
fn two_that_are_refused_take_no_more_than_their_turns_under_a_limit() {
    let machine = Machine { tokens: Some(6), takes: 1_916, down: vec![(0, 36_830)], ..machine(2) };
    let ran =
        run(&World { refused: vec![6, 9], refused_in: Some(31), first: 14, ..world(vec![machine], 57) });
    assert!(!ran.lost && !ran.aside && ran.done.len() == 55, "{} of 55", ran.done.len());
    assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), [6, 9]);
}

/// Each is probed while the other's probe is under way.
#[test]
fn two_servers_that_are_slow_to_say_that_they_are_gone_use_up_patience() {
    let slow = || Machine { takes: 10_000, down: vec![(15_000, 1_000_000_000)], gated: true, ..machine(1) };
    let ran = run(&world(vec![slow(), slow()], 3));
    assert!(ran.lost && ran.out.is_empty());
    assert!(ran.ended < PATIENCE + ms(60_000), "{:?}", ran.ended);
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

/// What is lost on its way is found out where the only server tells what it works on, at the end and before; what it does
/// work on is left to it.
#[test]
fn what_is_lost_is_broken_off_and_what_is_slow_is_not() {
    for places in [1, 4] {
        let losing = Machine { takes: 100, loses: 40, ..machine(places) };
        let ran = run(&world(vec![losing.clone()], 200));
        assert!(!ran.lost && ran.out.is_empty());
        assert_eq!(ran.done.len(), 200);
        let lost = ran.sent() - 200;
        assert!((2..=10).contains(&lost), "{lost} were lost");
        let most = ms(100 * 200 / u64::from(places)) + ms(5_500) * lost as u32;
        assert!(ran.ended < most, "{:?} of {most:?}", ran.ended);
        let slow = Machine { hangs: 40, loses: 0, ..losing };
        let ran = run(&world(vec![slow], 200));
        assert_eq!((ran.done.len(), ran.sent()), (200, 200), "nothing is sent twice");
    }
}

/// A single server that may be sent something twice is, at the end.
#[test]
fn what_is_lost_at_the_end_is_sent_a_second_time_where_it_may_be() {
    let lost = |item: &u32| hash64(&[b"lost", &item.to_le_bytes()]).is_multiple_of(40);
    let last = (100..).find(lost).expect("one in forty");
    let losing = Machine { takes: 100, loses: 40, may_hedge: true, ..machine(2) };
    let ran = run(&World { timeout: 30_000, ..world(vec![losing], last + 1) });
    assert_eq!(ran.done.len() as u32, last + 1);
    assert!(ran.sends[0].iter().rev().take(2).all(|at| ran.ended - *at < ms(5_200)), "{:?}", ran.ended);
}

/// What takes long for one kind of request is usual for another.
#[test]
fn a_straggler_is_one_among_its_own_kind() {
    // Odd ones take 40 s, even ones a tenth of a second.
    let kind = |item: &u32| (*item % 2) as usize;
    let two = vec![settings(&machine(1)), settings(&machine(1))];
    let mut queue = Queue::new(Policy::default(), two.clone()).with_kinds(kind);
    let takes = |item: u32| if item.is_multiple_of(2) { ms(100) } else { ms(40_000) };
    let mut now = Duration::ZERO;
    let mut answer = |queue: &mut Queue<u32>, items: std::ops::Range<u32>| {
        for item in items {
            queue.push([item]);
            let Next::Start(ticket, ..) = queue.next(now) else { panic!("a place is free") };
            now += takes(item);
            queue.done(ticket, None, 1, now);
        }
        now
    };
    answer(&mut queue, 0..20);
    assert_eq!(queue.takes(), [Some(ms(100)), Some(ms(40_000))]);
    // The last one is quick, and hangs: it is sent again after 5 s, though others take 40 s.
    let now = answer(&mut queue, 0..0);
    queue.push([20]);
    let Next::Start(first, 20, spot) = queue.next(now) else { panic!("a place is free") };
    assert_eq!(queue.next(now), Next::Wait(now + ms(5_000), Waiting::Tail));
    let Next::Start(twin, 20, other) = queue.next(now + ms(5_000)) else { panic!("it hangs") };
    assert!(other.server != spot.server);
    assert_eq!(queue.done(twin, None, 1, now + ms(5_100)).twin, Some(first));
    queue.dropped(first);
    // A slow one is given its time.
    let now = now + ms(6_000);
    queue.push([21]);
    assert!(matches!(queue.next(now), Next::Start(_, 21, _)));
    assert_eq!(queue.next(now + ms(30_000)), Next::Wait(now + ms(120_000), Waiting::Tail));
    // Where nothing is to be sent twice, nothing is.
    let mut queue = Queue::new(Policy { hedge: 0, ..Policy::default() }, two).with_kinds(kind);
    let now = answer(&mut queue, 0..20);
    queue.push([20]);
    assert!(matches!(queue.next(now), Next::Start(..)));
    assert_eq!(queue.next(now + ms(60_000)), Next::Busy);
}

/// No more of a kind are begun: neither what waits, nor what failed, nor what comes later.
#[test]
fn a_kind_that_is_closed_is_begun_no_more() {
    let kind = |item: &u32| (*item % 2) as usize;
    let mut queue = Queue::new(Policy::default(), vec![settings(&machine(2))]).with_kinds(kind);
    queue.push(0..10u32);
    queue.push_first([11, 12]);
    let mut sent = Vec::new();
    while let Next::Start(ticket, item, _) = queue.next(ms(1)) {
        sent.push((ticket, item));
    }
    assert_eq!(sent.iter().map(|(_, item)| *item).collect::<Vec<_>>(), [11, 12]);
    assert!(queue.close(1) && !queue.close(1));
    assert_eq!(queue.waiting(), 5);
    let broken = Fault { kind: FaultKind::Broken, retry_after: None };
    for (ticket, _) in sent {
        assert!(matches!(queue.failed(ticket, &broken, ms(2)), After::Again(_)));
    }
    queue.push(13..17u32);
    queue.push_first([21]);
    assert_eq!(queue.waiting(), 5 + 1 + 2);
    let (mut begun, mut now) = (Vec::new(), ms(3));
    loop {
        now += ms(300);
        match queue.next(now) {
            Next::Start(ticket, item, _) => {
                begun.push(item);
                queue.done(ticket, None, 1, now);
            }
            Next::Empty => break,
            other => assert!(matches!(other, Next::Wait(..)), "{other:?}"),
        }
    }
    begun.sort_unstable();
    assert_eq!(begun, [0, 2, 4, 6, 8, 12, 14, 16]);
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

/// Where items are to go out in turn, none of a later stretch is begun before all of an earlier one are.
#[test]
fn a_later_stretch_waits_for_all_of_an_earlier_one() {
    let policy = Policy { in_turn: true, ..Policy::default() };
    let mut queue = Queue::new(policy, vec![settings(&machine(4))]);
    queue.push(0..40u32);
    queue.push(100..140u32);
    let (mut begun, mut now) = (Vec::new(), Duration::ZERO);
    let mut under_way: Vec<(Ticket, Spot)> = Vec::new();
    loop {
        now += ms(7);
        match queue.next(now) {
            Next::Start(ticket, item, spot) => {
                begun.push(item);
                under_way.push((ticket, spot));
            }
            Next::Empty => break,
            // One place is much slower than the others.
            _ => {
                let quick = under_way.iter().position(|(_, spot)| spot.place != 0);
                let (ticket, _) = under_way.remove(quick.unwrap_or(0));
                queue.done(ticket, None, 1, now);
            }
        }
    }
    assert!(begun[..40].iter().all(|item| *item < 40), "{begun:?}");
}

/// What is forbidden shows the server to be there, and what went through before fails by chance, again and again.
#[test]
fn where_nothing_tells_and_nothing_else_is_left_it_ends() {
    let limited = Machine { takes: 1, tokens: Some(1), ..machine(7) };
    let machines = vec![Machine { takes: 1, ..machine(1) }, limited];
    let world =
        World { gatewayed: vec![8, 9], forbidden: vec![0], first: 1, flaky: 8, ..world(machines, 31) };
    let ran = run(&world);
    assert!(ran.lost && ran.done.len() == 28 && ran.out.is_empty(), "{} {:?}", ran.done.len(), ran.out);
    assert!(ran.ended < 6 * PATIENCE, "{:?}", ran.ended);
}
