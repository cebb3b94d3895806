//! What is decided about each kind of fault.

use super::*;

#[test]
fn each_kind_has_its_policy() {
    use FaultKind::*;
    let fault = |kind| Fault { kind, retry_after: None };
    let timed = |kind, ms| Fault { kind, retry_after: Some(Duration::from_millis(ms)) };
    let left = Duration::from_secs(900);
    let calm = Evidence {
        successes: 5,
        proven: true,
        streak: 1,
        fresh: 10,
        others: 10,
        left,
        ..Evidence::default()
    };
    let cold = Evidence { successes: 0, proven: false, ..calm };
    let limited = Evidence { limited: true, ..calm };
    let lone = Evidence { fresh: 0, others: 0, broken_items: 1, ..calm };
    let broken = |times, successes_at_first| {
        let mut history = History { broken: times, ..History::default() };
        history.sent(0, successes_at_first);
        history
    };
    let passed_by = |times, successes_at_first| History { passed_by: times, ..broken(0, successes_at_first) };
    let crowded = |times| History { crowded_alone: times, ..broken(0, 0) };
    let killed = |times| History { killed: times, ..broken(0, 0) };
    let none = broken(0, 0);
    let ms = Duration::from_millis;
    use Decision::{Away as GoAway, Elsewhere, GiveUp as Out, Pause, Retry, Shrink, Stop};
    let two = Evidence { elsewhere: true, ..calm };
    let cases = [
        ("a wrong key", fault(Fatal), none.clone(), calm, Stop),
        ("refused connection", fault(Away), none.clone(), calm, GoAway),
        ("502, others fine", fault(NotNow), passed_by(1, 4), calm, GoAway),
        ("fifth 502, others fine", fault(NotNow), passed_by(5, 4), calm, Out(GiveUp::Its)),
        ("502 to what broke elsewhere", fault(NotNow), broken(5, 4), calm, GoAway),
        ("fifth 502, no other since", fault(NotNow), passed_by(5, 5), calm, GoAway),
        ("502 to the only one", fault(NotNow), passed_by(1, 5), lone, GoAway),
        (
            "429 beyond patience, by most answers",
            timed(Limited, 901_000),
            broken(0, 5),
            limited,
            Pause(ms(901_000)),
        ),
        ("429 beyond patience, by one", timed(Limited, 901_000), none.clone(), calm, Out(GiveUp::Unproven)),
        (
            "429 beyond patience, by one of two servers",
            timed(Limited, 901_000),
            none.clone(),
            Evidence { elsewhere: true, ..calm },
            Elsewhere,
        ),
        (
            "429 to the last ones, over and over",
            fault(Limited),
            none.clone(),
            Evidence { left: ms(500), ..limited },
            Out(GiveUp::Unproven),
        ),
        ("429 with a time", timed(Limited, 200), none.clone(), limited, Pause(ms(200))),
        ("429 while others go through", timed(Limited, 200), none.clone(), calm, Retry(ms(200))),
        ("429 without", fault(Limited), none.clone(), Evidence { rounds: 1, ..limited }, Pause(ms(1000))),
        (
            "third round of 429",
            fault(Limited),
            none.clone(),
            Evidence { rounds: 3, ..limited },
            Pause(ms(4000)),
        ),
        ("shared context full", fault(Crowded), crowded(0), calm, Shrink),
        ("shared context full by it alone", fault(Crowded), crowded(5), lone, Out(GiveUp::Its)),
        ("first 500", fault(Broken), broken(1, 5), calm, Retry(ms(125))),
        ("fifth 500, others fine", fault(Broken), broken(5, 4), calm, Out(GiveUp::Its)),
        ("fifth 500, no other since", fault(Broken), broken(5, 5), calm, Retry(ms(2000))),
        ("500s from all", fault(Broken), broken(2, 5), Evidence { streak: 8, ..calm }, GoAway),
        ("500 to a probe", fault(Broken), broken(2, 5), Evidence { probing: true, ..calm }, GoAway),
        (
            "500 to all that is left",
            fault(Broken),
            broken(1, 5),
            Evidence { others: 3, broken_items: 2, ..lone },
            GoAway,
        ),
        ("the last item, 500", fault(Broken), broken(6, 5), Evidence { streak: 9, ..lone }, Retry(ms(4000))),
        ("the last item, 500 again", fault(Broken), broken(7, 5), lone, Out(GiveUp::Unproven)),
        (
            "the only item ever, 500",
            fault(Broken),
            broken(6, 0),
            Evidence { successes: 0, proven: false, streak: 6, ..lone },
            Retry(ms(4000)),
        ),
        ("400, others fine", fault(Refused), none.clone(), calm, Out(GiveUp::Its)),
        ("400, no other since", fault(Refused), broken(0, 5), calm, Retry(ms(250))),
        (
            "400, and what went through before is refused too",
            fault(Refused),
            broken(0, 5),
            Evidence { disproved: true, ..calm },
            Stop,
        ),
        (
            "400 to the only one, others fine before",
            fault(Refused),
            none.clone(),
            Evidence { refused_items: 1, ..lone },
            Out(GiveUp::Its),
        ),
        (
            "400, the first of all",
            fault(Refused),
            none.clone(),
            Evidence { refused_items: 1, ..cold },
            Retry(ms(1000)),
        ),
        ("400 to three of three", fault(Refused), none.clone(), Evidence { refused_items: 3, ..cold }, Stop),
        (
            "400 to the only one",
            fault(Refused),
            none.clone(),
            Evidence { refused_items: 1, fresh: 0, ..cold },
            Stop,
        ),
        (
            "400 to three, while others are under way",
            fault(Refused),
            none.clone(),
            Evidence { refused_items: 3, unheard: 1, ..cold },
            Retry(ms(1000)),
        ),
        (
            "400 to eight in a row, where others went through before",
            fault(Refused),
            broken(0, 5),
            Evidence { refused_items: 8, ..calm },
            Retry(ms(250)),
        ),
        ("too long", fault(TooLong), none.clone(), Evidence { refused_items: 1, ..cold }, Out(GiveUp::Its)),
        ("too long, and another server may hold it", fault(TooLong), none.clone(), two, Elsewhere),
        ("400, others fine, and another server", fault(Refused), none.clone(), two, Elsewhere),
        ("fifth 500, others fine, another server", fault(Broken), broken(5, 4), two, Out(GiveUp::Its)),
        ("all too long", fault(TooLong), none.clone(), Evidence { refused_items: 3, ..cold }, Stop),
        (
            "too long, like many before, where others went through",
            fault(TooLong),
            none.clone(),
            Evidence { refused_items: 30, ..calm },
            Out(GiveUp::Its),
        ),
        ("403, others fine", fault(Forbidden), none.clone(), calm, Retry(ms(250))),
        (
            "403, and what went through before does so again",
            fault(Forbidden),
            none.clone(),
            Evidence { cleared: true, ..calm },
            Out(GiveUp::Its),
        ),
        (
            "403, and what went through before is forbidden too",
            fault(Forbidden),
            none.clone(),
            Evidence { disproved: true, ..calm },
            Stop,
        ),
        (
            "too long, like seven before",
            fault(TooLong),
            broken(0, 5),
            Evidence { refused_items: 8, ..calm },
            Retry(ms(250)),
        ),
        (
            "too long, and what went through before is too long too",
            fault(TooLong),
            broken(0, 5),
            Evidence { refused_items: 8, disproved: true, ..calm },
            Stop,
        ),
        ("no answer in time, once", fault(Late), broken(1, 5), calm, Retry(ms(125))),
        ("no answer in time, twice, others fine", fault(Late), broken(2, 4), calm, Out(GiveUp::Its)),
        ("killed the server, among others", fault(Killed), killed(1), calm, GoAway),
        ("killed the server, alone", fault(Killed), killed(2), calm, Out(GiveUp::Its)),
        ("killed a server that never answered", fault(Killed), killed(2), cold, GoAway),
    ];
    for (name, fault, history, evidence, expected) in cases {
        assert_eq!(decide(&fault, &history, 0, &evidence, &Policy::default()), expected, "{name}");
    }
}

#[test]
fn delays_double_up_to_half_a_minute() {
    let of = |failures| delay(failures, Duration::from_secs(1)).as_secs();
    assert_eq!([of(0), of(1), of(4), of(5), of(200)], [1, 2, 16, 30, 30]);
}
