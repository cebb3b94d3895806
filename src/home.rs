//! Where a project is: what is kept of it stands in a folder `.emogrid` at its root.

use std::path::{Path, PathBuf};

/// The folder at a project's root with its store, its frozen test parts and its caches.
pub const KEPT: &str = ".emogrid";

/// The root of the project that a folder is in: the nearest one, itself or above, that has a folder `.emogrid`.
pub fn above(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.ancestors().find(|above| above.join(KEPT).is_dir()).map(Path::to_owned)
}
