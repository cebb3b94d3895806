//! A model's answers about rows, and about the same rows when somebody in them is somebody else.

use super::super::scrub::store_of;
use super::super::served::{Served, label};
use super::super::{Failure, Talk, open_path};
use super::subject::Subject;
use super::usage;
use crate::audit::{Counterparts, Pair, Swapped};
use crate::cli::AuditArgs;
use crate::eval::fairness::differ;
use crate::labels::{LabelSet, Probabilities};
use crate::learn::Answers;
use crate::learn::served;
use crate::learn::train::{answers, open_probe};
use crate::model::random::Random;
use crate::report::count;
use crate::store::StoreDir;

/// Pairs that a served model is asked about, unless the user says how many.
const SOME: usize = 300;

/// A row with its counterpart.
struct Two {
    row: usize,
    attribute: &'static str,
    other: String,
}

/// What the probe or the served model that was named makes of counterparts; `None` where none was named.
pub fn swapped(args: &AuditArgs, subject: &Subject, talk: &Talk) -> Result<Option<Swapped>, Failure> {
    if args.fix || (args.probe.is_none() && args.endpoint.is_none()) {
        return Ok(None);
    }
    let table = &subject.table;
    let counterparts = Counterparts::default();
    let mut pairs: Vec<Two> = Vec::new();
    for row in 0..table.rows() {
        let of = counterparts.of(table.text(row)).into_iter();
        pairs.extend(of.map(|(attribute, other)| Two { row, attribute, other }));
    }
    let most = args.pairs.unwrap_or(if args.probe.is_some() { usize::MAX } else { SOME });
    if pairs.len() > most {
        talk.say(&format!(
            "{} by lot of {}: `--pairs` says how many",
            most,
            count(pairs.len() as u64, "pair")
        ));
        let mut random = Random::new(subject.options.seed);
        for at in 0..most {
            let other = at + random.below(pairs.len() - at);
            pairs.swap(at, other);
        }
        pairs.truncate(most);
        pairs.sort_by_key(|pair| (pair.row, pair.attribute));
    }
    if let Some(path) = &args.probe {
        let probe = open_probe(path)?;
        let by = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let texts = pairs.iter().flat_map(|pair| [table.text(pair.row), pair.other.as_str()]);
        let texts: Vec<&str> = texts.collect();
        let Answers { given, probabilities } = answers(&probe, &texts);
        return Ok(Some(compared(by, &pairs, given.into_iter().map(Some).collect(), probabilities)));
    }
    let Some(endpoint) = &args.endpoint else { return Ok(None) };
    let labels = labels(subject)?;
    let dir = match subject.is_config() {
        true => Some(StoreDir::new(open_path(&args.table.file, &args.set)?.recipe.config.project.store())),
        false => store_of(&args.table.file),
    };
    let texts = pairs.iter().flat_map(|pair| [table.text(pair.row), pair.other.as_str()]);
    let Served { model: by, replies } = label(endpoint, dir, labels.clone(), texts, talk)?;
    let probabilities = served::probabilities(labels.len(), &replies, false);
    let given = replies.iter().map(|reply| reply.label.map(LabelSet::one)).collect();
    Ok(Some(compared(by, &pairs, given, probabilities)))
}

/// What differs between each row's answer and its counterpart's, which stand one behind the other.
fn compared(
    by: String,
    pairs: &[Two],
    given: Vec<Option<LabelSet>>,
    probabilities: Option<Probabilities>,
) -> Swapped {
    let mut out = Swapped { by, ..Swapped::default() };
    let labels: Vec<LabelSet> = given.iter().map(|given| given.unwrap_or_default()).collect();
    for (at, two) in pairs.iter().enumerate() {
        let pair = [2 * at, 2 * at + 1];
        if pair.iter().any(|text| given[*text].is_none()) {
            out.unanswered += 1;
            continue;
        }
        let found = differ(pair, &labels, probabilities.as_ref());
        let Two { row, attribute, .. } = *two;
        out.pairs.push(Pair { row, attribute, flipped: found.flipped, change: found.change });
    }
    out
}

/// The labels that a served model may answer: those of the first column of labels.
fn labels(subject: &Subject) -> Result<Vec<String>, Failure> {
    let mut labels = subject.table.labels().next().map(|column| column.values.clone()).unwrap_or_default();
    labels.sort();
    match labels.len() {
        0 | 1 => Err(usage("`--endpoint` asks for labels, and the rows have fewer than two")),
        _ => Ok(labels),
    }
}
