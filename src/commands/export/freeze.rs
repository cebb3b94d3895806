//! A dataset's rows as they are now, in a file of the project that configs can name.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::source::{OfConfig, Source};
use super::{Exit, Failure, Talk, usage};
use crate::cli::ExportArgs;
use crate::config::load::{path_from, shown};
use crate::export::{ExportError, Record};
use crate::guard::{Guard, Purpose, RealRow};
use crate::learn::LearnError;
use crate::report::{count, folded};
use crate::staged::{Staged, replace};

/// A row's fields, as the guard sees them.
struct Fields<'a>(&'a Map<String, Value>);

impl RealRow for Fields<'_> {
    fn text(&self) -> &str {
        self.column("text").unwrap_or_default()
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }
}

/// Hashes what goes through it.
struct Hashing<W> {
    to: W,
    hash: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes `data/frozen/NAME.jsonl` with what tells of it beside; rows of a frozen test part stay out.
///
/// # Errors
/// A name that is none, other rows under it without `--force`, no rows, and what cannot be read or written.
pub fn freeze(args: &ExportArgs, name: &str, talk: &Talk) -> Result<Exit, Failure> {
    if !is_name(name) {
        return Err(usage(format!(
            "--freeze {name}: no name of a file; use letters, digits, `-`, `_` and `.`, and no `.` first"
        )));
    }
    let source = Source::open(args, false, talk)?;
    let Source::Config(of) = &source else {
        return Err(usage("--freeze keeps a config's dataset; a table is a file already"));
    };
    let project = &of.opened.recipe.config.project;
    let folder = project.root.join("data").join("frozen");
    let file = folder.join(format!("{name}.jsonl"));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| ExportError::Io { path, error }
    };
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let (staged, to) = Staged::file(&file).map_err(failed(&file))?;
    let mut out = Hashing { to: BufWriter::new(to), hash: blake3::Hasher::new() };
    let guard = Guard::of(&[&project.config, &file]).map_err(LearnError::from)?;
    let mut gate = guard.gate(Purpose::Exemplars);
    let mut counted = Counted::of(of);
    let gone = source.each(talk, &mut |record: &dyn Record| {
        let fields = record.fields();
        if gate.admit(Fields(&fields)).is_none() {
            return Ok(());
        }
        counted.see(&fields);
        record.write_json(&mut out).and_then(|()| out.write_all(b"\n")).map_err(failed(&file))
    })?;
    if counted.rows == 0 {
        return Err(match gate.why() {
            Some(why) => LearnError::Held { rows: gate.held(), why: why.to_string() }.into(),
            None => {
                let config = args.source.display();
                usage(format!("{config}: there are no rows to freeze; `emogrid run {config}` makes them"))
            }
        });
    }
    out.flush().map_err(failed(&file))?;
    let hash = out.hash.finalize().to_hex().to_string();
    let place = shown(&file);
    let before = match fs::read(&file) {
        Ok(bytes) => Some(blake3::hash(&bytes).to_hex().to_string()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(&file)(error).into()),
    };
    let same = before.as_ref() == Some(&hash);
    if before.is_some() && !same && !args.force {
        return Err(usage(format!(
            "{} holds other rows, and configs that name it would ask anew\n  Choose another name, or replace \
             them with `--force`",
            place.display()
        )));
    }
    if !same {
        staged.put().map_err(failed(&file))?;
    }
    let told = json!({
        "made_by": "emogrid export --freeze",
        "file": format!("{name}.jsonl"),
        "hash": hash,
        "rows": counted.rows,
        "labels": counted.labels,
        "config": of.opened.recipe.config.name,
        "from": path_from(&project.root, &project.config),
        "set": args.set,
        "models": of.stored.models.list().iter().map(|model| model.identity.display_name()).collect::<Vec<_>>(),
        "complete": gone.open_asks == 0,
        "held": gate.held(),
    });
    let text = serde_json::to_string_pretty(&told).unwrap_or_default() + "\n";
    let meta = folder.join(format!("{name}.meta.json"));
    if fs::read_to_string(&meta).ok().as_ref() != Some(&text) {
        replace(&meta, text.as_bytes()).map_err(failed(&meta))?;
    }
    let rows = count(counted.rows, "row");
    let stand = if counted.rows == 1 { "stands" } else { "stand" };
    talk.say(&folded(&match same {
        true => format!("{rows} {stand} in {} already: nothing is changed", place.display()),
        false => format!("{rows} frozen in {}", place.display()),
    }));
    if let Some(why) = gate.why() {
        talk.say(&folded(&format!("{} left out: of the first {why}", count(gate.held(), "row"))));
    }
    if gone.open_asks > 0 {
        talk.say(&folded(&format!(
            "the dataset is not complete: {} to go; what is frozen stays as it is",
            count(gone.open_asks, "request")
        )));
    }
    let folder = project.config.parent().unwrap_or(Path::new(""));
    if let Some(from) = path_from(folder, &file).filter(|_| !same) {
        talk.say(&format!("prompts show them by `exemplars: {{ from: {from} }}`"));
    }
    Ok(Exit::Complete)
}

fn is_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(fine)
}

/// Rows, by label axis and value.
struct Counted {
    rows: u64,
    labels: Map<String, Value>,
}

impl Counted {
    fn of(of: &OfConfig) -> Self {
        let axes = of.opened.recipe.config.axes.iter().filter(|axis| axis.label);
        let values = |axis: &crate::config::resolved::Axis| -> Map<String, Value> {
            axis.values.iter().map(|value| (value.name.clone(), 0.into())).collect()
        };
        Self { rows: 0, labels: axes.map(|axis| (axis.name.clone(), values(axis).into())).collect() }
    }

    fn see(&mut self, fields: &Map<String, Value>) {
        self.rows += 1;
        for (axis, values) in &mut self.labels {
            let value = fields.get(axis).and_then(Value::as_str).unwrap_or_default();
            if let Some(rows) = values.get_mut(value) {
                *rows = (rows.as_u64().unwrap_or_default() + 1).into();
            }
        }
    }
}
