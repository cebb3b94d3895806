//! The plainest way to evaluate, with everything in memory: what the real one is held to.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::{
    About, Accepted, Book, Demand, Failed, Looked, Meant, Name, Place, Quotas, Rejected, Ruling, Sink,
    Stored, Totals,
};
use crate::check::{Candidate, Counted, Duplicates, Passed, Reason};
use crate::dedup::{Direction, Index, Match, Tier};
use crate::model::{COUNTERPART, Fingerprint, RowId};

/// A row, in order of acceptance.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub place: Place,
    pub id: RowId,
    pub text: String,
    pub pair: Option<RowId>,
}

impl Place {
    pub fn is_counterpart(&self) -> bool {
        self.index & COUNTERPART as usize != 0
    }
}

impl Demand {
    fn is_of_a_counterpart(&self) -> bool {
        self.about.is_some_and(|about| about.index & COUNTERPART != 0)
    }
}

/// A candidate that was passed over.
#[derive(Debug, Clone, PartialEq)]
pub struct Reject {
    pub place: Place,
    pub text: String,
    pub reason: Reason,
}

/// All of an outcome that reaches a file or a user.
#[derive(Debug, Default, PartialEq)]
pub struct Outcome {
    pub rows: Vec<Row>,
    pub rejects: Vec<Reject>,
    pub failed: Vec<Failed>,
    pub surplus: u64,
    pub demands: Vec<Demand>,
    /// By demand: rows that its cell lacks.
    pub missing: Vec<u32>,
    /// By cell: the asks that its stream reached, in order, with the demanded one.
    pub reached: Vec<Vec<Fingerprint>>,
    /// By cell: accepted rows.
    pub accepted: Vec<u32>,
    pub shortfall: u64,
    pub answers: u64,
    /// Requests to judges that rows, rejects and demands hang on, in order.
    pub judging: Vec<Fingerprint>,
}

impl Outcome {
    /// Gathers what the real one tells.
    pub fn gathered<B: Book>(quotas: &Quotas, book: &mut B) -> Result<Self, B::Error> {
        let cells = quotas.cells();
        let mut out = Self { reached: vec![Vec::new(); cells], accepted: vec![0; cells], ..Self::default() };
        let totals = super::super::evaluate(quotas, book, &mut out)?;
        let count = |list: usize| list as u64;
        let beside = out.rows.iter().filter(|row| row.place.is_counterpart()).count();
        let counted = Totals {
            rows: count(out.rows.len() - beside),
            counterparts: count(beside),
            rejects: count(out.rejects.len()),
            failed: count(out.failed.len()),
            demands: count(out.demands.len()),
            ..totals
        };
        assert_eq!(totals, counted, "the totals are those of what was told");
        Ok(Self { surplus: totals.surplus, shortfall: totals.shortfall, answers: totals.answers, ..out })
    }

    pub fn is_final(&self) -> bool {
        self.demands.is_empty()
    }
}

impl Sink for Outcome {
    fn reached(&mut self, cell: usize, ask: u32, fingerprint: &Fingerprint) {
        assert_eq!(self.reached[cell].len(), ask as usize, "asks are reached in order");
        self.reached[cell].push(*fingerprint);
    }

    fn looking(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.judging.push(*fingerprint);
    }

    fn judging(&mut self, _cell: usize, _judge: u16, fingerprint: &Fingerprint) {
        self.judging.push(*fingerprint);
    }

    fn embedding(&mut self, _cell: usize, fingerprint: &Fingerprint) {
        self.judging.push(*fingerprint);
    }

    fn row(&mut self, row: &Accepted<'_>) {
        if !row.is_counterpart() {
            self.accepted[row.place.cell] += 1;
            assert_eq!(row.rank, self.accepted[row.place.cell], "the rank is that in the cell");
        }
        let (id, text, pair) = (row.name, row.candidate.text.clone(), row.pair);
        self.rows.push(Row { place: row.place, id, text, pair });
    }

    fn reject(&mut self, reject: &Rejected<'_>) {
        let text = reject.candidate.text.clone();
        self.rejects.push(Reject { place: reject.place, text, reason: reject.why.reason() });
    }

    fn failed(&mut self, failed: &Failed) {
        self.failed.push(failed.clone());
    }

    fn demand(&mut self, demand: &Demand, missing: u32) {
        self.demands.push(*demand);
        self.missing.push(missing);
    }
}

