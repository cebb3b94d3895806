use std::path::Path;

use super::{Exit, Failure, Talk};
use crate::cli::InitArgs;

/// The files of a new project, by their names there.
const FILES: &[(&str, &str)] = &[
    ("configs/moods.yaml", include_str!("init/moods.yaml")),
    ("prompts/moods/system.j2", include_str!("init/system.j2")),
    ("prompts/moods/post.j2", include_str!("init/post.j2")),
    (".gitignore", "/.emogrid/\n/out/\n"),
];

/// Makes a new project, ready for git; an existing file is left alone.
pub fn init(args: &InitArgs, talk: &Talk) -> Result<Exit, Failure> {
    let folder = &args.folder;
    let taken = FILES.iter().map(|(name, _)| folder.join(name)).find(|path| path.exists());
    if let Some(path) = taken {
        let what = format!("there is {} already; choose another folder", path.display());
        return Err(Failure::Refused(what));
    }
    for (name, text) in FILES {
        write(&folder.join(name), text)?;
    }
    let mut schema = serde_json::to_string_pretty(&crate::config::json_schema()).unwrap_or_default();
    schema.push('\n');
    write(&folder.join("configs/emogrid.schema.json"), &schema)?;
    let shown = folder.display();
    talk.say(&format!(
        "made {shown}\n\nnext:\n  cd {shown}\n  emogrid check configs/moods.yaml\n  emogrid preview configs/moods.yaml\n  emogrid run configs/moods.yaml"
    ));
    Ok(Exit::Complete)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}
