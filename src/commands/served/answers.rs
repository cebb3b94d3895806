//! The answers to requests outside of a run: asked as far as they are not stored, waited for, and stored.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};

use super::super::{Failure, Talk};
use super::{Asked, Cost, Keep, Line};
use crate::check::answer::Answer;
use crate::check::embedding::{Embedding, NOWHERE};
use crate::client::{ClientError, ErrorClass};
use crate::fingerprint::{Ask, Route};
use crate::model::Fingerprint;
use crate::report::{Asking, duration};
use crate::store::{Completion, Writer, Written};

/// What requests cost, while they are under way.
#[derive(Debug, Default)]
struct Tally {
    /// What each request allows.
    max_tokens: u32,
    /// That a limit holds them was said.
    told: Cell<bool>,
    requests: Cell<u64>,
    why: RefCell<Option<String>>,
    /// Since when nothing went through.
    trouble: Cell<Option<Instant>>,
    /// How many requests went through.
    through: Cell<u64>,
    /// Texts in a row that were given up since a server fails over them that is there.
    given_up: Cell<u32>,
}

/// How often a request is tried again that fails, a second later first and then twice as long.
const TRIES: u32 = 6;

/// The same of one that is not answered in time: each try takes as long again.
const LATE_TRIES: u32 = 1;

/// The most texts in a row that may be at fault: over more than that a server fails whatever it is asked.
const GIVEN_UP: u32 = 3;

/// How often a server is looked at while its answers are waited for, and how long it may take to say that it is there.
const LOOK: Duration = Duration::from_secs(5);

/// The most texts that are embedded by one request, and the most bytes of theirs: a slow server should be done with
/// it long before it is given up.
const TOGETHER: usize = 16;
const BYTES_TOGETHER: usize = 8 << 10;

/// An answer as it is stored.
struct Received {
    stored: String,
    ended: bool,
    tokens: Option<u64>,
}

/// Cuts a list where a part would have more items or be longer than it may; an item too long is a part of its own.
fn parts<T>(all: &[T], most: usize, length: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let (mut out, mut rest, mut bytes) = (Vec::new(), all, 0);
    let mut end = 0;
    while let Some(item) = rest.get(end) {
        bytes += length(item);
        if end == most || (end > 0 && bytes > BYTES_TOGETHER) {
            let (part, others) = rest.split_at(end);
            out.push(part);
            (rest, end, bytes) = (others, 0, 0);
        } else {
            end += 1;
        }
    }
    out.extend((!rest.is_empty()).then_some(rest));
    out
}

impl Line {
    /// The raw answers to requests, in their order: what is stored is not asked for again, and what is
    /// answered is committed before it counts. `None` where the server refuses that one request.
    pub async fn answers(
        &self,
        asked: Vec<Asked>,
        keep: &Keep,
        cost: &mut Cost,
        talk: &Talk,
    ) -> Result<Vec<Option<String>>, Failure> {
        let mut known = HashMap::new();
        keep.each_stored(asked.iter().map(|asked| &asked.fingerprint), |fingerprint, raw| {
            known.extend(raw.map(|raw| (*fingerprint, raw)));
        })?;
        let order: Vec<Fingerprint> = asked.iter().map(|asked| asked.fingerprint).collect();
        cost.stored += order.iter().filter(|fingerprint| known.contains_key(*fingerprint)).count() as u64;
        let (mut open, mut seen) = (Vec::new(), HashSet::new());
        for asked in asked {
            if !known.contains_key(&asked.fingerprint) && seen.insert(asked.fingerprint) {
                open.push(asked);
            }
        }
        let take = |asked: &Asked, raw: Option<String>| {
            known.extend(raw.map(|raw| (asked.fingerprint, raw)));
        };
        self.ask(&open, keep, cost, talk, take).await?;
        Ok(order.iter().map(|fingerprint| known.get(fingerprint).cloned()).collect())
    }

