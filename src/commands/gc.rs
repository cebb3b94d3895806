use std::collections::HashSet;
use std::io::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::scrub::{Member, hold, one_project};
use super::{Exit, Failure, Talk};
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
        talk.say("nothing was ever stored in this project");
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
    let bytes: u64 = spare.iter().map(|(_, bytes)| bytes).sum();
    let (states, of_states) = reader.earlier_cells(&since)?;
    drop(reader);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} needed by nothing that ran in the last {}, {} kB",
        count(spare.len() as u64, "stored answer"),
        count(args.days.into(), "day"),
        thousands(bytes.div_ceil(1000)),
    )?;
    if states > 0 {
        let kilobytes = thousands(of_states.div_ceil(1000));
        writeln!(out, "what {} reached before, {kilobytes} kB", count(states, "state"))?;
    }
    if !args.delete {
        if !spare.is_empty() || states > 0 {
            let then = if spare.is_empty() { "" } else { ", and they would have to be asked for again" };
            writeln!(out, "nothing was deleted; `--delete` does it{then}")?;
        }
        return Ok(Exit::Complete);
    }
    let before = dir.bytes();
    if !spare.is_empty() || states > 0 {
        let fingerprints: Vec<Fingerprint> = spare.iter().map(|(fingerprint, _)| *fingerprint).collect();
        dir.collect(&fingerprints, &since)?;
        writeln!(out, "deleted")?;
    }
    // Also what one before could not give back.
    if let Err(failure) = dir.shrink() {
        talk.say("what was deleted still takes room on the disk: collect again to give it back");
        return Err(failure.into());
    }
    let kilobytes = |bytes: u64| thousands(bytes.div_ceil(1000));
    writeln!(out, "the store took {} kB and takes {} kB", kilobytes(before), kilobytes(dir.bytes()))?;
    Ok(Exit::Complete)
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
