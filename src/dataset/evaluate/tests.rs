mod naive;

use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::check::{Allowance, Duplicates, Mends, Passed};
use crate::dedup::{Bag, Rule, Similarity, Statistics, TextKey};
use crate::model::COUNTERPART;
use naive::Outcome;

/// A store in memory: what every ask would be answered, and which answers have come.
#[derive(Debug, Clone)]
struct World {
    quotas: Quotas,
    /// By cell: in which group of cells a text may stand only once.
    scope: Vec<u64>,
    /// By cell: its label, of two.
    labels: Vec<usize>,
    /// By cell and ask: texts, or `None` for a tombstone.
    answers: Vec<Vec<Option<Vec<String>>>>,
    come: HashSet<(usize, u32)>,
    /// What is to be read next, as was told ahead.
    ahead: Vec<(usize, u32)>,
    judge: Option<TestJudge>,
    /// Answers of the judge, second looks, and embeddings, that have come.
    judged: HashSet<Fingerprint>,
    /// Of so many texts in eight it cannot be told what they mean.
    opaque: u8,
    /// By cell, ask and item: what the counterpart of that text says.
    beside: BTreeMap<(usize, u32, u32), String>,
}

impl World {
    /// What stands at a place before a second look.
    fn text_at(&self, place: &Place) -> &str {
        let item = place.index as u32 & !COUNTERPART;
        match place.index as u32 & COUNTERPART {
            0 => &self.answers[place.cell][place.ask as usize].as_ref().unwrap()[item as usize],
            _ => &self.beside[&(place.cell, place.ask, item)],
        }
    }
}

/// The fingerprint of a text's embedding, and what it means: which letters it has.
fn embedding(text: &str) -> (Fingerprint, Arc<Direction>) {
    let mut letters = [0.0f32; 26];
    for letter in text.bytes().filter(u8::is_ascii_lowercase) {
        letters[usize::from(letter - b'a')] += 1.0;
    }
    let hash = blake3::hash(format!("embedding {text}").as_bytes());
    (Fingerprint(*hash.as_bytes()), Arc::new(Direction::of(&letters).unwrap()))
}

/// What is shown of a text with a name in doubt: `name? text`. What a second look says follows from a hash: the
/// name is none, it is one, or it is one and the text is dropped.
const UNKNOWN: &str = "someone";

/// The request about a text with a name in doubt.
fn looking(original: &str) -> Fingerprint {
    Fingerprint(*blake3::hash(format!("names {original}").as_bytes()).as_bytes())
}

fn looked(candidate: &Candidate, original: &str) -> Candidate {
    let (name, text) = original.split_once('?').unwrap();
    let item = (
        candidate.item as usize,
        &match looking(original).0[0] % 4 {
            0 => format!("{UNKNOWN}{text}"),
            1 => format!("{UNKNOWN}{text}!"),
            2 => String::new(),
            _ => format!("{name}{text}"),
        },
    );
    let mut out = self::candidate(item);
    if let Err(reason) = &mut out.outcome {
        *reason = Reason::Anonymize { category: "NAME".into() };
    }
    out
}

/// A judge whose answers follow from a number: of a text some accept it, some do not, some are broken.
#[derive(Debug, Clone, Copy)]
struct TestJudge {
    seed: u8,
    votes: u16,
    asks: u16,
}

impl TestJudge {
    fn fingerprint(cell: usize, text: &str, number: u16) -> Fingerprint {
        Fingerprint(*blake3::hash(format!("judge {cell} {number} {text}").as_bytes()).as_bytes())
    }

    /// What the answer says; `None` of a broken one.
    fn accepts(self, fingerprint: &Fingerprint) -> Option<bool> {
        match (fingerprint.0[0] ^ self.seed) % 8 {
            0 => None,
            1..=3 => Some(false),
            _ => Some(true),
        }
    }

