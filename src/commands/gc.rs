use std::collections::HashSet;
use std::io::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::scrub::{Member, hold, one_project};
use super::{Exit, Failure, Talk, print_json};
use crate::cli::GcArgs;
use crate::dataset::snapshot::{AskHash, CellAsks, short};
use crate::model::Fingerprint;
use crate::report::{count, thousands};
use crate::store::Reader;

/// Says which stored answers nothing needs any more, and deletes them only when told to.
///
/// Kept is all that the configs given could ask for, and all that any config reached in its last
/// run or in a run of the last days.
pub fn gc(args: &GcArgs, talk: &Talk) -> Result<Exit, Failure> {
    let dir = one_project(&args.configs, "collect")?;
    let Some(reader) = Reader::open(&dir)? else {
        match args.json {
            true => print_json(&Collected::default())?,
            false => talk.say("nothing was ever stored in this project"),
        }
        return Ok(Exit::Complete);
    };
    // A run of any config may count on what is deleted.
    let _locks = args.delete.then(|| hold(&dir, &reader)).transpose()?;
    let since = since(Timestamp::now(), args.days);
    // Before what is needed: what comes meanwhile is none of these.
    let all = reader.before(&since)?;
    let mut needed: HashSet<AskHash> = HashSet::new();
    for config in &args.configs {
        let member = Member::open(config, talk)?;
        needed.extend(member.hashes());
        needed.extend(member.asks_about(talk)?);
    }
    for cells in reader.cells_since(&since)? {
        needed.extend(CellAsks::from_bytes(cells).unwrap_or_default().all());
    }
    let spare: Vec<(Fingerprint, u64)> =
        all.into_iter().filter(|(fingerprint, _)| !needed.contains(&short(fingerprint))).collect();
    let (states, states_bytes) = reader.earlier_cells(&since)?;
    drop(reader);
    let mut out = Collected {
        answers: spare.len() as u64,
        answers_bytes: spare.iter().map(|(_, bytes)| bytes).sum(),
        states,
        states_bytes,
        store_bytes: dir.bytes(),
        ..Collected::default()
    };
    let mut shrunk = Ok(());
    if args.delete {
        if out.is_any() {
            let fingerprints: Vec<Fingerprint> = spare.iter().map(|(fingerprint, _)| *fingerprint).collect();
            dir.collect(&fingerprints, &since)?;
        }
        // Also what one before could not give back.
        shrunk = dir.shrink();
        out.store_bytes_after = Some(dir.bytes());
    }
    match args.json {
        true => print_json(&out)?,
        false => std::io::stdout().lock().write_all(out.text(args.days).as_bytes())?,
    }
    if let Err(failure) = shrunk {
        talk.say("what was deleted still takes room on the disk: collect again to give it back");
        return Err(failure.into());
    }
    Ok(Exit::Complete)
}

/// What nothing needs any more.
#[derive(Debug, Default, Serialize)]
struct Collected {
    answers: u64,
    answers_bytes: u64,
    /// States that still say which asks they reached.
    states: u64,
    states_bytes: u64,
    store_bytes: u64,
    /// Of a store of which it was taken; `null` where nothing was to be deleted.
    store_bytes_after: Option<u64>,
}

impl Collected {
    fn is_any(&self) -> bool {
        self.answers + self.states > 0
    }

    fn text(&self, days: u32) -> String {
        let kilobytes = |bytes: u64| format!("{} kB", thousands(bytes.div_ceil(1000)));
        let mut out = format!(
            "{} needed by nothing that ran in the last {}, {}\n",
            count(self.answers, "stored answer"),
            count(days.into(), "day"),
            kilobytes(self.answers_bytes),
        );
        if self.states > 0 {
            let states = count(self.states, "state");
            out.push_str(&format!("what {states} reached before, {}\n", kilobytes(self.states_bytes)));
        }
        match self.store_bytes_after {
            None if self.is_any() => {
                let then = if self.answers == 0 { "" } else { ", and they would have to be asked for again" };
                out.push_str(&format!("nothing was deleted; `--delete` does it{then}\n"));
            }
            None => {}
            Some(after) => {
                let deleted = if self.is_any() { "deleted\n" } else { "" };
                let (before, after) = (kilobytes(self.store_bytes), kilobytes(after));
                out.push_str(&format!("{deleted}the store took {before} and takes {after}\n"));
            }
        }
        out
    }
}

/// From when on all is kept, whoever asked for it, since a run may be going on: a time as the store has it, so many
/// days ago. With none only what is needed is kept; more than there ever were keep everything.
fn since(now: Timestamp, days: u32) -> String {
    if days == 0 {
        return "9999".into();
    }
    let then = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or_default();
    then.max(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_days_are_kept() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let of = |days| since(now, days);
        assert_eq!([of(0), of(30)], ["9999", "2026-10-30T12:00:00Z"]);
        assert_eq!(
            [of(800_000), of(5_000_000), of(u32::MAX)],
            ["1970-01-01T00:00:00Z"; 3].map(str::to_owned)
        );
    }
}