    /// Asks for what is not stored, and gives what is stored of each answer on as it comes. Questions are different
    /// ones, of one route.
    pub async fn ask(
        &self,
        open: &[Asked],
        keep: &Keep,
        cost: &mut Cost,
        talk: &Talk,
        mut take: impl FnMut(&Asked, Option<String>),
    ) -> Result<(), Failure> {
        let Some(first) = open.first() else { return Ok(()) };
        let (together, what) = match first.ask.route() {
            Route::Embedding => (TOGETHER, "texts embedded"),
            Route::Chat | Route::Completion => (1, "answers"),
        };
        let (tell, told) = mpsc::channel();
        let writer = match &keep.dir {
            // Whoever listens no more has failed, and says why.
            Some(dir) => Some(Writer::open(dir, move |written: Written| drop(tell.send(written.result)))?),
            None => None,
        };
        let mut asking = Asking::new(talk.style(), what, open.len() as u64);
        let mut pulse = tokio::time::interval(Duration::from_millis(250));
        let mut done = 0;
        let tally = &Tally { max_tokens: keep.max_tokens, ..Tally::default() };
        // As they come: what waits for its turn would be lost if the program ended.
        let parts = parts(open, together, |asked| asked.ask.body().len());
        let mut answers = stream::iter(parts)
            .map(|asked| async move { (asked, self.together(asked, tally, talk).await) })
            .buffer_unordered(self.at_a_time);
        let mut lost = pin!(self.is_lost(tally, talk));
        loop {
            let answer = tokio::select! {
                answer = answers.next() => answer,
                error = &mut lost => Some((&[][..], Err(error))),
                _ = pulse.tick() => {
                    asking.tick(done as u64);
                    continue;
                }
            };
            let Some((part, answer)) = answer else { break };
            let answer = answer.map_err(|error| {
                let kept = if keep.keeps() && done > 0 { "; what was answered is stored" } else { "" };
                let advice = match error.class {
                    ErrorClass::Unsupported if first.ask.route() == Route::Embedding => {
                        "\n  start llama.cpp with `--embeddings` and a model that was trained for it"
                    }
                    ErrorClass::Unreachable | ErrorClass::Dropped | ErrorClass::Timeout => {
                        "\n  look at the server and its log, and call this again when it is well"
                    }
                    _ => "",
                };
                self.failed(format!("{error}{kept}{advice}"))
            })?;
            for (asked, received) in part.iter().zip(answer) {
                if let (Some(writer), Some(received)) = (&writer, &received) {
                    writer.completion(
                        done as u64,
                        Completion {
                            fingerprint: asked.fingerprint,
                            max_tokens: keep.max_tokens,
                            kind: keep.kind,
                            request: asked.ask.canonical(),
                            answer: received.stored.clone(),
                            ended: received.ended,
                            tokens: received.tokens,
                        },
                    )?;
                }
                cost.asked += 1;
                cost.refused += u64::from(received.is_none());
                take(asked, received.map(|received| received.stored));
                done += 1;
            }
            asking.tick(done as u64);
        }
        drop(answers);
        cost.requests += tally.requests.get();
        cost.why = cost.why.take().or(tally.why.take());
        // It commits what it was sent before it is gone.
        drop(writer);
        told.try_iter().collect::<Result<Vec<()>, _>>()?;
        Ok(())
    }

    /// The answers to questions that are sent in one request where that goes well.
    async fn together(
        &self,
        asked: &[Asked],
        tally: &Tally,
        talk: &Talk,
    ) -> Result<Vec<Option<Received>>, ClientError> {
        if asked.len() > 1
            && let Some(body) = Ask::together(asked.iter().map(|asked| &asked.ask))
        {
            let lengths: Vec<usize> = asked.iter().map(|asked| asked.ask.body().len()).collect();
            let read = |raw: String| {
                // There is another way to ask, so this one is not insisted on.
                self.embedded(&raw, &lengths)
                    .map_err(|error| ClientError { class: ErrorClass::Refused, ..error })
            };
            // One of them may be at fault, or the server takes one text a request.
            if let Ok(all) = self.patiently(Route::Embedding, body, read, tally, talk).await? {
                return Ok(all.into_iter().map(Some).collect());
            }
        }
        let mut out = Vec::with_capacity(asked.len());
        for asked in asked {
            let route = asked.ask.route();
            let read = |raw: String| match route {
                Route::Embedding => self.embedded(&raw, &[1]),
                Route::Chat | Route::Completion => self.chatted(raw).map(|received| vec![received]),
            };
            out.push(match self.patiently(route, asked.ask.body(), read, tally, talk).await? {
                Ok(all) => all.into_iter().next(),
                Err(error) => {
                    tally.why.borrow_mut().get_or_insert_with(|| error.to_string());
                    None
                }
            });
        }
        Ok(out)
    }