    fn judgement(self, judged: &HashSet<Fingerprint>, place: &Place, text: &str) -> Judgement {
        let (mut asked, mut good, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..self.asks {
            if good.len() + open.len() == usize::from(self.votes) {
                break;
            }
            let fingerprint = Self::fingerprint(place.cell, text, number);
            asked.push((0, fingerprint));
            match judged.contains(&fingerprint) {
                true => good.extend(self.accepts(&fingerprint)),
                false => {
                    open.push((About { to: To::Judge(0), number, index: place.index as u32 }, fingerprint));
                }
            }
        }
        let accepting = good.iter().filter(|accepts| **accepts).count();
        let ruling = match open.is_empty() {
            false => Ruling::Open(open),
            true if good.len() == usize::from(self.votes) && 2 * accepting > good.len() => {
                Ruling::Accepted(None)
            }
            true => {
                let why = format!("{accepting} of {}", good.len());
                Ruling::Refused(Arc::new(Reason::Judge { judge: "judge:test", why }))
            }
        };
        Judgement { asked, ruling }
    }
}

fn fingerprint(cell: usize, ask: u32) -> Fingerprint {
    Fingerprint(*blake3::hash(format!("{cell} {ask}").as_bytes()).as_bytes())
}

impl Book for World {
    type Error = Infallible;

    fn scope(&self, cell: usize) -> u64 {
        self.scope[cell]
    }

    fn labels(&self, cell: usize) -> Vec<usize> {
        vec![self.labels[cell]]
    }

    fn ahead(&mut self, asks: &[(usize, u32)]) -> Result<(), Infallible> {
        assert_eq!(self.ahead, [], "all that was told ahead is read");
        assert!(asks.is_sorted() && asks.iter().all(|(cell, ask)| *ask < self.quotas.asks(*cell)));
        self.ahead = asks.to_vec();
        Ok(())
    }

    fn read(&mut self, cell: usize, ask: u32) -> Result<(Fingerprint, Stored), Infallible> {
        if self.ahead.first() == Some(&(cell, ask)) {
            self.ahead.remove(0);
        }
        let answer = self.answers[cell].get(ask as usize).unwrap_or(&None);
        let stored = match (self.come.contains(&(cell, ask)), answer) {
            (false, _) => Stored::Missing,
            (true, None) => Stored::Tombstone("bad request".into()),
            (true, Some(texts)) => Stored::Answer(texts.iter().enumerate().map(candidate).collect()),
        };
        Ok((fingerprint(cell, ask), stored))
    }

    fn counterpart(&self, place: &Place, candidate: &Candidate) -> Option<Candidate> {
        let text = self.beside.get(&(place.cell, place.ask, candidate.item))?;
        Some(self::candidate(((candidate.item | COUNTERPART) as usize, text)))
    }

    fn second_look(&mut self, place: &Place, candidate: &Candidate) -> Result<Look, Infallible> {
        let passed = candidate.outcome.as_ref().unwrap();
        let original = passed.doubtful.as_ref().expect("only what is in doubt is looked at");
        let fingerprint = looking(original);
        let about = About { to: To::Names, number: 0, index: place.index as u32 };
        let looked = match self.judged.contains(&fingerprint) {
            false => Looked::Open(vec![(about, fingerprint)]),
            true => Looked::As(Arc::new(looked(candidate, original))),
        };
        Ok(Look { asked: vec![fingerprint], looked })
    }

    fn has_judges(&self) -> bool {
        self.judge.is_some()
    }

    fn ruling(&mut self, place: &Place, candidate: &Candidate) -> Result<Judgement, Infallible> {
        let Some(judge) = self.judge else { return Ok(Judgement::default()) };
        Ok(judge.judgement(&self.judged, place, &candidate.text))
    }

