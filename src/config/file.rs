//! The files that a config names: found, read, and named in messages.

use std::path::{Component, Path, PathBuf};

use super::diagnostic::{Diagnostic, Report, SourceId, Sources, Span, did_you_mean};
use super::project::Project;

/// Reads a UTF-8 file into the report's sources; a failure becomes a diagnostic.
pub fn read_text(path: &Path, report: &mut Report) -> Option<SourceId> {
    match text_of(path) {
        Ok(text) => Some(report.sources.add(shown(path), text)),
        Err(found) if path.is_dir() => {
            report.push(found.help(format!("name a file in it, such as `{}/*.yaml`", shown(path).display())));
            None
        }
        Err(found) => {
            report.push(match nearest(path) {
                Some(near) if !path.exists() => {
                    found.help(format!("did you mean `{}`?", shown(&near).display()))
                }
                _ => found,
            });
            None
        }
    }
}

/// Reads a file that the config names from its own folder; a failure is said at the name.
pub fn read_named(file: &str, at: Span, project: &Project, report: &mut Report) -> Option<SourceId> {
    let path = beside(project, file, at, &report.sources);
    let text = or_say(text_of(&path), &path, file, at, project, report)?;
    Some(report.sources.add(shown(&path), text))
}

/// The same of a file that is no text.
pub fn read_bytes(file: &str, at: Span, project: &Project, report: &mut Report) -> Option<Vec<u8>> {
    let path = beside(project, file, at, &report.sources);
    or_say(bytes_of(&path), &path, file, at, project, report)
}

fn or_say<T>(
    read: Result<T, Diagnostic>,
    path: &Path,
    file: &str,
    at: Span,
    project: &Project,
    report: &mut Report,
) -> Option<T> {
    let found = match read {
        Ok(read) => return Some(read),
        Err(found) => found.at(at),
    };
    report.push(if path.exists() { found } else { found.help(where_else(path, file, project)) });
    None
}

/// The same from any folder, for what stands between configs.
///
/// # Errors
/// A file that cannot be read, said at its name.
pub fn read_named_from(
    folder: &Path,
    file: &str,
    at: Span,
    report: &mut Report,
) -> Result<SourceId, Diagnostic> {
    let path = folder.join(file);
    match text_of(&path) {
        Ok(text) => Ok(report.sources.add(shown(&path), text)),
        Err(found) => Err(match nearest(&path).filter(|_| !path.exists()) {
            Some(near) => found.at(at).help(format!("did you mean `{}`?", shown(&near).display())),
            None => found.at(at),
        }),
    }
}

/// A path of the user's, from the folder of the file that names it: the config, or one it extends.
pub fn beside(project: &Project, file: &str, at: Span, sources: &Sources) -> PathBuf {
    let by = sources.path(at.source);
    // What the command line sets is named from the config.
    let by = if by.is_file() { by } else { &project.config };
    by.parent().map_or_else(|| PathBuf::from(file), |folder| folder.join(file))
}

/// A file's path from a folder, as a config there would name it; `None` where one of both cannot be found.
pub fn path_from(folder: &Path, file: &Path) -> Option<String> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (folder, file) = (std::fs::canonicalize(here).ok()?, std::fs::canonicalize(file).ok()?);
    let common = file.components().zip(folder.components()).take_while(|(a, b)| a == b).count();
    let up = folder.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(file.components().skip(common)).collect();
    Some(path.to_str()?.replace('\\', "/"))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let name = shown(path);
    let name = name.display();
    if path.is_dir() {
        let message = format!("`{name}` is a folder");
        return Err(Diagnostic::error("file", message).help("name a file in it"));
    }
    std::fs::read(path).map_err(|error| {
        let missing_folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let message = match (error.kind(), missing_folder) {
            (std::io::ErrorKind::NotFound, Some(folder)) => {
                format!("there is no file `{name}`: there is no folder `{}`", shown(folder).display())
            }
            (std::io::ErrorKind::NotFound, None) => format!("there is no file `{name}`"),
            (std::io::ErrorKind::PermissionDenied, _) => format!("`{name}` may not be read"),
            _ => format!("`{name}` cannot be read: {error}"),
        };
        Diagnostic::error("file", message)
    })
}

fn text_of(path: &Path) -> Result<String, Diagnostic> {
    let bytes = bytes_of(path)?;
    let name = shown(path);
    let name = name.display();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = format!("`{name}` is not UTF-8: it looks like UTF-16");
        return Err(Diagnostic::error("encoding", message).help("save the file as UTF-8"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = format!("`{name}` is not UTF-8 from its line {line} on");
        Diagnostic::error("encoding", message).help("save the file as UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Where a file may be that is not where the config says.
fn where_else(path: &Path, file: &str, project: &Project) -> String {
    if let Some(name) = nearest(path).and_then(|near| near.file_name()?.to_str().map(str::to_owned)) {
        let folder = file.rfind('/').map_or("", |at| &file[..=at]);
        return format!("did you mean `{folder}{name}`?");
    }
    let config = std::path::absolute(&project.config).unwrap_or_else(|_| project.config.clone());
    let below = config.parent().and_then(|folder| folder.strip_prefix(&project.root).ok());
    let up = below.map_or(0, |below| below.components().count());
    if up > 0 && project.root.join(file).is_file() {
        return format!("did you mean `{}{file}`? Paths begin at the config's folder", "../".repeat(up));
    }
    "it is looked up from the config's folder".into()
}

/// The file beside a missing one that is called nearly like it.
pub fn nearest(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut names: Vec<String> = std::fs::read_dir(here)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name != wanted)
        .collect();
    names.sort();
    did_you_mean(wanted, names.iter().map(String::as_str)).map(|name| folder.join(name))
}

/// The path as a user would write it: without detours, and relative to where they stand where that
/// is shorter.
pub fn shown(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    let here = std::env::current_dir().ok();
    let relative = here.and_then(|here| out.strip_prefix(here).ok().map(Path::to_owned));
    relative.filter(|path| !path.as_os_str().is_empty()).unwrap_or(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_without_detours() {
        for (path, expected) in [
            ("configs/../lists/a.txt", "lists/a.txt"),
            ("./a/./b", "a/b"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("/x/../y", "/y"),
        ] {
            assert_eq!(shown(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
