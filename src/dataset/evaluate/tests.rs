use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::check::Passed;

/// A store in memory: what every ask would be answered, and which answers have come.
#[derive(Debug, Clone)]
struct World {
    quotas: Quotas,
    /// By cell and ask: texts, or `None` for a tombstone.
    answers: Vec<Vec<Option<Vec<String>>>>,
    come: HashSet<(usize, u32)>,
}

fn fingerprint(cell: usize, ask: u32) -> Fingerprint {
    Fingerprint(*blake3::hash(format!("{cell} {ask}").as_bytes()).as_bytes())
}

impl Book for World {
    type Error = Infallible;

    fn fingerprint(&mut self, cell: usize, ask: u32) -> Result<Fingerprint, Infallible> {
        Ok(fingerprint(cell, ask))
    }

    fn stored(&mut self, wanted: &Fingerprint) -> Result<Stored, Infallible> {
        for (cell, ask) in &self.come {
            if fingerprint(*cell, *ask) != *wanted {
                continue;
            }
            return Ok(match &self.answers[*cell][*ask as usize] {
                None => Stored::Tombstone("bad request".into()),
                Some(texts) => Stored::Answer(texts.iter().enumerate().map(candidate).collect()),
            });
        }
        Ok(Stored::Missing)
    }
}

fn candidate((item, text): (usize, &String)) -> Candidate {
    let outcome = match text.as_str() {
        "" => Err(Reason::Empty),
        text => Ok(Passed { key: TextKey::of(text), fields: Map::new() }),
    };
    Candidate { choice: 0, item: item as u32, text: text.clone(), outcome }
}

fn texts(outcome: &Outcome) -> Vec<(usize, String)> {
    let text = |row: &Accepted| row.answer[row.place.index].text.clone();
    outcome.rows.iter().map(|row| (row.place.cell, text(row))).collect()
}

/// All of an outcome that reaches a file or a user, to be compared byte for byte.
fn shown(outcome: &Outcome) -> String {
    let rows: Vec<_> = outcome.rows.iter().map(|row| (row.id, row.place)).collect();
    let rejects: Vec<_> = outcome.rejects.iter().map(|reject| (reject.place, &reject.reason)).collect();
    format!(
        "{rows:?}\n{rejects:?}\n{:?}\n{} {} {:?}",
        outcome.failed, outcome.surplus, outcome.shortfall, outcome.accepted
    )
}

/// Evaluates, lets the demanded answers come in an order of the caller's, and again, until no
/// demand is left.
fn run(world: &mut World, mut order: impl FnMut(&mut Vec<Demand>)) -> (Outcome, usize) {
    let mut asked = 0;
    loop {
        let outcome = evaluate(&world.quotas.clone(), world).unwrap();
        if outcome.is_final() {
            return (outcome, asked);
        }
        let mut demands = outcome.demands;
        order(&mut demands);
        for demand in demands {
            asked += 1;
            assert!(world.come.insert((demand.cell, demand.ask)), "asked twice");
        }
    }
}

#[test]
fn the_designs_example() {
    let all = |texts: &[&str]| Some(texts.iter().map(|text| text.to_string()).collect::<Vec<_>>());
    let mut world = World {
        quotas: Quotas { rows: vec![2, 2], max_asks: 3, scope: vec![0, 0] },
        answers: vec![vec![all(&["a", "b", "c"]), None, None], vec![all(&["a", "x", ""]), None, all(&["y"])]],
        come: HashSet::from([(0, 0), (1, 0), (1, 1)]),
    };
    let outcome = evaluate(&world.quotas.clone(), &mut world).unwrap();
    let of = |cell, text: &str| (cell, text.to_owned());
    assert_eq!(texts(&outcome), [of(0, "a"), of(1, "x"), of(0, "b")]);
    let reasons: Vec<_> = outcome.rejects.iter().map(|r| (r.place.cell, r.reason.name())).collect();
    assert_eq!(reasons, [(1, "duplicate"), (1, "empty")]);
    assert_eq!(outcome.rejects[0].reason, Reason::Duplicate { of: outcome.rows[0].id });
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.demands, [Demand { cell: 1, ask: 2, fingerprint: fingerprint(1, 2) }]);
    assert_eq!(outcome.surplus, 1, "c is never needed");
    assert_eq!(outcome.shortfall, 0, "B may still be filled");
    let (outcome, asked) = run(&mut world, |_| {});
    assert_eq!((asked, texts(&outcome)[3].clone()), (1, of(1, "y")));
}

