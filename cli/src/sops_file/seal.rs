//! Plaintext files into files of SOPS: `bulla seal` where the rule or `--format` says so.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::api::{SEALED_SECRET, SECRET_ENVELOPE, SOPS_SECRET};
use bulla_core::manifest::{Field, Object, SecretSource, Stream};
use bulla_core::sops::config::is_disguised_dotenv;
use bulla_core::sops::{Ciphertexts, DataKey, Metadata, SelectorKind, Store};
use jiff::Timestamp;
use rand_core::RngCore;
use serde_json::{Map, Value, json};

use super::error::{SopsUsage, in_file};
use super::target::Target;
use super::{SOPS_VERSION, place, store_of};
use crate::failure::Failure;
use crate::input::{is_stdin, mentions};
use crate::located::InFile;
use crate::manifest::{is_resource, is_secret};
use crate::sealed_secret::is_sealed_secret;

/// Closes a file. `seen` is its path for the choice of the store.
///
/// # Errors
/// A name that sops takes for another format; what is wrong with the file; a selector that selects nothing.
pub(crate) fn seal(
    path: &Path,
    seen: &Path,
    bytes: &[u8],
    target: &Target,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, Failure> {
    refuse_disguised(seen)?;
    target
        .refuse_others()
        .map_err(|error| InFile::new("seal", path, error))?;
    let failed = |error| in_file("seal", path, error);
    let store = store_of(seen, bytes);
    let placed = place::placed(store, bytes).map_err(failed)?;
    let bytes = placed.as_ref().map_or(bytes, |placed| placed.as_slice());
    let selector = match store {
        Store::Binary => None,
        // What holds where nothing is said is written down too, as sops does.
        store => Some(
            target
                .selector_or(default_selector(store, bytes))
                .unwrap_or_else(bulla_core::sops::Selector::default_suffix),
        ),
    };
    let mac_only = target.mac_only_encrypted && selector.is_some();
    let mut metadata = Metadata::new(selector.as_ref(), mac_only, SOPS_VERSION);
    let key = DataKey::generate(rng);
    metadata
        .close_data_key(&key, &target.groups, target.threshold, rng)
        .map_err(failed)?;
    let mut known = Ciphertexts::default();
    let sealed = store
        .encrypt(bytes, &mut metadata, &key, &mut known, &now(), rng)
        .map_err(failed)?;
    place::check(store, &sealed).map_err(|error| InFile::new("seal", path, error))?;
    Ok(sealed)
}

/// Refuses `.env.production`, which would become one value of a binary file.
///
/// # Errors
/// [`SopsUsage::DisguisedDotenv`].
pub(crate) fn refuse_disguised(path: &Path) -> Result<(), Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match !is_stdin(path) && is_disguised_dotenv(&name) {
        true => Err(InFile::new("seal", path, SopsUsage::DisguisedDotenv).into()),
        false => Ok(()),
    }
}

/// What is encrypted where no rule says it: of a Secret its values, of a SopsSecret its templates.
pub(crate) fn default_selector(store: Store, bytes: &[u8]) -> Option<(SelectorKind, &'static str)> {
    if !matches!(store, Store::Yaml | Store::Json) {
        return None;
    }
    let stream = Stream::parse(bytes).ok()?;
    let objects = stream.objects();
    if objects.iter().any(is_secret) {
        Some((SelectorKind::EncryptedRegex, "^(data|stringData)$"))
    } else if objects.iter().any(is_sops_secret) {
        Some((SelectorKind::EncryptedSuffix, "Templates"))
    } else {
        None
    }
}

/// True for manifests with a Secret or a SopsSecret among them. Many others mention one, and hold no value of it.
pub(crate) fn holds_secret(bytes: &[u8]) -> bool {
    let holds = |stream: Stream| {
        let mut objects = stream.objects().into_iter();
        objects.any(|object| is_secret(&object) || is_sops_secret(&object))
    };
    mentions(bytes, "Secret") && Stream::parse(bytes).is_ok_and(holds)
}

/// The kind of a resource in the file that is sealed in another way: closed twice, nothing in the cluster would open it.
pub(crate) fn sealed_already(store: Store, bytes: &[u8]) -> Option<&'static str> {
    if !matches!(store, Store::Yaml | Store::Json) {
        return None;
    }
    let stream = Stream::parse(bytes).ok()?;
    let objects = stream.objects();
    let sealed = objects.iter().find(|object| is_resource(object))?;
    Some(match is_sealed_secret(sealed) {
        true => SEALED_SECRET,
        false => SECRET_ENVELOPE,
    })
}

fn is_sops_secret(object: &Object<'_>) -> bool {
    object.kind() == Some(SOPS_SECRET)
}

/// The manifest of a Secret that was made from flags, still in plaintext.
pub(crate) fn manifest_of(secret: &SecretSource) -> Value {
    let mut metadata = Map::new();
    for (field, text) in [("name", &secret.name), ("namespace", &secret.namespace)] {
        if let Some(text) = text {
            metadata.insert(field.into(), text.as_str().into());
        }
    }
    for (field, map) in [
        ("labels", &secret.labels),
        ("annotations", &secret.annotations),
    ] {
        if !map.is_empty() {
            metadata.insert(field.into(), json!(map));
        }
    }
    let mut manifest = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
    if let Some(kind) = &secret.secret_type {
        manifest["type"] = kind.as_str().into();
    }
    let (mut texts, mut bytes) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in &secret.values {
        let plaintext = value.plaintext.reveal();
        match std::str::from_utf8(plaintext) {
            Ok(text) if value.field == Field::StringData => {
                texts.insert(key.as_str(), text.to_owned())
            }
            _ => bytes.insert(key.as_str(), STANDARD.encode(plaintext)),
        };
    }
    for (field, map) in [("data", bytes), ("stringData", texts)] {
        if !map.is_empty() {
            manifest[field] = json!(map);
        }
    }
    manifest
}

/// The time, as files of SOPS have it.
pub(crate) fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