    /// What is read of one request's answer, waited for as long as its failure may pass; or why that request alone is
    /// not answered, where others may be.
    async fn patiently(
        &self,
        route: Route,
        body: Bytes,
        read: impl Fn(String) -> Result<Vec<Received>, ClientError>,
        tally: &Tally,
        talk: &Talk,
    ) -> Result<Result<Vec<Received>, ClientError>, ClientError> {
        let (mut failures, through) = (0, tally.through.get());
        loop {
            let leave = self.leave(&body, tally, talk).await;
            tally.requests.set(tally.requests.get() + 1);
            let answer = self.client.ask(route, body.clone(), self.timeout).await;
            if let (Some((limiter, _)), Some(id), Ok(raw)) = (&self.limiter, leave, &answer)
                && let Some(used) = used(raw)
            {
                limiter.borrow_mut().settle(id, used);
            }
            // Any text may be sent with 200.
            let error = match answer.and_then(&read) {
                Ok(received) => {
                    tally.trouble.set(None);
                    tally.given_up.set(0);
                    tally.through.update(|requests| requests + 1);
                    return Ok(Ok(received));
                }
                Err(error) => error,
            };
            match error.class {
                ErrorClass::ContextExceeded | ErrorClass::Refused => return Ok(Err(error)),
                ErrorClass::Unauthorized
                | ErrorClass::Unpaid
                | ErrorClass::NotFound
                | ErrorClass::Unsupported
                | ErrorClass::Unusable => return Err(error),
                class
                    if most_tries(class)
                        .is_some_and(|most| failures >= most || self.left(tally).is_zero()) =>
                {
                    let others_go_through = tally.through.get() > through;
                    if others_go_through || is_over_a_text(class) && self.is_there(tally).await {
                        return Ok(Err(error));
                    }
                }
                _ => {}
            }
            let pause = Duration::from_secs(1 << failures);
            let pause = error.retry_after.unwrap_or(pause);
            let left = self.bears(error, tally, talk)?;
            tokio::time::sleep(pause.min(left)).await;
            failures = (failures + 1).min(TRIES);
        }
    }

    /// Whether a server in which nothing goes through is there, and fails over what it is asked: of few texts in a row.
    async fn is_there(&self, tally: &Tally) -> bool {
        if tally.given_up.get() == GIVEN_UP {
            return false;
        }
        tally.given_up.update(|texts| texts + 1);
        let looked = self.client.get("/v1/models", LOOK).await;
        let is_there = looked.err().is_none_or(|error| error.class == ErrorClass::NotFound);
        if is_there {
            // The next text is waited for anew.
            tally.trouble.set(None);
        }
        is_there
    }

    /// How long a server in which nothing goes through is waited for from now on.
    fn left(&self, tally: &Tally) -> Duration {
        self.patience.0.saturating_sub(tally.trouble.get().map_or(Duration::ZERO, |since| since.elapsed()))
    }

    /// Says once that it is waited for, and how long it still is.
    ///
    /// # Errors
    /// What it failed with, where it was waited for long enough.
    fn bears(&self, error: ClientError, tally: &Tally, talk: &Talk) -> Result<Duration, ClientError> {
        let since = tally.trouble.get().unwrap_or_else(|| {
            talk.say(&format!("waiting for {}: {error}", self.endpoint));
            Instant::now()
        });
        tally.trouble.set(Some(since));
        let left = self.left(tally);
        if left.is_zero() {
            let by = self.patience.1.as_ref().map_or_else(String::new, |key| format!(" (`{key}`)"));
            let message = format!("{}, after {} of waiting{by}", error.message, duration(since.elapsed()));
            return Err(ClientError { message, ..error });
        }
        Ok(left)
    }

