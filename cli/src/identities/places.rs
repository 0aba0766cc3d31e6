//! Where keys are looked for when none is named, as sops does it: variables, and the usual files.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::command::KeyCommand;

/// The files of ssh keys: the one that a variable names, or those of ssh itself where no variable says anything.
pub(super) fn ssh_files() -> Vec<PathBuf> {
    if let Some(path) = variable(SSH_FILE) {
        return vec![path.into()];
    }
    if variable(SSH_COMMAND).is_some() {
        return vec![];
    }
    let Some(home) = env::home_dir().filter(|home| home.is_absolute()) else {
        return vec![];
    };
    SSH_KEYS.map(|name| home.join(".ssh").join(name)).into()
}

/// The commands that print keys.
pub(super) fn commands() -> Vec<KeyCommand> {
    let command = |name, by_recipient| {
        let words = variable(name)?.to_string_lossy().into_owned();
        Some(KeyCommand::new(name, words, by_recipient))
    };
    let commands = [command(SSH_COMMAND, false), command(KEY_COMMAND, true)];
    commands.into_iter().flatten().collect()
}

/// The files that are read when nothing else is said.
pub(super) fn usual_files() -> Vec<PathBuf> {
    let Some(directory) = config_directory() else {
        return vec![];
    };
    vec![
        directory.join("bulla/identities"),
        directory.join("sops/age/keys.txt"),
    ]
}

/// `$XDG_CONFIG_HOME`, or what stands for it.
pub(crate) fn config_directory() -> Option<PathBuf> {
    let named = env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") {
        "Library/Application Support"
    } else {
        ".config"
    };
    named.or_else(|| env::home_dir().map(|home| home.join(usual)))
}

/// A variable that says something.
pub(super) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Keys themselves.
pub(super) const KEY: &str = "SOPS_AGE_KEY";
/// A file of them.
pub(super) const KEY_FILE: &str = "SOPS_AGE_KEY_FILE";
const KEY_COMMAND: &str = "SOPS_AGE_KEY_CMD";
const SSH_FILE: &str = "SOPS_AGE_SSH_PRIVATE_KEY_FILE";
const SSH_COMMAND: &str = "SOPS_AGE_SSH_PRIVATE_KEY_CMD";
const SSH_KEYS: [&str; 2] = ["id_ed25519", "id_rsa"];
