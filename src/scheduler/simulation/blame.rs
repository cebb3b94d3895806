//! Whose fault it is: an item's own, or the server's.

use super::worlds::{machine, of_its_own, world};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Where servers are well, nothing but the items at fault is unasked at the end, and none of these is sent much
    /// more often than it may be tried.
    #[test]
    fn each_item_at_fault_is_given_up_within_its_tries(
        places in prop::collection::vec(1..9u32, 1..4),
        (poisoned, refused, gatewayed, forbidden) in (of_its_own(), of_its_own(), of_its_own(), of_its_own()),
    ) {
        let late = |items: Vec<u32>| items.into_iter().map(|item| item + 40).collect::<Vec<u32>>();
        let own = [late(poisoned), late(refused), late(gatewayed), late(forbidden)];
        let [poisoned, refused, gatewayed, forbidden] = own.clone();
        let world = World { poisoned, refused, gatewayed, forbidden, answered: true, ..world(places.into_iter().map(machine).collect(), 100) };
        let ran = run(&world);
        prop_assert!(!ran.lost && !ran.aside);
        let own: BTreeSet<u32> = own.concat().into_iter().collect();
        // One that is left when nothing else is proves nothing about itself, and is left open.
        prop_assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), own.iter().copied().collect::<Vec<_>>());
        prop_assert_eq!(ran.done.len(), 100 - own.len());
        // It counts only where others went through meanwhile, which each server may lack at times.
        let most = (1 + world.machines.len() as u64) * u64::from(Policy::default().tries);
        prop_assert!(ran.tries.values().all(|tries| *tries <= most), "{:?}", ran.tries);
        prop_assert!(ran.ended < PATIENCE, "{:?}", ran.ended);
    }
}

/// What a gateway gives no answer to is found out wherever it stands, and holds up nothing else.
#[test]
fn what_a_gateway_never_answers_is_given_up() {
    for (places, gatewayed) in
        [(1, vec![57]), (1, vec![199]), (4, vec![57]), (4, vec![3, 58]), (4, vec![196, 197, 198, 199])]
    {
        let slow = Machine { takes: 100, ..machine(places) };
        let ran = run(&World { gatewayed: gatewayed.clone(), ..world(vec![slow], 200) });
        assert!(!ran.lost && !ran.aside, "{gatewayed:?}");
        assert_eq!(ran.out, gatewayed.iter().map(|item| (*item, GiveUp::Its)).collect(), "{places}");
        assert_eq!(ran.done.len() + ran.out.len(), 200);
        let tries = gatewayed.iter().map(|item| ran.tries[item]);
        assert!(tries.clone().all(|tries| tries <= 7), "{:?}", tries.collect::<Vec<_>>());
    }
}

/// Alike items stand together: a dozen behind one another that a gateway never answers hold up a single place for no
/// longer than they must.
#[test]
fn a_run_of_what_a_gateway_never_answers_is_no_outage() {
    let gatewayed: Vec<u32> = (40..52).collect();
    let slow = Machine { takes: 100, ..machine(1) };
    let ran = run(&World { gatewayed: gatewayed.clone(), ..world(vec![slow], 400) });
    assert!(!ran.lost && !ran.aside);
    assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), gatewayed);
    assert_eq!(ran.done.len() + ran.out.len(), 400);
    let gap = ran.sends[0].windows(2).map(|two| two[1] - two[0]).max();
    assert!(gap < Some(ms(5_000)) && ran.ended < ms(200_000), "{gap:?} {:?}", ran.ended);
}

