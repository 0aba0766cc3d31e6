//! One value of a file of SOPS set or taken out.

use std::path::Path;

use bulla_core::plaintext::Plaintext;
use bulla_core::sops::{MacPolicy, Setting, SopsError};
use rand_core::RngCore;

use super::error::{SopsUsage, unopened};
use super::opening::SopsFile;
use super::seal::now;
use super::value_site::ValueSite;
use crate::failure::Failure;
use crate::identities::Identities;
use crate::located::InFile;

/// Sets a value; the file again.
///
/// # Errors
/// [`SopsUsage::SetWithoutKey`] where nobody at hand opens the file; what is wrong with it.
pub(crate) fn set(
    file: &SopsFile,
    site: &mut ValueSite,
    plaintext: &Plaintext,
    identities: &Identities,
    rng: &mut impl RngCore,
) -> Result<Vec<u8>, Failure> {
    let value = site
        .value(plaintext)
        .map_err(|error| InFile::new("change", &file.path, error))?;
    // Bytes go into another field than text, which the selector may leave out.
    site.takes_a_value(file)?;
    let now = now();
    let setting = Setting {
        mac: MacPolicy::Verify,
        now: &now,
    };
    let changed = file.store.set(
        &file.bytes,
        &identities.ring,
        site.at(),
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
    sites: &[ValueSite],
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
            .unset(&bytes, &identities.ring, site.at(), setting, rng);
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