    fn meaning(&mut self, place: &Place, candidate: &Candidate) -> Result<Meaning, Infallible> {
        let (fingerprint, direction) = embedding(&candidate.text);
        let about = About { to: To::Embedder, number: 0, index: place.index as u32 };
        let meant = match self.judged.contains(&fingerprint) {
            false => Meant::Open(vec![(about, fingerprint)]),
            true if fingerprint.0[0] % 8 < self.opaque => {
                Meant::Refused(Arc::new(Reason::Embedding { why: "refused".into() }))
            }
            true => Meant::Known(direction),
        };
        Ok(Meaning { asked: vec![fingerprint], meant })
    }
}

fn candidate((item, text): (usize, &String)) -> Candidate {
    let doubtful = text.contains('?').then(|| text.as_str().into());
    let text = &match text.split_once('?') {
        Some((_, text)) => format!("{UNKNOWN}{text}"),
        None => text.clone(),
    };
    let outcome = match text.as_str() {
        "" => Err(Reason::Empty),
        text => Ok(Passed {
            key: TextKey::of(text),
            bag: Some(Box::new(Bag::of(text, Statistics::shipped()))),
            named: u32::from(text.contains('!')),
            fields: None,
            spans: Box::default(),
            doubtful,
        }),
    };
    Candidate { choice: 0, item: item as u32, text: text.clone(), mended: Mends::default(), outcome }
}

fn texts(outcome: &Outcome) -> Vec<(usize, String)> {
    outcome.rows.iter().map(|row| (row.place.cell, row.text.clone())).collect()
}

/// All of an outcome that reaches a file or a user, to be compared byte for byte.
fn shown(outcome: &Outcome) -> String {
    format!(
        "{:?}\n{:?}\n{:?}\n{} {} {:?}",
        outcome.rows, outcome.rejects, outcome.failed, outcome.surplus, outcome.shortfall, outcome.accepted
    )
}

/// Evaluates, and holds the outcome to the plainest way of doing so.
fn evaluated(world: &mut World) -> Outcome {
    let quotas = world.quotas.clone();
    let outcome = Outcome::gathered(&quotas, world).unwrap();
    assert_eq!(world.ahead, []);
    assert_eq!(outcome, naive::evaluate(&quotas, world).unwrap());
    outcome
}

/// Evaluates, lets the demanded answers come in an order of the caller's, and again, until no
/// demand is left.
fn run(world: &mut World, mut order: impl FnMut(&mut Vec<Demand>)) -> (Outcome, usize) {
    let mut asked = 0;
    loop {
        let outcome = evaluated(world);
        if outcome.is_final() {
            return (outcome, asked);
        }
        let mut demands = outcome.demands;
        order(&mut demands);
        for demand in demands {
            asked += 1;
            let new = match demand.about {
                None => world.come.insert((demand.cell, demand.ask)),
                // Two cells may have the same text.
                Some(About { to: To::Embedder | To::Names, .. }) => {
                    world.judged.insert(demand.fingerprint);
                    true
                }
                // While a counterpart waits its cell goes on, maybe to the same text.
                Some(_) => world.judged.insert(demand.fingerprint) || !world.beside.is_empty(),
            };
            assert!(new, "asked twice");
        }
    }
}

#[test]
fn the_designs_example() {
    let all = |texts: &[&str]| Some(texts.iter().map(|text| text.to_string()).collect::<Vec<_>>());
    let mut world = World {
        quotas: Quotas {
            rows: Rows::Alike { cells: 2, rows: 2 },
            raised: Raised::default(),
            max_asks: 3,
            duplicates: Duplicates::Same,
            same_meaning: None,
            allowance: None,
        },
        scope: vec![0, 0],
        labels: vec![0, 0],
        answers: vec![vec![all(&["a", "b", "c"]), None, None], vec![all(&["a", "x", ""]), None, all(&["y"])]],
        come: HashSet::from([(0, 0), (1, 0), (1, 1)]),
        ahead: Vec::new(),
        judge: None,
        judged: HashSet::new(),
        opaque: 0,
        beside: BTreeMap::new(),
    };
    let outcome = evaluated(&mut world);
    let of = |cell, text: &str| (cell, text.to_owned());
    assert_eq!(texts(&outcome), [of(0, "a"), of(1, "x"), of(0, "b")]);
    let reasons: Vec<_> = outcome.rejects.iter().map(|r| (r.place.cell, r.reason.name())).collect();
    assert_eq!(reasons, [(1, "duplicate"), (1, "empty")]);
    assert_eq!(outcome.rejects[0].reason, Reason::Duplicate { of: outcome.rows[0].id });
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.demands, [Demand { cell: 1, ask: 2, fingerprint: fingerprint(1, 2), about: None }]);
    assert_eq!(outcome.surplus, 1, "c is never needed");
    assert_eq!(outcome.shortfall, 0, "B may still be filled");
    let (outcome, asked) = run(&mut world, |_| {});
    assert_eq!((asked, texts(&outcome)[3].clone()), (1, of(1, "y")));
}