/// One that is forbidden is passed over; a key that is none any more ends the asking at once.
#[test]
fn forbidden_items_are_told_from_a_key_that_was_revoked() {
    for forbidden in [vec![57], vec![57, 58, 59, 60], vec![196, 197, 198, 199], (40..60).collect()] {
        let ran = run(&World { forbidden: forbidden.clone(), ..world(vec![machine(4)], 200) });
        assert!(!ran.lost && !ran.aside, "{forbidden:?}");
        assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), forbidden);
        assert_eq!(ran.done.len() + ran.out.len(), 200);
    }
    let revoked = Machine { revoked: Some(1_000), takes: 100, ..machine(4) };
    // Answers to what was sent before come after the first that are forbidden.
    let ran = run(&world(vec![Machine { takes: 350, per_minute: Some(600), ..revoked.clone() }], 200));
    assert!(ran.aside && ran.out.is_empty(), "{:?}", ran.out);
    let ran = run(&world(vec![revoked], 200));
    assert!(ran.aside && ran.out.is_empty(), "{:?}", ran.out);
    assert_eq!(ran.done.len(), 40);
    assert!(ran.sent() < 40 + 16 && ran.ended < ms(2_500), "{} sends, {:?}", ran.sent(), ran.ended);
}

/// A server that comes back with less context than anything needs buries no more than a few.
#[test]
fn a_smaller_context_for_all_is_no_items_fault() {
    let ran = run(&world(vec![Machine { shrinks: Some(1_000), takes: 100, ..machine(4) }], 200));
    assert!(ran.aside && ran.out.len() < 8, "{:?}", ran.out);
    assert!(ran.sent() < 36 + 24, "{} sends", ran.sent());
}

/// Over the very last items each of several servers proves itself, also where all that it meets at the end fails.
#[test]
fn no_server_is_set_aside_over_the_last_items() {
    let world = World {
        refused: vec![76, 58],
        gatewayed: vec![66, 89],
        forbidden: vec![45, 72],
        answered: true,
        ..world(vec![machine(4), machine(2), machine(7)], 100)
    };
    let ran = run(&world);
    assert!(!ran.lost && !ran.aside);
    assert_eq!(ran.out.keys().copied().collect::<Vec<_>>(), [45, 58, 66, 72, 76, 89]);
}

/// What was under way when a server was set aside, and goes through, brings it not back.
#[test]
fn a_server_that_is_set_aside_stays_so() {
    let slow = || Machine { takes: 3_000, ..machine(8) };
    let ran = run(&World { forbidden: vec![0], refused_in: Some(50), ..world(vec![slow(), slow()], 100) });
    assert!(ran.aside);
    assert!(ran.sends.iter().any(|sends| sends.len() <= 9), "{} sends", ran.sent());
}

/// What a limit never lets through is left open when patience ends, and ends nothing.
#[test]
fn what_is_more_than_a_limit_allows_is_left_open() {
    for (places, oversized) in
        [(1, vec![57]), (1, vec![199]), (4, vec![57, 58]), (4, vec![196, 197, 198, 199])]
    {
        let ran = run(&World { oversized: oversized.clone(), ..world(vec![machine(places)], 200) });
        assert!(!ran.lost && !ran.aside, "{oversized:?}");
        assert_eq!(ran.out, oversized.iter().map(|item| (*item, GiveUp::Unproven)).collect(), "{places}");
        assert_eq!(ran.done.len() + ran.out.len(), 200);
        assert!(ran.ended <= PATIENCE + ms(60_000), "{:?}", ran.ended);
        assert!(ran.sent() < 200 + 100 * oversized.len(), "{} sends", ran.sent());
    }
}

/// What one limit never lets through is left open however short patience is, and whatever wait is asked for.
#[test]
fn what_a_limit_never_lets_through_ends_nothing_where_it_is_the_last() {
    for told in
        [None, Some(0), Some(700), Some(6_000), Some(10_000), Some(15_000), Some(19_000), Some(7_200_000)]
    {
        for (patience, places) in [(1_000, 1), (3_000, 4), (20_000, 1), (20_000, 4), (60_000, 16)] {
            let short = Machine { patience, limits: (0, told), takes: 100, ..machine(places) };
            let ran = run(&World { oversized: vec![199], ..world(vec![short], 200) });
            let what = format!("{told:?} told, {patience} ms, {places} at a time");
            assert!(!ran.lost && !ran.aside, "{what}: {:?}", ran.ended);
            assert_eq!(ran.out, BTreeMap::from([(199, GiveUp::Unproven)]), "{what}");
            assert!(ran.tries[&199] < 20, "{what}: {} tries", ran.tries[&199]);
        }
    }
}
