//! Which plug-ins may run: the user says so, never a repository.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::PathBuf;

use bulla_core::recipient::PluginName;
use serde::Deserialize;

use super::PluginError;
use crate::identities::config_directory;

/// The names that the user's own configuration allows, read when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    configured: OnceCell<Result<BTreeSet<PluginName>, String>>,
}

/// `bulla/config.yaml` in the user's configuration directory.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserConfig {
    #[serde(default)]
    plugins: Vec<String>,
}

impl Allowed {
    /// Refuses a plug-in that the user has not allowed.
    pub(crate) fn check(&self, name: &PluginName) -> Result<(), PluginError> {
        match self.configured.get_or_init(configured) {
            Ok(names) if names.contains(name) => Ok(()),
            Ok(_) => Err(PluginError::NotAllowed(name.clone())),
            Err(why) => Err(PluginError::Config(why.clone())),
        }
    }
}

/// The variable replaces the file, so that it can take away, too.
fn configured() -> Result<BTreeSet<PluginName>, String> {
    if let Some(names) = env::var_os(VARIABLE) {
        let names = names.to_string_lossy().into_owned();
        let names = names.split([',', ' ']).filter(|name| !name.is_empty());
        return parse(names).map_err(|why| format!("${VARIABLE}: {why}"));
    }
    let Some(path) = config_file() else {
        return Ok(BTreeSet::new());
    };
    let shown = path.display().to_string().escape_debug().to_string();
    let text = match fs::read_to_string(&path) {
        Ok(text) if text.len() > CONFIG_BYTES_MAX => return Err(format!("`{shown}` is too large")),
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(_) => return Err(format!("`{shown}` can't be read")),
    };
    if text.trim().is_empty() {
        return Ok(BTreeSet::new());
    }
    let config: UserConfig = serde_saphyr::from_str(&text).map_err(|_| {
        format!("`{shown}` must be YAML like `plugins: [yubikey]`, and nothing else")
    })?;
    parse(config.plugins.iter().map(String::as_str)).map_err(|why| format!("`{shown}`: {why}"))
}

fn parse<'n>(names: impl Iterator<Item = &'n str>) -> Result<BTreeSet<PluginName>, String> {
    let parse = |name: &str| {
        let shown: String = name.chars().take(70).flat_map(char::escape_debug).collect();
        name.parse()
            .map_err(|rule| format!("the name of plug-in `{shown}` {rule}"))
    };
    names.map(parse).collect()
}

/// The user's own configuration.
pub(super) fn config_file() -> Option<PathBuf> {
    config_directory().map(|directory| directory.join("bulla/config.yaml"))
}

const VARIABLE: &str = "BULLA_PLUGINS";
const CONFIG_BYTES_MAX: usize = 64 * 1024;
