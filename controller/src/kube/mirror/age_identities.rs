//! A Secret with files of age identities, which somebody brought so that SopsSecrets open.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bulla_core::plaintext::Plaintext;
use serde::{Deserialize, Deserializer};

use super::{Meta, Mirrored};
use crate::kube::watch::Versioned;
use crate::kube::work::queue::Key;

/// A Secret of the controller's namespace with the label for it.
pub(crate) struct AgeIdentities {
    pub(crate) name: Box<str>,
    version: Box<str>,
    /// Each entry, as text.
    pub(crate) files: BTreeMap<String, Plaintext>,
}

/// Shows the name only.
impl fmt::Debug for AgeIdentities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgeIdentities")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Clone for AgeIdentities {
    fn clone(&self) -> Self {
        let files = self.files.iter();
        Self {
            name: self.name.clone(),
            version: self.version.clone(),
            files: files
                .map(|(key, text)| (key.clone(), text.duplicate()))
                .collect(),
        }
    }
}

impl<'de> Deserialize<'de> for AgeIdentities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            metadata: Meta,
            #[serde(default)]
            data: Option<BTreeMap<String, String>>,
        }
        let wire = Wire::deserialize(deserializer)?;
        let files = wire.data.unwrap_or_default().into_iter();
        Ok(Self {
            name: wire.metadata.name,
            version: wire.metadata.resource_version,
            files: files
                .map(|(key, text)| {
                    let text = Plaintext::from(text);
                    // Base64 that doesn't decode is a file that doesn't parse: its reader says so.
                    let decoded = STANDARD.decode(text.reveal());
                    (key, Plaintext::new(decoded.unwrap_or_default()))
                })
                .collect(),
        })
    }
}

impl Versioned for AgeIdentities {
    fn version(&self) -> &str {
        &self.version
    }
}

impl Mirrored for AgeIdentities {
    fn key(&self) -> Key {
        // There is one namespace of them, and it goes without saying.
        Key {
            namespace: "".into(),
            name: self.name.clone(),
        }
    }
}