#[test]
fn a_stream_that_ends_leaves_a_shortfall_that_nobody_fills() {
    let mut world = World {
        quotas: Quotas {
            rows: Rows::Each(vec![2, 2]),
            raised: Raised::default(),
            max_asks: 2,
            duplicates: Duplicates::Same,
            same_meaning: None,
            allowance: None,
        },
        scope: vec![0, 1],
        labels: vec![0, 0],
        answers: vec![
            vec![Some(vec![String::new()]), None],
            vec![Some(vec!["a".into(), "b".into(), "c".into()]), None],
        ],
        come: HashSet::new(),
        ahead: Vec::new(),
        judge: None,
        judged: HashSet::new(),
        opaque: 0,
        beside: BTreeMap::new(),
    };
    let (outcome, _) = run(&mut world, |_| {});
    assert_eq!(outcome.accepted, [0, 2]);
    assert_eq!(outcome.shortfall, 2);
}

/// Two labels, of which the same share of rows may have a "!".
fn allowance(share: u64) -> Allowance {
    Allowance { axes: vec![["joy", "anger"].map(|label| (label.to_owned(), share)).into()] }
}

fn judges() -> impl Strategy<Value = TestJudge> {
    let judge = |(seed, votes, spare)| TestJudge { seed, votes, asks: votes + spare };
    (any::<u8>(), 1..4u16, 0..3u16).prop_map(judge)
}

