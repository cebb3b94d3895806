//! Files and folders that are made beside their place, and get there whole or not at all.
//!
//! What is under way is called `.emogrid-PROCESS-NUMBER.part`, a name that nothing had before, and is locked. What a
//! killed process leaves goes when something else is made beside it, once a day has passed in which nobody touched it:
//! on some shared disks a lock alone says nothing of other machines.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A file under way, which goes unless it is put in its place.
#[derive(Debug)]
pub struct Staged {
    target: PathBuf,
    file: File,
    /// Where it is made; none where the target is no file that another could replace, such as a pipe or `/dev/null`.
    part: Option<PathBuf>,
}

impl Staged {
    /// Begins a file, which is written through what is given back; a link's target is replaced, not the link.
    ///
    /// # Errors
    /// A target that is a folder, or a place that cannot be written to.
    pub fn file(target: &Path) -> io::Result<(Self, File)> {
        let target = followed(target);
        sweep(&target);
        Self::begin(target)
    }

    fn begin(target: PathBuf) -> io::Result<(Self, File)> {
        let about = fs::metadata(&target).ok();
        if about.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::Error::new(ErrorKind::IsADirectory, "a folder; expected the name of a file"));
        }
        let (part, file) = match about.is_some_and(|about| !about.is_file()) {
            true => (None, File::options().write(true).open(&target)?),
            false => {
                let (part, file) = unused(&target, File::create_new)?;
                (Some(part), file)
            }
        };
        hold(&file);
        let staged = Self { target, file, part };
        let to = staged.file.try_clone()?;
        Ok((staged, to))
    }

    /// What was written by now, from its start.
    ///
    /// # Errors
    /// A target that nothing else takes the place of, such as a pipe, or one that cannot be read.
    pub fn written(&self) -> io::Result<File> {
        let part = self.part.as_ref().ok_or_else(|| {
            io::Error::other(
                "a row has a column that the first had not, and what is in a pipe stays; name a file",
            )
        })?;
        File::open(part)
    }

    /// Puts the file in its place, on the disk and with the permissions of the one before.
    ///
    /// # Errors
    /// What cannot be written; the file of before stands then.
    pub fn put(self) -> io::Result<()> {
        if self.part.is_some() {
            self.file.sync_all()?;
        }
        self.put_soon()
    }

    /// The same without waiting for the disk.
    fn put_soon(mut self) -> io::Result<()> {
        let Some(part) = &self.part else { return Ok(()) };
        keep_permissions(&self.target, part)?;
        fs::rename(part, &self.target)?;
        self.part = None;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // Where it cannot be removed there is nobody to tell: what failed before is told.
            let _ = fs::remove_file(part);
        }
    }
}

/// A folder under way, which goes unless it is put in its place.
#[derive(Debug)]
pub struct StagedFolder {
    target: PathBuf,
    /// Holds what is made, and for a moment what was there before.
    holder: PathBuf,
    fresh: PathBuf,
    /// None where a folder cannot be locked.
    _lock: Option<File>,
}

impl StagedFolder {
    /// Begins a folder, and makes those above it.
    ///
    /// # Errors
    /// A place that cannot be written to.
    pub fn new(target: &Path) -> io::Result<Self> {
        let target = followed(target);
        if let Some(above) = target.parent() {
            fs::create_dir_all(above)?;
        }
        sweep(&target);
        let (holder, ()) = unused(&target, fs::create_dir)?;
        let lock = File::open(&holder).inspect(hold).ok();
        let staged = Self { target, fresh: holder.join("new"), holder, _lock: lock };
        fs::create_dir(&staged.fresh)?;
        Ok(staged)
    }

    /// Where its files are made.
    pub fn path(&self) -> &Path {
        &self.fresh
    }

    /// Puts the folder in its place, and removes the one that was there. A death between the two steps leaves both,
    /// whole.
    ///
    /// # Errors
    /// What cannot be renamed; the folder of before stands then.
    pub fn put(mut self) -> io::Result<()> {
        let there = fs::symlink_metadata(&self.target).is_ok();
        if there {
            keep_permissions(&self.target, &self.fresh)?;
        }
        let before = self.holder.join(BEFORE);
        if there {
            fs::rename(&self.target, &before)?;
        }
        let Err(error) = fs::rename(&self.fresh, &self.target) else { return Ok(()) };
        if there && fs::rename(&before, &self.target).is_err() {
            // It must not go with the holder.
            self.holder = PathBuf::new();
            let what = format!("{error}; what was there is {} now", before.display());
            return Err(io::Error::other(what));
        }
        Err(error)
    }
}

impl Drop for StagedFolder {
    fn drop(&mut self) {
        if !self.holder.as_os_str().is_empty() {
            let _ = fs::remove_dir_all(&self.holder);
        }
    }
}

/// Writes a whole file in place of the old one.
///
/// # Errors
/// What cannot be written; the old one stands then.
pub fn replace(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let (staged, mut to) = Staged::begin(followed(target))?;
    to.write_all(bytes)?;
    staged.put()
}

/// The same of figures that are soon others: nobody waits for the disk, and a power loss may leave an empty file.
///
/// # Errors
/// What cannot be written; the old one stands then.
pub fn refresh(target: &Path, text: &str) -> io::Result<()> {
    let (staged, mut to) = Staged::file(target)?;
    to.write_all(text.as_bytes())?;
    staged.put_soon()
}

