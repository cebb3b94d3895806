//! Where things live.

use std::path::PathBuf;

use crate::home;

/// Where a config and its project live.
#[derive(Debug, Clone, Default)]
pub struct Project {
    pub root: PathBuf,
    pub config: PathBuf,
}

impl Project {
    /// The folder of the store.
    pub fn store(&self) -> PathBuf {
        self.root.join(home::KEPT)
    }

    /// The folder that templates are looked up in.
    pub fn prompts(&self) -> PathBuf {
        self.root.join("prompts")
    }
}
