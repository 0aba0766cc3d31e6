//! `spec.template`: what the Secret gets besides its sealed values. Nothing vouches for it.

use std::collections::BTreeMap;

use super::annotations::{SKIP_SET_OWNER_REFERENCES_ANNOTATION, is_set};
use super::resource::SealedSecretError;
use crate::names::KeyName;

/// The template of a SealedSecret. Its own name and namespace are not kept: the Secret has those
/// of the SealedSecret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretTemplate {
    /// The type of the Secret; `Opaque` when absent.
    pub secret_type: Option<String>,
    /// Whether the Secret is immutable.
    pub immutable: Option<bool>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its finalizers.
    pub finalizers: Vec<String>,
    /// Templates in Go syntax by the key that they make; nothing takes the sealed value of that
    /// name out of the Secret.
    pub data: BTreeMap<KeyName, Option<String>>,
}

impl SecretTemplate {
    /// The Secret gets no owner reference, and stays when the SealedSecret goes.
    pub fn skips_owner_reference(&self) -> bool {
        is_set(&self.annotations, SKIP_SET_OWNER_REFERENCES_ANNOTATION)
    }

    /// Takes over from `other` whether the Secret gets an owner reference.
    pub(super) fn inherit_owner_choice(&mut self, other: &Self) {
        if other.skips_owner_reference() {
            let name = SKIP_SET_OWNER_REFERENCES_ANNOTATION.to_owned();
            self.annotations.insert(name, "true".to_owned());
        } else {
            self.annotations
                .remove(SKIP_SET_OWNER_REFERENCES_ANNOTATION);
        }
    }

    /// Checks what holds for every template: limits, and names that are ours.
    pub(super) fn check(&self) -> Result<(), SealedSecretError> {
        let too_much = |what, limit| Err(SealedSecretError::TooMuch { what, limit });
        if self.data.len() > MAX_TEMPLATES {
            return too_much("templates", MAX_TEMPLATES);
        }
        if self.finalizers.len() > MAX_FINALIZERS {
            return too_much("finalizers", MAX_FINALIZERS);
        }
        let metadata = || self.labels.iter().chain(&self.annotations);
        let bytes: usize = metadata()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        if bytes > MAX_METADATA_BYTES {
            return too_much("bytes of labels and annotations", MAX_METADATA_BYTES);
        }
        // With one of them a Secret would pass for one that was adopted, or for a key.
        match metadata().find(|(name, _)| name.starts_with(OWN_PREFIX)) {
            Some((name, _)) => Err(SealedSecretError::ReservedMetadata { name: name.clone() }),
            None => Ok(()),
        }
    }
}

const OWN_PREFIX: &str = "bulla.dev/";
/// Templated keys of one resource.
pub const MAX_TEMPLATES: usize = 4096;
const MAX_FINALIZERS: usize = 64;
/// What the API server allows for annotations.
const MAX_METADATA_BYTES: usize = 256 * 1024;
