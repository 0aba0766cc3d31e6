//! SealedSecrets in files: found, read, opened and made.

mod certificates;
mod edit;
mod error;
mod made;
mod opening;
mod rework;
pub(crate) mod surroundings;

use std::path::Path;

use bulla_core::api;
use bulla_core::manifest::{Move, Object, Path as NodePath};
use bulla_core::names::Namespace;
use bulla_core::sealed_secrets::SealedSecret;
use serde_json::Value;

pub(crate) use certificates::{Certificates, SealedFor, now, read_certificate};
pub(crate) use error::{CertificateError, SealedSecretFault};
pub(crate) use made::{MakeError, Making, cleared_annotations};
pub(crate) use opening::{diagnosis, ring_hint, unseal};
pub(crate) use rework::{Renewal, all, by_controller};

use crate::failure::{Failure, Fault};
use crate::located::InFile;
use crate::manifest::at;

/// A SealedSecret in a file.
pub(crate) struct FoundSealed<'s> {
    /// The object that it is.
    pub(crate) object: Object<'s>,
    /// All of it as it stands in the file.
    pub(crate) value: Value,
    /// What it says.
    pub(crate) sealed: SealedSecret,
}

/// Values of an envelope lie under `data`, those of a SealedSecret under `encryptedData`.
pub(crate) fn into_encrypted_data(moves: &mut [Move]) {
    for there in moves {
        if there.to == NodePath::from(["spec", "data"]) {
            there.to = NodePath::from(["spec", "encryptedData"]);
        }
    }
}

/// True for an object that says it is a SealedSecret, in whatever version.
pub(crate) fn is_sealed_secret(object: &Object<'_>) -> bool {
    object.kind() == Some(api::SEALED_SECRET)
        && object
            .api_version()
            .and_then(|version| version.split('/').next())
            == Some(GROUP)
}

/// Reads one object as a SealedSecret; `namespace` is that of one which names none.
///
/// # Errors
/// [`ManifestError`](bulla_core::manifest::ManifestError), a field that is not known or of the wrong type, and
/// [`SealedSecretError`](bulla_core::sealed_secrets::SealedSecretError), each with its place.
pub(crate) fn read<'s>(
    path: &Path,
    object: Object<'s>,
    namespace: Option<&Namespace>,
) -> Result<FoundSealed<'s>, Failure> {
    let value = object
        .node
        .to_value()
        .map_err(|error| InFile::new("read", path, error))?;
    if object.api_version() != Some(api::SEALED_SECRETS_API_VERSION) {
        let version = object.api_version().unwrap_or_default().to_owned();
        let error = crate::manifest::ContentError::UnknownVersion(version);
        return Err(at(path, &object, None, error));
    }
    let mut wire: api::SealedSecret = api::from_value(&value)
        .map_err(|error| at(path, &object, crate::manifest::node_of(&error), error))?;
    if let (None, Some(namespace)) = (&wire.metadata.namespace, namespace) {
        wire.metadata.namespace = Some(namespace.to_string());
    }
    let sealed = SealedSecret::try_from(&wire)
        .map_err(|error| at(path, &object, None, SealedSecretFault(error)))?;
    Ok(FoundSealed {
        object,
        value,
        sealed,
    })
}

impl FoundSealed<'_> {
    /// `` `shop/db` ``, for telling people.
    pub(crate) fn title(&self) -> String {
        match self.sealed.namespace() {
            Some(namespace) => format!("`{namespace}/{}`", self.sealed.name()),
            None => format!("`{}`", self.sealed.name()),
        }
    }

    /// Puts file and place before an error about it.
    pub(crate) fn error(
        &self,
        path: &Path,
        node: Option<NodePath>,
        error: impl Into<Box<dyn Fault>>,
    ) -> Failure {
        at(path, &self.object, node, error)
    }
}

/// The API group of Sealed Secrets.
const GROUP: &str = "bitnami.com";
