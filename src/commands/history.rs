//! The runs of a config that are known of: kept, told of by a later one, or by nobody yet.

use super::Failure;
use crate::model::Untold;
use crate::pipeline::control::running;
use crate::report::{Fate, Listed, Summary};
use crate::store::{self, Reader, Snapshot, StoreDir};

/// A run with the state of the config that it had.
pub struct Ran {
    pub summary: Summary,
    /// None where it ended before there was one.
    pub snapshot: Option<Snapshot>,
}

/// All runs of a name.
pub struct History {
    /// Those that were kept, in order of their numbers.
    pub ran: Vec<Ran>,
    /// Those that were not, in order of their numbers.
    unkept: Vec<(Untold, Fate)>,
}

impl History {
    /// # Errors
    /// A store that cannot be read.
    pub fn read(dir: &StoreDir, reader: Option<&Reader>, name: &str) -> Result<Self, Failure> {
        let ran = reader.map(|reader| ran(reader, name)).transpose()?.unwrap_or_default();
        let untold = store::untold(dir, name);
        let is_running = running(dir).is_ok_and(|names| names.iter().any(|running| running == name));
        let fate = |run: &Untold| if run.ended.is_some() { Fate::NotKept } else { Fate::CutOff };
        let told = ran.iter().flat_map(|ran| &ran.summary.untold);
        let mut unkept: Vec<_> = told.map(|run| (run.clone(), fate(run))).collect();
        let last = untold.len();
        for (index, run) in untold.into_iter().enumerate() {
            let goes_on = is_running && index + 1 == last;
            unkept.push((run.clone(), if goes_on { Fate::UnderWay } else { fate(&run) }));
        }
        unkept.sort_by_key(|(run, _)| run.number);
        // Each run that could not keep its own end told of those before it.
        unkept.dedup_by_key(|(run, _)| run.number);
        Ok(Self { ran, unkept })
    }

    /// Those that left no summary, oldest first.
    pub fn unkept(&self) -> impl DoubleEndedIterator<Item = Listed<'_>> {
        self.unkept.iter().map(|(run, fate)| Listed::Unkept(run, *fate))
    }

    /// All of them, oldest first.
    pub fn all(&self) -> Vec<Listed<'_>> {
        let mut out: Vec<_> =
            self.unkept().chain(self.ran.iter().map(|ran| Listed::Kept(&ran.summary))).collect();
        out.sort_by_key(Listed::number);
        out
    }

    /// The same without those that found their dataset complete as it stood.
    pub fn listed(&self) -> Vec<Listed<'_>> {
        let mut out = self.all();
        out.retain(|run| !matches!(run, Listed::Kept(summary) if !summary.is_told()));
        out
    }
}

fn ran(reader: &Reader, name: &str) -> Result<Vec<Ran>, Failure> {
    let mut out = Vec::new();
    let mut add = |summaries: &[String], snapshot: Option<&Snapshot>| {
        let summaries = summaries.iter().filter_map(|text| serde_json::from_str::<Summary>(text).ok());
        out.extend(summaries.map(|summary| Ran { summary, snapshot: snapshot.cloned() }));
    };
    add(&reader.stateless(name)?, None);
    for state in reader.history(name)? {
        add(&state.summaries, Some(&state.snapshot));
    }
    out.sort_by_key(|ran| ran.summary.number);
    Ok(out)
}