/// What a link leads to; a path with a name of its own, whatever `.` or `..` it ends with.
fn followed(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn keep_permissions(of: &Path, to: &Path) -> io::Result<()> {
    let Ok(before) = fs::metadata(of) else { return Ok(()) };
    match before.permissions() == fs::metadata(to)?.permissions() {
        true => Ok(()),
        false => fs::set_permissions(to, before.permissions()),
    }
}

/// A folder that was there before, in the holder of the one that takes its place.
const BEFORE: &str = "before";

/// For so long nobody touched what is taken for left behind.
const UNTOUCHED: Duration = Duration::from_secs(24 * 60 * 60);

/// Says that somebody is at work on it; where nothing can be locked, its age has to do.
fn hold(file: &File) {
    let _ = file.try_lock();
}

/// Removes what killed processes left beside a path. What cannot be seen or removed stays.
fn sweep(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_part(&entry.file_name())
            && let Ok(Some(_held)) = left(&path)
        {
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

/// Whether a name is of those that are given here.
fn is_part(name: &OsStr) -> bool {
    let numbers = name.to_str().and_then(|name| name.strip_prefix(".emogrid-")?.strip_suffix(".part"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.and_then(|numbers| numbers.split_once('-')).is_some_and(|(a, b)| is_number(a) && is_number(b))
}

/// A file or folder that its maker left, held; none where somebody may still need it.
fn left(path: &Path) -> io::Result<Option<File>> {
    let about = fs::symlink_metadata(path)?;
    let age = about.modified()?.elapsed().unwrap_or_default();
    // One that died between the two steps holds what stood in its place.
    let is_needed = about.is_symlink() || age < UNTOUCHED || fs::symlink_metadata(path.join(BEFORE)).is_ok();
    if is_needed {
        return Ok(None);
    }
    let file = File::open(path)?;
    Ok(file.try_lock().is_ok().then_some(file))
}

/// Makes something beside a path, under a name that nothing has.
fn unused<T>(path: &Path, make: impl Fn(PathBuf) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let part = path.with_file_name(format!(".emogrid-{}-{number}.part", std::process::id()));
        match make(part.clone()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => return Ok((part, made?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        replace(&path, b"old").unwrap();
        let (staged, mut to) = Staged::file(&path).unwrap();
        to.write_all(b"new").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap(), names(root.path()).len()), ("old".into(), 2));
        drop(staged);
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), names(root.path())),
            ("old".into(), vec!["x".into()])
        );
        replace(&path, b"new").unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), names(root.path())),
            ("new".into(), vec!["x".into()])
        );
        assert!(Staged::file(root.path()).unwrap_err().to_string().contains("a folder"));
    }

    #[test]
    fn a_name_that_something_has_is_not_taken() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x");
        // A process of this number left these behind.
        for number in 0..1000 {
            let name = format!(".emogrid-{}-{number}.part", std::process::id());
            fs::write(root.path().join(name), "left").unwrap();
        }
        replace(&path, b"new").unwrap();
        StagedFolder::new(&root.path().join("folder")).unwrap().put().unwrap();
        assert_eq!(names(root.path()).len(), 1002);
    }

    #[test]
    fn a_folder_takes_the_place_of_another() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("above").join("made");
        for text in ["one", "two"] {
            let staged = StagedFolder::new(&target).unwrap();
            fs::write(staged.path().join("file"), text).unwrap();
            staged.put().unwrap();
            assert_eq!(fs::read_to_string(target.join("file")).unwrap(), text);
            assert_eq!(names(&root.path().join("above")), ["made"]);
        }
        drop(StagedFolder::new(&target).unwrap());
        assert_eq!(
            (names(&root.path().join("above")), names(&target)),
            (vec!["made".into()], vec!["file".into()])
        );
    }

    #[cfg(unix)]
    #[test]
    fn what_killed_processes_left_goes_when_nobody_can_need_it() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let old = |name: &str| {
            let file = File::open(at(name)).unwrap();
            file.set_modified(std::time::SystemTime::now() - 2 * UNTOUCHED).unwrap();
            file
        };
        for name in
            [".emogrid-1-0.part", ".emogrid-1-1.part", ".emogrid-1-2.part", "x.part", ".emogrid-x-1.part"]
        {
            fs::write(at(name), "left").unwrap();
        }
        fs::create_dir_all(at(".emogrid-1-3.part/new")).unwrap();
        fs::create_dir_all(at(".emogrid-1-4.part/before")).unwrap();
        // All but one are old, and of one somebody is at work.
        let old = [
            ".emogrid-1-0.part",
            ".emogrid-1-1.part",
            "x.part",
            ".emogrid-x-1.part",
            ".emogrid-1-3.part",
            ".emogrid-1-4.part",
        ]
        .map(old);
        old[1].try_lock().unwrap();
        drop(Staged::file(&at("x")).unwrap());
        let stay =
            [".emogrid-1-1.part", ".emogrid-1-2.part", ".emogrid-1-4.part", ".emogrid-x-1.part", "x.part"];
        assert_eq!(names(root.path()), stay);
        // What is under way holds itself.
        let (_staged, to) = Staged::file(&at("x")).unwrap();
        to.set_modified(std::time::SystemTime::now() - 2 * UNTOUCHED).unwrap();
        let folder = StagedFolder::new(&at("y")).unwrap();
        File::open(&folder.holder)
            .unwrap()
            .set_modified(std::time::SystemTime::now() - 2 * UNTOUCHED)
            .unwrap();
        drop(Staged::file(&at("z")).unwrap());
        assert_eq!(names(root.path()).len(), stay.len() + 2);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay_and_what_is_no_file_is_written_to() {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

        let root = tempfile::tempdir().unwrap();
        let (path, link) = (root.path().join("x"), root.path().join("link"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&path, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        symlink("/dev/null", root.path().join("null")).unwrap();
        replace(&root.path().join("null"), b"gone").unwrap();
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