/// A cell's place in its stream.
#[derive(Default)]
struct Stream {
    /// The next ask to look up.
    ask: u32,
    /// The completion being read, and the next candidate in it.
    current: Option<(Fingerprint, Arc<[Candidate]>)>,
    index: usize,
    over: bool,
}

/// Computes the dataset.
pub fn evaluate<B: Book>(quotas: &Quotas, book: &mut B) -> Result<Outcome, B::Error> {
    let cells = quotas.cells();
    let mut outcome =
        Outcome { reached: vec![Vec::new(); cells], accepted: vec![0; cells], ..Outcome::default() };
    let mut streams: Vec<Stream> = Vec::new();
    streams.resize_with(cells, Stream::default);
    let mut seen = Vec::new();
    let mut meant = Vec::new();
    let mut counted = Counted::default();
    // All rows that are asked for, one of each cell in turn, and then those of cells that get more.
    let own = (1..=quotas.rows.most())
        .flat_map(|rank| (0..cells).filter(move |cell| quotas.rows.of(*cell) >= rank));
    let raised = (0..cells).map(|cell| quotas.raised.of(cell)).max().unwrap_or(0);
    let more = (1..=raised).flat_map(|rank| (0..cells).filter(move |cell| quotas.raised.of(*cell) >= rank));
    for cell in own.chain(more) {
        if !streams[cell].over {
            let seen = (&mut seen, &mut meant);
            advance(cell, &mut streams[cell], quotas, seen, &mut counted, book, &mut outcome)?;
        }
    }
    for stream in &streams {
        if let Some((_, answer)) = &stream.current {
            outcome.surplus += (answer.len() - stream.index) as u64;
        }
    }
    let wanted = quotas.wanted();
    let waits = outcome.demands.iter().filter(|demand| !demand.is_of_a_counterpart());
    let cells: BTreeSet<usize> = waits.map(|demand| demand.cell).collect();
    let waiting: u64 = cells.iter().map(|cell| u64::from(quotas.rows(*cell) - outcome.accepted[*cell])).sum();
    let rows: u32 = outcome.accepted.iter().sum();
    outcome.shortfall = wanted - u64::from(rows) - waiting;
    let missing = |demand: &Demand| match demand.is_of_a_counterpart() {
        true => 0,
        false => quotas.rows(demand.cell) - outcome.accepted[demand.cell],
    };
    outcome.missing = outcome.demands.iter().map(missing).collect();
    Ok(outcome)
}

/// An accepted text: its scope, and the row that it is in.
type Seen = (u64, Passed, RowId);
/// What it means.
type Means = (u64, Arc<Direction>, RowId);

