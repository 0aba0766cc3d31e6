//! One value of a file of SOPS set or taken out, and files in the editor.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::manifest::{Object, Path as NodePath, Step, Stream};
use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{MacPolicy, Setting, SopsError, Store};
use rand_core::RngCore;
use serde_json::Value;

use super::error::{SopsUsage, unopened};
use super::opening::SopsFile;
use super::seal::now;
use crate::cli::SelectArgs;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::located::InFile;
use crate::manifest::is_secret;

/// Where a value stands in a file, and how it is written there.
pub(crate) struct Site {
    path: NodePath,
    base64: bool,
    /// True where something stands there already.
    pub(crate) there: bool,
}

impl Site {
    /// The place that KEY means: of a Secret one of its values, elsewhere a key at the top, or a path such as
    /// `["db"]["password"]`. `value` decides in which field of a Secret a new one goes.
    ///
    /// # Errors
    /// [`SopsUsage`] by variant.
    pub(crate) fn of(file: &SopsFile, key: &str, select: &SelectArgs) -> Result<Self, Failure> {
        let failed = |error| InFile::new("change", &file.path, error);
        let stream = match file.store {
            Store::Binary => return Err(failed(SopsUsage::NoKeys).into()),
            Store::Yaml | Store::Json => Stream::parse(&file.bytes).ok(),
            Store::Dotenv | Store::Ini => None,
        };
        let objects = stream.as_ref().map(Stream::objects).unwrap_or_default();
        let is_meant = |object: &&Object<'_>| {
            let name = select.name.as_ref().map(|name| name.as_str());
            let namespace = select.namespace.as_ref().map(|name| name.as_str());
            is_secret(object)
                && name.is_none_or(|name| object.name() == Some(name))
                && namespace.is_none_or(|name| object.namespace() == Some(name))
        };
        let first = |object: &&Object<'_>| object.document == 1 && object.list.is_none();
        if let Some(object) = objects.iter().filter(is_meant).find(first) {
            let stands = |field: &str| {
                object
                    .node
                    .get(field)
                    .is_some_and(|map| map.get(key).is_some())
            };
            let base64 = stands("data") && !stands("stringData");
            let field = if base64 { "data" } else { "stringData" };
            return Ok(Self {
                path: NodePath::from([field, key]),
                base64,
                there: stands(field),
            });
        }
        let path = path_of(key).ok_or_else(|| failed(SopsUsage::KeyPath))?;
        let root = stream
            .as_ref()
            .and_then(|stream| stream.documents().next()?.root);
        let there = match (root, file.store) {
            (Some(root), _) => root.find(&path).is_some(),
            (None, _) => {
                let text = String::from_utf8_lossy(&file.bytes);
                let last = match path.0.last() {
                    Some(Step::Key(last)) => last.as_str(),
                    _ => key,
                };
                text.lines().any(|line| {
                    let name = line.split_once('=').map(|(name, _)| name);
                    name.is_some_and(|name| name == last || name.trim() == last)
                })
            }
        };
        let path = match file.store {
            // A key before any section stands in the one that sops calls so.
            Store::Ini if path.0.len() == 1 => NodePath::from(["DEFAULT", key]),
            _ => path,
        };
        Ok(Self {
            path,
            base64: false,
            there,
        })
    }

    fn value(&mut self, plaintext: &Plaintext) -> Result<Value, SopsUsage> {
        let bytes = plaintext.reveal();
        if self.base64 {
            return Ok(STANDARD.encode(bytes).into());
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            // Only a Secret has a place for bytes.
            Err(_) if self.path.0.first() == Some(&"stringData".into()) && !self.there => {
                self.path.0[0] = "data".into();
                Ok(STANDARD.encode(bytes).into())
            }
            Err(_) => Err(SopsUsage::NotText),
        }
    }
}

/// Sets a value; the file again.
///
/// # Errors
/// [`SopsUsage::SetWithoutKey`] where nobody at hand opens the file; what is wrong with it.
pub(crate) fn set(
    file: &SopsFile,
    site: &mut Site,
    plaintext: &Plaintext,
    identities: &Identities,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, Failure> {
    let value = site
        .value(plaintext)
        .map_err(|error| InFile::new("change", &file.path, error))?;
    let now = now();
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: &now,
    };
    let changed = file.store.set(
        &file.bytes,
        &identities.ring,
        &site.path,
        &value,
        setting,
        rng,
    );
    Ok(changed
        .map_err(|error| without_key(&file.path, error, identities))?
        .file)
}

/// Takes values out; the file again.
///
/// # Errors
/// As for [`set`].
pub(crate) fn unset(
    file: &SopsFile,
    sites: &[Site],
    identities: &Identities,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, Failure> {
    let now = now();
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: &now,
    };
    let mut bytes = file.bytes.to_vec();
    for site in sites {
        let changed = file
            .store
            .unset(&bytes, &identities.ring, &site.path, setting, rng);
        bytes = changed
            .map_err(|error| without_key(&file.path, error, identities))?
            .file;
    }
    Ok(bytes)
}

/// Somebody opens the file, or nothing can be written into it: said before a value is asked for.
///
/// # Errors
/// [`SopsUsage::SetWithoutKey`].
pub(crate) fn must_open(file: &SopsFile, identities: &Identities) -> Result<(), Failure> {
    let metadata = file.store.metadata(&file.bytes);
    let opened = metadata.and_then(|metadata| metadata.open_data_key(&identities.ring).map(drop));
    opened.map_err(|error| without_key(&file.path, error, identities))
}

fn without_key(path: &Path, error: SopsError, identities: &Identities) -> Failure {
    match error {
        SopsError::NoDataKey { .. } => {
            InFile::new("change", path, SopsUsage::SetWithoutKey(error)).into()
        }
        error => unopened(path, error, identities),
    }
}

/// A key at the top, or a path as sops writes it: `["db"]["hosts"][0]`.
pub(crate) fn path_of(text: &str) -> Option<NodePath> {
    if !text.starts_with('[') {
        return (!text.is_empty()).then(|| NodePath::from([text]));
    }
    let mut path = NodePath::default();
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let quote = inner
            .chars()
            .next()
            .filter(|first| ['"', '\''].contains(first));
        if let Some(quote) = quote {
            let (name, after) = inner[1..].split_once(quote)?;
            path = path.join(name);
            rest = after.strip_prefix(']')?;
        } else {
            let (number, after) = inner.split_once(']')?;
            path = path.join(number.parse::<usize>().ok()?);
            rest = after;
        }
    }
    rest.is_empty().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_paths_are_told_apart() {
        for (text, expected) in [
            ("password", "password"),
            ("tls.crt", r#"["tls.crt"]"#),
            (r#"["db"]["pass word"][0]"#, r#"db["pass word"][0]"#),
            ("['a'][12]", "a[12]"),
        ] {
            assert_eq!(path_of(text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "[", "[x]", r#"["a""#, r#"["a"]b"#, "[-1]"] {
            assert!(path_of(text).is_none(), "{text}");
        }
    }
}
