//! The folder of one cluster, under `target/tmp/clusters`.
//!
//! It goes with the cluster, except when the test failed, or when the cluster was a static: then the folders of
//! the last few runs stay, for their logs, until later runs sweep them away.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::SystemTime,
};

use crate::{
    go::{create_directory, lock, say},
    target,
};

#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Held as long as the folder is in use, by this process only.
    _lock: File,
}

impl Scratch {
    pub(super) fn create() -> Self {
        let clusters = target::directory().join("tmp/clusters");
        create_directory(&clusters);
        let _sweeping = lock(&clusters.join(".lock"));
        sweep(&clusters);
        let path = clusters.join(format!("{:08x}", crate::random_u32()));
        create_directory(&path);
        Self {
            _lock: lock(&path.join(LOCK)),
            path,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if thread::panicking() {
            say(&format!(
                "the cluster's logs are in {}",
                self.path.display()
            ));
        } else {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes what nobody uses any more, but the newest few, of which the logs stay.
fn sweep(clusters: &Path) {
    let Ok(entries) = fs::read_dir(clusters) else {
        return;
    };
    let mut unused: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let file = File::open(path.join(LOCK)).ok()?;
            file.try_lock().ok()?;
            Some((file.metadata().ok()?.modified().ok()?, path))
        })
        .collect();
    unused.sort();
    for (_, path) in &unused {
        let _ = fs::remove_dir_all(path.join("etcd"));
    }
    unused.truncate(unused.len().saturating_sub(KEPT));
    for (_, path) in unused {
        let _ = fs::remove_dir_all(path);
    }
}

const LOCK: &str = ".lock";
const KEPT: usize = 3;