/// Goes on in a cell's stream to its next row, a demand, or the end.
fn advance<B: Book>(
    cell: usize,
    stream: &mut Stream,
    quotas: &Quotas,
    (seen, meant): (&mut Vec<Seen>, &mut Vec<Means>),
    counted: &mut Counted,
    book: &mut B,
    outcome: &mut Outcome,
) -> Result<(), B::Error> {
    loop {
        let Some((fingerprint, answer)) = &stream.current else {
            if stream.ask >= quotas.asks(cell) {
                stream.over = true;
                return Ok(());
            }
            let ask = stream.ask;
            let (fingerprint, stored) = book.read(cell, ask)?;
            outcome.reached[cell].push(fingerprint);
            match stored {
                Stored::Missing => {
                    outcome.demands.push(Demand { cell, ask, fingerprint, about: None });
                    stream.over = true;
                    return Ok(());
                }
                Stored::Tombstone(reason) => {
                    outcome.failed.push(Failed { cell, ask, fingerprint, reason });
                }
                Stored::Answer(answer) => {
                    outcome.answers += 1;
                    stream.current = Some((fingerprint, answer));
                    stream.index = 0;
                }
            }
            stream.ask += 1;
            continue;
        };
        let (fingerprint, answer) = (*fingerprint, answer.clone());
        let Some(candidate) = answer.get(stream.index) else {
            stream.current = None;
            continue;
        };
        let place = Place { cell, ask: stream.ask - 1, fingerprint, index: stream.index };
        stream.index += 1;
        let mut looked = None;
        if let Ok(passed) = &candidate.outcome
            && passed.doubtful.is_some()
            && quotas
                .allowance
                .as_ref()
                .is_none_or(|all| all.refuses(counted, &book.labels(cell), passed.named).is_none())
        {
            let look = book.second_look(&place, candidate)?;
            outcome.judging.extend(look.asked);
            match look.looked {
                Looked::As(candidate) => looked = Some(candidate),
                Looked::Open(lacking) => {
                    outcome.demands.extend(lacking.into_iter().map(|(about, fingerprint)| Demand {
                        cell,
                        ask: place.ask,
                        fingerprint,
                        about: Some(about),
                    }));
                    stream.current = None;
                    stream.over = true;
                    return Ok(());
                }
            }
        }
        let candidate = looked.as_deref().unwrap_or(candidate);
        let reason = match &candidate.outcome {
            Err(reason) => reason.clone(),
            Ok(passed) => {
                let id = <RowId as Name>::of(&fingerprint, candidate);
                let labels = book.labels(cell);
                let allowance = quotas.allowance.as_ref();
                let refused = allowance.and_then(|all| all.refuses(counted, &labels, passed.named));
                let refused = refused.map(|label| Reason::LabelLeakage { label: label.to_owned() });
                let out = refused.or_else(|| duplicate(quotas.duplicates, seen, book.scope(cell), passed));
                let mut open = |open: Vec<(About, Fingerprint)>, outcome: &mut Outcome| {
                    let ask = place.ask;
                    outcome.demands.extend(open.into_iter().map(|(about, fingerprint)| Demand {
                        cell,
                        ask,
                        fingerprint,
                        about: Some(about),
                    }));
                    stream.current = None;
                    stream.over = true;
                };
                let mut direction = None;
                let out = match (out, quotas.same_meaning) {
                    (None, Some(threshold)) => {
                        let meaning = book.meaning(&place, candidate)?;
                        outcome.judging.extend(meaning.asked);
                        match meaning.meant {
                            Meant::Refused(reason) => Some((*reason).clone()),
                            Meant::Open(lacking) => {
                                open(lacking, outcome);
                                return Ok(());
                            }
                            Meant::Known(own) => {
                                let scope = book.scope(cell);
                                let mut best: Option<(i64, RowId)> = None;
                                for (_, other, of) in meant.iter().filter(|(of, ..)| *of == scope) {
                                    let pairs = other.steps().iter().zip(own.steps());
                                    let product = pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
                                    if other.cosine(&own) >= threshold
                                        && best.is_none_or(|(best, _)| product > best)
                                    {
                                        best = Some((product, *of));
                                    }
                                }
                                let same = best.and_then(|(_, of)| meant.iter().find(|(.., id)| *id == of));
                                let reason = same.map(|(_, other, of)| Reason::Paraphrase {
                                    of: *of,
                                    similarity: other.cosine(&own),
                                });
                                direction = Some(own);
                                reason
                            }
                        }
                    }
                    (out, _) => out,
                };
                let out = match out {
                    Some(reason) => Some(reason),
                    None => {
                        let judgement = book.ruling(&place, candidate)?;
                        outcome.judging.extend(judgement.asked.into_iter().map(|(_, asked)| asked));
                        match judgement.ruling {
                            Ruling::Accepted(_) => None,
                            Ruling::Refused(reason) => Some((*reason).clone()),
                            Ruling::Open(lacking) => {
                                open(lacking, outcome);
                                return Ok(());
                            }
                        }
                    }
                };
                match out {
                    Some(reason) => reason,
                    None => {
                        allowance.inspect(|all| all.count(counted, &labels, passed.named));
                        seen.push((book.scope(cell), passed.clone(), id));
                        meant.extend(direction.map(|direction| (book.scope(cell), direction, id)));
                        outcome.accepted[cell] += 1;
                        let text = candidate.text.clone();
                        outcome.rows.push(Row { place, id, text, pair: None });
                        if let Some(counterpart) = book.counterpart(&place, candidate) {
                            let place = Place { index: place.index | COUNTERPART as usize, ..place };
                            beside(place, &counterpart, quotas, (seen, meant), counted, book, outcome)?;
                        }
                        return Ok(());
                    }
                }
            }
        };
        let text = candidate.text.clone();
        outcome.rejects.push(Reject { place, text, reason });
    }
}