fn worlds() -> impl Strategy<Value = World> {
    // Few different texts, so that duplicates and near-full cells are common.
    let sentence = prop::sample::select(vec![
        "the zork ate my sandwich",
        "the zork ate my guitar",
        "the zork sold my guitar",
        "my guitar ate the zork",
        "he sold my guitar today",
    ]);
    let text = prop_oneof![2 => Just(String::new()), 8 => "[a-g]!?", 4 => "[a-c]\\?[a-c]?!?", 4 => sentence.prop_map(str::to_owned)];
    let ask = prop_oneof![1 => Just(None), 6 => prop::collection::vec(text.clone(), 0..4).prop_map(Some)];
    let beside = ((0..8usize, 0..5u32, 0..4u32), text);
    let beside = prop::collection::btree_map(beside.0, beside.1, 0..12);
    let extra = (beside, prop::collection::btree_map(0..8usize, 1..3u32, 0..2));
    (1..8usize, 1..5u32, 1..4u64, extra).prop_flat_map(move |(cells, max_asks, scopes, (beside, mut add))| {
        add.retain(|cell, _| *cell < cells);
        let asks = prop::collection::vec(ask.clone(), max_asks as usize);
        (
            prop::collection::vec(asks, cells),
            prop::collection::vec(0..scopes, cells),
            prop::collection::vec(0..4u32, cells),
            prop::sample::select(vec![Duplicates::Off, Duplicates::Same, Duplicates::Near(Rule::default())]),
            prop::collection::vec(0..2usize, cells),
            prop::option::of(0..1_000_000u64),
            prop::option::of(judges()),
            prop::option::of(prop::sample::select(vec![5_000u16, 9_000, 10_000])),
            0..3u8,
        )
            .prop_map(
                move |(answers, scope, rows, duplicates, labels, share, judge, same, opaque)| World {
                    quotas: Quotas {
                        raised: Raised::new(&Rows::Each(rows.clone()), add.clone()),
                        rows: Rows::Each(rows),
                        max_asks,
                        duplicates,
                        same_meaning: same.map(Similarity),
                        allowance: share.map(allowance),
                    },
                    scope,
                    labels,
                    answers,
                    come: HashSet::new(),
                    ahead: Vec::new(),
                    judge,
                    judged: HashSet::new(),
                    opaque,
                    beside: beside.clone(),
                },
            )
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
        for (cell, ask) in &ahead {
            let asks = eager.answers.get(*cell).and_then(|asks| asks.get(*ask as usize));
            // Verdicts too, on texts that may never be reached.
            for text in asks.into_iter().flatten().flatten() {
                eager.judged.extend((0..2).map(|number| TestJudge::fingerprint(*cell, text, number)));
                if text.contains('?') {
                    eager.judged.insert(looking(text));
                } else if !text.is_empty() {
                    eager.judged.insert(embedding(text).0);
                }
            }
        }
        for (cell, ask) in ahead {
            if cell < eager.answers.len() && ask < eager.quotas.asks(cell) {
                eager.come.insert((cell, ask));
            }
        }
        let (outcome, _) = run(&mut eager, |_| {});
        prop_assert_eq!(shown(&outcome), shown(&expected));
    }

    /// Raising every cell's N only appends.
    #[test]
    fn more_rows_only_append(mut world in worlds(), rows in 1..4u32) {
        let cells = world.quotas.cells();
        world.quotas.rows = Rows::Alike { cells, rows };
        world.quotas.raised = Raised::default();
        let (few, _) = run(&mut world.clone(), |_| {});
        let mut larger = world.clone();
        larger.quotas.rows = Rows::Alike { cells, rows: rows + 2 };
        let (many, _) = run(&mut larger, |_| {});
        prop_assert_eq!(&texts(&many)[..few.rows.len()], &texts(&few)[..]);
    }

    /// Raising single cells that have all their rows only appends, and a counterpart moves no row before it.
    #[test]
    fn raised_cells_only_append(mut world in worlds()) {
        let raised = std::mem::take(&mut world.quotas.raised);
        let (few, _) = run(&mut world.clone(), |_| {});
        let full = |cell: &usize| few.accepted[*cell] == world.quotas.rows(*cell);
        let add = (0..world.quotas.cells()).filter(full).map(|cell| (cell, raised.of(cell)));
        let mut larger = world.clone();
        larger.quotas.raised = Raised::new(&world.quotas.rows, add.collect());
        let (many, _) = run(&mut larger, |_| {});
        prop_assert_eq!(&many.rows[..few.rows.len()], &few.rows[..]);
        prop_assert!(many.rows[few.rows.len()..].iter().all(|row| larger.quotas.raised.of(row.place.cell) > 0));
        for (at, row) in few.rows.iter().enumerate() {
            let paired = few.rows.get(at + 1).is_some_and(|next| next.place.is_counterpart());
            prop_assert_eq!(row.pair.is_some(), row.place.is_counterpart() || paired);
            if row.place.is_counterpart() {
                let original = &few.rows[at - 1];
                prop_assert_eq!(row.pair, Some(original.id));
                prop_assert_eq!((original.pair, original.id.counterpart()), (Some(original.id), row.id));
            }
        }
        let mut alone = world.clone();
        alone.beside.clear();
        let (alone, _) = run(&mut alone, |_| {});
        let first = few.rows.iter().position(|row| row.place.is_counterpart()).unwrap_or(few.rows.len());
        let same = |(a, b): (&naive::Row, &naive::Row)| (&a.text, a.id) == (&b.text, b.id);
        prop_assert!(few.rows[..first].iter().zip(&alone.rows).all(same));
    }

    /// Every row was accepted by the judge, and each that it was never asked about was no row for
    /// another reason.
    #[test]
    fn rows_are_those_that_the_judge_accepts(world in worlds(), judge in judges()) {
        let mut world = World { judge: Some(judge), ..world };
        let (outcome, _) = run(&mut world, |_| {});
        for row in &outcome.rows {
            let judgement = judge.judgement(&world.judged, &row.place, &row.text);
            prop_assert!(matches!(judgement.ruling, Ruling::Accepted(_)));
            prop_assert!(judgement.asked.iter().all(|(_, asked)| outcome.judging.contains(asked)));
        }
        for reject in &outcome.rejects {
            let judgement = judge.judgement(&world.judged, &reject.place, &reject.text);
            let refused = matches!(judgement.ruling, Ruling::Refused(_));
            prop_assert!(reject.reason.name() != "judge:test" || refused);
        }
        // With everybody's consent it is as if there were no judge.
        world.judge = None;
        let (without, _) = run(&mut world, |_| {});
        if outcome.rejects.iter().all(|reject| reject.reason.name() != "judge:test") {
            prop_assert_eq!(shown(&outcome), shown(&without));
        }
    }

    /// A row says what a second look makes of it, and nobody is asked about what is no row for another reason.
    #[test]
    fn rows_say_what_a_second_look_makes_of_them(world in worlds()) {
        let (outcome, _) = run(&mut world.clone(), |_| {});
        let original = |place: &Place| {
            let text = world.text_at(place);
            text.contains('?').then(|| text.to_owned())
        };
        let seen = |text: &str, place: &Place| match original(place) {
            None => None,
            Some(original) => {
                let first = candidate((place.index, &original));
                Some((looked(&first, &original).text == text, looking(&original)))
            }
        };
        for row in &outcome.rows {
            if let Some((same, asked)) = seen(&row.text, &row.place) {
                prop_assert!(same && outcome.judging.contains(&asked), "{row:?}");
            }
        }
        for reject in &outcome.rejects {
            if let Some((same, _)) = seen(&reject.text, &reject.place) {
                prop_assert!(same || reject.reason.name() == Reason::LABEL_LEAKAGE, "{reject:?}");
            }
        }
    }

    /// No two rows of a scope say the same, and what was passed over for that names the row most like it.
    #[test]
    fn no_two_rows_say_the_same(world in worlds()) {
        let (outcome, _) = run(&mut world.clone(), |_| {});
        let Some(threshold) = world.quotas.same_meaning else { return Ok(()) };
        for (index, row) in outcome.rows.iter().enumerate() {
            let (fingerprint, meant) = embedding(&row.text);
            prop_assert!(fingerprint.0[0] % 8 >= world.opaque && outcome.judging.contains(&fingerprint));
            for other in &outcome.rows[..index] {
                let alike = embedding(&other.text).1.cosine(&meant) >= threshold;
                let apart = world.scope[row.place.cell] != world.scope[other.place.cell];
                prop_assert!(!alike || apart || row.pair.is_some_and(|pair| other.pair == Some(pair)));
            }
        }
        for reject in &outcome.rejects {
            let Reason::Paraphrase { of, similarity } = reject.reason else { continue };
            let of = outcome.rows.iter().find(|row| row.id == of).unwrap();
            prop_assert_eq!(world.scope[of.place.cell], world.scope[reject.place.cell]);
            prop_assert_eq!(embedding(&of.text).1.cosine(&embedding(&reject.text).1), similarity);
            prop_assert!(similarity >= threshold);
        }
    }

    /// In no head of the dataset is a label named once more than its share, rounded up.
    #[test]
    fn labels_are_named_within_their_share(world in worlds()) {
        let (outcome, _) = run(&mut world.clone(), |_| {});
        let Some(allowance) = &world.quotas.allowance else { return Ok(()) };
        let mut counts = [(0, 0); 2];
        for (cell, text) in texts(&outcome) {
            let (rows, named) = &mut counts[world.labels[cell]];
            *rows += 1;
            *named += u64::from(text.contains('!'));
            prop_assert!(*named <= (allowance.axes[0][0].1 * *rows).div_ceil(1_000_000));
        }
    }

    /// Every row is unique in its scope, no cell has too many, and the counts add up.
    #[test]
    fn the_counts_add_up(world in worlds()) {
        let (outcome, _) = run(&mut world.clone(), |_| {});
        let quotas = &world.quotas;
        let mut seen = HashSet::new();
        for (cell, text) in texts(&outcome) {
            prop_assert!(quotas.duplicates == Duplicates::Off || seen.insert((world.scope[cell], text)));
        }
        prop_assert!(outcome.accepted.iter().enumerate().all(|(cell, rows)| *rows <= quotas.rows(cell)));
        let wanted = quotas.wanted();
        let own = || outcome.rows.iter().filter(|row| !row.place.is_counterpart());
        prop_assert_eq!(own().count() as u64 + outcome.shortfall, wanted);
        let mut ranks: BTreeMap<usize, u32> = BTreeMap::new();
        let mut last = 0;
        for row in own().filter(|_| quotas.raised.is_empty()) {
            let rank = ranks.entry(row.place.cell).or_default();
            *rank += 1;
            prop_assert!(*rank >= last, "ranks rise along the file");
            last = *rank;
        }
    }
}