#[test]
fn a_stream_that_ends_leaves_a_shortfall_that_nobody_fills() {
    let mut world = World {
        quotas: Quotas { rows: vec![2, 2], max_asks: 2, scope: vec![0, 1] },
        answers: vec![
            vec![Some(vec![String::new()]), None],
            vec![Some(vec!["a".into(), "b".into(), "c".into()]), None],
        ],
        come: HashSet::new(),
    };
    let (outcome, _) = run(&mut world, |_| {});
    assert_eq!(outcome.accepted, [0, 2]);
    assert_eq!(outcome.shortfall, 2);
}

fn worlds() -> impl Strategy<Value = World> {
    // Few different texts, so that duplicates and near-full cells are common.
    let text = prop_oneof![2 => Just(String::new()), 8 => "[a-g]"];
    let ask = prop_oneof![1 => Just(None), 6 => prop::collection::vec(text, 0..4).prop_map(Some)];
    (1..8usize, 1..5u32, 1..4u64).prop_flat_map(move |(cells, max_asks, scopes)| {
        let asks = prop::collection::vec(ask.clone(), max_asks as usize);
        (
            prop::collection::vec(asks, cells),
            prop::collection::vec(0..scopes, cells),
            prop::collection::vec(0..4u32, cells),
        )
            .prop_map(move |(answers, scope, rows)| World {
                quotas: Quotas { rows, max_asks, scope },
                answers,
                come: HashSet::new(),
            })
    })
}

proptest! {
    /// Answers come one at a time, in any order, with evaluations between: the same bytes.
    #[test]
    fn the_order_of_arrival_changes_nothing(world in worlds(), orders in prop::collection::vec(any::<u64>(), 3)) {
        let (expected, _) = run(&mut world.clone(), |_| {});
        for seed in orders {
            let mut state = seed | 1;
            let (outcome, _) = run(&mut world.clone(), |demands| {
                // An arbitrary one of the demands comes before the next evaluation.
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let one = demands[(state >> 33) as usize % demands.len()];
                *demands = vec![one];
            });
            prop_assert_eq!(shown(&outcome), shown(&expected));
        }
    }

    /// Asking ahead costs, and changes no row.
    #[test]
    fn prefetch_changes_no_row(world in worlds(), ahead in prop::collection::vec((0..8usize, 0..5u32), 0..12)) {
        let (expected, _) = run(&mut world.clone(), |_| {});
        let mut eager = world.clone();
        for (cell, ask) in ahead {
            if cell < eager.answers.len() && ask < eager.quotas.max_asks {
                eager.come.insert((cell, ask));
            }
        }
        let (outcome, _) = run(&mut eager, |_| {});
        prop_assert_eq!(shown(&outcome), shown(&expected));
    }

    /// Raising every cell's N only appends.
    #[test]
    fn more_rows_only_append(mut world in worlds(), rows in 1..4u32) {
        world.quotas.rows.fill(rows);
        let (few, _) = run(&mut world.clone(), |_| {});
        let mut larger = world.clone();
        larger.quotas.rows.iter_mut().for_each(|rows| *rows += 2);
        let (many, _) = run(&mut larger, |_| {});
        prop_assert_eq!(&texts(&many)[..few.rows.len()], &texts(&few)[..]);
    }

    /// Every row is unique in its scope, no cell has too many, and the counts add up.
    #[test]
    fn the_counts_add_up(world in worlds()) {
        let (outcome, _) = run(&mut world.clone(), |_| {});
        let quotas = &world.quotas;
        let mut seen = HashSet::new();
        for (cell, text) in texts(&outcome) {
            prop_assert!(seen.insert((quotas.scope[cell], text)));
        }
        prop_assert!(outcome.accepted.iter().zip(&quotas.rows).all(|(rows, most)| rows <= most));
        let wanted = quotas.wanted();
        prop_assert_eq!(outcome.rows.len() as u64 + outcome.shortfall, wanted);
        let mut ranks: BTreeMap<usize, u32> = BTreeMap::new();
        let mut last = 0;
        for row in &outcome.rows {
            let rank = ranks.entry(row.place.cell).or_default();
            *rank += 1;
            prop_assert!(*rank >= last, "ranks rise along the file");
            last = *rank;
        }
    }
}
