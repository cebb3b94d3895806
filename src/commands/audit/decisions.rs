//! Files of decisions, as `--write` writes them.

use std::path::Path;

use serde_json::{Map, Value};

use super::super::{Failure, Talk};
use super::subject::Subject;
use super::usage;
use crate::cli::AuditArgs;
use crate::report::count;
use crate::table::Writer;

/// Refuses a file that no config could name.
pub fn fits(args: &AuditArgs, subject: &Subject) -> Result<(), Failure> {
    match args.write.as_ref().filter(|_| subject.is_config()) {
        Some(path) if path.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("jsonl")) => {
            Err(usage(format!("--write {}: `curation` reads JSON Lines; name it `.jsonl`", path.display())))
        }
        _ => Ok(()),
    }
}

/// Writes decisions, and says what is to be done with them. What a config's file said before of other rows and cells
/// stays, since it shaped the dataset that these are about.
pub fn write(path: &Path, lines: Vec<Value>, subject: &Subject, talk: &Talk) -> Result<(), Failure> {
    let before =
        if subject.is_config() { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let before: Vec<Map<String, Value>> =
        before.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    // What a line adds to a cell is there already where the config names the file.
    let holds = subject.curation().is_some_and(|curation| curation.is_file(path));
    let decided = lines.len() as u64;
    let (lines, gone) = joined(before, lines, holds);
    let mut writer = Writer::create(path)?;
    writer.without_rows(["id", "why"]);
    for line in lines {
        writer.write(&line.into())?;
    }
    writer.finish()?;
    talk.say(&format!("{} written to {}", count(decided, "decision"), path.display()));
    if gone > 0 {
        let counterparts = count(gone, "counterpart");
        talk.say(&format!(
            "{counterparts} of rows that are others now went: `--counterparts` makes new ones"
        ));
    }
    match (subject.is_config(), holds) {
        (false, _) => {}
        (true, true) => talk.say("the next run keeps that, and asks for what is then missing"),
        (true, false) => {
            talk.say("name it in the config as `curation:`, and the next run asks for what is then missing");
        }
    }
    Ok(())
}

/// The lines of before, as far as they still hold, and the new ones; and how many counterparts are of texts that their
/// rows do not say any more. `holds`: what cells got by a line of before, they have.
fn joined(before: Vec<Map<String, Value>>, lines: Vec<Value>, holds: bool) -> (Vec<Map<String, Value>>, u64) {
    let mut new: Vec<Map<String, Value>> = lines
        .into_iter()
        .filter_map(|line| if let Value::Object(line) = line { Some(line) } else { None })
        .collect();
    let mut gone = 0;
    let mut out = Vec::with_capacity(before.len() + new.len());
    for line in before {
        let (id, cell) = (line.get("id"), line.get("cell"));
        let is_pair = |line: &Map<String, Value>| line.contains_key("counterpart");
        if let Some(same) = new.iter_mut().find(|new| cell.is_some() && new.get("cell") == cell) {
            let adds = |line: &Map<String, Value>| line.get("add").and_then(Value::as_u64).unwrap_or(0);
            let all = adds(same) + if holds { adds(&line) } else { 0 };
            same.insert("add".to_owned(), all.into());
            continue;
        }
        // A counterpart decides nothing else of its row; a row that is another now has another counterpart.
        let other = |new: &&Map<String, Value>| {
            id.is_some()
                && new.get("id") == id
                && (!is_pair(new) || is_pair(&line) && !line.contains_key("text"))
        };
        match new.iter().find(other) {
            Some(new) => gone += u64::from(is_pair(&line) && !is_pair(new)),
            None => out.push(line),
        }
    }
    out.append(&mut new);
    (out, gone)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_decided_of_other_rows_and_cells_stays() {
        let map = |line: &Value| line.as_object().unwrap().clone();
        let before = [
            json!({ "id": "a", "text": "x" }),
            json!({ "id": "a", "counterpart": "y" }),
            json!({ "id": "b", "counterpart": "z" }),
            json!({ "id": "c", "text": "x" }),
            json!({ "cell": { "emotion": "joy" }, "add": 2 }),
            json!({ "cell": { "emotion": "grief" }, "add": 3 }),
        ];
        let lines = vec![
            json!({ "id": "a" }),
            json!({ "id": "c", "counterpart": "v" }),
            json!({ "cell": { "emotion": "joy" }, "add": 5 }),
        ];
        let before: Vec<Map<String, Value>> = before.iter().map(map).collect();
        let (out, gone) = joined(before.clone(), lines.clone(), true);
        let expected = [
            json!({ "id": "b", "counterpart": "z" }),
            json!({ "id": "c", "text": "x" }),
            json!({ "cell": { "emotion": "grief" }, "add": 3 }),
            json!({ "id": "a" }),
            json!({ "id": "c", "counterpart": "v" }),
            json!({ "cell": { "emotion": "joy" }, "add": 7 }),
        ];
        assert_eq!((Value::from(out), gone), (Value::from(expected.to_vec()), 1));
        let (out, _) = joined(before, lines, false);
        assert_eq!(out[5]["add"], 5, "a file that no config names added nothing yet");
    }
}
