//! Where build output lies: helpers, logs of clusters, the binaries under test.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package is a folder of the workspace")
        .to_path_buf()
}

/// Returns cargo's target directory: `CARGO_TARGET_DIR`, or `target` in the workspace.
pub fn directory() -> PathBuf {
    // A relative one is meant from where cargo was called, which is the workspace as far as anyone can tell.
    workspace().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
