//! A model's answers about rows, and about the same rows when somebody in them is somebody else.

use super::super::served::{Asked, Cost, Keep, Line};
use super::super::{Failure, Talk, block_on, open_path};
use super::subject::Subject;
use super::{store_of, usage};
use crate::audit::{Counterparts, Pair, Swapped};
use crate::cli::AuditArgs;
use crate::config::resolved::Sampling;
use crate::eval::fairness::differ;
use crate::model::random::Random;
use crate::fingerprint::{Frame, Messages, Room};
use crate::labels::{LabelSet, Probabilities};
use crate::learn::Answers;
use crate::learn::served::{self, Question, Reply};
use crate::learn::train::{answers, open_probe};
use crate::report::count;
use crate::store::{Kind, StoreDir};

/// Pairs that a served model is asked about, unless the user says how many.
const SOME: usize = 300;

/// Tokens that a label may take.
const MAX_TOKENS: u32 = 32;

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
    let (by, replies) = ask(args, endpoint, subject, labels.clone(), &pairs, talk)?;
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

/// Asks for the label of each text.
fn ask(
    args: &AuditArgs,
    endpoint: &str,
    subject: &Subject,
    labels: Vec<String>,
    pairs: &[Two],
    talk: &Talk,
) -> Result<(String, Vec<Reply>), Failure> {
    let dir = match subject.is_config() {
        true => Some(StoreDir::new(open_path(&args.table.file, &args.set)?.recipe.config.project.store())),
        false => store_of(&args.table.file)?,
    };
    let keep = Keep::new(dir, Kind::Label, MAX_TOKENS);
    block_on(async {
        let line = Line::connect(endpoint, talk).await?;
        let llama = line.identity.is_llama_cpp();
        let question = Question { labels, model: line.model().to_owned(), llama };
        let frame = Frame::about("label", &sampling(&question), &question.schema(), &line.identity);
        let mut room = Room::default();
        let texts = pairs.iter().flat_map(|pair| [subject.table.text(pair.row), pair.other.as_str()]);
        let asked = texts.map(|text| {
            let messages = question.messages(text);
            let write = |to: &mut Messages| {
                messages.iter().for_each(|(role, content)| to.add(role, content));
                Ok::<(), Failure>(())
            };
            Ok(Asked {
                fingerprint: frame.fingerprint(SEED, &mut room, write)?,
                ask: frame.ask(SEED, write)?,
            })
        });
        let asked: Vec<Asked> = asked.collect::<Result<_, Failure>>()?;
        let mut cost = Cost::default();
        let raw = line.answers(asked, &keep, &mut cost, talk).await?;
        let replies = raw.iter().map(|raw| raw.as_deref().map(|raw| question.read(raw)).unwrap_or_default());
        let replies: Vec<Reply> = replies.collect();
        talk.say(&format!(
            "{} of counterparts: {} asked, {} stored before",
            count(replies.len() as u64, "answer"),
            cost.asked,
            cost.stored
        ));
        let by = line.model().to_owned();
        line.close().await;
        Ok((by, replies))
    })?
}

/// At temperature 0 it means nothing, and is sent like any other.
const SEED: u32 = 7;

/// The likeliest answer, with the probabilities of others where the server tells them.
fn sampling(question: &Question) -> Sampling {
    let told =
        [("logprobs".to_owned(), true.into()), ("top_logprobs".to_owned(), question.top_tokens().into())];
    Sampling { extra: told.into_iter().collect(), ..Sampling::likeliest(MAX_TOKENS) }
}
