//! SealedSecrets as `kubeseal` takes them in, in files of one document or many.

use bulla_core::api::SealedSecret as Wire;
use bulla_core::manifest::{Kind, Object, Stream};
use bulla_core::sealed_secrets::SealedSecret;
use serde_json::Value;

use super::error::KubesealError;
use crate::failure::Failure;

/// A SealedSecret in a stream.
pub(super) struct Found<'s> {
    /// The object that it is.
    pub(super) object: Object<'s>,
    /// All that it says.
    pub(super) value: Value,
}

/// What else may stand in a file of SealedSecrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// Nothing: it would be lost without a word.
    Refuse,
    /// Anything: it stays as it is.
    Keep,
}

/// Finds the SealedSecrets of a stream.
///
/// # Errors
/// `NoSealedSecrets`; by `others`, `NotASealedSecret`; what readers of YAML disagree on.
pub(super) fn find(stream: &Stream, others: Others) -> Result<Vec<Found<'_>>, Failure> {
    if others == Others::Refuse {
        let roots = stream.documents().filter_map(|document| document.root);
        for root in roots.filter(|root| root.resolved().kind() != Kind::Mapping) {
            if root.text() != Some("") {
                return Err(KubesealError::NotAnObject { at: root.place() }.into());
            }
        }
    }
    let mut found = Vec::new();
    for object in stream.objects() {
        if object.is(API_VERSION, KIND) {
            let value = object.node.to_value()?;
            found.push(Found { object, value });
        } else if others == Others::Refuse {
            let at = object.node.place();
            let kind = object.kind().unwrap_or("none").to_owned();
            return Err(KubesealError::NotASealedSecret { at, kind }.into());
        }
    }
    if found.is_empty() {
        return Err(KubesealError::NoSealedSecrets.into());
    }
    Ok(found)
}

impl Found<'_> {
    /// The resource behind it, in `namespace` where the file names none.
    ///
    /// # Errors
    /// `Shape`, and those of [`SealedSecret`].
    pub(super) fn domain(&self, namespace: Option<&str>) -> Result<SealedSecret, Failure> {
        let domain = domain(&self.value, namespace);
        domain.map_err(|error| Failure::from(error).inside(&self.describe()))
    }

    /// Where it is, and its name.
    pub(super) fn describe(&self) -> String {
        format!(
            "{}, SealedSecret `{}`",
            self.object.node.place(),
            self.name()
        )
    }

    /// Its name, as far as it has one.
    pub(super) fn name(&self) -> &str {
        self.object.name().unwrap_or_default()
    }
}

fn domain(value: &Value, namespace: Option<&str>) -> Result<SealedSecret, KubesealError> {
    // The text of the error is dropped: it can quote.
    let mut wire: Wire = serde_json::from_value(value.clone()).map_err(|_| KubesealError::Shape)?;
    if wire
        .metadata
        .namespace
        .as_ref()
        .is_none_or(String::is_empty)
    {
        wire.metadata.namespace = namespace.map(str::to_owned);
    }
    SealedSecret::try_from(&wire).map_err(KubesealError::Resource)
}

const API_VERSION: &str = "bitnami.com/v1alpha1";
const KIND: &str = "SealedSecret";