    /// Looks at the server while its answers are waited for, and comes back once it did not say for too long that it is
    /// there: one that is slow says so all the same.
    async fn is_lost(&self, tally: &Tally, talk: &Talk) -> ClientError {
        let mut left = self.patience.0;
        loop {
            tokio::time::sleep(LOOK.min(left)).await;
            let looked = self.client.get("/v1/models", LOOK.min(self.patience.0)).await;
            left = match looked {
                Err(error) if is_silence(&error) => match self.bears(error, tally, talk) {
                    Ok(left) => left,
                    Err(error) => return error,
                },
                _ => self.patience.0,
            };
        }
    }

    /// Waits until the endpoint's limits let a request through, and tells under which number it counts.
    async fn leave(&self, body: &Bytes, tally: &Tally, talk: &Talk) -> Option<u64> {
        let (limiter, name) = self.limiter.as_ref()?;
        loop {
            let taken = limiter.borrow_mut().take(most(body, tally.max_tokens));
            let wait = match taken {
                Ok(id) => return Some(id),
                Err(wait) => wait,
            };
            if let Some(limit) = limiter.borrow().holds().filter(|_| !tally.told.replace(true)) {
                talk.say(&format!("held by `endpoints.{name}.{}`", limit.key()));
            }
            tokio::time::sleep(wait).await;
        }
    }

    fn chatted(&self, raw: String) -> Result<Received, ClientError> {
        let answer = Answer::parse(&raw);
        let answer =
            answer.map_err(|error| self.client.garbled(&raw, "chat completion", &error.to_string()))?;
        let (ended, tokens) = (answer.ended_by_itself(), answer.usage.map(|usage| usage.completion_tokens));
        Ok(Received { ended, tokens, stored: raw })
    }

    /// The same of texts of these lengths that are embedded, each with an answer of its own.
    fn embedded(&self, raw: &str, lengths: &[usize]) -> Result<Vec<Received>, ClientError> {
        let all = Embedding::parse_all(raw, lengths);
        let all = all.map_err(|why| {
            let error = self.client.garbled(raw, "embedding", &why);
            let class = if why == NOWHERE { ErrorClass::Refused } else { error.class };
            ClientError { class, ..error }
        })?;
        let received =
            |embedding: Embedding| Received { stored: embedding.stored(), ended: true, tokens: Some(0) };
        Ok(all.into_iter().map(received).collect())
    }
}

/// Tokens that a request may take at most, by its length: few tokens are of less than two bytes.
fn most(body: &Bytes, max_tokens: u32) -> u64 {
    body.len() as u64 / 2 + u64::from(max_tokens)
}

/// Tokens that an answer says it took.
fn used(raw: &str) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Told {
        usage: Used,
    }
    #[derive(serde::Deserialize)]
    struct Used {
        total_tokens: u64,
    }
    Some(serde_json::from_str::<Told>(raw).ok()?.usage.total_tokens)
}

/// Whether there was no answer of any kind.
fn is_silence(error: &ClientError) -> bool {
    matches!(error.class, ErrorClass::Unreachable | ErrorClass::Dropped | ErrorClass::Timeout)
}

/// How often a request is tried again before a failure of this kind is held to be its own fault; `None` where it never
/// is.
fn most_tries(class: ErrorClass) -> Option<u32> {
    match class {
        ErrorClass::Timeout => Some(LATE_TRIES),
        ErrorClass::Unavailable | ErrorClass::Gateway => Some(TRIES),
        class => is_over_a_text(class).then_some(TRIES),
    }
}

/// Whether a server that fails so took the request, and may fail over this one alone.
fn is_over_a_text(class: ErrorClass) -> bool {
    use ErrorClass::{Dropped, Garbled, ServerError, Timeout};
    matches!(class, ServerError | Garbled | Dropped | Timeout)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_as_long_as_they_may_be(lengths in prop::collection::vec(0..9_000usize, 0..60), most in 1..17usize) {
            let parts = parts(&lengths, most, |length| *length);
            prop_assert_eq!(parts.concat(), lengths.clone());
            let fits = |part: &[usize]| part.len() <= most && part.iter().sum::<usize>() <= BYTES_TOGETHER;
            prop_assert!(parts.iter().all(|part| part.len() == 1 || fits(part)));
            for two in parts.windows(2) {
                prop_assert!(!fits(&[two[0], &two[1][..1]].concat()), "the next one would fit");
            }
        }
    }
}
