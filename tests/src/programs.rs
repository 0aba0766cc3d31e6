//! The programs under test: `bulla` and `bulla-controller`, built once per run.

use std::{env, fs, os::unix, path::PathBuf, process::Command, sync::OnceLock};

use crate::{
    go::{create_directory, say, tools},
    target,
};

/// Returns the path of `bulla`.
pub fn bulla() -> PathBuf {
    built("bulla")
}

/// Returns the path of `bulla-controller`.
pub fn controller() -> PathBuf {
    built("bulla-controller")
}

/// Returns a path of `bulla` that ends in another name, such as `kubeseal` or `kubectl-bulla`.
///
/// # Panics
///
/// If the link cannot be made.
pub fn bulla_called(name: &str) -> PathBuf {
    let directory = tools().join(format!("called-{}", profile()));
    create_directory(&directory);
    let link = directory.join(name);
    // Another process may be making the same one, or have made one that leads elsewhere by now.
    let unfinished = directory.join(format!(".{:08x}", crate::random_u32()));
    unix::fs::symlink(bulla(), &unfinished)
        .and_then(|()| fs::rename(&unfinished, &link))
        .unwrap_or_else(|error| panic!("failed to link {}: {error}", link.display()));
    link
}

/// Builds both programs the first time it is called in a process.
///
/// The profile is `dev`, or the one that `BULLA_TEST_PROFILE` names: benchmarks want `release`.
fn built(name: &str) -> PathBuf {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY
        .get_or_init(|| {
            say("building bulla and bulla-controller, if they have changed");
            let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let output = Command::new(cargo)
                .args(["build", "--quiet", "-p", "bulla", "-p", "bulla-controller"])
                .args(["--profile", &profile()])
                .current_dir(target::workspace())
                .output()
                .unwrap_or_else(|error| panic!("failed to run `cargo build`: {error}"));
            let text = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "failed to build the programs under test: {text}"
            );
            target::directory().join(match profile().as_str() {
                "dev" => "debug".to_owned(),
                profile => profile.to_owned(),
            })
        })
        .join(name)
}

fn profile() -> String {
    env::var("BULLA_TEST_PROFILE").unwrap_or_else(|_| "dev".to_owned())
}