/// Holds a counterpart to what its original, the last row, was held to.
fn beside<B: Book>(
    place: Place,
    candidate: &Candidate,
    quotas: &Quotas,
    (seen, meant): (&mut Vec<Seen>, &mut Vec<Means>),
    counted: &mut Counted,
    book: &mut B,
    outcome: &mut Outcome,
) -> Result<(), B::Error> {
    let (cell, scope, labels) = (place.cell, book.scope(place.cell), book.labels(place.cell));
    let allowance = quotas.allowance.as_ref();
    let named = |counted: &Counted, passed: &Passed| {
        let label = allowance.and_then(|all| all.refuses(counted, &labels, passed.named));
        label.map(|label| Reason::LabelLeakage { label: label.to_owned() })
    };
    let demand = |open: Vec<(About, Fingerprint)>, outcome: &mut Outcome| {
        let demands = open.into_iter();
        outcome.demands.extend(demands.map(|(about, fingerprint)| Demand {
            cell,
            ask: place.ask,
            fingerprint,
            about: Some(about),
        }));
    };
    let mut candidate = Arc::new(candidate.clone());
    if let Ok(passed) = &candidate.outcome
        && passed.doubtful.is_some()
        && named(counted, passed).is_none()
    {
        let look = book.second_look(&place, &candidate)?;
        outcome.judging.extend(look.asked);
        match look.looked {
            Looked::As(looked) => candidate = looked,
            Looked::Open(open) => {
                demand(open, outcome);
                return Ok(());
            }
        }
    }
    let reason = 'out: {
        let passed = match &candidate.outcome {
            Ok(passed) => passed,
            Err(reason) => break 'out reason.clone(),
        };
        // The original counts only where it says the same, and then always.
        let (original, others) = seen.split_last().unwrap();
        let same = match original.1.key == passed.key {
            true => Some(Reason::Duplicate { of: original.2 }),
            false => duplicate(quotas.duplicates, others, scope, passed),
        };
        if let Some(reason) = named(counted, passed).or(same) {
            break 'out reason;
        }
        let mut direction = None;
        if let Some(threshold) = quotas.same_meaning {
            let meaning = book.meaning(&place, &candidate)?;
            outcome.judging.extend(meaning.asked);
            let own = match meaning.meant {
                Meant::Refused(reason) => break 'out (*reason).clone(),
                Meant::Open(open) => {
                    demand(open, outcome);
                    return Ok(());
                }
                Meant::Known(own) => own,
            };
            let product = |other: &Direction| -> i64 {
                let pairs = other.steps().iter().zip(own.steps());
                pairs.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum()
            };
            let others = meant[..meant.len() - 1].iter().filter(|(of, ..)| *of == scope);
            let alike = others.filter(|(_, other, _)| other.cosine(&own) >= threshold);
            let best =
                alike.reduce(|best, next| if product(&next.1) > product(&best.1) { next } else { best });
            if let Some((_, other, of)) = best {
                break 'out Reason::Paraphrase { of: *of, similarity: other.cosine(&own) };
            }
            direction = Some(own);
        }
        let judgement = book.ruling(&place, &candidate)?;
        outcome.judging.extend(judgement.asked.into_iter().map(|(_, asked)| asked));
        match judgement.ruling {
            Ruling::Accepted(_) => {}
            Ruling::Refused(reason) => break 'out (*reason).clone(),
            Ruling::Open(open) => {
                demand(open, outcome);
                return Ok(());
            }
        }
        let id = <RowId as Name>::of(&place.fingerprint, &candidate);
        allowance.inspect(|all| all.count(counted, &labels, passed.named));
        seen.push((scope, passed.clone(), id));
        meant.extend(direction.map(|direction| (scope, direction, id)));
        let original = outcome.rows.last_mut().unwrap();
        original.pair = Some(original.id);
        let pair = original.pair;
        outcome.rows.push(Row { place, id, text: candidate.text.clone(), pair });
        return Ok(());
    };
    outcome.rejects.push(Reject { place, text: candidate.text.clone(), reason });
    Ok(())
}

/// Holds a text against each that was accepted, one after the other.
fn duplicate(duplicates: Duplicates, seen: &[Seen], scope: u64, passed: &Passed) -> Option<Reason> {
    let before = seen.iter().filter(|(of, ..)| *of == scope);
    match duplicates {
        Duplicates::Off => None,
        Duplicates::Same => before
            .filter(|(_, other, _)| other.key == passed.key)
            .map(|(.., of)| Reason::Duplicate { of: *of })
            .next(),
        Duplicates::Near(rule) => {
            let mut best: Option<(Match, RowId)> = None;
            for (_, other, of) in before {
                let mut index = Index::new(rule);
                index.add(0, other.bag.as_ref()?);
                if let Some(found) = index.find(0, passed.bag.as_ref()?)
                    && best.is_none_or(|(best, _)| best.similarity < found.similarity)
                {
                    best = Some((found, *of));
                }
            }
            let (Match { similarity, tier, .. }, of) = best?;
            Some(match tier {
                Tier::Normal => Reason::Duplicate { of },
                _ => Reason::NearDuplicate { of, similarity },
            })
        }
    }
}
