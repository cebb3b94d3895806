//! What a run says before it asks: of which models, how much is to go, and who is not there.

use super::work::{Work, memories_of};
use crate::config::Config;
use crate::config::resolved::Slots;
use crate::dataset::evaluate::Demand;
use crate::dataset::{Model, Models, Recipe};
use crate::pipeline::connect::{Line, models};
use crate::pipeline::summary::Outcome;
use crate::pipeline::worker::Limits;
use crate::report::{self, ToGo, Watcher};
use crate::store::EndpointMemory;

impl Work<'_, '_> {
    /// Says what is to be asked, of whom, and until when; of that what stays the same only the first time.
    pub(super) fn say_what_is_to_go(
        &self,
        to_go: &ToGo,
        outcome: &Outcome,
        lines: &[Line],
        limits: &Limits,
        is_first: bool,
    ) {
        let (recipe, watcher) = (self.recipe(), self.watcher);
        let memories = memories_of(lines);
        let now = models(&recipe.config, &memories);
        if is_first {
            watcher.began(now.names().as_deref(), to_go.now, to_go.requests());
        }
        watcher.say(&format!("{}; {} to go", places(&recipe.config, &memories, &now), to_go.text()));
        for says in taken_over(&recipe.config, &now, lines).into_iter().filter(|_| is_first) {
            watcher.say(&says);
        }
        for (model, waits) in waiting_for_nobody(recipe, &now, lines, self.meant(outcome)) {
            let waits = report::count(waits, "request");
            watcher.say(&format!("nobody serves {model} now, for which there are {waits} to go"));
        }
        if let Some(ends) = limits.says().filter(|_| is_first) {
            watcher.say(&ends);
        }
    }
}

/// Which endpoints take the work of those that are not there.
fn taken_over(config: &Config, models: &Models, lines: &[Line]) -> Vec<String> {
    let of = |model: &Model| {
        let (away, there): (Vec<usize>, Vec<usize>) =
            model.endpoints.iter().partition(|endpoint| lines[**endpoint].away.is_some());
        let name = |endpoint: &usize| config.endpoints[*endpoint].name.clone();
        let there: Vec<String> = there.iter().map(name).collect();
        let away: Vec<String> = away.iter().map(|endpoint| format!("`{}`", name(endpoint))).collect();
        let any = !away.is_empty() && !there.is_empty();
        any.then(|| format!("{} the work of {}", report::they_take(&there), away.join(", ")))
    };
    models.list().iter().filter_map(of).collect()
}

/// Models that nobody serves now, with the requests that wait for each.
fn waiting_for_nobody<'d>(
    recipe: &Recipe,
    models: &Models,
    lines: &[Line],
    demands: impl Iterator<Item = &'d Demand>,
) -> Vec<(String, u64)> {
    let is_there = |model: &Model| model.endpoints.iter().any(|endpoint| lines[*endpoint].away.is_none());
    let mut waits: Vec<Option<u64>> =
        models.list().iter().map(|model| (!is_there(model)).then_some(0)).collect();
    if waits.iter().all(Option::is_none) {
        return Vec::new();
    }
    for demand in demands {
        if let Some(waits) = &mut waits[models.of_demand(recipe, demand)] {
            *waits += 1;
        }
    }
    let named = models.list().iter().zip(waits);
    let of = |(model, waits): (&Model, Option<u64>)| Some((model.identity.display_name().to_owned(), waits?));
    named.filter_map(of).filter(|(_, waits)| *waits > 0).collect()
}

/// Each model with the requests that it takes at a time.
fn places(config: &Config, memories: &[EndpointMemory], models: &Models) -> String {
    let slots = |endpoint: usize| match (config.endpoints[endpoint].slots, memories[endpoint].slots) {
        (Slots::Exactly(slots), _) => (slots, false),
        (Slots::Between(_, most), _) => (most, true),
        (Slots::Auto, told) => (told.unwrap_or(16), true),
    };
    let of = |model: &Model| {
        let each = model.endpoints.iter().map(|endpoint| slots(*endpoint));
        let (most, open) = each.fold((0, false), |(sum, any), (slots, open)| (sum + slots, any | open));
        let found: Option<u32> = model.endpoints.iter().map(|endpoint| memories[*endpoint].level).sum();
        let name = model.identity.display_name();
        match found.filter(|found| open && *found < most) {
            _ if !open || most == 1 => format!("{name}: {most} at a time"),
            Some(found) => format!("{name}: up to {most} at a time, {found} to begin with"),
            None => format!("{name}: up to {most} at a time"),
        }
    };
    models.list().iter().map(of).collect::<Vec<_>>().join("; ")
}
