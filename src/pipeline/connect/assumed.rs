//! What is taken for the model of an endpoint that was never seen.

use super::{Known, elsewhere};
use crate::config::Config;
use crate::config::resolved::Endpoint;
use crate::dataset::name_of;
use crate::fingerprint::{Identity, plain_name};
use crate::pipeline::address::address;
use crate::pipeline::error::RunError;
use crate::store::{EndpointMemory, Reader};

/// What a model is called of which nothing is known but whose it is.
const NAMELESS: &str = "the model of ";

/// Whether a model that nobody had seen, and that was taken for one of that name, may be this one.
pub fn may_be(taken_for: &str, identity: &Identity) -> bool {
    taken_for.starts_with(NAMELESS) || plain_name(taken_for) == plain_name(identity.display_name())
}

/// Whether it can be known which asks are an endpoint's own before it was ever seen: its model has a name in the
/// config, or the config gives it no ask but by its name.
pub fn can_be_assumed(config: &Config, endpoint: usize) -> bool {
    config.endpoints[endpoint].model.is_some() || stands_alone(config, endpoint)
}

/// Whether no ask has a choice between an endpoint's model and another.
fn stands_alone(config: &Config, endpoint: usize) -> bool {
    let mut beside_others = config.named().filter(|named| named.contains(&endpoint) && named.len() > 1);
    config.endpoints[endpoint].weight <= 0.0 && beside_others.next().is_none()
}

/// Fills in what may be assumed of endpoints of which nothing is known: the one model that is known by the name that
/// the config asserts, of another endpoint or from another address, else one that is called so.
pub fn assume(config: &Config, known: &mut [Option<EndpointMemory>], seen_elsewhere: &[EndpointMemory]) {
    let pairs = || config.endpoints.iter().zip(known.iter());
    let of_others: Vec<(String, Identity)> = pairs()
        .filter_map(|(endpoint, memory)| {
            let identity = &memory.as_ref()?.identity;
            Some((name_of(endpoint, identity), identity.clone()))
        })
        .collect();
    let elsewhere = seen_elsewhere.iter().map(|memory| &memory.identity);
    let elsewhere: Vec<(String, Identity)> =
        elsewhere.map(|identity| (plain_name(identity.display_name()), identity.clone())).collect();
    let of = |index: usize, endpoint: &Endpoint| {
        let Some(name) = &endpoint.model else {
            let name = format!("{NAMELESS}`{}`", endpoint.name);
            return stands_alone(config, index).then_some(Identity::Named { name });
        };
        let of_that_name = only(name, &of_others).or_else(|| only(name, &elsewhere));
        Some(of_that_name.unwrap_or_else(|| Identity::Named { name: name.clone() }))
    };
    let assumed: Vec<Option<Identity>> =
        config.endpoints.iter().enumerate().map(|(index, endpoint)| of(index, endpoint)).collect();
    for (memory, assumed) in known.iter_mut().zip(assumed) {
        if memory.is_none() {
            *memory = assumed.map(|identity| EndpointMemory {
                identity,
                slots: None,
                context: None,
                level: None,
                assumed: true,
            });
        }
    }
}

/// What is known for sure of each endpoint's model, for whoever takes answers away that are nobody's; else the indices of
/// those of which nobody can say which answers are their own.
///
/// One that was never seen at its address is what the config calls it: the one model of that name that was seen
/// elsewhere, or any where none ever was.
///
/// # Errors
/// A store that cannot be read.
pub fn sure(
    config: &Config,
    reader: Option<&Reader>,
    known: Option<&Known>,
) -> Result<Result<Known, Vec<usize>>, RunError> {
    let elsewhere = elsewhere(reader)?;
    let identities: Vec<(String, Identity)> = elsewhere
        .iter()
        .map(|memory| (plain_name(memory.identity.display_name()), memory.identity.clone()))
        .collect();
    let (mut memories, mut unsure) = (Vec::new(), Vec::new());
    for (index, endpoint) in config.endpoints.iter().enumerate() {
        let seen = known.map(|known| &known.memories[index]).filter(|memory| !memory.assumed).cloned();
        let seen = match (seen, reader) {
            (None, Some(reader)) => reader.endpoint(&address(endpoint))?,
            (seen, _) => seen,
        };
        let called = || {
            let name = endpoint.model.as_ref()?;
            let any = || elsewhere.is_empty().then(|| Identity::Named { name: name.clone() });
            let identity = only(name, &identities).or_else(any)?;
            Some(EndpointMemory { identity, slots: None, context: None, level: None, assumed: true })
        };
        match seen.or_else(called) {
            Some(memory) => memories.push(memory),
            None => unsure.push(index),
        }
    }
    Ok(if unsure.is_empty() { Ok(Known { memories, seen: false }) } else { Err(unsure) })
}

/// The model of that name, where there is just one.
fn only(name: &str, known: &[(String, Identity)]) -> Option<Identity> {
    let name = plain_name(name);
    let mut found = known.iter().filter(|(of, _)| *of == name).map(|(_, identity)| identity);
    let first = found.next()?;
    found.all(|other| other == first).then(|| first.clone())
}
